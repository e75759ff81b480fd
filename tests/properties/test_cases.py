"""No order of moves, looks and clicks takes a case to an illegal state (domain.md §5.3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from casework.cases import Facts, move
from casework.checks import APART, ConclusionWord, seen
from casework.requests import NEEDS_ADVICE
from casework.testing import NOON, a_case, a_check, a_user, an_evidence
from casework.transitions import ASKED, FIELD_LABELS, TRANSITIONS
from data.errors import CaseError, PermissionDeniedError
from data.model.cases import Case, CaseState, RemovalCheck, Verdict, VerdictGroup
from data.model.people import Role, User
from data.model.readings import OUTCOMES, Category

USERS: list[User | None] = [None, *(a_user(role, user_id=f"u-{role}") for role in Role)]
FIELDS: dict[str, Any] = {
    **dict.fromkeys(FIELD_LABELS, "words"),
    "review_at": NOON + timedelta(days=30),
    "no_capture_reason": None,
}
CHECKS = st.lists(st.tuples(st.sampled_from(list(Verdict)), st.integers(0, 120)), max_size=8)


def looks(rows: list[tuple[Verdict, int]]) -> tuple[RemovalCheck, ...]:
    """Return looks at the item, minutes after noon."""
    return tuple(a_check(verdict, timedelta(minutes=minutes)) for verdict, minutes in rows)


@settings(max_examples=300, deadline=None)
@given(
    category=st.sampled_from(list(Category)),
    has_evidence=st.booleans(),
    rows=CHECKS,
    steps=st.lists(
        st.tuples(st.sampled_from(list(CaseState)), st.sampled_from(USERS), st.sets(st.sampled_from(sorted(FIELD_LABELS)))), max_size=25
    ),
)
def test_no_order_of_moves_breaks_a_rule(
    category: Category, has_evidence: bool, rows: list[tuple[Verdict, int]], steps: list[tuple[CaseState, User | None, set[str]]]
) -> None:
    """Every accepted move is in the table; nobody is asked on a hard stop, without advice or evidence; gone needs two looks."""
    case: Case = a_case(lead_category=category, stop=category is Category.CSAM)
    facts = Facts(evidence=(an_evidence(),) if has_evidence else (), checks=looks(rows), items=("item-1",))
    now = NOON + timedelta(hours=3)
    for to, by, left_out in steps:
        fields = {name: value for name, value in FIELDS.items() if name not in left_out} | {"review_at": now + timedelta(days=3)}
        before = case
        try:
            case, event = move(case, to, by, now, fields, facts=facts)
        except (CaseError, PermissionDeniedError):
            assert case is before
            continue
        assert (before.state, case.state) in TRANSITIONS
        assert (event.before, event.after, event.number) == (before.state, case.state, case.revision)
        assert case.revision == before.revision + 1
        _rules(case, before, has_evidence, facts)


def _rules(case: Case, before: Case, has_evidence: bool, facts: Facts) -> None:
    if case.state in {CaseState.REQUESTED, CaseState.ESCALATED} and before.state not in ASKED:
        assert not case.stop
        assert case.lead_category not in OUTCOMES
        assert has_evidence or case.no_capture_reason
        assert case.lead_category not in NEEDS_ADVICE or case.advice_recorded_at is not None
    if case.state is CaseState.VERIFIED_REMOVED:
        assert seen(case, facts.checks, NOON + timedelta(hours=3)).word is ConclusionWord.VERIFIED
        assert case.gone_observed_at is not None


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
