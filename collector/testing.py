"""Fakes of this room: a scripted network, a platform that answers what it is told, posts and sources. Other rooms' tests use them too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from collector.client import Client
from collector.errors import CollectError
from collector.platform import Looked, Page, Terms
from collector.poll import Kept
from collector.public_address import Gate
from data.clock import Clock, FixedClock
from data.model.cases import Verdict
from data.model.posts import PlatformName, Post, PostId, SeenPost, text_hash
from data.model.watch import Coverage, Source, SourceState

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PUBLIC_ADDRESS = "93.184.216.34"  # nothing is ever sent there


@dataclass(frozen=True)
class Reply:
    """One scripted answer."""

    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Step = Reply | Exception
Script = Mapping[str, Step | Sequence[Step]]


class ScriptedTransport(httpx.BaseTransport):
    """Answers from a table of addresses; several steps for one address are given one after another, the last one for ever.

    An address that is not in the table answers 404, robots.txt included. `asked` lists every address in order, `requests` the requests.
    """

    def __init__(self, script: Script) -> None:
        self._script = {address: list(steps) if isinstance(steps, Sequence) else [steps] for address, steps in script.items()}
        self.requests: list[httpx.Request] = []

    @property
    def asked(self) -> list[str]:
        """Every address that was asked, but for robots.txt."""
        return [str(request.url) for request in self.requests if request.url.path != "/robots.txt"]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return or raise the next step for the address."""
        self.requests.append(request)
        steps = self._script.get(str(request.url), [Reply(status=404)])
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        if isinstance(step, Exception):
            raise step
        body = step.body.encode() if isinstance(step.body, str) else step.body
        return httpx.Response(step.status, headers=dict(step.headers), stream=_Chunks(body))


class _Chunks(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), 65_536):
            yield self._body[start : start + 65_536]


def public_resolver(host: str, port: int) -> tuple[str, ...]:  # noqa: ARG001 - every name is public here
    """Return one public address for every name, so that a test needs no name service."""
    return (PUBLIC_ADDRESS,)


def scripted_client(script: Script | ScriptedTransport, clock: Clock | None = None, **more: Any) -> Client:
    """Return a client whose answers are scripted, that resolves every name to a public address and never waits."""
    transport = script if isinstance(script, ScriptedTransport) else ScriptedTransport(script)
    gate = more.pop("gate", None) or Gate(resolve=public_resolver)
    settings: dict[str, Any] = {"pace_seconds": 0.0, "wait": lambda _seconds: None, "version": "test"} | more
    return Client("mailto:office@fernleygreen.example", clock or FixedClock(START), gate, transport=transport, **settings)


def a_source(**more: Any) -> Source:
    """Return a source of the invented school; `more` overrides its fields."""
    facts: dict[str, Any] = {
        "id": "source-1",
        "school_id": "fernley",
        "adapter": "feed",
        "platform": PlatformName.BLOG,
        "name": "Fernley town blog",
        "address": "https://blog.example/feed",
        "added_by": "system",
        "added_at": START,
    }
    return Source(**facts | more)


def a_seen_post(number: int = 1, **more: Any) -> SeenPost:
    """Return an invented post; a higher number is a newer one."""
    facts: dict[str, Any] = {
        "platform": PlatformName.BLOG,
        "native_id": f"post-{number}",
        "permalink": f"https://blog.example/posts/{number}",
        "author_handle": "a_parent",
        "text": f"Fernley Green Primary School, note {number}",
        "created_at": START + timedelta(minutes=number),
    }
    return SeenPost(**facts | more)


def a_kept_post(seen: SeenPost | None = None, **more: Any) -> Post:
    """Return `seen` as the store would keep it."""
    from collector.addresses import canonical_address

    facts = (seen or a_seen_post()).model_dump() | more
    kept: dict[str, Any] = {
        "id": PostId(1),
        "address": canonical_address(facts["permalink"]),
        "first_seen_at": START,
        "last_seen_at": START,
    }
    return Post(**kept | {"text_hash": text_hash(facts["text"])} | facts)


@dataclass
class FakePlatform:
    """A platform whose pages and verdicts are given: `pages` are served by their place in the list, errors are raised."""

    pages: Sequence[Page | CollectError] = ()
    verdicts: list[Looked | None] = field(default_factory=list)
    name: str = "fake"
    label: str = "Invented platform"
    platform: PlatformName = PlatformName.OTHER_WEB
    terms: Terms = field(default_factory=lambda: Terms("https://example.org/terms", date(2026, 11, 1)))
    needs: tuple[str, ...] = ()
    coverage: Coverage = Coverage.FULL
    period: timedelta = timedelta(minutes=15)
    cursors: list[str | None] = field(default_factory=list)

    def fetch(self, source: Source, state: SourceState, cursor: str | None, client: Client) -> Page:  # noqa: ARG002 - the protocol
        """Return page number `cursor` (None: the first), and note that it was asked for."""
        self.cursors.append(cursor)
        page = self.pages[int(cursor or 0)]
        if isinstance(page, CollectError):
            raise page
        return page

    def look(self, post: Post, client: Client, now: datetime) -> Looked | None:  # noqa: ARG002 - the protocol
        """Return the next verdict; the last one stays; *present* when none was given."""
        if not self.verdicts:
            return Looked(Verdict.PRESENT, "fake", 200, "still there", b"")
        return self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]


@dataclass
class Shelf:
    """A store of posts in memory: give `keep` to `poll`."""

    posts: dict[tuple[str, str], SeenPost] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)

    def keep(self, seen: tuple[SeenPost, ...]) -> Kept:
        """Keep the posts, telling new, changed and known ones apart."""
        new = changed = known = 0
        for post in seen:
            before = self.posts.get((post.platform, post.native_id))
            new += before is None
            changed += before is not None and before.text != post.text
            known += before is not None and before.text == post.text
            self.posts[post.platform, post.native_id] = post
        self.batches.append(len(seen))
        return Kept(new=new, changed=changed, known=known)
