"""Which party to ask, on which ground, and when not to ask at all (domain.md §3.1 to §3.5). A person always chooses."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from casework.errors import GroundMissingError
from casework.requests import blocked
from data.errors import SettingsError
from data.model.cases import Capacity, Case, CaseItem, CaseState, Ground, Route
from data.model.posts import PlatformName
from data.model.readings import Category

STALE = timedelta(days=180)  # §3.2: the page says so when an entry was last checked longer ago

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
    Route.PLATFORM_FORM: "the platform's own form",
    Route.FEDIVERSE_MODERATORS: "the server's moderators",
    Route.SITE_OPERATOR: "the site's operator",
}
CAPACITY_LABELS: dict[Capacity, str] = {
    Capacity.SUBJECT: "the person concerned",
    Capacity.PARENT: "a parent or person with parental responsibility",
    Capacity.RESPONSIBLE_ADULT: "a responsible adult for a child",
    Capacity.SCHOOL_REPRESENTATIVE: "a representative of the school",
    Capacity.SOLICITOR: "a solicitor for the person concerned",
}
_SITES = frozenset({PlatformName.FORUM, PlatformName.BLOG, PlatformName.WIKI, PlatformName.OTHER_WEB, PlatformName.NEWS, PlatformName.CHAT})

_GROUNDS: dict[Category, tuple[Ground, ...]] = {
    Category.THREAT_TO_LIFE: (Ground.THREAT, Ground.PLATFORM_RULES),
    Category.STALKING: (Ground.HARASSMENT, Ground.PLATFORM_RULES),
    Category.STAFF_ALLEGATION: (Ground.LEGAL_NAMING_BAN, Ground.PLATFORM_RULES),
    Category.VIOLENCE_INCITEMENT: (Ground.THREAT, Ground.PLATFORM_RULES),
    Category.VIOLENCE_INTIMIDATION: (Ground.THREAT, Ground.HARASSMENT, Ground.PLATFORM_RULES),
    Category.INTIMATE_IMAGE_ADULT: (Ground.ADULT_IMAGE_PRIVACY, Ground.PLATFORM_RULES),
    Category.SEXUAL_HARASSMENT: (Ground.HARASSMENT, Ground.PLATFORM_RULES),
    Category.HATE: (Ground.HATE, Ground.PLATFORM_RULES),
    Category.DOXXING: (Ground.PRIVATE_INFORMATION, Ground.PLATFORM_RULES),
    Category.PUPIL_PERSONAL_DATA: (Ground.CHILD_IMAGE_PRIVACY, Ground.GDPR_ERASURE, Ground.PLATFORM_RULES),
    Category.PUPIL_IMAGE: (Ground.CHILD_IMAGE_PRIVACY, Ground.PLATFORM_RULES, Ground.MODERATOR_GOODWILL),
    Category.PUPIL_BULLYING: (Ground.HARASSMENT, Ground.CHILD_IMAGE_PRIVACY, Ground.PLATFORM_RULES),
    Category.IMPERSONATION: (Ground.IMPERSONATION, Ground.PLATFORM_RULES),
    Category.KNOWINGLY_FALSE: (Ground.FALSE_COMMUNICATION, Ground.PLATFORM_RULES),
    Category.HARASSMENT_STAFF: (Ground.HARASSMENT, Ground.PLATFORM_RULES),
    Category.DEFAMATION_INDIVIDUAL: (Ground.DEFAMATION_INDIVIDUAL, Ground.PLATFORM_RULES),
    Category.STAFF_IMAGE: (Ground.ADULT_IMAGE_PRIVACY, Ground.COPYRIGHT, Ground.PLATFORM_RULES),
    Category.COPYRIGHT_MISUSE: (Ground.COPYRIGHT,),
}
_ANY: tuple[Ground, ...] = (Ground.PLATFORM_RULES, Ground.MODERATOR_GOODWILL)
# These belong to the person concerned; the school's own way comes first (§3.1 step 3: the rule report before the legal form)
_PERSONAL = frozenset({Ground.DEFAMATION_INDIVIDUAL, Ground.ADULT_IMAGE_PRIVACY, Ground.PRIVATE_INFORMATION, Ground.GDPR_ERASURE})


@dataclass(frozen=True)
class PlatformRow:
    """What is known of one platform's reporting form; forms move, so every row says when it was last checked and from where."""

    platform: PlatformName
    label: str
    form_link: str
    who: str
    evidence: str
    notes: str
    checked_on: date | None  # None: written from general knowledge, not compared with a source yet
    source: str

    def doubt(self, today: date) -> str | None:
        """Return why the row should be trusted less: never checked, or longer ago than 180 days."""
        if self.checked_on is None:
            return "nobody has checked this platform's form yet; look for it in the platform's help pages"
        if today - self.checked_on > STALE:
            return f"this platform's form was last checked on {self.checked_on:%d %b %Y}; it may have moved"
        return None


@dataclass(frozen=True)
class Proposal:
    """One way that a person may choose: whom to ask, on what ground, and why this is proposed."""

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


@dataclass(frozen=True)
class Plan:
    """The ways proposed, and the hard stops: while there is a stop nothing may be drafted."""

    proposals: tuple[Proposal, ...]
    stops: tuple[str, ...]


def load(text: str) -> dict[PlatformName, PlatformRow]:
    """Return the rows of `data/reference/routes.toml`, given its text; raises SettingsError naming the row that is wrong."""
    try:
        rows = [_row(row) for row in tomllib.loads(text)["platform"]]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        msg = f"routes.toml cannot be read: {error}"
        raise SettingsError(msg) from error
    return {row.platform: row for row in rows}


def _row(row: Mapping[str, object]) -> PlatformRow:
    checked = row.get("checked_on")
    if checked is not None and not isinstance(checked, date):
        msg = f"{row.get('platform')}: checked_on must be a date"
        raise TypeError(msg)
    words = {name: str(row[name]) for name in ("label", "form_link", "who", "evidence", "notes", "source")}
    return PlatformRow(platform=PlatformName(str(row["platform"])), checked_on=checked, **words)


def route_for(platform: PlatformName) -> Route:
    """Return the first party to ask for a platform (first cut of §3.2)."""
    if platform is PlatformName.MASTODON:
        return Route.FEDIVERSE_MODERATORS
    return Route.SITE_OPERATOR if platform in _SITES else Route.PLATFORM_FORM


def grounds_for(category: Category) -> tuple[Ground, ...]:
    """Return the grounds that fit a category, the likeliest first; none for the outcomes of §4.3 and for an indecent image."""
    if category is Category.CSAM or category not in _GROUNDS:
        return () if _never(category) else _ANY
    return _GROUNDS[category]


def _never(category: Category) -> bool:
    return category is Category.CSAM or list(Category).index(category) >= list(Category).index(Category.WHISTLEBLOWING)


def hard_stops(case: Case) -> tuple[str, ...]:
    """Return why nobody may be asked now (§3.5): each line names the rule in words for the screen."""
    stops = [blocked(case)]
    if case.state is CaseState.HOLD_BY_AUTHORITY:
        stops.append("an authority asked to leave it up; wait for the release")
    if case.state is CaseState.SAFEGUARDING_LEAD:
        stops.append("the safeguarding lead has this case: record the advice first, which releases it")
    return tuple(stop for stop in stops if stop)


def plan(case: Case, items: tuple[CaseItem, ...], rows: Mapping[PlatformName, PlatformRow], now: datetime) -> Plan:
    """Return the proposed ways with reasons, one for each item, and the hard stops."""
    return Plan(tuple(proposal(case, item, rows, now) for item in items if grounds_for(case.lead_category)), hard_stops(case))


def proposal(case: Case, item: CaseItem, rows: Mapping[PlatformName, PlatformRow], now: datetime) -> Proposal:
    """Return what is proposed for one item; raises GroundMissingError where no ground exists (criticism is answered)."""
    grounds = grounds_for(case.lead_category)
    if not grounds:
        raise GroundMissingError
    route, row = route_for(item.platform), rows.get(item.platform)
    ground = next((one for one in grounds if one not in _PERSONAL), grounds[0])
    return Proposal(
        item_id=item.id,
        route=route,
        notice=route.value,
        ground=ground,
        recipient=recipient(route, item, row),
        capacity=Capacity.SUBJECT if ground in _PERSONAL else Capacity.SCHOOL_REPRESENTATIVE,
        label=ROUTE_LABELS[route],
        reasons=_reasons(route, ground, row),
        warnings=_warnings(case, ground, row, now),
        form_link=_form_link(route, item, row),
        who=row.who if row else "anyone may ask",
        evidence_wanted=row.evidence if row else "the exact address of each post",
        checked_on=row.checked_on if row else None,
        grounds=grounds,
    )


def host_of(address: str) -> str:
    """Return the host of an address with its port if unusual, or `the site` when it has none."""
    parts = urlsplit(address)
    return parts.netloc.rpartition("@")[2] or "the site"


def recipient(route: Route, item: CaseItem, row: PlatformRow | None) -> str:
    """Return who is asked, in words."""
    host = host_of(item.address)
    if route is Route.FEDIVERSE_MODERATORS:
        return f"the moderators of {host}"
    if route is Route.SITE_OPERATOR:
        return f"the operator of {host}"
    return f"{row.label if row else host} reporting team"


def _form_link(route: Route, item: CaseItem, row: PlatformRow | None) -> str | None:
    parts = urlsplit(item.address)
    if route is Route.FEDIVERSE_MODERATORS:
        return f"{parts.scheme}://{parts.netloc}/about"
    if route is Route.PLATFORM_FORM:
        return row.form_link if row else f"{parts.scheme}://{parts.netloc}/"
    return None


def _reasons(route: Route, ground: Ground, row: PlatformRow | None) -> tuple[str, ...]:
    why = {
        Route.FEDIVERSE_MODERATORS: "the server on which the account lives can remove the post by its own rules",
        Route.SITE_OPERATOR: "whoever runs the site can edit or remove the post",
        Route.PLATFORM_FORM: "a report under the platform's own rules is the quickest way, one report for each address",
    }
    notes = (row.notes,) if row and row.notes else ()
    return (why[route], f"ground: {GROUND_LABELS[ground]}", *notes)


def _warnings(case: Case, ground: Ground, row: PlatformRow | None, now: datetime) -> tuple[str, ...]:
    doubt = row.doubt(now.date()) if row is not None else None
    lines = [doubt] if doubt else []
    if ground in _PERSONAL:
        lines.append("this ground belongs to the person concerned: ask them first, and say on whose behalf it is asked")
    if case.lead_category is Category.SELF_HARM:
        lines.append("welfare first: call 999 if it is imminent; do not remove somebody's only line of contact")
    if ground is Ground.COPYRIGHT:
        lines.append("never as a pretext: a false copyright notice has consequences, and the poster is told who sent it")
    return tuple(lines)
