"""Taking a pack out: what is written down, when, and what `verify` says on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data.model.cases import Case, CaseState, Ground, RequestState, Route, Verdict
from data.model.evidence import CustodyEvent
from data.model.readings import Category
from evidence.errors import CaptureForbiddenError
from evidence.register import lines
from evidence.report import Variant
from evidence.tampering import opened
from evidence.verify import Colour, Knowledge, verify
from schoolwatch.round import run_round
from schoolwatch.safe import NothingToExportError
from schoolwatch.testing import Watched


def _custody(watched: Watched) -> list[CustodyEvent]:
    with watched.desk.store.read() as work:
        return list(work.custody.where(order_by="number"))


def test_an_export_stands_in_the_chain_with_the_packs_own_code(watched: Watched, case: Case, tmp_path: Path) -> None:
    """A34, B38: who took which pack out is written down before it leaves; the register then knows this very pack."""
    name, content = watched.desk.safe.pack(watched.user(), case.id)
    (tmp_path / name).write_bytes(content)
    last, register = _custody(watched)[-1], tmp_path / "register.jsonl"
    register.write_bytes(lines(_custody(watched)))
    result = verify(tmp_path / name, Knowledge(register=register))

    assert (last.what, last.by) == ("exported", watched.user().id)
    assert last.detail == f"full, pack seal {result.codes['pack']}"
    assert result.colour is Colour.AMBER
    assert all("register" not in reason for reason in result.reasons)


def test_the_next_pack_tells_of_the_one_before(watched: Watched, case: Case, tmp_path: Path) -> None:
    """Each pack holds the lines of the exports before it, not its own."""
    packs = []
    for number in range(2):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(watched.desk.safe.pack(watched.user(), case.id)[1])
        packs.append(opened(path)["data/register.jsonl"].count(b'"what":"exported"'))

    assert packs == [0, 1]


def test_a_case_that_was_stopped_meanwhile_gives_no_pack(watched: Watched, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pack was being made when somebody stopped the case: it does not leave, and no line says that it did (evidence.md §8.4)."""
    before = len(_custody(watched))

    def and_stopped(found: Case) -> object:
        with watched.desk.store.begin("system") as work:
            work.cases.replace(work.cases.get(found.id).model_copy(update={"stop": True}))
            work.commit()
        return file

    file = watched.desk.safe._file(case)
    monkeypatch.setattr(watched.desk.safe, "_file", and_stopped)
    with pytest.raises(CaptureForbiddenError):
        watched.desk.safe.pack(watched.user(), case.id)

    assert len(_custody(watched)) == before


def test_a_redacted_pack_of_a_case_without_copies_holds_no_evidence(watched: Watched, case: Case, tmp_path: Path) -> None:
    """Nothing of an original goes out because nobody made a working copy: it is named as left out."""
    name, content = watched.desk.safe.pack(watched.user(), case.id, Variant.REDACTED)
    (tmp_path / name).write_bytes(content)
    inside = opened(tmp_path / name)

    assert re.fullmatch(r"Schoolwatch-SW-\d{4}-\d{4}-redacted-\d{8}T\d{6}Z\.zip", name)
    assert [one for one in inside if one.endswith("/seal.json")] == []
    assert b"no redacted copy was made" in inside["data/pack.json"]
    assert verify(tmp_path / name).colour is Colour.AMBER


def test_a_case_without_evidence_gives_no_pack_and_says_what_to_do(watched: Watched) -> None:
    """An empty pack would look like evidence: refused in words, and no line in the chain."""
    watched.forward(minutes=1)
    run_round(watched.hands)
    found = watched.case_about("trip-money")
    with pytest.raises(NothingToExportError, match=r"nothing to export.*Capture the page"):
        watched.desk.safe.pack(watched.user(), found.id)

    assert "exported" not in [event.what for event in _custody(watched)]


def test_a_pack_says_what_the_screens_say(watched: Watched, case: Case) -> None:
    """Every code of the records has words; a demo's pack says that it is one."""
    file = watched.desk.safe._file(case)

    for table, codes in (
        (file.words.states, CaseState),
        (file.words.harms, Category),
        (file.words.routes, Route),
        (file.words.grounds, Ground),
        (file.words.requests, RequestState),
        (file.words.verdicts, Verdict),
    ):
        assert set(table) == set(codes)
    assert file.demo is (watched.desk.settings.demo is not None)
