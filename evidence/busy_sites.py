"""How long a site that is busy is left alone before it is asked again, and how often at most (evidence.md §7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from collector.pace import retry_at
from evidence.failures import site_fault

MOST_TRIES = 3  # once, and twice more
LONGEST_WAIT = timedelta(seconds=12)  # a site that wants more is left alone
_SHORTEST_WAIT = timedelta(seconds=0.2)


def pause(status: int, headers: Mapping[str, str], tries: int, now: datetime) -> timedelta | None:
    """Return how long to wait before asking again; None when the site answered, was asked often enough (`tries`), or wants too long."""
    if site_fault(status) is None or tries >= MOST_TRIES:
        return None
    wanted = retry_at(headers, now) - now if "retry-after" in headers else timedelta(seconds=tries)
    return max(_SHORTEST_WAIT, wanted) if wanted <= LONGEST_WAIT else None
