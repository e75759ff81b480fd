"""Whom to ask, on which ground, in which order, and when not to ask: the reference tables and the rules over them (domain.md §3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import helplines, stops
from casework.asking import platform_rows
from casework.errors import GroundMissingError, IllegalMoveError
from casework.grounds import RULES, Claim, first_ground, grounds_for, unfit
from casework.ladder import Standing
from casework.notices import notice_for
from casework.places import Who, hostname, load, row_of
from casework.requests import blocked
from casework.routes import (
    CAPACITY_LABELS,
    GROUND_LABELS,
    ROUTE_LABELS,
    SCOPE_LABELS,
    SCOPE_NOTES,
    SCOPE_ROUTES,
    Known,
    Plan,
    author_first,
    behind,
    best_contact,
    must_accept,
    must_fit,
    plan,
)
from casework.testing import NOON, a_case, an_item
from data.errors import CaseError, SettingsError
from data.model.care import Referral, ReferralBody, SourceKind
from data.model.cases import Capacity, Case, CaseItem, CaseState, Ground, RequestState, Route, TakedownRequest
from data.model.network import ContactScope, NetworkContact, NetworkLookup
from data.model.posts import Counts, PlatformName
from data.model.readings import HARMS, OUTCOMES, Category, Severity

ROWS = platform_rows()
FORUM = an_item(address="https://forum.fernley.example/t/12#post-3", platform=PlatformName.FORUM)
BULLIED = a_case(lead_category=Category.HARASSMENT_STAFF, target="teacher", severity=Severity.S2)


def on(platform: PlatformName, address: str = "https://site.example.org/p/1") -> CaseItem:
    """Return an item on a platform."""
    return an_item(address=address, platform=platform)


def a_request(route: Route = Route.PLATFORM_FORM, **changes: object) -> TakedownRequest:
    """Return a request that was sent at noon."""
    made = TakedownRequest(
        id=f"r-{route.value}",
        case_id="case-1",
        item_id="item-1",
        state=RequestState.SENT,
        ground=Ground.PLATFORM_RULES,
        route=route,
        recipient="them",
        capacity=Capacity.SCHOOL_REPRESENTATIVE,
        notice=route.value,
        subject="s",
        body="b",
        drafted_by="u-dsl",
        drafted_at=NOON,
        sent_at=NOON,
    )
    return made.model_copy(update=changes)


def a_referral(body: ReferralBody = ReferralBody.POLICE, **changes: object) -> Referral:
    """Return a referral that was made."""
    made = Referral(id="ref-1", case_id="case-1", body=body, why="a threat", opened_by="u-head", opened_at=NOON, made_at=NOON)
    return made.model_copy(update=changes)


LOOKED = NetworkLookup(
    id="l-1",
    host="forum.fernley.example",
    domain="fernley.example",
    addresses=("93.184.216.34",),
    contacts=(
        NetworkContact(
            scope=ContactScope.HOST,
            name="Hosting abuse",
            roles=("abuse",),
            email="abuse@hosting.example",
            source="https://rdap.example/ip/1",
        ),
        NetworkContact(
            scope=ContactScope.REGISTRAR,
            name="Names",
            roles=("abuse",),
            email="abuse@names.example",
            source="https://rdap.example/domain/x",
        ),
    ),
    looked_by="u-dsl",
    looked_at=NOON,
)


def routes_of(found: Plan) -> list[Route]:
    """Return the routes proposed, in order."""
    return [one.route for one in found.proposals]


# A1 B1: the platforms that the policies name
@pytest.mark.parametrize(
    "name",
    [
        "facebook",
        "linkedin",
        "twitter",
        "google_plus",
        "instagram",
        "myspace",
        "flickr",
        "youtube",
        "tiktok",
        "wikipedia",
        "x",
        "snapchat",
        "reddit",
    ],
)
def test_every_platform_that_the_policies_name_has_a_row(name: str) -> None:
    """Label, help-page link, who may ask, evidence wanted, source; the old name of X is the same platform."""
    row = ROWS[PlatformName(name)]

    assert all((row.label, row.form_link.startswith("https://"), row.who, row.evidence, row.source))


# A2: a site without a row is asked all the same
@pytest.mark.parametrize("platform", list(PlatformName))
def test_every_platform_has_a_way_or_says_what_is_done_instead(platform: PlatformName) -> None:
    """Nothing depends on a place being listed; Wikipedia and a closed service say why nothing is taken down there."""
    found = plan(BULLIED, (on(platform),), ROWS, NOON)

    assert bool(found.proposals) is not bool(found.closed)
    if ROWS.get(platform) is not None and ROWS[platform].not_a_takedown:
        assert found.closed == (ROWS[platform].not_a_takedown,)
    assert all(why in [step.says for step in found.order] for why in found.closed)
    assert (platform in {PlatformName.WIKIPEDIA, PlatformName.GOOGLE_PLUS, PlatformName.NEWS}) is bool(found.closed)


# B3: the rules of a place stand beside its form, and how old that knowledge is
def test_rows_of_the_great_platforms_link_to_their_rules() -> None:
    """Where a form is known, so are the rules; help-page level, by https."""
    lacking = [row.name for row in ROWS.values() if row.ways and not row.rules.startswith("https://")]

    assert lacking == []


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("https://fernley.wordpress.com/2026/post", "WordPress.com"),
        ("https://fernley.blogspot.com/x", "Blogger"),
        ("https://www.trustpilot.com/review/1", "Trustpilot"),
        ("https://web.archive.org/web/2026/https://x.example", "a web archive"),
    ],
)
def test_a_place_is_known_by_its_host(address: str, label: str) -> None:
    """A blog on a great host has that host's form; one of the same kind elsewhere is asked directly."""
    item = on(PlatformName.BLOG, address)
    row = row_of(item, ROWS)

    assert row is not None
    assert row.label == label
    assert routes_of(plan(BULLIED, (item,), ROWS, NOON))[0] in {Route.PLATFORM_FORM, Route.WEB_ARCHIVE}
    assert row_of(on(PlatformName.BLOG, "https://notwordpress.com.example/x"), ROWS) is None


def test_who_may_file_stands_with_each_form() -> None:
    """A co-worker cannot file a teacher's privacy complaint; a parent only for a child under 13 at one place; copyright: the owner."""
    youtube = {form.title: form for form in ROWS["youtube"].ways}
    facebook = {form.title: form for form in ROWS["facebook"].ways}

    assert youtube["privacy complaint"].personal
    assert Who.PR_UNDER_13 in facebook["picture privacy form"].who
    assert not facebook["copyright form"].personal
    assert youtube["defamation complaint"].forwarded
    assert all(form.forwarded for form in ROWS["linkedin"].ways)


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "[[platform]]\nplatform = 'nowhere'",
        "",
        "[[platform]]\nplatform = 'x'\nlabel = 'X'",
        "[[platform]]\nplatform='x'\nlabel='X'\nform_link='l'\nwho='w'\nevidence='e'\nnotes='n'\nsource='s'\nchecked_on='soon'",
        "[[platform]]\nplatform='x'\nlabel='X'\nform_link='l'\nwho='w'\nevidence='e'\nnotes='n'\nsource='s'\nways=[{kind='odd',title='t',who=[],grounds=[],says='s'}]",
        "[[platform]]\nplatform='x'\nlabel='X'\nform_link='l'\nwho='w'\nevidence='e'\nnotes='n'\nsource='s'\nways=[3]",
    ],
)
def test_a_broken_table_is_named(text: str) -> None:
    """Whatever is wrong in it, the file is named and nothing else breaks."""
    with pytest.raises(SettingsError, match=r"routes\.toml"):
        load(text)


def test_a_row_that_was_removed_is_said_and_breaks_nothing() -> None:
    """A platform that stands no longer in the table: its address itself is the link, and the warning says where to look."""
    found = plan(BULLIED, (on(PlatformName.TIKTOK, "https://www.tiktok.com/@x/video/1"),), {}, NOON).proposals[0]

    assert found.recipient == "www.tiktok.com reporting team"
    assert any("no longer in the table" in line for line in found.warnings)
    must_fit(BULLIED, on(PlatformName.TIKTOK), {}, a_request())


def test_addresses_that_are_none_break_nothing() -> None:
    """A reported address may be any text."""
    for address in ("http://[broken", "", "just words", "https:///nothing"):
        assert hostname(address) == ""
        assert plan(BULLIED, (on(PlatformName.OTHER_WEB, address),), ROWS, NOON).proposals


def test_helplines_are_known_with_hours_and_limits() -> None:
    """Every body of §2.10: what it takes and does not take, who may turn to it; telephone numbers where the source has them."""
    bodies = helplines.shipped()

    assert set(bodies) >= {
        "police",
        "lado",
        "csc",
        "posh",
        "rhc",
        "iwf",
        "report_remove",
        "stopncii",
        "ceop",
        "ofcom",
        "ico",
        "prevent",
        "support",
    }
    assert bodies["posh"].reach == "0344 381 4772 · helpline@saferinternet.org.uk · Monday to Friday, 10:00 to 16:00"
    assert bodies["posh"].doubt(date(2026, 12, 1)) is None
    assert bodies["posh"].doubt(date(2027, 12, 1)) is not None
    assert bodies["prevent"].doubt(date(2026, 12, 1)) is not None
    assert all(body.takes and body.not_takes and body.who for body in bodies.values())
    for text in (
        "",
        "body = 3",
        "[[body]]\ncode='x'",
        "[[body]]\ncode='x'\nname='n'\ntakes='t'\nnot_takes='n'\nwho='w'\nsource='s'\nchecked_on='x'",
    ):
        with pytest.raises(SettingsError, match=r"helplines\.toml"):
            helplines.load(text)


def test_every_choice_has_its_words() -> None:
    """Routes, grounds, capacities and scopes all have a label; every scope has a route and says what it can do."""
    assert set(ROUTE_LABELS) == set(Route)
    assert set(GROUND_LABELS) == set(RULES) == set(Ground)
    assert set(CAPACITY_LABELS) == set(Capacity)
    assert set(SCOPE_LABELS) == set(SCOPE_NOTES) == set(SCOPE_ROUTES) == set(ContactScope)


def claim(ground: Ground, **changes: object) -> Claim:
    """Return a claim in a case that would carry it; `changes` alter claim or case."""
    lead = next((one for one in HARMS if ground in grounds_for(one)), Category.HARASSMENT_STAFF)
    case = a_case(lead_category=lead, target="teacher", advice_recorded_at=NOON)
    made = Claim(case, ground, Capacity.SUBJECT, complainant="the teacher", linked=2, authority=True)
    of_case = {name: value for name, value in changes.items() if name in Case.model_fields}
    rest = {name: value for name, value in changes.items() if name not in of_case}
    return replace(made, case=case.model_copy(update=of_case), **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("ground", [one for one in Ground if one is not Ground.CSAM])
def test_a_ground_fits_where_its_proof_is_there(ground: Ground) -> None:
    """With the person, their agreement, two incidents and advice every ground but one can be used."""
    assert unfit(claim(ground)) is None


@pytest.mark.parametrize(
    ("ground", "changes", "words"),
    [
        (Ground.CSAM, {}, "police or the IWF"),
        (Ground.CHILD_IMAGE_PRIVACY, {"target": "none"}, "ask nicely instead"),
        (Ground.ADULT_IMAGE_PRIVACY, {"target": "school"}, "belongs to a person"),
        (Ground.PRIVATE_INFORMATION, {"complainant": " "}, "on whose behalf"),
        (Ground.DEFAMATION_INDIVIDUAL, {"target": "school"}, "school as a body"),
        (Ground.DEFAMATION_INDIVIDUAL, {"capacity": Capacity.SCHOOL_REPRESENTATIVE}, "the person concerned asks"),
        (Ground.DEFAMATION_INDIVIDUAL, {"complainant": ""}, "on whose behalf"),
        (Ground.HARASSMENT, {"linked": 1, "lead_category": Category.HARASSMENT_STAFF}, "single rude post"),
        (Ground.HATE, {"lead_category": Category.HARASSMENT_STAFF}, "not about hate"),
        (Ground.THREAT, {"lead_category": Category.HARASSMENT_STAFF}, "not about a threat"),
        (Ground.IMPERSONATION, {"lead_category": Category.HARASSMENT_STAFF}, "not about impersonation"),
        (Ground.COPYRIGHT, {"lead_category": Category.DEFAMATION_INDIVIDUAL}, "never a pretext"),
        (Ground.GDPR_ERASURE, {"capacity": Capacity.SCHOOL_REPRESENTATIVE, "authority": False}, "no right of its own"),
        (Ground.LEGAL_NAMING_BAN, {"advice_recorded_at": None}, "after safeguarding advice"),
        (Ground.FALSE_COMMUNICATION, {"lead_category": Category.HARASSMENT_STAFF}, "corrected with facts"),
        (Ground.PLATFORM_RULES, {"lead_category": Category.FAIR_CRITICISM}, "answered, not removed"),
        (Ground.MODERATOR_GOODWILL, {"lead_category": Category.DISREPUTE_ONLY}, "answered, not removed"),
    ],
)
def test_a_ground_is_refused_where_it_does_not_fit(ground: Ground, changes: dict[str, object], words: str) -> None:
    """Each row of §3.3 has its "not usable when", in words."""
    assert words in (unfit(claim(ground, **changes)) or "")


# B16: copyright carries a request for our own material only
@given(category=st.sampled_from(sorted(HARMS)))
def test_copyright_is_never_a_pretext(category: Category) -> None:
    """Only where our own photograph, logo or text was used: no other harm lets copyright in."""
    own = {Category.COPYRIGHT_MISUSE, Category.STAFF_IMAGE, Category.PUPIL_IMAGE, Category.IMPERSONATION}
    refused = unfit(claim(Ground.COPYRIGHT, lead_category=category)) is not None

    assert refused is (category not in own)


def test_one_plainly_threatening_post_is_enough_for_harassment() -> None:
    """Two incidents, or one that threatens."""
    assert unfit(claim(Ground.HARASSMENT, linked=1, lead_category=Category.VIOLENCE_INTIMIDATION)) is None


# A3: lowering the school's reputation is no ground (§1.4)
@given(category=st.sampled_from(sorted(OUTCOMES)), ground=st.sampled_from(Ground), capacity=st.sampled_from(Capacity))
def test_no_ground_carries_a_request_against_lawful_speech(category: Category, ground: Ground, capacity: Capacity) -> None:
    """Whatever the ground and whoever asks."""
    case = a_case(lead_category=category, target="teacher", advice_recorded_at=NOON)

    assert unfit(Claim(case, ground, capacity, "the teacher", 5, authority=True)) is not None
    assert first_ground(case) is None
    assert plan(case, (FORUM,), ROWS, NOON).proposals == ()


def test_a_single_rude_post_is_a_matter_of_the_places_rules() -> None:
    """Harassment is proposed for linked incidents only."""
    assert first_ground(BULLIED, 1) is Ground.PLATFORM_RULES
    assert first_ground(BULLIED, 2) is Ground.HARASSMENT


@pytest.mark.parametrize(
    ("case", "stop"),
    [
        (a_case(stop=True), stops.indecent_image),
        (a_case(lead_category=Category.CSAM), stops.indecent_image),
        (a_case(lead_category=Category.FAIR_CRITICISM), stops.lawful_speech),
        (a_case(lead_category=Category.GROOMING), stops.police_first),
        (a_case(lead_category=Category.STALKING), stops.police_first),
        (a_case(lead_category=Category.THREAT_TO_LIFE), stops.police_first),
        (a_case(lead_category=Category.STAFF_ALLEGATION), stops.child_first),
        (a_case(lead_category=Category.SAFEGUARDING_DISCLOSURE), stops.child_first),
        (a_case(state=CaseState.HOLD_BY_AUTHORITY), stops.held),
        (a_case(state=CaseState.SAFEGUARDING_LEAD), stops.with_the_lead),
    ],
)
def test_each_hard_stop_has_its_own_words(case: Case, stop: object) -> None:
    """The stop that fits speaks, is in the list, and is silent for an ordinary case."""
    why = stop(case)  # type: ignore[operator]

    assert why in stops.hard_stops(case)
    assert plan(case, (FORUM,), ROWS, NOON).stops == stops.hard_stops(case)
    assert stop(BULLIED) is None  # type: ignore[operator]


@given(
    category=st.sampled_from(Category),
    state=st.sampled_from(CaseState),
    stopped=st.booleans(),
    advice=st.none() | st.just(NOON),
)
def test_whatever_blocks_a_request_is_a_hard_stop(category: Category, state: CaseState, stopped: bool, advice: object) -> None:
    """The guard of requests and the list on screen never disagree."""
    case = a_case(lead_category=category, state=state, stop=stopped, advice_recorded_at=advice)

    assert blocked(case) is None or stops.hard_stops(case)


def test_a_suicidal_post_goes_to_the_crisis_report_only() -> None:
    """Before contact is recorded the platform's report is the one open way; afterwards others may open."""
    case = a_case(lead_category=Category.SELF_HARM, severity=Severity.S4)

    assert stops.welfare_first(case, Route.PLATFORM_FORM) is None
    assert "welfare first" in (stops.welfare_first(case, Route.SITE_OPERATOR) or "")
    assert routes_of(plan(case, (FORUM,), ROWS, NOON)) == []
    assert set(routes_of(plan(case, (on(PlatformName.TIKTOK),), ROWS, NOON))) == {Route.PLATFORM_FORM}
    advised = case.model_copy(update={"advice_recorded_at": NOON})
    assert stops.welfare_first(advised, Route.HOST) is None


def test_journalism_is_for_the_editor() -> None:
    """What a newspaper writes about a person's conduct is no takedown without legal advice; a threat below an article is no journalism."""
    news = on(PlatformName.NEWS)
    case = a_case(lead_category=Category.DEFAMATION_INDIVIDUAL)
    threat = a_case(lead_category=Category.VIOLENCE_INTIMIDATION)

    assert "the editor" in (stops.journalism(case, news, Route.SITE_OPERATOR) or "")
    assert plan(case, (news,), ROWS, NOON).proposals == ()
    assert stops.journalism(threat, news, Route.SITE_OPERATOR) is None
    assert stops.journalism(case.model_copy(update={"advice_recorded_at": NOON}), news, Route.SITE_OPERATOR) is None
    with pytest.raises(IllegalMoveError, match="journalism"):
        must_fit(case, news, ROWS, a_request(Route.SITE_OPERATOR))


def test_nobody_is_named_without_their_agreement() -> None:
    """A section 5 notice, and a form that is passed on, need the complainant's agreement; a rule report does not."""
    lumen = next(form for form in ROWS["youtube"].ways if form.title == "defamation complaint")

    assert stops.must_be_named(Route.SECTION_5, None, "") is not None
    assert stops.must_be_named(Route.COMPLAINANT, lumen, "") is not None
    assert stops.must_be_named(Route.SECTION_5, None, "the teacher") is None
    assert stops.must_be_named(Route.PLATFORM_FORM, None, "") is None
    with pytest.raises(IllegalMoveError, match="agreement"):
        must_fit(a_case(), FORUM, ROWS, a_request(Route.SECTION_5))


def test_what_is_published_or_passed_on_is_accepted_first() -> None:
    """The words say where it goes."""
    lumen = next(form for form in ROWS["youtube"].ways if form.title == "defamation complaint")

    video = on(PlatformName.YOUTUBE)
    by_form = a_request(Route.COMPLAINANT, ground=Ground.DEFAMATION_INDIVIDUAL)
    assert "Lumen" in (stops.forwarding_accepted(lumen, accepted=False) or "")
    assert stops.forwarding_accepted(lumen, accepted=True) is None
    assert stops.forwarding_accepted(None, accepted=False) is None
    assert next(one for one in plan(a_case(), (video,), ROWS, NOON).proposals if one.route is Route.COMPLAINANT).forwarded
    with pytest.raises(CaseError, match="Lumen"):
        must_accept(video, ROWS, by_form, accepted=False)
    must_accept(video, ROWS, by_form, accepted=True)
    must_accept(video, ROWS, a_request(), accepted=False)


def test_the_school_as_a_body_claims_no_defamation() -> None:
    """Only a person does (§2.1)."""
    assert stops.body_cannot_claim(a_case(target="school"), Ground.DEFAMATION_INDIVIDUAL) is not None
    with pytest.raises(IllegalMoveError, match="school as a body"):
        must_fit(a_case(target="school"), FORUM, ROWS, a_request(ground=Ground.DEFAMATION_INDIVIDUAL))


def test_wikipedia_is_not_reported_like_a_post() -> None:
    """It is corrected on its talk page."""
    with pytest.raises(IllegalMoveError, match="talk page"):
        must_fit(BULLIED, on(PlatformName.WIKIPEDIA), ROWS, a_request())


def test_a_ground_that_does_not_fit_is_refused_when_drafting() -> None:
    """The refusal is the ground's own."""
    with pytest.raises(GroundMissingError, match="single rude post"):
        must_fit(BULLIED, FORUM, ROWS, a_request(ground=Ground.HARASSMENT))
    must_fit(BULLIED, FORUM, ROWS, a_request(ground=Ground.HARASSMENT), linked=2)
    seen = {"authority": "letter of a parent, 2 July 2026"}
    child = a_case(lead_category=Category.PUPIL_IMAGE, target="pupil")
    must_fit(child, FORUM, ROWS, a_request(Route.GDPR_ERASURE, ground=Ground.GDPR_ERASURE, details=seen))
    with pytest.raises(GroundMissingError, match="written authority"):
        must_fit(child, FORUM, ROWS, a_request(Route.GDPR_ERASURE, ground=Ground.GDPR_ERASURE))


QUIET = Counts(views=12, likes=0, shares=0, replies=1)


def test_few_old_and_about_nobody_is_better_left_alone() -> None:
    """All three together propose recording alone; the reach stands beside it."""
    case, old = a_case(target="school", severity=Severity.S1), NOON - timedelta(days=40)
    found = plan(case, (FORUM,), ROWS, NOON, Known(counts=QUIET, posted_at=old))

    assert "recording it is proposed" in (found.leave_alone or "")
    assert found.reach == "12 views, 0 likes, 0 shares, 1 reply; 40 days old"


@pytest.mark.parametrize(
    ("case", "counts", "days"),
    [
        (a_case(target="teacher", severity=Severity.S1), QUIET, 40),
        (a_case(target="school", severity=Severity.S3), QUIET, 40),
        (a_case(target="school", severity=Severity.S1), QUIET.model_copy(update={"views": 4_000}), 40),
        (a_case(target="school", severity=Severity.S1), QUIET.model_copy(update={"shares": 30}), 40),
        (a_case(target="school", severity=Severity.S1), Counts(), 40),
        (a_case(target="school", severity=Severity.S1), None, 40),
        (a_case(target="school", severity=Severity.S1), QUIET, 3),
        (a_case(target="school", severity=Severity.S1), QUIET, None),
    ],
)
def test_unknown_reach_is_not_small_reach(case: Case, counts: Counts | None, days: int | None) -> None:
    """A person, a serious matter, a wide or unknown reach, or a fresh post is never waved away."""
    posted = None if days is None else NOON - timedelta(days=days)

    assert stops.better_left_alone(case, counts, posted, NOON) is None


@pytest.mark.parametrize("source", [SourceKind.PARENT, SourceKind.PUPIL, SourceKind.STAFF])
def test_a_known_author_is_spoken_to_first(source: SourceKind) -> None:
    """A parent, a pupil or a member of staff is asked by somebody who knows them, before any report (B13, B14)."""
    found = plan(BULLIED, (FORUM,), ROWS, NOON, Known(source=source))

    assert routes_of(found)[:2] == [Route.AUTHOR, Route.SITE_OPERATOR]
    assert next(step for step in found.order if step.number == 2).standing is Standing.DUE


@pytest.mark.parametrize(
    ("case", "source", "referrals"),
    [
        (BULLIED, SourceKind.UNKNOWN, ()),
        (BULLIED, SourceKind.PUBLIC, ()),
        (a_case(lead_category=Category.VIOLENCE_INTIMIDATION), SourceKind.PARENT, ()),
        (a_case(lead_category=Category.THREAT_TO_LIFE), SourceKind.PARENT, ()),
        (a_case(lead_category=Category.SAFEGUARDING_DISCLOSURE), SourceKind.STAFF, ()),
        (a_case(lead_category=Category.GROOMING), SourceKind.STAFF, ()),
        (a_case(lead_category=Category.PUPIL_IMAGE, target="pupil"), SourceKind.PARENT, ()),
        (BULLIED.model_copy(update={"state": CaseState.HOLD_BY_AUTHORITY}), SourceKind.PARENT, ()),
        (BULLIED, SourceKind.PARENT, (a_referral(),)),
    ],
)
def test_some_authors_are_never_warned(case: Case, source: SourceKind, referrals: tuple[Referral, ...]) -> None:
    """Unknown, threatening, a child's picture, safeguarding, or where it could tip somebody off."""
    found = plan(case, (FORUM,), ROWS, NOON, Known(source=source, referrals=referrals))

    assert author_first(case, source, referrals) is not None
    assert Route.AUTHOR not in routes_of(found)


@settings(max_examples=300)
@given(category=st.sampled_from(Category), source=st.sampled_from(SourceKind), severity=st.sampled_from(Severity))
def test_no_safeguarding_matter_ever_proposes_the_author(category: Category, source: SourceKind, severity: Severity) -> None:
    """Whatever is known of the author."""
    from data.model.readings import SAFEGUARDING

    case = a_case(lead_category=category, severity=severity, target="teacher")
    if category in SAFEGUARDING:
        assert Route.AUTHOR not in routes_of(plan(case, (FORUM,), ROWS, NOON, Known(source=source)))


def test_a_known_accounts_owner_is_asked_politely_for_a_picture() -> None:
    """The ICO's first step, by somebody who knows them; not where the matter is serious."""
    case = a_case(lead_category=Category.PUPIL_IMAGE, target="pupil", severity=Severity.S2)

    assert routes_of(plan(case, (FORUM,), ROWS, NOON, Known(source=SourceKind.PARENT)))[0] is Route.ACCOUNT_OWNER
    grave = case.model_copy(update={"severity": Severity.S3})
    assert Route.ACCOUNT_OWNER not in routes_of(plan(grave, (FORUM,), ROWS, NOON, Known(source=SourceKind.PARENT)))


def test_the_rule_report_comes_before_the_legal_form() -> None:
    """§3.1: step 3, then 4 beside it; a form for the person concerned is theirs to file (A19)."""
    found = plan(a_case(), (on(PlatformName.YOUTUBE),), ROWS, NOON)

    assert routes_of(found)[:2] == [Route.PLATFORM_FORM, Route.COMPLAINANT]
    assert any("only the person concerned" in line for line in found.proposals[1].warnings)
    assert any("Lumen" in line for line in found.proposals[1].warnings)


def test_each_way_stands_once_and_names_its_other_forms() -> None:
    """Two forms of one platform for the person concerned are one way, with both named."""
    found = plan(a_case(lead_category=Category.STAFF_IMAGE), (on(PlatformName.FACEBOOK),), ROWS, NOON)
    defamed = plan(a_case(), (on(PlatformName.YOUTUBE),), ROWS, NOON).proposals
    personal = plan(a_case(lead_category=Category.PUPIL_PERSONAL_DATA, target="pupil"), (on(PlatformName.FACEBOOK),), ROWS, NOON).proposals
    complainant = next(one for one in personal if one.route is Route.COMPLAINANT)

    assert len(routes_of(found)) == len(set(routes_of(found)))
    assert len(defamed) == len({one.route for one in defamed})
    assert "picture privacy form" in complainant.recipient
    assert any("also: Facebook: legal removal request form" in reason for reason in complainant.reasons)


def test_section_5_is_a_persons_and_only_against_an_unknown_poster() -> None:
    """Beside the request to a site's operator; not at a great platform, not for the school as a body, not where the poster is known."""
    person = a_case(target="teacher")

    assert Route.SECTION_5 in routes_of(plan(person, (FORUM,), ROWS, NOON))
    assert Route.SECTION_5 in routes_of(plan(person, (on(PlatformName.MUMSNET),), ROWS, NOON))
    assert Route.SECTION_5 not in routes_of(plan(person, (on(PlatformName.TIKTOK),), ROWS, NOON))
    assert Route.SECTION_5 not in routes_of(plan(a_case(target="school"), (FORUM,), ROWS, NOON))
    assert Route.SECTION_5 not in routes_of(plan(person, (FORUM,), ROWS, NOON, Known(source=SourceKind.PARENT)))


def test_a_childs_data_on_a_site_may_be_erased_by_right() -> None:
    """The child's or a parent's request, in the parent's capacity."""
    found = plan(a_case(lead_category=Category.PUPIL_PERSONAL_DATA, target="pupil"), (FORUM,), ROWS, NOON).proposals
    erasure = next(one for one in found if one.route is Route.GDPR_ERASURE)

    assert (erasure.ground, erasure.capacity) == (Ground.GDPR_ERASURE, Capacity.PARENT)


def test_an_archive_is_asked_as_an_archive() -> None:
    """With its own letter and form."""
    copy = on(PlatformName.OTHER_WEB, "https://web.archive.org/web/2026/https://x.example")
    found = plan(BULLIED, (copy,), ROWS, NOON).proposals[0]

    assert (found.route, found.form_link) == (Route.WEB_ARCHIVE, "https://help.archive.org/")


@settings(max_examples=400)
@given(
    category=st.sampled_from(Category),
    platform=st.sampled_from(PlatformName),
    source=st.sampled_from(SourceKind),
    severity=st.sampled_from(Severity),
    sent=st.booleans(),
)
def test_every_way_has_a_notice_that_takes_its_ground(
    category: Category, platform: PlatformName, source: SourceKind, severity: Severity, sent: bool
) -> None:
    """Nothing is proposed that its own template would refuse."""
    case = a_case(lead_category=category, severity=severity, target="pupil", advice_recorded_at=NOON)
    facts = Known(source=source, linked=2, requests=(a_request(Route.SITE_OPERATOR),) if sent else (), lookups={"site.example.org": LOOKED})
    found = plan(case, (on(platform),), ROWS, NOON + timedelta(days=8), facts).proposals
    notices = {one.route: notice_for(one.route) for one in found}

    assert [one.route for one in found if notices[one.route].grounds and one.ground not in notices[one.route].grounds] == []
    assert [one.route for one in found if category in notices[one.route].not_for] == []
    assert all(one.ground in one.grounds for one in found)


def test_the_helpline_comes_at_once_for_a_serious_matter() -> None:
    """POSH at once for S3, after twelve hours otherwise."""
    grave = BULLIED.model_copy(update={"severity": Severity.S3})

    assert Route.POSH in routes_of(plan(grave, (FORUM,), ROWS, NOON))
    assert Route.POSH not in routes_of(plan(BULLIED, (FORUM,), ROWS, NOON + timedelta(hours=11, minutes=59)))
    assert Route.POSH in routes_of(plan(BULLIED, (FORUM,), ROWS, NOON + timedelta(hours=12)))


# A21: the parties behind a site
def test_the_host_found_by_the_look_up_is_proposed_after_a_day() -> None:
    """With recipient, what it can do, and what its letter asks already filled in; before a day only when the operator refused."""
    asked = a_request(Route.SITE_OPERATOR, decision="no", decided_at=NOON + timedelta(hours=2))
    facts = Known(lookups={LOOKED.host: LOOKED}, requests=(asked,))
    early = plan(BULLIED, (FORUM,), ROWS, NOON + timedelta(hours=3), facts)
    late = plan(BULLIED, (FORUM,), ROWS, NOON + timedelta(hours=24), facts)
    host = next(one for one in late.proposals if one.route is Route.HOST)
    refused = replace(facts, requests=(asked.model_copy(update={"state": RequestState.REFUSED}),))

    assert Route.HOST not in routes_of(early)
    assert Route.HOST in routes_of(plan(BULLIED, (FORUM,), ROWS, NOON + timedelta(hours=3), refused))
    assert [one.route for one in late.proposals if one.route in {Route.HOST, Route.CDN, Route.REGISTRAR}] == [Route.HOST, Route.REGISTRAR]
    assert host.recipient == "Hosting abuse (abuse@hosting.example)"
    assert host.prefill["domain"] == "fernley.example"
    assert host.prefill["ip"] == "93.184.216.34"
    assert "RDAP" in host.prefill["looked_up"]


def test_nobody_behind_a_big_platform_is_proposed() -> None:
    """The rungs say that they make no sense there, and why."""
    found = plan(BULLIED, (on(PlatformName.FACEBOOK, "https://www.facebook.com/x/posts/1"),), ROWS, NOON + timedelta(days=9))
    states = {one.rung.value: one for one in found.rungs}

    assert not {Route.HOST, Route.CDN, Route.REGISTRAR} & set(routes_of(found))
    assert all(states[rung].standing is Standing.NOT_HERE and "own host" in states[rung].why for rung in ("host", "cdn", "registrar"))


def test_the_abuse_desk_is_the_best_contact() -> None:
    """Of several contacts of a scope, the abuse desk with a mailbox."""
    others = (NetworkContact(scope=ContactScope.HOST, name="a", roles=("technical",), email="noc@hosting.example", source="s"),)
    found = best_contact(LOOKED.model_copy(update={"contacts": (*others, *LOOKED.contacts)}), ContactScope.HOST)

    assert found is not None
    assert found.email == "abuse@hosting.example"
    assert best_contact(None, ContactScope.HOST) is None
    assert best_contact(LOOKED, ContactScope.CDN) is None
    with pytest.raises(GroundMissingError):
        behind(a_case(lead_category=Category.FAIR_CRITICISM), FORUM, None, LOOKED, others[0], Known(), NOON)


def test_the_search_engine_is_for_what_stays_up() -> None:
    """Only where a person's data or name is at stake, and after somebody was asked."""
    child = a_case(lead_category=Category.PUPIL_PERSONAL_DATA, target="pupil")

    assert Route.SEARCH_ENGINE not in routes_of(plan(child, (FORUM,), ROWS, NOON))
    assert Route.SEARCH_ENGINE in routes_of(plan(child, (FORUM,), ROWS, NOON, Known(requests=(a_request(Route.SITE_OPERATOR),))))


def test_the_order_of_attack_is_numbered_and_reasoned() -> None:
    """Steps 0 to 8, each with a line; what is done is said to be done."""
    facts = Known(has_evidence=True, requests=(a_request(Route.SITE_OPERATOR),))
    found = plan(BULLIED, (FORUM,), ROWS, NOON, facts).order

    assert [step.number for step in found] == sorted(step.number for step in found)
    assert {step.number for step in found} == set(range(9))
    assert all(step.says for step in found)
    assert [step.standing for step in found if step.number in {1, 3}] == [Standing.TAKEN, Standing.TAKEN]


@settings(max_examples=200)
@given(
    category=st.sampled_from(Category),
    severity=st.sampled_from(Severity),
    target=st.sampled_from(["none", "school", "teacher", "pupil", "staff:7"]),
    platform=st.sampled_from(PlatformName),
    source=st.sampled_from(SourceKind),
    hours=st.integers(0, 24 * 40),
    state=st.sampled_from(CaseState),
)
def test_a_plan_can_always_be_drawn_up(  # noqa: PLR0917 - what a plan depends on
    category: Category, severity: Severity, target: str, platform: PlatformName, source: SourceKind, hours: int, state: CaseState
) -> None:
    """No case breaks it; every proposal has a reason, a recipient and a ground of the case, and none is closed by a stop."""
    case, item = a_case(lead_category=category, severity=severity, target=target, state=state), on(platform)
    found = plan(case, (item,), ROWS, NOON + timedelta(hours=hours), Known(source=source, lookups={"site.example.org": LOOKED}))

    for one in found.proposals:
        assert one.reasons
        assert one.recipient
        assert not stops.way_stops(case, item, one.route, one.ground)
        assert one.ground is not Ground.CSAM
