"""What the safe's tests share: an invented case, a vault, a small web server on loopback, and the browser when there is one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from data.model.cases import Case, CaseItem, CaseState
from data.model.posts import PlatformName
from data.model.readings import Category, Severity
from evidence.detect import BrowserSettings, find_browser
from evidence.vault import Vault

NOW = datetime(2026, 7, 1, 8, 30, tzinfo=UTC)


@dataclass
class Site:
    """A tiny site: each path has a function that writes the whole answer."""

    server: ThreadingHTTPServer
    pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server.server_port

    def url(self, path: str) -> str:
        """Return the address of a page."""
        return f"http://127.0.0.1:{self.port}{path}"

    def page(self, path: str, body: str | bytes, status: int = 200, **headers: str) -> str:
        """Serve a body under a path and return its address."""
        content = body.encode() if isinstance(body, str) else body

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in ({"content_type": "text/html; charset=utf-8"} | headers).items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("content-length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

        self.pages[path] = answer
        return self.url(path)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a browser hangs up."""


@pytest.fixture
def site() -> Iterator[Site]:
    """A site on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            running.asked.append(path)
            page = running.pages.get(path)
            if page is None:
                self.send_error(404)
            else:
                page(self)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    running = Site(_Server(("127.0.0.1", 0), Handler))
    thread = threading.Thread(target=running.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


@pytest.fixture
def browser(site: Site) -> BrowserSettings:
    """Settings for a real browser that may open the site; skips visibly where there is no browser."""
    settings = BrowserSettings(loopback_ports=frozenset({site.port}), time_limit=60)
    if find_browser(settings) is None:
        reason = "chromium is not on this machine: install Chromium, Chrome or Edge"
        if "chromium" in os.environ.get("SCHOOLWATCH_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    return settings


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """An empty vault."""
    return Vault(tmp_path / "vault")


@pytest.fixture
def case() -> Case:
    """An invented case."""
    return Case(
        id="c1",
        ref="SW-2026-0001",
        school_id="s1",
        state=CaseState.TRIAGED,
        lead_category=Category.HARASSMENT_STAFF,
        severity=Severity.S2,
        target="teacher",
        owner_id="u-dsl",
        finding_id="f1",
        reporter_type="collected",
        known_at=NOW,
        opened_at=NOW,
    )


@pytest.fixture
def item() -> CaseItem:
    """The case's one address."""
    return CaseItem(id="i1", case_id="c1", address="https://forum.example.org/t/1", platform=PlatformName.FORUM, added_at=NOW)
