"""The town's front page: its clock, what was posted so far, and what the moderator was asked."""

from __future__ import annotations

import json
from html import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from schoolwatch.demo.moderator import Receipt
from schoolwatch.demo.pages import NOT_FOUND, page, when
from schoolwatch.demo.posts import Place
from schoolwatch.demo.scene import Shown, Town, UnknownAddressError

ACCEPTED, BAD_REQUEST = 202, 400
MAX_BODY = 10_000
LONGEST = 110  # characters of a post on the front page
_REFRESH = 5
_NAMES = {
    Place.SOCIAL: "Townsquare",
    Place.BLOG: "The Green Notebook",
    Place.BLOG_COMMENT: "Notebook comment",
    Place.FORUM: "Millstream forum",
    Place.WIKI: "Valley wiki",
}
_DOORS = (
    ("/social/", "Townsquare", "a small social network"),
    ("/blog/", "The Green Notebook", "a parents' blog"),
    ("/forum/", "Millstream forum", "threads and opinions"),
    ("/wiki/", "Valley wiki", "pages that everyone may edit"),
)


def pace_line(town: Town) -> str:
    """Say how fast the town's clock runs."""
    seconds = town.hour_seconds
    if seconds <= 0:
        return "The clock of this town is set by hand."
    if seconds >= 3600:  # noqa: PLR2004 - an hour
        return "One hour of this town takes one real hour."
    return f"One hour passes in {seconds:.3g} seconds."


class Front:
    """The front page, and the letter box of the moderator."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def page(self, _request: Request) -> Response:
        """Everything at a glance; the page renews itself."""
        rows = self.town.visible()
        doors = "".join(f'<a class="door" href="{path}"><b>{name}</b><span>{what}</span></a>' for path, name, what in _DOORS)
        posts = "".join(self._row(one) for one in rows)
        waiting = len(self.town.posts) - len(rows)
        head = (
            f'<header class="top"><h1>The invented town</h1><p class="clock">{when(self.town.now())}</p><p>{pace_line(self.town)} '
            "Every school, person and event here is made up.</p></header>"
        )
        requests = self._requests()
        body = (
            f'{head}<main><nav class="doors">{doors}</nav>{requests}<h2>Posted so far</h2>'
            f'<p class="quiet">{len(rows)} to be seen now, {waiting} still to come or taken away.</p><ol class="posts">{posts}</ol></main>'
        )
        return page("front", "The invented town", body, head=f'<meta http-equiv="refresh" content="{_REFRESH}">')

    def _row(self, one: Shown) -> str:
        text = one.text if len(one.text) <= LONGEST else one.text[: LONGEST - 1].rsplit(" ", 1)[0] + " …"
        place = f'<span class="place {one.post.place}">{_NAMES[one.post.place]}</span>'
        by = f'<span class="by">{escape(one.post.author)} · {when(one.posted_at)}</span>'
        return f'<li>{place}<span class="words"><a href="{one.path}">{escape(text)}</a></span>{by}</li>'

    def _requests(self) -> str:
        receipts = self.town.moderator.receipts()
        if not receipts:
            rule = "A post that breaks the rules is taken down some hours after a request for it."
            return f'<h2>The moderator</h2><p class="quiet">No request has come in. {rule}</p>'
        rows = "".join(self._request(one) for one in receipts)
        return f'<h2>The moderator</h2><ul class="requests">{rows}</ul>'

    def _request(self, receipt: Receipt) -> str:
        if self.town.now() < receipt.acts_at:
            outcome = f"will look at it {when(receipt.acts_at)}"
        else:
            outcome = f"{'taken down' if receipt.will_remove else 'stays: it breaks no rule'} since {when(receipt.acts_at)}"
        return f"<li><b>{escape(receipt.address)}</b><span>asked {when(receipt.received_at)}, {outcome}</span></li>"

    async def receive(self, request: Request) -> Response:
        """POST /moderator/requests with `{"address": …}`: 202 and the receipt, 404 for an unknown post, 400 for anything else."""
        address = await _address(request)
        if address is None:
            return JSONResponse({"error": 'send JSON such as {"address": "http://…"}'}, status_code=BAD_REQUEST)
        try:
            receipt = self.town.receive_request(address, self.town.now())
        except UnknownAddressError:
            return JSONResponse({"error": "no post of the town has this address"}, status_code=NOT_FOUND)
        return JSONResponse(receipt.model_dump(mode="json"), status_code=ACCEPTED)

    def receipts(self, _request: Request) -> Response:
        """GET /moderator/requests: every receipt, oldest first."""
        return JSONResponse([receipt.model_dump(mode="json") for receipt in self.town.moderator.receipts()])

    def clock(self, _request: Request) -> Response:
        """GET /clock: the town's time and pace, for programs."""
        now, start = self.town.now().isoformat(), self.town.start.isoformat()
        return JSONResponse({"now": now, "start": start, "hour_seconds": self.town.hour_seconds})


async def _address(request: Request) -> str | None:
    """Return the address in a JSON body, None when the body is none, too long, or holds no address."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        body = await request.body()
        asked = json.loads(body[:MAX_BODY])
    except ValueError:
        return None
    address = asked.get("address") if isinstance(asked, dict) else None
    return address if isinstance(address, str) and address else None
