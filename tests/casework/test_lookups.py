"""Look-ups and rungs on a real store: what is kept, what a person chooses, what is refused (A21; domain.md §3.4, §5.6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from casework.errors import IllegalMoveError
from casework.ladder import Rung, Standing
from casework.notice import Wording
from casework.service import Casework
from casework.testing import NOON, a_check, a_user, an_evidence, fill
from data.clock import FixedClock
from data.errors import CaseError, PermissionDeniedError
from data.model.care import Investigation, SourceKind
from data.model.cases import Capacity, Case, CaseState, Ground, RequestState, Route, TakedownRequest, Verdict
from data.model.evidence import SafetyAnswer
from data.model.findings import DecisionKind
from data.model.network import ContactScope, NetworkContact, NetworkLookup
from data.model.people import Role
from data.model.readings import Category, Severity
from data.store import Store
from evidence.custody import CustodyDraft

DSL = a_user(Role.DSL)
COMMS = a_user(Role.COMMS_LEAD, user_id="u-comms")
HOST = "forum.example.org"
HOSTING = NetworkContact(
    scope=ContactScope.HOST, name="Hosting abuse", roles=("abuse",), email="abuse@hosting.example", source="https://rdap.example/ip/1"
)
NAMES = NetworkContact(
    scope=ContactScope.REGISTRAR, name="Names", roles=("abuse",), email="abuse@names.example", source="https://rdap.example/d/1"
)
LATE = "The helpline answers on Monday only."


class Scene:
    """A school, a flagged post on a forum, a case with evidence, and its item."""

    def __init__(self, store: Store, clock: FixedClock, severity: Severity = Severity.S2) -> None:
        clock.moment = NOON
        self.store, self.clock, self.desk = store, clock, Casework(store, clock)
        finding = fill(store, DSL, COMMS)
        made = self.desk.decide(DSL, finding.id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, severity, "teacher", "calls names").case
        assert made is not None
        self.case_id = made.id
        self.item_id = self.desk.case(DSL, made.id).items[0].id
        order = self.desk.order_capture(DSL, made.id, self.item_id, SafetyAnswer.NO)
        self.desk.order_started(order.id)
        evidence = an_evidence(made.id, self.item_id, order.id)
        self.desk.evidence_sealed(order.id, evidence, [CustodyDraft(at=NOON, by=DSL.id, evidence_id=evidence.id, what="sealed")])

    @property
    def case(self) -> Case:
        """The case as it is now."""
        return self.desk.case(DSL, self.case_id).case

    def found(self, *contacts: NetworkContact, **changes: object) -> NetworkLookup:
        """Keep a look-up of the forum's host."""
        made = NetworkLookup(
            id="x",
            host=HOST,
            domain="example.org",
            addresses=("93.184.216.34",),
            contacts=contacts,
            looked_by="u",
            looked_at=self.clock.now(),
        )
        return self.desk.keep_lookup(DSL, self.case_id, made.model_copy(update=changes))

    def put(self, state: CaseState) -> None:
        """Put the case into a state, whatever the way there."""
        with self.store.begin("system") as work:
            case = work.cases.get(self.case_id)
            work.cases.change(case.model_copy(update={"state": state, "revision": case.revision + 1}), case.revision)
            work.commit()

    def asked(self, state: RequestState = RequestState.SENT, **changes: object) -> TakedownRequest:
        """Keep a request to the operator that was sent at noon; the case has been asked for."""
        made = TakedownRequest(
            id="r-1",
            case_id=self.case_id,
            item_id=self.item_id,
            state=state,
            ground=Ground.PLATFORM_RULES,
            route=Route.SITE_OPERATOR,
            recipient="them",
            capacity=Capacity.SCHOOL_REPRESENTATIVE,
            notice="site_operator",
            subject="s",
            body="b",
            drafted_by=DSL.id,
            drafted_at=NOON,
            sent_at=NOON,
        )
        with self.store.begin("system") as work:
            work.requests.add(made.model_copy(update=changes))
            work.commit()
        self.put(CaseState.REFUSED if state is RequestState.REFUSED else CaseState.REQUESTED)
        return made

    def climb(self, rung: Rung = Rung.POSH, **changes: object) -> Case:
        """Climb a rung."""
        words = {"recipient": "the helpline", "why": "The operator is silent."} | changes
        return self.desk.escalate(DSL, self.case_id, rung, **words)  # type: ignore[arg-type]


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """A case about a forum's post."""
    return Scene(store, clock)


def test_what_was_found_is_kept_for_thirty_days(scene: Scene) -> None:
    """Used again within 30 days, in any case; afterwards a new look-up is needed. The history says that it was made."""
    assert scene.desk.looked_up(DSL, scene.case_id, scene.item_id) is None
    kept = scene.found(HOSTING)

    assert scene.desk.looked_up(DSL, scene.case_id, scene.item_id) == kept
    assert (kept.looked_by, kept.looked_at) == (DSL.id, NOON)
    event = scene.desk.case(DSL, scene.case_id).events[-1]
    assert (event.what, event.fields["host"], event.fields["contacts"]) == ("looked up", HOST, 1)
    scene.clock.forward(timedelta(days=30))
    assert scene.desk.looked_up(DSL, scene.case_id, scene.item_id) == kept
    scene.clock.forward(timedelta(seconds=1))
    assert scene.desk.looked_up(DSL, scene.case_id, scene.item_id) is None


def test_only_who_may_ask_may_look_up(scene: Scene) -> None:
    """The communications lead may not; nothing is written."""
    before = scene.case.revision
    with pytest.raises(PermissionDeniedError):
        scene.desk.host_to_look_up(COMMS, scene.case_id, scene.item_id)
    with pytest.raises(PermissionDeniedError):
        scene.desk.keep_lookup(COMMS, scene.case_id, NetworkLookup(id="x", host=HOST, domain="d", looked_by="u", looked_at=NOON))
    assert scene.case.revision == before


def test_nothing_of_a_stopped_case_is_looked_up(scene: Scene) -> None:
    """STOP: not even the site's name leaves."""
    with scene.store.begin("system") as work:
        case = work.cases.get(scene.case_id)
        work.cases.change(case.model_copy(update={"stop": True, "revision": case.revision + 1}), case.revision)
        work.commit()
    with pytest.raises(IllegalMoveError, match="nothing about a stopped case leaves"):
        scene.desk.host_to_look_up(DSL, scene.case_id, scene.item_id)


def test_another_cases_item_or_host_is_refused(scene: Scene) -> None:
    """An item or a host that does not belong to the case is named."""
    with pytest.raises(CaseError, match="does not belong to case"):
        scene.desk.host_to_look_up(DSL, scene.case_id, "item-x")
    with pytest.raises(CaseError, match="is not a site of case"):
        scene.found(HOSTING, host="other.example")


def test_a_contact_may_be_entered_by_hand(scene: Scene) -> None:
    """Mail, telephone or form; it joins what was found, and a guess gives way to it. The look-up grows no younger by it."""
    guess = NetworkContact(scope=ContactScope.GUESS, name="a guess", email="abuse@example.org", source="RFC 2142")
    scene.found(guess, HOSTING)
    scene.clock.forward(timedelta(days=29))
    kept = scene.desk.enter_contact(DSL, scene.case_id, scene.item_id, ContactScope.REGISTRAR, " Names ", "https://names.example/abuse")

    assert [one.scope for one in kept.contacts] == [ContactScope.HOST, ContactScope.REGISTRAR]
    assert (kept.contacts[1].link, kept.contacts[1].source, kept.contacts[1].name) == (
        "https://names.example/abuse",
        "entered by hand",
        "Names",
    )
    assert scene.desk.looked_up(DSL, scene.case_id, scene.item_id) == kept
    scene.clock.forward(timedelta(days=1, seconds=1))
    assert scene.desk.looked_up(DSL, scene.case_id, scene.item_id) is None
    again = scene.desk.enter_contact(DSL, scene.case_id, scene.item_id, ContactScope.HOST, "H", "01632 960001")
    assert [one.telephone for one in again.contacts] == ["01632 960001"]
    with pytest.raises(CaseError, match="is empty"):
        scene.desk.enter_contact(DSL, scene.case_id, scene.item_id, ContactScope.HOST, "H", " ")


# A21
def test_a_chosen_contact_stands_first_with_its_letter_filled_in(scene: Scene) -> None:
    """The person chooses; the letter knows domain, address and when it was looked up; a later choice takes its place."""
    other = HOSTING.model_copy(update={"name": "Other desk", "email": "noc@hosting.example"})
    scene.found(HOSTING, other, NAMES)
    scene.desk.choose_contact(DSL, scene.case_id, scene.item_id, HOSTING)
    first = scene.desk.propose(DSL, scene.case_id).proposals[0]

    assert (first.route, first.recipient) == (Route.HOST, "Hosting abuse (abuse@hosting.example)")
    assert first.prefill["domain"] == "example.org"
    assert first.ground in first.grounds
    scene.desk.choose_contact(DSL, scene.case_id, scene.item_id, other)
    scene.desk.choose_contact(DSL, scene.case_id, scene.item_id, NAMES)
    ways = scene.desk.propose(DSL, scene.case_id).proposals
    assert [one.recipient for one in ways[:2]] == ["Other desk (noc@hosting.example)", "Names (abuse@names.example)"]


def test_a_chosen_contact_leaves_the_list_once_it_was_written_to(scene: Scene) -> None:
    """A drafted letter on that way ends the choice."""
    scene.found(HOSTING)
    scene.desk.choose_contact(DSL, scene.case_id, scene.item_id, HOSTING)
    scene.asked(route=Route.HOST)

    assert Route.HOST not in [one.route for one in scene.desk.propose(DSL, scene.case_id).proposals]


def test_a_contact_that_nobody_found_is_refused(scene: Scene) -> None:
    """Also one of a look-up that has grown old."""
    with pytest.raises(CaseError, match="look the site up again"):
        scene.desk.choose_contact(DSL, scene.case_id, scene.item_id, HOSTING)
    scene.found(HOSTING)
    with pytest.raises(CaseError, match="look the site up again"):
        scene.desk.choose_contact(DSL, scene.case_id, scene.item_id, NAMES)
    scene.put(CaseState.HOLD_BY_AUTHORITY)
    with pytest.raises(IllegalMoveError, match="an authority asked"):
        scene.desk.choose_contact(DSL, scene.case_id, scene.item_id, HOSTING)


def test_the_order_of_attack_knows_what_is_recorded(scene: Scene) -> None:
    """The author's group from the investigation, evidence, requests."""
    scene.asked()
    with scene.store.begin("system") as work:
        work.investigations.add(
            Investigation(id="i-1", case_id=scene.case_id, lead=DSL.id, opened_by=DSL.id, opened_at=NOON, source_kind=SourceKind.PARENT)
        )
        work.commit()
    found = scene.desk.propose(DSL, scene.case_id)
    by_number = {step.number: step.standing for step in found.order if step.number in {1, 2, 3}}

    assert by_number == {1: Standing.TAKEN, 2: Standing.DUE, 3: Standing.TAKEN}
    assert found.proposals[0].route is Route.AUTHOR
    assert found.reach.startswith("not published")


def test_harassment_is_no_ground_for_a_single_post(scene: Scene) -> None:
    """The draft is refused in the ground's own words; nothing is written."""
    wording = Wording(what_it_is="A post that calls a teacher names.", rule_breached="Be civil")
    with pytest.raises(CaseError, match="two linked incidents"):
        scene.desk.draft(DSL, scene.case_id, scene.item_id, Route.SITE_OPERATOR, Ground.HARASSMENT, Capacity.SCHOOL_REPRESENTATIVE, wording)
    assert scene.desk.case(DSL, scene.case_id).requests == ()


def test_a_rung_is_climbed_and_recorded(scene: Scene) -> None:
    """State, who, why, when; the second click is told that it was recorded already."""
    scene.asked()
    scene.clock.forward(timedelta(hours=13))
    case = scene.climb()
    event = scene.desk.case(DSL, scene.case_id).events[-1]

    assert case.state is CaseState.ESCALATED
    assert (event.fields["rung"], event.fields["recipient"], event.fields["why"]) == ("posh", "the helpline", "The operator is silent.")
    assert next(one for one in scene.desk.ladder(DSL, scene.case_id) if one.rung is Rung.POSH).standing is Standing.TAKEN
    with pytest.raises(IllegalMoveError, match="recorded already"):
        scene.climb()


def test_a_rung_left_out_needs_its_reason(scene: Scene) -> None:
    """To the host without POSH: refused without a reason, kept with it and shown."""
    scene.asked()
    scene.found(HOSTING)
    scene.clock.forward(timedelta(hours=25))
    with pytest.raises(CaseError, match="leaves out Professionals"):
        scene.climb(Rung.HOST)
    case = scene.climb(Rung.HOST, skip_reason=LATE)
    posh = next(one for one in scene.desk.ladder(DSL, scene.case_id) if one.rung is Rung.POSH)

    assert case.state is CaseState.ESCALATED
    assert (posh.standing, posh.why) == (Standing.SKIPPED, f"left out: {LATE}")
    assert scene.desk.case(DSL, scene.case_id).events[-1].fields["ladder_skip_reason"] == LATE


def test_further_rungs_are_climbed_from_there(scene: Scene) -> None:
    """From escalated to the next one; those beside the ladder change no state."""
    scene.asked(RequestState.REFUSED, decided_at=NOON)
    scene.clock.forward(timedelta(hours=13))
    scene.climb()
    assert scene.climb(Rung.HOST, why="POSH advised it.").state is CaseState.ESCALATED
    assert scene.climb(Rung.LEGAL, why="The teacher asked their union.").state is CaseState.ESCALATED


def test_beside_the_ladder_no_state_changes(scene: Scene) -> None:
    """A union's advice before anybody was asked leaves the case where it is."""
    before = scene.case.state

    assert scene.climb(Rung.LEGAL, why="The teacher asked their union.").state is before


@pytest.mark.parametrize("text", ["", " "])
def test_what_must_be_recorded_is_asked_for(scene: Scene, text: str) -> None:
    """Who and why; no time ahead; no reason of more than ten thousand signs."""
    scene.asked()
    scene.clock.forward(timedelta(hours=13))
    before = scene.case.revision
    for words in (
        {"recipient": text},
        {"why": text},
        {"sent_at": NOON + timedelta(days=3)},
        {"why": "x" * 10_001},
        {"skip_reason": "x" * 10_001},
    ):
        with pytest.raises(CaseError):
            scene.climb(**words)
    assert scene.case.revision == before


def test_locked_rungs_and_hard_stops_refuse(scene: Scene) -> None:
    """RHC before the platform answered, a held case, and a person who may not."""
    scene.asked()
    scene.clock.forward(timedelta(hours=13))
    with pytest.raises(IllegalMoveError, match=r"none of the eight|nobody at the platform"):
        scene.climb(Rung.RHC, skip_reason="Quickly.")
    with pytest.raises(PermissionDeniedError):
        scene.desk.escalate(COMMS, scene.case_id, Rung.POSH, "x", "y")
    scene.put(CaseState.HOLD_BY_AUTHORITY)
    with pytest.raises(IllegalMoveError, match="an authority asked"):
        scene.climb()


def test_before_anybody_was_asked_the_table_refuses(scene: Scene) -> None:
    """A serious case may ask POSH by a request; the state `escalated` needs a request before it."""
    scene.clock.forward(timedelta(hours=13))
    with pytest.raises(IllegalMoveError):
        scene.climb()


def test_after_a_false_claim_the_look_that_found_it_up_is_named(scene: Scene) -> None:
    """They say it is removed, our own look finds it up: the next rung names that look."""
    scene.asked()
    scene.put(CaseState.CLAIMED_REMOVED)
    scene.clock.forward(timedelta(hours=13))
    with pytest.raises(IllegalMoveError, match="found it up"):
        scene.climb()
    with scene.store.begin("system") as work:
        work.checks.add(a_check(Verdict.PRESENT, case_id=scene.case_id, item_id=scene.item_id))
        work.commit()
    assert scene.climb().state is CaseState.ESCALATED


def test_two_people_climb_at_once(scene: Scene) -> None:
    """One of two clicks counts, the other is told."""
    scene.asked()
    scene.clock.forward(timedelta(hours=13))

    def one(_number: int) -> str:
        try:
            scene.climb()
        except CaseError as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(one, range(2)))

    assert said[1] == "done"
    assert "recorded already" in said[0]
    climbs = [event for event in scene.desk.case(DSL, scene.case_id).events if event.after is CaseState.ESCALATED]
    assert len(climbs) == 1
