"""Which party to ask, on which ground, in which order, and when not to ask at all (domain.md §3.1 to §3.5). A person always chooses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from casework import stops
from casework.errors import GroundMissingError, IllegalMoveError
from casework.grounds import PERSONAL, Claim, first_ground, grounds_for, unfit
from casework.ladder import Around, Rung, RungState, Standing, rungs
from casework.places import STALE, OwnForm, PlatformRow, host_of, hostname, load, row_of
from casework.stops import hard_stops
from data.model.care import Referral, SourceKind
from data.model.cases import Capacity, Case, CaseEvent, CaseItem, CaseState, Ground, Route, TakedownRequest
from data.model.network import ContactScope, NetworkContact, NetworkLookup
from data.model.posts import Counts, PlatformName
from data.model.readings import SAFEGUARDING, Category, Severity

__all__ = ["STALE", "PlatformRow", "grounds_for", "hard_stops", "host_of", "load"]

FRESH = timedelta(days=30)  # §3.4: how long a look-up is used again

GROUND_LABELS: dict[Ground, str] = {
    Ground.PLATFORM_RULES: "it breaks a rule of the platform",
    Ground.CHILD_IMAGE_PRIVACY: "a pupil can be recognised in it",
    Ground.ADULT_IMAGE_PRIVACY: "private picture of an adult",
    Ground.PRIVATE_INFORMATION: "private information (home, telephone, health)",
    Ground.DEFAMATION_INDIVIDUAL: "grave and false statement of fact about a person",
    Ground.HARASSMENT: "harassment: linked incidents, or plainly threatening",
    Ground.HATE: "hate",
    Ground.THREAT: "threat",
    Ground.IMPERSONATION: "passes itself off as the school or a person",
    Ground.COPYRIGHT: "our own photograph, logo or text",
    Ground.GDPR_ERASURE: "erasure under data protection law",
    Ground.LEGAL_NAMING_BAN: "the law forbids naming this person",
    Ground.CSAM: "indecent image of a child (police or IWF only)",
    Ground.FALSE_COMMUNICATION: "knowingly false and meant to harm",
    Ground.MODERATOR_GOODWILL: "a polite request, no rule needed",
}
ROUTE_LABELS: dict[Route, str] = {
    Route.AUTHOR: "the author: a conversation, then a letter",
    Route.ACCOUNT_OWNER: "the owner of the account (photograph)",
    Route.PLATFORM_FORM: "the platform's own form",
    Route.FEDIVERSE_MODERATORS: "the server's moderators",
    Route.GROUP_MODERATORS: "the moderators of the group or forum",
    Route.SITE_OPERATOR: "the site's operator",
    Route.SECTION_5: "section 5 notice of the person concerned",
    Route.GDPR_ERASURE: "erasure request under data protection law",
    Route.IMPERSONATION: "the platform's impersonation form",
    Route.COPYRIGHT: "copyright notice",
    Route.COMPLAINANT: "the person concerned files it",
    Route.POSH: "Professionals Online Safety Helpline (POSH)",
    Route.RHC: "Report Harmful Content (RHC)",
    Route.HOST: "Host / ISP: the hosting provider",
    Route.CDN: "Host / ISP: the network in front of the site",
    Route.REGISTRAR: "Host / ISP: the registrar",
    Route.SEARCH_ENGINE: "the search engine: delisting",
    Route.WEB_ARCHIVE: "the web archive",
}
CAPACITY_LABELS: dict[Capacity, str] = {
    Capacity.SUBJECT: "the person concerned",
    Capacity.PARENT: "a parent or person with parental responsibility",
    Capacity.RESPONSIBLE_ADULT: "a responsible adult for a child",
    Capacity.SCHOOL_REPRESENTATIVE: "a representative of the school",
    Capacity.SOLICITOR: "a solicitor for the person concerned",
}
SCOPE_LABELS: dict[ContactScope, str] = {
    ContactScope.HOST: "Host / ISP (hosting provider)",
    ContactScope.NETWORK: "Network that holds the address",
    ContactScope.CDN: "Network in front of the site (CDN)",
    ContactScope.REGISTRAR: "Registrar of the domain",
    ContactScope.REGISTRANT: "Holder of the domain",
    ContactScope.GUESS: "A guess",
}
SCOPE_NOTES: dict[ContactScope, str] = {
    ContactScope.HOST: "Can make its customer remove it, or suspend the site. Seldom judges whether something is true.",
    ContactScope.NETWORK: "Can pass it on to the host. Seldom acts itself.",
    ContactScope.CDN: "Passes it on to site and host, and can name the host. Cannot remove what it does not host. Often by form only.",
    ContactScope.REGISTRAR: "Can suspend a domain for abuse of its terms. Does not settle disputes about content.",
    ContactScope.REGISTRANT: "Runs the site: can edit, remove, block the user.",
    ContactScope.GUESS: "Nobody confirmed this mailbox. Use it only where nothing else is known.",
}
SCOPE_ROUTES: dict[ContactScope, Route] = {
    ContactScope.HOST: Route.HOST,
    ContactScope.NETWORK: Route.HOST,
    ContactScope.CDN: Route.CDN,
    ContactScope.REGISTRAR: Route.REGISTRAR,
    ContactScope.REGISTRANT: Route.SITE_OPERATOR,
    ContactScope.GUESS: Route.HOST,
}
_RUNG_SCOPES = {Rung.HOST: ContactScope.HOST, Rung.CDN: ContactScope.CDN, Rung.REGISTRAR: ContactScope.REGISTRAR}
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


@dataclass(frozen=True)
class Step:
    """One line of the order of attack (§3.1): what, how it stands, why; `since` is when it falls or fell due."""

    number: int
    title: str
    standing: Standing
    says: str
    since: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """The ways proposed, and the hard stops: while there is a stop nothing may be drafted.

    `order`: the order of attack. `rungs`: the ladder. `leave_alone`: why recording alone is proposed (Streisand), with `reach` beside it.
    `closed`: why the first way of an item is closed though a ground would fit (journalism, Wikipedia, welfare first).
    """

    proposals: tuple[Proposal, ...]
    stops: tuple[str, ...]
    order: tuple[Step, ...] = ()
    rungs: tuple[RungState, ...] = ()
    leave_alone: str | None = None
    reach: str = "not published"
    closed: tuple[str, ...] = ()


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


def plan(case: Case, items: Sequence[CaseItem], rows: Mapping[str, PlatformRow], now: datetime, known: Known | None = None) -> Plan:
    """Return the ways proposed with reasons, the order of attack, the ladder, and the hard stops.

    The first proposals are those that may go out now, in the order of §3.1; what waits for its time is in `order` and `rungs` only.
    """
    facts = known or Known()
    states = rungs(case, facts.requests, facts.events, now, around(items, rows, facts))
    offered = [one for item in items if grounds_for(case.lead_category) for one in ways(case, item, rows, now, facts, states)]
    return Plan(
        tuple(offered),
        hard_stops(case),
        order(case, items, rows, facts, states),
        states,
        stops.better_left_alone(case, facts.counts, facts.posted_at, now),
        f"{stops.reach_words(facts.counts)}; {stops.age_words(facts.posted_at, now)}",
        tuple(dict.fromkeys(why for item in items for why in closed(case, item, row_of(item, rows)))),
    )


def closed(case: Case, item: CaseItem, row: PlatformRow | None) -> tuple[str, ...]:
    """Return why the first way of an item is closed, though a ground would fit."""
    ground = first_ground(case)
    if ground is None:
        return ()
    instead = (row.not_a_takedown,) if row is not None and row.not_a_takedown else ()
    return (*instead, *stops.way_stops(case, item, first_route(item, row), ground))


def around(items: Sequence[CaseItem], rows: Mapping[str, PlatformRow], known: Known) -> Around:
    """Return what the ladder must know of the place: whether it stands alone, and who was found behind it."""
    item = items[0] if items else None
    if item is None:
        return Around(referrals=known.referrals)
    host, row = hostname(item.address), row_of(item, rows)
    alone = first_route(item, row) in {Route.SITE_OPERATOR, Route.FEDIVERSE_MODERATORS} or item.platform is PlatformName.MUMSNET
    looked = known.lookups.get(host)
    own = f"{row.label} is its own host: nobody behind it acts on one post" if row is not None and not alone else ""
    return Around(
        referrals=known.referrals,
        standalone=alone,
        host=host,
        own_host=looked.not_applicable if looked is not None and looked.not_applicable else own,
        scopes=_scopes(looked),
    )


def _scopes(looked: NetworkLookup | None) -> frozenset[ContactScope] | None:
    if looked is None or looked.not_applicable:
        return None
    found = {SCOPE_ROUTES[one.scope] for one in looked.contacts}
    return frozenset(scope for scope, route in ((rung, SCOPE_ROUTES[rung]) for rung in _RUNG_SCOPES.values()) if route in found)


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
            kept[one.route] = replace(first, reasons=(*first.reasons, *also), warnings=warnings)
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
    route = Route.COMPLAINANT if form.personal else _FORM_ROUTES.get(ground, Route.PLATFORM_FORM)
    row = maker.row
    warnings = [f"careful: {form.forwarded}; have that accepted first"] if form.forwarded else []
    if form.personal:
        warnings.append(f"only {form.who_says} may file it: the school gives the pack and its help (policy A19)")
    label = row.label if row else "the platform"
    return maker.make(route, ground, f"{label}: {form.title}", (form.says,), warnings, link=row.form_link if row else None)


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
    for rung, scope in _RUNG_SCOPES.items():
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
    return replace(made, prefill=prefill(looked, known))


def prefill(looked: NetworkLookup, known: Known) -> dict[str, str]:
    """Return what a look-up answers of the letter's questions: domain, address, when and where it was looked up, the operator's answer."""
    asked = [one for one in known.requests if one.route in {Route.SITE_OPERATOR, Route.FEDIVERSE_MODERATORS} and one.sent_at is not None]
    last = asked[-1] if asked else None
    said = {
        "domain": looked.domain,
        "ip": ", ".join(looked.addresses[:2]),
        "looked_up": f"{looked.looked_at:%d %b %Y, %H:%M} UTC, RDAP of the registries",
        "operator_contacted": f"{last.sent_at:%d %b %Y, %H:%M} UTC" if last and last.sent_at else "",
        "operator_words": (last.decision or "") if last else "",
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


def must_fit(case: Case, item: CaseItem, rows: Mapping[str, PlatformRow], request: TakedownRequest, linked: int = 1) -> None:
    """Raise IllegalMoveError or GroundMissingError where this way is closed (§3.5) or its ground cannot carry it (§3.3)."""
    row = row_of(item, rows)
    closed = [*stops.way_stops(case, item, request.route, request.ground)]
    if row is not None and row.not_a_takedown and request.route is Route.PLATFORM_FORM:
        closed.append(row.not_a_takedown)
    named = stops.must_be_named(request.route, None, request.complainant or "")
    if closed or named:
        raise IllegalMoveError("ask for removal", case.state.value, "; ".join([*closed, *([named] if named else [])]), case.ref)
    authority = bool(str(request.details.get("authority", "")).strip())
    why = unfit(Claim(case, request.ground, request.capacity, request.complainant or "", linked, authority))
    if why is not None:
        raise GroundMissingError(why)


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


def order(
    case: Case, items: Sequence[CaseItem], rows: Mapping[str, PlatformRow], known: Known, states: Sequence[RungState]
) -> tuple[Step, ...]:
    """Return the order of attack (§3.1, steps 0 to 8) as it stands now."""
    by_rung = {one.rung: one for one in states}
    if not by_rung:
        return ()
    row = row_of(items[0], rows) if items else None
    asked = {one.route for one in known.requests if one.sent_at is not None}
    return (
        _as_step(0, "Safety first", by_rung[Rung.EMERGENCY]),
        _evidence_step(case, known),
        _author_step(case, known, asked),
        _report_step(case, row, items, asked),
        _legal_step(case, row),
        _as_step(5, "POSH", by_rung[Rung.POSH]),
        _as_step(5, "Report Harmful Content", by_rung[Rung.RHC]),
        _moderators_step(items, asked),
        *(_as_step(7, one.label, one) for one in (by_rung[Rung.HOST], by_rung[Rung.CDN], by_rung[Rung.REGISTRAR])),
        Step(
            8,
            "Police, solicitor, or leave it up",
            Standing.OPEN,
            "police by referral with consent; a solicitor for the person concerned; else close it as not removed, with reason and support",
        ),
    )


def _as_step(number: int, title: str, state: RungState) -> Step:
    return Step(number, title, state.standing, state.why, state.since)


def _evidence_step(case: Case, known: Known) -> Step:
    done = known.has_evidence or case.no_capture_reason is not None
    says = (
        "evidence is kept" if done else "capture the evidence, settle category and ground, fill in the seriousness form (policy A14, A17)"
    )
    return Step(1, "Evidence and judgement", Standing.TAKEN if done else Standing.DUE, says)


def _author_step(case: Case, known: Known, asked: set[Route]) -> Step:
    if asked & {Route.AUTHOR, Route.ACCOUNT_OWNER}:
        return Step(2, "The author", Standing.TAKEN, "the author was asked")
    why_not = author_first(case, known.source, known.referrals)
    if why_not is not None:
        return Step(2, "The author", Standing.NOT_HERE, why_not)
    return Step(2, "The author", Standing.DUE, "by somebody who knows them: a meeting first; quickest and calmest")


def _report_step(case: Case, row: PlatformRow | None, items: Sequence[CaseItem], asked: set[Route]) -> Step:
    title = "Report under the place's own rules"
    why = [reason for item in items for reason in closed(case, item, row)]
    if why:
        return Step(3, title, Standing.NOT_HERE, why[0])
    wanted = {first_route(item, row) for item in items}
    if wanted & asked:
        return Step(3, title, Standing.TAKEN, "reported")
    return Step(3, title, Standing.DUE, "one report for each address, under the rule that fits best")


def _legal_step(case: Case, row: PlatformRow | None) -> Step:
    title, fitting = "A legal form, beside it", grounds_for(case.lead_category)
    forms = [form for form in (row.ways if row else ()) if set(form.grounds) & set(fitting)]
    if not forms:
        return Step(4, title, Standing.NOT_HERE, "no form of this place fits a ground of this case")
    return Step(4, title, Standing.OPEN, "; ".join(f"{form.title}: {form.who_says}" for form in forms))


def _moderators_step(items: Sequence[CaseItem], asked: set[Route]) -> Step:
    title = "Moderators or the site's operator"
    if asked & {Route.GROUP_MODERATORS, Route.SITE_OPERATOR, Route.FEDIVERSE_MODERATORS}:
        return Step(6, title, Standing.TAKEN, "they were asked")
    return Step(6, title, Standing.OPEN, "whoever runs the group, forum or site may act faster" if items else "no address yet")
