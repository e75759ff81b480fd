"""A flagged post whose case or address was stopped is shown as stopped on every screen that lists or opens it (evidence.md §8.4)."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from casework.intake import ReportForm
from casework.known_stops import stops_in
from dashboard.parts.stop_card import STOP_LINE
from dashboard.parts.testing import CODE, SCHOOL, World
from data.errors import PermissionDeniedError
from data.model.cases import Case
from data.model.copies import CopyState, FoundCopy, Match
from data.model.evidence import SafetyAnswer
from data.model.findings import ReportTick
from data.model.readings import Category, Severity

OTHER_SPELLING = "http://www.town.example.org/@someone/shout"
DO_NOT = "Do not open it. For the safeguarding lead."


def finding_page(desk: object, user: object) -> None:
    """Draw the flagged post; AppTest takes this function's source."""
    import dashboard.views.finding
    from dashboard.parts.refusal import drawn

    drawn(dashboard.views.finding.show, desk, user)  # type: ignore[arg-type]


def inbox_page(desk: object, user: object) -> None:
    """Draw the inbox; AppTest takes this function's source."""
    import dashboard.views.inbox
    from dashboard.parts.refusal import drawn

    drawn(dashboard.views.inbox.show, desk, user)  # type: ignore[arg-type]


def case_page(desk: object, user: object) -> None:
    """Draw the case; AppTest takes this function's source."""
    import dashboard.views.case
    from dashboard.parts.refusal import drawn

    drawn(dashboard.views.case.show, desk, user)  # type: ignore[arg-type]


def draw(world: World, page: object, asked: str = "", who: str = "dsl") -> AppTest:
    """Draw a page for a person, with what the address asks for."""
    test = AppTest.from_function(page, kwargs={"desk": world.desk, "user": world.people[who]}, default_timeout=60)  # type: ignore[arg-type]
    test.query_params["id"] = asked
    return test.run()


def words(test: AppTest) -> str:
    """Return everything that stands on the page, code to be copied too."""
    kinds = ("title", "subheader", "markdown", "text", "info", "warning", "error", "success", "code")
    return "\n".join(str(one.value) for kind in kinds for one in getattr(test, kind))


def address(key: str) -> str:
    """Return the whole address of a post on this desk."""
    return f"https://town.example.org/@someone/{key}"


@pytest.fixture
def stopped(world: World) -> Case:
    """A case that was opened days ago and whose evidence somebody found indecent now."""
    case = world.open_case("shout", "useless Q again, everyone email him")
    world.capture("shout")
    return world.desk.casework.saw_indecent(world.people["dsl"], case.id)


def test_the_page_of_the_flagged_post_is_stopped_with_its_case(world: World, stopped: Case) -> None:
    """STOP stands on top, the address is masked and not to be copied, and one button leads to the case."""
    test = draw(world, finding_page, "f-shout")

    assert STOP_LINE in [one.value for one in test.error]
    assert address("shout") not in words(test)
    assert "Address kept: " in words(test)
    assert [one.label for one in test.button if one.key == "stopped-case"] == [f"To case {stopped.ref}: what to do now"]


def test_a_second_report_of_the_address_waits_as_stopped(world: World, stopped: Case) -> None:
    """A report of the same page, in another spelling and without a word of pictures, is stopped in the inbox and on its page."""
    world.desk.casework.report(CODE, ReportForm(says="Look at this.", address=OTHER_SPELLING, ticks=(ReportTick.DANGER_NOW,)))
    with world.desk.store.read() as work:
        waiting = [one for one in work.findings.where(school_id=SCHOOL) if one.report_id is not None]
    pages = [draw(world, finding_page, one.id) for one in waiting]

    assert waiting
    assert all(STOP_LINE in words(one) for one in pages)
    assert not [one for one in pages if any("town.example.org/@someone/shout" in code.value for code in one.code)]
    assert stopped.ref in "".join(one.label for page in pages for one in page.button)


def test_search_says_that_it_is_stopped(world: World, stopped: Case) -> None:
    """The hit of a search carries the line that tells not to open it."""
    (row,) = world.desk.casework.search(world.people["dsl"], "useless everyone", [SCHOOL]).rows
    test = draw(world, inbox_page)
    test.text_input(key="inbox-search").set_value("useless everyone").run()

    assert row.finding.stop
    assert DO_NOT in words(test)
    assert stopped.stop


def test_who_sees_no_stopped_case_sees_no_stopped_post(world: World) -> None:
    """A post that the comms lead could read is the safeguarding lead's from the moment its address is stopped, and again after a lift."""
    first = world.open_case("shout", "useless Q again, everyone email him")
    low = world.flag("late", "The bus is late again.", Severity.S1, Category.FAIR_CRITICISM)
    with world.desk.store.begin("system") as work:
        item = work.case_items.where(case_id=first.id)[0]
        work.case_items.replace(item.model_copy(update={"address": address("late")}))
        work.commit()
    room, comms, dsl = world.desk.casework, world.people["comms"], world.people["dsl"]
    before = [one.finding.id for one in room.inbox(comms, [SCHOOL]).rows]
    order = room.order_capture(dsl, first.id, room.case(dsl, first.id).items[0].id, SafetyAnswer.NO)
    room.stopped_by_words(order.id, ("nudes:text",))
    during = [one.finding.id for one in room.inbox(comms, [SCHOOL]).rows]
    with pytest.raises(PermissionDeniedError):
        room.finding(comms, low.id)
    room.lift_stop(dsl, first.id, "It is our own lesson about sexting.")

    assert (before, during) == ([low.id], [])
    assert not room.finding(comms, low.id).finding.stop
    assert room.finding(comms, low.id).stopped_by is None


def test_posts_that_belong_together_say_which_is_stopped(world: World) -> None:
    """In the group of posts the stopped one carries the line, the other does not."""
    world.flag("other", "and Q once more", Severity.S2, Category.HARASSMENT_STAFF)
    case = world.open_case("shout", "useless Q again, everyone email him")
    world.together("shout", "other")
    world.desk.casework.saw_indecent(world.people["dsl"], case.id)
    (found,) = world.desk.casework.threads_of(world.people["dsl"], "f-other")
    marks = {one.finding.id: one.finding.stop for one in found.posts if one.finding is not None}

    assert marks == {"f-shout": True, "f-other": False}


def test_a_copy_at_a_stopped_address_is_not_to_be_copied(world: World, stopped: Case) -> None:
    """In another case's list of copies a post at a stopped address is masked, and nobody is asked to link it."""
    other = world.open_case("plain", "Q is the worst, tell everyone")
    world.flag("again", "Q is the worst, tell everyone!", Severity.S2, Category.HARASSMENT_STAFF)
    with world.desk.store.begin("system") as work:
        item = work.case_items.where(case_id=stopped.id)[0]
        work.case_items.add(item.model_copy(update={"id": "more", "post_id": None, "address": address("again")}))
        post_id = world.findings["again"].post_id
        assert post_id is not None
        work.copies.add(
            FoundCopy(
                id="c1",
                case_id=other.id,
                item_id=work.case_items.where(case_id=other.id)[0].id,
                post_id=post_id,
                school_id=SCHOOL,
                match=Match.NEAR_TEXT,
                likeness=0.9,
                state=CopyState.PROPOSED,
                found_at=world.clock.now(),
            )
        )
        work.commit()
        stops = stops_in(work, [SCHOOL])
    (found,) = world.desk.casework.copies_of(world.people["dsl"], other.id)
    test = draw(world, case_page, other.id)

    assert (SCHOOL, address("again")) in stops.addresses
    assert (found.stop, found.may_link) == (True, False)
    assert address("again") not in words(test)
    assert DO_NOT in words(test)
