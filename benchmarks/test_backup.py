"""What an encrypted backup costs beside a plain one, and that its memory does not grow with the vault.

Run with `pytest benchmarks/test_backup.py --benchmark-only -s -q`. The peer is what an administrator would type: `sqlite3`'s own copy of
the databases and `tar` of the state folder, brought to the disk. Both take turns; the best of each counts. Wanted: at most six times the
peer (it hashes and encrypts every byte), the drill at most eight times, and less than 60 MB more memory for fifteen times the vault.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from data.clock import SystemClock
from data.store.snapshot import copy_sqlite
from schoolwatch.age_tar import Opener
from schoolwatch.backup import lock_of, make
from schoolwatch.desk import Desk
from schoolwatch.restore import drill
from schoolwatch.safe_testing import an_installation, seal_one

MEGABYTE, TURNS = 1_000_000, 3
_TAR = shutil.which("tar") or "tar"
MOST_TIMES, MOST_TIMES_DRILL, MOST_MORE = 6.0, 8.0, 60  # times, times, MB


def _school(folder: Path, pieces: int) -> tuple[Desk, str]:
    """Return an installation with so many pieces of evidence of 10 MB each."""
    desk, secret = an_installation(folder, SystemClock())
    for number in range(pieces):
        seal_one(desk, f"k{number}", {f"page-full-{part}.png": os.urandom(2 * MEGABYTE) for part in range(5)})
    return desk, secret


def _seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _plain(desk: Desk, folder: Path) -> None:
    """Do what an administrator would do without us."""
    copy_sqlite(desk.settings.state_dir / "app.db", folder / "copy.db")
    target = folder / "plain.tar"
    words = ["-cf", str(target), "-C", str(desk.settings.state_dir), "vault", "-C", str(folder), "copy.db"]
    subprocess.run([_TAR, *words], check=True)  # noqa: S603 - the peer, fixed words
    with target.open("rb") as file:
        os.fsync(file.fileno())
    for path in (target, folder / "copy.db"):
        path.unlink()


def test_an_encrypted_backup_beside_plain_tar(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Time of backup and drill against the peer, over 300 MB."""
    desk, secret = _school(tmp_path / "school", 30)
    pairs, drills = [], []
    for _ in range(TURNS):
        pairs.append((_seconds(lambda: _plain(desk, tmp_path)), _seconds(lambda: make(desk, lock_of(desk.settings)))))
        newest = max((desk.settings.backup_dir or Path()).iterdir())
        drills.append(_seconds(lambda path=newest: drill(path, Opener(secret), desk.settings, desk.clock)))  # type: ignore[misc]
        newest.unlink()
    plain, ours, tried = min(one[0] for one in pairs), min(one[1] for one in pairs), min(drills)
    benchmark.extra_info.update(plain=plain, ours=ours, drill=tried)
    benchmark.pedantic(lambda: _plain(desk, tmp_path), rounds=1)
    print(f"\n300 MB: plain tar {plain:.2f} s, backup {ours:.2f} s = {ours / plain:.1f} x, drill {tried:.2f} s = {tried / plain:.1f} x")
    desk.close()

    assert ours <= MOST_TIMES * plain
    assert tried <= MOST_TIMES_DRILL * plain


_MEASURED = """
import resource, sys
from pathlib import Path
from data.clock import SystemClock
from schoolwatch.age_tar import Opener
from schoolwatch.backup import lock_of, make
from schoolwatch.desk import build_desk
from schoolwatch.restore import drill
from schoolwatch.safe_testing import settings_of
desk = build_desk(settings_of(Path(sys.argv[1])), SystemClock())
made = make(desk, lock_of(desk.settings))
drill(made.path, Opener(sys.argv[2]), desk.settings, desk.clock)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000)
"""


def _memory(folder: Path, pieces: int) -> int:
    """Return the peak of a process that backs up and tries the backup, in MB."""
    desk, secret = _school(folder, pieces)
    desk.close()
    done = subprocess.run([sys.executable, "-c", _MEASURED, str(folder), secret], check=True, capture_output=True, text=True)  # noqa: S603
    return int(done.stdout.splitlines()[-1])


def test_memory_does_not_grow_with_the_vault(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """The peak over 300 MB is that over 20 MB and a little."""
    small, large = _memory(tmp_path / "small", 2), _memory(tmp_path / "large", 30)
    benchmark.extra_info.update(small=small, large=large)
    benchmark.pedantic(lambda: None, rounds=1)
    print(f"\npeak memory: {small} MB over 20 MB, {large} MB over 300 MB")

    assert large - small < MOST_MORE
