"""Policies are looked at again within a year, and the page says by how many days one is overdue."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework import reviews
from casework.errors import PolicyRefusedError
from data.model.policies import Policy, PolicyTrigger, TriggerKind, YearlyCheck

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_policy(approved: date = date(2026, 1, 10), review: date = date(2027, 1, 10)) -> Policy:
    """Return a policy in the register."""
    return Policy(
        id="p-1",
        school_id="s-1",
        title="Staff and social media",
        version="3",
        created_by="head",
        approved_by="governing board",
        approved_on=approved,
        next_review_on=review,
        owner="u-head",
        added_by="u-head",
        added_at=NOON,
    )


def test_a_policy_is_reviewed_within_twelve_months() -> None:
    """A30, B41: a review later than a year after the approval is not taken in."""
    reviews.check_policy(a_policy(), TODAY)

    with pytest.raises(PolicyRefusedError, match="twelve months"):
        reviews.check_policy(a_policy(review=date(2027, 1, 12)), TODAY)


@pytest.mark.parametrize(("approved", "review"), [(date(2026, 12, 1), date(2027, 1, 1)), (date(2026, 1, 10), date(2026, 1, 10))])
def test_a_policy_with_impossible_days_is_refused(approved: date, review: date) -> None:
    """Approved tomorrow, or reviewed on the day of its approval: neither is possible."""
    with pytest.raises(PolicyRefusedError):
        reviews.check_policy(a_policy(approved, review), TODAY)


@pytest.mark.parametrize(
    ("review", "says", "overdue"),
    [
        (date(2026, 11, 19), "overdue by 1 day", True),
        (date(2026, 11, 1), "overdue by 19 days", True),
        (TODAY, "due today", False),
        (date(2026, 11, 21), "in 1 day", False),
        (date(2027, 1, 10), "in 51 days", False),
    ],
)
def test_the_page_says_how_a_review_stands(review: date, says: str, *, overdue: bool) -> None:
    """A30: how many days are left, or by how many it is overdue."""
    line = reviews.policy_line(a_policy(review=review), TODAY)

    assert (line.says, line.is_overdue) == (says, overdue)


@given(st.integers(-400, 400))
def test_a_review_day_is_overdue_exactly_when_it_has_passed(days: int) -> None:
    """Whatever the day, overdue means past."""
    line = reviews.policy_line(a_policy(review=TODAY + timedelta(days=days)), TODAY)

    assert line.is_overdue == (days < 0)


def test_what_was_never_confirmed_is_due_now() -> None:
    """§7.5: five things are confirmed each year; a fresh installation has confirmed none."""
    lines = reviews.yearly_lines([], TODAY)

    assert [line.key for line in lines if line.is_overdue] == list(reviews.YEARLY_LABELS)


def test_a_confirmation_lasts_a_year() -> None:
    """The newest confirmation counts."""
    checks = [
        YearlyCheck(id=f"y{year}", school_id="s-1", what="dpia", confirmed_by="u", confirmed_at=NOON.replace(year=year))
        for year in (2026, 2024)
    ]
    line = next(one for one in reviews.yearly_lines(checks, TODAY) if one.key == "dpia")

    assert (line.due_on, line.says) == (date(2027, 11, 20), "in 365 days")


def test_settled_triggers_wait_no_longer() -> None:
    """A30: what calls for a review waits until somebody says what came of it."""
    waiting = PolicyTrigger(id="t1", school_id="s-1", kind=TriggerKind.CASE_LAW, what="a ruling", by="u", at=NOON)
    settled = waiting.model_copy(update={"id": "t2", "settled_at": NOON})

    assert reviews.open_triggers([settled, waiting]) == (waiting,)
