"""The seal of one capture: a manifest in canonical JSON that names every file with its SHA-256 and size.

Canonical here: keys sorted, no spaces, ASCII with escapes, a newline at the end; so that one content has one spelling and one hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from data.model.evidence import Evidence, SealedFile

VERSION = 1
_MEDIA = {
    ".png": "image/png",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".html": "text/html",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".bin": "application/octet-stream",
}


def canonical(value: Any) -> bytes:
    """Return the one spelling of a JSON value; raises ValueError for what JSON cannot hold (NaN)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii") + b"\n"


def sha256(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def stamp(moment: datetime) -> str:
    """Return a moment in UTC to the microsecond, always the same way: `2026-11-20T09:00:00.000000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def media_type(name: str) -> str:
    """Return the media type of one of our own file names."""
    return _MEDIA.get(name[name.rfind(".") :], "application/octet-stream")


def sealed_file(name: str, content: bytes) -> SealedFile:
    """Return the line of the manifest for one file."""
    return SealedFile(name=name, sha256=sha256(content), bytes=len(content), media_type=media_type(name))


def manifest(ref: str, files: Iterable[SealedFile], facts: Mapping[str, Any]) -> bytes:
    """Return the manifest of a capture: which files, and the facts they stand for. Its SHA-256 is the seal."""
    lines = [file.model_dump() for file in sorted(files, key=lambda file: file.name)]
    return canonical({"schoolwatch": "evidence", "version": VERSION, "ref": ref, "files": lines, "facts": dict(facts)})


def manifest_of(evidence: Evidence) -> bytes:
    """Return the manifest again from a stored record: an unchanged record gives the very same bytes."""
    return manifest(evidence.ref, evidence.files, facts_of(evidence))


def facts_of(evidence: Evidence) -> dict[str, Any]:
    """Return the facts that the seal covers: where, when, who, what came of it (policy A14)."""
    return {
        "id": evidence.id,
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
    }
