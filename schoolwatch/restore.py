"""Back from a backup: the drill that proves that one can be restored, and the restoring itself.

A drill lays everything out in a private temporary folder, holds it against itself and takes it away again. A backup may have been made by
anybody who knows the public key: nothing of it is run, and only files under our own names are written (schoolwatch.age_tar).
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import stat
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from pydantic import ValidationError

from data.clock import Clock
from data.errors import EvidenceError, StoreError
from data.migrations import known, upgrade
from data.model.base import new_id
from data.model.evidence import BackupRun
from data.store import Store, Work
from data.store.snapshot import fresh_postgres, load_postgres, sqlite_faults, sqlite_revision
from evidence import custody
from evidence.keys import KEY_FILE, SealKey, is_signed
from evidence.leftovers import sweep_folders
from evidence.vault import Vault
from evidence.vault_check import evidence_faults
from schoolwatch.age_tar import Opener, Unpacker, decrypt
from schoolwatch.backup import APP, DUMP, FORMAT, MANIFEST, NAMES, ROOT, SIGNATURE, Manifest
from schoolwatch.errors import RestoreError
from schoolwatch.kept_files import withheld_files
from schoolwatch.settings import CONFIG_NAME, Settings, write_settings

STATE = "state"
DRILLS, DRAFTS = "schoolwatch-drill-*", ".schoolwatch-restore-*"
NOBODY = (
    "nobody vouches for this backup: give --key with the fingerprint of the sealing key, "
    "as `schoolwatch backup` or `schoolwatch doctor` printed it on the old computer"
)
_HARMLESS = frozenset(  # what a file of unknown origin may settle: nothing that is run, that sends anything out, or that others can reach
    {"contact", "privacy_notice_url", "dpia_signed_on", "dpia_signed_by", "port", "idle_minutes", "capture_seconds"}
)
_MOST_FAULTS = 50  # of one kind on the report
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Drilled:
    """What a drill found: the backup's own account, what was counted anew, and every fault in plain words."""

    file: str
    size: int
    manifest: Manifest
    counts: dict[str, int]
    faults: tuple[str, ...]
    dropped: tuple[str, ...] = ()  # settings that were not restored, as nobody vouches for them

    @property
    def is_sound(self) -> bool:
        """Whether everything is there and fits."""
        return not self.faults

    def lines(self) -> Iterator[str]:
        """Yield the report, line by line."""
        made = self.manifest
        yield f"{self.file}: {self.size} bytes, made {made.made_at:%Y-%m-%d %H:%M} UTC by Schoolwatch {made.program}"
        yield f"sealing key: {made.key_id}"
        yield f"register: {made.register_number} lines, the last {made.register_hash}"
        yield ", ".join(f"{name}: {count}" for name, count in self.counts.items())
        if made.withheld:
            yield f"{made.withheld} files of stopped cases are not in any backup, on purpose"
        if self.dropped:
            yield f"settings left out, as nobody vouches for this backup: {', '.join(self.dropped)}; set them by hand"
        yield from (f"FAULT: {fault}" for fault in self.faults)
        yield "everything is there and fits" if self.is_sound else f"{len(self.faults)} faults"


def drill(backup: Path, opener: Opener, settings: Settings, clock: Clock, *, key: str | None = None) -> Drilled:
    """Restore a backup in a private temporary folder, check all of it and leave nothing behind.

    `key`: the fingerprint of the sealing key that made it; without one this installation's own key vouches for it, or nobody does.
    A backup of a PostgreSQL database is loaded into a database of its own on the server in the settings, dropped afterwards.
    Raises RestoreError for what is no backup, is cut off or changed, or does not open with this key.
    """
    sweep_folders(Path(tempfile.gettempdir()), DRILLS, clock.now())  # of a drill that was killed: it would hold everything, in the open
    with tempfile.TemporaryDirectory(prefix=DRILLS[:-1]) as name:
        folder = Path(name)
        made = _unpack(backup, opener, folder)
        own = _trusted(made, _key_faults(folder, made, settings, key))
        with _database(folder, made, lambda: _beside(settings)) as url:
            return _drilled(backup, folder, made, url, own)


def restore(backup: Path, opener: Opener, to: Path, settings: Settings, *, key: str | None = None, unknown_key: bool = False) -> Drilled:
    """Lay a backup out in `to`, which must be empty or not there: `schoolwatch.toml` and the state folder beside it.

    All of it or nothing; what is lost or damaged in the backup itself is named and does not stop the rest. A PostgreSQL database goes
    into the empty one of the settings. A backup for which neither `key` nor this installation's own key vouches is refused, unless
    `unknown_key`: then its settings about programs, mail and other machines are left out. Raises RestoreError.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise RestoreError(f"{to} is not an empty folder: restoring never writes over anything; name a new one")
    to.parent.mkdir(parents=True, exist_ok=True)
    sweep_folders(to.parent, DRAFTS, settings.clock().now())  # of one that was killed
    draft = Path(tempfile.mkdtemp(prefix=DRAFTS[:-1], dir=to.parent))
    try:
        made = _unpack(backup, opener, draft)
        own = _trusted(made, _key_faults(draft, made, settings, key))
        if own and not unknown_key:
            raise RestoreError(f"{own[0]}; nothing was restored. To lay it out all the same, say --unknown-key as well")
        with _database(draft, made, lambda: _at(settings)) as url:
            found = _drilled(backup, draft, made, url, own)
        found = replace(found, dropped=_settle(draft, to, vouched=not own))
        draft.replace(to)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _log.info("restored", files=len(made.files), faults=len(found.faults))
    return found


def _unpack(backup: Path, opener: Opener, folder: Path) -> Manifest:
    """Decrypt into the folder and hold each file against the manifest; raises RestoreError."""
    if not backup.is_file():
        raise RestoreError(f"there is no file {backup}")
    _require_room(folder, backup.stat().st_size)
    unpacker = Unpacker(folder, NAMES)
    try:
        decrypt(backup, opener, unpacker)
    except OSError as error:
        raise RestoreError(f"the backup could not be laid out ({error.strerror}); check the disk and free some space") from error
    made = _manifest(folder, unpacker)
    _hold_against(made, unpacker)
    return made


def _require_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        room = f"{size // 1000**2 + 1} MB are needed and {free // 1000**2} MB are free in {folder.parent}"
        raise RestoreError(f"not enough room to lay the backup out: {room}; set TMPDIR or --to to a larger disk")


def _manifest(folder: Path, unpacker: Unpacker) -> Manifest:
    if MANIFEST not in unpacker.files:
        raise RestoreError("the backup has no list of its files: it is not whole, or not one of ours")
    content = (folder / MANIFEST).read_bytes()
    try:
        version = json.loads(content).get("version")
    except (ValueError, AttributeError, RecursionError) as error:
        raise RestoreError("the backup's list of files cannot be read; use another backup") from error
    if version != FORMAT:
        raise RestoreError(f"the backup is of format {str(version)[:20]}, this program reads {FORMAT}: use the Schoolwatch that made it")
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise RestoreError("the backup's list of files cannot be read; use another backup") from error


def _hold_against(made: Manifest, unpacker: Unpacker) -> None:
    """Compare what came with what the list says."""
    listed = {file.name: (file.sha256, file.bytes) for file in made.files}
    came = {name: found for name, found in unpacker.files.items() if name not in {MANIFEST, SIGNATURE}}
    wrong = sorted(name for name in listed.keys() | came.keys() if listed.get(name) != came.get(name))
    if wrong:
        raise RestoreError(f"{len(wrong)} files are not what the backup's list says, first {wrong[0]}; use another backup")


@contextmanager
def _database(folder: Path, made: Manifest, place: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """Make the database ready to be looked at and yield its address, brought to this program's version.

    `place`: where the dump of a PostgreSQL database goes.
    """
    path = folder / (APP if made.database == "sqlite" else DUMP)
    if made.revision not in known():
        version = f"the database is of version {made.revision[:20]}"
        raise RestoreError(f"{version}, which this program does not know: install the newer Schoolwatch")
    if not path.is_file():
        raise RestoreError("the backup holds no database; use another backup")
    if made.database == "sqlite":
        yield _sound(path, made.revision)
    else:
        with place() as url:
            load_postgres(url, path)
            upgrade(url)
            yield url


def _sound(path: Path, revision: str) -> str:
    """Return the address of a SQLite file that is whole, brought to this program's version; raises RestoreError."""
    if faults := sqlite_faults(path):
        raise RestoreError(f"the database in the backup is damaged: {faults[0]}; use another backup")
    if sqlite_revision(path) != revision:
        raise RestoreError(f"the database in the backup is not of version {revision}, as its list says; use another backup")
    url = f"sqlite:///{path}"
    upgrade(url)
    return url


def _beside(settings: Settings) -> AbstractContextManager[str]:
    """Return a fresh database on the server of the settings, gone after the drill."""
    return fresh_postgres(_server(settings), f"schoolwatch_drill_{secrets.token_hex(6)}")


@contextmanager
def _at(settings: Settings) -> Iterator[str]:
    """Yield the database of the settings, which must be empty."""
    yield _server(settings)


def _server(settings: Settings) -> str:
    if settings.database is None:
        raise RestoreError("this backup is of a PostgreSQL database: set SCHOOLWATCH_DATABASE to the address of one on your server")
    return settings.database


def _drilled(backup: Path, folder: Path, made: Manifest, url: str, own: list[str]) -> Drilled:
    """Look at everything that was laid out; what does not fit is a fault in plain words."""
    vault = Vault(folder / STATE / "vault")
    store = Store.open(url)
    try:
        with store.read() as work:
            counts = {"cases": work.cases.count(), "posts": work.posts.count(), "evidence": work.evidence.count()}
            counts |= {"custody": work.custody.count()}
            faults = (*own, *_chain_faults(work), *_register_faults(work, made), *_count_faults(counts, made))
            faults = (*faults, *_vault_faults(work, made, vault))
    finally:
        store.close()
    return Drilled(backup.name, backup.stat().st_size, made, counts | {"files": len(made.files)}, faults)


def _chain_faults(work: Work) -> Iterator[str]:
    try:
        work.audit.verify()
    except StoreError as error:
        yield str(error)
    try:
        custody.verify(work.custody.where(order_by="number"))
    except EvidenceError as error:
        yield str(error)


def _register_faults(work: Work, made: Manifest) -> Iterator[str]:
    last = work.custody.where(order_by="number")[-1:]
    head = (last[0].number, last[0].hash) if last else (0, custody.FIRST)
    if head != (made.register_number, made.register_hash):
        yield f"the register ends at line {head[0]}, and the backup says that it ended at {made.register_number} with another hash"


def _count_faults(counts: dict[str, int], made: Manifest) -> Iterator[str]:
    wrong = sorted(name for name, count in counts.items() if made.counts.get(name) != count)
    yield from (f"{name}: {counts[name]} are there, and the backup says {made.counts.get(name)}" for name in wrong)


def _vault_faults(work: Work, made: Manifest, vault: Vault) -> tuple[str, ...]:
    elsewhere = withheld_files(work) | set(made.purged)
    found = [fault for one in work.evidence.where() for fault in evidence_faults(one, vault, absent=elsewhere)]
    more = (f"and {len(found) - _MOST_FAULTS} more of this kind",) if len(found) > _MOST_FAULTS else ()
    return (*found[:_MOST_FAULTS], *more)


def _key_faults(folder: Path, made: Manifest, settings: Settings, key: str | None) -> list[str]:
    """Say when the list of files was not signed by the key in the backup, or when nobody says that this key is the right one."""
    inside = sealing_key(folder / STATE)
    if inside is None:
        return ["the key that seals evidence is not in the backup, or damaged"]
    signature = folder / SIGNATURE
    is_whole = signature.is_file() and is_signed(inside.private.public_key(), signature.read_bytes(), (folder / MANIFEST).read_bytes())
    if not is_whole or made.key_id != inside.id:
        return ["the list of files is not signed by the key in the backup: somebody else put it together"]
    return _stranger(inside, sealing_key(settings.state_dir), key)


def _stranger(inside: SealKey, here: SealKey | None, key: str | None) -> list[str]:
    """Say when the key in a backup is not the one that a person named, nor, where none was named, this installation's own."""
    if key is not None:
        is_named = "".join(key.split()).lower() == inside.id
        return [] if is_named else [f"the backup carries another sealing key than the one given, {inside.id}: somebody else made it"]
    if here is None:
        return [NOBODY]
    return [] if here.id == inside.id else ["the backup carries another sealing key than this installation: it was made elsewhere"]


def sealing_key(folder: Path) -> SealKey | None:
    """Return the sealing key in a state folder; None where there is none that works. Never makes one."""
    if not (folder / KEY_FILE).is_file():
        return None
    try:
        return SealKey.open(folder)
    except EvidenceError:
        return None


def _trusted(made: Manifest, faults: list[str]) -> list[str]:
    """Let a PostgreSQL dump, which can make the server run things, be loaded only when nothing speaks against who made it."""
    if faults and made.database != "sqlite":
        raise RestoreError(f"{faults[0]}; a PostgreSQL dump of unknown origin is not loaded")
    return faults


def _settle(folder: Path, to: Path, *, vouched: bool) -> tuple[str, ...]:
    """Write the settings so that they name what will lie beside them in `to`, and keep the folders private; return which were left out.

    What named places of the old machine goes; an address of a database stands in the environment.
    """
    config = folder / CONFIG_NAME
    values = tomllib.loads(config.read_text(encoding="utf-8")) if config.is_file() else {}
    for key in ("state_dir", "database", "jobs_database"):
        values.pop(key, None)
    dropped = () if vouched else tuple(sorted(values.keys() - _HARMLESS))
    for key in dropped:
        values.pop(key)
    if vouched and (folder / ROOT).is_file():
        values["timestamp_root"] = str(to.resolve() / ROOT)
    write_settings(config, values)
    (folder / STATE).chmod(stat.S_IRWXU)
    for name in (MANIFEST, SIGNATURE, DUMP):
        (folder / name).unlink(missing_ok=True)
    if hasattr(os, "sync"):
        os.sync()
    return dropped


def note(settings: Settings, found: Drilled, clock: Clock) -> bool:
    """Write a drill into the installation whose backup it was, if that is here; return whether it was. For the doctor's page."""
    own = sealing_key(settings.state_dir)
    if own is None or own.id != found.manifest.key_id:
        return False
    at = clock.now()
    run = BackupRun(
        id=new_id(at),
        at=at,
        kind="drill",
        file=found.file[:200],
        size=found.size,
        files=len(found.manifest.files),
        ok=found.is_sound,
        problem="; ".join(found.faults[:3]),
    )
    try:
        store = Store.open(settings.database_url, clock)
    except StoreError:
        return False
    with store.begin("system") as work:
        work.backups.add(run)
        work.commit()
    store.close()
    return True
