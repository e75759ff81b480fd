"""What a server said: one answer, whole and unjudged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from w3lib.encoding import html_to_unicode

from collector.errors import UnreadablePageError

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_HTML_STARTS = (b"<!doctype html", b"<html")


@dataclass(frozen=True)
class Answer:
    """One answer of a server. `hops` are the addresses asked before `address`; `moved_to` is where a permanent redirect leads."""

    asked: str
    address: str
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    hops: tuple[str, ...]
    at: datetime
    moved_to: str | None = None

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case; empty when none was sent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text: byte order mark, then the header's charset, then the page's own `<meta>`; never raises."""
        declared = self.headers.get("content-type")
        return html_to_unicode(declared, self.body, default_encoding="utf-8")[1]

    @property
    def not_modified(self) -> bool:
        """Whether nothing changed since the ETag or the time that we sent (304)."""
        return self.status == 304  # noqa: PLR2004 - RFC 9110 §15.4.5

    @property
    def is_html(self) -> bool:
        """Whether this is a web page, by its type or by how it begins."""
        return self.content_type in _HTML_TYPES or self.body.lstrip()[:15].lower().startswith(_HTML_STARTS)

    def json(self) -> Any:
        """Return the body read as JSON (RFC 8259); raises UnreadablePageError when it is something else."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise UnreadablePageError("the answer is not JSON, though this address promises it", status=self.status) from error

    def record(self) -> bytes:
        """Return the raw answer as evidence: addresses, time, status, headers and body in one block of bytes (platforms.md §1.5)."""
        lines = [f"asked: {self.asked}", *(f"hop: {hop}" for hop in self.hops), f"address: {self.address}", f"at: {self.at.isoformat()}"]
        lines += [f"status: {self.status}", *(f"header {name}: {value}" for name, value in self.headers.items())]
        return "\n".join(lines).encode("utf-8", "replace") + b"\n\n" + self.body
