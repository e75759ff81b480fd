"""Cases, requests for removal, checks, countdowns: the takedown records of domain.md §5."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import Field

from data.columns import Json, Number, Text
from data.model.base import MaybeUtcTime, Record, UtcTime
from data.model.posts import PlatformName, PostId
from data.model.readings import Category, Severity


class CaseState(StrEnum):
    """The states of domain.md §5.2. `new` is a finding without a decision and so has no case."""

    TRIAGED = "triaged"
    NO_ACTION = "no_action"
    REPLY_WORKFLOW = "reply_workflow"
    SAFEGUARDING_LEAD = "safeguarding_lead"
    EVIDENCE_CAPTURED = "evidence_captured"
    AWAITING_CONSENT = "awaiting_consent"
    AWAITING_COMPLAINANT = "awaiting_complainant"
    HOLD_BY_AUTHORITY = "hold_by_authority"
    REQUESTED = "requested"
    CLAIMED_REMOVED = "claimed_removed"
    VERIFIED_REMOVED = "verified_removed"
    VERIFIED_AMENDED = "verified_amended"
    REFUSED = "refused"
    ESCALATED = "escalated"
    NOT_REMOVED = "not_removed"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


ENDED: frozenset[CaseState] = frozenset(
    {CaseState.NO_ACTION, CaseState.REPLY_WORKFLOW, CaseState.NOT_REMOVED, CaseState.WITHDRAWN, CaseState.CLOSED}
)


class Confidentiality(StrEnum):
    """Who may see a case (domain.md §5.1, §7.1)."""

    NORMAL = "normal"
    RESTRICTED_DSL = "restricted_dsl"
    RESTRICTED_HT = "restricted_ht"
    RESTRICTED_CHAIR = "restricted_chair"


class MissedReason(StrEnum):
    """Why a target was missed (domain.md §5.4)."""

    PLATFORM_SLOW = "platform_slow"
    REFUSED = "refused"
    AWAITING_COMPLAINANT = "awaiting_complainant"
    AWAITING_CONSENT = "awaiting_consent"
    AUTHORITY_HOLD = "authority_hold"
    LATE_TRIAGE = "late_triage"
    NO_CONTACT_FOUND = "no_contact_found"
    OTHER = "other"


class Case(Record):
    """One harm at one target. `ref` holds no name. `revision` counts events: a stale writer is refused."""

    id: str
    ref: str
    school_id: str
    state: CaseState
    lead_category: Category
    severity: Severity = Field(sa_type=Number)
    target: str
    confidentiality: Confidentiality = Confidentiality.NORMAL
    owner_id: str
    finding_id: str
    reuploaded_from: str | None = None  # id of the case whose post came back (§5.3); such a case shares its finding
    reporter_type: str  # "collected" or "report"
    reported_at: MaybeUtcTime = None
    known_at: UtcTime  # starts the removal clock (§5.4)
    opened_at: UtcTime
    advice: str | None = Field(default=None, sa_type=Text)
    advice_recorded_at: MaybeUtcTime = None
    stop: bool = False  # the STOP route: nothing may be fetched, shown or stored (evidence.md §8)
    no_capture_reason: str | None = None
    gone_observed_at: MaybeUtcTime = None  # observed_at of the first agreeing check
    outcome: str | None = None
    closed_at: MaybeUtcTime = None
    missed_reason: MissedReason | None = None  # why the 24 hours were missed (§5.4)
    missed_note: str | None = Field(default=None, sa_type=Text)
    transferred_at: MaybeUtcTime = None  # the child-protection or personnel file confirmed that it has its copy (§8)
    transfer_reference: str | None = None
    revision: int = 1


class CaseItem(Record):
    """A post, or an address told to us, that belongs to a case."""

    id: str
    case_id: str
    post_id: PostId | None = Field(default=None, sa_type=Number)
    report_id: str | None = None
    address: str = Field(sa_type=Text)
    platform: PlatformName
    added_at: UtcTime


class CaseEvent(Record):
    """One line of a case's history; never edited. `number` counts from 1 within the case. `system` may be the author."""

    id: str
    case_id: str
    number: int
    at: UtcTime
    by: str
    what: str  # the move's or act's word: "moved", "captured", "check", "reminder" …
    before: CaseState | None = None
    after: CaseState | None = None
    fields: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    reason: str | None = Field(default=None, sa_type=Text)


class Ground(StrEnum):
    """The rule or law on which removal is asked (domain.md §3.3)."""

    PLATFORM_RULES = "platform_rules"
    CHILD_IMAGE_PRIVACY = "child_image_privacy"
    ADULT_IMAGE_PRIVACY = "adult_image_privacy"
    PRIVATE_INFORMATION = "private_information"
    DEFAMATION_INDIVIDUAL = "defamation_individual"
    HARASSMENT = "harassment"
    HATE = "hate"
    THREAT = "threat"
    IMPERSONATION = "impersonation"
    COPYRIGHT = "copyright"
    GDPR_ERASURE = "gdpr_erasure"
    LEGAL_NAMING_BAN = "legal_naming_ban"
    CSAM = "csam"
    FALSE_COMMUNICATION = "false_communication"
    MODERATOR_GOODWILL = "moderator_goodwill"


class Route(StrEnum):
    """The party that can act."""

    AUTHOR = "author"
    ACCOUNT_OWNER = "account_owner"
    PLATFORM_FORM = "platform_form"
    FEDIVERSE_MODERATORS = "fediverse_moderators"
    GROUP_MODERATORS = "group_moderators"
    SITE_OPERATOR = "site_operator"
    SECTION_5 = "section_5"
    GDPR_ERASURE = "gdpr_erasure"
    IMPERSONATION = "impersonation"
    COPYRIGHT = "copyright"
    COMPLAINANT = "complainant"
    POSH = "posh"
    RHC = "rhc"
    HOST = "host"
    CDN = "cdn"
    REGISTRAR = "registrar"
    SEARCH_ENGINE = "search_engine"
    WEB_ARCHIVE = "web_archive"


class Capacity(StrEnum):
    """In what capacity a request is made (domain.md §2.4)."""

    SUBJECT = "subject"
    PARENT = "parent"
    RESPONSIBLE_ADULT = "responsible_adult"
    SCHOOL_REPRESENTATIVE = "school_representative"
    SOLICITOR = "solicitor"


class RequestState(StrEnum):
    """The states of a request (domain.md §5.1)."""

    DRAFT = "draft"
    READY = "ready"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_REPLY = "no_reply"
    CLOSED = "closed"


class TakedownRequest(Record):
    """One ask for one address, on one ground, by one route."""

    id: str
    case_id: str
    item_id: str
    state: RequestState = RequestState.DRAFT
    ground: Ground
    route: Route
    recipient: str
    capacity: Capacity
    notice: str  # key of casework.notices.NOTICES
    subject: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)  # the rendered words, as a person approved them
    complainant: str | None = None
    may_be_forwarded: bool = False
    drafted_by: str
    drafted_at: UtcTime
    sent_at: MaybeUtcTime = None
    sent_by: str | None = None
    reference: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # what this template asked besides: consents, words complained of
    acknowledged_at: MaybeUtcTime = None
    promised_by: MaybeUtcTime = None  # when the recipient said it would answer (§2.4)
    decision: str | None = Field(default=None, sa_type=Text)
    decided_at: MaybeUtcTime = None
    appeal_by: MaybeUtcTime = None


class Verdict(StrEnum):
    """What one look at an address found (platforms.md §1.5). Only a definitive answer is a removal."""

    PRESENT = "present"
    EDITED = "edited"
    REMOVED_BY_AUTHOR = "removed_by_author"
    REMOVED_BY_PLATFORM = "removed_by_platform"
    REMOVED_UNKNOWN = "removed_unknown"
    ACCOUNT_GONE = "account_gone"
    NOT_VISIBLE_TO_US = "not_visible_to_us"
    UNREACHABLE = "unreachable"

    @property
    def group(self) -> VerdictGroup:
        """For a case: up, amended, gone or unknown (domain.md §5.5)."""
        return _GROUPS[self]


class VerdictGroup(StrEnum):
    """The four answers that a case knows."""

    UP = "up"
    AMENDED = "amended"
    GONE = "gone"
    UNKNOWN = "unknown"


_GROUPS = {
    Verdict.PRESENT: VerdictGroup.UP,
    Verdict.EDITED: VerdictGroup.AMENDED,
    Verdict.REMOVED_BY_AUTHOR: VerdictGroup.GONE,
    Verdict.REMOVED_BY_PLATFORM: VerdictGroup.GONE,
    Verdict.REMOVED_UNKNOWN: VerdictGroup.GONE,
    Verdict.ACCOUNT_GONE: VerdictGroup.GONE,
    Verdict.NOT_VISIBLE_TO_US: VerdictGroup.UNKNOWN,
    Verdict.UNREACHABLE: VerdictGroup.UNKNOWN,
}


class RemovalCheck(Record):
    """One observation of an address. The raw answer lies in the vault under `answer_sha256`. Unique per (case, slot)."""

    id: str
    case_id: str
    item_id: str
    slot: str  # which planned check this is ("after-request+1h", "confirm-…", "by-hand-…"): a repeated job writes no second row
    by: str  # "system" or a user id
    at: UtcTime
    verdict: Verdict
    method: str  # "web page", "mastodon origin", "wordpress rest" …
    status: int | None = None
    detail: str = ""  # one line a DSL can read
    answer_sha256: str | None = None
    retry_at: MaybeUtcTime = None  # until when the place asked to be left alone (`Retry-After`): the next look waits for it


class StandingWord(StrEnum):
    """How a countdown stands."""

    ON_TRACK = "on_track"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    MET = "met"
    MISSED = "missed"


class Standing(Record):
    """The 24-hour target applied to a case at a moment: computed on read, never stored (domain.md §5.4)."""

    known_at: UtcTime
    due_at: UtcTime
    now: UtcTime
    stopped_at: MaybeUtcTime = None
    used: float  # share of the target used, 0.5 is 50 %; may pass 1
    left: timedelta  # negative when overdue
    word: StandingWord

    @property
    def ends(self) -> datetime:
        """The moment up to which time was counted."""
        return self.stopped_at or self.now


class Reminder(Record):
    """A reminder that fired for a case, once: at 4, 12, 20, 23 and 24 hours (domain.md §5.4). Unique per (case, key)."""

    id: str
    case_id: str
    key: str  # "removal+12h"
    to_roles: tuple[str, ...] = Field(default=(), sa_type=Json)
    text: str  # never a name, a quote or a picture
    due_at: UtcTime
    fired_at: UtcTime
