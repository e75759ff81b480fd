"""A ZIP that can be written in one way only: stored, fixed order, fixed dates, no comments, no extras.

So every byte of the file is either content (hashed by the manifest) or follows from names, sizes and contents; a reader can
work out what must stand there and find any byte that differs (PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.16).
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from data.errors import EvidenceError

MAX_BYTES = 1 << 30  # a pack beyond 1 GiB is refused; a plain ZIP could hold 4
MAX_ENTRIES = 5_000
MAX_NAME = 200
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_DATE, _TIME = 0x21, 0  # 1 January 1980, midnight: no time of ours hides in the container
_LOCAL_SIZE, _CENTRAL_SIZE, _END_SIZE = 30, 46, 22
_CHUNK = 1 << 20


class LayoutError(EvidenceError):
    """This is not a ZIP that can be read."""


@dataclass(frozen=True)
class Entry:
    """One file in a ZIP: its name, where its content begins and how long it is."""

    name: str
    start: int
    size: int


def local_header(name: str, crc: int, size: int) -> bytes:
    """Return the only header that may stand before this content."""
    raw = name.encode("ascii")
    return _LOCAL + struct.pack("<HHHHHIIIHH", 10, 0, 0, _TIME, _DATE, crc, size, size, len(raw), 0) + raw


def central_record(name: str, crc: int, size: int, offset: int) -> bytes:
    """Return the only directory line for this content (made by: Unix, ordinary file, rw-r--r--)."""
    raw = name.encode("ascii")
    fixed = struct.pack(
        "<HHHHHHIIIHHHHHII", (3 << 8) | 20, 10, 0, 0, _TIME, _DATE, crc, size, size, len(raw), 0, 0, 0, 0, 0o100644 << 16, offset
    )
    return _CENTRAL + fixed + raw


def end_record(count: int, size: int, offset: int) -> bytes:
    """Return the only end of such a ZIP: no comment."""
    return _END + struct.pack("<HHHHIIH", 0, 0, count, count, size, offset, 0)


def check_names(names: Iterable[str]) -> None:
    """Raise EvidenceError for what our own reader would refuse, in the ZIP or unpacked: too many files and folders, or too long a name."""
    files = set(names)
    folders = {name[:place] for name in files for place, char in enumerate(name) if char == "/"}
    if len(files) + len(folders) - 1 > MAX_ENTRIES:  # without the one folder around them all
        raise EvidenceError(f"this pack would hold more than {MAX_ENTRIES:,} files and folders; export fewer captures at a time")
    if any(len(name) > MAX_NAME for name in files):
        raise EvidenceError(f"a name in this pack would be longer than {MAX_NAME} characters; give the pack a shorter name")


def write(target: BinaryIO, files: Iterable[tuple[str, bytes]]) -> None:
    """Write the files in the order given; raises EvidenceError beyond `MAX_BYTES`."""
    directory, offset, count = bytearray(), 0, 0
    for name, content in files:
        crc = zlib.crc32(content)
        directory += central_record(name, crc, len(content), offset)
        offset += target.write(local_header(name, crc, len(content)))
        offset += target.write(content)
        count += 1
        if offset + len(directory) > MAX_BYTES:
            raise EvidenceError("this pack would pass 1 GiB; export fewer captures at a time")
    target.write(bytes(directory) + end_record(count, len(directory), offset))


def layout(source: BinaryIO) -> tuple[Entry, ...]:
    """Return the entries, from the directory at the end or, when that is damaged, from the headers in front; raises LayoutError."""
    length = source.seek(0, os.SEEK_END)
    if length > MAX_BYTES + _CHUNK:
        raise LayoutError("the file is larger than any pack")
    overlap = False
    for read in (_from_directory, _from_headers):
        entries = read(source, length)
        if sum(entry.size for entry in entries) > length:
            overlap = True  # a flipped bit in a size of the directory does this too: then the headers in front tell
        elif entries:
            return entries
    if overlap:
        raise LayoutError("the files in this ZIP overlap: it was made to overwhelm whoever opens it")
    raise LayoutError("this is not a ZIP file, or it was cut off")


def _from_directory(source: BinaryIO, length: int) -> tuple[Entry, ...]:
    end = _at(source, length - _END_SIZE, _END_SIZE)
    if len(end) < _END_SIZE or not end.startswith(_END):
        return ()
    _, _, count, _, size, offset, _ = struct.unpack("<HHHHIIH", end[4:])
    if count > MAX_ENTRIES or size > count * (_CENTRAL_SIZE + MAX_NAME):
        return ()
    return _directory_entries(_at(source, offset, size), count, length)


def _directory_entries(directory: bytes, count: int, length: int) -> tuple[Entry, ...]:
    entries, place = [], 0
    for _ in range(count):
        record = directory[place : place + _CENTRAL_SIZE]
        if len(record) < _CENTRAL_SIZE or not record.startswith(_CENTRAL):
            return ()
        size, _, name_size, extra, comment = struct.unpack("<IIHHH", record[20:34])
        (offset,) = struct.unpack("<I", record[42:46])
        entry = _entry(directory[place + _CENTRAL_SIZE : place + _CENTRAL_SIZE + name_size], offset + _LOCAL_SIZE + name_size, size, length)
        if entry is None:
            return ()
        entries.append(entry)
        place += _CENTRAL_SIZE + name_size + extra + comment
    return tuple(entries)


def _from_headers(source: BinaryIO, length: int) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    place = 0
    while len(entries) < MAX_ENTRIES:
        header = _at(source, place, _LOCAL_SIZE)
        if len(header) < _LOCAL_SIZE or not header.startswith(_LOCAL):
            break
        size, _, name_size, extra = struct.unpack("<IIHH", header[18:30])
        start = place + _LOCAL_SIZE + name_size + extra
        entry = _entry(_at(source, place + _LOCAL_SIZE, min(name_size, MAX_NAME)), start, size, length)
        if entry is None:
            break
        entries.append(entry)
        place = start + size
    return tuple(entries)


def _entry(raw: bytes, start: int, size: int, length: int) -> Entry | None:
    """Return the entry when its content lies inside the file."""
    if not raw or len(raw) > MAX_NAME or start + size > length:
        return None
    return Entry(raw.decode("ascii", errors="backslashreplace"), start, size)


def _at(source: BinaryIO, place: int, size: int) -> bytes:
    if place < 0:
        return b""
    source.seek(place)
    return source.read(size)


def faults(source: BinaryIO, entries: Sequence[Entry], sums: Sequence[int]) -> tuple[str, ...]:
    """Compare everything around the contents with what our writer would have written; each difference is named.

    `sums`: the CRC-32 of what each entry really holds.
    """
    found: list[str] = []
    expected_start, directory = 0, bytearray()
    for entry, crc in zip(entries, sums, strict=True):
        name, size = entry.name, entry.size
        if not name.isascii() or "\\" in name:
            return (f"the name {name!r} is none of ours",)
        header = local_header(name, crc, size)
        if entry.start != expected_start + len(header) or _at(source, expected_start, len(header)) != header:
            found.append(f"the ZIP header of {name} was changed")
        directory += central_record(name, crc, size, expected_start)
        expected_start += len(header) + size
    found.extend(_tail_faults(source, entries, bytes(directory), expected_start))
    return tuple(found)


def _tail_faults(source: BinaryIO, entries: Sequence[Entry], directory: bytes, offset: int) -> tuple[str, ...]:
    source.seek(offset)
    tail = source.read(len(directory) + _END_SIZE + 1)
    end = end_record(len(entries), len(directory), offset)
    if tail == directory + end:
        return ()
    place = 0
    for entry in entries:
        size = _CENTRAL_SIZE + len(entry.name)
        if tail[place : place + size] != directory[place : place + size]:
            return (f"the ZIP directory line of {entry.name} was changed",)
        place += size
    return ("the end of the ZIP was changed, or something was added behind it",)
