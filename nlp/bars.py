"""Bars: the figures reached over the judging posts, less a little for chance, below which nobody may fall."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nlp.labelled import LABELS

NOT_BARRED = frozenset({"neutral"})  # everything else that a post may be
LABEL_SLACK = {f"labels / {label} / auc": 0.02 for label in LABELS if label not in NOT_BARRED}
AT_LEAST: dict[str, float] = {  # figure: what chance may take from it
    "any_harm / auc": 0.015,
    "any_harm / ap": 0.02,
    "any_harm / recall_at_false_alarms / 0.10": 0.03,
    "near_twins / right": 0.03,
    **LABEL_SLACK,
    "severity / recall_4_by_any_harm": 0.05,
    "severity / recall_4_by_severity": 0.05,
    "severity / weighted_kappa": 0.03,
    "takedown / precision": 0.05,
    "takedown / recall": 0.05,
    "mention / precision": 0.005,
    "mention / recall": 0.005,
    "disclosures / flagged": 3,
    "series / harmful_raised": 1,
    "series / harmless_quiet": 1,
}
AT_MOST: dict[str, float] = {
    "any_harm / ece": 0.015,
    "at_recall_0.90 / harmless": 0.04,
    "at_recall_0.90 / fair_criticism": 0.05,
    "at_recall_0.90 / praise": 0.06,
    "takedown / among_fair_criticism": 1,
    "disclosures / vetoed": 0,
    "disclosures / takedown": 0,
}
_STEPS = 1000  # bars have three digits


def figure(report: Mapping[str, Any], name: str) -> float | None:
    """Return the figure of a name such as «any_harm / auc»."""
    inner: Any = report
    for step in name.split(" / "):
        inner = inner[step]
    return None if inner is None else float(inner)


def bars_of(report: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the bars that a report reaches; a figure that could not be had sets none."""
    least = {name: (figure(report, name), slack) for name, slack in AT_LEAST.items()}
    most = {name: (figure(report, name), slack) for name, slack in AT_MOST.items()}
    return {
        "at_least": {
            name: max(0.0, math.floor((value - slack) * _STEPS) / _STEPS) for name, (value, slack) in least.items() if value is not None
        },
        "at_most": {name: math.ceil((value + slack) * _STEPS) / _STEPS for name, (value, slack) in most.items() if value is not None},
    }
