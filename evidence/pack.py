"""Makes the evidence pack: one case as one ZIP that a stranger can read and check without us, with stock tools.

Inside is one folder, a BagIt bag (evidence/bag.py). Each piece of evidence lies in it with the seal that it got when it was made; around
them stand what people wrote and did, and `pack-seal.json`, signed by the installation's key over the bag's lists. The ZIP can be written
in one way only (evidence/stored_zip.py), so that no byte of it is free. It says who took it out and when (policy A34, B38).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from data.errors import EvidenceError
from data.model.evidence import CustodyEvent, Evidence, EvidenceKind, SealedFile, SealToken, TokenState
from evidence import bag
from evidence.bag import FACTS, FORMAT, HOW_TO_CHECK, PACK_SEAL, PACK_SIGNATURE, REGISTER, SEALED_TAGS
from evidence.bundle_check import AUTHORITY, MAX_JSON, Seal, strictly
from evidence.custody import verify_extract
from evidence.errors import CustodyBrokenError, SealBrokenError
from evidence.guard import may_export
from evidence.how_to_check import Subject, how_to_check
from evidence.keys import SealKey
from evidence.redaction import phrases_of, redacted_case_file
from evidence.report import DEMO, CaseFile, Variant, answer_name, both_times, chronology_csv
from evidence.report_captures import KINDS, VERDICTS
from evidence.report_pdf import report
from evidence.safe_text import in_csv
from evidence.seal import KEY, MANIFEST, SEAL, TOKEN, canonical, manifest_of, sha256, sha512, stamp
from evidence.shelf import Digest
from evidence.stored_zip import check_names, write
from evidence.timestamp import fingerprint, is_root
from evidence.vault import Vault

__all__ = ["CaseFile", "Pack", "Variant", "pack_name", "write_pack"]

REPORT = "report.pdf"
NOT_INCLUDED = "not_included"
NO_COPY = "no redacted copy was made"

Part = bytes | SealedFile  # a file of the vault is fetched when its turn to be written comes: packs may be large


@dataclass(frozen=True)
class Pack:
    """A pack that was written, the code by which this very pack is known, and what went with it."""

    path: Path
    seal_sha256: str
    evidence_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Making:
    """What a pack is made of."""

    file: CaseFile
    vault: Vault
    key: SealKey
    by: str
    now: datetime
    variant: Variant
    roots: Sequence[Certificate]

    @property
    def shown(self) -> tuple[Evidence, ...]:
        """The evidence that goes in: originals, or working copies only (domain.md §5.7 rule 5)."""
        wants_copies = self.variant is Variant.REDACTED
        return tuple(one for one in self.file.evidence if (one.kind is EvidenceKind.REDACTED) is wants_copies)

    @property
    def left_out(self) -> tuple[Evidence, ...]:
        """The originals of which a redacted pack shows nothing."""
        copied = {one.derived_from for one in self.shown}
        originals = (one for one in self.file.evidence if one.kind is not EvidenceKind.REDACTED)
        return tuple(one for one in originals if one.id not in copied) if self.variant is Variant.REDACTED else ()

    @property
    def custody(self) -> tuple[CustodyEvent, ...]:
        """The lines of the installation's chain about this evidence, earlier exports among them; about its originals too."""
        wanted = {one.id for one in self.shown} | {one.derived_from for one in self.shown}
        return tuple(event for event in self.file.custody if event.evidence_id in wanted)

    def token(self, evidence: Evidence) -> SealToken | None:
        """Return the authority's word about a seal, where there is one."""
        subject = f"evidence:{evidence.id}"
        return next((one for one in self.file.tokens if one.subject == subject and one.state is TokenState.GRANTED), None)


def pack_name(file: CaseFile, now: datetime, variant: Variant = Variant.FULL) -> str:
    """Return the file name of a pack: case number and time, no name of a person."""
    kind = "" if variant is Variant.FULL else f"-{variant.value}"
    return f"Schoolwatch-{_plain(file.case.ref)}{kind}-{now:%Y%m%dT%H%M%SZ}.zip"


def write_pack(
    file: CaseFile,
    *,
    vault: Vault,
    key: SealKey,
    target: Path,
    by: str,
    now: datetime,
    variant: Variant = Variant.FULL,
    roots: Sequence[Certificate] = (),
) -> Pack:
    """Write the pack, whole or not at all. The same records give the same bytes.

    `target` is the file to write, or an existing folder to write it into. `roots`: the certificates of authorities, of which the one that a
    seal names goes along.

    Raises:
        CaptureForbiddenError: the case is on the STOP route: nothing of it may be exported (evidence.md §8.4).
        SealBrokenError: a sealed file is missing or was changed.
        CustodyBrokenError: the custody lines do not fit together.
        EvidenceError: the disk refused, or the pack would pass 1 GiB, or hold more files than `verify` reads.
    """
    may_export(file.case)
    path = target / pack_name(file, now, variant) if target.is_dir() else target
    _check_custody(file)
    told = redacted_case_file(file, phrases_of(file.events)) if variant is Variant.REDACTED else file
    making = _Making(file=told, vault=vault, key=key, by=by, now=now, variant=variant, roots=roots)
    parts = _parts(making, _plain(path.stem))
    _check_size(path.stem, parts)
    _write_whole(path, ((f"{path.stem}/{name}", parts[name]) for name in sorted(parts)), vault)
    sealed = parts[PACK_SEAL]
    return Pack(path, _digest(sealed).sha256, tuple(one.id for one in making.shown))


def _check_size(name: str, parts: Mapping[str, Part]) -> None:
    """Refuse what `verify` would not read, before anything is written: a clean pack that is called changed would be worse than none."""
    check_names(f"{name}/{inside}" for inside in parts)
    if any(_digest(parts[inside]).bytes > MAX_JSON for inside in (REGISTER, FACTS, *bag.LISTS)):
        raise EvidenceError("the lists in this pack would be longer than can be checked; export fewer captures at a time")


def _write_whole(path: Path, parts: Iterable[tuple[str, Part]], vault: Vault) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as target:
            _write(target, parts, vault)
        Path(draft).replace(path)
    except OSError as error:
        raise EvidenceError(f"'{path.name}' could not be written ({error.strerror}); free some disk space and try again") from error
    finally:
        with suppress(FileNotFoundError):
            Path(draft).unlink()


def _write(target: BinaryIO, parts: Iterable[tuple[str, Part]], vault: Vault) -> None:
    write(target, ((name, part if isinstance(part, bytes) else vault.get(part.sha256)) for name, part in parts))
    target.flush()
    os.fsync(target.fileno())


def _parts(making: _Making, name: str) -> dict[str, Part]:
    """Return every file of the pack's folder."""
    bundles = {ref_name: part for one in making.shown for ref_name, part in _bundle(making, one).items()}
    parts: dict[str, Part] = {f"data/{inside}": part for inside, part in (_told(making) | bundles | _answers(making)).items()}
    parts |= {REGISTER: _register(making), FACTS: canonical(_facts(making))}
    digests = {inside: _digest(part) for inside, part in parts.items()}
    tags = {bag.BAGIT: bag.DECLARATION, bag.INFO: bag.info(_labels(making, name), digests), **bag.lists(digests)}
    subjects = tuple(_subject(making, one, bundles) for one in making.shown)
    tags[HOW_TO_CHECK] = how_to_check(name, making.key.id, subjects, note=DEMO if making.file.demo else "")
    sealed = canonical(_pack_seal(making, name, tags))
    tags |= {PACK_SEAL: sealed, PACK_SIGNATURE: making.key.sign(sealed), KEY: making.key.public_pem}
    tags |= bag.tag_lists({tag: _digest(content) for tag, content in tags.items()})
    return parts | tags


def _digest(part: Part) -> Digest:
    if isinstance(part, bytes):
        return Digest(sha256(part), sha512(part), len(part))
    return Digest(part.sha256, part.sha512, part.bytes)


def _pack_seal(making: _Making, name: str, tags: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": name,
        "variant": making.variant.value,
        "key_id": making.key.id,
        "made_at": stamp(making.now),
        "files": {tag: sha256(tags[tag]) for tag in SEALED_TAGS},
    }


def _labels(making: _Making, name: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Source-Organization", making.file.school.name),
        ("External-Identifier", name),
        ("External-Description", f"Evidence of case {making.file.case.ref} ({making.variant.value})"),
        ("Bagging-Date", f"{making.now:%Y-%m-%d}"),
        *((("Internal-Sender-Description", DEMO),) if making.file.demo else ()),
    )


def _told(making: _Making) -> dict[str, Part]:
    """Return what is there to be read."""
    file = replace(making.file, evidence=(*making.shown, *making.left_out), custody=making.custody)  # what is left out is said by number
    pictures = partial(_picture, making.vault)
    return {
        REPORT: report(file, by=making.by, now=making.now, variant=making.variant, pictures=pictures),
        "chronology.csv": chronology_csv(file).encode("utf-8-sig", "backslashreplace"),
        "index.csv": _index(making).encode("utf-8-sig", "backslashreplace"),
    }


def _picture(vault: Vault, _: Evidence, sealed: SealedFile) -> bytes:
    return vault.get(sealed.sha256)


_INDEX = (
    "evidence",
    "kind",
    "what_it_is",
    "captured_utc_and_uk",
    "address",
    "status",
    "completeness",
    "what_it_amounts_to",
    "by",
    "files",
    "bytes",
    "witness_code",
    "time_stamp",
)


def _index(making: _Making) -> str:
    """Return the list of what is in the pack, and of what is not: codes with the words beside them; no cell can be a formula."""
    rows = [_INDEX, *(_row(making, one) for one in making.shown)]
    rows += [(one.ref, NOT_INCLUDED, f"not included: {NO_COPY}", *[""] * (len(_INDEX) - 3)) for one in making.left_out]
    return "".join(",".join(map(in_csv, row)) + "\r\n" for row in rows)


def _row(making: _Making, one: Evidence) -> tuple[str, ...]:
    token = making.token(one)
    return (
        one.ref,
        one.kind.value,
        KINDS[one.kind],
        both_times(one.captured_at),
        one.address,
        "" if one.status is None else str(one.status),
        one.completeness.value,
        VERDICTS[one.completeness],
        making.file.who(one.captured_by),
        str(len(one.files)),
        str(sum(sealed.bytes for sealed in one.files)),
        one.seal_sha256,
        both_times(token.token_at) if token else "none",
    )


def _check_custody(file: CaseFile) -> None:
    verify_extract(file.custody)
    sealed = {(event.evidence_id, event.detail) for event in file.custody if event.what == "sealed"}
    for evidence in file.evidence:
        if (evidence.id, evidence.seal_sha256) not in sealed:
            raise CustodyBrokenError(f"the custody chain holds no seal of evidence {evidence.id}; restore the database from a backup")


def _register(making: _Making) -> bytes:
    return b"".join(canonical(custody_line(event)) for event in making.custody)


def custody_line(event: CustodyEvent) -> dict[str, Any]:
    """Return a custody event as it stands in the pack."""
    return event.model_dump() | {"at": stamp(event.at)}


def _bundle(making: _Making, evidence: Evidence) -> dict[str, Part]:
    """Return the files of one piece of evidence, by their names below `data/`."""
    _check_record(evidence)
    folder = _plain(evidence.ref)
    files: dict[str, Part] = {f"{folder}/{_plain(sealed.name)}": sealed for sealed in evidence.seal_files}
    files |= {f"{folder}/data/{_plain(sealed.name)}": sealed for sealed in evidence.files}
    token = making.token(evidence)
    if token is not None and token.reply_sha256 is not None:
        files[f"{folder}/{TOKEN}"] = making.vault.get(token.reply_sha256)
        chain = _authority(making, evidence)
        files |= {f"{folder}/{AUTHORITY}": chain} if chain else {}
    return files


def _check_record(evidence: Evidence) -> None:
    beside = {sealed.name: sealed.sha256 for sealed in evidence.seal_files}
    fits = beside.get(SEAL) == evidence.seal_sha256 and beside.get(MANIFEST) == evidence.manifest_sha256
    if not fits or sha256(manifest_of(evidence)) != evidence.manifest_sha256:
        raise SealBrokenError(f"the record of evidence {evidence.id} was changed after it was sealed; restore the database from a backup")


def _authority(making: _Making, evidence: Evidence) -> bytes:
    """Return the root that the seal names, and what may stand between it and the signer, as PEM; empty when the root is not at hand."""
    sealed = strictly(Seal, making.vault.get(evidence.seal_sha256))
    named = next((one for one in making.roots if sealed and fingerprint(one) == sealed.authority), None)
    if named is None:
        return b""
    between = {fingerprint(one): one for one in making.roots if not is_root(one)}
    return b"".join(one.public_bytes(Encoding.PEM) for one in (named, *between.values()))


def _subject(making: _Making, evidence: Evidence, bundles: Mapping[str, Part]) -> Subject:
    token, folder = making.token(evidence), evidence.ref
    at = token.token_at if token and f"{folder}/{TOKEN}" in bundles else None
    return Subject(folder, at, can_be_verified=f"{folder}/{AUTHORITY}" in bundles)


def _answers(making: _Making) -> dict[str, Part]:
    """Return what the site answered to our own looks; in a redacted pack nothing, for that is the page itself."""
    checks = making.file.checks if making.variant is Variant.FULL else ()
    return {answer_name(n): making.vault.get(check.answer_sha256) for n, check in enumerate(checks, start=1) if check.answer_sha256}


def _facts(making: _Making) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "school": making.file.school.name,
        "case": making.file.case.ref,
        "variant": making.variant.value,
        "made_at": stamp(making.now),
        "made_by": making.by,
        "made_by_name": making.file.who(making.by),
        "captures": list(_captures(making)),
        "not_included": [{"ref": one.ref, "why": NO_COPY} for one in making.left_out],
        **({"demo": True} if making.file.demo else {}),
    }


def _captures(making: _Making) -> Iterator[dict[str, Any]]:
    refs = {one.id: one.ref for one in making.file.evidence}
    for one in making.shown:
        yield {
            "id": one.id,
            "ref": one.ref,
            "kind": one.kind.value,
            "captured_at": stamp(one.captured_at),
            "manifest_sha256": one.manifest_sha256,
            "seal_sha256": one.seal_sha256,
            "derived_from": refs.get(one.derived_from or "", one.derived_from),
        }


def _plain(name: str) -> str:
    """Return one of our own names unchanged; raises EvidenceError for anything that could leave the folder or clash (evidence.md §7)."""
    if not name or name.startswith(".") or not all(char.isascii() and (char.isalnum() or char in "-_.") for char in name):
        raise EvidenceError("a file name in the evidence is none of ours; the record was changed")
    return name
