"""Why there is no capture, in plain words: what the browser's codes mean, and what a site's own fault is (evidence.md §7)."""

from __future__ import annotations

from collections.abc import Sequence

_SLOW_DOWN, _SERVER_FAULT = 429, 500
_LONGEST, _MOST = 120, 21  # characters of an address, addresses in a list of hops
_CAUSES = (
    ("ERR_CERT_", "the site's certificate is not valid"),
    ("ERR_SSL_", "the site's encryption (TLS) does not work"),
    ("ERR_NAME_NOT_RESOLVED", "the name does not exist (DNS)"),
    ("ERR_CONNECTION_REFUSED", "the server refused the connection"),
    ("ERR_TOO_MANY_REDIRECTS", "the page redirects in a circle or more than 20 times"),
    ("ERR_TIMED_OUT", "the server did not answer in time"),
    ("ERR_EMPTY_RESPONSE", "the server closed the connection without an answer"),
    ("Download is starting", "the address is a download, not a page"),
    ("ERR_ABORTED", "the address gives no page to show"),
    ("ERR_UNSAFE_PORT", "the address uses a port that browsers refuse"),
    ("crashed", "the page made the browser crash"),
    ("has been closed", "the browser ended before it had a picture"),
)


def plain_cause(message: str) -> str:
    """Return the cause of a failed visit in plain words, with the browser's own code."""
    code = next((word.strip(".,") for word in message.split() if word.startswith("net::")), "")
    for part, words in _CAUSES:
        if part in message:
            return f"{words} ({code})" if code else words
    return f"the browser could not open the page ({code or 'no code'})"


def with_hops(cause: str, hops: Sequence[str]) -> str:
    """Return the cause with the addresses that led there, when there were any on the way."""
    if not hops:
        return cause
    return f"{cause}; the way there: {' → '.join(hop[:_LONGEST] for hop in hops[:_MOST])}"


def site_fault(status: int, tries: int = 1) -> str | None:
    """Return what the site itself has wrong (429, 5xx), or None when its answer is one that can be judged."""
    asked = f", asked {tries} times" if tries > 1 else ""
    if status == _SLOW_DOWN:
        return f"the site asks us to come back later (status {status}{asked})"
    if status >= _SERVER_FAULT:
        return f"the site has a fault of its own (status {status}{asked}); try again later"
    return None
