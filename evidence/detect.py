"""Finds a browser on this machine: setting, then the system's Chromium, Chrome or Edge, then Playwright's own, then none."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSTALL_HINT = "install Chromium, Chrome or Edge, or run `python -m playwright install chromium`, then capture again"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/snap/bin/chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "C:/Program Files/Microsoft/Edge/Application/msedge.exe",
)


@dataclass(frozen=True)
class BrowserSettings:
    """How pages are photographed. `path` is a deployment setting; `loopback_ports` are the demo's and the tests' own pages only."""

    path: str | None = None
    time_limit: float = 60.0  # seconds; after that the whole process tree is killed
    loopback_ports: frozenset[int] = frozenset()
    enabled: bool = True  # False: work as if there were no browser
    max_traffic: int = 200_000_000


@dataclass(frozen=True)
class Browser:
    """A browser that was found, and where it came from ("setting", "system", "playwright")."""

    path: str
    origin: str


def find_browser(settings: BrowserSettings | None = None) -> Browser | None:
    """Return the browser that captures will use, or None; a setting that names nothing runnable counts as none."""
    settings = settings or BrowserSettings()
    if not settings.enabled:
        return None
    if settings.path:
        path = shutil.which(settings.path)
        return Browser(path, "setting") if path else None
    path = next(filter(None, map(shutil.which, (*_NAMES, *_PLACES))), None)
    return Browser(path, "system") if path else _own_browser()


@cache
def _own_browser() -> Browser | None:
    """Ask Playwright, in a child process (its driver does not belong in ours), where its own browser would lie."""
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "evidence.worker", "--own-browser"], cwd=ROOT, capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    path = answer.stdout.decode(errors="replace").strip()
    return Browser(path, "playwright") if path and Path(path).exists() else None
