"""The addresses by which people are reached: what may be one, and what may not. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from casework.errors import WayRefusedError
from data.model.telling import WayKind

_MAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_TEAMS = (".logic.azure.com", ".api.powerplatform.com")
LONGEST = 2000


def way_address(kind: WayKind, address: str) -> str:
    """Return a typed address as it is kept; raises WayRefusedError with what would be right, never repeating what was typed."""
    typed = address.strip()
    if kind is WayKind.MAIL:
        if not _MAIL.fullmatch(typed) or ".." in typed:
            raise WayRefusedError("this is not a mail address; write one, for example office@school.example")
        return typed
    parts = _web(typed)
    if kind is WayKind.TEAMS and not (parts.startswith("https://") and (urlsplit(parts).hostname or "").endswith(_TEAMS)):
        raise WayRefusedError("this is not the address of a Teams workflow; copy the one that Teams shows when a webhook is made")
    return parts


def _web(typed: str) -> str:
    try:
        parts = urlsplit(typed)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise WayRefusedError("this is not a web address; it begins with https://") from error
    plain = typed.isascii() and typed.isprintable() and " " not in typed and len(typed) <= 2000  # noqa: PLR2004 - longer ones are noise
    if not plain or parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        raise WayRefusedError("this is not a web address; it begins with https://")
    return typed
