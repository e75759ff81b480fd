"""`schoolwatch doctor`: what works on this machine, what is missing, and what to install."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data.errors import StoreError
from data.store import Store
from evidence.detect import INSTALL_HINT, BrowserSettings, find_browser
from schoolwatch import readiness
from schoolwatch.settings import Settings

ENOUGH = 2 * 1024**3  # bytes free below which the disk is said to be nearly full


class Finding(NamedTuple):
    """One line of the doctor's: `ok`, `note` or `bad`, what was looked at, and what to do."""

    tone: str
    what: str
    says: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything Schoolwatch needs here; each finding names its mend."""
    yield Finding("ok", "Python", sys.version.split()[0])
    yield _settings(settings)
    yield _state_folder(settings)
    yield _database(settings)
    yield _browser(settings)
    yield _fonts()
    yield _disk(settings)


def _settings(settings: Settings) -> Finding:
    gaps = readiness.missing(settings)
    where = str(settings.config_path)
    if not settings.is_set_up:
        return Finding("note", "settings", f"{where} is not there yet: run `schoolwatch init`, or `schoolwatch up` and open its first page")
    if gaps:
        return Finding("bad", "settings", f"nothing is collected until {where} also says: {'; '.join(gaps)}")
    return Finding("ok", "settings", where)


def _state_folder(settings: Settings) -> Finding:
    folder = settings.state_dir
    near = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(near, os.W_OK):
        return Finding("bad", "state folder", f"{folder} may not be written; set state_dir or SCHOOLWATCH_HOME to a folder that may")
    open_to_others = folder.is_dir() and os.name == "posix" and folder.stat().st_mode & 0o077
    if open_to_others:
        return Finding("bad", "state folder", f"{folder} can be read by other users of this machine: chmod 700 {folder}")
    return Finding("ok", "state folder", str(folder))


def _database(settings: Settings) -> Finding:
    if settings.database is None and not (settings.state_dir / "app.db").is_file():
        return Finding("note", "database", "not made yet: `schoolwatch up` will make it")
    try:
        store = Store.open(settings.database_url)
        with store.read() as work:
            work.audit.verify()
            events = work.audit.count()
        store.close()
    except StoreError as error:
        return Finding("bad", "database", str(error))
    return Finding("ok", "database", f"opens; its audit log of {events} lines follows from itself")


def _browser(settings: Settings) -> Finding:
    path = str(settings.browser_path) if settings.browser_path else None
    browser = find_browser(BrowserSettings(path=path))
    if browser is None:
        return Finding("bad", "browser", f"none found: captures will have no picture. {INSTALL_HINT}")
    return Finding("ok", "browser", f"{browser.path} ({browser.origin})")


def _fonts() -> Finding:
    folders = (Path("/usr/share/fonts"), Path("/System/Library/Fonts"), Path("C:/Windows/Fonts"))
    files = (path for folder in folders if folder.is_dir() for path in folder.rglob("*"))
    found = [path.name.lower() for path in files if path.suffix in {".ttf", ".ttc", ".otf"}]
    wanted = {"Chinese, Japanese, Korean": ("cjk", "msyh", "pingfang"), "emoji": ("emoji", "seguiemj")}
    lacking = [what for what, names in wanted.items() if not any(name in font for name in names for font in found)]
    if lacking:
        mend = "install fonts-noto-cjk and fonts-noto-color-emoji"
        return Finding("note", "fonts", f"{' and '.join(lacking)} would show as boxes in pictures: {mend}")
    return Finding("ok", "fonts", "a broad set is here")


def _disk(settings: Settings) -> Finding:
    near = next(parent for parent in (settings.state_dir, *settings.state_dir.parents) if parent.exists())
    free = shutil.disk_usage(near).free
    says = f"{free / 1024**3:.0f} GB free"
    return Finding("ok", "disk", says) if free > ENOUGH else Finding("bad", "disk", f"{says}: evidence needs room; free some")


def worst(findings: list[Finding]) -> int:
    """Return the exit code: 1 when something is bad."""
    return int(any(finding.tone == "bad" for finding in findings))
