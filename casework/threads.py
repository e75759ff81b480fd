"""Posts that belong together: how what is found again becomes one alert, what it says about its posts, who may set it aside.

Suggestions only: an alert decides nothing, and nothing here touches what a person decided (domain.md §4.1 rule 3, §4.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

from casework import access
from casework.errors import DecisionRefusedError
from data.model.findings import Decision, DecisionKind, Finding, FindingState
from data.model.people import Permission, Role, User
from data.model.posts import PostId
from data.model.readings import HARMS, SAFEGUARDING, Category, Severity
from data.model.threads import ThreadAlert, ThreadFinding, ThreadKind, pseudonym

KEPT = timedelta(days=90)  # how far back posts and alerts are looked at
AGAIN = 0.3  # how hostile a new post is at least, for what was set aside to show again
MAX_REASON = 10_000
KIND_LABELS: dict[ThreadKind, str] = {
    ThreadKind.PILE_ON: "Several people at the same target within an hour",
    ThreadKind.COURSE_OF_CONDUCT: "The same author at the same target more than once",
    ThreadKind.ESCALATION: "One author who may be growing harsher",
    ThreadKind.NEAR_DUPLICATE: "Nearly the same words more than once",
}
KIND_SAYS: dict[ThreadKind, str] = {
    ThreadKind.PILE_ON: "It may be a pile-on. It may also be people who are upset about the same thing: read the posts together.",
    ThreadKind.COURSE_OF_CONDUCT: "Two or more may count as a course of conduct in law. Whether it is one is for people to judge.",
    ThreadKind.ESCALATION: "The later posts appear harsher than the earlier ones. Look at the last one first.",
    ThreadKind.NEAR_DUPLICATE: "It may be copied or passed on. Asking for one to be removed may leave the others up.",
}
# §4.2: linked incidents and spread raise what is suggested; §4.4: harassment is S3 when it goes on
FLOORS: dict[ThreadKind, Severity] = {
    ThreadKind.PILE_ON: Severity.S2,
    ThreadKind.COURSE_OF_CONDUCT: Severity.S3,
    ThreadKind.ESCALATION: Severity.S3,
}
REASONS: dict[ThreadKind, str] = {
    ThreadKind.PILE_ON: "may be part of a pile-on: several people wrote at the same target within an hour",
    ThreadKind.COURSE_OF_CONDUCT: "may be part of a course of conduct: the same author wrote at the same target more than once",
    ThreadKind.ESCALATION: "may be part of an escalation: one author's posts at the same target appear to grow harsher",
    ThreadKind.NEAR_DUPLICATE: "nearly the same words were posted more than once",
}
_OF_ONE = frozenset({ThreadKind.COURSE_OF_CONDUCT, ThreadKind.ESCALATION})  # one author at one target: one matter, so one alert
_PUPILS = SAFEGUARDING | {
    Category.PUPIL_PERSONAL_DATA,
    Category.PUPIL_IMAGE,
    Category.PUPIL_BULLYING,
    Category.ABUSE_OF_PUPILS_BY_PUBLIC,
}  # §4.2: the safeguarding lead looks after these, the headteacher after matters of staff
_APOSTROPHES = str.maketrans("", "", "'\u2019\u2018`")


# --- what is found again


def alert_id(found: ThreadFinding) -> str:
    """Return the id under which a finding is first kept: the same posts found again make the same id."""
    return pseudonym(f"{found.kind.value}|{found.school_id}|{found.target}|{found.post_ids[0]}")


def merge(
    found: Sequence[ThreadFinding], kept: Sequence[ThreadAlert], hostile: Mapping[PostId, float], now: datetime
) -> tuple[ThreadAlert, ...]:
    """Return the alerts that are new or have changed; no alert ever loses a post, and the same found again changes nothing.

    `hostile`: how hostile each post was read to be.
    """
    before = {alert.id: alert for alert in kept}
    after = dict(before)
    for one in distinct(found):
        alert = _home(one, after.values())
        changed = grown(alert, one, hostile, now) if alert else begun(one, now)
        after[changed.id] = changed
    return tuple(alert for alert in after.values() if alert != before.get(alert.id))


def _home(found: ThreadFinding, alerts: Iterable[ThreadAlert]) -> ThreadAlert | None:
    """Return the alert that the finding is once more: the one that holds all its posts, else its own by id, else the most of them."""
    own, posts = alert_id(found), set(found.post_ids)
    mine = [alert for alert in alerts if is_same(alert, found)]
    return max(mine, key=lambda one: (posts <= set(one.post_ids), one.id == own, len(posts & set(one.post_ids)), one.id), default=None)


def distinct(found: Sequence[ThreadFinding]) -> tuple[ThreadFinding, ...]:
    """Return the findings without those that say the same of the same posts (a post may name two people)."""
    first: dict[tuple[ThreadKind, frozenset[PostId]], ThreadFinding] = {}
    for one in sorted(found, key=lambda one: (one.target is None, one.target)):
        first.setdefault((one.kind, frozenset(one.post_ids)), one)
    return tuple(one for one in found if first[one.kind, frozenset(one.post_ids)] is one)


def is_same(alert: ThreadAlert, found: ThreadFinding) -> bool:
    """Whether the finding is the alert once more, though its first post is another: an older one came to light, or grew too old."""
    kinds = {*alert.kinds, *found.kinds}
    same_kind = alert.kind is found.kind or (kinds <= _OF_ONE and alert.authors == found.authors)
    same_matter = same_kind and (alert.school_id, alert.target) == (found.school_id, found.target)
    return same_matter and not set(alert.post_ids).isdisjoint(found.post_ids)


def begun(found: ThreadFinding, now: datetime) -> ThreadAlert:
    """Return the alert that a finding begins."""
    return ThreadAlert(**found.model_dump(), id=alert_id(found), found_at=now, changed_at=now)


def grown(alert: ThreadAlert, found: ThreadFinding, hostile: Mapping[PostId, float], now: datetime) -> ThreadAlert:
    """Return the alert with the posts that came to it; what was set aside shows again when one of them is hostile enough."""
    fresh = set(found.post_ids) - set(alert.post_ids)
    also = tuple(kind for kind in ThreadKind if kind is not alert.kind and kind in {*alert.also, *found.kinds})
    if not fresh:
        return alert if also == alert.also else alert.model_copy(update={"also": also, "why": found.why, "rule": found.rule})
    shows = is_open(alert) or any(hostile.get(post_id, 0.0) >= AGAIN for post_id in fresh)
    moments = {**moments_of(found), **moments_of(alert)}
    order = sorted(moments, key=lambda post_id: (moments[post_id], post_id))
    times = [moments[post_id] for post_id in order]
    return alert.model_copy(
        update={
            "also": also,
            "post_ids": tuple(order),
            "gaps": tuple(round((later - earlier) / timedelta(minutes=1)) for earlier, later in pairwise(times)),
            "authors": tuple(dict.fromkeys((*alert.authors, *found.authors))),
            "since": min(alert.since, found.since),
            "until": max(alert.until, found.until),
            "strength": max(alert.strength, found.strength),
            "why": found.why,
            "rule": found.rule,
            "changed_at": _after(alert, now) if shows else alert.changed_at,
        }
    )


def _after(alert: ThreadAlert, now: datetime) -> datetime:
    """Return a moment that is later than the last setting aside, though a clock stood still or was put back."""
    return now if alert.set_aside_at is None else max(now, alert.set_aside_at + timedelta(microseconds=1))


def moments_of(thread: ThreadFinding) -> dict[PostId, datetime]:
    """Return when each post was made, to the minute."""
    minutes = accumulate(thread.gaps, initial=0)
    return {post_id: thread.since + timedelta(minutes=passed) for post_id, passed in zip(thread.post_ids, minutes, strict=False)}


# --- whether it waits for anybody


def is_open(alert: ThreadAlert) -> bool:
    """Whether nobody set it aside since it last changed."""
    return alert.set_aside_at is None or alert.changed_at > alert.set_aside_at


def is_settled(alert: ThreadAlert, findings: Sequence[Finding], decisions: Sequence[Decision]) -> bool:
    """Whether people judged all its flagged posts after it last changed: then there is nothing left to show."""
    if not findings or any(one.state is not FindingState.DECIDED for one in findings):
        return False
    ids = {one.id for one in findings}
    judged = [one for one in decisions if one.finding_id in ids and one.undone_at is None and one.kind is not DecisionKind.HOLD]
    return max((one.at for one in judged), default=alert.changed_at - timedelta(1)) >= alert.changed_at


# --- what it says about its posts


def raised(finding: Finding, alert: ThreadAlert) -> Finding:
    """Return the flagged post with what the alert adds: a reason, and for a harm a severity that is not below the kind's floor.

    What a person decided stays as it is, and so does a suggestion that is higher. Criticism, praise and the like get the reason only:
    they are answered, not removed, however often they are said (§4.3; policy B31).
    """
    if finding.state is FindingState.DECIDED or not is_open(alert) or FLOORS.keys().isdisjoint(alert.kinds):
        return finding
    severity = max(finding.severity, floor(alert)) if finding.lead_category in HARMS else finding.severity
    reasons = tuple(dict.fromkeys((*finding.reasons, *reasons_of(alert))))
    return finding.model_copy(update={"severity": severity, "reasons": reasons})


def floor(alert: ThreadAlert) -> Severity:
    """Return how serious posts are suggested to be at least for what they show together."""
    return max(FLOORS.get(kind, Severity.S1) for kind in alert.kinds)


def reasons_of(alert: ThreadAlert) -> tuple[str, ...]:
    """Return the reasons that the alert gives, one for each thing that the posts show."""
    return tuple(REASONS[kind] for kind in alert.kinds)


def label(alert: ThreadAlert) -> str:
    """Return what the posts may be together, all of it in one line."""
    first, *more = (KIND_LABELS[kind] for kind in alert.kinds)
    return "; ".join((first, *(f"{one[0].lower()}{one[1:]}" for one in more)))


def says(alert: ThreadAlert) -> str:
    """Return what that may mean, and what it need not."""
    return " ".join(KIND_SAYS[kind] for kind in alert.kinds)


def suggested(alert: ThreadAlert, findings: Iterable[Finding]) -> Severity:
    """Return how serious the posts may be together."""
    return max([floor(alert), *(one.severity for one in findings)])


# --- who may do what


def may_see(user: User, school_id: str) -> bool:
    """Whether the person may see what posts show together: only who sees every flagged post, for a low post may belong to a grave one."""
    return user.may(Permission.SEE_ALL, school_id)


def may_see_post(user: User, school_id: str, finding: Finding | None) -> bool:
    """Whether the person may read one of the posts; the rule of flagged posts holds here too."""
    return may_see(user, school_id) and (finding is None or access.may_see_finding(user, finding))


def must_set_aside(user: User, alert: ThreadAlert, findings: Sequence[Finding], subjects: Iterable[str] = ()) -> None:
    """Raise unless the person may set the alert aside: the safeguarding lead, a deputy, and the headteacher in matters of staff.

    `subjects`: the names under which the person stands in the staff list; whom it may concern does not set it aside (§7.3).
    Raises PermissionDeniedError, DecisionRefusedError.
    """
    user.must(Permission.TRIAGE, alert.school_id)
    for finding in findings:
        access.must_see_finding(user, finding)
    if alert.target is not None and alert.target in {person_key(name) for name in subjects}:
        raise DecisionRefusedError("these posts may concern yourself, so somebody else must set them aside")
    roles = set(user.roles.get(alert.school_id, ()))
    if roles.isdisjoint({Role.DSL, Role.DEPUTY_DSL}) and not is_about_staff(findings):
        msg = "these posts may concern a pupil, so the safeguarding lead or a deputy sets them aside"
        raise DecisionRefusedError(msg)


def is_about_staff(findings: Iterable[Finding]) -> bool:
    """Whether none of the flagged posts may concern a pupil or a child's safety."""
    return not any(one.stop or _PUPILS.intersection((one.lead_category, *one.categories)) for one in findings)


def person_key(name: str) -> str | None:
    """Return the key under which posts about a person are put together, from the name in the staff list: by the surname alone."""
    words = name.casefold().translate(_APOSTROPHES).replace("-", " ").replace(".", " ").split()
    return pseudonym(words[-1].removesuffix("s")) if words else None


def aside(alert: ThreadAlert, by: User, reason: str, now: datetime) -> ThreadAlert:
    """Return the alert set aside with a reason; raises DecisionRefusedError without one, or when somebody was quicker."""
    if not is_open(alert):
        raise DecisionRefusedError("these posts were set aside already; nothing was changed")
    if not reason.strip():
        raise DecisionRefusedError("write one line why; it stands in the record beside your name")
    if len(reason) > MAX_REASON:
        raise DecisionRefusedError(f"the reason is longer than {MAX_REASON:,} characters; shorten it")
    moment = max(now, alert.changed_at)
    return alert.model_copy(update={"set_aside_by": by.id, "set_aside_at": moment, "set_aside_why": reason.strip()})
