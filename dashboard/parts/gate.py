"""The gate before every page: nobody unknown passes, by HTTP or by WebSocket; and the headers that go with every answer."""

from __future__ import annotations

from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.parts import plain_page as draw
from dashboard.parts.front import Front
from dashboard.parts.refusal import calmly
from data.errors import SchoolwatchError
from schoolwatch.sign_in import SESSION_COOKIE

FIRST_START = "/first-start"
SIGN_IN = "/login"
_OPEN = frozenset({SIGN_IN, "/health", "/_stcore/health", "/report"})
_OPEN_BELOW = ("/report/",)
_PAGES = frozenset({"/finding", "/case", "/cases", "/sources", "/users", "/inbox", "/tell", "/password", "/rota", "/words"})
# Streamlit's own page sets styles from scripts and starts one inline script; everything else comes from this server alone.
# A post that names a foreign picture or script gets nothing from the network: that request would tell its author who is looking.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-src 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def is_open(path: str) -> bool:
    """Whether a path may be asked for without signing in."""
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def cookie(headers: Headers) -> str | None:
    """Return the session token that the browser sent."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(SESSION_COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def own_origin(headers: Headers) -> bool:
    """Whether a page of ours opens this WebSocket: cookies know no ports, so another program's page here would bring ours along."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def onward(wanted: str) -> str:
    """Return where to go after signing in: a page of ours, else the first page. Never another site."""
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or parts.path not in _PAGES:
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Gate:
    """ASGI middleware. Streamlit's own routes, static files and the WebSocket lie behind it."""

    def __init__(self, app: ASGIApp, front: Front) -> None:
        self._app, self._front = app, front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass, answer the rest."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        guarded = _Answer(send, static=scope["path"].startswith("/static/"))
        reference = await calmly(lambda: self._judge(scope, receive, guarded))
        if reference is not None and not guarded.begun and scope["type"] == "http":
            await _broken(reference)(scope, receive, guarded)

    async def _judge(self, scope: Scope, receive: Receive, guarded: Send) -> None:
        if not self._front.knows_host(Headers(scope=scope).get("host", "")):
            await _refuse(scope, receive, guarded, "This name does not lead to Schoolwatch.", 421)
        elif scope["type"] == "websocket" and not own_origin(Headers(scope=scope)):
            await _refuse(scope, receive, guarded, "", 403)
        elif self._front.is_new:
            await self._before_set_up(scope, receive, guarded)
        elif is_open(scope["path"]) and scope["type"] == "http":
            await self._app(scope, receive, guarded)
        else:
            await self._only_known(scope, receive, guarded)

    async def _before_set_up(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in {FIRST_START, "/health"}:
            await self._app(scope, receive, send)
        else:
            await _turn_away(scope, receive, send, FIRST_START)

    async def _only_known(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = cookie(Headers(scope=scope))
        try:
            user = await run_in_threadpool(lambda: self._front.desk().sign_in.user_for(token)) if token else None
        except SchoolwatchError as error:  # the database is down: nobody gets in, and the page says why
            await _refuse(scope, receive, send, str(error), 503)
            return
        if user is None:
            wanted = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
            known = onward(wanted)
            await _turn_away(scope, receive, send, SIGN_IN if known == "/" else f"{SIGN_IN}?next={quote(known, safe='')}")
        else:
            await self._app(scope, receive, send)


class _Answer:
    """Passes an answer on with the protecting headers, and knows whether it has begun."""

    def __init__(self, send: Send, *, static: bool) -> None:
        self._send, self._static, self.begun = send, static, False

    async def __call__(self, message: Message) -> None:
        """Send one part of the answer."""
        self.begun = True
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            _add(headers, _ALWAYS.items())
            _add(headers, [("Content-Security-Policy", _POLICY), ("Referrer-Policy", "no-referrer")])
            if not self._static:
                headers["Cache-Control"] = "no-store"
        await self._send(message)


def _broken(reference: str) -> Response:
    says = "Nothing was kept. Go back (your browser may still hold what you typed) and try again."
    return draw.page("This did not work", draw.problem(f"{says} Reference: {reference}"), draw.link("To the first page", "/"), status=500)


def _add(headers: MutableHeaders, rows: Iterable[tuple[str, str]]) -> None:
    for name, value in rows:
        headers.setdefault(name, value)


async def _refuse(scope: Scope, receive: Receive, send: Send, text: str, status: int) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse(text, status_code=status)(scope, receive, send)


async def _turn_away(scope: Scope, receive: Receive, send: Send, where: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # before it was accepted: the browser sees 403
    else:
        await RedirectResponse(where, status_code=303)(scope, receive, send)
