"""Two people at the same moment on PostgreSQL, where writers do not wait for each other by themselves: nothing is lost, nothing doubled."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

import psycopg
import pytest

from casework.intake import ReportForm
from casework.service import Casework
from casework.testing import NOON, a_user, an_evidence, fill, keep_case
from data.clock import FixedClock
from data.errors import ConflictError, SchoolwatchError
from data.model.base import new_id
from data.model.care import Letter
from data.model.evidence import CaptureOrder, Evidence, EvidenceKind, SafetyAnswer, SealedFile
from data.model.people import Role
from data.store import Store

pytestmark = pytest.mark.postgres
DSL, HEAD = a_user(Role.DSL), a_user(Role.HEADTEACHER, user_id="u-head")


class Rendezvous:
    """Holds a lock until two writers wait behind it, then lets both go: both have read what they read before it by then."""

    def __init__(self, url: str) -> None:
        self.url = url.replace("+psycopg", "")

    def meet(self, lock: str, first: Callable[[], object], second: Callable[[], object]) -> tuple[Future[object], Future[object]]:
        """Run both so that they meet at the lock of this name; return how each ended."""
        with psycopg.connect(self.url) as held, ThreadPoolExecutor(2) as pool:
            held.execute("SELECT pg_advisory_xact_lock(%s)", (zlib.crc32(lock.encode()),))
            ended = pool.submit(first), pool.submit(second)
            try:
                self._until_two_wait()
            finally:
                held.rollback()
            wait(ended, timeout=30)
        return ended

    def _until_two_wait(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as watch:
            for _ in range(600):
                row = watch.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone()
                if row is not None and row[0] >= 2:
                    return
                watch.execute("SELECT pg_sleep(0.02)")
        pytest.fail("the two writers never met")


@pytest.fixture
def desk(postgres_url: str, clock: FixedClock) -> Iterator[Casework]:
    """A school with a lead, a head and one case, on PostgreSQL."""
    clock.moment = NOON
    store = Store.open(postgres_url, clock)
    fill(store, DSL, HEAD)
    keep_case(store, "one", target="teacher")
    yield Casework(store, clock)
    store.close()


def brought(desk: Casework, case_id: str, number: int = 1) -> tuple[CaptureOrder, Evidence]:
    """Return a picture on its way into a case, under a number of the case; always the same picture."""
    order = desk.ask_to_supply(DSL, case_id, f"item-{case_id.removeprefix('case-')}", SafetyAnswer.NO)
    file = SealedFile(name="supplied-01.png", sha256="ab" * 32, bytes=1, media_type="image/png")
    made = an_evidence(case_id, order.item_id, order.id, ref=f"{desk.case(DSL, case_id).case.ref}-E{number}", files=(file,))
    return order, made.model_copy(update={"kind": EvidenceKind.SUPPLIED})


@pytest.mark.parametrize("is_first", [True, False])
def test_a_stop_and_the_same_picture_brought_into_another_case_never_miss_each_other(
    desk: Casework, postgres_url: str, is_first: bool
) -> None:
    """Evidence.md §8.4: whichever comes first, the second case is stopped; it never keeps in peace what the first is sealed off for."""
    keep_case(desk.store, "two")
    desk.evidence_supplied(DSL, *brought(desk, "case-one"), [])
    order, again = brought(desk, "case-two")
    acts = (lambda: desk.saw_indecent(DSL, "case-one"), lambda: desk.evidence_supplied(DSL, order, again, []))
    ended = Rendezvous(postgres_url).meet("pictures:fernley", *(acts if is_first else acts[::-1]))
    with desk.store.read() as work:
        both = [work.cases.get(one).stop for one in ("case-one", "case-two")]
        kept = work.evidence.count(case_id="case-two")

    assert both == [True, True]
    assert kept == 1 - refused(ended)


def test_two_captures_that_take_one_number_are_told_apart(desk: Casework, postgres_url: str) -> None:
    """Of two pieces sealed under one number at the same moment one is kept; the other is a conflict, whose capture is made again."""
    keep_case(desk.store, "two")
    orders = [desk.order_started(desk.order_capture(DSL, f"case-{key}", f"item-{key}", SafetyAnswer.NO).id) for key in ("one", "two")]
    made = [an_evidence(one.case_id, one.item_id, one.id, ref="SW-2026-0001-E1", files=()) for one in orders]
    ended = Rendezvous(postgres_url).meet(
        "pictures:fernley",
        lambda: desk.evidence_sealed(orders[0].id, made[0], []),
        lambda: desk.evidence_sealed(orders[1].id, made[1], []),
    )
    problems = [one.exception() for one in ended if one.exception() is not None]
    with desk.store.read() as work:
        states = sorted(work.orders.get(one.id).state.value for one in orders)

    assert [type(one) for one in problems] == [ConflictError]
    assert states == ["done", "running"]


def refused(ended: tuple[Future[object], Future[object]]) -> int:
    """Return how many of the two were refused in words."""
    return sum(isinstance(one.exception(), SchoolwatchError) for one in ended)


def test_two_steps_of_an_investigation_are_both_kept(desk: Casework, postgres_url: str) -> None:
    """Policy A15: what two people note at the same moment stands there twice, not once."""
    found = desk.open_investigation(DSL, "case-one", "u-dsl")
    ended = Rendezvous(postgres_url).meet(
        "case:case-one",
        lambda: desk.investigation_step(DSL, found.id, "spoke with the class teacher"),
        lambda: desk.investigation_step(HEAD, found.id, "looked at the register"),
    )

    assert refused(ended) == 0
    assert {step["text"] for step in desk.care_of(DSL, "case-one").investigations[0].steps} == {
        "spoke with the class teacher",
        "looked at the register",
    }


def test_a_letter_is_recorded_as_sent_by_one_of_two(desk: Casework, postgres_url: str) -> None:
    """A double click of two people: one of them is told that it was sent already, the record names the other."""
    letter = Letter(
        id=new_id(NOON),
        case_id="case-one",
        template="staff_update",
        recipient="x",
        subject="s",
        body="b",
        drafted_by="u-dsl",
        drafted_at=NOON,
    )
    with desk.store.begin(by="u-dsl") as work:
        work.letters.add(letter)
        work.commit()
    ended = Rendezvous(postgres_url).meet(
        "case:case-one",
        lambda: desk.letter_sent(DSL, letter.id, reference="first"),
        lambda: desk.letter_sent(HEAD, letter.id, reference="2"),
    )

    assert refused(ended) == 1
    with desk.store.read() as work:
        assert sum(one.what == "letter sent" for one in work.case_events.of("case-one")) == 1


def test_a_report_that_comes_while_somebody_writes_into_the_case_is_kept(desk: Casework, postgres_url: str) -> None:
    """A13: whoever reports is never told of a colleague's step in a case, and the report joins it."""
    form = ReportForm(address="https://forum.example.org/t/one", says="the same post again")
    ended = Rendezvous(postgres_url).meet(
        "case:case-one", lambda: desk.report("fern-leaf-9", form), lambda: desk.note(DSL, "case-one", "a note")
    )

    assert refused(ended) == 0
    with desk.store.read() as work:
        assert {"note", "reported again"} <= {one.what for one in work.case_events.of("case-one")}
        assert work.reports.count() == 1
