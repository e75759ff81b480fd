"""A person's judgement on a flagged post: the closed list of decisions, and the case that some of them open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from casework import access
from casework.errors import AlreadyDecidedError, DecisionRefusedError
from casework.transitions import SYSTEM
from data.errors import PermissionDeniedError
from data.model.base import new_id
from data.model.cases import Case, CaseState, Confidentiality
from data.model.findings import Decision, DecisionKind, Finding, FindingState, Report
from data.model.people import Permission, User
from data.model.readings import OUTCOMES, SAFEGUARDING, Category, Severity

MAX_REASON = 10_000
KIND_LABELS: dict[DecisionKind, str] = {
    DecisionKind.OPEN_CASE: "Open a case",
    DecisionKind.SAFEGUARDING: "Safeguarding concern",
    DecisionKind.REPLY: "Fair criticism: to the headteacher",
    DecisionKind.NO_ACTION: "News or other, no action",
    DecisionKind.NOT_OURS: "Not our school",
    DecisionKind.HOLD: "Hold or hand over",
}
KIND_SAYS: dict[DecisionKind, str] = {
    DecisionKind.OPEN_CASE: "A case opens and the 24 hours run. Nothing is sent to anyone.",
    DecisionKind.SAFEGUARDING: "It goes to the safeguarding lead at once, at least as High. Steps towards removal wait for the lead.",
    DecisionKind.REPLY: "The headteacher decides whether and how to answer. Removal is not offered for criticism.",
    DecisionKind.NO_ACTION: "It is put aside with your reason. Nothing is sent to anyone.",
    DecisionKind.NOT_OURS: "It is put aside as another place or person of the same name.",
    DecisionKind.HOLD: "It stays waiting, with your note for whoever looks next.",
}
TARGETS: dict[str, str] = {
    "none": "nobody in particular",
    "pupil": "a pupil",
    "pupils": "several pupils",
    "teacher": "a teacher",
    "staff": "another member of staff",
    "headteacher": "the headteacher",
    "dsl": "the safeguarding lead",
    "deputy_dsl": "a deputy safeguarding lead",
    "comms_lead": "the communications lead",
    "chair": "the chair of governors",
    "governor": "a governor",
    "parent": "a parent",
    "school": "the school as a body",
}
UNREVIEWED_EXPIRED = "unreviewed_expired"  # the reason of the system's own decision on an S0 post that nobody read (§5.3)
UNREAD_FOR = timedelta(days=30)
_HEADS = frozenset({"headteacher", "head teacher", "head", "headmaster", "headmistress", "principal", "executive headteacher"})
_ABOUT_STAFF: frozenset[Category] = frozenset({Category.STAFF_CONDUCT})


@dataclass(frozen=True)
class Judgement:
    """What a person chose and wrote."""

    kind: DecisionKind
    category: Category
    severity: Severity
    target: str
    reason: str
    outcome: Category | None = None


def standing_decision(decisions: tuple[Decision, ...] | list[Decision]) -> Decision | None:
    """Return the decision that stands: not undone, and more than a hold."""
    final = [one for one in decisions if one.undone_at is None and one.kind is not DecisionKind.HOLD]
    return final[-1] if final else None


def decide(finding: Finding, judgement: Judgement, by: User, *, earlier: list[Decision], now: datetime) -> Decision:
    """Return the decision as it will be stored.

    Raises AlreadyDecidedError naming who decided what before, PermissionDeniedError, DecisionRefusedError for a choice that does not fit.
    """
    before = standing_decision(earlier)
    if before is not None or finding.state is FindingState.DECIDED:
        who = before or (earlier[-1] if earlier else None)
        raise AlreadyDecidedError(who.by if who else "unknown", who.at if who else finding.made_at, who.kind.value if who else "decided")
    settled = _settled(finding, judgement)
    may_decide(finding, settled, by)
    _check(settled)
    return Decision(
        id=new_id(now),
        finding_id=finding.id,
        kind=settled.kind,
        category=settled.category,
        severity=settled.severity,
        target=settled.target,
        reason=settled.reason.strip(),
        by=by.id,
        at=now,
    )


def _settled(finding: Finding, judgement: Judgement) -> Judgement:
    """Fill in what follows from the kind: a safeguarding concern is at least S3, an outcome replaces the category."""
    kind, category, severity = judgement.kind, judgement.category, judgement.severity
    if kind is DecisionKind.NOT_OURS:
        category, severity = Category.NAMESAKE, Severity.S0
    elif kind is DecisionKind.NO_ACTION:
        category = judgement.outcome or category
    elif kind is DecisionKind.OPEN_CASE and (finding.stop or category is Category.CSAM):
        kind, category = DecisionKind.SAFEGUARDING, Category.CSAM  # §5.7: only the DSL, and a case that is stopped
    if kind is DecisionKind.SAFEGUARDING:
        severity = max(severity, Severity.S4 if category is Category.CSAM else Severity.S3)  # A10
    return Judgement(kind, category, severity, judgement.target.strip(), judgement.reason, judgement.outcome)


def _check(judgement: Judgement) -> None:
    if not judgement.reason.strip():
        msg = "write one line why; it stands in the record beside your name"
        raise DecisionRefusedError(msg)
    if len(judgement.reason) > MAX_REASON:
        msg = f"the reason is longer than {MAX_REASON:,} characters; shorten it"
        raise DecisionRefusedError(msg)
    if judgement.target not in TARGETS and not judgement.target.startswith(("staff:", "user:")):
        msg = "say whom it concerns: choose from the list, or 'nobody in particular'"
        raise DecisionRefusedError(msg)
    _CHECKS.get(judgement.kind, _fits)(judgement)


def _fits(judgement: Judgement) -> None:
    """Return: this kind asks nothing of the category."""


def _case_fits(judgement: Judgement) -> None:
    if judgement.category in OUTCOMES:
        msg = "this is lawful speech or no harm: it is answered or put aside, not removed (policy B31, B32); choose a harm to open a case"
        raise DecisionRefusedError(msg)
    if judgement.category is Category.DEFAMATION_INDIVIDUAL and judgement.target in {"none", "school"}:
        msg = "possible defamation needs a person whom it is about; the school as a body is answered, not defended by removal"
        raise DecisionRefusedError(msg)


def _reply_fits(judgement: Judgement) -> None:
    if judgement.category not in OUTCOMES:
        msg = "only criticism, questions and the like are answered; a harm is never engaged with (policy A12)"
        raise DecisionRefusedError(msg)


def _no_action_fits(judgement: Judgement) -> None:
    if judgement.category not in OUTCOMES:
        msg = "to put it aside, choose what it was instead: news report, fair criticism, praise, question …"
        raise DecisionRefusedError(msg)


_CHECKS = {
    DecisionKind.OPEN_CASE: _case_fits,
    DecisionKind.REPLY: _reply_fits,
    DecisionKind.NO_ACTION: _no_action_fits,
}


def expired(finding: Finding, now: datetime) -> Decision | None:
    """Return the system's decision on an S0 post that waited unread for 30 days, or None; a child's matter never expires (§5.3)."""
    waits = finding.state is FindingState.OPEN and finding.severity is Severity.S0 and finding.report_id is None
    if not waits or access.needs_dsl(finding) or now - finding.seen_at < UNREAD_FOR:
        return None
    return Decision(
        id=new_id(now),
        finding_id=finding.id,
        kind=DecisionKind.NO_ACTION,
        category=finding.lead_category,
        severity=Severity.S0,
        target="none",
        reason=UNREVIEWED_EXPIRED,
        by=SYSTEM,
        at=now,
    )


def may_decide(finding: Finding, judgement: Judgement, by: User) -> None:
    """Raise unless this person may make this judgement (§5.3, first rows; §7.3)."""
    access.must_see_finding(by, finding)
    if access.conflicted(by, finding.school_id, judgement.target):
        msg = "it concerns yourself, so somebody else must judge it; put it on hold with a note"
        if judgement.kind is not DecisionKind.HOLD:
            raise DecisionRefusedError(msg)
    if judgement.kind is DecisionKind.SAFEGUARDING or by.may(Permission.TRIAGE, finding.school_id):
        return  # A10: anyone who sees it may raise a safeguarding concern
    by.must(Permission.TRIAGE_LOW, finding.school_id)
    _low_only(finding, judgement, by)


def _low_only(finding: Finding, judgement: Judgement, by: User) -> None:
    too_high = max(finding.severity, judgement.severity) > access.LOW or judgement.category in SAFEGUARDING or access.needs_dsl(finding)
    puts_aside = judgement.kind in {DecisionKind.NO_ACTION, DecisionKind.NOT_OURS}
    if too_high or (puts_aside and judgement.severity > Severity.S0):
        raise PermissionDeniedError(by.id, Permission.TRIAGE.value)


def is_head(role: str) -> bool:
    """Whether the role of a member of staff, as a school writes it, is the head's."""
    return " ".join(role.casefold().replace("-", " ").split()) in _HEADS


def confidentiality(finding: Finding, decision: Decision, *, about_head: bool = False) -> Confidentiality:
    """Return who may see the case that a decision opens (§5.1, §7.1, §7.3).

    What may be an indecent image is the safeguarding lead's alone; whatever else is about the head goes to the chair (the lead sees it
    too where a child is concerned); then safeguarding, then staff conduct.
    """
    stop = finding.stop or decision.category is Category.CSAM
    if not stop and (about_head or decision.target == "headteacher"):
        return Confidentiality.RESTRICTED_CHAIR
    if stop or decision.kind is DecisionKind.SAFEGUARDING or decision.category in SAFEGUARDING:
        return Confidentiality.RESTRICTED_DSL
    return Confidentiality.RESTRICTED_HT if decision.category in _ABOUT_STAFF else Confidentiality.NORMAL


def triage(
    finding: Finding,
    decision: Decision,
    *,
    report: Report | None,
    case_id: str,
    ref: str,
    owner_id: str,
    now: datetime,
    about_head: bool = False,
) -> Case | None:
    """Return the case that a decision opens, or None: only "open a case" and a safeguarding concern open one.

    `known_at` is the earlier of the report and this judgement (§5.4); it starts the 24 hours.
    """
    if decision.kind not in {DecisionKind.OPEN_CASE, DecisionKind.SAFEGUARDING}:
        return None
    stop = finding.stop or decision.category is Category.CSAM
    with_dsl = decision.kind is DecisionKind.SAFEGUARDING or stop
    return Case(
        id=case_id,
        ref=ref,
        school_id=finding.school_id,
        state=CaseState.SAFEGUARDING_LEAD if with_dsl else CaseState.TRIAGED,
        lead_category=Category.CSAM if stop else decision.category,
        severity=decision.severity,
        target=decision.target,
        confidentiality=confidentiality(finding, decision, about_head=about_head),
        owner_id=owner_id,
        finding_id=finding.id,
        reporter_type="report" if report else "collected",
        reported_at=report.reported_at if report else None,
        known_at=min(report.reported_at, now) if report else now,
        opened_at=now,
        stop=stop,
    )
