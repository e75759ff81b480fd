"""A child whom a stranger could pick out: name with class, health, family or address; a picture; and papers not meant for the public.

Looks for a written name only where class or detail stand beside it; never keeps a list of children.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from spacy.tokens import Doc

from data.model.readings import Category, Head
from nlp.cues import Cue, lexicon
from nlp.draft import Draft, Reason, Sentence, draft_of
from nlp.factory import register

NAME = "schoolwatch.pupil.v1"
WORDS = "pupil"
_MARKED = frozenset(("class", "detail"))  # the cues beside which a name counts
_NAME = re.compile(r"\b(?:[A-Z][a-z]{1,14}(?:[ -][A-Z][a-z]{1,14}|[ ][A-Z]\b)?|[A-Z])(?=['\u2019]s\b|[^\w'\u2019]|$)")
_CLASS_NEXT = re.compile(r"s?,? (?:in|from|of|is in|was in|lives|has) ")  # a capital at the start of a sentence may be any word
_REACH = 45  # characters between a name and its class
_NAMED_IN_CLASS, _FULL, _DETAIL, _MEDIA, _OWN_CHILD = 0.5, 0.12, 0.25, 0.15, 0.25
_OWN = re.compile(r"\b(?:my|our) (?:\w+ ){0,2}(?:son|daughter|boy|girl|lad|child|little one|kid|baby)\b")


@dataclass(frozen=True, slots=True)
class _Child:
    """A written name, in plain characters of the folded text."""

    start: int
    end: int
    is_full: bool


def _children(draft: Draft, sentence: Sentence) -> list[_Child]:
    """Return the written names in the sentence that are no staff, no school and no ordinary word."""
    first, last = draft.folded.span(sentence.start, sentence.end)
    found = []
    for match in _NAME.finditer(draft.folded.original, first, last):
        start, end = draft.folded.at(match.start()), draft.folded.at(match.end())
        begins = start <= sentence.start + 1 and " " not in match[0] and len(match[0]) > 1 and not _CLASS_NEXT.match(draft.masked, end)
        is_child = not begins and not _is_ordinary(match[0]) and not _is_taken(draft, match.start(), match.end())
        if is_child and draft.masked[start:end] == draft.folded.text[start:end]:
            found.append(_Child(start, end, " " in match[0] or "-" in match[0]))
    return found


def _is_ordinary(name: str) -> bool:
    words = lexicon("names").cues["not_a_name"].pattern
    return any(words.fullmatch(part.lower()) for part in re.split("[ -]", name))


def _is_taken(draft: Draft, start: int, end: int) -> bool:
    """Whether the words are part of a mention of the school."""
    return any(start < mention.end and mention.start < end for mention in draft.mentions)


def _why(child: _Child, cue: Cue | None) -> str:
    what = "gives a child's full name" if child.is_full else "names a child"
    return f"{what} beside the class" if cue is None else what


def _name_scores(draft: Draft, sentence: Sentence) -> None:
    """Score names that stand beside a class, or beside something private."""
    words = lexicon(WORDS)
    cues, first = words.cues, words.firsts(sentence.text, words.of(_MARKED, sentence.opened.get(WORDS, ())))
    classes = [match.span() for match in cues["class"].pattern.finditer(sentence.text)] if "class" in first else []
    detail = first.get("detail")
    if not classes and not detail:  # said first: names are looked for only where one would count
        return
    spoken_of = detail and cues["child"].pattern.search(sentence.text)
    for child in _children(draft, sentence)[:20]:
        near = [span for span in classes if abs(sentence.start + span[0] - child.start) <= _REACH]
        if not near and not (detail and (child.is_full or spoken_of)):
            continue
        spans = [draft.span(child.start, child.end, _why(child, None if near else cues["detail"]))]
        spans += [draft.span(sentence.start + start, sentence.start + end, "gives the child's class or year") for start, end in near[:1]]
        value = _NAMED_IN_CLASS * bool(near) + _FULL * child.is_full + _MEDIA * bool(draft.media)
        if detail:
            value += _DETAIL + (0 if near else _NAMED_IN_CLASS - 0.1)
            spans.append(draft.span(sentence.start + detail.start, sentence.start + detail.end, cues["detail"].why))
        _add_name(draft, sentence, value, tuple(spans), has_detail=detail is not None)


def _add_name(draft: Draft, sentence: Sentence, value: float, spans: tuple[Reason, ...], *, has_detail: bool) -> None:
    if _OWN.search(sentence.text) and not has_detail:
        value -= _OWN_CHILD  # a parent about the own child: not to be chased (domain.md §4.6)
    category = Category.PUPIL_IMAGE if draft.media and not has_detail else Category.PUPIL_PERSONAL_DATA
    draft.add(Head.PUPIL_IMAGE, category, value, NAME, spans)


def read(doc: Doc) -> Doc:
    """Score what picks out a child, and papers that leaked."""
    draft = draft_of(doc)
    for sentence in draft.sentences:
        _name_scores(draft, sentence)
    for _, hit, span in draft.hits(lexicon(WORDS)):
        if hit.cue.category is not None:
            shown = hit.cue.category is Category.PUPIL_IMAGE and draft.media
            draft.add(Head.PUPIL_IMAGE, hit.cue.category, hit.cue.value + (_MEDIA if shown else 0), NAME, (span,))
    return doc


register(NAME, read)
