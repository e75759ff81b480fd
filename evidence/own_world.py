"""Reads a page from a world of our own, where nothing that the page redefined holds (evidence.md §3).

A page can give its own scripts any answer: `innerText`, `Array.prototype.flatMap`, `Math.max` may all be its inventions. An isolated world
shares the document but none of those, so what is read there is what stands on the page. Frames of the same site are reached from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
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
    frame: str = ""  # which document, as the protocol names it; the page itself when there is no name

    def evaluate(self, function: str, argument: object = None) -> Any:
        """Return the plain value that this function gives; it may be asynchronous. Raises `trouble` when it fails or the page goes."""
        return self._called(function, {"value": argument}, by_value=True).get("value")

    def hold(self, function: str, argument: object = None) -> Held:
        """Return the thing itself that this function gives, held in our world. Raises `trouble` when it is none, fails or the page goes."""
        return self._held(self._called(function, {"value": argument}, by_value=False))

    def element(self, node: int) -> Held:
        """Return an element by the number that the browser has for it. Raises `trouble` when it is not in this document."""
        wanted = {"backendNodeId": node, "executionContextId": self._world()}
        return self._held(self.protocol.send("DOM.resolveNode", wanted)["object"])

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

    def _called(self, function: str, argument: Mapping[str, object], *, by_value: bool) -> dict[str, Any]:
        wanted = {"executionContextId": self._world(), "arguments": [argument]}
        return _call(self.protocol, self.trouble, function, wanted, by_value=by_value)

    def _held(self, answer: Mapping[str, Any]) -> Held:
        if "objectId" not in answer:
            raise self.trouble("there is no such thing on the page")
        return Held(self.protocol, self.trouble, str(answer["objectId"]))

    def _world(self) -> int:
        """Return the world on the page that stands there now: each page begins without it, and the second wish for it gives the first."""
        frame = self.frame or self.protocol.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        wanted = {"frameId": frame, "worldName": _NAME, "grantUniveralAccess": False}
        return int(self.protocol.send("Page.createIsolatedWorld", wanted)["executionContextId"])


@dataclass(frozen=True)
class Held:
    """One thing of a page, held in our own world until its document goes. Everything here raises `trouble` when it went."""

    protocol: CDPSession
    trouble: type[Exception]
    name: str  # as the protocol calls it

    def evaluate(self, function: str) -> Any:
        """Return the plain value that this function gives for the thing."""
        return _call(self.protocol, self.trouble, function, self._wanted(), by_value=True).get("value")

    def hold(self, function: str) -> Held:
        """Return the thing that this function gives for the thing. Raises `trouble` also when it gives none."""
        answer = _call(self.protocol, self.trouble, function, self._wanted(), by_value=False)
        if "objectId" not in answer:
            raise self.trouble("there is no such thing on the page")
        return Held(self.protocol, self.trouble, str(answer["objectId"]))

    def come_into_view(self) -> None:
        """Scroll until it can be seen; the browser does it, no script of the page."""
        self.protocol.send("DOM.scrollIntoViewIfNeeded", {"objectId": self.name})

    def corners(self) -> list[tuple[float, float]]:
        """Return the corners of its boxes, in px of the window of its process; empty when it has none. The browser's own measure."""
        quads = self.protocol.send("DOM.getContentQuads", {"objectId": self.name})["quads"]
        return [(float(quad[at]), float(quad[at + 1])) for quad in quads for at in range(0, 8, 2)]

    def inner_corner(self) -> tuple[float, float]:
        """Return the upper left corner of what stands in it (of a frame: where its document begins), in px as above."""
        content = self.protocol.send("DOM.getBoxModel", {"objectId": self.name})["model"]["content"]
        return float(content[0]), float(content[1])

    def _wanted(self) -> dict[str, Any]:
        return {"objectId": self.name, "arguments": [{"objectId": self.name}]}


def _call(protocol: CDPSession, trouble: type[Exception], function: str, wanted: dict[str, Any], *, by_value: bool) -> dict[str, Any]:
    order = wanted | {"functionDeclaration": function, "returnByValue": by_value, "awaitPromise": True}
    answer = protocol.send("Runtime.callFunctionOn", order)
    if "exceptionDetails" in answer:
        raise trouble(str(answer["exceptionDetails"].get("text", "a script failed")))
    found: dict[str, Any] = answer.get("result", {})
    return found
