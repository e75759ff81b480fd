"""Harassment: insults at a person, urging a crowd on, sexual remarks, following someone about, attacks on a group (domain.md §4.5).

Who people are never decides (policy B40): a test swaps one group for another in neutral sentences.
"""

from __future__ import annotations

from spacy.tokens import Doc

from data.model.readings import Category, Head
from nlp.cues import Hit, lexicon
from nlp.draft import Draft, Sentence, draft_of
from nlp.factory import register

NAME = "schoolwatch.harassment.v1"
WORDS = "harassment"
_AT_NO_ONE = 0.45  # an insult without a person: a moan, more often than not
_QUOTED, _OPINION = 0.3, 0.6
_AT_YOU = (" you ", " ur ", " youre ", " u ", " your ")
_AT_THEM = (" he ", " she ", " him ", " her ", " hes ", " shes ")


def _target(draft: Draft, sentence: Sentence) -> Category | None:
    """Return whom an insult is aimed at: staff, another child, or nobody in particular."""
    if draft.people_in(sentence):
        return Category.HARASSMENT_STAFF
    text = f" {sentence.text} "
    if any(word in text for word in _AT_YOU):
        return Category.PUPIL_BULLYING
    if any(word in text for word in _AT_THEM):
        return Category.HARASSMENT_STAFF if draft.people else Category.PUPIL_BULLYING
    return Category.PUPIL_BULLYING if lexicon("pupil").cues["class"].pattern.search(sentence.text) else None


def _value(sentence: Sentence, hit: Hit, *, aimed: bool) -> float:
    value = hit.cue.value * (1.0 if aimed or hit.cue.category else _AT_NO_ONE)
    if "condemns" in sentence.marks or "denies" in sentence.marks:
        value *= _QUOTED
    return value * (_OPINION if "opinion" in sentence.marks else 1.0)


def read(doc: Doc) -> Doc:
    """Score every word of abuse, with whom it is aimed at."""
    draft = draft_of(doc)
    for sentence, hit, span in draft.hits(lexicon(WORDS)):
        target = _target(draft, sentence)
        spans = (span, *(draft.span(person.start, person.end, person.why) for person in draft.people_in(sentence)[:1]))
        category = hit.cue.category or target or (Category.HARASSMENT_STAFF if draft.people else Category.PUPIL_BULLYING)
        draft.add(Head.HARASSMENT, category, _value(sentence, hit, aimed=target is not None), NAME, spans)
    return doc


register(NAME, read)
