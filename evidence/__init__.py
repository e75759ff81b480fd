"""The safe: what was publicly visible, where and when, unaltered since. Browser, vault, seal and pack live here only."""
