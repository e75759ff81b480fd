"""Text made plain, with a way back to the original."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.normal import Folded, fold
from nlp.vocabulary import common_words

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


WORDS = common_words().with_own(["Fernley Green", "Mr Quillander", "FGPS", "Skelly"])
UNDONE = [
    ("q u i l l a n d e r lies", "quillander lies"),
    ("t.h.i.e.f", "thief"),
    ("t-h-i-e-f", "thief"),
    ("t_h_i_e_f t*h*i*e*f", "thief thief"),
    ("i  h a t e  y o u", "i hate you"),
    ("he is a f a t l!ar", "he is a fat liar"),
    ("F G P S prom", "fgps prom"),
    ("q u i l l a n d e r = n 0 n c e", "quillander = nonce"),
    ("f3rnl3y th1ef sk3lly", "fernley thief skelly"),
    ("m1s5 h4tes us", "miss hates us"),
    ("pandr0sia", "pandrosia"),
    ("m@ture l!ar a$$es", "mature liar asses"),
    ("see u 2moro, every1", "see u tomorrow, everyone"),
    ("what a loooser, sooo boring", "what a loser, so boring"),
    ("th**f, f**k, f---, sh*t and p*do", "thief, fuck, f , shit and pedo"),
    ("f--k off", "fuck off"),
    ("FernIey Green", "fernley green"),
    ("lying sc umbags", "lying scumbags"),
    ("see you 🔪😂😂", "see you 🔪😂😂 knife laughing"),
    ("F\u0435rnl\u200be\u0443", "fernley"),
]


@pytest.mark.parametrize(("written", "read"), UNDONE)
def test_what_hides_a_word_is_undone(written: str, read: str) -> None:
    """Each trick that people still read, scorers read too."""
    assert read == Folded.unmasked(written, WORDS).text


@pytest.mark.parametrize(
    "clean",
    [
        "pick up at 3pm from room 12b, 4B and 5T, y8 and u14s, year 4s",
        "9 1 grades: two a*s and a b, 07700 900123, £4.50 or $5, 12/03/24, 1st to 20th",
        "email off1ce@fernley.example or www.fernl3y.example/th1ef and https://x.example/l00k",
        "@st3ve_x and #g1rls said plan a b c d, x x x",
        "postcode bn31 4ab or bn314ab, ab12cde, 4x4, mp3, co2, h2o, ks2, top10, 10mins",
        "an e mail from the co op about x rays, p.e. kit, e.g. shorts, i.e. blue, at 8 a.m.",
        "great*** and *winks* and 5* food",
        "brrr aaaa xxx www iii",
    ],
)
def test_what_only_looks_like_a_trick_is_spared(clean: str) -> None:
    """Times, classes, grades, prices, numbers, handles, tags, addresses and lists stay as they are."""
    spared = Folded.unmasked(clean, WORDS).text

    assert clean.lower().replace("brrr", "brr") == spared


def test_a_highlight_of_an_undone_word_covers_what_was_written() -> None:
    """The way back leads to the untouched characters."""
    folded = Folded.unmasked("that Q u i l l a n d e r is a th**f 🔪!", WORDS)

    def shown(word: str) -> str:
        start = folded.text.index(word)
        first, last = folded.span(start, start + len(word))
        return folded.original[first:last]

    assert [shown("quillander"), shown("thief"), shown("knife")] == ["Q u i l l a n d e r", "th**f", "🔪"]


_TRICKY = st.text(st.sampled_from("abeilnosthf 0134$@!*.-_#😂🔪\u200bI\u0435"), max_size=60)


@given(_TRICKY | st.text(st.characters(codec=None), max_size=80))
def test_undone_places_lead_back_into_the_original(text: str) -> None:
    """Every character that scorers read stands somewhere in the original, in order."""
    folded = Folded.unmasked(text, WORDS)

    assert len(folded.text) == len(folded.places)
    assert sorted(folded.places) == list(folded.places)
    assert all(0 <= place < len(text) for place in folded.places)
    assert all(0 <= first <= last <= len(text) for first, last in (folded.span(place, place + 1) for place in range(len(folded.text))))


@given(st.lists(st.sampled_from([written for written, _ in UNDONE]), max_size=4).map(" ".join))
def test_undoing_twice_changes_nothing(text: str) -> None:
    """What is undone is plain."""
    once = Folded.unmasked(text, WORDS).text

    assert once == Folded.unmasked(once, WORDS).text


@given(st.lists(st.sampled_from(sorted(word for word in WORDS.known if len(word) > 2)), max_size=30).map(" ".join))
def test_clean_words_stay(text: str) -> None:
    """Text without a trick in it is the same text."""
    assert text == Folded.unmasked(text, WORDS).text


@pytest.mark.parametrize(
    "piece", ["a ", "a.", "lo0", "o", "f**", "😂 ", "a@b.", "a-", "www.", "xI", "$1", "\u200b", "aab", "sc umbags ", "1"]
)
def test_hostile_repeats_take_linear_time(piece: str) -> None:
    """A megabyte takes no more than some thirty times what a thirtieth takes."""
    times = []
    for size in (30_000, 900_000):
        text = piece * (size // len(piece))
        begun = time.process_time()
        Folded.unmasked(text, WORDS)
        times.append(time.process_time() - begun)

    assert times[1] < 30 * 4 * times[0] + 1
