"""The school's policies and when they are looked at again (A30, A38, B41); the reports that governors get."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlmodel import Field

from data.columns import Json, Text
from data.model.base import MaybeUtcTime, Record, UtcTime


class Policy(Record):
    """One policy as it stands: its version and when it is due for review, a year on at most."""

    id: str
    school_id: str
    title: str
    version: str
    link: str | None = Field(default=None, sa_type=Text)
    created_by: str
    approved_by: str
    approved_on: date
    next_review_on: date
    owner: str
    unions_consulted: bool = False
    added_by: str
    added_at: UtcTime
    replaced_at: MaybeUtcTime = None  # an older version stays in the register


class TriggerKind(StrEnum):
    """What calls for a review before its day (A30)."""

    LEGISLATION = "legislation"
    GUIDANCE = "guidance"
    CASE_LAW = "case_law"
    INCIDENT = "incident"


class PolicyTrigger(Record):
    """Something that calls for a review of the policies."""

    id: str
    school_id: str
    kind: TriggerKind
    what: str = Field(sa_type=Text)
    case_id: str | None = None
    by: str
    at: UtcTime
    settled_by: str | None = None
    settled_at: MaybeUtcTime = None
    settled_how: str | None = Field(default=None, sa_type=Text)


class YearlyCheck(Record):
    """A yearly look at something that the policy lists: watch terms, DPIA, retention, routes, authorisations (domain.md §7.5)."""

    id: str
    school_id: str
    what: str
    confirmed_by: str
    confirmed_at: UtcTime
    note: str = Field(default="", sa_type=Text)


class GovernorsReport(Record):
    """Counts for a period, as they were approved; no names (domain.md §7.4)."""

    id: str
    school_id: str
    first: date
    last: date
    figures: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    made_by: str
    made_at: UtcTime
    approved_by: str | None = None
    approved_at: MaybeUtcTime = None
