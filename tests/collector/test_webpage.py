"""Forums and other pages by their selectors, and finding one item again (platforms.md §12.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from collector.errors import UnreadablePageError
from collector.platform import Looked, Page
from collector.platforms import PLATFORMS
from collector.testing import Reply, ScriptedTransport, Step, a_kept_post, a_source, scripted_client
from data.model.cases import Verdict, VerdictGroup
from data.model.posts import SeenPost
from data.model.watch import Source, SourceState

START = "https://forum.example/school-talk"
SELECTORS = {"list": "div.post", "author": ".who", "time": ".when", "text": ".body", "next": "a.older"}
WORDS = "Fernley Green has let the older pupils down and will not answer any letter from parents."


def source(**options: Any) -> Source:
    """The invented forum."""
    return a_source(adapter="webpage", address=START, options=SELECTORS | options)


def item(number: int, text: str, inner: str = "") -> str:
    """One post on the page."""
    return f"<div class=post id=p{number}><span class=who>Bo</span>{inner}<div class=body>{text}</div></div>"


def page(*items: str, older: str | None = None) -> Reply:
    """A page of posts."""
    more = f"<a class=older href='{older}'>older</a>" if older else ""
    return Reply(f"<title>Talk</title>{''.join(items)}{more}", headers={"content-type": "text/html"})


def fetch(script: Mapping[str, Step | Sequence[Step]], cursor: str | None = None, **options: Any) -> Page:
    """Fetch one page."""
    return PLATFORMS["webpage"].fetch(source(**options), SourceState(source_id="s"), cursor, scripted_client(script))


def one(body: str, **options: Any) -> SeenPost:
    """The one post of a page."""
    return fetch({START: page(body)}, **options).posts[0]


def look(script: Mapping[str, Step | Sequence[Step]], seen: SeenPost | None = None) -> Looked:
    """Look for item 1 again."""
    post = a_kept_post(seen or one(item(1, WORDS)))
    looked = PLATFORMS["webpage"].look(post, scripted_client(script), datetime(2026, 11, 20, tzinfo=UTC))
    assert looked is not None
    return looked


def test_an_item_is_read_by_its_selectors() -> None:
    """Id, address on the page, author, words and pictures come out."""
    post = one(item(1, "Line one<br>line two <img src='/a.png' alt='gate'>"))

    assert (post.native_id, post.permalink) == (f"{START}#p1", f"{START}#p1")
    assert (post.author_name, post.text, post.media[0].url, post.media[0].alt) == (
        "Bo",
        "Line one\nline two",
        "https://forum.example/a.png",
        "gate",
    )


def test_attributes_and_links_can_be_selected() -> None:
    """`selector@attribute` takes an attribute, and a link makes the post's own address."""
    body = "<div class=post data-key=k7><a class=link href='/t/7?x=1#p7'>#7</a><b data-user=Ann>x</b><div class=body>words</div></div>"
    post = one(body, id="@data-key", link="a.link", author="b@data-user")

    assert (post.native_id, post.permalink, post.author_name) == (f"{START}#k7", "https://forum.example/t/7?x=1#p7", "Ann")


def test_an_item_without_id_is_known_by_its_link_or_words() -> None:
    """Without an id the link, and without a link the words, make the id."""
    linked = one("<div class=post><a href='/t/7'>x</a><div class=body>words</div></div>", link="a")
    plain = one("<div class=post><div class=body>words</div></div>")

    assert linked.native_id == "https://forum.example/t/7"
    assert plain.native_id == one("<div class=post><p></p><div class=body>words</div></div>").native_id


@pytest.mark.parametrize(
    ("inner", "options", "expected"),
    [
        ("<time class=when datetime='2026-06-20T10:30:00+01:00'>x</time>", {}, datetime(2026, 6, 20, 9, 30, tzinfo=UTC)),
        ("<time class=when datetime='2026-06-20T10:30:00'>x</time>", {}, None),
        (
            "<time class=when datetime='2026-06-20T10:30:00'>x</time>",
            {"time_zone": "Europe/London"},
            datetime(2026, 6, 20, 9, 30, tzinfo=UTC),
        ),
        (
            "<i class=when>20 June 2026 10:30</i>",
            {"time_format": "%d %B %Y %H:%M", "time_zone": "Europe/London"},
            datetime(2026, 6, 20, 9, 30, tzinfo=UTC),
        ),
        ("<i class=when>20 June 2026 10:30</i>", {"time_format": "%d %B %Y %H:%M", "time_zone": "Middle/Earth"}, None),
        ("<i class=when>20 June 2026 10:30</i>", {"time_format": "%d %B %Y %H:%M"}, None),
        ("<i class=when>yesterday</i>", {"time_format": "%d %B", "time_zone": "Europe/London"}, None),
        ("", {}, None),
    ],
)
def test_times_need_a_zone_that_is_known(inner: str, options: dict[str, str], expected: datetime | None) -> None:
    """The attribute goes before the text; without a known zone a time is unknown."""
    assert one(item(1, "words", inner), **options).created_at == expected


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"list": ""}, "no selector"),
        ({"list": None}, "no selector"),
        ({"list": "div["}, "not a CSS"),
        ({"text": "((("}, "not a CSS"),
        ({"list": "article"}, "nothing"),
    ],
)
def test_selectors_that_do_not_work_are_named(options: dict[str, Any], words: str) -> None:
    """A missing, broken or fruitless selector breaks the source and is said; it is never «no posts»."""
    with pytest.raises(UnreadablePageError, match=words):
        fetch({START: page(item(1, "words"))}, **options)


def test_pages_are_followed_on_the_same_site_only() -> None:
    """The next page is followed on the same site, never to another, never in a circle."""
    assert fetch({START: page(item(1, "a"), older="?page=2")}).cursor == f"{START}?page=2"
    assert fetch({START: page(item(1, "a"), older="https://evil.example/")}).cursor is None
    assert fetch({START: page(item(1, "a"), older="#top")}).cursor is None
    assert fetch({f"{START}?page=2": page(item(1, "a"))}, f"{START}?page=2").posts[0].permalink == f"{START}?page=2#p1"


def test_an_item_that_is_there_is_present_or_edited() -> None:
    """The item is found again by its id; its words decide."""
    assert look({START: page(item(2, "x"), item(1, WORDS))}).verdict is Verdict.PRESENT
    assert look({START: page(item(2, "x"), item(1, "All is well."))}).verdict is Verdict.EDITED
    assert look({START: page(item(2, f"New id, old words: {WORDS}"))}).verdict is Verdict.PRESENT


def test_an_item_gone_from_a_list_that_still_stands_is_removed() -> None:
    """The page still lists the item that stood behind it and has no older pages: the item is gone."""
    seen = fetch({START: page(item(2, "x"), item(1, WORDS), item(3, "y"))}).posts[1]
    looked = look({START: page(item(2, "x"), item(3, "y"))}, seen)

    assert (looked.verdict, "no longer" in looked.detail, b"status: 200" in looked.answer) == (Verdict.REMOVED_UNKNOWN, True, True)


def test_an_item_that_rolled_off_a_list_is_no_removal() -> None:
    """A list of the newest posts forgets as a feed does: newer posts in its place, and none that stood behind it, prove nothing."""
    seen = fetch({START: page(item(2, "x"), item(1, WORDS), item(3, "y"))}).posts[1]

    assert look({START: page(item(8, "new"), item(9, "newer"), item(2, "x"))}, seen).verdict is Verdict.NOT_VISIBLE_TO_US


def test_an_item_known_by_its_words_is_never_missed() -> None:
    """Where an item has no id, changed words look like a missing item: a person looks."""
    bare = "<div class=post><div class=body>{}</div></div>"
    seen = fetch({START: page(bare.format(WORDS), bare.format("stands behind it"))}).posts[0]
    looked = look({START: page(bare.format("Fernley Green: all new words here"), bare.format("stands behind it"))}, seen)

    assert looked.verdict is Verdict.NOT_VISIBLE_TO_US


def test_an_item_that_moved_to_an_older_page_is_found() -> None:
    """A post that slid down to the next page is still up; when that page lacks it too, it is gone."""
    first = page(item(3, "x"), older="?page=2")

    assert look({START: first, f"{START}?page=2": page(item(1, WORDS))}).verdict is Verdict.PRESENT
    assert look({START: first, f"{START}?page=2": page(item(2, "y"))}).verdict is Verdict.REMOVED_UNKNOWN


def test_an_item_that_slid_up_is_found() -> None:
    """A post that was on page 2 and is on page 1 now, because others were removed, is still up."""
    seen = fetch({f"{START}?page=2": page(item(1, WORDS))}, f"{START}?page=2").posts[0]
    script = {f"{START}?page=2": page(item(9, "old")), START: page(item(1, WORDS), older="?page=2")}

    assert look(script, seen).verdict is Verdict.PRESENT


def test_a_long_list_is_not_searched_without_end() -> None:
    """After five pages the answer is «unknown», not «removed»."""
    script = {f"{START}{f'?page={n}' if n > 1 else ''}": page(item(100 + n, "x"), older=f"?page={n + 1}") for n in range(1, 20)}
    transport = ScriptedTransport(script)
    post = a_kept_post(one(item(1, WORDS)))
    looked = PLATFORMS["webpage"].look(post, scripted_client(transport), datetime(2026, 11, 20, tzinfo=UTC))

    assert looked is not None
    assert (looked.verdict, len(transport.asked)) == (Verdict.NOT_VISIBLE_TO_US, 5)


@pytest.mark.parametrize(
    "older", [Reply(status=404), Reply(status=410), Reply(status=403), Reply("", headers={"content-type": "text/html"})]
)
def test_an_older_page_that_fails_is_no_removal(older: Step) -> None:
    """What the page behind it answers says nothing about the post."""
    assert look({START: page(item(3, "x"), older="?page=2"), f"{START}?page=2": older}).verdict.group is VerdictGroup.UNKNOWN


def test_a_list_reached_by_a_redirect_is_no_proof() -> None:
    """Another list in place of ours says nothing about the post."""
    target = "https://forum.example/other-talk"
    script = {START: Reply(status=302, headers={"location": target}), target: page(item(2, "x"))}

    assert look(script).verdict.group is VerdictGroup.UNKNOWN


def test_a_post_with_a_page_of_its_own_is_looked_at_there() -> None:
    """Where a post has its own page, that page decides."""
    seen = one("<div class=post id=p1><a class=link href='/t/1'>1</a><div class=body>" + WORDS + "</div></div>", link="a.link")

    assert look({"https://forum.example/t/1": Reply(status=404)}, seen).verdict is Verdict.REMOVED_UNKNOWN
    assert (
        look({"https://forum.example/t/1": Reply(f"<p>{WORDS}</p>", headers={"content-type": "text/html"})}, seen).verdict
        is Verdict.PRESENT
    )
