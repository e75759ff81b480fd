"""The moves of one request for removal (domain.md §5.1), and whether it may be sent at all."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from casework.errors import AdviceMissingError, EvidenceMissingError, GroundMissingError, IllegalMoveError
from data.model.cases import Capacity, Case, Ground, RequestState, TakedownRequest
from data.model.evidence import Evidence
from data.model.readings import OUTCOMES, Category

REQUEST_MOVES: dict[RequestState, frozenset[RequestState]] = {
    RequestState.DRAFT: frozenset({RequestState.READY, RequestState.CLOSED}),
    RequestState.READY: frozenset({RequestState.SENT, RequestState.CLOSED, RequestState.DRAFT}),
    RequestState.SENT: frozenset(
        {RequestState.ACKNOWLEDGED, RequestState.ACCEPTED, RequestState.REFUSED, RequestState.NO_REPLY, RequestState.CLOSED}
    ),
    RequestState.ACKNOWLEDGED: frozenset({RequestState.ACCEPTED, RequestState.REFUSED, RequestState.NO_REPLY, RequestState.CLOSED}),
    RequestState.NO_REPLY: frozenset({RequestState.ACKNOWLEDGED, RequestState.ACCEPTED, RequestState.REFUSED, RequestState.CLOSED}),
    RequestState.ACCEPTED: frozenset({RequestState.CLOSED}),
    RequestState.REFUSED: frozenset({RequestState.CLOSED}),
    RequestState.CLOSED: frozenset(),
}
REQUEST_LABELS: dict[RequestState, str] = {
    RequestState.DRAFT: "draft",
    RequestState.READY: "ready to send",
    RequestState.SENT: "sent",
    RequestState.ACKNOWLEDGED: "acknowledged",
    RequestState.ACCEPTED: "they say it is removed",
    RequestState.REFUSED: "refused",
    RequestState.NO_REPLY: "no reply",
    RequestState.CLOSED: "closed",
}
WAS_SENT: frozenset[RequestState] = frozenset(
    {RequestState.SENT, RequestState.ACKNOWLEDGED, RequestState.ACCEPTED, RequestState.REFUSED, RequestState.NO_REPLY}
)
# §5.3 guard and §3.5: safeguarding advice or the police come before anyone outside is told
NEEDS_ADVICE: frozenset[Category] = frozenset(
    {
        Category.STAFF_ALLEGATION,
        Category.SAFEGUARDING_DISCLOSURE,
        Category.THREAT_TO_LIFE,
        Category.GROOMING,
        Category.STALKING,
    }
)
_PERSONAL: frozenset[Ground] = frozenset({Ground.DEFAMATION_INDIVIDUAL, Ground.ADULT_IMAGE_PRIVACY, Ground.PRIVATE_INFORMATION})


def step(request: TakedownRequest, to: RequestState) -> TakedownRequest:
    """Return the request in its new state; raises IllegalMoveError when the table does not list the step."""
    if to not in REQUEST_MOVES[request.state]:
        raise IllegalMoveError(REQUEST_LABELS[to], REQUEST_LABELS[request.state], f"request {request.id}: open the case again")
    return request.model_copy(update={"state": to})


def step_back(request: TakedownRequest) -> TakedownRequest:
    """Return a request that was recorded as sent by mistake as ready to be sent again."""
    return request.model_copy(update={"state": RequestState.READY, "sent_at": None, "sent_by": None, "reference": None})


def text_version(request: TakedownRequest) -> str:
    """Return a short print of the words of a request: it says which version was sent (§5.3)."""
    return sha256(f"{request.subject}\n{request.body}".encode()).hexdigest()[:12]


def blocked(case: Case) -> str | None:
    """Return why no request may go out in this case whatever it says, or None (hard stops of §3.5, guards of §5.3)."""
    if case.stop or case.lead_category is Category.CSAM:
        return "this may be an indecent image of a child: the safeguarding lead reports it to the police or the IWF, nobody else is asked"
    if case.lead_category in OUTCOMES:
        return "criticism and other lawful speech is answered, not removed (policy B31, B32)"
    if case.lead_category in NEEDS_ADVICE and case.advice_recorded_at is None:
        return AdviceMissingError.__doc__
    return None


def has_evidence(case: Case, evidence: Sequence[Evidence]) -> bool:
    """Whether the post itself was captured, or a reason was recorded why it cannot be (policy A14)."""
    return case.no_capture_reason is not None or any(one.counts for one in evidence)


def may_ask(case: Case, ground: Ground | None, capacity: Capacity, complainant: str | None) -> None:
    """Raise GroundMissingError unless the ground fits the case and the person who asks (§3.3)."""
    if ground is None or ground is Ground.CSAM:
        raise GroundMissingError
    if ground is Ground.DEFAMATION_INDIVIDUAL and case.target in {"school", "none"}:
        msg = "defamation is about a person: the school as a body cannot be the complainant; take legal advice or choose another ground"
        raise GroundMissingError(msg)
    if ground in _PERSONAL and not (complainant or "").strip():
        msg = "this ground belongs to the person concerned: say on whose behalf it is asked (their role, not their name)"
        raise GroundMissingError(msg)
    if ground is Ground.DEFAMATION_INDIVIDUAL and capacity not in {Capacity.SUBJECT, Capacity.SOLICITOR}:
        msg = "on the ground of defamation the person concerned asks, or their solicitor; choose that capacity, or another ground"
        raise GroundMissingError(msg)


def may_send(case: Case, request: TakedownRequest, evidence: Sequence[Evidence]) -> None:
    """Return when the request may go out; raises what stands in the way.

    AdviceMissingError before safeguarding advice, IllegalMoveError on a hard stop, EvidenceMissingError without evidence of this very
    item (A14), GroundMissingError for a ground that does not fit.
    """
    if case.lead_category in NEEDS_ADVICE and case.advice_recorded_at is None:
        raise AdviceMissingError
    why = blocked(case)
    if why is not None:
        raise IllegalMoveError("ask for removal", case.state.value, why, case.ref)
    if not has_evidence(case, [one for one in evidence if one.item_id == request.item_id]):
        raise EvidenceMissingError
    may_ask(case, request.ground, request.capacity, request.complainant)
