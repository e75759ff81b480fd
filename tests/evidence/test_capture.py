"""The capture itself: with a real browser, without one, and refused."""

from __future__ import annotations

import json
import os
import struct
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import psutil
import pytest

from collector.client import Client
from collector.public_address import Gate
from collector.testing import a_kept_post
from data.clock import FixedClock
from data.model.cases import Case, CaseItem
from data.model.evidence import CaptureOrder, Completeness, Evidence, SafetyAnswer
from data.model.readings import Category
from evidence.capture import capture, is_intact
from evidence.custody import CustodyDraft
from evidence.detect import BrowserSettings, find_browser
from evidence.errors import CaptureFailedError, CaptureForbiddenError, EvidenceError
from evidence.seal import Sealer
from evidence.testing import KEY, MOMENT, Listener, LocalSite, an_order, some_facts, square
from evidence.vault import Vault

POST = "The invented head of Fernley Green is a useless fool, ask anyone"


def size_of(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.fixture
def client(site: LocalSite, clock: FixedClock) -> Iterator[Client]:
    """A client that may ask the site."""
    opened = Client("dsl@school.example", clock, Gate(loopback_ports=frozenset({site.port})), pace_seconds=0)
    yield opened
    opened.close()


class Room:
    """Captures pages of the site for one invented case."""

    def __init__(self, case: Case, item: CaseItem, vault: Vault, client: Client, clock: FixedClock) -> None:
        """Remember the case and where things go."""
        self.case, self.item, self.vault, self.client, self.clock = case, item, vault, client, clock

    def take(self, address: str, settings: BrowserSettings, **more: Any) -> tuple[Evidence, tuple[CustodyDraft, ...]]:
        """Capture an address."""
        order = an_order(self.item.model_copy(update={"address": address}), at=MOMENT, answer=more.pop("answer", SafetyAnswer.NO))
        return self.run(order, settings, **more)

    def run(self, order: CaptureOrder, settings: BrowserSettings, **more: Any) -> tuple[Evidence, tuple[CustodyDraft, ...]]:
        """Carry out an order."""
        return capture(
            order,
            more.pop("case", self.case),
            self.item,
            facts=some_facts(self.case, **more),
            sealer=Sealer(self.vault, KEY),
            browser=settings,
            client=self.client,
            clock=self.clock,
        )

    def file(self, evidence: Evidence, name: str) -> bytes:
        """Return one file of a capture."""
        return self.vault.get(next(file.sha256 for file in evidence.files if file.name == name))

    def facts(self, evidence: Evidence) -> dict[str, Any]:
        """Return `capture.json`."""
        facts: dict[str, Any] = json.loads(self.file(evidence, "capture.json"))
        return facts


@pytest.fixture
def room(case: Case, item: CaseItem, vault: Vault, client: Client, clock: FixedClock) -> Room:
    """A place to capture from."""
    return Room(case, item, vault, client, clock)


NONE = BrowserSettings(enabled=False)


def _without(site: LocalSite) -> BrowserSettings:
    return replace(NONE, loopback_ports=frozenset({site.port}))


@pytest.mark.parametrize(
    ("answer", "change"),
    [
        (None, {}),
        (SafetyAnswer.YES, {}),
        (SafetyAnswer.NOT_SURE, {}),
        (SafetyAnswer.NO, {"stop": True}),
        (SafetyAnswer.NO, {"lead_category": Category.CSAM}),
    ],
)
def test_stop_means_no_request_and_no_file(room: Room, site: LocalSite, answer: SafetyAnswer | None, change: dict[str, Any]) -> None:
    """A refused capture asks nothing of the network and leaves nothing on the disk, with or without a browser."""
    site.page("/p", "x")
    for settings in (_without(site), BrowserSettings(loopback_ports=frozenset({site.port}))):
        with pytest.raises(CaptureForbiddenError):
            room.take(site.url("/p"), settings, answer=answer, case=room.case.model_copy(update=change))

    assert (site.asked, [path for path in room.vault.root.rglob("*") if path.is_file()]) == ([], [])


def test_without_a_browser_the_page_is_kept_and_marked(room: Room, site: LocalSite) -> None:
    """No browser: page, text, headers and facts are sealed, and the record says that there is no picture and what to install."""
    address = site.page("/p", f"<title>Forum</title><p>{POST}</p>")
    evidence, custody = room.take(address, _without(site), post=a_kept_post(text=POST))

    assert (evidence.completeness, evidence.status, evidence.title) == (Completeness.NO_PICTURE, 200, "Forum")
    assert "no picture" in evidence.note
    assert [file.name for file in evidence.files] == ["capture.json", "custody.jsonl", "dom.html", "page.txt", "post.json"]
    assert POST in room.file(evidence, "page.txt").decode()
    assert is_intact(evidence, room.vault)
    assert [line.what for line in custody] == ["opened", "safety answer", "capture started", "captured", "sealed"]
    assert custody[-1].detail == evidence.seal_sha256


@pytest.mark.parametrize(
    ("status", "expected"), [(404, Completeness.NOT_AVAILABLE), (410, Completeness.NOT_AVAILABLE), (401, Completeness.BEHIND_WALL)]
)
def test_without_a_browser_absence_and_walls_are_told_apart(room: Room, site: LocalSite, status: int, expected: Completeness) -> None:
    """A removed page and a wall are recorded as what they are, and neither counts as evidence of the post."""
    evidence, _ = room.take(site.page("/p", "gone", status), _without(site))

    assert (evidence.completeness, evidence.counts) == (expected, False)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        "notes",
        "file:///etc/passwd",
        "chrome://version",
        "data:text/html,x",
        "javascript:alert(1)",
        "ftp://a.example/",
        "about:blank",
        "view-source:https://a.example/",
        "http://u:p@a.example/",
        "http://a.example:8080/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://10.0.0.8/",
        "http://169.254.169.254/latest",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "https://a.example/" + "a" * 9_000,
    ],
)
def test_what_is_no_public_web_address_is_refused_before_anything_starts(room: Room, address: str) -> None:
    """Bad and private addresses fail with a reason before a browser or a request exists."""
    with pytest.raises(CaptureFailedError):
        room.take(address, BrowserSettings(path="/does/not/matter"))


def test_an_order_of_another_case_is_refused(room: Room, site: LocalSite) -> None:
    """An order cannot be carried out in the wrong case."""
    order = an_order(room.item, at=MOMENT).model_copy(update={"case_id": "other"})
    with pytest.raises(EvidenceError):
        room.run(order, _without(site))


def test_the_same_order_twice_names_the_same_record(room: Room, site: LocalSite) -> None:
    """A repeated job makes the record of the same id, so that the store keeps the first."""
    address = site.page("/p", POST)

    assert room.take(address, _without(site))[0].id == room.take(address, _without(site))[0].id


def test_a_setting_that_names_no_browser_means_none() -> None:
    """A wrong path in the settings is not quietly replaced by another browser."""
    assert find_browser(BrowserSettings(path="/no/such/browser")) is None


def _forum(site: LocalSite, posts: int = 12) -> str:
    """Serve a forum page with lazy pictures, a sticky head and a font that needs no loading."""
    for number in range(posts):
        site.page(f"/{number}.png", square((number * 20 % 255, 90, 200)), content_type="image/png")
    rows = "".join(
        f"<article style='height:420px'><p>{POST} {n}</p><img loading=lazy src=/{n}.png width=200 height=200></article>"
        for n in range(posts)
    )
    return site.page("/forum", f"<title>Forum &amp; more</title><header style='position:sticky;top:0'>Forum</header>{rows}")


@pytest.mark.browser
def test_a_page_is_captured_whole(room: Room, site: LocalSite, browser: BrowserSettings) -> None:
    """A26: pictures, source, text, facts and log of a long page with lazy images are sealed, and the record says that it is full."""
    evidence, _ = room.take(_forum(site), browser, post=a_kept_post(text=f"{POST} 3"))
    facts = room.facts(evidence)

    assert (evidence.completeness, evidence.note, evidence.status, evidence.title) == (Completeness.FULL, "", 200, "Forum & more")
    assert {
        "screen-as-seen.png",
        "page-full-01.png",
        "dom.html",
        "page.txt",
        "network.jsonl",
        "capture.json",
        "custody.jsonl",
        "post.json",
        "post.png",
        "page.mhtml",
        "page.wacz",
        "layout.json",
    } == {file.name for file in evidence.files} - {"imagehash.json"}
    assert size_of(room.file(evidence, "screen-as-seen.png")) == (1280, 900)
    assert size_of(room.file(evidence, "page-full-01.png"))[1] > 12 * 420
    assert (facts["settled"]["images"], facts["settled"]["loaded"]) == (12, 12)
    assert (facts["settings"]["locale"], facts["settings"]["timezone_id"], facts["settings"]["color_scheme"]) == (
        "en-GB",
        "Europe/London",
        "light",
    )
    assert facts["tools"]["sandbox"] is True
    assert is_intact(evidence, room.vault)
    assert site.asked.count("/forum") == 2  # its words first (evidence.md §8.3)
    assert site.asked.count("/3.png") == 1


@pytest.mark.browser
def test_as_root_the_browser_is_not_root(room: Room, site: LocalSite, browser: BrowserSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """When Schoolwatch runs as root, the browser runs as an ordinary account with its sandbox on; the record says so."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("not root: the browser runs as whoever we are")
    seen: set[tuple[int, str]] = set()
    made: list[str] = []
    real = tempfile.mkdtemp
    monkeypatch.setattr("evidence.photograph.tempfile.mkdtemp", lambda **given: made.append(real(**given)) or made[-1])

    def watch(handler: BaseHTTPRequestHandler) -> None:
        for process in psutil.process_iter(["cmdline", "uids"]):
            line = " ".join(process.info["cmdline"] or ())
            if made[0] in line and "--type=renderer" in line and process.info["uids"]:
                status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace")
                seen.add((process.info["uids"].real, next(row for row in status.splitlines() if row.startswith("Seccomp:")).split()[1]))
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"x")

    site.pages["/w"] = watch
    evidence, _ = room.take(site.url("/w"), browser)

    assert seen
    assert all(uid != 0 and seccomp == "2" for uid, seccomp in seen)
    assert evidence.tools["as_unprivileged_user"] is True


@pytest.mark.browser
def test_a_hostile_page_gets_nothing(room: Room, site: LocalSite, browser: BrowserSettings) -> None:
    """Dialogs are dismissed, pop-ups closed, downloads refused; each is counted and the page is still there."""
    site.page("/file", b"x" * 100, content_type="application/octet-stream", content_disposition="attachment")
    page = "<p>words</p><script>alert(1);confirm(2);prompt(3);open('/x');open('/y');setTimeout(()=>{location='/file'},50)</script>"
    evidence, _ = room.take(site.page("/p", page), browser)
    done = room.facts(evidence)["interventions"]

    assert done["dialogs_dismissed"] == 3
    assert done["popups_closed"] >= 1
    assert done["downloads_refused"] >= 1
    assert "words" in room.file(evidence, "page.txt").decode()


@pytest.mark.browser
def test_a_very_tall_page_is_cut_and_said_so(room: Room, site: LocalSite, browser: BrowserSettings) -> None:
    """Beyond 16,000 pixels the picture ends, in two parts, and the note says how much there was."""
    evidence, _ = room.take(site.page("/p", "<body style='margin:0'><div style='height:20000px'>tall</div>"), browser)

    assert evidence.completeness is Completeness.INCOMPLETE
    assert "16,000 of 20,000 pixels" in evidence.note
    assert [size_of(room.file(evidence, f"page-full-0{n}.png")) for n in (1, 2)] == [(1280, 8000), (1280, 8000)]


@pytest.mark.browser
def test_images_that_never_come_are_counted(room: Room, site: LocalSite, browser: BrowserSettings) -> None:
    """A picture that the site does not deliver makes the set incomplete, with numbers."""
    site.page("/a.png", square((1, 2, 3)), content_type="image/png")
    evidence, _ = room.take(site.page("/p", "<img src=/a.png width=9 height=9><img src=/none.png width=9 height=9>"), browser)

    assert evidence.completeness is Completeness.INCOMPLETE
    assert "1 of 2 images" in evidence.note


@pytest.mark.browser
@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ("This post was removed.", 404, Completeness.NOT_AVAILABLE),
        ("Gone", 410, Completeness.NOT_AVAILABLE),
        ("No", 403, Completeness.BEHIND_WALL),
        ("<h1>Please log in</h1><input type=password>", 200, Completeness.BEHIND_WALL),
    ],
)
def test_absence_and_walls_keep_their_picture_but_prove_no_post(
    room: Room, site: LocalSite, browser: BrowserSettings, body: str, status: int, expected: Completeness
) -> None:
    """A removed page or a wall is pictured as it is and never counts as evidence of the post."""
    evidence, _ = room.take(site.page("/p", body, status), browser)

    assert (evidence.completeness, evidence.status, evidence.counts) == (expected, status, False)
    assert "screen-as-seen.png" in {file.name for file in evidence.files}


@pytest.mark.browser
def test_causes_of_failure_are_exact(room: Room, site: LocalSite, browser: BrowserSettings) -> None:
    """A dead server, a redirect to a private address, a circle and a download each fail by name."""
    site.page("/private", "", 302, location="http://10.1.2.3/")
    site.page("/circle", "", 302, location="/circle")
    site.page("/file", "x", content_type="application/octet-stream", content_disposition="attachment")
    with Listener() as closed:
        dead = closed.port
    causes = {
        site.url("/private"): "private address",
        site.url("/circle"): "in a circle",
        site.url("/file"): "download",
        f"http://127.0.0.1:{dead}/": "refused by the server",
        site.page("/500", "x", 503): "503",
    }
    for address, words in causes.items():
        with pytest.raises(CaptureFailedError, match=words):
            room.take(address, replace(browser, loopback_ports=frozenset({site.port, dead})))


@pytest.mark.browser
def test_a_busy_page_is_killed_and_leaves_nothing_running(
    room: Room, site: LocalSite, browser: BrowserSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that never stops is ended by the parent; what was recorded is kept as incomplete, and no process or folder is left."""
    made: list[str] = []
    real = tempfile.mkdtemp
    monkeypatch.setattr("evidence.photograph.tempfile.mkdtemp", lambda **given: made.append(real(**given)) or made[-1])
    body = "<p>words</p><script>addEventListener('scroll', () => { for (;;); })</script><div style='height:9000px'>"
    evidence, _ = room.take(site.page("/busy", body), replace(browser, time_limit=15))
    left = [process for process in psutil.process_iter(["cmdline"]) if made[0] in " ".join(process.info["cmdline"] or ())]

    assert evidence.completeness is Completeness.INCOMPLETE
    assert "still busy" in evidence.note
    assert "screen-as-seen.png" in {file.name for file in evidence.files}
    assert left == []
    assert not Path(made[0]).exists()


@pytest.mark.browser
def test_a_silent_site_is_given_up(room: Room, site: LocalSite, browser: BrowserSettings) -> None:
    """A server that never answers ends in an error that says so, within the limit."""
    hold = threading.Event()
    site.pages["/silent"] = lambda _: hold.wait(30) and None
    try:
        with pytest.raises(CaptureFailedError, match=r"still busy after 6 seconds|did not answer"):
            room.take(site.url("/silent"), replace(browser, time_limit=6))
    finally:
        hold.set()


def _reaching_for(site: LocalSite, port: int) -> str:
    """Serve a page that tries sixteen ways to another port of this machine, and return its address."""
    there = f"127.0.0.1:{port}"
    secret, other = f"http://{there}/secret", f"http://localhost:{port}/secret"
    site.page("/away", "", 302, location=secret)
    return site.page(
        "/p",
        f"""<link rel=prefetch href="{secret}"><link rel=preconnect href="http://{there}"><link rel=dns-prefetch href="{other}">
        <link rel=stylesheet href="{secret}"><img src="{secret}" width=1 height=1><img src="/away" width=1 height=1>
        <iframe src="{secret}"></iframe><iframe src="/away"></iframe><iframe src="{other}"></iframe>
        <script>
        fetch("{secret}", {{mode: "no-cors"}}).catch(() => 0); fetch("/away", {{mode: "no-cors"}}).catch(() => 0);
        try {{ new WebSocket("ws://{there}/"); new WebSocket("ws://[::1]:{port}/") }} catch {{}}
        navigator.sendBeacon("{secret}", "x"); open("{secret}"); open("/away");
        new Worker(URL.createObjectURL(new Blob([`fetch("{secret}", {{mode: "no-cors"}})`])));
        const turn = {{urls: "turn:{there}?transport=tcp", username: "u", credential: "c"}};
        const c = new RTCPeerConnection({{iceServers: [turn]}});
        c.createDataChannel("x"); c.createOffer().then((o) => c.setLocalDescription(o));
        </script>words""",
    )


@pytest.mark.browser
def test_no_way_leads_from_a_page_to_a_private_server(room: Room, site: LocalSite, browser: BrowserSettings) -> None:
    """Sixteen ways from a captured page to a private server: not one connection is made, and the page itself is captured all the same."""
    with Listener() as private:
        evidence, _ = room.take(_reaching_for(site, private.port), browser)
        for address in (site.url("/away"), f"http://127.0.0.1:{private.port}/"):
            with pytest.raises(CaptureFailedError):
                room.take(address, browser)
        knocks = private.knocks()
    log = [json.loads(line) for line in room.file(evidence, "network.jsonl").splitlines()]

    assert knocks == 0
    assert sum(line["outcome"] == "refused" for line in log) >= 8
    assert room.facts(evidence)["interventions"]["connections_refused"] >= 8
    assert "words" in room.file(evidence, "page.txt").decode()


@pytest.mark.browser
def test_those_ways_do_lead_to_a_server_that_is_allowed(room: Room, site: LocalSite, browser: BrowserSettings) -> None:
    """The control: with the other port allowed, the same page does reach it many times, so that the zero above means something."""
    with LocalSite() as other:
        room.take(_reaching_for(site, other.port), replace(browser, loopback_ports=frozenset({site.port, other.port})))
        asked = other.asked.count("/secret")

    assert asked >= 6


@pytest.mark.browser
def test_without_a_working_sandbox_only_our_own_pages_open(room: Room, site: LocalSite, browser: BrowserSettings) -> None:
    """Where the browser's sandbox cannot work, a public page is refused with the mend; our own page opens and the record says how."""
    real = find_browser(browser)
    if real is None or os.name != "posix":
        pytest.skip("needs a shell script in front of the browser")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        starter = Path(folder) / "chromium"
        words = f"#!/bin/sh\ncase \"$*\" in *--no-sandbox*) exec '{real.path}' \"$@\";; esac\necho 'No usable sandbox!' >&2\nexit 1\n"
        starter.write_text(words, encoding="ascii")
        starter.chmod(0o755)
        settings = replace(browser, path=str(starter))
        evidence, _ = room.take(site.page("/p", "words"), settings)
        with pytest.raises(CaptureFailedError, match="sandbox does not work"):
            room.take("http://93.184.216.34/", settings)

    assert evidence.tools["sandbox"] is False
    assert "without the browser's sandbox" in evidence.note
