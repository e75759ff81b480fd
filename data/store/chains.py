"""Append-only, hash-chained logs: the audit log and the custody chain. Triggers in the database refuse update and delete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from data.errors import StoreError
from data.model.evidence import CustodyEvent
from data.model.people import AuditEvent
from data.store.repository import Repository
from data.tables import TombstoneRow

FIRST = "0" * 64  # what the first event of a chain names as the one before


def link(before: str, body: dict[str, Any]) -> str:
    """Return the SHA-256 (hex) of the previous hash and the canonical JSON of the event's other fields."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{before}\n{canonical}".encode()).hexdigest()


def _body(event: AuditEvent) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude={"hash", "before"})


def broken_at(events: Iterable[AuditEvent], after: tuple[int, str] = (0, FIRST)) -> int | None:
    """Return the number of the first audit event that does not follow from the one before, or None when the chain holds.

    `after`: number and hash of the event before the first; that of a log whose oldest part went when its time had come.
    """
    last, before = after
    for number, event in enumerate(events, start=last + 1):
        if event.number != number or event.before != before or event.hash != link(before, _body(event)):
            return event.number
        before = event.hash
    return None


class AuditLog(Repository[AuditEvent]):
    """Who did what. Written by `Work` itself at commit."""

    def last(self) -> AuditEvent | None:
        """Return the newest event."""
        rows = self._rows(sa.select(*self.columns).order_by(self.table.c.number.desc()).limit(1))
        return self.load(rows[0]) if rows else None

    def append(self, notes: list[tuple[str, str, str, dict[str, Any]]], *, by: str, at: datetime) -> None:
        """Chain the notes of one transaction to the log."""
        self.work.lock("audit")
        last = self.last()
        counted, before = (last.number, last.hash) if last else self._anchor()
        rows = []
        for number, (what, kind, record_id, detail) in enumerate(notes, start=counted + 1):
            draft = AuditEvent(
                number=number, at=at, by=by, what=what, kind=kind, record_id=record_id, detail=detail, before=before, hash=""
            )
            event = draft.model_copy(update={"hash": link(before, _body(draft))})
            before = event.hash
            rows.append(self.values(event))
        self.work.connection.execute(sa.insert(self.table), rows)

    def _anchor(self) -> tuple[int, str]:
        """Return number and hash of the last event that retention took away (data.store.purge), or of none."""
        tombs: sa.Table = TombstoneRow.__table__  # type: ignore[attr-defined]
        query = sa.select(tombs.c.record_id, tombs.c.ref).where(tombs.c.kind == "audit_event").order_by(tombs.c.record_id.desc()).limit(1)
        row = self.work.connection.execute(query).first()
        return (int(row.record_id), str(row.ref)) if row else (0, FIRST)

    def page(self, *, before: int | None = None, limit: int = 100) -> list[AuditEvent]:
        """Return events, newest first, older than number `before`."""
        query = sa.select(*self.columns).order_by(self.table.c.number.desc()).limit(limit)
        return [self.load(row) for row in self._rows(query.where(self.table.c.number < before) if before else query)]

    def verify(self) -> None:
        """Raise StoreError naming the first event that was tampered with."""
        rows = self.work.connection.execute(sa.select(*self.columns).order_by(self.table.c.number))
        bad = broken_at((self.load(row) for row in rows), self._anchor())
        if bad is not None:
            raise StoreError(f"the audit log does not follow from itself at event {bad}: it was changed outside Schoolwatch")


class Custody(Repository[CustodyEvent]):
    """The custody chain."""

    def last(self) -> CustodyEvent | None:
        """Return the newest event; locks the chain for this transaction so that two writers cannot fork it."""
        self.work.lock("custody")
        rows = self._rows(sa.select(*self.columns).order_by(self.table.c.number.desc()).limit(1))
        return self.load(rows[0]) if rows else None

    def of(self, evidence_ids: Iterable[str]) -> list[CustodyEvent]:
        """Return the events about some evidence, oldest first."""
        return self.where(evidence_id=list(evidence_ids), order_by="number")
