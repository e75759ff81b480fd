"""The Millstream forum: threads and posts as plain HTML pages, nothing else to read them by (platforms.md §12.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schoolwatch.demo.pages import GONE, NOT_FOUND, face, page, when, words
from schoolwatch.demo.posts import Place, TownPost
from schoolwatch.demo.scene import Shown, Standing, Town, oldest_first

PER_PAGE = 5


class Forum:
    """The list of threads, the threads, the newest posts, and one page for each post."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def _start(self, post: TownPost) -> TownPost:
        """Return the post that opened the thread."""
        return self.town.post(post.parent) if post.parent else post

    def threads(self, _request: Request) -> Response:
        """The list of threads, the one with the newest post first."""
        newest: dict[str, Shown] = {}
        for shown in self.town.visible(Place.FORUM):
            newest.setdefault(self._start(shown.post).key, shown)
        rows = "".join(self._row(key, shown) for key, shown in newest.items())
        head = "<tr><th>Thread</th><th>Posts</th><th>Last post</th></tr>"
        return self._frame("Threads · Millstream forum", f'<h1>Threads</h1><table class="threads">{head}{rows}</table>')

    def _row(self, key: str, newest: Shown) -> str:
        start = self.town.post(key)
        link = f'<a class="thread" href="/forum/thread/{key}">{escape(start.title or "")}</a>'
        last = f"{when(newest.posted_at)}<br>by {escape(newest.post.author)}"
        return f"<tr><td>{link}</td><td>{len(self._in_thread(key))}</td><td>{last}</td></tr>"

    def _in_thread(self, key: str) -> list[Shown]:
        return oldest_first(one for one in self.town.visible(Place.FORUM) if self._start(one.post).key == key)

    def thread(self, request: Request) -> Response:
        """One thread, oldest post first, in pages; 404 when it never was, 410 when nothing of it is left."""
        key = request.path_params["key"]
        start = next((one for one in self.town.posts if one.key == key and one.place is Place.FORUM and one.parent is None), None)
        if start is None or self.town.standing(start) is Standing.NOT_YET:
            return self._missing(NOT_FOUND)
        rows = self._in_thread(key)
        if not rows:
            return self._missing(GONE)
        return self._paged(request, f"{start.title} · Millstream forum", start.title or "", rows)

    def latest(self, request: Request) -> Response:
        """The newest posts of every thread, in pages."""
        return self._paged(request, "Newest posts · Millstream forum", "Newest posts", self.town.visible(Place.FORUM))

    def _paged(self, request: Request, title: str, heading: str, rows: Sequence[Shown]) -> Response:
        asked = request.query_params.get("page", "1")
        number, last = int(asked) if asked.isdecimal() else 0, max(1, -(-len(rows) // PER_PAGE))
        if not 1 <= number <= last:
            return self._missing(NOT_FOUND)
        posts = "".join(self._post(one) for one in rows[(number - 1) * PER_PAGE : number * PER_PAGE])
        older = f'<a rel="next" class="next" href="{request.url.path}?page={number + 1}">Next page</a>' if number < last else ""
        newer = f'<a rel="prev" class="prev" href="{request.url.path}?page={number - 1}">Previous page</a>' if number > 1 else ""
        pager = f'<nav class="pager">{newer}<span>Page {number} of {last}</span>{older}</nav>'
        return self._frame(title, f'<h1>{escape(heading)}</h1><div class="posts">{posts}</div>{pager}')

    def one(self, request: Request) -> Response:
        """The page of one post: 410 once it was taken down."""
        post = self.town.numbered(Place.FORUM, request.path_params["number"])
        if post is None:
            return self._missing(NOT_FOUND)
        if self.town.standing(post) is not Standing.HERE:
            return self._missing(GONE)
        back = f'<p><a href="{self.town.thread_path(post)}">Whole thread: {escape(self._start(post).title or "")}</a></p>'
        title = f"{self._start(post).title} · Millstream forum"
        return self._frame(
            title, f'<h1>{escape(self._start(post).title or "")}</h1><div class="posts">{self._post(self.town.show(post))}</div>{back}'
        )

    def _post(self, shown: Shown) -> str:
        edited = f'<p class="edited">edited {when(shown.edited_at)}</p>' if shown.edited_at else ""
        who = (
            f'{face(shown.post.author, 56)}<span class="author">{escape(shown.post.author)}</span>'
            f"<small>{escape(shown.author.about)}</small>"
        )
        thread = f'<a class="in" href="{self.town.thread_path(shown.post)}">{escape(self._start(shown.post).title or "")}</a>'
        head = f'{when(shown.posted_at)}{thread}<a class="permalink" href="{shown.path}">#{shown.number}</a>'
        return (
            f'<article class="post" id="{shown.anchor}" data-id="{shown.number}"><div class="who">{who}</div>'
            f'<div class="what"><header>{head}</header><div class="text">{words(shown.text)}</div>{edited}</div></article>'
        )

    def _missing(self, code: int) -> Response:
        body = '<section class="gone"><h1>Nothing here</h1><p>What you are looking for is not in this forum, or no longer.</p></section>'
        return self._frame("Nothing here · Millstream forum", body, code)

    def _frame(self, title: str, body: str, code: int = 200) -> Response:
        return page("forum", title, body, status=code)

    def routes(self) -> list[Route]:
        """Return every address of the forum."""
        table: list[tuple[str, Callable[[Request], Response]]] = [
            ("/forum/", self.threads),
            ("/forum/latest", self.latest),
            ("/forum/thread/{key:str}", self.thread),
            ("/forum/post/{number:int}", self.one),
        ]
        return [Route(path, handler) for path, handler in table]
