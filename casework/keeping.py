"""What goes when its time has come, what is held, what a person must agree to (domain.md §8)."""

from __future__ import annotations

from casework.room import Room


class Keeping(Room):
    """Verbs of this part."""
