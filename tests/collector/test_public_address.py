"""Only public web addresses are asked, counted at a real listening socket (evidence.md §4, §7)."""

from __future__ import annotations

import socket
from typing import Protocol

import pytest

from collector.client import Client
from collector.errors import CollectError, NotPublicError, SourceUnavailableError
from collector.public_address import Gate, Target, is_public
from collector.testing import public_resolver
from data.clock import FixedClock

CONTACT = "mailto:office@fernleygreen.example"


class Counter(Protocol):
    """A listening socket that counts."""

    port: int
    connections: int


PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_and_special_addresses_are_not_public(address: str) -> None:
    """No private, loopback, link-local, shared, special or tunnelled address counts as public."""
    assert is_public(address) is False


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    """Ordinary public addresses pass, also inside an IPv6 spelling of an IPv4 address."""
    assert is_public(address) is True


def spellings(port: int) -> list[str]:
    """Every way we know to write this machine's own port as an address."""
    hosts = [
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
        "0", "0.0.0.0", "0x0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "[::127.0.0.1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "localhost", "localhost.", "LOCALHOST", "foo.localhost", "127.0.0.1%00",
        "１２７.０.０.１",  # noqa: RUF001 - a disguise
        "①②⑦.⓪.⓪.①", "127。0。0。1", "127%2e0%2e0%2e1", "127.0.0.1.example.test", "private.example.test", "mixed.example.test",
        "169.254.169.254", "100.64.0.1", "user@127.0.0.1", "user:pass@127.0.0.1", "example.org@127.0.0.1", "example.org:pass@127.0.0.1",
        "example.org\\@127.0.0.1",
    ]  # fmt: skip
    return [f"http://{host}:{port}/" for host in hosts] + [
        f"http:/127.0.0.1:{port}/", f"http:127.0.0.1:{port}", f"//127.0.0.1:{port}/", f"127.0.0.1:{port}", f"ftp://127.0.0.1:{port}/",
        f"gopher://127.0.0.1:{port}/", f"HTTP://127.0.0.1:{port}/", f" http://127.0.0.1:{port}/ ", f"http://127.0.0.1:{port}/\r\nX: 1",
        f"\thttp://127.0.0.1:{port}/", f"http://[127.0.0.1]:{port}/", f"https://127.0.0.1:{port}/", f"http://127.0.0.1:{port:06d}/",
        "file:///etc/passwd", "data:text/html,hello", "javascript:alert(1)", "about:blank", "chrome://version", "view-source:http://x/",
        "", "   ", "nonsense", "http://", "http://:80/", "http://[::1", "http://example.test:99999/", "http://" + "a" * 9000 + ".test/",
    ]  # fmt: skip


def stub_resolver(host: str, port: int) -> tuple[str, ...]:
    """Names that resolve to this machine, wholly or in part; everything else to a public address."""
    if "private" in host or host == "127.0.0.1.example.test" or "localhost" in host:
        return ("127.0.0.1",)
    if "mixed" in host:
        return ("93.184.216.34", "127.0.0.1")
    return public_resolver(host, port)


def test_no_spelling_reaches_a_private_server(listener: Counter, clock: FixedClock) -> None:
    """However an address is disguised, a server on a private address sees no connection at all."""
    client = Client(CONTACT, clock, Gate(resolve=stub_resolver), pace_seconds=0.0)
    refused = 0
    tried = spellings(listener.port)
    for address in tried:
        try:
            client.look(address, robots=False)
        except CollectError:
            refused += 1

    assert (refused, listener.connections) == (len(tried), 0)


@pytest.mark.parametrize("mark", ["#", "?", "/"])
def test_a_private_host_behind_the_public_one_is_never_the_target(mark: str) -> None:
    """An address that only seems to end in a private host is admitted for the public host alone."""
    target = Gate(resolve=stub_resolver).admit(f"http://example.org{mark}@127.0.0.1:4567/")

    assert (target.host, target.port, target.addresses) == ("example.org", 80, ("93.184.216.34",))


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "private.example.test", "mixed.example.test", "localhost", "[::1]"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_private_hosts_are_refused_on_web_ports_too(host: str, scheme: str) -> None:
    """The usual web ports do not make a private address public."""
    with pytest.raises(NotPublicError):
        Gate(resolve=stub_resolver).admit(f"{scheme}://{host}/")


def test_one_private_answer_among_public_ones_refuses_the_name() -> None:
    """A name with one public and one private address is refused as a whole."""
    with pytest.raises(NotPublicError, match="private"):
        Gate(resolve=stub_resolver).admit("https://mixed.example.test/")


@pytest.mark.parametrize("address", ["https://example.org:8080/", "http://example.org:22/", "https://example.org:0/"])
def test_other_ports_are_refused(address: str) -> None:
    """Only ports 80 and 443 are web ports."""
    with pytest.raises(NotPublicError, match="port"):
        Gate(resolve=public_resolver).admit(address)


def test_a_public_address_is_admitted_with_what_was_resolved() -> None:
    """A public site is admitted, together with the very addresses to connect to."""
    target = Gate(resolve=public_resolver).admit("https://News.Example.ORG./story?a=1")

    assert target == Target("https", "news.example.org", 443, ("93.184.216.34",))


def test_an_international_name_is_admitted_in_its_ascii_form() -> None:
    """A site with an accent in its name is asked under the name that the name service knows."""
    assert Gate(resolve=public_resolver).admit("https://bücher.example/").host == "xn--bcher-kva.example"


def test_a_name_without_an_address_is_unavailable() -> None:
    """A name that nobody knows is a fault to be tried again, not a refusal."""

    def nobody(_host: str, _port: int) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(SourceUnavailableError, match="no address"):
        Gate(resolve=nobody).admit("https://nowhere.test/")


def test_a_named_loopback_port_is_the_only_exception(listener: Counter) -> None:
    """The demo's own port on this machine may be asked, the port beside it may not."""
    gate = Gate(frozenset({listener.port}), resolve=stub_resolver)

    assert gate.admit(f"http://localhost:{listener.port}/").addresses == ("127.0.0.1",)
    assert gate.admit_host("127.0.0.1", listener.port).port == listener.port
    for address in (
        f"http://127.0.0.1:{listener.port + 1}/",
        f"http://private.example.test:{listener.port}/",
        f"http://u:p@127.0.0.1:{listener.port}/",
    ):
        with pytest.raises(NotPublicError):
            gate.admit(address)


def test_a_host_for_the_proxy_is_judged_like_an_address() -> None:
    """The browser's proxy asks by host and port and gets the same refusals."""
    gate = Gate(resolve=stub_resolver)

    assert gate.admit_host("example.org", 443).scheme == "https"
    for host, port in (("127.0.0.1", 443), ("[::1]", 80), ("2130706433", 80), ("private.example.test", 443), ("example.org", 25)):
        with pytest.raises(NotPublicError):
            gate.admit_host(host, port)
