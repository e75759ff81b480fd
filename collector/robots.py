"""robots.txt: what a site asks programs to leave alone (RFC 9309; platforms.md §12.4)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from protego import Protego

from collector.answer import Answer
from collector.errors import RobotsRefusedError, SourceUnavailableError

PRODUCT = "Schoolwatch"
MAX_BYTES = 512 * 1024  # RFC 9309 §2.5: at least 500 KiB are read
KEPT_FOR = timedelta(hours=24)  # RFC 9309 §2.4


@dataclass(frozen=True)
class Rules:
    """The rules of one site as read at `read_at`."""

    parsed: Protego
    read_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Whether they may still be used: read within the last 24 hours, and not in the future (a clock set back)."""
        return self.read_at <= now < self.read_at + KEPT_FOR

    @property
    def pause(self) -> float:
        """Seconds between two requests: the larger of `Crawl-delay` and `Request-rate`; 0 when neither is given."""
        rate = self.parsed.request_rate(PRODUCT)
        per_request = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(float(self.parsed.crawl_delay(PRODUCT) or 0.0), float(per_request), 0.0)


class Robots:
    """The rules of every site asked so far. `read` fetches one robots.txt through the same door as everything else."""

    def __init__(self, read: Callable[[str], Answer]) -> None:
        self._read = read
        self._known: dict[str, Rules] = {}
        self._guard = threading.Lock()

    def pause_for(self, origin: str, address: str, now: datetime) -> float:
        """Return the pause that the site asks for, if `address` may be read.

        Raises:
            RobotsRefusedError: the site asks programs not to read this address.
            SourceUnavailableError: robots.txt cannot be reached, so nothing may be read (RFC 9309 §2.3.1.4).
        """
        rules = self._rules(origin, now)
        if not rules.parsed.can_fetch(address, PRODUCT):
            raise RobotsRefusedError(f"robots.txt of {origin.partition('://')[2]} asks programs not to read this page")
        return rules.pause

    def _rules(self, origin: str, now: datetime) -> Rules:
        with self._guard:
            known = self._known.get(origin)
        if known and known.is_fresh(now):
            return known
        rules = Rules(Protego.parse(self._text(origin)), now)
        with self._guard:
            self._known[origin] = rules
        return rules

    def _text(self, origin: str) -> str:
        answer = self._read(f"{origin}/robots.txt")
        if answer.status >= 500:  # noqa: PLR2004 - RFC 9309 §2.3.1.4
            raise SourceUnavailableError("robots.txt cannot be read just now, so the site is not read either", status=answer.status)
        if answer.status != 200:  # noqa: PLR2004 - RFC 9309 §2.3.1.3: unavailable means no rules
            return ""
        return answer.body.decode("utf-8", "replace").lstrip("\ufeff")
