"""Runs: sentences begin where they would with every word cut, and nothing of a text is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.lang.en import English
from spacy.language import Language

from nlp.labelled import read_posts
from nlp.runs import Runs
from nlp.train import CORPUS

ENDS = [".", "!", "?", "\u2026", "\u3002", "\uff01", "\uff1f", "\u203c", "\u2049"]


def in_sentences() -> Language:
    """Return English with sentences."""
    language = English()
    language.add_pipe("sentencizer", config={"punct_chars": ENDS})
    return language


EXACT, QUICK = in_sentences(), in_sentences()
QUICK.tokenizer = Runs(QUICK, ENDS)


def starts(language: Language, text: str) -> list[int]:
    """Return where sentences begin."""
    with language.vocab.memory_zone():
        return [sentence.start_char for sentence in language(text).sents]


def test_sentences_of_posts_begin_where_they_would() -> None:
    """Posts of every training writer, with all their ellipses, emoji and shouting."""
    posts = [post.text for path in sorted(CORPUS.glob("*.jsonl")) for post in read_posts([path])[::60]]

    assert len(posts) > 200
    assert [text for text in posts if starts(QUICK, text) != starts(EXACT, text)] == []


@given(st.text(st.sampled_from("ab A.!?…\"')(\n\t,;:-_1£é😀。") | st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_cut_alike(text: str) -> None:
    """Signs in any order, other scripts, controls: the text is whole and its sentences begin alike."""
    with QUICK.vocab.memory_zone():
        assert QUICK.make_doc(text).text == text
    assert starts(QUICK, text) == starts(EXACT, text)


@pytest.mark.parametrize("text", ["", " ", "\x00", "wed. ok", "Mr. Quill lied! He did...", "e.g. this. And that?!", "a" * 20_000 + "."])
def test_hard_ends(text: str) -> None:
    """Short forms, long words, nothing at all."""
    assert starts(QUICK, text) == starts(EXACT, text)


def test_texts_leave_nothing_behind() -> None:
    """Many texts of new words do not fill the table of strings."""
    before = len(QUICK.vocab.strings)
    for number in range(500):
        starts(QUICK, f"word{number} other{number}x stands{number}. And here{number}!")

    assert len(QUICK.vocab.strings) - before < 50
