"""What the policy still asks of people in a case, and by when: computed on read from the records, never stored. Pure.

# A15 A17 A23 A27 A30 B21 B22 B23: each duty names its clause, so that the screen and a reminder can say why.
The case page lists them; reminders go by (`key`, `due_at`). A duty without a time is due before the case is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from casework import clocks, referrals, seriousness
from casework.referrals import BODY_LABELS, about_staff
from casework.requests import NEEDS_ADVICE, WAS_SENT
from casework.transitions import VERIFIED
from casework.working_days import DAY, LONDON, deadline, working_days
from data.model.care import (
    FilingState,
    Investigation,
    PersonalFiling,
    Referral,
    ReferralBody,
    Seriousness,
    SourceKind,
    SupportAnswer,
    SupportOffer,
)
from data.model.cases import Case, CaseEvent, CaseState, RequestState, Route, Standing, StandingWord, TakedownRequest
from data.model.findings import Report
from data.model.readings import Category, Severity

REPLIED = "reporter answered"  # the word of the event that says so (B23)
STOP_WITHIN = timedelta(hours=1)  # a call to the police takes a while; after that it was not "at once" (§3.5)
NO_REPLY_WANTED = "reporter not to be answered"
_OVER = frozenset({CaseState.CLOSED, CaseState.NO_ACTION, CaseState.REPLY_WORKFLOW})
_ENDING = VERIFIED | {CaseState.NOT_REMOVED, CaseState.WITHDRAWN}
_STAFF_ACCUSED = frozenset({Category.STAFF_ALLEGATION, Category.STAFF_PUPIL_CONTACT})


class DutyKind(StrEnum):
    """What a duty is about."""

    ADVICE = "advice"
    LADO = "lado"
    STOP_REFERRAL = "stop_referral"
    SECOND_PERSON = "second_person"
    CONSENT = "consent"
    SUPPORT = "support"
    SUPPORT_REVIEW = "support_review"
    INVESTIGATION = "investigation"
    PROCEDURE = "procedure"
    AUTHOR = "author"
    FILING = "filing"
    HOLD_REVIEW = "hold_review"
    APPEAL = "appeal"
    SERIOUSNESS = "seriousness"
    MISSED_REASON = "missed_reason"
    REPLY = "reply"
    POLICY_REVIEW = "policy_review"


@dataclass(frozen=True)
class Duty:
    """One thing that is still owed. `key` is unique within the case; `due_at` None: before the case is closed."""

    key: str
    kind: DutyKind
    text: str
    clause: str
    due_at: datetime | None = None
    at_once: timedelta = timedelta(0)  # how long "at once" may take: due now until then, and only then late

    def is_late(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.due_at is not None and now > self.due_at + self.at_once

    def is_now(self, now: datetime) -> bool:
        """Whether it is to be done at this moment, and is not late yet."""
        return self.due_at is not None and self.due_at <= now and not self.is_late(now)


@dataclass(frozen=True)
class DutyFacts:
    """What the store knows about a case, as far as a duty asks for it."""

    standing: Standing
    report: Report | None = None
    events: tuple[CaseEvent, ...] = ()
    requests: tuple[TakedownRequest, ...] = ()
    form: Seriousness | None = None
    referrals: tuple[Referral, ...] = ()
    support: tuple[SupportOffer, ...] = ()
    investigations: tuple[Investigation, ...] = ()
    filings: tuple[PersonalFiling, ...] = ()


@dataclass(frozen=True)
class _At:
    case: Case
    facts: DutyFacts
    now: datetime

    @property
    def first_day(self) -> datetime:
        """One working day after the case was opened."""
        return working_day_after(self.case.opened_at)


def open_duties(case: Case, facts: DutyFacts, now: datetime) -> tuple[Duty, ...]:
    """Return what is still owed in a case, soonest first, then what is due before closing. An ended case owes nothing more."""
    at = _At(case, facts, now)
    asked = (_second,) if case.state in _OVER else _ASKED
    found = [duty for ask in asked for duty in ask(at)]
    return tuple(sorted(found, key=lambda duty: (duty.due_at is None, duty.due_at or now, duty.key)))


def working_day_after(start: datetime) -> datetime:
    """Return the same hour of the next working day (England); from a day off, the end of the first working day."""
    return deadline(working_days(start), DAY)


# --- safeguarding and other bodies ---


def _advice(at: _At) -> Iterable[Duty]:
    """Safeguarding first (§2.5, §3.5): the LADO within a working day where staff are accused, at once where life is in danger."""
    case = at.case
    if case.stop or case.advice_recorded_at is not None:
        return
    if case.lead_category in _STAFF_ACCUSED:
        if not any(one.body is ReferralBody.LADO and one.made_at for one in at.facts.referrals):
            due = working_day_after(case.known_at)  # the authority's working days, not the school's (KCSIE part four)
            yield Duty("lado", DutyKind.LADO, "Contact the LADO, before anything is looked into.", "A10", due)
    elif case.lead_category in NEEDS_ADVICE:
        due = case.known_at if case.severity is Severity.S4 else working_day_after(case.known_at)
        yield Duty("advice", DutyKind.ADVICE, "Ask children's social care or the police for advice and record it.", "A10", due)


def _stopped(at: _At) -> Iterable[Duty]:
    """An image that nobody may open is passed on at once when it is stopped, by its address alone (§3.5, B36, B37)."""
    if at.case.stop and not referrals.ends_stop(at.facts.referrals):
        words = "Tell the police or the Internet Watch Foundation, by the address only, and record it."
        yield Duty("stop_referral", DutyKind.STOP_REFERRAL, words, "B36", clocks.stopped_at(at.case, at.facts.events), STOP_WITHIN)


def _second(at: _At) -> Iterable[Duty]:
    for one in at.facts.referrals:
        if referrals.second_waits(one):
            words = "A second person must agree to going to the police without consent."
            yield Duty(f"second_person:{one.id}", DutyKind.SECOND_PERSON, words, "A22", one.override_at)


def _consent(at: _At) -> Iterable[Duty]:
    for one in at.facts.referrals:
        waits = one.consent.value == "asked" and one.override is None and one.made_at is None
        if waits and one.consent_asked_at is not None:
            words = f"Ask again whether {BODY_LABELS[one.body]} may be told."
            yield Duty(f"consent:{one.id}", DutyKind.CONSENT, words, "A22", one.consent_asked_at + referrals.CONSENT_WAITS)


# --- the people ---


def _support(at: _At) -> Iterable[Duty]:
    """A23, B22: support is offered within a working day where a member of staff is the target; asked again on the day agreed."""
    if not about_staff(at.case.target):
        return
    if not at.facts.support:
        words = "Offer support to the member of staff: line manager, counselling, union, occupational health."
        yield Duty("support", DutyKind.SUPPORT, words, "A23", at.first_day)
        return
    latest = at.facts.support[-1]
    if latest.review_on is not None and latest.answer is not SupportAnswer.DECLINED:
        due = datetime.combine(latest.review_on, time(9), LONDON).astimezone(UTC)
        yield Duty(f"support_review:{latest.id}", DutyKind.SUPPORT_REVIEW, "Ask again how the person is and what helps.", "A23", due)


def _investigation(at: _At) -> Iterable[Duty]:
    """A15: looked into within a working day. Not before advice where a child or an accused is concerned, and never on the STOP route."""
    case = at.case
    if case.stop or at.facts.investigations:
        return
    start = case.opened_at
    if case.lead_category in NEEDS_ADVICE | _STAFF_ACCUSED:
        if case.advice_recorded_at is None:
            return  # KCSIE: the LADO first, then the investigation
        start = max(start, case.advice_recorded_at)
    due = working_day_after(start)
    yield Duty("investigation", DutyKind.INVESTIGATION, "Name who looks into what happened.", "A15", due)


def _procedure(at: _At) -> Iterable[Duty]:
    """A16, A24: what follows for a pupil or a member of staff is kept elsewhere; here only where."""
    for one in at.facts.investigations:
        if one.source_kind in _PROCEDURES and not one.procedure_reference:
            words, clause = _PROCEDURES[one.source_kind]
            yield Duty(f"procedure:{one.id}", DutyKind.PROCEDURE, words, clause)


_PROCEDURES: dict[SourceKind, tuple[str, str]] = {
    SourceKind.PUPIL: ("Behaviour policy: record the decision in the school's own system, and its reference here.", "A16"),
    SourceKind.STAFF: ("Bullying or disciplinary procedure: note here where it is kept, no more.", "A24"),
}


def _author(at: _At) -> Iterable[Duty]:
    """B13, B14: a member of staff who posted it helps to have it removed without delay."""
    staff = [one for one in at.facts.investigations if one.source_kind is SourceKind.STAFF and one.source_at is not None]
    asked = any(one.route is Route.AUTHOR and one.state in WAS_SENT for one in at.facts.requests)
    if staff and not asked and at.case.gone_observed_at is None and not at.case.stop:
        yield Duty("author", DutyKind.AUTHOR, "Ask the member of staff who posted it to remove it.", "B14", staff[-1].source_at)


def _filing(at: _At) -> Iterable[Duty]:
    """A19: whoever must file in person is helped on; not with what was stopped, of which no papers are made."""
    if at.case.stop:
        return
    for one in at.facts.filings:
        words, waits, since = _FILING.get(one.state, ("", timedelta(0), None))
        start = one.offered_at if since == "offered_at" else one.pack_at
        if words and start is not None:
            yield Duty(f"filing:{one.id}:{one.state.value}", DutyKind.FILING, words, "A19", start + waits)


_FILING: dict[FilingState, tuple[str, timedelta, str | None]] = {
    FilingState.OFFERED: ("Give the person the papers to file with, or note that they decline.", timedelta(hours=4), "offered_at"),
    FilingState.PACK_GIVEN: ("Ask whether the person has filed, and how you can help.", timedelta(hours=24), "pack_at"),
}


def _reply(at: _At) -> Iterable[Duty]:
    """B23: whoever reported it hears how it ended; a report without a name cannot be answered."""
    report = at.facts.report
    named = report is not None and bool(report.reporter or report.reporter_user_id)
    answered = any(event.what in {REPLIED, NO_REPLY_WANTED} for event in at.facts.events)
    if named and not answered:
        yield Duty("reply", DutyKind.REPLY, "Tell the person who reported it what was done.", "B23")


# --- the case's own papers ---


def _hold(at: _At) -> Iterable[Duty]:
    """§5.3: what an authority asked to leave up is looked at again within a week."""
    if at.case.state is not CaseState.HOLD_BY_AUTHORITY:
        return
    held = [event for event in at.facts.events if event.after is CaseState.HOLD_BY_AUTHORITY and event.fields.get("review_at")]
    if held:
        due = datetime.fromisoformat(str(held[-1].fields["review_at"]))
        yield Duty("hold_review", DutyKind.HOLD_REVIEW, "Ask the authority whether the post must still stay up.", "A18", due)


def _appeals(at: _At) -> Iterable[Duty]:
    if at.case.state in _ENDING or at.case.stop:
        return
    for one in at.facts.requests:
        if one.state is RequestState.REFUSED and one.appeal_by is not None:
            yield Duty(f"appeal:{one.id}", DutyKind.APPEAL, "Appeal against the refusal, or let it rest.", "A18", one.appeal_by)


def _form(at: _At) -> Iterable[Duty]:
    """A17: the form for S2 and above; for S3 and S4 with every factor answered. Nothing is judged of what nobody may open."""
    case, form = at.case, at.facts.form
    if case.severity < seriousness.ASKED_FROM or case.stop:
        return
    missing = seriousness.still_asked(case.severity, form)
    if form is None:
        when = "before removal is asked for" if case.severity >= seriousness.MUST_FROM else "before closing"
        yield Duty("seriousness", DutyKind.SERIOUSNESS, f"Fill in how serious it is, {when}.", "A17")
    elif missing:
        words = f"How serious it is: {len(missing)} of {len(seriousness.FACTORS)} factors are not assessed yet."
        yield Duty("seriousness", DutyKind.SERIOUSNESS, words, "A17")


def _missed(at: _At) -> Iterable[Duty]:
    late = at.facts.standing.word in {StandingWord.OVERDUE, StandingWord.MISSED}
    if late and at.case.missed_reason is None and not at.case.stop:
        words = "The 24 hours were missed: record why."
        yield Duty("missed_reason", DutyKind.MISSED_REASON, words, "A18", at.facts.standing.due_at)


def _policy(at: _At) -> Iterable[Duty]:
    """A30: a grave incident asks whether the policy should be looked at again."""
    if at.case.severity >= seriousness.MUST_FROM and at.case.state in _ENDING:
        yield Duty("policy_review", DutyKind.POLICY_REVIEW, "At closing, say whether the policy should be looked at again.", "A30")


_ASKED: tuple[Callable[[_At], Iterable[Duty]], ...] = (
    _advice,
    _stopped,
    _second,
    _consent,
    _support,
    _investigation,
    _procedure,
    _author,
    _filing,
    _reply,
    _hold,
    _appeals,
    _form,
    _missed,
    _policy,
)
