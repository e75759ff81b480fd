"""Which posts were set aside as namesakes, and texts by id, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from data.clock import FixedClock
from data.model.findings import Finding
from data.model.posts import PlatformName, SeenPost
from data.model.readings import Category, Mention, Reading, Severity
from data.model.watch import School
from data.store import Store

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_store(request: pytest.FixtureRequest, clock: FixedClock) -> Iterator[Store]:
    """A store on each database that this machine can run."""
    opened = Store.open(request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url"), clock)
    yield opened
    opened.close()


def test_set_aside_posts_and_texts_are_found(any_store: Store) -> None:
    """The last reading decides; a post in which the school is meant elsewhere, an old one and another school's are left out."""
    mark = (Mention(start=0, end=3, term_id="t", school_id="fg"),)
    other = (Mention(start=0, end=3, term_id="t", school_id="av"),)
    kinds = [((), mark), (mark, mark), ((), other), ((), ()), ((), mark)]
    with any_store.begin("system") as work:
        seen = [
            SeenPost(platform=PlatformName.BLOG, native_id=str(number), permalink=f"https://blog.example/{number}", text=f"text {number}")
            for number in range(len(kinds))
        ]
        old = work.posts.keep(seen[:1], source_id=None, seen_at=NOW - timedelta(days=99)).post_ids
        ids = old + work.posts.keep(seen[1:], source_id=None, seen_at=NOW).post_ids
        for post_id, (mentions, namesakes) in zip(ids, kinds, strict=True):
            work.readings.add(Reading(post_id=post_id, post_version=1, pipeline="p", read_at=NOW, mentions=mentions, namesakes=namesakes))
        work.commit()
    since = NOW - timedelta(days=90)
    with any_store.read() as work:
        aside = work.readings.set_aside("fg", since=since)

        assert [one.post_id for one in aside] == [ids[4]]
        assert work.posts.texts_of(ids[:2]) == {ids[0]: "text 0", ids[1]: "text 1"}
        assert work.posts.texts(since=since, limit=2) == ["text 4", "text 3"]


def test_findings_since_a_moment(any_store: Store) -> None:
    """Only this school's, only those made since, oldest first."""
    made = [("fg", 1), ("fg", 0), ("fg", 99), ("av", 0)]
    with any_store.begin("system") as work:
        for school_id in ("fg", "av"):
            work.schools.add(School(id=school_id, name="Invented School", added_at=NOW))
        for number, (school_id, days) in enumerate(made):
            at = NOW - timedelta(days=days)
            work.findings.add(
                Finding(
                    id=f"f{number}",
                    school_id=school_id,
                    platform=PlatformName.BLOG,
                    severity=Severity.S1,
                    lead_category=Category.QUERY,
                    rule="flag.1",
                    seen_at=at,
                    made_at=at,
                )
            )
        work.commit()
    with any_store.read() as work:
        assert [one.id for one in work.findings.made_since("fg", NOW - timedelta(days=90))] == ["f0", "f1"]


def test_answers_and_what_they_answer_are_found(any_store: Store) -> None:
    """By id, by conversation and by the server's number; of the same platform only."""

    def seen(name: str, platform: PlatformName = PlatformName.MASTODON, **more: object) -> SeenPost:
        return SeenPost(platform=platform, native_id=name, permalink=f"https://s.example/{name}", text=name, **more)

    with any_store.begin("system") as work:
        answers = [seen("a", parent_id="root"), seen("b", thread_id="root"), seen("c", parent_id="root", platform=PlatformName.BLOG)]
        work.posts.keep([seen("root", raw={"server": "s.example", "id": "7"}), *answers], source_id=None, seen_at=NOW)
        work.commit()
    with any_store.read() as work:
        assert [one.native_id for one in work.posts.named(PlatformName.MASTODON, ["root", "c"])] == ["root"]
        assert [one.native_id for one in work.posts.named(PlatformName.MASTODON, ["s.example#7"])] == ["root"]
        assert [one.native_id for one in work.posts.answers(PlatformName.MASTODON, ["root"])] == ["a", "b"]
        assert work.posts.named(PlatformName.BLOG, []) == work.posts.answers(PlatformName.BLOG, []) == []


def test_a_reading_may_be_written_over(any_store: Store) -> None:
    """More is known about the conversation later: the reading of the same version and pipeline is the newer one, with how hostile it is."""
    with any_store.begin("system") as work:
        kept = work.posts.keep(
            [SeenPost(platform=PlatformName.BLOG, native_id="1", permalink="https://b.example/1", text="one")], source_id=None, seen_at=NOW
        )
        first = Reading(post_id=kept.post_ids[0], post_version=1, pipeline="p", read_at=NOW)
        heard = Mention(start=0, end=0, term_id="t", school_id="fg", inherited=True)
        second = first.model_copy(update={"mentions": (heard,), "hostile": 0.25, "read_at": NOW + timedelta(hours=1)})
        for reading in (first, second, second):
            work.readings.put(reading)
        work.commit()
    with any_store.read() as work:
        assert work.readings.where() == [second]
        assert work.readings.last_of(work.posts.where()) == {kept.post_ids[0]: second}
        assert work.readings.last_of([]) == {}
