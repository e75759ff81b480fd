"""Text that may come from outside, made safe to say: Streamlit reads most of its labels and notes as markdown."""

from __future__ import annotations

import re
import unicodedata

_SIGNS = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~:$^@&])")
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_KEPT = "\u200d\ufe0f"  # join emoji; harmless


def as_is(text: str) -> str:
    """Return text that a markdown label shows as it is: every sign that markdown would read is escaped, on one line."""
    return _SIGNS.sub(r"\\\1", one_line(text, 2_000))


def one_line(text: str, longest: int = 160) -> str:
    """Return text on one line without hidden signs (a bidi override could turn the rest of our line around), cut to a length."""
    words = " ".join(visible(text).split())
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


def visible(text: str) -> str:
    """Return text without control and direction signs; line ends and tabs stay, piled-up accents are cut to four."""
    kept: list[str] = []
    piled = 0
    for sign in text:
        kind = unicodedata.category(sign)
        piled = piled + 1 if kind in {"Mn", "Me"} else 0
        if piled <= 4 and (kind not in _HIDDEN or sign in "\n\t" or sign in _KEPT):  # noqa: PLR2004 - no writing needs more
            kept.append(sign)
    return "".join(kept)


def masked(address: str) -> str:
    """Return an address of which only the host can be read: in a STOP case nobody should follow it by habit."""
    start, slashes, rest = address.partition("://")
    host = (rest if slashes else start).split("/", 1)[0].rpartition("@")[2]
    return f"{host}/ …"


def counted(number: int, one: str, many: str) -> str:
    """Say "1 post" or "3 posts"."""
    return f"{number:,} {one if number == 1 else many}"
