"""What can go wrong when a public place is read.

CollectError (data.errors)
├─ SourceUnavailableError    no answer, or the server's own fault (5xx); `try_again` says whether the client repeats by itself
├─ RateLimitedError          429 or 503: come back at `retry_at`
├─ LoginWallError            401, 403 or 407: only visible to someone who is signed in
├─ NotPublicError            not a public web address; no request was made
├─ RobotsRefusedError        the site's robots.txt asks us not to read this
├─ MissingError              404
├─ GoneError                 410
└─ UnreadablePageError       an answer that is not what was promised

A message names the host, never a whole address, a text or a person.
"""

from __future__ import annotations

from datetime import datetime

from data.errors import CollectError

__all__ = [
    "CollectError",
    "GoneError",
    "LoginWallError",
    "MissingError",
    "NotPublicError",
    "RateLimitedError",
    "RobotsRefusedError",
    "SourceUnavailableError",
    "UnreadablePageError",
]


class SourceUnavailableError(CollectError):
    """The server does not answer, or answers with a fault of its own."""

    def __init__(self, message: str | None = None, *, status: int | None = None, try_again: bool = False) -> None:
        """Take the status, if there was an answer, and whether a second try at once makes sense."""
        self.status, self.try_again = status, try_again
        super().__init__(message)


class RateLimitedError(CollectError):
    """The server asks us to slow down."""

    def __init__(self, retry_at: datetime, message: str | None = None) -> None:
        """Say from when on the server may be asked again."""
        self.retry_at = retry_at
        super().__init__(message or f"the server asks us to come back after {retry_at:%Y-%m-%d %H:%M} UTC")


class LoginWallError(CollectError):
    """The place is only visible to someone who is signed in."""


class NotPublicError(CollectError):
    """This is not a public web address; no request was made."""


class RobotsRefusedError(CollectError):
    """The site's robots.txt asks programs not to read this page."""


class MissingError(CollectError):
    """The address answers 'not found' (404)."""


class GoneError(CollectError):
    """The address answers 'gone for good' (410)."""


class UnreadablePageError(CollectError):
    """The answer is not what this kind of source promises."""

    def __init__(self, message: str | None = None, *, status: int | None = None) -> None:
        """Take the status where an unexpected one was the reason."""
        self.status = status
        super().__init__(message)
