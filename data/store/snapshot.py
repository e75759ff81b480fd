"""The whole database at one moment, as a file: SQLite by its backup API, PostgreSQL by its own `pg_dump`; and back again.

PostgreSQL's programs get address and password through their environment, never on a command line that others can list.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from data.errors import StoreError
from data.store.engine import open_engine

DUMP_SECONDS = 3600  # after which pg_dump or pg_restore is given up
_PATH = "/usr/local/bin:/usr/bin:/bin"
_PG_NAMES = {"host": "PGHOST", "port": "PGPORT", "username": "PGUSER", "password": "PGPASSWORD", "database": "PGDATABASE"}
_PG_OPTIONS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "host": "PGHOST"}


def copy_sqlite(source: Path, target: Path) -> None:
    """Write a consistent copy of a SQLite file that may be in use; raises StoreError, leaving no half copy."""
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)  # in one go: writers go on in the log beside the file, and nothing begins anew
    except (sqlite3.Error, OSError) as error:
        target.unlink(missing_ok=True)
        raise StoreError(f"the database could not be copied ({error}); check the disk's room and the folder's rights") from error


def sqlite_faults(path: Path) -> tuple[str, ...]:
    """Return what SQLite itself finds wrong with a file: damaged pages, rows that refer to nothing. Nothing in the file is run."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema=OFF")
            damaged = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
            lost = [f"a row of {row[0]} refers to a {row[2]} that is not there" for row in connection.execute("PRAGMA foreign_key_check")]
    except sqlite3.Error as error:
        return (f"the database file is damaged: {error}",)
    return (*damaged, *lost[:10])


def sqlite_revision(path: Path) -> str | None:
    """Return the version that a SQLite database says it has; None when it says none."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row else None


def dump_postgres(engine: sa.Engine, target: Path, snapshot_id: str) -> None:
    """Let pg_dump write the moment that a transaction exported; raises StoreError saying what to install or what was refused."""
    command = [_program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot_id}", f"--file={target}"]
    try:
        _run(command, engine.url)
    except StoreError:
        target.unlink(missing_ok=True)
        raise


def load_postgres(url: str, dump: Path) -> None:
    """Fill an empty PostgreSQL database from a dump, all of it or nothing; raises StoreError, also for a database that is not empty."""
    engine = open_engine(url)
    with closing_engine(engine):
        if engine.dialect.name != "postgresql":
            raise StoreError("this backup is of a PostgreSQL database: set SCHOOLWATCH_DATABASE to the address of an empty one")
        try:
            tables = sa.inspect(engine).get_table_names()
        except sa.exc.DBAPIError as error:
            raise StoreError(f"the PostgreSQL database cannot be reached: {_first_line(str(error.orig))}") from error
        if tables:
            raise StoreError("the PostgreSQL database is not empty: restoring never writes over records; make a new one")
        command = [_program("pg_restore"), "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
        _run([*command, f"--dbname={engine.url.database}", str(dump)], engine.url)


@contextmanager
def fresh_postgres(url: str, name: str) -> Iterator[str]:
    """Make an empty database beside the one at `url`, yield its address and drop it afterwards; raises StoreError when that is refused."""
    engine = sa.create_engine(url, hide_parameters=True, isolation_level="AUTOCOMMIT")
    quoted = engine.dialect.identifier_preparer.quote(name)
    with closing_engine(engine):
        try:
            with engine.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE {quoted} TEMPLATE template0"))
        except sa.exc.DBAPIError as error:
            why = _first_line(str(error.orig))
            raise StoreError(f"no database for the drill could be made ({why}); give the user of the database CREATEDB") from error
        try:
            yield engine.url.set(database=name).render_as_string(hide_password=False)
        finally:
            with engine.connect() as connection:
                connection.execute(sa.text(f"DROP DATABASE {quoted} WITH (FORCE)"))


@contextmanager
def closing_engine(engine: sa.Engine) -> Iterator[None]:
    """Let go of an engine's connections at the end."""
    try:
        yield
    finally:
        engine.dispose()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise StoreError(f"{name} is not on this machine: install PostgreSQL's client programs (Debian: postgresql-client), then try again")
    return found


def _run(command: list[str], url: sa.URL) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, fixed words
            command, env=_environment(url), capture_output=True, check=False, timeout=DUMP_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StoreError(f"{Path(command[0]).name} did not end ({type(error).__name__}); nothing was kept") from error
    if done.returncode:
        raise StoreError(f"{Path(command[0]).name} refused: {_first_line(done.stderr.decode(errors='replace'))}")


def _environment(url: sa.URL) -> dict[str, str]:
    """Return how to reach the server, for the program's eyes only."""
    named = {_PG_NAMES[name]: str(getattr(url, name)) for name in _PG_NAMES if getattr(url, name)}
    options = {_PG_OPTIONS[name]: str(value) for name, value in url.query.items() if name in _PG_OPTIONS}
    return {"PATH": _PATH, "LC_ALL": "C", "PGCONNECT_TIMEOUT": "30"} | options | named


def _first_line(said: str) -> str:
    """Return the line that names the cause; an error of these programs holds no values of rows in its first line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[0][:300] if lines else "no reason given"


def sqlite_file(url: str) -> Path | None:
    """Return the file that a database address names; None for a database on a server."""
    found = sa.make_url(url)
    return Path(found.database) if found.get_backend_name() == "sqlite" and found.database else None
