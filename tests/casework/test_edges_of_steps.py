"""Steps at their edges: sent after a reopening, answered by an old look, withdrawn though stopped, counted though passed on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from casework.child_summary import OnlineRisk, SummaryForm
from casework.errors import (
    FilingRefusedError,
    IllegalMoveError,
    PersonalDataError,
    PolicyRefusedError,
    ReferralRefusedError,
    SummaryRefusedError,
)
from casework.ladder import Rung
from casework.retention import RULES, Action, RuleKey, case_fate, periods
from casework.service import Casework
from casework.tally import CaseParts, tally
from casework.testing import NOON, SCHOOL_ID, a_case, a_check, a_user, fill, keep_case
from data.clock import FixedClock
from data.errors import CaseError
from data.model.base import new_id
from data.model.care import Band, OverrideCode, ReferralBody, Seriousness
from data.model.cases import (
    Capacity,
    Case,
    CaseEvent,
    CaseState,
    Confidentiality,
    Ground,
    RequestState,
    Route,
    TakedownRequest,
    Verdict,
)
from data.model.evidence import SafetyAnswer
from data.model.people import Role
from data.model.readings import Category, Severity
from data.store import Store

DSL, HEAD = a_user(Role.DSL), a_user(Role.HEADTEACHER, user_id="u-head")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def desk(store: Store, clock: FixedClock) -> Casework:
    """A school with a lead and a head."""
    clock.moment = NOON
    fill(store, DSL, HEAD)
    return Casework(store, clock)


def kept(store: Store, key: str, **changes: Any) -> tuple[Case, TakedownRequest]:
    """Keep a case whose post cannot be captured, and a request that is ready."""
    chosen = {"lead_category": Category.HARASSMENT_STAFF, "target": "teacher", "no_capture_reason": "only for members"} | changes
    case, request = keep_case(store, key, **chosen), a_request(key)
    with store.begin(by="u-dsl") as work:
        work.requests.add(request)
        work.commit()
    return case, request


def a_request(key: str) -> TakedownRequest:
    """Return a request that is ready."""
    return TakedownRequest(
        id=f"r-{key}",
        case_id=f"case-{key}",
        item_id=f"item-{key}",
        state=RequestState.READY,
        ground=Ground.PLATFORM_RULES,
        route=Route.SITE_OPERATOR,
        recipient="the operator",
        capacity=Capacity.SCHOOL_REPRESENTATIVE,
        notice="site_operator",
        subject="s",
        body="b",
        drafted_by="u-dsl",
        drafted_at=NOON,
    )


def a_form(case: Case) -> Seriousness:
    """Return a seriousness form."""
    return Seriousness(id=f"s-{case.id}", case_id=case.id, version=1, band=Band.SERIOUS, rule="v1", by="u-dsl", at=NOON)


def test_a_request_of_a_reopened_case_is_guarded_as_any_other(store: Store, desk: Casework) -> None:
    """A17, §5.3: a grave case that waits anew is assessed before anybody is asked, and then stands at "requested"."""
    case, request = kept(store, "again", severity=Severity.S3)
    with pytest.raises(IllegalMoveError, match="seriousness form"):
        desk.record_sent(DSL, request.id)
    with store.begin(by="u-dsl") as work:
        work.seriousness.add(a_form(case))
        work.commit()
    desk.record_sent(DSL, request.id)

    assert desk.case(DSL, case.id).case.state is CaseState.REQUESTED


def test_nothing_is_sent_while_somebody_is_asked_to_agree(store: Store, desk: Casework) -> None:
    """§5.3: the answer to the question for consent comes first."""
    case, request = kept(store, "consent", state=CaseState.AWAITING_CONSENT)
    with pytest.raises(IllegalMoveError, match="their answer first"):
        desk.record_sent(DSL, request.id)
    desk.move(DSL, case.id, CaseState.EVIDENCE_CAPTURED, {"result": "agrees", "result_at": NOON, "how_given": "in person"})

    assert desk.record_sent(DSL, request.id).state is RequestState.SENT


def claimed(store: Store, desk: Casework, clock: FixedClock) -> Case:
    """Return a case that was found up, and of which they then say that it is removed."""
    case, request = kept(store, "claim")
    desk.record_sent(DSL, request.id)
    desk.check_seen(case.id, a_check(Verdict.PRESENT, case_id=case.id, item_id="item-claim", id="c-old", at=NOON))
    clock.forward(HOUR)
    return desk.claimed(DSL, case.id, "the operator")


def test_a_look_from_before_refutes_no_claim(store: Store, desk: Casework, clock: FixedClock) -> None:
    """§5.3: "it is still up" needs a look made after they said that it is gone; one rung higher needs it too."""
    case = claimed(store, desk, clock)
    with pytest.raises(IllegalMoveError, match="after they said so"):
        desk.move(DSL, case.id, CaseState.REQUESTED, {"check_id": "c-old"})
    with pytest.raises(IllegalMoveError, match="after they said so"):
        desk.escalate(DSL, case.id, Rung.POSH, "the helpline", "no answer", skip_reason="they are quick")
    clock.forward(HOUR)
    desk.check_by_hand(DSL, case.id, "item-claim", Verdict.PRESENT, "it stands there")

    assert desk.case(DSL, case.id).case.state is CaseState.REQUESTED


def test_a_stopped_case_is_not_withdrawn_whatever_it_was_before(store: Store, desk: Casework) -> None:
    """§5.3: where a child may be at risk nobody's wish ends it; a case about the head that was stopped is no way round."""
    case, _request = kept(
        store, "stop", stop=True, state=CaseState.SAFEGUARDING_LEAD, confidentiality=Confidentiality.RESTRICTED_CHAIR, severity=Severity.S4
    )
    fields = {"advice": "none", "who_withdrew": "the teacher", "withdrawn_at": NOON}

    with pytest.raises(IllegalMoveError, match="a child may be at risk"):
        desk.move(DSL, case.id, CaseState.WITHDRAWN, fields, "wishes so")


@pytest.mark.parametrize(
    "act",
    [
        lambda desk, case, naive: desk.move(
            DSL,
            case.id,
            CaseState.HOLD_BY_AUTHORITY,
            {"body": "police", "officer": "o", "reference": "r", "asked_at": NOON, "review_at": naive},
        ),
        lambda desk, _case, naive: desk.put_on_call(DSL, SCHOOL_ID, "u-dsl", naive, naive + DAY),
        lambda desk, _case, naive: desk.set_away(DSL, SCHOOL_ID, "u-dsl", NOON, naive + DAY),
    ],
)
def test_a_time_without_a_zone_is_refused_in_words(store: Store, desk: Casework, act: Callable[[Casework, Case, datetime], object]) -> None:
    """Never a breakdown: the message says what is missing, and nothing is written."""
    case, _request = kept(store, "zone")
    with pytest.raises(CaseError, match="time zone"):
        act(desk, case, datetime(2026, 11, 22, 9, 0))  # noqa: DTZ001 - that is the point

    assert desk.case(DSL, case.id).case.revision == case.revision


@pytest.mark.parametrize("words", ["My son Alfred in 4B is shown.", "I live at 4 Orchard Road.", "Born 3 May 2014."])
def test_words_to_paste_name_no_child_and_no_home(store: Store, desk: Casework, words: str) -> None:
    """§3.5, §9: what a person takes away to paste is looked at as every notice is; the refusal never repeats it."""
    case, _request = kept(store, "paste")
    with pytest.raises(PersonalDataError) as refused:
        desk.offer_filing(DSL, case.id, "item-paste", "teacher", "u-head", words=words)

    assert words not in str(refused.value)
    assert desk.care_of(DSL, case.id).filings == ()


def test_a_long_reason_is_refused_not_cut(store: Store, desk: Casework) -> None:
    """A reason in place of consent is kept whole or not at all."""
    case, _request = kept(store, "long")
    referral = desk.open_referral(HEAD, case.id, ReferralBody.POLICE, "a threat", "the teacher")
    with pytest.raises(CaseError, match="10,000"):
        desk.go_without_consent(HEAD, referral.id, OverrideCode.LEGAL_DUTY, "x" * 10_001)
    with pytest.raises(ReferralRefusedError):
        desk.go_without_consent(HEAD, referral.id, OverrideCode.LEGAL_DUTY, "  ")


@pytest.mark.parametrize("long", [{"year_group": "4" * 201}, {"to_whom": "f" * 201}])
def test_one_line_of_a_childs_summary_stays_one_line(store: Store, desk: Casework, long: dict[str, str]) -> None:
    """What goes into the history beside a summary is short."""
    case, _request = kept(store, "child")
    whole = {"initials": "L.M.", "year_group": "4", "what_happened": "it happened"} | long
    with pytest.raises(SummaryRefusedError, match="one line"):
        desk.child_summary(DSL, case.id, SummaryForm(**whole, risks=(OnlineRisk.CONTACT,)))


@pytest.mark.parametrize(
    ("state", "says"), [(CaseState.HOLD_BY_AUTHORITY, "leave it up"), (CaseState.SAFEGUARDING_LEAD, "safeguarding lead has this case")]
)
def test_while_it_is_held_no_words_leave_by_any_paper(store: Store, desk: Casework, state: CaseState, says: str) -> None:
    """§3.5: what was ready before the police, or the lead, took it stays here: no draft, no PDF, no papers for the person to file."""
    case, request = kept(store, "held", state=state)
    for form in ("eml", "pdf", "txt"):
        with pytest.raises(IllegalMoveError, match=says):
            desk.paper(DSL, "request", request.id, form)
    with pytest.raises(FilingRefusedError, match=says):
        desk.offer_filing(DSL, case.id, "item-held", "teacher", "u-head", words="Please remove it.")


def test_a_second_click_begins_no_second_referral_and_no_second_offer(store: Store, desk: Casework) -> None:
    """Two clicks on one button leave one referral and one offer; once it was told, the same body may be told again."""
    case, _request = kept(store, "twice")
    first = desk.open_referral(HEAD, case.id, ReferralBody.POSH, "advice")
    with pytest.raises(ReferralRefusedError, match="begun already"):
        desk.open_referral(HEAD, case.id, ReferralBody.POSH, "advice")
    desk.referral_made(HEAD, first.id, "telephone")
    desk.open_referral(HEAD, case.id, ReferralBody.POSH, "it goes on")
    desk.offer_filing(DSL, case.id, "item-twice", "teacher", "u-head", words="Please remove it.")
    with pytest.raises(FilingRefusedError, match="already"):
        desk.offer_filing(DSL, case.id, "item-twice", "teacher", "u-head", words="Please remove it.")
    found = desk.care_of(DSL, case.id)

    assert (len(found.referrals), len(found.filings)) == (2, 1)


def test_what_the_head_hears_from_the_lado_is_kept_while_the_lead_has_the_case(store: Store, desk: Casework) -> None:
    """A10: the outcome is recorded, but only the lead takes the case out of the lead's hands."""
    case, _request = kept(
        store,
        "lado",
        lead_category=Category.STAFF_ALLEGATION,
        state=CaseState.SAFEGUARDING_LEAD,
        confidentiality=Confidentiality.RESTRICTED_DSL,
    )
    referral = desk.open_referral(HEAD, case.id, ReferralBody.LADO, "an allegation")
    desk.referral_made(HEAD, referral.id, "telephone")
    told = desk.referral_outcome(HEAD, referral.id, "wait for the police")
    after = desk.case(DSL, case.id).case

    assert (told.outcome, after.state, after.advice_recorded_at) == ("wait for the police", CaseState.SAFEGUARDING_LEAD, None)
    assert desk.record_advice(DSL, case.id, "lado", "wait for the police").advice_recorded_at == NOON


def test_a_stopped_case_keeps_no_prints(store: Store, desk: Casework) -> None:
    """Evidence.md §8: what was made for comparing goes with the stop, and is not made anew."""
    case, _request = kept(store, "prints", severity=Severity.S4)
    desk.seek_copies([])
    with store.read() as work:
        before = len(work.prints.where(case_id=case.id))
    desk.order_capture(DSL, case.id, "item-prints", SafetyAnswer.YES)
    desk.seek_copies([])
    with store.read() as work:
        assert (before, work.prints.where(case_id=case.id)) == (1, [])


# --- what is counted and kept ---


def test_a_report_is_approved_only_once_its_last_day_was_over(desk: Casework, clock: FixedClock) -> None:
    """§7.4: what came in the afternoon of the last day would stand in no report, for no other may hold that day."""
    early = desk.make_report(HEAD, SCHOOL_ID, NOON.date() - 30 * DAY, NOON.date())
    clock.forward(2 * DAY)
    with pytest.raises(PolicyRefusedError, match="count the period again"):
        desk.approve_report(HEAD, early.id)
    desk.drop_report(HEAD, early.id)
    whole = desk.make_report(HEAD, SCHOOL_ID, NOON.date() - 30 * DAY, NOON.date())

    assert desk.approve_report(HEAD, whole.id).approved_by == "u-head"


def test_what_was_passed_on_is_not_counted_as_gone_in_time() -> None:
    """§7.4: nobody looks at what was stopped, so nobody can say that it was gone within 24 hours, nor that it was not."""
    closed = [a_case(state=CaseState.CLOSED, stop=True, outcome="passed_on", closed_at=NOON + after) for after in (HOUR, 3 * DAY)]

    assert [(one.met_gross, one.met_net) for one in (tally(CaseParts(case), NOON + 9 * DAY) for case in closed)] == [(None, None)] * 2


def test_the_time_to_the_first_request_is_of_the_countdown_that_runs() -> None:
    """A request from before the reopening does not make the new one look instant."""
    request = a_request("median")
    case = a_case(known_at=NOON + DAY)
    reopened = CaseEvent(
        id=new_id(NOON),
        case_id=case.id,
        number=5,
        at=NOON + DAY,
        by="u-dsl",
        what="moved",
        before=CaseState.CLOSED,
        after=CaseState.TRIAGED,
        fields={"earlier_known_at": NOON.isoformat()},
    )
    sent = [request.model_copy(update={"state": RequestState.SENT, "sent_at": NOON + after}) for after in (HOUR, DAY + 3 * HOUR)]

    assert tally(CaseParts(case, events=[reopened], requests=sent), NOON + 2 * DAY).minutes_to_request == 180
    assert tally(CaseParts(case, events=[reopened], requests=sent[:1]), NOON + 2 * DAY).minutes_to_request is None


@pytest.mark.parametrize(
    ("confidentiality", "action"),
    [
        (Confidentiality.RESTRICTED_DSL, Action.ASK),
        (Confidentiality.RESTRICTED_CHAIR, Action.ASK),
        (Confidentiality.NORMAL, Action.GO),
        (Confidentiality.RESTRICTED_HT, Action.GO),
    ],
)
def test_an_allegation_that_is_marked_as_child_protection_waits_for_a_person(confidentiality: Confidentiality, action: Action) -> None:
    """§8: nothing marked child protection goes before a person was asked, whoever is accused."""
    case = a_case(
        state=CaseState.CLOSED,
        lead_category=Category.STAFF_ALLEGATION,
        confidentiality=confidentiality,
        closed_at=NOON,
        transferred_at=NOON,
        outcome="removed",
    )
    found = case_fate(case, [], [], periods({}), NOON + timedelta(days=RULES[RuleKey.STAFF].days))

    assert (found.rule, found.action) == (RuleKey.STAFF, action)
