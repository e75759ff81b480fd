"""The reader may not get worse: every figure over tests/gold keeps the bar that tests/gold/bars.json sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nlp.bars import bars_of, figure
from nlp.evaluate import evaluate

GOLD = Path(__file__).resolve().parents[1] / "gold"
POSTS = sorted(GOLD.glob("g*.jsonl"))
BARS: dict[str, dict[str, float]] = json.loads((GOLD / "bars.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """Judge all of tests/gold once."""
    assert POSTS, "tests/gold holds no g*.jsonl: the reader cannot be judged"
    return evaluate(POSTS, [path.with_name(f"{path.stem}.terms.json") for path in POSTS])[1]


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


def test_the_bars_that_figures_set_are_a_little_below_them(figures: dict[str, Any]) -> None:
    """Setting the bars anew from the present figures never sets one that these figures miss."""
    bars = bars_of(figures)

    assert all((figure(figures, name) or 0) >= bar for name, bar in bars["at_least"].items())
    assert all((figure(figures, name) or 0) <= bar for name, bar in bars["at_most"].items())
    assert set(BARS["at_most"]) <= set(bars["at_most"])


def test_series_are_raised_and_harmless_ones_stay_quiet() -> None:
    """Posts over time: of the harmful series no fewer are raised than before, and lively harmless ones stay quiet."""
    paths = sorted(GOLD.glob("s*.jsonl"))
    bars = json.loads((GOLD / "series_bars.json").read_text(encoding="utf-8"))

    report = evaluate(paths, [path.with_name(f"{path.stem}.terms.json") for path in paths])[1]["series"]

    assert report["harmful"] >= bars["series_each_way"]
    assert report["harmless"] >= bars["series_each_way"]
    assert report["harmful_raised"] >= bars["harmful_raised"]
    assert report["harmless_quiet"] >= bars["harmless_quiet"]
