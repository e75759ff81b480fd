"""Who is told, and when: the rota with its cover, the roles of domain.md §4.2 and §5.4, school days and working hours.

Pure: everything that decides is handed in. Nobody is told who is the subject of the matter (§7.3), who was disabled, or whose role does
not open it; somebody on call whose role does not open it hears only that a matter waits, and whom to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from casework.messages import DueKind, Words
from casework.working_days import LONDON, OPENS, SHUTS, is_school_day
from data.model.people import Role, User
from data.model.readings import Severity
from data.model.telling import Away, OnCall, SchoolClosure, Urgency

MOST_COVERS = 3  # somebody who stands in may be away too
ALWAYS = Severity.S3  # §5.4: out of hours only S3 and S4


@dataclass(frozen=True)
class Hours:
    """When a school is staffed, in UK time."""

    opens: time = OPENS
    closes: time = SHUTS


STAFFED = Hours()


def is_staffed(now: datetime, closures: Sequence[SchoolClosure], hours: Hours = STAFFED) -> bool:
    """Whether a moment lies in working hours."""
    local = now.astimezone(LONDON)
    return is_school_day(local.date(), closures) and hours.opens <= local.time() < hours.closes


def next_morning(now: datetime, closures: Sequence[SchoolClosure], hours: Hours = STAFFED) -> datetime:
    """Return the next moment at which the school opens; within 60 days, else `now` (a school closed for longer is told at once)."""
    local = now.astimezone(LONDON)
    for ahead in range(60):
        day = local.date() + timedelta(days=ahead)
        opens = datetime.combine(day, hours.opens, LONDON)
        if opens > local and is_school_day(day, closures):
            return opens.astimezone(now.tzinfo)
    return now


def last_morning(now: datetime, closures: Sequence[SchoolClosure], hours: Hours = STAFFED) -> datetime:
    """Return when the school last opened before today: what a digest reaches back to."""
    local = now.astimezone(LONDON)
    for back in range(1, 60):
        day = local.date() - timedelta(days=back)
        if is_school_day(day, closures):
            return datetime.combine(day, hours.opens, LONDON).astimezone(now.tzinfo)
    return now - timedelta(days=60)


def is_digest_time(now: datetime, closures: Sequence[SchoolClosure], hours: Hours = STAFFED) -> bool:
    """Whether today's digest is due: from the morning of a school day on, late after a time off, never in the night."""
    return is_staffed(now, closures, hours)


@dataclass(frozen=True)
class Rota:
    """What is known about a school's people at a moment."""

    school_id: str
    now: datetime
    users: tuple[User, ...]
    on_call: tuple[OnCall, ...]
    away: tuple[Away, ...]
    closures: tuple[SchoolClosure, ...] = ()

    def user(self, user_id: str) -> User | None:
        """Return somebody of this school who can sign in, or None."""
        found = next((one for one in self.users if one.id == user_id), None)
        return found if found is not None and not found.disabled and found.roles.get(self.school_id) else None

    def absence(self, user_id: str) -> Away | None:
        """Return the person's present time away."""
        mine = (one for one in self.away if one.user_id == user_id and one.school_id == self.school_id)
        return next((one for one in mine if one.starts_at <= self.now < one.ends_at), None)

    def present(self, user_id: str) -> User | None:
        """Return the person, or whoever stands in for one who is away; None when nobody does."""
        for _ in range(MOST_COVERS + 1):
            gone = self.absence(user_id)
            if gone is None:
                return self.user(user_id)
            if gone.cover_user_id is None:
                return None
            user_id = gone.cover_user_id
        return None

    def called(self) -> tuple[User, ...]:
        """Return who is on call now, the first to be asked first."""
        ranked = sorted((one for one in self.on_call if one.starts_at <= self.now < one.ends_at), key=lambda one: (one.rank, one.id))
        return _each_once(self.present(one.user_id) for one in ranked)

    def holding(self, role: Role) -> tuple[User, ...]:
        """Return who holds a role, or stands in for them."""
        return _each_once(self.present(one.id) for one in self.users if role in one.roles.get(self.school_id, ()))

    def fall_back(self, *, about_head: bool = False) -> tuple[User, ...]:
        """Return who is asked when nobody is on call: lead, deputy, then the head (the chair where it is about the head)."""
        roles = (Role.DSL, Role.DEPUTY_DSL, Role.CHAIR if about_head else Role.HEADTEACHER)
        return _each_once(one for role in roles for one in self.holding(role))

    def chain(self, *, about_head: bool = False) -> tuple[User, ...]:
        """Return everybody who may be asked, in order: on call, then the fall-back."""
        return _each_once((*self.called(), *self.fall_back(about_head=about_head)))

    @property
    def is_staffed(self) -> bool:
        """Whether it is working hours now."""
        return is_staffed(self.now, self.closures)


def _each_once(found: Iterable[User | None]) -> tuple[User, ...]:
    return tuple({one.id: one for one in found if one is not None}.values())


@dataclass(frozen=True)
class Matter:
    """Something that people are told. `may_see` and `is_subject` answer for one person; `words` for the moment it is read."""

    key: str
    school_id: str
    urgency: Urgency
    severity: Severity
    roles: tuple[str, ...]  # "owner", or a role's code
    words: Callable[[datetime], Words]
    may_see: Callable[[User], bool]
    is_subject: Callable[[User], bool]
    about_head: bool = False
    owner_id: str | None = None
    case_id: str | None = None
    finding_id: str | None = None

    @property
    def is_grave(self) -> bool:
        """Whether it cannot wait for the morning."""
        return self.severity >= ALWAYS


@dataclass(frozen=True)
class Told:
    """One person to be told, from when on; `fully` False: only that a matter waits, and whom to ask."""

    user: User
    not_before: datetime
    fully: bool = True


def told(rota: Rota, matter: Matter) -> tuple[Told, ...]:
    """Return who is told about a matter: somebody at once where it is grave, the others in working hours."""
    at_once = rota.is_staffed or (matter.is_grave and matter.urgency is Urgency.REMINDER)
    later = rota.now if at_once else next_morning(rota.now, rota.closures)
    found = {one.id: Told(one, later) for one in _by_role(rota, matter) if may_be_told(matter, one)}
    if (matter.is_grave and (matter.urgency is Urgency.URGENT or not rota.is_staffed)) or not found:
        found |= {one.user.id: one for one in _on_duty(rota, matter, rota.now if matter.is_grave else later)}
    return tuple(found.values())


def may_be_told(matter: Matter, user: User) -> bool:
    """Whether a person may hear what it is: not its subject, able to sign in, and with a role that opens it."""
    return not user.disabled and not matter.is_subject(user) and matter.may_see(user)


def _by_role(rota: Rota, matter: Matter) -> tuple[User, ...]:
    owner = rota.present(matter.owner_id) if matter.owner_id and "owner" in matter.roles else None
    return _each_once((owner, *(one for role in Role if role.value in matter.roles for one in rota.holding(role))))


def _on_duty(rota: Rota, matter: Matter, at: datetime) -> list[Told]:
    """Return the first in line who may hear it; whoever is on call before them only hears that something waits."""
    passed: list[Told] = []
    called = {one.id for one in rota.called()}
    for user in rota.chain(about_head=matter.about_head):
        if may_be_told(matter, user):
            return [*passed, Told(user, at)]
        if user.id in called and not matter.is_subject(user):
            passed.append(Told(user, at, fully=False))
    return passed


def next_in_line(rota: Rota, matter: Matter, tried: Iterable[str]) -> User | None:
    """Return whom to try after a message failed: the next in line who may hear it and was not written to."""
    known = set(tried)
    line = rota.chain(about_head=matter.about_head)
    return next((one for one in line if one.id not in known and may_be_told(matter, one)), None)


def alerted(severity: Severity, *, safeguarding: bool) -> tuple[str, ...]:
    """Return the roles that are told of something grave (domain.md §4.2; policy A10: lead and deputy for any safeguarding concern)."""
    if severity >= Severity.S4:
        return (Role.DSL.value, Role.DEPUTY_DSL.value, Role.HEADTEACHER.value)
    deputy = (Role.DEPUTY_DSL.value,) if safeguarding else ()  # A10
    return (Role.DSL.value, *deputy, Role.HEADTEACHER.value)


@dataclass(frozen=True)
class Due:
    """Something that falls due: `key` is unique for ever, `due_at` when it is due, `remind_at` the moments of its reminders."""

    key: str
    due_at: datetime
    kind: DueKind
    school_id: str
    case_id: str | None = None
    roles: tuple[str, ...] = ("owner",)
    remind_at: tuple[datetime, ...] = ()


def falls_due(dues: Iterable[Due], now: datetime, fired: Iterable[str]) -> tuple[tuple[str, Due], ...]:
    """Return (key of the reminder, what is due) for every reminder whose moment has come; of one thing only the latest, once.

    `fired`: the keys of reminders that went before. A reminder without moments of its own comes when the thing is due.
    """
    known = set(fired)
    found = []
    for one in dues:
        passed = [moment for moment in sorted(one.remind_at or (one.due_at,)) if moment <= now]
        key = f"due:{one.key}:{passed[-1]:%Y%m%dT%H%M}" if passed else ""
        if key and key not in known:
            found.append((key, one))
    return tuple(found)
