"""One round of watching: each job alone, twice, interrupted, and in the order in which they come."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from casework.cases import ENDED
from casework.errors import IllegalMoveError
from collector.client import Client
from collector.platform import Looked
from collector.poll import PollReport
from data.clock import FixedClock
from data.errors import StoreError
from data.model.cases import CaseState, Verdict, VerdictGroup
from data.model.evidence import Completeness, Evidence, EvidenceKind, OrderState, SafetyAnswer
from data.model.posts import PlatformName, SeenPost
from data.model.readings import Category
from data.model.watch import Health
from data.store import Work
from evidence import presence
from evidence.capture import Watch, capture, is_intact
from evidence.custody import CustodyDraft
from evidence.errors import CaptureFailedError
from evidence.presence import Observation
from evidence.supplied import Account, Brought
from evidence.testing import square
from schoolwatch import round as one_round
from schoolwatch.demo.posts import Place, load_script
from schoolwatch.errors import NotReadyError
from schoolwatch.kept_files import kept_files, withheld_files
from schoolwatch.round import Hands, run_round
from schoolwatch.testing import Watched, watched_town


@pytest.fixture
def watched(tmp_path: Path, clock: FixedClock, empty_database: Path) -> Iterator[Watched]:
    """A town without walls, watched."""
    with watched_town(tmp_path / "state", clock, template=empty_database) as one:
        yield one


@pytest.fixture
def walled(tmp_path: Path, clock: FixedClock, empty_database: Path) -> Iterator[Watched]:
    """A town with the walls of the demo, watched."""
    with watched_town(tmp_path / "state", clock, template=empty_database, walls=load_script().walls) as one:
        yield one


def poll_all(watched: Watched) -> list[PollReport]:
    """Poll every source that is due."""
    return [one_round.poll_source(watched.hands, source.id) for source in one_round.due_sources(watched.desk, watched.clock.now())]


def test_a_round_polls_reads_and_flags(watched: Watched) -> None:
    """One round brings a harmful post from the town into the inbox, and leaves the harmless ones out."""
    watched.forward(minutes=1)
    report = run_round(watched.hands)

    assert report.posts_new == report.posts_read == len(watched.posts()) > 5
    assert report.not_seen == ()
    assert [one.lead_category for one in watched.findings("trip-money")] == [Category.DEFAMATION_INDIVIDUAL]
    assert watched.findings("choir") == watched.findings("cricket-win") == []


def test_a_second_round_brings_nothing_twice(watched: Watched) -> None:
    """Polling again at the next period stores and flags nothing that is there already."""
    run_round(watched.hands)
    posts, findings = len(watched.posts()), len(watched.findings())
    watched.forward(minutes=16)
    again = run_round(watched.hands)
    new = len(watched.town.visible()) - len(watched.town.visible(now=watched.town.start))

    assert len(again.polled) == 5
    assert again.posts_new <= new
    assert len(watched.posts()) == posts + again.posts_new
    assert len(watched.findings()) == len({one.id for one in watched.findings()}) >= findings


def test_nothing_is_polled_before_its_time(watched: Watched) -> None:
    """A source that was just read is left alone until its period is over."""
    run_round(watched.hands)

    assert run_round(watched.hands).polled == ()


def test_an_edited_post_is_read_anew(watched: Watched) -> None:
    """A post that its author changed is read again in its new words; the old ones are kept."""
    watched.forward(minutes=205)
    run_round(watched.hands)
    watched.forward(minutes=60)
    run_round(watched.hands)
    post = next(one for one in watched.posts() if one.permalink == watched.address("fundraiser-edit"))
    with watched.desk.store.read() as work:
        read = work.readings.where(post_id=post.id, order_by="post_version")

    assert post.version == 2
    assert [one.post_version for one in read] == [1, 2]


def test_harmless_words_edited_into_harm_are_flagged(watched: Watched) -> None:
    """A harmless post into which somebody writes a harm later comes into the inbox then, once."""
    calm = SeenPost(
        platform=PlatformName.FORUM, native_id="9", permalink="https://forum.example/9", text="Fernley Green Primary has a new gate."
    )
    bad = calm.model_copy(update={"text": "Mr Quillbrook at Fernley Green Primary stole the trip money. He is a thief, fact."})
    counts = []
    for seen in (calm, bad, bad):
        with watched.desk.store.begin("system") as work:
            work.posts.keep([seen], source_id=None, seen_at=watched.clock.now())
            work.commit()
        while one_round.read_posts(watched.hands):
            pass
        counts.append(len(watched.findings()))

    assert counts == [0, 1, 1]


def test_a_wall_is_said_and_the_others_go_on(walled: Watched) -> None:
    """A place that asks for signing in is named with a plain line; every other source is read all the same."""
    walled.forward(hours=7.5)
    report = run_round(walled.hands)
    state = walled.state("forum")

    assert [name for name, _ in report.not_seen] == ["Millstream forum: newest posts"]
    assert state.health in {Health.WALL, Health.BROKEN}
    assert state.problem
    assert "Traceback" not in state.problem
    assert state.watermark is None
    assert {source for source in ("wiki", "notebook", "townsquare-fernley") if walled.state(source).health is Health.OK} == {
        "wiki",
        "notebook",
        "townsquare-fernley",
    }


def test_what_was_behind_the_wall_is_caught_up(walled: Watched) -> None:
    """When the wall is gone, what was posted behind it comes in."""
    walled.forward(hours=7.5)
    run_round(walled.hands)
    walled.forward(hours=2.5)
    run_round(walled.hands)
    shown = {walled.running.base + one.path for one in walled.town.visible(Place.FORUM)}

    assert shown <= {post.permalink for post in walled.posts()}


def test_an_installation_that_is_not_ready_asks_nobody(watched: Watched) -> None:
    """Without privacy notice and DPIA not one address is asked, and what is missing is named."""
    settings = watched.desk.settings.model_copy(update={"demo": None})
    desk = type(watched.desk)(**{**vars(watched.desk), "settings": settings})
    hands = Hands.of(desk)
    with pytest.raises(NotReadyError, match="privacy notice"):
        run_round(hands)
    with pytest.raises(NotReadyError, match="DPIA"):
        one_round.poll_source(hands, "forum")
    hands.client.close()

    assert watched.posts() == []


def test_a_kill_between_storing_and_reading_loses_nothing(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies after posts were stored and before they were read reads them at its next start."""

    def die(_hands: Hands) -> None:
        raise KeyboardInterrupt

    poll_all(watched)
    with monkeypatch.context() as broken:
        broken.setattr(Hands, "reader", die)
        with pytest.raises(KeyboardInterrupt):
            one_round.read_posts(watched.hands)
    fresh = Hands.of(watched.desk)
    read = one_round.read_posts(fresh)
    fresh.client.close()

    assert read == len(watched.posts())
    assert len(watched.findings("trip-money")) == 1


def test_a_kill_between_reading_and_flagging_loses_nothing(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies after readings were stored and before anything was flagged flags everything once at its next start."""

    def die(_reading: object) -> None:
        raise KeyboardInterrupt

    poll_all(watched)
    with monkeypatch.context() as broken:
        broken.setattr(watched.casework, "flag_reading", die)
        with pytest.raises(KeyboardInterrupt):
            one_round.read_posts(watched.hands)
    while one_round.read_posts(watched.hands):
        pass

    assert len(watched.findings("trip-money")) == 1


def test_a_kill_in_the_middle_of_a_page_keeps_nothing_of_it(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is kept whole or not at all, and the source is polled again from the same place."""
    with monkeypatch.context() as broken:
        broken.setattr("data.store.work.Work.commit", lambda _work: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            one_round.poll_source(watched.hands, "forum")
    with watched.desk.store.read() as work:
        before = (work.posts.count(), work.source_states.find("forum"))
    report = one_round.poll_source(watched.hands, "forum")

    assert before == (0, None)
    assert report.new > 0


def test_a_clock_set_back_does_not_stop_the_watching(watched: Watched, clock: FixedClock) -> None:
    """When the computer's clock was days ahead and is set right, sources are polled again soon and posts stay unique."""
    watched.forward(days=3)
    run_round(watched.hands)
    count = len(watched.posts())
    clock.forward(-timedelta(days=2, hours=23))
    report = run_round(watched.hands)

    assert len(report.polled) == 5
    assert report.posts_new == 0
    assert len(watched.posts()) == count


def test_a_clock_set_back_by_hours_does_not_stop_the_watching(watched: Watched, clock: FixedClock) -> None:
    """When the clock was some hours ahead and is set right, the sources are not silent for these hours."""
    watched.forward(hours=10)
    run_round(watched.hands)
    clock.forward(-timedelta(hours=9))

    assert len(run_round(watched.hands).polled) == 5


# ---- captures ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def flagged(watched: Watched) -> Watched:
    """The town some minutes later, its first harmful post in the inbox."""
    watched.forward(minutes=1)
    run_round(watched.hands)
    return watched


def test_an_order_is_carried_out_once(flagged: Watched) -> None:
    """An ordered capture is sealed, and a job that runs twice makes no second one."""
    case = flagged.case_about("trip-money")
    order = flagged.order(case)
    done = [one_round.carry_out(flagged.hands, order.id) for _ in range(2)]
    file = flagged.casework.case(flagged.user(), case.id)

    assert [one.state for one in done] == [OrderState.DONE, OrderState.DONE]
    assert [one.completeness for one in file.evidence] == [Completeness.NO_PICTURE]
    assert file.case.state is CaseState.EVIDENCE_CAPTURED
    assert all(flagged.desk.vault.get(one.sha256) for one in file.evidence[0].files)


def test_a_capture_cut_off_is_made_again(flagged: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker killed in the middle of a capture makes it again at its next start, and one evidence comes of it."""
    case = flagged.case_about("trip-money")
    order = flagged.order(case)
    with monkeypatch.context() as broken:
        broken.setattr(flagged.casework, "evidence_sealed", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            one_round.carry_out(flagged.hands, order.id)
    waiting = [one.id for one in flagged.casework.orders_waiting()]
    report = run_round(flagged.hands)

    assert waiting == [order.id]
    assert report.captures == 1
    assert len(flagged.casework.case(flagged.user(), case.id).evidence) == 1


@pytest.mark.parametrize("answer", [SafetyAnswer.YES, SafetyAnswer.NOT_SURE])
def test_a_stopped_order_writes_no_file(flagged: Watched, answer: SafetyAnswer) -> None:
    """When a child may be shown, nothing is fetched, no file is written, and no look is ever planned."""
    case = flagged.case_about("trip-money")
    order = flagged.order(case, answer)
    done = one_round.carry_out(flagged.hands, order.id)
    flagged.forward(days=2)

    assert done.state is OrderState.STOPPED
    assert [path for path in flagged.desk.vault.root.rglob("*") if path.is_file()] == []
    assert flagged.casework.plan_checks(flagged.clock.now()) == ()


def test_a_case_stopped_after_the_order_is_not_captured(flagged: Watched) -> None:
    """A capture that waits while somebody presses STOP is not made."""
    case = flagged.case_about("trip-money")
    order = flagged.order(case)
    flagged.order(case, SafetyAnswer.YES)
    done = one_round.carry_out(flagged.hands, order.id)

    assert done.state is OrderState.STOPPED
    assert [path for path in flagged.desk.vault.root.rglob("*") if path.is_file()] == []


def test_a_capture_that_fails_says_why(flagged: Watched) -> None:
    """When the place does not answer, the order carries a plain line, and a new one may be given."""
    case = flagged.case_about("trip-money")
    order = flagged.order(case)
    flagged.running.stop()
    done = one_round.carry_out(flagged.hands, order.id)

    assert done.state is OrderState.FAILED
    assert done.problem
    assert "Traceback" not in done.problem
    assert flagged.order(case).id != order.id


def test_a_capture_that_is_cancelled_ends_and_keeps_nothing(flagged: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the worker is at it a person cancels: it hears of it at its next look, the order says so, and no evidence comes of it."""
    case = flagged.case_about("trip-money")
    order = flagged.order(case)
    steps: list[str] = []
    real = one_round.capture

    def cancelled_meanwhile(*given: object, watch: Watch, **more: object) -> object:
        watch.progress("opening the page")
        steps.append(flagged.casework.case(flagged.user(), case.id).orders[-1].progress)
        flagged.casework.cancel_capture(flagged.user(), case.id, order.id)
        return real(*given, watch=watch, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(one_round, "capture", cancelled_meanwhile)
    done = one_round.carry_out(flagged.hands, order.id)

    assert steps == ["opening the page"]
    assert (done.state, done.cancel_asked_by) == (OrderState.CANCELLED, "dsl")
    assert flagged.casework.case(flagged.user(), case.id).evidence == ()
    assert [path for path in flagged.desk.vault.root.rglob("*") if path.is_file()] == []
    assert flagged.order(case).id != order.id


@pytest.mark.parametrize("what", ["stopped", "cancelled", "odd"])
def test_what_is_refused_after_it_was_sealed_leaves_no_file(flagged: Watched, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Stopped, cancelled or not to be stored at the very last moment: nothing of the capture stays in the vault, and others' files do."""
    case = flagged.case_about("trip-money")
    order, user = flagged.order(case), flagged.user()
    kept = {flagged.desk.vault.put(b"of another capture")}
    real = flagged.casework.evidence_sealed

    def late(order_id: str, evidence: Evidence, custody: Sequence[CustodyDraft]) -> Evidence:
        assert len(list(flagged.desk.vault.root.glob("??/*"))) > 3
        if what == "stopped":
            flagged.casework.saw_indecent(user, case.id)
        elif what == "cancelled":
            flagged.casework.cancel_capture(user, case.id, order.id)
        return real(order_id, evidence.model_copy(update={"title": "\ud800"} if what == "odd" else {}), custody)

    monkeypatch.setattr(flagged.casework, "evidence_sealed", late)
    done = one_round.carry_out(flagged.hands, order.id)

    assert done.state is {"stopped": OrderState.STOPPED, "cancelled": OrderState.CANCELLED, "odd": OrderState.FAILED}[what]
    assert {path.name for path in flagged.desk.vault.root.glob("??/*")} == kept


def _breaks_off(monkeypatch: pytest.MonkeyPatch, error: sa.exc.DBAPIError | None = None) -> None:
    """Let the database break off while evidence is recorded: by a statement that it refuses, or with this error at the very end."""

    def refuse(work: Work, *_: object) -> None:
        if error is not None:
            raise error
        work.connection.execute(sa.text("SELECT 1 FROM nowhere"))

    monkeypatch.setattr("casework.watching.time_stamps.wanted", refuse)


def test_what_a_broken_off_record_left_goes_at_once(flagged: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that the database refuses leaves no file of the capture behind; the next try seals it anew."""
    case = flagged.case_about("trip-money")
    order, kept = flagged.order(case), {flagged.desk.vault.put(b"of another capture")}
    with monkeypatch.context() as broken:
        _breaks_off(broken)
        with pytest.raises(StoreError):
            one_round.carry_out(flagged.hands, order.id)
    left = {path.name for path in flagged.desk.vault.root.glob("??/*")}
    done = one_round.carry_out(flagged.hands, order.id)

    assert left == kept
    assert done.state is OrderState.DONE
    assert all(is_intact(one, flagged.desk.vault) for one in flagged.casework.case(flagged.user(), case.id).evidence)


def test_what_may_have_been_recorded_stays_for_the_sweep(flagged: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken off at the very end, nobody knows whether the record is kept: then no file of it is taken away."""
    order = flagged.order(flagged.case_about("trip-money"))
    _breaks_off(monkeypatch, sa.exc.OperationalError(None, None, Exception("the line went dead")))
    with pytest.raises(StoreError):
        one_round.carry_out(flagged.hands, order.id)

    assert len(list(flagged.desk.vault.root.glob("??/*"))) > 3


def test_a_number_that_was_taken_meanwhile_is_captured_again(flagged: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something brought while the page was sealed takes its number: nothing of that try stays, and the next one seals it as the second."""
    case, user = flagged.case_about("trip-money"), flagged.user()
    item = flagged.casework.case(user, case.id).items[0]
    order, real = flagged.order(case), capture
    account = Account("a parent", "with their telephone", "a post", flagged.clock.now())

    def slow(*given: object, **more: object) -> object:
        made = real(*given, **more)  # type: ignore[arg-type]
        if not flagged.casework.case(user, case.id).evidence:
            flagged.desk.taking_in.take(user, case.id, item.id, SafetyAnswer.NO, [Brought("note.txt", b"what they told us")], account)
        return made

    monkeypatch.setattr(one_round, "capture", slow)
    first = run_round(flagged.hands)
    kept = {path.name for path in flagged.desk.vault.root.glob("??/*")}
    with flagged.desk.store.read() as work:
        named = set(kept_files(work))
    second = run_round(flagged.hands)
    found = flagged.casework.case(user, case.id).evidence

    assert (first.broken_off, second.broken_off) == ((order.id,), ())
    assert kept == named
    assert [(one.ref.rpartition("-")[2], one.kind) for one in sorted(found, key=lambda one: one.ref)] == [
        ("E1", EvidenceKind.SUPPLIED),
        ("E2", EvidenceKind.PAGE),
    ]


def test_a_busy_store_ends_no_capture(flagged: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the store is busy for a moment, only the words about progress are lost."""

    def busy(*_: object) -> None:
        raise StoreError("the database is busy")

    case = flagged.case_about("trip-money")
    order = flagged.order(case)
    with monkeypatch.context() as broken:
        broken.setattr(flagged.casework, "order_progress", busy)
        broken.setattr(flagged.casework, "order_wanted", busy)
        done = one_round.carry_out(flagged.hands, order.id)

    assert done.state is OrderState.DONE


def test_a_full_disk_is_said_on_the_order(flagged: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a full disk the order says so; no evidence row points at a file that is not there."""

    def full(*_: object, **__: object) -> tuple[int, str]:
        raise OSError(errno.ENOSPC, "No space left on device")

    case = flagged.case_about("trip-money")
    order = flagged.order(case)
    with monkeypatch.context() as broken:
        broken.setattr("evidence.vault.tempfile.mkstemp", full)
        done = one_round.carry_out(flagged.hands, order.id)

    assert done.state is OrderState.FAILED
    assert "disk space" in (done.problem or "")
    assert flagged.casework.case(flagged.user(), case.id).evidence == ()


def _odd(monkeypatch: pytest.MonkeyPatch, **fields: object) -> None:
    """Let the next captures bring back a record with these fields, as a hostile page could make them."""
    real = capture

    def odd(*given: object, **more: object) -> object:
        evidence, custody = real(*given, **more)  # type: ignore[arg-type]
        return evidence.model_copy(update=fields), custody

    monkeypatch.setattr(one_round, "capture", odd)


@pytest.mark.parametrize("fields", [{"title": "a\ud800b"}, {"status": 1 << 70}, {"tools": {"x": object()}}])
def test_what_cannot_be_stored_fails_the_order_in_words(
    flagged: Watched, monkeypatch: pytest.MonkeyPatch, fields: dict[str, object]
) -> None:
    """Half characters, endless numbers and values that are none end as a failed order; never as one that runs for ever."""
    order = flagged.order(flagged.case_about("trip-money"))
    _odd(monkeypatch, **fields)
    done = one_round.carry_out(flagged.hands, order.id)

    assert (done.state, done.problem) == (OrderState.FAILED, one_round.NOT_KEPT)
    assert flagged.casework.orders_waiting() == ()


@pytest.mark.parametrize("error", [ValueError("no word"), TypeError(), OverflowError(), UnicodeDecodeError("utf-8", b"x", 0, 1, "no word")])
def test_what_a_page_makes_of_a_capture_fails_the_order_in_words(
    flagged: Watched, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whatever the reading of a page's facts ends in stands on the order in our own words."""
    order = flagged.order(flagged.case_about("trip-money"))
    monkeypatch.setattr(one_round, "capture", lambda *_, **__: (_ for _ in ()).throw(error))
    done = one_round.carry_out(flagged.hands, order.id)

    assert (done.state, done.problem) == (OrderState.FAILED, one_round.NOT_KEPT)


def test_a_value_that_postgresql_refuses_is_told_from_a_busy_store(flagged: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that the database will never take fails the order; a database that is busy leaves it to be tried again."""
    order = flagged.order(flagged.case_about("trip-money"))
    for cause in (sa.exc.OperationalError("", {}, Exception()), sa.exc.DataError("", {}, Exception())):
        error = StoreError("the database refused")
        error.__cause__ = cause
        monkeypatch.setattr(flagged.casework, "evidence_sealed", lambda *_, error=error: (_ for _ in ()).throw(error))
        if isinstance(cause, sa.exc.DataError):
            assert one_round.carry_out(flagged.hands, order.id).state is OrderState.FAILED
        else:
            with pytest.raises(StoreError):
                one_round.carry_out(flagged.hands, order.id)
            assert [one.id for one in flagged.casework.orders_waiting()] == [order.id]


def test_an_error_that_quotes_a_page_is_stored(flagged: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal whose words hold half a character of the page's is written on the order all the same."""
    order = flagged.order(flagged.case_about("trip-money"))
    monkeypatch.setattr(one_round, "capture", lambda *_, **__: (_ for _ in ()).throw(CaptureFailedError("it said a\ud800\0b")))
    done = one_round.carry_out(flagged.hands, order.id)

    assert (done.state, done.problem) == (OrderState.FAILED, "it said a?\ufffdb")


def test_a_capture_that_breaks_off_holds_up_nothing(flagged: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no one foresaw in a capture ends that capture; checks, reminders, proofs and messages of the round are done."""
    order = flagged.order(flagged.case_about("trip-money"))
    done: list[str] = []
    monkeypatch.setattr(one_round, "capture", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("no word")))
    for name in ("remind", "fall_due", "prove", "tell"):
        monkeypatch.setattr(one_round, name, lambda *_, name=name: len(done.__iadd__([name])))
    report = run_round(flagged.hands)

    assert report.broken_off == (order.id,)
    assert done == ["remind", "fall_due", "prove", "tell"]
    assert [one.id for one in flagged.casework.orders_waiting()] == [order.id]


# ---- looking again -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(flagged: Watched) -> Watched:
    """A case whose request went to the town's moderator."""
    case = flagged.case_about("trip-money")
    one_round.carry_out(flagged.hands, flagged.order(case).id)
    flagged.ask(case)
    return flagged


def test_a_look_is_made_once_a_slot(asked: Watched) -> None:
    """A job that looks twice leaves one row; the raw answer lies in the vault under its hash."""
    asked.forward(hours=1, minutes=1)
    (planned,) = asked.casework.plan_checks(asked.clock.now())
    first, second = (one_round.look_again(asked.hands, planned) for _ in range(2))

    assert first == second
    assert first.verdict is Verdict.PRESENT
    assert asked.desk.vault.get(first.answer_sha256 or "")
    assert asked.casework.plan_checks(asked.clock.now()) == ()


def test_two_looks_apart_verify_and_one_does_not(asked: Watched) -> None:
    """A post counts as removed only after two of our own looks, a quarter of an hour apart, found it gone."""
    asked.forward(hours=6)
    run_round(asked.hands)
    (case,) = asked.casework.cases(asked.user(), asked.user().schools())
    once = case.case.state
    asked.forward(minutes=16)
    run_round(asked.hands)
    (case,) = asked.casework.cases(asked.user(), asked.user().schools())

    assert once is CaseState.REQUESTED
    assert case.case.state is CaseState.VERIFIED_REMOVED
    assert case.case.state not in ENDED


def test_a_place_that_is_down_is_not_a_removal(asked: Watched) -> None:
    """While the server does not answer, looks say "unknown", and the case stays as it is."""
    asked.running.stop()
    asked.forward(hours=6)
    for _ in range(2):
        for planned in asked.casework.plan_checks(asked.clock.now()):
            one_round.look_again(asked.hands, planned)
        asked.forward(hours=8)
    (row,) = asked.casework.cases(asked.user(), asked.user().schools())
    file = asked.casework.case(asked.user(), row.case.id)

    assert {check.verdict.group for check in file.checks} == {VerdictGroup.UNKNOWN}
    assert file.case.state is CaseState.REQUESTED


def test_a_stopped_case_is_never_looked_at(asked: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that was planned before STOP was pressed asks nothing of the network."""
    asked.forward(hours=1, minutes=1)
    (planned,) = asked.casework.plan_checks(asked.clock.now())
    (row,) = asked.casework.cases(asked.user(), asked.user().schools())
    asked.order(row.case, SafetyAnswer.YES)
    asked_of: list[str] = []
    monkeypatch.setattr(Client, "look", lambda _client, address, **_: asked_of.append(address))
    monkeypatch.setattr(Client, "get", lambda _client, address, **_: asked_of.append(address))
    with pytest.raises(IllegalMoveError):
        one_round.look_again(asked.hands, planned)

    assert asked_of == []
    assert asked.casework.plan_checks(asked.clock.now()) == ()


def test_reminders_fire_once(asked: Watched) -> None:
    """Each reminder comes once, however often the round runs; after a night off only the latest."""
    asked.running.stop()
    asked.forward(hours=4.1)
    fired = [one_round.remind(asked.hands) for _ in range(2)]
    asked.forward(hours=19)
    late = [one_round.remind(asked.hands) for _ in range(2)]

    assert fired == late == [1, 0]
    assert [key for _, key, _ in one_round.next_reminders(asked.desk)][-1] == "removal+24h"


@pytest.mark.parametrize("looks", ["bare", "recorded", "two looks"])
def test_an_answer_that_is_a_stopped_picture_is_not_kept(asked: Watched, monkeypatch: pytest.MonkeyPatch, looks: str) -> None:
    """An address that gives the very file which another case is stopped for: not a byte of it is written, its own case is stopped too."""
    picture, user = square((9, 9, 9)), asked.user()
    (row,) = asked.casework.cases(user, user.schools())
    other = asked.opened(asked.told("wiki-ashcombe", "look at this"), Category.HARASSMENT_STAFF, "teacher")
    account = Account("a parent", "with their telephone", "a post", asked.clock.now())
    item = asked.casework.case(user, other.id).items[0]
    asked.desk.taking_in.take(user, other.id, item.id, SafetyAnswer.NO, [Brought("a.png", picture)], account)
    asked.casework.saw_indecent(user, other.id)
    asked.forward(hours=1, minutes=1)
    own = Looked(Verdict.PRESENT, "the platform", 200, "It is there.", b"status: 200\n\n{}")
    page = Looked(Verdict.PRESENT, "web page", 200, "It is there.", b"status: 200\nheader a: b\n\n" + picture)
    seen = Observation(Verdict.PRESENT, "web page", 200, "It is there.", picture)
    if looks == "bare":
        monkeypatch.setattr(one_round.presence, "look", lambda *_: seen)
    else:
        monkeypatch.setattr(presence, "look_at_page", lambda *_: page)
        monkeypatch.setattr(presence, "_by_platform", lambda *_: own if looks == "two looks" else None)
    before = {path: path.stat().st_mtime_ns for path in asked.desk.vault.root.glob("??/*")}
    report = run_round(asked.hands)
    file = asked.casework.case(user, row.case.id)

    assert report.checks == 1
    assert (file.case.stop, file.checks) == (True, ())
    assert {path: path.stat().st_mtime_ns for path in asked.desk.vault.root.glob("??/*")} == before


def test_an_answer_that_a_stopped_case_keeps_is_in_no_backup(asked: Watched) -> None:
    """A picture that a stopped case holds only as the answer to a look goes nowhere, though somebody else holds it as evidence."""
    user = asked.user()
    (row,) = asked.casework.cases(user, user.schools())
    asked.forward(hours=1, minutes=1)
    (planned,) = asked.casework.plan_checks(asked.clock.now())
    check = one_round.look_again(asked.hands, planned)
    asked.casework.saw_indecent(user, row.case.id)
    other = asked.opened(asked.told("wiki-ashcombe", "look at this"), Category.HARASSMENT_STAFF, "teacher")
    order = asked.order(other)
    with asked.desk.store.begin("system") as work:
        (kept, *_) = work.evidence.where(case_id=row.case.id)
        files = (kept.files[0].model_copy(update={"sha256": check.answer_sha256, "media_type": "image/png"}),)
        mine = {"id": f"e{order.id}", "order_id": order.id, "case_id": other.id, "item_id": order.item_id, "ref": f"{other.ref}-E1"}
        work.evidence.add(kept.model_copy(update={**mine, "files": files}))
        withheld = withheld_files(work)
        work.commit()

    assert not asked.as_it_is(other).stop
    assert check.answer_sha256 in withheld


def test_a_stopped_case_has_no_reminder_to_wait_for(asked: Watched) -> None:
    """No job waits for hours that are spoken of to nobody, and none begins again for ever."""
    (row,) = asked.casework.cases(asked.user(), asked.user().schools())
    before = one_round.next_reminders(asked.desk)
    asked.casework.saw_indecent(asked.user(), row.case.id)

    assert before
    assert one_round.next_reminders(asked.desk) == []


def test_a_busy_database_ends_the_job_not_the_records(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the database refuses in the middle of a poll, a plain error comes, and the next poll keeps everything."""

    def refuse(*_: object, **__: object) -> None:
        raise StoreError("the database is busy and did not answer for 30 seconds; nothing was saved, try again")

    with monkeypatch.context() as broken:
        broken.setattr("data.store.posts.Posts.keep", refuse)
        with pytest.raises(StoreError, match="busy"):
            one_round.poll_source(watched.hands, "forum")

    assert one_round.poll_source(watched.hands, "forum").new == len(watched.town.visible(Place.FORUM))
