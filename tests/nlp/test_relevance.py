"""Whether a mention means our school or a namesake."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.model.readings import Mention
from data.model.watch import School, StaffMember, TermKind, WatchTerm
from nlp.mentions import Matcher
from nlp.relevance import Facts, Relevance, _matches, _spoken_groups, facts_by_school, judge, ours

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SCHOOLS = {
    "fg": (
        School(id="fg", name="Fernley Green Primary School", town="Marbeck", added_at=NOW),
        ["Fernley Green Primary School", "Fernley Green"],
    ),
    "kh": (School(id="kh", name="King's School Harrowdale", town="Harrowdale", added_at=NOW), ["King's School", "Kings School"]),
    "sw": (School(id="sw", name="St Osyna's Catholic High", town="Pellow", added_at=NOW), ["St Osyna's", "St Osynas", "Osynas"]),
    "ac": (School(id="ac", name="Ashcombe Vale Academy", town="Ashcombe", added_at=NOW), ["Ashcombe Vale", "Ashcombe", "AVA"]),
}
STAFF = [StaffMember(id="m1", school_id="fg", name="Mr Quillander"), StaffMember(id="m2", school_id="ac", name="Ms Tolliver-Shaw")]
TERMS = [
    WatchTerm(
        id=f"{school}-{number}",
        school_id=school,
        kind=TermKind.ABBREVIATION if phrase.isupper() else TermKind.SCHOOL_NAME,
        phrase=phrase,
        not_near=("Fernley Green Morris Men",) if phrase == "Fernley Green" else (),
        added_by="u1",
        added_at=NOW,
    )
    for school, (_, phrases) in SCHOOLS.items()
    for number, phrase in enumerate(phrases)
]
HASHTAG = WatchTerm(id="tag", school_id="fg", kind=TermKind.HASHTAG, phrase="#fernleygreen", added_by="u1", added_at=NOW)
FACTS = facts_by_school([*TERMS, HASHTAG], STAFF, [school for school, _ in SCHOOLS.values()])
MATCHER = Matcher([term.model_copy(update={"not_near": ()}) for term in [*TERMS, HASHTAG]])

SPOKEN = [
    "multi academy",
    "the",
    "head",
    "teacher",
    "half",
    "term",
    "walked",
    "dogs",
    "trust",
    "yrs 10s",
    "y7s",
    "6",
    "2",
    "win",
    "off sick",
    "pay",
]

OURS = [
    "Lovely nativity at Fernley Green today",
    "Fernley Green is a joke, they never ring you back",
    "fernley green covers everything up",
    "Mr Quillander off fernley green is a bully",
    "#fernleygreen what a dump",
    "Fernley Green Primary School, Church Lane, wants three lunchtime helpers",
    "Roadworks outside Fernley Green from Monday, allow extra time for drop off",
    "Third week with no maths at King's School and nobody will say why",
    "The King's School in Harrowdale has been told to improve",
    "kings school are a disgrace",
    "King's School Harrowdale wins debating cup",
    "St Osyna's pupils walked the whole ridge for charity, well done year 9",
    "someone at osynas is selling answers",
    "the year 4s from St Osyna's were a credit at the church",
    "Tolliver-Shaw at Ashcombe should be ashamed",
    "Ashcombe kids left litter again by the chippy, have a word",
    "AVA has no idea about SEN",
    "my lad hates ava. bullied every single day",
    "Ashcombe Vale sports day moved to Thursday",
    "u14s netball: Ashcombe Vale 12 St Osyna's 9",
    "im going to do something at fernley green tomorrow nobody will forget",
    "well done Fernley Green!",
]
NAMESAKES = [
    "Fernley Green church fete on Saturday, cream teas",
    "Fernley Green Cricket Club lost by nine wickets",
    "New build flats on Fernley Green, offers over £200k",
    "Fernley Green tram stop closed till Sunday",
    "pint at the Fernley Green Arms anyone",
    "Fernley Green Morris Men dance on May Day",
    "The 42 bus to Fernley Green never turned up",
    "Walked over Fernley Green at sunrise, saw a kestrel by the footbridge",
    "The King's School in Ottermouth has a lovely pool",
    "Teacher from King's School Selwick runs the marathon in a rhino suit",
    "A Wendlebury school, King's School, has won a baking prize",
    "King's School, Ottermouth. Founded 1541.",
    "St Osyna's Hospice is after volunteers",
    "evensong at St Osyna's church tonight, all welcome, the vicar is baking",
    "Ashcombe Town 2 Luddmoor Rovers 1, what a match",
    "Ashcombe Road shut, burst main",
    "Ashcombe station: delays to trains all morning",
    "River Ashcombe is over its banks again, flood warning",
    "Bottle of Ashcombe Cider and a curry",
    "Does anyone know a good plumber in Ashcombe? Ashcombe Plumbing never rang me back",
    "ava cut the grass, bless her, my boss let me off early",
    "Ashcombe Vale Golf Club captain's drive-in",
]


def _judged(text: str) -> list[Relevance]:
    return [judge(text, mention, FACTS[mention.school_id]) for mention in MATCHER.find(text)]


@pytest.mark.parametrize("text", OURS)
def test_our_school_is_kept(text: str) -> None:
    """A post about the school is about the school, whatever else it speaks of."""
    judged = _judged(text)

    assert judged
    assert any(one.is_ours for one in judged), judged


@pytest.mark.parametrize("text", NAMESAKES)
def test_a_namesake_is_told_apart(text: str) -> None:
    """Another town's school, a place, a church, a club or a drink is not ours, and the words that say so are shown."""
    judged = _judged(text)

    assert judged
    assert not any(one.is_ours for one in judged), judged
    assert all(one.reasons for one in judged)


def test_the_deciding_words_are_shown_in_the_original() -> None:
    """Each reason points at words as they were written, the heaviest first."""
    text = "Fe\u0301rnley Green CHURCH fete"
    term = Mention(start=0, end=14, term_id="fg-1", school_id="fg")
    reasons = judge(text, term, FACTS["fg"]).reasons

    assert text[reasons[0].start : reasons[0].end].strip() == "CHURCH"
    assert reasons[0].why == "the next word names another place or body"


def test_mentions_are_parted() -> None:
    """Of two mentions in one post the school's is kept and the namesake's is not."""
    text = "Fernley Green CC let my kids' class use the pitch. " + "x " * 300 + "Thank you teachers at Fernley Green"
    kept, judged = ours(text, MATCHER.find(text), FACTS)

    assert [one.is_ours for one in judged] == [False, True]
    assert [text[mention.start : mention.end] for mention in kept] == ["Fernley Green"]


def test_a_school_without_staff_or_town_is_judged_as_well() -> None:
    """Facts may be no more than terms."""
    facts = Facts.of(TERMS[:2])
    mention = Mention(start=3, end=16, term_id="fg-1", school_id="fg")

    assert judge("at Fernley Green", mention, facts).is_ours


@given(st.text(max_size=120), st.integers(0, 120), st.integers(0, 40))
def test_no_text_makes_it_raise(text: str, start: int, length: int) -> None:
    """Whatever the text, the value is a probability and every reason lies inside the text."""
    start = min(start, len(text))
    mention = Mention(start=start, end=min(len(text), start + length), term_id="fg-1", school_id="fg")
    judged = judge(text, mention, FACTS["fg"])

    assert 0 <= judged.value <= 1
    assert all(0 <= reason.start <= reason.end <= len(text) for reason in judged.reasons)


@pytest.mark.parametrize("piece", ["a ", "St ", "Fernley Green ", ",", "A B, ", "1 ", "bus to the "])
def test_a_long_text_costs_no_more_than_a_short_one(piece: str) -> None:
    """Only the surroundings of the mention are looked at."""
    text = piece * (1_000_000 // len(piece)) + " Fernley Green"
    mention = Mention(start=len(text) - 13, end=len(text), term_id="fg-1", school_id="fg")
    begun = time.process_time()
    judge(text, mention, FACTS["fg"])

    assert time.process_time() - begun < 0.2


@given(st.lists(st.sampled_from(SPOKEN)))
def test_words_looked_for_by_their_beginning_are_all_found(words: list[str]) -> None:
    """A kind is looked for only at words that may begin one of it: nothing is lost against looking everywhere."""
    text = " ".join(words)
    whole = [(group, [match.span() for match in group.pattern.finditer(text)]) for group in _spoken_groups()]
    assert [(group, [spot[:2] for spot in spots]) for group, spots in _matches(text)] == [one for one in whole if one[1]]
