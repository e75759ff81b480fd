"""The ASGI app: Streamlit behind a gate, plain pages for those who are not signed in, guarded downloads, a health answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit.starlette import App

from dashboard.parts import at_desk
from dashboard.parts.first_start_page import FirstStartPage
from dashboard.parts.front import Front
from dashboard.parts.gate import Gate
from dashboard.parts.pack_download import PackDownload
from dashboard.parts.paper_download import PaperDownload
from dashboard.parts.picture_route import PictureRoute
from dashboard.parts.refusal import broke_down
from dashboard.parts.report_page import ReportPage
from dashboard.parts.sign_in_page import SignInPage
from schoolwatch.desk import Desk, open_desk
from schoolwatch.settings import Settings, load_settings
from schoolwatch.up import when_parent_ends

SCRIPT = Path(__file__).resolve().parent / "app.py"  # absolute: a relative path resolves against the working folder and answers 500

MOST_BYTES = 50 * 1024 * 1024  # of one message from a browser


async def health(_request: Request) -> Response:
    """Answer that the server is up, with no content: for a service manager or a proxy."""
    return Response(status_code=204)


def create_app(settings: Settings | None = None, opener: Callable[[Settings], Desk] = open_desk) -> App:
    """Return the app for these settings (read from the usual places if None). Nothing is opened before the first request."""
    front = Front(settings or load_settings(), opener)
    at_desk.use(front.desk)
    routes = [
        Route("/health", health, methods=["GET"]),
        *SignInPage(front).routes(),
        *ReportPage(front).routes(),
        *FirstStartPage(front).routes(),
        *PackDownload(front).routes(),
        *PaperDownload(front).routes(),
        *PictureRoute(front).routes(),
    ]
    return App(SCRIPT, routes=routes, middleware=[Middleware(Gate, front=front)], on_script_error=broke_down)


def serve(settings: Settings | None = None, *, with_parent: bool = False) -> None:
    """Serve the screens until told to stop (SIGINT, SIGTERM), or until the supervisor that started us has gone (`with_parent`)."""
    chosen = settings or load_settings()
    config = uvicorn.Config(
        create_app(chosen),
        host=chosen.host,
        port=chosen.port,
        log_level="warning",
        access_log=False,  # its lines would hold addresses of people and of cases
        server_header=False,
        ws_max_size=MOST_BYTES,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    if with_parent:
        when_parent_ends(lambda: setattr(server, "should_exit", True))
    server.run()
