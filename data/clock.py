"""Where the present time comes from. Nothing else in the project asks the machine for it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The present moment, and how long real waiting takes."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""

    def real_seconds(self, span: timedelta) -> float:
        """Return how many real seconds `span` of this clock lasts (at least 0)."""


@dataclass(frozen=True)
class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that may ask

    def real_seconds(self, span: timedelta) -> float:
        """Return the span itself."""
        return max(0.0, span.total_seconds())


@dataclass
class FixedClock:
    """A clock for tests: stands still until told to move."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 11, 20, 9, 0, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the moment it was set to."""
        return self.moment

    def real_seconds(self, span: timedelta) -> float:  # noqa: ARG002 - a fixed clock never makes anyone wait
        """Return 0: nobody waits in a test."""
        return 0.0

    def forward(self, span: timedelta) -> datetime:
        """Move on by `span` and return the new moment."""
        self.moment += span
        return self.moment


@dataclass(frozen=True)
class ScaledClock:
    """The demo's clock: from `origin` on, time runs `factor` times as fast as on the wall (an hour in `3600 / factor` seconds)."""

    origin: datetime
    factor: float

    def now(self) -> datetime:
        """Return the scaled moment."""
        real = datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 - the scaled clock is made from the real one
        return self.origin + (real - self.origin) * self.factor

    def real_seconds(self, span: timedelta) -> float:
        """Return the span divided by the factor."""
        return max(0.0, span.total_seconds() / self.factor)
