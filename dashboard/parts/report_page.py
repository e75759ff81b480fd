"""The staff report form behind a school's code: no account needed, no script, no files (policy A11, A13, B10)."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from casework.intake import MAX_LINE, MAX_SAYS, ReportForm
from dashboard.parts import plain_page as draw
from dashboard.parts.brake import Brake
from dashboard.parts.front import Front
from dashboard.parts.plain_form import FormRefusedError, Sent, client_address, read_form
from dashboard.parts.report_words import DANGER, SENT, STOP_DO, STOP_NOT, STOP_TITLE, TICKS, WISHES
from data.errors import SchoolwatchError
from data.model.findings import Report, ReportTick, Wish
from data.model.watch import School

TITLE = "Report something seen online"
TOO_MANY = "Many reports came from this network in the last minutes. What you typed is still here. Wait ten minutes, then send it again."


class ReportPage:
    """`/report` (asks for the code) and `/report/{code}` (the form)."""

    def __init__(self, front: Front, brake: Brake | None = None) -> None:
        self._front = front
        self._brake = brake or Brake(limit=30, seconds=600)  # a whole school may share one address
        self._guesses = Brake(limit=60, seconds=600)

    def routes(self) -> list[Route]:
        """Return the routes to mount."""
        return [
            Route("/report", self.ask_code, methods=["GET"]),
            Route("/report/{code}", self.show, methods=["GET"]),
            Route("/report/{code}", self.take, methods=["POST"]),
        ]

    async def ask_code(self, request: Request) -> Response:
        """Ask for the school's code, or go on to its form."""
        code = request.query_params.get("code", "").strip()
        if code:
            return RedirectResponse(f"/report/{quote(code[:40], safe='')}", status_code=303)
        return _code_page()

    async def show(self, request: Request) -> Response:
        """Draw the form of a school."""
        return await self._with_school(request, Sent())

    async def take(self, request: Request) -> Response:
        """Take in a report; on any refusal the typed text stands in the form again."""
        try:
            sent = await read_form(request)
        except FormRefusedError as error:
            return await self._with_school(request, Sent(), wrong=str(error), status=error.status)
        if not self._brake.allows(client_address(request)):
            return await self._with_school(request, sent, wrong=TOO_MANY, status=429)
        code = request.path_params["code"]
        try:
            report = await run_in_threadpool(lambda: self._front.desk().casework.report(code, as_form(sent)))
        except SchoolwatchError as error:
            return await self._with_school(request, sent, wrong=str(error), status=422)
        return _receipt(report)

    async def _with_school(self, request: Request, sent: Sent, *, wrong: str = "", status: int = 200) -> Response:
        code = request.path_params["code"]
        if not self._guesses.allows(client_address(request)):
            return draw.page(TITLE, draw.problem("Too many tries from this network. Wait ten minutes."), _danger(), status=429)
        try:
            school = await run_in_threadpool(lambda: self._front.desk().casework.report_school(code))
        except SchoolwatchError as error:
            return _code_page(str(error), status=404)
        return _form_page(code, school, sent, wrong, status)


def as_form(sent: Sent) -> ReportForm:
    """Return what was typed as the record that casework takes; ticks and wishes that we do not know are dropped."""
    ticks = tuple(tick for tick in ReportTick if tick.value in sent.all("ticks"))
    wish = next((one for one in Wish if one.value == sent.one("wish")), Wish.REMOVE)
    when = sent.one("seen")
    says = sent.one("says")
    return ReportForm(
        says=f"{says}\n\nSeen: {when}" if says and when else says,
        address=sent.one("address"),
        concerns=sent.one("concerns"),
        ticks=ticks,
        wish=wish,
        reporter=sent.one("reporter"),
    )


def _danger() -> str:
    return draw.box("<p><strong>Is someone in danger now?</strong></p>", draw.bullets(DANGER), tone="bad")


def _stop(classes: str = "") -> str:
    return draw.box(
        draw.para(STOP_TITLE),
        "<p><strong>Do not</strong></p>",
        draw.bullets(STOP_NOT),
        "<p><strong>Do</strong></p>",
        draw.bullets(STOP_DO),
        tone="bad",
        classes=classes,
    )


def _code_page(wrong: str = "", status: int = 200) -> Response:
    ask = draw.field("code", "Your school's report code", hint="It stands in the staff room or comes from the school office.", longest=40)
    return draw.page(
        TITLE,
        _danger(),
        draw.problem(wrong) if wrong else "",
        f'<form method="get" action="/report">{ask}<button type="submit">Go on</button></form>',
        status=status,
    )


def _form_page(code: str, school: School, sent: Sent, wrong: str, status: int) -> Response:
    return draw.page(
        TITLE,
        draw.para(
            f"This goes to the safeguarding lead of {school.name}. You need no account. Nothing is sent to anyone outside the school."
        ),
        _danger(),
        draw.problem(wrong) if wrong else "",
        draw.form(
            f"/report/{quote(code, safe='')}",
            "Send the report",
            draw.field(
                "address",
                "Where is it?",
                sent.one("address"),
                hint="The web address of the post, if you have it. Leave it empty for a private message.",
                longest=MAX_LINE,
            ),
            draw.field(
                "says",
                "What does it say or show?",
                sent.one("says"),
                kind="area",
                required=True,
                hint="In your own words. Do not describe indecent pictures of children in detail.",
                longest=MAX_SAYS - 300,
            ),
            draw.field(
                "concerns", "Whom does it concern?", sent.one("concerns"), hint="A role is enough, for example: a teacher, me, a pupil."
            ),
            draw.choices("ticks", "Tick what fits", TICKS, sent.all("ticks"), many=True),
            _stop("stop"),
            draw.choices("wish", "What do you hope for?", WISHES, (sent.one("wish") or Wish.REMOVE.value,)),
            draw.field("seen", "When did you see it?", sent.one("seen"), hint="For example: today at 8, or last Friday.", longest=200),
            draw.field(
                "reporter", "Your name", sent.one("reporter"), hint="So that we can answer you. You may leave it empty.", complete="name"
            ),
            draw.para(
                "This form takes no pictures or files. Please do not send any by mail either until the safeguarding lead asks you to."
            ),
        ),
        status=status,
    )


def _receipt(report: Report) -> Response:
    stop = ReportTick.INDECENT_IMAGE in report.ticks
    urgent = ReportTick.DANGER_NOW in report.ticks
    return draw.page(
        "Thank you. The report has arrived",
        draw.box(
            draw.para("Your receipt number"),
            f'<p class="number">{escape(report.receipt)}</p>',
            draw.para("Please note it down."),
            tone="good",
        ),
        _stop() if stop else "",
        _danger() if urgent and not stop else "",
        draw.heading("What happens next"),
        draw.bullets(SENT),
    )
