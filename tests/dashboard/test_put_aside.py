"""Several harmless posts put aside at once, by clicks on the inbox."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.parts.testing import HOSTILE, World
from data.model.findings import DecisionKind, FindingState
from data.model.readings import Category, Severity


def page(desk: object, user: object) -> None:
    """Draw the inbox; AppTest takes this function's source."""
    import dashboard.views.inbox
    from dashboard.parts.refusal import drawn

    drawn(dashboard.views.inbox.show, desk, user)  # type: ignore[arg-type]


@pytest.fixture
def many(world: World) -> World:
    """A desk with two posts of no harm and a serious one."""
    world.flag("road", "Roadworks outside Fernley Green from Monday", Severity.S0, Category.NEUTRAL_MENTION)
    world.flag("fair", HOSTILE, Severity.S0, Category.PRAISE)
    world.flag("bad", "useless Q again", Severity.S3, Category.HARASSMENT_STAFF)
    return world


def draw(world: World, who: str = "comms") -> AppTest:
    """Draw the inbox for somebody."""
    return AppTest.from_function(page, kwargs={"desk": world.desk, "user": world.people[who]}, default_timeout=30).run()


def put(test: AppTest, outcome: str | None = "neutral_mention", why: str = "nothing to do") -> AppTest:
    """Choose both posts and press the button."""
    (which,) = [one for one in test.multiselect if one.label == "Which?"]
    which.set_value(["f-road", "f-fair"])
    if outcome is not None:
        next(one for one in test.selectbox if one.label == "What are they?").set_value(outcome)
    next(one for one in test.text_input if one.label.startswith("Why?")).set_value(why)
    return next(one for one in test.button if one.label == "Put them aside").click().run()


def states(world: World) -> list[FindingState]:
    """Return how the three posts stand."""
    with world.desk.store.read() as work:
        return [work.findings.get(f"f-{key}").state for key in ("road", "fair", "bad")]


def test_both_are_put_aside_and_the_serious_one_is_not_offered(many: World) -> None:
    """Only posts of severity None can be chosen; both are decided, the third still waits."""
    test = draw(many, "dsl")
    (which,) = [one for one in test.multiselect if one.label == "Which?"]
    put(draw(many))

    assert len(which.options) == 2
    assert states(many) == [FindingState.DECIDED, FindingState.DECIDED, FindingState.OPEN]


@pytest.mark.parametrize(("outcome", "why"), [(None, "x"), ("neutral_mention", " ")], ids=["no outcome", "no reason"])
def test_what_is_missing_is_said_and_nothing_is_changed(many: World, outcome: str | None, why: str) -> None:
    """Without an outcome or a reason both still wait, and the choice stays."""
    test = put(draw(many), outcome, why)

    assert test.error
    assert states(many) == [FindingState.OPEN] * 3
    assert [one.value for one in test.multiselect if one.label == "Which?"] == [["f-road", "f-fair"]]


def test_one_that_somebody_judged_meanwhile_is_named(many: World) -> None:
    """The other is put aside all the same."""
    test = draw(many)
    many.desk.casework.decide(many.people["dsl"], "f-fair", DecisionKind.NO_ACTION, Category.PRAISE, Severity.S0, "none", "kind words")
    test = put(test)

    assert "1 post of 2" in test.error[0].value
    assert states(many)[0] is FindingState.DECIDED


def test_one_harmless_post_is_judged_on_its_own_page(world: World) -> None:
    """Nothing is offered for a single one."""
    world.flag("road", "Roadworks outside Fernley Green from Monday", Severity.S0, Category.NEUTRAL_MENTION)

    assert not [one for one in draw(world).multiselect if one.label == "Which?"]
