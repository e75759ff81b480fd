"""Taking away for good: what the triggers still refuse, the audit log after its oldest part went, posts that stay away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from casework.testing import NOON, a_school, a_seen_post, keep_case
from data.clock import FixedClock
from data.errors import ConflictError, StoreError
from data.model.evidence import CustodyEvent
from data.store import Store
from data.store.purge import AUDIT, CASE, FINDING, POST, buried, post_key

DAY = timedelta(days=1)
REFUSED = "append-only|Someone else changed"  # PostgreSQL says it in the trigger's words, SQLite as a broken rule


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_store(request: pytest.FixtureRequest, clock: FixedClock) -> Iterator[Store]:
    """A store on each database that this machine can run, with a school."""
    clock.moment = NOON
    opened = Store.open(request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url"), clock)
    with opened.begin(by="system") as work:
        work.schools.add(a_school())
        work.commit()
    yield opened
    opened.close()


def run_sql(store: Store, statement: str) -> None:
    """Run a statement behind the store's back."""
    with store.begin(by="system") as work:
        work.connection.execute(sa.text(statement))
        work.commit()


@pytest.mark.parametrize("statement", ["DELETE FROM case_event", "UPDATE case_event SET reason = 'x'"])
def test_a_history_is_not_touched_without_a_tombstone(any_store: Store, statement: str) -> None:
    """Nobody deletes or edits a line of a case that is kept."""
    keep_case(any_store, "1")
    with pytest.raises(StoreError, match=REFUSED):
        run_sql(any_store, statement)


def test_a_tombstone_lets_its_own_case_go_and_no_other(any_store: Store) -> None:
    """The history of the buried case goes; that of its neighbour stays refused; edits stay refused even then."""
    for key in ("1", "2"):
        keep_case(any_store, key)
    with any_store.begin(by="system") as work:
        work.purge.bury(CASE, "case-1", rule="case_low", run_id="run", at=NOON)
        work.commit()
    for statement in (
        "DELETE FROM case_event WHERE case_id = 'case-2'",
        "DELETE FROM case_event",
        "UPDATE case_event SET reason = 'x' WHERE case_id = 'case-1'",
    ):
        with pytest.raises(StoreError, match=REFUSED):
            run_sql(any_store, statement)
    run_sql(any_store, "DELETE FROM case_event WHERE case_id = 'case-1'")
    with any_store.read() as work:
        assert [len(work.case_events.of(one)) for one in ("case-1", "case-2")] == [0, 1]


@pytest.mark.parametrize("kind", [POST, FINDING, "case_event", AUDIT])
def test_a_tombstone_of_another_kind_opens_nothing(any_store: Store, kind: str) -> None:
    """Only the case's own tombstone lets its history go."""
    keep_case(any_store, "1")
    with any_store.begin(by="system") as work:
        work.purge.bury(kind, "0" if kind == AUDIT else "case-1", rule="case_low", run_id="run", at=NOON)
        work.commit()
    with pytest.raises(StoreError, match=REFUSED):
        run_sql(any_store, "DELETE FROM case_event")


def test_the_custody_chain_never_goes(any_store: Store) -> None:
    """No tombstone opens it: who did what to which file stays."""
    event = CustodyEvent(number=1, at=NOON, by="u", evidence_id="e-1", what="viewed", before="0" * 64, hash="1" * 64)
    with any_store.begin(by="system") as work:
        work.custody.add(event)
        for kind in (CASE, "custody_event", AUDIT):
            work.purge.bury(kind, "1", rule="case_low", run_id="run", at=NOON)
        work.commit()
    with pytest.raises(StoreError, match=REFUSED):
        run_sql(any_store, "DELETE FROM custody_event")


def test_a_case_goes_whole_or_not_at_all(any_store: Store) -> None:
    """Without its tombstone the database refuses the history, and the whole transaction is as if it had not been."""
    keep_case(any_store, "1")
    with pytest.raises(StoreError, match=REFUSED), any_store.begin(by="system") as work:
        work.purge.case("case-1")
    with any_store.read() as work:
        assert (len(work.cases.where()), len(work.case_items.where()), len(work.case_events.of("case-1"))) == (1, 1, 1)


def test_a_flagged_post_does_not_go_while_a_case_rests_on_it(any_store: Store) -> None:
    """The database itself refuses it."""
    keep_case(any_store, "1")
    with any_store.read() as work:
        assert work.purge.in_cases(["f-1", "f-2"]) == {"f-1"}
    with pytest.raises(ConflictError), any_store.begin(by="system") as work:
        work.purge.finding("f-1")


def write_days(store: Store, clock: FixedClock, days: int) -> None:
    """Write one line into the audit log on each of so many days."""
    for number in range(days):
        with store.begin(by="u-dsl") as work:
            work.note("looked", "case_file", f"case-{number}")
            work.commit()
        clock.forward(DAY)


def prune(store: Store, days: int) -> int:
    """Let the lines of the first days go."""
    with store.begin(by="system") as work:
        gone = work.purge.audit(NOON + days * DAY, run_id="run", at=NOON)
        work.commit()
    return gone


def test_the_audit_log_holds_after_its_oldest_part_went(any_store: Store, clock: FixedClock) -> None:
    """Pruned twice, then written on: it still follows from itself, and the numbers go on."""
    write_days(any_store, clock, 6)
    first, second, nothing = prune(any_store, 2), prune(any_store, 4), prune(any_store, 4)
    write_days(any_store, clock, 1)
    with any_store.read() as work:
        work.audit.verify()
        numbers = [event.number for event in work.audit.page()]

    assert (first, second, nothing) == (3, 2, 0)  # the school's own line is of the first day
    assert numbers == [8, 7, 6]


def test_a_log_that_went_whole_goes_on_where_it_ended(any_store: Store, clock: FixedClock) -> None:
    """With no line left the next one still follows from the last that went."""
    write_days(any_store, clock, 2)
    prune(any_store, 9)
    write_days(any_store, clock, 1)
    with any_store.read() as work:
        work.audit.verify()
        assert [event.number for event in work.audit.page()] == [4]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_event SET what = 'nothing' WHERE number = 5",
        "DELETE FROM audit_event WHERE number = 4",
        "DELETE FROM audit_event WHERE number = 6",
        "UPDATE tombstone SET ref = '00' WHERE kind = 'audit_event'",
    ],
)
def test_tampering_is_still_noticed_after_pruning(any_store: Store, clock: FixedClock, tampering: str) -> None:
    """By somebody who owns the database and takes the triggers away: a changed line, a missing one, a forged tombstone."""
    write_days(any_store, clock, 7)
    prune(any_store, 2)
    run_sql(any_store, _without_triggers(any_store))
    if any_store._engine.dialect.name == "sqlite":
        run_sql(any_store, "DROP TRIGGER audit_event_no_delete")
    run_sql(any_store, tampering)
    with any_store.read() as work, pytest.raises(StoreError, match="does not follow from itself"):
        work.audit.verify()


def _without_triggers(store: Store) -> str:
    is_sqlite = store._engine.dialect.name == "sqlite"
    return "DROP TRIGGER audit_event_no_update" if is_sqlite else "ALTER TABLE audit_event DISABLE TRIGGER USER"


def test_only_the_pruned_part_of_the_log_may_go(any_store: Store, clock: FixedClock) -> None:
    """A tombstone up to one number opens no younger line."""
    write_days(any_store, clock, 4)
    prune(any_store, 2)
    for statement in ("DELETE FROM audit_event", "UPDATE audit_event SET what = 'x'"):
        with pytest.raises(StoreError, match=REFUSED):
            run_sql(any_store, statement)


def test_a_purged_post_stays_away_until_its_words_change(any_store: Store) -> None:
    """The same words at the same place are not taken in again; other words, or another place, are."""
    with any_store.begin(by="system") as work:
        kept = work.posts.keep([a_seen_post("the same words", native_id="1")], source_id=None, seen_at=NOON)
        post = work.posts.get(kept.post_ids[0])
        work.purge.bury(POST, post_key(post.platform, post.native_id, post.text_hash), rule="mention", run_id="run", at=NOON)
        work.purge.posts([post.id])
        work.commit()
    with any_store.begin(by="system") as work:
        again = work.posts.keep([a_seen_post("the same words", native_id="1")], source_id=None, seen_at=NOON)
        elsewhere = work.posts.keep([a_seen_post("the same words", native_id="2")], source_id=None, seen_at=NOON)
        edited = work.posts.keep([a_seen_post("other words", native_id="1")], source_id=None, seen_at=NOON)
        work.commit()

    assert (again.new, again.post_ids) == (0, ())
    assert (elsewhere.new, edited.new) == (1, 1)


def test_many_marks_are_looked_up_at_once(any_store: Store) -> None:
    """More marks than a statement takes parameters: those that are buried are found, no others."""
    with any_store.begin(by="system") as work:
        for number in (1, 700, 1_400):
            work.purge.bury(POST, f"mark-{number}", rule="mention", run_id="run", at=NOON)
        work.purge.bury(CASE, "mark-2", rule="case_low", run_id="run", at=NOON)
        assert buried(work, [f"mark-{number}" for number in range(1_500)]) == {"mark-1", "mark-700", "mark-1400"}


def test_giving_space_back_takes_the_bytes_out_of_the_file(store: Store, database_url: str, clock: FixedClock) -> None:
    """After a deletion the words still lie in the file; after giving space back they do not."""
    clock.moment = NOON
    word = "blackcurrantine"
    with store.begin(by="system") as work:
        kept = work.posts.keep([a_seen_post(word, native_id="1")], source_id=None, seen_at=NOON)
        work.commit()
    with store.begin(by="system") as work:
        work.purge.posts(kept.post_ids)
        work.commit()
    before = _bytes(database_url)
    store.compact()

    assert word.encode() in before
    assert word.encode() not in _bytes(database_url)


def test_a_reader_in_the_way_is_named_and_nothing_is_claimed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody reads the old state its pages stay in the log beside the file: that is said, and it is tried again."""
    monkeypatch.setattr("data.store.engine.BUSY_SECONDS", 0)
    store.close()
    with store.begin(by="system") as work:
        work.schools.add(a_school())
        work.commit()
    with store.read() as work:
        assert work.schools.where()
        with pytest.raises(StoreError, match="tried again"):
            store.compact()
    store.compact()


def _bytes(database_url: str) -> bytes:
    path = Path(database_url.removeprefix("sqlite:///"))
    return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
