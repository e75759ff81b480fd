"""What is watched and how it goes: sources in words, terms, report codes, and what is not watched at all."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from casework.tuning import folded, names_a_person
from collector.addresses import canonical_address
from collector.coverage import COVERAGE, CoverageRow
from collector.platforms import PLATFORMS
from collector.public_address import Gate
from data.clock import Clock
from data.errors import SchoolwatchError
from data.model.base import new_id
from data.model.people import Permission, User
from data.model.posts import PlatformName
from data.model.watch import Health, School, Source, SourceState, TermKind, WatchTerm
from data.store import Store
from nlp.proposals import Proposal, near_misses, propose

ALIVE = timedelta(minutes=5)  # a worker that was not heard of for longer is said to be down
MIN_TERM = 3  # letters and digits of a watch term: shorter ones match everywhere
MAX_TERM = 200
MAX_NAME = 120
RECENT = timedelta(days=30)  # near misses are looked for in posts of these days
MOST_TEXTS = 10_000
_CODE_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # no signs that look alike on paper


class WatchRefusedError(SchoolwatchError):
    """This cannot be watched."""


class SourceRow(NamedTuple):
    """A source as a person reads it. `tone` is ok, warn, bad or off."""

    source: Source
    state: SourceState
    school: School
    says: str
    tone: str


class WatchSummary(NamedTuple):
    """How the watching stands: sources read lately, all, in trouble, and when the last one was read."""

    read: int
    total: int
    bad: int
    last_read_at: datetime | None


_SAYS = {
    Health.NEW: ("Not read yet.", "warn"),
    Health.OK: ("Read.", "ok"),
    Health.WAITING: ("Told to slow down; goes on by itself.", "warn"),
    Health.UNREACHABLE: ("Does not answer. Nothing is seen there now.", "bad"),
    Health.WALL: ("Behind a login or consent wall. Nothing is seen there now.", "bad"),
    Health.REFUSED: ("May not be read. Nothing is seen there.", "bad"),
    Health.BROKEN: ("Answers, but nothing in it can be read. Nothing is seen there now.", "bad"),
    Health.GONE: ("Gone for good. No longer read.", "off"),
}


def in_words(source: Source, state: SourceState, now: datetime) -> tuple[str, str]:
    """Return one plain line on how a source is, and its tone: silence and trouble never look alike."""
    if not source.enabled:
        return "Switched off. Nothing is seen there.", "off"
    says, tone = _SAYS[state.health]
    if state.problem:
        says = f"{says} {state.problem}"
    if tone == "ok" and state.last_polled_at and now - state.last_polled_at > 2 * source.period + ALIVE:
        return "Not read for longer than planned: is the worker running?", "bad"
    quiet = timedelta(hours=2 * source.expected_quiet_hours)
    if tone == "ok" and now - (state.last_post_at or source.added_at) > quiet:
        return f"Read, but nothing new for {(now - (state.last_post_at or source.added_at)).days} days: is the address still right?", "warn"
    if state.gap_from and state.gap_to:
        missing = f"{state.gap_from:%d %b %H:%M} to {state.gap_to:%d %b %H:%M} UTC"
        says += f" More came in than one poll may read: posts may be missing from {missing}."
    return says, tone


class Watch:
    """What is watched, as the people of a school see and change it."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store, self._clock, self._gate = store, clock, gate

    def sources(self, by: User, school_ids: Sequence[str]) -> tuple[SourceRow, ...]:
        """Return every source of these schools with a line on how it is, those in trouble first."""
        for school_id in school_ids:
            by.must(Permission.SEE_SOURCES, school_id)
        now = self._clock.now()
        order = {"bad": 0, "warn": 1, "ok": 2, "off": 3}
        rows = []
        with self._store.read() as work:
            schools = {school.id: school for school in work.schools.where(id=list(school_ids))}
            for source in work.sources.where(school_id=list(school_ids)):
                state = work.source_states.find(source.id) or SourceState(source_id=source.id)
                rows.append(SourceRow(source, state, schools[source.school_id], *in_words(source, state, now)))
        return tuple(sorted(rows, key=lambda row: (order[row.tone], row.source.name.lower())))

    def not_watched(self) -> tuple[CoverageRow, ...]:
        """Return the platforms that are not watched, or only in part, with why and what a person can do instead."""
        return tuple(COVERAGE)

    def summary(self, by: User, school_ids: Sequence[str]) -> WatchSummary:
        """Return how many sources were read within their period, of how many, and how many are in trouble."""
        rows = self.sources(by, school_ids)
        read = [row.state.last_ok_at for row in rows if row.tone in {"ok", "warn"} and row.state.last_ok_at]
        return WatchSummary(
            sum(row.tone == "ok" for row in rows),
            sum(row.tone != "off" for row in rows),
            sum(row.tone == "bad" for row in rows),
            max(read, default=None),
        )

    def worker_seen_at(self) -> datetime | None:
        """Return when any source was last polled; None means that nothing was ever polled."""
        with self._store.read() as work:
            polled = [state.last_polled_at for state in work.source_states.where() if state.last_polled_at]
        return max(polled, default=None)

    def terms(self, by: User, school_id: str) -> tuple[WatchTerm, ...]:
        """Return the school's watch terms."""
        by.must(Permission.SEE_SOURCES, school_id)
        with self._store.read() as work:
            return tuple(work.terms.where(school_id=school_id))

    def add_term(
        self, by: User, school_id: str, kind: TermKind, phrase: str, near: Sequence[str] = (), not_near: Sequence[str] = ()
    ) -> WatchTerm:
        """Add a phrase that stands for the school. There is no kind for a person's name (domain.md §2.8)."""
        by.must(Permission.MANAGE_WATCH, school_id)
        phrase = " ".join(phrase.split())
        if sum(sign.isalnum() for sign in phrase) < MIN_TERM:
            raise WatchRefusedError(
                "a watch term needs at least three characters that are letters or digits; shorter ones match nearly every post"
            )
        if len(phrase) > MAX_TERM:
            raise WatchRefusedError(f"a watch term has at most {MAX_TERM} characters; give the name alone")
        now = self._clock.now()
        term = WatchTerm(
            id=new_id(now),
            school_id=school_id,
            kind=kind,
            phrase=phrase,
            near=tuple(near),
            not_near=tuple(not_near),
            added_by=by.id,
            added_at=now,
        )
        with self._store.begin(by.id) as work:
            if any(other.phrase.lower() == phrase.lower() for other in work.terms.where(school_id=school_id, active=True)):
                raise WatchRefusedError(f"'{phrase}' is watched already")
            work.terms.add(term)
            work.commit()
        return term

    def proposals(self, by: User, school_id: str) -> tuple[Proposal, ...]:
        """Return ways of writing the school that are no terms yet, those seen in recent posts first; nothing is added by itself.

        What was turned down or removed once does not come again, and what holds a word of a staff member's name never comes (§2.8).
        """
        by.must(Permission.SEE_SOURCES, school_id)
        with self._store.read() as work:
            terms, staff = work.terms.where(school_id=school_id), work.staff.where(school_id=school_id)
            seen = work.posts.texts(since=self._clock.now() - RECENT, limit=MOST_TEXTS) if by.may(Permission.SEE_ALL, school_id) else []
        own = {word for term in terms for word in folded(term.phrase).split()}
        names = [" ".join(word for word in folded(member.name).split() if word not in own) for member in staff]
        known = {folded(term.phrase) for term in terms}
        found = (one for one in (*near_misses(terms, seen), *propose(terms)) if folded(one.phrase) not in known)
        return tuple(one for one in found if not names_a_person(one.phrase, names))

    def turn_down(self, by: User, school_id: str, proposal: Proposal) -> WatchTerm:
        """Remember that a proposed spelling does not stand for the school: kept as a term that is not watched for."""
        by.must(Permission.MANAGE_WATCH, school_id)
        now = self._clock.now()
        term = WatchTerm(
            id=new_id(now), school_id=school_id, kind=proposal.kind, phrase=proposal.phrase, active=False, added_by=by.id, added_at=now
        )
        with self._store.begin(by.id) as work:
            if not any(folded(other.phrase) == folded(term.phrase) for other in work.terms.where(school_id=school_id)):
                work.terms.add(term)
                work.note("turned down", "watch_term", term.id)
            work.commit()
        return term

    def remove_term(self, by: User, term_id: str) -> WatchTerm:
        """Stop watching for a phrase; it stays in the record of what was watched."""
        with self._store.begin(by.id) as work:
            term = work.terms.get(term_id)
            by.must(Permission.MANAGE_WATCH, term.school_id)
            stopped = work.terms.replace(term.model_copy(update={"active": False}))
            work.commit()
        return stopped

    def add_source(
        self,
        by: User,
        school_id: str,
        *,
        adapter: str,
        platform: PlatformName,
        name: str,
        address: str,
        query: str | None = None,
        options: dict[str, Any] | None = None,
    ) -> Source:
        """Add a public place to poll; raises WatchRefusedError or NotPublicError before anything is stored."""
        by.must(Permission.MANAGE_WATCH, school_id)
        if adapter not in PLATFORMS:
            raise WatchRefusedError(f"'{adapter}' is not a kind of source; choose one of {', '.join(sorted(PLATFORMS))}")
        address = address.strip()
        self._gate.admit(address)
        now = self._clock.now()
        source = Source(
            id=new_id(now),
            school_id=school_id,
            adapter=adapter,
            platform=platform,
            name=" ".join(name.split())[:MAX_NAME] or canonical_address(address),
            address=address,
            query=(query or "").strip() or None,
            options=options or {},
            added_by=by.id,
            added_at=now,
        )
        with self._store.begin(by.id) as work:
            same = work.sources.where(school_id=school_id, adapter=adapter, query=source.query)
            if any(canonical_address(other.address) == canonical_address(address) for other in same):
                raise WatchRefusedError("this place is in the list already; switch it on there if it is off")
            work.sources.add(source)
            work.commit()
        return source

    def enable(self, by: User, source_id: str, *, on: bool) -> Source:
        """Switch a source on or off."""
        with self._store.begin(by.id) as work:
            source = work.sources.get(source_id)
            by.must(Permission.MANAGE_WATCH, source.school_id)
            changed = work.sources.replace(source.model_copy(update={"enabled": on}))
            work.commit()
        return changed

    def poll_now(self, by: User, source_id: str) -> None:
        """Ask the worker to poll a source at its next tick."""
        with self._store.begin(by.id) as work:
            source = work.sources.get(source_id)
            by.must(Permission.SEE_SOURCES, source.school_id)
            state = work.source_states.find(source_id)
            if state:
                work.source_states.replace(state.model_copy(update={"next_poll_at": None}))
            work.note("asked for a poll", "source", source_id)
            work.commit()

    def report_code(self, by: User, school_id: str) -> str:
        """Return the code that opens the staff report form; made at the first asking."""
        by.must(Permission.SEE_ALL, school_id)
        with self._store.begin(by.id) as work:
            school = work.schools.get(school_id)
            if school.report_code:
                return school.report_code
            code = new_report_code()
            work.schools.replace(school.model_copy(update={"report_code": code}))
            work.commit()
        return code


def new_report_code() -> str:
    """Return a fresh report code: ten signs that do not look alike."""
    return "".join(secrets.choice(_CODE_SIGNS) for _ in range(10))
