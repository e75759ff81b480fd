"""Disguises put on words: what they change, what they leave alone, and what the report says of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.attacks import ATTACKS, MOST_WORDS, SHORTEST, chosen, disguised, longest, report, telling, words_of
from nlp.evaluate import main
from nlp.labelled import Labelled
from nlp.mentions import Matcher
from nlp.normal import fold
from nlp.pipeline import Reader

WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=SHORTEST, max_size=16)
TEXTS = st.lists(
    st.one_of(WORDS, st.sampled_from(["#hashtag", "@handle", "Fernley Green", "3pm", "\U0001f600", "www.example.org"])), max_size=9
)
SEEDS = st.integers(0, 9)
EACH = pytest.mark.parametrize("attack", ATTACKS)


def post(number: int, text: str, label: str) -> Labelled:
    """Return a labelled post."""
    return Labelled(str(number), text, True, (label,), "none", 0, None, None, None, None, "x")


def hidden(attack: str, word: str, seed: int) -> str:
    """Return the word disguised."""
    return ATTACKS[attack](word, Random(seed))  # noqa: S311 - the same each time


def ordinary(char: str) -> bool:
    """Whether a reader sees the character at all."""
    return char not in "\u200b\u200c\u200d\u2060\ufeff"


@EACH
@given(TEXTS, SEEDS)
def test_only_the_chosen_words_change(attack: str, parts: list[str], key: int) -> None:
    """What stands between the chosen words is left as it was, and the same key gives the same text."""
    text = " ".join(parts)
    spans = chosen(text, longest)
    struck = disguised(text, spans, attack, str(key))
    between = [
        text[end:start] for end, start in zip([0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)], strict=True)
    ]

    assert struck == disguised(text, spans, attack, str(key))
    assert len(spans) <= MOST_WORDS
    place = 0
    for piece in between:
        assert piece in struck[place:]
        place = struck.index(piece, place) + len(piece)


@given(TEXTS)
def test_hashtags_handles_addresses_and_spared_words_stay(parts: list[str]) -> None:
    """No word of a hashtag, a handle or an address is chosen, nor any that touches a spared place."""
    text = " ".join(parts)
    first = text.find("Fernley Green")
    spared = [(first, first + len("Fernley Green"))] if first >= 0 else []
    taken = chosen(text, longest, spared)

    assert not {text[start:end] for start, end in words_of(text)} & {"hashtag", "handle", "example"}
    assert not [span for span in taken if spared and span[0] < spared[0][1] and spared[0][0] < span[1]]


@pytest.mark.parametrize("attack", ["leet", "homoglyphs", "starred"])
@given(WORDS, SEEDS)
def test_some_disguises_keep_the_length(attack: str, word: str, seed: int) -> None:
    """Digits, look-alikes and stars stand for one letter each."""
    assert len(hidden(attack, word, seed)) == len(word)


@given(WORDS, SEEDS)
def test_letters_put_apart_are_all_there(word: str, seed: int) -> None:
    """Between any two letters stands one sign, and without the signs the word is back."""
    for attack, sign in (("spaced", " "), ("dotted", ".")):
        struck = hidden(attack, word, seed)
        assert (struck[::2], set(struck[1::2])) == (word, {sign})


@given(WORDS, SEEDS)
def test_unseen_characters_stand_between_all_letters(word: str, seed: int) -> None:
    """A reader sees the word, a search for it does not find it."""
    struck = hidden("zero_width", word, seed)

    assert "".join(filter(ordinary, struck)) == word
    assert len(struck) == 2 * len(word) - 1


@given(WORDS, SEEDS)
def test_one_letter_is_drawn_out(word: str, seed: int) -> None:
    """Two to four letters more, all alike and beside their like."""
    struck = hidden("elongated", word, seed)
    place = next((at for at, (one, other) in enumerate(zip(word, struck, strict=False)) if one != other), len(word))
    more = len(struck) - len(word)

    assert 2 <= more <= 4
    assert struck[place : place + more] == struck[place - 1] * more
    assert struck[:place] + struck[place + more :] == word


@given(WORDS, SEEDS)
def test_stars_hide_the_middle_only(word: str, seed: int) -> None:
    """The first and the last letter stay, and two to four letters between them are hidden."""
    struck = hidden("starred", word, seed)

    assert (struck[0], struck[-1]) == (word[0], word[-1])
    assert struck.strip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == "*" * struck.count("*")
    assert 2 <= struck.count("*") <= 4


@pytest.mark.parametrize(("attack", "shown"), [("leet", "573@l5"), ("homoglyphs", "\u0435\u0430"), ("starred", "***"), ("spaced", "s t")])
def test_a_word_is_really_hidden(attack: str, shown: str) -> None:
    """The disguise can be seen, and a search for the word fails."""
    struck = hidden(attack, "steals", 3)

    assert shown in struck
    assert "steals" not in struck


def test_look_alikes_read_the_same() -> None:
    """Every Cyrillic letter put in stands for the one it looks like."""
    word = "AceijopsxyABCEHIKMOPTXY"

    assert fold(hidden("homoglyphs", word, 1)) == fold(word)


def test_the_words_that_tell_harm_are_chosen_first() -> None:
    """What stands in harmful posts and not in harmless ones weighs more than a long word."""
    posts = [post(n, "they are thieves, disgracefully organised", "defamation") for n in range(4)]
    posts += [post(n + 4, "disgracefully organised lunch queues", "fair_criticism") for n in range(4)]
    weight = telling(posts)

    assert weight("thieves") > weight("disgracefully") > weight("queues")
    assert [posts[0].text[slice(*span)] for span in chosen(posts[0].text, weight)] == ["thieves", "disgracefully", "organised"]


def test_the_report_leaves_the_schools_name_until_told_otherwise(reader: Reader) -> None:
    """AUC, loss and mentions for each attack; the name of the school is disguised in one variant only."""
    posts = [post(n, f"Fernley Green hides thieves {n}", "defamation") for n in range(4)]
    posts += [post(n + 4, f"Fernley Green sells lovely cakes {n}", "praise") for n in range(4)]
    seen: list[str] = []

    @dataclass
    class Read:
        """What the judge tells of one post."""

        any_harm: float
        mention: bool

    def judge(struck: Any) -> list[Read]:
        seen.extend(one.text for one in struck)
        return [Read(float("thieves" in one.text), "Fernley Green" in one.text) for one in struck]

    found = report(posts, reader.matcher, judge)
    named = len(posts) * (1 + 2 * len(ATTACKS))

    assert found["clean"] == {"auc": 1.0, "mentions": 8}
    assert found["telling"]["starred"] == {"auc": 0.5, "loss": 0.5, "loss_only_harmful": 0.5, "mentions": 8}
    assert found["names_too"]["starred"]["mentions"] == 0
    assert all("Fernley Green" in text for text in seen[:named])


def test_posts_of_one_kind_have_no_figure() -> None:
    """Without harmless posts there is no AUC, and so no loss."""

    @dataclass
    class Read:
        """What the judge tells of one post."""

        any_harm: float = 0.5
        mention: bool = False

    found = report([post(1, "nothing here", "praise")], Matcher([]), lambda struck: [Read() for _ in struck])

    assert found["telling"]["leet"]["loss"] is None


def test_the_command_prints_every_attack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--attacks` prints clean figures and losses as JSON for the posts it is given."""
    texts = [
        ("Mr Quillander steals the dinner money at Fernley Green", "defamation"),
        ("Lovely play at Fernley Green, thank you", "praise"),
    ]
    rows = [
        {"id": str(n), "text": text, "mentions_school": True, "labels": [label], "severity": 0} for n, (text, label) in enumerate(texts)
    ]
    (tmp_path / "g1.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "g1.terms.json").write_text(json.dumps({"schools": [{"name": "Fernley Green Primary School"}]}), encoding="utf-8")

    assert main(["--attacks", "--gold", str(tmp_path)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["posts"] == 2
    assert set(printed["telling"]) == set(printed["longest"]) == set(printed["names_too"]) == set(ATTACKS)
