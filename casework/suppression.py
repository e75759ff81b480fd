"""Small cells of a published table are hidden, and others with them, so that nobody can work out how few there were (domain.md §7.4).

A cell of one or two is shown as "<3". Where the rest of the table and its total would give a hidden cell away, another row is hidden too:
first one that is zero (shown as "<3", which means none to two), else the smallest (shown as "withheld").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FEW, WITHHELD = "<3", "withheld"
LEAST = 3  # the smallest count that is shown


@dataclass(frozen=True)
class Counted:
    """One table as it was counted: its rows, each case in exactly one of them."""

    key: str
    title: str
    rows: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """The sum of the rows."""
        return sum(count for _, count in self.rows)


@dataclass(frozen=True)
class Published:
    """One table as it may be shown."""

    key: str
    title: str
    rows: tuple[tuple[str, str], ...]
    total: str


def single(count: int) -> str:
    """Return a count that stands alone as it may be shown."""
    return FEW if 0 < count < LEAST else f"{count}"


def publish(table: Counted) -> Published:
    """Return the table with its small cells hidden, and as many others as that needs."""
    shown = suppress([count for _, count in table.rows])
    rows = tuple((label, words) for (label, _), words in zip(table.rows, shown, strict=True))
    return Published(table.key, table.title, rows, single(table.total))


def suppress(counts: Sequence[int]) -> list[str]:
    """Return the cells as they may be shown beside their total."""
    shown = [single(count) for count in counts]
    if 0 < sum(counts) < LEAST:
        return [FEW] * len(counts)  # the total is hidden as well; which rows are empty would tell the rest
    while _gives_away(counts, shown):
        extra = _next_to_hide(counts, shown)
        if extra is None:
            return [WITHHELD] * len(counts)
        shown[extra] = FEW if counts[extra] == 0 else WITHHELD
    return shown


def _next_to_hide(counts: Sequence[int], shown: Sequence[str]) -> int | None:
    visible = [place for place, words in enumerate(shown) if words not in {FEW, WITHHELD}]
    return min(visible, key=lambda place: (counts[place], place), default=None)


def _gives_away(counts: Sequence[int], shown: Sequence[str]) -> bool:
    """Whether a hidden cell has only one possible value, given the total, the visible rows and what the marks mean."""
    few = sum(words == FEW for words in shown)
    withheld = sum(words == WITHHELD for words in shown)
    hidden = sum(count for count, words in zip(counts, shown, strict=True) if words in {FEW, WITHHELD})
    return (few > 0 and _one_way(hidden, few - 1, withheld, 0, LEAST - 1)) or (
        withheld > 0 and _one_way(hidden, few, withheld - 1, LEAST, hidden)
    )


def _one_way(hidden: int, few: int, withheld: int, least: int, most: int) -> bool:
    """Whether a cell between `least` and `most` is fixed by the sum of it, `few` cells of 0 to 2 and `withheld` cells of 3 or more."""
    others_most = hidden if withheld else few * (LEAST - 1)
    low = max(least, hidden - others_most)
    high = min(most, hidden - withheld * LEAST)
    return low >= high
