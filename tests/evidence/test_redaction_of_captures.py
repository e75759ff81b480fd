"""What a real browser captured is covered where the map of the page says, in every picture: map, offsets and pixels fit together."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image

from collector.client import Client
from collector.public_address import Gate
from collector.testing import a_kept_post
from data.clock import FixedClock
from data.model.cases import Case, CaseItem
from data.model.evidence import Evidence
from evidence.boxes import Choice, RedactionError
from evidence.capture import capture
from evidence.detect import BrowserSettings
from evidence.redaction import MOVED, NO_PLACE, POST, Copy, Original, make_copy
from evidence.seal import Sealer
from evidence.testing import CHILD, KEY, MOMENT, LocalSite, an_order, some_facts, square
from evidence.vault import Vault

pytestmark = pytest.mark.browser
TEXT = "The invented head of Fernley Green is a useless fool. Ivy Fernhollow says so too, ask anyone at the gate"
PAGE = """<!doctype html><title>Forum</title>
<style>body{margin:0;font:16px sans-serif} header{position:sticky;top:0;height:60px;background:#ddd}
 article{margin:20px;padding:10px;border:1px solid #888;width:700px} b{color:#0a0;background:#0a0} #bar{position:fixed;bottom:0;height:50px;
 width:100%;background:#ff0}</style><header>Forum</header>
<article><p>Another matter, by somebody else.</p><img src=/face.png width=120 height=120></article>
<article><p>The invented head of Fernley Green is a useless fool. <b>Ivy</b> <b>Fernhollow</b> says so too, ask anyone at the gate</p>
 <img src=/face.png width=200 height=150></article>
<div style=height:1800px></div><article><img loading=lazy src=/face.png width=90 height=90> the end</article>
<div id=bar>We value cookies</div>"""


@pytest.fixture
def client(site: LocalSite, clock: FixedClock) -> Iterator[Client]:
    """A client that may ask the site."""
    opened = Client("dsl@school.example", clock, Gate(loopback_ports=frozenset({site.port})), pace_seconds=0)
    yield opened
    opened.close()


@pytest.fixture
def original(site: LocalSite, browser: BrowserSettings, client: Client, case: Case, item: CaseItem, vault: Vault) -> Original:
    """A capture of a page with three faces, a name in the post, a sticky header and a fixed bar."""
    site.page("/face.png", square(CHILD), content_type="image/png")
    address = site.page("/", PAGE)
    evidence, _ = capture(
        an_order(item.model_copy(update={"address": address}), at=MOMENT),
        case,
        item,
        facts=some_facts(case, post=a_kept_post(text=TEXT)),
        sealer=Sealer(vault, KEY),
        browser=browser,
        client=client,
        clock=FixedClock(),
    )
    return Original(evidence, lambda name: _read(vault, evidence, name))


def _read(vault: Vault, evidence: Evidence, name: str) -> bytes:
    return vault.get(next(one.sha256 for one in evidence.files if one.name == name))


def _colours(content: bytes) -> set[Any]:
    counted: Any = Image.open(io.BytesIO(content)).convert("RGB").getcolors(1 << 24)
    return {colour for _, colour in counted}


def _pictures(made: Copy) -> dict[str, set[Any]]:
    return {name: _colours(content) for name, content in made.files.items() if name.endswith(".png")}


def test_faces_and_a_name_are_gone_from_every_picture(original: Original) -> None:
    """The post's own picture is in the copy, at its place: face and name covered there as on the whole page; the words around stay."""
    before = {name: _colours(original.read(name)) for name in original.names()}
    made = _pictures(make_copy(original, Choice(all_pictures=True, phrases=("Ivy Fernhollow",))))

    assert {"post.png", "page-full-01.png"} <= set(made)
    assert all(CHILD in before[name] and (0, 170, 0) in before[name] for name in ("post.png", "page-full-01.png"))
    assert all(CHILD not in found and (0, 170, 0) not in found for found in made.values())
    assert all((255, 255, 255) in found for found in made.values())


def test_one_face_by_its_number_leaves_the_others(original: Original) -> None:
    """Only what was chosen is covered: the post's face is the second on the map."""
    made = _pictures(make_copy(original, Choice(pictures=(2,))))

    assert CHILD not in made["post.png"]
    assert CHILD in made["page-full-01.png"]


BLUE, RED, CYAN, PINK, BROWN = (0, 0, 255), (255, 0, 0), (0, 255, 255), (255, 0, 255), (160, 80, 0)
Capturing = Callable[..., Original]


@pytest.fixture
def captured(site: LocalSite, browser: BrowserSettings, client: Client, case: Case, item: CaseItem, vault: Vault) -> Capturing:
    """Capture a page, with a post or without one, and hand it over as an original."""

    def of(page: str, post: str = "") -> Original:
        """Capture this page, and the post alone."""
        address = site.page("/", page)
        facts = some_facts(case, post=a_kept_post(text=post)) if post else some_facts(case)
        order = an_order(item.model_copy(update={"address": address}), at=MOMENT)
        sealer = Sealer(vault, KEY)
        evidence, _ = capture(order, case, item, facts=facts, sealer=sealer, browser=browser, client=client, clock=FixedClock())
        return Original(evidence, lambda name: _read(vault, evidence, name))

    return of


def test_every_way_to_draw_a_picture_is_covered(site: LocalSite, captured: Capturing) -> None:
    """Stylesheets, boxes before an element (also put elsewhere), lists, borders, frames of other sites, closed shadow roots."""
    colours = {"/face": CHILD, "/style": BLUE, "/before": RED, "/list": CYAN, "/frame": PINK, "/closed": BROWN, "/border": (9, 99, 199)}
    for path, colour in (colours | {"/far": (0, 160, 0)}).items():
        site.page(path, square(colour, 60), content_type="image/png")
    site.page("/framed", "<body style=margin:0><img src=/frame>")
    original = captured(
        f"""<!doctype html><style>.c{{width:60px;height:60px;background:url(/style)}} .b::before{{content:url(/before)}}
        .f{{position:relative;height:9px}} .f::after{{content:'';position:absolute;left:600px;top:40px;width:60px;height:60px;
          background:url(/far)}}
        .d{{width:0;height:0;border:30px solid;border-image:url(/border) 30}} li{{list-style:url(/list) outside}}</style>
        <img src=/face><div class=c></div><p>say <span class=b></span></p><div class=f></div><div class=d></div><ul><li></ul>
        <iframe src="http://localhost:{site.port}/framed" width=60 height=60></iframe><div id=s></div>
        <script>document.getElementById('s').attachShadow({{mode: 'closed'}}).innerHTML = '<img src=/closed>'</script><p>the end"""
    )
    wanted = {*colours.values(), (0, 160, 0)}
    made = _pictures(make_copy(original, Choice(all_pictures=True)))

    assert wanted <= _colours(original.read("page-full-01.png"))
    assert {"page-full-01.png", "screen-as-seen.png"} <= set(made)
    assert all(not wanted & found for found in made.values())
    assert (0, 0, 0) in made["page-full-01.png"]


def test_a_name_is_covered_wherever_a_page_may_write_it(site: LocalSite, captured: Capturing) -> None:
    """Fields and what stands in them while empty, boxes before an element, a picture that does not load, a frame of another site."""
    site.page("/framed", "<body style='margin:0;font:40px sans-serif;color:rgb(0,255,255)'>Ivy Fernhollow")
    original = captured(
        f"""<!doctype html><body style='font:40px sans-serif'><style>.b::before{{content:'Ivy Fernhollow';color:rgb(0,0,255)}}
        input{{font:40px sans-serif;width:600px;border:0;display:block}} ::placeholder{{color:rgb(160,80,0);opacity:1}}</style>
        <div class=b>&nbsp;</div><input value='Ivy Fernhollow' style='color:rgb(255,0,0)'><input placeholder='Ivy Fernhollow'>
        <img src=/none.png alt='Ivy Fernhollow' style='color:rgb(255,0,255);display:block;width:600px;height:60px'>
        <iframe src='http://localhost:{site.port}/framed' width=600 height=80></iframe><p>the end"""
    )
    wanted = {BLUE, RED, BROWN, PINK, CYAN}
    made = _pictures(make_copy(original, Choice(phrases=("Ivy Fernhollow",))))

    assert wanted <= _colours(original.read("page-full-01.png"))
    assert {"page-full-01.png", "screen-as-seen.png"} <= set(made)
    assert all(not wanted & found for found in made.values())
    assert (0, 0, 0) in made["page-full-01.png"]


def test_a_page_with_more_lines_than_its_map_says_so(captured: Capturing) -> None:
    """Behind twenty thousand lines nothing is known: the map tells that it was cut."""
    original = captured(
        "<!doctype html><style>i{display:block;height:.2px;overflow:hidden;font-size:1px}</style>"
        "<script>document.write('<i>x</i>'.repeat(20001))</script><p style='position:absolute;top:0'>Ivy Fernhollow</p>"
    )

    with pytest.raises(RedactionError, match="more than its map"):
        make_copy(original, Choice(phrases=("Ivy Fernhollow",)))


NAMED = "<p style='font:40px sans-serif;color:rgb(0,0,255);position:relative'>Ivy Fernhollow</p><div style='height:700px'>x</div>"


@pytest.mark.parametrize(
    "moving",
    [
        "setInterval(() => { document.body.style.paddingTop = (parseInt(document.body.style.paddingTop || 0) + 60) + 'px'; }, 20)",
        (
            "new MutationObserver((all) => { if (all.some((one) => [...one.addedNodes].some((n) => n.slot)))"
            " document.querySelector('p').style.top = '300px'; }).observe(document.body, {childList: true, subtree: true})"
        ),
    ],
)
def test_of_a_page_that_moves_after_its_map_was_read_nothing_goes_out(captured: Capturing, moving: str) -> None:
    """A banner that grows, and a page that watches for us: the second reading of the map tells."""
    original = captured(f"<!doctype html>{NAMED}<script>{moving}</script>")

    assert BLUE in _colours(original.read("page-full-01.png"))
    assert original.facts("layout.json")["cut"] is True
    with pytest.raises(RedactionError, match=MOVED):
        make_copy(original, Choice(phrases=("Ivy Fernhollow",)))


def test_a_page_that_stands_still_but_loads_late_goes_out_covered(site: LocalSite, captured: Capturing) -> None:
    """A bar that sticks, a fading picture and a picture that is loaded further down move nothing between the two readings."""
    site.page("/face", square(CHILD, 60), content_type="image/png")
    original = captured(
        f"""<!doctype html><style>@keyframes f{{from{{opacity:1}}to{{opacity:.5}}}} header{{position:sticky;top:0;height:40px}}
        #f{{animation:f 1s infinite alternate}}</style><header>Forum</header>{NAMED}<div id=f>fading</div><div style=height:2000px></div>
        <img loading=lazy width=60 height=60 src=/face>"""
    )
    made = _pictures(make_copy(original, Choice(all_pictures=True, phrases=("Ivy Fernhollow",))))

    assert original.facts("layout.json")["steady"] is True
    assert "page-full-01.png" in made
    assert all(not {BLUE, CHILD} & found for found in made.values())


@pytest.mark.parametrize("around", ["height:100vh;overflow-y:auto", "height:300px;overflow:auto;margin-top:100px"])
def test_a_post_in_a_box_that_was_scrolled_for_it_stays_out(site: LocalSite, captured: Capturing, around: str) -> None:
    """The map was read before: name and face stood elsewhere then, and what stands there on the map says nothing of them."""
    site.page("/face", square(CHILD, 60), content_type="image/png")
    post = f"<article><p style='font:40px sans-serif'>{TEXT}</p><img src=/face></article>"
    filling = "<div style=height:900px>other words</div>"
    original = captured(f"<!doctype html><body style=margin:0><div style='{around}'>{filling * 2}{post}{filling}</div>", TEXT)
    made = make_copy(original, Choice(all_pictures=True, phrases=("Ivy Fernhollow",)))

    assert CHILD in _colours(original.read(POST))
    assert original.facts("capture.json")["post_picture"] is None
    assert f"{POST}: {NO_PLACE}" in made.left_out
    assert all(CHILD not in found for found in _pictures(made).values())


def test_a_post_below_the_whole_pages_picture_stays_out(captured: Capturing) -> None:
    """The picture and the map of a page end at sixteen thousand pixels."""
    original = captured(f"<!doctype html><div style=height:17000px>above</div><article>{TEXT}</article>", TEXT)
    made = make_copy(original, Choice(phrases=("Ivy Fernhollow",)))

    assert original.facts("capture.json")["post_picture"]["y"] > 16_000
    assert POST not in made.files
    assert "page-full-01.png" in made.files
