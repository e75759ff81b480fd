"""Table classes: they inherit the records and add keys, indexes and the columns that only the database needs. Private to the store."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import ConfigDict
from sqlmodel import Field, SQLModel

from data.columns import Number, Text
from data.model.care import Disclosure, Investigation, Letter, PersonalFiling, Referral, Seriousness, SupportOffer
from data.model.cases import Case, CaseEvent, CaseItem, Reminder, RemovalCheck, TakedownRequest
from data.model.copies import FoundCopy, ItemPrint, PrintKey
from data.model.evidence import BackupRun, CaptureOrder, CustodyEvent, Evidence, RegisterHead, SealToken, ViewingPreference
from data.model.findings import Decision, Finding, Report
from data.model.keeping import CaseTally, LegalHold, RetentionConsent, RetentionRun, RetentionSetting, SubjectRequest, Tombstone
from data.model.network import NetworkLookup
from data.model.people import AuditEvent, Credential, Session, User
from data.model.policies import GovernorsReport, Policy, PolicyTrigger, YearlyCheck
from data.model.posts import Post, PostId, PostVersion
from data.model.readings import Reading
from data.model.telling import Away, Message, OnCall, SchoolClosure, Way
from data.model.threads import ThreadAlert
from data.model.tuning import Tuning
from data.model.watch import School, Source, SourceState, StaffMember, WatchTerm

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class PostRow(Post, table=True):
    """A post; `needs_reading` is set when its text is new to the pipeline."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "post"
    __table_args__ = (
        sa.UniqueConstraint("platform", "native_id"),
        sa.Index("ix_post_address", "address"),
        *(
            sa.Index(f"ix_post_{name}", name, sqlite_where=sa.text(f"{name} IS NOT NULL"), postgresql_where=sa.text(f"{name} IS NOT NULL"))
            for name in ("parent_id", "thread_id")
        ),
        sa.Index("ix_post_unread", "id", sqlite_where=sa.text("needs_reading"), postgresql_where=sa.text("needs_reading")),
    )
    id: PostId = Field(sa_type=Number, primary_key=True)
    needs_reading: bool = True


class PostVersionRow(PostVersion, table=True):
    """An older text of a post."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "post_version"
    post_id: PostId = Field(sa_type=Number, primary_key=True, foreign_key="post.id")
    version: int = Field(primary_key=True)


class SchoolRow(School, table=True):
    """A school; its report code opens the staff form."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "school"
    id: str = Field(primary_key=True)
    report_code: str | None = Field(default=None, unique=True)


class WatchTermRow(WatchTerm, table=True):
    """A watch term."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "watch_term"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class StaffMemberRow(StaffMember, table=True):
    """A member of staff."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "staff_member"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class SourceRow(Source, table=True):
    """A source."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "source"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class SourceStateRow(SourceState, table=True):
    """Where the last poll of a source ended."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "source_state"
    source_id: str = Field(primary_key=True, foreign_key="source.id")


class ReadingRow(Reading, table=True):
    """A reading; one per version of a post and version of the pipeline."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "reading"
    post_id: PostId = Field(sa_type=Number, primary_key=True, foreign_key="post.id")
    post_version: int = Field(primary_key=True)
    pipeline: str = Field(primary_key=True)


class ThreadAlertRow(ThreadAlert, table=True):
    """Posts that belong together."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "thread_alert"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class TuningRow(Tuning, table=True):
    """A school's own threshold or suppression."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "tuning"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class ReportRow(Report, table=True):
    """A report by a person."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "report"
    id: str = Field(primary_key=True)
    receipt: str = Field(unique=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class FindingRow(Finding, table=True):
    """A flagged post; the queue index carries the inbox (infrastructure.md §2.2)."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "finding"
    __table_args__ = (
        sa.UniqueConstraint("post_id", "post_version", "school_id"),
        sa.Index("ix_finding_queue", "state", "school_id", sa.text("severity DESC"), sa.text("seen_at DESC"), sa.text("id DESC")),
        sa.Index("ix_finding_report_id", "report_id"),
    )
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id")
    post_id: PostId | None = Field(default=None, sa_type=Number, foreign_key="post.id")


class DecisionRow(Decision, table=True):
    """A decision."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "decision"
    id: str = Field(primary_key=True)
    finding_id: str = Field(foreign_key="finding.id", index=True)


class CaseRow(Case, table=True):
    """A case."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "case_file"
    __table_args__ = (
        sa.Index(  # one finding opens one case, whoever clicks at the same moment
            "uq_case_file_finding_id",
            "finding_id",
            unique=True,
            sqlite_where=sa.text("reuploaded_from IS NULL"),
            postgresql_where=sa.text("reuploaded_from IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    ref: str = Field(unique=True)
    school_id: str = Field(foreign_key="school.id", index=True)
    finding_id: str = Field(foreign_key="finding.id")


class CaseItemRow(CaseItem, table=True):
    """An item of a case."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "case_item"
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)
    post_id: PostId | None = Field(default=None, sa_type=Number, foreign_key="post.id", index=True)


class CaseEventRow(CaseEvent, table=True):
    """A line of a case's history; triggers refuse change."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "case_event"
    __table_args__ = (sa.UniqueConstraint("case_id", "number"),)
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id")


class TakedownRequestRow(TakedownRequest, table=True):
    """A request for removal."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "takedown_request"
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)


class RemovalCheckRow(RemovalCheck, table=True):
    """A removal check; one per planned slot."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "removal_check"
    __table_args__ = (sa.UniqueConstraint("case_id", "item_id", "slot"),)
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id")


class ReminderRow(Reminder, table=True):
    """A reminder that fired."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "reminder"
    __table_args__ = (sa.UniqueConstraint("case_id", "key"),)
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id")


class CaptureOrderRow(CaptureOrder, table=True):
    """An ordered capture."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "capture_order"
    __table_args__ = (sa.Index("ix_capture_order_state", "state", "ordered_at"),)
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)


class EvidenceRow(Evidence, table=True):
    """Sealed evidence; one per order."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "evidence"
    id: str = Field(primary_key=True)
    ref: str = Field(unique=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)
    order_id: str = Field(foreign_key="capture_order.id", unique=True)


class CustodyEventRow(CustodyEvent, table=True):
    """A line of the custody chain; triggers refuse change."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "custody_event"
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    evidence_id: str = Field(index=True)
    detail: str = Field(default="", sa_type=Text)


class SealTokenRow(SealToken, table=True):
    """A time stamp from outside, asked for or given. No foreign keys: the register's tokens belong to no case."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "seal_token"
    __table_args__ = (sa.Index("ix_seal_token_state", "state", "next_at"),)
    id: str = Field(primary_key=True)
    subject: str = Field(unique=True)
    case_id: str | None = Field(default=None, index=True)


class RegisterHeadRow(RegisterHead, table=True):
    """The custody chain's head of a day."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "register_head"
    id: str = Field(primary_key=True)


class ViewingPreferenceRow(ViewingPreference, table=True):
    """How a person looks at pictures."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "viewing_preference"
    user_id: str = Field(primary_key=True, foreign_key="person.id")


class BackupRunRow(BackupRun, table=True):
    """A backup or a drill."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "backup_run"
    id: str = Field(primary_key=True)


class UserRow(User, table=True):
    """A person who signs in."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "person"
    id: str = Field(primary_key=True)
    username: str = Field(unique=True)


class CredentialRow(Credential, table=True):
    """A password hash."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "credential"
    user_id: str = Field(primary_key=True, foreign_key="person.id")


class SessionRow(Session, table=True):
    """A signed-in browser."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "signed_in"
    token_hash: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="person.id", index=True)


class AuditEventRow(AuditEvent, table=True):
    """A line of the audit log; triggers refuse change."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "audit_event"
    __table_args__ = (sa.Index("ix_audit_event_record", "kind", "record_id"),)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})


class ItemPrintRow(ItemPrint, table=True):
    """What of a case's item is compared with new posts. No foreign keys: a print outlives the post, and goes with its case."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "item_print"
    id: str = Field(primary_key=True)
    case_id: str = Field(index=True)


class PrintKeyRow(PrintKey, table=True):
    """An entry of the index over the prints."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "print_key"
    key: str = Field(primary_key=True)
    print_id: str = Field(primary_key=True, index=True)


class FoundCopyRow(FoundCopy, table=True):
    """A post that resembles an item of a case; one for each post and school."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "found_copy"
    __table_args__ = (sa.UniqueConstraint("post_id", "school_id"),)
    id: str = Field(primary_key=True)
    case_id: str = Field(index=True)


class SeriousnessRow(Seriousness, table=True):
    """A version of the seriousness form."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "seriousness"
    __table_args__ = (sa.UniqueConstraint("case_id", "version"),)
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)


class ReferralRow(Referral, table=True):
    """A matter put to another body."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "referral"
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)


class SupportOfferRow(SupportOffer, table=True):
    """Support offered to a person."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "support_offer"
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)


class InvestigationRow(Investigation, table=True):
    """An investigation."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "investigation"
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)


class PersonalFilingRow(PersonalFiling, table=True):
    """A report that the person concerned files."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "personal_filing"
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)


class LetterRow(Letter, table=True):
    """A letter made from a case."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "letter"
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)


class DisclosureRow(Disclosure, table=True):
    """Something given to somebody outside."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "disclosure"
    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case_file.id", index=True)


class PolicyRow(Policy, table=True):
    """A policy in one version."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "policy"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class PolicyTriggerRow(PolicyTrigger, table=True):
    """What calls for a review."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "policy_trigger"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class YearlyCheckRow(YearlyCheck, table=True):
    """A yearly confirmation."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "yearly_check"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class GovernorsReportRow(GovernorsReport, table=True):
    """Counts for a period."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "governors_report"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class NetworkLookupRow(NetworkLookup, table=True):
    """What a look-up of a host found."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "network_lookup"
    __table_args__ = (sa.Index("ix_network_lookup_host", "host", "looked_at"),)
    id: str = Field(primary_key=True)


class WayRow(Way, table=True):
    """A way to reach a person."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "way"
    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="person.id", index=True)


class OnCallRow(OnCall, table=True):
    """Who is on call."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "on_call"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class AwayRow(Away, table=True):
    """Who is away."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "away"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class SchoolClosureRow(SchoolClosure, table=True):
    """Days on which a school is closed."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "school_closure"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class MessageRow(Message, table=True):
    """A message in the outbox; one for each key."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("key"),
        sa.Index("ix_message_matter", "matter"),
        sa.Index("ix_message_person", "user_id", "made_at"),
        sa.Index("ix_message_state", "state", "not_before"),
    )
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class RetentionSettingRow(RetentionSetting, table=True):
    """A school's own period."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "retention_setting"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class LegalHoldRow(LegalHold, table=True):
    """A legal hold."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "legal_hold"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class CaseTallyRow(CaseTally, table=True):
    """What the counts need of a case that went."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "case_tally"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


class TombstoneRow(Tombstone, table=True):
    """What is left of a record that went."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "tombstone"
    __table_args__ = (sa.Index("ix_tombstone_record", "kind", "record_id"),)
    id: str = Field(primary_key=True)


class RetentionRunRow(RetentionRun, table=True):
    """One night's run."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "retention_run"
    id: str = Field(primary_key=True)


class RetentionConsentRow(RetentionConsent, table=True):
    """A person's word that a record may go."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "retention_consent"
    id: str = Field(primary_key=True)


class SubjectRequestRow(SubjectRequest, table=True):
    """A request by a person about data on them."""

    model_config = ConfigDict(frozen=False)  # type: ignore[assignment]
    __tablename__ = "subject_request"
    id: str = Field(primary_key=True)
    school_id: str = Field(foreign_key="school.id", index=True)


def _codes_not_names() -> None:
    """Store an enum's code as text: SQLAlchemy would store the Python name, which a rename would orphan."""
    for table in SQLModel.metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, sa.Enum):
                column.type = sa.String()


_codes_not_names()
metadata = SQLModel.metadata
