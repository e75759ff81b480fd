"""Undoes the tricks by which words are hidden from machines and still read by people, with the way back to where they stood.

Spaced and dotted letters, digits and signs for letters, repeated letters, starred words, a capital I for a small l, words torn in two;
emoji get their names behind them. Works on text that `nlp.normal.fold` made plain. Times, classes, prices, handles, hashtags, addresses
and the like are spared. What it cannot name for sure it leaves alone. Time grows with the length of the text, whatever is in it.
"""

from __future__ import annotations

import re
import string
import tomllib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING

import ahocorasick_rs

if TYPE_CHECKING:
    from nlp.vocabulary import Vocabulary

_PASSES = 4  # one trick may hide another: spaced letters with digits among them
_STANDS_FOR = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "6": "g", "2": "z"} | {
    "@": "a",
    "$": "s",
    "!": "il",
    "|": "li",
    "+": "t",
    "€": "e",
}
_SIGNS = "@$!|+€"
_STARS = "*#%•●"
_MOST_CANDIDATES = 32
_LONGEST_TOKEN = 40  # a longer token is an address, a key or noise
_SHORT, _SPLIT_AT_LEAST, _MOST_RUNS = 3, 6, 4

_SPACED = re.compile(
    r"(?<![\w@#$])[a-z0-9@$](?=(?P<sep>[ ._*/|,~+·•:=]{1,3})[a-z0-9@$!|](?![@$!|]?[^\W_]))(?:(?P=sep)[a-z0-9@$!|](?![@$!|]?[^\W_])){2,}",
)
_TOKEN = re.compile(r"[^\s\"“”(),;:?/\\<>\[\]{}=&]+")
_ODD = re.compile(rf"[a-z][{re.escape(_SIGNS + _STARS)}\d]|[\d$|][a-z]{{2}}|([a-z])\1\1")
_PROTECTED = re.compile(r"\W{0,3}[@#]\w|.{0,20}(?:://|\bwww\.)|[^@]{1,64}@\w[^.]{0,64}\.\w|[^.]{1,64}\.(?:com|org|net|uk|test|example)\b")
_PLAIN_NUMBER = re.compile(
    r"[1-9]\d*[a-z]{1,3}|(?:y|yr|yrs|year|u|ks|key|stage|class|room|rm|form|grade|gr|no|nr|page|row|bus|mp|co)\d{1,3}[a-z]?s?"
)
_POSTCODE = re.compile(r"[a-z]{1,2}\d[a-z\d]?\d[a-z]{2}")
_PLAUSIBLE = re.compile(r"(?=.{5})[a-z]+(?:([013457])\1?[a-z]+)+")  # digits singly or doubled between letters: a name in leet
_STARRED = re.compile(rf"[a-z][a-z]*[{re.escape(_STARS)}]+[a-z]*")
_REPEATED = re.compile(r"([a-z])\1{2,}")
_DASHED = re.compile(r"(?<![\w'\u2019-])([a-z]{1,3})(-{1,6})([a-z]{1,8})(?![\w'\u2019-])", re.IGNORECASE)
_CAPITAL_I = re.compile(r"I(?<=[a-z].)")  # a sign that is seldom there comes first: quickly told
_MAY_BE_SPACED = re.compile(r"[ ._*/|,~+·•:=][a-z0-9@$!|][ ._*/|,~+·•:=]{1,3}[a-z0-9@$!|](?![^\W_])")  # the end of any such run
_LETTERS = re.compile(r"[a-z]+")
_SPARED_RUNS = frozenset({"www", "xxx", "iii"})


@dataclass(frozen=True, slots=True)
class Edit:
    """Plain characters `start` to `end` become `new`; `sources[i]` is the plain character that the i-th new one comes from."""

    start: int
    end: int
    new: str
    sources: Sequence[int]


@dataclass(slots=True)
class _Text:
    """What a rule looks at."""

    plain: str
    places: Sequence[int]
    original: str
    words: Vocabulary


@cache
def emoji_names() -> dict[str, str]:
    """Return the name of each emoji that matters here."""
    table = tomllib.loads((Path(__file__).parent / "lexicons" / "disguises.toml").read_text(encoding="utf-8"))["emoji"]
    return {char: name for name, chars in table.items() for char in chars}


@cache
def _emoji_run() -> re.Pattern[str]:
    each = "".join(map(re.escape, emoji_names()))
    return re.compile(f"[{each}](?:[ \U0001f3fb-\U0001f3ff♀♂]*[{each}])*")


def may_hide(plain: str, original: str) -> bool:
    """Whether any trick but a torn word may be in the text: a quick look."""
    return bool(_is_odd(plain) or _is_spaced(plain) or _CAPITAL_I.search(original))


def _is_odd(plain: str) -> bool:
    return bool(not plain.isascii() or _odd_letters()(plain)) and _ODD.search(plain) is not None


@cache
def _odd_letters() -> Callable[[str], list[tuple[int, int, int]]]:
    """Return what finds how anything that _ODD finds begins in plain ASCII text: quicker where there is nothing, as mostly."""
    letters, digits = string.ascii_lowercase, string.digits
    begun = [f"{letter}{sign}" for letter in letters for sign in {*_SIGNS, *_STARS, *digits} if sign.isascii()]
    begun += [f"{sign}{letter}" for sign in f"{digits}$|" for letter in letters] + [letter * 3 for letter in letters]
    kind = ahocorasick_rs.Implementation.DFA
    find: Callable[[str], list[tuple[int, int, int]]] = ahocorasick_rs.AhoCorasick(
        begun, implementation=kind, store_patterns=False
    ).find_matches_as_indexes
    return find


def _is_spaced(plain: str) -> bool:
    return _MAY_BE_SPACED.search(plain) is not None and _SPACED.search(plain) is not None


def undone(plain: str, places: Sequence[int], original: str, words: Vocabulary) -> tuple[str, Sequence[int]]:
    """Return the plain text with its disguises undone, and where each character stands in the original. Never raises."""
    text = _Text(plain, places, original, words)
    for _ in range(_PASSES):
        before = text.plain
        for rule in _RULES:
            text = _ruled(rule, text)
        if text.plain == before:
            break
    if not text.plain.isascii():
        text = _ruled(_named_emoji, text)
    return text.plain, text.places


def _ruled(rule: Callable[[_Text], Iterator[Edit]], text: _Text) -> _Text:
    """Return the text after one rule."""
    edits = list(rule(text))
    return _Text(*_edited(text.plain, text.places, edits), text.original, text.words) if edits else text


def _edited(plain: str, places: Sequence[int], edits: list[Edit]) -> tuple[str, Sequence[int]]:
    pieces: list[str] = []
    spots: list[int] = []
    last = 0
    for edit in edits:
        pieces += (plain[last : edit.start], edit.new)
        spots.extend(places[last : edit.start])
        spots.extend(places[source] for source in edit.sources)
        last = edit.end
    spots.extend(places[last:])
    return "".join([*pieces, plain[last:]]), spots


# --- spaced and dotted letters


def _joined_letters(text: _Text) -> Iterator[Edit]:
    for run in _SPACED.finditer(text.plain) if _MAY_BE_SPACED.search(text.plain) else ():
        step = len(run["sep"]) + 1
        for group in _groups(range(run.start(), run.end(), step), text.places):
            yield from _joined_group(group, text)


def _groups(chars: Sequence[int], places: Sequence[int]) -> Iterator[list[int]]:
    """Yield the letters of each word: a wider gap than the narrowest (two spaces, where one stands between letters) parts words."""
    gaps = [places[right] - places[left] for left, right in pairwise(chars)]
    narrow, group = min(gaps), [chars[0]]
    for char, gap in zip(chars[1:], gaps, strict=True):
        if gap > narrow:
            yield group
            group = []
        group.append(char)
    yield group


def _joined_group(group: list[int], text: _Text) -> Iterator[Edit]:
    letters = "".join(text.plain[place] for place in group)
    new = _word_of(letters, text.words) if len(group) >= _SHORT and not _is_listing(letters) else None
    if new is not None:
        yield Edit(group[0], group[-1] + 1, new, _sources(new, group))


def _is_listing(letters: str) -> bool:
    """Whether these are no word: «a b c d», «x x x», «1 2 3 a»."""
    rising = all(ord(right) - ord(left) == 1 for left, right in pairwise(letters))
    return rising or len(set(letters)) == 1 or sum(char.isalpha() for char in letters) * 2 <= len(letters)


def _word_of(letters: str, words: Vocabulary) -> str | None:
    decoded = words.best(_decodings(letters)) or letters
    if decoded in words:
        return decoded
    parted = words.parted(decoded)
    if parted and len(parted) * 2 <= len(letters):
        return " ".join(parted)
    return letters if len(letters) > _SHORT and letters.isalpha() and len(letters) <= _LONGEST_TOKEN else None


def _sources(new: str, group: Sequence[int]) -> list[int]:
    """Return which letter each new character comes from; a space between words belongs to the letter before it."""
    sources, step = [], -1
    for char in new:
        step += char != " "
        sources.append(group[max(0, step)])
    return sources


# --- single words


def _plain_words(text: _Text) -> Iterator[Edit]:
    """Yield digits, signs, stars and repeats undone, token by token; handles, hashtags and addresses are spared."""
    if not _is_odd(text.plain):
        return
    odd = _ODD.search(text.plain)
    while odd:  # from one odd place to the chunk around it, and on behind that: most chunks are never looked at
        chunk = text.plain.rfind(" ", 0, odd.start()) + 1, (text.plain.find(" ", odd.end()) + 1 or len(text.plain) + 1) - 1
        for token in () if _PROTECTED.match(text.plain, *chunk) else _TOKEN.finditer(text.plain, *chunk):
            if token.end() - token.start() <= _LONGEST_TOKEN and _ODD.search(token[0]):
                yield from _plain_word(token, text)
        odd = _ODD.search(text.plain, chunk[1])


def _plain_word(token: re.Match[str], text: _Text) -> Iterator[Edit]:
    start, word = token.start(), token[0]
    bare = word.rstrip(".!'+|")
    for undo in (_unstarred, _unleeted, _unrepeated):
        new = undo(bare, text.words)
        if new is not None and new != bare:
            yield Edit(start, start + len(bare), new, _spread(bare, new, start))
            return


def _spread(old: str, new: str, start: int) -> list[int]:
    """Return a source for each new letter: in step while both go on alike, then spread over the rest; the last stands at the end."""
    size, wide = len(new), len(old)
    if size == wide:
        return list(range(start, start + wide))
    spots = [start + place * (wide - 1) // max(1, size - 1) for place in range(size)]
    return spots if size > 1 else [start + wide - 1]


def _unstarred(word: str, words: Vocabulary) -> str | None:
    if not _STARRED.fullmatch(word):
        return None
    shape = re.sub(f"[{re.escape(_STARS)}]", "*", word)
    letters = shape.rstrip("*")
    if shape.endswith("*") and ((letters in words and len(letters) >= _SHORT) or re.fullmatch(r"[a-e]\*s?", shape)):
        return None  # «great***», «A*»
    if re.fullmatch(r"[a-e]\*s", shape):  # grades: «two A*s»
        return None
    return words.shaped(shape) or (words.stretched(shape) if not shape.endswith("*") and len(letters) >= _SHORT else None)


def _decodings(word: str) -> list[str]:
    """Return what the word reads as when digits and signs stand for letters, the likeliest first; itself when there are none."""
    choices = [_STANDS_FOR.get(char, char) for char in word]
    return ["".join(way) for way, _ in zip(product(*choices), range(_MOST_CANDIDATES), strict=False)]


def _unleeted(word: str, words: Vocabulary) -> str | None:
    if word in words.texting:
        return words.texting[word]
    odd = sum(char in _STANDS_FOR for char in word)
    if not odd or odd == len(word) or len(word) < _SHORT or not all(char.isalpha() or char in _STANDS_FOR for char in word):
        return None
    if _PLAIN_NUMBER.fullmatch(word) or _POSTCODE.fullmatch(word):
        return None
    decodings = _decodings(word)
    known = words.best(decodings) or words.best(filter(None, (_squeezed(way, words) for way in decodings)))
    if known is None and _PLAUSIBLE.fullmatch(word):
        return decodings[0]
    return known


def _unrepeated(word: str, words: Vocabulary) -> str | None:
    return _squeezed(word, words) if word.isalpha() and _REPEATED.search(word) else None


def _squeezed(word: str, words: Vocabulary) -> str | None:
    """Return the word with runs of one letter cut to one or two, as a known word has them; an unknown one keeps two."""
    if word in _SPARED_RUNS or len(set(word)) == 1 or not _REPEATED.search(word):
        return None
    if len(_REPEATED.findall(word)) > _MOST_RUNS:
        return _REPEATED.sub(r"\1\1", word)
    return words.best(_shortened(word)) or _REPEATED.sub(r"\1\1", word)


def _shortened(word: str) -> list[str]:
    """Return the word with each run of a letter cut to one or to two letters, in every combination."""
    run = _REPEATED.search(word)
    if run is None:
        return [word]
    return [word[: run.start()] + run[1] * times + rest for rest in _shortened(word[run.end() :]) for times in (1, 2)]


def _small_l(text: _Text) -> Iterator[Edit]:
    """Yield words in which a capital I stands for a small l: «HexIey»."""
    if "I" not in text.original or not _CAPITAL_I.search(text.original):
        return
    for token in _LETTERS.finditer(text.plain):
        word = token[0]
        if "i" in word and word not in text.words and token.end() - token.start() <= _LONGEST_TOKEN:
            capitals = [text.original[text.places[place]] == "I" for place in range(*token.span())]
            new = "".join("l" if capital else char for char, capital in zip(word, capitals, strict=True))
            if any(capitals[1:]) and new in text.words:
                yield Edit(*token.span(), new, range(*token.span()))


def _dashed(text: _Text) -> Iterator[Edit]:
    """Yield words masked with dashes («f--k»), which folding has made a space."""
    if "-" not in text.original:
        return
    for match in _DASHED.finditer(text.original):
        word = text.words.shaped(f"{match[1]}{'*' * len(match[2])}{match[3]}".lower())
        start, end = bisect_left(text.places, match.start()), bisect_left(text.places, match.end() - 1) + 1
        if word and text.words.is_masked(word) and text.plain[start:end] == f"{match[1]} {match[3]}".lower():
            yield Edit(start, end, word, _spread(text.plain[start:end], word, start))


def _torn(text: _Text) -> Iterator[Edit]:
    """Yield words torn in two, where neither half is a word and the whole is: «sc umbags»."""
    place, before, known, parts = 0, "", text.words.known, text.plain.split(" ")
    for word in parts if _may_be_torn(parts, known) else ():
        unknown = word not in known and word.isalpha()
        whole = before + word
        if unknown and before and _SPLIT_AT_LEAST <= len(whole) <= _LONGEST_TOKEN and whole in text.words:
            start, middle = place - 1 - len(before), place - 1
            yield Edit(start, place + len(word), whole, [*range(start, middle), *range(place, place + len(word))])
            unknown = False
        before = word if unknown else ""
        place += len(word) + 1


def _may_be_torn(parts: Sequence[str], known: frozenset[str]) -> bool:
    """Whether two words side by side are unknown: told for all words at once."""
    flags = bytes(map(known.__contains__, parts))
    place = flags.find(b"\0\0")
    while place >= 0:
        if parts[place].isalpha() and parts[place + 1].isalpha():
            return True
        place = flags.find(b"\0\0", place + 1)
    return False


def _named_emoji(text: _Text) -> Iterator[Edit]:
    """Yield runs of emoji with their names behind them, each once: «😂😂🔪» becomes «😂😂🔪 laughing knife »."""
    if text.plain.isascii():
        return
    names = emoji_names()
    for run in _emoji_run().finditer(text.plain):
        named = " ".join(dict.fromkeys(names[char] for char in run[0] if char in names))
        after = text.plain[run.end() : run.end() + len(named) + 1]
        if after == f" {named}":
            continue
        lead = " " if run.start() and text.plain[run.start() - 1].isalnum() else ""
        tail = "" if text.plain[run.end() : run.end() + 1] in {"", " "} else " "
        new = f"{lead}{run[0]} {named}{tail}"
        last = run.end() - 1
        yield Edit(*run.span(), new, [*([run.start()] * len(lead)), *range(*run.span()), *([last] * (len(named) + 1 + len(tail)))])


_RULES: tuple[Callable[[_Text], Iterator[Edit]], ...] = (_dashed, _joined_letters, _plain_words, _small_l, _torn)
