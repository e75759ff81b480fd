"""The 24 hours of policy A18, applied to a case at a moment: computed on read, never stored, never paused.

Domain.md §5.4: elapsed hours count, weekends and holidays too; durations are taken in UTC, so that a day of 23 or 25 hours bends nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from data.model.cases import Standing, StandingWord

TARGET = timedelta(hours=24)  # A18: within 24 hours
RULE = "removal-24h.v1"
REMINDER_HOURS = (4, 12, 20, 23, 24)  # §5.4
SOON, LATE = 0.8, 1.0
HALF = 0.5


def standing(known_at: datetime, now: datetime, stopped_at: datetime | None = None, target: timedelta = TARGET) -> Standing:
    """Return how the countdown stands. Only `stopped_at` (first observed gone, then confirmed) ends it; nothing pauses it."""
    # Two local times are subtracted as the wall shows them; only in UTC do 23- and 25-hour days count what has passed.
    known_at, ends = known_at.astimezone(UTC), (stopped_at or now).astimezone(UTC)
    elapsed = max(ends - known_at, timedelta(0))  # a clock set back never shows negative use
    used = elapsed / target
    return Standing(
        known_at=known_at,
        due_at=known_at + target,
        now=now,
        stopped_at=stopped_at,
        used=used,
        left=target - elapsed,
        word=_word(used, stopped=stopped_at is not None),
    )


def _word(used: float, *, stopped: bool) -> StandingWord:
    if stopped:
        return StandingWord.MET if used <= LATE else StandingWord.MISSED
    if used > LATE:
        return StandingWord.OVERDUE
    return StandingWord.DUE_SOON if used >= SOON else StandingWord.ON_TRACK


class Level(StrEnum):
    """How far a time is used up: where the colour changes, always beside words (§5.4)."""

    CALM = "calm"
    HALF = "half"
    SOON = "soon"
    OVER = "over"


_STAGES: dict[Level, str] = {
    Level.CALM: "less than half of the time is used",
    Level.HALF: "more than half of the time is used",
    Level.SOON: "more than 80 % of the time is used",
    Level.OVER: "all of the time is used up",
}


def level(state: Standing) -> Level:
    """Return how far the time is used: the colour changes at 50, 80 and 100 %."""
    if state.used >= LATE:
        return Level.OVER
    if state.used >= SOON:
        return Level.SOON
    return Level.HALF if state.used >= HALF else Level.CALM


def stage(state: Standing) -> str:
    """Say in words how much of the target is used: the cue beside the colour (§5.4)."""
    found = level(state)
    return "the 24 hours are used up" if found is Level.OVER and state.due_at - state.known_at == TARGET else _STAGES[found]


def in_words(span: timedelta) -> str:
    """Say a length of time as "3 h 12 min" or "40 min"; days are counted in hours, as the target is."""
    minutes = int(abs(span).total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def text_left(state: Standing) -> str:
    """Say the time left first ("3 h 12 min left of 24 h", "late by 2 h 5 min"), as design.md asks of every deadline."""
    target = state.due_at - state.known_at
    if state.stopped_at is not None:
        return f"{'met' if state.word is StandingWord.MET else 'missed'}: gone after {in_words(target - state.left)} of {in_hours(target)}"
    if state.left < timedelta(0):
        return f"late by {in_words(state.left)}"
    return f"{in_words(state.left)} left of {in_hours(target)}"


def in_hours(span: timedelta) -> str:
    """Say a target as "24 h"."""
    return f"{span.total_seconds() / 3600:g} h"


def reminder_key(hours: int) -> str:
    """Return the key under which the reminder after `hours` is kept once."""
    return f"removal+{hours}h"


def reminders_due(known_at: datetime, now: datetime, fired: Collection[str]) -> tuple[str, ...]:
    """Return the keys whose hour has come and that did not fire; an hour earlier than one that fired is past and stays silent."""
    passed = now.astimezone(UTC) - known_at.astimezone(UTC)
    last = max((hours for hours in REMINDER_HOURS if reminder_key(hours) in fired), default=0)
    return tuple(reminder_key(hours) for hours in REMINDER_HOURS if hours > last and passed >= timedelta(hours=hours))
