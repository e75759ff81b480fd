"""PDFs: readable by everybody, the same bytes twice, hostile text harmless, every fault named."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
import typst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence import pdf as writer
from evidence.errors import PdfError
from evidence.pdf import Bullets, Document, Figure, Heading, PageBreak, Paragraph, Quote, Rows, Table, pdf, written

AT = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)


def a_png(width: int = 800, height: int = 1000) -> bytes:
    """Return a picture of one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress((b"\x00" + b"\xc8\x1e\x3c" * width) * height)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


FULL = Document(
    title="Report of case SW-2026-0007",
    made_at=AT,
    author="Fernley Green Primary School",
    subject="What was seen and done",
    footer="SW-2026-0007",
    keywords=("school", "case"),
    blocks=(
        Heading("What was seen"),
        Paragraph("One line\nand another."),
        Quote("#strong[not markup] $x$ <b>no</b>"),
        Bullets(("first", "second")),
        Bullets(("do this", "then that"), numbered=True),
        Table(("When", "What"), (("12:00", "seen"), ("13:00", "asked"))),
        Rows((("Case", "SW-2026-0007"), ("Reply to", "office@fernley-green.example"))),
        Figure(a_png(), "A red rectangle", "What the page showed"),
        PageBreak(),
        Heading("Deep", level=3),
    ),
)


def just(text: str) -> Document:
    """Return a document of one paragraph."""
    return Document("A title", (Paragraph(text),), AT)


def tags(content: bytes) -> list[tuple[str, str]]:
    """Return every element of the structure tree: its kind, and the words that stand in for it."""
    with pikepdf.open(io.BytesIO(content)) as opened:
        return [(str(node.S), f"{node.get('/Alt', '')}{node.get('/ActualText', '')}") for node in _walk(opened.Root.StructTreeRoot)]


def _walk(node: pikepdf.Object) -> Iterator[pikepdf.Object]:
    if isinstance(node, pikepdf.Array):
        for one in node:
            yield from _walk(one)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node and "/P" in node:
            yield node
        if "/K" in node:
            yield from _walk(node.K)


def test_the_archive_and_accessibility_standards_are_claimed_and_their_marks_are_there() -> None:
    """Language, marked content, title, PDF/A part 3 level A and PDF/UA part 1 in the metadata."""
    made = written(FULL)
    with pikepdf.open(io.BytesIO(made.content)) as opened, opened.open_metadata() as meta:
        assert opened.Root.Lang == "en-GB"
        assert opened.Root.MarkInfo.Marked
        assert opened.Root.ViewerPreferences.DisplayDocTitle
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"], meta["pdfuaid:part"]) == ("3", "A", "1")
        assert meta["dc:title"] == FULL.title
        assert "Fernley Green Primary School" in str(meta["dc:creator"])
    assert made.standards == ("a-3a", "ua-1")


def test_headings_lists_tables_and_pictures_are_tagged() -> None:
    """A screen reader finds the title, headings without a skipped level, header cells, list items and the words for the picture."""
    found = tags(pdf(FULL))
    kinds = [kind for kind, _ in found]

    assert [kind for kind in kinds if kind in {"/H1", "/H2", "/H3", "/H4"}] == ["/H1", "/H2", "/H3"]
    assert kinds.count("/TH") == 4
    assert kinds.count("/TD") == 8
    assert kinds.count("/LI") == 4
    assert ("/Figure", "A red rectangle") in found


def test_the_same_document_gives_the_same_bytes() -> None:
    """Made twice, nothing differs; another date makes another file."""
    assert pdf(FULL) == pdf(FULL)
    assert pdf(replace(FULL, made_at=AT.replace(hour=13))) != pdf(FULL)


def test_what_people_wrote_is_never_markup(words_of: Callable[[bytes], str]) -> None:
    """Typst code, HTML and quotes in a text come out as they went in."""
    wicked = '#read("/etc/passwd") #import "@preview/x:1.0.0" $1+1$ *bold* _it_ `raw` @ref <label> \\ // no /* no */ "quoted" [x] {y}'

    assert wicked in words_of(pdf(just(wicked)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a[U+0000]b"),
        ("a\ufeffb", "a[U+FEFF]b"),
        ("a\ud800b", "a[U+D800]b"),
        ("a\u202eb", "a[U+202E]b"),
        ("a\u200bb", "a[U+200B]b"),
        ("burn \U0001f525 it", "burn [U+1F525 fire] it"),
        ("\U0001f469\u200d\U0001f680", "[U+1F469 woman][U+1F680 rocket]"),
        ("line\r\nnext", "line\nnext"),
        ("a\tb", "a    b"),
    ],
)
def test_characters_that_deceive_or_cannot_be_drawn_are_shown(text: str, shown: str) -> None:
    """Control, bidirectional and unknown characters become visible codes; nothing is lost in silence."""
    assert writer._drawn(text) == shown
    assert written(just(text)).standards == writer.STANDARDS


@pytest.mark.parametrize(
    "name", ["Zoë Ní Dhómhnaill", "Siân Ŵyn-Ŷates", "Łucja Żółć", "Ștefan Ğül İnan", "Ольга", "Ελένη", "O\u2019Neill-Muñoz £€"]
)
def test_names_of_people_in_britain_are_drawn_as_they_are(name: str, words_of: Callable[[bytes], str]) -> None:
    """Accents of the languages that are spoken here need no code, and read back the same."""
    made = written(just(name))

    assert not made.other_fonts
    assert name in words_of(made.content)


def test_letters_of_other_scripts_are_drawn_or_shown_as_codes() -> None:
    """Bengali or Chinese: with the computer's fonts where it has them, as codes otherwise; a PDF comes in either case."""
    made = written(just("বাংলা 中文"))

    assert made.content.startswith(b"%PDF")
    assert made.standards == writer.STANDARDS
    assert writer._drawn("ব") == "[U+09AC]"


def test_every_character_of_the_list_is_drawn() -> None:
    """The list of drawable characters is true for the writer that is installed."""
    listed = sorted(writer._drawable())

    made = written(just(" ".join(f"a{char}" for char in listed)))

    assert len(listed) > 4000
    assert (made.standards, made.other_fonts) == (writer.STANDARDS, False)


@given(st.text(st.characters(exclude_categories=()), max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_whatever_becomes_a_pdf_of_the_standard(text: str) -> None:
    """No text fails: every character of Unicode, surrogates and controls too, in a paragraph, a cell and a title."""
    document = Document(f"T {text}", (Paragraph(text), Table(("H",), ((text,),)), Bullets((text,))), AT)

    assert written(document).standards == writer.STANDARDS


def test_very_long_texts_and_words_stay_on_the_page() -> None:
    """40,000 letters without a blank and 10,000 words are written within the standard."""
    assert written(just("x" * 40_000)).standards == writer.STANDARDS
    assert written(just("word " * 10_000)).standards == writer.STANDARDS


def test_a_long_run_without_a_blank_is_broken(words_of: Callable[[bytes], str]) -> None:
    """A hash in a narrow cell goes over several lines; an address with slashes is left whole."""
    address = "https://forum.example.org/thread/12345/some-title-with-words?x=1&y=2#post-3"
    document = Document("T", (Table(("a", "b", "c"), (("e" * 64, "x", "y"),)), Paragraph(address)), AT)

    found = words_of(pdf(document))

    assert "e" * 64 not in found
    assert address in found


def test_what_the_standard_refuses_is_written_without_it_and_says_so(
    monkeypatch: pytest.MonkeyPatch, words_of: Callable[[bytes], str]
) -> None:
    """When the writer refuses the standard, the words are saved all the same, and the first page tells."""
    real: Callable[..., bytes] = typst.compile

    def picky(*args: object, **options: object) -> bytes:
        if options["pdf_standards"]:
            raise RuntimeError("PDF/A-3a error: invented")
        return real(*args, **options)

    monkeypatch.setattr(typst, "compile", picky)

    made = written(FULL)

    assert made.standards == ()
    assert "could not be written to the archive standard" in words_of(made.content)


def test_a_picture_that_is_broken_is_named() -> None:
    """A cut PNG is refused by its own words, with nothing half-made."""
    with pytest.raises(PdfError, match="no PDF was made"):
        pdf(Document("T", (Figure(a_png()[:200], "A cut picture"),), AT))


@pytest.mark.parametrize(
    ("block", "says"),
    [
        (Figure(b"GIF89a", "An animation"), "An animation"),
        (Figure(a_png(2, 2), "  "), "alt"),
        (Table(("a", "b"), (("only one",),)), "a | b"),
        (Table((), ()), "cells"),
        (Table(("a", "b"), (), (1,)), "share"),
    ],
)
def test_faults_of_a_document_are_named(block: Figure | Table, says: str) -> None:
    """Each fault names the picture or table and the mend."""
    with pytest.raises(PdfError, match=says.replace("|", r"\|")):
        pdf(Document("T", (block,), AT))


def test_a_document_needs_a_title() -> None:
    """Without a title there is nothing to find it by."""
    with pytest.raises(PdfError, match="title"):
        pdf(Document(" ", (), AT))


def test_watermark_and_footer_are_no_part_of_the_reading_order(words_of: Callable[[bytes], str]) -> None:
    """They are seen on the page and skipped by a screen reader."""
    made = pdf(replace(FULL, watermark="Copy for the headteacher"))

    assert "Copy for the headteacher" in words_of(made)
    assert [kind for kind, _ in tags(made)] == [kind for kind, _ in tags(pdf(FULL))]


def test_empty_lists_and_rows_leave_nothing_behind() -> None:
    """A list without items draws no empty list."""
    kinds = [kind for kind, _ in tags(pdf(Document("T", (Bullets(()), Rows(()), Paragraph("x")), AT)))]

    assert not {"/L", "/Table"} & set(kinds)


def test_plots_as_svg_are_taken() -> None:
    """A drawing keeps its words in `alt`."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="5" height="5" fill="#369"/></svg>'

    assert written(Document("T", (Figure(svg, "Bars: 3, 5, 8", width=60),), AT)).standards == writer.STANDARDS


def test_nine_pages_with_eight_screenshots_take_less_than_a_second_each_time(tmp_path: Path) -> None:
    """The size of an evidence report; pictures lie in the folder that was named, and are gone afterwards."""
    document = Document("T", tuple(Figure(a_png(), f"Part {number}") for number in range(8)), AT)
    pdf(document, tmp_path)
    start = time.perf_counter()

    pdf(document, tmp_path)

    assert time.perf_counter() - start < 1
    assert list(tmp_path.iterdir()) == []


PICKS: tuple[Callable[[Document], Document], ...] = (
    lambda document: replace(document, blocks=(*document.blocks, Heading("Last"))),
    lambda document: replace(document, blocks=document.blocks[::-1]),
)


@pytest.mark.parametrize("change", PICKS)
def test_headings_never_skip_a_level(change: Callable[[Document], Document]) -> None:
    """Whatever the order of blocks, the levels are raised so that none is skipped."""
    assert written(change(FULL)).standards == writer.STANDARDS


def test_a_clock_that_runs_gives_a_pdf_too() -> None:
    """A real clock's moments have fractions of a second; the paper's date is that of the whole second before."""
    ticking = Document("A title", (Paragraph("words"),), AT.replace(microsecond=123_456))

    assert pdf(ticking) == pdf(Document("A title", (Paragraph("words"),), AT.replace(microsecond=0)))


def code(number: int) -> str:
    """Return a code as the safe prints them: 64 letters and digits."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def test_a_code_is_copied_out_as_it_is(words_of: Callable[..., str]) -> None:
    """Wherever a code stands, also beside a full stop or a bracket, what a program copies is the code, and no unseen character."""
    blocks = (
        Paragraph(f"Its code is {code(0)}. Of the other ({code(1)}) it is known; code:{code(2)}, and so on, to the end of a long line."),
        Quote(f"Our code\n{code(3)}\nstands there."),
        Bullets((f"one {code(4)}",)),
        Bullets((f"the code of the first step, with words before it: {code(5)}",), numbered=True),
        Rows((("Code", code(6)), ("SHA-256", f"seal {code(7)}"))),
        Table(("File", "Bytes", "SHA-256"), (("screen-as-seen.png", "12,345", code(8)),), (3, 2, 6)),
        Figure(a_png(40, 40), "A red square", band=(f"Witness code: {code(9)}",), caption=f"Sealed as {code(10)}"),
        Heading(f"Evidence {code(11)}"),
    )
    content = pdf(Document("T", blocks, AT, footer=code(12)))

    for mode in ((), ("-layout",), ("-raw",)):
        found = words_of(content, mode)
        assert [number for number in range(13) if code(number) not in found] == []
        assert not {"\u200b", "\u00ad", "\u2060"} & set(found)


LINE = (62.36, 532.92)  # from the left to the right margin of a page, in points


@pytest.mark.parametrize("text", [code(1), "a" * 300, "https://forum.example/" + "w" * 90, "W" * 200, "Responsibilities", "\u4e2d" * 90])
@pytest.mark.parametrize("others", [1, 3, 6, 9, 15])
def test_nothing_runs_out_of_its_cell(text: str, others: int, words_of: Callable[..., str]) -> None:
    """However narrow a column, each of its words ends within it: a code, a long name, capitals, letters without blanks."""
    right = LINE[0] + (LINE[1] - LINE[0]) / (1 + others)
    boxes = words_of(pdf(Document("T", (Table((text[:20], ""), ((text, ""),), (1, others)),), AT)), ("-bbox",))
    cells = [one for one in re.findall(r'xMax="([\d.]+)" yMax="[\d.]+">([^<]+)<', boxes) if one[1] not in {"T", "Page", "of"}]

    assert cells
    assert [one for one in cells if float(one[0]) > right and not re.fullmatch(r"\d{1,2}", one[1])] == []  # but the number of the page


def test_nothing_runs_out_of_the_page(words_of: Callable[..., str]) -> None:
    """In running words, quotes, lists, bands, headings and footers long runs end at the margin."""
    long = "https://forum.example/" + "w" * 150 + "?b=" + "c" * 150
    blocks = (Paragraph(long), Quote(long), Bullets((long,)), Bullets((long,), numbered=True), Heading(long))
    figure = Figure(a_png(40, 40), "A red square", band=(long, code(1)), caption=long)
    boxes = words_of(pdf(Document("T", (*blocks, figure), AT, footer="f" * 90)), ("-bbox",))

    assert max(float(one) for one in re.findall(r'xMax="([\d.]+)"', boxes)) <= LINE[1]
