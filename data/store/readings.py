"""Readings, and which posts about a school were read lately."""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa

from data.model.readings import Reading
from data.store.repository import Repository
from data.tables import PostRow


class Readings(Repository[Reading]):
    """Readings; one per version of a post and version of the pipeline."""

    def about(self, school_id: str, *, since: datetime, first_id: int = 0, limit: int = 1_000) -> list[Reading]:
        """Return how the present texts of posts that mention the school were last read, for posts first seen since; oldest first.

        The newest `limit` posts at most. `first_id`: no post below it is wanted (`Posts.first_since`): old ones are not even opened.
        """
        post: sa.Table = PostRow.__table__  # type: ignore[attr-defined]
        mark = f'"school_id": {json.dumps(school_id)}'  # a mention as it lies in the column; `schools()` below is what decides
        query = (
            sa.select(*self.columns)
            .join(post, sa.and_(post.c.id == self.table.c.post_id, post.c.version == self.table.c.post_version))
            .where(self.table.c.post_id >= first_id, post.c.first_seen_at >= since)
            .where(sa.cast(self.table.c.mentions, sa.Text).contains(mark, autoescape=True))
            .order_by(self.table.c.post_id.desc(), self.table.c.read_at.desc())
            .limit(limit)
        )
        latest: dict[int, Reading] = {}
        for reading in (self.load(row) for row in self._rows(query)):
            if school_id in reading.schools():
                latest.setdefault(reading.post_id, reading)
        return list(reversed(latest.values()))
