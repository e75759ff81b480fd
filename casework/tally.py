"""What the governors' counts need of a case or of a judged post: a few codes and numbers, no way back to it (domain.md §7.4, §8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from casework.clocks import net_standing, removal_standing, reopened_at
from casework.requests import WAS_SENT
from casework.working_days import DAY, deadline, working_days
from data.model.base import new_id
from data.model.care import PersonalFiling, Referral, SupportOffer
from data.model.cases import Case, CaseEvent, CaseItem, CaseState, RequestState, Standing, StandingWord, TakedownRequest
from data.model.findings import Decision, DecisionKind, Finding
from data.model.keeping import CaseTally

LONDON = ZoneInfo("Europe/London")
OPEN = "open"
JUDGED_REPLY, JUDGED_ASIDE, EXPIRED = "judged_reply", "judged_no_action", "unreviewed_expired"
JUDGEMENTS = frozenset({JUDGED_REPLY, JUDGED_ASIDE, EXPIRED})
_VERDICTS = {StandingWord.MET: True, StandingWord.MISSED: False, StandingWord.OVERDUE: False}
# §5.2: no removal was wanted in the end; §3.5: what was passed on to the police or the IWF, nobody here looks at again
_UNCOUNTED = frozenset({"withdrawn", "answered", "passed_on"})


@dataclass(frozen=True)
class CaseParts:
    """A case with what its tally is made of; events oldest first."""

    case: Case
    events: Sequence[CaseEvent] = ()
    items: Sequence[CaseItem] = ()
    requests: Sequence[TakedownRequest] = ()
    referrals: Sequence[Referral] = ()
    filings: Sequence[PersonalFiling] = ()
    support: Sequence[SupportOffer] = ()


def tally(parts: CaseParts, now: datetime) -> CaseTally:
    """Return what the counts need of a case as it stands at `now`."""
    case = parts.case
    sent = [one for one in parts.requests if one.state in WAS_SENT and one.sent_at is not None]
    since = reopened_at(parts.events)  # then a new countdown began: what was asked before it is no answer to it (§5.3)
    moments = [*(one.sent_at for one in sent), *(one.filed_at for one in parts.filings)]
    asked = [one for one in moments if one is not None and (since is None or one >= since)]
    return CaseTally(
        id=new_id(now),
        school_id=case.school_id,
        known_on=case.known_at.astimezone(LONDON).date(),
        category=case.lead_category,
        severity=case.severity,
        platforms=tuple(dict.fromkeys(item.platform for item in parts.items)),
        outcome=case.outcome or OPEN,
        met_gross=_met(case, removal_standing(case, now)),
        met_net=_met(case, net_standing(case, parts.events, now)),
        missed_reason=case.missed_reason.value if case.missed_reason else None,
        minutes_to_request=_minutes(case.known_at, min(asked, default=None)),
        minutes_to_removal=_minutes(case.known_at, case.gone_observed_at),
        routes=tuple((one.route.value, followed(one, case)) for one in sent),
        referrals=tuple(one.body.value for one in parts.referrals if one.made_at is not None),
        came_back=case.reuploaded_from is not None,
        filed_personally=any(one.filed_at for one in parts.filings),
        support_in_time=_support(parts, now),
    )


def judged(finding: Finding, decision: Decision, now: datetime) -> CaseTally:
    """Return what the counts need of a judgement that opened no case: praise, criticism, news and the like."""
    return CaseTally(
        id=new_id(now),
        school_id=finding.school_id,
        known_on=decision.at.astimezone(LONDON).date(),
        category=decision.category,
        severity=decision.severity,
        platforms=(finding.platform,),
        outcome=JUDGED_REPLY if decision.kind is DecisionKind.REPLY else JUDGED_ASIDE,
    )


def followed(request: TakedownRequest, case: Case) -> bool:
    """Whether a request was followed: accepted, or not refused and the post was first found gone or amended after it went out."""
    if request.state is RequestState.ACCEPTED:
        return True
    gone, sent = case.gone_observed_at, request.sent_at
    return request.state is not RequestState.REFUSED and gone is not None and sent is not None and gone >= sent


def _met(case: Case, standing: Standing) -> bool | None:
    """Whether the target was met; None while there is still time, or where no removal was wanted in the end (§5.2)."""
    if case.outcome in _UNCOUNTED or case.state in {CaseState.NO_ACTION, CaseState.REPLY_WORKFLOW}:
        return None
    return _VERDICTS.get(standing.word)


def _minutes(start: datetime, end: datetime | None) -> int | None:
    return None if end is None else max(0, int((end - start).total_seconds() // 60))


def _support(parts: CaseParts, now: datetime) -> bool | None:
    due = support_due(parts.case)
    if due is None:
        return None
    first = min((one.offered_at for one in parts.support), default=None)
    if first is None:
        return False if now > due else None
    return first <= due


STAFF = frozenset({"teacher", "staff", "headteacher", "dsl", "deputy_dsl", "comms_lead"})


def support_due(case: Case) -> datetime | None:
    """Return by when a member of staff whom a case is about must have been offered support (A23: one working day), or None."""
    is_staff = case.target in STAFF or case.target.startswith("staff:")
    return deadline(working_days(case.opened_at), DAY) if is_staff else None
