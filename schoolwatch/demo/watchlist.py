"""Who watches the invented town: two schools, their watch terms, staff, sources and the people who sign in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from data.model.people import Role, User
from data.model.posts import PlatformName
from data.model.watch import School, Source, StaffMember, TermKind, WatchTerm

DEMO_PASSWORD = "fernley-demo"  # noqa: S105 - for the invented town only; the sign-in page of the demo shows it
FERNLEY, ASHCOMBE = "fernley-green", "ashcombe-vale"
PERIOD_MINUTES = 15  # on the town's clock: 2.5 s at factor 360
_ADDED_BY = "system"


def schools(now: datetime) -> tuple[School, ...]:
    """Return the two invented schools."""
    return (
        School(
            id=FERNLEY,
            name="Fernley Green Primary School",
            town="Fernley Green",
            domains=("fernley-green.example",),
            postal_address="Mill Lane, Fernley Green",
            reply_mailbox="office@fernley-green.example",
            report_code="fernley-report",
            added_at=now,
        ),
        School(
            id=ASHCOMBE,
            name="Ashcombe Vale Academy",
            town="Ashcombe",
            domains=("ashcombe-vale.example",),
            postal_address="Bridge Road, Ashcombe",
            reply_mailbox="office@ashcombe-vale.example",
            report_code="ashcombe-report",
            added_at=now,
        ),
    )


_CLUBS = ("cricket", "wickets", "pavilion")
_TERMS: tuple[tuple[str, str, TermKind, str, tuple[str, ...]], ...] = (
    ("fernley-name", FERNLEY, TermKind.SCHOOL_NAME, "Fernley Green Primary School", ()),
    ("fernley-short", FERNLEY, TermKind.SCHOOL_NAME, "Fernley Green Primary", ()),
    ("fernley-nick", FERNLEY, TermKind.NICKNAME, "Fernley Green", _CLUBS),
    ("fernley-tag", FERNLEY, TermKind.HASHTAG, "#fernleygreen", _CLUBS),
    ("ashcombe-name", ASHCOMBE, TermKind.SCHOOL_NAME, "Ashcombe Vale Academy", ()),
    ("ashcombe-nick", ASHCOMBE, TermKind.NICKNAME, "Ashcombe Vale", ()),
    ("ashcombe-tag", ASHCOMBE, TermKind.HASHTAG, "#ashcombevale", ()),
)


def terms(now: datetime) -> tuple[WatchTerm, ...]:
    """Return the phrases that stand for the schools; the cricket club of the same name is kept out by its own words."""
    return tuple(
        WatchTerm(id=key, school_id=school, kind=kind, phrase=phrase, not_near=not_near, added_by=_ADDED_BY, added_at=now)
        for key, school, kind, phrase, not_near in _TERMS
    )


_STAFF: tuple[tuple[str, str, str, str], ...] = (
    ("quillbrook", FERNLEY, "Mr Quillbrook", "Year 6 teacher"),
    ("bramblecote", FERNLEY, "Mrs Bramblecote", "Headteacher"),
    ("tarrowby", FERNLEY, "Miss Tarrowby", "Year 2 teacher"),
    ("oddwell", FERNLEY, "Mr Oddwell", "Site manager"),
    ("vellacourt", ASHCOMBE, "Ms Vellacourt", "Headteacher"),
    ("drosswick", ASHCOMBE, "Mr Drosswick", "PE teacher"),
    ("kettlemore", ASHCOMBE, "Mr Kettlemore", "Science teacher"),
)


def staff() -> tuple[StaffMember, ...]:
    """Return the invented members of staff; names are used to read posts that mention a school, never to search."""
    heads = {"bramblecote": "head"}
    return tuple(StaffMember(id=key, school_id=school, name=name, role=role, user_id=heads.get(key)) for key, school, name, role in _STAFF)


class _Place(NamedTuple):
    """One row of the source list."""

    key: str
    school: str
    adapter: str
    platform: PlatformName
    name: str
    path: str
    query: str | None = None
    options: Mapping[str, Any] = MappingProxyType({})
    enabled: bool = True


FORUM_SELECTORS: Mapping[str, str] = MappingProxyType(
    {"list": "article.post", "link": "a.permalink", "author": ".author", "time": "header time", "text": ".text", "next": "a.next"}
)
_PLACES = (
    _Place("townsquare-fernley", FERNLEY, "mastodon", PlatformName.MASTODON, "Townsquare #fernleygreen", "/social", "#fernleygreen"),
    _Place("townsquare-ashcombe", ASHCOMBE, "mastodon", PlatformName.MASTODON, "Townsquare #ashcombevale", "/social", "#ashcombevale"),
    _Place("notebook", FERNLEY, "wordpress", PlatformName.BLOG, "The Green Notebook: articles and comments", "/blog"),
    _Place("notebook-feed", FERNLEY, "feed", PlatformName.BLOG, "The Green Notebook: feed (spare)", "/blog/feed/", enabled=False),
    _Place("forum", FERNLEY, "webpage", PlatformName.FORUM, "Millstream forum: newest posts", "/forum/latest", None, FORUM_SELECTORS),
    _Place("wiki", ASHCOMBE, "feed", PlatformName.WIKI, "Valley wiki: recent changes", "/wiki/feed.atom"),
)


def sources(base: str, now: datetime) -> tuple[Source, ...]:
    """Return the places that are polled, given the town's address (`http://127.0.0.1:<port>`).

    The blog's feed is a spare, switched off: it holds the articles that the REST interface gives already.
    """
    return tuple(
        Source(
            id=place.key,
            school_id=place.school,
            adapter=place.adapter,
            platform=place.platform,
            name=place.name,
            address=base.rstrip("/") + place.path,
            query=place.query,
            options=dict(place.options),
            period_minutes=PERIOD_MINUTES,
            enabled=place.enabled,
            added_by=_ADDED_BY,
            added_at=now,
        )
        for place in _PLACES
    )


_USERS: tuple[tuple[str, str, dict[str, tuple[Role, ...]]], ...] = (
    ("dsl", "Dana Safeley (demo DSL)", {FERNLEY: (Role.DSL,), ASHCOMBE: (Role.DSL,)}),
    ("deputy", "Dev Standin (demo deputy DSL)", {FERNLEY: (Role.DEPUTY_DSL,)}),
    ("head", "Mrs Bramblecote (demo headteacher)", {FERNLEY: (Role.HEADTEACHER,)}),
    ("comms", "Cass Newsby (demo comms lead)", {FERNLEY: (Role.COMMS_LEAD,), ASHCOMBE: (Role.COMMS_LEAD,)}),
)


def users(now: datetime) -> tuple[User, ...]:
    """Return the demo's people; each signs in with `DEMO_PASSWORD`."""
    return tuple(User(id=name, username=name, name=full, roles=roles, added_by=_ADDED_BY, added_at=now) for name, full, roles in _USERS)
