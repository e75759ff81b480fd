"""The vault: sealed files in the state folder, each named by its SHA-256.

A file is written to a temporary name, flushed to the disk and renamed, so that a kill or a full disk leaves either the whole file or
nothing that counts (infrastructure.md §1.1). The row in the store is the truth; a file without a row is swept away later.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from data.errors import EvidenceError
from evidence.errors import SealBrokenError

SWEEP_AGE = timedelta(hours=1)  # younger files may belong to a capture that has not reached its row yet
FLOOR = 500 * 1000**2  # bytes that must be free before a capture begins: a page of the largest kind, and room for its seal and its row
_REMEMBERED = 10_000  # files that came last; older ones belong to a record by now, or to the sweeper
_BACK = 1_000_000_000  # ns
_Mark = tuple[int, int]  # a file's number on its disk, and its time (ns)
_HASH = re.compile(r"[0-9a-f]{64}\Z")


class Vault:
    """A folder of files that never change, found by the SHA-256 of their content."""

    def __init__(self, root: Path) -> None:
        """Use `root`, making it when needed; raises EvidenceError when it cannot be made."""
        self.root = root
        self._fresh: dict[str, _Mark] = {}  # what this very object wrote last, and how it lay there then
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EvidenceError(f"the evidence folder cannot be made ({error.strerror}); check the disk and the folder's rights") from error

    def path(self, sha256: str) -> Path:
        """Return where the file of this hash lies; raises SealBrokenError for anything that is not a SHA-256 in hexadecimal."""
        if not _HASH.match(sha256):
            raise SealBrokenError("a name in the vault must be a SHA-256 of 64 hexadecimal digits")
        return self.root / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keep `content` and return its SHA-256; the same content twice is one file. Raises EvidenceError, leaving nothing half-written."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if not (_holds(path, content) and _made_young(path)):
            try:
                mark = _write_whole(path, content)
            except OSError as error:
                raise EvidenceError(f"evidence could not be stored ({error.strerror}); free some disk space and capture again") from error
            self._remember(sha256, mark)
        return sha256

    def _remember(self, sha256: str, mark: _Mark | None) -> None:
        self._fresh.pop(sha256, None)
        if mark is not None:
            self._fresh[sha256] = mark
        while len(self._fresh) > _REMEMBERED:
            self._fresh.pop(next(iter(self._fresh)), None)

    def get(self, sha256: str) -> bytes:
        """Return the content; raises SealBrokenError when the file is missing or is not what was stored."""
        try:
            content = self.path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise SealBrokenError(f"the vault has lost file {sha256}; look for it in the backups") from error
        except OSError as error:
            raise EvidenceError(f"vault file {sha256} cannot be read ({error.strerror}); check the disk and the folder's rights") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise SealBrokenError(f"vault file {sha256} was changed after it was stored; restore it from a backup")
        return content

    def check(self, sha256: str) -> None:
        """Read a file through, a piece at a time; raises SealBrokenError when it is missing or changed, EvidenceError when unreadable.

        For looking over large files: memory stays small, and nothing of the content is handed out.
        """
        try:
            with self.path(sha256).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError as error:
            raise SealBrokenError(f"the vault has lost file {sha256}; look for it in the backups") from error
        except OSError as error:
            raise EvidenceError(f"vault file {sha256} cannot be read ({error.strerror}); check the disk and the folder's rights") from error
        if found != sha256:
            raise SealBrokenError(f"vault file {sha256} was changed after it was stored; restore it from a backup")

    def remove(self, sha256: str) -> bool:
        """Take a file away for good; whether it was there. Only what the police directed goes so (§8.6). Raises EvidenceError."""
        path = self.path(sha256)
        try:
            path.unlink()
            flush_folder(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise EvidenceError(f"vault file {sha256} cannot be removed ({error.strerror}); check the folder's rights") from error
        return True

    def take_back(self, hashes: Collection[str], known: Callable[[], Collection[str]]) -> int:
        """Remove files of a capture that came to no record; return how many went. Raises EvidenceError when the disk refuses.

        Only what this very object wrote new, and nobody took up since: whoever stores the same content gives the file the present time
        (`put`). That is looked at last, with the file out of everybody's way, and `known` is asked before: what a record names stays.
        Whatever is left is swept within the next nights.
        """
        mine = {sha256: mark for sha256 in sorted(set(hashes)) if (mark := self._fresh.pop(sha256, None)) is not None}
        named = frozenset(known()) if mine else frozenset[str]()
        try:
            return sum(_taken_back(self.path(sha256), mark) for sha256, mark in mine.items() if sha256 not in named)
        except OSError as error:
            raise EvidenceError(f"files that came to no record cannot be removed ({error.strerror}); check the folder's rights") from error

    def sweep(self, now: datetime, known: Collection[str]) -> tuple[str, ...]:
        """Remove temporary files and files without a row, both only when older than an hour; return the names removed.

        Age counts by `now` and by the file system's own time, whichever makes the file younger: the demo's clock runs fast.
        """
        keep = frozenset(known)
        before = min(now, disk_time(self.root)) - SWEEP_AGE
        gone = []
        for path in [path for path in self._files() if path.name not in keep]:
            if changed_at(path) < before:  # asked just before it goes: a retry may have taken up the very same content
                path.unlink(missing_ok=True)
                gone.append(path.name)
        return tuple(sorted(gone))

    def _files(self) -> Iterator[Path]:
        return (path for path in self.root.glob("??/*") if path.is_file())


def require_room(folder: Path, floor: int = FLOOR) -> None:
    """Raise EvidenceError in plain words unless `floor` bytes are free where `folder` lies; asked before a capture begins."""
    near = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(near).free
    if free < floor:
        room = f"only {free // 1000**2} MB are free on the disk and a capture needs {floor // 1000**2} MB"
        raise EvidenceError(f"{room}; nothing was fetched or stored: free some space, then order the capture again")


def _holds(path: Path, content: bytes) -> bool:
    """Whether the very content lies there already; a damaged file is written anew."""
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def _made_young(path: Path) -> bool:
    """Give a file that is there already the present time, so that no sweep takes it before its new row is written; False: it went."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True


def write_file(path: Path, content: bytes) -> None:
    """Write a whole file or none (temporary name, fsync, rename); raises EvidenceError when the disk refuses."""
    try:
        _write_whole(path, content)
    except OSError as error:
        raise EvidenceError(f"'{path.name}' could not be written ({error.strerror}); free some disk space and try again") from error


def _write_whole(path: Path, content: bytes) -> _Mark | None:
    """Write a whole file; return how it lies there where none lay before, None where it took the place of another."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        flush_folder(path.parent.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mark = _placed(Path(name), path)
        flush_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return mark


def _placed(draft: Path, path: Path) -> _Mark | None:
    """Give a written file its name. Its time is set a little back, so that whoever takes it up afterwards leaves another one."""
    if path.exists():
        draft.replace(path)
        return None
    found = draft.stat()
    os.utime(draft, ns=(found.st_atime_ns, found.st_mtime_ns - _BACK))
    mark = _mark(draft)
    try:
        os.link(draft, path)
    except OSError:  # somebody was quicker, or a disk without a second name for a file
        draft.replace(path)
        return None
    draft.unlink()
    return mark


def _mark(path: Path) -> _Mark:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _taken_back(path: Path, mark: _Mark) -> bool:
    """Remove a file unless it was taken up or written anew since it was marked; then it lies there again."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return False
    if _mark(aside) == mark:
        aside.unlink()
        flush_folder(path.parent)
        return True
    with contextlib.suppress(FileExistsError):  # written anew meanwhile, which is just as good
        os.link(aside, path)
    aside.unlink()
    return False


def flush_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk, so that a row is never older than the file it speaks of when the power goes."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows keeps its own order
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def changed_at(path: Path) -> datetime:
    """Return when a file was last written to; the far future for one that is gone by now."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # another sweep was quicker
        return datetime.max.replace(tzinfo=UTC)


def disk_time(folder: Path) -> datetime:
    """Return the file system's idea of the present, read off a file made just now."""
    with tempfile.NamedTemporaryFile(dir=folder) as probe:
        return changed_at(Path(probe.name))
