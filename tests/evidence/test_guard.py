"""The no-capture rule."""

from __future__ import annotations

import pytest

from data.model.cases import Case
from data.model.evidence import SafetyAnswer
from data.model.readings import Category
from evidence.errors import ADULT_TEXT, STOP_TEXT, CaptureForbiddenError, Refused
from evidence.guard import is_sealed_off, may_capture, may_export, may_keep


@pytest.mark.parametrize("answer", [None, SafetyAnswer.YES, SafetyAnswer.NOT_SURE])
def test_anything_but_a_clear_no_is_refused(answer: SafetyAnswer | None) -> None:
    """Yes, not sure and no answer all stop the capture."""
    with pytest.raises(CaptureForbiddenError):
        may_capture(answer, stop=False, category=None)


@pytest.mark.parametrize("answer", [None, *SafetyAnswer])
@pytest.mark.parametrize(("stop", "category"), [(True, None), (True, Category.HATE), (False, Category.CSAM)])
def test_a_stopped_case_is_refused_whatever_was_answered(answer: SafetyAnswer | None, stop: bool, category: Category | None) -> None:
    """A stop flag or the gravest category cannot be lifted by an answer."""
    with pytest.raises(CaptureForbiddenError):
        may_capture(answer, stop=stop, category=category)


@pytest.mark.parametrize("category", [None, *(set(Category) - {Category.CSAM, Category.INTIMATE_IMAGE_ADULT})])
def test_a_clear_no_opens_the_way(category: Category | None) -> None:
    """With a clear no and an ordinary category a page may be captured."""
    may_capture(SafetyAnswer.NO, stop=False, category=category)


def test_the_screen_says_what_to_do_now() -> None:
    """The refusal names the DSL, the police, the IWF, CEOP, Report Remove, and not to copy."""
    with pytest.raises(CaptureForbiddenError) as caught:
        may_capture(None, stop=False, category=None)

    assert all(word in caught.value.screen for word in ("DSL", "101", "999", "IWF", "CEOP", "Report Remove", "Do not copy"))


def test_export_of_a_stopped_case_is_refused(case: Case) -> None:
    """Nothing of a stopped case may leave."""
    with pytest.raises(CaptureForbiddenError):
        may_export(case.model_copy(update={"stop": True}))


@pytest.mark.parametrize("answer", [None, *SafetyAnswer])
def test_an_adults_intimate_picture_is_copied_just_as_little(case: Case, answer: SafetyAnswer | None) -> None:
    """Whatever was answered nothing is captured or shown, and the screen has the advice for adults; the case itself may go on."""
    adult = case.model_copy(update={"lead_category": Category.INTIMATE_IMAGE_ADULT})
    with pytest.raises(CaptureForbiddenError) as captured:
        may_capture(answer, stop=False, category=Category.INTIMATE_IMAGE_ADULT)
    with pytest.raises(CaptureForbiddenError) as shown:
        may_export(adult)
    may_keep(stop=adult.stop, category=adult.lead_category)

    assert captured.value.screen == shown.value.screen == ADULT_TEXT
    assert not is_sealed_off(adult)
    assert all(word in ADULT_TEXT for word in ("Revenge Porn Helpline", "0345 6000 459", "StopNCII", "101", "999", "They decide"))


def test_the_advice_for_a_child_names_no_way_to_the_platform() -> None:
    """The hours run for the police or the IWF, and an adult's helplines are not offered where a child may be concerned."""
    assert "24 hours run for telling the police or the IWF" in STOP_TEXT
    assert not [word for word in ("StopNCII", "Revenge Porn") if word in STOP_TEXT]


@pytest.mark.parametrize(("change", "is_off"), [({"stop": True}, True), ({"lead_category": Category.CSAM}, True), ({}, False)])
def test_what_is_sealed_off_is_not_shown(case: Case, change: dict[str, object], is_off: bool) -> None:
    """A stop flag or the gravest category seal a case off, and then nothing of it is shown."""
    changed = case.model_copy(update=change)
    if is_off:
        with pytest.raises(CaptureForbiddenError):
            may_export(changed)
    else:
        may_export(changed)

    assert is_sealed_off(changed) is is_off


@pytest.mark.parametrize("what", list(Refused))
def test_a_refusal_says_what_was_refused_and_never_what_is_not_so(what: Refused) -> None:
    """A pack or a look is no capture: nothing claims that nothing was stored where something is, and nobody is sent to themselves."""
    with pytest.raises(CaptureForbiddenError) as caught:
        may_capture(None, stop=True, category=None, what=what)
    said = str(caught.value)
    kept = what not in {Refused.CAPTURE, Refused.UPLOAD}

    assert said.startswith(f"{what.value} refused: this case is on the STOP route; ")
    assert ("what was captured is sealed off" in said) is kept
    assert ("nothing was fetched or stored" in said) is (what is Refused.CAPTURE)
    assert "DSL" not in said
    assert "Tell the designated safeguarding lead" in caught.value.screen


def test_a_pack_is_refused_as_an_export_and_a_look_as_a_look(case: Case) -> None:
    """What the safe refuses without saying more is an export; an adult's picture is not called sealed off."""
    stopped = case.model_copy(update={"stop": True})
    adult = case.model_copy(update={"lead_category": Category.INTIMATE_IMAGE_ADULT})
    with pytest.raises(CaptureForbiddenError, match=r"export refused: .*nothing was given out; what was captured is sealed off"):
        may_export(stopped)
    with pytest.raises(CaptureForbiddenError, match=r"look at the evidence refused: .*nothing is shown; what was captured is sealed off"):
        may_export(stopped, Refused.PICTURE)
    with pytest.raises(CaptureForbiddenError) as caught:
        may_export(adult)

    assert "sealed off" not in str(caught.value)
