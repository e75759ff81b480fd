"""The post alone: found by its words, photographed with what lies over it hidden, and everything hidden is listed and brought back.

All of it is done from our own world and by the browser's own measures: what the page redefined bends neither the crop nor the list.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidence.own_world import Held, OwnWorld
from evidence.page_scripts import FIND, FRAMES, HIDE

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

MOST_FRAMES = 20
TALLEST = 8_000
_LONG, _START, _LINE = 160, 120, 25  # characters
Clip = dict[str, float]


@dataclass(frozen=True)
class Place:
    """One document of the page: our world in it, and the document around it (None: it is the page itself)."""

    world: OwnWorld
    around: Place | None

    @property
    def has_own_window(self) -> bool:
        """Whether it is measured from its own corner: the page itself, and frames that live in a process of their own."""
        return self.around is None or self.around.world.protocol is not self.world.protocol

    def holder(self) -> Held | None:
        """Return the frame element that it stands in; None for the page itself."""
        if self.around is None:
            return None
        owner = self.around.world.protocol.send("DOM.getFrameOwner", {"frameId": self.world.frame})
        return self.around.world.element(int(owner["backendNodeId"]))


@dataclass(frozen=True)
class Found:
    """The box on the page that holds the post. `whole`: all its words stand there, not only the beginning or the longest line."""

    element: Held
    place: Place
    whole: bool


def spellings(text: str) -> list[str]:
    """Return what to look for, best first: the whole text, its beginning (sites cut long posts), its longest line."""
    lines = sorted((line.strip() for line in text.splitlines()), key=len, reverse=True)
    parts = [text.strip()]
    if len(text) > _LONG:
        parts.append(text[:_START].rsplit(None, 1)[0])
    if lines and len(lines) > 1 and len(lines[0]) >= _LINE:
        parts.append(lines[0])
    return list(dict.fromkeys(part for part in parts if part))


def find(page: Page, protocol: CDPSession, text: str, author: str, trouble: type[Exception]) -> Found | None:
    """Return where the post stands, on the page itself or in one of its frames; None when its words are nowhere."""
    wanted = spellings(text)
    if not wanted:
        return None
    found = [one for place in _places(page, protocol, trouble) if (one := _in(place, wanted, author)) is not None]
    return next((one for one in found if one.whole), found[0] if found else None)


def _places(page: Page, protocol: CDPSession, trouble: type[Exception]) -> list[Place]:
    """Return the documents of the page, itself first; frames in a process of their own have a line of their own there."""
    places: dict[str, Place] = {}
    frames = page.frames[:MOST_FRAMES]
    _add(places, protocol, trouble)
    for frame in frames[1:] if len(places) < len(frames) else ():
        with contextlib.suppress(trouble):  # it has no line of its own, or it went away
            _add(places, page.context.new_cdp_session(frame), trouble)
    return list(places.values())[:MOST_FRAMES]


def _add(places: dict[str, Place], protocol: CDPSession, trouble: type[Exception]) -> None:
    """Add the documents on this line, each after the one around it."""
    trees = [protocol.send("Page.getFrameTree")["frameTree"]]
    while trees:
        tree = trees.pop(0)
        frame: Mapping[str, Any] = tree["frame"]
        around = places.get(frame.get("parentId", ""))
        if around is not None or not places:
            places[frame["id"]] = Place(OwnWorld(protocol, trouble, frame["id"]), around)
        trees += tree.get("childFrames", ())


def _in(place: Place, wanted: list[str], author: str) -> Found | None:
    try:
        answer = place.world.hold(FIND, [wanted, author])
        is_there, whole = answer.evaluate("(it) => [it.element !== null, it.whole]")
        return Found(answer.hold("(it) => it.element"), place, bool(whole)) if is_there else None
    except place.world.trouble:
        return None  # a frame that went away, or that lets nobody look


def photograph_post(found: Found, shoot: Callable[[Clip], bytes]) -> tuple[bytes, list[dict[str, Any]]]:
    """Return the picture and the list of what was hidden for it; all of it is shown again afterwards, also when anything here fails."""
    found.element.come_into_view()
    page, hiders = _page_around(found.place), list[Held]()
    try:
        _hide(found, hiders)
        page.world.evaluate(FRAMES)
        picture = shoot(clip_of(found))
        hidden = [line for hider in hiders for line in hider.evaluate("(done) => done.hidden")]
    finally:
        for hider in reversed(hiders):
            with contextlib.suppress(page.world.trouble):  # its document is gone; the others are brought back all the same
                hider.evaluate("(done) => done.undo()")
    return picture, hidden


def _page_around(place: Place) -> Place:
    while place.around is not None:
        place = place.around
    return place


def _hide(found: Found, hiders: list[Held]) -> None:
    """Hide what lies over the post in its own document, then over that frame in the one around it; `hiders` bring it back."""
    element: Held | None = found.element
    place: Place | None = found.place
    while element is not None and place is not None:
        hiders.append(element.hold(HIDE))
        element, place = place.holder(), place.around


def clip_of(found: Found) -> Clip:
    """Return the box in the page's own coordinates, in whole pixels. Raises the browser library's error when there is no such box."""
    corners = found.element.corners()
    if not corners:
        raise found.place.world.trouble("the post has no box")
    across, down = _offset(found.place)
    left, top = (math.floor(min(side) + by) for side, by in zip(_sides(corners), (across, down), strict=True))
    right, bottom = (math.ceil(max(side) + by) for side, by in zip(_sides(corners), (across, down), strict=True))
    left, top = max(0, left), max(0, top)
    return {"x": left, "y": top, "width": max(1, right - left), "height": max(1, min(bottom - top, TALLEST))}


def _sides(corners: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in corners], [y for _, y in corners]


def _offset(place: Place) -> tuple[float, float]:
    """Return how far the page's beginning lies from where boxes of this place are measured: frames on the way, and the page's scroll."""
    across, down = _page_around(place).world.evaluate("() => [scrollX, scrollY]")
    here: Place | None = place
    while here is not None:
        holder = here.holder() if here.has_own_window else None
        if holder is not None:
            x, y = holder.inner_corner()
            across, down = across + x, down + y
        here = here.around
    return across, down
