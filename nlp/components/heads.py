"""What the learned heads say, in the place of the single rules' numbers; the rules stay as reasons, and as a floor where life is at stake.

A head's answer goes to the category that the rules found within its label, else to the label's usual one. Where the weights are missing
or of another version the rules' own numbers stand and the reading says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc

from data.model.readings import SAFEGUARDING, Category, Head
from nlp.draft import Draft, Rated, Reason, draft_of
from nlp.errors import ModelMismatchError, ModelMissingError
from nlp.factory import register_together
from nlp.features import MASKS, Token, see
from nlp.heads import LABEL_HEADS, WEIGHTS, Answer, Model, gravity, load

NAME = "schoolwatch.heads.v1"
C = Category
_GROUPS: dict[
    str, tuple[Head, str, tuple[Category, ...]]
] = {  # label: the head it answers, in plain words, its categories (the usual one first)
    "defamation": (Head.DEFAMATION, "a grave claim about a person", (C.DEFAMATION_INDIVIDUAL, C.KNOWINGLY_FALSE)),
    "harassment": (
        Head.HARASSMENT,
        "abuse of a person",
        (C.HARASSMENT_STAFF, C.PUPIL_BULLYING, C.ABUSE_OF_PUPILS_BY_PUBLIC),
    ),
    "threat": (Head.THREAT, "a threat", (C.VIOLENCE_INTIMIDATION, C.THREAT_TO_LIFE, C.VIOLENCE_INCITEMENT, C.STALKING)),
    "hate": (Head.HATE, "hate", (C.HATE,)),
    "sexual": (Head.SEXUAL, "sexual remarks", (C.SEXUAL_HARASSMENT,)),
    "self_harm": (Head.SAFEGUARDING, "self-harm or despair", (C.SELF_HARM,)),
    "grooming": (Head.SAFEGUARDING, "an approach to a child", (C.GROOMING,)),
    "confidential": (Head.CONFIDENTIAL, "a leak of confidential matter", (C.CONFIDENTIAL_LEAK,)),
    "pupil_identifiable_text": (Head.PUPIL_IMAGE, "personal details of a pupil", (C.PUPIL_PERSONAL_DATA, C.PUPIL_IMAGE, C.DOXXING)),
    "disclosure": (Head.SAFEGUARDING, "a telling of harm", (C.SAFEGUARDING_DISCLOSURE, C.STAFF_ALLEGATION)),
    "fair_criticism": (
        Head.NO_ACTION,
        "criticism of the service",
        (C.FAIR_CRITICISM, C.CRITICISM_INSTITUTION, C.CAMPAIGN_OR_UNION, C.WHISTLEBLOWING, C.DISREPUTE_ONLY),
    ),
    "news": (Head.NO_ACTION, "news", (C.NEWS_REPORT,)),
    "praise": (Head.NO_ACTION, "praise", (C.PRAISE,)),
    "neutral": (Head.NO_ACTION, "everyday talk", (C.NEUTRAL_MENTION, C.QUERY, C.NAMESAKE, C.SPAM, C.SATIRE_PARODY)),
}
FLOOR = 0.5  # a rule that sees danger to a person counts so much at least, whatever the heads say
_EXPLAINED = 0.15  # a lower answer needs no words shown
_SHARE = 0.35  # of the weightiest word's weight: what is shown beside it
_EXPLAINED_AT_ONCE = 8  # posts: more of the longest would take much memory
_MOST_SPANS = 4
_FEW = 3  # a shorter word says nothing by itself
_LABEL_OF = {category: label for label, (_, _, categories) in _GROUPS.items() for category in categories}
_LEARNED = _LABEL_OF.keys()
_UNUSUAL = frozenset(("harassment", "threat", "pupil_identifiable_text"))  # see `_usual`
_WHY = {label: f"words that often stand in posts with {words}" for label, (_, words, _) in _GROUPS.items()}
_WHOLE = {label: (Reason(0, 0, f"no single word decided; as a whole it reads like {words}"),) for label, (_, words, _) in _GROUPS.items()}


class Weights(NamedTuple):
    """The places of some words of a post, and for each head what they weigh."""

    places: list[int]
    each: list[list[float]]


@cache
def _model() -> Model | str:
    return opened(WEIGHTS)


def opened(folder: Path) -> Model | str:
    """Return the model of a folder, or in one plain line why there is none."""
    try:
        return load(folder)
    except (ModelMissingError, ModelMismatchError) as error:
        return f"read in part, by the rules alone: {error}"


def read(docs: Sequence[Doc]) -> None:
    """Put the heads' answers in the place of the rules' numbers."""
    drafts, model = list(map(draft_of, docs)), _model()
    if isinstance(model, str):
        for draft in drafts:
            draft.faults.append(model)
        return
    answers = model.answers(list(map(see, drafts)))
    for first in range(0, len(drafts), _EXPLAINED_AT_ONCE):
        some = answers[first : first + _EXPLAINED_AT_ONCE]
        for draft, answer, weights in zip(drafts[first:], some, _weights(model, some), strict=False):
            _write(draft, answer, weights)


def _write(draft: Draft, answer: Answer, weights: Weights) -> None:
    """Write the answers of all labels on a draft."""
    values, reasons = answer.values, _reasons(draft, answer, weights)
    rules = tuple(draft.scores)
    draft.scores = [score for score in map(_floored, rules) if score is not None]
    found: dict[str, list[Rated]] = {}
    for score in rules:
        if score.category in _LABEL_OF:
            found.setdefault(_LABEL_OF[score.category], []).append(score)
    draft.scores += [_answer(draft, label, values, found.get(label, ()), reasons.get(label, ())) for label in LABEL_HEADS]
    draft.any_harm = values["any_harm"]
    draft.gravity = gravity(values)


def _floored(score: Rated) -> Rated | None:
    """Return what stays of a rule's own number: all of it where no head answers, a floor where a person may be in danger."""
    if score.category in SAFEGUARDING:
        return score.of_value(min(FLOOR, score.value))
    return None if score.category in _LEARNED else score


def _answer(draft: Draft, label: str, values: dict[str, float], found: Sequence[Rated], reasons: tuple[Reason, ...]) -> Rated:
    """Return a label's answer, with what the rules found within it; no other one has its head and category (Draft.add)."""
    head, _, categories = _GROUPS[label]
    value = values[label]
    category = _usual(label, values, draft) if label in _UNUSUAL else categories[0]
    if found:
        first, *_ = ordered = sorted(found, key=lambda score: -score.value)
        category = first.category
        reasons = (*(span for score in ordered for span in score.spans), *reasons)
    if reasons:
        reasons = tuple(dict.fromkeys(reasons))
    elif value >= _EXPLAINED:  # nothing stands out: said openly, with no highlight
        reasons = _WHOLE[label]
    return Rated(head, category, round(value, 3), NAME, reasons)


def _usual(label: str, values: dict[str, float], draft: Draft) -> Category:
    """Return the category of a label of which the rules found nothing."""
    if label == "harassment" and values["about_pupil"] > values["any_harm"] / 2:
        return C.PUPIL_BULLYING
    if label == "threat" and values["urgent"] >= FLOOR:
        return C.THREAT_TO_LIFE
    if label == "pupil_identifiable_text" and draft.media:
        return C.PUPIL_IMAGE
    return _GROUPS[label][2][0]


def _weights(model: Model, answers: Sequence[Answer]) -> list[Weights]:
    """Return for each answer the places of the words that may be shown, and for each head what they weigh."""
    places = [_telling(model, answer) if _told(answer) else [] for answer in answers]
    return [Weights(some, weights.T.tolist()) for some, weights in zip(places, model.weighed_at(answers, places), strict=True)]


def _told(answer: Answer) -> list[tuple[int, str]]:
    """Return the labels that were answered at all, with their numbers."""
    values = answer.values
    return [(number, label) for number, label in enumerate(LABEL_HEADS) if values[label] >= _EXPLAINED]


def _telling(model: Model, answer: Answer) -> list[int]:
    """Return the places of the words that say something by themselves."""
    common = model.vocabulary.common
    return [place for place, (text, _, _) in enumerate(answer.tokens) if len(text) >= _FEW and text not in common and text not in MASKS]


def _reasons(draft: Draft, answer: Answer, weights: Weights) -> dict[str, tuple[Reason, ...]]:
    """Return for each label that was answered at all the words that weighed most, neighbours as one span."""
    places, each = weights
    if not places:
        return {}
    return {label: tuple(_weightiest(draft, answer.tokens, places, each[number], label)) for number, label in _told(answer)}


def _weightiest(draft: Draft, tokens: tuple[Token, ...], places: list[int], weights: list[float], label: str) -> Iterator[Reason]:
    """Yield the weightiest of the words at these places, which have these weights."""
    least = max(max(weights) * _SHARE, 0.0)
    best = [number for number, weight in enumerate(weights) if weight > least]
    if len(best) > _MOST_SPANS:
        best = sorted(sorted(best, key=lambda number: -weights[number])[:_MOST_SPANS])
    for start, end in _joined([(place, tokens[place].start, tokens[place].end) for place in map(places.__getitem__, best)]):
        yield draft.span(start, end, _WHY[label])


def _joined(places: list[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the characters of runs of neighbouring words."""
    for number, (place, start, _) in enumerate(places):
        if number and places[number - 1][0] == place - 1:
            continue
        last = number
        while last + 1 < len(places) and places[last + 1][0] == places[last][0] + 1:
            last += 1
        yield start, places[last][2]


register_together(NAME, read)
