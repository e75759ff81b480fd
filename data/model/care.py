"""What the policy asks around a case: how serious it is, who was told, who was offered support, what was found out."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlmodel import Field

from data.columns import Json, Text
from data.model.base import MaybeUtcTime, Record, UtcTime
from data.model.cases import Route


class Band(StrEnum):
    """How serious a matter is (domain.md §6), mildest first."""

    MINOR = "minor"
    MODERATE = "moderate"
    SERIOUS = "serious"
    CRITICAL = "critical"


class Seriousness(Record):
    """One version of the seriousness form (policy A17). A factor that nobody answered is absent from `answers`: "not assessed"."""

    id: str
    case_id: str
    version: int  # counts from 1 within the case; unique with it
    answers: dict[str, int] = Field(default_factory=dict, sa_type=Json)  # factor key -> 0 to 4
    notes: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    measured: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # the facts that filled it in, as they were then
    band: Band  # as computed from the answers
    override: Band | None = None  # as a person set it; down needs the head and a reason
    override_reason: str | None = Field(default=None, sa_type=Text)
    rule: str
    by: str
    at: UtcTime

    @property
    def stands(self) -> Band:
        """The band that counts."""
        return self.override or self.band


class ReferralBody(StrEnum):
    """Whom a matter may be referred to (domain.md §2.10; policy A28, B39)."""

    POLICE = "police"
    LADO = "lado"
    CSC = "csc"
    CEOP = "ceop"
    IWF = "iwf"
    POSH = "posh"
    RHC = "rhc"
    OFCOM = "ofcom"
    ICO = "ico"
    PREVENT = "prevent"
    GOVERNORS = "governors"
    LOCAL_AUTHORITY = "local_authority"
    TRA = "tra"
    DBS = "dbs"


class Consent(StrEnum):
    """How the person concerned answered; policy A22 needs it for the police in a staff member's own case."""

    NOT_NEEDED = "not_needed"
    ASKED = "asked"
    GIVEN = "given"
    REFUSED = "refused"


class OverrideCode(StrEnum):
    """The closed list of reasons for a referral without consent (A22)."""

    RISK_TO_LIFE = "risk_to_life"
    CHILD_AT_RISK = "child_at_risk"
    LEGAL_DUTY = "legal_duty"


class Referral(Record):
    """A matter put to another body. Parallel to the case's state: never a state itself (domain.md §5.2)."""

    id: str
    case_id: str
    body: ReferralBody
    why: str = Field(sa_type=Text)
    opened_by: str
    opened_at: UtcTime
    consent: Consent = Consent.NOT_NEEDED
    consent_person: str | None = None  # role, not a name
    consent_asked_at: MaybeUtcTime = None
    consent_at: MaybeUtcTime = None
    consent_how: str | None = None
    override: OverrideCode | None = None
    override_reason: str | None = Field(default=None, sa_type=Text)
    override_by: str | None = None
    override_second: str | None = None  # the second person who agreed
    override_at: MaybeUtcTime = None
    offence_tags: tuple[str, ...] = Field(default=(), sa_type=Json)  # chosen by a person (domain.md §2.3)
    made_at: MaybeUtcTime = None
    made_by: str | None = None
    channel: str | None = None  # "999", "101", "online", "telephone" …
    force: str | None = None
    officer: str | None = None
    reference: str | None = None
    outcome: str | None = Field(default=None, sa_type=Text)
    outcome_at: MaybeUtcTime = None


class SupportKind(StrEnum):
    """What may be offered (A23, B22)."""

    LINE_MANAGER = "line_manager"
    OCCUPATIONAL_HEALTH = "occupational_health"
    COUNSELLING = "counselling"
    UNION = "union"
    HUMAN_RESOURCES = "human_resources"
    HELPLINE = "helpline"
    PASTORAL = "pastoral"


class SupportAnswer(StrEnum):
    """What the person said to an offer."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LATER = "later"


class SupportOffer(Record):
    """Support offered to a person concerned (A23). No clinical notes."""

    id: str
    case_id: str
    person: str  # role or "staff:<id>"
    kinds: tuple[SupportKind, ...] = Field(default=(), sa_type=Json)
    offered_by: str
    offered_at: UtcTime
    answer: SupportAnswer = SupportAnswer.WAITING
    answered_at: MaybeUtcTime = None
    review_on: date | None = None


class Attribution(StrEnum):
    """What is known of who posted it (A27): decided by a person, never computed."""

    UNKNOWN = "unknown"
    SUSPECTED = "suspected"
    ADMITTED = "admitted"
    CONFIRMED_BY_PLATFORM = "confirmed_by_platform"


class SourceKind(StrEnum):
    """Which procedure follows from the source (A16, A24)."""

    UNKNOWN = "unknown"
    PUPIL = "pupil"
    PARENT = "parent"
    STAFF = "staff"
    PUBLIC = "public"


class Investigation(Record):
    """What was done to find out what happened (A15). `steps` holds {"at", "by", "text"}."""

    id: str
    case_id: str
    lead: str
    opened_by: str
    opened_at: UtcTime
    steps: tuple[dict[str, str], ...] = Field(default=(), sa_type=Json)
    findings: str | None = Field(default=None, sa_type=Text)
    source: Attribution = Attribution.UNKNOWN
    source_kind: SourceKind = SourceKind.UNKNOWN
    source_person: str | None = None  # role or "staff:<id>" of a colleague who posted it: that person never sees the case (§7.3)
    source_note: str | None = Field(default=None, sa_type=Text)  # what the attribution rests on
    source_by: str | None = None
    source_at: MaybeUtcTime = None
    procedure_reference: str | None = None  # where the school's own record lies; the sanction itself is not kept here (A16)
    closed_at: MaybeUtcTime = None
    closed_by: str | None = None
    outcome: str | None = Field(default=None, sa_type=Text)


class FilingState(StrEnum):
    """How a report that the person concerned must file stands (A19)."""

    OFFERED = "offered"
    PACK_GIVEN = "pack_given"
    FILED = "filed"
    DECLINED = "declined"
    ANSWERED = "answered"


class PersonalFiling(Record):
    """A report that only the person concerned can file, and the help they are given (A19)."""

    id: str
    case_id: str
    item_id: str
    route: Route
    person: str  # role or "staff:<id>"
    supporter: str  # user id of the named helper
    state: FilingState = FilingState.OFFERED
    link: str = Field(default="", sa_type=Text)  # the platform's page for it
    words: str = Field(default="", sa_type=Text)  # the words that the person may paste
    reply_by: MaybeUtcTime = None  # when it should be filed
    offered_by: str
    offered_at: UtcTime
    pack_at: MaybeUtcTime = None
    pack_sha256: str | None = None
    filed_at: MaybeUtcTime = None
    reference: str | None = None
    answered_at: MaybeUtcTime = None
    answer: str | None = Field(default=None, sa_type=Text)
    declined_at: MaybeUtcTime = None


class Letter(Record):
    """A letter, summary or message made from a case that asks no platform for a removal (domain.md §9)."""

    id: str
    case_id: str
    template: str  # key of casework.notices.LETTERS
    recipient: str
    subject: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # the answers it was made of, also those that are not in it
    drafted_by: str
    drafted_at: UtcTime
    approved_by: str | None = None  # where the head must agree first
    approved_at: MaybeUtcTime = None
    refused_by: str | None = None  # the head did not agree, or the draft was given up
    refused_at: MaybeUtcTime = None
    refused_why: str | None = Field(default=None, sa_type=Text)
    sent_at: MaybeUtcTime = None
    sent_by: str | None = None
    reference: str | None = None


class Disclosure(Record):
    """What was given to somebody outside, and on which ground (A36, B38)."""

    id: str
    case_id: str
    to_whom: str
    what: str = Field(sa_type=Text)
    why: str = Field(sa_type=Text)
    ground: str
    by: str
    at: UtcTime
