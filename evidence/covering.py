"""Words covered wherever they stand: letter case, accents, line ends, unseen characters and the way they are joined make no difference.

A phrase is a name, mostly of a child who has nothing to do with the matter (domain.md §5.7 rule 5). Too much is covered rather than too
little: a phrase inside a longer word is covered too. What was covered cannot be read back from what is left.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from evidence.errors import EvidenceError

MARK = "[covered]"
LEAST = 3  # letters of a phrase; two would cover half of every text
MOST_PHRASES, LONGEST = 200, 2_000
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2800\ufffc")  # drawn as nothing, though they are letters and symbols
_QUOTES = dict.fromkeys("\u2018\u2019\u201b\u02bc\u0060\u00b4\u2032", "'")
_BETWEEN = r"(?:[ \n_+./'-]|%20|%0a){0,4}"  # what may stand where a phrase has a blank: also nothing, as in a handle
_BROKEN = r"(?:-?\n)?"  # a word may be broken at the end of a line
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,15}://[^\s<>\"]+|www\.[^\s<>\"]+", re.IGNORECASE)


class PhraseError(EvidenceError):
    """A phrase to cover is too short, too long, or there are too many."""


def cleaned(phrases: Iterable[str]) -> tuple[str, ...]:
    """Return the phrases without blanks around them, each once; raises PhraseError with the mend, never with the phrase itself."""
    kept: dict[str, str] = {}
    for number, phrase in enumerate(phrases, start=1):
        words = " ".join(phrase.split())
        if words:
            kept.setdefault(_checked(words, number), words)
    if len(kept) > MOST_PHRASES:
        raise PhraseError(f"at most {MOST_PHRASES} phrases can be covered at once; {len(kept)} were given")
    return tuple(kept.values())


def is_phrase(words: str) -> bool:
    """Whether these words can be covered as a phrase."""
    try:
        return bool(cleaned([words]))
    except PhraseError:
        return False


def _checked(words: str, number: int) -> str:
    folded = "".join(part for char in words for part in _folded(char) if not part.isspace())
    if len(folded) < LEAST:
        raise PhraseError(f"phrase {number} is too short: give {LEAST} letters or more, a whole name for instance")
    if len(words) > LONGEST:
        raise PhraseError(f"phrase {number} is longer than {LONGEST} characters; give the name only")
    if folded in MARK:
        raise PhraseError(f"phrase {number} is a part of the mark {MARK} itself; give a longer one")
    return folded


def spans(text: str, phrases: Sequence[str]) -> list[tuple[int, int]]:
    """Return where phrases stand in a text, from and to, in order and without overlaps."""
    folded, places = _fold(text)
    found: list[tuple[int, int]] = []
    for phrase in phrases:
        found += [(places[at.start()], places[at.start() + len(at[1]) - 1] + 1) for at in _pattern(phrase).finditer(folded)]
    return _joined(sorted([*found, *_addresses(text, phrases)]))


def covered(text: str, phrases: Sequence[str]) -> str:
    """Return the text with every phrase replaced by the mark."""
    parts, last = [], 0
    for start, end in spans(text, phrases) if phrases else []:
        parts += [text[last:start], MARK]
        last = end
    return "".join((*parts, text[last:]))


def holds(text: str, phrases: Sequence[str]) -> bool:
    """Whether one of the phrases stands in the text."""
    return bool(spans(text, phrases))


def covered_everywhere(value: Any, phrases: Sequence[str]) -> Any:
    """Return the same value with the phrases covered in every text of it: of mappings (names too), lists, tuples."""
    if isinstance(value, str):
        return covered(value, phrases)
    if isinstance(value, Mapping):
        return {covered_everywhere(key, phrases): covered_everywhere(one, phrases) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(covered_everywhere(one, phrases) for one in value)
    return value


def _addresses(text: str, phrases: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the part of an address after its host, or all of it, where a phrase hides in its percent signs."""
    for found in _ADDRESS.finditer(text) if "%" in text else ():
        address = found[0]
        if "%" not in address or not _hidden(address, phrases):
            continue
        host = _host(address)
        yield found.start() + address.find(host) + len(host), found.end()


def _host(address: str) -> str:
    try:
        return urlsplit(address if "://" in address else f"//{address}").netloc
    except ValueError:
        return ""


def _hidden(address: str, phrases: Sequence[str]) -> bool:
    """Whether a phrase stands in an address once its percent signs are read, also when they were written twice."""
    for _again in range(3):
        address = unquote_plus(address)
        folded = _fold(address)[0]
        if any(_pattern(phrase).search(folded) for phrase in phrases):
            return True
    return False


@lru_cache(maxsize=1_000)
def _pattern(phrase: str) -> re.Pattern[str]:
    """Return what finds a phrase in a folded text; it looks ahead, so that finds may overlap."""
    words = [[part for char in word for part in _folded(char)] for word in phrase.split()]
    spelled = [_BROKEN.join(re.escape(char) for char in word) for word in words if word]
    return re.compile(f"(?=({_BETWEEN.join(spelled)}))")


def _fold(text: str) -> tuple[str, list[int]]:
    """Return the text without case, accents and unseen characters, each run of blanks as one, and where each character came from."""
    folded: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for part in _folded(char):
            if part.isspace() and folded and folded[-1] in " \n":
                folded[-1] = "\n" if "\n" in (part, folded[-1]) else " "
                continue
            folded.append(part)
            places.append(place)
    return "".join(folded), places


@lru_cache(maxsize=20_000)
def _folded(char: str) -> tuple[str, ...]:
    """Return what is left of one character: its letters without accents, in small; nothing for what is not seen."""
    if char in "\n\r\u2028\u2029\u0085\x0b\x0c":
        return ("\n",)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    return tuple(kept for part in plain for kept in _kept(part))


def _kept(part: str) -> str:
    kind = unicodedata.category(part)
    if part.isspace():
        return " "
    if part in _UNSEEN or kind in {"Mn", "Me", "Cf", "Cc"}:
        return ""
    return "-" if kind == "Pd" else _QUOTES.get(part, part)


def _joined(found: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
