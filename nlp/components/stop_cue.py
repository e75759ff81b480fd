"""Text cues of an indecent picture of a child: they block capture until a safeguarding lead lifts the stop (evidence.md §8.3).

An intimate picture of an adult stops capture just the same (§8.7); nothing here ever looks at a picture.
"""

from __future__ import annotations

import re

from spacy.tokens import Doc

from data.model.readings import Category, Head
from nlp.cues import lexicon
from nlp.draft import Draft, Reason, Sentence, draft_of
from nlp.factory import register
from nlp.normal import fold

NAME = "schoolwatch.stop_cue.v1"
WORDS = "stop_cue"
_LEAKED = re.compile(r"leak|changing|toilet|shower|deepfake")
_ALT = "the description of an attached picture gives a sign of a sexual picture"


def _category(draft: Draft, sentence: Sentence, span: Reason) -> Category:
    """Return whose picture it seems to be: an adult's only where staff are named and no child is spoken of."""
    words = lexicon("pupil")
    young = words.cues["class"].pattern.search(draft.masked) or words.cues["child"].pattern.search(draft.masked)
    adult = draft.people_in(sentence) and not young and _LEAKED.search(draft.folded.original[span.start : span.end].lower())
    return Category.INTIMATE_IMAGE_ADULT if adult else Category.CSAM


def _in_description(draft: Draft) -> bool:
    descriptions = (fold(media.alt) for media in draft.media if media.alt)
    return any(True for text in descriptions for _ in lexicon(WORDS).hits(text, text))


def read(doc: Doc) -> Doc:
    """Note every cue as a reason to stop, and as a score for the safeguarding lead."""
    draft = draft_of(doc)
    for sentence, hit, span in draft.hits(lexicon(WORDS)):
        draft.stop_cue.append(span.kept())
        draft.add(Head.SAFEGUARDING, _category(draft, sentence, span), hit.cue.value, NAME, (span,))
    if _in_description(draft):
        described = Reason(0, 0, _ALT)
        draft.stop_cue.append(described.kept())
        draft.add(Head.SAFEGUARDING, Category.CSAM, 0.8, NAME, (described,))
    return doc


register(NAME, read)
