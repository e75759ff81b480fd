"""What is proposed as a new watch term, and mentions under a disguise."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.model.watch import TermKind, WatchTerm
from nlp.mentions import Matcher
from nlp.normal import fold
from nlp.proposals import NEAR, disguised_mentions, distance, is_near, near_misses, propose
from nlp.vocabulary import common_words

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def _terms(*phrases: str) -> list[WatchTerm]:
    return [
        WatchTerm(id=str(number), school_id="s1", kind=TermKind.SCHOOL_NAME, phrase=phrase, added_by="u1", added_at=NOW)
        for number, phrase in enumerate(phrases)
    ]


TERMS = _terms("Brackenford High School", "Brackenford High", "St Osyna's")
WORDS = common_words().with_own([term.phrase for term in TERMS])


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Brackenford High School", {"Brackenford", "BHS", "#brackenford", "brackenfords", "bracky", "the brack", "brakenford"}),
        (
            "Fernley Green Primary School",
            {"Fernley Green", "Fernley", "FGPS", "FGP", "fernleygreen", "fernly green", "fernely green", "#fernleygreen"},
        ),
        ("St Osyna's Catholic High", {"St Osynas", "Osynas", "SOCH"}),
        ("Ashcombe Vale Academy", {"Ashcombe", "AVA", "ashy", "ascombe vale", "ashcomb vale", "Ashcombe Academy"}),
    ],
)
def test_likely_forms_are_proposed(name: str, forms: set[str]) -> None:
    """Short forms, initials, joined forms, nicknames and misspellings, each with its reason and the term that it is like."""
    proposals = propose(_terms(name))
    phrases = {proposal.phrase for proposal in proposals}

    assert not forms - phrases, phrases
    assert all(proposal.why and proposal.like == name and not proposal.seen for proposal in proposals)


def test_what_is_a_term_or_a_common_word_is_not_proposed() -> None:
    """Nothing twice, and nothing that stands in every other post."""
    proposals = propose(_terms("Brackenford High School", "Brackenford", "BHS", "Grange Park School"))
    plain = [fold(proposal.phrase) for proposal in proposals]

    assert not {"brackenford", "bhs", "park", "high"} & set(plain)
    assert not [phrase for phrase in plain if phrase in common_words()]
    assert len(set(plain)) == len(plain)


def test_a_person_reads_no_more_than_a_screenful_for_each_term() -> None:
    """Proposals stay few enough to be read."""
    assert len(propose(_terms("Brackenford High School"))) <= 40


def test_no_form_of_a_role_or_a_site_is_proposed() -> None:
    """Only names are varied."""
    term = _terms("brackenford.example")[0].model_copy(update={"kind": TermKind.SITE_DOMAIN})

    assert propose([term]) == ()


def test_near_misses_come_from_posts() -> None:
    """What people wrote, a letter or two away, is proposed with how often it was seen; common words and terms are not."""
    posts = ["brakenford is shut", "Brakenford!! again", "brackenfrod lads", "bracken and ford", "at Brackenford", "brackenfords lot"]
    found = near_misses(TERMS, posts)

    assert [(one.phrase, one.seen, one.why) for one in found] == [("brakenford", 2, NEAR), ("brackenfrod", 1, NEAR)]


@pytest.mark.parametrize(
    ("left", "right", "steps"),
    [("fernley", "fernly", 1), ("fernley", "fenrley", 1), ("a", "", 1), ("same", "same", 0), ("kitten", "sitting", 3)],
)
def test_distance_counts_letters(left: str, right: str, steps: int) -> None:
    """One step for a letter left out, put in, changed or swapped with its neighbour."""
    assert distance(left, right) == steps
    assert distance(right, left) == steps


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_distance_is_fair(left: str, right: str) -> None:
    """It is the same both ways and nought only for the same word; a word is never near itself."""
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)
    assert not is_near(left, left)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at br4ck3nf0rd h1gh today", "br4ck3nf0rd h1gh"),
        ("B r a c k e n f o r d  H i g h stinks", "B r a c k e n f o r d  H i g h"),
        ("s t . o s y n a s", None),
        ("st 0syn4s kids", "st 0syn4s"),
        ("nothing here at 3pm, 12b, y8", None),
        ("Brackenford High", None),
    ],
)
def test_a_mention_under_a_disguise_is_found(text: str, shown: str | None) -> None:
    """What the matcher misses is found once the disguise is undone, and shown as it was written; plain text costs no more than a look."""
    mentions = disguised_mentions(Matcher(TERMS), text, WORDS)

    assert [text[mention.start : mention.end] for mention in mentions] == ([shown] if shown else [])
