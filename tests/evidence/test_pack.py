"""The pack: complete, readable, the same bytes each time, refused where it must be."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from collector.testing import a_kept_post
from data.errors import EvidenceError
from data.model.cases import Capacity, Case, CaseEvent, CaseItem, CaseState, Ground, RemovalCheck, Route, TakedownRequest, Verdict
from data.model.readings import Category
from data.model.watch import School
from evidence.errors import CaptureForbiddenError, CustodyBrokenError, SealBrokenError
from evidence.pack import CaseFile, write_pack
from evidence.seal import stamp
from evidence.testing import MOMENT, an_order, chained, fake_capture
from evidence.vault import Vault
from evidence.verify import Colour, verify

NASTY = "<script>alert(1)</script> \u202egnp.exe \x07 \u200b =cmd|'/c calc'!A1 \U0001f600 \u0645\u0631\u062d\u0628\u0627 </pre>"


@pytest.fixture
def file(case: Case, item: CaseItem, vault: Vault) -> CaseFile:
    """A case with a capture, a post with hostile text, a request and two checks."""
    post = a_kept_post(text=NASTY)
    item = item.model_copy(update={"post_id": post.id})
    evidence, drafts = fake_capture(an_order(item, at=MOMENT), case, item, vault=vault, now=MOMENT)
    checks = tuple(
        RemovalCheck(
            id=f"k{number}",
            case_id="c1",
            item_id="i1",
            slot=str(number),
            by="system",
            at=MOMENT,
            verdict=Verdict.REMOVED_UNKNOWN,
            method="web page",
            status=404,
            detail="not found",
            answer_sha256=vault.put(f"answer {number}".encode()),
        )
        for number in (1, 2)
    )
    events = (
        CaseEvent(id="x1", case_id="c1", number=1, at=MOMENT, by="u-dsl", what="opened", after=CaseState.TRIAGED, reason="=1+1"),
        CaseEvent(id="x2", case_id="c1", number=2, at=MOMENT, by="system", what="check", reason=NASTY),
    )
    request = TakedownRequest(
        id="r1",
        case_id="c1",
        item_id="i1",
        ground=Ground.HARASSMENT,
        route=Route.SITE_OPERATOR,
        recipient="abuse@forum.example.org",
        capacity=Capacity.SCHOOL_REPRESENTATIVE,
        notice="site_operator",
        subject="Removal",
        body="Please remove <b>this</b>.",
        drafted_by="u-dsl",
        drafted_at=MOMENT,
    )
    return CaseFile(
        school=School(id="s1", name="Fernley Green Primary School", added_at=MOMENT),
        case=case,
        items=(item,),
        posts=(post,),
        events=events,
        requests=(request,),
        checks=checks,
        evidence=(evidence,),
        custody=chained(drafts),
        names={"u-dsl": "A. Quillfeather"},
    )


@pytest.fixture
def pack(file: CaseFile, vault: Vault, tmp_path: Path) -> Path:
    """The case's pack."""
    return write_pack(file, vault=vault, target=tmp_path / "pack.zip", by="u-dsl", now=MOMENT)


def _inside(pack: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(pack) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_stock_tools_agree_that_a_clean_pack_is_whole(pack: Path, tmp_path: Path) -> None:
    """`unzip` and `sha256sum -c` accept the pack, and so does our own check: unchanged, time not proven by others."""
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(pack) as opened:
        assert opened.testzip() is None
        opened.extractall(folder)
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("sha256sum is not on this machine: it belongs to GNU coreutils")
    lists = [(folder, "manifest-sha256.txt"), (pack.parent, "pack.zip.sha256")]

    assert [
        subprocess.run([tool, "-c", "--strict", name], cwd=place, check=False, capture_output=True).returncode for place, name in lists
    ] == [0, 0]
    assert verify(pack).colour is Colour.AMBER
    assert verify(pack).exit_code == 3


def test_the_list_names_every_other_file(pack: Path) -> None:
    """Only the list itself and the seal over it are not in the list."""
    inside = _inside(pack)
    listed = {line.split("  ")[1] for line in inside["manifest-sha256.txt"].decode().splitlines()}

    assert set(inside) - listed == {"manifest-sha256.txt", "seal.json"}
    assert {"report.html", "HOW-TO-CHECK.txt", "chronology.csv", "custody.jsonl", "checks/001-answer.bin", "checks/002-answer.bin"} < listed
    assert hashlib.sha256(inside["manifest-sha256.txt"]).hexdigest().encode() in inside["seal.json"]


def test_the_same_records_give_the_same_bytes(pack: Path, file: CaseFile, vault: Vault, tmp_path: Path) -> None:
    """A pack made twice at the same moment is the same file."""
    again = write_pack(file, vault=vault, target=tmp_path / "again.zip", by="u-dsl", now=MOMENT)

    assert pack.read_bytes() == again.read_bytes()


def test_hostile_text_is_shown_and_does_nothing(pack: Path) -> None:
    """Markup in a post is text in the report, and characters that deceive the eye are spelled out."""
    report = _inside(pack)["report.html"].decode()
    soup = BeautifulSoup(report, "lxml")

    assert soup.find("script") is None
    assert "<script>alert(1)</script>" in soup.get_text()
    assert all(word in report for word in ("[U+202E]", "[U+0007]", "[U+200B]", "\U0001f600"))
    assert "\u202e" not in report


def test_the_report_reads_like_a_report(pack: Path) -> None:
    """School, case, address, both times, people, chronology, requests, checks and the limits are there; pictures are beside it."""
    report = _inside(pack)["report.html"].decode()
    wanted = (
        "Fernley Green Primary School",
        "SW-2026-0001",
        "https://forum.example.org/t/1",
        "2026-07-01 08:30:00 UTC (01 Jul 2026 09:30:00 BST)",
        "A. Quillfeather",
        "Chronology",
        "abuse@forum.example.org",
        "removed unknown",
        "does and does not prove",
    )

    assert [word for word in wanted if word not in report] == []
    assert {image["src"] for image in BeautifulSoup(report, "lxml").find_all("img")} == {"evidence/SW-2026-0001-E1/data/screen-as-seen.png"}


def test_the_pack_says_who_took_it_out(pack: Path) -> None:
    """A34, B38: who made the pack, and when, stands inside it."""
    facts = json.loads(_inside(pack)["manifest.json"])

    assert (facts["made_by"], facts["made_at"]) == ("u-dsl", stamp(MOMENT))


def test_no_cell_of_the_table_is_a_formula(pack: Path) -> None:
    """A spreadsheet that opens the chronology finds text only."""
    rows = list(csv.reader(io.StringIO(_inside(pack)["chronology.csv"].decode("utf-8-sig"))))

    assert len(rows) == 3
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))] == []


@pytest.mark.parametrize("change", [{"stop": True}, {"lead_category": Category.CSAM}])
def test_a_stopped_case_is_never_exported(file: CaseFile, vault: Vault, tmp_path: Path, change: dict[str, object]) -> None:
    """The STOP route forbids the export, and not one file is written."""
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(CaptureForbiddenError):
        write_pack(replace(file, case=file.case.model_copy(update=change)), vault=vault, target=target, by="u-dsl", now=MOMENT)

    assert list(target.iterdir()) == []


def test_a_changed_vault_file_stops_the_export(file: CaseFile, vault: Vault, tmp_path: Path) -> None:
    """A pack never carries a file that is not what was sealed."""
    vault.path(file.evidence[0].files[0].sha256).write_bytes(b"other")
    with pytest.raises(SealBrokenError):
        write_pack(file, vault=vault, target=tmp_path, by="u-dsl", now=MOMENT)


def test_a_changed_record_stops_the_export(file: CaseFile, vault: Vault, tmp_path: Path) -> None:
    """A back-dated record does not fit its seal."""
    forged = file.evidence[0].model_copy(update={"captured_at": MOMENT - timedelta(days=600)})
    with pytest.raises(SealBrokenError):
        write_pack(replace(file, evidence=(forged,)), vault=vault, target=tmp_path, by="u-dsl", now=MOMENT)


def test_custody_that_does_not_hold_stops_the_export(file: CaseFile, vault: Vault, tmp_path: Path) -> None:
    """Without the line that sealed the capture there is no pack."""
    with pytest.raises(CustodyBrokenError):
        write_pack(replace(file, custody=file.custody[:-1]), vault=vault, target=tmp_path, by="u-dsl", now=MOMENT)


@pytest.mark.parametrize("name", ["../x.png", "a/b.png", "CON:", "", ".hidden", "sm\u00f6r.png"])
def test_only_our_own_file_names_get_in(file: CaseFile, vault: Vault, tmp_path: Path, name: str) -> None:
    """A record with a file name that could lead out of the folder is refused."""
    evidence = file.evidence[0]
    with pytest.raises(EvidenceError):
        write_pack(
            replace(file, evidence=(evidence.model_copy(update={"ref": name}),)), vault=vault, target=tmp_path, by="u-dsl", now=MOMENT
        )


def test_a_folder_as_target_gets_a_name_without_persons(file: CaseFile, vault: Vault, tmp_path: Path) -> None:
    """The pack's own name holds the case number and the time."""
    assert write_pack(file, vault=vault, target=tmp_path, by="u-dsl", now=MOMENT).name == "Schoolwatch-SW-2026-0001-20260701T083000Z.zip"
