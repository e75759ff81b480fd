"""The main job in one command, on each database: `schoolwatch demo --headless --until closed`."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from evidence.verify import Colour, verify


@pytest.fixture
def two_databases(postgres_server: str) -> Iterator[dict[str, str]]:
    """Two empty databases on PostgreSQL, for the school's records and for the jobs engine, as environment variables."""
    names = [f"line_{secrets.token_hex(4)}" for _ in range(2)]
    with psycopg.connect(postgres_server.replace("+psycopg", "") + "postgres", autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        yield {"SCHOOLWATCH_DATABASE": postgres_server + names[0], "SCHOOLWATCH_JOBS_DATABASE": postgres_server + names[1]}
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def play(folder: Path, **environment: str) -> list[str]:
    """Run the command and return what it said; fails unless it exits 0."""
    words = ["-m", "schoolwatch", "demo", "--headless", "--until", "closed", "--hour-seconds", "3", "--out", str(folder)]
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=240, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_the_whole_line_in_one_command(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A post is polled, judged, captured, reported, found gone by two agreeing checks, closed, and its pack verifies."""
    environment = request.getfixturevalue("two_databases") if database == "postgres" else {}
    said = play(tmp_path / "packs", **environment)
    packs = list((tmp_path / "packs").glob("*.zip"))
    gone = [line for line in said if re.search(r"check of .*: (removed_\w+|account_gone)", line)]

    assert any("flagged by polling" in line for line in said)
    assert len(gone) >= 2
    assert any(line.endswith("closed") for line in said)
    assert [verify(pack).colour for pack in packs] == [Colour.AMBER]
