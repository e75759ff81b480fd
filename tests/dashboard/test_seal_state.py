"""Who vouches for the time of evidence, as the case page says it, and the button that asks again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.parts.seal_state import NONE_SET_UP
from dashboard.parts.testing import World
from data.model.evidence import Evidence, SealToken, TokenState

LABEL = "Ask for the time stamp again"


def page(desk: object, user: object) -> None:
    """Draw the case page; AppTest takes this function's source."""
    import dashboard.views.case
    from dashboard.parts.refusal import drawn

    drawn(dashboard.views.case.show, desk, user)  # type: ignore[arg-type]


@pytest.fixture
def sealed(world: World) -> World:
    """A desk with one case whose evidence is sealed."""
    world.open_case("shout", "useless Q again, everyone email him")
    world.capture("shout")
    return world


def draw(world: World) -> AppTest:
    """Draw the page of the only case."""
    test = AppTest.from_function(page, kwargs={"desk": world.desk, "user": world.people["dsl"]}, default_timeout=60)
    test.query_params["id"] = world.cases["shout"].id
    return test.run()


def words(test: AppTest) -> str:
    """Return everything that stands on the page, as text."""
    return "\n".join(str(one.value) for kind in ("markdown", "text") for one in getattr(test, kind))


def with_token(world: World, state: TokenState, **more: object) -> Evidence:
    """Put a time stamp of this state beside the evidence."""
    now = world.clock.now()
    with world.desk.store.begin("system") as work:
        kept = work.evidence.where()[0]
        token = SealToken(
            id="t-1",
            subject=f"evidence:{kept.id}",
            case_id=kept.case_id,
            imprint=kept.seal_sha256,
            authority="https://tsa.example",
            made_at=now,
            state=state,
        )
        work.tokens.add(token.model_copy(update=more))
        work.commit()
    return kept


def test_without_an_authority_the_page_says_whose_clock_it_is(sealed: World) -> None:
    """Nothing is set up: the page says plainly that the time rests on the school's own computer; there is nothing to press."""
    test = draw(sealed)

    assert not test.exception
    assert NONE_SET_UP in words(test)
    assert LABEL not in [one.label for one in test.button]


def test_a_given_stamp_names_who_and_when(sealed: World) -> None:
    """The authority's name and time stand there, in UK time; one that came late says what it proves and what it does not."""
    with_token(sealed, TokenState.GRANTED, authority_name="Invented Time Authority", token_at=sealed.clock.now() + timedelta(minutes=11))
    said = words(draw(sealed))

    assert "Time proven by Invented Time Authority at" in said
    assert "more than ten minutes after the capture" in said


def test_a_stamp_that_is_awaited_says_how_often_it_was_asked_for(sealed: World) -> None:
    """While the authority does not answer the page says so, why, and that the evidence is safe."""
    with_token(sealed, TokenState.WAITING, attempts=3, problem="tsa.example did not answer in time", next_at=sealed.clock.now())
    said = words(draw(sealed))

    assert "Asked 3 times so far. The evidence is safe meanwhile." in said
    assert "did not answer in time" in said


def test_a_refused_stamp_can_be_asked_for_again(sealed: World) -> None:
    """What does not hold is named with its reason; one press, and the worker asks again."""
    kept = with_token(sealed, TokenState.REFUSED, attempts=1, problem="the time stamp speaks of other data than this seal")
    test = draw(sealed)
    said = words(test)
    (button,) = [one for one in test.button if one.label == LABEL]
    button.click().run()
    due = sealed.desk.casework.tokens_due(sealed.clock.now())

    assert "its answer does not count" in said
    assert "other data" in said
    assert [(one.subject, one.state) for one in due] == [(f"evidence:{kept.id}", TokenState.WAITING)]
