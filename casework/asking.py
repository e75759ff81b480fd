"""Requests for removal: proposed, drafted, sent by a person, answered. Schoolwatch never sends anything by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from casework import countdown, routes
from casework.acting import Acting
from casework.drafting import Known, contacts, look_at_whole, must_accept_forwarding, must_suit, starts
from casework.errors import IllegalMoveError
from casework.notice import DEFAULT_URGENCY, Details, Notice, NoticeFacts, Rendered, Wording, check_wording, evidence_row
from casework.notices import notice_for
from casework.personal_data import Guard
from casework.places import hostname, row_of, shipped
from casework.requests import may_send, step
from casework.room import needed
from casework.routes import CAPACITY_LABELS, Plan, PlatformRow
from casework.surroundings import fresh, known, linked
from casework.transitions import ASKED, STATE_LABELS
from casework.triage import TARGETS
from data.errors import CaseError
from data.model.base import new_id
from data.model.cases import Capacity, Case, CaseItem, CaseState, Ground, RequestState, Route, TakedownRequest
from data.model.evidence import EvidenceKind
from data.model.people import Permission, Role, User
from data.model.watch import School
from data.store import Work

DRAFTABLE = ASKED | {CaseState.TRIAGED, CaseState.EVIDENCE_CAPTURED, CaseState.AWAITING_CONSENT, CaseState.AWAITING_COMPLAINANT}
_ROLES: tuple[tuple[Role, str], ...] = (
    (Role.DSL, "Designated Safeguarding Lead"),
    (Role.DEPUTY_DSL, "Deputy Safeguarding Lead"),
    (Role.HEADTEACHER, "Headteacher"),
    (Role.CHAIR, "Chair of Governors"),
)
_STILL_ASKED = frozenset({RequestState.SENT, RequestState.ACKNOWLEDGED, RequestState.NO_REPLY})


LONGEST_WAIT = timedelta(days=400)  # a promise or an appeal that lies further ahead is a slip of the finger


@dataclass(frozen=True)
class Start:
    """What a form starts with: answers that the case knows already, and the contacts that a look-up found."""

    details: Details
    contacts: tuple[str, ...]


def platform_rows() -> dict[str, PlatformRow]:
    """Return the rows of `data/reference/routes.toml`, shipped with the code."""
    return dict(shipped())


class Asking(Acting):
    """Verbs about requests."""

    def propose(self, by: User, case_id: str) -> Plan:
        """Return the ways proposed for a case with reasons, and the hard stops (§3.1, §3.5)."""
        with self.store.read() as work:
            case = self._see(work, by, case_id)
            items, now = tuple(work.case_items.where(case_id=case.id)), self.now()
            return routes.plan(case, items, platform_rows(), now, known(work, case, items, now))

    def preview(self, by: User, case_id: str, item_id: str, route: Route, ground: Ground, capacity: Capacity, wording: Wording) -> Rendered:  # noqa: PLR0917
        """Return the words of the notice without writing anything; raises what `draft` raises."""
        with self.store.read() as work:
            case = self._for(work, by, case_id, Permission.REQUEST)
            request = self._drafted(work, by, case, work.case_items.get(item_id), (route, ground, capacity), wording)
            return Rendered(request.subject, request.body)

    def draft(  # noqa: PLR0917
        self,
        by: User,
        case_id: str,
        item_id: str,
        route: Route,
        ground: Ground,
        capacity: Capacity,
        wording: Wording,
        may_be_forwarded: bool = False,
    ) -> TakedownRequest:
        """Write a request, ready to be sent by a person.

        Raises EvidenceMissingError (A14), AdviceMissingError, GroundMissingError, IllegalMoveError on a hard stop, NoticeIncompleteError
        naming the missing fields, PersonalDataError when the words name a child, a birthday or a home. A notice that the headteacher
        has to approve stays a draft until then (`approve_request`).
        """
        must_accept_forwarding(notice_for(route), accepted=may_be_forwarded)
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.REQUEST)
            item = work.case_items.get(item_id)
            request = self._drafted(work, by, case, item, (route, ground, capacity), wording)
            routes.must_accept(item, platform_rows(), request, accepted=may_be_forwarded)
            request = work.requests.add(request.model_copy(update={"may_be_forwarded": may_be_forwarded}))
            self._event(work, case, by.id, "drafted", fields={"request_id": request.id, "route": route.value, "ground": ground.value})
            work.commit()
        return request

    def _drafted(
        self, work: Work, by: User, case: Case, item: CaseItem, way: tuple[Route, Ground, Capacity], wording: Wording
    ) -> TakedownRequest:
        _must_belong(item, case)
        notice, school = notice_for(way[0]), work.schools.get(case.school_id)
        must_suit(notice, case, way[1], work.investigations.where(case_id=case.id))
        request = self._new_request(by, case, item, way, wording, notice)
        self._may_ask(work, case, request)
        guard = Guard(self.now(), school.postal_address or "", school.name)
        check_wording(wording, now=guard.now, school_address=guard.school_address, school_name=guard.school_name, asks=notice.asks)
        facts = self._notice_facts(work, by, case, item, request, wording, school)
        rendered = notice.render(facts)
        look_at_whole(rendered, facts, guard, notice.asks)
        kept = request if notice.head_approves else step(request, RequestState.READY)
        return kept.model_copy(update={"subject": rendered.subject, "body": rendered.body})

    def _new_request(
        self, by: User, case: Case, item: CaseItem, way: tuple[Route, Ground, Capacity], wording: Wording, notice: Notice
    ) -> TakedownRequest:
        route, ground, capacity = way
        now = self.now()
        return TakedownRequest(
            id=new_id(now),
            case_id=case.id,
            item_id=item.id,
            state=RequestState.DRAFT,
            ground=ground,
            route=route,
            recipient=wording.recipient.strip() or routes.recipient(route, item, row_of(item, platform_rows())),
            capacity=capacity,
            notice=notice.key,
            subject="",
            body="",
            complainant=wording.complainant.strip() or None,
            drafted_by=by.id,
            drafted_at=now,
            details=dict(wording.details),
        )

    def start_of(self, by: User, case_id: str, item_id: str, route: Route) -> Start:
        """Return what the form of a notice starts with; it writes nothing and asks nobody outside."""
        with self.store.read() as work:
            case, item = self._for(work, by, case_id, Permission.REQUEST), work.case_items.get(item_id)
            _must_belong(item, case)
            lookup = fresh(work, hostname(item.address), self.now())
            post = work.posts.find(item.post_id) if item.post_id is not None and not case.stop else None
            requests = tuple(work.requests.where(case_id=case.id))
            return Start(starts(notice_for(route).asks, Known(case, item, post, lookup, requests)), contacts(route, lookup))

    def approve_request(self, by: User, request_id: str) -> TakedownRequest:
        """Let a notice go out that the headteacher has to agree to (the chair in a case about the head); who and when is kept."""
        with self.store.begin(by=by.id) as work:
            request = self._held(work, work.requests, request_id)
            case = self._for(work, by, request.case_id, Permission.DECIDE_REPLY)
            self._may_ask(work, case, request)
            details: Mapping[str, Any] = {**request.details, "approved_by": by.id, "approved_at": self.now().isoformat()}
            ready = work.requests.replace(step(request, RequestState.READY).model_copy(update={"details": details}))
            self._event(work, case, by.id, "request approved", fields={"request_id": request.id})
            work.commit()
        return ready

    def _may_ask(self, work: Work, case: Case, request: TakedownRequest) -> None:
        may_send(case, request, work.evidence.where(case_id=case.id))
        stops = routes.hard_stops(case)
        if stops or case.state not in DRAFTABLE:
            raise IllegalMoveError("ask for removal", STATE_LABELS[case.state], "; ".join(stops), case.ref)
        items = work.case_items.where(case_id=case.id)
        item = next(one for one in items if one.id == request.item_id)
        routes.must_fit(case, item, platform_rows(), request, linked(work, case, items))

    def _notice_facts(  # noqa: PLR0917
        self, work: Work, by: User, case: Case, item: CaseItem, request: TakedownRequest, wording: Wording, school: School
    ) -> NoticeFacts:
        post = work.posts.find(item.post_id) if item.post_id is not None else None
        report = work.reports.find(item.report_id) if item.report_id else None
        proposal = row_of(item, platform_rows())
        return NoticeFacts(
            case_ref=case.ref,
            now=self.now(),
            school_name=school.name,
            school_address=school.postal_address or "",
            reply_mailbox=school.reply_mailbox or "",
            sender_role=wording.sender_role.strip() or sender_role(by, case.school_id),
            capacity=CAPACITY_LABELS[request.capacity],
            recipient=request.recipient,
            platform=proposal.label if proposal else routes.host_of(item.address),
            addresses=(item.address,),
            seen_at=post.first_seen_at if post else (report.reported_at if report else item.added_at),
            what_it_is=wording.what_it_is,
            concerned_role=wording.concerned_role.strip() or TARGETS.get(case.target, "a member of staff"),
            wish=wording.wish,
            why_urgent=wording.why_urgent.strip() or DEFAULT_URGENCY,
            requested_by=self.now() + countdown.TARGET,
            rule_breached=wording.rule_breached,
            rule_link=wording.rule_link,
            unlawful_nature=wording.unlawful_nature,
            form_link=(proposal.form_link if proposal else item.address),
            complainant=wording.complainant,
            previous_reference=wording.previous_reference,
            details=wording.details,
            evidence=tuple(
                evidence_row(one.ref, one.seal_sha256, supplied=one.kind is EvidenceKind.SUPPLIED)
                for one in work.evidence.where(case_id=case.id, item_id=item.id)
                if one.counts
            ),
        )

    def record_sent(
        self, by: User, request_id: str, sent_at: datetime | None = None, reference: str | None = None, may_be_forwarded: bool = False
    ) -> TakedownRequest:
        """Record that the person sent a request, when, and under which reference. The second click is told that it was sent already."""
        moment = self._not_ahead(sent_at, "the time of sending")
        with self.store.begin(by=by.id) as work:
            request = self._held(work, work.requests, request_id)
            case = self._for(work, by, request.case_id, Permission.REQUEST)
            self._may_ask(work, case, request)
            if request.state is RequestState.DRAFT:
                raise IllegalMoveError("record it as sent", request.state.value, "the headteacher approves this notice first", case.ref)
            if case.state is CaseState.AWAITING_CONSENT:
                why = "somebody was asked to agree: record their answer first"
                raise IllegalMoveError("record it as sent", STATE_LABELS[case.state], why, case.ref)
            sent = step(request, RequestState.SENT).model_copy(
                update={
                    "sent_at": moment,
                    "sent_by": by.id,
                    "reference": (reference or "").strip() or None,
                    "may_be_forwarded": may_be_forwarded or request.may_be_forwarded,
                }
            )
            work.requests.replace(sent)
            self._note_sent(work, case, by, sent)
            work.commit()
        return sent

    def _note_sent(self, work: Work, case: Case, by: User, request: TakedownRequest) -> Case:
        fields = {
            "request_id": request.id,
            "ground": request.ground.value,
            "route": request.route.value,
            "recipient": request.recipient,
            "capacity": request.capacity.value,
            "sent_at": request.sent_at,
            "reference": request.reference or "none given",
            "filed_at": request.sent_at,
            "may_be_forwarded": request.may_be_forwarded,
            "witness_codes": self._witness_codes(work, request),
        }
        if case.state is CaseState.TRIAGED:  # reopened, and its evidence is there already: no request leaves a case that waits for evidence
            case = self._move(work, case, CaseState.EVIDENCE_CAPTURED, None, self._shown(work, case, request))
        if case.state is CaseState.REFUSED:
            fields["decision_text"] = self._last_fields(work, case, CaseState.REFUSED).get("decision_text", "see the history")
        if case.state in {CaseState.EVIDENCE_CAPTURED, CaseState.AWAITING_COMPLAINANT, CaseState.REFUSED}:
            return self._move(work, case, CaseState.REQUESTED, by, fields)
        return self._event(work, case, by.id, "request sent", fields=fields)

    def _witness_codes(self, work: Work, request: TakedownRequest) -> dict[str, str]:
        """Return the witness codes that went out with a request, by the evidence's number: its recipient can confirm them later."""
        kept = work.evidence.where(case_id=request.case_id, item_id=request.item_id)
        return {one.ref: one.seal_sha256 for one in kept if one.seal_sha256 and one.seal_sha256 in request.body}

    def _shown(self, work: Work, case: Case, request: TakedownRequest) -> dict[str, Any]:
        shown = [one.id for one in work.evidence.where(case_id=case.id, item_id=request.item_id) if one.counts]
        return {"evidence_id": shown[-1]} if shown else {"no_capture_reason": case.no_capture_reason}

    def drop_draft(self, by: User, request_id: str, reason: str) -> TakedownRequest:
        """Give up a request that was not sent; it stays in the record."""
        why = needed(reason, "the reason")
        with self.store.begin(by=by.id) as work:
            request = self._held(work, work.requests, request_id)
            case = self._for(work, by, request.case_id, Permission.REQUEST)
            if request.state not in {RequestState.DRAFT, RequestState.READY}:
                raise IllegalMoveError("drop the draft", request.state.value, "it was sent already", case.ref)
            dropped = work.requests.replace(step(request, RequestState.CLOSED))
            self._event(work, case, by.id, "request dropped", fields={"request_id": request.id}, reason=why)
            work.commit()
        return dropped

    def acknowledged(
        self, by: User, request_id: str, reference: str | None = None, promised_by: datetime | None = None, at: datetime | None = None
    ) -> TakedownRequest:
        """Record that the recipient acknowledged a request, when, and by when an answer was promised (§2.4)."""
        moment = self._not_ahead(at, "the time of the acknowledgement")
        with self.store.begin(by=by.id) as work:
            request = self._held(work, work.requests, request_id)
            case = self._for(work, by, request.case_id, Permission.REQUEST)
            update = {
                "reference": (reference or "").strip() or request.reference,
                "acknowledged_at": _after_sending(moment, request, "the time of the acknowledgement"),
                "promised_by": self._to_come(promised_by, request, "the time that they promised"),
            }
            known = work.requests.replace(step(request, RequestState.ACKNOWLEDGED).model_copy(update=update))
            self._event(work, case, by.id, "acknowledged", fields={"request_id": request.id, "promised_by": promised_by or "none given"})
            work.commit()
        return known

    def _to_come(self, moment: datetime | None, request: TakedownRequest, what: str) -> datetime | None:
        """Return a time that somebody named to us, or None; raises CaseError for one before the sending or more than a year ahead."""
        if moment is None:
            return None
        if moment.tzinfo is None or moment > self.now() + LONGEST_WAIT:
            msg = f"{what} lies more than a year ahead or has no time zone; look at it again"
            raise CaseError(msg)
        return _after_sending(moment, request, what)

    def claimed(self, by: User, case_id: str, who: str, claimed_at: datetime | None = None) -> Case:
        """Record that somebody says it is removed. The countdown runs on: only our own checks stop it (policy A20)."""
        fields = {"who_claimed": needed(who, "who says so"), "claimed_at": self._not_ahead(claimed_at, "the time of the claim")}
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.REQUEST)
            case = self._move(work, case, CaseState.CLAIMED_REMOVED, by, fields)
            work.commit()
        return case

    def refused(self, by: User, request_id: str, decision: str, appeal_by: datetime | None = None) -> Case:
        """Record a refusal. The case is refused once nobody else who was asked can still act."""
        words = needed(decision, "what they answered")
        with self.store.begin(by=by.id) as work:
            request = self._held(work, work.requests, request_id)
            case = self._for(work, by, request.case_id, Permission.REQUEST)
            update = {"decision": words, "decided_at": self.now(), "appeal_by": self._to_come(appeal_by, request, "the time to appeal")}
            work.requests.replace(step(request, RequestState.REFUSED).model_copy(update=update))
            fields = {"request_id": request.id, "decision_text": words, "appeal_by": appeal_by or "none given"}
            open_ones = [one for one in work.requests.where(case_id=case.id) if one.state in _STILL_ASKED]
            if open_ones or case.state not in {CaseState.REQUESTED, CaseState.ESCALATED}:
                case = self._event(work, case, by.id, "request refused", fields=fields, reason=words)
            else:
                case = self._move(work, case, CaseState.REFUSED, by, fields, reason=words)
            work.commit()
        return case


def _must_belong(item: CaseItem, case: Case) -> None:
    """Raise CaseError for an item of another case: whoever may ask in this one need not see that one (§7.1)."""
    if item.case_id != case.id:
        msg = f"item {item.id} does not belong to case {case.ref}; open the case again"
        raise CaseError(msg)


def _after_sending(moment: datetime, request: TakedownRequest, what: str) -> datetime:
    """Return the moment; raises CaseError for one before the request was sent."""
    if request.sent_at is not None and moment < request.sent_at:
        msg = f"{what} lies before the request was sent; give the time at which it happened"
        raise CaseError(msg)
    return moment


def sender_role(by: User, school_id: str) -> str:
    """Return the role under which a person writes; a name is not needed."""
    held = by.roles.get(school_id, ())
    return next((words for role, words in _ROLES if role in held), "School office")
