"""Letters, summaries and packs made from a case (domain.md §9); nothing is sent from here."""

from __future__ import annotations

from casework.room import Room


class Letters(Room):
    """Verbs of this part."""
