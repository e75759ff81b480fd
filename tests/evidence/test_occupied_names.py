"""Forms and documents that answer with their fields for everything they are asked: nothing of it reaches what we read of a page.

`<form><input name=parentElement>` has an input for its parent, and `<img name=body>` stands for the document's body. The pages here occupy
every name that a form and a document have; their twins carry the same elements under names that nobody asks for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from evidence.errors import PreflightStopError
from evidence.testing import LocalSite, square

if TYPE_CHECKING:
    from conftest import Camera, Picture

pytestmark = pytest.mark.browser

POST = "The invented head of Fernley Green never answers letters, and 3 parents say so"
SIGN = "who has the Y10 nudes folder, swap for £5"  # as in test_preflight
PAPER, SHADE = (250, 240, 200), (255, 0, 255)
BOX = f"width:600px;background:rgb{PAPER};padding:20px;margin:0 0 40px"
LOOKS = f"<style>body{{margin:0}} article,.post{{{BOX}}} html::after{{content:'';position:fixed;inset:0;background:rgb{SHADE}}}</style>"
OCCUPY = """<script>{
  const chain = (o) => o ? [...Object.getOwnPropertyNames(o), ...chain(Object.getPrototypeOf(o))] : [];
  const make = document.createElement.bind(document), every = [...document.querySelectorAll('form')], place = document.body;
  const put = Node.prototype.appendChild, names = new Set(chain(every[0])), pages = new Set(chain(document));
  const shelf = put.call(place, make('div')); shelf.hidden = true;
  for (const form of every) for (const name of names) {
    const field = make('input'); field.type = 'hidden'; field.name = before + name; put.call(form, field); }
  for (const name of pages) { const image = make('img'); image.id = image.name = before + name; put.call(shelf, image);
    const form = make('form'); form.name = before + name; put.call(shelf, form); }
}</script>"""
PARTS = f"""<h1>Forum</h1><form class=post title="A form of words" style="color:#222"><p>{POST}</p><img src=/1.png width=120 height=90
  alt="square one"><a href="/next">The next one</a><select><option>Choose me</option></select><textarea>Write here</textarea></form>
  <article><form><p>Other invented words</p><div id=shadow></div><iframe src=/inner width=500 height=160></iframe></form></article>
  <form id=bar class=over style="position:fixed;left:0;right:0;top:30px;height:300px;background:rgb{SHADE}">Cookies</form>
  <form style="position:absolute;left:0;top:0;width:700px;height:300px;background:rgb{SHADE}">Subscribe</form>"""
SHADOW = """<script>document.getElementById('shadow').attachShadow({mode: 'open'}).innerHTML
  = 'Words alone<form><b>Words in the shadow</b><img src=/2.png width=60 height=60 alt="square two"></form>';</script>"""


@pytest.fixture
def made(site: LocalSite) -> LocalSite:
    """The site with its squares and the pages of its frames."""
    for number in (1, 2, 3):
        site.page(f"/{number}.png", square((number * 60, 90, 200), 40), content_type="image/png")
    return site


def _page(site: LocalSite, path: str, parts: str, before: str) -> str:
    occupy = OCCUPY.replace("{", f"{{ const before = '{before}';", 1)
    head = f'<!doctype html><meta charset=utf-8><title>A forum</title><link rel=icon href="data:,">{LOOKS}'
    site.page("/inner", f"{head}<form><p>Words in a frame</p><img src=/3.png width=50 height=50></form>{occupy}")
    return site.page(path, f"{head}<body>{parts}{SHADOW if 'id=shadow' in parts else ''}{occupy}</body>")


def _hidden(picture: Picture) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = picture.facts["interventions"]["hidden"]
    return found


def test_a_page_that_occupies_every_name_is_read_like_its_twin(camera: Camera, made: LocalSite) -> None:
    """Words, title, images, map, source, the post's own picture and what was hidden for it: the same for both, and whole."""
    twin = camera.take(_page(made, "/p", PARTS, "x-"), POST)
    picture = camera.take(_page(made, "/p", PARTS, ""), POST)

    assert {POST, "Other invented words", "Words alone", "Words in the shadow", "Words in a frame", "Cookies"} <= set(twin.text)
    assert picture.text == twin.text
    assert (picture.evidence.title, picture.evidence.completeness.value) == ("A forum", "full"), picture.evidence.note
    assert picture.facts["settled"] == twin.facts["settled"]
    assert picture.facts["settled"]["images"] == picture.facts["settled"]["loaded"] == 3
    assert json.loads(picture.files["layout.json"]) == json.loads(twin.files["layout.json"])
    assert {one["alt"] for one in json.loads(twin.files["layout.json"])["images"]} == {"square one", "square two", ""}
    assert "Words in the shadow" in picture.files["dom.html"].decode()
    for name in ("post.png", "screen-as-seen.png", "page-full-01.png"):
        assert (name, picture.files[name]) == (name, twin.files[name])
    assert _hidden(picture) == _hidden(twin)
    assert [line["tag"] for line in _hidden(twin)] == ["html::after", "form", "form"]
    assert picture.facts["post_picture"] == twin.facts["post_picture"]


WAYS = {
    "in a form": "<form id=a><p></p></form><script>document.querySelector('#a p').textContent = said</script>",
    "described by a form": "<form id=a><p>x</p></form><script>document.querySelector('#a').title = said</script>",
    "in the title": "<form></form><script>document.title = said</script>",
    "alone in a shadow": "<form><div id=a></div></form><script>"
    "document.querySelector('#a').attachShadow({mode: 'open'}).textContent = said</script>",
    "drawn in a shadow": "<form><div id=a></div></form><script>document.querySelector('#a').attachShadow({mode: 'open'}).innerHTML"
    " = `<svg><text y=20>${said}</text></svg>`</script>",
    "in a frame": "<form><iframe src='about:blank'></iframe></form><script>"
    "document.querySelector('iframe').contentDocument.body.textContent = said</script>",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_sign_on_such_a_page_stops_the_capture(camera: Camera, made: LocalSite, way: str) -> None:
    """The sign is written by a script, so that the source received does not hold it; no picture is asked for."""
    said = "".join(f"\\u{ord(char):04x}" for char in SIGN)
    address = _page(made, "/p", f"<script>const said = '{said}'</script>{WAYS[way]}<img src=/1.png>", "")
    with pytest.raises(PreflightStopError):
        camera.take(address)

    assert set(made.asked) == {"/p"}
