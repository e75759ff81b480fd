"""Words covered wherever they stand: letter case, accents, line ends, unseen characters and the way they are joined make no difference.

A phrase is a name, mostly of a child who has nothing to do with the matter (domain.md §5.7 rule 5). Too much is covered rather than too
little: a phrase inside a longer word is covered too. What was covered cannot be read back from what is left.

Letters that look like others are read as these (nlp's table), hyphens and apostrophes may be missing, the last of two or three words may
stand first. Not found: nicknames, initials, a name with another one between its words, letters written as signs of HTML.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from evidence.errors import EvidenceError
from nlp.normal import LOOK_ALIKES

MARK = "[covered]"
LEAST = 3  # letters of a phrase; two would cover half of every text
MOST_PHRASES, LONGEST = 200, 2_000
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2800\ufffc")  # drawn as nothing, though they are letters and symbols
_QUOTES = dict.fromkeys("\u2018\u2019\u201b\u02bc\u0060\u00b4\u2032", "'")
_GAPS = " \n_+./',():;&=~-"
_GAP = rf"(?:[{re.escape(_GAPS)}]|%[0-9a-f]{{2}}|&#?[a-z0-9]{{1,8}};|\\u[0-9a-f]{{4}})"  # a blank, also as an address or HTML writes it
_MOST_GAPS = 4  # so many may stand where a phrase has a blank, a hyphen or an apostrophe: also none, as in a handle
_RUN = re.compile(f"([{re.escape(_GAPS)}]+)")
_BLANKS = re.compile("([ \\n]+)")
_TURNED = (2, 3)  # words of a phrase whose last one may stand first: "Fernhollow, Ivy"
_TWO_DOTS = "\u0308"  # an umlaut's, which may be spelled with an e
_BROKEN = r"(?:-?\n)?"  # a word may be broken at the end of a line
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,15}://[^\s<>\"]+|www\.[^\s<>\"]+", re.IGNORECASE)

Fold = Callable[[str], tuple[str, ...]]  # reads one character


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
    folded = "".join(part for char in words for part in _by_letter(char) if not part.isspace())
    if len(folded) < LEAST:
        raise PhraseError(f"phrase {number} is too short: give {LEAST} letters or more, a whole name for instance")
    if len(words) > LONGEST:
        raise PhraseError(f"phrase {number} is longer than {LONGEST} characters; give the name only")
    if folded in MARK or any(_found(MARK, [words], fold) for fold in _READINGS):
        raise PhraseError(f"phrase {number} is a part of the mark {MARK} itself; give a longer one")
    return folded


def spans(text: str, phrases: Sequence[str]) -> list[tuple[int, int]]:
    """Return where phrases stand in a text, from and to, in order and without overlaps."""
    found = [hit for fold in _readings(text, phrases) for hit in _found(text, phrases, fold)]
    return _joined(sorted([*found, *_addresses(text, phrases)]))


def _readings(text: str, phrases: Sequence[str]) -> Sequence[Fold]:
    """Return the ways to read the letters; for ASCII both are the same."""
    return _READINGS[:1] if text.isascii() and all(map(str.isascii, phrases)) else _READINGS


def _found(text: str, phrases: Sequence[str], fold: Fold) -> list[tuple[int, int]]:
    """Return where phrases stand in one reading of a text, straight or turned round.

    Of what is turned round only blanks may be left, and only between names that stand there straight.
    """
    folded, places = _fold(text, fold)
    straight = _joined(sorted(_hits(folded, [_pattern(phrase, fold) for phrase in phrases])))
    turned = _hits(folded, [pattern for phrase in phrases for pattern in _turned(phrase, fold)])
    more = [rest for hit in turned for rest in _beside(hit, straight) if folded[slice(*rest)].strip(_GAPS)]
    return [(places[start], places[end - 1] + 1) for start, end in (*straight, *more)]


def _hits(folded: str, patterns: Sequence[re.Pattern[str]]) -> list[tuple[int, int]]:
    return [(at.start(), at.start() + len(at[1])) for pattern in patterns for at in pattern.finditer(folded)]


def _beside(hit: tuple[int, int], found: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the parts of one find that lie beside others, which are in order."""
    start, end = hit
    for first, last in found[max(bisect_left(found, hit) - 1, 0) :]:
        if first >= end:
            break
        if first > start:
            yield start, first
        start = max(start, last)
    if start < end:
        yield start, end


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
        if any(_found(address, phrases, fold) for fold in _readings(address, phrases)):
            return True
    return False


@lru_cache(maxsize=1_000)
def _pattern(phrase: str, fold: Fold) -> re.Pattern[str]:
    """Return what finds a phrase in a folded text; it looks ahead, so that finds may overlap."""
    plain = "".join(part for char in phrase for part in fold(char)).strip()
    inner = plain.strip(_GAPS)
    if sum(char not in _GAPS for char in inner) < LEAST:  # too little to find it without its signs
        return re.compile(f"(?=({_spelled(plain, phrase, _BLANKS)}))")
    before, _, after = plain.partition(inner)
    return re.compile(f"(?=({re.escape(before)}{_spelled(inner, phrase, _RUN)}{re.escape(after)}))")


def _turned(phrase: str, fold: Fold) -> Iterator[re.Pattern[str]]:
    """Yield what finds a short phrase with its last word first."""
    words = phrase.split()
    if len(words) in _TURNED and words[-1:] != words[:1]:
        yield _pattern(" ".join((words[-1], *words[:-1])), fold)


def _spelled(plain: str, phrase: str, gaps: re.Pattern[str]) -> str:
    """Return the pattern of the words of a folded phrase, which may be joined in many ways."""
    has_dots = _TWO_DOTS in unicodedata.normalize("NFD", phrase) or any(char in phrase for char in "\u00f8\u00d8")
    parts = gaps.split(plain)  # words and what stands between them, in turn
    return "".join(
        f"{_GAP}{{0,{max(_MOST_GAPS, len(part))}}}" if number % 2 else _word(part, has_dots=has_dots) for number, part in enumerate(parts)
    )


def _word(word: str, *, has_dots: bool) -> str:
    """Return the pattern of one word: broken at the end of a line, and with umlauts spelled out or not."""
    signs = []
    for before, char, after in zip(" " + word, word, word[1:] + " ", strict=False):
        is_spelled_out = char == "e" and before in "aou" and after != " "
        signs.append(re.escape(char) + "?" * is_spelled_out)
        if has_dots and char in "aou" and after != "e":
            signs.append("e?")
    return _BROKEN.join(signs)


def _fold(text: str, fold: Fold) -> tuple[str, list[int]]:
    """Return the text without case, accents and unseen characters, each run of blanks as one, and where each character came from."""
    folded: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for part in fold(char):
            if part.isspace() and folded and folded[-1] in " \n":
                folded[-1] = "\n" if "\n" in (part, folded[-1]) else " "
                continue
            folded.append(part)
            places.append(place)
    return "".join(folded), places


@lru_cache(maxsize=20_000)
def _by_letter(char: str) -> tuple[str, ...]:
    """Return what is left of one character: its letters without accents, in small; nothing for what is not seen.

    A letter is read as what its small form looks like, so that a name in capitals of any script stays the same name.
    """
    if char in "\n\r\u2028\u2029\u0085\x0b\x0c":
        return ("\n",)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    return tuple(kept for part in plain for letter in LOOK_ALIKES.get(part, part) for kept in _kept(letter))


@lru_cache(maxsize=20_000)
def _by_look(char: str) -> tuple[str, ...]:
    """Return the same for what the very character looks like: a Greek capital Nu is an N, though its small form looks like a v."""
    seen = "".join(LOOK_ALIKES.get(part, part) for part in unicodedata.normalize("NFKD", char))
    return tuple(kept for part in seen for kept in _by_letter(part))


_READINGS: tuple[Fold, ...] = (_by_letter, _by_look)


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
