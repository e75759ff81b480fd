"""The countdown holds for every moment, every order and every change of the clocks (domain.md §5.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from casework.countdown import REMINDER_HOURS, TARGET, reminder_key, reminders_due, standing, text_left
from data.model.cases import Case, StandingWord

LONDON = ZoneInfo("Europe/London")
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001
SPANS = st.timedeltas(timedelta(0), timedelta(days=10))


@given(MOMENTS, SPANS)
def test_used_and_left_always_add_up(known_at: datetime, passed: timedelta) -> None:
    """What is used and what is left make 24 elapsed hours, whatever the local clocks do."""
    state = standing(known_at, known_at + passed)

    assert state.left + passed == TARGET
    assert abs(state.used - passed / TARGET) < 1e-9
    assert (state.word is StandingWord.OVERDUE) == (passed > TARGET)


@given(MOMENTS, SPANS, SPANS)
def test_a_stopped_countdown_never_moves_again(known_at: datetime, stop: timedelta, later: timedelta) -> None:
    """Once it was found gone, looking later changes nothing but the time of looking."""
    stopped_at = known_at + stop
    first = standing(known_at, stopped_at, stopped_at)
    then = standing(known_at, stopped_at + later, stopped_at)

    assert (first.used, first.left, first.word) == (then.used, then.left, then.word)
    assert then.word in {StandingWord.MET, StandingWord.MISSED}


@given(MOMENTS, st.lists(SPANS, max_size=12))
def test_each_reminder_fires_once_in_any_order_of_looking(known_at: datetime, looks: list[timedelta]) -> None:
    """However often and irregularly it is asked, no reminder comes twice and none before its hour."""
    fired: list[str] = []
    for passed in sorted(looks):
        due = reminders_due(known_at, known_at + passed, fired)
        assert all(timedelta(hours=hours) <= passed for hours in REMINDER_HOURS if reminder_key(hours) in due)
        fired.extend(due)

    assert len(fired) == len(set(fired))


@given(MOMENTS, SPANS)
def test_the_words_never_lie_about_the_sign(known_at: datetime, passed: timedelta) -> None:
    """The word "late" is said exactly when the time is over."""
    assert text_left(standing(known_at, known_at + passed)).startswith("late by") == (passed > TARGET)


def test_the_countdown_is_stored_nowhere() -> None:
    """A case keeps the moments only: no field for time left, share used or word."""
    assert not {"left", "used", "due_at", "standing", "word"} & set(Case.model_fields)
