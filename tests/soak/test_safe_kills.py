"""`kill -9` in the middle of seals and backups (evidence.md §9 row 10): no bundle or a valid one, the register whole, no half backup.

A child process seals evidence and backs up as fast as it can; it is killed after a random time, and another goes on in the same folder.
The ordinary suite kills 20 times, `just soak` 60; SCHOOLWATCH_SOAK_SEED repeats the moments.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import secrets
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from data.clock import SystemClock
from evidence.custody import verify
from evidence.vault_check import evidence_faults
from schoolwatch import backup, restore
from schoolwatch.age_tar import Opener
from schoolwatch.desk import Desk
from schoolwatch.safe_testing import an_installation, work_for_ever

FEW, MANY = 20, 60
LONGEST = 1.2  # seconds that a child works before it dies; a seal takes some 30 ms and a backup some 100 ms on a quiet machine
PATIENCE = 120.0  # seconds until a child has begun
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["schoolwatch.testing", "schoolwatch.jobs", "schoolwatch.safe_testing", "schoolwatch.backup"])


@dataclass
class Toll:
    """What the kills met."""

    during: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)


def _killed(folder: Path, chance: random.Random, toll: Toll) -> None:
    """Start a child, let it work for a random time from its first act on, kill it; count in what it was."""
    ours, theirs = FORKS.Pipe(duplex=False)
    child = FORKS.Process(target=work_for_ever, args=(folder, theirs), daemon=True)
    main = sys.modules["__main__"]  # a page drawn in this process by AppTest may stand there: a child would draw it again
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        child.start()
    finally:
        sys.modules["__main__"] = main
    theirs.close()
    assert ours.poll(PATIENCE), "the child never began"
    last = ours.recv_bytes()
    end = time.monotonic() + chance.uniform(0, LONGEST)
    while (left := end - time.monotonic()) > 0:
        if ours.poll(left):
            last = ours.recv_bytes()
    child.kill()
    child.join()
    ours.close()
    toll.during[last.decode()] += 1


def _run(folder: Path, kills: int, template: Path) -> tuple[Toll, Desk, str]:
    seed = int(os.environ.get("SCHOOLWATCH_SOAK_SEED") or secrets.randbelow(1_000_000))
    print(f"\nseed {seed}")  # noqa: T201 - what `just soak` shows
    chance, toll = random.Random(seed), Toll()  # noqa: S311 - moments, not secrets
    desk, secret = an_installation(folder, SystemClock(), template=template)
    for _ in range(kills):
        _killed(folder, chance, toll)
        _reckon(desk, toll)
    return toll, desk, secret


def _reckon(desk: Desk, toll: Toll) -> None:
    """After each kill: chains whole, every bundle valid, every file of the vault whole or a draft, no half backup under our name."""
    with desk.store.read() as work:
        work.audit.verify()
        lines = work.custody.where(order_by="number")
        kept = work.evidence.where()
    verify(lines)
    faults = [fault for one in kept for fault in evidence_faults(one, desk.vault)]
    files = [path for path in desk.vault.root.glob("??/*") if path.suffix != ".tmp"]
    torn = [path.name for path in files if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]

    assert (faults, torn) == ([], [])
    assert {line.detail for line in lines if line.what == "sealed"} == {one.seal_sha256 for one in kept}
    toll.left["drafts in the vault"] += len(list(desk.vault.root.glob("??/*.tmp")))


def _end(toll: Toll, desk: Desk, secret: str, kills: int) -> None:
    """Every backup that carries our name opens and fits; what the kills left behind is swept away."""
    folder = desk.settings.backup_dir or Path()
    found = backup.own_backups(folder)
    drilled = [restore.drill(path, Opener(secret), desk.settings, desk.clock).faults for path, _ in found[-5:]]
    sizes = [path.stat().st_size for path, _ in found]
    last = backup.make(desk, backup.lock_of(desk.settings))
    for path in (*folder.glob(".*"), *desk.settings.state_dir.glob(".backup-*"), *desk.settings.state_dir.glob(".backup-*/*")):
        os.utime(path, (0, 0))
    backup.forget_old(desk.settings, desk.clock.now())
    left = [path.name for path in (*folder.glob(".*"), *desk.settings.state_dir.glob(".backup-*"))]
    figures = {"kills": kills, "during": dict(toll.during), "backups": len(found), "last backup": last.run.files}
    print(figures)  # noqa: T201 - what `just soak` shows
    desk.close()

    assert sum(toll.during.values()) == kills
    assert drilled == [()] * len(drilled)
    assert all(sizes)
    assert left == []


@pytest.mark.timeout(600)
def test_twenty_kills_leave_no_half_bundle_and_no_half_backup(tmp_path: Path, empty_database: Path) -> None:
    """Whenever the computer dies, evidence is there whole or not at all, and so is a backup."""
    toll, desk, secret = _run(tmp_path / "school", FEW, empty_database)
    _end(toll, desk, secret, FEW)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_sixty_kills_leave_no_half_bundle_and_no_half_backup(tmp_path: Path, empty_database: Path) -> None:
    """The same, more often."""
    toll, desk, secret = _run(tmp_path / "school", MANY, empty_database)
    _end(toll, desk, secret, MANY)

    assert set(toll.during) == {"seal", "backup"}
