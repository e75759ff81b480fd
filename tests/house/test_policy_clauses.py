"""Every clause of the policies that must be kept is kept somewhere, and a test says so; what is not built is not there."""

from __future__ import annotations

import pytest

from docs import clauses as register
from docs.clauses import Clause

CLAUSES = register.clauses()
KEPT = [clause for clause in CLAUSES if clause.level == "must" and not clause.due]
# Issue 4 names these; B6 and B29 are tied to official accounts by §1 as well (official posts, encyclopaedia entries)
DUE = {"A6", "A35", "B5", "B8", "B19", "B20", "B24", *(f"B{number}" for number in range(30, 36)), "B42", "B6", "B29"}


def test_the_register_lists_every_clause_once() -> None:
    """Thirty-nine clauses of the first policy and forty-three of the second, none twice."""
    ids = [clause.id for clause in CLAUSES]

    assert ids == [f"A{number}" for number in range(1, 40)] + [f"B{number}" for number in range(1, 44)]


def test_only_clauses_of_official_accounts_wait() -> None:
    """What is due later belongs to official accounts; nothing else may be put off."""
    assert {clause.id for clause in CLAUSES if clause.due} == DUE


@pytest.mark.parametrize("clause", KEPT, ids=lambda clause: clause.id)
def test_a_clause_that_must_be_kept_is_cited_by_code_and_tests(clause: Clause) -> None:
    """Somewhere the program keeps this clause, and somewhere a test proves it."""
    assert clause.code, f"{clause.id} ({clause.words}): no code cites it"
    assert clause.tests, f"{clause.id} ({clause.words}): no test cites it"


def test_what_is_not_built_says_why() -> None:
    """A clause left out on purpose has a reason that a school can read."""
    assert all(clause.why for clause in CLAUSES if clause.level == "not")


def test_the_page_of_clauses_is_current() -> None:
    """docs/policy.md is what the tree says today; `just docs` writes it anew."""
    assert register.PAGE.read_text(encoding="utf-8") == register.page()


def test_a_range_cites_each_clause_in_it() -> None:
    """A comment that names a span of clauses counts for all of them, and no clause is read into other words."""
    assert register.cited_in("policy B30 to B32, A18; SHA256, B2B") == {"B30", "B31", "B32", "A18"}
