"""The valley wiki: pages that grow edit by edit, their history, and the newest edits as an Atom feed (RFC 4287)."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schoolwatch.demo.pages import GONE, NOT_FOUND, base_of, fresh, iso, page, when, words
from schoolwatch.demo.posts import Place
from schoolwatch.demo.scene import Shown, Standing, Town, oldest_first

FEED_LENGTH = 50


def _path(title: str) -> str:
    return f"/wiki/page/{quote(title.replace(' ', '_'))}"


class Wiki:
    """The pages of the wiki; an edit adds a paragraph, and an edit that was taken down is missing from page, history and feed."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def _edits(self, title: str) -> list[Shown]:
        return oldest_first(one for one in self.town.visible(Place.WIKI) if one.post.title == title)

    def home(self, _request: Request) -> Response:
        """The list of pages and of the newest edits."""
        rows = self.town.visible(Place.WIKI)
        titles = sorted({one.post.title or "" for one in rows})
        pages = "".join(f'<li><a href="{_path(title)}">{escape(title)}</a></li>' for title in titles)
        recent = "".join(self._line(one) for one in rows)
        return self._frame("Valley wiki", f"<h1>Valley wiki</h1><h2>Pages</h2><ul>{pages}</ul><h2>Recent changes</h2><ul>{recent}</ul>")

    def page(self, request: Request) -> Response:
        """One page as it reads now."""
        title = unquote(request.path_params["title"]).replace("_", " ")
        edits = self._edits(title)
        if not edits:
            return self._missing(NOT_FOUND)
        body = "".join(words(one.text) for one in edits)
        tabs = f'<nav class="tabs"><b>Page</b><a href="{_path(title)}/history">History</a></nav>'
        last = edits[-1]
        foot = f'<p class="last">Last edited {when(last.posted_at)} by {escape(last.post.author)}.</p>'
        return self._frame(f"{title} · Valley wiki", f'{tabs}<h1>{escape(title)}</h1><article class="text">{body}</article>{foot}')

    def history(self, request: Request) -> Response:
        """The edits of one page, newest first."""
        title = unquote(request.path_params["title"]).replace("_", " ")
        edits = self._edits(title)
        if not edits:
            return self._missing(NOT_FOUND)
        tabs = f'<nav class="tabs"><a href="{_path(title)}">Page</a><b>History</b></nav>'
        rows = "".join(self._line(one) for one in reversed(edits))
        return self._frame(f"History of {title} · Valley wiki", f'{tabs}<h1>History of {escape(title)}</h1><ul class="history">{rows}</ul>')

    def revision(self, request: Request) -> Response:
        """What one edit added: 410 once it was taken down."""
        post = self.town.numbered(Place.WIKI, request.path_params["number"])
        if post is None:
            return self._missing(NOT_FOUND)
        if self.town.standing(post) is not Standing.HERE:
            return self._missing(GONE)
        shown, title = self.town.show(post), post.title or ""
        note = (
            f'<p class="note">Edit {shown.number} of <a href="{_path(title)}">{escape(title)}</a> '
            f'by <b class="author">{escape(post.author)}</b>, {when(shown.posted_at)}. It added:</p>'
        )
        added = f'<article class="text added" id="post">{words(shown.text)}</article>'
        return self._frame(f"Edit of {title} · Valley wiki", f"<h1>{escape(title)}</h1>{note}{added}")

    def feed(self, request: Request) -> Response:
        """The newest edits as an Atom feed."""
        base, rows = base_of(request), self.town.visible(Place.WIKI)[:FEED_LENGTH]
        updated = iso(rows[0].edited_at or rows[0].posted_at) if rows else iso(self.town.start)
        link = f'<link rel="self" href="{base}/wiki/feed.atom"/>'
        head = f"<title>Valley wiki: recent changes</title><id>{base}/wiki/feed.atom</id>{link}<updated>{updated}</updated>"
        entries = "".join(_entry(one, base) for one in rows)
        document = (
            f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB">{head}{entries}</feed>\n'
        )
        return fresh(request, Response(document, media_type="application/atom+xml"))

    def _line(self, shown: Shown) -> str:
        link = f'<a href="{shown.path}">{escape(shown.post.title or "")}</a>'
        return f'<li>{when(shown.posted_at)} · {link} · {escape(shown.post.author)} <span class="size">(+{len(shown.text)})</span></li>'

    def _missing(self, code: int) -> Response:
        body = '<h1>There is nothing under this address</h1><p class="gone">The page does not exist, or the edit was taken down.</p>'
        return self._frame("Nothing here · Valley wiki", body, code)

    def _frame(self, title: str, body: str, code: int = 200) -> Response:
        head = '<link rel="alternate" type="application/atom+xml" title="Recent changes" href="/wiki/feed.atom">'
        return page("wiki", title, body, status=code, head=head)

    def routes(self) -> list[Route]:
        """Return every address of the wiki."""
        table: list[tuple[str, Callable[[Request], Response]]] = [
            ("/wiki/", self.home),
            ("/wiki/feed.atom", self.feed),
            ("/wiki/page/{title:str}", self.page),
            ("/wiki/page/{title:str}/history", self.history),
            ("/wiki/revision/{number:int}", self.revision),
        ]
        return [Route(path, handler) for path, handler in table]


def _entry(shown: Shown, base: str) -> str:
    return (
        f'<entry><title>{escape(shown.post.title or "")}</title><id>{base}{shown.path}</id><link href="{base}{shown.path}"/>'
        f"<updated>{iso(shown.edited_at or shown.posted_at)}</updated><published>{iso(shown.posted_at)}</published>"
        f'<author><name>{escape(shown.post.author)}</name></author><content type="html">{escape(words(shown.text))}</content></entry>'
    )
