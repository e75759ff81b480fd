"""How long things are kept, what forbids their end, and what is left of what went (domain.md §8)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlmodel import Field

from data.columns import Json, Number, Text
from data.model.base import MaybeUtcTime, Record, UtcTime
from data.model.posts import PlatformName
from data.model.readings import Category, Severity


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


class CaseTally(Record):
    """What the governors' counts need of a case, and nothing more: no number, no address, no name. Outlives the case (§8)."""

    id: str  # fresh, so that it leads back to no case
    school_id: str
    known_on: date
    category: Category
    severity: Severity = Field(sa_type=Number)
    platforms: tuple[PlatformName, ...] = Field(default=(), sa_type=Json)
    outcome: str  # removed, amended, gone_before_request, not_removed, withdrawn, no_action, answered, or "open"
    met_gross: bool | None = None  # within 24 hours; None: withdrawn, no removal wanted, or still in time
    met_net: bool | None = None  # the same without the time for which an authority asked to leave it up
    missed_reason: str | None = None
    minutes_to_request: int | None = None
    minutes_to_removal: int | None = None
    routes: tuple[tuple[str, bool], ...] = Field(default=(), sa_type=Json)  # each request sent: the route, and whether it was followed
    referrals: tuple[str, ...] = Field(default=(), sa_type=Json)
    came_back: bool = False
    filed_personally: bool = False
    support_in_time: bool | None = None  # within a working day; None: nobody to offer it to


class RetentionRun(Record):
    """One night's run: what went and what waits for a person, by rule."""

    id: str
    at: UtcTime
    by: str
    gone: dict[str, int] = Field(default_factory=dict, sa_type=Json)
    held: dict[str, int] = Field(default_factory=dict, sa_type=Json)
    waiting: dict[str, int] = Field(default_factory=dict, sa_type=Json)
    finished_at: MaybeUtcTime = None  # None: it still runs, or it was cut off
    compacted_at: MaybeUtcTime = None  # when the space of what went was given back; until then its bytes may lie in the file


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
