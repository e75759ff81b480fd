"""One transaction on the store."""

from __future__ import annotations

from functools import cached_property

from data.errors import StoreError
from data.model.care import Disclosure, Investigation, Letter, PersonalFiling, Referral, Seriousness, SupportOffer
from data.model.cases import Case, CaseEvent, CaseItem, Reminder, RemovalCheck, TakedownRequest
from data.model.copies import FoundCopy
from data.model.evidence import BackupRun, CaptureOrder, CustodyEvent, Evidence, RegisterHead, SealToken, ViewingPreference
from data.model.findings import Decision, Finding, Report
from data.model.keeping import CaseTally, LegalHold, RetentionConsent, RetentionRun, RetentionSetting, SubjectRequest, Tombstone
from data.model.network import NetworkLookup
from data.model.people import AuditEvent, Credential, Session, User
from data.model.policies import GovernorsReport, Policy, PolicyTrigger, YearlyCheck
from data.model.posts import Post
from data.model.readings import Reading
from data.model.telling import Away, Message, OnCall, SchoolClosure, Way
from data.model.threads import ThreadAlert
from data.model.tuning import Tuning
from data.model.watch import School, Source, SourceState, StaffMember, WatchTerm
from data.store.cases import CaseEvents, Cases
from data.store.chains import AuditLog, Custody
from data.store.findings import Findings
from data.store.messages import Messages
from data.store.posts import Posts, PostVersions
from data.store.prints import Prints
from data.store.purge import Purge
from data.store.readings import Readings
from data.store.repository import Repository
from data.store.threads import Threads
from data.store.transaction import Transaction
from data.tables import (
    AuditEventRow,
    AwayRow,
    BackupRunRow,
    CaptureOrderRow,
    CaseEventRow,
    CaseItemRow,
    CaseRow,
    CaseTallyRow,
    CredentialRow,
    CustodyEventRow,
    DecisionRow,
    DisclosureRow,
    EvidenceRow,
    FindingRow,
    FoundCopyRow,
    GovernorsReportRow,
    InvestigationRow,
    LegalHoldRow,
    LetterRow,
    MessageRow,
    NetworkLookupRow,
    OnCallRow,
    PersonalFilingRow,
    PolicyRow,
    PolicyTriggerRow,
    PostRow,
    ReadingRow,
    ReferralRow,
    RegisterHeadRow,
    ReminderRow,
    RemovalCheckRow,
    ReportRow,
    RetentionConsentRow,
    RetentionRunRow,
    RetentionSettingRow,
    SchoolClosureRow,
    SchoolRow,
    SealTokenRow,
    SeriousnessRow,
    SessionRow,
    SourceRow,
    SourceStateRow,
    StaffMemberRow,
    SubjectRequestRow,
    SupportOfferRow,
    TakedownRequestRow,
    ThreadAlertRow,
    TombstoneRow,
    TuningRow,
    UserRow,
    ViewingPreferenceRow,
    WatchTermRow,
    WayRow,
    YearlyCheckRow,
)


class Work(Transaction):
    """One transaction: repositories on it, and the audit events that `commit` writes with it."""

    def commit(self) -> None:
        """Write the audit events and end the transaction; raises StoreError in a read-only one."""
        if not self._writes:
            raise StoreError("this transaction only reads; begin one that writes")
        if self._notes:
            self.audit.append(self._notes, by=self.by, at=self._clock.now())
            self._notes = []
        self.connection.commit()

    @cached_property
    def purge(self) -> Purge:
        """What takes records away for good."""
        return Purge(self)

    @cached_property
    def schools(self) -> Repository[School]:
        """Schools."""
        return Repository(self, School, SchoolRow)

    @cached_property
    def terms(self) -> Repository[WatchTerm]:
        """Watch terms."""
        return Repository(self, WatchTerm, WatchTermRow)

    @cached_property
    def staff(self) -> Repository[StaffMember]:
        """Staff lists."""
        return Repository(self, StaffMember, StaffMemberRow)

    @cached_property
    def sources(self) -> Repository[Source]:
        """Sources."""
        return Repository(self, Source, SourceRow)

    @cached_property
    def source_states(self) -> Repository[SourceState]:
        """Where each source's last poll ended."""
        return Repository(self, SourceState, SourceStateRow, key="source_id", audited=False)

    @cached_property
    def posts(self) -> Posts:
        """Posts."""
        return Posts(self, Post, PostRow, audited=False)

    @cached_property
    def post_versions(self) -> PostVersions:
        """Older texts of posts."""
        return PostVersions(self)

    @cached_property
    def readings(self) -> Readings:
        """Readings."""
        return Readings(self, Reading, ReadingRow, key="post_id", audited=False)

    @cached_property
    def findings(self) -> Findings:
        """Flagged posts."""
        return Findings(self, Finding, FindingRow)

    @cached_property
    def threads(self) -> Threads:
        """Posts that belong together; found by the machine, set aside by people."""
        return Threads(self, ThreadAlert, ThreadAlertRow)

    @cached_property
    def tunings(self) -> Repository[Tuning]:
        """Schools' own thresholds and suppressions."""
        return Repository(self, Tuning, TuningRow)

    @cached_property
    def reports(self) -> Repository[Report]:
        """Reports by people."""
        return Repository(self, Report, ReportRow)

    @cached_property
    def decisions(self) -> Repository[Decision]:
        """Decisions."""
        return Repository(self, Decision, DecisionRow)

    @cached_property
    def cases(self) -> Cases:
        """Case files."""
        return Cases(self, Case, CaseRow)

    @cached_property
    def case_items(self) -> Repository[CaseItem]:
        """Items of cases."""
        return Repository(self, CaseItem, CaseItemRow)

    @cached_property
    def case_events(self) -> CaseEvents:
        """Case histories."""
        return CaseEvents(self, CaseEvent, CaseEventRow)

    @cached_property
    def requests(self) -> Repository[TakedownRequest]:
        """Requests for removal."""
        return Repository(self, TakedownRequest, TakedownRequestRow)

    @cached_property
    def checks(self) -> Repository[RemovalCheck]:
        """Removal checks."""
        return Repository(self, RemovalCheck, RemovalCheckRow)

    @cached_property
    def prints(self) -> Prints:
        """What of case items is compared with new posts."""
        return Prints(self)

    @cached_property
    def copies(self) -> Repository[FoundCopy]:
        """Posts that resemble items of cases."""
        return Repository(self, FoundCopy, FoundCopyRow)

    @cached_property
    def reminders(self) -> Repository[Reminder]:
        """Reminders that fired."""
        return Repository(self, Reminder, ReminderRow)

    @cached_property
    def orders(self) -> Repository[CaptureOrder]:
        """Ordered captures."""
        return Repository(self, CaptureOrder, CaptureOrderRow)

    @cached_property
    def evidence(self) -> Repository[Evidence]:
        """Sealed evidence."""
        return Repository(self, Evidence, EvidenceRow)

    @cached_property
    def custody(self) -> Custody:
        """The custody chain."""
        return Custody(self, CustodyEvent, CustodyEventRow, key="number", audited=False)

    @cached_property
    def tokens(self) -> Repository[SealToken]:
        """Time stamps from outside."""
        return Repository(self, SealToken, SealTokenRow, audited=False)

    @cached_property
    def heads(self) -> Repository[RegisterHead]:
        """The custody chain's head of each day."""
        return Repository(self, RegisterHead, RegisterHeadRow, audited=False)

    @cached_property
    def viewing(self) -> Repository[ViewingPreference]:
        """How people look at pictures."""
        return Repository(self, ViewingPreference, ViewingPreferenceRow, key="user_id", audited=False)

    @cached_property
    def backups(self) -> Repository[BackupRun]:
        """Backups and drills."""
        return Repository(self, BackupRun, BackupRunRow, audited=False)

    @cached_property
    def users(self) -> Repository[User]:
        """People who sign in."""
        return Repository(self, User, UserRow)

    @cached_property
    def credentials(self) -> Repository[Credential]:
        """Password hashes."""
        return Repository(self, Credential, CredentialRow, key="user_id")

    @cached_property
    def sessions(self) -> Repository[Session]:
        """Signed-in browsers."""
        return Repository(self, Session, SessionRow, key="token_hash", audited=False)

    @cached_property
    def seriousness(self) -> Repository[Seriousness]:
        """Seriousness forms."""
        return Repository(self, Seriousness, SeriousnessRow)

    @cached_property
    def referrals(self) -> Repository[Referral]:
        """Referrals."""
        return Repository(self, Referral, ReferralRow)

    @cached_property
    def support(self) -> Repository[SupportOffer]:
        """Support that was offered."""
        return Repository(self, SupportOffer, SupportOfferRow)

    @cached_property
    def investigations(self) -> Repository[Investigation]:
        """Investigations."""
        return Repository(self, Investigation, InvestigationRow)

    @cached_property
    def filings(self) -> Repository[PersonalFiling]:
        """Reports that the person concerned files."""
        return Repository(self, PersonalFiling, PersonalFilingRow)

    @cached_property
    def letters(self) -> Repository[Letter]:
        """Letters and summaries."""
        return Repository(self, Letter, LetterRow)

    @cached_property
    def disclosures(self) -> Repository[Disclosure]:
        """What was given to others."""
        return Repository(self, Disclosure, DisclosureRow)

    @cached_property
    def policies(self) -> Repository[Policy]:
        """Policies."""
        return Repository(self, Policy, PolicyRow)

    @cached_property
    def policy_triggers(self) -> Repository[PolicyTrigger]:
        """What calls for a review of the policies."""
        return Repository(self, PolicyTrigger, PolicyTriggerRow)

    @cached_property
    def yearly_checks(self) -> Repository[YearlyCheck]:
        """Yearly confirmations."""
        return Repository(self, YearlyCheck, YearlyCheckRow)

    @cached_property
    def governors_reports(self) -> Repository[GovernorsReport]:
        """Governors' reports."""
        return Repository(self, GovernorsReport, GovernorsReportRow)

    @cached_property
    def lookups(self) -> Repository[NetworkLookup]:
        """Look-ups of hosts."""
        return Repository(self, NetworkLookup, NetworkLookupRow)

    @cached_property
    def ways(self) -> Repository[Way]:
        """Ways to reach people."""
        return Repository(self, Way, WayRow)

    @cached_property
    def on_call(self) -> Repository[OnCall]:
        """Who is on call."""
        return Repository(self, OnCall, OnCallRow)

    @cached_property
    def away(self) -> Repository[Away]:
        """Who is away."""
        return Repository(self, Away, AwayRow)

    @cached_property
    def closures(self) -> Repository[SchoolClosure]:
        """Days on which schools are closed."""
        return Repository(self, SchoolClosure, SchoolClosureRow)

    @cached_property
    def messages(self) -> Messages:
        """The outbox."""
        return Messages(self, Message, MessageRow)

    @cached_property
    def retention_settings(self) -> Repository[RetentionSetting]:
        """Schools' own periods."""
        return Repository(self, RetentionSetting, RetentionSettingRow)

    @cached_property
    def holds(self) -> Repository[LegalHold]:
        """Legal holds."""
        return Repository(self, LegalHold, LegalHoldRow)

    @cached_property
    def tallies(self) -> Repository[CaseTally]:
        """What the counts need of cases that went."""
        return Repository(self, CaseTally, CaseTallyRow)

    @cached_property
    def tombstones(self) -> Repository[Tombstone]:
        """What is left of records that went."""
        return Repository(self, Tombstone, TombstoneRow)

    @cached_property
    def retention_runs(self) -> Repository[RetentionRun]:
        """Runs of the retention job."""
        return Repository(self, RetentionRun, RetentionRunRow)

    @cached_property
    def retention_consents(self) -> Repository[RetentionConsent]:
        """People's word that records may go."""
        return Repository(self, RetentionConsent, RetentionConsentRow)

    @cached_property
    def subject_requests(self) -> Repository[SubjectRequest]:
        """Requests by people about data on them."""
        return Repository(self, SubjectRequest, SubjectRequestRow)

    @cached_property
    def audit(self) -> AuditLog:
        """The audit log."""
        return AuditLog(self, AuditEvent, AuditEventRow, key="number", audited=False)
