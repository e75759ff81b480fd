"""The commands: what works prints plainly, what is refused is one plain line and never a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schoolwatch import __version__
from schoolwatch.cli import _welcome, app, main
from schoolwatch.desk import build_desk, migrate
from schoolwatch.first_start import FirstStart, set_up
from schoolwatch.round import run_round
from schoolwatch.settings import Settings, load_settings
from schoolwatch.testing import Watched, watched_town

ROOT = Path(__file__).parents[2]
PASSWORD = "long enough to use"
_PACK_STATES = {"fresh": ({0, 3}, ("GREEN", "AMBER")), "flipped": ({1}, ("RED",)), "garbage": ({2}, ("UNREADABLE",))}


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def run_process(*words: str | Path, home: Path, typed: str = "") -> Done:
    """Run the program in a process of its own, as a person does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCHOOLWATCH_")}
    environment |= {"SCHOOLWATCH_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "schoolwatch", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, input=typed, cwd=home, env=environment, timeout=120, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def run(*words: str | Path, home: Path) -> Done:
    """Run a command through the program's own entrance, in this process: much quicker than starting Python for each."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        patch.setattr(sys, "argv", ["schoolwatch", *map(str, words)])
        patch.setattr("schoolwatch.cli.set_up_logs", lambda: None)
        patch.setenv("SCHOOLWATCH_HOME", str(home))
        patch.delenv("SCHOOLWATCH_CONFIG", raising=False)
        patch.chdir(home)
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A folder in which nothing was set up."""
    return tmp_path


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a school that was set up, without privacy notice and DPIA."""
    monkeypatch.setenv("SCHOOLWATCH_HOME", str(tmp_path))
    monkeypatch.delenv("SCHOOLWATCH_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    form = FirstStart(
        school_name="Fernley Green Primary School",
        watch_terms="Fernley Green Primary",
        contact="office@fernley-green.example",
        your_name="Dana",
        username="dana",
        password=PASSWORD,
    )
    set_up(load_settings(), form, code_needed=False)
    return tmp_path


def refused(done: Done, said: str) -> None:
    """Assert that a command was refused in one plain line."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("schoolwatch: ")
    assert said in lines[0]


def test_version_and_help(empty: Path) -> None:
    """The program says its version, and lists its commands."""
    assert run_process("version", home=empty).stdout.strip() == __version__
    assert {"up", "demo", "verify", "doctor"} <= set(run_process("--help", home=empty).stdout.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("round",), "run `schoolwatch migrate`"),
        (("worker",), "run `schoolwatch migrate`"),
        (("export", "SW-2026-0001", "--as", "dana"), "run `schoolwatch migrate`"),
        (("reset-password", "dana"), "run `schoolwatch migrate`"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_before_the_first_start_commands_name_the_mend(empty: Path, words: tuple[str, ...], said: str) -> None:
    """On a machine where nothing was set up, a command says in one line what to do first."""
    refused(run(*words, home=empty), said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("round",), "nothing is collected yet"),
        (("export", "SW-2026-0009", "--as", "dana"), "there is no case SW-2026-0009"),
        (("export", "SW-2026-0009", "--as", "nobody"), "there is no user nobody"),
        (("reset-password", "nobody"), "there is no user nobody"),
        (("init",), "is there already"),
    ],
    ids=["round", "export case", "export user", "reset-password", "init"],
)
def test_a_refusal_is_one_plain_line(school: Path, words: tuple[str, ...], said: str) -> None:
    """What a command refuses it says in one line, with exit code 1."""
    refused(run(*words, home=school), said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1\n", "'prot' is not a setting"),
        ("port = 'x'\n", "a number from 1 to 65535"),
        ("port = \n", "cannot be read as TOML"),
        ("[demo]\nfactor = 1\n", "'demo' cannot be set"),
        ("state_dir = '/proc/nowhere'\n", "/proc/nowhere"),
    ],
)
def test_wrong_settings_are_named(empty: Path, text: str, said: str) -> None:
    """A wrong settings file is named with the key and what would be right, whichever command reads it."""
    (empty / "schoolwatch.toml").write_text(text)
    for words in (("migrate",), ("up",)):
        refused(run(*words, home=empty), said)


def test_migrate_makes_the_database(empty: Path) -> None:
    """The database is made, and a second time nothing happens."""
    assert [run("migrate", home=empty).stdout.strip() for _ in range(2)] == ["the database is up to date"] * 2


def test_init_asks_and_writes(empty: Path) -> None:
    """The terminal asks what the page asks; the school is set up and may go on."""
    answers = [
        "Fernley Green Primary School", "Fernley Green", "", "", "Mill Lane", "Fernley Green Primary; #fernleygreen", "office@fg.example",
        "https://fg.example/privacy", "2026-09-01", "Mrs Bramblecote", "Dana Safeley", "dsl", "dana", PASSWORD, PASSWORD,
    ]  # fmt: skip
    done = run_process("init", home=empty, typed="\n".join(answers) + "\n")

    assert done.returncode == 0, done.stderr
    assert "Start with `schoolwatch up`" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
    assert run("doctor", home=empty).stdout.count("BAD   settings") == 0


def test_init_names_what_is_wrong(empty: Path) -> None:
    """Wrong answers are named field by field, and nothing is written."""
    answers = ["F", "", "", "", "", "x", "no address", "", "", "", "D", "dsl", "D", "short", "short"]
    done = run_process("init", home=empty, typed="\n".join(answers) + "\n")

    assert done.returncode == 1
    assert {"contact", "watch_terms", "username", "password"} <= {line.split(":")[0] for line in done.stderr.splitlines()}
    assert list(empty.iterdir()) == []


def test_reset_password_gives_a_new_one(school: Path) -> None:
    """Somebody who can sign in nowhere gets a one-time password from the person at the machine."""
    done = run("reset-password", "Dana", home=school)
    password = done.stdout.strip().rpartition(" ")[2]
    desk = build_desk(load_settings())
    user = desk.sign_in.user_for(desk.sign_in.sign_in("dana", password))
    desk.close()

    assert user is not None
    assert user.must_change_password


def test_doctor_says_whether_there_is_a_browser(school: Path) -> None:
    """With a browser its line is calm; without one it is bad, and the exit code says so."""
    fake = school / "browser"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o700)
    config = school / "schoolwatch.toml"
    plain = config.read_text()
    config.write_text(f"{plain}browser_path = '{fake}'\nprivacy_notice_url = 'https://x.example/'\n")
    config.write_text(config.read_text() + "dpia_signed_on = '2026-09-01'\ndpia_signed_by = 'Head'\n")
    found = run("doctor", home=school)
    config.write_text(config.read_text().replace(str(fake), "/no/such/browser"))
    missing = run("doctor", home=school)

    assert f"ok    browser: {fake}" in found.stdout
    assert "BAD   browser: none found" in missing.stdout
    assert missing.returncode == 1
    assert found.returncode == int("BAD" in found.stdout)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh evidence pack of a case in the town."""
    from data.clock import FixedClock
    from schoolwatch.round import carry_out

    folder = tmp_path_factory.mktemp("pack")
    with watched_town(folder / "state", FixedClock()) as watched:
        return _packed(watched, carry_out, folder)


def _packed(watched: Watched, carry_out: object, folder: Path) -> Path:
    assert callable(carry_out)
    watched.forward(minutes=1)
    run_round(watched.hands)
    case = watched.case_about("trip-money")
    carry_out(watched.hands, watched.order(case).id)
    name, content = watched.desk.safe.pack(watched.user(), case.id)
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize("state", sorted(_PACK_STATES))
def test_verify_says_how_a_pack_is(pack: Path, tmp_path: Path, state: str) -> None:
    """A fresh pack is sound, one flipped byte is red and named, and what is no pack is unreadable: by exit code, in words and as JSON."""
    content = bytearray(pack.read_bytes())
    if state == "flipped":
        content[len(content) // 2] ^= 1
    target = tmp_path / pack.name
    target.write_bytes(b"no pack at all" if state == "garbage" else bytes(content))
    told, as_json = run("verify", target, home=tmp_path), run("verify", target, "--json", home=tmp_path)
    codes, colours = _PACK_STATES[state]

    assert told.returncode in codes
    assert as_json.returncode == told.returncode
    assert told.stdout.splitlines()[0] in colours
    assert json.loads(as_json.stdout)["verdict"] in colours
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_verify_asks_for_a_real_certificate(pack: Path, tmp_path: Path, content: bytes | None) -> None:
    """A certificate that is missing or none is said to be so, and not with the exit code that means that the pack was changed."""
    given = tmp_path / "authority.pem"
    if content is not None:
        given.write_bytes(content)
    done = run("verify", pack, "--authority", given, home=tmp_path)

    assert done.returncode == 2
    assert "--authority" in done.stderr
    assert "Traceback" not in done.stderr


def test_verify_compares_what_was_noted(pack: Path, tmp_path: Path) -> None:
    """The pack's own codes and key are found again; another code, or another key, is RED."""
    told = json.loads(run("verify", pack, "--json", home=tmp_path).stdout)
    code, key = told["witness_codes"]["pack"], told["keys"][0]
    right = run("verify", pack, "--witness", code, "--key", key, home=tmp_path)
    wrong = [run("verify", pack, *words, home=tmp_path) for words in (("--witness", "0" * 64), ("--key", "0" * 64))]

    assert right.returncode == 3
    assert [one.returncode for one in wrong] == [1, 1]


def test_a_code_copied_from_a_document_is_the_code(pack: Path, tmp_path: Path) -> None:
    """Unseen breaks and blanks in a witness code do not make a sound pack look changed; what is no code is a mistake of typing."""
    code = json.loads(run("verify", pack, "--json", home=tmp_path).stdout)["witness_codes"]["pack"]
    copied = run("verify", pack, "--witness", f" {code[:20]}\u200b{code[20:40].upper()} {code[40:]}\n", home=tmp_path)
    rubbish = run("verify", pack, "--witness", code[:63], home=tmp_path)

    assert copied.returncode == run("verify", pack, home=tmp_path).returncode
    assert rubbish.returncode == 2
    assert "RED" not in rubbish.stdout


def test_export_writes_the_pack(school: Path) -> None:
    """A missing folder to write to is refused in one line too."""
    migrate(load_settings())
    refused(run("export", "SW-2026-0001", "--as", "dana", "--out", school / "none", home=school), "there is no case")


def test_the_demo_refuses_another_end(empty: Path) -> None:
    """The demo names the only end that it plays to."""
    done = run("demo", "--headless", "--until", "lunch", home=empty)

    assert done.returncode == 2
    assert "closed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("name", "expected"), [("nope", "nope: there is no such file"), ("words.age", "this is no backup of Schoolwatch")])
def test_a_restore_looks_at_the_file_before_it_asks_for_a_key(tmp_path: Path, name: str, expected: str) -> None:
    """Nobody types the key of every backup for a file that is not there or is none."""
    (tmp_path / "words.age").write_bytes(b"not a backup")
    told = CliRunner().invoke(app, ["restore", "--check", str(tmp_path / name)])

    assert expected in str(told.exception)
    assert "Secret key" not in told.output


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_verify_names_the_file_that_it_cannot_read(tmp_path: Path, more: tuple[str, ...]) -> None:
    """Which of several files was mistyped is said with the verdict."""
    told = CliRunner().invoke(app, ["verify", str(tmp_path / "nope.zip"), *more])

    assert told.exit_code == 2
    assert "nope.zip: " in told.output


def test_a_demo_says_whether_anything_is_kept(tmp_path: Path) -> None:
    """In a folder that was named the records stay, and the last line says so; in a temporary one nothing is kept."""
    settings = Settings(state_dir=tmp_path)

    assert _welcome(settings).endswith("Ctrl-C ends it; nothing is kept.")
    assert _welcome(settings, tmp_path).endswith(f"Ctrl-C ends it; its records stay in {tmp_path}.")
