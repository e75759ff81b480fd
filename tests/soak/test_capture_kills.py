"""Captures that are killed at random moments: no process stays, no folder survives the sweep, the vault holds whole bundles or none.

`just soak` kills fifty times (evidence.md §9, rows 8 and 10); three kills run with the ordinary tests. Memory is measured meanwhile, as the
share of the process tree that is its own (PSS).
"""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import psutil
import pytest

from data.clock import SystemClock
from data.model.evidence import Evidence
from evidence.capture import is_intact
from evidence.detect import find_browser
from evidence.leftovers import CAPTURES, sweep_folders
from evidence.processes import end_marked, let_pass, marked
from evidence.testing import LocalSite, square
from evidence.vault import Vault

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("SCHOOLWATCH_SOAK_KILLS", "50"))
MAX_MEMORY = 1_500_000_000
LONGEST_LIFE = 7.0  # seconds: somewhat more than a capture takes on a quiet machine, so that some come to their end
GRACE = 20.0  # seconds that a loaded machine gets until everything below a killed process is gone
CAPTURE = """
import sys
from pathlib import Path
from collector.client import Client
from collector.testing import a_kept_post
from data.clock import SystemClock
from data.model.cases import Case, CaseItem, CaseState
from data.model.posts import PlatformName
from data.model.readings import Category, Severity
from evidence.capture import capture
from evidence.detect import BrowserSettings
from evidence.seal import Sealer
from evidence.testing import KEY, MOMENT, an_order, some_facts
from evidence.vault import Vault
address, port, vault, post = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
clock = SystemClock()
case = Case(id="c1", ref="SW-2026-0001", school_id="s1", state=CaseState.TRIAGED, lead_category=Category.HATE, severity=Severity.S2,
            target="teacher", owner_id="u", finding_id="f", reporter_type="collected", known_at=MOMENT, opened_at=MOMENT)
item = CaseItem(id="i1", case_id="c1", address=address, platform=PlatformName.FORUM, added_at=MOMENT)
evidence, _ = capture(an_order(item, at=MOMENT), case, item, facts=some_facts(case, post=a_kept_post(text=post)),
                      sealer=Sealer(Vault(vault), KEY), browser=BrowserSettings(loopback_ports=frozenset({port})),
                      client=Client("dsl@school.example", clock), clock=clock)
print(evidence.model_dump_json(), flush=True)
"""
POST = "The invented head of Fernley Green never answers letters"


@dataclass
class Bench:
    """Where captures are made and killed: a site, a vault, and a temporary folder that nobody else uses."""

    address: str
    port: int
    vault: Vault
    temporary: Path
    chance: random.Random
    ends: Counter[str] = field(default_factory=Counter)
    whole: list[Evidence] = field(default_factory=list)
    memory: int = 0

    def play(self) -> None:
        """Capture once and kill the parent or the worker at some moment; look at what is left."""
        victim, moment = self.chance.choice(("parent", "worker", "browser")), self.chance.uniform(0.2, LONGEST_LIFE)
        command = [sys.executable, "-c", CAPTURE, self.address, str(self.port), str(self.vault.root), POST]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._environment()) as parent:
            is_hit = self._follow(parent, moment) and self._kill(parent, victim)
            said, _ = parent.communicate(timeout=90)
        self.ends[f"{victim} killed" if is_hit else "too late to kill"] += 1
        if said.strip():
            self.whole.append(Evidence.model_validate_json(said))
            self.ends["captures that were whole all the same" if is_hit else "captures that came to their end"] += 1
        print(json.dumps(self.ends), flush=True)  # noqa: T201 - what `just soak` shows
        assert self._is_quiet(), [process.cmdline() for process in marked(self.temporary)]

    def _environment(self) -> dict[str, str]:
        return dict(os.environ) | {"TMPDIR": str(self.temporary)}

    def _follow(self, parent: subprocess.Popen[bytes], moment: float) -> bool:
        """Measure until the moment, counted from the worker's start, has come; False when the capture was quicker."""
        until, pause = None, threading.Event()
        while until is None or time.monotonic() < until:
            if parent.poll() is not None:
                return False
            if until is None and _below(parent.pid):
                until = time.monotonic() + moment
            self.memory = max(self.memory, _own_memory(parent.pid))
            pause.wait(0.15)
        return True

    def _kill(self, parent: subprocess.Popen[bytes], victim: str) -> bool:
        if victim == "parent":
            parent.kill()
            return True
        wanted, pause = "evidence.worker" if victim == "worker" else "--type=renderer", threading.Event()
        while parent.poll() is None:
            found = next((process for process in _below(parent.pid) if wanted in " ".join(_words(process))), None)
            if found is not None:
                found.kill()
                return True
            pause.wait(0.1)  # not there yet
        return False

    def _is_quiet(self) -> bool:
        """Wait until nothing that names our folder runs any more; False when something stays."""
        until, pause = time.monotonic() + GRACE, threading.Event()
        while marked(self.temporary) and time.monotonic() < until:
            pause.wait(0.2)
        return not marked(self.temporary)


def _below(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _own_memory(pid: int) -> int:
    """Return the tree's memory in bytes, each shared page counted once (PSS); 0 where the system does not tell."""
    total = 0
    for process in _below(pid):
        try:
            total += getattr(process.memory_full_info(), "pss", 0)
        except psutil.Error:
            continue
    return total


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A page of 36 posts with lazy colour squares, an empty vault, and a folder of our own for everything temporary."""
    if find_browser() is None:
        reason = "chromium is not on this machine: install Chromium, Chrome or Edge"
        if "chromium" in os.environ.get("SCHOOLWATCH_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    seed = int(os.environ.get("SCHOOLWATCH_SOAK_SEED") or secrets.randbelow(1_000_000))
    print(f"\nseed {seed}")  # noqa: T201 - what `just soak` shows
    temporary = Path(tempfile.mkdtemp(prefix="sw-kills-"))
    let_pass(temporary)
    with LocalSite() as site:
        for number in range(36):
            site.page(f"/{number}.png", square((number * 7, 120, 255 - number * 5), 360), content_type="image/png")
        rows = "".join(f"<article><p>{POST} {n}</p><img loading=lazy src=/{n}.png width=360 height=200></article>" for n in range(36))
        address = site.page("/", f"<!doctype html><title>Forum</title>{rows}")
        yield Bench(address, site.port, Vault(tmp_path / "vault"), temporary, random.Random(seed))  # noqa: S311 - moments, not secrets
    end_marked(temporary)
    shutil.rmtree(temporary, ignore_errors=True)


def _aged(root: Path) -> None:
    """Make everything below two days old, by the disk's own clock, which the sweeper asks as well."""
    old = (SystemClock().now() - timedelta(days=2)).timestamp()
    for path in sorted(root.rglob("*"), reverse=True):
        os.utime(path, (old, old), follow_symlinks=False)


def _reckon(bench: Bench) -> None:
    """Sweep as the night does, when what lies there is old enough, and look at everything that is left."""
    _aged(bench.temporary)
    _aged(bench.vault.root)
    later = SystemClock().now()
    lying = len(list(bench.temporary.glob(CAPTURES)))
    swept = sweep_folders(bench.temporary, CAPTURES, later)
    known = {file.sha256 for one in bench.whole for file in (*one.files, *one.seal_files)}
    orphans = bench.vault.sweep(later, known)
    kept = [path for path in bench.vault.root.rglob("*") if path.is_file()]
    figures = {"ends": dict(bench.ends), "folders swept": swept, "orphans in the vault swept": len(orphans), "files kept": len(kept)}
    print(json.dumps(figures | {"memory of the tree, MB": bench.memory // 10**6}))  # noqa: T201 - what `just soak` shows

    assert (swept, list(bench.temporary.iterdir())) == (lying, [])
    assert {path.name for path in kept} == known
    assert all(sha256(path.read_bytes()).hexdigest() == path.name for path in kept)
    assert all(is_intact(one, bench.vault) for one in bench.whole)
    assert bench.memory <= MAX_MEMORY


@pytest.mark.browser
def test_three_kills_leave_nothing_behind(bench: Bench) -> None:
    """The small version: three captures, each killed somewhere."""
    for _ in range(3):
        bench.play()

    _reckon(bench)


@pytest.mark.browser
@pytest.mark.soak
@pytest.mark.timeout(3_000)
def test_fifty_kills_leave_nothing_behind(bench: Bench) -> None:
    """Until so many captures were really killed: parent, worker or page, whatever they were doing. SCHOOLWATCH_SOAK_KILLS changes fifty."""
    while sum(count for name, count in bench.ends.items() if name.endswith("killed")) < KILLS:
        bench.play()

    _reckon(bench)
