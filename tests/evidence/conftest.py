"""What the safe's tests share: an invented case, a vault, a small web server on loopback, and the browser when there is one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from collector.client import Client
from collector.public_address import Gate
from collector.testing import a_kept_post
from data.clock import FixedClock
from data.model.cases import Case, CaseItem, CaseState
from data.model.evidence import Evidence
from data.model.posts import PlatformName
from data.model.readings import Category, Severity
from evidence.capture import Watch, capture
from evidence.detect import BrowserSettings, find_browser
from evidence.seal import Sealer
from evidence.testing import KEY, MOMENT, LocalSite, an_order, some_facts
from evidence.vault import Vault


@pytest.fixture
def site() -> Iterator[LocalSite]:
    """A site on a free loopback port."""
    with LocalSite() as running:
        yield running


@pytest.fixture
def browser(site: LocalSite) -> BrowserSettings:
    """Settings for a real browser that may open the site; skips visibly where there is no browser."""
    settings = BrowserSettings(loopback_ports=frozenset({site.port}), time_limit=60)
    if find_browser(settings) is None:
        reason = "chromium is not on this machine: install Chromium, Chrome or Edge"
        if "chromium" in os.environ.get("SCHOOLWATCH_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    return settings


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """An empty vault."""
    return Vault(tmp_path / "vault")


@pytest.fixture
def case() -> Case:
    """An invented case."""
    return Case(
        id="c1",
        ref="SW-2026-0001",
        school_id="s1",
        state=CaseState.TRIAGED,
        lead_category=Category.HARASSMENT_STAFF,
        severity=Severity.S2,
        target="teacher",
        owner_id="u-dsl",
        finding_id="f1",
        reporter_type="collected",
        known_at=MOMENT,
        opened_at=MOMENT,
    )


@pytest.fixture
def item() -> CaseItem:
    """The case's one address."""
    return CaseItem(id="i1", case_id="c1", address="https://forum.example.org/t/1", platform=PlatformName.FORUM, added_at=MOMENT)


@dataclass(frozen=True)
class Picture:
    """A finished capture: the record, and its files by name."""

    evidence: Evidence
    files: dict[str, bytes]

    @property
    def facts(self) -> dict[str, Any]:
        """Return `capture.json`."""
        facts: dict[str, Any] = json.loads(self.files["capture.json"])
        return facts

    @property
    def text(self) -> list[str]:
        """Return the lines of the page's text that say something."""
        return [line.strip() for line in self.files["page.txt"].decode().splitlines() if line.strip()]

    @property
    def network(self) -> list[dict[str, Any]]:
        """Return the lines of the network log."""
        return [json.loads(line) for line in self.files["network.jsonl"].splitlines()]


@dataclass(frozen=True)
class Camera:
    """Captures pages for one invented case with a real browser."""

    case: Case
    item: CaseItem
    vault: Vault
    clock: FixedClock
    browser: BrowserSettings

    def take(self, address: str, post: str = "", watch: Watch | None = None, **settings: Any) -> Picture:
        """Capture an address, looking for a post with these words; `settings` change those of the browser."""
        browser = replace(self.browser, **settings)
        order = an_order(self.item.model_copy(update={"address": address}), at=MOMENT)
        facts = some_facts(self.case, post=a_kept_post(text=post) if post else None)
        client = Client("dsl@school.example", self.clock, Gate(loopback_ports=browser.loopback_ports), pace_seconds=0)
        try:
            evidence, _ = capture(
                order,
                self.case,
                self.item,
                facts=facts,
                sealer=Sealer(self.vault, KEY),
                browser=browser,
                client=client,
                clock=self.clock,
                watch=watch,
            )
        finally:
            client.close()
        return Picture(evidence, {file.name: self.vault.get(file.sha256) for file in evidence.files})


@pytest.fixture
def camera(case: Case, item: CaseItem, vault: Vault, clock: FixedClock, browser: BrowserSettings) -> Camera:
    """A camera that may look at the site; skips visibly where there is no browser."""
    return Camera(case, item, vault, clock, browser)
