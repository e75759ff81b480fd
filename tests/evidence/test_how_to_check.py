"""HOW-TO-CHECK.txt, followed to the letter: every command of a fresh pack works as it stands, and fails when its subject was changed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.how_to_check import commands
from evidence.invented import WHEN, Workshop
from evidence.local_authority import LocalAuthority
from evidence.pack import Variant
from evidence.tampering import Files, opened, unpacked
from evidence.verify import PAPERS, verify

TOOLS = ("sha256sum", "sha512sum", "openssl", "grep", "sed")
SHOWS = re.compile(r"^(sha256sum data/|sha256sum pack-seal|openssl x509 )")  # these show a code to compare by eye
READS = "openssl ts -reply "  # shows the time in a stamp, of which the line before has shown that it holds


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    """A fresh pack: one capture with a time stamp, one for which the authority never answered."""
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        reason = f"{', '.join(absent)} is not on this machine: install openssl and GNU coreutils"
        if set(absent) & set(os.environ.get("SCHOOLWATCH_REQUIRE", "").split(",")):
            pytest.fail(reason)
        pytest.skip(reason)
    with LocalAuthority() as authority:
        workshop = Workshop(tmp_path_factory.mktemp("pack"), authority=authority)
        workshop.capture()
        workshop.capture(words=b"other words")
        workshop.tokens.pop()
        yield opened(workshop.pack().path)


@pytest.fixture(scope="module")
def steps(files: Files) -> tuple[str, ...]:
    """The commands of its HOW-TO-CHECK.txt."""
    return commands(files["HOW-TO-CHECK.txt"])


def _run(command: str, folder: Path) -> tuple[int, str]:
    """Run a command as a clerk would: in the unpacked folder, with nothing of ours around."""
    bare = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}
    done = subprocess.run(["/bin/sh", "-c", command], cwd=folder, env=bare, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout


def test_every_command_works_as_it_stands(files: Files, steps: tuple[str, ...], tmp_path: Path) -> None:
    """Copied from the file into a terminal, each succeeds and says something; nothing in the folder changes by it."""
    folder = unpacked(files, tmp_path / "pack")
    results = {step: _run(step, folder) for step in steps}

    assert len(steps) >= 20
    assert {step: found for step, found in results.items() if found[0] or not found[1].strip()} == {}
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == set(files)
    assert verify(folder).exit_code == 3


def test_the_codes_that_it_shows_are_those_of_verify(files: Files, steps: tuple[str, ...], tmp_path: Path) -> None:
    """The clerk and our own program come to the same witness codes."""
    folder = unpacked(files, tmp_path / "pack")
    told = {_run(step, folder)[1].split()[0] for step in steps if step.startswith(("sha256sum data/", "sha256sum pack-seal"))}

    assert told == set(verify(folder).codes.values())


def _subjects(step: str, files: Files) -> list[str]:
    """Return the files that a command speaks of; a list's command speaks of every file in the list."""
    named = [name for name in files if re.search(rf"(^|[\s<]){re.escape(name)}($|[\s)\"|])", step)]
    if step.startswith(("sha256sum --strict -c", "sha512sum --strict -c")):
        named += [line.split()[1] for line in files[step.rsplit(maxsplit=1)[-1]].decode().splitlines()]
    if "| sha256sum --strict -c" in step:
        folder = named[0].rpartition("/")[0]
        named = [name for name in files if name.startswith(f"{folder}/data/")]
    return named


def test_every_command_fails_when_its_subject_was_changed(files: Files, steps: tuple[str, ...], tmp_path: Path) -> None:
    """One changed byte in any file that a command speaks of: it fails, or what it shows is another code."""
    folder = unpacked(files, tmp_path / "pack")
    missed, tried = [], 0
    for step in steps:
        clean = _run(step, folder)
        for name in [] if step.startswith(READS) else _subjects(step, files)[:12]:
            (folder / name).write_bytes(_changed(name, files[name]))
            found = _run(step, folder)
            (folder / name).write_bytes(files[name])
            tried += 1
            if not found[0] and not (SHOWS.match(step) and found[1] != clean[1]):
                missed.append((step, name))

    assert tried >= 60
    assert missed == []


def _changed(name: str, content: bytes) -> bytes:
    """Change the middle of a file; of a key or a list, a letter that counts; of the register, each hash."""
    if name.endswith("register.jsonl"):
        return content.replace(b'"sealed"', b'"x"').replace(b'"detail":"', b'"detail":"0')
    if name.endswith(("-seal.json", "/seal.json")):
        return re.sub(rb'":"([0-9a-f])', lambda found: b'":"' + (b"1" if found[1] == b"0" else b"0"), content)
    if name.startswith(("manifest-", "tagmanifest-")):
        return (b"1" if content.startswith(b"0") else b"0") + content[1:]  # another hash: a line that is none is only warned of
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_a_missing_file_fails_its_commands(files: Files, steps: tuple[str, ...], tmp_path: Path) -> None:
    """Where a file was thrown away, no command that speaks of it says that all is well."""
    folder = unpacked(files, tmp_path / "pack")
    missed = []
    for step in steps:
        for name in _subjects(step, files)[:6]:
            (folder / name).unlink()
            if not _run(step, folder)[0]:
                missed.append((step, name))
            (folder / name).write_bytes(files[name])

    assert missed == []


def test_each_capture_has_its_own_commands(files: Files, steps: tuple[str, ...]) -> None:
    """Both captures have theirs; only the one with a time stamp has OpenSSL's look at it, as of that moment."""
    text = files["HOW-TO-CHECK.txt"].decode()
    stamps = [step for step in steps if step.startswith("openssl ts -verify")]

    assert [sum(ref in step for step in steps) >= 5 for ref in ("-E1/", "-E2/")] == [True, True]
    assert len(stamps) == 1
    assert "-attime 1782894602" in stamps[0]
    assert "no outside authority has confirmed it" in text
    assert all(len(line) <= 140 for line in text.splitlines() if not line.startswith("    "))


def test_it_says_what_the_stamps_do_not_cover(files: Files) -> None:
    """Report and lists rest on the key alone; the command for the code of the whole pack stands right below, and verify says the same."""
    above, _, below = files["HOW-TO-CHECK.txt"].decode().partition("The time stamps cover the evidence only.")

    assert "D. THE WITNESS CODE" in above
    assert "on the school's key alone" in below
    assert commands(below.encode())[0] == "sha256sum pack-seal.json"
    assert PAPERS.startswith("The time stamps cover the evidence only.")


def test_it_says_which_files_the_readers_own_computer_leaves(files: Files) -> None:
    """The three names stand there, before the first command."""
    head = files["HOW-TO-CHECK.txt"].decode().partition("\n    ")[0]

    assert all(name in head for name in (".DS_Store", "Thumbs.db", "desktop.ini"))


def test_a_certificate_that_ran_out_does_not_matter(tmp_path: Path) -> None:
    """Years later the authority's certificate has expired; the command still says OK, because it asks as of the stamp's moment."""
    if not LocalAuthority.is_possible():
        pytest.skip("openssl is not on this machine: install Debian's `openssl`")
    with LocalAuthority(ends=WHEN + timedelta(days=1)) as authority:
        workshop = Workshop(tmp_path, authority=authority)
        workshop.capture()
        folder = unpacked(opened(workshop.pack().path), tmp_path / "pack")
    stamp = next(step for step in commands((folder / "HOW-TO-CHECK.txt").read_bytes()) if step.startswith("openssl ts -verify"))

    assert _run(stamp, folder)[0] == 0
    assert _run(stamp.partition(" -attime")[0], folder)[0] != 0


def test_a_redacted_pack_has_its_own_file(tmp_path: Path) -> None:
    """The commands for a redacted pack speak of the copies, and work too."""
    workshop = Workshop(tmp_path)
    workshop.redacted(workshop.capture())
    folder = unpacked(opened(workshop.pack(variant=Variant.REDACTED).path), tmp_path / "pack")
    steps = commands((folder / "HOW-TO-CHECK.txt").read_bytes())

    assert any("-E1-R1/" in step for step in steps)
    assert [step for step in steps if _run(step, folder)[0]] == []
