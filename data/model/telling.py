"""Who is told and by which way: the rota, people's ways, the outbox. A message never holds a name, a quote or a picture."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlmodel import Field

from data.columns import Text
from data.model.base import MaybeUtcTime, Record, UtcTime


class WayKind(StrEnum):
    """How a person can be reached."""

    MAIL = "mail"
    TEAMS = "teams"
    WEBHOOK = "webhook"


class Way(Record):
    """One way to reach a person. `address` is a secret: it stands on no screen but its owner's, and in no log."""

    id: str
    user_id: str
    kind: WayKind
    address: str = Field(sa_type=Text)  # a mail address, or the address of a webhook
    is_active: bool = True
    added_by: str
    added_at: UtcTime
    worked_at: MaybeUtcTime = None  # when something last went out by it


class OnCall(Record):
    """Who is on call for a school, from when to when; `rank` 1 is asked first."""

    id: str
    school_id: str
    user_id: str
    rank: int = 1
    starts_at: UtcTime
    ends_at: UtcTime
    added_by: str
    added_at: UtcTime


class Away(Record):
    """A person's time away, and who stands in."""

    id: str
    user_id: str
    school_id: str
    starts_at: UtcTime
    ends_at: UtcTime
    cover_user_id: str | None = None
    added_by: str
    added_at: UtcTime


class SchoolClosure(Record):
    """Days on which the school is closed: holidays, inset days. Both days included."""

    id: str
    school_id: str
    name: str
    first: date
    last: date
    added_by: str
    added_at: UtcTime


class Urgency(StrEnum):
    """How soon a message must go out."""

    URGENT = "urgent"
    REMINDER = "reminder"
    DIGEST = "digest"
    TEST = "test"  # asked for by a person, to see whether a way works


class MessageState(StrEnum):
    """How a message in the outbox stands."""

    WAITING = "waiting"
    SENDING = "sending"  # taken by a worker; after a crash it is unknown whether it went out, and it is not sent again blindly
    SENT = "sent"
    UNKNOWN = "unknown"  # it broke off while it was handed over: it may have gone out, or not; it is never sent again
    GIVEN_UP = "given_up"  # it did not go out
    DROPPED = "dropped"  # what it was about was done before it went out


class Message(Record):
    """One message to one person by one way. `key` is its idempotency key: stored once, handed over at most once.

    `matter` is what all messages about the same thing share: by it one sees whether anybody was told.
    """

    id: str
    key: str
    matter: str
    school_id: str
    case_id: str | None = None
    finding_id: str | None = None
    user_id: str
    way_id: str | None = None  # None: the person has no way; it stands on the screen only
    urgency: Urgency
    subject: str
    body: str = Field(sa_type=Text)
    made_at: UtcTime
    not_before: UtcTime
    state: MessageState = MessageState.WAITING
    attempts: int = 0
    tried_at: MaybeUtcTime = None
    taken_by: str | None = None  # the worker that hands it over
    sent_at: MaybeUtcTime = None
    problem: str | None = None
    settled_by: str | None = None  # who saw to it that the matter is known, after a message failed
    settled_at: MaybeUtcTime = None
