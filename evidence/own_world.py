"""Reads a page from a world of our own, where nothing that the page redefined holds (evidence.md §3).

A page can give its own scripts any answer: `innerText`, `Array.prototype.flatMap`, `Math.max` may all be its inventions. An isolated world
shares the document but none of those, so what is read there is what stands on the page. Frames of the same site are reached from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

_NAME = "schoolwatch"
_TURN_MS = 60


@dataclass
class OwnWorld:
    """Our own world on whatever page stands in the tab. `trouble` is the browser library's own error: a page may go at any time."""

    protocol: CDPSession
    trouble: type[Exception]

    def evaluate(self, function: str, argument: object = None) -> Any:
        """Return the plain value that this function gives; it may be asynchronous. Raises `trouble` when it fails or the page goes."""
        answer = self.protocol.send(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": function,
                "executionContextId": self._world(),
                "arguments": [{"value": argument}],
                "returnByValue": True,
                "awaitPromise": True,
            },
        )
        if "exceptionDetails" in answer:
            raise self.trouble(str(answer["exceptionDetails"].get("text", "a script failed")))
        return answer.get("result", {}).get("value")

    def wait_for(self, function: str, argument: object, *, limit: float, nap: Callable[[float], None]) -> bool:
        """Ask again and again until the answer is yes, for `limit` milliseconds at most; `nap` waits some milliseconds."""
        until = time.monotonic() + limit / 1000
        while True:
            try:
                if self.evaluate(function, argument):
                    return True
            except self.trouble:
                pass  # the page is on its way to another
            if time.monotonic() >= until:
                return False
            nap(_TURN_MS)

    def _world(self) -> int:
        """Return the world on the page that stands there now: each page begins without it, and the second wish for it gives the first."""
        frame = self.protocol.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        wanted = {"frameId": frame, "worldName": _NAME, "grantUniveralAccess": False}
        return int(self.protocol.send("Page.createIsolatedWorld", wanted)["executionContextId"])
