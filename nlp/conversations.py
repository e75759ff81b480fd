"""Which posts answer which, and what a conversation is about: «sack her» under a post about a school is about that school.

A mention is inherited, never invented: it comes from a post that answers lead back to, says so, and fades with every step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from data.model.posts import PlatformName, Post, PostId
from data.model.readings import Mention, Span
from nlp.relevance import OURS

FADES = 0.9  # how much of its sureness a mention keeps with each step down a conversation


def inherited(mentions: Iterable[Mention], names: Mapping[str, str]) -> tuple[Mention, ...]:
    """Return what an answer inherits from the post above it: one mention for each school, marked, with the reason in plain words.

    `names` are the names of the schools by id. What has become too unsure on the way down is no longer inherited.
    """
    surest: dict[str, Mention] = {}
    for mention in mentions:
        known = surest.get(mention.school_id)
        if known is None or mention.sure > known.sure:
            surest[mention.school_id] = mention
    faded = (_faded(mention, names.get(mention.school_id, "the school")) for mention in surest.values())
    return tuple(mention for mention in faded if mention.sure >= OURS)


def _faded(mention: Mention, name: str) -> Mention:
    reason = Span(start=0, end=0, why=f"in a conversation about {name}")
    return mention.model_copy(
        update={"start": 0, "end": 0, "sure": round(mention.sure * FADES, 3), "reasons": (reason,), "inherited": True}
    )


def without_namesakes(mentions: Iterable[Mention], namesakes: Iterable[Mention]) -> tuple[Mention, ...]:
    """Return the inherited mentions but of schools whose words the answer itself uses for another place or person."""
    other = {namesake.school_id for namesake in namesakes}
    return tuple(mention for mention in mentions if mention.school_id not in other)


def names_of(post: Post) -> tuple[str, ...]:
    """Return under which names an answer may point at the post: its id, and its number on the server that was polled."""
    server, number = post.raw.get("server"), post.raw.get("id")
    return (post.native_id, f"{server}#{number}") if server and number else (post.native_id,)


def above(post: Post) -> tuple[str, ...]:
    """Return the names of the posts that this one hangs under, the nearest first: what it answers, and where its conversation begins."""
    return tuple(dict.fromkeys(name for name in (post.parent_id, post.thread_id) if name and name != post.native_id))


def conversations(posts: Sequence[Post]) -> dict[PostId, str]:
    """Return the conversations that the posts belong to, as far as they are known: those with two or more of the posts."""
    names = {(post.platform, name): post for post in posts for name in names_of(post)}
    roots = {post.id: _root(post, names) for post in posts}
    many = Counter(roots.values())
    return {post_id: root for post_id, root in roots.items() if many[root] > 1}


def _root(post: Post, names: Mapping[tuple[PlatformName, str], Post]) -> str:
    """Return where the conversation begins: its own name where the platform gives one, else the first post that answers lead back to."""
    top, passed = post, {post.id}
    while not top.thread_id and top.parent_id:
        parent = names.get((top.platform, top.parent_id))
        if parent is None:
            return f"{top.platform.value} {top.parent_id}"
        if parent.id in passed:  # posts that claim to answer each other
            break
        passed.add(parent.id)
        top = parent
    return f"{top.platform.value} {top.thread_id or top.native_id}"


__all__ = ["FADES", "above", "conversations", "inherited", "names_of", "without_namesakes"]
