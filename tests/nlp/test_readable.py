"""What cannot be read names its language; English in whatever dress is never called another language."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from nlp.labelled import read_posts
from nlp.readable import NAMED, NO_TEXT, NOT_ENGLISH, PERHAPS, languages, why_unreadable

SAID = tomllib.loads((Path(__file__).parent / "foreign_sentences.toml").read_text(encoding="utf-8"))
CORPUS = Path(__file__).resolve().parents[2] / "nlp" / "corpus"


@pytest.mark.parametrize("language", SAID["sentences"])
def test_a_language_is_named(language: str) -> None:
    """Of ten sentences nine at least name the right language, and none another one; the tenth may be left open or read."""
    lines = {sentence: why_unreadable(sentence) for sentence in SAID["sentences"][language]}
    right = {NAMED.format(language), PERHAPS.format(language)}

    assert len(lines) >= 10
    assert {sentence: line for sentence, line in lines.items() if line not in {*right, NOT_ENGLISH, None}} == {}
    assert sum(line in right for line in lines.values()) * 10 >= len(lines) * 9


@pytest.mark.parametrize("text", SAID["english"]["posts"])
def test_slang_names_dialect_and_mixed_text_are_english(text: str) -> None:
    """Odd spelling, foreign names and a few foreign words are no reason not to read."""
    assert why_unreadable(text) is None


def test_no_english_post_is_called_foreign() -> None:
    """Not one of the training posts, all in English, is taken for another language."""
    posts = read_posts(sorted(CORPUS.glob("t*.jsonl")))

    assert [post.id for post in posts if why_unreadable(post.text) not in {None, *NO_TEXT}] == []


def test_a_language_that_nobody_listed_is_said_to_be_unknown() -> None:
    """Unknown stays unknown: a script without a list, words of no list."""
    assert why_unreadable("ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ ᎠᏂᏴᏫᏯ ᎤᎾᏙᏢᏒ") in {NOT_ENGLISH, None}
    assert why_unreadable("ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ ⵎⴰⵏⵣⴰⴽⵉⵏ ⵜⵉⵏⵎⵍ") == NOT_ENGLISH


def test_every_listed_language_has_words_enough() -> None:
    """At least 25 little words for each language that is told by words."""
    words = languages().of_word.values()

    assert min(sum(name in names for names in words) for name in {name for names in words for name in names}) >= 25
