"""The nightly look over the vault and what the doctor says of it, of backups and of drills."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from casework import messages
from casework.testing import SCHOOL_ID, a_school, a_user, keep_case
from data.clock import FixedClock
from data.errors import EvidenceError
from data.model.base import new_id
from data.model.evidence import BackupRun, CaptureOrder, Evidence, OrderState, SafetyAnswer
from data.model.people import Role
from data.model.telling import Message
from evidence import vault as disk
from schoolwatch import backup
from schoolwatch import round as one_round
from schoolwatch.desk import Desk
from schoolwatch.doctor import Finding, examine
from schoolwatch.night import run_night
from schoolwatch.round import Hands
from schoolwatch.safe_testing import an_installation, seal_one, with_settings
from schoolwatch.vault_watch import look_now, look_tonight, looks, still_wrong

AT = datetime(2026, 11, 20, 9, 0, 0, 654321, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path, clock: FixedClock, empty_database: Path) -> Iterator[Desk]:
    """An installation with three pieces of evidence of one school."""
    clock.moment = AT
    made, _ = an_installation(tmp_path / "school", clock, template=empty_database)
    for key in ("one", "two", "three"):
        seal_one(made, key)
    yield made
    made.close()


def told(desk: Desk) -> list[Message]:
    """Return what was told about the vault."""
    with desk.store.read() as work:
        return [one for one in work.messages.where(order_by="made_at") if one.matter.startswith("vault:")]


def spoil(desk: Desk, key: str) -> Evidence:
    """Lose the page of a piece of evidence; return it."""
    with desk.store.read() as work:
        found = next(one for one in work.evidence.where() if one.case_id == f"case-{key}")
    desk.vault.path(next(file.sha256 for file in found.files if file.name == "page.txt")).unlink()
    return found


def findings(desk: Desk, clock: FixedClock, what: str) -> Finding:
    """Return one line of the doctor's, who works by the desk's clock here."""

    class Timed(type(desk.settings)):  # type: ignore[misc]
        """Settings whose clock is the test's."""

        def clock(self) -> FixedClock:
            """Return the test's clock."""
            return clock

    settings = Timed.model_construct(**{name: getattr(desk.settings, name) for name in type(desk.settings).model_fields})
    return next(one for one in examine(settings) if one.what == what)


def test_a_week_of_nights_sees_every_file(desk: Desk, clock: FixedClock) -> None:
    """Seven nights read through all that records speak of; each night notes how far it came."""
    seen = 0
    for _ in range(7):
        found = look_tonight(desk)
        seen += found.checked
        clock.forward(DAY)
    with desk.store.read() as work:
        runs = looks(work)

    assert seen >= found.of > 10
    assert [run.ok for run in runs] == [True] * 7
    assert findings(desk, clock, "evidence files") == Finding(
        "ok", "evidence files", f"{found.of} of {found.of} looked at within a week, all as they were sealed"
    )


def test_a_lost_file_is_told_once_by_number(desk: Desk, clock: FixedClock) -> None:
    """The safeguarding lead hears of it once, however often it is found; the message holds a number of pieces and no more."""
    spoiled = spoil(desk, "two")
    for _ in range(3):
        look_now(desk)
        clock.forward(DAY)
    [message] = told(desk)

    assert (message.user_id, message.school_id) == ("u-dsl", SCHOOL_ID)
    assert "a piece of sealed evidence is missing or changed" in message.body
    assert spoiled.ref not in message.subject + message.body
    assert findings(desk, clock, "evidence files").says.startswith(f"missing or changed on the disk: {spoiled.ref};")


def test_another_loss_is_told_anew(desk: Desk, clock: FixedClock) -> None:
    """What is lost later is another matter."""
    spoil(desk, "two")
    look_now(desk)
    clock.forward(DAY)
    spoil(desk, "three")
    look_now(desk)

    assert len({one.matter for one in told(desk)}) == 2


def test_the_alarm_ends_when_everything_is_right_again(desk: Desk, clock: FixedClock) -> None:
    """A file that was brought back from a backup clears the doctor's line at the next look over everything, not before."""
    spoiled = spoil(desk, "two")
    look_now(desk)
    desk.vault.put(b"Invented page two")
    clock.forward(DAY)
    look_tonight(desk)
    with desk.store.read() as work:
        before = still_wrong(looks(work))
    clock.forward(DAY)
    look_now(desk)

    assert before == (spoiled.ref,)
    assert findings(desk, clock, "evidence files").tone == "ok"


def test_another_schools_lead_hears_nothing(desk: Desk) -> None:
    """Only the school whose evidence it is is told."""
    with desk.store.begin("system") as work:
        work.schools.add(a_school(id="s-other", name="Ashcombe Vale Academy", report_code="ash-leaf-9"))
        work.users.add(a_user(Role.DSL, user_id="u-other", school_id="s-other"))
        work.commit()
    spoil(desk, "one")
    look_now(desk)

    assert {one.user_id for one in told(desk)} == {"u-dsl"}


def test_the_night_names_it(desk: Desk) -> None:
    """A night that finds a loss says so by number; the rest of the night is done, the backup included."""
    spoiled = spoil(desk, "one")
    for _ in range(7):
        report = run_night(desk)
        if report.problems:
            break
    assert report.problems == (f"the files of the vault: {spoiled.ref}: missing or changed on the disk",)
    assert len(backup.own_backups(desk.settings.backup_dir or Path())) == 1


def test_the_words_are_our_own() -> None:
    """One piece and several; no name, no number of a case."""
    assert "a piece of sealed evidence is missing" in messages.vault(1, AT).body
    assert "3 pieces of sealed evidence are missing" in messages.vault(3, AT).body


def test_nights_that_do_not_come_are_noticed(desk: Desk, clock: FixedClock) -> None:
    """When the worker does not run at night, the doctor says so for the vault and for the backup."""
    for _ in range(9):
        run_night(desk)
        clock.forward(DAY)
    fine = findings(desk, clock, "evidence files").tone
    clock.forward(20 * DAY)

    assert fine == "ok"
    assert "within a week: is the worker running" in findings(desk, clock, "evidence files").says
    assert "is the worker running at night?" in findings(desk, clock, "backup").says


def note(desk: Desk, kind: str, at: datetime, **fields: object) -> None:
    """Note a run."""
    with desk.store.begin("system") as work:
        work.backups.add(BackupRun(**({"id": new_id(at), "at": at, "kind": kind, "file": "f.tar.age"} | fields)))  # type: ignore[arg-type]
        work.commit()


def test_the_doctor_on_backups(desk: Desk, clock: FixedClock, tmp_path: Path) -> None:
    """Not set up, none yet, failed, made on the same disk: each with its mend."""
    assert findings(with_settings(desk, backup_recipient=None), clock, "backup").tone == "note"
    assert "there is none yet" in findings(desk, clock, "backup").says
    note(desk, "backup", AT, ok=True, size=5_000_000)
    assert "same disk" in findings(desk, clock, "backup").says
    other = findings(with_settings(desk, backup_dir=Path("/dev/shm")), clock, "backup")  # noqa: S108 - another disk, only looked at
    assert other.tone == ("ok" if Path("/dev/shm").exists() and Path("/dev/shm").stat().st_dev != tmp_path.stat().st_dev else "note")  # noqa: S108
    note(desk, "backup", AT + DAY, ok=True, problem="files are missing")
    assert findings(desk, clock, "backup").says.endswith("but files are missing")
    note(desk, "backup", AT + 2 * DAY, problem="the folder for backups is not there")
    failed = findings(desk, clock, "backup")
    assert failed.tone == "bad"
    assert "not there; the last good one is of 2026-11-21 09:00 UTC" in failed.says


def test_the_doctor_on_drills(desk: Desk, clock: FixedClock) -> None:
    """Never, sound, long ago, with faults."""
    seen = [findings(desk, clock, "restore drill")]
    note(desk, "drill", AT, ok=True)
    seen.append(findings(desk, clock, "restore drill"))
    clock.forward(121 * DAY)
    seen.append(findings(desk, clock, "restore drill"))
    note(desk, "drill", clock.now(), problem="the register ends early")
    seen.append(findings(desk, clock, "restore drill"))

    assert [one.tone for one in seen] == ["note", "ok", "note", "bad"]
    assert "restore --check" in seen[0].says
    assert seen[3].says.endswith("the register ends early")


def test_a_capture_on_a_full_disk_fails_in_words_and_a_retry_works(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """evidence.md §7, disk full: the order says what to do, no page was asked for; with room the next order gets past the question."""
    case = keep_case(desk.store, "full", known_at=AT)

    def order(key: str) -> CaptureOrder:
        made = CaptureOrder(
            id=key,
            case_id=case.id,
            item_id="item-full",
            address="https://forum.example.org/t/full",
            answer=SafetyAnswer.NO,
            ordered_by="u-dsl",
            ordered_at=AT,
        )
        with desk.store.begin("u-dsl") as work:
            work.orders.add(made)
            work.commit()
        return one_round.carry_out(Hands.of(desk), key)

    asked: list[str] = []

    def capture(one: CaptureOrder, *_: object, **__: object) -> object:
        asked.append(one.id)
        raise EvidenceError("the page was asked for")

    monkeypatch.setattr(one_round, "capture", capture)
    monkeypatch.setattr(disk, "FLOOR", 1 << 62)
    monkeypatch.setattr(one_round, "require_room", lambda folder: disk.require_room(folder, disk.FLOOR))
    full = order("o-full")
    monkeypatch.setattr(one_round, "require_room", lambda folder: disk.require_room(folder, 1))
    again = order("o-again")

    assert full.state is OrderState.FAILED
    assert "free some space, then order the capture again" in (full.problem or "")
    assert again.problem == "the page was asked for"
    assert asked == ["o-again"]
