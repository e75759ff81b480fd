"""The store: same tests on SQLite and, where a server can be started, on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from data.clock import FixedClock
from data.errors import ConflictError, MigrationNeededError, NotFoundError, StoreError
from data.migrations import upgrade
from data.model.base import new_id
from data.model.cases import Case, CaseEvent, CaseState
from data.model.evidence import CustodyEvent
from data.model.findings import Finding, FindingState, Report
from data.model.posts import Counts, Media, PlatformName, SeenPost
from data.model.readings import Category, Mention, Reading, Severity
from data.model.watch import School
from data.store import REVISION, Store
from data.store.findings import QueueKey

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_store(request: pytest.FixtureRequest, clock: FixedClock) -> Iterator[Store]:
    """A store on each database that this machine can run."""
    url = request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url")
    opened = Store.open(url, clock)
    yield opened
    opened.close()


def seen(native_id: str = "1", text: str = "Fernley Green had a fair", **fields: object) -> SeenPost:
    """Return an invented post."""
    return SeenPost(
        platform=PlatformName.MASTODON, native_id=native_id, permalink=f"https://town.example/@ann/{native_id}", text=text, **fields
    )


def a_school(school_id: str = "fg") -> School:
    """Return an invented school."""
    return School(id=school_id, name="Fernley Green Primary School", report_code=f"code-{school_id}", added_at=NOW)


def a_finding(number: int, *, severity: Severity = Severity.S2, school_id: str = "fg", **fields: object) -> Finding:
    """Return an invented finding without a post."""
    return Finding(
        id=f"f{number:04d}",
        school_id=school_id,
        platform=PlatformName.MASTODON,
        severity=severity,
        lead_category=Category.HARASSMENT_STAFF,
        rule="flag.1",
        seen_at=NOW + timedelta(minutes=number),
        made_at=NOW,
        **fields,
    )


def a_case(finding_id: str = "f0001") -> Case:
    """Return an invented case."""
    return Case(
        id="c1",
        ref="SW-2026-0001",
        school_id="fg",
        state=CaseState.TRIAGED,
        lead_category=Category.HARASSMENT_STAFF,
        severity=Severity.S2,
        target="teacher",
        owner_id="u1",
        finding_id=finding_id,
        reporter_type="collected",
        known_at=NOW,
        opened_at=NOW,
    )


def test_a_post_comes_back_as_it_was_seen(any_store: Store) -> None:
    """What an adapter saw is what the store returns, odd characters and all."""
    post = seen(
        text="Zal\u0301go \u202eevil\u202c \U0001f600 \ud800 nul\x00 <script>",
        media=(Media(kind="image", url="https://town.example/1.png", alt=""),),
        counts=Counts(likes=3),
        created_at=datetime(2026, 10, 25, 1, 30, tzinfo=timezone(timedelta(hours=1))),
    )
    with any_store.begin("system") as work:
        kept = work.posts.keep([post], source_id=None, seen_at=NOW)
        work.commit()
    with any_store.read() as work:
        back = work.posts.get(kept.post_ids[0])

    assert (kept.new, kept.changed, kept.known) == (1, 0, 0)
    assert back.text == "Zal\u0301go \u202eevil\u202c \U0001f600 \ufffd nul\u2400 <script>"
    assert back.media == post.media
    assert back.counts == Counts(likes=3)
    assert back.created_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert back.first_seen_at == NOW


def test_the_same_post_twice_is_one_post(any_store: Store) -> None:
    """Polling a page again stores nothing twice, also when one page shows a post twice."""
    with any_store.begin("system") as work:
        first = work.posts.keep([seen("1"), seen("2"), seen("2")], source_id=None, seen_at=NOW)
        again = work.posts.keep([seen("1"), seen("2")], source_id=None, seen_at=NOW + timedelta(hours=1))
        total = work.posts.count()
        work.commit()

    assert (first.new, again.new, again.known, total) == (2, 0, 2, 2)
    assert again.post_ids == first.post_ids[:2]


def test_an_edited_post_keeps_its_older_text(any_store: Store) -> None:
    """A post that was changed between two polls becomes a new version, is read again, and can be found by its new words."""
    with any_store.begin("system") as work:
        kept = work.posts.keep([seen(text="first words")], source_id=None, seen_at=NOW)
        work.posts.mark_read(work.posts.unread())
        edited = work.posts.keep([seen(text="other words")], source_id=None, seen_at=NOW + timedelta(hours=1))
        unread = work.posts.unread()
        versions = work.posts.versions(kept.post_ids[0])
        work.commit()

    assert edited.changed == 1
    assert [(post.version, post.text) for post in unread] == [(2, "other words")]
    assert [(old.version, old.text) for old in versions] == [(1, "first words")]


def test_white_space_alone_is_no_edit(any_store: Store) -> None:
    """A page that is laid out anew does not count as an edited post."""
    with any_store.begin("system") as work:
        work.posts.keep([seen(text="first  words")], source_id=None, seen_at=NOW)
        again = work.posts.keep([seen(text=" first words\n")], source_id=None, seen_at=NOW)
        work.commit()

    assert again.changed == 0


def test_leaving_without_commit_keeps_nothing(any_store: Store) -> None:
    """A step that was not finished leaves no trace, in the records or in the audit log."""
    with any_store.begin("u1") as work:
        work.schools.add(a_school())
    with any_store.read() as work:
        left = (work.schools.count(), work.audit.count())

    assert left == (0, 0)


def test_every_change_is_audited_and_chained(any_store: Store) -> None:
    """Each change leaves a line that names who and which record, and the lines follow from each other."""
    with any_store.begin("u1") as work:
        work.schools.add(a_school())
        work.schools.replace(a_school().model_copy(update={"town": "Fernley"}))
        work.commit()
    with any_store.begin("u2") as work:
        work.schools.add(a_school("other"))
        work.commit()
    with any_store.read() as work:
        events = work.audit.where(order_by="number")
        work.audit.verify()

    assert [(event.by, event.what, event.record_id) for event in events] == [
        ("u1", "added", "fg"),
        ("u1", "changed", "fg"),
        ("u2", "added", "other"),
    ]
    assert events[1].detail == {"fields": ["town"]}


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET by = 'x'", "DELETE FROM audit_event"])
def test_the_audit_log_cannot_be_edited(any_store: Store, statement: str) -> None:
    """The database itself refuses to change or delete a line of the log."""
    with any_store.begin("u1") as work:
        work.schools.add(a_school())
        work.commit()
    with pytest.raises((StoreError, sa.exc.DBAPIError), match=r"append-only|refused|conflict|changed"), any_store.begin("u1") as work:
        work.connection.execute(sa.text(statement))


def test_a_log_edited_behind_our_back_is_noticed(store: Store) -> None:
    """Someone with the file can drop the trigger and edit a line; verification names it."""
    with store.begin("u1") as work:
        work.schools.add(a_school())
        work.schools.add(a_school("b"))
        work.commit()
    with store.begin("u1") as work:
        work.connection.execute(sa.text("DROP TRIGGER audit_event_no_update"))
        work.connection.execute(sa.text("UPDATE audit_event SET record_id = 'someone else' WHERE number = 1"))
        work.connection.commit()

    with store.read() as work, pytest.raises(StoreError, match="event 1"):
        work.audit.verify()


def test_case_history_and_custody_are_append_only(any_store: Store) -> None:
    """A case's history and the custody chain refuse edits too."""
    with any_store.begin("u1") as work:
        work.schools.add(a_school())
        work.findings.add(a_finding(1))
        work.cases.add(a_case())
        work.case_events.add(CaseEvent(id="e1", case_id="c1", number=1, at=NOW, by="u1", what="opened"))
        work.custody.add(CustodyEvent(number=1, at=NOW, by="u1", evidence_id="x", what="opened", before="0" * 64, hash="1" * 64))
        work.commit()
    for table in ("case_event", "custody_event"):
        with pytest.raises(StoreError), any_store.begin("u1") as work:
            work.connection.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608 - our own table names


def test_a_stale_writer_is_refused(any_store: Store) -> None:
    """Two people cannot change the same case from the same view of it."""
    with any_store.begin("u1") as work:
        work.schools.add(a_school())
        work.findings.add(a_finding(1))
        case = work.cases.add(a_case())
        work.cases.change(case.model_copy(update={"revision": 2}), expected_revision=1)
        work.commit()

    with pytest.raises(ConflictError, match="SW-2026-0001"), any_store.begin("u2") as work:
        work.cases.change(case.model_copy(update={"revision": 2}), expected_revision=1)


def test_references_count_up_within_a_year(any_store: Store) -> None:
    """Case references are numbered by year and hold no name."""
    with any_store.begin("u1") as work:
        work.schools.add(a_school())
        work.findings.add(a_finding(1))
        first = work.cases.next_ref(2026)
        work.cases.add(a_case())
        second, other_year = work.cases.next_ref(2026), work.cases.next_ref(2027)
        work.commit()

    assert (first, second, other_year) == ("SW-2026-0001", "SW-2026-0002", "SW-2027-0001")


def test_the_queue_is_worst_first_and_pages_without_gaps(any_store: Store) -> None:
    """The inbox shows the worst first, then the newest, and paging neither skips nor repeats."""
    with any_store.begin("system") as work:
        work.schools.add(a_school())
        work.schools.add(a_school("other"))
        for number in range(25):
            work.findings.add(a_finding(number, severity=Severity(number % 5)))
        work.findings.add(a_finding(99, school_id="other", severity=Severity.S4))
        work.findings.add(a_finding(98, severity=Severity.S4, state=FindingState.DECIDED))
        work.commit()
    pages: list[Finding] = []
    with any_store.read() as work:
        after = None
        while page := work.findings.queue(["fg"], after=after, limit=4):
            pages += page
            after = QueueKey(int(page[-1].severity), page[-1].seen_at, page[-1].id)
        low = work.findings.queue(["fg"], max_severity=Severity.S1)
        both = work.findings.queue(["fg", "other"], limit=1)
        waiting = work.findings.waiting(["fg"])

    assert len(pages) == len({finding.id for finding in pages}) == 25
    assert pages == sorted(pages, key=lambda one: (-one.severity, -one.seen_at.timestamp(), one.id))
    assert {finding.severity for finding in low} == {Severity.S0, Severity.S1}
    assert both[0].id == "f0099"
    assert waiting == (25, NOW)


def test_search_finds_words_in_posts_and_reports(any_store: Store) -> None:
    """Search finds all the words, in any case and accent-free, only in the schools that were asked for."""
    with any_store.begin("system") as work:
        work.schools.add(a_school())
        kept = work.posts.keep([seen("1", "Mr Quill took the trip money"), seen("2", "Lovely fair")], source_id=None, seen_at=NOW)
        for number, post_id in enumerate(kept.post_ids):
            work.findings.add(a_finding(number, post_id=post_id, post_version=1))
        told = Report(id="r1", receipt="R-1", school_id="fg", says="A page about the trip fund", reported_at=NOW, received_at=NOW)
        work.reports.add(told)
        work.findings.add(a_finding(7, report_id="r1"))
        work.commit()
    with any_store.read() as work:
        found = [
            [finding.id for finding in work.findings.search(text, ["fg"])]
            for text in ("trip", "MONEY quill", "nothing of the sort", 'fair"; DROP TABLE post', "", "***")
        ]
        elsewhere = work.findings.search("trip", ["other"])

    assert found == [["f0007", "f0000"], ["f0000"], [], [], [], []]
    assert elsewhere == []


def test_a_reading_is_stored_once(any_store: Store) -> None:
    """A job that runs twice writes one reading."""
    with any_store.begin("system") as work:
        kept = work.posts.keep([seen()], source_id=None, seen_at=NOW)
        reading = Reading(
            post_id=kept.post_ids[0],
            post_version=1,
            pipeline="p1",
            read_at=NOW,
            mentions=(Mention(start=0, end=13, term_id="t", school_id="fg"),),
        )
        stored = (work.readings.add_once(reading), work.readings.add_once(reading))
        back = work.readings.get(kept.post_ids[0])
        work.commit()

    assert stored == (True, False)
    assert back == reading


def test_a_missing_record_is_named(any_store: Store) -> None:
    """Asking for what is not there names the kind and the id."""
    with any_store.read() as work, pytest.raises(NotFoundError, match="there is no school 'nowhere'"):
        work.schools.get("nowhere")


def test_a_reader_cannot_commit(any_store: Store) -> None:
    """A transaction that only reads refuses to commit."""
    with any_store.read() as work, pytest.raises(StoreError, match="only reads"):
        work.commit()


def test_writers_at_once_lose_nothing(any_store: Store) -> None:
    """Four writers at the same time: every record is there and the audit chain did not fork."""

    def write(number: int) -> None:
        for turn in range(5):
            with any_store.begin(f"u{number}") as work:
                work.schools.add(a_school(f"s{number}-{turn}"))
                work.commit()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with any_store.read() as work:
        work.audit.verify()
        counts = (work.schools.count(), work.audit.count())

    assert counts == (20, 20)


def test_a_database_of_another_version_is_not_opened(tmp_path: object) -> None:
    """An empty or older database is refused with the command that mends it."""
    with pytest.raises(MigrationNeededError, match="schoolwatch migrate"):
        Store.open(f"sqlite:///{tmp_path}/new.db")


def test_a_locked_database_says_so(database_url: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another program holds the database for long, the person reads a plain line and nothing is half-written."""
    monkeypatch.setattr("data.store.engine.BUSY_SECONDS", 0)
    first, second = Store.open(database_url, clock), Store.open(database_url, clock)
    with first.begin("u1") as work:
        work.schools.add(a_school())
        with pytest.raises(StoreError, match="busy"), second.begin("u2") as other:
            other.schools.add(a_school("b"))
        work.commit()
    with second.read() as work:
        ids = [school.id for school in work.schools.where()]
    first.close()
    second.close()

    assert ids == ["fg"]


def test_a_full_disk_says_so_and_loses_nothing(store: Store) -> None:
    """When the disk is full the step is refused as a whole, and what was there stays readable."""
    with store.begin("u1") as work:
        work.schools.add(a_school())
        work.commit()
    many = [seen(str(number), "x" * 5000) for number in range(200)]
    with pytest.raises(StoreError, match="disk is full"), store.begin("u1") as work:  # noqa: PT012 - the failing step and what leads to it
        pages = work.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        work.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        work.posts.keep(many, source_id=None, seen_at=NOW)
    with store.read() as work:
        counts = (work.schools.count(), work.posts.count())

    assert counts == (1, 0)


def test_migrating_twice_changes_nothing(database_url: str, clock: FixedClock) -> None:
    """Running the migration again is harmless and ends at the version that the store expects."""
    upgrade(database_url)
    store = Store.open(database_url, clock)
    with store.read() as work:
        version = work.connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
    store.close()

    assert version == REVISION


def test_ids_sort_by_age() -> None:
    """An id made later sorts later, and two made at once differ."""
    older, newer, same = new_id(NOW), new_id(NOW + timedelta(seconds=1)), new_id(NOW)

    assert older < newer
    assert older != same
    assert len(older) == 22


def test_what_is_not_found_is_named_in_plain_words_and_never_at_length() -> None:
    """No table's name; of an id at most 60 characters, without signs that steer a terminal."""
    said = str(NotFoundError("case_file", f"\x1b[31m{'x' * 500}"))

    assert said == f"there is no case '[31m{'x' * 56}'"
    assert str(NotFoundError("contact_entry", "7")) == "there is no contact entry '7'"
    assert "personal_filing" not in str(NotFoundError("personal_filing", "7"))
