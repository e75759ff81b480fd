"""What every page of the town shares: escaped words, times, pictures and the frame around them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import quote
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from schoolwatch.demo.pictures import DRAWING_HEIGHT, DRAWING_WIDTH, avatar
from schoolwatch.demo.scene import Shown

LONDON = ZoneInfo("Europe/London")
OK, NOT_FOUND, GONE = 200, 404, 410
_MARKS = re.compile(r"([#@])(\w+)")
_HEADERS = {"Content-Security-Policy": "default-src 'self'; style-src 'unsafe-inline'; script-src 'none'", "Cache-Control": "no-cache"}


def base_of(request: Request) -> str:
    """Return the town's own address as the visitor wrote it, without a slash at the end."""
    return str(request.base_url).rstrip("/")


def iso(moment: datetime) -> str:
    """Return the moment as Mastodon and Atom write it, in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def when(moment: datetime) -> str:
    """Return a `<time>` element: exact in the attribute, UK time for the reader."""
    local = moment.astimezone(LONDON)
    return f'<time datetime="{iso(moment)}">{local.day} {local:%B %Y, %H:%M}</time>'


def words(text: str, tags: str | None = None) -> str:
    """Return text as HTML paragraphs, everything escaped; with `tags` (a path) hashtags and handles become links below it."""
    safe = escape(text, quote=False)  # an escaped apostrophe (&#x27;) would look like a hashtag
    if tags is not None:
        safe = _MARKS.sub(lambda found: _mark(found, tags), safe)
    return "".join(f"<p>{'<br>'.join(part.splitlines())}</p>" for part in safe.split("\n\n"))


def _mark(found: re.Match[str], tags: str) -> str:
    sign, word = found.groups()
    if sign == "#":
        return f'<a href="{tags}/tags/{quote(word)}" class="mention hashtag" rel="tag">#<span>{word}</span></a>'
    return f'<a href="{tags}/@{quote(word)}" class="mention">@<span>{word}</span></a>'


def face(handle: str, size: int = 48) -> str:
    """Return the author's flat-colour picture, drawn inside the page: an `<img>` there would count as part of the post."""
    return f'<span class="face" style="width:{size}px;height:{size}px" aria-hidden="true">{avatar(handle)}</span>'


def figures(shown: Shown) -> str:
    """Return the post's drawings as `<img>` elements; no alt text stays no alt text."""
    parts = []
    for media in shown.post.media:
        alt = "" if media.alt is None else f' alt="{escape(media.alt)}"'
        parts.append(
            f'<img class="drawing" src="/pictures/{quote(media.drawing)}.svg" width="{DRAWING_WIDTH}" height="{DRAWING_HEIGHT}"{alt}>'
        )
    return "".join(parts)


@cache
def look(name: str) -> str:
    """Return the style sheet of a place."""
    folder = files("schoolwatch.demo") / "looks"
    return folder.joinpath("base.css").read_text("utf-8") + folder.joinpath(f"{name}.css").read_text("utf-8")


@cache
def _template(name: str) -> Template:
    return Template((files("schoolwatch.demo") / "looks" / f"{name}.html").read_text("utf-8"))


def piece(name: str, body: str = "") -> str:
    """Return a ready-made part of a page (a file of `looks`) around `body`, which must be HTML already."""
    return _template(name).substitute(body=body)


def page(
    style: str,
    title: str,
    body: str,
    *,
    status: int = OK,
    head: str = "",
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Return a whole HTML page of a place: its own frame and look inline, nothing loaded from elsewhere, no script."""
    return HTMLResponse(
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="/pictures/people/town.svg">{head}'
        f'<style>{look(style)}</style></head><body class="{style}">{piece(style, body)}</body></html>',
        status_code=status,
        headers={**_HEADERS, **(headers or {})},
    )


def problem(status: int, code: str, message: str) -> JSONResponse:
    """Return an error as WordPress words it."""
    return JSONResponse({"code": code, "message": message, "data": {"status": status}}, status_code=status)


def fresh(request: Request, response: Response) -> Response:
    """Give the answer an ETag, or answer 304 when the visitor already holds these very bytes (RFC 9110 §13.1.2)."""
    tag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:24]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return response
