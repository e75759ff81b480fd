"""Looks as the worker makes them, on a real desk with a scripted network: silence, a site that asks for a rest, posts that come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from casework.checks import PlannedCheck
from collector.testing import Reply, ScriptedTransport, Step, scripted_client
from data.clock import FixedClock
from data.model.cases import Capacity, Case, CaseState, Verdict
from data.model.copies import CopyState, FoundCopy
from data.model.evidence import SafetyAnswer
from data.model.findings import DecisionKind
from data.model.posts import PlatformName, SeenPost
from data.model.readings import Category, Severity
from schoolwatch import jobs
from schoolwatch import round as one_round
from schoolwatch.demo.watchlist import FERNLEY
from schoolwatch.round import Hands
from schoolwatch.testing import WORDING, Watched, watched_town

ADDRESS = "https://forum.example/t/9"
TEXT = (
    "Mr Quillbrook at Fernley Green Primary School stole the trip money and hid it in a red tin behind the stage. He is a thief, fact, "
    "and all of the parents in the town must be told what he did."
)
HOUR = timedelta(hours=1)
PAGE = {"content-type": "text/html"}
LOST = Reply("down for repair", 503, {"retry-after": str(6 * 3600)})


@pytest.fixture
def watched(tmp_path: Path, clock: FixedClock, empty_database: Path) -> Iterator[Watched]:
    """A desk; what stands in the town does not matter here."""
    with watched_town(tmp_path / "state", clock, template=empty_database, posts=()) as one:
        yield one


def network(watched: Watched, *steps: Step) -> tuple[Hands, ScriptedTransport]:
    """Return hands whose network knows one page."""
    transport = ScriptedTransport({ADDRESS: list(steps)})
    return replace(watched.hands, client=scripted_client(transport, watched.clock)), transport


def asked_away(watched: Watched) -> Case:
    """A case about one forum post, captured by a recorded reason, and a request recorded as sent."""
    post = SeenPost(platform=PlatformName.FORUM, native_id="9", permalink=ADDRESS, author_handle="@bo@forum.example", text=TEXT)
    collect(watched, post)
    finding = next(one for one in watched.findings() if one.platform is PlatformName.FORUM)
    room, dsl = watched.casework, watched.user()
    decided = room.decide(dsl, finding.id, DecisionKind.OPEN_CASE, Category.DEFAMATION_INDIVIDUAL, Severity.S2, "teacher", "as a fact")
    assert decided.case is not None
    room.no_capture(dsl, decided.case.id, "the browser is being mended")
    first = room.propose(dsl, decided.case.id).proposals[0]
    request = room.draft(dsl, decided.case.id, first.item_id, first.route, first.ground, Capacity.SCHOOL_REPRESENTATIVE, WORDING)
    room.record_sent(dsl, request.id, reference="T-1")
    return decided.case


def collect(watched: Watched, *posts: SeenPost) -> None:
    """Posts come in and are read as the worker reads them."""
    with watched.desk.store.begin("system") as work:
        work.posts.keep(list(posts), source_id=None, seen_at=watched.clock.now())
        work.commit()
    while one_round.read_posts(watched.hands):
        pass


def planned(watched: Watched, case: Case) -> PlannedCheck:
    """The next look at the case's item."""
    return next(one for one in watched.casework.next_checks(watched.clock.now()) if one.case_id == case.id)


def look(watched: Watched, hands: Hands, case: Case) -> Verdict:
    """Let the clock run to the next look and make it."""
    one = planned(watched, case)
    watched.forward(seconds=max(0.0, (one.due_at - watched.clock.now()).total_seconds()))
    return one_round.look_again(hands, one).verdict


def test_a_site_that_asks_for_a_rest_gets_it(watched: Watched) -> None:
    """503 with `Retry-After`: nothing is sent before that time, whatever the schedule and a person's wish say; then it is asked once."""
    case = asked_away(watched)
    hands, transport = network(watched, LOST, Reply("gone", 404, PAGE))
    first = look(watched, hands, case)
    until = watched.clock.now() + 6 * HOUR
    watched.casework.ask_check(watched.user(), case.id)
    after = planned(watched, case)
    watched.forward(hours=3)
    nothing = watched.casework.plan_checks(watched.clock.now())
    second = look(watched, hands, case)

    assert (first, after.due_at, nothing, second) == (Verdict.UNREACHABLE, until, (), Verdict.REMOVED_UNKNOWN)
    assert (watched.clock.now(), len(transport.asked)) == (until, 2)


def test_a_dead_site_is_never_gone(watched: Watched) -> None:
    """A week without any answer: looks grow apart and end, the case stays open, its countdown runs (A20)."""
    case = asked_away(watched)
    hands, transport = network(watched, httpx.ConnectError("nobody there"))
    verdicts = []
    while any(one.case_id == case.id for one in watched.casework.next_checks(watched.clock.now())):
        verdicts.append(look(watched, hands, case))
    file = watched.casework.case(watched.user(), case.id)

    assert set(verdicts) == {Verdict.UNREACHABLE}
    assert len(verdicts) == len(transport.asked) <= 16
    assert (file.case.state, file.case.gone_observed_at) == (CaseState.REQUESTED, None)
    assert file.standing.stopped_at is None


def test_a_claim_does_not_stop_the_looks(watched: Watched) -> None:
    """They say that it is removed; our look finds it up, the claim is noted as wrong and the countdown has never stopped (A20)."""
    case = asked_away(watched)
    watched.casework.claimed(watched.user(), case.id, "the moderator")
    hands, _ = network(watched, Reply(f"<p>{TEXT}</p>", headers=PAGE))
    verdict = look(watched, hands, case)
    file = watched.casework.case(watched.user(), case.id)

    assert (verdict, file.case.state, file.standing.stopped_at) == (Verdict.PRESENT, CaseState.REQUESTED, None)


def test_the_engine_asks_the_case_again_before_it_looks(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that wakes up for a look that was put off since makes none; when the time has come it does, once."""
    case = asked_away(watched)
    hands, transport = network(watched, LOST, Reply("gone", 404, PAGE))
    monkeypatch.setattr(jobs, "_hands", hands)
    fourth = planned(watched, case).due_at + 3 * HOUR
    look(watched, hands, case)
    watched.forward(hours=3)
    slot = f"after-request+4h@{fourth - 4 * HOUR:%Y%m%dT%H%M%S}"
    item = planned(watched, case).item_id
    early = jobs._look(case.id, item, slot, fourth.isoformat())
    due = planned(watched, case)
    watched.forward(hours=3)
    late = [jobs._look(case.id, item, due.slot, due.due_at.isoformat()) for _ in range(2)]

    assert (early, late) == ("no longer wanted", ["removed_unknown", "no longer wanted"])
    assert len(transport.asked) == 2


def test_the_round_finds_what_comes_back(watched: Watched) -> None:
    """Removed and verified; then the same account posts it again, and somebody else quotes it: a linked case, and a question."""
    case = asked_away(watched)
    hands, _ = network(watched, Reply("gone", 404, PAGE))
    for _ in range(2):
        look(watched, hands, case)
    before = watched.casework.case(watched.user(), case.id).case
    watched.forward(hours=5)
    again = SeenPost(
        platform=PlatformName.FORUM, native_id="10", permalink="https://forum.example/t/10", author_handle="@bo@forum.example", text=TEXT
    )
    quoted = again.model_copy(
        update={
            "native_id": "11",
            "permalink": "https://forum.example/t/11",
            "author_handle": "@ann@forum.example",
            "text": f"Shame: {TEXT}",
        }
    )
    collect(watched, quoted)
    collect(watched, again)
    with watched.desk.store.read() as work:
        copies: list[FoundCopy] = work.copies.where(case_id=case.id)
        linked = work.cases.where(reuploaded_from=case.id)

    assert before.state is CaseState.VERIFIED_REMOVED
    assert {(one.state, one.same_author) for one in copies} == {(CopyState.PROPOSED, False), (CopyState.LINKED, True)}
    assert [(one.severity, one.known_at, one.school_id) for one in linked] == [(Severity.S3, watched.clock.now(), FERNLEY)]


def test_nothing_is_compared_with_a_stopped_case(watched: Watched) -> None:
    """Once a case was stopped its prints lead nowhere (evidence.md §8)."""
    case = asked_away(watched)
    item = watched.casework.case(watched.user(), case.id).items[0]
    watched.casework.order_capture(watched.user(), case.id, item.id, SafetyAnswer.YES)
    collect(watched, SeenPost(platform=PlatformName.FORUM, native_id="12", permalink="https://forum.example/t/12", text=TEXT))
    with watched.desk.store.read() as work:
        assert work.copies.count() == 0
