"""Words that disguised writing may stand for: common words of posts, words that people mask, a school's own terms and names.

Data: lexicons/common_words.txt (by frequency) and lexicons/disguises.toml (masked words, texting, emoji).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from nlp.normal import fold

_LEXICONS = Path(__file__).parent / "lexicons"
_WORD = re.compile(r"[a-z]+")
_LONGEST = 24  # letters of the longest word looked for in a run of joined letters
_MOST_JOINED = 120  # a longer run of single letters is no sentence


class Vocabulary:
    """Words in order of likelihood. Own words (a school's terms, names of staff) come before all others. Never changes."""

    def __init__(
        self, words: Iterable[str], own: Iterable[str] = (), masked: Iterable[str] = (), texting: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Take common words, the most frequent first; own words; words that people mask, the likeliest first; texting forms."""
        self._masked: dict[int, list[str]] = {}
        for word in dict.fromkeys(masked):
            self._masked.setdefault(len(word), []).append(word)
        self.own = frozenset(part for phrase in own for part in _WORD.findall(fold(phrase)) if len(part) > 1)
        ranked = dict.fromkeys([*self.own, *(word for many in self._masked.values() for word in many), *words])
        self._rank = {word: rank for rank, word in enumerate(ranked)}
        self.known = frozenset(self._rank)
        self._shapes: dict[tuple[int, str], list[str]] = {}
        for word in self._rank:
            self._shapes.setdefault((len(word), word[:1]), []).append(word)
        self.texting = dict(texting)

    def __contains__(self, word: str) -> bool:
        """Whether the plain word is known."""
        return word in self._rank

    def __len__(self) -> int:
        """Return how many words are known."""
        return len(self._rank)

    def with_own(self, phrases: Iterable[str]) -> Vocabulary:
        """Return the same words with these phrases' words as own."""
        masked = [word for many in self._masked.values() for word in many]
        return Vocabulary(self._rank, [*self.own, *phrases], masked, self.texting.items())

    def best(self, candidates: Iterable[str]) -> str | None:
        """Return the likeliest of the candidates that are known, if any."""
        known = [word for word in candidates if word in self._rank]
        return min(known, key=self._rank.__getitem__) if known else None

    def shaped(self, shape: str) -> str | None:
        """Return the word that a starred shape («th**f», a star for each hidden letter) stands for: a masked word before a common one."""
        pattern = re.compile(shape.replace("*", "[a-z]"))
        for word in self._masked.get(len(shape), ()):
            if pattern.fullmatch(word):
                return word
        open_letters = len(shape) - shape.count("*")
        if open_letters < 2 or open_letters * 3 < len(shape):  # noqa: PLR2004 - «t***» may be anything
            return None
        return next((word for word in self._shapes.get((len(shape), shape[0]), ()) if pattern.fullmatch(word)), None)

    def is_masked(self, word: str) -> bool:
        """Whether it is one of the words that people mask."""
        return word in self._masked.get(len(word), ())

    def stretched(self, shape: str) -> str | None:
        """Return the masked word in which one star stands for several letters («f*k», «p*do» for a longer word)."""
        pattern = re.compile(re.sub(r"\*+", "[a-z]{1,4}", shape))
        return next((word for many in self._masked.values() for word in many if len(word) > len(shape) and pattern.fullmatch(word)), None)

    def parted(self, letters: str) -> list[str] | None:
        """Return the fewest known words that joined letters are made of («youareathief»), or None."""
        if len(letters) > _MOST_JOINED:
            return None
        best: list[list[str] | None] = [[]]
        for end in range(1, len(letters) + 1):
            ways = []
            for start in range(max(0, end - _LONGEST), end):
                before, word = best[start], letters[start:end]
                if before is not None and word in self._rank and (len(word) > 1 or word in "aiu"):
                    ways.append([*before, word])
            best.append(min(ways, key=lambda way: (len(way), sum(self._rank[word] for word in way)), default=None))
        return best[-1]


@cache
def common_words() -> Vocabulary:
    """Return the shipped vocabulary, without any school's own words.

    Raises:
        OSError: the files of this package are not there.
    """
    lines = (_LEXICONS / "common_words.txt").read_text(encoding="utf-8").splitlines()
    entries = tomllib.loads((_LEXICONS / "disguises.toml").read_text(encoding="utf-8"))
    return Vocabulary((line for line in lines if not line.startswith("#")), (), entries["masked"], entries["texting"].items())
