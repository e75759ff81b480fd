"""What a person brought, on its way through a case: named as such to everybody, and never taken for a capture of ours."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from casework.errors import EvidenceMissingError, IllegalMoveError
from casework.handover import PICTURE_NAME, TRANSCRIPT
from casework.stopping import Direction
from dashboard.parts.testing import World, build
from data.clock import FixedClock
from data.errors import ConflictError, SchoolwatchError
from data.model.cases import CaseState
from data.model.evidence import CaptureOrder, Evidence, SafetyAnswer
from data.model.people import User
from evidence.capture import is_intact
from evidence.custody import CustodyDraft, verify_extract
from evidence.errors import CaptureForbiddenError
from evidence.report import Variant
from evidence.supplied import Account, Brought
from evidence.testing import square
from evidence.verify import Colour, verify
from schoolwatch.destroying import destroy


@pytest.fixture
def world(tmp_path: Path, clock: FixedClock, database_url: str) -> Iterator[World]:
    """A desk with one case of which nothing was captured."""
    made = build(tmp_path, clock, database_url)
    made.open_case("fresh", "Fernley Green: make Mr Q quit, message him all day")
    yield made
    made.desk.close()


def bring(world: World, content: bytes = square((9, 9, 9)), *, item: bool = True, key: str = "fresh") -> Evidence:
    """Take in one picture of somebody's telephone."""
    case, dsl = world.cases[key], world.people["dsl"]
    item_id = world.desk.casework.case(dsl, case.id).items[0].id if item else ""
    account = Account("a parent", "a screenshot", "the post", world.clock.now())
    return world.desk.taking_in.take(dsl, case.id, item_id, SafetyAnswer.NO, [Brought("a.png", content)], account)


def test_a_request_may_rest_on_it_and_says_what_it_is(world: World) -> None:
    """A14: the way to a request is open; the words outside say that a person brought it, with the witness code."""
    kept = bring(world)
    request = world.desk.casework.case(world.people["dsl"], world.cases["fresh"].id)
    drafted = world.draft("fresh")
    body = next(one.body for one in world.desk.casework.case(world.people["dsl"], request.case.id).requests if one.id == drafted)

    assert f"Evidence {kept.ref} (supplied by a person, not captured by us), witness code {kept.seal_sha256}" in body
    world.desk.casework.record_sent(world.people["dsl"], drafted, None, "T-1")


def test_what_is_refused_after_its_seal_leaves_no_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped while it was being sealed, not a byte of what was brought stays; what other evidence holds does."""
    room, case, dsl = world.desk.casework, world.cases["fresh"], world.people["dsl"]
    world.capture("fresh")
    before = {path.name for path in world.desk.vault.root.glob("??/*")}
    real = room.evidence_supplied

    def stopped_meanwhile(by: User, order: CaptureOrder, sealed: Evidence, custody: Sequence[CustodyDraft]) -> Evidence:
        assert {path.name for path in world.desk.vault.root.glob("??/*")} > before
        room.saw_indecent(dsl, case.id)
        return real(by, order, sealed, custody)

    monkeypatch.setattr(room, "evidence_supplied", stopped_meanwhile)
    with pytest.raises(CaptureForbiddenError):
        bring(world)

    assert {path.name for path in world.desk.vault.root.glob("??/*")} == before


@pytest.mark.parametrize("is_destroyed", [False, True])
def test_what_was_stopped_elsewhere_is_refused_before_a_byte_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch, is_destroyed: bool
) -> None:
    """§5.7: the very file of a stopped case, brought into another one, is never written; also after the police had it destroyed."""
    world.open_case("other", "Fernley Green: the same picture again")
    first, dsl, vault = bring(world), world.people["dsl"], world.desk.vault
    world.desk.casework.saw_indecent(dsl, first.case_id)
    if is_destroyed:
        destroy(world.desk, dsl, first.id, Direction("PC Invented 77", "CAD 9/2026", world.clock.now()))
    before, written = {path.name for path in vault.root.glob("??/*")}, list[bytes]()
    with monkeypatch.context() as watched:
        watched.setattr(vault, "put", written.append)
        with pytest.raises(CaptureForbiddenError, match="upload refused: a file of it was stopped in another case") as refused:
            bring(world, key="other")
    case = world.desk.casework.case(dsl, world.cases["other"].id)

    assert written == []
    assert {path.name for path in vault.root.glob("??/*")} == before
    assert "nothing of what was brought was kept" in str(refused.value)
    assert (case.case.stop, case.evidence) == (True, ())


def test_brought_for_no_address_it_opens_no_request_about_one(world: World) -> None:
    """What shows another message is no evidence of this post."""
    bring(world, item=False)
    with pytest.raises(EvidenceMissingError):
        world.desk.casework.record_sent(world.people["dsl"], world.draft("fresh"), None, "T-1")


def test_that_a_post_was_amended_is_shown_by_our_own_capture_only(world: World) -> None:
    """A20: a picture from somebody's telephone does not say how the page stands now."""
    world.capture("fresh")
    dsl, room, case = world.people["dsl"], world.desk.casework, world.cases["fresh"]
    room.record_sent(dsl, world.draft("fresh"), None, "T-1")
    brought = bring(world)
    with pytest.raises(IllegalMoveError, match="capture the changed post once more"):
        room.move(dsl, case.id, CaseState.VERIFIED_AMENDED, {"new_capture": brought.id, "what_changed": "the name", "accepted_by": "dsl"})


def test_two_who_bring_something_at_the_same_moment_get_two_numbers(world: World) -> None:
    """No piece is lost, none is doubled, and the custody chain holds."""
    problems: list[SchoolwatchError] = []

    def one(number: int) -> None:
        """Bring something of one's own."""
        try:
            bring(world, square((number, 0, 0)))
        except SchoolwatchError as error:
            problems.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = world.desk.casework.case(world.people["dsl"], world.cases["fresh"].id).evidence
    with world.desk.store.read() as work:
        verify_extract(tuple(work.custody.where(order_by="number")))

    assert problems == []
    assert sorted(one.ref.rpartition("-")[2] for one in kept) == ["E1", "E2", "E3"]
    assert all(is_intact(one, world.desk.vault) for one in kept)


def test_a_number_that_stays_taken_is_said_and_nothing_is_half_recorded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After three tries the person is told to repeat; the case is as before."""
    room = world.desk.casework

    def taken(*_: object) -> Evidence:
        """Somebody else has the number, always."""
        raise ConflictError

    monkeypatch.setattr(type(room), "evidence_supplied", taken)
    with pytest.raises(ConflictError):
        bring(world)
    file = room.case(world.people["dsl"], world.cases["fresh"].id)

    assert (file.evidence, file.orders, file.case.state) == ((), (), CaseState.TRIAGED)


def test_the_papers_of_a_person_hold_our_own_capture_though_something_was_brought_later(world: World) -> None:
    """A19: the later picture from a telephone does not take the place of the page."""
    world.capture("fresh")
    world.clock.forward(timedelta(minutes=5))
    brought = bring(world)
    dsl, room, case = world.people["dsl"], world.desk.casework, world.cases["fresh"]
    item = room.case(dsl, case.id).items[0].id
    filing = room.offer_filing(dsl, case.id, item, "teacher", "u-deputy", words="Please remove this; it names me.")
    _, papers = world.desk.safe.papers(dsl, filing.id)
    with zipfile.ZipFile(io.BytesIO(papers)) as archive:
        transcript = archive.read(TRANSCRIPT).decode()
        names = archive.namelist()

    assert PICTURE_NAME in names
    assert f"{case.ref}-E1" in transcript
    assert brought.ref not in transcript


def test_the_pack_holds_it_by_itself_and_verifies(world: World, tmp_path: Path) -> None:
    """The bytes come out as they went in, under our own name, in a bundle of their own."""
    kept = bring(world)
    name, content = world.desk.safe.pack(world.people["dsl"], world.cases["fresh"].id, Variant.FULL)
    path = tmp_path / name
    path.write_bytes(content)
    found = verify(path)

    assert (found.colour, found.codes[kept.ref]) == (Colour.AMBER, kept.seal_sha256), found.reasons
    assert square((9, 9, 9)) in content
    assert f"{kept.ref}/data/supplied-01.png".encode() in content
