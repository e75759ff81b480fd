"""Which addresses may be asked at all (evidence.md §4 and §7): public web addresses, resolved once.

The client and the browser's guard proxy both ask this gate before each request and each redirect, and connect to exactly the addresses that
it returns. Nothing else in the project looks up a name.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import idna

from collector.errors import NotPublicError, SourceUnavailableError

Resolver = Callable[[str, int], Sequence[str]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_ADDRESS = 4096  # characters; longer ones are noise (evidence.md §7)
WEB_PORTS = frozenset({80, 443})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291; all else is special
_REFUSED_6 = tuple(
    ipaddress.IPv6Network(net)
    for net in (
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4: an IPv4 address inside, routed by a relay
        "3fff::/20",  # documentation, RFC 9637
    )
)
_REFUSED_4 = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments, RFC 6890
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays, RFC 7526
)
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")


@dataclass(frozen=True)
class Target:
    """A web server that may be asked: connect to one of `addresses`, and to nothing else."""

    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]


def system_resolver(host: str, port: int) -> tuple[str, ...]:
    """Ask the system for every address of `host`; raises OSError when there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(row[4][0]) for row in found))


def is_public(address: str) -> bool:
    """Tell whether `address` (a literal) lies on the public internet; an IPv4 address inside an IPv6 one is judged as itself."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inside = _ipv4_inside(ip)
        return _is_public_4(inside) if inside else _is_public_6(ip)
    return _is_public_4(ip)


def _ipv4_inside(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped


def _is_public_4(ip: ipaddress.IPv4Address) -> bool:
    return _is_ordinary(ip) and not any(ip in net for net in _REFUSED_4)


def _is_public_6(ip: ipaddress.IPv6Address) -> bool:
    return ip.scope_id is None and ip in _GLOBAL_UNICAST and _is_ordinary(ip) and not any(ip in net for net in _REFUSED_6)


def _is_ordinary(ip: Address) -> bool:
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_link_local or ip.is_loopback)


class Gate:
    """Admits public http(s) addresses on ports 80 and 443 and refuses everything else.

    `loopback_ports` are the only exception: on those ports `localhost`, `127.0.0.1` and `::1` are admitted (the demo and the tests).
    """

    def __init__(self, loopback_ports: frozenset[int] = frozenset(), resolve: Resolver = system_resolver) -> None:
        self.loopback_ports = loopback_ports
        self._resolve = resolve

    def admit(self, url: str) -> Target:
        """Return where `url` may be asked.

        Raises:
            NotPublicError: it is not a public web address (evidence.md §7); nothing was sent.
            SourceUnavailableError: the name has no address.
        """
        scheme, host, port = _parts(url)
        return self._admit(scheme, host, port)

    def admit_host(self, host: str, port: int) -> Target:
        """Return where `host` may be asked on `port` (for the guard proxy's CONNECT); raises as `admit` does."""
        return self._admit("https" if port == 443 else "http", _plain_host(host), port)  # noqa: PLR2004 - HTTPS

    def _admit(self, scheme: str, host: str, port: int) -> Target:
        if port in self.loopback_ports and host in LOOPBACK_NAMES:
            return Target(scheme, host, port, ("::1",) if host == "::1" else ("127.0.0.1",))
        if port not in WEB_PORTS:
            raise NotPublicError(f"port {port} of {host} is not a web port; only 80 and 443 are read")
        return Target(scheme, host, port, self._public(host, port))

    def _public(self, host: str, port: int) -> tuple[str, ...]:
        addresses = self._addresses(host, port)
        if not all(is_public(address) for address in addresses):
            raise NotPublicError(f"{host} is a private address; only public places are read")
        return addresses

    def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        literal = _literal(host)
        if literal:
            return (literal,)
        try:
            found = tuple(self._resolve(host, port))
        except (OSError, UnicodeError) as error:
            raise SourceUnavailableError(f"the name {host} has no address") from error
        if not found:
            raise SourceUnavailableError(f"the name {host} has no address")
        return found


def _parts(url: str) -> tuple[str, str, int]:
    text = url.strip(" ")
    if not text or len(text) > MAX_ADDRESS or any(c.isspace() or ord(c) < 0x20 or c in "\\\x7f" for c in text):  # noqa: PLR2004 - controls
        raise NotPublicError("this is not a web address")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname
    except ValueError as error:
        raise NotPublicError("this is not a web address") from error
    if parts.scheme.lower() not in {"http", "https"}:
        raise NotPublicError("only addresses that begin with http:// or https:// are read")
    if "@" in parts.netloc:
        raise NotPublicError("an address with a user name or a password in it is not read")
    default = 443 if parts.scheme.lower() == "https" else 80
    return parts.scheme.lower(), _plain_host(host or ""), default if port is None else port


def _plain_host(host: str) -> str:
    """Lower-case ASCII without a final dot, full-width digits and the like folded; raises NotPublicError."""
    folded = unicodedata.normalize("NFKC", host).strip("[]").lower()
    if ":" in folded:
        return folded
    try:
        plain = folded if folded.isascii() else idna.encode(folded, uts46=True).decode()
    except idna.IDNAError as error:
        raise NotPublicError("the address names no valid host") from error
    plain = plain.removesuffix(".")
    if len(plain) > 253 or not _HOST.fullmatch(plain) or ".." in plain:  # noqa: PLR2004 - RFC 1035
        raise NotPublicError("the address names no valid host")
    return plain


def _literal(host: str) -> str | None:
    """Return the address that `host` spells out, None for a name; raises NotPublicError for a disguised spelling."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if ":" in host:
        raise NotPublicError("the address names no valid host")
    last = host.rpartition(".")[2]
    if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):  # WHATWG: such a host is an IPv4 address in another spelling
        raise NotPublicError(f"{host} is a number in an unusual spelling; write the name of the site")
    return None
