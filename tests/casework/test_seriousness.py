"""The seriousness form (A17): bands exactly as the rule says, overrides, and what facts fill in beforehand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework import seriousness
from casework.errors import SeriousnessRefusedError
from casework.seriousness import BY_KEY, FACTORS, Measured, Procedure, Sight, Visible, band, overridden, procedure, suggested, visible
from casework.testing import NOON
from data.model.care import Band, Seriousness, SourceKind
from data.model.posts import Counts
from data.model.readings import Severity

KEYS = [factor.key for factor in FACTORS]
ANSWERS = st.fixed_dictionaries({}, optional={factor.key: st.sampled_from(sorted(factor.anchors)) for factor in FACTORS})
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def measured(views: int | None = None, platforms: tuple[str, ...] = ("forum",), earlier: int = 0, authors: int = 1) -> Measured:
    """Return measured facts; reach is published only when `views` is given."""
    reach = None if views is None else Counts(views=views)
    return Measured(Visible(HOUR, HOUR, is_gone=True), 0, platforms, reach, earlier, authors)


def test_the_policys_own_four_factors_stand_first() -> None:
    """A17 names four factors; impact counts for the person and for the school, so five questions come first."""  # A17
    first = [factor.key for factor in FACTORS if factor.is_policys]

    assert KEYS[: len(first)] == first == ["nature", "visible", "recirculation", "impact_person", "impact_school"]


@pytest.mark.parametrize("key", KEYS)
def test_one_answer_of_four_alone(key: str) -> None:
    """The gravest answer alone is critical in four factors, serious in two more, and mild in the others."""
    expected = {"nature": "critical", "child": "critical", "vulnerable": "critical", "threat": "critical"}
    expected |= {"impact_person": "serious", "repetition": "serious"}

    assert band({key: 4}).value == expected.get(key, "minor")


@pytest.mark.parametrize("key", [key for key in KEYS if 3 in BY_KEY[key].anchors])
def test_one_answer_of_three_alone(key: str) -> None:
    """Three is serious by itself for content, the person, a child and repetition, and for nothing else."""
    assert (band({key: 3}) is Band.SERIOUS) == (key in {"nature", "impact_person", "child", "repetition"})


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, Band.MINOR),
        ({"visible": 4, "recirculation": 4}, Band.MINOR),
        ({"visible": 4, "recirculation": 4, "truth": 1}, Band.MODERATE),
        ({"visible": 4, "recirculation": 4, "truth": 4, "impact_school": 4, "nature": 1}, Band.MODERATE),
        ({"visible": 4, "recirculation": 4, "truth": 4, "impact_school": 4, "nature": 2}, Band.SERIOUS),
    ],
)
def test_the_sum_decides_at_nine_and_at_eighteen(answers: dict[str, int], expected: Band) -> None:
    """8 is minor, 9 and 17 are moderate, 18 is serious."""
    assert band(answers) is expected


@given(ANSWERS, st.sampled_from(range(5)))
def test_who_posted_it_never_changes_the_band(answers: dict[str, int], author: int) -> None:
    """Factor 10 chooses a procedure; it raises nothing."""
    without = {key: value for key, value in answers.items() if key != "author"}

    assert band(without | {"author": author}) is band(without)


@given(ANSWERS, st.sampled_from(KEYS))
def test_a_graver_answer_never_lowers_the_band(answers: dict[str, int], key: str) -> None:
    """The band only grows with the answers, and an answer left out counts as nothing."""
    order = list(Band)
    lower = band(answers | {key: min(BY_KEY[key].anchors)})
    higher = band(answers | {key: max(BY_KEY[key].anchors)})

    assert order.index(lower) <= order.index(higher)
    assert band({name: value for name, value in answers.items() if value}) is band(answers)


@given(ANSWERS)
def test_what_was_not_answered_is_named(answers: dict[str, int]) -> None:
    """Answered and not assessed make up the whole form."""
    assert len(seriousness.not_assessed(answers)) + len(answers) == len(FACTORS)


def test_up_is_free_down_needs_the_head_and_a_reason() -> None:
    """Anybody may raise the band; only the headteacher lowers it, and says why."""
    assert overridden(Band.MINOR, Band.CRITICAL, is_head=False, reason="") is Band.CRITICAL
    assert overridden(Band.SERIOUS, Band.SERIOUS, is_head=False, reason="") is None
    assert overridden(Band.SERIOUS, None, is_head=False, reason="") is None
    with pytest.raises(SeriousnessRefusedError, match="only the headteacher"):
        overridden(Band.SERIOUS, Band.MINOR, is_head=False, reason="it is settled")
    with pytest.raises(SeriousnessRefusedError, match="write the reason"):
        overridden(Band.SERIOUS, Band.MINOR, is_head=True, reason="  ")
    assert overridden(Band.SERIOUS, Band.MINOR, is_head=True, reason="it is settled") is Band.MINOR


def test_an_answer_that_is_not_offered_is_refused() -> None:
    """An unknown factor, an answer without anchor, and a note too long are named; blank notes are dropped."""
    with pytest.raises(SeriousnessRefusedError, match="no factor"):
        seriousness.checked({"mood": 1}, {})
    with pytest.raises(SeriousnessRefusedError, match="a child can be told"):
        seriousness.checked({"child": 1}, {})
    with pytest.raises(SeriousnessRefusedError, match="2,000"):
        seriousness.checked({}, {"child": "x" * 2_001})
    assert seriousness.checked({"child": 2}, {"child": " a jumper ", "truth": " "}) == ({"child": 2}, {"child": "a jumper"})


def test_what_a_grave_case_still_asks() -> None:
    """S3 and S4 ask for every factor, S2 for none; without a form all are open."""
    done = Seriousness(
        id="s", case_id="c", version=1, answers=dict.fromkeys(KEYS, 0), band=Band.MINOR, rule=seriousness.RULE, by="u", at=NOON
    )
    partly = done.model_copy(update={"answers": {key: 0 for key in KEYS if key != "truth"}})

    assert seriousness.still_asked(Severity.S2, None) == ()
    assert len(seriousness.still_asked(Severity.S3, None)) == len(FACTORS)
    assert seriousness.still_asked(Severity.S4, partly) == (BY_KEY["truth"].label,)
    assert seriousness.still_asked(Severity.S4, done) == ()


@pytest.mark.parametrize(
    ("sight", "says"),
    [
        (Sight(NOON - HOUR * 5, NOON - HOUR * 2), "at least 3 h; when it was posted is not known, and it may still be up"),
        (Sight(NOON - HOUR * 5, NOON - HOUR * 2, NOON - HOUR * 6), "between 3 h and 6 h, and it may still be up"),
        (Sight(NOON - HOUR * 5, NOON - HOUR * 2, NOON - DAY * 3, NOON), "between 3 h and 3 days"),
        (Sight(NOON - HOUR * 5, NOON, NOON - HOUR * 5, NOON), "5 h"),
        (Sight(NOON - HOUR * 5, NOON, NOON + HOUR, NOON), "at least 5 h; when it was posted is not known"),
        (Sight(NOON - timedelta(minutes=20), NOON), "at least 20 min; when it was posted is not known, and it may still be up"),
    ],
)
def test_how_long_it_was_up_is_an_interval(sight: Sight, says: str) -> None:
    """What we saw is the least, what the author claims the most; a claim later than our own sight is not believed."""
    assert visible(sight, NOON).says == says


@given(st.integers(0, 2_000), st.integers(0, 2_000), st.none() | st.integers(-50, 4_000), st.booleans())
def test_the_interval_is_never_the_wrong_way_round(seen: int, last: int, claimed: int | None, gone: bool) -> None:
    """At least is never more than at most and never below nothing, whatever the times are."""
    first = NOON - timedelta(hours=seen)
    sight = Sight(
        first,
        first + timedelta(hours=last),
        None if claimed is None else NOON - timedelta(hours=claimed),
        NOON if gone else None,
    )
    found = visible(sight, NOON)

    assert timedelta(0) <= found.at_least <= (found.at_most if found.at_most is not None else found.at_least)


@pytest.mark.parametrize(("hours", "level"), [(0.5, 0), (1, 1), (23.9, 1), (24, 2), (167, 2), (168, 3), (719, 3), (720, 4)])
def test_the_time_up_suggests_its_answer(hours: float, level: int) -> None:
    """The steps of an hour, a day, a week and a month."""
    span = timedelta(hours=hours)
    facts = Measured(Visible(span, span, is_gone=True), 0, ("forum",), None, 0, 1)

    assert suggested(facts)["visible"] == level


def test_of_an_interval_the_longer_end_suggests() -> None:
    """Seen for an hour, claimed to be two days old: the longer end; unknown start: what we saw."""
    known = Measured(Visible(HOUR, DAY * 2, is_gone=False), 0, (), None, 0, 1)
    unknown = Measured(Visible(HOUR, None, is_gone=False), 0, (), None, 0, 1)

    assert (suggested(known)["visible"], suggested(unknown)["visible"]) == (2, 1)


def test_reach_that_is_not_published_suggests_nothing() -> None:
    """Nothing measured is no answer; numbers and copies elsewhere are."""
    assert "recirculation" not in suggested(measured())
    assert [suggested(measured(views))["recirculation"] for views in (0, 99, 100, 1_000, 1_001)] == [1, 1, 2, 2, 3]
    assert suggested(measured(5, platforms=("forum", "x")))["recirculation"] == 4
    assert "reach: not published" in measured().says["recirculation"]
    assert "views: 1,001" in measured(1_001).says["recirculation"]


def test_repetition_follows_linked_cases_and_authors() -> None:
    """None, one earlier, two earlier, several authors."""
    found = [measured(), measured(earlier=1), measured(earlier=2), measured(authors=2)]

    assert [suggested(one)["repetition"] for one in found] == [0, 2, 3, 3]


@given(st.none() | st.integers(0, 10**7), st.lists(st.sampled_from(["forum", "x"]), unique=True), st.integers(0, 9), st.integers(0, 9))
def test_every_suggestion_is_an_answer_of_the_form(views: int | None, places: list[str], earlier: int, authors: int) -> None:
    """What the facts fill in passes the form's own check, and what is kept is plain."""
    facts = measured(views, tuple(places), earlier, authors)

    assert seriousness.checked(suggested(facts), {})[0] == suggested(facts)
    assert facts.kept()["reach"] == ({} if views is None else {"views": views})


@pytest.mark.parametrize(
    ("author", "kind", "expected"),
    [
        (None, SourceKind.UNKNOWN, Procedure.NONE_YET),
        (0, SourceKind.UNKNOWN, Procedure.NONE_YET),
        (1, SourceKind.UNKNOWN, Procedure.PUBLIC),
        (2, SourceKind.UNKNOWN, Procedure.PARENT_MEETING),
        (3, SourceKind.UNKNOWN, Procedure.PUPIL_OR_STAFF),
        (3, SourceKind.PUPIL, Procedure.BEHAVIOUR_POLICY),
        (3, SourceKind.STAFF, Procedure.DISCIPLINARY),
        (None, SourceKind.PARENT, Procedure.PARENT_MEETING),
        (4, SourceKind.PUPIL, Procedure.POLICE),
    ],
)
def test_who_posted_it_chooses_the_procedure(author: int | None, kind: SourceKind, expected: Procedure) -> None:
    """A16, A24: pupils and staff have procedures of their own; what was found out is more exact than the form."""  # A16 A24
    assert procedure(author, kind) is expected
    assert seriousness.PROCEDURE_SAYS[expected]
