"""What the store says of posts read lately, and of alerts that are recent: on SQLite and, where a server can be started, PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from data.clock import FixedClock
from data.model.posts import PlatformName, PostId, SeenPost
from data.model.readings import Mention, Reading
from data.model.threads import ThreadAlert, ThreadKind
from data.model.watch import School
from data.store import Store

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_store(request: pytest.FixtureRequest, clock: FixedClock) -> Iterator[Store]:
    """A store on each database that this machine can run."""
    url = request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url")
    opened = Store.open(url, clock)
    yield opened
    opened.close()


def keep(store: Store, number: int, days_ago: float, *schools: str, text: str = "words") -> PostId:
    """Keep a post that was first seen so many days ago, with a reading that mentions the schools."""
    seen = SeenPost(
        platform=PlatformName.FORUM, native_id=str(number), permalink=f"https://forum.example/{number}", text=f"{text} {number}"
    )
    with store.begin("system") as work:
        kept = work.posts.keep([seen], source_id=None, seen_at=NOW - days_ago * DAY)
        post = work.posts.get(kept.post_ids[0])
        mentions = tuple(Mention(start=0, end=4, term_id="t", school_id=school) for school in schools)
        work.readings.add_once(Reading(post_id=post.id, post_version=post.version, pipeline="p.1", read_at=NOW, mentions=mentions))
        work.commit()
    return post.id


def test_readings_about_a_school_are_those_that_mention_it(any_store: Store) -> None:
    """Only the school's own, only recent ones, oldest first; a school whose id is part of another's is not taken for it."""
    keep(any_store, 1, 120, "fg")
    second = keep(any_store, 2, 40, "fg", "av")
    for number, school in ((3, "fg-upper"), (4, "av"), (5, "f_"), (6, "FG")):
        keep(any_store, number, 30, school)
    last = keep(any_store, 7, 1, "fg")
    with any_store.read() as work:
        found = work.readings.about("fg", since=NOW - 90 * DAY)
        first_id = work.posts.first_since(NOW - 90 * DAY)
        bounded = work.readings.about("fg", since=NOW - 90 * DAY, first_id=first_id, limit=1)

    assert [one.post_id for one in found] == [second, last]
    assert [one.post_id for one in bounded] == [last]


def test_of_a_post_only_the_last_reading_of_its_present_text_counts(any_store: Store) -> None:
    """A newer pipeline's reading stands for an older one's; a reading of words that were changed since does not count."""
    again, edited = keep(any_store, 1, 3, "fg"), keep(any_store, 2, 2, "fg")
    with any_store.begin("system") as work:
        newer = work.readings.where(post_id=again)[0].model_copy(update={"pipeline": "p.2", "read_at": NOW + DAY})
        work.readings.add(newer)
        post = work.posts.get(edited)
        changed = SeenPost(platform=post.platform, native_id=post.native_id, permalink=post.permalink, text="other words")
        work.posts.keep([changed], source_id=None, seen_at=NOW)
        work.commit()
    with any_store.read() as work:
        found = work.readings.about("fg", since=NOW - 90 * DAY)

    assert [(one.post_id, one.pipeline) for one in found] == [(again, "p.2")]


def test_the_first_post_since_a_moment_is_found_by_halving(any_store: Store) -> None:
    """Before, between, exactly at and after the posts; an empty store has none."""
    with any_store.read() as work:
        empty = work.posts.first_since(NOW)
    ids = [keep(any_store, number, 10 - number) for number in range(7)]
    with any_store.read() as work:
        first = [work.posts.first_since(NOW - days * DAY) for days in (100, 10, 7.5, 4, 0)]

    assert empty <= 1
    assert first[0] <= first[1] <= ids[0]
    assert first[2:] == [ids[3], ids[6], ids[6] + 1]


def test_recent_alerts_are_those_with_a_recent_post(any_store: Store) -> None:
    """The school's own, the last changed first; one whose last post is old is left out."""
    with any_store.begin("system") as work:
        for school in ("fg", "av"):
            work.schools.add(School(id=school, name=f"School {school}", report_code=school, added_at=NOW))
        for name, school, days, changed in (("a", "fg", 3, 3), ("b", "fg", 2, 1), ("c", "fg", 100, 0), ("d", "av", 1, 0)):
            alert = ThreadAlert(
                id=name,
                kind=ThreadKind.PILE_ON,
                school_id=school,
                target=None,
                authors=("x",),
                post_ids=(PostId(1), PostId(2)),
                since=NOW - (days + 1) * DAY,
                until=NOW - days * DAY,
                strength=0.5,
                gaps=(1440,),
                why="so",
                rule="threads.v1",
                found_at=NOW - days * DAY,
                changed_at=NOW - changed * DAY,
            )
            work.threads.add(alert)
        work.commit()
    with any_store.read() as work:
        found = work.threads.recent(["fg"], since=NOW - 90 * DAY)

    assert [one.id for one in found] == ["b", "a"]
    assert (found[1].post_ids, found[1].gaps) == ((1, 2), (1440,))
