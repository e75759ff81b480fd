"""`schoolwatch doctor`: what works here, what is missing, and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.migrations import upgrade
from data.store import Store
from evidence.detect import INSTALL_HINT
from schoolwatch.doctor import examine, worst
from schoolwatch.settings import Settings, load_settings, write_settings
from schoolwatch.testing import NO_BROWSER


def lines(settings: Settings) -> dict[str, tuple[str, str]]:
    """Return what the doctor says, by what was looked at."""
    return {one.what: (one.tone, one.says) for one in examine(settings)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a state folder that only its owner may read, with a runnable browser."""
    browser = tmp_path / "browser"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o700)
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    return Settings(state_dir=state, config_path=tmp_path / "schoolwatch.toml", browser_path=browser)


def test_a_fresh_machine_is_told_what_comes_next(settings: Settings) -> None:
    """Before the first start nothing is bad, and the notes say which command comes next."""
    said = lines(settings)

    assert said["settings"][0] == "note"
    assert "schoolwatch init" in said["settings"][1]
    assert said["database"] == ("note", "not made yet: `schoolwatch up` will make it")
    assert said["browser"][0] == "ok"
    assert said["state folder"][0] == "ok"
    assert worst(list(examine(settings))) == (1 if said["disk"][0] == "bad" else 0)


def test_a_missing_browser_is_bad_and_says_what_to_install(settings: Settings) -> None:
    """Without a browser captures have no picture; the doctor says so and what to install."""
    without = settings.model_copy(update={"browser_path": NO_BROWSER})
    tone, says = lines(without)["browser"]

    assert tone == "bad"
    assert INSTALL_HINT in says
    assert worst(list(examine(without))) == 1


def test_gaps_are_bad_once_set_up(settings: Settings) -> None:
    """A school that is set up but did not give its privacy notice is told that nothing is collected."""
    tone, says = lines(settings.model_copy(update={"contact": "office@school.example"}))["settings"]

    assert tone == "bad"
    assert "privacy_notice_url" in says


def test_a_folder_that_others_can_read_is_bad(settings: Settings) -> None:
    """A state folder that other users of the machine can read is named with the command that closes it."""
    settings.state_dir.chmod(0o755)

    assert lines(settings)["state folder"] == (
        "bad",
        f"{settings.state_dir} can be read by other users of this machine: chmod 700 {settings.state_dir}",
    )


def test_a_sound_database_is_said_to_be_sound(settings: Settings) -> None:
    """The audit log is followed from its first line to its last."""
    upgrade(settings.database_url)

    assert lines(settings)["database"] == ("ok", "opens; its audit log of 0 lines follows from itself")


def test_a_database_of_another_version_or_none_at_all_is_bad(settings: Settings) -> None:
    """A file that is not ours is named with the mend, without a traceback."""
    path = settings.state_dir / "app.db"
    path.write_bytes(b"")
    empty = lines(settings)["database"]
    path.write_bytes(b"this is not a database, and never was one" * 100)
    garbage = lines(settings)["database"]

    assert empty[0] == garbage[0] == "bad"
    assert "schoolwatch migrate" in empty[1]
    assert "not a database" in garbage[1]


def test_a_tampered_audit_log_is_found(settings: Settings) -> None:
    """A log that somebody edited with another program is bad, and the line is named."""
    upgrade(settings.database_url)
    store = Store.open(settings.database_url)
    with store.begin("u1") as work:
        work.note("did", "thing", "1")
        work.commit()
    with store.begin("u1") as work:
        work.connection.exec_driver_sql("DROP TRIGGER audit_event_no_update")
        work.connection.exec_driver_sql("UPDATE audit_event SET record_id = '2'")
        work.connection.commit()
    store.close()
    tone, says = lines(settings)["database"]

    assert tone == "bad"
    assert "event 1" in says


def test_a_set_up_school_reads_ok(settings: Settings) -> None:
    """A school that gave everything is told where its settings lie."""
    path = settings.state_dir / "schoolwatch.toml"
    given = {"contact": "o@s.example", "privacy_notice_url": "https://s.example/p", "dpia_signed_by": "Head"}
    write_settings(path, given | {"dpia_signed_on": "2026-09-01"})

    assert lines(load_settings(path))["settings"] == ("ok", str(path))
