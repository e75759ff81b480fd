"""One poll of one source: pages until nothing new can follow, everything kept, and how the source is (platforms.md §1.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from collector.client import Client
from collector.errors import (
    CollectError,
    GoneError,
    LoginWallError,
    MissingError,
    NotPublicError,
    RateLimitedError,
    RobotsRefusedError,
    UnreadablePageError,
)
from collector.platform import Page, Platform
from data.model.posts import SeenPost
from data.model.watch import Health, Source, SourceState

MAX_PAGES = 20
OVERLAP = timedelta(hours=48)  # search engines' indexes lag, and posts are back-dated (platforms.md §1.3)
LONGEST_BACKOFF = timedelta(days=1)
MISSING_FOR = timedelta(days=3)  # a 404 is warned of after three days (platforms.md §12.1)


class Tally(Protocol):
    """What became of a batch of posts, as the store counts it."""

    @property
    def new(self) -> int:
        """Posts never seen before."""

    @property
    def changed(self) -> int:
        """Known posts with another text."""

    @property
    def known(self) -> int:
        """Known posts, unchanged."""


@dataclass(frozen=True)
class Kept:
    """A plain `Tally`."""

    new: int = 0
    changed: int = 0
    known: int = 0


Keep = Callable[[tuple[SeenPost, ...]], Tally]


@dataclass(frozen=True)
class PollReport:
    """What one poll brought, and the source's new state."""

    state: SourceState
    pages: int
    new: int
    changed: int
    outcome: Health
    problem: str | None


@dataclass
class _Run:
    """One run: what it reads with, and what it has seen so far."""

    source: Source
    state: SourceState
    adapter: Platform
    client: Client
    keep: Keep
    max_pages: int
    pages: int = 0
    new: int = 0
    changed: int = 0
    seen: int = 0
    skipped: int = 0
    newest: datetime | None = None
    oldest: datetime | None = None
    notes: list[str] = field(default_factory=list)
    first: Page | None = None
    pause: timedelta = timedelta(0)


def poll(
    source: Source, state: SourceState, adapter: Platform, client: Client, keep: Keep, *, now: datetime, max_pages: int = MAX_PAGES
) -> PollReport:
    """Read `source` through `adapter`, hand every page to `keep`, and return what came of it.

    The watermark and the validators move only after the whole run was kept; a run that breaks off is read again from the top next
    time, which the store's upsert makes harmless. Raises no CollectError: each becomes the source's health and a line that a DSL can
    read. Errors of `keep` pass through.
    """
    run = _Run(source, state, adapter, client, keep, max_pages)
    try:
        rest = _read_newest(run, now)
        filled = rest is None and _fill_gap(run)
        _refuse_if_nothing_readable(run)
    except CollectError as error:
        return _failed(run, error, now)
    return _done(run, _gap_noted(run, rest, filled=filled), now)


def is_due(source: Source, state: SourceState, now: datetime) -> bool:
    """Whether `source` should be polled at `now`. A clock that was set back makes it due rather than silent for hours."""
    if not source.enabled or state.health is Health.GONE:
        return False
    was_set_back = state.last_polled_at is not None and state.last_polled_at > now
    return state.next_poll_at is None or state.next_poll_at <= now or was_set_back


def _read_newest(run: _Run, now: datetime) -> str | None:
    """Read from the newest page down; return the cursor that was left when the page cap was hit, None when the run is whole."""
    floor = min(run.state.watermark, now) - OVERLAP if run.state.watermark else None
    cursor: str | None = None
    while True:
        page, known_only = _next_page(run, cursor)
        if page.cursor in {None, cursor} or page.not_modified or _nothing_new_can_follow(page, floor, known_only=known_only):
            return None
        if run.pages >= run.max_pages:
            return page.cursor
        cursor = page.cursor


def _fill_gap(run: _Run) -> bool:
    """Go on where an earlier run stopped at its page cap; True when the gap is closed."""
    cursor, since = run.state.cursor, run.state.gap_from
    if since is None or cursor is None:
        return False
    while cursor is not None and run.pages < run.max_pages:
        page, _ = _next_page(run, cursor)
        if page.oldest is not None and page.oldest < since - OVERLAP:
            return True
        cursor = page.cursor if page.cursor != cursor else None
    return cursor is None


def _next_page(run: _Run, cursor: str | None) -> tuple[Page, bool]:
    """Fetch the page, hand it over and count it; True when it held known posts only."""
    page = run.adapter.fetch(run.source, run.state, cursor, run.client)
    tally = run.keep(page.posts) if page.posts else Kept()
    run.first = run.first or page
    run.pages += 1
    run.new += tally.new
    run.changed += tally.changed
    _note(run, page)
    return page, tally.new == 0 and tally.changed == 0


def _note(run: _Run, page: Page) -> None:
    times = [post.created_at for post in page.posts if post.created_at]
    run.seen += len(page.posts)
    run.skipped += page.skipped
    run.newest = max([*times, *([run.newest] if run.newest else [])], default=None)
    run.oldest = min([time for time in (run.oldest, page.oldest) if time], default=None)
    run.notes += [page.note] if page.note and page.note not in run.notes else []
    run.pause = max(run.pause, page.pause)


def _nothing_new_can_follow(page: Page, floor: datetime | None, *, known_only: bool) -> bool:
    """Known posts only AND older than watermark minus overlap; never the first known id (platforms.md §1.3)."""
    if not page.posts and not page.skipped:
        return True
    if floor is None or not known_only:
        return False
    return page.oldest is None or page.oldest < floor  # a page without any time can only be judged by what is known


def _refuse_if_nothing_readable(run: _Run) -> None:
    if run.skipped and not run.seen:
        raise UnreadablePageError(f"it answers, but none of its {run.skipped} entries could be read")


def _gap_noted(run: _Run, rest: str | None, *, filled: bool) -> SourceState:
    """Note what may have been missed: «gap possible from A to B» (platforms.md §1.3)."""
    state = run.state
    if rest is not None:
        since = state.gap_from or state.watermark
        return state.model_copy(update={"cursor": rest, "gap_from": since, "gap_to": run.oldest})
    return state.model_copy(update={"cursor": None, "gap_from": None, "gap_to": None}) if filled else state


def _done(run: _Run, state: SourceState, now: datetime) -> PollReport:
    """Move the watermark: the whole run was kept."""
    first = run.first or Page()
    same = first.not_modified
    problem = _remarks(run, state)
    fresh = state.model_copy(
        update={
            "health": Health.OK,
            "problem": problem,
            "watermark": _watermark(run, state, now),
            "etag": (first.etag or state.etag) if same else first.etag,
            "last_modified": (first.last_modified or state.last_modified) if same else first.last_modified,
            "address_now": first.moved_to or state.address_now,
            "last_polled_at": now,
            "last_ok_at": now,
            "last_post_at": now if run.new else state.last_post_at,
            "next_poll_at": now + max(run.source.period, run.pause),
            "failures": 0,
            "posts_total": state.posts_total + run.new,
        }
    )
    return PollReport(fresh, run.pages, run.new, run.changed, Health.OK, problem)


def _watermark(run: _Run, state: SourceState, now: datetime) -> datetime | None:
    """The newest claimed time, never in the future: an author may claim any time, and the clock may have been set back."""
    times = [time for time in (run.newest, state.watermark) if time]
    return min(now, max(times)) if times else None


def _remarks(run: _Run, state: SourceState) -> str | None:
    lines = list(run.notes)
    if run.skipped:
        lines.append(f"{run.skipped} of {run.skipped + run.seen} entries could not be read and were left out.")
    if state.cursor is not None:
        start = f"{state.gap_from:%d %B %Y %H:%M}" if state.gap_from else "the beginning"
        end = f"{state.gap_to:%d %B %Y %H:%M} UTC" if state.gap_to else "now"
        lines.append(f"There was more than one poll may read: posts from {start} to {end} may have been missed.")
    return " ".join(lines) or None


def _failed(run: _Run, error: CollectError, now: datetime) -> PollReport:
    """Keep the cursor and the watermark where they were; say what is wrong and when it is tried again."""
    state = run.state
    health = _health(error, state, now)
    problem = _problem(error, health)
    failures = state.failures + 1
    fresh = state.model_copy(
        update={
            "health": health,
            "problem": problem,
            "last_polled_at": now,
            "last_post_at": now if run.new else state.last_post_at,
            "next_poll_at": _next_try(error, run.source, failures, now),
            "failures": failures,
            "posts_total": state.posts_total + run.new,
        }
    )
    return PollReport(fresh, run.pages, run.new, run.changed, health, problem)


def _next_try(error: CollectError, source: Source, failures: int, now: datetime) -> datetime | None:
    if isinstance(error, GoneError):
        return None  # platforms.md §12.1: switched off
    if isinstance(error, RateLimitedError):
        return max(now + source.period, error.retry_at)
    return now + min(source.period * (1 << min(failures - 1, 10)), max(LONGEST_BACKOFF, source.period))


def _health(error: CollectError, state: SourceState, now: datetime) -> Health:
    if isinstance(error, MissingError):
        recent = state.last_ok_at is not None and now - state.last_ok_at < MISSING_FOR
        return Health.UNREACHABLE if recent else Health.BROKEN
    for kind, health in _HEALTH.items():
        if isinstance(error, kind):
            return health
    return Health.UNREACHABLE


_HEALTH: dict[type[CollectError], Health] = {
    GoneError: Health.GONE,
    RateLimitedError: Health.WAITING,
    LoginWallError: Health.WALL,
    NotPublicError: Health.REFUSED,
    RobotsRefusedError: Health.REFUSED,
    UnreadablePageError: Health.BROKEN,
}

_WORDS = {
    Health.GONE: "Switched off: the site says that this place is gone for good. Remove the source or give its new address.",
    Health.WAITING: "The site asks us to slow down; polling resumes by itself.",
    Health.WALL: "This place is only visible to people who sign in, so it is not watched. Use the report form for what people see there.",
    Health.REFUSED: "This place may not be read by a program, so it is not watched.",
    Health.BROKEN: "This place answers, but nothing in it can be read, so it is not watched until somebody checks the source.",
    Health.UNREACHABLE: "This place cannot be reached just now; it is tried again by itself.",
}


def _problem(error: CollectError, health: Health) -> str:
    return f"{_WORDS[health]} ({error}.)"
