"""Makers of records for the tests of all rooms: invented schools, people and posts only."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from casework.watching import chained
from data.model.base import new_id
from data.model.cases import Case, CaseEvent, CaseItem, CaseState, RemovalCheck, Verdict
from data.model.evidence import Completeness, CustodyEvent, Evidence, SealedFile
from data.model.findings import Decision, DecisionKind, Finding, FindingState
from data.model.people import Role, User
from data.model.posts import PlatformName, Post, PostId, SeenPost, text_hash
from data.model.readings import Category, Head, Mention, Reading, Score, Severity, Span
from data.model.threads import ThreadFinding, ThreadKind
from data.model.watch import School
from data.store import Store
from evidence.custody import CustodyDraft

_ROOT = Path(__file__).resolve().parents[1]
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SCHOOL_ID = "fernley"
TEXT = "Mr Quillfeather at Fernley Green Primary School took money from the trip fund, fact."
ADDRESS = "https://forum.example.org/t/12#post-3"


def a_school(**changes: Any) -> School:
    """Return an invented school that can write letters."""
    made = School(
        id=SCHOOL_ID,
        name="Fernley Green Primary School",
        postal_address="Fernley Green Primary School, Orchard Lane, Fernley Green FG1 2AB",
        reply_mailbox="office@fernley-green.example",
        report_code="fern-leaf-9",
        added_at=NOON,
    )
    return made.model_copy(update=changes)


def a_user(*roles: Role, user_id: str = "u-dsl", school_id: str = SCHOOL_ID) -> User:
    """Return a person with roles in the school; a DSL unless told otherwise."""
    return User(
        id=user_id,
        username=user_id,
        name=f"Invented {user_id}",
        roles={school_id: roles or (Role.DSL,)},
        added_by="system",
        added_at=NOON,
    )


def a_seen_post(text: str = TEXT, **changes: Any) -> SeenPost:
    """Return a post as an adapter saw it."""
    made = SeenPost(platform=PlatformName.FORUM, native_id="3", permalink=ADDRESS, author_handle="someone", text=text)
    return made.model_copy(update=changes)


def a_post(text: str = TEXT, **changes: Any) -> Post:
    """Return a post as it is kept."""
    seen = a_seen_post().model_dump() | {"text": text}
    made = Post(**seen, id=PostId(1), address=ADDRESS, first_seen_at=NOON, last_seen_at=NOON, text_hash=text_hash(text))
    return made.model_copy(update=changes)


def a_score(category: Category = Category.DEFAMATION_INDIVIDUAL, value: float = 0.9, head: Head = Head.DEFAMATION) -> Score:
    """Return one head's answer with a span."""
    return Score(head=head, category=category, value=value, scorer="test.v1", spans=(Span(start=0, end=4, why="named person"),))


def a_reading(*scores: Score, schools: tuple[str, ...] = (SCHOOL_ID,), **changes: Any) -> Reading:
    """Return a reading of the post that mentions the schools."""
    mentions = tuple(Mention(start=0, end=4, term_id="t1", school_id=school_id) for school_id in schools)
    made = Reading(post_id=PostId(1), post_version=1, pipeline="test.v1", read_at=NOON, mentions=mentions, scores=scores)
    return made.model_copy(update=changes)


def a_finding(now: datetime = NOON, **changes: Any) -> Finding:
    """Return a flagged post."""
    made = Finding(
        id=new_id(now),
        school_id=SCHOOL_ID,
        post_id=PostId(1),
        post_version=1,
        platform=PlatformName.FORUM,
        severity=Severity.S2,
        lead_category=Category.DEFAMATION_INDIVIDUAL,
        categories=(Category.DEFAMATION_INDIVIDUAL,),
        reasons=("may state a crime as a fact about a named person",),
        rule="flag.v1",
        seen_at=now,
        made_at=now,
    )
    return made.model_copy(update=changes)


def a_thread(*post_ids: int, minutes: int = 30, since: datetime = NOON - timedelta(hours=2), **changes: Any) -> ThreadFinding:
    """Return posts that were found to belong together, so many minutes apart; two posts unless told otherwise."""
    ids = tuple(PostId(one) for one in post_ids or (1, 2))
    made = ThreadFinding(
        kind=ThreadKind.COURSE_OF_CONDUCT,
        school_id=SCHOOL_ID,
        target="t-quillfeather",
        authors=("a-1",),
        post_ids=ids,
        since=since,
        until=since + timedelta(minutes=minutes * (len(ids) - 1)),
        strength=0.7,
        gaps=(minutes,) * (len(ids) - 1),
        why=f"{len(ids)} posts by one author at the same target, {minutes} min apart",
        rule="threads.v1",
    )
    return made.model_copy(update=changes)


def a_case(now: datetime = NOON, **changes: Any) -> Case:
    """Return a case that a person has just opened."""
    made = Case(
        id="case-1",
        ref="SW-2026-0001",
        school_id=SCHOOL_ID,
        state=CaseState.TRIAGED,
        lead_category=Category.DEFAMATION_INDIVIDUAL,
        severity=Severity.S2,
        target="teacher",
        owner_id="u-dsl",
        finding_id="f-1",
        reporter_type="collected",
        known_at=now,
        opened_at=now,
    )
    return made.model_copy(update=changes)


def an_item(case_id: str = "case-1", **changes: Any) -> CaseItem:
    """Return the item of a case."""
    made = CaseItem(id="item-1", case_id=case_id, post_id=PostId(1), address=ADDRESS, platform=PlatformName.FORUM, added_at=NOON)
    return made.model_copy(update=changes)


def a_check(verdict: Verdict = Verdict.REMOVED_UNKNOWN, after: timedelta = timedelta(0), **changes: Any) -> RemovalCheck:
    """Return a look at the item, `after` noon."""
    at = NOON + after
    made = RemovalCheck(
        id=new_id(at),
        case_id="case-1",
        item_id="item-1",
        slot=f"slot-{new_id(at)}",
        by="system",
        at=at,
        verdict=verdict,
        method="web page",
        status=404,
    )
    return made.model_copy(update=changes)


def an_evidence(case_id: str = "case-1", item_id: str = "item-1", order_id: str = "order-1", **changes: Any) -> Evidence:
    """Return sealed evidence that shows the post."""
    made = Evidence(
        id=f"e-{order_id}",
        ref="SW-2026-0001-E1",
        case_id=case_id,
        item_id=item_id,
        order_id=order_id,
        address=ADDRESS,
        final_address=ADDRESS,
        status=200,
        title="A thread",
        captured_at=NOON,
        captured_by="u-dsl",
        completeness=Completeness.FULL,
        files=(SealedFile(name="page.html", sha256="ab" * 32, bytes=10, media_type="text/html"),),
        manifest_sha256="cd" * 32,
        seal_sha256="ef" * 32,
    )
    return made.model_copy(update=changes)


def fill(store: Store, *users: User, text: str = TEXT) -> Finding:
    """Put a school, people, one post, its reading and its finding into a store; return the finding."""
    with store.begin(by="system") as work:
        work.schools.add(a_school())
        for user in users:
            work.users.add(user)
        kept = work.posts.keep([a_seen_post(text)], source_id=None, seen_at=NOON - timedelta(hours=3))
        reading = a_reading(a_score()).model_copy(update={"post_id": kept.post_ids[0]})
        work.readings.add(reading)
        finding = work.findings.add(a_finding(NOON - timedelta(hours=3), post_id=kept.post_ids[0]))
        work.commit()
    return finding


def keep_case(store: Store, key: str, *, text: str = TEXT, **changes: Any) -> Case:
    """Keep a case with its post, flagged post, decision, item and first line of history in a school that is there already."""
    opened = changes.get("known_at", NOON)
    with store.begin(by="system") as work:
        seen = a_seen_post(text, native_id=key, permalink=f"https://forum.example.org/t/{key}", author_handle=f"writer-{key}")
        post_id = work.posts.keep([seen], source_id=None, seen_at=opened).post_ids[0]
        work.posts.mark_read([work.posts.get(post_id)])
        finding = work.findings.add(a_finding(opened, id=f"f-{key}", post_id=post_id, state=FindingState.DECIDED))
        ref = work.cases.next_ref(opened.year)
        case = a_case(opened).model_copy(update={"id": f"case-{key}", "ref": ref, "finding_id": finding.id} | changes)
        work.cases.add(case)
        work.decisions.add(a_decision(finding.id, case.lead_category, opened, kind=DecisionKind.OPEN_CASE, case_id=case.id))
        item = an_item(case.id, id=f"item-{key}", post_id=post_id, address=seen.permalink)
        work.case_items.add(item)
        event = CaseEvent(id=new_id(opened), case_id=case.id, number=1, at=opened, by="u-dsl", what="opened", after=CaseState.TRIAGED)
        work.case_events.add(event)
        work.commit()
    return case


def keep_judged(store: Store, key: str, category: Category, at: datetime, **changes: Any) -> Finding:
    """Keep a flagged post that was judged to be no case (praise, criticism, a namesake); its handle is `writer-<key>`."""
    severity = changes.pop("severity", Severity.S0)
    with store.begin(by="system") as work:
        seen = a_seen_post(
            f"a post {key}", native_id=key, permalink=f"https://forum.example.org/@writer-{key}/1", author_handle=f"writer-{key}"
        )
        post_id = work.posts.keep([seen], source_id=None, seen_at=at).post_ids[0]
        work.posts.mark_read([work.posts.get(post_id)])
        made = a_finding(at, id=f"f-{key}", post_id=post_id, severity=severity, lead_category=category, state=FindingState.DECIDED)
        work.findings.add(made)
        work.decisions.add(a_decision(made.id, category, at, severity=severity, **changes))
        work.commit()
    return made


def a_decision(finding_id: str, category: Category, at: datetime = NOON, **changes: Any) -> Decision:
    """Return a person's judgement; that no action is needed unless told otherwise."""
    made = Decision(
        id=new_id(at),
        finding_id=finding_id,
        kind=DecisionKind.NO_ACTION,
        category=category,
        severity=Severity.S0,
        target="none",
        reason="read and judged",
        by="u-dsl",
        at=at,
    )
    return made.model_copy(update=changes)


def write_lines(url: str, name: str, count: int) -> None:
    """Append lines to the register, one transaction each; for a process of its own."""
    store = Store.open(url)
    for number in range(count):
        with store.begin(name) as work:
            draft = CustodyDraft(at=NOON + timedelta(milliseconds=number), by=name, evidence_id=f"{name}-{number}", what="viewed")
            chained(work, [draft])
            work.commit()
    store.close()


def two_writers(url: str, each: int) -> tuple[set[str], list[CustodyEvent]]:
    """Let two processes write into the register at the same time; return what should stand in it, and what does.

    Raises AssertionError with a writer's last words when one of them does not come to a good end.
    """
    names = ("one", "two")
    words = "import sys; from casework.testing import write_lines; write_lines(sys.argv[1], sys.argv[2], int(sys.argv[3]))"
    writers = [
        subprocess.Popen([sys.executable, "-c", words, url, name, str(each)], cwd=_ROOT, stderr=subprocess.PIPE)  # noqa: S603 - our own words
        for name in names
    ]
    said = [one.communicate(timeout=250)[1].decode(errors="replace")[-1500:] for one in writers]
    if any(one.returncode for one in writers):
        raise AssertionError(said)
    store = Store.open(url)
    with store.read() as work:
        events = work.custody.where(order_by="number")
    store.close()
    return {f"{name}-{number}" for name in names for number in range(each)}, events
