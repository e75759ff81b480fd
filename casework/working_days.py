"""Which hours count: working days of England, the statutory 48 hours of section 5, school days, calendar months (domain.md §2.2, §5.4).

Local days are those of Europe/London and lengths are counted in UTC, so that a day of 23 or 25 hours bends nothing.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from data.errors import CaseError
from data.model.telling import SchoolClosure

LONDON = ZoneInfo("Europe/London")
OPENS, SHUTS = time(8), time(18)  # (P) when a school's own targets in working hours run
SATURDAY = 5
FURTHEST_DAYS = 1_100  # a calendar without a counted day for three years is a mistake of whoever entered the closures
DAY = timedelta(days=1)
Stretch = tuple[datetime, datetime]


@lru_cache(maxsize=64)
def bank_holidays(year: int) -> frozenset[date]:
    """Return the bank holidays of England and Wales in a year, Good Friday, Christmas Day and substitute days among them."""
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_working_day(day: date) -> bool:
    """Whether a day is neither a Saturday, a Sunday nor a bank holiday (the days that regulation 1(3) leaves to count)."""
    return day.weekday() < SATURDAY and day not in bank_holidays(day.year)


def is_school_day(day: date, closures: Sequence[SchoolClosure] = ()) -> bool:
    """Whether the school is open on a working day."""
    return is_working_day(day) and not any(one.first <= day <= one.last for one in closures)


def working_days(start: datetime) -> Iterator[Stretch]:
    """Yield the whole working days from a moment on; the first one from that moment."""
    return _stretches(start, is_working_day, None)


def working_hours(start: datetime, closures: Sequence[SchoolClosure] = ()) -> Iterator[Stretch]:
    """Yield the hours in which a school works, from a moment on."""
    return _stretches(start, lambda day: is_school_day(day, closures), (OPENS, SHUTS))


def _stretches(start: datetime, counts: Callable[[date], bool], hours: tuple[time, time] | None) -> Iterator[Stretch]:
    first = start.astimezone(LONDON).date()
    for number in range(FURTHEST_DAYS):
        day = first + number * DAY
        if not counts(day):
            continue
        opens, shuts = (_local(day, hours[0]), _local(day, hours[1])) if hours else (_local(day), _local(day + DAY))
        begins = max(start.astimezone(UTC), opens)
        if begins < shuts:
            yield begins, shuts


def _local(day: date, at: time = time.min) -> datetime:
    return datetime.combine(day, at, LONDON).astimezone(UTC)


def deadline(stretches: Iterator[Stretch], span: timedelta) -> datetime:
    """Return the moment at which `span` has been counted; raises CaseError when the calendar has no such moment within three years."""
    left = span
    for begins, ends in stretches:
        if left <= ends - begins:
            return begins + left
        left -= ends - begins
    msg = "no working day within three years: look at the school's closures"
    raise CaseError(msg)


def counted(stretches: Iterator[Stretch], until: datetime) -> timedelta:
    """Return how much of the stretches has passed at a moment."""
    total = timedelta(0)
    for begins, ends in stretches:
        if begins >= until:
            break
        total += min(ends, until) - begins
    return total


def s5_deadline(received_at: datetime, hours: int = 48) -> datetime:
    """Return when the hours that section 5 gives an operator end, in UTC (SI 2013/3028 reg. 1(3)).

    Saturdays, Sundays, Good Friday, Christmas Day and other bank holidays of England and Wales do not count.
    """
    return deadline(working_days(received_at), timedelta(hours=hours))


def poster_deadline(sent_at: datetime) -> datetime:
    """Return midnight at the end of the fifth day after a notice went to the poster; here every day counts (SI 2013/3028, Schedule)."""
    return _local(sent_at.astimezone(LONDON).date() + 6 * DAY)


def month_after(moment: datetime) -> datetime:
    """Return the end of the day on which "one month" is over (UK GDPR Art. 12(3)): the same date or the month's last, on a working day."""
    day = _in_months(moment.astimezone(LONDON).date(), 1)
    while not is_working_day(day):
        day += DAY
    return _local(day + DAY)


def months_after(moment: datetime, months: int) -> datetime:
    """Return the same local time so many calendar months on; a date that the month lacks becomes its last day."""
    local = moment.astimezone(LONDON)
    return _local(_in_months(local.date(), months), local.time())


def _in_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
