"""The only importer of DBOS: ticks, queues with limits, durable waits. Each job calls one function of `round.py`.

What is decided lies in the school's database; the engine's own database only remembers which job stands where. Steps may run twice
(infrastructure.md §1.1), so everything they store is keyed. Workflow bodies are dull: no time, chance or query outside a step.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import structlog
from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from dbos import error as dbos_error

from casework.checks import PlannedCheck
from collector.platforms import PLATFORMS
from data.clock import SystemClock
from data.errors import SchoolwatchError
from schoolwatch import proving
from schoolwatch import round as one_round
from schoolwatch.errors import NotReadyError
from schoolwatch.night import due, run_night
from schoolwatch.round import Hands

APPLICATION_VERSION = "1"  # set by hand: left to itself the engine hashes our source, and an upgrade would orphan running clocks
KEEP_FINISHED = timedelta(days=7)
TICK_SECONDS = 1.0
DUES_TICKS, DUES_TICKS_DEMO = 60, 5  # ticks between two looks at what falls due; in the demo hours pass in seconds
SECOND_LIFE = 60.0  # real seconds after which a job that failed begins again
_ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_log = structlog.get_logger(__name__)
_hands: Hands | None = None
_reading = threading.Lock()  # one reader at a time in a process; two workers at once would only do the same work twice


class _WithoutContent(logging.Filter):
    """Keeps what could hold a post out of the engine's log: no traceback, one short line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record; every record passes."""
        first = record.getMessage().strip().split("\n", 1)[0][:200]
        record.msg, record.args, record.exc_info, record.exc_text = first, (), None, None
        return True


def _quieten(logger: logging.Logger) -> None:
    logger.setLevel(logging.WARNING)
    if not any(isinstance(one, _WithoutContent) for one in logger.filters):
        logger.addFilter(_WithoutContent())


def _my_hands() -> Hands:
    if _hands is None:
        raise SchoolwatchError("the worker is not running in this process")
    return _hands


# A database that is busy or a disk that is full for a while must lose nothing: each step is tried again before its job fails.
_STUBBORN: Any = {"retries_allowed": True, "max_attempts": 4, "interval_seconds": 1.0, "backoff_rate": 3.0}


@DBOS.step(name="poll", **_STUBBORN)
def _poll(source_id: str) -> int:
    report = one_round.poll_source(_my_hands(), source_id)
    return report.new + report.changed


@DBOS.step(name="read", **_STUBBORN)
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


@DBOS.step(name="capture", **_STUBBORN)
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


@DBOS.step(name="look", **_STUBBORN)
def _look(case_id: str, item_id: str, slot: str, due_at: str) -> str:
    hands = _my_hands()
    moment = max(hands.clock.now(), datetime.fromisoformat(due_at))  # a wait may end a moment early
    for planned in hands.desk.casework.plan_checks(moment):
        if (planned.case_id, planned.item_id, planned.slot) == (case_id, item_id, slot):
            return one_round.look_again(hands, planned).verdict.value
    return "no longer wanted"  # closed, or looked at since: the case is asked again after every wait


@DBOS.workflow(name="check_v1")
def check(case_id: str, item_id: str, slot: str, due_at: str) -> None:
    """Wait, durably, until a planned check is due; then look."""
    DBOS.sleep(_seconds_until(due_at))
    _look(case_id, item_id, slot, due_at)


@DBOS.step(name="remind", **_STUBBORN)
def _remind() -> int:
    return one_round.remind(_my_hands())


@DBOS.workflow(name="remind_v1")
def remind(due_at: str) -> None:
    """Wait, durably, until a reminder is due; then fire what is due."""
    DBOS.sleep(_seconds_until(due_at))
    _remind()


@DBOS.step(name="deliver")  # not tried again by the engine: the outbox itself knows what may be handed over once more
def _deliver(worker: str) -> int:
    return one_round.tell(_my_hands(), worker)


@DBOS.workflow(name="deliver_v1")
def deliver(worker: str) -> None:
    """Hand over the messages that are due."""
    _deliver(worker)


@DBOS.step(name="prove", **_STUBBORN)
def _prove() -> int:
    return one_round.prove(_my_hands())


@DBOS.workflow(name="prove_v1")
def prove() -> None:
    """Ask for the time stamps that are due, and send the register's head."""
    _prove()


@DBOS.step(name="night", **_STUBBORN)
def _night() -> int:
    return len(run_night(_my_hands().desk).problems)


@DBOS.workflow(name="night_v1")
def night(_date: str) -> None:
    """Do a night's work, once for each date."""
    _night()


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
        self.hands.desk.casework.messages_lost(self.executor_id)  # what this worker was handing over when it was last ended
        config: DBOSConfig = {
            "name": "schoolwatch",
            "system_database_url": settings.jobs_url,
            "application_version": APPLICATION_VERSION,
            "executor_id": self.executor_id,
            "log_level": "WARNING",
        }
        _quieten(logging.getLogger("dbos"))
        DBOS(config=config)
        DBOS.launch()
        pause = 0.2 if settings.demo else 1.0
        for name in PLATFORMS:  # one poll of a platform at a time: its quotas bind first
            DBOS.register_queue(f"poll-{name}", worker_concurrency=1, polling_interval_sec=pause)
        DBOS.register_queue("telling", worker_concurrency=1, polling_interval_sec=pause)
        DBOS.register_queue("proving", worker_concurrency=1, polling_interval_sec=pause)
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
        self._begin_messages(now)
        self._begin_proving(now)
        self._begin_night(now)
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
            job_id = self._next_life(f"capture:{order.id}", order.ordered_at)
            if job_id is not None:
                self._enqueue("capture", job_id, f"capture:{order.id}", capture, order.id)

    def _begin_checks(self, now: datetime) -> None:
        for planned in self.hands.desk.casework.next_checks(now):
            words = (planned.case_id, planned.item_id, planned.slot, planned.due_at.isoformat())
            self._begin(_check_id(planned), planned.due_at, check, *words)

    def _begin_reminders(self) -> None:
        for case_id, key, due_at in one_round.next_reminders(self.hands.desk):
            self._begin(f"remind:{case_id}:{key}:{due_at.isoformat()}", due_at, remind, due_at.isoformat())

    def _begin_messages(self, now: datetime) -> None:
        if self._ticks % (DUES_TICKS_DEMO if self.hands.desk.settings.demo else DUES_TICKS) == 0:
            one_round.fall_due(self.hands)
        if self.hands.desk.casework.messages_due(now):
            self._enqueue(
                "telling", f"deliver:{self.executor_id}:{now:%Y%m%dT%H%M%S%f}", f"deliver:{self.executor_id}", deliver, self.executor_id
            )

    def _begin_proving(self, now: datetime) -> None:
        if proving.is_anything_due(self.hands.desk):
            self._enqueue("proving", f"prove:{now:%Y%m%dT%H%M%S%f}", "prove", prove)

    def _begin_night(self, now: datetime) -> None:
        date = due(now)
        if date is not None:
            self._begin(f"night:{date}", now, night, date.isoformat())

    def _begin(self, job: str, due_at: datetime, workflow: Any, *arguments: str) -> None:
        if job in self._begun and self._waited(due_at) < SECOND_LIFE:
            return
        job_id = self._next_life(job, due_at)
        if job_id is not None:
            with SetWorkflowID(job_id):
                DBOS.start_workflow(workflow, *arguments)
        self._begun.add(job)

    def _waited(self, due_at: datetime) -> float:
        """Return for how many real seconds something has been due."""
        return self.hands.clock.real_seconds(self.hands.clock.now() - due_at)

    def _next_life(self, job: str, due_at: datetime) -> str | None:
        """Return the id under which a job that is asked for may begin; None while one of that job still waits or runs.

        A job that ended though its work is still asked for (it failed more often than its steps are tried) begins again under
        a new id, each time after twice the wait.
        """
        for life in count():
            if life and self._waited(due_at) < SECOND_LIFE * 2 ** (life - 1):
                return None
            job_id = f"{job}#{life}" if life else job
            known = DBOS.get_workflow_status(job_id)
            if known is None:
                return job_id
            if known.status not in _ENDED:
                return None
        return None

    def _enqueue(self, queue: str, workflow_id: str, once: str, workflow: Any, *arguments: str) -> None:
        try:
            with SetWorkflowID(workflow_id), SetEnqueueOptions(deduplication_id=once):
                DBOS.enqueue_workflow(queue, workflow, *arguments)
        except dbos_error.DBOSQueueDeduplicatedError:
            return  # the one before still waits or runs

    def _forget_finished(self) -> None:
        before = (SystemClock().now() - KEEP_FINISHED).isoformat()
        old = DBOS.list_workflows(status=list(_ENDED), completed_before=before, limit=5000)
        DBOS.delete_workflows([one.workflow_id for one in old])


def _check_id(planned: PlannedCheck) -> str:
    return f"check:{planned.case_id}:{planned.item_id}:{planned.slot}"
