"""How much memory a process tree holds: a page can fill a machine within seconds, and browsers set no limit of their own."""

from __future__ import annotations

import contextlib

import psutil

MAX_MEMORY = 1_200_000_000  # bytes; a capture of a very tall page takes up to 700 MB (evidence.md §3)


def held_by(pid: int) -> int:
    """Return the bytes that a process and everything below it hold; what they share is counted once. 0 when it is gone."""
    own, shared = 0, 0
    with contextlib.suppress(psutil.NoSuchProcess):
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                memory = process.memory_info()
                together = getattr(memory, "shared", 0)  # Linux only; elsewhere shared pages are counted more than once
                own, shared = own + memory.rss - together, max(shared, together)
    return own + shared
