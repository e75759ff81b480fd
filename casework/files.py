"""What a screen is shown: frozen read-outs, filtered by what the person may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casework.checks import Conclusion, PlannedCheck
from data.model.cases import (
    Case,
    CaseEvent,
    CaseItem,
    CaseState,
    Reminder,
    RemovalCheck,
    Standing,
    TakedownRequest,
)
from data.model.evidence import CaptureOrder, Evidence
from data.model.findings import Decision, DecisionKind, Finding, Report
from data.model.posts import Post
from data.model.readings import Reading
from data.model.watch import School


@dataclass(frozen=True)
class InboxRow:
    """One flagged post in the inbox. `decision` is only ever a note of someone who put it on hold."""

    finding: Finding
    post: Post | None
    report: Report | None
    school: School
    decision: Decision | None = None


@dataclass(frozen=True)
class InboxPage:
    """A page of the inbox; `after` fetches the next one, None is the end."""

    rows: tuple[InboxRow, ...]
    after: str | None


@dataclass(frozen=True)
class KindChoice:
    """One decision that is offered, with its consequence, or why it is not."""

    kind: DecisionKind
    label: str
    says: str
    allowed: bool
    why_not: str = ""


@dataclass(frozen=True)
class FindingFile:
    """A flagged post with everything a person needs to judge it."""

    finding: Finding
    post: Post | None
    reading: Reading | None
    report: Report | None
    school: School
    decisions: tuple[Decision, ...]
    decided: Decision | None
    case: Case | None
    may_decide: bool
    why_not: str
    kinds: tuple[KindChoice, ...]
    stopped_by: Case | None = None  # the stopped case it belongs to, itself or by its address; `finding.stop` is then set


@dataclass(frozen=True)
class Decided:
    """What became of a decision; `visible` is False when the case went where the decider may not look."""

    decision: Decision
    finding: Finding
    case: Case | None
    visible: bool


@dataclass(frozen=True)
class SearchResult:
    """What a search found, as far as the person may see it."""

    rows: tuple[InboxRow, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class NextStep:
    """What the case needs now: a line, and the verb it belongs to."""

    text: str
    verb: str


@dataclass(frozen=True)
class CaseRow:
    """One line of the list of cases."""

    case: Case
    standing: Standing
    text_left: str
    state_label: str
    next_step: NextStep
    school: School


@dataclass(frozen=True)
class AllowedMove:
    """A move of the table that the person may make now; guards are asked when it is tried."""

    to: CaseState
    label: str
    required: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class CaseFile:
    """Everything about one case."""

    case: Case
    school: School
    finding: Finding
    post: Post | None
    report: Report | None
    items: tuple[CaseItem, ...]
    events: tuple[CaseEvent, ...]
    requests: tuple[TakedownRequest, ...]
    checks: tuple[RemovalCheck, ...]
    evidence: tuple[Evidence, ...]
    orders: tuple[CaptureOrder, ...]
    reminders: tuple[Reminder, ...]
    decisions: tuple[Decision, ...]
    standing: Standing
    text_left: str
    state_label: str
    next_step: NextStep
    next_check: PlannedCheck | None
    conclusion: Conclusion
    moves: tuple[AllowedMove, ...]
    blocked: tuple[str, ...]
    stop_steps: tuple[str, ...]
    conflict: bool = False  # a person in conflict gets no file at all; kept for screens that ask


@dataclass(frozen=True)
class Line:
    """One line of a case's chronology."""

    at: datetime
    by: str
    text: str
    kind: str
