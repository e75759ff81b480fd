"""Which letters must stand in a text before a phrase of a word list can be there: spares most of the work of looking for it.

A phrase of the small language of `nlp.cues` needs at least one string out of a set; where no such set can be named it is always looked
for. The strings of all phrases of a list go into one Aho-Corasick automaton (as in regular-expression engines that prefilter by literals).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ahocorasick_rs

_TOKENS = re.compile(r"<\w+>|\.\.\.|\\.\+?|(?<![^\s(|])_(?![^\s)|?])|.")
_FEWEST = 2  # characters of a string worth looking for, unless it is a picture
_PICTURE = 5  # how many letters a picture counts for
_WHOLE = 2  # how many letters it is worth that a string is a whole word


@dataclass(frozen=True, slots=True)
class Trigger:
    """A string, and whether it must begin and end where a word does."""

    text: str
    begins: bool = False
    ends: bool = False

    @property
    def worth(self) -> int:
        """How seldom it may be expected, in letters."""
        letters = len(self.text) if self.text.isascii() else _PICTURE
        return letters + _WHOLE * (self.begins and self.ends) if letters >= _FEWEST else 0


Needs = frozenset[Trigger]


def needed(phrase: str, slots: Mapping[str, Iterable[str]] | None = None) -> Needs | None:
    """Return triggers of which every text that the folded phrase matches holds at least one; None when there is no such set.

    `slots` says which words a slot («<child>») stands for, where these can be listed.
    """
    parser = _Parser(phrase, slots or {})
    found = parser.choices(begins=True, last=True)
    return found if parser.is_done else None  # an odd parenthesis: no promise


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

    def choices(self, *, begins: bool, last: bool = False) -> Needs | None:
        """Return what alternatives need together: nothing unless each needs something."""
        ways = [self._sequence(begins=begins, last=last)]
        while self._take("|"):
            ways.append(self._sequence(begins=begins, last=last))
        if any(way is None for way in ways):
            return None
        return frozenset(one for way in ways if way is not None for one in way)

    def _sequence(self, *, begins: bool, last: bool) -> Needs | None:
        """Return the most selective of what the elements of a sequence need."""
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
            elif loose or not _is_letter(token):
                end(whole=False)
                sets += [] if loose else self._slot(token)
                run, fresh = "", False
            else:
                run += token
        end(whole=last)
        return max((one for one in sets if one and _worth(one)[0]), key=_worth, default=None)

    def _slot(self, token: str) -> list[Needs]:
        words = self._slots.get(token)
        return [frozenset(Trigger(word) for word in words)] if words else []

    def _group(self, *, begins: bool) -> list[Needs]:
        self._take("(")
        inner = self.choices(begins=begins)
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
        owners: dict[Trigger, list[int]] = {}
        for number, phrase in enumerate(phrases):
            needs = needed(phrase, slots)
            if needs is None:
                self._always.append(number)
            for trigger in needs or ():
                owners.setdefault(trigger, []).append(number)
        self._owned = list(owners.items())
        texts = [trigger.text for trigger in owners]
        self._find = ahocorasick_rs.AhoCorasick(texts, store_patterns=False).find_matches_as_indexes if texts else None

    def open_for(self, text: str) -> list[int]:
        """Return the numbers of the phrases that may be in the text, ascending."""
        found = self._find(text, overlapping=True) if self._find else ()
        if not found:
            return self._always
        numbers = set(self._always)
        for hit, start, end in found:
            trigger, owners = self._owned[hit]
            if trigger.begins and start and text[start - 1].isalnum():
                continue
            if not (trigger.ends and end < len(text) and text[end].isalnum()):
                numbers.update(owners)
        return sorted(numbers)
