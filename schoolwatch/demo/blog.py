"""The Green Notebook: a parents' blog, its pages for people and its feeds (platforms.md §12.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from email.utils import format_datetime
from html import escape

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from schoolwatch.demo.pages import GONE, NOT_FOUND, base_of, face, figures, fresh, page, when, words
from schoolwatch.demo.posts import Place, TownPost
from schoolwatch.demo.scene import Shown, Standing, Town, oldest_first
from schoolwatch.demo.wordpress import CATEGORIES

FEED_LENGTH = 20


class Blog:
    """The pages and the feeds of the blog."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def home(self, request: Request) -> Response:
        """The newest articles; `?p=<id>` leads to its permalink for good."""
        wanted = request.query_params.get("p", "")
        if wanted.isdecimal():
            post = self.town.numbered(Place.BLOG, int(wanted))
            if post is None or self.town.standing(post) is not Standing.HERE:
                return self._missing(request, NOT_FOUND)
            return RedirectResponse(base_of(request) + self.town.path_of(post), status_code=301)
        return self._frame(request, "The Green Notebook", "".join(self._teaser(one) for one in self.town.visible(Place.BLOG)))

    def category(self, request: Request) -> Response:
        """The articles about one school."""
        rows = [one for one in self.town.visible(Place.BLOG) if one.post.school == request.path_params["school"]]
        if not rows:
            return self._missing(request, NOT_FOUND)
        return self._frame(request, "The Green Notebook", "".join(self._teaser(one) for one in rows))

    def page(self, request: Request) -> Response:
        """One article with its comments: 410 once it was taken down, 404 when it never was."""
        post = self._named(request)
        if post is None:
            return self._missing(request, NOT_FOUND)
        if self.town.standing(post) is not Standing.HERE:
            return self._missing(request, GONE)
        shown = self.town.show(post)
        rows = oldest_first(one for one in self.town.visible(Place.BLOG_COMMENT) if one.post.parent == post.key)
        heading = f"<h2>{len(rows)} {'comment' if len(rows) == 1 else 'comments'}</h2>"
        listed = "".join(self._comment(one) for one in rows)
        body = f'{self._article(shown)}<section class="comments" id="comments">{heading}<ol>{listed}</ol></section>'
        return self._frame(request, f"{post.title} · The Green Notebook", body)

    def _named(self, request: Request) -> TownPost | None:
        asked = request.url.path.rstrip("/") + "/"
        found = (post for post in self.town.posts if post.place is Place.BLOG and self.town.path_of(post) == asked)
        post = next(found, None)
        return post if post is not None and self.town.standing(post) is not Standing.NOT_YET else None

    def feed(self, request: Request) -> Response:
        """The newest articles as RSS 2.0, of one school when the address names it."""
        school = request.path_params.get("school")
        rows = [one for one in self.town.visible(Place.BLOG) if school in (None, one.post.school)]
        return self._rss(request, "The Green Notebook", rows, lambda one: one.post.title or "")

    def comment_feed(self, request: Request) -> Response:
        """The newest comments as RSS 2.0."""
        return self._rss(request, "Comments on The Green Notebook", self.town.visible(Place.BLOG_COMMENT), self._comment_title)

    def _comment_title(self, one: Shown) -> str:
        return f"Comment on {self.town.post(one.post.parent or '').title} by {one.author.name}"

    def _rss(self, request: Request, title: str, rows: Sequence[Shown], titled: Callable[[Shown], str]) -> Response:
        base = base_of(request)
        items = "".join(_item(one, titled(one), base) for one in rows[:FEED_LENGTH])
        about = f"<link>{base}/blog/</link><description>Two schools and the roads between them</description><language>en-GB</language>"
        channel = f"<title>{escape(title)}</title>{about}"
        spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        document = f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {spaces}><channel>{channel}{items}</channel></rss>\n'
        return fresh(request, Response(document, media_type="application/rss+xml"))

    def _teaser(self, shown: Shown) -> str:
        first = words(shown.text.split("\n\n")[0])
        title = f'<h2><a href="{shown.path}">{escape(shown.post.title or "")}</a></h2><p class="meta">{when(shown.posted_at)}</p>'
        return f'<article class="teaser">{title}{figures(shown)}{first}<a class="more" href="{shown.path}">Read on</a></article>'

    def _article(self, shown: Shown) -> str:
        meta = f"{when(shown.posted_at)} · by {escape(shown.author.name)} · {CATEGORIES[shown.post.school][1]}"
        return (
            f'<article class="whole" id="post"><h1>{escape(shown.post.title or "")}</h1><p class="meta">{meta}</p>'
            f'{figures(shown)}<div class="text">{words(shown.text)}</div></article>'
        )

    def _comment(self, shown: Shown) -> str:
        name = f'{face(shown.post.author, 40)}<b class="author">{escape(shown.author.name)}</b>'
        head = f'{name} <a href="#{shown.anchor}">{when(shown.posted_at)}</a>'
        return f'<li id="{shown.anchor}" class="comment"><header>{head}</header><div class="text">{words(shown.text)}</div></li>'

    def _missing(self, request: Request, code: int) -> Response:
        body = '<article class="gone"><h1>This page cannot be found</h1><p>It was moved or taken down.</p></article>'
        return self._frame(request, "Page not found", body, code)

    def _frame(self, request: Request, title: str, body: str, code: int = 200) -> Response:
        base = base_of(request)
        head = (
            f'<link rel="https://api.w.org/" href="{base}/blog/wp-json/">'
            f'<link rel="alternate" type="application/rss+xml" title="Articles" href="{base}/blog/feed/">'
            f'<link rel="alternate" type="application/rss+xml" title="Comments" href="{base}/blog/comments/feed/">'
        )
        link = {"Link": f'<{base}/blog/wp-json/>; rel="https://api.w.org/"'}
        return page("blog", title, body, status=code, head=head, headers=link)

    def routes(self) -> list[Route]:
        """Return every address of the pages and feeds."""
        table: list[tuple[str, Callable[[Request], Response]]] = [
            ("/blog/feed/", self.feed),
            ("/blog/comments/feed/", self.comment_feed),
            ("/blog/category/{school:str}/feed/", self.feed),
            ("/blog/category/{school:str}/", self.category),
            ("/blog/{year:int}/{month:int}/{slug:str}/", self.page),
            ("/blog/", self.home),
        ]
        return [Route(path, handler) for path, handler in table]


def _item(shown: Shown, title: str, base: str) -> str:
    body = escape(words(shown.text))
    guid = f"{base}/blog/?p={shown.number}" if shown.post.place is Place.BLOG else base + shown.path
    return (
        f"<item><title>{escape(title)}</title><link>{base}{shown.path}</link><dc:creator>{escape(shown.author.name)}</dc:creator>"
        f'<pubDate>{format_datetime(shown.posted_at.astimezone(UTC))}</pubDate><guid isPermaLink="false">{guid}</guid>'
        f"<description>{escape(shown.text)}</description><content:encoded>{body}</content:encoded></item>"
    )
