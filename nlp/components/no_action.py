"""What needs no takedown: praise, a question, news, a campaign, criticism of the service however harsh (domain.md §4.3)."""

from __future__ import annotations

from spacy.tokens import Doc

from data.model.readings import Category, Head
from nlp.cues import lexicon
from nlp.draft import draft_of
from nlp.factory import register

NAME = "schoolwatch.no_action.v1"
WORDS = "no_action"
_CARRIED = 0.8  # one more cue of the same kind closes so much of the distance to certainty less
_NOT_ASKED = 0.5
_SUREST = 0.75  # kind words elsewhere in a post never outweigh a crime or a threat in it


def read(doc: Doc) -> Doc:
    """Score each outcome of §4.3 that the words speak for; several cues of a kind strengthen each other a little."""
    draft = draft_of(doc)
    doubt: dict[Category, float] = {}
    for sentence, hit, span in draft.hits(lexicon(WORDS)):
        category = hit.cue.category or Category.NEUTRAL_MENTION
        value = hit.cue.value * (_NOT_ASKED if category is Category.QUERY and not sentence.is_question else 1.0)
        doubt[category] = (1 - value) if category not in doubt else doubt[category] * _CARRIED
        draft.add(Head.NO_ACTION, category, min(_SUREST, 1 - doubt[category]), NAME, (span,))
    return doc


register(NAME, read)
