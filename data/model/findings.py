"""What a person should look at, what staff reported, what a person decided."""

from __future__ import annotations

from enum import StrEnum

from sqlmodel import Field

from data.columns import Json, Number, Text
from data.model.base import MaybeUtcTime, Record, UtcTime
from data.model.posts import PlatformName, PostId
from data.model.readings import Category, Severity, Span


class FindingState(StrEnum):
    """Open until a person decided."""

    OPEN = "open"
    HELD = "held"
    DECIDED = "decided"


class Finding(Record):
    """A flagged post: from a reading, or from a report by a person. Unique per (post, version, school)."""

    id: str
    school_id: str
    post_id: PostId | None = Field(default=None, sa_type=Number)
    post_version: int | None = None
    report_id: str | None = None
    platform: PlatformName
    severity: Severity = Field(sa_type=Number)
    lead_category: Category
    categories: tuple[Category, ...] = Field(default=(), sa_type=Json)
    reasons: tuple[str, ...] = Field(default=(), sa_type=Json)  # plain words, "may …", never a verdict
    highlights: tuple[Span, ...] = Field(default=(), sa_type=Json)
    stop: bool = False  # a cue or a person says: may be an indecent image of a child
    rule: str  # flagging rule version, or "report"
    state: FindingState = FindingState.OPEN
    seen_at: UtcTime  # first collected, or reported: what the queue sorts by
    made_at: UtcTime


class ReportTick(StrEnum):
    """What a reporter may tick (clause A13), and the tick that opens the STOP route."""

    INACCURATE = "inaccurate"
    INAPPROPRIATE = "inappropriate"
    INFLAMMATORY = "inflammatory"
    IMAGE_WITHOUT_PERMISSION = "image_without_permission"
    SENT_TO_WORK_ACCOUNT = "sent_to_work_account"
    PUPIL_CONTACT = "pupil_contact"
    DANGER_NOW = "danger_now"
    INDECENT_IMAGE = "indecent_image"


class Wish(StrEnum):
    """What the reporter hopes for (clause A13)."""

    REMOVE = "remove"
    AMEND = "amend"
    RECORD_ONLY = "record_only"


class Report(Record):
    """A human's account of something seen; starts the removal clock (`reported_at`, policy A13 and domain.md §5.4)."""

    id: str
    receipt: str
    school_id: str
    address: str | None = Field(default=None, sa_type=Text)
    says: str = Field(sa_type=Text)
    concerns: str | None = None
    ticks: tuple[ReportTick, ...] = Field(default=(), sa_type=Json)
    wish: Wish = Wish.REMOVE
    platform: PlatformName = PlatformName.OTHER_WEB
    reporter: str | None = None  # as typed: who to answer
    reporter_user_id: str | None = None
    reported_at: UtcTime
    received_at: UtcTime
    backdated_reason: str | None = None


class DecisionKind(StrEnum):
    """The closed list of what a person may decide on a flagged post."""

    OPEN_CASE = "open_case"
    SAFEGUARDING = "safeguarding"
    REPLY = "reply"  # fair criticism: goes to the headteacher
    NO_ACTION = "no_action"  # with an outcome code of domain.md §4.3
    NOT_OURS = "not_ours"  # another place or person of the same name
    HOLD = "hold"  # hand over or think again, with a note


class Decision(Record):
    """A named person's judgement on a finding, with a reason."""

    id: str
    finding_id: str
    kind: DecisionKind
    category: Category
    severity: Severity = Field(sa_type=Number)
    target: str  # role of the person concerned, or "none"
    reason: str = Field(sa_type=Text)
    by: str
    at: UtcTime
    case_id: str | None = None
    undone_at: MaybeUtcTime = None
