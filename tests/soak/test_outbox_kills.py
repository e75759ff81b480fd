"""`kill -9` of a worker that sends, checks and reminds, at random moments: each message at most once, nothing lost, nothing doubled.

The worker is the real one, in a process of its own; mail and webhooks go to real servers in this process, which count what arrives. The
driver reports, judges and asks for checks through the services, as people do. `just soak` kills 200 times (SCHOOLWATCH_SOAK_KILLS changes
it, SCHOOLWATCH_SOAK_SEED repeats a run); the ordinary suite kills six times.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import ModuleType

import pytest

from casework import messages
from casework.countdown import REMINDER_HOURS
from casework.intake import ReportForm
from data.clock import ScaledClock, SystemClock
from data.model.cases import Case
from data.model.findings import DecisionKind, ReportTick
from data.model.readings import Category, Severity
from data.model.telling import Message, MessageState, Urgency, WayKind
from data.store import Work
from schoolwatch.demo.watchlist import FERNLEY
from schoolwatch.settings import CONFIG_NAME, DEMO_NAME, write_settings
from schoolwatch.testing import NO_BROWSER, HookServer, MailServer, Watched, live, watched_town

KILLS, FEW = 200, 6
FACTOR = 1200.0  # an hour in three seconds
SHORTEST, LONGEST = 0.1, 4.5  # seconds that a worker lives
UNTIL_SENDING = 0.3
WHILE_SENDING = 0.15  # chance at each look that a worker which is handing a message over dies of it
PATIENCE = 240.0
CASES = 12  # opened one by one while workers die, so that reminders and checks of different ages are under way
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["schoolwatch.testing", "schoolwatch.jobs"])
_GONE = {MessageState.GIVEN_UP: 0, MessageState.DROPPED: 0, MessageState.WAITING: 0}


@dataclass
class Soak:
    """A school, its worker, and the two servers that count."""

    watched: Watched
    mail: MailServer
    hook: HookServer
    kills: int = 0
    while_sending: int = 0
    reports: list[str] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    asked: int = 0

    def worker(self) -> ForkServerProcess:
        """Start a worker process of this desk; it is forked from a server that has everything imported, so that it lives at once."""
        process = FORKS.Process(target=live, args=(self.watched.desk.settings.state_dir / CONFIG_NAME,), daemon=True)
        main = sys.modules["__main__"]  # a page drawn in this process by AppTest may stand there: a child would draw it again
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            process.start()
        finally:
            sys.modules["__main__"] = main
        return process

    def drive(self, chance: random.Random) -> None:
        """Do what people do: report something dangerous, open a case, ask for a check."""
        room, dsl = self.watched.casework, self.watched.user()
        form = ReportForm(says="Somebody may be hurt.", ticks=(ReportTick.DANGER_NOW,))
        self.reports.append(room.report_by(dsl, FERNLEY, form).id)
        if len(self.cases) < CASES:
            self._open(chance.choice([Severity.S2, Severity.S3]))
        for case in chance.sample(self.cases, min(2, len(self.cases))):
            room.ask_check(dsl, case.id)
            self.asked += 1

    def _open(self, severity: Severity) -> None:
        room, dsl, town = self.watched.casework, self.watched.user(), self.watched.town
        address = town.address_of(town.posts[len(self.cases) % len(town.posts)].key, self.watched.running.base)
        report = room.report_by(dsl, FERNLEY, ReportForm(says="It names a teacher.", address=f"{address}?case={len(self.cases)}"))
        with self.watched.desk.store.read() as work:
            finding = work.findings.where(report_id=report.id)[0]
        made = room.decide(dsl, finding.id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, severity, "teacher", "Soak.")
        assert made.case is not None
        self.cases.append(made.case)


@contextmanager
def soaked(folder: Path, template: Path) -> Iterator[Soak]:
    """Serve town, mail and webhooks; watch nothing but what the driver opens; let lead, deputy and head be reached."""
    clock = ScaledClock(SystemClock().now(), FACTOR)
    with MailServer().open() as mail, HookServer().open() as hook, watched_town(folder / "state", clock, template=template) as watched:
        settings = watched.desk.settings
        assert settings.demo is not None
        ports = settings.demo.loopback_ports | {hook.port}
        shown = settings.demo.model_copy(update={"origin": clock.origin, "factor": FACTOR, "loopback_ports": ports})
        (settings.state_dir / DEMO_NAME).write_text(shown.model_dump_json(), encoding="utf-8")
        lines = {
            "state_dir": ".",
            "contact": "demo@town.example",
            "browser_path": str(NO_BROWSER),
            "smtp_host": "127.0.0.1",
            "smtp_port": mail.port,
            "smtp_security": "none",
            "mail_from": "schoolwatch@fernley-green.example",
        }
        write_settings(settings.state_dir / CONFIG_NAME, lines)
        with watched.desk.store.begin("system") as work:
            for source in work.sources.where():
                work.sources.replace(source.model_copy(update={"enabled": False}))
            work.commit()
        room = watched.casework
        room.add_way(watched.user("dsl"), WayKind.MAIL, "lead@fernley-green.example")
        room.add_way(watched.user("dsl"), WayKind.WEBHOOK, hook.address)
        room.add_way(watched.user("head"), WayKind.MAIL, "head@fernley-green.example")
        yield Soak(watched, mail, hook)


def play(soak: Soak, kills: int, chance: random.Random) -> None:
    """Let workers live and die; the last one lives until nothing is left to do."""
    pause = threading.Event()
    for _ in range(kills):
        soak.drive(chance)
        worker = soak.worker()
        soak.while_sending += _lived(soak, chance)
        assert worker.is_alive(), "the worker ended by itself"
        worker.kill()
        worker.join()
        soak.kills += 1
    last = soak.worker()
    end = time.monotonic() + PATIENCE
    while not is_quiet(soak):
        assert time.monotonic() < end, "the outbox did not empty"
        pause.wait(0.5)
    last.kill()
    last.join()


def _lived(soak: Soak, chance: random.Random) -> bool:
    """Let a worker live for a while; return whether it is to die in the middle of handing a message over.

    Most lives are short. Every third lasts until a message is being handed over, however slow the machine is, and ends there.
    """
    waits, left = chance.random() < UNTIL_SENDING, _sending(soak)  # what the last one left half done counts for it
    end, pause = time.monotonic() + (PATIENCE / 4 if waits else chance.uniform(SHORTEST, LONGEST)), threading.Event()
    while time.monotonic() < end:
        pause.wait(chance.uniform(0.0, 0.1))
        if _sending(soak) - left and (waits or chance.random() < WHILE_SENDING):
            pause.wait(chance.choice([0.0, chance.uniform(0.0, 2.0)]))
            return True
    return False


def _sending(soak: Soak) -> set[str]:
    with soak.watched.desk.store.read() as work:
        return {one.id for one in work.messages.where(state=MessageState.SENDING)}


def is_quiet(soak: Soak) -> bool:
    """Whether nothing is due, nothing is under way, and every case has passed its 24 hours."""
    now = soak.watched.clock.now()
    with soak.watched.desk.store.read() as work:
        under_way = work.messages.count(state=MessageState.SENDING) + len(work.messages.due(now))
        fired = Counter(one.case_id for one in work.reminders.where() if one.key == f"removal+{REMINDER_HOURS[-1]}h")
    return not under_way and set(fired) >= {case.id for case in soak.cases}


def reckon(soak: Soak) -> dict[str, object]:
    """Count everything against what was done; each figure is asserted before it is returned."""
    arrived = Counter([*soak.mail.keys, *soak.hook.keys])
    with soak.watched.desk.store.read() as work:
        work.audit.verify()
        told = work.messages.where()
        states = Counter(one.state for one in told)
        figures = {**_messages(told, arrived), **_rest(soak, work, told)}
    return {
        "kills": soak.kills,
        "of these while sending": soak.while_sending,
        **figures,
        "states": {state.value: count for state, count in states.items()},
    }


def _messages(told: list[Message], arrived: Counter[str]) -> dict[str, object]:
    """Each message is stored once and arrived as often as its state says."""
    sent = [one for one in told if one.state is MessageState.SENT]
    unknown = [one for one in told if one.state is MessageState.UNKNOWN]
    none = [one.id for one in told if one.state in _GONE and arrived[one.id]]
    twice = [one for one, count in arrived.items() if count > 1]
    lost = [one.id for one in sent if arrived[one.id] != 1]
    strangers = set(arrived) - {one.id for one in told}

    assert (twice, lost, none, strangers) == ([], [], [], set())
    assert len({one.key for one in told}) == len(told)
    assert max(Counter((one.matter, one.way_id) for one in told if one.way_id).values()) == 1
    assert not [one for one in told if one.state is MessageState.SENDING]
    return {
        "messages stored": len(told),
        "sent and arrived once": len(sent),
        "arrived twice": 0,
        "sent but lost": 0,
        "broken off by a kill (unknown)": len(unknown),
        "of these arrived": sum(arrived[one.id] for one in unknown),
    }


def _rest(soak: Soak, work: Work, told: list[Message]) -> dict[str, object]:
    """Reports, decisions, reminders and checks are those that were made, each once, and each told."""
    reminders, checks = work.reminders.where(), work.checks.where()
    findings = {one.report_id: one.id for one in work.findings.where()}
    alarmed = {one.finding_id for one in told if one.urgency is Urgency.URGENT}
    reminded = {one.matter.split(":")[1] for one in told if one.matter.startswith("removal:")}

    assert max(Counter((one.case_id, one.key) for one in reminders).values()) == 1
    assert max(Counter((one.case_id, one.item_id, one.slot) for one in checks).values(), default=0) <= 1
    assert [report for report in soak.reports if findings[report] not in alarmed] == []
    assert {case.id for case in soak.cases} == {one.case_id for one in reminders} == reminded
    assert len(work.decisions.where()) == len(soak.cases) == len(work.cases.where())
    for case in soak.cases:
        events = work.case_events.of(case.id)
        assert [event.number for event in events] == list(range(1, work.cases.get(case.id).revision + 1))
    assert len(checks) > 0
    assert all("http" not in one.subject + messages.with_link(one, None) for one in told)
    return {"reports told": len(soak.reports), "cases": len(soak.cases), "reminders": len(reminders), "checks": len(checks)}


def _run(folder: Path, template: Path, kills: int) -> None:
    seed = int(os.environ.get("SCHOOLWATCH_SOAK_SEED") or secrets.randbelow(1_000_000))
    begun = time.monotonic()
    with soaked(folder, template) as soak:
        play(soak, kills, random.Random(seed))  # noqa: S311 - moments, not secrets
        figures = reckon(soak)
    figures = {"seed": seed, "seconds": round(time.monotonic() - begun), **figures}
    print("\n" + "\n".join(f"{name}: {value}" for name, value in figures.items()))  # noqa: T201 - what `just soak` shows


@pytest.mark.soak
@pytest.mark.timeout(6000)
def test_two_hundred_kills_send_nothing_twice_and_lose_nothing(tmp_path: Path, empty_database: Path) -> None:
    """Whatever moment the worker dies at, each message goes out at most once, and what is not known to have gone out is said to be so."""
    _run(tmp_path, empty_database, int(os.environ.get("SCHOOLWATCH_SOAK_KILLS") or KILLS))


def test_six_kills_send_nothing_twice_and_lose_nothing(tmp_path: Path, empty_database: Path) -> None:
    """The same with six kills, on every run of the tests."""
    _run(tmp_path, empty_database, FEW)


def test_an_hour_of_the_soak_is_short() -> None:
    """The clock of the soak lets 24 hours pass while workers still die."""
    assert timedelta(hours=24) / FACTOR < timedelta(seconds=PATIENCE)
