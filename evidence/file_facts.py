"""What a file that somebody brought says of itself: a picture's size, camera and place, a mail's headers. Read, never believed.

Nothing is opened that could do harm: a picture's head is read and no pixel, an attachment is listed and not decoded, all with limits.
What a file says can be wrong or made up, so it is shown as its own claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from typing import Any

from PIL import ExifTags, Image

from evidence.errors import NotDrawableError
from evidence.file_kinds import MAIL, TEXT, FileKind
from evidence.viewing import UNREADABLE, head_of

_LONGEST = 500  # characters of one value
_MOST_WORDS = 200_000  # characters that are looked through
_MARKS = re.compile(r"<[^<>]{0,2000}>")
_MOST_RECEIVED, _MOST_PARTS, _MOST_DEEP = 30, 50, 20
_HEADERS = ("From", "To", "Cc", "Reply-To", "Date", "Subject", "Message-ID", "Return-Path", "X-Mailer", "User-Agent")
_BROKEN_MAIL = (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError)
PLACE_WARNING = "contains the place where it was taken"


def facts_of(kind: FileKind, content: bytes) -> dict[str, Any]:
    """Return what the file says of itself, as JSON holds it; with "unread" and why, where it cannot be read. Never raises on any bytes."""
    if kind.is_drawable:
        return _picture(content)
    return _mail(content) if kind == MAIL else {}


def words_of(kind: FileKind, content: bytes) -> str:
    """Return the words of a text or a mail, for the look whether they give a sign of an indecent picture; empty for anything else."""
    if kind == TEXT:
        return _text(content)[:_MOST_WORDS]
    if kind != MAIL:
        return ""
    try:
        mail = BytesParser(policy=compat32).parsebytes(content)
        parts = [_decoded(mail["Subject"] or ""), *(_part_words(part) for part in _leaves(mail, 0))]
    except _BROKEN_MAIL:
        return _text(content)[:_MOST_WORDS]
    return "\n".join(parts)[:_MOST_WORDS]


def _text(content: bytes) -> str:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    return content.decode(encoding, "replace")


def _part_words(part: Message) -> str:
    """Return an attachment's name, or the words of a part that is text; marks of a web page are taken out."""
    name = _decoded(part.get_filename() or "")
    inside = part.get_payload(decode=True) if part.get_content_maintype() == "text" else b""
    return f"{name}\n{_MARKS.sub(' ', _text(inside))}" if isinstance(inside, bytes) else name


def holds_place(facts: dict[str, Any]) -> bool:
    """Whether a picture names the place where it was taken: that is a matter of somebody's safety."""
    return bool(facts.get("holds_place"))


def _picture(content: bytes) -> dict[str, Any]:
    try:
        with head_of(content) as picture:
            found: dict[str, Any] = {"width": picture.width, "height": picture.height, "holds_place": False}
            return found | _exif(picture)
    except NotDrawableError:
        return {"unread": "the picture has more dots than can be read safely"}
    except (*UNREADABLE, AttributeError):
        return {"unread": "the picture's head is damaged"}


def _exif(picture: Image.Image) -> dict[str, Any]:
    tags = picture.getexif()
    inner = tags.get_ifd(ExifTags.IFD.Exif)
    said = {
        "camera": " ".join(filter(None, (_plain(tags.get(ExifTags.Base.Make)), _plain(tags.get(ExifTags.Base.Model))))),
        "software": _plain(tags.get(ExifTags.Base.Software)),
        "taken_as_written": _plain(inner.get(ExifTags.Base.DateTimeOriginal)) or _plain(tags.get(ExifTags.Base.DateTime)),
        "zone_as_written": _plain(inner.get(ExifTags.Base.OffsetTimeOriginal)),
    }
    place = bool(tags.get_ifd(ExifTags.IFD.GPSInfo))
    return {name: value for name, value in said.items() if value} | ({"holds_place": True} if place else {})


def _plain(value: object) -> str:
    """Return a value of a file's own, as text of a bearable length that every database takes."""
    if value is None:
        return ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return " ".join(text.replace("\0", " ").encode("utf-8", "replace").decode().split())[:_LONGEST]


def _mail(content: bytes) -> dict[str, Any]:
    try:
        mail = BytesParser(policy=compat32).parsebytes(content)
        headers = {name: _decoded(mail[name]) for name in _HEADERS if mail[name] is not None}
        received = [_plain(str(line)) for line in mail.get_all("Received", [])[:_MOST_RECEIVED]]
        parts = [_part(part) for part in _attachments(mail)][:_MOST_PARTS]
    except _BROKEN_MAIL:
        return {"unread": "the mail is built in a way that cannot be read safely"}
    return {"headers": headers, "received": received, "attachments": parts}


def _decoded(value: object) -> str:
    """Return a header's words; one that cannot be decoded stands as it is written."""
    raw = str(value)
    try:
        return _plain(str(make_header(decode_header(raw))))
    except (HeaderParseError, LookupError, ValueError):
        return _plain(raw)


def _attachments(mail: Message) -> Iterator[Message]:
    return (part for part in _leaves(mail, 0) if part.get_filename() or part.get_content_maintype() not in {"text", "multipart"})


def _leaves(part: Message, depth: int) -> Iterator[Message]:
    """Return the parts that hold something, not deeper than anybody nests them by hand."""
    inside = part.get_payload()
    if isinstance(inside, list) and depth < _MOST_DEEP:
        for one in inside:
            if isinstance(one, Message):
                yield from _leaves(one, depth + 1)
    else:
        yield part


def _part(part: Message) -> dict[str, Any]:
    return {"name": _decoded(part.get_filename() or ""), "type": _plain(part.get_content_type()), "bytes": _size(part)}


def _size(part: Message) -> int:
    """Return how many bytes an attachment holds, without decoding it (base64: three for four signs, RFC 2045 §6.8)."""
    inside = part.get_payload()
    if not isinstance(inside, str):
        return 0
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() != "base64":
        return len(inside)
    signs = sum(not one.isspace() for one in inside)
    return max(0, signs // 4 * 3 - inside.rstrip()[-2:].count("="))
