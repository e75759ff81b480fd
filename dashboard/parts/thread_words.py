"""How posts that belong together are spoken of: how many, how far apart, in calm words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from casework.together import ThreadFile
from dashboard.parts import times
from dashboard.parts.plain_words import counted
from data.model.posts import PostId

Mark = tuple[str, PostId]  # school and post


def marks(files: Sequence[ThreadFile]) -> Mapping[Mark, int]:
    """Return how many other posts each post is seen together with, at its school."""
    others: dict[Mark, set[PostId]] = {}
    for file in files:
        for post_id in file.alert.post_ids:
            others.setdefault((file.alert.school_id, post_id), set()).update(file.alert.post_ids)
    return {mark: len(together) - 1 for mark, together in others.items()}


def mark_line(others: int) -> str:
    """Say that a post is not alone."""
    return f"Seen together with {counted(others, 'other post', 'other posts')}"


def later(minutes: int | None) -> str:
    """Say how long after the one before a post came; nothing for the first."""
    if minutes is None:
        return "first"
    return "at the same time" if minutes <= 0 else f"{times.length(timedelta(minutes=minutes))} later"


def span(file: ThreadFile, now: datetime) -> str:
    """Say how many posts there are and from when to when."""
    alert = file.alert
    return f"{counted(len(alert.post_ids), 'post', 'posts')}, {times.uk(alert.since, now)} to {times.uk(alert.until, now)}"


def why(file: ThreadFile) -> str:
    """Say why they are seen together."""
    return f"Why: {file.alert.why}."
