"""The forms of notices and letters as a person fills them, and the papers that they take along."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime import Runtime
from streamlit.testing.v1 import AppTest

import dashboard.app
from casework.notice import AskKind
from casework.notices import LETTERS, NOTICES
from casework.routes import ROUTE_LABELS
from dashboard.parts import at_desk
from dashboard.parts.testing import PASSWORD, World, fill
from dashboard.server import create_app
from data.model.cases import Case, RequestState, Route
from data.model.readings import Category
from schoolwatch.desk import Desk

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would rather use another client than httpx, which the rest of this project uses
    from starlette.testclient import TestClient

APP = str(Path(dashboard.app.__file__))
BASE = "http://127.0.0.1:8750"
KINDS = {AskKind.TICK: "checkbox", AskKind.CHOICE: "selectbox", AskKind.TEXT: "text_area"}
Sit = Callable[[Desk, str | None], None]


def open_case(world: World, at: Sit, case: Case, who: str = "dsl") -> AppTest:
    """Open the page of a case as somebody."""
    at(world.desk, world.token(who))
    test = AppTest.from_file(APP, default_timeout=30)
    test.query_params["id"] = case.id
    test.run()
    test.switch_page("views/case.py")
    test.query_params["id"] = case.id
    return test.run()


def labelled(test: AppTest, kind: str, start: str) -> Any:
    """Return the field whose label begins so."""
    found = [one for one in getattr(test, kind) if str(one.label).replace("\\", "").startswith(start)]
    assert found, (start, [one.label for one in getattr(test, kind)])
    return found[0]


def answered(test: AppTest, key: str, *, skip: str = "") -> None:
    """Fill every field that the template draws, by its example."""
    template = NOTICES.get(key) or LETTERS[key]
    for one in template.asks:
        if one.key != skip:
            field = labelled(test, KINDS.get(one.kind, "text_input"), one.label[:1].upper() + one.label[1:])
            field.set_value(True if one.kind is AskKind.TICK else one.example)


def pressed(test: AppTest, label: str) -> AppTest:
    """Press the button with this label."""
    found = [one for one in test.button if one.label == label]
    assert found, (label, [one.label for one in test.button])
    return found[0].click().run()


def said(test: AppTest) -> str:
    """Return what stands on the page as text."""
    return "\n".join(str(one.value) for kind in ("markdown", "text", "code", "error", "success") for one in getattr(test, kind))


def chosen(test: AppTest, label: str, value: object) -> AppTest:
    """Choose in a list."""
    drawn: AppTest = labelled(test, "selectbox", label).set_value(value).run()
    return drawn


def the_words(test: AppTest) -> None:
    """Fill in what all notices ask."""
    labelled(test, "text_area", "What is it, in one or two lines?").set_value("A post that calls one teacher names.")
    labelled(test, "text_input", "Which rule of the place").set_value("No harassment")


@pytest.mark.parametrize("route", [Route.POSH, Route.GROUP_MODERATORS, Route.WEB_ARCHIVE])
def test_another_way_draws_its_own_form(full_world: World, at: Sit, route: Route) -> None:
    """Choose a way, fill what it asks, see the words, keep them: the request is ready by that way."""
    case, notice = full_world.cases["captured"], next(one for one in NOTICES.values() if one.route is route)
    test = chosen(open_case(full_world, at, case), "Another way", route)
    the_words(test)
    answered(test, notice.key)
    if notice.may_be_forwarded:
        labelled(test, "checkbox", "The person concerned accepts").check()
    pressed(test, "Show the words")
    shown = said(test)
    pressed(test, "Keep these words")
    requests = full_world.desk.casework.case(full_world.people["dsl"], case.id).requests

    assert "A post that calls one teacher names." in shown
    assert [(one.route, one.state) for one in requests] == [(route, RequestState.READY)]
    assert not test.exception


def test_what_a_form_lacks_is_named_and_the_rest_kept(full_world: World, at: Sit) -> None:
    """One field left empty: named in words, everything else still stands in the form."""
    test = chosen(open_case(full_world, at, full_world.cases["captured"]), "Another way", Route.POSH)
    the_words(test)
    answered(test, "posh", skip="contact")
    pressed(test, "Show the words")

    assert any("whom to ring back" in one.value for one in test.error)
    assert labelled(test, "text_area", "What is it, in one or two lines?").value == "A post that calls one teacher names."
    assert labelled(test, "text_area", "What was done so far").value != ""


def test_consents_are_unticked_and_the_warning_stands_there(full_world: World, at: Sit) -> None:
    """The section 5 form: both consents no, the warning that details may be handed over on the page."""
    full_world.open_case("libel", "That teacher is a thief.", Category.DEFAMATION_INDIVIDUAL)
    full_world.capture("libel")
    test = chosen(open_case(full_world, at, full_world.cases["libel"]), "Another way", Route.SECTION_5)
    boxes = {one.label: one.value for one in test.checkbox if "may give the poster" in one.label}

    assert sorted(boxes.values()) == [False, False]
    assert "hand over" in said(test)


def test_a_letter_from_form_to_sent(full_world: World, at: Sit) -> None:
    """Choose the letter, fill it, look at it, keep it, record that it was handed over."""
    case = full_world.cases["captured"]
    test = chosen(open_case(full_world, at, case), "Which one?", "staff_update")
    answered(test, "staff_update")
    pressed(test, "Show the letter")
    shown = said(test)
    pressed(test, "Keep this letter")
    labelled(test, "text_input", "Reference they gave you").set_value("by hand")
    pressed(test, "I sent it or handed it over")
    letters = full_world.desk.casework.letters(full_world.people["dsl"], case.id)

    assert "You decide how much you want to hear" in shown
    assert [(one.template, one.reference) for one in letters] == [("staff_update", "by hand")]
    assert letters[0].sent_at is not None


def test_a_letter_that_names_a_child_is_refused_and_kept(full_world: World, at: Sit) -> None:
    """The field is named, what was typed stays, nothing is kept in the case."""
    case = full_world.cases["captured"]
    test = chosen(open_case(full_world, at, case), "Which one?", "staff_update")
    answered(test, "staff_update")
    labelled(test, "text_input", "Counselling").set_value("Leah Marsh in 4B said so")
    pressed(test, "Show the letter")

    assert any("counselling" in one.value and "child's name" in one.value.replace("\\", "") for one in test.error)
    assert labelled(test, "text_input", "Counselling").value == "Leah Marsh in 4B said so"
    assert full_world.desk.casework.letters(full_world.people["dsl"], case.id) == ()


def test_the_head_approves_on_the_page(full_world: World, at: Sit) -> None:
    """The lead sees that it waits and has no button for it; the head approves; then it can be sent."""
    case, room = full_world.cases["captured"], full_world.desk.casework
    details = {one.key: True if one.kind is AskKind.TICK else one.example for one in LETTERS["all_parents"].asks}
    room.draft_letter(full_world.people["dsl"], case.id, "all_parents", "all parents", details)
    before = open_case(full_world, at, case)
    labels = [one.label for one in before.button]
    pressed(open_case(full_world, at, case, "head"), "Approve this letter")

    assert "Approve this letter" not in labels
    assert "I sent it or handed it over" not in labels
    assert room.letters(full_world.people["dsl"], case.id)[0].approved_by == "u-head"


def test_every_way_has_a_form_that_draws(full_world: World, at: Sit) -> None:
    """No way breaks the page, whichever is chosen."""
    test = open_case(full_world, at, full_world.cases["captured"])
    first = labelled(test, "selectbox", "Another way")
    for label in list(first.options):
        route = next(one for one in Route if ROUTE_LABELS[one].casefold() == label.casefold())
        chosen(test, "Another way", route)
        assert not test.exception, route
        for one in next(one for one in NOTICES.values() if one.route is route).asks:
            labels = [
                str(field.label).replace("\\", "")
                for kind in ("checkbox", "selectbox", "text_area", "text_input")
                for field in getattr(test, kind)
            ]
            assert any(label.startswith(one.label[:1].upper() + one.label[1:]) for label in labels), (route, one.label)


# --- papers through the guarded door ---


@pytest.fixture(autouse=True)
def one_server_at_a_time() -> Iterator[None]:
    """Streamlit keeps one runtime for each process; every test starts its own."""
    yield
    Runtime._instance = None
    at_desk.use(None)


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    """A browser-like client of a server with a full desk."""
    fill(world)
    app = create_app(world.desk.settings, lambda _settings: world.desk)
    with TestClient(app, base_url=BASE, follow_redirects=False) as made:
        yield made


def sign_in(client: TestClient, who: str) -> None:
    """Send the sign-in form."""
    client.post("/login", data={"username": who, "password": PASSWORD}, headers={"origin": BASE})


def test_papers_are_downloads_for_those_who_may_ask(world: World, client: TestClient) -> None:
    """PDF, mail draft and text come as attachments that no browser runs; strangers are sent to the sign-in page."""
    request_id = world.draft("captured")
    stranger = client.get(f"/paper/request/{request_id}.pdf")
    sign_in(client, "dsl")
    pdf, eml, txt = (client.get(f"/paper/request/{request_id}.{form}") for form in ("pdf", "eml", "txt"))

    assert (stranger.status_code, stranger.headers["location"].split("?")[0]) == (303, "/login")
    assert pdf.content.startswith(b"%PDF")
    assert message_from_bytes(eml.content)["X-Unsent"] == "1"
    assert "calls one teacher names" in txt.text
    for answer in (pdf, eml, txt):
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith('attachment; filename="SW-')
        assert answer.headers["cache-control"] == "no-store"
        assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("who", "path", "status"), [("comms", "request/{id}.pdf", 403), ("dsl", "request/none.pdf", 404), ("dsl", "request/{id}.exe", 404)]
)
def test_papers_are_refused_in_words(world: World, client: TestClient, who: str, path: str, status: int) -> None:
    """Another role, an unknown number, another form: a page with the reason."""
    request_id = world.draft("captured")
    sign_in(client, who)
    answer = client.get(f"/paper/{path.format(id=request_id)}")

    assert answer.status_code == status
    assert "No paper was made" in answer.text
