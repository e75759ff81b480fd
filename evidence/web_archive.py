"""A capture's web archive: every exchange of the browser as WARC 1.1 records (ISO 28500:2017), packed as WACZ 1.1.1.

warcio writes the records; the packing is our own, small and deterministic: the same exchanges make the same bytes. Layout (the WACZ
specification of Webrecorder, 1.1.1): `archive/data.warc.gz`, `indexes/index.cdx`, `pages/pages.jsonl`, `datapackage.json`,
`datapackage-digest.json`; a plain ZIP without compression. Bodies are as the browser decoded them: this is a copy to replay, and no proof
of what a server sent (nobody can give one; evidence.md §2).
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import tempfile
import uuid
import zipfile
import zlib
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import responses
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit, urlunsplit

import idna
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from evidence.archive_key import archive_key

WACZ_VERSION = "1.1.1"
WARC, INDEX, PAGES, PACKAGE, DIGEST = (
    "archive/data.warc.gz",
    "indexes/index.cdx",
    "pages/pages.jsonl",
    "datapackage.json",
    "datapackage-digest.json",
)
RENAMED = "x-orig-"  # how replay software names headers that no longer fit the decoded body
_DECODED_AWAY = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_NAMESPACE = uuid.UUID("6c0c5a5e-8f0d-5d43-9d5b-0f2f5c1c7a11")  # ours, fixed: record ids follow from the content
_IN_MEMORY = 32_000_000  # bytes of archive that stay in memory; more goes to a temporary file
_PACKED_ALREADY = ("image/png", "image/jpeg", "image/webp", "image/avif", "image/gif", "video/", "audio/", "font/woff", "application/zip")
_TOKEN = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")  # RFC 9110 §5.6.2: what no header's name holds
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_WITHOUT_BODY = frozenset({101, 204, 205, 304})
_HOW = (
    "bodies are as the browser decoded them; the headers content-encoding, transfer-encoding and content-length of responses are kept as "
    f"{RENAMED}*; redirects have no body; a body that the browser no longer had is marked WARC-Truncated: unspecified"
)


@dataclass(frozen=True)
class Exchange:
    """One request of the browser and the answer to it. A redirect hop is an exchange of its own."""

    address: str
    at: datetime  # when the answer came (UTC)
    status: int
    method: str = "GET"
    reason: str = ""  # the words behind the status, "OK"
    request_headers: tuple[tuple[str, str], ...] = ()
    request_body: bytes = b""
    response_headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None  # as decoded by the browser; None when it could not be had
    server: str = ""  # the server's address as the guard proxy connected to it, when known


def write_wacz(exchanges: Iterable[Exchange], page_address: str, title: str, text: str, made_at: datetime) -> bytes:
    """Return the web archive of one page as the bytes of a WACZ file; the same input gives the same bytes.

    `exchanges` are read once, one at a time, in their order; what is no http(s) exchange (data:, blob:) is left out.
    """
    target = io.BytesIO()
    write_wacz_to(target, exchanges, page_address, title, text, made_at)
    return target.getvalue()


def write_wacz_to(
    target: BinaryIO, exchanges: Iterable[Exchange], page_address: str, title: str, text: str, made_at: datetime
) -> tuple[int, int]:
    """Write the web archive into a seekable file; return how many exchanges it holds and how many of them lack their body."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
        warc = _Warc(spool)
        warc.begin(made_at)
        for exchange in exchanges:
            if exchange.address.startswith(("http://", "https://")):
                warc.add(exchange)
        spool.seek(0)
        page = ascii_address(page_address)
        small = {
            INDEX: "".join(sorted(warc.lines)).encode("ascii"),
            PAGES: _pages(page, warc.times.get(page, made_at), title, text),
        }
        sizes = {WARC: (warc.size, warc.sha256.hexdigest())} | {name: (len(body), _sha256(body)) for name, body in small.items()}
        package = _package(sizes, page, warc.times.get(page, made_at), title, made_at)
        _zip(target, spool, small | {PACKAGE: package, DIGEST: _json({"path": PACKAGE, "hash": f"sha256:{_sha256(package)}"})})
        return warc.exchanges, warc.without_body


class _Warc:
    """The WARC file as it grows: each record compressed for itself, counted and indexed."""

    def __init__(self, spool: Any) -> None:
        self._spool = spool
        self._writer = WARCWriter(None, gzip=False, warc_version="1.1")
        self.size, self.records, self.exchanges, self.without_body = 0, 0, 0, 0
        self.sha256 = hashlib.sha256()
        self.lines: list[str] = []
        self.times: dict[str, datetime] = {}  # when each address was first answered

    def begin(self, made_at: datetime) -> None:
        """Write the record that says what this file is."""
        words = {
            "software": "Schoolwatch",
            "format": "WARC File Format 1.1",
            "isPartOf": "a capture; see capture.json",
            "description": _HOW,
        }
        body = "".join(f"{name}: {value}\r\n" for name, value in words.items()).encode()
        headers = self._headers("warcinfo", "", made_at, body, body)
        headers.pop("WARC-Payload-Digest")
        record = self._writer.create_warc_record(
            "",
            "warcinfo",
            payload=io.BytesIO(body),
            length=len(body),
            warc_headers_dict=headers,
            warc_content_type="application/warc-fields",
        )
        self._write(record, level=9)

    def add(self, exchange: Exchange) -> None:
        """Write the answer and the request, in this order, and index the answer."""
        address = ascii_address(exchange.address)
        answer, body = _answer(exchange), exchange.body or b""
        response = self._record("response", address, exchange, answer, body)
        asked = _question(exchange, address)
        self._record("request", address, exchange, asked, exchange.request_body, response["id"])
        self._line(address, exchange, response, (asked, answer))
        self.times.setdefault(address, exchange.at)
        self.exchanges += 1
        self.without_body += _lost_its_body(exchange)

    def _record(
        self, kind: str, address: str, exchange: Exchange, http: StatusAndHeaders, body: bytes, answers: str = ""
    ) -> dict[str, str]:
        http.compute_headers_buffer()
        headers = self._headers(kind, address, exchange.at, http.headers_buff + body, body)
        if answers:
            headers["WARC-Concurrent-To"] = answers
        if exchange.server:
            headers["WARC-IP-Address"] = exchange.server
        if kind == "response" and _lost_its_body(exchange):
            headers["WARC-Truncated"] = "unspecified"
        record = self._writer.create_warc_record(
            address, kind, payload=io.BytesIO(body), length=len(body), http_headers=http, warc_headers_dict=headers
        )
        offset, sha256 = self._write(record, level=0 if _mime(http).startswith(_PACKED_ALREADY) else 6)
        place = {"offset": str(offset), "length": str(self.size - offset), "sha256": sha256}
        return place | {"id": headers["WARC-Record-ID"], "digest": headers["WARC-Payload-Digest"]}

    def _headers(self, kind: str, address: str, at: datetime, block: bytes, payload: bytes) -> dict[str, str]:
        self.records += 1
        moment, digest = _iso(at), _labelled(block)
        name = uuid.uuid5(_NAMESPACE, f"{self.records} {kind} {address} {moment} {digest}")
        return {
            "WARC-Record-ID": f"<urn:uuid:{name}>",
            "WARC-Date": moment,
            "WARC-Payload-Digest": _labelled(payload),
            "WARC-Block-Digest": digest,
        }

    def _write(self, record: Any, level: int) -> tuple[int, str]:
        """Write one record as a gzip member of its own; return where it begins and its SHA-256."""
        member, offset = _Member(self._spool, level, self.sha256), self.size
        self._writer.out = member
        self._writer.write_record(record)
        self.size += member.size
        return offset, member.sha256.hexdigest()

    def _line(self, address: str, exchange: Exchange, place: dict[str, str], http: tuple[StatusAndHeaders, StatusAndHeaders]) -> None:
        moment = exchange.at.astimezone(UTC).strftime("%Y%m%d%H%M%S")
        facts = {
            "url": address,
            "mime": _mime(http[1]),
            "status": str(exchange.status),
            "digest": place["digest"],
            "length": place["length"],
            "offset": place["offset"],
            "filename": WARC.rpartition("/")[2],
            "recordDigest": f"sha256:{place['sha256']}",
            "referrer": http[0].get_header("referer"),
        }
        facts = {name: value for name, value in facts.items() if value}
        self.lines.append(f"{archive_key(address)} {moment} {json.dumps(facts)}\n")


class _Member:
    """One gzip member that is written straight to the spool, counted and hashed."""

    def __init__(self, spool: Any, level: int, whole: Any) -> None:
        self._spool, self._whole = spool, whole
        self._packer = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS + 16)
        self.size, self.sha256 = 0, hashlib.sha256()

    def write(self, piece: bytes) -> None:
        """Take a piece of the record."""
        self._put(self._packer.compress(piece))

    def flush(self) -> None:
        """End the member: warcio calls this once, after the record."""
        self._put(self._packer.flush())

    def _put(self, packed: bytes) -> None:
        self.size += len(packed)
        self.sha256.update(packed)
        self._whole.update(packed)
        self._spool.write(packed)


def ascii_address(address: str) -> str:
    """Return the address as a server is asked for it: no fragment, host in its ASCII form, everything else escaped (RFC 3986)."""
    parts = urlsplit(_clean(address))
    safe = "!#$%&'()*+,/:;=?@[]~"
    return urlunsplit((parts.scheme, _ascii_host(parts.netloc), quote(parts.path or "/", safe), quote(parts.query, safe), ""))


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    name, colon, port = host.partition(":")
    try:
        return idna.encode(name, uts46=True).decode() + colon + port
    except idna.IDNAError:
        return quote(host, safe=":[]@")


def _answer(exchange: Exchange) -> StatusAndHeaders:
    headers = [(f"{RENAMED}{name}" if name.lower() in _DECODED_AWAY else name, value) for name, value in _honest(exchange.response_headers)]
    if exchange.status not in _WITHOUT_BODY:
        headers.append(("content-length", str(len(exchange.body or b""))))
    reason = _line(exchange.reason).encode("ascii", "replace").decode() or responses.get(exchange.status, "Unknown")
    return StatusAndHeaders(f"{exchange.status} {reason}", headers, "HTTP/1.1")


def _question(exchange: Exchange, address: str) -> StatusAndHeaders:
    parts = urlsplit(address)
    headers = [pair for pair in _honest(exchange.request_headers) if pair[0].lower() not in {"host", "content-length", "transfer-encoding"}]
    headers.insert(0, ("host", parts.netloc.rpartition("@")[2]))
    if exchange.request_body:
        headers.append(("content-length", str(len(exchange.request_body))))
    aim = parts.path + (f"?{parts.query}" if parts.query else "")
    return StatusAndHeaders(f"{aim} HTTP/1.1", headers, _TOKEN.sub("_", exchange.method) or "GET")


def _honest(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Return headers that can stand in a record: no pseudo headers (":path"), a line for each value that the browser joined."""
    return [
        (_TOKEN.sub("_", name), _line(value))
        for name, values in headers
        if name and not name.startswith(":")
        for value in values.split("\n")
    ]


def _line(text: str) -> str:
    return _UNPRINTABLE.sub(" ", _clean(text)).strip()


def _clean(text: str) -> str:
    """Return the text with each lone surrogate as U+FFFD, as browsers send it."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _mime(http: StatusAndHeaders) -> str:
    return re.split(r"[;\s]", http.get_header("content-type") or "", maxsplit=1)[0].strip()


def _lost_its_body(exchange: Exchange) -> bool:
    is_redirect = 300 <= exchange.status < 400  # noqa: PLR2004 - RFC 9110 §15.4
    return exchange.body is None and not is_redirect and exchange.status not in _WITHOUT_BODY and exchange.method != "HEAD"


def _pages(address: str, at: datetime, title: str, text: str) -> bytes:
    name = uuid.uuid5(_NAMESPACE, f"{address} {_iso(at)}")
    head = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": bool(text)}
    page = {"id": str(name), "url": address, "ts": _iso(at), "title": _clean(title) or address, "text": _clean(text)}
    return b"".join(json.dumps(row).encode("ascii") + b"\n" for row in (head, page))


def _package(sizes: dict[str, tuple[int, str]], page: str, at: datetime, title: str, made_at: datetime) -> bytes:
    resources = [
        {"name": path.rpartition("/")[2], "path": path, "hash": f"sha256:{sha256}", "bytes": size} for path, (size, sha256) in sizes.items()
    ]
    return _json(
        {
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "software": "Schoolwatch",
            "created": _iso(made_at),
            "title": _clean(title) or page,
            "description": _HOW,
            "mainPageUrl": page,
            "mainPageDate": _iso(at),
            "resources": resources,
        }
    )


def _zip(target: BinaryIO, warc: Any, small: dict[str, bytes]) -> None:
    """Pack everything uncompressed and with one fixed date, so that records can be read in place and nothing but content differs."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        with packed.open(zipfile.ZipInfo(WARC), "w") as place:
            shutil.copyfileobj(warc, place, 1 << 20)
        for name, body in small.items():
            packed.writestr(zipfile.ZipInfo(name), body)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _labelled(content: bytes) -> str:
    """Return a digest as WARC labels it (ISO 28500 §5.8)."""
    return "sha256:" + b32encode(hashlib.sha256(content).digest()).decode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, indent=2, sort_keys=True).encode("ascii") + b"\n"
