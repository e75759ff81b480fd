"""Every way in which a post can go, stay, change or hide, served over real sockets: the verdict is right and never a false removal (A20).

The table is the specification (domain.md §5.5; platforms.md §1.5, §3, §12, §13): what the site does, and what a look must say.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.client import Client
from collector.platform import Platform
from collector.platforms import PLATFORMS
from collector.public_address import Gate
from collector.testing import Reply, a_kept_post, a_source, scripted_client
from data.clock import FixedClock
from data.model.cases import CaseItem, Verdict
from data.model.posts import PlatformName, Post
from data.model.watch import SourceState
from evidence.presence import look
from evidence.testing import MOMENT, LocalSite

V = Verdict  # A20: whether it was really removed is seen by our own looks
TEXT = (
    "Fernley Green Primary School lost our trip money again. The invented head took it home in a red tin, "
    "and nobody in the office will say one word about it to any parent. The summer trip is off for every class, and the bus was paid for."
)
POST = f"<!doctype html><html><head><title>Town talk</title></head><body><nav>Home</nav><p>{TEXT}</p><p>Reply</p></body></html>"
HARM_GONE = TEXT.replace("The invented head took it home in a red tin, and", "We were told that")
HARM_KEPT = TEXT.replace("lost our trip money again", "is a place we like")


@dataclass(frozen=True)
class Says:
    """One answer of the site."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Pages = Mapping[str, Says | Callable[[BaseHTTPRequestHandler], object]]


@dataclass(frozen=True)
class Situation:
    """What the site does at which path, and what a look at `/p` must say. `base` stands for the site's own address in bodies."""

    pages: Pages
    verdict: Verdict
    words: str = ""  # must stand in the line that a person reads


def html(body: str, status: int = 200, **headers: str) -> Says:
    """A web page."""
    return Says(f"<!doctype html><title>Town talk</title>{body}", status, {k.replace("_", "-"): v for k, v in headers.items()})


def led(target: str, status: int = 302) -> Says:
    """A redirect."""
    return Says("", status, {"location": target})


def _hangs(handler: BaseHTTPRequestHandler) -> None:
    threading.Event().wait(1.5)
    handler.close_connection = True


def _cut(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("content-type", "text/html")
    handler.send_header("content-length", "5000")
    handler.end_headers()
    handler.wfile.write(POST[:60].encode())


def _cut_404(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(404)
    handler.send_header("content-length", "5000")
    handler.end_headers()
    handler.wfile.write(b"<h1>Not")


def _not_tls(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.sendall(b"HTTP/1.1 302 Found\r\nlocation: https://127.0.0.1:" + str(_port(handler)).encode() + b"/p\r\n\r\n")


def _port(handler: BaseHTTPRequestHandler) -> int:
    return int(handler.server.server_address[1])  # type: ignore[index]


WEB: dict[str, Situation] = {
    # gone
    "404": Situation({"/p": html("<h1>Not found</h1>", 404)}, V.REMOVED_UNKNOWN, "404"),
    "410": Situation({"/p": html("<h1>Gone</h1>", 410)}, V.REMOVED_UNKNOWN, "410"),
    "404 after the address was tidied": Situation({"/p": led("/p/", 301), "/p/": html("no", 404)}, V.REMOVED_UNKNOWN),
    # still up
    "still there": Situation({"/p": Says(POST)}, V.PRESENT),
    "advertisements and white space changed": Situation(
        {"/p": Says(POST.replace(" ", " \n ").replace("<nav>Home</nav>", "<aside>Buy boots! Not found? Log in.</aside>"))}, V.PRESENT
    ),
    "moved for good": Situation({"/p": led("/archive/p", 301), "/archive/p": Says(POST)}, V.PRESENT, "moved"),
    "a cookie banner over the post": Situation(
        {"/p": Says(POST.replace("<p>Reply", "<div>Before you continue: accept all cookies?</div><p>"))}, V.PRESENT
    ),
    "404 that still shows it": Situation({"/p": Says(POST, 404)}, V.PRESENT, "still shows"),
    "collapsed but in the page": Situation(
        {"/p": Says(POST.replace(f"<p>{TEXT}</p>", f"<details><summary>Hidden comment</summary>{TEXT}</details>"))}, V.PRESENT
    ),
    # changed
    "edited, the harm is out": Situation({"/p": Says(POST.replace(TEXT, HARM_GONE))}, V.EDITED),
    "edited, the harm is left": Situation({"/p": Says(POST.replace(TEXT, HARM_KEPT))}, V.EDITED),
    # out of our sight
    "notice of the platform in a 200": Situation(
        {"/p": html("<p>This post was removed by the moderators.</p>")}, V.NOT_VISIBLE_TO_US, "removed"
    ),
    "soft 404": Situation({"/p": html("<h1>Page not found</h1>")}, V.NOT_VISIBLE_TO_US, "not found"),
    "account suspended, in a 200": Situation({"/p": html("<p>This account has been suspended.</p>")}, V.NOT_VISIBLE_TO_US, "suspended"),
    "to the home page": Situation({"/p": led("/"), "/": html("<h1>Welcome</h1>")}, V.NOT_VISIBLE_TO_US, "home"),
    "to the home page, which is missing": Situation({"/p": led("/", 301), "/": html("no", 404)}, V.NOT_VISIBLE_TO_US),
    "to the login": Situation({"/p": led("/login?next=/p"), "/login": html("<h1>Log in</h1>")}, V.NOT_VISIBLE_TO_US, "login"),
    "to a login that is missing": Situation({"/p": led("/login"), "/login": html("no", 404)}, V.NOT_VISIBLE_TO_US),
    "login wall in a 200": Situation({"/p": html("<h1>Sign in</h1><input type=password>")}, V.NOT_VISIBLE_TO_US, "signing in"),
    "401": Situation({"/p": html("no", 401)}, V.NOT_VISIBLE_TO_US, "wall"),
    "403": Situation({"/p": html("no", 403)}, V.NOT_VISIBLE_TO_US, "wall"),
    "consent wall": Situation({"/p": html("<h1>Before you continue</h1>Accept all cookies?")}, V.NOT_VISIBLE_TO_US, "consent"),
    "to a consent page": Situation({"/p": led("/consent"), "/consent": html("We value your privacy")}, V.NOT_VISIBLE_TO_US),
    "age gate": Situation({"/p": html("<h1>Are you over 18?</h1>")}, V.NOT_VISIBLE_TO_US, "age"),
    "to an age gate": Situation({"/p": led("/age-gate"), "/age-gate": html("Enter your date of birth")}, V.NOT_VISIBLE_TO_US),
    "not in this country, 451": Situation({"/p": html("no", 451)}, V.NOT_VISIBLE_TO_US),
    "not in this country, 200": Situation({"/p": html("<p>Not available in your country</p>")}, V.NOT_VISIBLE_TO_US, "country"),
    "captcha": Situation({"/p": html("<h1>Just a moment</h1>Verify you are human")}, V.NOT_VISIBLE_TO_US, "person is looking"),
    "captcha in a 403": Situation({"/p": html("<h1>Attention required</h1>", 403)}, V.NOT_VISIBLE_TO_US),
    "captcha in a 404": Situation({"/p": html("<h1>Checking your browser</h1>", 404)}, V.NOT_VISIBLE_TO_US),
    "empty body": Situation({"/p": Says("")}, V.NOT_VISIBLE_TO_US, "blank"),
    "no content": Situation({"/p": Says("", 204)}, V.NOT_VISIBLE_TO_US),
    "another page": Situation({"/p": html("<h1>Spring fair</h1>")}, V.NOT_VISIBLE_TO_US),
    "the thread without the comment": Situation(
        {"/p": html("<h1>Trip money</h1><p>Another comment</p>")}, V.NOT_VISIBLE_TO_US, "person should look"
    ),
    "robots.txt forbids": Situation(
        {"/robots.txt": Says("User-agent: *\nDisallow: /p"), "/p": html("no", 404)}, V.NOT_VISIBLE_TO_US, "robots.txt"
    ),
    # no answer
    "429": Situation({"/p": html("slow down", 429, retry_after="3600")}, V.UNREACHABLE, "429"),
    "503 with a time": Situation({"/p": html("down for repair", 503, retry_after="3600")}, V.UNREACHABLE),
    "500": Situation({"/p": html("oops", 500)}, V.UNREACHABLE),
    "502": Situation({"/p": html("bad gateway", 502)}, V.UNREACHABLE),
    "nothing comes": Situation({"/p": _hangs}, V.UNREACHABLE),
    "a body cut off": Situation({"/p": _cut}, V.UNREACHABLE),
    "a 404 cut off": Situation({"/p": _cut_404}, V.UNREACHABLE),
    "no secure connection": Situation({"/p": _not_tls}, V.UNREACHABLE),
    "redirects without end": Situation({"/p": led("/q"), "/q": led("/p")}, V.UNREACHABLE),
    "robots.txt is broken": Situation({"/robots.txt": Says("oops", 500), "/p": html("no", 404)}, V.UNREACHABLE),
}


@pytest.fixture
def client(site: LocalSite, clock: FixedClock) -> Iterator[Client]:
    """The real client with its guards; only this site's port of the loopback is open to it."""
    opened = Client(
        "mailto:office@school.example",
        clock,
        Gate(loopback_ports=frozenset({site.port})),
        pace_seconds=0,
        read_seconds=0.5,
        whole_seconds=1.5,
    )
    yield opened
    opened.close()


def serve(site: LocalSite, pages: Pages) -> None:
    """Put the pages on the site; `BASE` in a body becomes the site's address."""
    for path, says in pages.items():
        if isinstance(says, Says):
            site.page(path, says.body.replace("BASE", site.url("")), says.status, **says.headers)
        else:
            site.pages[path] = says


def item_of(post: Post) -> CaseItem:
    """The case's item for a post."""
    return CaseItem(id="i1", case_id="c1", post_id=post.id, address=post.permalink, platform=post.platform, added_at=MOMENT)


@pytest.mark.parametrize("name", WEB)
def test_a_web_page_in_every_situation(site: LocalSite, client: Client, name: str) -> None:
    """Any web address: 404 and 410 are removals, the words decide otherwise, and all that hides the post is unknown (A20)."""
    situation = WEB[name]
    serve(site, situation.pages)
    post = a_kept_post(text=TEXT, permalink=site.url("/p"))
    seen = look(item_of(post), post, None, client, MOMENT)

    assert (seen.verdict, situation.words in seen.detail) == (situation.verdict, True), seen.detail
    assert site.asked.count("/p") <= (3 if name == "redirects without end" else 1)


def test_nobody_there_is_no_removal(client: Client, site: LocalSite) -> None:
    """A name that does not exist, a dead port and a private address are never a removal, whether or not the text is known."""
    for address in ("http://no-such-name.test/p", "http://127.0.0.1:9/p", "http://10.0.0.1/p", f"https://127.0.0.1:{site.port}/p"):
        for text in (TEXT, ""):
            post = a_kept_post(text=text, permalink=address)
            assert look(item_of(post), post, None, client, MOMENT).verdict in {V.UNREACHABLE, V.NOT_VISIBLE_TO_US}


# --- by the rules of each platform that has an adapter

NOTE = json.dumps({"id": "BASE/users/ann/1", "type": "Note", "content": f"<p>{TEXT}</p>"})
TOMBSTONE = json.dumps({"id": "BASE/users/ann/1", "type": "Tombstone"})


def note(content: str) -> Says:
    """The post at its own server."""
    return Says(json.dumps({"id": "BASE/users/ann/1", "type": "Note", "content": content}))


MASTODON: dict[str, Situation] = {
    "still there": Situation({"/users/ann/1": Says(NOTE), "/@ann/1": html("<div id=app></div>")}, V.PRESENT),
    "edited": Situation({"/users/ann/1": note("<p>All is well.</p>"), "/@ann/1": html("<div id=app></div>")}, V.EDITED),
    "404": Situation({"/users/ann/1": Says('{"error":"Record not found"}', 404), "/@ann/1": html("no", 404)}, V.REMOVED_UNKNOWN),
    "410": Situation({"/users/ann/1": Says("", 410), "/@ann/1": html("no", 410)}, V.REMOVED_UNKNOWN),
    "tombstone": Situation({"/users/ann/1": Says(TOMBSTONE), "/@ann/1": html("no", 404)}, V.REMOVED_UNKNOWN),
    "the account is gone": Situation(
        {"/users/ann/1": Says("", 410), "/@ann/1": html("no", 410), "/@ann": Says("", 410)}, V.ACCOUNT_GONE, "account"
    ),
    "the account is suspended for a while": Situation({"/users/ann/1": Says("", 403), "/@ann/1": html("no", 403)}, V.NOT_VISIBLE_TO_US),
    "gone by the interface, its page still up": Situation(
        {"/users/ann/1": Says("", 404), "/@ann/1": Says(POST)}, V.NOT_VISIBLE_TO_US, "disagree"
    ),
    "its page gone, still at the origin": Situation(
        {"/users/ann/1": Says(NOTE), "/@ann/1": html("no", 404)}, V.NOT_VISIBLE_TO_US, "disagree"
    ),
    "its page behind a wall": Situation({"/users/ann/1": Says("", 404), "/@ann/1": html("no", 403)}, V.NOT_VISIBLE_TO_US, "disagree"),
    "signed requests only": Situation(
        {"/users/ann/1": Says('{"error":"Request not signed"}', 401), "/@ann/1": html("no", 401)}, V.NOT_VISIBLE_TO_US
    ),
    "signed requests only, page open": Situation({"/users/ann/1": Says("", 401), "/@ann/1": Says(POST)}, V.PRESENT),
    "the server is down": Situation({"/users/ann/1": Says("", 502), "/@ann/1": html("no", 502)}, V.UNREACHABLE),
    "the server rests": Situation({"/users/ann/1": Says("", 429, {"retry-after": "60"}), "/@ann/1": html("no", 429)}, V.UNREACHABLE),
    "the name was sold": Situation(
        {"/users/ann/1": html("<h1>Buy this name</h1>"), "/@ann/1": html("<h1>Buy this name</h1>")}, V.NOT_VISIBLE_TO_US
    ),
}

LIVE_POST = json.dumps({"id": 7, "status": "publish", "title": {"rendered": ""}, "content": {"rendered": f"<p>{TEXT}</p>"}})
LIVE_COMMENT = json.dumps({"id": 8, "status": "approved", "content": {"rendered": f"<p>{TEXT}</p>"}})
API_POST, API_COMMENT = "/wp-json/wp/v2/posts/7", "/wp-json/wp/v2/comments/8"


def refused(code: str, status: int) -> Says:
    """A refusal of WordPress's interface."""
    return Says(json.dumps({"code": code, "message": "no"}), status)


WORDPRESS: dict[str, Situation] = {
    "still there": Situation({API_POST: Says(LIVE_POST), "/story": Says(POST)}, V.PRESENT),
    "edited": Situation({API_POST: Says(LIVE_POST.replace("red tin", "blue tin")), "/story": Says(POST)}, V.EDITED),
    "deleted for good": Situation({API_POST: refused("rest_post_invalid_id", 404), "/story": html("no", 404)}, V.REMOVED_UNKNOWN),
    "in the bin": Situation({API_POST: refused("rest_forbidden", 401), "/story": html("no", 404)}, V.REMOVED_UNKNOWN),
    "a draft again": Situation({API_POST: refused("rest_forbidden", 401), "/story": html("no", 404)}, V.REMOVED_UNKNOWN),
    "a draft, page still cached": Situation({API_POST: refused("rest_forbidden", 401), "/story": Says(POST)}, V.PRESENT),
    "in the bin, page leads home": Situation(
        {API_POST: refused("rest_forbidden", 401), "/story": led("/"), "/": html("Welcome")}, V.NOT_VISIBLE_TO_US
    ),
    "a draft shown to us by mistake": Situation(
        {API_POST: Says(LIVE_POST.replace("publish", "draft")), "/story": html("<p>Nothing</p>")}, V.NOT_VISIBLE_TO_US
    ),
    "behind a password": Situation(
        {
            API_POST: Says(json.dumps({"id": 7, "status": "publish", "content": {"rendered": "", "protected": True}})),
            "/story": html("<p>Protected: enter the password</p>"),
        },
        V.NOT_VISIBLE_TO_US,
    ),
    "the interface was switched off": Situation({API_POST: refused("rest_no_route", 404), "/story": Says(POST)}, V.PRESENT),
    "the interface was switched off, page gone": Situation(
        {API_POST: refused("rest_no_route", 404), "/story": html("no", 404)}, V.REMOVED_UNKNOWN
    ),
    "gone from the interface, page behind a wall": Situation(
        {API_POST: refused("rest_post_invalid_id", 404), "/story": html("no", 403)}, V.NOT_VISIBLE_TO_US, "disagree"
    ),
    "the site is down": Situation({API_POST: Says("", 500), "/story": html("no", 500)}, V.UNREACHABLE),
}
COMMENT: dict[str, Situation] = {
    "still there": Situation({API_COMMENT: Says(LIVE_COMMENT), "/story": Says(POST)}, V.PRESENT),
    "deleted, its page stays": Situation(
        {API_COMMENT: refused("rest_comment_invalid_id", 404), "/story": html("<p>Another comment</p>")}, V.REMOVED_UNKNOWN, "still there"
    ),
    "deleted, quoted on its page": Situation({API_COMMENT: refused("rest_comment_invalid_id", 404), "/story": Says(POST)}, V.PRESENT),
    "held back": Situation({API_COMMENT: refused("rest_forbidden", 401), "/story": html("<p>Another comment</p>")}, V.NOT_VISIBLE_TO_US),
    "deleted, its page behind a wall": Situation(
        {API_COMMENT: refused("rest_comment_invalid_id", 404), "/story": html("no", 403)}, V.NOT_VISIBLE_TO_US
    ),
}
FEED: dict[str, Situation] = {
    "rolled off the feed, its page stays": Situation({"/feed": Says("<rss><channel></channel></rss>"), "/story": Says(POST)}, V.PRESENT),
    "still in the feed, its page is gone": Situation(
        {"/feed": Says(f"<rss><item>{TEXT}</item></rss>"), "/story": html("no", 404)}, V.REMOVED_UNKNOWN
    ),
    "rolled off the feed, its page is behind a wall": Situation({"/feed": Says(""), "/story": html("no", 403)}, V.NOT_VISIBLE_TO_US),
    "rolled off the feed, the site is down": Situation({"/feed": Says("", 500), "/story": html("no", 500)}, V.UNREACHABLE),
}


def thread(*rows: tuple[int, str], older: str = "") -> Says:
    """A thread with its comments."""
    listed = "".join(f"<li id=c{number}>{words}</li>" for number, words in rows)
    return html(f"<ul>{listed}</ul>{older}")


OTHERS = ((1, "First comment about the fair."), (3, "Third comment about the bus."), (4, "Fourth comment."))
WITH = (OTHERS[0], (2, TEXT), *OTHERS[1:])
LISTED: dict[str, Situation] = {
    "still there": Situation({"/thread": thread(*WITH)}, V.PRESENT),
    "the comment is gone from the thread": Situation({"/thread": thread(*OTHERS)}, V.REMOVED_UNKNOWN, "no longer among"),
    "a notice in its place": Situation({"/thread": thread(OTHERS[0], (2, "Removed by a moderator."), *OTHERS[1:])}, V.EDITED),
    "edited": Situation({"/thread": thread(OTHERS[0], (2, HARM_KEPT), *OTHERS[1:])}, V.EDITED),
    "collapsed but in the page": Situation(
        {"/thread": thread(OTHERS[0], (2, f"<details><summary>Hidden</summary>{TEXT}</details>"), *OTHERS[1:])}, V.PRESENT
    ),
    "under a new number": Situation({"/thread": thread(*OTHERS, (9, TEXT))}, V.PRESENT),
    "under a new number and edited": Situation({"/thread": thread(*OTHERS, (9, HARM_KEPT))}, V.EDITED),
    "rolled off a list of the newest": Situation({"/thread": thread((8, "New."), (9, "Newer."), OTHERS[0])}, V.NOT_VISIBLE_TO_US),
    "only the beginning of the page came": Situation({"/thread": thread(OTHERS[0])}, V.NOT_VISIBLE_TO_US),
    "the whole thread is gone": Situation({"/thread": html("no", 404)}, V.REMOVED_UNKNOWN),
    "the thread is closed to visitors": Situation({"/thread": html("Please sign in", 403)}, V.NOT_VISIBLE_TO_US),
    "the thread leads home": Situation({"/thread": led("/"), "/": thread(*OTHERS)}, V.NOT_VISIBLE_TO_US),
    "another thread in its place": Situation({"/thread": led("/other"), "/other": thread(*OTHERS)}, V.NOT_VISIBLE_TO_US),
    "the page has a new shape": Situation({"/thread": html("<section>Third comment about the bus.</section>")}, V.NOT_VISIBLE_TO_US),
    "the forum is down": Situation({"/thread": html("no", 503)}, V.UNREACHABLE),
}


def mastodon_post(site: LocalSite) -> Post:
    """A post on a fediverse server."""
    place, page, author = site.url("/users/ann/1"), site.url("/@ann/1"), site.url("/@ann")
    return a_kept_post(platform=PlatformName.MASTODON, text=TEXT, native_id=place, permalink=page, author_id=author)


def wordpress_post(site: LocalSite) -> Post:
    """A story on a WordPress site."""
    raw = {"api": site.url("/wp-json"), "kind": "posts", "id": 7}
    return a_kept_post(text=TEXT, permalink=site.url("/story"), raw=raw)


def wordpress_comment(site: LocalSite) -> Post:
    """A comment on a WordPress site."""
    raw = {"api": site.url("/wp-json"), "kind": "comments", "id": 8}
    return a_kept_post(text=TEXT, permalink=site.url("/story#comment-8"), raw=raw)


def feed_entry(site: LocalSite) -> Post:
    """An entry of a feed."""
    return a_kept_post(text=TEXT, permalink=site.url("/story"))


def listed_comment(site: LocalSite) -> Post:
    """A comment of a thread, as the forum adapter read it."""
    address = site.url("/thread")
    source = a_source(adapter="webpage", address=address, options={"list": "li"})
    script = {address: Reply(thread(*WITH).body, headers={"content-type": "text/html"})}
    reader = scripted_client(script, gate=Gate(loopback_ports=frozenset({site.port})))
    return a_kept_post(PLATFORMS["webpage"].fetch(source, SourceState(source_id="s"), None, reader).posts[1])


Maker = Callable[[LocalSite], Post]
BY_PLATFORM: dict[str, tuple[str, Maker, dict[str, Situation]]] = {
    "mastodon": ("mastodon", mastodon_post, MASTODON),
    "wordpress": ("wordpress", wordpress_post, WORDPRESS),
    "wordpress comment": ("wordpress", wordpress_comment, COMMENT),
    "feed": ("feed", feed_entry, FEED),
    "webpage": ("webpage", listed_comment, LISTED),
}
CASES = [(kind, name) for kind, (_, _, situations) in BY_PLATFORM.items() for name in situations]


@pytest.mark.parametrize(("kind", "name"), CASES, ids=[f"{kind}: {name}" for kind, name in CASES])
def test_each_platform_in_every_situation(site: LocalSite, client: Client, kind: str, name: str) -> None:
    """Where a post lives on a platform with an adapter its own rules decide, together with its web page; no page is asked twice (A20)."""
    adapter, make, situations = BY_PLATFORM[kind]
    situation, post = situations[name], make(site)
    serve(site, situation.pages)
    platform: Platform = PLATFORMS[adapter]
    seen = look(item_of(post), post, platform, client, MOMENT)

    assert (seen.verdict, situation.words in seen.detail) == (situation.verdict, True), seen.detail
    asked = [path for path in site.asked if path not in {"/robots.txt", "/"}]
    assert len(asked) == len(set(asked))


def test_every_adapter_is_in_the_table() -> None:
    """No adapter can be added without its situations."""
    assert {adapter for adapter, _, _ in BY_PLATFORM.values()} == set(PLATFORMS)


def test_the_time_that_a_site_asks_for_comes_with_the_look(site: LocalSite, client: Client, clock: FixedClock) -> None:
    """`Retry-After` of the page or of the interface is handed on; the longest one counts."""
    serve(site, {"/users/ann/1": Says("", 429, {"retry-after": "7200"}), "/@ann/1": html("no", 429, retry_after="60")})
    post = mastodon_post(site)
    seen = look(item_of(post), post, PLATFORMS["mastodon"], client, MOMENT)

    assert (seen.verdict, seen.retry_at) == (V.UNREACHABLE, clock.now() + timedelta(hours=2))
    assert "/@ann/1" not in site.asked  # a host that asked to be left alone is left alone


WORDS = TEXT.split()
_JUNK = st.sampled_from(
    [
        "not found",
        "404",
        "<h1>This post was removed</h1>",
        "log in",
        "<script>gone()</script>",
        "<title>410</title>",
        "\u200b",
        "cookies",
        "<p>account suspended</p>",
        "verify you are human",
        "&nbsp;",
        "\x00",
        "<div hidden>",
        "</p><p>",
        "",
    ]
)
STATUSES = (200, 203, 401, 403, 404, 410, 429, 451, 500, 503)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    before=st.lists(_JUNK, max_size=6),
    after=st.lists(_JUNK, max_size=6),
    tags=st.lists(
        st.tuples(st.integers(0, len(WORDS)), st.sampled_from(["<b>", "</b>", "\n", "\u00a0", "<i>", "<br>", "\u00ad", ", "])), max_size=8
    ),
    upper=st.booleans(),
    status=st.sampled_from(STATUSES),
)
def test_a_page_with_the_posts_words_is_never_removed(
    before: list[str], after: list[str], tags: list[tuple[int, str]], upper: bool, status: int
) -> None:
    """Whatever stands around and between the words, and whatever the status: a page that shows the whole post is no removal."""
    words = list(WORDS)
    for place, tag in tags:
        words.insert(place, tag)
    shown = " ".join(words)
    body = f"{' '.join(before)}<p>{shown.upper() if upper else shown}</p>{' '.join(after)}"
    address = "https://forum.example/p"
    reply = Reply(body, status, {"content-type": "text/html"})
    post = a_kept_post(text=TEXT, permalink=address)
    seen = look(item_of(post), post, None, scripted_client({address: reply}), MOMENT)

    assert not seen.verdict.value.startswith("removed")
    assert seen.verdict is not V.ACCOUNT_GONE


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*WORDS, "not", "found", "<p>", "</p>"]), max_size=60), st.sampled_from((200, 203)))
def test_no_page_that_answers_well_is_a_removal(words: list[str], status: int) -> None:
    """However much of the post is left on it, a page that answers 200 is never a removal by itself."""
    address = "https://forum.example/p"
    reply = Reply(" ".join(words), status, {"content-type": "text/html"})
    post = a_kept_post(text=TEXT, permalink=address)
    seen = look(item_of(post), post, None, scripted_client({address: reply}), MOMENT)

    assert not seen.verdict.value.startswith("removed")
