"""What Schoolwatch refuses to do, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from casework.errors import AdviceMissingError, DecisionRefusedError, IllegalMoveError
from casework.routes import grounds_for
from collector.client import Client
from data.clock import FixedClock
from data.errors import EvidenceError, NotFoundError, PermissionDeniedError
from data.model.cases import Capacity, CaseState, Confidentiality, Ground, Route
from data.model.evidence import OrderState, SafetyAnswer
from data.model.findings import DecisionKind
from data.model.readings import OUTCOMES, Category, Severity
from schoolwatch.round import run_round
from schoolwatch.testing import WORDING, Watched, watched_town


@pytest.fixture
def watched(tmp_path: Path, clock: FixedClock, empty_database: Path) -> Iterator[Watched]:
    """The town after eight hours, everything read."""
    with watched_town(tmp_path / "state", clock, template=empty_database) as one:
        one.forward(hours=8)
        run_round(one.hands)
        yield one


@pytest.mark.parametrize("key", ["lunch-queue", "comment-fair-criticism", "library-petition", "head-must-go"])
def test_fair_criticism_never_reaches_a_takedown(watched: Watched, key: str) -> None:
    """Criticism, petitions and opinions are answered or put aside; no case for removal comes of them."""
    watched.forward(hours=2)
    run_round(watched.hands)
    for finding in watched.findings(key):
        assert finding.lead_category in OUTCOMES
        assert finding.severity <= Severity.S1
        with pytest.raises(DecisionRefusedError, match="answered or put aside, not removed"):
            watched.casework.decide(
                watched.user(), finding.id, DecisionKind.OPEN_CASE, finding.lead_category, Severity.S2, "school", "We dislike it."
            )
    assert all(grounds_for(category) == () for category in OUTCOMES)


def test_criticism_of_the_school_as_a_body_is_no_defamation(watched: Watched) -> None:
    """The school as a body is not defended by removal, whatever the category chosen."""
    finding = watched.findings("comment-fair-criticism")[0]
    with pytest.raises(DecisionRefusedError, match="needs a person"):
        watched.casework.decide(
            watched.user(), finding.id, DecisionKind.OPEN_CASE, Category.DEFAMATION_INDIVIDUAL, Severity.S2, "school", "We dislike it."
        )


def test_a_disclosure_is_not_made_to_go_away_before_advice(watched: Watched) -> None:
    """Where a child may be at risk, nobody is asked for removal before the advice of the authorities is recorded."""
    desk, dsl = watched.casework, watched.user()
    finding = watched.findings("weekend-food")[0]
    decided = desk.decide(
        dsl, finding.id, DecisionKind.SAFEGUARDING, Category.SAFEGUARDING_DISCLOSURE, Severity.S3, "pupil", "A child may be at risk."
    )
    case = decided.case
    assert case is not None
    item = desk.case(dsl, case.id).items[0]
    ask = (case.id, item.id, Route.FEDIVERSE_MODERATORS, Ground.PLATFORM_RULES, Capacity.SCHOOL_REPRESENTATIVE, WORDING)
    desk.order_capture(dsl, case.id, item.id, SafetyAnswer.NO)
    run_round(watched.hands)
    with pytest.raises((AdviceMissingError, IllegalMoveError)):
        desk.draft(dsl, *ask)
    with pytest.raises(IllegalMoveError):
        desk.move(dsl, case.id, CaseState.REQUESTED, {"ground": "x", "route": "y"})

    assert case.state is CaseState.SAFEGUARDING_LEAD
    assert case.confidentiality is Confidentiality.RESTRICTED_DSL
    assert desk.case(dsl, case.id).requests == ()


def test_on_the_stop_route_nothing_is_fetched_stored_or_exported(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an indecent image of a child may be, the address is never asked, no file is written, and nothing leaves the house."""
    desk, dsl = watched.casework, watched.user()
    finding = watched.findings("private-pics")[0]
    asked: list[str] = []
    monkeypatch.setattr(Client, "look", lambda _client, address, **_: asked.append(address))
    monkeypatch.setattr(Client, "get", lambda _client, address, **_: asked.append(address))
    decided = desk.decide(dsl, finding.id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, Severity.S2, "pupil", "Somebody's slip.")
    case = decided.case
    assert case is not None
    item = desk.case(dsl, case.id).items[0]
    order = desk.order_capture(dsl, case.id, item.id, SafetyAnswer.NO)
    with pytest.raises(IllegalMoveError):
        desk.ask_check(dsl, case.id)
    with pytest.raises(EvidenceError):
        watched.desk.safe.pack(dsl, case.id)
    for waiting in desk.orders_waiting():
        pytest.fail(f"order {waiting.id} waits")

    assert finding.stop
    assert (case.stop, case.state, case.severity) == (True, CaseState.SAFEGUARDING_LEAD, Severity.S4)
    assert order.state is OrderState.STOPPED
    assert desk.plan_checks(watched.clock.now()) == ()
    assert asked == []
    assert [path for path in watched.desk.vault.root.rglob("*") if path.is_file()] == []


def test_a_comms_lead_never_sees_what_is_serious(watched: Watched) -> None:
    """Neither in the inbox, nor by search, nor by an address that somebody gave away."""
    desk, comms = watched.casework, watched.user("comms")
    serious = [one for one in watched.findings() if one.severity > Severity.S1]
    case = watched.case_about("trip-money")
    shown = [*desk.inbox(comms, comms.schools()).rows, *desk.search(comms, "money", comms.schools()).rows]
    for finding in serious:
        with pytest.raises(PermissionDeniedError):
            desk.finding(comms, finding.id)
    with pytest.raises(PermissionDeniedError):
        desk.case(comms, case.id)

    assert serious
    assert all(row.finding.severity <= Severity.S1 for row in shown)
    assert desk.search(comms, case.ref, comms.schools()).cases == ()
    assert desk.cases(comms, comms.schools()) == ()


def test_the_head_does_not_judge_a_post_about_the_head(watched: Watched) -> None:
    """A case about the headteacher goes to the chair of governors; for the head it does not exist."""
    desk, head = watched.casework, watched.user("head")
    finding = watched.findings("bramblecote-pileon-1")[0]
    decision = (DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF, Severity.S2, "headteacher", "It is about me.")
    for target in ("headteacher", "staff:bramblecote", "user:head"):
        with pytest.raises(DecisionRefusedError, match="concerns yourself"):
            desk.decide(head, finding.id, *decision[:3], target, decision[4])
    decided = desk.decide(watched.user(), finding.id, *decision)
    with watched.desk.store.read() as work:
        (case,) = work.cases.where()
    with pytest.raises(NotFoundError):
        desk.case(head, case.id)

    assert not decided.visible
    assert case.confidentiality is Confidentiality.RESTRICTED_CHAIR
    assert case.owner_id == "chair"
    assert desk.case(watched.user("chair"), case.id).case == case
    assert desk.cases(head, head.schools()) == ()
