"""The import contracts hold, and each of them catches a violation planted for it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("schoolwatch", "collector", "nlp", "evidence", "casework", "accounts", "dashboard", "data")
PLANTED = {
    "rooms look down": ("nlp/normal.py", "import casework.flagging"),
    "inside data": ("data/model/posts.py", "import data.store"),
    "one door to the network": ("casework/flagging.py", "import httpx"),
    "SQL on the ground floor": ("collector/poll.py", "import sqlalchemy"),
    "screens on the top floor": ("casework/triage.py", "import streamlit"),
    "spaCy only in nlp": ("collector/text.py", "import spacy"),
    "the browser only in evidence.browser": ("evidence/capture.py", "import playwright"),
    "the worker starts in a moment": ("evidence/exchanges.py", "import nlp.normal"),
    "DBOS only in schoolwatch.jobs": ("schoolwatch/round.py", "import dbos"),
    "tables are private": ("casework/service.py", "import data.tables"),
    "rules stay pure": ("casework/countdown.py", "import evidence.vault"),
    "plug-ins are strangers: platforms": ("collector/platforms/feed.py", "import collector.platforms.mastodon"),
    "plug-ins are strangers: components": ("nlp/components/defamation.py", "import nlp.components.harassment"),
    "plug-ins are strangers: notices": ("casework/notices/site_operator.py", "import casework.notices.platform_form"),
    "plug-ins are strangers: views": ("dashboard/views/inbox.py", "import dashboard.views.finding"),
    "no circles": ("casework/access.py", "import casework.service"),
}


def lint(folder: Path) -> str:
    """Return what import-linter says of the tree in `folder`."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the rooms, to plant violations in."""
    folder = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_house_keeps_its_contracts() -> None:
    """No room imports what it may not."""
    said = lint(ROOT)

    assert "0 broken" in said, said


def test_every_planted_violation_is_caught(copy: Path) -> None:
    """Each contract reports the violation planted for it, by module and line."""
    for name, statement in PLANTED.values():
        path = copy / name
        path.write_text(path.read_text(encoding="utf-8") + f"\n{statement}\n", encoding="utf-8")
    said = lint(copy)
    kept = [contract for contract in PLANTED if not re.search(rf"{re.escape(contract)}[^\n]*BROKEN", said)]

    assert kept == [], said
    assert "casework.flagging -> httpx (l." in said


def test_a_new_module_on_the_ground_floor_must_be_placed(copy: Path) -> None:
    """Whoever adds a file to data/ has to say on which layer it stands."""
    (copy / "data" / "attic.py").write_text('"""New."""\n', encoding="utf-8")

    assert "attic" in lint(copy)
