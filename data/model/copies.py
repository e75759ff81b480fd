"""How a post that comes back is recognised, and what was found (domain.md §5.5): prints without words, and the copies they led to."""

from __future__ import annotations

from enum import StrEnum

from sqlmodel import Field

from data.columns import Json, Number, Text
from data.model.base import MaybeUtcTime, Record, UtcTime
from data.model.posts import PostId


class Match(StrEnum):
    """In what a new post resembles an item of a case (domain.md §5.3, last rows)."""

    SAME_ADDRESS = "same_address"
    SAME_TEXT = "same_text"
    NEAR_TEXT = "near_text"
    QUOTED_TEXT = "quoted_text"  # the words of the removed post stand inside a longer text
    SAME_MEDIA = "same_media"
    SAME_PICTURE = "same_picture"  # by a picture's hash: the place for it; nothing computes one yet, and never for a stopped case


class ItemPrint(Record):
    """What of a case's item is compared with new posts: one-way hashes, no words and no names. Its id is the item's."""

    id: str
    case_id: str
    school_id: str
    post_id: PostId | None = Field(default=None, sa_type=Number)
    author: str | None = None  # hash of platform, site and account
    address: str  # hash of the canonical address
    words: int = 0  # how many words the text has
    text: str | None = None  # hash of the normalised words; None for a text too short to tell anything
    grams: tuple[str, ...] = Field(default=(), sa_type=Json)  # hashes of its groups of words
    signs: tuple[str, ...] = Field(default=(), sa_type=Json)  # of a short text also hashes of its groups of characters
    media: tuple[str, ...] = Field(default=(), sa_type=Json)  # hashes of the addresses of its pictures and films
    pictures: tuple[str, ...] = Field(default=(), sa_type=Json)  # hashes of the pictures themselves: see `Match.SAME_PICTURE`
    made_at: UtcTime


class PrintKey(Record):
    """One entry of the index over the prints: a new post with this key may resemble this item."""

    key: str
    print_id: str


class CopyState(StrEnum):
    """What became of a post that was found to resemble an item."""

    PROPOSED = "proposed"
    LINKED = "linked"
    SET_ASIDE = "set_aside"


class FoundCopy(Record):
    """A post that resembles an item of a case. Unique per (post, school): however often a post is read, it is found once."""

    id: str
    school_id: str
    post_id: PostId = Field(sa_type=Number)
    case_id: str  # whose item it resembles
    item_id: str
    match: Match
    likeness: float  # 1.0 is the same
    same_author: bool = False
    state: CopyState = CopyState.PROPOSED
    finding_id: str | None = None
    found_at: UtcTime
    by: str | None = None  # who linked it or set it aside: "system" or a user id
    at: MaybeUtcTime = None
    reason: str | None = Field(default=None, sa_type=Text)
    linked_case_id: str | None = None  # the case it now belongs to
