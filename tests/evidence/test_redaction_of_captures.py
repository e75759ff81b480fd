"""What a real browser captured is covered where the map of the page says, in every picture: map, offsets and pixels fit together."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from collector.client import Client
from collector.public_address import Gate
from collector.testing import a_kept_post
from data.clock import FixedClock
from data.model.cases import Case, CaseItem
from data.model.evidence import Evidence
from evidence.boxes import Choice
from evidence.capture import capture
from evidence.detect import BrowserSettings
from evidence.redaction import Copy, Original, make_copy
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
