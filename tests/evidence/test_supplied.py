"""What people bring: which files are taken in, what they say of themselves, and how they are sealed."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data.model.evidence import CaptureOrder, Completeness, EvidenceKind, SafetyAnswer
from evidence.capture import is_intact
from evidence.errors import CaptureForbiddenError, EvidenceError, NotDrawableError, SuppliedRefusedError
from evidence.file_facts import PLACE_WARNING, facts_of
from evidence.file_kinds import JPEG, KINDS, MAIL, PNG, TEXT, WEBP, kind_of, refused
from evidence.seal import Sealer
from evidence.supplied import (
    FACTS,
    MOST_BYTES,
    MOST_FILES,
    MOST_TOGETHER,
    NOT_OURS,
    Account,
    Brought,
    TakenBy,
    _about,
    is_same,
    otherwise,
    supply,
)
from evidence.testing import KEY, square
from evidence.vault import Vault
from evidence.viewing import Sharpness, shown, tile

NOW = datetime(2026, 11, 21, 9, 30, 15, 123456, tzinfo=UTC)
MADE = NOW - timedelta(days=1, hours=2)
SCREEN = square((200, 30, 60), 40)


def an_order(answer: SafetyAnswer | None = SafetyAnswer.NO) -> CaptureOrder:
    """Make what stands for taking something in."""
    return CaptureOrder(id="o-1", case_id="c-1", item_id="", address="", answer=answer, ordered_by="u-dsl", ordered_at=NOW)


def told(**more: object) -> Account:
    """Make what a person says about what they brought."""
    known: dict[str, object] = {
        "supplied_by": "a parent",
        "how": "a screenshot on her telephone",
        "shows": "the message of Tuesday",
        "handed_over_at": NOW - timedelta(minutes=20),
        "made_at": MADE,
    }
    return Account(**(known | more))  # type: ignore[arg-type]


BY = TakenBy(user_id="u-dsl", role="dsl", case_ref="SW-2026-0001", number=2)


def a_photo(kind: str = "JPEG", *, place: bool = False, size: tuple[int, int] = (60, 40)) -> bytes:
    """Make a photograph of nothing, as a telephone would write it."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0110], tags[0x0131], tags[0x0132] = "Invented", "Phone 3", "Camera 1.0", "2026:11:20 08:01:02"
    if place:
        tags[0x8825] = {1: "N", 2: (51.0, 1.0, 2.0), 3: "W", 4: (1.0, 1.0, 2.0)}
    kept = io.BytesIO()
    Image.new("RGB", size, (12, 90, 160)).save(kept, kind, exif=tags)
    return kept.getvalue()


def a_mail() -> bytes:
    """Make an e-mail with two steps of its way and two attachments."""
    mail = EmailMessage()
    mail["Received"] = "from relay.example by mail.fernley.example; Fri, 20 Nov 2026 08:00:02 +0000"
    mail["Received"] = "from sender.example by relay.example; Fri, 20 Nov 2026 08:00:01 +0000"
    mail["From"], mail["To"] = "Someone <someone@sender.example>", "office@fernley.example"
    mail["Subject"], mail["Date"] = "You will be sorry ü soon", "Fri, 20 Nov 2026 08:00:00 +0000"
    mail.set_content("You will see.")
    mail.add_attachment(b"x" * 1_000, maintype="application", subtype="pdf", filename="list ü.pdf")
    mail.add_attachment(SCREEN, maintype="image", subtype="png", filename="screen.png")
    return mail.as_bytes()


def box(brand: bytes) -> bytes:
    """Make the beginning of a film or sound file."""
    return struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\0\0" + b"mp42isom" + bytes(64)


BEGINNINGS: Mapping[str, bytes] = {
    "png": SCREEN,
    "jpg": a_photo(),
    "webp": a_photo("WEBP"),
    "gif": b"GIF89a" + bytes(20),
    "heic": box(b"heic"),
    "pdf": b"%PDF-1.7\nrest",
    "eml": a_mail(),
    "msg": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "__properties_version1.0".encode("utf-16-le"),
    "txt": "Seen on Friday ü it says £400".encode(),
    "mp3": b"ID3\x04" + bytes(30),
    "m4a": box(b"M4A "),
    "wav": b"RIFF\x24\0\0\0WAVEfmt " + bytes(30),
    "ogg": b"OggS\0\x02" + bytes(30),
    "amr": b"#!AMR\n" + bytes(30),
    "aac": b"\xff\xf1\x50\x80" + bytes(30),
    "flac": b"fLaC\0" + bytes(30),
    "mp4": box(b"isom"),
    "mov": box(b"qt  "),
    "3gp": box(b"3gp4"),
    "webm": b"\x1a\x45\xdf\xa3" + bytes(30),
}


@pytest.mark.parametrize("ending", KINDS)
def test_each_kind_is_known_by_its_beginning(ending: str) -> None:
    """A file's first bytes say what it is, whatever it is called."""
    found = kind_of(BEGINNINGS[ending])

    assert found is not None
    assert (found.ending, refused("note", BEGINNINGS[ending])) == (ending, None)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.png", b"MZ\x90\0" + bytes(200), "a program"),
        ("a.png", b"\x7fELF" + bytes(200), "a program"),
        ("a.txt", b"#!/bin/sh\nrm\n", "a script"),
        ("a.txt", b" <!DOCTYPE html><p>x", "a web page"),
        ("a.png", b'<?xml version="1.0"?><svg onload="x()"/>', "a web page"),
        ("a.jpg", b"PK\x03\x04" + bytes(60), "an archive or an office document"),
        ("a.jpg", b"Rar!\x1a\x07" + bytes(60), "an archive"),
        ("a.jpg", bytes(257) + b"ustar" + bytes(60), "an archive"),
        ("RUN.BAT", b"echo hello", "a script"),
        ("picture.png.exe", SCREEN, "a program"),
        ("notes.js ", b"alert(1)", "a script"),
    ],
)
def test_programs_scripts_pages_and_archives_are_refused_by_what_they_are(vault: Vault, name: str, content: bytes, what: str) -> None:
    """The refusal names what it is; nothing is kept."""
    with pytest.raises(SuppliedRefusedError, match=what):
        supply(an_order(), [Brought("fine.txt", b"fine"), Brought(name, content)], told(), BY, sealer=Sealer(vault, KEY), now=NOW)

    assert list(vault.root.rglob("*")) == []


@pytest.mark.parametrize("text", ["PKF says so", "MZ is a teacher", "Rar! a cat", "BZh and more", "MSCF", "#! no", "#hashtag"])
def test_a_text_that_begins_like_a_program_is_still_a_text(text: str) -> None:
    """Some letters alone make no program."""
    found = kind_of(text.encode())

    assert found is not None
    assert found.ending == "txt"
    assert refused("a.txt", text.encode()) == ("a script" if text.startswith("#! ") else None)


@pytest.mark.parametrize("content", [bytes(range(256)), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 a spreadsheet", b"\xff\xfe\x00"])
def test_what_is_not_known_is_refused(content: bytes) -> None:
    """Bytes that nothing explains are not taken in."""
    assert kind_of(content) is None


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], "no file was chosen"),
        ([Brought("a", b"")], "the file is empty"),
        ([Brought("a", b"x"), Brought("b", b"")], "file 2 of 2 is empty"),
        ([Brought("a", b"x")] * (MOST_FILES + 1), "too many"),
        ([Brought("a", b"x" * (MOST_BYTES + 1))], "larger than 40 MB"),
        ([Brought("a", b"x" * MOST_BYTES)] * (MOST_TOGETHER // MOST_BYTES + 1), "together"),
        ([Brought("a", bytes(40))], "not known here"),
    ],
)
def test_too_little_and_too_much_are_refused(vault: Vault, files: list[Brought], says: str) -> None:
    """The limits say which file and what to do."""
    with pytest.raises(SuppliedRefusedError, match=says):
        supply(an_order(), files, told(), BY, sealer=Sealer(vault, KEY), now=NOW)

    assert list(vault.root.rglob("*")) == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"supplied_by": " "}, "who supplied it"),
        ({"how": ""}, "how it was made"),
        ({"shows": "\0"}, "what it shows"),
        ({"how": "x" * 4_001}, "longer than 4,000"),
        ({"handed_over_at": NOW + timedelta(microseconds=1)}, "in the future"),
        ({"made_at": NOW + timedelta(days=1)}, "in the future"),
        ({"made_at": NOW - timedelta(minutes=5)}, "after it was handed over"),
    ],
)
def test_an_account_with_gaps_is_refused(vault: Vault, more: dict[str, object], says: str) -> None:
    """Who, how, what and when are needed, and no time lies ahead (§5.7 rule 4)."""
    with pytest.raises(SuppliedRefusedError, match=says):
        supply(an_order(), [Brought("a.png", SCREEN)], told(**more), BY, sealer=Sealer(vault, KEY), now=NOW)

    assert list(vault.root.rglob("*")) == []


@pytest.mark.parametrize("answer", [None, SafetyAnswer.YES, SafetyAnswer.NOT_SURE])
def test_without_a_clear_no_not_a_byte_is_kept(vault: Vault, answer: SafetyAnswer | None) -> None:
    """§5.7 rule 1: yes, not sure and no answer end here."""
    with pytest.raises(CaptureForbiddenError):
        supply(an_order(answer), [Brought("a.png", SCREEN)], told(), BY, sealer=Sealer(vault, KEY), now=NOW)

    assert list(vault.root.rglob("*")) == []


def test_what_was_brought_is_sealed_untouched_under_our_own_names(vault: Vault) -> None:
    """The bytes stay; the given names are text only; two files are one piece of evidence, of its own kind."""
    files = [Brought("../../My Kid\u202egnp.exe.png", SCREEN), Brought("mail", a_mail())]
    sealed, custody = supply(an_order(), files, told(device_kept_by="the parent"), BY, sealer=Sealer(vault, KEY), now=NOW)
    facts = json.loads(vault.get(next(one.sha256 for one in sealed.files if one.name == FACTS)))
    kept = {one.name: one for one in sealed.files}

    assert set(kept) == {"supplied-01.png", "supplied-02.eml", FACTS, "custody.jsonl"}
    assert vault.get(kept["supplied-01.png"].sha256) == SCREEN
    assert kept["supplied-02.eml"].sha512 == hashlib.sha512(files[1].content).hexdigest()
    assert [one["given_name"] for one in facts["files"]] == ["../../My Kid\u202egnp.exe.png", "mail"]
    assert (sealed.kind, sealed.completeness, sealed.counts) == (EvidenceKind.SUPPLIED, Completeness.SUPPLIED, True)
    assert (sealed.supplied_by, sealed.supplied_at) == ("a parent", NOW - timedelta(minutes=20))
    assert (facts["statement"], facts["safety_answer"]) == (NOT_OURS, "no")
    assert NOT_OURS in sealed.note
    assert "kept by the parent" in sealed.note
    assert is_intact(sealed, vault)
    assert [event.what for event in custody] == ["opened", "safety answer", "supplied", "sealed"]
    assert custody[-1].detail == sealed.seal_sha256
    assert "parent" not in " ".join(event.detail for event in custody)


def test_the_same_files_are_known_again(vault: Vault) -> None:
    """Whatever is said about them."""
    sealer = Sealer(vault, KEY)
    first, _ = supply(an_order(), [Brought("a.png", SCREEN)], told(), BY, sealer=sealer, now=NOW)
    again, _ = supply(an_order(), [Brought("b.png", SCREEN)], told(shows="the same"), BY, sealer=sealer, now=NOW)
    other, _ = supply(an_order(), [Brought("b.png", a_photo())], told(), BY, sealer=sealer, now=NOW)

    assert (is_same(first, again), is_same(first, other)) == (True, False)


def test_a_full_disk_is_said_and_nothing_counts(tmp_path: Path) -> None:
    """The record is made last: without it no file belongs to anything."""

    class Full(Vault):
        """A vault on a disk that is full."""

        def put(self, content: bytes) -> str:
            """Refuse as the vault does."""
            raise EvidenceError(f"evidence could not be stored ({len(content)} bytes); free some disk space")

    with pytest.raises(EvidenceError, match="free some disk space"):
        supply(an_order(), [Brought("a.png", SCREEN)], told(), BY, sealer=Sealer(Full(tmp_path / "vault"), KEY), now=NOW)


def test_a_photograph_says_its_camera_time_and_that_it_holds_a_place(vault: Vault) -> None:
    """The place itself is not read out: that it is there is the warning."""
    facts = facts_of(JPEG, a_photo(place=True))
    sealed, _ = supply(an_order(), [Brought("a.jpg", a_photo(place=True))], told(), BY, sealer=Sealer(vault, KEY), now=NOW)

    assert facts == {
        "width": 60,
        "height": 40,
        "holds_place": True,
        "camera": "Invented Phone 3",
        "software": "Camera 1.0",
        "taken_as_written": "2026:11:20 08:01:02",
    }
    assert f"supplied-01.jpg {PLACE_WARNING}" in sealed.note
    assert facts_of(JPEG, a_photo())["holds_place"] is False


def test_a_mail_says_its_headers_way_and_attachments() -> None:
    """Sender, receiver, subject, the chain of servers and each attachment's name, type and size; no attachment is opened."""
    facts = facts_of(MAIL, a_mail())

    assert facts["headers"]["From"] == "Someone <someone@sender.example>"
    assert facts["headers"]["Subject"] == "You will be sorry ü soon"
    assert [line.split()[1] for line in facts["received"]] == ["relay.example", "sender.example"]
    assert facts["attachments"] == [
        {"name": "list ü.pdf", "type": "application/pdf", "bytes": 1_000},
        {"name": "screen.png", "type": "image/png", "bytes": len(SCREEN)},
    ]


def test_a_mail_of_a_thousand_layers_and_headers_is_read_within_limits() -> None:
    """What is built to break a reader gives a short answer."""
    deep = b"From: a@b.example\nDate: x\n"
    for number in range(1_500):
        deep += b"Received: " + b"x" * 2_000 + b"\n" if number < 100 else b""
    deep += b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1_500))
    facts = facts_of(MAIL, deep + b"\n")

    assert len(json.dumps(facts)) < 40_000


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # the picture reader warns of a damaged head, and goes on
@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading(tail: bytes) -> None:
    """Whatever follows a true beginning, the answer is facts or "unread"."""
    for kind, start in ((PNG, SCREEN[:40]), (JPEG, a_photo(place=True)[:90]), (WEBP, a_photo("WEBP")[:30]), (MAIL, b"From: a\nTo: b\n")):
        assert isinstance(facts_of(kind, start + tail), dict)


def bomb(width: int, height: int) -> bytes:
    """Make a PNG that promises a huge picture in few bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_kept_as_bytes_and_never_decoded(vault: Vault) -> None:
    """It is evidence like any other; it is only not drawn."""
    content = bomb(60_000, 60_000)
    sealed, _ = supply(an_order(), [Brought("a.png", content)], told(), BY, sealer=Sealer(vault, KEY), now=NOW)

    assert next(one.bytes for one in sealed.files if one.name == "supplied-01.png") == len(content)
    with pytest.raises(NotDrawableError):
        tile(content)
    with pytest.raises(NotDrawableError):
        shown(content, Sharpness.SHARP)


def test_a_polyglot_is_kept_as_bytes(vault: Vault) -> None:
    """A picture with an archive behind it is the picture that its beginning says; its bytes stay."""
    content = SCREEN + b"PK\x03\x04" + bytes(50)
    sealed, _ = supply(an_order(), [Brought("a.png", content)], told(), BY, sealer=Sealer(vault, KEY), now=NOW)

    assert vault.get(next(one.sha256 for one in sealed.files if one.name == "supplied-01.png")) == content


def test_a_name_that_says_another_kind_than_the_bytes_is_told() -> None:
    """A text named like a picture; names that agree, say nothing, or share a family of endings are left in peace."""
    assert otherwise(Brought("screen.png", b"you will see\n")) == "its name says picture (PNG), its bytes say plain text"
    assert [otherwise(Brought(name, b"you will see\n")) for name in ("talk.txt", "talk", "talk.doc")] == ["", "", ""]
    assert otherwise(Brought("photo.JPEG", b"\xff\xd8\xff\xe0")) == ""
    told = _about("supplied-01.txt", Brought("screen.png", b"you will see\n"), TEXT)
    assert told["name_and_bytes_differ"].startswith("its name says picture")
    assert "name_and_bytes_differ" not in _about("supplied-01.txt", Brought("talk.txt", b"you will see\n"), TEXT)
