"""The process that opens a page, so that its parent can kill it: a hostile page can hang a browser for ever (evidence.md §3).

Takes one job as a line of JSON on standard input and leaves files in the job's folder. The parent keeps the pipe open: when it
closes, the parent is gone and everything here ends too.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from collector.public_address import Gate
from evidence import browser
from evidence.processes import Unprivileged, end_descendants, give_folder, is_root, lowered, unprivileged_account
from evidence.proxy import GuardProxy


def main(arguments: list[str]) -> int:
    """Do the one job and return 0, whatever came of the page: the facts say it."""
    if arguments == ["--own-browser"]:
        sys.stdout.write(browser.own_executable())
        return 0
    job = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True, name="end-with-parent").start()
    _capture(job)
    return 0


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    end_descendants()
    os._exit(3)


def _capture(job: dict[str, Any]) -> None:
    """Try with the sandbox on; only where that is impossible, and only for loopback pages, once more without (evidence.md §3)."""
    account = unprivileged_account()
    can_lower = not is_root() or account is not None
    facts = _attempt(job, account, sandbox=True) if can_lower else {"no_sandbox": True, "failure": ""}
    if facts.get("no_sandbox") and job["is_loopback"]:
        _attempt(job, account, sandbox=False)
    elif facts.get("no_sandbox"):
        facts["failure"] = (
            "the browser's sandbox does not work on this machine; allow user namespaces, or run Schoolwatch as an ordinary user"
        )
        _save(Path(job["folder"]), facts, [])


def _attempt(job: dict[str, Any], account: Unprivileged | None, *, sandbox: bool) -> dict[str, Any]:
    folder, root = Path(job["folder"]), Path(job["root"])
    home = root / ("home" if sandbox else "home-plain")
    for own in (home, home / "profile"):
        give_folder(own, account)
    executable = job["executable"] or browser.own_executable()
    if account is not None:
        executable = lowered(executable, account, root)
    seen: dict[str, Any] = {}
    gate = Gate(loopback_ports=frozenset(job["loopback_ports"]))
    with GuardProxy(gate, max_traffic=job["max_traffic"], only_loopback=not sandbox) as proxy:

        def save(facts: dict[str, Any]) -> None:
            facts |= {"traffic": proxy.traffic, "refused": proxy.refused(), "over_limit": proxy.over_limit}
            facts["lowered"] = account is not None
            seen.update(facts)
            _save(folder, facts, proxy.lines())

        task = browser.Job(job["address"], folder, home, executable, proxy.port, sandbox)
        browser.photograph(task, save, proxy.why_not)
    return seen


def _save(folder: Path, facts: dict[str, Any], network: list[dict[str, Any]]) -> None:
    """Write what is known so far, whole or not at all."""
    log = "".join(json.dumps(line, sort_keys=True) + "\n" for line in network)
    for name, text in (("network.jsonl", log), ("facts.json", json.dumps(facts))):
        rough = folder / f"{name}.tmp"
        rough.write_text(text, encoding="utf-8")
        rough.replace(folder / name)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
