"""Migrations there and back, with a case in the database: its rows, the indexes and the triggers that keep a history stay."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command

from casework.testing import NOON, a_user, fill, keep_case
from data.clock import FixedClock
from data.errors import SchoolwatchError
from data.migrations import _config, upgrade
from data.model.people import Role
from data.store import Store
from data.store.engine import open_engine

EACH = pytest.mark.parametrize("address", ["database_url", pytest.param("postgres_url", marks=pytest.mark.postgres)])
_SQLITE = "SELECT name, coalesce(sql, '') FROM sqlite_master WHERE type IN ('index', 'trigger')"
_POSTGRES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' "
    "UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
)


def back_to(url: str, revision: str) -> None:
    """Take the database back to an older version."""
    config, engine = _config(), open_engine(url)
    with engine.connect().execution_options(schoolwatch_writes=True) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        connection.commit()
    engine.dispose()


def guards(url: str) -> list[tuple[str, str]]:
    """Return the indexes and triggers of a database, with their words."""
    engine = open_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(sa.text(_SQLITE if engine.dialect.name == "sqlite" else _POSTGRES)).all()
    engine.dispose()
    return sorted((str(row[0]), str(row[1])) for row in rows)


def refuses_to_forget(url: str) -> bool:
    """Whether the database refuses that a case's history is deleted."""
    engine = open_engine(url)
    try:
        with engine.connect().execution_options(schoolwatch_writes=True) as connection:
            connection.execute(sa.text("DELETE FROM case_event"))
    except sa.exc.DBAPIError:
        return True
    finally:
        engine.dispose()
    return False


@EACH
def test_casework_goes_back_and_forth_with_a_case_in_it(request: pytest.FixtureRequest, address: str, clock: FixedClock) -> None:
    """From 0004 to 0003 and up again: the case is there, its history cannot be deleted in either, nothing else changed."""
    url = request.getfixturevalue(address)
    store = Store.open(url, clock)
    fill(store, a_user(Role.DSL))
    kept = keep_case(store, "one", known_at=NOON)
    store.close()
    before = guards(url)
    back_to(url, "0003")
    older = refuses_to_forget(url)
    upgrade(url)
    again = Store.open(url, clock)
    with again.read() as work:
        found = work.cases.get(kept.id)
    again.close()

    assert (older, refuses_to_forget(url)) == (True, True)
    assert guards(url) == before
    assert (found.ref, found.missed_reason, found.transferred_at) == (kept.ref, None, None)


@EACH
def test_a_database_of_an_older_version_is_named(request: pytest.FixtureRequest, address: str) -> None:
    """The program does not open what it would misread: it says which version is there and what to do."""
    url = request.getfixturevalue(address)
    back_to(url, "0003")

    with pytest.raises(SchoolwatchError, match="0003"):
        Store.open(url)
