"""The report: complete, tagged, bounded, the same bytes twice; what a person brought stands apart; hostile text stays text."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from data.model.cases import Capacity, Case, CaseEvent, CaseItem, CaseState, Ground, RemovalCheck, Route, TakedownRequest, Verdict
from data.model.evidence import Completeness, Evidence, EvidenceKind, SealedFile, SealToken, TokenState
from data.model.readings import Category, Severity
from data.model.watch import School
from evidence import report_pdf
from evidence.custody import CustodyDraft
from evidence.errors import SealBrokenError
from evidence.pdf import Figure, Paragraph, Quote
from evidence.report import DEMO, CaseFile, Variant, Words, chronology_csv
from evidence.report_captures import MAX_TEXT, Budget, Source, capture_blocks, interventions, made_with, picture_name
from evidence.report_pdf import MAX_PIECES, document, report, shown
from evidence.report_pictures import NoPictureError, decoded, pieces
from evidence.seal import Sealer, canonical
from evidence.testing import KEY, MOMENT, as_png, chained, painted_page, sealed_page, square
from evidence.vault import Vault

NOW = MOMENT + timedelta(days=1, microseconds=123_456)
TEXT = "Mr Quillfeather took the trip money, fact."
NASTY = (
    "",
    " ",
    "\x00",
    "a\x07b",
    "\ufeff",
    "\ud800",
    "\udfff end",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "z\u0300\u0301\u0302\u0303" * 40,
    "<script>alert(1)</script>",
    "</w:t>",
    "#strong[x]",
    "$x^2$ @ref <label>",
    '#read("/etc/passwd")',
    "=cmd|'/c calc'!A1",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u0645\u0631\u062d\u0628\u0627",
    "\u4e2d\u6587\u5b57",
    "\u0995\u09be",
    "\ue000",
    "\uffff",
    "\U0010ffff",
    "\u2028x\u2029",
    "\u00ad\u200b\u200d",
    "\u1160\u3164",
    "\t\ttabs",
    "line\r\nline\rline",
    "x" * 40_000,
    "word " * 8_000,
    "https://x.example/" + "a" * 9_000,
    "\\",
    "// no /* no */",
    "\"quoted\" 'single' `raw`",
    "{y} [x] (z)",
    "%PDF-1.7 endobj",
    "\u0e01\u0e33",
    "\u1f3f4",
    "\u0130\u0131\u1e9e",
    "\u00a0\u2003\u3000wide",
)


@pytest.fixture
def sealer(vault: Vault) -> Sealer:
    """What seals in this test's vault."""
    return Sealer(vault, KEY)


@pytest.fixture
def pictures(vault: Vault) -> Callable[[Evidence, SealedFile], bytes]:
    """The way from a sealed file to its bytes."""
    return lambda _evidence, sealed: vault.get(sealed.sha256)


@pytest.fixture
def file(case: Case, item: CaseItem, sealer: Sealer) -> CaseFile:
    """A case with a capture, something supplied, a working copy, a request, a check and a token."""
    own, drafts = sealed_page(case, item.id, painted_page(TEXT), sealer=sealer, now=MOMENT)
    brought, more = sealed_page(
        case,
        item.id,
        {"supplied-01.png": square((1, 2, 3), 200)},
        sealer=sealer,
        now=MOMENT,
        id="e-2",
        ref=f"{case.ref}-E2",
        kind=EvidenceKind.SUPPLIED,
        completeness=Completeness.SUPPLIED,
        supplied_by="a parent",
        supplied_how="Photographed from a telephone on Friday evening.",
        supplied_at=MOMENT,
    )
    copied, last = sealed_page(
        case,
        item.id,
        {"post.png": square((4, 5, 6), 100), "post.json": b'{"text": "Mr [covered] took it."}'},
        sealer=sealer,
        now=MOMENT,
        facts={"original": {"ref": own.ref, "captured": "2026-07-01", "witness_code": own.seal_sha256}, "covered": {"names": 1}},
        id="e-3",
        ref=f"{case.ref}-E3",
        kind=EvidenceKind.REDACTED,
        derived_from=own.id,
    )
    request = TakedownRequest(
        id="r1",
        case_id="c1",
        item_id="i1",
        ground=Ground.HARASSMENT,
        route=Route.SITE_OPERATOR,
        recipient="abuse@forum.example.org",
        capacity=Capacity.SCHOOL_REPRESENTATIVE,
        notice="site_operator",
        subject="Removal",
        body="Please remove <b>this</b>.",
        drafted_by="u-dsl",
        drafted_at=MOMENT,
    )
    check = RemovalCheck(
        id="k1",
        case_id="c1",
        item_id="i1",
        slot="1",
        by="system",
        at=MOMENT,
        verdict=Verdict.PRESENT,
        method="web page",
        status=200,
        detail="the post was there",
    )
    token = SealToken(
        id="t1",
        subject=f"evidence:{own.id}",
        imprint=own.seal_sha256,
        authority="https://tsa.example",
        made_at=MOMENT,
        state=TokenState.GRANTED,
        token_at=MOMENT + timedelta(minutes=1),
    )
    return CaseFile(
        school=School(id="s1", name="Fernley Green Primary School", added_at=MOMENT),
        case=case,
        items=(item,),
        events=(CaseEvent(id="x1", case_id="c1", number=1, at=MOMENT, by="u-dsl", what="opened", after=CaseState.TRIAGED, reason="=1+1"),),
        requests=(request,),
        checks=(check,),
        evidence=(own, brought, copied),
        custody=chained((*drafts, *more, *last)),
        names={"u-dsl": "A. Quillfeather"},
        tokens=(token,),
    )


Made = Callable[..., bytes]
Holding = Callable[..., CaseFile]


@pytest.fixture
def holding(case: Case, item: CaseItem, sealer: Sealer, file: CaseFile) -> Holding:
    """Return the case with one capture only, of these files."""

    def hold(files: dict[str, bytes], **more: Any) -> CaseFile:
        """Seal them."""
        own, drafts = sealed_page(case, item.id, files, sealer=sealer, now=MOMENT, **more)
        return replace(file, evidence=(own,), custody=chained(drafts))

    return hold


@pytest.fixture
def made(pictures: Callable[[Evidence, SealedFile], bytes]) -> Made:
    """Write a report, the full one unless told otherwise."""

    def write(file: CaseFile, variant: Variant = Variant.FULL) -> bytes:
        """Write it."""
        return report(file, by="u-dsl", now=NOW, variant=variant, pictures=pictures)

    return write


def _tags(content: bytes) -> list[tuple[str, str]]:
    with pikepdf.open(io.BytesIO(content)) as opened:
        return [(str(node.S), str(node.get("/Alt", ""))) for node in _walk(opened.Root.StructTreeRoot)]


def _walk(node: pikepdf.Object) -> Iterator[pikepdf.Object]:
    if isinstance(node, pikepdf.Array):
        for one in node:
            yield from _walk(one)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node and "/P" in node:
            yield node
        if "/K" in node:
            yield from _walk(node.K)


def _pages(content: bytes) -> int:
    with pikepdf.open(io.BytesIO(content)) as opened:
        return len(opened.pages)


def test_it_claims_the_archive_and_accessibility_standards(file: CaseFile, made: Made) -> None:
    """Language, tags, a text for each picture, header cells, an output intent, PDF/A-3a and PDF/UA-1."""
    content = made(file)
    tags = _tags(content)
    figures = [words for kind, words in tags if kind == "/Figure"]
    with pikepdf.open(io.BytesIO(content)) as opened, opened.open_metadata() as meta:
        assert opened.Root.Lang == "en-GB"
        assert opened.Root.MarkInfo.Marked
        assert len(opened.Root.OutputIntents) == 1
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"], meta["pdfuaid:part"]) == ("3", "A", "1")
        assert meta["dc:title"] == "Evidence report SW-2026-0001"
    assert len(figures) == 5  # the post, the first screen, two parts of the page, what was supplied
    assert all(words.strip() for words in figures)
    assert [kind for kind, _ in tags].count("/TH") > 10


def test_qpdf_finds_no_fault(file: CaseFile, made: Made, tmp_path: Path) -> None:
    """A program that is not ours reads the whole file without a warning."""
    program = shutil.which("qpdf")
    if program is None:
        reason = "qpdf is not on this machine: install Debian's `qpdf`"
        if "qpdf" in os.environ.get("SCHOOLWATCH_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    (tmp_path / "report.pdf").write_bytes(made(file))

    assert subprocess.run([program, "--check", "report.pdf"], cwd=tmp_path, check=False, capture_output=True).returncode == 0


def test_the_same_records_give_the_same_bytes(file: CaseFile, made: Made) -> None:
    """Made twice, nothing differs; a changed record makes another file."""
    assert made(file) == made(file)
    assert made(replace(file, tokens=())) != made(file)


def test_every_fact_of_a_capture_stands_in_it(file: CaseFile, made: Made, words_of: Callable[[bytes], str]) -> None:
    """Addresses, both times, status, title, handle, who in what role, witness code, token, what was done to the page, who took it out."""
    found = words_of(made(file))
    expected = (
        "https://forum.example.org/t/1",
        "2026-07-01 08:30:00 UTC (01 Jul 2026 09:30:00 BST)",
        "HTTP status 200",
        "Painted",
        "@someone",
        "A. Quillfeather (designated safeguarding lead)",
        "The post alone (post.png), part 1 of 1",
        "We value",
        "scrolled to its end and back",
        "2 windows with a message, opened by the page and dismissed",
        "https://tsa.example",
        "none: the time rests on the clock of the school's computer",
        "Statement of method",
        "Signature",
        "What this cannot show",
        "Please remove <b>this</b>.",
        "the post was there",
        "SW-2026-0001 · Fernley Green Primary School",
        "Page 1 of",
        TEXT,
    )

    assert [words for words in expected if words not in found] == []


def test_the_band_stands_with_each_picture(file: CaseFile, pictures: Callable[[Evidence, SealedFile], bytes]) -> None:
    """Above every picture: what it is of how many, asked, final, when, who, and the whole witness code."""
    blocks = document(file, by="u-dsl", now=NOW, variant=Variant.FULL, pictures=pictures).blocks
    figures = [block for block in blocks if isinstance(block, Figure)]

    assert figures
    assert all(len(figure.band) >= 3 and figure.band[-1].startswith("Witness code: ") for figure in figures)
    assert all(len(figure.band[-1]) == len("Witness code: ") + 64 for figure in figures)


def test_what_a_person_brought_stands_apart(file: CaseFile, made: Made, words_of: Callable[[bytes], str]) -> None:
    """It is never called a capture, and their account stands in their words."""
    found = words_of(made(file))

    assert "Supplied by a person, not captured by us: SW-2026-0001-E2" in found
    assert "SUPPLIED BY A PERSON, NOT CAPTURED BY US: a parent" in found
    assert "Photographed from a telephone on Friday evening." in found
    assert "Capture SW-2026-0001-E2" not in found


def test_the_redacted_report_shows_working_copies_only(file: CaseFile, made: Made, words_of: Callable[[bytes], str]) -> None:
    """No original's picture or text; the original is named by its number and witness code; what has no copy is said."""
    found = words_of(made(file, Variant.REDACTED))

    assert "Mr [covered] took it." in found
    assert TEXT not in found
    assert "Not included, since no working copy was made: • SW-2026-0001-E2" in found
    assert [one.ref for one in shown(file, Variant.REDACTED)] == ["SW-2026-0001-E3"]


def test_a_page_that_goes_on_below_is_said_so(holding: Holding, made: Made, words_of: Callable[[bytes], str]) -> None:
    """The band tells how much of the page the pictures show."""
    longer = holding(painted_page(TEXT), facts={"settled": {"height": 55_056}})

    assert "page continues: 2,400 of 55,056 px" in words_of(made(longer))


@pytest.mark.parametrize("nasty", range(0, len(NASTY), 8))
def test_forty_nasty_texts_become_a_report(nasty: int, holding: Holding, made: Made, words_of: Callable[[bytes], str]) -> None:
    """In the post, the handle, the title, the address, the chronology and a request: a PDF of the standard each time, nothing executed."""
    text = "\n".join(NASTY[nasty : nasty + 8])
    files = painted_page("x") | {"post.json": canonical({"text": text, "author_handle": text[:200]})}
    file = holding(files, title=text[:500], final_address=f"https://x.example/{text[:300]}")
    event = file.events[0].model_copy(update={"reason": text})
    request = file.requests[0].model_copy(update={"body": text})

    content = made(replace(file, events=(event,), requests=(request,)))

    assert len(NASTY) == 40
    with pikepdf.open(io.BytesIO(content)) as opened, opened.open_metadata() as meta:
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "A")
    assert "root:x:0" not in words_of(content)


def test_sixty_pictures_and_a_million_letters_stay_bounded(holding: Holding, pictures: Callable[[Evidence, SealedFile], bytes]) -> None:
    """At most 120 pieces of pictures and 20,000 letters of a text are printed; what is not printed is said."""
    tall = as_png(Image.new("RGB", (320, 4_000), "white"))
    files = {f"page-full-{number:02d}.png": tall for number in range(60)} | {"post.json": canonical({"text": "y" * 1_000_000})}
    large = holding(files)
    blocks = document(large, by="u-dsl", now=NOW, variant=Variant.FULL, pictures=pictures).blocks
    said = [block.text for block in blocks if isinstance(block, Paragraph)]

    assert sum(isinstance(block, Figure) for block in blocks) == MAX_PIECES
    assert sum("not printed, for the length of this report" in words for words in said) == 30
    quoted = next(block.text for block in blocks if isinstance(block, Quote))
    assert len(quoted) < MAX_TEXT + 100
    assert "20,000 of 1,000,000 characters; the whole stands in post.json" in quoted


def test_long_tables_are_cut_and_say_so(file: CaseFile, made: Made, words_of: Callable[[bytes], str]) -> None:
    """A thousand lines of history: 400 are printed, and the reader is told where the rest is."""
    events = tuple(file.events[0].model_copy(update={"id": f"x{number}", "number": number}) for number in range(1, 1_001))
    content = made(replace(file, events=events, evidence=(), custody=()))

    assert "400 of 1000 are printed here; the rest stands in chronology.csv." in words_of(content)
    assert _pages(content) < 60


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no picture"),
        (b"GIF89a", "no picture"),
        (square((1, 2, 3), 64)[:60], "damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture"),
        (b"%PDF-1.7", "no picture"),
    ],
)
def test_what_cannot_be_printed_is_named_and_the_rest_stands(
    content: bytes, why: str, holding: Holding, made: Made, words_of: Callable[[bytes], str]
) -> None:
    """A damaged picture costs its own page, never the report."""
    found = words_of(made(holding({"post.png": content, "post.json": canonical({"text": TEXT})})))

    assert "post.png: not printed" in found
    assert why in found
    assert TEXT in found


def test_a_picture_too_large_is_never_decoded() -> None:
    """A small file that would be 400 million pixels is refused by its header."""
    bomb = as_png(Image.new("1", (20_000, 20_000)))

    with pytest.raises(NoPictureError):
        decoded(bomb)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_pictures_of_every_mode_are_printed(mode: str) -> None:
    """Grey, palette, transparent, 16 bit: pieces of plain colour come out."""
    written = io.BytesIO()
    kind = "JPEG" if mode == "CMYK" else "PNG"
    Image.new(mode, (40, 3_000)).save(written, kind)

    found = list(pieces(written.getvalue(), 9))

    assert [(one.top, one.bottom) for one in found] == [(0, 1300), (1300, 2600), (2600, 3000)]
    assert {Image.open(io.BytesIO(one.png)).mode for one in found} == {"RGB"}


def test_the_pieces_together_are_the_picture() -> None:
    """No row of pixels is lost, doubled or moved."""
    whole = Image.effect_noise((300, 4_100), 90).convert("RGB")
    together = Image.new("RGB", whole.size)
    for one in pieces(as_png(whole), 99):
        together.paste(Image.open(io.BytesIO(one.png)), (0, one.top))

    assert together.tobytes() == whole.tobytes()


def test_a_file_that_was_changed_stops_the_report(file: CaseFile, vault: Vault, made: Made) -> None:
    """A report never shows a picture that is not the sealed one."""
    vault.path(file.evidence[0].files[-1].sha256).write_bytes(b"other")

    with pytest.raises(SealBrokenError):
        made(file)


def test_facts_that_are_not_json_cost_nothing(holding: Holding, pictures: Callable[[Evidence, SealedFile], bytes]) -> None:
    """A post.json that cannot be read, or is a list, is passed over."""
    for broken in (b"[1]", b"{", b"\xff", b"[" * 100_000):
        file = holding({"post.json": broken})

        assert list(capture_blocks(Source.of(file, file.evidence[0], pictures), Budget(9)))


def test_a_clock_that_was_moved_is_told(holding: Holding, made: Made, words_of: Callable[[bytes], str]) -> None:
    """Where the computer's clock jumped during the capture the report says by how much, and nothing where it did not."""
    files = {"post.json": canonical({"text": TEXT})}

    assert "clock was moved by 61.5 seconds" in words_of(made(holding(files, facts={"clock_moved_by_seconds": 61.5})))
    assert "clock was moved" not in words_of(made(holding(files, facts={"clock_moved_by_seconds": None})))


def test_unknown_interventions_are_told_as_well() -> None:
    """What a later version counts is not kept silent; clicks would be said."""
    told = list(interventions({"clicked": 3, "windows_moved": 2, "popups_closed": 0, "hidden": [{"tag": "p"}] * 50}))

    assert told[0] == "Clicks: 3."
    assert "Windows moved: 2." in told
    assert told[-1] == "10 more hidden elements are listed in capture.json."


def test_a_case_without_evidence_has_a_report(file: CaseFile, made: Made, words_of: Callable[[bytes], str]) -> None:
    """Nothing captured, nothing asked: the report says so, with lines to sign."""
    bare = replace(file, evidence=(), custody=(), requests=(), checks=(), events=(), tokens=(), items=())

    assert words_of(made(bare)).count("None.") >= 5
    assert report_pdf.MAX_REQUESTS == 40


def _said(file: CaseFile, pictures: Callable[[Evidence, SealedFile], bytes]) -> str:
    """Return every word of the report as records, before it is set."""
    return repr(document(file, by="u-dsl", now=NOW, variant=Variant.FULL, pictures=pictures))


WORDED = Words(
    states={CaseState.TRIAGED: "judged, waits for evidence", CaseState.REQUESTED: "removal requested"},
    harms={Category.DEFAMATION_INDIVIDUAL: "possible defamation of an individual: needs a person's view"},
    routes={Route.SITE_OPERATOR: "the site's operator"},
    verdicts={Verdict.PRESENT: "still there"},
)


def test_codes_are_said_in_the_screens_words(file: CaseFile, pictures: Callable[[Evidence, SealedFile], bytes]) -> None:
    """No code and no verdict: concern, states, routes and what a check found, in the report and in the table alike."""
    case = file.case.model_copy(update={"lead_category": Category.DEFAMATION_INDIVIDUAL, "severity": Severity.S3})
    moved = file.events[0].model_copy(update={"number": 2, "what": "asked", "before": CaseState.TRIAGED, "after": CaseState.REQUESTED})
    told = replace(file, case=case, words=WORDED, events=(*file.events, moved))
    said, table = _said(told, pictures), chronology_csv(told)

    assert "Possible defamation of an individual: needs a person's view" in said
    assert "'High'" in said
    assert "still there" in said
    for raw in ("S3", "Kind of harm", "defamation individual", "new to triaged"):
        assert raw not in said
    for text in (said, table):
        assert "opened: now 'judged, waits for evidence'" in text
        assert "asked: from 'judged, waits for evidence' to 'removal requested'" in text


def test_how_it_was_made_is_a_sentence() -> None:
    """No True, no names of fields; what is not on record is not told."""
    tools = {"schoolwatch": "0.1.0", "python": "3.11.2", "system": "Linux 6.1", "method": "browser", "playwright": "1.5"}
    tools |= {"browser": "Chromium 120", "browser_found": "system"}
    said = made_with(tools | {"sandbox": True, "as_unprivileged_user": True})

    assert said == (
        "Schoolwatch 0.1.0, Playwright 1.5, Python 3.11.2, the browser Chromium 120, on Linux 6.1. "
        "The browser ran inside its own sandbox. It ran as a user without special rights on the computer."
    )
    assert "without its own sandbox" in made_with(tools | {"sandbox": False, "as_unprivileged_user": False})
    assert "special rights" not in made_with(tools | {"sandbox": False, "as_unprivileged_user": False})
    assert "not photographed" in made_with({"method": "page without picture"})
    assert made_with({"method": "fake"}) == ""


def test_only_what_was_covered_is_told(holding: Holding, pictures: Callable[[Evidence, SealedFile], bytes]) -> None:
    """No "nothing", no "0", no "no"."""
    counted = {"pictures on the page": 0, "lines of text": 2, "everything but one box": "yes", "also covered": "handle, title"}
    facts = {"covered": counted | {"boxes drawn by hand": 0}}
    files = {"post.png": square((1, 2, 3), 60)}
    some = _said(holding(files, kind=EvidenceKind.REDACTED, facts=facts), pictures)
    none = _said(holding(files, kind=EvidenceKind.REDACTED, facts={"covered": {"also covered": "nothing"}}), pictures)

    assert "also the author's handle, the title of the page; everything but one box; lines of text: 2\"" in some
    assert "boxes drawn by hand" not in some
    assert "'Covered'" in some
    assert "'Covered'" not in none


def test_a_demo_says_so_on_the_cover_and_on_every_page(file: CaseFile, pictures: Callable[[Evidence, SealedFile], bytes]) -> None:
    """The watermark and the first words; no claim about a clock that nobody can set beside times of a clock that runs fast."""
    told = document(replace(file, demo=True), by="u-dsl", now=NOW, variant=Variant.FULL, pictures=pictures)

    assert told.watermark.startswith(f"{DEMO}\n")
    assert isinstance(told.blocks[0], Paragraph)
    assert DEMO in repr(told.blocks[0])
    assert "nobody can set" not in repr(told)
    assert "demo" not in _said(file, pictures).lower()


def test_pictures_have_plain_names() -> None:
    """No name of a file: what is shown, and which part where there are several."""
    names = ("screen-as-seen.png", "page-full-01.png", "post.png", "supplied-02.jpg")

    assert [picture_name(name) for name in names] == [
        "The screen as first seen",
        "The whole page, part 1",
        "The post alone",
        "A picture, number 2",
    ]


def test_every_code_can_be_copied_out(file: CaseFile, made: Made, words_of: Callable[..., str]) -> None:
    """Each witness code and each file's SHA-256, also that of a pack that left, byte for byte, by every way of reading; nothing unseen."""
    left = CustodyDraft(at=NOW, by="u-dsl", evidence_id=file.evidence[0].id, what="exported", detail=f"full, pack seal {'ab' * 32}")
    content = made(replace(file, custody=(*file.custody, *chained((left,), after=file.custody[-1])[-1:])))
    codes = {one.seal_sha256 for one in file.evidence} | {sealed.sha256 for one in file.evidence for sealed in one.files} | {"ab" * 32}

    assert len(codes) > 10
    for mode in ((), ("-layout",), ("-raw",)):
        found = words_of(content, mode)
        assert sorted(code for code in codes if code not in found) == []
        assert not {"\u200b", "\u00ad", "\u2060"} & set(found)


def test_history_and_custody_are_told_in_words(file: CaseFile, made: Made, words_of: Callable[..., str]) -> None:
    """What the chain keeps as short words is said as a sentence; the table for programs has the short words too."""
    events = (*file.events, CaseEvent(id="x2", case_id="c1", number=2, at=MOMENT, by="system", what="looked up"))
    told = replace(file, events=events, words=Words(events={"looked up": "who hosts the site was looked up"}))
    found, table = words_of(made(told)), chronology_csv(told)

    assert "Captured (full: the page and the post were recorded whole)" in found
    assert f"Sealed, with the witness code {file.evidence[0].seal_sha256}" in found
    assert "who hosts the site was looked up" in found
    assert '"looked up","who hosts the site was looked up",""' in table
    assert table.startswith('"when_utc_and_uk","who","event","what","reason"\r\n')


def test_a_redacted_report_names_no_answer_that_is_not_there(file: CaseFile, made: Made, words_of: Callable[..., str]) -> None:
    """The raw answers go with the originals only: the other report says that the school keeps them."""
    checks = tuple(one.model_copy(update={"answer_sha256": "cd" * 32}) for one in file.checks)
    kept = replace(file, checks=checks)

    assert "checks/001-answer.bin" in words_of(made(kept)).replace("- ", "-")
    assert "checks/001" not in words_of(made(kept, Variant.REDACTED))
    assert "Kept by the school" in words_of(made(kept, Variant.REDACTED))
