"""The verbs around the people of a case, on a real store: seriousness, referrals, support, investigation, filing, the end of a STOP."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from casework import outbox
from casework.duties import DutyKind
from casework.errors import (
    AdviceMissingError,
    ConsentMissingError,
    EvidenceMissingError,
    FieldsMissingError,
    FilingRefusedError,
    IllegalMoveError,
    InvestigationRefusedError,
    ReferralRefusedError,
    SeriousnessRefusedError,
    SupportRefusedError,
)
from casework.intake import ReportForm
from casework.notice import Wording
from casework.seriousness import FACTORS, Procedure
from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_check, a_finding, a_user, an_evidence, fill
from data.clock import FixedClock
from data.errors import CaseError, ConflictError, NotFoundError, PermissionDeniedError
from data.model.care import (
    Attribution,
    Band,
    Consent,
    FilingState,
    OverrideCode,
    PersonalFiling,
    Referral,
    ReferralBody,
    SourceKind,
    SupportAnswer,
    SupportKind,
)
from data.model.cases import Capacity, Case, CaseState, Confidentiality, Ground, RequestState, Route, Verdict
from data.model.evidence import SafetyAnswer
from data.model.findings import DecisionKind, ReportTick
from data.model.people import Role, User
from data.model.readings import Category, Severity
from data.model.telling import Way, WayKind
from data.model.watch import StaffMember
from data.store import Store
from evidence.custody import CustodyDraft

DSL = a_user(Role.DSL)
DEPUTY = a_user(Role.DEPUTY_DSL, user_id="u-deputy")
HEAD = a_user(Role.HEADTEACHER, user_id="u-head")
COMMS = a_user(Role.COMMS_LEAD, user_id="u-comms")
CHAIR = a_user(Role.CHAIR, user_id="u-chair")
STAFF = a_user(Role.STAFF, user_id="u-staff")
EVERYONE = (DSL, DEPUTY, HEAD, COMMS, CHAIR, STAFF)
WHOLE = {factor.key: 0 for factor in FACTORS}
HOUR = timedelta(hours=1)


class Scene:
    """A school, its people, and one flagged post."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        clock.moment = NOON
        self.store, self.clock = store, clock
        self.finding = fill(store, *EVERYONE)
        self.desk = Casework(store, clock)

    def opened(self, by: User = DSL, **changes: object) -> Case:
        """Open a case from the post."""
        chosen = {
            "kind": DecisionKind.OPEN_CASE,
            "category": Category.HARASSMENT_STAFF,
            "severity": Severity.S2,
            "target": "teacher",
            "reason": "it targets one teacher",
        } | changes
        case = self.desk.decide(by, self.finding.id, **chosen).case  # type: ignore[arg-type]
        assert case is not None
        return case

    def captured(self, case: Case) -> Case:
        """Capture and seal the case's only item."""
        item = self.desk.case(DSL, case.id).items[0]
        order = self.desk.order_started(self.desk.order_capture(DSL, case.id, item.id, SafetyAnswer.NO).id)
        evidence = an_evidence(case.id, item.id, order.id)
        self.desk.evidence_sealed(
            order.id, evidence, [CustodyDraft(at=self.clock.now(), by="u-dsl", evidence_id=evidence.id, what="sealed")]
        )
        return self.case(case)

    def case(self, case: Case) -> Case:
        """Return the case as it stands now."""
        with self.store.read() as work:
            return work.cases.get(case.id)

    def offered(self, case: Case, **changes: object) -> PersonalFiling:
        """Offer the person help to file."""
        item = self.desk.case(DSL, case.id).items[0].id
        chosen = {"person": "teacher", "supporter_id": DEPUTY.id, "words": "Please remove this post; it names me."} | changes
        return self.desk.offer_filing(DSL, case.id, item, **chosen)  # type: ignore[arg-type]

    def link(self, user: User, member_id: str = "s-1") -> str:
        """Put a person on the staff list, linked to an account; return the target."""
        with self.store.begin(by="system") as work:
            work.staff.add(StaffMember(id=member_id, school_id=SCHOOL_ID, name="Ms Oddwell", user_id=user.id))
            work.commit()
        return f"staff:{member_id}"

    def kinds(self, case: Case) -> set[DutyKind]:
        """Return which kinds of duties are open."""
        return {duty.kind for duty in self.desk.care_of(DSL, case.id).duties}


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """One flagged post in a school with people of every role."""
    return Scene(store, clock)


# --- seriousness (A17) ---


def test_every_version_of_the_form_is_kept(scene: Scene) -> None:
    """A17: a second form stands beside the first, with its own rule, facts and author; the newest counts."""  # A17
    case = scene.opened()
    scene.desk.assess(DSL, case.id, {"nature": 2}, {"nature": "an insult"})
    scene.desk.assess(DEPUTY, case.id, WHOLE | {"nature": 4}, {}, manners=["names", "nonsense"])
    care = scene.desk.care_of(DSL, case.id)

    assert [(form.version, form.by, form.band) for form in care.forms] == [(1, "u-dsl", Band.MINOR), (2, "u-deputy", Band.CRITICAL)]
    assert care.form is not None
    assert care.form.measured["manners"] == ["names"]  # B21
    assert care.form.measured["hours_at_least"] == 0
    assert "seriousness" in [event.what for event in scene.desk.case(DSL, case.id).events]


def test_the_form_is_filled_in_from_what_was_measured(scene: Scene) -> None:
    """First seen three hours ago and looked at again an hour later: at least 4 h; nobody published its reach."""
    case = scene.opened()
    scene.clock.forward(HOUR)
    item = scene.desk.case(DSL, case.id).items[0].id
    scene.desk.check_seen(case.id, a_check(Verdict.PRESENT, case_id=case.id, item_id=item, at=scene.clock.now()))
    scene.clock.forward(2 * HOUR)
    care = scene.desk.care_of(DSL, case.id)

    assert care.measured.says["visible"] == "at least 4 h; when it was posted is not known, and it may still be up"
    assert "not published" in care.measured.says["recirculation"]
    assert care.suggested == {"visible": 1, "repetition": 0}


def test_lower_only_by_the_head_with_a_reason(scene: Scene) -> None:
    """The lead may raise the band; lowering is the head's."""
    case = scene.opened()
    with pytest.raises(SeriousnessRefusedError):
        scene.desk.assess(DSL, case.id, {"nature": 3}, {}, override=Band.MINOR, reason="it is settled")
    assert scene.desk.assess(HEAD, case.id, {"nature": 3}, {}, override=Band.MINOR, reason="it is settled").stands is Band.MINOR
    assert scene.desk.assess(DSL, case.id, {"nature": 1}, {}, override=Band.CRITICAL).stands is Band.CRITICAL
    assert len(scene.desk.care_of(DSL, case.id).forms) == 2


def test_a_stopped_case_is_not_judged(scene: Scene) -> None:
    """Nothing is said of what a picture shows that nobody may open."""
    case = scene.opened(kind=DecisionKind.SAFEGUARDING, category=Category.CSAM, severity=Severity.S4, target="pupil")
    with pytest.raises(SeriousnessRefusedError, match="nobody may open"):
        scene.desk.assess(DSL, case.id, {}, {})


def test_who_posted_it_shows_the_procedure(scene: Scene) -> None:
    """The form's answer picks a procedure; the investigation's is more exact."""
    case = scene.opened()
    scene.desk.assess(DSL, case.id, {"author": 3}, {})
    assert scene.desk.care_of(DSL, case.id).procedure is Procedure.PUPIL_OR_STAFF
    inquiry = scene.desk.open_investigation(DSL, case.id, DSL.id)
    scene.desk.attribute_source(DSL, inquiry.id, Attribution.ADMITTED, SourceKind.PUPIL, "told the form tutor")

    assert scene.desk.care_of(DSL, case.id).procedure is Procedure.BEHAVIOUR_POLICY


def test_earlier_cases_about_the_same_person_are_counted(scene: Scene) -> None:
    """Only a person of the staff list can be the same; "a teacher" may be anybody."""
    target = scene.link(STAFF)
    first = scene.opened(target=target)
    with scene.store.begin(by="system") as work:
        for number, changes in enumerate(({"target": target}, {"target": "teacher"}, {"target": "teacher", "reuploaded_from": first.id})):
            finding = work.findings.add(a_finding(id=f"f-{number}", post_id=None, post_version=None))
            update = {"id": f"c-{number}", "ref": f"SW-2026-9{number:03}", "opened_at": NOON + HOUR, "finding_id": finding.id, **changes}
            work.cases.add(first.model_copy(update=update))
        work.commit()

    assert [scene.desk.care_of(DSL, f"c-{number}").measured.earlier for number in range(3)] == [1, 0, 1]


# --- referrals (A22, A28, B39) ---


def a_threat(scene: Scene) -> tuple[Case, Referral]:
    """Return a threat against a teacher, and the head's question for consent."""
    case = scene.opened(by=HEAD, kind=DecisionKind.SAFEGUARDING, category=Category.THREAT_TO_LIFE, severity=Severity.S4)
    return case, scene.desk.open_referral(HEAD, case.id, ReferralBody.POLICE, "he writes that he will come", "the teacher")


def test_the_police_with_consent_refused_and_then_given(scene: Scene) -> None:
    """A22: nobody is told until the teacher agrees; then force, reference and possible offences are kept beside the case."""  # A22
    case, referral = a_threat(scene)
    scene.desk.consent_answered(HEAD, referral.id, False, "in person")
    with pytest.raises(ConsentMissingError):
        scene.desk.referral_made(HEAD, referral.id, "101")
    scene.clock.forward(HOUR)
    scene.desk.consent_answered(HEAD, referral.id, True, "by telephone")
    made = scene.desk.referral_made(HEAD, referral.id, "101", "ref 12", "PC Quill", "Ashcombe Police", offences=["threat"])
    done = scene.desk.referral_outcome(HEAD, referral.id, "words of advice given")

    assert (made.consent, made.reference, made.force, made.offence_tags) == (Consent.GIVEN, "ref 12", "Ashcombe Police", ("threat",))
    assert (done.outcome, scene.case(case).state) == ("words of advice given", CaseState.SAFEGUARDING_LEAD)
    words = [event.what for event in scene.desk.case(HEAD, case.id).events]
    assert words[-5:] == ["referral opened", "consent refused", "consent given", "referral made", "referral outcome"]


def test_without_consent_two_people_decide(scene: Scene) -> None:
    """A22: the head gives the reason, the lead agrees; the head alone cannot do both."""
    _case, referral = a_threat(scene)
    scene.desk.go_without_consent(HEAD, referral.id, OverrideCode.LEGAL_DUTY, "it may be terrorism")
    with pytest.raises(ConsentMissingError):
        scene.desk.referral_made(HEAD, referral.id, "101")
    with pytest.raises(ReferralRefusedError):
        scene.desk.agree_without_consent(HEAD, referral.id)
    with pytest.raises(PermissionDeniedError):
        scene.desk.agree_without_consent(STAFF, referral.id)
    assert scene.desk.agree_without_consent(DSL, referral.id).override_second == DSL.id
    assert scene.desk.referral_made(HEAD, referral.id, "online").made_at == NOON


def test_who_goes_to_the_police(scene: Scene) -> None:
    """§7.1: in a teacher's matter the head; in a child's matter the leads too, without waiting for anybody's consent."""
    case = scene.opened()
    with pytest.raises(PermissionDeniedError, match="999"):
        scene.desk.open_referral(DSL, case.id, ReferralBody.POLICE, "threats", "the teacher")
    with scene.store.begin(by="system") as work:
        work.cases.replace(case.model_copy(update={"lead_category": Category.PUPIL_BULLYING, "target": "pupil"}))
        work.commit()
    referral = scene.desk.open_referral(DSL, case.id, ReferralBody.POLICE, "a child is threatened")

    assert (referral.consent, referral.override) == (Consent.NOT_NEEDED, OverrideCode.CHILD_AT_RISK)
    assert scene.desk.referral_made(DEPUTY, referral.id, "101").made_by == DEPUTY.id


def test_the_chair_stands_for_the_head(scene: Scene) -> None:
    """In a case about the head the chair refers, and the head does not even see that there is one."""
    finding = scene.desk.decide(
        DSL, scene.finding.id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, Severity.S2, "headteacher", "about the head"
    )
    assert finding.case is None
    case = scene.desk.cases(CHAIR, [SCHOOL_ID])[0].case
    referral = scene.desk.open_referral(CHAIR, case.id, ReferralBody.LOCAL_AUTHORITY, "about the head")  # B39

    assert referral.opened_by == CHAIR.id
    with pytest.raises(NotFoundError):
        scene.desk.open_referral(HEAD, case.id, ReferralBody.GOVERNORS, "hush")


def test_the_lados_word_is_the_advice(scene: Scene) -> None:
    """A10, A28: an outcome of the LADO releases the case; advice recorded by hand leaves a referral with its date."""  # A28
    case = scene.opened(by=DSL, kind=DecisionKind.SAFEGUARDING, category=Category.STAFF_ALLEGATION, severity=Severity.S3)
    assert DutyKind.LADO in scene.kinds(case)
    referral = scene.desk.open_referral(DSL, case.id, ReferralBody.LADO, "an allegation")
    with pytest.raises(ReferralRefusedError, match="record first"):
        scene.desk.referral_outcome(DSL, referral.id, "no strategy meeting")
    scene.desk.referral_made(DSL, referral.id, "telephone")
    assert scene.case(case).advice_recorded_at is None
    scene.desk.referral_outcome(DSL, referral.id, "no strategy meeting")
    scene.desk.record_advice(DSL, case.id, "csc", "nothing further")
    found = scene.desk.care_of(DSL, case.id).referrals

    assert scene.case(case).advice_recorded_at == NOON
    assert {(one.body, one.made_at is not None, one.outcome is not None) for one in found} == {
        (ReferralBody.LADO, True, True),
        (ReferralBody.CSC, True, True),
    }
    assert DutyKind.LADO not in scene.kinds(case)


def test_advice_by_hand_completes_the_referral_that_waits(scene: Scene) -> None:
    """The LADO was told and nothing came back yet: the advice is the outcome, not a second referral."""
    case = scene.opened(kind=DecisionKind.SAFEGUARDING, category=Category.STAFF_ALLEGATION, severity=Severity.S3)
    referral = scene.desk.open_referral(DSL, case.id, ReferralBody.LADO, "an allegation")
    scene.desk.record_advice(DSL, case.id, "lado", "look into it yourselves")
    found = scene.desk.care_of(DSL, case.id).referrals

    assert [(one.id, one.made_by, one.outcome is not None) for one in found] == [(referral.id, DSL.id, True)]


def test_a_line_that_is_too_long_is_refused(scene: Scene) -> None:
    """A reference is a line; nothing is half-written."""
    _case, referral = a_threat(scene)
    with pytest.raises(ReferralRefusedError, match="200"):
        scene.desk.consent_answered(HEAD, referral.id, True, "x" * 201)
    with pytest.raises(CaseError, match="future"):
        scene.desk.referral_made(HEAD, referral.id, "101", made_at=NOON + HOUR)


# --- support (A23, B22) and the reporter (B23) ---


def test_support_is_offered_answered_and_asked_again(scene: Scene) -> None:
    """A23: the duty ends with the offer; "later" brings it back on its day. There is no field for anything clinical."""  # A23 B22
    case = scene.opened()
    assert DutyKind.SUPPORT in scene.kinds(case)
    offer = scene.desk.offer_support(HEAD, case.id, "teacher", [SupportKind.UNION, SupportKind.COUNSELLING])
    assert offer.kinds == (SupportKind.COUNSELLING, SupportKind.UNION)
    assert DutyKind.SUPPORT not in scene.kinds(case)
    scene.desk.support_answered(HEAD, offer.id, SupportAnswer.LATER, date(2026, 11, 27))

    assert DutyKind.SUPPORT_REVIEW in scene.kinds(case)
    assert {"note", "notes", "text"} & set(type(offer).model_fields) == set()


def test_an_offer_says_what_to_whom_and_when_again(scene: Scene) -> None:
    """Nothing offered, nobody in particular, a day gone by: refused in words, nothing kept."""
    case = scene.opened()
    for person, kinds, day, words in (
        ("teacher", [], None, "at least one"),
        ("school", [SupportKind.UNION], None, "to whom"),
        ("Ms Oddwell", [SupportKind.UNION], None, "to whom"),
        ("teacher", [SupportKind.UNION], date(2026, 11, 19), "lie ahead"),
        ("teacher", [SupportKind.UNION], date(2028, 1, 1), "within a year"),
    ):
        with pytest.raises(SupportRefusedError, match=words):
            scene.desk.offer_support(DSL, case.id, person, kinds, day)
    with pytest.raises(PermissionDeniedError):
        scene.desk.offer_support(COMMS, case.id, "teacher", [SupportKind.UNION])
    assert scene.desk.care_of(DSL, case.id).support == ()


def test_the_reporter_is_told_before_the_case_closes(scene: Scene) -> None:
    """B23: a reported case waits for the answer; given before, closing takes it over."""  # B23
    scene.desk.report_by(STAFF, SCHOOL_ID, ReportForm(says="They write about me.", ticks=(ReportTick.SENT_TO_WORK_ACCOUNT,)))  # A11
    scene.finding = next(row.finding for row in scene.desk.inbox(DSL, [SCHOOL_ID]).rows if row.report is not None)
    case = scene.opened(by=HEAD)
    assert DutyKind.REPLY in scene.kinds(case)
    scene.desk.move(
        HEAD, case.id, CaseState.WITHDRAWN, {"who_withdrew": "the teacher", "withdrawn_at": NOON, "reason": "settled"}, "settled"
    )
    with pytest.raises(FieldsMissingError):
        scene.desk.close(HEAD, case.id, "withdrawn", "talk early", "union")
    with pytest.raises(CaseError, match="what they were told"):
        scene.desk.answer_reporter(HEAD, case.id, " ")
    scene.desk.answer_reporter(HEAD, case.id, "We spoke on the telephone.")

    assert DutyKind.REPLY not in scene.kinds(case)
    assert scene.desk.close(HEAD, case.id, "withdrawn", "talk early", "union").state is CaseState.CLOSED


def test_a_collected_post_has_no_reporter(scene: Scene) -> None:
    """Nobody is answered where nobody reported."""
    case = scene.opened()
    with pytest.raises(CaseError, match="nobody reported"):
        scene.desk.answer_reporter(DSL, case.id, "hello")


# --- investigation (A15), source (A27), procedures (A16, A24) ---


def test_an_investigation_from_opening_to_its_end(scene: Scene) -> None:
    """A15: lead, steps with time and name, findings, outcome; one at a time; closed stays closed."""  # A15
    case = scene.opened()
    assert DutyKind.INVESTIGATION in scene.kinds(case)
    inquiry = scene.desk.open_investigation(DSL, case.id, DEPUTY.id)
    with pytest.raises(InvestigationRefusedError, match="already"):
        scene.desk.open_investigation(HEAD, case.id, HEAD.id)
    scene.desk.investigation_step(DEPUTY, inquiry.id, "spoke to the form tutor")
    done = scene.desk.close_investigation(DEPUTY, inquiry.id, "two pupils posted it", "behaviour policy")
    with pytest.raises(InvestigationRefusedError, match="closed"):
        scene.desk.investigation_step(DEPUTY, inquiry.id, "more")

    assert [(step["by"], step["text"]) for step in done.steps] == [("u-deputy", "spoke to the form tutor")]
    assert (done.closed_by, done.outcome) == ("u-deputy", "behaviour policy")


def test_no_investigation_before_advice_nor_of_a_stopped_case(scene: Scene) -> None:
    """The LADO first; and what may be an indecent image is the police's."""
    case = scene.opened(kind=DecisionKind.SAFEGUARDING, category=Category.STAFF_ALLEGATION, severity=Severity.S3)
    with pytest.raises(AdviceMissingError):
        scene.desk.open_investigation(DSL, case.id, DSL.id)
    scene.desk.record_advice(DSL, case.id, "lado", "look into it")
    assert scene.desk.open_investigation(DSL, case.id, DSL.id).lead == DSL.id
    with scene.store.begin(by="system") as work:
        work.cases.replace(scene.case(case).model_copy(update={"stop": True}))
        work.commit()
    with pytest.raises(InvestigationRefusedError, match="police"):
        scene.desk.open_investigation(DSL, case.id, DSL.id)


@pytest.mark.parametrize("lead", ["u-comms", "u-nobody", "u-staff"])
def test_whoever_leads_must_be_allowed_to_see_it(scene: Scene, lead: str) -> None:
    """Somebody unknown or without leave cannot look into it."""
    case = scene.opened()
    with pytest.raises(InvestigationRefusedError, match="choose somebody else"):
        scene.desk.open_investigation(DSL, case.id, lead)


def test_a_source_is_named_by_a_person_with_its_basis(scene: Scene) -> None:
    """A27: who, when and on what it rests; unknown needs no basis; never a number."""  # A27
    case = scene.opened()
    inquiry = scene.desk.open_investigation(DSL, case.id, DSL.id)
    with pytest.raises(CaseError, match="what that rests on"):
        scene.desk.attribute_source(DSL, inquiry.id, Attribution.SUSPECTED, SourceKind.PUPIL, "")
    found = scene.desk.attribute_source(DSL, inquiry.id, Attribution.SUSPECTED, SourceKind.PUPIL, "same words in class")
    again = scene.desk.attribute_source(HEAD, inquiry.id, Attribution.UNKNOWN, SourceKind.PUPIL, "")

    assert (found.source_by, found.source_at, found.source_kind) == ("u-dsl", NOON, SourceKind.PUPIL)
    assert (again.source, again.source_kind, again.source_note) == (Attribution.UNKNOWN, SourceKind.UNKNOWN, None)
    assert not any(isinstance(value, float) for value in found.model_dump().values())


def test_a_pupil_is_a_task_with_a_reference_only(scene: Scene) -> None:
    """A16: the sanction stays in the school's own system."""  # A16
    case = scene.opened()
    inquiry = scene.desk.open_investigation(DSL, case.id, DSL.id)
    scene.desk.attribute_source(DSL, inquiry.id, Attribution.ADMITTED, SourceKind.PUPIL, "told us")
    assert DutyKind.PROCEDURE in scene.kinds(case)
    with pytest.raises(InvestigationRefusedError, match="one line"):
        scene.desk.point_to_procedure(DSL, inquiry.id, "x" * 201)
    scene.desk.point_to_procedure(DSL, inquiry.id, "behaviour log 44")

    assert DutyKind.PROCEDURE not in scene.kinds(case)


def test_a_colleague_as_source_makes_it_the_heads(scene: Scene) -> None:
    """A24, B13, B14: restricted to the head and the chair, given to the head; the colleague is asked to remove it."""  # A24 B13 B14
    case = scene.opened()
    inquiry = scene.desk.open_investigation(DSL, case.id, DSL.id)
    scene.desk.attribute_source(DSL, inquiry.id, Attribution.ADMITTED, SourceKind.STAFF, "told the head", "staff")
    after = scene.case(case)

    assert (after.confidentiality, after.owner_id) == (Confidentiality.RESTRICTED_HT, HEAD.id)
    with pytest.raises(PermissionDeniedError):
        scene.desk.case(DSL, case.id)
    assert DutyKind.AUTHOR in {duty.kind for duty in scene.desk.care_of(HEAD, case.id).duties}


def test_the_head_as_source_makes_it_the_chairs(scene: Scene) -> None:
    """§7.3: the reported author is the head: the chair has it, and for the head it does not exist, in list, search and file."""
    case = scene.opened()
    target = scene.link(HEAD)
    inquiry = scene.desk.open_investigation(DSL, case.id, DSL.id)
    with pytest.raises(InvestigationRefusedError, match="from the list"):
        scene.desk.attribute_source(DSL, inquiry.id, Attribution.ADMITTED, SourceKind.STAFF, "he said so", "staff:nobody")
    with pytest.raises(InvestigationRefusedError, match="yourself"):
        scene.desk.attribute_source(HEAD, inquiry.id, Attribution.ADMITTED, SourceKind.STAFF, "it was I", target)
    scene.desk.attribute_source(DSL, inquiry.id, Attribution.ADMITTED, SourceKind.STAFF, "he said so", target)

    assert (scene.case(case).confidentiality, scene.case(case).owner_id) == (Confidentiality.RESTRICTED_CHAIR, CHAIR.id)
    assert scene.desk.cases(HEAD, [SCHOOL_ID]) == ()
    assert scene.desk.search(HEAD, case.ref, [SCHOOL_ID]).cases == ()
    with pytest.raises(NotFoundError):
        scene.desk.case_by_ref(HEAD, case.ref)


def test_the_chair_is_told_and_a_source_never(scene: Scene) -> None:
    """§7.3: a case about the head tells the chair at once; a colleague found to have posted it gets no message any more."""
    with scene.store.begin(by="system") as work:
        for user in (CHAIR, DEPUTY, HEAD):
            work.ways.add(
                Way(id=f"w-{user.id}", user_id=user.id, kind=WayKind.MAIL, address="a@b.example", added_by=user.id, added_at=NOON)
            )
        work.commit()
    scene.desk.decide(DSL, scene.finding.id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, Severity.S2, "headteacher", "the head")
    case = scene.desk.cases(CHAIR, [SCHOOL_ID])[0].case
    target = scene.link(DEPUTY)
    inquiry = scene.desk.open_investigation(CHAIR, case.id, CHAIR.id)
    scene.desk.attribute_source(CHAIR, inquiry.id, Attribution.ADMITTED, SourceKind.STAFF, "said so", target)
    with scene.store.read() as work:
        told = {message.user_id for message in work.messages.where(case_id=case.id)}
        never = outbox.subjects_of(work, scene.case(case))

    assert told == {CHAIR.id}
    assert never == {HEAD.id, DEPUTY.id}


def test_a_lead_as_source_sees_nothing_of_it_any_more(scene: Scene) -> None:
    """§7.3: a deputy who posted it is shut out by the staff list's link, also as owner, in export and as helper."""
    case = scene.opened()
    target = scene.link(DEPUTY)
    inquiry = scene.desk.open_investigation(HEAD, case.id, HEAD.id)
    scene.desk.attribute_source(HEAD, inquiry.id, Attribution.SUSPECTED, SourceKind.STAFF, "the account's mail", target)
    for act in (
        lambda: scene.desk.case(DEPUTY, case.id),
        lambda: scene.desk.may_export(DEPUTY, case.id),
        lambda: scene.desk.care_of(DEPUTY, case.id),
    ):
        with pytest.raises(NotFoundError):
            act()
    with pytest.raises(CaseError, match="cannot own it"):
        scene.desk.assign(HEAD, case.id, DEPUTY.id)


# --- the person files it (A19) ---


def test_the_person_files_it_with_help(scene: Scene) -> None:
    """A19: offered with a named helper, papers, filed, answered; the case waits and is then requested; only our looks end it."""  # A19
    case = scene.captured(scene.opened())
    filing = scene.offered(case, link="https://forum.example.org/report", reply_by=NOON + 4 * HOUR)
    with pytest.raises(FilingRefusedError, match="make the papers first"):
        scene.desk.papers_given(DSL, filing.id)
    scene.desk.papers_made(DSL, filing.id, "ab" * 32)
    given = scene.desk.papers_given(DSL, filing.id)
    assert (given.state, scene.case(case).state) == (FilingState.PACK_GIVEN, CaseState.AWAITING_COMPLAINANT)
    scene.clock.forward(HOUR)
    filed = scene.desk.filed(DSL, filing.id, "F-77")
    assert (filed.filed_at, scene.case(case).state) == (NOON + HOUR, CaseState.REQUESTED)
    answered = scene.desk.filing_answered(DSL, filing.id, "we removed it")

    assert (answered.state, answered.answer) == (FilingState.ANSWERED, "we removed it")
    assert scene.case(case).gone_observed_at is None
    with scene.store.read() as work:
        assert [one.to_whom for one in work.disclosures.where(case_id=case.id)] == ["the person concerned (a teacher)"]


def test_a_request_drafted_for_the_person_is_sent_when_they_file(scene: Scene) -> None:
    """It is counted with the others, and its answer can be recorded like theirs."""
    case = scene.captured(scene.opened())
    wording = Wording(what_it_is="A post that calls a teacher names.", unlawful_nature="It is untrue.", complainant="the teacher")
    item = scene.desk.case(DSL, case.id).items[0].id
    request = scene.desk.draft(DSL, case.id, item, Route.SITE_OPERATOR, Ground.PLATFORM_RULES, Capacity.SUBJECT, wording)
    with scene.store.begin(by="system") as work:
        work.requests.replace(request.model_copy(update={"route": Route.COMPLAINANT}))
        work.commit()
    filing = scene.offered(case)
    scene.desk.papers_made(DSL, filing.id, "ab" * 32)
    scene.desk.papers_given(DSL, filing.id)
    scene.desk.filed(DSL, filing.id, "F-78")
    found = scene.desk.case(DSL, case.id).requests[0]

    assert (found.state, found.reference) == (RequestState.SENT, "F-78")


def test_declining_is_free_and_may_change(scene: Scene) -> None:
    """Nobody is pressed; the case stays workable; the papers may still be taken later."""
    case = scene.captured(scene.opened())
    filing = scene.offered(case)
    assert scene.desk.filing_declined(DSL, filing.id, "rather not").state is FilingState.DECLINED
    assert scene.case(case).state is CaseState.EVIDENCE_CAPTURED
    with pytest.raises(FilingRefusedError, match="declined by the person"):
        scene.desk.filed(DSL, filing.id, "F-1")
    scene.desk.papers_made(DSL, filing.id, "ab" * 32)

    assert scene.desk.papers_given(DSL, filing.id).state is FilingState.PACK_GIVEN


def test_what_an_offer_needs(scene: Scene) -> None:
    """Evidence first; a person, a helper who may see it, words that fit, a real link, a time ahead."""
    case = scene.opened()
    with pytest.raises(EvidenceMissingError):
        scene.offered(case)
    scene.captured(case)
    for changes, words in (
        ({"person": "school"}, "which person"),
        ({"person": "Ms Oddwell"}, "which person"),
        ({"supporter_id": COMMS.id}, "name a helper"),
        ({"words": "x" * 5_001}, "5,000"),
        ({"link": "javascript:alert(1)"}, "web address"),
        ({"link": "https://forum.example.org/a b"}, "web address"),
        ({"reply_by": NOON - HOUR}, "lie ahead"),
        ({"reply_by": NOON + timedelta(days=29)}, "four weeks"),
    ):
        with pytest.raises(FilingRefusedError, match=words):
            scene.offered(case, **changes)
    assert scene.desk.care_of(DSL, case.id).filings == ()


def test_nobody_files_what_is_blocked(scene: Scene) -> None:
    """Before advice, or once the case is stopped, no person is sent to a platform either."""
    case = scene.captured(scene.opened())
    filing = scene.offered(case)
    item = scene.desk.case(DSL, case.id).items[0].id
    scene.desk.order_capture(DSL, case.id, item, SafetyAnswer.NOT_SURE)
    with pytest.raises(FilingRefusedError, match="indecent image"):
        scene.desk.papers_made(DSL, filing.id, "ab" * 32)
    with pytest.raises(FilingRefusedError, match="indecent image"):
        scene.offered(case)


def test_two_people_cannot_give_the_same_papers_twice(scene: Scene) -> None:
    """The second click is told how it stands."""
    case = scene.captured(scene.opened())
    filing = scene.offered(case)
    scene.desk.papers_made(DSL, filing.id, "ab" * 32)
    scene.desk.papers_given(DSL, filing.id)
    with pytest.raises((FilingRefusedError, ConflictError)):
        scene.desk.papers_given(DEPUTY, filing.id)


# --- the end of a stopped case (B36, B37) ---


def test_a_stopped_case_ends_with_the_lead_once_it_was_passed_on(scene: Scene) -> None:
    """B36, B37: advice, the IWF by the address, then closed by the lead; before that nothing closes it."""  # B36 B37
    case = scene.opened(kind=DecisionKind.SAFEGUARDING, category=Category.CSAM, severity=Severity.S4, target="pupil")
    closing = ("passed_on", "tell staff not to open", "the child's family was supported")
    with pytest.raises(CaseError):
        scene.desk.close(DSL, case.id, *closing)
    scene.desk.record_advice(DSL, case.id, "police", "do not open it; report to the IWF")
    with pytest.raises(IllegalMoveError, match="Internet Watch Foundation"):
        scene.desk.close(DSL, case.id, *closing)
    referral = scene.desk.open_referral(DSL, case.id, ReferralBody.IWF, "the address only")
    assert scene.desk.case(DSL, case.id).next_step.verb == "stop"
    scene.desk.referral_made(DSL, referral.id, "online", "IWF-1")
    assert scene.desk.case(DSL, case.id).next_step.verb == "close"
    scene.clock.forward(30 * HOUR)
    closed = scene.desk.close(DSL, case.id, *closing)

    assert (closed.state, closed.outcome, closed.stop) == (CaseState.CLOSED, "passed_on", True)


def test_only_a_stopped_case_ends_there(scene: Scene) -> None:
    """A disclosure with advice and a referral is released or answered, never closed from the lead's hands."""
    case = scene.opened(kind=DecisionKind.SAFEGUARDING, category=Category.SAFEGUARDING_DISCLOSURE, severity=Severity.S3, target="pupil")
    referral = scene.desk.open_referral(DSL, case.id, ReferralBody.POLICE, "a child is hurt")
    scene.desk.referral_made(DSL, referral.id, "999")
    fields = {
        "advice": "police",
        "outcome": "passed_on",
        "lessons": "-",
        "support_offered": "-",
        "source_outcome": "-",
        "people_informed": "-",
        "policy_review": False,
    }
    with pytest.raises(IllegalMoveError, match="release it"):
        scene.desk.move(DSL, case.id, CaseState.CLOSED, fields)
