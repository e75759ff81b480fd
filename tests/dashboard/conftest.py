"""The screens at a desk with an invented school behind it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.parts import at_desk, signed_in
from dashboard.parts.testing import World, build, fill
from data.clock import FixedClock
from schoolwatch.desk import Desk


@pytest.fixture
def world(tmp_path: Path, clock: FixedClock, database_url: str) -> Iterator[World]:
    """A desk on which nothing lies yet."""
    made = build(tmp_path, clock, database_url)
    yield made
    made.desk.close()


@pytest.fixture(scope="session")
def filled_folder(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with every kind of matter in it, made once a session."""
    folder = tmp_path_factory.mktemp("filled")
    shutil.copy(empty_database, folder / "app.db")
    made = fill(build(folder, FixedClock(), f"sqlite:///{folder / 'app.db'}"))
    made.desk.close()
    return folder


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Desk, str | None], None]]:
    """Put the screens at a desk, with a browser that sends this session token."""

    def sit(desk: Desk, token: str | None) -> None:
        at_desk.use(lambda: desk)
        monkeypatch.setattr(signed_in, "token", lambda: token)

    yield sit
    at_desk.use(None)
