"""STOP on the case page: the button, what to do, the lead's steps; each click on a real desk. No picture is used but plain squares."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from streamlit.testing.v1 import AppTest

from casework.stopping import BECAUSE
from casework.transitions import ADVICE_BODIES, NONE_NEEDED
from casework.watching import chained
from dashboard.parts.bench import Bench
from dashboard.parts.case_evidence import noted_words
from dashboard.parts.case_people import TELL_FIRST, THEN
from dashboard.parts.indecent_button import CONFIRM
from dashboard.parts.stop_card import ADULT_LINE, SEALED_LINE, STOP_LINE
from dashboard.parts.testing import World
from dashboard.views.case import draft_title
from data.errors import CaseError
from data.model.care import ReferralBody
from data.model.cases import Case, CaseState, TakedownRequest
from data.model.evidence import BackupRun, SafetyAnswer
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


def draw(world: World, who: str = "dsl") -> AppTest:
    """Draw the page of the only case."""
    test = AppTest.from_function(page, kwargs={"desk": world.desk, "user": world.people[who]}, default_timeout=60)
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


def put(test: AppTest, label: str, value: str) -> None:
    """Fill in the text field of that name."""
    (found,) = [one for one in test.text_input if one.label.startswith(label)]
    found.set_value(value)


def case(world: World) -> Case:
    """Return the case as it stands."""
    with world.desk.store.read() as work:
        return work.cases.get(world.cases["shout"].id)


def stopped_by_words(world: World) -> None:
    """Let a capture be stopped by the page's own words."""
    desk, dsl, one = world.desk.casework, world.people["dsl"], case(world)
    order = desk.order_capture(dsl, one.id, desk.case(dsl, one.id).items[0].id, SafetyAnswer.NO)
    desk.stopped_by_words(order.id, ("nudes:text",))


@pytest.mark.parametrize("who", ["dsl", "deputy", "head"])
def test_one_button_seals_everything_off(opened: World, who: str) -> None:
    """Without a reason, by whoever sees the case: stopped, nothing shown, and the page says to ring the police and not to delete."""
    test = press(draw(opened, who), CONFIRM)
    seen = words(test)

    assert case(opened).stop
    assert case(opened).state is CaseState.SAFEGUARDING_LEAD
    assert STOP_LINE in seen
    assert SEALED_LINE in seen
    assert "Blurred here" not in seen
    assert [one for one in test.button if one.label == CONFIRM] == []


def test_the_card_says_what_to_do_why_and_which_backups(opened: World) -> None:
    """Police, IWF, CEOP, Report Remove, the hours; why; which backups may hold it."""
    now = opened.clock.now()
    with opened.desk.store.begin("system") as work:
        work.backups.add(BackupRun(id="b1", at=now, kind="backup", file="monday.age", ok=True))
        work.commit()
    opened.desk.casework.saw_indecent(opened.people["dsl"], case(opened).id)
    seen = words(draw(opened)).replace("\\", "")

    assert all(one in seen for one in ("999", "101", "Internet Watch Foundation", "CEOP", "Report Remove", "24 hours"))
    assert BECAUSE["seen"] in seen
    assert "monday.age" in seen
    assert "such a stop is never lifted" in seen


def test_the_lead_lifts_what_only_words_stopped(opened: World) -> None:
    """The form asks for a reason of some words; then the case goes on and the question is asked anew."""
    stopped_by_words(opened)
    test = draw(opened)
    told = words(test)
    put(test, "Why is it no indecent picture?", "false alarm")
    test = press(test, "Lift this stop")
    refused, still = [one.value for one in test.error], case(opened).stop
    put(test, "Why is it no indecent picture?", "It is our own lesson about sexting.")
    test = press(test, "Lift this stop")

    assert "speaks of nude or sexual pictures" in told
    assert any("at least 5 words" in one for one in refused)
    assert still
    assert not case(opened).stop
    assert STOP_LINE not in words(test)


def test_a_stop_through_another_case_says_so_at_its_lift(opened: World) -> None:
    """Where another case stopped this one and no longer holds it, the form does not speak of a page's words."""
    with opened.desk.store.begin("system") as work:
        opened.desk.casework._stop(work, work.cases.get(case(opened).id), "system", {"known_file": "SW-2026-0009"})
        work.commit()
    test = draw(opened)

    assert "This case may go on" in [one.label for one in test.expander]
    assert "Another case stopped this one" in words(test)
    assert "page's own words" not in words(test)


def test_first_tell_the_police_then_the_advice(opened: World) -> None:
    """The next step begins with the referral; "none needed" is neither offered nor taken; told, the advice alone is left."""
    room, dsl = opened.desk.casework, opened.people["dsl"]
    room.saw_indecent(dsl, case(opened).id)
    test = draw(opened)
    seen = words(test)
    (advice,) = [one for one in test.radio if one.label == "Whose advice?"]
    with pytest.raises(CaseError, match="needs outside advice"):
        room.record_advice(dsl, case(opened).id, NONE_NEEDED, "Nobody need be asked.")
    told = room.open_referral(dsl, case(opened).id, ReferralBody.IWF, "An image of a child may stand there.")
    room.referral_made(dsl, told.id, "online", "IWF-1")
    after = draw(opened)

    assert seen.index(TELL_FIRST) < seen.index(THEN)
    assert len([one for one in test.selectbox if one.label == "Put it to"]) == 1
    assert len(advice.options) == len(ADVICE_BODIES) - 1
    assert not [one for one in advice.options if "no outside advice" in one]
    assert TELL_FIRST not in words(after)
    assert [one.label for one in after.radio if one.label == "Whose advice?"]
    assert len([one for one in after.selectbox if one.label == "Put it to"]) == 1


def test_telling_is_due_now_and_late_after_an_hour(opened: World) -> None:
    """The moment after the stop nobody is late; the clock on top speaks of telling the police or the IWF."""
    opened.desk.casework.saw_indecent(opened.people["dsl"], case(opened).id)
    opened.clock.forward(timedelta(minutes=1))
    soon = words(draw(opened)).replace("\\", "")
    opened.clock.forward(timedelta(hours=1))
    later = words(draw(opened)).replace("\\", "")

    assert "due now] Tell the police" in soon
    assert "late, was due" not in "".join(line for line in soon.splitlines() if "Tell the police" in line)
    assert "left of 24 h for telling the police or the IWF" in soon
    assert [line for line in later.splitlines() if "late, was due" in line and "Tell the police" in line]


def test_the_first_request_is_not_another_one(opened: World) -> None:
    """While nobody was asked the step is "Draft a request"; after that, "Draft another request"."""
    room, dsl, one = opened.desk.casework, opened.people["dsl"], case(opened)
    bench = Bench(opened.desk, dsl, room.case(dsl, one.id))
    asked = cast("TakedownRequest", object())  # that there is one is all that counts

    assert draft_title(bench) == "Draft a request"
    assert draft_title(replace(bench, file=replace(bench.file, requests=(asked,)))) == "Draft another request"


def test_a_note_calls_a_picture_as_its_tile_does(opened: World) -> None:
    """Not "supplied-02.heic" beside a tile called "A picture, number 2"."""
    (kept,) = opened.desk.casework.case(opened.people["dsl"], case(opened).id).evidence
    file = kept.files[0].model_copy(update={"name": "supplied-02.heic", "media_type": "image/heic"})
    noted = kept.model_copy(update={"files": (file,), "note": "Take care: supplied-02.heic contains the place where it was taken."})

    assert noted_words(noted) == "Take care: A picture, number 2 contains the place where it was taken."


def test_who_looked_is_told_once_with_how_often(opened: World) -> None:
    """Three looks of one person are one line, folded away, with the first and the last."""
    room, dsl = opened.desk.casework, opened.people["dsl"]
    (kept,) = room.case(dsl, case(opened).id).evidence
    for _ in range(3):
        with opened.desk.store.begin("system") as work:
            chained(work, [CustodyDraft(at=opened.clock.now(), by=dsl.id, evidence_id=kept.id, what="viewed", detail="")])
            work.commit()
        opened.clock.forward(timedelta(minutes=1))
    room.saw_indecent(dsl, case(opened).id)
    test = draw(opened)

    assert [one.label for one in test.expander if "Looked at by" in one.label] == [f"{kept.ref} · Looked at by 1 person, 3 times"]
    assert len([one for one in test.text if ": 3 times, first " in one.value and ", last " in one.value]) == 1


@pytest.mark.parametrize("who", ["head", "deputy"])
def test_who_may_lift_and_who_may_not(opened: World, who: str) -> None:
    """The deputy does it in the lead's stead; the headteacher is told who decides."""
    stopped_by_words(opened)
    test = draw(opened, who)
    offered = [one.label for one in test.button if one.label == "Lift this stop"]

    assert bool(offered) is (who == "deputy")
    assert ("the safeguarding lead decides" in words(test)) is (who == "head")


def test_the_lead_records_what_the_police_direct(opened: World) -> None:
    """Without a reference nothing goes; with it the files are gone, number and hashes stay."""
    opened.desk.casework.saw_indecent(opened.people["dsl"], case(opened).id)
    (kept,) = opened.desk.casework.case(opened.people["dsl"], case(opened).id).evidence
    picture = next(file for file in kept.files if file.name == "screen-as-seen.png")
    test = draw(opened)
    put(test, "Who said so?", "PC Invented 77")
    test = press(test, "Destroy this copy as directed")
    without = opened.desk.vault.path(picture.sha256).exists()
    put(test, "Reference of the police", "CAD 9/2026")
    test = press(test, "Destroy this copy as directed")

    assert without
    assert not opened.desk.vault.path(picture.sha256).exists()
    assert "destroyed under police direction" in words(test)
    assert [one for one in draw(opened, "head").button if one.label == "Destroy this copy as directed"] == []


def test_an_adults_picture_has_other_advice(opened: World) -> None:
    """The Revenge Porn Helpline and StopNCII, and the person decides; nothing of the child's route."""
    with opened.desk.store.begin("system") as work:
        work.cases.replace(work.cases.get(case(opened).id).model_copy(update={"lead_category": Category.INTIMATE_IMAGE_ADULT}))
        work.commit()
    seen = words(draw(opened)).replace("\\", "")

    assert ADULT_LINE in seen
    assert all(one in seen for one in ("Revenge Porn Helpline", "StopNCII", "They decide"))
    assert "Report Remove" not in seen
