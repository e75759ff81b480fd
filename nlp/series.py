"""Whether threads are raised that should be, and harmless ones stay quiet: judged on the labelled series.

What should be raised follows from the labels of the posts alone: five authors who attack within an hour; one author who attacks twice; one
author whose posts grow graver. A series without any harm should stay quiet; the rest («mixed») is told but counts for neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from data.model.threads import ThreadFinding, ThreadKind
from nlp.labelled import Labelled
from nlp.threads import DEFAULT_RULES, Said, ThreadRules, read_threads

_ATTACKS = frozenset({"harassment", "threat", "hate", "sexual", "defamation"})
_MANY, _WINDOW = 5, 60  # authors, minutes: the default of the product
_STEPS, _GROWTH, _GRAVE = 3, 2, 3  # posts, grades of severity, severity


class InSeries(Protocol):
    """A labelled post of a series, and how it looks to the rules for threads."""

    @property
    def post(self) -> Labelled:
        """The labelled post."""

    @property
    def said(self) -> Said:
        """The post as the rules see it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One series: what its labels say should be raised, and what was."""

    name: str
    should: frozenset[ThreadKind]
    harmless: bool
    found: tuple[ThreadFinding, ...]


def outcomes(judged: Sequence[InSeries], rules: ThreadRules = DEFAULT_RULES) -> tuple[Outcome, ...]:
    """Return what comes of each series."""
    by_name: dict[str, list[InSeries]] = defaultdict(list)
    for one in judged:
        if one.post.series:
            by_name[one.post.series].append(one)
    return tuple(_outcome(name, members, rules) for name, members in by_name.items())


def _outcome(name: str, members: Sequence[InSeries], rules: ThreadRules) -> Outcome:
    posts = sorted((one.post for one in members), key=_moment)
    return Outcome(name, should_be(posts), not any(post.is_harm for post in posts), read_threads([one.said for one in members], rules))


def should_be(posts: Sequence[Labelled]) -> frozenset[ThreadKind]:
    """Return the kinds that the labels of a series, in order of time, speak for."""
    attacks = [post for post in posts if _ATTACKS & set(post.labels) and post.target != "school" and post.author]
    kinds = set()
    if any(len({one.author for one in attacks if 0 <= _moment(one) - _moment(first) <= _WINDOW}) >= _MANY for first in attacks):
        kinds.add(ThreadKind.PILE_ON)
    for author in {post.author for post in attacks}:
        if sum(post.author == author for post in attacks) > 1:
            kinds.add(ThreadKind.COURSE_OF_CONDUCT)
        if _grows([post.severity for post in posts if post.author == author]):
            kinds.add(ThreadKind.ESCALATION)
    return frozenset(kinds)


def _grows(severities: Sequence[int]) -> bool:
    """Whether up to the gravest post they grow graver, from a much milder beginning."""
    peak = max(range(len(severities)), key=lambda place: (severities[place], place))
    steps = severities[: peak + 1]
    if len(steps) < _STEPS or steps[-1] < _GRAVE:
        return False
    begun = steps[: len(steps) // 2]
    return steps[-1] - sum(begun) / len(begun) >= _GROWTH


def _moment(post: Labelled) -> float:
    return post.t_min or 0.0


def report(judged: Sequence[InSeries], rules: ThreadRules = DEFAULT_RULES) -> dict[str, Any]:
    """Return how many series were raised that should be, and how many harmless ones stayed quiet."""
    every = outcomes(judged, rules)
    harmful = [one for one in every if one.should]
    harmless = [one for one in every if one.harmless]
    mixed = [one for one in every if not one.should and not one.harmless]
    return {
        "series": len(every),
        "harmful": len(harmful),
        "harmful_raised": sum(bool(one.found) for one in harmful),
        "harmless": len(harmless),
        "harmless_quiet": sum(not one.found for one in harmless),
        "mixed": len(mixed),
        "mixed_raised": sum(bool(one.found) for one in mixed),
        "kinds": {kind.value: _kind(every, kind) for kind in ThreadKind if kind is not ThreadKind.NEAR_DUPLICATE},
        "missed": [one.name for one in harmful if not one.found],
        "raised_without_cause": [one.name for one in harmless if one.found],
    }


def _kind(every: Sequence[Outcome], kind: ThreadKind) -> dict[str, int]:
    should = [one for one in every if kind in one.should]
    return {
        "series": len(should),
        "raised": sum(any(kind in found.kinds for found in one.found) for one in should),
        "raised_elsewhere": sum(any(kind in found.kinds for found in one.found) for one in every if kind not in one.should),
    }
