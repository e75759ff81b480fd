"""Covering parts of evidence, by the page: the choice, the look at the copy, the seal, the way to the redacted pack."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import dashboard.app
from dashboard.parts.redact import BARE_TICK, covered_words, is_bare
from dashboard.parts.redact_squares import SHARP, SHOW, squares_in
from dashboard.parts.testing import World
from data.model.cases import Case
from data.model.evidence import Evidence, EvidenceKind, SafetyAnswer
from evidence.boxes import Box, RedactionError, typed
from evidence.redaction import Copy
from evidence.testing import CHILD, painted_page, sealed_page
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


def squares(test: AppTest, picture: str, typed: str) -> AppTest:
    """Type squares for a picture."""
    next(one for one in test.text_input if one.label == f"Squares to cover: {picture}").set_value(typed)
    return test


def addresses(test: AppTest) -> list[str]:
    """Return the one-time addresses of the pictures with squares that stand on the page."""
    return [found for one in test.markdown for found in re.findall(r"with squares A to L across, rows [0-9 to]+\]\((\S+)\)", one.value)]


def nobody_covers_by_map(test: AppTest) -> AppTest:
    """Choose to cover no picture by the map."""
    next(one for one in test.radio if one.label == "Pictures on the page").set_value("Cover no picture")
    return test


def test_faces_are_named_by_squares(world: World, at: Sit, case: Case) -> None:
    """Nothing is shown before the click; then each picture with its field; what was typed is covered, and sealed as it was seen."""
    test = form(world, at, case)
    assert not [one for one in test.text_input if one.label.startswith("Squares")]
    assert addresses(test) == []

    shown = press(test, SHOW)
    assert len(addresses(shown)) == 4
    looked = press(squares(nobody_covers_by_map(shown), "The whole page, part 1", "a2 - d4"), LOOK)

    assert "Covered: 12 squares" in words(looked)
    assert len(addresses(looked)) == 4
    press(looked, SEAL)
    (made,) = copies(world, case)
    picture = world.desk.vault.get(next(one.sha256 for one in made.files if one.name == "post.png"))
    colours: Any = Image.open(io.BytesIO(picture)).getcolors(1 << 24)
    assert CHILD not in {colour for _, colour in colours}


def test_the_pictures_stay_under_new_addresses_and_sharp_is_a_second_click(world: World, at: Sit, case: Case) -> None:
    """Each drawing of the page has addresses of its own; a look that is too old takes the pictures away, not what was typed."""
    blurred = press(squares(press(form(world, at, case), SHOW), "The post alone", "B3"), LOOK)
    first = addresses(blurred)
    sharp = press(blurred, SHARP)

    assert len(addresses(sharp)) == 4
    assert not set(addresses(sharp)) & set(first)
    assert SHARP not in {one.label for one in sharp.button}

    at(world.desk, world.token("dsl"))  # another browser: what was given to this one is gone
    gone = sharp.run()
    assert addresses(gone) == []
    assert next(one for one in gone.text_input if one.label.endswith("The post alone")).value == "B3"


def test_a_copy_in_which_nothing_is_covered_asks_for_a_tick(world: World, at: Sit, case: Case) -> None:
    """A strong warning; without the tick nothing is sealed, and a tick for an earlier look does not count."""
    test = press(nobody_covers_by_map(form(world, at, case)), LOOK)
    said = words(test)
    refused = press(test, SEAL)
    told, before = words(refused), copies(world, case)
    next(one for one in refused.checkbox if one.label == BARE_TICK).set_value(True)
    again = press(refused, LOOK)
    is_ticked = next(one for one in again.checkbox if one.label == BARE_TICK).value
    next(one for one in again.checkbox if one.label == BARE_TICK).set_value(True)
    press(again, SEAL)

    assert "Nothing is covered in this copy." in said
    assert "Covered:" not in said
    assert "Not sealed: tick" in told
    assert (before, is_ticked, len(copies(world, case))) == ([], False, 1)


@pytest.mark.parametrize(
    ("typed", "number"),
    [("b3, c3-d4", 5), ("C3 C3", 1), ("C1-D2, D2-E3", 7), ("", 0), ("face", 0), ("L7..K6", 4)],
)
def test_squares_are_counted_as_squares(typed: str, number: int) -> None:
    """A range by its squares, none of them twice."""
    assert squares_in(typed) == number


def test_what_is_covered_is_said_in_plain_words() -> None:
    """Zeros are left out, machine words turned into ours; a part that is kept is said to be kept."""
    told: dict[str, int | str] = {
        "pictures on the page": 1,
        "boxes drawn by hand": 0,
        "squares named by hand": 2,
        "lines of text": 3,
        "phrases covered in texts": 2,
        "everything but one box": "no",
        "also covered": "handle, title",
    }

    assert covered_words(Copy(covered=told), {"post.png": "b3, c3-d4"}) == (
        "1 picture on the page",
        "5 squares",
        "3 lines of text in the pictures",
        "the title of the page",
        "the author's handle",
    )
    kept = Copy(covered={"everything but one box": "yes", "boxes drawn by hand": 0, "also covered": "nothing"})
    assert covered_words(kept, {"post.png": "C6-L7"}) == ("everything but the one part that is kept",)
    assert [is_bare(one) for one in (Copy(covered=told), kept, Copy(covered={"also covered": "nothing"}))] == [False, False, True]


@pytest.mark.parametrize(
    ("picture", "typed", "says"),
    [
        ("The post alone", "B3, Q9", "The post alone: 'Q9' is not on this picture, whose squares go from A1 to L9."),
        ("The whole page, part 2", "B3 face", "The whole page, part 2: 'face' is no square; write a letter and a number"),
    ],
)
def test_a_wrong_square_is_named_and_stays(world: World, at: Sit, case: Case, picture: str, typed: str, says: str) -> None:
    """With the picture and the mend; the pictures and what was typed stay."""
    refused = press(squares(press(form(world, at, case), SHOW), picture, typed), LOOK)

    assert says in words(refused)
    assert next(one for one in refused.text_input if one.label.endswith(picture)).value == typed
    assert len(addresses(refused)) == 4


def test_one_range_may_be_all_that_is_kept(world: World, at: Sit, case: Case) -> None:
    """The other way round, by squares; two of them are refused."""
    test = squares(nobody_covers_by_map(press(form(world, at, case), SHOW)), "The whole page, part 1", "A6-L7")
    next(one for one in test.checkbox if one.label.startswith("The other way round")).set_value(True)
    kept = press(test, LOOK)

    assert "Covered: everything but the one part that is kept" in words(kept)
    assert SEAL in {one.label for one in kept.button}
    assert "exactly one square" in words(press(squares(kept, "The post alone", "A1"), LOOK))


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
