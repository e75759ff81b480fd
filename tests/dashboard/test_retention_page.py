"""The page on which a school decides what is kept: every click on a real desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.app
from casework.testing import keep_case, keep_judged
from dashboard.parts.testing import PASSWORD, SCHOOL, World
from data.model.cases import Case, CaseState, Confidentiality
from data.model.keeping import SubjectRequestKind
from data.model.people import Role, User
from data.model.readings import Category, Severity
from schoolwatch.desk import Desk

APP = str(Path(dashboard.app.__file__))
Sit = Callable[[Desk, str | None], None]
DAY = timedelta(days=1)


@pytest.fixture
def old_world(world: World) -> World:
    """A desk with a data protection officer, two years after cases of four kinds were closed, and a praise."""
    now = world.clock.now()
    for key, changes in _CASES.items():
        given: dict[str, Any] = {"state": CaseState.CLOSED, "closed_at": now, "known_at": now, "outcome": "removed"} | changes
        world.cases[key] = keep_case(world.desk.store, key, text=f"hostile words {key}", **given)
    keep_judged(world.desk.store, "praise", Category.PRAISE, now, severity=Severity.S0)
    world.clock.forward(700 * DAY)
    dpo = User(id="u-dpo", username="dpo", name="Invented dpo", roles={SCHOOL: (Role.DPO,)}, added_by="system", added_at=now)
    with world.desk.store.begin("system") as work:
        work.users.add(dpo)
        world.desk.sign_in.set_password(work, dpo, PASSWORD)
        work.commit()
    world.people["dpo"] = dpo
    return world


_CASES: dict[str, dict[str, Any]] = {
    "low": {},
    "high": {"severity": Severity.S3},
    "child": {"lead_category": Category.SAFEGUARDING_DISCLOSURE},
    "abuse": {"stop": True},
    "heads": {
        "lead_category": Category.STAFF_CONDUCT,
        "target": "headteacher",
        "confidentiality": Confidentiality.RESTRICTED_CHAIR,
    },
}


def opened(world: World, at: Sit, who: str = "dsl") -> AppTest:
    """Open the page as somebody."""
    at(world.desk, world.token(who))
    test = AppTest.from_file(APP, default_timeout=20).run()
    return test.switch_page("views/retention.py").run()


def words(test: AppTest) -> str:
    """Return everything that stands on the page, as text, tables too."""
    kinds = ("title", "subheader", "markdown", "text", "info", "warning", "error", "success", "code")
    tables = [frame.value.to_string() for frame in test.dataframe]
    return "\n".join([*(str(one.value) for kind in kinds for one in getattr(test, kind)), *tables]).replace("\\", "")


def press(test: AppTest, label: str, number: int = 0) -> AppTest:
    """Press a button, without leaving anything broken."""
    found = [one for one in test.button if one.label == label]
    assert len(found) > number, (label, [one.label for one in test.button])
    after = found[number].click().run()
    assert not after.exception
    return after


def write(test: AppTest, key: str, text: str) -> None:
    """Type into the field of this key."""
    test.text_input(key=key).set_value(text)


def kept(world: World, key: str) -> Case:
    """Return a case as it is kept."""
    with world.desk.store.read() as work:
        return work.cases.get(world.cases[key].id)


def test_the_page_says_what_goes_tonight_and_why(old_world: World, at: Sit) -> None:
    """Counts by rule with their reasons, the case by its number; nothing is written by looking."""
    seen = words(opened(old_world, at))
    with old_world.desk.store.read() as work:
        tombs = work.tombstones.where()

    assert "Cases of low or medium severity" in seen
    assert "a claim for defamation must begin within a year" in seen
    assert old_world.cases["low"].ref in seen
    assert "confirm that the child-protection or personnel file has its copy" in seen.lower()
    assert tombs == []


@pytest.mark.parametrize("who", ["dpo", "dsl", "head"])
def test_the_page_shows_numbers_and_dates_and_no_content(old_world: World, at: Sit, who: str) -> None:
    """A36: whoever looks, no words of a post, no handle, no address stands here."""  # A36
    seen = words(opened(old_world, at, who))

    assert old_world.cases["high"].ref not in seen  # it neither goes nor waits
    assert not [word for word in ("hostile", "writer-", "forum.example.org") if word in seen]


def test_the_page_is_not_for_everyone(old_world: World, at: Sit) -> None:
    """A comms lead and a governor have no say in what is kept: the page is not in their list."""
    for who in ("comms", "governor", "chair"):
        at(old_world.desk, old_world.token(who))
        test = AppTest.from_file(APP, default_timeout=20).run()
        with pytest.raises(ValueError, match="navigation page"):
            test.switch_page("views/retention.py")


def test_a_transfer_is_confirmed_and_then_a_person_agrees(old_world: World, at: Sit) -> None:
    """A child-protection case: where the copy is, ninety days, one person's word; an empty reference is refused in words."""
    case = old_world.cases["child"]
    test = press(opened(old_world, at), "The file has its copy")
    refused = words(test)
    write(test, f"transfer-where-{case.id}", "CP file 2026/14")
    press(test, "The file has its copy")
    moved = kept(old_world, "child")
    old_world.clock.forward(91 * DAY)
    test = opened(old_world, at)
    write(test, f"agree-why-{case.id}", "the file is complete")
    press(test, "Agree that it may go")
    going = [
        one.case.id for one in old_world.desk.casework.tonight(old_world.people["dpo"], SCHOOL).cases if one.fate.action == "goes tonight"
    ]

    assert "is empty" in refused
    assert moved.transfer_reference == "CP file 2026/14"
    assert case.id in going


def test_sexual_abuse_takes_two_people_on_the_page_as_well(old_world: World, at: Sit) -> None:
    """The first is told to wait for a second; the second's button says that they are the second."""
    case, room = old_world.cases["abuse"], old_world.desk.casework
    room.transferred(old_world.people["head"], case.id, "CP file 9")
    old_world.clock.forward(91 * DAY)
    test = opened(old_world, at)
    write(test, f"agree-why-{case.id}", "the file is complete")
    alone = words(press(test, "Agree that it may go"))
    test = opened(old_world, at, "dpo")
    write(test, f"agree-why-{case.id}", "I looked at it too")
    press(test, "Agree as the second person")
    going = [one.case.id for one in room.tonight(old_world.people["dpo"], SCHOOL).cases if one.fate.action == "goes tonight"]

    assert "A second person must agree as well." in alone
    assert case.id in going


def test_a_hold_is_set_and_released_on_the_page(old_world: World, at: Sit) -> None:
    """Without a case it is refused and what was typed stays; held, the case does not go; released, it is kept thirty days more."""
    test = opened(old_world, at, "dpo")
    write(test, "hold-whose-new", "the county court")
    write(test, "hold-why-new", "a claim was announced")
    test = press(test, "Keep it until the hold is released")
    refused, typed = words(test), test.text_input(key="hold-whose-new").value
    box = test.selectbox(key="hold-case")
    box.set_value(next(one for one in box.options if one == old_world.cases["low"].ref))
    seen = words(press(test, "Keep it until the hold is released"))
    test = opened(old_world, at, "dpo")
    hold_id = next(one.key for one in test.text_input if one.key and one.key.startswith("release-why-"))
    write(test, hold_id, "the claim was dropped")
    after = words(press(test, "Release the hold"))

    assert ("Choose the case first." in refused, typed) == (True, "the county court")
    assert "Asked for by the county court" in seen
    assert "No case is held." in after
    assert kept(old_world, "low").state is CaseState.CLOSED
    assert "Nothing goes tonight" not in after  # the praise still goes


def test_a_period_is_changed_within_its_bounds(old_world: World, at: Sit) -> None:
    """Out of bounds it is refused with the bounds and what was typed stays; within, it counts at once."""
    test = opened(old_world, at, "head")
    test.number_input(key="period-days").set_value(5)
    write(test, "period-why", "less is better")
    test = press(test, "Keep it for so long")
    refused, typed = words(test), test.text_input(key="period-why").value
    test.number_input(key="period-days").set_value(14)
    press(test, "Keep it for so long")
    days = old_world.desk.casework.own_periods(old_world.people["head"], SCHOOL)

    assert "between 7 and 90 days" in refused
    assert (typed, days["mention"]) == ("less is better", 14)  # type: ignore[index]


def test_a_request_about_data_is_entered_shown_overdue_and_answered(old_world: World, at: Sit) -> None:
    """Its day is counted; late it stands in red; the answer needs a choice and a ground."""
    test = opened(old_world, at, "dpo")
    write(test, "request-handle", "@ann@town.example")
    press(test, "Enter it")
    old_world.clock.forward(40 * DAY)
    test = opened(old_world, at, "dpo")
    late = words(test)
    test = press(test, "Record the answer")
    unchosen = words(test)
    one = old_world.desk.casework.subject_requests(old_world.people["dpo"], SCHOOL)[0]
    test.radio(key=f"granted-{one.id}").set_value(True)
    write(test, f"decision-{one.id}", "all of it was erased")
    press(test, "Record the answer")
    done = old_world.desk.casework.subject_requests(old_world.people["dpo"], SCHOOL)[0]

    assert "overdue by" in late
    assert "Choose whether it was granted" in unchosen
    assert (done.kind, done.granted, done.decision) == (SubjectRequestKind.ACCESS, True, "all of it was erased")


def test_a_case_may_go_early_when_two_agree(old_world: World, at: Sit) -> None:
    """The closed case is chosen by its number; two people's words let it go the next night."""
    case, room = old_world.cases["high"], old_world.desk.casework
    for who, label in (("dsl", "Agree that it may go"), ("dpo", "Agree as the second person")):
        test = opened(old_world, at, who)
        box = test.selectbox(key="early-case")
        test = box.set_value(case.ref).run()
        write(test, f"agree-why-early-{case.id}", "nothing is to be expected any more")
        press(test, label)
    going = [one.case.id for one in room.tonight(old_world.people["dpo"], SCHOOL).cases if one.fate.action == "goes tonight"]

    assert case.id in going


def test_the_last_nights_are_listed_also_one_that_was_cut_off(old_world: World, at: Sit) -> None:
    """When, how many went, and that a run did not come to its end."""
    old_world.desk.casework.run_retention(b"k" * 32)
    whole = words(opened(old_world, at))
    with old_world.desk.store.begin("system") as work:
        run = work.retention_runs.where()[0]
        work.retention_runs.replace(run.model_copy(update={"finished_at": None}))
        work.commit()
    cut = words(opened(old_world, at))

    assert "done" in whole
    assert "was cut off" in cut


@pytest.mark.parametrize(("who", "key", "may_hold"), [("dsl", "child", True), ("chair", "heads", False)])
def test_the_case_page_offers_transfer_and_hold(old_world: World, at: Sit, who: str, key: str, *, may_hold: bool) -> None:
    """On the case itself: the rule in words, the form for the transfer (the chair's, in a case about the head), the form for a hold."""
    case = old_world.cases[key]
    at(old_world.desk, old_world.token(who))
    test = AppTest.from_file(APP, default_timeout=20).run()
    test = test.switch_page("views/case.py")
    test.query_params["id"] = case.id
    test = test.run()
    write(test, f"transfer-where-{case.id}", "CP file 3")
    test = press(test, "The file has its copy")
    seen = words(test)

    assert "The file has its copy: CP file 3" in seen
    assert ("Keep it until the hold is released" in [one.label for one in test.button]) is may_hold


def test_the_head_sees_nothing_of_a_case_about_the_head(old_world: World, at: Sit) -> None:
    """§7.3: neither its number nor that it waits."""
    ref = old_world.cases["heads"].ref

    assert ref not in words(opened(old_world, at, "head"))
    assert ref in words(opened(old_world, at, "dpo"))
