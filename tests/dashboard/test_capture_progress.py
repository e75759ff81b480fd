"""A capture on its way, on the case's page: how far it is, and the button that cancels it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.app
from casework.testing import NOON
from dashboard.parts.capture_progress import just_sealed, said
from dashboard.parts.testing import World
from data.model.evidence import CaptureOrder, OrderState, SafetyAnswer
from schoolwatch.desk import Desk

APP = str(Path(dashboard.app.__file__))
Sit = Callable[[Desk, str | None], None]


def _page(world: World, at: Sit, who: str = "dsl") -> AppTest:
    """Open the case whose capture was ordered."""
    at(world.desk, world.token(who))
    test = AppTest.from_file(APP, default_timeout=20)
    test.query_params["id"] = world.cases["fresh"].id
    test.run()
    test.switch_page("views/case.py")
    test.query_params["id"] = world.cases["fresh"].id
    return test.run()


def _words(test: AppTest) -> str:
    return "\n".join(str(one.value) for kind in (test.markdown, test.text, test.success, test.info, test.caption) for one in kind)


@pytest.fixture
def ordered(full_world: World) -> CaptureOrder:
    """A capture that waits for its worker."""
    desk, dsl, case = full_world.desk, full_world.people["dsl"], full_world.cases["fresh"]
    item = desk.casework.case(dsl, case.id).items[0]
    return desk.casework.order_capture(dsl, case.id, item.id, SafetyAnswer.NO)


def test_a_running_capture_says_how_far_it_is_and_is_cancelled_by_a_click(full_world: World, at: Sit, ordered: CaptureOrder) -> None:
    """The page shows the worker's step; after the click it says that nothing is kept and offers no second one."""
    cases = full_world.desk.casework
    cases.order_started(ordered.id)
    cases.order_progress(ordered.id, "photographing the whole page")
    test = _page(full_world, at)
    before = _words(test)
    next(one for one in test.button if one.label == "Cancel the capture").click().run()
    order = cases.case(full_world.people["dsl"], ordered.case_id).orders[-1]

    assert "The worker is at it: photographing the whole page." in before
    assert (order.state, order.cancel_asked_by) == (OrderState.RUNNING, full_world.people["dsl"].id)
    assert "Cancelling. Nothing of it will be kept." in _words(test)
    assert "Cancel the capture" not in [one.label for one in test.button]
    assert not any(other in _words(test) for other in ("Cancelled", "Evidence is being captured"))  # one voice


def test_a_waiting_capture_is_cancelled_and_the_case_goes_on_as_before(full_world: World, at: Sit, ordered: CaptureOrder) -> None:
    """The question before a capture stands there again, with no answer chosen."""
    test = _page(full_world, at)
    next(one for one in test.button if one.label == "Cancel the capture").click().run()
    question = next(one for one in test.radio if one.label.startswith("Could this show"))

    assert full_world.desk.casework.case(full_world.people["dsl"], ordered.case_id).orders[-1].state is OrderState.CANCELLED
    assert question.value is None
    assert "Cancelled: nothing was kept." in _words(test)
    assert "Cancelling" not in _words(test)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "The capture waits for the worker."),
        ({"state": OrderState.RUNNING}, "The page is being opened, photographed and sealed."),
        ({"state": OrderState.RUNNING, "progress": "sealing what was found"}, "The worker is at it: sealing what was found."),
        ({"state": OrderState.RUNNING, "progress": "x", "cancel_asked_by": "u-dsl"}, "Cancelling. Nothing of it will be kept."),
        ({"state": OrderState.CANCELLED, "cancel_asked_by": "u-dsl"}, "Cancelled: nothing was kept. You can capture again."),
        ({"state": OrderState.DONE, "cancel_asked_by": "u-dsl"}, "The capture has ended."),
        ({"state": OrderState.DONE, "progress": "x"}, "The capture has ended."),
    ],
)
def test_how_far_a_capture_is_in_a_sentence(changes: dict[str, object], expected: str) -> None:
    """Waiting, running with and without a step, being cancelled, ended."""
    order = CaptureOrder(
        id="o1",
        case_id="c1",
        item_id="i1",
        address="https://forum.example.org/t/1",
        answer=SafetyAnswer.NO,
        ordered_by="u-dsl",
        ordered_at=NOON,
    )

    assert said(order.model_copy(update=changes)) == expected


def test_what_was_just_sealed_is_said_on_top_until_something_else_happens(world: World, at: Sit) -> None:
    """The capture ended while nobody looked: its number and verdict, and where it stands; a note later the line is gone."""
    case = world.open_case("shouted", "Q should be ashamed of himself")
    world.capture("shouted")
    dsl, room = world.people["dsl"], world.desk.casework
    ref = room.case(dsl, case.id).evidence[0].ref
    before = just_sealed(room.case(dsl, case.id).events, room.case(dsl, case.id).evidence)
    world.cases["fresh"] = case
    seen = [str(one.value).replace("\\", "") for one in _page(world, at).info]
    room.note(dsl, case.id, "Looked at it.")
    after = just_sealed(room.case(dsl, case.id).events, room.case(dsl, case.id).evidence)

    assert (before.ref if before else None, after) == (ref, None)
    assert any(line.startswith(f"Sealed: {ref}, ") and line.endswith("It is under Evidence below.") for line in seen)
