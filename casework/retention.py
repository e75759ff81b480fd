"""How long things are kept and what may go tonight (domain.md §8): a table of rules, and for each record its fate. Pure.

The machine never decides that a child-protection record goes: a person says so, and for sexual abuse a second person agrees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from casework.errors import RetentionRefusedError
from data.model.cases import Case, CaseState, Confidentiality
from data.model.findings import Decision, DecisionKind, Finding
from data.model.keeping import LegalHold, RetentionConsent
from data.model.readings import OUTCOMES, SAFEGUARDING, Category, Severity

AFTER_RELEASE = timedelta(days=30)  # §8: a hold ends thirty days after its release
_YEAR = 365


class RuleKey(StrEnum):
    """The rules by name; tombstones, runs and a school's own periods name them."""

    MENTION = "mention"
    LAWFUL = "lawful"
    REPLY = "reply"
    HANDLE = "handle"
    CASE_LOW = "case_low"
    CASE_HIGH = "case_high"
    CHILD = "child"
    ABUSE = "abuse"
    STAFF = "staff"
    LOG = "log"
    SUBJECT_REQUEST = "subject_request"
    MESSAGE = "message"
    POLICY = "policy"
    LOOKUP = "lookup"


@dataclass(frozen=True)
class RetentionRule:
    """One row of §8: what, for how many days, from when, why; between which bounds a school may choose."""

    key: RuleKey
    what: str
    days: int
    since: str
    why: str
    least: int
    most: int


RULES: dict[RuleKey, RetentionRule] = {
    rule.key: rule
    for rule in (
        RetentionRule(
            RuleKey.MENTION, "Posts below the threshold, namesakes, spam", 30, "first seen", "enough to notice a pattern, no more", 7, 90
        ),
        RetentionRule(
            RuleKey.LAWFUL,
            "Praise, criticism, news and other lawful speech",
            90,
            "judged",
            "a reply may follow; no file on critics",
            30,
            180,
        ),
        RetentionRule(RuleKey.REPLY, "Criticism that was answered", _YEAR, "judged", "what was answered can be looked up", 90, 2 * _YEAR),
        RetentionRule(RuleKey.HANDLE, "Who wrote a low-level post", 30, "first seen", "nobody's words are collected into a profile", 7, 60),
        RetentionRule(
            RuleKey.CASE_LOW,
            "Cases of low or medium severity",
            _YEAR,
            "closed",
            "a claim for defamation must begin within a year",
            180,
            2 * _YEAR,
        ),
        RetentionRule(
            RuleKey.CASE_HIGH,
            "Cases of high or critical severity about adults",
            6 * _YEAR,
            "closed",
            "claims may begin within six years",
            _YEAR,
            7 * _YEAR,
        ),
        RetentionRule(
            RuleKey.CHILD,
            "Child-protection cases",
            90,
            "transferred",
            "the child-protection file is the record; a person agrees",
            30,
            _YEAR,
        ),
        RetentionRule(
            RuleKey.ABUSE,
            "Anything about sexual abuse of a child",
            90,
            "transferred",
            "never by itself: two people agree",
            90,
            _YEAR,
        ),
        RetentionRule(
            RuleKey.STAFF, "Allegations against staff", 90, "transferred", "the personnel file or the LADO has the record", 30, _YEAR
        ),
        RetentionRule(
            RuleKey.LOG, "Who did what", 3 * _YEAR, "written", "yearly reviews and complaints; it is about people as well", _YEAR, 6 * _YEAR
        ),
        RetentionRule(
            RuleKey.SUBJECT_REQUEST,
            "Requests by people about data on them",
            3 * _YEAR,
            "decided",
            "proof that they were answered",
            _YEAR,
            6 * _YEAR,
        ),
        RetentionRule(RuleKey.MESSAGE, "Messages that went out", 90, "sent", "they hold numbers and times only", 30, _YEAR),
        RetentionRule(RuleKey.LOOKUP, "Who hosts a site", 30, "looked up", "it may have moved by then; it names a server only", 1, 90),
        RetentionRule(RuleKey.POLICY, "Older versions of policies", 6 * _YEAR, "replaced", "governance", _YEAR, 10 * _YEAR),
    )
}
_SHORT_LIVED = frozenset({Category.NEUTRAL_MENTION, Category.NAMESAKE, Category.SPAM})
_SEXUAL_ABUSE = frozenset({Category.CSAM, Category.GROOMING})
_STAFF = frozenset({Category.STAFF_ALLEGATION, Category.STAFF_PUPIL_CONTACT, Category.STAFF_CONDUCT})
_OVER = frozenset({CaseState.CLOSED, CaseState.NO_ACTION})
Periods = Mapping[RuleKey, timedelta]


class Action(StrEnum):
    """What becomes of a record tonight."""

    GO = "goes tonight"
    LATER = "goes later"
    HELD = "held"
    ASK = "waits for a person"


@dataclass(frozen=True)
class Fate:
    """What becomes of one record, by which rule, when at the earliest, and why."""

    rule: RuleKey
    action: Action
    due_at: datetime | None
    why: str


def periods(own: Mapping[str, int]) -> dict[RuleKey, timedelta]:
    """Return how long each rule keeps: the school's own days where it chose some, else the default."""
    return {key: timedelta(days=own.get(key.value, rule.days)) for key, rule in RULES.items()}


def check_period(rule: str, days: int) -> RetentionRule:
    """Return the rule; raises RetentionRefusedError for an unknown one or a number of days out of its bounds."""
    if rule not in set(RuleKey):
        msg = f"there is no rule '{rule}'; choose one of the list"
        raise RetentionRefusedError(msg)
    found = RULES[RuleKey(rule)]
    if not found.least <= days <= found.most:
        msg = f"{found.what.lower()}: choose between {found.least} and {found.most} days; {found.why}"
        raise RetentionRefusedError(msg)
    return found


def rule_for(case: Case) -> RuleKey:
    """Return the rule for a case: sexual abuse first, then allegations against staff, child protection, then by severity."""
    if case.stop or case.lead_category in _SEXUAL_ABUSE:
        return RuleKey.ABUSE
    if case.lead_category in _STAFF:
        return RuleKey.STAFF
    if case.lead_category in SAFEGUARDING or case.confidentiality is Confidentiality.RESTRICTED_DSL:
        return RuleKey.CHILD
    return RuleKey.CASE_HIGH if case.severity >= Severity.S3 else RuleKey.CASE_LOW


def is_over(case: Case) -> bool:
    """Whether a case has ended for good: only then its time begins to run."""
    return case.state in _OVER and case.closed_at is not None


def case_fate(case: Case, holds: Sequence[LegalHold], consents: Sequence[RetentionConsent], kept: Periods, now: datetime) -> Fate:
    """Return what becomes of a case tonight."""
    rule = rule_for(case)
    held = _held(holds, now)
    if held is not None:
        return Fate(rule, Action.HELD, None, held)
    closed = case.closed_at
    if closed is None or not is_over(case):
        return Fate(rule, Action.LATER, None, "the case is not closed")
    consents = [one for one in consents if one.at >= closed]  # what was agreed before it was opened again counts no more
    agreed = _agreed(rule, consents)
    two_people = any(one.second is not None for one in consents)
    if rule not in {RuleKey.CHILD, RuleKey.ABUSE, RuleKey.STAFF}:
        return _timed(rule, closed + kept[rule], now, early=two_people)
    if case.transferred_at is None:
        return Fate(rule, Action.ASK, None, "confirm that the child-protection or personnel file has its copy")
    due = max(case.transferred_at, closed) + kept[rule]
    if due > now or agreed or not (rule in {RuleKey.CHILD, RuleKey.ABUSE} or _is_childs(case)):
        return _timed(rule, due, now, early=two_people and agreed)
    wanted = "two people must agree that it may go" if rule is RuleKey.ABUSE else "a person must agree that it may go"
    return Fate(rule, Action.ASK, due, wanted)


def _is_childs(case: Case) -> bool:
    """Whether an allegation against staff is marked as child protection besides: then a person is asked before it goes (§8)."""
    about_head = case.confidentiality is Confidentiality.RESTRICTED_CHAIR and case.lead_category in SAFEGUARDING
    return about_head or case.confidentiality is Confidentiality.RESTRICTED_DSL


def _held(holds: Sequence[LegalHold], now: datetime) -> str | None:
    for hold in holds:
        if hold.released_at is None:
            return "a legal hold stands"
        if now < hold.released_at + AFTER_RELEASE:
            return "a legal hold was released less than thirty days ago"
    return None


def _agreed(rule: RuleKey, consents: Sequence[RetentionConsent]) -> bool:
    return any(one.second is not None or rule is not RuleKey.ABUSE for one in consents)


def _timed(rule: RuleKey, due: datetime, now: datetime, *, early: bool) -> Fate:
    if due <= now:
        return Fate(rule, Action.GO, due, f"its time has come: {RULES[rule].why}")
    if early:
        return Fate(rule, Action.GO, due, "two people agreed that it may go before its time")
    return Fate(rule, Action.LATER, due, RULES[rule].why)


def finding_fate(finding: Finding, decision: Decision | None, kept: Periods, now: datetime) -> Fate:
    """Return what becomes of a flagged post on which no case rests; what nobody judged stays."""
    if decision is None:
        return Fate(RuleKey.LAWFUL, Action.LATER, None, "nobody has judged it yet")
    if decision.category in _SHORT_LIVED:
        return _timed(RuleKey.MENTION, max(finding.seen_at, decision.at) + kept[RuleKey.MENTION], now, early=False)
    if decision.category not in OUTCOMES:
        return Fate(RuleKey.LAWFUL, Action.LATER, None, "it was judged to be harm: its case decides")
    rule = RuleKey.REPLY if decision.kind is DecisionKind.REPLY else RuleKey.LAWFUL
    return _timed(rule, decision.at + kept[rule], now, early=False)
