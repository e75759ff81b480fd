"""The one door out: polite, limited, and never talked into a private place."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol

import httpcore
import httpx
import pytest

from collector.client import Client
from collector.errors import (
    CollectError,
    GoneError,
    LoginWallError,
    MissingError,
    NotPublicError,
    RateLimitedError,
    RobotsRefusedError,
    SourceUnavailableError,
    UnreadablePageError,
)
from collector.public_address import Gate
from collector.testing import START, Reply, ScriptedTransport, Step, public_resolver, scripted_client
from data.clock import FixedClock
from data.errors import SettingsError

CONTACT = "mailto:office@fernleygreen.example"
PAGE = "https://blog.example/page"
Handle = Callable[[BaseHTTPRequestHandler], None]


class Site(Protocol):
    """The small real web server of conftest."""

    port: int
    address: str
    pages: dict[str, Handle]
    seen: list[tuple[str, dict[str, str]]]


class Counter(Protocol):
    """A listening socket that counts."""

    port: int
    connections: int


AnswerWith = Callable[..., Handle]


def real_client(site: Site, clock: FixedClock, **more: Any) -> Client:
    """A client that may ask the small web server, over real sockets."""
    return Client(CONTACT, clock, Gate(frozenset({site.port})), **{"pace_seconds": 0.0} | more)


def one(step: Step | list[Step], **more: Any) -> tuple[Client, ScriptedTransport]:
    """A client with one scripted page."""
    transport = ScriptedTransport({PAGE: step})
    return scripted_client(transport, **more), transport


# --- what is sent


def test_an_allowed_loopback_port_is_read_over_a_real_socket(site: Site, clock: FixedClock, answer_with: AnswerWith) -> None:
    """The demo's own server can be read, and sees who is asking."""
    site.pages["/page"] = answer_with(200, b"hello", Content_Type="text/plain")

    answer = real_client(site, clock, version="9.9").get(f"{site.address}/page?a=1")

    assert (answer.status, answer.body, answer.at) == (200, b"hello", clock.now())
    assert site.seen[-1][0] == "/page?a=1"
    assert site.seen[-1][1]["user-agent"] == f"Schoolwatch/9.9 (+{CONTACT})"


def test_no_name_is_looked_up_by_the_connection(
    site: Site, clock: FixedClock, answer_with: AnswerWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to the address that was checked; the name is not looked up a second time."""
    site.pages["/page"] = answer_with(200, b"hello")
    looked_up: list[str] = []
    ask = socket.getaddrinfo

    def noted(host: str, *rest: Any, **more: Any) -> Any:
        looked_up.append(host)
        return ask(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    real_client(site, clock).get(f"http://localhost:{site.port}/page")

    assert set(looked_up) <= {"127.0.0.1"}
    assert site.seen[-1][1]["host"] == f"localhost:{site.port}"


def test_a_rebinding_name_reaches_no_private_server(listener: Counter, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers public at first and private afterwards never leads to a private connection."""
    connected: list[str] = []
    answers = [("93.184.216.34",), ("127.0.0.1",)] * 10

    def noted(_self: object, host: str, *_rest: object, **_more: object) -> httpcore.NetworkStream:
        connected.append(host)
        raise httpcore.ConnectError("no network in a test")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", noted)
    client = Client(CONTACT, clock, Gate(resolve=lambda _host, _port: answers.pop(0)), pace_seconds=0.0)
    for _ in range(8):
        with pytest.raises(CollectError):
            client.get("http://rebinding.example.test/", robots=False)

    assert set(connected) == {"93.184.216.34"}
    assert listener.connections == 0


def test_a_proxy_in_the_environment_is_not_used(
    site: Site, listener: Counter, clock: FixedClock, answer_with: AnswerWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy set on the machine does not see what is asked."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
    site.pages["/page"] = answer_with(200, b"hello")

    assert real_client(site, clock).get(f"{site.address}/page").body == b"hello"
    assert listener.connections == 0


def test_no_cookie_is_kept(site: Site, clock: FixedClock, answer_with: AnswerWith) -> None:
    """A cookie that a site sets is not sent back."""
    site.pages["/page"] = answer_with(200, b"", Set_Cookie="id=1; Path=/")
    client = real_client(site, clock)
    client.get(f"{site.address}/page")
    client.get(f"{site.address}/page")

    assert all("cookie" not in headers for _, headers in site.seen)


@pytest.mark.parametrize("contact", ["", "  ", "a\r\nX-Evil: 1", "büro@example.org"])
def test_a_contact_that_does_not_fit_in_a_header_is_refused(contact: str, clock: FixedClock) -> None:
    """Who we are must be said in plain characters on one line."""
    with pytest.raises(SettingsError, match="contact"):
        Client(contact, clock)


def test_validators_are_sent_back_as_they_came() -> None:
    """An ETag and a Last-Modified go back unchanged, and 304 comes back as an answer."""
    client, transport = one(Reply(status=304))

    answer = client.get(PAGE, etag='W/"x"', last_modified="Fri, 20 Nov 2026 09:00:00 GMT")

    assert answer.not_modified
    assert transport.requests[-1].headers["if-none-match"] == 'W/"x"'
    assert transport.requests[-1].headers["if-modified-since"] == "Fri, 20 Nov 2026 09:00:00 GMT"


def test_a_query_string_is_kept() -> None:
    """The question in an address reaches the server."""
    address = f"{PAGE}?p=20&q=a%20b"
    transport = ScriptedTransport({address: Reply("yes")})

    assert scripted_client(transport).get(address).text == "yes"


# --- redirects


def redirected(to: str, status: int = 302) -> Reply:
    """A redirect."""
    return Reply(status=status, headers={"location": to})


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://2130706433:{port}/", "//[::ffff:127.0.0.1]:{port}/", "file:///etc/passwd",
     "http://u:p@127.0.0.1:{port}/", "http://169.254.169.254/latest/meta-data/"],
)  # fmt: skip
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_private_place_is_refused(target: str, status: int, listener: Counter) -> None:
    """A public page cannot send us to a private server."""
    client, _ = one(redirected(target.format(port=listener.port), status))
    with pytest.raises(NotPublicError):
        client.get(PAGE)
    with pytest.raises(NotPublicError):
        client.look(PAGE)

    assert listener.connections == 0


def test_a_real_redirect_to_a_private_port_makes_no_connection(
    site: Site, listener: Counter, clock: FixedClock, answer_with: AnswerWith
) -> None:
    """Over real sockets too, a redirect to a port that is not allowed ends before a connection."""
    site.pages["/page"] = answer_with(302, Location=f"http://127.0.0.1:{listener.port}/secret")
    with pytest.raises(NotPublicError):
        real_client(site, clock).get(f"{site.address}/page")

    assert listener.connections == 0


def test_a_permanent_redirect_is_reported_and_a_temporary_one_is_not() -> None:
    """A move for good is told, up to the first move for now."""
    client = scripted_client(
        {
            "https://a.example/1": redirected("https://a.example/2", 301),
            "https://a.example/2": redirected("/3", 302),
            "https://a.example/3": Reply("here"),
        }
    )
    answer = client.get("https://a.example/1")

    assert (answer.moved_to, answer.address) == ("https://a.example/2", "https://a.example/3")
    assert answer.hops == ("https://a.example/1", "https://a.example/2")
    assert client.get("https://a.example/2").moved_to is None


def test_a_redirect_loop_ends() -> None:
    """A loop of redirects is given up after five hops."""
    client, transport = one(redirected(PAGE))
    with pytest.raises(SourceUnavailableError, match="redirect"):
        client.get(PAGE)

    assert len(transport.asked) == 6


def test_a_token_is_not_carried_to_another_site() -> None:
    """A secret goes to the site it was given for and to no other, whatever that site redirects to."""
    transport = ScriptedTransport({PAGE: redirected("https://other.example/"), "https://other.example/": Reply("x")})
    scripted_client(transport, tokens={"ours": "s3cret"}).get(PAGE, token="ours", robots=False)

    assert [request.headers.get("authorization") for request in transport.requests] == ["Bearer s3cret", None]


def test_a_token_that_is_not_set_up_is_named() -> None:
    """A missing token is a clear line, not a request without it."""
    client, transport = one(Reply("x"))
    with pytest.raises(LoginWallError, match="'ours'"):
        client.get(PAGE, token="ours")

    assert transport.asked == []


# --- answers that are errors


@pytest.mark.parametrize(
    ("status", "error", "tries"),
    [
        (401, LoginWallError, 1),
        (403, LoginWallError, 1),
        (407, LoginWallError, 1),
        (404, MissingError, 1),
        (410, GoneError, 1),
        (429, RateLimitedError, 1),
        (503, RateLimitedError, 1),
        (400, UnreadablePageError, 1),
        (418, UnreadablePageError, 1),
        (500, SourceUnavailableError, 3),
        (502, SourceUnavailableError, 3),
    ],
)
def test_each_status_has_its_error(status: int, error: type[CollectError], tries: int) -> None:
    """Every refusal has its own name, and only the server's own faults are tried again."""
    client, transport = one(Reply(status=status))
    with pytest.raises(error):
        client.get(PAGE)

    assert len(transport.asked) == tries


def test_a_fault_that_passes_is_not_noticed() -> None:
    """Two faults and then an answer is an answer."""
    client, _ = one([Reply(status=500), httpx.ReadTimeout("slow"), Reply("well")])

    assert client.get(PAGE).text == "well"


@pytest.mark.parametrize(
    "fault", [httpx.ConnectTimeout("x"), httpx.ReadError("x"), httpx.RemoteProtocolError("x"), httpx.ConnectError("x")]
)
def test_a_network_fault_is_unavailable_after_three_tries(fault: Exception) -> None:
    """A server that does not answer is said to be unavailable."""
    client, transport = one(fault)
    with pytest.raises(SourceUnavailableError):
        client.get(PAGE)

    assert len(transport.asked) == 3


@pytest.mark.parametrize("status", [200, 401, 403, 404, 410, 418, 429, 500, 503])
def test_a_look_returns_any_status_after_one_try(status: int) -> None:
    """A check for removal takes the answer as it is."""
    client, transport = one(Reply(status=status))

    assert client.look(PAGE).status == status
    assert len(transport.asked) == 1


def test_a_look_at_a_silent_server_is_unavailable() -> None:
    """No answer is no answer, and one try is enough."""
    client, transport = one(httpx.ReadTimeout("slow"))
    with pytest.raises(SourceUnavailableError):
        client.look(PAGE)

    assert len(transport.asked) == 1


def test_a_closed_port_is_unavailable(clock: FixedClock) -> None:
    """Nobody listening is an unavailable source."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceUnavailableError, match="cannot be reached"):
        Client(CONTACT, clock, Gate(frozenset({port})), pace_seconds=0.0).look(f"http://127.0.0.1:{port}/", robots=False)


def test_a_server_without_tls_is_a_clear_line(site: Site, clock: FixedClock) -> None:
    """A server that cannot speak securely is said to be so."""
    with pytest.raises(SourceUnavailableError, match="secure"):
        real_client(site, clock).look(f"https://127.0.0.1:{site.port}/", robots=False)


# --- how long to stay away


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "120"}, START + timedelta(seconds=120)),
        ({"retry-after": "Fri, 20 Nov 2026 10:30:00 GMT"}, datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        ({"retry-after": "soon"}, START + timedelta(minutes=15)),
        ({"retry-after": "-5"}, START + timedelta(minutes=15)),
        ({"retry-after": "nan"}, START + timedelta(minutes=15)),
        ({"retry-after": "1e300"}, START + timedelta(days=1)),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, START + timedelta(seconds=1)),
        ({"x-ratelimit-reset": "2026-11-20T09:10:00.483000Z"}, datetime(2026, 11, 20, 9, 10, 0, 483000, tzinfo=UTC)),
        ({"x-rate-limit-reset": str(int(START.timestamp()) + 60)}, START + timedelta(seconds=60)),
        ({"x-ratelimit-reset": "595.0"}, START + timedelta(seconds=595)),
        ({"x-ratelimit-reset": "later"}, START + timedelta(minutes=15)),
        ({}, START + timedelta(minutes=15)),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_being_told_to_slow_down_says_until_when(headers: dict[str, str], expected: datetime, status: int) -> None:
    """Seconds, dates, reset headers or nothing: there is always a time to come back, at most a day off."""
    client, _ = one(Reply(status=status, headers=headers))
    with pytest.raises(RateLimitedError) as caught:
        client.get(PAGE)

    assert caught.value.retry_at == expected


def test_a_host_that_asked_for_rest_is_left_alone_until_then() -> None:
    """After «come back in a minute» nothing is sent to that host for a minute, and to others all the time."""
    clock = FixedClock(START)
    transport = ScriptedTransport({PAGE: [Reply(status=429, headers={"retry-after": "60"}), Reply("x")], "https://b.example/": Reply("y")})
    client = scripted_client(transport, clock)
    with pytest.raises(RateLimitedError):
        client.get(PAGE)
    for call in (client.get, client.look):
        with pytest.raises(RateLimitedError):
            call(PAGE)

    assert client.get("https://b.example/").text == "y"
    assert transport.asked == [PAGE, "https://b.example/"]
    clock.forward(timedelta(seconds=61))
    assert client.get(PAGE).text == "x"


def test_a_clock_set_back_does_not_silence_a_host() -> None:
    """A rest that lies days ahead after the clock was set back is forgotten."""
    clock = FixedClock(START)
    client, _ = one([Reply(status=429), Reply("x")], clock=clock)
    with pytest.raises(RateLimitedError):
        client.get(PAGE)
    clock.forward(timedelta(days=-30))

    assert client.get(PAGE).text == "x"


def test_two_requests_to_one_host_are_kept_apart() -> None:
    """Between two requests to one host there is a pause, between two hosts there is none."""
    waited: list[float] = []
    transport = ScriptedTransport({PAGE: Reply("x"), "https://b.example/": Reply("y")})
    client = scripted_client(transport, pace_seconds=5.0, wait=waited.append)
    client.get(PAGE, robots=False)
    client.get("https://b.example/", robots=False)
    assert waited == []

    client.get(PAGE, robots=False)
    assert len(waited) == 1
    assert 4.0 < waited[0] <= 5.0


def test_one_host_gets_one_request_at_a_time(site: Site, clock: FixedClock) -> None:
    """Several threads asking one host stand in line."""
    inside, most = [0], [0]

    def slow(handler: BaseHTTPRequestHandler) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        threading.Event().wait(0.03)
        inside[0] -= 1
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    site.pages["/slow"] = slow
    client = real_client(site, clock)
    threads = [threading.Thread(target=client.get, args=(f"{site.address}/slow",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (most[0], len([path for path, _ in site.seen if path == "/slow"])) == (1, 4)


# --- robots.txt


def robots(rules: str | Step, clock: FixedClock | None = None, **more: Any) -> tuple[Client, ScriptedTransport]:
    """A site with rules and one page."""
    step = Reply(rules) if isinstance(rules, str) else rules
    transport = ScriptedTransport({"https://blog.example/robots.txt": step, PAGE: Reply("x")})
    return scripted_client(transport, clock, **more), transport


@pytest.mark.parametrize(
    "rules", ["User-agent: *\nDisallow: /", "User-agent: schoolwatch\nDisallow: /pa*e$", "\ufeffUser-agent: *\nDisallow: /page"]
)
def test_a_page_that_robots_txt_forbids_is_not_asked(rules: str) -> None:
    """What a site asks programs to leave alone is left alone."""
    client, transport = robots(rules)
    for call in (client.get, client.look):
        with pytest.raises(RobotsRefusedError):
            call(PAGE)

    assert transport.asked == []


@pytest.mark.parametrize(
    "rules",
    ["", "User-agent: *\nDisallow: /\nAllow: /page", "User-agent: otherbot\nDisallow: /", "<html>what?</html>", "\x00\xff" * 1000,
     Reply(status=404), Reply(status=403), Reply("User-agent: *\nDisallow: /", status=401)],
)  # fmt: skip
def test_a_page_that_robots_txt_does_not_forbid_is_read(rules: str | Step) -> None:
    """The longest rule wins, other programs' rules do not count, and a missing file means no rules (RFC 9309)."""
    assert robots(rules)[0].get(PAGE).text == "x"


@pytest.mark.parametrize("rules", [Reply(status=500), Reply(status=502), httpx.ReadTimeout("slow")])
def test_a_site_whose_robots_txt_cannot_be_reached_is_not_read(rules: Step) -> None:
    """When the rules cannot be read, nothing is read (RFC 9309)."""
    client, transport = robots(rules)
    with pytest.raises(SourceUnavailableError):
        client.get(PAGE)

    assert transport.asked == []


def test_robots_txt_is_read_once_a_day() -> None:
    """The rules are kept for 24 hours and then read anew."""
    clock = FixedClock(START)
    client, transport = robots("User-agent: *\nAllow: /", clock)
    for hours in (0, 1, 22, 2):
        clock.forward(timedelta(hours=hours))
        client.get(PAGE)

    assert len([r for r in transport.requests if r.url.path == "/robots.txt"]) == 2


@pytest.mark.parametrize("rules", ["User-agent: *\nCrawl-delay: 7", "User-agent: *\nRequest-rate: 1/7"])
def test_the_pause_that_a_site_asks_for_is_kept(rules: str) -> None:
    """`Crawl-delay` and `Request-rate` lengthen the pause."""
    waited: list[float] = []
    client, _ = robots(rules, wait=waited.append)
    client.get(PAGE)
    client.get(PAGE)

    assert 6.0 < waited[-1] <= 7.0


def test_a_pause_too_long_to_stand_and_wait_ends_the_run() -> None:
    """A site that wants ten minutes between two requests gets them: the run ends and comes back."""
    client, _ = robots("User-agent: *\nCrawl-delay: 600")
    client.get(PAGE)
    with pytest.raises(RateLimitedError):
        client.get(PAGE)


def test_robots_txt_is_asked_of_the_redirects_host_too() -> None:
    """A redirect leads to another site's page only when that site allows it."""
    client = scripted_client({PAGE: redirected("https://b.example/x"), "https://b.example/robots.txt": Reply("User-agent: *\nDisallow: /")})
    with pytest.raises(RobotsRefusedError, match=r"b\.example"):
        client.get(PAGE)


def test_robots_txt_cannot_lead_to_a_private_place(listener: Counter) -> None:
    """The rules themselves come through the same gate."""
    client, _ = robots(redirected(f"http://127.0.0.1:{listener.port}/robots.txt"))
    with pytest.raises(NotPublicError):
        client.get(PAGE)

    assert listener.connections == 0


# --- sizes, compression, time


def packed(body: bytes, kind: str = "gzip") -> Reply:
    """A packed answer."""
    return Reply(gzip.compress(body) if kind == "gzip" else zlib.compress(body), headers={"content-encoding": kind})


def test_packed_answers_are_unpacked() -> None:
    """Both kinds of packing that we ask for are read, also in several members and without the wrapping."""
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bodies: Iterable[Reply] = (
        packed(b"hello" * 50_000),
        packed(b"hello" * 50_000, "deflate"),
        Reply(gzip.compress(b"hello" * 25_000) * 2 + b"\x00\x00", headers={"content-encoding": "GZIP"}),
        Reply(raw.compress(b"hello" * 50_000) + raw.flush(), headers={"content-encoding": "deflate"}),
    )

    assert {one(reply)[0].get(PAGE).body == b"hello" * 50_000 for reply in bodies} == {True}


@pytest.mark.parametrize("kind", ["gzip", "deflate"])
def test_a_bomb_does_not_get_past_the_limit(kind: str) -> None:
    """A small packed answer that unpacks to hundreds of megabytes is dropped at the limit."""
    layers = packed(b"\x00" * 300_000_000, kind)
    client, _ = one(layers)
    with pytest.raises(UnreadablePageError, match="larger"):
        client.get(PAGE, max_bytes=1_000_000)

    assert len(client.look(PAGE, max_bytes=1_000_000).body) == 1_000_000


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"not gzip at all", headers={"content-encoding": "gzip"}),
        Reply(gzip.compress(b"hello" * 1000)[:-20], headers={"content-encoding": "gzip"}),
        Reply(b"x", headers={"content-encoding": "br"}),
    ],
)
def test_broken_or_unasked_packing_is_unreadable(reply: Reply) -> None:
    """An answer that cannot be unpacked is said to be unreadable."""
    with pytest.raises(UnreadablePageError):
        one(reply)[0].get(PAGE)


def test_an_endless_body_is_dropped_at_the_limit(site: Site, clock: FixedClock) -> None:
    """A body without end costs no more than the limit."""

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            return

    site.pages["/endless"] = endless
    with pytest.raises(UnreadablePageError, match="larger"):
        real_client(site, clock).get(f"{site.address}/endless", max_bytes=500_000)


@pytest.mark.parametrize("part", ["headers", "body"])
def test_an_endless_drip_ends(part: str, site: Site, clock: FixedClock) -> None:
    """A server that sends one byte now and then is given up when the time for the whole request is over."""
    stop = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if part == "body" else b"X: "))
        try:
            while not stop.wait(0.02):
                handler.wfile.write(b"x")
        except OSError:
            return

    site.pages["/drip"] = drip
    started = time.monotonic()
    with pytest.raises(SourceUnavailableError):
        real_client(site, clock, whole_seconds=0.4, read_seconds=0.3).look(f"{site.address}/drip", robots=False)
    stop.set()

    assert time.monotonic() - started < 3.0


def test_a_silent_server_ends(site: Site, clock: FixedClock) -> None:
    """A server that takes the request and says nothing is given up."""
    stop = threading.Event()
    site.pages["/silent"] = lambda _handler: stop.wait(5.0) and None
    with pytest.raises(SourceUnavailableError, match="in time"):
        real_client(site, clock, read_seconds=0.2).look(f"{site.address}/silent", robots=False)
    stop.set()


def test_noise_on_the_wire_is_unavailable(site: Site, clock: FixedClock) -> None:
    """Bytes that are no HTTP at all are a fault, not a crash."""
    site.pages["/noise"] = lambda handler: handler.wfile.write(b"\x00\xff\x13 hello\r\n\r\n") and None
    with pytest.raises(SourceUnavailableError):
        real_client(site, clock).look(f"{site.address}/noise", robots=False)


# --- what an answer offers


def test_the_text_of_an_answer_follows_its_charset() -> None:
    """The header's charset is obeyed, an unknown one does no harm."""
    for charset, body in (("iso-8859-1", "café".encode("latin-1")), ("utf-8", "café".encode()), ("nonsense", "café".encode())):
        client, _ = one(Reply(body, headers={"content-type": f"text/html; charset={charset}"}))
        assert client.get(PAGE).text == "café"


@pytest.mark.parametrize("body", ["", "<html>", "{", "[" * 100_000, "nonsense", b"\xff\xfe\x00"])
def test_json_that_is_none_is_unreadable(body: str | bytes) -> None:
    """Something else where JSON was promised is a clear error."""
    client, _ = one(Reply(body))
    with pytest.raises(UnreadablePageError, match="JSON"):
        client.get(PAGE).json()


def test_the_raw_answer_can_be_kept_as_evidence() -> None:
    """Addresses, time, status, headers and body are kept together."""
    client, _ = one(Reply(b"\x00body", status=404, headers={"x-note": "1"}))
    record = client.look(PAGE).record()

    assert record.endswith(b"\n\n\x00body")
    assert all(part in record for part in (PAGE.encode(), b"status: 404", b"header x-note: 1", b"2026-11-20T09:00:00+00:00"))


def test_messages_hold_no_whole_address() -> None:
    """An error names the host; what was asked there stays out of logs."""
    client, _ = one(Reply(status=403))
    with pytest.raises(LoginWallError) as caught:
        client.get(PAGE)

    assert "blog.example" in str(caught.value)
    assert "/page" not in str(caught.value)


def test_a_client_resolves_through_its_gate_only() -> None:
    """Every hop is admitted once, by the gate that was given."""
    asked: list[str] = []

    def noted(host: str, port: int) -> tuple[str, ...]:
        asked.append(host)
        return public_resolver(host, port)

    client, _ = one(redirected("https://b.example/"), gate=Gate(resolve=noted))
    client.look(PAGE, robots=False)

    assert asked == ["blog.example", "b.example"]
