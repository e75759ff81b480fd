"""Whether a text can be read at all: empty, without words, noise, or not English. The answer is a line for the screen, never a silence."""

from __future__ import annotations

import re
import unicodedata

from nlp.cues import lexicon
from nlp.normal import fold

EMPTY = "not read: there is no text"
NO_WORDS = "not read: there are no words in it"
NOISE = "not read: does not look like text"
NOT_ENGLISH = "not read: does not look like English"

_WORDS = re.compile(r"[^\W\d_]{2,}")
_PLAIN_WORDS = re.compile(r"[a-z]{2,}")
_SAMPLE = 4_000  # characters looked at: a language shows early
_NOISY, _FEW_WORDS, _ENGLISH_ENOUGH, _FOREIGN_LETTERS, _FOREIGN_WORDS = 0.3, 6, 0.12, 0.5, 2
_LAST_LATIN = "\u024f"  # end of the block Latin Extended-B
_NOISE_KINDS = {"Cc", "Cn", "Co", "Cs", "So"}


def why_unreadable(text: str) -> str | None:
    """Return why the text cannot be read, or None when it can."""
    sample = text[:_SAMPLE]
    if not sample.strip():
        return EMPTY if not text.strip() else None
    if _is_noise(sample):
        return NOISE
    if not _WORDS.search(sample) and not _WORDS.search(fold(sample)):
        return NO_WORDS
    return None if _is_english(sample, fold(sample)) else NOT_ENGLISH


def _is_noise(sample: str) -> bool:
    """Whether much of it is control characters, unassigned ones or signs of undecoded bytes."""
    if sample.isprintable() and "\ufffd" not in sample:
        return False
    odd = sum(char in "\ufffd\u2400" or (unicodedata.category(char) in _NOISE_KINDS - {"So"} and not char.isspace()) for char in sample)
    return odd > _NOISY * len(sample)


def _is_english(written: str, plain: str) -> bool:
    """Whether enough little words are English ones; short texts get the benefit of the doubt."""
    words = len(_PLAIN_WORDS.findall(plain))
    cues = lexicon("languages").cues
    english = len(cues["english"].pattern.findall(plain))
    if english >= max(1, _ENGLISH_ENOUGH * words):
        return True  # look-alike letters and all: what folds to English is English
    if _foreign_letters(written) > _FOREIGN_LETTERS:
        return False
    other = len(cues["other"].pattern.findall(plain))
    return words < _FEW_WORDS or other < _FOREIGN_WORDS or other <= english


def _foreign_letters(written: str) -> float:
    """Return the share of letters that are of another script than the Latin one."""
    letters = [char for char in written if char.isalpha()]
    return sum(char > _LAST_LATIN for char in letters) / max(1, len(letters))
