"""One repository per family of records: takes and returns records, never rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlmodel import SQLModel

from data.errors import ConflictError, NotFoundError
from data.model.base import Record
from data.store.transaction import Transaction

R = TypeVar("R", bound=Record)


class Repository(Generic[R]):
    """Adds, reads and replaces records of one kind. Every change leaves an audit event unless `audited` is False (machine bulk)."""

    def __init__(self, work: Transaction, record: type[R], row: type[SQLModel], key: str = "id", *, audited: bool = True) -> None:
        self.work, self.record, self.key, self.audited = work, record, key, audited
        self.table: sa.Table = row.__table__  # type: ignore[attr-defined]
        self.columns = [self.table.c[name] for name in record.model_fields]
        self._json = {column.name for column in self.columns if isinstance(column.type, sa.JSON)}

    @property
    def kind(self) -> str:
        """The word for this kind of record in errors and in the audit log."""
        return self.table.name

    def values(self, record: R) -> dict[str, Any]:
        """Return the record as column values."""
        plain = record.model_dump(exclude=self._json)
        return plain | (record.model_dump(mode="json", include=self._json) if self._json else {})

    def load(self, row: sa.Row[Any]) -> R:
        """Return the record that a row holds."""
        return self.record.model_validate(dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's public name for it

    def add(self, record: R) -> R:
        """Store a new record; raises ConflictError when it is there already."""
        try:
            self.work.connection.execute(sa.insert(self.table), self.values(record))
        except sa.exc.IntegrityError as error:
            raise ConflictError(f"this {self.kind} is stored already, or refers to something that is not there") from error
        self._note("added", record)
        return record

    def add_once(self, record: R) -> bool:
        """Store a record unless its unique key is taken; return whether it was stored. For jobs that may run twice."""
        insert = self.work.insert(self.table).values(self.values(record)).on_conflict_do_nothing()
        stored = self.work.connection.execute(insert.returning(self.table.c[self.key])).first() is not None
        if stored:
            self._note("added", record)
        return stored

    def find(self, record_id: object) -> R | None:
        """Return the record, or None."""
        row = self.work.connection.execute(sa.select(*self.columns).where(self.table.c[self.key] == record_id)).first()
        return None if row is None else self.load(row)

    def get(self, record_id: object) -> R:
        """Return the record; raises NotFoundError."""
        found = self.find(record_id)
        if found is None:
            raise NotFoundError(self.kind, record_id)
        return found

    def replace(self, record: R) -> R:
        """Write a changed record over the stored one; raises NotFoundError."""
        key = getattr(record, self.key)
        before = self.get(key)
        self.work.connection.execute(sa.update(self.table).where(self.table.c[self.key] == key).values(self.values(record)))
        changed = sorted(name for name in type(record).model_fields if getattr(before, name) != getattr(record, name))
        self._note("changed", record, {"fields": changed})
        return record

    def remove(self, record_id: object) -> None:
        """Delete a record; raises NotFoundError."""
        record = self.get(record_id)
        self.work.connection.execute(sa.delete(self.table).where(self.table.c[self.key] == record_id))
        self._note("removed", record)

    def where(self, *, order_by: str | None = None, limit: int | None = None, **equals: Any) -> list[R]:
        """Return the records whose columns equal the given values (a list or tuple means "one of"), oldest first by `order_by` or key."""
        query = sa.select(*self.columns).order_by(self.table.c[order_by or self.key])
        for name, value in equals.items():
            column = self.table.c[name]
            query = query.where(column.in_(value) if isinstance(value, (list, tuple, set, frozenset)) else column == value)
        rows = self.work.connection.execute(query.limit(limit) if limit else query)
        return [self.load(row) for row in rows]

    def count(self, **equals: Any) -> int:
        """Return how many records match."""
        query = sa.select(sa.func.count()).select_from(self.table)
        for name, value in equals.items():
            query = query.where(self.table.c[name] == value)
        return int(self.work.connection.execute(query).scalar_one())

    def _note(self, what: str, record: R, detail: dict[str, Any] | None = None) -> None:
        if self.audited:
            self.work.note(what, self.kind, str(getattr(record, self.key)), detail)

    def _rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        return self.work.connection.execute(query).all()
