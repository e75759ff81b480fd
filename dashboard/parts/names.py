"""Names of people in place of ids, for the history."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.parts.plain_words import one_line
from schoolwatch.desk import Desk

MACHINE = "Schoolwatch"


def names(desk: Desk) -> Mapping[str, str]:
    """Return user id -> name of everybody who ever signed in here; the machine itself is "Schoolwatch"."""
    with desk.store.read() as work:
        known = {user.id: one_line(user.name, 60) for user in work.users.where()}
    return known | {"system": MACHINE, "report form": "the report form", "": MACHINE}


def name(known: Mapping[str, str], user_id: str) -> str:
    """Return a person's name, or say that nobody of that id is known any more."""
    return known.get(user_id, "somebody no longer listed")
