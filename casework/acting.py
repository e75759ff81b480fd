"""What people do in a case: advice, capture orders, moves, closing. Each verb is one transaction and refuses before it writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from casework.casefiles import CaseFiles
from casework.checks import seen
from casework.errors import AnswerMissingError, IllegalMoveError
from casework.requests import has_evidence
from casework.room import UNDER_WAY, needed
from casework.transitions import ADVICE_BODIES, ASKED, STATE_LABELS
from data.errors import CaseError
from data.model.base import new_id
from data.model.cases import ENDED, Case, CaseState
from data.model.evidence import CaptureOrder, OrderState, SafetyAnswer
from data.model.people import Permission, User
from data.store import Work
from evidence.errors import CaptureForbiddenError
from evidence.guard import may_capture


class Acting(CaseFiles):
    """Verbs that change a case by a person's hand."""

    def record_advice(self, by: User, case_id: str, body: str, advice: str) -> Case:
        """Record what the LADO, children's social care or the police advised; releases the case from the safeguarding lead."""
        if body not in ADVICE_BODIES:
            msg = "say who gave the advice: the LADO, children's social care, the police, or that none was needed and why"
            raise CaseError(msg)
        words = f"{ADVICE_BODIES[body]}: {needed(advice, 'the advice')}"
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.TRIAGE)
            case = self._advised(work, case, by, words)
            work.commit()
        return case

    def _advised(self, work: Work, case: Case, by: User, words: str) -> Case:
        if case.state is not CaseState.SAFEGUARDING_LEAD:
            return self._event(work, case, by.id, "advice", reason=words, update={"advice": words, "advice_recorded_at": self.now()})
        if case.stop:  # nothing else follows in a stopped case: the advice is noted, the lead keeps it
            return self._event(work, case, by.id, "advice", reason=words, update={"advice": words, "advice_recorded_at": self.now()})
        facts = self._facts(work, case)
        back = facts.previous if facts.previous in ASKED else CaseState.TRIAGED
        case = self._move(work, case, back, by, {"advice": words}, reason=words)
        if back is CaseState.TRIAGED and has_evidence(case, facts.evidence):
            shown = [one.id for one in facts.evidence if one.counts]
            kept = {"evidence_id": shown[-1]} if shown else {"no_capture_reason": case.no_capture_reason}
            case = self._move(work, case, CaseState.EVIDENCE_CAPTURED, None, kept)
        return case

    def _last_fields(self, work: Work, case: Case, state: CaseState) -> dict[str, Any]:
        """Return what was recorded when the case last came into a state: returning to it needs no second form."""
        events = [event for event in work.case_events.of(case.id) if event.after is state]
        return dict(events[-1].fields) if events else {}

    def to_safeguarding(self, by: User, case_id: str, reason: str) -> Case:
        """Hand a case to the safeguarding lead at once (policy A10): anyone who sees it may."""
        why = needed(reason, "the reason")
        with self.store.begin(by=by.id) as work:
            case = self._move(work, self._see(work, by, case_id), CaseState.SAFEGUARDING_LEAD, by, {"reason": why})
            work.commit()
        return case

    def order_capture(self, by: User, case_id: str, item_id: str, answer: SafetyAnswer | None) -> CaptureOrder:
        """Order the capture of one item; the worker carries it out. Ordered twice while one is under way, the first is returned.

        Without an answer to the safety question AnswerMissingError is raised. "Yes", "not sure", or a case that is stopped already give
        an order in state STOPPED: the whole case is stopped and goes to the safeguarding lead (domain.md §5.7, evidence.md §8).
        """
        if answer is None:
            raise AnswerMissingError
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.CAPTURE)
            order = self._under_way(work, case, item_id)
            if order is None or answer is not SafetyAnswer.NO:
                order = self._order(work, by, case, item_id, answer)
            work.commit()
        return order

    def _under_way(self, work: Work, case: Case, item_id: str) -> CaptureOrder | None:
        found = work.orders.where(case_id=case.id, item_id=item_id, state=list(UNDER_WAY), order_by="ordered_at")
        return found[0] if found else None

    def _order(self, work: Work, by: User, case: Case, item_id: str, answer: SafetyAnswer) -> CaptureOrder:
        item = work.case_items.get(item_id)
        if item.case_id != case.id:
            msg = f"item {item_id} does not belong to case {case.ref}; open the case again"
            raise CaseError(msg)
        if case.state in ENDED:
            raise IllegalMoveError("capture", STATE_LABELS[case.state], "reopen the case first", case.ref)
        now, stopped = self.now(), _forbidden(answer, case)
        order = work.orders.add(
            CaptureOrder(
                id=new_id(now),
                case_id=case.id,
                item_id=item.id,
                post_id=item.post_id,
                address=item.address,
                answer=answer,
                ordered_by=by.id,
                ordered_at=now,
                state=OrderState.STOPPED if stopped else OrderState.WAITING,
                problem=stopped,
                finished_at=now if stopped else None,
            )
        )
        if stopped:
            self._stop(work, case, by.id, {"answer": answer.value})
        else:
            self._event(work, case, by.id, "capture ordered", fields={"order_id": order.id, "answer": answer.value})
        return order

    def no_capture(self, by: User, case_id: str, reason: str) -> Case:
        """Record why the post cannot be captured (A14: evidence first, or a recorded reason)."""
        why = needed(reason, "the reason")
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.CAPTURE)
            case = self._move(work, case, CaseState.EVIDENCE_CAPTURED, by, {"no_capture_reason": why}, reason=why)
            work.commit()
        return case

    def move(self, by: User, case_id: str, to: CaseState, fields: Mapping[str, Any], reason: str = "") -> Case:
        """Make any move of the table; "gone" fills in the agreeing checks by itself. Raises what `cases.move` raises."""
        with self.store.begin(by=by.id) as work:
            case = self._see(work, by, case_id)
            given = dict(fields) | (self._gone_fields(work, case) if to is CaseState.VERIFIED_REMOVED else {})
            case = self._move(work, case, to, by, given, reason=reason or None)
            work.commit()
        return case

    def _gone_fields(self, work: Work, case: Case) -> dict[str, Any]:
        facts = self._facts(work, case)
        conclusion = seen(case, facts.checks, self.now(), items=facts.items)
        methods = sorted({check.method for check in facts.checks if check.id in conclusion.check_ids})
        observed: datetime | str = conclusion.gone_observed_at or "not yet"
        return {"check_ids": conclusion.check_ids or ("none",), "method": ", ".join(methods) or "none", "observed_at": observed}

    def assign(self, by: User, case_id: str, owner_id: str) -> Case:
        """Give a case another owner, who must be able to see it (§7.3: conflict is checked at every assignment)."""
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.TRIAGE)
            owner = work.users.get(owner_id)
            if owner.disabled or not self._may_see(work, owner, case):
                msg = f"user {owner_id} may not see this case, so cannot own it; choose somebody else"
                raise CaseError(msg)
            case = self._event(work, case, by.id, "assigned", fields={"owner_id": owner_id}, update={"owner_id": owner_id})
            work.commit()
        return case

    def note(self, by: User, case_id: str, text: str) -> Case:
        """Add a note to the history."""
        words = needed(text, "the note")
        with self.store.begin(by=by.id) as work:
            case = self._see(work, by, case_id)
            case = self._event(work, case, by.id, "note", reason=words)
            work.commit()
        return case

    def close(  # noqa: PLR0917
        self,
        by: User,
        case_id: str,
        outcome: str,
        lessons: str,
        support_offered: str,
        people_informed: str = "nobody",
        source_outcome: str = "unknown",
        policy_review: bool = False,
    ) -> Case:
        """Close a case that is gone, amended, not removed or withdrawn, with what was learned and which support was offered (A23, B23)."""
        fields = {
            "outcome": outcome,
            "lessons": needed(lessons, "what was learned"),
            "support_offered": needed(support_offered, "the support that was offered (or why none)"),
            "source_outcome": source_outcome.strip() or "unknown",
            "people_informed": people_informed.strip() or "nobody",
            "policy_review": policy_review,
        }
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.CLOSE)
            if case.state is CaseState.REPLY_WORKFLOW:
                fields["refusal_reason"] = lessons
            case = self._move(work, case, CaseState.CLOSED, by, fields)
            work.commit()
        return case


def _forbidden(answer: SafetyAnswer, case: Case) -> str | None:
    """Return why the guard of the safe refuses, or None."""
    try:
        may_capture(answer, stop=case.stop, category=case.lead_category)
    except CaptureForbiddenError as error:
        return error.why
    return None
