"""No change that a school can make, or that lies in its database, hides safeguarding."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from casework.errors import TuningRefusedError
from casework.testing import NOON, SCHOOL_ID, TEXT
from casework.tuning import LOWERED_ONLY, SUPPRESSIBLE, check, is_guarded, limits, rules_for, suggested
from data.model.posts import PostId
from data.model.readings import SAFEGUARDING, Category, Head, Mention, Reading, Score, Severity, Span
from data.model.suggestion import DEFAULT_RULES, suggestion
from data.model.tuning import Tuning, TuningKind

DAYS = st.integers(min_value=-400, max_value=400).map(lambda days: NOON + timedelta(days=days))
PHRASES = st.sampled_from(["trip fund", "fact", "money", "quillfeather at fernley", TEXT, "", "the"])
SCORES = st.builds(
    Score, head=st.sampled_from(Head), category=st.sampled_from(Category), value=st.floats(min_value=0, max_value=1), scorer=st.just("t.v1")
)
TUNINGS = st.builds(
    Tuning,
    id=st.uuids().map(str),
    school_id=st.just(SCHOOL_ID),
    kind=st.sampled_from(TuningKind),
    head=st.none() | st.sampled_from(Head),
    threshold=st.none() | st.floats(min_value=-2, max_value=2),
    category=st.none() | st.sampled_from(Category),
    phrase=st.none() | PHRASES,
    why=st.just("because"),
    owner=st.just("u-dsl"),
    made_at=DAYS,
    live_at=st.none() | DAYS,
    expires_at=DAYS,
    ended_at=st.none() | DAYS,
)
READINGS = st.builds(
    Reading,
    post_id=st.just(PostId(1)),
    post_version=st.just(1),
    pipeline=st.just("t.v1"),
    read_at=st.just(NOON),
    mentions=st.just((Mention(start=0, end=4, term_id="t1", school_id=SCHOOL_ID),)),
    scores=st.lists(SCORES, max_size=6).map(tuple),
    stop_cue=st.sampled_from([(), (Span(start=0, end=2, why="stop"),)]),
    gravity=st.sampled_from([(), (0.9, 0.9, 0.9), (0.9, 0.2, 0.1), (0.1, 0.1, 0.1)]),
    not_read=st.none() | st.just("Welsh"),
)


@given(READINGS, st.lists(TUNINGS, max_size=6))
def test_no_change_hides_safeguarding(reading: Reading, tunings: list[Tuning]) -> None:
    """Whatever is stored: what the usual rules show of safeguarding, of a telling, of a stop or as critical is shown no less."""
    usual = suggestion(reading, DEFAULT_RULES)
    if usual is None or not (is_guarded(usual, reading, DEFAULT_RULES) or reading.not_read):
        return
    found = suggested(reading, TEXT, rules_for(SCHOOL_ID, tunings, NOON))
    if is_guarded(usual, reading, DEFAULT_RULES):
        assert found is not None
        assert set(usual.categories) - {Category.NEUTRAL_MENTION} <= set(found.categories)
        assert found.severity >= usual.severity
    if not usual.shown:
        assert found is not None


@given(READINGS, st.lists(TUNINGS, max_size=6))
def test_no_change_makes_a_takedown_out_of_a_telling(reading: Reading, tunings: list[Tuning]) -> None:
    """A post that tells of harm to a child is never put forward for takedown, and no severity of what stays is made up."""
    found = suggested(reading, TEXT, rules_for(SCHOOL_ID, tunings, NOON))
    told = any(score.category is Category.SAFEGUARDING_DISCLOSURE and score.value >= DEFAULT_RULES.told for score in reading.scores)

    assert found is None or not (found.takedown and told)
    assert found is None or found.severity >= (Severity.S3 if set(found.categories) & SAFEGUARDING else Severity.S0)


@given(st.lists(TUNINGS, max_size=8))
def test_every_number_stays_within_its_limits(tunings: list[Tuning]) -> None:
    """Whatever is stored, each head's number stays between its limits, and those about danger never rise."""
    thresholds = rules_for(SCHOOL_ID, tunings, NOON).thresholds

    assert all(limits(head)[0] <= number <= limits(head)[1] for head, number in thresholds.items())
    assert all(thresholds[head] <= DEFAULT_RULES.thresholds[head] for head in LOWERED_ONLY)


@given(TUNINGS)
def test_what_may_be_tried_lies_within_the_limits(made: Tuning) -> None:
    """A change that passes has an end within 180 days and touches neither safeguarding nor the heads about danger upwards."""
    try:
        check(made, NOON)
    except TuningRefusedError:
        return

    assert NOON < made.expires_at <= NOON + timedelta(days=180)
    if made.kind is TuningKind.SUPPRESSION:
        assert made.category in SUPPRESSIBLE
        assert made.category not in SAFEGUARDING
    elif made.head in LOWERED_ONLY:
        assert (made.threshold or 0) <= DEFAULT_RULES.thresholds[made.head]
