"""What kind of file somebody brought: told by its first bytes, never by its name (evidence.md §7, file names).

A name may only make things stricter: what is called like a program, a script, a web page or an archive is refused though its bytes look
harmless. A file that is two things at once is the first that its beginning says, and is only ever kept as bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LOOKED_AT = 65_536  # bytes of the beginning that tell the kind


@dataclass(frozen=True)
class FileKind:
    """A kind that is taken in: our own ending for it, what it is in plain words, and whether it can be drawn as a picture here."""

    ending: str
    words: str
    is_drawable: bool = False


PNG = FileKind("png", "picture (PNG)", is_drawable=True)
JPEG = FileKind("jpg", "picture (JPEG)", is_drawable=True)
WEBP = FileKind("webp", "picture (WebP)", is_drawable=True)
GIF = FileKind("gif", "picture (GIF)", is_drawable=True)
HEIC = FileKind("heic", "picture (HEIC)", is_drawable=True)
PDF = FileKind("pdf", "PDF document")
MAIL = FileKind("eml", "e-mail")
OUTLOOK = FileKind("msg", "e-mail in Outlook's own form: kept, not read")
TEXT = FileKind("txt", "plain text")
_SOUND = {"mp3": "sound recording (MP3)", "m4a": "sound recording (M4A)", "wav": "sound recording (WAV)", "ogg": "sound recording (Ogg)"}
_SOUND |= {"amr": "sound recording (AMR)", "aac": "sound recording (AAC)", "flac": "sound recording (FLAC)"}
_FILM = {"mp4": "film (MP4)", "mov": "film (QuickTime)", "3gp": "film (3GP)", "webm": "film (WebM)"}
KINDS: dict[str, FileKind] = {
    kind.ending: kind
    for kind in (
        *(PNG, JPEG, WEBP, GIF, HEIC, PDF, MAIL, OUTLOOK, TEXT),
        *(FileKind(ending, words) for ending, words in (_SOUND | _FILM).items()),
    )
}

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"%PDF-", "pdf"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"#!AMR", "amr"),
    (b"fLaC", "flac"),
    (b"\x1a\x45\xdf\xa3", "webm"),
    (b"\xff\xf1", "aac"),
    (b"\xff\xf9", "aac"),
    (b"\xff\xfb", "mp3"),
    (b"\xff\xf3", "mp3"),
    (b"\xff\xf2", "mp3"),
)
_REFUSED_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xfe\xed\xfa", "a program"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "a shortcut"),
    (b"PK\x03\x04", "an archive or an office document"),
    (b"PK\x05\x06", "an archive"),
    (b"Rar!\x1a", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"\x1f\x8b", "an archive"),
    (b"BZh91AY&SY", "an archive"),
    (b"\xfd7zXZ", "an archive"),
    (b"\x28\xb5\x2f\xfd", "an archive"),
    (b"MSCF\x00", "an archive"),
    (b"#!/", "a script"),
    (b"#! ", "a script"),
)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?php|!doctype\s+html|html|head|body|script|svg)", re.IGNORECASE)
_REFUSED_NAMES: dict[str, str] = (
    dict.fromkeys(("exe", "com", "scr", "msi", "dll", "jar", "apk", "dmg", "app", "deb", "rpm", "lnk", "iso"), "a program")
    | dict.fromkeys(("bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "mjs", "wsf", "hta", "sh", "py", "pl", "rb", "php"), "a script")
    | dict.fromkeys(("htm", "html", "xhtml", "svg", "mht", "mhtml"), "a web page")
    | dict.fromkeys(("zip", "rar", "7z", "gz", "tgz", "tar", "bz2", "xz", "cab"), "an archive")
    | dict.fromkeys(("doc", "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "odt", "ods"), "an office document")
)
_STILL, _SOUND_BRAND = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"}), frozenset({b"M4A ", b"M4B "})
_OLE, _OUTLOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "__properties_version1.0".encode("utf-16-le")
_HEADER = re.compile(rb"([!-9;-~]{1,76}):")
_MAIL_HEADERS = frozenset(
    {b"from", b"to", b"date", b"subject", b"received", b"message-id", b"return-path", b"mime-version", b"delivered-to", b"content-type"}
)
_ENOUGH_HEADERS = 2
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def refused(name: str, content: bytes) -> str | None:
    """Return what a file is that is not taken in ("a program"), by its beginning or by its name; None for what may be."""
    head = content[:_LOOKED_AT]
    for start, words in _REFUSED_STARTS:
        if head.startswith(start):
            return words
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        return "a program"
    if _MARKUP.match(head) or (head.lstrip().startswith(b"<?xml") and b"<svg" in head):
        return "a web page"
    if head[257:262] == b"ustar":
        return "an archive"
    return _REFUSED_NAMES.get(name.rpartition(".")[2].strip().lower()) if "." in name else None


def kind_of(content: bytes) -> FileKind | None:
    """Return the kind that the bytes say; None for what is not among ours."""
    ending = _by_start(content) or _by_box(content) or _by_words(content)
    return KINDS[ending] if ending else None


def _by_start(content: bytes) -> str | None:
    if content.startswith(_OLE):
        return "msg" if _OUTLOOK in content else None
    return next((ending for start, ending in _STARTS if content.startswith(start)), None)


def _by_box(content: bytes) -> str | None:
    """Tell the formats whose name stands a few bytes further on."""
    if content[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(content[8:12])
    if content[4:8] != b"ftyp":
        return None
    brand = content[8:12]
    if brand in _STILL:
        return "heic"
    if brand in _SOUND_BRAND:
        return "m4a"
    return "mov" if brand == b"qt  " else "3gp" if brand[:2] == b"3g" else "mp4"


def _by_words(content: bytes) -> str | None:
    """Tell a mail from plain text; text holds no signs that only machines write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "txt" if _reads_as(content, "utf-16") else None
    if _is_mail(content[:_LOOKED_AT]):
        return "eml"
    return None if _BINARY.search(content) else "txt"


def _reads_as(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_mail(head: bytes) -> bool:
    lines = head.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").partition(b"\n\n")[0].split(b"\n")
    if not _HEADER.match(lines[0]):
        return False
    found = {match[1].lower() for line in lines if (match := _HEADER.match(line))}
    return len(found & _MAIL_HEADERS) >= _ENOUGH_HEADERS
