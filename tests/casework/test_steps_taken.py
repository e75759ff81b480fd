"""Steps in a case on a real store: taken back, refused to the slower of two people, late ones explained, unread ones expired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from casework.clocks import Name
from casework.errors import AlreadyDecidedError, AlreadyMovedError, FieldsMissingError, IllegalMoveError
from casework.intake import ReportForm
from casework.notice import Wording
from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_check, a_finding, a_user, an_evidence, fill
from casework.triage import UNREVIEWED_EXPIRED, is_head
from data.clock import FixedClock
from data.errors import CaseError, NotFoundError, PermissionDeniedError
from data.model.care import Band, Seriousness
from data.model.cases import Capacity, Case, CaseState, Confidentiality, Ground, MissedReason, RequestState, Route, TakedownRequest, Verdict
from data.model.evidence import SafetyAnswer
from data.model.findings import DecisionKind, Finding, FindingState
from data.model.people import Permission, Role, User
from data.model.readings import Category, Severity
from data.model.watch import StaffMember
from data.store import Store

DSL = a_user(Role.DSL)
DEPUTY = a_user(Role.DEPUTY_DSL, user_id="u-deputy")
HEAD = a_user(Role.HEADTEACHER, user_id="u-head")
COMMS = a_user(Role.COMMS_LEAD, user_id="u-comms")
CHAIR = a_user(Role.CHAIR, user_id="u-chair")
EVERYONE = (DSL, DEPUTY, HEAD, COMMS, CHAIR)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOLD = {"body": "police", "officer": "one on duty", "reference": "P-1", "asked_at": NOON, "review_at": NOON + 3 * DAY}
WITHDRAWN = {"who_withdrew": "the teacher", "withdrawn_at": NOON}


class Scene:
    """A school, its people, one flagged post, and the steps that tests repeat."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        clock.moment = NOON
        self.store, self.clock = store, clock
        self.finding: Finding = fill(store, *EVERYONE)
        self.desk = Casework(store, clock)

    def opened(self, by: User = DSL, **changes: Any) -> Case:
        """Open a case from the flagged post."""
        chosen: dict[str, Any] = {
            "kind": DecisionKind.OPEN_CASE,
            "category": Category.HARASSMENT_STAFF,
            "severity": Severity.S2,
            "target": "teacher",
            "reason": "it targets one teacher",
        } | changes
        self.desk.decide(by, self.finding.id, **chosen)
        with self.store.read() as work:
            return work.cases.where()[-1]

    def captured(self, **changes: Any) -> Case:
        """Open a case and seal its evidence."""
        case = self.opened(**changes)
        item = self.desk.case(DSL, case.id).items[0]
        order = self.desk.order_started(self.desk.order_capture(DSL, case.id, item.id, SafetyAnswer.NO).id)
        self.desk.evidence_sealed(order.id, an_evidence(case.id, item.id, order.id, captured_at=self.clock.now()), [])
        return self.now(case)

    def ready(self, case: Case) -> TakedownRequest:
        """Draft a request."""
        item = self.desk.case(DSL, case.id).items[0]
        wording = Wording(
            what_it_is="A post that calls a teacher names.",
            unlawful_nature="One of many that target one person.",
            rule_breached="Be civil",
            rule_link="https://forum.example.org/r",
        )
        way = (Route.SITE_OPERATOR, Ground.PLATFORM_RULES, Capacity.SCHOOL_REPRESENTATIVE)
        return self.desk.draft(DSL, case.id, item.id, *way, wording)

    def sent(self, **changes: Any) -> tuple[Case, TakedownRequest]:
        """Return a case in which a request was sent."""
        case = self.captured(**changes)
        request = self.desk.record_sent(DSL, self.ready(case).id, reference="T-77")
        return self.now(case), request

    def gone(self, case: Case) -> Case:
        """Let two looks, a quarter apart, find it gone."""
        item = self.desk.case(DSL, case.id).items[0]
        for slot in ("a", "b"):
            check = a_check(Verdict.REMOVED_UNKNOWN, case_id=case.id, item_id=item.id, slot=slot, at=self.clock.now())
            self.desk.check_seen(case.id, check)
            self.clock.forward(timedelta(minutes=15))
        return self.now(case)

    def now(self, case: Case) -> Case:
        """Return the case as it stands."""
        with self.store.read() as work:
            return work.cases.get(case.id)

    def assessed(self, case: Case, answers: int = 11) -> None:
        """Fill in the seriousness form with so many factors."""
        with self.store.begin(by="u-dsl") as work:
            form = Seriousness(
                id=f"s-{answers}",
                case_id=case.id,
                version=answers,
                answers={f"factor {number}": 2 for number in range(answers)},
                band=Band.SERIOUS,
                rule="v1",
                by="u-dsl",
                at=self.clock.now(),
            )
            work.seriousness.add(form)
            work.commit()


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """One flagged post in a school with people of every role."""
    return Scene(store, clock)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_scene(request: pytest.FixtureRequest, clock: FixedClock) -> Iterator[Scene]:
    """The same on each database that this machine can run."""
    url = request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url")
    opened = Store.open(url, clock)
    yield Scene(opened, clock)
    opened.close()


def test_a_step_is_taken_back_and_both_lines_stay(scene: Scene) -> None:
    """Withdrawn by mistake: the case is where it was, and its history says both."""
    case = scene.captured()
    scene.desk.move(DSL, case.id, CaseState.WITHDRAWN, WITHDRAWN, "wrong case")
    back = scene.desk.correct(DSL, case.id, "it was the other case")
    lines = scene.desk.case(DSL, case.id).events[-2:]

    assert (back.state, back.outcome, back.closed_at) == (CaseState.EVIDENCE_CAPTURED, None, None)
    assert [(one.what, one.before, one.after) for one in lines] == [
        ("moved", CaseState.EVIDENCE_CAPTURED, CaseState.WITHDRAWN),
        ("correction", CaseState.WITHDRAWN, CaseState.EVIDENCE_CAPTURED),
    ]
    assert (lines[1].reason, lines[1].fields["undoes"]) == ("it was the other case", lines[0].number)


def test_steps_are_taken_back_one_by_one_to_the_beginning(scene: Scene) -> None:
    """Each correction restores the state before the last step that stands; then nothing is left to take back."""
    case = scene.captured()
    scene.desk.move(DSL, case.id, CaseState.AWAITING_CONSENT, {"person": "the teacher", "asked_at": NOON, "what_for": "the notice"})
    states = [scene.desk.correct(DSL, case.id, "again").state for _ in range(2)]

    assert states == [CaseState.EVIDENCE_CAPTURED, CaseState.TRIAGED]
    assert scene.desk.correctable(DSL, case.id) is None
    with pytest.raises(IllegalMoveError, match="no step"):
        scene.desk.correct(DSL, case.id, "once more")


def test_a_request_recorded_as_sent_by_mistake_is_ready_again(scene: Scene) -> None:
    """Taking back "I sent it" makes the request ready; once the recipient answered it is refused."""
    case, request = scene.sent()
    back = scene.desk.correct(DSL, case.id, "I had not sent it yet")
    with scene.store.read() as work:
        again = work.requests.get(request.id)
    scene.desk.record_sent(DSL, request.id)
    scene.desk.acknowledged(DSL, request.id)

    assert back.state is CaseState.EVIDENCE_CAPTURED
    assert (again.state, again.sent_at, again.sent_by, again.reference) == (RequestState.READY, None, None, None)
    with pytest.raises(IllegalMoveError, match="answered"):
        scene.desk.correct(DSL, case.id, "too late")


def test_a_sent_request_keeps_the_case_requested(scene: Scene) -> None:
    """While a second request is out, the first cannot be taken back."""
    case, _request = scene.sent()
    scene.desk.record_sent(DSL, scene.ready(case).id)

    with pytest.raises(IllegalMoveError, match="another request"):
        scene.desk.correct(DSL, case.id, "mistake")


def test_which_words_were_sent_is_kept(scene: Scene) -> None:
    """The step names the version of the words, the conflict check and the recipient (A18)."""  # A18
    case, _request = scene.sent()
    fields = scene.desk.case(DSL, case.id).events[-1].fields

    assert len(fields["text_version"]) == 12
    assert (fields["conflict_check"], fields["recipient"] != "") == ("none found", True)


def test_a_verified_removal_is_taken_back_with_its_clock(scene: Scene) -> None:
    """The countdown that had stopped runs again from where it began."""
    case, _request = scene.sent()
    gone = scene.gone(case)
    back = scene.desk.correct(DSL, case.id, "the page only looked empty")

    assert gone.gone_observed_at is not None
    assert (back.state, back.gone_observed_at, back.known_at) == (CaseState.REQUESTED, None, case.known_at)


@pytest.mark.parametrize("stop", [True, False], ids=["stopped", "concern"])
def test_nothing_is_taken_back_across_a_stop_or_a_concern(scene: Scene, stop: bool) -> None:
    """A stopped case and a safeguarding concern stay with the safeguarding lead (A10)."""  # A10
    case = scene.captured()
    if stop:
        scene.desk.order_capture(DSL, case.id, scene.desk.case(DSL, case.id).items[0].id, SafetyAnswer.NOT_SURE)
    else:
        scene.desk.to_safeguarding(COMMS if stop else DSL, case.id, "a child may be involved")

    assert scene.desk.correctable(DSL, case.id) is None
    with pytest.raises(IllegalMoveError):
        scene.desk.correct(DSL, case.id, "by mistake")


def test_only_the_lead_releases_a_safeguarding_case(scene: Scene) -> None:
    """The head sees it, but does not take it out of the lead's hands (A10)."""  # A10
    case = scene.opened(kind=DecisionKind.SAFEGUARDING, category=Category.SELF_HARM)
    with pytest.raises(PermissionDeniedError, match="safeguarding lead decides"):
        scene.desk.record_advice(HEAD, case.id, "csc", "go on")

    assert scene.desk.record_advice(DEPUTY, case.id, "csc", "go on").state is CaseState.TRIAGED


def test_a_decision_of_the_head_is_taken_back_by_the_head(scene: Scene) -> None:
    """Whoever may take a step may take it back, nobody else."""
    case, _request = scene.sent()
    left = {"rungs_tried": "all", "support_plan": "weekly talk", "reviewer": "u-deputy"}
    scene.desk.move(HEAD, case.id, CaseState.NOT_REMOVED, left, "they decline")

    with pytest.raises(PermissionDeniedError):
        scene.desk.correct(DSL, case.id, "I disagree")
    assert scene.desk.correct(HEAD, case.id, "there is another way").state is CaseState.REQUESTED


@pytest.mark.parametrize("reason", ["", "   ", "x" * 10_001], ids=["empty", "blank", "too long"])
def test_a_correction_needs_a_reason_of_sensible_length(scene: Scene, reason: str) -> None:
    """Nothing is written without one; 10,000 characters are the most."""
    case = scene.captured()

    with pytest.raises(CaseError, match="the reason"):
        scene.desk.correct(DSL, case.id, reason)
    assert scene.desk.correct(DSL, case.id, "x" * 10_000).state is CaseState.TRIAGED


def test_a_reason_of_a_move_is_not_endless_either(scene: Scene) -> None:
    """10,001 characters in any field are refused by its name, before anything is written."""
    case = scene.captured()
    with pytest.raises(CaseError, match="who withdrew"):
        scene.desk.move(DSL, case.id, CaseState.WITHDRAWN, WITHDRAWN | {"who_withdrew": "x" * 10_001}, "y")

    assert scene.now(case) == case


def test_a_time_in_the_future_is_refused_by_name(scene: Scene) -> None:
    """What has happened lies in the past; only the review of a hold and the end of an appeal lie ahead."""
    case = scene.captured()
    with pytest.raises(CaseError, match="when they withdrew"):
        scene.desk.move(DSL, case.id, CaseState.WITHDRAWN, WITHDRAWN | {"withdrawn_at": NOON + HOUR}, "y")

    assert scene.desk.move(DSL, case.id, CaseState.HOLD_BY_AUTHORITY, HOLD).state is CaseState.HOLD_BY_AUTHORITY


def test_the_second_is_told_who_did_what(scene: Scene) -> None:
    """A screen that shows an older state decides nothing; a note in between is no reason to refuse."""
    case = scene.captured()
    scene.desk.note(DEPUTY, case.id, "spoke to the teacher")
    scene.desk.move(HEAD, case.id, CaseState.HOLD_BY_AUTHORITY, HOLD, seen=case.revision)

    with pytest.raises(AlreadyMovedError, match="u-head moved it to 'held for an authority'") as refused:
        scene.desk.move(DSL, case.id, CaseState.WITHDRAWN, WITHDRAWN, "y", seen=case.revision)
    assert refused.value.by == "u-head"
    assert scene.now(case).state is CaseState.HOLD_BY_AUTHORITY


def test_a_second_click_on_a_correction_does_nothing(scene: Scene) -> None:
    """The first click took the step back; the second is told so and does not take back the one before."""
    case = scene.captured()
    seen = scene.now(case).revision
    scene.desk.correct(DSL, case.id, "mistake", seen=seen)

    with pytest.raises(AlreadyMovedError):
        scene.desk.correct(DSL, case.id, "mistake", seen=seen)
    assert scene.now(case).state is CaseState.TRIAGED


def at_once(*acts: Callable[[], object]) -> list[BaseException | None]:
    """Do things at the same moment; return what each raised."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.exception() for done in [pool.submit(act) for act in acts]]


def test_eight_people_at_the_same_moment_make_one_step(any_scene: Scene) -> None:
    """On both databases: one step stands, the others are told who did what, and the history is whole."""
    case, _request = any_scene.sent()
    desk, before = any_scene.desk, any_scene.now(case).revision
    left = {"rungs_tried": "all", "support_plan": "talk", "reviewer": "u-deputy"}

    def withdraw(by: User) -> Callable[[], object]:
        """Return a person's try to withdraw."""
        return lambda: desk.move(by, case.id, CaseState.WITHDRAWN, WITHDRAWN, "settled", seen=before)

    def leave() -> object:
        """Try to leave it standing."""
        return desk.move(HEAD, case.id, CaseState.NOT_REMOVED, left, "they decline", seen=before)

    told = at_once(*(withdraw(by) for by in (DSL, DEPUTY, HEAD)), leave, *(withdraw(by) for by in (DSL, DEPUTY, HEAD)), leave)
    events = desk.case(DSL, case.id).events

    assert sum(error is None for error in told) == 1
    assert {type(error) for error in told if error is not None} == {AlreadyMovedError}
    assert [event.number for event in events] == list(range(1, before + 2))
    assert events[-1].after is any_scene.now(case).state


def test_two_people_without_a_screen_between_lose_nothing(any_scene: Scene) -> None:
    """Sixteen notes and a step at once: all stand in the history, each line with its own number."""
    case = any_scene.captured()
    desk = any_scene.desk
    notes = [partial(desk.note, DSL, case.id, f"note {number}") for number in range(16)]
    told = at_once(*notes, lambda: desk.move(HEAD, case.id, CaseState.HOLD_BY_AUTHORITY, HOLD))
    kept = [event for event in desk.case(DSL, case.id).events if event.what == "note"]
    numbers = [event.number for event in desk.case(DSL, case.id).events]

    assert told == [None] * 17
    assert len(kept) == 16
    assert numbers == list(range(1, len(numbers) + 1))


def test_eight_reviewers_of_one_post_on_both_databases(any_scene: Scene) -> None:
    """One decision, one case; the seven others are told."""
    told = at_once(*(partial(any_scene.opened, by) for by in (DSL, DEPUTY, HEAD, DSL, DEPUTY, HEAD, DSL, DEPUTY)))

    assert sum(error is None for error in told) == 1
    assert {type(error) for error in told if error is not None} == {AlreadyDecidedError}


CLOSING = ("what we learned", "talk with the line manager")


def test_a_missed_target_is_explained_before_the_case_is_closed(scene: Scene) -> None:
    """Gone after 30 hours: closing asks for the reason; with it the case closes and keeps it."""
    case, _request = scene.sent()
    scene.clock.forward(30 * HOUR)
    gone = scene.gone(case)
    with pytest.raises(FieldsMissingError, match="why the 24 hours were missed"):
        scene.desk.close(DSL, case.id, "removed", *CLOSING)
    with pytest.raises(IllegalMoveError, match="other reason"):
        scene.desk.close(DSL, case.id, "removed", *CLOSING, missed_reason=MissedReason.OTHER)
    closed = scene.desk.close(DSL, case.id, "removed", *CLOSING, missed_reason=MissedReason.PLATFORM_SLOW)

    assert gone.state is CaseState.VERIFIED_REMOVED
    assert closed.missed_reason is MissedReason.PLATFORM_SLOW


def test_the_reason_can_be_recorded_as_soon_as_it_is_missed(scene: Scene) -> None:
    """Not before; "other" needs its words; then closing asks no more."""
    case, _request = scene.sent()
    with pytest.raises(CaseError, match="not missed"):
        scene.desk.missed(DSL, case.id, MissedReason.REFUSED)
    scene.clock.forward(25 * HOUR)
    for reason, words in ((None, "choose"), (MissedReason.OTHER, "note")):
        with pytest.raises(CaseError, match=words):
            scene.desk.missed(DSL, case.id, reason)
    scene.desk.missed(DSL, case.id, MissedReason.OTHER, "the operator was on holiday")
    scene.gone(case)
    closed = scene.desk.close(DSL, case.id, "removed", *CLOSING)

    assert (closed.missed_reason, closed.missed_note) == (MissedReason.OTHER, "the operator was on holiday")


def test_the_reporter_is_answered_before_the_case_is_closed(scene: Scene) -> None:
    """A case that somebody reported is not closed without an answer to them (B23)."""  # B23
    scene.desk.report_by(DSL, SCHOOL_ID, ReportForm(says="seen again", address="https://forum.example.org/t/12#post-3"))
    case, _request = scene.sent()
    scene.gone(case)
    with pytest.raises(FieldsMissingError, match="was told"):
        scene.desk.close(DSL, case.id, "removed", *CLOSING)

    assert case.reporter_type == "report"
    assert scene.desk.close(DSL, case.id, "removed", *CLOSING, reporter_reply="told that it is gone").state is CaseState.CLOSED


def test_a_high_case_is_assessed_before_it_is_asked_and_closed(scene: Scene) -> None:
    """No request without the seriousness form, no closing while a factor is not assessed (A17)."""  # A17
    case = scene.captured(severity=Severity.S3)
    request = scene.ready(case)
    with pytest.raises(IllegalMoveError, match="seriousness form"):
        scene.desk.record_sent(DSL, request.id)
    scene.assessed(case, 10)
    scene.desk.record_sent(DSL, request.id)
    scene.gone(case)
    with pytest.raises(IllegalMoveError, match="not assessed"):
        scene.desk.close(DSL, case.id, "removed", *CLOSING)
    scene.assessed(case, 11)

    assert scene.desk.close(DSL, case.id, "removed", *CLOSING).state is CaseState.CLOSED


def test_amended_needs_a_second_capture(scene: Scene) -> None:
    """The capture from before the change is none; the clock stops at our first look that found it changed (A20)."""  # A20
    case, _request = scene.sent()
    first = scene.desk.case(DSL, case.id).evidence[0]
    fields = {"what_changed": "the name is out", "accepted_by": "the DSL"}
    with pytest.raises(IllegalMoveError, match="new capture"):
        scene.desk.move(DSL, case.id, CaseState.VERIFIED_AMENDED, fields | {"new_capture": first.id})
    changed_at = scene.clock.forward(HOUR)
    check = a_check(Verdict.EDITED, case_id=case.id, item_id=first.item_id, slot="x", at=changed_at)
    scene.desk.check_seen(case.id, check)
    scene.clock.forward(HOUR)
    order = scene.desk.order_started(scene.desk.order_capture(DSL, case.id, first.item_id, SafetyAnswer.NO).id)
    new = an_evidence(case.id, first.item_id, order.id, captured_at=scene.clock.now(), ref="E2")
    scene.desk.evidence_sealed(order.id, new, [])
    done = scene.desk.move(DSL, case.id, CaseState.VERIFIED_AMENDED, fields | {"new_capture": new.id})

    assert (done.outcome, done.gone_observed_at) == ("amended", changed_at)


def test_reopening_keeps_the_old_clock_and_starts_a_new_one(scene: Scene) -> None:
    """The old countdown stands in the list as it ended; taking the reopening back restores it."""
    case, _request = scene.sent()
    scene.gone(case)
    scene.desk.close(DSL, case.id, "removed", *CLOSING)
    again = scene.clock.forward(5 * DAY)
    scene.desk.move(DSL, case.id, CaseState.TRIAGED, {}, "a copy was found")
    listed = scene.desk.clocks(DSL, case.id)
    old = [clock for clock in listed if clock.is_past]

    assert (listed[0].standing.known_at, listed[0].is_running) == (again, True)
    assert [(clock.standing.known_at, clock.text) for clock in old] == [(NOON, "removed after 0 min of 24 h")]
    assert scene.desk.correct(DSL, case.id, "it was another post").known_at == NOON
    assert not any(clock.is_past for clock in scene.desk.clocks(DSL, case.id))


def test_a_reopened_case_is_reminded_of_its_new_countdown(scene: Scene) -> None:
    """What was said about the old one silences nothing; each hour of the new one is told once."""
    case = scene.opened()
    first = scene.desk.fire_reminders(NOON + 5 * HOUR)
    scene.desk.move(DSL, case.id, CaseState.WITHDRAWN, WITHDRAWN, "settled")
    again = scene.clock.forward(2 * DAY)
    scene.desk.move(DSL, case.id, CaseState.TRIAGED, {}, "not settled after all")
    later = [scene.desk.fire_reminders(again + 5 * HOUR), scene.desk.fire_reminders(again + 6 * HOUR)]

    assert [one.due_at for one in first] == [NOON + 4 * HOUR]
    assert [[one.due_at for one in fired] for fired in later] == [[again + 4 * HOUR], []]


def test_the_school_was_told_earlier_never_later(scene: Scene) -> None:
    """A report by word of mouth moves the countdown's start back, with a reason; never into the future, never later (§5.4)."""
    case = scene.opened()
    earlier = NOON - 5 * HOUR
    for moment, words in ((NOON + DAY, "future"), (NOON, "only ever moved earlier")):
        with pytest.raises(CaseError, match=words):
            scene.desk.known_earlier(DSL, case.id, moment, "the head knew")
    with pytest.raises(CaseError, match="reason"):
        scene.desk.known_earlier(DSL, case.id, earlier, " ")
    with pytest.raises(PermissionDeniedError):
        scene.desk.known_earlier(COMMS, case.id, earlier, "the head knew")
    moved = scene.desk.known_earlier(DSL, case.id, earlier, "the head was told at the gate")

    assert (moved.known_at, moved.reported_at) == (earlier, earlier)
    assert scene.desk.clocks(DSL, case.id)[0].standing.due_at == earlier + DAY


def test_a_person_demoted_while_the_form_is_open_is_refused(scene: Scene) -> None:
    """The verb asks again: nothing is written for somebody whose role was taken away."""
    case = scene.captured()
    demoted = DSL.model_copy(update={"roles": {SCHOOL_ID: (Role.STAFF,)}})
    acts: tuple[Callable[[], object], ...] = (
        lambda: scene.desk.correct(demoted, case.id, "mistake"),
        lambda: scene.desk.missed(demoted, case.id, MissedReason.REFUSED),
        lambda: scene.desk.move(demoted, case.id, CaseState.WITHDRAWN, WITHDRAWN, "y"),
        lambda: scene.desk.known_earlier(demoted, case.id, NOON - HOUR, "told"),
    )
    for act in acts:
        with pytest.raises(PermissionDeniedError):
            act()

    assert scene.now(case) == case


def test_a_comment_on_our_own_page_is_decided_by_the_head(scene: Scene) -> None:
    """Its clock begins when it was seen; only the head decides, and criticism is no reason to take it away (policy B15)."""  # B15
    case = scene.opened()
    with pytest.raises(CaseError, match="own page"):
        scene.desk.decide_own_page(HEAD, case.id, "keep", None, "honest opinion")
    scene.desk.on_own_page(DSL, case.id, NOON - HOUR)
    with pytest.raises(CaseError, match="already"):
        scene.desk.on_own_page(DSL, case.id)
    with pytest.raises(PermissionDeniedError):
        scene.desk.decide_own_page(DSL, case.id, "remove", "libel_notified", "we were told")
    with pytest.raises(CaseError, match="criticism is not"):
        scene.desk.decide_own_page(HEAD, case.id, "remove", "criticism", "it is rude")
    running = [clock for clock in scene.desk.clocks(DSL, case.id) if clock.name is Name.OWN_PAGE]
    scene.desk.decide_own_page(HEAD, case.id, "remove", "libel_notified", "we were told that it is untrue")
    settled = [clock for clock in scene.desk.clocks(DSL, case.id) if clock.name is Name.OWN_PAGE]

    assert [clock.is_running for clock in running + settled] == [True, False]


def low(store: Store, number: int, **changes: Any) -> Finding:
    """Store a flagged post without harm."""
    made = a_finding(NOON - 31 * DAY, id=f"low-{number}", post_id=None, post_version=None, severity=Severity.S0)
    category = {"lead_category": Category.NEUTRAL_MENTION, "categories": (Category.NEUTRAL_MENTION,)}
    with store.begin(by="system") as work:
        finding = work.findings.add(made.model_copy(update=category | changes))
        work.commit()
    return finding


def test_many_posts_without_harm_are_put_aside_at_once(scene: Scene) -> None:
    """The comms lead puts S0 posts aside in one step; each has both lines in the log; what is higher or decided is named and left."""
    some = [low(scene.store, number) for number in range(3)]
    scene.desk.decide(DSL, some[2].id, DecisionKind.HOLD, Category.QUERY, Severity.S0, "none", "wait")
    scene.desk.decide(DSL, some[1].id, DecisionKind.NOT_OURS, Category.NAMESAKE, Severity.S0, "none", "the cricket club")
    refused = scene.desk.put_aside(COMMS, [one.id for one in some] + [scene.finding.id], Category.NEUTRAL_MENTION, "roadworks")
    with scene.store.read() as work:
        states = [work.findings.get(one.id).state for one in some]
        logged = [one.what for one in work.audit.where(record_id=some[0].id) if one.what in {"triaged", "no_action"}]

    assert states == [FindingState.DECIDED] * 3
    assert [finding_id for finding_id, _why in refused] == [some[1].id, scene.finding.id]
    assert logged == ["triaged", "no_action"]
    with pytest.raises(PermissionDeniedError):
        scene.desk.finding(COMMS, scene.finding.id)


def test_a_serious_post_is_never_put_aside_in_bulk(scene: Scene) -> None:
    """The DSL too must open it."""
    refused = scene.desk.put_aside(DSL, [scene.finding.id], Category.NEUTRAL_MENTION, "x")

    assert "severity None" in refused[0][1]


def test_posts_that_nobody_read_expire_after_thirty_days(scene: Scene) -> None:
    """S0 only, counted, and twice does nothing; a younger one, a child's matter and a held one stay."""
    gone = [low(scene.store, number) for number in range(3)]
    young = low(scene.store, 8, seen_at=NOON - 29 * DAY)
    child = low(scene.store, 9, categories=(Category.SELF_HARM,))
    held = low(scene.store, 10, state=FindingState.HELD)
    counts = [scene.desk.expire_unread(NOON), scene.desk.expire_unread(NOON)]
    with scene.store.read() as work:
        made = work.decisions.where(by="system", reason=UNREVIEWED_EXPIRED)
        left = [work.findings.get(one.id).state for one in (young, child, held)]

    assert counts == [3, 0]
    assert {one.finding_id for one in made} == {one.id for one in gone}
    assert left == [FindingState.OPEN, FindingState.OPEN, FindingState.HELD]


def test_thousands_expire_in_batches(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long backlog goes in several short transactions."""
    monkeypatch.setattr("casework.judging.BATCH", 2)
    for number in range(5):
        low(scene.store, number)

    assert scene.desk.expire_unread(NOON) == 5


def staff_member(store: Store, **changes: Any) -> str:
    """Put a person on the staff list; return the target that names them."""
    made = StaffMember(id="s-1", school_id=SCHOOL_ID, name="Invented Person")
    with store.begin(by="u") as work:
        work.staff.add(made.model_copy(update=changes))
        work.commit()
    return "staff:s-1"


@pytest.mark.parametrize("changes", [{"user_id": "u-head"}, {"role": "Head Teacher"}], ids=["linked account", "role"])
def test_a_post_about_the_head_by_the_staff_list_goes_to_the_chair(scene: Scene, changes: dict[str, Any]) -> None:
    """Not only the word "headteacher": the linked account and the role in the staff list count too (§7.3)."""
    case = scene.opened(target=staff_member(scene.store, **changes))

    assert (case.confidentiality, case.owner_id) == (Confidentiality.RESTRICTED_CHAIR, "u-chair")


def test_an_allegation_about_the_head_goes_to_chair_and_lead_and_round_the_head(scene: Scene) -> None:
    """The chair owns it, the safeguarding lead sees it because a child is concerned, for the head it does not exist (A33)."""  # A33
    case = scene.opened(kind=DecisionKind.SAFEGUARDING, category=Category.STAFF_ALLEGATION, target="headteacher")

    assert (case.confidentiality, case.owner_id) == (Confidentiality.RESTRICTED_CHAIR, "u-chair")
    assert scene.desk.case(DSL, case.id).case.id == case.id
    with pytest.raises(NotFoundError):
        scene.desk.case(HEAD, case.id)
    with pytest.raises(PermissionDeniedError):
        scene.desk.case(DEPUTY, case.id)
    assert scene.desk.record_advice(CHAIR, case.id, "lado", "go on").state is CaseState.TRIAGED


def test_a_head_who_is_the_lead_too_stays_out(scene: Scene) -> None:
    """One person may hold both roles; in a case about the head that opens no door (A33)."""  # A33
    both = a_user(Role.HEADTEACHER, Role.DSL, user_id="u-both")
    with scene.store.begin(by="u") as work:
        work.users.add(both)
        work.commit()
    case = scene.opened(
        kind=DecisionKind.SAFEGUARDING, category=Category.STAFF_ALLEGATION, target=staff_member(scene.store, role="Headteacher")
    )

    with pytest.raises(PermissionDeniedError):
        scene.desk.case(both, case.id)


@pytest.mark.parametrize(
    ("role", "expected"), [("Headteacher", True), ("head-teacher", True), ("Deputy Head", False), ("Head of Year", False), ("", False)]
)
def test_whose_role_is_the_heads(role: str, expected: bool) -> None:
    """As a school writes it; a head of year is not the head."""
    assert is_head(role) is expected


def test_the_comms_lead_puts_a_harmless_case_aside(scene: Scene) -> None:
    """A case of severity None that nobody restricted; one of Low is the lead's (§5.3)."""
    for severity in (Severity.S0, Severity.S1):
        finding = low(scene.store, 20 + severity, severity=severity, lead_category=Category.HARASSMENT_STAFF, categories=())
        scene.desk.decide(COMMS, finding.id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, severity, "teacher", "look")
    with scene.store.read() as work:
        none, one = sorted(work.cases.where(), key=lambda case: case.severity)
    fields = {"outcome": "satire_parody"}

    assert scene.desk.move(COMMS, none.id, CaseState.NO_ACTION, fields, "a joke").state is CaseState.NO_ACTION
    with pytest.raises(PermissionDeniedError, match=Permission.TRIAGE.value):
        scene.desk.move(COMMS, one.id, CaseState.NO_ACTION, fields, "a joke")


def test_the_reviewer_of_what_stays_up_signs_in_here(scene: Scene) -> None:
    """A name that nobody has here reviews nothing."""
    case, _request = scene.sent()
    left = {"rungs_tried": "all", "support_plan": "talk", "reviewer": "somebody"}

    with pytest.raises(CaseError, match="reviewer"):
        scene.desk.move(HEAD, case.id, CaseState.NOT_REMOVED, left, "they decline")


def test_closing_may_call_for_a_look_at_the_policy(scene: Scene) -> None:
    """A30: the wish stands in the register of policies under the case's number, once, and nothing of the case stands with it."""
    case, _request = scene.sent()
    scene.gone(case)
    scene.desk.close(DSL, case.id, "removed", *CLOSING, policy_review=True)
    with scene.desk.store.read() as work:
        found = work.policy_triggers.where(school_id=case.school_id)

    assert [(one.kind.value, one.case_id, one.by) for one in found] == [("incident", case.id, DSL.id)]
    assert found[0].what == f"case {case.ref} was closed with the wish to look at the policy again"


def test_the_history_puts_a_step_above_the_look_it_rests_on(scene: Scene) -> None:
    """Newest first; of the same moment the step stands above the check that led to it."""
    case, _request = scene.sent()
    scene.gone(case)
    scene.desk.close(DSL, case.id, "removed", *CLOSING)
    lines = scene.desk.chronology(DSL, case.id)
    same = [line.kind for line in lines if line.at == lines[0].at]

    assert [line.at for line in lines] == sorted((line.at for line in lines), reverse=True)
    assert same == sorted(same, key=lambda kind: kind != "event")
