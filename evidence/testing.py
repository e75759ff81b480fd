"""Fakes of the safe for other rooms' tests and the demo: evidence made in memory, without a browser or a network."""

from __future__ import annotations

import io
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from PIL import Image, ImageDraw

from data.model.cases import Case, CaseItem
from data.model.evidence import CaptureOrder, Completeness, CustodyEvent, Evidence, SafetyAnswer
from evidence.capture import CaptureFacts, evidence_id
from evidence.custody import FIRST, CustodyDraft, chain
from evidence.keys import SealKey
from evidence.local_authority import LocalAuthority as LocalAuthority  # noqa: PLC0414 - handed on
from evidence.seal import LogLine, Sealer, canonical
from evidence.vault import Vault

KEY = SealKey.of_seed(b"\x07" * 32)  # everybody knows it: good for tests only
MOMENT = datetime(2026, 7, 1, 8, 30, tzinfo=UTC)  # a summer morning: UTC and London differ


@dataclass
class LocalSite:
    """A tiny web site on a free loopback port; use it as a context manager. Each path has a function that writes the whole answer."""

    pages: dict[str, Callable[[BaseHTTPRequestHandler], object]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._server = _QuietServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def url(self, path: str) -> str:
        """Return the address of a page."""
        return f"http://127.0.0.1:{self.port}{path}"

    def page(self, path: str, body: str | bytes, status: int = 200, **headers: str) -> str:
        """Serve a body under a path and return its address; `content_type=…` becomes the header `content-type`."""
        self.pages[path] = answering(body, status, **headers)
        return self.url(path)

    def in_turn(self, path: str, *answers: Callable[[BaseHTTPRequestHandler], object]) -> str:
        """Give these answers one after the other under a path, the last one for good, and return its address."""
        left = list(answers)

        def answer(handler: BaseHTTPRequestHandler) -> None:
            (left.pop(0) if len(left) > 1 else left[0])(handler)

        self.pages[path] = answer
        return self.url(path)


def answering(body: str | bytes, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return a function that writes this answer; `content_type=…` becomes the header `content-type`."""
    content = body.encode() if isinstance(body, str) else body

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in ({"content_type": "text/html; charset=utf-8"} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def busy(status: int, wait: str | None = "1") -> Callable[[BaseHTTPRequestHandler], None]:
    """Return the answer of a site that has too much to do: with how long to wait, or None for without."""
    return answering("", status) if wait is None else answering("", status, retry_after=wait)


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a browser hangs up."""


def _missing(handler: BaseHTTPRequestHandler) -> None:
    handler.send_error(404)


def _handler(site: LocalSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            site.asked.append(path)
            site.pages.get(path, _missing)(self)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


class Listener:
    """A private server on loopback that counts who knocks."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        """Hand over the listener."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._socket.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    def knocks(self) -> int:
        """Return how many connections were made since the last question."""
        count = 0
        try:
            while True:
                self._socket.accept()[0].close()
                count += 1
        except BlockingIOError:
            return count


def square(colour: tuple[int, int, int], size: int = 64) -> bytes:
    """Return a PNG square of one colour."""
    rows = b"".join(b"\0" + bytes(colour) * size for _ in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def an_order(item: CaseItem, *, at: datetime, by: str = "u-dsl", answer: SafetyAnswer | None = SafetyAnswer.NO) -> CaptureOrder:
    """Make an order to capture an item's address."""
    return CaptureOrder(
        id=f"o-{item.id}",
        case_id=item.case_id,
        item_id=item.id,
        post_id=item.post_id,
        address=item.address,
        answer=answer,
        ordered_by=by,
        ordered_at=at,
    )


def some_facts(case: Case, **more: object) -> CaptureFacts:
    """Make the facts that a person adds to a capture."""
    known = {
        "school_name": "Fernley Green Primary School",
        "case_ref": case.ref,
        "who_id": "u-dsl",
        "who_name": "A. Quillfeather",
        "who_role": "dsl",
        "reason": "evidence before a request for removal",
    }
    return CaptureFacts(**(known | more))  # type: ignore[arg-type]


def fake_capture(
    order: CaptureOrder,
    case: Case,
    item: CaseItem,
    *,
    vault: Vault,
    now: datetime,
    completeness: Completeness = Completeness.FULL,
    number: int = 1,
    key: SealKey = KEY,
) -> tuple[Evidence, tuple[CustodyDraft, ...]]:
    """Return what `capture` would, sealed in `vault`, without looking at anything."""
    files = {
        "capture.json": canonical({"ref": f"{case.ref}-E{number}", "address_asked": order.address, "finished_utc": now.isoformat()}),
        "dom.html": b"<!doctype html><title>Invented</title><p>Invented page</p>",
        "page.txt": b"Invented page",
        "screen-as-seen.png": square((90, 90, 90), 8),
    }
    draft = Evidence(
        id=evidence_id(order),
        ref=f"{case.ref}-E{number}",
        case_id=case.id,
        item_id=item.id,
        order_id=order.id,
        address=order.address,
        final_address=order.address,
        status=200,
        title="Invented",
        captured_at=now,
        captured_by=order.ordered_by,
        completeness=completeness,
        manifest_sha256="",
        tools={"method": "fake"},
    )
    steps = (("opened", ""), ("safety answer", "no"), ("capture started", ""), ("captured", completeness.value))
    log = tuple(LogLine(now, order.ordered_by, "dsl", what, detail) for what, detail in steps)
    evidence = Sealer(vault, key).seal(draft, files, log, now)
    return evidence, tuple(
        CustodyDraft(at=now, by=order.ordered_by, evidence_id=evidence.id, what=what, detail=detail)
        for what, detail in (*steps, ("sealed", evidence.seal_sha256))
    )


def chained(drafts: tuple[CustodyDraft, ...], *, after: CustodyEvent | None = None) -> tuple[CustodyEvent, ...]:
    """Give drafts their places in a chain, from its beginning or after an event."""
    events: list[CustodyEvent] = [] if after is None else [after]
    for draft in drafts:
        before, number = (events[-1].hash, events[-1].number) if events else (FIRST, 0)
        events.append(chain(before, number + 1, draft))
    return tuple(events if after is None else events[1:])


CHILD = (200, 40, 60)  # the colour of every picture on a painted page
SHEET = (1_280, 2_400)  # width and height of a painted page, in pixels


def painted_page(text: str, *, lines: tuple[str, ...] = (), handle: str = "@someone", parts: int = 2) -> dict[str, bytes]:
    """Return the files of a capture of a page that was only painted: two pictures in `CHILD`, and lines of text below them."""
    width, height = SHEET
    sheet = Image.new("RGB", SHEET, "white")
    draw = ImageDraw.Draw(sheet)
    boxes = [
        {"x": 100, "y": 200, "w": 300, "h": 200, "alt": "children beside a pond"},
        {"x": 700, "y": 1_500, "w": 200, "h": 200, "alt": ""},
    ]
    for box in boxes:
        x, y = int(str(box["x"])), int(str(box["y"]))
        draw.rectangle((x, y, x + int(str(box["w"])) - 1, y + int(str(box["h"])) - 1), fill=CHILD)
    placed = [{"x": 100, "y": 600 + 40 * place, "w": 900, "h": 30, "text": line} for place, line in enumerate(lines or (text,))]
    for line in placed:
        draw.rectangle((100, int(str(line["y"])), 999, int(str(line["y"])) + 29), fill=(20, 90, 160))
    step = -(-height // parts)
    whole = {
        f"page-full-{number + 1:02d}.png": as_png(sheet.crop((0, number * step, width, min(height, (number + 1) * step))))
        for number in range(parts)
    }
    return whole | {
        "screen-as-seen.png": as_png(sheet.crop((0, 0, width, 900))),
        "post.png": as_png(sheet.crop((80, 180, 1_080, 900))),
        "layout.json": canonical({"width": width, "height": height, "images": boxes, "lines": placed, "cut": False, "steady": True}),
        "post.json": canonical({"text": text, "author_handle": handle, "address": "https://forum.example.org/t/1", "lang": "en"}),
        "page.txt": text.encode("utf-8", "replace"),
        "dom.html": f"<!doctype html><title>Painted</title><p>{text}".encode("utf-8", "replace"),
        "page.mhtml": text.encode("utf-8", "replace"),
        "network.jsonl": canonical({"host": "forum.example.org"}),
    }


def as_png(image: Image.Image) -> bytes:
    """Return a picture's PNG."""
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=1)
    return written.getvalue()


def sealed_page(
    case: Case,
    item_id: str,
    files: Mapping[str, bytes],
    *,
    sealer: Sealer,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
    **more: Any,
) -> tuple[Evidence, tuple[CustodyDraft, ...]]:
    """Seal these files as a capture of `https://forum.example.org/t/1`; `facts` go into `capture.json`, `more` into the record."""
    known: dict[str, Any] = {
        "who": {"id": "u-dsl", "name": "A. Quillfeather", "role": "dsl"},
        "settled": {"height": SHEET[1]},
        "seconds": 2.5,
        "interventions": {
            "scrolled_to_the_end_and_back": True,
            "clicked": 0,
            "dialogs_dismissed": 2,
            "hidden": [{"tag": "div", "text": "We value"}],
        },
        "post_picture": {"x": 80, "y": 180, "width": 1_000, "height": 720},
    }
    fields: dict[str, Any] = {
        "id": f"e-{case.id}-1",
        "ref": f"{case.ref}-E1",
        "case_id": case.id,
        "item_id": item_id,
        "order_id": f"o-{item_id}",
        "address": "https://forum.example.org/t/1",
        "final_address": "https://forum.example.org/t/1",
        "status": 200,
        "title": "Painted",
        "captured_at": now,
        "captured_by": "u-dsl",
        "completeness": Completeness.FULL,
        "manifest_sha256": "",
        "tools": {"schoolwatch": "0.1.0", "browser": "invented"},
    }
    draft = Evidence(**(fields | more))
    log = (LogLine(now, draft.captured_by, "dsl", "captured", draft.completeness.value),)
    evidence = sealer.seal(draft, dict(files) | {"capture.json": canonical(known | dict(facts or {}))}, log, now)
    steps = (("captured", draft.completeness.value), ("sealed", evidence.seal_sha256))
    return evidence, tuple(
        CustodyDraft(at=now, by=draft.captured_by, evidence_id=evidence.id, what=what, detail=detail) for what, detail in steps
    )
