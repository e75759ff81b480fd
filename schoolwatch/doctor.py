"""`schoolwatch doctor`: what works on this machine, what is missing, and what to install."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from data.errors import StoreError
from data.model.evidence import BackupRun
from data.store import Store
from evidence.detect import INSTALL_HINT, BrowserSettings, find_browser
from evidence.vault_check import NIGHTS
from schoolwatch import proof_signs, readiness
from schoolwatch.night import sweep_leftovers
from schoolwatch.restore import sealing_key
from schoolwatch.settings import Settings
from schoolwatch.vault_watch import KIND, still_wrong

LATE = timedelta(days=2)  # after which a nightly backup is missed
TERM = timedelta(days=120)  # a drill each term
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
    yield from _leftovers(settings)
    yield from _upkeep(settings)
    yield from (Finding(*one) for one in proof_signs.signs(settings))


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


def _leftovers(settings: Settings) -> Iterator[Finding]:
    """Take away what killed processes left, and say so; nothing where there is nothing."""
    gone = sweep_leftovers(settings.clock().now())
    if gone:
        says = f"{gone} temporary folders that killed captures, exports or drills had left were removed just now"
        yield Finding("note", "leftovers", says)


def _upkeep(settings: Settings) -> Iterator[Finding]:
    """Say how backups, drills and the looks over the vault stand; nothing where there is no database yet, which has a line of its own."""
    now = settings.clock().now()
    if settings.database is None and not (settings.state_dir / "app.db").is_file():
        return
    try:
        store = Store.open(settings.database_url)
        with store.read() as work:
            runs = {kind: work.backups.where(kind=kind, order_by="at") for kind in ("backup", "drill", KIND)}
        store.close()
    except StoreError:
        return
    yield _backup(settings, runs["backup"], now)
    yield from _sealing_key(settings)
    yield _drill(runs["drill"], now)
    yield _vault(runs[KIND], now)


def _backup(settings: Settings, runs: list[BackupRun], now: datetime) -> Finding:
    good = [run for run in runs if run.ok]
    last = f"the last good one is of {good[-1].at:%Y-%m-%d %H:%M} UTC ({good[-1].size // 1000**2} MB)" if good else "there is none yet"
    if settings.backup_dir is None or settings.backup_recipient is None:
        mend = "set backup_dir and backup_recipient in schoolwatch.toml; `schoolwatch backup-key` makes the key"
        return Finding("note", "backup", f"none is made at night: {mend}; {last}")
    if runs and not runs[-1].ok:
        return Finding("bad", "backup", f"the last try failed: {runs[-1].problem}; {last}")
    if good and now - good[-1].at > LATE:
        return Finding("bad", "backup", f"{last}: is the worker running at night?")
    if good and good[-1].problem:
        return Finding("bad", "backup", f"{last}, but {good[-1].problem}")
    if _is_same_disk(settings.backup_dir, settings.state_dir):
        return Finding("note", "backup", f"{last}; backup_dir lies on the same disk as the records: what takes the one takes the other")
    return Finding("ok" if good else "note", "backup", last)


def _sealing_key(settings: Settings) -> Iterator[Finding]:
    """Say the fingerprint that restoring on another computer asks for; nothing before there is a key."""
    key = sealing_key(settings.state_dir)
    if key is not None:
        yield Finding(
            "ok", "sealing key", f"{key.id}; keep this fingerprint outside this computer: `schoolwatch restore --key` asks for it"
        )


def _is_same_disk(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_dev == other.stat().st_dev
    except OSError:
        return False


def _drill(runs: list[BackupRun], now: datetime) -> Finding:
    how = "`schoolwatch restore --check FILE`"
    if not runs:
        return Finding("note", "restore drill", f"nobody has tried yet whether a backup can be restored: {how}")
    last = runs[-1]
    if not last.ok:
        return Finding("bad", "restore drill", f"the drill of {last.at:%Y-%m-%d} found faults: {last.problem}")
    tone = "note" if now - last.at > TERM else "ok"
    return Finding(tone, "restore drill", f"done on {last.at:%Y-%m-%d}" + (f"; it is time for another: {how}" if tone == "note" else ""))


def _vault(runs: list[BackupRun], now: datetime) -> Finding:
    wrong = still_wrong(runs)
    if wrong:
        mend = "fetch the files from a backup, then run `schoolwatch vault-check`"
        return Finding("bad", "evidence files", f"missing or changed on the disk: {', '.join(wrong[:20])}; {mend}")
    if not runs:
        return Finding("note", "evidence files", "not looked over yet: every night looks at a part, `schoolwatch vault-check` at all")
    week = [run for run in runs if now - run.at <= timedelta(days=NIGHTS + 1)]
    seen, there = sum(run.files for run in week), runs[-1].size
    if seen < there and len(runs) > NIGHTS:
        return Finding("bad", "evidence files", f"only {seen} of {there} were looked at within a week: is the worker running at night?")
    return Finding("ok", "evidence files", f"{min(seen, there)} of {there} looked at within a week, all as they were sealed")


def worst(findings: list[Finding]) -> int:
    """Return the exit code: 1 when something is bad."""
    return int(any(finding.tone == "bad" for finding in findings))
