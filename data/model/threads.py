"""What only several posts together show: pile-ons, courses of conduct, escalation, the same text again. Suggestions, never decisions."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from sqlmodel import Field

from data.columns import Json
from data.model.base import MaybeUtcTime, Record, UtcTime
from data.model.posts import PostId


class ThreadKind(StrEnum):
    """What posts may show over time."""

    PILE_ON = "pile_on"  # many authors within an hour at one target
    COURSE_OF_CONDUCT = "course_of_conduct"  # one author at one target, twice or more (Protection from Harassment Act 1997, s.7(3))
    ESCALATION = "escalation"  # one author grows harsher
    NEAR_DUPLICATE = "near_duplicate"  # the same words spread


def pseudonym(words: str) -> str:
    """Return the key under which an author or a person is put together over time; the words cannot be read from it."""
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=12).hexdigest()


class ThreadFinding(Record):
    """Posts that belong together and should be looked at together, with the reason in plain words.

    `authors` are pseudonyms, `target` is a key for a person or a thread, never a name; `gaps` are the minutes from one post to the next.
    """

    kind: ThreadKind
    also: tuple[ThreadKind, ...] = ()  # what else the same author's posts at the same target show: one matter, one finding
    school_id: str
    target: str | None
    authors: tuple[str, ...]
    post_ids: tuple[PostId, ...]
    since: UtcTime
    until: UtcTime
    strength: float
    gaps: tuple[int, ...] = ()
    why: str
    rule: str

    @property
    def kinds(self) -> tuple[ThreadKind, ...]:
        """All that the posts show."""
        return (self.kind, *self.also)


class ThreadAlert(ThreadFinding):
    """A thread finding as it is kept: found again with more posts it stays the same alert, until a person sets it aside with a reason."""

    id: str  # made of kind, school, target and first post: the same posts found again are the same alert
    also: tuple[ThreadKind, ...] = Field(default=(), sa_type=Json)
    authors: tuple[str, ...] = Field(default=(), sa_type=Json)
    post_ids: tuple[PostId, ...] = Field(default=(), sa_type=Json)
    gaps: tuple[int, ...] = Field(default=(), sa_type=Json)
    found_at: UtcTime
    changed_at: UtcTime
    set_aside_by: str | None = None
    set_aside_at: MaybeUtcTime = None
    set_aside_why: str | None = None
