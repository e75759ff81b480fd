"""Settings: read once, validated, refused in plain words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.errors import SettingsError
from schoolwatch import readiness
from schoolwatch.errors import NotReadyError
from schoolwatch.settings import DEMO_NAME, find_config, load_settings, write_settings


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of this machine reaches a test."""
    for name in ("CONFIG", "HOME", "DATABASE", "PORT", "CONTACT", "REQUIRE", "TOKEN_TOWN"):
        monkeypatch.delenv(f"SCHOOLWATCH_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCHOOLWATCH_HOME", str(tmp_path / "home"))


def written(tmp_path: Path, text: str) -> Path:
    """Write a settings file."""
    path = tmp_path / "schoolwatch.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_there_are_defaults_and_nothing_is_collected(tmp_path: Path) -> None:
    """A fresh machine has a state folder outside any checkout, and says what is missing before it collects."""
    settings = load_settings()

    assert settings.state_dir == tmp_path / "home"
    assert settings.loopback_ports == frozenset()
    assert not settings.is_set_up
    assert len(readiness.missing(settings)) == 4
    with pytest.raises(NotReadyError, match="privacy notice"):
        readiness.require_ready(settings)


def test_a_school_that_said_so_in_public_may_collect(tmp_path: Path) -> None:
    """With contact, privacy notice and signed DPIA nothing is missing."""
    path = written(
        tmp_path,
        'contact = "office@school.example"\nprivacy_notice_url = "https://school.example/privacy"\n'
        'dpia_signed_on = 2026-09-01\ndpia_signed_by = "Head"\n',
    )

    assert readiness.missing(load_settings(path)) == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('contcat = "a@b.example"', "'contcat' is not a setting"),
        ('contact = "office"', "mail address"),
        ('contact = "a@b.example\\r\\nX-Evil: 1"', "mail address"),
        ("port = 70000", "'port' is 70000; it should be a number from 1 to 65535"),
        ('privacy_notice_url = "javascript:alert(1)"', "starting with https://"),
        ("dpia_signed_on = 2090-01-01", "cannot lie in the future"),
        ("idle_minutes = 1", "5 to 480"),
        ("demo = 1", "'demo' cannot be set"),
        ("loopback_ports = [8000]", "'loopback_ports' is not a setting"),
        ("port = = 1", "cannot be read as TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_mend(tmp_path: Path, line: str, said: str) -> None:
    """A bad value names the key, the value and what would be right; an unknown key is an error."""
    with pytest.raises(SettingsError, match=said.replace("(", r"\(")):
        load_settings(written(tmp_path, line))


def test_the_environment_wins_and_carries_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets come from the environment and are never printed."""
    monkeypatch.setenv("SCHOOLWATCH_DATABASE", "postgresql+psycopg://db.example/school")
    monkeypatch.setenv("SCHOOLWATCH_TOKEN_TOWN", "s3cret")
    settings = load_settings(written(tmp_path, 'contact = "office@school.example"'))

    assert settings.database_url == "postgresql+psycopg://db.example/school"
    assert settings.tokens == {"town": "s3cret"}
    assert "s3cret" not in repr(settings)


def test_loopback_ports_come_from_a_demos_own_folder_only(tmp_path: Path) -> None:
    """Only a demo's state folder opens loopback ports, and then everything is a demo."""
    state = tmp_path / "state"
    state.mkdir()
    facts = {"origin": "2026-11-20T09:00:00Z", "factor": 360, "loopback_ports": [4711], "town_address": "http://127.0.0.1:4711"}
    (state / DEMO_NAME).write_text(json.dumps(facts), encoding="utf-8")
    settings = load_settings(written(tmp_path, 'state_dir = "state"'))

    assert settings.demo is not None
    assert settings.loopback_ports == {4711}
    assert settings.demo.hour_seconds == 10


def test_a_broken_demo_folder_says_so(tmp_path: Path) -> None:
    """A demo's clock file that cannot be read is refused, not ignored."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / DEMO_NAME).write_text("{}", encoding="utf-8")

    with pytest.raises(SettingsError, match="schoolwatch demo"):
        load_settings(written(tmp_path, 'state_dir = "state"'))


def test_a_file_in_this_folder_is_found_first(tmp_path: Path) -> None:
    """The settings file beside you wins over the one in the state folder."""
    path = written(tmp_path, "")

    assert find_config() == path


def test_settings_are_written_whole_and_for_the_owner_only(tmp_path: Path) -> None:
    """What the wizard writes can be read back, and by nobody else."""
    path = tmp_path / "new" / "schoolwatch.toml"
    write_settings(path, {"contact": "office@school.example", "port": 9000})

    assert load_settings(path).port == 9000
    assert path.stat().st_mode & 0o077 == 0


def test_a_mail_server_is_set_in_the_file_and_its_password_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Host and port stand in the file; a password there is refused, and no print of the settings shows it."""
    lines = 'smtp_host = "smtp.school.example"\nsmtp_user = "watch"\nmail_from = "watch@school.example"\n'
    monkeypatch.setenv("SCHOOLWATCH_SMTP_PASSWORD", "orchard-lantern")
    settings = load_settings(written(tmp_path, lines))
    with pytest.raises(SettingsError, match="passwords come from the environment"):
        load_settings(written(tmp_path, lines + 'smtp_password = "orchard-lantern"\n'))

    assert settings.mail_server() == {
        "host": "smtp.school.example",
        "port": 587,
        "security": "starttls",
        "user": "watch",
        "password": "orchard-lantern",
        "from": "watch@school.example",
    }
    assert "orchard-lantern" not in repr(settings)


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ('smtp_user = "watch"\nsmtp_security = "none"\n', "smtp_security"),
        ('smtp_security = "ssl"\n', "smtp_security"),
        ('smtp_host = "smtp school"\n', "smtp_host"),
        ("smtp_port = 0\n", "smtp_port"),
        ('mail_from = "nobody"\n', "mail_from"),
    ],
)
def test_a_mail_setting_that_cannot_be_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, key: str) -> None:
    """The refusal names the key and what would be right, and never the password; a password does not travel openly."""
    monkeypatch.setenv("SCHOOLWATCH_SMTP_PASSWORD", "orchard-lantern")
    with pytest.raises(SettingsError, match=key) as refused:
        load_settings(written(tmp_path, lines))

    assert "orchard-lantern" not in str(refused.value)
