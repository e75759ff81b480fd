"""A capture on its way: how far it is, cancelled by a person, ended by a stop (evidence.md §7): asked of the real store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casework.service import Casework
from casework.testing import NOON, a_user, an_evidence, fill
from data.clock import FixedClock
from data.errors import CaseError, PermissionDeniedError
from data.model.cases import CaseState
from data.model.evidence import CaptureOrder, OrderState, SafetyAnswer
from data.model.findings import DecisionKind
from data.model.people import Role
from data.model.readings import Category, Severity
from data.store import Store
from evidence.errors import CaptureCancelledError, CaptureForbiddenError

DSL, HEAD, STAFF = a_user(Role.DSL), a_user(Role.HEADTEACHER, user_id="u-head"), a_user(Role.STAFF, user_id="u-staff")


class Scene:
    """A school, and one case with an order that waits."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        """Open the case and order its capture."""
        clock.moment = NOON + timedelta(seconds=0.25)
        self.store, self.desk = store, Casework(store, clock)
        finding = fill(store, DSL, HEAD, STAFF)
        decided = self.desk.decide(
            DSL, finding.id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, Severity.S2, "teacher", "it targets one teacher"
        ).case
        assert decided is not None
        self.case_id = decided.id
        self.item_id = self.desk.case(DSL, decided.id).items[0].id
        self.first = self.order()

    def order(self, answer: SafetyAnswer = SafetyAnswer.NO) -> CaptureOrder:
        """Order the capture."""
        return self.desk.order_capture(DSL, self.case_id, self.item_id, answer)

    def kept(self) -> tuple[int, int]:
        """Return how many pieces of evidence and custody lines the store holds."""
        with self.store.read() as work:
            return len(work.evidence.where()), len(work.custody.where())

    def history(self) -> list[str]:
        """Return what happened in the case."""
        return [event.what for event in self.desk.case(DSL, self.case_id).events]


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """A case with an order that waits."""
    return Scene(store, clock)


def test_a_waiting_capture_is_cancelled_at_once(scene: Scene) -> None:
    """Nobody carries it out any more; the case stands where it stood, and a new one can be ordered."""
    done = scene.desk.cancel_capture(DSL, scene.case_id, scene.first.id)

    assert (done.state, done.cancel_asked_by, done.finished_at) == (OrderState.CANCELLED, DSL.id, NOON + timedelta(seconds=0.25))
    assert scene.desk.order_started(done.id).state is OrderState.CANCELLED
    assert scene.desk.orders_waiting() == ()
    assert scene.desk.case(DSL, scene.case_id).case.state is CaseState.TRIAGED
    assert scene.order().state is OrderState.WAITING
    assert scene.history().count("capture cancelled") == 1


def test_a_running_capture_hears_of_it_and_ends(scene: Scene) -> None:
    """The worker asks several times a second whether it is still wanted; then the order is over, said once however often it is pressed."""
    scene.desk.order_started(scene.first.id)
    scene.desk.order_wanted(scene.first.id)
    asked = [scene.desk.cancel_capture(DSL, scene.case_id, scene.first.id) for _ in range(2)]
    with pytest.raises(CaptureCancelledError):
        scene.desk.order_wanted(scene.first.id)
    ended = [scene.desk.order_cancelled(scene.first.id) for _ in range(2)]

    assert [one.state for one in asked] == [OrderState.RUNNING] * 2
    assert [one.state for one in ended] == [OrderState.CANCELLED] * 2
    assert scene.history().count("capture cancelled") == 1


def test_a_capture_cancelled_while_its_worker_was_dead_never_starts_again(scene: Scene) -> None:
    """The next worker that takes the order up finds it cancelled."""
    scene.desk.order_started(scene.first.id)
    scene.desk.cancel_capture(DSL, scene.case_id, scene.first.id)

    assert scene.desk.order_started(scene.first.id).state is OrderState.CANCELLED


@pytest.mark.parametrize("stopped", [False, True], ids=["cancelled", "stopped"])
def test_nothing_is_kept_of_what_nobody_wants_any_more(scene: Scene, *, stopped: bool) -> None:
    """Cancelled or stopped at the very last moment: no evidence, no line in the register, no step of the case."""
    scene.desk.order_started(scene.first.id)
    before = scene.kept()
    if stopped:
        scene.order(SafetyAnswer.YES)
    else:
        scene.desk.cancel_capture(DSL, scene.case_id, scene.first.id)
    with pytest.raises(CaptureForbiddenError if stopped else CaptureCancelledError):
        scene.desk.evidence_sealed(scene.first.id, an_evidence(scene.case_id, scene.item_id, scene.first.id), ())

    assert scene.kept() == before


def test_what_has_ended_or_belongs_elsewhere_cannot_be_cancelled(scene: Scene) -> None:
    """A finished order and one of another case are refused with the reason; somebody who may not order one may not cancel one."""
    with pytest.raises(PermissionDeniedError):
        scene.desk.cancel_capture(STAFF, scene.case_id, scene.first.id)
    scene.desk.order_started(scene.first.id)
    scene.desk.order_failed(scene.first.id, "the site did not answer")
    with pytest.raises(CaseError, match="has ended already"):
        scene.desk.cancel_capture(DSL, scene.case_id, scene.first.id)
    with scene.store.begin(by="system") as work:
        other = work.orders.add(scene.first.model_copy(update={"id": "o-other", "case_id": _another_case(work, scene)}))
        work.commit()
    with pytest.raises(CaseError, match="does not belong"):
        scene.desk.cancel_capture(DSL, scene.case_id, other.id)


def _another_case(work: object, scene: Scene) -> str:
    from casework.testing import a_case, a_finding
    from data.store import Work

    assert isinstance(work, Work)
    first = work.cases.get(scene.case_id)
    work.findings.add(a_finding(id="f-other", post_id=None, school_id=first.school_id))
    return work.cases.add(a_case(id="c-other", ref="SW-2026-0099", finding_id="f-other", school_id=first.school_id)).id


def test_progress_is_noted_only_while_it_runs(scene: Scene) -> None:
    """How far a capture is stands on the order; a late word from a worker changes nothing."""
    scene.desk.order_progress(scene.first.id, "opening the page")
    waiting = scene.desk.case(DSL, scene.case_id).orders[-1].progress
    scene.desk.order_started(scene.first.id)
    scene.desk.order_progress(scene.first.id, "opening the page")
    running = scene.desk.case(DSL, scene.case_id).orders[-1].progress
    scene.desk.order_failed(scene.first.id, "x")
    scene.desk.order_progress(scene.first.id, "sealing")

    assert (waiting, running, scene.desk.case(DSL, scene.case_id).orders[-1].progress) == ("", "opening the page", "opening the page")
