"""The process that opens a page, so that its parent can kill it: a hostile page can hang a browser for ever (evidence.md §3).

Takes one job as a line of JSON on standard input and leaves files in the job's folder. It says on standard output, line by line, what it
is doing, and hands over the page's words; the parent answers "go" when pictures may be loaded. The parent keeps the pipe open: when it
closes, the parent is gone and everything here ends too.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector.public_address import Gate
from evidence import browser
from evidence.exchanges import Server, with_addresses
from evidence.processes import Unprivileged, end_descendants, give_folder, is_root, lowered, unprivileged_account
from evidence.proxy import GuardProxy

GO = b"go\n"
_PATIENCE = 60.0  # seconds for the answer to "may I?"; the parent kills us long before


@dataclass
class Line:
    """The two pipes to the parent."""

    _leave: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Wait for the parent's word in a thread of its own; when the parent is gone, end everything."""
        threading.Thread(target=self._listen, daemon=True, name="parent").start()

    def _listen(self) -> None:
        while said := os.read(sys.stdin.fileno(), len(GO)):  # not by the buffer, which a thread that waits would keep locked at our end
            if said == GO:
                self._leave.set()
        end_descendants()
        os._exit(3)

    def say(self, word: Mapping[str, Any]) -> None:
        """Say one thing, a line of JSON."""
        sys.stdout.buffer.write(json.dumps(word).encode("ascii") + b"\n")
        sys.stdout.buffer.flush()

    def asked(self, words: Mapping[str, Any]) -> bool:
        """Hand over the page's words; whether the parent lets its pictures in."""
        self.say({"words": dict(words)})
        return self._leave.wait(_PATIENCE)


@dataclass
class Talk:
    """What the browser may say and ask while it records; it also keeps what is known so far."""

    line: Line
    folder: Path
    proxy: GuardProxy
    lowered: bool

    def step(self, step: str) -> None:
        """Say what is being done now."""
        self.line.say({"step": step})

    def may_go_on(self, words: Mapping[str, Any]) -> bool:
        """Hand over the page's words and wait for leave to load its pictures."""
        return self.line.asked(words)

    def save(self, facts: Mapping[str, Any], answers: list[dict[str, Any]]) -> None:
        """Write what is known so far, whole or not at all."""
        proxy = self.proxy
        known = dict(facts) | {"traffic": proxy.traffic, "refused_connections": proxy.refused(), "over_limit": proxy.over_limit}
        _save(self.folder, known | {"lowered": self.lowered}, [*proxy.lines(), *with_addresses(answers, proxy.addresses())])

    def addresses(self) -> Mapping[Server, str]:
        """Return the address that each server was reached at."""
        return self.proxy.addresses()


def main(arguments: list[str]) -> int:
    """Do the one job and return 0, whatever came of the page: the facts say it."""
    if arguments == ["--own-browser"]:
        sys.stdout.write(browser.own_executable())
        return 0
    job = json.loads(sys.stdin.buffer.readline())
    line = Line()
    line.listen()
    threading.Thread(target=_warm, daemon=True, name="warm").start()
    _capture(job, line)
    return 0


def _warm() -> None:
    """Load what is needed late while the browser starts: the import alone takes up to half a second."""
    for name in ("evidence.web_archive", "evidence.image_prints"):
        importlib.import_module(name)


def _capture(job: dict[str, Any], line: Line) -> None:
    """Try with the sandbox on; only where that is impossible, and only for loopback pages, once more without (evidence.md §3)."""
    line.say({"step": "starting"})
    account = unprivileged_account()
    can_lower = not is_root() or account is not None
    facts = _attempt(job, line, account, sandbox=True) if can_lower else {"no_sandbox": True, "failure": ""}
    if facts.get("no_sandbox") and job["is_loopback"]:
        _attempt(job, line, account, sandbox=False)
    elif facts.get("no_sandbox"):
        facts["failure"] = (
            "the browser's sandbox does not work on this machine; allow user namespaces, or run Schoolwatch as an ordinary user"
        )
        _save(Path(job["folder"]), facts, [])


def _attempt(job: dict[str, Any], line: Line, account: Unprivileged | None, *, sandbox: bool) -> dict[str, Any]:
    folder, root = Path(job["folder"]), Path(job["root"])
    home = root / ("home" if sandbox else "home-plain")
    for own in (home, home / "profile"):
        give_folder(own, account)
    executable = job["executable"] or browser.own_executable()
    if account is not None:
        executable = lowered(executable, account, root)
    gate = Gate(loopback_ports=frozenset(job["loopback_ports"]))
    with GuardProxy(gate, max_traffic=job["max_traffic"], only_loopback=not sandbox) as proxy:
        talk = Talk(line, folder, proxy, lowered=account is not None)
        task = browser.Job(job["address"], folder, home, executable, proxy.port, sandbox, job["post_text"], job["author"])
        return browser.photograph(task, talk, proxy.why_not)


def _save(folder: Path, facts: Mapping[str, Any], network: list[dict[str, Any]]) -> None:
    log = "".join(json.dumps(line, sort_keys=True) + "\n" for line in network)
    for name, text in (("network.jsonl", log), ("facts.json", json.dumps(facts))):
        rough = folder / f"{name}.tmp"
        rough.write_text(text, encoding="utf-8")
        rough.replace(folder / name)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
