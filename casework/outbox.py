"""The outbox as rooms write it: a message lies in it once, in the same transaction as what it is about, and goes on when it fails.

What is handed over at most once is `Message.key`: a matter, a person, a way. A message that surely did not go out is passed on to the
person's next way, then to the next in line; one of which that is unknown only to the next in line, never to the same person again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from casework import access, messages
from casework.messages import Words
from casework.rota import Matter, Rota, Told, alerted, may_be_told, next_in_line, told
from casework.transitions import OPEN
from data.model.base import new_id
from data.model.cases import ENDED, Case, Confidentiality
from data.model.findings import Finding, FindingState
from data.model.people import Role, User
from data.model.readings import Severity
from data.model.telling import Message, MessageState, Urgency, Way
from data.store import Work
from evidence.guard import is_sealed_off

# Waits between two tries of what surely did not go out: about a day in all, then it is given up (a mail server may be down over night).
BACK_OFF = tuple(timedelta(minutes=one) for one in (0.5, 1, 2, 5, 10, 20, 40, 60, 120, 240, 480, 480))
PASS_ON_AFTER = 3  # tries after which something urgent is told to somebody else as well, while the first is tried further
MOST_AN_HOUR = 10  # urgent messages to one person; then one says that many wait (a storm must not make people switch them off)
DIGEST_LASTS = timedelta(hours=12)
NO_WAY = "no way to reach this person is set up"
NOT_WANTED = "no longer needed when it was its turn"
BROKE_OFF = "the worker ended while it was handed over: it is not known whether it went out"
_ASIDE = "?"  # ends the matter of a message that only says that something waits


def rota_of(work: Work, school_id: str, now: datetime) -> Rota:
    """Return who may be told at a school now."""
    return Rota(
        school_id=school_id,
        now=now,
        users=tuple(one for one in work.users.where(disabled=False, order_by="added_at") if one.roles.get(school_id)),
        on_call=tuple(work.on_call.where(school_id=school_id)),
        away=tuple(work.away.where(school_id=school_id)),
        closures=tuple(work.closures.where(school_id=school_id)),
    )


def alert(work: Work, finding: Finding, now: datetime) -> None:
    """Put a message about a flagged post in the outbox if it cannot wait: S3 and S4, safeguarding, STOP (policy A10, B36)."""
    if finding.severity >= Severity.S3 or access.needs_dsl(finding):  # A10: as soon as identified
        tell(work, rota_of(work, finding.school_id, now), of_finding(finding))


def alert_case(work: Work, case: Case, now: datetime) -> None:
    """Tell the safeguarding lead and the deputy that a case came to them (policy A10); once each time it does."""
    severity = max(case.severity, Severity.S3)  # A10: severity at least S3
    rota, subject = rota_of(work, case.school_id, now), subjects_of(work, case)
    words = messages.urgent(severity, case.ref, now)
    key = f"urgent:case:{case.id}:r{case.revision}"
    roles = alerted(severity, safeguarding=True)
    tell(work, rota, of_case(rota, case, subject, key, Urgency.URGENT, roles, lambda _: words, severity))


def tell_chair(work: Work, case: Case, now: datetime) -> None:
    """Tell the chair, who owns it, that a case about the head came to them, round the head (§7.3); once."""
    rota, subject = rota_of(work, case.school_id, now), subjects_of(work, case)
    words = messages.urgent(case.severity, case.ref, now)
    key = f"urgent:case:{case.id}:chair"
    tell(work, rota, of_case(rota, case, subject, key, Urgency.URGENT, ("owner",), lambda _: words, max(case.severity, Severity.S3)))


def subjects_of(work: Work, case: Case) -> frozenset[str]:
    """Return the ids of all who are never told of a case: whom it is about, and a colleague found to have posted it (§7.3).

    Matched by role and by the account that the staff list links.
    """
    sources = [one.source_person for one in work.investigations.where(case_id=case.id) if one.source_person is not None]
    targets = {target: _linked(work, target) for target in (case.target, *sources)}
    people = work.users.where(disabled=False)
    return frozenset(
        user.id for user in people for target, linked in targets.items() if access.conflicted(user, case.school_id, target, linked)
    )


def _linked(work: Work, target: str) -> str | None:
    member = work.staff.find(target.removeprefix("staff:")) if target.startswith("staff:") else None
    return member.user_id if member else None


def of_finding(finding: Finding) -> Matter:
    """Return what is told about a flagged post: its tier, no more."""
    words = messages.urgent(max(finding.severity, Severity.S3), None, finding.made_at)
    return Matter(
        key=f"urgent:finding:{finding.id}:s{int(finding.severity)}",  # an edited post is told again only when it is graver
        school_id=finding.school_id,
        urgency=Urgency.URGENT,
        severity=max(finding.severity, Severity.S3),
        roles=alerted(finding.severity, safeguarding=access.needs_dsl(finding)),
        words=lambda _: words,
        may_see=lambda user: access.may_see_finding(user, finding),
        is_subject=lambda _: False,  # whom it is about is known once a person judged it
        finding_id=finding.id,
    )


def of_case(  # noqa: PLR0917 - the parts of a matter, in their order
    rota: Rota,
    case: Case,
    subject: frozenset[str],
    key: str,
    urgency: Urgency,
    roles: tuple[str, ...],
    words: Callable[[datetime], Words],
    severity: Severity | None = None,
) -> Matter:
    """Return what is told about a case."""
    return Matter(
        key=key,
        school_id=case.school_id,
        urgency=urgency,
        severity=case.severity if severity is None else severity,
        roles=roles,
        words=words,
        may_see=lambda user: user.id not in subject and access.may_see_case(user, case),
        is_subject=lambda user: user.id in subject,
        about_head=is_about_head(rota, case, subject),
        owner_id=case.owner_id,
        case_id=case.id,
    )


def is_about_head(rota: Rota, case: Case, subject: frozenset[str]) -> bool:
    """Whether the head is the one whom the case is about, so that the chair stands for the head (§7.3)."""
    heads = [one for one in rota.users if Role.HEADTEACHER in one.roles.get(case.school_id, ())]
    named = case.confidentiality is Confidentiality.RESTRICTED_CHAIR or case.target == Role.HEADTEACHER
    return named or any(one.id in subject for one in heads)


def tell(work: Work, rota: Rota, matter: Matter) -> tuple[Message, ...]:
    """Store the messages of a matter; told twice, nothing is stored the second time. Somebody without a way is passed over."""
    work.lock(f"tell:{matter.key}")
    if work.messages.where(matter=matter.key, limit=1):
        return ()
    made = [_write(work, rota, matter, one) for one in told(rota, matter)]
    if matter.is_grave and matter.urgency in {Urgency.URGENT, Urgency.REMINDER} and not _is_heard(work, rota, matter):
        made.append(_next_person(work, rota, matter))
    return tuple(one for one in made if one is not None)


def _is_heard(work: Work, rota: Rota, matter: Matter) -> bool:
    """Whether a message is on its way now, not only in the morning, to somebody who can be reached."""
    written = work.messages.where(matter=matter.key)
    return any(one.state is not MessageState.GIVEN_UP and one.not_before <= rota.now for one in written)


def _next_person(work: Work, rota: Rota, matter: Matter) -> Message | None:
    """Tell the next in line who was not told yet, at once; those without a way are noted and passed over. None: nobody is left."""
    written = {one.user_id: one for one in work.messages.where(matter=matter.key)}
    later = {one.user_id for one in written.values() if one.state is MessageState.WAITING and one.not_before > rota.now}
    tried = set(written) - later
    while (user := next_in_line(rota, matter, tried)) is not None:
        tried.add(user.id)
        if user.id in later:
            return work.messages.replace(written[user.id].model_copy(update={"not_before": rota.now}))
        made = _write(work, rota, matter, Told(user, rota.now))
        if made is not None and made.way_id is not None:
            return made
    return None


def _write(work: Work, rota: Rota, matter: Matter, to: Told) -> Message | None:
    """Store one message to one person by that person's best way; without a way it stands on the screen only."""
    if not to.fully:
        matter = replace(matter, key=matter.key + _ASIDE, words=_aside(rota, matter))
    elif matter.finding_id and work.messages.last_to(to.user.id, rota.now - timedelta(hours=1), Urgency.URGENT) >= MOST_AN_HOUR:
        work.messages.add_once(_message(rota, _storm(rota, matter), to, _best(ways_of(work, to.user.id))))
        update = {"state": MessageState.DROPPED, "problem": f"more than {MOST_AN_HOUR} in an hour: one message says so"}
        return _kept(work, _message(rota, matter, to, None).model_copy(update=update))
    return _kept(work, _message(rota, matter, to, _best(ways_of(work, to.user.id))))


def _kept(work: Work, message: Message) -> Message | None:
    return message if work.messages.add_once(message) else None


def _storm(rota: Rota, matter: Matter) -> Matter:
    words = messages.many(matter.severity, rota.now)
    key = f"many:{matter.school_id}:s{int(matter.severity)}:{rota.now:%Y%m%dT%H}"
    return replace(matter, key=key, words=lambda _: words, finding_id=None)


def _aside(rota: Rota, matter: Matter) -> Callable[[datetime], Words]:
    line = rota.chain(about_head=matter.about_head)
    roles = [role for user in line if may_be_told(matter, user) for role in user.roles.get(rota.school_id, ())]
    words = messages.elsewhere(roles[0] if roles else None)
    return lambda _: words


def _message(rota: Rota, matter: Matter, to: Told, way: Way | None) -> Message:
    words = matter.words(to.not_before)
    aside = matter.key.endswith(_ASIDE)
    return Message(
        id=new_id(rota.now),
        key=f"{matter.key}>{to.user.id}>{way.id if way else 'none'}",
        matter=matter.key,
        school_id=matter.school_id,
        case_id=None if aside else matter.case_id,
        finding_id=None if aside else matter.finding_id,
        user_id=to.user.id,
        way_id=way.id if way else None,
        urgency=matter.urgency,
        subject=words.subject,
        body=words.body,
        made_at=rota.now,
        not_before=to.not_before,
        state=MessageState.WAITING if way else MessageState.GIVEN_UP,
        problem=None if way else NO_WAY,
    )


def is_aside(message: Message) -> bool:
    """Whether a message only tells somebody on call that something waits which is not theirs to see."""
    return message.matter.endswith(_ASIDE)


def ways_of(work: Work, user_id: str) -> list[Way]:
    """Return a person's ways in the order in which they are tried: what worked last comes first, then what was added first."""
    found = work.ways.where(user_id=user_id, is_active=True, order_by="added_at")
    return sorted(found, key=lambda one: -one.worked_at.timestamp() if one.worked_at else 0.0)


def _best(ways: Sequence[Way]) -> Way | None:
    return next(iter(ways), None)


def pass_on(work: Work, message: Message, now: datetime, *, surely_not_sent: bool = True) -> Message | None:
    """Tell it by another way, or tell somebody else; return the new message, or None when there is nothing left to try.

    `surely_not_sent` False: the person may have got it, so nothing more goes to the same person.
    """
    if message.urgency is Urgency.TEST:
        return None
    matter = matter_of(work, message, now)
    rota = rota_of(work, message.school_id, now)
    to = rota.user(message.user_id)
    if surely_not_sent and to is not None and (way := _next_way(work, message)) is not None:
        return _kept(work, _again(message, rota, to, way))
    if matter is None or not matter.is_grave:
        return None
    return _next_person(work, rota, matter)


def _next_way(work: Work, message: Message) -> Way | None:
    tried = {one.way_id for one in work.messages.where(matter=message.matter, user_id=message.user_id)}
    return next((one for one in ways_of(work, message.user_id) if one.id not in tried), None)


def _again(message: Message, rota: Rota, to: User, way: Way | None) -> Message:
    update = {
        "id": new_id(rota.now),
        "key": f"{message.matter}>{to.id}>{way.id if way else 'none'}",
        "user_id": to.id,
        "way_id": way.id if way else None,
        "made_at": rota.now,
        "not_before": rota.now,
        "state": MessageState.WAITING if way else MessageState.GIVEN_UP,
        "problem": None if way else NO_WAY,
        "attempts": 0,
        "tried_at": None,
        "taken_by": None,
    }
    return message.model_copy(update=update)


def matter_of(work: Work, message: Message, now: datetime) -> Matter | None:
    """Return what a stored message is about, for asking who else may hear it; None for what is about no case and no flagged post."""
    words = Words(message.subject, message.body)
    if message.case_id and (case := work.cases.find(message.case_id)) is not None:
        rota, subject = rota_of(work, case.school_id, now), subjects_of(work, case)
        severity = Severity.S3 if message.urgency is Urgency.URGENT and case.severity < Severity.S3 else case.severity
        return of_case(rota, case, subject, message.matter, message.urgency, ("owner",), lambda _: words, severity)
    finding = work.findings.find(message.finding_id) if message.finding_id else None
    return replace(of_finding(finding), key=message.matter, words=lambda _: words) if finding else None


def is_wanted(work: Work, message: Message, now: datetime) -> bool:
    """Whether a message should still go out: its person may hear it, and what it is about is not done."""
    user = work.users.find(message.user_id)
    if user is None or user.disabled:
        return False
    if message.urgency is Urgency.DIGEST:
        return now - message.not_before <= DIGEST_LASTS
    matter = matter_of(work, message, now)
    if matter is None:
        return message.case_id is None and message.finding_id is None
    return may_be_told(matter, user) and _is_open(work, message)


def _is_open(work: Work, message: Message) -> bool:
    if message.case_id:
        case = work.cases.get(message.case_id)
        if message.matter.startswith("removal:"):  # the 24 hours of one case: they end when it is gone, or stopped
            return case.state in OPEN and case.gone_observed_at is None and not is_sealed_off(case)
        return case.state not in ENDED
    return not message.finding_id or work.findings.get(message.finding_id).state is not FindingState.DECIDED
