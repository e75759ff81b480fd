"""One look whether a post is still there: the platform's own way and the web page, both where both exist (platforms.md §1.5).

Only agreement on a definitive answer is a removal. A wall, an error or a contradiction is *unknown*, never gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urldefrag, urlsplit

from collector.client import Client
from collector.page_verdict import PAGE_METHODS, look_at_page, not_seen
from collector.platform import Looked, Platform
from data.errors import CollectError
from data.model.cases import CaseItem, Verdict, VerdictGroup
from data.model.posts import Post

_SEEN = frozenset({VerdictGroup.UP, VerdictGroup.AMENDED})  # A20: what we see ourselves counts, not what is claimed
_OK = 200


@dataclass(frozen=True)
class Observation:
    """What one look found; becomes a RemovalCheck. `answer` holds every raw answer, `detail` is a line that a DSL can read.

    `retry_at` is until when a place that was asked wants to be left alone (UTC); the next look waits for it. `bodies`: what each place
    sent, byte for byte, without the head that stands over it in `answer`.
    """

    verdict: Verdict
    method: str
    status: int | None
    detail: str
    answer: bytes
    retry_at: datetime | None = None
    bodies: tuple[bytes, ...] = ()


def look(item: CaseItem, post: Post | None, adapter: Platform | None, client: Client, now: datetime) -> Observation:
    """Look at the item once, politely: no place is asked twice. A site that misbehaves gives an honest *unknown*; never raises for it."""
    own = _by_platform(post, adapter, client, now)
    if own is not None and post is not None and _asked_the_page(own, post, item):
        return _observed(own.verdict, own.detail, own)
    page = own.page if own is not None and own.page is not None else look_at_page(item.address, post.text if post else None, client)
    if own is None:
        return _observed(page.verdict, page.detail, page)
    verdict, detail = agree(own, page, is_part_of_page=bool(urlsplit(item.address).fragment))
    return _observed(verdict, detail, own, page)


def agree(own: Looked, page: Looked, *, is_part_of_page: bool = False) -> tuple[Verdict, str]:
    """Return the one verdict of two looks, and why. The more cautious answer wins: a doubt keeps the case open.

    `is_part_of_page`: the post is one comment of a page. When the platform says for certain that the comment is gone and the page
    answers without its words, the two agree: the page itself stays.
    """
    groups = (own.verdict.group, page.verdict.group)
    if groups[0] == groups[1] or (groups[0] in _SEEN and groups[1] in _SEEN):
        return own.verdict, own.detail
    if groups[0] in _SEEN and groups[1] is VerdictGroup.UNKNOWN:
        return own.verdict, f"{own.detail} (The web page did not show it to us.)"
    if groups[1] in _SEEN and groups[0] is VerdictGroup.UNKNOWN:
        return page.verdict, f"{page.detail} (By {own.method} it could not be seen.)"
    if is_part_of_page and _gone_from_page(own, page):
        return own.verdict, f"{own.detail} The page around it is still there, without its words."
    return (
        Verdict.NOT_VISIBLE_TO_US,
        f"Two looks disagree, so this is not counted as a removal. By {own.method}: {own.detail} By {page.method}: {page.detail}",
    )


def _asked_the_page(own: Looked, post: Post, item: CaseItem) -> bool:
    """Whether the platform's own way was the web page itself: then there is no second place to ask."""
    return own.method in PAGE_METHODS and urldefrag(post.permalink).url == urldefrag(item.address).url


def _gone_from_page(own: Looked, page: Looked) -> bool:
    return own.verdict.group is VerdictGroup.GONE and page.verdict is Verdict.NOT_VISIBLE_TO_US and page.status == _OK


def _by_platform(post: Post | None, adapter: Platform | None, client: Client, now: datetime) -> Looked | None:
    """Ask the platform in its own way; None when it has none, or when we do not know the post."""
    if post is None or adapter is None:
        return None
    try:
        return adapter.look(post, client, now)
    except CollectError as error:
        return not_seen(error, adapter.label)


def _observed(verdict: Verdict, detail: str, *looks: Looked) -> Observation:
    status = next((one.status for one in looks if one.status is not None), None)
    rest = max((one.retry_at for one in looks if one.retry_at is not None), default=None)
    bodies = tuple(body for one in looks if (body := one.answer.partition(b"\n\n")[2]))  # the head ends as in `Answer.record`
    return Observation(verdict, " + ".join(dict.fromkeys(one.method for one in looks)), status, detail, _answers(looks), rest, bodies)


def _answers(looks: tuple[Looked, ...]) -> bytes:
    """Return the raw answer; with two looks both, each under a line that names it."""
    if len(looks) == 1:
        return looks[0].answer
    return b"\n".join(f"----- {one.method} -----\n".encode() + one.answer for one in looks)
