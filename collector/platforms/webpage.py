"""Forums and other web pages, read by the selectors that the source gives (platforms.md §12.4).

`source.address` is the start page, newest posts first. Options, all CSS selectors, all but `list` tried inside one item:

| option | finds | without it |
|---|---|---|
| `list` | every item (needed) | |
| `id` | what identifies the item | the item's own `id` or `data-id` attribute, else its link, else a hash of its text |
| `link` | the item's address | the page with `#id` behind it |
| `author`, `text` | the words | no author; the whole item's text |
| `time` | the time: its `datetime` attribute, else its text | no time |
| `time_format`, `time_zone` | how a time is written (`strptime`) and where (`Europe/London`) | ISO 8601 or RFC 822 with a zone |
| `next` | the link to the next (older) page, on the whole page | one page only |

`selector@attribute` takes an attribute instead of the text, `@attribute` one of the item itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from soupsieve import SelectorSyntaxError

from collector.client import Answer, Client
from collector.errors import CollectError, UnreadablePageError
from collector.page_verdict import ITEM_METHOD as METHOD
from collector.page_verdict import judge_page, judge_text, look_at_page, not_seen
from collector.platform import Looked, Page, Terms, read_all, seen
from collector.text import formatted_moment, moment, soup_of, text_of, zone_of
from data.model.cases import Verdict, VerdictGroup
from data.model.posts import Media, PlatformName, Post, SeenPost
from data.model.watch import Coverage, Source, SourceState

ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.8"
MAX_ITEMS = 500
PAGES_LOOKED_AT = 5  # an item may have moved on to an older page
NEIGHBOURS = 3  # items behind a post that are remembered: while one of them is listed, the list still reaches past the post
_OF_WORDS = re.compile(r"[0-9a-f]{32}")  # the hash that stands for an id
_KEPT_OPTIONS = ("list", "id", "link", "text", "next")  # what a later look needs


@dataclass(frozen=True)
class _Selectors:
    """The selectors of one source."""

    options: Mapping[str, Any]

    def __getitem__(self, name: str) -> str | None:
        value = self.options.get(name)
        return value.strip() if isinstance(value, str) and value.strip() else None

    def items(self, page: BeautifulSoup) -> list[Tag]:
        """Every item on the page; raises UnreadablePageError for a selector that is none."""
        selector = self["list"]
        if selector is None:
            raise UnreadablePageError("this source has no selector for its list of posts; fill in the option «list»")
        return _select(page, selector)[:MAX_ITEMS]

    def find(self, item: Tag, name: str) -> Tag | None:
        """The element that the named selector finds inside an item."""
        selector = (self[name] or "").rpartition("@")[0] if "@" in (self[name] or "") else self[name]
        if not selector:
            return item if self[name] else None
        found = _select(item, selector)
        return found[0] if found else None

    def value(self, item: Tag, name: str) -> str | None:
        """The text, or the attribute asked for; None when there is none."""
        element = self.find(item, name)
        if element is None:
            return None
        attribute = (self[name] or "").rpartition("@")[2] if "@" in (self[name] or "") else None
        text = _attribute(element, attribute) if attribute else text_of(element)
        return text.strip() if text and text.strip() else None


class WebPage:
    """Reads one page, or a list of pages, by its selectors. A selector that finds nothing is a broken source, never «no posts»."""

    name = "webpage"
    label = "Forum or other web page"
    platform = PlatformName.OTHER_WEB
    terms = Terms("https://www.rfc-editor.org/rfc/rfc9309", date(2026, 11, 20))
    needs = ("address", "options.list")
    coverage = Coverage.GIVEN_URL
    period = timedelta(minutes=30)

    def fetch(self, source: Source, state: SourceState, cursor: str | None, client: Client) -> Page:
        """Return the items of one page.

        Raises:
            UnreadablePageError: no item was found: the page changed, or it is a wall.
            CollectError: as `Client.get`.
        """
        first = cursor is None
        answer = client.get(
            cursor or state.address_now or source.address,
            accept=ACCEPT,
            etag=state.etag if first else None,
            last_modified=state.last_modified if first else None,
        )
        validators: dict[str, Any] = {"etag": answer.headers.get("etag"), "last_modified": answer.headers.get("last-modified")}
        if answer.not_modified:
            return Page(not_modified=True, **validators)
        selectors = _Selectors(source.options)
        page = soup_of(answer.text)
        items = selectors.items(page)
        if not items:
            raise UnreadablePageError("the selector for the list of posts finds nothing; the page changed or asks for signing in")
        behind = _ids_behind(items, selectors, answer.address)
        posts, skipped = read_all([_read(item, selectors, source, answer, after) for item, after in zip(items, behind, strict=True)])
        following = _next_page(page, selectors, answer.address)
        return Page(posts, cursor=following, skipped=skipped, moved_to=answer.moved_to if first else None, **validators)

    def look(self, post: Post, client: Client, now: datetime) -> Looked | None:  # noqa: ARG002 - the protocol
        """Look at the post's own page; where it has none, find its item again on the page that lists it."""
        listed, own_id, options = post.raw.get("page"), post.raw.get("id"), post.raw.get("options")
        is_listed = isinstance(listed, str) and urldefrag(post.permalink).url == urldefrag(listed).url
        if not (is_listed and isinstance(own_id, str) and isinstance(options, dict)):
            return look_at_page(post.permalink, post.text, client)
        try:
            return _find_again(post, str(listed), own_id, _Selectors(options), client)
        except CollectError as error:
            return not_seen(error, METHOD)


@dataclass(frozen=True)
class _Sight:
    """One page that was looked at: what it says of the post (None: it lists others only), the next page, the ids that it lists."""

    answer: Answer
    looked: Looked | None
    following: str | None = None
    ids: frozenset[str] = frozenset()
    changed: Looked | None = None  # the words stand there, changed, outside the item


def _find_again(post: Post, listed: str, own_id: str, selectors: _Selectors, client: Client) -> Looked:
    """Look for the item, or its words, where it was listed, then from the first page on: lists move while posts come and go."""
    start = str(post.raw.get("start") or listed)
    sights = [_on_page(post, client.look(listed, accept=ACCEPT), own_id, selectors)]
    here = sights[0].following if start == listed else start
    while sights[-1].looked is None and here is not None and len(sights) < PAGES_LOOKED_AT:
        sights.append(_on_page(post, client.look(here, accept=ACCEPT), own_id, selectors))
        here = sights[-1].following
    looked = sights[-1].looked
    if looked is not None and len(sights) > 1 and looked.verdict.group is VerdictGroup.GONE:
        return _out_of_sight(looked)  # an older page that is missing says nothing about the post
    if looked is not None:
        return looked
    changed = next((sight.changed for sight in sights if sight.changed is not None), None)
    return changed or (_not_listed(sights[0].answer) if here is None and _shows_its_place(post, own_id, sights) else _out_of_sight(None))


def _shows_its_place(post: Post, own_id: str, sights: Sequence[_Sight]) -> bool:
    """Whether the post would have to be on these pages if it still stood: only then is its absence a removal.

    A list of the newest posts forgets the older ones as a feed does. So one of the items that stood right behind the post must still
    be listed, or several pages were followed to the last. An id that is a hash of the words changes with them and proves nothing.
    """
    if _OF_WORDS.fullmatch(own_id):
        return False
    behind = post.raw.get("after")
    listed = frozenset[str]().union(*(sight.ids for sight in sights))
    if isinstance(behind, list) and listed & {str(one) for one in behind}:
        return True
    return len(sights) > 1 and sights[-1].answer.asked != post.raw.get("start")


def _on_page(post: Post, answer: Answer, own_id: str, selectors: _Selectors) -> _Sight:
    """Look at one page."""
    general = judge_page(answer, post.text, answer.asked)
    if answer.status != 200 or general.verdict is Verdict.PRESENT or _left(answer):  # noqa: PLR2004 - RFC 9110 §15.3.1
        return _Sight(answer, general)
    page = soup_of(answer.text)
    items = selectors.items(page)
    ids = {_own_id(item, selectors, answer.address): item for item in reversed(items)}
    if own_id in ids:
        return _Sight(answer, judge_text(answer, post.text, _words(ids[own_id], selectors), METHOD))
    changed = general if general.verdict is Verdict.EDITED else None
    listed = frozenset(one for one in ids if one is not None)
    return _Sight(answer, None if items else general, _next_page(page, selectors, answer.address), listed, changed)


def _left(answer: Answer) -> bool:
    """Whether a redirect led to another page, which then cannot speak for this one."""
    start, end = urlsplit(answer.asked), urlsplit(answer.address)
    return (start.path.rstrip("/"), start.query) != (end.path.rstrip("/"), end.query)


def _not_listed(answer: Answer) -> Looked:
    detail = "The page still lists other posts; this one is no longer among them."
    return Looked(Verdict.REMOVED_UNKNOWN, METHOD, answer.status, detail, answer.record())


def _out_of_sight(last: Looked | None) -> Looked:
    detail = "The post is not on the pages that were looked at; it may have moved on to an older one. A person should look."
    return Looked(Verdict.NOT_VISIBLE_TO_US, METHOD, last.status if last else 200, detail, last.answer if last else b"")


def _select(inside: Tag, selector: str) -> list[Tag]:
    try:
        return list(inside.select(selector))
    except (SelectorSyntaxError, ValueError, RecursionError) as error:
        raise UnreadablePageError(f"'{selector[:80]}' is not a CSS selector; correct it in the source's options") from error


def _attribute(element: Tag, name: str) -> str | None:
    value = element.get(name)
    return " ".join(value) if isinstance(value, list) else value


def _ids_behind(items: Sequence[Tag], selectors: _Selectors, address: str) -> list[list[str]]:
    """For each item the ids of those right behind it, on the same page."""
    ids = [_own_id(item, selectors, address) for item in items]
    return [[one for one in ids[place + 1 : place + 1 + NEIGHBOURS] if one] for place in range(len(ids))]


def _read(item: Tag, selectors: _Selectors, source: Source, answer: Answer, after: list[str]) -> SeenPost | None:
    text = _words(item, selectors)
    own_id = _own_id(item, selectors, answer.address)
    if not own_id or (not text and item.find("img") is None):
        return None
    listed = urldefrag(answer.address).url
    return seen(
        platform=source.platform,
        native_id=own_id if own_id.startswith(("http://", "https://")) else f"{listed.partition('?')[0]}#{own_id}",
        permalink=_link(item, selectors, answer.address) or f"{listed}#{quote(own_id, safe='-._~!$&()*+,;=:@')}",
        author_name=(selectors.value(item, "author") or "")[:200] or None,
        text=text,
        created_at=_time(item, selectors),
        media=_media(item, answer.address),
        raw={
            "page": listed,
            "start": source.address,
            "id": own_id,
            "after": after,
            "options": {name: selectors[name] for name in _KEPT_OPTIONS if selectors[name]},
        },
    )


def _words(item: Tag, selectors: _Selectors) -> str:
    return (selectors.value(item, "text") or "") if selectors["text"] else text_of(item)


def _own_id(item: Tag, selectors: _Selectors, address: str) -> str | None:
    """By the selector, else the item's own attribute, else its link, else a hash of its words."""
    given = selectors.value(item, "id") if selectors["id"] else (_attribute(item, "id") or _attribute(item, "data-id"))
    return given or _link(item, selectors, address) or _hash(_words(item, selectors))


def _hash(text: str) -> str | None:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32] if text else None


def _link(item: Tag, selectors: _Selectors, address: str) -> str | None:
    element = selectors.find(item, "link")
    if element is None:
        return None
    href = selectors.value(item, "link") if "@" in (selectors["link"] or "") else _attribute(element, "href")
    return _joined(address, href)


def _joined(address: str, href: str | None) -> str | None:
    try:
        whole = urljoin(address, href.strip()) if href else ""
    except ValueError:
        return None
    return whole if whole.lower().startswith(("http://", "https://")) else None


def _time(item: Tag, selectors: _Selectors) -> datetime | None:
    """The `datetime` attribute before the text; a zone that nobody knows means no time (platforms.md §1.2)."""
    element, text = selectors.find(item, "time"), selectors.value(item, "time")
    if element is None:
        return None
    zone = zone_of(selectors["time_zone"])
    stamped = moment(_attribute(element, "datetime"), zone)
    pattern = selectors["time_format"]
    return stamped or (formatted_moment(text, pattern, zone) if pattern and text else moment(text, zone))


def _media(item: Tag, address: str) -> tuple[Media, ...]:
    shown = [(_joined(address, _attribute(image, "src")), _attribute(image, "alt")) for image in item.find_all("img", limit=50)]
    return tuple(Media(kind="image", url=url, alt=alt) for url, alt in shown if url)


def _next_page(page: BeautifulSoup, selectors: _Selectors, address: str) -> str | None:
    """The next page on the same site."""
    found = _select(page, selectors["next"]) if selectors["next"] else []
    following = _joined(address, _attribute(found[0], "href")) if found else None
    if following is None or urlsplit(following).netloc != urlsplit(address).netloc or urldefrag(following).url == urldefrag(address).url:
        return None
    return following
