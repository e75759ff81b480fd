"""Looks the vault over: every file that a record speaks of is there and is what it was (evidence.md §1: the vault check job).

A night takes a share, round and round in the order of the hashes, so that what was looked at longest ago comes next and all files are
seen within seven nights. A file's name is its hash: reading it through is the whole check. The seal over them is checked besides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from data.errors import EvidenceError
from data.model.evidence import Evidence, SealedFile
from evidence.keys import is_signed, key_id, public_key
from evidence.seal import KEY, MANIFEST, SEAL, SIGNATURE, manifest_of, sha256
from evidence.vault import Vault

NIGHTS = 7  # within so many nights every file was read through
LONGEST = 1800.0  # seconds that a night may take for it


@dataclass(frozen=True)
class VaultFault:
    """A file that is not what it should be: by its hash, what it belongs to (`SW-2026-0001-E1`), and what is wrong in plain words."""

    sha256: str
    belongs_to: str
    problem: str


@dataclass(frozen=True)
class Look:
    """What a look over the vault saw; `stopped_at`: the hash after which the next one goes on."""

    checked: int
    of: int
    stopped_at: str
    faults: tuple[VaultFault, ...]
    is_cut: bool = False  # time ran out before the share was done


def share_of(count: int) -> int:
    """Return how many of so many files a night takes."""
    return -(-count // NIGHTS)


def look_over(
    vault: Vault, kept: Mapping[str, str], *, after: str, share: int, timer: Callable[[], float], longest: float = LONGEST
) -> Look:
    """Read through `share` files that come after the hash `after`, round and round; end early when `longest` seconds have passed.

    `kept`: hash -> what the file belongs to. `timer`: seconds that only go forward. One file at least is read: nothing stands still.
    """
    names = sorted(kept)
    turned = [name for name in names if name > after] + [name for name in names if name <= after]
    began, faults, checked, last = timer(), [], 0, after
    for name in turned[:share]:
        if checked and timer() - began > longest:
            break
        faults += _fault(vault, name, kept[name])
        checked, last = checked + 1, name
    return Look(checked, len(names), last, tuple(faults), is_cut=checked < min(share, len(names)))


def _fault(vault: Vault, name: str, belongs_to: str) -> list[VaultFault]:
    try:
        vault.check(name)
    except EvidenceError as error:
        return [VaultFault(name, belongs_to, str(error))]
    return []


def seal_faults(evidence: Evidence, read: Callable[[str], bytes]) -> Iterator[str]:
    """Yield what does not fit in the seal of stored evidence: record against manifest, manifest against seal, seal against signature.

    `read` returns a file of the seal by its hash; its errors pass through.
    """
    if sha256(manifest_of(evidence)) != evidence.manifest_sha256:
        yield f"{evidence.ref}: its record is not what was sealed"
    parts = {file.name: file.sha256 for file in evidence.seal_files}
    lacking = [name for name in (MANIFEST, SEAL, SIGNATURE, KEY) if name not in parts]
    if lacking:
        yield f"{evidence.ref}: its seal lacks {', '.join(lacking)}"
        return
    yield from _signature_faults(evidence, {name: read(parts[name]) for name in (SEAL, SIGNATURE, KEY)}, parts[MANIFEST])


def _signature_faults(evidence: Evidence, content: Mapping[str, bytes], manifest_sha256: str) -> Iterator[str]:
    said, key = _seal_fields(content[SEAL]), public_key(content[KEY])
    if sha256(content[SEAL]) != evidence.seal_sha256:
        yield f"{evidence.ref}: its seal is not the one that the record names"
    if (manifest_sha256, said.get("manifest_sha256")) != (evidence.manifest_sha256, evidence.manifest_sha256):
        yield f"{evidence.ref}: its seal is over another manifest"
    if key is None or not is_signed(key, content[SIGNATURE], content[SEAL]):
        yield f"{evidence.ref}: the signature of its seal does not hold"
    elif said.get("key_id") != key_id(key):
        yield f"{evidence.ref}: its seal names another key"


def _seal_fields(content: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def evidence_faults(found: Evidence, vault: Vault, *, absent: Collection[str] = ()) -> Iterator[str]:
    """Yield everything that is wrong with one piece of evidence in a vault; files in `absent` (hashes) are not looked for."""
    for file in (*found.files, *found.seal_files):
        if file.sha256 not in absent:
            yield from _file_fault(found, file, vault)
    if not {file.sha256 for file in found.seal_files} & set(absent):
        try:
            yield from seal_faults(found, vault.get)
        except EvidenceError as error:
            yield f"{found.ref}: its seal cannot be read: {error}"


def _file_fault(found: Evidence, file: SealedFile, vault: Vault) -> Iterator[str]:
    try:
        vault.check(file.sha256)
    except EvidenceError as error:
        yield f"{found.ref}: {file.name}: {error}"
