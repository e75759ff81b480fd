"""Who hosts, shields and registers a site, as RDAP told it (A21; RFC 9082, 9083, 9224)."""

from __future__ import annotations

from enum import StrEnum

from sqlmodel import Field

from data.columns import Json, Text
from data.model.base import Record, UtcTime


class ContactScope(StrEnum):
    """Which party a contact belongs to (domain.md §3.4)."""

    HOST = "host"
    NETWORK = "network"
    CDN = "cdn"
    REGISTRAR = "registrar"
    REGISTRANT = "registrant"
    GUESS = "guess"  # abuse@domain (RFC 2142), offered only when nothing else was found


class NetworkContact(Record):
    """One contact that a registry names."""

    scope: ContactScope
    name: str
    roles: tuple[str, ...] = ()
    email: str | None = None
    telephone: str | None = None
    link: str | None = None  # a form, where the party takes reports that way
    source: str  # the RDAP address that said so, or "RFC 2142"


class NetworkLookup(Record):
    """What a look-up of one host name found. Kept 30 days (domain.md §3.4). It asks for the name only, never for the case."""

    id: str
    host: str
    domain: str
    addresses: tuple[str, ...] = Field(default=(), sa_type=Json)
    contacts: tuple[NetworkContact, ...] = Field(default=(), sa_type=Json)
    network: str | None = None  # name of the network that holds the address
    not_applicable: str | None = Field(default=None, sa_type=Text)  # a big platform: why nobody behind it is asked
    problems: tuple[str, ...] = Field(default=(), sa_type=Json)  # what could not be asked, in plain words
    looked_by: str
    looked_at: UtcTime
