"""One page under its other addresses: what is the same is found, what is another page is not (platforms.md §1.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.addresses import canonical_address
from collector.spellings import spellings

SAME = [
    ("https://www.forum.example/t/12#post-3", "http://m.forum.example/t/12/?utm_source=x#post-3"),
    ("https://forum.example/t/12", "https://mobile.forum.example/t/12"),
    ("https://forum.example/", "http://www.forum.example"),
    ("https://www.youtube.com/watch?v=abcdefghijk", "https://youtu.be/abcdefghijk?si=zz&fbclid=1"),
    ("https://m.youtube.com/watch?v=abcdefghijk", "https://www.youtube.com/shorts/abcdefghijk"),
    ("https://twitter.com/ann/status/123", "https://mobile.twitter.com/ann/status/123?s=20"),
    ("https://x.com/ann/status/123", "https://twitter.com/ann/status/123"),
    ("https://x.com/i/web/status/123", "https://x.com/ann/status/123/photo/1"),
    ("https://www.instagram.com/reel/Cabc123/", "https://instagram.com/ann/p/Cabc123/?igsh=1"),
    ("https://www.reddit.com/r/Town/comments/abc123/a_title/", "https://old.reddit.com/r/Town/comments/abc123/a_title/"),
    ("https://redd.it/abc123", "https://www.reddit.com/r/Town/comments/abc123/a_title/"),
    ("https://en.wikipedia.org/wiki/Fernley", "https://en.m.wikipedia.org/wiki/Fernley"),
]
OTHER = [
    ("https://forum.example/t/12#post-3", "https://forum.example/t/12#post-4"),
    ("https://forum.example/t/12", "https://forum.example/t/13"),
    ("https://forum.example/t/12", "https://talk.forum.example/t/12"),
    ("https://www.youtube.com/watch?v=abcdefghijk", "https://www.youtube.com/watch?v=abcdefghijl"),
    ("https://x.com/ann/status/123", "https://x.com/ann/status/124"),
    ("https://www.reddit.com/r/T/comments/abc123/a/c0mment/x/", "https://redd.it/abc123"),
    ("https://de.wikipedia.org/wiki/Fernley", "https://en.wikipedia.org/wiki/Fernley"),
    ("https://bit.ly/abc", "https://forum.example/t/12"),
]


def meet(one: str, other: str) -> bool:
    """Whether one page, stored under the first address, is found by the second: by any of its spellings."""
    return canonical_address(one) in spellings(other)


@pytest.mark.parametrize(("stored", "reported"), SAME)
def test_one_page_is_found_by_its_other_addresses(stored: str, reported: str) -> None:
    """Telephones, short links that name their target, tracking, http, slashes: still the same page."""
    assert meet(stored, reported)
    assert set(spellings(stored)) & set(spellings(reported))


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_page_stays_another(one: str, other: str) -> None:
    """Another comment, thread, film, language or site is not the same, nor is a short link that says nothing."""
    assert not set(spellings(one)) & set(spellings(other))


@given(st.text(max_size=80) | st.sampled_from([one for pair in SAME + OTHER for one in pair]))
def test_spellings_never_raise_and_stay_few(address: str) -> None:
    """Any text has its canonical form first, each spelling once, sixty at most."""
    found = spellings(address)

    assert found[0] == canonical_address(address)
    assert len(found) == len(set(found)) <= 60
