"""Walls: for a while each day a place asks for sign-in or consent, or errs. None of these is a removal (platforms.md §1.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from schoolwatch.demo.pages import base_of, page, piece
from schoolwatch.demo.posts import Place
from schoolwatch.demo.scene import Town

Endpoint = Callable[[Request], Response]
_INSIDE = re.compile(r"/(?:[\w.~-][\w./~-]*)?")  # a path of the town: no second slash, no backslash at its start
BUSY_SECONDS = 2  # real seconds; short, since the demo's hours are short too


def _login(_place: Place, request: Request) -> Response:
    return RedirectResponse(f"{base_of(request)}/forum/login", status_code=302)


def _consent(place: Place, request: Request) -> Response:
    """Ask first, show nothing: only pages ask, the REST interface and the feeds go on."""
    return page(place.value, "Before you continue", piece("consent", escape(request.url.path)))


def _closed(place: Place, request: Request) -> Response:
    if "/api/" in request.url.path or "json" in request.headers.get("accept", ""):
        return JSONResponse({"error": "This method requires an authenticated user"}, status_code=401)
    return page(
        place.value, "Members only", _notice("Members only", "This server shows posts to signed-in members at this hour."), status=401
    )


def _busy(place: Place, _request: Request) -> Response:
    body = _notice("Too busy", "The server cannot answer at present. Please try again soon.")
    return page(place.value, "Too busy", body, status=503, headers={"Retry-After": str(BUSY_SECONDS)})


def _notice(heading: str, text: str) -> str:
    return f'<section class="wall"><h1>{heading}</h1><p>{text}</p></section>'


_WALLS: dict[str, Callable[[Place, Request], Response]] = {"login": _login, "consent": _consent, "closed": _closed, "busy": _busy}


def _is_let_through(kind: str, request: Request) -> bool:
    """A visitor who accepted passes the consent page; programs' addresses never show it."""
    is_page = "/wp-json/" not in request.url.path and not request.url.path.endswith("/feed/")
    return kind == "consent" and (not is_page or request.cookies.get("consent") == "yes")


def guarded(town: Town, place: Place, route: Route) -> Route:
    """Return the route with the place's walls before it."""
    endpoint = cast("Endpoint", route.endpoint)

    def behind(request: Request) -> Response:
        kind = town.wall(place)
        if kind is None or _is_let_through(kind, request):
            return endpoint(request)
        return _WALLS[kind](place, request)

    return Route(route.path, behind)


def consent(request: Request) -> Response:
    """Remember that the visitor accepted, and lead back to where they were (inside the town only)."""
    to = request.query_params.get("to", "/")
    answer = RedirectResponse(to if _INSIDE.fullmatch(to) else "/", status_code=303)
    answer.set_cookie("consent", "yes", httponly=True, samesite="lax")
    return answer


def login(_request: Request) -> Response:
    """The page that the forum's members-only hours lead to."""
    return page(Place.FORUM.value, "Sign in · Millstream forum", piece("login"))
