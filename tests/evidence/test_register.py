"""The register for a stranger: cut, edited, reordered, replaced by an older copy; each is found, some only by a code from outside."""

from __future__ import annotations

import base64
import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data.model.evidence import CustodyEvent, RegisterHead
from evidence.custody import CustodyDraft
from evidence.local_authority import Trouble
from evidence.register import HEADS, NO_CODE, check, head_lines, lines
from evidence.seal import canonical
from evidence.testing import LocalAuthority, chained
from schoolwatch.cli import app

BEGIN = datetime(2026, 7, 1, 8, 30, 0, 250_001, tzinfo=UTC)
CODE = "ab" * 32  # a witness code


def needs_openssl() -> None:
    """Skip where there is no `openssl`, fail where it is required."""
    if LocalAuthority.is_possible():
        return
    if "openssl" in os.environ.get("SCHOOLWATCH_REQUIRE", ""):
        pytest.fail("openssl is required here and is not installed")
    pytest.skip("openssl is not installed: the authority of the tests needs it")


def events(count: int = 12) -> tuple[CustodyEvent, ...]:
    """Return a register of so many lines; the fifth is a seal."""
    return chained(
        tuple(
            CustodyDraft(
                at=BEGIN + timedelta(hours=number),
                by="u-dsl",
                evidence_id="e-1",
                what="sealed" if number == 4 else "viewed",
                detail=CODE if number == 4 else "page-full-01.png",
            )
            for number in range(count)
        )
    )


def no_token(_day: str) -> bytes | None:
    """Return no time stamp for any day."""
    return None


def head_of(found: tuple[CustodyEvent, ...], day: int = 2) -> RegisterHead:
    """Return the head that a register had on a day."""
    return RegisterHead(id=date(2026, 7, day).isoformat(), number=found[-1].number, hash=found[-1].hash, at=found[-1].at)


def test_a_whole_register_is_whole() -> None:
    """An unchanged register is confirmed by every code that somebody keeps: a day's head, an older head, a witness code."""
    whole = events()
    found = check(lines(whole), codes=[whole[-1].hash, whole[6].hash, CODE])

    assert found.is_whole
    assert (found.lines, found.head) == (12, whole[-1].hash)
    assert len(found.held) == 3
    assert found.notes == ()


def test_without_a_code_from_outside_it_says_what_it_cannot_tell() -> None:
    """A register that was cut at its end is whole in itself; the answer says that only a code from outside would show it."""
    found = check(lines(events()[:8]))

    assert found.is_whole
    assert found.notes == (NO_CODE,)


@pytest.mark.parametrize("kept", range(12), ids=lambda one: f"{one} lines")
def test_a_cut_register_lacks_the_later_code(kept: int) -> None:
    """Lines cut off at the end, or an older copy in its place: the code of a later day is not in it."""
    whole = events()
    found = check(lines(whole[:kept]), codes=[whole[-1].hash])

    assert not found.is_whole
    assert any("is not in it" in one for one in found.faults)


@pytest.mark.parametrize("number", range(12))
def test_a_changed_line_is_seen(number: int) -> None:
    """Any field of any line changed, with the line spelled as before: the line is named."""
    rows = [json.loads(line) for line in lines(events()).splitlines()]
    for field, value in (
        ("by", "u-other"),
        ("detail", "else"),
        ("what", "exported"),
        ("at", "2026-07-01T08:30:00.000000Z"),
        ("number", 99),
    ):
        changed = [dict(row) for row in rows]
        changed[number][field] = value
        found = check(b"".join(canonical(row) for row in changed))

        assert not found.is_whole, field
        assert "custody event" in found.faults[0]


def test_lines_taken_out_swapped_or_doubled_are_seen() -> None:
    """A line missing at the beginning or in the middle, two in another order, one twice."""
    whole = lines(events()).splitlines(keepends=True)
    spoilt = [whole[1:], whole[:5] + whole[6:], [whole[1], whole[0], *whole[2:]], [*whole[:4], whole[3], *whole[4:]]]

    assert [check(b"".join(one)).is_whole for one in spoilt] == [False] * 4


def test_a_register_written_anew_lacks_the_codes() -> None:
    """Whoever rewrites the whole chain gets a chain that fits; every code that left the computer before is missing from it."""
    whole = events()
    anew = chained(tuple(CustodyDraft(at=one.at, by=one.by, evidence_id=one.evidence_id, what="viewed") for one in whole))

    assert check(lines(anew)).is_whole
    assert not check(lines(anew), codes=[whole[-1].hash]).is_whole
    assert not check(lines(anew), codes=[CODE]).is_whole
    assert not check(lines(anew), heads=head_lines([head_of(whole[:6])], no_token)).is_whole


def test_a_time_stamp_finds_an_older_copy() -> None:
    """A day's head with its time stamp proves that these lines existed then; an older copy has no such head."""
    needs_openssl()
    whole = events()
    head = head_of(whole)
    with LocalAuthority() as authority, LocalAuthority(name="Another") as other:
        query = authority.query(head.hash)
        stamped = head_lines([head], {head.id: authority.answer(query, BEGIN + timedelta(days=1))}.get)
        foreign = head_lines([head], {head.id: other.answer(query, BEGIN)}.get)
        authority.trouble = Trouble.BAD_SIGNATURE
        broken = head_lines([head], {head.id: authority.answer(query, BEGIN)}.get)
        roots = [authority.root]

        good = check(lines(whole), heads=stamped, roots=roots)
        assert good.is_whole
        assert "up to line 12 it existed on 2026-07-02 08:30:00 UTC, says Invented Time Authority" in good.held
        assert not check(lines(whole[:9]), heads=stamped, roots=roots).is_whole
        assert not check(lines(whole), heads=broken, roots=roots).is_whole
        assert any("does not know" in one for one in check(lines(whole), heads=foreign, roots=roots).notes)


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"{}\n", b"[" * 5000, b'{"number": 1}\n', b"null\n"], ids=repr)
def test_what_is_no_register_says_so(content: bytes) -> None:
    """An empty file, a picture, other JSON: a verdict, never a traceback."""
    assert not check(content).is_whole
    assert not check(lines(events()), heads=content or b"x").is_whole


def test_a_line_spelled_otherwise_is_seen() -> None:
    """One content has one spelling: a blank or another order of the fields shows that somebody was at it."""
    first, *rest = lines(events()).splitlines(keepends=True)
    spaced = json.dumps(json.loads(first)).encode() + b"\n"

    assert "not spelled" in check(b"".join([spaced, *rest])).faults[0]


def test_a_wrong_head_in_the_second_file_is_seen() -> None:
    """A daily head that names another line, a line that is not there, or a token that is no base64."""
    whole = events()
    head = head_of(whole)
    for changes in ({"number": 3}, {"number": 99}, {"number": 0}, {"hash": "0" * 64}):
        assert not check(lines(whole), heads=head_lines([head.model_copy(update=changes)], no_token)).is_whole
    spoilt = head_lines([head], {head.id: b"x"}.get).replace(base64.b64encode(b"x"), b"%%%%")

    assert "cannot be read" in check(lines(whole), heads=spoilt).faults[0]


def test_the_command_checks_without_database_or_network(tmp_path: Path) -> None:
    """`register --check` needs the file alone: exit 0 whole, 1 changed, 2 when there is no file; no traceback."""
    whole = events()
    file = tmp_path / "register.jsonl"
    file.write_bytes(lines(whole))
    (tmp_path / f"register{HEADS}.jsonl").write_bytes(head_lines([head_of(whole)], no_token))
    run = CliRunner().invoke
    good = run(app, ["register", str(file), "--check", "--head", whole[-1].hash])
    file.write_bytes(lines(whole[:-1]))
    cut = run(app, ["register", str(file), "--check", "--head", whole[-1].hash])
    gone = run(app, ["register", str(tmp_path / "nothing"), "--check"])

    assert (good.exit_code, cut.exit_code, gone.exit_code) == (0, 1, 2)
    assert good.output.startswith("WHOLE")
    assert cut.output.startswith("CHANGED")
    assert "12 lines" in good.output


def test_a_fresh_installations_register_is_whole_and_no_other_empty_one(tmp_path: Path) -> None:
    """Empty with empty daily heads: nothing sealed yet, exit 0. With a head or a code from outside its lines were cut off: exit 1."""
    file, beside = tmp_path / "register.jsonl", tmp_path / f"register{HEADS}.jsonl"
    file.write_bytes(b"")
    beside.write_bytes(b"")
    run = CliRunner().invoke
    new = run(app, ["register", str(file), "--check"])
    coded = run(app, ["register", str(file), "--check", "--head", "0" * 64])
    beside.write_bytes(head_lines([head_of(events())], no_token))
    emptied = run(app, ["register", str(file), "--check"])

    assert (new.exit_code, coded.exit_code, emptied.exit_code) == (0, 1, 1)
    assert new.output.startswith("WHOLE")
    assert "nothing was sealed yet" in new.output


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00", b"{}\n", b"a letter\n"], ids=repr)
def test_bytes_that_are_no_register_are_unreadable(tmp_path: Path, content: bytes) -> None:
    """A picture or a letter was not changed: it never was a register. One line spoilt in a register is a change."""
    file, whole = tmp_path / "register.jsonl", lines(events())
    file.write_bytes(content)
    other = CliRunner().invoke(app, ["register", str(file), "--check"])
    file.write_bytes(b"x" + whole)
    spoilt = CliRunner().invoke(app, ["register", str(file), "--check"])

    assert (other.exit_code, spoilt.exit_code) == (2, 1)
    assert other.output.startswith("UNREADABLE")
