"""Records made at less cost are the records that their own constructor makes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from data.model.readings import Mention, Span
from nlp.records import made, span_of


def test_is_the_same_record() -> None:
    """Values, defaults, what counts as set and what can be done with it are the same."""
    values: dict[str, Any] = {"start": 3, "end": 7, "term_id": "t1", "school_id": "fg", "reasons": (span_of(0, 2, "said to happen at it"),)}
    quick, usual = made(Mention, values), Mention(**values)
    assert quick == usual
    assert quick.model_dump() == usual.model_dump()
    assert quick.model_fields_set == usual.model_fields_set
    assert quick.model_copy(update={"sure": 0.5}).sure == 0.5
    assert hash(span_of(1, 2, "why")) == hash(Span(start=1, end=2, why="why"))


@pytest.mark.parametrize("values", [{"start": 1}, {"start": 1, "end": "x", "why": ""}, {"start": 1, "end": 2, "why": "", "more": 1}])
def test_refuses_what_the_record_refuses(values: dict[str, object]) -> None:
    """Values are checked as usual."""
    with pytest.raises(ValidationError):
        made(Span, values)


def test_stays_as_it_was_made() -> None:
    """A record made so is as frozen as any."""
    with pytest.raises(ValidationError):
        setattr(span_of(1, 2, "why"), "start", 5)  # noqa: B010 - the type checker forbids what is tried here
