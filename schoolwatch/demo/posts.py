"""What the people of the invented town write: read from `posts.toml` once, as frozen records."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from enum import StrEnum
from importlib.resources import files
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Place(StrEnum):
    """Where in the town a text stands."""

    SOCIAL = "social"
    BLOG = "blog"
    BLOG_COMMENT = "blog_comment"
    FORUM = "forum"
    WIKI = "wiki"


HARMLESS = frozenset(
    {"praise", "query", "news_report", "fair_criticism", "criticism_institution", "campaign_or_union", "namesake", "neutral_mention"}
)


class _Frozen(BaseModel):
    """A value of the town: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TownMedia(_Frozen):
    """A flat drawing that the town makes itself: which one, and the words that stand in for it (None: the author gave none)."""

    drawing: str
    alt: str | None = None


class Author(_Frozen):
    """An invented person: the handle is what posts show."""

    handle: str
    name: str
    about: str = ""


class TownPost(_Frozen):
    """One text: it can be seen from `after` on (negative: it was there before the demo began) until it is taken away."""

    key: str
    place: Place
    after: timedelta
    author: str
    text: str
    label: str  # the taxonomy's code (domain.md §4): what a person would decide; only the moderator and the tests look at it
    school: str = "fernley-green"
    title: str | None = None  # of an article, a thread, a wiki page
    parent: str | None = None  # key of the article, thread start or post that it answers
    media: tuple[TownMedia, ...] = ()
    warning: str | None = None  # content warning shown before the text
    edited_after: timedelta | None = None
    edited_text: str | None = None
    deleted_after: timedelta | None = None  # when its author takes it down

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.edited_after is None) != (self.edited_text is None):
            msg = f"post {self.key}: an edit needs both edited_after and edited_text"
            raise ValueError(msg)
        if self.place is Place.BLOG_COMMENT and self.parent is None:
            msg = f"post {self.key}: a comment needs the article it belongs to (parent)"
            raise ValueError(msg)
        return self

    @property
    def is_harmful(self) -> bool:
        """Whether the town's moderator would take it down when asked."""
        return self.label not in HARMLESS


class Wall(_Frozen):
    """For a while each day of the demo a place shows us a wall instead of the post (platforms.md §1.5: never a removal)."""

    place: Place
    kind: str = Field(pattern="^(login|consent|closed|busy)$")
    after: timedelta
    lasts: timedelta


class Script(_Frozen):
    """Everything that `posts.toml` holds."""

    authors: tuple[Author, ...]
    posts: tuple[TownPost, ...]
    walls: tuple[Wall, ...]

    @model_validator(mode="after")
    def _known(self) -> Self:
        handles, keys = {author.handle for author in self.authors}, {post.key for post in self.posts}
        for post in self.posts:
            if post.author not in handles or (post.parent is not None and post.parent not in keys):
                msg = f"post {post.key}: unknown author or parent; add it to posts.toml"
                raise ValueError(msg)
        if len(keys) != len(self.posts):
            msg = "two posts of posts.toml have one key; rename one"
            raise ValueError(msg)
        return self


_MINUTES = ("after", "lasts", "edited_after", "deleted_after")


def _spans(row: dict[str, Any]) -> dict[str, Any]:
    """Turn the minutes of the file into spans of time."""
    return {key: timedelta(minutes=value) if key in _MINUTES else value for key, value in row.items()}


def load_script() -> Script:
    """Return authors, posts and walls of the town; raises ValueError naming the post when the file is wrong."""
    read = tomllib.loads(files("schoolwatch.demo").joinpath("posts.toml").read_text("utf-8"))
    return Script(
        authors=tuple(Author(**row) for row in read["author"]),
        posts=tuple(TownPost(**_spans(row)) for row in read["post"]),
        walls=tuple(Wall(**_spans(row)) for row in read["wall"]),
    )


def load_posts() -> tuple[TownPost, ...]:
    """Return the posts of the town, in the file's order."""
    return load_script().posts
