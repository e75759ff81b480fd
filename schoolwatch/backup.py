"""A backup: the database at one moment, the vault's files, the keys and the settings, in one encrypted file.

Order: the database first, then the vault. Files are only ever added to the vault, so whatever the database speaks of is there; what a
retention run takes away in between is noted. The file is written whole or not at all, and for its owner only.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field

from data.errors import SchoolwatchError, StoreError
from data.model.base import new_id
from data.model.evidence import BackupRun
from data.store import REVISION, Work
from data.store.snapshot import copy_sqlite, sqlite_file
from evidence.custody import FIRST
from evidence.keys import KEY_FILE, SealKey
from evidence.leftovers import sweep_folders
from evidence.seal import canonical
from evidence.vault import flush_folder
from schoolwatch import __version__
from schoolwatch.age_tar import CHUNK, Lock, Member, encrypt, tar_bytes
from schoolwatch.desk import Desk
from schoolwatch.errors import BackupError
from schoolwatch.kept_files import kept_files, withheld_files
from schoolwatch.lookup import LISTS
from schoolwatch.settings import CONFIG_NAME, HANDLE_KEY, Settings

FORMAT = 1
KEPT = timedelta(days=35)  # domain.md §8: what is deleted is gone from the backups as well after 35 days
APP, JOBS, DUMP, ROOT = "state/app.db", "state/jobs.db", "database.pgdump", "state/timestamp-root.pem"
MANIFEST, SIGNATURE, VAULT = "manifest.json", "manifest.sig", "state/vault/"
NAMES = re.compile(
    r"schoolwatch\.toml|database\.pgdump|manifest\.(json|sig)"
    r"|state/(app\.db|jobs\.db|seal-key\.pem|handles\.key|timestamp-root\.pem|rdap/[a-z0-9_-]{1,40}\.json|vault/(?P<head>[0-9a-f]{2})/(?P=head)[0-9a-f]{62})"
)
_OURS = re.compile(r"schoolwatch-(\d{8}T\d{12})Z\.tar\.age")
_TRIES = 3  # at a backup during which cases are stopped
_PARTIAL, _WORK = ".schoolwatch-*.partial", ".backup-*"
_log = structlog.get_logger(__name__)


class Listed(BaseModel):
    """A file of a backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str
    bytes: int = Field(ge=0)


class Manifest(BaseModel):
    """What a backup holds: `manifest.json`, its last file but the signature, which the key that seals evidence made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schoolwatch: str = "backup"
    version: int = FORMAT
    made_at: datetime
    program: str
    revision: str
    database: str
    register_number: int
    register_hash: str
    counts: dict[str, int]
    withheld: int
    lost: tuple[str, ...]  # SHA-256 of what was missing or changed in the vault already
    purged: tuple[str, ...]  # of what went by retention between the two halves of the backup
    key_id: str
    files: tuple[Listed, ...]


@dataclass(frozen=True)
class Made:
    """A backup that was made: where it lies, its row, and how much it leaves out: by order (`withheld`) and because it was lost."""

    path: Path
    run: BackupRun
    withheld: int
    lost: tuple[str, ...]


@dataclass(frozen=True)
class _Facts:
    """What the database says at the moment of the backup."""

    kept: Mapping[str, str]
    withheld: frozenset[str]
    counts: Mapping[str, int]
    register: tuple[int, str]


@dataclass
class _Taken:
    """What went into the tar so far."""

    files: list[Listed] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)  # SHA-256 of what is missing in the vault or changed
    lost: frozenset[str] = frozenset()


def file_name(at: datetime) -> str:
    """Return the name of a backup made at `at`."""
    return f"schoolwatch-{at.astimezone(UTC):%Y%m%dT%H%M%S%f}Z.tar.age"


def lock_of(settings: Settings, passphrase: str | None = None) -> Lock:
    """Return to whom backups are locked here; raises BackupError when nothing is set up."""
    if passphrase is not None:
        return Lock(passphrase=passphrase)
    if settings.backup_recipient is None:
        raise BackupError("no backup without a key: `schoolwatch backup-key` makes one, or ask for a passphrase with --passphrase")
    return Lock(settings.backup_recipient)


def make(desk: Desk, lock: Lock, out: Path | None = None) -> Made:
    """Make a backup in the folder of the settings, or as the file `out`, and note it; a failure is noted as well and raised.

    Raises BackupError in plain words: no folder, no room, the disk is full. Then nothing of it is left.
    """
    at = desk.clock.now()
    try:
        made = _made(desk, lock, _target(desk.settings, at, out), at)
    except (SchoolwatchError, OSError) as error:
        refusal = error if isinstance(error, SchoolwatchError) else BackupError(_disk_words(error))
        with contextlib.suppress(StoreError):  # the disk may be full for the note as well; the refusal itself is what must be heard
            _note(desk, BackupRun(id=new_id(at), at=at, kind="backup", file=out.name if out else file_name(at), problem=str(refusal)))
        raise refusal from error
    _note(desk, made.run)
    _log.info("backup made", files=made.run.files, size=made.run.size)
    return made


def _target(settings: Settings, at: datetime, out: Path | None) -> Path:
    folder = out.parent if out else settings.backup_dir
    if folder is None:
        raise BackupError("where should the backup go? Set backup_dir in schoolwatch.toml, or name a file with --out")
    if not folder.is_dir():  # never made here: behind it may be a disk that is not plugged in
        raise BackupError(f"the folder for backups is not there: {folder}; is its disk connected?")
    target = out or folder / file_name(at)
    if target.exists():
        raise BackupError(f"{target} is there already; a backup never writes over another")
    return target


def _disk_words(error: OSError) -> str:
    return f"no backup was made: {error.strerror or 'the disk refused'}; free some space where backups lie, then try again"


def _note(desk: Desk, run: BackupRun) -> None:
    with desk.store.begin("system") as work:
        work.backups.add(run)
        work.commit()


class _StoppedMeanwhileError(Exception):
    """A case was stopped while its files were being backed up: the draft must not become a backup."""


def _made(desk: Desk, lock: Lock, target: Path, at: datetime) -> Made:
    """Make the backup; anew when a case was stopped meanwhile, whose files would be in it (evidence.md §8.6)."""
    for _ in range(_TRIES):
        with contextlib.suppress(_StoppedMeanwhileError):
            return _once(desk, lock, target, at)
        _log.warning("backup begun anew")
    raise BackupError(f"no backup was made: cases were stopped while it was being made, {_TRIES} times in a row; try again later")


def _once(desk: Desk, lock: Lock, target: Path, at: datetime) -> Made:
    signer = desk.sealer.key  # made by now, if there was none, so that it is among the files
    with tempfile.TemporaryDirectory(prefix=_WORK[:-1], dir=desk.settings.state_dir) as work_folder:
        copies, facts = _copies(desk, Path(work_folder))
        taken = _Taken()
        _require_room(target.parent, sum(path.stat().st_size for path in copies.values()), desk, facts)
        members = _members(desk, signer, copies, facts, taken, at)
        size = _write_whole(target, tar_bytes(members, at), lock, lambda: _still_allowed(desk, facts))
    lost = tuple(sorted({facts.kept[one] for one in taken.lost}))
    problem = f"files are missing or changed: {', '.join(lost)}; run `schoolwatch vault-check`" if lost else ""
    run = BackupRun(id=new_id(at), at=at, kind="backup", file=target.name, size=size, files=len(taken.files), ok=True, problem=problem)
    return Made(target, run, len(facts.withheld), lost)


def _copies(desk: Desk, folder: Path) -> tuple[dict[str, Path], _Facts]:
    """Copy the databases; return them by their names in the backup, and what the school's database says at that very moment."""
    name = APP if desk.store.dialect == "sqlite" else DUMP
    copies = {name: folder / "database"}
    with desk.store.snapshot(copies[name]) as work:
        facts = _facts(work)
    jobs = sqlite_file(desk.settings.jobs_url)
    if jobs is not None and jobs.is_file():
        copies[JOBS] = folder / "jobs"
        copy_sqlite(jobs, copies[JOBS])
    return copies, facts


def _facts(work: Work) -> _Facts:
    last = work.custody.where(order_by="number")[-1:]
    counts = {"cases": work.cases.count(), "posts": work.posts.count(), "evidence": work.evidence.count(), "custody": work.custody.count()}
    register = (last[0].number, last[0].hash) if last else (0, FIRST)
    return _Facts(kept_files(work), withheld_files(work), counts, register)


def _require_room(folder: Path, databases: int, desk: Desk, facts: _Facts) -> None:
    """Refuse at once what cannot fit: a night's work less on a disk that is nearly full."""
    wanted = databases + sum(_size(desk.vault.path(one)) for one in facts.kept.keys() - facts.withheld)
    free = shutil.disk_usage(folder).free
    if free < wanted:
        room = f"the backup needs about {wanted // 1000**2 + 1} MB and {free // 1000**2} MB are free in {folder}"
        raise BackupError(f"no backup was made: {room}; free some space or choose another folder")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _members(desk: Desk, signer: SealKey, copies: Mapping[str, Path], facts: _Facts, taken: _Taken, at: datetime) -> Iterator[Member]:
    for name, path in {**_small_files(desk.settings), **copies}.items():
        yield from _member(name, path, taken)
    for sha256 in sorted(facts.kept.keys() - facts.withheld):
        yield from _member(f"{VAULT}{sha256[:2]}/{sha256}", desk.vault.path(sha256), taken)
    listing = _manifest(desk, signer, facts, taken, at)
    yield Member(MANIFEST, len(listing), (listing,))
    signature = signer.sign(listing)
    yield Member(SIGNATURE, len(signature), (signature,))


def _small_files(settings: Settings) -> dict[str, Path]:
    """Return the settings, the keys and the lists of registries that are there."""
    lists = {f"state/{LISTS}/{path.name}": path for path in sorted((settings.state_dir / LISTS).glob("*.json"))}
    named = {f"state/{name}": settings.state_dir / name for name in (KEY_FILE, HANDLE_KEY)}
    elsewhere = {CONFIG_NAME: settings.config_path, ROOT: settings.timestamp_root}
    found = {**{name: path for name, path in elsewhere.items() if path is not None}, **named, **lists}
    return {name: path for name, path in found.items() if path.is_file()}


def _member(name: str, path: Path, taken: _Taken) -> Iterator[Member]:
    """Yield a file as a member, if it is there, and list it with the SHA-256 of what was read."""
    sha256 = path.name if name.startswith(VAULT) else None
    try:
        source = path.open("rb")
    except FileNotFoundError:
        taken.odd += [path.name] if sha256 else []
        return
    with source:
        size, found = os.fstat(source.fileno()).st_size, hashlib.sha256()

        def pieces() -> Iterator[bytes]:
            while piece := source.read(CHUNK):
                found.update(piece)
                yield piece

        yield Member(name, size, pieces())
    taken.files.append(Listed(name=name, sha256=found.hexdigest(), bytes=size))
    if sha256 not in {None, found.hexdigest()}:
        taken.odd.append(path.name)


def _manifest(desk: Desk, signer: SealKey, facts: _Facts, taken: _Taken, at: datetime) -> bytes:
    taken.lost = _still_kept(desk, taken.odd)
    made = Manifest(
        made_at=at,
        program=__version__,
        revision=REVISION,
        database=desk.store.dialect,
        register_number=facts.register[0],
        register_hash=facts.register[1],
        counts=dict(facts.counts),
        withheld=len(facts.withheld),
        lost=tuple(sorted(taken.lost)),
        purged=tuple(sorted(set(taken.odd) - taken.lost)),
        key_id=signer.id,
        files=tuple(taken.files),
    )
    return canonical(made.model_dump(mode="json"))


def _still_allowed(desk: Desk, facts: _Facts) -> None:
    """Raise when a file that went into the backup must leave this computer no more."""
    with desk.store.read() as work:
        now = withheld_files(work)
    if now & facts.kept.keys() - facts.withheld:
        raise _StoppedMeanwhileError


def _write_whole(target: Path, pieces: Iterator[bytes], lock: Lock, last_look: Callable[[], None]) -> int:
    """Write the encrypted file under a temporary name, bring it to the disk, give it its name; return its size.

    `last_look` is asked before it gets its name, and raises when it must not.
    """
    draft = target.with_name(f".schoolwatch-{secrets.token_hex(6)}.partial")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            encrypt(pieces, file, lock)
            file.flush()
            os.fsync(file.fileno())
            size = os.fstat(file.fileno()).st_size
        last_look()
        draft.rename(target)
        flush_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)
    return size


def _still_kept(desk: Desk, odd: list[str]) -> frozenset[str]:
    """Return which of the files that were not as they should be are not simply gone by a retention run in the meantime."""
    if not odd:
        return frozenset()
    with desk.store.read() as work:
        return frozenset(odd) & kept_files(work).keys()


def forget_old(settings: Settings, now: datetime) -> int:
    """Delete backups of ours that are older than 35 days, and leftovers of ones that broke off; return how many backups went.

    Only files under our own name in the folder for backups; the age is the one in the name. The newest stays whatever its age: a backup
    that is too old is better than none, and the doctor says so.
    """
    sweep_folders(settings.state_dir, _WORK, now)
    folder = settings.backup_dir
    if folder is None or not folder.is_dir():
        return 0
    sweep_folders(folder, _PARTIAL, now)
    old = [path for path, at in own_backups(folder)[:-1] if now - at > KEPT]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def own_backups(folder: Path) -> list[tuple[Path, datetime]]:
    """Return the backups of ours in a folder with the moments in their names, oldest first."""
    found = ((path, _OURS.fullmatch(path.name)) for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    dated = ((path, _moment(match[1])) for path, match in found if match)
    return sorted(((path, at) for path, at in dated if at is not None), key=lambda one: one[1])


def _moment(written: str) -> datetime | None:
    try:
        return datetime.strptime(f"{written}+0000", "%Y%m%dT%H%M%S%f%z")
    except ValueError:
        return None
