"""The invented schools and staff that the reading tests read about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from data.model.posts import Media, PlatformName, Post, PostId
from data.model.readings import Reading
from data.model.watch import StaffMember, TermKind, WatchTerm
from nlp.pipeline import Reader, open_reader

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHRASES = (
    ("Fernley Green Primary School", TermKind.SCHOOL_NAME),
    ("Fernley Green", TermKind.SCHOOL_NAME),
    ("Fernley", TermKind.NICKNAME),
    ("FGPS", TermKind.ABBREVIATION),
    ("#fernleygreen", TermKind.HASHTAG),
)
STAFF = ("Mr Quillander", "Mrs Brackenby", "Ms Tolliver-Shaw", "Mr Green")


@pytest.fixture(scope="session")
def reader() -> Reader:
    """Return a reader for the invented school."""
    return _reader_without()


@pytest.fixture(scope="session")
def rules_reader() -> Reader:
    """Return a reader that reads by the rules alone: the learned heads have tests of their own."""
    return _reader_without("heads")


def _reader_without(*components: str) -> Reader:
    terms = [
        WatchTerm(id=f"t{number}", school_id="fgps", kind=kind, phrase=phrase, added_by="u1", added_at=NOW)
        for number, (phrase, kind) in enumerate(PHRASES)
    ]
    staff = [StaffMember(id=f"m{number}", school_id="fgps", name=name) for number, name in enumerate(STAFF)]
    return open_reader(terms, staff, without=frozenset(components))


@pytest.fixture(scope="session")
def post_of() -> Callable[..., Post]:
    """Return a maker of posts from their text."""

    def make(text: str, *, media: tuple[Media, ...] = (), labels: tuple[str, ...] = (), sensitive: bool | None = None) -> Post:
        return Post(
            id=PostId(1),
            platform=PlatformName.FORUM,
            native_id="1",
            permalink="https://forum.example.org/1",
            address="https://forum.example.org/1",
            text=text,
            media=media,
            labels=labels,
            sensitive=sensitive,
            first_seen_at=NOW,
            last_seen_at=NOW,
            text_hash="0",
        )

    return make


@pytest.fixture
def read(reader: Reader, post_of: Callable[..., Post]) -> Callable[..., Reading]:
    """Return a reader of texts."""
    return lambda text, **more: reader.read(post_of(text, **more), NOW)
