"""Nothing is collected until the school has said in public that it does, and has assessed it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from schoolwatch.errors import NotReadyError
from schoolwatch.readiness import missing, require_ready
from schoolwatch.settings import Demo, Settings

READY = {
    "contact": "office@school.example",
    "privacy_notice_url": "https://school.example/privacy",
    "dpia_signed_on": date(2026, 9, 1),
    "dpia_signed_by": "Mrs Bramblecote",
}


@pytest.mark.parametrize("lacking", sorted(READY))
def test_each_gap_is_named(tmp_path: Path, lacking: str) -> None:
    """Each of the four things is asked for by name, with the setting that holds it."""
    settings = Settings(state_dir=tmp_path, **{name: value for name, value in READY.items() if name != lacking})
    with pytest.raises(NotReadyError, match=lacking):
        require_ready(settings)
    assert len(missing(settings)) == 1


def test_a_school_that_said_everything_is_ready(tmp_path: Path) -> None:
    """With all four, collecting may begin."""
    require_ready(Settings(state_dir=tmp_path, **READY))


def test_the_demo_needs_nothing(tmp_path: Path) -> None:
    """The demo reads only its own invented town."""
    demo = Demo(origin=datetime(2026, 11, 20, tzinfo=UTC), factor=360, town_address="http://127.0.0.1:1")

    assert missing(Settings(state_dir=tmp_path, demo=demo)) == ()
