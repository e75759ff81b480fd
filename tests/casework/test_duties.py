"""What is still owed in a case and by when (A15, A17, A19, A22, A23, A30, B14, B23, B36): each duty comes, and goes when it is done."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework import duties
from casework.duties import Duty, DutyFacts, open_duties, working_day_after
from casework.seriousness import FACTORS, RULE
from casework.steps import case_standing
from casework.testing import NOON, a_case
from data.model.care import (
    Band,
    Consent,
    FilingState,
    Investigation,
    OverrideCode,
    PersonalFiling,
    Referral,
    ReferralBody,
    Seriousness,
    SourceKind,
    SupportAnswer,
    SupportOffer,
)
from data.model.cases import Capacity, Case, CaseEvent, CaseState, Ground, MissedReason, RequestState, Route, TakedownRequest
from data.model.findings import Report
from data.model.readings import Category, Severity

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # the working day after Friday's noon


def owed(case: Case, now: datetime = NOON, **facts: Any) -> dict[str, Duty]:
    """Return what is owed, by key."""
    found = open_duties(case, DutyFacts(standing=case_standing(case, now), **facts), now)
    return {duty.key: duty for duty in found}


def an_event(what: str, **changes: Any) -> CaseEvent:
    """Return a line of history."""
    made = CaseEvent(id="e", case_id="case-1", number=2, at=NOON, by="u-dsl", what=what)
    return made.model_copy(update=changes)


def a_request(**changes: Any) -> TakedownRequest:
    """Return a request to the author that was sent."""
    made = TakedownRequest(
        id="q-1",
        case_id="case-1",
        item_id="item-1",
        state=RequestState.SENT,
        ground=Ground.PLATFORM_RULES,
        route=Route.AUTHOR,
        recipient="the author",
        capacity=Capacity.SCHOOL_REPRESENTATIVE,
        notice="author",
        subject="s",
        body="b",
        drafted_by="u-dsl",
        drafted_at=NOON,
        sent_at=NOON,
    )
    return made.model_copy(update=changes)


def a_report(**changes: Any) -> Report:
    """Return a colleague's report with a name."""
    made = Report(id="r-1", receipt="R-1", school_id="fernley", says="seen", reporter="Mrs Oddwell", reported_at=NOON, received_at=NOON)
    return made.model_copy(update=changes)


def a_referral(**changes: Any) -> Referral:
    """Return a referral to the police that waits for consent."""
    made = Referral(
        id="p-1",
        case_id="case-1",
        body=ReferralBody.POLICE,
        why="threat",
        opened_by="u-head",
        opened_at=NOON,
        consent=Consent.ASKED,
        consent_asked_at=NOON,
    )
    return made.model_copy(update=changes)


def an_investigation(**changes: Any) -> Investigation:
    """Return an investigation that was opened."""
    made = Investigation(id="i-1", case_id="case-1", lead="u-head", opened_by="u-head", opened_at=NOON)
    return made.model_copy(update=changes)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 11, 19, 9, tzinfo=UTC), datetime(2026, 11, 20, 9, tzinfo=UTC)),
        (NOON, MONDAY),
        (datetime(2026, 11, 21, 11, tzinfo=UTC), datetime(2026, 11, 24, 0, tzinfo=UTC)),
        (datetime(2026, 12, 24, 12, tzinfo=UTC), datetime(2026, 12, 29, 12, tzinfo=UTC)),
        (datetime(2026, 3, 27, 16, tzinfo=UTC), datetime(2026, 3, 30, 15, tzinfo=UTC)),
    ],
)
def test_one_working_day(start: datetime, end: datetime) -> None:
    """Over a night, a weekend, from a Saturday, over Christmas with its substitute day, over the night the clocks go forward."""
    assert working_day_after(start) == end


def test_support_for_staff_within_a_working_day() -> None:
    """A23, B22: owed for staff, not for the school as a body; done when offered; asked again on the day agreed."""  # A23 B22
    case = a_case(target="teacher")
    offer = SupportOffer(id="s-1", case_id=case.id, person="teacher", offered_by="u-head", offered_at=NOON)
    later = offer.model_copy(update={"answer": SupportAnswer.LATER, "review_on": date(2026, 11, 27)})

    assert (owed(case)["support"].due_at, owed(case)["support"].clause) == (MONDAY, "A23")
    assert "support" not in owed(a_case(target="school"))
    assert owed(a_case(target="staff:s-1"))["support"].due_at == MONDAY
    assert "support" not in owed(case, support=(offer,))
    assert owed(case, support=(later,))["support_review:s-1"].due_at == datetime(2026, 11, 27, 9, tzinfo=UTC)
    declined = later.model_copy(update={"answer": SupportAnswer.DECLINED})
    assert not any(key.startswith("support") for key in owed(case, support=(declined,)))


def test_an_investigation_within_a_working_day_but_never_before_advice() -> None:
    """A15: from opening; where staff are accused only once advice is there; on the STOP route never."""  # A15
    accused = a_case(lead_category=Category.STAFF_ALLEGATION)
    advised = accused.model_copy(update={"advice_recorded_at": NOON + 3 * DAY})

    assert owed(a_case())["investigation"].due_at == MONDAY
    assert "investigation" not in owed(a_case(), investigations=(an_investigation(),))
    assert "investigation" not in owed(accused)
    assert owed(advised)["investigation"].due_at == MONDAY + DAY
    assert "investigation" not in owed(a_case(stop=True))


def test_the_lado_within_a_working_day() -> None:
    """A10: an accusation against staff goes to the LADO; a call that was made or advice recorded ends the duty."""  # A10
    accused = a_case(lead_category=Category.STAFF_ALLEGATION)
    made = a_referral(body=ReferralBody.LADO, consent=Consent.NOT_NEEDED, made_at=NOON)

    assert owed(accused)["lado"].due_at == MONDAY
    assert "lado" in owed(accused, referrals=(made.model_copy(update={"made_at": None}),))
    assert "lado" not in owed(accused, referrals=(made,))
    assert "lado" not in owed(accused.model_copy(update={"advice_recorded_at": NOON}))


def test_advice_at_once_where_life_is_in_danger() -> None:
    """A disclosure has a working day, a threat to life of S4 not an hour."""
    disclosure = a_case(lead_category=Category.SAFEGUARDING_DISCLOSURE, severity=Severity.S3)
    threat = a_case(lead_category=Category.THREAT_TO_LIFE, severity=Severity.S4)

    assert (owed(disclosure)["advice"].due_at, owed(threat)["advice"].due_at) == (MONDAY, NOON)
    assert owed(threat, NOON + HOUR)["advice"].is_late(NOON + HOUR)
    assert "advice" not in owed(a_case())


def test_a_stopped_case_is_passed_on() -> None:
    """B36: the police or the IWF, by the address; nothing else is asked about what nobody may open."""  # B36
    stopped = a_case(stop=True, lead_category=Category.CSAM, severity=Severity.S4, target="pupil", state=CaseState.SAFEGUARDING_LEAD)
    told = a_referral(body=ReferralBody.IWF, consent=Consent.NOT_NEEDED, made_at=NOON)

    assert list(owed(stopped, NOON + 2 * DAY)) == ["stop_referral"]
    assert owed(stopped, referrals=(told,)) == {}


def test_consent_and_the_second_person() -> None:
    """A22: asked again after five days; a reason in place of consent waits for a second person, also when the case is closed."""  # A22
    asked = a_referral()
    reason = asked.model_copy(update={"override": OverrideCode.RISK_TO_LIFE, "override_by": "u-head", "override_at": NOON})
    closed = a_case(state=CaseState.CLOSED, closed_at=NOON)

    assert owed(a_case(), referrals=(asked,))["consent:p-1"].due_at == NOON + 5 * DAY
    assert "consent:p-1" not in owed(a_case(), referrals=(reason,))
    assert owed(a_case(), referrals=(reason,))["second_person:p-1"].due_at == NOON
    assert list(owed(closed, referrals=(reason,))) == ["second_person:p-1"]
    assert "consent:p-1" not in owed(a_case(), referrals=(asked.model_copy(update={"consent": Consent.REFUSED}),))


@pytest.mark.parametrize(("kind", "clause"), [(SourceKind.PUPIL, "A16"), (SourceKind.STAFF, "A24")])
def test_a_procedure_is_only_pointed_to(kind: SourceKind, clause: str) -> None:
    """A16, A24: a pupil's and a colleague's procedure is kept elsewhere; the duty ends with its reference."""  # A16 A24
    found = an_investigation(source_kind=kind, source_at=NOON)
    done = found.model_copy(update={"procedure_reference": "behaviour log 12"})

    assert owed(a_case(), investigations=(found,))["procedure:i-1"].clause == clause
    assert "procedure:i-1" not in owed(a_case(), investigations=(done,))
    assert "procedure:i-1" not in owed(a_case(), investigations=(an_investigation(source_kind=SourceKind.PARENT),))


def test_staff_who_posted_it_are_asked_to_remove_it() -> None:
    """B13, B14: owed at once, done when the request to the author was sent or the post is gone."""  # B13 B14
    found = (an_investigation(source_kind=SourceKind.STAFF, source_at=NOON),)

    assert owed(a_case(), investigations=found)["author"].due_at == NOON
    assert "author" not in owed(a_case(), investigations=found, requests=(a_request(),))
    assert "author" in owed(a_case(), investigations=found, requests=(a_request(state=RequestState.READY),))
    assert "author" not in owed(a_case(gone_observed_at=NOON), investigations=found)


def test_whoever_files_in_person_is_helped_on() -> None:
    """A19: the papers within hours, then a question after a day; filed or declined ends it."""  # A19
    filing = PersonalFiling(
        id="f-1",
        case_id="case-1",
        item_id="item-1",
        route=Route.COMPLAINANT,
        person="teacher",
        supporter="u-dsl",
        offered_by="u-dsl",
        offered_at=NOON,
    )
    given = filing.model_copy(update={"state": FilingState.PACK_GIVEN, "pack_at": NOON + HOUR})

    assert owed(a_case(), filings=(filing,))["filing:f-1:offered"].due_at == NOON + 4 * HOUR
    assert owed(a_case(), filings=(given,))["filing:f-1:pack_given"].due_at == NOON + 25 * HOUR
    assert not any(key.startswith("filing") for key in owed(a_case(stop=True), filings=(filing,)))  # no papers are made of it
    for state in (FilingState.FILED, FilingState.DECLINED, FilingState.ANSWERED):
        found = owed(a_case(), filings=(filing.model_copy(update={"state": state}),))
        assert not any(key.startswith("filing") for key in found)


def test_the_reporter_is_answered() -> None:
    """B23: whoever gave a name hears how it ended; without a name nobody can be told."""  # B23
    assert owed(a_case(), report=a_report())["reply"].due_at is None
    assert "reply" in owed(a_case(), report=a_report(reporter=None, reporter_user_id="u-staff"))
    assert "reply" not in owed(a_case(), report=a_report(reporter=None))
    for word in (duties.REPLIED, duties.NO_REPLY_WANTED):
        assert "reply" not in owed(a_case(), report=a_report(), events=(an_event(word),))


def test_a_hold_is_looked_at_again() -> None:
    """The last hold's own date counts, and only while it is held."""
    held = an_event("moved", after=CaseState.HOLD_BY_AUTHORITY, fields={"review_at": (NOON + DAY).isoformat()})

    assert owed(a_case(state=CaseState.HOLD_BY_AUTHORITY), events=(held,))["hold_review"].due_at == NOON + DAY
    assert "hold_review" not in owed(a_case(state=CaseState.HOLD_BY_AUTHORITY))
    assert "hold_review" not in owed(a_case(), events=(held,))


def test_a_refusal_may_be_appealed_in_time() -> None:
    """Only a refusal with a date, and only while it matters."""
    refused = a_request(state=RequestState.REFUSED, appeal_by=NOON + DAY)

    assert owed(a_case(), requests=(refused,))["appeal:q-1"].due_at == NOON + DAY
    assert "appeal:q-1" not in owed(a_case(), requests=(a_request(state=RequestState.REFUSED),))
    assert "appeal:q-1" not in owed(a_case(stop=True), requests=(refused,))  # nobody is asked again about what was stopped
    assert "appeal:q-1" not in owed(a_case(state=CaseState.VERIFIED_REMOVED), requests=(refused,))


def test_how_serious_it_is_must_be_said() -> None:
    """A17: S2 needs a form, S3 every factor of it, S1 none."""  # A17
    empty = Seriousness(id="s", case_id="case-1", version=1, band=Band.MINOR, rule=RULE, by="u", at=NOON)
    whole = empty.model_copy(update={"answers": {factor.key: 0 for factor in FACTORS}})

    assert "before closing" in owed(a_case())["seriousness"].text
    assert "before removal" in owed(a_case(severity=Severity.S3))["seriousness"].text
    assert "seriousness" not in owed(a_case(severity=Severity.S1))
    assert "seriousness" not in owed(a_case(), form=empty)
    assert "11 of 11" in owed(a_case(severity=Severity.S4), form=empty)["seriousness"].text
    assert "seriousness" not in owed(a_case(severity=Severity.S4), form=whole)


def test_a_missed_target_needs_its_reason() -> None:
    """A18: late is said with a reason, once."""  # A18
    reason = {"missed_reason": MissedReason.PLATFORM_SLOW}

    assert "missed_reason" not in owed(a_case(), NOON + 23 * HOUR)
    assert owed(a_case(), NOON + 25 * HOUR)["missed_reason"].due_at == NOON + 24 * HOUR
    assert "missed_reason" not in owed(a_case(**reason), NOON + 25 * HOUR)


def test_a_grave_case_asks_about_the_policy_when_it_ends() -> None:
    """A30: S3 and S4, once the case is about to be closed."""  # A30
    gone = {"state": CaseState.VERIFIED_REMOVED}

    assert "policy_review" in owed(a_case(severity=Severity.S3, **gone))
    assert "policy_review" not in owed(a_case(severity=Severity.S3))
    assert "policy_review" not in owed(a_case(**gone))


@given(
    st.builds(
        a_case,
        lead_category=st.sampled_from(Category),
        severity=st.sampled_from(Severity),
        target=st.sampled_from(["teacher", "pupil", "school", "none", "staff:s-1"]),
        state=st.sampled_from(CaseState),
        stop=st.booleans(),
        advice_recorded_at=st.sampled_from([None, NOON]),
    ),
    st.integers(0, 400),
)
def test_every_duty_is_named_once_and_in_order(case: Case, hours: int) -> None:
    """Keys are unique, times come first and in order, an ended case owes nothing, and a stopped one no look at the post."""
    found = open_duties(case, DutyFacts(standing=case_standing(case, NOON + hours * HOUR), report=a_report()), NOON + hours * HOUR)
    times = [duty.due_at for duty in found if duty.due_at is not None]

    assert len({duty.key for duty in found}) == len(found)
    assert times == sorted(times) == [duty.due_at for duty in found][: len(times)]
    assert case.state not in {CaseState.CLOSED, CaseState.NO_ACTION} or not found
    assert not case.stop or not {"investigation", "seriousness", "missed_reason", "author"} & {duty.key for duty in found}


def test_a_stopped_case_is_passed_on_from_when_it_was_stopped() -> None:
    """B36: what was found indecent days after the case was opened is not late by days in that moment."""  # B36
    case = a_case(stop=True, lead_category=Category.HARASSMENT_STAFF, severity=Severity.S4, state=CaseState.SAFEGUARDING_LEAD)
    seen_at = NOON + 3 * DAY
    (duty,) = [one for key, one in owed(case, seen_at, events=(an_event("sealed off", at=seen_at),)).items() if key == "stop_referral"]

    assert duty.due_at == seen_at
    assert not duty.is_late(seen_at)
    assert owed(case, seen_at)["stop_referral"].due_at == case.opened_at
