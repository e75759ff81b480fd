"""What the safe's tests share: an invented case, a vault, a small web server on loopback, and the browser when there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.model.cases import Case, CaseItem, CaseState
from data.model.posts import PlatformName
from data.model.readings import Category, Severity
from evidence.detect import BrowserSettings, find_browser
from evidence.testing import MOMENT, LocalSite
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
