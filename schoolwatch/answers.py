"""Reads posts as parts of their conversations: an answer that names no school is about the school that the post above it names.

Whatever comes first, answer or post, the reading ends up the same: an answer that came too early is read once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from data.model.posts import PlatformName, Post
from data.model.readings import Mention, Reading
from data.store import Store
from nlp.conversations import above, inherited, names_of
from nlp.pipeline import Reader, Subject

DEEPEST = 20  # steps down a conversation: what is inherited fades long before

_Known = dict[tuple[PlatformName, str], tuple[Mention, ...]]


@dataclass(frozen=True)
class Conversations:
    """Reads with the conversation in mind, at one moment. `schools` are the names of the schools by id."""

    store: Store
    reader: Reader
    schools: Mapping[str, str]
    now: datetime

    def read(self, posts: Sequence[Post]) -> list[Reading]:
        """Return a reading for each post, in their order; what is above them may be among them or kept before."""
        readings = {reading.post_id: reading for reading in self._read(sorted(posts, key=_moment), self._kept(posts))}
        return [readings[post.id] for post in posts]

    def read_again(self, posts: Sequence[Post], readings: Sequence[Reading]) -> list[Reading]:
        """Return new readings of answers kept before what they answer, or dated before it, now that it is known what that is about."""
        found: list[Reading] = []
        fresh = [(post, reading) for post, reading in zip(posts, readings, strict=True) if reading.mentions]
        for _ in range(DEEPEST):
            if not fresh:
                break
            fresh = self._answers(fresh)
            found += [reading for _, reading in fresh]
        return found

    def _answers(self, above_them: Sequence[tuple[Post, Reading]]) -> list[tuple[Post, Reading]]:
        """Return the answers that inherit a school now and did not before; what was not read at all has its own turn."""
        known: _Known = {(post.platform, name): reading.mentions for post, reading in above_them for name in names_of(post)}
        with self.store.read() as work:
            answers = [post for platform in _platforms(known) for post in work.posts.answers(platform, _names(known, platform))]
            last = work.readings.last_of(answers)
        orphans = [post for post in answers if post.id in last and not last[post.id].mentions]
        again = zip(orphans, self._read(orphans, known), strict=True)
        return [(post, reading) for post, reading in again if reading.mentions]

    def _read(self, posts: Sequence[Post], known: _Known) -> list[Reading]:
        """Read posts side by side, once it is known what each is about."""
        return self.reader.read_subjects([self._told(subject, known) for subject in self.reader.subjects(posts)], self.now)

    def _told(self, subject: Subject, known: _Known) -> Subject:
        """Return what a post is about in its conversation, and remember it for those that answer the post."""
        post = subject.post
        context = next((known[post.platform, name] for name in above(post) if known.get((post.platform, name))), ())
        told = subject.inheriting(inherited(context, self.schools))
        known.update({(post.platform, name): told.mentions for name in names_of(post)})
        return told

    def _kept(self, posts: Sequence[Post]) -> _Known:
        """Return what the posts above these, kept before, were read to be about."""
        wanted: _Known = {(post.platform, name): () for post in posts for name in above(post)}
        with self.store.read() as work:
            parents = [post for platform in _platforms(wanted) for post in work.posts.named(platform, _names(wanted, platform))]
            last = work.readings.last_of(parents)
        return {(post.platform, name): last[post.id].mentions for post in parents if post.id in last for name in names_of(post)}


def _platforms(known: _Known) -> list[PlatformName]:
    return sorted({platform for platform, _ in known})


def _names(known: _Known, platform: PlatformName) -> list[str]:
    return sorted(name for on, name in known if on is platform)


def _moment(post: Post) -> tuple[datetime, int]:
    return (min(post.created_at or post.first_seen_at, post.first_seen_at), post.id)


__all__ = ["Conversations"]
