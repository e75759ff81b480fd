"""A brake on repeated tries from one address: in memory, per process, forgetting what is older than its window."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST_ADDRESSES = 10_000  # more are forgotten, oldest first: memory stays small whatever is sent


class Brake:
    """At most `limit` tries in `seconds` from one address."""

    def __init__(self, limit: int, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._seconds, self._now = limit, seconds, now
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, address: str) -> bool:
        """Count one try and say whether it is still within the limit."""
        now = self._now()
        with self._lock:
            tries = self._tries.setdefault(address, deque(maxlen=self._limit + 1))
            self._tries.move_to_end(address)
            while tries and now - tries[0] > self._seconds:
                tries.popleft()
            tries.append(now)
            while len(self._tries) > MOST_ADDRESSES:
                self._tries.popitem(last=False)
            return len(tries) <= self._limit
