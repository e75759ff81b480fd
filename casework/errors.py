"""What casework refuses, and how it says so.

CaseError
├─ IllegalMoveError(move, state)   EvidenceMissingError   GroundMissingError   AdviceMissingError   AnswerMissingError
├─ NoticeIncompleteError(fields)   PersonalDataError(field)
├─ AlreadyDecidedError(by, at, kind)   AlreadyMovedError(by, at, what)   DecisionRefusedError
├─ ReportRefusedError   UnknownCodeError
├─ SeriousnessRefusedError   ReferralRefusedError   ConsentMissingError   SupportRefusedError   FilingRefusedError
│  InvestigationRefusedError
├─ PolicyRefusedError   WayRefusedError
└─ TuningRefusedError
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from data.errors import CaseError


class IllegalMoveError(CaseError):
    """This step is not possible from the state the case is in."""

    def __init__(self, move: str, state: str, why: str = "", case: str = "") -> None:
        """Name the step that was tried, the state that forbids it, and the mend."""
        self.move, self.state, self.why = move, state, why
        subject = f"case {case}: " if case else ""
        super().__init__(f"{subject}'{move}' is not possible while the state is '{state}'{': ' + why if why else ''}")


class FieldsMissingError(IllegalMoveError):
    """A step lacks something that it must record (domain.md §5.3)."""

    def __init__(self, move: str, state: str, fields: Sequence[str], case: str = "") -> None:
        """Name every missing field in words that stand on the form."""
        self.fields = tuple(fields)
        super().__init__(move, state, f"still to be filled in: {', '.join(fields)}", case)


class EvidenceMissingError(CaseError):
    """Evidence comes before any request (policy A14): capture the post, or record why it cannot be captured."""


class GroundMissingError(CaseError):
    """A request needs a ground that fits: the rule or law on which removal is asked."""


class AdviceMissingError(CaseError):
    """Safeguarding first: record the advice of the LADO, children's social care or the police before asking for removal."""


class AnswerMissingError(CaseError):
    """Answer the safety question first: could this show a nude, semi-nude or sexual picture of someone who may be under 18?"""


class NoticeIncompleteError(CaseError):
    """A notice lacks required fields."""

    def __init__(self, fields: Sequence[str]) -> None:
        """Name every missing field in words that stand on the form."""
        self.fields = tuple(fields)
        super().__init__(f"the notice cannot be written yet; still missing: {', '.join(fields)}")


class PersonalDataError(CaseError):
    """The words of a notice hold a child's name, a date of birth or a home address (domain.md §3.5)."""

    def __init__(self, field: str, what: Sequence[str]) -> None:
        """Name the field and the kind of data; the message never repeats the data."""
        self.field, self.what = field, tuple(what)
        super().__init__(
            f"the field '{field}' seems to hold {' and '.join(what)}; take it out: a notice names a child by initials at most, "
            "and gives the school's address only"
        )


class AlreadyDecidedError(CaseError):
    """Somebody decided this flagged post in the meantime."""

    def __init__(self, by: str, at: datetime, kind: str) -> None:
        """Say who decided, when and what (ids and codes, so that the screen can put the name)."""
        self.by, self.at, self.kind = by, at, kind
        super().__init__(f"user {by} already decided this at {at:%d %b %Y %H:%M} UTC: {kind.replace('_', ' ')}; nothing was changed")


class AlreadyMovedError(CaseError):
    """Somebody took a step in this case after it was opened on this screen."""

    def __init__(self, by: str, at: datetime, what: str, case: str) -> None:
        """Say who did what and when (an id, so that the screen can put the name); `what` is in words of the screen."""
        self.by, self.at, self.what = by, at, what
        who = "Schoolwatch itself" if by == "system" else f"user {by}"
        super().__init__(f"case {case}: {who} {what} at {at:%d %b %Y %H:%M} UTC; nothing was changed. Look at the case again, then decide")


class DecisionRefusedError(CaseError):
    """This decision is not possible for this flagged post."""


class ReportRefusedError(CaseError):
    """A report cannot be taken in as it stands."""


class UnknownCodeError(CaseError):
    """This report code belongs to no school here; ask the school office for the present one."""


class TuningRefusedError(CaseError):
    """This change to what is flagged is not possible."""


class SeriousnessRefusedError(CaseError):
    """The seriousness form cannot be kept as it stands."""


class ReferralRefusedError(CaseError):
    """This referral is not possible as it stands."""


class ConsentMissingError(ReferralRefusedError):
    """The police are told only when the person concerned agrees, or with one of the named reasons and a second person (policy A22)."""


class SupportRefusedError(CaseError):
    """This offer of support cannot be recorded as it stands."""


class FilingRefusedError(CaseError):
    """This step of a report that the person files cannot be recorded."""


class InvestigationRefusedError(CaseError):
    """This step of an investigation cannot be recorded."""


class PolicyRefusedError(CaseError):
    """This entry in the register of policies, or this report, is not possible."""


class WayRefusedError(CaseError):
    """This cannot be a way to reach a person."""


class SummaryRefusedError(CaseError):
    """A child's summary cannot be written as it stands."""


class RetentionRefusedError(CaseError):
    """This change to what is kept is not possible."""
