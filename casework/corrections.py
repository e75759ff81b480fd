"""Taking back a step that was recorded by mistake: a new line of history with a reason, never an edit in place (domain.md §5.3, Undo)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from casework.cases import Facts, may_take, record
from casework.clocks import undone_numbers
from casework.errors import IllegalMoveError
from casework.requests import WAS_SENT, blocked, step_back
from casework.transitions import ASKED, STATE_LABELS, TRANSITIONS, Transition
from data.model.cases import Case, CaseEvent, CaseState, RequestState, TakedownRequest
from data.model.people import User
from data.model.readings import Category

CORRECTION = "correction"
TAKE_BACK = "take the last step back"


def last_step(events: Sequence[CaseEvent]) -> CaseEvent | None:
    """Return the last change of state that stands, or None when nothing was moved."""
    undone = undone_numbers(events)
    return next((one for one in reversed(events) if one.what == "moved" and one.number not in undone), None)


def correct(
    case: Case, events: Sequence[CaseEvent], by: User, now: datetime, reason: str, facts: Facts
) -> tuple[Case, CaseEvent, TakedownRequest | None]:
    """Return the case as it was before its last step, the event that says so, and the request that was not sent after all, if any.

    Whoever may take a step may take it back. Raises IllegalMoveError, PermissionDeniedError. Nothing is taken back in a case that was
    stopped, nor out of the safeguarding lead's hands: there only recorded advice leads on.
    """
    step = last_step(events)
    if step is None or step.before is None or step.after is not case.state:
        raise _refuse(case, "no step was taken that could be taken back")
    row = TRANSITIONS.get((step.before, step.after))
    if row is None:
        raise _refuse(case, "the table does not list the step")
    may_take(row, case, by, facts.target_user)
    _crosses_nothing(case, row)
    request = _unsent(case, step, facts)
    _still_fits(case, row, facts, request)
    restored = Case.model_validate(case.model_dump() | dict(step.fields.get("was") or {}) | {"state": step.before})
    changed, event = record(restored, now, by.id, CORRECTION, before=case.state, fields={"undoes": step.number}, reason=reason)
    return changed, event, request


def _refuse(case: Case, why: str) -> IllegalMoveError:
    return IllegalMoveError(TAKE_BACK, STATE_LABELS[case.state], why, case.ref)


def _crosses_nothing(case: Case, row: Transition) -> None:
    if case.stop or case.lead_category is Category.CSAM:
        raise _refuse(case, "the case was stopped; what was recorded stays")
    if row.after is CaseState.SAFEGUARDING_LEAD:
        raise _refuse(case, "a safeguarding concern is not taken back: record the advice that was given")


def _unsent(case: Case, step: CaseEvent, facts: Facts) -> TakedownRequest | None:
    """Return the request that this step recorded as sent, made ready again."""
    if step.after is not CaseState.REQUESTED or "request_id" not in step.fields:
        return None
    found = next((one for one in facts.requests if one.id == step.fields["request_id"]), None)
    if found is None or found.state is not RequestState.SENT:
        raise _refuse(case, "the recipient has answered the request since; record what it answered")
    return step_back(found)


def _still_fits(case: Case, row: Transition, facts: Facts, unsent: TakedownRequest | None) -> None:
    others = [one for one in facts.requests if one.state in WAS_SENT and (unsent is None or one.id != unsent.id)]
    if row.after in ASKED and row.before not in ASKED and others:
        raise _refuse(case, "another request was sent, so the case stays as it is")
    why = blocked(case) if row.before in ASKED else None
    if why is not None:
        raise _refuse(case, why)
