"""Two thousand broken packs, ZIPs and folders against `verify`: a verdict each, in five seconds, with 300 MB, and nothing written anywhere.

The verdicts are given by a child process under limits, which also notes every file that it opens for writing, every connection and every
program that it starts. Run by `just soak`; SCHOOLWATCH_SOAK_FUZZ changes the number, SCHOOLWATCH_SOAK_SEED the seed that is printed.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.broken_packs import KINDS, broken
from evidence.invented import Workshop
from evidence.local_authority import LocalAuthority
from evidence.tampering import Files, closed, opened

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3000)]

WANTED = int(os.environ.get("SCHOOLWATCH_SOAK_FUZZ", "2000"))
MOST_SECONDS, MOST_BYTES = 5.0, 300_000_000
CHILD = """
import json, os, resource, sys
from pathlib import Path
from evidence.verify import in_words, verify
acts = []
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
ACTS = {"os.mkdir", "os.rename", "os.remove", "os.symlink", "os.link", "os.truncate", "socket.connect", "subprocess.Popen", "os.fork"}
def watch(event, args):
    if event in ACTS or (event == "open" and isinstance(args[2], int) and args[2] & WRITES):
        acts.append(f"{event} {args[0]}")
def peak():  # of this program alone: what rusage tells begins with the size of the process that started it
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
verify(Path(sys.argv[1]))  # whatever is imported late is there now
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[2]), int(sys.argv[2])))
sys.addaudithook(watch)
for line in sys.stdin:
    before = resource.getrusage(resource.RUSAGE_SELF)
    result = verify(Path(line.rstrip("\\n")))
    in_words(result).encode("utf-8")
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = {"colour": result.colour.value, "spent": spent, "peak": peak(), "acts": acts, "reasons": len(result.reasons)}
    print(json.dumps(told), flush=True)
    acts.clear()
"""


@pytest.fixture
def chance() -> random.Random:
    """The chances of this run; the seed is printed, so that it can be played again."""
    seed = int(os.environ.get("SCHOOLWATCH_SOAK_SEED", secrets.randbelow(1 << 32)))
    print(f"\nseed {seed}")  # noqa: T201 - what `just soak` shows
    return random.Random(seed)  # noqa: S311 - broken packs to try, not a secret


@pytest.fixture
def clean(tmp_path: Path) -> Files:
    """A clean stamped pack."""
    with LocalAuthority() as authority:
        workshop = Workshop(tmp_path, authority=authority)
        workshop.capture()
        return opened(workshop.pack().path)


@pytest.fixture
def child(tmp_path: Path, clean: Files) -> Iterator[subprocess.Popen[str]]:
    """A process that gives verdicts under limits; its working folder and its folder for passing files shall stay empty."""
    home = tmp_path / "home"
    home.mkdir()
    sound = closed(clean, tmp_path / "sound.zip")
    bare = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": str(Path.cwd()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    words = [sys.executable, "-B", "-c", CHILD, str(sound), str(MOST_BYTES)]
    with subprocess.Popen(words, cwd=home, env=bare, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


def _told(child: subprocess.Popen[str], path: Path) -> dict[str, object]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{path}\n")
    child.stdin.flush()
    line = child.stdout.readline()
    assert line, f"no verdict about {path}"
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def _inventory(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for root, folders, names in os.walk(folder):
        for name in (*folders, *names):
            facts = (Path(root) / name).lstat()
            found[str(Path(root, name).relative_to(folder))] = (facts.st_size, facts.st_mtime_ns)
    return found


def test_every_broken_pack_gets_its_verdict(clean: Files, child: subprocess.Popen[str], chance: random.Random, tmp_path: Path) -> None:
    """Never unchanged, never without an answer, within the limits, and the folder is what it was."""
    colours: Counter[tuple[str, object]] = Counter()
    worst = {"spent": ("", 0.0), "peak": ("", 0.0)}
    wrong: list[tuple[str, object]] = []
    for number in range(WANTED):
        place = tmp_path / "fuzz"
        place.mkdir()
        kind, path = broken(clean, place / "pack.zip", chance)
        before = _inventory(place)
        told = _told(child, path)
        colours[kind, told["colour"]] += 1
        for what, (_, most) in worst.items():
            worst[what] = max(worst[what], (f"{kind} {number}", float(str(told[what]))), key=lambda one: one[1])
            assert most <= worst[what][1]
        if told["colour"] not in {"RED", "UNREADABLE"} and not _is_sound(path, clean):
            wrong.append((kind, told))
        if told["acts"] or _inventory(place) != before:
            wrong.append((f"{kind} wrote", told["acts"]))
        shutil.rmtree(place)

    print(f"\n{WANTED} broken packs: {sorted(colours.items(), key=str)}\nworst: {worst}")  # noqa: T201 - what `just soak` shows
    assert wrong == []
    assert worst["spent"][1] <= MOST_SECONDS
    assert worst["peak"][1] <= MOST_BYTES
    assert list((tmp_path / "home").iterdir()) == []
    assert {kind for kind, _ in colours} == {kind.__name__ for kind in KINDS}


def _is_sound(path: Path, clean: Files) -> bool:
    """Whether the edits happened to leave the pack as it was."""
    return path.is_file() and opened(path) == clean
