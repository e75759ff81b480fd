"""Feeds of every kind, tidy and broken (platforms.md §12.1, §12.2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from collector.errors import UnreadablePageError
from collector.platform import Page
from collector.platforms import PLATFORMS
from collector.testing import Reply, ScriptedTransport, Step, a_source, scripted_client
from data.model.watch import SourceState

FEED = "https://blog.example/feed"
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Town</title><link>https://blog.example/</link><ttl>60</ttl>
<item><title>Fernley &amp;amp; friends</title><link>/2026/sports-day?utm_source=rss</link><guid isPermaLink="false">77</guid>
<dc:creator>Ann Invented</dc:creator><pubDate>Fri, 20 Nov 2026 08:00:00 +0100</pubDate><description>short</description>
<content:encoded><![CDATA[<p>Long <b>text</b><br>here</p><img src="/a.png">]]></content:encoded>
<media:content url="https://cdn.example/a.png" medium="image" width="640" height="480"/><category>School</category></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://blog.example/base/"><title>Town</title>
<entry><id>tag:blog.example,2026:1</id><title type="html">A &lt;b&gt;bold&lt;/b&gt; day</title><link href="one"/>
<updated>2026-11-20T09:00:00Z</updated><published>2026-11-19T09:00:00Z</published><summary>short</summary>
<content type="html">&lt;p&gt;The whole text&lt;/p&gt;</content><author><name>Bo</name></author></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://blog.example/"><title>Town</title></channel>
<item rdf:about="https://blog.example/r"><title>R</title><link>https://blog.example/r</link><dc:date>2026-11-20T09:00:00+00:00</dc:date></item></rdf:RDF>"""
ALERT = """<feed xmlns="http://www.w3.org/2005/Atom"><id>tag:google.com,2005:reader/user/1</id><title>Google Alert</title>
<entry><id>tag:google.com,2013:googlealerts/feed:{}</id><title type="html">&lt;b&gt;Fernley&lt;/b&gt; head &amp;#39;sorry&amp;#39;</title>
<link href="https://www.google.com/url?rct=j&amp;sa=t&amp;url=https://news.example/fernley%3Futm_source%3Dx&amp;ct=ga&amp;cd=1&amp;usg=2"/>
<published>2026-11-20T07:30:00Z</published>
<content type="html">about &lt;b&gt;Fernley Green&lt;/b&gt;&amp;nbsp;...</content></entry></feed>"""


def read(*steps: Step, state: SourceState | None = None) -> tuple[Page, ScriptedTransport]:
    """Fetch the feed once."""
    transport = ScriptedTransport({FEED: list(steps)})
    return PLATFORMS["feed"].fetch(a_source(), state or SourceState(source_id="s"), None, scripted_client(transport)), transport


def test_rss_is_read_whole() -> None:
    """Title, longest text, author, time in UTC, picture, label and pause come out of an RSS entry."""
    page, _ = read(Reply(RSS))
    post = page.posts[0]

    assert (post.native_id, post.permalink) == ("blog.example:77", "https://blog.example/2026/sports-day?utm_source=rss")
    assert post.text == "Fernley & friends\n\nLong text\nhere"
    assert (post.author_name, post.created_at, post.labels) == ("Ann Invented", datetime(2026, 11, 20, 7, tzinfo=UTC), ("School",))
    assert [(media.kind, media.url, media.width) for media in post.media] == [("image", "https://cdn.example/a.png", 640)]
    assert page.pause == timedelta(minutes=60)


def test_atom_is_read_whole() -> None:
    """Content goes before summary, relative links are joined, both times are kept."""
    post = read(Reply(ATOM))[0].posts[0]

    assert (post.native_id, post.permalink) == ("tag:blog.example,2026:1", "https://blog.example/base/one")
    assert post.text == "A bold day\n\nThe whole text"
    assert (post.created_at, post.edited_at) == (datetime(2026, 11, 19, 9, tzinfo=UTC), datetime(2026, 11, 20, 9, tzinfo=UTC))


def test_rdf_is_read() -> None:
    """The oldest kind of feed is read too."""
    post = read(Reply(RDF))[0].posts[0]

    assert (post.permalink, post.text, post.created_at) == ("https://blog.example/r", "R", datetime(2026, 11, 20, 9, tzinfo=UTC))


def test_json_feed_is_read() -> None:
    """JSON Feed: id, text, author, picture; what is no item is counted as left out."""
    items = [
        {
            "id": "1",
            "url": "https://blog.example/1",
            "content_html": "<p>Hello</p>",
            "date_published": "2026-11-20T09:00:00Z",
            "authors": [{"name": "Bo"}],
        },
        {"id": 2, "url": "/2", "title": "T", "content_text": "a < b", "image": "/p.png", "date_modified": "2026-11-20T09:00:00Z"},
        "nonsense",
    ]
    page, _ = read(Reply(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items})))

    assert [(post.native_id, post.text) for post in page.posts] == [("blog.example:1", "Hello"), ("blog.example:2", "T\n\na < b")]
    assert (page.posts[0].author_name, page.posts[1].media[0].url, page.skipped) == ("Bo", "https://blog.example/p.png", 1)
    assert page.posts[1].created_at == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_a_google_alert_is_undone() -> None:
    """The redirect is undone, the words are plain, and one page has one id in every alert."""
    one, other = (read(Reply(ALERT.format(number)))[0].posts[0] for number in (1, 2))

    assert one.permalink == "https://news.example/fernley?utm_source=x"
    assert one.native_id == other.native_id == "https://news.example/fernley"
    assert one.text == "Fernley head 'sorry'\n\nabout Fernley Green ..."


@pytest.mark.parametrize(
    "body",
    [
        RSS.replace("</channel></rss>", ""),
        RSS.replace("<ttl>", "<b>&nope;<ttl>"),
        RSS.encode("utf-16"),
        "\n\n junk" + RSS,
        RSS.replace("utf-8", "nonsense"),
    ],
    ids=["cut off", "bad entity", "UTF-16", "junk before", "unknown encoding"],
)
def test_a_broken_feed_still_yields_its_entries(body: str | bytes) -> None:
    """What is not well formed is read as far as it goes."""
    assert [post.native_id.rpartition(":")[2] for post in read(Reply(body))[0].posts] == ["77"]


def test_an_entry_without_id_or_link_keeps_one_id() -> None:
    """Without id and link the words make the id, the same each time."""
    body = "<rss version='2.0'><channel><item><title>Lost</title><description>words</description></item></channel></rss>"
    one, other = (read(Reply(body))[0].posts[0] for _ in range(2))

    assert one.native_id == other.native_id
    assert one.permalink == FEED


@pytest.mark.parametrize("stamp", ["Fri, 20 Nov 2026 08:00:00", "soon", "Fri, 20 Nov 2026 08:00:00 XYZ", "31 Foo 2026"])
def test_a_date_that_cannot_be_told_is_unknown(stamp: str) -> None:
    """Broken dates, and dates without a known zone, are unknown, never «now»."""
    assert read(Reply(RSS.replace("Fri, 20 Nov 2026 08:00:00 +0100", stamp)))[0].posts[0].created_at is None


def test_validators_come_and_go() -> None:
    """ETag and Last-Modified are kept and sent back; 304 means nothing new."""
    page, _ = read(Reply(RSS, headers={"etag": 'W/"1"', "last-modified": "Fri, 20 Nov 2026 08:00:00 GMT"}))
    state = SourceState(source_id="s", etag=page.etag, last_modified=page.last_modified)
    again, transport = read(Reply(status=304), state=state)

    assert (again.not_modified, again.posts) == (True, ())
    assert transport.requests[-1].headers["if-none-match"] == 'W/"1"'
    assert transport.requests[-1].headers["if-modified-since"] == "Fri, 20 Nov 2026 08:00:00 GMT"


def test_a_feed_that_moved_for_good_is_asked_at_its_new_place() -> None:
    """A move for good is reported, and obeyed from then on."""
    new = "https://new.example/feed"
    transport = ScriptedTransport({FEED: Reply(status=301, headers={"location": new}), new: Reply(RSS)})
    client = scripted_client(transport)
    page = PLATFORMS["feed"].fetch(a_source(), SourceState(source_id="s"), None, client)
    PLATFORMS["feed"].fetch(a_source(), SourceState(source_id="s", address_now=page.moved_to), None, client)

    assert (page.moved_to, transport.asked) == (new, [FEED, new, new])


def test_entities_are_not_fetched_or_blown_up() -> None:
    """A feed that asks for files of this machine, or that multiplies itself, gets neither."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    for inner in ('<!ENTITY l9 SYSTEM "file:///etc/passwd">', f'<!ENTITY l0 "ha">{laughs}'):
        item = "<item><guid>1</guid><title>x &l9; y</title></item>"
        body = f"<?xml version='1.0'?><!DOCTYPE r [{inner}]><rss version='2.0'><channel>{item}</channel></rss>"
        text = "".join(post.text for post in read(Reply(body))[0].posts)
        assert "root:" not in text
        assert len(text) < 1000


def test_links_that_are_no_web_addresses_are_left_out() -> None:
    """A script in place of a link never becomes a post's address."""
    post = read(Reply(RSS.replace("/2026/sports-day?utm_source=rss", "javascript:alert(1)")))[0].posts[0]

    assert post.permalink == FEED


def test_a_web_page_says_what_is_wrong() -> None:
    """A page instead of a feed is named as such, with what to do."""
    with pytest.raises(UnreadablePageError, match=r"not a feed: blog\.example sends a web page; look for"):
        read(Reply("<!doctype html><h1>Blog</h1>", headers={"content-type": "text/html"}))
