"""The database behind one door: `Store` opens it, `Work` is one transaction on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from data.clock import Clock, SystemClock
from data.errors import ConflictError, MigrationNeededError, StoreError
from data.store.engine import open_engine
from data.store.snapshot import closing_engine, copy_sqlite, dump_postgres
from data.store.work import Work

REVISION = "0005"  # the newest migration; a test holds it against data/migrations

__all__ = ["REVISION", "Store", "Work"]


class Store:
    """The school's database. Safe to share between threads; each transaction has its own connection."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    @classmethod
    def open(cls, url: str, clock: Clock | None = None) -> Store:
        """Open the database at `url`; raises MigrationNeededError when its tables are of another version, StoreError when it cannot."""
        store = cls(open_engine(url), clock or SystemClock())
        with _plain_errors(), store._engine.connect() as connection:
            found = _revision(connection)
        if found != REVISION:
            store.close()
            versions = f"the database is at version {found or 'none'}, this program needs {REVISION}"
            raise MigrationNeededError(f"{versions}; run `schoolwatch migrate`")
        return store

    @contextmanager
    def begin(self, by: str) -> Iterator[Work]:
        """Begin a transaction that writes, in the name of `by` (a user id, or `system`); leaving without `commit` rolls back."""
        with _plain_errors(), self._engine.connect() as connection:
            yield Work(connection.execution_options(schoolwatch_writes=True), by=by, clock=self._clock, writes=True)

    @contextmanager
    def read(self) -> Iterator[Work]:
        """Begin a transaction that only reads, on one consistent view."""
        with _plain_errors(), self._engine.connect() as connection:
            yield Work(connection, by="", clock=self._clock, writes=False)

    @contextmanager
    def snapshot(self, target: Path) -> Iterator[Work]:
        """Write the whole database, as it stands at one moment, to the file `target`; yields a transaction that reads just that moment.

        SQLite: a database file that opens by itself; PostgreSQL: what `pg_restore` takes. Writers go on meanwhile. Raises StoreError.
        """
        with _plain_errors():
            yield from _snapshot_sqlite(self, target) if self.dialect == "sqlite" else _snapshot_postgres(self, target)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @property
    def file(self) -> Path | None:
        """The database's file; None where it lies on a server."""
        return Path(self._engine.url.database or "") if self.dialect == "sqlite" else None

    def compact(self) -> None:
        """Give back the space of deleted rows, so that nothing of them stays in the files; waits for writers, raises StoreError."""
        with _plain_errors():
            _compact_sqlite(self._engine) if self._engine.dialect.name == "sqlite" else _vacuum(self._engine)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _snapshot_sqlite(store: Store, target: Path) -> Iterator[Work]:
    copy_sqlite(store.file or Path(), target)
    copy = open_engine(f"sqlite:///{target}")
    with closing_engine(copy), copy.connect() as connection:
        yield Work(connection, by="", clock=store._clock, writes=False)  # noqa: SLF001 - of this module


def _snapshot_postgres(store: Store, target: Path) -> Iterator[Work]:
    engine = store._engine  # noqa: SLF001 - of this module
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        moment = str(connection.execute(sa.text("SELECT pg_export_snapshot()")).scalar_one())
        dump_postgres(engine, target, moment)
        yield Work(connection, by="", clock=store._clock, writes=False)  # noqa: SLF001 - of this module


def _compact_sqlite(engine: sa.Engine) -> None:
    connection = engine.raw_connection()
    try:  # the words of deleted posts stay in the index until it is merged, and their bytes in the file until it is written anew
        for statement in ("INSERT INTO post_words(post_words) VALUES ('optimize')", "VACUUM"):
            connection.cursor().execute(statement)
        is_read = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise StoreError(_plain(str(error))) from error
    finally:
        connection.close()
    if is_read:  # somebody still reads the old state: its pages stay in the log beside the file
        raise StoreError("the database was being read, so the space of what went was not given back yet; it is tried again tomorrow")


def _vacuum(engine: sa.Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM"))


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Say in plain words what the database refused; nothing of a rolled-back transaction is kept."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        raise ConflictError from error
    except sa.exc.DBAPIError as error:
        raise StoreError(_plain(str(error.orig))) from error


def _plain(reason: str) -> str:
    if "locked" in reason:
        return "the database is busy and did not answer for 30 seconds; nothing was saved, try again"
    if "disk is full" in reason or "No space left" in reason:
        return "the disk is full; nothing was saved; free some space and try again"
    if "unable to open" in reason:
        return "the database file cannot be opened; check that the state folder exists and may be written"
    return f"the database refused: {reason.splitlines()[0] if reason else 'no reason given'}; nothing was saved"
