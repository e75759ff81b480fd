"""Fakes of the safe for other rooms' tests and the demo: evidence made in memory, without a browser or a network."""

from __future__ import annotations

from datetime import datetime

from data.model.cases import Case, CaseItem
from data.model.evidence import CaptureOrder, Completeness, CustodyEvent, Evidence, SafetyAnswer
from evidence.capture import CaptureFacts, evidence_id
from evidence.custody import FIRST, CustodyDraft, chain
from evidence.seal import canonical, manifest_of, sealed_file
from evidence.vault import Vault

# the smallest PNG: one grey pixel. Tests use plain colour only (evidence.md §8.8)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)


def an_order(item: CaseItem, *, at: datetime, by: str = "u-dsl", answer: SafetyAnswer | None = SafetyAnswer.NO) -> CaptureOrder:
    """Make an order to capture an item's address."""
    return CaptureOrder(
        id=f"o-{item.id}",
        case_id=item.case_id,
        item_id=item.id,
        post_id=item.post_id,
        address=item.address,
        answer=answer,
        ordered_by=by,
        ordered_at=at,
    )


def some_facts(case: Case, **more: object) -> CaptureFacts:
    """Make the facts that a person adds to a capture."""
    known = {
        "school_name": "Fernley Green Primary School",
        "case_ref": case.ref,
        "who_id": "u-dsl",
        "who_name": "A. Quillfeather",
        "who_role": "dsl",
        "reason": "evidence before a request for removal",
    }
    return CaptureFacts(**(known | more))  # type: ignore[arg-type]


def fake_capture(  # noqa: PLR0913 - as `capture` itself
    order: CaptureOrder,
    case: Case,
    item: CaseItem,
    *,
    vault: Vault,
    now: datetime,
    completeness: Completeness = Completeness.FULL,
    number: int = 1,
) -> tuple[Evidence, tuple[CustodyDraft, ...]]:
    """Return what `capture` would, sealed in `vault`, without looking at anything."""
    files = {
        "capture.json": canonical({"ref": f"{case.ref}-E{number}", "address_asked": order.address, "finished_utc": now.isoformat()}),
        "dom.html": b"<!doctype html><title>Invented</title><p>Invented page</p>",
        "page.txt": b"Invented page",
        "screen-as-seen.png": PIXEL,
    }
    for content in files.values():
        vault.put(content)
    evidence = Evidence(
        id=evidence_id(order),
        ref=f"{case.ref}-E{number}",
        case_id=case.id,
        item_id=item.id,
        order_id=order.id,
        address=order.address,
        final_address=order.address,
        status=200,
        title="Invented",
        captured_at=now,
        captured_by=order.ordered_by,
        completeness=completeness,
        files=tuple(sealed_file(name, files[name]) for name in sorted(files)),
        manifest_sha256="",
        tools={"method": "fake"},
    )
    evidence = evidence.model_copy(update={"manifest_sha256": vault.put(manifest_of(evidence))})
    steps = (
        ("opened", ""),
        ("safety answer", "no"),
        ("capture started", ""),
        ("captured", completeness.value),
        ("sealed", evidence.manifest_sha256),
    )
    return evidence, tuple(
        CustodyDraft(at=now, by=order.ordered_by, evidence_id=evidence.id, what=what, detail=detail) for what, detail in steps
    )


def chained(drafts: tuple[CustodyDraft, ...], *, after: CustodyEvent | None = None) -> tuple[CustodyEvent, ...]:
    """Give drafts their places in a chain, from its beginning or after an event."""
    events: list[CustodyEvent] = [] if after is None else [after]
    for draft in drafts:
        before, number = (events[-1].hash, events[-1].number) if events else (FIRST, 0)
        events.append(chain(before, number + 1, draft))
    return tuple(events if after is None else events[1:])
