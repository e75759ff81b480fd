"""The server: who is let in, what the plain pages do with good and bad input, what goes with every answer."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.websockets import WebSocketDisconnect
from streamlit.runtime import Runtime

from casework.intake import MAX_SAYS
from dashboard.parts import at_desk
from dashboard.parts.plain_form import MAX_BODY
from dashboard.parts.testing import CODE, PASSWORD, SCHOOL, World, fill
from dashboard.server import create_app
from data.model.findings import ReportTick
from schoolwatch.first_start import set_up_code
from schoolwatch.settings import Settings
from schoolwatch.sign_in import SESSION_COOKIE

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would rather use another client than httpx, which the rest of this project uses
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8750"
OWN = {"origin": BASE}


@pytest.fixture(autouse=True)
def one_server_at_a_time() -> Iterator[None]:
    """Streamlit keeps one runtime for each process; every test starts its own."""
    yield
    Runtime._instance = None
    at_desk.use(None)


def client_of(world: World, **settings: object) -> TestClient:
    """Return a browser-like client of the server at this desk."""
    app = create_app(world.desk.settings.model_copy(update=settings), lambda _settings: world.desk)
    return TestClient(app, base_url=BASE, follow_redirects=False)


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    """A client that nobody signed in at."""
    with client_of(world) as made:
        yield made


def sign_in(client: TestClient, who: str = "dsl", password: str = PASSWORD, **fields: str) -> int:
    """Send the sign-in form; return the status."""
    return client.post("/login", data={"username": who, "password": password} | fields, headers=OWN).status_code


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/inbox",
        "/case?id=1",
        "/pack/1",
        "/static/js/index.js",
        "/media/x.png",
        "/_stcore/host-config",
        "/_stcore/metrics",
        "/_stcore/agent/openapi.json",
        "/nothing",
        "/report/../inbox",
        "//login",
        "/login/",
    ],
)
def test_a_stranger_is_sent_to_the_sign_in_page(client: TestClient, path: str) -> None:
    """Without signing in nothing but the plain pages is answered."""
    answer = client.get(path)

    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_stranger_cannot_send_anything(client: TestClient, method: str) -> None:
    """Uploads and other methods are turned away as well."""
    assert client.request(method, "/_stcore/upload_file/x/y", content=b"x").status_code == 303


@pytest.mark.parametrize("cookie", [None, "nonsense", "", "a" * 5_000])
def test_a_strangers_websocket_is_refused(client: TestClient, cookie: str | None) -> None:
    """The live connection of the pages opens for nobody who is not signed in."""
    headers = {"cookie": f"{SESSION_COOKIE}={cookie}"} if cookie is not None else {}
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/_stcore/stream", headers=headers):
        pass

    assert refused.value.code == 1008


def test_signing_in_opens_the_pages(client: TestClient) -> None:
    """The right password gives a cookie that no script can read and no other site's page can use."""
    answer = client.post("/login", data={"username": "dsl", "password": PASSWORD}, headers=OWN)
    cookie = answer.headers["set-cookie"]

    assert answer.headers["location"] == "/"
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert client.get("/").status_code == 200


def test_behind_tls_the_cookie_is_secure(world: World) -> None:
    """Where the school serves by https, the cookie travels by https only."""
    with client_of(world, secure_cookie=True) as client:
        answer = client.post("/login", data={"username": "dsl", "password": PASSWORD}, headers=OWN)

    assert "Secure" in answer.headers["set-cookie"]


def test_a_wrong_password_keeps_the_name_and_says_no_more(client: TestClient) -> None:
    """A wrong password and an unknown name get the same words."""
    known = client.post("/login", data={"username": "dsl", "password": "wrong"}, headers=OWN)
    unknown = client.post("/login", data={"username": "nobody", "password": "wrong"}, headers=OWN)

    assert (known.status_code, unknown.status_code) == (401, 401)
    assert 'value="dsl"' in known.text
    assert "wrong" not in re.sub(r"<style>.*?</style>", "", known.text, flags=re.DOTALL)
    assert known.text.replace("dsl", "X") == unknown.text.replace("nobody", "X")


def test_five_wrong_passwords_lock_the_account_with_words(client: TestClient) -> None:
    """The person is told that and for how long the account is locked."""
    for _ in range(5):
        sign_in(client, password="wrong")
    answer = client.post("/login", data={"username": "dsl", "password": PASSWORD}, headers=OWN)

    assert answer.status_code == 401
    assert "locked for" in answer.text


def test_many_tries_from_one_address_are_braked(client: TestClient) -> None:
    """Guessing over many names is stopped by address."""
    statuses = [sign_in(client, who=f"name{number}", password="x") for number in range(32)]

    assert statuses.count(429) == 2


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}],
)
def test_a_form_of_another_site_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    """Another site cannot sign somebody in here."""
    answer = client.post("/login", data={"username": "dsl", "password": PASSWORD}, headers=headers)

    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/case?id=7", "/case?id=7"),
        ("/finding?id=f", "/finding?id=f"),
        ("https://evil.example/", "/"),
        ("//evil.example/case", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/logout", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_one_goes_on_within_the_house(client: TestClient, wanted: str, goes: str) -> None:
    """The page that was asked for opens; an address of another site does not."""
    answer = client.post("/login", data={"username": "dsl", "password": PASSWORD, "next": wanted}, headers=OWN)

    assert answer.headers["location"] == goes


def test_signing_out_needs_the_form(client: TestClient) -> None:
    """A link to the sign-out page ends nothing; its button does."""
    sign_in(client)
    page = client.get("/logout")
    refused = client.post("/logout", data={"proof": "guess"}, headers=OWN)
    still = client.get("/").status_code
    proof = re.search(r'name="proof" value="([0-9a-f]+)"', page.text)
    left = client.post("/logout", data={"proof": proof[1] if proof else ""}, headers=OWN)

    assert (refused.status_code, still) == (403, 200)
    assert left.headers["location"] == "/login?out=1"
    assert client.get("/").status_code == 303


def test_a_disabled_person_is_out_at_once(world: World, client: TestClient) -> None:
    """A leaver's open browser is turned away at the next request."""
    sign_in(client, "deputy")
    world.desk.people.disable(world.people["dsl"], SCHOOL, "u-deputy")

    assert client.get("/").status_code == 303


def test_health_says_nothing_but_that_it_is_up(client: TestClient) -> None:
    """A service manager can ask without signing in, and learns nothing else."""
    answer = client.get("/health")

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("path", ["/", "/login", "/report", f"/report/{CODE}", "/health", "/pack/none"])
def test_every_answer_carries_the_protecting_headers(client: TestClient, path: str) -> None:
    """No foreign picture, frame or script can be loaded by a page, and no page stays in a shared computer's cache."""
    sign_in(client)
    headers = client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] in {"no-referrer", "same-origin"}
    assert "default-src" in headers["content-security-policy"]
    assert "http" not in headers["content-security-policy"]


def test_a_foreign_name_for_this_machine_is_refused(client: TestClient) -> None:
    """A site whose name was pointed at this machine (DNS rebinding) gets no page."""
    assert client.get("/login", headers={"host": "evil.example"}).status_code == 421


def test_the_plain_pages_need_no_script(client: TestClient) -> None:
    """Sign-in and report form work without JavaScript."""
    for path in ("/login", "/report", f"/report/{CODE}"):
        page = client.get(path).text

        assert "<script" not in page
        assert "http-equiv" not in page


def test_a_report_is_taken_in_with_a_receipt(world: World, client: TestClient) -> None:
    """Anyone with the school's code can report, without an account, and gets a number."""
    fields = {
        "says": "A post about Mr Q",
        "address": "https://forum.example.org/t/1",
        "ticks": ["inaccurate", "danger_now"],
        "seen": "today",
    }
    answer = client.post(f"/report/{CODE}", data=fields, headers=OWN)
    with world.desk.store.read() as work:
        reports = work.reports.where()

    assert answer.status_code == 200
    assert reports[0].receipt in answer.text
    assert reports[0].says == "A post about Mr Q\n\nSeen: today"
    assert set(reports[0].ticks) == {ReportTick.INACCURATE, ReportTick.DANGER_NOW}
    assert "Ring 999" in answer.text


def test_a_report_of_an_indecent_picture_says_what_not_to_do(client: TestClient) -> None:
    """Whoever ticks it is told not to open, copy or send, and whom to tell."""
    answer = client.post(f"/report/{CODE}", data={"says": "A picture", "ticks": "indecent_image"}, headers=OWN)

    assert "Do not copy, save, print, send or photograph it" in answer.text
    assert "Tell the safeguarding lead now" in answer.text


def test_danger_comes_first_on_the_report_form(client: TestClient) -> None:
    """What to do in danger stands above every field."""
    page = client.get(f"/report/{CODE}").text

    assert page.index("Ring 999") < page.index("<form")


def test_a_refused_report_keeps_what_was_typed(client: TestClient) -> None:
    """An error never costs a person their words."""
    answer = client.post(f"/report/{CODE}", data={"says": " ", "concerns": "me & <them>", "ticks": "inaccurate"}, headers=OWN)

    assert answer.status_code == 422
    assert "say in your own words" in answer.text
    assert 'value="me &amp; &lt;them&gt;"' in answer.text
    assert 'value="inaccurate" checked' in answer.text


def test_hostile_words_in_a_report_stay_words(client: TestClient) -> None:
    """Markup typed into the form comes back as text."""
    answer = client.post(f"/report/{CODE}", data={"says": "", "address": '"><script>alert(1)</script>'}, headers=OWN)

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {"says": "x", "ticks": ["made_up", "inaccurate"], "wish": "made_up"},
        {"says": "\x00\ufeff\u202e" + "z\u0301" * 300},
        {"says": "x", "address": "javascript:alert(1)"},
        {"says": "x", "address": "https://" + "a" * 1_900},
        {"says": "x" * (MAX_SAYS + 10)},
        {"says": "x", "concerns": "y" * 3_000},
        {},
        {f"field{number}": "x" for number in range(200)},
    ],
)
def test_rubbish_in_the_report_form_gets_an_answer(client: TestClient, fields: dict[str, str]) -> None:
    """Whatever is sent, the page answers in words and never breaks."""
    answer = client.post(f"/report/{CODE}", data=fields, headers=OWN)

    assert answer.status_code in {200, 400, 415, 422}
    assert "Traceback" not in answer.text


def test_a_file_is_not_taken(client: TestClient) -> None:
    """The report form takes no attachments, so nobody can send a picture by it."""
    answer = client.post(f"/report/{CODE}", data={"says": "x"}, files={"file": b"bytes"}, headers=OWN)

    assert answer.status_code == 415
    assert "no files" in answer.text


def test_too_much_is_refused_before_it_is_read(client: TestClient) -> None:
    """An endless form does not fill the memory."""
    answer = client.post(f"/report/{CODE}", data={"says": "x" * (MAX_BODY + 1)}, headers=OWN)

    assert answer.status_code == 413


def test_many_reports_from_one_address_are_braked_and_kept_on_screen(client: TestClient) -> None:
    """A flood is stopped; what the last person typed is still there."""
    answers = [client.post(f"/report/{CODE}", data={"says": f"report {number}"}, headers=OWN) for number in range(31)]

    assert [answer.status_code for answer in answers[-2:]] == [200, 429]
    assert "report 30" in answers[-1].text


def test_a_wrong_code_asks_again(client: TestClient) -> None:
    """A mistyped code leads back to the question, with the words for danger still on top."""
    answer = client.get("/report/wrong")

    assert answer.status_code == 404
    assert "belongs to no school" in answer.text
    assert "Ring 999" in answer.text


def test_the_code_leads_to_the_form(client: TestClient) -> None:
    """Typing the code opens the school's form."""
    assert client.get("/report?code=fern-leaf-9").headers["location"] == "/report/fern-leaf-9"
    assert client.get("/report?code=%2F%2Fevil.example").headers["location"] == "/report/%2F%2Fevil.example"


def test_the_pack_goes_to_those_who_may_export(world: World, client: TestClient) -> None:
    """The safeguarding lead downloads a ZIP; the export is in the custody chain."""
    fill(world)
    sign_in(client)
    answer = client.get(f"/pack/{world.cases['closed'].id}")
    with world.desk.store.read() as work:
        exported = [event for event in work.custody.where() if event.what == "exported"]

    assert answer.status_code == 200
    assert answer.content[:2] == b"PK"
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert [event.by for event in exported] == ["u-dsl"]


@pytest.mark.parametrize(("who", "key", "status"), [("comms", "closed", 403), ("it", "closed", 403), ("dsl", "stopped", 409)])
def test_the_pack_is_refused_in_words(world: World, client: TestClient, who: str, key: str, status: int) -> None:
    """Who may not export gets a page with the reason, and a stopped case gives nothing to anybody."""
    fill(world)
    sign_in(client, who)
    answer = client.get(f"/pack/{world.cases[key].id}")

    assert answer.status_code == status
    assert "No pack was made" in answer.text


def test_an_unknown_pack_is_not_found(client: TestClient) -> None:
    """A guessed number gives nothing away."""
    sign_in(client)

    answer = client.get("/pack/nothing")

    assert answer.status_code == 404
    assert "There is no such case." in answer.text
    assert "case_file" not in answer.text
    assert (">Back to the cases<" in answer.text, ">Back to the case<" in answer.text) == (True, False)


@pytest.fixture
def new_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a machine on which nobody started Schoolwatch yet."""
    monkeypatch.setenv("SCHOOLWATCH_HOME", str(tmp_path / "state"))
    return Settings(state_dir=tmp_path / "state", config_path=tmp_path / "schoolwatch.toml")


def answers(code: str, **changes: str) -> dict[str, str]:
    """Return the answers of a first start."""
    return {
        "set_up_code": code,
        "school_name": "Fernley Green Primary School",
        "watch_terms": "Fernley Green Primary\n#fernleygreen",
        "contact": "office@fernley-green.example",
        "your_name": "Dana Quillfeather",
        "username": "dana",
        "password": "orchard-lantern-47",
        "role": "dsl",
    } | changes


def test_a_new_place_leads_everywhere_to_the_first_start(new_place: Settings) -> None:
    """Before anyone set it up there is one page only."""
    with TestClient(create_app(new_place), base_url=BASE, follow_redirects=False) as client:
        places = {path: client.get(path).headers.get("location") for path in ("/", "/login", "/report", "/pack/1")}
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream"):
            pass

    assert set(places.values()) == {"/first-start"}


def test_the_first_start_needs_the_code_of_the_terminal(new_place: Settings) -> None:
    """Only who sees this machine's window can set it up; what was typed stays, but for the password."""
    with TestClient(create_app(new_place), base_url=BASE, follow_redirects=False) as client:
        answer = client.post("/first-start", data=answers("00000000x", contact="nonsense"), headers=OWN)

    assert answer.status_code == 422
    assert "the set-up code is not right" in answer.text
    assert "the contact should be a mail address" in answer.text
    assert 'value="Dana Quillfeather"' in answer.text
    assert "orchard-lantern-47" not in answer.text


def test_the_first_start_ends_at_the_sign_in_page(new_place: Settings) -> None:
    """Once set up, the first person signs in, and the wizard is gone."""
    with TestClient(create_app(new_place), base_url=BASE, follow_redirects=False) as client:
        answer = client.post("/first-start", data=answers(set_up_code(new_place)), headers=OWN)
        entered = client.post("/login", data={"username": "dana", "password": "orchard-lantern-47"}, headers=OWN)
        again = client.get("/first-start")

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert entered.headers["location"] == "/"
    assert again.headers["location"] == "/login"


def test_a_broken_page_says_so_without_a_traceback(world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """When something breaks, the person gets words and a reference; the log holds the kind and the place, never the text."""

    def breaks(*_: object) -> None:
        raise RuntimeError("words of a post")

    monkeypatch.setattr(type(world.desk.casework), "report", breaks)
    app = create_app(world.desk.settings, lambda _settings: world.desk)
    with TestClient(app, base_url=BASE) as client:
        answer = client.post(f"/report/{CODE}", data={"says": "x"}, headers=OWN)

    assert answer.status_code == 500
    assert "Reference: " in answer.text
    assert "words of a post" not in answer.text + " ".join(
        record.getMessage() for record in caplog.records if record.name.startswith("dashboard")
    )
    assert "kind=RuntimeError at=" in caplog.text


def test_another_programs_page_opens_no_websocket(client: TestClient) -> None:
    """Cookies know no ports: a page that another program of this machine serves may not use somebody's session."""
    cookie = client.post("/login", data={"username": "dsl", "password": PASSWORD}, headers=OWN).cookies[SESSION_COOKIE]
    headers = {"cookie": f"{SESSION_COOKIE}={cookie}", "origin": f"{BASE}1"}
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/_stcore/stream", headers=headers):
        pass

    assert refused.value.code == 1008


@pytest.mark.parametrize(
    "address", ["http://[::1", "http://", "//x", "javascript:alert(1)", "http://a.example:99999/", "https://a\x00b.example/"]
)
def test_an_odd_address_in_a_report_is_a_plain_refusal(client: TestClient, address: str) -> None:
    """What is no web address is refused beside the field, and what was typed stays."""
    answer = client.post(f"/report/{CODE}", data={"says": "kept words", "address": address}, headers=OWN)

    assert answer.status_code == 422
    assert "does not look like a web address" in answer.text
    assert "kept words" in answer.text
