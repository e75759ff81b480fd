"""Plain bar charts as SVG, with the same numbers in words: what is hidden in the table is hidden here as well."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from casework.suppression import FEW, WITHHELD

WIDE, HIGH, LABEL, BAR = 640, 24, 300, 280
_INK, _FILL, _PALE = "#1b2733", "#1f5f8b", "#8a97a3"


def bars(rows: Sequence[tuple[str, str]]) -> bytes:
    """Return a chart with a bar for each row; a hidden row has a dashed outline of one length, whatever it stands for."""
    most = max((int(words) for _, words in rows if words.isdigit()), default=0) or 1
    drawn = "".join(_bar(place, label, words, most) for place, (label, words) in enumerate(rows))
    size = f'width="{WIDE}" height="{HIGH * len(rows) + 8}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Libertinus Serif" font-size="13">{drawn}</svg>'.encode()


def in_words(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return what the chart shows for somebody who cannot see it: every row with its number."""
    return f"Bar chart, {title}: " + "; ".join(f"{label} {words}" for label, words in rows)


def _bar(place: int, label: str, words: str, most: int) -> str:
    top, middle = place * HIGH + 4, place * HIGH + 17
    text = f'<text x="{LABEL - 8}" y="{middle}" text-anchor="end" fill="{_INK}">{escape(_short(label))}</text>'
    if words in {FEW, WITHHELD}:
        wide, look = 24.0, f'fill="none" stroke="{_PALE}" stroke-dasharray="3 2"'
    else:
        wide, look = BAR * int(words) / most, f'fill="{_FILL}"'
    bar = f'<rect x="{LABEL}" y="{top}" width="{wide:.1f}" height="{HIGH - 8}" {look}/>'
    return f'{text}{bar}<text x="{LABEL + wide + 6:.1f}" y="{middle}" fill="{_INK}">{escape(words)}</text>'


def _short(label: str) -> str:
    return label if len(label) <= 46 else f"{label[:45]}…"  # noqa: PLR2004 - what fits before the bars
