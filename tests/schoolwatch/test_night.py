"""The night: each part stands alone, a night comes once, and a night that was cut off ends as one that was not."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
import structlog.testing
from typer.testing import CliRunner

from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_finding, a_school, a_seen_post, a_user, keep_case, keep_judged
from data.clock import FixedClock, ScaledClock
from data.errors import SettingsError, StoreError
from data.model.cases import CaseState
from data.model.findings import FindingState
from data.model.people import Role
from data.model.readings import Category, Severity
from data.store import Store, Work
from schoolwatch import jobs, night
from schoolwatch.cli import app
from schoolwatch.desk import Desk, build_desk, migrate
from schoolwatch.doctor import examine
from schoolwatch.jobs import Worker
from schoolwatch.night import due, handle_key, run_night
from schoolwatch.settings import CONFIG_NAME, DEMO_NAME, Settings, child_environment, write_settings
from schoolwatch.testing import NO_BROWSER, watched_town
from schoolwatch.up import Child, command

DAY = timedelta(days=1)
DPO = a_user(Role.DPO, user_id="u-dpo")


@pytest.fixture
def desk(tmp_path: Path, clock: FixedClock, database_url: str) -> Iterator[Desk]:
    """A desk with a school, two years after noon."""
    made = a_desk(tmp_path, clock, database_url)
    yield made
    made.close()


def a_desk(folder: Path, clock: FixedClock, url: str) -> Desk:
    """Return a desk with a school, some of whose records may go and some not."""
    clock.moment = NOON + 730 * DAY
    made = build_desk(Settings(state_dir=folder, database=url), clock)
    with made.store.begin(by="system") as work:
        work.schools.add(a_school())
        work.users.add(DPO)
        seen = [a_seen_post(f"number {one}", native_id=f"n{one}") for one in range(4)]
        kept = work.posts.keep(seen, source_id=None, seen_at=NOON)
        work.posts.mark_read([work.posts.get(one) for one in kept.post_ids])
        work.commit()
    for key in ("1", "2", "3"):
        keep_case(made.store, key, state=CaseState.CLOSED, closed_at=NOON, outcome="removed")
    keep_case(made.store, "open")
    keep_case(made.store, "abuse", state=CaseState.CLOSED, closed_at=NOON, stop=True)
    keep_judged(made.store, "praise", Category.PRAISE, NOON)
    keep_judged(made.store, "young", Category.PRAISE, clock.now() - 40 * DAY)
    return made


@pytest.mark.parametrize(
    ("now", "night_of"),
    [
        ("2026-11-20T02:29:59+00:00", None),
        ("2026-11-20T02:30:00+00:00", "2026-11-20"),
        ("2026-11-20T23:59:59+00:00", "2026-11-20"),
        ("2026-07-01T01:29:59+00:00", None),
        ("2026-07-01T01:30:00+00:00", "2026-07-01"),
        ("2026-03-29T01:29:59+00:00", None),
        ("2026-03-29T01:30:00+00:00", "2026-03-29"),
        ("2026-10-25T02:29:59+00:00", None),
        ("2026-10-25T02:30:00+00:00", "2026-10-25"),
    ],
)
def test_a_night_begins_at_half_past_two_uk_time(now: str, night_of: str | None) -> None:
    """Winter and summer, and on both days on which the clocks change: once, at its hour."""
    found = due(datetime.fromisoformat(now))

    assert (found.isoformat() if found else None) == night_of


def test_every_day_of_a_year_has_one_night() -> None:
    """Seen from quarter hour to quarter hour, each day of a year has its night, none twice."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    seen = [due(start + timedelta(minutes=15 * one)) for one in range(365 * 96)]
    begun = [day for before, day in zip([None, *seen], seen, strict=False) if day is not None and day != before]

    assert len(begun) == len(set(begun)) == 365


def test_a_night_says_what_it_did(desk: Desk) -> None:
    """Counts by rule, nothing in the log but numbers."""
    with structlog.testing.capture_logs() as lines:
        report = run_night(desk)

    assert report.problems == ()
    assert report.run is not None
    assert report.run.gone == {"case_low": 3, "lawful": 1, "mention": 4, "handle": 1}
    assert report.run.waiting == {"abuse": 1}
    assert [line["event"] for line in lines] == ["night done"]
    assert "writer" not in json.dumps(lines)


def test_the_second_night_of_a_day_finds_nothing(desk: Desk) -> None:
    """Run again, nothing is left to do and the file is not written anew."""
    run_night(desk)
    again = run_night(desk)

    assert again.run is not None
    assert (again.run.gone, again.problems, again.swept) == ({}, (), 0)


@pytest.mark.parametrize(
    ("owner", "name", "said"),
    [
        (Casework, "expire_unread", "unread posts"),
        (Casework, "run_retention", "retention"),
        (Store, "compact", "giving space back"),
        (night, "_verify_audit", "the audit log"),
        (night, "_verify_custody", "the custody chain"),
    ],
)
def test_each_part_fails_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, said: str) -> None:
    """What fails is named in plain words; everything else of the night is still done."""

    def broken(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    path = desk.vault.path(desk.vault.put(b"left over"))
    os.utime(path, (0, 0))
    monkeypatch.setattr(owner, name, broken)
    with structlog.testing.capture_logs() as lines:
        report = run_night(desk)
    failed = [line for line in lines if line["event"] == "night failed"]

    assert report.problems == (f"{said}: the disk is full",)
    assert [(line["part"], line["error"]) for line in failed] == [(said, "StoreError")]
    assert (report.run is None, path.exists()) == (said == "retention", False)


def test_a_vault_that_cannot_be_swept_stops_nothing_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk error in the vault is named; retention was done."""

    def broken(*_: object) -> tuple[str, ...]:
        raise OSError(5, "input/output error")

    monkeypatch.setattr(type(desk.vault), "sweep", broken)
    report = run_night(desk)

    assert [one.partition(":")[0] for one in report.problems] == ["the vault"]
    assert report.run is not None


def test_tampering_is_found_in_the_night(desk: Desk) -> None:
    """A line of the audit log that was changed behind our back is named in the report."""
    with desk.store.begin(by="system") as work:
        work.connection.execute(sa.text("DROP TRIGGER audit_event_no_update"))
        work.connection.execute(sa.text("UPDATE audit_event SET by = 'nobody' WHERE number = 2"))
        work.commit()
    report = run_night(desk)

    assert len(report.problems) == 1
    assert "event 2" in report.problems[0]


def test_posts_that_nobody_read_for_a_month_are_put_aside_by_the_night(desk: Desk, clock: FixedClock) -> None:
    """§5.3: an S0 post that waited unread is expired and counted, and goes with its own time."""
    with desk.store.begin(by="system") as work:
        seen_at = clock.now() - 31 * DAY
        kept = work.posts.keep([a_seen_post("nobody read me", native_id="u1")], source_id=None, seen_at=seen_at)
        fields = {"severity": Severity.S0, "lead_category": Category.PRAISE, "categories": (Category.PRAISE,)}
        work.findings.add(a_finding(seen_at, id="f-unread", post_id=kept.post_ids[0], **fields))
        work.commit()
    run_night(desk)
    with desk.store.read() as work:
        state = work.findings.get("f-unread").state
    clock.forward(91 * DAY)
    run_night(desk)
    with desk.store.read() as work:
        gone, counted = work.findings.find("f-unread"), [one.outcome for one in work.tallies.where()]

    assert (state, gone) == (FindingState.DECIDED, None)
    assert counted.count("unreviewed_expired") == 1


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    """32 bytes, readable by the owner alone, the same every night and another in another installation."""
    first, again = handle_key(tmp_path), handle_key(tmp_path)
    (tmp_path / "other").mkdir()

    assert len(first) == 32
    assert first == again != handle_key(tmp_path / "other")
    assert stat.S_IMODE((tmp_path / night.KEY_FILE).stat().st_mode) == 0o600


def test_a_damaged_key_is_named_and_never_used(tmp_path: Path) -> None:
    """An empty key would give everybody's handles the same guessable marks; no draft of a key is left beside it."""
    handle_key(tmp_path)
    (tmp_path / night.KEY_FILE).write_bytes(b"")

    with pytest.raises(SettingsError, match="damaged"):
        handle_key(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [night.KEY_FILE]


class Cut(BaseException):
    """The process ends here; nothing catches it."""


def end_state(store: Store) -> dict[str, object]:
    """Return all that a night leaves, without what differs between any two nights (ids and times of its own)."""
    with store.read() as work:
        tallies = sorted(one.model_dump_json(exclude={"id"}) for one in work.tallies.where())
        tombs = sorted((one.kind, one.record_id, one.rule) for one in work.tombstones.where())
        return {
            "cases": sorted(one.ref for one in work.cases.where()),
            "findings": sorted(one.id for one in work.findings.where()),
            "posts": sorted((one.text, one.author_handle) for one in work.posts.where()),
            "tallies": tallies,
            "tombs": tombs,
        }


def night_after(template: Path, folder: Path, cut_at: int | None) -> tuple[dict[str, object], int]:
    """Run a night that ends at its n-th commit (before it, so that it is lost) and then a whole one; return its end and its commits."""
    folder.mkdir()
    shutil.copy(template, folder / "app.db")
    desk = build_desk(Settings(state_dir=folder, database=f"sqlite:///{folder / 'app.db'}"), FixedClock(NOON + 730 * DAY))
    commits, whole = count(1), Work.commit
    (folder / night.KEY_FILE).write_bytes(b"k" * 32)

    def commit(work: Work) -> None:
        if next(commits) == cut_at:
            raise Cut
        whole(work)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Work, "commit", commit)
        try:
            run_night(desk)
        except Cut:
            assert cut_at is not None
    report = run_night(desk)
    found, used = end_state(desk.store), next(commits) - 1
    desk.close()
    assert report.problems == ()
    return found, used


def test_a_night_cut_off_anywhere_ends_as_a_whole_one(tmp_path: Path, clock: FixedClock, empty_database: Path) -> None:
    """Killed at each of its transactions in turn and run again: the same records are gone, counted once, buried once."""
    shutil.copy(empty_database, tmp_path / "full.db")
    a_desk(tmp_path, clock, f"sqlite:///{tmp_path / 'full.db'}").close()
    whole, commits = night_after(tmp_path / "full.db", tmp_path / "whole", None)
    ends = [night_after(tmp_path / "full.db", tmp_path / f"cut-{number}", number)[0] for number in range(1, commits + 1)]

    assert commits >= 10
    assert [number for number, end in enumerate(ends, start=1) if end != whole] == []


class Engine:
    """As much of the jobs engine as a night asks for: every job that was begun has ended well."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.named = ""

    def get_workflow_status(self, job_id: str) -> SimpleNamespace | None:
        """Return how a job stands."""
        return SimpleNamespace(status="SUCCESS") if job_id in self.begun else None

    def start_workflow(self, workflow: object, *_: str) -> None:
        """Begin a job under the name that was set."""
        assert workflow is jobs.night
        self.begun.append(self.named)

    @contextmanager
    def name(self, job_id: str) -> Iterator[None]:
        """Set the name under which the next job begins."""
        self.named = job_id
        yield


def test_the_worker_begins_a_night_once(monkeypatch: pytest.MonkeyPatch, clock: FixedClock) -> None:
    """Asked every second, before and after its hour, also by a worker that was started anew: one job for each date."""
    engine = Engine()
    monkeypatch.setattr(jobs, "DBOS", engine)
    monkeypatch.setattr(jobs, "SetWorkflowID", engine.name)
    for start in ("2026-11-20T02:29:58+00:00", "2026-11-20T09:00:00+00:00", "2026-11-21T02:29:58+00:00"):
        worker = Worker.__new__(Worker)  # a worker of this process alone: no engine is launched
        worker._begun, worker.hands = set(), SimpleNamespace(clock=clock)  # type: ignore[assignment]
        clock.moment = datetime.fromisoformat(start)
        for _ in range(5):
            worker._begin_night(clock.forward(timedelta(seconds=1)))

    assert engine.begun == ["night:2026-11-20", "night:2026-11-21"]


def test_a_school_that_manages_its_retention_sees_the_runs(desk: Desk) -> None:
    """Newest first, each with its counts, and when the space was given back."""
    run_night(desk)
    run_night(desk)
    runs = desk.casework.runs(DPO, SCHOOL_ID)

    assert [bool(run.gone) for run in runs] == [False, True]
    assert all(run.finished_at is not None for run in runs)
    assert runs[1].compacted_at is not None


def test_a_worker_process_does_the_night_by_itself(tmp_path: Path, empty_database: Path) -> None:
    """With the real engine: past half past two the run stands in the store and was finished; the audit log holds."""
    origin = datetime(2026, 11, 20, 2, 20, tzinfo=UTC)
    clock = ScaledClock(origin, 600.0)  # ten minutes in a second
    with watched_town(tmp_path / "state", clock, template=empty_database) as watched:
        folder, demo = watched.desk.settings.state_dir, watched.desk.settings.demo
        assert demo is not None
        shown = demo.model_copy(update={"origin": clock.origin, "factor": 600.0})
        (folder / DEMO_NAME).write_text(shown.model_dump_json(), encoding="utf-8")
        write_settings(folder / CONFIG_NAME, {"state_dir": ".", "contact": "demo@town.example", "browser_path": str(NO_BROWSER)})
        worker = Child("worker", command("worker", "--with-parent"), child_environment(config=str(folder / CONFIG_NAME)))
        worker.start()
        runs = _runs_within(watched.desk.store, 60)
        worker.stop()
        with watched.desk.store.read() as work:
            work.audit.verify()
            finished = [run.finished_at is not None for run in work.retention_runs.where()]

    assert runs >= 1
    assert finished[0]
    assert (folder / night.KEY_FILE).stat().st_size == 32


def _runs_within(store: Store, seconds: float) -> int:
    end, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < end:
        with store.read() as work:
            done = [run for run in work.retention_runs.where() if run.finished_at is not None]
        if done:
            return len(done)
        pause.wait(0.1)
    return 0


@pytest.fixture
def left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder with what killed processes left two hours ago, a fresh export, and somebody else's folder."""
    room = tmp_path / "tmp"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    old = room.stat().st_mtime - 7200
    for name in ("schoolwatch-pack-old", "schoolwatch-capture-old", "schoolwatch-drill-old", "schoolwatch-pack-young", "elses"):
        (room / name).mkdir()
        (room / name / "pack.zip").write_bytes(b"evidence")
        if "old" in name or name == "elses":
            for path in (room / name / "pack.zip", room / name):
                os.utime(path, (old, old))
    return room


def test_the_night_takes_away_what_killed_exports_left(desk: Desk, left_behind: Path) -> None:
    """A pack that was put together when its process was killed does not lie in the open for longer than a night."""
    report = run_night(desk)

    assert report.problems == ()
    assert sorted(one.name for one in left_behind.iterdir()) == ["elses", "schoolwatch-pack-young"]


def test_the_doctor_takes_it_away_too_and_says_so(tmp_path: Path, left_behind: Path) -> None:
    """Whoever asks the doctor need not wait for the night; asked again there is nothing to say."""
    settings = Settings(state_dir=tmp_path / "state", browser_path=NO_BROWSER)
    said = [[one.says for one in examine(settings) if one.what == "leftovers"] for _ in range(2)]

    assert [len(one) for one in said] == [1, 0]
    assert said[0][0].startswith("3 temporary folders")
    assert sorted(one.name for one in left_behind.iterdir()) == ["elses", "schoolwatch-pack-young"]


def test_a_worker_that_starts_takes_it_away(tmp_path: Path, left_behind: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a kill left is gone as soon as the worker is up again, before it does anything else."""
    settings = Settings(state_dir=tmp_path / "state")
    write_settings(tmp_path / CONFIG_NAME, {"state_dir": str(settings.state_dir)})
    migrate(settings)
    monkeypatch.setattr(jobs, "Worker", lambda *_, **__: (_ for _ in ()).throw(SettingsError("not today")))
    monkeypatch.setattr("schoolwatch.cli._stop_on_signals", lambda _: None)
    done = CliRunner().invoke(app, ["worker", "--config", str(tmp_path / CONFIG_NAME)])

    assert str(done.exception) == "not today"
    assert sorted(one.name for one in left_behind.iterdir()) == ["elses", "schoolwatch-pack-young"]
