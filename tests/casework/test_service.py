"""Casework's verbs on a real store: the whole way of a case, and what is refused on it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from casework.checks import ConclusionWord
from casework.errors import (
    AdviceMissingError,
    AlreadyDecidedError,
    AnswerMissingError,
    DecisionRefusedError,
    EvidenceMissingError,
    GroundMissingError,
    IllegalMoveError,
    NoticeIncompleteError,
    PersonalDataError,
    ReportRefusedError,
    UnknownCodeError,
)
from casework.files import Decided
from casework.intake import ReportForm
from casework.notice import Wording
from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_check, a_reading, a_school, a_score, a_user, an_evidence, fill
from data.clock import FixedClock
from data.errors import CaseError, NotFoundError, PermissionDeniedError
from data.model.cases import (
    Capacity,
    Case,
    CaseState,
    Confidentiality,
    Ground,
    RequestState,
    Route,
    StandingWord,
    TakedownRequest,
    Verdict,
)
from data.model.evidence import CaptureOrder, Completeness, OrderState, SafetyAnswer
from data.model.findings import DecisionKind, Finding, FindingState, ReportTick
from data.model.people import Role, User
from data.model.posts import PlatformName, SeenPost
from data.model.readings import Category, Severity
from data.store import Store
from evidence.custody import CustodyDraft, verify

DSL = a_user(Role.DSL)
DEPUTY = a_user(Role.DEPUTY_DSL, user_id="u-deputy")
HEAD = a_user(Role.HEADTEACHER, user_id="u-head")
COMMS = a_user(Role.COMMS_LEAD, user_id="u-comms")
CHAIR = a_user(Role.CHAIR, user_id="u-chair")
STAFF = a_user(Role.STAFF, user_id="u-staff")
EVERYONE = (DSL, DEPUTY, HEAD, COMMS, CHAIR, STAFF)
WORDING = Wording(
    what_it_is="A post that appears to say a member of staff took money from a fund.",
    unlawful_nature="It states a grave wrong as a fact about a person who can be recognised; the school has found nothing to support it.",
    rule_breached="Be civil",
    rule_link="https://forum.example.org/rules",
)
QUARTER = timedelta(minutes=15)


class Scene:
    """A school, its people, one flagged post, and the steps that tests repeat."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        clock.moment = NOON
        self.store, self.clock = store, clock
        self.finding: Finding = fill(store, *EVERYONE)
        self.desk = Casework(store, clock)

    def decide(self, by: User = DSL, **changes: object) -> Decided:
        """Judge the flagged post."""
        chosen = {
            "kind": DecisionKind.OPEN_CASE,
            "category": Category.DEFAMATION_INDIVIDUAL,
            "severity": Severity.S2,
            "target": "teacher",
            "reason": "says as a fact that he took money",
        } | changes
        return self.desk.decide(by, self.finding.id, **chosen)  # type: ignore[arg-type]

    def opened(self, **changes: object) -> Case:
        """Return a case opened from the post."""
        case = self.decide(**changes).case
        assert case is not None
        return case

    def item(self, case: Case) -> str:
        """Return the id of the case's only item."""
        return self.desk.case(DSL, case.id).items[0].id

    def ordered(self, case: Case, answer: SafetyAnswer = SafetyAnswer.NO) -> CaptureOrder:
        """Order a capture."""
        return self.desk.order_capture(DSL, case.id, self.item(case), answer)

    def seal(self, case: Case, **changes: object) -> CaptureOrder:
        """Order a capture and deliver its evidence as the worker does."""
        order = self.ordered(case)
        self.desk.order_started(order.id)
        evidence = an_evidence(case.id, order.item_id, order.id).model_copy(update=changes)
        draft = CustodyDraft(at=self.clock.now(), by="u-dsl", evidence_id=evidence.id, what="sealed")
        self.desk.evidence_sealed(order.id, evidence, [draft])
        return order

    def draft(self, case: Case, wording: Wording = WORDING, ground: Ground = Ground.PLATFORM_RULES) -> TakedownRequest:
        """Draft a letter to the site's operator."""
        way = (Route.SITE_OPERATOR, ground, Capacity.SCHOOL_REPRESENTATIVE)
        return self.desk.draft(DSL, case.id, self.item(case), *way, wording)

    def sent(self, case: Case) -> TakedownRequest:
        """Capture, draft, and record the request as sent."""
        self.seal(case)
        return self.desk.record_sent(DSL, self.draft(case).id, reference="T-77")

    def look(self, case: Case, verdict: Verdict, slot: str) -> ConclusionWord:
        """Deliver a look as the worker does."""
        check = a_check(verdict, case_id=case.id, item_id=self.item(case), slot=slot, at=self.clock.now())
        return self.desk.check_seen(case.id, check).word


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """One flagged post in a school with people of every role."""
    return Scene(store, clock)


def test_the_whole_way_from_a_judgement_to_a_verified_removal(scene: Scene) -> None:
    """A flagged post becomes a case, is captured, asked away, found gone twice, and closed."""
    case = scene.opened()
    request = scene.sent(case)
    scene.clock.forward(timedelta(hours=1))
    first = scene.look(case, Verdict.REMOVED_UNKNOWN, "after-request+1h")
    gone_at = scene.clock.now()
    scene.clock.forward(QUARTER)
    second = scene.look(case, Verdict.REMOVED_UNKNOWN, "confirm-1")
    file = scene.desk.case(DSL, case.id)
    scene.desk.close(DSL, case.id, "removed", "answered within an hour", "talk with the line manager")
    ended = scene.desk.case(DSL, case.id)

    assert (first, second) == (ConclusionWord.GONE_ONCE, ConclusionWord.VERIFIED)
    assert (file.case.state, file.case.gone_observed_at, file.standing.word) == (CaseState.VERIFIED_REMOVED, gone_at, StandingWord.MET)
    assert (request.state, request.reference) == (RequestState.SENT, "T-77")
    assert (ended.case.state, ended.case.outcome, ended.next_step.verb) == (CaseState.CLOSED, "removed", "done")
    assert [event.number for event in ended.events] == list(range(1, ended.case.revision + 1))


def test_inbox_shows_what_waits_and_the_finding_opens(scene: Scene) -> None:
    """The DSL sees the flagged post with its text, its reading and six choices."""
    page = scene.desk.inbox(DSL, [SCHOOL_ID])
    file = scene.desk.finding(DSL, page.rows[0].finding.id)

    assert (len(page.rows), page.after) == (1, None)
    assert page.rows[0].post is not None
    assert file.reading is not None
    assert all(choice.allowed for choice in file.kinds)
    assert len(file.kinds) == len(DecisionKind)


def test_inbox_pages_follow_each_other(scene: Scene) -> None:
    """The second page begins where the first ended and nothing is shown twice."""
    for number in range(3):
        scene.desk.report("fern-leaf-9", ReportForm(says=f"seen {number}"))
    first = scene.desk.inbox(DSL, [SCHOOL_ID], limit=2)
    second = scene.desk.inbox(DSL, [SCHOOL_ID], after=first.after, limit=2)
    third = scene.desk.inbox(DSL, [SCHOOL_ID], after=second.after, limit=2)

    shown = [row.finding.id for page in (first, second, third) for row in page.rows]
    assert len(shown) == len(set(shown)) == 4
    assert third.after is None


@pytest.mark.parametrize("user", [STAFF, CHAIR, COMMS, a_user(Role.DSL, user_id="u-else", school_id="ashcombe")], ids=lambda user: user.id)
def test_those_without_permission_see_no_serious_post(scene: Scene, user: User) -> None:
    """Staff, the chair, the comms lead and another school's DSL find an empty inbox and a closed door."""
    assert scene.desk.inbox(user, [SCHOOL_ID]).rows == ()
    with pytest.raises(PermissionDeniedError):
        scene.desk.finding(user, scene.finding.id)


def test_second_reviewer_is_told_who_decided_what(scene: Scene) -> None:
    """Two reviewers cannot decide the same post; the second learns who did and what."""
    scene.opened()

    with pytest.raises(AlreadyDecidedError) as refused:
        scene.decide(by=HEAD, kind=DecisionKind.NO_ACTION, category=Category.NEWS_REPORT)

    assert (refused.value.by, refused.value.kind) == ("u-dsl", "open_case")


def test_refused_decision_leaves_nothing_behind(scene: Scene) -> None:
    """Criticism opens no case, and the post still waits."""
    with pytest.raises(DecisionRefusedError, match="answered or put aside"):
        scene.decide(category=Category.FAIR_CRITICISM)

    assert scene.desk.finding(DSL, scene.finding.id).finding.state is FindingState.OPEN
    assert scene.desk.cases(DSL, [SCHOOL_ID]) == ()


def test_hold_keeps_the_post_and_undo_brings_it_back(scene: Scene) -> None:
    """A held post keeps its note; a post put aside can be taken back."""
    scene.decide(kind=DecisionKind.HOLD, reason="ask the head")
    held = scene.desk.held(DSL, [SCHOOL_ID])
    scene.decide(kind=DecisionKind.NOT_OURS, reason="the cricket club")
    back = scene.desk.undo(DSL, scene.finding.id, "it is ours after all")

    assert held[0].decision is not None
    assert held[0].decision.reason == "ask the head"
    assert back.state is FindingState.OPEN
    assert scene.decide().case is not None


def test_fair_criticism_goes_to_the_head(scene: Scene) -> None:
    """A reply decision opens no case and stands in the head's list (policy B31)."""
    decided = scene.decide(kind=DecisionKind.REPLY, category=Category.FAIR_CRITICISM, severity=Severity.S0, target="school")

    assert decided.case is None
    assert [file.finding.id for file in scene.desk.replies(HEAD, [SCHOOL_ID])] == [scene.finding.id]


def test_safeguarding_waits_for_advice(scene: Scene) -> None:
    """A safeguarding concern is restricted, at least High, and asks nobody before advice is recorded."""
    case = scene.opened(kind=DecisionKind.SAFEGUARDING, category=Category.STAFF_ALLEGATION)
    scene.seal(case)
    with pytest.raises(AdviceMissingError):
        scene.draft(case)
    released = scene.desk.record_advice(DSL, case.id, "lado", "no objection to a request")
    request = scene.draft(released)

    assert (case.state, case.confidentiality, case.severity) == (CaseState.SAFEGUARDING_LEAD, Confidentiality.RESTRICTED_DSL, Severity.S3)
    assert released.state is CaseState.EVIDENCE_CAPTURED
    assert request.state is RequestState.READY


def test_the_head_never_sees_a_case_about_the_head(scene: Scene) -> None:
    """A case about the head goes to the chair; for the head it does not exist, and the chair may work on it."""
    decided = scene.decide(target="headteacher")
    found = scene.desk.cases(CHAIR, [SCHOOL_ID])

    assert (decided.case, decided.visible) == (None, False)
    assert found[0].case.owner_id == "u-chair"
    assert scene.desk.cases(HEAD, [SCHOOL_ID]) == ()
    with pytest.raises(NotFoundError):
        scene.desk.case(HEAD, found[0].case.id)
    order = scene.desk.order_capture(CHAIR, found[0].case.id, scene.desk.case(CHAIR, found[0].case.id).items[0].id, SafetyAnswer.NO)
    assert order.state is OrderState.WAITING


def test_nobody_judges_a_post_about_themselves(scene: Scene) -> None:
    """The head cannot decide on a post about the head, and staff are matched by their linked account."""
    with pytest.raises(DecisionRefusedError, match="yourself"):
        scene.decide(by=HEAD, target="headteacher")


def test_no_capture_without_an_answer(scene: Scene) -> None:
    """The question before every capture has no default."""
    case = scene.opened()

    with pytest.raises(AnswerMissingError):
        scene.desk.order_capture(DSL, case.id, scene.item(case), None)


@pytest.mark.parametrize("answer", [SafetyAnswer.YES, SafetyAnswer.NOT_SURE])
def test_yes_or_not_sure_stops_the_whole_case(scene: Scene, answer: SafetyAnswer) -> None:
    """The order is stopped, the case goes to the safeguarding lead, every later step outwards is refused by code."""
    case = scene.opened()
    waiting = scene.ordered(case)
    order = scene.ordered(case, answer)
    file = scene.desk.case(DSL, case.id)
    again = scene.ordered(case)

    assert (order.state, again.state) == (OrderState.STOPPED, OrderState.STOPPED)
    assert scene.desk.order_started(waiting.id).state is OrderState.STOPPED
    assert (file.case.stop, file.case.state, file.case.severity) == (True, CaseState.SAFEGUARDING_LEAD, Severity.S4)
    assert file.stop_steps
    assert file.next_step.verb == "stop"
    with pytest.raises(IllegalMoveError):
        scene.draft(case)
    with pytest.raises(IllegalMoveError):
        scene.desk.check_facts(case.id, scene.item(case))
    assert scene.desk.plan_checks(scene.clock.now() + timedelta(days=2)) == ()


def test_double_click_orders_one_capture(scene: Scene) -> None:
    """While a capture waits, ordering again gives the same order."""
    case = scene.opened()

    assert scene.ordered(case).id == scene.ordered(case).id


def test_evidence_delivered_twice_is_kept_once(scene: Scene) -> None:
    """A worker that was killed after sealing delivers again: one evidence, one line of custody, chain whole."""
    case = scene.opened()
    order = scene.seal(case)
    evidence = an_evidence(case.id, order.item_id, order.id, id="other")
    kept = scene.desk.evidence_sealed(order.id, evidence, [CustodyDraft(at=NOON, by="x", evidence_id="other", what="sealed")])
    with scene.store.read() as work:
        custody = work.custody.where()

    assert kept.id == f"e-{order.id}"
    assert len(custody) == 1
    verify(custody)
    assert scene.desk.case(DSL, case.id).case.state is CaseState.EVIDENCE_CAPTURED


def test_login_wall_is_no_evidence_of_the_post(scene: Scene) -> None:
    """A capture that met a wall leaves the case waiting for evidence, and no request can be drafted (A14)."""
    case = scene.opened()
    scene.seal(case, completeness=Completeness.BEHIND_WALL)

    assert scene.desk.case(DSL, case.id).case.state is CaseState.TRIAGED
    with pytest.raises(EvidenceMissingError):
        scene.draft(case)


def test_recorded_reason_stands_for_evidence(scene: Scene) -> None:
    """Where nothing can be captured, a written reason opens the way (A14)."""
    case = scene.opened()
    changed = scene.desk.no_capture(DSL, case.id, "the story vanished before anyone could capture it")

    assert changed.state is CaseState.EVIDENCE_CAPTURED
    assert scene.draft(case).state is RequestState.READY


def test_failed_capture_is_told(scene: Scene) -> None:
    """A capture that failed says why and can be ordered again."""
    case = scene.opened()
    order = scene.ordered(case)
    failed = scene.desk.order_failed(order.id, "the page did not answer")
    step = scene.desk.case(DSL, case.id).next_step

    assert failed.state is OrderState.FAILED
    assert "failed" in step.text
    assert scene.ordered(case).id != order.id


def test_draft_names_missing_fields_and_refuses_a_child(scene: Scene) -> None:
    """A notice without its words names them; one with a pupil's name, a birthday or a home is blocked; nothing is stored."""
    case = scene.opened()
    scene.seal(case)
    with pytest.raises(NoticeIncompleteError) as lacking:
        scene.draft(case, Wording(what_it_is=""))
    with pytest.raises(PersonalDataError, match="child's name"):
        scene.draft(case, Wording(what_it_is="It shows Keeley in Year 4 crying.", unlawful_nature="x"))
    with pytest.raises(GroundMissingError):
        scene.draft(case, ground=Ground.DEFAMATION_INDIVIDUAL)

    assert "what it is, in one or two lines" in lacking.value.fields
    assert scene.desk.case(DSL, case.id).requests == ()


def test_school_without_an_address_is_told_before_drafting(scene: Scene) -> None:
    """Without the school's postal address no letter is written, and the message says where to mend it."""
    case = scene.opened()
    scene.seal(case)
    with scene.store.begin(by="system") as work:
        work.schools.replace(a_school(postal_address=None))
        work.commit()

    with pytest.raises(NoticeIncompleteError, match="postal address"):
        scene.draft(case)


def test_sending_twice_or_in_the_future_is_refused(scene: Scene) -> None:
    """A second click is told that it was sent; a time in the future is refused."""
    case = scene.opened()
    request = scene.sent(case)

    with pytest.raises(IllegalMoveError, match="sent"):
        scene.desk.record_sent(DSL, request.id)
    with pytest.raises(CaseError, match="future"):
        scene.desk.record_sent(DSL, request.id, scene.clock.now() + timedelta(hours=1))


def test_a_claim_never_stops_the_countdown(scene: Scene) -> None:
    """A claim that it is gone lets the countdown run on; a look that finds it up sends the case back."""
    case = scene.opened()
    scene.sent(case)
    claimed = scene.desk.claimed(DSL, case.id, "the operator, by mail")
    running = scene.desk.case(DSL, case.id).standing
    scene.clock.forward(QUARTER)
    word = scene.look(case, Verdict.PRESENT, "look-1")

    assert claimed.state is CaseState.CLAIMED_REMOVED
    assert running.stopped_at is None
    assert word is ConclusionWord.CLAIM_WRONG
    assert scene.desk.case(DSL, case.id).case.state is CaseState.REQUESTED


def test_repeated_check_of_a_slot_is_stored_once(scene: Scene) -> None:
    """A job that ran twice writes one row, so it can never confirm itself."""
    case = scene.opened()
    scene.sent(case)
    scene.clock.forward(timedelta(hours=1))
    scene.look(case, Verdict.REMOVED_UNKNOWN, "slot")
    scene.clock.forward(QUARTER)
    word = scene.look(case, Verdict.REMOVED_UNKNOWN, "slot")

    assert word is ConclusionWord.GONE_ONCE
    assert len(scene.desk.case(DSL, case.id).checks) == 1


def test_checks_come_due_as_planned_and_are_confirmed(scene: Scene) -> None:
    """One hour after sending a look is due; a first "gone" is confirmed fifteen minutes later, not before."""
    case = scene.opened()
    scene.sent(case)
    early = scene.desk.plan_checks(scene.clock.now())
    due = scene.desk.plan_checks(scene.clock.forward(timedelta(hours=1)))
    scene.look(case, Verdict.REMOVED_UNKNOWN, due[0].slot)
    at_once = scene.desk.plan_checks(scene.clock.now())
    confirm = scene.desk.plan_checks(scene.clock.forward(QUARTER))

    assert (early, at_once) == ((), ())
    assert due[0].slot.startswith("after-request+1h")
    assert confirm[0].slot.startswith("confirm-")


def test_asked_check_is_due_at_once(scene: Scene) -> None:
    """A person may ask for a look: it is due for the next round, once."""
    case = scene.opened()
    scene.sent(case)
    scene.desk.ask_check(DSL, case.id)
    due = scene.desk.plan_checks(scene.clock.now())
    scene.look(case, Verdict.PRESENT, due[0].slot)

    assert due[0].slot.startswith("asked-")
    assert scene.desk.plan_checks(scene.clock.now()) == ()


def test_two_looks_by_hand_verify_a_walled_platform(scene: Scene) -> None:
    """Where our checks see only a wall, a person's two looks a quarter of an hour apart count."""
    case = scene.opened()
    scene.sent(case)
    scene.desk.check_by_hand(DSL, case.id, scene.item(case), Verdict.REMOVED_BY_PLATFORM, "the app says it was removed")
    scene.clock.forward(QUARTER)
    conclusion = scene.desk.check_by_hand(DSL, case.id, scene.item(case), Verdict.REMOVED_BY_PLATFORM, "still says so")

    assert conclusion.word is ConclusionWord.VERIFIED
    assert scene.desk.case(DSL, case.id).case.state is CaseState.VERIFIED_REMOVED


def test_gone_before_anyone_was_asked_is_recorded_by_a_person(scene: Scene) -> None:
    """Found gone twice with no request: the person records it, and the outcome says so."""
    case = scene.opened()
    scene.look(case, Verdict.REMOVED_BY_AUTHOR, "a")
    scene.clock.forward(QUARTER)
    scene.look(case, Verdict.REMOVED_BY_AUTHOR, "b")
    before = scene.desk.case(DSL, case.id)
    moved = scene.desk.move(DSL, case.id, CaseState.VERIFIED_REMOVED, {})

    assert before.case.state is CaseState.TRIAGED
    assert "before anyone was asked" in before.next_step.text
    assert (moved.state, moved.outcome) == (CaseState.VERIFIED_REMOVED, "gone_before_request")


def test_found_again_opens_a_linked_case_once(scene: Scene) -> None:
    """Up again after it was verified: one linked case, one severity higher, with its own 24 hours (§5.5)."""
    case = scene.opened()
    scene.sent(case)
    scene.look(case, Verdict.REMOVED_UNKNOWN, "a")
    scene.clock.forward(QUARTER)
    scene.look(case, Verdict.REMOVED_UNKNOWN, "b")
    scene.clock.forward(timedelta(days=1))
    for slot in ("c", "d"):
        scene.look(case, Verdict.PRESENT, slot)
    rows = scene.desk.cases(DSL, [SCHOOL_ID])
    linked = [row.case for row in rows if row.case.id != case.id]

    assert [one.severity for one in linked] == [Severity.S3]
    assert linked[0].known_at == scene.clock.now()
    assert scene.desk.case(DSL, linked[0].id).events[0].fields == {"reuploaded_from": case.ref}


def test_reminders_fire_once_each_and_only_the_latest_after_a_pause(scene: Scene) -> None:
    """At 4 and 20 hours the owner is reminded once; what was slept through stays silent; no name and no quote is in it."""
    case = scene.opened()
    first = scene.desk.fire_reminders(scene.clock.forward(timedelta(hours=4)))
    repeated = scene.desk.fire_reminders(scene.clock.now())
    later = scene.desk.fire_reminders(scene.clock.forward(timedelta(hours=17)))
    last = scene.desk.fire_reminders(scene.clock.forward(timedelta(hours=3)))

    assert [one.key for one in (*first, *later, *last)] == ["removal+4h", "removal+20h", "removal+24h"]
    assert repeated == ()
    assert later[0].text == f"{case.ref} (Medium): 3 h 0 min left of 24 h"
    assert last[0].to_roles == ("owner", "headteacher")


def test_cases_are_listed_by_time_left(scene: Scene) -> None:
    """The case with least time left comes first; a report by staff counts from when the school was told."""
    case = scene.opened()
    form = ReportForm(says="seen it too", reported_at=NOON - timedelta(hours=5), backdated_reason="told on the telephone")
    report = scene.desk.report_by(STAFF, SCHOOL_ID, form)
    row = scene.desk.inbox(DSL, [SCHOOL_ID]).rows[0]
    scene.desk.decide(DSL, row.finding.id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, Severity.S2, "teacher", "targets him")
    rows = scene.desk.cases(DSL, [SCHOOL_ID])

    assert [one.case.id == case.id for one in rows] == [False, True]
    assert rows[0].case.known_at == report.reported_at
    assert rows[0].text_left == "19 h 0 min left of 24 h"
    assert scene.desk.my_reports(STAFF, [SCHOOL_ID])[0][1].startswith("being dealt with")


def test_report_of_a_known_post_joins_the_waiting_finding(scene: Scene) -> None:
    """A post that waits in the inbox takes the report in instead of standing there twice."""
    scene.desk.report(
        "fern-leaf-9", ReportForm(says="this one", address="https://forum.example.org/t/12#post-3", ticks=(ReportTick.DANGER_NOW,))
    )
    rows = scene.desk.inbox(DSL, [SCHOOL_ID]).rows

    assert len(rows) == 1
    assert rows[0].report is not None
    assert rows[0].finding.severity is Severity.S4


def test_report_form_refuses_plainly(scene: Scene) -> None:
    """A wrong code, an empty report, a future time, a back-dated one without a reason, an address that is none: each is named."""
    desk = scene.desk
    with pytest.raises(UnknownCodeError):
        desk.report("wrong", ReportForm(says="x"))
    with pytest.raises(ReportRefusedError, match="own words"):
        desk.report("fern-leaf-9", ReportForm(says=" "))
    with pytest.raises(ReportRefusedError, match="future"):
        desk.report("fern-leaf-9", ReportForm(says="x", reported_at=NOON + timedelta(hours=1)))
    with pytest.raises(ReportRefusedError, match="earlier"):
        desk.report("fern-leaf-9", ReportForm(says="x", reported_at=NOON - timedelta(hours=1)))
    with pytest.raises(ReportRefusedError, match="web address"):
        desk.report("fern-leaf-9", ReportForm(says="x", address="not an address"))

    assert scene.desk.report("fern-leaf-9", ReportForm(says="x", address="forum.example.org/a")).receipt == "R-20261120-0001"


def test_indecent_tick_opens_only_for_the_safeguarding_lead(scene: Scene) -> None:
    """A ticked report is stopped from the first moment, and any decision to act makes it a stopped case."""
    scene.desk.report("fern-leaf-9", ReportForm(says="a bad picture", address="https://x.com/a/1", ticks=(ReportTick.INDECENT_IMAGE,)))
    row = scene.desk.inbox(DSL, [SCHOOL_ID]).rows[0]
    case = scene.desk.decide(DSL, row.finding.id, DecisionKind.OPEN_CASE, Category.PUPIL_IMAGE, Severity.S2, "pupil", "may be").case

    assert row.finding.stop
    assert case is not None
    assert (case.stop, case.state, case.lead_category, case.severity) == (True, CaseState.SAFEGUARDING_LEAD, Category.CSAM, Severity.S4)


def test_flagging_a_reading_again_stores_nothing_new(scene: Scene) -> None:
    """The reading that a job delivers twice makes one finding; an edit of a waiting post brings it up to date."""
    reading = a_reading(a_score()).model_copy(update={"post_id": scene.finding.post_id})
    again = scene.desk.flag_reading(reading)
    newer = scene.desk.flag_reading(reading.model_copy(update={"post_version": 2}))

    assert again == ()
    assert [one.id for one in newer] == [scene.finding.id]
    assert len(scene.desk.inbox(DSL, [SCHOOL_ID]).rows) == 1


def test_refusal_by_the_only_one_asked_refuses_the_case(scene: Scene) -> None:
    """A refusal is recorded with the answer; the next request takes the case back to requested."""
    case = scene.opened()
    request = scene.sent(case)
    refused = scene.desk.refused(DSL, request.id, "they see no breach")
    scene.desk.record_sent(DSL, scene.draft(case).id)

    assert refused.state is CaseState.REFUSED
    assert scene.desk.case(DSL, case.id).case.state is CaseState.REQUESTED


def test_proposal_names_route_reasons_and_grounds(scene: Scene) -> None:
    """For a forum post the operator is proposed, with reasons; nothing stops it."""
    case = scene.opened()
    plan = scene.desk.propose(DSL, case.id)

    assert plan.stops == ()
    assert plan.proposals[0].recipient == "the operator of forum.example.org"
    assert plan.proposals[0].route is Route.SITE_OPERATOR
    assert plan.proposals[0].reasons


def test_chronology_tells_everything_newest_first(scene: Scene) -> None:
    """Events, evidence, requests and checks stand in one list."""
    case = scene.opened()
    scene.sent(case)
    scene.clock.forward(QUARTER)
    scene.look(case, Verdict.PRESENT, "a")
    lines = scene.desk.chronology(DSL, case.id)

    assert lines[0].kind == "check"
    assert {line.kind for line in lines} == {"event", "evidence", "request", "check"}


def test_search_finds_case_by_number_and_hides_what_may_not_be_seen(scene: Scene) -> None:
    """The case number and words of the post find it for the DSL, and nothing for the comms lead."""
    case = scene.opened()

    assert [one.id for one in scene.desk.search(DSL, case.ref.lower(), [SCHOOL_ID]).cases] == [case.id]
    assert len(scene.desk.search(DSL, "trip fund", [SCHOOL_ID]).rows) == 1
    assert scene.desk.search(COMMS, "trip fund", [SCHOOL_ID]).rows == ()
    assert scene.desk.search(COMMS, case.ref, [SCHOOL_ID]).cases == ()


def test_comms_lead_works_on_low_matters_only(scene: Scene) -> None:
    """The comms lead sees and puts aside an S0 post, and raises a safeguarding concern that then is out of sight."""
    with scene.store.begin(by="system") as work:
        low = scene.finding.model_copy(update={"severity": Severity.S1, "lead_category": Category.QUERY, "categories": (Category.QUERY,)})
        work.findings.replace(low)
        work.commit()
    with pytest.raises(PermissionDeniedError):
        scene.decide(by=COMMS)
    decided = scene.decide(by=COMMS, kind=DecisionKind.SAFEGUARDING, category=Category.SELF_HARM)

    assert (decided.case, decided.visible) == (None, False)
    assert scene.desk.cases(DSL, [SCHOOL_ID])[0].case.owner_id == "u-dsl"


def test_owner_must_be_able_to_see_the_case(scene: Scene) -> None:
    """A case is given to a deputy, never to somebody who may not open it."""
    case = scene.opened()

    assert scene.desk.assign(DSL, case.id, "u-deputy").owner_id == "u-deputy"
    with pytest.raises(CaseError, match="cannot own"):
        scene.desk.assign(DSL, case.id, "u-staff")


def test_closing_says_what_is_missing_and_happens_once(scene: Scene) -> None:
    """A case that is not gone cannot be closed, an empty lesson is named, a second close is refused."""
    case = scene.opened()
    with pytest.raises(IllegalMoveError):
        scene.desk.close(DSL, case.id, "removed", "x", "y")
    with pytest.raises(CaseError, match="what was learned"):
        scene.desk.close(DSL, case.id, "removed", "  ", "y")
    scene.desk.move(DSL, case.id, CaseState.WITHDRAWN, {"who_withdrew": "teacher", "withdrawn_at": NOON}, "settled in a talk")
    with pytest.raises(IllegalMoveError, match="does not fit"):
        scene.desk.close(DSL, case.id, "removed", "x", "y")
    scene.desk.close(DSL, case.id, "withdrawn", "x", "y")

    with pytest.raises(IllegalMoveError):
        scene.desk.close(DSL, case.id, "withdrawn", "x", "y")


def test_a_report_filed_by_the_person_is_watched_too(scene: Scene) -> None:
    """Where the person concerned must file it (policy A19), our looks are planned from then and verify it as removed."""
    case = scene.opened()
    scene.seal(case)
    scene.desk.move(DSL, case.id, CaseState.AWAITING_COMPLAINANT, {"supporter": "u-head", "pack_sent_at": NOON})
    scene.desk.move(DSL, case.id, CaseState.REQUESTED, {"filed_at": NOON, "reference": "Y-1"})
    due = scene.desk.plan_checks(scene.clock.forward(timedelta(hours=1)))
    scene.look(case, Verdict.REMOVED_BY_PLATFORM, due[0].slot)
    scene.clock.forward(QUARTER)
    scene.look(case, Verdict.REMOVED_BY_PLATFORM, scene.desk.plan_checks(scene.clock.now())[0].slot)
    done = scene.desk.case(DSL, case.id).case

    assert (done.state, done.outcome) == (CaseState.VERIFIED_REMOVED, "removed")


def test_a_concern_takes_a_requested_case_and_advice_gives_it_back(scene: Scene) -> None:
    """A safeguarding concern can be raised at any time; after the advice the case goes on where it was (policy A10)."""
    case = scene.opened()
    scene.sent(case)
    taken = scene.desk.to_safeguarding(DSL, case.id, "a child may be involved")
    with pytest.raises(CaseError, match="who gave the advice"):
        scene.desk.record_advice(DSL, case.id, "a friend", "it is fine")
    back = scene.desk.record_advice(DSL, case.id, "csc", "go on")

    assert (taken.state, taken.severity) == (CaseState.SAFEGUARDING_LEAD, Severity.S3)
    assert (back.state, back.advice_recorded_at) == (CaseState.REQUESTED, scene.clock.now())


def test_two_people_at_the_same_moment_make_one_decision(scene: Scene) -> None:
    """Eight clicks at once: one decision, one case, and the seven others are told."""
    with ThreadPoolExecutor(8) as pool:
        tries = [pool.submit(scene.decide, user) for user in (DSL, DEPUTY, HEAD) * 3][:8]
        told = [one.exception() for one in tries]

    assert sum(error is None for error in told) == 1
    assert {type(error) for error in told if error} == {AlreadyDecidedError}
    assert len(scene.desk.cases(DSL, [SCHOOL_ID])) == 1


def test_a_preview_writes_nothing_and_a_draft_can_be_dropped(scene: Scene) -> None:
    """Looking at the words leaves no request; a dropped draft stays in the record as closed."""
    case = scene.opened()
    scene.seal(case)
    way = (Route.SITE_OPERATOR, Ground.PLATFORM_RULES, Capacity.SCHOOL_REPRESENTATIVE)
    shown = scene.desk.preview(DSL, case.id, scene.item(case), *way, WORDING)
    before = scene.desk.case(DSL, case.id).requests
    dropped = scene.desk.drop_draft(DSL, scene.draft(case).id, "better by telephone")

    assert case.ref in shown.subject
    assert before == ()
    assert dropped.state is RequestState.CLOSED


INDECENT = ReportForm(says="I will not describe it", address="https://forum.example.org/t/12#post-3", ticks=(ReportTick.INDECENT_IMAGE,))


def test_a_later_report_of_an_indecent_image_stops_the_case_at_that_address(scene: Scene) -> None:
    """A case that somebody opened before is stopped too: its order under way ends, and nothing more is captured there."""
    case = scene.opened()
    order = scene.ordered(case)
    scene.desk.report("fern-leaf-9", INDECENT)
    after = scene.desk.case(DSL, case.id)

    assert after.case.stop
    assert after.case.state is CaseState.SAFEGUARDING_LEAD
    assert {one.id: one.state for one in after.orders}[order.id] is OrderState.STOPPED
    assert scene.ordered(case).state is OrderState.STOPPED


def test_a_later_harmless_report_of_the_same_address_is_stopped_as_well(scene: Scene) -> None:
    """Who reports the same address without the tick does not open a way round the STOP route; nor does the post that waited before."""
    scene.desk.report("fern-leaf-9", INDECENT)
    scene.desk.report("fern-leaf-9", ReportForm(says="rude words", address=INDECENT.address))
    rows = scene.desk.inbox(DSL, [SCHOOL_ID]).rows

    assert rows
    assert all(row.finding.stop for row in rows)


def test_a_post_collected_after_a_stop_report_of_its_address_is_stopped(scene: Scene) -> None:
    """A collector that meets the reported address later flags it as stopped, whatever the text says."""
    address = "https://forum.example.org/t/99#post-7"
    scene.desk.report("fern-leaf-9", ReportForm(says="I will not describe it", address=address, ticks=(ReportTick.INDECENT_IMAGE,)))
    seen = SeenPost(platform=PlatformName.FORUM, native_id="later", permalink=address, text="he took the money")
    with scene.store.begin("system") as work:
        kept = work.posts.keep([seen], source_id=None, seen_at=scene.clock.now())
        work.commit()
    found = scene.desk.flag_reading(a_reading(a_score()).model_copy(update={"post_id": kept.post_ids[0]}))

    assert [(one.stop, one.severity) for one in found] == [(True, Severity.S4)]
