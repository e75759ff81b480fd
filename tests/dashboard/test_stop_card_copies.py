"""The STOP card on what left the safe before, who saw what a working copy shows, and how the bodies are reached."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from casework.exports import Export
from casework.watching import chained
from dashboard.parts.case_head import STOP_CLOCK
from dashboard.parts.stop_card import FIRST, OUTSIDE, TELL, YOU_LEAD
from dashboard.parts.testing import World
from data.model.evidence import Evidence, EvidenceKind
from data.model.readings import Category
from evidence.custody import CustodyDraft


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
    world.clock.forward(timedelta(seconds=0.5))
    return world


def drawn(world: World, who: str = "dsl") -> AppTest:
    """Draw the page of the case."""
    test = AppTest.from_function(page, kwargs={"desk": world.desk, "user": world.people[who]}, default_timeout=60)
    test.query_params["id"] = world.cases["shout"].id
    return test.run()


def words(world: World, who: str = "dsl") -> str:
    """Return everything that stands on the page of the case."""
    test = drawn(world, who)
    kinds = ("markdown", "text", "info", "warning", "error", "success")
    return "\n".join(str(one.value) for kind in kinds for one in getattr(test, kind)).replace("\\", "")


def kept(world: World) -> Evidence:
    """Return the only capture of the case."""
    with world.desk.store.read() as work:
        return work.evidence.where(case_id=world.cases["shout"].id)[0]


def add_copy(world: World, original: Evidence) -> Evidence:
    """Record a working copy of a capture, as the desk for them does."""
    with world.desk.store.begin("u-dsl") as work:
        order = work.orders.get(original.order_id)
        work.orders.add(order.model_copy(update={"id": "o-copy", "evidence_id": "e-copy"}))
        changed = {"id": "e-copy", "ref": original.ref.replace("E1", "E2"), "order_id": "o-copy"}
        copy = work.evidence.add(original.model_copy(update=changed | {"kind": EvidenceKind.REDACTED, "derived_from": original.id}))
        work.commit()
    return copy


def note(world: World, evidence_id: str, what: str, detail: str, by: str = "u-dsl") -> None:
    """Write a line into the custody chain."""
    with world.desk.store.begin(by) as work:
        chained(work, [CustodyDraft(at=world.clock.now(), by=by, evidence_id=evidence_id, what=what, detail=detail)])
        work.commit()
    world.clock.forward(timedelta(minutes=3))


def test_the_card_lists_what_left_before(opened: World) -> None:
    """Each pack once, with when in UK time, who and which kind; papers too; and what to do about them."""
    original, copy = kept(opened), add_copy(opened, kept(opened))
    for one in (original, copy):
        note(opened, one.id, "exported", "full, pack seal aa")
    note(opened, copy.id, "exported", "redacted, pack seal bb", by="u-head")
    for _ in range(2):
        note(opened, original.id, "exported", "papers for the person concerned")
    opened.desk.casework.saw_indecent(opened.people["dsl"], opened.cases["shout"].id)
    sheet = opened.desk.casework.stop_sheet(opened.people["dsl"], opened.cases["shout"].id)
    seen = words(opened)

    assert sheet is not None
    assert [(one.by, one.refs) for one in sheet.exports] == [
        ("u-dsl", (original.ref, copy.ref)),
        ("u-head", (copy.ref,)),
        ("u-dsl", (original.ref,)),
        ("u-dsl", (original.ref,)),
    ]
    assert all(isinstance(one, Export) for one in sheet.exports)
    assert OUTSIDE in seen
    assert f"by Invented dsl: full evidence pack, with {original.ref}, {copy.ref}" in seen
    assert f"by Invented head: evidence pack with working copies only (redacted), with {copy.ref}" in seen
    assert seen.count("by Invented dsl: papers for the person concerned") == 2
    assert "UTC), by Invented head" in seen


def test_nothing_is_said_of_copies_where_none_left(opened: World) -> None:
    """Without an export the card does not speak of copies outside."""
    opened.desk.casework.saw_indecent(opened.people["dsl"], opened.cases["shout"].id)

    assert OUTSIDE not in words(opened)


def test_who_saw_the_original_saw_what_the_copy_shows(opened: World) -> None:
    """The look while a copy was made stands under the original; beside the copy it is not "nobody"."""
    original, copy = kept(opened), add_copy(opened, kept(opened))
    note(opened, original.id, "viewed", "its working copy, before it was sealed", by="u-head")
    opened.desk.casework.saw_indecent(opened.people["dsl"], opened.cases["shout"].id)
    sheet = opened.desk.casework.stop_sheet(opened.people["dsl"], opened.cases["shout"].id)
    test = drawn(opened)
    (told,) = [one for one in test.expander if one.label.startswith(f"{copy.ref} · ")]

    assert sheet is not None
    assert [[who for who, _ in one.seen] for one in sheet.copies] == [["u-head"], ["u-head"]]
    assert told.label.endswith("by 1 person, once")
    assert [one.value for one in told.text if one.value.startswith("Invented head: once, first ")]


@pytest.mark.parametrize("who", ["dsl", "deputy", "head"])
def test_the_lead_is_not_told_to_tell_the_lead(opened: World, who: str) -> None:
    """The safeguarding lead acts, everybody else tells the lead; all read what comes first and how the bodies are reached."""
    opened.desk.casework.saw_indecent(opened.people["dsl"], opened.cases["shout"].id)
    seen = words(opened, who)

    assert (YOU_LEAD in seen) is (who == "dsl")
    assert (TELL in seen) is (who != "dsl")
    assert FIRST in seen
    assert all(one in seen for one in ("999 or 101", "https://report.iwf.org.uk/", "https://www.ceop.police.uk/Safety-Centre/"))
    assert "report-remove/" in seen
    assert "0345 6000 459" not in seen


def test_an_adults_helplines_are_named_with_number_and_address(opened: World) -> None:
    """StopNCII and the Revenge Porn Helpline with the number of the reference table; no body that is for children."""
    with opened.desk.store.begin("system") as work:
        case = work.cases.get(opened.cases["shout"].id)
        work.cases.replace(case.model_copy(update={"lead_category": Category.INTIMATE_IMAGE_ADULT}))
        work.commit()
    seen = words(opened)

    assert "StopNCII and the Revenge Porn Helpline: 0345 6000 459 · Monday to Friday, 10:00 to 16:00 · https://stopncii.org/" in seen
    assert "report.iwf.org.uk" not in seen


def test_the_head_of_a_stopped_case_shows_the_clock_of_the_stop(opened: World) -> None:
    """Two days after it was opened: not late by a day, but with the whole 24 hours for the police or the IWF; the same in the list."""
    opened.clock.forward(timedelta(hours=53))
    before = words(opened)
    opened.desk.casework.saw_indecent(opened.people["dsl"], opened.cases["shout"].id)
    seen = words(opened)
    (row,) = opened.desk.casework.cases(opened.people["dsl"], [opened.cases["shout"].school_id])

    assert "late by 29 h" in before
    assert STOP_CLOCK in seen
    assert "late by" not in seen
    assert "24 h 0 min left of 24 h" in seen
    assert row.text_left == "24 h 0 min left of 24 h, from when it was stopped"
