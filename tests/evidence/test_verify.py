"""The verdict on a pack: always one, and RED for a single changed byte."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from data.model.cases import Case, CaseItem
from data.model.watch import School
from evidence import stored_zip
from evidence.pack import CaseFile, write_pack
from evidence.testing import MOMENT, an_order, chained, fake_capture
from evidence.vault import Vault
from evidence.verify import Colour, verify

BAD = {Colour.RED, Colour.UNREADABLE}


@pytest.fixture
def pack(case: Case, item: CaseItem, vault: Vault, tmp_path: Path) -> Path:
    """A clean pack, without the small file beside it: only its own bytes speak."""
    evidence, drafts = fake_capture(an_order(item, at=MOMENT), case, item, vault=vault, now=MOMENT)
    school = School(id="s1", name="Fernley Green Primary School", added_at=MOMENT)
    file = CaseFile(school=school, case=case, items=(item,), evidence=(evidence,), custody=chained(drafts))
    path = write_pack(file, vault=vault, target=tmp_path / "pack.zip", by="u-dsl", now=MOMENT)
    path.with_name("pack.zip.sha256").unlink()
    return path


def _regions(path: Path) -> list[tuple[int, int, str]]:
    with path.open("rb") as source:
        return [(entry.start, entry.start + entry.size, entry.name) for entry in stored_zip.layout(source)]


def _rewritten(pack: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    with zipfile.ZipFile(pack) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    change(files)
    packed = io.BytesIO()
    stored_zip.write(packed, files.items())
    pack.write_bytes(packed.getvalue())
    return pack


def test_every_flipped_byte_is_found_and_named(pack: Path) -> None:
    """One changed byte anywhere, at over 600 places, is never called unchanged, and in a file it names that file."""
    clean, regions = pack.read_bytes(), _regions(pack)
    chance = random.Random(7)  # noqa: S311 - places to try, not a secret
    places = sorted(set(range(0, len(clean), max(1, len(clean) // 500))) | set(range(len(clean) - 120, len(clean))))
    missed, unnamed = [], []
    for place in places:
        flipped = bytearray(clean)
        flipped[place] ^= 1 << chance.randrange(8)
        pack.write_bytes(flipped)
        result = verify(pack)
        if result.colour not in BAD:
            missed.append(place)
        name = next((name for start, end, name in regions if start <= place < end), None)
        if name and not (result.colour is Colour.RED and any(name in reason for reason in result.reasons)):
            unnamed.append((place, name, result))

    assert len(places) >= 600
    assert (missed, unnamed) == ([], [])


def test_every_single_flip_in_the_container_is_red(pack: Path) -> None:
    """Headers, directory and end of the ZIP are covered byte by byte; each flip is RED and not merely unreadable."""
    clean, regions = pack.read_bytes(), _regions(pack)
    inside = {place for start, end, _ in regions for place in range(start, end)}
    colours = set()
    for place in set(range(len(clean))) - inside:
        flipped = bytearray(clean)
        flipped[place] ^= 1
        pack.write_bytes(flipped)
        colours.add(verify(pack).colour)

    assert colours == {Colour.RED}


@pytest.mark.parametrize("cut", [1, 22, 300, 0.5, 0.9])
def test_a_cut_pack_is_never_whole(pack: Path, cut: float) -> None:
    """A truncated pack is RED or UNREADABLE."""
    clean = pack.read_bytes()
    pack.write_bytes(clean[: len(clean) - int(cut if cut >= 1 else cut * len(clean))])

    assert verify(pack).colour in BAD


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw + b"x",
        lambda raw: b"x" + raw,
        lambda raw: raw[:-2] + struct.pack("<H", 5) + b"hello",
        lambda raw: raw + raw,
    ],
)
def test_bytes_before_or_behind_are_found(pack: Path, change: Callable[[bytes], bytes]) -> None:
    """Nothing can be hung on the pack: in front, behind or as a comment."""
    pack.write_bytes(change(pack.read_bytes()))

    assert verify(pack).colour in BAD


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda files: files.update({"extra.txt": b"x"}), "extra.txt was added"),
        (lambda files: files.pop("report.html"), "report.html is missing"),
        (lambda files: files.pop("seal.json"), "seal.json is missing"),
        (lambda files: files.pop("manifest-sha256.txt"), "manifest-sha256.txt is missing"),
        (lambda files: files.pop("manifest.json"), "manifest.json"),
        (lambda files: files.update({"custody.jsonl": b"not json\n"}), "custody.jsonl was changed"),
        (lambda files: files.update({"custody.jsonl": b"".join(files["custody.jsonl"].splitlines(keepends=True)[:-1])}), "custody.jsonl"),
        (lambda files: files.update({"seal.json": b'{"files":NaN}'}), "seal.json was changed"),
        (lambda files: files.update({"manifest.json": b"[" * 100_000}), "manifest.json"),
        (lambda files: files.update({"manifest.json": b'{"evidence":[1],"files":[{"name":[]}]}'}), "manifest.json"),
        (lambda files: files.update({"manifest-sha256.txt": b"\xff\xfe" * 500}), "manifest-sha256.txt was changed"),
        (lambda files: files.update({"../../outside.txt": b"x"}), "leads out of the folder"),
        (lambda files: files.update({"/etc/x": b"x"}), "leads out of the folder"),
        (lambda files: files.update({"REPORT.HTML": b"x"}), "stands in it twice"),
        (lambda files: files.update({"a\x1b[31m.txt": b"x"}), "[U+001B]"),
    ],
)
def test_what_was_done_is_named(pack: Path, change: Callable[[dict[str, bytes]], object], named: str) -> None:
    """A pack rebuilt with something added, missing or changed is RED and says what."""
    result = verify(_rewritten(pack, change))

    assert result.colour is Colour.RED
    assert any(named in reason for reason in result.reasons), result.reasons


def test_a_rezipped_pack_is_red(pack: Path, tmp_path: Path) -> None:
    """The same files in another ZIP are not the pack as it was made; compressed bombs get no further than this."""
    with zipfile.ZipFile(pack) as opened, zipfile.ZipFile(tmp_path / "other.zip", "w", zipfile.ZIP_DEFLATED) as other:
        for name in opened.namelist():
            other.writestr(name, opened.read(name))

    assert verify(tmp_path / "other.zip").colour is Colour.RED


def test_a_symbolic_link_is_red(pack: Path) -> None:
    """An entry marked as a link differs from how we write files."""
    raw = pack.read_bytes()
    pack.write_bytes(raw.replace(struct.pack("<I", 0o100644 << 16), struct.pack("<I", 0o120777 << 16), 1))

    assert verify(pack).colour is Colour.RED


def test_overlapping_files_are_refused_quickly(tmp_path: Path) -> None:
    """A ZIP whose entries all point at the same bytes is refused before it costs time."""
    body = b"x" * 100_000
    local = stored_zip.local_header("a", 0, len(body)) + body
    records = b"".join(stored_zip.central_record("a", 0, len(body), 0) for _ in range(4_000))
    bomb = tmp_path / "bomb.zip"
    bomb.write_bytes(local + records + stored_zip.end_record(4_000, len(records), len(local)))

    assert verify(bomb).colour is Colour.UNREADABLE


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"not a zip", b"\x00" * 10_000, b"PK\x03\x04" + b"\xff" * 200, b"PK\x05\x06" + b"\x00" * 18]
)
def test_what_is_no_zip_is_unreadable(tmp_path: Path, content: bytes) -> None:
    """Anything else gets a plain reason."""
    path = tmp_path / "x.zip"
    path.write_bytes(content)

    assert (verify(path).colour, verify(path).exit_code) == (Colour.UNREADABLE, 2)


def test_a_foreign_zip_a_folder_and_a_missing_file_are_unreadable(tmp_path: Path) -> None:
    """A ZIP that is no pack, a folder and a wrong path are each said to be so."""
    foreign = tmp_path / "foreign.zip"
    with zipfile.ZipFile(foreign, "w") as opened:
        opened.writestr("holiday.txt", "sun")

    assert {verify(path).colour for path in (foreign, tmp_path, tmp_path / "none.zip")} == {Colour.UNREADABLE}


def test_random_noise_over_a_pack_never_ends_in_an_error(pack: Path) -> None:
    """Three hundred packs with stretches of noise in them: always a verdict, never a wrong one."""
    clean, chance = pack.read_bytes(), random.Random(11)  # noqa: S311 - noise for a test
    colours = set()
    for _ in range(300):
        broken = bytearray(clean)
        start = chance.randrange(len(clean))
        broken[start : start + chance.randrange(1, 400)] = chance.randbytes(chance.randrange(1, 400))
        pack.write_bytes(broken)
        colours.add(verify(pack).colour)

    assert colours <= BAD


def test_the_small_file_beside_the_pack_is_compared(pack: Path) -> None:
    """A pack that is not the one its companion file names is RED."""
    pack.with_name("pack.zip.sha256").write_text("0" * 64 + "  pack.zip\n", encoding="ascii")

    assert verify(pack).colour is Colour.RED


def test_the_witness_code_is_the_hash_of_the_seal(pack: Path) -> None:
    """The code to compare with one noted elsewhere changes with anything in the pack."""
    before = verify(pack).witness
    with zipfile.ZipFile(pack) as opened:
        seal = json.loads(opened.read("seal.json"))

    assert before is not None
    assert len(before) == 64
    assert set(seal) == {"format", "manifest_sha256", "facts_sha256", "files"}


def test_a_flipped_size_in_the_directory_is_red(pack: Path) -> None:
    """Where one changed bit makes the directory's files seem to overlap, the headers in front still tell: RED, not unreadable."""
    raw = bytearray(pack.read_bytes())
    directory = raw.index(b"PK\x01\x02")
    entries = [place for place in range(directory, len(raw) - 46) if raw[place : place + 4] == b"PK\x01\x02"]
    for place in entries:
        for bit in range(24):
            changed = bytearray(raw)
            changed[place + 20 + bit // 8] ^= 1 << bit % 8
            pack.write_bytes(changed)

            assert verify(pack).colour is Colour.RED
