"""The town's pictures: flat drawings made as SVG on the spot. No photograph, no person, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from html import escape
from importlib.resources import files

_GROUNDS = ("#3B6E8F", "#7A5C9E", "#4E7D4A", "#A4553A", "#8A6D1F", "#2F7F7A", "#8C3F63", "#55617A")
_SIZE = 'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 320" width="640" height="320"'
DRAWING_WIDTH, DRAWING_HEIGHT = 640, 320


def avatar(handle: str) -> str:
    """Return a square SVG in the author's own flat colour with the first letter of the handle."""
    ground = _GROUNDS[hashlib.sha256(handle.encode()).digest()[0] % len(_GROUNDS)]
    letter = escape(handle[:1].upper())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">'
        f'<rect width="96" height="96" fill="{ground}"/><text x="48" y="65" font-family="Georgia, serif" font-size="50" fill="#fff" '
        f'text-anchor="middle">{letter}</text></svg>'
    )


@cache
def _drawings() -> dict[str, str]:
    rows: dict[str, str] = tomllib.loads(files("schoolwatch.demo").joinpath("drawings.toml").read_text("utf-8"))
    return rows


def drawing(name: str) -> str | None:
    """Return the drawing of this name as SVG, None when there is none."""
    inner = _drawings().get(name)
    return f"<svg {_SIZE}>{inner}</svg>" if inner is not None else None
