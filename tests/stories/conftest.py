"""The stage on which the stories of casework are played: an invented town on loopback, watched by a desk of two schools."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from data.clock import FixedClock
from schoolwatch.demo.moderator import Moderator
from schoolwatch.demo.posts import TownPost
from schoolwatch.testing import Stage, Watched, watched_town


@pytest.fixture
def stage(tmp_path: Path, clock: FixedClock, empty_database: Path) -> Iterator[Stage]:
    """What opens a town with the posts that a story needs; its moderators act `hours` after they were asked."""
    with ExitStack() as towns:

        def opened(*posts: TownPost, hours: float = 5, ports: frozenset[int] = frozenset()) -> Watched:
            """Open it."""
            moderator = Moderator(timedelta(hours=hours))
            return towns.enter_context(
                watched_town(tmp_path / "state", clock, template=empty_database, posts=posts, moderator=moderator, ports=ports)
            )

        yield opened
