"""The no-capture rule."""

from __future__ import annotations

import pytest

from data.model.cases import Case
from data.model.evidence import SafetyAnswer
from data.model.readings import Category
from evidence.errors import CaptureForbiddenError
from evidence.guard import may_capture, may_export


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


@pytest.mark.parametrize("category", [None, *(set(Category) - {Category.CSAM})])
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
