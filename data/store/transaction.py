"""What a repository needs of a transaction: its connection, its dialect, a lock, and a place for audit notes."""

from __future__ import annotations

import zlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from data.clock import Clock


class Transaction:
    """A connection in a transaction, who acts in it, and what is noted for the audit log."""

    def __init__(self, connection: sa.Connection, *, by: str, clock: Clock, writes: bool) -> None:
        self.connection, self.by, self._clock, self._writes = connection, by, clock, writes
        self._notes: list[tuple[str, str, str, dict[str, Any]]] = []

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect.name

    @property
    def writes(self) -> bool:
        """Whether it may write."""
        return self._writes

    def insert(self, table: sa.Table) -> Any:
        """Return an insert that knows `on_conflict_…` in the present dialect."""
        return (sqlite if self.dialect == "sqlite" else postgresql).insert(table)

    def lock(self, name: str) -> None:
        """Let no other transaction pass this point before this one ends (SQLite: IMMEDIATE has seen to it)."""
        if self.dialect == "postgresql":
            self.connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": zlib.crc32(name.encode())})

    def note(self, what: str, kind: str, record_id: str, detail: dict[str, Any] | None = None) -> None:
        """Note an act for the audit log: ids and field names only, never content."""
        self._notes.append((what, kind, record_id, detail or {}))
