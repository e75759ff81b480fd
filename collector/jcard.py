"""Ways to reach somebody, out of a jCard (RFC 7095) that a stranger's server sent: everything in it may be of any type and length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from collector.addresses import is_web_address
from data.model.posts import storable

LONGEST = 200  # characters of a name that are kept
MOST = 200  # properties of one card that are read
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_TELEPHONE = re.compile(r"\+?[0-9][0-9 ().\-]{4,30}")


@dataclass(frozen=True)
class Card:
    """What a card says; None where it says nothing that can be used."""

    name: str | None = None
    email: str | None = None
    telephone: str | None = None
    link: str | None = None


def read_card(found: object) -> Card:
    """Return what a `vcardArray` says; nonsense gives an empty card. Never raises."""
    said: dict[str, list[Any]] = {}
    for name, value in _properties(found):
        said.setdefault(name, []).append(value)
    return Card(
        name=_first(said, ("fn", "org"), words),
        email=_first(said, ("email",), mail),
        telephone=_first(said, ("tel",), telephone),
        link=_first(said, ("contact-uri", "url"), web),  # contact-uri: RFC 8605
    )


def _properties(found: object) -> Iterator[tuple[str, Any]]:
    """Yield (name in lower case, value); a property is [name, parameters, type, value, …] (RFC 7095 §3.3)."""
    if not isinstance(found, list) or len(found) < 2 or not isinstance(found[1], list):  # noqa: PLR2004 - ["vcard", [...]]
        return
    for one in found[1][:MOST]:
        if isinstance(one, list) and len(one) > 3 and isinstance(one[0], str):  # noqa: PLR2004 - the value stands fourth
            yield from ((one[0].lower(), value) for value in one[3:8])


def _first(said: dict[str, list[Any]], names: tuple[str, ...], reader: Any) -> str | None:
    values = (value for name in names for value in said.get(name, ()))
    return next((text for value in values if (text := reader(value))), None)


def words(value: object) -> str | None:
    """Return text on one line without hidden signs, cut to 200 characters; None for anything else."""
    if not isinstance(value, str):
        return None
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in storable(value[: 4 * LONGEST])).split())
    return line[:LONGEST] or None


def mail(value: object) -> str | None:
    """Return a mail address, also where it is written as `mailto:`; None for anything else."""
    plain = value.strip().removeprefix("mailto:") if isinstance(value, str) else ""
    return plain if _MAIL.fullmatch(plain) else None


def telephone(value: object) -> str | None:
    """Return a telephone number, also where it is written as `tel:…;ext=…` (RFC 3966); None for anything else."""
    plain = value.strip().removeprefix("tel:").partition(";")[0].strip() if isinstance(value, str) else ""
    return plain if _TELEPHONE.fullmatch(plain) else None


def web(value: object) -> str | None:
    """Return the address of a web page; None for anything else, a script's address included."""
    plain = value.strip() if isinstance(value, str) else ""
    return plain if len(plain) <= 2 * LONGEST and words(plain) == plain and is_web_address(plain) else None
