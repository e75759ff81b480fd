"""The first start: a short wizard that needs the code from the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboard.parts import plain_page as draw
from dashboard.parts.brake import Brake
from dashboard.parts.front import Front
from dashboard.parts.gate import FIRST_START, SIGN_IN
from dashboard.parts.plain_form import FormRefusedError, Sent, client_address, read_form
from data.errors import SchoolwatchError
from data.model.people import Role
from schoolwatch.first_start import FirstStart, FirstStartError, set_up

_ROLES = {Role.DSL.value: "Safeguarding lead (DSL)", Role.HEADTEACHER.value: "Headteacher"}


class FirstStartPage:
    """`/first-start`, only while nobody was here before."""

    def __init__(self, front: Front, brake: Brake | None = None) -> None:
        self._front = front
        self._brake = brake or Brake(limit=20, seconds=600)  # the code has eight digits: guessing it must stay hopeless

    def routes(self) -> list[Route]:
        """Return the routes to mount."""
        return [Route(FIRST_START, self.show, methods=["GET"]), Route(FIRST_START, self.take, methods=["POST"])]

    async def show(self, _request: Request) -> Response:
        """Draw the wizard, or the way to the sign-in page once it was used."""
        if not self._front.is_new:
            return RedirectResponse(SIGN_IN, status_code=303)
        return _page(Sent(), {})

    async def take(self, request: Request) -> Response:
        """Set the school up; on a refusal everything but the password is kept, with a line at each wrong field."""
        if not self._front.is_new:
            return RedirectResponse(SIGN_IN, status_code=303)
        try:
            sent = await read_form(request)
        except FormRefusedError as error:
            return _page(Sent(), {"": str(error)}, status=error.status)
        if not self._brake.allows(client_address(request)):
            return _page(sent, {"": "Too many tries. Wait ten minutes, then try again."}, status=429)
        try:
            self._front.settings = await run_in_threadpool(lambda: set_up(self._front.settings, as_form(sent)))
        except FirstStartError as error:
            return _page(sent, error.fields, status=422)
        except SchoolwatchError as error:
            return _page(sent, {"": str(error)}, status=422)
        return RedirectResponse(SIGN_IN, status_code=303)


def as_form(sent: Sent) -> FirstStart:
    """Return what was typed as the record that the front door takes."""
    typed = {name: sent.one(name) for name in FirstStart.model_fields if name != "password"}
    return FirstStart(**typed, password=sent.secret("password"))


def _page(sent: Sent, wrong: Mapping[str, str], status: int = 200) -> Response:
    def ask(name: str, label: str, hint: str = "", *, kind: str = "text", required: bool = False, complete: str = "off") -> str:
        return draw.field(
            name,
            label,
            "" if kind == "password" else sent.one(name),
            kind=kind,
            hint=hint,
            wrong=wrong.get(name, ""),
            required=required,
            complete=complete,
        )

    return draw.page(
        "First start",
        draw.para("A few questions, about five minutes. Nothing is watched before you have finished."),
        draw.problem(_summary(wrong)) if wrong else "",
        draw.form(
            FIRST_START,
            "Set up Schoolwatch",
            ask("set_up_code", "Set-up code", "Eight digits from the window in which Schoolwatch was started.", required=True),
            draw.heading("Your school"),
            ask("school_name", "Name of the school", required=True),
            ask("town", "Town"),
            ask("urn", "URN", "The number from Get Information about Schools. May follow later."),
            ask("site_domain", "The school's own web site", "For example fernleygreen.example"),
            ask("postal_address", "Postal address", "Stands in requests for removal."),
            ask("reply_mailbox", "Mailbox for answers", "Where platforms and site owners should answer.", kind="email"),
            draw.heading("What stands for your school"),
            ask(
                "watch_terms",
                "Names, nicknames, hashtags, handles: one a line",
                "Only the school itself, never the name of a person.",
                kind="area",
                required=True,
            ),
            draw.heading("Watching openly"),
            draw.para(
                "Schoolwatch reads only what is public, and only after the school has said so. These may follow later; until then it waits."
            ),
            ask("contact", "Contact address", "Sent to every site that is read, so that they can reach you.", kind="email", required=True),
            ask("privacy_notice_url", "Web address of your privacy notice", "It must say that public posts about the school are read."),
            ask("dpia_signed_on", "Day on which the DPIA was signed", kind="date"),
            ask("dpia_signed_by", "Signed by"),
            draw.heading("You"),
            ask("your_name", "Your name", required=True, complete="name"),
            draw.choices("role", "You are the", _ROLES, (sent.one("role") or Role.DSL.value,)),
            ask("username", "User name", "Small letters, digits, dots or dashes.", required=True, complete="username"),
            ask(
                "password",
                "Password",
                "At least 12 characters. Three or four words make a good one.",
                kind="password",
                required=True,
                complete="new-password",
            ),
        ),
        status=status,
    )


def _summary(wrong: Mapping[str, str]) -> str:
    if "" in wrong:
        return wrong[""]
    count = len(wrong)
    return (
        f"Nothing was set up yet: {count} {'answer needs' if count == 1 else 'answers need'} another look. Please type the password again."
    )
