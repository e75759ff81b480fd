"""What is watched: schools, the phrases that stand for them, the public places that are polled, and how those are."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import field_validator
from sqlmodel import Field

from data.columns import Json, Text
from data.model.base import MaybeUtcTime, Record, UtcTime
from data.model.posts import PlatformName


class School(Record):
    """One establishment. `report_code` opens the staff report form for it."""

    id: str
    name: str
    urn: str | None = None
    town: str | None = None
    domains: tuple[str, ...] = Field(default=(), sa_type=Json)
    postal_address: str | None = None
    reply_mailbox: str | None = None
    report_code: str | None = None
    added_at: UtcTime


class TermKind(StrEnum):
    """The closed list of what may be searched for (domain.md §2.8): the school, never a person (policy A8)."""

    SCHOOL_NAME = "school_name"
    ABBREVIATION = "abbreviation"
    NICKNAME = "nickname"
    POSTCODE_AREA = "postcode_area"
    OFFICIAL_HANDLE = "official_handle"
    HASHTAG = "hashtag"
    EVENT = "event"
    SITE_DOMAIN = "site_domain"
    SCHOOL_STAFF_ROLE = "school_staff_role"


class WatchTerm(Record):
    """A phrase that stands for a school; context words must (any one of them) or must not be near it."""

    id: str
    school_id: str
    kind: TermKind
    phrase: str
    near: tuple[str, ...] = Field(default=(), sa_type=Json)
    not_near: tuple[str, ...] = Field(default=(), sa_type=Json)
    active: bool = True
    added_by: str
    added_at: UtcTime

    @field_validator("phrase")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if len(value.strip()) < 2:  # noqa: PLR2004 - one letter would match every post
            msg = "a watch term needs at least two characters"
            raise ValueError(msg)
        return value.strip()


class StaffMember(Record):
    """A member of staff as named in posts. Used to read posts that already mention the school, never to search."""

    id: str
    school_id: str
    name: str
    role: str | None = None
    user_id: str | None = None


class Coverage(StrEnum):
    """What is watched of a platform (platforms.md §0)."""

    FULL = "full"
    OWN_ACCOUNT = "own_account"
    GIVEN_URL = "given_url"
    MANUAL = "manual"
    CLOSED = "closed"


class Source(Record):
    """One public place polled for a school: adapter, address or query, and how often a new post may be expected."""

    id: str
    school_id: str
    adapter: str  # key of collector.platforms.PLATFORMS
    platform: PlatformName
    name: str
    address: str = Field(sa_type=Text)  # feed, site, server or page
    query: str | None = None  # hashtag or words, where the adapter takes one
    options: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # selectors and the like
    period_minutes: int = 15  # how often it is polled
    expected_quiet_hours: int = 24 * 14  # silence longer than twice this turns the row amber
    enabled: bool = True
    added_by: str
    added_at: UtcTime

    @property
    def period(self) -> timedelta:
        """How long to wait between two polls."""
        return timedelta(minutes=self.period_minutes)


class Health(StrEnum):
    """How a source is."""

    NEW = "new"  # never polled yet
    OK = "ok"
    WAITING = "waiting"  # told to slow down; resumes by itself
    UNREACHABLE = "unreachable"
    WALL = "wall"  # login or consent wall, 401, 403
    REFUSED = "refused"  # robots.txt, private address
    BROKEN = "broken"  # answers, but nothing in it can be read
    GONE = "gone"  # 410: switched off


class SourceState(Record):
    """Where the last poll of a source ended, and how the source is. `problem` is a line a DSL can read."""

    source_id: str
    health: Health = Health.NEW
    problem: str | None = None
    cursor: str | None = Field(default=None, sa_type=Text)  # opaque, as the adapter gave it
    watermark: MaybeUtcTime = None  # newest claimed time of a fully stored run
    etag: str | None = None
    last_modified: str | None = None
    address_now: str | None = None  # after a permanent redirect
    last_polled_at: MaybeUtcTime = None
    last_ok_at: MaybeUtcTime = None
    last_post_at: MaybeUtcTime = None  # when something new was last stored
    next_poll_at: MaybeUtcTime = None
    gap_from: MaybeUtcTime = None  # «gap possible from A to B»: the page cap was hit
    gap_to: MaybeUtcTime = None
    failures: int = 0
    posts_total: int = 0
