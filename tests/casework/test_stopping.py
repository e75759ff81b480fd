"""STOP, its one way back, and what the police direct (evidence.md §8): asked of the real store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from casework.errors import IllegalMoveError
from casework.intake import ReportForm
from casework.room import NOBODY_ASKED
from casework.service import Casework
from casework.stopping import BECAUSE, BY_WORDS, Direction, destroyed_files
from casework.testing import ADDRESS, NOON, SCHOOL_ID, a_finding, a_user, an_evidence, fill, keep_case
from data.clock import FixedClock
from data.errors import CaseError, NotFoundError, PermissionDeniedError
from data.model.cases import Case, CaseState, Confidentiality
from data.model.evidence import (
    BackupRun,
    CaptureOrder,
    Evidence,
    EvidenceKind,
    OrderState,
    SafetyAnswer,
    SealedFile,
    SealToken,
    TokenState,
)
from data.model.findings import DecisionKind, Report, ReportTick, Wish
from data.model.people import Role
from data.model.posts import PostId
from data.model.readings import Category, Severity
from data.store import Store
from evidence.custody import verify
from evidence.errors import PreflightStopError
from evidence.guard import must_be_clear
from evidence.preflight import PageWords
from evidence.seal import LOG

DSL, DEPUTY = a_user(Role.DSL), a_user(Role.DEPUTY_DSL, user_id="u-deputy")
HEAD, STAFF = a_user(Role.HEADTEACHER, user_id="u-head"), a_user(Role.STAFF, user_id="u-staff")
WHY = "The words belong to our own lesson about sexting."
SIGNS = ("nudes:text", "trading:text")
TOLD = Direction("PC Invented 1234", "CAD 77/2026", NOON)


class Scene:
    """A school, its people, one case with an order under way."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        clock.moment = NOON + timedelta(seconds=0.25)
        self.store, self.clock = store, clock
        self.finding = fill(store, DSL, DEPUTY, HEAD, STAFF)
        self.desk = Casework(store, clock)
        decided = self.desk.decide(
            DSL, self.finding.id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, Severity.S2, "teacher", "it targets one teacher"
        ).case
        assert decided is not None
        self.opened = decided
        self.item = self.desk.case(DSL, decided.id).items[0]

    @property
    def case(self) -> Case:
        """The case as it stands now."""
        with self.store.read() as work:
            return work.cases.get(self.opened.id)

    def order(self, answer: SafetyAnswer = SafetyAnswer.NO) -> CaptureOrder:
        """Order the capture."""
        return self.desk.order_capture(DSL, self.opened.id, self.item.id, answer)

    def stopped_by_words(self, *signs: str) -> CaptureOrder:
        """Order a capture that the page's own words then stop."""
        return self.desk.stopped_by_words(self.desk.order_started(self.order().id).id, signs or SIGNS)

    def keep(self, key: str = "1", *, case_id: str = "", files: tuple[str, ...] = ("ab",), **changes: object) -> Evidence:
        """Keep sealed evidence whose files have these hashes, with its line in the register."""
        sealed = (*(SealedFile(name=f"{one}.png", sha256=one * 32, bytes=1, media_type="image/png") for one in files), _log())
        made = an_evidence(case_id or self.opened.id, self.item.id, f"order-{key}", ref=f"{self.opened.ref}-E{key}", files=sealed)
        made = made.model_copy(update={"seal_sha256": "cd" * 32, "seal_files": (_key(),), "captured_at": self.clock.now()} | changes)
        order = CaptureOrder(
            id=made.order_id,
            case_id=made.case_id,
            item_id=made.item_id,
            address=ADDRESS,
            answer=SafetyAnswer.NO,
            ordered_by=DSL.id,
            ordered_at=NOON,
            state=OrderState.DONE,
            evidence_id=made.id,
        )
        with self.store.begin(by="system") as work:
            work.orders.add(order)
            work.evidence.add(made)
            work.commit()
        return made

    def events(self) -> list[str]:
        """Return the words of the case's history."""
        with self.store.read() as work:
            return [one.what for one in work.case_events.of(self.opened.id)]

    def custody(self, what: str) -> list[str]:
        """Return which evidence the register has such a line about; the chain is whole."""
        with self.store.read() as work:
            chain = work.custody.where(order_by="number")
        verify(chain)
        return [one.evidence_id for one in chain if one.what == what]


def _log() -> SealedFile:
    return SealedFile(name=LOG, sha256="11" * 32, bytes=1, media_type="application/x-ndjson")


def _key() -> SealedFile:
    return SealedFile(name="seal-key.pem", sha256="22" * 32, bytes=1, media_type="application/x-pem-file")


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """A fresh scene."""
    return Scene(store, clock)


# --- by the page's own words ---


def test_the_words_of_a_page_stop_order_and_case(scene: Scene) -> None:
    """A "no" becomes STOP: the order ends with the names of the signs, the case goes to the safeguarding lead, strictest."""
    order = scene.stopped_by_words()

    assert (order.state, order.signals, order.problem) == (OrderState.STOPPED, SIGNS, BY_WORDS)
    assert (scene.case.stop, scene.case.state, scene.case.severity) == (True, CaseState.SAFEGUARDING_LEAD, Severity.S4)
    assert scene.case.confidentiality is Confidentiality.RESTRICTED_DSL
    assert scene.desk.orders_waiting() == ()


def test_a_stop_by_words_that_is_told_twice_stops_once(scene: Scene) -> None:
    """A worker that was killed and tells it again writes nothing more."""
    order = scene.stopped_by_words()
    before = scene.events()
    again = scene.desk.stopped_by_words(order.id, ("other:text",))

    assert again == order
    assert scene.events() == before


def test_the_lead_lifts_it_and_is_asked_anew(scene: Scene) -> None:
    """With a reason the case is as it was; a new capture asks the question again and carries who lifted which signs, and why."""
    stopped = scene.stopped_by_words()
    scene.clock.forward(timedelta(minutes=5.5))
    case = scene.desk.lift_stop(DSL, scene.opened.id, WHY)
    fresh = scene.order()
    with scene.store.read() as work:
        old = work.orders.get(stopped.id)

    assert (case.stop, case.state, case.severity, case.confidentiality) == (False, CaseState.TRIAGED, Severity.S2, Confidentiality.NORMAL)
    assert (old.lifted_by, old.lift_reason, old.state) == (DSL.id, WHY, OrderState.STOPPED)
    assert (fresh.state, fresh.lifted_by, fresh.lift_reason, fresh.signals) == (OrderState.WAITING, DSL.id, WHY, SIGNS)
    assert scene.events()[-3:] == ["stop lifted", "correction", "capture ordered"]
    assert scene.desk.stop_sheet(DSL, case.id) is None


def test_only_the_signs_that_were_lifted_pass(scene: Scene) -> None:
    """The new order passes the same signs and stops at any other."""
    scene.stopped_by_words("nudes:text", "trading:text")
    scene.desk.lift_stop(DSL, scene.opened.id, WHY)
    fresh = scene.order()
    page = PageWords(ADDRESS, "", "who wants the nudes folder, swap")
    with pytest.raises(PreflightStopError) as caught:
        must_be_clear(fresh, replace(page, alts=("leaked nudes",)))
    must_be_clear(fresh.model_copy(update={"signals": ("nudes:text", "sold:text", "trading:text")}), page)
    with pytest.raises(PreflightStopError):
        must_be_clear(fresh.model_copy(update={"lifted_by": None}), page)

    assert set(caught.value.signals) >= {"nudes:picture"}
    assert not set(caught.value.signals) & set(fresh.signals)


def test_other_signs_are_lifted_by_themselves(scene: Scene) -> None:
    """A second reading that finds other signs stops again; lifting that too lets the third capture pass both."""
    scene.stopped_by_words("nudes:text")
    scene.desk.lift_stop(DSL, scene.opened.id, WHY)
    scene.stopped_by_words("trading:link")
    sheet = scene.desk.stop_sheet(DSL, scene.opened.id)
    scene.desk.lift_stop(DEPUTY, scene.opened.id, WHY + " Again.")
    third = scene.order()

    assert sheet is not None
    assert (sheet.signals, sheet.why_not) == (("trading:link",), None)
    assert (third.signals, third.lifted_by, third.lift_reason) == (("nudes:text", "trading:link"), DEPUTY.id, WHY + " Again.")


def test_the_question_is_asked_anew_and_its_answer_stops_again(scene: Scene) -> None:
    """After lifting, "yes" stops as ever, and then nothing lifts it."""
    scene.stopped_by_words()
    scene.desk.lift_stop(DSL, scene.opened.id, WHY)
    order = scene.order(SafetyAnswer.YES)
    with pytest.raises(IllegalMoveError, match="never lifted"):
        scene.desk.lift_stop(DSL, scene.opened.id, WHY)

    assert (order.state, scene.case.stop) == (OrderState.STOPPED, True)


@pytest.mark.parametrize("reason", ["", "   ", "false alarm", "one two three four", "x" * 10_001])
def test_a_reason_of_some_words_is_needed(scene: Scene, reason: str) -> None:
    """A lift without a reason of five words is refused and changes nothing."""
    scene.stopped_by_words()
    before = scene.events()
    with pytest.raises(CaseError):
        scene.desk.lift_stop(DSL, scene.opened.id, reason)

    assert scene.case.stop
    assert scene.events() == before


def test_only_safeguarding_leads_lift(scene: Scene) -> None:
    """The headteacher and staff do not; the deputy does in the lead's stead."""
    scene.stopped_by_words()
    for person in (HEAD, STAFF):
        with pytest.raises(PermissionDeniedError):
            scene.desk.lift_stop(person, scene.opened.id, WHY)
    sheet = scene.desk.stop_sheet(HEAD, scene.opened.id)

    assert sheet is not None
    assert sheet.why_not == "the safeguarding lead decides whether it is lifted"
    assert not scene.desk.lift_stop(DEPUTY, scene.opened.id, WHY).stop


@pytest.mark.parametrize("answer", [SafetyAnswer.YES, SafetyAnswer.NOT_SURE])
def test_a_persons_doubt_is_never_lifted(scene: Scene, answer: SafetyAnswer) -> None:
    """Who answered "yes" or "not sure" keeps the case stopped, also beside signs of the machine."""
    scene.order(answer)
    with pytest.raises(IllegalMoveError, match="never lifted"):
        scene.desk.lift_stop(DSL, scene.opened.id, WHY)
    sheet = scene.desk.stop_sheet(DSL, scene.opened.id)

    assert sheet is not None
    assert sheet.because == (BECAUSE["answer"],)
    assert scene.case.stop


def test_a_doubt_that_follows_the_signs_keeps_it_stopped(scene: Scene) -> None:
    """A second person's "not sure" in a case that words stopped is a stop of its own."""
    scene.stopped_by_words()
    scene.order(SafetyAnswer.NOT_SURE)
    with pytest.raises(IllegalMoveError, match="never lifted"):
        scene.desk.lift_stop(DSL, scene.opened.id, WHY)

    assert scene.case.stop


def test_a_reporters_tick_is_never_lifted(scene: Scene) -> None:
    """Once a reporter said so, before or after, the stop stays."""
    scene.stopped_by_words()
    scene.desk.report("fern-leaf-9", ReportForm(says="it shows a child", address=scene.item.address, ticks=(ReportTick.INDECENT_IMAGE,)))
    with pytest.raises(IllegalMoveError, match="whoever reported it"):
        scene.desk.lift_stop(DSL, scene.opened.id, WHY)

    assert scene.case.stop


def test_the_category_is_never_lifted(store: Store, scene: Scene) -> None:
    """A case whose category is the gravest stays stopped whatever stands in its history."""
    case = keep_case(store, "grave", lead_category=Category.CSAM, stop=True, state=CaseState.SAFEGUARDING_LEAD)
    with pytest.raises(IllegalMoveError, match="never lifted"):
        scene.desk.lift_stop(DSL, case.id, WHY)


def test_the_button_is_never_lifted(scene: Scene) -> None:
    """Who saw something indecent keeps it sealed off."""
    scene.stopped_by_words()
    scene.desk.saw_indecent(DEPUTY, scene.opened.id)
    with pytest.raises(IllegalMoveError, match="saw something indecent"):
        scene.desk.lift_stop(DSL, scene.opened.id, WHY)


def test_what_a_person_stopped_elsewhere_stays(store: Store, scene: Scene) -> None:
    """The same address, stopped by a person in another case, keeps this one stopped too."""
    scene.stopped_by_words()
    other = keep_case(store, "other")
    with store.begin(by="system") as work:
        (item,) = work.case_items.where(case_id=other.id)
        work.case_items.replace(item.model_copy(update={"address": scene.item.address}))
        work.commit()
    scene.desk.order_capture(DSL, other.id, "item-other", SafetyAnswer.NOT_SURE)
    with pytest.raises(IllegalMoveError, match=f"in case {other.ref}"):
        scene.desk.lift_stop(DSL, scene.opened.id, WHY)


@pytest.mark.parametrize("answer", [SafetyAnswer.YES, SafetyAnswer.NOT_SURE])
def test_every_case_at_the_address_is_stopped(store: Store, scene: Scene, answer: SafetyAnswer) -> None:
    """A person's doubt in one case stops the school's other cases at the same address too, so that no request goes there."""
    other = keep_case(store, "other")
    with store.begin(by="system") as work:
        (item,) = work.case_items.where(case_id=other.id)
        work.case_items.replace(item.model_copy(update={"address": scene.item.address}))
        work.commit()
    scene.order(answer)
    with store.read() as work:
        stopped = work.cases.get(other.id)
    with pytest.raises(IllegalMoveError, match="never lifted"):
        scene.desk.lift_stop(DSL, other.id, WHY)

    assert stopped.stop


@pytest.mark.parametrize("is_lifted", [False, True])
def test_a_new_case_at_a_stopped_address_is_stopped(store: Store, scene: Scene, is_lifted: bool) -> None:
    """What stands stopped is asked for no second time through a new case; what was lifted is judged anew."""
    scene.stopped_by_words()
    if is_lifted:
        scene.desk.lift_stop(DSL, scene.opened.id, WHY)
    with store.begin(by="system") as work:
        post = work.posts.get(scene.item.post_id or PostId(1))
        finding = work.findings.add(a_finding(NOON, id="f-again", post_id=None, post_version=None, report_id=None))
        report = Report(
            id="r-again", receipt="R-1", school_id=SCHOOL_ID, address=post.address, says="again", platform=post.platform,
            reported_at=NOON, received_at=NOON, wish=Wish.REMOVE,
        )  # fmt: skip
        work.reports.add(report)
        work.findings.replace(finding.model_copy(update={"report_id": report.id}))
        work.commit()
    made = scene.desk.decide(DSL, "f-again", DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, Severity.S2, "teacher", "again").case
    assert made is not None
    sheet = scene.desk.stop_sheet(DSL, made.id)

    assert made.stop is not is_lifted
    assert (sheet is None) is is_lifted
    assert sheet is None or (sheet.because, sheet.why_not) == ((BECAUSE["elsewhere"],), None)


def test_what_was_never_stopped_cannot_be_lifted(scene: Scene) -> None:
    """A lift without a stop is refused in words."""
    with pytest.raises(IllegalMoveError, match="it was not stopped"):
        scene.desk.lift_stop(DSL, scene.opened.id, WHY)


def test_a_case_that_the_lead_had_before_stays_with_the_lead(scene: Scene) -> None:
    """A safeguarding concern that somebody raised is not taken back by lifting the machine's stop."""
    order = scene.order()
    scene.desk.to_safeguarding(DEPUTY, scene.opened.id, "a child may be at risk")
    scene.desk.stopped_by_words(order.id, SIGNS)
    case = scene.desk.lift_stop(DSL, scene.opened.id, WHY)

    assert (case.stop, case.state) == (False, CaseState.SAFEGUARDING_LEAD)


def test_advice_that_was_recorded_meanwhile_stays(scene: Scene) -> None:
    """What the police advised between stop and lift is kept."""
    scene.stopped_by_words()
    scene.desk.record_advice(DSL, scene.opened.id, "police", "look at the page with us first")
    case = scene.desk.lift_stop(DSL, scene.opened.id, WHY)

    assert case.advice is not None
    assert case.state is CaseState.TRIAGED


# --- somebody saw something indecent ---


def test_the_button_seals_everything_at_once(scene: Scene) -> None:
    """Orders end, the case is stopped and restricted, every piece gets its line in the register, the leads are told."""
    kept = [scene.keep("1"), scene.keep("2", files=("cc",))]
    order = scene.order()
    case = scene.desk.saw_indecent(DEPUTY, scene.opened.id, kept[0].id)
    with scene.store.read() as work:
        ended, told = work.orders.get(order.id), work.messages.where()

    assert (case.stop, case.state, case.confidentiality) == (True, CaseState.SAFEGUARDING_LEAD, Confidentiality.RESTRICTED_DSL)
    assert ended.state is OrderState.STOPPED
    assert scene.custody("sealed off") == [one.id for one in kept]
    assert "sealed off" in scene.events()
    assert any(one.key.startswith(f"urgent:case:{scene.opened.id}") for one in told)


def test_the_button_works_in_a_closed_case_and_tells_the_leads(store: Store, scene: Scene) -> None:
    """A closed case is sealed off too, stays closed, and the safeguarding leads hear of it."""
    case = keep_case(store, "closed", state=CaseState.CLOSED, closed_at=NOON)
    sealed = scene.desk.saw_indecent(DSL, case.id)
    with store.read() as work:
        told = [one for one in work.messages.where() if one.key.startswith(f"urgent:case:{case.id}")]

    assert (sealed.stop, sealed.state) == (True, CaseState.CLOSED)
    assert told


def test_the_button_pressed_twice_is_recorded_twice(scene: Scene) -> None:
    """Two people who saw it are two lines."""
    scene.desk.saw_indecent(DSL, scene.opened.id)
    scene.desk.saw_indecent(DEPUTY, scene.opened.id)

    assert scene.events().count("sealed off") == 2


def test_the_button_knows_only_this_cases_evidence(scene: Scene) -> None:
    """Another case's evidence is refused, and nothing is sealed off."""
    with pytest.raises(NotFoundError):
        scene.desk.saw_indecent(DSL, scene.opened.id, "e-unknown")

    assert not scene.case.stop


def test_no_authority_is_asked_about_what_is_sealed_off(scene: Scene) -> None:
    """A time stamp that waited is not asked for; lifting a stop by words asks again."""
    token = SealToken(id="t1", subject="evidence:e1", case_id=scene.opened.id, imprint="ab" * 32, made_at=NOON)
    other = token.model_copy(update={"id": "t2", "subject": "evidence:e2", "case_id": None})
    with scene.store.begin(by="system") as work:
        work.tokens.add(token)
        work.tokens.add(other)
        work.commit()
    scene.stopped_by_words()
    with scene.store.read() as work:
        during = {one.id: (one.state, one.problem) for one in work.tokens.where()}
    scene.desk.lift_stop(DSL, scene.opened.id, WHY)
    with scene.store.read() as work:
        after = {one.state for one in work.tokens.where()}

    assert during == {"t1": (TokenState.REFUSED, NOBODY_ASKED), "t2": (TokenState.WAITING, "")}
    assert after == {TokenState.WAITING}


def test_the_sheet_says_who_looked_and_which_backups_may_hold_it(scene: Scene) -> None:
    """Who saw a picture and when, and the backups of the last 35 days that were made since."""
    kept = scene.keep("1")
    runs = [("old", -40), ("before", -1), ("after", 1)]
    with scene.store.begin(by="system") as work:
        for name, days in runs:
            work.backups.add(BackupRun(id=name, at=NOON + timedelta(days=days), kind="backup", file=f"{name}.age", ok=True))
        work.backups.add(BackupRun(id="drill", at=NOON + timedelta(days=1), kind="drill", file="drill", ok=True))
        work.commit()
    scene.desk.saw_indecent(DSL, scene.opened.id)
    sheet = scene.desk.stop_sheet(DSL, scene.opened.id)

    assert sheet is not None
    assert [one.file for one in sheet.backups] == ["after.age"]
    assert [(one.evidence.id, one.destroyed) for one in sheet.copies] == [(kept.id, False)]
    assert sheet.because == (BECAUSE["seen"],)


# --- what the police direct ---


def test_what_the_police_direct_is_recorded_and_named(scene: Scene) -> None:
    """The lead records who said so, when and the reference; the files to remove are named, names and hashes stay in the record."""
    kept, copy = (
        scene.keep("1", files=("aa", "bb")),
        scene.keep("2", files=("bb", "cc"), kind=EvidenceKind.REDACTED, derived_from="e-order-1"),
    )
    scene.keep("3", files=("cc",))
    scene.desk.saw_indecent(DSL, scene.opened.id)
    going = scene.desk.destroy_directed(DSL, kept.id, TOLD)
    sheet = scene.desk.stop_sheet(DSL, scene.opened.id)
    with scene.store.read() as work:
        lines = [(one.evidence_id, one.detail) for one in work.custody.where(what="destroyed")]

    assert going == ("aa" * 32, "bb" * 32)  # the third piece still holds «cc», the log and the key stay
    assert lines == [(one.id, "under police direction CAD 77/2026") for one in (kept, copy)]
    assert sheet is not None
    assert [one.destroyed for one in sheet.copies] == [True, True, False]
    with scene.store.read() as work:
        assert destroyed_files(work) == {"aa" * 32, "bb" * 32}
    assert scene.custody("destroyed") == [kept.id, copy.id]
    assert sheet.copies[0].evidence.seal_sha256 == kept.seal_sha256


def test_a_removal_that_was_cut_off_is_finished(scene: Scene) -> None:
    """Recorded a second time, nothing is written and the same files are named."""
    kept = scene.keep("1")
    scene.desk.saw_indecent(DSL, scene.opened.id)
    first = scene.desk.destroy_directed(DSL, kept.id, TOLD)
    before = scene.events()

    assert scene.desk.destroy_directed(DSL, kept.id, TOLD) == first == ("ab" * 32,)
    assert scene.events() == before


@pytest.mark.parametrize("told", [replace(TOLD, officer=" "), replace(TOLD, reference=""), replace(TOLD, at=NOON + timedelta(days=1))])
def test_nothing_is_destroyed_without_a_reference(scene: Scene, told: Direction) -> None:
    """Who said so, when and under which reference: without one of them nothing goes."""
    kept = scene.keep("1")
    scene.desk.saw_indecent(DSL, scene.opened.id)
    with pytest.raises(CaseError):
        scene.desk.destroy_directed(DSL, kept.id, told)

    assert scene.custody("destroyed") == []


def test_only_the_lead_records_it_and_only_in_a_stopped_case(scene: Scene) -> None:
    """The deputy and the head do not, and evidence of an ordinary case is never destroyed so."""
    kept = scene.keep("1")
    with pytest.raises(IllegalMoveError, match="only what was stopped"):
        scene.desk.destroy_directed(DSL, kept.id, TOLD)
    scene.desk.saw_indecent(DSL, scene.opened.id)
    for person in (DEPUTY, HEAD):
        with pytest.raises(PermissionDeniedError):
            scene.desk.destroy_directed(person, kept.id, TOLD)

    assert scene.custody("destroyed") == []


def test_retention_never_takes_a_sealed_off_copy(store: Store, scene: Scene) -> None:
    """A stopped case whose years are over stays while it holds a copy; when the police had that destroyed, it may go."""
    case = keep_case(store, "long", stop=True, state=CaseState.CLOSED, closed_at=NOON, outcome="passed_on")
    kept = scene.keep("1", case_id=case.id)
    scene.clock.forward(timedelta(days=100 * 365))
    with store.begin(by="system") as work:
        work.cases.replace(case.model_copy(update={"transferred_at": NOON, "transfer_reference": "CP 1"}))
        work.commit()
    scene.desk.agree(DSL, case.id, "the file has its copy")
    scene.desk.agree(HEAD, case.id, "the file has its copy")
    scene.desk.run_retention(b"k" * 32)
    with store.read() as work:
        during = work.cases.find(case.id)
    scene.desk.destroy_directed(DSL, kept.id, TOLD)
    scene.desk.run_retention(b"k" * 32)
    with store.read() as work:
        after = work.cases.find(case.id)

    assert during is not None
    assert after is None
