"""The outbox emptied for real: what is flagged arrives in the same round, a door that hangs holds up no other, nothing goes twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casework import outbox
from casework.intake import ReportForm
from collector.public_address import Gate
from data.clock import FixedClock
from data.model.findings import ReportTick
from data.model.telling import Message, MessageState, WayKind
from schoolwatch import delivery, jobs
from schoolwatch.desk import Desk
from schoolwatch.jobs import Worker
from schoolwatch.round import Hands, fall_due, run_round, tell
from schoolwatch.testing import HookServer, MailServer, Watched, watched_town

GRAVE = ReportForm(says="Somebody may be hurt.", ticks=(ReportTick.DANGER_NOW,))


class School:
    """A school whose lead is reached by mail and whose head by webhook."""

    def __init__(self, watched: Watched, mail: MailServer, hook: HookServer) -> None:
        self.watched, self.mail, self.hook = watched, mail, hook
        changes = {"smtp_host": "127.0.0.1", "smtp_port": mail.port, "smtp_security": "none", "mail_from": "watch@fernley-green.example"}
        settings = watched.desk.settings.model_copy(update=changes)
        ports = frozenset({hook.port}) | watched.desk.gate.loopback_ports
        self.desk: Desk = replace(watched.desk, settings=settings, gate=Gate(ports))
        self.hands = Hands.of(self.desk)
        self.desk.casework.add_way(watched.user("dsl"), WayKind.MAIL, "lead@fernley-green.example")
        self.desk.casework.add_way(watched.user("head"), WayKind.WEBHOOK, hook.address)

    def report(self) -> None:
        """Report something dangerous."""
        self.desk.casework.report("fernley-report", GRAVE)

    def states(self, user_id: str) -> list[MessageState]:
        """Return how the messages to somebody stand."""
        return [one.state for one in self.messages() if one.user_id == user_id]

    def messages(self) -> list[Message]:
        """Return everything in the outbox that has a way."""
        with self.desk.store.read() as work:
            return [one for one in work.messages.where(order_by="made_at") if one.way_id]


@pytest.fixture
def school(tmp_path: Path, empty_database: Path, clock: FixedClock) -> Iterator[School]:
    """A school on a Friday morning, with both servers."""
    with (
        MailServer().open() as mail,
        HookServer().open() as hook,
        watched_town(tmp_path / "state", clock, template=empty_database) as watched,
    ):
        made = School(watched, mail, hook)
        yield made
        made.hands.client.close()


def test_what_is_grave_arrives_in_the_same_round(school: School) -> None:
    """A danger that was reported reaches lead and head with the next round, which comes every second: well within two minutes."""
    school.report()
    done = run_round(school.hands)

    assert done.messages >= 2
    assert any("Critical (S4): a flagged post waits" in mail for mail in school.mail.got)
    assert any("Critical (S4): a flagged post waits" in hook for hook in school.hook.got)
    assert "hurt" not in "".join([*school.mail.got, *school.hook.got])


def test_a_second_round_sends_nothing_twice(school: School) -> None:
    """What went out is not sent again, however often the outbox is emptied."""
    school.report()
    found = [tell(school.hands, "worker-1") for _ in range(3)]

    assert found == [2, 0, 0]
    assert (len(school.mail.got), len(school.hook.got)) == (1, 1)
    assert school.states("dsl") == school.states("head") == [MessageState.SENT]


def test_a_mail_server_that_hangs_holds_up_nobody_else(school: School) -> None:
    """The webhook goes out while the mail server hangs; mail is cut off, waits, and goes out once the server is back."""
    school.mail.mood = "hangs"
    school.report()
    school.report()
    begun = time.monotonic()
    first = delivery.deliver(school.desk, "worker-1", limit=4.0)
    seconds = time.monotonic() - begun
    waiting = school.states("dsl")
    school.mail.mood = "takes"
    school.watched.forward(minutes=1)
    second = delivery.deliver(school.desk, "worker-1")

    assert (first, second) == (2, 2)
    assert seconds < 60.0  # the process has to start on a busy machine; without the limit it would hang
    assert waiting == [MessageState.WAITING] * 2
    assert len(school.mail.got) == 2


def test_after_the_mail_server_was_down_all_arrives_once(school: School) -> None:
    """Busy, then refusing at first, then back: each message arrives once."""
    school.mail.mood = "busy"
    for _ in range(3):
        school.report()
    for _ in range(4):
        delivery.deliver(school.desk, "worker-1")
        school.watched.forward(minutes=3)
    school.mail.mood = "takes"
    for _ in range(3):
        school.watched.forward(minutes=30)
        delivery.deliver(school.desk, "worker-1")

    assert len(school.mail.got) == 3
    assert len(set(school.mail.keys)) == 3


def test_a_worker_that_starts_again_tells_what_it_does_not_know(school: School) -> None:
    """What the last worker was handing over is unknown and never sent; the page shows it."""
    school.report()
    with school.desk.store.read() as work:
        mine = work.messages.where(user_id="dsl")[0]
    school.desk.casework.message_taken(mine.id, "worker-9")
    worker = Worker(school.hands, executor_id="worker-9")
    worker.launch()
    worker.close()
    tell(school.hands, "worker-9")

    assert school.states("dsl") == [MessageState.UNKNOWN]
    assert school.mail.got == []
    assert [one.problem for one in school.messages() if one.user_id == "dsl"] == [outbox.BROKE_OFF]


def test_the_digest_comes_with_a_round(school: School) -> None:
    """On a school morning a round brings the digest, also when nothing was flagged, and once."""
    school.watched.forward(days=3)
    made = [fall_due(school.hands) for _ in range(2)]
    tell(school.hands, "worker-1")

    assert made[0] > 0
    assert made[1] == 0
    assert any("Nothing was flagged since" in mail for mail in school.mail.got)


def test_the_worker_looks_at_what_falls_due_once_a_minute() -> None:
    """In a school what falls due is looked at every 60 ticks of a second, in the demo more often; messages go out with each tick."""
    assert jobs.DUES_TICKS * jobs.TICK_SECONDS <= 120
    assert jobs.DUES_TICKS_DEMO < jobs.DUES_TICKS
