"""A case's states and moves as a table (domain.md §5.2, §5.3). Anything that is not listed is refused.

A change of state is an event, never an edit: `move` returns the case in its new state and the event that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from casework import access
from casework.checks import ConclusionWord, seen
from casework.errors import EvidenceMissingError, FieldsMissingError, IllegalMoveError
from casework.requests import NEEDS_ADVICE, WAS_SENT, blocked, has_evidence
from data.errors import PermissionDeniedError
from data.model.base import new_id
from data.model.cases import ENDED, Case, CaseEvent, CaseState, Confidentiality, RemovalCheck, TakedownRequest, VerdictGroup
from data.model.evidence import Evidence
from data.model.people import Permission, Role, User
from data.model.readings import OUTCOMES, SAFEGUARDING, Category, Severity

S = CaseState
VERIFIED: frozenset[CaseState] = frozenset({S.VERIFIED_REMOVED, S.VERIFIED_AMENDED})
OPEN: frozenset[CaseState] = frozenset(CaseState) - ENDED - VERIFIED
ASKED: frozenset[CaseState] = frozenset({S.REQUESTED, S.CLAIMED_REMOVED, S.REFUSED, S.ESCALATED})
REVIEW_WITHIN = timedelta(days=7)  # §5.3: a hold is looked at again within a week
SYSTEM = "system"

STATE_LABELS: dict[CaseState, str] = {
    S.TRIAGED: "judged, waits for evidence",
    S.NO_ACTION: "no action",
    S.REPLY_WORKFLOW: "to be answered",
    S.SAFEGUARDING_LEAD: "with the safeguarding lead",
    S.EVIDENCE_CAPTURED: "evidence captured",
    S.AWAITING_CONSENT: "waits for consent",
    S.AWAITING_COMPLAINANT: "waits for the person to file",
    S.HOLD_BY_AUTHORITY: "held for an authority",
    S.REQUESTED: "removal requested",
    S.CLAIMED_REMOVED: "they say it is removed",
    S.VERIFIED_REMOVED: "gone: our own checks agree",
    S.VERIFIED_AMENDED: "amended and accepted",
    S.REFUSED: "refused",
    S.ESCALATED: "escalated",
    S.NOT_REMOVED: "not removed",
    S.WITHDRAWN: "withdrawn",
    S.CLOSED: "closed",
}
FIELD_LABELS: dict[str, str] = {
    "reason": "reason",
    "advice": "advice that was given, and by whom",
    "outcome": "what it was instead",
    "reply_owner": "who writes the reply",
    "evidence_id": "captured evidence",
    "no_capture_reason": "why it cannot be captured",
    "ground": "ground",
    "route": "route",
    "recipient": "who is asked",
    "capacity": "in what capacity",
    "sent_at": "when it was sent",
    "may_be_forwarded": "whether it may be forwarded or published",
    "person": "who must agree",
    "asked_at": "when they were asked",
    "what_for": "what for",
    "result": "their answer",
    "result_at": "when they answered",
    "how_given": "how the answer was given",
    "supporter": "who supports the person",
    "pack_sent_at": "when the pack was handed over",
    "filed_at": "when the person filed",
    "reference": "reference",
    "body": "authority",
    "officer": "officer",
    "review_at": "when to look again (within 7 days)",
    "released_by": "who released it",
    "released_at": "when it was released",
    "who_claimed": "who says so",
    "claimed_at": "when they said so",
    "check_ids": "checks that agree",
    "method": "how it was checked",
    "observed_at": "when it was first found gone",
    "check_id": "the check that found it up",
    "decision_text": "what they answered",
    "appeal_by": "appeal by",
    "new_capture": "the new capture",
    "what_changed": "what changed",
    "accepted_by": "who accepts the change",
    "rung": "rung",
    "why": "why",
    "rungs_tried": "what was tried",
    "support_plan": "support plan",
    "reviewer": "who reviewed it",
    "who_withdrew": "who withdrew",
    "withdrawn_at": "when they withdrew",
    "lessons": "lessons",
    "support_offered": "support offered",
    "source_outcome": "what is known about the source",
    "people_informed": "who was told",
    "policy_review": "whether the policy should be reviewed",
    "reply_link": "link to the reply",
    "refusal_reason": "why there was no reply",
    "previous": "the state before",
}
OUTCOME_LABELS: dict[str, str] = {
    "removed": "removed",
    "gone_before_request": "gone before anyone was asked",
    "amended": "amended",
    "not_removed": "not removed",
    "withdrawn": "withdrawn",
    "answered": "answered or left unanswered",
}
OUTCOMES_OF: dict[CaseState, tuple[str, ...]] = {
    S.VERIFIED_REMOVED: ("removed", "gone_before_request"),
    S.VERIFIED_AMENDED: ("amended",),
    S.NOT_REMOVED: ("not_removed",),
    S.WITHDRAWN: ("withdrawn",),
    S.REPLY_WORKFLOW: ("answered",),
}
ADVICE_BODIES: dict[str, str] = {
    "lado": "LADO (local authority designated officer)",
    "csc": "children's social care",
    "police": "police",
    "none_needed": "no outside advice needed, because …",
}


@dataclass(frozen=True)
class Transition:
    """One row of the table: who may take a case from one state to another, and what must be recorded.

    `required` holds field names; `a|b` means one of them. `roles` narrows the permission where the policy names a role.
    """

    before: CaseState
    after: CaseState
    permission: Permission
    required: tuple[str, ...]
    label: str
    roles: frozenset[Role] = frozenset()
    system: bool = False


_HEAD = frozenset({Role.HEADTEACHER})
_RUNG = ("rung", "recipient", "why", "sent_at")
_GONE = ("check_ids", "method", "observed_at")
_REQUEST = ("ground", "route", "recipient", "capacity", "sent_at", "may_be_forwarded")
_CLOSE = ("outcome", "lessons", "support_offered", "source_outcome", "people_informed", "policy_review")
_HOLD = ("body", "officer", "reference", "asked_at", "review_at")
_LEFT = ("rungs_tried", "reason", "support_plan", "reviewer")


def _rows(
    befores: Iterable[CaseState],
    after: CaseState,
    permission: Permission,
    required: tuple[str, ...],
    label: str,
    *,
    roles: frozenset[Role] = frozenset(),
    system: bool = False,
) -> list[Transition]:
    return [Transition(before, after, permission, required, label, roles, system) for before in befores if before is not after]


_LISTED: list[Transition] = [
    *_rows([S.TRIAGED], S.NO_ACTION, Permission.TRIAGE, ("outcome", "reason"), "No action needed"),
    *_rows([S.TRIAGED], S.REPLY_WORKFLOW, Permission.DECIDE_REPLY, ("reply_owner",), "Answer it instead"),
    *_rows(
        [S.TRIAGED],
        S.EVIDENCE_CAPTURED,
        Permission.CAPTURE,
        ("evidence_id|no_capture_reason",),
        "Evidence is captured",
        system=True,
    ),
    *_rows([S.EVIDENCE_CAPTURED], S.REQUESTED, Permission.REQUEST, _REQUEST, "Request sent"),
    *_rows([S.EVIDENCE_CAPTURED], S.AWAITING_CONSENT, Permission.REQUEST, ("person", "asked_at", "what_for"), "Wait for consent"),
    *_rows([S.AWAITING_CONSENT], S.EVIDENCE_CAPTURED, Permission.REQUEST, ("result", "result_at", "how_given"), "Consent answered"),
    *_rows([S.EVIDENCE_CAPTURED], S.AWAITING_COMPLAINANT, Permission.REQUEST, ("supporter", "pack_sent_at"), "The person files it"),
    *_rows([S.AWAITING_COMPLAINANT], S.REQUESTED, Permission.REQUEST, ("filed_at", "reference"), "The person has filed it"),
    *_rows(OPEN, S.HOLD_BY_AUTHORITY, Permission.REQUEST, _HOLD, "An authority asks to leave it up"),
    *_rows(
        [S.REQUESTED, S.ESCALATED],
        S.CLAIMED_REMOVED,
        Permission.REQUEST,
        ("who_claimed", "claimed_at"),
        "They say it is removed",
        system=True,
    ),
    *_rows(ASKED | {S.HOLD_BY_AUTHORITY}, S.VERIFIED_REMOVED, Permission.REQUEST, _GONE, "Our checks agree: gone", system=True),
    *_rows(
        [S.TRIAGED, S.EVIDENCE_CAPTURED, S.AWAITING_CONSENT, S.AWAITING_COMPLAINANT],
        S.VERIFIED_REMOVED,
        Permission.REQUEST,
        _GONE,
        "Gone before anyone was asked",
    ),
    *_rows([S.CLAIMED_REMOVED], S.REQUESTED, Permission.REQUEST, ("check_id",), "It is still up", system=True),
    *_rows([S.CLAIMED_REMOVED], S.ESCALATED, Permission.REQUEST, ("check_id", *_RUNG), "It is still up: next rung"),
    *_rows([S.REFUSED], S.REQUESTED, Permission.REQUEST, ("decision_text", "ground", "route"), "Appeal, or another way"),
    *_rows([S.ESCALATED], S.REFUSED, Permission.REQUEST, ("decision_text",), "They refused"),
    *_rows(
        ASKED | {S.HOLD_BY_AUTHORITY},
        S.VERIFIED_AMENDED,
        Permission.REQUEST,
        ("new_capture", "what_changed", "accepted_by"),
        "The harmful part is gone",
    ),
    *_rows([S.REQUESTED], S.REFUSED, Permission.REQUEST, ("decision_text", "appeal_by"), "They refused"),
    *_rows([S.REQUESTED, S.REFUSED], S.ESCALATED, Permission.REQUEST, _RUNG, "Next rung"),
    *_rows(OPEN, S.NOT_REMOVED, Permission.CLOSE, _LEFT, "It stays up", roles=_HEAD),
    *_rows(OPEN, S.WITHDRAWN, Permission.CLOSE, ("who_withdrew", "withdrawn_at", "reason"), "Withdrawn by the person concerned"),
    *_rows([*VERIFIED, S.NOT_REMOVED, S.WITHDRAWN], S.CLOSED, Permission.CLOSE, _CLOSE, "Close the case"),
    *_rows([S.REPLY_WORKFLOW], S.CLOSED, Permission.DECIDE_REPLY, ("reply_link|refusal_reason",), "The reply is settled"),
    *_rows(
        [S.NO_ACTION, S.REPLY_WORKFLOW, S.NOT_REMOVED, S.WITHDRAWN, S.CLOSED],
        S.TRIAGED,
        Permission.TRIAGE,
        ("reason",),
        "Reopen: a new countdown starts",
    ),
]


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _releases() -> list[Transition]:
    """`safeguarding_lead` to any other: advice first, then whatever the state itself asks for; the way to `closed` is by an end state."""
    into: dict[CaseState, Transition] = {row.after: row for row in _LISTED if row.after is not S.CLOSED and row.before in OPEN}
    wanted: dict[CaseState, tuple[str, ...]] = {S.TRIAGED: ("reason",)}
    # A state that speaks of a request is only gone back to (_guard_release): what was recorded then still stands.
    wanted |= {state: () if state in ASKED else row.required for state, row in into.items()}
    return [
        Transition(
            S.SAFEGUARDING_LEAD,
            state,
            Permission.SEE_RESTRICTED_DSL,
            _joined(("advice",), required),
            "Release to ordinary casework" if state is S.TRIAGED else f"Release: {into[state].label.lower()}",
            into[state].roles if state in into else frozenset(),
        )
        for state, required in wanted.items()
        if state is not S.SAFEGUARDING_LEAD
    ]


def _table() -> dict[tuple[CaseState, CaseState], Transition]:
    rows = [
        *_LISTED,
        *_rows([S.HOLD_BY_AUTHORITY], S.SAFEGUARDING_LEAD, Permission.REPORT, ("reason",), "Safeguarding concern", system=True),
        *_rows(CaseState, S.SAFEGUARDING_LEAD, Permission.REPORT, ("reason",), "Safeguarding concern", system=True),
    ]
    table = {(row.before, row.after): row for row in rows}
    for state in OPEN - {S.HOLD_BY_AUTHORITY, S.SAFEGUARDING_LEAD}:  # back to where it was
        row = Transition(S.HOLD_BY_AUTHORITY, state, Permission.REQUEST, ("released_by", "released_at"), "The authority releases it")
        table.setdefault((row.before, row.after), row)
    return table | {(row.before, row.after): row for row in _releases()}


TRANSITIONS: Mapping[tuple[CaseState, CaseState], Transition] = _table()


@dataclass(frozen=True)
class Facts:
    """What the store knows about a case, as far as a guard asks for it. `previous` is the state before a hold."""

    evidence: tuple[Evidence, ...] = ()
    requests: tuple[TakedownRequest, ...] = ()
    checks: tuple[RemovalCheck, ...] = ()
    items: tuple[str, ...] = ()
    previous: CaseState | None = None

    @property
    def was_asked(self) -> bool:
        """Whether any request went out."""
        return any(request.state in WAS_SENT for request in self.requests)


@dataclass(frozen=True)
class _Try:
    """A move that is being tried: what the guards look at."""

    case: Case
    to: CaseState
    fields: Mapping[str, Any]
    facts: Facts
    now: datetime

    def refuse(self, why: str) -> IllegalMoveError:
        """Return the refusal in words."""
        return IllegalMoveError(STATE_LABELS[self.to], STATE_LABELS[self.case.state], why, self.case.ref)


def is_filled(fields: Mapping[str, Any], name: str) -> bool:
    """Whether a required field is there; `a|b` asks for one of the two. False and 0 are answers, blank text is not."""
    values = [fields.get(one) for one in name.split("|")]
    return any(value is not None and (not isinstance(value, (str, tuple, list)) or len(_bare(value)) > 0) for value in values)


def _bare(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def missing(row: Transition, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the labels of the fields that a move still needs."""
    names = (name for name in row.required if not is_filled(fields, name))
    return tuple(" or ".join(FIELD_LABELS.get(one, one) for one in name.split("|")) for name in names)


def move(
    case: Case,
    to: CaseState,
    by: User | None,
    now: datetime,
    fields: Mapping[str, Any],
    *,
    facts: Facts | None = None,
    reason: str | None = None,
) -> tuple[Case, CaseEvent]:
    """Return the case in its new state and the event that records the move; `by` None is the system.

    Raises IllegalMoveError for a move that the table does not list or a guard refuses, FieldsMissingError naming what must be filled in,
    EvidenceMissingError before evidence (A14), PermissionDeniedError for a person who may not.
    """
    row = TRANSITIONS.get((case.state, to))
    if row is None:
        raise IllegalMoveError(STATE_LABELS[to], STATE_LABELS[case.state], "choose one of the steps offered", case.ref)
    _who(row, case, by)
    given = dict(fields) | ({"reason": reason} if reason else {})
    lacking = missing(row, given)
    if lacking:
        raise FieldsMissingError(row.label, STATE_LABELS[case.state], lacking, case.ref)
    attempt = _Try(case, to, given, facts or Facts(), now)
    for guard in _GUARDS:
        guard(attempt)
    who = SYSTEM if by is None else by.id
    return record(_changed(attempt), now, who, "moved", before=case.state, fields=given, reason=given.get("reason"))


def _who(row: Transition, case: Case, by: User | None) -> None:
    if by is None:
        if not row.system:
            raise IllegalMoveError(row.label, STATE_LABELS[case.state], "a person must do this", case.ref)
        return
    if access.conflicted(by, case.school_id, case.target):
        raise PermissionDeniedError(by.id, row.permission.value)  # §7.3: nobody acts in a case about themselves
    access.must(by, row.permission, case)
    if row.roles and not row.roles & access.acts_as(by, case):
        raise PermissionDeniedError(by.id, f"{row.label.lower()} (the headteacher decides)")


def record(
    case: Case,
    now: datetime,
    who: str,
    what: str,
    *,
    before: CaseState | None = None,
    fields: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> tuple[Case, CaseEvent]:
    """Return the case one revision on, and the event that is its history's next line."""
    changed = case.model_copy(update={"revision": case.revision + 1})
    event = CaseEvent(
        id=new_id(now),
        case_id=case.id,
        number=changed.revision,
        at=now,
        by=who,
        what=what,
        before=before,
        after=case.state if before is not None else None,
        fields={name: plain(value) for name, value in (fields or {}).items()},
        reason=reason,
    )
    return changed, event


def plain(value: Any) -> Any:
    """Return a value that the history can keep as JSON: times as ISO text, tuples as lists."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def opened(case: Case, who: str, *, reason: str, fields: Mapping[str, Any]) -> CaseEvent:
    """Return the first line of a case's history."""
    return CaseEvent(
        id=new_id(case.opened_at),
        case_id=case.id,
        number=case.revision,
        at=case.opened_at,
        by=who,
        what="opened",
        after=case.state,
        fields={name: plain(value) for name, value in fields.items()},
        reason=reason,
    )


_ENDS = ENDED | VERIFIED


def _changed(attempt: _Try) -> Case:
    update: dict[str, Any] = {"state": attempt.to}
    setter = _SETTERS.get(attempt.to)
    if setter is not None:
        update |= setter(attempt)
    if attempt.to in OPEN and attempt.case.state in _ENDS:
        update |= {"closed_at": None, "outcome": None}
    if attempt.case.state is S.SAFEGUARDING_LEAD and attempt.to is not S.SAFEGUARDING_LEAD:
        update |= {"advice": str(attempt.fields["advice"]), "advice_recorded_at": attempt.case.advice_recorded_at or attempt.now}
    return attempt.case.model_copy(update=update)


def _set_triaged(attempt: _Try) -> dict[str, Any]:
    # §5.3, last rows: reopening starts a new countdown; the old one stays in the history
    return {"known_at": attempt.now, "gone_observed_at": None, "closed_at": None} if attempt.case.state in _ENDS else {}


def _set_safeguarding(attempt: _Try) -> dict[str, Any]:
    severity = max(attempt.case.severity, Severity.S3)  # A10: at least S3, at once with the DSL
    stricter = attempt.case.confidentiality is Confidentiality.NORMAL
    return {"severity": severity} | ({"confidentiality": Confidentiality.RESTRICTED_DSL} if stricter else {})


def _set_evidence(attempt: _Try) -> dict[str, Any]:
    reason = attempt.fields.get("no_capture_reason")
    return {"no_capture_reason": str(reason).strip()} if reason else {}


def _set_gone(attempt: _Try) -> dict[str, Any]:
    conclusion = seen(attempt.case, attempt.facts.checks, attempt.now, items=attempt.facts.items)
    asked = attempt.facts.was_asked or attempt.case.state in ASKED  # a person may have filed it without a request of ours (A19)
    outcome = "removed" if asked else "gone_before_request"
    return {"gone_observed_at": conclusion.gone_observed_at, "outcome": outcome}


def _set_end(outcome: str) -> Callable[[_Try], dict[str, Any]]:
    def setter(attempt: _Try) -> dict[str, Any]:
        return {"outcome": outcome, "closed_at": attempt.now}

    return setter


def _set_closed(attempt: _Try) -> dict[str, Any]:
    kept = attempt.case.closed_at or attempt.now  # what ended earlier (not removed, withdrawn) keeps the moment at which it did
    return {"closed_at": kept, "outcome": attempt.fields.get("outcome") or attempt.case.outcome or "answered"}


def _set_no_action(attempt: _Try) -> dict[str, Any]:
    return {"outcome": str(attempt.fields["outcome"]), "closed_at": attempt.now}


_SETTERS: dict[CaseState, Callable[[_Try], dict[str, Any]]] = {
    S.TRIAGED: _set_triaged,
    S.SAFEGUARDING_LEAD: _set_safeguarding,
    S.EVIDENCE_CAPTURED: _set_evidence,
    S.VERIFIED_REMOVED: _set_gone,
    S.VERIFIED_AMENDED: lambda attempt: {"outcome": "amended", "gone_observed_at": attempt.now},
    S.NOT_REMOVED: _set_end("not_removed"),
    S.WITHDRAWN: _set_end("withdrawn"),
    S.NO_ACTION: _set_no_action,
    S.CLOSED: _set_closed,
}


def _guard_asking(attempt: _Try) -> None:
    """No `requested` or `escalated` on a hard stop, without advice, with an outcome of §4.3, or before evidence."""
    if attempt.to not in ASKED or attempt.case.state in ASKED - {S.REFUSED}:
        return
    why = blocked(_advised(attempt))
    if why is not None:
        raise attempt.refuse(why)
    if not has_evidence(attempt.case, attempt.facts.evidence):
        raise EvidenceMissingError


def _advised(attempt: _Try) -> Case:
    """Return the case as it is once the advice that comes with this very move is recorded."""
    return attempt.case.model_copy(update={"advice_recorded_at": attempt.now}) if _advice_comes_with(attempt) else attempt.case


def _advice_comes_with(attempt: _Try) -> bool:
    return attempt.case.state is S.SAFEGUARDING_LEAD and is_filled(attempt.fields, "advice")


def _guard_escalating(attempt: _Try) -> None:
    """A rung may be climbed only where asking is allowed at all."""
    if attempt.to is S.ESCALATED:
        why = blocked(_advised(attempt))
        if why is not None:
            raise attempt.refuse(why)


def _guard_evidence(attempt: _Try) -> None:
    """`evidence_captured` needs a capture that shows the post, or a reason that was written down (A14)."""
    if attempt.to is S.EVIDENCE_CAPTURED and attempt.case.state is not S.AWAITING_CONSENT:
        given = is_filled(attempt.fields, "no_capture_reason")
        if not given and not has_evidence(attempt.case, attempt.facts.evidence):
            raise EvidenceMissingError
        if attempt.case.stop and not given:
            why = "nothing is captured in a case that was stopped; record why instead"
            raise attempt.refuse(why)


def _guard_gone(attempt: _Try) -> None:
    """`verified_removed` needs two agreeing looks of our own, at least 15 minutes apart, whoever moves the case."""
    if attempt.to is not S.VERIFIED_REMOVED:
        return
    conclusion = seen(attempt.case, attempt.facts.checks, attempt.now, items=attempt.facts.items)
    if conclusion.word is not ConclusionWord.VERIFIED:
        why = f"two of our own checks, at least 15 minutes apart, must find it gone; now: {conclusion.says}"
        raise attempt.refuse(why)


def _guard_claim_wrong(attempt: _Try) -> None:
    """Back from "they say it is removed" only when a look found it up."""
    if attempt.case.state is S.CLAIMED_REMOVED and attempt.to in {S.REQUESTED, S.ESCALATED}:
        wanted = attempt.fields.get("check_id")
        named = [check for check in attempt.facts.checks if check.id == wanted]
        if not any(check.verdict.group in {VerdictGroup.UP, VerdictGroup.AMENDED} for check in named):
            why = "a check that found it up must be named"
            raise attempt.refuse(why)


def _guard_hold(attempt: _Try) -> None:
    """A hold is looked at again within seven days, and ends where it began."""
    if attempt.to is S.HOLD_BY_AUTHORITY:
        review = attempt.fields["review_at"]
        if not isinstance(review, datetime) or not attempt.now <= review <= attempt.now + REVIEW_WITHIN:
            why = "the date to look again must lie within the next 7 days"
            raise attempt.refuse(why)
    row = TRANSITIONS[(attempt.case.state, attempt.to)]
    if "released_by" in row.required and attempt.to is not attempt.facts.previous:
        why = (
            f"it returns to '{STATE_LABELS[attempt.facts.previous]}'" if attempt.facts.previous else "the state before the hold is unknown"
        )
        raise attempt.refuse(why)


def _guard_release(attempt: _Try) -> None:
    """Out of safeguarding into a state that speaks of a request: only into the one it was taken from."""
    if attempt.case.state is S.SAFEGUARDING_LEAD and attempt.to in ASKED and attempt.to is not attempt.facts.previous:
        why = "it was not there before; release it to ordinary casework first"
        raise attempt.refuse(why)


def _guard_outcome(attempt: _Try) -> None:
    """`no_action` names an outcome of §4.3; closing names one that fits how the case ended."""
    outcome = attempt.fields.get("outcome")
    if attempt.to is S.NO_ACTION and outcome not in {category.value for category in OUTCOMES}:
        why = "choose what it was instead, from the list of outcomes"
        raise attempt.refuse(why)
    fitting = OUTCOMES_OF.get(attempt.case.state, ())
    if attempt.to is S.CLOSED and outcome is not None and outcome not in fitting:
        why = f"the outcome does not fit; possible: {', '.join(OUTCOME_LABELS[one] for one in fitting)}"
        raise attempt.refuse(why)


def _guard_child(attempt: _Try) -> None:
    """A case in which a child may be at risk is not withdrawn; a disclosure or allegation is not made to go away without advice (2.5)."""
    case = attempt.case
    if attempt.to is S.WITHDRAWN and (case.lead_category in SAFEGUARDING or case.confidentiality is Confidentiality.RESTRICTED_DSL):
        why = "a child may be at risk, so it cannot be withdrawn"
        raise attempt.refuse(why)
    ends = attempt.to in ENDED | VERIFIED
    if ends and case.lead_category in NEEDS_ADVICE and case.advice_recorded_at is None and not _advice_comes_with(attempt):
        why = "record the advice of the LADO, children's social care or the police first, or why none was needed"
        raise attempt.refuse(why)


def _guard_reviewer(attempt: _Try) -> None:
    """A serious case left standing is reviewed by somebody other than its owner."""
    serious = attempt.case.severity >= Severity.S3
    if attempt.to is S.NOT_REMOVED and serious and attempt.fields.get("reviewer") == attempt.case.owner_id:
        why = "for a high or critical case someone other than the case's owner must review this"
        raise attempt.refuse(why)


def _guard_csam(attempt: _Try) -> None:
    """A case that was stopped leaves the safeguarding lead only to be held for an authority, or to end."""
    is_stopped = attempt.case.stop or attempt.case.lead_category is Category.CSAM
    if is_stopped and attempt.to in {S.REQUESTED, S.ESCALATED, S.AWAITING_COMPLAINANT}:
        why = "this may be an indecent image of a child: no request is sent from here"
        raise attempt.refuse(why)


_GUARDS: tuple[Callable[[_Try], None], ...] = (
    _guard_csam,
    _guard_asking,
    _guard_escalating,
    _guard_evidence,
    _guard_gone,
    _guard_claim_wrong,
    _guard_hold,
    _guard_release,
    _guard_outcome,
    _guard_child,
    _guard_reviewer,
)


def allowed(case: Case, by: User) -> tuple[Transition, ...]:
    """Return the rows of the table that this person may use now; guards are asked when the move is tried."""
    return tuple(row for row in TRANSITIONS.values() if row.before is case.state and _may(row, case, by))


def _may(row: Transition, case: Case, by: User) -> bool:
    try:
        _who(row, case, by)
    except PermissionDeniedError:
        return False
    return True
