"""Posts: bulk upsert through Core, versions of edited texts, what is still to be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from data.model.posts import PlatformName, Post, PostId, PostVersion, SeenPost, text_hash
from data.store.purge import buried, post_key
from data.store.repository import Repository
from data.store.transaction import Transaction
from data.tables import PostVersionRow

_PLAIN = (
    "platform", "native_id", "permalink", "author_id", "author_handle", "author_name", "text", "text_cut", "raw_html", "lang",
    "created_at", "edited_at", "parent_id", "thread_id", "sensitive", "raw",
)  # fmt: skip
# What may change around a text that stays; naming `text` would index it anew.
_AROUND = tuple(name for name in _PLAIN if name not in {"platform", "native_id", "text"})
_SEARCHED = 5_000  # posts in which an answer's post is looked for by the number that its server gave it


class Kept(NamedTuple):
    """What became of a page of posts."""

    new: int
    changed: int
    known: int
    post_ids: tuple[PostId, ...]


def _row(seen: SeenPost, names: tuple[str, ...] = _PLAIN) -> dict[str, Any]:
    fields = seen.__dict__
    row = {name: fields[name] for name in names}
    row["media"] = [one.__dict__ for one in seen.media]  # flat records: their fields are their JSON, and a dump of each would cost more
    row["links"], row["labels"], row["counts"] = seen.links, seen.labels, seen.counts.__dict__
    return row


def _is_same_text(known: sa.Row[Any], text: str) -> bool:
    """Whether the words stayed; white space alone is no edit. Equal texts, nearly all of them, are not hashed again."""
    return bool(known.text == text or known.text_hash == text_hash(text))


class Posts(Repository[Post]):
    """The posts we keep. Same (platform, native_id) is the same post; changed text is a new version (platforms.md §1.3)."""

    def keep(self, seen: Sequence[SeenPost], *, source_id: str | None, seen_at: datetime, canonical: Callable[[str], str] = str) -> Kept:
        """Store a page of posts: new ones are added, known ones refreshed, edited ones get a version. Twice the same page is harmless."""
        latest = {(post.platform, post.native_id): post for post in seen}  # two posts with one id: the last one seen stands
        stored = self._stored(list(latest))
        fresh, same, changed = [], [], 0
        for key, post in latest.items():
            known = stored.get(key)
            if known is not None and _is_same_text(known, post.text):
                same.append(_row(post, _AROUND) | {"last_seen_at": seen_at, "known_id": known.id})
                continue
            row = _row(post) | {"last_seen_at": seen_at, "text_hash": text_hash(post.text)}
            if known is None:
                row.update(address=canonical(post.permalink), source_id=source_id, first_seen_at=seen_at, version=1, needs_reading=True)
                fresh.append(row)
            else:
                self._edit(known, row)
                changed += 1
        fresh = self._unburied(fresh)
        self._add_all(fresh)
        self._refresh_all(same)
        ids = {key: PostId(known.id) for key, known in stored.items()} | self._ids([key for key in latest if key not in stored])
        return Kept(len(fresh), changed, changed + len(same), tuple(ids[key] for key in latest if key in ids))

    def _unburied(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Leave out posts that retention took away and that still stand where they stood, word for word."""
        marks = {post_key(row["platform"], row["native_id"], row["text_hash"]): row for row in rows}
        gone = buried(self.work, list(marks)) if marks else set()
        return [row for mark, row in marks.items() if mark not in gone]

    def _add_all(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            insert = self.work.insert(self.table).on_conflict_do_nothing(index_elements=["platform", "native_id"])
            self.work.connection.execute(insert, rows)

    def _refresh_all(self, rows: list[dict[str, Any]]) -> None:
        """Write what a platform may change around a text that stayed: counts, names, labels. One statement for all rows."""
        if rows:
            update = sa.update(self.table).where(self.table.c.id == sa.bindparam("known_id"))
            self.work.connection.execute(update, rows)

    def _stored(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        table = self.table
        columns = (table.c.id, table.c.platform, table.c.native_id, table.c.version, table.c.text_hash, table.c.text, table.c.last_seen_at)
        rows = self._by_key(columns, keys)
        return {(row.platform, row.native_id): row for row in rows}

    def _ids(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], PostId]:
        rows = self._by_key((self.table.c.id, self.table.c.platform, self.table.c.native_id), keys)
        return {(row.platform, row.native_id): PostId(row.id) for row in rows}

    def _by_key(self, columns: Sequence[sa.Column[Any]], keys: Sequence[tuple[str, str]]) -> list[sa.Row[Any]]:
        rows: list[sa.Row[Any]] = []
        for platform in {key[0] for key in keys}:
            native_ids = [key[1] for key in keys if key[0] == platform]
            for start in range(0, len(native_ids), 500):  # SQLite caps the number of parameters
                chunk = native_ids[start : start + 500]
                query = sa.select(*columns).where(self.table.c.platform == platform, self.table.c.native_id.in_(chunk))
                rows.extend(self.work.connection.execute(query).all())
        return rows

    def _keep_version(self, known: sa.Row[Any]) -> None:
        version = PostVersion(
            post_id=known.id, version=known.version, text=known.text, text_hash=known.text_hash, seen_at=known.last_seen_at
        )
        PostVersions(self.work).add_once(version)

    def _edit(self, known: sa.Row[Any], row: dict[str, Any]) -> None:
        self._keep_version(known)
        changes = row | {"version": known.version + 1, "needs_reading": True}
        self.work.connection.execute(sa.update(self.table).where(self.table.c.id == known.id).values(changes))

    def unread(self, limit: int = 500) -> list[Post]:
        """Return posts whose present text was not read yet, oldest first."""
        query = sa.select(*self.columns).where(self.table.c.needs_reading).order_by(self.table.c.id).limit(limit)
        return [self.load(row) for row in self._rows(query)]

    def mark_read(self, posts: Sequence[Post]) -> None:
        """Note that these versions were read; a version that changed meanwhile stays unread."""
        for post in posts:
            self.work.connection.execute(
                sa.update(self.table).where(self.table.c.id == post.id, self.table.c.version == post.version).values(needs_reading=False)
            )

    def mark_unread(self, since: datetime) -> int:
        """Ask for a fresh reading of everything first seen since; return how many."""
        done = self.work.connection.execute(sa.update(self.table).where(self.table.c.first_seen_at >= since).values(needs_reading=True))
        return done.rowcount

    def first_since(self, moment: datetime) -> int:
        """Return the id from which on posts were first seen at `moment` or later, found by halving: ids are given out in that order."""
        table = self.table
        low, high = 0, int(self.work.connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0) + 1
        while low < high:
            middle = (low + high) // 2
            query = sa.select(table.c.id, table.c.first_seen_at).where(table.c.id >= middle).order_by(table.c.id).limit(1)
            found = self.work.connection.execute(query).first()
            if found is None or found.first_seen_at >= moment:
                high = middle
            else:
                low = int(found.id) + 1
        return low

    def texts(self, *, since: datetime, limit: int) -> list[str]:
        """Return the texts of posts first seen since, newest first."""
        query = sa.select(self.table.c.text).where(self.table.c.first_seen_at >= since).order_by(self.table.c.id.desc()).limit(limit)
        return [row.text for row in self._rows(query)]

    def texts_of(self, post_ids: Sequence[PostId]) -> dict[PostId, str]:
        """Return the present texts of these posts, by id."""
        found: dict[PostId, str] = {}
        for start in range(0, len(post_ids), 500):  # SQLite caps the number of parameters
            chosen = self.table.c.id.in_(post_ids[start : start + 500])
            found |= {PostId(row.id): row.text for row in self._rows(sa.select(self.table.c.id, self.table.c.text).where(chosen))}
        return found

    def named(self, platform: PlatformName, names: Sequence[str]) -> list[Post]:
        """Return the posts of a platform that answers point at by these names: their ids, or «server#number» where it was polled.

        By number only the newest posts are searched: nobody waits for a whole archive.
        """
        numbers = {name.partition("#")[2] for name in names if "#" in name}
        newest = sa.select(sa.func.max(self.table.c.id) - _SEARCHED).scalar_subquery()
        by_number = sa.and_(self.table.c.id > newest, self.table.c.raw["id"].as_string().in_(numbers))
        query = sa.select(*self.columns).where(self.table.c.platform == platform)
        found: dict[int, Post] = {}
        for start in range(0, len(names), 500):  # SQLite caps the number of parameters
            by_name = self.table.c.native_id.in_(names[start : start + 500])
            found |= {row.id: self.load(row) for row in self._rows(query.where(by_name))}
        if numbers:
            found |= {row.id: self.load(row) for row in self._rows(query.where(by_number))}
        return list(found.values())

    def answers(self, platform: PlatformName, names: Sequence[str], limit: int = 1_000) -> list[Post]:
        """Return the posts of a platform that hang under the posts of these names, oldest first; `limit` at most."""
        table = self.table
        found: dict[int, Post] = {}
        for column in (table.c.parent_id, table.c.thread_id):
            for start in range(0, len(names), 500):  # SQLite caps the number of parameters
                under = sa.and_(table.c.platform == platform, column.in_(names[start : start + 500]))
                rows = self._rows(sa.select(*self.columns).where(under).order_by(table.c.id).limit(limit))
                found |= {row.id: self.load(row) for row in rows}
        return sorted(found.values(), key=lambda post: post.id)[:limit]

    def versions(self, post_id: PostId) -> list[PostVersion]:
        """Return the older texts of a post, oldest first."""
        return PostVersions(self.work).where(post_id=post_id, order_by="version")

    def at_address(self, address: str) -> Post | None:
        """Return the newest post with this canonical address, or None."""
        query = sa.select(*self.columns).where(self.table.c.address == address).order_by(self.table.c.id.desc()).limit(1)
        rows = self._rows(query)
        return self.load(rows[0]) if rows else None


class PostVersions(Repository[PostVersion]):
    """Older texts of posts."""

    def __init__(self, work: Transaction) -> None:
        super().__init__(work, PostVersion, PostVersionRow, key="post_id", audited=False)
