"""The first look at a page, without its pictures: they are not asked for, and what turns out to be one is not read (evidence.md §8.3).

Two nets: the router refuses each request for a picture, a film, a font or an address that ends like one, in every frame; the protocol's own
interception drops each answer that says it is one (a frame, an object or a script's request that leads to a picture; the page's icon).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, CDPSession, Route

_KINDS = frozenset({"image", "imageset", "media", "font"})
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


@dataclass
class Blinkers:
    """What keeps pictures away from a page, while they are on. `trouble` is the browser library's own error: a page may go at any time."""

    context: BrowserContext
    protocol: CDPSession
    trouble: type[Exception]
    kept_away: int = 0
    _listens: bool = field(default=False)

    def on(self) -> None:
        """Let no picture in from now on."""
        if not self._listens:
            self.protocol.on("Fetch.requestPaused", self._answered)
            self._listens = True
        patterns = [
            {"urlPattern": "*", "requestStage": "Response"},
            {"urlPattern": "*", "resourceType": "Other", "requestStage": "Request"},
        ]
        self.protocol.send("Fetch.enable", {"patterns": patterns})
        self.context.route("**/*", self._asked)

    def off(self) -> None:
        """Let everything in again."""
        self.context.unroute("**/*", self._asked)
        self.protocol.send("Fetch.disable")

    def _asked(self, route: Route) -> None:
        request = route.request
        try:
            if request.resource_type in _KINDS or looks_like_media(request.url):
                self.kept_away += 1
                route.abort()
            else:
                route.continue_()
        except self.trouble:
            return  # the page went away meanwhile

    def _answered(self, event: dict[str, Any]) -> None:
        number = event["requestId"]
        is_picture = is_media(event.get("responseHeaders") or ()) or looks_like_media(event["request"]["url"])
        try:
            if is_picture:
                self.kept_away += 1
                self.protocol.send("Fetch.failRequest", {"requestId": number, "errorReason": "BlockedByClient"})
            else:
                self.protocol.send("Fetch.continueRequest", {"requestId": number})
        except self.trouble:
            return


def looks_like_media(address: str) -> bool:
    """Whether an address ends like a picture, a film, a sound or a font."""
    return urlsplit(address).path.lower().endswith(_PICTURES + _FILMS + _FONTS)


def is_media(headers: Any) -> bool:
    """Whether an answer (its headers as the protocol lists them) says that it is a picture, a film, a sound or a font."""
    kinds = (str(line.get("value", "")).strip().lower() for line in headers if str(line.get("name", "")).lower() == "content-type")
    return any(kind.startswith(_MEDIA) for kind in kinds)
