"""Reading cases: the list by time left, one file with everything, its chronology."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from casework import access, cases, clocks, steps, transitions
from casework.cases import Facts
from casework.checks import VERDICT_LABELS, Conclusion, PlannedCheck, next_check, seen
from casework.event_words import EVENT_LABELS, together
from casework.exports import with_evidence
from casework.files import CaseFile, CaseRow, Line
from casework.requests import REQUEST_LABELS, WAS_SENT
from casework.room import Room
from casework.transitions import STATE_LABELS
from data.errors import NotFoundError
from data.model.cases import ENDED, Case, CaseEvent, CaseState, RemovalCheck, Standing
from data.model.people import Permission, User
from data.store import Work

WATCHED: frozenset[CaseState] = transitions.OPEN | {CaseState.VERIFIED_REMOVED, CaseState.CLOSED}


class CaseFiles(Room):
    """Verbs that read cases and write nothing."""

    def cases(self, by: User, school_ids: Sequence[str], ended: bool = False) -> tuple[CaseRow, ...]:
        """Return the open cases (or those that ended) that the person may see, shortest time left first."""
        mine = [school_id for school_id in dict.fromkeys(school_ids) if school_id in by.schools()]
        with self.store.read() as work:
            found = work.cases.where(school_id=mine, state=list(ENDED)) if ended else work.cases.open_in(mine)
            rows = [self._row(work, case) for case in found if self._may_see(work, by, case)]
        return tuple(sorted(rows, key=_by_time_left))

    def _row(self, work: Work, case: Case) -> CaseRow:
        facts = self._facts(work, case)
        standing, text_left = self._headline(work, case, facts)
        orders = work.orders.where(case_id=case.id, order_by="ordered_at")
        step = steps.next_step(case, facts, orders, self._conclude(case, facts))
        return CaseRow(case, standing, text_left, STATE_LABELS[case.state], step, work.schools.get(case.school_id))

    def _headline(self, work: Work, case: Case, facts: Facts) -> tuple[Standing, str]:
        """Return the countdown that a case is led by, and its words: of a stopped one the time for telling the police or the IWF."""
        if not case.stop:
            standing = steps.case_standing(case, self.now())
            return standing, steps.left(case, standing)
        standing = clocks.stop_standing(case, work.case_events.of(case.id), facts.referrals, self.now())
        return standing, clocks.stop_text(facts.referrals, standing)

    def _conclude(self, case: Case, facts: Facts) -> Conclusion:
        return seen(case, facts.checks, self.now(), items=facts.items, claimed_at=facts.claimed_at)

    def case_by_ref(self, by: User, ref: str) -> CaseFile:
        """Return the file of the case with this number; raises NotFoundError, PermissionDeniedError."""
        with self.store.read() as work:
            case = work.cases.by_ref(ref)
            if case is None:
                raise NotFoundError("case", ref.strip())
            return self._file(work, by, self._must_see(work, by, case))

    def case(self, by: User, case_id: str) -> CaseFile:
        """Return a case with everything; raises NotFoundError (also for the person it is about, §7.3), PermissionDeniedError."""
        with self.store.read() as work:
            return self._file(work, by, self._see(work, by, case_id))

    def _file(self, work: Work, by: User, case: Case) -> CaseFile:
        now, facts = self.now(), self._facts(work, case)
        finding = work.findings.get(case.finding_id)
        events, items = tuple(work.case_events.of(case.id)), tuple(work.case_items.where(case_id=case.id))
        orders = tuple(work.orders.where(case_id=case.id, order_by="ordered_at"))
        (standing, text_left), conclusion = self._headline(work, case, facts), self._conclude(case, facts)
        return CaseFile(
            case=case,
            school=work.schools.get(case.school_id),
            finding=finding,
            post=next((work.posts.find(item.post_id) for item in items if item.post_id is not None), None),
            report=work.reports.find(finding.report_id) if finding.report_id else None,
            items=items,
            events=events,
            requests=facts.requests,
            checks=facts.checks,
            evidence=facts.evidence,
            orders=orders,
            reminders=tuple(work.reminders.where(case_id=case.id, order_by="fired_at")),
            decisions=tuple(work.decisions.where(finding_id=case.finding_id, order_by="at")),
            standing=standing,
            text_left=text_left,
            state_label=STATE_LABELS[case.state],
            next_step=steps.next_step(case, facts, orders, conclusion),
            next_check=first_due(planned(case, facts, events, now)),
            conclusion=conclusion,
            moves=tuple(steps.as_move(row, cases.required(row, case, now)) for row in cases.allowed(case, by)),
            blocked=steps.blocked(case, facts),
            stop_steps=steps.STOP_STEPS if case.stop else (),
        )

    def chronology(self, by: User, case_id: str) -> tuple[Line, ...]:
        """Return everything that happened in a case, newest first; with what left the safe."""
        file = self.case(by, case_id)
        with self.store.read() as work:
            left = with_evidence(work, file.case)
        lines = [
            *(Line(check.at, check.by, _say_check(check), "check") for check in file.checks),
            *(
                Line(
                    one.captured_at, one.captured_by, f"evidence {one.ref} sealed ({one.completeness.value.replace('_', ' ')})", "evidence"
                )
                for one in file.evidence
            ),
            *(Line(one.at, one.by, f"left the safe: {one.words}", "export") for one in left if not one.is_papers),
            *(Line(one.fired_at, "system", one.text, "reminder") for one in file.reminders),
            *(
                Line(one.sent_at, one.sent_by or "", f"request to {one.recipient}: {REQUEST_LABELS[one.state]}", "request")
                for one in file.requests
                if one.sent_at is not None
            ),
            *(Line(event.at, event.by, _say(event), "event") for event in file.events),
        ]
        in_order = sorted(lines, key=lambda line: line.at)  # a step stands after the look that it rests on
        return tuple(reversed(in_order))

    def may_export(self, by: User, case_id: str) -> CaseFile:
        """Return the file for an evidence pack; raises PermissionDeniedError. What is in a stopped case, the pack itself refuses."""
        file = self.case(by, case_id)
        access.must(by, Permission.EXPORT, file.case)
        return file


def _by_time_left(row: CaseRow) -> tuple[bool, float, str]:
    return row.standing.stopped_at is not None, row.standing.left.total_seconds(), row.case.ref


def _say(event: CaseEvent) -> str:
    plain = together(event) or EVENT_LABELS.get(event.what, event.what)
    words = f"moved to '{STATE_LABELS[event.after]}'" if event.what == "moved" and event.after else plain
    return f"{words}: {event.reason}" if event.reason else words


def _say_check(check: RemovalCheck) -> str:
    return f"check: {VERDICT_LABELS[check.verdict]}{f' ({check.detail})' if check.detail else ''}"


def asked_at(events: Sequence[CaseEvent]) -> datetime | None:
    """Return when a person last asked for a check."""
    return next((event.at for event in reversed(events) if event.what == "check asked"), None)


def planned(case: Case, facts: Facts, events: Sequence[CaseEvent], now: datetime) -> tuple[PlannedCheck, ...]:
    """Return the next look at each item. In a case that was stopped nothing is looked at (evidence.md §8)."""
    if case.stop or case.state not in WATCHED:
        return ()
    found = (_planned_item(case, item_id, facts, events, now) for item_id in facts.items)
    return tuple(one for one in found if one is not None)


def _planned_item(case: Case, item_id: str, facts: Facts, events: Sequence[CaseEvent], now: datetime) -> PlannedCheck | None:
    mine = [check for check in facts.checks if check.item_id == item_id]
    sent = [one.sent_at for one in facts.requests if one.item_id == item_id and one.state in WAS_SENT and one.sent_at is not None]
    if not sent and case.state in transitions.ASKED:  # the person concerned filed it (A19): counted from that move
        sent = [event.at for event in events if event.after is CaseState.REQUESTED]
    verified = None
    if case.gone_observed_at is not None:
        ids = seen(case, mine, now, items=(item_id,)).check_ids
        verified = next((check.at for check in reversed(mine) if check.id in ids), case.gone_observed_at)
    is_over = case.state is CaseState.CLOSED and verified is None
    return (
        None
        if is_over
        else next_check(
            item_id, mine, case_id=case.id, sent_at=max(sent, default=None), verified_at=verified, asked_at=asked_at(events), now=now
        )
    )


def first_due(plans: Sequence[PlannedCheck]) -> PlannedCheck | None:
    """Return the look that comes first."""
    return min(plans, key=lambda one: one.due_at, default=None)
