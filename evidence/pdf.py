"""PDFs that can be read by anybody and kept for years: one module, the only importer of typst (evidence.md §5).

A caller builds a `Document` of blocks and gets bytes: `pdf(document)`. The same document gives the same bytes, on one machine and one
version of the writer. Each PDF is written as PDF/A-3a and PDF/UA-1: language, tagged headings, lists and tables with header cells, a text
for every picture. Conformance is claimed by the writer, not validated by another program. Where the standards refuse a document even after
cleaning, it is written without them and says so on its first page (`written` tells).

What people wrote is handed over as data, never as markup. Characters that deceive (control, bidirectional) or that no font here can draw
are shown as `[U+XXXX]`; letters of scripts that only the computer's own fonts have are drawn with those where possible. The exact text
stays with the evidence, not here.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst

from evidence.errors import PdfError
from evidence.safe_text import visible

STANDARDS = ("a-3a", "ua-1")
LONGEST = 30_000  # characters in one piece of text: PDF/A allows 32,767
OWN_FONTS = ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono")
WITHOUT = "This file could not be written to the archive standard (PDF/A). Its words are complete."
_EMOJI_GLUE = frozenset("\u200d\ufe0e\ufe0f")
_KINDS: tuple[tuple[bytes, str], ...] = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"<svg", "svg"), (b"<?xml", "svg"))


@dataclass(frozen=True)
class Heading:
    """A heading below the title: level 1 is a chapter, 2 a part of it. A level that skips one is raised to the next possible."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Words; a line end stays a line end."""

    text: str


@dataclass(frozen=True)
class Quote:
    """Words of somebody else, set apart: the text of a post, an answer."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list; `numbered` for steps."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Table:
    """A table with a header row. Every row has as many cells as the header; `widths` are shares (equal where left out)."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()


@dataclass(frozen=True)
class Rows:
    """Names and values, in two columns under a header."""

    rows: tuple[tuple[str, str], ...]
    header: tuple[str, str] = ("What", "Value")


@dataclass(frozen=True)
class Figure:
    """A picture: PNG, JPEG or SVG. `alt` says in words what it shows (for a plot: its numbers); `width` is the share of the line in %.

    `band`: lines in small letters above the picture that never part from it: where it is from, when, who.
    """

    image: bytes
    alt: str
    caption: str = ""
    width: int = 100
    band: tuple[str, ...] = ()


@dataclass(frozen=True)
class PageBreak:
    """A new page."""


Block = Heading | Paragraph | Quote | Bullets | Table | Rows | Figure | PageBreak


@dataclass(frozen=True)
class Document:
    """A document to be written. `made_at` is its date, also in its metadata; `watermark` stands pale behind every page."""

    title: str
    blocks: tuple[Block, ...]
    made_at: datetime
    author: str = ""
    subject: str = ""
    footer: str = ""
    watermark: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """A finished PDF, the standards it claims, and whether the computer's own fonts were needed for some letters."""

    content: bytes
    standards: tuple[str, ...]
    other_fonts: bool = False


def pdf(document: Document, scratch: Path | None = None) -> bytes:
    """Return the PDF; raises PdfError naming what cannot be written. `scratch` is where pictures lie for a moment (default: temporary)."""
    return written(document, scratch).content


def written(document: Document, scratch: Path | None = None) -> Written:
    """Return the PDF with what is to be known about it; raises PdfError naming the title, table or picture that is wrong."""
    _check(document)
    with TemporaryDirectory(dir=scratch) as folder:
        pictures = _lay_out(document, Path(folder))
        return _first_that_works(document, pictures, Path(folder))


def _first_that_works(document: Document, pictures: Mapping[int, str], folder: Path) -> Written:
    ways: list[tuple[bool, tuple[str, ...]]] = [(False, STANDARDS), (False, ())]
    if _needs_other_fonts(document):
        ways.insert(0, (True, STANDARDS))
    problem = ""
    for other_fonts, standards in ways:
        shown = document if standards else replace(document, blocks=(Paragraph(WITHOUT), *document.blocks))
        moved = {number + len(shown.blocks) - len(document.blocks): name for number, name in pictures.items()}
        try:
            return Written(_compile(shown, moved, folder, other_fonts=other_fonts, standards=standards), standards, other_fonts)
        except RuntimeError as error:  # the writer knows no narrower one
            problem = str(error)
    raise PdfError(document.title, problem)


def _compile(document: Document, pictures: Mapping[int, str], folder: Path, *, other_fonts: bool, standards: Sequence[str]) -> bytes:
    content = json.dumps(_as_data(document, pictures, _drawn_by_any if other_fonts else _drawn), ensure_ascii=False)
    sources: Any = {"main.typ": _layout(), "document.json": content.encode()}  # the stubs do not know this form yet
    claimed: Any = list(standards)
    made: bytes = typst.compile(
        sources,
        root=str(folder),
        format="pdf",
        font_paths=_fonts(other_fonts),
        pdf_standards=claimed,
        timestamp=document.made_at.astimezone(UTC).replace(microsecond=0),  # the writer takes whole seconds only
    )
    return made


@cache
def _fonts(other_fonts: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=other_fonts)


@cache
def _layout() -> bytes:
    return files("evidence").joinpath("document.typ").read_bytes()


def _check(document: Document) -> None:
    if not document.title.strip():
        raise PdfError("a document without a title", "give it one")
    for block in document.blocks:
        if isinstance(block, Table):
            _check_table(block)
        if isinstance(block, Figure) and not block.alt.strip():
            raise PdfError("a picture without words", "say in `alt` what it shows")


def _check_table(block: Table) -> None:
    name = f"the table '{' | '.join(block.header)}'"
    if not block.header or any(len(row) != len(block.header) for row in block.rows):
        raise PdfError(name, f"each row needs {len(block.header)} cells, as many as the header")
    if block.widths and (len(block.widths) != len(block.header) or min(block.widths) < 1):
        raise PdfError(name, "give one share of the width for each column, each 1 or more")


def _lay_out(document: Document, folder: Path) -> dict[int, str]:
    """Put the pictures where the writer finds them; return their names by the number of the block."""
    names = {}
    for number, block in enumerate(document.blocks):
        if isinstance(block, Figure):
            names[number] = f"picture-{number}.{_kind(block)}"
            (folder / names[number]).write_bytes(block.image)
    return names


def _kind(block: Figure) -> str:
    start = block.image.lstrip()[:16]
    found = next((kind for magic, kind in _KINDS if start.startswith(magic)), None)
    if found is None:
        raise PdfError(f"the picture '{block.alt}'", "it is neither PNG nor JPEG nor SVG")
    return found


Clean = Callable[[str], str]


def _as_data(document: Document, pictures: Mapping[int, str], clean: Clean) -> dict[str, Any]:
    def many(text: str) -> list[str]:
        return [part for line in clean(text).split("\n") for part in _pieces(line)]

    return {
        "title": clean(document.title).replace("\n", " "),
        "heading": many(document.title),
        "author": clean(document.author),
        "subject": clean(document.subject or document.title).replace("\n", " "),
        "keywords": [clean(word) for word in document.keywords],
        "footer": many(document.footer or document.title),
        "watermark": many(document.watermark) if document.watermark.strip() else [],
        "fonts": list(OWN_FONTS),
        "fallback": clean is _drawn_by_any,
        "parts": list(_parts(document.blocks, pictures, many)),
    }


def _pieces(line: str) -> Iterator[str]:
    yield from (line[at : at + LONGEST] for at in range(0, max(len(line), 1), LONGEST))


Many = Callable[[str], list[str]]


def _parts(blocks: Sequence[Block], pictures: Mapping[int, str], many: Many) -> Iterator[dict[str, Any]]:
    level = 1  # the title
    for number, block in enumerate(blocks):
        if isinstance(block, Heading):
            level = min(max(block.level, 1) + 1, level + 1)
            yield {"kind": "heading", "level": level, "text": many(block.text)}
        elif isinstance(block, Figure):
            yield {
                "kind": "figure",
                "file": pictures[number],
                "alt": "\n".join(many(block.alt)),
                "caption": many(block.caption) if block.caption.strip() else [],
                "width": min(max(block.width, 1), 100) / 100,
                "band": [many(line) for line in block.band],
            }
        else:
            yield from _words(block, many)


def _words(block: Paragraph | Quote | Bullets | Table | Rows | PageBreak, many: Many) -> Iterator[dict[str, Any]]:
    match block:
        case Paragraph(text):
            yield {"kind": "paragraph", "text": many(text)}
        case Quote(text):
            yield {"kind": "quote", "text": many(text)}
        case Bullets(items, numbered) if items:
            yield {"kind": "steps" if numbered else "list", "items": [many(item) for item in items]}
        case Rows(rows, header) if rows:
            yield from _words(Table(header, rows, (1, 3)), many)
        case Table(header, rows, widths):
            yield {
                "kind": "table",
                "header": [many(cell) for cell in header],
                "cells": [many(cell) for row in rows for cell in row],
                "widths": list(widths or [1] * len(header)),
            }
        case PageBreak():
            yield {"kind": "break"}


@cache
def _drawable() -> frozenset[str]:
    """Return the characters that the writer's own fonts can draw."""
    found: set[str] = set()
    for line in files("evidence").joinpath("drawable.txt").read_text(encoding="utf-8").splitlines():
        for span in [] if line.startswith("#") else line.split():
            first, _, last = span.partition("-")
            found.update(chr(code) for code in range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(found)


def _drawn(text: str) -> str:
    return "".join(char if char in _drawable() or char == "\n" else _marked(char) for char in _seen(text))


def _drawn_by_any(text: str) -> str:
    """Keep letters of every script: fonts of the computer may draw them. Symbols are still marked."""
    return "".join(char if char in _drawable() or char == "\n" or _is_letter(char) else _marked(char) for char in _seen(text))


def _seen(text: str) -> str:
    return visible(text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))


def _is_letter(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def _marked(char: str) -> str:
    """Return `[U+1F525 fire]` for a symbol, `[U+0995]` for a letter; what only glues emoji together is left out."""
    if char in _EMOJI_GLUE:
        return ""
    name = unicodedata.name(char, "").lower() if not _is_letter(char) else ""
    return f"[U+{ord(char):04X}{' ' + name if name else ''}]"


def _needs_other_fonts(document: Document) -> bool:
    return any(_is_letter(char) and char not in _drawable() for text in _texts(document) for char in text)


def _texts(document: Document) -> Iterator[str]:
    yield from (document.title, document.author, document.subject, document.footer, document.watermark, *document.keywords)
    for part in _parts([block for block in document.blocks if not isinstance(block, Figure)], {}, lambda text: [text]):
        for value in part.values():
            yield from _flat(value)


def _flat(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _flat(one)
