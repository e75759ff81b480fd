"""The invented town: posts arrive, change and go over real HTTP, as on the places it stands for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from collector.client import Client
from collector.platforms import PLATFORMS
from collector.poll import Kept, poll
from collector.public_address import Gate
from data.clock import FixedClock, ScaledClock
from data.errors import SettingsError
from data.model.cases import Verdict, VerdictGroup
from data.model.posts import Post, PostId, SeenPost, text_hash
from data.model.watch import Health, Source, SourceState
from schoolwatch.demo.front import pace_line
from schoolwatch.demo.moderator import Moderator
from schoolwatch.demo.posts import HARMLESS, Place, Script, TownPost, load_posts, load_script
from schoolwatch.demo.scene import Standing
from schoolwatch.demo.town import RunningTown, Town, UnknownAddressError, start_in_thread
from schoolwatch.demo.watchlist import schools, sources, staff, terms, users

HOUR = timedelta(hours=1)
ACTIVITY = {"Accept": "application/activity+json"}
JSON = {"Content-Type": "application/json"}


class Visit:
    """A visitor of a town whose clock the test moves."""

    def __init__(self, clock: FixedClock, running: RunningTown) -> None:
        self.clock, self.running, self.town = clock, running, running.town
        self.http = httpx.Client(base_url=running.base, timeout=10)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for a path, without following redirects."""
        return self.http.get(path, headers=headers)

    def page(self, key: str) -> httpx.Response:
        """Ask for a post's own page."""
        return self.get(self.town.path_of(self.town.post(key)))

    def api(self, key: str) -> str:
        """Return the path of a post in its place's interface."""
        shown = self.town.show(self.town.post(key))
        start = {Place.SOCIAL: "/social/api/v1/statuses/", Place.BLOG: "/blog/wp-json/wp/v2/posts/"}
        return f"{start.get(shown.post.place, '/blog/wp-json/wp/v2/comments/')}{shown.number}"

    def ask(self, key: str) -> httpx.Response:
        """Record a removal request for a post."""
        return self.http.post("/moderator/requests", json={"address": self.town.address_of(key, self.running.base)})


@pytest.fixture(scope="module")
def door() -> Iterator[RunningTown]:
    """One server for all tests of this file: starting and ending one takes longer than most of them."""
    with start_in_thread(Town(FixedClock())) as running:
        yield running


def _visit(door: RunningTown, town: Town, clock: FixedClock) -> Iterator[Visit]:
    """Put a fresh town behind the door, and visit it."""
    vars(door.town).update(vars(town))
    visitor = Visit(clock, door)
    yield visitor
    visitor.http.close()


@pytest.fixture
def visit(door: RunningTown) -> Iterator[Visit]:
    """A town at its start without walls."""
    clock = FixedClock()
    yield from _visit(door, Town(clock, walls=()), clock)


@pytest.fixture
def walled(door: RunningTown) -> Iterator[Visit]:
    """A town with the walls of the demo."""
    clock = FixedClock()
    yield from _visit(door, Town(clock), clock)


# ---- the written town ----------------------------------------------------------------------------------------------------------


def test_script_holds_days_of_posts() -> None:
    """The demo tells about two schools for three days, mostly harmless, and begins with a clear accusation."""
    posts = load_posts()

    assert len(posts) >= 45
    assert {post.school for post in posts} == {"fernley-green", "ashcombe-vale"}
    assert sum(post.label in HARMLESS for post in posts) > len(posts) / 2
    assert max(post.after for post in posts) > 48 * HOUR
    assert next(post for post in posts if post.after == timedelta(0)).label == "defamation_individual"
    harms = {"harassment_staff", "pupil_personal_data", "violence_intimidation", "safeguarding_disclosure", "csam"}
    assert harms <= {post.label for post in posts}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"edited_after": HOUR}, "edit needs both"),
        ({"place": Place.BLOG_COMMENT}, "needs the article"),
    ],
)
def test_half_a_post_is_refused(wrong: dict[str, object], words: str) -> None:
    """A post that is written only in part is refused with its name."""
    whole: dict[str, object] = {"key": "k", "place": Place.SOCIAL, "after": HOUR, "author": "ann", "text": "t", "label": "praise"}

    with pytest.raises(ValueError, match=f"post k: .*{words}"):
        TownPost.model_validate({**whole, **wrong})


def test_unknown_author_and_doubled_key_are_refused() -> None:
    """A script with a stranger or with one name for two posts is refused."""
    script = load_script()
    stranger = script.posts[0].model_copy(update={"author": "nobody"})

    with pytest.raises(ValueError, match="unknown author"):
        Script(authors=script.authors, posts=(stranger,), walls=())
    with pytest.raises(ValueError, match="one key"):
        Script(authors=script.authors, posts=(script.posts[0], script.posts[0]), walls=())


# ---- arriving, changing, going --------------------------------------------------------------------------------------------------


def test_posts_arrive_while_you_watch(visit: Visit) -> None:
    """A post cannot be seen a moment before its time, and can be from then on."""
    path = "/social/api/v1/timelines/tag/fernleygreen?limit=40"
    first = visit.get(path).json()
    visit.clock.forward(timedelta(minutes=75))
    later = visit.get(path).json()

    assert "stole the Year 6 trip money" in first[0]["content"]
    assert "pathetic" not in json.dumps(first)
    assert "pathetic" in later[0]["content"]
    assert later[0]["created_at"] == "2026-11-20T10:15:00.000Z"


def test_future_post_has_no_page(visit: Visit) -> None:
    """The address of a post that is still to come answers that there is nothing."""
    assert visit.page("gas-leak").status_code == 404
    assert visit.get(visit.api("gas-leak")).status_code == 404
    assert visit.page("article-garden").status_code == 404


def test_edit_shows_new_words_and_keeps_the_old_in_history(visit: Visit) -> None:
    """An edited post reads differently, says so, and its history holds both versions, oldest first."""
    visit.clock.forward(timedelta(minutes=210))
    before = visit.get(visit.api("fundraiser-edit")).json()
    visit.clock.forward(HOUR)
    after = visit.get(visit.api("fundraiser-edit")).json()
    history = visit.get(visit.api("fundraiser-edit") + "/history").json()

    assert before["edited_at"] is None
    assert after["edited_at"] == "2026-11-20T13:20:00.000Z"
    assert "Correction" in after["content"]
    assert "Correction" in visit.page("fundraiser-edit").text
    assert [("Correction" in version["content"], "id" in version) for version in history] == [(False, False), (True, False)]


def test_author_takes_a_post_down(visit: Visit) -> None:
    """A post that its author deletes is gone at its origin without any request."""
    visit.clock.forward(timedelta(minutes=400))
    there = visit.page("own-deletion").status_code
    visit.clock.forward(timedelta(minutes=200))

    assert there == 200
    assert visit.page("own-deletion").status_code == 410
    assert visit.town.standing(visit.town.post("own-deletion")) is Standing.DELETED


def test_moderator_removes_a_post_after_the_request(visit: Visit) -> None:
    """Five hours after the request, and not earlier, the origin answers Tombstone, the page 410 and the API 404."""
    uri = visit.get(visit.api("trip-money")).json()["uri"]
    answer = visit.ask("trip-money")
    visit.clock.forward(5 * HOUR - timedelta(seconds=1))
    early = visit.get(uri, **ACTIVITY)
    visit.clock.forward(timedelta(seconds=1))
    gone = visit.get(uri, **ACTIVITY)

    assert answer.status_code == 202
    assert answer.json()["will_remove"] is True
    assert (early.status_code, early.json()["type"]) == (200, "Note")
    assert (gone.status_code, gone.json()["type"]) == (410, "Tombstone")
    assert gone.headers["content-type"].startswith("application/activity+json")
    assert visit.page("trip-money").status_code == 410
    assert visit.get(visit.api("trip-money")).status_code == 404
    assert visit.get(visit.api("trip-money") + "/history").status_code == 404
    assert "trip money. He took" not in visit.get("/social/").text


def test_removed_comment_leaves_its_article(visit: Visit) -> None:
    """A comment that was taken down answers 404 with WordPress's code, and its article stands without it."""
    visit.clock.forward(3 * HOUR)
    before = visit.page("comment-homework-pupil")
    visit.ask("comment-homework-pupil")
    visit.clock.forward(5 * HOUR)
    answer = visit.get(visit.api("comment-homework-pupil"))

    assert "Tobin in 4B" in before.text
    assert (answer.status_code, answer.json()["code"]) == (404, "rest_comment_invalid_id")
    page = visit.page("comment-homework-pupil")
    assert page.status_code == 200
    assert "Tobin" not in page.text
    assert "timetable" in page.text


def test_removed_forum_post_and_edit_answer_gone(visit: Visit) -> None:
    """A forum post and a wiki edit that were taken down are missing from their lists, and their own pages answer 410."""
    visit.clock.forward(6 * HOUR)
    visit.ask("thread-carpark")
    visit.ask("wiki-drosswick")
    visit.clock.forward(5 * HOUR)

    assert visit.page("thread-carpark").status_code == 410
    thread = visit.get("/forum/thread/thread-carpark").text
    assert "car park on Friday" not in thread
    assert "no way to talk" in thread
    assert "moderator" not in thread
    assert visit.page("wiki-drosswick").status_code == 410
    for path in ("/wiki/page/Ashcombe_Vale_Academy", "/wiki/page/Ashcombe_Vale_Academy/history", "/wiki/feed.atom"):
        assert visit.get(path).status_code == 200
        assert "dusk_rider" not in visit.get(path).text


def test_removed_article_takes_its_comments_along(visit: Visit) -> None:
    """Where the article went, its comments cannot be seen either."""
    start = visit.town.post("article-fair")
    town = Town(visit.clock, (start.model_copy(update={"label": "confidential_leak"}), visit.town.post("comment-fair-jam")), walls=())
    town.receive_request("http://any.example" + town.path_of(start), visit.clock.now())
    visit.clock.forward(5 * HOUR)

    assert [town.standing(post) for post in town.posts] == [Standing.REMOVED, Standing.REMOVED]


def test_fair_words_stay(visit: Visit) -> None:
    """The moderator keeps fair criticism however often it is reported."""
    visit.clock.forward(HOUR)
    answer = visit.ask("lunch-queue")
    visit.clock.forward(24 * HOUR)

    assert answer.json()["will_remove"] is False
    assert visit.page("lunch-queue").status_code == 200
    assert "breaks no rule" in visit.get("/").text


def test_second_request_changes_nothing(visit: Visit) -> None:
    """Asking again does not start the moderator's hours anew."""
    first = visit.ask("trip-money").json()
    visit.clock.forward(2 * HOUR)

    assert visit.ask("trip-money").json() == first
    assert visit.get("/moderator/requests").json() == [first]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"address": "http://x.example/none"}', "application/json", 404),
        (b'{"address": ""}', "application/json", 400),
        (b'{"address": 7}', "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"address": "http://x.example/none"}', "text/plain", 400),
        (b'{"address": "' + b"a" * 20_000 + b'"}', "application/json", 400),
        (b'{"address": "http://[::1/none"}', "application/json", 404),
    ],
)
def test_wrong_requests_get_clear_answers(visit: Visit, body: bytes, kind: str, status: int) -> None:
    """A request that names no post of the town is turned away with a line that says why."""
    answer = visit.http.post("/moderator/requests", content=body, headers={"Content-Type": kind})

    assert answer.status_code == status
    assert answer.json()["error"]


def test_every_way_to_name_a_post_is_understood(visit: Visit) -> None:
    """Page, origin and interface addresses of a post lead the moderator to the same post; a future one is unknown."""
    status = visit.get(visit.api("trip-money")).json()

    for address in (status["url"], status["uri"], status["url"] + "/", visit.running.base + visit.api("trip-money")):
        assert visit.town.find(address).key == "trip-money"
    with pytest.raises(UnknownAddressError):
        visit.town.find(visit.town.address_of("gas-leak", visit.running.base))
    with pytest.raises(UnknownAddressError):
        visit.town.address_of("no-such-key", "http://x.example")


def test_moderator_remembers_over_a_restart(tmp_path: Path) -> None:
    """Requests outlive the process, even when its last line was cut short."""
    memory, now = tmp_path / "requests.jsonl", datetime(2026, 11, 20, tzinfo=UTC)
    post = next(post for post in load_posts() if post.key == "trip-money")
    receipt = Moderator(memory=memory).receive(post, "http://x.example/1", now)
    with memory.open("a") as file:
        file.write('{"address": "htt')

    assert Moderator(memory=memory).receipts() == (receipt,)
    assert Moderator(memory=memory).removed_at("trip-money") == now + 5 * HOUR


# ---- walls --------------------------------------------------------------------------------------------------------------------


def test_login_wall_comes_and_goes_each_day(walled: Visit) -> None:
    """During the members' hours the forum leads every visitor to a sign-in page; afterwards, and before, it is open."""
    path = walled.town.path_of(walled.town.post("thread-parking"))
    seen = []
    for hours in (6.5, 1, 1.5, 22.5):  # at 06:30, 07:30, 09:00, and 07:30 on the next day
        walled.clock.forward(hours * HOUR)
        seen.append((walled.get(path).status_code, walled.get(path).headers.get("location", "").endswith("/forum/login")))

    assert seen == [(200, False), (302, True), (200, False), (302, True)]
    assert "Please sign in" in walled.get("/forum/login").text


def test_consent_wall_hides_pages_but_not_the_interface(walled: Visit) -> None:
    """A consent page answers 200 without the article; the interface goes on, and a person who accepts is let in."""
    walled.clock.forward(11.5 * HOUR)
    page = walled.page("article-fair")

    assert page.status_code == 200
    assert "Before you continue" in page.text
    assert "cups of tea" not in page.text
    assert walled.get(walled.api("article-fair")).status_code == 200
    accepted = walled.get("/consent?to=/blog/")
    assert (accepted.status_code, accepted.headers["location"]) == (303, "/blog/")
    assert "cups of tea" in walled.page("article-fair").text


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/", "evil", "/\\evil.example", "/%5Cevil.example"])
def test_consent_leads_nowhere_outside(visit: Visit, to: str) -> None:
    """The consent page never sends a visitor out of the town."""
    assert visit.get(f"/consent?to={to}").headers["location"] == "/"


def test_closed_and_busy_walls(walled: Visit) -> None:
    """At its hours the social server asks programs and people to sign in (401), and the wiki says that it is busy (503)."""
    uri = walled.get(walled.api("trip-money")).json()["uri"]
    walled.clock.forward(14.25 * HOUR)
    busy = walled.get("/wiki/feed.atom")
    walled.clock.forward(4 * HOUR)

    assert (busy.status_code, busy.headers["retry-after"]) == (503, "2")
    assert walled.get(uri, **ACTIVITY).status_code == 401
    assert walled.get(walled.api("trip-money")).status_code == 401
    assert "Members only" in walled.page("trip-money").text


# ---- Mastodon -----------------------------------------------------------------------------------------------------------------


def test_timeline_pages_by_link_header(visit: Visit) -> None:
    """Following `next` from the newest page gives every post of a tag once, newest first."""
    visit.clock.forward(24 * HOUR)
    address: str | None = "/social/api/v1/timelines/tag/FernleyGreen?limit=3"
    ids: list[int] = []
    while address:
        answer = visit.get(address)
        ids += [int(row["id"]) for row in answer.json()]
        address = answer.links.get("next", {}).get("url")

    expected = [one.number for one in visit.town.visible(Place.SOCIAL) if "#fernleygreen" in one.text.lower()]
    assert ids == expected
    assert len(ids) > 12


def test_min_id_walks_forward_without_a_hole(visit: Visit) -> None:
    """From a known id on, `prev` leads through everything newer, oldest page first, until a page is empty."""
    first = visit.get("/api/v1/timelines/tag/fernleygreen?limit=1").json()[0]["id"]
    visit.clock.forward(24 * HOUR)
    answer = visit.get(f"/api/v1/timelines/tag/fernleygreen?limit=4&min_id={first}")
    seen: list[int] = []
    while rows := answer.json():
        seen = [int(row["id"]) for row in rows] + seen
        answer = visit.get(answer.links["prev"]["url"])

    assert seen == sorted(seen, reverse=True)
    assert "Good night" in visit.get(f"/api/v1/statuses/{seen[0]}").json()["content"]
    assert len(seen) == sum(one.posted_at > visit.town.start and "#fernleygreen" in one.text for one in visit.town.visible(Place.SOCIAL))
    assert "link" not in answer.headers


def test_search_instance_and_limits(visit: Visit) -> None:
    """Search finds posts that hold all the words; the server says which feeds are open; odd limits do not break it."""
    found = visit.get("/api/v2/search?q=quillbrook+trip&type=statuses").json()
    instance = visit.get("/api/v2/instance").json()

    assert [row["account"]["acct"] for row in found["statuses"]] == ["grumblegate"]
    assert found["accounts"] == []
    assert visit.get("/api/v2/search?q=").json()["statuses"] == []
    assert instance["configuration"]["timelines_access"]["hashtag_feeds"]["local"] == "public"
    for limit in ("0", "-1", "x", "9999", ""):
        assert visit.get(f"/api/v1/timelines/tag/fernleygreen?limit={limit}").status_code == 200


def test_status_says_what_people_see(visit: Visit) -> None:
    """A status gives its global id, page, media with alt text, and the post it answers."""
    visit.clock.forward(HOUR)
    row = visit.get(visit.api("choir")).json()
    answer = visit.get(visit.api("trip-question")).json()
    first = visit.get(visit.api("trip-money")).json()

    assert row["media_attachments"][0]["description"] == "Drawing of music notes over a row of roofs"
    assert row["tags"][0]["name"] == "fernleygreen"
    assert answer["in_reply_to_id"] == first["id"]
    assert first["replies_count"] == 1
    assert int(row["id"]) >> 16 == datetime.fromisoformat(row["created_at"]).timestamp() * 1000
    assert visit.get(row["uri"]).headers["location"] == row["url"]
    picture = visit.get(row["media_attachments"][0]["url"])
    assert picture.headers["content-type"].startswith("image/svg+xml")


# ---- WordPress ----------------------------------------------------------------------------------------------------------------


def test_wordpress_pages_and_totals(visit: Visit) -> None:
    """Paging gives totals and links; a page beyond the end and too long a page get WordPress's own errors."""
    visit.clock.forward(24 * HOUR)
    start = "/blog/wp-json/wp/v2/comments"
    first = visit.get(f"{start}?per_page=4&order=asc")
    beyond = visit.get(f"{start}?per_page=4&page=9")
    long = visit.get(f"{start}?per_page=101")

    assert (first.headers["x-wp-total"], first.headers["x-wp-totalpages"]) == ("6", "2")
    assert len(visit.get(first.links["next"]["url"]).json()) == 2
    assert (beyond.status_code, beyond.json()["code"]) == (400, "rest_comment_invalid_page_number")
    assert (long.status_code, long.json()["code"]) == (400, "rest_invalid_param")


@pytest.mark.parametrize(
    "query", ["per_page=x", "page=0", "order=up", "orderby=colour", "after=yesterday", "per_page=0", "after=2026-99-99"]
)
def test_wordpress_refuses_odd_parameters(visit: Visit, query: str) -> None:
    """A parameter that is no sense gets 400, never a traceback."""
    assert visit.get(f"/blog/wp-json/wp/v2/posts?{query}").status_code == 400


def test_wordpress_filters(visit: Visit) -> None:
    """Search, after, before, modified_after and post narrow the rows as WordPress does."""
    visit.clock.forward(24 * HOUR)
    posts, comments = "/blog/wp-json/wp/v2/posts", "/blog/wp-json/wp/v2/comments"
    article = visit.get(f"{posts}?search=homework").json()[0]

    assert article["title"]["rendered"].startswith("Homework at Fernley Green")
    assert [row["author_name"] for row in visit.get(f"{comments}?post={article['id']}&order=asc").json()] == ["Orla Oatfield", "dusk_rider"]
    assert [row["slug"] for row in visit.get(f"{posts}?after=2026-11-20T18:00:00&order=asc").json()] == ["article-bus", "article-garden"]
    assert [row["slug"] for row in visit.get(f"{posts}?before=2026-11-19T18:00:00Z").json()] == ["article-fair"]
    assert len(visit.get(f"{posts}?modified_after=2026-11-20T18:00:00Z&orderby=modified&order=asc").json()) == 2
    assert article["_embedded"]["author"][0]["name"] == "The Green Notebook"


def test_wordpress_is_found_and_short_links_lead_on(visit: Visit) -> None:
    """The blog names its interface in a header, short links redirect for good, unknown ids answer as WordPress does."""
    home = visit.get("/blog/")
    number = visit.get("/blog/wp-json/wp/v2/posts").json()[0]["id"]

    assert home.links["https://api.w.org/"]["url"] == f"{visit.running.base}/blog/wp-json/"
    assert visit.get("/blog/wp-json/").json()["namespaces"] == ["wp/v2"]
    assert visit.get(f"/blog/?p={number}").status_code == 301
    assert visit.get("/blog/?p=99999").status_code == 404
    assert visit.get("/blog/wp-json/wp/v2/posts/99999").json()["code"] == "rest_post_invalid_id"
    assert visit.get("/blog/category/fernley-green/").status_code == 200
    assert visit.get("/blog/category/nowhere/").status_code == 404


# ---- feeds, forum, wiki -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/blog/feed/", "/blog/comments/feed/", "/blog/category/ashcombe-vale/feed/", "/wiki/feed.atom"],
    ids=lambda path: path.strip("/"),
)
def test_feeds_are_well_formed_and_answer_304(visit: Visit, path: str) -> None:
    """Each feed is sound XML, and says "not modified" until something new is posted."""
    visit.clock.forward(2 * HOUR)
    first = visit.get(path)
    tag = first.headers["etag"]

    assert ET.fromstring(first.content) is not None  # noqa: S314 - our own server's answer
    assert visit.get(path, **{"If-None-Match": tag}).status_code == 304
    visit.clock.forward(22 * HOUR)
    assert visit.get(path, **{"If-None-Match": tag}).status_code == 200


def test_forum_pages_hold_every_post_once(visit: Visit) -> None:
    """Following "Next page" through the newest posts meets each of them once, with author, time and its own address."""
    visit.clock.forward(24 * HOUR)
    path, seen = "/forum/latest", []
    while path:
        text = visit.get(path).text
        seen += re.findall(r'<a class="permalink" href="(/forum/post/\d+)"', text)
        assert text.count("<time datetime=") == text.count('<article class="post"')
        path = "".join(re.findall(r'class="next" href="([^"]+)"', text))

    assert seen == [one.path for one in visit.town.visible(Place.FORUM)]
    for wrong in ("/forum/latest?page=99", "/forum/latest?page=x", "/forum/thread/none", "/forum/post/9999"):
        assert visit.get(wrong).status_code == 404


def test_wiki_shows_page_history_and_edit(visit: Visit) -> None:
    """A wiki page reads as the sum of its edits, and its history leads to each of them."""
    visit.clock.forward(23 * HOUR)
    page = visit.get("/wiki/page/Fernley_Green_Primary_School").text
    history = visit.get("/wiki/page/Fernley_Green_Primary_School/history").text

    assert "seven classes" in page
    assert "garden club" in page
    assert history.count("/wiki/revision/") == 2
    assert "It added" in visit.page("wiki-pond").text
    assert visit.get("/wiki/page/Nowhere").status_code == 404
    assert visit.get("/wiki/page/Nowhere/history").status_code == 404


# ---- pages --------------------------------------------------------------------------------------------------------------------


def test_every_page_of_every_post_shows_who_when_and_what(visit: Visit) -> None:
    """At the end each post's page shows its words, its author and its time, and loads nothing foreign."""
    visit.clock.forward(72 * HOUR)
    shown = visit.town.visible()

    assert len(shown) == len(load_posts()) - 1  # one was deleted by its author
    for one in shown:
        answer = visit.get(one.path)
        assert answer.status_code == 200
        assert one.text.split("#")[0][:25] in answer.text.replace("<span>", "").replace("</span>", "") or "@" in one.text
        assert one.posted_at.strftime("%Y-%m-%dT%H:%M") in answer.text
        assert one.author.handle in answer.text or one.author.name in answer.text
        assert not re.search(r'(src|href)="(https?:)?//(?!127\.0\.0\.1)', answer.text)
        assert "<script" not in answer.text


def test_markup_in_a_post_stays_text() -> None:
    """Markup that somebody writes is shown as letters everywhere, never run."""
    evil = '<script>alert(1)</script> "><img src=x onerror=alert(1)> #fernleygreen'
    rows = [
        TownPost(key=f"k{place}", place=place, after=timedelta(0), author="saltbox", text=evil, label="spam", title=evil, parent=parent)
        for place, parent in (
            (Place.SOCIAL, None),
            (Place.BLOG, None),
            (Place.BLOG_COMMENT, "kblog"),
            (Place.FORUM, None),
            (Place.WIKI, None),
        )
    ]
    town = Town(FixedClock(), rows, walls=())
    with start_in_thread(town) as running, httpx.Client(base_url=running.base) as http:
        paths = ["/", "/social/", "/blog/", "/forum/", "/forum/latest", "/wiki/", *(town.path_of(post) for post in rows)]
        pages = [http.get(path).text for path in paths]
        feeds = [http.get(path).content for path in ("/blog/feed/", "/blog/comments/feed/", "/wiki/feed.atom")]

    for page in pages:
        assert "<script>" not in page
        assert "<img src=x" not in page
    for feed in feeds:
        assert ET.fromstring(feed) is not None  # noqa: S314 - our own server's answer


def test_front_page_shows_clock_and_posts() -> None:
    """The front page says how long an hour takes and lists what was posted so far."""
    origin = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    with start_in_thread(Town(ScaledClock(origin, 360), start=origin)) as running, httpx.Client(base_url=running.base) as http:
        text = http.get("/").text
        clock = http.get("/clock").json()

    assert "One hour passes in 10 seconds." in text
    assert "Fernley Green" in text
    assert clock["hour_seconds"] == 10
    assert clock["start"] == "2026-11-20T09:00:00+00:00"


def test_pace_is_said_for_every_clock() -> None:
    """A clock that a test sets and one that runs as on the wall are described too."""
    origin = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    assert "by hand" in pace_line(Town(FixedClock()))
    assert "one real hour" in pace_line(Town(ScaledClock(origin, 1)))


def test_strangers_and_odd_addresses(visit: Visit) -> None:
    """Robots are welcome, unknown places answer 404, and a visitor under a foreign host name is turned away."""
    assert visit.get("/robots.txt").text == "User-agent: *\nAllow: /\n"
    assert visit.get("/nowhere").status_code == 404
    assert visit.get("/pictures/none.svg").status_code == 404
    assert visit.get("/social/@nobody").status_code == 404
    assert visit.get("/social/@saltbox").status_code == 200
    assert visit.get("/social/@saltbox/77").status_code == 404
    assert visit.get("/social/users/saltbox/statuses/77", **ACTIVITY).status_code == 404
    assert visit.get("/", Host="evil.example").status_code == 400


# ---- its own process ----------------------------------------------------------------------------------------------------------


def test_taken_port_is_named(visit: Visit) -> None:
    """A port that is taken is named, with what to do."""
    with pytest.raises(SettingsError, match=f"port {visit.running.port} .*choose another"):
        start_in_thread(Town(visit.clock), port=visit.running.port)


@pytest.mark.parametrize("way", ["terminate", "stdin"])
def test_town_runs_as_its_own_process_and_ends_gracefully(tmp_path: Path, way: str) -> None:
    """The town prints its address as one line of JSON, serves, and ends with 0 on SIGTERM or when its parent goes."""
    command = [sys.executable, "-W", "error", "-m", "schoolwatch.demo.town", "--factor", "360", "--memory", str(tmp_path / "m.jsonl")]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [*command, "--follow-stdin"],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        page = httpx.get(facts["base"] + "/").text
        if way == "terminate":
            process.terminate()
        else:
            process.stdin.close()
            process.stdin = None
        _, errors = process.communicate(timeout=20)

    assert "One hour passes in 10 seconds." in page
    assert facts["base"] == f"http://127.0.0.1:{facts['port']}"
    assert (process.returncode, errors) == (0, "")


# ---- watchlist ----------------------------------------------------------------------------------------------------------------


def test_watchlist_fits_together(visit: Visit) -> None:
    """Every term, member of staff, source and user of the demo belongs to one of its two schools, and every source answers."""
    now = visit.clock.now()
    known = {school.id for school in schools(now)}
    rows = sources(visit.running.base, now)

    assert {term.school_id for term in terms(now)} == known
    assert {member.school_id for member in staff()} == known
    assert {source.school_id for source in rows} == known
    assert {source.adapter for source in rows} == {"mastodon", "wordpress", "webpage", "feed"}
    assert [user.username for user in users(now)] == ["dsl", "deputy", "head", "comms"]
    assert all(set(user.roles) <= known for user in users(now))
    assert all(visit.http.get(source.address, follow_redirects=True).status_code == 200 for source in rows)


# ---- through the real adapters ------------------------------------------------------------------------------------------------


class Watcher:
    """Reads the town as the worker does: through the guarded client and the real adapters."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        gate = Gate(frozenset({visit.running.port}))
        self.client = Client("dsl@fernley-green.example", visit.clock, gate, pace_seconds=0, wait=lambda _: None)
        self.sources = {source.id: source for source in sources(visit.running.base, visit.clock.now())}

    def poll(self, key: str, state: SourceState | None = None) -> tuple[Health, dict[str, SeenPost]]:
        """Poll one source and return its health and what it gave, by permalink."""
        got: dict[str, SeenPost] = {}

        def keep(page: tuple[SeenPost, ...]) -> Kept:
            got.update({post.permalink: post for post in page})
            return Kept(new=len(page))

        source = self.sources[key]
        report = poll(source, state or SourceState(source_id=key), PLATFORMS[source.adapter], self.client, keep, now=self.visit.clock.now())
        return report.outcome, got

    def look(self, source: Source, seen: SeenPost) -> Verdict | None:
        """Ask the adapter whether a post is still there."""
        now = self.visit.clock.now()
        post = Post(
            **seen.model_dump(), id=PostId(1), address=seen.permalink, first_seen_at=now, last_seen_at=now, text_hash=text_hash(seen.text)
        )
        looked = PLATFORMS[source.adapter].look(post, self.client, now)
        return looked.verdict if looked else None


@pytest.fixture
def watcher(visit: Visit) -> Iterator[Watcher]:
    """A watcher of the town without walls."""
    made = Watcher(visit)
    yield made
    made.client.close()


@pytest.mark.parametrize(
    ("key", "places"),
    [
        ("townsquare-fernley", {Place.SOCIAL}),
        ("townsquare-ashcombe", {Place.SOCIAL}),
        ("notebook", {Place.BLOG, Place.BLOG_COMMENT}),
        ("notebook-feed", {Place.BLOG}),
        ("forum", {Place.FORUM}),
        ("wiki", {Place.WIKI}),
    ],
)
def test_each_adapter_reads_the_town(watcher: Watcher, key: str, places: set[Place]) -> None:
    """Every source of the demo yields exactly the posts that are there, with their words and times."""
    watcher.visit.clock.forward(24 * HOUR)
    health, got = watcher.poll(key)
    tag = watcher.sources[key].query or ""
    there = {watcher.visit.running.base + one.path: one for one in watcher.visit.town.visible(*places) if tag in one.text}

    assert health is Health.OK
    assert set(got) == set(there)
    for address, seen in got.items():
        assert " ".join(there[address].text.split()) in " ".join(seen.text.split())
        assert seen.created_at == there[address].posted_at
        assert len(seen.media) <= len(there[address].post.media)
        assert seen.author_name or seen.author_handle


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("townsquare-fernley", "trip-money"),
        ("notebook", "comment-homework-pupil"),
        ("forum", "thread-carpark"),
        ("wiki", "wiki-drosswick"),
    ],
)
def test_each_adapter_sees_a_removal_and_nothing_else_as_one(watcher: Watcher, source: str, key: str) -> None:
    """A post is there until the moderator acts, and gone from then on, by the adapter's own look."""
    visit = watcher.visit
    visit.clock.forward(6 * HOUR)
    _, got = watcher.poll(source)
    seen = got[visit.town.address_of(key, visit.running.base)]
    before = watcher.look(watcher.sources[source], seen)
    visit.town.receive_request(seen.permalink, visit.clock.now())
    visit.clock.forward(5 * HOUR)
    after = watcher.look(watcher.sources[source], seen)

    assert before is Verdict.PRESENT
    assert after is not None
    assert after.group is VerdictGroup.GONE


def test_edit_is_seen_as_an_edit(watcher: Watcher) -> None:
    """A post that its author corrected is read as edited, not as gone."""
    visit = watcher.visit
    visit.clock.forward(timedelta(minutes=210))
    _, got = watcher.poll("townsquare-fernley")
    seen = got[visit.town.address_of("fundraiser-edit", visit.running.base)]
    visit.clock.forward(HOUR)

    assert watcher.look(watcher.sources["townsquare-fernley"], seen) is Verdict.EDITED


@pytest.mark.parametrize(
    ("source", "key", "hours"),
    [
        ("forum", "thread-parking", 7.5),
        ("notebook", "article-fair", 11.5),
        ("wiki", "wiki-drosswick", 14.25),
        ("townsquare-fernley", "trip-money", 18.25),
    ],
)
def test_no_wall_counts_as_a_removal(walled: Visit, source: str, key: str, hours: float) -> None:
    """Behind a sign-in, consent, members-only or busy page a post is unknown or still seen, never gone; afterwards it is seen again."""
    watcher = Watcher(walled)
    walled.clock.forward(6 * HOUR)
    _, got = watcher.poll(source)
    seen = got[walled.town.address_of(key, walled.running.base)]
    walled.clock.forward((hours - 6) * HOUR)
    inside = watcher.look(watcher.sources[source], seen)
    walled.clock.forward(3 * HOUR)
    outside = watcher.look(watcher.sources[source], seen)
    watcher.client.close()

    assert inside is not None
    assert inside.group is (VerdictGroup.UP if source == "notebook" else VerdictGroup.UNKNOWN)  # the blog's interface goes on answering
    assert outside is Verdict.PRESENT


def test_wall_shows_in_the_source_health(walled: Visit) -> None:
    """A forum that asks for signing in is a source in trouble, never a quiet one."""
    watcher = Watcher(walled)
    walled.clock.forward(7.5 * HOUR)
    health, got = watcher.poll("forum")
    watcher.client.close()

    assert health in {Health.WALL, Health.BROKEN}
    assert got == {}
