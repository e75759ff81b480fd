"""The clocks on the case page, a step taken back, a missed target: each click on a real desk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from casework.countdown import standing
from dashboard.parts.countdown_bar import colour
from dashboard.parts.testing import SCHOOL, World
from data.clock import FixedClock
from data.model.cases import CaseState, MissedReason
from data.model.people import Role
from data.model.readings import Category

HOUR = timedelta(hours=1)


def page(desk: object, user: object) -> None:
    """Draw the case page; AppTest takes this function's source."""
    import dashboard.views.case
    from dashboard.parts.refusal import drawn

    drawn(dashboard.views.case.show, desk, user)  # type: ignore[arg-type]


@pytest.fixture
def opened(world: World) -> World:
    """A desk with one open case whose evidence is sealed."""
    world.open_case("shout", "useless Q again, everyone email him")
    world.capture("shout")
    return world


def draw(world: World, who: str = "dsl") -> AppTest:
    """Draw the page of the only case."""
    test = AppTest.from_function(page, kwargs={"desk": world.desk, "user": world.people[who]}, default_timeout=30)
    test.query_params["id"] = world.cases["shout"].id
    return test.run()


def words(test: AppTest) -> str:
    """Return everything that stands on the page, as text."""
    kinds = ("title", "subheader", "markdown", "text", "info", "warning", "error", "success")
    return "\n".join(str(one.value) for kind in kinds for one in getattr(test, kind))


def press(test: AppTest, label: str) -> AppTest:
    """Press the button of that name."""
    (found,) = [one for one in test.button if one.label == label]
    return found.click().run()


def put(test: AppTest, kind: str, label: str, value: object) -> None:
    """Fill in the field of that name."""
    (found,) = [one for one in getattr(test, kind) if one.label == label]
    found.set_value(value)


def state(world: World) -> CaseState:
    """Return the case's state."""
    with world.desk.store.read() as work:
        return work.cases.get(world.cases["shout"].id).state


def test_each_running_clock_says_how_much_is_left(opened: World) -> None:
    """What, the time left first, the share used in words, when it is due, by which rule."""
    seen = words(draw(opened))

    assert "First request for removal" in seen
    assert "left]**" in seen
    assert "used: less than half of the time is used" in seen
    assert "first\\-request\\-4h\\-1h.v1" in seen


def test_the_rules_names_stand_folded_away(opened: World) -> None:
    """Whom it concerns can look them up; beside the time left they only disturb."""
    seen = draw(opened)
    folded = next(one for one in seen.expander if one.label == "Which rules these clocks follow")

    assert any(".v1" in str(one.value) for one in folded.markdown)
    assert not any("Rule " in str(one.value) for one in seen.markdown)


def test_a_stopped_clock_is_folded_away(opened: World) -> None:
    """The evidence was there in time: its clock is among those that stopped."""
    folded = [one.label for one in draw(opened).expander]

    assert any("that stopped" in label for label in folded)


def test_a_step_is_taken_back_on_the_page(opened: World) -> None:
    """The form says which step, by whom, and where the case goes; with a reason it does."""
    test = draw(opened)
    told = words(test)
    put(test, "text_area", "Why was it a mistake?", "the capture shows another post")
    press(test, "Take the step back")

    assert "The case goes back to" in told
    assert state(opened) is CaseState.TRIAGED


def test_without_a_reason_nothing_is_taken_back(opened: World) -> None:
    """The refusal stands on the page."""
    test = press(draw(opened), "Take the step back")

    assert [error.value for error in test.error] == ["The reason is empty; write one line."]
    assert state(opened) is CaseState.EVIDENCE_CAPTURED


TYPED = "long words that nobody wants to type twice"


def typed(test: AppTest) -> list[str]:
    """Return what stands in the field of the correction, or is shown again because the field is gone."""
    return [str(one.value) for one in (*test.text_area, *test.code)]


@pytest.mark.parametrize("to", [CaseState.WITHDRAWN, CaseState.NOT_REMOVED])
def test_what_was_typed_stays_when_somebody_was_quicker(opened: World, to: CaseState) -> None:
    """A step by the head while the form was open: said by name, the lead's click does nothing, the text is still there."""
    test = draw(opened)
    put(test, "text_area", "Why was it a mistake?", TYPED)
    fields = {"who_withdrew": "the teacher", "withdrawn_at": opened.clock.now(), "rungs_tried": "all", "support_plan": "talk"}
    opened.desk.casework.move(opened.people["head"], opened.cases["shout"].id, to, fields | {"reviewer": "u-deputy"}, "settled")
    test = press(test, "Take the step back")

    assert state(opened) is to
    assert "Invented head moved the case to" in test.warning[0].value
    assert TYPED in typed(test)


@pytest.mark.parametrize("roles", [(Role.COMMS_LEAD,), (Role.STAFF,), ()], ids=["sees low ones", "sees none", "no role"])
def test_what_was_typed_stays_for_somebody_whose_role_was_taken_away(opened: World, roles: tuple[Role, ...]) -> None:
    """Said in words, nothing is written, the text is shown again to be copied."""
    test = draw(opened)
    put(test, "text_area", "Why was it a mistake?", TYPED)
    opened.people["dsl"].roles[SCHOOL] = roles  # whoever signs in again is somebody with fewer rights
    test = press(test, "Take the step back")

    assert state(opened) is CaseState.EVIDENCE_CAPTURED
    assert "role" in words(test)
    assert TYPED in typed(test)


def test_a_role_that_sees_but_may_not_is_told(opened: World) -> None:
    """The head's role alone: the page is drawn, what is no longer theirs is said."""
    test = draw(opened, "head")
    opened.people["head"].roles[SCHOOL] = (Role.DEPUTY_DSL,)
    test.run()

    assert "role was changed" in test.warning[0].value


def test_a_missed_target_is_asked_for_and_said(opened: World) -> None:
    """As soon as the 24 hours are over the page asks why; then it says what was recorded."""
    before = words(draw(opened))
    opened.clock.forward(30 * HOUR)
    test = draw(opened)
    put(test, "selectbox", "Why were the 24 hours missed?", MissedReason.OTHER)
    put(test, "text_area", "In your own words (needed for another reason)", "the site was down")
    test = press(test, "Record the reason")

    assert "24 hours were missed" not in before
    assert "another reason" in words(test)
    assert "the site was down" in [one.value for one in test.text]


def test_closing_a_late_case_asks_for_the_reason(opened: World) -> None:
    """The form of closing has the field, and closes with it."""
    dsl, case = opened.people["dsl"], opened.cases["shout"]
    opened.clock.forward(30 * HOUR)
    left = {"rungs_tried": "all", "support_plan": "talk", "reviewer": "u-deputy"}
    opened.desk.casework.move(opened.people["head"], case.id, CaseState.NOT_REMOVED, left, "they decline")
    test = draw(opened)
    put(test, "text_area", "What was learned?", "ask earlier")
    put(test, "text_area", "Which support was offered, or why none?", "talk")
    (field,) = [one for one in test.selectbox if one.key == f"close-missed-reason-{case.id}"]
    field.set_value(MissedReason.REFUSED)
    press(test, "Close the case")

    assert opened.desk.casework.case(dsl, case.id).case.missed_reason is MissedReason.REFUSED
    assert state(opened) is CaseState.CLOSED


def test_the_start_is_moved_back_with_a_reason_only(opened: World) -> None:
    """The time of the case as it is, with no reason, changes nothing."""
    before = opened.desk.casework.case(opened.people["dsl"], opened.cases["shout"].id).case.known_at
    test = press(draw(opened), "Move the start back")

    assert "reason" in test.error[0].value
    assert opened.desk.casework.case(opened.people["dsl"], opened.cases["shout"].id).case.known_at == before


def test_a_comment_on_our_own_page_is_put_to_the_head_and_decided(opened: World) -> None:
    """The lead says that it stands there; the head decides with a reason from the list (policy B15)."""  # B15
    press(draw(opened), "Ask the headteacher to decide")
    running = words(draw(opened))
    test = draw(opened, "head")
    put(test, "radio", "What is decided?", "keep")
    put(test, "text_area", "In your own words", "honest opinion")
    press(test, "Record the decision")
    events = [event.what for event in opened.desk.casework.case(opened.people["dsl"], opened.cases["shout"].id).events]

    assert "the headteacher decides" in running
    assert "own page decided" in events


def test_a_case_that_came_back_names_the_one_before(opened: World) -> None:
    """The number of the case whose post came back stands on top."""
    case = opened.cases["shout"]
    with opened.desk.store.begin("system") as work:
        again = work.cases.add(case.model_copy(update={"id": "again", "ref": "SW-2026-0099", "reuploaded_from": case.id}))
        work.commit()
    opened.cases["shout"] = again

    assert f"linked to case {case.ref}".replace("-", "\\-") in words(draw(opened))


@pytest.mark.parametrize(("hours", "expected"), [(1, "blue"), (12, "yellow"), (20, "orange"), (24, "red"), (30, "red")])
def test_the_colour_beside_the_words(clock: FixedClock, hours: int, expected: str) -> None:
    """It changes at 50, 80 and 100 %."""
    assert colour(standing(clock.now(), clock.now() + hours * HOUR)) == expected


def test_the_colour_of_what_ended(clock: FixedClock) -> None:
    """Met is green, missed is red, however much was used."""
    known = clock.now()

    assert [colour(standing(known, known + 40 * HOUR, known + hours * HOUR)) for hours in (20, 30)] == ["green", "red"]


def test_possible_defamation_shows_the_limitation_date(world: World) -> None:
    """A person has a year to begin a claim: the date stands among the clocks."""
    world.open_case("shout", "x", Category.DEFAMATION_INDIVIDUAL)

    assert "Last day to begin a claim" in words(draw(world))
