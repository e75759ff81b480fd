"""What the learned heads say, in the place of the single rules' numbers; the rules stay as reasons, and as a floor where life is at stake.

A head's answer goes to the category that the rules found within its label, else to the label's usual one. Where the weights are missing
or of another version the rules' own numbers stand and the reading says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from spacy.tokens import Doc

from data.model.readings import SAFEGUARDING, Category, Head
from nlp.draft import Draft, Rated, Reason, draft_of
from nlp.errors import ModelMismatchError, ModelMissingError
from nlp.factory import register
from nlp.features import MASKS, Token, see
from nlp.heads import LABEL_HEADS, WEIGHTS, Answer, Floats, Model, gravity, load

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
_MOST_SPANS = 4
_FEW = 3  # a shorter word says nothing by itself
_LEARNED = frozenset(category for _, _, categories in _GROUPS.values() for category in categories)


@cache
def _model() -> Model | str:
    return opened(WEIGHTS)


def opened(folder: Path) -> Model | str:
    """Return the model of a folder, or in one plain line why there is none."""
    try:
        return load(folder)
    except (ModelMissingError, ModelMismatchError) as error:
        return f"read in part, by the rules alone: {error}"


def read(doc: Doc) -> Doc:
    """Put the heads' answers in the place of the rules' numbers."""
    draft, model = draft_of(doc), _model()
    if isinstance(model, str):
        draft.faults.append(model)
        return doc
    answer = model.answer(see(draft))
    values, reasons = answer.values, _reasons(draft, model, answer)
    rules = tuple(draft.scores)
    draft.scores = [score for score in (_floored(score) for score in rules) if score is not None]
    for label in LABEL_HEADS:
        _answer(draft, label, values, rules, reasons.get(label, ()))
    draft.any_harm = values["any_harm"]
    draft.gravity = gravity(values)
    return doc


def _floored(score: Rated) -> Rated | None:
    """Return what stays of a rule's own number: all of it where no head answers, a floor where a person may be in danger."""
    if score.category in SAFEGUARDING:
        return score.of_value(min(FLOOR, score.value))
    return None if score.category in _LEARNED else score


def _answer(draft: Draft, label: str, values: dict[str, float], rules: tuple[Rated, ...], reasons: tuple[Reason, ...]) -> None:
    head, words, categories = _GROUPS[label]
    found = sorted((score for score in rules if score.category in categories), key=lambda score: -score.value) if rules else []
    category = found[0].category if found else _usual(label, values, draft)
    spans = (*(span for score in found for span in score.spans), *reasons)
    if not spans and values[label] >= _EXPLAINED:  # nothing stands out: said openly, with no highlight
        spans = (Reason(0, 0, f"no single word decided; as a whole it reads like {words}"),)
    draft.add(head, category, values[label], NAME, tuple(dict.fromkeys(spans)))


def _usual(label: str, values: dict[str, float], draft: Draft) -> Category:
    """Return the category of a label of which the rules found nothing."""
    if label == "harassment" and values["about_pupil"] > values["any_harm"] / 2:
        return C.PUPIL_BULLYING
    if label == "threat" and values["urgent"] >= FLOOR:
        return C.THREAT_TO_LIFE
    if label == "pupil_identifiable_text" and draft.media:
        return C.PUPIL_IMAGE
    return _GROUPS[label][2][0]


def _reasons(draft: Draft, model: Model, answer: Answer) -> dict[str, tuple[Reason, ...]]:
    """Return for each label that was answered at all the words that weighed most, neighbours as one span."""
    told = [label for label in LABEL_HEADS if answer.values[label] >= _EXPLAINED]
    weights = model.weighed(answer, told)
    weights[[not _speaks(token) or model.vocabulary.is_common(token.text) for token in answer.tokens]] = 0
    return {label: tuple(_weightiest(draft, answer.tokens, weights[:, column], label)) for column, label in enumerate(told)}


def _weightiest(draft: Draft, tokens: tuple[Token, ...], weights: Floats, label: str) -> Iterator[Reason]:
    least = max(float(weights.max(initial=0.0)) * _SHARE, 0.0)
    order = np.argsort(-weights, kind="stable")[:_MOST_SPANS].tolist()
    best = sorted((place, tokens[place].start, tokens[place].end) for place in order if weights[place] > least)
    why = f"words that often stand in posts with {_GROUPS[label][1]}"
    for start, end in _joined(best):
        yield draft.span(start, end, why)


def _speaks(token: Token) -> bool:
    return token.text not in MASKS and len(token.text) >= _FEW


def _joined(places: list[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the characters of runs of neighbouring words."""
    for number, (place, start, _) in enumerate(places):
        if number and places[number - 1][0] == place - 1:
            continue
        last = number
        while last + 1 < len(places) and places[last + 1][0] == places[last][0] + 1:
            last += 1
        yield start, places[last][2]


register(NAME, read)
