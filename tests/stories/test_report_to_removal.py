"""A member of staff reports an address that no collector knows; it is gone before anyone was asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from casework.errors import ReportRefusedError, UnknownCodeError
from casework.intake import ReportForm
from data.clock import FixedClock
from data.model.cases import CaseState
from data.model.findings import DecisionKind, ReportTick, Wish
from data.model.readings import Category, Severity
from schoolwatch.demo.posts import Place, TownPost
from schoolwatch.round import run_round
from schoolwatch.testing import watched_town

SAYS = "Somebody writes that a teacher took money. A colleague showed it to me."
# Nobody watches this post: it names no school, so no source of the social network brings it in.
UNSEEN = TownPost(
    key="unseen",
    place=Place.SOCIAL,
    after=timedelta(0),
    author="grumblegate",
    label="defamation_individual",
    text="He took the money himself. Fact.",
    deleted_after=timedelta(hours=5),
)


def test_from_a_report_to_gone_before_anyone_asked(tmp_path: Path, clock: FixedClock, empty_database: Path) -> None:
    """Told by word of mouth two hours ago: the 24 hours count from then; the author is quicker than any request."""
    with watched_town(tmp_path / "state", clock, template=empty_database, posts=[UNSEEN]) as watched:
        desk, dsl = watched.casework, watched.user()
        watched.forward(hours=3)
        run_round(watched.hands)
        told = clock.now() - timedelta(hours=2)
        address = watched.address("unseen")

        assert address not in {post.permalink for post in watched.posts()}

        # The form behind the school's code needs no account; it says what is missing.
        form = ReportForm(says=SAYS, address=address, ticks=(ReportTick.INACCURATE,), wish=Wish.REMOVE, reported_at=told)
        with pytest.raises(UnknownCodeError):
            desk.report("no such code", form)
        with pytest.raises(ReportRefusedError, match="why the time is earlier"):
            desk.report("fernley-report", form)
        report = desk.report("fernley-report", replace(form, backdated_reason="told by word of mouth"))

        assert report.receipt
        assert (report.reported_at, report.received_at) == (told, clock.now())

        # It stands in the inbox like any other, and a person makes it a case: the clock runs from when the school was told.
        (row,) = desk.inbox(dsl, dsl.schools()).rows
        decided = desk.decide(
            dsl, row.finding.id, DecisionKind.OPEN_CASE, Category.DEFAMATION_INDIVIDUAL, Severity.S2, "teacher", "A false fact."
        )

        assert row.report == report
        assert row.finding.seen_at == told
        assert decided.case is not None
        assert decided.case.known_at == told
        assert desk.case(dsl, decided.case.id).items[0].address == address

        # Evidence is captured while it is there; then its author deletes it, before anyone was asked.
        case = decided.case
        watched.order(case)
        run_round(watched.hands)
        captured = desk.case(dsl, case.id)
        watched.forward(hours=2.5)
        desk.ask_check(dsl, case.id)
        run_round(watched.hands)
        watched.forward(minutes=16)
        run_round(watched.hands)
        file = desk.case(dsl, case.id)

        assert captured.case.state is CaseState.EVIDENCE_CAPTURED
        assert "gone before anyone was asked" in file.next_step.text
        assert file.requests == ()

        # A person records it; the machine alone does not.
        assert file.case.state is CaseState.EVIDENCE_CAPTURED
        gone = desk.move(dsl, case.id, CaseState.VERIFIED_REMOVED, {})
        closed = desk.close(
            dsl, case.id, "gone_before_request", "The author thought again.", "Colleague spoken to", reporter_reply="It is gone."
        )

        assert gone.outcome == closed.outcome == "gone_before_request"
        assert closed.state is CaseState.CLOSED
