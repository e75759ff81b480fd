"""Who is told, by which way and when: the rota, people's own ways, the morning digest, and how the outbox is emptied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from casework import messages, outbox
from casework.errors import WayRefusedError
from casework.posting import SHOWN, Posting, troubled
from casework.rota import Rota, next_morning
from casework.ways import way_address
from data.errors import CaseError, PermissionDeniedError
from data.model.base import new_id
from data.model.people import Permission, User
from data.model.telling import Away, Message, MessageState, OnCall, SchoolClosure, Urgency, Way, WayKind
from data.model.watch import School
from data.store import Work

MOST_WAYS = 6
LONGEST_DUTY = timedelta(days=366)
_TOLD = (Permission.SEE_LOW, Permission.SEE_ALL, Permission.SEE_RESTRICTED_CHAIR, Permission.SEE_RESTRICTED_HT)


@dataclass(frozen=True)
class Reach:
    """Somebody who may be told, and how they can be reached; never an address."""

    user: User
    kinds: tuple[WayKind, ...]
    worked_at: datetime | None
    is_away: bool


@dataclass(frozen=True)
class RotaFile:
    """Who is told at a school, as its page shows it."""

    school: School
    line: tuple[Reach, ...]  # who is asked, in order
    on_call: int  # so many of them are on call; 0: it falls to the roles
    is_staffed: bool
    opens_at: datetime  # when the next working day begins
    coming: tuple[OnCall, ...]
    away: tuple[Away, ...]
    closures: tuple[SchoolClosure, ...]
    people: tuple[User, ...]
    may_manage: bool


@dataclass(frozen=True)
class OutboxFile:
    """How the messages of the last two weeks stand."""

    counts: dict[MessageState, int]
    troubled: tuple[Message, ...]  # urgent, and nobody is known to have got it
    last: tuple[Message, ...]
    digest_at: datetime | None


class Telling(Posting):
    """Verbs of messages: people say who is told and how, and see how the outbox stands."""

    # --- people's own ways

    def my_ways(self, by: User) -> tuple[Way, ...]:
        """Return the person's own ways to be reached, with their addresses: nobody else is shown them."""
        with self.store.read() as work:
            return tuple(work.ways.where(user_id=by.id, is_active=True, order_by="added_at"))

    def add_way(self, by: User, kind: WayKind, address: str) -> Way:
        """Add a way to reach oneself; raises WayRefusedError for an address that cannot be one."""
        if not any(by.may(permission, school_id) for permission in _TOLD for school_id in by.schools()):
            raise PermissionDeniedError(by.id, Permission.SEE_LOW.value)
        cleaned = way_address(kind, address)
        now = self.now()
        with self.store.begin(by=by.id) as work:
            work.lock(f"ways:{by.id}")
            mine = work.ways.where(user_id=by.id, is_active=True)
            if any(one.address == cleaned for one in mine):
                raise WayRefusedError("this address is there already")
            if len(mine) >= MOST_WAYS:
                raise WayRefusedError(f"no more than {MOST_WAYS} ways; remove one first")
            way = work.ways.add(Way(id=new_id(now), user_id=by.id, kind=kind, address=cleaned, added_by=by.id, added_at=now))
            work.commit()
        return way

    def drop_way(self, by: User, way_id: str) -> Way:
        """Remove one of one's own ways."""
        with self.store.begin(by=by.id) as work:
            way = work.ways.replace(_own(work, by, way_id).model_copy(update={"is_active": False}))
            work.commit()
        return way

    def try_way(self, by: User, way_id: str) -> Message:
        """Put a test message to oneself in the outbox; it goes out within a minute, whatever the hour."""
        now = self.now()
        with self.store.begin(by=by.id) as work:
            way = _own(work, by, way_id)
            words, message_id, school_id = messages.test_message(now), new_id(now), by.schools()[0]
            message = Message(
                id=message_id,
                key=f"test:{message_id}",
                matter=f"test:{message_id}",
                school_id=school_id,
                user_id=by.id,
                way_id=way.id,
                urgency=Urgency.TEST,
                subject=words.subject,
                body=words.body,
                made_at=now,
                not_before=now,
            )
            work.messages.add(message)
            work.commit()
        return message

    # --- the rota

    def rota(self, by: User, school_id: str) -> RotaFile:
        """Return who is told at a school; raises PermissionDeniedError for who is never told anything there."""
        _must_be_told(by, school_id)
        now = self.now()
        with self.store.read() as work:
            rota = outbox.rota_of(work, school_id, now)
            return RotaFile(
                school=work.schools.get(school_id),
                line=tuple(_reach(work, rota, user) for user in rota.chain()),
                on_call=len(rota.called()),
                is_staffed=rota.is_staffed,
                opens_at=next_morning(now, rota.closures),
                coming=tuple(sorted((one for one in rota.on_call if one.ends_at > now), key=lambda one: (one.starts_at, one.rank))),
                away=tuple(sorted((one for one in rota.away if one.ends_at > now), key=lambda one: one.starts_at)),
                closures=tuple(sorted((one for one in rota.closures if one.last >= now.date()), key=lambda one: one.first)),
                people=tuple(one for one in rota.users if rota.user(one.id)),
                may_manage=by.may(Permission.MANAGE_ROTA, school_id),
            )

    def put_on_call(self, by: User, school_id: str, user_id: str, starts_at: datetime, ends_at: datetime, rank: int = 1) -> OnCall:
        """Put somebody on call; raises CaseError for a span that cannot be, or somebody whose role opens no grave matter."""
        by.must(Permission.MANAGE_ROTA, school_id)
        _span(starts_at, ends_at, self.now())
        if not 1 <= rank <= 9:  # noqa: PLR2004 - more than nine in a row are nobody
            raise CaseError("the place in the row is a number from 1 to 9")
        now = self.now()
        with self.store.begin(by=by.id) as work:
            user = _colleague(work, school_id, user_id)
            if not any(user.may(one, school_id) for one in (Permission.SEE_ALL, Permission.SEE_RESTRICTED_CHAIR)):
                raise CaseError("this person's role opens no grave matter; put somebody on call who may see them")
            entry = OnCall(
                id=new_id(now),
                school_id=school_id,
                user_id=user_id,
                rank=rank,
                starts_at=starts_at,
                ends_at=ends_at,
                added_by=by.id,
                added_at=now,
            )
            work.on_call.add(entry)
            work.commit()
        return entry

    def take_off_call(self, by: User, entry_id: str) -> None:
        """End a time on call."""
        with self.store.begin(by=by.id) as work:
            entry = work.on_call.get(entry_id)
            by.must(Permission.MANAGE_ROTA, entry.school_id)
            work.on_call.remove(entry_id)
            work.commit()

    def set_away(
        self, by: User, school_id: str, user_id: str, starts_at: datetime, ends_at: datetime, cover_user_id: str | None = None
    ) -> Away:
        """Say that somebody is away and who stands in; everybody may for themselves, for others whoever keeps the rota."""
        if user_id != by.id:
            by.must(Permission.MANAGE_ROTA, school_id)
        _span(starts_at, ends_at, self.now())
        if cover_user_id == user_id:
            raise CaseError("somebody who is away cannot stand in for themselves; choose another person or nobody")
        now = self.now()
        with self.store.begin(by=by.id) as work:
            _colleague(work, school_id, user_id)
            if cover_user_id is not None:
                _colleague(work, school_id, cover_user_id)
            away = Away(
                id=new_id(now),
                user_id=user_id,
                school_id=school_id,
                starts_at=starts_at,
                ends_at=ends_at,
                cover_user_id=cover_user_id,
                added_by=by.id,
                added_at=now,
            )
            work.away.add(away)
            work.commit()
        return away

    def end_away(self, by: User, away_id: str) -> None:
        """Take a time away back."""
        with self.store.begin(by=by.id) as work:
            away = work.away.get(away_id)
            if away.user_id != by.id:
                by.must(Permission.MANAGE_ROTA, away.school_id)
            work.away.remove(away_id)
            work.commit()

    def close_school(self, by: User, school_id: str, name: str, first: date, last: date) -> SchoolClosure:
        """Say on which days the school is closed, both included; bank holidays are known already."""
        by.must(Permission.MANAGE_ROTA, school_id)
        called = " ".join(name.split())
        if not called or len(called) > 80:  # noqa: PLR2004 - a line in a list
            raise CaseError("give the closure a short name, for example 'Half term'")
        if last < first:
            raise CaseError("the last day lies before the first; change one of them")
        if last - first > timedelta(days=60):
            raise CaseError("a closure of more than 60 days is a mistake in one of the two days; check them")
        now = self.now()
        with self.store.begin(by=by.id) as work:
            made = SchoolClosure(id=new_id(now), school_id=school_id, name=called, first=first, last=last, added_by=by.id, added_at=now)
            work.closures.add(made)
            work.commit()
        return made

    def drop_closure(self, by: User, closure_id: str) -> None:
        """Take a closure back."""
        with self.store.begin(by=by.id) as work:
            by.must(Permission.MANAGE_ROTA, work.closures.get(closure_id).school_id)
            work.closures.remove(closure_id)
            work.commit()

    # --- how the outbox stands

    def outbox(self, by: User, school_id: str) -> OutboxFile:
        """Return how the messages of the last two weeks stand; what is about a matter that the person may not see is left out."""
        _must_be_told(by, school_id)
        now = self.now()
        with self.store.read() as work:
            found = work.messages.since(now - SHOWN, school_ids=[school_id])
            mine = [one for one in found if self._may_hear(work, by, one)]
            failed = [one for one in troubled(found) if one in mine]
        digests = [one.made_at for one in found if one.urgency is Urgency.DIGEST]
        return OutboxFile(
            counts={state: sum(one.state is state for one in mine) for state in MessageState},
            troubled=tuple(failed),
            last=tuple(reversed(mine))[:20],
            digest_at=max(digests, default=None),
        )

    def settle(self, by: User, message_id: str) -> Message:
        """Say that the matter of a failed message is known: it no longer stands out on the page."""
        with self.store.begin(by=by.id) as work:
            message = work.messages.get(message_id)
            _must_be_told(by, message.school_id)
            if not self._may_hear(work, by, message):
                raise PermissionDeniedError(by.id, Permission.SEE_ALL.value)
            message = work.messages.replace(message.model_copy(update={"settled_by": by.id, "settled_at": self.now()}))
            work.commit()
        return message


def _must_be_told(by: User, school_id: str) -> None:
    if not any(by.may(permission, school_id) for permission in _TOLD):
        raise PermissionDeniedError(by.id, Permission.SEE_LOW.value)


def _own(work: Work, by: User, way_id: str) -> Way:
    way = work.ways.get(way_id)
    if way.user_id != by.id or not way.is_active:
        raise WayRefusedError("this way is not yours, or was removed already")
    return way


def _colleague(work: Work, school_id: str, user_id: str) -> User:
    user = work.users.get(user_id)
    if user.disabled or not user.roles.get(school_id):
        raise CaseError("this person does not sign in at this school; choose another")
    return user


def _span(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise CaseError("the beginning and the end need a time zone")
    if ends_at <= starts_at:
        raise CaseError("the end lies before the beginning; change one of them")
    if ends_at <= now:
        raise CaseError("this time is over already; choose one that is still to come")
    if ends_at - starts_at > LONGEST_DUTY:
        raise CaseError("more than a year is a mistake in one of the two dates; check them")


def _reach(work: Work, rota: Rota, user: User) -> Reach:
    ways = outbox.ways_of(work, user.id)
    worked = [one.worked_at for one in ways if one.worked_at]
    return Reach(user, tuple(one.kind for one in ways), max(worked, default=None), rota.absence(user.id) is not None)
