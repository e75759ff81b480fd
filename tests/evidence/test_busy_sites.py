"""A site that is busy: asked again as it says, with a browser and without one, never more than three times (evidence.md §7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from collector.client import Client
from collector.public_address import Gate
from data.clock import FixedClock
from data.model.cases import Case, CaseItem
from data.model.evidence import Completeness, Evidence
from evidence.busy_sites import MOST_TRIES, pause
from evidence.capture import Watch, capture
from evidence.detect import BrowserSettings
from evidence.errors import CaptureCancelledError, CaptureFailedError
from evidence.progress import WORDS
from evidence.seal import Sealer
from evidence.testing import KEY, MOMENT, LocalSite, an_order, answering, busy, some_facts
from evidence.vault import Vault


class _Moving(FixedClock):
    """A clock on which waiting takes no real time and yet passes."""

    def real_seconds(self, span: timedelta) -> float:
        """Let the span pass at once."""
        self.forward(span)
        return 0.0


@pytest.fixture
def moving() -> _Moving:
    """A clock that moves when somebody waits."""
    return _Moving(MOMENT)


@pytest.mark.parametrize(
    ("status", "headers", "tries", "expected"),
    [
        (200, {}, 1, None),
        (404, {"retry-after": "1"}, 1, None),
        (500, {}, 1, 1.0),
        (502, {}, 2, 2.0),
        (503, {"retry-after": "7"}, 1, 7.0),
        (429, {"retry-after": "12"}, 2, 12.0),
        (429, {"retry-after": "13"}, 1, None),
        (429, {"retry-after": "0"}, 1, 1.0),
        (429, {"retry-after": "no number"}, 1, None),
        (429, {"retry-after": "Wed, 01 Jul 2026 08:30:05 GMT"}, 1, 5.0),
        (429, {"retry-after": "1"}, MOST_TRIES, None),
    ],
)
def test_a_busy_site_says_how_long_it_is_left_alone(status: int, headers: dict[str, str], tries: int, expected: float | None) -> None:
    """Only for 429 and 5xx, up to twelve seconds, twice; without a word from the site one second, then two."""
    wait = pause(status, headers, tries, MOMENT)

    assert (wait.total_seconds() if wait else None) == expected


_WELL = answering("<!doctype html><title>Forum</title><p>Invented words</p>")


def _take(case: Case, item: CaseItem, vault: Vault, site: LocalSite, clock: FixedClock, watch: Watch | None = None) -> Evidence:
    """Capture the site's page without a browser."""
    settings = BrowserSettings(enabled=False, loopback_ports=frozenset({site.port}))
    client = Client("dsl@school.example", clock, Gate(loopback_ports=settings.loopback_ports), pace_seconds=0)
    order = an_order(item.model_copy(update={"address": site.url("/p")}), at=MOMENT)
    try:
        evidence, _ = capture(
            order,
            case,
            item,
            facts=some_facts(case),
            sealer=Sealer(vault, KEY),
            browser=settings,
            client=client,
            clock=clock,
            watch=watch,
        )
    finally:
        client.close()
    return evidence


@pytest.mark.parametrize("asked", [(429, "5"), (503, "12"), (500, None)])
def test_without_a_browser_a_busy_site_is_asked_again(
    case: Case, item: CaseItem, vault: Vault, site: LocalSite, moving: _Moving, asked: tuple[int, str | None]
) -> None:
    """Busy twice and then well: captured at the third question, the pauses kept, and each said in our own words."""
    steps: list[str] = []
    site.in_turn("/p", busy(*asked), busy(*asked), _WELL)
    evidence = _take(case, item, vault, site, moving, Watch(steps.append))

    assert (evidence.completeness, evidence.status, site.asked) == (Completeness.NO_PICTURE, 200, ["/p"] * 3)
    assert moving.now() - MOMENT >= timedelta(seconds=2 * int(asked[1] or 1))
    assert steps.count(WORDS["again"]) == 2


@pytest.mark.parametrize("asked", [(429, "1", 3), (503, "3600", 1), (503, None, 1), (500, None, 3)])
def test_without_a_browser_a_site_that_stays_busy_is_left_alone(
    case: Case, item: CaseItem, vault: Vault, site: LocalSite, moving: _Moving, asked: tuple[int, str | None, int]
) -> None:
    """Three questions at most, one when it wants an hour or does not say how long; the error names the status, and nothing is kept."""
    status, wait, questions = asked
    site.in_turn("/p", busy(status, wait))
    with pytest.raises(CaptureFailedError, match=f"status {status}{', asked 3 times' if questions > 1 else ''}"):
        _take(case, item, vault, site, moving)

    assert len(site.asked) == questions
    assert not [path for path in vault.root.rglob("*") if path.is_file()]


def test_without_a_browser_nobody_waits_for_a_cancelled_capture(
    case: Case, item: CaseItem, vault: Vault, site: LocalSite, moving: _Moving
) -> None:
    """Cancelled while the site keeps us waiting: not asked again."""
    steps: list[str] = []

    def wanted() -> None:
        if WORDS["again"] in steps:
            raise CaptureCancelledError

    site.in_turn("/p", busy(429, "5"), _WELL)
    with pytest.raises(CaptureCancelledError):
        _take(case, item, vault, site, moving, Watch(steps.append, wanted))

    assert site.asked == ["/p"]
