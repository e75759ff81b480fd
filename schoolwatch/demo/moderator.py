"""The town's moderator: reads requests, and some hours later takes down what breaks the town's rules. Fair words stay."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from schoolwatch.demo.posts import TownPost

DELAY = timedelta(hours=5)  # on the town's clock


class Receipt(BaseModel):
    """A request as the moderator keeps it: what was asked, when, and when it is acted on. The first request for a post counts."""

    model_config = ConfigDict(frozen=True)

    address: str
    key: str
    received_at: datetime
    acts_at: datetime
    will_remove: bool


class Moderator:
    """Takes a harmful post down `delay` after the first request for it; `memory` (a file) lets requests outlive the process."""

    def __init__(self, delay: timedelta = DELAY, memory: Path | None = None) -> None:
        self._delay, self._memory, self._lock = delay, memory, threading.Lock()
        self._receipts: dict[str, Receipt] = {}
        if memory is not None and memory.exists():
            self._remember(memory)

    def receive(self, post: TownPost, address: str, at: datetime) -> Receipt:
        """Keep the request and return its receipt; asking twice changes nothing."""
        with self._lock:
            if post.key not in self._receipts:
                receipt = Receipt(address=address, key=post.key, received_at=at, acts_at=at + self._delay, will_remove=post.is_harmful)
                self._write_down(receipt)
                self._receipts[post.key] = receipt
            return self._receipts[post.key]

    def removed_at(self, key: str) -> datetime | None:
        """Return when the post is or will be taken down, None when it stays."""
        receipt = self._receipts.get(key)
        return receipt.acts_at if receipt is not None and receipt.will_remove else None

    def receipts(self) -> tuple[Receipt, ...]:
        """Return every request, oldest first."""
        with self._lock:
            return tuple(self._receipts.values())

    def _write_down(self, receipt: Receipt) -> None:
        if self._memory is not None:
            with self._memory.open("a", encoding="utf-8") as file:
                file.write(receipt.model_dump_json() + "\n")

    def _remember(self, memory: Path) -> None:
        """Read the file; a last line cut short by a kill is passed over, since its request was never answered."""
        for line in memory.read_text("utf-8").splitlines():
            if line.endswith("}"):
                receipt = Receipt.model_validate_json(line)
                self._receipts.setdefault(receipt.key, receipt)
