"""Shared reading of what sites send: HTML to plain text, times to UTC at the edge (platforms.md §1.2 and §1.6)."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement, PreformattedString

from data.model.posts import storable

_XML_PROLOG = re.compile(r"<\?xml\b[^>]*>", re.IGNORECASE)
_SILENT = frozenset({"script", "style", "template", "noscript", "head", "iframe", "object"})
_PARAGRAPHS = frozenset({
    "p", "div", "ul", "ol", "table", "blockquote", "article", "section", "header", "footer", "main", "nav", "aside", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "pre", "figure", "fieldset", "dl", "body",
})  # fmt: skip
_LINES = frozenset({"li", "tr", "dt", "dd", "figcaption", "option", "legend", "summary"})
_LINE, _ITEM, _PARAGRAPH = "\u2028", "\x1e", "\u2029"  # kept apart from the white space of the source until the end
_UK_SUMMER = re.compile(r"\bBST\b\s*$")
_LATEST_UNIX = 253_402_300_799.0  # the end of the year 9999


def soup_of(markup: str) -> BeautifulSoup:
    """Parse HTML leniently; an XML declaration is left out, since pages carry it by habit."""
    plain = _XML_PROLOG.sub("", storable(markup))
    return BeautifulSoup(plain if "<" in plain else f"<html>{plain}", "lxml")  # bare words could pass for a file's name


def html_to_text(markup: str) -> str:
    """Return what a person would read: tags gone, `<br>` and ends of blocks as line breaks, entities undone once."""
    if "<" not in markup:
        return _tidy(html.unescape(storable(markup)).replace("\n", _LINE))
    return text_of(soup_of(markup))


def text_of(element: Tag) -> str:
    """Return the text of a parsed element, as `html_to_text` does. Walks without recursion: hostile pages nest thousands deep."""
    pieces: list[str] = []
    waiting: list[PageElement | str] = [element]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Tag):
            _open(node, pieces, waiting)
        elif not isinstance(node, PreformattedString):  # comments, declarations and the like
            pieces.append(re.sub(r"\s+", " ", str(node)) if isinstance(node, NavigableString) else str(node))
    return _tidy("".join(pieces))


def _open(node: Tag, pieces: list[str], waiting: list[PageElement | str]) -> None:
    if node.name in _SILENT and node.parent is not None:
        return
    if node.name == "br":
        pieces.append(_LINE)
        return
    mark = _PARAGRAPH if node.name in _PARAGRAPHS else _ITEM if node.name in _LINES else ""
    if mark:
        pieces.append(mark)
        waiting.append(mark)
    waiting.extend(reversed(node.contents))


def _tidy(text: str) -> str:
    text = text.replace("\xa0", " ").replace("\r", "")
    text = re.sub(r"[ \t\n\f\v]+", " ", text)
    text = re.sub(rf" *[{_LINE}{_ITEM}{_PARAGRAPH}][ {_LINE}{_ITEM}{_PARAGRAPH}]*", _break, text)
    return text.strip()


def _break(found: re.Match[str]) -> str:
    """One break stays one; a paragraph's end, or two breaks in a row, become an empty line."""
    marks = found.group()
    return "\n\n" if _PARAGRAPH in marks or marks.count(_LINE) > 1 else "\n"


def zone_of(name: str | None) -> ZoneInfo | None:
    """Return the named zone; None for no name or one that nobody knows."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def moment(value: Any, zone: ZoneInfo | None = None) -> datetime | None:
    """Return the time that `value` states, in UTC: ISO 8601, RFC 822, or Unix seconds as a number. None when it states none.

    A time without a zone is taken to be in `zone`; without one it is None, since guessing could be hours wrong. In the hour that
    happens twice in October the first is taken; a time in the hour that March leaves out is read as if the clocks had not moved.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC) if 0 < value <= _LATEST_UNIX else None
    text = str(value).strip()
    return in_zone(_iso(text) or _rfc822(text), zone) if 0 < len(text) <= 100 else None  # noqa: PLR2004 - no date is longer


def in_zone(found: datetime | None, zone: ZoneInfo | None) -> datetime | None:
    """Return `found` in UTC, a naive time read as in `zone`; None where that cannot be said."""
    if found is None or (found.tzinfo is None and zone is None):
        return None
    aware = found if found.tzinfo else found.replace(tzinfo=zone)
    try:
        return aware.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def formatted_moment(text: str, pattern: str, zone: ZoneInfo | None) -> datetime | None:
    """Return the time that `text` states in the given `strptime` pattern; None when it does not fit."""
    try:
        found = datetime.strptime(text.strip(), pattern)  # noqa: DTZ007 - the zone follows
    except (ValueError, re.error):
        return None
    return in_zone(found, zone)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _rfc822(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(_UK_SUMMER.sub("+0100", text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if found.tzinfo is None and text.endswith("-0000"):  # RFC 5322 §3.3: UTC, the local zone unknown
        return found.replace(tzinfo=UTC)
    return found
