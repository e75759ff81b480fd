"""What a case needs next, what stands in the way, and how its countdown stands: pure, for screens and reminders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from casework import clocks, routes
from casework.cases import Facts
from casework.checks import Conclusion, ConclusionWord
from casework.files import AllowedMove, NextStep
from casework.referrals import ends_stop
from casework.requests import NEEDS_ADVICE, has_evidence
from casework.seriousness import still_asked
from casework.transitions import STATE_LABELS, Transition
from data.model.cases import ENDED, Case, CaseState, RequestState, Standing
from data.model.evidence import CaptureOrder, OrderState
from data.model.readings import Severity

STOP_STEPS: tuple[str, ...] = (
    "Do not open the address, and do not ask anyone for a copy.",
    "Tell the safeguarding lead now. In danger call 999; otherwise the police on 101.",
    "A public web page: report the address to the Internet Watch Foundation. Grooming: report to CEOP.",
    "The young person can use Report Remove (Childline and IWF).",
    "Write down who saw what and when. Nothing is captured, shown or sent from here.",
    "The 24 hours run for telling the police or the Internet Watch Foundation. No request to the platform goes from here.",
)
S = CaseState
_TO_CLOSE = frozenset({S.VERIFIED_REMOVED, S.VERIFIED_AMENDED, S.NOT_REMOVED, S.WITHDRAWN})
_STATE_STEPS: dict[CaseState, NextStep] = {
    S.AWAITING_CONSENT: NextStep("Record the person's answer to the question for consent.", "move"),
    S.AWAITING_COMPLAINANT: NextStep("Record when the person filed the report.", "move"),
    S.HOLD_BY_AUTHORITY: NextStep("Wait for the authority's release; record it when it comes.", "move"),
    S.REFUSED: NextStep("They refused: appeal, choose another way, or the next rung.", "draft"),
    S.ESCALATED: NextStep("Wait for the answer; our checks go on.", "wait"),
    S.VERIFIED_REMOVED: NextStep("Gone: note the lessons and the support offered, then close the case.", "close"),
    S.VERIFIED_AMENDED: NextStep("Amended: note the lessons and the support offered, then close the case.", "close"),
    S.NOT_REMOVED: NextStep("It stays up: note the lessons and the support offered, then close the case.", "close"),
    S.WITHDRAWN: NextStep("Withdrawn: note the lessons and the support offered, then close the case.", "close"),
    S.REPLY_WORKFLOW: NextStep("The headteacher decides on the reply.", "reply"),
    S.NO_ACTION: NextStep("No action needed.", "done"),
    S.CLOSED: NextStep("Closed.", "done"),
}


def case_standing(case: Case, now: datetime) -> Standing:
    """Return the case's countdown; it stops when it was first found gone, or when the case ended (not removed counts as missed)."""
    return clocks.removal_standing(case, now)


def left(case: Case, standing: Standing) -> str:
    """Say the time left; an ended case without a removal says how it ended instead."""
    return clocks.removal_text(case, standing)


def next_step(case: Case, facts: Facts, orders: Sequence[CaptureOrder], conclusion: Conclusion) -> NextStep:
    """Return the one thing the case needs now."""
    if case.state in ENDED or case.state in {S.VERIFIED_REMOVED, S.VERIFIED_AMENDED}:
        return _over(case, facts)
    if case.stop:
        return _stopped(case, facts)
    if conclusion.word is ConclusionWord.VERIFIED:
        return NextStep("Our checks find it gone before anyone was asked: record that it is gone.", "move")
    if conclusion.word is ConclusionWord.AMENDED:
        return NextStep("The text was changed: look whether the harm is gone.", "check")
    if case.state is S.SAFEGUARDING_LEAD or (case.lead_category in NEEDS_ADVICE and case.advice_recorded_at is None):
        return NextStep("Record the advice of the LADO, children's social care or the police; until then nobody is asked.", "record_advice")
    return _working(case, facts, orders)


def _over(case: Case, facts: Facts) -> NextStep:
    if case.state in _TO_CLOSE and not case.stop and still_asked(case.severity, facts.seriousness):
        return NextStep("It is over: answer what the seriousness form still asks (policy A17), then close the case.", "assess")
    return _STATE_STEPS[case.state]


def _stopped(case: Case, facts: Facts) -> NextStep:
    if case.advice_recorded_at is not None and ends_stop(facts.referrals):
        return NextStep("Passed on: note what was learned and who was told, then close the case.", "close")
    return NextStep("STOP: the safeguarding lead deals with it with the police or the IWF. Nothing is opened or captured.", "stop")


def _working(case: Case, facts: Facts, orders: Sequence[CaptureOrder]) -> NextStep:
    if case.state is S.TRIAGED:
        return _capturing(orders)
    if case.state is S.EVIDENCE_CAPTURED:
        if any(request.state is RequestState.READY for request in facts.requests):
            return NextStep("A request is ready: send it yourself, then record it as sent.", "send")
        if case.severity >= Severity.S3 and facts.seriousness is None:
            return NextStep("Say how serious it is (policy A17); then somebody may be asked.", "assess")
        return NextStep("Choose a way and draft the request. Nothing is sent by Schoolwatch.", "draft")
    if case.state in {S.REQUESTED, S.CLAIMED_REMOVED}:
        says = (
            "They say it is removed; our own checks must find it gone twice." if case.state is S.CLAIMED_REMOVED else "Wait for our checks."
        )
        return NextStep(says, "wait")
    return _STATE_STEPS[case.state]


def _capturing(orders: Sequence[CaptureOrder]) -> NextStep:
    under_way = [order for order in orders if order.state in {OrderState.WAITING, OrderState.RUNNING}]
    if under_way and all(order.cancel_asked_by is not None for order in under_way):
        return NextStep("Wait a moment: the capture is being ended.", "wait_capture")
    if under_way:
        return NextStep("Evidence is being captured.", "wait_capture")
    if orders and orders[-1].state is OrderState.FAILED:
        return NextStep("The capture failed: try again, or record why it cannot be captured.", "capture")
    return NextStep("Capture the evidence before anyone is asked (policy A14).", "capture")


def blocked(case: Case, facts: Facts) -> tuple[str, ...]:
    """Return every reason why no request can be sent now; empty when one may."""
    reasons = [*routes.hard_stops(case)]
    if case.state in ENDED | {S.VERIFIED_REMOVED, S.VERIFIED_AMENDED}:
        reasons.append(f"the case is at '{STATE_LABELS[case.state]}'")
    elif not case.stop and not has_evidence(case, facts.evidence):
        reasons.append("evidence comes first (policy A14): capture the post, or record why it cannot be captured")
    return tuple(reasons)


def as_move(row: Transition, required: tuple[str, ...]) -> AllowedMove:
    """Return a row of the table as the screen offers it, with what this case must record on it."""
    return AllowedMove(row.after, row.label, required, f"The case goes to '{STATE_LABELS[row.after]}'. Nothing is sent to anyone.")
