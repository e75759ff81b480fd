"""Completeness on a site of our own (evidence.md §9, row 6): every image, the post free of overlays, the text as the page has it.

Each page makes one thing hard that sites make hard. Images are colour squares; `SHADE` is the colour of whatever lies over a post and of
nothing else, so one pixel of it in the post's picture is a fault.
"""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from data.model.evidence import Completeness
from evidence.testing import LocalSite, square

if TYPE_CHECKING:
    from conftest import Camera, Picture

pytestmark = pytest.mark.browser

SHADE, PAPER = (255, 0, 255), (250, 240, 200)
POST = "The invented head of Fernley Green never answers letters, and 3 parents say so"
WIDTH = 600
BOX = f"width:{WIDTH}px;background:rgb{PAPER};margin:0 0 300px;padding:20px;box-sizing:border-box"
OVER = f"background:rgb{SHADE};color:rgb{SHADE}"


@dataclass(frozen=True)
class Made:
    """A page of the site: what stands on it, and what a whole capture of it must hold."""

    body: str
    text: tuple[str, ...]
    images: int = 0
    hidden: int = 0  # things that lie over the post
    head: str = ""
    height: int | None = None


def _image(number: int, more: str = "") -> str:
    return f'<img src="/{number}.png" width=120 height=90 alt="square {number}" {more}>'


def _articles(count: int, more: str = "", around: str = "{}") -> str:
    """Return posts with an image each; the third is the one that the capture is about."""
    rows = [
        f'<article style="{BOX}"><p>{POST if n == 2 else f"Invented words number {n}"}</p>{_image(n, more)}</article>' for n in range(count)
    ]
    return around.format("".join(rows))


def _lines(count: int) -> tuple[str, ...]:
    return tuple(POST if n == 2 else f"Invented words number {n}" for n in range(count))


def _observed(count: int) -> str:
    """Images that a script fetches when they come into view."""
    rows = _articles(count).replace('src="/', 'data-src="/')
    return f"""{rows}<script>
      const seen = new IntersectionObserver((all) => all.filter((one) => one.isIntersecting).forEach(({{target}}) => {{
        seen.unobserve(target); setTimeout(() => {{ target.src = target.dataset.src; }}, 60); }}));
      document.querySelectorAll("img").forEach((image) => seen.observe(image));
    </script>"""


def _shadow(count: int) -> str:
    bar = f'<div style="position:sticky;top:0;height:200px;{OVER}"></div>'
    return f"""<h1>Outside</h1><a-forum></a-forum><script>
      customElements.define("a-forum", class extends HTMLElement {{ constructor() {{ super();
        this.attachShadow({{mode: "open"}}).innerHTML = `{bar}{_articles(count)}`; }} }});
    </script>"""


ENDLESS = f"""<main></main><script>
  let n = 0;
  const more = () => {{ for (let i = 0; i < 5; i++, n++) {{ const post = document.createElement("article");
      post.style.cssText = "{BOX}"; post.innerHTML = `<p>${{n == 2 ? "{POST}" : "Invented words number " + n}}</p>
        <img src="/${{n % 40}}.png?${{n}}" width=120 height=90>`;
      document.querySelector("main").append(post); }} }};
  more(); addEventListener("scroll", () => {{ if (scrollY + innerHeight > document.documentElement.scrollHeight - 1500) more(); }});
</script>"""
SCRIPTS = (
    "校长从不回信三位家长这样说",
    "المديرة لا ترد على الرسائل أبدا",
    "המנהלת לא עונה למכתבים",
    "👩🏽‍🏫 🏫 🇬🇧 école Ärger Łódź naïve",
    "प्रधानाध्यापक उत्तर नहीं देते",
)

SITE: dict[str, Made] = {
    "lazy": Made(_articles(14, "loading=lazy"), _lines(14), 14),
    "observer": Made(_observed(14), _lines(14), 14),
    "banner": Made(
        _articles(8) + f'<div id=consent style="position:fixed;inset:25% 0 0 0;{OVER}">We value your privacy <button>Accept</button></div>',
        (*_lines(8), "We value your privacy Accept"),
        8,
        1,
    ),
    "sticky": Made(
        f'<header style="position:sticky;top:0;height:500px;{OVER}">Forum</header>' + _articles(8),
        ("Forum", *_lines(8)),
        8,
        1,
    ),
    "sticky beside": Made(
        f'<div style="display:flex"><div>{_articles(6)}</div><aside style="position:sticky;top:0;height:400px;width:400px;'
        f'margin-left:-300px;{OVER}">Beside</aside></div>',
        (*_lines(6), "Beside"),
        6,
        1,
    ),
    "modal": Made(
        _articles(6)
        + f'<div style="position:fixed;inset:0;z-index:99;{OVER}"><div role=dialog aria-modal=true>Join our newsletter</div></div>',
        (*_lines(6), "Join our newsletter"),
        6,
        1,
        head="<style>body{overflow:hidden}</style>",
    ),
    "true modal": Made(
        _articles(6)
        + f'<dialog style="width:90%;height:90%;{OVER}">Log in for more</dialog><style>::backdrop{{background:rgb{SHADE}}}</style>'
        '<script>document.querySelector("dialog").showModal()</script>',
        (*_lines(6), "Log in for more"),
        6,
        1,
    ),
    "laid over": Made(
        f'<div style="position:relative">{_articles(5)}<div style="position:absolute;inset:0;height:1600px;{OVER}">Subscribe</div></div>',
        (*_lines(5), "Subscribe"),
        5,
        1,
    ),
    "frame": Made('<h1>Around</h1><iframe src="/inner" width=900 height=2400></iframe>', ("Around", *_lines(5)), 5),
    "shadow": Made(_shadow(6), ("Outside", *_lines(6)), 6, 1),
    "dark": Made(
        _articles(4),
        _lines(4),
        4,
        head="<style>@media (prefers-color-scheme: dark) { article, body { background: #000 !important; color: #fff } }</style>",
    ),
    "scripts": Made(
        "".join(f'<p dir=auto lang=mul style="{BOX}">{line}</p>' for line in SCRIPTS) + f'<article style="{BOX}"><p>{POST}</p></article>',
        (*SCRIPTS, POST),
    ),
    "slow font": Made(
        _articles(4),
        _lines(4),
        4,
        head="<style>@font-face{font-family:Slow;src:url(/slow.woff2);font-display:block} p{font-family:Slow,sans-serif}</style>",
    ),
    "several sizes": Made(
        f'<article style="{BOX}"><p>{POST}</p><picture><source srcset="/0.png" media="(min-width: 500px)">{_image(7)}</picture>'
        '<img srcset="/1.png 1x, /8.png 2x" width=90 height=90><img sizes=120px srcset="/2.png 120w, /9.png 2000w" width=120></article>',
        (POST,),
        3,
    ),
    "tall": Made(
        f'{_articles(6)}<div style="height:{55_056 - 6 * 446 - 90}px"></div>' + _image(30, "loading=lazy"),
        _lines(6),
        6,
        head="<style>body{margin:0} article{height:146px} img{display:block}</style>",
        height=16_000,
    ),
}


@pytest.fixture
def made(site: LocalSite) -> LocalSite:
    """The site with its squares, the frame's page and a font that is slow and then no font."""
    for number in range(40):
        site.page(f"/{number}.png", square((number * 6, 90, 250 - number * 6), 40), content_type="image/png")
    site.page("/inner", f"<!doctype html><title>Inner</title>{_articles(5)}")
    wait = threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        wait.wait(1.2)
        handler.send_error(404)

    site.pages["/slow.woff2"] = slow
    return site


def _colours(png: bytes) -> Counter[tuple[int, ...]]:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    return Counter({colour: count for count, colour in picture.getcolors(picture.width * picture.height) or ()})  # type: ignore[misc]


def _taken(camera: Camera, site: LocalSite, name: str) -> tuple[Made, Picture]:
    page = SITE[name]
    head = f'<!doctype html><meta charset=utf-8><title>{name}</title><link rel=icon href="data:,">{page.head}'
    address = site.page(f"/{name.replace(' ', '-')}", f"{head}<body>{page.body}</body>")
    return page, camera.take(address, POST)


def _archived(picture: Picture) -> set[str]:
    """Return the paths of the images in the web archive."""
    with zipfile.ZipFile(io.BytesIO(picture.files["page.wacz"])) as packed:
        lines = [json.loads(line.split(" ", 2)[2]) for line in packed.read("indexes/index.cdx").decode().splitlines()]
    return {"/" + line["url"].split("/", 3)[3] for line in lines if line.get("mime") == "image/png" and line["status"] == "200"}


@pytest.mark.parametrize("name", SITE)
def test_the_page_is_captured_whole_and_its_post_alone(camera: Camera, made: LocalSite, name: str) -> None:
    """Every image (by page, server and web archive), the text line by line, verdict and cap; 0 pixels of overlay on the post."""
    page, picture = _taken(camera, made, name)

    _images_are_whole(page, picture, {path for path in made.asked if path.endswith(".png")})
    _parts_and_verdict_are_right(page, picture)
    _post_is_alone(page, picture)
    assert tuple(picture.text) == page.text


def _images_are_whole(page: Made, picture: Picture, asked: set[str]) -> None:
    settled = picture.facts["settled"]

    assert (settled["images"], settled["loaded"]) == (page.images, page.images)
    assert asked >= {f"/{n}.png" for n in range(page.images)}
    assert _archived(picture) == asked


def _parts_and_verdict_are_right(page: Made, picture: Picture) -> None:
    settled = picture.facts["settled"]
    parts = [Image.open(io.BytesIO(picture.files[part])).size for part in sorted(picture.files) if part.startswith("page-full-")]
    expected = Completeness.INCOMPLETE if page.height else Completeness.FULL

    assert sum(height for _, height in parts) == (page.height or max(900, settled["height"]))
    assert all(width == 1280 and height <= 8_000 for width, height in parts)
    assert (picture.evidence.completeness, "16,000 of 55,056" in picture.evidence.note) == (expected, bool(page.height))


def _post_is_alone(page: Made, picture: Picture) -> None:
    colours = _colours(picture.files["post.png"])
    width, height = Image.open(io.BytesIO(picture.files["post.png"])).size
    hidden = picture.facts["interventions"]["hidden"]

    assert colours[SHADE] == 0
    assert colours[PAPER] > 0.5 * width * height
    assert sum(count for colour, count in colours.items() if max(colour) < 90) > 200  # the words, in ink
    assert abs(width - WIDTH) <= 2
    assert len(hidden) >= page.hidden
    assert all({"tag", "position", "x", "y", "w", "h", "text"} <= set(line) for line in hidden)


def test_what_lay_over_the_post_is_in_the_picture_as_seen(camera: Camera, made: LocalSite) -> None:
    """The first picture is untouched: the banner is there, and the full page is photographed before anything is hidden."""
    _, picture = _taken(camera, made, "banner")

    assert _colours(picture.files["screen-as-seen.png"])[SHADE] > 400_000
    assert _colours(picture.files["page-full-01.png"])[SHADE] > 400_000
    assert "We value your privacy" in picture.facts["interventions"]["hidden"][0]["text"]


def test_a_page_with_a_dark_scheme_is_captured_light_and_says_so(camera: Camera, made: LocalSite) -> None:
    """The light scheme is photographed, and the record notes that there is another."""
    _, dark = _taken(camera, made, "dark")
    _, plain = _taken(camera, made, "lazy")

    assert _colours(dark.files["screen-as-seen.png"])[(0, 0, 0)] < 50_000
    assert [one.facts["settled"]["dark_scheme"] for one in (dark, plain)] == [True, False]
    assert dark.facts["settings"]["color_scheme"] == "light"


def test_an_endless_page_stops_at_the_cap(camera: Camera, made: LocalSite) -> None:
    """A page that grows as it is scrolled ends at 16,000 pixels: every image to there, two parts, and the note says so."""
    address = made.page("/endless", f"<!doctype html><title>Endless</title>{ENDLESS}")
    picture = camera.take(address, POST)
    settled = picture.facts["settled"]
    heights = [Image.open(io.BytesIO(picture.files[f"page-full-0{n}.png"])).size[1] for n in (1, 2)]

    assert settled["images"] == settled["loaded"] >= 30
    assert heights == [8_000, 8_000]
    assert picture.evidence.completeness is Completeness.INCOMPLETE
    assert "16,000 of " in picture.evidence.note
    assert POST in picture.text
    assert _colours(picture.files["post.png"])[PAPER] > 50_000


def test_the_same_page_twice_makes_the_same_pictures(camera: Camera, made: LocalSite) -> None:
    """Two captures of one page agree in every pixel of every picture."""
    first, second = (_taken(camera, made, "sticky")[1] for _ in range(2))
    pictures = [name for name in first.files if name.endswith(".png")]

    assert len(pictures) >= 3
    assert [first.files[name] for name in pictures] == [second.files[name] for name in pictures]


def _two_frames(site: LocalSite, middle: str) -> str:
    """Make a page with a frame of another site on the first screen and one at its end, and return its address."""
    site.page("/pink.png", square((255, 1, 250), 60), content_type="image/png")
    site.page("/framed", "<body style=margin:0><img src=/pink.png>")
    frame = f"<iframe style='border:0;width:60px;height:60px' src='http://localhost:{site.port}/framed'></iframe>"
    return site.page("/two", f"<!doctype html><link rel=icon href='data:,'><p>{POST}</p>{frame}{middle}{frame}")


@pytest.mark.parametrize("height", [100, 3_000, 9_000])
def test_frames_of_other_sites_are_in_the_picture_wherever_they_stand(camera: Camera, site: LocalSite, height: int) -> None:
    """Both frames are drawn, every pixel, also far below the first screen, where the browser by itself leaves such frames undrawn."""
    picture = camera.take(_two_frames(site, f"<div style='height:{height}px'></div>"), POST)
    parts = [_colours(content)[255, 1, 250] for name, content in picture.files.items() if name.startswith("page-full")]

    assert sum(parts) == 2 * 60 * 60
    assert picture.evidence.completeness is Completeness.FULL, picture.evidence.note


def test_a_page_that_follows_the_windows_height_keeps_its_shape_and_says_what_may_be_missing(camera: Camera, site: LocalSite) -> None:
    """A box as tall as the window would be stretched in a tall one: the page keeps its shape, and the capture is incomplete for that."""
    tall = f"<div style='height:100vh;background:rgb{SHADE}'></div><div style='height:3000px'></div>"
    picture = camera.take(_two_frames(site, tall), POST)

    assert _colours(picture.files["page-full-01.png"])[SHADE] == 900 * (1280 - 2 * 8)
    assert "frames of other sites further down may be missing" in picture.evidence.note
    assert picture.evidence.completeness is Completeness.INCOMPLETE
