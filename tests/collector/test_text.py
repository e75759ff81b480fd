"""HTML to the words a person would read; times to UTC, or to nothing (platforms.md §1.2, §1.6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from collector.text import formatted_moment, html_to_text, moment, zone_of

LONDON = zone_of("Europe/London")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("a &amp; b", "a & b"),
        ("a &amp;amp; b", "a &amp; b"),
        ("<p>a &amp;lt;b&amp;gt;</p>", "a &lt;b&gt;"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br><br>two", "one\n\ntwo"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("a\n   b\tc", "a\nb c"),
        ("<p>a\n   b\tc</p>", "a b c"),
        ("#<span>Fern</span>ley", "#Fernley"),
        ("<p>a<script>alert(1)</script><style>p{}</style><!-- no -->b</p>", "ab"),
        ("<?xml version='1.0'?><p>a</p>", "a"),
        ("<p>a\u00a0b</p>", "a b"),
        ("<p>a\x00b</p>", "a\u2400b"),
        ("", ""),
        ("<", "<"),
    ],
)
def test_html_becomes_what_a_person_reads(markup: str, text: str) -> None:
    """Tags go, breaks stay, entities are undone once."""
    assert html_to_text(markup) == text


def test_deep_nesting_is_read() -> None:
    """Mark-up nested a hundred thousand deep does not break the reader."""
    assert html_to_text("<b>" * 100_000 + "x") in {"x", ""}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-10-25T00:30:00Z", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T00:30:00+0000", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2031-03-04T05:06:07+01:00", datetime(2031, 3, 4, 4, 6, 7, tzinfo=UTC)),
        ("Sun, 25 Oct 2026 00:30:00 GMT", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Sat, 20 Jun 2026 10:30:00 BST", datetime(2026, 6, 20, 9, 30, tzinfo=UTC)),
        ("20 Jun 2026 10:30:00 -0000", datetime(2026, 6, 20, 10, 30, tzinfo=UTC)),
        ("20 Jun 2026 10:30:00 EST", datetime(2026, 6, 20, 15, 30, tzinfo=UTC)),
        (1_795_209_923.0, datetime(2026, 11, 20, 21, 25, 23, tzinfo=UTC)),
        ("20 Jun 2026 10:30:00 XYZ", None),
        ("20 Jun 2026 10:30:00", None),
        ("2026-10-25T00:30:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (True, None),
        (-5, None),
        (1e300, None),
        ("0001-01-01T00:00:00+14:00", None),
        ("x" * 10_000, None),
    ],
)
def test_a_time_is_in_utc_or_unknown(value: Any, expected: datetime | None) -> None:
    """Every usual spelling is read; a time without a zone, or of a zone that nobody knows, is unknown rather than hours wrong."""
    assert moment(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20.06.2026 10:30", datetime(2026, 6, 20, 9, 30, tzinfo=UTC)),
        ("20.12.2026 10:30", datetime(2026, 12, 20, 10, 30, tzinfo=UTC)),
        ("25.10.2026 01:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # twice: the first
        ("29.03.2026 01:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # never: as if the clocks had not moved
        ("June", None),
    ],
)
def test_local_times_follow_the_clocks_of_london(text: str, expected: datetime | None) -> None:
    """Summer time, the hour that comes twice in October and the one that March leaves out are read one fixed way."""
    assert formatted_moment(text, "%d.%m.%Y %H:%M", LONDON) == expected


@pytest.mark.parametrize("name", [None, "", "Middle/Earth", "../etc/passwd", "/etc/passwd", "\x00"])
def test_an_unknown_zone_is_no_zone(name: str | None) -> None:
    """A zone that nobody knows means that times without a zone stay unknown."""
    assert zone_of(name) is None
    assert formatted_moment("20.06.2026 10:30", "%d.%m.%Y %H:%M", zone_of(name)) is None
