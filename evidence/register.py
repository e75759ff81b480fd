"""The register for a stranger: the custody chain as lines of canonical JSON, and whether such a file is whole (evidence.md §6).

The chain alone shows what was changed in it; that lines were cut off at the end, or that an older copy was put in its place, shows only
against a code that left the school's computer: a daily head that somebody keeps, a witness code in a request, an authority's time stamp.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cryptography.x509 import Certificate
from pydantic import ValidationError

from data.model.evidence import CustodyEvent, RegisterHead
from evidence.custody import verify
from evidence.errors import CustodyBrokenError
from evidence.seal import canonical, stamp
from evidence.timestamp import Fault, TokenFault, check_imprint

MAX_BYTES = 500_000_000
HEADS = "-heads"  # the second file is named like the first, with this before its ending
NOTHING_YET = "it is empty, as a fresh installation's is: nothing was sealed yet"
NO_CODE = (
    "no code from outside was given: that lines were cut off at the end cannot be seen. "
    "Give one that somebody else keeps, with --head (a daily code of the register, or a witness code)"
)


@dataclass(frozen=True)
class Head:
    """The chain's last hash of a day, with the raw reply of a time-stamping authority, if there is one."""

    day: str
    number: int
    hash: str
    token: bytes | None = None


@dataclass(frozen=True)
class RegisterCheck:
    """What a look at a register found: each fault, each thing that could not be told, and what was confirmed."""

    lines: int
    head: str
    faults: tuple[str, ...]
    notes: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    is_readable: bool = True  # False: not a single line of it is one of a register

    @property
    def is_whole(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.faults


def lines(events: Iterable[CustodyEvent]) -> bytes:
    """Return the register as one line of canonical JSON for each event."""
    return b"".join(canonical(event.model_dump() | {"at": stamp(event.at)}) for event in events)


def head_lines(heads: Iterable[RegisterHead], token: Callable[[str], bytes | None]) -> bytes:
    """Return the daily heads, one line each, with the authority's raw reply (base64) where there is one; `token` by day."""
    return b"".join(_head_line(head, token(head.id)) for head in heads)


def _head_line(head: RegisterHead, token: bytes | None) -> bytes:
    said = base64.b64encode(token).decode("ascii") if token else None
    return canonical({"day": head.id, "number": head.number, "hash": head.hash, "token": said})


def check(content: bytes, *, heads: bytes = b"", codes: Sequence[str] = (), roots: Sequence[Certificate] = ()) -> RegisterCheck:
    """Return what there is to say of a register. Never raises for a bad one.

    `heads`: the second file. `codes`: kept by somebody else: daily heads, or witness codes. `roots`: authorities that are believed.
    """
    events, faults = _read(content)
    is_readable = not content or any(_is_line(line) for line in content.splitlines())
    faults += _chain_faults(events) if not faults else ()
    known = {event.hash for event in events} | {event.detail for event in events if event.what == "sealed"}
    faults += tuple(
        f"the code {_short(code)} is not in it: lines were cut off or changed, or this is an older copy"
        for code in codes
        if code not in known
    )
    told, misread = _read_heads(heads)
    said = [_of_head(head, events, roots) for head in told]
    faults += misread + tuple(fault for fault, _, _ in said if fault)
    return RegisterCheck(
        lines=len(events),
        head=events[-1].hash if events else "",
        faults=faults,
        notes=(() if codes else (NO_CODE,)) + tuple(note for _, note, _ in said if note),
        held=tuple(f"the code {_short(code)} stands in it" for code in codes if code in known) + tuple(held for _, _, held in said if held),
        is_readable=is_readable,
    )


def fresh(content: bytes, *, heads: bytes = b"", codes: Sequence[str] = ()) -> RegisterCheck | None:
    """Return the verdict on the register of an installation that has sealed nothing yet; None for every other register.

    With a daily head or a code from outside an empty register is no fresh one: its lines were cut off.
    """
    if content or heads or codes:
        return None
    return RegisterCheck(lines=0, head="", faults=(), notes=(NOTHING_YET, NO_CODE))


def _short(code: str) -> str:
    return "".join(char for char in code[:64] if char.isprintable())


def _read(content: bytes) -> tuple[tuple[CustodyEvent, ...], tuple[str, ...]]:
    found = list[CustodyEvent]()
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        try:
            event = CustodyEvent.model_validate_json(line)
        except ValidationError:
            return tuple(found), (f"line {number} cannot be read: it was changed, or this is no register",)
        if lines([event]) != line:
            return tuple(found), (f"line {number} is not spelled as registers are: it was changed",)
        found.append(event)
    return tuple(found), () if found else ("there is no line in it",)


def _is_line(line: bytes) -> bool:
    try:
        CustodyEvent.model_validate_json(line)
    except ValidationError:
        return False
    return True


def _chain_faults(events: Sequence[CustodyEvent]) -> tuple[str, ...]:
    try:
        verify(events)
    except CustodyBrokenError as error:
        return (str(error),)
    return ()


def _read_heads(content: bytes) -> tuple[list[Head], tuple[str, ...]]:
    found = list[Head]()
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            told = json.loads(line)
            token = base64.b64decode(told["token"], validate=True) if told["token"] is not None else None
            found.append(Head(str(told["day"]), int(told["number"]), str(told["hash"]), token))
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
            return found, (f"line {number} of the daily heads cannot be read: it was changed",)
    return found, ()


def _of_head(head: Head, events: Sequence[CustodyEvent], roots: Sequence[Certificate]) -> tuple[str, str, str]:
    """Return the fault, the note and what is confirmed about a daily head; each may be empty."""
    day = _short(head.day)
    if not 0 < head.number <= len(events) or events[head.number - 1].hash != head.hash:
        return f"the head of {day} is not at its place: lines were cut off or changed, or this is an older copy", "", ""
    if head.token is None:
        return "", f"the head of {day} has no outside time stamp", ""
    found = check_imprint(head.token, head.hash, roots)
    if not isinstance(found, TokenFault):
        return "", "", f"up to line {head.number} it existed on {found.at:%Y-%m-%d %H:%M:%S} UTC, says {found.authority}"
    if found.kind is Fault.UNKNOWN:
        return "", f"the time stamp of {day} comes from an authority that this computer does not know; give its root with --authority", ""
    return f"the time stamp of {day}: {found.says}", "", ""
