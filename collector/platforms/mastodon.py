"""Mastodon and other fediverse servers with its interface: a hashtag's public posts (platforms.md §3).

`source.address` is the server, `source.query` the hashtag. Options: `search` (true: also ask the server's search, which needs a token),
`token_name` (the name of a token in the settings, for servers that show nothing without one).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from collector.client import Answer, Client
from collector.errors import CollectError, LoginWallError, MissingError, UnreadablePageError
from collector.page_verdict import judge_page, judge_text, look_at_page, not_seen
from collector.platform import Looked, Page, Terms, read_all, seen
from collector.text import html_to_text, moment
from data.model.cases import Verdict, VerdictGroup
from data.model.posts import Counts, Media, PlatformName, Post, SeenPost
from data.model.watch import Coverage, Source, SourceState

PER_PAGE = 40  # the most that a server gives
METHOD = "mastodon origin"
ACTIVITY = "application/activity+json"
_NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
_OPEN = frozenset({"public", "unlisted"})  # nothing else may be stored


class Mastodon:
    """Reads a hashtag's timeline on one server, and asks a post's own server whether it is still there."""

    name = "mastodon"
    label = "Mastodon and other fediverse servers"
    platform = PlatformName.MASTODON
    terms = Terms("https://docs.joinmastodon.org/api/rate-limits/", date(2026, 11, 20))
    needs = ("address", "query")
    coverage = Coverage.FULL
    period = timedelta(minutes=10)

    def fetch(self, source: Source, state: SourceState, cursor: str | None, client: Client) -> Page:
        """Return one page of the hashtag's timeline, newest first; the cursor is the server's own link to the next page.

        Raises:
            LoginWallError: the server shows hashtags to its own users only, or to nobody.
            CollectError: as `Client.get`.
        """
        server = _server(state.address_now or source.address)
        token = source.options.get("token_name")
        answer = client.get(_own(server, cursor) or _timeline(server, source), accept="application/json", token=token)
        items = _list(answer)
        if not items and cursor is None:
            _refuse_if_switched_off(server, client, token=token)
        posts, skipped = _read(items, server, source)
        found, note = _search(server, source, client) if cursor is None and source.options.get("search") else ((), None)
        oldest = min((post.created_at for post in posts if post.created_at), default=None)  # found posts come in no order of time
        following = _NEXT.search(answer.headers.get("link", "")) if items else None
        return Page(found + posts, cursor=following.group(1) if following else None, skipped=skipped, oldest=oldest, note=note)

    def look(self, post: Post, client: Client, now: datetime) -> Looked | None:  # noqa: ARG002 - the protocol
        """Ask the post's own server; a copy elsewhere says nothing about the post."""
        if not post.native_id.startswith(("http://", "https://")):
            return look_at_page(post.permalink, post.text, client)
        try:
            answer = client.look(post.native_id, accept=ACTIVITY)
        except CollectError as error:
            return not_seen(error, METHOD)
        looked = _judge(post, answer)
        return _with_account(looked, post, client) if looked.verdict.group is VerdictGroup.GONE else looked


def _judge(post: Post, answer: Answer) -> Looked:
    note = _activity(answer)
    if answer.status in {200, 410} and note.get("type") == "Tombstone":
        return Looked(Verdict.REMOVED_UNKNOWN, METHOD, answer.status, "The post's own server says that it was deleted.", answer.record())
    if answer.status == 200 and note.get("id") == post.native_id and isinstance(note.get("content"), str):  # noqa: PLR2004
        return judge_text(answer, post.text, _words(note.get("summary"), note["content"], _activity_choices(note)), METHOD)
    if answer.status == 200 and note:  # noqa: PLR2004
        detail = "The post's own server answers with something else. A person should look."
        return Looked(Verdict.NOT_VISIBLE_TO_US, METHOD, 200, detail, answer.record())
    page = judge_page(answer, post.text, post.native_id)
    return replace(page, method=METHOD)


def _with_account(looked: Looked, post: Post, client: Client) -> Looked:
    """Of a post that is gone: whether its author's account is gone as well (a server answers 410 for a deleted account)."""
    author = post.author_id
    if author is None or urlsplit(author).netloc != urlsplit(post.native_id).netloc:
        return looked  # an address of another server proves nothing, and is not asked
    try:
        answer = client.look(author, accept=ACTIVITY)
    except CollectError:
        return looked
    if answer.status != 410 or answer.hops:  # noqa: PLR2004 - RFC 9110 §15.5.11
        return looked
    record = looked.answer + b"\n" + answer.record()
    return replace(looked, verdict=Verdict.ACCOUNT_GONE, detail=f"{looked.detail} The author's account is gone as well.", answer=record)


def _activity(answer: Answer) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except UnreadablePageError:
        return {}
    return body if isinstance(body, dict) else {}


def _server(address: str) -> str:
    """The server's root, whatever page of it was given; a bare name will do."""
    whole = address if "://" in address else f"https://{address}"
    parts = urlsplit(whole)
    return f"{parts.scheme}://{parts.netloc}"


def _timeline(server: str, source: Source) -> str:
    tag = (source.query or "").strip().lstrip("#").replace(" ", "")
    if not tag:
        raise UnreadablePageError("this source names no hashtag; give one in its search field")
    return f"{server}/api/v1/timelines/tag/{quote(tag, safe='')}?limit={PER_PAGE}"


def _own(server: str, cursor: str | None) -> str | None:
    """Follow the server's own links only: a token must not travel elsewhere."""
    if cursor is not None and _server(cursor) != server:
        raise UnreadablePageError("the server's next page lies on another server; it was not followed")
    return cursor


def _list(answer: Answer) -> list[Any]:
    items = answer.json()
    if not isinstance(items, list):
        raise UnreadablePageError("the server answers with something that is not a list of posts", status=answer.status)
    return items


def _refuse_if_switched_off(server: str, client: Client, *, token: str | None) -> None:
    """A server that has switched its hashtag pages off answers an empty list, not an error (platforms.md §3): say so."""
    try:
        body = client.get(f"{server}/api/v2/instance", accept="application/json").json()
    except (MissingError, LoginWallError, UnreadablePageError):
        return  # an older server: the empty list is all that it says
    feeds = _inside(body, "configuration", "timelines_access", "hashtag_feeds")
    access = {str(value) for name, value in feeds.items() if name in {"local", "remote"}}
    if access and access <= {"disabled"}:
        raise LoginWallError("this server has switched its hashtag pages off; its silence says nothing")
    if access and "public" not in access and token is None:
        raise LoginWallError("this server shows its hashtag pages to its own users only; a token of an account there is needed")


def _inside(body: Any, *names: str) -> Mapping[str, Any]:
    for name in names:
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, dict) else {}


def _search(server: str, source: Source, client: Client) -> tuple[tuple[SeenPost, ...], str | None]:
    """An extra: finds only what servers index and authors allow, by relevance (platforms.md §3)."""
    address = f"{server}/api/v2/search?type=statuses&limit={PER_PAGE}&q={quote(source.query or '', safe='')}"
    try:
        body = client.get(address, accept="application/json", token=source.options.get("token_name")).json()
    except (LoginWallError, MissingError, UnreadablePageError):
        return (), "The server's search cannot be used; only the hashtag is watched."
    statuses = body.get("statuses") if isinstance(body, dict) else None
    return _read(statuses if isinstance(statuses, list) else [], server, source)[0], None


def _read(items: list[Any], server: str, source: Source) -> tuple[tuple[SeenPost, ...], int]:
    """Boosts are read as the post inside; what is not public is left out without a word."""
    statuses = [item.get("reblog") or item if isinstance(item, dict) else None for item in items]
    return read_all([_status(status, server, source) for status in statuses if not _is_private(status)])


def _is_private(status: object) -> bool:
    return isinstance(status, dict) and status.get("visibility", "public") not in _OPEN


def _status(status: object, server: str, source: Source) -> SeenPost | None:
    if not isinstance(status, dict):
        return None
    uri = status.get("uri") or status.get("url")
    link = status.get("url") or uri
    if not isinstance(uri, str) or not isinstance(link, str) or not link.startswith(("http://", "https://")):
        return None
    account = status["account"] if isinstance(status.get("account"), dict) else {}
    content = str(status.get("content") or "")
    reply = status.get("in_reply_to_id")
    return seen(
        platform=source.platform,
        native_id=uri,  # the same on every server; `id` is only this server's
        permalink=link,
        author_id=_text_or_none(account.get("url")),
        author_handle=_handle(account, server),
        author_name=_text_or_none(account.get("display_name")),
        text=_words(status.get("spoiler_text"), content, _choices(_inside(status, "poll").get("options"), "title")),
        raw_html=content or None,
        lang=_text_or_none(status.get("language")),
        created_at=moment(status.get("created_at")),
        edited_at=moment(status.get("edited_at")),
        parent_id=f"{server}#{reply}" if reply else None,
        media=_media(status),
        counts=_counts(status),
        sensitive=status["sensitive"] if isinstance(status.get("sensitive"), bool) else None,
        raw={"server": server, "id": str(status.get("id"))},
    )


def _words(warning: object, content: str, choices: list[str]) -> str:
    """What people see: the content warning, the text, the choices of a poll."""
    return "\n\n".join(part for part in (str(warning or "").strip(), html_to_text(content), "\n".join(choices)) if part)


def _choices(options: object, field: str) -> list[str]:
    return [str(option.get(field)) for option in options if isinstance(option, dict)] if isinstance(options, list) else []


def _activity_choices(note: Mapping[str, Any]) -> list[str]:
    return _choices(note.get("oneOf") or note.get("anyOf"), "name")


def _handle(account: Mapping[str, Any], server: str) -> str | None:
    """`acct` has no server for local accounts: add it."""
    name = str(account.get("acct") or "")
    if not name:
        return None
    return f"@{name}" if "@" in name else f"@{name}@{urlsplit(server).hostname}"


def _media(status: Mapping[str, Any]) -> tuple[Media, ...]:
    found = status.get("media_attachments")
    shown = []
    for part in found if isinstance(found, list) else []:
        url = (part.get("url") or part.get("remote_url")) if isinstance(part, dict) else None
        if isinstance(url, str):
            size = _inside(part, "meta", "original")
            shown.append(
                Media(
                    kind=str(part.get("type") or "unknown"),
                    url=url,
                    alt=_text_or_none(part.get("description"), keep_empty=True),
                    width=_whole(size.get("width")),
                    height=_whole(size.get("height")),
                )
            )
    return tuple(shown)


def _counts(status: Mapping[str, Any]) -> Counts:
    """Only what this server knows."""
    numbers = {"replies": "replies_count", "shares": "reblogs_count", "likes": "favourites_count"}
    return Counts(**{name: _whole(status.get(key)) for name, key in numbers.items()})


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text_or_none(value: object, *, keep_empty: bool = False) -> str | None:
    return value if isinstance(value, str) and (value or keep_empty) else None
