"""A page's words are read before its pictures: with a real browser and without one (evidence.md §8.3)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from collector.client import Client
from collector.public_address import Gate
from data.clock import FixedClock
from data.model.cases import Case, CaseItem
from data.model.evidence import CaptureOrder, Evidence
from evidence.capture import Watch, capture
from evidence.detect import BrowserSettings
from evidence.errors import CaptureCancelledError, CaptureFailedError, PreflightStopError
from evidence.first_look import is_media, looks_like_media
from evidence.progress import WORDS
from evidence.seal import Sealer
from evidence.testing import KEY, MOMENT, LocalSite, an_order, some_facts, square
from evidence.vault import Vault

if TYPE_CHECKING:
    from conftest import Camera

SIGN = "adult:label"
RATED = "<meta name=rating content=adult>"  # how a page says of itself what it is: no words needed
EVERY_WAY = """<!doctype html>{head}<title>Forum</title><link rel=icon href="/a.png?icon"><link rel=preload as=image href="/a.png?preload">
<style>@font-face{{font-family:f;src:url(/f.woff2)}} body{{background:url(/plain?background);font-family:f}}</style><p>Invented words</p>
<img src="/a.png?img" srcset="/a.png?set 2x"><picture><source srcset="/a.png?source"><img src="/a.png?picture"></picture>
<video src="/v.mp4" poster="/a.png?poster"></video><object data="/a.png?object"></object><embed src="/a.png?embed">
<iframe src="/a.png?frame"></iframe><input type=image src="/a.png?input">
<iframe sandbox=allow-scripts srcdoc="<img src=/plain?sandboxed><video poster=/plain?poster></video><input type=image src=/plain?input>
<p style='background:url(/plain?css)'>Invented</p><script>new Image().src = '/plain?script'</script>"></iframe>
<svg><image href="/a.png?svg"/></svg>
<script>new Image().src = "/a.png?script"; fetch("/a.png?fetch").catch(() => 0);
const x = new XMLHttpRequest(); x.open("GET", "/a.png?xhr"); x.send();</script>"""


def _site(site: LocalSite, head: str = "") -> str:
    for path in ("/a.png", "/plain"):
        site.page(path, square((9, 99, 199)), content_type="image/png")
    return site.page("/p", EVERY_WAY.format(head=head))


def _take(order: CaptureOrder, case: Case, item: CaseItem, vault: Vault, settings: BrowserSettings, watch: Watch | None = None) -> Evidence:
    clock = FixedClock(MOMENT)
    client = Client("dsl@school.example", clock, Gate(loopback_ports=settings.loopback_ports), pace_seconds=0)
    try:
        return capture(
            order,
            case,
            item,
            facts=some_facts(case),
            sealer=Sealer(vault, KEY),
            browser=settings,
            client=client,
            clock=clock,
            watch=watch,
        )[0]
    finally:
        client.close()


def _order(item: CaseItem, address: str, **changes: Any) -> CaptureOrder:
    return an_order(item.model_copy(update={"address": address}), at=MOMENT).model_copy(update=changes)


def _files(vault: Vault) -> list[str]:
    return [path.name for path in vault.root.rglob("*") if path.is_file()]


@pytest.mark.browser
def test_a_sign_stops_it_with_no_picture_asked_for_and_no_file(
    case: Case, item: CaseItem, vault: Vault, site: LocalSite, browser: BrowserSettings
) -> None:
    """A page that rates itself for adults: one request for its words, none for any of its pictures in sixteen ways, nothing kept."""
    with pytest.raises(PreflightStopError) as stop:
        _take(_order(item, _site(site, RATED)), case, item, vault, browser)

    assert stop.value.signals == (SIGN,)
    assert site.asked == ["/p"]
    assert _files(vault) == []


@pytest.mark.browser
def test_what_a_lead_lifted_is_captured_and_says_so(
    case: Case, item: CaseItem, vault: Vault, site: LocalSite, browser: BrowserSettings
) -> None:
    """The same page after a safeguarding lead lifted that very sign: its pictures are loaded the second time, and only then."""
    order = _order(item, _site(site, RATED), signals=(SIGN,), lifted_by="u-dsl")
    _take(order, case, item, vault, browser)

    assert site.asked[:2] == ["/p", "/p"]
    assert site.asked.count("/a.png") >= 5


@pytest.mark.browser
def test_an_address_that_is_a_picture_is_looked_at_only_with_leave(camera: Camera, site: LocalSite) -> None:
    """A picture's own address has no words: the first look takes nothing of it in, the second is the capture."""
    address = site.page("/picture", square((1, 2, 3), 200), content_type="image/png")
    picture = camera.take(address)

    assert picture.facts["text_first"]["kept_away"] >= 1
    assert "screen-as-seen.png" in picture.files
    assert site.asked.count("/picture") == 2


def test_without_a_browser_the_same_sign_stops_it(case: Case, item: CaseItem, vault: Vault, site: LocalSite) -> None:
    """No browser: the words are asked before anything is kept, and nothing is."""
    settings = BrowserSettings(enabled=False, loopback_ports=frozenset({site.port}))
    with pytest.raises(PreflightStopError):
        _take(_order(item, _site(site, RATED)), case, item, vault, settings)

    assert (site.asked, _files(vault)) == (["/p"], [])


@pytest.mark.browser
def test_a_cancelled_capture_ends_at_once_and_keeps_nothing(
    case: Case, item: CaseItem, vault: Vault, site: LocalSite, browser: BrowserSettings
) -> None:
    """Cancelled while the site keeps us waiting: it ends long before its time, says how far it was in our own words, and leaves no file."""
    hold, steps, turns = threading.Event(), list[str](), list[int]()
    site.pages["/slow"] = lambda _: hold.wait(60) and None

    def wanted() -> None:
        turns.append(1)
        if WORDS["text"] in steps and len(turns) > 3:
            raise CaptureCancelledError

    try:
        with pytest.raises(CaptureCancelledError):
            _take(_order(item, site.url("/slow")), case, item, vault, browser, Watch(steps.append, wanted))
    finally:
        hold.set()

    assert steps == [WORDS["starting"], WORDS["text"]]
    assert _files(vault) == []


@pytest.mark.browser
def test_each_step_is_said_in_our_own_words_and_in_order(
    case: Case, item: CaseItem, vault: Vault, site: LocalSite, browser: BrowserSettings
) -> None:
    """A whole capture says every step once; none of its words comes from the page."""
    steps: list[str] = []
    _take(_order(item, _site(site)), case, item, vault, browser, Watch(steps.append))

    assert steps == [WORDS[key] for key in ("starting", "text", "words", "opening", "seen", "settling", "keeping", "whole", "sealing")]


def test_a_clock_that_jumps_is_said(case: Case, item: CaseItem, vault: Vault, site: LocalSite) -> None:
    """The computer's clock moves by 100 seconds meanwhile: the note says so, and the verdict on the page stays."""
    machine = FixedClock(MOMENT)

    class Jumping(FixedClock):
        """A clock that leaps ahead whenever it is asked."""

        def now(self) -> Any:
            """Leap, and return the moment."""
            from datetime import timedelta

            machine.forward(timedelta(seconds=100.5))
            return machine.moment

    settings = BrowserSettings(enabled=False, loopback_ports=frozenset({site.port}))
    order = _order(item, site.page("/p", "<p>Invented words</p>"))
    evidence = _take(order, case, item, vault, settings, Watch(machine=Jumping()))
    plain = _take(order, case, item, vault, settings)

    assert "the computer's clock was moved by +100." in evidence.note
    assert "clock" not in plain.note
    assert evidence.completeness is plain.completeness


def test_a_failed_site_keeps_its_cause_when_nobody_wants_it(case: Case, item: CaseItem, vault: Vault, site: LocalSite) -> None:
    """Without a browser a site's fault is an error by name, asked once."""
    settings = BrowserSettings(enabled=False, loopback_ports=frozenset({site.port}))
    with pytest.raises(CaptureFailedError, match="503"):
        _take(_order(item, site.page("/p", "x", 503)), case, item, vault, settings)

    assert site.asked == ["/p"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://a.example/x.PNG?w=3", True),
        ("https://a.example/x.mp4#t=3", True),
        ("https://a.example/f.woff2", True),
        ("https://a.example/png", False),
        ("https://a.example/x.png/about", False),
        ("https://a.example/?f=x.png", False),
    ],
)
def test_pictures_are_known_by_how_their_address_ends(address: str, *, expected: bool) -> None:
    """The path decides, whatever its case; a query or a folder does not."""
    assert looks_like_media(address) is expected


@pytest.mark.parametrize(
    ("kind", "expected"), [("image/png", True), (" Video/mp4", True), ("font/woff2", True), ("text/html; image/png", False), ("", False)]
)
def test_pictures_are_known_by_what_the_answer_says(kind: str, *, expected: bool) -> None:
    """The content type decides, whatever its case."""
    assert is_media([{"name": "X-Other", "value": "image/png"}, {"name": "Content-Type", "value": kind}]) is expected


RATED_WORDS = "who has the Y10 nudes folder, swap for £5"  # as in test_preflight
LIES = [
    "Object.defineProperty(HTMLElement.prototype, 'innerText', {get() { return 'Welcome to our village fair.' }})",
    "Array.prototype.flatMap = () => []; Array.prototype.map = () => []",
    "Document.prototype.querySelectorAll = () => []; document.querySelectorAll = () => []",
    "addEventListener('DOMContentLoaded', () => document.body.textContent = 'Welcome to our village fair.')",
]


@pytest.mark.browser
@pytest.mark.parametrize("lie", LIES)
def test_a_page_cannot_lie_about_its_words(
    case: Case, item: CaseItem, vault: Vault, site: LocalSite, browser: BrowserSettings, lie: str
) -> None:
    """Scripts that redefine how a page is read, or wipe its words away: what stands there and what was received stops it all the same."""
    address = site.page("/p", f"<!doctype html><title>Fair</title><script>{lie}</script><p>{RATED_WORDS}</p><img src=/a.png>")
    with pytest.raises(PreflightStopError):
        _take(_order(item, address), case, item, vault, browser)

    assert site.asked == ["/p"]
    assert _files(vault) == []


@pytest.mark.browser
def test_the_text_that_is_kept_is_the_one_on_the_page(camera: Camera, site: LocalSite) -> None:
    """Text, layout and measures come from the page as it stands, not from what the page says of itself."""
    bent = "Math.max = () => ({a: [1]}); Object.defineProperty(document.documentElement, 'scrollHeight', {get: () => NaN});" + LIES[0]
    picture = camera.take(site.page("/p", f"<!doctype html><title>Fair</title><p>Invented words</p><script>{bent}</script>"))

    assert (picture.evidence.completeness.value, picture.text) == ("full", ["Invented words"])
    assert picture.facts["settled"]["height"] >= 900
    assert "Invented words" in picture.files["layout.json"].decode()


@pytest.mark.browser
@pytest.mark.parametrize("late", ["<img alt='{}'>", "<a href='/x'><span hidden>x</span></a><a href='{}'></a>", RATED])
def test_what_comes_after_the_first_look_stops_it_too(
    case: Case, item: CaseItem, vault: Vault, site: LocalSite, browser: BrowserSettings, late: str
) -> None:
    """Descriptions, links and labels that only the second visit gets are asked about before anything is kept."""
    visits: list[int] = []
    more = late.format("leaked nudes of a girl" if "alt" in late else "https://town.example/y9-leaked-nudes/")

    def answer(handler: Any) -> None:
        """Say more the second time."""
        visits.append(1)
        body = f"<!doctype html><title>Fair</title><p>Invented words</p>{more if len(visits) > 1 else ''}".encode()
        handler.send_response(200)
        handler.send_header("content-type", "text/html")
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    site.pages["/p"] = answer
    with pytest.raises(PreflightStopError):
        _take(_order(item, site.url("/p")), case, item, vault, browser)

    assert (len(visits), _files(vault)) == (2, [])


OUTSIDE = """<!doctype html><title>Forum</title><p>Invented words</p><link rel=prefetch href='{other}/photo?prefetch'>
<iframe src='{other}/photo?frame'></iframe><iframe src='{other}/holder'></iframe><object data='{other}/photo?object'></object>
<iframe src='/away'></iframe>
<script>{page}; open('{other}/photo?popup');
const started = (make) => {{ try {{ make(); }} catch {{ /* there is none */ }} }};
const source = URL.createObjectURL(new Blob([`{worker}`]));
started(() => new Worker(source)); started(() => new SharedWorker(source));
const frame = document.createElement('iframe'); document.body.append(frame);
started(() => new frame.contentWindow.Worker(source)); started(() => new frame.contentWindow.SharedWorker(source));
</script>"""


def _photo(site: LocalSite, sent: list[str]) -> None:
    """Serve a picture whose address does not say that it is one; a second list tells what reached a script."""

    def answer(handler: Any) -> None:
        """Serve it."""
        way, body = handler.path.partition("?")[2], square((9, 99, 199))
        sent.append(way)
        handler.send_response(200)
        for name, value in (("content-type", "image/png"), ("access-control-allow-origin", "*"), ("content-length", str(len(body)))):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    site.pages["/photo"] = answer


@pytest.mark.browser
def test_nobody_outside_the_page_fetches_its_pictures(
    case: Case, item: CaseItem, vault: Vault, site: LocalSite, browser: BrowserSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames of other sites, also after a redirect, pop-ups, workers: not asked for; what the page asks for itself is dropped unread."""
    other, sent, reached = f"http://localhost:{site.port}", list[str](), list[str]()
    _photo(site, sent)

    def got(handler: Any) -> None:
        """Note what a script could read."""
        reached.append(handler.path)
        handler.send_error(404)

    site.pages["/got"] = got

    def fetched(way: str) -> str:
        """Return a script that fetches the picture and tells of it."""
        return f"fetch('{other}/photo?{way}').then(r => r.arrayBuffer()).then(() => fetch('{other}/got?{way}', {{mode: 'no-cors'}}))"

    site.page("/holder", f"<p>x<iframe src='{other}/photo?held'></iframe><script>{fetched('held-fetch')}</script>")
    site.page("/away", "", 302, location=f"{other}/holder")
    page = OUTSIDE.format(other=other, page=fetched("own"), worker=fetched("worker"))
    address = site.page("/p", page)

    def words(*_: object) -> None:
        """Stop, late."""
        hold.wait(1.5)  # what was begun gets time to end
        raise PreflightStopError((SIGN,))

    hold = threading.Event()
    monkeypatch.setattr("evidence.capture.must_be_clear", words)
    with pytest.raises(PreflightStopError):
        _take(_order(item, address), case, item, vault, browser)

    assert reached == []
    assert set(sent) <= {"own", "prefetch"}  # the head of the answer was needed to know; its body reached nobody
