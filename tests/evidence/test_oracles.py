"""What strangers' tools say of a clean pack: each that checks lists, stamps, archives or PDFs finds no fault, and finds one if there is.

None of them is ours, and none knows of Schoolwatch.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pytest
from warcio.archiveiterator import ArchiveIterator

from evidence.invented import WHEN, Workshop
from evidence.local_authority import LocalAuthority
from evidence.tampering import Files, lists_anew, opened, unpacked
from evidence.testing import square
from evidence.verify import Colour, verify
from evidence.web_archive import WARC, Exchange, write_wacz

PAGE = "https://forum.example.org/t/1"
HOME = "data/SW-2026-0001-E1"


@dataclass(frozen=True)
class Clean:
    """A clean pack as ZIP, its files, and the folder into which it was unpacked."""

    path: Path
    files: Files
    folder: Path


def tool(name: str, package: str) -> str:
    """Return where a program lies; skips visibly where it is absent, fails where it is required."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not on this machine: install Debian's `{package}`"
        if name in os.environ.get("SCHOOLWATCH_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clean]:
    """A stamped capture with a web archive and pictures, packed."""
    tool("openssl", "openssl")
    html = (("content-type", "text/html; charset=utf-8"),)
    exchanges = [
        Exchange(PAGE, WHEN, 200, reason="OK", response_headers=html, body=b"<p>Invented words <img src=/1.png>"),
        Exchange("https://forum.example.org/1.png", WHEN, 200, response_headers=(("content-type", "image/png"),), body=square((9, 9, 9))),
    ]
    archive = write_wacz(exchanges, PAGE, "Invented", "Invented words", WHEN)
    with LocalAuthority() as authority:
        workshop = Workshop(tmp_path_factory.mktemp("oracles"), authority=authority)
        workshop.capture(more={"page.wacz": archive, "post.png": square((0, 80, 0)), "page-full-01.png": square((0, 0, 80), 300)})
        pack = workshop.pack().path
        files = opened(pack)
        yield Clean(pack, files, unpacked(files, workshop.folder / "out" / "pack"))


@pytest.fixture
def spoilt(clean: Clean, tmp_path: Path) -> Path:
    """The same folder with one changed byte in a picture."""
    content = bytearray(clean.files[f"{HOME}/data/post.png"])
    content[-20] ^= 1
    return unpacked(clean.files | {f"{HOME}/data/post.png": bytes(content)}, tmp_path / "spoilt")


def _code(*words: str, folder: Path) -> int:
    return subprocess.run(words, cwd=folder, capture_output=True, timeout=120, check=False).returncode


@pytest.mark.parametrize("name", ["sha256", "sha512"])
def test_coreutils_agree(clean: Clean, spoilt: Path, name: str) -> None:
    """`sha256sum -c` and `sha512sum -c`, strictly, accept each list of a clean pack and refuse a changed file."""
    program = tool(f"{name}sum", "coreutils")
    lists = (f"manifest-{name}.txt", f"tagmanifest-{name}.txt")

    assert [_code(program, "-c", "--strict", one, folder=clean.folder) for one in lists] == [0, 0]
    assert _code(program, "-c", "--strict", lists[0], folder=spoilt) != 0


def test_bagit_finds_a_valid_bag(clean: Clean, spoilt: Path) -> None:
    """The Library of Congress's own program accepts the folder as a BagIt bag (RFC 8493), and refuses it with a changed file."""
    words = (sys.executable, "-W", "ignore", "-m", "bagit", "--validate")

    assert _code(*words, str(clean.folder), folder=clean.folder) == 0
    assert _code(*words, str(spoilt), folder=spoilt) != 0


def test_bagit_is_fooled_and_we_are_not(clean: Clean, tmp_path: Path) -> None:
    """§6, last row: a file changed and the lists written anew is a valid bag. The seals tell: RED."""
    files = clean.files | {f"{HOME}/data/page.txt": b"Other words\n", "extra.txt": b"slipped in"}
    lists_anew(files)
    files["bag-info.txt"] = files["bag-info.txt"].replace(b"2026-", b"2024-")
    without = {name: content for name, content in files.items() if not name.startswith("tagmanifest-")}
    oxum = f"{sum(len(one) for name, one in without.items() if name.startswith('data/'))}."
    lines = [line for line in without["bag-info.txt"].decode().splitlines() if not line.startswith("Payload-Oxum")]
    count = sum(name.startswith("data/") for name in without)
    without["bag-info.txt"] = "\n".join([*lines, f"Payload-Oxum: {oxum}{count}", ""]).encode()
    folder = unpacked(without, tmp_path / "forged")

    assert _code(sys.executable, "-W", "ignore", "-m", "bagit", "--validate", str(folder), folder=folder) == 0
    assert verify(folder).colour is Colour.RED


def test_openssl_agrees(clean: Clean, spoilt: Path) -> None:
    """OpenSSL accepts the seal's signature and the time stamp, and neither for another seal."""
    program = tool("openssl", "openssl")
    stamp = ("ts", "-verify", "-data", "seal.json", "-in", "seal.tsr", "-CAfile", "authority.pem")
    sign = ("pkeyutl", "-verify", "-pubin", "-inkey", "seal-key.pem", "-rawin", "-in", "seal.json", "-sigfile", "seal.sig")
    (spoilt / HOME / "seal.json").write_bytes(clean.files[f"{HOME}/seal.json"].replace(b"0", b"1", 1))

    assert [_code(program, *words, folder=clean.folder / HOME) for words in (stamp, sign)] == [0, 0]
    assert 0 not in {_code(program, *words, folder=spoilt / HOME) for words in (stamp, sign)}


def test_zip_programs_agree(clean: Clean) -> None:
    """Python's own reader and Info-ZIP test the ZIP without a complaint."""
    with zipfile.ZipFile(clean.path) as read:
        assert read.testzip() is None
        assert {entry.compress_type for entry in read.infolist()} == {zipfile.ZIP_STORED}
    assert _code(tool("unzip", "unzip"), "-tq", str(clean.path), folder=clean.path.parent) == 0


def test_the_web_archive_is_read_to_the_end(clean: Clean) -> None:
    """Warcio reads each record's last byte, digests checked, and `wacz validate` finds the archive valid."""
    archive = clean.files[f"{HOME}/data/page.wacz"]
    with zipfile.ZipFile(io.BytesIO(archive)) as read, read.open(WARC) as warc:
        records = [
            (one.rec_type, len(one.content_stream().read()), one.digest_checker.passed) for one in ArchiveIterator(warc, check_digests=True)
        ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "wacz", "validate", "-f", str(clean.folder / HOME / "data/page.wacz")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert [kind for kind, _, _ in records].count("response") == 2
    assert False not in {passed for _, _, passed in records}
    assert "is valid" in done.stdout


def test_qpdf_and_pikepdf_agree_about_the_report(clean: Clean) -> None:
    """The report is a sound PDF, tagged, with its language, an output intent and both standards named."""
    report = clean.folder / "data/report.pdf"
    assert _code(tool("qpdf", "qpdf"), "--check", str(report), folder=clean.folder) == 0
    with pikepdf.open(report) as read, read.open_metadata() as facts:
        root = read.Root

        assert str(root.Lang).startswith("en")
        assert bool(root.MarkInfo.Marked)
        assert len(root.OutputIntents) == 1
        assert (facts["pdfaid:part"], facts["pdfaid:conformance"], facts["pdfuaid:part"]) == ("3", "A", "1")


def test_our_own_verdict_is_the_same(clean: Clean) -> None:
    """Where all of them agree, so does `verify`: unchanged, and only the invented authority is unknown here."""
    results = [verify(clean.path), verify(clean.folder)]

    assert [one.colour for one in results] == [Colour.AMBER] * 2
    assert all("does not know the authority" in reason for one in results for reason in one.reasons)
