"""What was publicly visible, where and when, and that it was not changed since."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlmodel import Field

from data.columns import Json, Number, Text
from data.model.base import MaybeUtcTime, Record, UtcTime
from data.model.posts import PostId


class SafetyAnswer(StrEnum):
    """The answer before every capture: could this show a nude, semi-nude or sexual picture of someone who may be under 18?"""

    YES = "yes"
    NOT_SURE = "not_sure"
    NO = "no"


class OrderState(StrEnum):
    """How an ordered capture stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"  # the STOP route: refused by code


class CaptureOrder(Record):
    """A person's order to capture an address; the worker carries it out. Without an answer it is refused."""

    id: str
    case_id: str
    item_id: str
    post_id: PostId | None = Field(default=None, sa_type=Number)
    address: str = Field(sa_type=Text)
    answer: SafetyAnswer | None
    ordered_by: str
    ordered_at: UtcTime
    state: OrderState = OrderState.WAITING
    problem: str | None = None
    finished_at: MaybeUtcTime = None
    evidence_id: str | None = None


class Completeness(StrEnum):
    """What a capture amounts to (evidence.md §6, §7)."""

    FULL = "full"
    INCOMPLETE = "incomplete"
    NO_PICTURE = "no_picture"  # no browser on this machine: page and facts only, said so
    BEHIND_WALL = "behind_wall"  # never counts as evidence of the post
    NOT_AVAILABLE = "not_available"  # 404, 410: proof of a removal, not of the post


class SealedFile(Record):
    """One file of a capture: our own fixed name, its SHA-256, its size and media type."""

    name: str
    sha256: str
    bytes: int
    media_type: str


class Evidence(Record):
    """The sealed result of a capture. Immutable. Unique per order: a repeated job keeps the first."""

    id: str
    ref: str  # "SW-2026-0001-E1"
    case_id: str
    item_id: str
    order_id: str
    address: str = Field(sa_type=Text)
    final_address: str = Field(sa_type=Text)
    status: int | None
    title: str
    captured_at: UtcTime
    captured_by: str
    completeness: Completeness
    note: str = ""  # why incomplete, what was cut; plain words
    files: tuple[SealedFile, ...] = Field(default=(), sa_type=Json)
    manifest_sha256: str
    tools: dict[str, Any] = Field(default_factory=dict, sa_type=Json)

    @property
    def counts(self) -> bool:
        """Whether this shows the post itself, so that a request may be sent (policy A14)."""
        return self.completeness in {Completeness.FULL, Completeness.INCOMPLETE, Completeness.NO_PICTURE}


class CustodyEvent(Record):
    """Who did what to which evidence and when; each holds the hash of the one before. Append-only."""

    number: int
    at: UtcTime
    by: str
    evidence_id: str
    what: str  # opened · safety answer · capture started · captured · sealed · viewed · exported …
    detail: str = ""
    before: str  # hash of the previous event, 64 zeros for the first
    hash: str
