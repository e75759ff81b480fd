"""The page on which a school puts right what is watched and flagged: every click on a real desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.app
from casework.testing import a_reading, a_score
from dashboard.parts.testing import HOSTILE, SCHOOL, World
from dashboard.parts.tuning_words import in_words, trial_in_words
from data.model.findings import DecisionKind
from data.model.posts import PlatformName, PostId, SeenPost
from data.model.readings import Category, Head, Mention, Severity, Span
from data.model.suggestion import DEFAULT_RULES
from data.model.tuning import Tuning, TuningKind
from data.model.watch import StaffMember, TermKind, WatchTerm
from schoolwatch.desk import Desk

APP = str(Path(dashboard.app.__file__))
Sit = Callable[[Desk, str | None], None]


def opened(world: World, at: Sit, who: str = "dsl") -> AppTest:
    """Open the page as somebody."""
    at(world.desk, world.token(who))
    test = AppTest.from_file(APP, default_timeout=20).run()
    return test.switch_page("views/tuning.py").run()


def words(test: AppTest) -> str:
    """Return everything that stands on the page, as text."""
    kinds = ("title", "subheader", "markdown", "text", "info", "warning", "error", "success", "code")
    return "\n".join(str(one.value) for kind in kinds for one in getattr(test, kind))


def press(test: AppTest, label: str, number: int = 0) -> AppTest:
    """Press a button, without leaving anything broken."""
    found = [one for one in test.button if one.label == label]
    assert len(found) > number, (label, [one.label for one in test.button])
    after = found[number].click().run()
    assert not after.exception
    return after


def watched(world: World) -> None:
    """Let the school be watched for by its name, with one member of staff."""
    now = world.clock.now()
    with world.desk.store.begin("system") as work:
        work.terms.add(
            WatchTerm(id="t-n", school_id=SCHOOL, kind=TermKind.SCHOOL_NAME, phrase="Fernley Green School", added_by="system", added_at=now)
        )
        work.staff.add(StaffMember(id="fernie", school_id=SCHOOL, name="Mrs Fernie"))
        work.commit()


def read(world: World, key: str, text: str, *, value: float = 0.55, aside: bool = False) -> PostId:
    """Keep, read and flag a post as the worker would; or set it aside as a namesake."""
    now = world.clock.now()
    seen = SeenPost(
        platform=PlatformName.FORUM, native_id=key, permalink=f"https://forum.example.org/{key}", author_handle="ann", text=text
    )
    mark = Mention(start=0, end=7, term_id="t-n", school_id=SCHOOL, reasons=(Span(start=0, end=7, why="a *church* of this name"),))
    with world.desk.store.begin("system") as work:
        post_id = work.posts.keep([seen], source_id=None, seen_at=now).post_ids[0]
        score = a_score(Category.HARASSMENT_STAFF, value, Head.HARASSMENT)
        changes = {"post_id": post_id, "read_at": now, "mentions": () if aside else (mark,), "namesakes": (mark,) if aside else ()}
        reading = a_reading(score).model_copy(update=changes)
        work.readings.add(reading)
        work.commit()
    world.desk.casework.flag_reading(reading)
    return post_id


def judge(world: World, post_id: PostId, kind: DecisionKind, category: Category) -> None:
    """Judge a flagged post."""
    with world.desk.store.read() as work:
        finding = work.findings.of_post(post_id)[0]
    world.desk.casework.decide(world.people["dsl"], finding.id, kind, category, Severity.S2, "teacher", "looked at it")


def test_an_empty_page_says_what_will_stand_there(world: World, at: Sit) -> None:
    """On the first day each part says why it is empty."""
    seen = words(opened(world, at))

    assert "Nothing to propose" in seen
    assert "No post of the last 90 days was set aside" in seen
    assert "nothing to compare yet" in seen
    assert "usual rules" in seen


@pytest.mark.parametrize("who", ["comms", "it", "staff", "governor"])
def test_the_page_is_for_those_who_judge_all_posts(world: World, at: Sit, who: str) -> None:
    """Others do not find it in their list."""
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        opened(world, at, who)


def test_a_spelling_is_added_and_another_turned_down_for_good(world: World, at: Sit) -> None:
    """Each with its reason; what was turned down does not come again; no name of a person is proposed."""
    watched(world)
    read(world, "1", "what a day at fernly green, and fernli too")
    test = opened(world, at)
    seen = words(test)
    press(press(test, "Add as a watch term"), "Not this one")
    left = [one.phrase for one in world.desk.watch.proposals(world.people["dsl"], SCHOOL)]
    terms = {term.phrase: term.active for term in world.desk.watch.terms(world.people["dsl"], SCHOOL)}

    assert "seen in posts, nearly as the term is written, in 1 post of the last 30 days" in seen.replace("\\", "")
    assert {"fernly": True, "fernli": False}.items() <= terms.items()
    assert not {"fernli", "fernly", "fernie"} & set(left)


def test_a_deputy_reads_spellings_but_does_not_add_them(world: World, at: Sit) -> None:
    """Deputies propose, the lead decides (domain.md §7.1)."""
    watched(world)
    test = opened(world, at, "deputy")

    assert "Add as a watch term" not in [one.label for one in test.button]
    assert "Adding is for the safeguarding lead" in words(test)


def test_a_namesake_is_claimed_and_waits_in_the_inbox(world: World, at: Sit) -> None:
    """Shown with the words that decided, as text; one press puts it before a person."""
    post_id = read(world, "2", HOSTILE, aside=True)
    test = opened(world, at)
    seen = [one.value for one in test.text]
    after = press(test, "This is about us")
    rows = world.desk.casework.inbox(world.people["dsl"], [SCHOOL]).rows

    assert any("a *church* of this name" in one for one in seen)
    assert any(one.startswith("Mr Quillfeather took the trip money") for one in seen)
    assert [row.finding.post_id for row in rows] == [post_id]
    assert rows[0].finding.reasons[0] == "a person says that this post is about the school"
    assert "It waits in the inbox now" in words(after)
    assert "Open it" in [one.label for one in after.button]


def test_a_change_is_tried_goes_live_and_is_undone(world: World, at: Sit) -> None:
    """The form tries only; the trial is told in numbers; then it counts, with owner and end; then it is undone."""
    for number in range(3):
        read(world, f"a{number}", "silly banter again", value=0.55 + number / 10)
    test = opened(world, at)
    test.radio[0].set_value(TuningKind.THRESHOLD).run()
    next(one for one in test.selectbox if one.label == "Which posts?").set_value(Head.HARASSMENT).run()
    test.slider[0].set_value(60)
    next(one for one in test.text_input if one.label == "Why?").set_value("banter *here*")
    tried = press(test, "Try it on the last 90 days")
    said = words(tried)
    live = words(press(tried, "Let it count from now on"))
    ended = words(press(tried, "Undo"))

    assert "It would have flagged 2 instead of 3: 1 fewer (1 Medium), 0 more." in said
    assert "Flag abuse of a person from 60 % sure on (usually 50 %)." in said
    assert "Invented dsl" in said
    assert "ends Thu 18 Feb" in live
    assert "Undone today" in ended


def test_words_that_are_harmless_here_are_tried(world: World, at: Sit) -> None:
    """A refusal says what would be right, and what was typed stays."""
    read(world, "b", "you absolute egg and spoon champion")
    test = opened(world, at)
    test.radio[0].set_value(TuningKind.SUPPRESSION).run()
    next(one for one in test.selectbox if one.label == "Which kind of flag?").set_value(Category.HARASSMENT_STAFF)
    next(one for one in test.text_input if one.label == "Why?").set_value("sports day")
    field = "Words that must stand in the post"
    next(one for one in test.text_input if one.label == field).set_value("egg")
    refused = words(press(test, "Try it on the last 90 days"))
    next(one for one in test.text_input if one.label == field).set_value("egg and spoon")
    said = words(press(test, "Try it on the last 90 days"))

    assert "Give at least two words" in refused
    assert "instead of 1: 1 fewer" in said
    assert "Drop it" in [one.label for one in test.button]
    assert "Dropped" in words(press(test, "Drop it"))


def test_a_change_that_would_have_hidden_harm_is_not_offered(world: World, at: Sit) -> None:
    """The page says so and leads to the flagged post; there is no button that lets it count."""
    post_id = read(world, "c", "everyone go and tell him what he is")
    judge(world, post_id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF)
    dsl = world.people["dsl"]
    made = world.desk.casework.propose_tuning(dsl, SCHOOL, TuningKind.THRESHOLD, why="calmer", days=30, head=Head.HARASSMENT, threshold=0.7)
    world.desk.casework.back_test_tuning(dsl, made.id)
    test = opened(world, at)
    labels = [one.label for one in test.button]

    assert "would have hidden what people judged to be harm" in words(test)
    assert "Open the flagged post 1" in labels
    assert "Let it count from now on" not in labels


def test_counts_stand_side_by_side_and_give_an_idea(world: World, at: Sit) -> None:
    """Nine weak flags set aside: the table says so, and one press tries 60 %."""
    for number in range(9):
        judge(world, read(world, f"d{number}", "silly banter again"), DecisionKind.NO_ACTION, Category.FAIR_CRITICISM)
    test = opened(world, at)
    table = test.dataframe[0].value.to_dict("records")
    after = press(test, "Try 60 %")

    assert table == [
        {
            "Flagged for": "abuse of a person",
            "Posts": 9,
            "Judged to be harm": 0,
            "For an answer": 0,
            "Set aside": 9,
            "Not judged yet": 0,
        }
    ]
    assert "9 of 9 flags between 50 % and 60 % sure were set aside" in words(test)
    assert "It would have flagged 0 instead of 9" in words(after)


def test_a_deputy_tries_but_does_not_let_it_count(world: World, at: Sit) -> None:
    """The button is the lead's and the head's."""
    world.desk.casework.propose_tuning(
        world.people["deputy"], SCHOOL, TuningKind.THRESHOLD, why="calmer", days=30, head=Head.HARASSMENT, threshold=0.7
    )
    labels = [one.label for one in opened(world, at, "deputy").button]

    assert ("Try again" in labels, "Let it count from now on" in labels) == (True, False)


def a_change(**changes: object) -> Tuning:
    """Return a change as it is stored."""
    now = a_reading().read_at
    made = Tuning(
        id="t", school_id=SCHOOL, kind=TuningKind.SUPPRESSION, why="x", owner="u", made_at=now, expires_at=now + timedelta(days=1)
    )
    return made.model_copy(update=changes)


def test_a_trial_is_told_in_words() -> None:
    """Not tried; nothing changed; less serious; what people had said of the fewer."""
    now = a_reading().read_at
    base = {
        "at": now.isoformat(),
        "days": 90,
        "posts": 1,
        "flagged_before": 4,
        "flagged_after": 4,
        "more": 0,
        "fewer": 0,
        "less_serious": 1,
    }
    base |= {"more_by_severity": {}, "fewer_by_severity": {}}
    fewer = base | {
        "flagged_after": 1,
        "fewer": 3,
        "fewer_by_severity": {"High": 3},
        "fewer_set_aside": 1,
        "fewer_waiting": 1,
        "fewer_harm": 1,
    }

    assert trial_in_words(a_change(), now) == ("Not tried yet.",)
    assert trial_in_words(a_change(back_test=base), now)[1] == (
        "As many would have been flagged as before: 4 posts. 1 of them as less serious."
    )
    assert trial_in_words(a_change(back_test=fewer), now)[1:] == (
        "It would have flagged 1 instead of 4: 3 fewer (3 High), 0 more.",
        "What people said of the fewer: 1 set aside or answered, 1 not judged yet, 1 judged to be harm.",
    )
    assert in_words(a_change(category=Category.HARASSMENT_STAFF, phrase="egg race"), DEFAULT_RULES) == (
        "Do not flag “may harass a member of staff” where the words “egg race” stand."
    )
