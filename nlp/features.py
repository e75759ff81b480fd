"""What the learned heads see of a post: words, pieces of words, marks of sentences, cues and a few counts. No name of anyone.

Schools, people, classes, times, numbers, addresses and names are masked, so that nothing is learned about one school or one person.
Everything is deterministic and made of plain Python; `Seen.tokens` keep their place in the plain text for the reasons.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from nlp.cues import PERSON, lexicon
from nlp.draft import Draft, Sentence
from nlp.people import ROLE

VERSION = "features.v3"
_TOKEN = re.compile(
    rf"{PERSON}+|https?\S+|www\.\S+|@\w[\w.]*|#\w+|(?:year|yr|yrs|y) ?\d{{1,2}}s?(?!\w)|\d+(?:[:.]\d\d)? ?(?:am|pm)(?!\w)"
    r"|\d{1,2}[:.]\d\d(?!\d)|£\d[\d,.]*k?|\d{1,2}[a-z](?!\w)|\d[\d,.]*|[^\W\d_]\w*(?:\*+\w*)*|[!?]+|[^\w\s]"
)
_CLASS = re.compile(r"(?:year|yr|yrs|y) ?\d{1,2}s?|\d{1,2}[a-z]")
_TIME = re.compile(r"\d+(?:[:.]\d\d)? ?(?:am|pm)|\d{1,2}[:.]\d\d")
_SCHOOL, _STAFF, _ROLE, _NAME, _STOP = "§school", "§staff", "§role", "§name", "§"
MASKS = frozenset({_SCHOOL, _STAFF, _ROLE, _NAME, "§class", "§time", "§money", "§number", "§link", "§user"})
_LONGEST = 3  # words in a row
_PIECES = range(2, 6)  # characters in a row, within a word
_WORD_LIMIT = 24  # characters of one token that are looked at
_TOKEN_LIMIT = 1500  # tokens of one post that are looked at: a longer one says nothing new
_CROSSED = ("question", "opinion", "hearsay", "denies", "condemns", "official", "sport_or_play")
_PRONOUNS = {
    "you": frozenset(("you", "u", "ur", "your", "youre", "yous", "ya", "yourself")),
    "they": frozenset(("he", "she", "him", "her", "his", "hers", "hes", "shes", "himself", "herself")),
    "them": frozenset(("they", "them", "their", "theyre", "these", "those")),
    "i": frozenset(("i", "im", "ive", "id", "ill", "me", "my", "mine", "myself")),
    "we": frozenset(("we", "our", "us", "were", "weve", "ours")),
}


class Token(NamedTuple):
    """A masked word with its place in the plain text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of one post."""

    tokens: tuple[Token, ...]
    words: dict[str, float]  # words in a row, also crossed with the marks of their sentence
    facts: dict[str, float]  # cues and counts

    @property
    def pieces(self) -> dict[str, float]:
        """Pieces of the words, counted when they are asked for: reading a post takes them word by word (nlp.heads)."""
        return dict(Counter(piece for word in spelt(self.tokens) for piece in cut(word)))


def see(draft: Draft) -> Seen:
    """Return what the heads see of a draft whose sentences and cue scores are there."""
    tokens = tuple(_tokens(draft))[:_TOKEN_LIMIT]
    return Seen(tokens, _words(draft, tokens), dict(_facts(draft, tokens)))


def _tokens(draft: Draft) -> Iterator[Token]:
    """Yield the tokens in order; a school's name is one token, whatever it is made of."""
    schools = [(draft.folded.at(mention.start), draft.folded.at(mention.end)) for mention in draft.mentions]
    roles = {person.start for person in draft.people if person.why == ROLE}
    starts = {sentence.start for sentence in draft.sentences}
    last = 0
    for start, end in [*sorted(schools), (len(draft.masked), len(draft.masked))]:
        for match in _TOKEN.finditer(draft.masked, last, max(start, last)):
            yield Token(_masked(draft, match, roles, starts), *match.span())
        if start < end:
            yield Token(_SCHOOL, start, end)
        last = max(end, last)


def _masked(draft: Draft, match: re.Match[str], roles: set[int], starts: set[int]) -> str:
    word = match[0]
    if word[0] == PERSON:
        return _ROLE if match.start() in roles else _STAFF
    text = _known(word) if len(word) <= _WORD_LIMIT else _plain(word)
    return _NAME if text[0] != _STOP and word[0].isalpha() and _is_name(draft, match, starts) else text


def _plain(word: str) -> str:
    """Return what a word is taken for wherever it stands: a mask, a sign, or itself."""
    if word[0].isalpha():
        return "§link" if word.startswith(("http", "www.")) else "§class" if _CLASS.fullmatch(word) else word[:_WORD_LIMIT]
    if word[0].isdigit() or word[0] == "£":
        return "§class" if _CLASS.fullmatch(word) else "§time" if _TIME.fullmatch(word) else "§money" if word[0] == "£" else "§number"
    return _signed(word)


_known = lru_cache(maxsize=16384)(_plain)  # words come again and again


def _is_name(draft: Draft, match: re.Match[str], starts: set[int]) -> bool:
    """Whether a word inside a sentence is written like a name: one capital, and no ordinary word that people give one."""
    if match.start() in starts:
        return False
    place = draft.folded.places[match.start()]
    if not draft.folded.original[place].isupper():  # most words: told at once
        return False
    written = draft.folded.original[place : place + len(match[0])]
    return not written[1:2].isupper() and len(written) > 1 and not _ordinary(match[0])


@lru_cache(maxsize=4096)
def _ordinary(word: str) -> bool:
    return lexicon("names").cues["not_a_name"].pattern.fullmatch(word) is not None


def _signed(word: str) -> str:
    if word[0] == "@":
        return "§user"
    if word[0] in "!?":
        return word[:2]
    return word if word[0] == "#" or word.isascii() else _picture(word)


@lru_cache(maxsize=4096)
def _picture(char: str) -> str:
    """Return an emoji or another sign named in words."""
    return f"<{unicodedata.name(char, 'sign').lower()}>"


def _words(draft: Draft, tokens: tuple[Token, ...]) -> dict[str, float]:
    texts = [token.text for token in tokens]
    runs = [" ".join(run) for size in range(2, _LONGEST + 1) for run in zip(*(texts[step:] for step in range(size)), strict=False)]
    roles = [f"role {draft.folded.text[p.start : p.end]}" for p in draft.people if p.why == ROLE] if draft.masked else []
    return dict(Counter([*texts, *runs, *_crossed(draft, tokens), *roles]))  # counted at once: four times as fast as one by one


def _crossed(draft: Draft, tokens: tuple[Token, ...]) -> Iterator[str]:
    """Yield every word with the marks of its sentence: «stole» in a question is another thing than «stole»."""
    marks = [(sentence.start, _marks(sentence)) for sentence in draft.sentences]
    starts = [start for start, _ in marks]
    for token in tokens:
        place = bisect_right(starts, token.start) - 1
        if place >= 0 and marks[place][1]:
            for mark in marks[place][1]:
                yield f"{mark}|{token.text}"


def _marks(sentence: Sentence) -> tuple[str, ...]:
    return tuple(mark for mark in _CROSSED if (sentence.is_question if mark == "question" else mark in sentence.marks))


def spelt(tokens: Iterable[Token]) -> list[str]:
    """Return the words whose pieces are looked at: all but masks, signs and numbers."""
    return [token.text for token in tokens if token.text[0].isalpha()]


@lru_cache(maxsize=16384)
def cut(word: str) -> tuple[str, ...]:
    """Return the pieces of one word, its edges marked."""
    edged = f"_{word}_"
    return tuple(edged[place : place + size] for size in _PIECES for place in range(len(edged) - size + 1))


def _facts(draft: Draft, tokens: tuple[Token, ...]) -> Iterator[tuple[str, float]]:
    yield from _cue_facts(draft)
    yield from _mark_facts(draft)
    yield from _count_facts(draft, tokens)


def _cue_facts(draft: Draft) -> Iterator[tuple[str, float]]:
    for score in draft.scores:
        yield f"score {score.head.value} {score.category.value}", score.value
    for name, times in Counter(draft.cues).items():
        yield f"cue {name}", min(2.0, times)
    yield "stop cue", float(bool(draft.stop_cue))


def _mark_facts(draft: Draft) -> Iterator[tuple[str, float]]:
    count = max(1, len(draft.sentences))
    for mark, times in Counter(mark for sentence in draft.sentences for mark in _marks(sentence)).items():
        yield f"mark {mark}", 0.5 + 0.5 * times / count


def _count_facts(draft: Draft, tokens: tuple[Token, ...]) -> Iterator[tuple[str, float]]:
    texts = Counter(token.text for token in tokens)
    yield "length", math.log1p(len(tokens)) / 5
    yield "sentences", math.log1p(len(draft.sentences)) / 3
    yield "capitals", _capitals(draft.folded.original)
    yield "media", float(bool(draft.media))
    yield "mentions", min(1.0, len(draft.mentions) / 2)
    for mask in (_STAFF, _ROLE, _NAME, "§class", "§time", "§user", "§link", "§money"):
        yield f"has {mask}", min(1.0, texts[mask] / 2)
    for name, forms in _PRONOUNS.items():
        yield f"pronoun {name}", min(1.0, sum(texts[form] for form in forms) / 4)


def _capitals(text: str) -> float:
    letters = list(filter(str.isalpha, text[:2000]))
    return sum(map(str.isupper, letters)) / len(letters) if letters else 0.0
