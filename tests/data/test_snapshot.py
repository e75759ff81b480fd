"""The whole database at one moment: a copy that is consistent while others write, and what is refused."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from casework.testing import a_school, a_user
from data.clock import FixedClock
from data.errors import StoreError
from data.migrations import known
from data.model.people import Role
from data.store import REVISION, Store
from data.store.snapshot import copy_sqlite, load_postgres, sqlite_faults, sqlite_file, sqlite_revision


def test_a_copy_is_of_one_moment_while_others_write(store: Store, tmp_path: Path) -> None:
    """Two rows that are always written together are both in the copy or neither, however busy the writer is."""
    stop, written = threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            number = written[0]
            with store.begin("system") as work:
                work.schools.add(a_school(id=f"s-{number}", report_code=f"leaf-{number}"))
                work.users.add(a_user(Role.DSL, user_id=f"u-{number}").model_copy(update={"username": f"dsl{number}"}))
                work.commit()
            written[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        pairs = []
        for number in range(5):
            with store.snapshot(tmp_path / f"copy-{number}.db") as work:
                pairs.append((work.schools.count(), work.users.count()))
    finally:
        stop.set()
        thread.join()

    assert not list(tmp_path.glob("copy-*-wal"))
    assert all(schools == users for schools, users in pairs)
    assert [sqlite_faults(tmp_path / f"copy-{number}.db") for number in range(5)] == [()] * 5
    assert written[0] > 0


def test_the_copy_opens_by_itself(store: Store, tmp_path: Path, clock: FixedClock) -> None:
    """It is a database like any other, of the same version, with its audit log."""
    with store.begin("system") as work:
        work.schools.add(a_school())
        work.commit()
    with store.snapshot(tmp_path / "copy.db"):
        pass
    copy = Store.open(f"sqlite:///{tmp_path / 'copy.db'}", clock)
    with copy.read() as work:
        work.audit.verify()
        schools = work.schools.count()
    copy.close()

    assert (schools, sqlite_revision(tmp_path / "copy.db")) == (1, REVISION)


def test_what_cannot_be_copied_leaves_nothing(tmp_path: Path) -> None:
    """No database, no folder: refused in words, no half copy."""
    (tmp_path / "noise.db").write_bytes(b"noise" * 999)
    for source in (tmp_path / "nowhere.db", tmp_path / "noise.db"):
        with pytest.raises(StoreError, match="could not be copied"):
            copy_sqlite(source, tmp_path / "copy.db")

    assert not (tmp_path / "copy.db").exists()


def test_damage_is_named(tmp_path: Path) -> None:
    """A row that refers to nothing, a file that is no database; a version that none says is none."""
    with closing(sqlite3.connect(tmp_path / "odd.db")) as connection:
        connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE b (a INTEGER REFERENCES a(id))")
        connection.execute("INSERT INTO b VALUES (7)")
        connection.commit()
    (tmp_path / "noise.db").write_bytes(b"noise" * 999)

    assert sqlite_faults(tmp_path / "odd.db") == ("a row of b refers to a a that is not there",)
    assert sqlite_faults(tmp_path / "noise.db")[0].startswith("the database file is damaged")
    assert (sqlite_revision(tmp_path / "odd.db"), sqlite_revision(tmp_path / "noise.db")) == (None, None)


def test_a_dump_goes_into_postgresql_only(database_url: str, tmp_path: Path) -> None:
    """A dump of PostgreSQL is not loaded into anything else, nor where no server answers."""
    with pytest.raises(StoreError, match="SCHOOLWATCH_DATABASE"):
        load_postgres(database_url, tmp_path / "dump")
    with pytest.raises(StoreError, match="cannot be reached"):
        load_postgres("postgresql+psycopg://school@127.0.0.1:1/none", tmp_path / "dump")


def test_addresses_and_versions(tmp_path: Path) -> None:
    """Which file an address names, and which versions can be brought up to date."""
    assert sqlite_file(f"sqlite:///{tmp_path / 'x.db'}") == tmp_path / "x.db"
    assert sqlite_file("postgresql+psycopg://u@h/d") is None
    assert known()[-1] == REVISION
