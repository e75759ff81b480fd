"""Checks a pack on any machine, without database or network, and always comes to a verdict (evidence.md §6).

A ZIP as it left the school, or a folder into which it was unpacked. Nothing is written; each file is read once and hashed where it lies;
everything around the evidence is compared with the one way to write it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data.errors import EvidenceError
from data.model.evidence import CustodyEvent
from evidence import bag
from evidence.bag import FACTS, FORMAT, PACK_SEAL, PACK_SIGNATURE, REGISTER, SEALED_TAGS
from evidence.bundle_check import (
    MAX_JSON,
    MAX_LINE,
    MAX_SMALL,
    Bundle,
    Strict,
    Trust,
    check_bundle,
    moment,
    signed_faults,
    strictly,
)
from evidence.custody import verify as verify_chain
from evidence.custody import verify_extract
from evidence.seal import KEY, MANIFEST, SEAL, canonical, stamp
from evidence.shelf import FolderShelf, Shelf, ZipShelf, opened
from evidence.timestamp import Effort

Register = list[CustodyEvent] | str | None  # the whole register, what is wrong with it, or none was given
MAX_REASONS = 200  # a person reads the first few; a hostile pack could give a hundred thousand
MAX_REASON = 500
MAX_REGISTER = 50_000_000  # bytes; some hundred thousand lines
NO_EVIDENCE = "there is no evidence in this pack, so nothing whose time could be proven"
_OWN = (PACK_SEAL, FACTS, bag.BAGIT)


PAPERS = (
    "The time stamps cover the evidence only. The report, the chronology and the lists rest on the school's key alone: "
    "compare the pack's code {code} with the school's register, or with a note of it that somebody else keeps (--register, --witness)."
)
_OF_COMPUTERS = re.compile(r"(?:.*/)?(?:\.DS_Store|Thumbs\.db|desktop\.ini) was added", re.DOTALL)
_BY_A_COMPUTER = "your own computer may have put this file here: delete it, or check the ZIP file"


class Papers(StrEnum):
    """Whether the pack's own code, which covers what people wrote around the evidence, was held against one from elsewhere."""

    COMPARED = "compared"
    NOT_COMPARED = "not compared"


class Colour(StrEnum):
    """The four answers."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"
    UNREADABLE = "UNREADABLE"


_EXIT = {Colour.GREEN: 0, Colour.AMBER: 3, Colour.RED: 1, Colour.UNREADABLE: 2}


@dataclass(frozen=True)
class Knowledge:
    """What whoever checks knows from elsewhere: authorities and keys, witness codes, the lines of the installation's register."""

    trust: Trust = field(default_factory=Trust)
    witnesses: tuple[str, ...] = ()
    register: Path | None = None


@dataclass(frozen=True)
class VerifyResult:
    """The verdict on a pack, with every reason in plain words.

    `codes`: the witness code of each piece of evidence and of the pack itself, to compare with those noted elsewhere; `keys`: the
    fingerprints of the keys that sealed it; `papers`: whether the report and the lists rest on more than the key.
    """

    colour: Colour
    reasons: tuple[str, ...]
    files: int = 0
    codes: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    papers: Papers = Papers.NOT_COMPARED

    @property
    def exit_code(self) -> int:
        """GREEN 0, RED 1, UNREADABLE 2, AMBER 3."""
        return _EXIT[self.colour]


class Capture(Strict):
    """A piece of evidence, as `pack.json` names it."""

    id: str
    ref: str
    kind: str
    captured_at: str
    manifest_sha256: str
    seal_sha256: str
    derived_from: str | None


class Absent(Strict):
    """A piece of evidence that was left out."""

    ref: str
    why: str


class PackFacts(Strict):
    """`pack.json`."""

    format: str
    school: str
    case: str
    variant: str
    made_at: str
    made_by: str
    made_by_name: str
    captures: list[Capture]
    not_included: list[Absent]
    demo: bool = False


class PackSeal(Strict):
    """`pack-seal.json`."""

    format: str
    name: str
    variant: str
    key_id: str
    made_at: str
    files: dict[str, str]


def verify(path: Path, known: Knowledge | None = None) -> VerifyResult:
    """Return the verdict on the pack at `path`, a ZIP or a folder. Never raises for a bad pack and never writes anything."""
    try:
        return _looked(path, known or Knowledge())
    except OSError as error:
        return VerifyResult(Colour.UNREADABLE, (f"it cannot be read ({error.strerror or 'unknown reason'})",))
    except ValueError:  # a NUL in the path
        return VerifyResult(Colour.UNREADABLE, ("this is not the name of a file",))
    except EvidenceError as error:
        return VerifyResult(Colour.UNREADABLE, (shown(str(error)),))


def _looked(path: Path, known: Knowledge) -> VerifyResult:
    if path.is_dir():
        return _verdict(FolderShelf.of(_root(path)), known)
    with opened(path, follow=True) as source:
        return _verdict(ZipShelf.of(source), known)


def _root(folder: Path) -> Path:
    """Return the pack's own folder, also where the folder around it was given."""
    if any((folder / name).exists() for name in _OWN):
        return folder
    inside = [one for one in folder.iterdir() if one.is_dir() and not one.is_symlink()]
    return inside[0] if len(inside) == 1 else folder


def shown(reason: str) -> str:
    """Keep hostile names from playing tricks in a terminal."""
    return "".join(char if char.isprintable() else f"[U+{ord(char):04X}]" for char in reason[:MAX_REASON])[:MAX_REASON]


def _verdict(shelf: Shelf, known: Knowledge) -> VerifyResult:
    if not any(name in shelf.digests for name in _OWN):
        return VerifyResult(Colour.UNREADABLE, ("this is not an evidence pack: it has no seal and no list of what is in it",))
    trust = replace(known.trust, effort=Effort(known.trust.effort.left))  # each pack has its own
    bundles = tuple(check_bundle(shelf, folder, trust) for folder in _folders(shelf))
    sealed = strictly(PackSeal, shelf.text(PACK_SEAL, MAX_SMALL))
    codes = {bundle.ref: bundle.witness for bundle in bundles if bundle.witness} | {
        "pack": shelf.digests[PACK_SEAL].sha256 if sealed else ""
    }
    register = _register(known.register) if known.register else None
    faults = _first(_explained(shelf, _faults(shelf, sealed, bundles, known)))
    faults += _first(_outside_faults(shelf, bundles, codes, known, register))
    doubts = _first(_doubts(shelf, bundles, codes, known, register))
    keys = tuple(dict.fromkeys([bundle.key for bundle in bundles if bundle.key] + ([sealed.key_id] if sealed else [])))
    colour = Colour.RED if faults else Colour.AMBER if doubts else Colour.GREEN
    reasons = faults or doubts or tuple(bundle.proof for bundle in bundles)
    papers = _papers(codes["pack"], known, register)
    return VerifyResult(colour, tuple(shown(one) for one in reasons), len(shelf.digests), codes, keys, papers)


def _papers(pack: str, known: Knowledge, register: Register) -> Papers:
    """Return whether somebody outside knows this very pack: by a code that was noted, or by the line of its export in the register."""
    is_noted = pack in {code.strip().lower() for code in known.witnesses}
    is_known = is_noted or (isinstance(register, list) and _is_exported(register, pack))
    return Papers.COMPARED if pack and is_known else Papers.NOT_COMPARED


def _is_exported(register: list[CustodyEvent], pack: str) -> bool:
    return any(pack in event.detail for event in register if event.what == "exported")


def _first(reasons: Iterator[str]) -> tuple[str, ...]:
    """Return each reason once, and no more than a person could want."""
    found: dict[str, None] = {}
    for reason in reasons:
        found[reason] = None
        if len(found) >= MAX_REASONS:
            found["and more of the same"] = None
            break
    return tuple(found)


def _explained(shelf: Shelf, reasons: Iterator[str]) -> Iterator[str]:
    """Say where three well-known files come from that computers put into any folder that is looked at; in a ZIP they do not."""
    for reason in reasons:
        is_left = isinstance(shelf, FolderShelf) and _OF_COMPUTERS.fullmatch(reason)
        yield f"{reason}; {_BY_A_COMPUTER}" if is_left else reason


def _folders(shelf: Shelf) -> list[str]:
    """Return where evidence lies, or should lie."""
    ends = tuple(f"/{name}" for name in (MANIFEST, SEAL))
    found = {name.rpartition("/")[0] + "/" for name in shelf.digests if name.startswith(bag.PAYLOAD) and name.endswith(ends)}
    return sorted(folder for folder in found if folder.count("/") == 2)  # noqa: PLR2004 - data/<ref>/


def _faults(shelf: Shelf, sealed: PackSeal | None, bundles: tuple[Bundle, ...], known: Knowledge) -> Iterator[str]:
    yield from shelf.faults
    texts = {name: shelf.text(name, MAX_JSON) for name in (bag.BAGIT, *bag.LISTS, *bag.TAG_LISTS)}
    yield from bag.faults(shelf.digests, texts)
    yield from _seal_faults(shelf, sealed, known)
    for bundle in bundles:
        yield from bundle.faults
    yield from _facts_faults(shelf, sealed, bundles)
    yield from _register_faults(shelf, bundles)
    yield from _stranger_faults(sealed, bundles, known)


def _stranger_faults(sealed: PackSeal | None, bundles: tuple[Bundle, ...], known: Knowledge) -> Iterator[str]:
    """Anybody can take genuine evidence, write another report around it and seal that with a key of their own."""
    others = {one.key for one in bundles if one.key} | ({sealed.key_id} if sealed else set())
    if len(others) > 1 and not known.trust.keys >= others:
        yield f"{PACK_SEAL} and the evidence were sealed with different keys; when the school changed its key, name each with --key"


def _seal_faults(shelf: Shelf, sealed: PackSeal | None, known: Knowledge) -> Iterator[str]:
    missing = [name for name in (PACK_SEAL, PACK_SIGNATURE, KEY, *SEALED_TAGS) if name not in shelf.digests]
    yield from (f"{name} is missing" for name in missing)
    if sealed is None:
        yield f"{PACK_SEAL} was changed: it cannot be read"
        return
    if sealed.format != FORMAT:
        yield f"{PACK_SEAL} is of another version; check the pack with the version of Schoolwatch that made it"
    if set(sealed.files) != set(SEALED_TAGS) or moment(sealed.made_at) is None:
        yield f"{PACK_SEAL} was changed: it does not name what it should"
    if shelf.name not in {None, sealed.name}:
        yield f"{PACK_SEAL} belongs to another pack ({sealed.name})"
    for name in SEALED_TAGS:
        if name in shelf.digests and shelf.digests[name].sha256 != sealed.files.get(name):
            yield f"{name} was changed (it is not what {PACK_SEAL} says)"
    yield from signed_faults(shelf, "", KEY, PACK_SEAL, PACK_SIGNATURE, sealed.key_id)
    if known.trust.keys and sealed.key_id not in known.trust.keys:
        yield f"{PACK_SEAL} was sealed with another key ({sealed.key_id}) than the one you named"


def _facts_faults(shelf: Shelf, sealed: PackSeal | None, bundles: tuple[Bundle, ...]) -> Iterator[str]:
    """Compare what the pack says is in it with what is."""
    facts = strictly(PackFacts, shelf.text(FACTS, MAX_JSON))
    if facts is None:
        yield f"{FACTS} is missing or was changed"
        return
    if facts.format != FORMAT or (sealed and (facts.variant, facts.made_at) != (sealed.variant, sealed.made_at)):
        yield f"{FACTS} is not of the same pack as {PACK_SEAL}"
    there = {bundle.ref: bundle for bundle in bundles}
    for name in sorted({one.ref for one in facts.captures} ^ there.keys()):
        yield f"{bag.PAYLOAD}{name} is missing" if name not in there else f"{bag.PAYLOAD}{name} was added"
    for one in facts.captures:
        found = there.get(one.ref)
        if found and (found.evidence_id, found.witness, found.kind) != (one.id, one.seal_sha256, one.kind):
            yield f"{FACTS} does not fit {bag.PAYLOAD}{one.ref}: one of them was changed"


def _lines(content: bytes) -> list[CustodyEvent] | None:
    """Read lines of the installation's chain; None when one is not as we write it."""
    events: list[CustodyEvent] = []
    for raw in content.splitlines(keepends=True):
        event = _line(raw)
        if event is None:
            return None
        events.append(event)
    return events


def _line(raw: bytes) -> CustodyEvent | None:
    try:
        if len(raw) > MAX_LINE:
            return None
        event = CustodyEvent.model_validate_json(raw)
        return event if canonical(event.model_dump() | {"at": stamp(event.at)}) == raw else None
    except (ValidationError, ValueError, OverflowError):
        return None


def _register_faults(shelf: Shelf, bundles: tuple[Bundle, ...]) -> Iterator[str]:
    """Check the lines that came along: each whole, in order, and each piece of evidence with its seal among them."""
    events = _lines(shelf.text(REGISTER, MAX_JSON)) if REGISTER in shelf.digests else None
    if events is None:
        yield f"{REGISTER} is missing or was changed: a line in it is not as it was written"
        return
    try:
        verify_extract(events)
    except EvidenceError as error:
        yield f"{REGISTER} was changed: {error}"
    yield from (f"{REGISTER} does not hold the seal of {one.ref}" for one in bundles if not _stands_in(events, one))


def _stands_in(events: list[CustodyEvent], bundle: Bundle) -> bool:
    return any((event.what, event.evidence_id, event.detail) == ("sealed", bundle.evidence_id, bundle.witness) for event in events)


def _outside_faults(
    shelf: Shelf, bundles: tuple[Bundle, ...], codes: Mapping[str, str], known: Knowledge, register: Register
) -> Iterator[str]:
    """Compare the pack with what was noted outside it: witness codes, and the whole register."""
    elsewhere = set(_originals(shelf, bundles).values())
    for code in known.witnesses:
        if code.strip().lower() not in {*codes.values(), *elsewhere}:
            yield f"no evidence in this pack has the witness code {code}: this is not what was sealed when that code was given"
    yield from _foreign_register_faults(register, bundles)


def _originals(shelf: Shelf, bundles: tuple[Bundle, ...]) -> dict[str, str]:
    """Return the codes of the originals that redacted copies in the pack were made of, as the register's lines tell them."""
    there = {bundle.evidence_id for bundle in bundles}
    copied = {bundle.derived_from for bundle in bundles if bundle.derived_from} - there
    if not copied:
        return {}
    events = _lines(shelf.text(REGISTER, MAX_JSON)) or []
    return {event.evidence_id: event.detail for event in events if event.what == "sealed" and event.evidence_id in copied}


def _foreign_register_faults(register: Register, bundles: tuple[Bundle, ...]) -> Iterator[str]:
    if isinstance(register, str):
        yield register
        return
    absent = (one.ref for one in bundles if register is not None and not _stands_in(register, one))
    yield from (f"{ref} does not stand in the register that you gave, or with another seal" for ref in absent)


def _register(path: Path) -> list[CustodyEvent] | str:
    """Read the whole register, from its first line on; or say what is wrong with it."""
    try:
        with opened(path, follow=True) as source:
            content = source.read(MAX_REGISTER + 1)
        events = _lines(content) if len(content) <= MAX_REGISTER else None
        if events is None:
            return "the register that you gave cannot be read: it is none, or it was changed"
        verify_chain(events)
    except OSError as error:
        return f"the register that you gave cannot be read ({error.strerror})"
    except EvidenceError as error:
        return f"the register that you gave does not hold: {error}"
    return events


def _doubts(shelf: Shelf, bundles: tuple[Bundle, ...], codes: Mapping[str, str], known: Knowledge, register: Register) -> Iterator[str]:
    if not bundles:
        yield NO_EVIDENCE
    for bundle in bundles:
        yield from bundle.doubts
    asked = {code.strip().lower() for code in known.witnesses}
    for code in asked & set(_originals(shelf, bundles).values()):
        yield f"the witness code {code} belongs to an original that is not in this pack, only a redacted copy of it; ask for the full pack"
    pack = codes.get("pack", "-")
    if isinstance(register, list) and not _is_exported(register, pack):
        yield "the register that you gave does not know this very pack: it is older, or the papers around the evidence were changed"


def as_json(result: VerifyResult) -> str:
    """Return the verdict for another program."""
    told: dict[str, Any] = {
        "verdict": result.colour.value,
        "reasons": list(result.reasons),
        "files": result.files,
        "witness_codes": dict(result.codes),
        "keys": list(result.keys),
        "papers": result.papers.value,
    }
    return json.dumps(told, indent=2)


def in_words(result: VerifyResult) -> str:
    """Return the verdict for a person: the colour on the first line, each reason, what it does not cover, then the codes to compare."""
    lines = [result.colour.value, *(f"  {reason}" for reason in result.reasons)]
    if result.colour in {Colour.GREEN, Colour.AMBER} and result.papers is Papers.NOT_COMPARED:
        lines.append(f"  {PAPERS.format(code=result.codes['pack'])}")
    lines += [f"  witness code of {shown(ref)}: {code}" for ref, code in result.codes.items() if code]
    return "\n".join([*lines, *(f"  key: {shown(key)}" for key in result.keys)])
