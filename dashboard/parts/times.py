"""Times as people in a school read them: UK time, and how long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
UNKNOWN = "unknown"


def uk(moment: datetime | None, now: datetime) -> str:
    """Say a moment in UK time: "today 14:05", "Fri 20 Nov, 14:05"; with the year when it is not this one."""
    if moment is None:
        return UNKNOWN
    local, today = moment.astimezone(LONDON), now.astimezone(LONDON)
    if local.date() == today.date():
        return f"today {local:%H:%M}"
    year = "" if local.year == today.year else f" {local:%Y}"
    return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"


def ago(moment: datetime | None, now: datetime) -> str:
    """Say how long ago a moment was; "in 5 min" when it is still to come."""
    if moment is None:
        return UNKNOWN
    span = now - moment
    if span < timedelta(0):
        return f"in {length(-span)}"
    return "just now" if span < timedelta(minutes=1) else f"{length(span)} ago"


def both(moment: datetime | None, now: datetime) -> str:
    """Say "today 13:41, 2 h ago"."""
    return UNKNOWN if moment is None else f"{uk(moment, now)}, {ago(moment, now)}"


def length(span: timedelta) -> str:
    """Say a length of time in its largest fitting unit."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"  # noqa: PLR2004 - from two days on, days


def exact(moment: datetime) -> str:
    """Say a moment with date, zone and UTC, as evidence needs it: "20 Nov 2026, 14:05:09 GMT (14:05:09 UTC)"."""
    local = moment.astimezone(LONDON)
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z} ({moment:%H:%M:%S} UTC)"
