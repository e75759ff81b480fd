"""Which registry answers for a domain, an address or a number: IANA's bootstrap files (RFC 9224), shipped, refreshed by an administrator.

The shipped files are a selection of our own; a complete, fresh file in the state folder takes the place of the shipped one of its kind.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

from data.errors import SettingsError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LARGEST = 5_000_000  # bytes of a file that an administrator gives; IANA's are some 100,000
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")
_NUMBERS = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?")


class Kind(StrEnum):
    """The four files, by the names that IANA gives them."""

    DNS = "dns"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    ASN = "asn"


@dataclass(frozen=True)
class Bootstrap:
    """Where to ask: name, network or number -> the registry's address (with a slash at its end)."""

    dns: Mapping[str, str] = field(default_factory=dict)
    networks: tuple[tuple[Network, str], ...] = ()
    numbers: tuple[tuple[int, int, str], ...] = ()
    published: Mapping[Kind, str] = field(default_factory=dict)  # when the registry published each file

    def for_domain(self, domain: str) -> str | None:
        """Return the registry that answers for a domain: the longest entry that ends it, label by label (RFC 9224 §4)."""
        labels = domain.lower().split(".")
        return next((found for start in range(len(labels)) if (found := self.dns.get(".".join(labels[start:])))), None)

    def for_address(self, address: str) -> str | None:
        """Return the registry that answers for an address: the narrowest network that holds it (RFC 9224 §5)."""
        try:
            place = ipaddress.ip_address(address)
        except ValueError:
            return None
        held = [(network.prefixlen, base) for network, base in self.networks if place.version == network.version and place in network]
        return max(held, default=(0, None))[1]

    def for_number(self, number: int) -> str | None:
        """Return the registry that answers for the number of an autonomous system (RFC 9224 §5.3)."""
        return next((base for first, last, base in self.numbers if first <= number <= last), None)


def load(folder: Path | None = None) -> Bootstrap:
    """Return the lists in `folder` where there are any, else the shipped ones; raises SettingsError naming the file that is wrong."""
    texts = {kind: _text(kind, folder) for kind in Kind}
    parsed = {kind: _services(text, f"{kind.value}.json") for kind, text in texts.items()}
    return Bootstrap(
        dns={entry.lower().rstrip("."): base for entry, base in parsed[Kind.DNS]},
        networks=tuple((ipaddress.ip_network(entry), base) for kind in (Kind.IPV4, Kind.IPV6) for entry, base in parsed[kind]),
        numbers=tuple((*_range(entry), base) for entry, base in parsed[Kind.ASN]),
        published={kind: _published(text) for kind, text in texts.items()},
    )


def _text(kind: Kind, folder: Path | None) -> str:
    own = folder / f"{kind.value}.json" if folder else None
    if own is not None and own.is_file():
        return _read(own)
    return files("data.reference").joinpath("rdap", f"{kind.value}.json").read_text(encoding="utf-8")


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise SettingsError(f"{path.name} is larger than 5 MB, which no list of registries is")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as text; give one of IANA's files dns.json, ipv4.json, ipv6.json, asn.json") from error


def install(path: Path, folder: Path) -> Kind:
    """Put a fresh, complete file of IANA into `folder`, whole or not at all; return which of the four it is.

    Raises:
        SettingsError: the file is not such a list; nothing was changed.
    """
    text = _read(path)
    kind = _kind([entry for entry, _ in _services(text, path.name)], path.name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f"{kind.value}.json.new"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / f"{kind.value}.json")
    return kind


def _services(text: str, name: str) -> list[tuple[str, str]]:
    """Return (entry, address of the registry) of one file; https before http (RFC 9224 §3). Raises SettingsError."""
    try:
        pairs = [(entry, _base(urls)) for entries, urls, *_ in json.loads(text)["services"] for entry in entries]
        _kind([entry for entry, _ in pairs], name)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SettingsError(
            f"{name} is not a list of registries as IANA publishes it (RFC 9224); fetch it again and load it anew"
        ) from error
    return pairs


def _base(urls: Iterable[str]) -> str:
    web = [url for url in urls if url.startswith(("https://", "http://"))]
    chosen = min(web, key=lambda url: not url.startswith("https://")) if web else ""
    if not chosen:
        raise ValueError("an entry without an address")
    return chosen if chosen.endswith("/") else f"{chosen}/"


def _kind(entries: list[str], name: str) -> Kind:
    fits = {Kind.ASN: _is_range, Kind.IPV4: _is_network(4), Kind.IPV6: _is_network(6), Kind.DNS: _is_name}
    found = next((kind for kind, fit in fits.items() if entries and all(fit(entry) for entry in entries)), None)
    if found is None:
        raise SettingsError(f"{name} holds neither domains, nor networks, nor numbers alone; give one of IANA's four files")
    return found


def _is_range(entry: str) -> bool:
    return _NUMBERS.fullmatch(entry) is not None


def _is_network(version: int) -> Any:
    def fits(entry: str) -> bool:
        try:
            return ipaddress.ip_network(entry).version == version
        except ValueError:
            return False

    return fits


def _is_name(entry: str) -> bool:
    return _DOMAIN.fullmatch(entry.lower().rstrip(".")) is not None


def _range(entry: str) -> tuple[int, int]:
    first, last = re.fullmatch(_NUMBERS, entry).groups()  # type: ignore[union-attr]
    return int(first), int(last or first)


def _published(text: str) -> str:
    said = json.loads(text).get("publication")
    return said[:10] if isinstance(said, str) else "unknown"
