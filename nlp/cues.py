r"""Word lists turned into cues: what every component uses to find words and to give the reason for them.

A list is a TOML file in `nlp/lexicons/` with its source, licence and date. Its phrases are written in a small language and folded
like the text they are looked for in (nlp.normal):

    liar            the word                        steal*          any word that begins so
    (he|the head)   any one of these                lies?           the last letter may be left out
    (really)?       the words may be left out       _               any one word
    ...             up to five words, or none       \d+             a number (a regular expression's class)
    <person>        a member of staff, named or by role (nlp.people); <class>, <child>, <when>: see `_SLOTS`

A space stands for one to three characters that are no letters, so that a comma or a dash between two words does no harm.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from data.model.readings import Category
from nlp.errors import ModelMismatchError, ModelMissingError
from nlp.normal import fold
from nlp.triggers import DIGITS, Gate

LEXICONS = Path(__file__).parent / "lexicons"
PERSON = "\ue000"  # stands for each character of a person's name in masked text; folding leaves none of it in a post
_WORD = f"(?:\\w+|{PERSON}+)"
_GAP = f"[^\\w{PERSON}]{{1,3}}"
_OPEN, _SHUT = f"(?<![\\w{PERSON}])", f"(?![\\w{PERSON}])"
_SLOTS = {
    "<person>": f"{PERSON}+",
    "<class>": r"(?:(?:year|yr|yrs|y) ?\d{1,2}s?|\d{1,2}[a-z]|class \d{1,2}\w?|reception|nursery|sixth form)",
    "<child>": (
        r"(?:son|sons|daughter|daughters|lad|lads|boy|boys|girl|girls|child|children|kid|kids|pupil|pupils|student|students|nephew|niece"
        r"|grandson|granddaughter|brother|sister|little one|bairn|bab|teenager)"
    ),
    "<when>": r"(?:tomorrow|tonight|today|soon|later|monday|tuesday|wednesday|thursday|friday|mon|tues|weds|thurs|fri|\d{1,2} ?(?:am|pm))",
}
_SLOT_WORDS = {  # for what is looked for first: how each of the words of a slot begins
    "<person>": (PERSON,),
    "<child>": (
        "son", "daughter", "lad", "boy", "girl", "child", "kid", "pupil", "student", "nephew", "niece", "brother", "sister", "little one",
        "bairn", "bab", "teenager",
    ),
    "<when>": ("to", "soon", "later", "mon", "tue", "wed", "thu", "fri", "am", "pm"),
    "<class>": (
        *(digit for digit in DIGITS if not digit.isascii()),
        *(f"{before}{digit}" for before in ("y", "r", "s", "y ", "r ", "s ") for digit in string.digits),  # «y4», «yr 4», «class 4»
        *(f"{digit}{letter}" for digit in string.digits for letter in string.ascii_lowercase),
        "reception", "nursery", "sixth form",
    ),
    r"\d": DIGITS,
    r"\d+": DIGITS,
}  # fmt: skip
_SKIP = f"(?:{_GAP}{_WORD}){{0,5}}?"
_TOKENS = re.compile(r"<\w+>|\.\.\.|\\.\+?|(?<![^\s(|])_(?![^\s)|?])|.")
_MOST = 20  # hits of one cue in one sentence: more say nothing new, and hostile text could make thousands
_KEYS = frozenset({"about", "source", "licence", "date", "cues", "spare"})


@dataclass(frozen=True, slots=True)
class Cue:
    """A family of phrases that mean one thing: the plain reason, the strength in [0, 1], the category it speaks for."""

    name: str
    why: str
    value: float
    category: Category | None
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Spare:
    """Words in whose company the cues must not fire: around the very hit, in its sentence, or anywhere in the post."""

    scope: str
    pattern: re.Pattern[str]
    only: frozenset[str]  # the cues it spares; empty: all of the list


@dataclass(frozen=True, slots=True)
class Hit:
    """A cue found at these characters of the text it was looked for in."""

    cue: Cue
    start: int
    end: int


class _Phrases:
    """Reads one phrase of the small language and writes the regular expression for it."""

    def __init__(self, phrase: str) -> None:
        self._tokens = _TOKENS.findall(phrase)
        self._place = 0

    def _take(self, *wanted: str) -> bool:
        """Step over the next token if it is one of these."""
        here = self._place < len(self._tokens) and self._tokens[self._place] in wanted
        self._place += here
        return here

    def choices(self) -> str:
        """Return the expression for everything up to the closing parenthesis."""
        ways = [self._sequence()]
        while self._take("|"):
            ways.append(self._sequence())
        return "|".join(ways)

    def _sequence(self) -> str:
        written, gap = "", False
        while self._place < len(self._tokens) and self._tokens[self._place] not in "|)":
            if self._take(" "):
                gap, loose = True, self._take("?")
                written, gap = (written + f"(?:{_GAP})?", False) if loose else (written, gap)
            elif self._take("..."):
                written, gap = written + _SKIP, False
            else:
                written, gap = self._with(written, gap, self._element()), False
        return written + (_GAP if gap else "")

    def _with(self, written: str, gap: bool, element: tuple[str, bool]) -> str:
        """Return what is written with one element more, and the gap before it where it belongs."""
        expression, optional = element
        if not optional:
            return written + (_GAP if gap else "") + expression
        if expression.rstrip(")").endswith(_GAP):  # «(the )?head», «(a |an )?joke»
            return written + (_GAP if gap else "") + f"(?:{expression})?"
        if not written and self._take(" "):  # «(all)? together»
            return f"(?:{expression}{_GAP})?"
        return written + f"(?:{_GAP if gap else ''}{expression})?"

    def _element(self) -> tuple[str, bool]:
        """Return the next word, slot or group as an expression, and whether it may be left out."""
        if self._take("("):
            inner = self.choices()
            self._take(")")
            optional = self._take("?")
            return (inner if optional and "|" not in inner else f"(?:{inner})"), optional
        token = self._tokens[self._place]
        self._place += 1
        if token in _SLOTS or token == "_":  # noqa: S105 - the wildcard of the phrase language
            return _SLOTS.get(token, _WORD), self._take("?")
        expression = token if token.startswith("\\") else r"\w*" if token == "*" else re.escape(token)  # noqa: S105 - the same
        return expression + ("?" if self._take("?") else ""), False


def _edged(phrase: str) -> str:
    """Return the expression for a whole phrase: it stands as words, unless it is made of pictures."""
    phrase = fold(phrase).strip()
    if not any(char.isalnum() for char in phrase):
        return _Phrases(phrase).choices()
    return f"{_OPEN}(?:{_Phrases(phrase).choices()}){_SHUT}"


def compile_phrases(phrases: list[str]) -> re.Pattern[str]:
    """Return one expression for all the phrases, to be used on folded text."""
    return re.compile("|".join(_edged(phrase) for phrase in in_order(phrases)) or r"(?!)")


def in_order(phrases: list[str]) -> list[str]:
    """Return the phrases in the order in which they are tried: longer ones say more."""
    return sorted(phrases, key=len, reverse=True)


class Lexicon:
    """One word list, compiled. A phrase is looked for only in a text that holds the letters it needs (nlp.triggers)."""

    def __init__(self, name: str, entries: dict[str, Any]) -> None:
        """Take the parsed file."""
        self.name, self.date = name, str(entries["date"])
        self.cues = {cue: _cue(cue, entry) for cue, entry in entries.get("cues", {}).items()}
        self.spares = tuple(_spare(entry) for entry in entries.get("spare", {}).values())
        listed = [(cue, phrase) for cue, entry in entries.get("cues", {}).items() for phrase in in_order(entry["phrases"])]
        self._patterns = [(self.cues[cue], re.compile(_edged(phrase))) for cue, phrase in listed]
        self.phrases = tuple(fold(phrase).strip() for _, phrase in listed)

    @cached_property
    def _gate(self) -> Gate:
        return Gate(self.phrases, _SLOT_WORDS)

    def hits(self, sentence: str, post: str, opened: Sequence[int] | None = None) -> Iterator[Hit]:
        """Yield the hits in the sentence that no spare context excuses, of each cue the first few. Both texts are masked plain text.

        `opened`, here and below, are the numbers of the phrases that may be there, where that is known (see `Shelf`).
        """
        found = self.found(sentence, opened)
        if not found:
            return
        names = {hit.cue.name for hit in found}
        relevant = (spare for spare in self.spares if not spare.only or spare.only & names)
        excuses = [(spare, _excused(spare, sentence, post)) for spare in relevant]
        for hit in found:
            if not any(_excuses(spare, where, hit) for spare, where in excuses):
                yield hit

    def found(self, text: str, opened: Sequence[int] | None = None) -> list[Hit]:
        """Return the hits in the text cue by cue, of each cue the first few, none over another of its own; spare contexts apart."""
        by_cue: dict[str, list[Hit]] = {}
        for number in self._gate.open_for(text) if opened is None else opened:
            cue, pattern = self._patterns[number]
            if pattern.search(text) is None:  # three of four that may be there are not
                continue
            for match in islice(pattern.finditer(text), _MOST):
                by_cue.setdefault(cue.name, []).append(Hit(cue, *match.span()))
        return [hit for hits in by_cue.values() for hit in (_apart(hits) if len(hits) > 1 else hits)]

    def of(self, cues: Container[str], opened: Iterable[int]) -> list[int]:
        """Return those of the phrases that belong to these cues."""
        return [number for number in opened if self._patterns[number][0].name in cues]

    def firsts(self, text: str, opened: Sequence[int] | None = None) -> dict[str, Hit]:
        """Return the first hit of each cue that is in the text, spare contexts apart."""
        first: dict[str, Hit] = {}
        for number in self._gate.open_for(text) if opened is None else opened:
            cue, pattern = self._patterns[number]
            match = pattern.search(text)
            if match and (cue.name not in first or match.start() < first[cue.name].start):
                first[cue.name] = Hit(cue, *match.span())
        return first


class Shelf:
    """Word lists that are asked together which of their phrases may be in a text: one look, where each list by itself takes one."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take the lists of these names. Raises as `lexicon`."""
        self._names = tuple(names)
        lists = [lexicon(name) for name in names]
        self._owners = [(words.name, number) for words in lists for number in range(len(words.phrases))]
        self._gate = Gate([phrase for words in lists for phrase in words.phrases], _SLOT_WORDS)

    def open_for(self, text: str) -> dict[str, list[int]]:
        """Return for each list the numbers of the phrases that may be in the text, ascending."""
        return {**{name: [] for name in self._names}, **self.open_within(text, [(0, len(text))])[0]}

    def open_within(self, text: str, parts: Sequence[tuple[int, int]]) -> list[dict[str, list[int]]]:
        """Return for each part of the text by list the numbers of the phrases that may be there, ascending; lists without any left out."""
        return [self._by_list(numbers) for numbers in self._gate.open_within(text, parts)]

    def _by_list(self, places: Sequence[int]) -> dict[str, list[int]]:
        opened: dict[str, list[int]] = {}
        for place in places:
            name, number = self._owners[place]
            opened.setdefault(name, []).append(number)
        return opened


def _apart(hits: list[Hit]) -> list[Hit]:
    """Return the hits from left to right, of those that overlap the one that begins first, then the one listed first."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: hit.start):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept[:_MOST]


def _excused(spare: Spare, sentence: str, post: str) -> bytearray | bool:
    """Return whether the spare context is there, or, where only its own characters are excused, which those are."""
    if spare.scope != "hit":
        return spare.pattern.search(post if spare.scope == "post" else sentence) is not None
    where = bytearray(len(sentence))
    for match in spare.pattern.finditer(sentence):
        where[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
    return where


def _excuses(spare: Spare, where: bytearray | bool, hit: Hit) -> bool:
    if spare.only and hit.cue.name not in spare.only:
        return False
    return where if isinstance(where, bool) else where.find(1, hit.start, hit.end) >= 0


def _cue(name: str, entry: dict[str, Any]) -> Cue:
    category = Category(entry["category"]) if "category" in entry else None
    return Cue(name, entry.get("why", ""), float(entry.get("value", 0.0)), category, compile_phrases(entry["phrases"]))


def _spare(entry: dict[str, Any]) -> Spare:
    return Spare(entry["scope"], compile_phrases(entry["phrases"]), frozenset(entry.get("only", ())))


@cache
def lexicon(name: str) -> Lexicon:
    """Return the word list `name`. Raises ModelMissingError without its file, ModelMismatchError when the file is no word list."""
    path = LEXICONS / f"{name}.toml"
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelMissingError(f"lexicons/{name}.toml") from error
    except tomllib.TOMLDecodeError as error:
        raise ModelMismatchError(f"lexicons/{name}.toml", "a TOML file", "something else") from error
    if missing := {"source", "licence", "date"} - entries.keys():
        raise ModelMismatchError(
            f"lexicons/{name}.toml", "a list with source, licence and date", f"one without {', '.join(sorted(missing))}"
        )
    if unknown := entries.keys() - _KEYS:
        raise ModelMismatchError(f"lexicons/{name}.toml", f"made of {', '.join(sorted(_KEYS))}", f"one with {', '.join(sorted(unknown))}")
    return Lexicon(name, entries)
