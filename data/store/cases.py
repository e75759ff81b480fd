"""Cases: reference numbers, writes that notice a stale reader."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from data.errors import ConflictError
from data.model.cases import ENDED, Case, CaseEvent
from data.store.repository import Repository


class Cases(Repository[Case]):
    """Case files."""

    def next_ref(self, year: int) -> str:
        """Return the next reference of the year, `SW-2026-0001` style: no names in it (domain.md §5.1)."""
        self.work.lock("case-ref")
        query = sa.select(sa.func.max(self.table.c.ref)).where(self.table.c.ref.like(f"SW-{year}-%"))
        last = self.work.connection.execute(query).scalar()
        return f"SW-{year}-{int(last.rsplit('-', 1)[1]) + 1 if last else 1:04d}"

    def change(self, case: Case, expected_revision: int) -> Case:
        """Write a changed case; raises ConflictError when someone changed it since it was read."""
        done = self.work.connection.execute(
            sa.update(self.table).where(self.table.c.id == case.id, self.table.c.revision == expected_revision).values(self.values(case))
        )
        if done.rowcount != 1:
            raise ConflictError(f"case {case.ref} was changed by someone else in the meantime; open it again and repeat the step")
        self._note("changed", case, {"state": case.state, "revision": case.revision})
        return case

    def open_in(self, school_ids: Sequence[str]) -> list[Case]:
        """Return the cases that have not ended, oldest known first."""
        query = sa.select(*self.columns).where(
            self.table.c.school_id.in_(list(school_ids)), self.table.c.state.not_in([state.value for state in ENDED])
        )
        return [self.load(row) for row in self._rows(query.order_by(self.table.c.known_at))]

    def by_ref(self, ref: str) -> Case | None:
        """Return the case with this reference, or None."""
        found = self.where(ref=ref.strip().upper())
        return found[0] if found else None


class CaseEvents(Repository[CaseEvent]):
    """Case histories."""

    def of(self, case_id: str) -> list[CaseEvent]:
        """Return a case's history, oldest first."""
        return self.where(case_id=case_id, order_by="number")
