"""Makes the evidence pack: one ZIP that a stranger can read and check without us, with stock tools.

Every file but two is named in `manifest-sha256.txt`; `seal.json` holds the hash of that list; the ZIP around them can be written in one
way only (evidence/stored_zip.py), so that no byte of it is free. It says who took it out and when (policy A34, B38).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from data.errors import EvidenceError
from data.model.evidence import CustodyEvent, Evidence
from evidence.custody import verify_extract
from evidence.errors import CustodyBrokenError, SealBrokenError
from evidence.guard import may_export
from evidence.report import CaseFile, answer_name, chronology_csv, page
from evidence.seal import canonical, manifest_of, media_type, sha256, stamp
from evidence.stored_zip import write
from evidence.vault import Vault, write_file

__all__ = ["MANIFEST", "PACK_FACTS", "SEAL", "CaseFile", "pack_name", "seal_of", "write_pack"]

MANIFEST, PACK_FACTS, SEAL = "manifest-sha256.txt", "manifest.json", "seal.json"
FORMAT = "schoolwatch pack 1"
HOW_TO_CHECK = """\
HOW TO CHECK THIS PACK

With tools that every computer has
1. Unpack the ZIP into an empty folder and open a terminal in that folder.
2. Linux, macOS:   sha256sum -c manifest-sha256.txt      (macOS: shasum -a 256 -c manifest-sha256.txt)
   Windows:        certutil -hashfile <file> SHA256      and compare with the line in manifest-sha256.txt
   Every line must say OK. This shows that no file differs from the list.
3. sha256sum manifest-sha256.txt
   The result must be the value "manifest_sha256" in seal.json. This shows that the list itself is the sealed one.
4. sha256sum seal.json
   The result is the witness code. Compare it with the code that was noted or sent to somebody else when the pack was made.
   Only this comparison shows that nobody made the whole pack anew.
5. For the ZIP file as you received it: sha256sum -c <name of the pack>.zip.sha256, if that small file came with it.

With Schoolwatch (no database, no network needed)
   schoolwatch verify <pack>.zip
   GREEN       unchanged, and the time is proven by an outside authority
   AMBER       unchanged, but the time rests on the clock of the school's computer only
   RED         changed; each changed file is named
   UNREADABLE  this is not a pack, or it was cut off

What is inside
   report.html            to read; opens in any browser, also without a network
   chronology.csv         what happened when, for a spreadsheet
   manifest.json          what this pack is, who made it and when, every file with size and SHA-256
   custody.jsonl          who did what to the evidence; each line holds the hash of the line before it in the school's own log
   evidence/<number>/     the captures as they were sealed; manifest.json there is the capture's own seal
   checks/                what the site answered, byte for byte, when we looked whether the post is gone
"""


def pack_name(file: CaseFile, now: datetime) -> str:
    """Return the file name of a pack: case number and time, no name of a person."""
    return f"Schoolwatch-{_plain(file.case.ref)}-{now:%Y%m%dT%H%M%SZ}.zip"


def write_pack(file: CaseFile, *, vault: Vault, target: Path, by: str, now: datetime) -> Path:
    """Write the pack and, beside it, `<pack>.zip.sha256`; return the pack's path. The same records give the same bytes.

    `target` is the file to write, or an existing folder to write it into.

    Raises:
        CaptureForbiddenError: the case is on the STOP route: nothing of it may be exported (evidence.md §8.4).
        SealBrokenError: a sealed file is missing or was changed.
        CustodyBrokenError: the custody lines do not fit together.
        EvidenceError: the disk refused, or the pack would pass 1 GiB.
    """
    may_export(file.case)
    path = target / pack_name(file, now) if target.is_dir() else target
    contents = _contents(file, vault, by, now)
    packed = io.BytesIO()
    write(packed, contents.items())
    content = packed.getvalue()
    write_file(path, content)
    write_file(path.with_name(path.name + ".sha256"), f"{sha256(content)}  {path.name}\n".encode())
    return path


def _contents(file: CaseFile, vault: Vault, by: str, now: datetime) -> dict[str, bytes]:
    """Return every file of the pack in its one order: seals first, then by name."""
    files = _readable(file, by, now) | _captures(file, vault) | _answers(file, vault)
    files = dict(sorted(files.items()))
    facts = canonical(_facts(file, files, by, now))
    listed = {PACK_FACTS: facts} | files
    listing = "".join(f"{sha256(content)}  {name}\n" for name, content in listed.items()).encode("ascii")
    return {SEAL: seal_of(listing, facts, len(listed)), MANIFEST: listing} | listed


def seal_of(listing: bytes, facts: bytes, count: int) -> bytes:
    """Return the only right seal for a list of hashes and the pack's facts."""
    return canonical({"format": FORMAT, "manifest_sha256": sha256(listing), "facts_sha256": sha256(facts), "files": count})


def _readable(file: CaseFile, by: str, now: datetime) -> dict[str, bytes]:
    _check_custody(file)
    return {
        "report.html": page(file, by=by, now=now).encode("utf-8", "backslashreplace"),
        "chronology.csv": chronology_csv(file).encode("utf-8-sig", "backslashreplace"),
        "custody.jsonl": b"".join(canonical(custody_line(event)) for event in file.custody),
        "HOW-TO-CHECK.txt": HOW_TO_CHECK.encode(),
    }


def _check_custody(file: CaseFile) -> None:
    verify_extract(file.custody)
    sealed = {(event.evidence_id, event.detail) for event in file.custody if event.what == "sealed"}
    for evidence in file.evidence:
        if (evidence.id, evidence.seal_sha256) not in sealed:
            raise CustodyBrokenError(f"the custody chain holds no seal of evidence {evidence.id}; restore the database from a backup")


def custody_line(event: CustodyEvent) -> dict[str, Any]:
    """Return a custody event as it stands in the pack."""
    return event.model_dump() | {"at": stamp(event.at)}


def _captures(file: CaseFile, vault: Vault) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for evidence in file.evidence:
        folder = f"evidence/{_plain(evidence.ref)}"
        _check_record(evidence)
        files |= {f"{folder}/{_plain(sealed.name)}": vault.get(sealed.sha256) for sealed in evidence.seal_files}
        files |= {f"{folder}/data/{_plain(sealed.name)}": vault.get(sealed.sha256) for sealed in evidence.files}
    return files


def _check_record(evidence: Evidence) -> None:
    if sha256(manifest_of(evidence)) != evidence.manifest_sha256:
        raise SealBrokenError(f"the record of evidence {evidence.id} was changed after it was sealed; restore the database from a backup")


def _answers(file: CaseFile, vault: Vault) -> dict[str, bytes]:
    return {answer_name(number): vault.get(check.answer_sha256) for number, check in enumerate(file.checks, start=1) if check.answer_sha256}


def _facts(file: CaseFile, files: Mapping[str, bytes], by: str, now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "school": file.school.name,
        "case": file.case.ref,
        "made_at": stamp(now),
        "made_by": by,
        "evidence": [
            {
                "id": one.id,
                "ref": one.ref,
                "seal_sha256": one.seal_sha256,
                "manifest_sha256": one.manifest_sha256,
                "captured_at": stamp(one.captured_at),
            }
            for one in file.evidence
        ],
        "files": [
            {"name": name, "sha256": sha256(content), "bytes": len(content), "media_type": media_type(name)}
            for name, content in files.items()
        ],
    }


def _plain(name: str) -> str:
    """Return one of our own names unchanged; raises EvidenceError for anything that could leave the folder or clash (evidence.md §7)."""
    if not name or name.startswith(".") or not all(char.isascii() and (char.isalnum() or char in "-_.") for char in name):
        raise EvidenceError("a file name in the evidence is none of ours; the record was changed")
    return name
