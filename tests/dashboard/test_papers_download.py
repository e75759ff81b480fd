"""The papers for a person who files a report themselves leave by the browser: to whom, what is recorded, what is refused (A19, A36)."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator

import pytest
from streamlit.runtime import Runtime

from dashboard.parts import at_desk
from dashboard.parts.testing import PASSWORD, World
from dashboard.server import create_app
from data.model.care import PersonalFiling
from data.model.evidence import SafetyAnswer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would rather use another client than httpx, which the rest of this project uses
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8750"


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    """A client that nobody signed in at; Streamlit keeps one runtime for each process."""
    app = create_app(world.desk.settings, lambda _settings: world.desk)
    with TestClient(app, base_url=BASE, follow_redirects=False) as made:
        yield made
    Runtime._instance = None
    at_desk.use(None)


@pytest.fixture
def filing(world: World) -> PersonalFiling:
    """An offer to a teacher, with evidence kept."""
    case = world.open_case("shouted", "Q should be ashamed of himself")
    world.capture("shouted")
    room, dsl = world.desk.casework, world.people["dsl"]
    item = room.case(dsl, case.id).items[0].id
    return room.offer_filing(dsl, case.id, item, "teacher", "u-deputy", words="Please remove this; it names me.")


def sign_in(client: TestClient, who: str) -> None:
    """Sign somebody in."""
    client.post("/login", data={"username": who, "password": PASSWORD}, headers={"origin": BASE})


def test_the_papers_are_given_and_recorded(world: World, client: TestClient, filing: PersonalFiling) -> None:
    """A ZIP with a PDF; its hash stands in the filing, the export in the custody chain, the disclosure in the log."""  # A36
    sign_in(client, "dsl")
    answer = client.get(f"/papers/{filing.id}")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
    with world.desk.store.read() as work:
        kept = work.filings.get(filing.id)
        exported = [event.what for event in work.custody.where() if event.what == "exported"]
        told = [one.ground for one in work.disclosures.where(case_id=filing.case_id)]

    assert (answer.status_code, answer.headers["content-type"], answer.headers["cache-control"]) == (200, "application/zip", "no-store")
    assert "read-me-first.pdf" in names
    assert (len(kept.pack_sha256 or ""), exported, told) == (64, ["exported"], ["the person's own matter"])


@pytest.mark.parametrize(("who", "status"), [("comms", 403), ("staff", 403), ("it", 403)])
def test_others_get_words_and_nothing_is_recorded(world: World, client: TestClient, filing: PersonalFiling, who: str, status: int) -> None:
    """Who may not see the case gets no papers."""
    sign_in(client, who)
    answer = client.get(f"/papers/{filing.id}")
    with world.desk.store.read() as work:
        kept = work.filings.get(filing.id)

    assert (answer.status_code, kept.pack_sha256) == (status, None)
    assert "No papers were made" in answer.text


def test_nobody_signed_in_is_sent_to_the_door(client: TestClient, filing: PersonalFiling) -> None:
    """The address alone opens nothing."""
    assert "/login" in client.get(f"/papers/{filing.id}").headers.get("location", "")


def test_a_case_stopped_meanwhile_gives_no_papers(world: World, client: TestClient, filing: PersonalFiling) -> None:
    """The doubt came after the offer: nothing leaves."""
    room, dsl = world.desk.casework, world.people["dsl"]
    room.order_capture(dsl, filing.case_id, filing.item_id, SafetyAnswer.NOT_SURE)
    sign_in(client, "dsl")

    assert client.get(f"/papers/{filing.id}").status_code == 409


def test_a_guessed_number_is_not_found(client: TestClient) -> None:
    """Nothing is given away."""
    sign_in(client, "dsl")

    answer = client.get(f"/papers/nothing-{'x' * 500}")

    assert answer.status_code == 404
    assert "No papers were made" in answer.text
    assert all(raw not in answer.text for raw in ("personal_filing", "x" * 61))
    assert 'href="/cases"' in answer.text
