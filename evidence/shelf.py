"""The files of a pack as they lie somewhere, in a ZIP or in a folder: each is read once, hashed in pieces, and nothing is written.

What a stranger hands over may be made to overwhelm whoever opens it. So there are bounds for how many files, how much and how deep;
links are not followed, and whatever is no ordinary file is not opened (evidence.md §7).
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from data.errors import EvidenceError
from evidence.stored_zip import MAX_BYTES, MAX_ENTRIES, MAX_NAME, Entry, LayoutError, faults, layout

_CHUNK = 1 << 21
_ALONE = 1 << 18  # below this a second thread costs more than it saves
MAX_DEPTH = 8
_OURS = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
BY_MACS = ".DS_Store"  # hidden, and yet it is read and named like any other file that was added: macOS puts it into each folder
TOO_MUCH = "there is more in this folder than in any pack"


@dataclass(frozen=True)
class Digest:
    """What a file really is."""

    sha256: str
    sha512: str
    bytes: int
    crc: int = 0


class Shelf(Protocol):
    """The files of one pack, by their names inside it."""

    @property
    def name(self) -> str | None:
        """What the pack's folder is called, where that cannot have been changed by unpacking; None otherwise."""

    @property
    def digests(self) -> Mapping[str, Digest]:
        """What each file really is."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with how the files lie there, in plain words."""

    def text(self, name: str, limit: int) -> bytes:
        """Return a file's content; empty when it is missing or longer than `limit`."""


def digest(source: BinaryIO, size: int, pool: ThreadPoolExecutor) -> Digest:
    """Read `size` bytes in pieces and return what they are; both hashes of a piece are reckoned at the same time."""
    one, two, crc, left = hashlib.sha256(), hashlib.sha512(), 0, size
    while left and (piece := source.read(min(left, _CHUNK))):
        other = pool.submit(two.update, piece) if len(piece) > _ALONE else None
        one.update(piece)
        crc = zlib.crc32(piece, crc)
        other.result() if other else two.update(piece)
        left -= len(piece)
    return Digest(one.hexdigest(), two.hexdigest(), size - left, crc)


def hidden_fault(name: str) -> str | None:
    """Return what is wrong with a name that could lead out of the folder, deceive, or is none of ours; None for a plain one."""
    if name.startswith(("/", "~")) or "\\" in name or ":" in name or ".." in name.split("/"):
        return f"{name} is a path that leads out of the folder"
    return None if _OURS.fullmatch(name) else f"{name} was added: its name is none of ours"


@dataclass(frozen=True)
class ZipShelf:
    """A pack as the ZIP that leaves the school: one folder in it, named like the pack."""

    source: BinaryIO
    entries: Mapping[str, Entry]
    digests: Mapping[str, Digest]
    faults: tuple[str, ...]
    name: str | None

    @classmethod
    def of(cls, source: BinaryIO) -> ZipShelf:
        """Read every file of the ZIP once; raises LayoutError for what is no ZIP or overlaps itself."""
        entries = layout(source)
        with ThreadPoolExecutor(1) as pool:
            found = [_digest_at(source, entry, pool) for entry in entries]
        # Of most files, not of the first one: a changed letter shall not make everything else foreign.
        top = Counter(entry.name.partition("/")[0] for entry in entries).most_common(1)[0][0] + "/"
        wrong = [*_twice(entry.name for entry in entries), *_order_faults(entries, top)]
        wrong += [fault for entry in entries if (fault := hidden_fault(entry.name))]
        wrong += faults(source, entries, [one.crc for one in found])
        names = [entry.name.removeprefix(top) for entry in entries]
        return cls(source, dict(zip(names, entries, strict=True)), dict(zip(names, found, strict=True)), tuple(wrong), top.rstrip("/"))

    def text(self, name: str, limit: int) -> bytes:
        """Return a file's content; empty when it is missing or longer than `limit`."""
        entry = self.entries.get(name)
        if entry is None or entry.size > limit:
            return b""
        self.source.seek(entry.start)
        return self.source.read(entry.size)


def _digest_at(source: BinaryIO, entry: Entry, pool: ThreadPoolExecutor) -> Digest:
    source.seek(entry.start)
    return digest(source, entry.size, pool)


def _order_faults(entries: tuple[Entry, ...], top: str) -> Iterator[str]:
    names = [entry.name for entry in entries]
    if names != sorted(names):
        yield "the files do not stand in the order in which packs are written"
    yield from (f"{name} was added: it does not lie in the pack's folder" for name in names if not name.startswith(top))


def _twice(names: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            yield f"{name} stands in it twice"
        seen.add(name.casefold())


@dataclass
class FolderShelf:
    """An unpacked pack."""

    root: Path
    digests: dict[str, Digest] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    name: str | None = None
    seen: int = 0

    @classmethod
    def of(cls, root: Path) -> FolderShelf:
        """Read every ordinary file of the folder once; raises LayoutError when there is more in it than in any pack."""
        shelf = cls(root)
        with ThreadPoolExecutor(1) as pool:
            left = MAX_BYTES
            for name in shelf._names("", 0):
                left -= shelf._take(name, left, pool)
        shelf.wrong += _twice(iter(shelf.digests))
        return shelf

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with how the files lie there, in plain words."""
        return tuple(self.wrong)

    def text(self, name: str, limit: int) -> bytes:
        """Return a file's content; empty when it is missing or longer than `limit`."""
        known = self.digests.get(name)
        if known is None or known.bytes > limit:
            return b""
        with opened(self.root / name) as source:
            return source.read(limit)

    def _names(self, folder: str, depth: int) -> Iterator[str]:
        """Yield the ordinary files' names; note everything else."""
        if depth > MAX_DEPTH:
            raise LayoutError(TOO_MUCH)
        before = self.seen
        with os.scandir(self.root / folder) as listed:
            for one in listed:
                self.seen += 1
                if self.seen > MAX_ENTRIES:
                    raise LayoutError(TOO_MUCH)
                yield from self._one(one, folder + os.fsencode(one.name).decode("ascii", "backslashreplace"), depth)
        if self.seen == before:
            self.wrong.append(f"{folder} was added: an empty folder")

    def _one(self, one: os.DirEntry[str], name: str, depth: int) -> Iterator[str]:
        fault = None if one.name == BY_MACS and one.is_file(follow_symlinks=False) else hidden_fault(name)
        if fault or len(name) > MAX_NAME:
            self.wrong.append(fault or "a name in it is longer than any of ours")
        elif one.is_dir(follow_symlinks=False):
            yield from self._names(f"{name}/", depth + 1)
        elif one.is_file(follow_symlinks=False):
            yield name
        else:
            self.wrong.append(f"{name} was changed: it is a link or a device and no ordinary file")

    def _take(self, name: str, left: int, pool: ThreadPoolExecutor) -> int:
        with opened(self.root / name) as source:
            size = os.fstat(source.fileno()).st_size
            if size > left:
                raise LayoutError(TOO_MUCH)
            self.digests[name] = digest(source, size, pool)
        return size


def opened(path: Path, *, follow: bool = False) -> BinaryIO:
    """Open an ordinary file for reading without ever waiting for it; raises EvidenceError for a device or a pipe, OSError otherwise."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | (0 if follow else getattr(os, "O_NOFOLLOW", 0))
    handle = os.open(path, flags)
    kind = os.fstat(handle).st_mode
    if stat.S_ISREG(kind):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise EvidenceError("this is a device or a pipe and no ordinary file")
