"""Boxes over parts of a page: where they go, by the map of the page or by hand, and how they are burned into a picture.

Boxes are rectangles on the page, in pixels from its top left corner; the map of the page (`layout.json`) says where pictures and lines of
text stand. A covered picture is written anew from its pixels alone: nothing of what lay under a box is left in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from evidence.covering import holds, spans
from evidence.errors import EvidenceError
from evidence.report_pictures import NoPictureError, decoded, png

FILL = (24, 24, 24)
AROUND = 2  # pixels added on each side of a box from the map: letters and pictures are drawn a little over their edge
MOST_BOXES = 500
FARTHEST = 1_000_000  # pixels from the corner of a page
_SIDES = 4
_WHOLE = re.compile(r"-?[0-9]{1,7}")


class RedactionError(EvidenceError):
    """A working copy cannot be made like this."""


@dataclass(frozen=True)
class Box:
    """A rectangle on the page, in pixels."""

    x: int
    y: int
    width: int
    height: int

    def grown(self, by: int) -> Box:
        """Return it, larger on each side."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)


@dataclass(frozen=True)
class Drawn:
    """What a person named on one picture: its name, and where, in pixels of the page (of the picture itself, when it is on no page)."""

    picture: str
    box: Box


@dataclass(frozen=True)
class PageMap:
    """Where pictures and lines of text stand on a captured page; empty when no map was kept."""

    pictures: tuple[tuple[Box, str], ...] = ()  # with their alternative text
    lines: tuple[tuple[Box, str], ...] = ()
    unread: frozenset[int] = frozenset()  # numbers of the pictures that no script could look into: words may stand in them
    cut: bool = False  # the page holds more than the map

    @property
    def is_known(self) -> bool:
        """Whether there is a map at all."""
        return bool(self.pictures or self.lines)


@dataclass(frozen=True)
class Choice:
    """What a person wants covered. `pictures`: numbers from 1 as the map lists them; `keep`: everything but this box is covered.

    `squares`: what was named on one picture; `keep_in`: the picture on which `keep` was named, empty for a box that was typed in pixels.
    `hide`: of "title", "handle", "address"; `files`: the pictures to put in (none named: every one).
    """

    all_pictures: bool = False
    pictures: tuple[int, ...] = ()
    boxes: tuple[Box, ...] = ()
    squares: tuple[Drawn, ...] = ()
    keep: Box | None = None
    keep_in: str = ""
    phrases: tuple[str, ...] = ()
    hide: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()

    @property
    def by_map(self) -> bool:
        """Whether it rests on the map of the page."""
        return self.all_pictures or bool(self.pictures) or bool(self.phrases)

    @property
    def seen(self) -> tuple[Drawn, ...]:
        """Everything that was read off a picture: it holds elsewhere on the page only where the same is to be seen there."""
        return (*self.squares, *([Drawn(self.keep_in, self.keep)] if self.keep and self.keep_in else []))


def page_map(layout: Mapping[str, Any]) -> PageMap:
    """Return the map of a captured page from its `layout.json`."""
    images = list(_rows(layout.get("images")))
    unread = frozenset(number for number, row in enumerate(images, start=1) if row.get("unread"))
    lines = tuple(_placed(_rows(layout.get("lines")), "text"))
    # our first maps did not say whether they hold everything: then they may not
    return PageMap(tuple(_placed(images, "alt")), lines, unread, cut=bool(layout.get("cut", bool(images or lines))))


def _rows(rows: object) -> Iterator[dict[str, Any]]:
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and all(is_pixel(row.get(name)) for name in "xywh"):
            yield row


def _placed(rows: Iterable[dict[str, Any]], words: str) -> Iterator[tuple[Box, str]]:
    for row in rows:
        x, y = int(row["x"]), int(row["y"])
        # up to the next whole pixel: a part of one is covered too
        yield Box(x, y, int(row["x"] + row["w"]) + 1 - x, int(row["y"] + row["h"]) + 1 - y), str(row.get(words) or "")


def is_pixel(value: object) -> bool:
    """Whether this is a number that can be a place on a page."""
    return isinstance(value, (int, float)) and abs(value) <= FARTHEST  # also false for what is no number at all (NaN)


def boxes(found: PageMap, choice: Choice) -> tuple[Box, ...]:
    """Return everything to cover on the page; raises RedactionError for a picture that the map does not list."""
    wrong = [number for number in choice.pictures if not 1 <= number <= len(found.pictures)]
    if wrong:
        raise RedactionError(f"picture {wrong[0]} is not on the map of this page, which lists {len(found.pictures)}")
    given = [*choice.boxes, *(one.box for one in choice.squares)]
    if len(given) > MOST_BOXES:
        raise RedactionError(f"at most {MOST_BOXES} boxes can be drawn; {len(given)} were given")
    for box in (*given, *([choice.keep] if choice.keep else [])):
        _check_box(box)
    by_map = [found.pictures[number - 1][0] for number in pictures_to_cover(found, choice)] + list(lines_with(found, choice.phrases))
    return (*(box.grown(AROUND) for box in by_map), *choice.boxes)


def pictures_to_cover(found: PageMap, choice: Choice) -> tuple[int, ...]:
    """Return the numbers of the pictures on the map that are covered: the chosen ones, and those in which a phrase may be written.

    That is: a picture whose alternative text, which is drawn when it does not load, holds a phrase; and what no script could look into.
    """
    if choice.all_pictures:
        return tuple(range(1, len(found.pictures) + 1))
    numbered = enumerate(found.pictures, start=1)
    worded = [number for number, (_, alt) in numbered if choice.phrases and (number in found.unread or holds(alt, choice.phrases))]
    return tuple(dict.fromkeys((*choice.pictures, *worded)))


def typed(text: str) -> tuple[Box, ...]:
    """Return the boxes that a person typed, one on each line: left, top, width, height. Raises RedactionError naming the line."""
    lines = [(number, line.replace(",", " ").split()) for number, line in enumerate(text.splitlines(), start=1)]
    wrong = [number for number, parts in lines if parts and (len(parts) != _SIDES or not all(_WHOLE.fullmatch(part) for part in parts))]
    if wrong:
        raise RedactionError(f"line {wrong[0]} of the boxes: give four whole numbers in pixels: left, top, width, height")
    found = tuple(Box(*map(int, parts)) for _, parts in lines if parts)
    for box in found:
        _check_box(box)
    return found


def _check_box(box: Box) -> None:
    if box.width < 1 or box.height < 1:
        raise RedactionError("a box needs a width and a height of 1 pixel or more")
    if max(abs(box.x), abs(box.y), box.width, box.height) > FARTHEST:
        raise RedactionError(f"a box lies too far out: no number may be larger than {FARTHEST:,}")


def lines_with(found: PageMap, phrases: Sequence[str]) -> Iterator[Box]:
    """Yield where the lines stand that hold a phrase, or a part of one that goes over several lines."""
    text = "\n".join(line for _, line in found.lines)
    hits = spans(text, phrases) if phrases else []
    start = 0
    for box, line in found.lines:
        end = start + len(line)
        if any(first <= end and last > start for first, last in hits):
            yield box
        start = end + 1


def cover(picture: bytes, found: Sequence[Box], *, at: tuple[int, int] = (0, 0), keep: Box | None = None) -> bytes:
    """Return the picture as PNG with the boxes filled, and nothing else in the file.

    `at`: where the picture's top left corner stands on the page. `keep`: cover everything but this. Raises RedactionError.
    """
    try:
        image = decoded(picture).copy()
    except NoPictureError as error:
        raise RedactionError(f"a picture cannot be covered: {error}") from error
    draw = ImageDraw.Draw(image)
    for box in found:
        _fill(draw, box, at)
    if keep is None:
        return png(image)
    return png(_only(image, keep, at))


def _fill(draw: ImageDraw.ImageDraw, box: Box, at: tuple[int, int]) -> None:
    left, top = box.x - at[0], box.y - at[1]
    draw.rectangle((left, top, left + box.width - 1, top + box.height - 1), fill=FILL)


def _only(image: Image.Image, keep: Box, at: tuple[int, int]) -> Image.Image:
    left, top = keep.x - at[0], keep.y - at[1]
    inside = (max(left, 0), max(top, 0), min(left + keep.width, image.width), min(top + keep.height, image.height))
    blank = Image.new("RGB", image.size, FILL)
    if inside[0] < inside[2] and inside[1] < inside[3]:
        blank.paste(image.crop(inside), inside[:2])
    return blank
