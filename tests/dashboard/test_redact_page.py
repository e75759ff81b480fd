"""Covering parts of evidence, by the page: the choice, the look at the copy, the seal, the way to the redacted pack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.app
from dashboard.parts.testing import World
from data.model.cases import Case
from data.model.evidence import Evidence, EvidenceKind, SafetyAnswer
from evidence.boxes import Box, RedactionError, typed
from evidence.testing import painted_page, sealed_page
from schoolwatch.desk import Desk

APP = str(Path(dashboard.app.__file__))
TEXT = "Ivy Fernhollow won the race, and Mr Quillfeather took the money."
Sit = Callable[[Desk, str | None], None]
ON, LOOK, SEAL = "Cover parts of it in a copy", "Look at the copy first", "Seal this copy"


@pytest.fixture
def case(world: World) -> Case:
    """A case with one capture that has pictures and a map."""
    case, room, lead = world.open_case("trip", TEXT), world.desk.casework, world.people["dsl"]
    item = room.case(lead, case.id).items[0]
    order = room.order_capture(lead, case.id, item.id, SafetyAnswer.NO)
    sealed, custody = sealed_page(
        case, item.id, painted_page(TEXT), sealer=world.desk.sealer, now=world.clock.now(), id=f"e{order.id}", order_id=order.id
    )
    room.evidence_sealed(order.id, sealed, custody)
    return case


def opened(world: World, at: Sit, case: Case, who: str = "dsl") -> AppTest:
    """Open the case's page."""
    at(world.desk, world.token(who))
    test = AppTest.from_file(APP, default_timeout=30)
    test.query_params["id"] = case.id
    test.run()
    test.switch_page("views/case.py")
    test.query_params["id"] = case.id
    return test.run()


def words(test: AppTest) -> str:
    """Return everything that stands on the page, as text."""
    kinds = ("markdown", "text", "warning", "error", "success", "info")
    return "\n".join(str(one.value) for kind in kinds for one in getattr(test, kind)).replace("\\", "")


def press(test: AppTest, label: str) -> AppTest:
    """Press a button."""
    return next(one for one in test.button if one.label == label).click().run()


def form(world: World, at: Sit, case: Case) -> AppTest:
    """Open the page and turn the form on."""
    test = opened(world, at, case)
    return next(one for one in test.toggle if one.label == ON).set_value(True).run()


def fill(test: AppTest, start: str, value: str) -> AppTest:
    """Type into the field whose label begins so."""
    next(one for one in test.text_area if one.label.startswith(start)).set_value(value)
    return test


def copies(world: World, case: Case) -> list[Evidence]:
    """Return the working copies of the case."""
    file = world.desk.casework.case(world.people["dsl"], case.id)
    return [one for one in file.evidence if one.kind is EvidenceKind.REDACTED]


def test_look_first_then_seal(world: World, at: Sit, case: Case) -> None:
    """Every picture and one name: the copy is shown by one-time addresses, then sealed as it was seen; the pack is offered."""
    test = press(fill(form(world, at, case), "Names to cover", "Ivy Fernhollow"), LOOK)
    seen = words(test)

    assert "[covered] won the race" in seen
    assert "![Working copy: The post alone](/picture/" in seen
    assert "Look at every face and name before you seal it." in seen
    assert copies(world, case) == []

    sealed = press(test, SEAL)

    assert [one.ref for one in copies(world, case)] == ["SW-2026-0001-E2"]
    assert "Sealed as SW-2026-0001-E2" in words(sealed)
    assert any(one.proto.label == "Download the pack with parts covered" for one in sealed.get("link_button"))


def test_there_is_no_seal_without_a_look(world: World, at: Sit, case: Case) -> None:
    """The button comes with the look, and goes when the next look is refused."""
    test = form(world, at, case)
    assert SEAL not in {one.label for one in test.button}

    looked = press(test, LOOK)
    assert SEAL in {one.label for one in looked.button}

    refused = press(fill(looked, "Names to cover", "xy"), LOOK)
    assert "Phrase 1 is too short" in words(refused)
    assert SEAL not in {one.label for one in refused.button}


@pytest.mark.parametrize(
    ("boxes", "only", "says"),
    [
        ("1 2 3", False, "Line 1 of the boxes"),
        ("\n1, 2, 3, 4\na b c d", False, "Line 3 of the boxes"),
        ("1 2 0 4", False, "1 pixel or more"),
        ("1 2 3 4\n5 6 7 8", True, "exactly one box"),
        ("", True, "exactly one box"),
    ],
)
def test_boxes_that_are_none_are_named(world: World, at: Sit, case: Case, boxes: str, only: bool, says: str) -> None:
    """The line is named; what was typed stays in the field."""
    test = fill(form(world, at, case), "Boxes drawn by hand", boxes)
    next(one for one in test.checkbox if one.label.startswith("The other way round")).set_value(only)

    refused = press(test, LOOK)

    assert says in words(refused)
    assert next(one for one in refused.text_area if one.label.startswith("Boxes")).value == boxes


@pytest.mark.parametrize(
    ("text", "found"),
    [("", ()), ("1,2,3,4", (Box(1, 2, 3, 4),)), (" 1 2 3 4 \n\n-5, 0, 9 9", (Box(1, 2, 3, 4), Box(-5, 0, 9, 9)))],
)
def test_boxes_are_read_with_commas_or_blanks(text: str, found: tuple[Box, ...]) -> None:
    """Empty lines are passed over."""
    assert typed(text) == found


@pytest.mark.parametrize("text", ["1 2 3 4 5", "1.5 2 3 4", "\uff11 2 3 4", "99999999 1 1 1", "NaN 1 1 1", "=1 2 3 4"])
def test_other_numbers_are_no_boxes(text: str) -> None:
    """Only whole numbers in plain digits."""
    with pytest.raises(RedactionError):
        typed(text)


def test_names_covered_before_stand_there(world: World, at: Sit, case: Case) -> None:
    """They need not be typed again."""
    press(press(fill(form(world, at, case), "Names to cover", "Ivy Fernhollow"), LOOK), SEAL)

    assert "Covered in this case already, and again here: Ivy Fernhollow" in words(form(world, at, case))


def test_a_stopped_case_and_other_roles_are_offered_nothing(world: World, at: Sit, case: Case) -> None:
    """No toggle after a STOP; none for somebody who may not capture."""
    assert ON not in {one.label for one in opened(world, at, case, "comms").toggle}

    room, lead = world.desk.casework, world.people["dsl"]
    room.order_capture(lead, case.id, room.case(lead, case.id).items[0].id, SafetyAnswer.YES)

    assert ON not in {one.label for one in opened(world, at, case).toggle}
