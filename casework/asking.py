"""Requests for removal: proposed, drafted, sent by a person, answered. Schoolwatch never sends anything by itself."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files

from casework import countdown, routes
from casework.acting import Acting
from casework.errors import IllegalMoveError
from casework.notice import DEFAULT_URGENCY, NoticeFacts, Rendered, Wording, check_wording
from casework.notices import notice_for
from casework.places import row_of
from casework.requests import may_send, step
from casework.room import needed
from casework.routes import CAPACITY_LABELS, Plan, PlatformRow
from casework.surroundings import known, linked
from casework.transitions import ASKED, STATE_LABELS
from casework.triage import TARGETS
from data.errors import CaseError
from data.model.base import new_id
from data.model.cases import Capacity, Case, CaseItem, CaseState, Ground, RequestState, Route, TakedownRequest
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


def platform_rows() -> dict[str, PlatformRow]:
    """Return the rows of `data/reference/routes.toml`, shipped with the code."""
    return routes.load(files("data.reference").joinpath("routes.toml").read_text(encoding="utf-8"))


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
        naming the missing fields, PersonalDataError when the words name a child, a birthday or a home.
        """
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.REQUEST)
            request = self._drafted(work, by, case, work.case_items.get(item_id), (route, ground, capacity), wording)
            request = work.requests.add(request.model_copy(update={"may_be_forwarded": may_be_forwarded}))
            self._event(work, case, by.id, "drafted", fields={"request_id": request.id, "route": route.value, "ground": ground.value})
            work.commit()
        return request

    def _drafted(
        self, work: Work, by: User, case: Case, item: CaseItem, way: tuple[Route, Ground, Capacity], wording: Wording
    ) -> TakedownRequest:
        route, ground, capacity = way
        if item.case_id != case.id:
            msg = f"item {item.id} does not belong to case {case.ref}; open the case again"
            raise CaseError(msg)
        notice, now, school = notice_for(route), self.now(), work.schools.get(case.school_id)
        row = row_of(item, platform_rows())
        request = TakedownRequest(
            id=new_id(now),
            case_id=case.id,
            item_id=item.id,
            state=RequestState.DRAFT,
            ground=ground,
            route=route,
            recipient=wording.recipient.strip() or routes.recipient(route, item, row),
            capacity=capacity,
            notice=notice.key,
            subject="",
            body="",
            complainant=wording.complainant.strip() or None,
            drafted_by=by.id,
            drafted_at=now,
        )
        self._may_ask(work, case, request)
        check_wording(wording, now=now, school_address=school.postal_address or "")
        rendered = notice.render(self._notice_facts(work, by, case, item, request, wording, school))
        ready = step(request, RequestState.READY)
        return ready.model_copy(update={"subject": rendered.subject, "body": rendered.body})

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
            evidence=tuple(
                f"{file.name} of {one.ref} ({file.sha256[:12]})"
                for one in work.evidence.where(case_id=case.id, item_id=item.id)
                if one.counts
                for file in one.files
            ),
        )

    def record_sent(
        self, by: User, request_id: str, sent_at: datetime | None = None, reference: str | None = None, may_be_forwarded: bool = False
    ) -> TakedownRequest:
        """Record that the person sent a request, when, and under which reference. The second click is told that it was sent already."""
        moment = self._not_ahead(sent_at, "the time of sending")
        with self.store.begin(by=by.id) as work:
            request = work.requests.get(request_id)
            case = self._for(work, by, request.case_id, Permission.REQUEST)
            self._may_ask(work, case, request)
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
        }
        if case.state is CaseState.REFUSED:
            fields["decision_text"] = self._last_fields(work, case, CaseState.REFUSED).get("decision_text", "see the history")
        if case.state in {CaseState.EVIDENCE_CAPTURED, CaseState.AWAITING_COMPLAINANT, CaseState.REFUSED}:
            return self._move(work, case, CaseState.REQUESTED, by, fields)
        return self._event(work, case, by.id, "request sent", fields=fields)

    def drop_draft(self, by: User, request_id: str, reason: str) -> TakedownRequest:
        """Give up a request that was not sent; it stays in the record."""
        why = needed(reason, "the reason")
        with self.store.begin(by=by.id) as work:
            request = work.requests.get(request_id)
            case = self._for(work, by, request.case_id, Permission.REQUEST)
            if request.state not in {RequestState.DRAFT, RequestState.READY}:
                raise IllegalMoveError("drop the draft", request.state.value, "it was sent already", case.ref)
            dropped = work.requests.replace(step(request, RequestState.CLOSED))
            self._event(work, case, by.id, "request dropped", fields={"request_id": request.id}, reason=why)
            work.commit()
        return dropped

    def acknowledged(self, by: User, request_id: str, reference: str | None = None) -> TakedownRequest:
        """Record that the recipient acknowledged a request."""
        with self.store.begin(by=by.id) as work:
            request = work.requests.get(request_id)
            case = self._for(work, by, request.case_id, Permission.REQUEST)
            update = {"reference": (reference or "").strip() or request.reference}
            known = work.requests.replace(step(request, RequestState.ACKNOWLEDGED).model_copy(update=update))
            self._event(work, case, by.id, "acknowledged", fields={"request_id": request.id})
            work.commit()
        return known

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
            request = work.requests.get(request_id)
            case = self._for(work, by, request.case_id, Permission.REQUEST)
            work.requests.replace(step(request, RequestState.REFUSED))
            fields = {"request_id": request.id, "decision_text": words, "appeal_by": appeal_by or "none given"}
            open_ones = [one for one in work.requests.where(case_id=case.id) if one.state in _STILL_ASKED]
            if open_ones or case.state not in {CaseState.REQUESTED, CaseState.ESCALATED}:
                case = self._event(work, case, by.id, "request refused", fields=fields, reason=words)
            else:
                case = self._move(work, case, CaseState.REFUSED, by, fields, reason=words)
            work.commit()
        return case


def sender_role(by: User, school_id: str) -> str:
    """Return the role under which a person writes; a name is not needed."""
    held = by.roles.get(school_id, ())
    return next((words for role, words in _ROLES if role in held), "School office")
