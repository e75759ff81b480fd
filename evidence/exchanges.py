"""What the browser and the servers said to each other, for the network log, the web archive and the pictures' fingerprints."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from data.clock import Clock

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request, Response

    from evidence.web_archive import Exchange  # heavy: loaded while the browser starts (evidence.worker)

MOST = 5_000  # answers that are listed; a page that wants more is cut there and says so
MOST_BYTES = 150_000_000
MOST_SECONDS = 8.0  # for fetching all bodies out of the browser
_PORTS = {"http": 80, "https": 443}
_REDIRECT = range(300, 400)

Server = tuple[str, int]


@dataclass
class Exchanges:
    """Listens to one page from the moment it is made. `trouble` is the browser library's own error: bodies may be gone."""

    page: Page
    clock: Clock
    trouble: type[Exception]
    missing: int = 0  # bodies that the browser no longer had, or that were too much
    dropped: int = 0  # answers beyond the most that are listed
    _answers: list[tuple[Response, datetime]] = field(default_factory=list)
    _whole: set[Request] = field(default_factory=set)
    _lines: list[dict[str, Any]] = field(default_factory=list)
    _tls: dict[Server, dict[str, Any] | None] = field(default_factory=dict)

    def listen(self) -> None:
        """Note every answer from now on, and which were received whole."""
        self.page.on("response", self._answered)
        self.page.on("requestfinished", self._received)

    def _answered(self, response: Response) -> None:
        if len(self._answers) >= MOST:
            self.dropped += 1
            return
        self._answers.append((response, self.clock.now()))

    def _received(self, request: Request) -> None:
        self._whole.add(request)

    def lines(self) -> list[dict[str, Any]]:
        """Return a line of the network log for each answer; the servers' addresses are added by whoever knows them (the guard proxy)."""
        self._lines += [self._line(response, at) for response, at in self._answers[len(self._lines) :]]
        return self._lines

    def _line(self, response: Response, at: datetime) -> dict[str, Any]:
        host, port = server_of(response.url)
        return {
            "at": at.isoformat(timespec="microseconds"),
            "method": response.request.method,
            "url": response.url[:4000],
            "host": host,
            "port": port,
            "outcome": "answered",
            "status": response.status,
            "kind": response.request.resource_type,
            "tls": self._secured(response, (host, port)),
        }

    def _secured(self, response: Response, server: Server) -> dict[str, Any] | None:
        """Return who vouches for the server (issuer, subject, validity, protocol), asked once for each server; None without TLS."""
        if not response.url.startswith("https:"):
            return None
        if server not in self._tls:
            try:
                found = response.security_details()
            except self.trouble:
                found = None
            self._tls[server] = dict(found) if found else None
        return self._tls[server]

    def collect(self, addresses: Mapping[Server, str]) -> list[Exchange]:
        """Return every exchange with its body, in order; bodies that cannot be had are counted as missing."""
        until, room = time.monotonic() + MOST_SECONDS, MOST_BYTES
        found: list[Exchange] = []
        for response, at in list(self._answers):
            body = self._body(response) if room > 0 and time.monotonic() < until else None
            wants_body = response.status not in _REDIRECT and response.url.startswith("http")
            self.missing += body is None and wants_body
            room -= len(body or b"")
            found.append(_exchange(response, at, body, addresses.get(server_of(response.url), "")))
        return found

    def _body(self, response: Response) -> bytes | None:
        if response.status in _REDIRECT or response.request not in self._whole:
            return None  # a stream that never ends has no body to wait for
        try:
            return response.body()
        except self.trouble:
            return None


def server_of(address: str) -> Server:
    """Return host and port of a web address; port 0 for anything else."""
    try:
        parts = urlsplit(address)
        return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", 0


def _exchange(response: Response, at: datetime, body: bytes | None, server: str) -> Exchange:
    from evidence.web_archive import Exchange

    request = response.request
    return Exchange(
        address=response.url,
        at=at,
        status=response.status,
        method=request.method,
        reason=response.status_text,
        request_headers=tuple(request.headers.items()),
        request_body=request.post_data_buffer or b"",
        response_headers=_apart(response.headers),
        body=body,
        server=server,
    )


def _apart(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return headers one by one: what a server sent several times comes in lines (RFC 9110 §5.3; cookies may not be joined)."""
    return tuple((name, line) for name, value in headers.items() for line in value.split("\n"))


def with_addresses(lines: Sequence[Mapping[str, Any]], addresses: Mapping[Server, str]) -> list[dict[str, Any]]:
    """Return the lines with the server's address that the guard proxy connected to."""
    return [dict(line) | {"address": addresses.get((str(line["host"]), int(line["port"])))} for line in lines]
