"""A notice or letter laid out for paper: its words as blocks of the one PDF writer, nothing added but a title and a footer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from casework.notice import Rendered
from evidence.pdf import Block, Bullets, Document, Paragraph

_STEP = re.compile(r"^\d{1,2}\. ")


def sheet(words: Rendered, *, made_at: datetime, school: str, footer: str, draft: bool = False) -> Document:
    """Return the letter as a document; `draft` puts a pale word behind it until the headteacher has agreed."""
    return Document(
        title=words.subject,
        blocks=tuple(_blocks(words.body)),
        made_at=made_at,
        author=school,
        footer=footer,
        watermark="DRAFT, NOT APPROVED" if draft else "",
    )


def _blocks(body: str) -> Iterator[Block]:
    for paragraph in body.strip().split("\n\n"):
        rows = paragraph.split("\n")
        yield from _listed(rows)


def _listed(rows: list[str]) -> Iterator[Block]:
    """Yield the lines before a list as a paragraph, the list as a list, what follows as a paragraph again."""
    plain: list[str] = []
    items: list[str] = []
    for row in [*rows, ""]:
        if row.startswith("- ") or _STEP.match(row):
            items.append(row)
            continue
        if items:
            yield from _paragraph(plain)
            yield _list(items)
            plain, items = [], []
        if row:
            plain.append(row)
    yield from _paragraph(plain)


def _paragraph(rows: list[str]) -> Iterator[Block]:
    if rows:
        yield Paragraph("\n".join(rows))


def _list(items: list[str]) -> Bullets:
    numbered = not items[0].startswith("- ")
    return Bullets(tuple(_STEP.sub("", item) if numbered else item.removeprefix("- ") for item in items), numbered)
