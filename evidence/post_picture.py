"""The post alone: found by its words, photographed with what lies over it hidden, and everything hidden is listed and brought back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidence.page_scripts import FIND, FRAMES, HIDE

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Frame, JSHandle, Page

MOST_FRAMES = 20
TALLEST = 8_000
_LONG, _START, _LINE = 160, 120, 25  # characters
Clip = dict[str, float]


@dataclass(frozen=True)
class Found:
    """The box on the page that holds the post. `whole`: all its words stand there, not only the beginning or the longest line."""

    element: ElementHandle
    frame: Frame
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


def find(page: Page, text: str, author: str, trouble: type[Exception]) -> Found | None:
    """Return where the post stands, on the page itself or in one of its frames; None when its words are nowhere."""
    wanted = spellings(text)
    found = [one for frame in page.frames[:MOST_FRAMES] if wanted and (one := _in(frame, wanted, author, trouble)) is not None]
    return next((one for one in found if one.whole), found[0] if found else None)


def _in(frame: Frame, wanted: list[str], author: str, trouble: type[Exception]) -> Found | None:
    try:
        answer = frame.evaluate_handle(FIND, [wanted, author])
        element = answer.get_property("element").as_element()
        return Found(element, frame, bool(answer.get_property("whole").json_value())) if element else None
    except trouble:
        return None  # a frame that went away, or that lets nobody look


def photograph_post(page: Page, found: Found, shoot: Callable[[Clip], bytes]) -> tuple[bytes, list[dict[str, Any]]]:
    """Return the picture and the list of what was hidden for it; the page is as before afterwards."""
    found.element.scroll_into_view_if_needed(timeout=3_000)
    hiders = _hide(found)
    try:
        page.evaluate(FRAMES)
        picture = shoot(_clip(page, found.element))
        hidden = [line for hider in hiders for line in hider.get_property("hidden").json_value()]
    finally:
        for hider in reversed(hiders):
            hider.evaluate("(done) => done.undo()")
    return picture, hidden


def _hide(found: Found) -> list[JSHandle]:
    """Hide what lies over the post in its own frame, then over that frame in the page around it."""
    hiders, element, frame = list[Any](), found.element, found.frame
    while True:
        hiders.append(element.evaluate_handle(HIDE))
        parent = frame.parent_frame
        if parent is None:
            return hiders
        element, frame = frame.frame_element(), parent


def _clip(page: Page, element: ElementHandle) -> Clip:
    """Return the box in the page's own coordinates, in whole pixels."""
    box = element.bounding_box() or {"x": 0, "y": 0, "width": 1, "height": 1}
    x, y = page.evaluate("() => [scrollX, scrollY]")
    left, top = max(0, math.floor(box["x"] + x)), max(0, math.floor(box["y"] + y))
    width, height = math.ceil(box["x"] + x + box["width"]) - left, math.ceil(box["y"] + y + box["height"]) - top
    return {"x": left, "y": top, "width": max(1, width), "height": max(1, min(height, TALLEST))}
