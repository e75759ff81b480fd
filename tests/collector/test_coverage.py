"""What is not watched is said (platforms.md §0)."""

from __future__ import annotations

from datetime import date

from collector.coverage import COVERAGE
from data.model.posts import PlatformName
from data.model.watch import Coverage


def test_every_row_says_why_what_to_do_and_when_it_was_checked() -> None:
    """No row is an empty promise."""
    for row in COVERAGE:
        assert row.name
        assert len(row.why) > 10
        assert len(row.instead) > 10
        assert row.checked_on >= date(2026, 11, 1)


def test_every_platform_of_the_policies_has_a_row() -> None:
    """Each platform that a person may name is on the list, but for the general words for kinds of site."""
    general = {PlatformName.NEWS, PlatformName.WIKI, PlatformName.CHAT}

    assert set(PlatformName) - {row.platform for row in COVERAGE} == general


def test_closed_and_private_places_are_never_said_to_be_watched() -> None:
    """What is closed, or only told to us by people, is «not watched»."""
    assert all(not row.watched for row in COVERAGE if row.status in {Coverage.MANUAL, Coverage.CLOSED})
    assert any(row.watched for row in COVERAGE)


def test_names_are_given_once() -> None:
    """One row for each platform."""
    names = [row.name for row in COVERAGE]

    assert len(set(names)) == len(names)
