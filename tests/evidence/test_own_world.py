"""A page that lies to scripts, or fights them, gets the right picture of its post all the same, and stands afterwards as before.

The scripts run in a browser of the test's own, in a process of its own; one whole capture shows that the worker does the same.
"""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from evidence.detect import BrowserSettings, find_browser
from evidence.testing import LocalSite

if TYPE_CHECKING:
    from conftest import Camera

pytestmark = pytest.mark.browser

POST = "The invented head of Fernley Green never answers letters, and 3 parents say so"
SHADE, PAPER = (255, 0, 255), (250, 240, 200)  # of what lies over the post, and of the post
BOX = f"width:600px;height:200px;background:rgb{PAPER};margin:0 0 300px;padding:20px;box-sizing:border-box"
OVER = f"background:rgb{SHADE};color:rgb{SHADE}"
POSTS = "".join(f'<article style="{BOX}"><p>{POST if n == 2 else f"Invented words number {n}"}</p></article>' for n in range(5))
LAID = f'<div class="laid over" style="position:absolute;inset:0;height:1600px;{OVER}">Subscribe</div>'
BODY = (
    f'<div style="position:relative">{POSTS}{LAID}</div><header style="position:sticky;top:0;height:300px;{OVER}">Forum</header>'
    f'<div id=bar style="position:fixed;inset:25% 0 0 0;{OVER}">Cookies</div>'
)
TOP = f"<style>html::after{{content:'x';position:fixed;inset:0;{OVER}}} body{{margin:0}}</style>"

LOOK = """
import base64, json, sys
from playwright.sync_api import Error, sync_playwright
from evidence.post_picture import find, photograph_post
executable, post, fails = sys.argv[1], sys.argv[2], sys.argv[3]
found = []
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=executable, chromium_sandbox=False)
    for address in sys.argv[4:]:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        protocol = page.context.new_cdp_session(page)
        world = protocol.send("Page.createIsolatedWorld", {"frameId": protocol.send("Page.getFrameTree")["frameTree"]["frame"]["id"]})
        def source():
            wanted = {"expression": "[document.documentElement.outerHTML, document.adoptedStyleSheets.length].join()",
                "contextId": world["executionContextId"], "returnByValue": True}
            return protocol.send("Runtime.evaluate", wanted)["result"]["value"]
        clips = []
        def shoot(clip):
            clips.append(clip)
            if fails:
                raise Error("the picture failed")
            wanted = {"format": "png", "captureBeyondViewport": True, "clip": clip | {"scale": 1}}
            return base64.b64decode(protocol.send("Page.captureScreenshot", wanted)["data"])
        there = find(page, protocol, post, "", Error)
        line = {"found": there is not None, "before": source()}
        if there is not None:
            try:
                picture, hidden = photograph_post(there, shoot)
                line |= {"picture": base64.b64encode(picture).decode(), "hidden": hidden, "whole": there.whole}
            except Error as error:
                line["failed"] = error.message
        found.append(line | {"clips": clips, "after": source(), "frames": len(page.frames)})
        page.close()
    browser.close()
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Looker:
    """Finds and photographs the post of pages with one browser."""

    executable: str

    def look(self, *addresses: str, fails: bool = False) -> list[dict[str, Any]]:
        """Return what was found on each page; `fails`: the picture itself cannot be taken."""
        line = [sys.executable, "-c", LOOK, self.executable, POST, "fails" if fails else "", *addresses]
        done = subprocess.run(line, check=True, capture_output=True, text=True, timeout=60)
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


@pytest.fixture
def looker(browser: BrowserSettings) -> Looker:
    """A browser that looks at the site; skips visibly where there is none."""
    found = find_browser(browser)
    assert found is not None
    return Looker(found.path)


def _page(site: LocalSite, path: str, body: str, script: str = "", **headers: str) -> str:
    head = f'<!doctype html><meta charset=utf-8><title>x</title><link rel=icon href="data:,">{TOP}<script>{script}</script>'
    return site.page(path, f"{head}<body>{body}</body>", 200, **headers)


def _colours(png: bytes) -> tuple[Counter[tuple[int, ...]], tuple[int, int]]:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    colours = Counter({colour: count for count, colour in picture.getcolors(picture.width * picture.height) or ()})
    return colours, picture.size  # type: ignore[return-value]


def _is_the_post(png: bytes) -> None:
    """The box of the post, nothing of what lay over it, and its words in ink."""
    colours, size = _colours(png)

    assert size == (600, 200)
    assert colours[SHADE] == 0
    assert colours[PAPER] > 0.8 * 600 * 200
    assert sum(count for colour, count in colours.items() if max(colour) < 90) > 200


HIDDEN = [
    ("html::after", "", "", "fixed", ""),
    ("header", "", "", "sticky", "Forum"),
    ("div", "bar", "", "fixed", "Cookies"),
    ("div", "", "laid over", "absolute", "Subscribe"),
]


def _short(hidden: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [(line["tag"], line["id"], line["class"], line["position"], line["text"] if "::" not in line["tag"] else "") for line in hidden]


LIES = {
    "boxes": "Element.prototype.getBoundingClientRect = () => new DOMRect(0, 0, 50, 50)",
    "windows": "for (const name of ['scrollX', 'scrollY', 'innerHeight']) Object.defineProperty(window, name, {get: () => 7})",
    "matches": "Element.prototype.matches = () => true",
    "never matches": "Element.prototype.matches = () => false; Element.prototype.checkVisibility = () => false",
    "styles": "CSSStyleDeclaration.prototype.setProperty = () => {}; Element.prototype.setAttribute = () => {}",
    "computed": "window.getComputedStyle = () => ({position: 'static', content: 'none', display: 'block'})",
    "hits": "Document.prototype.elementFromPoint = () => null",
    "arrays": "for (const name of ['push', 'map', 'sort', 'filter', 'includes', 'entries', 'indexOf', 'flatMap', 'reverse', 'splice'])"
    " Array.prototype[name] = () => []",
    "iteration": "Array.prototype[Symbol.iterator] = function* () {}; Map.prototype.get = () => 1; Set.prototype.has = () => true",
    "text": "String.prototype.normalize = () => ''; String.prototype.indexOf = () => 0; String.prototype.replace = () => 'x'",
    "innerText": "Object.defineProperty(HTMLElement.prototype, 'innerText', {get: () => 'a harmless thing'})",
    "names": "Object.defineProperty(Element.prototype, 'tagName', {get: () => 'SCRIPT'}); Element.prototype.getAttribute = () => 'x'",
    "tree": "for (const name of ['parentElement', 'childNodes', 'nodeType'])"
    " Object.defineProperty(Node.prototype, name, {get: () => null})",
    "numbers": "Math.max = () => 1; Math.round = () => 1; Math.min = () => 1; Math.floor = () => 1",
    "waiting": "window.requestAnimationFrame = () => 0; window.setTimeout = () => 0; window.Promise = class { then() {} }",
    "scroll": "window.scrollTo = () => {};"
    " for (const name of ['scrollIntoView', 'scrollIntoViewIfNeeded']) Element.prototype[name] = () => {}",
    "calls": "Function.prototype.call = () => null; Function.prototype.apply = () => null; Object.getOwnPropertyDescriptor = () => null;",
}


def test_what_a_page_redefines_bends_neither_the_crop_nor_the_list(looker: Looker, site: LocalSite) -> None:
    """Every function that finding, hiding and measuring use, redefined one group after the other: same box, same picture, same list."""
    names = ["the truth", *LIES]
    addresses = [_page(site, f"/{n}", BODY, LIES.get(name, "")) for n, name in enumerate(names)]
    found = dict(zip(names, looker.look(*addresses), strict=True))
    plain = found["the truth"]

    _is_the_post(base64.b64decode(plain["picture"]))
    assert _short(plain["hidden"]) == HIDDEN
    for name in LIES:
        line = found[name]
        assert (name, line["clips"], line.get("hidden"), line.get("whole")) == (name, plain["clips"], plain["hidden"], True)
        assert (name, line["picture"]) == (name, plain["picture"])
        assert (name, line["after"]) == (name, line["before"])


def test_a_whole_capture_of_a_page_that_lies_is_right(camera: Camera, site: LocalSite) -> None:
    """All the lies together, through the worker: the post's picture and what `capture.json` says of it."""
    lies = ";".join(f"try {{ {lie} }} catch {{ }}" for lie in LIES.values())
    picture = camera.take(_page(site, "/p", BODY, lies), POST)

    _is_the_post(picture.files["post.png"])
    assert _short(picture.facts["interventions"]["hidden"]) == HIDDEN
    assert picture.facts["post_alone"] == {"found": True, "all_its_words": True, "in_a_frame": False}
    assert picture.facts["post_picture"]["width"] == 600
    assert POST in picture.text


STYLED = """<!doctype html><meta charset=utf-8><link rel=icon href="data:,"><link rel=stylesheet href="/s.css">{posts}
  <div class=bar style="color: red !important; unknown: 3">Bar</div><div class="" style="" id=empty></div><header style=" top : 0 ">Forum
  </header><script>const strange = document.body.appendChild(document.createElementNS('urn:x', 'strange'));
  strange.setAttribute('class', 'no style of its own');
  document.querySelector('header').style.position = 'sticky';</script>"""
SHEET = f"""body {{ margin: 0 }} article {{ {BOX} }} .bar, strange {{ position: fixed; inset: 0; {OVER} }}
  header {{ height: 300px; {OVER} }}
  #empty {{ position: fixed; inset: 0; {OVER} }} html::after {{ content: 'x'; position: fixed; inset: 0; {OVER} }}"""


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("policy", ["style-src 'unsafe-inline' 'self'", "style-src 'self'"])
def test_everything_is_brought_back(looker: Looker, site: LocalSite, policy: str, *, fails: bool) -> None:
    """Afterwards the source is the one before, to the letter, its rules too: also when the picture fails, and under a strict policy.

    The strict one lets no style hold that is written into the page as text: hiding and bringing back must not need that.
    """
    site.page("/s.css", SHEET, content_type="text/css")
    posts = POSTS.replace(f' style="{BOX}"', "")
    [found] = looker.look(site.page("/p", STYLED.format(posts=posts), content_security_policy=policy), fails=fails)

    assert found["after"] == found["before"]
    assert found["clips"][0]["height"] == 200
    assert ("failed" in found) is fails
    if not fails:
        _is_the_post(base64.b64decode(found["picture"]))
        assert {line["tag"] for line in found["hidden"]} == {"div", "header", "strange", "html::after"}


@pytest.mark.parametrize("holder", ["127.0.0.1", "localhost"])
def test_a_post_in_a_frame_is_found_and_cut_out_where_it_stands(looker: Looker, site: LocalSite, holder: str) -> None:
    """A frame of the same site, and one of another site in a process of its own, each with lies within and a bar over it outside."""
    lies = ";".join(f"try {{ {lie} }} catch {{ }}" for lie in LIES.values())
    _page(site, "/inner", f"<p>Above</p>{BODY}", lies)
    around = f"""<p style="height:333px;margin:0">x</p><iframe src="http://{holder}:{site.port}/inner"
      style="border:7px solid;padding:11px;margin-left:40px" width=900 height=3000></iframe>
      <div style="position:fixed;inset:0;{OVER}">Bar outside</div>"""
    [found] = looker.look(_page(site, "/p", around, lies))

    assert found["frames"] == 2
    _is_the_post(base64.b64decode(found["picture"]))
    assert _short(found["hidden"])[-1] == ("div", "", "", "fixed", "Bar outside")
    assert found["after"] == found["before"]
    assert found["clips"][0]["x"] == 40 + 7 + 11


def test_words_that_stand_nowhere_are_not_found(looker: Looker, site: LocalSite) -> None:
    """No post, no picture, nothing touched; a page whose scripts say otherwise changes nothing."""
    lie = "String.prototype.indexOf = () => 0; String.prototype.includes = () => true"
    [found] = looker.look(_page(site, "/p", "<article>Other invented words</article>", lie))

    assert (found["found"], found["clips"], found["after"]) == (False, [], found["before"])
