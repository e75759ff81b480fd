"""Where a post names a school: watch terms found in plain text before any tokenising (scoring.md, «match first, score after»).

Aho-Corasick automata (Aho and Corasick, CACM 18(6), 1975): one over all terms, one over what counts only behind # or @, asked where such a
sign stands. A post without a candidate costs one fold and one pass; only a candidate takes the careful road: whole words, sigils, context
words, overlaps, and the way back to the original text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import ahocorasick_rs

from data.model.readings import Mention
from data.model.watch import TermKind, WatchTerm
from nlp.normal import APOSTROPHES, Folded, fold, fold_post
from nlp.records import made

NEAR_WORDS = 12  # how many words on either side count as «near»
_REACH = 200  # characters on either side that are cut into words: a hostile text of one endless word costs no more
_SIGILS = "#@"
_SIGIL_KINDS = frozenset({TermKind.HASHTAG, TermKind.OFFICIAL_HANDLE})
_UNJOINED_KINDS = frozenset({TermKind.POSTCODE_AREA, TermKind.SITE_DOMAIN})  # «#BN31 4» is no hashtag
_VARIANTS = {"st": ("st", "st.", "saint"), "&": ("&", "and")}
_SAME_WORD = {"st.": "st", "saint": "st", "and": "&"}
_MAX_VARIANTS = 12
_DFA_PATTERNS = 20_000  # up to here the faster kind of automaton is worth its memory
_WORD = re.compile(r"\w+")


class Found(NamedTuple):
    """A Mention before it is made."""

    start: int
    end: int
    term_id: str
    school_id: str


@dataclass(frozen=True, slots=True)
class _Form:
    """One way in which a term may be written, folded."""

    term: WatchTerm
    sigil: bool  # only behind # or @
    near: tuple[_Context, ...]
    not_near: tuple[_Context, ...]


class _Context(NamedTuple):
    """A context word or phrase as it is looked for among the words around, and its words one by one: seldom all in a text."""

    words: str
    each: tuple[str, ...]

    def may_be_in(self, text: str) -> bool:
        """Whether it may stand in the text: a quick look."""
        return all(map(text.__contains__, self.each))


class _Hit(NamedTuple):
    """A form found at these plain characters."""

    start: int
    end: int
    form: _Form


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _written(phrase: str) -> set[str]:
    """Return the ways a folded phrase may be written: «st» for «saint», «and» for «&»."""
    choices = [_VARIANTS.get(_SAME_WORD.get(word, word), (word,)) for word in phrase.split()]
    ways = [" ".join(way) for way, _ in zip(product(*choices), range(_MAX_VARIANTS), strict=False)]
    return {phrase, *ways}


def _joined(phrase: str) -> str:
    """Return the phrase as people write it in a hashtag: letters and digits only."""
    return "".join(char for char in phrase if _is_word(char))


def _forms(term: WatchTerm) -> Iterator[tuple[str, bool]]:
    """Yield each folded pattern of a term, and whether it counts only behind # or @."""
    phrase = fold(term.phrase).strip()
    bare = phrase.lstrip(_SIGILS).strip()
    if term.kind in _SIGIL_KINDS or phrase != bare:
        yield bare, True
        return
    for way in _written(phrase):
        yield way, False
    if term.kind not in _UNJOINED_KINDS and _joined(phrase) != phrase:
        yield _joined(phrase), True


def _context(words: Sequence[str]) -> tuple[_Context, ...]:
    """Return context words folded to plain words with a space on each side, ready to be looked for in such a text."""
    plain = (_WORD.findall(fold(word)) for word in words)
    return tuple(_Context(f" {' '.join(parts)} ", tuple(reversed(parts))) for parts in plain if parts)


def _automaton(patterns: list[str]) -> Callable[..., list[tuple[int, int, int]]]:
    """Return what finds these patterns in plain text, each by its number."""
    kind = ahocorasick_rs.Implementation.DFA if len(patterns) <= _DFA_PATTERNS else None
    find: Callable[..., list[tuple[int, int, int]]] = ahocorasick_rs.AhoCorasick(
        patterns, implementation=kind, store_patterns=False
    ).find_matches_as_indexes
    return find


class Matcher:
    """Finds every active watch term in a text. Safe for any number of threads; never raises on any text.

    `unmatchable` names the terms (by id) that fold to nothing and so can never be found: the screen that takes terms should say so.
    """

    def __init__(self, terms: Sequence[WatchTerm]) -> None:
        """Build the automaton over the active terms."""
        forms: dict[str, list[_Form]] = {}
        unmatchable = []
        for term in (term for term in terms if term.active):
            patterns = {pattern: sigil for pattern, sigil in _forms(term) if pattern}
            if not patterns:
                unmatchable.append(term.id)
            for pattern, sigil in patterns.items():
                form = _Form(term, sigil, _context(term.near), _context(term.not_near))
                forms.setdefault(pattern, []).append(form)
        self.unmatchable = tuple(unmatchable)
        bare = [pattern for pattern, found in forms.items() if not all(form.sigil for form in found)]
        tagged = [pattern for pattern, found in forms.items() if all(form.sigil for form in found)]
        self._forms = [forms[pattern] for pattern in (*bare, *tagged)]
        self._bare, self._tagged = _automaton(bare), _automaton(tagged)
        self._first_tagged = len(bare)

    def find(self, text: str) -> tuple[Mention, ...]:
        """Return the mentions in order of place, as characters of the original text; of overlapping terms the longest wins."""
        return tuple(made(Mention, one._asdict()) for one in self.places(text))

    def places(self, text: str) -> tuple[Found, ...]:
        """Return the mentions as `find` does, not yet made into records."""
        return next(self.places_in([text]))

    def places_in(self, texts: Sequence[str]) -> Iterator[tuple[Found, ...]]:
        """Yield the same for each of the texts: first the quick look at all of them, then the careful one where it is worth it."""
        candidates = [self.candidates(fold_post(text)) for text in texts]
        for text, found in zip(texts, candidates, strict=True):
            yield self._verified(text, found) if found else ()

    def candidates(self, plain: str) -> list[tuple[int, int, int]]:
        """Return where terms may stand in text that `fold` made plain, unchecked: number of the pattern, start, end."""
        found = self._bare(plain, overlapping=True) if self._first_tagged else []
        if "#" in plain or "@" in plain:
            found += [(number + self._first_tagged, start, end) for number, start, end in self._tagged(plain, overlapping=True)]
        return found

    def _verified(self, text: str, found: list[tuple[int, int, int]]) -> tuple[Found, ...]:
        """Return what is left of the candidates after the careful checks."""
        folded = Folded.of(text)
        whole = [(start, end, form) for number, start, end in found if _on_edges(folded, start, end) for form in self._forms[number]]
        hits = [_Hit(start, end, form) for start, end, form in whole if _fits(folded, start, end, form)]
        kept = _longest(hits, len(folded.text)) if len(hits) > 1 else hits
        return tuple(Found(*folded.span(start, end), form.term.id, form.term.school_id) for start, end, form in kept)


def _on_edges(folded: Folded, start: int, end: int) -> bool:
    """Whether the plain characters stand as whole words; a possessive 's may follow."""
    text = folded.text
    if start and _is_word(text[start]) and _is_word(text[start - 1]):
        return False
    if end == len(text) or not _is_word(text[end - 1]) or not _is_word(text[end]):
        return True
    return _is_possessive(folded, end)


def _is_possessive(folded: Folded, end: int) -> bool:
    """Whether an apostrophe and a lone s follow: «Ravensfell's», which folds to «ravensfells»."""
    alone = folded.text[end] == "s" and (end + 1 == len(folded.text) or not _is_word(folded.text[end + 1]))
    between = folded.original[folded.places[end - 1] + 1 : folded.places[end]]
    return alone and any(char in APOSTROPHES for char in between)


def _fits(folded: Folded, start: int, end: int, form: _Form) -> bool:
    """Whether sigil and context words are as the term asks."""
    if form.sigil and (not start or folded.text[start - 1] not in _SIGILS):
        return False
    if form.term.kind is TermKind.SITE_DOMAIN and _goes_on(folded.text, end):
        return False
    if not form.near and not form.not_near:
        return True
    near = [context.words for context in form.near if context.may_be_in(folded.text)]
    not_near = [context.words for context in form.not_near if context.may_be_in(folded.text)]
    if not near and not not_near:
        return not form.near
    around = _Around.of(folded.text, start, end)
    return (not form.near or any(map(around.has, near))) and not any(map(around.has, not_near))


def _goes_on(text: str, end: int) -> bool:
    """Whether a domain is longer than the term: «fernley.example.test» is not «fernley.example»; «www.fernley.example» is."""
    return text[end : end + 1] == "." and end + 1 < len(text) and _is_word(text[end + 1])


@dataclass(frozen=True, slots=True)
class _Around:
    """The plain words around a mention, one space between them and at both ends."""

    words: str
    start: int  # where the mention itself stands in `words`
    end: int

    @classmethod
    def of(cls, text: str, start: int, end: int) -> _Around:
        before = _WORD.findall(text[max(0, start - _REACH) : start])[-NEAR_WORDS:]
        own = _WORD.findall(text[start:end])
        after = _WORD.findall(text[end : end + _REACH])[:NEAR_WORDS]
        first = len(" ".join(["", *before]))
        return cls(" ".join(["", *before, *own, *after, ""]), first, first + len(" ".join(["", *own, ""])))

    def has(self, word: str) -> bool:
        """Whether the word or phrase stands there, and not merely inside the mention itself."""
        place = self.words.find(word)
        while place >= 0:
            if place < self.start or place + len(word) > self.end:
                return True
            place = self.words.find(word, place + 1)
        return False


def _longest(hits: list[_Hit], size: int) -> list[_Hit]:
    """Return the hits that remain when the longest wins; terms of several schools may share one span."""
    taken = bytearray(size)
    kept: dict[tuple[int, int, str], _Hit] = {}
    spans: set[tuple[int, int]] = set()
    for hit in sorted(hits, key=lambda hit: (hit.start - hit.end, hit.start)):
        span = (hit.start, hit.end)
        if span not in spans and taken.find(1, *span) >= 0:
            continue
        taken[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
        spans.add(span)
        kept.setdefault((*span, hit.form.term.school_id), hit)
    return sorted(kept.values(), key=lambda hit: hit.start)
