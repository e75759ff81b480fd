"""What is flagged, how severe it is proposed, and what the inbox is spared."""

from __future__ import annotations

import pytest

from casework.flagging import CATEGORY_LABELS, DEFAULT_RULES, default_severity, flag, flag_all
from casework.testing import NOON, SCHOOL_ID, a_post, a_reading, a_score
from data.model.findings import Finding
from data.model.readings import SAFEGUARDING, Category, Head, Reading, Severity, Span


def flagged(reading: Reading) -> Finding | None:
    """Flag for the invented school."""
    return flag(reading, a_post(), DEFAULT_RULES, now=NOON, school_id=SCHOOL_ID)


def test_a_mention_without_harm_stays_out_of_the_inbox() -> None:
    """A neutral mention, praise or a score below its threshold makes no finding."""
    praise = a_score(Category.PRAISE, 0.9, Head.NO_ACTION)

    assert [flagged(a_reading()), flagged(a_reading(praise)), flagged(a_reading(a_score(value=0.49)))] == [None, None, None]


def test_a_grave_statement_of_fact_is_high_with_its_reason() -> None:
    """A sure defamation score proposes High and says in plain words why, never that it is defamation."""
    finding = flagged(a_reading(a_score(value=0.9)))

    assert finding is not None
    assert (finding.severity, finding.lead_category) == (Severity.S3, Category.DEFAMATION_INDIVIDUAL)
    assert finding.reasons == ("may state a crime or grave wrong as a fact about a named person: named person",)


def test_a_category_found_by_two_scorers_is_told_once() -> None:
    """One line for a category with the reasons of both, the surer one's first."""
    other = a_score(value=0.95).model_copy(update={"scorer": "other.v1", "spans": (Span(start=5, end=9, why="a grave act"),)})
    finding = flagged(a_reading(a_score(value=0.9), other))

    assert finding is not None
    assert finding.reasons == ("may state a crime or grave wrong as a fact about a named person: a grave act; named person",)


def test_each_school_gets_its_own_finding() -> None:
    """A post that mentions two schools is flagged for both."""
    found = flag_all(a_reading(a_score(), schools=(SCHOOL_ID, "ashcombe")), a_post(), DEFAULT_RULES, now=NOON)

    assert [one.school_id for one in found] == [SCHOOL_ID, "ashcombe"]


def test_fair_criticism_reaches_the_head() -> None:
    """Criticism above its threshold is flagged as such, so that it can be answered (policy B31)."""
    finding = flagged(a_reading(a_score(Category.FAIR_CRITICISM, 0.8, Head.NO_ACTION)))

    assert finding is not None
    assert (finding.severity, finding.lead_category) == (Severity.S0, Category.FAIR_CRITICISM)


def test_criticism_vetoes_a_takedown_suggestion_but_never_safeguarding() -> None:
    """A surer outcome silences an ordinary harm; a safeguarding label stays whatever stands beside it."""
    fair = a_score(Category.FAIR_CRITICISM, 0.95, Head.NO_ACTION)
    vetoed = flagged(a_reading(fair, a_score(value=0.6)))
    kept = flagged(a_reading(fair, a_score(Category.STAFF_ALLEGATION, 0.4, Head.SAFEGUARDING)))

    assert vetoed is not None
    assert vetoed.categories == (Category.FAIR_CRITICISM,)
    assert kept is not None
    assert (kept.lead_category, kept.severity) == (Category.STAFF_ALLEGATION, Severity.S3)


def test_what_could_not_be_read_is_flagged_low_and_says_so() -> None:
    """A post that mentions the school but was not scored waits for a person, with the honest reason."""
    finding = flagged(a_reading(not_read="not in English"))

    assert finding is not None
    assert finding.severity is Severity.S1
    assert "not in English" in finding.reasons[0]


def test_a_stop_cue_sets_the_stop_route() -> None:
    """A text cue of an indecent image is critical, led by it, and stopped, even where nothing else was scored."""
    finding = flagged(a_reading(stop_cue=(Span(start=0, end=3, why="trading words"),)))

    assert finding is not None
    assert (finding.stop, finding.severity, finding.lead_category) == (True, Severity.S4, Category.CSAM)


@pytest.mark.parametrize("category", sorted(SAFEGUARDING))
def test_the_first_twelve_are_never_proposed_below_high(category: Category) -> None:
    """Domain.md §4.2: the machine never proposes less than S3 for them."""
    assert default_severity(category) >= Severity.S3


def test_every_category_has_its_words() -> None:
    """Each code of the taxonomy can be said on screen."""
    assert set(CATEGORY_LABELS) == set(Category)
