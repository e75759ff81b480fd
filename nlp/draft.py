"""What the components write a Reading on: the text in its forms, who is in it, sentence by sentence, and the scores so far.

The draft travels with the spaCy Doc (`doc.user_data`), so that a component needs nothing but the Doc.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from spacy.tokens import Doc

from data.model.posts import Media
from data.model.readings import Category, Head, Mention, Score, Span
from nlp.claims import Claim
from nlp.cues import Hit, Lexicon, Shelf, lexicon
from nlp.normal import Folded
from nlp.people import People, Person, mask
from nlp.records import made, span_of

_KEY = "schoolwatch.draft"
_LISTS = ("markers", "stop_cue", "safeguarding", "threat", "harassment", "defamation", "pupil", "no_action")  # asked of every sentence
_NONE: list[int] = []
_MOST_REASONS = 24  # a person reads no more


class Reason(NamedTuple):
    """A Span before it is kept: of all the reasons found few are, and a checked record takes thirty times as long to make."""

    start: int
    end: int
    why: str

    def kept(self) -> Span:
        """Return it as a record."""
        return span_of(self.start, self.end, self.why)


@dataclass(slots=True)
class Rated:
    """A Score before it is kept; never changed, though not frozen: that would take four times as long to make."""

    head: Head
    category: Category
    value: float
    scorer: str
    spans: tuple[Reason, ...] = ()

    def of_value(self, value: float) -> Rated:
        """Return the same answer with another number."""
        return Rated(self.head, self.category, value, self.scorer, self.spans)

    def kept(self) -> Score:
        """Return it as a record."""
        spans = tuple(span.kept() for span in self.spans)
        values = {"head": self.head, "category": self.category, "value": self.value, "scorer": self.scorer, "spans": spans}
        return made(Score, values)


@dataclass(frozen=True, slots=True)
class Sentence:
    """Some characters of the plain text, with what marks them: question, opinion, hearsay, denial, quoting, official news."""

    start: int
    end: int
    text: str  # masked
    marks: dict[str, Hit]
    is_question: bool
    opened: dict[str, list[int]] = field(default_factory=dict)  # by word list: the phrases that may be in it


@dataclass
class Draft:
    """The post being read."""

    folded: Folded
    people: tuple[Person, ...] = ()
    mentions: tuple[Mention, ...] = ()
    media: tuple[Media, ...] = ()
    masked: str = ""
    sentences: tuple[Sentence, ...] = ()
    lists: frozenset[str] = frozenset()  # the word lists of which any phrase may be there
    scores: list[Rated] = field(default_factory=list)
    stop_cue: list[Span] = field(default_factory=list)
    cues: list[str] = field(default_factory=list)  # every cue that fired, as «list name»: what the learned heads see
    claims: list[Claim] = field(default_factory=list)  # what is said that people did
    faults: list[str] = field(default_factory=list)  # what could not be done, for the reading to say
    gravity: tuple[float, ...] = ()  # how likely it is S2, S3, S4 or more; empty: no component judged
    any_harm: float | None = None  # a component's own calibrated answer to «any harm by the writer?»; None: combined from the scores

    def span(self, start: int, end: int, why: str) -> Reason:
        """Return plain characters as characters of the original text, with why they matter."""
        return Reason(*self.folded.span(start, end), why)

    def people_in(self, sentence: Sentence) -> tuple[Person, ...]:
        """Return the people named or pointed at in the sentence."""
        return tuple(person for person in self.people if sentence.start <= person.start < sentence.end)

    def hits(self, words: Lexicon) -> Iterator[tuple[Sentence, Hit, Reason]]:
        """Yield each hit of a word list with its sentence and its place in the original."""
        if words.name in _LISTS and words.name not in self.lists:  # most lists in most posts
            return
        for sentence in self.sentences:
            opened = sentence.opened.get(words.name, _NONE if words.name in _LISTS else None)
            if opened is _NONE:  # most lists in most sentences
                continue
            for hit in words.hits(sentence.text, self.masked, opened):
                self.cues.append(f"{words.name} {hit.cue.name}")
                yield sentence, hit, self.span(sentence.start + hit.start, sentence.start + hit.end, hit.cue.why)

    def add(self, head: Head, category: Category, value: float, scorer: str, spans: tuple[Reason, ...]) -> None:
        """Keep a score; of two with one head and category the higher stays, with the reasons of both."""
        value = round(min(1.0, max(0.0, value)), 3)
        for place, score in enumerate(self.scores):
            if score.category is category and score.head is head and score.scorer == scorer:
                reasons = tuple(dict.fromkeys((*score.spans, *spans)))[:_MOST_REASONS]
                self.scores[place] = Rated(head, category, max(score.value, value), scorer, reasons)
                return
        self.scores.append(Rated(head, category, value, scorer, spans))


def attach(doc: Doc, draft: Draft) -> Doc:
    """Put a draft on a Doc of the same text and return the Doc."""
    doc.user_data[_KEY] = draft
    return doc


def draft_of(doc: Doc) -> Draft:
    """Return the Doc's draft with its sentences; a bare Doc gets one of its own, without mentions or staff list."""
    draft: Draft | None = doc.user_data.get(_KEY)
    if draft is None:
        folded = Folded.of(doc.text)
        draft = Draft(folded, People(()).find(folded, ()))
        attach(doc, draft)
    if not draft.masked and draft.folded.text:
        draft.masked = mask(draft.folded.text, draft.people)
        draft.sentences = tuple(_sentences(doc, draft))
        draft.lists = frozenset().union(*(sentence.opened for sentence in draft.sentences))
    return draft


def _sentences(doc: Doc, draft: Draft) -> Iterator[Sentence]:
    markers = lexicon("markers")
    starts = [draft.folded.at(sentence.start_char) for sentence in doc.sents] if doc.has_annotation("SENT_START") else [0]
    parts = list(zip(starts, [*starts[1:], len(draft.masked)], strict=True))
    for (start, end), opened in zip(parts, _shelf().open_within(draft.masked, parts), strict=True):
        text = draft.masked[start:end]
        marks = markers.firsts(text, opened[markers.name]) if markers.name in opened else {}
        yield Sentence(start, end, text, marks, _asks(text, marks), opened)


@cache
def _shelf() -> Shelf:
    return Shelf(_LISTS)


def _asks(text: str, marks: dict[str, Hit]) -> bool:
    """Whether the sentence is a question put openly, with or without its question mark."""
    return "asks" in marks and (text.rstrip().endswith("?") or marks["asks"].start <= 1)
