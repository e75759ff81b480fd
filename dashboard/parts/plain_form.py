"""What a plain page's form sent: read with a size limit, only from our own pages, never a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from data.errors import SchoolwatchError

MAX_BODY = 200_000  # bytes; the longest honest report stays far below
MAX_FIELDS = 60
_KIND = "application/x-www-form-urlencoded"


class FormRefusedError(SchoolwatchError):
    """This form could not be taken in; open the page again and repeat."""

    def __init__(self, message: str, status: int) -> None:
        """Say why, and with which HTTP status."""
        self.status = status
        super().__init__(message)


@dataclass(frozen=True)
class Sent:
    """The fields of a form as typed; a field that was not sent is empty."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """Return a field's first value without the spaces around it."""
        return next(iter(self.fields.get(name, ())), "").strip()

    def secret(self, name: str) -> str:
        """Return a field's first value exactly as typed: a password may begin with a space."""
        return next(iter(self.fields.get(name, ())), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field that may be ticked more than once."""
        return self.fields.get(name, ())


async def read_form(request: Request) -> Sent:
    """Return what was sent; raises FormRefusedError for another site's form, a file, or too much."""
    _own_page(request)
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != _KIND:
        raise FormRefusedError("this page takes no files and no other kind of message; nothing was kept", 415)
    body = await _body(request)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace")
    except (UnicodeDecodeError, ValueError) as error:
        raise FormRefusedError("what was sent could not be read; nothing was kept", 400) from error
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value.replace("\r\n", "\n"))
    return Sent(fields)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise FormRefusedError("that is longer than this form can take; nothing was kept; shorten it and send it again", 413)
    return bytes(body)


def _own_page(request: Request) -> None:
    """Refuse a form that another site's page sent (cross-site request forgery): browsers say where a form came from."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        raise FormRefusedError("this form was sent from another page; open Schoolwatch's own page and repeat", 403)
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise FormRefusedError("this form was sent from another page; open Schoolwatch's own page and repeat", 403)


def client_address(request: Request) -> str:
    """Return the address of the asking machine, as the server saw it (behind a proxy on this machine: as the proxy says)."""
    return request.client.host if request.client else "unknown"
