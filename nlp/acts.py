"""The list of acts that people say others did (lexicons/acts.toml), and finding its words in a text at the speed of a word search.

Every form of every phrase becomes one literal; all of them are looked for at once (Aho and Corasick 1975), so that a post without such a
word costs next to nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import ahocorasick_rs

from nlp.cues import LEXICONS, PERSON
from nlp.errors import ModelMismatchError, ModelMissingError
from nlp.normal import fold

GRAVE = 2  # the least severity of a grave act
KINDS = ("verbs", "on_person", "on_pupil", "on_money", "on_things", "doers", "deeds", "traits", "phrases", "done", "spare")
VERBS = frozenset({"verbs", "on_person", "on_pupil", "on_money", "on_things"})
_BENT = VERBS | {"done"}
_PARTS = re.compile(r"\{([^}]*)\}|\(([^)]*)\)|([^{}()]+)")
_VOWELS = "aeiou"
_DOUBLED = re.compile(r"(?:[^aeiou]|qu)*[aeiou][^aeiouwxyh]")
_NAME = "lexicons/acts.toml"


@dataclass(frozen=True, slots=True)
class Act:
    """A class of acts: how grave, whether a fact or a judgement, in plain words what the doer did and what the sufferer suffered."""

    name: str
    severity: int
    fact: bool
    did: str
    suffered: str
    sport: frozenset[str]

    @property
    def on_somebody(self) -> bool:
        """Whether it is done to somebody."""
        return "{whom}" in self.did

    @property
    def suffered_by_hand(self) -> bool:
        """Whether its verbs mean nothing without one who suffers: «knee», «lamp», «belt»."""
        return self.name == "violence"

    @property
    def is_grave(self) -> bool:
        """Whether it is a crime or grave misconduct, said as a fact."""
        return self.fact and self.severity >= GRAVE


@dataclass(frozen=True, slots=True)
class Found:
    """Words for an act at these characters of the text."""

    act: Act
    kind: str  # one of KINDS
    lemma: str
    start: int
    end: int


_Meaning = tuple[Act, str, str]  # with the kind and the lemma


class Acts:
    """The list, ready to look for."""

    def __init__(self, entries: Mapping[str, Any]) -> None:
        """Take what the file holds. Raises KeyError or TypeError when it is something else."""
        self.acts = {name: _act(name, entry) for name, entry in entries["acts"].items()}
        self.words = {name: frozenset(map(fold, words)) for name, words in entries["words"].items()}
        self.marks = {name: frozenset(map(fold, words)) for name, words in entries["marks"].items()}
        self._listed = [
            ("verbs" if kind in _BENT else kind, phrase)
            for entry in entries["acts"].values()
            for kind in (*sorted(_BENT), "traits", "doers")
            for phrase in entry.get(kind, ())
        ]
        known: dict[str, tuple[_Meaning, ...]] = {}
        for name, entry in entries["acts"].items():
            for form, meaning in _forms(self.acts[name], entry):
                known[form] = (*known.get(form, ()), meaning)
        shared: dict[tuple[_Meaning, ...], tuple[_Meaning, ...]] = {}  # tens of thousands of forms, a few thousand meanings
        self._meanings = [shared.setdefault(meanings, meanings) for meanings in known.values()]
        self._finder = ahocorasick_rs.AhoCorasick(list(known), store_patterns=False)

    def single_words(self) -> dict[str, tuple[str, ...]]:
        """Return the verbs, adjectives and singular nouns of one word that the list is made of, in the order of the alphabet."""
        found: dict[str, set[str]] = {"verbs": set(), "traits": set(), "doers": set()}
        for name, phrase in self._listed:
            if " " not in phrase and not (name == "doers" and re.search(r"[^s]s$", phrase)):  # a plural has another tag
                found[name].add(phrase)
        return {name: tuple(sorted(phrases)) for name, phrases in found.items()}

    def find(self, text: str) -> list[Found]:
        """Return the words for acts in plain, masked text, in order; where several of a class overlap, the longest; none that is spared."""
        found = [Found(act, kind, lemma, start, end) for number, start, end in self._whole(text)
                 for act, kind, lemma in self._meanings[number]]  # fmt: skip
        return _settled(found) if found else found

    def _whole(self, text: str) -> Iterator[tuple[int, int, int]]:
        for number, start, end in self._finder.find_matches_as_indexes(text, overlapping=True):
            if not (start and _wordy(text[start - 1])) and not (end < len(text) and _wordy(text[end])):
                yield number, start, end


def _forms(act: Act, entry: Mapping[str, Any]) -> Iterator[tuple[str, _Meaning]]:
    """Yield every form of an act's words, with what it means."""
    for kind in KINDS:
        for phrase in entry.get(kind, ()):
            meaning = (act, kind, fold(phrase.split("/")[0]))
            for form in inflected(phrase) if kind in _BENT else expanded(phrase):
                yield fold(form).strip(), meaning


def _act(name: str, entry: Mapping[str, Any]) -> Act:
    did = entry["did"]
    return Act(name, entry["severity"], entry["fact"], did, entry.get("suffered", "had to do with this"), frozenset(entry.get("sport", ())))


def _wordy(char: str) -> bool:
    return char.isalnum() or char in ("_", PERSON)


def _settled(found: list[Found]) -> list[Found]:
    """Return the longest of those that overlap within a class, if it is none to be spared."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start - one.end, one.start)):
        if not any(one.act is other.act and one.start < other.end and other.start < one.end and _outdoes(other, one) for other in kept):
            kept.append(one)
    return sorted((one for one in kept if one.kind != "spare"), key=lambda one: one.start)


def _outdoes(longer: Found, one: Found) -> bool:
    """Whether the longer one leaves no room: of one length the kinds stand side by side (a verb that needs an object, a noun)."""
    return longer.kind == "spare" or (longer.start, longer.end) != (one.start, one.end)


def inflected(verb: str) -> tuple[str, ...]:
    """Return the different forms of a verb: «steal/stole/stolen», or the first form alone of a regular one; a particle may follow."""
    return tuple(dict.fromkeys(bent(verb)))


def bent(verb: str) -> tuple[str, str, str, str, str]:
    """Return a verb as «steal», «steals», «stealing», «stole», «stolen»."""
    head, _, rest = verb.partition(" ") if "/" not in verb else (verb, "", "")
    first, *irregular = head.split("/")
    stem = first + first[-1] if _DOUBLED.fullmatch(first) else first
    past = stem + "d" if stem.endswith("e") else stem[:-1] + "ied" if _ends_in_y(stem) else stem + "ed"
    before = irregular or [past]
    forms = [f"{form} {rest}".strip() for form in (first, _third(first), _going(stem), before[0], before[-1])]
    return forms[0], forms[1], forms[2], forms[3], forms[4]


def _ends_in_y(word: str) -> bool:
    return word.endswith("y") and word[-2:-1] not in _VOWELS


def _third(word: str) -> str:
    if _ends_in_y(word):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh", "o")) else "s")


def _going(stem: str) -> str:
    if stem.endswith("ie"):
        return stem[:-2] + "ying"
    return stem[:-1] + "ing" if stem.endswith("e") and not stem.endswith("ee") else stem + "ing"


def expanded(phrase: str) -> Iterable[str]:
    """Return every way to write a phrase: {verb} in each form, one of (a|b), with or without (a|)."""
    ways = [
        inflected(verb) if verb else choice.split("|") if choice or not plain else [plain] for verb, choice, plain in _PARTS.findall(phrase)
    ]
    return (" ".join("".join(parts).split()) for parts in product(*ways))


def read_acts(path: Path) -> Acts:
    """Return the list in a file. Raises ModelMissingError without it, ModelMismatchError when it is no such list."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelMissingError(_NAME) from error
    except tomllib.TOMLDecodeError as error:
        raise ModelMismatchError(_NAME, "a TOML file", "something else") from error
    if missing := {"about", "source", "licence", "date"} - entries.keys():
        raise ModelMismatchError(_NAME, "a list with about, source, licence and date", f"one without {', '.join(sorted(missing))}")
    try:
        return Acts(entries)
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelMismatchError(_NAME, "a list of acts, words and marks", "something else") from error


@cache
def acts() -> Acts:
    """Return the shipped list. Raises as `read_acts`."""
    return read_acts(LEXICONS / "acts.toml")
