"""A whole capture against a plain Playwright script that makes the same pictures of the same page, browser start included.

The limit is 2 x (issue 2). Ours adds the worker, the guard proxy, the fresh unprivileged profile, source, text, vault and seal.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from collector.client import Client
from data.clock import SystemClock
from data.model.cases import Case, CaseItem, CaseState
from data.model.evidence import Completeness
from data.model.posts import PlatformName
from data.model.readings import Category, Severity
from evidence.capture import capture
from evidence.detect import BrowserSettings, find_browser
from evidence.seal import Sealer
from evidence.testing import KEY, MOMENT, LocalSite, an_order, some_facts, square
from evidence.vault import Vault

PAIRS, POSTS, LIMIT = 5, 36, 2.0
PLAIN = """
import sys
from playwright.sync_api import sync_playwright
address, executable, folder = sys.argv[1:4]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=executable)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.screenshot(path=folder + "/seen.png")
    page.evaluate('''async () => {
        const nap = ms => new Promise(r => setTimeout(r, ms));
        for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) { scrollTo(0, y); await nap(20); }
        while ([...document.images].some(i => !i.complete)) await nap(25);
        scrollTo(0, 0);
    }''')
    page.screenshot(path=folder + "/full.png", full_page=True)
    browser.close()
"""


@pytest.fixture
def page() -> Iterator[tuple[LocalSite, str]]:
    """A page of 36 posts with coloured squares, every second one lazy."""
    with LocalSite() as site:
        for number in range(POSTS):
            site.page(f"/{number}.png", square((number * 7 % 256, 120, 255 - number * 5), 360), content_type="image/png")
        posts = "".join(
            f"<article><h2>Post {n}</h2><p>{'Invented words about a school fair. ' * 6}</p>"
            f"<img src=/{n}.png width=360 height=100 {'loading=lazy' if n % 2 else ''}></article>"
            for n in range(POSTS)
        )
        yield site, site.page("/", f"<title>Forum</title><header style='position:sticky;top:0'>Forum</header>{posts}")


def _ours(address: str, site: LocalSite, folder: Path) -> float:
    began = time.monotonic()
    case = Case(
        id="c1",
        ref="SW-2026-0001",
        school_id="s1",
        state=CaseState.TRIAGED,
        lead_category=Category.HATE,
        severity=Severity.S2,
        target="teacher",
        owner_id="u",
        finding_id="f",
        reporter_type="collected",
        known_at=MOMENT,
        opened_at=MOMENT,
    )
    item = CaseItem(id="i1", case_id="c1", address=address, platform=PlatformName.FORUM, added_at=MOMENT)
    settings = BrowserSettings(loopback_ports=frozenset({site.port}))
    clock = SystemClock()
    client = Client("dsl@school.example", clock)
    evidence, _ = capture(
        an_order(item, at=MOMENT),
        case,
        item,
        facts=some_facts(case),
        sealer=Sealer(Vault(folder), KEY),
        browser=settings,
        client=client,
        clock=clock,
    )
    client.close()
    assert evidence.completeness is Completeness.FULL, evidence.note
    return time.monotonic() - began


def _plain(address: str, executable: str, folder: Path) -> float:
    folder.mkdir()
    (folder / "tmp").mkdir()
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", PLAIN, address, executable, str(folder)], check=True)  # noqa: S603 - our own words
    return time.monotonic() - began


@pytest.mark.browser
def test_a_capture_costs_at_most_twice_a_plain_script(page: tuple[LocalSite, str], tmp_path: Path, benchmark: BenchmarkFixture) -> None:
    """Interleaved pairs; the median of the ratios holds the limit."""
    site, address = page
    found = find_browser()
    if found is None:
        reason = "chromium is not on this machine: install Chromium, Chrome or Edge"
        if "chromium" in os.environ.get("SCHOOLWATCH_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    _plain(address, found.path, tmp_path / "warm")

    def interleaved() -> list[tuple[float, float]]:
        return [(_plain(address, found.path, tmp_path / f"p{n}"), _ours(address, site, tmp_path / f"o{n}")) for n in range(PAIRS)]

    pairs = benchmark.pedantic(interleaved, rounds=1, iterations=1)
    ratio = statistics.median(ours / plain for plain, ours in pairs)
    print(f"\ncapture: {ratio:.2f} x plain Playwright (limit {LIMIT})", *(f"{plain:.2f}/{ours:.2f} s" for plain, ours in pairs))

    assert ratio <= LIMIT
