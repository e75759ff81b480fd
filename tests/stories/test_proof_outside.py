"""Evidence that strangers can hold against us: an outside time stamp with every capture, and the register's code with somebody outside."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from casework import heads, time_stamps
from data.clock import FixedClock
from data.model.cases import Case, Confidentiality
from data.model.evidence import Evidence, RegisterHead, SealToken, TokenState
from data.model.telling import WayKind
from evidence.seal import SEAL
from evidence.testing import LocalAuthority
from evidence.timestamp import Stamped, check
from schoolwatch import proving
from schoolwatch.doctor import examine
from schoolwatch.night import known_files, run_night
from schoolwatch.round import fall_due, run_round
from schoolwatch.testing import MailServer, Watched, watched_town

POST = "trip-money"
HALF_A_SECOND = timedelta(microseconds=437_001)


def needs_openssl() -> None:
    """Skip where there is no `openssl`, fail where it is required."""
    if LocalAuthority.is_possible():
        return
    if "openssl" in os.environ.get("SCHOOLWATCH_REQUIRE", ""):
        pytest.fail("openssl is required here and is not installed")
    pytest.skip("openssl is not installed: the authority of the tests needs it")


@dataclass
class Proven:
    """A watched town whose evidence is stamped by an authority of our own."""

    watched: Watched
    authority: LocalAuthority
    clock: FixedClock

    def captured(self) -> tuple[Case, Evidence]:
        """Open a case about the town's post and let the worker capture it, half-way through a second."""
        self.watched.round_in(minutes=1)
        case = self.watched.case_about(POST)
        self.watched.order(case)
        self.clock.forward(HALF_A_SECOND)
        run_round(self.watched.hands)
        with self.watched.desk.store.read() as work:
            return work.cases.get(case.id), work.evidence.where(case_id=case.id)[0]

    def token(self, kept: Evidence) -> SealToken:
        """Return the time stamp of a piece of evidence, as it stands."""
        with self.watched.desk.store.read() as work:
            return work.tokens.where(subject=time_stamps.of_evidence(kept.id))[0]

    def seal(self, kept: Evidence) -> bytes:
        """Return `seal.json`."""
        return self.watched.desk.vault.get(next(one.sha256 for one in kept.seal_files if one.name == SEAL))


@contextmanager
def proven(folder: Path, clock: FixedClock, template: Path, **more: object) -> Iterator[Proven]:
    """Open a town and an authority beside it."""
    needs_openssl()
    with ExitStack() as stack:
        authority = stack.enter_context(LocalAuthority(now=clock.now))
        settings = {"timestamp_url": authority.url, "timestamp_root": authority.root_file()} | more
        ports = frozenset({authority.port})
        watched = stack.enter_context(watched_town(folder / "state", clock, template=template, ports=ports, more=settings))
        yield Proven(watched, authority, clock)


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock, empty_database: Path) -> Iterator[Proven]:
    """A town whose evidence is stamped."""
    with proven(tmp_path, clock, empty_database) as one:
        yield one


@pytest.fixture
def plain(tmp_path: Path, clock: FixedClock, empty_database: Path) -> Iterator[Watched]:
    """A town without any authority."""
    with watched_town(tmp_path / "state", clock, template=empty_database) as one:
        yield one


def test_each_capture_is_stamped_in_the_same_round(scene: Proven) -> None:
    """The seal names the authority, the stamp names the seal, the raw answer is kept, and both ways of checking are recorded."""
    _, kept = scene.captured()
    token = scene.token(kept)
    sealed = scene.seal(kept)
    reply = proving.replies(scene.watched.desk, {kept.id: token})[kept.id]
    found = check(reply, sealed, [scene.authority.root])

    assert token.state is TokenState.GRANTED
    assert isinstance(found, Stamped)
    assert found.at == token.token_at == scene.clock.now().replace(microsecond=0)
    assert not found.is_early(kept.captured_at)
    assert json.loads(sealed)["authority"] == token.root_sha256 == scene.authority.root_sha256
    assert token.imprint == kept.seal_sha256
    assert (token.authority_name, token.checked) == ("Invented Time Authority", f"{time_stamps.STRICT}; OpenSSL agrees")
    assert token.reply_sha256 in known_files(scene.watched.desk)
    assert b"town" not in b"".join(scene.authority.queries)


def test_without_an_authority_nothing_is_asked(plain: Watched) -> None:
    """Nothing is set up: no stamp is wanted, the seal says so, and the doctor says how to set one up."""
    plain.round_in(minutes=1)
    case = plain.case_about(POST)
    plain.captured(case)
    with plain.desk.store.read() as work:
        kept, tokens = work.evidence.where(case_id=case.id)[0], work.tokens.where()
    sealed = json.loads(plain.desk.vault.get(next(one.sha256 for one in kept.seal_files if one.name == SEAL)))
    said = {one.what: one for one in examine(plain.desk.settings)}

    assert tokens == []
    assert sealed["authority"] is None
    assert "no outside authority is set up" in said["time stamps"].says


# --- the register's head


def the_heads(watched: Watched) -> list[RegisterHead]:
    """Return the heads that are kept, oldest first."""
    with watched.desk.store.read() as work:
        return work.heads.where()


def test_the_head_of_a_day_is_kept_and_stamped_once(scene: Proven) -> None:
    """At the first round of a day the register's last hash is kept, with a time stamp of its own; a day without new lines has none."""
    scene.captured()
    scene.watched.round_in(days=1)
    first = the_heads(scene.watched)
    scene.watched.round_in(minutes=5)
    scene.watched.round_in(days=1)
    again = the_heads(scene.watched)
    with scene.watched.desk.store.read() as work:
        tokens = {one.subject: one for one in work.tokens.where()}
        last = work.custody.last()

    assert last is not None
    assert (again, first[-1].hash, first[-1].number) == (first, last.hash, last.number)
    assert {tokens[time_stamps.of_head(one.id)].state for one in first} == {TokenState.GRANTED}


def test_the_night_keeps_the_head_too(scene: Proven) -> None:
    """The night's work keeps the head, whether or not anything can be sent."""
    scene.captured()
    with scene.watched.desk.store.begin("system") as work:  # as if no round had come before the night
        work.heads.remove(the_heads(scene.watched)[0].id)
        work.commit()
    scene.clock.forward(timedelta(hours=20))
    report = run_night(scene.watched.desk)

    assert not [one for one in report.problems if "head" in one]
    assert the_heads(scene.watched)[-1].id == heads.today(scene.clock.now()).isoformat()


def test_the_headteacher_is_the_witness_unless_another_is_set(plain: Watched) -> None:
    """The head gets number, code and the day's witness codes in the outbox, and nothing of any case."""
    plain.casework.add_way(plain.user("head"), WayKind.MAIL, "head@fernley-green.example")
    plain.round_in(minutes=1)
    case = plain.case_about(POST)
    plain.captured(case)
    plain.round_in(days=1)
    with plain.desk.store.read() as work:
        kept, head = work.evidence.where(case_id=case.id)[0], work.heads.where()[-1]
    bodies = [one.body for one in plain.messages(to="head") if one.matter.startswith("register:")]

    assert any(head.hash in one for one in bodies)
    assert any(f"- {kept.ref}: {kept.seal_sha256}" in one for one in bodies)
    assert plain.told_too_much() == []


def test_a_case_about_the_head_is_not_named_to_the_head(plain: Watched) -> None:
    """The number of a case that only the chair may see is left out; the code of the register covers it all the same."""
    plain.round_in(minutes=1)
    case = plain.case_about(POST)
    plain.captured(case)
    with plain.desk.store.begin("system") as work:
        work.cases.replace(work.cases.get(case.id).model_copy(update={"confidentiality": Confidentiality.RESTRICTED_CHAIR}))
        work.heads.remove(work.heads.where()[0].id)
        work.commit()
    plain.forward(days=1)
    head = proving.keep_head(plain.desk)
    bodies = [one.body for one in plain.messages(to="head") if head is not None and one.matter.startswith(f"register:{head.id}")]

    assert head is not None
    assert len(bodies) == 1
    assert head.hash in bodies[0]
    assert case.ref not in bodies[0]
    assert case.ref not in plain.casework.head_words(head).body


def test_a_witness_outside_gets_it_by_mail(tmp_path: Path, clock: FixedClock, empty_database: Path) -> None:
    """With a witness address the code goes there, once; while the mail server is down it waits, and the doctor complains after two days."""
    with MailServer("busy").open() as mail:
        more = {
            "smtp_host": "127.0.0.1",
            "smtp_port": mail.port,
            "smtp_security": "none",
            "mail_from": "watch@fernley-green.example",
            "witness_email": "governors@ashcombe-vale.example",
        }
        with watched_town(tmp_path / "state", clock, template=empty_database, more=more) as watched:
            watched.round_in(minutes=1)
            case = watched.case_about(POST)
            watched.captured(case)
            down = the_heads(watched)[0]
            watched.forward(days=2, minutes=1)
            said = heads.left_behind(the_heads(watched), clock.now())
            mail.mood = "takes"
            run_round(watched.hands)
            run_round(watched.hands)
            sent = the_heads(watched)
            outbox = [one for one in watched.messages() if one.matter.startswith("register:")]

    assert down.sent_at is None
    assert down.problem
    assert [one.id for one in said] == [down.id]
    assert all(one.sent_at for one in sent)
    assert len(mail.got) == len(sent)
    assert down.hash in re.sub(r"=\r?\n", "", mail.got[0])
    assert "governors@ashcombe-vale.example" in mail.got[0]
    assert outbox == []


def test_what_the_head_got_is_noted(tmp_path: Path, clock: FixedClock, empty_database: Path) -> None:
    """Once the headteacher's message went out the head counts as kept outside; until then it does not."""
    with MailServer().open() as mail:
        more = {"smtp_host": "127.0.0.1", "smtp_port": mail.port, "smtp_security": "none", "mail_from": "watch@fernley-green.example"}
        with watched_town(tmp_path / "state", clock, template=empty_database, more=more) as watched:
            watched.casework.add_way(watched.user("head"), WayKind.MAIL, "head@fernley-green.example")
            watched.round_in(minutes=1)
            watched.captured(watched.case_about(POST))
            before = the_heads(watched)[0]
            fall_due(watched.hands)
            after = the_heads(watched)[0]

    assert after.sent_at == clock.now()
    assert before.sent_at in {None, clock.now()}
    assert before.hash in re.sub(r"=\r?\n", "", "".join(mail.got))


# --- requests carry the witness code


def test_a_request_carries_the_witness_code(plain: Watched, words_of: Callable[[bytes], str]) -> None:
    """Whoever is asked to remove a post becomes a witness: number and code stand in the words, in the PDF, and in the history."""
    plain.round_in(minutes=1)
    case = plain.case_about(POST)
    plain.captured(case)
    request = plain.ask(case)
    with plain.desk.store.read() as work:
        kept = work.evidence.where(case_id=case.id)[0]
        events = [one for one in work.case_events.of(case.id) if "witness_codes" in one.fields]

    assert f"Evidence {kept.ref}, witness code {kept.seal_sha256}" in request.body
    assert [one.fields["witness_codes"] for one in events] == [{kept.ref: kept.seal_sha256}]
    printed = words_of(plain.casework.paper(plain.user(), "request", request.id, "pdf").content)
    assert kept.seal_sha256 in printed  # in one line, so that what is copied is the code
