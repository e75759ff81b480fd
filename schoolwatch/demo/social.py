"""Townsquare's pages for people: the town's small social network."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schoolwatch.demo.mastodon import MAX_LIMIT, answers_to, count, tags_of
from schoolwatch.demo.pages import GONE, NOT_FOUND, face, figures, page, when, words
from schoolwatch.demo.posts import Place, TownPost
from schoolwatch.demo.scene import Shown, Standing, Town


class Social:
    """The pages of the social network."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def _find(self, request: Request) -> TownPost | None:
        return self.town.numbered(Place.SOCIAL, int(request.path_params["number"]))

    def page(self, request: Request) -> Response:
        """The page of one post, for people."""
        post = self._find(request)
        if post is None or post.author != request.path_params["handle"]:
            return self._missing(NOT_FOUND)
        if self.town.standing(post) is not Standing.HERE:
            return self._missing(GONE)
        shown = self.town.show(post)
        answers = "".join(self._card(one) for one in answers_to(self.town, shown))
        below = f"<h2>Answers</h2>{answers}" if answers else '<p class="quiet">No answers yet.</p>'
        return self._frame(f"{shown.author.name} on Townsquare", f"{self._question(shown)}{self._card(shown, is_large=True)}{below}")

    def _question(self, shown: Shown) -> str:
        """The post that this one answers, if it is still there."""
        parent = shown.post.parent
        if parent is None or self.town.standing(self.town.post(parent)) is not Standing.HERE:
            return ""
        return self._card(self.town.show(self.town.post(parent)))

    def home(self, _request: Request) -> Response:
        """The newest posts of everybody."""
        return self._list("Townsquare", "Newest posts", self.town.visible(Place.SOCIAL))

    def tagged(self, request: Request) -> Response:
        """The posts with a hashtag."""
        tag = request.path_params["tag"]
        rows = [one for one in self.town.visible(Place.SOCIAL) if tag.lower() in tags_of(one.text)]
        return self._list(f"#{tag} on Townsquare", f"#{tag}", rows)

    def person(self, request: Request) -> Response:
        """The posts of one person."""
        author = self.town.authors.get(request.path_params["handle"])
        if author is None:
            return self._missing(NOT_FOUND)
        rows = [one for one in self.town.visible(Place.SOCIAL) if one.post.author == author.handle]
        about = f"<b>{escape(author.name)}</b><br>@{escape(author.handle)}<p>{escape(author.about)}</p>"
        head = f'<section class="profile">{face(author.handle, 72)}<div>{about}</div></section>'
        return self._list(f"{author.name} on Townsquare", "Posts", rows, head)

    def _list(self, title: str, heading: str, rows: list[Shown], before: str = "") -> Response:
        cards = "".join(self._card(one) for one in rows[:MAX_LIMIT]) or '<p class="quiet">Nothing here yet.</p>'
        return self._frame(title, f"{before}<h1>{escape(heading)}</h1>{cards}")

    def _missing(self, code: int) -> Response:
        reason = "<p>It may have been taken down, or the address is wrong.</p>"
        body = f'<section class="gone"><h1>This post is not available</h1>{reason}</section>'
        return self._frame("Not available on Townsquare", body, code)

    def _card(self, shown: Shown, *, is_large: bool = False) -> str:
        handle = escape(shown.post.author)
        edited = f' <span class="edited">edited {when(shown.edited_at)}</span>' if shown.edited_at else ""
        warning = f'<p class="warning">{escape(shown.post.warning)}</p>' if shown.post.warning else ""
        likes, shares = count(self.town, shown, "likes", 61), count(self.town, shown, "shares", 23)
        kind = "card large" if is_large else "card"
        name = f'<a class="name" href="/social/@{handle}">{escape(shown.author.name)}</a><span class="handle">@{handle}</span>'
        head = f'{face(shown.post.author)}<div>{name}</div><a class="stamp" href="{shown.path}">{when(shown.posted_at)}</a>'
        foot = f"<span>{_answers(len(answers_to(self.town, shown)))}</span><span>{shares} shared</span><span>{likes} liked</span>{edited}"
        text = f'<div class="text">{words(shown.text, "/social")}</div>'
        return (
            f'<article class="{kind}" id="s{shown.number}"><header>{head}</header>'
            f"{warning}{text}{figures(shown)}<footer>{foot}</footer></article>"
        )

    def _frame(self, title: str, body: str, code: int = 200) -> Response:
        return page("social", title, body, status=code)

    def routes(self) -> list[Route]:
        """Return every address for people."""
        handle = "{handle:str}"
        table: list[tuple[str, Callable[[Request], Response]]] = [
            ("/", self.home),
            ("/tags/{tag:str}", self.tagged),
            (f"/@{handle}/{{number:int}}", self.page),
            (f"/@{handle}", self.person),
            (f"/users/{handle}", self.person),
        ]
        return [Route(f"/social{path}", handler) for path, handler in table]


def _answers(number: int) -> str:
    return "1 answer" if number == 1 else f"{number} answers"
