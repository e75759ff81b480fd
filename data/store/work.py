"""One transaction on the store."""

from __future__ import annotations

from functools import cached_property

from data.errors import StoreError
from data.model.cases import Case, CaseEvent, CaseItem, Reminder, RemovalCheck, TakedownRequest
from data.model.evidence import CaptureOrder, CustodyEvent, Evidence
from data.model.findings import Decision, Finding, Report
from data.model.people import AuditEvent, Credential, Session, User
from data.model.posts import Post
from data.model.readings import Reading
from data.model.threads import ThreadAlert
from data.model.tuning import Tuning
from data.model.watch import School, Source, SourceState, StaffMember, WatchTerm
from data.store.cases import CaseEvents, Cases
from data.store.chains import AuditLog, Custody
from data.store.findings import Findings
from data.store.posts import Posts, PostVersions
from data.store.readings import Readings
from data.store.repository import Repository
from data.store.threads import Threads
from data.store.transaction import Transaction
from data.tables import (
    AuditEventRow,
    CaptureOrderRow,
    CaseEventRow,
    CaseItemRow,
    CaseRow,
    CredentialRow,
    CustodyEventRow,
    DecisionRow,
    EvidenceRow,
    FindingRow,
    PostRow,
    ReadingRow,
    ReminderRow,
    RemovalCheckRow,
    ReportRow,
    SchoolRow,
    SessionRow,
    SourceRow,
    SourceStateRow,
    StaffMemberRow,
    TakedownRequestRow,
    ThreadAlertRow,
    TuningRow,
    UserRow,
    WatchTermRow,
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
    def audit(self) -> AuditLog:
        """The audit log."""
        return AuditLog(self, AuditEvent, AuditEventRow, key="number", audited=False)
