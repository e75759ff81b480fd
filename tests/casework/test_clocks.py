"""Every clock of domain.md §5.4: the vectors of the reference, and what starts and stops each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from casework import clocks
from casework.clocks import LABELS, RULES, CaseClock, ClockFacts, Name, Sort
from casework.countdown import Level, level, standing
from casework.testing import NOON, a_case, a_finding, a_post, an_evidence
from casework.working_days import (
    counted,
    deadline,
    is_school_day,
    is_working_day,
    month_after,
    months_after,
    poster_deadline,
    s5_deadline,
    working_days,
    working_hours,
)
from data.errors import CaseError
from data.model.care import Referral, ReferralBody
from data.model.cases import Capacity, CaseEvent, CaseState, Ground, RequestState, Route, StandingWord, TakedownRequest
from data.model.readings import Category, Severity
from data.model.telling import SchoolClosure

LONDON = ZoneInfo("Europe/London")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def uk(month: int, day: int, hour: int = 0, minute: int = 0, year: int = 2026) -> datetime:
    """Return a moment by the clock on the wall in London."""
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


def a_closure(first: date, last: date) -> SchoolClosure:
    """Return days on which the school is closed."""
    return SchoolClosure(id="c-1", school_id="fernley", name="holiday", first=first, last=last, added_by="u", added_at=NOON)


def an_event(number: int, at: datetime, what: str = "moved", **more: Any) -> CaseEvent:
    """Return a line of the case's history."""
    return CaseEvent(id=f"ev-{number}", case_id="case-1", number=number, at=at, by="u-dsl", what=what, **more)


def a_request(route: Route = Route.PLATFORM_FORM, sent_at: datetime | None = NOON, **more: Any) -> TakedownRequest:
    """Return a request that was sent."""
    made = TakedownRequest(
        id="r-1",
        case_id="case-1",
        item_id="item-1",
        state=RequestState.SENT,
        ground=Ground.PLATFORM_RULES,
        route=route,
        recipient="the operator",
        capacity=Capacity.SCHOOL_REPRESENTATIVE,
        notice="any",
        subject="s",
        body="b",
        drafted_by="u-dsl",
        drafted_at=NOON,
        sent_at=sent_at,
    )
    return made.model_copy(update=more)


def found(facts: ClockFacts, now: datetime, name: Name) -> CaseClock:
    """Return the only clock of that name."""
    (one,) = [clock for clock in clocks.clocks(facts, now) if clock.name is name]
    return one


def names(facts: ClockFacts, now: datetime) -> set[Name]:
    """Return which clocks a case has."""
    return {clock.name for clock in clocks.clocks(facts, now)}


@pytest.mark.parametrize(
    ("received", "ends"),
    [
        (uk(6, 5, 17, 30), uk(6, 9, 17, 30)),
        (uk(6, 6, 11), uk(6, 10)),
        (uk(4, 2, 10), uk(4, 8, 10)),
        (uk(8, 28, 15), uk(9, 2, 15)),
        (uk(12, 24, 12), uk(12, 30, 12)),
        (uk(3, 27, 17, 30), uk(3, 31, 17, 30)),
        (uk(10, 23, 17, 30), uk(10, 27, 17, 30)),
        (uk(3, 29, 0, 30), uk(4, 1)),
        (uk(10, 25, 1, 30), uk(10, 28)),
    ],
    ids=["weekend", "from Saturday", "Easter", "August", "Christmas", "over 23 h", "over 25 h", "on the 23-hour day", "on the 25-hour day"],
)
def test_the_48_hours_of_section_5(received: datetime, ends: datetime) -> None:
    """The vectors of §5.4, and Sundays of 23 and 25 hours: they are skipped whole, whatever their length."""
    assert s5_deadline(received) == ends


@pytest.mark.parametrize(
    ("start", "ends"), [(uk(11, 20, 16), uk(11, 21, 16)), (uk(3, 28, 20), uk(3, 29, 21)), (uk(10, 24, 20), uk(10, 25, 19))]
)
def test_the_24_hours_of_the_policy(start: datetime, ends: datetime) -> None:
    """Weekends count; on the days of 23 and 25 hours 24 hours still pass (A18)."""  # A18
    gross = found(ClockFacts(a_case(start)), start, Name.REMOVAL).standing

    assert gross.due_at == ends


def test_the_poster_has_until_the_end_of_the_fifth_day() -> None:
    """A notice of Tuesday 9 June: Sunday 14 June, 24:00; every day counts."""
    assert poster_deadline(uk(6, 9, 11)) == uk(6, 15)
    assert poster_deadline(uk(3, 26, 11)) == uk(4, 1)  # over the day of 23 hours


def test_a_month_ends_on_its_date_or_its_last_day_and_on_a_working_day() -> None:
    """31 January ends with February; a Saturday is carried to the Monday after."""
    assert month_after(uk(11, 20, 9)) == uk(12, 22)  # 20 December is a Sunday
    assert month_after(uk(1, 31, 9)) == uk(3, 3)  # 28 February is a Saturday
    assert months_after(uk(2, 29, 9, year=2024), 12) == uk(2, 28, 9, year=2025)


def test_working_days_and_school_days() -> None:
    """Bank holidays, weekends and the school's own closures."""
    assert not is_working_day(date(2026, 12, 28))
    assert is_working_day(date(2026, 12, 29))
    assert not is_school_day(date(2026, 12, 29), [a_closure(date(2026, 12, 19), date(2027, 1, 3))])


def test_what_was_counted_and_what_is_left_meet() -> None:
    """Counted up to the deadline is the whole span, one second before it is less."""
    start = uk(4, 2, 10)
    due = deadline(working_days(start), 2 * DAY)

    assert counted(working_days(start), due) == 2 * DAY
    assert counted(working_days(start), due - timedelta(seconds=1)) < 2 * DAY


def test_a_school_that_never_opens_is_told() -> None:
    """Closures for years are a mistake that is named, not an endless search."""
    with pytest.raises(CaseError, match="closures"):
        deadline(working_hours(NOON, [a_closure(date(2026, 1, 1), date(2099, 1, 1))]), HOUR)


def test_working_hours_skip_the_night_and_the_holidays() -> None:
    """Four working hours from Friday 16:00 end on Monday at 10:00; with a closed Monday on Tuesday."""
    start = uk(11, 20, 16)

    assert deadline(working_hours(start), 4 * HOUR) == uk(11, 23, 10)
    assert deadline(working_hours(start, [a_closure(date(2026, 11, 23), date(2026, 11, 23))]), 4 * HOUR) == uk(11, 24, 10)


def test_every_clock_has_words_and_a_rule() -> None:
    """No clock is shown by its code, and each says by which version of its rule it was computed."""
    assert set(LABELS) == set(RULES) == set(Name)
    assert all(".v" in rule for rule in RULES.values())


def test_a_new_case_shows_its_first_clocks() -> None:
    """Removal first; evidence in 30 minutes, the first request in 4 hours (an hour when High), how long the machine had it."""
    facts = ClockFacts(a_case(), finding=a_finding(NOON - 3 * HOUR))
    all_of_them = clocks.clocks(facts, NOON + timedelta(minutes=10))
    serious = ClockFacts(a_case(severity=Severity.S3), finding=facts.finding)

    assert all_of_them[0].name is Name.REMOVAL
    assert found(facts, NOON, Name.EVIDENCE).standing.due_at == NOON + timedelta(minutes=30)
    assert found(facts, NOON, Name.FIRST_REQUEST).standing.due_at == NOON + 4 * HOUR
    assert found(serious, NOON, Name.FIRST_REQUEST).standing.due_at == NOON + HOUR
    assert found(serious, NOON, Name.MACHINE_SEEN).standing.word is StandingWord.MISSED
    assert found(facts, NOON, Name.MACHINE_SEEN).standing.word is StandingWord.MET


def test_the_machine_is_not_asked_when_a_person_reported_it() -> None:
    """A report has no machine-seen age, nor has a case whose post came back."""
    for case in (a_case(reporter_type="report"), a_case(reuploaded_from="case-0")):
        assert Name.MACHINE_SEEN not in names(ClockFacts(case, finding=a_finding()), NOON)


def test_evidence_and_first_request_stop_their_clocks() -> None:
    """The first capture that counts, and the first request; a draft is none."""
    facts = ClockFacts(
        a_case(),
        evidence=(an_evidence(captured_at=NOON + timedelta(minutes=40)),),
        requests=(a_request(sent_at=NOON + 2 * HOUR), a_request(id="r-2", state=RequestState.READY, sent_at=None)),
    )

    assert found(facts, NOON + 9 * HOUR, Name.EVIDENCE).text == "late by 10 min: after 40 min"
    assert found(facts, NOON + 9 * HOUR, Name.FIRST_REQUEST).text == "met: after 2 h 0 min"


def test_a_report_filed_by_the_person_counts_as_asking() -> None:
    """What only the person concerned can file is asking too (policy A19)."""  # A19
    filed = an_event(4, NOON + HOUR, after=CaseState.REQUESTED, fields={"filed_at": (NOON + HOUR).isoformat()})

    assert found(ClockFacts(a_case(), events=(filed,)), NOON + 9 * HOUR, Name.FIRST_REQUEST).standing.stopped_at == NOON + HOUR


def test_gone_before_anyone_was_asked_is_no_late_request() -> None:
    """The clock of the first request stops without a claim that it was met."""
    facts = ClockFacts(a_case(gone_observed_at=NOON + 30 * HOUR, state=CaseState.VERIFIED_REMOVED))

    assert found(facts, NOON + 40 * HOUR, Name.FIRST_REQUEST).text == "not needed any more"


def test_a_stopped_case_has_no_clock_of_capture_or_request() -> None:
    """Nothing is captured or asked there, so nothing is late."""
    assert names(ClockFacts(a_case(stop=True)), NOON).isdisjoint({Name.EVIDENCE, Name.FIRST_REQUEST})


HELD = (
    an_event(2, NOON + 2 * HOUR, before=CaseState.REQUESTED, after=CaseState.HOLD_BY_AUTHORITY),
    an_event(3, NOON + 7 * HOUR, before=CaseState.HOLD_BY_AUTHORITY, after=CaseState.REQUESTED),
)


def test_the_net_clock_leaves_out_the_hold_and_nothing_else() -> None:
    """Five hours held: gross 26 hours are missed, net 21 are met; both stand beside each other."""
    case = a_case(gone_observed_at=NOON + 26 * HOUR, state=CaseState.VERIFIED_REMOVED)
    facts = ClockFacts(case, events=HELD)
    gross, net = (found(facts, NOON + 30 * HOUR, name).standing for name in (Name.REMOVAL, Name.REMOVAL_NET))

    assert (gross.word, net.word) == (StandingWord.MISSED, StandingWord.MET)
    assert net.left == gross.left + 5 * HOUR


def test_a_hold_that_still_runs_pauses_the_net_clock_only() -> None:
    """While it is held the gross time passes and the net time stands still."""
    facts = ClockFacts(a_case(), events=HELD[:1])
    early, late = (found(facts, NOON + hours * HOUR, Name.REMOVAL_NET).standing.left for hours in (3, 20))

    assert early == late == 22 * HOUR
    assert found(facts, NOON + 25 * HOUR, Name.REMOVAL).standing.word is StandingWord.OVERDUE


def test_a_hold_that_was_corrected_away_was_none() -> None:
    """A step recorded by mistake pauses nothing."""
    undone = an_event(3, NOON + 3 * HOUR, "correction", before=CaseState.HOLD_BY_AUTHORITY, after=CaseState.REQUESTED, fields={"undoes": 2})

    assert Name.REMOVAL_NET not in names(ClockFacts(a_case(), events=(HELD[0], undone)), NOON + 9 * HOUR)


def test_a_release_that_was_corrected_away_leaves_the_hold_running() -> None:
    """Taking back the release, the hold goes on as if it had never been released."""
    undone = an_event(4, NOON + 8 * HOUR, "correction", before=CaseState.REQUESTED, after=CaseState.HOLD_BY_AUTHORITY, fields={"undoes": 3})

    assert clocks.held((*HELD, undone), NOON + 10 * HOUR) == ((NOON + 2 * HOUR, NOON + 10 * HOUR),)


def test_the_old_clock_of_a_reopened_case_is_shown() -> None:
    """The countdown before the reopening stays as it ended; requests of that time do not meet the new one."""
    reopened = an_event(
        9,
        NOON + 50 * HOUR,
        before=CaseState.CLOSED,
        after=CaseState.TRIAGED,
        fields={
            "earlier_known_at": NOON.isoformat(),
            "earlier_ended_at": (NOON + 30 * HOUR).isoformat(),
            "earlier_outcome": "not_removed",
        },
    )
    facts = ClockFacts(a_case(NOON + 50 * HOUR), events=(reopened,), requests=(a_request(),))
    old = [clock for clock in clocks.clocks(facts, NOON + 51 * HOUR) if clock.is_past]

    assert [(clock.text, clock.standing.word) for clock in old] == [("not removed after 30 h 0 min of 24 h", StandingWord.MISSED)]
    assert found(facts, NOON + 51 * HOUR, Name.FIRST_REQUEST).is_running


def test_section_5_runs_in_three_steps() -> None:
    """48 hours for the operator, five days for the poster, 48 hours again; weekends count only for the poster."""
    sent, told = uk(6, 5, 17, 30), uk(6, 9, 11)
    request = a_request(Route.SECTION_5, sent, state=RequestState.ACKNOWLEDGED, acknowledged_at=told)
    facts = ClockFacts(a_case(sent), requests=(request,))
    late = uk(6, 18)

    assert found(facts, late, Name.S5_OPERATOR).standing.due_at == uk(6, 9, 17, 30)
    assert found(facts, late, Name.S5_OPERATOR).standing.word is StandingWord.MET
    assert found(facts, late, Name.S5_POSTER).standing.due_at == uk(6, 15)
    assert found(facts, late, Name.S5_LAST).standing.due_at == uk(6, 17)
    assert found(facts, late, Name.S5_LAST).is_late
    assert Name.S5_LAST not in names(facts, uk(6, 14))


def test_a_silent_operator_is_overdue() -> None:
    """Without an answer the first 48 hours end and no poster's time begins."""
    facts = ClockFacts(a_case(), requests=(a_request(Route.SECTION_5, uk(11, 20, 12)),))

    assert found(facts, uk(11, 24, 13), Name.S5_OPERATOR).text == "overdue by 1 h 0 min"
    assert Name.S5_POSTER not in names(facts, uk(11, 30))


def test_report_harmful_content_opens_after_a_week_or_a_refusal() -> None:
    """A wait is no target: it opens after seven days, or when the platform refused."""
    facts = ClockFacts(a_case(), requests=(a_request(),))
    refused = ClockFacts(a_case(), requests=(a_request(state=RequestState.REFUSED, decided_at=NOON + DAY),))

    assert found(facts, NOON + 2 * DAY, Name.RHC).text == "in 5 days, or after a refusal"
    assert found(facts, NOON + 8 * DAY, Name.RHC).text.startswith("open to you since")
    assert found(refused, NOON + 2 * DAY, Name.RHC).text == "open to you"
    assert not found(facts, NOON + 8 * DAY, Name.RHC).is_late


def test_a_controller_has_a_month() -> None:
    """The owner of an account, or whoever must erase, answers within one month."""
    for route in (Route.ACCOUNT_OWNER, Route.GDPR_ERASURE):
        assert found(ClockFacts(a_case(), requests=(a_request(route),)), NOON, Name.MONTH).standing.due_at == uk(12, 22)


def test_promises_and_appeals() -> None:
    """What the recipient promised, and until when a refusal can be appealed."""
    promised = a_request(state=RequestState.ACKNOWLEDGED, acknowledged_at=NOON + HOUR, promised_by=NOON + DAY)
    refused = a_request(state=RequestState.REFUSED, decided_at=NOON + HOUR, appeal_by=NOON + 15 * DAY)

    assert found(ClockFacts(a_case(), requests=(promised,)), NOON + 2 * DAY, Name.PROMISE).is_late
    assert found(ClockFacts(a_case(), requests=(refused,)), NOON + DAY, Name.APPEAL).text == "14 days left"
    assert Name.APPEAL not in names(ClockFacts(a_case(), requests=(promised,)), NOON)


def a_referral(body: ReferralBody, made_at: datetime | None) -> Referral:
    """Return a referral."""
    return Referral(id="ref-1", case_id="case-1", body=body, why="x", opened_by="u", opened_at=NOON, made_at=made_at)


def test_the_lado_within_one_working_day() -> None:
    """From Friday noon to Monday noon; the contact stops it, another body's does not."""
    case = a_case(lead_category=Category.STAFF_ALLEGATION)
    waiting = ClockFacts(case, referrals=(a_referral(ReferralBody.POLICE, NOON),))
    done = ClockFacts(case, referrals=(a_referral(ReferralBody.LADO, NOON + HOUR),))

    assert found(waiting, NOON, Name.LADO).standing.due_at == uk(11, 23, 12)
    assert found(waiting, uk(11, 23, 13), Name.LADO).is_late
    assert found(done, NOON + DAY, Name.LADO).standing.word is StandingWord.MET


def test_a_comment_on_our_own_page_has_four_working_hours() -> None:
    """The headteacher decides within four working hours of being told (policy B15)."""  # B15
    seen = an_event(2, NOON, clocks.OWN_PAGE_SEEN, fields={"seen_at": uk(11, 20, 16).isoformat()})
    decided = an_event(3, uk(11, 23, 9), clocks.OWN_PAGE_DECIDED)

    assert found(ClockFacts(a_case(), events=(seen,)), uk(11, 23, 11), Name.OWN_PAGE).is_late
    assert found(ClockFacts(a_case(), events=(seen, decided)), uk(11, 23, 11), Name.OWN_PAGE).standing.word is StandingWord.MET


def test_a_hold_is_looked_at_again_and_consent_waits_five_days() -> None:
    """The review date of a hold, and five days for the answer of the person who must agree."""
    hold = an_event(2, NOON, before=CaseState.REQUESTED, after=CaseState.HOLD_BY_AUTHORITY, fields={"review_at": (NOON + DAY).isoformat()})
    asked = an_event(2, NOON, before=CaseState.EVIDENCE_CAPTURED, after=CaseState.AWAITING_CONSENT, fields={"asked_at": NOON.isoformat()})

    assert found(ClockFacts(a_case(), events=(hold,)), NOON + 2 * DAY, Name.HOLD_REVIEW).is_late
    assert found(ClockFacts(a_case(), events=(asked,)), NOON + DAY, Name.CONSENT).text == "4 days left"


def test_nonsense_in_an_event_is_no_time() -> None:
    """A field that is no time, or one without a zone, starts no clock."""
    for value in ("words", "2026-11-20T12:00:00", 7, None):
        event = an_event(2, NOON, after=CaseState.HOLD_BY_AUTHORITY, fields={"review_at": value})
        assert clocks.moment_of(event, "review_at") is None


def test_a_claim_for_defamation_is_barred_after_a_year() -> None:
    """From the first publication that is known, not from the report; reminded after nine months; not for the school as a body."""
    posted = uk(11, 1, 9)
    facts = ClockFacts(a_case(), post=a_post(created_at=posted))

    assert found(facts, NOON, Name.LIMITATION).standing.due_at == uk(11, 1, 9, year=2027)
    assert clocks.limitation_reminder(posted) == uk(8, 1, 9, year=2027)
    assert Name.LIMITATION not in names(ClockFacts(a_case(target="school"), post=a_post(created_at=posted)), NOON)


def test_the_limitation_goes_on_after_the_case_ended() -> None:
    """A person may still claim when the post is gone."""
    case = a_case(state=CaseState.CLOSED, gone_observed_at=NOON + HOUR, closed_at=NOON + DAY)

    assert found(ClockFacts(case), NOON + 2 * DAY, Name.LIMITATION).is_running


@pytest.mark.parametrize(
    ("hours", "expected"), [(11, Level.CALM), (12, Level.HALF), (19, Level.HALF), (20, Level.SOON), (24, Level.OVER), (30, Level.OVER)]
)
def test_the_colour_changes_at_half_four_fifths_and_all(hours: int, expected: Level) -> None:
    """At 50, 80 and 100 % of the time."""
    assert level(standing(NOON, NOON + hours * HOUR)) is expected


@pytest.mark.parametrize(
    ("changes", "hours", "missed"),
    [
        ({}, 23, False),
        ({}, 25, True),
        ({"gone_observed_at": NOON + 23 * HOUR, "state": CaseState.VERIFIED_REMOVED}, 40, False),
        ({"gone_observed_at": NOON + 25 * HOUR, "state": CaseState.VERIFIED_REMOVED}, 40, True),
        ({"state": CaseState.NOT_REMOVED, "outcome": "not_removed", "closed_at": NOON + HOUR}, 2, True),
        ({"state": CaseState.WITHDRAWN, "outcome": "withdrawn", "closed_at": NOON + 30 * HOUR}, 40, False),
        ({"state": CaseState.NO_ACTION, "outcome": "satire_parody", "closed_at": NOON + 30 * HOUR}, 40, False),
    ],
)
def test_which_cases_missed_their_target(changes: dict[str, Any], hours: int, missed: bool) -> None:
    """Late, gone too late or left standing is missed; withdrawn or never needed is not (§5.2)."""
    assert clocks.missed(a_case(**changes), NOON + hours * HOUR) is missed


def test_only_targets_and_others_times_can_be_late() -> None:
    """A window that closed or a wait that ended is nobody's failure."""
    facts = ClockFacts(a_case(), requests=(a_request(),))

    assert {clock.sort for clock in clocks.clocks(facts, NOON + 900 * DAY) if clock.is_late} <= {Sort.TARGET, Sort.THEIRS}


def test_a_stopped_case_is_clocked_from_when_it_was_stopped() -> None:
    """The 24 hours for the police or the IWF begin with the stop, not with the case; a stop that was lifted before does not count."""
    case = a_case(stop=True)
    first = an_event(2, NOON + DAY, "capture refused")
    lifted = an_event(3, NOON + DAY + HOUR, "stop lifted")
    again = an_event(4, NOON + 2 * DAY, "sealed off")
    more = an_event(5, NOON + 3 * DAY, "capture refused")
    now = NOON + 2 * DAY + 5 * HOUR
    clock = found(ClockFacts(case=case, events=(first, lifted, again, more)), now, Name.STOP_REFERRAL)

    assert clocks.stopped_at(case, (first,)) == NOON + DAY
    assert clocks.stopped_at(case, (first, lifted, again, more)) == NOON + 2 * DAY
    assert clocks.stopped_at(case, ()) == case.opened_at
    assert clocks.stopped_at(case.model_copy(update={"lead_category": Category.CSAM}), (first,)) == case.opened_at
    assert clock.text == "19 h 0 min left of 24 h, from when it was stopped"
    assert (clock.standing.known_at, clock.rule) == (NOON + 2 * DAY, "stop-referral-24h.v1")
    assert Name.STOP_REFERRAL not in names(ClockFacts(case=a_case()), now)


@pytest.mark.parametrize(("body", "ends"), [(ReferralBody.POLICE, True), (ReferralBody.IWF, True), (ReferralBody.LADO, False)])
def test_the_stop_clock_ends_when_police_or_iwf_were_told(body: ReferralBody, ends: bool) -> None:
    """What was told to another body leaves it running."""
    stop = an_event(2, NOON + DAY, "sealed off")
    told = a_referral(body, NOON + DAY + 2 * HOUR)
    state = clocks.stop_standing(a_case(stop=True), (stop,), (told,), NOON + 3 * DAY)

    assert (state.stopped_at is not None) is ends
    assert clocks.stop_text((told,), state) == ("told after 2 h 0 min of 24 h" if ends else "late by 24 h 0 min, from when it was stopped")
    assert state.word is (StandingWord.MET if ends else StandingWord.OVERDUE)
