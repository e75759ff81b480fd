"""A file that a stopped case holds comes into no other case of the school, and stops the one it is brought into (evidence.md §8.4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from casework.errors import IllegalMoveError
from casework.service import Casework
from casework.stopping import BECAUSE, Direction
from casework.testing import NOON, SCHOOL_ID, a_school, a_user, an_evidence, fill, keep_case
from casework.watching import KNOWN_ELSEWHERE
from data.clock import FixedClock
from data.errors import ConflictError
from data.model.cases import Case, CaseState, RemovalCheck, Verdict
from data.model.evidence import CaptureOrder, Evidence, EvidenceKind, OrderState, SafetyAnswer, SealedFile
from data.model.people import Role
from data.model.readings import Category
from data.store import Store
from evidence.errors import CaptureForbiddenError, Refused

DSL = a_user(Role.DSL)
PICTURE, OTHER_PICTURE, THIRD_PICTURE = "ab" * 32, "cd" * 32, "ef" * 32
WHY = "The words belong to our own lesson about sexting."
TOLD = Direction("PC Invented 1234", "CAD 77/2026", NOON)


class Scene:
    """A school with two cases, `one` and `two`; the first holds a picture."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        clock.moment = NOON
        self.store, self.desk = store, Casework(store, clock)
        fill(store, DSL)
        self.one, self.two = keep_case(store, "one"), keep_case(store, "two")
        self.kept = self.supply(self.one)

    def evidence(self, order: CaptureOrder, *hashes: str, number: int = 1, **changes: object) -> Evidence:
        """Return evidence for this order that holds pictures of these hashes."""
        with self.store.read() as work:
            ref = work.cases.get(order.case_id).ref
        files = tuple(
            SealedFile(name=f"supplied-{one[:2]}.png", sha256=one, bytes=1, media_type="image/png") for one in hashes or (PICTURE,)
        )
        return an_evidence(order.case_id, order.item_id, order.id, ref=f"{ref}-E{number}", files=files).model_copy(update=changes)

    def supply(self, case: Case, *hashes: str, number: int = 1) -> Evidence:
        """Take a picture into a case, as the step that records it."""
        order = self.desk.ask_to_supply(DSL, case.id, f"item-{case.id.removeprefix('case-')}", SafetyAnswer.NO)
        brought = self.evidence(order, *hashes, number=number, kind=EvidenceKind.SUPPLIED)
        return self.desk.evidence_supplied(DSL, order, brought, [])

    def capture(self, case: Case, *hashes: str) -> Evidence:
        """Capture a page that gives a picture, as the step that records it."""
        order = self.order(case)
        return self.desk.evidence_sealed(order.id, self.evidence(order, *hashes), [])

    def order(self, case: Case) -> CaptureOrder:
        """Order a capture and let it begin."""
        order = self.desk.order_capture(DSL, case.id, f"item-{case.id.removeprefix('case-')}", SafetyAnswer.NO)
        return self.desk.order_started(order.id)

    def now(self, case: Case) -> Case:
        """Return the case as it stands."""
        with self.store.read() as work:
            return work.cases.get(case.id)

    def words(self, case: Case) -> None:
        """Stop a case by the words of a page, which the lead may lift."""
        self.desk.stopped_by_words(self.order(case).id, ("nudes:text",))

    def answered(self, case: Case, sha256: str) -> None:
        """Keep a look at the case's address that this file answered."""
        seen = RemovalCheck(
            id=f"check-{case.id}",
            case_id=case.id,
            item_id=f"item-{case.id.removeprefix('case-')}",
            slot="after-request+1h",
            by="system",
            at=NOON,
            verdict=Verdict.PRESENT,
            method="web page",
            status=200,
            answer_sha256=sha256,
        )
        with self.store.begin(by="system") as work:
            work.checks.add(seen)
            work.commit()

    def held(self, case: Case) -> list[Evidence]:
        """Return the evidence of a case."""
        with self.store.read() as work:
            return work.evidence.where(case_id=case.id)


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """A fresh scene."""
    return Scene(store, clock)


WAYS: dict[str, Callable[[Scene], object]] = {
    "supplied": lambda scene: scene.supply(scene.two),
    "captured": lambda scene: scene.capture(scene.two),
    "beforehand": lambda scene: scene.desk.supply_known(
        DSL, scene.desk.ask_to_supply(DSL, scene.two.id, "item-two", SafetyAnswer.NO), [OTHER_PICTURE, PICTURE]
    ),
}


@pytest.mark.parametrize("is_destroyed", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_the_file_is_refused_and_its_new_case_is_stopped(scene: Scene, way: str, is_destroyed: bool) -> None:
    """Nothing of it is recorded, the case goes to the lead at once; also where the police had the first copy destroyed."""
    scene.desk.saw_indecent(DSL, scene.one.id)
    if is_destroyed:
        scene.desk.destroy_directed(DSL, scene.kept.id, TOLD)
    with pytest.raises(CaptureForbiddenError, match="a file of it was stopped in another case") as caught:
        WAYS[way](scene)
    sheet = scene.desk.stop_sheet(DSL, scene.two.id)
    with scene.store.read() as work:
        (order,) = work.orders.where(case_id=scene.two.id)
        event = next(one for one in work.case_events.of(scene.two.id) if one.what == "capture refused")
        told = work.messages.where(case_id=scene.two.id)

    assert scene.held(scene.two) == []
    assert (scene.now(scene.two).stop, scene.now(scene.two).state) == (True, CaseState.SAFEGUARDING_LEAD)
    assert sheet is not None
    assert sheet.because == (BECAUSE["known_file"],)
    assert (order.state, order.problem) == (OrderState.STOPPED, KNOWN_ELSEWHERE)
    assert event.fields["known_file"] == [scene.one.ref]
    assert PICTURE not in repr(event.fields)
    assert told
    assert way == "captured" or caught.value.what is Refused.UPLOAD


def test_the_leads_hear_of_it_though_they_have_the_case_already(scene: Scene) -> None:
    """A10: a case that lies with the lead for another reason is told of again when it is stopped."""
    scene.desk.to_safeguarding(DSL, scene.two.id, "a child may be at risk")
    with scene.store.read() as work:
        before = work.messages.count(case_id=scene.two.id)
    scene.desk.saw_indecent(DSL, scene.one.id)
    with pytest.raises(CaptureForbiddenError):
        scene.supply(scene.two)
    with scene.store.read() as work:
        after = work.messages.count(case_id=scene.two.id)

    assert after > before
    assert scene.now(scene.two).stop


def test_another_file_of_the_same_school_is_taken_in(scene: Scene) -> None:
    """A stopped case closes no other one to what it does not hold."""
    scene.desk.saw_indecent(DSL, scene.one.id)
    scene.supply(scene.two, OTHER_PICTURE)

    assert not scene.now(scene.two).stop


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_only_a_check_of_the_stopped_case_keeps_is_known(scene: Scene, way: str) -> None:
    """Its address answered a look with the picture, and nobody captured it: brought into another case, it is refused."""
    third = keep_case(scene.store, "three")
    scene.answered(third, PICTURE)
    scene.desk.saw_indecent(DSL, third.id)
    with pytest.raises(CaptureForbiddenError, match="a file of it was stopped in another case"):
        WAYS[way](scene)

    assert scene.now(scene.two).stop
    assert scene.held(scene.two) == []


@pytest.mark.parametrize("way", ["evidence and answer", "answer and evidence", "two answers"])
def test_a_case_that_holds_the_file_is_stopped_with_it(scene: Scene, way: str) -> None:
    """Whichever of the two keeps it as a check's answer: one sees something indecent in the one, and the other is stopped too."""
    third = keep_case(scene.store, "three")
    if way == "two answers":
        scene.answered(scene.two, OTHER_PICTURE)
        scene.answered(third, OTHER_PICTURE)
    else:
        scene.answered(third, PICTURE)
    seen, other = {"evidence and answer": (scene.one, third), "answer and evidence": (third, scene.one)}.get(way, (scene.two, third))
    scene.desk.saw_indecent(DSL, seen.id)

    assert scene.now(other).stop


@pytest.mark.parametrize("way", ["supplied", "captured"])
def test_what_nobody_stopped_may_be_in_two_cases(scene: Scene, way: str) -> None:
    """One screenshot may belong to two open cases."""
    WAYS[way](scene)

    assert [one.files for one in scene.held(scene.two)] == [scene.kept.files]


def test_the_gravest_category_counts_without_the_flag(scene: Scene) -> None:
    """What is judged to be the gravest is sealed off whatever the flag says."""
    with scene.store.begin(by="system") as work:
        work.cases.replace(scene.now(scene.one).model_copy(update={"lead_category": Category.CSAM}))
        work.commit()
    with pytest.raises(CaptureForbiddenError):
        scene.supply(scene.two)

    assert scene.now(scene.two).stop


def test_another_school_is_not_told(scene: Scene) -> None:
    """A stop of one school says nothing to another: neither that there is one, nor what it holds."""
    with scene.store.begin(by="system") as work:
        work.schools.add(a_school(id="ashcombe", report_code="ash-1"))
        work.cases.replace(scene.now(scene.one).model_copy(update={"school_id": "ashcombe", "stop": True}))
        work.commit()
    scene.supply(scene.two)

    assert scene.now(scene.two).school_id == SCHOOL_ID
    assert not scene.now(scene.two).stop


def test_it_is_lifted_only_after_the_other_one(scene: Scene) -> None:
    """The second stop waits for the first; then the file may be taken in."""
    scene.words(scene.one)
    with pytest.raises(CaptureForbiddenError):
        scene.supply(scene.two)
    with pytest.raises(IllegalMoveError, match=f"the file is stopped in case {scene.one.ref}"):
        scene.desk.lift_stop(DSL, scene.two.id, WHY)
    scene.desk.lift_stop(DSL, scene.one.id, WHY)
    lifted = scene.desk.lift_stop(DSL, scene.two.id, WHY)
    scene.supply(scene.two)

    assert (lifted.stop, lifted.state) == (False, CaseState.TRIAGED)
    assert len(scene.held(scene.two)) == 1


def test_a_persons_stop_holds_the_other_for_good(scene: Scene) -> None:
    """Where a person saw something indecent, neither of the two is lifted."""
    scene.desk.saw_indecent(DSL, scene.one.id)
    with pytest.raises(CaptureForbiddenError):
        scene.supply(scene.two)
    for case in (scene.one, scene.two):
        with pytest.raises(IllegalMoveError):
            scene.desk.lift_stop(DSL, case.id, WHY)

    assert scene.now(scene.two).stop


def test_what_the_police_had_destroyed_is_never_lifted(scene: Scene) -> None:
    """Words alone stopped it, then the police directed the destruction: from there on no lead takes it back, so the hash stays known."""
    scene.words(scene.one)
    scene.desk.destroy_directed(DSL, scene.kept.id, TOLD)
    with pytest.raises(IllegalMoveError, match="destroyed under police direction; such a stop is never lifted"):
        scene.desk.lift_stop(DSL, scene.one.id, WHY)

    assert scene.now(scene.one).stop


def test_two_that_wait_for_each_other_alone_are_both_lifted(scene: Scene) -> None:
    """Each was stopped for a file of the other, and the words that began it were lifted: no circle keeps both for ever."""
    scene.supply(scene.two, OTHER_PICTURE)
    scene.words(scene.one)
    with pytest.raises(CaptureForbiddenError):
        scene.supply(scene.two, PICTURE, number=2)
    scene.desk.lift_stop(DSL, scene.one.id, WHY)
    with pytest.raises(CaptureForbiddenError):
        scene.supply(scene.one, OTHER_PICTURE, number=2)
    for case in (scene.one, scene.two):
        scene.desk.lift_stop(DSL, case.id, WHY)

    assert not scene.now(scene.one).stop
    assert not scene.now(scene.two).stop


def _circle(scene: Scene) -> tuple[Case, Case, Case]:
    """Return three cases, each stopped for a file that the next one but one holds, the words that began it lifted."""
    three = keep_case(scene.store, "three")
    scene.supply(scene.two, OTHER_PICTURE)
    scene.supply(three, THIRD_PICTURE)
    scene.words(scene.one)
    for case, picture in ((scene.two, PICTURE), (three, OTHER_PICTURE)):
        with pytest.raises(CaptureForbiddenError):
            scene.supply(case, picture, number=2)
    scene.desk.lift_stop(DSL, scene.one.id, WHY)
    with pytest.raises(CaptureForbiddenError):
        scene.supply(scene.one, THIRD_PICTURE, number=2)
    return scene.one, scene.two, three


@pytest.mark.parametrize("first", [0, 1, 2])
def test_three_that_wait_in_a_circle_alone_are_all_lifted(scene: Scene, first: int) -> None:
    """Nobody said a word against any of them: whichever the lead begins with, none waits for ever."""
    circle = _circle(scene)
    for case in (*circle[first:], *circle[:first]):
        scene.desk.lift_stop(DSL, case.id, WHY)

    assert [scene.now(case).stop for case in circle] == [False] * 3


def test_a_persons_word_anywhere_in_the_circle_keeps_all_of_it(scene: Scene) -> None:
    """One of the three was seen to be indecent: none of them is lifted, and each names the one that keeps it."""
    circle = _circle(scene)
    scene.desk.saw_indecent(DSL, circle[1].id)
    for case in circle:
        says = "never lifted" if case is circle[1] else f"the file is stopped in case {circle[1].ref}"
        with pytest.raises(IllegalMoveError, match=says):
            scene.desk.lift_stop(DSL, case.id, WHY)


def test_signs_at_the_end_of_a_row_keep_all_of_it(scene: Scene) -> None:
    """The third waits for the second and the second for the first, which the words of a page stopped: that stop comes first."""
    three = keep_case(scene.store, "three")
    scene.supply(scene.two, OTHER_PICTURE)
    scene.words(scene.one)
    for case, picture in ((scene.two, PICTURE), (three, OTHER_PICTURE)):
        with pytest.raises(CaptureForbiddenError):
            scene.supply(case, picture, number=2)
    with pytest.raises(IllegalMoveError, match=f"the file is stopped in case {scene.one.ref}"):
        scene.desk.lift_stop(DSL, three.id, WHY)
    for case in (scene.one, three, scene.two):
        scene.desk.lift_stop(DSL, case.id, WHY)

    assert not scene.now(three).stop


def test_a_number_that_was_taken_meanwhile_is_a_conflict(scene: Scene) -> None:
    """Two pieces under one number: the second is refused whole, and its order waits for the next try, which succeeds."""
    order = scene.order(scene.two)
    first = scene.evidence(order, OTHER_PICTURE)
    scene.supply(scene.two, OTHER_PICTURE)
    with pytest.raises(ConflictError):
        scene.desk.evidence_sealed(order.id, first, [])
    with scene.store.read() as work:
        state = work.orders.get(order.id).state
    kept = scene.desk.evidence_sealed(order.id, scene.evidence(order, OTHER_PICTURE, number=2), [])
    again = scene.desk.evidence_sealed(order.id, kept, [])

    assert state is OrderState.RUNNING
    assert (kept, again.ref) == (again, f"{scene.two.ref}-E2")


@pytest.mark.parametrize("link", ["file", "address"])
def test_a_stop_that_came_with_another_case_names_it_and_is_lifted_no_sooner(scene: Scene, link: str) -> None:
    """Not "a person saw something indecent", which nobody did here: the other case's number, in the sheet and in the history."""
    if link == "file":
        scene.capture(scene.two)  # both held it before anybody knew what it shows
    else:
        with scene.store.begin("system") as work:
            theirs, mine = work.case_items.where(case_id=scene.one.id)[0], work.case_items.where(case_id=scene.two.id)[0]
            work.case_items.replace(mine.model_copy(update={"address": theirs.address}))
            work.commit()
    scene.desk.saw_indecent(DSL, scene.one.id)
    sheet = scene.desk.stop_sheet(DSL, scene.two.id)
    words = {"file": "it holds the same file as", "address": "it has the same address as"}[link]
    said = f"{words} {scene.one.ref}, which was stopped"

    assert sheet is not None
    assert sheet.because == (said,)
    assert sheet.why_not == f"{said}; such a stop is never lifted"
    assert f"sealed off with {scene.one.ref}: {said}" in [one.text for one in scene.desk.chronology(DSL, scene.two.id)]
    own = scene.desk.stop_sheet(DSL, scene.one.id)
    assert own is not None
    assert own.because == (BECAUSE["seen"],)
    with pytest.raises(IllegalMoveError):
        scene.desk.lift_stop(DSL, scene.two.id, WHY)
