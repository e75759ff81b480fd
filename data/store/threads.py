"""Posts that belong together, as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from data.model.threads import ThreadAlert
from data.store.repository import Repository


class Threads(Repository[ThreadAlert]):
    """Thread alerts; found by the machine, set aside by people."""

    def recent(self, school_ids: Sequence[str], *, since: datetime, limit: int = 500) -> list[ThreadAlert]:
        """Return the schools' alerts whose last post is not older than `since`, the last changed first."""
        query = (
            sa.select(*self.columns)
            .where(self.table.c.school_id.in_(list(school_ids)), self.table.c.until >= since)
            .order_by(self.table.c.changed_at.desc(), self.table.c.id)
            .limit(limit)
        )
        return [self.load(row) for row in self._rows(query)]
