"""A staff member is defamed on a forum whose operator is silent: the host is found by RDAP, asked, and our own checks find the post gone.

# A18 A20 A21: asked within the day, the next party after it, and nobody believed but our own looks.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from casework.checks import ConclusionWord
from casework.ladder import Rung, Standing
from casework.notice import Wording
from casework.service import Casework
from casework.testing import NOON, a_check, a_user, an_evidence, fill
from collector.public_address import Gate
from collector.testing import PUBLIC_ADDRESS, Reply, public_resolver, scripted_client
from data.clock import FixedClock
from data.errors import CaseError
from data.model.cases import Capacity, CaseState, Ground, MissedReason, Route, Verdict
from data.model.evidence import SafetyAnswer
from data.model.findings import DecisionKind
from data.model.people import Role
from data.model.readings import Category, Severity
from data.store import Store
from evidence.custody import CustodyDraft
from schoolwatch.lookup import LookUps

DSL = a_user(Role.DSL)
CARD = ["vcard", [["fn", {}, "text", "Invented Hosting, abuse desk"], ["email", {}, "text", "abuse@hosting.example"]]]
NETWORK = {"objectClassName": "ip network", "name": "INVENTED-HOSTING", "entities": [{"roles": ["abuse"], "vcardArray": CARD}]}
REGISTRIES = {f"https://rdap.db.ripe.net/ip/{PUBLIC_ADDRESS}": Reply(json.dumps(NETWORK))}
WORDS = Wording(
    what_it_is="A post that appears to say a member of staff took money from a fund.",
    rule_breached="Be civil",
    unlawful_nature="It states a grave wrong as a fact about a person who can be recognised; the school found nothing to support it.",
    why_urgent="It is read by pupils and parents.",
)


class Desk:
    """The safeguarding lead's steps in one case."""

    def __init__(self, store: Store, clock: FixedClock, folder: Path) -> None:
        clock.moment = NOON
        self.clock, self.room = clock, Casework(store, clock)
        self.lookups = LookUps(self.room, lambda: scripted_client(REGISTRIES, clock), Gate(resolve=public_resolver), clock, folder / "rdap")
        finding = fill(store, DSL)
        category = Category.DEFAMATION_INDIVIDUAL
        made = self.room.decide(
            DSL, finding.id, DecisionKind.OPEN_CASE, category, Severity.S2, "teacher", "says as a fact that he took money"
        )
        assert made.case is not None
        self.case_id = made.case.id
        self.item_id = self.room.case(DSL, self.case_id).items[0].id

    def capture(self) -> None:
        """Capture the post, as the worker does."""
        order = self.room.order_capture(DSL, self.case_id, self.item_id, SafetyAnswer.NO)
        self.room.order_started(order.id)
        evidence = an_evidence(self.case_id, self.item_id, order.id)
        sealed = CustodyDraft(at=self.clock.now(), by=DSL.id, evidence_id=evidence.id, what="sealed")
        self.room.evidence_sealed(order.id, evidence, [sealed])

    def ask(self, route: Route) -> str:
        """Draft the proposed request on a way, and record it as sent; return who was asked."""
        way = next(one for one in self.room.propose(DSL, self.case_id).proposals if one.route is route)
        start = self.room.start_of(DSL, self.case_id, self.item_id, route)
        wording = Wording(**{**vars(WORDS), "recipient": way.recipient, "details": dict(start.details)})
        capacity, forwarded = Capacity.SCHOOL_REPRESENTATIVE, route is not Route.SITE_OPERATOR
        request = self.room.draft(DSL, self.case_id, self.item_id, route, Ground.PLATFORM_RULES, capacity, wording, forwarded)
        self.room.record_sent(DSL, request.id, reference="T-1", may_be_forwarded=forwarded)
        return request.recipient

    def look(self, verdict: Verdict, slot: str) -> ConclusionWord:
        """Look at the address, as the worker does."""
        check = a_check(verdict, case_id=self.case_id, item_id=self.item_id, slot=slot, id=f"c-{slot}", at=self.clock.now())
        return self.room.check_seen(self.case_id, check).word

    def state(self) -> CaseState:
        """Return where the case is."""
        return self.room.case(DSL, self.case_id).case.state


@pytest.fixture
def desk(store: Store, clock: FixedClock, tmp_path: Path) -> Desk:
    """A case about a forum's post."""
    return Desk(store, clock, tmp_path)


def test_operator_silent_host_found_removed_verified(desk: Desk) -> None:
    """Operator at once, helpline skipped with a reason, host after a day, gone by two of our own looks, closed with a missed target."""
    desk.capture()
    assert desk.ask(Route.SITE_OPERATOR).startswith("the operator of")
    desk.clock.forward(timedelta(hours=25))
    assert desk.look(Verdict.PRESENT, "day") is ConclusionWord.UP

    desk.lookups.begin(DSL, desk.case_id, desk.item_id)
    desk.lookups.wait(20)
    found = desk.room.looked_up(DSL, desk.case_id, desk.item_id)
    assert found is not None
    assert found.network == "INVENTED-HOSTING"
    assert desk.ask(Route.HOST) == "Invented Hosting, abuse desk (abuse@hosting.example)"

    words = ("Invented Hosting, abuse desk", "The operator has been silent for a day.")
    with pytest.raises(CaseError, match="leaves out Professionals"):
        desk.room.escalate(DSL, desk.case_id, Rung.HOST, *words)
    desk.room.escalate(DSL, desk.case_id, Rung.HOST, *words, skip_reason="The helpline is closed until Monday.")
    assert desk.state() is CaseState.ESCALATED
    rungs = {one.rung: one.standing for one in desk.room.ladder(DSL, desk.case_id)}
    assert (rungs[Rung.HOST], rungs[Rung.POSH], rungs[Rung.CDN]) == (Standing.TAKEN, Standing.SKIPPED, Standing.NOT_HERE)

    desk.room.claimed(DSL, desk.case_id, "the host")
    assert desk.state() is CaseState.CLAIMED_REMOVED
    desk.clock.forward(timedelta(hours=2))
    assert desk.look(Verdict.REMOVED_UNKNOWN, "one") is ConclusionWord.GONE_ONCE
    assert desk.state() is CaseState.CLAIMED_REMOVED
    desk.clock.forward(timedelta(minutes=20))
    assert desk.look(Verdict.REMOVED_UNKNOWN, "two") is ConclusionWord.VERIFIED
    assert desk.state() is CaseState.VERIFIED_REMOVED

    closed = desk.room.close(
        DSL,
        desk.case_id,
        "removed",
        "Look the host up on the first day.",
        "A talk with the union.",
        missed_reason=MissedReason.PLATFORM_SLOW,
        missed_note="The operator never answered.",
    )
    assert closed.state is CaseState.CLOSED
    assert desk.room.ladder(DSL, desk.case_id) == ()
    history = [event.fields.get("rung") for event in desk.room.case(DSL, desk.case_id).events if event.after is CaseState.ESCALATED]
    assert history == ["host"]
