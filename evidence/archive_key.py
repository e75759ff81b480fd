"""The sort key of a web address in an archive's index: host backwards, then path and query, tidied.

Archives sort by this key ("SURT"), so that `http://www.a.example/x/?b=2&a=1` and `https://a.example/x?a=1&b=2` stand side by side. What is
tidied away is what the Internet Archive's indexes tidy away; the tests compare with the reference implementation.
"""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

_SAFE = bytes(range(0x21, 0x7F)).replace(b"%", b"").replace(b"#", b"").decode()  # written as they are; all else is escaped
_WWW = re.compile(r"www\d*\.")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SESSIONS_IN_PATH = (  # a new visit has a new session id: the same page must have the same key
    re.compile(r"^(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)$"),
    re.compile(r"^(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)$"),
)
_SESSIONS_IN_QUERY = (
    re.compile(r"^(.*)(?:jsessionid=[0-9a-z]{32})(?:&(.*))?$"),
    re.compile(r"^(.*)(?:phpsessid=[0-9a-z]{32})(?:&(.*))?$"),
    re.compile(r"^(.*)(?:sid=[0-9a-z]{32})(?:&(.*))?$"),
    re.compile(r"^(.*)(?:aspsessionid[a-z]{8}=[a-z]{24})(?:&(.*))?$"),
    re.compile(r"^(.*)(?:cfid=[^&]+&cftoken=[^&]+)(?:&(.*))?$"),
)


def archive_key(address: str) -> str:
    """Return the sort key of an http(s) address, e.g. `example,forum)/t/1?page=2`; always ASCII."""
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".")
    www = _WWW.match(host)
    labels = (host[www.end() :] if www else host).split(".")
    port = f":{parts.port}" if parts.port and parts.port != _DEFAULT_PORTS.get(parts.scheme) else ""
    query = _query(parts.query)
    return f"{','.join(reversed(labels))}{port}){_path(parts.path)}" + (f"?{query}" if query else "")


def _path(path: str) -> str:
    steps: list[str] = []
    for step in _plain(path).split("/"):
        if step == "..":
            steps[-1:] = []
        elif step not in {"", "."}:
            steps.append(step)
    return _without(_SESSIONS_IN_PATH, "/" + "/".join(steps).lower())


def _query(query: str) -> str:
    fields = _without(_SESSIONS_IN_QUERY, _plain(query).lower()).split("&")
    return "&".join(sorted(fields, key=lambda field: field.split("=", 1)))


def _plain(text: str) -> str:
    """Unescape as often as that changes anything, then escape what must be: one spelling for each address."""
    raw = text.encode("utf-8", "replace")
    while (once := unquote_to_bytes(raw)) != raw:
        raw = once
    return quote_from_bytes(raw, safe=_SAFE)


def _without(sessions: tuple[re.Pattern[str], ...], text: str) -> str:
    for session in sessions:
        if found := session.match(text):
            text = "".join(part for part in found.groups() if part)
    return text
