"""No small cell of a published table can be worked out from the rest of it."""

from __future__ import annotations

import itertools

import pytest

from casework.suppression import FEW, WITHHELD, Counted, publish, single, suppress

HIDDEN = {FEW, WITHHELD}


def possible(counts: tuple[int, ...], shown: list[str]) -> dict[int, set[int]]:
    """Return, for each hidden cell, every value it may have for a reader who knows the marks, the other rows and the total, if shown."""
    places = [place for place, words in enumerate(shown) if words in HIDDEN]
    any_number = all(words == WITHHELD for words in shown)
    totals = [0, 1, 2] if single(sum(counts)) == FEW else [sum(counts)]
    found: dict[int, set[int]] = {place: set() for place in places}
    for total in totals:
        rest = total - sum(count for place, count in enumerate(counts) if place not in places)
        ranges = [range(rest + 1) if any_number else range(3) if shown[place] == FEW else range(3, rest + 1) for place in places]
        for values in itertools.product(*ranges):
            if sum(values) == rest:
                for place, value in zip(places, values, strict=True):
                    found[place].add(value)
    return found


@pytest.mark.parametrize("rows", range(1, 6))
def test_every_hidden_cell_has_more_than_one_possible_value(rows: int) -> None:
    """All tables of up to five rows with counts from nought to six: whoever reasons over one is left with a choice."""
    given_away = [
        counts
        for counts in itertools.product(range(7), repeat=rows)
        if any(len(values) < 2 for values in possible(counts, suppress(counts)).values())
    ]

    assert given_away == []


@pytest.mark.parametrize("rows", range(1, 6))
def test_no_cell_of_one_or_two_is_ever_shown(rows: int) -> None:
    """A cell that is shown as a number is nought, or three and more."""
    shown = {words for counts in itertools.product(range(7), repeat=rows) for words in suppress(counts)}

    assert shown.isdisjoint({"1", "2"})


def test_a_table_without_small_cells_stays_as_it_is() -> None:
    """Nothing is hidden that need not be."""
    assert suppress([3, 0, 12]) == ["3", "0", "12"]


def test_an_empty_row_hides_a_lone_small_cell_first() -> None:
    """The row that costs least is hidden with it: one that is nought."""
    assert suppress([1, 5, 0]) == [FEW, "5", FEW]


def test_the_smallest_other_row_is_withheld_where_none_is_empty() -> None:
    """With no empty row the smallest count is not told either."""
    assert suppress([2, 9, 4]) == [FEW, "9", WITHHELD]


def test_fewer_than_three_in_all_shows_no_row() -> None:
    """With one or two cases in all, no row says which they were."""
    table = publish(Counted("kind", "By kind", (("a", 2), ("b", 0))))

    assert (table.rows, table.total) == ((("a", FEW), ("b", FEW)), FEW)


def test_a_table_that_cannot_be_protected_shows_no_row() -> None:
    """Two rows of two give themselves away by their sum, so both are withheld."""
    assert suppress([2, 2]) == [WITHHELD, WITHHELD]
