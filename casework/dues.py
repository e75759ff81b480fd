"""What falls due in a school, of whatever kind, as one list of (key, due, kind): the outbox makes reminders of it.

Other rules compute what is owed (`duties`, `clocks`, the records of policies and tuning); here it only gets its moments and its people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from casework import countdown
from casework.clocks import DEFAMATORY, ClockFacts, limitation, limitation_reminder, published_at
from casework.duties import Duty, DutyFacts, DutyKind, open_duties
from casework.messages import LONDON, DueKind
from casework.rota import Due
from casework.steps import case_standing
from casework.transitions import OPEN, VERIFIED
from data.model.cases import Case
from data.model.people import Role
from data.model.policies import Policy
from data.model.tuning import Tuning
from data.store import Work

AFTER = (timedelta(0), timedelta(days=1), timedelta(days=3), timedelta(days=7))  # (P) asked again while it is still owed
# B36: the lead's 24 hours are reminded of as the removal of other cases is; at its beginning the alert was sent (A10)
AFTER_STOP = (*(timedelta(hours=hours) for hours in countdown.REMINDER_HOURS), *AFTER[2:])
POLICY_DAYS = (60, 30, 7, 0)  # A30: before a review
TUNING_BEFORE = timedelta(days=7)
APPEAL_BEFORE = (timedelta(days=3), timedelta(days=1))
_MORNING = time(8)
_KINDS = {one.value: one for one in DueKind}
# A23, A15: the head sees to support and to the looking-into; §5.4: the LADO's day passed is told to the chair too
_ALSO: dict[DutyKind, tuple[Role, ...]] = {
    DutyKind.SUPPORT: (Role.HEADTEACHER,),
    DutyKind.SUPPORT_REVIEW: (Role.HEADTEACHER,),
    DutyKind.INVESTIGATION: (Role.HEADTEACHER, Role.DSL),
    DutyKind.STOP_REFERRAL: (Role.DSL, Role.DEPUTY_DSL),
    DutyKind.LADO: (Role.HEADTEACHER, Role.CHAIR),
    DutyKind.HOLD_REVIEW: (Role.DSL,),
}


def dues_of(work: Work, now: datetime) -> tuple[Due, ...]:
    """Return everything that falls due, in all schools."""
    running = work.cases.where(state=[*OPEN, *VERIFIED])
    found = [due for case in running for due in of_case(case, open_duties(case, facts_of(work, case, now), now))]
    found += [due for case in running if (due := of_limitation(work, case)) is not None]
    found += of_policies(work.policies.where())
    found += of_tunings(work.tunings.where())
    return tuple(found)


def facts_of(work: Work, case: Case, now: datetime) -> DutyFacts:
    """Return what the duties of a case are computed from."""
    finding = work.findings.find(case.finding_id)
    forms = work.seriousness.where(case_id=case.id, order_by="version")
    return DutyFacts(
        standing=case_standing(case, now),
        report=work.reports.find(finding.report_id) if finding and finding.report_id else None,
        events=tuple(work.case_events.of(case.id)),
        requests=tuple(work.requests.where(case_id=case.id)),
        form=forms[-1] if forms else None,
        referrals=tuple(work.referrals.where(case_id=case.id)),
        support=tuple(work.support.where(case_id=case.id, order_by="offered_at")),
        investigations=tuple(work.investigations.where(case_id=case.id)),
        filings=tuple(work.filings.where(case_id=case.id)),
    )


def of_case(case: Case, duties: Iterable[Duty]) -> list[Due]:
    """Return the duties of a case that have a day, each asked again while it is owed; an appeal's end is told before it comes."""
    return [_of_duty(case, one, one.due_at) for one in duties if one.due_at is not None]


def _of_duty(case: Case, one: Duty, due_at: datetime) -> Due:
    before = APPEAL_BEFORE if one.kind is DutyKind.APPEAL else ()
    after = AFTER_STOP if one.kind is DutyKind.STOP_REFERRAL else AFTER
    return Due(
        key=f"{case.id}:{one.key}",
        due_at=due_at,
        kind=_KINDS.get(one.kind.value, DueKind.OTHER),
        school_id=case.school_id,
        case_id=case.id,
        roles=("owner", *(role.value for role in _ALSO.get(one.kind, ()))),
        remind_at=tuple(sorted({*(due_at - span for span in before), *(due_at + span for span in after)})),
    )


def of_limitation(work: Work, case: Case) -> Due | None:
    """Return the end of the one year for a claim in defamation, told after nine months (§2.1); None where nobody is defamed."""
    if case.lead_category not in DEFAMATORY or case.target in {"school", "none"}:
        return None
    finding = work.findings.find(case.finding_id)
    post = work.posts.find(finding.post_id) if finding and finding.post_id is not None else None
    published = published_at(ClockFacts(case=case, finding=finding, post=post))
    return Due(
        key=f"{case.id}:limitation",
        due_at=limitation(published),
        kind=DueKind.LIMITATION,
        school_id=case.school_id,
        case_id=case.id,
        remind_at=(limitation_reminder(published),),
    )


def of_policies(policies: Sequence[Policy]) -> list[Due]:
    """Return the reviews of policies in force: told 60, 30 and 7 days before, and on the day (A30)."""
    return [_of_policy(one) for one in policies if one.replaced_at is None]


def _of_policy(policy: Policy) -> Due:
    day = datetime.combine(policy.next_review_on, _MORNING, LONDON).astimezone(UTC)
    return Due(
        key=f"policy:{policy.id}:{policy.next_review_on}",
        due_at=day,
        kind=DueKind.POLICY_REVIEW,
        school_id=policy.school_id,
        roles=(Role.HEADTEACHER.value, Role.GOVERNOR.value),
        remind_at=tuple(day - timedelta(days=days) for days in POLICY_DAYS),
    )


def of_tunings(tunings: Sequence[Tuning]) -> list[Due]:
    """Return the changes to what is flagged that end within a week: whoever made one decides whether it goes on."""
    return [_of_tuning(one) for one in tunings if one.live_at is not None and one.ended_at is None]


def _of_tuning(one: Tuning) -> Due:
    return Due(
        key=f"tuning:{one.id}:{one.expires_at:%Y%m%d}",
        due_at=one.expires_at,
        kind=DueKind.TUNING,
        school_id=one.school_id,
        roles=(Role.DSL.value,),
        remind_at=(one.expires_at - TUNING_BEFORE, one.expires_at),
    )
