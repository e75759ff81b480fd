"""Time stamps asked for: given, late, wrong in every way, asked again; and what two processes write into the register at once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from casework import time_stamps
from casework.testing import NOON, a_school, a_user, keep_case, two_writers
from data.clock import Clock, FixedClock, SystemClock
from data.errors import CaseError
from data.model.cases import Case
from data.model.evidence import Evidence, SealToken, TokenState
from data.model.people import Role, User
from evidence import custody
from evidence.local_authority import Trouble
from evidence.testing import LocalAuthority, an_order, fake_capture
from evidence.timestamp import Authority
from schoolwatch import proving
from schoolwatch.desk import Desk, build_desk
from schoolwatch.jobs import Worker
from schoolwatch.round import Hands
from schoolwatch.settings import Demo, Settings

DSL = a_user(Role.DSL, user_id="u-dsl")


def needs_openssl() -> None:
    """Skip where there is no `openssl`, fail where it is required."""
    if LocalAuthority.is_possible():
        return
    if "openssl" in os.environ.get("SCHOOLWATCH_REQUIRE", ""):
        pytest.fail("openssl is required here and is not installed")
    pytest.skip("openssl is not installed: the authority of the tests needs it")


@dataclass
class Proven:
    """A desk whose evidence is stamped by an authority of our own."""

    desk: Desk
    authority: LocalAuthority
    clock: Clock

    @property
    def user(self) -> User:
        """The safeguarding lead."""
        return DSL

    def captured(self) -> tuple[Case, Evidence]:
        """Seal evidence half-way through a second, and let the authority be asked."""
        case, kept = self.sealed()
        self.round_in()
        return case, kept

    def sealed(self) -> tuple[Case, Evidence]:
        """Seal evidence, as the worker does."""
        case = keep_case(self.desk.store, "a")
        with self.desk.store.begin("system") as work:
            item = work.case_items.where(case_id=case.id)[0]
            order = work.orders.add(an_order(item, at=self.clock.now()))
            work.commit()
        kept, lines = fake_capture(order, case, item, vault=self.desk.vault, now=self.clock.now())
        self.desk.casework.evidence_sealed(order.id, kept, lines)
        with self.desk.store.read() as work:
            return work.cases.get(case.id), kept

    def round_in(self, **span: float) -> int:
        """Move a fixed clock and let the worker ask; return how many stamps were given."""
        if isinstance(self.clock, FixedClock):
            self.clock.forward(timedelta(**span))
        client = self.desk.client()
        try:
            return proving.prove(self.desk, client)
        finally:
            client.close()

    def token(self, kept: Evidence) -> SealToken:
        """Return the time stamp of a piece of evidence, as it stands."""
        with self.desk.store.read() as work:
            return work.tokens.where(subject=time_stamps.of_evidence(kept.id))[0]


@contextmanager
def a_desk(folder: Path, clock: Clock, url: str, authority: LocalAuthority) -> Iterator[Desk]:
    """Open a desk that may ask the authority."""
    demo = Demo(origin=clock.now(), factor=1, loopback_ports=frozenset({authority.port}), town_address="http://127.0.0.1")
    root = authority.root_file(folder)
    desk = build_desk(Settings(state_dir=folder, database=url, demo=demo, timestamp_root=root, timestamp_url=authority.url), clock)
    with desk.store.begin("system") as work:
        work.schools.add(a_school())
        work.users.add(DSL)
        work.commit()
    yield desk
    desk.close()


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock, database_url: str) -> Iterator[Proven]:
    """A desk whose evidence is stamped."""
    needs_openssl()
    clock.moment = NOON + timedelta(microseconds=437_001)
    with LocalAuthority(now=clock.now) as authority, a_desk(tmp_path, clock, database_url, authority) as desk:
        yield Proven(desk, authority, clock)


def test_an_authority_that_is_down_holds_up_no_capture(scene: Proven) -> None:
    """While it is down the evidence is there and opens the way; it is asked after 1, 5, 15 minutes, then hourly, until it is back."""
    scene.authority.is_down = True
    case, kept = scene.captured()
    asked = []
    for minutes in (0.5, 0.6, 4.5, 0.6, 14.5, 0.6, 59.5, 0.6):
        scene.round_in(minutes=minutes)
        asked.append(scene.token(kept).attempts)
    waiting = scene.token(kept)
    scene.authority.is_down = False
    scene.round_in(minutes=61)

    assert kept.counts
    assert case.state.value == "evidence_captured"
    assert asked == [1, 2, 2, 3, 3, 4, 4, 5]
    assert (waiting.state, waiting.reply_sha256) == (TokenState.WAITING, None)
    assert "cannot be reached" in waiting.problem
    assert (scene.token(kept).state, scene.token(kept).problem) == (TokenState.GRANTED, "")


@pytest.mark.parametrize("trouble", [Trouble.SERVER_FAULT, Trouble.REDIRECT, Trouble.HUGE], ids=lambda one: one.name)
def test_what_is_no_answer_is_asked_again(scene: Proven, trouble: Trouble) -> None:
    """A fault of the server, a redirect (never followed), an endless answer: no stamp, no refusal, asked again."""
    scene.authority.trouble = trouble
    _, kept = scene.captured()
    waiting = scene.token(kept)
    scene.authority.trouble = None
    scene.round_in(minutes=70)

    assert waiting.state is TokenState.WAITING
    assert waiting.problem
    assert scene.token(kept).state is TokenState.GRANTED


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (Trouble.BAD_SIGNATURE, "signature"),
        (Trouble.OTHER_DATA, "other data"),
        (Trouble.WRONG_NONCE, "another question"),
        (Trouble.WRONG_EKU, "not one for time stamps"),
        (Trouble.REJECTED, "refused to give"),
        (Trouble.EMPTY, "is empty"),
        (Trouble.TRUNCATED, "no time stamp that can be read"),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_a_wrong_answer_is_refused_with_its_reason(scene: Proven, trouble: Trouble, says: str) -> None:
    """What does not hold counts for nothing, says why, and is asked again only by hand; the evidence itself stays as good as before."""
    scene.authority.trouble = trouble
    case, kept = scene.captured()
    refused = scene.token(kept)
    scene.authority.trouble = None
    scene.round_in(hours=3)
    still = scene.token(kept)
    scene.desk.casework.ask_token_again(scene.user, kept.id)
    scene.round_in(minutes=1)

    assert (refused.state, still.state) == (TokenState.REFUSED, TokenState.REFUSED)
    assert says in refused.problem
    assert proving.replies(scene.desk, {kept.id: refused}) == {}
    assert scene.token(kept).state is TokenState.GRANTED
    assert scene.desk.casework.tokens_of(scene.user, case.id) == {kept.id: scene.token(kept)}


def test_a_stamp_before_the_capture_is_refused(scene: Proven) -> None:
    """An authority whose time lies before the capture shows that this computer's clock is wrong, and the page says so."""
    scene.authority.now = lambda: scene.clock.now() - timedelta(minutes=5)
    _, kept = scene.captured()

    assert (scene.token(kept).state, scene.token(kept).problem) == (TokenState.REFUSED, proving.TOO_EARLY)


def test_unsorted_certificates_are_taken_with_openssls_word(scene: Proven) -> None:
    """An answer that is no strict DER is taken when OpenSSL agrees, and both facts are recorded."""
    scene.authority.trouble = Trouble.UNSORTED
    _, kept = scene.captured()

    assert (scene.token(kept).state, scene.token(kept).checked) == (TokenState.GRANTED, f"{time_stamps.RESORTED}; OpenSSL agrees")


def test_openssl_may_say_no(scene: Proven, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the second opinion differs from ours, the stamp does not count."""
    monkeypatch.setattr(proving, "second_opinion", lambda *_: False)
    _, kept = scene.captured()

    assert (scene.token(kept).state, scene.token(kept).problem) == (TokenState.REFUSED, proving.NO_AGREEMENT)


def test_a_seal_keeps_to_its_authority(scene: Proven) -> None:
    """Evidence that was sealed for one authority is not stamped by another that is set up later."""
    scene.authority.is_down = True
    _, kept = scene.captured()
    with LocalAuthority(name="Another") as other:
        scene.desk.casework.authority = Authority(other.url, (other.root,))
        scene.round_in(minutes=2)

        assert (scene.token(kept).state, scene.token(kept).problem) == (TokenState.REFUSED, proving.OTHER_AUTHORITY)
        assert other.asked == 0


def test_a_stamp_that_is_there_is_not_asked_for_again(scene: Proven) -> None:
    """Once it is given, rounds ask no more, and the button says that there is nothing to ask."""
    _, kept = scene.captured()
    asked = scene.authority.asked
    scene.round_in(hours=2)

    with pytest.raises(CaseError, match="waits for no time stamp"):
        scene.desk.casework.ask_token_again(scene.user, kept.id)
    assert [one for one in (scene.authority.asked - asked,) if one > 1] == []


def test_the_worker_asks_by_itself(tmp_path: Path, database_url: str) -> None:
    """With the real engine and the machine's clock: what waits is asked for at the next tick, and nothing more once it is given."""
    needs_openssl()
    clock = SystemClock()
    with LocalAuthority() as authority, a_desk(tmp_path, clock, database_url, authority) as desk:
        scene = Proven(desk, authority, clock)
        _, kept = scene.sealed()
        worker = Worker(Hands.of(desk), executor_id="worker-1")
        worker.launch()
        end, pause = time.monotonic() + 60, threading.Event()
        while scene.token(kept).state is not TokenState.GRANTED and time.monotonic() < end:
            worker.tick()
            pause.wait(0.2)
        found = scene.token(kept)
        worker.tick()
        pause.wait(0.5)
        worker.close()
        later = scene.token(kept)  # the day's head of the register is stamped as well, so the authority's own count says nothing

    assert found.state is TokenState.GRANTED
    assert found.token_at is not None
    assert abs(found.token_at - kept.captured_at) < timedelta(minutes=2)
    assert later == found


# --- two at once


@pytest.mark.parametrize("address", ["database_url", pytest.param("postgres_url", marks=pytest.mark.postgres)])
def test_two_processes_write_into_the_register_at_once(address: str, request: pytest.FixtureRequest) -> None:
    """Two processes write 50 lines each at the same time: none is lost, the chain is one (a thousand lines: tests/soak)."""
    names, events = two_writers(request.getfixturevalue(address), 50)
    custody.verify(events)

    assert {one.evidence_id for one in events} == names
    assert len(events) == len(names) == 100
