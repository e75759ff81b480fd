"""The pack: complete, readable, the same bytes each time, refused where it must be."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from collector.testing import a_kept_post
from data.errors import EvidenceError
from data.model.cases import Capacity, CaseEvent, CaseState, Ground, RemovalCheck, Route, TakedownRequest, Verdict
from data.model.evidence import CustodyEvent
from data.model.readings import Category
from evidence import bag, shelf, stored_zip
from evidence.custody import CustodyDraft
from evidence.errors import CaptureForbiddenError, CustodyBrokenError, SealBrokenError
from evidence.invented import ITEM, WHEN, Workshop
from evidence.pack import CaseFile, Pack, Variant, write_pack
from evidence.report import DEMO
from evidence.safe_text import in_csv
from evidence.seal import stamp
from evidence.tampering import opened, unpacked
from evidence.testing import KEY, MOMENT, chained
from evidence.verify import Colour, Knowledge, verify

NASTY = "<script>alert(1)</script> \u202egnp.exe \x07 \u200b =cmd|'/c calc'!A1 \U0001f600 \u0645\u0631\u062d\u0628\u0627 </pre>"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A case with one capture."""
    made = Workshop(tmp_path)
    made.capture()
    return made


@pytest.fixture
def file(workshop: Workshop) -> CaseFile:
    """The case with a post of hostile text, a request and two checks."""
    post = a_kept_post(text=NASTY)
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
            answer_sha256=workshop.vault.put(f"answer {number}".encode()),
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
    item = ITEM.model_copy(update={"post_id": post.id})
    return replace(workshop.file(), items=(item,), posts=(post,), events=events, requests=(request,), checks=checks)


def _packed(workshop: Workshop, file: CaseFile, name: str = "pack.zip", variant: Variant = Variant.FULL) -> Pack:
    return write_pack(file, vault=workshop.vault, key=KEY, target=workshop.folder / name, by="u-dsl", now=WHEN, variant=variant)


def test_a_clean_pack_is_sound_as_zip_and_as_folder(workshop: Workshop, file: CaseFile) -> None:
    """Both are unchanged, and both say that nobody outside vouches for the time."""
    pack = _packed(workshop, file).path
    folder = unpacked(opened(pack), workshop.folder / "out" / "pack")
    results = [verify(one) for one in (pack, folder, folder.parent)]

    assert [(one.colour, one.exit_code) for one in results] == [(Colour.AMBER, 3)] * 3
    assert len({(one.codes["pack"], one.files, one.reasons) for one in results}) == 1


def test_the_pack_has_the_files_that_it_should(workshop: Workshop, file: CaseFile) -> None:
    """One folder named like the pack: the bag, the pack's seal, and below `data` the words, the answers and each capture with its seal."""
    inside = set(opened(_packed(workshop, file).path))
    tags = {bag.BAGIT, bag.INFO, *bag.LISTS, *bag.TAG_LISTS, "HOW-TO-CHECK.txt", "pack-seal.json", "pack-seal.sig", "seal-key.pem"}
    told = {"data/pack.json", "data/register.jsonl", "data/chronology.csv", "data/index.csv", "data/report.pdf"}
    answers = {"data/checks/001-answer.bin", "data/checks/002-answer.bin"}
    seals = {f"data/SW-2026-0001-E1/{name}" for name in ("manifest.json", "seal.json", "seal.sig", "seal-key.pem")}
    captured = {f"data/SW-2026-0001-E1/data/{name}" for name in ("capture.json", "custody.jsonl", "page.txt", "screen-as-seen.png")}

    assert inside == tags | told | answers | seals | captured


def test_the_same_records_give_the_same_bytes(workshop: Workshop, file: CaseFile) -> None:
    """A pack made twice at the same moment is the same file."""
    first = _packed(workshop, file).path.read_bytes()

    assert first == _packed(workshop, file).path.read_bytes()


def test_the_pack_says_who_took_it_out(workshop: Workshop, file: CaseFile) -> None:
    """A34, B38: who made the pack, and when, stands inside it."""
    facts = json.loads(opened(_packed(workshop, file).path)["data/pack.json"])

    assert (facts["made_by"], facts["made_by_name"], facts["made_at"]) == ("u-dsl", "A. Quillfeather", stamp(WHEN))
    assert [one["ref"] for one in facts["captures"]] == ["SW-2026-0001-E1"]


@pytest.mark.parametrize("name", ["chronology.csv", "index.csv"])
def test_no_cell_of_a_table_is_a_formula(workshop: Workshop, file: CaseFile, name: str) -> None:
    """A spreadsheet that opens a table of the pack finds text only."""
    rows = list(csv.reader(io.StringIO(opened(_packed(workshop, file).path)[f"data/{name}"].decode("utf-8-sig"))))

    assert len(rows) >= 2
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))] == []


@pytest.mark.parametrize("text", ["=1+1", " =1+1", "\n=1+1", "\t@SUM(A1)", "+1", "-1", "\uff1d1+1", "\u3000=1", '"=1', "a=1", "2026-07-01"])
def test_a_cell_begins_with_no_formula(text: str) -> None:
    """Nor behind blanks, nor with the wide signs; other text stays as it is."""
    (row,) = csv.reader(io.StringIO(in_csv(text)))
    plain = not text.strip().startswith(tuple("=+-@\uff1d"))

    assert row == [text] if plain else row[0].startswith("'")


def test_the_index_says_each_code_in_words_too(tmp_path: Path) -> None:
    """Programs read the codes, people the words beside them; what is left out of a redacted pack is said so."""
    workshop = Workshop(tmp_path)
    first, second = workshop.capture(), workshop.capture()
    workshop.redacted(first)
    tables = {}
    for variant in Variant:
        content = opened(workshop.pack(f"{variant.value}.zip", variant=variant).path)["data/index.csv"].decode("utf-8-sig")
        tables[variant] = {row["evidence"]: row for row in csv.DictReader(io.StringIO(content))}
    full, redacted = tables[Variant.FULL], tables[Variant.REDACTED]

    assert (full[first.ref]["kind"], full[first.ref]["what_it_is"]) == ("page", "captured by us")
    assert full[first.ref]["completeness"] == "full"
    assert full[first.ref]["what_it_amounts_to"] == "full: the page and the post were recorded whole"
    assert redacted[f"{first.ref}-R1"]["what_it_is"] == "working copy, parts covered"
    assert (redacted[second.ref]["kind"], redacted[second.ref]["what_it_is"]) == ("not_included", "not included: no redacted copy was made")
    assert set(redacted) == {f"{first.ref}-R1", second.ref}


def test_earlier_exports_go_along(workshop: Workshop, file: CaseFile) -> None:
    """Who takes a pack out later hands over the lines of the exports before it."""
    draft = CustodyDraft(WHEN, "u-dsl", file.evidence[0].id, "exported", "full, pack seal 00")
    again = replace(file, custody=(*file.custody, *chained((draft,), after=file.custody[-1])))
    lines = opened(_packed(workshop, again).path)[bag.REGISTER].splitlines()

    assert [CustodyEvent.model_validate_json(line).what for line in lines][-2:] == ["sealed", "exported"]


@pytest.mark.parametrize("change", [{"stop": True}, {"lead_category": Category.CSAM}])
@pytest.mark.parametrize("variant", Variant)
def test_a_stopped_case_is_never_exported(workshop: Workshop, file: CaseFile, change: dict[str, object], variant: Variant) -> None:
    """The STOP route forbids the export, and not one file is written."""
    with pytest.raises(CaptureForbiddenError):
        _packed(workshop, replace(file, case=file.case.model_copy(update=change)), variant=variant)

    assert [one.name for one in workshop.folder.iterdir()] == ["vault"]


def test_a_changed_vault_file_stops_the_export(workshop: Workshop, file: CaseFile) -> None:
    """A pack never carries a file that is not what was sealed, and no half pack stays behind."""
    workshop.vault.path(file.evidence[0].files[0].sha256).write_bytes(b"other")
    with pytest.raises(SealBrokenError):
        _packed(workshop, file)

    assert [one.name for one in workshop.folder.iterdir()] == ["vault"]


def test_more_files_than_a_reader_accepts_are_refused(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack that our own `verify` would call changed is never written: words that say what to do, and nothing left behind."""
    monkeypatch.setattr(stored_zip, "MAX_ENTRIES", 60)
    workshop.capture(more={f"x{number:05}.txt": b"" for number in range(40)})
    with pytest.raises(EvidenceError, match=r"60 files and folders; export fewer captures at a time"):
        workshop.pack()

    assert [one.name for one in workshop.folder.iterdir()] == ["vault"]


def test_five_thousand_files_and_folders_are_the_most() -> None:
    """The folder around them all does not count; each other one does, as an unpacked pack is counted so."""
    stored_zip.check_names(f"pack/data/{number}" for number in range(4_999))
    with pytest.raises(EvidenceError, match=r"more than 5,000 files and folders"):
        stored_zip.check_names(f"pack/data/{number}" for number in range(5_000))


def test_the_most_files_are_read_in_the_zip_and_unpacked(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly as many files and folders as may be are written, and the reader takes both forms; one more is refused."""
    inside = opened(workshop.pack().path)
    folders = {"data", "data/SW-2026-0001-E1", "data/SW-2026-0001-E1/data"}
    most = len(inside) + len(folders)
    monkeypatch.setattr(stored_zip, "MAX_ENTRIES", most)
    monkeypatch.setattr(shelf, "MAX_ENTRIES", most)
    pack = workshop.pack().path
    folder = unpacked(inside, workshop.folder / "out")
    colours = {verify(one).colour for one in (pack, folder)}
    monkeypatch.setattr(stored_zip, "MAX_ENTRIES", most - 1)
    monkeypatch.setattr(shelf, "MAX_ENTRIES", most - 1)

    assert colours == {Colour.AMBER}
    assert verify(folder).colour is Colour.UNREADABLE
    with pytest.raises(EvidenceError, match="fewer captures"):
        workshop.pack()


def test_names_and_lists_that_no_reader_takes_are_refused(workshop: Workshop, file: CaseFile) -> None:
    """A pack's name so long that names in it cannot be read, or a register too long to be checked, is said before anything is written."""
    with pytest.raises(EvidenceError, match="give the pack a shorter name"):
        _packed(workshop, file, f"{'n' * 190}.zip")
    drafts = tuple(CustodyDraft(MOMENT, "u-dsl", file.evidence[0].id, "viewed", "x" * 90_000) for _ in range(45))
    with pytest.raises(EvidenceError, match="fewer captures"):
        _packed(workshop, replace(file, custody=(*file.custody, *chained(drafts, after=file.custody[-1]))))

    assert [one.name for one in workshop.folder.iterdir()] == ["vault"]


@pytest.mark.parametrize("change", [{"captured_at": MOMENT - timedelta(days=600)}, {"seal_sha256": "0" * 64}])
def test_a_changed_record_stops_the_export(workshop: Workshop, file: CaseFile, change: dict[str, object]) -> None:
    """A back-dated record, or one that names another seal, does not fit what was sealed."""
    forged = file.evidence[0].model_copy(update=change)
    with pytest.raises((SealBrokenError, CustodyBrokenError)):
        _packed(workshop, replace(file, evidence=(forged,)))


def test_custody_that_does_not_hold_stops_the_export(workshop: Workshop, file: CaseFile) -> None:
    """Without the line that sealed the capture there is no pack."""
    with pytest.raises(CustodyBrokenError):
        _packed(workshop, replace(file, custody=file.custody[:-1]))


@pytest.mark.parametrize("name", ["../x.png", "a/b.png", "CON:", "", ".hidden", "sm\u00f6r.png"])
def test_only_our_own_file_names_get_in(workshop: Workshop, file: CaseFile, name: str) -> None:
    """A record with a file name that could lead out of the folder is refused."""
    with pytest.raises(EvidenceError):
        _packed(workshop, replace(file, evidence=(file.evidence[0].model_copy(update={"ref": name}),)))


def test_a_folder_as_target_gets_a_name_without_persons(workshop: Workshop, file: CaseFile) -> None:
    """The pack's own name holds the case number, the kind of pack and the time."""
    names = {_packed(workshop, file, "", variant).path.name for variant in Variant}

    assert names == {"Schoolwatch-SW-2026-0001-20260701T083000Z.zip", "Schoolwatch-SW-2026-0001-redacted-20260701T083000Z.zip"}


def test_a_redacted_pack_holds_nothing_of_the_originals(workshop: Workshop) -> None:
    """Working copies only, each with the name of its original; an original without a copy is named as left out (§5.7 rule 5)."""
    first, second = workshop.evidence[0], workshop.capture(words=b"the name of a child")
    workshop.redacted(first)
    pack = workshop.pack(variant=Variant.REDACTED)
    inside = opened(pack.path)
    facts = json.loads(inside["data/pack.json"])
    originals = {one.sha256 for evidence in (first, second) for one in evidence.files if one.name != "custody.jsonl"}

    assert [(one["ref"], one["derived_from"]) for one in facts["captures"]] == [("SW-2026-0001-E1-R1", first.ref)]
    assert facts["not_included"] == [{"ref": second.ref, "why": "no redacted copy was made"}]
    assert originals.isdisjoint({digest for name in bag.LISTS for digest in inside[name].decode().split()})
    assert b"the name of a child" not in pack.path.read_bytes()
    assert "not included" in inside["data/index.csv"].decode("utf-8-sig")
    assert verify(pack.path).colour is Colour.AMBER


def test_the_code_of_an_original_is_recognised_in_a_redacted_pack(workshop: Workshop) -> None:
    """Who holds the original's code and gets a redacted copy is told so; a code that nothing has is a fault."""
    first = workshop.evidence[0]
    workshop.redacted(first)
    pack = workshop.pack(variant=Variant.REDACTED)
    known = verify(pack.path, Knowledge(witnesses=(first.seal_sha256,)))
    unknown = verify(pack.path, Knowledge(witnesses=("0" * 64,)))

    assert known.colour is Colour.AMBER
    assert any("only a redacted copy" in reason for reason in known.reasons)
    assert unknown.colour is Colour.RED


def test_a_pack_without_evidence_proves_no_time(tmp_path: Path) -> None:
    """It can be checked, and says that there is nothing in it."""
    result = verify(Workshop(tmp_path).pack().path)

    assert result.colour is Colour.AMBER
    assert "no evidence" in result.reasons[0]


def test_many_captures_go_into_one_pack(tmp_path: Path) -> None:
    """Each has its folder and its line in the index."""
    workshop = Workshop(tmp_path)
    for number in range(12):
        workshop.capture(extra=b"x" * number)
    pack = workshop.pack()
    index = opened(pack.path)["data/index.csv"].decode("utf-8-sig").splitlines()

    assert len(index) == 13
    assert len(verify(pack.path).codes) == 13
    assert len(pack.evidence_ids) == 12


def test_a_demos_pack_says_so_wherever_it_is_read(workshop: Workshop) -> None:
    """In pack.json, bag-info.txt and HOW-TO-CHECK.txt, sealed with the rest; a school's own pack has no such word."""
    target = workshop.folder / "demo.zip"
    told = replace(workshop.file(), demo=True)
    write_pack(told, vault=workshop.vault, key=workshop.key, target=target, by="u-dsl", now=WHEN + timedelta(days=1))
    demo, real = opened(target), opened(workshop.pack().path)

    assert json.loads(demo["data/pack.json"])["demo"] is True
    assert demo["HOW-TO-CHECK.txt"].decode().startswith(DEMO)
    assert DEMO in demo["bag-info.txt"].decode()
    assert verify(target).colour is Colour.AMBER  # unchanged, without a time stamp
    assert all(b"demo" not in real[name].lower() for name in ("data/pack.json", "HOW-TO-CHECK.txt", "bag-info.txt"))


def test_every_code_in_the_packs_report_can_be_copied_out(workshop: Workshop, words_of: Callable[..., str]) -> None:
    """The witness code and the SHA-256 of each file of each capture: what is copied is what `sha256sum` prints."""
    made = [workshop.capture(), workshop.capture(extra=b"x")]
    paper = opened(workshop.pack().path)["data/report.pdf"]
    codes = {one.seal_sha256 for one in made} | {sealed.sha256 for one in made for sealed in one.files}

    for how in ((), ("-layout",), ("-raw",)):
        found = words_of(paper, how)
        assert sorted(code for code in codes if code not in found) == []
        assert not {"\u200b", "\u00ad", "\u2060"} & set(found)
