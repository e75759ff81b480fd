"""The same questions for every platform, on recorded, invented answers (architecture.md §5)."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
import stamina

from collector.errors import (
    CollectError,
    GoneError,
    LoginWallError,
    MissingError,
    RateLimitedError,
    SourceUnavailableError,
    UnreadablePageError,
)
from collector.platform import Page, Platform
from collector.platforms import PLATFORMS
from collector.poll import poll
from collector.testing import START, Reply, ScriptedTransport, Shelf, Step, a_kept_post, a_source, scripted_client
from data.model.cases import Verdict, VerdictGroup
from data.model.posts import PlatformName, SeenPost
from data.model.watch import Health, Source, SourceState

TEXT = "Fernley Green Primary School let us down again & nobody listens to what parents say about the new timetable."
ODD = "Zo\u0308e\u2019s 👩‍👧 Fernl\u200dey \u202eneerG\u202c Ü̷̡n̸i — «校» <b>&amp;</b> =cmd|' /C calc'!A0"
WHEN = START - timedelta(hours=3)
HTML = {"content-type": "text/html; charset=utf-8"}
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Item:
    """One invented post of a recorded answer."""

    number: int
    text: str = TEXT
    when: datetime | None = WHEN


@dataclass(frozen=True)
class Voice:
    """How one platform speaks: the addresses that are asked, and how posts are written there."""

    source: Source
    first: str
    write: Callable[[Sequence[Item], str | None], Reply]
    second: str | None  # the address of the next page; None where there is one page only
    empty: Reply | None  # a good answer without posts; None where there is none (a page whose list is empty is broken)
    ask: Callable[[SeenPost], str]  # where a look begins
    here: Callable[[Item], Reply]  # what that address answers for a post that is there


def _xml(items: Sequence[Item], _next: str | None) -> Reply:
    entries = "".join(
        f"<item><guid isPermaLink='false'>{item.number}</guid><link>https://blog.example/posts/{item.number}</link>"
        f"<description>{html.escape(html.escape(item.text))}</description>"
        + (f"<pubDate>{item.when:%a, %d %b %Y %H:%M:%S +0000}</pubDate></item>" if item.when else "</item>")
        for item in items
    )
    body = f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>Town blog</title>{entries}</channel></rss>"
    return Reply(body, headers={"content-type": "application/rss+xml"})


def _wordpress_item(item: Item) -> dict[str, Any]:
    stamp = f"{item.when:%Y-%m-%dT%H:%M:%S}" if item.when else None
    content = {"rendered": f"<p>{html.escape(item.text)}</p>", "protected": False}
    link = f"https://blog.example/posts/{item.number}"
    return {"id": item.number, "date_gmt": stamp, "modified_gmt": stamp, "link": link, "title": {"rendered": ""}, "content": content}


def _wordpress(items: Sequence[Item], following: str | None) -> Reply:
    headers = JSON | {"x-wp-totalpages": "2" if following else "1"}
    return Reply(json.dumps([_wordpress_item(item) for item in items]), headers=headers)


def _uri(number: int) -> str:
    return f"https://social.example/users/ann/statuses/{number}"


def _status(item: Item) -> dict[str, Any]:
    return {
        "id": str(item.number),
        "uri": _uri(item.number),
        "url": f"https://social.example/@ann/{item.number}",
        "created_at": item.when.isoformat() if item.when else None,
        "content": f"<p>{html.escape(item.text)}</p>",
        "visibility": "public",
        "account": {"acct": "ann", "display_name": "Ann", "url": "https://social.example/@ann"},
    }


def _mastodon(items: Sequence[Item], following: str | None) -> Reply:
    headers = JSON | ({"link": f'<{following}>; rel="next", <https://social.example/prev>; rel="prev"'} if following else {})
    return Reply(json.dumps([_status(item) for item in items]), headers=headers)


def _note(item: Item) -> Reply:
    body = {"id": _uri(item.number), "type": "Note", "content": f"<p>{html.escape(item.text)}</p>"}
    return Reply(json.dumps(body), headers={"content-type": "application/activity+json"})


def _forum(items: Sequence[Item], following: str | None) -> Reply:
    shown = "".join(
        f"<article class=post id='p{item.number}'><b class=who>Ann</b>"
        + (f"<time datetime='{item.when.isoformat()}'>then</time>" if item.when else "")
        + f"<div class=body>{html.escape(item.text)}</div></article>"
        for item in items
    )
    older = f"<a class=next href='{following}'>older</a>" if following else ""
    return Reply(f"<!doctype html><title>Town forum</title><main>{shown}</main>{older}", headers=HTML)


def _page(item: Item) -> Reply:
    return Reply(f"<!doctype html><title>Post</title><p>{html.escape(item.text)}</p>", headers=HTML)


_FORUM = {"list": "article.post", "author": ".who", "time": "time", "text": ".body", "next": "a.next"}
_WP = "https://blog.example/wp-json/wp/v2/posts?per_page=100&page={}&orderby=modified&order=desc&_embed=1"
_TAG = "https://social.example/api/v1/timelines/tag/FernleyGreen?limit=40"

VOICES: Mapping[str, Voice] = {
    "feed": Voice(a_source(), "https://blog.example/feed", _xml, None, _xml([], None), lambda post: post.permalink, _page),
    "wordpress": Voice(
        a_source(adapter="wordpress", address="https://blog.example", options={"comments": False}),
        _WP.format(1),
        _wordpress,
        _WP.format(2),
        Reply("[]", headers=JSON),
        lambda post: f"https://blog.example/wp-json/wp/v2/posts/{post.raw['id']}",
        lambda item: Reply(json.dumps(_wordpress_item(item)), headers=JSON),
    ),
    "mastodon": Voice(
        a_source(adapter="mastodon", platform=PlatformName.MASTODON, address="https://social.example", query="#FernleyGreen"),
        _TAG,
        _mastodon,
        f"{_TAG}&max_id=1",
        Reply("[]", headers=JSON),
        lambda post: post.native_id,
        _note,
    ),
    "webpage": Voice(
        a_source(adapter="webpage", platform=PlatformName.FORUM, address="https://forum.example/new", options=_FORUM),
        "https://forum.example/new",
        _forum,
        "https://forum.example/new?page=2",
        None,
        lambda post: str(post.raw["page"]),
        lambda item: _forum([item], None),
    ),
}
NAMES = sorted(PLATFORMS)


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries happen, but nobody waits for them."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def fetch(name: str, script: Mapping[str, Step | Sequence[Step]], cursor: str | None = None) -> Page:
    """Ask the platform for one page of a scripted answer."""
    voice = VOICES[name]
    return PLATFORMS[name].fetch(voice.source, SourceState(source_id=voice.source.id), cursor, scripted_client(script))


def first_page(name: str, items: Sequence[Item]) -> Page:
    """The first page, with these posts on it."""
    return fetch(name, {VOICES[name].first: VOICES[name].write(items, None)})


def a_post(name: str, item: Item) -> SeenPost:
    """The post as this platform reads it."""
    return first_page(name, [item]).posts[0]


def test_every_platform_is_asked() -> None:
    """No platform can be added without these questions."""
    assert sorted(VOICES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name: str) -> None:
    """Every platform names itself, its rules and when we read them, what it needs and how much it sees."""
    platform: Platform = PLATFORMS[name]

    assert (platform.name, bool(platform.label), "address" in platform.needs) == (name, True, True)
    assert platform.terms.link.startswith("https://")
    assert date(2026, 1, 1) < platform.terms.read_on < date(2030, 1, 1)
    assert timedelta(minutes=5) <= platform.period <= timedelta(days=1)
    assert isinstance(platform.platform, PlatformName)


@pytest.mark.parametrize("name", NAMES)
def test_posts_are_read(name: str) -> None:
    """Ids, addresses, words and times come out; the posts are the source's platform's."""
    page = first_page(name, [Item(2), Item(1, "Another note", WHEN - timedelta(days=1))])
    one, other = page.posts

    assert (one.text, other.text, page.skipped) == (TEXT, "Another note", 0)
    assert (one.created_at, one.platform) == (WHEN, VOICES[name].source.platform)
    assert one.native_id != other.native_id
    assert one.permalink.startswith("https://")
    assert page.oldest == WHEN - timedelta(days=1) or name == "wordpress"  # a last page of WordPress has nothing behind it


@pytest.mark.parametrize("name", NAMES)
def test_the_same_post_has_the_same_id(name: str) -> None:
    """A post keeps its id from poll to poll, whatever is around it and however it was edited."""
    again = first_page(name, [Item(9), Item(1, "Edited words")]).posts[1]

    assert a_post(name, Item(1)).native_id == again.native_id


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_page_is_no_posts_or_an_honest_error(name: str) -> None:
    """An empty list is «nothing new»; on a web page, where it could as well be a wall, it is «broken»."""
    empty = VOICES[name].empty
    if empty is None:
        with pytest.raises(UnreadablePageError):
            first_page(name, [])
    else:
        page = fetch(name, {VOICES[name].first: empty})
        assert (page.posts, page.cursor) == ((), None)


@pytest.mark.parametrize("name", [name for name in NAMES if VOICES[name].second])
def test_pages_are_followed_to_the_last(name: str) -> None:
    """The cursor leads to the next page, and the last page has none."""
    voice = VOICES[name]
    script = {voice.first: voice.write([Item(2)], voice.second), str(voice.second): voice.write([Item(1)], None)}
    page = fetch(name, script)
    last = fetch(name, script, page.cursor)

    assert (page.cursor is not None, last.cursor, len(last.posts)) == (True, None, 1)


@pytest.mark.parametrize("name", NAMES)
def test_odd_characters_come_through(name: str) -> None:
    """Combining marks, emoji, invisible and right-to-left marks, mark-up and formula text arrive as they were written."""
    assert a_post(name, Item(1, ODD)).text == ODD


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_date_is_unknown(name: str) -> None:
    """A post without a date has no time; it is never given the present one."""
    assert a_post(name, Item(1, when=None)).created_at is None


@pytest.mark.parametrize("name", NAMES)
def test_two_posts_with_one_id_are_one(name: str) -> None:
    """Of two posts with one id the last one counts."""
    page = first_page(name, [Item(1, "The first words"), Item(1, "The last words")])

    assert [post.text for post in page.posts] == ["The last words"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply("<h1>Sign in</h1>", 401, HTML), LoginWallError),
        (Reply("<h1>Sign in</h1>", 403, HTML), LoginWallError),
        (Reply("slow", 429, {"retry-after": "90"}), RateLimitedError),
        (Reply("slow", 429), RateLimitedError),
        (Reply("down", 503), RateLimitedError),
        (Reply("oops", 500), SourceUnavailableError),
        (Reply("gone", 410), GoneError),
        (httpx.ReadTimeout("slow"), SourceUnavailableError),
    ],
    ids=["401", "403", "429 with time", "429 without", "503", "500", "410", "time-out"],
)
def test_refusals_have_their_names(name: str, reply: Step, error: type[CollectError]) -> None:
    """Walls, rests, faults and endings are told apart."""
    with pytest.raises(error):
        fetch(name, {VOICES[name].first: reply})


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_place_is_missing(name: str) -> None:
    """404 is an error, not an empty list."""
    with pytest.raises((MissingError, UnreadablePageError)):
        fetch(name, {})


NOISE: dict[str, Reply] = {
    "login wall": Reply("<html><h1>Please sign in</h1><input type=password></html>", headers=HTML),
    "consent page": Reply("<html><h1>Before you continue</h1>Accept all cookies?</html>", headers=HTML),
    "HTML that claims to be JSON": Reply("<html>hello</html>", headers=JSON),
    "empty": Reply(""),
    "1 MB of noise": Reply(bytes((n * 7919) % 256 for n in range(1_000_000))),
    "1 MB of brackets": Reply("[" * 1_000_000, headers=JSON),
    "1 MB of tags": Reply("<div>" * 200_000, headers=HTML),
    "NUL bytes": Reply(b"\x00" * 1_000_000),
    "broken gzip": Reply(b"nonsense", headers={"content-encoding": "gzip"}),
    "JSON of another kind": Reply('{"error": "no"}', headers=JSON),
    "a JSON string": Reply('"hello"', headers=JSON),
    "a number": Reply("12", headers=JSON),
    "null": Reply("null", headers=JSON),
    "a file's name": Reply("/etc/passwd"),
    "an address": Reply("http://127.0.0.1/"),
    "half a feed": Reply("<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><rss"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.timeout(20)
def test_noise_is_a_broken_source(name: str, noise: str) -> None:
    """Whatever comes instead of what was promised is «cannot be read», never «no posts» and never a crash."""
    with pytest.raises(UnreadablePageError):
        fetch(name, {VOICES[name].first: NOISE[noise]})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["a\x00b", "x" * 1_000_000, "\x01\x02\x1b[31m", "\ud800"], ids=["NUL", "1 MB", "controls", "surrogate"])
def test_a_hostile_text_harms_nothing(name: str, text: str) -> None:
    """A post with NUL, control characters, half a character or a megabyte is kept or left out and counted; its neighbour is kept."""
    safe = text if name in {"wordpress", "mastodon"} else text.encode("utf-8", "replace").decode()
    page = first_page(name, [Item(1, safe), Item(2, "A neighbour")])

    assert "A neighbour" in [post.text for post in page.posts]
    assert all("\x00" not in post.text and len(post.text) <= 200_000 for post in page.posts)


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_poll_reads_edits_and_keeps(name: str) -> None:
    """Two polls: the first brings two posts, the second an edit and nothing twice."""
    voice, shelf = VOICES[name], Shelf()
    script = {voice.first: [voice.write([Item(2), Item(1)], None), voice.write([Item(2, "Edited words"), Item(1)], None)]}
    client = scripted_client(script)
    first = poll(voice.source, SourceState(source_id="source-1"), PLATFORMS[name], client, shelf.keep, now=START)
    second = poll(voice.source, first.state, PLATFORMS[name], client, shelf.keep, now=START + timedelta(hours=1))

    assert (first.new, first.outcome, second.new, second.changed, second.outcome) == (2, Health.OK, 0, 1, Health.OK)
    assert len(shelf.posts) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_poll_is_a_line_in_the_row(name: str) -> None:
    """A wall becomes the source's health, with a line to read."""
    voice = VOICES[name]
    script = {voice.first: Reply("no", 403)}
    report = poll(voice.source, SourceState(source_id="source-1"), PLATFORMS[name], scripted_client(script), Shelf().keep, now=START)

    assert (report.outcome, bool(report.problem)) == (Health.WALL, True)


# --- is it still there?


def look(name: str, script: Mapping[str, Step | Sequence[Step]], item: Item | None = None) -> tuple[Verdict, ScriptedTransport]:
    """Look at a post that was read before; every address that is not scripted is unreachable."""
    post = a_kept_post(a_post(name, item or Item(1)))
    transport = _Unreachable(script)
    looked = PLATFORMS[name].look(post, scripted_client(transport), START)
    assert looked is not None
    assert looked.detail
    return looked.verdict, transport


class _Unreachable(ScriptedTransport):
    """Like the scripted network, but what is not scripted does not answer at all."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/robots.txt" and str(request.url) not in self._script:
            raise httpx.ConnectError("nobody there")
        return super().handle_request(request)


def asked(name: str) -> str:
    """The address at which a look begins."""
    return VOICES[name].ask(a_post(name, Item(1)))


WALLS: dict[str, Step] = {
    "login wall": NOISE["login wall"],
    "consent page": NOISE["consent page"],
    "401": Reply("no", 401),
    "403": Reply("no", 403),
    "429": Reply("slow", 429),
    "500": Reply("oops", 500),
    "503": Reply("down", 503),
    "time-out": httpx.ReadTimeout("slow"),
    "soft 404": Reply("<title>Not found</title><p>This post does not exist or was removed.</p>", headers=HTML),
    "blank page": Reply("", headers=HTML),
    "empty list": Reply("[]", headers=JSON),
    "another object": Reply('{"id": 77, "type": "Person"}', headers=JSON),
    "noise": NOISE["1 MB of noise"],
    "NUL bytes": NOISE["NUL bytes"],
    "broken gzip": NOISE["broken gzip"],
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wall", WALLS)
def test_no_wall_is_a_removal(name: str, wall: str) -> None:
    """Login walls, consent pages, refusals, faults, silence, soft 404 and blank pages are «unknown»."""
    verdict, _ = look(name, {asked(name): WALLS[wall]})

    assert verdict.group is VerdictGroup.UNKNOWN


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", ["/", "/login?next=1", "/consent"])
@pytest.mark.parametrize("status", [200, 404])
def test_no_redirect_away_is_a_removal(name: str, path: str, status: int) -> None:
    """Being led to the home page, a login or a consent page is «unknown», whatever that page answers."""
    start = asked(name)
    target = str(httpx.URL(start).join(path))
    verdict, _ = look(name, {start: Reply(status=302, headers={"location": target}), target: Reply("<h1>Hello</h1>", status, HTML)})

    assert verdict.group is VerdictGroup.UNKNOWN


@pytest.mark.parametrize("name", NAMES)
def test_a_post_that_is_there_is_present(name: str) -> None:
    """The same words at the same place are «still up», and one look asks once."""
    verdict, transport = look(name, {asked(name): VOICES[name].here(Item(1))})

    assert (verdict, transport.asked) == (Verdict.PRESENT, [asked(name)])


@pytest.mark.parametrize("name", NAMES)
def test_a_post_with_other_words_is_edited(name: str) -> None:
    """Changed words are «amended», for a person to look at."""
    verdict, _ = look(name, {asked(name): VOICES[name].here(Item(1, TEXT.replace("let us down again", "was fine")))})

    assert verdict is Verdict.EDITED


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [404, 410])
def test_a_deleted_post_is_removed(name: str, status: int) -> None:
    """404 and 410 at the post's own place are removals."""
    page = a_post(name, Item(1)).permalink.partition("#")[0]
    missing = Reply(json.dumps({"code": "rest_post_invalid_id", "error": "Record not found"}), status, JSON)
    verdict, _ = look(name, {asked(name): missing, page: Reply("no", status)})

    assert verdict is Verdict.REMOVED_UNKNOWN


@pytest.mark.parametrize("name", NAMES)
def test_a_post_without_words_can_be_looked_at(name: str) -> None:
    """A picture without words does not make the look fail."""
    post = a_kept_post(a_post(name, Item(1)).model_copy(update={"text": ""}))
    looked = PLATFORMS[name].look(post, scripted_client(_Unreachable({asked(name): Reply("no", 403)})), START)

    assert looked is not None
    assert looked.verdict.group is VerdictGroup.UNKNOWN


@pytest.mark.parametrize("name", NAMES)
def test_a_platform_keeps_nothing_between_two_calls(name: str) -> None:
    """An adapter has no memory of its own: the same answer gives the same page again."""
    items = [Item(1), replace(Item(2), text="Another")]

    assert first_page(name, items) == first_page(name, items)
