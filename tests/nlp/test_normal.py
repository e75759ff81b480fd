"""Text made plain, with a way back to the original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.normal import Folded, fold

SAME = [
    ("St Wystan's", "St Wystans"),
    ("St Wystan\u2019s", "St Wystans"),
    ("St Wystan\u02bcs", "St Wystans"),
    ("FERNLEY GREEN", "fernley green"),
    ("F\u00e9rnley Gr\u00eben", "fernley green"),
    ("Fe\u0301rnley", "fernley"),
    ("Fern\u200bley Gre\u00aden", "fernley green"),
    ("Fern\u202eley\u202c", "fernley"),
    ("Fern\x00ley", "fernley"),
    ("Fern\u2400ley", "fernley"),
    ("\u0420\u0435rnl\u0435y", "pernley"),
    ("F\u0435rnl\u0435\u0443", "fernley"),
    ("\u03a6 \u0391b", "\u03c6 ab"),
    ("\uff26\uff45\uff52\uff4e", "fern"),
    ("\U0001d571\U0001d58a\U0001d597\U0001d593", "fern"),
    ("\U0001f175\U0001f174", "fe"),
    ("Fernley-Green", "fernley green"),
    ("Fernley \t\r\n  Green", "fernley green"),
    ("Fernley\u00a0Green", "fernley green"),
    ("\uff03FernleyGreen", "#fernleygreen"),
    ("Z\u0301\u0315\u031aa\u0337lgo", "zalgo"),
    ("\ud800", "\ufffd"),
]


@pytest.mark.parametrize(("written", "plain"), SAME)
def test_one_word_has_one_plain_form(written: str, plain: str) -> None:
    """However a word is dressed up, it folds to the same letters."""
    assert fold(plain) == fold(written)


@given(st.text(st.characters(codec=None), max_size=80))
def test_places_lead_back_into_the_original(text: str) -> None:
    """Every plain character stands somewhere in the original, in order, and both ways of folding agree."""
    folded = Folded.of(text)

    assert fold(text) == folded.text
    assert len(folded.text) == len(folded.places)
    assert sorted(folded.places) == list(folded.places)
    assert all(0 <= place < len(text) for place in folded.places)


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    """Plain text is already plain."""
    assert fold(text) == fold(fold(text))


def test_a_span_covers_the_hidden_characters_within() -> None:
    """A word with zero-width characters in it is shown whole."""
    folded = Folded.of("at Fern\u200bley\u0301 today")
    start = folded.text.index("fernley")

    assert folded.span(start, start + 7) == (3, 12)
    assert folded.original[3:12] == "Fern\u200bley\u0301"


def test_an_empty_span_has_a_place() -> None:
    """Even an empty span lies inside the text."""
    assert Folded.of("ab").span(2, 2) == (2, 2)
    assert Folded.of("").span(0, 0) == (0, 0)


@pytest.mark.parametrize("text", ["plain words only", "it's a \t tab", "caf\u00e9 - \U0001f600 x", ""])
def test_places_are_found_again(text: str) -> None:
    """The way from the original to the plain text is the reverse of the way back."""
    folded = Folded.of(text)

    assert [folded.at(place) for place in dict.fromkeys(folded.places)] == sorted({folded.at(place) for place in folded.places})
