"""Readings, and which posts about a school were read lately."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from data.model.posts import Post, PostId
from data.model.readings import Reading
from data.store.repository import Repository
from data.tables import PostRow


class Readings(Repository[Reading]):
    """Readings; one per version of a post and version of the pipeline."""

    def about(self, school_id: str, *, since: datetime, first_id: int = 0, limit: int = 1_000) -> list[Reading]:
        """Return how the present texts of posts that mention the school were last read, for posts first seen since; oldest first.

        The newest `limit` posts at most. `first_id`: no post below it is wanted (`Posts.first_since`): old ones are not even opened.
        """
        found = self._latest(school_id, self.table.c.mentions, since, first_id, limit)
        return [reading for reading in found if school_id in reading.schools()]

    def put(self, reading: Reading) -> None:
        """Store a reading over an earlier one of the same version of post and pipeline: more is known about the conversation now."""
        keys = ("post_id", "post_version", "pipeline")
        insert = self.work.insert(self.table).values(self.values(reading))
        changes = {name: insert.excluded[name] for name in type(reading).model_fields if name not in keys}
        self.work.connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changes))

    def last_of(self, posts: Sequence[Post]) -> dict[PostId, Reading]:
        """Return how the present texts of these posts were last read; a post that was not read yet is left out."""
        versions, found = {post.id: post.version for post in posts}, dict[PostId, Reading]()
        for start in range(0, len(posts), 500):  # SQLite caps the number of parameters
            for reading in self.where(post_id=[post.id for post in posts[start : start + 500]], order_by="read_at"):
                if versions[reading.post_id] == reading.post_version:
                    found[reading.post_id] = reading
        return found

    def set_aside(self, school_id: str, *, since: datetime, first_id: int = 0, limit: int = 1_000) -> list[Reading]:
        """Return the same for posts in which the school's words were taken for another place or person, and are nowhere meant."""
        found = self._latest(school_id, self.table.c.namesakes, since, first_id, limit)
        aside = (one for one in found if any(mention.school_id == school_id for mention in one.namesakes))
        return [reading for reading in aside if school_id not in reading.schools()]

    def _latest(self, school_id: str, marks: sa.Column[object], since: datetime, first_id: int, limit: int) -> list[Reading]:
        """Return the last reading of each post in whose `marks` the school stands, oldest post first."""
        post: sa.Table = PostRow.__table__  # type: ignore[attr-defined]
        mark = f'"school_id": {json.dumps(school_id)}'  # a mention as it lies in the column; the record read from it decides
        query = (
            sa.select(*self.columns)
            .join(post, sa.and_(post.c.id == self.table.c.post_id, post.c.version == self.table.c.post_version))
            .where(self.table.c.post_id >= first_id, post.c.first_seen_at >= since)
            .where(sa.cast(marks, sa.Text).contains(mark, autoescape=True))
            .order_by(self.table.c.post_id.desc(), self.table.c.read_at.desc())
            .limit(limit)
        )
        latest: dict[int, Reading] = {}
        for reading in (self.load(row) for row in self._rows(query)):
            latest.setdefault(reading.post_id, reading)
        return list(reversed(latest.values()))
