"""What people do on the pages: each click as a person would make it, on a real desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.app
from dashboard.parts.testing import HOSTILE, SCHOOL, World
from data.model.cases import CaseState, RequestState
from data.model.evidence import OrderState, SafetyAnswer
from data.model.findings import DecisionKind, FindingState
from data.model.readings import Category, Severity
from schoolwatch.desk import Desk

APP = str(Path(dashboard.app.__file__))
Sit = Callable[[Desk, str | None], None]


def open_app(world: World, at: Sit, who: str | None = "dsl", view: str | None = None, record_id: str | None = None) -> AppTest:
    """Open the pages as somebody, on a page of theirs."""
    at(world.desk, world.token(who) if who else None)
    test = AppTest.from_file(APP, default_timeout=20)
    if record_id:
        test.query_params["id"] = record_id
    test.run()
    if view:
        test.switch_page(f"views/{view}.py")
        if record_id:
            test.query_params["id"] = record_id
        test.run()
    return test


def words(test: AppTest) -> str:
    """Return everything that stands on the page, as text."""
    kinds = ("title", "subheader", "markdown", "text", "caption", "info", "warning", "error", "success", "code")
    return "\n".join(str(one.value) for kind in kinds for one in getattr(test, kind))


def button(test: AppTest, label: str) -> object:
    """Return the button with this label."""
    found = [one for one in test.button if one.label == label]
    assert found, (label, [one.label for one in test.button])
    return found[0]


def field(test: AppTest, kind: str, label: str) -> object:
    """Return the field with this label."""
    found = [one for one in getattr(test, kind) if one.label == label]
    assert found, (label, [one.label for one in getattr(test, kind)])
    return found[0]


def chosen(test: AppTest, label: str, value: object) -> None:
    """Choose one of several by its value."""
    field(test, "radio", label).set_value(value).run()


def pressed(test: AppTest, label: str) -> AppTest:
    """Press a button."""
    return button(test, label).click().run()


def test_nobody_signed_in_sees_nothing(full_world: World, at: Sit) -> None:
    """Without a session the page says so and shows no name and no post."""
    seen = words(open_app(full_world, at, None))

    assert "You are signed out" in seen
    assert "Fernley" not in seen


@pytest.mark.parametrize(
    ("who", "first"),
    [
        ("dsl", "Inbox"),
        ("deputy", "Inbox"),
        ("head", "Inbox"),
        ("comms", "Inbox"),
        ("chair", "Cases"),
        ("governor", "Governors' report"),
        ("it", "Report something seen online"),
        ("staff", "Report something seen online"),
    ],
)
def test_everyone_begins_on_a_page_of_theirs(full_world: World, at: Sit, who: str, first: str) -> None:
    """The first page is the one that the person works on."""
    test = open_app(full_world, at, who)

    assert (first, []) == (test.title[0].value, list(test.exception))


@pytest.mark.parametrize(
    ("who", "view"), [("staff", "inbox"), ("it", "cases"), ("governor", "users"), ("comms", "users"), ("chair", "sources")]
)
def test_a_page_of_others_is_refused(full_world: World, at: Sit, who: str, view: str) -> None:
    """A page that is not in a person's list does not open by its address."""
    test = open_app(full_world, at, who)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        test.switch_page(f"views/{view}.py")


def test_a_one_time_password_must_be_changed_first(world: World, at: Sit) -> None:
    """Whoever signs in with a one-time password sees only the page that changes it."""
    made, password = world.desk.people.add(
        world.people["dsl"], SCHOOL, username="newcomer", name="New Comer", roles=world.people["deputy"].roles[SCHOOL]
    )
    at(world.desk, world.desk.sign_in.sign_in(made.username, password))
    test = AppTest.from_file(APP, default_timeout=20).run()

    assert test.title[0].value == "Change password"


def test_the_inbox_says_how_much_waits_and_the_worst_first(full_world: World, at: Sit) -> None:
    """The number, the age of the oldest, and the critical ones on top."""
    test = open_app(full_world, at)
    badges = [one.value for one in test.markdown if "badge" in str(one.proto.body)]

    assert "**7 to look at" in words(test)
    assert [one for one in badges if "Critical" in one] == badges[:2]


def test_the_comms_lead_sees_the_low_ones_only(full_world: World, at: Sit) -> None:
    """No safeguarding matter and nothing above Low reaches the comms lead's page."""
    seen = words(open_app(full_world, at, "comms"))

    assert "The bus of Fernley Green is late" in seen
    assert "getting hurt" not in seen
    assert "picture is passed round" not in seen
    assert "**1 to look at" in seen


def test_an_empty_inbox_says_that_it_works(world: World, at: Sit) -> None:
    """Nothing to do is said as such, and that nothing is watched is said too."""
    seen = words(open_app(world, at))

    assert "Nothing needs you" in seen
    assert "nothing new can arrive" in seen


def test_hostile_text_stays_text(full_world: World, at: Sit) -> None:
    """A post full of markup stands in elements that read no markup, and nowhere else."""
    for view, record in (("inbox", None), ("finding", "f-trip")):
        test = open_app(full_world, at, view=view, record_id=record)
        marked = [
            one.value
            for kind in ("markdown", "caption", "info", "error")
            for one in getattr(test, kind)
            if "pixel.example" in str(one.value)
        ]

        assert marked == []
        assert any("<script>alert(1)</script>" in one.value for one in test.text)
        assert not any("\u202e" in one.value for one in test.text)
    assert "\u202e" in HOSTILE


def test_search_finds_words_and_case_numbers(full_world: World, at: Sit) -> None:
    """One field for both."""
    test = open_app(full_world, at)
    field(test, "text_input", "Search by case number or words").set_value("sw-2026-0001").run()
    by_number = words(test)
    field(test, "text_input", "Search by case number or words").set_value("getting hurt").run()

    assert "Case SW\\-2026\\-0001" in by_number
    assert "someone is getting hurt at three" in words(test)


def test_search_finds_nothing_that_is_not_yours(full_world: World, at: Sit) -> None:
    """The comms lead's search does not reach a safeguarding matter."""
    test = open_app(full_world, at, "comms")
    field(test, "text_input", "Search by case number or words").set_value("getting hurt").run()

    assert "Nothing that you may see fits" in words(test)


def test_a_decision_opens_a_case_and_leads_there(full_world: World, at: Sit) -> None:
    """Choose, say why, record: the page says what happened and gives the next step."""
    test = open_app(full_world, at, view="finding", record_id="f-shout")
    chosen(test, "What is it to be?", DecisionKind.OPEN_CASE)
    field(test, "selectbox", "Whom does it concern?").set_value("teacher")
    field(test, "text_area", "Why?").set_value("It calls on others to write to one teacher.")
    pressed(test, "Record this decision")
    finding = full_world.desk.casework.finding(full_world.people["dsl"], "f-shout")

    assert finding.finding.state is FindingState.DECIDED
    assert finding.case is not None
    assert f"Go on to case {finding.case.ref}" in [one.label for one in test.button]
    assert "Nothing was sent to anyone" in words(test)


def test_a_refused_decision_says_why_and_keeps_the_text(full_world: World, at: Sit) -> None:
    """Without a person concerned, possible defamation opens no case; what was typed stays."""
    test = open_app(full_world, at, view="finding", record_id="f-trip")
    chosen(test, "What is it to be?", DecisionKind.OPEN_CASE)
    field(test, "text_area", "Why?").set_value("It says a crime as a fact.")
    pressed(test, "Record this decision")

    assert test.error
    assert field(test, "text_area", "Why?").value == "It says a crime as a fact."
    assert full_world.desk.casework.finding(full_world.people["dsl"], "f-trip").decided is None


def test_a_decision_can_be_taken_back(full_world: World, at: Sit) -> None:
    """No action, then undo: the post waits again."""
    test = open_app(full_world, at, view="finding", record_id="f-late")
    chosen(test, "What is it to be?", DecisionKind.NO_ACTION)
    field(test, "text_area", "Why?").set_value("A fair complaint.")
    pressed(test, "Record this decision")
    field(test, "text_input", "Why?").set_value("Pressed the wrong one.")
    pressed(test, "Take it back: the post waits again")

    assert full_world.desk.casework.finding(full_world.people["dsl"], "f-late").finding.state is FindingState.OPEN


def test_somebody_was_quicker(full_world: World, at: Sit) -> None:
    """Two people decide: the second is told, and nothing is changed."""
    test = open_app(full_world, at, view="finding", record_id="f-late")
    chosen(test, "What is it to be?", DecisionKind.NO_ACTION)
    field(test, "text_area", "Why?").set_value("A fair complaint.")
    full_world.desk.casework.decide(
        full_world.people["head"], "f-late", DecisionKind.HOLD, Category.FAIR_CRITICISM, Severity.S1, "none", "mine"
    )
    full_world.desk.casework.decide(
        full_world.people["head"], "f-late", DecisionKind.REPLY, Category.FAIR_CRITICISM, Severity.S1, "none", "I answer"
    )
    pressed(test, "Record this decision")

    decided = full_world.desk.casework.finding(full_world.people["dsl"], "f-late").decided
    assert decided is not None
    assert decided.by == "u-head"


def test_the_question_before_a_capture_has_no_answer_yet(full_world: World, at: Sit) -> None:
    """No default: pressing on without an answer is refused and orders nothing."""
    case = full_world.cases["fresh"]
    test = open_app(full_world, at, view="case", record_id=case.id)
    question = next(one for one in test.radio if one.label.startswith("Could this show"))
    before = question.value
    pressed(test, "Capture the evidence")

    assert before is None
    assert any("Answer the safety question" in one.value for one in test.error)
    assert full_world.desk.casework.case(full_world.people["dsl"], case.id).orders == ()


@pytest.mark.parametrize("answer", [SafetyAnswer.YES, SafetyAnswer.NOT_SURE])
def test_yes_or_not_sure_stops_the_case(full_world: World, at: Sit, answer: SafetyAnswer) -> None:
    """The case is stopped: steps are shown, the address is masked, nothing can be captured or downloaded."""
    case = full_world.cases["fresh"]
    test = open_app(full_world, at, view="case", record_id=case.id)
    next(one for one in test.radio if one.label.startswith("Could this show")).set_value(answer).run()
    pressed(test, "Stop and hand over to the safeguarding lead")
    seen = words(test)

    assert "STOP." in seen
    assert "What to do" in seen
    assert "town.example.org/@someone/fresh" not in seen
    assert "Capture the evidence" not in [one.label for one in test.button]
    assert full_world.desk.casework.case(full_world.people["dsl"], case.id).case.stop


def test_no_orders_the_capture_and_the_page_waits(full_world: World, at: Sit) -> None:
    """The order stands, the page says that it is on its way."""
    case = full_world.cases["fresh"]
    test = open_app(full_world, at, view="case", record_id=case.id)
    next(one for one in test.radio if one.label.startswith("Could this show")).set_value(SafetyAnswer.NO).run()
    pressed(test, "Capture the evidence")

    orders = full_world.desk.casework.case(full_world.people["dsl"], case.id).orders
    assert [order.state for order in orders] == [OrderState.WAITING]
    assert "waits for the worker" in words(test)


def test_from_draft_to_sent(full_world: World, at: Sit) -> None:
    """Words, preview, keep, record as sent: nothing is sent by the page."""
    case = full_world.cases["captured"]
    test = open_app(full_world, at, view="case", record_id=case.id)
    field(test, "text_area", "What is it, in one or two lines?").set_value("A post that calls on others to write to a teacher all day.")
    field(test, "text_input", "Which rule of the place does it break?").set_value("No harassment")
    pressed(test, "Show the words")
    shown = words(test)
    pressed(test, "Keep these words")
    field(test, "text_input", "Reference they gave you, if any").set_value("T-77")
    pressed(test, "I sent it: record it as sent")
    file = full_world.desk.casework.case(full_world.people["dsl"], case.id)

    assert "calls on others to write to a teacher all day" in shown
    assert (file.case.state, file.requests[0].state, file.requests[0].reference) == (CaseState.REQUESTED, RequestState.SENT, "T-77")
    assert "Check now" in [one.label for one in test.button]


def test_a_draft_with_a_childs_name_is_refused_and_kept(full_world: World, at: Sit) -> None:
    """Nothing that names a child leaves; the words stay in the form to be mended."""
    test = open_app(full_world, at, view="case", record_id=full_world.cases["captured"].id)
    typed = "It shows Kayley in Year 4 crying."
    field(test, "text_area", "What is it, in one or two lines?").set_value(typed)
    field(test, "text_input", "Which rule of the place does it break?").set_value("No harassment")
    pressed(test, "Show the words")

    assert any("child's name" in one.value.replace("\\", "") for one in test.error)
    assert field(test, "text_area", "What is it, in one or two lines?").value == typed


def test_check_now_asks_the_worker(full_world: World, at: Sit) -> None:
    """The button asks for a look; the answer comes by itself."""
    case = full_world.cases["asked"]
    pressed(open_app(full_world, at, view="case", record_id=case.id), "Check now")

    events = full_world.desk.casework.case(full_world.people["dsl"], case.id).events
    assert events[-1].what == "check asked"


def test_they_say_it_is_removed(full_world: World, at: Sit) -> None:
    """A claim is recorded as a claim, not as a removal."""
    case = full_world.cases["asked"]
    test = open_app(full_world, at, view="case", record_id=case.id)
    chosen(test, "What did they say?", "removed")
    field(test, "text_input", "Who says so?").set_value("the moderators")
    pressed(test, "Record the answer")

    assert full_world.desk.casework.case(full_world.people["dsl"], case.id).case.state is CaseState.CLAIMED_REMOVED


def test_a_verified_case_is_closed_with_what_was_learned(full_world: World, at: Sit) -> None:
    """The closing form asks for lessons and support, and refuses without."""
    case = full_world.cases["gone"]
    test = open_app(full_world, at, view="case", record_id=case.id)
    pressed(test, "Close the case")
    refused = bool(test.error)
    field(test, "text_area", "What was learned?").set_value("Ask early.")
    field(test, "text_area", "Which support was offered, or why none?").set_value("A talk with the teacher.")
    pressed(test, "Close the case")

    assert refused
    assert full_world.desk.casework.case(full_world.people["dsl"], case.id).case.state is CaseState.CLOSED


def test_a_stopped_case_offers_no_address_picture_or_pack(full_world: World, at: Sit) -> None:
    """Nothing on the page leads to the post."""
    test = open_app(full_world, at, view="case", record_id=full_world.cases["stopped"].id)
    seen = words(test)
    labels = [one.label for one in test.button]

    assert "town.example.org/@someone/stopped" not in seen
    assert not {"Check now", "Capture the evidence", "Show the words"} & set(labels)
    assert "Download the evidence pack" not in [one.proto.label for one in test.get("link_button")]


def test_a_picture_is_shown_only_with_a_reason(full_world: World, at: Sit) -> None:
    """A grey tile first; without a reason it stays grey; with one the view is in the record."""
    case = full_world.cases["captured"]
    test = open_app(full_world, at, view="case", record_id=case.id)
    before = len(test.get("imgs"))
    pressed(test, "Show it until my next click")
    refused = len(test.get("imgs"))
    field(test, "text_input", "Reason").set_value("To check that the post can be read.")
    pressed(test, "Show it until my next click")
    with full_world.desk.store.read() as work:
        viewed = [event for event in work.custody.where() if event.what == "viewed"]

    assert (before, refused, len(viewed)) == (0, 0, 1)


def test_advice_lets_a_safeguarding_case_go_on(full_world: World, at: Sit) -> None:
    """The lead records whose advice it was; the case is released."""
    case = full_world.cases["worry"]
    test = open_app(full_world, at, view="case", record_id=case.id)
    field(test, "radio", "Whose advice?").set_value("csc")
    field(test, "text_area", "What was advised, or why none was needed?").set_value("Referral made; the post may come down.")
    pressed(test, "Record the advice")

    assert full_world.desk.casework.case(full_world.people["dsl"], case.id).case.advice_recorded_at is not None


def test_a_case_of_others_is_not_shown(full_world: World, at: Sit) -> None:
    """Opened by its address, a restricted case shows the refusal and nothing of its content."""
    seen = words(open_app(full_world, at, "comms", view="case", record_id=full_world.cases["worry"].id))

    assert "does not allow this" in seen
    assert "nobody feeds her" not in seen


def test_an_unknown_record_is_said_in_words(full_world: World, at: Sit) -> None:
    """A stale link breaks nothing."""
    for view in ("finding", "case"):
        test = open_app(full_world, at, view=view, record_id="nothing")

        assert "There is no such" in words(test)


def test_a_case_that_changed_meanwhile_is_said_in_words(full_world: World, at: Sit) -> None:
    """The second person to record the same request as sent is told so."""
    case = full_world.cases["ready"]
    test = open_app(full_world, at, view="case", record_id=case.id)
    room, dsl = full_world.desk.casework, full_world.people["dsl"]
    request = room.case(dsl, case.id).requests[0]
    field(test, "text_input", "Reference they gave you, if any").set_value("T-88")
    room.record_sent(full_world.people["head"], request.id)
    pressed(test, "I sent it: record it as sent")

    assert room.case(dsl, case.id).requests[0].sent_by == "u-head"
    assert not test.exception


def test_a_deputy_is_added_with_a_password_shown_once(world: World, at: Sit) -> None:
    """The one-time password stands on the page once, and works."""
    test = open_app(world, at, view="users")
    field(test, "text_input", "Name").set_value("Dev Standin")
    field(test, "text_input", "User name").set_value("dev")
    next(one for one in test.multiselect if one.label == "Roles" and not one.value).set_value([world.people["deputy"].roles[SCHOOL][0]])
    pressed(test, "Add this person")
    password = test.code[0].value
    test.run()

    assert world.desk.sign_in.sign_in("dev", password)
    assert password not in words(test)


def test_a_leaver_is_stopped(world: World, at: Sit) -> None:
    """One press, and the person can no longer sign in."""
    test = open_app(world, at, view="users")
    next(one for one in test.button if one.key == "disable-u-comms").click().run()

    assert "can no longer sign in" in words(test)


def test_what_is_not_watched_is_said_with_what_to_do(full_world: World, at: Sit) -> None:
    """The page names the places where nothing is seen, why, and what a person can do."""
    seen = words(open_app(full_world, at, view="sources"))

    assert "Not watched" in seen
    assert "What you can do: " in seen
    assert "Behind a login or consent wall" in seen
    assert "/report/fern-leaf-9" in seen


def test_a_private_address_is_no_source(full_world: World, at: Sit) -> None:
    """A source inside the school's own network is refused in words; the form keeps what was typed."""
    test = open_app(full_world, at, view="sources")
    field(test, "selectbox", "Kind").set_value("feed")
    field(test, "text_input", "Address").set_value("http://192.168.0.1/feed")
    pressed(test, "Add the source")

    assert test.error
    assert field(test, "text_input", "Address").value == "http://192.168.0.1/feed"


def test_a_signed_in_report_gets_a_receipt_and_a_status(world: World, at: Sit) -> None:
    """Staff see how their own reports stand, and no more."""
    test = open_app(world, at, "staff")
    field(test, "text_area", "What does it say or show?").set_value("Someone posts about me daily.")
    pressed(test, "Send the report")
    seen = words(test)

    assert "Receipt number" in seen
    assert "Status: received" in seen


def test_an_idle_page_that_draws_itself_signs_out(full_world: World, at: Sit) -> None:
    """A page that refreshes itself does not keep a session alive for ever."""
    token = full_world.token("dsl")
    at(full_world.desk, token)
    test = AppTest.from_file(APP, default_timeout=20).run()
    full_world.clock.forward(timedelta(minutes=31))
    test.run()

    assert test.title[0].value == "You are signed out"


def test_signing_out_ends_the_session(full_world: World, at: Sit) -> None:
    """The button in the sidebar ends the session on the server, not only on the screen."""
    token = full_world.token("dsl")
    at(full_world.desk, token)
    test = AppTest.from_file(APP, default_timeout=20).run()
    next(one for one in test.sidebar.button if one.label == "Sign out").click().run()

    assert full_world.desk.sign_in.user_for(token) is None
    assert test.title[0].value == "You are signed out"


def test_a_blank_screen_shows_nothing(full_world: World, at: Sit) -> None:
    """One press hides everything from a passer-by; one press brings it back."""
    test = open_app(full_world, at)
    next(one for one in test.sidebar.button if one.label == "Blank screen").click().run()
    hidden = words(test)
    pressed(test, "Show again")

    assert hidden.strip() == "The screen is blank."
    assert test.title[0].value == "Inbox"


def test_a_broken_page_leaves_a_reference_and_no_traceback(
    full_world: World, at: Sit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever breaks: words, a reference, and nothing of the post in page or log."""

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("words of a post")

    monkeypatch.setattr(type(full_world.desk.casework), "inbox", breaks)
    test = open_app(full_world, at)

    assert "could not be drawn" in words(test)
    assert not test.exception
    assert "words of a post" not in words(test) + caplog.text
