"""Who is told, by which way and when: the outbox, the rota, the digest."""

from __future__ import annotations

from casework.room import Room


class Telling(Room):
    """Verbs of this part."""
