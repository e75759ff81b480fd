"""Between two lessons, on a telephone: a child's face and name are covered in a copy, looked at, sealed, and the pack taken out."""

from __future__ import annotations

import base64
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright
from streamlit.runtime import Runtime

from dashboard.parts import at_desk
from dashboard.parts.testing import PASSWORD, World, build
from dashboard.server import create_app
from data.clock import FixedClock
from data.model.evidence import EvidenceKind, SafetyAnswer
from evidence.covering import holds
from evidence.testing import CHILD, painted_page, sealed_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PATIENCE = 60_000  # milliseconds: machines are shared and slow
TEXT = "Ivy Fernhollow won the race, and Mr Quillfeather took the money."
NAMES = ("Ivy Fernhollow", "Fernhollow")
_DOTS = """one => {
  const canvas = document.createElement("canvas");
  canvas.width = one.naturalWidth; canvas.height = one.naturalHeight;
  canvas.getContext("2d").drawImage(one, 0, 0);
  return canvas.toDataURL("image/png");
}"""


@contextmanager
def served(world: World) -> Iterator[str]:
    """Serve the screens of a desk from a thread; yields their address."""
    config = uvicorn.Config(create_app(world.desk.settings, lambda _: world.desk), host="127.0.0.1", port=0, log_level="critical")
    server, ready = uvicorn.Server(config), threading.Event()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        ready.wait(0.05)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        Runtime._instance = None
        at_desk.use(None)


@pytest.fixture
def world(tmp_path: Path, clock: FixedClock, database_url: str) -> Iterator[World]:
    """A desk with one case and its capture, on which a child is to be seen."""
    made = build(tmp_path, clock, database_url)
    case, room, lead = made.open_case("race", TEXT), made.desk.casework, made.people["dsl"]
    item = room.case(lead, case.id).items[0]
    order = room.order_capture(lead, case.id, item.id, SafetyAnswer.NO)
    files = painted_page(TEXT, lines=("Ivy Fernhollow won the race,", "and Mr Quillfeather took the money."))
    sealed, custody = sealed_page(case, item.id, files, sealer=made.desk.sealer, now=clock.now(), id=f"e{order.id}", order_id=order.id)
    room.evidence_sealed(order.id, sealed, custody)
    yield made
    made.desk.close()


@pytest.fixture
def window(world: World, browser_path: str) -> Iterator[Page]:
    """The lead's telephone, 390 pixels wide, on the case."""
    with served(world) as address, sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB", reduced_motion="reduce").new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{address}/login")
        page.get_by_label("User name").fill("dsl")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda found: "/login" not in found)
        page.goto(f"{address}/case?id={world.cases['race'].id}")
        page.get_by_test_id("stMain").wait_for()
        yield still(page)
        browser.close()


def still(window: Page) -> Page:
    """Wait until the page is drawn."""
    window.wait_for_timeout(200)  # a click takes a moment to reach the server
    window.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    return window


def press(window: Page, label: str) -> None:
    """Press a button."""
    window.get_by_role("button", name=label, exact=True).locator("visible=true").last.click()
    still(window)


def colours(window: Page, alt: str) -> set[Any]:
    """Return the colours of a picture as the browser drew it."""
    picture = window.get_by_alt_text(alt)
    picture.wait_for()
    expect(picture).to_have_js_property("complete", value=True)
    dots = base64.b64decode(str(picture.evaluate(_DOTS)).partition(",")[2])
    counted: Any = Image.open(io.BytesIO(dots)).convert("RGB").getcolors(1 << 24)
    return {colour for _, colour in counted}


def photographed(window: Page, name: str) -> None:
    """Keep a picture of the page where SCHOOLWATCH_PICTURES says so."""
    folder = os.environ.get("SCHOOLWATCH_PICTURES")
    if folder:
        window.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_a_child_is_covered_looked_at_sealed_and_gone_from_the_pack(world: World, window: Page) -> None:
    """Name typed, every picture covered; the look shows it covered; the sealed copy and the redacted pack hold neither face nor name."""
    case, lead = world.cases["race"], world.people["dsl"]
    window.get_by_text("Cover parts of it in a copy").first.click()
    still(window)
    window.get_by_role("textbox", name="Names to cover, one on each line").fill("\n".join(NAMES))
    press(window, "Look at the copy first")

    assert CHILD not in colours(window, "Working copy: The post alone")
    assert CHILD not in colours(window, "Working copy: The whole page, part 1")
    assert "[covered] won the race" in window.locator("body").inner_text()
    assert window.evaluate("document.documentElement.scrollWidth") <= 390
    photographed(window, "redaction-look")
    assert [one.kind for one in world.desk.casework.case(lead, case.id).evidence] == [EvidenceKind.PAGE]

    press(window, "Seal this copy")
    expect(window.get_by_text("Sealed as SW-2026-0001-E2").first).to_be_visible()
    photographed(window, "redaction-sealed")
    way = window.get_by_role("link", name="Download the pack with parts covered")
    answer = window.context.request.get(f"{window.url.partition('/case')[0]}{way.get_attribute('href')}")

    with zipfile.ZipFile(io.BytesIO(answer.body())) as opened:
        inside = {name: opened.read(name) for name in opened.namelist()}
    assert [name for name, content in inside.items() if holds(content.decode("latin-1"), NAMES)] == []
    pictures = [content for name, content in inside.items() if name.endswith(".png")]
    assert len(pictures) == 4
    for content in pictures:
        counted: Any = Image.open(io.BytesIO(content)).getcolors(1 << 24)
        assert CHILD not in {colour for _, colour in counted}


def test_a_face_is_covered_by_its_squares_on_a_telephone(world: World, window: Page) -> None:
    """The pictures come blurred with squares over them, sharp by a second click; one field is filled, and the face is gone everywhere."""
    case, lead = world.cases["race"], world.people["dsl"]
    window.get_by_text("Cover parts of it in a copy").first.click()
    still(window)
    assert window.get_by_alt_text("with squares").count() == 0

    press(window, "Show the pictures with squares over them")
    part = "The whole page, part 1, with squares A to L across, rows 1 to 12"
    blurred = colours(window, part)
    window.get_by_text("Cover no picture").click()
    press(window, "Show them sharp")
    assert colours(window, part) != blurred
    squares = window.get_by_role("textbox", name="Squares to cover: The whole page, part 1")
    squares.fill("b9 face")
    window.get_by_alt_text(part).scroll_into_view_if_needed()
    photographed(window, "redaction-squares")
    assert window.evaluate("document.documentElement.scrollWidth") <= 390
    press(window, "Look at the copy first")
    expect(window.get_by_text("'face' is no square; write a letter and a number")).to_be_visible()
    assert squares.input_value() == "b9 face"

    squares.fill("a2 \u2013 d4")
    window.get_by_role("textbox", name="Squares to cover: The whole page, part 2").fill("G3-I5")
    press(window, "Look at the copy first")
    for name in ("The whole page, part 1", "The whole page, part 2", "The post alone", "The screen as first seen"):
        assert CHILD not in colours(window, f"Working copy: {name}")
    photographed(window, "redaction-squares-look")
    assert window.evaluate("document.documentElement.scrollWidth") <= 390

    press(window, "Seal this copy")
    expect(window.get_by_text("Sealed as SW-2026-0001-E2").first).to_be_visible()
    made = next(one for one in world.desk.casework.case(lead, case.id).evidence if one.kind is EvidenceKind.REDACTED)
    for sealed in made.files:
        if sealed.name.endswith(".png"):
            counted: Any = Image.open(io.BytesIO(world.desk.vault.get(sealed.sha256))).getcolors(1 << 24)
            assert CHILD not in {colour for _, colour in counted}
