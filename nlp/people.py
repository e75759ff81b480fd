"""Which adults of the school a post speaks of: by the school's own staff list, by title and surname, or by role.

Used only to read posts that already mention the school (domain.md §2.8); nothing is ever searched for by a person's name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import ahocorasick_rs

from data.model.watch import StaffMember
from nlp.cues import LEXICONS, PERSON, Lexicon, lexicon
from nlp.normal import Folded, fold

_TITLE = r"(?:mr|mrs|ms|miss|mx|dr|sir|madam)"
_TITLED = re.compile(rf"(?<!\w){_TITLE}\.? (?!the\b|and\b|you\b|him\b|her\b|it\b|them\b|out\b)[a-z][\w]*(?: [a-z]\b)?(?!\w)")
_TITLE_SIGNS = ("mr ", "mr.", "mrs", "ms ", "ms.", "miss", "mx", "dr ", "dr.", "sir", "madam")  # one of them is in every such text
_TITLE_SIGNS = ("mr ", "mr.", "mrs", "ms ", "ms.", "miss", "mx", "dr ", "dr.", "sir", "madam")  # one of them is in every such text
_WORD = re.compile(r"\w+")
_DFA_PATTERNS = 5_000  # up to here the faster kind of automaton is worth its memory
_SHORTEST_SURNAME = 4  # a shorter one alone («Lee», «May») is taken for an ordinary word


@dataclass(frozen=True, slots=True)
class Person:
    """An adult of the school, at these characters of the folded text."""

    start: int
    end: int
    why: str  # how we know: in plain words, without the name


NAMED = "names a member of staff"
TITLED = "names someone with a title, as staff are named"
ROLE = "points at a member of staff by role"


class People:
    """Finds people in folded text. Made once from the staff lists of all schools; asks for those of the schools mentioned."""

    def __init__(self, staff: Sequence[StaffMember]) -> None:
        """Take the staff of every school."""
        self._forms: dict[str, set[str]] = {}
        for member in staff:
            for form in _name_forms(member.name):
                self._forms.setdefault(form, set()).add(member.school_id)
        self._patterns = list(self._forms)
        kind = ahocorasick_rs.Implementation.DFA if len(self._patterns) <= _DFA_PATTERNS else None
        self._finder = ahocorasick_rs.AhoCorasick(self._patterns, implementation=kind, store_patterns=False)

    def find(self, folded: Folded, schools: Iterable[str]) -> tuple[Person, ...]:
        """Return the people in order, none over another: names first, then titles, then roles."""
        text = folded.text
        found = [Person(start, end, NAMED) for start, end in self._named(folded, set(schools))]
        if any(map(text.__contains__, _TITLE_SIGNS)):
            found += [Person(*match.span(), TITLED) for match in _TITLED.finditer(text)]
        found += [Person(hit.start, hit.end, ROLE) for hit in _roles().found(text)]
        return _apart(found, len(text)) if found else ()

    def _named(self, folded: Folded, schools: set[str]) -> Iterable[tuple[int, int]]:
        text = folded.text
        found = self._finder.find_matches_as_indexes(text, overlapping=True) if self._patterns else []
        for number, start, end in sorted(found, key=lambda hit: hit[1] - hit[2]):
            whole = (not start or not _wordy(text[start - 1])) and (end == len(text) or not _wordy(text[end]) or _owns(text, end))
            if whole and schools & self._forms[self._patterns[number]]:
                yield start, end


def mask(text: str, people: Iterable[Person]) -> str:
    """Return the text with every person's characters replaced by a sign of the same length, so that places stay."""
    pieces, last = [], 0
    for person in people:
        pieces += [text[last : person.start], PERSON * (person.end - person.start)]
        last = person.end
    return "".join([*pieces, text[last:]])


def _wordy(char: str) -> bool:
    return char.isalnum() or char == "_"


def _owns(text: str, end: int) -> bool:
    """Whether only a possessive s follows («dunstalls tiktok»: the apostrophe is folded away, or was never typed)."""
    return text[end] == "s" and (end + 1 == len(text) or not _wordy(text[end + 1]))


def _name_forms(name: str) -> set[str]:
    """Return how a member of staff may be written: as listed, without first name, and the surname alone when it is no ordinary word."""
    plain = fold(name).replace(".", " ")
    words = plain.split()
    titled = bool(words) and re.fullmatch(_TITLE, words[0]) is not None
    rest = words[1:] if titled else words
    if not rest:
        return set()
    surname = " ".join(rest) if titled and len(rest) == 2 and "-" in name else rest[-1]  # noqa: PLR2004 - double-barrelled
    forms = {" ".join(words), " ".join(rest)} if len(rest) > 1 else {" ".join(words)} if titled else set()
    if len(surname) >= _SHORTEST_SURNAME and not _ordinary().fullmatch(surname):
        forms.add(surname)
    return forms


@cache
def _roles() -> Lexicon:
    """Return the list of roles without the ordinary words, which no post is asked for."""
    entries = tomllib.loads((LEXICONS / "roles.toml").read_text(encoding="utf-8"))
    return Lexicon("roles", {**entries, "cues": {"role": entries["cues"]["role"]}})


def _ordinary() -> re.Pattern[str]:
    return lexicon("roles").cues["ordinary_word"].pattern


def _apart(people: list[Person], size: int) -> tuple[Person, ...]:
    """Return the people that do not overlap an earlier one of the list."""
    taken = bytearray(size)
    kept = []
    for person in people:
        if taken.find(1, person.start, person.end) < 0:
            taken[person.start : person.end] = b"\x01" * (person.end - person.start)
            kept.append(person)
    return tuple(sorted(kept, key=lambda person: person.start))


__all__ = ["NAMED", "ROLE", "TITLED", "People", "Person", "mask"]
