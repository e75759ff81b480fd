"""Hostile text made safe to read: for a spreadsheet, for a person's eyes (evidence.md §7)."""

from __future__ import annotations

import unicodedata

_KEPT = frozenset("\n\t\u200d\ufe0f")  # line ends, tabs; the joiner and the selector that emoji are made of
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20\t\r")  # the wide ones of Chinese and Japanese keyboards too


def visible(text: str) -> str:
    """Show control, bidirectional and other unseen characters as `[U+202E]`: they can make a reader see something else than is there."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text.replace("\r\n", "\n"))


def _shown(char: str) -> str:
    unseen = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} and char not in _KEPT
    return f"[U+{ord(char):04X}]" if unseen else char


def in_csv(text: object) -> str:
    """Return one cell: quoted, and never a formula for the spreadsheet that opens it (OWASP, CSV injection)."""
    cell = visible(str(text)).replace("\n", " ")
    cell = f"'{cell}" if cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA) else cell
    return '"' + cell.replace('"', '""') + '"'
