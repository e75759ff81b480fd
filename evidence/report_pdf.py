"""The report of a pack: a tagged PDF that a police officer, a solicitor or a governor can read to the end (evidence.md §1, §6).

It says who captured what, when and how; shows the pictures with their facts above each; keeps what a person brought apart from our own
captures; and ends with a statement that the person who captured can sign, and with what none of this can prove. The same records give
the same bytes. Long matters stay bounded, and what is not printed is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from data.model.cases import TakedownRequest
from data.model.evidence import Evidence, EvidenceKind
from evidence.custody_words import custody_words
from evidence.pdf import Block, Bullets, Document, Heading, PageBreak, Paragraph, Quote, Rows, Table, pdf
from evidence.report import DEMO, CaseFile, Variant, answer_name, both_times, chronology, worded
from evidence.report_captures import KINDS, MAX_CELL, MAX_TEXT, Budget, Pictures, Source, capture_blocks, cut, time_stamp
from evidence.report_statement import CLOCKS, DEMO_CLOCKS, GLOSSARY, statement

MAX_PIECES = 120  # pages of pictures in one report
MAX_ROWS = 400  # lines of one table
MAX_REQUESTS = 40
IN_A_PACK = (
    "This report is part of an evidence pack. The files themselves lie in the pack's folder data, each piece of evidence under its number. "
    "HOW-TO-CHECK.txt in the pack says how anybody can check, without the school, that nothing was changed."
)
DEMO_MARK = f"{DEMO}\n"


def report(file: CaseFile, *, by: str, now: datetime, variant: Variant, pictures: Pictures) -> bytes:
    """Return the report as PDF/A-3a and PDF/UA-1.

    `by`: the user who takes it out; stands behind every page. `pictures`: the bytes of a sealed file. For the redacted variant hand over
    a file that `evidence.redaction.redacted_case_file` made: only working copies are shown in it.

    Raises PdfError; whatever `pictures` raises (SealBrokenError).
    """
    return pdf(document(file, by=by, now=now, variant=variant, pictures=pictures))


def document(file: CaseFile, *, by: str, now: datetime, variant: Variant, pictures: Pictures) -> Document:
    """Return the report before it is written."""
    ref = file.case.ref
    blocks = (
        *_cover(file, by, now, variant),
        *_evidence(file, variant, pictures),
        *_history(file, variant),
        *_register(file, variant),
        *_signed(file, variant),
    )
    return Document(
        title=f"Evidence report {ref}",
        blocks=blocks,
        made_at=now,
        author=file.school.name,
        subject=f"Evidence in case {ref}, {_VARIANTS[variant]}",
        footer=f"{ref} · {file.school.name}",
        watermark=f"{DEMO_MARK if file.demo else ''}Taken out by {file.who(by)}\n{both_times(now)}",
        keywords=(ref,),
    )


_VARIANTS = {Variant.FULL: "with the originals", Variant.REDACTED: "with working copies, parts covered"}


def shown(file: CaseFile, variant: Variant) -> tuple[Evidence, ...]:
    """Return the evidence that this variant shows, our own captures first."""
    order = (EvidenceKind.PAGE, EvidenceKind.SUPPLIED, EvidenceKind.REDACTED)
    kinds = {EvidenceKind.REDACTED} if variant is Variant.REDACTED else set(order)
    return tuple(
        sorted((one for one in file.evidence if one.kind in kinds), key=lambda one: (order.index(one.kind), one.captured_at, one.ref))
    )


def _cover(file: CaseFile, by: str, now: datetime, variant: Variant) -> Iterator[Block]:
    case = file.case
    if file.demo:
        yield Paragraph(f"{DEMO}. Nothing in it happened.")
    rows = [
        ("School", file.school.name),
        ("Case", case.ref),
        ("This report", f"{_first_big(_VARIANTS[variant])}; taken out by {file.who(by)}, {both_times(now)}"),
        ("State", _first_big(_state(file))),
        ("Concern, as it was recorded", _first_big(worded(file.words.harms, case.lead_category))),
        ("Severity", case.severity.word),
        ("Known to the school", both_times(case.known_at)),
        ("Seen to be gone", both_times(case.gone_observed_at) or "not yet"),
        *(("Address", cut(item.address, MAX_CELL)) for item in file.items[:MAX_REQUESTS]),
    ]
    yield Rows(tuple(rows))
    yield Paragraph(IN_A_PACK)
    yield Heading("Evidence in this report")
    found = shown(file, variant)
    yield from _listed(
        ("Number", "What it is, when it was made, and its witness code"),
        [(one.ref, f"{_first_big(KINDS[one.kind])}, {both_times(one.captured_at)}\n{one.seal_sha256}") for one in found],
        (2, 5),
    )
    yield from _not_included(file, variant)
    yield Paragraph(DEMO_CLOCKS if file.demo else CLOCKS)
    yield Rows(GLOSSARY, ("Word", "What it means"))


def _state(file: CaseFile) -> str:
    outcome = f" ({worded(file.words.outcomes, file.case.outcome)})" if file.case.outcome else ""
    return worded(file.words.states, file.case.state) + outcome


def _first_big(text: str) -> str:
    return text[:1].upper() + text[1:]


def _not_included(file: CaseFile, variant: Variant) -> Iterator[Block]:
    if variant is Variant.FULL:
        return
    copied = {one.derived_from for one in shown(file, variant)}
    missing = [one.ref for one in file.evidence if one.kind is not EvidenceKind.REDACTED and one.id not in copied]
    yield Paragraph("Parts are covered in the working copies, for good. The originals stay unchanged with the school.")
    if missing:
        yield Paragraph("Not included, since no working copy was made:")
        yield Bullets(tuple(missing))


def _evidence(file: CaseFile, variant: Variant, pictures: Pictures) -> Iterator[Block]:
    budget = Budget(MAX_PIECES)
    for one in shown(file, variant):
        source = Source.of(file, one, pictures)
        yield PageBreak()
        # beside its original a working copy shows nothing more: its facts are enough
        yield from capture_blocks(source, budget, with_pictures=variant is Variant.REDACTED or one.kind is not EvidenceKind.REDACTED)


def _history(file: CaseFile, variant: Variant) -> Iterator[Block]:
    yield PageBreak()
    yield Heading("Chronology")
    yield from _listed(("When", "Who", "What", "Reason"), chronology(file), (4, 3, 4, 4), "chronology.csv")
    yield Heading("Requests for removal")
    for request in file.requests[:MAX_REQUESTS]:
        yield from _request(file, request)
    yield from _count(file.requests, MAX_REQUESTS, "the school's own file")
    yield Heading("Our own checks whether it is still there")
    found = list(_checks(file, variant))
    yield from _listed(("When, and by whom", "What was found", "How", "The site's raw answer"), found, (4, 5, 3, 4))


def _request(file: CaseFile, request: TakedownRequest) -> Iterator[Block]:
    yield Rows(
        (
            ("To", request.recipient),
            ("Route", _first_big(worded(file.words.routes, request.route))),
            ("Ground", _first_big(worded(file.words.grounds, request.ground))),
            ("State", _first_big(worded(file.words.requests, request.state))),
            ("Sent", f"{both_times(request.sent_at)} by {file.who(request.sent_by)}" if request.sent_at else "not sent"),
            ("Their reference", request.reference or "none"),
            ("Subject", cut(request.subject, MAX_CELL)),
        )
    )
    yield Quote(cut(request.body, MAX_TEXT, "the school's own file"))


def _checks(file: CaseFile, variant: Variant) -> Iterator[tuple[str, ...]]:
    for number, check in enumerate(file.checks, start=1):
        status = f"\nHTTP status {check.status}" if check.status is not None else ""
        detail = f"\n{check.detail}" if check.detail else ""
        yield (
            f"{both_times(check.at)}\n{file.who(check.by)}",
            f"{_first_big(worded(file.words.verdicts, check.verdict))}{detail}",
            f"{_first_big(check.method)}{status}",
            _raw_answer(number, kept=check.answer_sha256 is not None, variant=variant),
        )


def _raw_answer(number: int, *, kept: bool, variant: Variant) -> str:
    if not kept:
        return "None kept"
    return answer_name(number) if variant is Variant.FULL else "Kept by the school: it is the page itself, with nothing covered"


def _register(file: CaseFile, variant: Variant) -> Iterator[Block]:
    yield Heading("Custody: who did what to the evidence")
    known = {one.id: one.ref for one in file.evidence}
    lines = [
        (
            str(one.number),
            f"{both_times(one.at)}\n{file.who(one.by)}",
            f"{known.get(one.evidence_id, '')}\n{_first_big(custody_words(one))}",
        )
        for one in file.custody
    ]
    yield from _listed(("No.", "When, and by whom", "Evidence, and what was done"), lines, (1, 4, 8), "register.jsonl")
    yield Heading("Time stamps")
    found = [(one.ref, _first_big(time_stamp(file.token(one)))) for one in shown(file, variant)]
    yield from _listed(("Evidence", "Time stamp of its seal"), found, (1, 3))


_PROGRAMS = {"schoolwatch": "Schoolwatch", "browser": "the browser"}


def _signed(file: CaseFile, variant: Variant) -> Iterator[Block]:
    own = [one for one in file.evidence if one.kind is EvidenceKind.PAGE] or list(shown(file, variant))
    programs = sorted({f"{called} {one.tools[name]}" for one in own for name, called in _PROGRAMS.items() if name in one.tools})
    yield from statement(list(dict.fromkeys(file.who(one.captured_by) for one in own)), programs)


def _listed(header: tuple[str, ...], rows: Sequence[tuple[str, ...]], widths: tuple[int, ...], whole: str = "the pack") -> Iterator[Block]:
    if not rows:
        yield Paragraph("None.")
        return
    yield Table(header, tuple(tuple(cut(cell, MAX_CELL, whole) for cell in row) for row in rows[:MAX_ROWS]), widths)
    yield from _count(rows, MAX_ROWS, whole)


def _count(rows: Sequence[object], most: int, whole: str) -> Iterator[Block]:
    if not rows:
        yield Paragraph("None.")
    if len(rows) > most:
        yield Paragraph(f"{most} of {len(rows)} are printed here; the rest stands in {whole}.")
