"""The gates before the word lists: they only ever spare work."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.cues import Lexicon, Shelf, lexicon
from nlp.labelled import read_posts
from nlp.normal import fold
from nlp.triggers import Gate, needed

CORPUS = Path(__file__).parents[2] / "nlp" / "corpus"
LISTS = ("markers", "stop_cue", "safeguarding", "threat", "harassment", "defamation", "pupil", "no_action", "roles", "names")
EVERY = 60  # some two hundred posts
ODD = ("", "4b", "year \u0664", "\u0663b is out", "k y s", "a", "\U0001f5e1 at the gates", "mr\ue000 in 4b", "9 0 win")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Return plain texts: every sixtieth post of the corpus, and odd ones."""
    posts = [post.text for path in sorted(CORPUS.glob("t*.jsonl")) for post in read_posts([path])]
    return [*map(fold, posts[::EVERY]), *map(fold, ODD)]


def _all(words: Lexicon) -> range:
    return range(len(words.phrases))


@pytest.mark.parametrize("name", LISTS)
def test_a_gate_hides_no_hit(name: str, texts: list[str]) -> None:
    """A list finds the same through its gate as when every phrase is looked for."""
    words = lexicon(name)

    assert [words.found(text) for text in texts] == [words.found(text, _all(words)) for text in texts]


def test_a_shelf_opens_what_each_list_would(texts: list[str]) -> None:
    """Lists asked together find what each of them finds by itself."""
    shelf = Shelf(LISTS)

    for text in texts[::5]:
        opened = shelf.open_for(text)
        assert {name: lexicon(name).found(text, opened[name]) for name in LISTS} == {name: lexicon(name).found(text) for name in LISTS}


def test_a_gate_spares_most_of_the_work(texts: list[str]) -> None:
    """Of all phrases few are looked for in a post."""
    lists = [lexicon(name) for name in LISTS]
    shelf = Shelf(LISTS)
    opened = sum(len(numbers) for text in texts for numbers in shelf.open_for(text).values())

    assert opened < 0.05 * len(texts) * sum(len(words.phrases) for words in lists)


@pytest.mark.parametrize(
    ("phrase", "sets"),
    [
        ("liar", [{"liar"}]),
        ("(he|the head) stole", [{"stole"}, {"he", "head"}]),  # «the» is in most posts
        ("(on the take|at it)", [{"take", "at"}]),
        (r"u\d+s?", [{"u4", "u\u0664"}]),
        ("(really )?good", [{"good"}]),
        ("lies?", [{"lie"}]),
        ("_ ...", []),
        ("(odd", [{"odd"}]),
        ("odd)", []),
    ],
)
def test_what_a_phrase_needs(phrase: str, sets: list[set[str]]) -> None:
    """Each set holds letters of which one must be there; where nothing can be promised there is none."""
    assert [{trigger.text for trigger in needs} for needs in needed(phrase, {r"\d+": ("4", "\u0664")})] == sets


def test_a_phrase_without_needs_is_always_looked_for() -> None:
    """What nothing can be promised about goes through any gate; what needs two things waits for both."""
    gate = Gate(["_ ...", "(he|she) stole"])

    assert gate.open_for("") == [0]
    assert gate.open_for("who stole it") == [0]
    assert gate.open_for("she stole it") == [0, 1]
