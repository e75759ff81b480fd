"""Safeguarding: despair, disclosure, an adult harming a child, grooming. Recall first; never a matter of takedown (domain.md §4.1 rule 2).

A telling of harm is not an offence of the teller: it goes to the safeguarding lead, so neither hearsay nor a question lowers it.
"""

from __future__ import annotations

from spacy.tokens import Doc

from data.model.readings import Category, Head
from nlp.cues import lexicon
from nlp.draft import draft_of
from nlp.factory import register

NAME = "schoolwatch.safeguarding.v1"
WORDS = "safeguarding"
_PLAYFUL = 0.5


def read(doc: Doc) -> Doc:
    """Score every sign that someone is harmed or in danger."""
    draft = draft_of(doc)
    for sentence, hit, span in draft.hits(lexicon(WORDS)):
        playful = "sport_or_play" in sentence.marks or "official" in sentence.marks
        category = hit.cue.category or Category.SAFEGUARDING_DISCLOSURE
        draft.add(Head.SAFEGUARDING, category, hit.cue.value * (_PLAYFUL if playful else 1.0), NAME, (span,))
    return doc


register(NAME, read)
