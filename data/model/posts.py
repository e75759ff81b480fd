"""What was seen in public: posts, their versions, their media."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from enum import StrEnum
from typing import Any, NewType

from pydantic import field_validator
from sqlmodel import Field

from data.columns import Json, Number, Text
from data.model.base import MaybeUtcTime, Record, UtcTime

PostId = NewType("PostId", int)

MAX_TEXT = 200_000  # characters; a longer text is cut and `text_cut` says so (evidence keeps the page itself)


class PlatformName(StrEnum):
    """Where a post lives (policies A1 and B1, platforms.md); a site without an entry is `other_web`."""

    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    THREADS = "threads"
    WHATSAPP = "whatsapp"
    X = "x"
    TIKTOK = "tiktok"
    YOUTUBE = "youtube"
    LINKEDIN = "linkedin"
    SNAPCHAT = "snapchat"
    REDDIT = "reddit"
    BLUESKY = "bluesky"
    MASTODON = "mastodon"
    FLICKR = "flickr"
    MYSPACE = "myspace"
    GOOGLE_PLUS = "google_plus"  # closed to consumers in April 2019; kept for old records
    WIKIPEDIA = "wikipedia"
    MUMSNET = "mumsnet"
    DISCORD = "discord"
    TELEGRAM = "telegram"
    FORUM = "forum"
    WIKI = "wiki"
    BLOG = "blog"
    NEWS = "news"
    CHAT = "chat"
    OTHER_WEB = "other_web"

    @classmethod
    def _missing_(cls, value: object) -> PlatformName | None:
        return cls.X if value == "twitter" else None  # A1: twitter is an alias of x


class Media(Record):
    """A picture or film that a post shows: its address only, never its bytes. `alt=""` is a fact, None is unknown."""

    kind: str
    url: str
    alt: str | None = None
    width: int | None = None
    height: int | None = None


class Counts(Record):
    """Reach as the platform published it; None is unknown."""

    replies: int | None = None
    shares: int | None = None
    likes: int | None = None
    views: int | None = None


def storable(text: str) -> str:
    """Make text safe for every database: NUL becomes its picture U+2400, a lone surrogate U+FFFD; nothing else changes."""
    if text.isascii():
        return text.replace("\x00", "\u2400")
    return re.sub("[\ud800-\udfff]", "\ufffd", text.replace("\x00", "\u2400"))


def text_hash(text: str) -> str:
    """Return the SHA-256 (hex) of the text in NFC, white space folded: the same words give the same hash."""
    return hashlib.sha256(" ".join(unicodedata.normalize("NFC", text).split()).encode()).hexdigest()


class SeenPost(Record):
    """What an adapter returned, untrusted (platforms.md §1.1). Same (platform, native_id) is the same post."""

    platform: PlatformName
    native_id: str = Field(sa_type=Text)
    permalink: str = Field(sa_type=Text)
    author_id: str | None = None
    author_handle: str | None = None
    author_name: str | None = None
    text: str = Field(sa_type=Text)
    text_cut: bool = False
    raw_html: str | None = Field(default=None, sa_type=Text)
    lang: str | None = None
    created_at: MaybeUtcTime = None  # as claimed by the author; never used as a measured time
    edited_at: MaybeUtcTime = None
    parent_id: str | None = None
    thread_id: str | None = None
    media: tuple[Media, ...] = Field(default=(), sa_type=Json)
    links: tuple[str, ...] = Field(default=(), sa_type=Json)
    counts: Counts = Field(default=Counts(), sa_type=Json)
    sensitive: bool | None = None
    labels: tuple[str, ...] = Field(default=(), sa_type=Json)
    raw: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # only what a later removal check needs (ids on the server polled)

    @field_validator(
        "native_id", "permalink", "text", "raw_html", "author_handle", "author_name", "author_id", "parent_id", "thread_id", mode="before"
    )
    @classmethod
    def _storable(cls, value: object) -> object:
        return storable(value) if isinstance(value, str) else value

    @field_validator("native_id", "permalink")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value.strip():
            msg = "a post needs an id and an address"
            raise ValueError(msg)
        return value

    def model_post_init(self, _context: Any) -> None:
        """Cut a text beyond `MAX_TEXT` characters and say so."""
        if len(self.text) > MAX_TEXT:
            self.__dict__.update(text=self.text[:MAX_TEXT], text_cut=True)


class Post(SeenPost):
    """A public item that we keep."""

    id: PostId = Field(sa_type=Number)
    address: str = Field(sa_type=Text)  # canonical address: one post, one address
    source_id: str | None = None
    first_seen_at: UtcTime
    last_seen_at: UtcTime
    version: int = 1
    text_hash: str


class PostVersion(Record):
    """An older text of a post, kept when it was edited between two sights."""

    post_id: PostId = Field(sa_type=Number)
    version: int
    text: str = Field(sa_type=Text)
    text_hash: str
    seen_at: UtcTime
