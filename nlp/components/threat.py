"""Threats: to life, to a person, calls to violence, dangerous stunts. Sport, games, cooking and exam talk are spared (domain.md §4.5)."""

from __future__ import annotations

from spacy.tokens import Doc

from data.model.readings import Category, Head
from nlp.cues import lexicon
from nlp.draft import draft_of
from nlp.factory import register

NAME = "schoolwatch.threat.v1"
WORDS = "threat"
_TOLD = 0.35  # somebody tells of a threat, condemns it or reports it: the writer does not make it


def read(doc: Doc) -> Doc:
    """Score every threat that the writer makes."""
    draft = draft_of(doc)
    for sentence, hit, span in draft.hits(lexicon(WORDS)):
        told = sentence.marks.keys() & {"condemns", "official"} or "threatened" in sentence.text
        category = hit.cue.category or Category.VIOLENCE_INTIMIDATION
        spans = (span, *(draft.span(person.start, person.end, person.why) for person in draft.people_in(sentence)[:1]))
        draft.add(Head.THREAT, category, hit.cue.value * (_TOLD if told else 1.0), NAME, spans)
    return doc


register(NAME, read)
