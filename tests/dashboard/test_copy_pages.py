"""The case page's list of looks and of posts that may be the same again, drawn and used as a person would."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.parts.testing import HOSTILE, World
from data.model.cases import RemovalCheck, Verdict
from data.model.copies import CopyState, FoundCopy
from data.model.posts import PlatformName, SeenPost
from data.model.readings import Severity

TEXT = f"Fernley Green: make Mr Q quit, message him all day and all night until he goes away for good. {HOSTILE}"


def page(desk: object, user: object) -> None:
    """Draw the case page; AppTest takes this function's source."""
    from dashboard.parts.refusal import drawn
    from dashboard.views.case import show

    drawn(show, desk, user)  # type: ignore[arg-type]


def draw(world: World, case_id: str, who: str = "dsl") -> AppTest:
    """Draw a case for somebody."""
    test = AppTest.from_function(page, kwargs={"desk": world.desk, "user": world.people[who]}, default_timeout=30)
    test.query_params["id"] = case_id
    return test.run()


def words(test: AppTest) -> str:
    """Everything that stands on the page as plain text or markdown."""
    return "\n".join(str(one.value) for one in (*test.text, *test.markdown, *test.error))


@pytest.fixture
def copied(world: World) -> tuple[World, FoundCopy]:
    """A case, and a post by somebody else with the same words."""
    world.open_case("campaign", TEXT)
    seen = SeenPost(
        platform=PlatformName.FORUM,
        native_id="copy",
        permalink="https://forum.example.org/copy",
        author_handle="[o](javascript:x)",
        text=TEXT,
    )
    world.desk.casework.seek_copies([])
    with world.desk.store.begin("system") as work:
        post_id = work.posts.keep([seen], source_id=None, seen_at=world.clock.now()).post_ids[0]
        work.commit()
    return world, world.desk.casework.seek_copies([post_id])[0]


def test_a_possible_copy_is_shown_as_text_and_linked_by_one_click(copied: tuple[World, FoundCopy]) -> None:
    """Why it is shown, its words and its address as plain text; «Link it» makes it a further item of the open case."""
    world, copy = copied
    case = world.cases["campaign"]
    test = draw(world, case.id)
    shown = words(test)
    next(one for one in test.button if one.label == "Link it").click().run()
    after = world.desk.casework.case(world.people["dsl"], case.id)

    assert "The same words as a post in an open case; not by the same account" in shown
    assert shown.count(TEXT[:80]) == 2  # the post and its copy
    assert any("forum.example.org/copy" in one.value for one in test.code)
    assert not any("javascript:" in str(one.value) for one in test.markdown)
    assert len(after.items) == 2
    assert world.desk.casework.copies_of(world.people["dsl"], case.id)[0].copy.state is CopyState.LINKED
    assert copy.match.value == "same_text"


def test_no_copy_needs_a_reason_and_keeps_what_was_typed(copied: tuple[World, FoundCopy]) -> None:
    """Setting aside without a reason is refused in words; with one it is done and said."""
    world, _ = copied
    case = world.cases["campaign"]
    test = draw(world, case.id)
    press = next(one for one in test.button if one.label == "Set it aside")
    press.click().run()
    refused = words(test)
    next(one for one in test.text_input if one.label.startswith("Why not? (for example")).set_value("quoted to *condemn* it")
    next(one for one in test.button if one.label == "Set it aside").click().run()

    assert "Why it is no copy is empty" in refused
    assert "Why: quoted to *condemn* it" in words(test)
    assert [one.label for one in test.button if one.label == "Link it"] == []


def test_who_may_not_judge_sees_no_button(copied: tuple[World, FoundCopy]) -> None:
    """A reader of the case sees the copy and no way to act on it."""
    world, _ = copied
    with world.desk.store.begin("system") as work:
        low = work.cases.get(world.cases["campaign"].id)
        work.cases.replace(low.model_copy(update={"severity": Severity.S1}))
        work.commit()
    test = draw(world, low.id, "comms")

    assert "The same words as a post in an open case" in words(test)
    assert [one.label for one in test.button if one.label in {"Link it", "Set it aside"}] == []


def test_the_looks_say_why_the_next_one_waits(world: World) -> None:
    """The next planned look stands there with its reason, and that a site asked for a rest."""
    case = world.open_case("asked", TEXT)
    world.capture("asked")
    world.desk.casework.record_sent(world.people["dsl"], world.draft("asked"), None, "T-1")
    item = world.desk.casework.case(world.people["dsl"], case.id).items[0]
    now = world.clock.now()
    check = RemovalCheck(
        id="c-1",
        case_id=case.id,
        item_id=item.id,
        slot="one",
        by="system",
        at=now,
        verdict=Verdict.UNREACHABLE,
        method="web page",
        status=429,
        detail="The site could not answer just now (429).",
        retry_at=now + timedelta(hours=3),
    )
    world.desk.casework.check_seen(case.id, check)
    shown = words(draw(world, case.id))

    assert "no answer: proves nothing" in shown
    assert "The site asked us to wait until" in shown
    assert "there was no answer last time" in shown
