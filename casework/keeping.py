"""What people decide about what is kept: periods, holds, transfers, consent, requests by people about their data (domain.md §8, §2.7)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from casework import retention
from casework.errors import RetentionRefusedError
from casework.purging import Purging
from casework.retention import RuleKey
from casework.room import needed
from casework.working_days import month_after
from data.errors import NotFoundError
from data.model.base import new_id
from data.model.cases import Case
from data.model.keeping import LegalHold, RetentionConsent, RetentionRun, RetentionSetting, SubjectRequest, SubjectRequestKind
from data.model.people import Permission, User
from data.store import Work

LONDON = ZoneInfo("Europe/London")


class Keeping(Purging):
    """Verbs of retention."""

    def runs(self, by: User, school_id: str, limit: int = 30) -> tuple[RetentionRun, ...]:
        """Return the last runs, newest first."""
        by.must(Permission.MANAGE_RETENTION, school_id)
        with self.store.read() as work:
            return tuple(reversed(work.retention_runs.where(order_by="at")[-limit:]))

    def set_period(self, by: User, school_id: str, rule: str, days: int, why: str) -> RetentionSetting:
        """Choose another period for a rule, with the reason; raises RetentionRefusedError out of its bounds."""
        by.must(Permission.MANAGE_RETENTION, school_id)
        retention.check_period(rule, days)
        made = RetentionSetting(
            id=new_id(self.now()), school_id=school_id, rule=rule, days=days, why=needed(why, "the reason"), by=by.id, at=self.now()
        )
        with self.store.begin(by=by.id) as work:
            work.retention_settings.add(made)
            work.commit()
        return made

    def own_periods(self, by: User, school_id: str) -> dict[RuleKey, int]:
        """Return for how many days each rule keeps in this school."""
        by.must(Permission.MANAGE_RETENTION, school_id)
        with self.store.read() as work:
            return {key: span.days for key, span in self._periods(work, school_id).items()}

    def hold(self, by: User, case_id: str, why: str, authority: str) -> LegalHold:
        """Put a legal hold on a case: nothing of it goes until thirty days after its release."""
        words, whose = needed(why, "the reason"), needed(authority, "who asks for it")
        with self.store.begin(by=by.id) as work:
            case = self._keeper(work, by, case_id)
            if any(one.authority == whose and one.released_at is None for one in work.holds.where(case_id=case.id)):
                msg = f"{case.ref} is held for them already"  # a second click makes no second hold
                raise RetentionRefusedError(msg)
            made = LegalHold(
                id=new_id(self.now()), school_id=case.school_id, case_id=case.id, why=words, authority=whose, by=by.id, at=self.now()
            )
            work.holds.add(made)
            self._event(work, case, by.id, "legal hold", fields={"hold_id": made.id}, reason=words)
            work.commit()
        return made

    def release_hold(self, by: User, hold_id: str, why: str) -> LegalHold:
        """Release a legal hold; what it held stays for thirty days more."""
        words = needed(why, "the reason")
        with self.store.begin(by=by.id) as work:
            case = self._keeper(work, by, work.holds.get(hold_id).case_id)
            found = work.holds.get(hold_id)  # as it stands now that the case is ours
            if found.released_at is not None:
                msg = "this hold was released already"
                raise RetentionRefusedError(msg)
            found = work.holds.replace(found.model_copy(update={"released_by": by.id, "released_at": self.now()}))
            self._event(work, case, by.id, "legal hold released", fields={"hold_id": found.id}, reason=words)
            work.commit()
        return found

    def holds(self, by: User, school_id: str) -> tuple[tuple[LegalHold, Case], ...]:
        """Return the holds of a school's cases that the person may see, newest first."""
        by.must(Permission.MANAGE_RETENTION, school_id)
        with self.store.read() as work:
            found = [(one, work.cases.find(one.case_id)) for one in work.holds.where(school_id=school_id, order_by="at")]
            return tuple((one, case) for one, case in reversed(found) if case is not None and self._keeps(work, by, case))

    def transferred(self, by: User, case_id: str, reference: str, at: datetime | None = None) -> Case:
        """Record that the child-protection or personnel file confirmed its copy; from then on the tool's own copy is short-lived."""
        words, moment = needed(reference, "where the copy is (a reference, no name)"), self._not_ahead(at, "the time of the transfer")
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.CLOSE)
            if case.transferred_at is not None:
                msg = f"the transfer of {case.ref} was recorded already"
                raise RetentionRefusedError(msg)
            update = {"transferred_at": moment, "transfer_reference": words}
            case = self._event(work, case, by.id, "transferred", fields={"reference": words}, update=update)
            work.commit()
        return case

    def agree(self, by: User, case_id: str, why: str) -> RetentionConsent:
        """Agree that a case may go; a second person's word joins the first. Raises RetentionRefusedError for the same person twice."""
        words = needed(why, "the reason")
        with self.store.begin(by=by.id) as work:
            case = self._keeper(work, by, case_id)
            self._may_agree(work, case)
            before = next((one for one in self._consents(work, case) if one.second is None), None)
            if before is not None and before.by == by.id:
                msg = "you agreed already; a second person must agree as well"
                raise RetentionRefusedError(msg)
            if before is not None:
                given = work.retention_consents.replace(before.model_copy(update={"second": by.id}))
            else:
                given = work.retention_consents.add(
                    RetentionConsent(id=new_id(self.now()), case_id=case.id, by=by.id, why=words, at=self.now())
                )
            self._event(work, case, by.id, "agreed that it may go", fields={"consent_id": given.id}, reason=words)
            work.commit()
        return given

    def _may_agree(self, work: Work, case: Case) -> None:
        if not retention.is_over(case):
            msg = f"{case.ref} is not closed; close it first"
            raise RetentionRefusedError(msg)
        if any(one.second is not None for one in self._consents(work, case)):
            msg = f"two people agreed already that {case.ref} may go"
            raise RetentionRefusedError(msg)

    def revealed(self, by: User, case_id: str, evidence_ref: str, name: str, reason: str) -> Case:
        """Note in the case's history that somebody looked at a picture, and why; it goes with the case (the custody chain never goes)."""
        words = needed(reason, "the reason")
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.CAPTURE)
            # A36
            case = self._event(work, case, by.id, "revealed", fields={"evidence": evidence_ref, "file": name}, reason=words)
            work.commit()
        return case

    def _keeper(self, work: Work, by: User, case_id: str) -> Case:
        """Return the case for somebody who decides on what is kept: a DPO sees its number and dates, never its content."""
        work.lock(f"case:{case_id}")  # two people who agree at the same moment follow each other
        case = work.cases.get(case_id)
        by.must(Permission.MANAGE_RETENTION, case.school_id)
        if not self._keeps(work, by, case):
            raise NotFoundError("case", case_id)  # §7.3: for whom it is about it does not exist
        return case

    def add_subject_request(self, by: User, school_id: str, kind: SubjectRequestKind, handle: str, received_at: datetime) -> SubjectRequest:
        """Take in a request by a person about data on them; due within a month (UK GDPR Art. 12(3))."""
        by.must(Permission.MANAGE_RETENTION, school_id)
        moment = self._not_ahead(received_at, "the time at which it came")
        made = SubjectRequest(
            id=new_id(self.now()),
            school_id=school_id,
            kind=kind,
            handle=needed(handle, "the name or handle"),
            received_at=moment,
            due_on=_day(month_after(moment) - timedelta(seconds=1)),
            by=by.id,
        )
        with self.store.begin(by=by.id) as work:
            work.subject_requests.add(made)
            work.commit()
        return made

    def decide_subject_request(self, by: User, request_id: str, decision: str, *, granted: bool) -> SubjectRequest:
        """Record how a request was answered, and why."""
        words = needed(decision, "the decision and its ground")
        with self.store.begin(by=by.id) as work:
            work.lock(f"subject request:{request_id}")
            found = work.subject_requests.get(request_id)
            by.must(Permission.MANAGE_RETENTION, found.school_id)
            if found.decided_at is not None:
                msg = "this request was decided already"
                raise RetentionRefusedError(msg)
            update = {"decision": words, "granted": granted, "decided_by": by.id, "decided_at": self.now()}
            found = work.subject_requests.replace(found.model_copy(update=update))
            work.commit()
        return found

    def subject_requests(self, by: User, school_id: str) -> tuple[SubjectRequest, ...]:
        """Return the requests, those still open first, by the day they are due."""
        by.must(Permission.MANAGE_RETENTION, school_id)
        with self.store.read() as work:
            found = work.subject_requests.where(school_id=school_id, order_by="due_on")
        return tuple(sorted(found, key=lambda one: (one.decided_at is not None, one.due_on)))


def _day(moment: datetime) -> date:
    return moment.astimezone(LONDON).date()
