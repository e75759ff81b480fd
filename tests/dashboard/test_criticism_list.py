"""Criticism that was sent to the headteacher stands where the headteacher looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.parts.testing import World, build
from data.clock import FixedClock
from data.model.findings import DecisionKind
from data.model.readings import Category, Severity


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A desk with people and posts."""
    made = build(tmp_path, FixedClock(), database_url)
    yield made
    made.desk.close()


def page(desk: object, user: object) -> None:
    """Draw the inbox; AppTest takes this function's source."""
    from dashboard.parts.refusal import drawn
    from dashboard.views.inbox import show

    drawn(show, desk, user)  # type: ignore[arg-type]


def draw(world: World, who: str) -> list[str]:
    """Return the titles of what is folded on somebody's inbox."""
    test = AppTest.from_function(page, kwargs={"desk": world.desk, "user": world.people[who]}, default_timeout=20).run()
    return [one.label for one in test.expander]


def test_what_was_sent_to_the_head_waits_for_the_head(world: World) -> None:
    """B31: the DSL sends criticism on; the head finds it on the inbox with the way to open it, the comms lead does not decide on it."""
    found = world.flag("late", "The bus of Fernley Green is late again, third time this week.", Severity.S1, Category.FAIR_CRITICISM)
    before = draw(world, "head")
    world.desk.casework.decide(
        world.people["dsl"], found.id, DecisionKind.REPLY, Category.FAIR_CRITICISM, Severity.S0, "school", "True, and worth an answer."
    )
    words = "Criticism for you to answer or leave (1)"

    assert words not in before
    assert words in draw(world, "head")
    assert words not in draw(world, "comms")
