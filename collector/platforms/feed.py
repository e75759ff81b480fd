"""Feeds: RSS 0.9x to 2.0, RDF, Atom 0.3 and 1.0, JSON Feed, and Google Alerts delivered as a feed (platforms.md §12.1 and §12.2).

`source.address` is the feed. Option `time_zone` names the zone of a feed that states times without one.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

import feedparser

from collector.addresses import canonical_address, is_wrapped, unwrap_redirect
from collector.client import Answer, Client
from collector.errors import UnreadablePageError
from collector.page_verdict import look_at_page
from collector.platform import Looked, Page, Terms, read_all, seen
from collector.text import html_to_text, moment, zone_of
from data.model.posts import Media, PlatformName, Post, SeenPost
from data.model.watch import Coverage, Source, SourceState

ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
MAX_ENTRIES = 2_000  # a feed holds tens; more is noise
_GLOBAL_ID = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)  # an address, a urn, a tag: the same in every feed
_LOOKS_LIKE_A_FEED = re.compile(rb"<\s*(?:\w+:)?(?:rss|feed|rdf|channel|item|entry)\b", re.IGNORECASE)
_UPDATE_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}
_LONGEST_PAUSE = timedelta(days=1)


@dataclass(frozen=True)
class _Feed:
    """What every entry of one feed needs to be read."""

    source: Source
    address: str
    zone: ZoneInfo | None

    def own_id(self, given: str) -> str:
        """An id that is only unique in its feed gets the feed's host in front."""
        return given if _GLOBAL_ID.fullmatch(given) else f"{urlsplit(self.address).hostname}:{given}"

    def join(self, link: object) -> str | None:
        """The whole address of a link of the feed; None for what is no web address."""
        try:
            whole = urljoin(self.address, str(link).strip()) if link else ""
        except ValueError:
            return None
        return unwrap_redirect(whole) if whole.lower().startswith(("http://", "https://")) else None


class Feed:
    """Reads one feed. A feed forgets old entries, so only an entry's own page says whether it was removed."""

    name = "feed"
    label = "Feed of a blog, a news site or Google Alerts"
    platform = PlatformName.BLOG
    terms = Terms("https://www.rssboard.org/rss-specification", date(2026, 11, 20))
    needs = ("address",)
    coverage = Coverage.FULL
    period = timedelta(minutes=15)

    def fetch(self, source: Source, state: SourceState, cursor: str | None, client: Client) -> Page:  # noqa: ARG002 - a feed is one page
        """Return the feed's entries; `not_modified` when nothing changed since the last poll.

        Raises:
            UnreadablePageError: what came is not a feed.
            CollectError: as `Client.get`.
        """
        answer = client.get(state.address_now or source.address, accept=ACCEPT, etag=state.etag, last_modified=state.last_modified)
        validators: dict[str, Any] = {
            "etag": answer.headers.get("etag"),
            "last_modified": answer.headers.get("last-modified"),
            "moved_to": answer.moved_to,
        }
        if answer.not_modified:
            return Page(not_modified=True, **validators)
        feed = _Feed(source, answer.address, zone_of(source.options.get("time_zone")))
        posts, skipped, pause = _json_feed(feed, answer) if _is_json(answer) else _xml_feed(feed, answer)
        return Page(posts, skipped=skipped, pause=pause, **validators)

    def look(self, post: Post, client: Client, now: datetime) -> Looked | None:  # noqa: ARG002 - the protocol
        """Look at the entry's page."""
        return look_at_page(post.permalink, post.text, client)


def _is_json(answer: Answer) -> bool:
    return answer.body.lstrip()[:1] == b"{"


def _not_a_feed(answer: Answer) -> UnreadablePageError:
    kind = "an empty answer" if not answer.body.strip() else "a web page" if answer.is_html else "something else"
    return UnreadablePageError(f"not a feed: {urlsplit(answer.address).hostname} sends {kind}; look for the site's feed address")


def _xml_feed(feed: _Feed, answer: Answer) -> tuple[tuple[SeenPost, ...], int, timedelta]:
    """Broken feeds still yield their entries; only what is no feed at all is an error."""
    body, kind = _bytes(answer)
    if not _LOOKS_LIKE_A_FEED.search(body):
        raise _not_a_feed(answer)  # before any parsing: a megabyte of tags takes seconds
    headers = {"content-location": answer.address, "content-type": kind}
    try:  # BytesIO: feedparser would take a string or bytes for an address or a file name
        parsed = feedparser.parse(io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=True)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:  # met on fuzzed input
        raise _not_a_feed(answer) from error
    entries = list(parsed.get("entries", []))[:MAX_ENTRIES]
    if not entries and not parsed.get("version"):
        raise _not_a_feed(answer)
    posts, skipped = read_all([_entry(feed, entry) for entry in entries])
    return posts, skipped, _pause(parsed.get("feed", {}))


def _bytes(answer: Answer) -> tuple[bytes, str]:
    """The body and its type; a byte order mark of UTF-16 is believed before what the XML declaration says."""
    if answer.body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return answer.body.decode("utf-16", "replace").encode("utf-8", "replace"), "application/xml; charset=utf-8"
    return answer.body, answer.headers.get("content-type", "application/xml")


def _entry(feed: _Feed, entry: Mapping[str, Any]) -> SeenPost | None:
    wrapped = _link(entry)
    link = feed.join(wrapped) or _own_link(feed, entry.get("id"))
    body = _longest_content(entry)
    text = _text(str(entry.get("title") or ""), body)
    published, updated = (moment(_own(entry, name), feed.zone) for name in ("published", "updated"))
    if not text and not link:
        return None
    return seen(
        platform=feed.source.platform,
        native_id=_entry_id(feed, entry.get("id"), wrapped, link, f"{entry.get('title')}|{_own(entry, 'published')}|{text}"),
        permalink=link or feed.address,
        author_name=_short(entry.get("author")),
        text=text,
        raw_html=body or None,
        lang=_short(entry.get("language")),
        created_at=published or updated,
        edited_at=updated if published else None,
        media=_media(feed, entry),
        labels=tuple(str(tag.get("term"))[:100] for tag in entry.get("tags") or [] if tag.get("term"))[:20],
    )


def _own_link(feed: _Feed, given: object) -> str | None:
    """An id that is an address can stand for a missing link."""
    return feed.join(given) if str(given).startswith(("http://", "https://")) else None


def _own(entry: Mapping[str, Any], name: str) -> Any:
    """Only what the entry itself states: feedparser lends one date to the other, with a warning."""
    return entry[name] if name in entry else None  # noqa: SIM401 - `get` is the one that lends


def _entry_id(feed: _Feed, given: object, wrapped: object, link: str | None, content: str) -> str:
    """Id, else link, else a hash of title, date and text (platforms.md §12.1).

    Google Alerts give one page a new id in each alert, so there the page itself is the id (§12.2).
    """
    if link and wrapped and is_wrapped(str(wrapped)):
        return canonical_address(link)
    own = str(given).strip() if given else ""
    if own:
        return feed.own_id(own)
    return canonical_address(link) if link else feed.own_id(hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:32])


def _link(entry: Mapping[str, Any]) -> object:
    if entry.get("link"):
        return entry["link"]
    return next((link.get("href") for link in entry.get("links") or [] if link.get("rel") in {None, "alternate"}), None)


def _longest_content(entry: Mapping[str, Any]) -> str:
    """Content before summary before description."""
    contents = [str(part.get("value") or "") for part in entry.get("content") or []]
    return next((text for text in [*contents, str(entry.get("summary") or ""), str(entry.get("description") or "")] if text.strip()), "")


def _text(title: str, body: str) -> str:
    heading, words = html_to_text(title), html_to_text(body)
    return words if not heading or words.startswith(heading) else f"{heading}\n\n{words}".strip()


def _media(feed: _Feed, entry: Mapping[str, Any]) -> tuple[Media, ...]:
    found = [*(entry.get("enclosures") or []), *(entry.get("media_content") or []), *(entry.get("media_thumbnail") or [])]
    shown: dict[str, Media] = {}
    for part in found[:50]:
        url = feed.join(part.get("href") or part.get("url"))
        if url:
            kind = str(part.get("type") or part.get("medium") or "image").partition("/")[0][:20]
            shown.setdefault(url, Media(kind=kind, url=url, width=_number(part.get("width")), height=_number(part.get("height"))))
    return tuple(shown.values())


def _number(value: object) -> int | None:
    return int(str(value)) if value is not None and re.fullmatch(r"\d{1,6}", str(value)) else None


def _short(value: object) -> str | None:
    text = html_to_text(str(value))[:200] if value else ""
    return text or None


def _pause(channel: Mapping[str, Any]) -> timedelta:
    """How long the feed wants to be left alone: `<ttl>` or `sy:updatePeriod`, at most a day (platforms.md §12.1)."""
    minutes = _number(channel.get("ttl")) or 0
    frequency = max(1, _number(channel.get("sy_updatefrequency")) or 1)
    period = _UPDATE_PERIODS.get(str(channel.get("sy_updateperiod", "")).strip().lower(), 0) // frequency
    return min(timedelta(minutes=max(minutes, period)), _LONGEST_PAUSE)


def _json_feed(feed: _Feed, answer: Answer) -> tuple[tuple[SeenPost, ...], int, timedelta]:
    """JSON Feed 1 and 1.1 (jsonfeed.org)."""
    try:
        body = answer.json()
    except UnreadablePageError as error:
        raise _not_a_feed(answer) from error
    items = body.get("items")
    if "jsonfeed.org" not in str(body.get("version")) or not isinstance(items, list):
        raise _not_a_feed(answer)
    posts, skipped = read_all([_item(feed, item) if isinstance(item, dict) else None for item in items[:MAX_ENTRIES]])
    return posts, skipped, timedelta(0)


def _item(feed: _Feed, item: Mapping[str, Any]) -> SeenPost | None:
    link = feed.join(item.get("url")) or feed.join(item.get("external_url")) or _own_link(feed, item.get("id"))
    body = str(item.get("content_html") or "")
    plain = str(item.get("content_text") or item.get("summary") or "")
    title = str(item.get("title") or "")
    text = _text(title, body) if body else f"{html_to_text(title)}\n\n{plain}".strip()
    if not text and not link:
        return None
    return seen(
        platform=feed.source.platform,
        native_id=_entry_id(feed, item.get("id"), item.get("url"), link, f"{title}|{item.get('date_published')}|{text}"),
        permalink=link or feed.address,
        author_name=_json_author(item),
        text=text,
        raw_html=body or None,
        lang=_short(item.get("language")),
        created_at=moment(item.get("date_published"), feed.zone) or moment(item.get("date_modified"), feed.zone),
        edited_at=moment(item.get("date_modified"), feed.zone) if item.get("date_published") else None,
        media=_json_media(feed, item),
    )


def _json_author(item: Mapping[str, Any]) -> str | None:
    authors = item.get("authors") or [item.get("author")]
    first = authors[0] if isinstance(authors, list) and authors else None
    return _short(first.get("name")) if isinstance(first, dict) else None


def _json_media(feed: _Feed, item: Mapping[str, Any]) -> tuple[Media, ...]:
    found = [{"url": item.get("image"), "mime_type": "image"}, *_dicts(item.get("attachments"))]
    shown = [(feed.join(part.get("url")), str(part.get("mime_type") or "image").partition("/")[0]) for part in found[:50]]
    return tuple(Media(kind=kind[:20], url=url) for url, kind in shown if url)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
