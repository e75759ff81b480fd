"""The governors' report, the policy register, the yearly review (A30, A38, B41; domain.md §7.4, §7.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from casework import papers, report, reviews
from casework.asking import platform_rows
from casework.errors import PolicyRefusedError
from casework.report import Figures, Volumes
from casework.reviews import Register
from casework.room import Room, needed
from casework.tally import EXPIRED, JUDGEMENTS, CaseParts, judged, tally
from casework.triage import standing_decision
from data.errors import PermissionDeniedError
from data.model.base import new_id
from data.model.cases import Case
from data.model.findings import DecisionKind, FindingState
from data.model.keeping import CaseTally
from data.model.people import Permission, User
from data.model.policies import GovernorsReport, Policy, PolicyTrigger, TriggerKind, YearlyCheck
from data.model.watch import Health
from data.store import Work
from evidence.pdf import pdf

LONDON = ZoneInfo("Europe/London")
LONGEST = timedelta(days=366)
_JUDGED = (DecisionKind.REPLY, DecisionKind.NO_ACTION, DecisionKind.NOT_OURS)


@dataclass(frozen=True)
class PolicyForm:
    """What a person enters about a policy (A38: who made it, who approved it, when, which version)."""

    title: str
    version: str
    approved_by: str
    approved_on: date
    next_review_on: date
    created_by: str = ""
    link: str = ""
    unions_consulted: bool = False


class Governing(Room):
    """Verbs about reports to governors and about policies."""

    def make_report(self, by: User, school_id: str, first: date, last: date) -> GovernorsReport:
        """Count a period and keep what may be shown of it; the head approves it before governors see it.

        Raises PolicyRefusedError for a period that is empty, in the future, longer than a year, or that overlaps an approved one: two
        overlapping reports could be subtracted from each other.
        """
        by.must(Permission.CLOSE, school_id)
        with self.store.begin(by=by.id) as work:
            self._may_count(work, school_id, first, last)
            found = report.figures(self._tallies(work, school_id), self._volumes(work, school_id, first, last), first, last)
            made = GovernorsReport(
                id=new_id(self.now()),
                school_id=school_id,
                first=first,
                last=last,
                figures=found.as_record(),
                made_by=by.id,
                made_at=self.now(),
            )
            work.governors_reports.add(made)
            work.commit()
        return made

    def _today(self) -> date:
        return self.now().astimezone(LONDON).date()

    def _may_count(self, work: Work, school_id: str, first: date, last: date) -> None:
        if not first <= last <= self._today() or last - first > LONGEST:
            msg = "choose a period that has ended, at most a year long, its first day before its last"
            raise PolicyRefusedError(msg)
        for one in work.governors_reports.where(school_id=school_id):
            if one.approved_at is not None and one.first <= last and first <= one.last:
                msg = (
                    f"a report from {one.first:%d %b %Y} to {one.last:%d %b %Y} was approved already; a second one over those days could "
                    "be set against it: choose a period that does not overlap"
                )
                raise PolicyRefusedError(msg)

    def approve_report(self, by: User, report_id: str) -> GovernorsReport:
        """Approve a report (§7.4: the head does); from then on governors see it."""
        with self.store.begin(by=by.id) as work:
            found = work.governors_reports.get(report_id)
            by.must(Permission.APPROVE_REPORT, found.school_id)
            work.lock(f"governors:{found.school_id}")  # two reports over the same days are not approved side by side
            found = work.governors_reports.get(report_id)
            if found.approved_at is None:
                self._may_count(work, found.school_id, found.first, found.last)
                self._is_whole(found)
                found = work.governors_reports.replace(found.model_copy(update={"approved_by": by.id, "approved_at": self.now()}))
            work.commit()
        return found

    def _is_whole(self, found: GovernorsReport) -> None:
        """Raise PolicyRefusedError for counts taken before the last day was over: what came later that day would stand in no report."""
        if self._day(found.made_at) <= found.last:
            msg = f"this was counted before {found.last:%d %b %Y} was over: delete the draft, count the period again, then approve it"
            raise PolicyRefusedError(msg)

    def drop_report(self, by: User, report_id: str) -> None:
        """Delete a report that nobody approved."""
        with self.store.begin(by=by.id) as work:
            found = work.governors_reports.get(report_id)
            by.must(Permission.CLOSE, found.school_id)
            if found.approved_at is not None:
                msg = "an approved report stays; make one for another period"
                raise PolicyRefusedError(msg)
            work.governors_reports.remove(report_id)
            work.commit()

    def reports(self, by: User, school_ids: Sequence[str]) -> tuple[GovernorsReport, ...]:
        """Return the reports that the person may read, the newest period first; drafts only for those who make them."""
        mine = [one for one in dict.fromkeys(school_ids) if by.may(Permission.SEE_COUNTS, one)]
        with self.store.read() as work:
            found = work.governors_reports.where(school_id=mine, order_by="last")
        return tuple(one for one in reversed(found) if one.approved_at is not None or by.may(Permission.CLOSE, one.school_id))

    def figures(self, by: User, report_id: str) -> Figures:
        """Return a report's figures; raises PermissionDeniedError for a draft that the person may not see."""
        with self.store.read() as work:
            found = work.governors_reports.get(report_id)
        if found.approved_at is None and not by.may(Permission.CLOSE, found.school_id):
            raise PermissionDeniedError(by.id, Permission.APPROVE_REPORT.value)
        by.must(Permission.SEE_COUNTS, found.school_id)
        return Figures.of(found.first, found.last, found.figures)

    def _tallies(self, work: Work, school_id: str) -> tuple[CaseTally, ...]:
        kept = [one for one in work.tallies.where(school_id=school_id) if one.outcome not in JUDGEMENTS]
        return (*kept, *(tally(self.parts(work, case), self.now()) for case in work.cases.where(school_id=school_id)))

    def parts(self, work: Work, case: Case) -> CaseParts:
        """Return a case with what its tally is made of."""
        return CaseParts(
            case=case,
            events=work.case_events.of(case.id),
            items=work.case_items.where(case_id=case.id),
            requests=work.requests.where(case_id=case.id),
            referrals=work.referrals.where(case_id=case.id),
            filings=work.filings.where(case_id=case.id),
            support=work.support.where(case_id=case.id),
        )

    def _volumes(self, work: Work, school_id: str, first: date, last: date) -> Volumes:
        policies = [one for one in work.policies.where(school_id=school_id) if one.replaced_at is None]
        sources = work.sources.where(school_id=school_id, enabled=True)
        states = {one.source_id: one for one in work.source_states.where()}
        asked = [one for one in work.subject_requests.where(school_id=school_id) if first <= self._day(one.received_at) <= last]
        judgements = [one for one in work.tallies.where(school_id=school_id) if one.outcome in JUDGEMENTS] + self._judgements(
            work, school_id
        )
        return Volumes(
            judged=[one for one in judgements if one.outcome != EXPIRED],
            unread_expired=sum(one.outcome == EXPIRED and first <= one.known_on <= last for one in judgements),
            subject_requests=len(asked),
            sources=len(sources),
            sources_not_seen=sum(one.id not in states or states[one.id].health is not Health.OK for one in sources),
            policies_overdue=sum(reviews.policy_line(one, self._today()).is_overdue for one in policies),
            policy_triggers_open=len(reviews.open_triggers(work.policy_triggers.where(school_id=school_id))),
        )

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(LONDON).date()

    def _judgements(self, work: Work, school_id: str) -> list[CaseTally]:
        found = work.findings.where(school_id=school_id, state=FindingState.DECIDED)
        rows = []
        for finding in found:
            decision = standing_decision(work.decisions.where(finding_id=finding.id, order_by="at"))
            if decision is not None and decision.case_id is None and decision.kind in _JUDGED:
                rows.append(judged(finding, decision, self.now()))
        return rows

    def report_pdf(self, by: User, report_id: str) -> bytes:
        """Return a report as PDF with a chart for each table; raises what `figures` raises."""
        found = self.figures(by, report_id)
        with self.store.read() as work:
            kept = work.governors_reports.get(report_id)
            school = work.schools.get(kept.school_id)
        return pdf(papers.governors(found, school, kept))

    def review_pack(self, by: User, school_id: str, deployment: Mapping[str, str]) -> bytes:
        """Return the yearly review pack as PDF (§7.5): policies with "overdue by", triggers, what is searched, what is kept how long.

        `deployment`: what only the installation's settings know (the day of the DPIA, the privacy notice), by label.
        """
        register = self.policy_register(by, school_id)
        with self.store.read() as work:
            facts = papers.ReviewFacts(
                school=work.schools.get(school_id),
                register=register,
                terms=tuple(work.terms.where(school_id=school_id, active=True)),
                own_periods=tuple(work.retention_settings.where(school_id=school_id, order_by="at")),
                reports=tuple(one for one in work.governors_reports.where(school_id=school_id, order_by="first") if one.approved_at),
                routes=tuple(platform_rows().values()),
                deployment=deployment,
                now=self.now(),
            )
        return pdf(papers.review_pack(facts))

    def policy_register(self, by: User, school_id: str) -> Register:
        """Return the policies with how their review stands, and what calls for an early one."""
        by.must(Permission.SEE_COUNTS, school_id)
        with self.store.read() as work:
            policies = work.policies.where(school_id=school_id, order_by="next_review_on")
            triggers = [self._as_read(work, by, one) for one in work.policy_triggers.where(school_id=school_id, order_by="at")]
            yearly = work.yearly_checks.where(school_id=school_id)
        today = self._today()
        current = tuple((one, reviews.policy_line(one, today)) for one in policies if one.replaced_at is None)
        waiting = reviews.open_triggers(triggers)
        return Register(
            current,
            tuple(one for one in policies if one.replaced_at is not None),
            waiting,
            tuple(one for one in triggers if one.settled_at is not None),
            reviews.yearly_lines(yearly, today),
        )

    def _as_read(self, work: Work, by: User, one: PolicyTrigger) -> PolicyTrigger:
        case = work.cases.find(one.case_id) if one.case_id is not None else None
        return one if case is not None and self._may_see(work, by, case) else reviews.without_number(one)

    def add_policy(self, by: User, school_id: str, form: PolicyForm, replaces: str | None = None) -> Policy:
        """Enter a policy, or its next version: the one before stays in the register (A38)."""
        by.must(Permission.MANAGE_POLICIES, school_id)
        policy = Policy(
            id=new_id(self.now()),
            school_id=school_id,
            title=needed(form.title, "the title"),
            version=needed(form.version, "the version"),
            link=form.link.strip() or None,
            created_by=form.created_by.strip() or by.name,
            approved_by=needed(form.approved_by, "who approved it"),
            approved_on=form.approved_on,
            next_review_on=form.next_review_on,
            owner=by.id,
            unions_consulted=form.unions_consulted,
            added_by=by.id,
            added_at=self.now(),
        )
        reviews.check_policy(policy, self._today())
        with self.store.begin(by=by.id) as work:
            if replaces is not None:
                work.lock(f"policy:{replaces}")  # a double click makes one next version
                before = work.policies.get(replaces)
                by.must(Permission.MANAGE_POLICIES, before.school_id)
                if before.replaced_at is not None or before.school_id != school_id:
                    msg = "this version was replaced already, or is another school's; look at the register again"
                    raise PolicyRefusedError(msg)
                work.policies.replace(before.model_copy(update={"replaced_at": self.now()}))
            work.policies.add(policy)
            work.commit()
        return policy

    def add_trigger(self, by: User, school_id: str, kind: TriggerKind, what: str) -> PolicyTrigger:
        """Note something that calls for an early review (A30)."""
        if not (by.may(Permission.MANAGE_POLICIES, school_id) or by.may(Permission.CLOSE, school_id)):
            raise PermissionDeniedError(by.id, Permission.MANAGE_POLICIES.value)
        with self.store.begin(by=by.id) as work:
            made = work.policy_triggers.add(reviews.trigger(by.id, school_id, kind, needed(what, "what happened"), self.now()))
            work.commit()
        return made

    def settle_trigger(self, by: User, trigger_id: str, how: str) -> PolicyTrigger:
        """Record what came of it."""
        words = needed(how, "what came of it")
        with self.store.begin(by=by.id) as work:
            work.lock(f"trigger:{trigger_id}")
            found = work.policy_triggers.get(trigger_id)
            by.must(Permission.MANAGE_POLICIES, found.school_id)
            if found.settled_at is not None:
                msg = "this was settled already"
                raise PolicyRefusedError(msg)
            update = {"settled_by": by.id, "settled_at": self.now(), "settled_how": words}
            found = work.policy_triggers.replace(found.model_copy(update=update))
            work.commit()
        return found

    def confirm_yearly(self, by: User, school_id: str, what: str, note: str = "") -> YearlyCheck:
        """Confirm that something was looked at for the year (§7.5)."""
        by.must(Permission.MANAGE_POLICIES, school_id)
        if what not in reviews.YEARLY_LABELS:
            msg = f"choose one of: {', '.join(reviews.YEARLY_LABELS.values())}"
            raise PolicyRefusedError(msg)
        check = YearlyCheck(
            id=new_id(self.now()), school_id=school_id, what=what, confirmed_by=by.id, confirmed_at=self.now(), note=note.strip()
        )
        with self.store.begin(by=by.id) as work:
            work.yearly_checks.add(check)
            work.commit()
        return check
