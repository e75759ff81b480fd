"""Real listening sockets on loopback, and retries that do not wait."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stamina


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries happen, but nobody waits for them."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class Listener:
    """Counts every connection that reaches it, whatever it says."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET, host: str = "127.0.0.1") -> None:
        self.connections = 0
        self._socket = socket.socket(family)
        self._socket.bind((host, 0))
        self._socket.listen(64)
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        """Stop listening."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A private server that nobody may reach."""
    one = Listener()
    yield one
    one.close()


Handle = Callable[[BaseHTTPRequestHandler], None]


class LocalSite:
    """A small real web server: `pages` answer by path, everything else is 404."""

    def __init__(self) -> None:
        self.pages: dict[str, Handle] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                page = site.pages.get(self.path.partition("?")[0])
                page(self) if page else send(self, 404)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def send(handler: BaseHTTPRequestHandler, status: int = 200, body: bytes = b"", **headers: str) -> None:
    """Answer with a status, headers (underscores become hyphens) and a body."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def site() -> Iterator[LocalSite]:
    """A small real web server on loopback."""
    one = LocalSite()
    yield one
    one.close()


@pytest.fixture
def answer_with() -> Callable[..., Handle]:
    """Make a page that answers always the same."""

    def made(status: int = 200, body: bytes = b"", **headers: str) -> Handle:
        return lambda handler: send(handler, status, body, **headers)

    return made
