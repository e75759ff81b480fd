"""What goes into a report and a pack: everything of one case as plain records, its times in words, its chronology as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from data.model.cases import Case, CaseEvent, CaseItem, RemovalCheck, TakedownRequest
from data.model.evidence import CustodyEvent, Evidence, SealToken
from data.model.posts import Post
from data.model.watch import School
from evidence.safe_text import in_csv

LONDON = ZoneInfo("Europe/London")
Labels = Mapping[Any, str]  # by one kind of code each (StrEnum)
DEMO = "DEMO: invented people, and a clock that runs fast"


class Variant(StrEnum):
    """Which pack it is: with the originals, or with working copies only, for anybody who is not the police (domain.md §5.7 rule 5)."""

    FULL = "full"
    REDACTED = "redacted"


@dataclass(frozen=True)
class Words:
    """The screens' own words for what the records hold as codes, by code; a code without words is said as it is, with blanks."""

    events: Labels = field(default_factory=dict)
    states: Labels = field(default_factory=dict)
    harms: Labels = field(default_factory=dict)
    outcomes: Labels = field(default_factory=dict)
    requests: Labels = field(default_factory=dict)
    routes: Labels = field(default_factory=dict)
    grounds: Labels = field(default_factory=dict)
    verdicts: Labels = field(default_factory=dict)


def worded(words: Labels, code: str) -> str:
    """Return the words for a code."""
    return words.get(code, code.replace("_", " "))


@dataclass(frozen=True)
class CaseFile:
    """Everything of one case that goes into a pack, as plain records. `names` turns user ids into names as shown.

    `tokens`: how the word of a time-stamping authority stands for each seal (their subject is "evidence:<id>").
    `words`: how codes are said. `demo`: the people are invented and the clock is scaled; whatever is made of it says so.
    """

    school: School
    case: Case
    items: tuple[CaseItem, ...] = ()
    posts: tuple[Post, ...] = ()
    events: tuple[CaseEvent, ...] = ()
    requests: tuple[TakedownRequest, ...] = ()
    checks: tuple[RemovalCheck, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    custody: tuple[CustodyEvent, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    tokens: tuple[SealToken, ...] = ()
    words: Words = field(default_factory=Words)
    demo: bool = False

    def who(self, user_id: str | None) -> str:
        """Return the name of a user, "Schoolwatch" for the system, or the bare id."""
        return "Schoolwatch (automatic)" if user_id == "system" else self.names.get(user_id or "", user_id or "")

    def token(self, evidence: Evidence) -> SealToken | None:
        """Return how an authority's word on this seal stands; None where nobody was asked."""
        return next((one for one in self.tokens if one.subject == f"evidence:{evidence.id}"), None)


def both_times(moment: datetime | None) -> str:
    """Return a moment in UTC and as the clock showed it in the UK; empty for none."""
    if moment is None:
        return ""
    local = moment.astimezone(LONDON)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC ({local:%d %b %Y %H:%M:%S} {local.tzname()})"


def answer_name(number: int) -> str:
    """Return the name of a check's raw answer in the pack."""
    return f"checks/{number:03d}-answer.bin"


def chronology_csv(file: CaseFile) -> str:
    """Return the chronology as a table for a spreadsheet: the event's own word for programs, and what it says; no cell can be a formula."""
    told = zip(_in_order(file), chronology(file), strict=True)
    lines = [("when_utc_and_uk", "who", "event", "what", "reason"), *((line[0], line[1], event.what, *line[2:]) for event, line in told)]
    return "".join(",".join(map(in_csv, line)) + "\r\n" for line in lines)


def chronology(file: CaseFile) -> list[tuple[str, str, str, str]]:
    """Return what happened in the case, oldest first: when (UTC and UK), who, what, and the reason given."""
    return [(both_times(event.at), file.who(event.by), _event_words(event, file.words), event.reason or "") for event in _in_order(file)]


def _in_order(file: CaseFile) -> list[CaseEvent]:
    return sorted(file.events, key=lambda event: event.number)


def _event_words(event: CaseEvent, words: Words) -> str:
    what = worded(words.events, event.what)
    if event.before == event.after or event.after is None:
        return what
    before = f"from '{worded(words.states, event.before)}' to " if event.before else "now "
    return f"{what}: {before}'{worded(words.states, event.after)}'"
