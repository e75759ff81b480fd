"""What a school changes about flagging: its own thresholds and suppressions, each with an owner, an expiry and an undo."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlmodel import Field

from data.columns import Json, Text
from data.model.base import MaybeUtcTime, Record, UtcTime
from data.model.readings import Category, Head


class TuningKind(StrEnum):
    """The closed list of what may be changed."""

    THRESHOLD = "threshold"  # from which score on a head's answer is flagged
    SUPPRESSION = "suppression"  # posts with these words and this category are not flagged


class Tuning(Record):
    """One change for one school. It counts from `live_at` to `expires_at` or `ended_at`; it never touches safeguarding categories."""

    id: str
    school_id: str
    kind: TuningKind
    head: Head | None = None  # of a threshold
    threshold: float | None = None
    category: Category | None = None  # of a suppression
    phrase: str | None = None  # folded words that must stand in the post
    why: str = Field(sa_type=Text)
    owner: str  # user id
    made_at: UtcTime
    back_test: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # what it would have changed in the last 90 days: counts only
    live_at: MaybeUtcTime = None  # None: tried, not switched on
    expires_at: UtcTime
    ended_at: MaybeUtcTime = None
    ended_by: str | None = None
