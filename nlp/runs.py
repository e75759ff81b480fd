r"""A text in runs: the tokenizer of the pipeline. What reads a post asks spaCy for sentences, not for words.

A run is all that stands between two places where a sentence may end or begin; only the few words around such a place («lied!», «"Yes.»)
are cut as spaCy's own tokenizer cuts them. So sentences begin where they would with every word cut, in a fraction of the time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

_REMEMBERED = 8_192  # words with a sign
_PLAIN = re.compile(r"([A-Za-z][a-z]+)(\.|[!?]+)")
_LONGEST = 24  # characters of a word that is remembered


class Runs:
    """Cuts texts into runs. A Doc of it is for one moment: make it and let go of it within `vocab.memory_zone()`."""

    def __init__(self, language: Language, ends: Iterable[str]) -> None:
        """Take a pipeline, whose tokenizer cuts the words around a place where a sentence may end, and the signs that end one."""
        exact: Any = language.tokenizer
        self.vocab = language.vocab
        self._exact, self._ends = exact, frozenset(ends)
        self._odd = frozenset(exact.rules or ())
        self._known = lru_cache(_REMEMBERED)(self._cut)
        signs = re.escape("".join(self._ends))
        self._places = re.compile(rf"(?<!\S)(?:[^\s{signs}]*+[{signs}]|[^\w\s]|_)\S*+")
        for sign in self._ends:
            self.vocab[sign]  # kept for good

    def __call__(self, text: str) -> Doc:
        """Return the text as a Doc of runs."""
        words: list[str] = []
        spaces: list[bool] = []
        last = 0
        for match in self._places.finditer(text):
            start, end = match.span()
            word = match[0]
            head, rest = self._known(word) if len(word) <= _LONGEST else self._cut(word)
            if start + head > last:
                _add(text[last : start + head], words, spaces)
            spaced = end < len(text) and text[end] == " "
            if rest:
                words += rest
                spaces += [False] * len(rest)
                spaces[-1] = spaced
                last = end + spaced
            else:
                last = end
        if last < len(text):
            _add(text[last:], words, spaces)
        return Doc(self.vocab, words=words, spaces=spaces)

    def _cut(self, word: str) -> tuple[int, list[str]]:
        """Return how many characters of a word belong to the run before it, and what follows: signs, and runs between them."""
        plain = _PLAIN.fullmatch(word)
        if plain and word not in self._odd and plain[1] not in self._odd and self._ends.issuperset(plain[2]):
            return len(plain[1]), list(plain[2])
        if not _is_mark(word[0]) and self._ends.isdisjoint(word):  # a picture, a sum of money: nothing ends or begins inside
            return len(word), []
        runs: list[str] = []
        running = False  # behind a letter nothing but a sign matters
        for token in self._exact(word):
            text = token.text
            if running and text not in self._ends:
                runs[-1] += text
                continue
            runs.append(text)
            running = text not in self._ends and not token.is_punct
        first = runs[0]
        joins = first not in self._ends and not all(map(_is_mark, first))
        return (len(first), runs[1:]) if joins else (0, runs)


def _is_mark(char: str) -> bool:
    """Whether a sign begins no sentence where it stands alone."""
    return unicodedata.category(char)[0] == "P"


def _add(run: str, words: list[str], spaces: list[bool]) -> None:
    """Add a run; spaCy keeps the blank at its end apart."""
    spaced = len(run) > 1 and run[-1] == " "
    words.append(run[:-1] if spaced else run)
    spaces.append(spaced)
