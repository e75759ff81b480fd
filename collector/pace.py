"""Politeness: one request at a time per host, a pause between two, and no request before a server said so (platforms.md §1.4)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from collector.errors import RateLimitedError

DEFAULT_PAUSE = timedelta(minutes=15)  # where a server says "too many" and not until when
LONGEST_PAUSE = timedelta(days=1)
_UNIX = 1_000_000_000  # a reset header above this is a Unix time, below it seconds from now


@dataclass
class _Host:
    lock: threading.Lock = field(default_factory=threading.Lock)
    free_at: float = 0.0  # monotonic
    not_before: datetime | None = None


class Pace:
    """Keeps the pauses of every host. Safe to use from several threads."""

    def __init__(self, seconds: float, wait: Callable[[float], object], longest_wait: float = 30.0) -> None:
        self.seconds = seconds
        self._wait = wait
        self._longest_wait = longest_wait
        self._hosts: dict[str, _Host] = {}
        self._guard = threading.Lock()

    @contextmanager
    def turn(self, host: str, now: datetime, pause: float = 0.0) -> Iterator[None]:
        """Hold `host` for one request, after the due pause; `pause` is what its robots.txt asks for.

        Raises:
            RateLimitedError: the host asked us to stay away until later, or the pause is too long to stand and wait for.
        """
        place = self._place(host)
        with place.lock:
            self._stand_in_line(place, now)
            try:
                yield
            finally:
                place.free_at = time.monotonic() + max(self.seconds, pause)

    def stay_away(self, host: str, until: datetime) -> None:
        """Send `host` nothing before `until`."""
        self._place(host).not_before = until

    def _place(self, host: str) -> _Host:
        with self._guard:
            return self._hosts.setdefault(host, _Host())

    def _stand_in_line(self, place: _Host, now: datetime) -> None:
        if place.not_before and now < place.not_before <= now + LONGEST_PAUSE:  # further off: the clock was set back
            raise RateLimitedError(place.not_before)
        left = place.free_at - time.monotonic()
        if left > self._longest_wait:
            raise RateLimitedError(now + timedelta(seconds=left))
        if left > 0:
            self._wait(left)


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return when a 429 or 503 allows the next request: `Retry-After`, else a reset header, else a quarter of an hour; at most a day.

    `Retry-After` is seconds or an HTTP date (RFC 9110 §10.2.3); reset headers are seconds, Unix time or ISO time (platforms.md §1.4).
    """
    named = _retry_after(headers.get("retry-after"), now)
    for name in ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"):
        named = named or _reset(headers.get(name), now)
    moment = named or now + DEFAULT_PAUSE
    return min(max(moment, now + timedelta(seconds=1)), now + LONGEST_PAUSE)


def _retry_after(value: str | None, now: datetime) -> datetime | None:
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return _later(now, seconds)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _reset(value: str | None, now: datetime) -> datetime | None:
    if value is None:
        return None
    number = _number(value)
    if number is not None:
        return _later(datetime.fromtimestamp(0, UTC), number) if number > _UNIX else _later(now, number)
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if number >= 0 else None


def _later(base: datetime, seconds: float) -> datetime | None:
    try:
        return base + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return base + LONGEST_PAUSE
