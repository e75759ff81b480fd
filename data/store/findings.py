"""Flagged posts: the queue, its pages, its counts, and search."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from data.model.findings import Finding, FindingState
from data.model.readings import Severity
from data.store.repository import Repository
from data.tables import PostRow, ReportRow

MAX_TERMS = 12  # words of a search that are used


class QueueKey(NamedTuple):
    """The place of the last finding of a page: worst first, then newest, then id."""

    severity: int
    seen_at: datetime
    id: str


class QueueCount(NamedTuple):
    """How many wait, and since when the oldest has."""

    open: int
    oldest_at: datetime | None


class Findings(Repository[Finding]):
    """Flagged posts."""

    def queue(
        self,
        school_ids: Sequence[str],
        *,
        max_severity: Severity = Severity.S4,
        after: QueueKey | None = None,
        limit: int = 50,
    ) -> list[Finding]:
        """Return a page of what waits for a person, worst first, then newest; `after` is the last one's key (keyset paging)."""
        table = self.table
        # One school is compared with "=": then the queue index gives the order and nothing is sorted.
        mine = table.c.school_id == school_ids[0] if len(school_ids) == 1 else table.c.school_id.in_(list(school_ids))
        query = sa.select(*self.columns).where(table.c.state == FindingState.OPEN, mine)
        if max_severity < Severity.S4:
            query = query.where(table.c.severity <= int(max_severity))
        if after is not None:
            place = sa.tuple_(table.c.severity, table.c.seen_at, table.c.id)
            query = query.where(place < sa.tuple_(sa.literal(after.severity), sa.literal(after.seen_at, table.c.seen_at.type), after.id))
        query = query.order_by(table.c.severity.desc(), table.c.seen_at.desc(), table.c.id.desc()).limit(limit)
        return [self.load(row) for row in self._rows(query)]

    def held(self, school_ids: Sequence[str]) -> list[Finding]:
        """Return what was put on hold."""
        return self.where(state=FindingState.HELD, school_id=list(school_ids), order_by="seen_at")

    def waiting(self, school_ids: Sequence[str], *, max_severity: Severity = Severity.S4) -> QueueCount:
        """Return how many are open, and the age of the oldest, exactly."""
        table = self.table
        query = sa.select(sa.func.count(), sa.func.min(table.c.seen_at)).where(
            table.c.state == FindingState.OPEN, table.c.school_id.in_(list(school_ids)), table.c.severity <= int(max_severity)
        )
        row = self.work.connection.execute(query).one()
        return QueueCount(int(row[0]), row[1])

    def of_post(self, post_id: int) -> list[Finding]:
        """Return the findings about a post, oldest first."""
        return self.where(post_id=post_id, order_by="made_at")

    def made_since(self, school_id: str, since: datetime) -> list[Finding]:
        """Return a school's findings made since, oldest first."""
        query = sa.select(*self.columns).where(self.table.c.school_id == school_id, self.table.c.made_at >= since)
        return [self.load(row) for row in self._rows(query.order_by(self.table.c.made_at, self.table.c.id))]

    def search(self, text: str, school_ids: Sequence[str], limit: int = 50) -> list[Finding]:
        """Return findings whose post or report holds all the words, newest first. One function, two bodies: FTS5 and tsvector."""
        words = [word for word in text.replace('"', " ").split() if any(sign.isalnum() for sign in word)][:MAX_TERMS]
        if not words or not school_ids:
            return []
        body = self._search_sqlite if self.work.dialect == "sqlite" else self._search_postgres
        return [self.load(row) for row in self._rows(body(words, list(school_ids), limit))]

    def _select(self, school_ids: list[str], limit: int, matching: sa.ColumnElement[bool]) -> sa.Select[Any]:
        chosen = sa.select(*self.columns).where(self.table.c.school_id.in_(school_ids), matching)
        return chosen.order_by(self.table.c.seen_at.desc(), self.table.c.id.desc()).limit(limit)

    def _search_sqlite(self, words: list[str], school_ids: list[str], limit: int) -> sa.Select[Any]:
        quoted = " ".join(f'"{word}"' for word in words)
        # The words are looked up first: with a plain join SQLite probes the index once for every finding (measured).
        posts = sa.text("SELECT rowid FROM post_words WHERE post_words MATCH :words").bindparams(words=quoted).columns(rowid=sa.Integer)
        reports = self._report_match([f"%{word}%" for word in words])
        return self._select(school_ids, limit, sa.or_(self.table.c.post_id.in_(sa.select(posts.subquery())), reports))

    def _search_postgres(self, words: list[str], school_ids: list[str], limit: int) -> sa.Select[Any]:
        post: sa.Table = PostRow.__table__  # type: ignore[attr-defined]
        query = sa.func.plainto_tsquery("simple", " ".join(words))
        posts = sa.select(post.c.id).where(sa.func.to_tsvector(sa.text("'simple'"), post.c.text).op("@@")(query))
        return self._select(school_ids, limit, sa.or_(self.table.c.post_id.in_(posts), self._report_match([f"%{word}%" for word in words])))

    def _report_match(self, patterns: list[str]) -> sa.ColumnElement[bool]:
        report: sa.Table = ReportRow.__table__  # type: ignore[attr-defined]
        told = sa.select(report.c.id).where(*(report.c.says.ilike(pattern) for pattern in patterns))
        return self.table.c.report_id.in_(told)
