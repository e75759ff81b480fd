"""Posts that belong together on the pages: what is said, to whom, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

import dashboard.app
from dashboard.parts.testing import HOSTILE, SCHOOL, World
from dashboard.parts.thread_words import later, mark_line, marks
from data.model.readings import Category, Severity
from data.model.threads import ThreadKind
from schoolwatch.desk import Desk

APP = str(Path(dashboard.app.__file__))
Sit = Callable[[Desk, str | None], None]


def open_app(world: World, at: Sit, who: str = "dsl", view: str | None = None, record_id: str | None = None) -> AppTest:
    """Open the pages as somebody, on a page of theirs."""
    at(world.desk, world.token(who))
    test = AppTest.from_file(APP, default_timeout=20)
    if record_id:
        test.query_params["id"] = record_id
    test.run()
    if view:
        test.switch_page(f"views/{view}.py")
        if record_id:
            test.query_params["id"] = record_id
        test.run()
    return test


def words(test: AppTest) -> str:
    """Return everything that stands on the page, as text."""
    kinds = ("title", "subheader", "markdown", "text", "caption", "info", "warning", "error", "success", "code")
    labels = [one.label for one in (*test.expander, *test.button)]
    return "\n".join([*(str(one.value) for kind in kinds for one in getattr(test, kind)), *labels])


def press(test: AppTest, label: str) -> AppTest:
    """Press the first button with this label."""
    return next(one for one in test.button if one.label == label).click().run()


def test_nothing_is_said_where_nothing_belongs_together(full_world: World, at: Sit) -> None:
    """A desk without alerts shows no empty section."""
    assert "Seen together" not in words(open_app(full_world, at))
    assert "Posts that belong together" not in words(open_app(full_world, at, view="finding", record_id="f-shout"))


def test_the_inbox_lists_groups_and_marks_their_rows(full_world: World, at: Sit) -> None:
    """A section with kind, why and the posts; a quiet mark on each row whose post belongs to it, on no other."""
    full_world.together("shout", "trip", more=1)
    test = open_app(full_world, at)
    seen = words(test)

    assert "Seen together: 1 group of posts" in seen
    assert "The same author at the same target more than once" in seen
    assert "Why: 3 posts by one author at the same target" in seen
    assert "may count as a course of conduct" in seen
    assert "not flagged by itself" in seen
    assert [one.value for one in test.markdown if "Seen together with" in one.value] == [
        ":small[:gray[:material/link: Seen together with 2 other posts]]"
    ] * 2


def test_the_section_names_nobody(full_world: World, at: Sit) -> None:
    """Neither keys nor handles stand in it: only what the posts themselves say."""
    alert = full_world.together("shout", "late")
    test = open_app(full_world, at)
    outside = "\n".join(str(one.value) for one in (*test.markdown, *test.caption))

    assert alert.target is not None
    assert not any(word in words(test) for word in (alert.target, *alert.authors))
    assert "@someone" not in outside


def test_hostile_text_in_a_group_stays_text(full_world: World, at: Sit) -> None:
    """A post full of markup is drawn as text on both pages."""
    full_world.together("trip", "shout")
    for view, record in (("inbox", None), ("finding", "f-shout")):
        test = open_app(full_world, at, view=view, record_id=record)

        assert any("<script>alert(1)</script>" in one.value for one in test.text)
        assert not any("pixel.example" in str(one.value) for one in (*test.markdown, *test.caption, *test.info))
        assert not any("\u202e" in one.value for one in test.text)
    assert "\u202e" in HOSTILE


def test_the_comms_lead_sees_neither_section_nor_mark(full_world: World, at: Sit) -> None:
    """A low post that belongs together with a safeguarding matter tells the comms lead nothing of it."""
    full_world.flag("worry2", "K says nobody fetches her", Severity.S4, Category.SAFEGUARDING_DISCLOSURE)
    full_world.together("late", "worry2")
    inbox = words(open_app(full_world, at, "comms"))
    page = words(open_app(full_world, at, "comms", view="finding", record_id="f-late"))

    assert "The bus of Fernley Green is late" in inbox
    assert not any(word in inbox + page for word in ("Seen together", "belong together", "nobody fetches her"))


def test_the_page_of_a_post_shows_what_it_belongs_to(full_world: World, at: Sit) -> None:
    """Kind, why, the gaps, this post marked as such, and the way to the others."""
    full_world.together("shout", "trip", "threat", kind=ThreadKind.PILE_ON)
    test = open_app(full_world, at, view="finding", record_id="f-trip")
    seen = words(test)

    assert "Posts that belong together" in seen
    assert "Several people at the same target within an hour" in seen
    assert "5 min later · this post" in seen.replace("\\", "")
    assert seen.count("Look at this post") == 2
    assert "may be part of a pile\\-on" in seen or "may be part of a pile-on" in seen


def test_a_click_leads_to_another_post_of_the_group(full_world: World, at: Sit) -> None:
    """From one post to the next."""
    full_world.together("shout", "trip")
    test = press(open_app(full_world, at, view="finding", record_id="f-trip"), "Look at this post")

    assert "useless Q again" in words(test)


def test_setting_aside_needs_a_reason_and_then_is_quiet(full_world: World, at: Sit) -> None:
    """Without a reason it is refused in words; with one the section goes, and the post's page says who and why."""
    full_world.together("shout", "trip")
    test = press(open_app(full_world, at), "Set these posts aside")
    refused = words(test)
    next(one for one in test.text_input if one.label == "Why set them aside?").set_value("both were spoken to")
    after = words(press(test, "Set these posts aside"))
    page = words(open_app(full_world, at, view="finding", record_id="f-trip"))

    assert "Write one line why" in refused
    assert "Set aside, with your reason" in after
    assert "Seen together" not in after
    assert "Set aside by Invented dsl" in page
    assert "both were spoken to" in page


def test_the_head_is_told_why_a_pupils_matter_is_not_hers_to_set_aside(full_world: World, at: Sit) -> None:
    """No button that would only refuse: a line says who can."""
    full_world.flag("tease", "everyone laugh at K", Severity.S2, Category.PUPIL_BULLYING)
    full_world.together("tease", "shout")
    seen = words(open_app(full_world, at, "head"))

    assert "the safeguarding lead or a deputy sets them aside" in seen
    assert "Set these posts aside" not in seen


def test_a_case_begins_from_the_first_post(full_world: World, at: Sit) -> None:
    """The button leads to the first post, where the ordinary decision is made; nothing is decided by it."""
    full_world.together("shout", "trip")
    test = press(open_app(full_world, at), "Open a case from the first post")

    assert test.title[0].value == "Flagged post"
    assert "useless Q again" in words(test)
    assert "What is it to be?" in [one.label for one in test.radio]
    assert full_world.desk.casework.finding(full_world.people["dsl"], "f-shout").decided is None


def test_a_first_post_that_was_not_flagged_can_begin_a_case_too(full_world: World, at: Sit) -> None:
    """It is flagged when a person asks for it, and says why it stands there."""
    full_world.together(more=2)
    test = press(open_app(full_world, at), "Open a case from the first post")

    assert test.title[0].value == "Flagged post"
    assert "and again, number 0" in words(test)
    assert "may be part of a course of conduct" in words(test)


def test_a_stopped_post_in_a_group_is_marked_and_offers_no_address(full_world: World, at: Sit) -> None:
    """A group says of a stopped post what the queue says of it, and brings no address to the page."""
    full_world.flag("swap", "pictures of Y10, swap?", Severity.S4, Category.CSAM, stop=True)
    before = words(open_app(full_world, at)).count("Do not open it")
    full_world.together("swap", "shout")
    seen = words(open_app(full_world, at))

    assert seen.count("Do not open it") == before + 1
    assert "town.example.org" not in seen


def test_a_long_group_is_shown_in_part(full_world: World, at: Sit) -> None:
    """Six posts at once; the rest when asked for."""
    full_world.together("shout", more=9)
    test = open_app(full_world, at)
    short = words(test).count("and again, number")
    next(one for one in test.toggle if one.label == "Show all 10 posts").set_value(True).run()

    assert (short, words(test).count("and again, number")) == (5, 9)


def test_gaps_and_marks_in_words(full_world: World) -> None:
    """Minutes, hours and days as people say them; each mark counts the other posts, over all groups."""
    full_world.together("shout", "trip")
    full_world.together("shout", "late", kind=ThreadKind.NEAR_DUPLICATE)
    found = marks(full_world.desk.casework.threads(full_world.people["dsl"], [SCHOOL]))
    by_key = {key: found[SCHOOL, finding.post_id] for key, finding in full_world.findings.items() if key in {"shout", "trip", "late"}}

    assert [later(one) for one in (None, 0, 12, 200, 5000)] == ["first", "at the same time", "12 min later", "3 h later", "3 days later"]
    assert by_key == {"shout": 2, "trip": 1, "late": 1}
    assert [mark_line(one) for one in (1, 2)] == ["Seen together with 1 other post", "Seen together with 2 other posts"]
