"""The jobs with the real engine on a SQLite file: polls happen, orders are carried out, checks come at their time, a new worker goes on."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from data.clock import ScaledClock, SystemClock
from data.errors import StoreError
from data.model.cases import CaseState
from data.model.evidence import CaptureOrder, OrderState
from schoolwatch import jobs
from schoolwatch.demo.moderator import Moderator
from schoolwatch.jobs import APPLICATION_VERSION, Worker
from schoolwatch.round import Hands
from schoolwatch.settings import CONFIG_NAME, DEMO_NAME, child_environment, write_settings
from schoolwatch.testing import NO_BROWSER, Watched, watched_town
from schoolwatch.up import Child, command

FACTOR = 2400.0  # an hour in a second and a half
PATIENCE = 60.0


@pytest.fixture
def watched(tmp_path: Path, empty_database: Path) -> Iterator[Watched]:
    """A town in which an hour lasts a second and a half, watched; its settings lie on the disk, for a worker process."""
    clock = ScaledClock(SystemClock().now(), FACTOR)
    with watched_town(tmp_path / "state", clock, template=empty_database, moderator=Moderator(timedelta(hours=5))) as one:
        demo = one.desk.settings.demo
        assert demo is not None
        shown = demo.model_copy(update={"origin": clock.origin, "factor": FACTOR})
        folder = one.desk.settings.state_dir
        (folder / DEMO_NAME).write_text(shown.model_dump_json(), encoding="utf-8")
        write_settings(folder / CONFIG_NAME, {"state_dir": ".", "contact": "demo@town.example", "browser_path": str(NO_BROWSER)})
        yield one


def a_worker(watched: Watched) -> Child:
    """Start a worker process of this desk."""
    environment = child_environment(config=str(watched.desk.settings.state_dir / CONFIG_NAME))
    child = Child("worker", command("worker", "--with-parent"), environment)
    child.start()
    return child


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look until it is so; fails when patience ends."""
    end, pause = time.monotonic() + PATIENCE, threading.Event()
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        pause.wait(0.1)


def ended(child: Child) -> tuple[int | None, float]:
    """End a worker as the supervisor does; return its exit code and how long it took."""
    begun = time.monotonic()
    child.stop()
    assert child.process is not None
    return child.process.returncode, time.monotonic() - begun


def test_the_whole_line_runs_by_itself(watched: Watched) -> None:
    """Polls, a capture, looks and reminders happen without anyone asking, across a kill and a restart of the worker."""
    first = a_worker(watched)
    wait_until(lambda: bool(watched.findings("trip-money")))
    case = watched.case_about("trip-money")
    order = watched.order(case)
    wait_until(lambda: watched.casework.capture_facts(order.id)[0].state is OrderState.DONE)
    sent = watched.ask(case)
    wait_until(lambda: bool(watched.casework.case(watched.user(), case.id).checks))
    seen = watched.casework.case(watched.user(), case.id).checks
    assert first.process is not None
    first.process.kill()
    first.stop()
    second = a_worker(watched)
    wait_until(lambda: bool(watched.casework.case(watched.user(), case.id).reminders))
    wait_until(lambda: watched.clock.now() >= sent.drafted_at + timedelta(hours=5.2))
    watched.casework.ask_check(watched.user(), case.id)
    wait_until(lambda: watched.casework.case(watched.user(), case.id).case.state is CaseState.VERIFIED_REMOVED)
    code, seconds = ended(second)
    file = watched.casework.case(watched.user(), case.id)
    with closing(sqlite3.connect(watched.desk.settings.state_dir / "jobs.db")) as connection:
        rows = connection.execute("SELECT workflow_uuid, application_version, executor_id FROM workflow_status").fetchall()

    assert (code, seconds < 8) == (0, True)  # although durable waits of hours still sleep
    assert sent.sent_at is not None
    assert [check.id for check in file.checks][: len(seen)] == [check.id for check in seen]
    assert all(check.at - sent.sent_at >= timedelta(hours=1) for check in file.checks)
    assert len({check.slot for check in file.checks}) == len(file.checks) >= 2
    keys = [one.key for one in file.reminders]  # on a slow machine the next hour comes too; after a time off only the latest is sent
    assert keys == [key for key in ("removal+4h", "removal+12h", "removal+20h", "removal+24h") if key in keys] != []
    assert len(file.evidence) == 1
    ours = [row for row in rows if row[0].startswith(("poll:", "check:", "capture:", "remind:", "read:"))]
    assert {row[1] for row in ours if row[1]} == {APPLICATION_VERSION} == {"1"}
    assert {row[2] for row in ours if row[2]} == {"worker-1"}
    assert len([row for row in ours if row[0].startswith("poll:")]) > 5


def test_a_worker_that_is_not_ready_begins_no_poll(watched: Watched) -> None:
    """Without privacy notice and DPIA the worker runs, begins nothing, and says so once."""
    settings = watched.desk.settings.model_copy(update={"demo": None})
    worker = Worker(Hands.of(type(watched.desk)(**{**vars(watched.desk), "settings": settings})))
    worker._begin_polls(watched.clock.now())
    worker._begin_polls(watched.clock.now())
    worker.hands.client.close()

    assert worker._told_not_ready
    assert watched.posts() == []


def test_a_job_outside_a_worker_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without a worker refuses to do a worker's job with a plain line."""
    monkeypatch.setattr(jobs, "_hands", None)
    with pytest.raises(Exception, match="the worker is not running"):
        jobs._my_hands()


def an_order_waits(watched: Watched) -> CaptureOrder:
    """Poll and read by hand, open a case and order its capture; no worker runs yet."""
    hands = Hands.of(watched.desk)
    for source in jobs.one_round.due_sources(watched.desk, watched.clock.now()):
        jobs.one_round.poll_source(hands, source.id)
    while jobs.one_round.read_posts(hands):
        continue
    hands.client.close()
    return watched.order(watched.case_about("trip-money"))


def test_a_capture_whose_job_failed_begins_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that stayed busy longer than a step is tried loses no order: the same capture gets a second life and is carried out."""
    monkeypatch.setattr(jobs, "SECOND_LIFE", 0.2)
    failures = iter([True] * 4)  # as often as a step is tried

    def carry_out(hands: Hands, order_id: str) -> object:
        if next(failures, False):
            raise StoreError("the database is busy")
        return hands.desk.casework.order_failed(order_id, "carried out in its second life")

    order = an_order_waits(watched)
    monkeypatch.setattr(jobs.one_round, "carry_out", carry_out)
    monkeypatch.setattr(jobs.one_round, "due_sources", lambda *_: [])
    worker = Worker(Hands.of(watched.desk))
    worker.launch()
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        wait_until(lambda: watched.casework.capture_facts(order.id)[0].state is OrderState.FAILED)
    finally:
        worker.stop()
        thread.join(30)
        worker.close()

    assert watched.casework.capture_facts(order.id)[0].problem == "carried out in its second life"


def test_the_engines_log_holds_no_content() -> None:
    """A failed job leaves one short line in the log: no traceback, nothing of a post."""
    fault = (ValueError, ValueError("words"), None)
    record = logging.LogRecord("dbos", logging.ERROR, "x", 1, "failed: %s", ("first\nthe words of a post",), fault)
    jobs._WithoutContent().filter(record)

    assert record.getMessage() == "failed: first"
    assert record.exc_info is None
