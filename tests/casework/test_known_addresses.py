"""A post that is known already, reported once more or under another of its addresses: one matter stays one matter (A13, A18)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casework.intake import ReportForm
from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_reading, a_score, a_user, fill
from data.clock import FixedClock
from data.model.cases import Case, CaseState
from data.model.findings import DecisionKind, Finding, ReportTick
from data.model.people import Role
from data.model.posts import PlatformName, SeenPost
from data.model.readings import Category, Severity
from data.store import Store

DSL = a_user(Role.DSL)
STAFF = a_user(Role.STAFF, user_id="u-staff")
CODE = "fern-leaf-9"
VARIANTS = (
    "https://forum.example.org/t/12#post-3",
    "http://www.forum.example.org/t/12/?utm_source=chat&fbclid=1#post-3",
    "m.forum.example.org/t/12#post-3",
)


class Scene:
    """A school with one flagged post."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        clock.moment = NOON
        self.clock, self.store = clock, store
        self.finding: Finding = fill(store, DSL, STAFF)
        self.desk = Casework(store, clock)

    def opened(self) -> Case:
        """Open a case about the post."""
        decided = self.desk.decide(
            DSL, self.finding.id, DecisionKind.OPEN_CASE, Category.DEFAMATION_INDIVIDUAL, Severity.S2, "teacher", "says it as a fact"
        )
        assert decided.case is not None
        return decided.case

    def waiting(self) -> list[Finding]:
        """What waits in the inbox."""
        return [row.finding for row in self.desk.inbox(DSL, [SCHOOL_ID]).rows]


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """One post that waits."""
    return Scene(store, clock)


@pytest.mark.parametrize("address", VARIANTS)
def test_a_waiting_post_takes_in_reports_of_all_its_addresses(scene: Scene, address: str) -> None:
    """With or without www, for telephones, with tracking: the post that waits takes the report in."""
    scene.desk.report(CODE, ReportForm(says="this one", address=address, ticks=(ReportTick.INFLAMMATORY,)))

    assert [one.id for one in scene.waiting()] == [scene.finding.id]
    assert scene.waiting()[0].report_id is not None


def test_a_second_report_is_read_where_the_first_stands(scene: Scene) -> None:
    """Two people report one post: it waits once, the second one's words stand there too, and the graver judgement counts."""
    scene.desk.report(CODE, ReportForm(says="this one", address=VARIANTS[0]))
    first = scene.waiting()[0].report_id
    scene.desk.report(CODE, ReportForm(says="He will\nbe hurt", address=VARIANTS[1], ticks=(ReportTick.DANGER_NOW,)))
    rows = scene.waiting()

    assert (len(rows), rows[0].report_id, rows[0].severity) == (1, first, Severity.S4)
    assert any(one.startswith("reported again (R-") and one.endswith("He will be hurt") for one in rows[0].reasons)


def test_two_reports_of_an_address_that_nobody_collected_are_one(scene: Scene) -> None:
    """What only people told us waits once too."""
    for address in ("https://chat.example/r/1", "http://www.chat.example/r/1?utm_source=x"):
        scene.desk.report(CODE, ReportForm(says="look here", address=address))

    assert len([one for one in scene.waiting() if one.id != scene.finding.id]) == 1


@pytest.mark.parametrize("address", VARIANTS)
def test_a_report_of_an_open_case_joins_it(scene: Scene, address: str) -> None:
    """No second matter: the case notes the report, the reporter sees that it is dealt with."""
    case = scene.opened()
    report = scene.desk.report_by(STAFF, SCHOOL_ID, ReportForm(says="saw it too", address=address))
    after = scene.desk.case(DSL, case.id)

    assert scene.waiting() == []
    assert (after.events[-1].what, after.events[-1].fields["receipt"], after.events[-1].reason) == (
        "reported again",
        report.receipt,
        "saw it too",
    )
    assert scene.desk.my_reports(STAFF, [SCHOOL_ID])[0][1].startswith("being dealt with")


def test_an_earlier_report_starts_the_countdown_earlier(scene: Scene) -> None:
    """Told by word of mouth before we knew: the 24 hours began then; a later report never moves them (A18)."""
    case = scene.opened()
    scene.clock.forward(timedelta(hours=1))
    early = NOON - timedelta(hours=2)
    form = ReportForm(says="I told the office this morning", address=VARIANTS[1], reported_at=early, backdated_reason="by word of mouth")
    scene.desk.report(CODE, form)
    scene.desk.report(CODE, ReportForm(says="again", address=VARIANTS[0]))

    assert scene.desk.case(DSL, case.id).case.known_at == early  # A18


@pytest.mark.parametrize("tick", [ReportTick.DANGER_NOW, ReportTick.PUPIL_CONTACT, ReportTick.INDECENT_IMAGE])
def test_what_may_be_a_child_in_danger_is_asked_anew(scene: Scene, tick: ReportTick) -> None:
    """A grave tick is never filed away under a case that was judged before it was known."""
    scene.opened()
    scene.desk.report(CODE, ReportForm(says="look", address=VARIANTS[2], ticks=(tick,)))

    assert [one.severity >= Severity.S3 for one in scene.waiting()] == [True]


@pytest.mark.parametrize("address", VARIANTS)
def test_a_stop_report_stops_all_spellings(scene: Scene, address: str) -> None:
    """Told under one address that it may be an indecent image, nothing is captured under another (domain.md §5.7 rule 1)."""
    case = scene.opened()
    scene.desk.report(CODE, ReportForm(says="I will not say", address=address, ticks=(ReportTick.INDECENT_IMAGE,)))

    assert scene.desk.case(DSL, case.id).case.stop


def test_a_post_collected_later_under_another_spelling_is_stopped(scene: Scene) -> None:
    """The collector meets the page under its address for telephones: stopped as well."""
    scene.desk.report(CODE, ReportForm(says="I will not say", address="https://www.talk.example/9", ticks=(ReportTick.INDECENT_IMAGE,)))
    seen = SeenPost(platform=PlatformName.FORUM, native_id="later", permalink="https://m.talk.example/9", text="he took the money")
    with scene.store.begin("system") as work:
        kept = work.posts.keep([seen], source_id=None, seen_at=scene.clock.now())
        work.commit()
    found = scene.desk.flag_reading(a_reading(a_score()).model_copy(update={"post_id": kept.post_ids[0]}))

    assert [one.stop for one in found] == [True]


def test_a_case_that_ended_is_asked_anew(scene: Scene) -> None:
    """What is reported after its case ended may have come back: a person looks."""
    case = scene.opened()
    scene.desk.move(DSL, case.id, CaseState.WITHDRAWN, {"who_withdrew": "the teacher", "withdrawn_at": NOON, "reason": "peace"})
    scene.desk.report(CODE, ReportForm(says="it is there again", address=VARIANTS[0]))

    assert len(scene.waiting()) == 1


def test_a_page_of_many_posts_is_no_single_post(scene: Scene) -> None:
    """A report of a list's own address joins the newest post at most, not whatever was ever listed there."""
    scene.opened()
    posts = [
        SeenPost(platform=PlatformName.FORUM, native_id=f"n{number}", permalink=VARIANTS[0], text=f"note {number}") for number in range(3)
    ]
    with scene.store.begin("system") as work:
        work.posts.keep(posts, source_id=None, seen_at=scene.clock.now())
        work.commit()
    scene.desk.report(CODE, ReportForm(says="the third note", address=VARIANTS[0]))

    assert len(scene.waiting()) == 1
