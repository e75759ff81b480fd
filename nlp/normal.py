"""Text made plain for matching, with a way back to the untouched original.

Case, accents, apostrophes, dashes, runs of white space, look-alike letters (Cyrillic, Greek, full width, mathematical, circled),
zero-width characters, soft hyphens, bidi controls and NUL are folded away. The original is never changed: evidence and
highlights need it (scoring.md, traps). NFKC and NFKD: Unicode Standard Annex 15. The look-alikes are a table of our own,
lexicons/look_alikes.toml.
"""

from __future__ import annotations

import bisect
import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

from nlp.disguises import undone

if TYPE_CHECKING:
    from nlp.vocabulary import Vocabulary

APOSTROPHES = "'`\u00b4\u2018\u2019\u201a\u201b\u02b9\u02bb\u02bc\u02bd\u02c8\u2032\u2035\uff07\u055a\ua78b\ua78c"
_MARKS = {"Mn", "Me", "Cf", "Cc"}  # combining marks, zero-width and bidi controls, NUL: nothing that a reader sees as a letter
_CACHE_LIMIT = 20_000  # code points remembered; hostile text cannot make the table grow without end

_LETTERS = Path(__file__).parent / "lexicons" / "look_alikes.toml"


def _look_alikes() -> dict[str, str]:
    letters = tomllib.loads(_LETTERS.read_text(encoding="utf-8"))["letters"]
    table = {look: latin for latin, looks in letters.items() for look in looks}
    table |= {"\ufffc": " ", "\u2044": "/"}  # an embedded object stands between words; the fraction slash of «½»
    for first in (0x1F150, 0x1F170, 0x1F1E6):  # negative circled and squared letters, regional indicators (not in NFKC)
        table |= {chr(first + step): chr(ord("a") + step) for step in range(26)}
    return table


LOOK_ALIKES = _look_alikes()


def _fold_mark(char: str, category: str) -> str | None:
    """Return what a character that is no letter folds to; None when it is one."""
    if char.isspace() or category in {"Pd", "Zs", "Zl", "Zp"}:
        return " "  # «Fernley-Green» and «Fernley Green» are the same words
    if char in APOSTROPHES or category in _MARKS or char == "\u2400":  # U+2400 stands for NUL in stored text
        return ""
    return "\ufffd" if category in {"Cs", "Co"} else None


def fold_char(char: str) -> str:
    """Return what one character folds to: nothing, a space, or one or more plain lower-case characters."""
    mark = _fold_mark(char, unicodedata.category(char))
    if mark is not None:
        return mark
    if char in LOOK_ALIKES:
        return LOOK_ALIKES[char]
    plain = "".join(LOOK_ALIKES.get(part, part) for part in unicodedata.normalize("NFKD", char).casefold())
    kept = (part for part in plain if unicodedata.category(part) not in _MARKS and part not in APOSTROPHES)
    return "".join(" " if part == "-" else part for part in kept)


class _Table(dict[int, str]):
    """A table for `str.translate` that fills itself as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = fold_char(chr(code))
        if len(self) < _CACHE_LIMIT:
            self[code] = folded
        return folded


_TABLE = _Table()
_ASCII = bytes(ord(_TABLE[code] or " ") if code < 128 else code for code in range(256))  # noqa: PLR2004 - ASCII ends at 127
_ASCII_DROPPED = bytes(code for code in range(128) if not _TABLE[code])
_ASCII_KEPT = bytes(code not in _ASCII_DROPPED for code in range(256))
_FOREIGN = re.compile("[^\x00-\x7f]+")
_RUNS = re.compile("[\x00-\x7f]+|[^\x00-\x7f]+")
_SPACES = re.compile(" {2,}")
_DENSE = 4  # a quarter


def _fold_run(run: re.Match[str]) -> str:
    return run[0].translate(_TABLE)


def _is_dense(text: str) -> bool:
    """Whether so much is outside ASCII that taking it run by run would cost more than taking it whole."""
    return not text.isascii() and len(text.encode(errors="replace")) - len(text) > len(text) // _DENSE


def _plain(text: str) -> str:
    """Return the text made plain, its runs of spaces still as long as they were.

    Runs outside ASCII go through one table, then the bytes through another: no Python code runs for a plain character.
    """
    if _is_dense(text):
        return text.translate(_TABLE)
    familiar = text if text.isascii() else _FOREIGN.sub(_fold_run, text)
    return familiar.encode().translate(_ASCII, _ASCII_DROPPED).decode()


def fold(text: str) -> str:
    """Return the text made plain; the fast half of `Folded.of`, which gives the same string. Never raises."""
    plain = _plain(text)
    return _SPACES.sub(" ", plain) if "  " in plain else plain


fold_post = lru_cache(maxsize=2)(fold)  # the same for whole posts: each step of reading one asks for it


@dataclass(frozen=True, slots=True)
class Folded:
    """Plain text beside its original. `places[i]` is where the i-th plain character stands in the original."""

    original: str
    text: str
    places: Sequence[int]

    @classmethod
    def of(cls, original: str) -> Folded:
        """Fold `original` and keep every character's place."""
        return _folded(original)

    @classmethod
    def unmasked(cls, original: str, words: Vocabulary) -> Folded:
        """Fold `original` and undo what hides words (nlp.disguises): what scorers should read. Slower than `of`; never raises.

        Clean text keeps its words; emoji get their names behind them; unmasking what is unmasked changes nothing.
        """
        folded = cls.of(original)
        text, places = undone(folded.text, folded.places, original, words)
        return folded if text == folded.text else cls(original, text, places)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where the plain characters `start` to `end` stand in the original, with the accents that belong to the last one."""
        if type(self.places) is range:  # nothing was dropped: each character stands where it stood
            return (start, end) if start < end else (min(start, len(self.places)),) * 2
        if start >= end:
            place = self.places[start] if start < len(self.places) else len(self.original)
            return place, place
        last = self.places[end - 1] + 1
        while last < len(self.original) and unicodedata.combining(self.original[last]):
            last += 1
        return self.places[start], last

    def at(self, place: int) -> int:
        """Return the index of the first plain character that stands at `place` of the original, or behind it."""
        if type(self.places) is range:
            return max(0, min(place, len(self.places)))
        return bisect.bisect_left(self.places, place)


@lru_cache(maxsize=2)  # each step of reading a post folds it anew, so that no step needs another one's work
def _folded(original: str) -> Folded:
    text = fold_post(original)
    if not original.isascii():
        return Folded(original, text, _places(original))
    if len(text) == len(original):
        return Folded(original, text, range(len(text)))
    kept = list(compress(range(len(original)), original.encode().translate(_ASCII_KEPT)))
    return Folded(original, text, kept if len(kept) == len(text) else _squeezed(_plain(original), kept))


def _places(original: str) -> list[int]:
    """Return where each plain character stands in the original."""
    if _is_dense(original):
        return _squeezed(_plain(original), [place for place, char in enumerate(original) for _ in _TABLE[ord(char)]])
    places: list[int] = []
    for run in _RUNS.finditer(original):
        if run[0].isascii():
            places.extend(compress(range(*run.span()), run[0].encode().translate(_ASCII_KEPT)))
        else:
            places.extend(place for place, char in enumerate(run[0], run.start()) for _ in _TABLE[ord(char)])
    return _squeezed(_plain(original), places)


def _squeezed(plain: str, places: list[int]) -> list[int]:
    """Return the places without those of the second and later spaces of a run."""
    if "  " not in plain:
        return places
    return [place for place, char, before in zip(places, plain, "x" + plain, strict=False) if char != " " or before != " "]
