"""One post, one address: whatever way its address was passed around."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.addresses import canonical_address, unwrap_redirect

PLAIN = "https://blog.example/2026/11/sports-day?page=2"
TRACKING = [
    "utm_source=x",
    "utm_medium=",
    "UTM_Campaign=a%20b",
    "fbclid=IwAR0",
    "gclid=1",
    "igshid=z",
    "mc_cid=9",
    "ref_src=twsrc",
    "msclkid=q",
    "_hsenc=p",
]

words = st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=0, max_size=12)
names = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """Addresses of every shape, tidy and untidy."""
    host = ".".join(draw(st.lists(names, min_size=1, max_size=3))) + draw(st.sampled_from(["", ".", ":80", ":443", ":8080"]))
    path = "/".join(draw(st.lists(words | st.sampled_from(["..", ".", "%7Ea", "%2f", "%e9"]), max_size=4)))
    pairs = draw(st.lists(st.tuples(names, words.map(lambda text: quote(text, safe=""))), max_size=3))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    tail = draw(st.sampled_from(["", "#", "#comment-2", "#top", "#p12"]))
    return f"{draw(st.sampled_from(['http', 'https', 'HTTPS']))}://{host}/{path}{'?' if query else ''}{query}{tail}"


@given(addresses() | st.text(max_size=80))
def test_a_second_time_changes_nothing(address: str) -> None:
    """Bringing an address to its one form twice gives the same as once, and never fails."""
    once = canonical_address(address)

    assert canonical_address(once) == once


@given(st.lists(st.sampled_from(TRACKING), max_size=5), st.permutations(["a=1", "b=2", "page=2"]))
def test_tracking_and_order_do_not_matter(tracking: list[str], order: list[str]) -> None:
    """However a link was shared, and in whatever order its parts stand, the post has one address."""
    shared = f"https://Blog.Example:443/post?{'&'.join([*order[:2], *tracking, *order[2:]])}"

    assert canonical_address(shared) == "https://blog.example/post?a=1&b=2&page=2"


@given(addresses(), st.integers(1, 3))
def test_wrapped_addresses_come_out_the_same(address: str, depth: int) -> None:
    """A search engine's redirect, even several around each other, hides nothing."""
    wrapped = address
    for _ in range(depth):
        wrapped = f"https://www.google.com/url?rct=j&sa=t&url={quote(wrapped, safe='')}&ct=ga&usg=AOv"

    assert canonical_address(wrapped) == canonical_address(address)


@given(names, names)
def test_different_pages_stay_different(one: str, other: str) -> None:
    """Two pages of one site never become one address."""
    same = canonical_address(f"https://blog.example/{one}?id={other}") == canonical_address(f"https://blog.example/{other}?id={one}")

    assert same is (one == other)


@pytest.mark.parametrize(
    "spelling",
    [
        "https://blog.example/2026/11/sports-day?page=2&utm_source=mail",
        "HTTPS://BLOG.example./2026/11/sports-day?page=2#top",
        " https://blog.example:443/2026/11/./x/../sports-day?page=2 ",
        "https://blog.example/2026/11/sports%2Dday?page=2",
        "https://www.google.co.uk/url?q=https%3A%2F%2Fblog.example%2F2026%2F11%2Fsports-day%3Fpage%3D2&sa=U",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fblog.example%2F2026%2F11%2Fsports-day%3Fpage%3D2%26fbclid%3D1&h=AT",
    ],
)
def test_spellings_of_one_post(spelling: str) -> None:
    """Tracking, case, default port, dots, needless escapes and redirects all lead to one address."""
    assert canonical_address(spelling) == PLAIN


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://blog.example/post/#comment-2", "https://blog.example/post/#comment-2"),
        ("https://blog.example/post/#respond", "https://blog.example/post/"),
        ("https://blog.example/", "https://blog.example/"),
        ("https://blog.example", "https://blog.example/"),
        ("http://blog.example:8080/a", "http://blog.example:8080/a"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://blog.example/a b?q=a+b&r=%E9", "https://blog.example/a%20b?q=a+b&r=%E9"),
        ("https://www.google.com/url?url=javascript:alert(1)", "https://www.google.com/url?url=javascript%3Aalert%281%29"),
        ("at://did:plc:aaaa/post/1", "at://did:plc:aaaa/post/1"),
        ("https://[::1", "https://[::1"),
        ("", ""),
    ],
)
def test_what_becomes_of_an_address(address: str, expected: str) -> None:
    """A comment keeps its place on the page; what is no web address is left alone."""
    assert canonical_address(address) == expected


def test_a_google_alert_leads_to_its_target() -> None:
    """The link of an alert is undone to the page it stands for."""
    link = "https://www.google.com/url?rct=j&sa=t&url=https://news.example/fernley&ct=ga&cd=CAIy&usg=AOvVaw"

    assert unwrap_redirect(link) == "https://news.example/fernley"
