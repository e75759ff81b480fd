"""What one adapter promises, and what it hands over (architecture.md §5; platforms.md §1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from pydantic import ValidationError

from collector.client import Client
from data.model.cases import Verdict
from data.model.posts import PlatformName, Post, SeenPost
from data.model.watch import Coverage, Source, SourceState


@dataclass(frozen=True)
class Terms:
    """The site's rules: where they stand, and when we last read them."""

    link: str
    read_on: date


@dataclass(frozen=True)
class Page:
    """One page of a source, newest first. Of two posts with one id the last one counts.

    `cursor` is the next page, None the end. `skipped` entries could not be read. `oldest` is how far back the page reaches, where
    that is not simply its oldest claimed time. `note` is a line for the source's row. `pause`: how long the site wants to be left alone.
    """

    posts: tuple[SeenPost, ...] = ()
    cursor: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None
    not_modified: bool = False
    skipped: int = 0
    oldest: datetime | None = None
    note: str | None = None
    pause: timedelta = field(default=timedelta(0))

    def __post_init__(self) -> None:
        """Keep the last of two posts with one id; work out how far back the page reaches."""
        last = {(post.platform, post.native_id): post for post in self.posts}
        object.__setattr__(self, "posts", tuple(last.values()))
        if self.oldest is None:
            object.__setattr__(self, "oldest", min((post.created_at for post in self.posts if post.created_at), default=None))


@dataclass(frozen=True)
class Looked:
    """What one look at a post found. `detail` is a line a DSL can read, `answer` the raw answer as evidence.

    `retry_at`: the place asks to be left alone until then (UTC). `page`: what the post's web page showed, where it was asked on the way.
    """

    verdict: Verdict
    method: str
    status: int | None
    detail: str
    answer: bytes = b""
    retry_at: datetime | None = None
    page: Looked | None = None


class Platform(Protocol):
    """One kind of public place. An adapter keeps no state, reads no clock and opens no file."""

    @property
    def name(self) -> str:
        """The key in `PLATFORMS`."""

    @property
    def label(self) -> str:
        """The words on screen."""

    @property
    def platform(self) -> PlatformName:
        """Where its posts live, unless the source says otherwise."""

    @property
    def terms(self) -> Terms:
        """The rules of the place."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The settings it requires, as names of source fields."""

    @property
    def coverage(self) -> Coverage:
        """How much of the place it can see."""

    @property
    def period(self) -> timedelta:
        """How often it is polled unless the source says otherwise."""

    def fetch(self, source: Source, state: SourceState, cursor: str | None, client: Client) -> Page:
        """Return the page at `cursor` (None: the newest); raises CollectError."""

    def look(self, post: Post, client: Client, now: datetime) -> Looked | None:
        """Say whether the post is still there; None when only the web page can tell. Raises no CollectError."""


def seen(**facts: Any) -> SeenPost | None:
    """Make a SeenPost of what a site sent; None when it is not a post (the adapter counts it as skipped)."""
    try:
        return SeenPost(**facts)
    except ValidationError:
        return None


def read_all(found: list[SeenPost | None]) -> tuple[tuple[SeenPost, ...], int]:
    """Part the posts from what could not be read: the posts, and the number of the others."""
    posts = tuple(post for post in found if post is not None)
    return posts, len(found) - len(posts)
