"""The other addresses of one page: with and without `www.`, for telephones, as a short link that names its target (platforms.md §1.3).

Only what the address itself tells: a short link that must be asked for its target (t.co, bit.ly, fb.watch) stays as it is, because
asking it would tell the shortener, and through it perhaps the author, that somebody looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit, urlunsplit

from collector.addresses import canonical_address, is_web_address

_BEHIND = ("www.", "m.", "mobile.", "touch.", "old.", "new.", "np.", "mbasic.", "amp.")
_NAMES = ("", "www.", "m.", "mobile.")
_WIKI = re.compile(r"(?P<lang>[a-z-]{2,12})\.(?:m\.)?(?P<site>wikipedia\.org)")
_VIDEO = re.compile(r"/(?:shorts|embed|live|v)/(?P<id>[\w-]{6,20})/?")
_STATUS = re.compile(r"/(?:i/web|i|(?P<who>\w{1,20}))/status(?:es)?/(?P<id>\d{1,25})(?:/.*)?")
_GRAM = re.compile(r"/(?:[\w.]{1,40}/)?(?P<kind>p|reel|reels|tv)/(?P<id>[\w-]{5,40})/?")
_THREAD = re.compile(r"(?:/r/\w{1,30})?/comments/(?P<id>\w{4,12})(?:/.*)?")


def spellings(address: str) -> tuple[str, ...]:
    """Return the canonical address first, then every other spelling under which the same page may have been stored, canonical too.

    At most 60. What is no web address has no other spelling. Never raises.
    """
    own = canonical_address(address)
    if not is_web_address(own):
        return (own,)
    found = dict.fromkeys([own, *(canonical_address(one) for one in (*_by_platform(own), *_by_host(own)))])
    return tuple(found)[:60]


def _by_host(address: str) -> Iterator[str]:
    """Yield the same path under the names that a site usually has, by http and https, with and without a last slash."""
    parts = urlsplit(address)
    host = _bare(parts.netloc)
    for name in (f"{before}{host}" for before in _NAMES):
        for path in dict.fromkeys((parts.path, parts.path.rstrip("/") or "/", f"{parts.path.rstrip('/')}/")):
            for scheme in ("https", "http"):
                yield urlunsplit((scheme, name, path, parts.query, parts.fragment))


def _bare(netloc: str) -> str:
    """Return the host without the parts that only say for which device it is; a bare domain stays whole."""
    before = next((one for one in _BEHIND if netloc.startswith(one) and netloc.count(".") > 1), "")
    return netloc[len(before) :]


def _by_platform(address: str) -> Iterator[str]:
    parts = urlsplit(address)
    host = _bare((parts.hostname or "").lower())
    of = _PLATFORMS.get(host) or (_wikipedia if _WIKI.fullmatch(host) or _WIKI.fullmatch((parts.hostname or "").lower()) else None)
    for one in of(address) if of else ():
        yield one
        yield from _by_host(one)


def _youtube(address: str) -> Iterator[str]:
    parts = urlsplit(address)
    in_path = _VIDEO.fullmatch(parts.path)
    video = parse_qs(parts.query).get("v", [""])[0] or (in_path["id"] if in_path else "")
    yield from _videos(video) if video else ()


def _youtu_be(address: str) -> Iterator[str]:
    video = urlsplit(address).path.strip("/")
    yield from _videos(video) if re.fullmatch(r"[\w-]{6,20}", video) else ()


def _videos(video: str) -> Iterator[str]:
    yield f"https://www.youtube.com/watch?v={video}"
    yield f"https://youtu.be/{video}"
    yield f"https://www.youtube.com/shorts/{video}"


def _x(address: str) -> Iterator[str]:
    found = _STATUS.fullmatch(urlsplit(address).path)
    if found is None:
        return
    for host in ("x.com", "twitter.com"):
        yield f"https://{host}/i/web/status/{found['id']}"
        if found["who"]:
            yield f"https://{host}/{found['who']}/status/{found['id']}"


def _instagram(address: str) -> Iterator[str]:
    found = _GRAM.fullmatch(urlsplit(address).path)
    if found is not None:
        yield from (f"https://www.instagram.com/{kind}/{found['id']}/" for kind in ("p", "reel"))


def _reddit(address: str) -> Iterator[str]:
    found = _THREAD.fullmatch(urlsplit(address).path)
    if found is not None and urlsplit(address).path.count("/") <= 6:  # noqa: PLR2004 - a seventh part is one comment of the thread
        yield f"https://redd.it/{found['id']}"
        yield f"https://www.reddit.com/comments/{found['id']}/"


def _wikipedia(address: str) -> Iterator[str]:
    parts = urlsplit(address)
    found = _WIKI.fullmatch((parts.hostname or "").lower())
    if found is not None:
        for middle in (".", ".m."):
            yield urlunsplit((parts.scheme, f"{found['lang']}{middle}{found['site']}", parts.path, parts.query, parts.fragment))


_PLATFORMS: dict[str, Callable[[str], Iterator[str]]] = {
    "youtube.com": _youtube,
    "youtu.be": _youtu_be,
    "x.com": _x,
    "twitter.com": _x,
    "instagram.com": _instagram,
    "reddit.com": _reddit,
}
