"""What the learned heads see of a post: words, pieces of words, marks of sentences, cues and a few counts. No name of anyone.

Schools, people, classes, times, numbers, addresses and names are masked, so that nothing is learned about one school or one person.
Everything is deterministic and made of plain Python; `Seen.tokens` keep their place in the plain text for the reasons.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice, pairwise
from typing import NamedTuple

from nlp.cues import PERSON, lexicon
from nlp.draft import Draft, Sentence
from nlp.people import ROLE

VERSION = "features.v3"
_WORD = r"[^\W\d_]\w*(?:\*+\w*)*"
_TOKEN = re.compile(  # most words by far cannot begin anything else: they are told first
    rf"(?=\S)(?:[a-gi-vxz]\w*(?:\*+\w*)*|{PERSON}+|https?\S+|www\.\S+|@\w[\w.]*|#\w+|(?:year|yr|yrs|y) ?\d{{1,2}}s?(?!\w)"
    rf"|\d+(?:[:.]\d\d)? ?(?:am|pm)(?!\w)|\d{{1,2}}[:.]\d\d(?!\d)|£\d[\d,.]*k?|\d{{1,2}}[a-z](?!\w)|\d[\d,.]*|{_WORD}|[!?]+|[^\w\s])"
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
_COUNTED = (  # facts of how often words of one kind stand in the post, and how many of them are as many as count
    *((f"has {mask}", frozenset({mask}), 2) for mask in (_STAFF, _ROLE, _NAME, "§class", "§time", "§user", "§link", "§money")),
    *((f"pronoun {name}", forms, 4) for name, forms in _PRONOUNS.items()),
)
_FACT_OF = {form: name for name, forms, _ in _COUNTED for form in forms}
_FOREIGN = re.compile("[^\x00-\x7f]+")
_CAPITALS = bytes(range(ord("A"), ord("Z") + 1))
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())


class Token(NamedTuple):
    """A masked word with its place in the plain text."""

    text: str
    start: int
    end: int


_TOKEN_OF: Callable[[tuple[str, int, int]], Token] = partial(tuple.__new__, Token)  # in half the time of Token(…)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of one post."""

    tokens: tuple[Token, ...]
    runs: Collection[str]  # each word, each pair in a row, the words crossed with the marks of their sentence, roles in full
    facts: dict[str, float]  # cues and counts

    @property
    def words(self) -> dict[str, float]:
        """The runs of words with each three in a row, counted when they are asked for: reading a post counts numbers (nlp.heads)."""
        texts, runs, last = [token.text for token in self.tokens], list(self.runs), 2 * len(self.tokens) - 1
        threes = map(" ".join, zip(texts, texts[1:], texts[2:], strict=False))
        return dict(Counter([*runs[:last], *threes, *runs[last:]] if texts else runs))

    @property
    def pieces(self) -> dict[str, float]:
        """Pieces of the words, counted when they are asked for: reading a post takes them word by word (nlp.heads)."""
        return dict(Counter(piece for word in spelt(self.tokens) for piece in cut(word)))


def see(draft: Draft) -> Seen:
    """Return what the heads see of a draft whose sentences and cue scores are there."""
    tokens = tuple(map(_TOKEN_OF, _tokens(draft)[:_TOKEN_LIMIT]))
    texts = [token.text for token in tokens]
    marks = [_marks(sentence) for sentence in draft.sentences]
    return Seen(tokens, _runs(draft, tokens, texts, marks), _facts(draft, texts, marks))


def _tokens(draft: Draft) -> list[tuple[str, int, int]]:
    """Return what the tokens are made of, in order; a school's name is one token, whatever it is made of."""
    schools = [(draft.folded.at(mention.start), draft.folded.at(mention.end)) for mention in draft.mentions]
    roles = {person.start for person in draft.people if person.why == ROLE}
    starts = {sentence.start for sentence in draft.sentences}
    masked, original, places = draft.masked, draft.folded.original, draft.folded.places
    tokens: list[tuple[str, int, int]] = []
    last = 0
    for start, end in [*sorted(schools), (len(masked), len(masked))]:
        for match in islice(_TOKEN.finditer(masked, last, max(start, last)), _TOKEN_LIMIT):
            word, (place, after) = match[0], match.span()
            text = _known(word) if len(word) <= _WORD_LIMIT else _plain(word)
            if text[0] == _STOP:
                text = _ROLE if text == _STAFF and place in roles else text
            elif original[places[place]].isupper() and word[0].isalpha() and place not in starts:  # few words: the rest told at once
                text = _NAME if _is_name(original, places[place], word) else text
            tokens.append((text, place, after))
        if start < end:
            tokens.append((_SCHOOL, start, end))
        if len(tokens) >= _TOKEN_LIMIT:
            break
        last = max(end, last)
    return tokens


def _plain(word: str) -> str:
    """Return what a word is taken for wherever it stands: a mask, a sign, or itself."""
    if word[0].isalpha():
        return "§link" if word.startswith(("http", "www.")) else "§class" if _CLASS.fullmatch(word) else word[:_WORD_LIMIT]
    if word[0].isdigit() or word[0] == "£":
        return "§class" if _CLASS.fullmatch(word) else "§time" if _TIME.fullmatch(word) else "§money" if word[0] == "£" else "§number"
    return _STAFF if word[0] == PERSON else _signed(word)


_known = lru_cache(maxsize=16384)(_plain)  # words come again and again


def _is_name(original: str, place: int, word: str) -> bool:
    """Whether a word with a capital inside a sentence is written like a name: just one, and no ordinary word that people give one."""
    written = original[place : place + len(word)]
    return not written[1:2].isupper() and len(written) > 1 and not _ordinary(word)


@lru_cache(maxsize=4096)
def _ordinary(word: str) -> bool:
    return lexicon("names").cues["not_a_name"].pattern.fullmatch(word) is not None


def _signed(word: str) -> str:
    if word[0] == "@":
        return "§user"
    if word[0] in "!?":
        return word[:2]
    return word if word[0] == "#" or word.isascii() else _picture(word[0])


@lru_cache(maxsize=4096)
def _picture(char: str) -> str:
    """Return an emoji or another sign named in words."""
    return f"<{unicodedata.name(char, 'sign').lower()}>"


def _runs(draft: Draft, tokens: tuple[Token, ...], texts: list[str], marks: list[tuple[str, ...]]) -> list[str]:
    """Return what Seen.runs says, in this order."""
    roles = [f"role {draft.folded.text[p.start : p.end]}" for p in draft.people if p.why == ROLE] if draft.masked else []
    return [*texts, *map(" ".join, pairwise(texts)), *(_crossed(draft, tokens, marks) if any(marks) else ()), *roles]


def _crossed(draft: Draft, tokens: tuple[Token, ...], marks: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield every word with the marks of its sentence: «stole» in a question is another thing than «stole»."""
    starts = [token.start for token in tokens]
    edges = [*(bisect_left(starts, sentence.start) for sentence in draft.sentences), len(tokens)]
    for place, some in enumerate(marks):
        if some:
            yield from [f"{mark}|{token.text}" for token in tokens[edges[place] : edges[place + 1]] for mark in some]


def _marks(sentence: Sentence) -> tuple[str, ...]:
    if not sentence.marks and not sentence.is_question:
        return ()
    return tuple(mark for mark in _CROSSED if (sentence.is_question if mark == "question" else mark in sentence.marks))


def spelt(tokens: Iterable[Token]) -> list[str]:
    """Return the words whose pieces are looked at: all but masks, signs and numbers."""
    return [token.text for token in tokens if token.text[0].isalpha()]


@lru_cache(maxsize=16384)
def cut(word: str) -> tuple[str, ...]:
    """Return the pieces of one word, its edges marked."""
    edged = f"_{word}_"
    return tuple([edged[place : place + size] for size in _PIECES for place in range(len(edged) - size + 1)])  # quicker than one by one


def _facts(draft: Draft, texts: list[str], marks: list[tuple[str, ...]]) -> dict[str, float]:
    facts = {f"score {score.head} {score.category}": score.value for score in draft.scores}
    for name, times in Counter(draft.cues).items():
        facts[f"cue {name}"] = min(2.0, times)
    facts["stop cue"] = float(bool(draft.stop_cue))
    if any(marks):
        for mark, times in Counter(mark for some in marks for mark in some).items():
            facts[f"mark {mark}"] = 0.5 + 0.5 * times / len(marks)
    facts["length"] = math.log1p(len(texts)) / 5
    facts["sentences"] = math.log1p(len(draft.sentences)) / 3
    facts["capitals"] = _capitals(draft.folded.original[:2000])
    facts["media"] = float(bool(draft.media))
    facts["mentions"] = min(1.0, len(draft.mentions) / 2)
    counts = Counter(map(_FACT_OF.get, texts))
    for name, _, most in _COUNTED:
        facts[name] = min(1.0, counts.get(name, 0) / most)
    return facts


def _capitals(text: str) -> float:
    """Return the share of letters that are capitals; those of ASCII are counted without any Python code for a single letter."""
    plain = text.encode("ascii", "ignore").translate(None, _NO_LETTERS)
    foreign = [] if text.isascii() else list(filter(str.isalpha, "".join(_FOREIGN.findall(text))))
    capitals = len(plain) - len(plain.translate(None, _CAPITALS)) + sum(map(str.isupper, foreign))
    return capitals / (len(plain) + len(foreign)) if plain or foreign else 0.0
