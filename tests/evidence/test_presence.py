"""One look whether a post is gone: twelve fixtures over real HTTP, and what happens when two looks disagree."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from collector.client import Client
from collector.platform import Looked
from collector.public_address import Gate
from collector.testing import FakePlatform, a_kept_post
from data.clock import FixedClock
from data.errors import CollectError
from data.model.cases import CaseItem, Verdict, VerdictGroup
from data.model.posts import PlatformName
from evidence.presence import agree, look
from evidence.testing import MOMENT, LocalSite

POST = "The invented head of Fernley Green is a useless fool and everybody in the town knows it by now"
REMOVED = {"404": (404, "Not found"), "410": (410, "Gone")}
NOT_REMOVED = {
    "login wall": (200, "<h1>Log in</h1><form>Please sign in to continue <input type=password></form>"),
    "consent page": (200, "<h1>Before you continue</h1><p>We use cookies. Accept all?</p>"),
    "401": (401, "no"),
    "403": (403, "no"),
    "429": (429, "slow down"),
    "500": (500, "oops"),
    "soft 404": (200, "<h1>Page not found</h1><p>This post has been removed.</p>"),
    "blank page": (200, ""),
}


@pytest.fixture
def client(site: LocalSite, clock: FixedClock) -> Iterator[Client]:
    """A client that may ask the site."""
    opened = Client(
        "dsl@school.example", clock, Gate(loopback_ports=frozenset({site.port})), pace_seconds=0, read_seconds=0.5, whole_seconds=2
    )
    yield opened
    opened.close()


def _item(address: str) -> CaseItem:
    return CaseItem(id="i1", case_id="c1", address=address, platform=PlatformName.FORUM, added_at=MOMENT)


@pytest.mark.parametrize("name", NOT_REMOVED)
def test_a_wall_or_a_fault_is_never_a_removal(site: LocalSite, client: Client, name: str) -> None:
    """Login wall, consent page, 401, 403, 429, 500, soft 404 and a blank page leave the case open."""
    status, body = NOT_REMOVED[name]
    seen = look(_item(site.page("/p", body, status)), a_kept_post(text=POST), None, client, MOMENT)

    assert (seen.verdict.group, seen.status) == (VerdictGroup.UNKNOWN, status)
    assert seen.detail


def test_a_redirect_to_the_home_page_is_never_a_removal(site: LocalSite, client: Client) -> None:
    """Being sent to the home page says nothing about the post, whatever the home page answers."""
    site.page("/", "<h1>Welcome</h1>")
    seen = look(_item(site.page("/p", "", 302, location="/")), a_kept_post(text=POST), None, client, MOMENT)

    assert seen.verdict is Verdict.NOT_VISIBLE_TO_US


def test_a_server_that_hangs_up_or_drips_is_never_a_removal(site: LocalSite, client: Client) -> None:
    """No answer at all, and an answer that stops in the middle, are only troubles."""

    def stops(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(404)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        handler.wfile.write(b"half")

    site.pages["/hangs-up"] = lambda handler: handler.connection.close()
    site.pages["/stops"] = stops
    verdicts = {look(_item(site.url(path)), a_kept_post(text=POST), None, client, MOMENT).verdict.group for path in ("/hangs-up", "/stops")}

    assert verdicts == {VerdictGroup.UNKNOWN}


def test_a_server_that_never_answers_is_never_a_removal(site: LocalSite, client: Client) -> None:
    """A time-out is unreachable."""
    hold = threading.Event()
    site.pages["/silent"] = lambda _: hold.wait(10)
    seen = look(_item(site.url("/silent")), a_kept_post(text=POST), None, client, MOMENT)
    hold.set()

    assert seen.verdict is Verdict.UNREACHABLE


def test_a_dead_server_and_a_private_address_are_never_a_removal(client: Client) -> None:
    """What cannot be asked is unknown."""
    for address in ("http://127.0.0.1:9/", "http://10.0.0.1/p", "not an address"):
        assert look(_item(address), None, None, client, MOMENT).verdict.group is VerdictGroup.UNKNOWN


@pytest.mark.parametrize("name", REMOVED)
def test_only_404_and_410_are_a_removal(site: LocalSite, client: Client, name: str) -> None:
    """The two definitive answers count, and the raw answer is kept."""
    status, body = REMOVED[name]
    seen = look(_item(site.page("/p", body, status)), a_kept_post(text=POST), None, client, MOMENT)

    assert (seen.verdict.group, seen.status) == (VerdictGroup.GONE, status)
    assert body.encode() in seen.answer


def test_a_post_that_is_still_there_is_seen(site: LocalSite, client: Client) -> None:
    """The post's own words on the page mean that it is up."""
    seen = look(_item(site.page("/p", f"<p>{POST}</p>")), a_kept_post(text=POST), None, client, MOMENT)

    assert seen.verdict is Verdict.PRESENT


def _looked(verdict: Verdict, status: int = 200) -> Looked:
    return Looked(verdict, "api", status, f"{verdict.value}.", verdict.value.encode())


_ALL = [(own, page) for own in Verdict for page in Verdict]


@pytest.mark.parametrize(("own", "page"), _ALL)
def test_two_looks_are_gone_only_when_both_say_so(own: Verdict, page: Verdict) -> None:
    """For all pairs of answers: gone needs two gone; a post seen by one and hidden from the other is up; a contradiction is unknown."""
    verdict, detail = agree(_looked(own), _looked(page))

    assert (verdict.group is VerdictGroup.GONE) == (own.group is page.group is VerdictGroup.GONE)
    if {own.group, page.group} == {VerdictGroup.UP, VerdictGroup.UNKNOWN}:
        assert verdict is Verdict.PRESENT
    if VerdictGroup.GONE in {own.group, page.group} and own.group is not page.group:
        assert verdict is Verdict.NOT_VISIBLE_TO_US
        assert "disagree" in detail


@pytest.mark.parametrize(
    ("page", "status", "gone"),
    [(Verdict.NOT_VISIBLE_TO_US, 200, True), (Verdict.NOT_VISIBLE_TO_US, 403, False), (Verdict.PRESENT, 200, False)],
)
def test_a_comment_may_go_while_its_page_stays(page: Verdict, status: int, gone: bool) -> None:
    """A comment that the site says is deleted, on a page that answers without its words, is gone; behind a wall it is not."""
    verdict, _ = agree(_looked(Verdict.REMOVED_UNKNOWN, 404), _looked(page, status), is_part_of_page=True)

    assert (verdict.group is VerdictGroup.GONE) == gone


def test_the_platform_and_the_page_are_both_asked_and_kept(site: LocalSite, client: Client) -> None:
    """Where a platform has its own way, both raw answers lie in the record."""
    adapter = FakePlatform(verdicts=[_looked(Verdict.REMOVED_UNKNOWN, 404)])
    seen = look(_item(site.page("/p", "page says gone", 410)), a_kept_post(text=POST), adapter, client, MOMENT)

    assert seen.verdict is Verdict.REMOVED_UNKNOWN
    assert (b"removed_unknown" in seen.answer, b"page says gone" in seen.answer) == (True, True)
    assert seen.method == "api + web page"


def test_a_platform_in_trouble_is_no_removal(site: LocalSite, client: Client) -> None:
    """An adapter that fails leaves the verdict to the page only when the page shows the post."""

    class Broken(FakePlatform):
        """An adapter that raises."""

        def look(self, post: object, client: object, now: object) -> Looked | None:
            """Fail."""
            del post, client, now
            raise CollectError("broken")

    gone = look(_item(site.page("/p", "x", 404)), a_kept_post(text=POST), Broken(), client, MOMENT)
    there = look(_item(site.page("/q", POST)), a_kept_post(text=POST), Broken(), client, MOMENT)

    assert (gone.verdict.group, there.verdict) == (VerdictGroup.UNKNOWN, Verdict.PRESENT)
