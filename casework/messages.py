"""The words of every message that leaves for a person: case number, tier, time left, nothing else (domain.md §5.7 rule 7).

A message is made of our own words, numbers and moments only. No function here takes a post, a name, an address or anything typed by
a person, so none of that can get into a message; what must be told besides stands on the screen, behind signing in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from casework.countdown import in_words
from data.model.people import Role
from data.model.readings import Severity
from data.model.telling import Message

LONDON = ZoneInfo("Europe/London")
_REF = re.compile(r"SW-[0-9]{4}-[0-9]{4,8}")
_EVIDENCE_REF = re.compile(r"SW-[0-9]{4}-[0-9]{4,8}-E[0-9]{1,4}")
_CODE = re.compile(r"[0-9a-f]{64}")
MOST_CODES = 200  # in one message; the code of the register covers them all
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OPEN = "Open Schoolwatch to read it. Do not answer this message."

_ROLE_WORDS: dict[Role, str] = {
    Role.DSL: "the safeguarding lead",
    Role.DEPUTY_DSL: "the deputy safeguarding lead",
    Role.HEADTEACHER: "the headteacher",
    Role.CHAIR: "the chair of governors",
}


@dataclass(frozen=True)
class Words:
    """A message's subject and body."""

    subject: str
    body: str


class DueKind(StrEnum):
    """What somebody is reminded of, besides the 24 hours."""

    SUPPORT = "support"  # A23
    HOLD_REVIEW = "hold_review"
    POLICY_REVIEW = "policy_review"  # A30
    APPEAL = "appeal"
    TUNING = "tuning"
    LIMITATION = "limitation"
    INVESTIGATION = "investigation"
    LADO = "lado"
    STOP_REFERRAL = "stop_referral"  # B36
    OTHER = "other"


_DUE_WORDS: dict[DueKind, str] = {
    DueKind.SUPPORT: "support for the member of staff is still to be offered",
    DueKind.HOLD_REVIEW: "the hold asked for by an authority is to be looked at again",
    DueKind.POLICY_REVIEW: "a policy is due for its review",
    DueKind.APPEAL: "the time to appeal against a refusal ends soon",
    DueKind.TUNING: "a change to what is flagged ends soon",
    DueKind.LIMITATION: "nine months of the one year for a claim in defamation have passed",
    DueKind.INVESTIGATION: "an investigation is still to be opened",
    DueKind.LADO: "the LADO is still to be spoken to",
    DueKind.STOP_REFERRAL: "the safeguarding lead's referral is still to be made",
    DueKind.OTHER: "something is to be done",
}


def uk(moment: datetime) -> str:
    """Say a moment in UK time with its day, as a message is read later than it was written."""
    local = moment.astimezone(LONDON)
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M} {local:%Z}"


def numbered(ref: str) -> str:
    """Return a case number; raises ValueError for what is none, so that nothing else can slip into a message."""
    if not _REF.fullmatch(ref):
        msg = "a message names a case by its number only"
        raise ValueError(msg)
    return ref


def tier(severity: Severity) -> str:
    """Say a severity with its code: "Critical (S4)"."""
    return f"{severity.word} (S{int(severity)})"


def urgent(severity: Severity, ref: str | None, since: datetime) -> Words:
    """Say that something grave waits: a flagged post, or a case with its number."""
    what = f"case {numbered(ref)}" if ref else "a flagged post"
    return Words(f"Schoolwatch: {tier(severity)}: {what} waits", f"{tier(severity)}: {what} waits since {uk(since)}.\n{_OPEN}")


def many(severity: Severity, at: datetime) -> Words:
    """Say that so much is flagged that no message of its own comes for each in this hour."""
    return Words(
        f"Schoolwatch: {tier(severity)}: many flagged posts wait",
        f"{tier(severity)}: more was flagged in the hour up to {uk(at)} than messages are sent for one by one.\n"
        f"No further message of this tier comes within the hour. {_OPEN}",
    )


def reminder(ref: str, severity: Severity, left: timedelta, due_at: datetime) -> Words:
    """Say how much is left of the 24 hours of a case, or by how much they are passed (policy A18)."""
    how = f"late by {in_words(left)}" if left < timedelta(0) else f"{in_words(left)} left of 24 h"
    target = f"The 24 hours {'ended' if left < timedelta(0) else 'end'} on {uk(due_at)}."
    return Words(
        f"Schoolwatch: {numbered(ref)}: {how}",
        f"Case {numbered(ref)}, {tier(severity)}: {how}.\n{target}\n{_OPEN}",
    )


def due(kind: DueKind, due_at: datetime, ref: str | None = None) -> Words:
    """Say that something is to be done, in a case or in the school."""
    where = f"case {numbered(ref)}: " if ref else ""
    subject = numbered(ref) if ref else "to be done"
    return Words(f"Schoolwatch: {subject}: reminder", f"Reminder, {where}{_DUE_WORDS[kind]}.\nDue: {uk(due_at)}.\n{_OPEN}")


def vault(count: int, at: datetime) -> Words:
    """Say that sealed evidence is missing or was changed on the disk, and what to do."""
    what = "a piece of sealed evidence is" if count == 1 else f"{count} pieces of sealed evidence are"
    return Words(
        "Schoolwatch: sealed evidence needs a look",
        f"Looking over the evidence on {uk(at)}: {what} missing or changed on the disk.\n"
        "Ask whoever looks after the computer to run `schoolwatch vault-check` and to fetch the files from a backup.",
    )


def register_day(day: date, count: int, head: str, codes: Sequence[tuple[str, str]]) -> Words:
    """Say how the evidence register ends on a day, for somebody to keep outside the school's computer (evidence.md §6).

    `codes`: number and witness code of what was sealed since the last such message. Raises ValueError for what is no number and no code, so
    that nothing else can slip into a message.
    """
    for ref, code in codes:
        if not _EVIDENCE_REF.fullmatch(ref) or not _CODE.fullmatch(code):
            msg = "a message names evidence by its number and its witness code only"
            raise ValueError(msg)
    if not _CODE.fullmatch(head):
        msg = "the register's head is a SHA-256"
        raise ValueError(msg)
    sealed = [f"- {ref}: {code}" for ref, code in codes[:MOST_CODES]]
    more = [f"and {len(codes) - MOST_CODES} more, which the code of the register covers."] * (len(codes) > MOST_CODES)
    said = ["Sealed since the last message (evidence number and witness code):", *sealed, *more] if codes else ["Nothing new was sealed."]
    return Words(
        f"Schoolwatch: the register on {day.day} {day:%b} {day.year}",
        "\n".join(
            [
                "Please keep this message: it is a witness outside the school's computer. There is nothing else to do.",
                f"The evidence register has {count} lines on {day.day} {day:%B} {day.year}. Its code is",
                head,
                *said,
                "If anybody ever doubts the evidence, these codes show whether it was changed after today.",
            ]
        ),
    )


def elsewhere(role: Role | None) -> Words:
    """Tell somebody on call that a matter waits which is not theirs to see, and who may see it."""
    who = _ROLE_WORDS.get(role, "the safeguarding lead") if role else "the safeguarding lead"
    return Words(
        "Schoolwatch: a matter waits",
        f"You are on call. A matter waits that your role does not open. Please ask {who} to look in Schoolwatch now.",
    )


def test_message(at: datetime) -> Words:
    """Say that this is a trial."""
    return Words("Schoolwatch: test message", f"This is a test, asked for on {uk(at)}. If you read it, this way works.")


@dataclass(frozen=True)
class SourceSeen:
    """How a source is, without its name: what kind of place it is, whether it is seen, and when it was last."""

    kind: str  # a platform's code, from the closed list
    is_seen: bool
    last_seen_at: datetime | None


@dataclass(frozen=True)
class Tally:
    """What one person is told in the morning: counts only, of what that person may see."""

    day: date
    since: datetime
    flagged: dict[Severity, int]
    waiting: int
    oldest_at: datetime | None
    open_cases: int
    late: int
    soon: int  # less than 4 hours left
    sources: tuple[SourceSeen, ...]
    not_delivered: int
    stopped: int = 0  # of the open cases; they are neither late nor soon, for nobody is asked to remove anything there

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was flagged."""
        return not sum(self.flagged.values())


def digest(tally: Tally) -> Words:
    """Say what came in since the last school day's morning; on a quiet day too, with what was not watched."""
    total = sum(tally.flagged.values())
    head = "quiet" if tally.is_quiet else f"{total} flagged"
    unseen = [one for one in tally.sources if not one.is_seen]
    cues = [f"{tally.late} late"] * bool(tally.late) + [f"{len(unseen)} sources not seen"] * bool(unseen)
    subject = f"Schoolwatch: {tally.day.day} {tally.day:%b}: {', '.join([head, *cues])}"
    lines = [_flagged(tally), _waiting(tally), _cases(tally), *_sources(tally.sources), *_undelivered(tally.not_delivered)]
    return Words(subject, "\n".join(lines))


def _flagged(tally: Tally) -> str:
    if tally.is_quiet:
        return f"Nothing was flagged since {uk(tally.since)}."
    tiers = ", ".join(f"{count} {tier(severity)}" for severity, count in sorted(tally.flagged.items(), reverse=True) if count)
    return f"Flagged since {uk(tally.since)}: {tiers}."


def _waiting(tally: Tally) -> str:
    oldest = f", the oldest since {uk(tally.oldest_at)}" if tally.oldest_at else ""
    return f"Waiting to be judged: {tally.waiting}{oldest}."


def _cases(tally: Tally) -> str:
    running = f"Open cases: {tally.open_cases}; past their 24 hours: {tally.late}; less than 4 hours left: {tally.soon}."
    return f"{running} Stopped, so that the safeguarding lead's referral counts alone: {tally.stopped}." if tally.stopped else running


def _sources(sources: Sequence[SourceSeen]) -> list[str]:
    if not sources:
        return ["Nothing is watched yet: no source is set up, so a quiet day says nothing."]
    seen = sum(one.is_seen for one in sources)
    lines = [f"{seen} of {len(sources)} sources were seen."]
    for one in sources:
        if not one.is_seen:
            last = f"not seen since {uk(one.last_seen_at)}" if one.last_seen_at else "never seen yet"
            lines.append(f"- {one.kind.replace('_', ' ')}: {last}. What was posted there is not known.")
    return lines


def _undelivered(count: int) -> list[str]:
    return [f"Messages of which it is not known whether anybody got them: {count}. Look at 'Who is told'."] if count else []


def link(message: Message, address: str | None) -> str | None:
    """Return the page of a message's matter by id; None unless the school gave the address under which people reach the pages."""
    if not address:
        return None
    base = address.rstrip("/")
    if message.case_id and _ID.fullmatch(message.case_id):
        return f"{base}/case?id={message.case_id}"
    if message.finding_id and _ID.fullmatch(message.finding_id):
        return f"{base}/finding?id={message.finding_id}"
    return base


def with_link(message: Message, address: str | None) -> str:
    """Return a message's body with the link to its page, if there is one."""
    found = link(message, address)
    return f"{message.body}\n{found}" if found else message.body
