"""Backup and restore as a school lives them: made, tried, lost everything, restored; and every way in which a backup can be bad."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pty
import shutil
import stat
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from data.clock import FixedClock
from data.errors import SchoolwatchError
from data.migrations import upgrade
from data.store import Store
from evidence.errors import CaptureForbiddenError
from evidence.seal import canonical
from schoolwatch import age_tar, backup, restore
from schoolwatch.age_tar import Lock, Member, Opener, new_pair, tar_bytes
from schoolwatch.cli import app
from schoolwatch.desk import Desk, build_desk
from schoolwatch.errors import BackupError, RestoreError
from schoolwatch.night import run_night
from schoolwatch.safe_testing import an_installation, seal_one, settings_of, tree, with_settings
from schoolwatch.settings import CONFIG_NAME, Settings, load_settings

AT = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)
CLI = CliRunner()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of an installation."""
    return tmp_path / "school"


@pytest.fixture
def installed(home: Path, clock: FixedClock, empty_database: Path) -> Iterator[tuple[Desk, str]]:
    """An installation with three pieces of evidence, and the secret half of its key."""
    clock.moment = AT
    desk, secret = an_installation(home, clock, template=empty_database)
    for key in ("one", "two", "three"):
        seal_one(desk, key)
    yield desk, secret
    desk.close()


@pytest.fixture(scope="module")
def one_backup(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[tuple[Desk, str, Path]]:
    """An installation that nobody changes, the secret half of its key, and its backup."""
    desk, secret = an_installation(tmp_path_factory.mktemp("kept") / "school", FixedClock(AT), template=empty_database)
    for key in ("one", "two", "three"):
        seal_one(desk, key)
    yield desk, secret, made_by(desk)
    desk.close()


@pytest.fixture
def sound(one_backup: tuple[Desk, str, Path], tmp_path: Path) -> tuple[Desk, str, Path]:
    """That installation, its key, and a copy of its backup that a test may spoil."""
    desk, secret, path = one_backup
    return desk, secret, Path(shutil.copy(path, tmp_path))


def made_by(desk: Desk) -> Path:
    """Make a backup in the folder of the settings."""
    return backup.make(desk, backup.lock_of(desk.settings)).path


def drill(path: Path, secret: str, desk: Desk) -> restore.Drilled:
    """Try a backup with its key."""
    return restore.drill(path, Opener(secret), desk.settings, desk.clock)


def forged(folder: Path, secret: str, members: list[Member], tail: bytes = b"") -> Path:
    """Write an age file to this key around a tar of our choosing."""
    path = folder / "forged.tar.age"
    plain = b"".join(tar_bytes(members, AT)) + tail
    path.write_bytes(pyrage.encrypt(plain, [pyrage.x25519.Identity.from_str(secret).to_public()]))
    return path


def raw(folder: Path, secret: str, info: tarfile.TarInfo, content: bytes = b"") -> Path:
    """Write an age file around a tar with one member as given."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        tar.addfile(info, io.BytesIO(content))
    path = folder / "raw.tar.age"
    path.write_bytes(pyrage.encrypt(plain.getvalue(), [pyrage.x25519.Identity.from_str(secret).to_public()]))
    return path


def opened(path: Path, secret: str) -> dict[str, bytes]:
    """Return the members of a backup."""
    plain = pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.from_str(secret)])
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return {one.name: content.read() for one in tar.getmembers() if (content := tar.extractfile(one))}


def test_a_backup_is_made_tried_and_restored(installed: tuple[Desk, str], home: Path, tmp_path: Path) -> None:
    """What was kept is there again: every record, every file, the keys; and the drill says so beforehand without touching anything."""
    desk, secret = installed
    path = made_by(desk)
    before = tree(desk.settings.vault_dir)
    tried = drill(path, secret, desk)
    found = restore.restore(path, Opener(secret), tmp_path / "new", desk.settings)
    shutil.rmtree(home / "state")
    fresh = build_desk(load_settings(tmp_path / "new" / CONFIG_NAME), desk.clock)
    with fresh.store.read() as work:
        refs = sorted(one.ref for one in work.evidence.where())
        work.audit.verify()
    fresh.close()

    assert (tried.faults, found.faults) == ((), ())
    assert tried.counts == {"cases": 3, "posts": 3, "evidence": 3, "custody": 6, "files": len(tried.manifest.files)}
    assert refs == [f"SW-2026-000{number}-E1" for number in (1, 2, 3)]
    assert tree(tmp_path / "new/state/vault") == before
    assert fresh.sealer.key.id == tried.manifest.key_id
    assert stat.S_IMODE((tmp_path / "new/state").stat().st_mode) == 0o700


def test_the_file_is_private_named_by_time_and_noted(installed: tuple[Desk, str]) -> None:
    """Nobody else may read it, its name sorts by age, and the record says that it was made."""
    desk, _ = installed
    path = made_by(desk)
    with desk.store.read() as work:
        [run] = work.backups.where()

    assert path.name == "schoolwatch-20261120T090000123456Z.tar.age"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (run.kind, run.ok, run.file, run.size) == ("backup", True, path.name, path.stat().st_size)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert not list(desk.settings.state_dir.glob(".backup-*"))


def test_the_stock_programs_open_it(sound: tuple[Desk, str, Path], tmp_path: Path) -> None:
    """`age -d` and `tar -x`, which anybody can install, are enough: nothing depends on us."""
    if shutil.which("age") is None or shutil.which("tar") is None:
        missing("age", "install Debian's `age`")
    _, secret, path = sound
    (tmp_path / "key.txt").write_text(f"# kept in the safe\n{secret}\n")
    (tmp_path / "out").mkdir()
    plain = subprocess.run(["age", "-d", "-i", str(tmp_path / "key.txt"), str(path)], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(tmp_path / "out")], input=plain, check=True)
    listed = json.loads((tmp_path / "out/manifest.json").read_bytes())["files"]

    assert len(listed) > 10
    assert all(hashlib.sha256((tmp_path / "out" / one["name"]).read_bytes()).hexdigest() == one["sha256"] for one in listed)


def missing(what: str, how: str) -> None:
    """Skip with a reason, or fail where SCHOOLWATCH_REQUIRE names it."""
    if what in os.environ.get("SCHOOLWATCH_REQUIRE", "").split(","):
        pytest.fail(f"{what} is not on this machine: {how}")
    pytest.skip(f"{what} is not on this machine: {how}")


def test_the_public_key_opens_nothing(sound: tuple[Desk, str, Path]) -> None:
    """This computer holds the public half only; neither it nor another key opens a backup."""
    desk, secret, path = sound
    with pytest.raises(RestoreError, match="does not open"):
        drill(path, new_pair()[1], desk)
    with pytest.raises(RestoreError, match="not one"):
        drill(path, desk.settings.backup_recipient or "", desk)

    assert not any(secret.encode() in one.read_bytes() for one in desk.settings.state_dir.rglob("*") if one.is_file())


def test_a_passphrase_locks_too(installed: tuple[Desk, str], tmp_path: Path) -> None:
    """Where there is no key a passphrase does; the wrong one, a short one, or a key instead is told in words."""
    desk, secret = installed
    path = backup.make(desk, Lock(passphrase="four words in a row"), tmp_path / "by-phrase.tar.age").path

    assert restore.drill(path, Opener(passphrase="four words in a row"), desk.settings, desk.clock).is_sound
    for opener, words in ((Opener(passphrase="four other words"), "not the one"), (Opener(secret), "use --passphrase")):
        with pytest.raises(RestoreError, match=words):
            restore.drill(path, opener, desk.settings, desk.clock)
    with pytest.raises(RestoreError, match="use --identity"):
        restore.drill(made_by(desk), Opener(passphrase="four words in a row"), desk.settings, desk.clock)
    with pytest.raises(BackupError, match="12 signs"):
        backup.make(desk, Lock(passphrase="short"), tmp_path / "short.tar.age")
    assert not (tmp_path / "short.tar.age").exists()


def test_the_stock_program_asks_for_the_passphrase(installed: tuple[Desk, str], tmp_path: Path) -> None:
    """`age -d` at a terminal opens a backup that was made with a passphrase."""
    if shutil.which("age") is None:
        missing("age", "install Debian's `age`")
    desk, _ = installed
    path = backup.make(desk, Lock(passphrase="four words in a row"), tmp_path / "by-phrase.tar.age").path
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("age", ["age", "-d", "-o", str(tmp_path / "plain.tar"), str(path)])  # noqa: S606 - the child of the fork
    os.read(terminal, 200)
    os.write(terminal, b"four words in a row\n")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)

    assert status == 0
    assert (tmp_path / "plain.tar").stat().st_size > 10_000


def test_a_large_backup_needs_a_key(installed: tuple[Desk, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase's backup is made in memory, so a large one is refused in words and leaves nothing."""
    desk, _ = installed
    monkeypatch.setattr(age_tar, "MOST_BY_PASSPHRASE", 50_000)
    with pytest.raises(BackupError, match="needs a key"):
        backup.make(desk, Lock(passphrase="four words in a row"), tmp_path / "large.tar.age")

    assert [one.name for one in tmp_path.iterdir()] == ["school"]


def test_files_of_stopped_cases_stay_out(installed: tuple[Desk, str]) -> None:
    """evidence.md §8.6: what is on the STOP route is in no backup; the list tells their number, not their names."""
    desk, secret = installed
    stopped = seal_one(desk, "stopped", {"page.txt": b"never to leave"})
    with desk.store.begin("system") as work:
        work.cases.replace(work.cases.get("case-stopped").model_copy(update={"stop": True}))
        work.commit()
    path = made_by(desk)
    members, tried = opened(path, secret), drill(path, secret, desk)
    hidden = {file.sha256 for file in stopped.files if file.name == "page.txt"}

    assert not any(name.endswith(tuple(hidden)) for name in members)
    assert not any(one in members["manifest.json"].decode() for one in hidden)
    assert tried.is_sound
    assert tried.manifest.withheld >= 1


def test_a_file_that_two_cases_share_is_kept_for_the_other(installed: tuple[Desk, str]) -> None:
    """The same content once in a stopped case and once in another belongs to the other as well."""
    desk, secret = installed
    seal_one(desk, "stopped", {"page.txt": b"the same"})
    with desk.store.begin("system") as work:
        work.cases.replace(work.cases.get("case-stopped").model_copy(update={"stop": True}))
        work.commit()
    kept = seal_one(desk, "free", {"page.txt": b"the same"})
    path = made_by(desk)
    sha256 = next(file.sha256 for file in kept.files if file.name == "page.txt")

    assert any(name.endswith(sha256) for name in opened(path, secret))
    assert drill(path, secret, desk).is_sound


@pytest.mark.parametrize("name", ["screen-as-seen.png", "page.mhtml", "page.wacz", "brought.eml", "brought.pdf", "brought.mp4"])
def test_a_picture_of_a_stopped_case_leaves_by_no_other_case(installed: tuple[Desk, str], name: str) -> None:
    """A file in which a picture may be is sealed off in every case of the school that holds it, and is in no backup."""
    desk, secret = installed
    one, two = (seal_one(desk, key, {name: b"the same picture"}) for key in ("first", "second"))
    other = seal_one(desk, "third", {name: b"another picture"})
    with desk.store.read() as work:
        lead = work.users.where()[0]
    desk.casework.saw_indecent(lead, one.case_id, one.id)
    sha256 = next(file.sha256 for file in two.files if file.name == name)
    path = made_by(desk)
    with desk.store.read() as work:
        stopped = {case.id for case in work.cases.where(stop=True)}

    assert stopped == {one.case_id, two.case_id}
    assert not any(member.endswith(sha256) for member in opened(path, secret))
    assert drill(path, secret, desk).is_sound
    with pytest.raises(CaptureForbiddenError):
        desk.safe.reveal(lead, two.id, name, "four words of reason")
    with desk.store.read() as work:
        assert not work.cases.get(other.case_id).stop


def test_a_picture_of_a_stopped_case_is_in_no_backup_whoever_names_it(installed: tuple[Desk, str]) -> None:
    """Held by another case too that was not stopped with it, such a file stays out of the backups all the same."""
    desk, secret = installed
    seal_one(desk, "stopped", {"screen-as-seen.png": b"the same picture"})
    again = seal_one(desk, "free", {"screen-as-seen.png": b"the same picture"})
    with desk.store.begin("system") as work:  # the flag alone: the verb would stop the other case too
        work.cases.replace(work.cases.get("case-stopped").model_copy(update={"stop": True}))
        work.commit()
    path = made_by(desk)
    sha256 = next(file.sha256 for file in again.files if file.name == "screen-as-seen.png")

    assert not any(member.endswith(sha256) for member in opened(path, secret))
    assert drill(path, secret, desk).is_sound


@pytest.mark.parametrize("at", ["_require_room", "_manifest"])
def test_a_stop_during_a_backup_keeps_its_files_out(installed: tuple[Desk, str], monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """Stopped while the backup is being made, before the first file or after the last: the backup that comes of it holds none of them."""
    desk, secret = installed
    one = seal_one(desk, "picture", {"screen-as-seen.png": b"of the case"})
    with desk.store.read() as work:
        lead = work.users.where()[0]
    real = getattr(backup, at)

    def stopped_now(*given: object) -> object:
        desk.casework.saw_indecent(lead, one.case_id, one.id)
        return real(*given)

    monkeypatch.setattr(backup, at, stopped_now)
    made = backup.make(desk, backup.lock_of(desk.settings))
    sha256 = next(file.sha256 for file in one.files if file.name == "screen-as-seen.png")

    assert made.withheld > 0
    assert not any(name.endswith(sha256) for name in opened(made.path, secret))
    assert drill(made.path, secret, desk).is_sound
    assert [path.name for path in made.path.parent.iterdir()] == [made.path.name]


def test_stops_without_end_make_no_backup(installed: tuple[Desk, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """When a case is stopped in every try there is no backup, said in words and noted; nothing half-made is left."""
    desk, _ = installed
    cases = iter([seal_one(desk, f"picture-{number}", {"screen-as-seen.png": b"%d" % number}) for number in range(9)])
    with desk.store.read() as work:
        lead = work.users.where()[0]
    real, seen = backup._manifest, []

    def stopped_now(*given: object) -> object:
        one = next(cases)
        seen.append(one)
        desk.casework.saw_indecent(lead, one.case_id, one.id)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(backup, "_manifest", stopped_now)
    with pytest.raises(BackupError, match="stopped while it was being made, 3 times"):
        backup.make(desk, backup.lock_of(desk.settings))
    with desk.store.read() as work:
        [run] = work.backups.where()

    assert len(seen) == 3
    assert (run.ok, "stopped" in run.problem) == (False, True)
    assert list((desk.settings.backup_dir or Path()).iterdir()) == []


def test_a_lost_file_is_named_and_the_rest_is_backed_up(installed: tuple[Desk, str], tmp_path: Path) -> None:
    """A backup of a vault with a gap is better than none: the gap is named by the evidence's number, at once and in the drill."""
    desk, secret = installed
    with desk.store.read() as work:
        first = work.evidence.where()[0]
    desk.vault.path(next(file.sha256 for file in first.files if file.name == "page.txt")).unlink()
    made = backup.make(desk, backup.lock_of(desk.settings))
    tried = drill(made.path, secret, desk)
    laid_out = restore.restore(made.path, Opener(secret), tmp_path / "new", desk.settings)

    assert made.lost == (first.ref,)
    assert first.ref in made.run.problem
    assert [fault.startswith(first.ref) for fault in tried.faults] == [True]
    assert laid_out.faults == tried.faults


def test_a_purge_between_the_two_halves_is_no_fault(installed: tuple[Desk, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What retention takes away after the database was copied is noted, and the drill does not miss it."""
    desk, secret = installed
    with desk.store.read() as work:
        gone = work.evidence.where()[0].files[0].sha256
    desk.vault.path(gone).unlink()
    monkeypatch.setattr(backup, "_still_kept", lambda *_: frozenset())
    path = made_by(desk)

    assert drill(path, secret, desk).faults == ()
    assert drill(path, secret, desk).manifest.purged == (gone,)


def test_writers_go_on_during_a_backup(installed: tuple[Desk, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A case opened while the backup runs is simply not in it; what is in it fits together."""
    desk, secret = installed
    whole = backup._copies

    def copies(*arguments: object) -> object:
        found = whole(*arguments)  # type: ignore[arg-type]
        seal_one(desk, "meanwhile")
        return found

    monkeypatch.setattr(backup, "_copies", copies)
    tried = drill(made_by(desk), secret, desk)

    assert tried.is_sound
    assert tried.counts["evidence"] == 3


@pytest.mark.parametrize("cut", [0, 10, 200, 5_000, -1])
def test_a_cut_backup_is_refused(sound: tuple[Desk, str, Path], cut: int, tmp_path: Path) -> None:
    """Wherever it ends too early, it says so and lays nothing out."""
    desk, secret, path = sound
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(RestoreError, match=r"cut off|not a backup"):
        restore.restore(path, Opener(secret), tmp_path / "new", desk.settings)

    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_each_changed_byte_is_found(sound: tuple[Desk, str, Path]) -> None:
    """One bit anywhere in the file, and it is refused in words."""
    desk, secret, path = sound
    whole = path.read_bytes()
    for place in range(0, len(whole), len(whole) // 60):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(RestoreError):
            drill(path, secret, desk)


def _link(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


@pytest.mark.parametrize(
    "info",
    [
        tarfile.TarInfo("../outside"),
        tarfile.TarInfo("/tmp/outside"),  # noqa: S108 - a name in an archive
        tarfile.TarInfo("state/../../outside"),
        tarfile.TarInfo("state/vault/ab/../../../../outside"),
        tarfile.TarInfo("state/authorized_keys"),
        tarfile.TarInfo("state/vault/ab/" + "c" * 64),
        tarfile.TarInfo("state/app.db\n"),
        tarfile.TarInfo("x" * 300),
        _link("state/app.db", tarfile.SYMTYPE),
        _link("state/app.db", tarfile.LNKTYPE),
        _link("state/app.db", tarfile.CHRTYPE),
        _link("state/app.db", tarfile.FIFOTYPE),
        _link("state/app.db", tarfile.DIRTYPE),
        _link("state/app.db", tarfile.GNUTYPE_SPARSE),
        _link("state/app.db", tarfile.CONTTYPE),
    ],
    ids=lambda info: f"{info.name[:30]!r}-{info.type!r}",
)
def test_nothing_strange_is_unpacked(sound: tuple[Desk, str, Path], tmp_path: Path, info: tarfile.TarInfo) -> None:
    """A path out of the folder, a link, a device, a folder, a sparse file or a name that is not ours: refused, nothing is written."""
    desk, secret, _ = sound
    path = raw(tmp_path, secret, info)
    before = {one.name for one in tmp_path.iterdir()}
    with pytest.raises(RestoreError, match="strange name"):
        restore.restore(path, Opener(secret), tmp_path / "new", desk.settings)

    assert {one.name for one in tmp_path.iterdir()} == before


def _with(path: Path, secret: str, change: Callable[[dict[str, bytes]], None]) -> Path:
    members = opened(path, secret)
    change(members)
    return forged(path.parent, secret, [Member(name, len(content), [content]) for name, content in members.items()])


def _listed(members: dict[str, bytes], **changes: object) -> None:
    members["manifest.json"] = canonical(json.loads(members["manifest.json"]) | changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda members: members.pop("manifest.json"), "no list"),
        (lambda members: members.pop("state/app.db"), "first state/app.db"),
        (lambda members: members.update({"state/handles.key": b"k" * 32}), "first state/handles.key"),
        (lambda members: members.update({"state/rdap/extra.json": b"{}"}), "first state/rdap/extra.json"),
        (lambda members: members.update({"manifest.json": b"[" * 5000}), "cannot be read"),
        (lambda members: members.update({"manifest.json": b"[]"}), "cannot be read"),
        (lambda members: members.update({"manifest.json": b"\xff\xfe"}), "cannot be read"),
        (lambda members: _listed(members, version=2), "format 2"),
        (lambda members: _listed(members, revision="9999"), "newer"),
        (lambda members: _listed(members, files="all"), "cannot be read"),
        (lambda members: _listed(members, database="postgresql"), "unknown origin"),
    ],
)
def test_a_backup_that_was_put_together_by_somebody(
    sound: tuple[Desk, str, Path], change: Callable[[dict[str, bytes]], None], words: str
) -> None:
    """Whoever knows the public key can make an age file; what does not fit together is refused and the reason named."""
    desk, secret, made = sound
    with pytest.raises(RestoreError, match=words):
        drill(_with(made, secret, change), secret, desk)


def test_a_member_that_comes_twice_or_lies_about_its_size(sound: tuple[Desk, str, Path], tmp_path: Path) -> None:
    """The second of two is refused; a size beyond the file's end is a backup that was cut off, and no disk is filled."""
    desk, secret, _ = sound
    twice = forged(tmp_path, secret, [Member("state/app.db", 1, [b"x"]), Member("state/app.db", 1, [b"y"])])
    with pytest.raises(RestoreError, match="twice"):
        drill(twice, secret, desk)
    info = tarfile.TarInfo("state/app.db")
    info.size = 1 << 60
    path = tmp_path / "bomb.tar.age"
    plain = info.tobuf(tarfile.GNU_FORMAT) + b"x" * 2000
    path.write_bytes(pyrage.encrypt(plain, [pyrage.x25519.Identity.from_str(secret).to_public()]))
    with pytest.raises(RestoreError, match="cut off"):
        drill(path, secret, desk)


def test_noise_instead_of_a_tar_or_of_an_age_file(sound: tuple[Desk, str, Path], tmp_path: Path) -> None:
    """Any other file is refused by what it is."""
    desk, secret, _ = sound
    (tmp_path / "noise").write_bytes(os.urandom(5000))
    with pytest.raises(RestoreError, match="not an age file"):
        drill(tmp_path / "noise", secret, desk)
    (tmp_path / "noise").write_bytes(pyrage.encrypt(os.urandom(5000), [pyrage.x25519.Identity.from_str(secret).to_public()]))
    with pytest.raises(RestoreError, match="not a tar"):
        drill(tmp_path / "noise", secret, desk)
    with pytest.raises(RestoreError, match="no file"):
        drill(tmp_path / "nowhere", secret, desk)


def _resigned(members: dict[str, bytes], change: Callable[[Path], None], folder: Path) -> None:
    """Change the database in a backup and make list and signature fit again, as whoever holds the backup's own key could."""
    path = folder / "changed.db"
    path.write_bytes(members["state/app.db"])
    change(path)
    members["state/app.db"] = path.read_bytes()
    listing = json.loads(members["manifest.json"])
    for one in listing["files"]:
        if one["name"] == "state/app.db":
            one |= {"sha256": hashlib.sha256(members["state/app.db"]).hexdigest(), "bytes": len(members["state/app.db"])}
    members["manifest.json"] = canonical(listing)


def _run(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        engine = sa.create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        engine.dispose()

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_run("DROP TRIGGER audit_event_no_update", "UPDATE audit_event SET by = 'x' WHERE number = 2"), "event 2"),
        (_run("DROP TRIGGER custody_event_no_update", "UPDATE custody_event SET detail = 'x' WHERE number = 3"), "custody event 3"),
        (_run("DROP TRIGGER custody_event_no_delete", "DELETE FROM custody_event WHERE number = 6"), "ends at line 5"),
        (_run("UPDATE evidence SET address = 'https://other.example/'"), "not what was sealed"),
        (_run("UPDATE evidence SET seal_sha256 = manifest_sha256"), "not the one that the record names"),
        (_run("UPDATE person SET name = 'Somebody'"), "somebody else"),
    ],
)
def test_a_changed_database_is_found(sound: tuple[Desk, str, Path], tmp_path: Path, change: Callable[[Path], None], words: str) -> None:
    """Also where the list of hashes was made to fit: chains, register, seals and the signature over the list tell."""
    desk, secret, made = sound
    path = _with(made, secret, lambda members: _resigned(members, change, tmp_path))
    found = drill(path, secret, desk)

    assert any(words in fault for fault in found.faults)
    assert any("somebody else put it together" in fault for fault in found.faults)


def test_a_damaged_database_is_refused(sound: tuple[Desk, str, Path], tmp_path: Path) -> None:
    """Pages that are torn, or a file that is no database, are refused in words."""
    desk, secret, made = sound

    def torn(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[8192:40960] = os.urandom(32768)
        path.write_bytes(content)

    for change in (torn, lambda path: path.write_bytes(b"no database at all" * 999), lambda path: path.write_bytes(b"")):
        path = _with(made, secret, lambda members, change=change: _resigned(members, change, tmp_path))  # type: ignore[misc]
        with pytest.raises(SchoolwatchError):
            drill(path, secret, desk)


def test_a_backup_of_another_school_is_told_apart(installed: tuple[Desk, str], tmp_path: Path, clock: FixedClock) -> None:
    """A sound backup that another installation's key signed is named as such here, and not noted."""
    desk, _ = installed
    other, secret = an_installation(tmp_path / "other", clock)
    found = drill(made_by(other), secret, desk)
    other.close()

    assert ["made elsewhere" in fault for fault in found.faults] == [True]
    assert restore.note(desk.settings, found, clock) is False


def _by_a_stranger(folder: Path, clock: FixedClock, template: Path) -> tuple[Path, str, str]:
    """Return a sound backup that somebody else made to our lock, the secret half, and the fingerprint of their key."""
    desk, secret = an_installation(folder, clock, template=template, witness_email="away@evil.example", smtp_host="mail.evil.example")
    seal_one(desk, "one")
    config = folder / CONFIG_NAME
    config.write_text(config.read_text() + '\nbrowser_path = "/bin/sh"\nhost = "0.0.0.0"\n')
    path = made_by(desk)
    desk.close()
    return path, secret, desk.sealer.key.id


def test_a_strangers_backup_is_told_on_a_fresh_machine(tmp_path: Path, clock: FixedClock, empty_database: Path) -> None:
    """Where there is no key yet, only the fingerprint that a person names vouches for a backup; without it that is a fault."""
    path, secret, key = _by_a_stranger(tmp_path / "them", clock, empty_database)
    fresh = Settings(state_dir=tmp_path / "nothing-here")
    tried = restore.drill(path, Opener(secret), fresh, clock)
    named = restore.drill(path, Opener(secret), fresh, clock, key=f" {key.upper()}\n")
    other = restore.drill(path, Opener(secret), fresh, clock, key="0" * 64)

    assert tried.faults == (restore.NOBODY,)
    assert named.faults == ()
    assert ["than the one given" in fault for fault in other.faults] == [True]


def test_a_strangers_backup_is_not_restored(tmp_path: Path, clock: FixedClock, empty_database: Path) -> None:
    """`--to` refuses it and leaves nothing; laid out by `--unknown-key`, nothing in it may start, send or open anything."""
    path, secret, _ = _by_a_stranger(tmp_path / "them", clock, empty_database)
    fresh, to = Settings(state_dir=tmp_path / "nothing-here"), tmp_path / "new"
    for key in (None, "0" * 64):
        with pytest.raises(RestoreError, match="nothing was restored"):
            restore.restore(path, Opener(secret), to, fresh, key=key)
    before = sorted(one.name for one in tmp_path.iterdir())
    found = restore.restore(path, Opener(secret), to, fresh, unknown_key=True)
    left = tomllib.loads((to / CONFIG_NAME).read_text())

    assert before == ["them"]
    assert found.dropped == ("backup_dir", "backup_recipient", "browser_path", "host", "smtp_host", "witness_email")
    assert left == {"contact": "office@fernley.example"}
    assert any("browser_path" in line for line in found.lines())
    assert not found.is_sound


def test_a_backup_that_is_vouched_for_keeps_its_settings(tmp_path: Path, clock: FixedClock, empty_database: Path) -> None:
    """On a new computer, with the fingerprint from the paper, everything is as it was."""
    path, secret, key = _by_a_stranger(tmp_path / "ours", clock, empty_database)
    found = restore.restore(path, Opener(secret), tmp_path / "new", Settings(state_dir=tmp_path / "nothing-here"), key=key)
    left = tomllib.loads((tmp_path / "new" / CONFIG_NAME).read_text())

    assert (found.faults, found.dropped) == ((), ())
    assert left["smtp_host"] == "mail.evil.example"


def test_a_dump_of_a_stranger_is_never_loaded(sound: tuple[Desk, str, Path], tmp_path: Path) -> None:
    """A PostgreSQL dump can make a server run things: not even `--unknown-key` loads one for which nobody vouches."""
    _, secret, made = sound
    path = _with(made, secret, lambda members: _listed(members, database="postgresql"))
    with pytest.raises(RestoreError, match="unknown origin"):
        restore.restore(path, Opener(secret), tmp_path / "new", Settings(state_dir=tmp_path / "nothing-here"), unknown_key=True)


def test_the_commands_name_the_key(installed: tuple[Desk, str], home: Path, tmp_path: Path) -> None:
    """`backup`, `backup-key` and `doctor` print the fingerprint; `restore` takes it, and says when nobody vouches."""
    desk, secret = installed
    config, key = ["--config", str(home / CONFIG_NAME)], desk.sealer.key.id
    (tmp_path / "key.txt").write_text(secret + "\n")
    (tmp_path / "fresh.toml").write_text(f'state_dir = "{tmp_path / "fresh"}"\n')
    made = CLI.invoke(app, ["backup", *config]).output
    path = made.splitlines()[-1].partition(": ")[0]
    more = ["--identity", str(tmp_path / "key.txt"), "--config", str(tmp_path / "fresh.toml")]
    printed = [made, CLI.invoke(app, ["backup-key", *config]).output, CLI.invoke(app, ["doctor", *config]).output]
    alone, named = (CLI.invoke(app, ["restore", path, "--check", *more, *also]) for also in ((), ("--key", key)))

    assert all(key in one for one in printed)
    assert (alone.exit_code, named.exit_code) == (1, 0)
    assert "nobody vouches for this backup: give --key" in alone.output


def test_a_drill_leaves_nothing(installed: tuple[Desk, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the temporary folder nor in the installation, whether it goes well or not; only the note for the doctor."""
    desk, secret = installed
    path = made_by(desk)
    room = tmp_path / "tmp"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    state = desk.settings.state_dir
    before = {name: found for name, found in tree(state).items() if "db" not in name}
    found = drill(path, secret, desk)
    with pytest.raises(RestoreError):
        drill(path, new_pair()[1], desk)

    assert restore.note(desk.settings, found, desk.clock) is True
    assert list(room.iterdir()) == []
    assert {name: one for name, one in tree(state).items() if "db" not in name} == before
    with desk.store.read() as work:
        assert [(run.kind, run.ok) for run in work.backups.where(order_by="at")] == [("backup", True), ("drill", True)]


def test_restoring_never_writes_over_anything(sound: tuple[Desk, str, Path], tmp_path: Path) -> None:
    """A folder with anything in it is refused and left as it was; an empty one is taken."""
    desk, secret, path = sound
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("mine")
    with pytest.raises(RestoreError, match="not an empty folder"):
        restore.restore(path, Opener(secret), tmp_path / "full", desk.settings)
    (tmp_path / "empty").mkdir()
    found = restore.restore(path, Opener(secret), tmp_path / "empty", desk.settings)

    assert found.is_sound
    assert tree(tmp_path / "full") == {"letter.txt": hashlib.sha256(b"mine").hexdigest()}


def test_no_room_no_folder_no_key(installed: tuple[Desk, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is refused before anything is written, says what to do, and is noted for the doctor."""
    desk, _ = installed
    lock = backup.lock_of(desk.settings)
    with pytest.raises(BackupError, match="is its disk connected"):
        backup.make(with_settings(desk, backup_dir=tmp_path / "unplugged"), lock)
    with pytest.raises(BackupError, match="Set backup_dir"):
        backup.make(with_settings(desk, backup_dir=None), lock)
    with pytest.raises(BackupError, match="backup-key"):
        backup.lock_of(with_settings(desk, backup_recipient=None).settings)
    with pytest.raises(BackupError, match="never writes over"):
        backup.make(desk, lock, tmp_path / "school" / CONFIG_NAME)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(BackupError, match="free some space"):
        backup.make(desk, lock)
    with desk.store.read() as work:
        failed = [run.ok for run in work.backups.where()]

    assert failed == [False] * 4
    assert list((tmp_path / "school/backups").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="only root can mount a small disk here")
def test_a_disk_that_fills_up_leaves_nothing(installed: tuple[Desk, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the backup's disk fills up in the middle the words say so, nothing of it is left, and the next try works."""
    desk, secret = installed
    small = tmp_path / "small"
    small.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(small)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        there = with_settings(desk, backup_dir=small)
        (small / "ballast").write_bytes(b"x" * 500_000)
        usage = shutil.disk_usage(tmp_path)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)  # it was free when it was asked
        with pytest.raises(BackupError, match="No space left on device; free some space where backups lie"):
            made_by(there)
        left = [one.name for one in small.iterdir()]
        (small / "ballast").unlink()
        is_sound = drill(made_by(there), secret, desk).is_sound
    finally:
        subprocess.run(["umount", str(small)], check=True)
    with desk.store.read() as work:
        runs = [run.ok for run in work.backups.where(order_by="at")]

    assert left == ["ballast"]
    assert is_sound
    assert sorted(runs) == [False, True]


def test_old_backups_go_and_nothing_else_does(installed: tuple[Desk, str], clock: FixedClock) -> None:
    """domain.md §8: after 35 days, by the name's time; only our own files; and never the last one that there is."""
    desk, _ = installed
    folder = desk.settings.backup_dir
    assert folder is not None
    days = {age: backup.file_name(AT - timedelta(days=age)) for age in (0, 34, 36, 400)}
    others = ("schoolwatch-2026.tar.age", "holiday.tar.age", "schoolwatch-99999999T999999999999Z.tar.age", "notes.txt")
    for name in (*days.values(), *others):
        (folder / name).write_bytes(b"x")
    (folder / "schoolwatch-20200101T000000000000Z.tar.age").mkdir()

    assert backup.forget_old(desk.settings, AT) == 2
    left = {one.name for one in folder.iterdir() if one.is_file()}
    assert left == {days[0], days[34], *others}
    clock.forward(timedelta(days=100))
    assert backup.forget_old(desk.settings, clock.now()) == 1
    assert days[0] in {one.name for one in folder.iterdir()}


def test_the_night_makes_the_backup(installed: tuple[Desk, str]) -> None:
    """Where a folder and a key are set up a night ends with a sound backup; where not, it does without."""
    desk, secret = installed
    report = run_night(desk)
    [(path, _)] = backup.own_backups(desk.settings.backup_dir or Path())
    without = run_night(with_settings(desk, backup_dir=None))

    assert (report.problems, without.problems) == ((), ())
    assert drill(path, secret, desk).is_sound


def test_a_night_without_its_disk_says_so(installed: tuple[Desk, str], tmp_path: Path) -> None:
    """A disk that is not plugged in is a problem of that night; everything else of it was done."""
    desk, _ = installed
    report = run_night(with_settings(desk, backup_dir=tmp_path / "unplugged"))

    assert [one.partition(":")[0] for one in report.problems] == ["the backup"]
    assert report.run is not None


def test_the_commands(installed: tuple[Desk, str], home: Path, tmp_path: Path) -> None:
    """`backup-key`, `backup`, `restore --check`, `restore --to` and `vault-check` say what they did in plain lines."""
    _, secret = installed
    config = ["--config", str(home / CONFIG_NAME)]
    (tmp_path / "key.txt").write_text(secret + "\n")
    key = ["--identity", str(tmp_path / "key.txt")]
    pair = CLI.invoke(app, ["backup-key"]).output
    made = CLI.invoke(app, ["backup", *config])
    path = made.output.splitlines()[-1].partition(": ")[0]
    tried = CLI.invoke(app, ["restore", path, "--check", *key, *config])
    typed = CLI.invoke(app, ["restore", path, "--check", *config], input=secret + "\n")
    laid = CLI.invoke(app, ["restore", path, "--to", str(tmp_path / "new"), *key, *config])
    both = CLI.invoke(app, ["restore", path, *key, *config])
    looked = CLI.invoke(app, ["vault-check", *config])

    assert 'backup_recipient = "age1' in pair
    assert pair.rstrip().splitlines()[-1].startswith("AGE-SECRET-KEY-1")
    assert (made.exit_code, tried.exit_code, typed.exit_code, laid.exit_code, looked.exit_code) == (0, 0, 0, 0, 0)
    assert "everything is there and fits" in tried.output
    assert "noted for the doctor" in tried.output
    assert secret not in typed.output
    assert f"--config {tmp_path / 'new' / CONFIG_NAME}" in laid.output
    assert both.exit_code == 2
    assert "0 faults" in looked.output


def test_a_locked_key_file_opens_with_its_passphrase() -> None:
    """A key file that `age -p` locked is opened by asking; a file without a key is told in words."""
    _, secret = new_pair()
    locked = pyrage.passphrase.encrypt(f"# made\n{secret}\n".encode(), "four words in a row")

    assert age_tar.secret_key_of(locked, lambda: "four words in a row") == secret
    for content, ask in ((locked, "another"), (b"nothing here", ""), (f"{secret}\n{secret}".encode(), "")):
        with pytest.raises(RestoreError, match="key file"):
            age_tar.secret_key_of(content, lambda ask=ask: ask)  # type: ignore[misc]


def test_a_secret_key_in_the_settings_is_never_printed(home: Path, clock: FixedClock) -> None:
    """Whoever writes the wrong half into the settings is told so without showing it to the room."""
    desk, secret = an_installation(home, clock)
    desk.close()
    text = (home / CONFIG_NAME).read_text()
    (home / CONFIG_NAME).write_text(text.replace(desk.settings.backup_recipient or "", secret))
    with pytest.raises(SchoolwatchError, match="a secret key, which must not stand here") as refusal:
        load_settings(home / CONFIG_NAME)

    assert secret not in str(refusal.value)


def test_an_older_database_is_brought_up_to_date_in_the_drill(sound: tuple[Desk, str, Path], tmp_path: Path) -> None:
    """A backup that the version before made is tried on a copy that is migrated; the backup itself stays as it is."""
    desk, secret, made = sound
    upgrade(f"sqlite:///{tmp_path / 'old.db'}", "0004")

    def older(members: dict[str, bytes]) -> None:
        _resigned(members, lambda path: shutil.copy(tmp_path / "old.db", path), tmp_path)
        counts = {"cases": 0, "posts": 0, "evidence": 0, "custody": 0}
        _listed(members, revision="0004", counts=counts, register_number=0, register_hash="0" * 64)

    path = _with(made, secret, older)
    before = path.read_bytes()
    found = drill(path, secret, desk)

    assert [fault for fault in found.faults if "somebody else" not in fault] == []
    assert path.read_bytes() == before


@pytest.mark.postgres
def test_the_same_on_postgresql(postgres_url: str, postgres_server: str, home: Path, tmp_path: Path, clock: FixedClock) -> None:
    """With PostgreSQL's own programs: made, tried in a database of its own, restored into an empty one, refused where it is not empty."""
    if shutil.which("pg_dump") is None:
        missing("postgres", "install Debian's `postgresql-client`")
    clock.moment = AT
    desk, secret = an_installation(home, clock, database=postgres_url)
    seal_one(desk, "one")
    path = made_by(desk)
    tried = drill(path, secret, desk)
    with pytest.raises(SchoolwatchError, match="not empty"):
        restore.restore(path, Opener(secret), tmp_path / "full", desk.settings)
    admin = sa.create_engine(postgres_server + "postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        left = [name for (name,) in connection.execute(sa.text("SELECT datname FROM pg_database")) if "drill" in name]
        connection.execute(sa.text("DROP DATABASE IF EXISTS restored"))
        connection.execute(sa.text("CREATE DATABASE restored"))
    into = settings_of(home, postgres_server + "restored")
    found = restore.restore(path, Opener(secret), tmp_path / "new", into)
    store = Store.open(postgres_server + "restored", clock)
    with store.read() as work:
        refs = [one.ref for one in work.evidence.where()]
        work.audit.verify()
    store.close()
    desk.close()
    with admin.connect() as connection:
        connection.execute(sa.text("DROP DATABASE restored WITH (FORCE)"))
    admin.dispose()

    assert (tried.faults, found.faults, left) == ((), (), [])
    assert refs == ["SW-2026-0001-E1"]
    assert not (tmp_path / "full").exists()


@pytest.mark.postgres
def test_without_pg_dump_it_says_what_to_install(postgres_url: str, home: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """No program, no backup: refused in words that name the package, nothing left behind."""
    desk, _ = an_installation(home, clock, database=postgres_url)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SchoolwatchError, match="postgresql-client"):
        made_by(desk)
    desk.close()

    assert list((home / "backups").iterdir()) == []


@pytest.mark.postgres
def test_a_password_never_stands_on_a_command_line(
    postgres_url: str, home: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address and the password of the server reach pg_dump by its environment only."""
    seen: list[tuple[list[str], dict[str, str]]] = []
    real = subprocess.run

    def run(command: list[str], **more: object) -> object:
        seen.append((command, more["env"]))  # type: ignore[arg-type]
        return real(command, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", run)
    with_password = postgres_url.replace("school@", "school:hush-hush@")
    desk, _ = an_installation(home, clock, database=with_password)
    made_by(desk)
    desk.close()
    [(command, environment)] = [one for one in seen if "pg_dump" in one[0][0]]

    assert "hush-hush" not in " ".join(command)
    assert environment["PGPASSWORD"] == "hush-hush"
