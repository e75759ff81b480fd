"""Taking records away for good when their time has come (domain.md §8). Every act leaves a tombstone; the logs' triggers ask for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from data.model.base import new_id
from data.model.keeping import Tombstone
from data.store.transaction import Transaction
from data.tables import metadata

CASE, POST, FINDING, AUDIT = "case_file", "post", "finding", "audit_event"
GONE_WITH_CASE = "a case that is no longer kept"  # what is left of the words about a case in the register of policies
_CHUNK = 500  # SQLite caps the number of parameters


@dataclass(frozen=True)
class Remains:
    """What a purged case leaves to be looked at: the posts it held, the flagged posts that were judged into it, how many rows went."""

    post_ids: tuple[int, ...]
    finding_ids: tuple[str, ...]
    rows: int


def post_key(platform: str, native_id: str, text_hash: str) -> str:
    """Return the one-way mark of a purged post and its words, so that a poll does not bring the very same text back."""
    return hashlib.sha256(json.dumps([platform, native_id, text_hash]).encode()).hexdigest()


class Purge:
    """Deletes in one transaction. Whoever calls it has asked the rules of retention and the holds before."""

    def __init__(self, work: Transaction) -> None:
        self.work = work

    def bury(self, kind: str, record_id: str, *, rule: str, run_id: str, at: datetime, ref: str | None = None) -> None:
        """Write the tombstone of a record; it must stand before the record goes."""
        made = Tombstone(id=new_id(at), kind=kind, record_id=record_id, ref=ref, rule=rule, run_id=run_id, gone_at=at)
        self.work.connection.execute(sa.insert(_table("tombstone")), made.model_dump())

    def case(self, case_id: str) -> Remains:
        """Delete a case with everything that hangs on it; its tombstone must stand already (the history's trigger asks for it)."""
        cases = _table(CASE)
        row = self.work.connection.execute(sa.select(cases.c.finding_id).where(cases.c.id == case_id)).one()
        items = _table("case_item")
        held = self.work.connection.execute(sa.select(items.c.post_id).where(items.c.case_id == case_id, items.c.post_id.is_not(None)))
        posts = tuple(dict.fromkeys(int(one.post_id) for one in held))
        findings = (str(row.finding_id), *self._judged_into(case_id))
        self._forget_prints(case_id)
        triggers = _table("policy_trigger")
        empty = {"case_id": None, "what": GONE_WITH_CASE, "settled_how": sa.case((triggers.c.settled_at.is_not(None), GONE_WITH_CASE))}
        self.work.connection.execute(sa.update(triggers).where(triggers.c.case_id == case_id).values(empty))
        count = sum(self._delete(table, table.c.case_id == case_id) for table in reversed(metadata.sorted_tables) if _hangs_on_case(table))
        count += self._delete(cases, cases.c.id == case_id)
        return Remains(posts, tuple(dict.fromkeys(findings)), count)

    def _judged_into(self, case_id: str) -> list[str]:
        """Return the flagged posts that decisions put into a case: the one it was opened from, and copies that were linked to it."""
        decisions = _table("decision")
        rows = self.work.connection.execute(sa.select(decisions.c.finding_id).where(decisions.c.case_id == case_id))
        return [str(row.finding_id) for row in rows]

    def in_cases(self, finding_ids: Sequence[str]) -> set[str]:
        """Return those of these flagged posts on which a case rests, or that were judged into one that is kept."""
        cases, decisions, found = _table(CASE), _table("decision"), set[str]()
        for start in range(0, len(finding_ids), _CHUNK):
            chosen = finding_ids[start : start + _CHUNK]
            opened = sa.select(cases.c.finding_id).where(cases.c.finding_id.in_(chosen))
            judged = sa.select(decisions.c.finding_id).where(
                decisions.c.finding_id.in_(chosen), decisions.c.case_id.in_(sa.select(cases.c.id))
            )
            found |= {str(row.finding_id) for row in self.work.connection.execute(opened.union(judged))}
        return found

    def _forget_prints(self, case_id: str) -> None:
        prints, keys = _table("item_print"), _table("print_key")
        mine = sa.select(prints.c.id).where(prints.c.case_id == case_id)
        self._delete(keys, keys.c.print_id.in_(mine))

    def finding(self, finding_id: str) -> int:
        """Delete a flagged post's judgement and the report it came from; refused by the database while a case rests on it."""
        findings = _table(FINDING)
        row = self.work.connection.execute(sa.select(findings.c.report_id).where(findings.c.id == finding_id)).first()
        count = sum(self._delete(table, table.c.finding_id == finding_id) for table in _with("finding_id") if table.name != CASE)
        count += self._delete(findings, findings.c.id == finding_id)
        if row is not None and row.report_id is not None:
            count += self._report(str(row.report_id))
        return count

    def _report(self, report_id: str) -> int:
        used = [table for table in _with("report_id") if self._any(table, table.c.report_id == report_id)]
        reports = _table("report")
        return 0 if used else self._delete(reports, reports.c.id == report_id)

    def posts(self, post_ids: Sequence[int]) -> int:
        """Delete posts with their readings, older texts and the groups they were part of; nothing else may refer to them any more."""
        count = self._leave_groups(frozenset(post_ids))
        others = [table for table in _with("post_id") if table.name not in {FINDING, "case_item"}]
        posts = _table(POST)
        for start in range(0, len(post_ids), _CHUNK):
            chosen = post_ids[start : start + _CHUNK]
            count += sum(self._delete(table, table.c.post_id.in_(chosen)) for table in others)
            count += self._delete(posts, posts.c.id.in_(chosen))
        return count

    def _leave_groups(self, post_ids: frozenset[int]) -> int:
        """Delete the alerts of posts that belong together of which these were some: what they say rests on them."""
        alerts = _table("thread_alert")
        rows = self.work.connection.execute(sa.select(alerts.c.id, alerts.c.post_ids))
        gone = [row.id for row in rows if post_ids.intersection(row.post_ids)]
        return sum(self._delete(alerts, alerts.c.id == one) for one in gone)

    def is_held(self, post_id: int) -> bool:
        """Whether a flagged post or a case still needs this post."""
        return any(self._any(_table(name), _table(name).c.post_id == post_id) for name in ("finding", "case_item"))

    def unflagged(self, before: datetime, limit: int, leaving: Collection[str] = ()) -> list[tuple[int, str, str, str]]:
        """Return posts first seen before a moment that nobody flagged: id, platform, the platform's id, hash of the words; oldest first.

        A post that belongs together with an item of a case stays as long as the case: a course of conduct is more than one post.
        `leaving`: cases that are to be thought gone already.
        """
        posts, findings, items = _table(POST), _table(FINDING), _table("case_item")
        query = (
            sa.select(posts.c.id, posts.c.platform, posts.c.native_id, posts.c.text_hash)
            .where(posts.c.first_seen_at < before, sa.not_(posts.c.needs_reading), posts.c.id.not_in(self._with_cases(leaving)))
            .where(~sa.exists().where(findings.c.post_id == posts.c.id), ~sa.exists().where(items.c.post_id == posts.c.id))
            .order_by(posts.c.id)
            .limit(limit)
        )
        return [(int(row.id), row.platform, row.native_id, row.text_hash) for row in self.work.connection.execute(query)]

    def _with_cases(self, leaving: Collection[str]) -> list[int]:
        """Return the posts of all groups in which an item of a case is."""
        items, alerts = _table("case_item"), _table("thread_alert")
        rows = self.work.connection.execute(sa.select(items.c.post_id, items.c.case_id).where(items.c.post_id.is_not(None)))
        in_cases = {row.post_id for row in rows if row.case_id not in leaving}
        groups = (row.post_ids for row in self.work.connection.execute(sa.select(alerts.c.post_ids)))
        return sorted({post_id for group in groups if in_cases.intersection(group) for post_id in group})

    def audit(self, before: datetime, *, run_id: str, at: datetime) -> int:
        """Delete the audit events before a moment, oldest first; the tombstone keeps the last hash, so that the chain still holds."""
        log = _table(AUDIT)
        query = sa.select(log.c.number, log.c.hash).where(log.c.at < before).order_by(log.c.number.desc()).limit(1)
        last = self.work.connection.execute(query).first()
        if last is None:
            return 0
        self.bury(AUDIT, f"{last.number:020d}", rule="log", run_id=run_id, at=at, ref=last.hash)
        return self._delete(log, log.c.number <= last.number)

    def rows(self, kind: str, ids: Iterable[str]) -> int:
        """Delete rows of a table by id, without tombstones: for what holds no more than times (messages that were sent, old rotas)."""
        table = _table(kind)
        return sum(self._delete(table, table.c.id == one) for one in ids)

    def _delete(self, table: sa.Table, *where: Any) -> int:
        return int(self.work.connection.execute(sa.delete(table).where(*where)).rowcount)

    def _any(self, table: sa.Table, *where: Any) -> bool:
        return self.work.connection.execute(sa.select(sa.literal(1)).select_from(table).where(*where).limit(1)).first() is not None


def buried(work: Transaction, keys: Sequence[str]) -> set[str]:
    """Return which of these marks belong to purged posts."""
    tombs = _table("tombstone")
    found: set[str] = set()
    for start in range(0, len(keys), _CHUNK):
        chosen = tombs.c.record_id.in_(keys[start : start + _CHUNK])
        found |= {row.record_id for row in work.connection.execute(sa.select(tombs.c.record_id).where(tombs.c.kind == POST, chosen))}
    return found


def _table(name: str) -> sa.Table:
    return metadata.tables[name]


def _with(column: str) -> list[sa.Table]:
    return [table for table in reversed(metadata.sorted_tables) if column in table.c]


def _hangs_on_case(table: sa.Table) -> bool:
    """Whether the rows of a table go with their case: reasons for a review stay in their register, decisions go with their flagged post."""
    return "case_id" in table.c and table.name not in {"policy_trigger", "decision"}
