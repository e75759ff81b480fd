"""No way leads from a captured page to a private address (evidence.md §4; §9, row 2): vectors, spellings, names that change their mind.

Every zero has its control: the same page with the other server allowed does reach it, by each of the same ways.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from collector import public_address
from collector.public_address import Gate
from evidence import photograph
from evidence.errors import CaptureFailedError
from evidence.proxy import GuardProxy
from evidence.testing import Listener, LocalSite

if TYPE_CHECKING:
    from conftest import Camera

VECTORS: dict[str, Callable[[str], str]] = {
    "image": lambda url: f'<img src="{url}" width=9 height=9>',
    "frame": lambda url: f'<iframe src="{url}"></iframe>',
    "stylesheet": lambda url: f'<link rel=stylesheet href="{url}">',
    "script": lambda url: f'<script async src="{url}"></script>',
    "module": lambda url: f'<script>import("{url}").catch(() => 0)</script>',
    "film": lambda url: f'<video src="{url}" preload=auto muted autoplay></video>',
    "object": lambda url: f'<object data="{url}"></object>',
    "background": lambda url: f'<div style="width:9px;height:9px;background:url({url})"></div>',
    "font": lambda url: f"<style>@font-face{{font-family:F;src:url({url})}}</style><p style='font-family:F'>words</p>",
    "fetch": lambda url: f'<script>fetch("{url}", {{mode: "no-cors"}}).catch(() => 0)</script>',
    "request": lambda url: f'<script>const r = new XMLHttpRequest(); r.open("GET", "{url}"); r.send()</script>',
    "events": lambda url: f'<script>new EventSource("{url}")</script>',
    "beacon": lambda url: f'<script>navigator.sendBeacon("{url}", "x")</script>',
    "worker": lambda url: f"""<script>new Worker(URL.createObjectURL(new Blob(['fetch("{url}", {{mode: "no-cors"}})'])))</script>""",
    "prefetch": lambda url: f'<link rel=prefetch href="{url}">',
    "preload": lambda url: f'<link rel=preload as=image href="{url}">',
    "form": lambda url: f'<iframe name=f></iframe><form id=o action="{url}" target=f method=post></form><script>o.submit()</script>',
    "pop-up": lambda url: f'<script>open("{url}")</script>',
}
DIRECT_ONLY: dict[str, Callable[[str], str]] = {  # no redirect is followed here, or nothing but a connection is made
    "socket": lambda url: f'<script>new WebSocket("{url.replace("http", "ws", 1)}")</script>',
    "preconnect": lambda url: f'<link rel=preconnect href="{url}">',
    "name look-up": lambda url: f'<link rel=dns-prefetch href="{url}">',
    "turn": lambda url: (
        f'<script>const c = new RTCPeerConnection({{iceServers: [{{urls: "turn:{urlsplit(url).netloc}?transport=tcp", username: "u",'
        'credential: "c"}]}); c.createDataChannel("x"); c.createOffer().then((o) => c.setLocalDescription(o))</script>'
    ),
}
SILENT = {"preconnect", "name look-up", "turn"}  # ask for no page even where they may
SPELLINGS = (
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.01",
    "0",
    "0.0.0.0",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[fe80::1]",
    "[fd00::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "\u2113ocalhost",
)
PUBLIC = "93.184.216.34"


def _served(site: LocalSite, target: str, *, redirected: bool) -> str:
    """Serve a page that tries every vector to `target`, straight or by way of a redirect of the page's own site; return its address."""

    def away(handler: BaseHTTPRequestHandler) -> None:
        name = parse_qs(urlsplit(handler.path).query)["to"][0]
        handler.send_response(302)
        handler.send_header("location", f"{target}/v/{name}")
        handler.end_headers()

    site.pages["/away"] = away
    vectors = VECTORS if redirected else VECTORS | DIRECT_ONLY
    aim = (lambda name: site.url(f"/away?to={name}")) if redirected else (lambda name: f"{target}/v/{name}")
    body = "".join(make(aim(name.replace(" ", "-"))) for name, make in vectors.items())
    return site.page("/p", f'<!doctype html><title>Ways</title><link rel=icon href="data:,"><p>Invented words</p>{body}')


@pytest.mark.browser
@pytest.mark.parametrize("redirected", [False, True])
def test_no_vector_reaches_a_private_server(camera: Camera, site: LocalSite, *, redirected: bool) -> None:
    """Every way out of a page, straight and by redirect: 0 connections; the page itself is captured, and each refusal is in its log."""
    with Listener() as private:
        port = private.port
        picture = camera.take(_served(site, f"http://127.0.0.1:{port}", redirected=redirected))
        knocks = private.knocks()
    refused = [line for line in picture.network if line["outcome"] == "refused" and line["port"] == port]

    assert knocks == 0
    assert len(refused) >= 10
    assert picture.facts["interventions"]["connections_refused"] >= len(refused)
    assert "Invented words" in picture.text


@pytest.mark.browser
@pytest.mark.parametrize("redirected", [False, True])
def test_every_vector_does_reach_a_server_that_is_allowed(camera: Camera, site: LocalSite, *, redirected: bool) -> None:
    """The control: with the other port allowed, the same page reaches it by each way that asks for a page at all.

    A capture may be over before a pop-up or a worker has come up; each way has to get there in one of three visits.
    """
    vectors = VECTORS if redirected else VECTORS | DIRECT_ONLY
    wanted = {name.replace(" ", "-") for name in vectors} - {name.replace(" ", "-") for name in SILENT} - POSTS
    reached: set[str] = set()
    refused: list[dict[str, Any]] = []
    with LocalSite() as other:
        address = _served(site, f"http://127.0.0.1:{other.port}", redirected=redirected)
        for _ in range(3):
            picture = camera.take(address, loopback_ports=frozenset({site.port, other.port}))
            refused += [line for line in picture.network if line["outcome"] == "refused"]
            reached |= {path.removeprefix("/v/") for path in other.asked}
            if wanted <= reached:
                break

    assert wanted - reached == set()
    assert refused == []


POSTS = {"beacon", "form"}  # sent by POST, which the small site does not count; they are counted below


@pytest.mark.browser
def test_what_a_page_posts_is_counted_too(camera: Camera, site: LocalSite) -> None:
    """The control for beacon and form: both do connect where they may, and neither where they may not."""
    with Listener() as other, Listener() as private:
        body = "".join(VECTORS[name](f"http://127.0.0.1:{other.port}/{name}") for name in sorted(POSTS))
        camera.take(site.page("/p", f"<p>words{body}"), loopback_ports=frozenset({site.port, other.port}))
        body = "".join(VECTORS[name](f"http://127.0.0.1:{private.port}/{name}") for name in sorted(POSTS))
        camera.take(site.page("/p", f"<p>words{body}"))

        assert other.knocks() >= 2
        assert private.knocks() == 0


@pytest.mark.browser
@pytest.mark.parametrize(
    "way",
    [
        '<meta http-equiv=refresh content="0;url={}">',
        '<script>location = "{}"</script>',
        "<script>setTimeout(() => {{ location.replace('{}') }}, 400)</script>",
    ],
)
def test_a_page_that_moves_on_to_a_private_server_gets_nowhere(camera: Camera, site: LocalSite, way: str) -> None:
    """A page that navigates itself to a private address: 0 connections, and nothing of the private server can be in what is kept."""
    with Listener() as private:
        address = site.page("/p", f"<!doctype html><p>Invented words{way.format(f'http://127.0.0.1:{private.port}/secret')}")
        try:
            camera.take(address)
        except CaptureFailedError as error:
            assert "private" in str(error) or "port" in str(error)  # noqa: PT017 - either a page of the site, or this error
        assert private.knocks() == 0


@pytest.mark.browser
def test_a_redirect_to_a_private_server_fails_with_the_reason(camera: Camera, site: LocalSite) -> None:
    """The address itself, after none, one and two redirects: 0 connections, and the error says why."""
    with Listener() as private:
        site.page("/one", "", 302, location=f"http://127.0.0.1:{private.port}/")
        site.page("/two", "", 307, location="/one")
        for address in (f"http://127.0.0.1:{private.port}/", site.url("/one"), site.url("/two")):
            with pytest.raises(CaptureFailedError, match=r"not a web port|private"):
                camera.take(address)
        assert private.knocks() == 0


@pytest.mark.browser
def test_no_spelling_of_a_private_address_is_reached_from_a_page(camera: Camera, site: LocalSite) -> None:
    """39 spellings as pictures of a page: the browser's own reading of each is refused by the proxy, and not one connection is opened."""
    body = "".join(f'<img src="http://{host}/x.png" width=9 height=9>' for host in SPELLINGS)
    picture = camera.take(site.page("/p", f"<!doctype html><meta charset=utf-8><p>Invented words{body}"))
    others = [line for line in picture.network if line["port"] != site.port]

    assert len({line["host"] for line in others if line["outcome"] == "refused"}) >= 20  # a browser reads many spellings as one host
    assert [line for line in others if line["outcome"] not in {"refused", "own"}] == []  # "own": the browser's calls home, stopped too


@pytest.mark.parametrize("form", ["GET http://{}:{}/ HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT {}:{} HTTP/1.1\r\nHost: x\r\n\r\n"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_passes_the_guard(monkeypatch: pytest.MonkeyPatch, spelling: str, form: str) -> None:
    """Asked straight (plain or tunnel) for a spelling, on a port that counts as a web port here: 0 connections, not one byte back.

    The name server is hostile: it answers every name with this machine.
    """
    with Listener() as private:
        monkeypatch.setattr(public_address, "WEB_PORTS", frozenset({80, 443, private.port}))
        with GuardProxy(Gate(resolve=lambda *_: ("127.0.0.1",))) as proxy:
            answer = _asked(proxy, form.format(spelling, private.port).encode())

        assert (answer, private.knocks()) == (b"", 0)
        assert [note.outcome for note in proxy.notes] in ([], ["refused"])


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_is_captured(spelling: str) -> None:
    """As the address of a capture, each is refused before anything starts."""
    with pytest.raises(public_address.NotPublicError):
        Gate(resolve=lambda *_: ("127.0.0.1",)).admit(f"http://{spelling}/")


def _asked(proxy: GuardProxy, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as line:
        line.sendall(request)
        answer = b""
        while piece := line.recv(65_536):
            answer += piece
        return answer


class Internet:
    """Stands in for the way out: public addresses lead to a local site, and every address that is connected to is noted."""

    def __init__(self, site: LocalSite) -> None:
        """Lead to this site."""
        self.connected: list[tuple[str, int]] = []
        self._site, self._real = site, asyncio.open_connection

    async def open_connection(self, host: str, port: int, **more: Any) -> Any:
        """Connect in place of asyncio's own."""
        self.connected.append((host, port))
        aim = ("127.0.0.1", self._site.port) if host == PUBLIC else (host, port)
        return await self._real(*aim, **more)


@pytest.mark.parametrize("after", [("127.0.0.1",), ("169.254.169.254",), ("::1",), (PUBLIC, "10.0.0.1")])
def test_a_name_that_turns_private_after_the_first_answer(monkeypatch: pytest.MonkeyPatch, site: LocalSite, after: tuple[str, ...]) -> None:
    """DNS rebinding: public at first, private for the next connection. The first goes to the checked address; the next is not made."""
    internet, answers = Internet(site), iter([(PUBLIC,), after])
    monkeypatch.setattr(asyncio, "open_connection", internet.open_connection)
    site.page("/a", "public words")
    with GuardProxy(Gate(resolve=lambda *_: next(answers))) as proxy:
        first = _asked(proxy, b"GET http://rebind.example/a HTTP/1.1\r\nHost: rebind.example\r\n\r\n")
        second = _asked(proxy, b"GET http://rebind.example/a HTTP/1.1\r\nHost: rebind.example\r\n\r\n")

    assert first.endswith(b"public words")
    assert second == b""
    assert internet.connected == [(PUBLIC, 80)]


_WORKER = """
import asyncio, json, sys
from collector import public_address
from evidence import worker
public, port, log = {public!r}, {port}, {log!r}
asked, real = [], asyncio.open_connection
def resolve(host, _port):
    asked.append(host)
    return (public,) if asked.count(host) <= {times} else ("127.0.0.1",)
async def connect(host, port_, **more):
    with open(log, "a") as lines:
        lines.write(json.dumps([host, port_]) + "\\n")
    return await real(*(("127.0.0.1", port) if host == public else (host, port_)), **more)
public_address.Gate.__init__.__defaults__ = (frozenset(), resolve)
asyncio.open_connection = connect
raise SystemExit(worker.main([]))
"""


@pytest.mark.browser
def test_a_real_page_gains_nothing_by_rebinding(camera: Camera, site: LocalSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A page of a public name whose name server answers with this machine from then on: its own requests are refused, none is made."""
    log = tmp_path / "connected"
    tries = "".join(f'<img src="/secret-{n}.png" width=9 height=9>' for n in range(5))
    site.page("/", f"<!doctype html><title>Turning</title><link rel=icon href='data:,'><p>Public words{tries}")
    script = _WORKER.format(public=PUBLIC, port=site.port, log=str(log), times=2)  # once for each of the two looks at the page
    start = photograph.start_worker
    monkeypatch.setattr(photograph, "start_worker", lambda _command, *rest: start([sys.executable, "-c", script], *rest))
    monkeypatch.setattr(Gate.__init__, "__defaults__", (frozenset(), lambda *_: (PUBLIC,)))
    picture = replace(camera, browser=replace(camera.browser, loopback_ports=frozenset())).take("http://rebind.example/")
    connected = [tuple(json.loads(line)) for line in log.read_text(encoding="ascii").splitlines()]

    assert set(connected) == {(PUBLIC, 80)}
    assert "Public words" in picture.text
    assert [path for path in site.asked if path != "/" and "secret" in path] == []
    assert picture.facts["interventions"]["connections_refused"] >= 1
