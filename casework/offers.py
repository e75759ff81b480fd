"""The ways that may go out now for one item, in the order of §3.1, each with its reasons and warnings. A person always chooses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from urllib.parse import urlsplit

from casework import stops
from casework.errors import GroundMissingError
from casework.grounds import PERSONAL, first_ground, grounds_for
from casework.ladder import Rung, RungState, Standing
from casework.places import OwnForm, PlatformRow, host_of, hostname, row_of
from casework.route_words import GROUND_LABELS, ROUTE_LABELS, SCOPE_NOTES, SCOPE_ROUTES
from data.model.care import Referral, SourceKind
from data.model.cases import Capacity, Case, CaseEvent, CaseItem, CaseState, Ground, Route, TakedownRequest
from data.model.network import ContactScope, NetworkContact, NetworkLookup
from data.model.posts import Counts, PlatformName
from data.model.readings import SAFEGUARDING, Category, Severity

RUNG_SCOPES = {Rung.HOST: ContactScope.HOST, Rung.CDN: ContactScope.CDN, Rung.REGISTRAR: ContactScope.REGISTRAR}
_SITES = frozenset({PlatformName.FORUM, PlatformName.BLOG, PlatformName.WIKI, PlatformName.OTHER_WEB, PlatformName.NEWS, PlatformName.CHAT})
_KNOWN_AUTHORS = frozenset({SourceKind.PARENT, SourceKind.PUPIL, SourceKind.STAFF})
_THREATS = frozenset({Category.VIOLENCE_INTIMIDATION, Category.VIOLENCE_INCITEMENT, Category.EXTREMISM, Category.INTIMATE_IMAGE_ADULT})
_CHILD_PICTURES = frozenset({Category.PUPIL_IMAGE, Category.CSAM})
_DELISTED = frozenset(
    {Category.DEFAMATION_INDIVIDUAL, Category.PUPIL_PERSONAL_DATA, Category.PUPIL_IMAGE, Category.DOXXING, Category.STAFF_IMAGE}
)
_PLACE_ROUTES = {"web_archive": Route.WEB_ARCHIVE}
_FORM_ROUTES = {Ground.IMPERSONATION: Route.IMPERSONATION, Ground.COPYRIGHT: Route.COPYRIGHT}


@dataclass(frozen=True)
class Proposal:
    """One way that a person may choose: whom to ask, on what ground, and why this is proposed. `prefill`: answers to the notice's asks."""

    item_id: str
    route: Route
    notice: str
    ground: Ground
    recipient: str
    capacity: Capacity
    label: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    form_link: str | None
    who: str
    evidence_wanted: str
    checked_on: date | None
    grounds: tuple[Ground, ...]
    prefill: Mapping[str, str] = field(default_factory=dict)
    forwarded: str = ""  # who else learns of it, or where it is published; accepted before it is drafted


@dataclass(frozen=True)
class Known:
    """What is known around a case when its order of attack is drawn up; everything may be missing."""

    requests: Sequence[TakedownRequest] = ()
    events: Sequence[CaseEvent] = ()
    referrals: Sequence[Referral] = ()
    lookups: Mapping[str, NetworkLookup] = field(default_factory=dict)  # by host
    source: SourceKind = SourceKind.UNKNOWN
    counts: Counts | None = None
    posted_at: datetime | None = None
    chosen: Mapping[str, Sequence[NetworkContact]] = field(default_factory=dict)  # by host: contacts that a person chose to write to
    has_evidence: bool = False
    linked: int = 1


def route_for(platform: PlatformName) -> Route:
    """Return the first party to ask for a platform (first cut of §3.2)."""
    if platform is PlatformName.MASTODON:
        return Route.FEDIVERSE_MODERATORS
    return Route.SITE_OPERATOR if platform in _SITES else Route.PLATFORM_FORM


def first_route(item: CaseItem, row: PlatformRow | None) -> Route:
    """Return the first party to ask for an item: a place known by its host has a form though its kind has none."""
    if row is not None and row.hosts:
        return _PLACE_ROUTES.get(row.name, Route.PLATFORM_FORM)
    return route_for(item.platform)


def ways(
    case: Case, item: CaseItem, rows: Mapping[str, PlatformRow], now: datetime, known: Known, states: Sequence[RungState]
) -> tuple[Proposal, ...]:
    """Return the ways for one item that may go out now, in the order of §3.1."""
    row = row_of(item, rows)
    if row is not None and row.not_a_takedown:
        return ()
    first = _Maker(case, item, row, now, known)
    beside = [*_own_forms(first), *_section_5(first), *_erasure(first)]
    made = [*_chosen(first), *_author(first), *_rule_report(first), *beside, *_climbs(first, states), *_delisting(first)]
    return _once(one for one in made if not stops.way_stops(case, item, one.route, one.ground))


def _once(made: Iterable[Proposal]) -> tuple[Proposal, ...]:
    """Return one proposal for each route: further forms of the same route become reasons and warnings of the first."""
    kept: dict[Route, Proposal] = {}
    for one in made:
        first = kept.setdefault(one.route, one)
        if first is not one:
            also = () if one.recipient == first.recipient else (f"also: {one.recipient}: {one.reasons[0]}",)
            warnings = tuple(dict.fromkeys((*first.warnings, *one.warnings)))
            kept[one.route] = replace(first, reasons=(*first.reasons, *also), warnings=warnings, forwarded=first.forwarded or one.forwarded)
    return tuple(kept.values())


@dataclass(frozen=True)
class _Maker:
    """Makes proposals for one item."""

    case: Case
    item: CaseItem
    row: PlatformRow | None
    now: datetime
    known: Known

    def make(
        self, route: Route, ground: Ground, recipient: str, reasons: Sequence[str], warnings: Sequence[str] = (), link: str | None = None
    ) -> Proposal:
        """Return one way."""
        row = self.row
        return Proposal(
            item_id=self.item.id,
            route=route,
            notice=route.value,
            ground=ground,
            recipient=recipient,
            capacity=Capacity.PARENT if route is Route.GDPR_ERASURE else _capacity(ground),
            label=ROUTE_LABELS[route],
            reasons=(*reasons, f"ground: {GROUND_LABELS[ground]}"),
            warnings=(*_warnings(self.case, route, ground, row, self.now), *warnings),
            form_link=link,
            who=row.who if row else "anyone may ask",
            evidence_wanted=row.evidence if row else "the exact address of each post",
            checked_on=row.checked_on if row else None,
            grounds=tuple(dict.fromkeys((ground, *grounds_for(self.case.lead_category)))),
        )


def _capacity(ground: Ground) -> Capacity:
    return Capacity.SUBJECT if ground in PERSONAL else Capacity.SCHOOL_REPRESENTATIVE


def author_first(case: Case, source: SourceKind, referrals: Sequence[Referral] = ()) -> str | None:
    """Return why the author is not spoken to first, or None where that is the quickest and calmest way (§2.9, §3.1 step 2)."""
    if source not in _KNOWN_AUTHORS:
        return "the author is not known to the school as a parent, a pupil or a member of staff"
    if case.lead_category in SAFEGUARDING or case.lead_category in _THREATS:
        return "it threatens, or a child may be at risk: the author is not warned"
    if case.lead_category in _CHILD_PICTURES:
        return "a child's picture: ask the account's owner by letter, or the platform, so that it is gone first"
    if case.state is CaseState.HOLD_BY_AUTHORITY or any(one.made_at is not None for one in referrals):
        return "another body has the matter: speaking to the author could tip them off"
    return None


def _author(maker: _Maker) -> list[Proposal]:
    ground = first_ground(maker.case, maker.known.linked)
    if ground is None:
        return []
    if author_first(maker.case, maker.known.source, maker.known.referrals) is None:
        says = {
            SourceKind.PARENT: "a parent: offer a meeting first; a conversation is the quickest and least inflaming way",
            SourceKind.PUPIL: "a pupil: pastoral care and the behaviour policy, by those who know the child",
            SourceKind.STAFF: "a member of staff must help to remove it without delay (policy B13, B14)",
        }[maker.known.source]
        return [maker.make(Route.AUTHOR, Ground.MODERATOR_GOODWILL, "the author", (says,))]
    polite = maker.case.lead_category is Category.PUPIL_IMAGE and maker.case.severity < Severity.S3
    if polite and maker.known.source in _KNOWN_AUTHORS:
        says = "the account's owner is known: a polite letter by somebody who knows them comes first (ICO)"
        return [maker.make(Route.ACCOUNT_OWNER, Ground.CHILD_IMAGE_PRIVACY, "the owner of the account", (says,))]
    return []


def _rule_report(maker: _Maker) -> list[Proposal]:
    ground = first_ground(maker.case, maker.known.linked)
    return [] if ground is None else [_first(maker, ground)]


def _first(maker: _Maker, ground: Ground) -> Proposal:
    route = first_route(maker.item, maker.row)
    why = {
        Route.FEDIVERSE_MODERATORS: "the server on which the account lives can remove the post by its own rules",
        Route.SITE_OPERATOR: "whoever runs the site can edit or remove the post",
        Route.PLATFORM_FORM: "a report under the platform's own rules is the quickest way, one report for each address",
        Route.WEB_ARCHIVE: "a copy in an archive: after the live page is gone",
    }
    notes = (maker.row.notes,) if maker.row and maker.row.notes else ()
    return maker.make(
        route, ground, recipient(route, maker.item, maker.row), (why[route], *notes), link=_form_link(route, maker.item, maker.row)
    )


def proposal(case: Case, item: CaseItem, rows: Mapping[str, PlatformRow], now: datetime) -> Proposal:
    """Return the first way for one item, the rule report; raises GroundMissingError where no ground exists (criticism is answered)."""
    ground = first_ground(case)
    if ground is None:
        raise GroundMissingError
    return _first(_Maker(case, item, row_of(item, rows), now, Known()), ground)


def _own_forms(maker: _Maker) -> list[Proposal]:
    """Return the platform's own forms that fit a ground of the case, in parallel to the rule report (§3.1 step 4)."""
    fitting = grounds_for(maker.case.lead_category)
    made = []
    for form in maker.row.ways if maker.row else ():
        ground = next((one for one in fitting if one in form.grounds), None)
        if ground is not None:
            made.append(_by_form(maker, form, ground))
    return made


def _by_form(maker: _Maker, form: OwnForm, ground: Ground) -> Proposal:
    route, row = form_route(form, ground), maker.row
    warnings = [f"careful: {form.forwarded}; have that accepted first"] if form.forwarded else []
    if form.personal:
        warnings.append(f"only {form.who_says} may file it: the school gives the pack and its help (policy A19)")
    label = row.label if row else "the platform"
    made = maker.make(route, ground, f"{label}: {form.title}", (form.says,), warnings, link=row.form_link if row else None)
    return replace(made, forwarded=form.forwarded)


def form_route(form: OwnForm, ground: Ground) -> Route:
    """Return by which way a platform's own form is used on a ground."""
    return Route.COMPLAINANT if form.personal else _FORM_ROUTES.get(ground, Route.PLATFORM_FORM)


def form_of(row: PlatformRow | None, route: Route, ground: Ground) -> OwnForm | None:
    """Return the platform's own form that a request on this way and ground goes by, or None."""
    forms = row.ways if row is not None else ()
    return next((form for form in forms if ground in form.grounds and form_route(form, ground) is route), None)


def _section_5(maker: _Maker) -> list[Proposal]:
    """Return the notice under section 5, beside the request to the operator: a named person's, and only where the poster is unknown."""
    case, alone = maker.case, first_route(maker.item, maker.row) is Route.SITE_OPERATOR or maker.item.platform is PlatformName.MUMSNET
    unknown = maker.known.source not in _KNOWN_AUTHORS
    if case.lead_category is not Category.DEFAMATION_INDIVIDUAL or case.target in {"school", "none"} or not (alone and unknown):
        return []
    says = "if the person concerned wants it: the operator asks the poster, and must act within its own 48-hour steps"
    warning = "it names the complainant, takes more than a week, and never meets the 24 hours alone: run it beside the operator's own rules"
    return [
        maker.make(Route.SECTION_5, Ground.DEFAMATION_INDIVIDUAL, f"the operator of {host_of(maker.item.address)}", (says,), (warning,))
    ]


def _erasure(maker: _Maker) -> list[Proposal]:
    """Return the erasure request where a child's data stand on a site: the child's or a parent's right, not the school's (§2.7)."""
    if Ground.GDPR_ERASURE not in grounds_for(maker.case.lead_category) or first_route(maker.item, maker.row) is not Route.SITE_OPERATOR:
        return []
    says = "the child, or a parent, may ask whoever holds the data; the school helps with written authority that it has seen"
    return [maker.make(Route.GDPR_ERASURE, Ground.GDPR_ERASURE, f"whoever runs {host_of(maker.item.address)}", (says,))]


def _chosen(maker: _Maker) -> list[Proposal]:
    """Return the contacts that a person chose among those found, until somebody there was written to."""
    host = hostname(maker.item.address)
    looked, picked = maker.known.lookups.get(host), maker.known.chosen.get(host, ())
    if looked is None or first_ground(maker.case, maker.known.linked) is None:
        return []
    asked = {one.route for one in maker.known.requests}
    open_ones = [one for one in picked if SCOPE_ROUTES[one.scope] not in asked]
    return [behind(maker.case, maker.item, maker.row, looked, one, maker.known, maker.now) for one in open_ones]


_CLIMBS: dict[Rung, tuple[Route, str]] = {
    Rung.POSH: (Route.POSH, "the Professionals Online Safety Helpline"),
    Rung.RHC: (Route.RHC, "Report Harmful Content"),
}


def _climbs(maker: _Maker, states: Sequence[RungState]) -> list[Proposal]:
    """Return the rungs that are due: the helplines, then whoever was found behind a site that stands alone."""
    due = {one.rung: one for one in states if one.standing is Standing.DUE}
    ground = first_ground(maker.case, maker.known.linked)
    if ground is None:
        return []
    made = [maker.make(route, ground, who, (due[rung].why,)) for rung, (route, who) in _CLIMBS.items() if rung in due]
    looked = maker.known.lookups.get(hostname(maker.item.address))
    for rung, scope in RUNG_SCOPES.items():
        contact = best_contact(looked, scope) if rung in due and looked is not None else None
        if looked is not None and contact is not None:
            made.append(behind(maker.case, maker.item, maker.row, looked, contact, maker.known, maker.now))
    return made


def best_contact(looked: NetworkLookup | None, scope: ContactScope) -> NetworkContact | None:
    """Return the contact to write to in a scope: its abuse desk with a mailbox where there is one."""
    route = SCOPE_ROUTES[scope]
    found = [one for one in (looked.contacts if looked else ()) if SCOPE_ROUTES[one.scope] is route]
    return min(found, key=lambda one: (one.scope is not scope, "abuse" not in one.roles, one.email is None), default=None)


def behind(  # noqa: PLR0917 - what the letter is made of
    case: Case, item: CaseItem, row: PlatformRow | None, looked: NetworkLookup, contact: NetworkContact, known: Known, now: datetime
) -> Proposal:
    """Return the way to a contact that a look-up found, with what the letter to it needs filled in (§9, policy A21)."""
    route = SCOPE_ROUTES[contact.scope]
    ground = first_ground(case, known.linked)
    if ground is None:
        raise GroundMissingError
    reach = contact.email or contact.link or contact.telephone or "see the record"
    made = _Maker(case, item, row, now, known).make(
        route, ground, f"{contact.name} ({reach})", (SCOPE_NOTES[contact.scope], f"named by {contact.source}"), link=contact.link
    )
    return replace(made, prefill=prefill(looked))


def prefill(looked: NetworkLookup) -> dict[str, str]:
    """Return what a look-up answers of the letter's questions: the domain, its address, when and where it was looked up."""
    said = {
        "domain": looked.domain,
        "ip": ", ".join(looked.addresses[:2]),
        "looked_up": f"{looked.looked_at:%d %b %Y, %H:%M} UTC, RDAP of the registries",
    }
    return {key: value for key, value in said.items() if value}


def _delisting(maker: _Maker) -> list[Proposal]:
    """Return the search engine for what stays up on a site after it was asked (§3.1 step 7)."""
    stays = any(one.sent_at is not None for one in maker.known.requests)
    if maker.case.lead_category not in _DELISTED or not stays:
        return []
    ground = first_ground(maker.case, maker.known.linked) or Ground.PLATFORM_RULES
    says = "in parallel for what stays up: the search no longer finds it; the page itself stays"
    who = "it is for the person concerned, a parent, or an authorised representative"
    return [maker.make(Route.SEARCH_ENGINE, ground, "the search engine", (says,), (who,))]


def recipient(route: Route, item: CaseItem, row: PlatformRow | None) -> str:
    """Return who is asked, in words."""
    host = host_of(item.address)
    if route is Route.FEDIVERSE_MODERATORS:
        return f"the moderators of {host}"
    if route is Route.SITE_OPERATOR:
        return f"the operator of {host}"
    if route in {Route.PLATFORM_FORM, Route.WEB_ARCHIVE}:
        return f"{row.label if row else host} reporting team"
    return ROUTE_LABELS[route]


def _form_link(route: Route, item: CaseItem, row: PlatformRow | None) -> str | None:
    try:
        parts = urlsplit(item.address)
    except ValueError:
        return row.form_link if row else None
    if route is Route.FEDIVERSE_MODERATORS:
        return f"{parts.scheme}://{parts.netloc}/about"
    if route in {Route.PLATFORM_FORM, Route.WEB_ARCHIVE}:
        return row.form_link if row else f"{parts.scheme}://{parts.netloc}/"
    return None


def _warnings(case: Case, route: Route, ground: Ground, row: PlatformRow | None, now: datetime) -> tuple[str, ...]:
    doubt = row.doubt(now.date()) if row is not None else None
    lines = [doubt] if doubt else []
    if row is None and route is Route.PLATFORM_FORM:
        lines.append("this platform is no longer in the table of routes: look for its report form in its help pages")
    if ground in PERSONAL:
        lines.append("this ground belongs to the person concerned: ask them first, and say on whose behalf it is asked")
    if case.lead_category is Category.SELF_HARM:
        lines.append("welfare first: call 999 if it is imminent; do not remove somebody's only line of contact")
    if ground is Ground.COPYRIGHT:
        lines.append("never as a pretext: a false copyright notice has consequences, and the poster is told who sent it")
    return tuple(lines)
