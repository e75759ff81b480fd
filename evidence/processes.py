"""The one place in this room for calls that differ between systems: who we are, how a process tree is started and ended.

POSIX-only calls are guarded by `hasattr`; elsewhere psutil does what it can. Windows was never tried.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_GRACE_SECONDS, _TURN_SECONDS = 3.0, 0.01
_SAFE_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Unprivileged:
    """The account that a browser is started as when we ourselves are root."""

    uid: int
    gid: int


def is_root() -> bool:
    """Whether this process runs as root (always False where there is no such thing)."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def unprivileged_account() -> Unprivileged | None:
    """Return the account `nobody` when we are root and can become it by `setpriv`; None otherwise."""
    if not is_root() or shutil.which("setpriv") is None:
        return None
    import pwd  # POSIX only

    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return None
    return Unprivileged(entry.pw_uid, entry.pw_gid)


def start_worker(command: list[str], folder: Path, errors: Path) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, its standard input a pipe that stays open as long as we live; it answers on its output.

    Its temporary files lie beside `errors`, so that they go with that folder even when it is killed.
    """
    environment = dict(os.environ) | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(errors.parent))
    with errors.open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own module, fixed words
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True, env=environment
        )


def end_tree(process: subprocess.Popen[bytes], marker: Path) -> None:
    """Kill the child, everything it started, and whatever else still names `marker` (our own fresh folder) on its command line."""
    found: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        found = psutil.Process(process.pid).children(recursive=True)
    with contextlib.suppress(ProcessLookupError):
        process.kill()  # first, so that it writes nothing about the death of its children
    end_all(found)
    end_marked(marker)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)


def end_all(found: list[psutil.Process]) -> None:
    """Kill these processes and wait a moment for them to be gone."""
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.kill()
    until = time.monotonic() + _GRACE_SECONDS
    while any(_lives(process) for process in found) and time.monotonic() < until:
        time.sleep(_TURN_SECONDS)  # noqa: TID251 - for dying processes; nobody outside is paced by it


def _lives(process: psutil.Process) -> bool:
    """Whether it can still do anything. A dead one that nobody has collected yet cannot: the system's first process may take seconds."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def end_marked(marker: Path) -> None:
    """Kill processes that were cut loose from the tree but carry our fresh folder's name: browsers fork themselves free."""
    end_all(marked(marker))


def marked(marker: Path) -> list[psutil.Process]:
    """Return the other processes whose command line names `marker`."""
    own = os.getpid()
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if process.pid != own and str(marker) in " ".join(process.info["cmdline"] or ())
    ]


def end_descendants() -> None:
    """Kill everything that this process started (used when the parent died)."""
    end_all(psutil.Process().children(recursive=True))


def give_folder(folder: Path, account: Unprivileged | None) -> None:
    """Make `folder` private to the account that the browser runs as."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(stat.S_IRWXU)
    if account is not None and hasattr(os, "chown"):
        os.chown(folder, account.uid, account.gid)


def let_pass(folder: Path) -> None:
    """Let other accounts walk through `folder` to what is theirs, without listing it."""
    folder.chmod(stat.S_IRWXU | stat.S_IXGRP | stat.S_IXOTH)


def lowered(executable: str, account: Unprivileged, folder: Path) -> str:
    """Write a starter that lays down root before it becomes the browser, and return its path. The browser's pipes pass through it."""
    setpriv = shutil.which("setpriv") or "setpriv"
    script = folder / "start-browser"
    script.write_text(
        f"#!/bin/sh\nexec '{setpriv}' --reuid={account.uid} --regid={account.gid} --clear-groups -- '{executable}' \"$@\"\n",
        encoding="utf-8",
    )
    script.chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    return str(script)


def browser_environment(home: Path) -> dict[str, str | float | bool] | None:
    """Return the few variables that a browser needs: none of ours, so no secret reaches it. None (inherit) where that would break it."""
    if sys.platform == "win32":
        return None
    return {"HOME": str(home), "TMPDIR": str(home), "PATH": _SAFE_PATH, "LANG": "en_GB.UTF-8", "TZ": "Europe/London"}
