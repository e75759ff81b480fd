"""Rewrites the exact versions: asks uv to resolve afresh, then writes them into pyproject.toml and constraints.txt, without addresses."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT, CONSTRAINTS, LOCK = ROOT / "pyproject.toml", ROOT / "constraints.txt", ROOT / "uv.lock"
_BLOCK = re.compile(r"\n\[tool\.uv\]\nconstraint-dependencies = \[\n.*?\n\]\n", re.DOTALL)


def main() -> None:
    """Resolve without the old constraints, then write the new ones."""
    without = _BLOCK.sub("\n", PROJECT.read_text(encoding="utf-8"))
    PROJECT.write_text(without, encoding="utf-8")
    LOCK.unlink(missing_ok=True)
    subprocess.run(["uv", "lock", "-q"], cwd=ROOT, check=True)
    export = ["uv", "export", "-q", "--no-hashes", "--no-header", "--no-annotate", "--all-extras", "--all-groups", "--no-emit-project"]
    listed = subprocess.run(export, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    pins = sorted(line.strip().replace('"', "'") for line in listed.splitlines() if "==" in line)
    block = "\n[tool.uv]\nconstraint-dependencies = [\n" + "".join(f'  "{pin}",\n' for pin in pins) + "]\n"
    PROJECT.write_text(without.rstrip("\n") + "\n" + block, encoding="utf-8")
    CONSTRAINTS.write_text("# Exact versions for pip, rewritten by `just lock`.\n" + "\n".join(pins) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
