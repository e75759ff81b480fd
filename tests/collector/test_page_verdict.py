"""A removal is only what answers 404 or 410; everything else that hides a post is *unknown* (platforms.md §1.5, domain.md §5.5)."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from collector.page_verdict import judge_page, likeness, look_at_page
from collector.testing import START, Reply, ScriptedTransport, Step, scripted_client
from data.model.cases import Verdict, VerdictGroup

ADDRESS = "https://forum.example/threads/12?page=2"
TEXT = "Fernley Green Primary School has lost its way. The new head only cares about money & tests, and nobody listens to parents."
POST = f"<html><title>Thread</title><body><h1>Town talk</h1><p>{TEXT.replace('&', '&amp;')}</p><p>Reply</p></body></html>"
HTML = {"content-type": "text/html; charset=utf-8"}


def page(body: str, status: int = 200) -> Reply:
    """A web page."""
    return Reply(body, status, HTML)


def led_to(address: str, reply: Step, status: int = 302) -> dict[str, Step]:
    """The post's address redirects to `address`."""
    return {ADDRESS: Reply(status=status, headers={"location": address}), address: reply}


HIDDEN: dict[str, dict[str, Step]] = {
    "login wall": {ADDRESS: page("<h1>Please sign in</h1><form><input type=password name=password></form>")},
    "redirect to login": led_to("https://forum.example/login?next=/threads/12", page("<h1>Log in</h1>")),
    "redirect to a login page that is missing": led_to("https://forum.example/login", page("no", 404)),
    "consent page": {ADDRESS: page("<h1>Before you continue</h1><p>We use cookies. Accept all?</p>")},
    "redirect to consent": led_to("https://consent.example/?continue=1", page("<p>We value your privacy</p>")),
    "another site's 404": led_to("https://consent.example/gone", page("not found", 404)),
    "401": {ADDRESS: page("no", 401)},
    "402": {ADDRESS: page("pay", 402)},
    "403": {ADDRESS: page("Forbidden", 403)},
    "451": {ADDRESS: page("not in your country", 451)},
    "429": {ADDRESS: page("slow down", 429)},
    "500": {ADDRESS: page("oops", 500)},
    "502": {ADDRESS: page("oops", 502)},
    "503": {ADDRESS: page("down for maintenance", 503)},
    "405": {ADDRESS: page("no", 405)},
    "202 waiting room": {ADDRESS: page("<p>Checking your browser</p>", 202)},
    "204": {ADDRESS: Reply(status=204)},
    "304": {ADDRESS: Reply(status=304)},
    "redirect without an address": {ADDRESS: Reply(status=302)},
    "time-out": {ADDRESS: httpx.ReadTimeout("slow")},
    "connection refused": {ADDRESS: httpx.ConnectError("no")},
    "redirect loop": {ADDRESS: Reply(status=302, headers={"location": ADDRESS})},
    "redirect to a private address": {ADDRESS: Reply(status=302, headers={"location": "http://10.0.0.1/"})},
    "soft 404": {ADDRESS: page("<title>Page not found</title><p>Sorry, this post does not exist or was removed.</p>")},
    "home-page redirect": led_to("https://forum.example/", page("<h1>Welcome to the forum</h1><p>Newest threads</p>")),
    "home-page redirect for good": led_to("https://forum.example/", page("<h1>Welcome</h1>"), 301),
    "index-page redirect": led_to("https://forum.example/index.php", page("<h1>Welcome</h1>")),
    "home-page redirect that ends in 404": led_to("https://forum.example/", page("nothing", 404)),
    "blank page": {ADDRESS: page("")},
    "blank document": {ADDRESS: page("<!doctype html><html><head><script>var a='text';</script></head><body> </body></html>")},
    "another page": {ADDRESS: page("<h1>Spring fair</h1><p>Come to the fair on the green.</p>")},
    "noise": {ADDRESS: Reply(bytes(range(256)) * 4000)},
    "NUL bytes": {ADDRESS: Reply(b"\x00" * 100_000)},
    "broken gzip": {ADDRESS: Reply(b"nonsense", headers={"content-encoding": "gzip"})},
    "robots.txt forbids": {ADDRESS: page(POST), "https://forum.example/robots.txt": Reply("User-agent: *\nDisallow: /")},
}


@pytest.mark.parametrize("text", [TEXT, None, ""], ids=["text", "no text", "empty text"])
@pytest.mark.parametrize("name", HIDDEN)
def test_what_hides_a_post_is_never_a_removal(name: str, text: str | None) -> None:
    """Walls, faults, redirects away, blank pages and other pages never say «removed»."""
    looked = look_at_page(ADDRESS, text, scripted_client(HIDDEN[name]))

    assert looked.verdict.group is not VerdictGroup.GONE
    assert looked.detail


@pytest.mark.parametrize("name", [name for name in HIDDEN if name not in {"another page", "noise"}])
def test_what_hides_a_post_is_unknown(name: str) -> None:
    """Where the post cannot be seen, the answer is «unknown», not «still up»."""
    assert look_at_page(ADDRESS, TEXT, scripted_client(HIDDEN[name])).verdict.group is VerdictGroup.UNKNOWN


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    "body",
    ["", "<h1>Not found</h1>", "<h1>Log in</h1>", POST.replace("&amp; tests, and nobody", "").replace("lost its way. The new head", "")],
)
def test_404_and_410_are_removals(status: int, body: str) -> None:
    """«Not found» and «gone» are the definitive answers, whatever the page says beside them."""
    looked = look_at_page(ADDRESS, TEXT, scripted_client({ADDRESS: page(body, status)}))

    assert (looked.verdict, looked.status) == (Verdict.REMOVED_UNKNOWN, status)
    assert str(status) in looked.detail


@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_page_that_still_shows_the_post_is_still_up(status: int) -> None:
    """A careless server may answer «not found» and send the post all the same: everybody can still read it."""
    assert look_at_page(ADDRESS, TEXT, scripted_client({ADDRESS: page(POST, status)})).verdict is Verdict.PRESENT
    assert look_at_page(ADDRESS, "Talk", scripted_client({ADDRESS: page(POST, status)})).verdict is Verdict.REMOVED_UNKNOWN


@pytest.mark.parametrize("status", [404, 410])
def test_a_door_for_robots_is_no_removal(status: int) -> None:
    """A page that only sends programs away says nothing, whatever its number."""
    body = "<h1>Just a moment...</h1><p>Verify you are human</p>"

    assert look_at_page(ADDRESS, TEXT, scripted_client({ADDRESS: page(body, status)})).verdict is Verdict.NOT_VISIBLE_TO_US


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("<h1>Just a moment...</h1> Checking your browser", "person is looking"),
        ("<h1>Are you 18 or over?</h1>", "age"),
        ("<p>This content is not available in your country.</p>", "country"),
        ("<p>This account has been suspended.</p>", "account"),
        ("<p>Sorry, that page does not exist.</p>", "not found"),
        ("<p>Please sign in</p>", "signing in"),
        ("<p>Before you continue: cookies</p>", "consent"),
        ("<p>Spring fair</p>", "something else"),
        ("", "blank"),
    ],
)
@pytest.mark.parametrize("text", [TEXT, None])
def test_a_wall_is_named(body: str, word: str, text: str | None) -> None:
    """What stands in the post's place is said in words, and is unknown even where there is no text to compare."""
    looked = look_at_page(ADDRESS, text, scripted_client({ADDRESS: page(body)}))
    if text is None and word == "something else":
        assert looked.verdict is Verdict.PRESENT
    else:
        assert (looked.verdict, word in looked.detail) == (Verdict.NOT_VISIBLE_TO_US, True)


@pytest.mark.parametrize(
    ("headers", "rest"), [({"retry-after": "7200"}, timedelta(hours=2)), ({}, timedelta(minutes=15))], ids=["with a time", "without"]
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_site_that_asks_to_be_left_alone_says_until_when(headers: dict[str, str], rest: timedelta, status: int) -> None:
    """`Retry-After` comes with the verdict, so that the next look can wait for it; asked again too early nothing is sent."""
    transport = ScriptedTransport({ADDRESS: Reply("slow down", status, headers)})
    client = scripted_client(transport)
    first, again = look_at_page(ADDRESS, TEXT, client), look_at_page(ADDRESS, TEXT, client)

    assert (first.verdict, first.retry_at) == (Verdict.UNREACHABLE, START + rest)
    assert (again.verdict, again.retry_at, transport.asked) == (Verdict.UNREACHABLE, START + rest, [ADDRESS])


def test_a_post_that_moved_is_still_up() -> None:
    """A permanent redirect to another address where the words still stand."""
    moved = "https://forum.example/archive/12"
    looked = look_at_page(ADDRESS, TEXT, scripted_client(led_to(moved, page(POST), 301)))

    assert (looked.verdict, "moved" in looked.detail) == (Verdict.PRESENT, True)


@pytest.mark.parametrize("target", ["https://www.forum.example/threads/12?page=2", "https://forum.example/threads/12-town-talk/"])
def test_404_after_a_move_on_the_same_site_is_a_removal(target: str) -> None:
    """A site that first tidies the address and then says «not found» has said it."""
    looked = look_at_page(ADDRESS, TEXT, scripted_client(led_to(target, page("no", 404), 301)))

    assert looked.verdict is Verdict.REMOVED_UNKNOWN


@pytest.mark.parametrize(
    "body",
    [
        POST,
        POST.upper(),
        POST.replace(" ", "\n  "),
        f"<html><head><meta property='og:description' content='{TEXT}'></head><body><div id=app></div></body></html>",
        f"<body>{TEXT.replace('lost its way', '<b>lost</b> its <i>way</i>').replace('&', '&amp;')}<p>Log in. Not found?</p>",
    ],
)
def test_a_post_whose_words_are_there_is_present(body: str) -> None:
    """Mark-up, case, white space and a «log in» link beside it do not matter."""
    assert look_at_page(ADDRESS, TEXT, scripted_client({ADDRESS: page(body)})).verdict is Verdict.PRESENT


def test_title_and_text_may_stand_apart() -> None:
    """The title and each paragraph of a post may stand in different places of the page."""
    text = "A sad day\n\nFernley Green Primary School let us down.\n\nNever again."
    body = "<h1>A sad day</h1><p>by A Parent</p><p>Fernley Green Primary School let us down.</p><aside>Ad</aside><p>Never again.</p>"

    assert look_at_page(ADDRESS, text, scripted_client({ADDRESS: page(body)})).verdict is Verdict.PRESENT


def test_a_changed_text_is_edited_and_says_how_much_is_left() -> None:
    """Most of the words still there and some changed is an edit, for a person to look at."""
    body = POST.replace("only cares about money", "cares about buildings")
    looked = look_at_page(ADDRESS, TEXT, scripted_client({ADDRESS: page(body)}))

    assert looked.verdict is Verdict.EDITED
    assert "%" in looked.detail


def test_little_left_of_a_text_is_for_a_person() -> None:
    """A few shared words are not the post."""
    looked = look_at_page(ADDRESS, TEXT, scripted_client({ADDRESS: page("<p>Fernley Green Primary School has a new gate.</p>")}))

    assert looked.verdict is Verdict.NOT_VISIBLE_TO_US
    assert "person" in looked.detail


def test_a_post_without_text_is_present_on_an_ordinary_page() -> None:
    """Where there are no words to compare, an ordinary page counts as still up, and says so."""
    looked = look_at_page(ADDRESS, None, scripted_client({ADDRESS: page("<h1>Photo 12</h1>" + "<p>Comments and more</p>" * 100)}))

    assert looked.verdict is Verdict.PRESENT
    assert "no text" in looked.detail


def test_the_whole_answer_is_kept_as_evidence() -> None:
    """The raw answer comes with the verdict."""
    looked = look_at_page(ADDRESS, TEXT, scripted_client({ADDRESS: page("gone", 410)}))

    assert b"status: 410" in looked.answer
    assert looked.answer.endswith(b"gone")


def test_an_answer_can_be_judged_without_a_client() -> None:
    """Evidence judges the answer that its own capture got."""
    answer = scripted_client({ADDRESS: page(POST)}).look(ADDRESS)

    assert judge_page(answer, TEXT, ADDRESS).verdict is Verdict.PRESENT


def test_deep_and_large_pages_are_judged() -> None:
    """A page nested ten thousand deep, or megabytes long, is judged like any other."""
    for body in ("<div>" * 10_000 + TEXT, f"<p>{'word ' * 200_000}</p>" + POST):
        assert look_at_page(ADDRESS, TEXT, scripted_client({ADDRESS: page(body)})).verdict in {Verdict.PRESENT, Verdict.NOT_VISIBLE_TO_US}


@pytest.mark.parametrize(
    ("post", "shown", "whole"),
    [
        ("Café ☕ à Fernley", "the CAFE a fernley", True),
        ("no", "nobody", False),
        ("校长走了", "今天 校长走了 吗", True),
        ("", "anything", False),
        ("☕☕", "anything", False),
        ("a\u200bb\u00adc school", "abc school", True),
    ],
)
def test_words_are_compared_as_a_person_would(post: str, shown: str, whole: bool) -> None:
    """Accents, case, invisible characters and punctuation do not count; parts of words do."""
    assert likeness(post, shown).whole is whole


def test_only_one_polite_request_is_made() -> None:
    """One look asks the address once."""
    transport = ScriptedTransport({ADDRESS: page("oops", 500)})
    look_at_page(ADDRESS, TEXT, scripted_client(transport))

    assert transport.asked == [ADDRESS]
