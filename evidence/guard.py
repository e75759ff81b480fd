"""The no-capture rule: what may show an indecent image of a child is never fetched, shown, stored or exported (domain.md §5.7 rule 1).

The code refuses, not only the button: `capture()` asks before its first request, the pack before its first file. An intimate picture of an
adult is copied just as little (evidence.md §8.7); only what a person should do next is another matter.
"""

from __future__ import annotations

from data.model.cases import Case
from data.model.evidence import CaptureOrder, SafetyAnswer
from data.model.readings import NO_CAPTURE, Category
from evidence.errors import ADULT_TEXT, CaptureForbiddenError, PreflightStopError, Refused
from evidence.preflight import PageWords, signals

ADULT: frozenset[Category] = frozenset({Category.INTIMATE_IMAGE_ADULT})


def may_capture(answer: SafetyAnswer | None, *, stop: bool, category: Category | None, what: Refused = Refused.CAPTURE) -> None:
    """Return quietly when a page may be captured; raises CaptureForbiddenError otherwise (evidence.md §8.2).

    Only a person's clear "no" opens the way; "yes", "not sure" and no answer are STOP, and so are the case's own stop flag
    and the categories of indecent pictures, whatever was answered. `what`: for the words of the refusal.
    """
    may_copy(stop=stop, category=category, what=what)
    if answer is None:
        raise CaptureForbiddenError("the safety question was not answered", what=what)
    if answer is not SafetyAnswer.NO:
        raise CaptureForbiddenError("the safety question was not answered with a clear 'no'", what=what)


def may_keep(*, stop: bool, category: Category | None, what: Refused = Refused.EXPORT) -> None:
    """Raise CaptureForbiddenError for stopped material (evidence.md §8.4): no file, no picture, no export, no look at the address."""
    if stop:
        raise CaptureForbiddenError("this case is on the STOP route", what=what)
    if category in NO_CAPTURE:
        raise CaptureForbiddenError("the category forbids any copy", what=what)


def may_copy(*, stop: bool, category: Category | None, what: Refused = Refused.EXPORT) -> None:
    """Raise CaptureForbiddenError where no copy of anything may be made or shown: stopped, or an adult's intimate picture (§8.7)."""
    may_keep(stop=stop, category=category, what=what)
    if category in ADULT:
        raise CaptureForbiddenError("it may be an intimate picture of an adult, and nobody may copy it", ADULT_TEXT, what=what)


def may_export(case: Case, what: Refused = Refused.EXPORT) -> None:
    """Raise CaptureForbiddenError when nothing of the case may be shown, taken in, packed or leave, whatever was pressed (§8.4)."""
    may_copy(stop=case.stop, category=case.lead_category, what=what)


def must_be_clear(order: CaptureOrder, words: PageWords) -> None:
    """Raise PreflightStopError when the page's own words stop it (evidence.md §8.3), before any of its pictures is loaded.

    Signs that a safeguarding lead looked at and lifted for this very order stop it no more; any other does.
    """
    lifted = frozenset(order.signals if order.lifted_by else ())
    found = tuple(one for one in signals(words) if one not in lifted)
    if found:
        raise PreflightStopError(found)


def is_sealed_off(case: Case) -> bool:
    """Whether nothing of the case may be looked at, copied, sent, stamped or backed up."""
    return case.stop or case.lead_category in NO_CAPTURE
