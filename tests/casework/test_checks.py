"""When to look again: the plan of the reference, silence with growing pauses, and a place that asks to be left alone (A20, §5.5)."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from casework.checks import AGAIN_TRIES, APART, again_due, next_check, schedule
from casework.testing import NOON, a_check
from data.model.cases import RemovalCheck, Verdict

HOUR = timedelta(hours=1)  # A20: the looks after a request are planned
SILENT = Verdict.UNREACHABLE


def silent(*hours: float, retry: timedelta | None = None) -> list[RemovalCheck]:
    """Looks that got no answer, so many hours after noon."""
    made = [a_check(SILENT, timedelta(hours=one), slot=f"s-{place}", status=None) for place, one in enumerate(hours)]
    return made if retry is None else [*made[:-1], made[-1].model_copy(update={"retry_at": made[-1].at + retry})]


def test_silence_is_tried_again_with_pauses_that_double() -> None:
    """15 and 30 minutes, 1, 2, 4 and 8 hours after a look that got no answer; then only the schedule goes on."""
    pauses, looks = [], silent(1)
    while (due := again_due(looks)) is not None:
        pauses.append(due[1] - looks[-1].at)
        looks.append(a_check(SILENT, due[1] - NOON, slot=due[0], status=None))

    assert pauses == [APART * 2**number for number in range(AGAIN_TRIES)]
    assert len({one.slot for one in looks}) == len(looks)


def test_an_answer_ends_the_trying() -> None:
    """A wall, "still up" and "gone" are answers; what a person saw changes nothing about our own trying."""
    for verdict in (Verdict.NOT_VISIBLE_TO_US, Verdict.PRESENT, Verdict.REMOVED_UNKNOWN, Verdict.EDITED):
        assert again_due([*silent(1), a_check(verdict, 2 * HOUR)]) is None
    assert again_due([*silent(1), a_check(Verdict.PRESENT, 2 * HOUR, by="u-dsl")]) is not None


def test_the_schedule_goes_on_beside_the_trying() -> None:
    """After a look at +1 h without answer the next comes a quarter later, and the planned one at +4 h is not forgotten."""
    first = next_check("item-1", silent(1), case_id="case-1", sent_at=NOON, now=NOON + HOUR)
    later = next_check("item-1", silent(1, 1.25, 1.75, 2.75), case_id="case-1", sent_at=NOON, now=NOON + 3 * HOUR)

    assert first is not None
    assert (first.due_at, first.slot.startswith("again-")) == (NOON + HOUR + APART, True)
    assert later is not None
    assert (later.due_at, later.slot.startswith("after-request+4h")) == (NOON + 4 * HOUR, True)


def test_a_place_that_asks_to_be_left_alone_is_left_alone() -> None:
    """`Retry-After` moves every look behind it: the trying, the schedule, and what a person asked for."""
    looks = silent(1, retry=6 * HOUR)
    for asked_at in (None, NOON + 2 * HOUR):
        due = next_check("item-1", looks, case_id="case-1", sent_at=NOON, asked_at=asked_at, now=NOON + 2 * HOUR)
        assert due is not None
        assert due.due_at == NOON + 7 * HOUR


def test_a_confirmation_waits_too() -> None:
    """The look that confirms a "gone" does not press a site that asks for a rest."""
    looks = [a_check(), a_check(SILENT, APART, slot="x").model_copy(update={"retry_at": NOON + 5 * HOUR})]
    due = next_check("item-1", looks, case_id="case-1", sent_at=NOON - HOUR, now=NOON + HOUR)

    assert due is not None
    assert (due.slot.startswith("confirm-"), due.due_at) == (True, NOON + 5 * HOUR)


def test_a_case_that_nobody_asked_about_is_not_looked_at() -> None:
    """Without a request, a verified removal or a person's wish nothing is looked at by itself."""
    assert next_check("item-1", silent(1), case_id="case-1", now=NOON + HOUR) is None


_ANSWERS = st.lists(st.tuples(st.sampled_from(list(Verdict)), st.sampled_from([None, 0.2, 3.0, 23.0])), min_size=1, max_size=60)


@given(_ANSWERS)
def test_no_row_of_answers_makes_a_burst(answers: list[tuple[Verdict, float | None]]) -> None:
    """Whatever a place answers, looks beside the plan keep a quarter's distance, none comes before the time it named, and they end."""
    looks: list[RemovalCheck] = []
    now = NOON
    for verdict, rest in answers:
        due = next_check("item-1", looks, case_id="case-1", sent_at=NOON, now=now)
        if due is None:
            break
        now = max(now, due.due_at)
        if looks:
            assert now - looks[-1].at >= APART or due.slot.startswith("after-request")
            assert looks[-1].retry_at is None or now >= looks[-1].retry_at
        retry = now + timedelta(hours=rest) if rest is not None else None
        looks.append(a_check(verdict, now - NOON, slot=due.slot, retry_at=retry))

    assert len({one.slot for one in looks}) == len(looks)
    assert len(looks) <= len(schedule(NOON)) * (1 + AGAIN_TRIES + 6)
