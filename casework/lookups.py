"""Who hosts, shields and registers the site of a case (A21)."""

from __future__ import annotations

from casework.room import Room


class Lookups(Room):
    """Verbs of this part."""
