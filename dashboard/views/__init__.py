"""One file per page; each has `show(desk, user)`."""
