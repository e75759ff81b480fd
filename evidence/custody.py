"""The custody chain: who did what to which evidence and when. Each event holds the hash of the one before (domain.md §5.7 rule 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from data.model.evidence import CustodyEvent
from evidence.errors import CustodyBrokenError
from evidence.seal import canonical, sha256, stamp

FIRST = "0" * 64  # what the first event names as its predecessor


@dataclass(frozen=True)
class CustodyDraft:
    """An event that has not got its place in the chain yet. `detail` holds ids, hashes and fixed words, never post text."""

    at: datetime
    by: str
    evidence_id: str
    what: str
    detail: str = ""


def chain(previous_hash: str, number: int, draft: CustodyDraft) -> CustodyEvent:
    """Give the draft its place after the event with `previous_hash`; `number` counts from 1."""
    event = CustodyEvent(
        number=number,
        at=draft.at,
        by=draft.by,
        evidence_id=draft.evidence_id,
        what=draft.what,
        detail=draft.detail,
        before=previous_hash,
        hash="",
    )
    return event.model_copy(update={"hash": event_hash(event)})


def event_hash(event: CustodyEvent) -> str:
    """Return the SHA-256 over every field of the event but its own hash."""
    fields = event.model_dump(mode="python", exclude={"hash"}) | {"at": stamp(event.at)}
    return sha256(canonical(fields))


def verify(events: Sequence[CustodyEvent]) -> None:
    """Check a whole chain from its first event on; raises CustodyBrokenError that names the first event that does not fit."""
    before = FIRST
    for number, event in enumerate(events, start=1):
        _check(event)
        if event.number != number:
            raise CustodyBrokenError(f"custody event {number} is missing or out of place")
        if event.before != before:
            raise CustodyBrokenError(f"custody event {number} does not follow from the one before it")
        before = event.hash


def verify_extract(events: Sequence[CustodyEvent]) -> None:
    """Check the lines of one case, taken out of the installation's chain; raises CustodyBrokenError.

    Every line must carry its own right hash and stand in order; neighbours in the chain must be linked. Lines about other cases
    that stood between two lines are not here: the whole chain is checked on the school's own computer each night.
    """
    previous: CustodyEvent | None = None
    for event in events:
        _check(event)
        if previous is not None and event.number <= previous.number:
            raise CustodyBrokenError(f"custody event {event.number} is out of order")
        if previous is not None and event.number == previous.number + 1 and event.before != previous.hash:
            raise CustodyBrokenError(f"custody event {event.number} does not follow from the one before it")
        if event.number == 1 and event.before != FIRST:
            raise CustodyBrokenError("custody event 1 does not begin the chain")
        previous = event


def _check(event: CustodyEvent) -> None:
    if event_hash(event) != event.hash:
        raise CustodyBrokenError(f"custody event {event.number} was changed after it was written")
