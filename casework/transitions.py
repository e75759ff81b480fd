"""The table of a case's moves (domain.md §5.2, §5.3): who may take which, what must be recorded, and the words for it on screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from data.model.cases import ENDED, CaseState, MissedReason
from data.model.people import Permission, Role

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
    "text_version": "which words were sent",
    "reporter_reply": "what the person who reported it was told",
    "missed_reason": "why the 24 hours were missed",
    "ladder_skip_reason": "why a rung is left out",
}
OUTCOME_LABELS: dict[str, str] = {
    "removed": "removed",
    "gone_before_request": "gone before anyone was asked",
    "amended": "amended",
    "not_removed": "not removed",
    "withdrawn": "withdrawn",
    "answered": "answered or left unanswered",
    "passed_on": "passed on to the police, the IWF or CEOP",
}
OUTCOMES_OF: dict[CaseState, tuple[str, ...]] = {
    S.VERIFIED_REMOVED: ("removed", "gone_before_request"),
    S.VERIFIED_AMENDED: ("amended",),
    S.NOT_REMOVED: ("not_removed",),
    S.WITHDRAWN: ("withdrawn",),
    S.REPLY_WORKFLOW: ("answered",),
    S.SAFEGUARDING_LEAD: ("passed_on",),
}
MISSED_LABELS: dict[MissedReason, str] = {
    MissedReason.PLATFORM_SLOW: "the platform or site was slow",
    MissedReason.REFUSED: "they refused",
    MissedReason.AWAITING_COMPLAINANT: "we waited for the person to file it",
    MissedReason.AWAITING_CONSENT: "we waited for consent",
    MissedReason.AUTHORITY_HOLD: "an authority asked to leave it up",
    MissedReason.LATE_TRIAGE: "we looked at it late",
    MissedReason.NO_CONTACT_FOUND: "nobody to ask could be found",
    MissedReason.OTHER: "another reason (say which)",
}
NONE_NEEDED = "none_needed"  # never in a stopped case
ADVICE_BODIES: dict[str, str] = {
    "lado": "LADO (local authority designated officer)",
    "csc": "children's social care",
    "police": "police",
    NONE_NEEDED: "no outside advice needed, because …",
}


@dataclass(frozen=True)
class Transition:
    """One row of the table: who may take a case from one state to another, and what must be recorded.

    `required` holds field names; `a|b` means one of them. `roles` narrows the permission where the policy names a role. `low` widens it:
    with an S0 matter that nobody restricted whoever judges low posts may do the same (§5.3). "HT/DSL" of the reference reads: the
    headteacher, the safeguarding lead, or the deputy in the lead's stead.
    """

    before: CaseState
    after: CaseState
    permission: Permission
    required: tuple[str, ...]
    label: str
    roles: frozenset[Role] = frozenset()
    system: bool = False
    low: bool = False


_HEAD = frozenset({Role.HEADTEACHER})
_RUNG = ("rung", "recipient", "why", "sent_at")
_GONE = ("check_ids", "method", "observed_at")
_LEAD = frozenset({Role.DSL, Role.DEPUTY_DSL})  # A10: nobody else takes a case out of the safeguarding lead's hands
_REQUEST = ("ground", "route", "recipient", "capacity", "text_version", "sent_at", "may_be_forwarded")
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
    Transition(S.TRIAGED, S.NO_ACTION, Permission.TRIAGE, ("outcome", "reason"), "No action needed", low=True),
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
            (into[state].roles if state in into else frozenset()) or _LEAD,
        )
        for state, required in wanted.items()
        if state is not S.SAFEGUARDING_LEAD
    ]


# §3.5: what may be an indecent image of a child ends with the safeguarding lead, once it was passed on (cases._guard_passed_on)
_PASSED_ON = Transition(
    S.SAFEGUARDING_LEAD, S.CLOSED, Permission.SEE_RESTRICTED_DSL, ("advice", *_CLOSE), "Passed on: close the case", _LEAD
)


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
    return table | {(row.before, row.after): row for row in (*_releases(), _PASSED_ON)}


TRANSITIONS: Mapping[tuple[CaseState, CaseState], Transition] = _table()
