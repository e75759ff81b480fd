"""The 24 hours: the test vectors of domain.md §5.4 and the words beside them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from casework.countdown import reminders_due, stage, standing, text_left
from casework.testing import NOON
from data.model.cases import StandingWord

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("start", "deadline"),
    [
        (datetime(2026, 11, 20, 16, 0, tzinfo=LONDON), "Sat 21 Nov 16:00 GMT"),
        (datetime(2026, 3, 28, 20, 0, tzinfo=LONDON), "Sun 29 Mar 21:00 BST"),
        (datetime(2026, 10, 24, 20, 0, tzinfo=LONDON), "Sun 25 Oct 19:00 GMT"),
    ],
    ids=["weekend", "23-hour day", "25-hour day"],
)
def test_vectors_of_the_reference(start: datetime, deadline: str) -> None:
    """Weekends count, and days of 23 and 25 hours do not bend 24 elapsed hours."""
    due = standing(start, start).due_at.astimezone(LONDON)

    assert f"{due:%a %d %b %H:%M %Z}" == deadline


@pytest.mark.parametrize(
    ("hours", "word", "words"),
    [
        (1, StandingWord.ON_TRACK, "less than half of the time is used"),
        (12, StandingWord.ON_TRACK, "more than half of the time is used"),
        (20, StandingWord.DUE_SOON, "more than 80 % of the time is used"),
        (25, StandingWord.OVERDUE, "the 24 hours are used up"),
    ],
)
def test_words_at_half_four_fifths_and_all(hours: int, word: StandingWord, words: str) -> None:
    """At 50, 80 and 100 % the page says so in words."""
    state = standing(NOON, NOON + timedelta(hours=hours))

    assert (state.word, stage(state)) == (word, words)


def test_time_left_is_said_first() -> None:
    """The text says the time left, how late it is, or how it ended."""
    on_time = standing(NOON, NOON + timedelta(hours=20, minutes=48))
    late = standing(NOON, NOON + timedelta(hours=26, minutes=5))
    met = standing(NOON, NOON + timedelta(days=9), NOON + timedelta(hours=5))
    missed = standing(NOON, NOON + timedelta(days=9), NOON + timedelta(hours=30))

    assert [text_left(state) for state in (on_time, late, met, missed)] == [
        "3 h 12 min left of 24 h",
        "late by 2 h 5 min",
        "met: gone after 5 h 0 min of 24 h",
        "missed: gone after 30 h 0 min of 24 h",
    ]


def test_a_clock_set_back_uses_nothing() -> None:
    """A moment before the start never shows negative use."""
    assert standing(NOON, NOON - timedelta(hours=1)).used == 0


def test_reminders_come_at_their_hours() -> None:
    """At 4, 12, 20, 23 and 24 hours, and never an hour that lies before one that fired."""
    assert reminders_due(NOON, NOON + timedelta(hours=3, minutes=59), []) == ()
    assert reminders_due(NOON, NOON + timedelta(hours=12), ["removal+4h"]) == ("removal+12h",)
    assert reminders_due(NOON, NOON + timedelta(hours=30), ["removal+23h"]) == ("removal+24h",)
