"""Which desk the screens work at: the program's own, or the one that the server (or a test) put here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schoolwatch.desk import Desk, open_desk

_chosen: dict[str, Callable[[], Desk]] = {}


def use(opener: Callable[[], Desk] | None) -> None:
    """Let `desk()` ask this opener from now on; None returns to the program's own desk."""
    _chosen.clear()
    if opener is not None:
        _chosen["opener"] = opener


def desk() -> Desk:
    """Return the desk; raises SettingsError or StoreError with a plain line when it cannot be opened."""
    opener: Callable[..., Any] = _chosen.get("opener", open_desk)
    opened: Desk = opener()
    return opened
