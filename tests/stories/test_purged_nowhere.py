"""A purged post is nowhere: a word is planted in every text of every table that hangs on a case, and then looked for as bytes."""

from __future__ import annotations

import json
import os
import types
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin

import psycopg
import pytest
import sqlalchemy as sa

from casework.testing import NOON, SCHOOL_ID, a_school, a_seen_post, a_user
from data.clock import FixedClock
from data.model.base import Record
from data.model.care import Disclosure, Investigation, Letter, PersonalFiling, Referral, Seriousness, SupportOffer
from data.model.cases import Case, CaseEvent, CaseItem, CaseState, Reminder, RemovalCheck, TakedownRequest
from data.model.copies import FoundCopy, ItemPrint, PrintKey
from data.model.evidence import CaptureOrder, Completeness, Evidence, SealedFile, SealToken
from data.model.findings import Decision, Finding, FindingState, Report
from data.model.keeping import LegalHold, RetentionConsent
from data.model.network import NetworkLookup
from data.model.people import Role
from data.model.policies import PolicyTrigger
from data.model.posts import Media
from data.model.readings import Category, Head, Reading, Score, Severity, Span
from data.model.telling import Message
from data.model.threads import ThreadAlert
from data.store import Work
from schoolwatch.desk import Desk, build_desk
from schoolwatch.night import run_night
from schoolwatch.settings import Settings

ROOT = "zwetschge"  # no word of the programs or of any record of theirs
DSL = a_user(Role.DSL)
R = TypeVar("R", bound=Record)
_HANGING = ("case_id", "finding_id", "post_id", "report_id", "evidence_id", "print_id")
_STAY = {"custody_event"}  # it never goes: who did what to which file, and no word of what the file shows


class Planter:
    """Makes records whose every text is a word that was never used before."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.words: list[str] = []

    def word(self) -> str:
        """Return a fresh word."""
        self.words.append(f"{ROOT}{next(self._numbers):04d}x")
        return self.words[-1]

    def full(self, kind: type[R], **given: Any) -> R:
        """Return a record with a word in every text that is not given; numbers, times and codes are any that fit."""
        fields = {name: self._value(field.annotation, field) for name, field in kind.model_fields.items() if name not in given}
        return kind.model_validate(fields | given)

    def _value(self, annotation: Any, field: Any) -> Any:
        kind = _bare(annotation)
        if kind is str:
            return self.word()
        if get_origin(kind) is dict:
            return {self.word(): self.word() if get_args(kind)[1] in {str, Any} else 1}
        if get_origin(kind) is tuple and _bare(get_args(kind)[0]) in {str, dict[str, str]}:
            return (self.word(),) if get_args(kind)[0] is str else ({"text": self.word()},)
        if not field.is_required():
            return field.get_default(call_default_factory=True)
        return _any_of(kind)


def _bare(annotation: Any) -> Any:
    """Return the type without `| None` and without what is annotated to it."""
    if hasattr(annotation, "__metadata__"):
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return _bare(next(one for one in get_args(annotation) if one is not type(None)))
    return annotation


def _any_of(kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return next(iter(kind))
    plain: dict[Any, Any] = {datetime: NOON, date: NOON.date(), bool: False, int: 1, float: 0.5, Severity: Severity.S2}
    return plain.get(kind, ())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[Desk]:
    """A desk on each database that this machine can run, in a state folder of its own."""
    clock.moment = NOON
    url = request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url")
    made = build_desk(Settings(state_dir=tmp_path, database=url), clock)
    yield made
    made.close()


def plant(desk: Desk, planter: Planter) -> set[str]:
    """Keep one closed case with everything that can hang on it; return the tables in which a word was planted."""
    with desk.store.begin(by="system") as work:
        work.schools.add(a_school())
        work.users.add(DSL)
        post_id = _plant_post(work, planter)
        report = work.reports.add(
            planter.full(Report, id="r-1", school_id=SCHOOL_ID, says=f"the one that everybody knows {planter.word()}")
        )
        _plant_judgement(work, planter, post_id, report.id)
        hanging = _plant_case(desk, work, planter, post_id)
        work.commit()
    desk.safe.reveal(DSL, "e-1", "page.png", planter.word())
    _plant_second_look(desk, planter)
    return {"post", "post_version", "report", "reading", "finding", "decision", "case_file", "thread_alert", *hanging}


def _plant_post(work: Work, planter: Planter) -> int:
    older = a_seen_post(planter.word(), native_id="1")
    work.posts.keep([older], source_id=None, seen_at=NOON)
    changes: dict[str, Any] = {name: planter.word() for name in ("permalink", "author_id", "author_handle", "author_name", "raw_html")}
    changes |= {"native_id": "1", "links": (planter.word(),), "labels": (planter.word(),), "raw": {"bio": planter.word()}}
    picture = planter.full(Media)
    seen = a_seen_post(planter.word(), **changes, parent_id=planter.word(), thread_id=planter.word(), media=(picture,))
    post_id = work.posts.keep([seen], source_id=None, seen_at=NOON).post_ids[0]
    work.posts.mark_read([work.posts.get(post_id)])
    return int(post_id)


def _plant_judgement(work: Work, planter: Planter, post_id: int, report_id: str) -> None:
    span = Span(start=0, end=4, why=planter.word())
    score = Score(head=Head.DEFAMATION, category=Category.DEFAMATION_INDIVIDUAL, value=0.9, scorer=planter.word(), spans=(span,))
    work.readings.add(planter.full(Reading, post_id=post_id, post_version=1, pipeline="v1", mentions=(), scores=(score,)))
    work.threads.add(planter.full(ThreadAlert, id="t-1", school_id=SCHOOL_ID, post_ids=(post_id, 999)))
    fixed = {"school_id": SCHOOL_ID, "post_id": post_id, "report_id": report_id, "state": FindingState.DECIDED, "highlights": (span,)}
    work.findings.add(planter.full(Finding, id="f-1", **fixed))
    work.decisions.add(planter.full(Decision, id="d-1", finding_id="f-1", case_id="c-1"))


def _plant_case(desk: Desk, work: Work, planter: Planter, post_id: int) -> set[str]:
    files = [desk.vault.put(planter.word().encode()) for _ in range(3)]
    kept = SealedFile(name="page.png", sha256=files[0], bytes=10, media_type="image/png")
    mine: dict[str, Any] = {"case_id": "c-1"}
    case: dict[str, Any] = {
        "school_id": SCHOOL_ID,
        "finding_id": "f-1",
        "ref": "SW-2026-0001",
        "state": CaseState.CLOSED,
        "closed_at": NOON,
    }
    case |= {"lead_category": Category.DEFAMATION_INDIVIDUAL, "reuploaded_from": None, "outcome": "removed"}
    records: list[tuple[Any, Record]] = [
        (work.cases, planter.full(Case, id="c-1", **case)),
        (work.case_items, planter.full(CaseItem, id="i-1", **mine, post_id=post_id)),
        (work.case_events, planter.full(CaseEvent, id="v-1", number=1, **mine)),
        (work.requests, planter.full(TakedownRequest, id="q-1", **mine)),
        (work.checks, planter.full(RemovalCheck, id="k-1", **mine, answer_sha256=files[2])),
        (work.reminders, planter.full(Reminder, id="m-1", **mine)),
        (work.orders, planter.full(CaptureOrder, id="o-1", **mine, post_id=post_id)),
        (work.copies, planter.full(FoundCopy, id="y-1", **mine, school_id=SCHOOL_ID, post_id=post_id)),
        (work.seriousness, planter.full(Seriousness, id="s-1", **mine)),
        (work.referrals, planter.full(Referral, id="x-1", **mine)),
        (work.support, planter.full(SupportOffer, id="u-1", **mine)),
        (work.investigations, planter.full(Investigation, id="n-1", **mine)),
        (work.filings, planter.full(PersonalFiling, id="p-1", **mine)),
        (work.letters, planter.full(Letter, id="l-1", **mine)),
        (work.disclosures, planter.full(Disclosure, id="z-1", **mine)),
        (work.holds, planter.full(LegalHold, id="h-1", **mine, school_id=SCHOOL_ID, released_at=NOON)),
        (work.retention_consents, planter.full(RetentionConsent, id="a-1", **mine, at=NOON - timedelta(days=1))),
        (work.messages, planter.full(Message, id="g-1", **mine, finding_id="f-1", school_id=SCHOOL_ID)),
        (
            work.policy_triggers,
            planter.full(PolicyTrigger, id="b-1", **mine, school_id=SCHOOL_ID, by=DSL.id, settled_by=DSL.id, settled_at=NOON),
        ),
        (work.lookups, planter.full(NetworkLookup, id="w-1")),
        (work.tokens, planter.full(SealToken, id="k-1", **mine, reply_sha256=files[1])),
    ]
    for repository, record in records:
        repository.add(record)
    sealed = {"files": (kept,), "manifest_sha256": files[1], "completeness": Completeness.FULL}
    work.evidence.add(planter.full(Evidence, id="e-1", ref="SW-2026-0001-E1", order_id="o-1", **mine, **sealed))
    return {repository.kind for repository, _ in records} | {"evidence"}


def _plant_second_look(desk: Desk, planter: Planter) -> None:
    """Prints are made by the store's own hand: hashes; here they are words, so that one left behind is seen."""
    with desk.store.begin(by="system") as work:
        made = planter.full(ItemPrint, id="i-1", case_id="c-1", school_id=SCHOOL_ID, post_id=None)
        key = planter.full(PrintKey, print_id="i-1")
        for record in (made, key):
            table = {"ItemPrint": "item_print", "PrintKey": "print_key"}[type(record).__name__]
            names = ", ".join(type(record).model_fields)
            marks = ", ".join(f":{name}" for name in type(record).model_fields)
            plain = {name: _as_column(value) for name, value in record.model_dump(mode="json").items()}
            work.connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), plain)  # noqa: S608 - names of ours
        work.commit()


def _as_column(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def hanging_tables(desk: Desk) -> set[str]:
    """Return every table of the database whose rows point at a case, a flagged post, a post, a report, evidence or a print."""
    with desk.store.read() as work:
        looked = sa.inspect(work.connection)
        return {name for name in looked.get_table_names() if {one["name"] for one in looked.get_columns(name)} & set(_HANGING)}


def everything(desk: Desk) -> bytes:
    """Return every byte of the state folder, and of a PostgreSQL database every value of every table."""
    found = [path.read_bytes() for path in sorted(desk.settings.state_dir.rglob("*")) if path.is_file()]
    if desk.settings.database_url.startswith("postgresql"):
        with psycopg.connect(desk.settings.database_url.replace("+psycopg", "")) as connection:
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (name,) in names:
                rows = connection.execute(f"SELECT t::text FROM {name} t").fetchall()  # noqa: S608
                found.append("\n".join(row[0] for row in rows).encode())
    return b"\n".join(found)


def search(desk: Desk) -> list[str]:
    """Return the ids of the flagged posts that the search finds by words of the planted report."""
    with desk.store.read() as work:
        return [one.id for one in work.findings.search("the one that everybody knows", [SCHOOL_ID])]


def age_files(desk: Desk) -> None:
    """Let the vault's files look as old as they are by the clock: young ones are never swept."""
    for path in desk.vault.root.rglob("*"):
        os.utime(path, (0, 0))


def test_a_purged_case_is_nowhere(desk: Desk, clock: FixedClock) -> None:
    """Every planted word is found before; after the night not one, in no file and no table. What must stay stays."""
    planter = Planter()
    tables = plant(desk, planter)
    before, found_before = everything(desk), search(desk)
    clock.forward(timedelta(days=366))
    age_files(desk)
    report = run_night(desk)
    after = everything(desk)
    with desk.store.read() as work:
        tombs = [(one.kind, one.ref) for one in work.tombstones.where()]
        trigger = work.policy_triggers.get("b-1")
        viewed = [one.detail for one in work.custody.where(order_by="number")]
        counted, found = len(work.tallies.where()), search(desk)

    assert hanging_tables(desk) - tables - {"item_print", "print_key"} - _STAY == set()
    assert len(planter.words) > 150
    assert [word for word in planter.words if word.encode() not in before] == []
    assert report.problems == ()
    assert after.count(ROOT.encode()) == 0
    assert sorted(tombs) == [("case_file", "SW-2026-0001"), ("post", None)]
    assert (trigger.case_id, trigger.what, trigger.settled_how) == (None, *["a case that is no longer kept"] * 2)
    assert viewed == ["page.png: reason in the case's history"]
    assert (counted, found_before, found, report.swept) == (1, ["f-1"], [], 3)


def test_a_night_that_was_cut_off_gives_the_space_back_the_next_time(
    desk: Desk, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the rows went and before the file was written anew: the next night, with nothing left to do, still does that."""
    planter = Planter()
    plant(desk, planter)
    clock.forward(timedelta(days=366))
    age_files(desk)
    with monkeypatch.context() as cut:
        cut.setattr(type(desk.store), "compact", _killed)
        with pytest.raises(KeyboardInterrupt):
            run_night(desk)
    clock.forward(timedelta(days=1))
    report = run_night(desk)

    assert report.run is not None
    assert (report.run.gone, report.problems) == ({}, ())
    assert ROOT.encode() not in everything(desk)
    assert not desk.casework.space_due()


def _killed(_store: object) -> None:
    raise KeyboardInterrupt
