"""Which letters must stand in a text before a phrase of a word list can be there: spares most of the work of looking for it.

A phrase of the small language of `nlp.cues` needs at least one string out of a set; where no such set can be named it is always looked
for. The strings of all phrases of a list go into one Aho-Corasick automaton (as in regular-expression engines that prefilter by literals).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import ahocorasick_rs

DIGITS = tuple(char for char in map(chr, range(0x20000)) if char.isdecimal())  # of all scripts: what \\d stands for
_TOKENS = re.compile(r"<\w+>|\.\.\.|\\.\+?|(?<![^\s(|])_(?![^\s)|?])|.")
_FEWEST = 2  # characters of a string worth looking for, unless it is a picture, a digit or a word by itself
_PICTURE = 5  # how many letters a picture counts for
_DIGIT = 2  # how many letters a digit counts for
_MOST_ALSO = 2  # further sets of a phrase that are asked for
_WHOLE = 2  # how many letters it is worth that a string is a whole word
_EVERYWHERE = frozenset(  # words, and beginnings of words, that are in most texts: worth next to nothing
    (
        "a", "about", "all", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "do", "for", "from", "get", "got",
        "had", "has", "have", "he", "her", "him", "his", "how", "i", "if", "im", "in", "is", "it", "its", "just", "like", "me",
        "my", "no", "not", "of", "on", "one", "or", "our", "out", "school", "she", "so", "that", "the", "their", "them", "there",
        "they", "this", "to", "up", "was", "we", "were", "what", "when", "who", "will", "with", "you", "your",
    )
)  # fmt: skip
_NUMBERS = ("\\d", "\\d+")


@dataclass(frozen=True, slots=True)
class Trigger:
    """A string, and whether it must begin and end where a word does."""

    text: str
    begins: bool = False
    ends: bool = False

    @property
    def worth(self) -> int:
        """How seldom it may be expected, in letters."""
        if self.text in _EVERYWHERE:
            return 1
        letters = _PICTURE if not self.text.isascii() else _DIGIT if self.text.isdigit() else len(self.text)
        is_word = self.begins and self.ends
        return letters + _WHOLE * is_word if letters >= _FEWEST or is_word else 0


Needs = frozenset[Trigger]


def needed(phrase: str, slots: Mapping[str, Iterable[str]] | None = None) -> list[Needs]:
    """Return sets of triggers: every text that the folded phrase matches holds at least one of each. The most selective set comes first.

    There are none for a phrase of which nothing can be promised. `slots` says which words a slot («<child>») stands for, where these can
    be listed.
    """
    parser = _Parser(phrase, slots or {})
    found = parser.sets()
    return found if parser.is_done else []  # an odd parenthesis: no promise


def _worth(needs: Needs) -> tuple[int, int]:
    """Return how selective a set is: the worth of its poorest trigger, then how few they are."""
    return min(one.worth for one in needs), -len(needs)


class _Parser:
    """Goes through a phrase; each method returns what the part it went through needs.

    `begins` says whether the part stands at the beginning of a word, `last` whether nothing may follow it within its word.
    """

    def __init__(self, phrase: str, slots: Mapping[str, Iterable[str]]) -> None:
        self._tokens, self._slots = _TOKENS.findall(phrase), slots
        self._place = 0

    @property
    def is_done(self) -> bool:
        return self._place == len(self._tokens)

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self, wanted: str) -> bool:
        here = self._peek() == wanted
        self._place += here
        return here

    def sets(self) -> list[Needs]:
        """Return what the whole phrase needs, the most selective set first."""
        found = self._sequence(begins=True, last=True)
        if self._peek() != "|":
            return found
        needs = self._with_others(found, begins=True, last=True)
        return [] if needs is None else [needs]

    def _with_others(self, first: list[Needs], *, begins: bool, last: bool) -> Needs | None:
        """Return what an alternative and those behind it need together: nothing unless each needs something."""
        ways = [first]
        while self._take("|"):
            ways.append(self._sequence(begins=begins, last=last))
        return frozenset(one for way in ways for one in way[0]) if all(ways) else None

    def _sequence(self, *, begins: bool, last: bool) -> list[Needs]:
        """Return what the elements of a sequence need, the most selective set first."""
        sets: list[Needs] = []
        run, fresh = "", begins  # the letters since the last break, and whether they begin a word

        def end(*, whole: bool) -> None:
            if run:
                sets.append(frozenset({Trigger(run, fresh, whole)}))

        while self._peek() and self._peek() not in "|)":
            token = self._peek()
            if token == "(":  # noqa: S105 - a parenthesis of the phrase language
                end(whole=False)
                sets += self._group(begins=fresh and not run)
                run, fresh = "", False
                continue
            self._place += 1
            loose = self._take("?")  # the token may be left out
            if token == " ":  # noqa: S105 - a space of the phrase language
                end(whole=not loose)
                run, fresh = "", not loose
            elif run and token in _NUMBERS and not loose and token in self._slots:  # «u\\d+»: a digit right behind the letters
                sets.append(frozenset(Trigger(run + digit, fresh) for digit in self._slots[token]))
                run, fresh = "", False
            elif loose or not _is_letter(token):
                end(whole=False)
                sets += [] if loose else self._slot(token)
                run, fresh = "", False
            else:
                run += token
        end(whole=last)
        return sorted((one for one in sets if one and _worth(one)[0]), key=_worth, reverse=True)

    def _slot(self, token: str) -> list[Needs]:
        words = self._slots.get(token)
        return [frozenset(Trigger(word) for word in words)] if words else []

    def _group(self, *, begins: bool) -> list[Needs]:
        self._take("(")
        inner = self._with_others(self._sequence(begins=begins, last=False), begins=begins, last=False)
        self._take(")")
        optional = self._take("?")
        return [] if optional or inner is None else [inner]


def _is_letter(char: str) -> bool:
    return len(char) == 1 and char not in "_*?" and (char.isalnum() or not char.isascii())


class Gate:
    """Which of some phrases may be in a text at all."""

    def __init__(self, phrases: Sequence[str], slots: Mapping[str, Iterable[str]] | None = None) -> None:
        """Take folded phrases; they are known by their number."""
        self._always: list[int] = []
        self._also: list[tuple[frozenset[int], ...]] = []
        owners: dict[Trigger, list[int]] = {}
        others: dict[str, int] = {}
        for number, phrase in enumerate(phrases):
            first, *more = needed(phrase, slots) or [frozenset()]
            if not first:
                self._always.append(number)
            for trigger in first:
                owners.setdefault(trigger, []).append(number)
            self._also.append(tuple(frozenset(others.setdefault(one.text, len(others)) for one in needs) for needs in more[:_MOST_ALSO]))
        self._owned = [(trigger.begins, trigger.ends, numbers) for trigger, numbers in owners.items()]
        self._find = _finder([trigger.text for trigger in owners])
        self._find_others = _finder(list(others))

    def open_for(self, text: str) -> list[int]:
        """Return the numbers of the phrases that may be in the text, ascending."""
        return self.open_within(text, [(0, len(text))])[0]

    def open_within(self, text: str, parts: Sequence[tuple[int, int]]) -> list[list[int]]:
        """Return for each part of the text the numbers of the phrases that may be in it, ascending: all parts in one look.

        The parts stand one behind the other and leave nothing of the text out.
        """
        numbers = [set(self._always) for _ in parts]
        place, (first, last) = 0, parts[0]
        here, known = numbers[0], set[int]()
        for hit, start, end in self._find(text, overlapping=True):  # by where they end
            while end > last:
                place += 1
                (first, last), here, known = parts[place], numbers[place], set()
            if hit in known or start < first:
                continue
            begins, ends, owners = self._owned[hit]
            if (begins and start > first and text[start - 1].isalnum()) or (ends and end < last and text[end].isalnum()):
                continue
            known.add(hit)
            here.update(owners)
        return [self._kept(some, text[start:end]) if some else [] for some, (start, end) in zip(numbers, parts, strict=True)]

    def _kept(self, numbers: set[int], text: str) -> list[int]:
        """Return those phrases of which all else they need is there too: told in a moment, where their expressions take a while."""
        there = {hit for hit, _, _ in self._find_others(text, overlapping=True)}
        kept = []
        for number in sorted(numbers):
            for needs in self._also[number]:
                if needs.isdisjoint(there):
                    break
            else:
                kept.append(number)
        return kept


def _finder(texts: Sequence[str]) -> Callable[..., Sequence[tuple[int, int, int]]]:
    """Return what finds the texts by their numbers; an automaton of none at all is no use."""
    return ahocorasick_rs.AhoCorasick(texts, store_patterns=False).find_matches_as_indexes if texts else lambda *_, **__: ()
