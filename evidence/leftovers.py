"""Takes away what a killed process left lying about: temporary folders of captures, drills and backups, once they are an hour old."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from evidence.vault import changed_at, disk_time

AGE = timedelta(hours=1)  # a capture is ended after two minutes; a folder this old belongs to nobody who lives
CAPTURES = "schoolwatch-capture-*"
_log = structlog.get_logger(__name__)


def sweep_folders(root: Path, pattern: str, now: datetime) -> int:
    """Remove our own old temporary folders and files of this name in `root`; return how many went.

    Another account's are left alone, and so is a link: only what we made ourselves is ours to take away. Age counts by `now` and by the
    disk's own time, whichever makes it younger.
    """
    if not root.is_dir():
        return 0
    before = min(now, disk_time(root)) - AGE
    old = [path for path in root.glob(pattern) if _is_ours(path) and _newest(path) < before]
    gone = sum(_remove(path) for path in old)
    if gone < len(old):
        _log.warning("leftovers stay", count=len(old) - gone)
    return gone


def _is_ours(path: Path) -> bool:
    return not path.is_symlink() and (not hasattr(os, "getuid") or path.lstat().st_uid == os.getuid())


def _newest(path: Path) -> datetime:
    """Return when it was last written to: a folder counts by whatever was written last in it."""
    return max(changed_at(one) for one in (path, *_below(path)))


def _below(path: Path) -> Iterator[Path]:
    return (one for one in path.rglob("*") if not one.is_symlink()) if path.is_dir() else iter(())


def _remove(path: Path) -> bool:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return not path.exists()
