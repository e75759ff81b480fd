"""The table of moves and its guards, one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from casework.cases import Facts, move
from casework.errors import EvidenceMissingError, FieldsMissingError, IllegalMoveError
from casework.testing import NOON, a_case, a_check, a_user, an_evidence
from casework.transitions import FIELD_LABELS, OPEN, STATE_LABELS, TRANSITIONS
from data.errors import PermissionDeniedError
from data.model.cases import Case, CaseState, Confidentiality, Verdict
from data.model.people import Role
from data.model.readings import Category, Severity

DSL, HEAD = a_user(Role.DSL), a_user(Role.HEADTEACHER, user_id="u-head")
ASKING: dict[str, Any] = {
    "ground": "platform_rules",
    "route": "site_operator",
    "recipient": "the operator",
    "capacity": "school_representative",
    "text_version": "0123456789ab",
    "sent_at": NOON,
    "may_be_forwarded": False,
}
EVIDENCE = Facts(evidence=(an_evidence(),), items=("item-1",))
LEFT = {"rungs_tried": "all", "reason": "they decline", "support_plan": "weekly talk", "reviewer": "u-deputy"}
HOLD = {"body": "police", "officer": "x", "reference": "y", "asked_at": NOON, "review_at": NOON + timedelta(days=3)}


def at(state: CaseState, **changes: object) -> Case:
    """Return a case in a state."""
    return a_case(state=state, **changes)


@pytest.mark.parametrize("before", list(CaseState))
@pytest.mark.parametrize("after", list(CaseState))
def test_what_is_not_listed_is_refused(before: CaseState, after: CaseState) -> None:
    """Each pair of states that the table does not list is refused, with both named."""
    if (before, after) in TRANSITIONS:
        assert before is not after
        return
    with pytest.raises(IllegalMoveError) as refused:
        move(at(before), after, DSL, NOON, dict.fromkeys(FIELD_LABELS, "x"))
    assert (refused.value.move, refused.value.state) == (STATE_LABELS[after], STATE_LABELS[before])


def test_every_required_field_has_words_for_the_form() -> None:
    """No field of the table is shown by its code."""
    names = {one for row in TRANSITIONS.values() for name in row.required for one in name.split("|")}

    assert names <= set(FIELD_LABELS)


def test_every_open_state_can_be_left() -> None:
    """No open state is a dead end."""
    assert {before for before, _after in TRANSITIONS} >= OPEN


def test_missing_fields_are_all_named() -> None:
    """A request without its fields says which are missing."""
    with pytest.raises(FieldsMissingError) as refused:
        move(at(CaseState.EVIDENCE_CAPTURED), CaseState.REQUESTED, DSL, NOON, {"ground": "hate"}, facts=EVIDENCE)

    wanted = ("route", "recipient", "capacity", "text_version", "sent_at", "may_be_forwarded")
    assert refused.value.fields == tuple(FIELD_LABELS[one] for one in wanted)


def test_no_request_before_evidence() -> None:
    """A14: evidence first, or a recorded reason."""
    case = at(CaseState.EVIDENCE_CAPTURED)
    with pytest.raises(EvidenceMissingError):
        move(case, CaseState.REQUESTED, DSL, NOON, ASKING)

    with_reason = case.model_copy(update={"no_capture_reason": "vanished"})
    assert move(with_reason, CaseState.REQUESTED, DSL, NOON, ASKING)[0].state is CaseState.REQUESTED


@pytest.mark.parametrize(
    "changes",
    [
        {"lead_category": Category.CSAM},
        {"stop": True},
        {"lead_category": Category.STAFF_ALLEGATION},
        {"lead_category": Category.SAFEGUARDING_DISCLOSURE},
        {"lead_category": Category.FAIR_CRITICISM},
    ],
    ids=["csam", "stop", "allegation", "disclosure", "criticism"],
)
def test_hard_stops_refuse_every_request(changes: dict[str, Any]) -> None:
    """No request in a stopped case, without advice, or against lawful speech."""
    with pytest.raises(IllegalMoveError):
        move(at(CaseState.EVIDENCE_CAPTURED, **changes), CaseState.REQUESTED, DSL, NOON, ASKING, facts=EVIDENCE)


def test_the_system_verifies_only_with_two_agreeing_looks() -> None:
    """One look, or two that are too close, leave the case where it is; the first of two agreeing ones stops the countdown."""
    case, fields = at(CaseState.REQUESTED), {"check_ids": ["a"], "method": "web page", "observed_at": NOON}
    first, close, apart = (a_check(after=timedelta(minutes=minutes)) for minutes in (0, 14, 15))
    later = NOON + timedelta(hours=1)
    for checks in ((first,), (first, close)):
        with pytest.raises(IllegalMoveError, match="15 minutes apart"):
            move(case, CaseState.VERIFIED_REMOVED, None, later, fields, facts=Facts(checks=checks, items=("item-1",)))
    done, event = move(case, CaseState.VERIFIED_REMOVED, None, later, fields, facts=Facts(checks=(first, apart), items=("item-1",)))

    assert (done.gone_observed_at, event.by) == (NOON, "system")


def test_the_system_may_not_do_what_a_person_must() -> None:
    """The system accepts no amendment and closes no case."""
    with pytest.raises(IllegalMoveError, match="a person must"):
        move(at(CaseState.REQUESTED), CaseState.NOT_REMOVED, None, NOON, LEFT)


def test_a_hold_is_reviewed_within_a_week_and_returns_to_where_it_was() -> None:
    """Eight days are refused; the release leads back to the state before, nowhere else."""
    with pytest.raises(IllegalMoveError, match="7 days"):
        move(at(CaseState.REQUESTED), CaseState.HOLD_BY_AUTHORITY, DSL, NOON, HOLD | {"review_at": NOON + timedelta(days=8)})
    held, _event = move(at(CaseState.REQUESTED), CaseState.HOLD_BY_AUTHORITY, DSL, NOON, HOLD)
    facts, fields = Facts(previous=CaseState.REQUESTED, evidence=EVIDENCE.evidence), {"released_by": "police", "released_at": NOON}
    with pytest.raises(IllegalMoveError):
        move(held, CaseState.TRIAGED, DSL, NOON, fields, facts=facts)

    assert move(held, CaseState.REQUESTED, DSL, NOON, fields, facts=facts)[0].state is CaseState.REQUESTED


def test_only_the_head_leaves_it_standing_and_not_alone_when_serious() -> None:
    """`not_removed` is the head's, and for a high case someone other than the owner reviews it."""
    case = at(CaseState.REFUSED, severity=Severity.S3, owner_id="u-deputy")
    with pytest.raises(PermissionDeniedError):
        move(case, CaseState.NOT_REMOVED, DSL, NOON, LEFT)
    with pytest.raises(IllegalMoveError, match="other than"):
        move(case, CaseState.NOT_REMOVED, HEAD, NOON, LEFT)

    assert move(case, CaseState.NOT_REMOVED, HEAD, NOON, LEFT | {"reviewer": "u-dsl"})[0].outcome == "not_removed"


def test_a_case_with_a_child_at_risk_is_not_withdrawn() -> None:
    """Withdrawing is blocked when a child may be at risk."""
    case = at(CaseState.TRIAGED, confidentiality=Confidentiality.RESTRICTED_DSL)
    with pytest.raises(IllegalMoveError, match="child may be at risk"):
        move(case, CaseState.WITHDRAWN, DSL, NOON, {"who_withdrew": "x", "withdrawn_at": NOON, "reason": "y"})


def test_reopening_starts_a_new_countdown() -> None:
    """A closed case that is reopened runs from now; the history keeps the old one."""
    ended = at(CaseState.CLOSED, gone_observed_at=NOON, closed_at=NOON, outcome="removed")
    later = NOON + timedelta(days=30)
    case, event = move(ended, CaseState.TRIAGED, DSL, later, {"reason": "new facts"})

    assert (case.known_at, case.gone_observed_at, case.closed_at, case.outcome) == (later, None, None, None)
    assert (event.before, event.after) == (CaseState.CLOSED, CaseState.TRIAGED)


def test_a_wrong_claim_needs_the_look_that_refutes_it() -> None:
    """Back to requested only with a check that found it up."""
    case = at(CaseState.CLAIMED_REMOVED)
    up, wall = a_check(Verdict.PRESENT), a_check(Verdict.NOT_VISIBLE_TO_US)
    with pytest.raises(IllegalMoveError, match="found it up"):
        move(case, CaseState.REQUESTED, None, NOON, {"check_id": wall.id}, facts=Facts(checks=(up, wall)))

    assert move(case, CaseState.REQUESTED, None, NOON, {"check_id": up.id}, facts=Facts(checks=(up, wall)))[0].state is CaseState.REQUESTED
