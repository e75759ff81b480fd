"""The ladder of escalation (domain.md §5.6): which rung is due, open, still to come or taken, and why; which may be jumped, with a reason.

# A21: site operator, host, CDN, registrar after a day or a refusal. # A18: times run from `known_at`, as the 24 hours do; reopened,
a case begins the ladder anew. A person climbs; nothing here sends anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from casework.errors import IllegalMoveError
from data.errors import CaseError
from data.model.care import Referral, ReferralBody
from data.model.cases import ENDED, Case, CaseEvent, CaseState, RequestState, Route, TakedownRequest
from data.model.network import ContactScope
from data.model.readings import SAFEGUARDING, Category, Severity

POSH_AFTER = timedelta(hours=12)
HOST_AFTER = timedelta(hours=24)
SILENCE = timedelta(days=7)
ICO_AFTER = timedelta(days=30)  # §2.7: about a month
ESCALATED = "escalated"  # the word of the event that a climb writes
SKIP_FIELD = "ladder_skip_reason"


class Rung(StrEnum):
    """The rungs, lowest first. The first six are the ladder itself; the others lie beside it and are never jumped."""

    EMERGENCY = "emergency"
    POSH = "posh"
    RHC = "rhc"
    HOST = "host"
    CDN = "cdn"
    REGISTRAR = "registrar"
    APPEAL = "appeal"
    DUTIES_COMPLAINT = "duties_complaint"
    ERASURE = "erasure"
    ICO = "ico"
    LEGAL = "legal"
    REGISTRY = "registry"
    OFCOM = "ofcom"


LADDER: tuple[Rung, ...] = (Rung.EMERGENCY, Rung.POSH, Rung.RHC, Rung.HOST, Rung.CDN, Rung.REGISTRAR)
RUNG_LABELS: dict[Rung, str] = {
    Rung.EMERGENCY: "999, LADO, social care, CEOP or IWF",
    Rung.POSH: "Professionals Online Safety Helpline (POSH)",
    Rung.RHC: "Report Harmful Content (RHC)",
    Rung.HOST: "Host / ISP: the hosting provider",
    Rung.CDN: "Host / ISP: the network in front of the site (CDN)",
    Rung.REGISTRAR: "Host / ISP: the registrar of the domain",
    Rung.APPEAL: "appeal at the platform",
    Rung.DUTIES_COMPLAINT: "complaint under the Online Safety Act (s. 21)",
    Rung.ERASURE: "erasure request under data protection law",
    Rung.ICO: "Information Commissioner",
    Rung.LEGAL: "union or solicitor",
    Rung.REGISTRY: "the registry of .uk, by the police",
    Rung.OFCOM: "note to Ofcom about the platform",
}
RUNG_ROUTES: dict[Rung, Route] = {
    Rung.POSH: Route.POSH,
    Rung.RHC: Route.RHC,
    Rung.HOST: Route.HOST,
    Rung.CDN: Route.CDN,
    Rung.REGISTRAR: Route.REGISTRAR,
    Rung.ERASURE: Route.GDPR_ERASURE,
    Rung.LEGAL: Route.SECTION_5,
}
_BODIES: dict[Rung, frozenset[ReferralBody]] = {
    Rung.EMERGENCY: frozenset({ReferralBody.POLICE, ReferralBody.LADO, ReferralBody.CSC, ReferralBody.CEOP, ReferralBody.IWF}),
    Rung.POSH: frozenset({ReferralBody.POSH}),
    Rung.RHC: frozenset({ReferralBody.RHC}),
    Rung.ICO: frozenset({ReferralBody.ICO}),
    Rung.OFCOM: frozenset({ReferralBody.OFCOM}),
}
_PLATFORMS = frozenset({Route.PLATFORM_FORM, Route.FEDIVERSE_MODERATORS, Route.GROUP_MODERATORS, Route.IMPERSONATION, Route.COPYRIGHT})
_OPERATORS = frozenset({Route.SITE_OPERATOR, Route.SECTION_5})
_SCOPES = {Rung.HOST: ContactScope.HOST, Rung.CDN: ContactScope.CDN, Rung.REGISTRAR: ContactScope.REGISTRAR}
# The eight kinds that RHC takes, as our categories; what may be a crime goes to the police instead (§2.10)
_RHC_TAKES = frozenset(
    {
        Category.HARASSMENT_STAFF,
        Category.PUPIL_BULLYING,
        Category.VIOLENCE_INTIMIDATION,
        Category.VIOLENCE_INCITEMENT,
        Category.IMPERSONATION,
        Category.SEXUAL_HARASSMENT,
        Category.SELF_HARM,
        Category.OBSCENE_CONTENT,
        Category.DANGEROUS_CHALLENGE,
        Category.HATE,
        Category.INTIMATE_IMAGE_ADULT,
    }
)
_PERSONAL_DATA = frozenset(
    {Category.PUPIL_PERSONAL_DATA, Category.PUPIL_IMAGE, Category.DOXXING, Category.STAFF_IMAGE, Category.CONFIDENTIAL_LEAK}
)
_ABOUT_SOMEBODY = frozenset(
    {Category.DEFAMATION_INDIVIDUAL, Category.KNOWINGLY_FALSE, Category.HARASSMENT_STAFF, Category.DOXXING, Category.STALKING}
)
_OVER = ENDED | {CaseState.VERIFIED_REMOVED, CaseState.VERIFIED_AMENDED}
_SENT = frozenset({RequestState.SENT, RequestState.ACKNOWLEDGED, RequestState.NO_REPLY, RequestState.REFUSED, RequestState.ACCEPTED})


class Standing(StrEnum):
    """How a rung stands."""

    TAKEN = "taken"
    DUE = "due"  # its time has come
    OPEN = "open"  # may be taken; no time presses
    LATER = "later"  # its time comes; earlier only with a reason
    LOCKED = "locked"  # would be turned down there
    SKIPPED = "skipped"  # a higher rung was taken without it
    NOT_HERE = "not_here"  # makes no sense in this case


STANDING_LABELS: dict[Standing, str] = {
    Standing.TAKEN: "done",
    Standing.DUE: "due now",
    Standing.OPEN: "possible",
    Standing.LATER: "later",
    Standing.LOCKED: "not yet",
    Standing.SKIPPED: "left out",
    Standing.NOT_HERE: "not applicable",
}


@dataclass(frozen=True)
class RungState:
    """One rung now. `since`: when it fell due, falls due, or was taken."""

    rung: Rung
    standing: Standing
    why: str
    since: datetime | None = None

    @property
    def label(self) -> str:
        """Its name on screen."""
        return RUNG_LABELS[self.rung]

    @property
    def route(self) -> Route | None:
        """The way by which it is asked; None where no notice is written."""
        return RUNG_ROUTES.get(self.rung)


@dataclass(frozen=True)
class Around:
    """What is known besides the case: other bodies told, whether the site stands alone, who was found behind it."""

    referrals: Sequence[Referral] = ()
    standalone: bool = False
    host: str = ""
    own_host: str = ""  # why nobody stands behind a big platform
    scopes: frozenset[ContactScope] | None = None  # None: nobody looked yet


@dataclass(frozen=True)
class _Look:
    case: Case
    requests: tuple[TakedownRequest, ...]
    events: tuple[CaseEvent, ...]
    now: datetime
    around: Around = field(default_factory=Around)

    def asked(self, routes: Collection[Route]) -> list[TakedownRequest]:
        """Return the requests that went out by these routes."""
        since = self.case.known_at
        return [one for one in self.requests if one.route in routes and one.state in _SENT and one.sent_at and one.sent_at >= since]

    def unheard(self, routes: Collection[Route]) -> datetime | None:
        """Return from when on an ask by these routes counts as fruitless: refused, or silent for seven days; None if none was sent."""
        moments = [_fruitless(one) for one in self.asked(routes)]
        return min(moments, default=None)

    def timed(self, rung: Rung, due: datetime, why: str) -> RungState:
        """Return a rung that falls due at a moment."""
        return RungState(rung, Standing.DUE if due <= self.now else Standing.LATER, why, due)


def _fruitless(request: TakedownRequest) -> datetime:
    sent = request.sent_at or request.drafted_at
    if request.state is RequestState.REFUSED:
        return min(request.decided_at or sent, sent + SILENCE)
    return sent + SILENCE


def rungs(
    case: Case, requests: Sequence[TakedownRequest], events: Sequence[CaseEvent], now: datetime, around: Around | None = None
) -> tuple[RungState, ...]:
    """Return every rung of a case with how it stands and why; none for a case that is over."""
    if case.state in _OVER:
        return ()
    look = _Look(case, tuple(requests), tuple(events), now, around or Around())
    found = tuple(_taken(look, rung) or _RULES[rung](look) for rung in Rung)
    return _skips(found, look)


def _taken(look: _Look, rung: Rung) -> RungState | None:
    """Return the rung as taken when it was climbed by hand, asked by its route, or the body was told."""
    climbed = [one.at for one in look.events if is_climb(one, rung) and one.at >= look.case.known_at]
    by_route = [one.sent_at for one in look.asked({RUNG_ROUTES[rung]})] if rung in RUNG_ROUTES else []
    told = [one.made_at for one in look.around.referrals if one.body in _BODIES.get(rung, ())]
    advice = [look.case.advice_recorded_at] if rung is Rung.EMERGENCY else []
    moments = [at for at in (*climbed, *by_route, *told, *advice) if at is not None]
    return RungState(rung, Standing.TAKEN, "done", min(moments)) if moments else None


def is_climb(event: CaseEvent, rung: Rung) -> bool:
    """Whether this line of the history records that a person climbed this rung."""
    return (event.what == ESCALATED or event.after is CaseState.ESCALATED) and event.fields.get("rung") == rung.value


def _skips(found: tuple[RungState, ...], look: _Look) -> tuple[RungState, ...]:
    """Mark a rung that was due or open below one that was taken; the reason comes from the climb that jumped it."""
    highest = max((LADDER.index(one.rung) for one in found if one.standing is Standing.TAKEN and one.rung in LADDER), default=-1)
    reasons = {_jumped(event): str(event.fields[SKIP_FIELD]) for event in look.events if event.fields.get(SKIP_FIELD)}
    return tuple(_skipped(one, reasons, highest) for one in found)


def _skipped(one: RungState, reasons: dict[str, str], highest: int) -> RungState:
    below = one.rung in LADDER[: max(highest, 0)] and one.standing in {Standing.DUE, Standing.OPEN}
    why = next((reason for rungs_said, reason in reasons.items() if one.rung.value in rungs_said.split(",")), None)
    return replace(one, standing=Standing.SKIPPED, why=f"left out: {why}") if below and why else one


def _jumped(event: CaseEvent) -> str:
    return str(event.fields.get("skipped", ""))


RungRule = Callable[[_Look], RungState]


def _emergency(look: _Look) -> RungState:
    if look.case.severity >= Severity.S4 or look.case.lead_category in SAFEGUARDING:
        return RungState(
            Rung.EMERGENCY, Standing.DUE, "life, or a child, may be at risk: this comes before everything else", look.case.known_at
        )
    return RungState(Rung.EMERGENCY, Standing.NOT_HERE, "no danger to life or to a child is recorded")


def _posh(look: _Look) -> RungState:
    if look.case.severity >= Severity.S3:
        return RungState(Rung.POSH, Standing.DUE, "a serious matter: at once, beside the platform's own report", look.case.known_at)
    return look.timed(Rung.POSH, look.case.known_at + POSH_AFTER, "after 12 hours without a result")


def _rhc(look: _Look) -> RungState:
    if look.case.lead_category not in _RHC_TAKES:
        return RungState(Rung.RHC, Standing.NOT_HERE, "this is none of the eight kinds of harm that it takes")
    return _after_platform(look, Rung.RHC, "it wants to see the platform's answer, or a week of silence")


def _after_platform(look: _Look, rung: Rung, why: str) -> RungState:
    since = look.unheard(_PLATFORMS)
    if since is None:
        return RungState(rung, Standing.LOCKED, f"{why}; nobody at the platform was asked yet")
    return RungState(rung, Standing.DUE if since <= look.now else Standing.LOCKED, why, since)


def _behind(rung: Rung, what: str) -> RungRule:
    def rule(look: _Look) -> RungState:
        if look.around.own_host:
            return RungState(rung, Standing.NOT_HERE, look.around.own_host)
        if look.around.scopes is not None and _SCOPES[rung] not in look.around.scopes:
            return RungState(rung, Standing.NOT_HERE, f"the look-up found no contact of {what}")
        refused = [one.decided_at or one.sent_at for one in look.asked(_OPERATORS | _PLATFORMS) if one.state is RequestState.REFUSED]
        due = min(at for at in (*refused, look.case.known_at + HOST_AFTER) if at is not None)
        if not look.around.standalone and not refused:
            return RungState(rung, Standing.LOCKED, "for sites that stand alone, or once those who run the place refused")
        return look.timed(rung, due, "after 24 hours, or once the site's operator refused (policy A21)")

    return rule


def _erasure(look: _Look) -> RungState:
    if look.case.lead_category not in _PERSONAL_DATA:
        return RungState(Rung.ERASURE, Standing.NOT_HERE, "it is not about personal data")
    return RungState(Rung.ERASURE, Standing.OPEN, "the person, or a parent, may ask whoever holds the data", look.case.known_at)


def _ico(look: _Look) -> RungState:
    asked = look.asked({Route.GDPR_ERASURE, Route.ACCOUNT_OWNER})
    if not asked:
        return RungState(Rung.ICO, Standing.LOCKED, "only after an erasure request was answered, or a month went by")
    since = min((one.decided_at or (one.sent_at or one.drafted_at) + ICO_AFTER) for one in asked)
    return RungState(Rung.ICO, Standing.DUE if since <= look.now else Standing.LOCKED, "after the answer, or a month of silence", since)


def _legal(look: _Look) -> RungState:
    if look.case.lead_category in _ABOUT_SOMEBODY and look.case.target not in {"school", "none"}:
        return RungState(Rung.LEGAL, Standing.OPEN, "if the person wants it: their union or solicitor; for defamation within a year")
    return RungState(Rung.LEGAL, Standing.NOT_HERE, "no claim of a person is at issue; for the school as a body take legal advice")


def _registry(look: _Look) -> RungState:
    if not look.around.host.endswith(".uk") or not look.around.standalone:
        return RungState(Rung.REGISTRY, Standing.NOT_HERE, "only for sites under .uk that stand alone")
    police = [one for one in look.around.referrals if one.body is ReferralBody.POLICE and one.made_at is not None]
    if not police:
        return RungState(Rung.REGISTRY, Standing.LOCKED, "only the police may ask it, and only about crimes")
    return RungState(Rung.REGISTRY, Standing.OPEN, "the police may ask the registry to suspend the domain: mention it to them")


_RULES: dict[Rung, RungRule] = {
    Rung.EMERGENCY: _emergency,
    Rung.POSH: _posh,
    Rung.RHC: _rhc,
    Rung.HOST: _behind(Rung.HOST, "the host"),
    Rung.CDN: _behind(Rung.CDN, "a network in front of the site"),
    Rung.REGISTRAR: _behind(Rung.REGISTRAR, "the registrar"),
    Rung.APPEAL: lambda look: _after_platform(look, Rung.APPEAL, "once the platform said no, or nothing for a week"),
    Rung.DUTIES_COMPLAINT: lambda look: _after_platform(look, Rung.DUTIES_COMPLAINT, "once its own reporting failed"),
    Rung.ERASURE: _erasure,
    Rung.ICO: _ico,
    Rung.LEGAL: _legal,
    Rung.REGISTRY: _registry,
    Rung.OFCOM: lambda look: _after_platform(look, Rung.OFCOM, "no single case is decided there: it is told how a platform works"),
}


def jumped(states: Sequence[RungState], to: Rung) -> tuple[Rung, ...]:
    """Return the rungs of the ladder below `to` that are due and were not taken: leaving them out needs a reason."""
    if to not in LADDER:
        return ()
    below = LADDER[: LADDER.index(to)]
    return tuple(one.rung for one in states if one.rung in below and one.standing is Standing.DUE)


def climb(case: Case, states: Sequence[RungState], to: Rung, skip_reason: str) -> tuple[Rung, ...]:
    """Return the rungs that are left out by climbing to `to`.

    Raises:
        IllegalMoveError: the rung is locked, makes no sense here, or the case is over.
        CaseError: a rung is left out, or it is too early, and no reason was given.
    """
    found = next((one for one in states if one.rung is to), None)
    if found is None or found.standing in {Standing.LOCKED, Standing.NOT_HERE}:
        why = found.why if found else "the case is over; reopen it first"
        raise IllegalMoveError(f"go to: {RUNG_LABELS[to]}", case.state.value, why, case.ref)
    left_out = jumped(states, to)
    if (left_out or found.standing is Standing.LATER) and not skip_reason.strip():
        what = ", ".join(RUNG_LABELS[one] for one in left_out)
        early = f"it is not its time yet ({found.why})"
        msg = f"give a reason: this leaves out {what}" if left_out else f"give a reason: {early}"
        raise CaseError(msg)
    return left_out
