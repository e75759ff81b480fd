"""`/pack/{case_id}` and `/papers/{filing_id}`: what leaves by the browser, for those who may; every download is in the custody chain."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.parts import plain_page as draw
from dashboard.parts.front import Front
from dashboard.parts.gate import cookie
from data.errors import NotFoundError, PermissionDeniedError, SchoolwatchError
from data.model.people import User
from evidence.report import Variant
from schoolwatch.desk import Desk

Take = Callable[[Desk, User], tuple[str, bytes]]
TO_CASES = draw.link("Back to the cases", "/cases")
_SAFE_NAME = re.compile(r"[^A-Za-z0-9._-]")


class PackDownload:
    """The one way in which files leave by the browser."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def routes(self) -> list[Route]:
        """Return the routes to mount."""
        return [Route("/pack/{case_id}", self.give, methods=["GET"]), Route("/papers/{filing_id}", self.give_papers, methods=["GET"])]

    async def give(self, request: Request) -> Response:
        """Return the pack as a download, or say in words why not; `?variant=redacted` gives working copies only."""
        case_id, variant = request.path_params["case_id"], _variant(request)
        back = draw.link("Back to the case", f"/case?id={quote(case_id, safe='')}")
        return await self._download(request, lambda desk, user: desk.safe.pack(user, case_id, variant), "No pack was made", back)

    async def give_papers(self, request: Request) -> Response:
        """Return the papers for a person who files a report themselves (policy A19), or say in words why not."""
        filing_id = request.path_params["filing_id"]
        return await self._download(request, lambda desk, user: desk.safe.papers(user, filing_id), "No papers were made", TO_CASES)

    async def _download(self, request: Request, take: Take, title: str, back: str) -> Response:
        try:
            name, content = await run_in_threadpool(self._taken, cookie(request.headers), take)
        except SchoolwatchError as error:
            return draw.page(
                title, draw.problem(said(error)), TO_CASES if isinstance(error, NotFoundError) else back, status=_status(error)
            )
        headers = {
            "Content-Disposition": f'attachment; filename="{_SAFE_NAME.sub("_", name)}"',
            "Cache-Control": "no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return Response(content, media_type="application/zip", headers=headers)

    def _taken(self, token: str | None, take: Take) -> tuple[str, bytes]:
        desk = self._front.desk()
        user = desk.sign_in.user_for(token)
        if user is None:
            raise PermissionDeniedError("unknown", "export evidence")
        return take(desk, user)


def said(error: SchoolwatchError) -> str:
    """Return a refusal as a sentence; of what does not exist only that it does not."""
    text = f"there is no such {error.what}" if isinstance(error, NotFoundError) else str(error)
    sentence = text[:1].upper() + text[1:]
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


def _variant(request: Request) -> Variant:
    """Return which pack is wanted; the full one only when nothing else was asked for."""
    asked = request.query_params.get("variant", Variant.FULL.value)
    return Variant.FULL if asked == Variant.FULL.value else Variant.REDACTED


def _status(error: SchoolwatchError) -> int:
    if isinstance(error, PermissionDeniedError):
        return 403
    return 404 if isinstance(error, NotFoundError) else 409
