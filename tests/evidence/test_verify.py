"""The verdict on a pack: always one, RED for a single changed byte, and the insider's cases exactly as evidence.md §6 tells them."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from evidence import stored_zip
from evidence.broken_packs import broken, crowd, crowded_stamps, vouching
from evidence.bundle_check import Trust
from evidence.custody import CustodyDraft
from evidence.invented import WHEN, Workshop
from evidence.keys import SealKey
from evidence.register import lines
from evidence.tampering import EDITS, Files, all_anew, back_date, closed, hashes_anew, lists_anew, opened, pack_seal_anew, unpacked
from evidence.testing import KEY, LocalAuthority, chained
from evidence.timestamp import Effort
from evidence.verify import PAPERS, Colour, Knowledge, Papers, VerifyResult, as_json, in_words, verify

BAD = {Colour.RED, Colour.UNREADABLE}
FOREIGN = SealKey.of_seed(b"\x21" * 32)


def _missing(what: str) -> None:
    reason = f"{what} is not on this machine: install Debian's `{what}`"
    if what in os.environ.get("SCHOOLWATCH_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def authority() -> Iterator[LocalAuthority]:
    """A time-stamping authority of our own."""
    if not LocalAuthority.is_possible():
        _missing("openssl")
    with LocalAuthority() as running:
        yield running


@pytest.fixture(scope="session")
def other_authority() -> Iterator[LocalAuthority]:
    """Another one, that nobody trusts."""
    if not LocalAuthority.is_possible():
        _missing("openssl")
    with LocalAuthority(name="Private Authority") as running:
        yield running


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A clean pack of two captures that nobody stamped."""
    workshop = Workshop(tmp_path_factory.mktemp("clean"))
    workshop.capture()
    workshop.capture(words=b"other words")
    return workshop.pack().path.read_bytes()


@pytest.fixture
def pack(clean: bytes, tmp_path: Path) -> Path:
    """This test's own copy of the clean pack."""
    path = tmp_path / "pack.zip"
    path.write_bytes(clean)
    return path


@pytest.fixture
def stamped(tmp_path: Path, authority: LocalAuthority) -> Workshop:
    """A workshop with one capture that an authority stamped two seconds later."""
    workshop = Workshop(tmp_path, authority=authority)
    workshop.capture()
    return workshop


def _trusting(*authorities: LocalAuthority, keys: tuple[str, ...] = (), witnesses: tuple[str, ...] = ()) -> Knowledge:
    return Knowledge(Trust(tuple(one.root for one in authorities), frozenset(keys)), witnesses)


def _regions(path: Path) -> list[tuple[int, int, str]]:
    with path.open("rb") as source:
        return [(entry.start, entry.start + entry.size, entry.name) for entry in stored_zip.layout(source)]


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
        name = next((name.partition("/")[2] for start, end, name in regions if start <= place < end), None)
        if name and not (result.colour is Colour.RED and any(name in reason for reason in result.reasons)):
            unnamed.append((place, name, result))

    assert len(places) >= 600
    assert (missed, unnamed) == ([], [])


def test_every_single_flip_in_the_container_is_red(pack: Path) -> None:
    """Headers, directory and end of the ZIP are covered byte by byte; each flip is RED and not merely unreadable."""
    clean, regions = pack.read_bytes(), _regions(pack)
    inside = {place for start, end, _ in regions for place in range(start, end)}
    colours = set()
    for place in sorted(set(range(len(clean))) - inside)[::11]:
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


E1 = "data/SW-2026-0001-E1"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda files: files.update({"extra.txt": b"x"}), "extra.txt was added"),
        (lambda files: files.update({f"{E1}/extra.txt": b"x"}), f"{E1}/extra.txt was added"),
        (lambda files: files.pop("data/index.csv"), "data/index.csv is missing"),
        (lambda files: files.pop("pack-seal.json"), "pack-seal.json is missing"),
        (lambda files: files.pop("manifest-sha256.txt"), "manifest-sha256.txt is missing"),
        (lambda files: files.pop("tagmanifest-sha512.txt"), "tagmanifest-sha512.txt is missing"),
        (lambda files: files.pop("data/pack.json"), "data/pack.json"),
        (lambda files: files.pop(f"{E1}/seal.json"), f"{E1}/seal.json is missing"),
        (lambda files: files.pop(f"{E1}/data/page.txt"), f"{E1}/data/page.txt is missing"),
        (lambda files: files.update({f"{E1}/data/custody.jsonl": b"not json\n"}), f"{E1}/data/custody.jsonl was changed"),
        (lambda files: files.update({"data/register.jsonl": b"{}\n"}), "data/register.jsonl"),
        (lambda files: files.update({"pack-seal.json": b'{"files":NaN}'}), "pack-seal.json was changed"),
        (lambda files: files.update({f"{E1}/manifest.json": b"[" * 100_000}), f"{E1}/manifest.json"),
        (lambda files: files.update({f"{E1}/seal.json": b'{"ref":"\\ud800"}\n'}), f"{E1}/seal.json"),
        (lambda files: files.update({f"{E1}/seal-key.pem": b"\xff\x00"}), f"{E1}/seal-key.pem"),
        (lambda files: files.update({"data/pack.json": b'{"captures":[1],"format":[]}\n'}), "data/pack.json"),
        (lambda files: files.update({"manifest-sha256.txt": b"\xff\xfe" * 500}), "manifest-sha256.txt was changed"),
        (lambda files: files.update({"../../outside.txt": b"x"}), "leads out of the folder"),
        (lambda files: files.update({"DATA/PACK.JSON": b"x"}), "stands in it twice"),
        (lambda files: files.update({"a\x1b[31m.txt": b"x"}), "[U+001B]"),
        (lambda files: files.update({f"{E1}/seal.tsr": b"x"}), f"{E1}/seal.tsr was added"),
        (lambda files: files.update({"data/SW-2026-0001-E9/seal.json": files[f"{E1}/seal.json"]}), "data/SW-2026-0001-E9"),
    ],
)
@pytest.mark.parametrize("lists", [False, True])
def test_what_was_done_is_named(pack: Path, change: Callable[[Files], object], named: str, *, lists: bool) -> None:
    """A pack with something added, missing or changed is RED and says what; it stays RED when the bag's lists were written anew."""
    files = opened(pack)
    change(files)
    if lists and not named.startswith(("manifest-", "tagmanifest-")):
        lists_anew(files)
    result = verify(closed(files, pack))

    assert result.colour is Colour.RED
    assert lists or any(named in reason for reason in result.reasons), result.reasons


@pytest.mark.parametrize("as_folder", [False, True])
def test_three_hundred_forgers_are_found(pack: Path, tmp_path: Path, *, as_folder: bool) -> None:
    """Edits of every kind, left as they are or with every hash put right that needs no key: never called unchanged."""
    clean, chance = opened(pack), random.Random(23)  # noqa: S311 - edits to try, not a secret
    missed, tried = [], 0
    while tried < 150:
        files = dict(clean)
        what = chance.choice(EDITS)(files, chance)
        with suppress(KeyError, ValueError, TypeError, IndexError):  # what cannot be put right stays as it is
            chance.choice((lambda _: None, lists_anew, hashes_anew))(files)
        if files == clean:
            continue
        tried += 1
        target = _in_folder(files, tmp_path / "folder") if as_folder else closed(files, tmp_path / "pack.zip")
        if target is not None and verify(target).colour not in BAD:
            missed.append(what)

    assert missed == []


def _in_folder(files: Files, target: Path) -> Path | None:
    shutil.rmtree(target, ignore_errors=True)
    if any(name.endswith("..") for name in files):
        return None  # no file can have this name
    return unpacked(files, target)


def test_a_stamped_pack_is_green(stamped: Workshop, authority: LocalAuthority) -> None:
    """Who trusts the authority is told that the time is proven; who does not know it, that it is not proven to them."""
    pack = stamped.pack().path
    known, unknown = verify(pack, _trusting(authority)), verify(pack)

    assert (known.colour, known.exit_code) == (Colour.GREEN, 0)
    assert "says Invented Time Authority" in known.reasons[0]
    assert unknown.colour is Colour.AMBER
    assert "does not know the authority" in unknown.reasons[0]


@pytest.mark.parametrize(
    ("after", "colour"),
    [(-120, Colour.RED), (-30, Colour.GREEN), (0, Colour.GREEN), (599, Colour.GREEN), (602, Colour.AMBER), (90_000, Colour.AMBER)],
)
def test_the_authoritys_time_must_fit_the_computers(tmp_path: Path, authority: LocalAuthority, after: int, colour: Colour) -> None:
    """A stamp older than the capture is RED (a minute is let pass for a fast clock); later than ten minutes it proves too little."""
    workshop = Workshop(tmp_path, authority=authority)
    workshop.capture(stamped=timedelta(seconds=after))

    assert verify(workshop.pack().path, _trusting(authority)).colour is colour


def test_one_capture_without_a_stamp_makes_the_pack_amber(stamped: Workshop, authority: LocalAuthority) -> None:
    """GREEN is for packs in which every capture's time is proven."""
    stamped.capture(words=b"x")
    stamped.tokens.pop()
    result = verify(stamped.pack().path, _trusting(authority))

    assert result.colour is Colour.AMBER
    assert [reason.partition(":")[0] for reason in result.reasons] == ["SW-2026-0001-E2"]


def _judged(workshop: Workshop, files: Files, known: Knowledge) -> VerifyResult:
    return verify(closed(files, workshop.folder / "forged.zip"), known)


def test_rebuilding_every_hash_without_the_key_is_red(stamped: Workshop, authority: LocalAuthority) -> None:
    """§6 row 6: changed, all hashes and the log rebuilt, no key: the signatures do not fit."""
    files = opened(stamped.pack().path)
    files[f"{E1}/data/page.txt"] = b"Other words\n"
    hashes_anew(files)
    result = _judged(stamped, files, _trusting(authority))

    assert result.colour is Colour.RED
    assert any("seal.sig" in reason for reason in result.reasons)


@pytest.mark.parametrize("key", [KEY, FOREIGN], ids=["installation's", "own"])
def test_an_old_stamp_does_not_fit_a_new_seal(stamped: Workshop, authority: LocalAuthority, key: SealKey) -> None:
    """§6 rows 6 and 7: with a key, everything rebuilt, but the old token: the token speaks of another seal."""
    files = opened(stamped.pack().path)
    files[f"{E1}/data/page.txt"] = b"Other words\n"
    all_anew(files, key)
    result = _judged(stamped, files, _trusting(authority))

    assert result.colour is Colour.RED
    assert any("seal.tsr does not hold" in reason for reason in result.reasons)


def test_without_a_stamp_the_insider_is_only_caught_from_outside(pack: Path, tmp_path: Path) -> None:
    """§6 row 7, second half: key and no token: the pack alone verifies, as AMBER; witness code and register say RED."""
    clean = verify(pack)
    files = opened(pack)
    files[f"{E1}/data/page.txt"] = b"Other words\n"
    all_anew(files, KEY)
    forged = closed(files, tmp_path / "forged.zip")

    assert verify(forged).colour is Colour.AMBER
    assert verify(forged, Knowledge(witnesses=(clean.codes["SW-2026-0001-E1"],))).colour is Colour.RED
    assert verify(pack, Knowledge(witnesses=(clean.codes["SW-2026-0001-E1"],))).colour is Colour.AMBER


def test_a_strangers_key_is_caught_by_the_fingerprint(pack: Path, tmp_path: Path) -> None:
    """Rebuilt with a key of one's own, without a token: AMBER alone, RED for who names the school's fingerprint."""
    files = opened(pack)
    files[f"{E1}/data/page.txt"] = b"Other words\n"
    all_anew(files, FOREIGN)
    forged = closed(files, tmp_path / "forged.zip")

    assert verify(forged).colour is Colour.AMBER
    assert verify(forged, _trusting(keys=(KEY.id,))).colour is Colour.RED
    assert verify(pack, _trusting(keys=(KEY.id,))).colour is Colour.AMBER


def test_another_report_around_genuine_evidence_is_red(stamped: Workshop, authority: LocalAuthority) -> None:
    """The evidence is left as it was, stamp and all, but the papers are changed and sealed with a key of one's own: RED."""
    files = opened(stamped.pack().path)
    kept = {name: content for name, content in files.items() if name.startswith(E1)}
    files["data/chronology.csv"] += b"and more\r\n"
    all_anew(files, FOREIGN)
    files |= kept
    files |= {name: opened(stamped.pack().path)[name] for name in ("data/register.jsonl", "data/pack.json")}
    _sealed_by(files, FOREIGN)
    result = _judged(stamped, files, _trusting(authority))

    assert result.colour is Colour.RED
    assert [reason.partition(";")[0] for reason in result.reasons] == ["pack-seal.json and the evidence were sealed with different keys"]
    assert _judged(stamped, files, _trusting(authority, keys=(KEY.id, FOREIGN.id))).colour is Colour.GREEN


def _sealed_by(files: Files, key: SealKey) -> None:
    pack_seal_anew(files, key)
    lists_anew(files)


def test_changed_papers_of_the_insider_are_told_by_the_packs_code(stamped: Workshop, authority: LocalAuthority) -> None:
    """The school's key over another report and lists: alone GREEN, and a line says so; RED by the pack's code, AMBER by the register."""
    pack = stamped.pack()
    exported = chained((CustodyDraft(WHEN, "u-dsl", "id", "exported", f"full, pack seal {pack.seal_sha256}"),), after=stamped.custody[-1])
    register = stamped.folder / "register.jsonl"
    register.write_bytes(lines((*stamped.custody, *exported)))
    files = opened(pack.path)
    files |= {"data/report.pdf": b"%PDF forged", "data/chronology.csv": b"forged"}
    _sealed_by(files, KEY)
    trust = Trust((authority.root,))
    alone, noted, known = (
        _judged(stamped, files, Knowledge(trust)),
        _judged(stamped, files, Knowledge(trust, witnesses=(pack.seal_sha256,))),
        _judged(stamped, files, Knowledge(trust, register=register)),
    )

    assert [one.colour for one in (alone, noted, known)] == [Colour.GREEN, Colour.RED, Colour.AMBER]
    assert {one.papers for one in (alone, noted, known)} == {Papers.NOT_COMPARED}
    assert PAPERS.format(code=alone.codes["pack"]) in in_words(alone)
    assert "the papers around the evidence were changed" in known.reasons[0]
    assert "rest on the school's key alone" not in in_words(noted)


def test_papers_are_compared_by_code_or_register_only(stamped: Workshop, authority: LocalAuthority) -> None:
    """The pack's code from elsewhere, or its export in the register, takes the line away; the code of evidence in it does not."""
    pack = stamped.pack()
    exported = chained((CustodyDraft(WHEN, "u-dsl", "id", "exported", f"full, pack seal {pack.seal_sha256}"),), after=stamped.custody[-1])
    whole, older = stamped.folder / "whole.jsonl", stamped.folder / "older.jsonl"
    whole.write_bytes(lines((*stamped.custody, *exported)))
    older.write_bytes(lines(stamped.custody))
    trust, evidence = Trust((authority.root,)), stamped.evidence[0].seal_sha256
    compared = [Knowledge(trust, witnesses=(f" {pack.seal_sha256.upper()}",)), Knowledge(trust, register=whole)]
    not_compared = [Knowledge(trust), Knowledge(trust, witnesses=(evidence,)), Knowledge(trust, register=older), Knowledge()]

    for known, said in [(one, True) for one in compared] + [(one, False) for one in not_compared]:
        result = verify(pack.path, known)
        assert result.colour in {Colour.GREEN, Colour.AMBER}
        assert ("rest on the school's key alone" in in_words(result)) is not said
        assert json.loads(as_json(result))["papers"] == ("compared" if said else "not compared")


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini"])
@pytest.mark.parametrize("where", ["", "data/", f"{E1}/", f"{E1}/data/"])
def test_what_computers_put_into_folders_is_named_as_such(pack: Path, tmp_path: Path, where: str, name: str) -> None:
    """Three names of files that computers leave behind, anywhere in an unpacked folder: RED, once, with what to do; in a ZIP as ever."""
    files = opened(pack) | {where + name: b"left by a computer"}
    folder, zipped = verify(unpacked(files, tmp_path / "folder")), verify(closed(files, pack))

    assert (folder.colour, zipped.colour) == (Colour.RED, Colour.RED)
    assert folder.reasons == (f"{where}{name} was added; your own computer may have put this file here: delete it, or check the ZIP file",)
    assert not any("computer" in reason for reason in zipped.reasons)


@pytest.mark.parametrize("name", ["._report.pdf", "thumbs.db", "x.desktop.ini", ".DS_Store/x"])
def test_other_added_files_get_no_excuse(pack: Path, tmp_path: Path, name: str) -> None:
    """Exactly three names, and files only: whatever is merely like them was added by somebody."""
    result = verify(unpacked(opened(pack) | {name: b"x"}, tmp_path / "folder"))

    assert result.colour is Colour.RED
    assert not any("computer" in reason for reason in result.reasons)


def test_a_changed_file_of_a_computers_name_gets_no_excuse(tmp_path: Path) -> None:
    """Where evidence itself is called so, it is evidence: unchanged it is none too many, changed it is changed."""
    workshop = Workshop(tmp_path)
    workshop.capture(more={"Thumbs.db": b"sealed"})
    folder = unpacked(opened(workshop.pack().path), tmp_path / "folder")
    clean = verify(folder)
    (folder / E1 / "data/Thumbs.db").write_bytes(b"other")
    result = verify(folder)

    assert clean.colour is Colour.AMBER
    assert result.colour is Colour.RED
    assert not any("computer" in reason for reason in result.reasons)


def _fresh_token(files: Files, authority: LocalAuthority, workshop: Workshop) -> None:
    """Let an authority stamp the forged seal, a year later."""
    files[f"{E1}/seal.tsr"] = authority.stamp(files[f"{E1}/seal.json"], WHEN + timedelta(days=365))
    files[f"{E1}/authority.pem"] = authority.root.public_bytes(Encoding.PEM)
    _sealed_by(files, workshop.key)


def test_the_insider_with_a_fresh_genuine_stamp(stamped: Workshop, authority: LocalAuthority) -> None:
    """§6 row 8: key and a genuine token of today: never GREEN for a past capture; RED by witness code and by the register."""
    clean = verify(stamped.pack().path, _trusting(authority))
    files = opened(stamped.pack().path)
    files[f"{E1}/data/page.txt"] = b"Other words\n"
    all_anew(files, KEY)
    _fresh_token(files, authority, stamped)
    register = stamped.folder / "register.jsonl"
    register.write_bytes(lines(stamped.custody))
    alone = _judged(stamped, files, _trusting(authority))

    assert alone.colour is Colour.AMBER
    assert "more than 10 minutes after" in alone.reasons[0]
    assert _judged(stamped, files, _trusting(authority, witnesses=(clean.codes["SW-2026-0001-E1"],))).colour is Colour.RED
    assert _judged(stamped, files, Knowledge(Trust((authority.root,)), register=register)).colour is Colour.RED


def test_back_dating_with_key_and_stamp_is_never_green(stamped: Workshop, authority: LocalAuthority) -> None:
    """§6 row 5: back-dated, re-sealed with the key, with a new genuine token: the token's time against the stated one."""
    files = opened(stamped.pack().path)
    back_date(files, random.Random(3))  # noqa: S311 - a year to choose
    all_anew(files, KEY)
    _fresh_token(files, authority, stamped)

    assert _judged(stamped, files, _trusting(authority)).colour is Colour.AMBER


def test_a_private_authority_proves_nothing(stamped: Workshop, authority: LocalAuthority, other_authority: LocalAuthority) -> None:
    """§6 row 9: without the key a stamp of one's own authority is RED; with the key it is one that nobody knows: AMBER, never GREEN."""
    files = opened(stamped.pack().path)
    _fresh_token(files, other_authority, stamped)
    assert _judged(stamped, files, _trusting(authority)).colour is Colour.RED

    all_anew(files, KEY, authority=other_authority.root_sha256)
    _fresh_token(files, other_authority, stamped)
    result = _judged(stamped, files, _trusting(authority))

    assert result.colour is Colour.AMBER
    assert "does not know the authority" in result.reasons[0]


def test_the_register_is_compared_when_it_is_given(stamped: Workshop, authority: LocalAuthority) -> None:
    """In the register with its export: GREEN. Without the export's line: AMBER. Edited, cut in front or of others: RED."""
    pack = stamped.pack()
    register = stamped.folder / "register.jsonl"
    exported = chained((CustodyDraft(WHEN, "u-dsl", "id", "exported", f"full, pack seal {pack.seal_sha256}"),), after=stamped.custody[-1])
    whole = lines((*stamped.custody, *exported))
    rows = whole.splitlines(keepends=True)
    states = (
        (whole, Colour.GREEN),
        (b"".join(rows[:-1]), Colour.AMBER),
        (b"".join(rows[:3]), Colour.RED),
        (b"".join(rows[1:]), Colour.RED),
        (whole.replace(b"u-dsl", b"u-xyz", 1), Colour.RED),
        (b"no register", Colour.RED),
        (b"", Colour.RED),
    )
    found = []
    for content, _ in states:
        register.write_bytes(content)
        found.append(verify(pack.path, Knowledge(Trust((authority.root,)), register=register)).colour)

    assert found == [colour for _, colour in states]
    assert verify(pack.path, Knowledge(register=stamped.folder / "none")).colour is Colour.RED


def test_stamps_made_to_hold_up_whoever_checks_are_left_aside(stamped: Workshop, authority: LocalAuthority) -> None:
    """The school's own key over five stamps with certificates that vouch for one another: a verdict that says so, never GREEN."""
    for _ in range(4):
        stamped.capture()
    files = opened(stamped.pack().path)
    names = sorted(name for name in files if name.endswith("/seal.tsr"))
    for number, name in enumerate(names):
        files[name] = crowd(files[name], vouching(f"{authority.name} Root", 11, number))
    _sealed_by(files, KEY)
    few = Knowledge(Trust((authority.root,), effort=Effort(150)))
    result = _judged(stamped, files, few)

    assert len(names) == 5
    assert result.colour is Colour.AMBER
    assert "as if to hold up this computer" in result.reasons[-1]
    assert _judged(stamped, files, few) == result
    assert verify(stamped.pack().path, few).colour is Colour.GREEN


def test_a_crowd_of_certificates_is_refused(stamped: Workshop, tmp_path: Path) -> None:
    """Packs with hundreds of certificates in their stamps, as the soak makes them: a verdict each, never unchanged."""
    clean, chance = opened(stamped.pack().path), random.Random(5)  # noqa: S311 - packs to try, not a secret

    assert {verify(crowded_stamps(dict(clean), tmp_path / "crowd.zip", chance)).colour for _ in range(2)} == {Colour.RED}


def test_certificates_beside_the_evidence_have_an_end(stamped: Workshop, authority: LocalAuthority) -> None:
    """More of them than any authority has are not read at all; who trusts the authority needs none."""
    files = opened(stamped.pack().path)
    files[f"{E1}/authority.pem"] *= 13
    _sealed_by(files, KEY)

    assert _judged(stamped, files, Knowledge()).colour is Colour.AMBER
    assert _judged(stamped, files, _trusting(authority)).colour is Colour.GREEN


def test_a_rezipped_pack_is_red(pack: Path, tmp_path: Path) -> None:
    """The same files in another ZIP are not the pack as it was made; compressed bombs get no further than this."""
    with zipfile.ZipFile(pack) as clean, zipfile.ZipFile(tmp_path / "other.zip", "w", zipfile.ZIP_DEFLATED) as other:
        for name in clean.namelist():
            other.writestr(name, clean.read(name))

    assert verify(tmp_path / "other.zip").colour is Colour.RED


def test_a_symbolic_link_is_red(pack: Path, tmp_path: Path) -> None:
    """A link is no evidence, in the ZIP or in the folder, to a file or to a folder."""
    folder = unpacked(opened(pack), tmp_path / "folder")
    (folder / "data/index.csv").rename(tmp_path / "index.csv")
    (folder / "data/index.csv").symlink_to(tmp_path / "index.csv")
    (folder / "data/checks").symlink_to(tmp_path)
    result = verify(folder)
    raw = pack.read_bytes()
    pack.write_bytes(raw.replace(struct.pack("<I", 0o100644 << 16), struct.pack("<I", 0o120777 << 16), 1))

    assert verify(pack).colour is Colour.RED
    assert result.colour is Colour.RED
    assert {"data/index.csv was changed: it is a link or a device and no ordinary file", "data/index.csv is missing"} <= set(result.reasons)


def test_pipes_and_devices_are_never_waited_for(pack: Path, tmp_path: Path) -> None:
    """A pipe in the folder is RED, a pipe or a device instead of the pack UNREADABLE; neither is read."""
    folder = unpacked(opened(pack), tmp_path / "folder")
    (folder / "data/index.csv").unlink()
    os.mkfifo(folder / "data/index.csv")
    os.mkfifo(tmp_path / "pipe.zip")

    assert verify(folder).colour is Colour.RED
    assert {verify(path).colour for path in (tmp_path / "pipe.zip", Path("/dev/zero"), Path("a\0b"))} == {Colour.UNREADABLE}


def test_an_empty_folder_in_it_is_named(pack: Path, tmp_path: Path) -> None:
    """Not even an empty folder can be put in."""
    folder = unpacked(opened(pack), tmp_path / "folder")
    (folder / "data/more").mkdir()

    assert verify(folder).colour is Colour.RED


def test_a_folder_without_end_is_unreadable(tmp_path: Path) -> None:
    """Too many files, or folders in folders, are not read to the end."""
    many, deep = tmp_path / "many", tmp_path / "deep"
    many.mkdir()
    for number in range(stored_zip.MAX_ENTRIES + 1):
        (many / f"{number}.txt").touch()
    deep.joinpath(*["a"] * 30).mkdir(parents=True)

    assert {verify(path).colour for path in (many, deep)} == {Colour.UNREADABLE}


def test_overlapping_files_are_refused_quickly(tmp_path: Path) -> None:
    """A ZIP whose entries all point at the same bytes is refused before it costs time."""
    content = b"x" * 100_000
    local = stored_zip.local_header("a", 0, len(content)) + content
    records = b"".join(stored_zip.central_record("a", 0, len(content), 0) for _ in range(4_000))
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


def test_a_foreign_zip_a_foreign_folder_and_a_missing_file_are_unreadable(tmp_path: Path) -> None:
    """A ZIP that is no pack, a folder and a wrong path are each said to be so."""
    foreign = tmp_path / "foreign.zip"
    with zipfile.ZipFile(foreign, "w") as made:
        made.writestr("holiday.txt", "sun")

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


def test_a_hundred_broken_packs_get_a_verdict(pack: Path, tmp_path: Path) -> None:
    """Noise, bombs, links, pipes, huge and odd JSON, foreign ZIPs: a verdict each, never unchanged, and nothing beside them is written."""
    files, chance = opened(pack), random.Random(31)  # noqa: S311 - broken packs to try, not a secret
    wrong = []
    for number in range(100):
        place = tmp_path / str(number)
        place.mkdir()
        kind, path = broken(files, place / "pack.zip", chance)
        before = sorted(place.rglob("*"))
        result = verify(path)
        is_sound = path.is_file() and result.colour is Colour.AMBER and opened(path) == files
        if not is_sound and (result.colour not in BAD or not in_words(result).encode()):
            wrong.append((kind, result))
        if sorted(place.rglob("*")) != before:
            wrong.append((kind, result))
        shutil.rmtree(place)

    assert wrong == []


def test_a_flipped_size_in_the_directory_is_red(pack: Path) -> None:
    """Where one changed bit makes the directory's files seem to overlap, the headers in front still tell: RED, not unreadable."""
    raw = bytearray(pack.read_bytes())
    directory = raw.index(b"PK\x01\x02")
    entries = [place for place in range(directory, len(raw) - 46) if raw[place : place + 4] == b"PK\x01\x02"]
    colours = set()
    for place in entries[::4]:
        for bit in range(24):
            changed = bytearray(raw)
            changed[place + 20 + bit // 8] ^= 1 << bit % 8
            pack.write_bytes(changed)
            colours.add(verify(pack).colour)

    assert colours == {Colour.RED}


def test_the_verdict_is_told_in_words_and_as_json(pack: Path) -> None:
    """Both name the colour, the reasons, each witness code and the key; no text of a pack can play tricks in a terminal."""
    result = verify(pack)
    words = in_words(result)

    assert words.splitlines()[0] == "AMBER"
    assert all(code in words and code in as_json(result) for code in (*result.codes.values(), KEY.id))
    assert len(result.codes) == 3


def test_hostile_names_reach_no_terminal(pack: Path) -> None:
    """Whatever a manifest calls itself is shown with its control characters spelled out."""
    files = opened(pack)
    files[f"{E1}/manifest.json"] = files[f"{E1}/manifest.json"].replace(b"SW-2026-0001-E1", b"\\u001b[31m\\u202e")
    words = in_words(verify(closed(files, pack)))

    assert words.startswith("RED")
    assert all(char.isprintable() or char == "\n" for char in words)


def test_a_zip_bomb_of_names_is_refused(tmp_path: Path) -> None:
    """A directory that promises more files than any pack has is not followed."""
    packed = io.BytesIO()
    stored_zip.write(packed, ((f"p/{number}", b"") for number in range(stored_zip.MAX_ENTRIES + 10)))
    (tmp_path / "many.zip").write_bytes(packed.getvalue())

    assert verify(tmp_path / "many.zip").colour is Colour.UNREADABLE
