"""One plain function per job: poll a source, read posts, carry out a capture, look again, remind, tell. `run_round` does one of each.

Each may run twice: what it stores is keyed, so that a job killed half-way and begun again loses nothing and doubles nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import structlog

from casework.checks import PlannedCheck
from casework.countdown import REMINDER_HOURS, reminder_key
from casework.errors import IllegalMoveError
from casework.threads import KEPT
from casework.transitions import OPEN
from collector.addresses import canonical_address
from collector.client import Client
from collector.platform import Platform
from collector.platforms import PLATFORMS
from collector.poll import Kept, PollReport, is_due, poll
from data.clock import Clock
from data.errors import EvidenceError, StoreError
from data.model.base import new_id
from data.model.cases import RemovalCheck
from data.model.evidence import CaptureOrder, Evidence, OrderState
from data.model.posts import Post, SeenPost
from data.model.readings import Reading
from data.model.watch import Health, Source, SourceState
from evidence import presence
from evidence.capture import CaptureFacts, Watch, capture
from evidence.errors import CaptureCancelledError, PreflightStopError
from evidence.guard import is_sealed_off
from evidence.seal import sha256
from evidence.vault import require_room
from nlp.people import People
from nlp.pipeline import Reader, open_reader
from nlp.threads import Said, read_threads, said_of, usual_rates
from schoolwatch import proving
from schoolwatch.answers import Conversations
from schoolwatch.delivery import deliver
from schoolwatch.desk import Desk
from schoolwatch.kept_files import only_if_kept
from schoolwatch.readiness import require_ready

CHUNK = 200  # posts read in one step (infrastructure.md §1.6: a job carries many posts, never one)
TOGETHER = 1_000  # of a school's posts that are looked at together, the newest: a bound on time, not on what is kept
NOT_KEPT = (
    "the page's answer could not be kept: it holds something that is no text and no number that can be stored. "
    "Nothing of it was kept; take a screenshot and hand it in as evidence that somebody brought"
)
_NOT_KEPT = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)  # what odd values of a page can end in
_log = structlog.get_logger(__name__)


@dataclass
class Hands:
    """What a worker keeps between jobs: the door to the network, and the reader for the present watchlist."""

    desk: Desk
    client: Client
    _reader: Reader | None = None
    _reader_key: str = ""
    _people: People | None = None

    @classmethod
    def of(cls, desk: Desk) -> Hands:
        """Return hands for this desk."""
        return cls(desk, desk.client())

    @property
    def clock(self) -> Clock:
        """The desk's clock."""
        return self.desk.clock

    def reader(self) -> Reader:
        """Return the reader; built anew when terms or staff lists changed."""
        with self.desk.store.read() as work:
            terms, staff, schools = work.terms.where(active=True), work.staff.where(), work.schools.where()
        key = hashlib.sha256(repr((terms, staff, schools)).encode()).hexdigest()
        if self._reader is None or key != self._reader_key:
            self._reader, self._people, self._reader_key = open_reader(terms, staff, schools=schools), People(staff), key
        return self._reader

    def people(self) -> People:
        """Return what finds members of staff in posts that mention a school."""
        self.reader()
        return self._people or People(())


def due_sources(desk: Desk, now: datetime) -> list[Source]:
    """Return the sources that should be polled now; raises NotReadyError while the school has not said that it watches."""
    require_ready(desk.settings)
    with desk.store.read() as work:
        states = {state.source_id: state for state in work.source_states.where()}
        sources = work.sources.where(enabled=True)
    return [source for source in sources if is_due(source, states.get(source.id) or SourceState(source_id=source.id), now)]


def poll_source(hands: Hands, source_id: str) -> PollReport:
    """Poll one source: each page is stored as it comes, the cursor moves only after the last (platforms.md §1.3)."""
    require_ready(hands.desk.settings)
    store, now = hands.desk.store, hands.clock.now()
    with store.read() as work:
        source = work.sources.get(source_id)
        state = work.source_states.find(source_id) or SourceState(source_id=source_id)

    def keep(posts: tuple[SeenPost, ...]) -> Kept:
        with store.begin("system") as work:
            kept = work.posts.keep(posts, source_id=source.id, seen_at=hands.clock.now(), canonical=canonical_address)
            work.commit()
        return Kept(kept.new, kept.changed, kept.known)

    report = poll(source, state, PLATFORMS[source.adapter], hands.client, keep, now=now)
    with store.begin("system") as work:
        (work.source_states.replace if work.source_states.find(source_id) else work.source_states.add)(report.state)
        work.commit()
    news = report.new or report.changed or report.state.health is not state.health
    (_log.info if news else _log.debug)(
        "polled", source=source_id, health=report.state.health.value, new=report.new, changed=report.changed
    )
    return report


def read_posts(hands: Hands) -> int:
    """Read one chunk of unread posts and flag what a person should look at; return how many were read (0: none left).

    Answers are read in their conversation; those that came before the post that names the school are read once more now.
    """
    store, now = hands.desk.store, hands.clock.now()
    with store.read() as work:
        posts = work.posts.unread(CHUNK)
        schools = {school.id: school.name for school in work.schools.where()}
    if not posts:
        return 0
    talk = Conversations(store, hands.reader(), schools, now)
    readings = talk.read(posts)
    with store.begin("system") as work:
        for reading in readings:
            work.readings.add_once(reading)
        work.commit()
    readings += _read_again(talk, posts, readings)
    flagged = [finding for reading in readings if reading.mentions for finding in hands.desk.casework.flag_reading(reading)]
    copies = hands.desk.casework.seek_copies([post.id for post in posts])
    threads = sum(look_together(hands, school_id) for school_id in dict.fromkeys(chain(*(reading.schools() for reading in readings))))
    with store.begin("system") as work:
        work.posts.mark_read(posts)
        work.commit()
    _log.info("read", posts=len(posts), flagged=len(flagged), threads=threads, copies=len(copies))
    return len(posts)


def _read_again(talk: Conversations, posts: Sequence[Post], readings: Sequence[Reading]) -> list[Reading]:
    """Keep the new readings of answers that were read before it was known what they are about, and return them."""
    again = talk.read_again(posts, readings)
    with talk.store.begin("system") as work:
        for reading in again:
            work.readings.put(reading)
        work.commit()
    return again


def look_together(hands: Hands, school_id: str) -> int:
    """Look at a school's posts of the last 90 days for what they show together, and keep it; return how many alerts are new or changed."""
    now = hands.clock.now()
    with hands.desk.store.read() as work:
        since = now - KEPT
        readings = work.readings.about(school_id, since=since, first_id=work.posts.first_since(since), limit=TOGETHER)
        posts = {post.id: post for post in work.posts.where(id=[reading.post_id for reading in readings])}
    said = said_of([(posts[reading.post_id], reading) for reading in readings], school_id, hands.people())
    found = read_threads(said, posts_a_day={school_id: _usual(said, now)})
    return len(hands.desk.casework.threads_found(school_id, found, {one.post_id: one.hostile for one in said}))


def _usual(said: Sequence[Said], now: datetime) -> float:
    """Return how many posts a day the school usually has; where there are more than are looked at, from the time that these cover."""
    rate = next(iter(usual_rates(said, now).values()), 0.0)
    if len(said) < TOGETHER:
        return rate
    days = (now - min(one.at for one in said)) / timedelta(days=1)
    return max(rate, len(said) / max(days, 1.0))


def carry_out(hands: Hands, order_id: str) -> CaptureOrder:
    """Carry out an ordered capture; what fails is written on the order in plain words, and nothing else is."""
    cases = hands.desk.casework
    order = cases.order_started(order_id)
    if order.state is not OrderState.RUNNING:
        return order
    try:
        evidence = _captured(hands, order)
    except CaptureCancelledError:
        _log.info("capture cancelled", order=order_id)
        return cases.order_cancelled(order_id)
    except PreflightStopError as stop:
        _log.warning("stopped", order=order_id, signals=stop.signals)
        return cases.stopped_by_words(order_id, stop.signals)
    except EvidenceError as error:
        _log.warning("capture failed", order=order_id)
        return cases.order_failed(order_id, _storable(str(error)))
    except (*_NOT_KEPT, StoreError) as error:
        if _is_passing(error):
            raise
        _log.warning("capture failed", order=order_id, error=type(error).__name__)
        return cases.order_failed(order_id, NOT_KEPT)
    _log.info("captured", order=order_id, evidence=evidence.id, completeness=evidence.completeness.value)
    with hands.desk.store.read() as work:
        return work.orders.get(order_id)


def _is_passing(error: Exception) -> bool:
    """Whether a store refused for now (busy, full), so that the capture is tried again; not, where PostgreSQL refuses a value for good."""
    return isinstance(error, StoreError) and type(error.__cause__).__name__ != "DataError"


def _storable(words: str) -> str:
    """Return words as any database takes them: an error may quote what a page sent, half characters and zero bytes included."""
    return words.replace("\0", "\ufffd").encode(errors="replace").decode()


def _captured(hands: Hands, order: CaptureOrder) -> Evidence:
    order, case, item, post, school = hands.desk.casework.capture_facts(order.id)
    with hands.desk.store.read() as work:
        user = work.users.find(order.ordered_by)
        number = work.evidence.count(case_id=case.id) + 1
    facts = CaptureFacts(
        school_name=school.name,
        case_ref=case.ref,
        who_id=order.ordered_by,
        who_name=user.name if user else order.ordered_by,
        who_role=", ".join(role.value for role in user.roles.get(case.school_id, ())) if user else "",
        reason="evidence before a request for removal (policy A14)",
        number=number,
        post=post,
    )
    for folder in (hands.desk.settings.vault_dir, Path(tempfile.gettempdir())):  # where it is put together, and where it is kept
        require_room(folder)
    evidence, custody = capture(
        order,
        case,
        item,
        facts=facts,
        sealer=hands.desk.sealer,
        browser=hands.desk.browser(),
        client=hands.client,
        clock=hands.clock,
        watch=_watch(hands, order.id),
    )
    with only_if_kept(hands.desk.vault, hands.desk.store, evidence):
        return hands.desk.casework.evidence_sealed(order.id, evidence, custody)


def _watch(hands: Hands, order_id: str) -> Watch:
    """Return what follows a capture for the people who wait for it. A store that is busy for a moment ends no capture."""
    cases = hands.desk.casework

    def progress(words: str) -> None:
        with contextlib.suppress(StoreError):
            cases.order_progress(order_id, words)

    def wanted() -> None:
        with contextlib.suppress(StoreError):
            cases.order_wanted(order_id)

    return Watch(progress, wanted)


def look_again(hands: Hands, planned: PlannedCheck) -> RemovalCheck:
    """Look whether a post is still there; the raw answer goes into the vault, the verdict into the case. Once per slot.

    Raises IllegalMoveError in a stopped case: nothing is asked, and nothing is kept of what was answered meanwhile. So it does where any
    place sends the very file of a stopped case.
    """
    case, item, post = hands.desk.casework.check_facts(planned.case_id, planned.item_id)
    with hands.desk.store.read() as work:
        known = [check for check in work.checks.where(case_id=case.id, item_id=item.id) if check.slot == planned.slot]
    if known:
        return known[0]
    adapter = _adapter_for(hands, post)
    seen = presence.look(item, post, adapter, hands.client, hands.clock.now())
    for content in (seen.answer, *seen.bodies):  # a file is known by its own hash, not by that of the record around it
        if content:
            hands.desk.casework.answer_seen(case.id, sha256(content))
    now = hands.clock.now()
    check = RemovalCheck(
        id=new_id(now),
        case_id=case.id,
        item_id=item.id,
        slot=planned.slot,
        by="system",
        at=now,
        verdict=seen.verdict,
        method=seen.method,
        status=seen.status,
        detail=seen.detail,
        answer_sha256=hands.desk.vault.put(seen.answer) if seen.answer else None,
        retry_at=seen.retry_at,
    )
    hands.desk.casework.check_seen(case.id, check)
    _log.info("checked", case=case.id, slot=planned.slot, verdict=check.verdict.value)
    return check


def _adapter_for(hands: Hands, post: Post | None) -> Platform | None:
    if post is None or post.source_id is None:
        return None
    with hands.desk.store.read() as work:
        source = work.sources.find(post.source_id)
    return PLATFORMS.get(source.adapter) if source else None


def remind(hands: Hands) -> int:
    """Fire the reminders that are due, each once; return how many."""
    fired = hands.desk.casework.fire_reminders(hands.clock.now())
    return len(fired)


def fall_due(hands: Hands) -> int:
    """Put what falls due in the outbox, each reminder once, and today's digest; return how many messages that made."""
    cases, now = hands.desk.casework, hands.clock.now()
    cases.heads_heard()  # whose message about the register's head went out since
    return cases.fire_dues(now) + cases.fire_digests(now)


def tell(hands: Hands, worker: str) -> int:
    """Hand over the messages that are due, each at most once; return how many went out."""
    return deliver(hands.desk, worker)


def prove(hands: Hands) -> int:
    """Keep today's head of the register, tell it, and ask for the time stamps that are due; return how many were given."""
    return proving.prove(hands.desk, hands.client)


def next_reminders(desk: Desk) -> list[tuple[str, str, datetime]]:
    """Return (case id, key, moment) of every reminder that has not fired, for cases whose clock runs; a stopped one has no such clock."""
    with desk.store.read() as work:
        found = work.cases.where(state=list(OPEN))
        running = [case for case in found if case.gone_observed_at is None and not is_sealed_off(case)]
        fired = {(reminder.case_id, reminder.key) for reminder in work.reminders.where(case_id=[case.id for case in running])}
    planned = ((case.id, reminder_key(hours), case.known_at + timedelta(hours=hours)) for case in running for hours in REMINDER_HOURS)
    return [one for one in planned if one[:2] not in fired]


@dataclass(frozen=True)
class RoundReport:
    """One pass over all due sources: what was polled, and every source that was **not** seen, by name, with why."""

    polled: tuple[str, ...]
    not_seen: tuple[tuple[str, str], ...]
    posts_new: int
    posts_read: int
    captures: int
    checks: int
    reminders: int
    messages: int = 0
    broken_off: tuple[str, ...] = ()  # orders whose capture ended without a word on them; they are tried again


def run_round(hands: Hands) -> RoundReport:
    """Do one of each job, in order: poll, read, capture, check, remind, prove, tell."""
    now = hands.clock.now()
    polled, not_seen, new = [], [], 0
    for source in due_sources(hands.desk, now):
        report = poll_source(hands, source.id)
        polled.append(source.name)
        new += report.new
        if report.state.health is not Health.OK:
            not_seen.append((source.name, report.problem or report.state.health.value))
    read = _read_all(hands)
    orders = hands.desk.casework.orders_waiting()
    broken_off = tuple(order.id for order in orders if not _carried_out(hands, order.id))
    planned = hands.desk.casework.plan_checks(hands.clock.now())
    for one in planned:
        with contextlib.suppress(IllegalMoveError):  # stopped since it was planned
            look_again(hands, one)
    reminded = remind(hands)
    fall_due(hands)
    prove(hands)
    told = tell(hands, "round")
    return RoundReport(tuple(polled), tuple(not_seen), new, read, len(orders), len(planned), reminded, told, broken_off)


def _carried_out(hands: Hands, order_id: str) -> bool:
    """Carry out a capture; whether it came to an end. Whatever it ends in, nobody's clock, proof or message waits for it."""
    try:
        carry_out(hands, order_id)
    except Exception as error:  # noqa: BLE001 - a page is hostile, and what follows a capture matters more than what it was
        _log.error("capture broke off", order=order_id, error=type(error).__name__)  # ids only
        return False
    return True


def _read_all(hands: Hands) -> int:
    total = 0
    while count := read_posts(hands):
        total += count
    return total
