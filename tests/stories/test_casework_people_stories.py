"""Stories in which people come first, through the real services: a real store, real HTTP on loopback, the worker's own rounds.

A threat and the teacher's consent; what a child confided; a post about the head; a picture that nobody may open; two people at once;
somebody whose role was taken while a form was open. The clock is moved by hand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from casework.clocks import CaseClock, Name
from casework.duties import DutyKind
from casework.errors import (
    AdviceMissingError,
    AlreadyDecidedError,
    ConsentMissingError,
    FilingRefusedError,
    IllegalMoveError,
    ReferralRefusedError,
    SeriousnessRefusedError,
)
from casework.intake import ReportForm
from casework.ladder import Rung
from casework.notice import Wording
from casework.seriousness import FACTORS
from data.errors import CaseError, EvidenceError, NotFoundError, PermissionDeniedError, SchoolwatchError
from data.model.care import Consent, OverrideCode, ReferralBody, SupportKind
from data.model.cases import Capacity, Case, CaseState, Confidentiality, Ground, MissedReason, Route, StandingWord
from data.model.evidence import OrderState, SafetyAnswer
from data.model.findings import DecisionKind, FindingState, ReportTick
from data.model.people import Role, User
from data.model.readings import Category, Severity
from schoolwatch.demo.posts import Place, TownPost
from schoolwatch.demo.watchlist import FERNLEY
from schoolwatch.testing import CountingServer, Stage, Watched

ASSESSED = {factor.key: 0 for factor in FACTORS}
WORDS = Wording(
    what_it_is="A post that appears to threaten a member of our staff.",
    rule_breached="No threats",
    unlawful_nature="It appears to announce harm to somebody who can be recognised.",
    why_urgent="The person concerned is afraid.",
)
SERVER = (Route.FEDIVERSE_MODERATORS, Ground.PLATFORM_RULES, Capacity.SCHOOL_REPRESENTATIVE)
PASSWORD = "orchard-lantern-47"


def post(key: str, text: str, label: str, author: str = "saltbox") -> TownPost:
    """What somebody of the town wrote on the social network before the story begins."""
    return TownPost(key=key, place=Place.SOCIAL, after=timedelta(0), author=author, label=label, text=text)


def item_of(watched: Watched, by: User, case: Case) -> str:
    """The one item of a case, for whoever may see it."""
    return watched.casework.case(by, case.id).items[0].id


def clock_of(watched: Watched, by: User, case: Case, name: Name) -> CaseClock:
    """One clock of a case."""
    return next(one for one in watched.casework.clocks(by, case.id) if one.name is name)


def asked(watched: Watched, by: User, case: Case) -> None:
    """The server's moderators are written to by hand; from then on they know."""
    request = watched.casework.draft(by, case.id, item_of(watched, by, case), *SERVER, WORDS)
    watched.casework.record_sent(by, request.id, reference="T-1")
    address = watched.casework.case(by, case.id).items[0].address
    watched.town.receive_request(address, watched.clock.now())


def gone(watched: Watched, case: Case) -> Case:
    """Three hours on, two looks find it gone."""
    watched.look_in(case, hours=3)
    watched.round_in(minutes=16)
    return watched.as_it_is(case)


def doors(watched: Watched, by: User, case: Case) -> tuple[Callable[[], object], ...]:
    """Every way in which this person could have somebody outside asked for a removal."""
    room, item = watched.casework, item_of(watched, by, case)
    sent = {"ground": "x", "route": "y", "recipient": "z", "capacity": "c", "text_version": "v", "may_be_forwarded": False}
    return (
        lambda: room.preview(by, case.id, item, *SERVER, WORDS),
        lambda: room.draft(by, case.id, item, *SERVER, WORDS),
        lambda: room.offer_filing(by, case.id, item, "teacher", "deputy", words="Please remove it."),
        lambda: room.move(by, case.id, CaseState.REQUESTED, sent | {"sent_at": watched.clock.now()}),
        lambda: room.escalate(by, case.id, Rung.POSH, "the helpline", "It is grave.", skip_reason="It is grave."),
    )


def kept_quiet(watched: Watched, *more: str) -> None:
    """What went out to people's telephones says nothing of anybody, and the record of who did what is whole."""
    assert watched.messages()
    assert watched.told_too_much(*more) == []
    with watched.desk.store.read() as work:
        work.audit.verify()


# --- 3. a threat; the teacher does not want the police, and then does ---

THREAT = post(
    "threat",
    "Mr Quillbrook from Fernley Green Primary had better watch himself at the gate. I know his car. I will kill him. #fernleygreen",
    "threat_to_life",
)


def threatened(stage: Stage) -> tuple[Watched, Case]:
    """The threat is flagged, judged and captured, within a quarter of an hour."""
    watched = stage(THREAT, hours=2)
    watched.round_in(minutes=5)
    finding = watched.findings("threat")[0]
    case = watched.captured(watched.opened(finding, Category.THREAT_TO_LIFE, "staff:quillbrook", Severity.S4))
    assert (case.state, case.severity) == (CaseState.EVIDENCE_CAPTURED, Severity.S4)
    return watched, case


def test_a_threat_and_the_teachers_consent(stage: Stage) -> None:
    """Nobody goes to the police over the teacher's head; the police want it left up for a day; the gross clock runs, the net one rests."""
    watched, case = threatened(stage)
    room, dsl, head = watched.casework, watched.user(), watched.user("head")
    room.offer_support(head, case.id, "staff:quillbrook", [SupportKind.COUNSELLING, SupportKind.LINE_MANAGER])  # A23

    # The police come first: until they have spoken, nobody who could warn the author is asked.
    for door in doors(watched, dsl, case):
        with pytest.raises(CaseError):
            door()

    # The head asks the teacher, who does not want it.  # A22
    with pytest.raises(PermissionDeniedError):
        room.open_referral(dsl, case.id, ReferralBody.POLICE, "He writes that he will kill.", "the teacher")
    referral = room.open_referral(head, case.id, ReferralBody.POLICE, "He writes that he will kill.", "the teacher")
    room.consent_answered(head, referral.id, False, "in person")
    with pytest.raises(ConsentMissingError):
        room.referral_made(head, referral.id, "101")
    with pytest.raises(CaseError):
        room.draft_letter(head, case.id, "police", "the force", {})
    assert room.care_of(head, case.id).referrals[0].made_at is None

    # An hour later the teacher rings: yes, please. The police are told, and ask to leave it up for the night.
    watched.forward(hours=1)
    room.consent_answered(head, referral.id, True, "by telephone")
    made = room.referral_made(head, referral.id, "101", "ref 9", officer="the duty officer", force="Ashcombe Police", offences=["threat"])
    assert (made.consent, made.made_at) == (Consent.GIVEN, watched.clock.now())
    asked_at = watched.clock.now()
    hold = {"body": "Ashcombe Police", "officer": "the duty officer", "reference": "ref 9", "asked_at": asked_at}
    with pytest.raises(CaseError, match="within the next 7 days"):
        room.move(head, case.id, CaseState.HOLD_BY_AUTHORITY, hold | {"review_at": asked_at + timedelta(days=8)})
    room.move(head, case.id, CaseState.HOLD_BY_AUTHORITY, hold | {"review_at": asked_at + timedelta(days=2)})
    room.record_advice(head, case.id, "police", "Leave it up until we have seen it; then it may go.")

    # Twenty hours go by. Nobody is asked meanwhile.
    before = {name: clock_of(watched, head, case, name).standing.used for name in (Name.REMOVAL, Name.REMOVAL_NET)}
    watched.round_in(hours=20)
    after = {name: clock_of(watched, head, case, name).standing.used for name in before}
    assert after[Name.REMOVAL] - before[Name.REMOVAL] == pytest.approx(20 / 24)
    assert after[Name.REMOVAL_NET] == pytest.approx(before[Name.REMOVAL_NET])
    for door in doors(watched, head, case):
        with pytest.raises(CaseError):
            door()
    assert {DutyKind.HOLD_REVIEW} <= {duty.kind for duty in room.care_of(head, case.id).duties}

    # Released: how serious it is, then the moderators. It goes; gross it was late, net it was not.
    room.move(head, case.id, CaseState.EVIDENCE_CAPTURED, {"released_by": "the duty officer", "released_at": watched.clock.now()})
    with pytest.raises(IllegalMoveError, match="seriousness form first"):
        asked(watched, dsl, case)
    room.assess(head, case.id, ASSESSED | {"nature": 4, "threat": 4}, {})
    ready = room.case(dsl, case.id).requests[0]
    room.record_sent(dsl, ready.id, reference="T-1")
    watched.town.receive_request(watched.address("threat"), watched.clock.now())
    watched.forward(hours=1)
    found = gone(watched, case)
    assert found.state is CaseState.VERIFIED_REMOVED
    assert clock_of(watched, head, case, Name.REMOVAL).standing.word is StandingWord.MISSED
    assert clock_of(watched, head, case, Name.REMOVAL_NET).standing.word is StandingWord.MET
    closed = room.close(
        head,
        case.id,
        "removed",
        "Ask the teacher twice.",
        "Counselling.",
        policy_review=True,
        missed_reason=MissedReason.AUTHORITY_HOLD,
    )
    assert closed.state is CaseState.CLOSED
    kept_quiet(watched, "Ashcombe Police", "ref 9", "duty officer")


def test_a_threat_to_the_police_without_consent(stage: Stage) -> None:
    """Without the teacher's yes only by one of three reasons, in writing, and with a second person who agrees (A22)."""  # A22
    watched, case = threatened(stage)
    room, dsl, head, comms = watched.casework, watched.user(), watched.user("head"), watched.user("comms")
    referral = room.open_referral(head, case.id, ReferralBody.POLICE, "He writes that he will kill.", "the teacher")
    room.consent_answered(head, referral.id, False, "by telephone")
    for code, reason in ((None, "He is armed."), (OverrideCode.LEGAL_DUTY, "  ")):
        with pytest.raises(ReferralRefusedError, match="one of the three reasons"):
            room.go_without_consent(head, referral.id, code, reason)
    room.go_without_consent(head, referral.id, OverrideCode.CHILD_AT_RISK, "Children stand at that gate.")
    assert DutyKind.SECOND_PERSON in {duty.kind for duty in room.care_of(head, case.id).duties}

    # Not by one person alone, and not by somebody who may not see it.
    with pytest.raises(ConsentMissingError, match="second person"):
        room.referral_made(head, referral.id, "101")
    with pytest.raises(ReferralRefusedError, match="somebody else"):
        room.agree_without_consent(head, referral.id)
    with pytest.raises(PermissionDeniedError):
        room.agree_without_consent(comms, referral.id)
    watched.forward(minutes=20)
    room.agree_without_consent(dsl, referral.id)
    made = room.referral_made(head, referral.id, "999", force="Ashcombe Police", offences=["threat"])

    assert (made.consent, made.override, made.override_by, made.override_second) == (
        Consent.REFUSED,
        OverrideCode.CHILD_AT_RISK,
        "head",
        "dsl",
    )
    history = [event.what for event in room.case(head, case.id).events]
    wanted = ["referral opened", "consent refused", "consent overridden", "second person agreed", "referral made"]
    assert [what for what in history if what in wanted] == wanted
    assert watched.as_it_is(case).state is CaseState.EVIDENCE_CAPTURED  # a referral runs beside the case
    kept_quiet(watched, "Children stand at that gate")


# --- 4. what a child confided ---

WEEKEND = post(
    "weekend",
    "A little one from Year 4 at #fernleygreen told my grandson that nobody feeds her at weekends and that she is scared to go home.",
    "safeguarding_disclosure",
    "hedgerow_hatty",
)


def test_what_a_child_confided_locks_every_door_until_advice(stage: Stage) -> None:
    """The lead has it at once; nobody is asked before children's social care has spoken; then what is allowed, and what never is (A10)."""
    watched = stage(WEEKEND, hours=2)
    room, dsl, deputy, head = watched.casework, watched.user(), watched.user("deputy"), watched.user("head")
    watched.round_in(minutes=5)
    finding = watched.findings("weekend")[0]
    kind, category = DecisionKind.SAFEGUARDING, Category.SAFEGUARDING_DISCLOSURE
    case = room.decide(deputy, finding.id, kind, category, Severity.S1, "pupil", "A child may be hungry at home.").case
    assert case is not None
    assert (case.state, case.confidentiality) == (CaseState.SAFEGUARDING_LEAD, Confidentiality.RESTRICTED_DSL)
    assert case.severity >= Severity.S3  # A10: whatever was typed
    assert {"dsl", "deputy"} <= {message.user_id for message in watched.messages() if message.case_id == case.id}
    with pytest.raises(PermissionDeniedError):
        room.case(watched.user("comms"), case.id)

    # Evidence may be kept. Nobody is asked, by anybody, and nobody but the lead takes it out of the lead's hands.
    watched.order(case)
    watched.round_in(minutes=5)
    assert [order.state for order in room.case(dsl, case.id).orders] == [OrderState.DONE]
    for by in (dsl, head):
        for door in doors(watched, by, case):
            with pytest.raises(SchoolwatchError):
                door()
    with pytest.raises(PermissionDeniedError):
        room.move(head, case.id, CaseState.TRIAGED, {"advice": "I think it is nothing.", "reason": "It is nothing."})
    with pytest.raises(AdviceMissingError):
        room.open_investigation(dsl, case.id, "dsl")
    assert room.case(dsl, case.id).requests == ()
    assert room.case(dsl, case.id).next_step.verb == "record_advice"

    # Social care is rung. What they say is the advice, and lets the case go on from where it stood.
    referral = room.open_referral(deputy, case.id, ReferralBody.CSC, "A child of Year 4 may be hungry at home.")
    room.referral_made(deputy, referral.id, "telephone", "CSC-7")
    with pytest.raises(AdviceMissingError):  # told is not yet answered
        room.draft(dsl, case.id, item_of(watched, dsl, case), *SERVER, WORDS)
    room.referral_outcome(deputy, referral.id, "We see the family today. The post may be asked away.")
    released = watched.as_it_is(case)
    assert (released.state, released.advice_recorded_at) == (CaseState.EVIDENCE_CAPTURED, watched.clock.now())

    # Now the server may be asked, once it is said how serious it is; the author never, and it is not withdrawn.
    with pytest.raises(IllegalMoveError, match="another way"):
        room.draft(
            dsl, case.id, item_of(watched, dsl, case), Route.AUTHOR, Ground.MODERATOR_GOODWILL, SERVER[2], WORDS, may_be_forwarded=True
        )
    with pytest.raises(CaseError, match="child may be at risk"):
        room.move(
            head, case.id, CaseState.WITHDRAWN, {"who_withdrew": "nobody", "withdrawn_at": watched.clock.now(), "reason": "It is quiet."}
        )
    room.assess(dsl, case.id, ASSESSED | {"child": 2, "vulnerable": 3}, {})
    asked(watched, dsl, case)
    assert gone(watched, case).state is CaseState.VERIFIED_REMOVED
    closed = room.close(dsl, case.id, "removed", "Ring social care first.", "The family is seen.", policy_review=False)
    assert closed.state is CaseState.CLOSED
    kept_quiet(watched, "CSC-7", "hungry")


# --- 5. a post about the head ---

HEAD = post(
    "pile-on",
    "Mrs Bramblecote is a pathetic, useless excuse for a head. Everyone email her every hour until she quits. #fernleygreen",
    "harassment_staff",
)


def test_a_post_about_the_head_goes_round_the_head(stage: Stage) -> None:
    """The chair has it and decides. For the head there is nothing: no row, no case, no hit, no message, no file (§7.3)."""
    watched = stage(HEAD, hours=2)
    room, dsl, head, chair = watched.casework, watched.user(), watched.user("head"), watched.user("chair")
    watched.round_in(minutes=15)
    finding = watched.findings("pile-on")[0]
    kind, category = DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF
    decided = room.decide(dsl, finding.id, kind, category, Severity.S2, "staff:bramblecote", "It is about the head.")
    (case,) = (row.case for row in room.cases(chair, chair.schools()))
    assert (decided.visible, decided.case) == (False, None)  # it goes where even the lead does not look: no child is concerned
    assert (case.confidentiality, case.owner_id) == (Confidentiality.RESTRICTED_CHAIR, "chair")

    # The chair does what the head would.
    order = room.order_capture(chair, case.id, item_of(watched, chair, case), SafetyAnswer.NO)
    watched.round_in(minutes=5)
    assert watched.as_it_is(case).state is CaseState.EVIDENCE_CAPTURED
    room.assess(chair, case.id, ASSESSED | {"impact_person": 2}, {})
    offer = room.offer_support(chair, case.id, "staff:bramblecote", [SupportKind.UNION])
    asked(watched, chair, case)
    assert clock_of(watched, chair, case, Name.FIRST_REQUEST).standing.word is StandingWord.MET
    watched.round_in(hours=1)

    # Nothing of it reaches the head, by whichever door.
    schools = head.schools()
    assert [row for row in room.inbox(head, schools).rows if row.finding.id == finding.id] == []
    assert room.cases(head, schools) == room.cases(head, schools, ended=True) == ()
    assert room.search(head, case.ref, schools).cases == ()
    for call in (room.case, room.care_of, room.chronology, room.clocks, room.propose, room.may_export, watched.desk.safe.pack):
        with pytest.raises(NotFoundError):
            call(head, case.id)
    with pytest.raises(NotFoundError):
        room.case_by_ref(head, case.ref)
    with pytest.raises(NotFoundError):
        room.note(head, case.id, "I would like to see this.")
    with pytest.raises(CaseError, match="may not see this case"):
        room.assign(chair, case.id, "head")
    with watched.desk.store.read() as work:
        evidence = work.evidence.where(case_id=case.id)[0]
    with pytest.raises(NotFoundError):
        watched.desk.safe.reveal(head, evidence.id, evidence.files[0].name, "I want to see it.")
    assert (order.ordered_by, offer.offered_by) == ("chair", "chair")
    assert watched.desk.safe.reveal(chair, evidence.id, evidence.files[0].name, "To see what was said.")

    # It goes, and the day is over: reminders went to the chair; to the head not one word that leads there.
    assert gone(watched, case).state is CaseState.VERIFIED_REMOVED
    name, _ = watched.desk.safe.pack(chair, case.id)
    closed = room.close(chair, case.id, "removed", "The chair was quick.", "Union.")
    watched.round_in(hours=48)
    assert case.ref in name
    assert closed.state is CaseState.CLOSED
    assert any(message.case_id == case.id for message in watched.messages(to="chair"))
    for message in watched.messages(to="head"):
        assert message.case_id != case.id
        assert case.ref not in f"{message.subject}{message.body}"
    digests = [message.body for message in watched.messages(to="head") if "Open cases" in message.body]
    assert digests
    assert all("Open cases: 0;" in body for body in digests)
    kept_quiet(watched)


PILE = post(
    "pile-on-2",
    "Mrs Bramblecote you pathetic, useless woman, nobody wants you here, just quit. Everyone share this. #fernleygreen",
    "harassment_staff",
).model_copy(update={"after": timedelta(hours=3)})


def test_the_head_does_not_meet_the_post_elsewhere_either(stage: Stage) -> None:
    """Once it is judged to be about the head, the post itself is out of the head's sight: in the search, by its link, among its like."""
    watched = stage(HEAD, PILE)
    room, deputy, head = watched.casework, watched.user("deputy"), watched.user("head")
    watched.round_in(minutes=15)
    watched.round_in(hours=3)
    finding, other = watched.findings("pile-on")[0], watched.findings("pile-on-2")[0]
    (thread,) = room.threads(deputy, [FERNLEY])
    assert {one.post_id for one in thread.posts} == {finding.post_id, other.post_id}
    kind, category = DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF
    room.decide(watched.user(), finding.id, kind, category, Severity.S2, "headteacher", "It is about the head.")
    words = "pathetic useless excuse"

    assert [row.finding.id for row in room.search(deputy, words, [FERNLEY]).rows] == [finding.id]
    assert room.search(head, words, [FERNLEY]).rows == ()
    assert room.threads_of(deputy, finding.id)
    assert room.threads_of(head, finding.id) == ()
    shown = {one.post_id: one.post is not None for file in room.threads(head, [FERNLEY]) for one in file.posts}
    assert shown == {finding.post_id: False, other.post_id: True}
    doors: tuple[Callable[[], object], ...] = (
        lambda: room.finding(head, finding.id),
        lambda: room.decide(head, finding.id, DecisionKind.NO_ACTION, Category.FAIR_CRITICISM, Severity.S0, "none", "It is nothing."),
        lambda: room.undo(head, finding.id, "It is nothing."),
    )
    for door in doors:
        with pytest.raises(NotFoundError):
            door()


# --- 7. a picture that nobody may open ---


def test_a_picture_that_nobody_may_open(stage: Stage) -> None:
    """Reported by a colleague who was told of it: no connection, no byte, nothing kept; passed on by the address, and closed (B36, B37)."""
    place = CountingServer()
    with place.open():
        watched = stage(ports=frozenset({place.port}))
        room, dsl = watched.casework, watched.user()
        address = f"http://127.0.0.1:{place.port}/album/7"
        form = ReportForm(says="A pupil told me of pictures there. I have not looked.", address=address, ticks=(ReportTick.INDECENT_IMAGE,))
        report = room.report("fernley-report", form)
        (row,) = room.inbox(dsl, dsl.schools()).rows
        assert (row.report, row.finding.stop, row.finding.severity) == (report, True, Severity.S4)

        # Whatever is chosen, it is the lead's, at the highest severity, and stopped.
        kind, category = DecisionKind.OPEN_CASE, Category.PUPIL_BULLYING
        case = room.decide(dsl, row.finding.id, kind, category, Severity.S1, "pupils", "A colleague was told.").case
        assert case is not None
        assert (case.stop, case.lead_category, case.state) == (True, Category.CSAM, CaseState.SAFEGUARDING_LEAD)
        file = room.case(dsl, case.id)
        assert file.next_step.verb == "stop"
        assert "Do not open the address" in file.stop_steps[0]

        # Every door is tried, "no, it shows nothing of the kind" included. Then two weeks go by.
        item = file.items[0].id
        assert room.order_capture(dsl, case.id, item, SafetyAnswer.NO).state is OrderState.STOPPED
        shut: tuple[Callable[[], object], ...] = (
            *doors(watched, dsl, case),
            lambda: room.ask_check(dsl, case.id),
            lambda: room.host_to_look_up(dsl, case.id, item),
            lambda: watched.desk.lookups.begin(dsl, case.id, item),
            lambda: watched.desk.safe.pack(dsl, case.id),
            lambda: room.open_investigation(dsl, case.id, "dsl"),
        )
        for door in shut:
            with pytest.raises((CaseError, EvidenceError)):
                door()
        with pytest.raises(FilingRefusedError):
            room.offer_filing(dsl, case.id, item, "pupils", "deputy", words="Please remove it.")
        with pytest.raises(SeriousnessRefusedError):
            room.assess(dsl, case.id, ASSESSED, {})
        for hours in (1, 4, 12, 24, 24 * 14):
            watched.round_in(hours=hours)
        assert room.plan_checks(watched.clock.now()) == ()
        assert (place.connections, place.bytes) == (0, 0)
        assert [path for path in watched.desk.vault.root.rglob("*") if path.is_file()] == []
        assert (room.case(dsl, case.id).evidence, room.case(dsl, case.id).checks) == ((), ())

        # It is not closed before it was passed on. The address goes to the Internet Watch Foundation, in its own form; the police advise.
        assert DutyKind.STOP_REFERRAL in {duty.kind for duty in room.care_of(dsl, case.id).duties}
        with pytest.raises(CaseError):
            room.close(dsl, case.id, "passed_on", "Stop early.", "The families were told.", reporter_reply="Thank you.")
        referral = room.open_referral(dsl, case.id, ReferralBody.IWF, "The address only.")
        room.referral_made(dsl, referral.id, "online", "IWF-2")
        room.record_advice(dsl, case.id, "police", "Do not open it. We take it from here.")
        assert "Passed on" in room.case(dsl, case.id).next_step.text
        closed = room.close(dsl, case.id, "passed_on", "Stop early.", "The families were told.", reporter_reply="Thank you.")
        assert (closed.state, closed.outcome) == (CaseState.CLOSED, "passed_on")
        assert room.care_of(dsl, case.id).duties == ()
        watched.round_in(hours=24)
        assert (place.connections, place.bytes) == (0, 0)
        kept_quiet(watched, address, "127.0.0.1", "IWF-2", "album")

        # The counter counts: one ordinary look is seen at once.
        watched.hands.client.look(address)
        assert place.connections > 0
        assert place.bytes > 0


# --- two people at once, and somebody whose role was taken ---

NOISE = tuple(
    post(f"noise-{number}", f"{name} of #fernleygreen is a pathetic, useless idiot and a liar. Quit and crawl away, number {number}.", "x")
    for number, name in enumerate(("Mr Quillbrook", "Miss Tarrowby", "Mr Oddwell", "Mr Quillbrook", "Miss Tarrowby"))
)


def test_two_people_judge_the_same_post_at_the_same_moment(stage: Stage) -> None:
    """One judgement stands; the other person is told who did what and when. No case is opened twice, none is lost."""
    watched = stage(*NOISE)
    room = watched.casework
    watched.round_in(minutes=15)
    people = {"dsl": watched.user("dsl"), "deputy": watched.user("deputy")}
    for finding in watched.findings():
        start, ends = threading.Barrier(2), dict[str, object]()

        def judge(name: str, finding_id: str, start: threading.Barrier, ends: dict[str, object]) -> None:
            """Judge it when both are ready."""
            start.wait(30)
            judgement = (DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, Severity.S2, "teacher", f"Judged by {name}.")
            try:
                ends[name] = room.decide(people[name], finding_id, *judgement)
            except SchoolwatchError as error:
                ends[name] = error

        threads = [threading.Thread(target=judge, args=(name, finding.id, start, ends)) for name in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        (loser,) = (name for name, end in ends.items() if isinstance(end, SchoolwatchError))
        (winner,) = (name for name in people if name != loser)
        told = ends[loser]
        assert isinstance(told, AlreadyDecidedError)
        assert (told.by, told.kind, told.at) == (winner, DecisionKind.OPEN_CASE.value, watched.clock.now())
        assert f"user {winner} already decided this" in str(told)
        file = room.finding(people[winner], finding.id)
        assert [one.by for one in file.decisions] == [winner]
        assert (file.finding.state, file.case is not None) == (FindingState.DECIDED, True)
    assert len(watched.findings()) == len(NOISE)
    with watched.desk.store.read() as work:
        assert sorted(one.finding_id for one in work.cases.where()) == sorted(one.id for one in watched.findings())
        assert len({one.ref for one in work.cases.where()}) == len(NOISE)
        work.audit.verify()


def test_a_role_taken_while_a_form_is_open(stage: Stage) -> None:
    """The deputy has the form before them; the head takes the role; each button then refuses in words, and nothing is written."""
    watched = stage(NOISE[0])
    room, head = watched.casework, watched.user("head")
    watched.round_in(minutes=15)
    case = watched.captured(watched.opened(watched.findings()[0], Category.HARASSMENT_STAFF, "teacher"))
    sign_in = watched.desk.sign_in
    with watched.desk.store.begin("system") as work:
        sign_in.set_password(work, watched.user("deputy"), PASSWORD)
        work.commit()
    token = sign_in.sign_in("deputy", PASSWORD)

    # The form is drawn, and filled in: all is well.
    drawn = sign_in.user_for(token)
    assert drawn is not None
    item = item_of(watched, drawn, case)
    assert room.preview(drawn, case.id, item, *SERVER, WORDS).body

    # The role is taken. Whoever presses now is asked for anew, as every page does, and is refused.
    watched.desk.people.set_roles(head, FERNLEY, "deputy", (Role.STAFF,))
    presses = sign_in.user_for(token)
    assert presses is not None
    before = _everything(watched, case)
    buttons: tuple[Callable[[], object], ...] = (
        lambda: room.draft(presses, case.id, item, *SERVER, WORDS),
        lambda: room.order_capture(presses, case.id, item, SafetyAnswer.NO),
        lambda: room.assess(presses, case.id, ASSESSED, {}),
        lambda: room.to_safeguarding(presses, case.id, "A worry."),
        lambda: room.note(presses, case.id, "Mine."),
        lambda: room.close(presses, case.id, "removed", "None.", "None."),
        lambda: watched.desk.safe.pack(presses, case.id),
        lambda: watched.desk.lookups.begin(presses, case.id, item),
    )
    for button in buttons:
        with pytest.raises(PermissionDeniedError) as refusal:
            button()
        assert str(refusal.value)
    assert _everything(watched, case) == before

    # Given back, the same words go through; and for somebody who left there is nobody to press at all.
    watched.desk.people.set_roles(head, FERNLEY, "deputy", (Role.DEPUTY_DSL,))
    again = sign_in.user_for(token)
    assert again is not None
    assert room.draft(again, case.id, item, *SERVER, WORDS).case_id == case.id
    watched.desk.people.disable(head, FERNLEY, "deputy")
    assert sign_in.user_for(token) is None


def _everything(watched: Watched, case: Case) -> tuple[Case, int, int, int, int, datetime | None]:
    """What a half-done step would have left behind."""
    with watched.desk.store.read() as work:
        counts = (
            work.case_events.count(case_id=case.id),
            work.requests.count(case_id=case.id),
            work.orders.count(case_id=case.id),
            work.custody.count(),
        )
        last = work.audit.last()
        return work.cases.get(case.id), *counts, last.at if last else None


def test_the_watch_over_messages_is_no_empty_one(stage: Stage) -> None:
    """What every story asks at its end does find a name, a handle, an address and a quotation, were they in a message."""
    watched = stage(NOISE[0])
    watched.round_in(minutes=15)
    watched.opened(watched.findings()[0], Category.HARASSMENT_STAFF, "teacher")
    watched.round_in(hours=5)
    message = watched.messages()[0]
    address = watched.address(NOISE[0].key)
    for words in ("Mr Quillbrook", "saltbox", address, "a pathetic, useless idiot", "Fernley Green Primary School", "Dana Safeley"):
        with watched.desk.store.begin("system") as work:
            work.messages.replace(message.model_copy(update={"body": f"{message.body} {words}."}))
            work.commit()
        assert words in watched.told_too_much()
    with watched.desk.store.begin("system") as work:
        work.messages.replace(message)
        work.commit()
    kept_quiet(watched)
