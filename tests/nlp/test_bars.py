"""The reader may not get worse: every figure over tests/gold keeps the bar that tests/gold/bars.json sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nlp.evaluate import evaluate

GOLD = Path(__file__).resolve().parents[1] / "gold"
POSTS = sorted(GOLD.glob("g*.jsonl"))
BARS: dict[str, dict[str, float]] = json.loads((GOLD / "bars.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """Judge all of tests/gold once."""
    assert POSTS, "tests/gold holds no g*.jsonl: the reader cannot be judged"
    return evaluate(POSTS, [path.with_name(f"{path.stem}.terms.json") for path in POSTS])[1]


def figure(report: dict[str, Any], name: str) -> float | None:
    """Return the figure of a name such as «any_harm / auc»."""
    inner: Any = report
    for step in name.split(" / "):
        inner = inner[step]
    return inner  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", sorted(BARS["at_least"]))
def test_a_figure_does_not_fall_below_its_bar(figures: dict[str, Any], name: str) -> None:
    """What was reached once stays reached."""
    reached = figure(figures, name)

    assert reached is not None
    assert reached >= BARS["at_least"][name]


@pytest.mark.parametrize("name", sorted(BARS["at_most"]))
def test_an_error_does_not_rise_above_its_bar(figures: dict[str, Any], name: str) -> None:
    """False alarms and slips do not come back."""
    reached = figure(figures, name)

    assert reached is not None
    assert reached <= BARS["at_most"][name]
