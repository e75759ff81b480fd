"""The no-capture rule: what may show an indecent image of a child is never fetched, shown, stored or exported (domain.md §5.7 rule 1).

The code refuses, not only the button: `capture()` asks before its first request, the pack before its first file.
"""

from __future__ import annotations

from data.model.cases import Case
from data.model.evidence import SafetyAnswer
from data.model.readings import NO_CAPTURE, Category
from evidence.errors import CaptureForbiddenError


def may_capture(answer: SafetyAnswer | None, *, stop: bool, category: Category | None) -> None:
    """Return quietly when a page may be captured; raises CaptureForbiddenError otherwise (evidence.md §8.2).

    Only a person's clear "no" opens the way; "yes", "not sure" and no answer are STOP, and so are the case's own stop flag
    and the category `csam`, whatever was answered.
    """
    may_keep(stop=stop, category=category)
    if answer is None:
        raise CaptureForbiddenError("the safety question was not answered")
    if answer is not SafetyAnswer.NO:
        raise CaptureForbiddenError("the safety question was not answered with a clear 'no'")


def may_keep(*, stop: bool, category: Category | None) -> None:
    """Raise CaptureForbiddenError for stopped material (evidence.md §8.4): no file, no picture, no export, no look at the address."""
    if stop:
        raise CaptureForbiddenError("this case is on the STOP route")
    if category in NO_CAPTURE:
        raise CaptureForbiddenError("the category forbids any copy")


def may_export(case: Case) -> None:
    """Raise CaptureForbiddenError when nothing of the case may leave, whatever button was pressed (evidence.md §8.4)."""
    may_keep(stop=case.stop, category=case.lead_category)
