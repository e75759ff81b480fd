"""Who hosts, shields and registers a site, as RDAP says (RFC 9082, 9083; policy A21): every contact with its scope, a person chooses.

Asked is for a name or an address alone, never for a case. What registries answer is a stranger's text: nonsense becomes a line in
`problems`, never an error. No big platform is asked for: it is its own host.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import idna

from collector import networks
from collector.bootstrap import Bootstrap, Kind
from collector.client import Client
from collector.errors import MissingError, UnreadablePageError
from collector.jcard import Card, read_card, words
from collector.networks import Networks, Shield
from collector.public_address import Gate
from data.errors import CollectError
from data.model.base import new_id
from data.model.network import ContactScope, NetworkContact, NetworkLookup

ACCEPT = "application/rdap+json, application/json;q=0.9"  # RFC 7480 §4.2
MAX_ANSWER = 1_000_000  # bytes; ordinary records have some 20,000
DEEPEST = 4  # entities within entities: registrar > its abuse desk is two
MOST = 40  # contacts of one look-up
MOST_ENTITIES = 400  # of one record, however they lie within each other
MOST_LABELS = 5  # of a name that is asked for: forum.school.district.sch.uk
GUESSED = "RFC 2142"
_ORIGIN = "arin_originas0_originautnums"  # ARIN's extension: which systems announce the network
_REGISTRARS = frozenset({"registrar", "abuse", "sponsor", "reseller"})
_HTTPS = 443
LONGEST_NAME = 253  # RFC 1035 §2.3.4
STALE = timedelta(days=180)
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,62}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,62}[a-z0-9_])?)*")


@dataclass
class _Notes:
    """What is found while asking."""

    contacts: list[NetworkContact] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    network: str | None = None


@dataclass(frozen=True)
class Registries:
    """The door to the registries, and the lists that say which of them to ask."""

    client: Client
    gate: Gate
    bootstrap: Bootstrap
    known: Networks = field(default_factory=networks.shipped)

    def record(self, question: str, kind: str, base: str) -> Mapping[str, Any]:
        """Return the registry's record; raises CollectError when there is none that can be read.

        robots.txt is not asked for: it speaks of pages, and RDAP is a service made for programs (RFC 7480).
        """
        answer = self.client.get(base + question, accept=ACCEPT, max_bytes=MAX_ANSWER, robots=False).json()
        if (
            not isinstance(answer, dict)
            or answer.get("objectClassName", kind) != kind
            or not answer.keys() & {"entities", "handle", "ldhName"}
        ):
            raise UnreadablePageError("its answer is not the record that was asked for")
        return answer


def look_up(host: str, registries: Registries, now: datetime, *, by: str = "system") -> NetworkLookup:
    """Return who can be reached behind a host name (or a plain IP address). Never raises for what networks and registries do.

    At most one IPv4 and one IPv6 address are asked for, and the names from the host up to the registered domain.
    """
    asked = host.strip().strip("[]").lower().rstrip(".")
    name, big = _plain(asked), registries.known.platform_of(asked)
    blank = NetworkLookup(id=new_id(now), host=asked, domain=asked, looked_by=by, looked_at=now)
    if big is not None:
        return blank.model_copy(update={"not_applicable": big.why})
    if name is None:
        return blank.model_copy(update={"problems": ("this is no name that can be registered: look at the address again",)})
    notes = _Notes()
    addresses = _addresses(name, registries.gate, notes)
    for address in _one_of_each(addresses):
        _ask_network(address, registries, notes)
    domain = name if _is_address(name) else _ask_domain(name, registries, notes)
    _age(notes, registries.bootstrap, now)
    return blank.model_copy(
        update={
            "domain": domain,
            "addresses": addresses,
            "contacts": _chosen(notes.contacts, domain),
            "network": notes.network,
            "problems": tuple(dict.fromkeys(notes.problems)),
        }
    )


def _plain(host: str) -> str | None:
    """Return the name as registries write it (ASCII, IDNA 2008), or a plain address; None for what can be neither."""
    if _is_address(host):
        return host
    try:
        name = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return None
    return name if len(name) <= LONGEST_NAME and _NAME.fullmatch(name) else None


def _age(notes: _Notes, lists: Bootstrap, now: datetime) -> None:
    """Say that the list of registries is old, where something was not found out."""
    said = lists.published.get(Kind.DNS, "")
    try:
        old = now.date() - date.fromisoformat(said) > STALE
    except ValueError:
        old = False  # a list without a date
    if notes.problems and old:
        notes.problems.append(f"the list of registries is of {said}: an administrator can load a fresh one (schoolwatch rdap-list)")


def _addresses(name: str, gate: Gate, notes: _Notes) -> tuple[str, ...]:
    try:
        return gate.admit_host(name, _HTTPS).addresses
    except CollectError as error:
        notes.problems.append(f"the site's address was not found: {error}")
        return ()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _one_of_each(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the first IPv4 and the first IPv6 address: further ones nearly always lie in the same network."""
    first: dict[int, str] = {}
    for address in addresses:
        first.setdefault(ipaddress.ip_address(address).version, address)
    return tuple(first[version] for version in sorted(first))


def _ask_network(address: str, registries: Registries, notes: _Notes) -> None:
    base = registries.bootstrap.for_address(address)
    if base is None:
        notes.problems.append(f"no registry is known that answers for the address {address}")
        return
    try:
        record = registries.record(f"ip/{address}", "ip network", base)
    except CollectError as error:
        notes.problems.append(f"the registry of the address {address} could not be asked: {error}")
        return
    if not _holds(record, address):
        notes.problems.append(f"the registry answered about another network than that of {address}; its contacts are left out")
        return
    _keep_network(record, f"{base}ip/{address}", registries, notes)


def _holds(record: Mapping[str, Any], address: str) -> bool:
    """Whether the record's range, if it gives one, holds the address that was asked for."""
    start, end = record.get("startAddress"), record.get("endAddress")
    if not isinstance(start, str) or not isinstance(end, str):
        return True
    try:
        place, first, last = (ipaddress.ip_address(one.strip()) for one in (address, start, end))
    except ValueError:
        return False
    return place.version == first.version == last.version and int(first) <= int(place) <= int(last)


def _keep_network(record: Mapping[str, Any], source: str, registries: Registries, notes: _Notes) -> None:
    found = _all(record)
    names = [text for value in (record.get("name"), record.get("handle"), *(one.card.name for one in found)) if (text := words(value))]
    shield = registries.known.shield_of(names)
    notes.network = notes.network or (names[0] if names else None)
    notes.contacts += [_contact(one, _network_scope(one.roles, shield), source) for one in found]
    if shield is not None:
        notes.contacts.append(
            NetworkContact(scope=ContactScope.CDN, name=shield.name, link=shield.form, source="data/reference/networks.toml")
        )
    for number in _origins(record):
        _ask_number(number, registries, notes, shield)


def _network_scope(roles: tuple[str, ...], shield: Shield | None) -> ContactScope:
    if shield is not None:
        return ContactScope.CDN
    return ContactScope.HOST if "abuse" in roles else ContactScope.NETWORK


def _origins(record: Mapping[str, Any]) -> tuple[int, ...]:
    found = record.get(_ORIGIN)
    numbers = found[:1] if isinstance(found, list) else []
    return tuple(number for number in numbers if isinstance(number, int) and 0 < number < 2**32)


def _ask_number(number: int, registries: Registries, notes: _Notes, shield: Shield | None) -> None:
    base = registries.bootstrap.for_number(number)
    if base is None:
        return
    try:
        record = registries.record(f"autnum/{number}", "autnum", base)
    except CollectError as error:
        notes.problems.append(f"the registry of the network number {number} could not be asked: {error}")
        return
    scope = ContactScope.CDN if shield else ContactScope.NETWORK
    notes.contacts += [_contact(one, scope, f"{base}autnum/{number}") for one in _all(record)]


def candidates(host: str, shared: frozenset[str]) -> tuple[str, ...]:
    """Return the names to ask a registry for, from the host up to what can be registered; never a suffix that many share."""
    labels = host.removeprefix("www.").split(".")[-MOST_LABELS:]
    names = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return tuple(name for name in names if name not in shared)


def _ask_domain(host: str, registries: Registries, notes: _Notes) -> str:
    """Keep the registrar's contacts; return the registered domain, or the best guess of it."""
    names = candidates(host, registries.known.shared)
    base = registries.bootstrap.for_domain(host)
    if base is None or not names:
        notes.problems.append(
            f"no registry that answers RDAP is listed for .{host.rpartition('.')[2]}: look the registrar up on the registry's own website, "
            "and enter its contact by hand"
        )
        return names[-1] if names else host
    for name in names:
        try:
            record = registries.record(f"domain/{name}", "domain", base)
        except MissingError:
            continue
        except CollectError as error:
            notes.problems.append(f"the registry of {names[-1]} could not be asked: {error}")
            return names[-1]
        if _speaks_of(record, name):
            _keep_domain(record, f"{base}domain/{name}", notes)
            return name
        notes.problems.append(f"the registry answered about another name than {name}; its contacts are left out")
        return names[-1]
    notes.problems.append(f"the registry knows no domain {names[-1]}")
    return names[-1]


def _speaks_of(record: Mapping[str, Any], name: str) -> bool:
    said = record.get("ldhName")
    return not isinstance(said, str) or said.lower().rstrip(".") == name


def _keep_domain(record: Mapping[str, Any], source: str, notes: _Notes) -> None:
    for one in _all(record):
        scope = ContactScope.REGISTRAR if one.within & _REGISTRARS else ContactScope.REGISTRANT
        notes.contacts.append(_contact(one, scope, source))
    registrar = [one for one in notes.contacts if one.scope is ContactScope.REGISTRAR]
    if registrar and not any(_reachable(one) for one in registrar):
        notes.problems.append(f"the registrar is {registrar[0].name}, but its record gives no way to reach it")


@dataclass(frozen=True)
class _Entity:
    """One entity: its roles, what its card says, and the roles of the outermost entity around it (its own for an outermost one)."""

    roles: tuple[str, ...]
    card: Card
    within: frozenset[str]


def _all(record: Mapping[str, Any]) -> list[_Entity]:
    return list(islice(_entities(record), MOST_ENTITIES))


def _entities(record: Mapping[str, Any], depth: int = 0, within: frozenset[str] = frozenset()) -> Iterator[_Entity]:
    """Yield every entity of a record, those within others too: a registrar's abuse desk lies inside the registrar (RFC 9083 §5.1)."""
    inside = record.get("entities")
    if depth >= DEEPEST or not isinstance(inside, list):
        return
    for one in inside[:MOST]:
        if isinstance(one, dict):
            roles = _roles(one)
            outer = within or frozenset(roles)
            yield _Entity(roles, replace(card := read_card(one.get("vcardArray")), name=card.name or words(one.get("handle"))), outer)
            yield from _entities(one, depth + 1, outer)


def _roles(entity: Mapping[str, Any]) -> tuple[str, ...]:
    said = entity.get("roles")
    return tuple(role.lower()[:40] for role in said[:10] if isinstance(role, str)) if isinstance(said, list) else ()


def _contact(one: _Entity, scope: ContactScope, source: str) -> NetworkContact:
    card = one.card
    name = card.name or card.email or card.telephone or "no name given"
    return NetworkContact(
        scope=scope, name=name, roles=one.roles, email=card.email, telephone=card.telephone, link=card.link, source=source
    )


def _reachable(contact: NetworkContact) -> bool:
    return bool(contact.email or contact.telephone or contact.link)


_SCOPES = tuple(ContactScope)


def _chosen(found: Iterable[NetworkContact], domain: str) -> tuple[NetworkContact, ...]:
    """Return the contacts that can be reached, each once, abuse desks first in their scope; a guess only where there is none."""
    kept: dict[tuple[object, ...], NetworkContact] = {}
    for one in found:
        if _reachable(one):
            kept.setdefault((one.scope, one.email, one.telephone, one.link), one)
    if kept:
        return tuple(sorted(kept.values(), key=lambda one: (_SCOPES.index(one.scope), "abuse" not in one.roles)))[:MOST]
    return () if _is_address(domain) or "." not in domain else (guess(domain),)


def guess(domain: str) -> NetworkContact:
    """Return the mailbox that a domain ought to have for complaints: a guess, and labelled so (RFC 2142 §4)."""
    return NetworkContact(
        scope=ContactScope.GUESS, name="a guess: nobody confirmed this mailbox", roles=("abuse",), email=f"abuse@{domain}", source=GUESSED
    )
