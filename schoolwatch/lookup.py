"""Looking up who hosts a site, beside the pages: a page begins it and is told when it is done; nothing on screen waits for a network."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from casework.service import Casework
from collector.bootstrap import Bootstrap, load
from collector.client import Client
from collector.public_address import Gate
from collector.rdap import Registries, look_up
from data.clock import Clock
from data.errors import SchoolwatchError
from data.model.people import User

LISTS = "rdap"  # folder in the state folder for fresh lists of registries
AT_ONCE = 4
BROKE_OFF = "the look-up broke off; try again"


class LookUpRefusedError(SchoolwatchError):
    """This look-up cannot begin now."""


@dataclass(frozen=True)
class Running:
    """How a look-up stands; `problem` is filled where it ended without an answer."""

    host: str
    under_way: bool
    problem: str = ""


class LookUps:
    """Look-ups of this process. Safe to use from several threads; a host is asked for once at a time."""

    def __init__(self, cases: Casework, door: Callable[[], Client], gate: Gate, clock: Clock, lists: Path) -> None:
        self._cases, self._door, self._gate, self._clock, self._lists = cases, door, gate, clock, lists
        self._running: dict[str, Running] = {}
        self._guard = threading.Lock()
        self._threads: list[threading.Thread] = []

    def begin(self, by: User, case_id: str, item_id: str) -> Running:
        """Begin to look up the host of an item; one that is under way is joined. What is found is kept by `Casework.keep_lookup`.

        Raises what `host_to_look_up` raises, LookUpRefusedError while too many are under way, SettingsError for a broken list.
        """
        host = self._cases.host_to_look_up(by, case_id, item_id)
        lists = load(self._lists)
        with self._guard:
            if host in self._running and self._running[host].under_way:
                return self._running[host]
            if sum(one.under_way for one in self._running.values()) >= AT_ONCE:
                raise LookUpRefusedError("other look-ups are still under way; try again in a minute")
            self._running[host] = Running(host, under_way=True)
            thread = threading.Thread(target=self._work, args=(by, case_id, host, lists), name=f"look-up {host[:40]}", daemon=True)
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
            thread.start()
            return self._running[host]

    def of(self, by: User, case_id: str, item_id: str) -> Running | None:
        """Return how the look-up of an item's host stands in this process; None when none was begun."""
        host = self._cases.host_to_look_up(by, case_id, item_id)
        with self._guard:
            return self._running.get(host)

    def wait(self, seconds: float) -> None:
        """Wait until what was begun has ended, or so long (tests, and the end of a process)."""
        for thread in list(self._threads):
            thread.join(seconds)

    def _work(self, by: User, case_id: str, host: str, lists: Bootstrap) -> None:
        problem = BROKE_OFF
        try:
            problem = self._ask(by, case_id, host, lists)
        finally:
            with self._guard:
                self._running[host] = Running(host, under_way=False, problem=problem)

    def _ask(self, by: User, case_id: str, host: str, lists: Bootstrap) -> str:
        """Ask the registries and keep the answer; return why that failed, or nothing."""
        try:
            door = self._door()
            try:
                found = look_up(host, Registries(door, self._gate, lists), self._clock.now(), by=by.id)
            finally:
                door.close()
            self._cases.keep_lookup(by, case_id, found)
        except SchoolwatchError as error:
            return str(error)
        return ""
