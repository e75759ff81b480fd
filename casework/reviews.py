"""When the policies and what they rest on are due to be looked at again (A30, A38, B41; domain.md §7.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from casework.errors import PolicyRefusedError
from data.model.base import new_id
from data.model.policies import Policy, PolicyTrigger, TriggerKind, YearlyCheck

YEAR = timedelta(days=365)
LATEST = timedelta(days=366)  # twelve months, leap day included
TRIGGER_LABELS: dict[TriggerKind, str] = {
    TriggerKind.LEGISLATION: "a change of the law",
    TriggerKind.GUIDANCE: "new guidance on good practice",
    TriggerKind.CASE_LAW: "a decision of a court",
    TriggerKind.INCIDENT: "a significant incident",
}
YEARLY_LABELS: dict[str, str] = {
    "watch_terms": "what is searched for",
    "dpia": "the data protection impact assessment",
    "retention": "how long things are kept",
    "routes": "whom to ask on each platform",
    "authorisations": "who may speak for the school",
}
OF_A_CASE = "a case was closed with the wish to look at the policy again"  # what governors read: no number of a case (§7.4)


@dataclass(frozen=True)
class ReviewLine:
    """One thing with a day by which it must be looked at, and how that stands."""

    key: str
    what: str
    due_on: date | None
    says: str
    is_overdue: bool


@dataclass(frozen=True)
class Register:
    """The register of policies: those that hold, older versions, what calls for an early review, what was settled, yearly looks."""

    policies: tuple[tuple[Policy, ReviewLine], ...]
    older: tuple[Policy, ...]
    triggers: tuple[PolicyTrigger, ...]
    settled: tuple[PolicyTrigger, ...]
    yearly: tuple[ReviewLine, ...]


def check_policy(policy: Policy, today: date) -> None:
    """Raise PolicyRefusedError for a policy approved in the future or due for review later than a year on (A30: at least yearly)."""
    if policy.approved_on > today:
        msg = "the day of approval lies in the future; enter the policy when the governors have approved it"
        raise PolicyRefusedError(msg)
    if not policy.approved_on < policy.next_review_on <= policy.approved_on + LATEST:
        msg = "the next review must come after the approval, within twelve months of it (policy A30)"
        raise PolicyRefusedError(msg)


def policy_line(policy: Policy, today: date) -> ReviewLine:
    """Return how a policy's review stands: "overdue by 12 days" or "in 40 days"."""
    return ReviewLine(policy.id, f"{policy.title}, version {policy.version}", policy.next_review_on, *_stands(policy.next_review_on, today))


def yearly_lines(checks: Iterable[YearlyCheck], today: date) -> tuple[ReviewLine, ...]:
    """Return how each yearly look stands; one that nobody ever confirmed is due now."""
    last: dict[str, date] = {}
    for one in checks:
        last[one.what] = max(last.get(one.what, date.min), one.confirmed_at.date())
    return tuple(_yearly(key, label, last.get(key), today) for key, label in YEARLY_LABELS.items())


def _yearly(key: str, label: str, confirmed: date | None, today: date) -> ReviewLine:
    if confirmed is None:
        return ReviewLine(key, label, None, "never confirmed yet", is_overdue=True)
    return ReviewLine(key, label, confirmed + YEAR, *_stands(confirmed + YEAR, today))


def _stands(due: date, today: date) -> tuple[str, bool]:
    days = (due - today).days
    if days < 0:
        return f"overdue by {-days} {'day' if days == -1 else 'days'}", True
    return ("due today" if days == 0 else f"in {days} {'day' if days == 1 else 'days'}"), False


def open_triggers(triggers: Iterable[PolicyTrigger]) -> tuple[PolicyTrigger, ...]:
    """Return what calls for an early review and nobody has settled, oldest first."""
    return tuple(sorted((one for one in triggers if one.settled_at is None), key=lambda one: one.at))


def without_number(one: PolicyTrigger) -> PolicyTrigger:
    """Return a trigger as it may be read by who does not see its case; one that is about no case stays as it is."""
    return one if one.case_id is None else one.model_copy(update={"what": OF_A_CASE})


def trigger(by: str, school_id: str, kind: TriggerKind, what: str, now: datetime, case_id: str | None = None) -> PolicyTrigger:
    """Return the note that something calls for an early review (A30)."""
    return PolicyTrigger(id=new_id(now), school_id=school_id, kind=kind, what=what, case_id=case_id, by=by, at=now)
