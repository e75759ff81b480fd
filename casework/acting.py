"""What people do in a case: advice, capture orders, moves, closing. Each verb is one transaction and refuses before it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from casework import clocks, corrections, countdown, reviews
from casework.casefiles import CaseFiles
from casework.checks import seen as looked
from casework.clocks import CaseClock, ClockFacts
from casework.duties import NO_REPLY_WANTED, REPLIED
from casework.errors import AnswerMissingError, IllegalMoveError
from casework.referrals import ADVISERS
from casework.requests import has_evidence
from casework.room import UNDER_WAY, needed
from casework.transitions import ADVICE_BODIES, ASKED, FIELD_LABELS, NONE_NEEDED, STATE_LABELS, SYSTEM
from data.errors import CaseError, PermissionDeniedError
from data.model.base import new_id
from data.model.care import Referral
from data.model.cases import ENDED, Case, CaseEvent, CaseState, MissedReason
from data.model.evidence import CaptureOrder, OrderState, SafetyAnswer
from data.model.people import Permission, User
from data.model.policies import TriggerKind
from data.store import Work
from evidence.errors import CaptureForbiddenError
from evidence.guard import ADULT, may_capture

OWN_PAGE_DECISIONS: dict[str, str] = {"keep": "keep it", "hide": "hide it", "remove": "remove it", "reply": "answer it"}
OWN_PAGE_CODES: dict[str, str] = {  # §7.2: criticism is not a code
    "child_identifiable": "a child can be recognised",
    "libel_notified": "we were told that it is libel",
    "hate": "hate",
    "threat": "a threat",
    "personal_data": "personal data",
    "spam": "spam",
}


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
            if case.stop and body == NONE_NEEDED:
                msg = "a stopped case needs outside advice: tell the police or the Internet Watch Foundation, and record what they say"
                raise CaseError(msg)
            case = self._advised(work, case, by, words)
            self._advice_noted(work, case, by, body, words)
            work.commit()
        return case

    def _advice_noted(self, work: Work, case: Case, by: User, body: str, words: str) -> None:
        """Keep the talk with the LADO or children's social care as a referral too: when, by whom, what they said (A28, §2.10)."""
        adviser = ADVISERS.get(body)
        if adviser is None:
            return
        now = self.now()
        waiting = [one for one in work.referrals.where(case_id=case.id, body=adviser) if one.outcome is None]
        fresh = Referral(id=new_id(now), case_id=case.id, body=adviser, why=words, opened_by=by.id, opened_at=now)
        found = waiting[-1] if waiting else fresh
        told = {"made_at": found.made_at or now, "made_by": found.made_by or by.id, "outcome": words, "outcome_at": now}
        (work.referrals.replace if waiting else work.referrals.add)(found.model_copy(update=told))

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

    def ask_to_supply(self, by: User, case_id: str, item_id: str, answer: SafetyAnswer | None) -> CaptureOrder:
        """Return the order under which files that a person brings may be taken in; nothing of it is stored until they are sealed.

        Without an answer to the safety question AnswerMissingError is raised. "Yes", "not sure", or a case that is stopped already give
        an order in state STOPPED: the whole case is stopped, and no file is asked for (domain.md §5.7). `item_id`: the address to which
        it belongs, or empty. Raises PermissionDeniedError, IllegalMoveError in a case that ended.
        """
        if answer is None:
            raise AnswerMissingError
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.CAPTURE)
            order = self._to_supply(work, by, case, item_id, answer)
            if order.state is OrderState.STOPPED:
                work.orders.add(order)
                self._refused(work, by, case, order)
                work.commit()
        return order

    def supply_stopped(self, by: User, order: CaptureOrder, signals: Sequence[str], why: str) -> CaptureOrder:
        """Stop the case because of what stands in the words of what was brought; only the names of the signs are kept (evidence.md §8.3).

        As with a page, the safeguarding lead may lift such a stop with a reason; then the same signs stop it no more.
        """
        stopped = {"state": OrderState.STOPPED, "signals": tuple(signals), "problem": why, "finished_at": self.now()}
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, order.case_id, Permission.CAPTURE)
            kept = work.orders.add(order.model_copy(update=stopped | {"lifted_by": None, "lift_reason": None}))
            self._stop(work, case, SYSTEM, {"order_id": kept.id, "signals": list(signals)})
            work.commit()
        return kept

    def _to_supply(self, work: Work, by: User, case: Case, item_id: str, answer: SafetyAnswer) -> CaptureOrder:
        item = work.case_items.get(item_id) if item_id else None
        if item is not None and item.case_id != case.id:
            msg = f"item {item_id} does not belong to case {case.ref}; open the case again"
            raise CaseError(msg)
        if case.state in ENDED:
            raise IllegalMoveError("take in what somebody brought", STATE_LABELS[case.state], "reopen the case first", case.ref)
        now, stopped = self.now(), _forbidden(answer, case)
        return CaptureOrder(
            id=new_id(now),
            case_id=case.id,
            item_id=item_id,
            post_id=item.post_id if item else None,
            address=item.address if item else "",
            answer=answer,
            ordered_by=by.id,
            ordered_at=now,
            state=OrderState.STOPPED if stopped else OrderState.WAITING,
            problem=stopped,
            finished_at=now if stopped else None,
            **self._lifted_of(work.orders.where(case_id=case.id, item_id=item_id, order_by="ordered_at")),
        )

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
        now, stopped, lifted = self.now(), _forbidden(answer, case), self._lifted_for(work, item.id)
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
                **lifted,
            )
        )
        if stopped:
            self._refused(work, by, case, order)
        else:
            self._event(work, case, by.id, "capture ordered", fields={"order_id": order.id, "answer": answer.value})
        return order

    def _refused(self, work: Work, by: User, case: Case, order: CaptureOrder) -> Case:
        """Stop the case of an order that the guard refused.

        An adult's intimate picture is copied just as little, but the person concerned goes on deciding: that case goes on (§8.7).
        """
        if case.lead_category in ADULT and not case.stop and order.answer is SafetyAnswer.NO:
            return self._event(work, case, by.id, "not copied", fields={"order_id": order.id}, reason=order.problem)
        return self._stop(work, case, by.id, {"answer": order.answer.value if order.answer else "none"})

    def _lifted_for(self, work: Work, item_id: str) -> dict[str, Any]:
        """Return what a new order carries of stops that a safeguarding lead lifted: which signs, who, and why (evidence.md §8.3)."""
        return self._lifted_of(work.orders.where(item_id=item_id, order_by="ordered_at"))

    def _lifted_of(self, orders: Sequence[CaptureOrder]) -> dict[str, Any]:
        lifted = [one for one in orders if one.lifted_by is not None]
        if not lifted:
            return {}
        signs = tuple(dict.fromkeys(sign for one in lifted for sign in one.signals))
        return {"signals": signs, "lifted_by": lifted[-1].lifted_by, "lift_reason": lifted[-1].lift_reason}

    def cancel_capture(self, by: User, case_id: str, order_id: str) -> CaptureOrder:
        """Cancel a capture that waits or runs: the worker ends it within a second and keeps nothing; the case goes on as before.

        Whoever may order one may cancel one. Pressed twice, the first counts. Raises CaseError when it ended already.
        """
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.CAPTURE)
            work.lock(f"case:{case.id}")
            order = work.orders.get(order_id)
            if order.case_id != case.id:
                msg = f"order {order_id} does not belong to case {case.ref}; open the case again"
                raise CaseError(msg)
            if order.cancel_asked_by is None:
                order = self._cancelled(work, by, case, order)
            work.commit()
        return order

    def _cancelled(self, work: Work, by: User, case: Case, order: CaptureOrder) -> CaptureOrder:
        if order.state not in UNDER_WAY:
            msg = f"the capture in case {case.ref} has ended already; there is nothing to cancel"
            raise CaseError(msg)
        ends = {"state": OrderState.CANCELLED, "finished_at": self.now()} if order.state is OrderState.WAITING else {}
        self._event(work, case, by.id, "capture cancelled", fields={"order_id": order.id})
        return work.orders.replace(order.model_copy(update={"cancel_asked_by": by.id, **ends}))

    def no_capture(self, by: User, case_id: str, reason: str) -> Case:
        """Record why the post cannot be captured (A14: evidence first, or a recorded reason)."""
        why = needed(reason, "the reason")
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.CAPTURE)
            case = self._move(work, case, CaseState.EVIDENCE_CAPTURED, by, {"no_capture_reason": why}, reason=why)
            work.commit()
        return case

    def move(self, by: User, case_id: str, to: CaseState, fields: Mapping[str, Any], reason: str = "", seen: int | None = None) -> Case:
        """Make any move of the table; "gone" fills in the agreeing checks by itself. Raises what `cases.move` raises.

        `seen` is the revision that stood on the person's screen: when the state changed since, AlreadyMovedError says who did what.
        """
        _not_too_long(fields, reason)
        with self.store.begin(by=by.id) as work:
            case = self._see(work, by, case_id)
            self._unmoved(work, case, seen)
            self._times_passed(fields)
            self._reviewed(work, case, to, fields)
            given = dict(fields) | (self._gone_fields(work, case) if to is CaseState.VERIFIED_REMOVED else {})
            case = self._move(work, case, to, by, given, reason=reason or None)
            work.commit()
        return case

    def _times_passed(self, fields: Mapping[str, Any]) -> None:
        for name, value in fields.items():
            if isinstance(value, datetime) and (value.tzinfo is None or name not in {"review_at", "appeal_by"}):
                self._not_ahead(value, FIELD_LABELS.get(name, name))

    def _reviewed(self, work: Work, case: Case, to: CaseState, fields: Mapping[str, Any]) -> None:
        """Whoever reviewed a case that stays up is a person who signs in here and may see it (§5.3)."""
        reviewer = fields.get("reviewer")
        if to is not CaseState.NOT_REMOVED or not reviewer:
            return
        user = work.users.find(str(reviewer))
        if user is None or user.disabled or not self._may_see(work, user, case):
            msg = "choose as reviewer somebody who signs in here and may see this case"
            raise CaseError(msg)

    def correct(self, by: User, case_id: str, reason: str, seen: int | None = None) -> Case:
        """Take back the last step with a reason: the state before it is restored, both lines stay in the history (§5.3).

        A request that was recorded as sent by mistake is ready to be sent again. Raises IllegalMoveError, PermissionDeniedError,
        AlreadyMovedError.
        """
        why = needed(reason, "the reason")
        with self.store.begin(by=by.id) as work:
            case = self._see(work, by, case_id)
            self._unmoved(work, case, seen)
            facts = self._facts(work, case)
            changed, event, request = corrections.correct(case, work.case_events.of(case.id), by, self.now(), why, facts)
            if request is not None:
                work.requests.replace(request)
            case = self._write(work, case, changed, event)
            work.commit()
        return case

    def correctable(self, by: User, case_id: str) -> CaseEvent | None:
        """Return the step that this person could take back now, or None."""
        with self.store.read() as work:
            case, events = self._see(work, by, case_id), work.case_events.of(case_id)
            try:
                corrections.correct(case, events, by, self.now(), "-", self._facts(work, case))
            except (CaseError, PermissionDeniedError):
                return None
            return corrections.last_step(events)

    def clocks(self, by: User, case_id: str) -> tuple[CaseClock, ...]:
        """Return every clock of a case as it stands now (§5.4); computed, never stored."""
        with self.store.read() as work:
            return clocks.clocks(self._clock_facts(work, self._see(work, by, case_id)), self.now())

    def _clock_facts(self, work: Work, case: Case) -> ClockFacts:
        items = work.case_items.where(case_id=case.id)
        return ClockFacts(
            case=case,
            events=tuple(work.case_events.of(case.id)),
            requests=tuple(work.requests.where(case_id=case.id)),
            evidence=tuple(work.evidence.where(case_id=case.id)),
            referrals=tuple(work.referrals.where(case_id=case.id)),
            closures=tuple(work.closures.where(school_id=case.school_id)),
            finding=work.findings.find(case.finding_id),
            post=next((work.posts.find(item.post_id) for item in items if item.post_id is not None), None),
        )

    def missed(self, by: User, case_id: str, reason: MissedReason | None, note: str = "") -> Case:
        """Record why the 24 hours were missed (§5.4); refused while they are not missed. "Other" needs a note."""
        if reason is None:
            msg = "choose the reason for the missed target from the list"
            raise CaseError(msg)
        words = needed(note, "the note on the other reason") if reason is MissedReason.OTHER or note.strip() else None
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.TRIAGE)
            if not clocks.missed(case, self.now()):
                msg = "the target of 24 hours is not missed; there is nothing to explain"
                raise CaseError(msg)
            update = {"missed_reason": reason, "missed_note": words}
            fields = {"missed_reason": reason.value, "rule": countdown.RULE}
            case = self._event(work, case, by.id, "missed", fields=fields, reason=words, update=update)
            work.commit()
        return case

    def known_earlier(self, by: User, case_id: str, reported_at: datetime, reason: str) -> Case:
        """Record that the school was told earlier than recorded, with a reason: the countdown then began earlier; never later (§5.4)."""
        why = needed(reason, "the reason")
        moment = self._not_ahead(reported_at, "the time of the report")
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.TRIAGE)
            since = clocks.reopened_at(work.case_events.of(case.id))
            if moment >= case.known_at or (since is not None and moment < since):
                msg = "the time of a report is only ever moved earlier, and not before the case was last reopened"
                raise CaseError(msg)
            fields = {"was": {"known_at": case.known_at}, "known_at": moment, "rule": countdown.RULE}
            update = {"known_at": moment, "reported_at": moment}
            case = self._event(work, case, by.id, "backdated", fields=fields, reason=why, update=update)
            work.commit()
        return case

    def on_own_page(self, by: User, case_id: str, seen_at: datetime | None = None) -> Case:
        """Record that the item is a comment under an official page of the school: its own clock begins (policy B15)."""  # B15
        moment = self._not_ahead(seen_at, "the time at which it was seen")
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.TRIAGE)
            if any(event.what == clocks.OWN_PAGE_SEEN for event in work.case_events.of(case.id)):
                msg = "this is recorded already"
                raise CaseError(msg)
            case = self._event(work, case, by.id, clocks.OWN_PAGE_SEEN, fields={"seen_at": moment})
            work.commit()
        return case

    def decide_own_page(self, by: User, case_id: str, decision: str, code: str | None, reason: str) -> Case:
        """Record what the headteacher decides on a comment on the school's own page; taking it away needs a code, and criticism is none."""
        why = needed(reason, "the reason")
        if decision not in OWN_PAGE_DECISIONS or (decision in {"hide", "remove"} and code not in OWN_PAGE_CODES):
            msg = "choose what is decided; to hide or remove it choose the reason from the list (criticism is not among them)"
            raise CaseError(msg)
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.DECIDE_REPLY)
            if not any(event.what == clocks.OWN_PAGE_SEEN for event in work.case_events.of(case.id)):
                msg = "this item does not stand on the school's own page"
                raise CaseError(msg)
            fields = {"decision": decision, "code": code or "none"}
            case = self._event(work, case, by.id, clocks.OWN_PAGE_DECIDED, fields=fields, reason=why)
            work.commit()
        return case

    def _gone_fields(self, work: Work, case: Case) -> dict[str, Any]:
        facts = self._facts(work, case)
        conclusion = looked(case, facts.checks, self.now(), items=facts.items)
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

    def close(  # noqa: PLR0913, PLR0917
        self,
        by: User,
        case_id: str,
        outcome: str,
        lessons: str,
        support_offered: str,
        people_informed: str = "nobody",
        source_outcome: str = "unknown",
        policy_review: bool = False,
        reporter_reply: str = "",
        missed_reason: MissedReason | None = None,
        missed_note: str = "",
        seen: int | None = None,
    ) -> Case:
        """Close a case that is gone, amended, not removed or withdrawn, with what was learned and which support was offered (A23).

        A case that somebody reported needs an answer to them (B23), one that missed its 24 hours the reason. Raises FieldsMissingError.
        """
        fields = {
            "outcome": outcome,
            "lessons": needed(lessons, "what was learned"),
            "support_offered": needed(support_offered, "the support that was offered (or why none)"),
            "source_outcome": source_outcome.strip() or "unknown",
            "people_informed": people_informed.strip() or "nobody",
            "policy_review": policy_review,
            "reporter_reply": reporter_reply.strip(),
            "missed_reason": missed_reason.value if missed_reason else None,
            "missed_note": missed_note.strip() or None,
        }
        _not_too_long(fields, "")
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.CLOSE)
            self._unmoved(work, case, seen)
            if case.state is CaseState.REPLY_WORKFLOW:
                fields["refusal_reason"] = lessons
            fields |= {"reporter_reply": fields["reporter_reply"] or self._reporter_told(work, case), "advice": case.advice}
            case = self._move(work, case, CaseState.CLOSED, by, fields)
            if policy_review:  # A30: what happened may call for another policy; the number leads back for who may see the case
                what = f"case {case.ref} was closed with the wish to look at the policy again"
                work.policy_triggers.add(reviews.trigger(by.id, case.school_id, TriggerKind.INCIDENT, what, self.now(), case.id))
            work.commit()
        return case

    def _reporter_told(self, work: Work, case: Case) -> str:
        """Return what the person who reported it was told before, or why nobody is told (B23); empty when nothing was recorded."""
        told = [event for event in work.case_events.of(case.id) if event.what in {REPLIED, NO_REPLY_WANTED}]
        return str(told[-1].fields.get("reporter_reply", "")) if told else ""


def _not_too_long(fields: Mapping[str, Any], reason: str) -> None:
    """Raise CaseError naming a field that is longer than 10,000 characters; empty ones are the table's matter."""
    for name, value in {**fields, "reason": reason}.items():
        if isinstance(value, str) and value.strip():
            needed(value, f"'{FIELD_LABELS.get(name, name)}'")


def _forbidden(answer: SafetyAnswer, case: Case) -> str | None:
    """Return why the guard of the safe refuses, or None."""
    try:
        may_capture(answer, stop=case.stop, category=case.lead_category)
    except CaptureForbiddenError as error:
        return error.why
    return None
