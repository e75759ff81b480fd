"""The ladder of escalation: which rung is due, open, locked, taken or left out (domain.md §5.6; policy A21)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.errors import IllegalMoveError
from casework.ladder import LADDER, RUNG_LABELS, STANDING_LABELS, Around, Rung, RungState, Standing, climb, jumped, rungs
from casework.testing import NOON, a_case
from data.errors import CaseError
from data.model.care import Referral, ReferralBody
from data.model.cases import ENDED, Capacity, Case, CaseEvent, CaseState, Ground, RequestState, Route, TakedownRequest
from data.model.network import ContactScope
from data.model.readings import Category, Severity

BULLIED = a_case(lead_category=Category.HARASSMENT_STAFF, target="teacher", severity=Severity.S2, state=CaseState.REQUESTED)
ALONE = Around(standalone=True, host="forum.fernley.example")
ALL_SCOPES = frozenset({ContactScope.HOST, ContactScope.CDN, ContactScope.REGISTRAR})


def asked(route: Route = Route.PLATFORM_FORM, at: datetime = NOON, **changes: object) -> TakedownRequest:
    """Return a request that was sent."""
    made = TakedownRequest(
        id=f"r-{route.value}",
        case_id="case-1",
        item_id="item-1",
        state=RequestState.SENT,
        ground=Ground.PLATFORM_RULES,
        route=route,
        recipient="them",
        capacity=Capacity.SCHOOL_REPRESENTATIVE,
        notice=route.value,
        subject="s",
        body="b",
        drafted_by="u-dsl",
        drafted_at=at,
        sent_at=at,
    )
    return made.model_copy(update=changes)


def climbed(rung: Rung, at: datetime = NOON, **fields: object) -> CaseEvent:
    """Return the line of history of a climb."""
    return CaseEvent(
        id=f"e-{rung.value}", case_id="case-1", number=2, at=at, by="u-dsl", what="escalated", fields={"rung": rung.value} | fields
    )


def told(body: ReferralBody, at: datetime | None = NOON) -> Referral:
    """Return a referral."""
    return Referral(id="ref", case_id="case-1", body=body, why="w", opened_by="u-head", opened_at=NOON, made_at=at)


def state(rung: Rung, case: Case = BULLIED, hours: float = 0, requests: tuple[TakedownRequest, ...] = (), **more: object) -> RungState:
    """Return how one rung stands so many hours after noon."""
    found = rungs(case, requests, more.get("events", ()), NOON + timedelta(hours=hours), more.get("around", ALONE))  # type: ignore[arg-type]
    return next(one for one in found if one.rung is rung)


def test_every_rung_has_its_words() -> None:
    """Labels for rungs and standings; each says why it stands so."""
    assert set(RUNG_LABELS) == set(Rung)
    assert set(STANDING_LABELS) == set(Standing)
    assert all(one.why and one.label for one in rungs(BULLIED, (), (), NOON, ALONE))


@pytest.mark.parametrize(
    ("severity", "hours", "standing"),
    [
        (Severity.S2, 0, Standing.LATER),
        (Severity.S2, 11.99, Standing.LATER),
        (Severity.S2, 12, Standing.DUE),
        (Severity.S3, 0, Standing.DUE),
        (Severity.S4, 0, Standing.DUE),
    ],
)
def test_posh_after_twelve_hours_or_at_once(severity: Severity, hours: float, standing: Standing) -> None:
    """§5.6, second row."""
    assert state(Rung.POSH, BULLIED.model_copy(update={"severity": severity}), hours).standing is standing


@pytest.mark.parametrize(
    ("requests", "hours", "standing"),
    [
        ((), 24 * 30, Standing.LOCKED),
        ((asked(state=RequestState.DRAFT, sent_at=None),), 24 * 30, Standing.LOCKED),
        ((asked(),), 24 * 7 - 1, Standing.LOCKED),
        ((asked(),), 24 * 7, Standing.DUE),
        ((asked(state=RequestState.REFUSED, decided_at=NOON + timedelta(hours=3)),), 2, Standing.LOCKED),
        ((asked(state=RequestState.REFUSED, decided_at=NOON + timedelta(hours=3)),), 3, Standing.DUE),
        ((asked(state=RequestState.REFUSED),), 0, Standing.DUE),
        ((asked(Route.SITE_OPERATOR),), 24 * 8, Standing.LOCKED),
    ],
)
@pytest.mark.parametrize("rung", [Rung.RHC, Rung.APPEAL, Rung.DUTIES_COMPLAINT, Rung.OFCOM])
def test_rhc_and_appeals_need_the_platforms_answer_or_a_weeks_silence(
    rung: Rung, requests: tuple[TakedownRequest, ...], hours: float, standing: Standing
) -> None:
    """§5.6, third row: locked before; a site's operator is no platform."""
    assert state(rung, BULLIED, hours, requests).standing is standing


def test_rhc_takes_eight_kinds_only() -> None:
    """A defamation or a child's data is none of them."""
    for category in (Category.DEFAMATION_INDIVIDUAL, Category.PUPIL_PERSONAL_DATA, Category.GROOMING):
        assert state(Rung.RHC, a_case(lead_category=category), 24 * 9, (asked(),)).standing is Standing.NOT_HERE


# A21: host, CDN, registrar after a day or a refusal
@pytest.mark.parametrize("rung", [Rung.HOST, Rung.CDN, Rung.REGISTRAR])
def test_host_cdn_and_registrar_after_a_day_or_a_refusal(rung: Rung) -> None:
    """For sites that stand alone at 24 hours; elsewhere once those who run the place refused."""
    refused = asked(Route.SITE_OPERATOR, state=RequestState.REFUSED, decided_at=NOON + timedelta(hours=2))

    assert state(rung, BULLIED, 23.99).standing is Standing.LATER
    assert state(rung, BULLIED, 24).standing is Standing.DUE
    assert state(rung, BULLIED, 3, (refused,)).standing is Standing.DUE
    assert state(rung, BULLIED, 48, around=Around(standalone=False)).standing is Standing.LOCKED
    assert state(rung, BULLIED, 48, (refused,), around=Around(standalone=False)).standing is Standing.DUE
    big = Around(own_host="Example is its own host")
    assert (state(rung, BULLIED, 48, around=big).standing, state(rung, BULLIED, 48, around=big).why) == (
        Standing.NOT_HERE,
        "Example is its own host",
    )


def test_what_the_look_up_did_not_find_is_not_asked() -> None:
    """Without a CDN in front of the site that rung makes no sense; before a look-up nobody knows."""
    found = Around(standalone=True, scopes=frozenset({ContactScope.HOST}))

    assert state(Rung.CDN, BULLIED, 24, around=found).standing is Standing.NOT_HERE
    assert state(Rung.HOST, BULLIED, 24, around=found).standing is Standing.DUE
    assert state(Rung.CDN, BULLIED, 24).standing is Standing.DUE


def test_life_and_children_come_first() -> None:
    """S4 and every safeguarding matter: 999, LADO, social care, CEOP or IWF before everything else."""
    grave = BULLIED.model_copy(update={"severity": Severity.S4})

    assert state(Rung.EMERGENCY, grave).standing is Standing.DUE
    assert state(Rung.EMERGENCY, a_case(lead_category=Category.GROOMING)).standing is Standing.DUE
    assert state(Rung.EMERGENCY, BULLIED).standing is Standing.NOT_HERE
    assert state(Rung.EMERGENCY, grave, around=Around(referrals=(told(ReferralBody.POLICE),))).standing is Standing.TAKEN
    assert state(Rung.EMERGENCY, grave, around=Around(referrals=(told(ReferralBody.POLICE, None),))).standing is Standing.DUE
    assert state(Rung.EMERGENCY, grave.model_copy(update={"advice_recorded_at": NOON})).standing is Standing.TAKEN


def test_personal_data_goes_to_whoever_holds_it_then_to_the_ico() -> None:
    """Erasure at once; the Commissioner after the answer, or a month."""
    child = a_case(lead_category=Category.PUPIL_PERSONAL_DATA, target="pupil")
    erasure = asked(Route.GDPR_ERASURE)
    answered = asked(Route.GDPR_ERASURE, state=RequestState.REFUSED, decided_at=NOON + timedelta(days=2))

    assert state(Rung.ERASURE, child).standing is Standing.OPEN
    assert state(Rung.ERASURE, BULLIED).standing is Standing.NOT_HERE
    assert state(Rung.ERASURE, child, 1, (erasure,)).standing is Standing.TAKEN
    assert state(Rung.ICO, child).standing is Standing.LOCKED
    assert state(Rung.ICO, child, 24 * 29, (erasure,)).standing is Standing.LOCKED
    assert state(Rung.ICO, child, 24 * 30, (erasure,)).standing is Standing.DUE
    assert state(Rung.ICO, child, 24 * 2, (answered,)).standing is Standing.DUE


def test_a_solicitor_is_for_a_person_not_for_the_school() -> None:
    """Union or solicitor, where a person is concerned and wants it."""
    assert state(Rung.LEGAL).standing is Standing.OPEN
    assert state(Rung.LEGAL, a_case(target="school")).standing is Standing.NOT_HERE


def test_the_registry_of_uk_listens_to_the_police() -> None:
    """Only under .uk, only crimes, only the police."""
    uk = Around(standalone=True, host="fernley-gossip.co.uk")

    assert state(Rung.REGISTRY).standing is Standing.NOT_HERE
    assert state(Rung.REGISTRY, around=uk).standing is Standing.LOCKED
    with_police = Around(standalone=True, host=uk.host, referrals=(told(ReferralBody.POLICE),))
    assert state(Rung.REGISTRY, around=with_police).standing is Standing.OPEN


@pytest.mark.parametrize("over", sorted(ENDED | {CaseState.VERIFIED_REMOVED, CaseState.VERIFIED_AMENDED}))
def test_a_case_that_is_over_has_no_rungs(over: CaseState) -> None:
    """Nobody is asked any more, and nothing can be climbed."""
    case = BULLIED.model_copy(update={"state": over})

    assert rungs(case, (), (), NOON) == ()
    with pytest.raises(IllegalMoveError, match="the case is over"):
        climb(case, (), Rung.POSH, "because")


def test_what_was_climbed_is_taken() -> None:
    """By hand, by a request on that way, or by a referral."""
    assert state(Rung.POSH, events=(climbed(Rung.POSH),)).standing is Standing.TAKEN
    assert state(Rung.POSH, BULLIED, 1, (asked(Route.POSH),)).standing is Standing.TAKEN
    assert state(Rung.POSH, around=Around(referrals=(told(ReferralBody.POSH),))).standing is Standing.TAKEN
    moved = climbed(Rung.HOST).model_copy(update={"what": "moved", "after": CaseState.ESCALATED})
    assert state(Rung.HOST, events=(moved,)).standing is Standing.TAKEN


def test_a_reopened_case_begins_anew() -> None:
    """What was climbed and asked before the present countdown began does not count for it."""
    reopened = BULLIED.model_copy(update={"known_at": NOON + timedelta(days=20)})
    before = (asked(), asked(Route.POSH))

    assert state(Rung.POSH, reopened, 24 * 20, before, events=(climbed(Rung.POSH),)).standing is Standing.LATER
    assert state(Rung.RHC, reopened, 24 * 28, before).standing is Standing.LOCKED


def test_a_rung_that_is_left_out_needs_a_reason() -> None:
    """§5.6: jumping from a silent operator to the host leaves out POSH."""
    found = rungs(BULLIED, (), (), NOON + timedelta(hours=25), ALONE)

    assert jumped(found, Rung.HOST) == (Rung.POSH,)
    with pytest.raises(CaseError, match="leaves out Professionals Online Safety Helpline"):
        climb(BULLIED, found, Rung.HOST, " ")
    assert climb(BULLIED, found, Rung.HOST, "It is Saturday and nobody answers there.") == (Rung.POSH,)
    assert climb(BULLIED, found, Rung.POSH, "") == ()


def test_too_early_needs_a_reason() -> None:
    """A rung whose time has not come may be climbed with a reason, a locked one not at all."""
    found = rungs(BULLIED, (), (), NOON, ALONE)

    with pytest.raises(CaseError, match="not its time yet"):
        climb(BULLIED, found, Rung.POSH, "")
    assert climb(BULLIED, found, Rung.POSH, "The post spreads quickly.") == ()
    for rung in (Rung.RHC, Rung.ICO, Rung.EMERGENCY):
        with pytest.raises(IllegalMoveError):
            climb(BULLIED, found, rung, "Because.")


def test_what_was_left_out_is_shown_with_its_reason() -> None:
    """The climb that jumped it says why; without a reason it stays due."""
    jump = climbed(Rung.HOST, NOON + timedelta(hours=25), ladder_skip_reason="Closed on Saturdays.", skipped="posh,rhc")
    silent = climbed(Rung.HOST, NOON + timedelta(hours=25))
    left_out = state(Rung.POSH, BULLIED, 26, events=(jump,))

    assert (left_out.standing, left_out.why) == (Standing.SKIPPED, "left out: Closed on Saturdays.")
    assert state(Rung.POSH, BULLIED, 26, events=(silent,)).standing is Standing.DUE


def test_rungs_beside_the_ladder_are_never_jumped() -> None:
    """Appeals, erasure, Ofcom, a solicitor stand beside it."""
    found = rungs(BULLIED, (asked(state=RequestState.REFUSED),), (), NOON + timedelta(days=9), ALONE)

    assert set(jumped(found, Rung.REGISTRAR)) <= set(LADDER)
    assert jumped(found, Rung.OFCOM) == ()


@settings(max_examples=400)
@given(
    category=st.sampled_from(Category),
    severity=st.sampled_from(Severity),
    open_state=st.sampled_from(sorted(set(CaseState) - ENDED)),
    hours=st.integers(0, 24 * 60),
    sent=st.lists(st.tuples(st.sampled_from(Route), st.sampled_from(RequestState), st.integers(0, 24 * 20)), max_size=4),
    alone=st.booleans(),
    scopes=st.none() | st.frozensets(st.sampled_from(ContactScope)),
    to=st.sampled_from(Rung),
)
def test_time_never_takes_a_rung_away(  # noqa: PLR0917 - what a ladder depends on
    category: Category,
    severity: Severity,
    open_state: CaseState,
    hours: int,
    sent: list[tuple[Route, RequestState, int]],
    alone: bool,
    scopes: frozenset[ContactScope] | None,
    to: Rung,
) -> None:
    """What is due stays due a day later; each rung stands once; a climb leaves out only what was due, and only with a reason."""
    case = a_case(lead_category=category, severity=severity, state=open_state, target="teacher")
    requests = [asked(route, NOON + timedelta(hours=later), state=how) for route, how, later in sent]
    around = Around(standalone=alone, scopes=scopes)
    now = NOON + timedelta(hours=hours)
    found = rungs(case, requests, (), now, around)
    later = {one.rung: one.standing for one in rungs(case, requests, (), now + timedelta(days=1), around)}

    assert [one.rung for one in found] in ([], list(Rung))
    assert all(later[one.rung] is Standing.DUE for one in found if one.standing is Standing.DUE)
    try:
        left_out = climb(case, found, to, "")
    except CaseError:
        return
    assert left_out == ()
