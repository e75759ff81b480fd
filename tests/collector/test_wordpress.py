"""WordPress: posts and comments, and where each is really gone (platforms.md §12.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from collector.errors import UnreadablePageError
from collector.platform import Looked, Page
from collector.platforms import PLATFORMS
from collector.testing import Reply, ScriptedTransport, Step, a_kept_post, a_seen_post, a_source, scripted_client
from data.model.cases import Verdict, VerdictGroup
from data.model.watch import Source, SourceState

SITE = "https://blog.example"
API = f"{SITE}/wp-json"
POSTS = API + "/wp/v2/posts?per_page=100&page={}&orderby=modified&order=desc&_embed=1"
COMMENTS = API + "/wp/v2/comments?per_page=100&page={}&orderby=date_gmt&order=desc"
WORDS = "Our Fernley Green head should read what parents really think of her new rules."
Scripted = Mapping[str, Step | Sequence[Step]]


def a_post(number: int = 20, **more: Any) -> dict[str, Any]:
    """A post as WordPress gives it."""
    return {
        "id": number,
        "date_gmt": "2026-11-19T10:00:00",
        "modified_gmt": "2026-11-20T08:00:00",
        "link": f"{SITE}/?p={number}",
        "title": {"rendered": "Rules &amp; more"},
        "content": {"rendered": f"<p>{WORDS}</p>", "protected": False},
        "author": 3,
        "_embedded": {"author": [{"name": "Bo"}], "wp:featuredmedia": [{"source_url": f"{SITE}/a.png", "alt_text": ""}]},
    } | more


def a_comment(number: int = 2, **more: Any) -> dict[str, Any]:
    """A comment as WordPress gives it."""
    return {
        "id": number,
        "post": 20,
        "parent": 1,
        "date_gmt": "2026-11-20T08:30:00",
        "link": f"{SITE}/rules/#comment-{number}",
        "author_name": "A &amp; B",
        "content": {"rendered": f"<p>{WORDS}</p>"},
    } | more


def rows(*items: object, pages: int = 1, status: int = 200) -> Reply:
    """A list as WordPress answers it."""
    return Reply(json.dumps(items), status, {"content-type": "application/json", "x-wp-totalpages": str(pages)})


def fetch(script: Scripted, cursor: str | None = None, source: Source | None = None) -> tuple[Page, ScriptedTransport]:
    """Fetch one page of posts and comments."""
    transport = ScriptedTransport(script)
    one = source or a_source(adapter="wordpress", address=f"{SITE}/")
    return PLATFORMS["wordpress"].fetch(one, SourceState(source_id="s"), cursor, scripted_client(transport)), transport


def look(script: Scripted, kind: str = "comments") -> Looked:
    """Look at a comment, or a post, that was read before."""
    link = f"{SITE}/rules/#comment-2" if kind == "comments" else f"{SITE}/rules/"
    seen = a_seen_post(permalink=link, text=WORDS, raw={"api": API, "kind": kind, "id": 2})
    looked = PLATFORMS["wordpress"].look(a_kept_post(seen), scripted_client(script), datetime(2026, 11, 20, tzinfo=UTC))
    assert looked is not None
    return looked


def test_posts_and_comments_are_read() -> None:
    """Times are UTC, entities are undone, comments know their post."""
    page, _ = fetch({POSTS.format(1): rows(a_post()), COMMENTS.format(1): rows(a_comment())})
    post, comment = page.posts

    assert (post.native_id, post.text, post.author_name) == ("blog.example/posts/20", f"Rules & more\n\n{WORDS}", "Bo")
    assert (post.created_at, post.edited_at) == (datetime(2026, 11, 19, 10, tzinfo=UTC), datetime(2026, 11, 20, 8, tzinfo=UTC))
    assert (post.media[0].url, post.media[0].alt) == (f"{SITE}/a.png", "")
    assert (comment.native_id, comment.text, comment.author_name) == ("blog.example/comments/2", WORDS, "A & B")
    assert (comment.thread_id, comment.parent_id) == ("blog.example/posts/20", "blog.example/comments/1")
    assert page.cursor is None


def test_two_lists_go_on_each_at_its_own_pace() -> None:
    """Posts and comments are paged apart, until both are at their end."""
    script = {
        POSTS.format(1): rows(a_post(), pages=1),
        COMMENTS.format(1): rows(a_comment(5), pages=2),
        COMMENTS.format(2): rows(a_comment(4), pages=2),
    }
    page, _ = fetch(script)
    last, transport = fetch(script, page.cursor)

    assert page.cursor == f"{API} 0,2"
    assert (last.cursor, [post.native_id for post in last.posts]) == (None, ["blog.example/comments/4"])
    assert transport.asked == [COMMENTS.format(2)]
    assert page.oldest == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)  # only comments have more behind them


def test_a_page_beyond_the_end_is_the_end() -> None:
    """WordPress answers 400 beyond the last page; that ends the list."""
    beyond = Reply('{"code":"rest_post_invalid_page_number"}', 400)
    page, _ = fetch({POSTS.format(3): beyond, COMMENTS.format(3): beyond}, f"{API} 3,3")

    assert (page.posts, page.cursor) == ((), None)


def test_posts_behind_a_password_are_left_out() -> None:
    """What is not public is neither kept nor counted as broken."""
    hidden = a_post(21, content={"rendered": "", "protected": True})
    page, _ = fetch({POSTS.format(1): rows(hidden, a_post()), COMMENTS.format(1): rows()})

    assert ([post.native_id for post in page.posts], page.skipped) == (["blog.example/posts/20"], 0)


def test_comments_that_are_switched_off_are_said() -> None:
    """A site that hides its comments is still watched for posts, and the row says so."""
    page, _ = fetch({POSTS.format(1): rows(a_post()), COMMENTS.format(1): Reply('{"code":"rest_forbidden"}', 401)})

    assert len(page.posts) == 1
    assert "comments" in str(page.note)


def test_words_to_search_for_are_sent() -> None:
    """With a query only what matches is asked for."""
    source = a_source(adapter="wordpress", address=SITE, query="Fernley Green", options={"comments": False})
    page, _ = fetch({POSTS.format(1) + "&search=Fernley%20Green": rows(a_post())}, source=source)

    assert len(page.posts) == 1


def test_the_interface_is_found_where_the_home_page_names_it() -> None:
    """A site with plain addresses names its interface in a header."""
    named = f"{SITE}/index.php?rest_route="
    script = {
        f"{SITE}/": Reply("<html>", headers={"link": f'<{named}/>; rel="https://api.w.org/"'}),
        f"{named}/wp/v2/posts&per_page=100&page=1&orderby=modified&order=desc&_embed=1": rows(a_post()),
        f"{named}/wp/v2/comments&per_page=100&page=1&orderby=date_gmt&order=desc": rows(a_comment()),
    }
    page, _ = fetch(script)

    assert len(page.posts) == 2
    assert page.posts[0].raw["api"] == named


def test_a_site_that_is_not_wordpress_is_told_to_use_its_feed() -> None:
    """Without the interface the row says what to do instead."""
    with pytest.raises(UnreadablePageError, match="add its feed"):
        fetch({f"{SITE}/": Reply("<html>hello</html>")})


def test_a_cursor_that_cannot_be_read_is_an_error() -> None:
    """A broken cursor is a clear error, not a crash."""
    with pytest.raises(UnreadablePageError):
        fetch({}, "nonsense")


def test_a_deleted_comment_is_removed_though_its_page_stays() -> None:
    """The site's own list says «no such comment», and the page shows it no more."""
    gone = Reply('{"code":"rest_comment_invalid_id"}', 404)
    looked = look({f"{API}/wp/v2/comments/2": gone, f"{SITE}/rules/#comment-2": Reply("<p>Other comments about other things</p>")})

    assert (looked.verdict, looked.status) == (Verdict.REMOVED_UNKNOWN, 404)


def test_gone_from_the_interface_and_still_on_the_page_is_still_up() -> None:
    """A copy that the page still shows counts as up, whatever the interface says."""
    page = Reply(f"<p>{WORDS}</p>", headers={"content-type": "text/html"})
    looked = look({f"{API}/wp/v2/comments/2": Reply('{"code":"rest_comment_invalid_id"}', 404), f"{SITE}/rules/#comment-2": page})

    assert looked.verdict is Verdict.PRESENT


@pytest.mark.parametrize("code", ["rest_forbidden", "rest_cannot_read"])
@pytest.mark.parametrize(
    ("status", "verdict"), [(404, Verdict.REMOVED_UNKNOWN), (200, Verdict.NOT_VISIBLE_TO_US), (403, Verdict.NOT_VISIBLE_TO_US)]
)
def test_401_asks_the_page(code: str, status: int, verdict: Verdict) -> None:
    """In the bin, a draft or held back: the web page decides."""
    held = Reply(json.dumps({"code": code}), 401)
    looked = look({f"{API}/wp/v2/posts/2": held, f"{SITE}/rules/": Reply("<p>something else</p>", status)}, "posts")

    assert looked.verdict is verdict


@pytest.mark.parametrize("body", ['{"code":"rest_no_route"}', "<h1>404</h1>", ""])
def test_a_404_of_the_interface_itself_is_no_removal(body: str) -> None:
    """An interface that was switched off answers 404 for everything; only the page can tell then."""
    page = Reply(f"<p>{WORDS}</p>", headers={"content-type": "text/html"})

    assert look({f"{API}/wp/v2/posts/2": Reply(body, 404), f"{SITE}/rules/": page}, "posts").verdict is Verdict.PRESENT


def test_an_edited_post_is_edited() -> None:
    """The interface gives the exact words: any change is seen."""
    changed = a_post(2, title={"rendered": ""}, content={"rendered": "<p>Our head is lovely.</p>", "protected": False})

    assert look({f"{API}/wp/v2/posts/2": rows(), f"{SITE}/rules/": Reply("x")}, "posts").verdict.group is VerdictGroup.UNKNOWN
    assert look({f"{API}/wp/v2/posts/2": Reply(json.dumps(changed))}, "posts").verdict is Verdict.EDITED
