"""Checks one piece of evidence against the seal that it got when it was made, from its own files alone (evidence.md §6).

Whatever stands in the files was perhaps written to deceive: each is bounded in size, read strictly, and has one spelling only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from cryptography.x509 import Certificate
from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import EvidenceError
from evidence.keys import is_signed, key_id, public_key
from evidence.seal import FIRST, FOLDER, KEY, LOG, MANIFEST, SEAL, SEAL_FORMAT, SIGNATURE, TOKEN, VERSION, canonical, sha256
from evidence.shelf import Shelf
from evidence.timestamp import (
    MAX_CERTIFICATES,
    Effort,
    Fault,
    Stamped,
    TokenFault,
    check,
    fingerprint,
    has_usual_key,
    is_root,
    public_roots,
    read_roots,
)

AUTHORITY = "authority.pem"
MAX_JSON = 4_000_000  # bytes; one of ours is some thousands
MAX_LINE = 100_000
MAX_SMALL = 100_000  # a key, a signature, a token, an authority's certificates
NO_TOKEN = "the time rests on the clock of the school's computer only: no outside authority has confirmed it"  # noqa: S105 - a sentence
_UNKNOWN = "this computer does not know the authority that stamped it; give its certificate, from the authority itself"
_BESIDE = (MANIFEST, SEAL, SIGNATURE, KEY)
_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Strict(BaseModel):
    """A part of a file that has these fields, of these types, and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FileLine(Strict):
    """A file of the evidence, as its manifest names it."""

    name: str
    sha256: str
    sha512: str
    bytes: int
    media_type: str


class Manifest(Strict):
    """`manifest.json`."""

    schoolwatch: str
    version: int
    ref: str
    files: list[FileLine]
    facts: dict[str, str | int | None]


class Seal(Strict):
    """`seal.json`."""

    format: str
    ref: str
    manifest_sha256: str
    log_head: str
    log_lines: int
    key_id: str
    sealed_at: str
    authority: str | None


class Step(Strict):
    """A line of `custody.jsonl`."""

    n: int
    at: str
    who: str
    role: str
    event: str
    detail: str
    prev: str
    hash: str


@dataclass(frozen=True)
class Bundle:
    """What came of checking one piece of evidence. `faults`: it was changed. `doubts`: it was not, but its time is not proven."""

    ref: str
    folder: str
    faults: tuple[str, ...]
    doubts: tuple[str, ...] = ()
    proof: str = ""  # who vouches for the time
    witness: str = ""  # SHA-256 of seal.json
    key: str = ""
    evidence_id: str = ""
    manifest_sha256: str = ""
    captured_at: str = ""
    captured_by: str = ""
    kind: str = ""
    derived_from: str | None = None
    token_at: datetime | None = None


@dataclass(frozen=True)
class Trust:
    """What whoever checks knows from elsewhere. `roots`: the certificates of authorities; `keys`: fingerprints of installations' keys.

    `effort`: what may be spent on all the stamps of one pack.
    """

    roots: Sequence[Certificate] = ()
    keys: frozenset[str] = field(default_factory=frozenset)
    effort: Effort = field(default_factory=Effort, compare=False)


Part = TypeVar("Part", bound=Strict)


def strictly(kind: type[Part], raw: bytes) -> Part | None:
    """Read a file of ours; None when it is not JSON, not of this kind, or not spelled as we spell it."""
    try:
        value = json.loads(raw)
        if canonical(value) != raw:
            return None
        return kind.model_validate(value)
    except (ValueError, RecursionError, ValidationError):
        return None


def moment(text: Any) -> datetime | None:
    """Read a moment as we write it; None for anything else."""
    try:
        return datetime.strptime(text, _MOMENT).replace(tzinfo=UTC) if isinstance(text, str) else None
    except ValueError:
        return None


def check_bundle(shelf: Shelf, folder: str, trust: Trust) -> Bundle:
    """Return what came of checking the evidence in `folder` ("data/SW-2026-0001-E1/")."""
    listed = strictly(Manifest, shelf.text(folder + MANIFEST, MAX_JSON))
    sealed = strictly(Seal, shelf.text(folder + SEAL, MAX_SMALL))
    ref = folder.rstrip("/").rpartition("/")[2]
    faults = [f"{folder}{name} is missing" for name in _BESIDE if folder + name not in shelf.digests]
    faults += [] if listed else [f"{folder}{MANIFEST} was changed: it cannot be read"]
    faults += [] if sealed else [f"{folder}{SEAL} was changed: it cannot be read"]
    if listed is None or sealed is None:
        return Bundle(ref, folder, tuple(faults))
    return _compared(shelf, folder, trust, listed, sealed, faults)


def _compared(shelf: Shelf, folder: str, trust: Trust, listed: Manifest, sealed: Seal, faults: list[str]) -> Bundle:
    faults += _manifest_faults(folder, listed)
    faults += _file_faults(shelf, folder, listed)
    faults += _seal_faults(shelf, folder, listed, sealed)
    faults += _log_faults(shelf, folder, sealed)
    faults += _key_faults(shelf, folder, sealed, trust)
    time = _time(shelf, folder, listed, sealed, trust)
    facts = {name: str(value) for name, value in listed.facts.items() if value is not None}
    return Bundle(
        ref=listed.ref,
        folder=folder,
        faults=(*faults, *time.faults),
        doubts=time.doubts,
        proof=time.proof,
        token_at=time.at,
        witness=shelf.digests[folder + SEAL].sha256,
        key=sealed.key_id,
        manifest_sha256=shelf.digests[folder + MANIFEST].sha256,
        evidence_id=facts.get("id", ""),
        captured_at=facts.get("captured_at", ""),
        captured_by=facts.get("captured_by", ""),
        kind=facts.get("kind", ""),
        derived_from=facts.get("derived_from"),
    )


def _manifest_faults(folder: str, listed: Manifest) -> Iterator[str]:
    where = f"{folder}{MANIFEST}"
    if (listed.schoolwatch, listed.version) != ("evidence", VERSION):
        yield f"{where} is of another version; check the pack with the version of Schoolwatch that made it"
    if folder not in {f"data/{listed.ref}/", f"{listed.ref}/", ""}:
        yield f"{where} belongs to other evidence ({listed.ref})"
    names = [line.name for line in listed.files]
    if names != sorted(set(names)) or FOLDER + LOG not in names or not all(name.startswith(FOLDER) for name in names):
        yield f"{where} was changed: its list of files is none of ours"
    if moment(listed.facts.get("captured_at")) is None:
        yield f"{where} was changed: it does not say when"


def _file_faults(shelf: Shelf, folder: str, listed: Manifest) -> Iterator[str]:
    for line in listed.files:
        real = shelf.digests.get(folder + line.name)
        if real is None:
            yield f"{folder}{line.name} is missing"
        elif (real.sha256, real.sha512, real.bytes) != (line.sha256, line.sha512, line.bytes):
            yield f"{folder}{line.name} was changed after it was sealed"
    known = {folder + name for name in (*(line.name for line in listed.files), *_BESIDE, TOKEN, AUTHORITY)}
    yield from (f"{name} was added" for name in shelf.digests if name.startswith(folder) and name not in known)


def _seal_faults(shelf: Shelf, folder: str, listed: Manifest, sealed: Seal) -> Iterator[str]:
    where = f"{folder}{SEAL}"
    if sealed.format != SEAL_FORMAT:
        yield f"{where} is of another version; check the pack with the version of Schoolwatch that made it"
    if sealed.ref != listed.ref:
        yield f"{where} belongs to other evidence ({sealed.ref})"
    if moment(sealed.sealed_at) is None:
        yield f"{where} was changed: it does not say when"
    found = shelf.digests.get(folder + MANIFEST)
    if found is None or found.sha256 != sealed.manifest_sha256:
        yield f"{folder}{MANIFEST} was changed after it was sealed (it is not what {where} says)"


def _log_faults(shelf: Shelf, folder: str, sealed: Seal) -> Iterator[str]:
    """Check the log: each line's own hash, its place, and that neither the last lines nor the first were cut."""
    where, before, count = f"{folder}{FOLDER}{LOG}", FIRST, 0
    for raw in shelf.text(where, MAX_JSON).splitlines(keepends=True):
        count += 1
        step = strictly(Step, raw) if len(raw) <= MAX_LINE else None
        if step is None or sha256(canonical(step.model_dump(exclude={"hash"}))) != step.hash:
            yield f"{where} was changed: line {count} is not as it was written"
            return
        if (step.n, step.prev) != (count, before):
            yield f"{where} was changed: line {count} is out of its place, or one before it was cut out"
            return
        before = step.hash
    if (before, count) != (sealed.log_head, sealed.log_lines):
        yield f"{where} was changed: it holds {count} lines and {SEAL} says {sealed.log_lines}, or the last line is another"


def _key_faults(shelf: Shelf, folder: str, sealed: Seal, trust: Trust) -> Iterator[str]:
    yield from signed_faults(shelf, folder, KEY, SEAL, SIGNATURE, sealed.key_id)
    if trust.keys and sealed.key_id not in trust.keys:
        yield f"{folder}{SEAL} was sealed with another key ({sealed.key_id}) than the one you named"


def signed_faults(shelf: Shelf, folder: str, key: str, subject: str, signature: str, fingerprint: str) -> Iterator[str]:
    """Check that `signature` is by the key with this fingerprint over `subject` (Ed25519, RFC 8032)."""
    public = public_key(shelf.text(folder + key, MAX_SMALL))
    if public is None:
        yield f"{folder}{key} was changed: it is no key of ours"
        return
    if key_id(public) != fingerprint:
        yield f"{folder}{key} was changed: {subject} names another key"
    if not is_signed(public, shelf.text(folder + signature, MAX_SMALL), shelf.text(folder + subject, MAX_JSON)):
        yield f"{folder}{signature} was changed: it is not this key's signature of {subject}"


@dataclass(frozen=True)
class _Time:
    """How far the time is proven."""

    faults: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    proof: str = ""
    at: datetime | None = None


def _time(shelf: Shelf, folder: str, listed: Manifest, sealed: Seal, trust: Trust) -> _Time:
    captured = moment(listed.facts.get("captured_at"))
    if captured is None or folder + TOKEN not in shelf.digests:
        return _Time(doubts=(f"{sealed.ref}: {NO_TOKEN}",))
    where = f"{folder}{TOKEN}"
    if sealed.authority is None:
        return _Time(faults=(f"{where} was added: when this was sealed, no authority was to be asked",))
    trusted = (*trust.roots, *public_roots())
    believed = [*trusted, *_certificates(shelf.text(folder + AUTHORITY, MAX_SMALL))]
    reply, seal = shelf.text(where, MAX_SMALL), shelf.text(folder + SEAL, MAX_SMALL)
    found = check(reply, seal, _chain(believed, sealed.authority), effort=trust.effort)
    if isinstance(found, TokenFault):
        return _unheld(sealed, where, found, believed)
    return _judged(sealed.ref, where, found, captured, is_known=found.root_sha256 in {fingerprint(one) for one in trusted})


def _chain(believed: Sequence[Certificate], root: str) -> list[Certificate]:
    """Return the one root that the seal names, and whatever may stand between it and the signer."""
    return list({fingerprint(one): one for one in believed if not is_root(one) or fingerprint(one) == root}.values())


def _unheld(sealed: Seal, where: str, found: TokenFault, believed: Sequence[Certificate]) -> _Time:
    """Tell an authority whose certificate nobody has from a token that is wrong."""
    if found.kind is Fault.UNKNOWN and sealed.authority not in {fingerprint(one) for one in believed}:
        return _Time(doubts=(f"{sealed.ref}: {_UNKNOWN}",))
    if found.kind is Fault.TOO_MUCH:
        return _Time(doubts=(f"{sealed.ref}: {found.says}",))
    return _Time(faults=(f"{where} does not hold: {found.says}",))


def _judged(ref: str, where: str, found: Stamped, captured: datetime, *, is_known: bool) -> _Time:
    """Compare the authority's time with the computer's."""
    if _is_early(found, captured):
        return _Time(faults=(f"{where} is older than the capture that it stamps: the capture's own time is wrong",), at=found.at)
    doubts = [f"{ref}: {_UNKNOWN} ({found.authority})"] * (not is_known)
    if found.is_late(captured):
        doubts.append(f"{ref}: the time stamp came more than 10 minutes after the capture; it proves that it existed by {spoken(found.at)}")
    proof = "" if doubts else f"{ref}: existed by {spoken(found.at)}, says {found.authority}"
    return _Time(doubts=tuple(doubts), proof=proof, at=found.at)


def _is_early(found: Stamped, captured: datetime) -> bool:
    try:
        return found.is_early(captured)
    except OverflowError:  # a stamp of the year 9999
        return True


def spoken(at: datetime) -> str:
    """Return a moment for reading: `2026-07-01 08:30:00 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _certificates(pem: bytes) -> tuple[Certificate, ...]:
    """Read the certificates that came with the evidence; none when they cannot be read or are more than any authority has."""
    if pem.count(b"-----BEGIN") > MAX_CERTIFICATES:
        return ()
    try:
        return tuple(one for one in read_roots(pem) if has_usual_key(one))
    except EvidenceError:
        return ()
