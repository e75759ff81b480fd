"""The first look at a page, without its pictures: they are not asked for, and what turns out to be one is not read (evidence.md §8.3).

Two nets: the router refuses each request for a picture, a film, a font or an address that ends like one, in every frame; the protocol's own
interception drops each answer that says it is one (a frame, an object or a script's request that leads to a picture; the page's icon).
The second net hangs in the page's own process only. So nothing is loaded by whoever is outside it: frames of other sites or in a process of
their own, pop-ups, workers. None of those could be read from the page anyway. Sandboxed frames written into the page itself (`srcdoc`) are
kept in the page's own process for it (evidence.browser): outside it they would load their first pictures before anybody may intercept it.

A page's script that fetches mere bytes (`application/octet-stream`, or an answer that does not say what it is) does not get them either: it
could make a picture of them itself. What says that it is text, JSON and the like is let through, whatever a script may make of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Frame, Page, Request, Route

_KINDS = frozenset({"image", "imageset", "media", "font", "prefetch"})
_NEVER_WORDS = frozenset({"Other", "Prefetch"})  # icons, what is fetched for another page, pings
_NO_WORKERS = "for (const kind of ['Worker', 'SharedWorker']) Reflect.deleteProperty(globalThis, kind);"
_PORTS = {"http": 80, "https": 443}
_PICTURES = (
    ".png",
    ".apng",
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".gif",
    ".webp",
    ".avif",
    ".heic",
    ".heif",
    ".bmp",
    ".ico",
    ".tif",
    ".tiff",
    ".jxl",
)
_FILMS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mp3", ".m4a", ".ogg", ".ogv", ".wav", ".flac", ".m3u8", ".ts", ".mpd")
_FONTS = (".woff", ".woff2", ".ttf", ".otf", ".eot")
_MEDIA = ("image/", "video/", "audio/", "font/")
_ASKED_BY_SCRIPTS = frozenset({"XHR", "Fetch"})
_BYTES = ("application/octet-stream", "binary/octet-stream", "application/x-octet-stream", "application/binary")
_LEADS_ON = range(300, 400)  # HTTP answers without a body of their own: what they lead to is asked about again


@dataclass
class Blinkers:
    """What keeps pictures away from a page, while they are on. `trouble` is the browser library's own error: a page may go at any time."""

    page: Page
    protocol: CDPSession
    trouble: type[Exception]
    kept_away: int = 0
    _listens: bool = field(default=False)
    _script: str = ""
    _main: str = ""
    _outside: dict[tuple[Frame, str], bool] = field(default_factory=dict)

    def on(self) -> None:
        """Let no picture in from now on."""
        if not self._listens:
            self.protocol.on("Fetch.requestPaused", self._answered)
            self._listens = True
        patterns = [
            {"urlPattern": "*", "requestStage": "Response"},
            {"urlPattern": "*", "resourceType": "Other", "requestStage": "Request"},
        ]
        self._main = self.protocol.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self.protocol.send("Page.enable")  # without it no script is run first
        self._script = self.protocol.send("Page.addScriptToEvaluateOnNewDocument", {"source": _NO_WORKERS})["identifier"]
        self.protocol.send("Fetch.enable", {"patterns": patterns})
        self.page.context.route("**/*", self._asked)

    def off(self) -> None:
        """Let everything in again."""
        self.page.context.unroute("**/*", self._asked)
        self.protocol.send("Fetch.disable")
        self.protocol.send("Page.removeScriptToEvaluateOnNewDocument", {"identifier": self._script})

    def _asked(self, route: Route) -> None:
        request = route.request
        try:
            if request.resource_type in _KINDS or looks_like_media(request.url) or self._is_outside(request):
                self.kept_away += 1
                route.abort()
            else:
                route.continue_()
        except self.trouble:
            return  # the page went away meanwhile

    def _is_outside(self, request: Request) -> bool:
        """Whether somebody asks who cannot be read from the page: a pop-up, a worker, a frame of another site or process."""
        try:
            frame = request.frame
        except self.trouble:
            return True  # a pop-up that is only coming up, or no frame at all
        if frame == self.page.main_frame:
            return False
        if frame.page != self.page:
            return True
        asks = request.url if request.is_navigation_request() else frame.url
        is_ours = origin_of(asks) == origin_of(self.page.url) or asks.startswith("about:")
        return not is_ours or self._has_own_process(frame)

    def _leads_away(self, event: dict[str, Any]) -> bool:
        """Whether a frame, by whatever way round, got a page of another site."""
        if event.get("resourceType") != "Document" or event.get("frameId") == self._main:
            return False
        return origin_of(event["request"]["url"]) != origin_of(self.page.url)

    def _has_own_process(self, frame: Frame) -> bool:
        """Whether the frame lives in a process of its own, where our second net does not hang: only there it has a line of its own."""
        key = (frame, frame.url)
        if key not in self._outside:
            try:
                self.page.context.new_cdp_session(frame).detach()
                self._outside[key] = True
            except self.trouble:
                self._outside[key] = False
        return self._outside[key]

    def _answered(self, event: dict[str, Any]) -> None:
        number = event["requestId"]
        is_picture = is_media(event.get("responseHeaders") or ()) or looks_like_media(event["request"]["url"])
        is_picture = is_picture or event.get("resourceType") in _NEVER_WORDS or self._leads_away(event) or _is_bytes(event)
        try:
            if is_picture:
                self.kept_away += 1
                self.protocol.send("Fetch.failRequest", {"requestId": number, "errorReason": "BlockedByClient"})
            else:
                self.protocol.send("Fetch.continueRequest", {"requestId": number})
        except self.trouble:
            return


def _is_bytes(event: dict[str, Any]) -> bool:
    """Whether a script gets bytes that do not say what they are."""
    if event.get("resourceType") not in _ASKED_BY_SCRIPTS or event.get("responseStatusCode", 0) in _LEADS_ON:
        return False
    kinds = [kind for kind in _kinds(event.get("responseHeaders") or ()) if kind]
    return not kinds or any(kind.startswith(_BYTES) for kind in kinds)


def origin_of(address: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of a web address; whoever has another cannot be read from a page."""
    try:
        parts = urlsplit(address)
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "", None, None


def looks_like_media(address: str) -> bool:
    """Whether an address ends like a picture, a film, a sound or a font."""
    return urlsplit(address).path.lower().endswith(_PICTURES + _FILMS + _FONTS)


def is_media(headers: Any) -> bool:
    """Whether an answer (its headers as the protocol lists them) says that it is a picture, a film, a sound or a font."""
    return any(kind.startswith(_MEDIA) for kind in _kinds(headers))


def _kinds(headers: Any) -> list[str]:
    return [str(line.get("value", "")).strip().lower() for line in headers if str(line.get("name", "")).lower() == "content-type"]
