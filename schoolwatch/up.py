"""`schoolwatch up`: starts worker and dashboard, watches them, and starts a dead one again.

Children hold the reading end of a pipe from here: when this process dies, however, they see its end and stop too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from schoolwatch.settings import child_environment

_log = structlog.get_logger(__name__)
LONGEST_PAUSE = 30.0  # seconds between two starts of a child that keeps dying
GRACE = 10.0  # seconds that a child has for ending by itself
SOUND = 10.0  # seconds after which a child counts as having started well: its next death is its first again


@dataclass
class Child:
    """A process that is kept running."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=child_environment)
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started_at: float = 0.0
    start_after: float = 0.0

    def start(self) -> None:
        """Start it, with a pipe that ends when we do."""
        self.process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            self.command, stdin=subprocess.PIPE, env=self.environment
        )
        self.started_at = time.monotonic()
        _log.info("started", child=self.name, pid=self.process.pid)

    def look(self) -> None:
        """Start it again when it died, later each time it dies soon."""
        if self.process is not None and self.process.poll() is None:
            return
        moment = time.monotonic()
        if self.process is not None:
            _log.warning("died", child=self.name, code=self.process.returncode)
            _close_pipe(self.process)
            self.deaths = 1 if moment - self.started_at >= SOUND else self.deaths + 1
            self.start_after = moment + min(LONGEST_PAUSE, 0.5 * 2 ** min(self.deaths - 1, 6))
            self.process = None
        if moment >= self.start_after:
            self.start()

    def stop(self) -> None:
        """Let it end by closing its pipe; after its grace it is ended."""
        if self.process is None:
            return
        _close_pipe(self.process)
        try:
            self.process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _close_pipe(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()


class Supervisor:
    """Keeps children running until told to stop."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self._stop = threading.Event()

    def run(self, each_turn: Callable[[], None] = lambda: None) -> None:
        """Keep the children running; returns after `stop`."""
        try:
            while not self._stop.is_set():
                for child in self.children:
                    child.look()
                each_turn()
                self._stop.wait(0.5)
        finally:
            for child in reversed(self.children):
                child.stop()

    def stop(self) -> None:
        """Ask for the end."""
        self._stop.set()


def command(*words: str) -> list[str]:
    """Return the command line of our own program in this Python."""
    return [sys.executable, "-m", "schoolwatch", *words]


def when_parent_ends(act: Callable[[], None]) -> None:
    """Call `act` once our standard input ends, which is when the supervisor closed it or died."""

    def wait() -> None:
        while os.read(0, 4096):
            continue
        act()

    threading.Thread(target=wait, name="parent watch", daemon=True).start()
