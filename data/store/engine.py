"""How the database is opened: SQLite in WAL with IMMEDIATE writers by default, PostgreSQL by address."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 30  # how long a writer waits for another (infrastructure.md §2.3)
_EMPTY: dict[type, str] = {dict: "{}", list: "[]", tuple: "[]"}


def open_engine(url: str) -> sa.Engine:
    """Return an engine for `url` (`sqlite:///…` or `postgresql+psycopg://…`)."""
    engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=not url.startswith("sqlite"), json_serializer=_as_json)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _as_json(value: Any) -> str:
    """Return the value as JSON; most lists of a post are empty, and an encoder for each would cost more than the rest of its row."""
    empty = None if value else _EMPTY.get(type(value))
    return json.dumps(value) if empty is None else empty


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # pysqlite must not begin by itself: we say IMMEDIATE
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A deferred transaction that reads and then writes fails at once under WAL, whatever the busy timeout (measured).
    connection.exec_driver_sql("BEGIN IMMEDIATE" if "schoolwatch_writes" in connection.get_execution_options() else "BEGIN")
