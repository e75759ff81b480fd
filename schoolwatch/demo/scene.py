"""What can be seen in the town at a moment: which posts are there, in which words, and under which addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from data.clock import Clock
from data.errors import SchoolwatchError
from schoolwatch.demo.moderator import Moderator, Receipt
from schoolwatch.demo.posts import Author, Place, TownPost, Wall, load_script

DAY = timedelta(days=1)
_FIRST_NUMBER = {Place.BLOG: 101, Place.BLOG_COMMENT: 501, Place.FORUM: 11, Place.WIKI: 7001}


class UnknownAddressError(SchoolwatchError):
    """Nothing in the town has this address."""


class Standing(StrEnum):
    """Where a post stands at a moment."""

    NOT_YET = "not yet"
    HERE = "here"
    DELETED = "deleted by its author"
    REMOVED = "removed by the moderator"


@dataclass(frozen=True)
class Shown:
    """A post as everybody can see it now."""

    post: TownPost
    author: Author
    number: int
    path: str
    text: str
    posted_at: datetime
    edited_at: datetime | None

    @property
    def anchor(self) -> str:
        """The mark inside its page that leads to it."""
        return {Place.BLOG_COMMENT: f"comment-{self.number}", Place.FORUM: f"p{self.number}"}.get(self.post.place, "post")


class Town:
    """The town's state: posts arrive on the clock, edits and removals happen, requests are taken in. Holds no socket."""

    def __init__(
        self,
        clock: Clock,
        posts: Sequence[TownPost] | None = None,
        *,
        start: datetime | None = None,
        moderator: Moderator | None = None,
        walls: Sequence[Wall] | None = None,
        seed: int = 7,
    ) -> None:
        script = load_script()
        self.clock, self.start, self.seed = clock, start or clock.now(), seed
        self.moderator = moderator or Moderator()
        self.posts = tuple(script.posts if posts is None else posts)
        self.walls = tuple(script.walls if walls is None else walls)
        self.authors = {author.handle: author for author in script.authors}
        self._by_key = {post.key: post for post in self.posts}
        self._numbers = {post.key: self._number(index, post) for index, post in enumerate(self.posts)}
        self._by_path = {path: post for post in self.posts for path in self._paths(post)}

    @property
    def hour_seconds(self) -> float:
        """How many real seconds one hour of the town takes."""
        return self.clock.real_seconds(timedelta(hours=1))

    def now(self) -> datetime:
        """Return the town's present moment."""
        return self.clock.now()

    def _number(self, index: int, post: TownPost) -> int:
        """Mastodon's ids hold the millisecond of arrival in their upper bits (platforms.md §3); the other places count."""
        if post.place is Place.SOCIAL:
            return (int((self.start + post.after).timestamp() * 1000) << 16) | index
        return _FIRST_NUMBER[post.place] + index

    def _paths(self, post: TownPost) -> tuple[str, ...]:
        """Every path under which the post may be named in a request; the first is the one that people see."""
        number = self._numbers[post.key]
        if post.place is Place.SOCIAL:
            return (
                f"/social/@{post.author}/{number}",
                f"/social/users/{post.author}/statuses/{number}",
                f"/social/api/v1/statuses/{number}",
            )
        if post.place is Place.BLOG:
            return (f"/blog/{self.start + post.after:%Y/%m}/{post.key}",)
        if post.place is Place.BLOG_COMMENT:
            return (f"{self._paths(self._by_key[post.parent or ''])[0]}#comment-{number}",)
        if post.place is Place.FORUM:
            return (f"/forum/post/{number}", f"{self.thread_path(post)}#p{number}")
        return (f"/wiki/revision/{number}",)

    def path_of(self, post: TownPost) -> str:
        """Return the path (with fragment) of the post's page; articles end in a slash, as WordPress writes them."""
        path, mark, fragment = self._paths(post)[0].partition("#")
        slash = "/" if path.startswith("/blog/") else ""
        return f"{path}{slash}{mark}{fragment}"

    def thread_path(self, post: TownPost) -> str:
        """Return the path of the forum thread in which the post stands."""
        return f"/forum/thread/{post.parent or post.key}"

    def address_of(self, key: str, base: str) -> str:
        """Return the full address of a post's page, given the town's base address; raises UnknownAddressError for a wrong key."""
        if key not in self._by_key:
            raise UnknownAddressError
        return base.rstrip("/") + self.path_of(self._by_key[key])

    def find(self, address: str) -> TownPost:
        """Return the post that the address names; raises UnknownAddressError when there is none or it has not arrived yet."""
        try:
            parts = urlsplit(address)
        except ValueError as problem:
            raise UnknownAddressError from problem
        path = parts.path.rstrip("/")
        post = self._by_path.get(f"{path}#{parts.fragment}" if parts.fragment else path) or self._by_path.get(path)
        if post is None or self.standing(post) is Standing.NOT_YET:
            raise UnknownAddressError
        return post

    def post(self, key: str) -> TownPost:
        """Return the post with this key; raises UnknownAddressError."""
        if key not in self._by_key:
            raise UnknownAddressError
        return self._by_key[key]

    def standing(self, post: TownPost, now: datetime | None = None) -> Standing:
        """Return where the post stands at `now` (default: at present); a comment goes with its article."""
        now = now or self.now()
        if now < self.start + post.after:
            return Standing.NOT_YET
        removed_at = self.moderator.removed_at(post.key)
        if removed_at is not None and now >= removed_at:
            return Standing.REMOVED
        if post.deleted_after is not None and now >= self.start + post.deleted_after:
            return Standing.DELETED
        if post.place is Place.BLOG_COMMENT:
            return self.standing(self._by_key[post.parent or ""], now)
        return Standing.HERE

    def show(self, post: TownPost, now: datetime | None = None) -> Shown:
        """Return the post in the words it has at `now`, whether or not it is still there."""
        now = now or self.now()
        edited_at = self.start + post.edited_after if post.edited_after is not None else None
        is_edited = edited_at is not None and now >= edited_at
        return Shown(
            post=post,
            author=self.authors.get(post.author) or Author(handle=post.author, name=post.author),
            number=self._numbers[post.key],
            path=self.path_of(post),
            text=(post.edited_text or "") if is_edited else post.text,
            posted_at=self.start + post.after,
            edited_at=edited_at if is_edited else None,
        )

    def visible(self, *places: Place, now: datetime | None = None) -> list[Shown]:
        """Return what can be seen in the places (default: everywhere), newest first."""
        now = now or self.now()
        chosen = (post for post in self.posts if not places or post.place in places)
        there = [self.show(post, now) for post in chosen if self.standing(post, now) is Standing.HERE]
        return sorted(there, key=lambda shown: (shown.posted_at, shown.number), reverse=True)

    def numbered(self, place: Place, number: int) -> TownPost | None:
        """Return the post of a place with this number, whatever its standing; None when it never was or is still to come."""
        found = (post for post in self.posts if post.place is place and self._numbers[post.key] == number)
        post = next(found, None)
        return post if post is not None and self.standing(post) is not Standing.NOT_YET else None

    def wall(self, place: Place) -> str | None:
        """Return the kind of wall that stands before the place now, None when it is open. Walls come back each day."""
        since = self.now() - self.start
        if since < timedelta(0):
            return None
        return next((wall.kind for wall in self.walls if wall.place is place and wall.after <= since % DAY < wall.after + wall.lasts), None)

    def receive_request(self, address: str, at: datetime) -> Receipt:
        """Hand a removal request to the moderator; raises UnknownAddressError when the address is not a post of the town."""
        return self.moderator.receive(self.find(address), address, at)


def oldest_first(shown: Iterable[Shown]) -> list[Shown]:
    """Return the posts in the order in which they were written."""
    return sorted(shown, key=lambda one: (one.posted_at, one.number))
