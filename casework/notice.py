"""What every notice and letter shares: the facts it is made of, what its form asks, the one frame, the words for times.

A notice is plain, factual and unthreatening; it draws no legal conclusion and names no child (domain.md §9, §3.5). Each template is a
`Template` or a `LetterTemplate` with its own words; the frame (where, what, whom it concerns, what is asked and by when, evidence, who
writes) stands here once. What may not leave is recognised by `casework.personal_data`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from casework.errors import NoticeIncompleteError
from casework.personal_data import Guard, leaks
from data.errors import CaseError
from data.model.cases import Ground, Route
from data.model.people import Permission
from data.model.readings import Category

__all__ = ["leaks"]

LONDON = ZoneInfo("Europe/London")
MAX_WORDS = 10_000
DEFAULT_URGENCY = "While it stays visible it can be copied and passed on, and the person concerned goes on being harmed by it."
FORWARDED = "Whoever gets this may pass it on to the person who posted it, or publish it."

Details = Mapping[str, str | bool]


class AskKind(StrEnum):
    """How the form asks for one thing."""

    LINE = "line"
    TEXT = "text"
    TICK = "tick"
    CHOICE = "choice"
    LINK = "link"


@dataclass(frozen=True)
class Ask:
    """One thing that a template asks besides what all ask. The form is drawn from these."""

    key: str
    label: str  # also what is said when it is missing
    example: str = ""  # shown in the empty field
    kind: AskKind = AskKind.LINE
    needed: bool = True  # a tick that is needed must be set; one that is not starts as "no"
    hint: str = ""  # the help beside the field, or what follows from a tick
    choices: tuple[str, ...] = ()
    past_dates: bool = False  # a date of years ago belongs here: it is no birthday


def tick(key: str, label: str, *, needed: bool = True, hint: str = "") -> Ask:
    """Return a box to tick: a confirmation that is needed, or a consent that starts as "no"."""
    return Ask(key, label, "", AskKind.TICK, needed=needed, hint=hint)


def text(key: str, label: str, example: str, *, needed: bool = True, hint: str = "") -> Ask:
    """Return a field for some lines."""
    return Ask(key, label, example, AskKind.TEXT, needed=needed, hint=hint)


def choice(key: str, label: str, choices: tuple[str, ...], *, needed: bool = True, hint: str = "") -> Ask:
    """Return a choice of a closed list."""
    return Ask(key, label, choices[0], AskKind.CHOICE, needed=needed, hint=hint, choices=choices)


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
    details: Details = field(default_factory=dict)  # answers to the template's own asks, by key


@dataclass(frozen=True)
class NoticeFacts:
    """Everything that a notice or a letter may say."""

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
    details: Details = field(default_factory=dict)
    author: str = ""  # the handle as published
    done: tuple[str, ...] = ()  # what was done and when, one line each
    standing: str = ""  # the countdown in words
    next_check: str = ""
    online: str = ""  # what our own checks last found
    linked: tuple[str, ...] = ()  # other cases about the same person: number, day, what

    def said(self, key: str) -> str:
        """Return what was written in answer to an ask, without blanks around it."""
        value = self.details.get(key, "")
        return value.strip() if isinstance(value, str) else ""

    def ticked(self, key: str) -> bool:
        """Whether a box was ticked."""
        return self.details.get(key) is True


@dataclass(frozen=True)
class Rendered:
    """The words of a notice, as a person will see and approve them."""

    subject: str
    body: str


Paragraph = Callable[[NoticeFacts], str]


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

    @property
    def asks(self) -> tuple[Ask, ...]:
        """What its form asks besides."""

    @property
    def grounds(self) -> frozenset[Ground]:
        """The grounds on which it may be used; none listed means any."""

    @property
    def not_for(self) -> frozenset[Category]:
        """Categories in which it is never written (§3.5)."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person is told before writing it."""

    @property
    def head_approves(self) -> bool:
        """Whether the headteacher agrees before it may be sent."""

    @property
    def may_be_forwarded(self) -> bool:
        """Whether the recipient may pass it on or publish it, which has to be accepted first (§3.5)."""

    def problem(self, facts: NoticeFacts) -> str | None:
        """Return why these facts do not fit this notice (words for the screen), or None."""

    def render(self, facts: NoticeFacts) -> Rendered:
        """Return subject and body; raises NoticeIncompleteError naming the fields that are missing, CaseError where facts do not fit."""


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
    "complainant": "on whose behalf it is asked (a role, not a name)",
    "standing": "how the countdown stands",
    "online": "whether it is still online",
}
WHO: tuple[str, ...] = ("case_ref", "school_name", "school_address", "reply_mailbox", "sender_role")
BASE: tuple[str, ...] = (
    *WHO,
    "capacity",
    "recipient",
    "addresses",
    "seen_at",
    "what_it_is",
    "concerned_role",
    "wish",
    "why_urgent",
)


def require(facts: NoticeFacts, names: Iterable[str], asks: Sequence[Ask] = ()) -> None:
    """Raise NoticeIncompleteError naming every field that is empty; `a|b` asks for one of the two."""
    lacking = [NOTICE_LABELS.get(name, name) for name in names if not any(_filled(facts, one) for one in name.split("|"))]
    lacking += [one.label for one in asks if one.needed and not _answered(facts, one)]
    if lacking:
        raise NoticeIncompleteError(lacking)


def _filled(facts: NoticeFacts, name: str) -> bool:
    value = getattr(facts, name)
    return bool(value.strip() if isinstance(value, str) else value)


def _answered(facts: NoticeFacts, one: Ask) -> bool:
    if one.kind is AskKind.TICK:
        return facts.ticked(one.key)
    said = facts.said(one.key)
    return said in one.choices if one.kind is AskKind.CHOICE else bool(said)


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


def rows_of(*rows: tuple[str, str]) -> str:
    """Return lines "name: value" for those that have a value."""
    return "\n".join(f"{name}: {value.strip()}" for name, value in rows if value.strip())


def detail(title: str, key: str) -> Paragraph:
    """Return a paragraph that gives the answer to an ask under a title; silent when nothing was answered."""
    return lambda facts: f"{title}: {facts.said(key)}" if facts.said(key) else ""


def details_of(title: str, *pairs: tuple[str, str]) -> Paragraph:
    """Return a paragraph of several answers, one line each, under a title."""

    def paragraph(facts: NoticeFacts) -> str:
        rows = rows_of(*((name, facts.said(key)) for name, key in pairs))
        return f"{title}\n{rows}" if rows else ""

    return paragraph


def plain(words: str) -> Paragraph:
    """Return a paragraph of fixed words."""
    return lambda _facts: words


def nature(facts: NoticeFacts) -> str:
    """Return why it is asked: the rule by name and link, and the nature of the concern in plain words."""
    rule = f"Rule: {facts.rule_breached.strip()} {facts.rule_link.strip()}".strip() if facts.rule_breached.strip() else ""
    why = f"Why we ask, in our view: {facts.unlawful_nature.strip()}" if facts.unlawful_nature.strip() else ""
    return lines(why, rule)


def about(facts: NoticeFacts) -> str:
    """Return the facts on which every notice agrees: where, when seen, what, whom it concerns."""
    rows = rows_of(
        ("What it is", facts.what_it_is),
        ("It concerns", facts.concerned_role),
        ("Seen by us", london(facts.seen_at) if facts.seen_at else ""),
        ("Your earlier reference", facts.previous_reference),
    )
    return lines(listed("Where it is:", facts.addresses), rows)


def ask(facts: NoticeFacts, removal: str = "remove it") -> str:
    """Return what is asked, by when, and how to confirm (policy A18; amended or removed are both a success)."""
    wish = removal if facts.wish == "remove" else "amend it so that the part described above is gone"
    return lines(
        f"We ask you to {wish}. If you would rather {'amend' if facts.wish == 'remove' else 'remove'} it, that would help as well.",
        f"We would be grateful for this within 24 hours, by {london(facts.requested_by)}. {facts.why_urgent.strip()}",
        f"Please confirm to {facts.reply_mailbox}, quoting {facts.case_ref}. "
        "If you decide against it, please tell us why and how to appeal.",
    )


def signed(facts: NoticeFacts) -> str:
    """Return who asks, in what capacity, where they can be reached: the school's address only, never a person's."""
    rows = [
        facts.sender_role.strip(),
        facts.school_name,
        facts.school_address,
        facts.reply_mailbox,
        f"Capacity: {facts.capacity}" if facts.capacity.strip() else "",
        f"On behalf of: {facts.complainant.strip()}" if facts.complainant.strip() else "",
        f"Case {facts.case_ref}, written {london(facts.now)}",
    ]
    return "\n".join(row for row in rows if row)


WITNESS = (
    "Please keep the witness code with your records: it is the SHA-256 of the evidence's seal, and shows later that nothing was changed."
)


def evidence_row(ref: str, code: str, *, supplied: bool = False) -> str:
    """Return how a piece of evidence is named to somebody outside, who thereby becomes its witness (evidence.md §6).

    What a person brought is named as such: nobody may take it for a capture of ours (§5.7 rule 4).
    """
    named = f"Evidence {ref} (supplied by a person, not captured by us)" if supplied else f"Evidence {ref}"
    return f"{named}, witness code {code}" if code else named


def evidence_list(facts: NoticeFacts) -> str:
    """Return the evidence that the school holds: numbers and witness codes, never the files."""
    rows = listed("Kept by the school (not attached):", facts.evidence)
    return f"{rows}\n{WITNESS}" if any("witness code" in one for one in facts.evidence) else rows


def _fits(_facts: NoticeFacts) -> str | None:
    """Return None: nothing more is asked of the facts."""
    return None


@dataclass(frozen=True)
class Template:
    """A notice as data: its own words between the parts of the one frame.

    `subject` and `opening` may use {school}, {platform} and {host}; nothing that a person typed is read as such a mark.
    """

    key: str
    label: str
    route: Route
    subject: str
    opening: str
    says: tuple[Paragraph, ...] = (nature,)
    removal: str = "remove it"
    closing: str = ""
    required: tuple[str, ...] = BASE
    asks: tuple[Ask, ...] = ()
    grounds: frozenset[Ground] = frozenset()
    not_for: frozenset[Category] = frozenset()
    warnings: tuple[str, ...] = ()
    head_approves: bool = False
    may_be_forwarded: bool = False
    fits: Callable[[NoticeFacts], str | None] = _fits
    to_form: bool = False  # the form's link stands beside the recipient

    def problem(self, facts: NoticeFacts) -> str | None:
        """Return why these facts do not fit this notice (words for the screen), or None."""
        return self.fits(facts)

    def render(self, facts: NoticeFacts) -> Rendered:
        """Return subject and body; raises NoticeIncompleteError naming what is missing, CaseError where the facts do not fit."""
        require(facts, self.required, self.asks)
        why_not = self.problem(facts)
        if why_not is not None:
            raise CaseError(why_not)
        return Rendered(f"{_marks(self.subject, facts)}, {facts.case_ref}", self._body(facts))

    def _body(self, facts: NoticeFacts) -> str:
        form = f" (form: {facts.form_link})" if self.to_form and facts.form_link else ""
        return lines(
            f"To: {facts.recipient}{form}",
            _marks(self.opening, facts),
            about(facts),
            *(paragraph(facts) for paragraph in self.says),
            ask(facts, self.removal),
            self.closing,
            evidence_list(facts),
            signed(facts),
        )


def _marks(words: str, facts: NoticeFacts) -> str:
    return words.replace("{school}", facts.school_name).replace("{platform}", facts.platform)


def check_wording(
    wording: Wording,
    *,
    now: datetime,
    school_address: str = "",
    school_name: str = "",
    pupil_names: Sequence[str] = (),
    asks: Sequence[Ask] = (),
) -> None:
    """Raise PersonalDataError before anything leaves that names a child, a birthday or a home (domain.md §3.5, §9).

    The field is named, what it holds is never repeated. Raises NoticeIncompleteError for a field that is too long, CaseError for an
    answer that the template does not ask for.
    """
    guard = Guard(now, school_address, school_name, tuple(pupil_names))
    for one in fields(wording):
        if one.name != "details":
            words = str(getattr(wording, one.name))
            label = NOTICE_LABELS.get(one.name, one.name.replace("_", " "))
            fits_in(label, words)
            if not is_link(words):
                guard.field(label, words)
    check_details(wording.details, asks, guard)


def check_details(details: Details, asks: Sequence[Ask], guard: Guard) -> None:
    """Look at each answer to a template's own asks, as `check_wording` does; CaseError for one that nobody asked."""
    known = {one.key: one for one in asks}
    for key, value in details.items():
        one = known.get(key)
        if one is None:
            raise CaseError("the form has changed in the meantime: open it again and write it anew")
        if isinstance(value, str):
            fits_in(one.label, value)
            if one.kind is AskKind.LINK and value.strip() and not is_link(value):
                raise NoticeIncompleteError([f"{one.label} as a whole web address, beginning with https://"])
            if one.kind is not AskKind.LINK:
                guard.field(one.label, value, with_dates=not one.past_dates)


def is_link(words: str) -> bool:
    """Whether a field holds one web address and nothing else: it is given as it is, whatever stands in it."""
    found = words.strip()
    return found.startswith(("https://", "http://")) and not any(sign.isspace() for sign in found)


def fits_in(label: str, words: str) -> None:
    """Raise NoticeIncompleteError when a field is longer than a letter can hold."""
    if len(words) > MAX_WORDS:
        raise NoticeIncompleteError([f"{label} in fewer than {MAX_WORDS:,} characters"])


class Letter(Protocol):
    """One letter, summary or message that asks no platform for a removal. A plug-in like a notice: a row in LETTERS."""

    @property
    def key(self) -> str:
        """Its key in LETTERS, kept with each letter."""

    @property
    def label(self) -> str:
        """How it is called on screen."""

    @property
    def required(self) -> tuple[str, ...]:
        """The facts without which it is not written."""

    @property
    def asks(self) -> tuple[Ask, ...]:
        """What its form asks."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person is told before writing it."""

    @property
    def permission(self) -> Permission:
        """What a person must be allowed to do in the case to write it."""

    @property
    def head_approves(self) -> bool:
        """Whether the headteacher agrees before it may be sent."""

    @property
    def in_stop(self) -> bool:
        """Whether it may be written in a stopped case: addresses only, never pictures."""

    @property
    def only_for(self) -> frozenset[Category]:
        """The categories in which it is offered; none listed means any."""

    @property
    def of_case(self) -> bool:
        """Whether it belongs to one case."""

    def render(self, facts: NoticeFacts) -> Rendered:
        """Return subject and body; raises NoticeIncompleteError naming what is missing, CaseError where the facts do not fit."""


@dataclass(frozen=True)
class LetterTemplate:
    """A letter as data: its own words in the frame, or bare words for a public place."""

    key: str
    label: str
    subject: str
    opening: str
    says: tuple[Paragraph, ...]
    permission: Permission
    closing: str = ""
    required: tuple[str, ...] = WHO
    asks: tuple[Ask, ...] = ()
    warnings: tuple[str, ...] = ()
    head_approves: bool = False
    in_stop: bool = False
    only_for: frozenset[Category] = frozenset()
    of_case: bool = True
    bare: bool = False  # only the words themselves: they are put in public, where no case number belongs
    fits: Callable[[NoticeFacts], str | None] = _fits

    def render(self, facts: NoticeFacts) -> Rendered:
        """Return subject and body; raises NoticeIncompleteError naming what is missing, CaseError where the facts do not fit."""
        require(facts, self.required, self.asks)
        why_not = self.fits(facts)
        if why_not is not None:
            raise CaseError(why_not)
        said = [paragraph(facts) for paragraph in self.says]
        subject = f"{_marks(self.subject, facts)}, {facts.case_ref}".removesuffix(", ")
        if self.bare:
            return Rendered(subject, lines(_marks(self.opening, facts), *said, self.closing))
        to = f"To: {facts.recipient}" if facts.recipient.strip() else ""
        return Rendered(subject, lines(to, _marks(self.opening, facts), *said, self.closing, signed(facts)))


def where_and_when(facts: NoticeFacts) -> str:
    """Return the addresses and the time at which they were seen, for those who have to look."""
    seen = f"Seen by the school: {london(facts.seen_at)}" if facts.seen_at else ""
    return lines(listed("Where it is:", facts.addresses), seen)


def done_so_far(facts: NoticeFacts) -> str:
    """Return what the school has done, with times."""
    return listed("What has been done:", facts.done)
