"""One poll of one source: nothing lost, nothing doubled, and a plain line about how the source is (platforms.md §1.3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from collector.errors import (
    CollectError,
    GoneError,
    LoginWallError,
    MissingError,
    NotPublicError,
    RateLimitedError,
    RobotsRefusedError,
    SourceUnavailableError,
    UnreadablePageError,
)
from collector.platform import Page
from collector.poll import PollReport, is_due, poll
from collector.testing import START, FakePlatform, Shelf, a_seen_post, a_source, scripted_client
from data.model.posts import SeenPost
from data.model.watch import Health, Source, SourceState

HOUR = timedelta(hours=1)


def posts(*numbers: int, **more: Any) -> tuple[SeenPost, ...]:
    """Posts by number; a higher one is newer, an hour apart."""
    return tuple(a_seen_post(number, **{"created_at": START + number * HOUR} | more) for number in numbers)


def run(pages: list[Page | CollectError], shelf: Shelf, state: SourceState | None = None, **more: Any) -> tuple[PollReport, FakePlatform]:
    """Poll the invented platform once, 100 hours after the start unless told otherwise."""
    adapter = FakePlatform(pages)
    facts: dict[str, Any] = {"now": START + 100 * HOUR} | more
    source = facts.pop("source", a_source())
    return poll(source, state or SourceState(source_id=source.id), adapter, scripted_client({}), shelf.keep, **facts), adapter


def test_every_page_is_read_and_kept() -> None:
    """The first poll reads to the end and keeps every post."""
    shelf = Shelf()
    report, adapter = run([Page(posts(5, 4), cursor="1"), Page(posts(3, 2), cursor="2"), Page(posts(1))], shelf)

    assert (report.pages, report.new, report.changed, report.outcome, report.problem) == (3, 5, 0, Health.OK, None)
    assert (adapter.cursors, len(shelf.posts)) == ([None, "1", "2"], 5)
    assert (report.state.watermark, report.state.posts_total) == (START + 5 * HOUR, 5)
    assert report.state.next_poll_at == START + 100 * HOUR + a_source().period


def test_known_posts_alone_do_not_end_a_run() -> None:
    """A page of known posts that is still inside the overlap is not the end: a back-dated post may hide behind it."""
    shelf = Shelf()
    run([Page(posts(60, 59, 58))], shelf)
    late = posts(20)
    report, adapter = run(
        [Page(posts(60, 59), cursor="1"), Page(posts(58) + late, cursor="2"), Page(posts(3), cursor="3"), Page(posts(1))],
        shelf,
        SourceState(source_id="source-1", watermark=START + 60 * HOUR),
    )

    assert adapter.cursors == [None, "1", "2", "3"]
    assert report.new == 3


def test_a_page_of_known_and_old_posts_ends_a_run() -> None:
    """Known posts only, and older than the overlap: nothing new can follow."""
    shelf = Shelf()
    run([Page(posts(60, 5, 4))], shelf)
    report, adapter = run(
        [Page(posts(60, 5), cursor="1"), CollectError("never asked")], shelf, SourceState(source_id="source-1", watermark=START + 60 * HOUR)
    )

    assert (adapter.cursors, report.outcome) == ([None], Health.OK)


def test_an_edited_post_is_kept_and_counted() -> None:
    """A known post with other words counts as changed."""
    shelf = Shelf()
    run([Page(posts(1, 2))], shelf)
    report, _ = run([Page(posts(2) + posts(1, text="Other words"))], shelf)

    assert (report.new, report.changed) == (0, 1)
    assert shelf.posts["blog", "post-1"].text == "Other words"


def test_of_two_posts_with_one_id_the_last_counts() -> None:
    """One id twice on a page is one post, and the store is given it once."""
    shelf = Shelf()
    report, _ = run([Page((*posts(1), *posts(1, text="The later words")))], shelf)

    assert (report.new, shelf.batches, shelf.posts["blog", "post-1"].text) == (1, [1], "The later words")


def test_a_run_that_breaks_off_moves_nothing() -> None:
    """After a fault on the second page the first page is kept, and watermark, cursor and validators stay where they were."""
    shelf = Shelf()
    before = SourceState(source_id="source-1", watermark=START, etag="old", cursor=None, posts_total=7)
    report, _ = run([Page(posts(60), cursor="1", etag="new"), SourceUnavailableError("the line is down")], shelf, before)

    assert (report.outcome, report.new, len(shelf.posts)) == (Health.UNREACHABLE, 1, 1)
    assert (report.state.watermark, report.state.etag, report.state.posts_total, report.state.failures) == (START, "old", 8, 1)

    again, _ = run([Page(posts(60), cursor="1", etag="new"), Page(posts(59))], shelf, report.state)
    assert (again.new, again.state.watermark, again.state.etag, again.state.failures) == (1, START + 60 * HOUR, "new", 0)


def test_a_store_that_fails_moves_nothing() -> None:
    """A failure to keep posts is not swallowed: the round hears of it and the state is not touched."""

    def broken(_seen: tuple[SeenPost, ...]) -> Any:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        poll(a_source(), SourceState(source_id="source-1"), FakePlatform([Page(posts(1))]), scripted_client({}), broken, now=START)


def test_a_page_cap_notes_the_gap_and_the_next_runs_fill_it() -> None:
    """When there is more than one poll may read, the gap is shown, and later polls go on where this one stopped."""
    shelf = Shelf()
    state = SourceState(source_id="source-1", watermark=START + 40 * HOUR)
    first, _ = run([Page(posts(99 - n), cursor=str(n + 1)) for n in range(3)], shelf, state, max_pages=2)
    assert (first.outcome, first.state.cursor) == (Health.OK, "2")
    assert (first.state.gap_from, first.state.gap_to) == (START + 40 * HOUR, START + 98 * HOUR)
    assert first.problem
    assert "may have been missed" in first.problem

    pages: list[Page | CollectError] = [Page(posts(99)), Page(posts(1)), Page(posts(97), cursor="3"), Page(posts(41))]
    second, adapter = run(pages, shelf, first.state, max_pages=5)
    assert adapter.cursors == [None, "2", "3"]
    assert (second.state.cursor, second.state.gap_from, second.state.gap_to, second.problem) == (None, None, None, None)


def test_a_gap_that_is_not_filled_stays_on_show() -> None:
    """A fault while filling the gap leaves it noted."""
    state = SourceState(source_id="source-1", watermark=START, cursor="1", gap_from=START, gap_to=START + HOUR)
    report, _ = run([Page(posts(99)), UnreadablePageError("no")], Shelf(), state)

    assert (report.state.cursor, report.state.gap_from, report.outcome) == ("1", START, Health.BROKEN)


def test_unchanged_keeps_everything() -> None:
    """«Not modified» is a good answer that changes nothing."""
    state = SourceState(source_id="source-1", watermark=START, etag="e", last_modified="m", health=Health.BROKEN, failures=3)
    report, _ = run([Page(not_modified=True)], Shelf(), state)

    assert (report.outcome, report.state.etag, report.state.last_modified, report.state.watermark) == (Health.OK, "e", "m", START)
    assert (report.state.failures, report.state.last_post_at) == (0, None)


def test_a_move_for_good_is_kept() -> None:
    """A new address for good is asked next time."""
    report, _ = run([Page(posts(1), moved_to="https://new.example/feed")], Shelf())

    assert report.state.address_now == "https://new.example/feed"


@pytest.mark.parametrize(
    ("error", "health", "words"),
    [
        (RateLimitedError(START), Health.WAITING, "slow down"),
        (LoginWallError("blog.example answers 403"), Health.WALL, "sign in"),
        (NotPublicError(), Health.REFUSED, "may not be read"),
        (RobotsRefusedError(), Health.REFUSED, "may not be read"),
        (UnreadablePageError("not a feed"), Health.BROKEN, "not a feed"),
        (SourceUnavailableError(), Health.UNREACHABLE, "cannot be reached"),
        (GoneError(), Health.GONE, "Switched off"),
        (CollectError(), Health.UNREACHABLE, "cannot be reached"),
    ],
)
def test_every_error_becomes_a_line_that_a_person_can_read(error: CollectError, health: Health, words: str) -> None:
    """No error leaves the poll; each is a state of the source and says in words what is wrong."""
    report, _ = run([error], Shelf())

    assert (report.outcome, report.state.health, report.problem) == (health, health, report.state.problem)
    assert words in str(report.problem)


def test_a_place_that_is_gone_is_not_polled_again() -> None:
    """410 switches the source off."""
    report, _ = run([GoneError()], Shelf())

    assert report.state.next_poll_at is None
    assert is_due(a_source(), report.state, START + 9999 * HOUR) is False


def test_not_found_is_a_warning_after_three_days() -> None:
    """404 is first a thing that may pass; after three days, or when the place never answered, somebody must look."""
    now = START + 100 * HOUR
    recent = SourceState(source_id="source-1", last_ok_at=now - timedelta(days=2))
    long_ago = SourceState(source_id="source-1", last_ok_at=now - timedelta(days=4))

    assert [run([MissingError()], Shelf(), state)[0].outcome for state in (recent, long_ago, None)] == [
        Health.UNREACHABLE,
        Health.BROKEN,
        Health.BROKEN,
    ]


@pytest.mark.parametrize(("asked", "expected"), [(5, 15), (60, 60)])
def test_a_site_that_asks_for_rest_gets_it(asked: int, expected: int) -> None:
    """The next poll is after the usual pause or after what the site asked for, whichever is later."""
    now = START + 100 * HOUR
    report, _ = run([RateLimitedError(now + timedelta(minutes=asked))], Shelf())

    assert report.state.next_poll_at == now + timedelta(minutes=expected)


def test_a_feeds_own_pause_is_respected() -> None:
    """A feed that says «ask me hourly» is asked hourly."""
    report, _ = run([Page(posts(1), pause=HOUR)], Shelf())

    assert report.state.next_poll_at == START + 101 * HOUR


def test_failures_are_tried_less_and_less_often() -> None:
    """Each failure doubles the pause, up to a day; a success starts anew."""
    state, pauses = SourceState(source_id="source-1"), []
    for _ in range(12):
        report, _ = run([SourceUnavailableError()], Shelf(), state)
        state = report.state
        pauses.append(report.state.next_poll_at - (START + 100 * HOUR) if report.state.next_poll_at else None)

    assert pauses[:4] == [timedelta(minutes=m) for m in (15, 30, 60, 120)]
    assert pauses[-1] == timedelta(days=1)
    assert run([Page(posts(1))], Shelf(), state)[0].state.failures == 0


def test_what_could_not_be_read_is_said() -> None:
    """Entries that were left out are counted in the source's line; when none could be read the source is broken."""
    some, _ = run([Page(posts(1, 2), skipped=3)], Shelf())
    none, _ = run([Page(skipped=3)], Shelf())

    assert (some.outcome, some.problem) == (Health.OK, "3 of 5 entries could not be read and were left out.")
    assert none.outcome is Health.BROKEN


def test_a_note_of_the_adapter_is_shown() -> None:
    """What an adapter has to say about a page reaches the source's row."""
    assert run([Page(posts(1), note="The comments cannot be read.")], Shelf())[0].problem == "The comments cannot be read."


def test_a_claimed_time_in_the_future_does_not_blind_us() -> None:
    """An author's date in 2031 does not move the watermark past the present."""
    now = START + 100 * HOUR
    report, _ = run([Page(posts(5) + posts(6, created_at=datetime(2031, 3, 4, tzinfo=START.tzinfo)))], Shelf())

    assert report.state.watermark == now


def test_a_clock_set_back_loses_nothing() -> None:
    """After the clock was set back a month the source is due at once, and the run reads further back, not less."""
    shelf = Shelf()
    ahead = START + timedelta(days=30)
    state = SourceState(source_id="source-1", watermark=ahead, last_polled_at=ahead, next_poll_at=ahead + HOUR)
    run([Page(posts(5))], shelf)
    report, adapter = run([Page(posts(5), cursor="1"), Page(posts(-60), cursor="2"), Page(posts(-70))], shelf, state, now=START + 6 * HOUR)

    assert is_due(a_source(), state, START + 6 * HOUR) is True
    assert adapter.cursors == [None, "1", "2"]
    assert (report.new, report.state.watermark) == (2, START + 6 * HOUR)


def test_undated_posts_are_judged_by_what_is_known() -> None:
    """Pages without any time end a run when they hold known posts only."""
    shelf = Shelf()
    state = SourceState(source_id="source-1", watermark=START)
    run([Page(posts(1, 2, created_at=None))], shelf)
    _, adapter = run([Page(posts(1, created_at=None), cursor="1"), CollectError("never asked")], shelf, state)

    assert adapter.cursors == [None]


def test_a_cursor_that_leads_to_itself_ends() -> None:
    """A site whose next page is the same page does not hold the poll."""
    _, adapter = run([Page(posts(2), cursor="1"), Page(posts(1), cursor="1")], Shelf())

    assert adapter.cursors == [None, "1"]


def test_when_a_source_is_due() -> None:
    """New sources are due, waiting ones are not, switched-off ones never."""
    now, source = START, a_source()
    later = SourceState(source_id="source-1", next_poll_at=now + HOUR, last_polled_at=now)

    def due(one: Source, state: SourceState, at: datetime) -> bool:
        return is_due(one, state, at)

    assert due(source, SourceState(source_id="source-1"), now)
    assert not due(source, later, now)
    assert due(source, later, now + HOUR)
    assert not due(source.model_copy(update={"enabled": False}), later, now + HOUR)
