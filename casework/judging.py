"""The inbox: what waits for a person, reports taken in, decisions made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from casework import access, cases, outbox, transitions, triage
from casework.errors import DecisionRefusedError, ReportRefusedError, UnknownCodeError
from casework.files import Decided, FindingFile, InboxPage, InboxRow, KindChoice, SearchResult
from casework.intake import STOP_REASON, ReportForm, receipt, report_of, report_to_finding
from casework.known_stops import stopping_cases, with_stops
from casework.room import SYSTEM, Room, needed
from casework.triage import KIND_LABELS, KIND_SAYS, Judgement
from collector.addresses import canonical_address, is_web_address
from collector.spellings import spellings
from data.errors import SchoolwatchError
from data.model.base import new_id
from data.model.cases import Case, CaseItem, CaseState, Confidentiality
from data.model.findings import Decision, DecisionKind, Finding, FindingState, Report, ReportTick
from data.model.people import Permission, Role, User
from data.model.posts import Post
from data.model.readings import OUTCOMES, Category, Reading, Severity
from data.model.watch import School
from data.store import Work
from data.store.findings import QueueCount, QueueKey
from evidence.guard import is_sealed_off

MAX_PAGE = 200
SHOWN_AGAIN = 240  # characters of a further report's words; the report keeps them all
SHARED = 2  # an address under which more posts stand is a page of many, such as a feed's own: only the newest is meant
GRAVE = frozenset({ReportTick.INDECENT_IMAGE, ReportTick.DANGER_NOW, ReportTick.PUPIL_CONTACT})  # never joined to a case unread
BATCH = 500
PUT_ASIDE = frozenset({DecisionKind.NO_ACTION, DecisionKind.NOT_OURS})
_OWNERS: dict[Confidentiality, tuple[Role, ...]] = {
    Confidentiality.RESTRICTED_DSL: (Role.DSL, Role.DEPUTY_DSL, Role.HEADTEACHER),
    Confidentiality.RESTRICTED_HT: (Role.HEADTEACHER,),
    Confidentiality.RESTRICTED_CHAIR: (Role.CHAIR,),
    Confidentiality.NORMAL: (),
}


class Judging(Room):
    """Verbs of the inbox, the flagged post and the report form."""

    def inbox(self, by: User, school_ids: Sequence[str], after: str | None = None, limit: int = 50) -> InboxPage:
        """Return a page of what waits, worst first then newest, filtered by what the person may see."""
        mine = seeing(by, school_ids)
        if not mine:
            return InboxPage((), None)
        limit = max(1, min(limit, MAX_PAGE))
        with self.store.read() as work:
            found, key = self._page(work, by, mine, after, limit)
            return InboxPage(self._rows(work, found), key)

    def _page(self, work: Work, by: User, mine: list[str], after: str | None, limit: int) -> tuple[list[Finding], str | None]:
        last = work.findings.find(after) if after else None
        found: list[Finding] = []
        highest = highest_seen(by, mine)
        while len(found) < limit:
            key = QueueKey(int(last.severity), last.seen_at, last.id) if last else None
            batch = work.findings.queue(mine, max_severity=highest, after=key, limit=limit)
            for last in with_stops(work, batch):
                if access.may_see_finding(by, last):
                    found.append(last)
                if len(found) == limit:
                    return found, last.id
            if len(batch) < limit:
                break
        return found, None

    def held(self, by: User, school_ids: Sequence[str]) -> tuple[InboxRow, ...]:
        """Return what was put on hold, with the note."""
        with self.store.read() as work:
            held = with_stops(work, work.findings.held(seeing(by, school_ids)))
            found = [finding for finding in held if access.may_see_finding(by, finding)]
            return self._rows(work, found)

    def waiting(self, by: User, school_ids: Sequence[str]) -> QueueCount:
        """Return how many wait for this person, and since when the oldest has."""
        mine = seeing(by, school_ids)
        if not mine:
            return QueueCount(0, None)
        with self.store.read() as work:
            return work.findings.waiting(mine, max_severity=highest_seen(by, mine))

    def search(self, by: User, text: str, school_ids: Sequence[str], limit: int = 50) -> SearchResult:
        """Return flagged posts that hold all the words, and the case whose number it is, as far as the person may see them."""
        mine = list(dict.fromkeys(school_id for school_id in school_ids if school_id in by.schools()))
        with self.store.read() as work:
            case = work.cases.by_ref(text)
            known = with_stops(work, work.findings.search(text, mine, limit))
            hits = [finding for finding in known if access.may_see_finding(by, finding)]
            found = [finding for finding in hits if not self._own_matter(work, by, finding)]
            shown = (case,) if case is not None and case.school_id in mine and self._may_see(work, by, case) else ()
            return SearchResult(self._rows(work, found), shown)

    def _rows(self, work: Work, found: Sequence[Finding]) -> tuple[InboxRow, ...]:
        posts = {post.id: post for post in work.posts.where(id=[one.post_id for one in found if one.post_id is not None])}
        reports = {report.id: report for report in work.reports.where(id=[one.report_id for one in found if one.report_id])}
        schools = {school.id: school for school in work.schools.where(id=list({one.school_id for one in found}))}
        holds = {one.finding_id: one for one in work.decisions.where(finding_id=[one.id for one in found], order_by="at")}
        return tuple(
            InboxRow(
                finding=one,
                post=posts.get(one.post_id) if one.post_id is not None else None,
                report=reports.get(one.report_id) if one.report_id else None,
                school=schools[one.school_id],
                decision=holds.get(one.id),
            )
            for one in found
        )

    def finding(self, by: User, finding_id: str) -> FindingFile:
        """Return a flagged post with post, reading, report and what was decided before; raises PermissionDeniedError."""
        with self.store.read() as work:
            return self._finding_file(work, by, work.findings.get(finding_id))

    def _finding_file(self, work: Work, by: User, kept: Finding) -> FindingFile:
        stopping = stopping_cases(work, [kept]).get(kept.id)
        finding = kept if stopping is None else kept.model_copy(update={"stop": True})
        self._must_see_finding(work, by, finding)
        decisions = tuple(work.decisions.where(finding_id=finding.id, order_by="at"))
        decided = triage.standing_decision(decisions)
        case = work.cases.find(decided.case_id) if decided and decided.case_id else None
        kinds = tuple(choice(kept, kind, by) for kind in DecisionKind)
        is_open = decided is None and finding.state is not FindingState.DECIDED
        return FindingFile(
            finding=finding,
            post=work.posts.find(finding.post_id) if finding.post_id is not None else None,
            reading=self._reading(work, finding),
            report=work.reports.find(finding.report_id) if finding.report_id else None,
            school=work.schools.get(finding.school_id),
            decisions=decisions,
            decided=decided,
            case=case if case is not None and self._may_see(work, by, case) else None,
            may_decide=is_open and any(one.allowed for one in kinds),
            why_not="" if is_open else "this was decided already",
            kinds=kinds,
            stopped_by=stopping if stopping is not None and self._may_see(work, by, stopping) else None,
        )

    def _reading(self, work: Work, finding: Finding) -> Reading | None:
        if finding.post_id is None:
            return None
        found = work.readings.where(post_id=finding.post_id, post_version=finding.post_version, order_by="read_at")
        return found[-1] if found else None

    def report_school(self, code: str) -> School:
        """Return the school that a report code stands for; raises UnknownCodeError."""
        with self.store.read() as work:
            return school_of(work, code)

    def report(self, code: str, form: ReportForm) -> Report:
        """Take in a report from the form behind a school's code, without an account; raises UnknownCodeError, ReportRefusedError."""
        with self.store.begin(by="report form") as work:
            report = self._take_in(work, school_of(work, code), form, None)
            work.commit()
        return report

    def report_by(self, by: User, school_id: str, form: ReportForm) -> Report:
        """Take in a report by a person who is signed in (policy A13)."""
        by.must(Permission.REPORT, school_id)
        with self.store.begin(by=by.id) as work:
            report = self._take_in(work, work.schools.get(school_id), form, by)
            work.commit()
        return report

    def _take_in(self, work: Work, school: School, form: ReportForm, by: User | None) -> Report:
        address = cleaned(form.address)
        work.lock("receipt")
        now, number = self.now(), work.reports.count() + 1
        while work.reports.count(receipt=receipt(now, number)):  # after old reports were deleted
            number += 1
        report = report_of(form, school_id=school.id, address=address, now=now, number=number, user_id=by.id if by else None)
        posts = posts_at(work, report.address)
        if posts:
            report = report.model_copy(update={"platform": posts[-1].platform})
        meant = posts if len(posts) <= SHARED else posts[-1:]
        for one in sorted(findings_at(work, report, meant), key=lambda found: found.id):
            work.lock(f"finding:{one.id}")  # somebody may judge it at this moment
        known = findings_at(work, report, meant)
        work.reports.add(report)
        if self._joins_case(work, report, known) is None:
            outbox.alert(work, self._find_again(work, report, posts[-1] if posts else None, known), now)  # A10, B36
        self._stop_what_is_there(work, report, posts)
        return report

    def _joins_case(self, work: Work, report: Report, known: Sequence[Finding]) -> Case | None:
        """Note a further report of what an open case is about already, on that case; what may be a child in danger is always asked anew.

        The countdown begins with the earliest report: told earlier than we knew, it begins earlier, never later (A18, §5.4).
        """
        decided = [one.id for one in known if one.state is FindingState.DECIDED]
        decision = triage.standing_decision(work.decisions.where(finding_id=decided, order_by="at"))
        case = self._case_once_free(work, decision.case_id) if decision and decision.case_id else None
        if case is None or case.state not in transitions.OPEN or GRAVE & set(report.ticks):
            return None
        update = {"known_at": min(case.known_at, report.reported_at)}  # A18
        fields = {"report_id": report.id, "receipt": report.receipt}
        return self._event(work, case, SYSTEM, "reported again", fields=fields, reason=report.says, update=update)

    def _case_once_free(self, work: Work, case_id: str) -> Case | None:
        """Return a case once nobody else writes into it: a report that comes at that moment is neither lost nor refused."""
        work.lock(f"case:{case_id}")
        return work.cases.find(case_id)

    def _stop_what_is_there(self, work: Work, report: Report, posts: Sequence[Post]) -> None:
        """Once anybody said that an indecent image may stand at an address, nothing about it is captured, looked at or exported any more.

        Whoever reported or judged the same address before, or does so later, may not have seen it (domain.md §5.7 rule 1).
        """
        if report.address is None:
            return
        names = list(spellings(report.address))
        told = work.reports.where(school_id=report.school_id, address=names)
        if not any(ReportTick.INDECENT_IMAGE in one.ticks for one in told):
            return
        found = work.findings.where(school_id=report.school_id, report_id=[one.id for one in told])
        found += [one for post in posts for one in work.findings.of_post(post.id) if one.school_id == report.school_id]
        for finding in {one.id: one for one in found if not one.stop}.values():
            reasons = tuple(dict.fromkeys((STOP_REASON, *finding.reasons)))
            work.findings.replace(finding.model_copy(update={"stop": True, "severity": Severity.S4, "reasons": reasons}))
        items = [*work.case_items.where(address=names), *work.case_items.where(post_id=[post.id for post in posts])]
        for case_id in sorted({item.case_id for item in items}):
            case = self._case_once_free(work, case_id)
            if case is not None and case.school_id == report.school_id and not case.stop:
                self._stop(work, case, SYSTEM, {"report_id": report.id})

    def _find_again(self, work: Work, report: Report, post: Post | None, known: Sequence[Finding]) -> Finding:
        """Store the report's finding; what waits in the inbox already takes the report in instead of standing there twice."""
        fresh = report_to_finding(
            report,
            now=self.now(),
            post_id=post.id if post and not any(one.post_id == post.id for one in known) else None,
            post_version=post.version if post and not any(one.post_id == post.id for one in known) else None,
        )
        if post is not None:  # what a collector knows of the place is more than the host says
            fresh = fresh.model_copy(update={"platform": post.platform})
        waiting = next((one for one in known if one.state is not FindingState.DECIDED), None)
        if waiting is None:
            return work.findings.add(fresh)
        categories = tuple(dict.fromkeys((*waiting.categories, *fresh.categories)))
        merged = waiting.model_copy(
            update={
                "report_id": waiting.report_id or report.id,
                "severity": max(waiting.severity, fresh.severity),
                "categories": categories,
                "lead_category": min(categories, key=list(Category).index),
                "reasons": tuple(dict.fromkeys((*fresh.reasons, *waiting.reasons, *further(waiting, report)))),
                "stop": waiting.stop or fresh.stop,
                "state": FindingState.OPEN,
            }
        )
        return work.findings.replace(merged)

    def my_reports(self, by: User, school_ids: Sequence[str]) -> tuple[tuple[Report, str], ...]:
        """Return the person's own reports with their status in words, newest first; no more than the status (§7.1: own, status only)."""
        with self.store.read() as work:
            mine = work.reports.where(reporter_user_id=by.id, school_id=list(school_ids), order_by="received_at")
            return tuple((report, self._status(work, report)) for report in reversed(mine))

    def _status(self, work: Work, report: Report) -> str:
        found = work.findings.where(report_id=report.id) or findings_at(work, report, posts_at(work, report.address))
        decisions = work.decisions.where(finding_id=[one.id for one in found], order_by="at")
        decided = triage.standing_decision(decisions)
        if decided is None:
            return "received; somebody will look at it"
        case = work.cases.find(decided.case_id) if decided.case_id else None
        return f"being dealt with: {transitions.STATE_LABELS[case.state]}" if case else "looked at; no case was opened"

    def decide(  # noqa: PLR0917
        self,
        by: User,
        finding_id: str,
        kind: DecisionKind,
        category: Category,
        severity: Severity,
        target: str,
        reason: str,
        outcome: Category | None = None,
    ) -> Decided:
        """Record a judgement and open the case that follows from it, in one transaction.

        Raises AlreadyDecidedError (who, when, what) when somebody was quicker, DecisionRefusedError, PermissionDeniedError.
        """
        with self.store.begin(by=by.id) as work:
            work.lock(f"finding:{finding_id}")
            finding = work.findings.get(finding_id)
            self._must_see_finding(work, by, *with_stops(work, [finding]))
            judgement = Judgement(kind, category, severity, target, reason, outcome)
            self._not_subject(work, by, judgement)
            earlier = work.decisions.where(finding_id=finding_id, order_by="at")
            decision = triage.decide(finding, judgement, by, earlier=earlier, now=self.now())
            case = self._open(work, finding, decision, by)
            decision = work.decisions.add(decision.model_copy(update={"case_id": case.id if case else None}))
            finding = self._settled(work, finding, decision)
            work.commit()
            visible = case is None or self._may_see(work, by, case)
        return Decided(decision, finding, case if visible else None, visible)

    def _settled(self, work: Work, finding: Finding, decision: Decision) -> Finding:
        """Bring the post to the state that follows, and write both steps of the table into the log: judged, and put aside (§5.3)."""
        if decision.kind is not DecisionKind.HOLD:
            work.note("triaged", "finding", finding.id, {"category": decision.category, "severity": int(decision.severity)})
        if decision.kind in PUT_ASIDE:
            work.note("no_action", "finding", finding.id, {"outcome": decision.category})
        state = FindingState.HELD if decision.kind is DecisionKind.HOLD else FindingState.DECIDED
        return work.findings.replace(finding.model_copy(update={"state": state}))

    def put_aside(self, by: User, finding_ids: Sequence[str], outcome: Category, reason: str) -> tuple[tuple[str, str], ...]:
        """Put many S0 posts aside at once; return those that were not, each with why. Each post is judged by itself (§5.3)."""
        refused: list[tuple[str, str]] = []
        for finding_id in dict.fromkeys(finding_ids):
            try:
                self._only_low(by, finding_id)
                self.decide(by, finding_id, DecisionKind.NO_ACTION, outcome, Severity.S0, "none", reason)
            except SchoolwatchError as error:
                refused.append((finding_id, str(error)))
        return tuple(refused)

    def _only_low(self, by: User, finding_id: str) -> None:
        with self.store.read() as work:
            finding = work.findings.get(finding_id)
            access.must_see_finding(by, finding)
            if finding.severity > Severity.S0:
                msg = "only posts of severity None are put aside together; open this one and judge it by itself"
                raise DecisionRefusedError(msg)

    def expire_unread(self, now: datetime) -> int:
        """Put aside the S0 posts that nobody read for 30 days, as `unreviewed_expired`; return how many. May run twice (§5.3)."""
        total = 0
        while True:
            with self.store.begin(by=SYSTEM) as work:
                waiting = work.findings.where(
                    severity=Severity.S0, state=FindingState.OPEN, report_id=None, order_by="seen_at", limit=BATCH
                )
                made = [(one, decision) for one in waiting if (decision := triage.expired(one, now)) is not None]
                for finding, decision in made:
                    self._settled(work, finding, work.decisions.add(decision))
                work.commit()
            total += len(made)
            if len(made) < BATCH:
                return total

    def _not_subject(self, work: Work, by: User, judgement: Judgement) -> None:
        if self._target_user(work, judgement.target) == by.id and judgement.kind is not DecisionKind.HOLD:
            msg = "it concerns yourself, so somebody else must judge it; put it on hold with a note"
            raise DecisionRefusedError(msg)

    def _open(self, work: Work, finding: Finding, decision: Decision, by: User) -> Case | None:
        if decision.kind not in {DecisionKind.OPEN_CASE, DecisionKind.SAFEGUARDING}:
            return None
        report = work.reports.find(finding.report_id) if finding.report_id else None
        now = self.now()
        about_head = self._about_head(work, finding.school_id, decision.target)
        draft = triage.triage(finding, decision, report=report, case_id=new_id(now), ref="", owner_id=by.id, now=now, about_head=about_head)
        if draft is None:
            return None
        owner, ref = self._owner(work, draft, by), work.cases.next_ref(now.year)
        case = work.cases.add(draft.model_copy(update={"ref": ref, "owner_id": owner}))
        work.case_events.add(cases.opened(case, by.id, reason=decision.reason, fields={"decision": decision.kind.value}))
        self._add_item(work, case, finding, report)
        case = self._stop_if_known(work, case)
        if case.state is CaseState.SAFEGUARDING_LEAD:
            outbox.alert_case(work, case, now)  # A10
        if case.confidentiality is Confidentiality.RESTRICTED_CHAIR:
            outbox.tell_chair(work, case, now)
        return case

    def _stop_if_known(self, work: Work, case: Case) -> Case:
        """Stop a new case whose address was stopped in another one that stands: it is asked for no second time (evidence.md §8.4)."""
        known = [] if case.stop else [other for other in self._at_its_address(work, case) if is_sealed_off(other)]
        return self._stop(work, case, SYSTEM, {"known_address": known[0].ref}) if known else case

    def _owner(self, work: Work, case: Case, by: User) -> str:
        """Return who owns a new case: whoever judged it, unless it must go round them (§7.3)."""
        roles = _OWNERS[case.confidentiality]
        if self._may_see(work, by, case) and (not roles or set(roles) & set(by.roles.get(case.school_id, ()))):
            return by.id
        able = [user for user in work.users.where(disabled=False) if self._may_see(work, user, case)]
        for role in roles:
            owner = next((user for user in able if role in user.roles.get(case.school_id, ())), None)
            if owner is not None:
                return owner.id
        if access.child_concerned(case):
            return by.id  # a safeguarding concern is never refused for want of a name
        msg = "nobody signs in here who may see it: about the head that is the chair of governors, about staff the headteacher; add them"
        raise DecisionRefusedError(msg)

    def _add_item(self, work: Work, case: Case, finding: Finding, report: Report | None) -> None:
        post = work.posts.find(finding.post_id) if finding.post_id is not None else None
        address = post.permalink if post else (report.address if report else None)
        if address:
            work.case_items.add(
                CaseItem(
                    id=new_id(case.opened_at),
                    case_id=case.id,
                    post_id=post.id if post else None,
                    report_id=report.id if report else None,
                    address=address,
                    platform=finding.platform,
                    added_at=case.opened_at,
                )
            )

    def undo(self, by: User, finding_id: str, reason: str) -> Finding:
        """Take back a decision that opened no case: the post waits again. Its own maker may, and whoever judges all posts."""
        why = needed(reason, "the reason")
        with self.store.begin(by=by.id) as work:
            work.lock(f"finding:{finding_id}")
            finding = work.findings.get(finding_id)
            self._must_see_finding(work, by, finding)
            decision = triage.standing_decision(work.decisions.where(finding_id=finding_id, order_by="at"))
            if decision is None or decision.case_id is not None:
                msg = "only a decision that opened no case can be taken back; a case is withdrawn or closed instead"
                raise DecisionRefusedError(msg)
            if decision.by != by.id:
                by.must(Permission.TRIAGE, finding.school_id)
            work.decisions.replace(
                decision.model_copy(update={"undone_at": self.now(), "reason": f"{decision.reason} [taken back: {why}]"})
            )
            finding = work.findings.replace(finding.model_copy(update={"state": FindingState.OPEN}))
            work.commit()
        return finding

    def replies(self, by: User, school_ids: Sequence[str]) -> tuple[FindingFile, ...]:
        """Return the criticism that waits for the headteacher (policy B31), oldest first."""
        mine = [school_id for school_id in school_ids if by.may(Permission.SEE_ALL, school_id)]
        with self.store.read() as work:
            waiting = [one for one in work.decisions.where(kind=DecisionKind.REPLY, order_by="at") if one.undone_at is None]
            found = work.findings.where(id=[one.finding_id for one in waiting], school_id=mine, order_by="seen_at")
            return tuple(self._finding_file(work, by, one) for one in with_stops(work, found) if access.may_see_finding(by, one))


def school_of(work: Work, code: str) -> School:
    """Return the school of a report code; raises UnknownCodeError. An empty code opens nothing."""
    found = work.schools.where(report_code=code.strip()) if code.strip() else []
    if not found:
        raise UnknownCodeError
    return found[0]


def posts_at(work: Work, address: str | None) -> list[Post]:
    """Return the posts that are kept under any spelling of an address, oldest first."""
    return work.posts.where(address=list(spellings(address))) if address else []


def findings_at(work: Work, report: Report, posts: Sequence[Post]) -> list[Finding]:
    """Return what the report's school has flagged or was told about these posts, or about this address by any of its spellings."""
    mine = [one for post in posts for one in work.findings.of_post(post.id) if one.school_id == report.school_id]
    told = work.reports.where(school_id=report.school_id, address=list(spellings(report.address))) if report.address else []
    mine += work.findings.where(school_id=report.school_id, report_id=[one.id for one in told])
    return sorted({one.id: one for one in mine}.values(), key=lambda one: one.seen_at)


def further(waiting: Finding, report: Report) -> tuple[str, ...]:
    """Return the line by which a second report of one post stands on what waits: with its words, so that they are read."""
    if waiting.report_id is None:
        return ()
    words = " ".join(report.says.split())
    return (f"reported again ({report.receipt}): {words if len(words) <= SHOWN_AGAIN else f'{words[:SHOWN_AGAIN]}…'}",)


def cleaned(address: str) -> str | None:
    """Return the canonical form of a typed address, so that one post has one address; raises ReportRefusedError for what is none."""
    typed = address.strip()
    if not typed:
        return None
    found = canonical_address(typed if "://" in typed else f"https://{typed}")
    if not is_web_address(found) or any(sign.isspace() or not sign.isprintable() for sign in typed):
        msg = "the address does not look like a web address; copy it from the browser, or leave it empty and describe where it is"
        raise ReportRefusedError(msg)
    return found


def seeing(by: User, school_ids: Sequence[str]) -> list[str]:
    """Return those of the schools in which the person sees flagged posts at all."""
    return [
        school_id
        for school_id in dict.fromkeys(school_ids)
        if by.may(Permission.SEE_LOW, school_id) or by.may(Permission.SEE_ALL, school_id)
    ]


def highest_seen(by: User, school_ids: Sequence[str]) -> Severity:
    """Return the highest severity that the person sees in any of the schools."""
    return Severity.S4 if any(by.may(Permission.SEE_ALL, school_id) for school_id in school_ids) else access.LOW


def choice(finding: Finding, kind: DecisionKind, by: User) -> KindChoice:
    """Return whether a decision is offered to this person, with the category as suggested, and why not."""
    category = finding.lead_category
    if kind in {DecisionKind.REPLY, DecisionKind.NO_ACTION} and category not in OUTCOMES:
        category = Category.FAIR_CRITICISM
    severity = Severity.S0 if kind in {DecisionKind.NO_ACTION, DecisionKind.NOT_OURS} else finding.severity
    try:
        triage.may_decide(finding, Judgement(kind, category, severity, "none", "-"), by)
    except SchoolwatchError as error:
        return KindChoice(kind, KIND_LABELS[kind], KIND_SAYS[kind], allowed=False, why_not=str(error))
    return KindChoice(kind, KIND_LABELS[kind], KIND_SAYS[kind], allowed=True)
