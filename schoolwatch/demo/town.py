"""The town over real HTTP on one loopback port: the social network, the blog, the forum and the wiki.

Run by itself: `python -m schoolwatch.demo.town --port 0 --factor 360`. The first line it prints is JSON with its address and clock.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from data.clock import ScaledClock, SystemClock
from data.errors import SettingsError
from schoolwatch.demo.blog import Blog
from schoolwatch.demo.forum import Forum
from schoolwatch.demo.front import Front
from schoolwatch.demo.mastodon import Mastodon
from schoolwatch.demo.moderator import Moderator
from schoolwatch.demo.pages import NOT_FOUND, page
from schoolwatch.demo.pictures import avatar, drawing
from schoolwatch.demo.posts import Place
from schoolwatch.demo.scene import Town, UnknownAddressError
from schoolwatch.demo.social import Social
from schoolwatch.demo.walls import consent, guarded, login
from schoolwatch.demo.wiki import Wiki
from schoolwatch.demo.wordpress import WordPress

__all__ = ["RunningTown", "Town", "UnknownAddressError", "build_app", "run_town", "start_in_thread"]

HOST = "127.0.0.1"
FACTOR = 360.0  # an hour in ten seconds
START_SECONDS = 15.0
_SVG = "image/svg+xml"


def _picture(request: Request) -> Response:
    svg = drawing(request.path_params["name"])
    return PlainTextResponse("no such picture", NOT_FOUND) if svg is None else Response(svg, media_type=_SVG)


def _person(request: Request) -> Response:
    return Response(avatar(request.path_params["handle"]), media_type=_SVG)


def _robots(_request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nAllow: /\n")


def _nowhere(_request: Request, _problem: Exception) -> Response:
    return page(
        "front",
        "Not found",
        '<main><h1>There is no such place in the town</h1><p><a href="/">Back to the front page</a></p></main>',
        status=NOT_FOUND,
    )


def build_app(town: Town) -> Starlette:
    """Return the town as one ASGI application. Only loopback names are answered, so no other site can reach it through a browser."""
    front = Front(town)
    places = (
        (Place.SOCIAL, [*Mastodon(town).routes(), *Social(town).routes()]),
        (Place.BLOG, [*WordPress(town).routes(), *Blog(town).routes()]),
        (Place.FORUM, Forum(town).routes()),
        (Place.WIKI, Wiki(town).routes()),
    )
    routes = [
        Route("/", front.page),
        Route("/robots.txt", _robots),
        Route("/clock", front.clock),
        Route("/consent", consent),
        Route("/forum/login", login),
        Route("/moderator/requests", front.receive, methods=["POST"]),
        Route("/moderator/requests", front.receipts, methods=["GET"]),
        Route("/pictures/people/{handle:str}.svg", _person),
        Route("/pictures/{name:str}.svg", _picture),
        *(guarded(town, place, route) for place, rows in places for route in rows),
    ]
    names = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost", "[::1]"])
    return Starlette(routes=routes, middleware=[names], exception_handlers={NOT_FOUND: _nowhere})


def _listen(port: int) -> socket.socket:
    """Return a listening socket on loopback; raises SettingsError when the port is taken."""
    listener = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # asyncio sends at once only when the protocol is named
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as problem:
        listener.close()
        raise SettingsError(
            f"port {port} of {HOST} cannot be opened ({problem.strerror}); choose another with --port, or 0 for any free one"
        ) from problem
    return listener


def _server(town: Town) -> uvicorn.Server:
    config = uvicorn.Config(
        build_app(town),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


@dataclass
class RunningTown:
    """A town that is being served by a thread of this process; `stop` (or leaving the `with`) ends it."""

    town: Town
    port: int
    _server: uvicorn.Server
    _thread: threading.Thread

    @property
    def base(self) -> str:
        """The town's address, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    def stop(self) -> None:
        """End the server and wait for its thread."""
        self._server.should_exit = True
        self._thread.join(START_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def start_in_thread(town: Town, *, port: int = 0) -> RunningTown:
    """Serve the town from a thread and return once it listens; raises SettingsError when the port is taken."""
    listener, server = _listen(port), _server(town)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="town", daemon=True)
    thread.start()
    return RunningTown(town, int(listener.getsockname()[1]), server, thread)


def _after(follow: Callable[[], object], stop: Callable[[], None]) -> None:
    follow()
    stop()


def run_town(
    town: Town, *, port: int = 0, announce: Callable[[int], None] | None = None, follow: Callable[[], object] | None = None
) -> None:
    """Serve the town until SIGTERM or SIGINT, or until `follow` (run in a thread) returns; `announce` is told the port first."""
    listener, server = _listen(port), _server(town)

    def stop(*_: object) -> None:
        server.should_exit = True

    signal.signal(signal.SIGTERM, stop)  # the server raises the signal again after its end: then it must not kill us
    signal.signal(signal.SIGINT, stop)
    if follow is not None:
        threading.Thread(target=_after, args=(follow, stop), daemon=True).start()
    if announce is not None:
        announce(int(listener.getsockname()[1]))
    server.run(sockets=[listener])


def _moment(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise argparse.ArgumentTypeError(f"'{text}' has no zone; write for example 2026-11-20T09:00:00+00:00")
    return read


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m schoolwatch.demo.town", description="Serve the invented town on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--factor", type=float, default=FACTOR, help="how many times faster than the wall clock the town's clock runs")
    parser.add_argument("--origin", type=_moment, default=None, help="when the town began (ISO time with zone); default: now")
    parser.add_argument("--moderator-hours", type=float, default=5.0, help="hours of the town between a request and the removal")
    parser.add_argument("--memory", type=Path, default=None, help="file in which requests are kept over a restart")
    parser.add_argument("--follow-stdin", action="store_true", help="end when the standard input is closed")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Serve a town as its own process; prints one JSON line with address, port, origin and factor, then runs until it is told to end."""
    chosen = _arguments(given)
    origin = chosen.origin or SystemClock().now()
    moderator = Moderator(timedelta(hours=chosen.moderator_hours), chosen.memory)
    town = Town(ScaledClock(origin, chosen.factor), start=origin, moderator=moderator)

    def announce(port: int) -> None:
        facts = {"base": f"http://{HOST}:{port}", "port": port, "origin": origin.isoformat(), "factor": chosen.factor}
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()

    run_town(town, port=chosen.port, announce=announce, follow=sys.stdin.read if chosen.follow_stdin else None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
