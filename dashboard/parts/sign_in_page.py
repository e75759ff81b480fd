"""Signing in and out: plain pages that work without a script."""

from __future__ import annotations

import hashlib
import hmac

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboard.parts import plain_page as draw
from dashboard.parts.brake import Brake
from dashboard.parts.front import Front
from dashboard.parts.gate import SIGN_IN, cookie, onward
from dashboard.parts.plain_form import FormRefusedError, Sent, client_address, read_form
from data.errors import SchoolwatchError
from schoolwatch.demo.watchlist import DEMO_PASSWORD
from schoolwatch.sign_in import SESSION_COOKIE

LONGEST_PASSWORD = 500  # a longer one would only make the machine work
TOO_MANY = "Too many tries from this computer. Wait five minutes, then try again."


class SignInPage:
    """`/login` and `/logout`."""

    def __init__(self, front: Front, brake: Brake | None = None) -> None:
        self._front = front
        self._brake = brake or Brake(limit=30, seconds=300)

    def routes(self) -> list[Route]:
        """Return the routes to mount."""
        return [
            Route(SIGN_IN, self.show, methods=["GET"]),
            Route(SIGN_IN, self.enter, methods=["POST"]),
            Route("/logout", self.ask_out, methods=["GET"]),
            Route("/logout", self.leave, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Draw the sign-in page; who is signed in already goes on."""
        wanted = onward(request.query_params.get("next", ""))
        token = cookie(request.headers)
        if await run_in_threadpool(self._knows, token):
            return RedirectResponse(wanted, status_code=303)
        says = "You are signed out." if "out" in request.query_params else ""
        return self._page(wanted=wanted, good=says)

    def _knows(self, token: str | None) -> bool:
        return token is not None and self._front.desk().sign_in.user_for(token) is not None

    def _page(self, *, wanted: str = "/", name: str = "", wrong: str = "", good: str = "", status: int = 200) -> Response:
        return draw.page(
            "Sign in",
            draw.problem(wrong) if wrong else "",
            draw.box(draw.para(good), tone="good") if good else "",
            draw.form(
                SIGN_IN,
                "Sign in",
                draw.hidden("next", wanted),
                draw.field("username", "User name", name, complete="username", required=True, longest=80, focus=not name),
                draw.field(
                    "password",
                    "Password",
                    kind="password",
                    complete="current-password",
                    required=True,
                    longest=LONGEST_PASSWORD,
                    focus=bool(name),
                ),
            ),
            self._demo(),
            "<footer>",
            draw.para("Forgotten your password? Ask the person who manages users at your school for a new one."),
            draw.link("Report something you saw online, without signing in", "/report"),
            "</footer>",
            status=status,
            small=True,
        )

    def _demo(self) -> str:
        if self._front.settings.demo is None:
            return ""
        return draw.box(
            draw.para("This is the demo. Its schools, people and posts are invented."),
            draw.para(f"User name: dsl (or deputy, head, comms). Password: {DEMO_PASSWORD}"),
        )

    async def enter(self, request: Request) -> Response:
        """Check name and password; a good pair gets the cookie, a bad one the same words as an unknown name."""
        try:
            sent = await read_form(request)
        except FormRefusedError as error:
            return self._page(wrong=str(error), status=error.status)
        name, wanted = sent.one("username"), onward(sent.one("next"))
        if not self._brake.allows(client_address(request)):
            return self._page(wanted=wanted, name=name, wrong=TOO_MANY, status=429)
        try:
            token = await run_in_threadpool(self._token, sent)
        except SchoolwatchError as error:
            return self._page(wanted=wanted, name=name, wrong=str(error), status=401)
        answer = RedirectResponse(wanted, status_code=303)
        answer.set_cookie(SESSION_COOKIE, token, path="/", httponly=True, samesite="strict", secure=self._front.settings.secure_cookie)
        return answer

    def _token(self, sent: Sent) -> str:
        return self._front.desk().sign_in.sign_in(sent.one("username")[:80], sent.secret("password")[:LONGEST_PASSWORD])

    async def ask_out(self, request: Request) -> Response:
        """Draw the page with the one button that signs out; a link alone must not be able to."""
        token = cookie(request.headers) or ""
        return draw.page(
            "Sign out",
            draw.form("/logout", "Sign out", draw.hidden("proof", proof(token))),
            draw.link("Stay signed in", "/"),
            small=True,
        )

    async def leave(self, request: Request) -> Response:
        """End the session and drop the cookie."""
        token = cookie(request.headers) or ""
        try:
            sent = await read_form(request)
        except FormRefusedError as error:
            return draw.page("Sign out", draw.problem(str(error)), draw.link("Back", "/logout"), status=error.status, small=True)
        if not hmac.compare_digest(sent.one("proof").encode(), proof(token).encode()):
            return draw.page(
                "Sign out", draw.problem("this form is out of date"), draw.link("Try again", "/logout"), status=403, small=True
            )
        await run_in_threadpool(lambda: self._front.desk().sign_in.sign_out(token))
        answer = RedirectResponse(f"{SIGN_IN}?out=1", status_code=303)
        answer.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict", secure=self._front.settings.secure_cookie)
        return answer


def proof(token: str) -> str:
    """Return what only a page drawn for this session can send along (against cross-site request forgery)."""
    return hashlib.sha256(b"sign out:" + token.encode()).hexdigest()
