"""What a style draws elsewhere than its element stands: the map's boxes reach that far, or the map says that it is not to be trusted."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from typing import Any

import pytest

from evidence.detect import BrowserSettings, find_browser

pytestmark = pytest.mark.browser
LOOK = """
import json, sys
from playwright.sync_api import Error, sync_playwright
from evidence.own_world import OwnWorld
from evidence.page_scripts import LAYOUT
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], chromium_sandbox=False)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    own = OwnWorld(page.context.new_cdp_session(page), Error)
    maps = []
    for body in json.load(sys.stdin):
        page.set_content("<!doctype html><body style='margin:0'>" + body)
        maps.append(own.evaluate(LAYOUT, [16_000, 20_000]))
    print(json.dumps(maps))
    browser.close()
"""
MOVES = "<svg width=0 height=0 style='position:absolute'><filter id=f><feOffset dy=150 /></filter></svg>"
NAMES = "<style>@counter-style n{system:cyclic;symbols:'Ivy'} b::before{content:counter(z,n)} ul{list-style-type:n}</style>"
OUT_OF_REACH = [
    "<img src=data:, style='width:10px;height:10px;object-fit:none;overflow:visible'>",
    f"{MOVES}<img style='filter:url(#f)' src=data:, width=9 height=9>",
    f"{MOVES}<div style='filter:url(#f)'><p>Invented</div>",
    "<style>p::first-letter{background:url(/x)}</style><p>Invented",
    "<style>p::first-line{background:url(/x)}</style><p>Invented",
    "<style>::file-selector-button{background:url(/x)}</style><input type=file>",
    "<style>::placeholder{background:url(/x)}</style><input placeholder=Invented>",
    "<style>input{-webkit-appearance:none} ::-webkit-slider-thumb{background:url(/x)}</style><input type=range>",
    "<p style='text-shadow:0 150px 0 red'>Invented",
    "<p style='filter:drop-shadow(0 150px 0 red)'>Invented",
    f"{NAMES}<b></b>",
    f"{NAMES}<ul><li>x</ul>",
    """<p style="hyphenate-character:'Ivy Fern'">Invented""",
    "<style>div{overflow:auto} div::scroll-button(right){content:'Ivy'}</style><div>x</div>",
    "<div style='overflow:auto;scroll-marker-group:after'>x</div>",
    "<svg width=20 height=20 style='overflow:visible'><pattern id=p><text>Ivy</text></pattern><rect fill='url(#p)'/></svg>",
]
ORDINARY = """<p style='text-shadow:1px 2px 3px red'>Invented words</p><img src=data:,><ol><li>a</ol><ul><li>b</ul><input type=file>
<input placeholder=Search><input type=range><style>h2::before{counter-increment:s;content:counter(s, lower-roman) '. '}</style><h2>x</h2>
<img style='object-fit:cover;filter:drop-shadow(0 20px 13px red)' src=data:,><div style='overflow:auto'>x</div><dialog>x</dialog>
<svg width=9 height=9><filter id=f><feOffset dy=4 /></filter><g filter='url(#f)'><path d='M0 0h5v5z'/></g></svg>
<svg width=9 height=9 style='overflow:visible'><linearGradient id=g /><rect width=5 height=5 fill='url(#g)'/></svg>"""
USED = "<svg width=20 height=20 style='overflow:visible;display:block'><defs>{}</defs>{}</svg>"
REACHED = [  # what is drawn, in which list it is to be found, and a point that it reaches
    ("<div style='width:40px;height:40px;margin:100px;border-image:url(/x) 20 fill / 20px / 80px'></div>", "images", (30, 30)),
    ("<div style='width:1px;height:1px;margin:100px;border-image:url(/x) 20 fill / 1px / 60px'></div>", "images", (150, 150)),
    (USED.format("<image id=i href=data:, width=60 height=60 />", "<use href='#i' y=150 />"), "images", (30, 200)),
    (
        USED.format("<pattern id=p width=9 height=9><image href=data:, /></pattern>", "<rect y=120 width=99 height=60 fill='url(#p)'/>"),
        "images",
        (90, 170),
    ),
    (USED.format("<text id=t y=9>Ivy</text>", "<use href='#t' y=150 />"), "lines", (5, 155)),
    ("<style>dialog::backdrop{background:url(/x)}</style><dialog id=d>x</dialog><script>d.showModal()</script>", "images", (1200, 800)),
    ("<p style='margin:0;font:20px/20px monospace;text-shadow:0 20px 0 red'>Ivy", "lines", (10, 38)),
]


@functools.cache
def _looked(executable: str) -> dict[str, dict[str, Any]]:
    pages = [*OUT_OF_REACH, ORDINARY, *(body for body, _, _ in REACHED)]
    line = [sys.executable, "-c", LOOK, executable]
    done = subprocess.run(line, input=json.dumps(pages), check=True, capture_output=True, text=True, timeout=60)
    return dict(zip(pages, json.loads(done.stdout), strict=True))


@pytest.fixture
def maps(browser: BrowserSettings) -> dict[str, dict[str, Any]]:
    """The maps of all the pages here, from one browser in a process of its own."""
    found = find_browser(browser)
    assert found is not None
    return _looked(str(found.path))


@pytest.mark.parametrize("body", OUT_OF_REACH)
def test_what_the_map_cannot_hold_is_told(maps: dict[str, dict[str, Any]], body: str) -> None:
    """Filters, far shadows, parts of an element and named numbers: the map is not to be trusted."""
    assert maps[body]["cut"] is True


def test_an_ordinary_page_keeps_its_map(maps: dict[str, dict[str, Any]]) -> None:
    """Small shadows, lists, numbers, fields and drawings as pages have them: the map holds everything, and says so."""
    assert maps[ORDINARY]["cut"] is False
    assert any(line["text"] == "Invented words" and line["x"] == -2 for line in maps[ORDINARY]["lines"])  # 2 px for its shadow


@pytest.mark.parametrize(("body", "kind", "point"), REACHED)
def test_a_box_reaches_as_far_as_what_is_drawn(maps: dict[str, dict[str, Any]], body: str, kind: str, point: tuple[int, int]) -> None:
    """Borders' pictures beyond their box, what a drawing repeats elsewhere, what lies behind a dialog, a shadow of a word."""
    x, y = point

    assert maps[body]["cut"] is False
    assert any(box["x"] <= x < box["x"] + box["w"] and box["y"] <= y < box["y"] + box["h"] for box in maps[body][kind])
