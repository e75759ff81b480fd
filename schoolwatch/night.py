"""The night: let go what may go, sweep and look over the vault, give the space back, hold the chains against themselves, back up.

Each part stands alone: what fails is named in the report and in the log, and the rest is still done.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog

from data.errors import SchoolwatchError, SettingsError
from data.model.keeping import RetentionRun
from evidence import custody
from evidence.errors import SealBrokenError
from evidence.leftovers import CAPTURES, sweep_folders
from schoolwatch.backup import forget_old, lock_of, make, own_backups
from schoolwatch.desk import Desk
from schoolwatch.kept_files import kept_files
from schoolwatch.proving import keep_head
from schoolwatch.restore import DRILLS
from schoolwatch.safe import PACKS
from schoolwatch.settings import HANDLE_KEY
from schoolwatch.vault_watch import look_tonight

LONDON = ZoneInfo("Europe/London")
BEGINS = time(2, 30)  # UK time; clocks change at one o'clock, so this hour comes once every night
KEY_FILE, KEY_BYTES = HANDLE_KEY, 32
TONIGHT = timedelta(hours=12)  # a night that was cut off and begun again makes no second backup
T = TypeVar("T")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class NightReport:
    """What a night did; `problems` names each part that failed, in words for the doctor's page."""

    run: RetentionRun | None
    swept: int
    problems: tuple[str, ...]


def due(now: datetime) -> date | None:
    """Return the night whose work may begin, or None before its hour."""
    local = now.astimezone(LONDON)
    return local.date() if local.time() >= BEGINS else None


def run_night(desk: Desk) -> NightReport:
    """Do a night's work; done twice it finds nothing left to do the second time."""
    problems: list[str] = []
    _part("unread posts", lambda: desk.casework.expire_unread(desk.clock.now()), problems)
    run = _part("retention", lambda: desk.casework.run_retention(handle_key(desk.settings.state_dir)), problems)
    swept = _part("the vault", lambda: desk.vault.sweep(desk.clock.now(), known_files(desk)), problems)
    _part("giving space back", lambda: _give_back(desk), problems)
    _part("the audit log", lambda: _verify_audit(desk), problems)
    _part("the custody chain", lambda: _verify_custody(desk), problems)
    _part("the register's head", lambda: keep_head(desk), problems)
    _part("what killed processes left", lambda: sweep_leftovers(desk.clock.now()), problems)
    _part("the files of the vault", lambda: _look_over(desk), problems)
    _part("the backup", lambda: _back_up(desk), problems)
    _part("old backups", lambda: forget_old(desk.settings, desk.clock.now()), problems)
    _log.info("night done", gone=run.gone if run else {}, swept=len(swept or ()), problems=len(problems))
    return NightReport(run, len(swept or ()), tuple(problems))


def _part(what: str, act: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return act()
    except (SchoolwatchError, OSError) as error:
        _log.error("night failed", part=what, error=type(error).__name__)
        problems.append(f"{what}: {error}")
        return None


def _give_back(desk: Desk) -> None:
    if desk.casework.space_due():
        desk.store.compact()
        desk.casework.space_given_back()


def sweep_leftovers(now: datetime) -> int:
    """Take away what killed captures, drills and exports left in the temporary folder, once it is an hour old; return how many."""
    return sum(sweep_folders(Path(tempfile.gettempdir()), pattern, now) for pattern in (CAPTURES, DRILLS, PACKS))


def _look_over(desk: Desk) -> None:
    found = look_tonight(desk)
    if found.faults:
        raise SealBrokenError(f"{', '.join(sorted({fault.belongs_to for fault in found.faults}))}: missing or changed on the disk")


def _back_up(desk: Desk) -> None:
    """Make the night's backup where one is set up and tonight's is not there yet; after everything that goes in the night has gone."""
    folder = desk.settings.backup_dir
    if folder is None:
        return
    newest = own_backups(folder)[-1:] if folder.is_dir() else []
    if not newest or desk.clock.now() - newest[0][1] >= TONIGHT:
        make(desk, lock_of(desk.settings))


def known_files(desk: Desk) -> frozenset[str]:
    """Return the SHA-256 of every file that a record in the store speaks of; all others in the vault are left over."""
    with desk.store.read() as work:
        return frozenset(kept_files(work))


def handle_key(state_dir: Path) -> bytes:
    """Return the installation's secret for the marks that take the place of handles; made on the first night, for its owner only."""
    path = state_dir / KEY_FILE
    if not path.exists():
        _make_key(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        msg = f"{KEY_FILE} in the state folder is damaged: restore it from a backup, or delete it so that a new one is made"
        raise SettingsError(msg)
    return key


def _make_key(path: Path) -> None:
    """Write a new key, whole or not at all: cut off half-way, no night ever works with an empty one."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another process was quicker; its key counts
    finally:
        draft.unlink()


def _verify_audit(desk: Desk) -> None:
    with desk.store.read() as work:
        work.audit.verify()


def _verify_custody(desk: Desk) -> None:
    with desk.store.read() as work:
        custody.verify(work.custody.where(order_by="number"))
