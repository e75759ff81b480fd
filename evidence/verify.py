"""Checks a pack on any machine, without database or network, and always comes to a verdict (evidence.md §6).

Nothing is unpacked: contents are hashed where they lie, and everything around them is compared with the one way to write it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from data.errors import EvidenceError
from data.model.evidence import CustodyEvent
from evidence.custody import verify_extract
from evidence.pack import FORMAT, MANIFEST, PACK_FACTS, SEAL, seal_of
from evidence.seal import canonical, sha256
from evidence.stored_zip import Digest, digest, faults, layout, read

MAX_TEXT = 20_000_000  # bytes of any one list that has to be read as text
_OWN = (SEAL, MANIFEST, PACK_FACTS)
AMBER_REASON = "unchanged, but the time rests on the clock of the school's computer only: no outside authority has confirmed it"


class Colour(StrEnum):
    """The four answers."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"
    UNREADABLE = "UNREADABLE"


_EXIT = {Colour.GREEN: 0, Colour.AMBER: 3, Colour.RED: 1, Colour.UNREADABLE: 2}


@dataclass(frozen=True)
class VerifyResult:
    """The verdict on a pack, with every reason in plain words. `witness` is the code to compare with one noted elsewhere."""

    colour: Colour
    reasons: tuple[str, ...]
    files: int = 0
    witness: str | None = None

    @property
    def exit_code(self) -> int:
        """GREEN 0, RED 1, UNREADABLE 2, AMBER 3."""
        return _EXIT[self.colour]


@dataclass(frozen=True)
class _Pack:
    """An opened pack: what really lies in it, and the readable lists."""

    source: BinaryIO
    digests: tuple[Digest, ...]

    def text(self, name: str) -> bytes:
        """Return a list's bytes; empty when it is missing or far too large."""
        found = next((item.entry for item in self.digests if item.entry.name == name), None)
        return read(self.source, found, MAX_TEXT) if found and found.size <= MAX_TEXT else b""

    def hashes(self) -> dict[str, str]:
        """Return the real SHA-256 of each file."""
        return {item.entry.name: item.sha256 for item in self.digests}


def verify(path: Path) -> VerifyResult:
    """Return the verdict on the pack at `path`. Never raises for a bad pack and never writes anything."""
    try:
        with path.open("rb") as source:
            return _verdict(_Pack(source, tuple(digest(source, entry) for entry in layout(source))), path)
    except IsADirectoryError:
        return VerifyResult(
            Colour.UNREADABLE, ("this is a folder; give the ZIP file itself, or run `sha256sum -c manifest-sha256.txt` in the folder",)
        )
    except OSError as error:
        return VerifyResult(Colour.UNREADABLE, (f"the file cannot be read ({error.strerror or 'unknown reason'})",))
    except EvidenceError as error:
        return VerifyResult(Colour.UNREADABLE, (str(error),))


def _verdict(pack: _Pack, path: Path) -> VerifyResult:
    hashes = pack.hashes()
    if not any(name in hashes for name in _OWN):
        return VerifyResult(Colour.UNREADABLE, ("this ZIP file is not an evidence pack: it has no seal and no manifest",))
    reasons = tuple(dict.fromkeys(_shown(reason) for reason in _reasons(pack, hashes, path)))
    colour = Colour.RED if reasons else Colour.AMBER
    return VerifyResult(colour, reasons or (AMBER_REASON,), len(hashes), hashes.get(SEAL))


def _shown(reason: str) -> str:
    """Keep hostile names from playing tricks in a terminal."""
    return "".join(char if char.isprintable() else f"[U+{ord(char):04X}]" for char in reason)[:500]


def _reasons(pack: _Pack, hashes: Mapping[str, str], path: Path) -> Iterator[str]:
    yield from _name_faults(pack)
    yield from _list_faults(pack, hashes)
    yield from _seal_faults(pack, hashes)
    yield from _facts_faults(pack, hashes)
    yield from _capture_faults(pack, hashes)
    yield from _custody_faults(pack)
    yield from faults(pack.source, pack.digests)
    yield from _sidecar_faults(path)


def _name_faults(pack: _Pack) -> Iterator[str]:
    seen: set[str] = set()
    for item in pack.digests:
        name = item.entry.name
        if name.casefold() in seen:
            yield f"{name} stands in it twice"
        seen.add(name.casefold())
        if name.startswith(("/", "~")) or "\\" in name or ":" in name or ".." in name.split("/"):
            yield f"{name} is a path that leads out of the folder"
    order = [item.entry.name for item in pack.digests]
    if order != [*(name for name in _OWN if name in seen), *sorted(set(order) - set(_OWN))]:
        yield "the files do not stand in the order in which packs are written"


def _listed(pack: _Pack) -> dict[str, str] | None:
    """Read the list of hashes; None when it is not spelled as we spell it."""
    lines = pack.text(MANIFEST).decode("utf-8", "replace").splitlines()
    listed = {line[66:]: line[:64] for line in lines if line[64:66] == "  "}
    return listed if len(listed) == len(lines) else None


def _list_faults(pack: _Pack, hashes: Mapping[str, str]) -> Iterator[str]:
    listed = _listed(pack)
    if MANIFEST not in hashes:
        yield f"{MANIFEST} is missing"
        return
    if listed is None:
        yield f"{MANIFEST} was changed"
        return
    for name in listed:
        if name not in hashes:
            yield f"{name} is missing"
        elif hashes[name] != listed[name]:
            yield f"{name} was changed"
    for name in hashes:
        if name not in listed and name not in {SEAL, MANIFEST}:
            yield f"{name} was added"


def _seal_faults(pack: _Pack, hashes: Mapping[str, str]) -> Iterator[str]:
    if SEAL not in hashes:
        yield f"{SEAL} is missing"
        return
    listing, facts = pack.text(MANIFEST), pack.text(PACK_FACTS)
    expected = seal_of(listing, facts, len(_listed(pack) or ()))
    sealed = _object(pack.text(SEAL))
    if pack.text(SEAL) == expected:
        return
    culprits = [
        name
        for name, key, real in ((MANIFEST, "manifest_sha256", listing), (PACK_FACTS, "facts_sha256", facts))
        if sealed.get(key) != sha256(real)
    ]
    yield from (f"{name} was changed (it is not what {SEAL} says)" for name in culprits) if len(culprits) == 1 else (f"{SEAL} was changed",)
    if len(culprits) == 1 and not _is_canonical(sealed, pack.text(SEAL)):
        yield f"{SEAL} was changed"


def _is_canonical(value: dict[str, Any], raw: bytes) -> bool:
    try:
        return canonical(value) == raw
    except ValueError:
        return False


def _object(raw: bytes) -> dict[str, Any]:
    """Read a JSON object; empty for anything else."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _facts_faults(pack: _Pack, hashes: Mapping[str, str]) -> Iterator[str]:
    raw = pack.text(PACK_FACTS)
    facts = _object(raw)
    if not facts:
        yield f"{PACK_FACTS} is missing or was changed"
        return
    if facts.get("format") != FORMAT:
        yield f"{PACK_FACTS} is of another version; check the pack with the version of Schoolwatch that made it"
    files = facts.get("files")
    named = {str(line.get("name")): line.get("sha256") for line in files if isinstance(line, dict)} if isinstance(files, list) else {}
    for name in sorted(set(hashes) - set(_OWN)):
        if named.get(name) != hashes[name]:
            yield f"{name} was changed (it is not what {PACK_FACTS} says)"


def _capture_faults(pack: _Pack, hashes: Mapping[str, str]) -> Iterator[str]:
    """Check each capture against the seal that it got when it was made."""
    captures = _object(pack.text(PACK_FACTS)).get("evidence")
    for capture in captures if isinstance(captures, list) else ():
        if not isinstance(capture, dict):
            yield f"{PACK_FACTS} was changed"
            continue
        folder = f"evidence/{capture.get('ref')}"
        if hashes.get(f"{folder}/seal.json") != capture.get("seal_sha256"):
            yield f"{folder}/seal.json was changed after it was sealed"
        sealed = _object(pack.text(f"{folder}/seal.json"))
        if hashes.get(f"{folder}/manifest.json") != sealed.get("manifest_sha256"):
            yield f"{folder}/manifest.json was changed after it was sealed"
        files = _object(pack.text(f"{folder}/manifest.json")).get("files")
        for line in files if isinstance(files, list) else ():
            if isinstance(line, dict) and hashes.get(f"{folder}/{line.get('name')}") != line.get("sha256"):
                yield f"{folder}/{line.get('name')} was changed after it was sealed"


def _custody_faults(pack: _Pack) -> Iterator[str]:
    try:
        events = [CustodyEvent.model_validate_json(line) for line in pack.text("custody.jsonl").splitlines()]
        verify_extract(events)
    except ValidationError:
        yield "custody.jsonl was changed: a line in it cannot be read"
        return
    except EvidenceError as error:
        yield f"custody.jsonl was changed: {error}"
        return
    sealed = {event.evidence_id: event.detail for event in events if event.what == "sealed"}
    captures = _object(pack.text(PACK_FACTS)).get("evidence")
    for capture in captures if isinstance(captures, list) else ():
        if isinstance(capture, dict) and sealed.get(str(capture.get("id"))) != capture.get("seal_sha256"):
            yield f"custody.jsonl does not hold the seal of evidence/{capture.get('ref')}"


def _sidecar_faults(path: Path) -> Iterator[str]:
    """Compare with the small file beside the pack, when it came along."""
    beside = path.with_name(path.name + ".sha256")
    try:
        noted = beside.read_bytes()[:64].decode("ascii", "replace")
    except OSError:
        return
    with path.open("rb") as source:
        if hashlib.file_digest(source, "sha256").hexdigest() != noted:
            yield f"the pack is not the one that {beside.name} names"
