"""Starts the worker that opens the page, follows what it says, gives or refuses leave for pictures, and kills its whole tree at the end."""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import IO, Any

from evidence.detect import ROOT, Browser, BrowserSettings
from evidence.errors import CaptureFailedError, EvidenceError
from evidence.memory_limit import MAX_MEMORY, held_by
from evidence.preflight import PageWords
from evidence.processes import end_tree, let_pass, start_worker
from evidence.progress import in_words
from evidence.received import with_received
from evidence.worker_facts import BENT, facts_of, is_sound_json, strict_json

MAX_FILE = 120_000_000
MAX_FACTS = 20_000_000
MAX_LINE = 64_000_000  # characters of one line from the worker: a page's words
LATE_WORDS = "words.json"  # for the second question only; never kept
PICTURES = "page-full-*.png"
AS_SEEN = "screen-as-seen.png"
_FILES = (
    AS_SEEN,
    "post.png",
    "dom.html",
    "page.txt",
    "page.mhtml",
    "page.wacz",
    "layout.json",
    "imagehash.json",
    "network.jsonl",
)
NO_WORDS = PageWords("", "", "")
_TURN = 0.2  # seconds between two looks whether the capture is still wanted


class Ended(Enum):
    """How a worker's run came to its end."""

    BY_ITSELF = "done, or dead"
    TIME = "killed when time was up"
    MEMORY = "killed because the page filled the memory"


@dataclass(frozen=True)
class Wish:
    """What to photograph: a page, and on it a post by its words and its author's name."""

    address: str
    is_loopback: bool
    post_text: str = ""
    author: str = ""


@dataclass(frozen=True)
class Onlooker:
    """Who follows a capture. `wanted` and `words` raise to end it: then everything is killed and nothing is kept.

    `words` is asked once, before any picture is loaded; `progress` gets fixed words; `wanted` is asked several times a second.
    """

    words: Callable[[PageWords], None]
    progress: Callable[[str], None] = lambda _: None
    wanted: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Shot:
    """What the worker brought home: our own file names with their bytes, and the facts. `killed`: time ran out."""

    files: dict[str, bytes]
    facts: dict[str, Any] = field(default_factory=dict)
    killed: bool = False
    words: PageWords = NO_WORDS  # what the page said when it had settled: its title, text, descriptions, links and labels


def photograph(wish: Wish, settings: BrowserSettings, browser: Browser, onlooker: Onlooker) -> Shot:
    """Photograph one page in a process of its own.

    Raises CaptureFailedError with the exact cause when there is no picture of the page, EvidenceError when the disk is full, and whatever
    the onlooker raises.
    """
    root = _fresh_folder()
    try:
        ended = _run(root, _job(root, wish, settings, browser), settings.time_limit, onlooker)
        return _collected(root / "out", ended, limit=settings.time_limit)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _fresh_folder() -> Path:
    try:
        root = Path(tempfile.mkdtemp(prefix="schoolwatch-capture-"))
        let_pass(root)
        (root / "out").mkdir(mode=0o700)
    except OSError as error:
        raise EvidenceError(f"no temporary folder for the capture ({error.strerror}); free some disk space") from error
    return root


def _job(root: Path, wish: Wish, settings: BrowserSettings, browser: Browser) -> bytes:
    job = {
        "address": wish.address,
        "post_text": wish.post_text,
        "author": wish.author,
        "root": str(root),
        "folder": str(root / "out"),
        "executable": browser.path,
        "loopback_ports": sorted(settings.loopback_ports),
        "is_loopback": wish.is_loopback,
        "max_traffic": settings.max_traffic,
    }
    return json.dumps(job).encode("ascii") + b"\n"


def _run(root: Path, job: bytes, limit: float, onlooker: Onlooker) -> Ended:
    """Run the worker; how it ended. Nothing of it is left afterwards, whatever happens here."""
    until = time.monotonic() + limit
    process = start_worker([sys.executable, "-m", "evidence.worker"], ROOT, root / "errors.txt")
    try:
        _tell(process, job)
        return _Following(process, onlooker).until(until)
    finally:
        with contextlib.suppress(BrokenPipeError):
            if process.stdin is not None:
                process.stdin.close()
        end_tree(process, root)
        if process.stdout is not None:
            process.stdout.close()


def _tell(process: subprocess.Popen[bytes], line: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):  # it died at once; the missing facts say so
        if process.stdin is not None:
            process.stdin.write(line)
            process.stdin.flush()


class _Following:
    """Reads what one worker says until it is done, dead, or out of time."""

    def __init__(self, process: subprocess.Popen[bytes], onlooker: Onlooker) -> None:
        self._process, self._onlooker, self._was_asked = process, onlooker, False
        self._said: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        if process.stdout is not None:
            threading.Thread(target=_read, args=(process.stdout, self._said), daemon=True, name="worker-says").start()

    def until(self, moment: float) -> Ended:
        """Follow until the worker is done or may not go on. Raises what the onlooker raises."""
        while time.monotonic() < moment:
            self._onlooker.wanted()
            try:
                line = self._said.get(timeout=_TURN)
            except queue.Empty:
                if held_by(self._process.pid) > MAX_MEMORY:
                    return Ended.MEMORY
                continue
            if line is None or self._is_done(line):
                return Ended.BY_ITSELF
        return Ended.TIME

    def _is_done(self, line: bytes) -> bool:
        try:
            said = strict_json(line)
        except ValueError:
            return False
        if not isinstance(said, dict):
            return False
        words = in_words(said.get("step"))
        if words is not None:
            self._onlooker.progress(words)
        if isinstance(said.get("words"), dict) and not self._was_asked:
            self._was_asked = True
            self._onlooker.words(page_words(said["words"]))
            _tell(self._process, b"go\n")
        return said.get("step") == "done"


def _read(output: IO[bytes], said: queue.SimpleQueue[bytes | None]) -> None:
    with contextlib.suppress(ValueError, OSError):  # closed while we waited: the worker was killed
        while line := output.readline(MAX_LINE):
            said.put(line)
    said.put(None)


def page_words(said: dict[str, Any]) -> PageWords:
    """Return a page's words as its worker hands them over; what has another shape counts as not said."""
    seen = PageWords(
        address=str(said.get("address") or ""),
        title=str(said.get("title") or ""),
        text=str(said.get("text") or ""),
        alts=_texts(said.get("alts")),
        links=_texts(said.get("links")),
        labels=_texts(said.get("labels")),
    )
    return with_received(seen, said.get("received"), said.get("charset"))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _collected(folder: Path, ended: Ended, *, limit: float) -> Shot:
    facts = _facts(folder)
    has_picture = (folder / AS_SEEN).exists()
    if not has_picture and ended is Ended.TIME:
        raise CaptureFailedError(f"the page could not be captured: it was still busy after {limit:.0f} seconds and was stopped")
    if not has_picture and ended is Ended.MEMORY:
        raise CaptureFailedError(f"the page could not be captured: it filled {MAX_MEMORY / 1e9:.1f} GB of memory and was stopped")
    if facts.get("failure"):
        raise CaptureFailedError(f"the page could not be captured: {facts['failure']}")
    if not has_picture:
        raise CaptureFailedError("the page could not be captured: the browser ended before it had a picture")
    files = _sound(_files(folder), facts)
    if ended is Ended.MEMORY:
        facts["notes"] = [*facts.get("notes", ()), f"the page filled {MAX_MEMORY / 1e9:.1f} GB of memory and was stopped"]
    return Shot(files, facts, killed=ended is Ended.TIME, words=_settled_words(folder))


def _files(folder: Path) -> dict[str, bytes]:
    paths = [folder / name for name in _FILES] + sorted(folder.glob(PICTURES))
    return {path.name: path.read_bytes() for path in paths if path.is_file() and path.stat().st_size <= MAX_FILE}


def _settled_words(folder: Path) -> PageWords:
    path = folder / LATE_WORDS
    try:
        said = strict_json(path.read_bytes()) if path.stat().st_size <= MAX_LINE else {}
    except (OSError, ValueError):
        return NO_WORDS
    return page_words(said) if isinstance(said, dict) else NO_WORDS


def _sound(files: dict[str, bytes], facts: dict[str, Any]) -> dict[str, bytes]:
    """Leave out what says that it is JSON and is none: whoever reads it later would stumble over it."""
    broken = sorted(name for name, content in files.items() if name.endswith((".json", ".jsonl")) and not is_sound_json(content))
    if broken:
        facts["notes"] = [*facts.get("notes", ()), f"{BENT} ({', '.join(broken)})"]
    return {name: content for name, content in files.items() if name not in broken}


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / "facts.json"
    try:
        return facts_of(path.read_bytes()) if path.stat().st_size <= MAX_FACTS else {"notes": [BENT]}
    except OSError:
        return {}
