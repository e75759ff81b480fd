"""STOP at the server's own addresses: what was stopped is fetched by no browser, whatever is typed by hand (evidence.md §8.4)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping

import pytest
from streamlit.runtime import Runtime

from dashboard.parts import at_desk, first_start_page, pack_download, paper_download, picture_route, report_page, sign_in_page
from dashboard.parts.picture_route import picture_address, tile_address
from dashboard.parts.testing import PASSWORD, World
from dashboard.server import create_app
from data.model.evidence import Evidence, SafetyAnswer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would rather use another client than httpx, which the rest of this project uses
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8750"
NAME = "screen-as-seen.png"
GIVEN = ("image/", "application/zip", "application/pdf", "message/rfc822")


@pytest.fixture(autouse=True)
def one_server_at_a_time() -> Iterator[None]:
    """Streamlit keeps one runtime for each process; every test starts its own."""
    yield
    Runtime._instance = None
    at_desk.use(None)


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    """The safeguarding lead's browser at this desk."""
    app = create_app(world.desk.settings, lambda _settings: world.desk)
    with TestClient(app, base_url=BASE, follow_redirects=False) as made:
        made.post("/login", data={"username": "dsl", "password": PASSWORD}, headers={"origin": BASE})
        yield made


@pytest.fixture
def kept(world: World) -> Evidence:
    """The evidence of a case that can go on."""
    world.open_case("captured", "Fernley Green: make Mr Q quit, message him all day")
    world.capture("captured")
    return world.desk.casework.case(world.people["dsl"], world.cases["captured"].id).evidence[-1]


def addresses(world: World, kept: Evidence, session: str) -> Mapping[str, str]:
    """Return everything that a browser could fetch of the case, by what it is."""
    opened = world.desk.pictures.open(world.people["dsl"], session, kept.id, NAME, "to check that the post can be read")
    case_id = world.cases["captured"].id
    return {
        "tile": tile_address(kept.id, NAME),
        "picture": picture_address(kept.id, NAME, opened.token),
        "pack": f"/pack/{case_id}",
        "redacted pack": f"/pack/{case_id}?variant=redacted",
    }


STOPS: dict[str, Callable[[World], object]] = {
    "the button": lambda world: world.desk.casework.saw_indecent(world.people["deputy"], world.cases["captured"].id),
    "the question": lambda world: world.desk.casework.order_capture(
        world.people["dsl"],
        world.cases["captured"].id,
        world.desk.casework.case(world.people["dsl"], world.cases["captured"].id).items[0].id,
        SafetyAnswer.NOT_SURE,
    ),
}


@pytest.mark.parametrize("stop", STOPS)
def test_nothing_of_a_stopped_case_is_fetched(world: World, client: TestClient, kept: Evidence, stop: str) -> None:
    """An address that was good a moment ago gives words and no file, also one that was handed out for a single look."""
    session = str(next(iter(client.cookies.values())))
    asked = addresses(world, kept, session)
    STOPS[stop](world)
    answers = {what: client.get(address) for what, address in asked.items()}

    assert {what for what, answer in answers.items() if answer.status_code < 400} == set()
    assert [what for what, answer in answers.items() if answer.headers["content-type"].startswith(GIVEN)] == []
    assert all(b"\x89PNG" not in answer.content and b"PK\x03\x04" not in answer.content for answer in answers.values())


def test_the_same_addresses_give_what_was_not_stopped(world: World, client: TestClient, kept: Evidence) -> None:
    """The refusals above would be worth nothing if these addresses gave nothing to anybody."""
    asked = addresses(world, kept, str(next(iter(client.cookies.values()))))
    answers = {what: client.get(address) for what, address in asked.items()}

    assert {what for what, answer in answers.items() if answer.headers["content-type"].startswith(GIVEN)} >= {"tile", "picture", "pack"}


def test_every_address_with_something_of_a_case_in_it_is_tried_or_explained() -> None:
    """A new address of the server that is handed a case's thing has to be tried here, or in the table of paths."""
    front: object = None
    made = (
        pack_download.PackDownload, paper_download.PaperDownload, picture_route.PictureRoute, report_page.ReportPage,
        sign_in_page.SignInPage, first_start_page.FirstStartPage,
    )  # fmt: skip
    paths = {route.path for one in made for route in one(front).routes()}  # type: ignore[arg-type]
    tried = {"/pack/{case_id}", "/picture/{evidence_id}/{name}/tile", "/picture/{evidence_id}/{name}"}
    same_verb = {"/papers/{filing_id}", "/paper/{kind}/{record_id}.{form}"}  # Safe.papers and Casework.paper: in the table of paths

    assert {path for path in paths if "{" in path and "code" not in path} == tried | same_verb
