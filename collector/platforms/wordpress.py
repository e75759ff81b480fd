"""WordPress sites through their REST interface: posts and comments (platforms.md §12.3).

`source.address` is the site. `source.query` are words to search for; without them everything new is read. Options: `comments`
(default true), `api` (the address of the interface where it is not found by itself).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from collector.client import Answer, Client
from collector.errors import CollectError, LoginWallError, MissingError, UnreadablePageError
from collector.page_verdict import judge_text, look_at_page, not_seen
from collector.platform import Looked, Page, Terms, read_all, seen
from collector.text import html_to_text, moment
from data.model.cases import Verdict, VerdictGroup
from data.model.posts import Media, PlatformName, Post, SeenPost
from data.model.watch import Coverage, Source, SourceState

PER_PAGE = 100  # more is refused by WordPress
METHOD = "wordpress rest"
_API_LINK = re.compile(r'<([^>]+)>\s*;\s*rel="?https://api\.w\.org/"?')
_GONE_CODES = frozenset({"rest_post_invalid_id", "rest_comment_invalid_id"})
_PUBLIC = frozenset({None, "publish", "approved", "inherit"})  # what every visitor sees; not a draft, held back, or in the bin
_SEEN = frozenset({VerdictGroup.UP, VerdictGroup.AMENDED})


@dataclass(frozen=True)
class _Batch:
    """One page of posts or of comments. `reaches` is how far back it goes when there is more behind it."""

    posts: tuple[SeenPost, ...] = ()
    skipped: int = 0
    more: bool = False
    reaches: datetime | None = None
    note: str | None = None
    moved_to: str | None = None


class WordPress:
    """Reads a site's posts and comments, newest change first, so that edits are seen too."""

    name = "wordpress"
    label = "WordPress site"
    platform = PlatformName.BLOG
    terms = Terms("https://developer.wordpress.org/rest-api/", date(2026, 11, 20))
    needs = ("address",)
    coverage = Coverage.FULL
    period = timedelta(minutes=15)

    def fetch(self, source: Source, state: SourceState, cursor: str | None, client: Client) -> Page:
        """Return one page of posts and, beside it, one of comments; the cursor says where each goes on.

        Raises:
            CollectError: the posts cannot be read. Comments that cannot be read are noted on the page.
        """
        posts_page, comments_page = _pages(cursor, wants_comments=bool(source.options.get("comments", True)))
        api, posts = _posts(source, state, cursor, posts_page, client)
        comments = _comments(api, comments_page, source, client) if comments_page else _Batch()
        following = [page + 1 if batch.more else 0 for page, batch in ((posts_page, posts), (comments_page, comments))]
        return Page(
            posts.posts + comments.posts,
            cursor=f"{api} {following[0]},{following[1]}" if any(following) else None,
            skipped=posts.skipped + comments.skipped,
            oldest=max((reach for reach in (posts.reaches, comments.reaches) if reach), default=None),
            note=comments.note,
        )

    def look(self, post: Post, client: Client, now: datetime) -> Looked | None:  # noqa: ARG002 - the protocol
        """Ask the interface, then the web page where the interface says that the post is not public."""
        api, kind, number = post.raw.get("api"), post.raw.get("kind"), post.raw.get("id")
        if not (isinstance(api, str) and kind in {"posts", "comments"} and isinstance(number, int)):
            return look_at_page(post.permalink, post.text, client)
        try:
            answer = client.look(_join(api, f"/wp/v2/{kind}/{number}"), accept="application/json")
        except CollectError as error:
            return _seen_on_page(post, client) or not_seen(error, METHOD)
        return _judge(post, answer, client)


def _judge(post: Post, answer: Answer, client: Client) -> Looked:
    """404 with WordPress's own code is definitive, unless the page still shows the post; all else is for the web page to say."""
    item = _object(answer)
    if answer.status == 404 and item.get("code") in _GONE_CODES:  # noqa: PLR2004 - RFC 9110 §15.5.5
        page = look_at_page(post.permalink, post.text, client)
        if post.text.strip() and page.verdict.group in _SEEN:  # gone from the interface is not gone from the web (platforms.md §1.5)
            return page
        detail = "The site's own list answers 404: there is no such post."
        return Looked(Verdict.REMOVED_UNKNOWN, METHOD, 404, detail, answer.record(), page=page)
    if answer.status == 200 and item.get("id") == post.raw.get("id") and _is_public(item):  # noqa: PLR2004 - RFC 9110 §15.3.1
        return judge_text(answer, post.text, _text(item), METHOD)
    return look_at_page(post.permalink, post.text, client)  # 401: in the bin, a draft, or held back; only the page can tell


def _seen_on_page(post: Post, client: Client) -> Looked | None:
    """What the page shows, if it does show the post, where the interface gave no answer."""
    looked = look_at_page(post.permalink, post.text, client) if post.text.strip() else None
    return looked if looked and looked.verdict.group in _SEEN else None


def _is_public(item: Mapping[str, Any]) -> bool:
    return item.get("status") in _PUBLIC and not _protected(item)


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except UnreadablePageError:
        return {}
    return body if isinstance(body, dict) else {}


def _pages(cursor: str | None, *, wants_comments: bool) -> tuple[int, int]:
    if cursor is None:
        return 1, int(wants_comments)
    found = re.fullmatch(r"(\d{1,6}),(\d{1,6})", cursor.rpartition(" ")[2])
    if not found:
        raise UnreadablePageError("the place where the last poll stopped cannot be read; it is started anew")
    return int(found.group(1)), int(found.group(2))


def _posts(source: Source, state: SourceState, cursor: str | None, number: int, client: Client) -> tuple[str, _Batch]:
    """One page of posts, and the address of the interface: as the cursor says, as usual, or as the site's home page names it."""
    if cursor is not None:
        api = cursor.rpartition(" ")[0]
        return api, _batch(api, "posts", number, source, client) if number else _Batch()
    api = _usual_address(source, state)
    try:
        return api, _batch(api, "posts", number, source, client)
    except (MissingError, UnreadablePageError) as error:
        named = _named_address(source, state, client)
        if named in {None, api}:
            raise _no_interface(error) from error
        api = named or api
    return api, _batch(api, "posts", number, source, client)


def _no_interface(error: CollectError) -> UnreadablePageError:
    return UnreadablePageError(f"this site does not offer WordPress's interface; add its feed instead, usually at /feed/ ({error})")


def _usual_address(source: Source, state: SourceState) -> str:
    base = (source.options.get("api") or state.address_now or source.address).rstrip("/")
    return base if source.options.get("api") or "/wp-json" in base or "rest_route=" in base else f"{base}/wp-json"


def _named_address(source: Source, state: SourceState, client: Client) -> str | None:
    """What the home page names as its interface (`Link: <…>; rel="https://api.w.org/"`)."""
    try:
        link = _API_LINK.search(client.get(state.address_now or source.address).headers.get("link", ""))
    except (MissingError, UnreadablePageError):
        return None
    return link.group(1).rstrip("/") if link else None


def _join(api: str, path: str) -> str:
    """Sites without tidy addresses take the path as a parameter (`?rest_route=`)."""
    return f"{api}{path.replace('?', '&')}" if "rest_route=" in api else f"{api}{path}"


def _comments(api: str, number: int, source: Source, client: Client) -> _Batch:
    try:
        return _batch(api, "comments", number, source, client)
    except (LoginWallError, MissingError, UnreadablePageError):
        return _Batch(note="The comments of this site cannot be read; only its posts are watched.")


def _batch(api: str, kind: str, number: int, source: Source, client: Client) -> _Batch:
    try:
        answer = client.get(_join(api, _question(kind, number, source)), accept="application/json")
    except UnreadablePageError as error:
        if number > 1 and error.status == 400:  # noqa: PLR2004 - rest_post_invalid_page_number: beyond the end
            return _Batch()
        raise
    items = answer.json()
    if not isinstance(items, list):
        raise UnreadablePageError("the site answers with something that is not WordPress's list", status=answer.status)
    read = _read_posts if kind == "posts" else _read_comments
    posts, skipped = read_all([read(api, source, item) if isinstance(item, dict) else None for item in items if not _protected(item)])
    changes = [when for when in (_changed(item) for item in items if isinstance(item, dict)) if when]
    more = _has_more(answer, number, len(items))
    return _Batch(posts, skipped, more, min(changes, default=None) if more else None)


def _question(kind: str, number: int, source: Source) -> str:
    words = f"&search={quote(source.query)}" if source.query else ""
    order = "orderby=modified&order=desc&_embed=1" if kind == "posts" else "orderby=date_gmt&order=desc"
    return f"/wp/v2/{kind}?per_page={PER_PAGE}&page={number}&{order}{words}"


def _has_more(answer: Answer, number: int, count: int) -> bool:
    total = answer.headers.get("x-wp-totalpages", "")
    return number < int(total) if total.isdigit() and len(total) < 10 else count >= PER_PAGE  # noqa: PLR2004 - a sane number


def _protected(item: object) -> bool:
    """Behind a password: its text is empty and not public."""
    content = item.get("content") if isinstance(item, dict) else None
    return bool(content.get("protected")) if isinstance(content, dict) else False


def _changed(item: Mapping[str, Any]) -> datetime | None:
    return _gmt(item.get("modified_gmt")) or _gmt(item.get("date_gmt"))


def _gmt(value: object) -> datetime | None:
    """The `_gmt` fields are UTC without a mark."""
    found = moment(f"{value}Z") if isinstance(value, str) and value and not value.endswith("Z") else moment(value)
    return found.astimezone(UTC) if found else None


def _rendered(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return str(value.get("rendered") or "") if isinstance(value, dict) else ""


def _text(item: Mapping[str, Any]) -> str:
    return f"{html_to_text(_rendered(item, 'title'))}\n\n{html_to_text(_rendered(item, 'content'))}".strip()


def _read_posts(api: str, source: Source, item: Mapping[str, Any]) -> SeenPost | None:
    edited, created = _gmt(item.get("modified_gmt")), _gmt(item.get("date_gmt"))
    facts = _facts(api, "posts", source, item)
    return seen(**facts, author_name=_author(item), edited_at=edited if edited != created else None, media=_media(item)) if facts else None


def _read_comments(api: str, source: Source, item: Mapping[str, Any]) -> SeenPost | None:
    facts = _facts(api, "comments", source, item)
    if not facts:
        return None
    post, parent = item.get("post"), item.get("parent")
    name = str(item.get("author_name") or "").strip()
    return seen(
        **facts,
        author_name=html_to_text(name) or None,
        thread_id=f"{_site(api)}/posts/{post}" if post else None,
        parent_id=f"{_site(api)}/comments/{parent}" if parent else None,
    )


def _facts(api: str, kind: str, source: Source, item: Mapping[str, Any]) -> dict[str, Any] | None:
    number, link = item.get("id"), item.get("link")
    if not isinstance(number, int) or not isinstance(link, str) or not link.startswith(("http://", "https://")):
        return None
    return {
        "platform": source.platform,
        "native_id": f"{_site(api)}/{kind}/{number}",
        "permalink": link,
        "author_id": str(item["author"]) if item.get("author") else None,
        "text": _text(item),
        "raw_html": _rendered(item, "content") or None,
        "created_at": _gmt(item.get("date_gmt")),
        "raw": {"api": api, "kind": kind, "id": number},
    }


def _site(api: str) -> str:
    """Names the site in an id: its host, and its folder where one host has several sites."""
    parts = urlsplit(api)
    return f"{parts.netloc.lower()}{parts.path.partition('/wp-json')[0].partition('/index.php')[0].rstrip('/')}"


def _embedded(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    every = item.get("_embedded")
    found = every.get(name) if isinstance(every, dict) else None
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}


def _author(item: Mapping[str, Any]) -> str | None:
    return str(_embedded(item, "author").get("name") or "").strip() or None


def _media(item: Mapping[str, Any]) -> tuple[Media, ...]:
    picture = _embedded(item, "wp:featuredmedia")
    url, alt = picture.get("source_url"), picture.get("alt_text")
    return (Media(kind="image", url=url, alt=alt if isinstance(alt, str) else None),) if isinstance(url, str) and url else ()
