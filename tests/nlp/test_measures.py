"""Figures of merit on cases whose answer is known by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import measures

SCORES = [0.1, 0.4, 0.35, 0.8]
TRUTH = [False, False, True, True]


def test_the_area_under_the_curve_is_the_chance_to_stand_above() -> None:
    """Three of four pairs are in order."""
    assert measures.auc(SCORES, TRUTH) == pytest.approx(0.75)


def test_ties_count_half_in_the_area() -> None:
    """A scorer that says the same of everything is worth a coin toss; a half-tied one lies between."""
    assert measures.auc([0.5] * 4, TRUTH) == pytest.approx(0.5)
    assert measures.auc([0.0, 0.5, 0.5, 1.0], TRUTH) == pytest.approx(0.875)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.2001, 0.9]), st.booleans()), min_size=2, max_size=30))
def test_the_area_equals_its_definition(cases: list[tuple[float, bool]]) -> None:
    """Whatever the ties, the fast way gives what counting all pairs gives."""
    scores, truth = [score for score, _ in cases], [kind for _, kind in cases]
    above = [score for score, kind in cases if kind]
    below = [score for score, kind in cases if not kind]
    pairs = [(high > low) + (high == low) / 2 for high in above for low in below]
    expected = sum(pairs) / len(pairs) if pairs else None

    assert measures.auc(scores, truth) == (expected if expected is None else pytest.approx(expected))


def test_average_precision_is_the_known_one() -> None:
    """One of one, then two of three: half of each."""
    assert measures.average_precision(SCORES, TRUTH) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_tied_scores_are_one_step_of_average_precision() -> None:
    """A scorer that ties everything has the precision of the whole, however the cases are ordered."""
    assert measures.average_precision([0.5] * 4, [True, False, False, False]) == pytest.approx(0.25)
    assert measures.average_precision([0.5] * 4, [False, False, False, True]) == pytest.approx(0.25)


def test_recall_at_a_rate_of_false_alarms() -> None:
    """With no false alarm one of two is caught, with half of the harmless flagged both are; tied cases come together."""
    assert measures.recall_at_false_alarms(SCORES, TRUTH, 0.0) == pytest.approx(0.5)
    assert measures.recall_at_false_alarms(SCORES, TRUTH, 0.5) == pytest.approx(1.0)
    assert measures.recall_at_false_alarms([0.5] * 4, TRUTH, 0.9) == pytest.approx(0.0)


def test_the_threshold_for_a_recall_is_the_highest_that_reaches_it() -> None:
    """Half the harm is caught at 0.8, all of it at 0.35, where half of the harmless are flagged."""
    assert measures.threshold_at_recall(SCORES, TRUTH, 0.5) == pytest.approx(0.8)
    assert measures.threshold_at_recall(SCORES, TRUTH, 0.9) == pytest.approx(0.35)
    assert measures.share_flagged([0.1, 0.4], 0.35) == pytest.approx(0.5)


def test_calibration_is_the_weighted_gap_of_the_bins() -> None:
    """Half of the cases are off by 0.1, the other half by 0.4; a perfect scorer is off by nothing."""
    assert measures.calibration_error([0.1, 0.1, 0.9, 0.9], [False, False, True, False]) == pytest.approx(0.5 * 0.1 + 0.5 * 0.4)
    assert measures.calibration_error([0.0, 1.0], [False, True]) == pytest.approx(0.0)


def test_the_brier_score_is_the_mean_square() -> None:
    """Sure and right costs nothing, undecided a quarter."""
    assert measures.brier([1.0, 0.5], [True, False]) == pytest.approx(0.125)


def test_of_near_twins_the_harmful_one_must_stand_strictly_above() -> None:
    """One of two is right, a tie loses, a group of one kind and a post without a twin count for nothing."""
    pairs = measures.near_twins([0.9, 0.1, 0.5, 0.5, 0.7, 0.8], [True, False, True, False, True, True], ["a", "a", "b", "b", "c", None])

    assert (pairs.count, pairs.right) == (2, pytest.approx(0.5))


def test_precision_and_recall() -> None:
    """Of two that were named one is right; of three that are there one was named."""
    right = measures.found([True, True, False, False], [True, False, True, True])

    assert (right.precision, right.recall) == (pytest.approx(0.5), pytest.approx(1 / 3))


def test_kappa_is_the_known_one() -> None:
    """The textbook case: 20 and 15 agreed of 50, 10 and 5 not, gives 0.4."""
    first = [True] * 25 + [False] * 25
    second = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15

    assert measures.kappa(first, second) == pytest.approx(0.4)


def test_kappa_is_one_for_full_and_zero_for_chance_agreement() -> None:
    """Two who always agree have 1; one who ignores the post has 0."""
    assert measures.kappa([1, 2, 3], [1, 2, 3]) == pytest.approx(1.0)
    assert measures.kappa([True, False] * 2, [True, True, False, False]) == pytest.approx(0.0)


def test_weighted_kappa_forgives_near_misses() -> None:
    """To be one grade off is better than to be four off; the same grades are perfect."""
    near, far = measures.weighted_kappa([0, 4, 2, 3], [1, 4, 2, 3]), measures.weighted_kappa([0, 4, 2, 3], [4, 4, 2, 3])

    assert near is not None
    assert far is not None
    assert far < near < 1
    assert measures.weighted_kappa([0, 4], [0, 4]) == pytest.approx(1.0)


def test_a_figure_that_cannot_be_had_is_none() -> None:
    """Nothing of one kind, or nothing at all, gives no figure, never a zero."""
    assert measures.auc([0.1], [True]) is None
    assert measures.average_precision([0.1], [False]) is None
    assert measures.recall_at_false_alarms([0.1], [True], 0.1) is None
    assert measures.threshold_at_recall([], [], 0.9) is None
    assert measures.share_flagged([], 0.5) is None
    assert measures.calibration_error([], []) is None
    assert measures.brier([], []) is None
    assert measures.near_twins([0.1], [True], ["a"]).right is None
    assert measures.kappa([], []) is None
    assert measures.kappa([True], [True]) is None
    assert measures.weighted_kappa([1, 1], [1, 1]) is None
