"""Lettered squares over a picture: how they are typed, which pixels they are, how they are drawn (domain.md §5.7 rule 5).

Twelve across, A to L, and as many rows as the height needs: a face on a page is about as large as one of them. A square is given by what
is read off the picture, "B3", several in a row as a range, "C3-D5"; nobody has to count pixels.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from evidence.boxes import MOST_BOXES, Box, RedactionError
from evidence.report_pictures import NoPictureError, decoded, png
from evidence.viewing import Sharpness

ACROSS = 12
DRAWN = 900  # pixels across of what is shown: a square is 75, on a telephone's screen 29
ROWS = 40  # of one sheet: so much is scrolled through at once
MOST_SHEETS = 12  # of one picture; our own pages have two in a part
MOST_SIGNS = 4_000  # of a field
_LIGHT = 6  # radius of the light blur, about that of the pictures' own view: a face can be found, and not be recognised
_INK, _PAPER = (27, 39, 51), (255, 255, 255)
_VEIL = 200  # of 255: how much paper lies under a name
_LARGE, _SMALL, _NARROW = 30, 25, 99  # sizes of the letters; up to which row the large ones fit
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212:", "-"))
_SQUARE = r"([A-Za-z])\s*([0-9]{1,5})"
_DOTS = r"\.(?:\s*\.)+"  # two or more in a row, the one sign of an ellipsis too (NFKC), mean a range; one alone only parts
_NAMED = re.compile(rf"{_SQUARE}(?:\s*(?:-+|{_DOTS}|\bto\b)\s*{_SQUARE})?(?=[\s,;.]|$)", re.IGNORECASE | re.ASCII)
_BETWEEN = re.compile(r"(?:[\s,;]|\.(?!\s*\.))*")
_WORD = re.compile(r"[^\s,;]+")


@dataclass(frozen=True)
class Sheet:
    """Some rows of a picture with the squares over it: its PNG, the first and the last row, counted from 1."""

    png: bytes
    first: int
    last: int


@dataclass(frozen=True)
class Grid:
    """The squares over a picture of so many pixels."""

    width: int
    height: int

    @property
    def across(self) -> int:
        """How many squares stand side by side; fewer only on a picture of less than twelve pixels."""
        return min(ACROSS, self.width)

    @property
    def down(self) -> int:
        """How many rows there are; the last one may be lower than the others."""
        return -(-self.height * self.across // self.width)

    @property
    def last(self) -> str:
        """The square at the bottom right."""
        return f"{_letter(self.across - 1)}{self.down}"

    def edge(self, number: int) -> int:
        """Return the pixel at which column or row `number`, counted from 0, begins: they meet without a gap."""
        return number * self.width // self.across

    def box(self, left: int, top: int, right: int, bottom: int) -> Box:
        """Return the pixels from one square to another, both included and counted from 0."""
        x, y = self.edge(left), min(self.edge(top), self.height)
        return Box(x, y, self.edge(right + 1) - x, min(self.edge(bottom + 1), self.height) - y)


def named(text: str, grid: Grid, where: str) -> tuple[Box, ...]:
    """Return the boxes of the squares that a person typed for one picture; raises RedactionError with the wrong word and the mend.

    Small letters, blanks, line ends and every kind of dash will do, and so will "to" and dots ("C3..D5"). `where`: the picture, as the
    person reads it.
    """
    words = unicodedata.normalize("NFKC", text[: MOST_SIGNS + 1]).translate(_DASHES)
    if len(words) > MOST_SIGNS:
        raise RedactionError(f"{where}: at most {MOST_SIGNS:,} letters of squares are read; name larger ranges, for example A1-{grid.last}")
    found = tuple(_boxes(words, grid, where))
    if len(found) > MOST_BOXES:
        raise RedactionError(f"{where}: at most {MOST_BOXES} squares and ranges can be named; name larger ranges")
    return found


def _boxes(words: str, grid: Grid, where: str) -> Iterator[Box]:
    at = _after(words, 0)
    while at < len(words):
        hit = _NAMED.match(words, at)
        if hit is None:
            raise RedactionError(f"{where}: '{_word(words, at)}' is no square; write a letter and a number, B3, or a range, C3-D5")
        corners = [_corner(hit[place], hit[place + 1], grid, where) for place in (1, 3) if hit[place]]
        columns, rows = [one for one, _ in corners], [one for _, one in corners]
        yield grid.box(min(columns), min(rows), max(columns), max(rows))
        at = _after(words, hit.end())


def _after(words: str, at: int) -> int:
    gap = _BETWEEN.match(words, at)
    return gap.end() if gap else at


def _word(words: str, at: int) -> str:
    """Return what stands there up to the next gap, in a length that can be said."""
    found = _WORD.match(words, at)
    return found[0][:20] if found else words[at : at + 20]


def _corner(letter: str, number: str, grid: Grid, where: str) -> tuple[int, int]:
    column, row = ord(letter.upper()) - ord("A"), int(number) - 1
    if column >= grid.across or not 0 <= row < grid.down:
        raise RedactionError(f"{where}: '{letter}{number}' is not on this picture, whose squares go from A1 to {grid.last}")
    return column, row


def _letter(column: int) -> str:
    return chr(ord("A") + column)


def sheets(content: bytes, sharpness: Sharpness, *, greyscale: bool = False) -> tuple[Sheet, ...]:
    """Return a picture with the squares over it, in pieces from top to bottom; raises RedactionError for what cannot be drawn.

    What lies below the last piece of `MOST_SHEETS` is not drawn; its squares can be named all the same.
    """
    try:
        image = decoded(content)
    except NoPictureError as error:
        raise RedactionError(f"it cannot be drawn: {error}") from error
    grid = Grid(*image.size)
    starts = range(0, min(grid.down, ROWS * MOST_SHEETS), ROWS)
    return tuple(_sheet(image, grid, first, min(first + ROWS, grid.down), sharpness, greyscale=greyscale) for first in starts)


def _sheet(image: Image.Image, grid: Grid, first: int, end: int, sharpness: Sharpness, *, greyscale: bool) -> Sheet:
    top, bottom = grid.edge(first), min(grid.edge(end), image.height)
    size = (DRAWN, max(1, (bottom - top) * DRAWN // image.width))
    part = image.crop((0, top, image.width, bottom)).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if sharpness is Sharpness.LIGHT:
        part = part.filter(ImageFilter.GaussianBlur(_LIGHT))
    part = ImageOps.grayscale(part).convert("RGB") if greyscale else part
    _letter_over(part, grid, first, end)
    return Sheet(png(part), first + 1, end)


def _letter_over(part: Image.Image, grid: Grid, first: int, end: int) -> None:
    """Draw the lines and names of the squares, dark and light at once, to be read on any ground; the picture is seen between them."""
    draw = ImageDraw.Draw(part)
    shown, top = DRAWN / grid.width, grid.edge(first)
    columns = [grid.edge(number) * shown for number in range(grid.across + 1)]
    rows = [(grid.edge(number) - top) * shown for number in range(first, end + 1)]
    for colour, wide in ((_INK, 3), (_PAPER, 1)):
        for x in columns:
            draw.line((x, 0, x, part.height), fill=colour, width=wide)
        for y in rows:
            draw.line((0, y, part.width, y), fill=colour, width=wide)
    size = _LARGE if end <= _NARROW else _SMALL
    veil, names = Image.new("L", part.size), []
    for column, x in enumerate(columns[:-1]):
        for row, y in enumerate(rows[:-1], start=first + 1):
            at = (x + 4, max(0, min(y + 1, part.height - size - 6)))  # the name of a last row of few pixels stands above its line
            names.append((at, f"{_letter(column)}{row}"))
            box = draw.textbbox(at, names[-1][1], font_size=size, stroke_width=1)
            ImageDraw.Draw(veil).rectangle((box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2), fill=_VEIL)
    part.paste(_PAPER, mask=veil)
    for at, name in names:
        draw.text(at, name, fill=_INK, font_size=size, stroke_width=1, stroke_fill=_INK)
