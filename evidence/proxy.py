"""The guard proxy: every byte of the browser goes through it, and it goes to public addresses only.

It resolves each name itself, refuses every address that is not public, and connects to the very address that it checked
(evidence.md §4: route interception leaked four ways round, this none). It counts bytes and notes every connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

from collector.errors import SourceUnavailableError
from collector.public_address import Gate
from data.errors import CollectError

MAX_TRAFFIC = 200_000_000
MAX_HEAD = 65_536
MAX_NOTES = 10_000
_CONNECT_SECONDS = 10.0
_CHUNK = 65_536
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_BROWSERS_OWN = frozenset(  # what browsers call for themselves; a capture asks the page's hosts and nobody else
    {
        "accounts.google.com",
        "update.googleapis.com",
        "clients2.google.com",
        "clientservices.googleapis.com",
        "content-autofill.googleapis.com",
        "optimizationguide-pa.googleapis.com",
        "safebrowsing.googleapis.com",
        "edge.microsoft.com",
        "config.edge.skype.com",
    }
)
_HOP_HEADERS = (b"proxy-connection:", b"proxy-authorization:", b"connection:", b"keep-alive:")


@dataclass
class Note:
    """One line of the network log: what was asked for, what address it went to or why it was refused."""

    ms: int
    method: str
    host: str
    port: int
    address: str | None = None
    outcome: str = "unfinished"  # until it is open, refused or failed
    why: str = ""
    bytes: int = 0


@dataclass
class _Wish:
    """What the browser asked the proxy for."""

    method: str
    host: str
    port: int
    head: bytes  # to send on; empty for a tunnel


@dataclass
class _Reply:
    """The two ends of a connection that was let through."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    note: Note


class _RefusedError(Exception):
    """This connection is not made: by the address rule ("refused"), by trouble ("failed"), or not needed ("own")."""

    def __init__(self, why: str, outcome: str = "refused") -> None:
        self.outcome = outcome
        super().__init__(why)


@dataclass
class GuardProxy:
    """A proxy on a loopback port of its own, for one browser and one capture; use it as a context manager."""

    gate: Gate
    max_traffic: int = MAX_TRAFFIC
    only_loopback: bool = False  # a browser without its sandbox sees nothing but the demo's and tests' own pages
    notes: list[Note] = field(default_factory=list)
    traffic: int = 0
    port: int = 0
    _began: float = field(default_factory=time.monotonic)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __enter__(self) -> Self:
        """Listen on a free loopback port in a thread of its own."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True, name="guard-proxy")
        self._thread.start()
        ready.wait(_CONNECT_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection and stop listening."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(_CONNECT_SECONDS)

    @property
    def over_limit(self) -> bool:
        """Whether the page wanted more than it may have."""
        return self.traffic > self.max_traffic

    def why_not(self, address: str) -> str | None:
        """Return why the last connection for this web address was refused or failed, or None when there was no trouble."""
        parts = urlsplit(address)
        wanted = (parts.hostname, parts.port or _PORTS.get(parts.scheme))
        last = next((note for note in reversed(self.notes) if (note.host, note.port) == wanted), None)
        return last.why if last and last.outcome != "open" else None

    def lines(self) -> list[dict[str, Any]]:
        """Return the network log as plain values."""
        return [vars(note) for note in list(self.notes)]

    def addresses(self) -> dict[tuple[str, int], str]:
        """Return which address each host and port was reached at; the last one when there were several."""
        return {(note.host, note.port): note.address for note in list(self.notes) if note.address is not None}

    def refused(self) -> int:
        """Return how many connections were refused by the address rule."""
        return sum(note.outcome == "refused" for note in self.notes)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0, limit=MAX_HEAD))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wish = _wish(await reader.readuntil(b"\r\n\r\n"))
        if wish is None:
            return
        note = Note(int((time.monotonic() - self._began) * 1000), wish.method, wish.host, wish.port)
        if len(self.notes) < MAX_NOTES:
            self.notes.append(note)
        try:
            reply = await self._open(wish, note)
        except _RefusedError as error:
            note.why, note.outcome = str(error), error.outcome
            return  # closed without an answer: the page sees a dead connection, never words of ours
        await self._carry(wish, reader, writer, reply)

    async def _open(self, wish: _Wish, note: Note) -> _Reply:
        if self.over_limit:
            raise _RefusedError(f"the page wanted more than {self.max_traffic // 1_000_000} MB")
        if wish.host in _BROWSERS_OWN:
            raise _RefusedError("the browser's own errand, not the page's", "own")
        addresses = await self._admitted(wish.host, wish.port)
        trouble = "no address"
        for address in addresses:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    upstream = await asyncio.open_connection(address, wish.port)
            except TimeoutError:
                trouble = "the server did not answer in time"
            except OSError as error:
                trouble = (
                    "connection refused by the server" if isinstance(error, ConnectionRefusedError) else "the server could not be reached"
                )
            else:
                note.address, note.outcome = address, "open"
                return _Reply(*upstream, note)
        raise _RefusedError(trouble, "failed")

    async def _admitted(self, host: str, port: int) -> tuple[str, ...]:
        """Return the checked addresses of a host; only these are ever connected to."""
        try:
            addresses = (await self._loop.run_in_executor(None, self.gate.admit_host, host, port)).addresses
        except (CollectError, ValueError) as error:
            raise _RefusedError(str(error), "failed" if isinstance(error, SourceUnavailableError) else "refused") from error
        if self.only_loopback and not all(ip_address(address).is_loopback for address in addresses):
            raise _RefusedError("without the browser's sandbox only the demo's own pages are opened")
        return addresses

    async def _carry(self, wish: _Wish, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: _Reply) -> None:
        if wish.head:
            reply.writer.write(wish.head)
        else:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        up = asyncio.ensure_future(self._pump(reader, reply.writer, reply.note))
        try:
            await self._pump(reply.reader, writer, reply.note)
        finally:
            up.cancel()
            reply.writer.close()
            await asyncio.gather(up, return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, note: Note) -> None:
        while not self.over_limit and (piece := await source.read(_CHUNK)):
            self.traffic += len(piece)
            note.bytes += len(piece)
            target.write(piece)
            await target.drain()


def _wish(head: bytes) -> _Wish | None:
    """Read the browser's request; None for what is no proxy request."""
    first, _, rest = head.partition(b"\r\n")
    try:
        method, aim, _version = first.decode("ascii").split(" ")
        parts = urlsplit(f"//{aim}" if method == "CONNECT" else aim)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.hostname is None or port is None:
        return None
    return _Wish(method, parts.hostname, port, b"" if method == "CONNECT" else _onward(method, parts.path, parts.query, rest))


def _onward(method: str, path: str, query: str, headers: bytes) -> bytes:
    """Return the request as the server itself expects it: path only, one request per connection (an upgrade stays one)."""
    lines = headers.split(b"\r\n")
    upgrade = any(line.lower().startswith(b"upgrade:") for line in lines)
    kept = [line for line in lines if line and not line.lower().startswith(_HOP_HEADERS)]
    kept.append(b"Connection: Upgrade" if upgrade else b"Connection: close")
    aim = (path or "/") + (f"?{query}" if query else "")
    return f"{method} {aim} HTTP/1.1\r\n".encode("ascii") + b"\r\n".join(kept) + b"\r\n\r\n"
