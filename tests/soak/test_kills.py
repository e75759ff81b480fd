"""`kill -9` of worker and dashboard at 30 random moments of the journey: nothing is lost, nothing is doubled.

Run by `just soak`. The town lies in this process; worker and dashboard are the demo's own children under the real supervisor. A driver
does through the services what people do on the pages, for several posts at once; then every record is counted against what the driver
did and against the town itself. SCHOOLWATCH_SOAK_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import pytest

from casework.checks import APART
from casework.clocks import missed
from casework.countdown import REMINDER_HOURS
from casework.files import CaseFile, InboxRow
from casework.flagging import DEFAULT_RULES, flag_all
from casework.notice import Wording
from casework.seriousness import FACTORS
from data.model.cases import Capacity, Case, CaseState, MissedReason, VerdictGroup
from data.model.evidence import OrderState, SafetyAnswer
from data.model.findings import DecisionKind
from data.model.people import User
from data.model.readings import Category, Severity
from data.model.watch import Health
from data.store import Work
from evidence.capture import is_intact
from evidence.custody import verify as verify_custody
from evidence.verify import Colour, verify
from nlp.pipeline import open_reader
from schoolwatch.demo.posts import Place
from schoolwatch.demo.run import Stage, stage, supervise
from schoolwatch.demo.watchlist import PERIOD_MINUTES
from schoolwatch.up import Child, Supervisor

KILLS = 30
HOUR_SECONDS = 12.0  # an hour of the town; the journey of a case (request, check at +12 h, confirmation) takes about 160 s
CASES = 5
NEXT_CASE = 40.0  # seconds between two cases, so that kills meet every stage of some case
LONGEST_LIFE = 20.0
LONGEST = 1500.0  # seconds after which the soak gives up

pytestmark = [pytest.mark.soak, pytest.mark.timeout(int(LONGEST) + 300)]


@dataclass
class Killer:
    """Ends the children with SIGKILL: after random lifetimes, some while they start, and the worker also in the middle of captures."""

    supervisor: Supervisor
    chance: random.Random
    is_capturing: Callable[[], bool]
    left: int = KILLS
    hits: Counter[str] = field(default_factory=Counter)
    below: list[psutil.Process] = field(default_factory=list)
    lives: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        """Kill whose time has come."""
        worker, pages = self.supervisor.children
        if self._lived(worker):
            self._kill(worker, "worker")
        elif self.is_capturing() and self.chance.random() < 0.04:
            self._kill(worker, "worker while it captured")
        if self._lived(pages):
            self._kill(pages, "dashboard")

    def _lived(self, child: Child) -> bool:
        if child.process is None:
            return False
        life = self.lives.setdefault(child.process.pid, self.chance.uniform(0.2, LONGEST_LIFE))
        return time.monotonic() - child.started_at > life

    def _kill(self, child: Child, what: str) -> None:
        process = child.process
        if self.left == 0 or process is None or process.poll() is not None:
            return
        self.below += _below(process.pid)
        process.kill()
        self.hits[what] += 1
        self.left -= 1


def _below(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@dataclass
class Journey:
    """What the driver did with one post, and how far it is."""

    case: Case
    item_id: str
    orders: list[str] = field(default_factory=list)
    request_id: str | None = None
    closed: bool = False


class Driver:
    """The safeguarding lead: judges, orders captures, sends requests, closes. Counts everything it does."""

    def __init__(self, on: Stage) -> None:
        self.stage, self.casework = on, on.desk.casework
        with on.desk.store.read() as work:
            self.dsl: User = work.users.get("dsl")
        self.journeys: list[Journey] = []
        self._next_at = 0.0

    @property
    def is_done(self) -> bool:
        """Whether every case was closed."""
        return len(self.journeys) == CASES and all(one.closed for one in self.journeys)

    def is_capturing(self) -> bool:
        """Whether the worker is in the middle of a capture."""
        return any(order.state is OrderState.RUNNING for order in self.casework.orders_waiting())

    def turn(self) -> None:
        """Take every case one step on, if it can go on; open a new one while there are too few."""
        if len(self.journeys) < CASES and time.monotonic() >= self._next_at:
            self._open_next()
        for journey in self.journeys:
            if not journey.closed:
                self._step(journey, self.casework.case(self.dsl, journey.case.id))

    def _open_next(self) -> None:
        wanted = {Category.DEFAMATION_INDIVIDUAL, Category.HARASSMENT_STAFF}
        rows = self.casework.inbox(self.dsl, self.dsl.schools()).rows
        row = next((one for one in rows if one.finding.lead_category in wanted and one.finding.severity >= Severity.S2), None)
        if row is not None and not row.finding.stop:
            self.journeys.append(self._opened(row))
            self._next_at = time.monotonic() + NEXT_CASE

    def _opened(self, row: InboxRow) -> Journey:
        decided = self.casework.decide(
            self.dsl, row.finding.id, DecisionKind.OPEN_CASE, row.finding.lead_category, row.finding.severity, "teacher", "Soak."
        )
        assert decided.case is not None
        return Journey(decided.case, self.casework.case(self.dsl, decided.case.id).items[0].id)

    def _step(self, journey: Journey, file: CaseFile) -> None:
        if file.case.state is CaseState.TRIAGED:
            self._order(journey, file)
        elif file.case.state is CaseState.EVIDENCE_CAPTURED and journey.request_id is None:
            self._request(journey, file)
        elif file.case.state is CaseState.VERIFIED_REMOVED:
            late = MissedReason.PLATFORM_SLOW if missed(file.case, self.stage.desk.clock.now()) else None
            self.casework.close(self.dsl, file.case.id, "removed", "Soak.", "Line manager", missed_reason=late)
            journey.closed = True

    def _order(self, journey: Journey, file: CaseFile) -> None:
        if any(order.state in {OrderState.WAITING, OrderState.RUNNING} for order in file.orders):
            return
        if file.evidence or len(file.orders) >= 3:  # its author was quicker, or the page could not be captured: A14 asks for a reason
            self.casework.no_capture(self.dsl, file.case.id, "Gone before it could be captured.")
            return
        journey.orders.append(self.casework.order_capture(self.dsl, file.case.id, journey.item_id, SafetyAnswer.NO).id)

    def _request(self, journey: Journey, file: CaseFile) -> None:
        first = self.casework.propose(self.dsl, file.case.id).proposals[0]
        wording = Wording(
            what_it_is="A post that states a crime as a fact about a member of staff.",
            rule_breached="No false statements of fact about private persons",
            unlawful_nature="A false statement of fact that may harm the person's reputation.",
            why_urgent="It is being read by pupils and parents.",
            concerned_role="teacher",
            sender_role="Designated Safeguarding Lead",
        )
        capacity = Capacity.SCHOOL_REPRESENTATIVE
        self.casework.assess(self.dsl, file.case.id, {factor.key: 0 for factor in FACTORS}, {})
        request = self.casework.draft(self.dsl, file.case.id, first.item_id, first.route, first.ground, capacity, wording)
        self.casework.record_sent(self.dsl, request.id, reference="SOAK")
        journey.request_id = request.id


def _until(what: str, is_so: Callable[[], bool], turn: Callable[[], None], end: float) -> None:
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < end, f"gave up waiting for {what}"
        turn()
        pause.wait(0.1)


def _read_since(on: Stage, since: datetime) -> bool:
    """Whether every source was read whole after `since` and nothing waits to be read."""
    with on.desk.store.read() as work:
        enabled = {source.id for source in work.sources.where(enabled=True)}
        states = [state for state in work.source_states.where() if state.source_id in enabled]
        unread = work.posts.unread(1)
    fresh = all(state.health is Health.OK and state.last_ok_at and state.last_ok_at > since for state in states)
    return len(states) == len(enabled) and fresh and not unread


def test_thirty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    """Whatever moment the computer dies at, each post, decision, capture, request and check is there exactly once afterwards."""
    seed = int(os.environ.get("SCHOOLWATCH_SOAK_SEED") or secrets.randbelow(1_000_000))
    print(f"\nseed {seed}")  # noqa: T201 - what `just soak` shows
    begun = time.monotonic()
    with stage(state=tmp_path / "state", hour_seconds=HOUR_SECONDS) as on:
        supervisor = supervise(on)
        thread = threading.Thread(target=supervisor.run, args=(on.tell_town,), name="supervisor")
        thread.start()
        try:
            killer, driver = _play(on, supervisor, random.Random(seed), begun + LONGEST)  # noqa: S311 - moments, not secrets
        finally:
            supervisor.stop()
            thread.join()
        figures = _reckon(on, driver, killer, tmp_path)
    figures = {"seed": seed, "seconds": round(time.monotonic() - begun), **figures}
    print("\n".join(f"{name}: {value}" for name, value in figures.items()))  # noqa: T201 - what `just soak` shows


def _play(on: Stage, supervisor: Supervisor, chance: random.Random, end: float) -> tuple[Killer, Driver]:
    driver = Driver(on)
    killer = Killer(supervisor, chance, driver.is_capturing)

    def turn() -> None:
        killer.look()
        driver.turn()

    _until("the journey and the kills", lambda: driver.is_done and killer.left == 0, turn, end)
    # A little later every source must have been read again after the last kill, so that the town can be compared with what is kept.
    since = on.desk.clock.now() + timedelta(minutes=PERIOD_MINUTES)
    _until("a quiet end", lambda: _read_since(on, since), lambda: None, end)
    return killer, driver


def _reckon(on: Stage, driver: Driver, killer: Killer, folder: Path) -> dict[str, object]:
    with on.desk.store.read() as work:
        work.audit.verify()
        verify_custody(work.custody.where(order_by="number"))
        figures: dict[str, object] = {"kills": dict(killer.hits)}
        figures |= _reckon_posts(on, work)
        figures |= _reckon_findings(work)
        figures |= _reckon_cases(on, work, driver)
        figures |= {"audit events, chain whole": work.audit.count(), "custody events, chain whole": work.custody.count()}
    figures |= _reckon_packs(on, driver, folder)
    left = [process for process in killer.below if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    figures["processes of killed workers still alive"] = len(left)
    assert left == []
    assert sum(killer.hits.values()) == KILLS
    return figures


def _reckon_posts(on: Stage, work: Work) -> dict[str, object]:
    """Every post of the town that a source shows is kept, exactly once, in its present words."""
    town, base = on.town.town, on.town.base
    enabled = work.sources.where(enabled=True)
    last_read = min(state.last_ok_at for state in work.source_states.where() if state.last_ok_at)
    tags = {source.query for source in enabled if source.adapter == "mastodon"}
    shown = town.visible(now=last_read - timedelta(minutes=1))
    seen = [one for one in shown if one.post.place is not Place.SOCIAL or any(tag and tag in one.text.lower() for tag in tags)]
    kept = work.posts.where()
    addresses = Counter(post.permalink for post in kept)
    missing = [one.post.key for one in seen if base + one.path not in addresses]
    strangers = set(addresses) - {town.address_of(post.key, base) for post in town.posts}
    doubled = [address for address, count in addresses.items() if count > 1]
    twice = [key for key, count in Counter((post.platform, post.native_id) for post in kept).items() if count > 1]

    assert (missing, doubled, twice, strangers) == ([], [], [], set())
    return {"posts of the town to be seen": len(seen), "posts kept": len(kept), "missing": 0, "doubled": 0}


def _reckon_findings(work: Work) -> dict[str, object]:
    """Reading everything once more flags nothing that is not flagged already, and nothing is flagged twice."""
    reader = open_reader(work.terms.where(active=True), work.staff.where())
    flagged = Counter((one.post_id, one.school_id) for one in work.findings.where() if one.report_id is None)
    read = Counter((one.post_id, one.post_version, one.pipeline) for one in work.readings.where())
    lost, unread = [], []
    for post in work.posts.where():
        reading = reader.read(post, post.first_seen_at)
        found = flag_all(reading, post, DEFAULT_RULES, now=post.first_seen_at)
        lost += [(post.id, one.school_id) for one in found if (post.id, one.school_id) not in flagged]
        unread += [post.id] if not any(key[:2] == (post.id, post.version) for key in read) else []
    doubled = [key for key, count in flagged.items() if count > 1]

    assert (lost, unread, doubled) == ([], [], [])
    return {"readings": len(read), "findings": len(flagged), "findings lost": 0, "findings doubled": 0}


def _reckon_cases(on: Stage, work: Work, driver: Driver) -> dict[str, object]:
    """Decisions, captures, requests and checks are those that the driver made, each once; each case ended by two agreeing checks."""
    orders, sealed = work.orders.where(), work.evidence.where()
    checks, reminders = work.checks.where(), work.reminders.where()

    assert len(work.decisions.where()) == len(work.cases.where()) == CASES
    assert sorted(order.id for order in orders) == sorted(order for one in driver.journeys for order in one.orders)
    assert {order.state for order in orders} <= {OrderState.DONE, OrderState.FAILED}
    assert sorted(one.order_id for one in sealed) == sorted(order.id for order in orders if order.state is OrderState.DONE)
    assert sorted(one.id for one in work.requests.where()) == sorted(one.request_id or "" for one in driver.journeys)
    assert max(Counter((one.case_id, one.item_id, one.slot) for one in checks).values()) == 1
    assert max(Counter((one.case_id, one.key) for one in reminders).values(), default=0) <= 1
    assert all(is_intact(one, on.desk.vault) for one in sealed)
    assert all(on.desk.vault.get(one.answer_sha256) for one in checks if one.answer_sha256)
    for journey in driver.journeys:
        _reckon_case(work, journey.case.id)
    failed = sum(order.state is OrderState.FAILED for order in orders)
    return {
        "decisions": CASES,
        "captures ordered, sealed, failed": (len(orders), len(sealed), failed),
        "requests": CASES,
        "checks": len(checks),
        "reminders": len(reminders),
    }


def _reckon_case(work: Work, case_id: str) -> None:
    case, events = work.cases.get(case_id), work.case_events.of(case_id)
    gone = [check for check in work.checks.where(case_id=case_id, order_by="at") if check.verdict.group is VerdictGroup.GONE]
    fired = {one.key for one in work.reminders.where(case_id=case_id)}
    ran = (case.gone_observed_at or case.known_at) - case.known_at
    planned = {f"removal+{hours}h" for hours in REMINDER_HOURS if timedelta(hours=hours) < ran}

    assert case.state is CaseState.CLOSED
    assert [event.number for event in events] == list(range(1, case.revision + 1))
    assert gone[0].at == case.gone_observed_at
    assert any(check.at - gone[0].at >= APART for check in gone)
    assert fired <= planned | {f"removal+{hours}h" for hours in REMINDER_HOURS}
    assert bool(fired) == bool(planned)
    assert Counter(event.what for event in events)["captured"] <= len(work.orders.where(case_id=case_id))


def _reckon_packs(on: Stage, driver: Driver, folder: Path) -> dict[str, object]:
    colours = Counter[str]()
    for journey in driver.journeys:
        name, content = on.desk.safe.pack(driver.dsl, journey.case.id)
        (folder / name).write_bytes(content)
        result = verify(folder / name)
        assert result.colour in {Colour.GREEN, Colour.AMBER}, result.reasons
        colours[result.colour.value] += 1
    return {"packs": dict(colours)}
