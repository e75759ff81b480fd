"""`/picture/{evidence}/{name}`: a picture for one fetch, and its blurred tile; never through the media store of the pages' framework."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.parts import plain_page as draw
from dashboard.parts.front import Front
from dashboard.parts.gate import cookie
from data.errors import EvidenceError, NotFoundError, PermissionDeniedError, SchoolwatchError
from data.model.people import User
from evidence.errors import CaptureForbiddenError
from evidence.viewing import MEDIA_TYPE
from schoolwatch.desk import Desk
from schoolwatch.pictures import LookRefusedError

Draw = Callable[[Desk, User, str | None], bytes]
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; sandbox",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
_STATUS: tuple[tuple[type[SchoolwatchError], int], ...] = (
    (PermissionDeniedError, 403),
    (LookRefusedError, 403),
    (CaptureForbiddenError, 403),
    (NotFoundError, 404),
    (EvidenceError, 409),
)


def tile_address(evidence_id: str, name: str) -> str:
    """Return where a blurred tile lies."""
    return f"/picture/{quote(evidence_id, safe='')}/{quote(name, safe='')}/tile"


def picture_address(evidence_id: str, name: str, token: str) -> str:
    """Return where a picture may be fetched once."""
    return f"/picture/{quote(evidence_id, safe='')}/{quote(name, safe='')}?t={quote(token, safe='')}"


class PictureRoute:
    """The only way in which a picture reaches a browser."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def routes(self) -> list[Route]:
        """Return the routes to mount."""
        return [
            Route("/picture/{evidence_id}/{name}/tile", self.give_tile, methods=["GET"]),
            Route("/picture/{evidence_id}/{name}", self.give, methods=["GET"]),
        ]

    async def give_tile(self, request: Request) -> Response:
        """Return the blurred tile, or say in words why not."""
        asked = request.path_params
        return await self._drawn(request, lambda desk, user, _session: desk.pictures.tile(user, asked["evidence_id"], asked["name"]))

    async def give(self, request: Request) -> Response:
        """Return the picture that a reason was given for, once."""
        asked, token = request.path_params, request.query_params.get("t", "")
        return await self._drawn(
            request, lambda desk, user, session: desk.pictures.fetch(user, session, asked["evidence_id"], asked["name"], token)
        )

    async def _drawn(self, request: Request, fetch: Draw) -> Response:
        try:
            content = await run_in_threadpool(self._fetched, cookie(request.headers), fetch)
        except SchoolwatchError as error:
            back = draw.link("To the cases", "/cases")
            return draw.page("No picture is shown", draw.problem(_words(error)), back, status=_status(error))
        return Response(content, media_type=MEDIA_TYPE, headers=HEADERS)

    def _fetched(self, token: str | None, fetch: Draw) -> bytes:
        desk = self._front.desk()
        user = desk.sign_in.user_for(token)
        if user is None:
            raise PermissionDeniedError("unknown", "look at evidence")
        return fetch(desk, user, token)


def _words(error: SchoolwatchError) -> str:
    if isinstance(error, NotFoundError):
        return "There is no such picture, or it is not yours to see."
    return str(error)


def _status(error: SchoolwatchError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 409)
