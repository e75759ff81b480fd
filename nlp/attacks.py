"""What hiding words from machines costs: the disguises of scoring.md, put on the words that carry a post, and the loss of AUC.

Each disguise is a fixed, seeded change of at most three words of a post. The words are chosen without a look at any word list of ours: by
what tells the harmful posts judged from the harmless ones («telling»), or by length alone («longest»). Names of schools, hashtags, handles
and addresses stay as they are; a third run («names too») disguises the school's name as well. Two figures each: every post disguised, and
only the harmful ones, as a writer who hides would have it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Protocol

from data.model.readings import Mention
from nlp import measures
from nlp.labelled import Labelled
from nlp.mentions import Matcher

SEED = 20261121
MOST_WORDS = 3  # a writer hides the words that matter, not all of them
SHORTEST = 4  # letters of a word worth hiding
_OFTEN = 3  # posts: a rarer word tells nothing
_LEET = {"a": "4@", "e": "3", "i": "1", "o": "0", "s": "5$", "t": "7"}
_CYRILLIC = dict(zip("aceijopsxyABCEHIKMOPTXY", "асеіјорѕхуАВСЕНІКМОРТХУ", strict=True))  # noqa: RUF001 - the very trick
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff"
_WORD = re.compile(rf"(?<![\w#@./:'’-])[A-Za-z]{{{SHORTEST},}}(?![\w@]|[./:-]\w)")  # noqa: RUF001 - people write this apostrophe
_LITTLE = """
about after again also always another because been before being could does done down even ever every from going have having here into itself
just like made make more most much must never only other over really same should some such than thank that their them then there these they
thing things think this those though through today until very want well were what when where which while will with would your yours yourself
"""
_FUNCTION = frozenset(_LITTLE.split())

Span = tuple[int, int]
Weight = Callable[[str], float]


class Read(Protocol):
    """What is asked of the machine about each post."""

    @property
    def any_harm(self) -> float:
        """How likely the writer does harm."""

    @property
    def mention(self) -> bool:
        """Whether a school is mentioned."""


def _leet(word: str, random: Random) -> str:
    """Put digits and signs for letters: each one that has any in two of three places, and one at least."""
    places = [place for place, char in enumerate(word) if char.lower() in _LEET]
    struck = {place for place in places if random.random() < 2 / 3} or set(places[:1])
    return "".join(random.choice(_LEET[char.lower()]) if place in struck else char for place, char in enumerate(word))


def _homoglyphs(word: str, random: Random) -> str:  # noqa: ARG001 - all disguises are called alike
    return "".join(_CYRILLIC.get(char, char) for char in word)


def _spaced(word: str, random: Random) -> str:  # noqa: ARG001 - all disguises are called alike
    return " ".join(word)


def _dotted(word: str, random: Random) -> str:  # noqa: ARG001 - all disguises are called alike
    return ".".join(word)


def _zero_width(word: str, random: Random) -> str:
    return word[0] + "".join(random.choice(_UNSEEN) + char for char in word[1:])


def _elongated(word: str, random: Random) -> str:
    """Draw out one letter, a vowel where there is one, to three to five."""
    vowels = [place for place, char in enumerate(word) if char.lower() in "aeiou"] or [len(word) - 1]
    place = random.choice(vowels)
    return word[:place] + word[place] * random.randint(3, 5) + word[place + 1 :]


def _starred(word: str, random: Random) -> str:  # noqa: ARG001 - all disguises are called alike
    """Put stars for the middle: two for four letters, four at most, so that a person still reads it."""
    stars = min(max(2, len(word) // 2), 4)
    start = (len(word) - stars + 1) // 2
    return word[:start] + "*" * stars + word[start + stars :]


ATTACKS: dict[str, Callable[[str, Random], str]] = {
    "leet": _leet,
    "homoglyphs": _homoglyphs,
    "spaced": _spaced,
    "dotted": _dotted,
    "zero_width": _zero_width,
    "elongated": _elongated,
    "starred": _starred,
}


def words_of(text: str) -> list[Span]:
    """Return where the content words of a text stand: plain letters, no hashtag, handle, address or little word."""
    return [word.span() for word in _WORD.finditer(text) if word[0].lower() not in _FUNCTION]


def chosen(text: str, weight: Weight, spared: Iterable[Span] = ()) -> list[Span]:
    """Return where the at most three content words stand that weigh most, in order of place; none of them touches what is spared."""
    kept = list(spared)
    free = [span for span in words_of(text) if not any(span[0] < end and start < span[1] for start, end in kept)]
    heaviest = sorted(free, key=lambda span: (-weight(text[slice(*span)].lower()), span))[:MOST_WORDS]
    return sorted(heaviest)


def disguised(text: str, spans: Sequence[Span], attack: str, key: str = "") -> str:
    """Return the text with the words at `spans` disguised; the same text, spans, attack and key always give the same."""
    random = Random(f"{SEED}:{attack}:{key}")  # noqa: S311 - a measurement wants the same disguises each time
    pieces: list[str] = []
    last = 0
    for start, end in sorted(spans):
        pieces += (text[last:start], ATTACKS[attack](text[start:end], random))
        last = end
    return "".join([*pieces, text[last:]])


def telling(posts: Sequence[Labelled]) -> Weight:
    """Return how much a word tells harmful posts from harmless ones (log odds by post), words of equal weight by their length."""
    harmful, harmless = Counter[str](), Counter[str]()
    for post in posts:
        words = {post.text[slice(*span)].lower() for span in words_of(post.text)}
        (harmful if post.is_harm else harmless).update(words)
    harms = sum(post.is_harm for post in posts)
    others = len(posts) - harms

    def weight(word: str) -> float:
        if harmful[word] + harmless[word] < _OFTEN:
            return len(word) / 1000
        return math.log((harmful[word] + 0.5) / (harms + 1)) - math.log((harmless[word] + 0.5) / (others + 1)) + len(word) / 1000

    return weight


def longest(word: str) -> float:
    """Return the weight of a word by its length alone."""
    return float(len(word))


def report(posts: Sequence[Labelled], matcher: Matcher, judge: Callable[[Sequence[Labelled]], Sequence[Read]]) -> dict[str, Any]:
    """Return the AUC of any harm on the posts as they are and under each attack, with the loss, for each way to choose the words."""
    clean = judge(posts)
    found = {post.id: matcher.find(post.text) for post in posts}
    spans = {
        "telling": _chosen_in(posts, telling(posts), found),
        "longest": _chosen_in(posts, longest, found),
        "names_too": _with_names(posts, _chosen_in(posts, telling(posts), found), found),
    }
    return {
        "posts": len(posts),
        "clean": {"auc": _auc(posts, clean), "mentions": sum(one.mention for one in clean)},
        **{
            way: {attack: _attacked(posts, clean, judge([_struck(post, where[post.id], attack) for post in posts])) for attack in ATTACKS}
            for way, where in spans.items()
        },
    }


def _chosen_in(posts: Sequence[Labelled], weight: Weight, found: dict[str, tuple[Mention, ...]]) -> dict[str, list[Span]]:
    return {post.id: chosen(post.text, weight, [(mention.start, mention.end) for mention in found[post.id]]) for post in posts}


def _with_names(posts: Sequence[Labelled], spans: dict[str, list[Span]], found: dict[str, tuple[Mention, ...]]) -> dict[str, list[Span]]:
    """Return the spans with the words of the school's name."""

    def inside(span: Span, post: Labelled) -> bool:
        return any(mention.start <= span[0] and span[1] <= mention.end for mention in found[post.id])

    return {post.id: spans[post.id] + [span for span in words_of(post.text) if inside(span, post)] for post in posts}


def _struck(post: Labelled, spans: Sequence[Span], attack: str) -> Labelled:
    return replace(post, text=disguised(post.text, spans, attack, post.id))


def _attacked(posts: Sequence[Labelled], clean: Sequence[Read], struck: Sequence[Read]) -> dict[str, Any]:
    """Return the figures of one attack: all posts disguised, and only the harmful ones."""
    only_harmful = [hidden if post.is_harm else plain for post, plain, hidden in zip(posts, clean, struck, strict=True)]
    before, after, writers = _auc(posts, clean), _auc(posts, struck), _auc(posts, only_harmful)
    return {
        "auc": after,
        "loss": None if before is None or after is None else before - after,
        "loss_only_harmful": None if before is None or writers is None else before - writers,
        "mentions": sum(one.mention for one in struck),
    }


def _auc(posts: Sequence[Labelled], read: Sequence[Read]) -> float | None:
    return measures.auc([one.any_harm for one in read], [post.is_harm for post in posts])
