"""The house keeps its own rules: names, places, words, files."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from data.store import REVISION

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("schoolwatch", "collector", "nlp", "evidence", "casework", "accounts", "dashboard", "data")
STATE_FILES = re.compile(r"\.(db|sqlite3?|db-wal|db-shm|warc|warc\.gz|wacz|png|jpe?g|webp|gif)$")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError|pragma: no cover|except:\s*$|# *stub", re.MULTILINE)


def tracked() -> list[str]:
    """Return the files that git tracks, or all files where this is not a checkout."""
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def python_files(*folders: str) -> list[Path]:
    """Return our own Python files below these folders."""
    return [ROOT / name for name in tracked() if name.endswith(".py") and name.split("/")[0] in folders]


def bound_names(tree: ast.AST) -> set[str]:
    """Return every name that a module assigns, imports as, or takes as a parameter; a field of a class hides nothing."""
    fields = {
        id(part.target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for part in node.body
        if isinstance(part, ast.AnnAssign)
    }
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    names = {node.id for node in stored if id(node) not in fields}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return names | {
        alias.asname for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names if alias.asname
    }


@pytest.mark.parametrize("path", python_files(*ROOMS, "tests", "benchmarks"), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_local_name_hides_a_room(path: Path) -> None:
    """A variable called like a room would hide it: a loaded pipeline is `language`, a body is `body` (architecture §11.3)."""
    demanded = {"nlp"} if path == ROOT / "nlp/factory.py" else set()  # spaCy looks for an argument of this name
    words = {"evidence", "accounts"}  # these are records of the same name as well, and are never imported as modules
    hidden = bound_names(ast.parse(path.read_text(encoding="utf-8"))) & (set(ROOMS) - words - demanded)

    assert hidden == set()


def test_no_installed_package_owns_a_rooms_name() -> None:
    """No library brings a top-level `data` or `nlp` of its own (architecture §11.4)."""
    owners = {room: set(packages_distributions().get(room, [])) - {"schoolwatch"} for room in ROOMS}

    assert {room: who for room, who in owners.items() if who} == {}


def test_the_dashboard_folder_shadows_nothing() -> None:
    """Streamlit puts the script's folder first on the path: nothing but these may lie there (architecture §11.1)."""
    found = {path.name for path in (ROOT / "dashboard").iterdir()} - {"__pycache__"}

    assert found <= {"__init__.py", "app.py", "server.py", "views", "parts", ".streamlit"}


def test_tests_hold_no_packages() -> None:
    """`tests/nlp/__init__.py` would replace the room `nlp` under pytest (architecture §11.2)."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_no_state_file_is_tracked() -> None:
    """A school's records and pictures never lie in the checkout."""
    found = [name for name in tracked() if STATE_FILES.search(name) and not name.startswith("tests/")]

    assert found == []


def test_no_lock_file_that_records_addresses_is_tracked() -> None:
    """Exact versions stand in pyproject.toml and constraints.txt only."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert [name for name in done.stdout.splitlines() if name.endswith(("uv.lock", "poetry.lock", "package-lock.json"))] == []


def test_nothing_is_left_unfinished() -> None:
    """No marker of unfinished or silenced work stands in the code."""
    found = [str(path.relative_to(ROOT)) for path in python_files(*ROOMS) if UNFINISHED.search(path.read_text(encoding="utf-8"))]

    assert found == []


def test_a_broad_except_stands_only_where_it_may() -> None:
    """`except Exception` may stand in the round and in the view wrapper, nowhere else (architecture §8)."""
    allowed = {"schoolwatch/round.py", "dashboard/parts/refusal.py", "collector/client.py"}  # the client closes its pool, then raises on
    found = {
        str(path.relative_to(ROOT))
        for path in python_files(*ROOMS)
        if re.search(r"except (Exception|BaseException)\b", path.read_text(encoding="utf-8"))
    }

    assert found <= allowed


def test_the_environment_is_read_in_one_place() -> None:
    """Only the settings read environment variables (the test run of a browser passes its own on)."""
    found = {
        str(path.relative_to(ROOT))
        for path in python_files(*ROOMS)
        if re.search(r"os\.environ|os\.getenv|getenv\(", path.read_text(encoding="utf-8"))
    }

    assert found <= {"schoolwatch/settings.py", "evidence/processes.py", "evidence/detect.py"}


def test_the_store_expects_the_newest_migration() -> None:
    """The version that the store asks for is the last one in data/migrations."""
    found = sorted(path.name.split("_")[0] for path in (ROOT / "data/migrations/versions").glob("0*.py"))

    assert found[-1] == REVISION


def test_the_exact_versions_are_stated_twice_alike() -> None:
    """`constraints.txt` (for pip) is the same list as in pyproject.toml (for uv)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    written = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

    assert [line for line in written if line and not line.startswith("#")] == project["tool"]["uv"]["constraint-dependencies"]


def test_the_readmes_commands_exist() -> None:
    """Every `schoolwatch …` command that the README names is a real one."""
    said = set(re.findall(r"schoolwatch ([a-z][a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    cli = (ROOT / "schoolwatch/cli.py").read_text(encoding="utf-8")
    real = {name.replace("_", "-") for name in re.findall(r"@app\.command\([^)]*\)\ndef (\w+)", cli)} | set(
        re.findall(r'@app\.command\("([^"]+)"', cli)
    )

    assert said <= real


def test_the_words_of_the_code_are_explained() -> None:
    """docs/concepts.md explains each word of the vocabulary that has a record."""
    concepts = (ROOT / "docs/concepts.md").read_text(encoding="utf-8")
    records = ("School", "WatchTerm", "Source", "Post", "Mention", "Score", "Reading", "Finding", "Report", "Decision", "Case", "Ground")
    more = (
        "Route",
        "TakedownRequest",
        "RemovalCheck",
        "Countdown",
        "Evidence",
        "CustodyEvent",
        "EvidencePack",
        "User",
        "AuditEvent",
        "Desk",
    )

    assert [word for word in (*records, *more) if f"**{word}**" not in concepts] == []
