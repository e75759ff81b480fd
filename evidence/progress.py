"""How far a capture is, in fixed words of our own: what a worker says of itself is looked up here and never shown as it came."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "waiting": "waiting for its turn",
    "starting": "starting the browser",
    "text": "opening the page (text only)",
    "words": "reading its words before any picture is loaded",
    "opening": "opening the page",
    "again": "the site was busy: asking it once more",
    "seen": "photographing what is on screen",
    "settling": "scrolling to the end, so that every picture loads",
    "keeping": "keeping the page itself",
    "whole": "photographing the whole page",
    "post": "photographing the post alone",
    "sealing": "sealing what was found",
}


def in_words(step: object) -> str | None:
    """Return the words for a step of the worker's, or None for what is none."""
    return WORDS.get(step) if isinstance(step, str) else None
