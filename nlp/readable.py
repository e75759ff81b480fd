"""Whether a text can be read at all: empty, without words, noise, or not English. The answer is a line for the screen, never a silence.

Of a text that is not English the line names the language where its little words, letters or script tell it: by short lists of our own
(lexicons/languages.toml). Ready-made detectors were passed over: they answer for every text, slang and single names too, know a hundred
languages that nobody posts here, and bring a model of megabytes, pickled or compiled. Only a text that fails the English check is asked.
"""

from __future__ import annotations

import re
import string
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from nlp.cues import LEXICONS
from nlp.normal import fold, fold_post

EMPTY = "not read: there is no text"
NO_WORDS = "not read: there are no words in it"
NOISE = "not read: does not look like text"
NOT_ENGLISH = "not read: does not look like English"
NAMED, PERHAPS = "not read: {}", "not read: looks like {}"
NO_TEXT = frozenset({EMPTY, NO_WORDS, NOISE})  # whatever language it may be, there is nothing to read

_WORDS = re.compile(r"[^\W\d_]{2,}")
_PLAIN_WORDS = re.compile(r"[a-z]{2,}")
_TOKENS = re.compile(r"\w+")
_LETTERS_ALONE = bytes(code if chr(code) in string.ascii_lowercase else 32 for code in range(256))  # all else is a space
_WORDS_ALONE = bytes(code if chr(code) in f"{string.ascii_letters}{string.digits}_" else 32 for code in range(256))
_BETWEEN = re.compile("['`\u00b4\u2018\u2019-]")  # «l'ecole», «aujourd'hui» are two words
_SAMPLE = 4_000  # characters looked at: a language shows early
_NOISY, _FEW_WORDS, _ENGLISH_ENOUGH, _FOREIGN_LETTERS, _FOREIGN_WORDS = 0.3, 6, 0.12, 0.5, 2
_STILL_FOREIGN = 0.05  # of the letters, after folding
_FOREIGN_ENOUGH = 0.15  # of the words, one in seven speaks for one language: less may be names and slang
_SURELY_ENGLISH, _OUTWEIGHS, _OUTWEIGHS_OF = 0.4, 1.5, 0.3
_SURE, _LIKELY, _AHEAD, _BARELY_AHEAD = 3.0, 1.5, 1.5, 1.1  # words that speak for a language alone; times the next one
_MOST_LETTERS = 4  # letters of its own count for as many words at most
_LAST_LATIN = "\u024f"  # end of the block Latin Extended-B
_NOISE_KINDS = {"Cc", "Cn", "Co", "Cs", "So"}
_KANA = frozenset({"HIRAGANA", "KATAKANA"})


@dataclass(frozen=True, slots=True)
class _Languages:
    """The lists of languages.toml, folded as posts are."""

    english: frozenset[str]
    of_word: dict[str, tuple[str, ...]]  # which languages have the word
    of_letter: dict[str, tuple[str, ...]]
    of_script: dict[str, tuple[str, ...]]


@cache
def languages() -> _Languages:
    """Return the word lists, letters and scripts of the languages that are told.

    Raises:
        OSError: the list is not there.
    """
    entries = tomllib.loads((LEXICONS / "languages.toml").read_text(encoding="utf-8"))
    words: dict[str, list[str]] = {}
    for language, listed in entries["words"].items():
        for word in dict.fromkeys(_plain_word(word) for word in listed.split()):
            words.setdefault(word, []).append(language)
    letters: dict[str, list[str]] = {}
    for language, listed in entries["letters"].items():
        for letter in listed:
            letters.setdefault(letter, []).append(language)
    return _Languages(
        frozenset(entries["english"].split()),
        {word: tuple(names) for word, names in words.items()},
        {letter: tuple(names) for letter, names in letters.items()},
        {script: tuple(names) for script, names in entries["scripts"].items()},
    )


def _plain_word(word: str) -> str:
    """Return a listed word as tokens are: folded when its letters are Latin; folding would mix another script with ours."""
    return fold(word) if word[0] <= _LAST_LATIN else word.lower()


def why_unreadable(text: str) -> str | None:
    """Return why the text cannot be read, or None when it can."""
    sample = text[:_SAMPLE]
    if not sample.strip():
        return EMPTY if not text.strip() else None
    if _is_noise(sample):
        return NOISE
    plain = fold_post(sample)
    if not _WORDS.search(sample) and not _WORDS.search(plain):
        return NO_WORDS
    return None if _is_english(sample, plain) else _not_english(sample)


def _is_noise(sample: str) -> bool:
    """Whether much of it is control characters, unassigned ones or signs of undecoded bytes."""
    if sample.isprintable() and "\ufffd" not in sample:
        return False
    odd = sum(char in "\ufffd\u2400" or (unicodedata.category(char) in _NOISE_KINDS - {"So"} and not char.isspace()) for char in sample)
    return odd > _NOISY * len(sample)


def _is_english(written: str, plain: str) -> bool:
    """Whether enough little words are English ones, and no other language has twice as many; short texts get the benefit of the doubt."""
    is_foreign_script = _foreign_letters(written) > _FOREIGN_LETTERS
    if is_foreign_script and _foreign_letters(plain) > _STILL_FOREIGN:
        return False  # not look-alikes in an English text: «не» would fold to «he»
    known = languages()
    tokens, words = _tokens(plain)
    english = sum(map(known.english.__contains__, tokens))
    if english >= _SURELY_ENGLISH * words:
        return True
    others = known.of_word.keys() & tokens  # each once: «la la la» is a song
    outweighed = max(_OUTWEIGHS * english, _OUTWEIGHS_OF * words, _FOREIGN_WORDS + 1)
    if words >= _FEW_WORDS and len(others) >= outweighed and _most(known.of_word[token] for token in others) >= outweighed:
        return False  # «no», «me», «to» are words of others too
    if english >= max(1, _ENGLISH_ENOUGH * words):
        return True  # look-alike letters and all: what folds to English is English
    if is_foreign_script:
        return False
    other = _most(known.of_word[token] for token in others - known.english)
    return words < _FEW_WORDS or other < max(_FOREIGN_WORDS, _FOREIGN_ENOUGH * words) or other <= english


def _tokens(plain: str) -> tuple[list[str], int]:
    """Return the tokens of folded text, and how many plain words are in it: by tables where it is ASCII, as it mostly is."""
    if not plain.isascii():
        return _TOKENS.findall(plain), len(_PLAIN_WORDS.findall(plain))
    signs = plain.encode()
    runs = signs.translate(_LETTERS_ALONE).split()
    return signs.translate(_WORDS_ALONE).decode().split(), sum(map((1).__lt__, map(len, runs)))


def _most(found: Iterable[tuple[str, ...]]) -> int:
    """Return how many of the words one language has, of the language that has most."""
    return max(Counter(name for names in found for name in names).values(), default=0)


def _foreign_letters(written: str) -> float:
    """Return the share of letters that are of another script than the Latin one."""
    if written.isascii():
        return 0.0
    letters = [char for char in written if char.isalpha()]
    return sum(char > _LAST_LATIN for char in letters) / max(1, len(letters))


def _not_english(written: str) -> str:
    """Return the line for a text that is not English: its language for sure, likely, or not told."""
    known = languages()
    written = unicodedata.normalize("NFC", written).lower()
    among = _of_its_script(written)
    if among is not None and len(among) <= 1:
        return NAMED.format(*among) if among else NOT_ENGLISH
    tokens = _TOKENS.findall(_BETWEEN.sub(" ", written) if among else fold(_BETWEEN.sub(" ", written)))
    weights = _weighed(names for token in tokens if (names := known.of_word.get(token)))
    letters = _weighed(names for char in written if (names := known.of_letter.get(char)))
    for name, weight in letters.items():
        weights[name] += min(weight, _MOST_LETTERS)
    ranked = sorted(((weight, name) for name, weight in weights.items() if among is None or name in among), reverse=True)
    (best, name), (second, _) = [*ranked, (0.0, ""), (0.0, "")][:2]
    if best >= _SURE and best >= _AHEAD * second:
        return NAMED.format(name)
    return PERHAPS.format(name) if best >= _LIKELY and best >= _BARELY_AHEAD * second else NOT_ENGLISH


def _of_its_script(written: str) -> tuple[str, ...] | None:
    """Return the languages of the script that most letters have, none of an unknown script; None for Latin letters."""
    letters = [char for char in written if char.isalpha()]
    scripts = Counter(unicodedata.name(char, "?").split()[0] for char in letters if char > _LAST_LATIN)
    if sum(scripts.values()) <= _FOREIGN_LETTERS * len(letters):
        return None
    most = max(scripts, key=lambda script: scripts[script])
    return languages().of_script.get("HIRAGANA" if _KANA & scripts.keys() else most, ())


def _weighed(found: Iterable[tuple[str, ...]]) -> defaultdict[str, float]:
    """Return the weight of each language: a word that several have counts for each in part."""
    weights: defaultdict[str, float] = defaultdict(float)
    for names in found:
        for name in names:
            weights[name] += 1 / len(names)
    return weights
