"""The Green Notebook's REST interface, as WordPress has it (platforms.md §12.3, developer.wordpress.org/rest-api)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from schoolwatch.demo.pages import NOT_FOUND, base_of, problem, words
from schoolwatch.demo.posts import Place
from schoolwatch.demo.scene import Shown, Standing, Town

MAX_PER_PAGE = 100
BAD_REQUEST = 400
_MISSING = {
    Place.BLOG: ("rest_post_invalid_id", "Invalid post ID."),
    Place.BLOG_COMMENT: ("rest_comment_invalid_id", "Invalid comment ID."),
}
CATEGORIES = {"fernley-green": (3, "Fernley Green"), "ashcombe-vale": (4, "Ashcombe Vale")}


def gmt(moment: datetime) -> str:
    """Return the moment as WordPress writes it: UTC without a mark."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _moment(text: str) -> datetime:
    """Read an ISO time; without a zone it is UTC (the blog's own zone). Raises ValueError."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _changed(shown: Shown) -> datetime:
    return shown.edited_at or shown.posted_at


def article(shown: Shown, base: str) -> dict[str, Any]:
    """Return the article as the REST interface shows a post."""
    rest = f"{base}/blog/wp-json/wp/v2"
    body = words(shown.text)
    return {
        "id": shown.number,
        "date": gmt(shown.posted_at),
        "date_gmt": gmt(shown.posted_at),
        "guid": {"rendered": f"{base}/blog/?p={shown.number}"},
        "modified": gmt(_changed(shown)),
        "modified_gmt": gmt(_changed(shown)),
        "slug": shown.post.key,
        "status": "publish",
        "type": "post",
        "link": base + shown.path,
        "title": {"rendered": escape(shown.post.title or "")},
        "content": {"rendered": body, "protected": False},
        "excerpt": {"rendered": body.split("</p>")[0] + "</p>", "protected": False},
        "author": 1,
        "featured_media": 0,
        "comment_status": "open",
        "categories": [CATEGORIES[shown.post.school][0]],
        "_links": {
            "self": [{"href": f"{rest}/posts/{shown.number}"}],
            "replies": [{"embeddable": True, "href": f"{rest}/comments?post={shown.number}"}],
        },
        "_embedded": {"author": [{"id": 1, "name": shown.author.name, "slug": shown.post.author, "link": f"{base}/blog/"}]},
    }


def comment(shown: Shown, base: str, article_number: int) -> dict[str, Any]:
    """Return the comment as the REST interface shows it."""
    return {
        "id": shown.number,
        "post": article_number,
        "parent": 0,
        "author": 0,
        "author_name": shown.author.name,
        "author_url": "",
        "date": gmt(shown.posted_at),
        "date_gmt": gmt(shown.posted_at),
        "content": {"rendered": words(shown.text)},
        "link": base + shown.path,
        "status": "approved",
        "type": "comment",
        "author_avatar_urls": {"96": f"{base}/pictures/people/{shown.post.author}.svg"},
    }


class WordPress:
    """The REST interface of the blog."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def root(self, request: Request) -> Response:
        """GET /wp-json/: how a visitor finds out that this is WordPress."""
        base = base_of(request)
        about = {
            "name": "The Green Notebook",
            "description": "A parents' blog",
            "url": f"{base}/blog",
            "home": f"{base}/blog",
            "gmt_offset": "0",
        }
        return JSONResponse(
            {**about, "timezone_string": "UTC", "namespaces": ["wp/v2"], "routes": {"/wp/v2/posts": {}, "/wp/v2/comments": {}}}
        )

    def posts(self, request: Request) -> Response:
        """GET /wp/v2/posts."""
        base = base_of(request)
        return self._rows(request, self.town.visible(Place.BLOG), lambda one: article(one, base))

    def comments(self, request: Request) -> Response:
        """GET /wp/v2/comments, all or those of one post."""
        rows, wanted = self.town.visible(Place.BLOG_COMMENT), request.query_params.get("post")
        if wanted:
            rows = [one for one in rows if wanted.split(",").count(str(self._article_number(one)))]
        base = base_of(request)
        return self._rows(request, rows, lambda one: comment(one, base, self._article_number(one)))

    def _article_number(self, one: Shown) -> int:
        return self.town.show(self.town.post(one.post.parent or "")).number

    def _rows(self, request: Request, rows: list[Shown], render: Callable[[Shown], dict[str, Any]]) -> Response:
        """Filter, order and page as WordPress does; a wrong value gets WordPress's own error."""
        try:
            per_page, number = int(request.query_params.get("per_page", 10)), int(request.query_params.get("page", 1))
            chosen = _ordered(request, _filtered(request, rows))
        except ValueError:
            return problem(BAD_REQUEST, "rest_invalid_param", "Invalid parameter(s).")
        if not 1 <= per_page <= MAX_PER_PAGE or number < 1:
            return problem(BAD_REQUEST, "rest_invalid_param", "Invalid parameter(s): per_page")
        pages = -(-len(chosen) // per_page)
        if number > max(pages, 1):
            kind = "post" if request.url.path.endswith("/posts") else "comment"
            return problem(
                BAD_REQUEST, f"rest_{kind}_invalid_page_number", "The page number requested is larger than the number of pages available."
            )
        part = chosen[(number - 1) * per_page : number * per_page]
        return JSONResponse([render(one) for one in part], headers=_totals(request, len(chosen), pages, number))

    def one_post(self, request: Request) -> Response:
        """GET /wp/v2/posts/:id."""
        return self._one(request, Place.BLOG, lambda shown: article(shown, base_of(request)))

    def one_comment(self, request: Request) -> Response:
        """GET /wp/v2/comments/:id."""
        return self._one(request, Place.BLOG_COMMENT, lambda shown: comment(shown, base_of(request), self._article_number(shown)))

    def _one(self, request: Request, place: Place, render: Callable[[Shown], dict[str, Any]]) -> Response:
        post = self.town.numbered(place, request.path_params["number"])
        if post is None or self.town.standing(post) is not Standing.HERE:
            return problem(NOT_FOUND, *_MISSING[place])
        return JSONResponse(render(self.town.show(post)))

    def routes(self) -> list[Route]:
        """Return every address below /blog/wp-json."""
        rest = "/blog/wp-json/wp/v2"
        table: list[tuple[str, Callable[[Request], Response]]] = [
            ("/blog/wp-json/", self.root),
            (f"{rest}/posts", self.posts),
            (f"{rest}/posts/{{number:int}}", self.one_post),
            (f"{rest}/comments", self.comments),
            (f"{rest}/comments/{{number:int}}", self.one_comment),
        ]
        return [Route(path, handler) for path, handler in table]


def _filtered(request: Request, rows: list[Shown]) -> list[Shown]:
    """Apply search, after, before and modified_after; raises ValueError for a time that is none."""
    query = request.query_params
    asked = query.get("search", "").lower().split()
    kept = [one for one in rows if all(word in f"{one.post.title} {one.text}".lower() for word in asked)]
    if "after" in query:
        kept = [one for one in kept if one.posted_at > _moment(query["after"])]
    if "before" in query:
        kept = [one for one in kept if one.posted_at < _moment(query["before"])]
    if "modified_after" in query:
        kept = [one for one in kept if _changed(one) > _moment(query["modified_after"])]
    return kept


def _ordered(request: Request, rows: list[Shown]) -> list[Shown]:
    """Order by date, modification or id, newest first unless `order=asc`; raises ValueError for another word."""
    query = request.query_params
    order, orderby = query.get("order", "desc"), query.get("orderby", "date")
    keys: dict[str, Callable[[Shown], tuple[Any, int]]] = {
        "modified": lambda one: (_changed(one), one.number),
        "id": lambda one: (one.number, one.number),
    }
    if order not in ("asc", "desc") or orderby not in ("date", "date_gmt", "modified", "id", "relevance"):
        raise ValueError(orderby)
    key = keys.get(orderby, lambda one: (one.posted_at, one.number))
    return sorted(rows, key=key, reverse=order == "desc")


def _totals(request: Request, total: int, pages: int, number: int) -> dict[str, str]:
    """Return WordPress's paging headers; Link leads on and back."""
    links = []
    if number > 1:
        links.append(f'<{request.url.include_query_params(page=number - 1)}>; rel="prev"')
    if number < pages:
        links.append(f'<{request.url.include_query_params(page=number + 1)}>; rel="next"')
    return {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages), **({"Link": ", ".join(links)} if links else {})}
