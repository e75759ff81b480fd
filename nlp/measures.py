"""Figures of merit, in numpy: ties are handled, and a figure that cannot be had (no case of one kind) is None, never 0.

Definitions: AUC as the chance that a positive stands above a negative, a tie counting half (Hanley and McNeil, Radiology 143, 1982);
average precision as the sum of precision over the steps of recall, tied scores being one step; expected calibration error over bins of
equal width (Naeini et al., AAAI 2015); Cohen's kappa (Educational and Psychological Measurement 20, 1960).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = Sequence[float]
Truth = Sequence[bool]
_Floats = NDArray[np.float64]


def auc(scores: Scores, truth: Truth) -> float | None:
    """Return the area under the ROC curve; None without both kinds."""
    values, positive = _arrays(scores, truth)
    hits, misses = int(positive.sum()), int((~positive).sum())
    if not hits or not misses:
        return None
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]  # the mean rank of those that tie
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * misses))


def average_precision(scores: Scores, truth: Truth) -> float | None:
    """Return the area under the precision-recall steps; None without a positive."""
    curve = _curve(scores, truth)
    if curve is None:
        return None
    return float(np.sum(np.diff(curve.recall, prepend=0.0) * curve.precision))


def recall_at_false_alarms(scores: Scores, truth: Truth, rate: float) -> float | None:
    """Return the best recall of any threshold that flags at most this share of the negatives; None without both kinds."""
    curve = _curve(scores, truth)
    if curve is None or curve.false_alarms is None:
        return None
    return float(curve.recall[curve.false_alarms <= rate].max(initial=0.0))


def threshold_at_recall(scores: Scores, truth: Truth, recall: float) -> float | None:
    """Return the highest threshold at which at least this share of the positives is flagged; None without a positive."""
    curve = _curve(scores, truth)
    if curve is None:
        return None
    return float(curve.threshold[np.argmax(curve.recall >= recall - 1e-12)])


def share_flagged(scores: Scores, threshold: float | None) -> float | None:
    """Return the share of scores that reach the threshold; None of nothing."""
    if threshold is None or not len(scores):
        return None
    return float(np.mean(np.asarray(scores, dtype=float) >= threshold))


def calibration_error(scores: Scores, truth: Truth, bins: int = 5) -> float | None:
    """Return the expected calibration error over bins of equal width; None of nothing."""
    values, positive = _arrays(scores, truth)
    if not values.size:
        return None
    place = np.minimum((values * bins).astype(int), bins - 1)
    gaps = (abs(values[place == one].mean() - positive[place == one].mean()) * np.mean(place == one) for one in np.unique(place))
    return float(sum(gaps))


def brier(scores: Scores, truth: Truth) -> float | None:
    """Return the mean squared distance of the scores from the truth; None of nothing."""
    values, positive = _arrays(scores, truth)
    return float(np.mean((values - positive) ** 2)) if values.size else None


@dataclass(frozen=True, slots=True)
class Found:
    """How well something was found: of what was said, how much is right; of what is there, how much was said."""

    precision: float | None
    recall: float | None


def found(said: Truth, truth: Truth) -> Found:
    """Return precision and recall of yes-or-no answers."""
    answers, positive = np.asarray(said, dtype=bool), np.asarray(truth, dtype=bool)
    right = int((answers & positive).sum())
    return Found(_share(right, int(answers.sum())), _share(right, int(positive.sum())))


@dataclass(frozen=True, slots=True)
class Pairs:
    """How many near twins of different kinds there are, and in what share the harmful one stands above; a tie loses."""

    count: int
    right: float | None


def near_twins(scores: Scores, truth: Truth, groups: Sequence[Hashable | None]) -> Pairs:
    """Return how near twins (equal groups) rank: each positive against each negative of its group."""
    members: dict[Hashable, tuple[list[float], list[float]]] = {}
    for score, is_positive, group in zip(scores, truth, groups, strict=True):
        if group is not None:
            members.setdefault(group, ([], []))[0 if is_positive else 1].append(score)
    outcomes = [high > low for above, below in members.values() for high in above for low in below]
    return Pairs(len(outcomes), _share(sum(outcomes), len(outcomes)))


def kappa(first: Iterable[Hashable], second: Iterable[Hashable]) -> float | None:
    """Return Cohen's kappa of two labellers over the same things; None of nothing, or when chance alone explains all agreement."""
    both = list(zip(first, second, strict=True))
    if not both:
        return None
    kinds = {kind for pair in both for kind in pair}
    agreed = sum(one == other for one, other in both) / len(both)
    chance = sum(sum(a == kind for a, _ in both) * sum(b == kind for _, b in both) for kind in kinds) / len(both) ** 2
    return None if chance == 1 else (agreed - chance) / (1 - chance)


def weighted_kappa(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Return Cohen's kappa with quadratic weights, for grades: a near miss counts less than a far one."""
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    by_chance = float(np.mean((one[:, None] - other[None, :]) ** 2)) if one.size else 0.0
    return 1 - float(np.mean((one - other) ** 2)) / by_chance if by_chance else None


@dataclass(frozen=True, slots=True)
class _Curve:
    threshold: _Floats  # distinct scores, high to low
    recall: _Floats
    precision: _Floats
    false_alarms: _Floats | None


def _curve(scores: Scores, truth: Truth) -> _Curve | None:
    """Return what each threshold does; None without a positive."""
    values, positive = _arrays(scores, truth)
    hits, misses = int(positive.sum()), int((~positive).sum())
    if not hits:
        return None
    order = np.argsort(-values, kind="stable")
    last = np.append(np.flatnonzero(np.diff(values[order])), values.size - 1)  # of scores that tie, the last
    caught = np.cumsum(positive[order])[last]
    flagged = last + 1
    return _Curve(values[order][last], caught / hits, caught / flagged, (flagged - caught) / misses if misses else None)


def _arrays(scores: Scores, truth: Truth) -> tuple[_Floats, NDArray[np.bool_]]:
    return np.asarray(scores, dtype=float), np.asarray(truth, dtype=bool)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
