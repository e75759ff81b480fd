"""One post travels the whole way: polled, flagged, judged, captured, reported, found gone twice, closed, handed over as a pack."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from casework.checks import APART
from data.clock import FixedClock
from data.model.cases import CaseState, RequestState, StandingWord, Verdict, VerdictGroup
from data.model.evidence import OrderState
from data.model.readings import Category, Severity
from evidence.verify import Colour, verify
from schoolwatch.round import run_round
from schoolwatch.testing import watched_town


def test_from_a_poll_to_a_verified_removal(tmp_path: Path, clock: FixedClock, empty_database: Path) -> None:  # noqa: PLR0915 - a story
    """A false accusation comes in by polling and is gone, verified by our own looks, within the 24 hours."""
    with watched_town(tmp_path / "state", clock, template=empty_database) as watched:
        desk, dsl = watched.casework, watched.user()

        # A minute after it was written, a round brings it into the inbox, with words that a person can follow.
        watched.forward(minutes=1)
        run_round(watched.hands)
        (finding,) = watched.findings("trip-money")

        assert finding.id in {row.finding.id for row in desk.inbox(dsl, dsl.schools()).rows}
        assert finding.lead_category is Category.DEFAMATION_INDIVIDUAL
        assert finding.severity >= Severity.S2
        assert finding.reasons
        assert all(reason.startswith(("may", "possible", "appears")) for reason in finding.reasons)

        # A person makes it a case: the clock of 24 hours runs.
        case = watched.case_about("trip-money")

        assert (case.ref, case.state, case.known_at) == ("SW-2026-0001", CaseState.TRIAGED, clock.now())

        # Evidence comes before anyone is asked.
        order = watched.order(case)
        watched.forward(minutes=2)
        run_round(watched.hands)
        file = desk.case(dsl, case.id)

        assert [one.state for one in file.orders if one.id == order.id] == [OrderState.DONE]
        assert file.case.state is CaseState.EVIDENCE_CAPTURED

        # A request is drafted, sent by the person, and recorded.
        request = watched.ask(case)

        assert request.state is RequestState.SENT
        assert watched.address("trip-money") in request.body
        assert desk.case(dsl, case.id).case.state is CaseState.REQUESTED

        # An hour later it is still up; five hours later the moderator took it down; one look is not enough.
        looks = []
        for hours in (1.1, 3.0, 1.5):
            watched.forward(hours=hours)
            desk.ask_check(dsl, case.id)
            run_round(watched.hands)
            looks.append(desk.case(dsl, case.id))

        assert [one.checks[-1].verdict.group for one in looks] == [VerdictGroup.UP, VerdictGroup.UP, VerdictGroup.GONE]
        assert looks[-1].case.state is CaseState.REQUESTED

        # A quarter of an hour later a second look agrees.
        watched.forward(minutes=16)
        run_round(watched.hands)
        file = desk.case(dsl, case.id)
        gone = [check for check in file.checks if check.verdict.group is VerdictGroup.GONE]

        assert file.case.state is CaseState.VERIFIED_REMOVED
        assert gone[0].verdict is Verdict.REMOVED_UNKNOWN
        assert gone[1].at - gone[0].at >= APART
        assert file.case.gone_observed_at == gone[0].at
        assert file.standing.word is StandingWord.MET

        # Closed with what was learned; the pack can be checked by anyone.
        desk.close(dsl, case.id, "removed", "The report reached us at once.", "Line manager")
        name, content = watched.desk.safe.pack(dsl, case.id)
        (tmp_path / name).write_bytes(content)

        assert desk.case(dsl, case.id).case.state is CaseState.CLOSED
        assert verify(tmp_path / name).colour in {Colour.GREEN, Colour.AMBER}
        assert [reminder.key for reminder in desk.case(dsl, case.id).reminders] == ["removal+4h"]

        # The days after, our looks go on, and it stays gone.
        watched.forward(hours=25)
        run_round(watched.hands)
        last = desk.case(dsl, case.id).checks[-1]

        assert last.slot.startswith("after-verified+24h")
        assert last.verdict.group is VerdictGroup.GONE
        assert last.at - gone[1].at >= timedelta(hours=24)
        with watched.desk.store.read() as work:
            work.audit.verify()
