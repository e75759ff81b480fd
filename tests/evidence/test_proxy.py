"""The guard proxy by itself: what it lets through, what it refuses, what it notes."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from collector.public_address import Gate
from evidence.proxy import GuardProxy
from evidence.testing import Listener, LocalSite


@pytest.fixture
def private() -> Iterator[Listener]:
    """A listening private server."""
    with Listener() as listener:
        yield listener


def _ask(proxy: GuardProxy, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as line:
        line.sendall(request)
        answer = b""
        while piece := line.recv(65_536):
            answer += piece
        return answer


def test_an_allowed_page_comes_through(site: LocalSite) -> None:
    """A page on an allowed port is fetched, counted and noted with its address."""
    site.page("/a", "hello")
    with GuardProxy(Gate(loopback_ports=frozenset({site.port}))) as proxy:
        answer = _ask(proxy, f"GET {site.url('/a?x=1')} HTTP/1.1\r\nHost: 127.0.0.1\r\nProxy-Connection: keep-alive\r\n\r\n".encode())

    assert answer.endswith(b"hello")
    assert [(note.outcome, note.address) for note in proxy.notes] == [("open", "127.0.0.1")]
    assert proxy.traffic >= len(answer)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.0.0.1.nip.test"]
)
@pytest.mark.parametrize(
    "form", ["GET http://{host}:{port}/ HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT {host}:{port} HTTP/1.1\r\nHost: x\r\n\r\n"]
)
def test_a_private_server_hears_nothing(private: Listener, host: str, form: str) -> None:
    """No spelling of a private address gets a connection, plain or tunnelled, and no words come back."""
    resolver = lambda *_: ("127.0.0.1",)  # noqa: E731 - a hostile name server
    with GuardProxy(Gate(resolve=resolver)) as proxy:
        answer = _ask(proxy, form.format(host=host, port=private.port).encode())

    assert (answer, private.knocks()) == (b"", 0)
    assert [note.outcome for note in proxy.notes] == ["refused"]


def test_a_name_that_turns_private_between_two_looks_gets_nowhere(private: Listener) -> None:
    """The address that was checked is the one that is used: a name server that changes its mind gains nothing."""
    answers = iter([("127.0.0.1",), ("93.184.216.34",)])
    with GuardProxy(Gate(resolve=lambda *_: next(answers))) as proxy:
        answer = _ask(proxy, b"CONNECT rebind.example:80 HTTP/1.1\r\n\r\n")

    assert (answer, private.knocks(), proxy.refused()) == (b"", 0, 1)


@pytest.mark.parametrize(
    "noise", [b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xfe \x00 y\r\n\r\n", b"CONNECT :99999 HTTP/1.1\r\n\r\n"]
)
def test_noise_is_closed_without_a_word(noise: bytes) -> None:
    """What is no proxy request gets no answer."""
    with GuardProxy(Gate()) as proxy:
        assert _ask(proxy, noise) == b""


def test_without_sandbox_only_loopback_is_reached() -> None:
    """A browser without its sandbox gets nothing from the public internet."""
    with GuardProxy(Gate(resolve=lambda *_: ("93.184.216.34",)), only_loopback=True) as proxy:
        assert _ask(proxy, b"CONNECT public.example:443 HTTP/1.1\r\n\r\n") == b""
        assert "sandbox" in (proxy.why_not("https://public.example/") or "")


def test_a_page_that_wants_too_much_is_cut_off(site: LocalSite) -> None:
    """Beyond the limit nothing more comes through."""
    address = site.page("/big", b"x" * 3_000_000)
    with GuardProxy(Gate(loopback_ports=frozenset({site.port})), max_traffic=100_000) as proxy:
        answer = _ask(proxy, f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        again = _ask(proxy, f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    assert len(answer) < 1_000_000
    assert (again, proxy.over_limit) == (b"", True)


def test_the_browsers_own_errands_are_not_run() -> None:
    """A capture asks the page's hosts only; the browser's calls home stop here."""
    with GuardProxy(Gate(resolve=lambda *_: ("93.184.216.34",))) as proxy:
        assert _ask(proxy, b"CONNECT update.googleapis.com:443 HTTP/1.1\r\n\r\n") == b""
        assert [note.outcome for note in proxy.notes] == ["own"]
