"""Where posts name a school."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.model.watch import TermKind, WatchTerm
from nlp.mentions import Matcher

ADDED = datetime(2026, 9, 1, tzinfo=UTC)


def a_term(phrase: str, kind: TermKind = TermKind.SCHOOL_NAME, *, school: str = "s1", **more: object) -> WatchTerm:
    """Make a watch term whose id is its phrase."""
    values = {"id": phrase, "school_id": school, "kind": kind, "phrase": phrase, "added_by": "u1", "added_at": ADDED, **more}
    return WatchTerm.model_validate(values)


def found(text: str, *terms: WatchTerm) -> list[str]:
    """Return the original words that were matched."""
    return [text[mention.start : mention.end] for mention in Matcher(terms).find(text)]


GREEN = a_term("Fernley Green")
WYSTAN = a_term("St Wystan's")
TAG = a_term("#fernleygreen", TermKind.HASHTAG)
HANDLE = a_term("@fernleyg", TermKind.OFFICIAL_HANDLE)
DOMAIN = a_term("fernley.example", TermKind.SITE_DOMAIN)
WHOLE = a_term("Fernley Green Primary School")


@pytest.mark.parametrize(
    ("text", "term", "words"),
    [
        ("Traffic at Fernley Green again", GREEN, ["Fernley Green"]),
        ("FERNLEY  GREEN!!", GREEN, ["FERNLEY  GREEN"]),
        ("fernley\ngreen", GREEN, ["fernley\ngreen"]),
        ("fernley-green", GREEN, ["fernley-green"]),
        ("(Fernley Green)", GREEN, ["Fernley Green"]),
        ("Fernley Green's head", GREEN, ["Fernley Green"]),
        ("Fernley Green\u2019s head", GREEN, ["Fernley Green"]),
        ("F\u0435rnl\u0435y Gr\u0435\u0435n \U0001f600", GREEN, ["F\u0435rnl\u0435y Gr\u0435\u0435n"]),
        ("\U0001f600 Fern\u200bley Green", GREEN, ["Fern\u200bley Green"]),
        ("Fernley\u202e Green\x00", GREEN, ["Fernley\u202e Green"]),
        ("Fernley Greens", GREEN, []),
        ("Fernley Greenish", GREEN, []),
        ("Outfernley Green", GREEN, []),
        ("Fernley_Green", GREEN, []),
        ("Fernley Green2", GREEN, []),
        ("#FernleyGreen is full", GREEN, ["FernleyGreen"]),
        ("fernleygreen without a sign", GREEN, []),
        ("St Wystans fair", WYSTAN, ["St Wystans"]),
        ("St Wystan\u2019s fair", WYSTAN, ["St Wystan\u2019s"]),
        ("St. Wystan's fair", WYSTAN, ["St. Wystan's"]),
        ("Saint Wystan's fair", WYSTAN, ["Saint Wystan's"]),
        ("Wystan's fair", WYSTAN, []),
        ("love #FernleyGreen", TAG, ["FernleyGreen"]),
        ("love @fernleygreen", TAG, ["fernleygreen"]),
        ("\uff03FERNLEYGREEN", TAG, ["FERNLEYGREEN"]),
        ("fernleygreen", TAG, []),
        ("#fernleygreenfail", TAG, []),
        ("hi @FernleyG.", HANDLE, ["FernleyG"]),
        ("@fernleyg_official", HANDLE, []),
        ("see www.fernley.example/news", DOMAIN, ["fernley.example"]),
        ("fernley.example.test", DOMAIN, []),
        ("#FernleyGreenPrimarySchool", WHOLE, ["FernleyGreenPrimarySchool"]),
        ("", GREEN, []),
        ("\U0001f600", GREEN, []),
    ],
)
def test_a_term_is_found_as_people_write_it(text: str, term: WatchTerm, words: list[str]) -> None:
    """Spelling tricks and tags do not hide the school; a longer word is another word."""
    assert words == found(text, term)


def test_of_overlapping_terms_the_longest_wins() -> None:
    """The full name is one mention, not three."""
    assert found("At Fernley Green Primary School", GREEN, WHOLE, a_term("Primary School")) == ["Fernley Green Primary School"]


def test_schools_that_share_a_name_are_both_mentioned() -> None:
    """In a federation one name may stand for two schools."""
    mentions = Matcher([GREEN, a_term("fernley green", school="s2")]).find("Fernley Green is shut")

    assert {"s1", "s2"} == {mention.school_id for mention in mentions}


def test_a_context_word_must_be_near() -> None:
    """An abbreviation counts only in the company that was asked for."""
    term = a_term("FGP", TermKind.ABBREVIATION, near=("school", "head teacher"))

    assert found("the head-teacher at FGP", term) == ["FGP"]
    assert found("FGP shares rose", term) == []
    assert found("FGP " + "word " * 30 + "school", term) == []


def test_a_context_word_must_not_be_near() -> None:
    """A namesake is told apart by the words beside it."""
    term = a_term("King's School", not_near=("King's School Selby", "cricket club"))

    assert found("King's School is shut", term) == ["King's School"]
    assert found("King\u2019s School Selby won", term) == []
    assert found("the cricket club behind King's School", term) == []


def test_a_context_word_inside_the_mention_does_not_count() -> None:
    """«Green» within the name is no company for the name."""
    assert found("Fernley Green", a_term("Fernley Green", near=("green",))) == []
    assert found("Fernley Green", a_term("Fernley Green", not_near=("green",))) == ["Fernley Green"]


def test_an_inactive_term_is_not_looked_for() -> None:
    """A term that was switched off finds nothing."""
    assert found("Fernley Green", GREEN.model_copy(update={"active": False})) == []


def test_a_term_that_folds_to_nothing_is_named() -> None:
    """A term of invisible characters can never match, and the matcher says which one it is."""
    matcher = Matcher([a_term("\u200b\u200b"), GREEN])

    assert matcher.unmatchable == ("\u200b\u200b",)
    assert matcher.find("Fernley Green")


@given(st.text(st.characters(codec=None), max_size=60), st.text(st.characters(codec=None), max_size=60))
def test_mentions_lie_where_the_words_are(before: str, after: str) -> None:
    """Whatever stands around it, a mention is cut out of the original text exactly."""
    text = f"{before} Fernley Green {after}"

    assert any(text[mention.start : mention.end].lower() == "fernley green" for mention in Matcher([GREEN]).find(text))


def test_ten_thousand_mentions_are_found_in_one_post() -> None:
    """A post that names the school ten thousand times is read whole, in a moment."""
    begun = time.monotonic()
    mentions = Matcher([GREEN, a_term("fernley", near=("green",))]).find("Fernley Gr\u00e9en's " * 10_000)

    assert len(mentions) == 10_000
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("filler", ["word ", "w", "\u0435 ", " ", "#", "'", "Fernley"])
def test_a_megabyte_is_read_in_a_moment(filler: str) -> None:
    """A post of a million characters costs no more than its length."""
    text = filler * (1_000_000 // len(filler)) + " Fernley Green"
    begun = time.monotonic()

    assert found(text, a_term("Fernley Green", not_near=("cricket",)), a_term("Fernley", near=("zzz",))) == ["Fernley Green"]
    assert time.monotonic() - begun < 5
