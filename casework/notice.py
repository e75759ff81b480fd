"""What every notice shares: the facts it is made of, the check of what may not leave, the words for times.

A notice is plain, factual and unthreatening; it draws no legal conclusion and names no child (domain.md §9, §3.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from casework.errors import NoticeIncompleteError, PersonalDataError
from data.model.cases import Route

LONDON = ZoneInfo("Europe/London")
MAX_WORDS = 10_000
DEFAULT_URGENCY = "While it stays visible it can be copied and passed on, and the person concerned goes on being harmed by it."


@dataclass(frozen=True)
class Wording:
    """The words a person adds to a notice. Free text: checked for children's names, dates of birth and home addresses."""

    what_it_is: str
    rule_breached: str = ""
    rule_link: str = ""
    unlawful_nature: str = ""
    why_urgent: str = ""
    concerned_role: str = ""
    wish: Literal["remove", "amend"] = "remove"
    sender_role: str = ""
    recipient: str = ""
    complainant: str = ""
    previous_reference: str = ""


@dataclass(frozen=True)
class NoticeFacts:
    """Everything that a notice may say."""

    case_ref: str
    now: datetime
    school_name: str
    school_address: str
    reply_mailbox: str
    sender_role: str
    capacity: str
    recipient: str
    platform: str
    addresses: tuple[str, ...]
    seen_at: datetime | None
    what_it_is: str
    concerned_role: str
    wish: str
    why_urgent: str
    requested_by: datetime
    rule_breached: str = ""
    rule_link: str = ""
    unlawful_nature: str = ""
    form_link: str = ""
    complainant: str = ""
    previous_reference: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rendered:
    """The words of a notice, as a person will see and approve them."""

    subject: str
    body: str


class Notice(Protocol):
    """One template. A plug-in: a file in casework/notices and a row in its NOTICES table."""

    @property
    def key(self) -> str:
        """Its key in NOTICES, kept with each request."""

    @property
    def label(self) -> str:
        """How it is called on screen."""

    @property
    def route(self) -> Route:
        """The party it is written to."""

    @property
    def required(self) -> tuple[str, ...]:
        """The facts without which it is not written; `a|b` means one of the two."""

    def render(self, facts: NoticeFacts) -> Rendered:
        """Return subject and body; raises NoticeIncompleteError naming the fields that are missing."""


NOTICE_LABELS: dict[str, str] = {
    "school_name": "the school's name",
    "school_address": "the school's postal address (set it for the school first)",
    "reply_mailbox": "the school's reply mailbox (set it for the school first)",
    "sender_role": "the role of the person who sends it",
    "capacity": "in what capacity the school asks",
    "recipient": "who is asked",
    "platform": "the platform or site",
    "addresses": "the exact address of the item",
    "seen_at": "when it was seen",
    "what_it_is": "what it is, in one or two lines",
    "rule_breached": "the rule it breaks, by name",
    "rule_link": "the link to that rule",
    "unlawful_nature": "why it may be unlawful, in plain words",
    "rule_breached|unlawful_nature": "the rule it breaks, or why it may be unlawful",
    "concerned_role": "the role of the person concerned (not the name)",
    "why_urgent": "why it is urgent",
    "form_link": "the link to the form",
    "case_ref": "the case number",
    "wish": "whether it should be removed or amended",
}


def require(facts: NoticeFacts, names: Iterable[str]) -> None:
    """Raise NoticeIncompleteError naming every field that is empty; `a|b` asks for one of the two."""
    lacking = [NOTICE_LABELS.get(name, name) for name in names if not any(_filled(facts, one) for one in name.split("|"))]
    if lacking:
        raise NoticeIncompleteError(lacking)


def _filled(facts: NoticeFacts, name: str) -> bool:
    value = getattr(facts, name)
    return bool(value.strip() if isinstance(value, str) else value)


def london(moment: datetime) -> str:
    """Say a time as the school reads it, with UTC beside it: "20 Nov 2026, 14:05 GMT (14:05 UTC)"."""
    local = moment.astimezone(LONDON)
    return f"{local:%d %b %Y, %H:%M %Z} ({moment.astimezone(UTC):%H:%M} UTC)"


def lines(*parts: str) -> str:
    """Join the paragraphs that have something to say."""
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def listed(title: str, rows: Sequence[str]) -> str:
    """Return a titled list, or nothing."""
    return "\n".join([title, *(f"- {row}" for row in rows)]) if rows else ""


def about(facts: NoticeFacts) -> str:
    """Return the facts on which every notice agrees: where, when seen, what, whom it concerns."""
    rows = [
        f"What it is: {facts.what_it_is.strip()}",
        f"It concerns: {facts.concerned_role.strip()}" if facts.concerned_role.strip() else "",
        f"Seen by us: {london(facts.seen_at)}" if facts.seen_at else "",
        f"Your earlier reference: {facts.previous_reference.strip()}" if facts.previous_reference.strip() else "",
    ]
    return lines(listed("Where it is:", facts.addresses), "\n".join(row for row in rows if row))


def ask(facts: NoticeFacts) -> str:
    """Return what is asked, by when, and how to confirm (policy A18; amended or removed are both a success)."""
    wish = "remove it" if facts.wish == "remove" else "amend it so that the part described above is gone"
    return lines(
        f"We ask you to {wish}. If you would rather {'amend' if facts.wish == 'remove' else 'remove'} it, that would help as well.",
        f"We would be grateful for this within 24 hours, by {london(facts.requested_by)}. {facts.why_urgent.strip()}",
        f"Please confirm to {facts.reply_mailbox}, quoting {facts.case_ref}. "
        "If you decide against it, please tell us why and how to appeal.",
    )


def signed(facts: NoticeFacts) -> str:
    """Return who asks, in what capacity, where they can be reached: the school's address only, never a person's."""
    on_behalf = f"On behalf of: {facts.complainant.strip()}" if facts.complainant.strip() else ""
    rows = [
        facts.sender_role.strip(),
        facts.school_name,
        facts.school_address,
        facts.reply_mailbox,
        f"Capacity: {facts.capacity}",
        on_behalf,
        f"Case {facts.case_ref}, written {london(facts.now)}",
    ]
    return "\n".join(row for row in rows if row)


def evidence_list(facts: NoticeFacts) -> str:
    """Return the evidence that the school holds: file names and short hashes, never the files."""
    return listed("Evidence kept by the school (not attached; file name and start of SHA-256):", facts.evidence)


_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b", re.IGNORECASE)
_STREET = (
    "street|road|avenue|lane|close|drive|court|crescent|gardens|terrace|way|place|grove|hill|row|mews|square|walk|rise|"
    "st|rd|ave|ln|cl|dr|ct|cres"
)
_HOUSE = re.compile(
    rf"\b\d{{1,4}}[a-z]?,?\s+(?:[a-z'\u2019]+\s+){{1,3}}(?:{_STREET})\b|\blives\s+at\b|\bhome\s+address\s+(?:is|:)",
    re.IGNORECASE,
)
_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    "sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}[./-]\d{{1,2}}[./-](?P<a>\d{{4}}|\d{{2}})|(?P<b>\d{{4}})-\d{{2}}-\d{{2}}|"
    rf"\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTH})\.?,?\s+(?P<c>\d{{4}}))\b",
    re.IGNORECASE,
)
_BORN = re.compile(r"\b(?:d\.?o\.?b\b|date of birth|born (?:on|in)|birthday)", re.IGNORECASE)
_NAME = r"(?-i:[A-Z][a-z'\u2019-]+)"
_NOT_STAFF = r"(?!(?:Mr|Mrs|Ms|Miss|Dr)\b)"
_WORD_BEFORE = r"(?<!\bMr )(?<!\bMrs )(?<!\bMs )(?<!\bMiss )(?<!\bDr )"
_PUPIL = re.compile(
    rf"\b(?:pupil|child|student|boy|girl|son|daughter|sibling)s?(?:'s name is| called| named|,)?\s+{_NAME}\b"
    rf"|{_WORD_BEFORE}\b{_NOT_STAFF}{_NAME}(?:\s+{_NAME})?,?\s+(?:in|from|of)\s+(?:year\s*\d{{1,2}}|y\d{{1,2}}|reception|class\s+\w+|\d{{1,2}}[a-z])\b"
    rf"|{_WORD_BEFORE}\b{_NOT_STAFF}{_NAME}(?:\s+{_NAME})?,?\s+(?:\(?aged?\s+\d{{1,2}}\b|\(\d{{1,2}}\))",
    re.IGNORECASE,
)
_SCHOOL_AGE = range(2, 21)  # a date this many years ago may be a pupil's birthday


def leaks(text: str, *, now: datetime, school_address: str = "", pupil_names: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the kinds of personal data that a text seems to hold; the school's own address is no leak."""
    kinds = []
    rest = text.replace(school_address, " ") if school_address else text
    if _PUPIL.search(rest) or _names(rest, pupil_names):
        kinds.append("a child's name")
    if _BORN.search(rest) or any(_is_birthday(match, now) for match in _DATE.finditer(rest)):
        kinds.append("a date of birth")
    own = "".join(school_address.split()).upper()
    foreign = [match for match in _POSTCODE.findall(rest) if "".join(match.split()).upper() not in own]
    if foreign or _HOUSE.search(rest):
        kinds.append("a home address")
    return tuple(kinds)


def _names(text: str, names: Sequence[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in names if name.strip())


def _is_birthday(match: re.Match[str], now: datetime) -> bool:
    year = int(match["a"] or match["b"] or match["c"])
    if year < 100:  # noqa: PLR2004 - written with two digits
        year += 2000
    return now.year - year in _SCHOOL_AGE


def check_wording(wording: Wording, *, now: datetime, school_address: str = "", pupil_names: Sequence[str] = ()) -> None:
    """Raise PersonalDataError before anything leaves that names a child, a birthday or a home (domain.md §3.5, §9)."""
    for field in fields(wording):
        text = str(getattr(wording, field.name))
        label = NOTICE_LABELS.get(field.name, field.name.replace("_", " "))
        if len(text) > MAX_WORDS:
            raise NoticeIncompleteError([f"{label} in fewer than {MAX_WORDS:,} characters"])
        if field.name == "rule_link":
            continue
        found = leaks(text, now=now, school_address=school_address, pupil_names=pupil_names)
        if found:
            raise PersonalDataError(label, found)
