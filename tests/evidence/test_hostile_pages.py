"""Pages that fight back and servers that misbehave (evidence.md §3 and §7): an answer for each, and nothing left running or lying about."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from data.model.evidence import Completeness
from evidence.capture import Watch
from evidence.detect import BrowserSettings, find_browser
from evidence.errors import CaptureFailedError
from evidence.processes import let_pass, marked
from evidence.testing import LocalSite, answering, busy, square

if TYPE_CHECKING:
    from conftest import Camera

pytestmark = pytest.mark.browser
LIMIT = 60.0  # seconds: no capture lasts longer, whatever the page does
POST = "The invented head of Fernley Green never answers letters, and 3 parents say so"
WORDS = f"<!doctype html><title>Forum</title><link rel=icon href='data:,'><p>{POST}</p>"


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A temporary folder of this test's own: afterwards it is empty, no process names it any more, and the limit was kept."""
    assert tmp_path.exists()  # made first, so that it does not lie in ours
    root, began = Path(tempfile.mkdtemp(prefix="sw-hostile-")), time.monotonic()
    let_pass(root)
    monkeypatch.setattr(tempfile, "tempdir", str(root))
    yield
    monkeypatch.undo()
    left, lying = [process.cmdline() for process in marked(root)], [str(path) for path in root.rglob("*")]
    shutil.rmtree(root, ignore_errors=True)

    assert (left, lying) == ([], [])
    assert time.monotonic() - began < 3 * LIMIT  # a test makes three captures at most


def _raw(handler: BaseHTTPRequestHandler, head: str, *pieces: bytes) -> None:
    handler.wfile.write(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
    for piece in pieces:
        handler.wfile.write(piece)


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Set at the end, so that servers that wait stop waiting."""
    event = threading.Event()
    yield event
    event.set()


def test_everything_that_asks_a_person_is_refused_and_counted(camera: Camera, site: LocalSite) -> None:
    """Dialogs, 20 pop-ups, print, permissions, downloads, a question before leaving: refused, counted, and the page is there whole."""
    site.page("/file", b"x" * 100, content_type="application/octet-stream", content_disposition="attachment")
    script = """
      addEventListener("beforeunload", (event) => { event.preventDefault(); event.returnValue = "stay"; });
      for (let n = 0; n < 20; n++) open("/pop-" + n);
      alert(1); confirm(2); prompt(3); print();
      Notification.requestPermission(); navigator.geolocation.getCurrentPosition(() => 0);
      navigator.mediaDevices && navigator.mediaDevices.getUserMedia({video: true}).catch(() => 0);
      document.documentElement.requestFullscreen().catch(() => 0);
      setTimeout(() => { location = "/file"; }, 50);"""
    picture = camera.take(site.page("/p", f"{WORDS}<script>{script}</script>"), POST)
    done = picture.facts["interventions"]

    assert picture.evidence.completeness is Completeness.FULL, picture.evidence.note
    assert done["dialogs_dismissed"] >= 3
    assert done["popups_closed"] >= 1
    assert done["downloads_refused"] >= 1
    assert done["prints_refused"] >= 1
    assert done["permissions_refused"] >= 2
    assert picture.text == [POST]


def test_a_question_before_leaving_is_counted_and_holds_nobody(camera: Camera, site: LocalSite) -> None:
    """The page asks whether we really want to leave: counted when we leave it between the two looks, and we leave. It is there whole."""
    script = """addEventListener("beforeunload", (event) => { event.preventDefault(); event.returnValue = "stay"; });"""
    picture = camera.take(site.page("/p", f"{WORDS}<script>{script}</script>"), POST)
    first, second = picture.facts["text_first"]["refused"], picture.facts["interventions"]

    assert picture.evidence.completeness is Completeness.FULL, picture.evidence.note
    assert (first["leaving"], first["dialogs"]) == (1, 0)
    assert (second["leaving_dialogs_accepted"], second["dialogs_dismissed"]) == (0, 0)
    assert (picture.evidence.final_address, site.asked) == (site.url("/p"), ["/p", "/p"])


@pytest.mark.parametrize(
    "script",
    [
        "for (;;) alert(1)",
        "for (;;);",
        "const f = () => { for (const u = performance.now(); performance.now() < u + 900;); setTimeout(f, 0) }; f()",
        "for (;;) { const x = new XMLHttpRequest(); x.open('GET', '/p', false); x.send() }",
        "for (;;) history.pushState(0, '', '/p?' + Math.random())",
    ],
)
def test_a_page_that_never_lets_go_is_stopped_at_the_limit(camera: Camera, site: LocalSite, script: str) -> None:
    """Loops of dialogs, of nothing, of requests, of history: stopped at the limit; kept is what there was, as incomplete, or nothing."""
    address = site.page("/p", f"{WORDS}<script>{script}</script>")
    try:
        picture = camera.take(address, POST, time_limit=12)
    except CaptureFailedError as error:
        assert re.search("still busy after 12 seconds|did not answer|filled 1.2 GB of memory", str(error))  # noqa: PT017 - whichever is first
    else:
        assert picture.evidence.completeness in {Completeness.INCOMPLETE, Completeness.FULL}


def test_an_answer_that_drips_for_ever_is_kept_as_far_as_it_came(camera: Camera, site: LocalSite, stop: threading.Event) -> None:
    """A page whose end never comes: what had come is pictured, and the verdict says that it never finished."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        _raw(handler, "content-type: text/html", WORDS.encode())
        while not stop.wait(0.1):
            handler.wfile.write(b"<p>and more</p>")

    site.pages["/drip"] = drip
    picture = camera.take(site.url("/drip"), POST, time_limit=50)

    assert picture.evidence.completeness is Completeness.INCOMPLETE
    assert "never finished loading" in picture.evidence.note or "still busy" in picture.evidence.note
    assert "screen-as-seen.png" in picture.files


def test_a_picture_that_drips_is_counted_as_missing(camera: Camera, site: LocalSite, stop: threading.Event) -> None:
    """One image comes, one never ends: 1 of 2."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        _raw(handler, "content-type: image/png", square((9, 9, 200))[:60])
        while not stop.wait(0.2):
            handler.wfile.write(b"\0")

    site.pages["/slow.png"] = drip
    site.page("/a.png", square((1, 2, 3)), content_type="image/png")
    body = "<img src=/a.png width=50 height=50><img src=/slow.png width=50 height=50>"
    picture = camera.take(site.page("/p", WORDS + body), POST, time_limit=50)

    assert picture.evidence.completeness is Completeness.INCOMPLETE
    assert "1 of 2 images" in picture.evidence.note


def test_a_page_that_eats_memory_is_ended(camera: Camera, site: LocalSite) -> None:
    """A page that fills gigabytes is ended long before the machine suffers; the answer is an error or an incomplete set."""
    script = (
        "const all = []; const more = () => { all.push(new Uint8Array(1e8).fill(7)); if (all.length < 60) setTimeout(more, 5) }; more()"
    )
    address = site.page("/p", f"{WORDS}<script>{script}</script>")
    try:
        picture = camera.take(address, POST, time_limit=40)
    except CaptureFailedError as error:
        assert "memory" in str(error)  # noqa: PT017 - one of two right answers
    else:
        assert picture.evidence.completeness is Completeness.INCOMPLETE
        assert "memory" in picture.evidence.note


@pytest.mark.parametrize(
    ("body", "status", "headers", "expected"),
    [
        ("Not here", 404, {}, Completeness.NOT_AVAILABLE),
        ("", 404, {}, Completeness.NOT_AVAILABLE),
        ("", 401, {"www_authenticate": 'Basic realm="Forum"'}, Completeness.BEHIND_WALL),
        ("Removed", 410, {}, Completeness.NOT_AVAILABLE),
        ("Who are you?", 401, {}, Completeness.BEHIND_WALL),
        ("<h1>Verify you are human</h1><div class=captcha></div>", 200, {}, Completeness.BEHIND_WALL),
        ("<h1>Confirm your age</h1><button>I am 18</button>", 200, {}, Completeness.BEHIND_WALL),
        ("<h1>Log in to see more</h1><input type=password>", 200, {}, Completeness.BEHIND_WALL),
    ],
)
def test_absence_and_walls_are_pictured_and_never_count(
    camera: Camera, site: LocalSite, body: str, status: int, headers: dict[str, str], expected: Completeness
) -> None:
    """404, 410, 401, a login wall, a puzzle, an age gate: pictured as they are, and no evidence of the post. Nothing is clicked."""
    address = site.page("/p", f"<!doctype html><title>x</title><p>{body}</p>" if body else "", status, **headers)
    picture = camera.take(address, POST)

    assert picture.evidence.final_address == address
    assert (picture.evidence.completeness, picture.evidence.status, picture.evidence.counts) == (expected, status, False)
    assert "screen-as-seen.png" in picture.files
    assert "post.png" not in picture.files
    assert picture.facts["interventions"]["clicked"] == 0


def test_a_post_that_is_gone_when_we_come_is_said_to_be_missing(camera: Camera, site: LocalSite) -> None:
    """The page is there, the post was deleted in between: the page is kept, there is no picture of the post, and the verdict says so."""
    picture = camera.take(site.page("/p", "<!doctype html><title>Forum</title><h1>Forum</h1><p>Other invented words</p>"), POST)

    assert picture.evidence.completeness is Completeness.INCOMPLETE
    assert "not found on the page" in picture.evidence.note
    assert "post.png" not in picture.files
    assert {"page-full-01.png", "page.mhtml", "page.wacz", "dom.html"} <= set(picture.files)


def test_many_hops_fail_with_the_way_and_a_few_are_listed(camera: Camera, site: LocalSite) -> None:
    """Redirects: in a circle and more than 20 fail by name; three are followed and stand in the record, in order."""
    site.page("/circle", "", 302, location="/circle")
    for n in range(25):
        site.page(f"/hop-{n}", "", 302, location=f"/hop-{n + 1}")
    for n in range(3):
        site.page(f"/few-{n}", "", 301, location=f"/few-{n + 1}")
    site.page("/few-3", WORDS)
    with pytest.raises(CaptureFailedError, match="circle"):
        camera.take(site.url("/circle"))
    with pytest.raises(CaptureFailedError, match="more than 20"):
        camera.take(site.url("/hop-0"))
    picture = camera.take(site.url("/few-0"), POST)

    assert picture.facts["hops"] == [site.url(f"/few-{n}") for n in range(3)]
    assert picture.evidence.final_address == site.url("/few-3")


def test_a_busy_site_is_asked_again_as_it_says_and_then_left_alone(camera: Camera, site: LocalSite) -> None:
    """429 once and then well: captured. 429 or 503 for good: three questions at most, and the error names the status."""
    picture = camera.take(site.in_turn("/once", busy(429), answering(WORDS)), POST)
    with pytest.raises(CaptureFailedError, match="429"):
        camera.take(site.in_turn("/always", busy(429)), POST)
    with pytest.raises(CaptureFailedError, match="503"):
        camera.take(site.in_turn("/later", busy(503, "3600")), POST)

    assert (picture.evidence.completeness, picture.evidence.status) == (Completeness.FULL, 200)
    assert site.asked.count("/always") == 3
    assert site.asked.count("/later") == 1  # an hour is too long to wait for


def test_a_page_that_wants_too_much_is_cut_off(camera: Camera, site: LocalSite) -> None:
    """Beyond the traffic limit nothing more is fetched; the verdict says what was cut."""
    for n in range(4):
        site.page(f"/{n}.png", square((n, 2, 3)) + b"\0" * 1_500_000, content_type="image/png")
    body = "".join(f"<img src=/{n}.png width=50 height=50>" for n in range(4))
    picture = camera.take(site.page("/p", WORDS + body), POST, max_traffic=2_500_000)

    assert picture.evidence.completeness is Completeness.INCOMPLETE
    assert "was cut off" in picture.evidence.note
    assert picture.facts["interventions"]["traffic_bytes"] < 6_000_000


def test_no_name_no_server_no_words_no_page_are_told_apart(camera: Camera, site: LocalSite) -> None:
    """A name without an address, a closed port, a server that hangs up, an address that is a download: each fails by its own name."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        dead = closed.getsockname()[1]
    site.pages["/hangs-up"] = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
    causes = {
        "http://no-such-name.invalid/": "has no address",
        f"http://127.0.0.1:{dead}/": "refused by the server",
        site.url("/hangs-up"): "without an answer",
    }
    for address, words in causes.items():
        with pytest.raises(CaptureFailedError, match=words):
            camera.take(address, loopback_ports=frozenset({site.port, dead}))


class _Secure:
    """A TLS server on loopback whose certificate nobody vouches for."""

    def __init__(self, folder: Path, *, days: int) -> None:
        """Make a certificate that ends so many days from a fixed moment, and listen."""
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        start = datetime(2020, 1, 1, tzinfo=UTC)
        made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), start, start + timedelta(days=days))
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        content = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        (folder / "both.pem").write_bytes(content + key.private_bytes(serialization.Encoding.PEM, *form))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "both.pem")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.heard = 0
        threading.Thread(target=self._serve, args=(context,), daemon=True).start()

    def _serve(self, context: ssl.SSLContext) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as secure:
                    self.heard += secure.recv(65_536).startswith(b"GET")
            except OSError:
                continue

    def close(self) -> None:
        """Stop listening."""
        self._listening.close()


@pytest.mark.parametrize("days", [365 * 30, 30])
def test_a_bad_certificate_is_never_overlooked(camera: Camera, tmp_path: Path, days: int) -> None:
    """Nobody vouches for it, or it ran out: fails with that cause, and not one request is made over that line."""
    server = _Secure(tmp_path, days=days)
    try:
        with pytest.raises(CaptureFailedError, match="certificate is not valid"):
            camera.take(f"https://localhost:{server.port}/", loopback_ports=frozenset({server.port}))
    finally:
        server.close()

    assert server.heard == 0


def test_a_server_that_does_not_speak_tls_is_named(camera: Camera, site: LocalSite) -> None:
    """An encrypted line asked of a plain server fails as a fault of the encryption."""
    with pytest.raises(CaptureFailedError, match=r"encryption|TLS"):
        camera.take(site.url("/p").replace("http:", "https:"))


def test_a_page_of_nothing_and_a_page_of_noise_are_captured(camera: Camera, site: LocalSite) -> None:
    """An empty answer, bytes that are no text, a megabyte of one word, markup that never closes: captured as they are."""
    empty = camera.take(site.page("/empty", b""))
    noise = camera.take(site.page("/noise", bytes(range(256)) * 50 + b"\xff\xfe</script>\x00" + POST.encode()), POST)
    long = camera.take(site.page("/long", WORDS + "<div>" * 3_000 + "x" * 1_000_000), POST)

    assert empty.text == []
    assert "screen-as-seen.png" in empty.files
    assert POST in noise.files["page.txt"].decode()
    assert len(long.files["page.txt"]) > 1_000_000
    assert {one.evidence.status for one in (empty, noise, long)} == {200}


@pytest.mark.parametrize(
    ("step", "whole"),
    [("opening the page (text only)", False), ("opening the page", False), ("scrolling to the end, so that every picture loads", True)],
)
def test_a_browser_that_dies_under_way_says_so(camera: Camera, site: LocalSite, step: str, whole: bool) -> None:
    """The browser is killed at a step: before the first picture that is a failure with its cause, after it an incomplete capture."""
    address = site.page("/p", WORDS + "<img src=/slow.png>" * 30)
    killed: list[int] = []

    def told(words: str) -> None:
        if words == step:
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):  # one that ended by itself meanwhile, a zombie too
                    if "--type=" not in " ".join(process.cmdline()) and "--remote-debugging-pipe" in process.cmdline():
                        process.kill()
                        killed.append(process.pid)

    try:
        picture = camera.take(address, POST, watch=Watch(progress=told))
    except CaptureFailedError as error:
        assert not whole
        assert "the browser ended before it had a picture" in str(error)  # noqa: PT017
        return
    assert killed
    assert picture.evidence.completeness is Completeness.INCOMPLETE
    assert "could not be recorded" in picture.evidence.note or "broke off" in picture.evidence.note


def test_a_page_that_always_goes_on_to_the_next_is_captured_or_refused_in_words(camera: Camera, site: LocalSite) -> None:
    """Each page sends its reader on at once: our leaving it between the two looks may lose that race, and is tried again."""
    address = site.page("/p", f"{WORDS}<script>setInterval(() => {{ location = '/p?' + Math.random() }}, 1)</script>")
    try:
        picture = camera.take(address, POST, time_limit=20)
    except CaptureFailedError as error:
        assert "ended before" not in str(error)  # noqa: PT017 - whichever comes, it has its own words
    else:
        assert "screen-as-seen.png" in picture.files


def test_our_list_of_what_is_switched_off_holds_playwrights_own(browser: BrowserSettings) -> None:
    """Of two such lists on its command line the browser takes the last: ours must hold everything that Playwright's holds."""
    found = find_browser(browser)
    assert found is not None
    script = """
import sys, psutil
from playwright.sync_api import sync_playwright
from evidence.browser import _ARGUMENTS
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=[*_ARGUMENTS], chromium_sandbox=False)
    lines = [process.cmdline() for process in psutil.Process().children(recursive=True)]
    print(*next(line for line in lines if "--headless" in " ".join(line) and not any(p.startswith("--type=") for p in line)), sep="\\n")
    browser.close()
"""
    line = subprocess.run([sys.executable, "-c", script, found.path], check=True, capture_output=True, text=True).stdout
    lists = [set(part.partition("=")[2].split(",")) for part in line.splitlines() if part.startswith("--disable-features=")]

    assert len(lists) == 2
    assert lists[0] - lists[1] == set()
    assert lists[1] - lists[0] == {"IsolateSandboxedIframes"}
