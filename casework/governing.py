"""The governors' report, the policy register, the yearly review (A30, A38, B41; domain.md §7.4, §7.5)."""

from __future__ import annotations

from casework.room import Room


class Governing(Room):
    """Verbs of this part."""
