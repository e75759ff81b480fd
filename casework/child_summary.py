"""One child's part in a case, in words ready for the school's child-protection system (domain.md §8: the tool is no second file).

The child stands under initials that the safeguarding lead types; no full name is kept here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from casework.errors import SummaryRefusedError
from casework.flagging import CATEGORY_LABELS
from casework.notice import london
from casework.transitions import STATE_LABELS
from data.model.care import Referral
from data.model.cases import Case, CaseEvent
from data.model.evidence import Evidence

_INITIALS = re.compile(r"(?:[A-Z]\.? ?){1,4}")
LONGEST, LINE = 10_000, 200


class OnlineRisk(StrEnum):
    """The four kinds of online risk of Keeping Children Safe in Education (domain.md §2.9)."""

    CONTENT = "content"
    CONTACT = "contact"
    CONDUCT = "conduct"
    COMMERCE = "commerce"


@dataclass(frozen=True)
class SummaryForm:
    """What the safeguarding lead enters; the rest comes from the case."""

    initials: str
    year_group: str
    what_happened: str
    wishes: str = ""  # the child's own words or wishes, as the lead puts them
    risks: tuple[OnlineRisk, ...] = ()
    next_steps: str = ""
    to_whom: str = "the child-protection file"


@dataclass(frozen=True)
class SummaryFacts:
    """What the case knows."""

    case: Case
    school: str
    addresses: tuple[str, ...]
    events: tuple[CaseEvent, ...]
    referrals: tuple[Referral, ...]
    evidence: tuple[Evidence, ...]
    by_role: str
    now: datetime


def check(form: SummaryForm) -> None:
    """Raise SummaryRefusedError naming what must be mended."""
    if not _INITIALS.fullmatch(form.initials.strip()):
        msg = "give the child's initials only, as capital letters (for example L.M.); the name belongs into the child-protection file"
        raise SummaryRefusedError(msg)
    for what, text in (("what happened", form.what_happened), ("the year group", form.year_group)):
        if not text.strip():
            msg = f"{what} is empty; write one line"
            raise SummaryRefusedError(msg)
    if max(len(form.year_group), len(form.to_whom)) > LINE:
        msg = f"the year group and the file are one line each, at most {LINE} characters; shorten them"
        raise SummaryRefusedError(msg)
    if max(len(form.what_happened), len(form.wishes), len(form.next_steps)) > LONGEST:
        msg = f"a field is longer than {LONGEST:,} characters; shorten it"
        raise SummaryRefusedError(msg)
    if not form.risks:
        msg = "tick at least one kind of online risk: content, contact, conduct or commerce"
        raise SummaryRefusedError(msg)


def summary(form: SummaryForm, facts: SummaryFacts) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the summary as titled paragraphs; raises SummaryRefusedError."""
    check(form)
    case = facts.case
    return (
        ("Concern", _concern(form, facts)),
        ("What happened", tuple(form.what_happened.strip().splitlines())),
        ("What the child says or wishes", (form.wishes.strip() or "Not recorded here.",)),
        ("Where it was seen", _where(facts)),
        ("What was done", _done(facts.events) or ("Nothing yet.",)),
        ("Who was told", _told(facts.referrals) or ("No other body so far.",)),
        ("Evidence", _evidence(facts.evidence, is_stopped=case.stop)),
        ("How it stands", (f"{STATE_LABELS[case.state].capitalize()}, {london(facts.now)}.",)),
        ("Next steps", (form.next_steps.strip() or "None written down.",)),
    )


def as_text(parts: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return it as plain text, to be pasted."""
    return "\n\n".join("\n".join([title.upper(), *lines]) for title, lines in parts) + "\n"


def _concern(form: SummaryForm, facts: SummaryFacts) -> tuple[str, ...]:
    case = facts.case
    return (
        f"Child: {form.initials.strip()}, {form.year_group.strip()}, {facts.school}",
        f"Kind of concern: {CATEGORY_LABELS[case.lead_category]}; severity {case.severity.word}",
        f"Online risk (KCSIE): {', '.join(one.value for one in form.risks)}",
        f"Known to the school: {london(case.known_at)}",
        f"Written by: {facts.by_role}, {london(facts.now)}; case {case.ref}",
    )


def _where(facts: SummaryFacts) -> tuple[str, ...]:
    if facts.case.stop:
        return ("Not repeated here: it may show an indecent image of a child. The police or the IWF have the address.",)
    return facts.addresses or ("No address is recorded.",)


_TOLD: dict[str, str] = {
    "opened": "The case was opened",
    "advice": "Advice was recorded",
    "captured": "Evidence was sealed",
    "request sent": "Removal was requested",
    "capture refused": "Capture was refused: nothing is fetched, shown or stored",
}


def _done(events: Sequence[CaseEvent]) -> tuple[str, ...]:
    lines = []
    for event in events:
        words = f"Moved to '{STATE_LABELS[event.after]}'" if event.what == "moved" and event.after else _TOLD.get(event.what)
        if words:
            lines.append(f"{london(event.at)}: {words}.")
    return tuple(lines)


def _told(referrals: Sequence[Referral]) -> tuple[str, ...]:
    made = [one for one in referrals if one.made_at is not None]
    return tuple(
        f"{one.made_at and london(one.made_at)}: {one.body.value.replace('_', ' ').upper()}"
        f"{f', reference {one.reference}' if one.reference else ''}{f'. Outcome: {one.outcome}' if one.outcome else ''}"
        for one in made
    )


def _evidence(evidence: Sequence[Evidence], *, is_stopped: bool) -> tuple[str, ...]:
    if is_stopped:
        return ("None is held: nothing is captured in a case of this kind.",)
    return tuple(f"{one.ref}, sealed {london(one.captured_at)}" for one in evidence) or ("None captured.",)
