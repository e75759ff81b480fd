"""A desk on a store of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from data.clock import FixedClock
from data.model.cases import Case
from data.model.people import Role, User
from data.model.watch import School
from data.store import Store
from schoolwatch.people import People
from schoolwatch.round import carry_out, run_round
from schoolwatch.sign_in import SignIn
from schoolwatch.testing import Watched, watched_town

PASSWORD = "long enough to use"


@pytest.fixture
def sign_in(store: Store, clock: FixedClock) -> SignIn:
    """Sign-in with a cheap hash, so that tests are quick."""
    return SignIn(store, clock, timedelta(minutes=30), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def people(store: Store, clock: FixedClock, sign_in: SignIn) -> People:
    """The people of a school."""
    return People(store, clock, sign_in)


@pytest.fixture
def dsl(store: Store, sign_in: SignIn) -> User:
    """A safeguarding lead of an invented school, with a password."""
    return add_person(store, sign_in, "dsl", Role.DSL)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of this test's own."""
    monkeypatch.setenv("SCHOOLWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SCHOOLWATCH_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A watched town."""
    with watched_town(tmp_path / "state", FixedClock()) as town:
        yield town


@pytest.fixture
def case(watched: Watched) -> Case:
    """A case in it whose post was captured."""
    watched.forward(minutes=1)
    run_round(watched.hands)
    found = watched.case_about("trip-money")
    carry_out(watched.hands, watched.order(found).id)
    return watched.as_it_is(found)


def add_person(store: Store, sign_in: SignIn, username: str, *roles: Role) -> User:
    """Add a person with a password."""
    now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    user = User(id=username, username=username, name=f"The {username}", roles={"fg": roles}, added_by="system", added_at=now)
    with store.begin("system") as work:
        if work.schools.find("fg") is None:
            work.schools.add(School(id="fg", name="Fernley Green Primary School", added_at=now))
        work.users.add(user)
        sign_in.set_password(work, user, PASSWORD)
        work.commit()
    return user
