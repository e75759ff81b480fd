"""The calendars hold for every moment, in every zone and over every change of the clocks (domain.md §2.2, §5.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from casework import clocks
from casework.clocks import ClockFacts, Name
from casework.countdown import TARGET
from casework.testing import NOON, a_case
from casework.working_days import LONDON, counted, is_working_day, poster_deadline, s5_deadline, working_days
from data.model.cases import CaseEvent, CaseState

MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001
SPANS = st.lists(st.integers(1, 600), max_size=12)
TWO_DAYS = timedelta(hours=48)


@settings(deadline=None)
@given(MOMENTS)
def test_exactly_48_counted_hours_pass(received: datetime) -> None:
    """Up to the deadline 48 hours were counted, and the moment before it fewer; it never falls on a day that does not count."""
    due = s5_deadline(received)

    assert counted(working_days(received), due) == TWO_DAYS
    assert counted(working_days(received), due - timedelta(microseconds=1)) < TWO_DAYS
    assert is_working_day((due - timedelta(microseconds=1)).astimezone(LONDON).date())


@settings(deadline=None)
@given(MOMENTS, st.integers(-14, 14))
def test_the_zone_of_the_sender_changes_nothing(received: datetime, hours: int) -> None:
    """The same moment said in another zone has the same deadline."""
    assert s5_deadline(received.astimezone(timezone(timedelta(hours=hours)))) == s5_deadline(received)


@settings(deadline=None)
@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_later_is_never_due_earlier(received: datetime, later: timedelta) -> None:
    """A notice that came later is not due before one that came earlier."""
    assert s5_deadline(received) <= s5_deadline(received + later)


@settings(deadline=None)
@given(MOMENTS)
def test_on_the_wall_two_working_days_are_the_same_time_of_day(received: datetime) -> None:
    """From a working day the deadline is the same time by the wall's clock, on days of 23 and 25 hours too."""
    local = received.astimezone(LONDON)
    if is_working_day(local.date()):
        assert s5_deadline(received).astimezone(LONDON).time() == local.time()


@settings(deadline=None)
@given(MOMENTS)
def test_the_poster_always_has_five_whole_days(sent: datetime) -> None:
    """The fifth day after sending ends at midnight by the wall's clock."""
    due = poster_deadline(sent).astimezone(LONDON)

    assert (due.hour, due.minute) == (0, 0)
    assert (due.date() - sent.astimezone(LONDON).date()).days == 6


def holds(minutes: list[int]) -> tuple[CaseEvent, ...]:
    """Return holds and releases in turn, so many minutes after each other."""
    events: list[CaseEvent] = []
    at, states = NOON, (CaseState.REQUESTED, CaseState.HOLD_BY_AUTHORITY)
    for number, gap in enumerate(minutes):
        at += timedelta(minutes=gap)
        before, after = states if number % 2 == 0 else states[::-1]
        events.append(
            CaseEvent(id=f"e{number}", case_id="case-1", number=number + 2, at=at, by="u", what="moved", before=before, after=after)
        )
    return tuple(events)


@settings(deadline=None)
@given(SPANS, st.integers(0, 4_000))
def test_gross_is_net_and_the_holds(minutes: list[int], passed: int) -> None:
    """Whatever was held, the net time left is the gross time left and the held time; the gross clock never pauses."""
    now, events = NOON + timedelta(minutes=passed), holds(minutes)
    seen = tuple(event for event in events if event.at <= now)
    held = sum((until - since for since, until in clocks.held(seen, now)), timedelta(0))
    by_name = {clock.name: clock.standing for clock in clocks.clocks(ClockFacts(a_case(), events=seen), now)}
    net = by_name.get(Name.REMOVAL_NET, by_name[Name.REMOVAL])

    assert by_name[Name.REMOVAL].left == TARGET - (now - NOON)
    assert net.left == by_name[Name.REMOVAL].left + held


@settings(deadline=None)
@given(SPANS, st.integers(0, 4_000))
def test_every_text_begins_with_the_time(minutes: list[int], passed: int) -> None:
    """Each running clock says first how much is left or how late it is, and the share used is never negative."""
    facts = ClockFacts(a_case(), events=holds(minutes))
    for clock in clocks.clocks(facts, NOON + timedelta(minutes=passed)):
        assert clock.standing.used >= 0
        if clock.is_running:
            assert clock.text.startswith("late by") == (clock.standing.left < timedelta(0))
