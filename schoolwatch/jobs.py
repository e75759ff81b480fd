"""The only importer of DBOS: ticks, queues with limits, durable waits. Each job calls one function of `round.py`.

What is decided lies in the school's database; the engine's own database only remembers which job stands where. Steps may run twice
(infrastructure.md §1.1), so everything they store is keyed. Workflow bodies are dull: no time, chance or query outside a step.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import Any

import structlog
from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from dbos import error as dbos_error

from casework.checks import PlannedCheck
from collector.platforms import PLATFORMS
from data.clock import SystemClock
from data.errors import SchoolwatchError
from schoolwatch import round as one_round
from schoolwatch.errors import NotReadyError
from schoolwatch.round import Hands

APPLICATION_VERSION = "1"  # set by hand: left to itself the engine hashes our source, and an upgrade would orphan running clocks
KEEP_FINISHED = timedelta(days=7)
TICK_SECONDS = 1.0
_log = structlog.get_logger(__name__)
_hands: Hands | None = None
_reading = threading.Lock()  # one reader at a time in a process; two workers at once would only do the same work twice


def _my_hands() -> Hands:
    if _hands is None:
        raise SchoolwatchError("the worker is not running in this process")
    return _hands


@DBOS.step(name="poll")
def _poll(source_id: str) -> int:
    report = one_round.poll_source(_my_hands(), source_id)
    return report.new + report.changed


@DBOS.step(name="read")
def _read() -> int:
    with _reading:
        return one_round.read_posts(_my_hands())


@DBOS.workflow(name="poll_source_v1")
def poll_source(source_id: str) -> None:
    """Poll a source, then read and flag what came in, chunk by chunk."""
    _poll(source_id)
    while _read():
        pass


@DBOS.workflow(name="read_posts_v1")
def read_posts() -> None:
    """Read and flag what is unread, chunk by chunk."""
    while _read():
        pass


@DBOS.step(name="capture")
def _capture(order_id: str) -> str:
    return one_round.carry_out(_my_hands(), order_id).state.value


@DBOS.workflow(name="capture_v1")
def capture(order_id: str) -> None:
    """Carry out an ordered capture."""
    _capture(order_id)


@DBOS.step(name="seconds until")
def _seconds_until(moment: str) -> float:
    hands = _my_hands()
    return hands.clock.real_seconds(datetime.fromisoformat(moment) - hands.clock.now())


@DBOS.step(name="look")
def _look(case_id: str, item_id: str, slot: str) -> str:
    hands = _my_hands()
    for planned in hands.desk.casework.plan_checks(hands.clock.now()):
        if (planned.case_id, planned.item_id, planned.slot) == (case_id, item_id, slot):
            return one_round.look_again(hands, planned).verdict.value
    return "no longer wanted"  # closed, or looked at since: the case is asked again after every wait


@DBOS.workflow(name="check_v1")
def check(case_id: str, item_id: str, slot: str, due_at: str) -> None:
    """Wait, durably, until a planned check is due; then look."""
    DBOS.sleep(_seconds_until(due_at))
    _look(case_id, item_id, slot)


@DBOS.step(name="remind")
def _remind() -> int:
    return one_round.remind(_my_hands())


@DBOS.workflow(name="remind_v1")
def remind(due_at: str) -> None:
    """Wait, durably, until a reminder is due; then fire what is due."""
    DBOS.sleep(_seconds_until(due_at))
    _remind()


class Worker:
    """A worker process: launches the engine, recovers its own unfinished jobs, and ticks until told to stop."""

    def __init__(self, hands: Hands, *, executor_id: str = "worker-1", ended: threading.Event | None = None) -> None:
        """Take what it works with; `ended`: the event that ends it, where somebody listens for signals already."""
        self.hands, self.executor_id = hands, executor_id
        self._stop = ended or threading.Event()
        self._begun: set[str] = set()
        self._told_not_ready = False
        self._ticks = 0

    def launch(self) -> None:
        """Start the engine; unfinished jobs of this executor go on where they stood."""
        global _hands  # noqa: PLW0603 - DBOS calls plain functions; they need the one worker of this process
        _hands = self.hands
        settings = self.hands.desk.settings
        config: DBOSConfig = {
            "name": "schoolwatch",
            "system_database_url": settings.jobs_url,
            "application_version": APPLICATION_VERSION,
            "executor_id": self.executor_id,
            "log_level": "WARNING",
        }
        logging.getLogger("dbos").setLevel(logging.WARNING)
        DBOS(config=config)
        DBOS.launch()
        pause = 0.2 if settings.demo else 1.0
        for name in PLATFORMS:  # one poll of a platform at a time: its quotas bind first
            DBOS.register_queue(f"poll-{name}", worker_concurrency=1, polling_interval_sec=pause)
        DBOS.register_queue("reading", worker_concurrency=1, polling_interval_sec=pause)
        DBOS.register_queue("capture", worker_concurrency=1, polling_interval_sec=pause)  # memory: one browser at a time

    def run(self) -> None:
        """Tick until `stop`; a tick that fails is logged and tried again, so that one fault does not end the watching."""
        while not self._stop.is_set():
            try:
                self.tick()
            except SchoolwatchError as error:
                _log.warning("tick failed", error=type(error).__name__, message=str(error))
            self._stop.wait(TICK_SECONDS)

    def stop(self) -> None:
        """Ask the ticking to end."""
        self._stop.set()

    def close(self) -> None:
        """Stop the engine; unfinished jobs go on at the next launch."""
        self.stop()
        DBOS.destroy()
        self.hands.client.close()

    def tick(self) -> None:
        """Begin every job that is due, and the durable waits for those that will be; begun twice is begun once."""
        now = self.hands.clock.now()
        self._begin_polls(now)
        self._begin_captures()
        self._begin_checks(now)
        self._begin_reminders()
        self._ticks += 1
        if self._ticks % 3600 == 1:
            self._forget_finished()

    def _begin_polls(self, now: datetime) -> None:
        try:
            due = one_round.due_sources(self.hands.desk, now)
        except NotReadyError as error:
            if not self._told_not_ready:
                _log.warning("not collecting", missing=list(error.missing))
            self._told_not_ready = True
            return
        for source in due:
            self._enqueue(f"poll-{source.adapter}", f"poll:{source.id}:{now:%Y%m%dT%H%M%S}", f"poll:{source.id}", poll_source, source.id)
        with self.hands.desk.store.read() as work:
            unread = bool(work.posts.unread(1))
        if unread:
            self._enqueue("reading", f"read:{now:%Y%m%dT%H%M%S}", "read", read_posts)

    def _begin_captures(self) -> None:
        for order in self.hands.desk.casework.orders_waiting():
            self._enqueue("capture", f"capture:{order.id}", f"capture:{order.id}", capture, order.id)

    def _begin_checks(self, now: datetime) -> None:
        for planned in self.hands.desk.casework.next_checks(now):
            self._begin(_check_id(planned), check, planned.case_id, planned.item_id, planned.slot, planned.due_at.isoformat())

    def _begin_reminders(self) -> None:
        for case_id, key, due_at in one_round.next_reminders(self.hands.desk):
            self._begin(f"remind:{case_id}:{key}:{due_at.isoformat()}", remind, due_at.isoformat())

    def _begin(self, workflow_id: str, workflow: Any, *arguments: str) -> None:
        if workflow_id in self._begun:
            return
        if DBOS.get_workflow_status(workflow_id) is None:  # else this worker's last life began it, and the engine goes on with it
            with SetWorkflowID(workflow_id):
                DBOS.start_workflow(workflow, *arguments)
        self._begun.add(workflow_id)

    def _enqueue(self, queue: str, workflow_id: str, once: str, workflow: Any, *arguments: str) -> None:
        try:
            with SetWorkflowID(workflow_id), SetEnqueueOptions(deduplication_id=once):
                DBOS.enqueue_workflow(queue, workflow, *arguments)
        except dbos_error.DBOSQueueDeduplicatedError:
            return  # the one before still waits or runs

    def _forget_finished(self) -> None:
        before = (SystemClock().now() - KEEP_FINISHED).isoformat()
        old = DBOS.list_workflows(status=["SUCCESS", "ERROR", "CANCELLED"], completed_before=before, limit=5000)
        DBOS.delete_workflows([one.workflow_id for one in old])


def _check_id(planned: PlannedCheck) -> str:
    return f"check:{planned.case_id}:{planned.item_id}:{planned.slot}"
