"""Properties of the custody chain: whatever is changed in it, it shows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.model.evidence import CustodyEvent
from evidence.custody import FIRST, CustodyDraft, chain, verify, verify_extract
from evidence.errors import CustodyBrokenError

_words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_drafts = st.lists(
    st.builds(
        CustodyDraft,
        at=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is added by the strategy
        by=_words,
        evidence_id=_words,
        what=_words,
        detail=_words,
    ),
    min_size=1,
    max_size=8,
)


def _chained(drafts: list[CustodyDraft]) -> list[CustodyEvent]:
    events: list[CustodyEvent] = []
    for number, draft in enumerate(drafts, start=1):
        events.append(chain(events[-1].hash if events else FIRST, number, draft))
    return events


@given(_drafts)
def test_an_untouched_chain_holds(drafts: list[CustodyDraft]) -> None:
    """Every chain that was made by adding events verifies, whole or in part."""
    events = _chained(drafts)

    verify(events)
    verify_extract(events[::2])


@given(_drafts, st.data())
def test_a_changed_field_shows(drafts: list[CustodyDraft], data_: st.DataObject) -> None:
    """Changing any field of any event breaks the chain, also in an extract."""
    events = _chained(drafts)
    place = data_.draw(st.integers(0, len(events) - 1))
    name = data_.draw(st.sampled_from(["by", "evidence_id", "what", "detail", "before", "hash"]))
    events[place] = events[place].model_copy(update={name: getattr(events[place], name) + "x"})

    for check in (verify, verify_extract):
        with pytest.raises(CustodyBrokenError):
            check(events)


@given(_drafts.filter(lambda drafts: len(drafts) > 1), st.data())
def test_a_missing_or_moved_event_shows(drafts: list[CustodyDraft], data_: st.DataObject) -> None:
    """Leaving out an event in the middle or swapping two breaks the chain."""
    events = _chained(drafts)
    place = data_.draw(st.integers(0, len(events) - 2))
    swapped = [*events[:place], events[place + 1], events[place], *events[place + 2 :]]

    with pytest.raises(CustodyBrokenError):
        verify(events[:place] + events[place + 1 :])
    with pytest.raises(CustodyBrokenError):
        verify(swapped)
    with pytest.raises(CustodyBrokenError):
        verify_extract(swapped)


@given(_drafts)
def test_a_time_survives_another_zone(drafts: list[CustodyDraft]) -> None:
    """The same moment told in another way has the same hash: a stored and loaded event verifies."""
    events = [CustodyEvent.model_validate_json(event.model_dump_json()) for event in _chained(drafts)]

    verify(events)
