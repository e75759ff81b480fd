"""Benchmarks run alone and may take minutes: the tests' time limit is not theirs."""

from __future__ import annotations

import pytest

LIMIT = 900  # seconds; filling a million rows takes the most of it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every benchmark time."""
    for item in items:
        item.add_marker(pytest.mark.timeout(LIMIT))
