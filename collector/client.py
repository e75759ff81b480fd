"""The one door out: every request of the collector, of evidence and of picture reading leaves through `Client` (platforms.md §1.4).

Public addresses only, resolved once and connected to what was checked; redirects followed by hand, each hop admitted anew;
one request at a time per host with a pause; robots.txt obeyed; size, single steps and the whole request limited; no cookies,
no proxies of the environment, no authorisation carried to another site; always the same identified user agent. It only reads: nothing
here can ask to be a friend, follow or join (policy A5, B28), and no one's whereabouts are looked up (A8). The one thing that is ever sent
is a hash, to the time-stamping authority of the settings (`time_stamp`).
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from urllib.parse import urljoin, urlsplit

import certifi
import httpcore
import httpx
import stamina

from collector.answer import Answer
from collector.body import ACCEPT_ENCODING, read_body
from collector.connection import Allowance, Deadline, PinnedBackend
from collector.errors import (
    GoneError,
    LoginWallError,
    MissingError,
    NotPublicError,
    RateLimitedError,
    SourceUnavailableError,
    UnreadablePageError,
)
from collector.pace import Pace, retry_at
from collector.public_address import Gate, Target
from collector.robots import MAX_BYTES as ROBOTS_BYTES
from collector.robots import PRODUCT, Robots
from data.clock import Clock
from data.errors import SettingsError

__all__ = ["Answer", "Client"]

MAX_BYTES = 10_000_000
MAX_HOPS = 5
TRIES = 3
CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
WHOLE_SECONDS = 60.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_TOO_MANY = frozenset({429, 503})
_WALLS = frozenset({401, 403, 407})
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
_NETWORK_FAULTS = (
    httpx.TransportError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


def own_version() -> str:
    """Return the installed version of Schoolwatch."""
    try:
        return metadata.version("schoolwatch")
    except metadata.PackageNotFoundError:
        return "0"


@dataclass(frozen=True)
class _Order:
    """One thing to fetch: what stays the same over its redirects."""

    headers: Mapping[str, str]
    max_bytes: int
    robots: bool
    cut: bool  # cut a body that is too long instead of refusing it
    query: bytes | None = None  # a question to a time-stamping authority; None: nothing is sent


class _Pinned(httpx.BaseTransport):
    """Sends one request over one fresh connection to the addresses named in its extensions."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send and return the answer with its body still to be read."""
        backend = PinnedBackend(request.extensions["addresses"], request.extensions["deadline"])
        pool = httpcore.ConnectionPool(ssl_context=self._tls, max_connections=1, max_keepalive_connections=0, network_backend=backend)
        core = httpcore.Request(
            request.method,
            httpcore.URL(scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path),
            headers=request.headers.raw,
            content=request.content or None,
            extensions={"timeout": request.extensions["timeout"]},
        )
        try:
            response = pool.handle_request(core)
        except BaseException:
            pool.close()
            raise
        return httpx.Response(response.status, headers=response.headers, stream=_Body(pool, response), extensions=response.extensions)


class _Body(httpx.SyncByteStream):
    """The raw bytes of an answer; closing it closes the connection."""

    def __init__(self, pool: httpcore.ConnectionPool, response: httpcore.Response) -> None:
        self._pool = pool
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        """Close the connection, however much was read."""
        self._response.close()
        self._pool.close()


class Client:
    """Fetches public addresses politely. Safe to use from several threads."""

    def __init__(  # noqa: PLR0913 - who we are, then how to behave; every one has a default
        self,
        contact: str,
        clock: Clock,
        gate: Gate | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        pace_seconds: float = 1.0,
        version: str | None = None,
        tokens: Mapping[str, str] | None = None,
        wait: Callable[[float], object] | None = None,
        read_seconds: float = READ_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take who we are (`contact`: an address that a site's operator can write to) and how to behave.

        Raises:
            SettingsError: `contact` is empty or would not fit in a header.
        """
        self.user_agent = f"{PRODUCT}/{version or own_version()} (+{_plain(contact)})"
        self._clock = clock
        self._gate = gate or Gate()
        self._transport = transport or _Pinned(tls or _system_trust())
        self._pace = Pace(pace_seconds, wait or threading.Event().wait)
        self._tokens = dict(tokens or {})
        self._read_seconds = read_seconds
        self._whole_seconds = whole_seconds
        self._robots = Robots(self._robots_text)

    def get(
        self,
        address: str,
        *,
        accept: str | None = None,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        max_bytes: int = MAX_BYTES,
        robots: bool = True,
        token: str | None = None,
    ) -> Answer:
        """Return a good answer (2xx, or 304), trying up to three times where the network or the server fails.

        `token` is the name of a token given to the client; its value is sent to the host asked and to no other.

        Raises:
            RateLimitedError: 429 or 503, or the host is still to be left alone.
            LoginWallError: 401, 403, 407, or a token that is not set up.
            MissingError: 404.
            GoneError: 410.
            SourceUnavailableError: no answer, or 5xx, three times.
            NotPublicError: not a public address, or a redirect to one.
            RobotsRefusedError: robots.txt asks not to.
            UnreadablePageError: any other status, too large, broken compression.
        """
        sent = self._headers(accept, headers)
        sent.update(_conditions(etag, last_modified))
        sent.update(self._authorisation(token))
        order = _Order(sent, max_bytes, robots, cut=False)
        for attempt in stamina.retry_context(on=_may_try_again, attempts=TRIES, wait_initial=0.5, wait_max=5.0, wait_jitter=0.5):
            with attempt:
                return _good(self._fetch(address, order))
        raise AssertionError  # stamina either returns or raises

    def look(
        self,
        address: str,
        *,
        accept: str | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
        robots: bool = True,
    ) -> Answer:
        """Return whatever the address answers, after one polite try (for removal checks); a body that is too long is cut.

        Raises:
            SourceUnavailableError: no answer.
            RateLimitedError: the host is still to be left alone; nothing was sent.
            NotPublicError: not a public address, or a redirect to one.
            RobotsRefusedError: robots.txt asks not to.
            UnreadablePageError: broken compression.
        """
        return self._fetch(address, _Order(self._headers(accept, headers), max_bytes, robots, cut=True))

    def time_stamp(self, address: str, query: bytes, *, max_bytes: int = 200_000) -> bytes:
        """Send a question to a time-stamping authority and return its raw reply, unjudged; one try, no redirect (RFC 3161 §3.4).

        Raises:
            SourceUnavailableError: no answer, or 5xx.
            RateLimitedError: 429 or 503, or the host is still to be left alone.
            LoginWallError: 401, 403, 407.
            MissingError: 404.
            GoneError: 410.
            NotPublicError: not a public address; nothing was sent.
            UnreadablePageError: any other status, a redirect among them, too large.
        """
        headers = self._headers("application/timestamp-reply", {"content-type": "application/timestamp-query"})
        order = _Order(headers, max_bytes, robots=False, cut=False, query=query)  # not a page: robots.txt is about pages
        return _good(self._one(address, order, Allowance(self._whole_seconds))).body

    def close(self) -> None:
        """Close what the transport holds."""
        self._transport.close()

    def _headers(self, accept: str | None, more: Mapping[str, str] | None) -> dict[str, str]:
        sent = {name.lower(): value for name, value in (more or {}).items()}
        sent.update({"user-agent": self.user_agent, "accept": accept or sent.get("accept", "*/*"), "accept-encoding": ACCEPT_ENCODING})
        return sent | {"connection": "close"}

    def _authorisation(self, token: str | None) -> dict[str, str]:
        if token is None:
            return {}
        if token not in self._tokens:
            raise LoginWallError(f"this source names the token '{token}', which is not in the settings; add it or clear the field")
        return {"authorization": f"Bearer {self._tokens[token]}"}

    def _fetch(self, address: str, order: _Order) -> Answer:
        """Follow redirects by hand, each hop admitted, paced and asked for in robots.txt anew."""
        allowance = Allowance(self._whole_seconds)
        hops: list[str] = []
        moved_to, permanent, here = None, True, address
        while True:
            answer = self._one(here, order, allowance)
            target = _redirect_target(answer)
            if target is None:
                return replace(answer, asked=address, hops=tuple(hops), moved_to=moved_to)
            permanent = permanent and answer.status in _PERMANENT
            moved_to = target if permanent else moved_to
            hops.append(here)
            if len(hops) > MAX_HOPS:
                raise SourceUnavailableError("the address leads from redirect to redirect without end", status=answer.status)
            order = order if _same_origin(here, target) else _without_secrets(order)
            here = target

    def _one(self, address: str, order: _Order, allowance: Allowance) -> Answer:
        target = self._gate.admit(address)
        now = self._clock.now()
        pause = self._robots.pause_for(_origin(target), address, now) if order.robots else 0.0
        with self._pace.turn(_place(target), now, pause):
            answer = self._send(address, target, order, allowance)
        if answer.status in _TOO_MANY:
            self._pace.stay_away(_place(target), retry_at(answer.headers, answer.at))
        return answer

    def _send(self, address: str, target: Target, order: _Order, allowance: Allowance) -> Answer:
        with _faults_named(target.host), allowance.spent() as deadline:
            response = self._transport.handle_request(self._request(address, target, order, deadline))
            try:
                headers = {name.lower(): value for name, value in response.headers.items()}
                body = read_body(_stream(response), headers.get("content-encoding", ""), order.max_bytes, deadline, cut=order.cut)
            finally:
                response.close()
        return Answer(address, address, response.status_code, headers, body, (), self._clock.now())

    def _request(self, address: str, target: Target, order: _Order, deadline: Deadline) -> httpx.Request:
        steps = {"connect": CONNECT_SECONDS, "read": self._read_seconds, "write": self._read_seconds, "pool": CONNECT_SECONDS}
        extensions = {"addresses": target.addresses, "deadline": deadline, "timeout": steps}
        try:
            # no `params`: an empty mapping would drop the query string from the address (httpx 0.28.1; platforms.md §1.4)
            if order.query is not None:
                return httpx.Request("POST", address.strip(), headers=dict(order.headers), content=order.query, extensions=extensions)
            return httpx.Request("GET", address.strip(), headers=dict(order.headers), extensions=extensions)
        except httpx.InvalidURL as error:
            raise NotPublicError("this is not a web address") from error

    def _robots_text(self, address: str) -> Answer:
        answer = self._fetch(address, _Order(self._headers("text/plain, */*;q=0.1", None), ROBOTS_BYTES, robots=False, cut=True))
        if answer.status in _TOO_MANY:
            raise RateLimitedError(retry_at(answer.headers, answer.at))
        return answer


def _good(answer: Answer) -> Answer:
    """Return a good answer; raises the error that its status stands for."""
    if 200 <= answer.status < 300 or answer.not_modified:  # noqa: PLR2004 - RFC 9110 §15.3
        return answer
    if answer.status in _TOO_MANY:
        raise RateLimitedError(retry_at(answer.headers, answer.at))
    host = urlsplit(answer.address).hostname or ""
    if answer.status in _WALLS:
        raise LoginWallError(f"{host} answers {answer.status}: not visible without signing in")
    if answer.status == 404:  # noqa: PLR2004 - RFC 9110 §15.5.5
        raise MissingError(f"{host} answers 404: there is no such address")
    if answer.status == 410:  # noqa: PLR2004 - RFC 9110 §15.5.11
        raise GoneError(f"{host} answers 410: switched off for good")
    if answer.status >= 500:  # noqa: PLR2004 - RFC 9110 §15.6
        raise SourceUnavailableError(f"{host} answers {answer.status}: a fault of its own", status=answer.status, try_again=True)
    raise UnreadablePageError(f"{host} answers {answer.status}, which is not an answer that can be read", status=answer.status)


def _may_try_again(error: Exception) -> bool:
    return isinstance(error, SourceUnavailableError) and error.try_again


@contextmanager
def _faults_named(host: str) -> Iterator[None]:
    """Turn every network fault into our own words."""
    try:
        yield
    except (httpx.TimeoutException, httpcore.TimeoutException) as error:
        raise SourceUnavailableError(f"{host} did not answer in time", try_again=True) from error
    except _NETWORK_FAULTS as error:
        raise SourceUnavailableError(f"{host} cannot be reached ({_cause(error)})", try_again=True) from error


def _cause(error: Exception) -> str:
    found: BaseException | None = error
    while found:
        if isinstance(found, ssl.SSLCertVerificationError):
            return f"its certificate is not valid: {found.verify_message}"
        if isinstance(found, ssl.SSLError):
            return "no secure connection could be made"
        found = found.__cause__ or found.__context__
    return "connection failed" if "Connect" in type(error).__name__ else "connection broken"


def _stream(response: httpx.Response) -> Iterator[bytes]:
    stream = response.stream
    if not isinstance(stream, httpx.SyncByteStream):
        raise UnreadablePageError("the answer has no body that can be read")
    return iter(stream)


def _redirect_target(answer: Answer) -> str | None:
    location = answer.headers.get("location")
    if answer.status not in _REDIRECTS or not location:
        return None
    try:
        return urljoin(answer.address, location.strip())
    except ValueError as error:
        raise NotPublicError("the server redirects to something that is not a web address") from error


def _same_origin(one: str, other: str) -> bool:
    return _origin_of(one) == _origin_of(other)


def _origin_of(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme.lower(), parts.netloc.lower()


def _without_secrets(order: _Order) -> _Order:
    return replace(order, headers={name: value for name, value in order.headers.items() if name not in _SECRET_HEADERS})


def _origin(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    plain = target.port == (443 if target.scheme == "https" else 80)
    return f"{target.scheme}://{host}" if plain else f"{target.scheme}://{host}:{target.port}"


def _place(target: Target) -> str:
    """One pace per host; the demo's loopback servers on several ports count as several hosts."""
    return target.host if target.port in {80, 443} else f"{target.host}:{target.port}"


def _conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Send both back exactly as they came (RFC 9110 §13.1; platforms.md §12.1)."""
    sent = {"if-none-match": etag, "if-modified-since": last_modified}
    return {name: value for name, value in sent.items() if value}


def _plain(contact: str) -> str:
    text = contact.strip()
    if not text or not text.isascii() or not text.isprintable():
        raise SettingsError("`contact` needs a plain address that a site's operator can write to, such as mailto:office@example.org")
    return text


def _system_trust() -> ssl.SSLContext:
    """Trust what the machine trusts (a school's filter may sign with its own certificate) and the usual public authorities."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
