"""When nobody may be asked, or not in this way (domain.md §3.5): one function for each stop, each with its own words. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from casework.places import OwnForm
from data.model.cases import Case, CaseItem, CaseState, Ground, Route
from data.model.posts import Counts, PlatformName
from data.model.readings import OUTCOMES, Category, Severity

_POLICE_FIRST = frozenset({Category.THREAT_TO_LIFE, Category.GROOMING, Category.STALKING})
_CHILD_FIRST = frozenset({Category.STAFF_ALLEGATION, Category.SAFEGUARDING_DISCLOSURE})
# A newspaper's own words about these are for its editor; a threat or a child's data below an article is not journalism
_EDITORIAL = frozenset(
    {
        Category.DEFAMATION_INDIVIDUAL,
        Category.KNOWINGLY_FALSE,
        Category.HARASSMENT_STAFF,
        Category.STAFF_IMAGE,
        Category.CONFIDENTIAL_LEAK,
        Category.COPYRIGHT_MISUSE,
        Category.STAFF_CONDUCT,
    }
)
FEW_VIEWS, FEW_ANSWERS = 100, 5  # below both, hardly anybody saw it
OLD = timedelta(days=30)


def indecent_image(case: Case) -> str | None:
    """A sexual image of a child: nobody but police and IWF learns of the link (B37)."""
    if case.stop or case.lead_category is Category.CSAM:
        return "this may be an indecent image of a child: the safeguarding lead reports it to the police or the IWF, nobody else is asked"
    return None


def lawful_speech(case: Case) -> str | None:
    """Criticism of the school is no ground at all (B31, B32)."""
    return "criticism and other lawful speech is answered, not removed (policy B31, B32)" if case.lead_category in OUTCOMES else None


def police_first(case: Case) -> str | None:
    """A threat to life, grooming, stalking: no word to anybody who could warn the author, until the police agree."""
    if case.lead_category in _POLICE_FIRST and case.advice_recorded_at is None:
        return "the police come first: nobody who could warn the author is told before their advice is recorded"
    return None


def child_first(case: Case) -> str | None:
    """A disclosure or an allegation against staff: LADO or social care come first (§2.5)."""
    if case.lead_category in _CHILD_FIRST and case.advice_recorded_at is None:
        return "this may be a child's disclosure: record the advice of the LADO, children's social care or the police first"
    return None


def held(case: Case) -> str | None:
    """The police or another authority wants it left up."""
    return "an authority asked to leave it up; wait for the release" if case.state is CaseState.HOLD_BY_AUTHORITY else None


def with_the_lead(case: Case) -> str | None:
    """The safeguarding lead has the case."""
    if case.state is CaseState.SAFEGUARDING_LEAD:
        return "the safeguarding lead has this case: record the advice first, which releases it"
    return None


def welfare_first(case: Case, route: Route) -> str | None:
    """A suicidal post: welfare first; the platform's crisis report is fine, taking away the only line of contact is not."""
    if case.lead_category is not Category.SELF_HARM or case.advice_recorded_at is not None or route is Route.PLATFORM_FORM:
        return None
    return "welfare first: only the platform's own crisis report may go out before contact with the child or adult is recorded as advice"


def journalism(case: Case, item: CaseItem, route: Route) -> str | None:
    """What a newspaper writes goes to its editor, then to IPSO or Ofcom; never a takedown without legal advice."""
    if item.platform is not PlatformName.NEWS or case.lead_category not in _EDITORIAL or case.advice_recorded_at is not None:
        return None
    who = "the editor by the press office, then IPSO (broadcast: Ofcom)"
    return f"this is journalism: write to {who}; no takedown without legal advice, recorded as advice in the case ({route.value} is closed)"


def must_be_named(route: Route, form: OwnForm | None, complainant: str) -> str | None:
    """A section 5 notice, or a legal form that is passed on, names the complainant: only with that person's agreement."""
    named = route is Route.SECTION_5 or (form is not None and form.legal and bool(form.forwarded))
    if not named or complainant.strip():
        return None
    return "this way names the complainant: only with that person's agreement; else use the rule report, or POSH"


def forwarding_accepted(form: OwnForm | None, *, accepted: bool) -> str | None:
    """A form whose notices are published or passed on: whoever complains has accepted that first."""
    told = form.forwarded if form is not None else ""
    return f"{told}: have that accepted by the person concerned, and tick it, first" if told and not accepted else None


def body_cannot_claim(case: Case, ground: Ground) -> str | None:
    """Defamation belongs to a person; the school as a body does not claim it (§2.1)."""
    if ground is Ground.DEFAMATION_INDIVIDUAL and case.target in {"school", "none"}:
        return "the school as a body claims no defamation: take legal advice"
    return None


def hard_stops(case: Case) -> tuple[str, ...]:
    """Return why nobody may be asked now, whatever the way: each line is one stop in words for the screen."""
    found = (stop(case) for stop in (indecent_image, lawful_speech, police_first, child_first, held, with_the_lead))
    return tuple(why for why in found if why)


def way_stops(case: Case, item: CaseItem, route: Route, ground: Ground) -> tuple[str, ...]:
    """Return why this one way is closed, though others may be open."""
    found = (welfare_first(case, route), journalism(case, item, route), body_cannot_claim(case, ground))
    return tuple(why for why in found if why)


def reach_words(counts: Counts | None) -> str:
    """Return the reach as the platform published it."""
    said = [(counts.views, "views"), (counts.likes, "likes"), (counts.shares, "shares"), (counts.replies, "replies")] if counts else []
    told = [f"{number:,} {_one(what) if number == 1 else what}" for number, what in said if number is not None]
    return ", ".join(told) or "not published"


def age_words(posted: datetime | None, now: datetime) -> str:
    """Return how old the post is, as far as anybody knows."""
    if posted is None:
        return "age unknown"
    days = max((now - posted).days, 0)
    return f"{days} {'day' if days == 1 else 'days'} old"


def _one(what: str) -> str:
    return "reply" if what == "replies" else what.removesuffix("s")


def better_left_alone(case: Case, counts: Counts | None, posted: datetime | None, now: datetime) -> str | None:
    """Return why recording alone is proposed: hardly seen, old, about nobody in particular (a takedown could spread it). None otherwise.

    Unknown reach is not small reach, and an unknown age is not old.
    """
    about_nobody = case.target in {"none", "school"} and case.severity < Severity.S3
    if not about_nobody or counts is None or posted is None or now - posted < OLD:
        return None
    if not _hardly_seen(counts):
        return None
    return "few people saw it, it is old, and it is about nobody in particular: asking could spread it; recording it is proposed"


def _hardly_seen(counts: Counts) -> bool:
    known = [number for number in (counts.likes, counts.shares, counts.replies) if number is not None]
    seen = counts.views is not None and counts.views < FEW_VIEWS
    return (seen or (counts.views is None and bool(known))) and sum(known) < FEW_ANSWERS
