"""The supervisor: a dead child is started again, and no child outlives its parent."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from schoolwatch.up import LONGEST_PAUSE, Child, Supervisor, command

ROOT = Path(__file__).parents[2]
CHILD = (
    "import threading; from schoolwatch.up import when_parent_ends; end = threading.Event(); when_parent_ends(end.set); "
    "print('up', flush=True); end.wait(60)"
)
PARENT = (
    "import sys, threading; from schoolwatch.up import Child, Supervisor; "
    f"child = Child('one', [sys.executable, '-c', {CHILD!r}]); supervisor = Supervisor([child]); "
    "supervisor.run(lambda: print(child.process.pid, flush=True) if child.process else None)"
)


def _child(code: str = CHILD) -> Child:
    return Child("one", [sys.executable, "-c", code])


def _until(is_so: Callable[[], bool], patience: float = 20.0) -> None:
    end, pause = time.monotonic() + patience, threading.Event()
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        pause.wait(0.05)


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_a_killed_child_is_started_again() -> None:
    """A worker or page that dies by `kill -9` runs again a moment later, and ends gracefully when it is asked to."""
    child = _child()
    supervisor = Supervisor([child])
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    _until(lambda: child.process is not None)
    first = child.process
    assert first is not None
    first.kill()
    _until(lambda: child.process is not None and child.process.pid != first.pid)
    second = child.process
    supervisor.stop()
    thread.join()

    assert second is not None
    assert second.returncode == 0
    assert child.deaths == 1


def test_a_child_that_keeps_dying_is_started_later_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that cannot start does not keep the machine busy: the pauses grow, up to half a minute."""
    moments = [0.0]
    monkeypatch.setattr("schoolwatch.up.time.monotonic", lambda: moments[0])
    child, pauses = _child("raise SystemExit(3)"), []
    for _ in range(9):
        child.start_after = moments[0]
        child.look()
        assert child.process is not None
        child.process.wait()
        child.look()
        pauses.append(child.start_after - moments[0])
        moments[0] = child.start_after

    assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


def test_a_child_that_ran_well_is_started_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a long life a death counts as the first one, however many there were before."""
    moments = [0.0]
    monkeypatch.setattr("schoolwatch.up.time.monotonic", lambda: moments[0])
    child = _child("pass")
    child.deaths = 7
    child.look()
    assert child.process is not None
    child.process.wait()
    moments[0] = 3600.0
    child.look()

    assert child.start_after - moments[0] == 0.5


def test_a_child_that_does_not_listen_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that goes on after it was asked to end is ended after its grace."""
    monkeypatch.setattr("schoolwatch.up.GRACE", 0.3)
    child = _child("import threading; threading.Event().wait(60)")
    child.start()
    child.stop()

    assert child.process is not None
    assert child.process.returncode == -9


def test_children_end_when_the_parent_is_killed() -> None:
    """When the supervisor itself is killed, its children see the end of their pipe and stop too."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        line = next(text for text in parent.stdout if text.strip().isdigit())
        child = psutil.Process(int(line))
        parent.kill()
        parent.wait()
        _until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_command_runs_our_own_program() -> None:
    """The children are this very program in this very Python."""
    assert command("worker", "--with-parent") == [sys.executable, "-m", "schoolwatch", "worker", "--with-parent"]
