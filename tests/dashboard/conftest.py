"""The screens at a desk with an invented school behind it."""

from __future__ import annotations

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


@pytest.fixture
def full_world(world: World) -> World:
    """A desk with every kind of matter on it."""
    return fill(world)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Desk, str | None], None]]:
    """Put the screens at a desk, with a browser that sends this session token."""

    def sit(desk: Desk, token: str | None) -> None:
        at_desk.use(lambda: desk)
        monkeypatch.setattr(signed_in, "token", lambda: token)

    yield sit
    at_desk.use(None)
