"""No order of moves, looks and clicks takes a case to an illegal state (domain.md §5.3)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework.cases import FACTORS, Facts, move
from casework.checks import APART, ConclusionWord, seen
from casework.clocks import missed, undone_numbers
from casework.corrections import correct
from casework.requests import NEEDS_ADVICE
from casework.room import before_hold
from casework.testing import NOON, a_case, a_check, a_user, an_evidence
from casework.transitions import ASKED, FIELD_LABELS, TRANSITIONS
from data.errors import CaseError, PermissionDeniedError
from data.model.care import Band, Seriousness
from data.model.cases import ENDED, Case, CaseEvent, CaseState, RemovalCheck, Verdict, VerdictGroup
from data.model.people import Role, User
from data.model.readings import OUTCOMES, Category, Severity

USERS: list[User | None] = [None, *(a_user(role, user_id=f"u-{role}") for role in Role)]
LEADERS = [user for user in USERS if user is not None and user.id in {"u-dsl", "u-headteacher"}]  # who get furthest
LATER = NOON + timedelta(hours=3)
FIELDS: dict[str, Any] = {
    **dict.fromkeys(FIELD_LABELS, "words"),
    "review_at": LATER + timedelta(days=3),
    "no_capture_reason": None,
    "new_capture": "e-order-2",
    "outcome": None,
    "missed_reason": "platform_slow",
}
OUTCOMES_GIVEN = ("satire_parody", "removed", "gone_before_request", "amended", "not_removed", "withdrawn", "answered")
CHECKS = st.lists(st.tuples(st.sampled_from(list(Verdict)), st.integers(0, 120)), max_size=8)
AFTER: dict[CaseState, list[CaseState]] = {state: [to for before, to in TRANSITIONS if before is state] for state in CaseState}
EVIDENCE = (an_evidence(), an_evidence(order_id="order-2", captured_at=NOON + timedelta(hours=1)))
ASSESSED = Seriousness(
    id="s-1",
    case_id="case-1",
    version=1,
    answers={str(one): 1 for one in range(FACTORS)},
    band=Band.SERIOUS,
    rule="v1",
    by="u-dsl",
    at=NOON,
)


def looks(rows: list[tuple[Verdict, int]]) -> tuple[RemovalCheck, ...]:
    """Return looks at the item, minutes after noon."""
    return tuple(a_check(verdict, timedelta(minutes=minutes)) for verdict, minutes in rows)


@dataclass
class Shelf:
    """A case and its history as the store keeps them: a write names the revision that the writer read, and only a newer line is added."""

    case: Case
    facts: Facts
    events: list[CaseEvent] = field(default_factory=list)

    def write(self, changed: Case, event: CaseEvent, read: int) -> bool:
        """Keep a change unless somebody else wrote since revision `read`."""
        if read != self.case.revision:
            return False
        self.case = changed
        self.events.append(event)
        self.facts = replace(self.facts, previous=before_hold(self.events))
        return True


class Step(NamedTuple):
    """One try: who, towards which state, with what left out, on which screen (how old), twice or taken back."""

    by: User | None
    to: int
    any_state: bool
    left_out: str
    outcome: str
    stale: bool
    act: str


def a_step(number: int) -> Step:
    """Return the step that a number stands for: one draw a step, so that thousands of orders are tried in a short time."""
    chance = Random(number)  # noqa: S311 - chance for a test
    return Step(
        by=chance.choice([*USERS, *LEADERS * 4]),
        to=chance.randrange(17),
        any_state=chance.random() < 0.3,
        left_out=chance.choice(sorted(FIELD_LABELS)) if chance.random() < 0.3 else "",
        outcome=chance.choice(OUTCOMES_GIVEN),
        stale=chance.random() < 0.3,
        act=chance.choice(["move", "move", "move", "twice", "correct"]),
    )


_HARMS = [one for one in Category if one not in OUTCOMES]
GROUPS: dict[str, list[Category]] = {
    "harm": [one for one in _HARMS if one not in NEEDS_ADVICE and one is not Category.CSAM],
    "needs advice": sorted(NEEDS_ADVICE),
    "any": list(Category),
    "stopped": [Category.CSAM],
}


def a_start(group: str, number: int) -> Shelf:
    """Return a case of a group in any state, with any evidence, looks and form."""
    chance = Random(number)  # noqa: S311 - chance for a test
    case = a_case(
        lead_category=chance.choice(GROUPS[group]),
        stop=group == "stopped",
        state=chance.choice(list(CaseState)),
        severity=chance.choice(list(Severity)),
        reporter_type=chance.choice(["report", "collected"]),
    )
    return Shelf(
        case,
        Facts(
            evidence=EVIDENCE[: chance.randrange(3)],
            checks=looks([(chance.choice(list(Verdict)), chance.randrange(121)) for _ in range(chance.randrange(5))]),
            items=("item-1",),
            seriousness=chance.choice([None, ASSESSED]),
        ),
    )


NUMBERS = st.integers(0, 2**32)


@pytest.mark.parametrize("group", list(GROUPS))
@settings(max_examples=2_500, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(start=NUMBERS, steps=st.lists(NUMBERS, min_size=1, max_size=10))
def test_no_order_of_moves_breaks_a_rule(group: str, start: int, steps: list[int]) -> None:
    """10,000 orders of moves, double clicks, stale screens and corrections by anybody: no illegal state, no decision lost.

    Every accepted step is in the table or restores what a step before it left; the history alone gives the case's state; a second click
    and a writer who saw an older case change nothing; nobody is asked on a hard stop, without advice or evidence; gone needs two looks.
    """
    shelf = a_start(group, start)
    first = shelf.case
    for number in steps:
        _take(shelf, a_step(number))
    _is_whole(shelf, first)


def _take(shelf: Shelf, step: Step) -> None:
    before, lines = shelf.case, len(shelf.events)
    read = before.revision - 1 if step.stale and lines else before.revision
    made = _tried(shelf, step)
    if made is None:
        assert shelf.case is before
        return
    kept = shelf.write(*made, read)
    assert kept is (read == before.revision)
    if not kept:
        assert (shelf.case, len(shelf.events)) == (before, lines)
        return
    if step.act == "twice":
        assert not shelf.write(*made, read)
    _rules(shelf.case, before, shelf.facts, shelf.events[-1])


def _tried(shelf: Shelf, step: Step) -> tuple[Case, CaseEvent] | None:
    to = list(CaseState)[step.to] if step.any_state else AFTER[shelf.case.state][step.to % len(AFTER[shelf.case.state])]
    fields = {name: value for name, value in FIELDS.items() if name != step.left_out} | {"outcome": step.outcome}
    try:
        if step.act == "correct" and step.by is not None:
            return correct(shelf.case, shelf.events, step.by, LATER, "by mistake", shelf.facts)[:2]
        return move(shelf.case, to, step.by, LATER, fields, facts=shelf.facts)
    except (CaseError, PermissionDeniedError):
        return None


def _rules(case: Case, before: Case, facts: Facts, event: CaseEvent) -> None:
    assert (event.before, event.after, event.number) == (before.state, case.state, case.revision)
    assert case.revision == before.revision + 1
    if event.what == "correction":
        assert not case.stop
        assert before.state is not CaseState.SAFEGUARDING_LEAD
        return
    assert (before.state, case.state) in TRANSITIONS
    if case.state in {CaseState.REQUESTED, CaseState.ESCALATED} and before.state not in ASKED:
        assert not case.stop
        assert case.lead_category not in OUTCOMES
        assert facts.evidence or case.no_capture_reason
        assert case.lead_category not in NEEDS_ADVICE or case.advice_recorded_at is not None
    if case.state is CaseState.VERIFIED_REMOVED:
        assert seen(case, facts.checks, LATER).word is ConclusionWord.VERIFIED
        assert case.gone_observed_at is not None
    _ends(case, before, facts)


def _ends(case: Case, before: Case, facts: Facts) -> None:
    if case.state is CaseState.CLOSED:
        assert case.stop or case.severity < Severity.S3 or facts.seriousness is not None  # A17
        assert case.stop or not missed(before, LATER) or case.missed_reason is not None
    if case.state is CaseState.VERIFIED_AMENDED:
        assert len(facts.evidence) > 1
    if case.state is CaseState.TRIAGED and before.state is not CaseState.SAFEGUARDING_LEAD and before.state in ENDED:
        assert (case.known_at, case.gone_observed_at, case.closed_at) == (LATER, None, None)


def _is_whole(shelf: Shelf, first: Case) -> None:
    """The history tells the whole way: each line begins where the one before ended, and the last one is where the case is."""
    at = first.state
    for number, event in enumerate(shelf.events, start=first.revision + 1):
        assert (event.number, event.before) == (number, at)
        assert event.after is not None
        at = event.after
    assert at is shelf.case.state
    if not any(event.what == "moved" for event in shelf.events if event.number not in undone_numbers(shelf.events)):
        ignored = {"revision"}
        assert shelf.case.model_dump(exclude=ignored) == first.model_dump(exclude=ignored)  # all taken back: as it was


@given(CHECKS)
def test_verified_needs_two_agreeing_looks_apart(rows: list[tuple[Verdict, int]]) -> None:
    """Verified means: two looks found it gone at least 15 minutes apart, and none between or after them found it up or changed."""
    checks = looks(rows)
    conclusion = seen(a_case(), checks, NOON + timedelta(days=1))
    if conclusion.word is not ConclusionWord.VERIFIED:
        return
    first, second = (next(check for check in checks if check.id == check_id) for check_id in conclusion.check_ids)

    assert first.verdict.group is second.verdict.group is VerdictGroup.GONE
    assert second.at - first.at >= APART
    assert conclusion.gone_observed_at == first.at
    contrary = [check for check in checks if check.verdict.group in {VerdictGroup.UP, VerdictGroup.AMENDED}]
    assert all(check.at <= first.at for check in contrary)


@given(CHECKS, st.randoms(use_true_random=False))
def test_the_order_of_delivery_changes_nothing(rows: list[tuple[Verdict, int]], chance: Any) -> None:
    """Looks that arrive late or out of order lead to the same conclusion."""
    checks = list(looks(rows))
    straight = seen(a_case(), checks, NOON + timedelta(days=1))
    chance.shuffle(checks)

    assert straight == seen(a_case(), checks, NOON + timedelta(days=1))


@given(st.lists(st.sampled_from([Verdict.NOT_VISIBLE_TO_US, Verdict.UNREACHABLE]), min_size=1, max_size=6))
def test_walls_and_errors_never_prove_a_removal(verdicts: list[Verdict]) -> None:
    """Any number of walls and errors is unknown, not gone."""
    checks = [a_check(verdict, timedelta(hours=number)) for number, verdict in enumerate(verdicts)]

    assert seen(a_case(), checks, NOON + timedelta(days=1)).word is ConclusionWord.UNKNOWN
