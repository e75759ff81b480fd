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
    CANCELLED = "cancelled"  # by a person, while it waited or ran; nothing of it was kept


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
    progress: str = ""  # what is being done now, in our own fixed words
    cancel_asked_by: str | None = None
    signals: tuple[str, ...] = Field(default=(), sa_type=Json)  # names of the cues that the text-first look found; never its words
    lifted_by: str | None = None  # the DSL who took such a stop back (evidence.md §8.3); never one that a person set
    lift_reason: str | None = Field(default=None, sa_type=Text)


class Completeness(StrEnum):
    """What a capture amounts to (evidence.md §6, §7)."""

    FULL = "full"
    INCOMPLETE = "incomplete"
    NO_PICTURE = "no_picture"  # no browser on this machine: page and facts only, said so
    BEHIND_WALL = "behind_wall"  # never counts as evidence of the post
    NOT_AVAILABLE = "not_available"  # 404, 410: proof of a removal, not of the post
    SUPPLIED = "supplied"  # a person brought it: a photograph of a screen, a mail, a recording; never mixed with our own captures


class EvidenceKind(StrEnum):
    """Where sealed evidence comes from (features.md D7; evidence.md §6)."""

    PAGE = "page"  # our own capture of a public page
    SUPPLIED = "supplied"  # brought by a person
    REDACTED = "redacted"  # a working copy of another, with parts covered; names its original


class SealedFile(Record):
    """One file of a capture: our own fixed name, its SHA-256, its size and media type."""

    name: str
    sha256: str
    sha512: str = ""
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
    kind: EvidenceKind = EvidenceKind.PAGE
    seal_sha256: str = ""  # SHA-256 of seal.json: the witness code that is noted outside
    seal_files: tuple[SealedFile, ...] = Field(default=(), sa_type=Json)  # manifest.json, seal.json, seal.sig, seal-key.pem
    supplied_by: str | None = None  # in the words of who took it in: "a parent", "the form teacher"
    supplied_how: str | None = Field(default=None, sa_type=Text)  # their account of how it was made
    supplied_at: MaybeUtcTime = None  # when it was handed over
    derived_from: str | None = None  # the evidence of which this is a redacted working copy

    @property
    def counts(self) -> bool:
        """Whether this shows the post itself, so that a request may be sent (policy A14)."""
        shows = {Completeness.FULL, Completeness.INCOMPLETE, Completeness.NO_PICTURE, Completeness.SUPPLIED}
        return self.completeness in shows and self.kind is not EvidenceKind.REDACTED


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


class TokenState(StrEnum):
    """How the word of an outside time-stamping authority stands."""

    WAITING = "waiting"  # not asked yet, or the authority did not answer: asked again
    GRANTED = "granted"
    REFUSED = "refused"  # it answered, and its answer does not hold; asked again only by hand


class SealToken(Record):
    """An authority's word (RFC 3161) that a hash existed at a time: of a seal, or of the register's head of a day."""

    id: str
    subject: str = Field(sa_type=Text)  # "evidence:<id>" or "register:<day>"; one token for each
    case_id: str | None = None
    imprint: str  # the SHA-256 that is stamped
    authority: str = ""  # its address
    made_at: UtcTime
    state: TokenState = TokenState.WAITING
    attempts: int = 0
    next_at: MaybeUtcTime = None
    problem: str = ""
    reply_sha256: str | None = None  # the raw answer, in the vault
    token_at: MaybeUtcTime = None  # the time that the authority vouches for
    authority_name: str = ""  # who signed, as its certificate says
    root_sha256: str | None = None  # of the root certificate (DER) behind it
    serial: str = ""  # the token's number, hexadecimal
    checked: str = ""  # how the answer was checked, in our own fixed words


class RegisterHead(Record):
    """The custody chain's last hash of a day, to be kept outside this computer as well."""

    id: str  # "2026-11-21"
    number: int
    hash: str
    at: UtcTime
    sent_at: MaybeUtcTime = None  # when it went to somebody outside this computer
    attempts: int = 0  # at the address of the settings; a person's own ways go through the outbox
    next_at: MaybeUtcTime = None
    problem: str = ""


class ViewingPreference(Record):
    """How a person wants pictures shown that they have given a reason for. Blurred until then, for everybody."""

    user_id: str
    greyscale: bool = False
    blurred_first: bool = True  # after the reason a lightly blurred picture first, the sharp one by a second click
    changed_at: UtcTime


class BackupRun(Record):
    """A backup that was made, a drill that proved that one can be restored, or a look over the vault."""

    id: str
    at: UtcTime
    kind: str  # "backup", "drill" or "vault"
    file: str  # its name, without the folder; of a look over the vault, the hash at which it stopped
    size: int = 0  # bytes; of a look over the vault, how many files there were to look at
    files: int = 0
    ok: bool = False
    problem: str = ""  # in plain words; of a look over the vault, the numbers of the evidence that is not right, each on a line
