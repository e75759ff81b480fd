"""The table of moves and its guards, one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from casework.cases import FACTORS, Facts, move
from casework.errors import EvidenceMissingError, FieldsMissingError, IllegalMoveError
from casework.testing import NOON, a_case, a_check, a_user, an_evidence
from casework.transitions import FIELD_LABELS, OPEN, STATE_LABELS, TRANSITIONS
from data.errors import PermissionDeniedError
from data.model.care import Band, Seriousness
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


def at(state: CaseState, **changes: Any) -> Case:
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


RUNG = {"rung": "host", "recipient": "the host", "why": "24 hours have passed", "sent_at": NOON}


def test_a_rung_that_is_left_out_has_a_reason() -> None:
    """Jumping over the platform's appeal needs words (§5.6)."""
    case = at(CaseState.REQUESTED)
    with pytest.raises(IllegalMoveError, match="left out"):
        move(case, CaseState.ESCALATED, DSL, NOON, RUNG | {"skipped": ["appeal"]}, facts=EVIDENCE)
    reasoned = RUNG | {"skipped": ["appeal"], "ladder_skip_reason": "the operator does not answer anybody"}

    assert move(case, CaseState.ESCALATED, DSL, NOON, reasoned, facts=EVIDENCE)[0].state is CaseState.ESCALATED
    assert move(case, CaseState.ESCALATED, DSL, NOON, RUNG | {"skipped": []}, facts=EVIDENCE)[0].state is CaseState.ESCALATED


@pytest.mark.parametrize("target", ["school", "none"])
def test_the_school_as_a_body_is_not_defamed(target: str) -> None:
    """The ground belongs to a person, whatever the form says (§3.3)."""
    case = at(CaseState.EVIDENCE_CAPTURED, target=target, lead_category=Category.KNOWINGLY_FALSE)

    with pytest.raises(IllegalMoveError, match="about a person"):
        move(case, CaseState.REQUESTED, DSL, NOON, ASKING | {"ground": "defamation_individual"}, facts=EVIDENCE)


def test_nobody_moves_a_case_about_themselves() -> None:
    """The linked account of whom it is about is asked on every move, and the event says that it was (§7.3)."""
    case = at(CaseState.EVIDENCE_CAPTURED, target="staff:s-1")
    with pytest.raises(PermissionDeniedError):
        move(case, CaseState.REQUESTED, DSL, NOON, ASKING, facts=replace(EVIDENCE, target_user=DSL.id))

    _case, event = move(case, CaseState.REQUESTED, DSL, NOON, ASKING, facts=replace(EVIDENCE, target_user="u-else"))
    assert event.fields["conflict_check"] == "none found"


def test_an_event_keeps_what_was_before_and_by_which_rule() -> None:
    """What a move overwrites stands in its event, so that it can be taken back."""
    ended = at(CaseState.WITHDRAWN, outcome="withdrawn", closed_at=NOON)
    _case, event = move(ended, CaseState.TRIAGED, DSL, NOON + timedelta(days=1), {"reason": "new facts"})

    assert event.fields["was"] == {"known_at": NOON.isoformat(), "closed_at": NOON.isoformat(), "outcome": "withdrawn"}
    assert (event.fields["rule"], event.fields["earlier_outcome"]) == ("removal-24h.v1", "withdrawn")


CLOSING = {
    "outcome": "removed",
    "lessons": "x",
    "support_offered": "y",
    "source_outcome": "unknown",
    "people_informed": "nobody",
    "policy_review": False,
}


@pytest.mark.parametrize(("reason", "words"), [("no_such", "from the list"), ("other", "other reason")])
def test_the_reason_for_a_missed_target_is_of_the_list(reason: str, words: str) -> None:
    """An unknown code is refused, and "other" says what."""
    gone = at(CaseState.VERIFIED_REMOVED, gone_observed_at=NOON + timedelta(hours=30), outcome="removed")

    with pytest.raises(IllegalMoveError, match=words):
        move(gone, CaseState.CLOSED, DSL, NOON + timedelta(hours=31), CLOSING | {"missed_reason": reason})


@pytest.mark.parametrize("answers", [0, 10, 11])
def test_a_high_case_is_closed_with_every_factor_assessed(answers: int) -> None:
    """One factor "not assessed" keeps it open (A17)."""  # A17
    gone = at(CaseState.VERIFIED_REMOVED, gone_observed_at=NOON, outcome="removed", severity=Severity.S3)
    form = Seriousness(
        id="s", case_id="case-1", version=1, answers=dict.fromkeys(map(str, range(answers)), 1), band=Band.MINOR, rule="v1", by="u", at=NOON
    )
    facts = Facts(seriousness=form if answers else None)
    if answers < FACTORS:
        with pytest.raises(IllegalMoveError, match="not assessed"):
            move(gone, CaseState.CLOSED, DSL, NOON, CLOSING, facts=facts)
        return

    assert move(gone, CaseState.CLOSED, DSL, NOON, CLOSING, facts=facts)[0].state is CaseState.CLOSED


def test_a_release_into_a_request_needs_no_second_form() -> None:
    """Coming back from a hold nothing new is asked of anybody."""
    held = at(CaseState.HOLD_BY_AUTHORITY, severity=Severity.S4)
    facts = replace(EVIDENCE, previous=CaseState.REQUESTED)

    assert move(held, CaseState.REQUESTED, DSL, NOON, {"released_by": "police", "released_at": NOON}, facts=facts)[0].state is (
        CaseState.REQUESTED
    )
