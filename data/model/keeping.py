"""How long things are kept, what forbids their end, and what is left of what went (domain.md §8)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlmodel import Field

from data.columns import Json, Text
from data.model.base import MaybeUtcTime, Record, UtcTime


class RetentionSetting(Record):
    """A school's own period for a rule, in days, in place of the default."""

    id: str
    school_id: str
    rule: str
    days: int
    why: str = Field(sa_type=Text)
    by: str
    at: UtcTime


class LegalHold(Record):
    """Nothing of this case goes until the hold is released and 30 days have passed."""

    id: str
    school_id: str
    case_id: str
    why: str = Field(sa_type=Text)
    authority: str
    by: str
    at: UtcTime
    released_by: str | None = None
    released_at: MaybeUtcTime = None


class Tombstone(Record):
    """What is left of a record that went: its kind and id, the rule and the day. No content."""

    id: str
    school_id: str | None = None
    kind: str
    record_id: str
    ref: str | None = None  # a case's number
    rule: str
    run_id: str
    gone_at: UtcTime


class RetentionRun(Record):
    """One night's run: what went and what waits for a person, by rule."""

    id: str
    at: UtcTime
    by: str
    gone: dict[str, int] = Field(default_factory=dict, sa_type=Json)
    held: dict[str, int] = Field(default_factory=dict, sa_type=Json)
    waiting: dict[str, int] = Field(default_factory=dict, sa_type=Json)
    finished_at: MaybeUtcTime = None


class RetentionConsent(Record):
    """A person's word that a child-protection or sexual-abuse record may go: the machine never decides that."""

    id: str
    case_id: str
    by: str
    second: str | None = None  # before its day, two people agree (domain.md §5.3)
    why: str = Field(sa_type=Text)
    at: UtcTime


class SubjectRequestKind(StrEnum):
    """What a person asks about data on them (UK GDPR Art. 15, 17, 21)."""

    ACCESS = "access"
    OBJECTION = "objection"
    ERASURE = "erasure"


class SubjectRequest(Record):
    """A request by a person about data on them; answered within a month."""

    id: str
    school_id: str
    kind: SubjectRequestKind
    handle: str  # as the person gives it; only the DPO, the DSL and the head read it
    received_at: UtcTime
    due_on: date
    by: str
    decision: str | None = Field(default=None, sa_type=Text)
    granted: bool | None = None
    decided_by: str | None = None
    decided_at: MaybeUtcTime = None
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
