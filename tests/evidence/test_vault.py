"""The vault of sealed files."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from casework.testing import a_case, an_item
from data.clock import SystemClock
from data.errors import EvidenceError
from data.model.evidence import Evidence
from evidence.errors import SealBrokenError
from evidence.leftovers import sweep_folders
from evidence.seal import LogLine, Sealer
from evidence.testing import KEY, MOMENT, an_order, fake_capture
from evidence.vault import FLOOR, Vault, require_room


def _aged(path: Path, hours: float) -> None:
    then = path.stat().st_mtime - hours * 3600
    os.utime(path, (then, then))


def test_what_is_put_comes_back(vault: Vault) -> None:
    """A file is found again by its SHA-256, and the same content twice is one file."""
    sha256 = vault.put(b"page")

    assert (sha256, vault.put(b"page"), vault.get(sha256)) == (hashlib.sha256(b"page").hexdigest(), sha256, b"page")
    assert len([path for path in vault.root.rglob("*") if path.is_file()]) == 1


def test_a_changed_file_is_never_handed_out(vault: Vault) -> None:
    """A file that was changed on the disk is refused by name."""
    sha256 = vault.put(b"page")
    vault.path(sha256).write_bytes(b"pagE")

    with pytest.raises(SealBrokenError, match=sha256):
        vault.get(sha256)


def test_a_lost_file_is_named(vault: Vault) -> None:
    """A file that is not there is named."""
    with pytest.raises(SealBrokenError, match="0" * 64):
        vault.get("0" * 64)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_a_name_that_is_no_hash_is_refused(vault: Vault, name: str) -> None:
    """No other name than a SHA-256 leads anywhere."""
    with pytest.raises(SealBrokenError):
        vault.path(name)


def test_a_full_disk_leaves_nothing_half_written(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full the error says so and no file is left."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EvidenceError, match="No space left"):
        vault.put(b"page")

    assert [path for path in vault.root.rglob("*") if path.is_file()] == []


def test_sweeping_takes_old_leftovers_only(vault: Vault) -> None:
    """Old temporary files and orphans go; known files, and whatever is younger than an hour, stay."""
    known, orphan, young = (vault.put(content) for content in (b"known", b"orphan", b"young"))
    leftover = vault.path(orphan).with_name("x.tmp")
    leftover.write_bytes(b"half")
    for path in (vault.path(known), vault.path(orphan), leftover):
        _aged(path, 2)

    assert sorted([orphan, "x.tmp"]) == list(vault.sweep(SystemClock().now(), {known}))
    assert (vault.get(known), vault.get(young)) == (b"known", b"young")


def test_what_is_taken_up_again_is_young(vault: Vault) -> None:
    """A leftover of a seal that failed, put again by its retry, is not swept away before the retry has its row."""
    sha256 = vault.put(b"page")
    _aged(vault.path(sha256), 5)
    vault.put(b"page")

    assert vault.sweep(SystemClock().now(), set()) == ()
    assert vault.get(sha256) == b"page"


def test_a_fast_clock_sweeps_nothing_fresh(vault: Vault) -> None:
    """A clock that runs ahead (the demo's) does not make a fresh file look old."""
    fresh = vault.put(b"fresh")

    assert vault.sweep(datetime.now(UTC) + timedelta(days=30), set()) == ()  # noqa: TID251 - the disk's time is real
    assert vault.get(fresh) == b"fresh"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root can mount a small disk here; the same is tried by a limit on the size of files")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this machine lets nobody mount a small disk; the same is tried by a limit on the size of files")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def _files(root: Path) -> list[str]:
    return [path.name for path in root.rglob("*") if path.is_file()]


def test_a_really_full_disk_says_so_and_a_retry_works(small_disk: Path) -> None:
    """On a disk that is full nothing half-written is left; once there is room, the same content goes in."""
    vault = Vault(small_disk / "vault")
    kept = vault.put(b"kept")
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 900_000)
    content = os.urandom(300_000)
    for _ in range(3):
        with pytest.raises(EvidenceError, match="free some disk space"):
            vault.put(content)

    assert _files(vault.root) == [kept]
    ballast.unlink()
    assert vault.get(vault.put(content)) == content


def test_a_seal_on_a_full_disk_is_no_bundle(small_disk: Path) -> None:
    """When the disk fills up in the middle of a seal there is no record; after space is made the same order is sealed."""
    vault = Vault(small_disk / "vault")
    files = {f"part-{number}.bin": os.urandom(150_000) for number in range(5)}
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 500_000)
    draft = a_draft(vault)
    with pytest.raises(EvidenceError, match="No space left"):
        Sealer(vault, KEY).seal(draft, files, [LogLine(MOMENT, "u-dsl", "dsl", "captured")], MOMENT)
    whole = [hashlib.sha256(path.read_bytes()).hexdigest() == path.name for path in vault.root.rglob("*") if path.is_file()]

    assert all(whole)
    ballast.unlink()
    sealed = Sealer(vault, KEY).seal(draft, files, [LogLine(MOMENT, "u-dsl", "dsl", "captured")], MOMENT)
    assert all(vault.get(file.sha256) for file in (*sealed.files, *sealed.seal_files))


def a_draft(vault: Vault) -> Evidence:
    """Return a record to be sealed."""
    case, item = a_case(), an_item()
    return fake_capture(an_order(item, at=MOMENT), case, item, vault=vault, now=MOMENT)[0]


def test_a_limit_on_the_size_of_files_is_told_in_words(tmp_path: Path) -> None:
    """Where the system refuses to let a file grow, the error is in words and nothing is left (no small disk is needed for this)."""
    script = f"""
        import resource, sys
        from pathlib import Path
        from data.errors import EvidenceError
        from evidence.vault import Vault
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        vault = Vault(Path({str(tmp_path)!r}) / "vault")
        try:
            vault.put(b"x" * 5000)
        except EvidenceError as error:
            print(error)
        print(sum(path.is_file() for path in vault.root.rglob("*")))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True, cwd=_ROOT)

    assert done.stdout.splitlines() == ["evidence could not be stored (File too large); free some disk space and capture again", "0"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000


_ROOT = Path(__file__).resolve().parents[2]


def test_a_capture_asks_for_room_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below 500 MB nothing is begun, and the words name both figures; the folder itself need not be there yet."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=FLOOR - 1))
    with pytest.raises(EvidenceError, match="only 499 MB are free on the disk and a capture needs 500 MB"):
        require_room(tmp_path / "not" / "yet")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=FLOOR))

    require_room(tmp_path)


def test_a_file_is_looked_over_without_handing_it_out(vault: Vault) -> None:
    """A good file passes; one that is changed, lost or unreadable is refused by its name."""
    good, changed, lost = (vault.put(content) for content in (b"good", b"changed", b"lost"))
    vault.path(changed).write_bytes(b"other")
    vault.path(lost).unlink()
    vault.check(good)

    for name, words in ((changed, "was changed"), (lost, "has lost")):
        with pytest.raises(SealBrokenError, match=words):
            vault.check(name)
    vault.path(good).unlink()
    vault.path(good).mkdir()
    with pytest.raises(EvidenceError, match="cannot be read"):
        vault.check(good)


def test_folders_of_killed_captures_go_after_an_hour(tmp_path: Path) -> None:
    """Our own, old and by their name only: a young one, one that is still written to, another's and a link stay."""
    for name in ("schoolwatch-capture-old", "schoolwatch-capture-busy", "schoolwatch-capture-young", "somebody-elses"):
        (tmp_path / name / "out").mkdir(parents=True)
        (tmp_path / name / "out/page.png").write_bytes(b"x")
    outside = tmp_path / "kept"
    outside.mkdir()
    (tmp_path / "schoolwatch-capture-link").symlink_to(outside)
    for name in ("schoolwatch-capture-old", "schoolwatch-capture-busy", "somebody-elses", "kept"):
        for path in (tmp_path / name, *(tmp_path / name).rglob("*")):
            _aged(path, 2)
    (tmp_path / "schoolwatch-capture-busy/out/page.png").write_bytes(b"more")

    assert sweep_folders(tmp_path, "schoolwatch-capture-*", SystemClock().now()) == 1
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"schoolwatch-capture-busy", "schoolwatch-capture-young", "schoolwatch-capture-link", "somebody-elses", "kept"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of another account")
def test_another_accounts_folders_are_left_alone(tmp_path: Path) -> None:
    """Whoever else uses this machine's temporary folder may call theirs as they like."""
    folder = tmp_path / "schoolwatch-capture-theirs"
    folder.mkdir()
    _aged(folder, 5)
    os.chown(folder, 65534, 65534)

    assert sweep_folders(tmp_path, "schoolwatch-capture-*", SystemClock().now()) == 0
    assert sweep_folders(tmp_path / "nowhere", "*", SystemClock().now()) == 0
    assert folder.is_dir()


def test_what_came_to_no_record_is_taken_back(tmp_path: Path) -> None:
    """Files that were just written go again, and only those: not what a record names, nor what lay there before."""
    before, vault = Vault(tmp_path), Vault(tmp_path)
    old, named, new = before.put(b"old"), vault.put(b"named"), vault.put(b"new")
    vault.put(b"old")
    gone = vault.take_back([old, named, new], lambda: {named})

    assert gone == 1
    assert vault.get(old) + vault.get(named) == b"oldnamed"
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == sorted((old, named))
    assert vault.take_back([old, named], lambda: ()) == 0


@pytest.mark.parametrize("moment", ["before the records are asked", "after"])
def test_what_another_capture_took_up_is_left(tmp_path: Path, moment: str) -> None:
    """The same content stored by somebody else meanwhile belongs to them as well, though no record of theirs is there yet."""
    vault, other = Vault(tmp_path), Vault(tmp_path)
    sha256 = vault.put(b"shared")
    if moment == "after":
        assert vault.take_back([sha256], lambda: [str(other.put(b"shared"))][1:]) == 0
    else:
        other.put(b"shared")
        assert vault.take_back([sha256], lambda: ()) == 0

    assert vault.get(sha256) == b"shared"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [sha256]


def test_a_disk_without_second_names_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file cannot have two names for a moment it is stored all the same, and left to the sweep."""
    vault = Vault(tmp_path)
    monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(PermissionError(1, "Operation not permitted")))
    sha256 = vault.put(b"kept")

    assert vault.take_back([sha256], lambda: ()) == 0
    assert vault.get(sha256) == b"kept"
