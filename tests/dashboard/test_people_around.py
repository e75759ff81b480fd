"""The pieces of the case page about people: each step as a person would take it, and what is said when it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from casework.intake import ReportForm
from dashboard.parts import at_desk, signed_in
from dashboard.parts.testing import HOSTILE, World
from data.model.care import Attribution, Band, Consent, FilingState, OverrideCode, ReferralBody, SourceKind, SupportAnswer, SupportKind
from data.model.cases import Case, CaseState, Confidentiality
from data.model.findings import DecisionKind, ReportTick
from data.model.readings import Category, Severity

WHO = "dsl"


def around(desk: object, user: object, case_id: str) -> None:
    """Draw the pieces about people of one case; AppTest takes this function's source."""
    from dashboard.parts import notice
    from dashboard.parts.bench import Bench
    from dashboard.parts.case_people import owed, people
    from dashboard.parts.refusal import drawn

    def pieces(desk: object, user: object) -> None:
        bench = Bench(desk, user, desk.casework.case(user, case_id))
        care = desk.casework.care_of(user, case_id)
        owed(bench, care)
        people(bench, care)

    notice.show()
    drawn(pieces, desk, user)


def page(world: World, case: Case, who: str = WHO) -> AppTest:
    """Draw the pieces for somebody."""
    kwargs = {"desk": world.desk, "user": world.people[who], "case_id": case.id}
    return AppTest.from_function(around, kwargs=kwargs, default_timeout=20).run()


def words(test: AppTest) -> str:
    """Return everything that stands on the page."""
    kinds = ("markdown", "text", "caption", "warning", "error", "success")
    return "\n".join(str(one.value) for kind in kinds for one in getattr(test, kind))


OUTSIDE = {"Put it to", "Told by", "Who posted it?"}  # fields that change the page at once; the others belong to a form


def put(test: AppTest, kind: str, label: str, value: object) -> AppTest:
    """Fill the first field of this label; a form's fields are sent with its button."""
    found = [one for one in getattr(test, kind) if one.label == label]
    assert found, (label, [one.label for one in getattr(test, kind)])
    found[0].set_value(value)
    return test.run() if label in OUTSIDE else test


def press(test: AppTest, label: str) -> AppTest:
    """Press the first button of this label; nothing may break."""
    found = [one for one in test.button if one.label == label]
    assert found, (label, [one.label for one in test.button])
    test = found[0].click().run()
    assert not test.exception
    assert not any("could not be drawn" in one.value for one in test.error)
    return test


@pytest.fixture
def case(world: World) -> Case:
    """A case about a teacher, with evidence."""
    made = world.open_case("shouted", HOSTILE)
    world.capture("shouted")
    return made


def test_what_is_owed_stands_first_with_its_time(world: World, case: Case) -> None:
    """Support and an investigation by the next working day; late is said in words, not only in red."""
    seen = words(page(world, case))
    world.clock.forward(timedelta(days=4))
    later = words(page(world, case))

    assert "by Mon 23 Nov" in seen
    assert "policy A23" in seen
    assert "late, was due Mon 23 Nov" in later
    assert "The 24 hours were missed" in later


def test_how_serious_it_is(world: World, case: Case) -> None:
    """A17: proposed answers stand there with what was measured; kept, the band is said; too low is refused and the form stays."""  # A17
    test = page(world, case)
    assert "not published" in words(test)
    put(test, "selectbox", "What it says or shows (policy)", 3)
    put(test, "selectbox", "Count it as", Band.MINOR)
    refused = press(test, "Keep this version")
    assert "only the headteacher" in words(refused)
    put(refused, "selectbox", "Count it as", None)
    kept = press(refused, "Keep this version")
    form = world.desk.casework.care_of(world.people[WHO], case.id).form

    assert form is not None
    assert (form.answers["nature"], form.answers["visible"], form.band) == (3, 0, Band.SERIOUS)
    assert "It counts as serious" in words(kept)
    assert "Not assessed yet" not in words(kept)  # of S2 not every factor is asked


def test_support_offered_and_answered(world: World, case: Case) -> None:
    """A23: nothing chosen is refused in words; the offer and its answer stand on the page; no text about health is asked."""  # A23
    test = page(world, case)
    assert "at least one" in words(press(test, "Record the offer"))
    found = next(one for one in test.get("button_group") if one.label == "What was offered?")
    found.set_value([SupportKind.UNION])
    test = press(test, "Record the offer")
    put(test, "radio", "What did the person say?", SupportAnswer.ACCEPTED)
    test = press(test, "Record the answer")

    assert "Answer: accepted" in words(test)
    assert world.desk.casework.care_of(world.people[WHO], case.id).support[0].kinds == (SupportKind.UNION,)


def test_the_police_with_consent_refused_then_given(world: World) -> None:
    """A22: the head opens it, the teacher says no, then yes; the police are told with force and reference."""  # A22
    finding = world.flag("gate", "someone is getting hurt at three", Severity.S4, Category.THREAT_TO_LIFE)
    kind, category = DecisionKind.SAFEGUARDING, Category.THREAT_TO_LIFE
    case = world.keep(
        "gate", world.desk.casework.decide(world.people["dsl"], finding.id, kind, category, Severity.S4, "teacher", "A threat.")
    )
    test = page(world, case, "head")
    test = put(test, "selectbox", "Put it to", ReferralBody.POLICE)
    put(test, "text_area", "Why is it put to them?", "He writes that he will come.")
    test = press(test, "Open the referral")
    for agrees in (False, True):
        put(test, "radio", "Does the person agree?", agrees)
        put(test, "text_input", "How did they say so?", "in person")
        test = press(test, "Record the answer")
        if not agrees:
            assert "Consent: the person does not agree" in words(test)
            put(test, "selectbox", "Told by", "101")
            put(test, "text_input", "Police force", "Ashcombe Police")
            test = press(test, "They were told")
            assert "only when the person concerned agrees" in words(test)
            assert [one.value for one in test.text_input if one.label == "Police force"] == ["Ashcombe Police"]
    test = press(test, "They were told")
    test = put(test, "text_area", "What came of it?", "They visited him.")
    test = press(test, "Record the outcome")
    made = world.desk.casework.care_of(world.people["head"], case.id).referrals[0]

    assert (made.consent, made.force, made.outcome) == (Consent.GIVEN, "Ashcombe Police", "They visited him.")


def test_without_consent_somebody_else_must_agree(world: World, case: Case) -> None:
    """A22: the head gives a reason; on the head's page nobody can agree, on the lead's somebody can."""
    room, head = world.desk.casework, world.people["head"]
    room.open_referral(head, case.id, ReferralBody.POLICE, "he names a day", "the teacher")
    test = page(world, case, "head")
    put(test, "selectbox", "Go without consent because", OverrideCode.LEGAL_DUTY)
    put(test, "text_area", "What makes it so?", "It may be terrorism.")
    test = press(test, "Go without consent")
    label = "I agree to going without consent"

    assert label not in [one.label for one in test.button]
    press(page(world, case, "deputy"), label)
    assert room.care_of(head, case.id).referrals[0].override_second == "u-deputy"


def test_the_lead_is_told_who_goes_to_the_police(world: World, case: Case) -> None:
    """A body that is not this person's to tell is not on the list; why, and what to do in danger, stands there."""
    test = page(world, case)
    offered = next(one for one in test.selectbox if one.label == "Put it to")

    assert "999 at once" in words(test)
    assert "the headteacher goes to the police" in words(test)
    assert not any("the police" in option for option in offered.options)


def test_looking_into_it_and_who_posted_it(world: World, case: Case) -> None:
    """A15, A27, A16: lead, step, source with its basis, the procedure's reference, the end."""  # A15 A27 A16
    test = page(world, case)
    put(test, "selectbox", "Who looks into it?", "u-deputy")
    test = press(test, "Begin")
    put(test, "text_input", "What was done?", "Spoke to the form tutor.")
    test = press(test, "Add the step")
    test = put(test, "selectbox", "Who posted it?", SourceKind.PUPIL)
    put(test, "radio", "How sure is that?", Attribution.ADMITTED)
    put(test, "text_area", "What does that rest on?", "Told us in person.")
    test = press(test, "Record the source")
    put(test, "text_input", "Reference in the school's own system", "log 44")
    test = press(test, "Keep the reference")
    put(test, "text_area", "What was found?", "One pupil posted it.")
    put(test, "text_input", "What followed?", "behaviour policy")
    test = press(test, "End it")
    seen = words(test)

    for wanted in ("Spoke to the form tutor.", "a pupil, admitted by the person", "log 44", "One pupil posted it."):
        assert wanted in seen, wanted


def test_a_colleague_as_source_is_announced_and_then_hidden(world: World, case: Case) -> None:
    """A24: the page says first that only the head and the chair will see it; afterwards it does, without a traceback."""  # A24
    room, dsl = world.desk.casework, world.people["dsl"]
    room.open_investigation(dsl, case.id, "u-dsl")
    test = put(page(world, case), "selectbox", "Who posted it?", SourceKind.STAFF)
    assert "Only the headteacher and the chair" in words(test)
    put(test, "radio", "How sure is that?", Attribution.ADMITTED)
    put(test, "text_area", "What does that rest on?", "Told the head.")
    test = press(test, "Record the source")

    assert "does not allow this" in words(test)
    assert room.case(world.people["head"], case.id).case.confidentiality is Confidentiality.RESTRICTED_HT


def test_the_person_files_it(world: World, case: Case) -> None:
    """A19: offer, papers, handed over, filed, answered; before the papers were made nothing is handed over."""  # A19
    room, dsl = world.desk.casework, world.people["dsl"]
    test = page(world, case)
    assert "Name a helper" in words(press(test, "Offer this help"))
    put(test, "selectbox", "Who helps the person?", "u-deputy")
    test = press(test, "Offer this help")
    filing = room.care_of(dsl, case.id).filings[0]
    assert [one.proto.url for one in test.get("link_button")] == [f"/papers/{filing.id}"]
    test = press(test, "The person has the papers")
    assert "make the papers first" in words(test).lower()
    world.desk.safe.papers(dsl, filing.id)
    test = press(test, "The person has the papers")
    put(test, "text_input", "Number that the site gave", "F-12")
    test = press(test, "The person has filed it")
    put(test, "text_area", "What did the site answer the person?", "It is removed.")
    test = press(test, "Record the answer")

    assert "Answer: It is removed." in words(test)
    assert room.care_of(dsl, case.id).filings[0].state is FilingState.ANSWERED
    assert room.case(dsl, case.id).case.state is CaseState.REQUESTED


def test_a_stopped_case_shows_only_what_helps(world: World) -> None:
    """B36: referral and support stand there; nothing that would look at, judge or file about what nobody may open."""  # B36
    finding = world.flag("swap", "pictures, swap?", Severity.S4, Category.CSAM)
    kind, category = DecisionKind.SAFEGUARDING, Category.CSAM
    case = world.keep("swap", world.desk.casework.decide(world.people["dsl"], finding.id, kind, category, Severity.S4, "pupil", "May be."))
    test = page(world, case)
    titles = [one.label for one in test.expander]

    assert titles == ["Police and other bodies", "Support for those concerned"]
    assert "by the address only" in words(test)


def test_the_reporter_is_told_and_that_is_kept(world: World) -> None:
    """B23: empty is refused in words; what was told stands there, and the duty goes."""  # B23
    room, dsl = world.desk.casework, world.people["dsl"]
    room.report_by(world.people["staff"], "fernley", ReportForm(says="They write about me.", ticks=(ReportTick.SENT_TO_WORK_ACCOUNT,)))
    finding = room.inbox(dsl, ["fernley"]).rows[0].finding
    category = Category.HARASSMENT_STAFF
    made = room.decide(dsl, finding.id, DecisionKind.OPEN_CASE, category, Severity.S2, "teacher", "Sent to a work account.")
    case = world.keep("told", made)
    test = page(world, case)
    assert "Tell the person who reported it" in words(test)
    assert "What they were told is empty" in words(press(test, "Record it"))
    put(test, "text_area", "What was the person told, by telephone or face to face?", "We rang.")
    test = press(test, "Record it")

    assert "We rang." in words(test)
    assert "Tell the person who reported it" not in words(test)


def test_about_the_chair_somebody_above_is_told(world: World) -> None:
    """§7.3: the page asks to tell the vice-chair or the trust."""
    case = world.open_case("chair", "the chair of governors is a crook", target="chair")

    assert "vice-chair or the trust" in words(page(world, case))


@pytest.fixture(autouse=True)
def _nobody_left_at_the_desk() -> Iterator[None]:
    """Leave no desk behind for the next test."""
    yield
    at_desk.use(None)
    assert callable(signed_in.token)
