"""The smaller rules: requests, checks, routes, words that may not leave, who sees what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from casework import access
from casework.asking import platform_rows
from casework.checks import ConclusionWord, confirmation_due, next_check, schedule, schedule_verified, seen
from casework.errors import EvidenceMissingError, GroundMissingError, IllegalMoveError
from casework.intake import platform_of
from casework.notice import leaks
from casework.requests import REQUEST_MOVES, may_send, step
from casework.routes import grounds_for, hard_stops, load, plan, route_for
from casework.testing import ADDRESS, NOON, a_case, a_check, a_finding, a_user, an_evidence, an_item
from data.errors import NotFoundError, PermissionDeniedError, SettingsError
from data.model.cases import Capacity, CaseState, Confidentiality, Ground, RequestState, Route, TakedownRequest, Verdict
from data.model.evidence import Completeness
from data.model.people import Role
from data.model.posts import PlatformName
from data.model.readings import OUTCOMES, Category, Severity

LATER = NOON + timedelta(days=1)


def a_request(**changes: object) -> TakedownRequest:
    """Return a drafted request."""
    made = TakedownRequest(
        id="r-1",
        case_id="case-1",
        item_id="item-1",
        state=RequestState.READY,
        ground=Ground.PLATFORM_RULES,
        route=Route.SITE_OPERATOR,
        recipient="the operator",
        capacity=Capacity.SCHOOL_REPRESENTATIVE,
        notice="site_operator",
        subject="s",
        body="b",
        drafted_by="u-dsl",
        drafted_at=NOON,
    )
    return made.model_copy(update=changes)


@pytest.mark.parametrize("before", list(RequestState))
def test_requests_move_by_their_table(before: RequestState) -> None:
    """Listed steps pass, all others are refused."""
    for after in RequestState:
        request = a_request(state=before)
        if after in REQUEST_MOVES[before]:
            assert step(request, after).state is after
        else:
            with pytest.raises(IllegalMoveError):
                step(request, after)


def test_evidence_of_another_item_does_not_count() -> None:
    """Evidence must show this very item, and a wall shows nothing (A14)."""
    for evidence in (an_evidence(item_id="item-2"), an_evidence(completeness=Completeness.BEHIND_WALL)):
        with pytest.raises(EvidenceMissingError):
            may_send(a_case(), a_request(), [evidence])
    may_send(a_case(), a_request(), [an_evidence()])


def test_defamation_belongs_to_a_person() -> None:
    """The school as a body cannot be the complainant; the person or their solicitor asks, named by role."""
    request = a_request(ground=Ground.DEFAMATION_INDIVIDUAL, capacity=Capacity.SUBJECT, complainant="the teacher")
    may_send(a_case(), request, [an_evidence()])
    for case, wrong in (
        (a_case(target="school"), request),
        (a_case(), request.model_copy(update={"complainant": None})),
        (a_case(), request.model_copy(update={"capacity": Capacity.SCHOOL_REPRESENTATIVE})),
    ):
        with pytest.raises(GroundMissingError):
            may_send(case, wrong, [an_evidence()])


def test_looks_are_planned_as_the_reference_says() -> None:
    """+1 h, +4 h, +12 h, +24 h, daily to day 7; after verified +24 h, days 3, 7 and 14 (§5.5)."""
    assert [(due - NOON) / timedelta(hours=1) for _slot, due in schedule(NOON)] == [1, 4, 12, 24, 48, 72, 96, 120, 144, 168]
    assert [(due - NOON).days for _slot, due in schedule_verified(NOON)] == [1, 3, 7, 14]


def test_after_a_weekend_off_one_look_is_due_not_ten() -> None:
    """The latest overdue look stands for those that were missed."""
    due = next_check("item-1", [], case_id="case-1", sent_at=NOON, now=NOON + timedelta(hours=50))
    assert due is not None

    looked = a_check(Verdict.PRESENT, timedelta(hours=50), slot=due.slot)
    following = next_check("item-1", [looked], case_id="case-1", sent_at=NOON, now=NOON + timedelta(hours=51))

    assert due.slot.startswith("after-request+2d")
    assert following is not None
    assert following.due_at == NOON + timedelta(hours=72)


def test_confirmation_waits_a_quarter_and_backs_off() -> None:
    """A first "gone" is confirmed after 15 minutes; walls in between make it try again later, a second "gone" ends it."""
    first = a_check()
    wall = a_check(Verdict.UNREACHABLE, timedelta(minutes=15), slot=f"confirm-{first.id}-1")
    second = a_check(after=timedelta(minutes=30))

    assert confirmation_due([first]) == (f"confirm-{first.id}-1", NOON + timedelta(minutes=15))
    assert confirmation_due([first, wall]) == (f"confirm-{first.id}-2", NOON + timedelta(minutes=30))
    assert confirmation_due([first, wall, second]) is None
    assert confirmation_due([a_check(Verdict.PRESENT)]) is None


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        ([], ConclusionWord.NONE),
        ([Verdict.PRESENT], ConclusionWord.UP),
        ([Verdict.NOT_VISIBLE_TO_US], ConclusionWord.UNKNOWN),
        ([Verdict.REMOVED_UNKNOWN], ConclusionWord.GONE_ONCE),
        ([Verdict.REMOVED_UNKNOWN, Verdict.UNREACHABLE, Verdict.ACCOUNT_GONE], ConclusionWord.VERIFIED),
        ([Verdict.REMOVED_UNKNOWN, Verdict.PRESENT, Verdict.REMOVED_UNKNOWN], ConclusionWord.GONE_ONCE),
        ([Verdict.REMOVED_UNKNOWN, Verdict.PRESENT], ConclusionWord.REAPPEARED),
        ([Verdict.PRESENT, Verdict.EDITED], ConclusionWord.AMENDED),
    ],
)
def test_what_looks_amount_to(verdicts: list[Verdict], word: ConclusionWord) -> None:
    """Each order of looks, twenty minutes apart, has its one word."""
    checks = [a_check(verdict, timedelta(minutes=20 * number)) for number, verdict in enumerate(verdicts)]

    assert seen(a_case(), checks, LATER).word is word


def test_all_items_must_be_gone() -> None:
    """A case of two posts is verified only when both are gone; the later one's first look counts."""
    gone = [a_check(after=timedelta(minutes=minutes)) for minutes in (0, 20)]
    other = [a_check(after=timedelta(minutes=minutes), item_id="item-2") for minutes in (40, 60)]

    assert seen(a_case(), gone, LATER, items=("item-1", "item-2")).word is ConclusionWord.NONE
    assert seen(a_case(), gone + other, LATER, items=("item-1", "item-2")).gone_observed_at == NOON + timedelta(minutes=40)


def test_every_platform_has_a_way() -> None:
    """Each platform is either asked directly or has a row with a form; the shipped file is readable."""
    rows = platform_rows()

    assert [name for name in PlatformName if route_for(name) is Route.PLATFORM_FORM and name not in rows] == []


def test_old_or_unchecked_forms_are_doubted() -> None:
    """A row checked more than 180 days ago, or never, warns."""
    rows = platform_rows()

    assert rows[PlatformName.FACEBOOK].doubt(date(2026, 11, 21)) is None
    assert rows[PlatformName.FACEBOOK].doubt(date(2027, 11, 21)) is not None
    assert rows[PlatformName.REDDIT].doubt(date(2026, 11, 21)) is not None


def test_broken_routes_file_is_named() -> None:
    """A file that cannot be read is a plain error."""
    for text in ("not toml", "[[platform]]\nplatform = 'nowhere'", ""):
        with pytest.raises(SettingsError, match=r"routes\.toml"):
            load(text)


def test_lawful_speech_has_no_ground() -> None:
    """No outcome of §4.3 and no indecent image has a ground; every other harm has one."""
    assert [category for category in Category if bool(grounds_for(category)) == (category in OUTCOMES | {Category.CSAM})] == []


def test_hard_stops_are_said() -> None:
    """A held case, one with the safeguarding lead and an allegation without advice each say why nobody may be asked."""
    assert hard_stops(a_case()) == ()
    for case in (
        a_case(state=CaseState.HOLD_BY_AUTHORITY),
        a_case(state=CaseState.SAFEGUARDING_LEAD),
        a_case(lead_category=Category.STAFF_ALLEGATION),
        a_case(stop=True),
    ):
        assert hard_stops(case)


def test_a_fediverse_post_goes_to_its_own_server() -> None:
    """The moderators of the server on which the account lives are proposed, by the page about them."""
    item = an_item(address="https://social.example.org/@someone/1", platform=PlatformName.MASTODON)
    found = plan(a_case(), (item,), {}, NOON).proposals[0]

    assert (found.route, found.form_link) == (Route.FEDIVERSE_MODERATORS, "https://social.example.org/about")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("It shows the pupil Keeley at the gate.", "a child's name"),
        ("Keeley Thorn in 4B is crying.", "a child's name"),
        ("Keeley, aged 9, is filmed.", "a child's name"),
        ("The child was born on 3 May 2017.", "a date of birth"),
        ("03/05/2017 is given.", "a date of birth"),
        ("They live at 9 Orchard Close.", "a home address"),
        ("Her house is in FG7 9ZZ.", "a home address"),
    ],
)
def test_what_names_a_child_or_a_home_never_leaves(text: str, kind: str) -> None:
    """Names of pupils, birthdays and homes are caught in free text."""
    assert kind in leaks(text, now=NOON, school_address="Orchard Lane, FG1 2AB")


@pytest.mark.parametrize(
    "text",
    [
        "A post of 20 November 2026 that appears to accuse a teacher.",
        "Mr Quillfeather in Year 4 is named.",
        "A child is shown in school uniform; K can be recognised.",
        "Write to Orchard Lane, FG1 2AB.",
    ],
)
def test_ordinary_words_pass(text: str) -> None:
    """Dates of posts, staff, initials and the school's own address are no leak."""
    assert leaks(text, now=NOON, school_address="Orchard Lane, FG1 2AB") == ()


def test_who_sees_which_case() -> None:
    """Low matters for the comms lead, child protection for the DSL, the head's own case only for the chair."""
    comms, dsl, head, chair = (a_user(role, user_id=role) for role in (Role.COMMS_LEAD, Role.DSL, Role.HEADTEACHER, Role.CHAIR))
    low, normal = a_case(severity=Severity.S1), a_case()
    child = a_case(confidentiality=Confidentiality.RESTRICTED_DSL, severity=Severity.S1)
    about_head = a_case(confidentiality=Confidentiality.RESTRICTED_CHAIR, target="headteacher")

    table = [[access.may_see_case(user, case) for case in (low, normal, child, about_head)] for user in (comms, dsl, head, chair)]
    assert table == [[True, False, False, False], [True, True, True, False], [True, True, True, False], [False, False, False, True]]
    with pytest.raises(NotFoundError):
        access.must_see_case(head, about_head)
    with pytest.raises(PermissionDeniedError):
        access.must_see_case(comms, child)


def test_a_linked_account_is_in_conflict() -> None:
    """A person whose linked account is the target does not see the case, whatever the role."""
    assert not access.may_see_case(a_user(Role.DSL, user_id="u-7"), a_case(target="staff:s-1"), "u-7")
    assert not access.may_see_case(a_user(Role.DSL, user_id="u-7"), a_case(target="user:u-7"))


def test_a_safeguarding_post_is_hidden_from_the_comms_lead() -> None:
    """Even a low one, when any of its labels is a safeguarding one."""
    finding = a_finding(severity=Severity.S1, categories=(Category.QUERY, Category.SELF_HARM))

    assert not access.may_see_finding(a_user(Role.COMMS_LEAD), finding)


@pytest.mark.parametrize(
    ("address", "platform"),
    [
        ("https://m.facebook.com/groups/1", PlatformName.FACEBOOK),
        ("https://twitter.com/a/status/1", PlatformName.X),
        ("https://fernley.wordpress.com/x", PlatformName.BLOG),
        (ADDRESS, PlatformName.OTHER_WEB),
        (None, PlatformName.OTHER_WEB),
    ],
)
def test_the_platform_is_known_by_its_host(address: str | None, platform: PlatformName) -> None:
    """Any address may be reported; an unknown site is other web (policy A2)."""
    assert platform_of(address) is platform
