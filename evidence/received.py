"""The words of a page as the server sent it: no script of the page has touched them (evidence.md §8.3)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace

from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup

from evidence.preflight import PageWords
from evidence.worker_facts import MOST_SOURCE

_MOST_TITLE = 1_000


def words_of(body: bytes, address: str, charset: str | None = None) -> PageWords:
    """Return what the source says: title, text, descriptions, links, labels. What is no markup at all says nothing."""
    try:
        soup = BeautifulSoup(body, "lxml", from_encoding=charset or None)
    except (ParserRejectedMarkup, LookupError):
        return PageWords(address, "", "")
    title = soup.title.get_text(strip=True)[:_MOST_TITLE] if soup.title else ""
    alts = tuple(str(tag["alt"]) for tag in soup.find_all(alt=True))
    links = tuple(part for tag in soup.find_all("a", href=True) for part in (str(tag["href"]), tag.get_text(" ", strip=True)))
    labels = tuple(str(tag["content"]) for tag in soup.find_all("meta", attrs={"name": "rating", "content": True}))
    return PageWords(address, title, soup.get_text("\n", strip=True), alts, links, labels)


def with_received(seen: PageWords, body: object, charset: object) -> PageWords:
    """Return the words seen and those received (base64) as one page's; those seen alone when there is no body.

    The title received counts as text: only the title that a reader sees may say that a page teaches.
    """
    if not isinstance(body, str) or not body:
        return seen
    try:
        content = base64.b64decode(body, validate=True)[:MOST_SOURCE]
    except (binascii.Error, ValueError):
        return seen
    received = words_of(content, seen.address, charset if isinstance(charset, str) else None)
    return replace(
        seen,
        text=f"{seen.text}\n{received.title}\n{received.text}",
        alts=seen.alts + received.alts,
        links=seen.links + received.links,
        labels=seen.labels + received.labels,
    )
