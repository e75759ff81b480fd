"""What the governors' report and the yearly review pack look like on paper (domain.md §7.4, §7.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from casework import plots
from casework.report import Figures
from casework.reviews import TRIGGER_LABELS, Register, without_number
from casework.routes import PlatformRow
from casework.suppression import Published
from data.model.keeping import RetentionSetting
from data.model.policies import GovernorsReport
from data.model.watch import School, WatchTerm
from evidence.pdf import Block, Bullets, Document, Figure, Heading, Paragraph, Rows, Table

LONDON = ZoneInfo("Europe/London")
LAWS = (  # A31: the second policy's "GDPR 2018" under its right name (domain.md §1.4)
    "Regulation of Investigatory Powers Act 2000",
    "UK GDPR and Data Protection Act 2018",
    "Human Rights Act 1998",
    "Equality Act 2010",
    "Defamation Act 2013",
)


@dataclass(frozen=True)
class ReviewFacts:
    """What the yearly review pack is made of."""

    school: School
    register: Register
    terms: tuple[WatchTerm, ...]
    own_periods: tuple[RetentionSetting, ...]
    reports: tuple[GovernorsReport, ...]
    routes: tuple[PlatformRow, ...]
    deployment: Mapping[str, str]
    now: datetime


def governors(found: Figures, school: School, kept: GovernorsReport) -> Document:
    """Return the governors' report of a period."""
    state = "Approved by the headteacher" if kept.approved_at else "Draft: not approved yet"
    moment = kept.approved_at or kept.made_at
    blocks: list[Block] = [
        Rows(
            (
                ("School", school.name),
                ("Period", f"{found.first:%d %b %Y} to {found.last:%d %b %Y}"),
                ("State", f"{state}, {_day(moment)}"),
                ("Cases in all", found.cases),
            )
        ),
        *(block for table in found.tables for block in _table(table)),
        Heading("Single figures", 2),
        Table(("What", "Count"), found.singles, (3, 1)),
        Heading("What to know about these counts", 2),
        Bullets(found.notes),
    ]
    return Document(
        title="Harmful public posts: report to governors",
        blocks=tuple(blocks),
        made_at=moment,
        author=school.name,
        subject=f"{found.first:%d %b %Y} to {found.last:%d %b %Y}",
        footer="Counts only. No names, no addresses.",
        watermark="" if kept.approved_at else "DRAFT",
    )


def _table(table: Published) -> Iterator[Block]:
    yield Heading(table.title, 2)
    if not table.rows:
        yield Paragraph("None.")
        return
    yield Figure(plots.bars(table.rows), plots.in_words(table.title, table.rows))
    yield Table(("Row", "Count"), (*table.rows, ("In all", table.total)), (3, 1))


def review_pack(facts: ReviewFacts) -> Document:
    """Return the pack for the yearly review of the policies (A30, B41)."""
    blocks: list[Block] = [
        Rows((("School", facts.school.name), ("Made", _day(facts.now)), *facts.deployment.items())),
        Heading("Policies", 2),
        *_policies(facts),
        Heading("What calls for an early review", 2),
        *_triggers(facts),
        Heading("Looked at once a year", 2),
        Table(("What", "How it stands"), tuple((one.what, one.says) for one in facts.register.yearly)),
        Heading("What is searched for", 2),
        *_terms(facts),
        Heading("How long things are kept", 2),
        *_periods(facts),
        Heading("Whom to ask: age of the entries", 2),
        *_routes(facts),
        Heading("Reports to governors that were approved", 2),
        _listed(tuple(f"{one.first:%d %b %Y} to {one.last:%d %b %Y}" for one in facts.reports)),
        Heading("Laws that these policies rest on", 2),
        Bullets(LAWS),
    ]
    return Document(
        title="Yearly review of the policies on public posts",
        blocks=tuple(blocks),
        made_at=facts.now,
        author=facts.school.name,
        subject="For the governing board",
        footer="No case is described here.",
    )


def _policies(facts: ReviewFacts) -> Iterator[Block]:
    rows = tuple(
        (
            f"{one.title}, version {one.version}",
            f"{one.approved_by}, {one.approved_on:%d %b %Y}",
            f"{one.next_review_on:%d %b %Y}",
            line.says,
        )
        for one, line in facts.register.policies
    )
    yield Table(("Policy", "Approved", "Review due", "How it stands"), rows) if rows else Paragraph("No policy is in the register.")


def _triggers(facts: ReviewFacts) -> Iterator[Block]:
    waiting = tuple((TRIGGER_LABELS[one.kind], without_number(one).what, "open") for one in facts.register.triggers)
    settled = tuple((TRIGGER_LABELS[one.kind], without_number(one).what, one.settled_how or "") for one in facts.register.settled)
    yield Table(("Kind", "What", "What came of it"), (*waiting, *settled)) if waiting or settled else Paragraph("Nothing was noted.")


def _terms(facts: ReviewFacts) -> Iterator[Block]:
    kinds = Counter(one.kind.value.replace("_", " ") for one in facts.terms)
    yield Paragraph("Only the school is searched for, in its many names; never a person.")
    yield (
        Table(("Kind of word", "How many"), tuple((kind, str(count)) for kind, count in sorted(kinds.items())))
        if kinds
        else Paragraph("None.")
    )


def _periods(facts: ReviewFacts) -> Iterator[Block]:
    if not facts.own_periods:
        yield Paragraph("The usual periods hold; the school changed none.")
        return
    rows = tuple((one.rule.replace("_", " "), f"{one.days} days", one.why) for one in facts.own_periods)
    yield Table(("What", "Kept for", "Why"), rows)


def _routes(facts: ReviewFacts) -> Iterator[Block]:
    doubts = [(row.label, row.doubt(facts.now.date())) for row in facts.routes]
    rows = tuple((label, doubt) for label, doubt in doubts if doubt)
    yield Paragraph(f"{len(facts.routes) - len(rows)} of {len(facts.routes)} entries were checked within 180 days.")
    if rows:
        yield Table(("Platform", "To do"), rows)


def _listed(lines: tuple[str, ...]) -> Block:
    return Bullets(lines) if lines else Paragraph("None.")


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(LONDON):%d %b %Y}"


def child(parts: Sequence[tuple[str, Sequence[str]]], ref: str, made_at: datetime) -> Document:
    """Return a child's summary for the child-protection file; initials only, as the summary itself."""
    blocks = tuple(block for title, lines in parts for block in (Heading(title, 2), Paragraph("\n".join(lines))))
    return Document(
        title=f"Summary for the child-protection file, case {ref}",
        blocks=blocks,
        made_at=made_at,
        subject="Confidential",
        footer="Confidential. For the child-protection file; not kept in Schoolwatch.",
    )
