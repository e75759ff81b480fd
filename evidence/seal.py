"""The seal of one piece of evidence: a manifest that names every file, a log of how it came about, and a signature over both.

Four small files stand beside the evidence's own, which lie under `data/` (evidence.md §6):
`manifest.json` (each file with SHA-256, SHA-512 and size, and the facts), `seal.json` (the manifest's hash, the log's head and length, the
key), `seal.sig` (Ed25519 over `seal.json`) and `seal-key.pem`. The SHA-256 of `seal.json` is the witness code.

Canonical here: keys sorted, no spaces, ASCII with escapes, a newline at the end; so that one content has one spelling and one hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from data.model.evidence import Evidence, SealedFile
from evidence.keys import SealKey

VERSION = 2
SEAL_FORMAT = "schoolwatch seal 1"
FOLDER = "data/"  # where the evidence's own files stand in a bundle
MANIFEST, SEAL, SIGNATURE, KEY, TOKEN = "manifest.json", "seal.json", "seal.sig", "seal-key.pem", "seal.tsr"
LOG = "custody.jsonl"
FIRST = "0" * 64  # what the first line of a log names as the one before
_MEDIA = {
    ".png": "image/png",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".html": "text/html",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".bin": "application/octet-stream",
    ".mhtml": "multipart/related",
    ".wacz": "application/wacz",
    ".pdf": "application/pdf",
    ".sig": "application/octet-stream",
    ".pem": "application/x-pem-file",
    ".tsr": "application/timestamp-reply",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".eml": "message/rfc822",
    ".msg": "application/vnd.ms-outlook",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
    ".amr": "audio/amr",
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".3gp": "video/3gpp",
    ".webm": "video/webm",
}


class Keeper(Protocol):
    """What keeps sealed files: the vault."""

    def put(self, content: bytes) -> str:
        """Keep the content and return its SHA-256."""


@dataclass(frozen=True)
class LogLine:
    """One step of how evidence came about. `detail` holds ids, hashes and fixed words, never post text."""

    at: datetime
    who: str
    role: str
    event: str
    detail: str = ""


def canonical(value: Any) -> bytes:
    """Return the one spelling of a JSON value; raises ValueError for what JSON cannot hold (NaN)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii") + b"\n"


def sha256(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha512(content: bytes) -> str:
    """Return the SHA-512 in hexadecimal."""
    return hashlib.sha512(content).hexdigest()


def stamp(moment: datetime) -> str:
    """Return a moment in UTC to the microsecond, always the same way: `2026-11-20T09:00:00.000000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def media_type(name: str) -> str:
    """Return the media type of one of our own file names."""
    return _MEDIA.get(name[name.rfind(".") :], "application/octet-stream")


def sealed_file(name: str, content: bytes) -> SealedFile:
    """Return the line of the manifest for one file."""
    return SealedFile(name=name, sha256=sha256(content), sha512=sha512(content), bytes=len(content), media_type=media_type(name))


def log_lines(lines: Sequence[LogLine]) -> tuple[bytes, ...]:
    """Return the lines of `custody.jsonl`: each holds its number, the hash of the line before and its own (over all its other fields)."""
    written: list[bytes] = []
    before = FIRST
    for number, line in enumerate(lines, start=1):
        fields = {"n": number, "at": stamp(line.at), "who": line.who, "role": line.role, "event": line.event, "detail": line.detail}
        own = sha256(canonical(fields | {"prev": before}))
        written.append(canonical(fields | {"prev": before, "hash": own}))
        before = own
    return tuple(written)


def manifest(ref: str, files: Iterable[SealedFile], facts: Mapping[str, Any]) -> bytes:
    """Return the manifest: which files, under `data/`, and the facts they stand for."""
    lines = [file.model_dump() | {"name": FOLDER + file.name} for file in sorted(files, key=lambda file: file.name)]
    return canonical({"schoolwatch": "evidence", "version": VERSION, "ref": ref, "files": lines, "facts": dict(facts)})


def manifest_of(evidence: Evidence) -> bytes:
    """Return the manifest again from a stored record: an unchanged record gives the very same bytes."""
    return manifest(evidence.ref, evidence.files, facts_of(evidence))


def facts_of(evidence: Evidence) -> dict[str, Any]:
    """Return the facts that the seal covers: where, when, who, what came of it (policy A14)."""
    return {
        "id": evidence.id,
        "kind": evidence.kind.value,
        "case_id": evidence.case_id,
        "item_id": evidence.item_id,
        "order_id": evidence.order_id,
        "address": evidence.address,
        "final_address": evidence.final_address,
        "status": evidence.status,
        "title": evidence.title,
        "captured_at": stamp(evidence.captured_at),
        "captured_by": evidence.captured_by,
        "completeness": evidence.completeness.value,
        "note": evidence.note,
        "supplied_by": evidence.supplied_by,
        "supplied_how": evidence.supplied_how,
        "supplied_at": stamp(evidence.supplied_at) if evidence.supplied_at else None,
        "derived_from": evidence.derived_from,
    }


def seal_of(evidence: Evidence, log: Sequence[bytes], key_id: str, sealed_at: datetime, authority: str | None) -> bytes:
    """Return `seal.json`. `authority`: SHA-256 of the root certificate (DER) of the time-stamping authority that will be asked, if any."""
    return canonical(
        {
            "format": SEAL_FORMAT,
            "ref": evidence.ref,
            "manifest_sha256": evidence.manifest_sha256,
            "log_head": json.loads(log[-1])["hash"] if log else FIRST,
            "log_lines": len(log),
            "key_id": key_id,
            "sealed_at": stamp(sealed_at),
            "authority": authority,
        }
    )


@dataclass(frozen=True)
class Sealer:
    """Whatever is sealed, is sealed here: it keeps the files and signs what they are.

    `authority`: SHA-256 of the root certificate (DER) of the time-stamping authority that will be asked for its word; None: nobody will be.
    """

    vault: Keeper
    key: SealKey
    authority: str | None = None

    def seal(self, draft: Evidence, files: Mapping[str, bytes], log: Sequence[LogLine], at: datetime) -> Evidence:
        """Keep the files, write log, manifest and seal beside them, and return the sealed record.

        Raises EvidenceError when the disk refuses; what was kept till then belongs to no record and is swept away.
        """
        lines = log_lines(log)
        contents = dict(files) | {LOG: b"".join(lines)}
        for name in sorted(contents):
            self.vault.put(contents[name])
        record = draft.model_copy(update={"files": tuple(sealed_file(name, contents[name]) for name in sorted(contents))})
        listing = manifest_of(record)
        record = record.model_copy(update={"manifest_sha256": sha256(listing)})
        sealed = seal_of(record, lines, self.key.id, at, self.authority)
        beside = {MANIFEST: listing, SEAL: sealed, SIGNATURE: self.key.sign(sealed), KEY: self.key.public_pem}
        for content in beside.values():
            self.vault.put(content)
        return record.model_copy(
            update={"seal_sha256": sha256(sealed), "seal_files": tuple(sealed_file(name, content) for name, content in beside.items())}
        )
