"""Which party to ask, on which ground, in which order, and when not to ask at all (domain.md §3.1 to §3.5). A person always chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from casework import stops
from casework.errors import GroundMissingError, IllegalMoveError
from casework.grounds import Claim, first_ground, grounds_for, unfit
from casework.ladder import Around, Rung, RungState, Standing, rungs
from casework.offers import (
    RUNG_SCOPES,
    Known,
    Proposal,
    author_first,
    behind,
    best_contact,
    first_route,
    form_of,
    proposal,
    recipient,
    route_for,
    ways,
)
from casework.places import STALE, PlatformRow, host_of, hostname, load, row_of
from casework.route_words import CAPACITY_LABELS, GROUND_LABELS, ROUTE_LABELS, SCOPE_LABELS, SCOPE_NOTES, SCOPE_ROUTES
from casework.stops import hard_stops
from data.errors import CaseError
from data.model.cases import Case, CaseItem, Route, TakedownRequest
from data.model.network import ContactScope, NetworkLookup
from data.model.posts import PlatformName

__all__ = [
    "CAPACITY_LABELS",
    "GROUND_LABELS",
    "ROUTE_LABELS",
    "SCOPE_LABELS",
    "SCOPE_NOTES",
    "SCOPE_ROUTES",
    "STALE",
    "Known",
    "PlatformRow",
    "Proposal",
    "author_first",
    "behind",
    "best_contact",
    "grounds_for",
    "hard_stops",
    "host_of",
    "load",
    "proposal",
    "recipient",
    "route_for",
    "ways",
]

FRESH = timedelta(days=30)  # §3.4: how long a look-up is used again


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
    return frozenset(scope for scope, route in ((rung, SCOPE_ROUTES[rung]) for rung in RUNG_SCOPES.values()) if route in found)


def must_fit(case: Case, item: CaseItem, rows: Mapping[str, PlatformRow], request: TakedownRequest, linked: int = 1) -> None:
    """Raise IllegalMoveError or GroundMissingError where this way is closed (§3.5) or its ground cannot carry it (§3.3)."""
    row = row_of(item, rows)
    closed = [*stops.way_stops(case, item, request.route, request.ground)]
    if row is not None and row.not_a_takedown and request.route is Route.PLATFORM_FORM:
        closed.append(row.not_a_takedown)
    form = form_of(row, request.route, request.ground)
    named = stops.must_be_named(request.route, form, request.complainant or "")
    if closed or named:
        raise IllegalMoveError("ask for removal", case.state.value, "; ".join([*closed, *([named] if named else [])]), case.ref)
    authority = bool(str(request.details.get("authority", "")).strip())
    why = unfit(Claim(case, request.ground, request.capacity, request.complainant or "", linked, authority))
    if why is not None:
        raise GroundMissingError(why)


def must_accept(item: CaseItem, rows: Mapping[str, PlatformRow], request: TakedownRequest, *, accepted: bool) -> None:
    """Raise CaseError until it was accepted that a platform's own form is published or passed on (§3.5)."""
    why = stops.forwarding_accepted(form_of(row_of(item, rows), request.route, request.ground), accepted=accepted)
    if why is not None:
        raise CaseError(why)


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
