"""A case's states and moves as a table (domain.md §5.2, §5.3). Anything that is not listed is refused.

A change of state is an event, never an edit: `move` returns the case in its new state and the event that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework import access, clocks
from casework.checks import ConclusionWord, seen
from casework.countdown import RULE
from casework.errors import EvidenceMissingError, FieldsMissingError, IllegalMoveError
from casework.referrals import ends_stop
from casework.requests import NEEDS_ADVICE, WAS_SENT, blocked, has_evidence, text_version
from casework.transitions import (
    ASKED,
    FIELD_LABELS,
    OPEN,
    OUTCOME_LABELS,
    OUTCOMES_OF,
    REVIEW_WITHIN,
    STATE_LABELS,
    SYSTEM,
    TRANSITIONS,
    VERIFIED,
    S,
    Transition,
)
from data.errors import PermissionDeniedError
from data.model.base import new_id
from data.model.care import Referral, Seriousness
from data.model.cases import (
    ENDED,
    Case,
    CaseEvent,
    CaseState,
    Confidentiality,
    Ground,
    MissedReason,
    RemovalCheck,
    TakedownRequest,
    VerdictGroup,
)
from data.model.evidence import Evidence, EvidenceKind
from data.model.people import Permission, User
from data.model.readings import OUTCOMES, SAFEGUARDING, Category, Severity

FACTORS = 11  # of the seriousness form (§6): ten, the fourth in two parts


@dataclass(frozen=True)
class Facts:
    """What the store knows about a case, as far as a guard asks for it.

    `previous` is the state before a hold, `seriousness` the newest form (A17), `target_user` the account of whom it is about,
    `claimed_at` when it was last recorded that somebody says it is removed.
    """

    evidence: tuple[Evidence, ...] = ()
    requests: tuple[TakedownRequest, ...] = ()
    checks: tuple[RemovalCheck, ...] = ()
    items: tuple[str, ...] = ()
    previous: CaseState | None = None
    seriousness: Seriousness | None = None
    referrals: tuple[Referral, ...] = ()
    target_user: str | None = None
    claimed_at: datetime | None = None

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


def required(row: Transition, case: Case, now: datetime) -> tuple[str, ...]:
    """Return what a move must record: what the table lists, and what this very case asks besides.

    Whoever reported it gets an answer before it is put aside or closed (B23); a missed target has its reason by then (§5.4).
    """
    more: list[str] = []
    if row.after in {S.NO_ACTION, S.CLOSED} and case.reporter_type == "report":  # B23
        more.append("reporter_reply")
    if row.after is S.CLOSED and case.missed_reason is None and not case.stop and clocks.missed(case, now):
        more.append("missed_reason")
    return (*row.required, *more)


def missing(names: Iterable[str], fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the labels of the fields that a move still needs."""
    names = (name for name in names if not is_filled(fields, name))
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
    known = facts or Facts()
    may_take(row, case, by, known.target_user)
    given = dict(fields) | _known(fields, known) | ({"reason": reason} if reason else {})
    lacking = missing(required(row, case, now), given)
    if lacking:
        raise FieldsMissingError(row.label, STATE_LABELS[case.state], lacking, case.ref)
    attempt = _Try(case, to, given, known, now)
    for guard in _GUARDS:
        guard(attempt)
    changed = _changed(attempt)
    kept = given | _kept(case, changed, now) | {"conflict_check": "none found"}  # §5.3: every guard was asked
    return record(changed, now, SYSTEM if by is None else by.id, "moved", before=case.state, fields=kept, reason=given.get("reason"))


def _known(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """Return which words were sent: a print of the request as a person approved it."""
    sent = next((one for one in facts.requests if one.id == fields.get("request_id")), None)
    return {} if sent is None else {"text_version": text_version(sent)}


def _kept(case: Case, changed: Case, now: datetime) -> dict[str, Any]:
    """Return what the event keeps: what the case held before (for a correction), the countdown's rule, a countdown that ends here."""
    names = [name for name in Case.model_fields if name != "state" and getattr(case, name) != getattr(changed, name)]
    kept: dict[str, Any] = {"was": {name: getattr(case, name) for name in names}}
    if "known_at" in names or "gone_observed_at" in names:
        kept["rule"] = RULE
    if "known_at" in names:  # reopened: the old countdown stays, and is shown
        ended = clocks.removal_standing(case, now).ends
        kept |= {"earlier_known_at": case.known_at, "earlier_ended_at": ended, "earlier_outcome": case.outcome or case.state.value}
    return kept


def may_take(row: Transition, case: Case, by: User | None, target_user: str | None = None) -> None:
    """Return when the person (None is the system) may take this row; raises IllegalMoveError, PermissionDeniedError."""
    if by is None:
        if not row.system:
            raise IllegalMoveError(row.label, STATE_LABELS[case.state], "a person must do this", case.ref)
        return
    if access.conflicted(by, case.school_id, case.target, target_user):
        raise PermissionDeniedError(by.id, row.permission.value)  # §7.3: nobody acts in a case about themselves
    if row.low and case.severity is Severity.S0 and case.confidentiality is Confidentiality.NORMAL:
        access.must(by, Permission.TRIAGE_LOW, case)
        return
    access.must(by, row.permission, case)
    if row.roles and not row.roles & access.acts_as(by, case):
        whose = "the safeguarding lead decides" if row.before is S.SAFEGUARDING_LEAD else "the headteacher decides"
        raise PermissionDeniedError(by.id, f"{row.label.lower()} ({whose})")


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
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
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


def _set_amended(attempt: _Try) -> dict[str, Any]:
    """The clock stops at the first of our looks that found it changed; without one, at the capture that shows it (§5.4)."""
    capture = next(one for one in attempt.facts.evidence if one.id == attempt.fields["new_capture"])
    return {"outcome": "amended", "gone_observed_at": amended_since(attempt.case, attempt.facts.checks, attempt.now) or capture.captured_at}


def amended_since(case: Case, checks: Iterable[RemovalCheck], now: datetime) -> datetime | None:
    """Return when the latest unbroken run of looks that found it changed began; walls and errors break nothing."""
    since: datetime | None = None
    for check in sorted((one for one in checks if one.case_id == case.id and one.at <= now), key=lambda one: (one.at, one.id)):
        if check.verdict.group is VerdictGroup.AMENDED:
            since = since or check.at
        elif check.verdict.group is not VerdictGroup.UNKNOWN:
            since = None
    return since


def _set_closed(attempt: _Try) -> dict[str, Any]:
    kept = attempt.case.closed_at or attempt.now  # what ended earlier (not removed, withdrawn) keeps the moment at which it did
    update = {"closed_at": kept, "outcome": attempt.fields.get("outcome") or attempt.case.outcome or "answered"}
    if is_filled(attempt.fields, "missed_reason"):
        note = attempt.fields.get("missed_note") or attempt.case.missed_note
        update |= {"missed_reason": MissedReason(attempt.fields["missed_reason"]), "missed_note": note}
    return update


def _set_no_action(attempt: _Try) -> dict[str, Any]:
    return {"outcome": str(attempt.fields["outcome"]), "closed_at": attempt.now}


_SETTERS: dict[CaseState, Callable[[_Try], dict[str, Any]]] = {
    S.TRIAGED: _set_triaged,
    S.SAFEGUARDING_LEAD: _set_safeguarding,
    S.EVIDENCE_CAPTURED: _set_evidence,
    S.VERIFIED_REMOVED: _set_gone,
    S.VERIFIED_AMENDED: _set_amended,
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


def _guard_amended(attempt: _Try) -> None:
    """`verified_amended` needs a new capture: one that shows the post, made after the first one (A18, A20)."""
    if attempt.to is not S.VERIFIED_AMENDED:
        return
    shown = sorted((one for one in attempt.facts.evidence if one.counts), key=lambda one: (one.captured_at, one.id))
    ours = {one.id for one in shown[1:] if one.kind is EvidenceKind.PAGE}  # what a person brought shows no page as it stands now
    if attempt.fields["new_capture"] not in ours:
        why = "capture the changed post once more and name that new capture"
        raise attempt.refuse(why)


_ASKS: frozenset[tuple[CaseState, CaseState]] = frozenset(
    {
        *((before, S.REQUESTED) for before in (S.EVIDENCE_CAPTURED, S.AWAITING_COMPLAINANT, S.REFUSED)),
        *((before, S.ESCALATED) for before in (S.REQUESTED, S.REFUSED, S.CLAIMED_REMOVED)),
    }
)


def _guard_serious(attempt: _Try) -> None:
    """A high or critical case is assessed before anybody is asked, and closed only with every factor assessed (A17)."""  # A17
    if attempt.case.severity < Severity.S3 or attempt.case.stop:  # nothing is judged of a picture that nobody may open
        return
    form = attempt.facts.seriousness
    if (attempt.case.state, attempt.to) in _ASKS and form is None:
        why = "fill in the seriousness form first: the case is high or critical"
        raise attempt.refuse(why)
    if attempt.to is S.CLOSED and (form is None or len(form.answers) < FACTORS):
        why = "the seriousness form still has factors that were not assessed"
        raise attempt.refuse(why)


def _guard_passed_on(attempt: _Try) -> None:
    """Only a stopped case is closed by the safeguarding lead as it stands, and only once it was passed on (§3.5, B36)."""
    if (attempt.case.state, attempt.to) != (S.SAFEGUARDING_LEAD, S.CLOSED):
        return
    if not attempt.case.stop:
        why = "release it to ordinary casework first; only a case that was stopped ends here"
        raise attempt.refuse(why)
    if not ends_stop(attempt.facts.referrals):
        why = "record first that the police, the Internet Watch Foundation or CEOP were told"
        raise attempt.refuse(why)


def _guard_ground(attempt: _Try) -> None:
    """Defamation is a person's: the school as a body is no complainant (§3.3)."""
    about_nobody = attempt.case.target in {"school", "none"}
    if attempt.to in ASKED and attempt.fields.get("ground") == Ground.DEFAMATION_INDIVIDUAL and about_nobody:
        why = "defamation is about a person: the school as a body cannot be the complainant"
        raise attempt.refuse(why)


def _guard_rung(attempt: _Try) -> None:
    """A rung of the ladder that is left out has a reason (§5.6)."""
    if attempt.to is S.ESCALATED and is_filled(attempt.fields, "skipped") and not is_filled(attempt.fields, "ladder_skip_reason"):
        why = "a rung was left out: write why"
        raise attempt.refuse(why)


def _guard_missed(attempt: _Try) -> None:
    """The reason for a missed target is one of the list; "other" says what."""
    reason = attempt.fields.get("missed_reason")
    if attempt.to is not S.CLOSED or reason is None:
        return
    if reason not in set(MissedReason):
        why = "choose the reason for the missed target from the list"
        raise attempt.refuse(why)
    if reason == MissedReason.OTHER and not is_filled(attempt.fields, "missed_note"):
        why = "write what the other reason was for which the target was missed"
        raise attempt.refuse(why)


def _guard_claim_wrong(attempt: _Try) -> None:
    """Back from "they say it is removed" only when a look after that found it up: one from before refutes nothing."""
    if attempt.case.state is S.CLAIMED_REMOVED and attempt.to in {S.REQUESTED, S.ESCALATED}:
        wanted = attempt.fields.get("check_id")
        since = attempt.facts.claimed_at
        named = [check for check in attempt.facts.checks if check.id == wanted and (since is None or check.at >= since)]
        if not any(check.verdict.group in {VerdictGroup.UP, VerdictGroup.AMENDED} for check in named):
            why = "a check that found it up after they said so must be named; ask for a check now"
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
    child = case.stop or case.lead_category in SAFEGUARDING or case.confidentiality is Confidentiality.RESTRICTED_DSL
    if attempt.to is S.WITHDRAWN and child:
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
    """No way of a case that was stopped leads to a request, nor to papers for somebody else to file."""
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
    _guard_amended,
    _guard_passed_on,
    _guard_serious,
    _guard_ground,
    _guard_rung,
    _guard_missed,
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
        may_take(row, case, by)
    except PermissionDeniedError:
        return False
    return True
