"""Starts the worker that opens the page, waits for it, and kills its whole tree when time is up."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.detect import ROOT, Browser, BrowserSettings
from evidence.errors import CaptureFailedError, EvidenceError
from evidence.processes import end_tree, let_pass, start_worker

MAX_FILE = 120_000_000
PICTURES = "page-full-*.png"
AS_SEEN = "screen-as-seen.png"
_FILES = (AS_SEEN, "dom.html", "page.txt", "network.jsonl")


@dataclass(frozen=True)
class Shot:
    """What the worker brought home: our own file names with their bytes, and the facts. `killed`: time ran out."""

    files: dict[str, bytes]
    facts: dict[str, Any] = field(default_factory=dict)
    killed: bool = False


def photograph(address: str, settings: BrowserSettings, browser: Browser, *, is_loopback: bool) -> Shot:
    """Photograph one page in a process of its own.

    Raises CaptureFailedError with the exact cause when there is no picture of the page, EvidenceError when the disk is full.
    """
    root = _fresh_folder()
    try:
        killed = _run(root, _job(root, address, settings, browser, is_loopback=is_loopback), settings.time_limit)
        return _collected(root / "out", killed=killed, limit=settings.time_limit)
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


def _job(root: Path, address: str, settings: BrowserSettings, browser: Browser, *, is_loopback: bool) -> bytes:
    job = {
        "address": address,
        "root": str(root),
        "folder": str(root / "out"),
        "executable": browser.path,
        "loopback_ports": sorted(settings.loopback_ports),
        "is_loopback": is_loopback,
        "max_traffic": settings.max_traffic,
    }
    return json.dumps(job).encode() + b"\n"


def _run(root: Path, job: bytes, limit: float) -> bool:
    """Run the worker; whether it had to be killed. Nothing of it is left afterwards, whatever happens here."""
    process = start_worker([sys.executable, "-m", "evidence.worker"], ROOT, root / "errors.txt")
    try:
        if process.stdin is not None:
            process.stdin.write(job)
            process.stdin.flush()
        process.wait(limit)
    except subprocess.TimeoutExpired:
        return True
    except BrokenPipeError:
        return False  # it died at once; the missing facts say so
    else:
        return False
    finally:
        if process.stdin is not None:
            process.stdin.close()
        end_tree(process, root)


def _collected(folder: Path, *, killed: bool, limit: float) -> Shot:
    facts = _facts(folder)
    has_picture = (folder / AS_SEEN).exists()
    if not has_picture and killed:
        raise CaptureFailedError(f"the page could not be captured: it was still busy after {limit:.0f} seconds and was stopped")
    if facts.get("failure"):
        raise CaptureFailedError(f"the page could not be captured: {facts['failure']}")
    if not has_picture:
        raise CaptureFailedError("the page could not be captured: the browser ended before it had a picture")
    paths = [folder / name for name in _FILES] + sorted(folder.glob(PICTURES))
    files = {path.name: path.read_bytes() for path in paths if path.is_file() and path.stat().st_size <= MAX_FILE}
    return Shot(files, facts, killed=killed)


def _facts(folder: Path) -> dict[str, Any]:
    try:
        facts = json.loads((folder / "facts.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
