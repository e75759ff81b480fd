"""Prints of case items and the index over them: which items may a new post resemble?"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from data.model.copies import ItemPrint, PrintKey
from data.model.readings import Category
from data.store.repository import Repository
from data.store.transaction import Transaction
from data.tables import CaseItemRow, CaseRow, ItemPrintRow, PrintKeyRow

_CHUNK = 500  # SQLite caps the number of parameters
_WHOLE = 1_000  # a whole key in common counts more than any number of groups


class Prints(Repository[ItemPrint]):
    """Prints of case items."""

    def __init__(self, work: Transaction) -> None:
        super().__init__(work, ItemPrint, ItemPrintRow, audited=False)
        self._keys: sa.Table = PrintKeyRow.__table__  # type: ignore[attr-defined]

    def keep(self, made: ItemPrint, keys: Sequence[str]) -> bool:
        """Store a print with its keys, once; return whether it was new."""
        if not self.add_once(made):
            return False
        rows = [PrintKey(key=key, print_id=made.id).model_dump() for key in dict.fromkeys(keys)]
        if rows:
            self.work.connection.execute(sa.insert(self._keys), rows)
        return True

    def unprinted(self, limit: int) -> list[str]:
        """Return the ids of items that have no print yet, oldest first; those of stopped cases never get one (evidence.md §8)."""
        items: sa.Table = CaseItemRow.__table__  # type: ignore[attr-defined]
        cases: sa.Table = CaseRow.__table__  # type: ignore[attr-defined]
        joined = items.join(cases, items.c.case_id == cases.c.id).outerjoin(self.table, self.table.c.id == items.c.id)
        missing = (
            sa.select(items.c.id)
            .select_from(joined)
            .where(self.table.c.id.is_(None), sa.not_(cases.c.stop), cases.c.lead_category != Category.CSAM.value)
        )
        return [row.id for row in self._rows(missing.order_by(items.c.id).limit(limit))]

    def sharing(self, whole: Sequence[str], groups: Sequence[str], *, least: int, limit: int) -> list[ItemPrint]:
        """Return the prints that share a whole key, or at least so many groups, those that share most first; `limit` at most."""
        shared = self._count(groups)
        near = {one: number for one, number in shared.items() if number >= least}
        near |= {one: shared.get(one, 0) + _WHOLE for one in self._count(whole, limit)}
        best = sorted(near, key=lambda one: (-near[one], one))[:limit]
        return self.where(id=best) if best else []

    def _count(self, keys: Sequence[str], limit: int | None = None) -> dict[str, int]:
        """Return how many of the keys each print has; with `limit` only of the newest so many."""
        found: dict[str, int] = {}
        for start in range(0, len(keys), _CHUNK):
            chosen = self._keys.c.key.in_(keys[start : start + _CHUNK])
            query = sa.select(self._keys.c.print_id, sa.func.count().label("number")).where(chosen).group_by(self._keys.c.print_id)
            for row in self._rows(query.order_by(self._keys.c.print_id.desc()).limit(limit) if limit else query):
                found[row.print_id] = found.get(row.print_id, 0) + row.number
        return found

    def forget(self, case_id: str) -> int:
        """Delete the prints of a case with their keys; return how many there were. For a case that is stopped."""
        ids = sa.select(self.table.c.id).where(self.table.c.case_id == case_id)
        self.work.connection.execute(sa.delete(self._keys).where(self._keys.c.print_id.in_(ids)))
        return self.work.connection.execute(sa.delete(self.table).where(self.table.c.case_id == case_id)).rowcount
