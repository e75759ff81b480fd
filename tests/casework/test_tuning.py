"""What a school may change about flagging, what never, and what a change would have done before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from casework import tuning
from casework.errors import TuningRefusedError
from casework.flagging import flag, flag_all
from casework.testing import NOON, SCHOOL_ID, TEXT, a_post, a_reading, a_score
from casework.tuning import SchoolRules, Seen, back_test, check, check_live, rules_for, suggested
from data.model.findings import Decision, DecisionKind
from data.model.posts import PostId
from data.model.readings import Category, Head, Reading, Severity, Span
from data.model.suggestion import DEFAULT_RULES
from data.model.tuning import Tuning, TuningKind

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RUDE = a_score(Category.HARASSMENT_STAFF, 0.55, Head.HARASSMENT)


def a_threshold(value: float = 0.6, head: Head = Head.HARASSMENT, **changes: object) -> Tuning:
    """Return a live change of a threshold."""
    made = Tuning(
        id="t-1",
        school_id=SCHOOL_ID,
        kind=TuningKind.THRESHOLD,
        head=head,
        threshold=value,
        why="too many jokes",
        owner="u-dsl",
        made_at=NOON,
        live_at=NOON,
        expires_at=NOON + 30 * DAY,
    )
    return made.model_copy(update=changes)


def a_suppression(phrase: str = "trip fund", category: Category = Category.HARASSMENT_STAFF, **changes: object) -> Tuning:
    """Return a live suppression."""
    return a_threshold(id="t-2", kind=TuningKind.SUPPRESSION, head=None, threshold=None, category=category, phrase=phrase, **changes)


def a_decision(category: Category, kind: DecisionKind = DecisionKind.NO_ACTION, **changes: object) -> Decision:
    """Return a person's judgement."""
    made = Decision(
        id="d-1", finding_id="f-1", kind=kind, category=category, severity=Severity.S2, target="none", reason="seen", by="u-dsl", at=NOON
    )
    return made.model_copy(update=changes)


def seen(number: int, value: float, decision: Decision | None = None, text: str = TEXT) -> Seen:
    """Return a reading with a harassment score, and what became of it."""
    reading = a_reading(a_score(Category.HARASSMENT_STAFF, value, Head.HARASSMENT), post_id=PostId(number))
    said = (Category.HARASSMENT_STAFF,) if value >= 0.5 else ()
    return Seen(reading, text, f"f-{number}", decision, said)


def shown(reading: Reading, *changes: Tuning, text: str = TEXT) -> tuple[Category, ...]:
    """Return the categories shown under these changes."""
    found = suggested(reading, text, rules_for(SCHOOL_ID, changes, NOON))
    return found.categories if found else ()


def test_without_changes_the_usual_rules_hold() -> None:
    """A school that changed nothing is flagged by the usual rules, by their name."""
    assert rules_for(SCHOOL_ID, (), NOON) is DEFAULT_RULES


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"live_at": None}, False),
        ({"live_at": NOON + HOUR}, False),
        ({"ended_at": NOON - HOUR}, False),
        ({"ended_at": NOON + HOUR}, True),
        ({"expires_at": NOON}, False),
        ({"made_at": NOON - 181 * DAY, "expires_at": NOON + DAY}, False),
        ({"school_id": "ashcombe"}, False),
    ],
)
def test_a_change_counts_from_going_live_to_its_end(changes: dict[str, object], counts: bool) -> None:
    """Neither before it goes live, nor after its end or undo, nor for another school; never longer than 180 days."""
    assert (rules_for(SCHOOL_ID, [a_threshold(**changes)], NOON) is not DEFAULT_RULES) is counts


def test_an_own_threshold_hides_weaker_flags_and_shows_surer_ones() -> None:
    """With 60 % instead of 50 % a flag of 55 % is no longer shown, one of 65 % is."""
    sure = a_score(Category.HARASSMENT_STAFF, 0.65, Head.HARASSMENT)

    assert [shown(a_reading(RUDE)), shown(a_reading(RUDE), a_threshold()), shown(a_reading(sure), a_threshold())] == [
        (Category.HARASSMENT_STAFF,),
        (),
        (Category.HARASSMENT_STAFF,),
    ]


def test_a_lowered_threshold_shows_more() -> None:
    """Where children are concerned the number can be lowered, and then more is shown."""
    faint = a_reading(a_score(Category.SAFEGUARDING_DISCLOSURE, 0.1, Head.SAFEGUARDING))

    assert [shown(faint), shown(faint, a_threshold(0.08, Head.SAFEGUARDING))] == [(), (Category.SAFEGUARDING_DISCLOSURE,)]


@pytest.mark.parametrize("head", sorted(tuning.LOWERED_ONLY))
def test_a_stored_number_that_would_hide_danger_is_not_counted(head: Head) -> None:
    """Whatever lies in the database, these heads never show less than usual."""
    assert rules_for(SCHOOL_ID, [a_threshold(1.0, head)], NOON).thresholds[head] == DEFAULT_RULES.thresholds[head]


def test_a_suppression_needs_the_words_and_the_category() -> None:
    """Only this category beside these words is not flagged; other categories in the same post are."""
    both = a_reading(RUDE, a_score())
    quiet = a_suppression("Trip  FUND")

    assert shown(a_reading(RUDE), quiet) == ()
    assert shown(a_reading(RUDE), quiet, text="the strip funds") == (Category.HARASSMENT_STAFF,)
    assert shown(both, quiet) == (Category.DEFAMATION_INDIVIDUAL,)


def test_what_stays_after_a_suppression_is_put_no_higher_than_before() -> None:
    """The flag that stays keeps its own severity, and is put forward for takedown only if it would be alone."""
    hate = a_score(Category.HATE, 0.9, Head.HATE)
    found = suggested(a_reading(hate, RUDE), TEXT, rules_for(SCHOOL_ID, [a_suppression(category=Category.HATE)], NOON))

    assert found is not None
    assert (found.categories, found.severity, found.takedown) == ((Category.HARASSMENT_STAFF,), Severity.S2, False)


def test_taking_away_criticism_does_not_loosen_a_harm() -> None:
    """A suppressed outcome still stands against a harm that is no surer than it."""
    fair = a_score(Category.FAIR_CRITICISM, 0.9, Head.NO_ACTION)

    assert shown(a_reading(fair, RUDE), a_suppression(category=Category.FAIR_CRITICISM)) == ()


@pytest.mark.parametrize(
    "reading",
    [
        a_reading(RUDE, stop_cue=(Span(start=0, end=2, why="stop"),)),
        a_reading(RUDE, a_score(Category.STAFF_ALLEGATION, 0.3, Head.SAFEGUARDING)),
        a_reading(RUDE, a_score(Category.SAFEGUARDING_DISCLOSURE, 0.06, Head.SAFEGUARDING)),
        a_reading(a_score(Category.STAFF_ALLEGATION, 0.55, Head.DEFAMATION)),
        a_reading(a_score(Category.STALKING, 0.55, Head.HARASSMENT)),
        a_reading(not_read="Welsh"),
    ],
)
def test_nothing_hides_what_may_concern_a_child(reading: Reading) -> None:
    """A stop cue, a safeguarding category of any head, a sign of a telling, an unread text: all are shown as usual."""
    changes = (a_threshold(0.8), a_threshold(0.8, Head.DEFAMATION, id="t-3"), a_suppression())

    assert shown(reading, *changes) == shown(reading)


@pytest.mark.parametrize("category", [Category.SELF_HARM, Category.PUPIL_PERSONAL_DATA, Category.WHISTLEBLOWING, Category.PRAISE])
def test_a_stored_suppression_of_such_a_category_is_not_counted(category: Category) -> None:
    """Safeguarding, children's details and concerns in the public interest cannot be switched off, whatever is stored."""
    assert rules_for(SCHOOL_ID, [a_suppression(category=category)], NOON) is DEFAULT_RULES


def test_the_flagged_post_names_the_changes_that_counted() -> None:
    """The rule that stands with a flagged post names the ids; each school is flagged by its own rules."""
    reading = a_reading(a_score(Category.HARASSMENT_STAFF, 0.7, Head.HARASSMENT), schools=(SCHOOL_ID, "ashcombe"))
    own = {SCHOOL_ID: rules_for(SCHOOL_ID, [a_threshold()], NOON), "ashcombe": rules_for("ashcombe", (), NOON)}
    found = flag_all(reading, a_post(), DEFAULT_RULES, now=NOON, own=own)
    hidden = flag_all(a_reading(RUDE, schools=(SCHOOL_ID, "ashcombe")), a_post(), DEFAULT_RULES, now=NOON, own=own)

    assert [one.rule for one in found] == [f"{DEFAULT_RULES.version}~t-1+test.v1", f"{DEFAULT_RULES.version}+test.v1"]
    assert [one.school_id for one in hidden] == ["ashcombe"]
    assert flag(a_reading(RUDE), a_post(), own[SCHOOL_ID], now=NOON, school_id=SCHOOL_ID) is None


REFUSED = {
    "one line why": a_threshold(why="  "),
    "longer than": a_threshold(why="x" * 2_001),
    "between 1 and 180 days": a_threshold(expires_at=NOON + 181 * DAY),
    "ends by itself": a_threshold(expires_at=NOON),
    "which kind of flag": a_threshold(head=None),
    "how sure": a_threshold(threshold=None),
    "nothing else belongs": a_threshold(phrase="trip fund"),
    "never less": a_threshold(0.5, Head.THREAT),
    "a number in between": a_threshold(0.95),
    "between 20 % and 80 %": a_threshold(0.1),
    "usual number already": a_threshold(0.5),
    "and the words": a_suppression(phrase=None),  # type: ignore[arg-type]
    "cannot be switched off": a_suppression(category=Category.STAFF_ALLEGATION),
    "two words": a_suppression(phrase="trip!"),
    "characters at most": a_suppression(phrase="trip " * 60),
}


@pytest.mark.parametrize(("says", "made"), REFUSED.items())
def test_a_change_outside_the_limits_is_refused_with_the_mend(says: str, made: Tuning) -> None:
    """Each refusal says what would be right."""
    with pytest.raises(TuningRefusedError, match=says):
        check(made, NOON)


def test_a_change_within_the_limits_may_be_tried() -> None:
    """A number within its limits, and words with a category, pass."""
    check(a_threshold(), NOON)
    check(a_threshold(0.2, Head.THREAT), NOON)
    check(a_suppression(), NOON)
    check(a_suppression("rounders"), NOON)


def test_a_trial_says_what_would_have_changed() -> None:
    """How many more, how many fewer and how serious, and what people had made of those."""
    past = [
        seen(1, 0.55, a_decision(Category.FAIR_CRITICISM)),
        seen(2, 0.55),
        seen(3, 0.7, a_decision(Category.HARASSMENT_STAFF, DecisionKind.OPEN_CASE)),
        seen(4, 0.3),
    ]
    found = back_test(a_threshold(live_at=None), past, NOON)
    other = back_test(a_threshold(0.2, live_at=None), past, NOON)

    assert {name: found[name] for name in ("posts", "flagged_before", "flagged_after", "more", "fewer", "fewer_harm")} == {
        "posts": 4,
        "flagged_before": 3,
        "flagged_after": 1,
        "more": 0,
        "fewer": 2,
        "fewer_harm": 0,
    }
    assert (found["fewer_by_severity"], found["fewer_set_aside"], found["fewer_waiting"]) == ({"Medium": 2}, 1, 1)
    assert (other["more"], other["more_by_severity"], other["harm_ids"]) == (1, {"Medium": 1}, [])


def test_a_trial_counts_beside_the_changes_that_hold_already() -> None:
    """What another change hides already is not counted again; another school's posts are not looked at."""
    past = [seen(1, 0.55), Seen(a_reading(RUDE, schools=("ashcombe",)), TEXT)]
    found = back_test(a_suppression(live_at=None), past, NOON, [a_threshold()])

    assert (found["posts"], found["flagged_before"], found["fewer"]) == (1, 0, 0)


def test_what_a_person_judged_to_be_harm_keeps_a_change_from_going_live() -> None:
    """The refusal names the flagged posts that would have been hidden."""
    past = [seen(7, 0.55, a_decision(Category.HARASSMENT_STAFF, DecisionKind.OPEN_CASE))]
    tried = a_threshold(live_at=None)
    tried = tried.model_copy(update={"back_test": back_test(tried, past, NOON)})
    with pytest.raises(TuningRefusedError, match="people judged to be harm: f-7"):
        check_live(tried, [], NOON)


def tried(at: datetime = NOON, **changes: object) -> Tuning:
    """Return a change that was tried at a moment and would have hidden nothing."""
    made = a_threshold(live_at=None, **changes)
    return made.model_copy(update={"back_test": back_test(made, [], at)})


def test_a_change_goes_live_only_after_a_fresh_trial() -> None:
    """Untried, tried longer than a day ago, or tried in the future does not count."""
    check_live(tried(), [], NOON + 24 * HOUR)
    for made, now in ((a_threshold(live_at=None), NOON), (tried(), NOON + 25 * HOUR), (tried(NOON + HOUR), NOON)):
        with pytest.raises(TuningRefusedError, match="try change t-1"):
            check_live(made, [], now)


def test_a_change_goes_live_once_and_alone() -> None:
    """What went live or was dropped stays so, and two changes of one thing never count together."""
    for made in (a_threshold(), a_threshold(live_at=None, ended_at=NOON)):
        with pytest.raises(TuningRefusedError, match="make a new one"):
            check_live(made, [], NOON)
    with pytest.raises(TuningRefusedError, match="undo it first"):
        check_live(tried(), [a_threshold(0.7, id="t-9")], NOON)
    check_live(tried(), [a_threshold(0.7, Head.DEFAMATION, id="t-9"), a_suppression(), a_threshold(id="t-8", school_id="ashcombe")], NOON)


def test_the_machines_word_stands_beside_peoples() -> None:
    """For each head: flagged, judged harm, answered, set aside, waiting."""
    past = [
        seen(1, 0.6, a_decision(Category.HARASSMENT_STAFF, DecisionKind.OPEN_CASE)),
        seen(2, 0.6, a_decision(Category.FAIR_CRITICISM, DecisionKind.REPLY)),
        seen(3, 0.6, a_decision(Category.NAMESAKE, DecisionKind.NOT_OURS)),
        seen(4, 0.6),
        seen(5, 0.6, a_decision(Category.HARASSMENT_STAFF, DecisionKind.HOLD)),
        seen(6, 0.1),
    ]

    assert tuning.said_and_decided(past) == (tuning.HeadRow(Head.HARASSMENT, 5, 1, 1, 1, 2),)


def test_flags_that_people_keep_setting_aside_give_an_idea() -> None:
    """12 of 14 weak flags set aside, none harm: 60 % is worth a trial; one harm among them and it is not."""
    aside = [seen(number, 0.55, a_decision(Category.FAIR_CRITICISM)) for number in range(12)]
    waiting = [seen(20, 0.52), seen(21, 0.58)]
    harm = seen(30, 0.55, a_decision(Category.HARASSMENT_STAFF, DecisionKind.OPEN_CASE))

    assert tuning.ideas([*aside, *waiting], DEFAULT_RULES) == (
        tuning.Idea(Head.HARASSMENT, 0.6, "12 of 14 flags between 50 % and 60 % sure were set aside, none was judged to be harm"),
    )
    assert tuning.ideas([*aside, *waiting, harm], DEFAULT_RULES) == ()
    assert tuning.ideas(aside[:5], DEFAULT_RULES) == ()


def test_no_idea_ever_raises_a_head_about_danger() -> None:
    """However many threats were set aside, showing fewer of them is not proposed."""
    past = [
        Seen(a_reading(a_score(Category.VIOLENCE_INTIMIDATION, 0.36, Head.THREAT)), TEXT, f"f-{number}", a_decision(Category.NEWS_REPORT))
        for number in range(20)
    ]

    assert tuning.ideas(past, DEFAULT_RULES) == ()


def test_harm_that_the_machine_missed_gives_an_idea() -> None:
    """Three reported posts judged to be harm between 30 % and 50 %: 30 % is worth a trial."""
    past = [
        seen(number, value, a_decision(Category.HARASSMENT_STAFF, DecisionKind.OPEN_CASE)) for number, value in enumerate((0.31, 0.4, 0.49))
    ]

    assert tuning.ideas(past, DEFAULT_RULES) == (
        tuning.Idea(Head.HARASSMENT, 0.31, "3 posts that people judged to be harm were between 31 % and 50 % sure"),
    )


def test_ideas_start_from_the_schools_own_number() -> None:
    """A school that went to 60 % is told about flags between 60 % and 70 %."""
    rules = rules_for(SCHOOL_ID, [a_threshold()], NOON)
    past = [seen(number, 0.65, a_decision(Category.FAIR_CRITICISM)) for number in range(9)]

    assert isinstance(rules, SchoolRules)
    assert [(one.head, one.threshold) for one in tuning.ideas(past, rules)] == [(Head.HARASSMENT, 0.7)]


def test_a_persons_name_is_recognised_in_a_phrase() -> None:
    """A title alone is no name; a surname is, in any case."""
    names = ["Mr Quillfeather"]

    assert [tuning.names_a_person(phrase, names) for phrase in ("QUILLFEATHER again", "mr whippy van")] == [True, False]


def test_counts_are_said_by_severity() -> None:
    """As words, the worst first."""
    assert tuning.severities({"High": 1, "Low": 3}) == "1 High, 3 Low"
