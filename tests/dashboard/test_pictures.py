"""Looking at pictures: tiles that show nothing, a reason, one fetch by one browser, and nobody else."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from streamlit.runtime import Runtime
from streamlit.testing.v1 import AppTest

import dashboard.app
from casework.files import Decided
from dashboard.parts import at_desk
from dashboard.parts.picture_route import HEADERS, picture_address, tile_address
from dashboard.parts.testing import PASSWORD, World
from dashboard.server import create_app
from data.clock import FixedClock
from data.model.cases import CaseState
from data.model.evidence import Evidence, SafetyAnswer
from data.model.findings import DecisionKind
from data.model.people import Role, User
from data.model.readings import Category, Severity
from evidence.errors import CaptureForbiddenError, SealBrokenError
from evidence.seal import sha256
from evidence.supplied import Account, Brought
from evidence.testing import square
from evidence.viewing import TALLEST, Sharpness
from schoolwatch.desk import Desk
from schoolwatch.pictures import FETCH_SECONDS, MOST_HELD, SHARPEN_SECONDS, Look, LookRefusedError, Looks, drawable
from schoolwatch.safe import RevealRefusedError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would rather use another client than httpx, which the rest of this project uses
    from starlette.testclient import TestClient

APP = str(Path(dashboard.app.__file__))
BASE = "http://127.0.0.1:8750"
OWN = {"origin": BASE}
NAME = "screen-as-seen.png"
WHY = "to check that the post can be read"
Sit = Callable[[Desk, str | None], None]


@pytest.fixture(autouse=True)
def one_server_at_a_time() -> Iterator[None]:
    """Streamlit keeps one runtime for each process; every test starts its own."""
    yield
    Runtime._instance = None
    at_desk.use(None)


@pytest.fixture
def seen(world: World) -> Evidence:
    """A captured case's evidence."""
    world.open_case("captured", "Fernley Green: make Mr Q quit, message him all day")
    world.capture("captured")
    return evidence_of(world)


def evidence_of(world: World) -> Evidence:
    """Return the newest evidence of the captured case."""
    return world.desk.casework.case(world.people["dsl"], world.cases["captured"].id).evidence[-1]


def client_of(world: World) -> TestClient:
    """Return a browser-like client of the server at this desk."""
    app = create_app(world.desk.settings, lambda _settings: world.desk)
    return TestClient(app, base_url=BASE, follow_redirects=False)


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    """A client that nobody signed in at."""
    with client_of(world) as made:
        yield made


def signed_in(client: TestClient, who: str = "dsl") -> str:
    """Sign a person in at a client; return the session token."""
    client.post("/login", data={"username": who, "password": PASSWORD}, headers=OWN)
    return str(next(iter(client.cookies.values())))


def elsewhere(world: World) -> User:
    """Somebody who leads on safeguarding at another school."""
    user = User(
        id="u-away",
        username="away",
        name="Invented away",
        roles={"ashcombe": (Role.DSL,)},
        added_by="system",
        added_at=world.clock.now(),
    )
    with world.desk.store.begin("system") as work:
        work.users.add(user)
        world.desk.sign_in.set_password(work, user, PASSWORD)
        work.commit()
    return user


def custody(world: World, what: str = "viewed") -> list[str]:
    """Return the details of the custody lines of a kind."""
    with world.desk.store.read() as work:
        return [event.detail for event in work.custody.where() if event.what == what]


# --- the route ---


def test_with_a_reason_the_picture_is_fetched_once_and_then_never_again(world: World, client: TestClient, seen: Evidence) -> None:
    """The first fetch gives the picture, the second a refusal in words."""
    opened = world.desk.pictures.open(world.people["dsl"], signed_in(client), seen.id, NAME, WHY)
    address = picture_address(seen.id, NAME, opened.token)
    first, second = client.get(address), client.get(address)

    assert (first.status_code, second.status_code) == (200, 403)
    assert Image.open(io.BytesIO(first.content)).size == (8, 8)
    assert "was used already" in second.text


def test_a_picture_comes_with_headers_that_let_it_do_nothing(world: World, client: TestClient, seen: Evidence) -> None:
    """Not kept, not guessed at, nothing loaded or run, from this server only; of a fixed kind."""
    opened = world.desk.pictures.open(world.people["dsl"], signed_in(client), seen.id, NAME, WHY)
    for address in (picture_address(seen.id, NAME, opened.token), tile_address(seen.id, NAME)):
        answer = client.get(address)

        assert answer.status_code == 200
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize(("who", "status"), [("comms", 403), ("governor", 403), ("it", 403), ("staff", 403), ("away", 403)])
def test_others_get_neither_tile_nor_picture(world: World, client: TestClient, seen: Evidence, who: str, status: int) -> None:
    """Roles without the case, and people of another school, are refused, with and without a secret that leaked."""
    elsewhere(world)
    opened = world.desk.pictures.open(world.people["dsl"], "another session", seen.id, NAME, WHY)
    signed_in(client, who)

    assert client.get(tile_address(seen.id, NAME)).status_code == status
    assert client.get(picture_address(seen.id, NAME, opened.token)).status_code == 403
    assert client.get(picture_address(seen.id, NAME, "")).status_code == 403


def test_a_stranger_is_sent_to_sign_in(world: World, client: TestClient, seen: Evidence) -> None:
    """Signed out nothing is drawn, not even a tile."""
    opened = world.desk.pictures.open(world.people["dsl"], "a session", seen.id, NAME, WHY)
    answers = [client.get(picture_address(seen.id, NAME, opened.token)), client.get(tile_address(seen.id, NAME))]

    assert [(one.status_code, one.headers["location"]) for one in answers] == [(303, "/login")] * 2


def test_a_secret_works_at_no_other_browser_of_the_same_person(world: World, client: TestClient, seen: Evidence) -> None:
    """It is bound to the session; and once tried elsewhere it is spent."""
    opened = world.desk.pictures.open(world.people["dsl"], "another session", seen.id, NAME, WHY)
    signed_in(client)
    address = picture_address(seen.id, NAME, opened.token)

    assert [client.get(address).status_code, client.get(address).status_code] == [403, 403]


@pytest.mark.parametrize("path", ["/picture/nothing/x.png/tile", "/picture/nothing/x.png?t=1"])
def test_an_unknown_picture_gives_nothing_away(client: TestClient, seen: Evidence, path: str) -> None:
    """Guessing an address is refused in words, like everything that is not there."""
    signed_in(client)
    answer = client.get(path)

    assert answer.status_code in {403, 404}
    assert seen.id not in answer.text


@pytest.mark.parametrize("name", ["page.txt", "dom.html", "seal.json", "..%2F..%2Fapp.db", "custody.jsonl"])
def test_only_pictures_are_drawn(client: TestClient, seen: Evidence, name: str) -> None:
    """No other file of the evidence is served, and no path leads out."""
    signed_in(client)

    assert client.get(f"/picture/{seen.id}/{name}/tile").status_code in {400, 404}


def test_in_a_stopped_case_even_a_known_address_gives_nothing(world: World, client: TestClient, seen: Evidence) -> None:
    """A secret from before the stop is dead, and so are tiles and reasons (evidence.md §8.4)."""
    token = signed_in(client)
    dsl, room = world.people["dsl"], world.desk.casework
    opened = world.desk.pictures.open(dsl, token, seen.id, NAME, WHY)
    world.desk.pictures.tile(dsl, seen.id, NAME)
    room.order_capture(dsl, seen.case_id, seen.item_id, SafetyAnswer.NOT_SURE)
    looked = len(custody(world))

    assert client.get(picture_address(seen.id, NAME, opened.token)).status_code == 403
    assert client.get(tile_address(seen.id, NAME)).status_code == 403
    with pytest.raises(CaptureForbiddenError):
        world.desk.pictures.open(dsl, token, seen.id, NAME, WHY)
    with pytest.raises(CaptureForbiddenError):
        world.desk.pictures.sharpen(dsl, token, opened.sharper or "")
    assert len(custody(world)) == looked


def test_a_damaged_file_is_said_in_words(world: World, client: TestClient, seen: Evidence) -> None:
    """A changed file of the vault is shown to nobody; the words say what to do."""
    signed_in(client)
    file = next(one for one in seen.files if one.name == NAME)
    world.desk.vault.path(file.sha256).write_bytes(square((1, 1, 1), 9))
    answer = client.get(tile_address(seen.id, NAME))

    assert answer.status_code == 409
    assert "restore it from a backup" in answer.text
    with pytest.raises(SealBrokenError):
        world.desk.pictures.open(world.people["dsl"], "s", seen.id, NAME, WHY)


# --- what is held in memory ---


class Hand:
    """A clock of seconds that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.25

    def __call__(self) -> float:
        """Return the moment."""
        return self.seconds


def test_a_secret_grows_old(world: World, seen: Evidence) -> None:
    """A minute for the picture, ten for the sharp one."""
    hand = Hand()
    desk, dsl = replace(world.desk, looks=Looks(hand)), world.people["dsl"]
    late, later = (desk.pictures.open(dsl, "s", seen.id, NAME, WHY) for _ in range(2))
    hand.seconds += FETCH_SECONDS + 0.001
    with pytest.raises(LookRefusedError):
        desk.pictures.fetch(dsl, "s", seen.id, NAME, late.token)
    sharp = desk.pictures.sharpen(dsl, "s", late.sharper or "")
    hand.seconds += SHARPEN_SECONDS
    with pytest.raises(LookRefusedError):
        desk.pictures.sharpen(dsl, "s", later.sharper or "")

    assert sharp[0].name == NAME


def test_a_secret_opens_no_other_picture(world: World, seen: Evidence) -> None:
    """Neither under another name nor of another piece of evidence; the key for the sharp one is no address."""
    desk, dsl = world.desk, world.people["dsl"]
    for evidence_id, name in ((seen.id, "post.png"), ("e-other", NAME)):
        opened = desk.pictures.open(dsl, "s", seen.id, NAME, WHY)
        with pytest.raises(LookRefusedError):
            desk.pictures.fetch(dsl, "s", evidence_id, name, opened.token)
        with pytest.raises(LookRefusedError):
            desk.pictures.fetch(dsl, "s", seen.id, NAME, opened.sharper or "")


def test_one_reason_serves_the_light_and_the_sharp_picture_and_both_are_recorded(world: World, seen: Evidence) -> None:
    """The history holds the reason once, the custody chain both looks, without the reason's words."""
    desk, dsl = world.desk, world.people["dsl"]
    opened = desk.pictures.open(dsl, "s", seen.id, NAME, WHY)
    _, sharp = desk.pictures.sharpen(dsl, "s", opened.sharper or "")
    desk.pictures.fetch(dsl, "s", seen.id, NAME, sharp.token)
    events = [event for event in desk.casework.case(dsl, seen.case_id).events if event.what == "revealed"]

    assert [event.reason for event in events] == [WHY]
    assert custody(world) == [f"{NAME}: reason in the case's history", f"{NAME}: sharp, on the same reason"]
    with pytest.raises(LookRefusedError):
        desk.pictures.sharpen(dsl, "s", opened.sharper or "")


def test_without_a_reason_nothing_is_drawn_or_recorded(world: World, seen: Evidence) -> None:
    """The safe's own rule stands."""
    with pytest.raises(RevealRefusedError):
        world.desk.pictures.open(world.people["dsl"], "s", seen.id, NAME, " ok ")

    assert custody(world) == []


def test_what_a_person_prefers_holds_for_them_alone(world: World, seen: Evidence) -> None:
    """Without colour and at once sharp for the one; in colour and blurred first for the other."""
    desk, dsl, head = world.desk, world.people["dsl"], world.people["head"]
    desk.pictures.prefer(dsl, greyscale=True, blurred_first=True)
    desk.pictures.prefer(dsl, greyscale=True, blurred_first=False)
    mine = desk.pictures.open(dsl, "s", seen.id, NAME, WHY)
    theirs = desk.pictures.open(head, "s", seen.id, NAME, WHY)
    pictures = [
        Image.open(io.BytesIO(desk.pictures.fetch(user, "s", seen.id, NAME, opened.token))).mode
        for user, opened in ((dsl, mine), (head, theirs))
    ]

    assert pictures == ["L", "RGB"]
    assert (mine.sharper is None, theirs.sharper is None) == (True, False)
    assert Image.open(io.BytesIO(desk.pictures.tile(dsl, seen.id, NAME))).mode == "L"


def test_many_open_secrets_push_out_the_oldest() -> None:
    """Memory is bounded, whatever is clicked."""
    looks = Looks()
    user = User(id="u", username="u", name="U", roles={}, added_by="s", added_at=FixedClock().now())
    secrets = [looks.grant(_a_look(), 60) for _ in range(60)]
    with pytest.raises(LookRefusedError):
        looks.take(secrets[0], user, "s")

    assert looks.take(secrets[-1], user, "s").name == NAME


def test_large_pictures_that_nobody_fetches_give_way() -> None:
    """What waits in memory is bounded in bytes too; the newest always stays."""
    looks = Looks()
    user = User(id="u", username="u", name="U", roles={}, added_by="s", added_at=FixedClock().now())
    half = bytes(MOST_HELD // 2)
    first, second, third = (looks.grant(replace(_a_look(), content=half), 60) for _ in range(3))
    alone = looks.grant(replace(_a_look(), content=half * 3), 60)
    for gone in (first, second, third):
        with pytest.raises(LookRefusedError):
            looks.take(gone, user, "s")

    assert looks.take(alone, user, "s").content == half * 3


def _a_look() -> Look:
    return Look("e", NAME, "u", sha256(b"s"), Sharpness.LIGHT, 0.0)


# --- the page ---


def open_case(world: World, at: Sit, case_id: str, who: str = "dsl") -> AppTest:
    """Open a case's page as somebody."""
    return open_page(world, at, "case", case_id, who)


def open_page(world: World, at: Sit, view: str, record_id: str, who: str = "dsl") -> AppTest:
    """Open a page as somebody."""
    at(world.desk, world.token(who))
    test = AppTest.from_file(APP, default_timeout=20)
    test.query_params["id"] = record_id
    test.run()
    test.switch_page(f"views/{view}.py")
    test.query_params["id"] = record_id
    return test.run()


def press(test: AppTest, label: str) -> AppTest:
    """Press a button."""
    return next(one for one in test.button if one.label == label).click().run()


def images(test: AppTest) -> list[str]:
    """Return the pictures that the page names, by address."""
    return [str(one.value).partition("](")[2].rstrip(")") for one in test.markdown if str(one.value).startswith("![")]


def test_the_page_names_tiles_only_until_a_reason_is_given(world: World, at: Sit, seen: Evidence) -> None:
    """First the tile; then the light picture by a one-time address, then the sharp one; nothing lies in the framework's media store."""
    test = open_case(world, at, seen.case_id)
    before = images(test)
    press(test, "Show it until my next click")
    refused = images(test)
    next(one for one in test.text_input if one.label == "Reason").set_value(WHY)
    press(test, "Show it until my next click")
    light = images(test)
    press(test, "Show it sharp")
    sharp = images(test)
    test.run()

    assert before == refused == images(test) == [tile_address(seen.id, NAME)]
    assert [len(light), len(sharp)] == [2, 2]
    assert light[1].startswith(f"/picture/{seen.id}/{NAME}?t=")
    assert sharp[1] not in {*light, *before}
    assert len(test.get("imgs")) == 0
    assert len(custody(world)) == 2


def test_a_damaged_picture_breaks_no_page(world: World, at: Sit, seen: Evidence) -> None:
    """The page says it in words and goes on."""
    file = next(one for one in seen.files if one.name == NAME)
    world.desk.vault.path(file.sha256).unlink()
    test = open_case(world, at, seen.case_id)

    assert any("has lost file" in one.value for one in test.error)
    assert "Other steps" in [one.value for one in test.subheader]


def test_the_choice_how_pictures_are_shown_is_kept(world: World, at: Sit, seen: Evidence) -> None:
    """Two switches, one button."""
    test = open_case(world, at, seen.case_id)
    next(one for one in test.toggle if one.label == "Without colour").set_value(True)
    press(test, "Keep this")
    wish = world.desk.pictures.preference(world.people["dsl"])

    assert (wish.greyscale, wish.blurred_first) == (True, True)


def test_a_very_tall_picture_is_cut_for_looking(world: World, seen: Evidence) -> None:
    """It is not refused; the sealed file keeps everything."""
    kept = io.BytesIO()
    Image.new("RGB", (40, TALLEST + 1), "navy").save(kept, "PNG")
    dsl, now = world.people["dsl"], world.clock.now()
    account = Account("a parent", "a long screenshot", "the whole talk", now)
    brought = world.desk.taking_in.take(dsl, seen.case_id, "", SafetyAnswer.NO, [Brought("long.png", kept.getvalue())], account)
    opened = world.desk.pictures.open(dsl, "s", brought.id, drawable(brought)[0].name, WHY)
    picture = Image.open(io.BytesIO(world.desk.pictures.fetch(dsl, "s", brought.id, "supplied-01.png", opened.token)))

    assert picture.size == (40, TALLEST)
    assert world.desk.casework.case(dsl, seen.case_id).case.state is CaseState.EVIDENCE_CAPTURED


@pytest.mark.parametrize("view", ["finding", "case"])
def test_the_words_of_a_grave_threat_stand_behind_a_warning_and_a_click(world: World, at: Sit, view: str) -> None:
    """Nobody meets them unprepared; one click shows them, and nothing else on the page waits for it."""
    finding = world.flag("threat", "someone is getting hurt at three", Severity.S4, Category.THREAT_TO_LIFE)
    case_id = None
    if view == "case":
        kind, category = DecisionKind.OPEN_CASE, Category.THREAT_TO_LIFE
        case_id = world.keep("threat", _decided(world, finding.id, kind, category)).id
    test = open_page(world, at, view, case_id or finding.id)
    before = "\n".join(one.value for one in test.text)
    next(one for one in test.toggle if one.label == "Show the words (threat)").set_value(True).run()
    after = "\n".join(one.value for one in test.text)

    assert any("threaten somebody" in one.value for one in test.warning)
    assert ("getting hurt" in before, "getting hurt" in after) == (False, True)


def _decided(world: World, finding_id: str, kind: DecisionKind, category: Category) -> Decided:
    return world.desk.casework.decide(world.people["dsl"], finding_id, kind, category, Severity.S4, "teacher", "A threat.")
