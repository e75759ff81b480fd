"""One post, one address: the spellings under which one page is passed around, brought back to one."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import idna

_TRACKING = re.compile(
    r"utm_\w*|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh|mc_[ce]id|mkt_tok|_hs\w+|vero_id|"
    r"oly_(anon|enc)_id|wickedid|ref_src|ref_url|cmpid|ito|__s|s_cid|ga_\w+|pk_\w+|mtm_\w+|at_(medium|campaign)",
    re.IGNORECASE,
)
_PLACE_ON_PAGE = re.compile(r"(comment|comments|c|post|p|reply|response|respond|msg|message|entry|pid|r|item)?[-_]?\d+", re.IGNORECASE)
_WRAPPERS = {  # host: (path, parameters that hold the target)
    "google": ("/url", ("url", "q")),
    "facebook": ("/l.php", ("u",)),
    "youtube": ("/redirect", ("q",)),
}
_WRAPPER_HOST = re.compile(r"(?:www\.|l\.|lm\.|m\.)?(google|facebook|youtube)\.(?:com|co\.uk|ie|co\.[a-z]{2}|com\.[a-z]{2}|[a-z]{2})")
_UNRESERVED = "".join(map(chr, [*range(0x41, 0x5B), *range(0x61, 0x7B), *range(0x30, 0x3A)])) + "-._~"
_PATH_SAFE = "/:@!$&'()*+,;=%" + _UNRESERVED


def canonical_address(url: str) -> str:
    """Return the one address of a post.

    Redirects of search engines undone, tracking parameters dropped, the rest sorted, host in lower case, default ports and empty
    parts gone, escapes in one spelling; the fragment dropped unless it names a comment. Calling it twice changes nothing. Anything
    that is not an http(s) address is returned as it is, without outer white space. Never raises.
    """
    plain = unwrap_redirect(url)
    parts = _split(plain)
    if parts is None:
        return plain
    path = _path(parts.path)
    return urlunsplit((parts.scheme.lower(), _host(parts), path, _query(parts.query), _fragment(parts.fragment)))


def unwrap_redirect(url: str) -> str:
    """Return the target of a known redirect (Google Alerts, platforms.md §12.2), or `url` itself; wrapped redirects too. Never raises."""
    found = url.strip()
    while True:
        target = _wrapped(found)
        if target is None:
            return found
        found = target.strip()


def is_wrapped(url: str) -> bool:
    """Whether `url` is a search engine's redirect to another page."""
    return _wrapped(url.strip()) is not None


def is_web_address(url: str) -> bool:
    """Whether `url` reads as http or https with a host and, if any, a port that can be one. Never raises."""
    return _split(url) is not None


def _wrapped(url: str) -> str | None:
    parts = _split(url)
    host = _WRAPPER_HOST.fullmatch((parts.hostname or "").lower()) if parts else None
    if parts is None or host is None:
        return None
    path, names = _WRAPPERS[host.group(1)]
    if parts.path.rstrip("/") != path:
        return None
    found = dict(parse_qsl(parts.query))
    targets = (found[name] for name in names if name in found)
    return next((target for target in targets if len(target) < len(url) and _split(target.strip())), None)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme.lower() in {"http", "https"} and parts.hostname else None


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower().rstrip(".")
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            host = host.lower()
    host = f"[{host}]" if ":" in host else host
    default = 443 if parts.scheme.lower() == "https" else 80
    user = parts.netloc.rpartition("@")[0]
    return (f"{user}@" if user else "") + (host if parts.port in {None, default} else f"{host}:{parts.port}")


def _path(path: str) -> str:
    """Escapes in one spelling, `.` and `..` worked out (RFC 3986 §6.2.2)."""
    kept: list[str] = []
    pieces = _escapes(path).split("/")
    for piece in pieces:
        if piece == "..":
            kept[:] = kept[:-1] if len(kept) > 1 else kept
        elif piece != ".":
            kept.append(piece)
    if pieces[-1] in {".", ".."} and kept[-1:] != [""]:
        kept.append("")
    joined = "/".join(kept)
    return joined if joined.startswith("/") else f"/{joined}"


def _escapes(path: str) -> str:
    plain = re.sub(r"%([0-9A-Fa-f]{2})", _one_escape, path)
    return quote(re.sub(r"%(?![0-9A-F]{2})", "%25", plain), safe=_PATH_SAFE)


def _one_escape(found: re.Match[str]) -> str:
    char = unquote(found.group()) if int(found.group(1), 16) < 0x80 else ""  # noqa: PLR2004 - ASCII
    return char if char and char in _UNRESERVED else found.group().upper()


def _query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")  # other encodings pass unharmed
    return urlencode(sorted((name, value) for name, value in pairs if not _TRACKING.fullmatch(name)), errors="surrogateescape")


def _fragment(fragment: str) -> str:
    return fragment if _PLACE_ON_PAGE.fullmatch(fragment) else ""
