"""The outbox: what waits to go out, what went out lately, what nobody may have got."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from data.model.telling import Message, MessageState, Urgency
from data.store.repository import Repository

_FIRST = (Urgency.URGENT, Urgency.TEST, Urgency.REMINDER, Urgency.DIGEST)


class Messages(Repository[Message]):
    """Messages to people; each is stored once under its key."""

    def due(self, now: datetime, limit: int = 200) -> list[Message]:
        """Return what may go out now, the urgent first, then by when it should have gone."""
        table = self.table
        order = sa.case({word.value: number for number, word in enumerate(_FIRST)}, value=table.c.urgency)
        query = (
            sa.select(*self.columns)
            .where(table.c.state == MessageState.WAITING, table.c.not_before <= now)
            .order_by(order, table.c.not_before, table.c.id)
            .limit(limit)
        )
        return [self.load(row) for row in self._rows(query)]

    def since(self, moment: datetime, *, school_ids: Sequence[str] | None = None, user_id: str | None = None) -> list[Message]:
        """Return the messages made since `moment`, oldest first: of some schools, or to one person."""
        query = sa.select(*self.columns).where(self.table.c.made_at >= moment).order_by(self.table.c.made_at, self.table.c.id)
        if school_ids is not None:
            query = query.where(self.table.c.school_id.in_(list(school_ids)))
        if user_id is not None:
            query = query.where(self.table.c.user_id == user_id)
        return [self.load(row) for row in self._rows(query)]

    def last_to(self, user_id: str, moment: datetime, urgency: Urgency) -> int:
        """Return how many messages of an urgency a person was written since `moment`."""
        table = self.table
        query = (
            sa.select(sa.func.count())
            .select_from(table)
            .where(table.c.user_id == user_id, table.c.made_at >= moment, table.c.urgency == urgency)
        )
        return int(self.work.connection.execute(query).scalar_one())
