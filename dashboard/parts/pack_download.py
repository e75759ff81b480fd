"""`/pack/{case_id}`: the evidence pack of a case, for those who may export it; every download is in the custody chain."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.parts import plain_page as draw
from dashboard.parts.front import Front
from dashboard.parts.gate import cookie
from data.errors import NotFoundError, PermissionDeniedError, SchoolwatchError

_SAFE_NAME = re.compile(r"[^A-Za-z0-9._-]")


class PackDownload:
    """The one way in which files leave by the browser."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def routes(self) -> list[Route]:
        """Return the route to mount."""
        return [Route("/pack/{case_id}", self.give, methods=["GET"])]

    async def give(self, request: Request) -> Response:
        """Return the pack as a download, or say in words why not."""
        case_id = request.path_params["case_id"]
        try:
            name, pack = await run_in_threadpool(self._pack, cookie(request.headers), case_id)
        except SchoolwatchError as error:
            back = draw.link("Back to the case", f"/case?id={quote(case_id, safe='')}")
            return draw.page("No pack was made", draw.problem(str(error)), back, status=_status(error))
        headers = {
            "Content-Disposition": f'attachment; filename="{_SAFE_NAME.sub("_", name)}"',
            "Cache-Control": "no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return Response(pack, media_type="application/zip", headers=headers)

    def _pack(self, token: str | None, case_id: str) -> tuple[str, bytes]:
        desk = self._front.desk()
        user = desk.sign_in.user_for(token)
        if user is None:
            raise PermissionDeniedError("unknown", "export evidence")
        return desk.safe.pack(user, case_id)


def _status(error: SchoolwatchError) -> int:
    if isinstance(error, PermissionDeniedError):
        return 403
    return 404 if isinstance(error, NotFoundError) else 409
