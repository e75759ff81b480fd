"""A tar stream in an age file: written and read piece by piece, so that memory stays small however large the vault is.

Format of the outside: age v1 (C2SP age), to a recipient's public key or to a passphrase; of the inside: tar (POSIX.1-1988 ustar), so that
the stock programs `age` and `tar` open a backup without us. What is read back may come from anybody who knows the public key: only plain
files under names of our own are taken, each once.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

import pyrage  # type: ignore[import-untyped]

from data.errors import SchoolwatchError
from schoolwatch.errors import BackupError, RestoreError

BLOCK = tarfile.BLOCKSIZE
CHUNK = 1 << 20
MOST_BY_PASSPHRASE = 256 * 1000**2  # bytes: a passphrase's backup is encrypted in memory
SHORTEST = 12  # signs of a passphrase
_AGE, _BY_PASSPHRASE, _ARMOURED = b"age-encryption.org/v1\n", b"-> scrypt ", b"-----BEGIN AGE"
_DAMAGED = "the backup is cut off or was changed after it was made; use another one"


@dataclass(frozen=True)
class Lock:
    """To whom a backup is locked: the public half of a key, or whoever knows a passphrase. One of the two."""

    recipient: str | None = None
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Opener:
    """What opens a backup: the secret half of a key (`AGE-SECRET-KEY-1…`), or the passphrase."""

    secret_key: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Member:
    """A file for the tar: its name there, its size in bytes, and its content in pieces of just that size."""

    name: str
    size: int
    pieces: Iterable[bytes]


def new_pair() -> tuple[str, str]:
    """Return a new pair: the public half, which may be written anywhere, and the secret half, which is kept on paper elsewhere."""
    made = pyrage.x25519.Identity.generate()
    return str(made.to_public()), str(made)


def is_recipient(text: str) -> bool:
    """Whether this is the public half of a key, with its check sum."""
    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        return False
    return True


def tar_bytes(members: Iterable[Member], at: datetime) -> Iterator[bytes]:
    """Yield a tar of the members, in their order; raises BackupError when one turns out to be of another size."""
    for member in members:
        yield _header(member, at)
        size = 0
        for piece in member.pieces:
            size += len(piece)
            yield piece
        if size != member.size:
            raise BackupError(f"{member.name} changed while it was copied; no backup was made: try again")
        yield bytes(-size % BLOCK)
    yield bytes(2 * BLOCK)


def _header(member: Member, at: datetime) -> bytes:
    info = tarfile.TarInfo(member.name)
    info.size, info.mtime, info.mode = member.size, int(at.timestamp()), 0o600
    return info.tobuf(tarfile.GNU_FORMAT)


class _Source:
    """What the encryption reads from. It tells faults of its reader in words only, so the first one is kept here."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, memoryview(b"")  # a view: cutting bytes again and again would copy a piece a hundred times
        self.problem: SchoolwatchError | OSError | None = None

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; nothing at the end."""
        while not self._rest:
            try:
                self._rest = memoryview(next(self._pieces))
            except StopIteration:
                return b""
            except (SchoolwatchError, OSError) as error:
                self.problem = error
                raise
        wanted = len(self._rest) if size < 0 else size
        found, self._rest = bytes(self._rest[:wanted]), self._rest[wanted:]
        return found


class _Sink:
    """What the encryption or decryption writes to; keeps the first fault, as `_Source` does."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self._take = take
        self.problem: SchoolwatchError | OSError | None = None

    def write(self, content: bytes) -> int:
        """Pass the bytes on."""
        try:
            self._take(content)
        except (SchoolwatchError, OSError) as error:
            self.problem = error
            raise
        return len(content)

    def flush(self) -> None:
        """Do nothing: whoever owns the file brings it to the disk."""


def encrypt(pieces: Iterator[bytes], target: IO[bytes], lock: Lock) -> None:
    """Write the pieces, encrypted, to an open file.

    Raises BackupError for a lock that is none, and whatever the pieces or the disk raised.
    """
    source, sink = _Source(pieces), _Sink(target.write)
    try:
        if lock.passphrase is not None:
            _require_long(lock.passphrase)
            sink.write(pyrage.passphrase.encrypt(_all_of(source), lock.passphrase))
        else:
            pyrage.encrypt_io(source, sink, [_recipient(lock)])
    except pyrage.EncryptError as error:
        raise (source.problem or sink.problem or BackupError("the backup could not be encrypted; nothing was kept")) from error


def _recipient(lock: Lock) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(lock.recipient or "")
    except pyrage.RecipientError as error:
        raise BackupError("backup_recipient is not a public key (age1…): `schoolwatch backup-key` makes a pair") from error


def _require_long(passphrase: str) -> None:
    if len(passphrase) < SHORTEST:
        raise BackupError(f"a passphrase needs {SHORTEST} signs or more: four words in a row are a good one")


def _all_of(source: _Source) -> bytes:
    parts, size = [], 0
    while piece := source.read():
        parts.append(piece)
        size += len(piece)
        if size > MOST_BY_PASSPHRASE:
            most = MOST_BY_PASSPHRASE // 1000**2
            raise BackupError(f"a backup of more than {most} MB needs a key, not a passphrase: `schoolwatch backup-key` makes one")
    return b"".join(parts)


class Unpacker:
    """Takes a tar in pieces of any size and writes its files below a folder; `files` holds the SHA-256 and the size of each.

    Raises RestoreError for a member that is not a plain file, whose name is not one of ours (`allowed`), or that comes twice: so no link,
    no device, no `..` and no sparse file of a billion bytes can be in it. Nothing is ever written outside the folder.
    """

    def __init__(self, folder: Path, allowed: re.Pattern[str]) -> None:
        self._folder, self._allowed = folder, allowed
        self.files: dict[str, tuple[str, int]] = {}
        self.is_ended = False
        self._head = bytearray()
        self._left = self._padding = 0
        self._name, self._sum = "", hashlib.sha256()
        self._file: IO[bytes] | None = None

    def take(self, content: bytes) -> None:
        """Take the next piece."""
        rest = memoryview(content)
        while rest and not self.is_ended:
            rest = self._take_some(rest)

    def _take_some(self, rest: memoryview) -> memoryview:
        if self._left:
            return self._take_content(rest)
        if self._padding:
            skipped = min(self._padding, len(rest))
            self._padding -= skipped
            return rest[skipped:]
        wanted = BLOCK - len(self._head)
        self._head += rest[:wanted]
        if len(self._head) == BLOCK:
            self._begin(bytes(self._head))
            self._head.clear()
        return rest[wanted:]

    def _begin(self, head: bytes) -> None:
        if head == bytes(BLOCK):
            self.is_ended = True
            return
        try:
            info = tarfile.TarInfo.frombuf(head, "utf-8", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError) as error:
            raise RestoreError("what is in the backup is not a tar of ours; use another backup") from error
        if info.type != tarfile.REGTYPE or info.size < 0 or not self._allowed.fullmatch(info.name):
            raise RestoreError(
                "the backup holds something that no backup of ours holds (a strange name, a link or a device); nothing was kept"
            )
        if info.name in self.files:
            raise RestoreError("the backup holds a file twice; nothing was kept")
        self._open(info.name, info.size)

    def _open(self, name: str, size: int) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._name, self._file, self._sum = name, os.fdopen(handle, "wb"), hashlib.sha256()
        self._left, self._padding = size, -size % BLOCK
        self.files[name] = ("", size)
        if not size:
            self._end_file()

    def _take_content(self, rest: memoryview) -> memoryview:
        part = rest[: self._left]
        if self._file is not None:
            self._file.write(part)
        self._sum.update(part)
        self._left -= len(part)
        if not self._left:
            self._end_file()
        return rest[len(part) :]

    def _end_file(self) -> None:
        self.files[self._name] = (self._sum.hexdigest(), self.files[self._name][1])
        self.close()

    def close(self) -> None:
        """Close the file that is being written, if any."""
        if self._file is not None:
            self._file.close()
            self._file = None


def decrypt(backup: Path, opener: Opener, unpacker: Unpacker) -> None:
    """Decrypt a backup into the unpacker; raises RestoreError in plain words, OSError when the disk refuses."""
    _check_kind(backup, opener)
    sink = _Sink(unpacker.take)
    try:
        if opener.passphrase is not None:
            sink.write(pyrage.passphrase.decrypt(backup.read_bytes(), opener.passphrase))
        else:
            with backup.open("rb") as source:
                pyrage.decrypt_io(source, sink, [_identity(opener)])
    except (pyrage.DecryptError, OSError) as error:
        raise (sink.problem or _refusal(error, opener)) from error
    finally:
        unpacker.close()
    if not unpacker.is_ended:
        raise RestoreError(_DAMAGED)


def _check_kind(backup: Path, opener: Opener) -> None:
    """Say what is wrong with the pair of file and key before anything is tried."""
    with backup.open("rb") as source:
        start = source.read(len(_AGE) + len(_BY_PASSPHRASE))
    if not start.startswith(_AGE):
        raise RestoreError(f"{backup.name} is not a backup of Schoolwatch (not an age file)")
    is_by_passphrase = start.endswith(_BY_PASSPHRASE)
    if is_by_passphrase and opener.passphrase is None:
        raise RestoreError(f"{backup.name} was made with a passphrase: use --passphrase")
    if not is_by_passphrase and opener.passphrase is not None:
        raise RestoreError(f"{backup.name} was made with a key, not with a passphrase: use --identity")
    if is_by_passphrase and backup.stat().st_size > MOST_BY_PASSPHRASE * 11 // 10:
        raise RestoreError(f"{backup.name} is larger than any backup that we make with a passphrase")


def _identity(opener: Opener) -> pyrage.x25519.Identity:
    try:
        return pyrage.x25519.Identity.from_str((opener.secret_key or "").strip())
    except pyrage.IdentityError as error:
        raise RestoreError("the secret key is not one: it begins with AGE-SECRET-KEY-1 and is 74 signs long; look for a slip") from error


def _refusal(error: Exception, opener: Opener) -> SchoolwatchError | OSError:
    """Say why the decryption refused. A fault of the disk has a number; one of the content has none."""
    if isinstance(error, OSError):
        return error if error.errno is not None else RestoreError(_DAMAGED)
    if opener.passphrase is not None and "ecryption failed" in str(error):
        return RestoreError("the passphrase is not the one that the backup was made with, or the backup was changed")
    if "No matching keys" in str(error):
        return RestoreError("this key does not open the backup: it was made for another one")
    return RestoreError(_DAMAGED)


def secret_key_of(content: bytes, ask: Callable[[], str]) -> str:
    """Return the secret key in a key file as `age-keygen` writes it; `ask` gives the passphrase of one that is locked itself.

    Raises RestoreError for a file without a key.
    """
    if content.startswith((_AGE, _ARMOURED)):
        try:
            content = pyrage.passphrase.decrypt(content, ask())
        except pyrage.DecryptError as error:
            raise RestoreError("the key file did not open with this passphrase") from error
    lines = content.decode("utf-8", "replace").splitlines()
    found = [line.strip() for line in lines if line.strip().upper().startswith("AGE-SECRET-KEY-")]
    if len(found) != 1:
        raise RestoreError("the key file holds no secret key, or several: one line in it begins with AGE-SECRET-KEY-1")
    return found[0]
