"""Every clock of domain.md §5.4 as a line of its own, computed on read from what is recorded: never stored, each with its rule's version.

Four sorts run differently. A TARGET is the school's own; THEIRS is a time that somebody else has; a WINDOW is a chance that closes; a
WAIT ends with something being allowed. Text always says the time left, or by how much it is late, before anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from casework import countdown
from casework.requests import WAS_SENT
from casework.working_days import counted, deadline, month_after, months_after, poster_deadline, s5_deadline, working_days, working_hours
from data.model.care import Referral, ReferralBody
from data.model.cases import ENDED, Case, CaseEvent, CaseState, RequestState, Route, Standing, StandingWord, TakedownRequest
from data.model.evidence import Evidence
from data.model.findings import Finding
from data.model.posts import Post
from data.model.readings import NO_CAPTURE, Category, Severity
from data.model.telling import SchoolClosure

FIRST_REQUEST, FIRST_REQUEST_SERIOUS = timedelta(hours=4), timedelta(hours=1)
EVIDENCE_WITHIN = timedelta(minutes=30)
FIRST_LOOK = timedelta(hours=1)
OWN_PAGE = timedelta(hours=4)  # working hours
CONSENT = timedelta(days=5)
RHC_AFTER = timedelta(days=7)
WORKING_DAY = timedelta(days=1)
S5 = timedelta(hours=48)
LIMITATION_MONTHS, LIMITATION_REMINDER_MONTHS = 12, 9
ALLEGATIONS = frozenset({Category.STAFF_ALLEGATION, Category.STAFF_PUPIL_CONTACT})
DEFAMATORY = frozenset({Category.DEFAMATION_INDIVIDUAL, Category.KNOWINGLY_FALSE})
OWN_PAGE_SEEN, OWN_PAGE_DECIDED = "own page", "own page decided"  # the words of the two events
STOPPED, STOP_LIFTED = frozenset({"capture refused", "sealed off"}), "stop lifted"  # the words of the events that stop a case, and free it
_TOLD = frozenset({ReferralBody.POLICE, ReferralBody.IWF, ReferralBody.CEOP})
_CAN_APPEAL_FROM = frozenset({RequestState.REFUSED})
_REPORTS = frozenset({Route.PLATFORM_FORM, Route.FEDIVERSE_MODERATORS, Route.GROUP_MODERATORS, Route.SITE_OPERATOR})
_CONTROLLERS = frozenset({Route.ACCOUNT_OWNER, Route.GDPR_ERASURE})
Interval = tuple[datetime, datetime]


class Sort(StrEnum):
    """Whose time it is."""

    TARGET = "target"
    THEIRS = "theirs"
    WINDOW = "window"
    WAIT = "wait"


class Name(StrEnum):
    """The clocks that a case may have."""

    REMOVAL = "removal"
    REMOVAL_NET = "removal net"
    STOP_REFERRAL = "stop referral"
    MACHINE_SEEN = "machine seen"
    FIRST_REQUEST = "first request"
    EVIDENCE = "evidence"
    OWN_PAGE = "own page"
    HOLD_REVIEW = "hold review"
    CONSENT = "consent"
    LADO = "lado"
    S5_OPERATOR = "section 5 operator"
    S5_POSTER = "section 5 poster"
    S5_LAST = "section 5 last step"
    MONTH = "one month"
    PROMISE = "promise"
    RHC = "report harmful content"
    APPEAL = "appeal"
    LIMITATION = "limitation"


LABELS: dict[Name, str] = {
    Name.REMOVAL: "Removal within 24 hours",
    Name.REMOVAL_NET: "Removal, without the time held for an authority",
    Name.STOP_REFERRAL: "Tell the police or the Internet Watch Foundation, from when it was stopped",
    Name.MACHINE_SEEN: "First look by a person after the machine saw it",
    Name.FIRST_REQUEST: "First request for removal",
    Name.EVIDENCE: "Evidence captured",
    Name.OWN_PAGE: "Comment on the school's own page: the headteacher decides",
    Name.HOLD_REVIEW: "Look again at the authority's wish to leave it up",
    Name.CONSENT: "Answer to the question for consent",
    Name.LADO: "Contact with the LADO",
    Name.S5_OPERATOR: "Section 5: the site's operator acts on the notice",
    Name.S5_POSTER: "Section 5: the poster may answer",
    Name.S5_LAST: "Section 5: the operator removes it, or says why it stays",
    Name.MONTH: "Answer about personal data (one month)",
    Name.PROMISE: "Answer that the recipient promised",
    Name.RHC: "Report Harmful Content takes it on",
    Name.APPEAL: "Appeal against the refusal",
    Name.LIMITATION: "Last day to begin a claim for defamation",
}
RULES: dict[Name, str] = {
    Name.REMOVAL: countdown.RULE,
    Name.REMOVAL_NET: "removal-24h-net.v1",
    Name.STOP_REFERRAL: "stop-referral-24h.v1",
    Name.MACHINE_SEEN: "machine-seen-1h.v1",
    Name.FIRST_REQUEST: "first-request-4h-1h.v1",
    Name.EVIDENCE: "evidence-30min.v1",
    Name.OWN_PAGE: "own-page-4-working-hours.v1",
    Name.HOLD_REVIEW: "hold-review-7d.v1",
    Name.CONSENT: "consent-5d.v1",
    Name.LADO: "lado-1-working-day.v1",
    Name.S5_OPERATOR: "section-5-48h.v1",
    Name.S5_POSTER: "section-5-poster-5d.v1",
    Name.S5_LAST: "section-5-48h.v1",
    Name.MONTH: "one-month.v1",
    Name.PROMISE: "promise.v1",
    Name.RHC: "rhc-7d.v1",
    Name.APPEAL: "appeal.v1",
    Name.LIMITATION: "limitation-1y.v1",
}
SORTS: dict[Name, Sort] = {
    Name.S5_OPERATOR: Sort.THEIRS,
    Name.S5_POSTER: Sort.WINDOW,
    Name.S5_LAST: Sort.THEIRS,
    Name.MONTH: Sort.THEIRS,
    Name.PROMISE: Sort.THEIRS,
    Name.RHC: Sort.WAIT,
    Name.APPEAL: Sort.WINDOW,
    Name.LIMITATION: Sort.WINDOW,
    Name.CONSENT: Sort.WINDOW,
}


@dataclass(frozen=True)
class ClockFacts:
    """What the clocks of a case are computed from; events oldest first."""

    case: Case
    events: tuple[CaseEvent, ...] = ()
    requests: tuple[TakedownRequest, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    referrals: tuple[Referral, ...] = ()
    closures: tuple[SchoolClosure, ...] = ()
    finding: Finding | None = None
    post: Post | None = None

    @property
    def over(self) -> datetime | None:
        """When the case stopped asking for anything: first found gone, or ended."""
        return self.case.gone_observed_at or (self.case.closed_at if self.case.state in ENDED else None)


@dataclass(frozen=True)
class CaseClock:
    """One clock at a moment. `key` is unique within the case; `is_past` marks the clock of a time before the case was reopened."""

    key: str
    name: Name
    label: str
    rule: str
    sort: Sort
    standing: Standing
    text: str
    is_past: bool = False

    @property
    def is_running(self) -> bool:
        """Whether time still passes on it."""
        return self.standing.stopped_at is None

    @property
    def is_late(self) -> bool:
        """Whether a time that somebody must keep has passed."""
        return self.sort in {Sort.TARGET, Sort.THEIRS} and self.standing.word in {StandingWord.OVERDUE, StandingWord.MISSED}


def clocks(facts: ClockFacts, now: datetime) -> tuple[CaseClock, ...]:
    """Return every clock of a case: the removal clock first, then those that run, the shortest time left first, then those that stopped."""
    first, *others = [*_removal(facts, now), *_steps(facts, now), *_asked(facts, now), *_after(facts, now)]
    return (first, *sorted(others, key=lambda one: (one.is_past, not one.is_running, one.standing.left, one.key)))


def removal_standing(case: Case, now: datetime) -> Standing:
    """Return the headline: 24 elapsed hours from `known_at` to the first look that found it gone; "not removed" counts as missed (A18)."""
    ended = case.closed_at if case.state in ENDED else None
    found = countdown.standing(case.known_at, now, case.gone_observed_at or ended)
    if case.outcome == "not_removed" and found.stopped_at is not None:
        return found.model_copy(update={"word": StandingWord.MISSED})
    return found


def missed(case: Case, now: datetime) -> bool:
    """Whether a reason for a missed target is owed (§5.4); what was withdrawn or never needed removal misses nothing."""
    if case.outcome == "withdrawn" or case.state in {CaseState.WITHDRAWN, CaseState.NO_ACTION, CaseState.REPLY_WORKFLOW}:
        return False
    return removal_standing(case, now).word in {StandingWord.OVERDUE, StandingWord.MISSED}


def held(events: Sequence[CaseEvent], now: datetime) -> tuple[Interval, ...]:
    """Return the times in which the case was held for an authority; a hold that was corrected away was none."""
    undone = undone_numbers(events)
    found: list[Interval] = []
    since: datetime | None = None
    for event in events:
        if event.number in undone:
            continue
        if event.after is CaseState.HOLD_BY_AUTHORITY and event.before is not event.after and event.what != "correction":
            since = event.at
        elif since is not None and event.before is CaseState.HOLD_BY_AUTHORITY and event.what != "correction":
            found.append((since, event.at))
            since = None
    return tuple(found if since is None else [*found, (since, now)])


def undone_numbers(events: Sequence[CaseEvent]) -> frozenset[int]:
    """Return the numbers of the events that a correction took back."""
    return frozenset(int(event.fields["undoes"]) for event in events if event.what == "correction" and "undoes" in event.fields)


def net_standing(case: Case, events: Sequence[CaseEvent], now: datetime) -> Standing:
    """Return the removal clock without the time in which an authority asked to leave it up; nothing else is taken off (§5.4)."""
    gross = removal_standing(case, now)
    ends = gross.ends
    spans = [(max(since, case.known_at), min(until, ends)) for since, until in held(events, now)]
    off = sum((until - since for since, until in spans if until > since), timedelta(0))
    net = countdown.standing(case.known_at + off, now, gross.stopped_at)
    word = StandingWord.MISSED if case.outcome == "not_removed" and gross.stopped_at is not None else net.word
    return net.model_copy(update={"known_at": case.known_at, "word": word})


def _removal(facts: ClockFacts, now: datetime) -> Iterator[CaseClock]:
    gross = removal_standing(facts.case, now)
    yield _clock(Name.REMOVAL, gross, text=removal_text(facts.case, gross))
    if held(facts.events, now):
        net = net_standing(facts.case, facts.events, now)
        yield _clock(Name.REMOVAL_NET, net, text=removal_text(facts.case, net))
    yield from _earlier(facts.events, now)


def stopped_at(case: Case, events: Sequence[CaseEvent]) -> datetime:
    """Return when a stopped case was stopped: the first line that did so since a stop was last lifted; at its opening when none did."""
    last = max((one.number for one in events if one.what == STOP_LIFTED), default=0)
    found = [one.at for one in events if one.what in STOPPED and one.number > last]
    return case.opened_at if not found or (case.lead_category in NO_CAPTURE and not last) else min(found)


def stop_standing(case: Case, events: Sequence[CaseEvent], referrals: Sequence[Referral], now: datetime) -> Standing:
    """Return the headline of a stopped case: the 24 hours for telling the police, the IWF or CEOP, from when it was stopped (B36)."""
    return countdown.standing(stopped_at(case, events), now, _told_at(referrals) or (case.closed_at if case.state in ENDED else None))


def stop_text(referrals: Sequence[Referral], standing: Standing) -> str:
    """Say the time left for telling the police or the IWF, or after how long they were told."""
    if standing.stopped_at is None:
        return f"{countdown.text_left(standing)}, from when it was stopped"
    passed = countdown.in_words(max(standing.stopped_at - standing.known_at, timedelta(0)))
    return f"told after {passed} of {countdown.in_hours(countdown.TARGET)}" if _told_at(referrals) else f"ended after {passed}"


def _told_at(referrals: Sequence[Referral]) -> datetime | None:
    return min((one.made_at for one in referrals if one.body in _TOLD and one.made_at is not None), default=None)


def removal_text(case: Case, standing: Standing) -> str:
    """Say the time left; an ended case without a removal says how it ended instead."""
    if case.gone_observed_at is None and standing.stopped_at is not None:
        return f"ended after {countdown.in_words(standing.stopped_at - standing.known_at)}"
    return countdown.text_left(standing)


def _earlier(events: Sequence[CaseEvent], now: datetime) -> Iterator[CaseClock]:
    """Yield the removal clocks of the times before the case was reopened: kept, shown, never restarted (§5.3)."""
    undone = undone_numbers(events)
    for event in events:
        known, ended = moment_of(event, "earlier_known_at"), moment_of(event, "earlier_ended_at")
        if known is None or ended is None or event.number in undone:
            continue
        standing = countdown.standing(known, now, ended)
        outcome = str(event.fields.get("earlier_outcome") or "ended").replace("_", " ")
        text = f"{outcome} after {countdown.in_words(ended - known)} of {countdown.in_hours(countdown.TARGET)}"
        yield _clock(Name.REMOVAL, standing, suffix=f":before-{event.number}", text=text, is_past=True)


def moment_of(event: CaseEvent, name: str) -> datetime | None:
    """Return a time that an event's fields hold, or None when there is none or it is no time."""
    value = event.fields.get(name)
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _steps(facts: ClockFacts, now: datetime) -> Iterator[CaseClock]:
    """Yield the school's own clocks on the way to a removal."""
    case = facts.case
    if case.reporter_type == "collected" and facts.finding is not None and case.reuploaded_from is None:
        yield _look(facts.finding, case, facts, now)
    if case.stop:
        standing = stop_standing(case, facts.events, facts.referrals, now)
        yield _clock(Name.STOP_REFERRAL, standing, text=stop_text(facts.referrals, standing))
    else:
        yield _elapsed(Name.EVIDENCE, case.known_at, EVIDENCE_WITHIN, now, first_evidence(facts), facts.over)
        target = FIRST_REQUEST_SERIOUS if case.severity >= Severity.S3 else FIRST_REQUEST
        yield _elapsed(Name.FIRST_REQUEST, case.known_at, target, now, first_request(facts), facts.over)
    if case.lead_category in ALLEGATIONS:
        yield _lado(facts, now)
    yield from _own_page(facts, now)
    yield from _waiting(facts, now)


def _look(finding: Finding, case: Case, facts: ClockFacts, now: datetime) -> CaseClock:
    """How long the machine had it before a person judged it: shows our own lag (§4.2, §5.4); below High in working time."""
    if case.severity >= Severity.S3:
        return _elapsed(Name.MACHINE_SEEN, finding.seen_at, FIRST_LOOK, now, case.opened_at, None)
    span = OWN_PAGE if case.severity is Severity.S2 else timedelta(hours=10)  # four working hours; below that the next working day
    return _working(Name.MACHINE_SEEN, finding.seen_at, span, now, case.opened_at, facts.closures)


def first_evidence(facts: ClockFacts) -> datetime | None:
    """Return when evidence was there first, or a reason was recorded why it cannot be (A14); of the present time of the case."""
    captured = [one.captured_at for one in facts.evidence if one.counts]
    reasoned = [event.at for event in facts.events if event.fields.get("no_capture_reason") and event.after is CaseState.EVIDENCE_CAPTURED]
    return min((max(moment, facts.case.known_at) for moment in (*captured, *reasoned)), default=None)


def first_request(facts: ClockFacts) -> datetime | None:
    """Return when somebody was asked first: by us, or by the person concerned (A19); after a reopening only what came after it."""
    since = reopened_at(facts.events)
    sent = [one.sent_at for one in facts.requests if one.state in WAS_SENT and one.sent_at is not None]
    undone = undone_numbers(facts.events)
    filed = [
        moment_of(event, "filed_at")
        for event in facts.events
        if event.what == "moved" and event.after is CaseState.REQUESTED and event.number not in undone
    ]
    return min((one for one in (*sent, *filed) if one is not None and (since is None or one >= since)), default=None)


def reopened_at(events: Sequence[CaseEvent]) -> datetime | None:
    """Return when the case was last reopened."""
    undone = undone_numbers(events)
    return next((one.at for one in reversed(events) if "earlier_known_at" in one.fields and one.number not in undone), None)


def _lado(facts: ClockFacts, now: datetime) -> CaseClock:
    """An allegation against a member of staff is put to the LADO within one working day; school holidays do not lengthen it (§2.9)."""
    made = [one.made_at for one in facts.referrals if one.body is ReferralBody.LADO and one.made_at is not None]
    contact = min((one for one in (*made, facts.case.advice_recorded_at) if one is not None), default=None)
    return _days(Name.LADO, facts.case.known_at, WORKING_DAY, now, contact)


def _own_page(facts: ClockFacts, now: datetime) -> Iterator[CaseClock]:
    """A comment under the school's own name: once told, it must act promptly on libel (policy B15)."""  # B15
    seen = next((moment_of(one, "seen_at") or one.at for one in facts.events if one.what == OWN_PAGE_SEEN), None)
    if seen is not None:
        decided = next((one.at for one in facts.events if one.what == OWN_PAGE_DECIDED), None)
        yield _working(Name.OWN_PAGE, seen, OWN_PAGE, now, decided or facts.over, facts.closures)


def _waiting(facts: ClockFacts, now: datetime) -> Iterator[CaseClock]:
    """Yield the clocks of a hold that must be looked at again and of a question for consent."""
    undone = undone_numbers(facts.events)
    for event in facts.events:
        if event.number in undone or event.what != "moved":
            continue
        left = next((one.at for one in facts.events if one.number > event.number and one.before is event.after), None)
        review, asked = moment_of(event, "review_at"), moment_of(event, "asked_at")
        if event.after is CaseState.HOLD_BY_AUTHORITY and review is not None:
            yield _until(Name.HOLD_REVIEW, event.at, review, now, left, suffix=f":{event.number}")
        if event.after is CaseState.AWAITING_CONSENT and asked is not None:
            yield _until(Name.CONSENT, asked, asked + CONSENT, now, left, suffix=f":{event.number}")


def _asked(facts: ClockFacts, now: datetime) -> Iterator[CaseClock]:
    """Yield the clocks that a request which was sent sets going."""
    for request in facts.requests:
        if request.sent_at is None or request.state not in WAS_SENT:
            continue
        answered = request.decided_at or facts.over
        if request.route is Route.SECTION_5:
            yield from _section_5(request, request.sent_at, answered, now)
        if request.route in _CONTROLLERS:
            yield _until(Name.MONTH, request.sent_at, month_after(request.sent_at), now, answered, suffix=f":{request.id}")
        if request.route in _REPORTS:
            yield _until(Name.RHC, request.sent_at, request.sent_at + RHC_AFTER, now, answered, suffix=f":{request.id}")
        if request.promised_by is not None:
            started = request.acknowledged_at or request.sent_at
            yield _until(Name.PROMISE, started, request.promised_by, now, answered, suffix=f":{request.id}")
        if request.appeal_by is not None and request.decided_at is not None and request.state in _CAN_APPEAL_FROM:
            yield _until(Name.APPEAL, request.decided_at, request.appeal_by, now, facts.over, suffix=f":{request.id}")


def _section_5(request: TakedownRequest, sent_at: datetime, answered: datetime | None, now: datetime) -> Iterator[CaseClock]:
    """Yield the operator's 48 hours, the poster's five days, and the operator's last 48 hours (§2.2).

    `acknowledged_at` is when the operator told the complainant that the notice went to the poster.
    """
    suffix, told = f":{request.id}", request.acknowledged_at
    first = min((one for one in (told, answered) if one is not None), default=None)
    yield _days(Name.S5_OPERATOR, sent_at, S5, now, first, suffix=suffix)
    if told is None:
        return
    silent = poster_deadline(told)
    yield _until(Name.S5_POSTER, told, silent, now, answered, suffix=suffix)
    if now >= silent and (answered is None or answered > silent):
        yield _days(Name.S5_LAST, silent, S5, now, answered, suffix=suffix)


def _after(facts: ClockFacts, now: datetime) -> Iterator[CaseClock]:
    """Yield the limitation date where a person may have been defamed: a year from the first publication (§2.1)."""
    if facts.case.lead_category not in DEFAMATORY or facts.case.target in {"school", "none"}:
        return
    published = published_at(facts)
    yield _until(Name.LIMITATION, published, limitation(published), now, None)


def published_at(facts: ClockFacts) -> datetime:
    """Return when it was published, as far as is known: never later than somebody saw it."""
    seen = [facts.case.known_at, *([facts.finding.seen_at] if facts.finding else [])]
    if facts.post is not None:
        seen += [one for one in (facts.post.created_at, facts.post.first_seen_at) if one is not None]
    return min(seen)


def limitation(published: datetime) -> datetime:
    """Return when a claim for defamation is barred: one year (Limitation Act 1980 s.4A; single publication, Defamation Act 2013 s.8)."""
    return months_after(published, LIMITATION_MONTHS)


def limitation_reminder(published: datetime) -> datetime:
    """Return when the person should be reminded of the limitation date: after nine months."""
    return months_after(published, LIMITATION_REMINDER_MONTHS)


def _clock(name: Name, standing: Standing, *, suffix: str = "", text: str | None = None, is_past: bool = False) -> CaseClock:
    sort = SORTS.get(name, Sort.TARGET)
    said = text if text is not None else _TEXTS[sort](standing)
    return CaseClock(f"{name.value}{suffix}", name, LABELS[name], RULES[name], sort, standing, said, is_past)


def _elapsed(name: Name, start: datetime, span: timedelta, now: datetime, done: datetime | None, over: datetime | None) -> CaseClock:
    """A target in elapsed time; when the case was over before it was `done`, it says so instead of claiming that it was met."""
    standing = countdown.standing(start, now, done or over, span)
    return _clock(name, standing, text=None if done or not over else "not needed any more")


def _working(
    name: Name, start: datetime, span: timedelta, now: datetime, done: datetime | None, closures: Sequence[SchoolClosure]
) -> CaseClock:
    due = deadline(working_hours(start, closures), span)
    used = counted(working_hours(start, closures), done or now) / span
    return _clock(name, _stands(start, due, used, now, done))


def _days(name: Name, start: datetime, span: timedelta, now: datetime, done: datetime | None, *, suffix: str = "") -> CaseClock:
    due = s5_deadline(start, int(span / timedelta(hours=1)))
    used = counted(working_days(start), done or now) / span
    return _clock(name, _stands(start, due, used, now, done), suffix=suffix)


def _until(name: Name, start: datetime, due: datetime, now: datetime, done: datetime | None, *, suffix: str = "") -> CaseClock:
    span = due - start
    used = ((done or now) - start) / span if span > timedelta(0) else 1.0
    return _clock(name, _stands(start, due, used, now, done), suffix=suffix)


def _stands(start: datetime, due: datetime, used: float, now: datetime, done: datetime | None) -> Standing:
    ends = done or now
    late = ends > due
    if done is not None:
        word = StandingWord.MISSED if late else StandingWord.MET
    elif late:
        word = StandingWord.OVERDUE
    else:
        word = StandingWord.DUE_SOON if used >= countdown.SOON else StandingWord.ON_TRACK
    return Standing(known_at=start, due_at=due, now=now, stopped_at=done, used=max(used, 0.0), left=due - ends, word=word)


def span_words(span: timedelta) -> str:
    """Say a length of time: minutes and hours, from three days on in days."""
    return f"{abs(span).days} days" if abs(span) >= timedelta(days=3) else countdown.in_words(span)


def _target_text(state: Standing) -> str:
    took = span_words(state.ends - state.known_at)
    if state.stopped_at is not None:
        return f"met: after {took}" if state.word is StandingWord.MET else f"late by {span_words(state.left)}: after {took}"
    return f"late by {span_words(state.left)}" if state.left < timedelta(0) else f"{span_words(state.left)} left"


def _theirs_text(state: Standing) -> str:
    if state.stopped_at is not None:
        return f"answered after {span_words(state.ends - state.known_at)}"
    return f"overdue by {span_words(state.left)}" if state.left < timedelta(0) else f"{span_words(state.left)} left for them"


def _window_text(state: Standing) -> str:
    if state.stopped_at is not None:
        return f"settled after {span_words(state.ends - state.known_at)}"
    return f"over since {span_words(state.left)}" if state.left < timedelta(0) else f"{span_words(state.left)} left"


def _wait_text(state: Standing) -> str:
    if state.stopped_at is not None:
        return "open to you"
    return (
        f"open to you since {span_words(state.left)}" if state.left < timedelta(0) else f"in {span_words(state.left)}, or after a refusal"
    )


_TEXTS = {Sort.TARGET: _target_text, Sort.THEIRS: _theirs_text, Sort.WINDOW: _window_text, Sort.WAIT: _wait_text}
