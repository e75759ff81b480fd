"""Mastodon: hashtags, what may be stored, and what a post's own server says (platforms.md §3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from collector.errors import LoginWallError, UnreadablePageError
from collector.platform import Looked, Page
from collector.platforms import PLATFORMS
from collector.testing import Reply, ScriptedTransport, Step, a_kept_post, a_seen_post, a_source, scripted_client
from data.model.cases import Verdict
from data.model.posts import PlatformName, SeenPost
from data.model.watch import Source, SourceState

SERVER = "https://social.example"
TAG = f"{SERVER}/api/v1/timelines/tag/FernleyGreen?limit=40"
SEARCH = f"{SERVER}/api/v2/search?type=statuses&limit=40&q=%23FernleyGreen"
INSTANCE = f"{SERVER}/api/v2/instance"
URI = "https://a.example/users/ann/statuses/1"


def source(**options: Any) -> Source:
    """The hashtag on the invented server."""
    return a_source(adapter="mastodon", platform=PlatformName.MASTODON, address=f"{SERVER}/explore", query="#FernleyGreen", options=options)


def a_status(**more: Any) -> dict[str, Any]:
    """A status as a server gives it."""
    return {
        "id": "117",
        "uri": URI,
        "url": "https://a.example/@ann/1",
        "created_at": "2026-11-20T08:00:00.000Z",
        "edited_at": None,
        "content": "<p>School again <a href='x'>#<span>FernleyGreen</span></a></p>",
        "spoiler_text": "",
        "visibility": "public",
        "account": {"acct": "ann@a.example", "display_name": "Ann", "url": "https://a.example/@ann"},
    } | more


def rows(*statuses: object, following: str | None = None) -> Reply:
    """A timeline."""
    return Reply(json.dumps(statuses), headers={"link": f'<{following}>; rel="next"'} if following else {})


def fetch(script: Mapping[str, Step | Sequence[Step]], cursor: str | None = None, **options: Any) -> tuple[Page, ScriptedTransport]:
    """Fetch one page of the hashtag."""
    transport = ScriptedTransport(script)
    client = scripted_client(transport, tokens={"ours": "s3cret"})
    return PLATFORMS["mastodon"].fetch(source(**options), SourceState(source_id="s"), cursor, client), transport


def one(**more: Any) -> SeenPost:
    """The one post of a timeline."""
    return fetch({TAG: rows(a_status(**more))})[0].posts[0]


def look(answer: Step, text: str = "School again #FernleyGreen") -> Looked:
    """Look at a post at its own server."""
    post = a_kept_post(a_seen_post(native_id=URI, permalink="https://a.example/@ann/1", text=text))
    looked = PLATFORMS["mastodon"].look(post, scripted_client({URI: answer}), datetime(2026, 11, 20, tzinfo=UTC))
    assert looked is not None
    return looked


def test_a_status_is_read_whole() -> None:
    """The global id, the page, the author, the warning, the text, the poll and the pictures come out."""
    post = one(
        spoiler_text="Schools",
        poll={"options": [{"title": "Yes"}, {"title": "No"}]},
        sensitive=True,
        edited_at="2026-11-20T08:30:00.000Z",
        media_attachments=[
            {"type": "image", "url": "https://m.example/1.png", "description": "", "meta": {"original": {"width": 640, "height": 480}}}
        ],
        reblogs_count=1,
    )

    assert (post.native_id, post.permalink) == (URI, "https://a.example/@ann/1")
    assert post.text == "Schools\n\nSchool again #FernleyGreen\n\nYes\nNo"
    assert (post.author_handle, post.author_name, post.sensitive) == ("@ann@a.example", "Ann", True)
    assert (post.media[0].alt, post.media[0].width, post.counts.shares, post.counts.likes) == ("", 640, 1, None)
    assert post.raw == {"server": SERVER, "id": "117"}


def test_a_local_author_gets_the_server_behind_the_name() -> None:
    """A handle always says where its account lives."""
    assert one(account={"acct": "bo"}).author_handle == "@bo@social.example"


def test_a_post_without_a_page_has_its_id_as_address() -> None:
    """Where the page is not known, the global id is the address."""
    assert one(url=None).permalink == URI


def test_a_boost_is_the_post_inside() -> None:
    """A boost and its post are one."""
    page, _ = fetch({TAG: rows({"id": "9", "uri": "x", "reblog": a_status(), "visibility": "public"}, a_status())})

    assert [post.native_id for post in page.posts] == [URI]


@pytest.mark.parametrize("visibility", ["private", "direct", "anything"])
def test_what_is_not_public_is_never_kept(visibility: str) -> None:
    """Only public and unlisted posts may be stored."""
    page, _ = fetch({TAG: rows(a_status(visibility=visibility), a_status(uri="https://a.example/2", visibility="unlisted"))})

    assert ([post.native_id for post in page.posts], page.skipped) == (["https://a.example/2"], 0)


def test_what_is_no_status_is_counted() -> None:
    """Broken entries are left out and counted, the rest is kept."""
    broken = [
        None,
        12,
        {},
        {"uri": 5},
        {"uri": "urn:x", "url": "javascript:alert(1)"},
        a_status(account=None, media_attachments=["x", {"url": 5}], poll=[]),
    ]
    page, _ = fetch({TAG: rows(*broken)})

    assert (len(page.posts), page.skipped) == (1, 5)


def test_the_servers_own_links_are_followed_and_no_others() -> None:
    """The next page is the server's own link; a link to another server is refused, so that no token travels."""
    page, _ = fetch({TAG: rows(a_status(), following=f"{TAG}&max_id=117")})
    assert page.cursor == f"{TAG}&max_id=117"

    with pytest.raises(UnreadablePageError, match="another server"):
        fetch({}, "https://evil.example/api/v1/timelines/tag/x", token_name="ours")


def test_a_token_is_sent_where_it_is_named() -> None:
    """The token of the settings is used by its name."""
    _, transport = fetch({TAG: rows(a_status())}, token_name="ours")

    assert transport.requests[-1].headers["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("access", "token", "words"),
    [
        ("disabled", None, "switched"),
        ("disabled", "ours", "switched"),
        ("authenticated", None, "token"),
        ("authenticated", "ours", None),
        ("public", None, None),
    ],
)
def test_an_empty_list_is_checked_for_being_switched_off(access: str, token: str | None, words: str | None) -> None:
    """A server that shows no hashtags answers an empty list: that is said, not taken for «no posts»."""
    instance = {"configuration": {"timelines_access": {"hashtag_feeds": {"local": access, "remote": access}}}}
    script = {TAG: rows(), INSTANCE: Reply(json.dumps(instance))}
    options = {"token_name": token} if token else {}
    if words:
        with pytest.raises(LoginWallError, match=words):
            fetch(script, **options)
    else:
        assert fetch(script, **options)[0].posts == ()


@pytest.mark.parametrize("instance", [Reply(status=404), Reply("{}"), Reply("[]"), Reply("<html>"), Reply(status=401)])
def test_an_older_servers_empty_list_is_believed(instance: Step) -> None:
    """Where the server does not say, an empty list is an empty list."""
    assert fetch({TAG: rows(), INSTANCE: instance})[0].posts == ()


def test_search_is_an_extra() -> None:
    """What the search finds is added; when it is refused the hashtag is still read, and the row says so."""
    found = Reply(json.dumps({"statuses": [a_status(uri="https://b.example/7", created_at="2021-01-01T00:00:00Z")]}))
    page, _ = fetch({TAG: rows(a_status()), SEARCH: found}, search=True, token_name="ours")
    refused, _ = fetch({TAG: rows(a_status()), SEARCH: Reply(status=401)}, search=True)

    assert [post.native_id for post in page.posts] == ["https://b.example/7", URI]
    assert page.oldest == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert (len(refused.posts), "search" in str(refused.note)) == (1, True)


def test_a_source_without_a_hashtag_is_named() -> None:
    """A missing hashtag is a clear line."""
    empty = source().model_copy(update={"query": " # "})
    with pytest.raises(UnreadablePageError, match="hashtag"):
        PLATFORMS["mastodon"].fetch(empty, SourceState(source_id="s"), None, scripted_client({}))


def note(**more: Any) -> Reply:
    """The post as its own server gives it."""
    return Reply(json.dumps({"id": URI, "type": "Note", "content": "<p>School again #FernleyGreen</p>"} | more))


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (note(), Verdict.PRESENT),
        (note(content="<p>Something else</p>"), Verdict.EDITED),
        (note(summary="Schools"), Verdict.EDITED),
        (Reply('{"type":"Tombstone"}', 410), Verdict.REMOVED_UNKNOWN),
        (Reply('{"type":"Tombstone"}'), Verdict.REMOVED_UNKNOWN),
        (Reply('{"error":"Record not found"}', 404), Verdict.REMOVED_UNKNOWN),
        (Reply("", 410), Verdict.REMOVED_UNKNOWN),
        (Reply('{"error":"Request not signed"}', 401), Verdict.NOT_VISIBLE_TO_US),
        (note(id="https://a.example/other"), Verdict.NOT_VISIBLE_TO_US),
        (Reply('{"type":"Person"}'), Verdict.NOT_VISIBLE_TO_US),
        (Reply("<html><p>School again #FernleyGreen</p>"), Verdict.PRESENT),
        (Reply("slow", 429), Verdict.UNREACHABLE),
    ],
)
def test_the_posts_own_server_decides(answer: Step, verdict: Verdict) -> None:
    """Gone is what the origin calls gone; signed-only servers and odd answers are unknown."""
    assert look(answer).verdict is verdict


def test_warning_and_poll_are_compared_too() -> None:
    """A post with a warning and a poll is recognised at its own server."""
    answer = note(summary="Schools", oneOf=[{"name": "Yes"}, {"name": "No"}])

    assert look(answer, "Schools\n\nSchool again #FernleyGreen\n\nYes\nNo").verdict is Verdict.PRESENT
