"""`/paper/{kind}/{id}.{form}`: a notice or letter as PDF, mail draft or text, for those who may write it."""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from casework.letters import Paper
from dashboard.parts import plain_page as draw
from dashboard.parts.front import Front
from dashboard.parts.gate import cookie
from dashboard.parts.pack_download import TO_CASES, said
from data.errors import NotFoundError, PermissionDeniedError, SchoolwatchError

_SAFE_NAME = re.compile(r"[^A-Za-z0-9._-]")


class PaperDownload:
    """Papers leave by the person's own browser; nothing is sent from here."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def routes(self) -> list[Route]:
        """Return the route to mount."""
        return [Route("/paper/{kind}/{record_id}.{form}", self.give, methods=["GET"])]

    async def give(self, request: Request) -> Response:
        """Return the paper as a download, or say in words why not."""
        asked = request.path_params
        try:
            paper = await run_in_threadpool(self._paper, cookie(request.headers), asked["kind"], asked["record_id"], asked["form"])
        except SchoolwatchError as error:
            return draw.page("No paper was made", draw.problem(said(error)), TO_CASES, status=_status(error))
        headers = {
            "Content-Disposition": f'attachment; filename="{_SAFE_NAME.sub("_", paper.name)}"',
            "Cache-Control": "no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return Response(paper.content, media_type=paper.media_type, headers=headers)

    def _paper(self, token: str | None, kind: str, record_id: str, form: str) -> Paper:
        desk = self._front.desk()
        user = desk.sign_in.user_for(token)
        if user is None:
            raise PermissionDeniedError("unknown", "take a letter along")
        return desk.casework.paper(user, kind, record_id, form)


def _status(error: SchoolwatchError) -> int:
    if isinstance(error, PermissionDeniedError):
        return 403
    return 404 if isinstance(error, NotFoundError) else 409
