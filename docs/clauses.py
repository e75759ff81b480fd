"""Which code and which tests keep each clause of the policies: collects what cites them, and writes docs/policy.md.

Run by hand with `just docs`; `tests/house/test_policy_clauses.py` holds the page against the tree.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("schoolwatch", "collector", "nlp", "evidence", "casework", "accounts", "dashboard", "data")
REGISTER = ROOT / "data" / "reference" / "policy_clauses.toml"
PAGE = ROOT / "docs" / "policy.md"
_CITED = re.compile(r"\b([AB]\d{1,2})(?:\s*(?:to|\u2013)\s*([AB]?)(\d{1,2}))?\b")  # "A18", "B30 to B35"
_SHOWN = 4  # files named in a cell; the rest is counted


@dataclass(frozen=True)
class Clause:
    """One clause, with the files that cite it."""

    id: str
    level: str  # must, should, not
    words: str
    room: str = ""
    due: str = ""
    why: str = ""
    design: bool = False
    code: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


def cited_in(text: str) -> set[str]:
    """Return the clauses that a text cites; a range ("B30 to B35") cites every clause in it."""
    found: set[str] = set()
    for first, letter, last in _CITED.findall(text):
        numbers = range(int(first[1:]), int(last) + 1) if last and letter in {"", first[0]} else range(int(first[1:]), int(first[1:]) + 1)
        found.update(f"{first[0]}{number}" for number in numbers)
    return found


def citations(*folders: str) -> dict[str, tuple[str, ...]]:
    """Return, for each clause, the Python files under the folders that cite it."""
    cited: dict[str, set[str]] = {}
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for clause in cited_in(path.read_text(encoding="utf-8")):
                cited.setdefault(clause, set()).add(path.relative_to(ROOT).as_posix())
    return {clause: tuple(sorted(files)) for clause, files in cited.items()}


def clauses() -> tuple[Clause, ...]:
    """Return the register with what cites each clause now."""
    rows: list[Mapping[str, object]] = tomllib.loads(REGISTER.read_text(encoding="utf-8"))["clause"]
    code, tests = citations(*ROOMS), citations("tests")
    return tuple(Clause(**row, code=code.get(str(row["id"]), ()), tests=tests.get(str(row["id"]), ())) for row in rows)  # type: ignore[arg-type]


def _cell(files: tuple[str, ...]) -> str:
    names = ", ".join(f"`{name}`" for name in files[:_SHOWN])
    return names + (f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else "")


def _row(clause: Clause) -> str:
    if clause.level == "not":
        return f"| {clause.id} | not built | {clause.words} | {clause.why} | {_cell(clause.tests)} |"
    code = _cell(clause.code) or (f"due with the {clause.due} room" if clause.due else "")
    level = f"{clause.level}, due with {clause.due}" if clause.due else clause.level
    return f"| {clause.id} | {level} | {clause.words} | {code} | {_cell(clause.tests)} |"


def page() -> str:
    """Return docs/policy.md as it should be now."""
    head = (
        "# The policies, clause by clause\n\n"
        "Policy A is a federation's, policy B a college's; the words are ours. Each clause that must be kept names the code and the tests\n"
        "that cite it. Made by `just docs` from `data/reference/policy_clauses.toml` and the tree; a test holds it.\n\n"
        "| Clause | Level | What it asks | Code | Tests |\n| --- | --- | --- | --- | --- |\n"
    )
    return head + "\n".join(_row(clause) for clause in clauses()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
