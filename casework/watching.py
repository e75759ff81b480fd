"""What the machine does for casework: flagging, capture results, checks, reminders. Every verb may run twice and does its work once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from casework import countdown, flagging, messages, outbox, time_stamps, transitions, tuning
from casework.casefiles import planned
from casework.checks import Conclusion, ConclusionWord, PlannedCheck
from casework.copies import Copying
from casework.errors import IllegalMoveError
from casework.flagging import DEFAULT_RULES, FlagRules
from casework.intake import STOP_REASON
from casework.messages import Words
from casework.room import needed, picture_files
from casework.steps import case_standing
from casework.transitions import ASKED, SYSTEM
from collector.spellings import spellings
from data.errors import CaseError, ConflictError
from data.model.base import new_id
from data.model.cases import Case, CaseItem, CaseState, Confidentiality, Reminder, RemovalCheck, Verdict
from data.model.evidence import CaptureOrder, Evidence, OrderState
from data.model.findings import Finding, FindingState, ReportTick
from data.model.people import Permission, Role, User
from data.model.posts import Post
from data.model.readings import Reading, Severity
from data.model.telling import Urgency
from data.model.watch import School
from data.store import Work
from evidence.custody import FIRST, CustodyDraft, chain
from evidence.errors import CaptureCancelledError, CaptureForbiddenError, Refused
from evidence.guard import is_sealed_off, may_capture
from evidence.supplied import is_same

WATCH_AFTER = timedelta(days=15)  # §5.5: the watch after a removal ends on day 14
BY_HAND = "by hand"
KNOWN_ELSEWHERE = "a file of it was stopped in another case"


class Watching(Copying):
    """Verbs of the worker; they act as the system."""

    def flag_reading(self, reading: Reading, rules: FlagRules = DEFAULT_RULES) -> tuple[Finding, ...]:
        """Store what a reading calls for, one finding per mentioned school by that school's own live rules; once for each reading."""
        now = self.now()
        with self.store.begin(by=SYSTEM) as work:
            post = work.posts.get(reading.post_id)
            own = {
                school_id: tuning.rules_for(school_id, work.tunings.where(school_id=school_id), now, rules)
                for school_id in reading.schools()
            }
            found = [self._stopped(work, finding, post) for finding in flagging.flag_all(reading, post, rules, now=now, own=own)]
            kept = keep_findings(work, found)
            work.commit()
        return kept

    def _stopped(self, work: Work, finding: Finding, post: Post) -> Finding:
        """Stop a post whose address somebody reported as an indecent image before it was collected (domain.md §5.7 rule 1)."""
        told = work.reports.where(school_id=finding.school_id, address=list(spellings(post.address)))
        if finding.stop or not any(ReportTick.INDECENT_IMAGE in one.ticks for one in told):
            return finding
        reasons = tuple(dict.fromkeys((STOP_REASON, *finding.reasons)))
        return finding.model_copy(update={"stop": True, "severity": Severity.S4, "reasons": reasons})

    def orders_waiting(self) -> tuple[CaptureOrder, ...]:
        """Return the captures to be made, oldest first; those that a killed worker left running are among them."""
        with self.store.read() as work:
            return tuple(work.orders.where(state=[OrderState.WAITING, OrderState.RUNNING], order_by="ordered_at"))

    def order_started(self, order_id: str) -> CaptureOrder:
        """Note that a capture begins; asks the guard once more, so that a case stopped or an order cancelled meanwhile is not captured."""
        with self.store.begin(by=SYSTEM) as work:
            order = _locked(work, order_id)
            if order.state in {OrderState.WAITING, OrderState.RUNNING}:
                order = work.orders.replace(_started(order, work.cases.get(order.case_id), self.now()))
            work.commit()
        return order

    def order_progress(self, order_id: str, words: str) -> None:
        """Note how far a running capture is, in fixed words of our own."""
        with self.store.begin(by=SYSTEM) as work:
            order = work.orders.get(order_id)
            if order.state is OrderState.RUNNING and order.progress != words:
                work.orders.replace(order.model_copy(update={"progress": words}))
            work.commit()

    def order_wanted(self, order_id: str) -> None:
        """Return quietly while a capture is still wanted; it is asked several times a second while one runs.

        Raises CaptureCancelledError when a person cancelled it, CaptureForbiddenError when its case was stopped meanwhile.
        """
        with self.store.read() as work:
            _still_wanted(work, work.orders.get(order_id))

    def order_cancelled(self, order_id: str) -> CaptureOrder:
        """Note that a capture ended because a person cancelled it; what was done or stopped already stays so."""
        with self.store.begin(by=SYSTEM) as work:
            order = _locked(work, order_id)
            if order.state in {OrderState.WAITING, OrderState.RUNNING}:
                order = work.orders.replace(order.model_copy(update={"state": OrderState.CANCELLED, "finished_at": self.now()}))
            work.commit()
        return order

    def capture_facts(self, order_id: str) -> tuple[CaptureOrder, Case, CaseItem, Post | None, School]:
        """Return what a capture needs to know."""
        with self.store.read() as work:
            order = work.orders.get(order_id)
            case = work.cases.get(order.case_id)
            post = work.posts.find(order.post_id) if order.post_id is not None else None
            return order, case, work.case_items.get(order.item_id), post, work.schools.get(case.school_id)

    def evidence_sealed(self, order_id: str, evidence: Evidence, custody: Sequence[CustodyDraft]) -> Evidence:
        """Store sealed evidence, its custody lines and the finished order in one transaction; a second delivery keeps the first.

        Raises CaptureCancelledError or CaptureForbiddenError when it was cancelled or stopped at the last moment: no record is made of it.
        A page that gives a file which a stopped case holds stops this one too. ConflictError: another piece of evidence took its number;
        it is to be captured again.
        """
        with self.store.begin(by=SYSTEM) as work:
            order = _locked(work, order_id)
            _still_wanted(work, order)
            self._must_be_unknown(work, order, picture_files(evidence), Refused.CAPTURE)
            if not work.evidence.add_once(evidence):
                return _kept_before(work, order_id)
            chained(work, custody)
            time_stamps.wanted(work, evidence, self.authority, self.now())
            done = {"state": OrderState.DONE, "evidence_id": evidence.id, "finished_at": self.now(), "problem": None}
            work.orders.replace(order.model_copy(update=done))
            self._captured(work, work.cases.get(order.case_id), evidence)
            work.commit()
        return evidence

    def _must_be_unknown(self, work: Work, order: CaptureOrder, hashes: Collection[str], what: Refused) -> None:
        """Raise CaptureForbiddenError when one of these files is held by a stopped case; its own is stopped by then, for good."""
        if not self._stop_if_file_known(work, work.cases.get(order.case_id), hashes):
            return
        stopped = order.model_copy(update={"state": OrderState.STOPPED, "problem": KNOWN_ELSEWHERE, "finished_at": self.now()})
        (work.orders.replace if work.orders.find(order.id) else work.orders.add)(stopped)
        work.commit()
        raise CaptureForbiddenError(KNOWN_ELSEWHERE, what=what)

    def supply_known(self, by: User, order: CaptureOrder, hashes: Collection[str]) -> None:
        """Refuse files (SHA-256) that a stopped case of the school holds or held, before a byte of them is stored; stops this case too.

        Raises CaptureForbiddenError then, and PermissionDeniedError.
        """
        with self.store.begin(by=by.id) as work:
            self._for(work, by, order.case_id, Permission.CAPTURE)
            self._must_be_unknown(work, order, hashes, Refused.UPLOAD)

    def _captured(self, work: Work, case: Case, evidence: Evidence) -> Case:
        fields = {"evidence_id": evidence.id, "completeness": evidence.completeness.value}
        if case.state is CaseState.TRIAGED and evidence.counts and not case.stop:
            return self._move(work, case, CaseState.EVIDENCE_CAPTURED, None, fields)
        return self._event(work, case, SYSTEM, "captured", fields=fields)

    def evidence_supplied(self, by: User, order: CaptureOrder, evidence: Evidence, custody: Sequence[CustodyDraft]) -> Evidence:
        """Store what a person brought, sealed already: order, evidence, custody lines and history in one transaction (§5.7 rule 4).

        It opens the way to a request as a capture does, and the history says what it is. The very same files twice are one piece.
        Raises CaptureForbiddenError in a case that was stopped meanwhile, or that this stops because a stopped one holds the file;
        ConflictError when another piece got the number first.
        """
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, order.case_id, Permission.CAPTURE)
            may_capture(order.answer, stop=case.stop, category=case.lead_category, what=Refused.UPLOAD)
            known = next(
                (one for one in work.evidence.where(case_id=case.id) if one.kind is evidence.kind and is_same(one, evidence)), None
            )
            if known is not None:
                return known
            self._must_be_unknown(work, order, picture_files(evidence), Refused.UPLOAD)
            done = {"state": OrderState.DONE, "evidence_id": evidence.id, "finished_at": self.now()}
            work.orders.add(order.model_copy(update=done))
            if not work.evidence.add_once(evidence):
                raise ConflictError
            chained(work, custody)
            time_stamps.wanted(work, evidence, self.authority, self.now())
            self._supplied(work, case, by, evidence)
            work.commit()
        return evidence

    def _supplied(self, work: Work, case: Case, by: User, evidence: Evidence) -> Case:
        fields = {"evidence_id": evidence.id, "completeness": evidence.completeness.value}
        case = self._event(work, case, by.id, "supplied", fields=fields)
        if case.state is CaseState.TRIAGED and evidence.counts:
            return self._move(work, case, CaseState.EVIDENCE_CAPTURED, by, fields)
        return case

    def order_failed(self, order_id: str, problem: str) -> CaptureOrder:
        """Note why a capture failed, in a line that a person can read; what was done or stopped already stays so."""
        with self.store.begin(by=SYSTEM) as work:
            order = work.orders.get(order_id)
            if order.state in {OrderState.WAITING, OrderState.RUNNING}:
                update = {"state": OrderState.FAILED, "problem": problem, "finished_at": self.now()}
                order = work.orders.replace(order.model_copy(update=update))
                self._event(work, work.cases.get(order.case_id), SYSTEM, "capture failed", fields={"order_id": order.id}, reason=problem)
            work.commit()
        return order

    def plan_checks(self, now: datetime) -> tuple[PlannedCheck, ...]:
        """Return the looks that are due now, one for each item at most."""
        with self.store.read() as work:
            return tuple(one for case in self._watched(work, now) for one in self._plans(work, case, now) if one.due_at <= now)

    def next_checks(self, now: datetime) -> tuple[PlannedCheck, ...]:
        """Return the next look at every watched item, due or still to come, soonest first."""
        with self.store.read() as work:
            found = [one for case in self._watched(work, now) for one in self._plans(work, case, now)]
        return tuple(sorted(found, key=lambda one: one.due_at))

    def _watched(self, work: Work, now: datetime) -> list[Case]:
        found = work.cases.where(state=[*transitions.OPEN, CaseState.VERIFIED_REMOVED], stop=False)
        closed = work.cases.where(state=CaseState.CLOSED, stop=False)
        return found + [case for case in closed if case.gone_observed_at is not None and now - case.gone_observed_at <= WATCH_AFTER]

    def _plans(self, work: Work, case: Case, now: datetime) -> tuple[PlannedCheck, ...]:
        return planned(case, self._facts(work, case), work.case_events.of(case.id), now)

    def check_facts(self, case_id: str, item_id: str) -> tuple[Case, CaseItem, Post | None]:
        """Return what a look at an item needs to know; raises IllegalMoveError in a stopped case: its address is never asked."""
        with self.store.read() as work:
            case, item = work.cases.get(case_id), work.case_items.get(item_id)
            _not_stopped(case)
            return case, item, work.posts.find(item.post_id) if item.post_id is not None else None

    def answer_seen(self, case_id: str, sha256: str) -> None:
        """Refuse an address's answer that is the very file of a stopped case, before it is stored, and stop this case too.

        Raises IllegalMoveError then, and in a case that was stopped since it was asked.
        """
        with self.store.begin(by=SYSTEM) as work:
            work.lock(f"case:{case_id}")
            if self._stop_if_file_known(work, work.cases.get(case_id), (sha256,)):
                work.commit()
            _not_stopped(work.cases.get(case_id))

    def check_seen(self, case_id: str, check: RemovalCheck) -> Conclusion:
        """Store a look (once per slot) and do what follows: two agreeing ones verify the removal, one that finds it up refutes a claim."""
        with self.store.begin(by=SYSTEM) as work:
            case = work.cases.get(case_id)
            _not_stopped(case)
            conclusion = self._check(work, case, check)
            work.commit()
        return conclusion

    def check_by_hand(self, by: User, case_id: str, item_id: str, verdict: Verdict, detail: str) -> Conclusion:
        """Record what a person saw at the address; counts like any other look, so two of them, 15 minutes apart, must agree."""
        words = needed(detail, "what you saw")
        now = self.now()
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.REQUEST)
            if work.case_items.get(item_id).case_id != case.id:
                msg = f"item {item_id} does not belong to case {case.ref}; open the case again"
                raise CaseError(msg)
            check_id = new_id(now)
            check = RemovalCheck(
                id=check_id,
                case_id=case.id,
                item_id=item_id,
                slot=f"by-hand-{check_id}",
                by=by.id,
                at=now,
                verdict=verdict,
                method=BY_HAND,
                detail=words,
            )
            conclusion = self._check(work, case, check)
            work.commit()
        return conclusion

    def ask_check(self, by: User, case_id: str) -> Case:
        """Ask for a look at the worker's next round."""
        with self.store.begin(by=by.id) as work:
            case = self._see(work, by, case_id)
            _not_stopped(case)
            case = self._event(work, case, by.id, "check asked")
            work.commit()
        return case

    def _check(self, work: Work, case: Case, check: RemovalCheck) -> Conclusion:
        is_new = work.checks.add_once(check)
        conclusion = self._conclude(case, self._facts(work, case))
        if is_new:
            self._follow(work, case, conclusion, check)
        return conclusion

    def _follow(self, work: Work, case: Case, conclusion: Conclusion, check: RemovalCheck) -> None:
        """Do what a new look calls for."""
        word = conclusion.word
        if word is ConclusionWord.VERIFIED and (case.state in ASKED or self._held_after_asking(work, case)):
            self._move(work, case, CaseState.VERIFIED_REMOVED, None, self._gone_fields(work, case))
        elif case.state is CaseState.CLAIMED_REMOVED and word in {ConclusionWord.CLAIM_WRONG, ConclusionWord.REAPPEARED}:
            self._move(work, case, CaseState.REQUESTED, None, {"check_id": check.id}, reason=conclusion.says)
        elif word is ConclusionWord.AMENDED and check.verdict is Verdict.EDITED:
            self._event(work, case, SYSTEM, "amended", fields={"check_id": check.id})
        elif word is ConclusionWord.REAPPEARED and check.id in conclusion.check_ids:
            self._reappeared(work, case, check)

    def _held_after_asking(self, work: Work, case: Case) -> bool:
        return case.state is CaseState.HOLD_BY_AUTHORITY and self._facts(work, case).was_asked

    def fire_reminders(self, now: datetime) -> tuple[Reminder, ...]:
        """Store the reminders whose hour has come, each once; after a time off only the latest of a case (§5.4).

        A stopped case has none: nobody there is asked to remove anything, and its one time, for telling the police or the IWF, is
        reminded of as a duty of the safeguarding lead (B36; casework.dues).
        """
        with self.store.begin(by=SYSTEM) as work:
            running = [case for case in work.cases.where(state=list(transitions.OPEN)) if case.gone_observed_at is None]
            found = [self._remind(work, case, now) for case in running if not is_sealed_off(case)]
            work.commit()
        return tuple(one for one in found if one is not None)

    def _remind(self, work: Work, case: Case, now: datetime) -> Reminder | None:
        sent = work.reminders.where(case_id=case.id)
        mine = {one.key.partition("@")[0] for one in sent if one.fired_at >= case.known_at}  # after a reopening the countdown is a new one
        due = countdown.reminders_due(case.known_at, now, mine)
        if not due:
            return None
        hours = int(due[-1].removeprefix("removal+").removesuffix("h"))
        rota, subject = outbox.rota_of(work, case.school_id, now), outbox.subjects_of(work, case)
        reminder = Reminder(
            id=new_id(now),
            case_id=case.id,
            key=due[-1] if len(mine) == len(sent) else f"{due[-1]}@{case.known_at:%Y%m%dT%H%M%S}",
            to_roles=reminded(case, hours, about_head=outbox.is_about_head(rota, case, subject)),
            text=f"{case.ref} ({case.severity.word}): {countdown.text_left(case_standing(case, now))}",
            due_at=case.known_at + timedelta(hours=hours),
            fired_at=now,
        )
        if not work.reminders.add_once(reminder):
            return None
        key = f"removal:{case.id}:{case.known_at:%Y%m%dT%H%M%S}:{hours}h"
        roles = reminder.to_roles
        outbox.tell(work, rota, outbox.of_case(rota, case, subject, key, Urgency.REMINDER, roles, lambda at: _left(case, at)))
        return reminder


def _left(case: Case, at: datetime) -> Words:
    """Return the words of a reminder as they are true when it may go out: in the night of a lesser case that is the next morning."""
    standing = case_standing(case, at)
    return messages.reminder(case.ref, case.severity, standing.left, standing.due_at)


def reminded(case: Case, hours: int, *, about_head: bool = False) -> tuple[str, ...]:
    """Return who is reminded: the owner; at 24 h the head, or the chair in a case about the head; for S3 and S4 the deputy too (§5.4)."""
    about_head = about_head or case.confidentiality is Confidentiality.RESTRICTED_CHAIR or case.target == Role.HEADTEACHER
    head = (Role.CHAIR if about_head else Role.HEADTEACHER,) if hours >= countdown.REMINDER_HOURS[-1] else ()
    deputy = (Role.DEPUTY_DSL,) if case.severity >= Severity.S3 and not about_head else ()
    return ("owner", *(role.value for role in (*head, *deputy)))


def keep_findings(work: Work, found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Store findings in a transaction that is open already; an edited post that still waits is brought up to date, not doubled."""
    kept = tuple(one for one in (_keep(work, finding) for finding in found) if one is not None)
    for one in kept:
        outbox.alert(work, one, one.made_at)  # A10, B36: in the same transaction, so that nothing grave is flagged and not told
    return kept


def _keep(work: Work, finding: Finding) -> Finding | None:
    known = [one for one in work.findings.where(post_id=finding.post_id, school_id=finding.school_id) if one.post_id is not None]
    waiting = next((one for one in known if one.state is not FindingState.DECIDED), None)
    if waiting is None:
        return finding if work.findings.add_once(finding) else None
    if (waiting.post_version or 0) >= (finding.post_version or 0):
        return None
    update = {"id": waiting.id, "report_id": waiting.report_id, "state": FindingState.OPEN, "seen_at": waiting.seen_at}
    # §4.2: the system never lowers a severity by itself, and a stop once set stays
    return work.findings.replace(
        finding.model_copy(update=update | {"severity": max(waiting.severity, finding.severity), "stop": waiting.stop or finding.stop})
    )


def chained(work: Work, drafts: Sequence[CustodyDraft]) -> None:
    """Append custody lines to the installation's chain."""
    last = work.custody.last()
    number, before = (last.number, last.hash) if last else (0, FIRST)
    for draft in drafts:
        number += 1
        event = work.custody.add(chain(before, number, draft))
        before = event.hash


def _locked(work: Work, order_id: str) -> CaptureOrder:
    """Return an order that nobody else changes before this transaction ends."""
    work.lock(f"case:{work.orders.get(order_id).case_id}")
    return work.orders.get(order_id)


def _kept_before(work: Work, order_id: str) -> Evidence:
    """Return what an earlier delivery of the same order kept; raises ConflictError where another piece of evidence took the number."""
    found = work.evidence.where(order_id=order_id)
    if not found:
        raise ConflictError
    return found[0]


def _still_wanted(work: Work, order: CaptureOrder) -> None:
    if order.cancel_asked_by is not None or order.state is OrderState.CANCELLED:
        raise CaptureCancelledError
    if order.state is OrderState.STOPPED:
        raise CaptureForbiddenError("the case was stopped while the page was being captured")
    case = work.cases.get(order.case_id)
    may_capture(order.answer, stop=case.stop, category=case.lead_category)


def _started(order: CaptureOrder, case: Case, now: datetime) -> CaptureOrder:
    if order.cancel_asked_by is not None:  # its worker died before it could see that
        return order.model_copy(update={"state": OrderState.CANCELLED, "finished_at": now})
    try:
        may_capture(order.answer, stop=case.stop, category=case.lead_category)
    except CaptureForbiddenError as error:
        return order.model_copy(update={"state": OrderState.STOPPED, "problem": error.why, "finished_at": now})
    return order.model_copy(update={"state": OrderState.RUNNING})


def _not_stopped(case: Case) -> None:
    if is_sealed_off(case):
        raise IllegalMoveError("look at the address", case.state.value, "the case was stopped: nothing is fetched", case.ref)
