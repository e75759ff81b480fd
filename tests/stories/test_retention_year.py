"""Sixteen months of a school, the clock moved week by week: what must go is gone, what must stay stays, counted by other means."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_school, a_seen_post, a_user, keep_case, keep_judged
from data.clock import FixedClock
from data.model.cases import CaseState
from data.model.findings import DecisionKind
from data.model.people import Role
from data.model.readings import Category, Severity
from schoolwatch.desk import Desk, build_desk
from schoolwatch.night import run_night
from schoolwatch.settings import Settings

DAY = timedelta(days=1)
START = NOON
WEEKS = 70
DPO, HEAD = a_user(Role.DPO, user_id="u-dpo"), a_user(Role.HEADTEACHER, user_id="u-head")
DSL = a_user(Role.DSL)
_POSTS, _JUDGED, _CASES = 300, 160, 80


@dataclass(frozen=True)
class Expected:
    """When something may go at the earliest, reckoned by the test's own table; None: not within these months."""

    key: str
    goes_at: datetime | None


# The test's own reading of domain.md section 8, in days; nothing here is taken from the program.
_OWN_DAYS = {"spam": 30, "namesake": 30, "praise": 90, "criticism": 90, "answered": 365, "post": 30}
_KINDS: dict[str, tuple[Category, DecisionKind]] = {
    "spam": (Category.SPAM, DecisionKind.NO_ACTION),
    "namesake": (Category.NAMESAKE, DecisionKind.NOT_OURS),
    "praise": (Category.PRAISE, DecisionKind.NO_ACTION),
    "criticism": (Category.FAIR_CRITICISM, DecisionKind.NO_ACTION),
    "answered": (Category.FAIR_CRITICISM, DecisionKind.REPLY),
}
# kind of case -> what it is, and how many days after what it goes: "closed", "moved" or never by itself
_CASE_KINDS: dict[str, tuple[dict[str, Any], int, str]] = {
    "low": ({"severity": Severity.S2}, 365, "closed"),
    "high": ({"severity": Severity.S3}, 2190, "closed"),
    "open": ({"state": CaseState.REQUESTED, "closed_at": None, "outcome": None}, 0, "never"),
    "staff": ({"lead_category": Category.STAFF_ALLEGATION}, 90, "moved"),
    "child": ({"lead_category": Category.SAFEGUARDING_DISCLOSURE}, 0, "never"),
    "child agreed": ({"lead_category": Category.SAFEGUARDING_DISCLOSURE}, 90, "agreed"),
    "abuse": ({"stop": True}, 0, "never"),
    "abuse agreed by one": ({"stop": True}, 0, "never by one"),
    "held": ({"severity": Severity.S2}, 0, "held"),
    "held and released": ({"severity": Severity.S2}, 0, "released"),
}
_RELEASED = START + 400 * DAY


@pytest.fixture
def desk(tmp_path: Path, clock: FixedClock, database_url: str) -> Iterator[Desk]:
    """A desk with a school on a clock that the test moves."""
    clock.moment = START
    made = build_desk(Settings(state_dir=tmp_path, database=database_url), clock)
    with made.store.begin(by="system") as work:
        work.schools.add(a_school())
        for user in (DPO, HEAD, DSL):
            work.users.add(user)
        work.commit()
    yield made
    made.close()


class Year:
    """Fills a desk with a year of a school, and reckons by itself when each thing goes."""

    def __init__(self, desk: Desk, clock: FixedClock) -> None:
        self.desk, self.clock, self.chance = desk, clock, random.Random(20261120)  # noqa: S311 - the same year each time
        self.posts: list[Expected] = []
        self.judged: list[Expected] = []
        self.cases: list[Expected] = []

    def fill(self) -> None:
        """Keep the posts, judged posts and cases of a year."""
        for number in range(_POSTS):
            self._post(number)
        for number in range(_JUDGED):
            self._judge(number)
        for number in range(_CASES):
            self._case(number)
        self.clock.moment = START

    def _moment(self) -> datetime:
        return START + timedelta(minutes=self.chance.randrange(365 * 24 * 60))

    def _post(self, number: int) -> None:
        at = self._moment()
        with self.desk.store.begin(by="system") as work:
            seen = a_seen_post(f"unflagged {number}", native_id=f"p{number}", author_handle=f"passer-{number}")
            ids = work.posts.keep([seen], source_id=None, seen_at=at).post_ids
            work.posts.mark_read([work.posts.get(ids[0])])
            work.commit()
        self.posts.append(Expected(f"p{number}", at + _OWN_DAYS["post"] * DAY))

    def _judge(self, number: int) -> None:
        at, name = self._moment(), self.chance.choice(list(_KINDS))
        category, kind = _KINDS[name]
        keep_judged(self.desk.store, f"j{number}", category, at, kind=kind)
        self.judged.append(Expected(f"f-j{number}", at + _OWN_DAYS[name] * DAY))

    def _case(self, number: int) -> None:
        name = list(_CASE_KINDS)[number % len(_CASE_KINDS)]
        changes, days, counts_from = _CASE_KINDS[name]
        known = START + timedelta(minutes=self.chance.randrange(60 * 24 * 60))
        closed, moved = known + 3 * DAY, known + 10 * DAY
        given: dict[str, Any] = {"state": CaseState.CLOSED, "closed_at": closed, "outcome": "removed", "gone_observed_at": known + DAY / 3}
        given |= changes | {"known_at": known, "opened_at": known}
        is_moved = counts_from in {"moved", "agreed", "never by one"}
        given |= {"transferred_at": moved, "transfer_reference": "a file"} if is_moved else {}
        case = keep_case(self.desk.store, f"c{number}", text=f"case text {number}", **given)
        self._said(case.id, counts_from, moved)
        self.cases.append(Expected(case.id, self._goes(counts_from, closed, moved, days)))

    def _said(self, case_id: str, counts_from: str, moved: datetime) -> None:
        self.clock.moment = moved
        room = self.desk.casework
        if counts_from in {"held", "released"}:
            hold = room.hold(DPO, case_id, "a claim", "the county court")
            self.clock.moment = _RELEASED
            _ = room.release_hold(DPO, hold.id, "over") if counts_from == "released" else None
        if counts_from in {"agreed", "never by one"}:
            room.agree(DSL, case_id, "the file has it")

    def _goes(self, counts_from: str, closed: datetime, moved: datetime, days: int) -> datetime | None:
        starts = {"closed": closed + days * DAY, "moved": moved + days * DAY, "agreed": moved + days * DAY}
        return _RELEASED + 30 * DAY if counts_from == "released" else starts.get(counts_from)


def stored(desk: Desk, query: str) -> set[str]:
    """Return the first column of a query that the program did not write, asked of the file itself."""
    with closing(sqlite3.connect(desk.settings.database_url.removeprefix("sqlite:///"))) as connection:
        return {str(row[0]) for row in connection.execute(query)}


def still(expected: list[Expected], now: datetime) -> set[str]:
    """Return what must still be there."""
    return {one.key for one in expected if one.goes_at is None or one.goes_at > now}


def differences(desk: Desk, year: Year, now: datetime) -> dict[str, set[str]]:
    """Return what is there and should not be, or is not and should."""
    pairs = {
        "posts": (stored(desk, "SELECT native_id FROM post WHERE text LIKE 'unflagged %'"), still(year.posts, now)),
        "judged": (stored(desk, "SELECT id FROM finding WHERE id LIKE 'f-j%'"), still(year.judged, now)),
        "cases": (stored(desk, "SELECT id FROM case_file"), still(year.cases, now)),
        "history": (stored(desk, "SELECT DISTINCT case_id FROM case_event"), still(year.cases, now)),
        "items": (stored(desk, "SELECT case_id FROM case_item"), still(year.cases, now)),
    }
    return {name: found ^ wanted for name, (found, wanted) in pairs.items() if found != wanted}


def test_a_year_of_data_week_by_week(desk: Desk, clock: FixedClock) -> None:
    """Each week exactly that is gone which the test's own table says; at the end both sides are counted, and no handle is left too long."""
    year = Year(desk, clock)
    year.fill()
    wrong: dict[int, object] = {}
    went: Counter[str] = Counter()
    for week in range(WEEKS):
        now = clock.forward(timedelta(days=7))
        run = desk.casework.run_retention(b"k" * 32)
        went.update({rule: number for rule, number in run.gone.items() if rule != "log"})
        if found := differences(desk, year, now):
            wrong[week] = found
    now = clock.now()
    named = stored(desk, "SELECT author_handle FROM post WHERE author_handle LIKE 'writer-j%' OR author_handle LIKE 'passer-%'")
    young = {f"writer-{one.key[2:]}" for one in year.judged if one.key in stored(desk, _YOUNG.format(moment=now - 30 * DAY))}
    gone = [one for one in year.cases if one.goes_at is not None and one.goes_at <= now]
    report = run_night(desk)

    assert wrong == {}
    assert went["mention"] == _POSTS + sum(1 for one in year.judged if _is_short(desk, one.key))
    assert (len(gone), len(still(year.cases, now))) == (32, 48)
    assert len(stored(desk, "SELECT id FROM case_tally WHERE outcome = 'removed'")) == len(gone)
    assert len(stored(desk, "SELECT record_id FROM tombstone WHERE kind = 'case_file'")) == len(gone)
    assert (named - young, report.problems) == (set(), ())
    assert run.held == {"case_low": 8}
    assert run.waiting == {"child": 8, "abuse": 16}


_YOUNG = "SELECT id FROM finding WHERE id LIKE 'f-j%' AND seen_at >= '{moment:%Y-%m-%d %H:%M:%S}'"


def _is_short(desk: Desk, finding_id: str) -> bool:
    """Whether a judged post that went had gone as a mention, by its tombstone."""
    return bool(stored(desk, f"SELECT id FROM tombstone WHERE record_id = '{finding_id}' AND rule = 'mention'"))  # noqa: S608 - an id of ours


def figures(room: Casework, first: date, last: date) -> dict[str, Any]:
    """Return the governors' figures of a period as they would be shown now."""
    made = room.make_report(HEAD, SCHOOL_ID, first, last)
    shown = dict(made.figures)
    room.drop_report(HEAD, made.id)
    return shown


def test_the_governors_figures_are_the_same_before_and_after_a_purge(desk: Desk, clock: FixedClock) -> None:
    """The day before, cases and judged posts are counted from themselves; the day after from what is left of them."""
    year = Year(desk, clock)
    year.fill()
    clock.moment = START + 480 * DAY
    first = START.date()
    before = figures(desk.casework, first, first + 300 * DAY)
    run = desk.casework.run_retention(b"k" * 32)
    clock.forward(DAY)
    after = figures(desk.casework, first, first + 300 * DAY)

    assert run.gone["case_low"] == 16
    assert run.gone["lawful"] > 30
    assert before == after
    assert before["cases"] == str(_CASES)
