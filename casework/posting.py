"""What the worker does for messages: reminders of what falls due, the morning digest, emptying the outbox. Each may run twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from casework import access, messages, outbox
from casework.dues import dues_of
from casework.messages import DueKind, SourceSeen, Tally, Words
from casework.room import SYSTEM, Room
from casework.rota import Due, Matter, Rota, falls_due, is_digest_time, last_morning
from casework.steps import case_standing
from casework.transitions import OPEN
from data.model.cases import Case, StandingWord
from data.model.findings import FindingState
from data.model.people import Permission, Role, User
from data.model.readings import Severity
from data.model.telling import Message, MessageState, Urgency, Way
from data.model.watch import Health, School, Source, SourceState
from data.store import Work
from evidence.guard import is_sealed_off

SHOWN = timedelta(days=14)  # how far back messages are looked through
SOON = timedelta(hours=4)
LATE_POLL = timedelta(minutes=15)
DIGEST_ROLES = (Role.DSL, Role.DEPUTY_DSL, Role.HEADTEACHER)


@dataclass(frozen=True)
class Waiting:
    """A message that may go out now, and the way it takes (None: the way was taken away)."""

    message: Message
    way: Way | None


class Posting(Room):
    """Verbs of the worker about messages; they act as the system."""

    # --- the worker: what falls due

    def fire_dues(self, now: datetime, more: Sequence[Due] = ()) -> int:
        """Put the reminders of duties that fall due in the outbox, each once; `more`: of other rooms. Return how many people are told."""
        with self.store.begin(by=SYSTEM) as work:
            dues = [*dues_of(work, now), *more]
            made = [message for key, one in falls_due(dues, now, ()) for message in self._due(work, key, one, now)]
            work.commit()
        return len(made)

    def _due(self, work: Work, key: str, one: Due, now: datetime) -> tuple[Message, ...]:
        if work.messages.where(matter=key, limit=1):
            return ()
        rota, case = outbox.rota_of(work, one.school_id, now), work.cases.find(one.case_id) if one.case_id else None
        words = messages.due(one.kind, one.due_at, case.ref if case else None)
        if case is None:
            return outbox.tell(work, rota, _of_school(key, one.school_id, one.roles, words, Urgency.REMINDER))
        subject = outbox.subjects_of(work, case)
        severity = case.severity if one.kind is DueKind.STOP_REFERRAL else Severity.S0  # the others in working hours
        matter = outbox.of_case(rota, case, subject, key, Urgency.REMINDER, one.roles, lambda _: words, severity)
        return outbox.tell(work, rota, matter)

    def fire_digests(self, now: datetime) -> int:
        """Put today's digest in the outbox of each school that has a morning now, once; on quiet days too (a missing one is an alarm)."""
        with self.store.begin(by=SYSTEM) as work:
            made = sum(self._digest(work, school, now) for school in work.schools.where())
            work.commit()
        return made

    def _digest(self, work: Work, school: School, now: datetime) -> int:
        rota = outbox.rota_of(work, school.id, now)
        if not is_digest_time(now, rota.closures):
            return 0
        day = now.astimezone(messages.LONDON).date()
        made = 0
        for user in dict.fromkeys(user.id for role in DIGEST_ROLES for user in rota.holding(role)):
            key = f"digest:{school.id}:{day:%Y%m%d}:{user}"
            if not work.messages.where(matter=key, limit=1):
                made += self._digest_to(work, rota, user, key, day)
        return made

    def _digest_to(self, work: Work, rota: Rota, user_id: str, key: str, day: date) -> int:
        user = rota.user(user_id)
        if user is None:
            return 0
        words = messages.digest(self._tally(work, rota, user, day))
        matter = _of_school(key, rota.school_id, (), words, Urgency.DIGEST, only=user_id)
        return len(outbox.tell(work, _only(rota, user), matter))

    def _tally(self, work: Work, rota: Rota, user: User, day: date) -> Tally:
        """Count what one person may see."""
        since = last_morning(rota.now, rota.closures)
        found = [one for one in work.findings.made_since(rota.school_id, since) if access.may_see_finding(user, one)]
        waiting = [
            one for one in work.findings.where(school_id=rota.school_id, state=FindingState.OPEN) if access.may_see_finding(user, one)
        ]
        running = [one for one in self._running(work, rota.school_id) if self._may_see(work, user, one)]
        left = [case_standing(one, rota.now) for one in running if not is_sealed_off(one)]
        unknown = troubled(work.messages.since(rota.now - SHOWN, school_ids=[rota.school_id]))
        return Tally(
            day=day,
            since=since,
            flagged={severity: sum(one.severity is severity for one in found) for severity in Severity},
            waiting=len(waiting),
            oldest_at=min((one.seen_at for one in waiting), default=None),
            open_cases=len(running),
            late=sum(one.word is StandingWord.OVERDUE for one in left),
            soon=sum(timedelta(0) <= one.left <= SOON for one in left),
            sources=self._sources(work, rota.school_id, rota.now),
            not_delivered=sum(self._may_hear(work, user, one) for one in unknown),
            stopped=len(running) - len(left),
        )

    def _running(self, work: Work, school_id: str) -> list[Case]:
        return [one for one in work.cases.where(school_id=school_id, state=list(OPEN)) if one.gone_observed_at is None]

    def _sources(self, work: Work, school_id: str, now: datetime) -> tuple[SourceSeen, ...]:
        states = {one.source_id: one for one in work.source_states.where()}
        enabled = work.sources.where(school_id=school_id, enabled=True)
        return tuple(seen(one, states.get(one.id) or SourceState(source_id=one.id), now) for one in enabled)

    # --- the worker: emptying the outbox

    def messages_due(self, now: datetime) -> tuple[Waiting, ...]:
        """Return what may go out now, the urgent first, each with its way."""
        with self.store.read() as work:
            found = work.messages.due(now)
            ways = {one.id: one for one in work.ways.where(id=list({one.way_id for one in found if one.way_id}), is_active=True)}
        return tuple(Waiting(one, ways.get(one.way_id or "")) for one in found)

    def message_taken(self, message_id: str, worker: str) -> Waiting | None:
        """Take a message for handing over; once this is written it is never handed over again by the same way.

        None when it is not to be sent: somebody was quicker, it is no longer needed, or its way is gone (then it is passed on).
        """
        now = self.now()
        with self.store.begin(by=SYSTEM) as work:
            work.lock(f"message:{message_id}")
            message = work.messages.get(message_id)
            if message.state is not MessageState.WAITING or message.not_before > now:
                return None
            way = work.ways.find(message.way_id) if message.way_id else None
            taken = self._take(work, message, way, worker, now)
            work.commit()
        return Waiting(taken, way) if taken.state is MessageState.SENDING else None

    def _take(self, work: Work, message: Message, way: Way | None, worker: str, now: datetime) -> Message:
        if not outbox.is_wanted(work, message, now):
            dropped = work.messages.replace(message.model_copy(update={"state": MessageState.DROPPED, "problem": outbox.NOT_WANTED}))
            user = work.users.find(message.user_id)
            if user is None or user.disabled:  # its person left in the meantime: somebody else must hear it
                outbox.pass_on(work, dropped, now)
            return dropped
        if way is None or not way.is_active:
            return self._give_up(work, message, "its way was removed", now)
        update = {"state": MessageState.SENDING, "taken_by": worker, "tried_at": now, "attempts": message.attempts + 1, "problem": None}
        return work.messages.replace(message.model_copy(update=update))

    def _give_up(self, work: Work, message: Message, problem: str, now: datetime) -> Message:
        given_up = work.messages.replace(message.model_copy(update={"state": MessageState.GIVEN_UP, "problem": problem}))
        outbox.pass_on(work, given_up, now)
        return given_up

    def message_sent(self, message_id: str) -> Message:
        """Note that a message was handed over and accepted."""
        now = self.now()
        with self.store.begin(by=SYSTEM) as work:
            message = work.messages.get(message_id)
            if message.state in {MessageState.SENDING, MessageState.UNKNOWN}:  # late news about one given up as unknown is good news
                message = work.messages.replace(message.model_copy(update={"state": MessageState.SENT, "sent_at": now, "problem": None}))
                way = work.ways.find(message.way_id)
                if way is not None:
                    work.ways.replace(way.model_copy(update={"worked_at": now}))
            work.commit()
        return message

    def message_failed(self, message_id: str, problem: str, *, for_good: bool = False) -> Message:
        """Note that a message surely did not go out: it is tried again later, each time after a longer wait, for about a day.

        `for_good`: it was refused, so trying again is no use. Something urgent is passed on after the third try, and tried further.
        """
        now = self.now()
        with self.store.begin(by=SYSTEM) as work:
            message = work.messages.get(message_id)
            if message.state is MessageState.SENDING:
                message = self._failed(work, message, problem, now, for_good=for_good)
            work.commit()
        return message

    def _failed(self, work: Work, message: Message, problem: str, now: datetime, *, for_good: bool) -> Message:
        if for_good or message.attempts > len(outbox.BACK_OFF) or message.urgency is Urgency.TEST:
            return self._give_up(work, message, problem, now)
        again = now + outbox.BACK_OFF[message.attempts - 1]
        update = {"state": MessageState.WAITING, "not_before": again, "problem": problem, "taken_by": None}
        waiting = work.messages.replace(message.model_copy(update=update))
        if message.urgency is Urgency.URGENT and message.attempts == outbox.PASS_ON_AFTER:
            outbox.pass_on(work, waiting, now)
        return waiting

    def message_unknown(self, message_id: str, problem: str) -> Message:
        """Note that it is not known whether a message went out: it is never sent again; something urgent goes to the next in line."""
        now = self.now()
        with self.store.begin(by=SYSTEM) as work:
            message = work.messages.get(message_id)
            if message.state is MessageState.SENDING:
                message = self._unknown(work, message, problem, now)
            work.commit()
        return message

    def _unknown(self, work: Work, message: Message, problem: str, now: datetime) -> Message:
        unknown = work.messages.replace(message.model_copy(update={"state": MessageState.UNKNOWN, "problem": problem}))
        if message.urgency is Urgency.URGENT:
            outbox.pass_on(work, unknown, now, surely_not_sent=False)
        return unknown

    def messages_lost(self, worker: str) -> tuple[Message, ...]:
        """Note every message that this worker was handing over when it ended: it is not known whether they went out."""
        now = self.now()
        with self.store.begin(by=SYSTEM) as work:
            found = work.messages.where(state=MessageState.SENDING, taken_by=worker)
            lost = tuple(self._unknown(work, one, outbox.BROKE_OFF, now) for one in found)
            work.commit()
        return lost

    def messages_stuck(self, longer_than: float) -> tuple[Message, ...]:
        """Note what some worker began to hand over more than so many real seconds ago and never told the end of."""
        now = self.now()
        with self.store.begin(by=SYSTEM) as work:
            found = [one for one in work.messages.where(state=MessageState.SENDING) if one.tried_at]
            old = [one for one in found if one.tried_at and self.clock.real_seconds(now - one.tried_at) > longer_than]
            lost = tuple(self._unknown(work, one, outbox.BROKE_OFF, now) for one in old)
            work.commit()
        return lost

    def _may_hear(self, work: Work, by: User, message: Message) -> bool:
        """Whether a person may know of a message: of its matter if they may see it, of what only counts or hints if it is their own."""
        if message.case_id is not None:
            case = work.cases.find(message.case_id)
            return case is not None and self._may_see(work, by, case)
        if message.finding_id is not None:
            finding = work.findings.find(message.finding_id)
            return finding is None or access.may_see_finding(by, finding)
        if message.user_id == by.id:
            return True
        # A digest counts what its own reader may see, and "ask the chair" says whom it is about: nobody else reads them (§7.3)
        of_school = message.urgency is Urgency.REMINDER or (
            message.urgency is Urgency.URGENT and by.may(Permission.SEE_ALL, message.school_id)
        )
        return of_school and not outbox.is_aside(message)


def troubled(found: Sequence[Message]) -> list[Message]:
    """Return the urgent messages that failed, of matters of which nobody is known to have heard and that nobody saw to."""
    heard = {one.matter for one in found if one.state in {MessageState.SENT, MessageState.DROPPED} or one.settled_at}
    return [one for one in found if one.urgency is Urgency.URGENT and one.matter not in heard and _has_failed(one)]


def _has_failed(message: Message) -> bool:
    if message.state is MessageState.WAITING:
        return message.attempts >= outbox.PASS_ON_AFTER
    return message.state in {MessageState.UNKNOWN, MessageState.GIVEN_UP}


def seen(source: Source, state: SourceState, now: datetime) -> SourceSeen:
    """Return whether a source is seen now, and since when not; without its name."""
    fresh = state.last_ok_at is not None and now - state.last_ok_at <= 2 * source.period + LATE_POLL
    return SourceSeen(source.platform.value, state.health is Health.OK and fresh, state.last_ok_at)


def _of_school(key: str, school_id: str, roles: tuple[str, ...], words: Words, urgency: Urgency, only: str | None = None) -> Matter:
    return Matter(
        key=key,
        school_id=school_id,
        urgency=urgency,
        severity=Severity.S0,
        roles=("owner",) if only else roles,
        words=lambda _: words,
        may_see=lambda _: True,
        is_subject=lambda _: False,
        owner_id=only,
    )


def _only(rota: Rota, user: User) -> Rota:
    """Return a rota of one person, so that what is meant for one is told to one."""
    return Rota(rota.school_id, rota.now, (user,), (), (), rota.closures)
