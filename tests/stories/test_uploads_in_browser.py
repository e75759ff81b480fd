"""A parent's screenshot and e-mail, taken in and looked at in a real browser: what is asked first, what goes over the wire."""

from __future__ import annotations

import base64
import io
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from PIL import Image, ImageChops
from playwright.sync_api import FilePayload, Page, Response, expect, sync_playwright
from streamlit.runtime import Runtime

from dashboard.parts import at_desk
from dashboard.parts.testing import PASSWORD, World, build
from dashboard.server import create_app
from data.clock import FixedClock
from data.model.cases import CaseState
from data.model.evidence import EvidenceKind

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PATIENCE = 60_000  # milliseconds: machines are shared and slow
SIZE = (900, 1_500)
MOST_OF_A_TILE = 60_000  # bytes
PICTURE = "A picture, number 1: "
_DOTS = """one => {
  const canvas = document.createElement("canvas");
  canvas.width = one.naturalWidth; canvas.height = one.naturalHeight;
  canvas.getContext("2d").drawImage(one, 0, 0);
  return canvas.toDataURL("image/png");
}"""


def the_picture() -> Image.Image:
    """Return noise: a picture that cannot be made small, so that its bytes would be seen on the wire."""
    small = Image.frombytes("RGB", (90, 150), random.Random(3).randbytes(90 * 150 * 3))  # noqa: S311 - noise, no secret
    return small.resize(SIZE, Image.Resampling.NEAREST)


def as_png(picture: Image.Image) -> bytes:
    """Return its file."""
    kept = io.BytesIO()
    picture.save(kept, "PNG")
    return kept.getvalue()


def a_mail() -> bytes:
    """Return an e-mail with a foreign picture in it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "someone@sender.example", "office@fernley.example", "You will be sorry"
    mail.set_content('<img src="https://pixel.example.org/open.png">', subtype="html")
    return mail.as_bytes()


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
    """A desk with one case of which nothing was captured."""
    made = build(tmp_path, clock, database_url)
    made.open_case("fresh", "Fernley Green: make Mr Q quit, message him all day ![x](https://pixel.example.org/a.png)")
    yield made
    made.desk.close()


class Wire:
    """Everything that a window asked for."""

    def __init__(self, window: Page) -> None:
        self.answers: list[Response] = []
        self.asked: list[str] = []
        window.on("response", lambda answer: self.answers.append(answer))  # noqa: PLW0108 - the driver marks its handler
        window.on("request", lambda request: self.asked.append(request.url))

    def hosts(self) -> set[str]:
        """Return the hosts that were asked, what lies in the page itself aside."""
        return {urlsplit(url).hostname or "" for url in self.asked if not url.startswith(("data:", "blob:"))}

    def pictures(self) -> list[tuple[str, int]]:
        """Return the path and the bytes of every raster picture that came, but the pages' own sign in the window's tab."""
        found = [one for one in self.answers if re.match("image/(png|jpeg|webp|gif)", one.headers.get("content-type", ""))]
        return [(path, int(one.headers["content-length"])) for one in found if (path := urlsplit(one.url).path) != "/favicon.png"]


@pytest.fixture
def window(world: World, browser_path: str) -> Iterator[tuple[Page, Wire]]:
    """The lead's window on the case."""
    with served(world) as address, sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", reduced_motion="reduce").new_page()
        page.set_default_timeout(PATIENCE)
        wire = Wire(page)
        page.goto(f"{address}/login")
        page.get_by_label("User name").fill("dsl")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda found: "/login" not in found)
        page.goto(f"{address}/case?id={world.cases['fresh'].id}")
        page.get_by_test_id("stMain").wait_for()
        yield still(page), wire
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


def shown(window: Page, alt: str) -> Image.Image:
    """Wait for a picture with these words beside it to be drawn, and return its dots as the browser has them."""
    picture = window.get_by_alt_text(re.compile(alt)).last
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", value=True)
    drawn = str(picture.evaluate(_DOTS))
    return Image.open(io.BytesIO(base64.b64decode(drawn.partition(",")[2]))).convert("RGB")


def test_from_the_question_to_the_sharp_picture(world: World, window: tuple[Page, Wire]) -> None:
    """D7, C6: asked before any file, sealed as supplied; on the wire blurred tiles only until a reason, then the picture, once."""
    page, wire = window
    _taken_in(page)
    kept = world.desk.casework.case(world.people["dsl"], world.cases["fresh"].id)

    assert (kept.case.state, kept.evidence[0].kind) == (CaseState.EVIDENCE_CAPTURED, EvidenceKind.SUPPLIED)
    _only_tiles(page, wire)
    _light_then_sharp(page, wire)
    _gone_with_the_next_click(page, wire)
    assert wire.hosts() == {"127.0.0.1"}
    assert [url for url in wire.asked if urlsplit(url).path.startswith("/media/")] == []  # the store of files of the pages' framework


def _taken_in(page: Page) -> None:
    """Answer, choose, tell, seal: as a person does it."""
    page.locator("summary", has_text="Add what a person brought").click()
    still(page)
    expect(page.get_by_test_id("stFileUploader")).to_have_count(0)
    page.get_by_role("radiogroup", name="Could this show").last.get_by_text("No", exact=True).click()
    still(page)
    press(page, "Go on to the files")
    screen: FilePayload = {"name": "IMG_0001.PNG", "mimeType": "image/png", "buffer": as_png(the_picture())}
    mail: FilePayload = {"name": "forwarded.eml", "mimeType": "message/rfc822", "buffer": a_mail()}
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files([screen, mail])
    expect(page.get_by_test_id("stFileUploader").get_by_text("forwarded.eml")).to_be_visible()
    still(page)
    for label, said in (
        ("Supplied by", "a parent"),
        ("How was it made", "A screenshot on her telephone."),
        ("What does it show", "A message"),
    ):
        page.get_by_role("textbox", name=label).last.fill(said)
        page.keyboard.press("Tab")
        still(page)
    press(page, "Seal it as evidence")
    expect(page.get_by_text("Supplied by a person, not captured by us").first).to_be_visible()


def _only_tiles(page: Page, wire: Wire) -> None:
    """What the browser has is a tile of 240 dots that holds no more than some colours."""
    assert max(shown(page, "Blurred tile: A picture, number 1").size) == 240
    came = wire.pictures()

    assert {path.rpartition("/")[2] for path, _ in came} == {"tile"}
    assert max(size for _, size in came) < MOST_OF_A_TILE


def _light_then_sharp(page: Page, wire: Wire) -> None:
    """With one reason: first blurred in full size, then dot for dot what was brought."""
    page.get_by_role("textbox", name="Reason", exact=True).locator("visible=true").last.fill("to see what the parent received")
    press(page, "Show it until my next click")

    light = shown(page, PICTURE)
    press(page, "Show it sharp")
    sharp = shown(page, PICTURE)

    assert (light.size, sharp.size) == (SIZE, SIZE)
    assert ImageChops.difference(sharp, the_picture()).getbbox() is None
    assert ImageChops.difference(light, the_picture()).getbbox() is not None
    assert max(size for _, size in wire.pictures()) > MOST_OF_A_TILE


def _gone_with_the_next_click(page: Page, wire: Wire) -> None:
    """A click later it is gone from the page, and its address gives nothing a second time."""
    address = next(one.url for one in reversed(wire.answers) if "?t=" in one.url)
    page.locator("summary", has_text="How pictures are shown to me").click()
    press(page, "Keep this")
    expect(page.get_by_alt_text(re.compile(PICTURE))).to_have_count(0)

    assert page.request.get(address).status == 403
