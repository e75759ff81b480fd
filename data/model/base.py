"""What every record shares: frozen, validated, times aware and in UTC, ids that sort by age."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, ConfigDict
from sqlmodel import Field, SQLModel

from data.columns import Utc


class Record(SQLModel):
    """A value that never changes after it was made; a change is a new value by `model_copy(update=…)`."""

    model_config = ConfigDict(frozen=True, extra="forbid")  # type: ignore[assignment]


def in_utc(moment: datetime | None) -> datetime | None:
    """Return the moment in UTC; raises ValueError when it has no zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        msg = "a time needs a zone; naive times are refused"
        raise ValueError(msg)
    return moment.astimezone(UTC)


UtcTime = Annotated[datetime, Field(sa_type=Utc), AfterValidator(in_utc)]
MaybeUtcTime = Annotated[datetime | None, Field(sa_type=Utc), AfterValidator(in_utc)]


def new_id(now: datetime) -> str:
    """Return a fresh id of 22 hexadecimal characters that sorts by the moment it was made (milliseconds, then chance)."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(5)}"
