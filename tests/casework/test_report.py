"""The governors' report counts what is there, hides what is small, and names nobody."""

from __future__ import annotations

import csv
import io
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pikepdf
import pytest

from casework import report
from casework.errors import PolicyRefusedError
from casework.governing import PolicyForm
from casework.report import Figures, Volumes
from casework.service import Casework
from casework.suppression import FEW, WITHHELD
from casework.tally import judged
from casework.testing import NOON, SCHOOL_ID, a_case, a_finding, a_school, a_user, an_item
from data.clock import FixedClock
from data.errors import PermissionDeniedError
from data.model.care import Referral, ReferralBody, SupportKind, SupportOffer
from data.model.cases import Capacity, CaseState, Ground, MissedReason, RequestState, Route, TakedownRequest
from data.model.findings import Decision, DecisionKind, FindingState
from data.model.people import Role, User
from data.model.policies import TriggerKind
from data.model.posts import PlatformName
from data.model.readings import HARMS, Category, Severity
from data.store import Store

FIRST, LAST = date(2026, 4, 1), date(2026, 11, 15)
HANDLE, NAME, PAGE = "marshlark_87", "Ms Quillfeather", "https://forum.example/t/unmistakable-thread"
HOUR = timedelta(hours=1)


def made_up(store: Store, count: int, seed: int = 4) -> None:
    """Put so many synthetic cases into a store, spread over a year, in every state of affairs, with names in every text field."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    with store.begin(by="system") as work:
        for number in range(count):
            _one(work, chance, number)
        work.commit()


def _one(work: object, chance: random.Random, number: int) -> None:
    known = NOON - timedelta(hours=chance.randrange(24 * 365))
    finding = a_finding(known, id=f"f-{number}", post_id=None, post_version=None, state=FindingState.DECIDED, reasons=(f"about {NAME}",))
    work.findings.add(finding)  # type: ignore[attr-defined]
    ending = chance.choice(["removed", "removed", "removed", "amended", "gone_before_request", "not_removed", "withdrawn", "open"])
    gone = known + HOUR * chance.randrange(1, 60) if ending in {"removed", "amended", "gone_before_request"} else None
    is_open = ending == "open"
    case = a_case(
        known,
        id=f"case-{number}",
        ref=f"SW-2026-{number:04d}",
        finding_id=finding.id,
        lead_category=chance.choice(sorted(HARMS)[:9]),
        severity=chance.choice(list(Severity)[1:]),
        target=chance.choice(["teacher", "pupil", "none", "school"]),
        state=CaseState.REQUESTED if is_open else CaseState.CLOSED,
        outcome=None if is_open else ending,
        gone_observed_at=gone,
        closed_at=None if is_open else known + 70 * HOUR,
        missed_reason=chance.choice([None, MissedReason.PLATFORM_SLOW, MissedReason.REFUSED]),
        reuploaded_from=None if number < 10 or chance.random() > 0.02 else f"case-{number - 1}",
    )
    work.cases.add(case)  # type: ignore[attr-defined]
    platform = chance.choice([PlatformName.FORUM, PlatformName.MASTODON, PlatformName.TIKTOK, PlatformName.BLOG])
    item = an_item(case.id, id=f"item-{number}", post_id=None, address=f"{PAGE}/{number}", platform=platform)
    work.case_items.add(item)  # type: ignore[attr-defined]
    if chance.random() < 0.7:
        work.requests.add(_request(chance, number, known))  # type: ignore[attr-defined]
    if chance.random() < 0.1:
        work.referrals.add(_referral(chance, number, known))  # type: ignore[attr-defined]
    if chance.random() < 0.5:
        work.support.add(_support(number, known + HOUR * chance.randrange(1, 90)))  # type: ignore[attr-defined]


def _request(chance: random.Random, number: int, known: datetime) -> TakedownRequest:
    return TakedownRequest(
        id=f"r-{number}",
        case_id=f"case-{number}",
        item_id=f"item-{number}",
        state=chance.choice([RequestState.SENT, RequestState.ACCEPTED, RequestState.REFUSED, RequestState.READY]),
        ground=Ground.PLATFORM_RULES,
        route=chance.choice([Route.PLATFORM_FORM, Route.SITE_OPERATOR, Route.POSH, Route.HOST]),
        recipient=f"the operator, told of {NAME}",
        capacity=Capacity.SCHOOL_REPRESENTATIVE,
        notice="site_operator",
        subject="s",
        body=f"{NAME} and @{HANDLE}",
        drafted_by="u-dsl",
        drafted_at=known,
        sent_at=known + HOUR * chance.randrange(1, 30),
    )


def _referral(chance: random.Random, number: int, known: datetime) -> Referral:
    body = chance.choice([ReferralBody.POLICE, ReferralBody.LADO])
    made = known + HOUR if chance.random() < 0.8 else None
    return Referral(id=f"ref-{number}", case_id=f"case-{number}", body=body, why=NAME, opened_by="u-dsl", opened_at=known, made_at=made)


def _support(number: int, offered: datetime) -> SupportOffer:
    kinds = (SupportKind.UNION,)
    return SupportOffer(id=f"s-{number}", case_id=f"case-{number}", person="teacher", kinds=kinds, offered_by="u", offered_at=offered)


@pytest.fixture
def clock() -> FixedClock:
    """Noon on the day of the report."""
    return FixedClock(NOON)


@pytest.fixture(scope="module")
def filled(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a school and five hundred synthetic cases, made once."""
    path = tmp_path_factory.mktemp("filled") / "app.db"
    shutil.copy(empty_database, path)
    opened = Store.open(f"sqlite:///{path}", FixedClock(NOON))
    with opened.begin(by="system") as work:
        work.schools.add(a_school())
        work.commit()
    made_up(opened, 500)
    opened.close()
    return path


@pytest.fixture
def database_url(filled: Path, tmp_path: Path) -> str:
    """The address of this test's own copy of it."""
    path = tmp_path / "app.db"
    shutil.copy(filled, path)
    return f"sqlite:///{path}"


@pytest.fixture
def head() -> User:
    """The headteacher."""
    return a_user(Role.HEADTEACHER)


@pytest.fixture
def room(store: Store, clock: FixedClock) -> Casework:
    """Casework over a store that holds five hundred synthetic cases."""
    return Casework(store, clock)


def tallies(room: Casework, store: Store) -> list[object]:
    """Return what the report counts, in the period of these tests."""
    with store.read() as work:
        return [one for one in room._tallies(work, SCHOOL_ID) if FIRST <= one.known_on <= LAST]


def cells(room: Casework, store: Store, key: str) -> dict[str, int]:
    """Return one table as counted, before anything is hidden."""
    table = next(one for one in report.counted(tallies(room, store), ()) if one.key == key)  # type: ignore[arg-type]
    return {label: count for label, count in table.rows if count}


def rows(database_url: str, query: str) -> list[tuple[object, ...]]:
    """Ask the database itself, past all our code; days are those of London, as the report counts them."""
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
        connection.create_function("in_period", 1, lambda known: FIRST <= _day(known) <= LAST)
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def _day(known: object) -> date:
    return datetime.fromisoformat(str(known)).replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/London")).date()


@pytest.mark.parametrize(("key", "column"), [("category", "lead_category"), ("severity", "severity")])
def test_counts_equal_an_independent_query(room: Casework, store: Store, database_url: str, key: str, column: str) -> None:
    """§7.4: cases by kind and by severity are what the database itself counts."""
    found = rows(database_url, f"SELECT {column}, count(*) FROM case_file WHERE in_period(known_at) GROUP BY 1")  # noqa: S608 - our own words
    label = {"category": lambda code: report.CATEGORY_LABELS[Category(code)], "severity": lambda level: Severity(level).word}[key]

    assert cells(room, store, key) == {label(code): count for code, count in found}


def test_the_target_equals_an_independent_query(room: Casework, store: Store, database_url: str) -> None:
    """A18: gone within 24 hours, late with its reason, or neither: as the database counts them."""
    asked = """
        SELECT CASE
          WHEN outcome = 'withdrawn' THEN 'none'
          WHEN gone_observed_at IS NOT NULL AND (julianday(gone_observed_at) - julianday(known_at)) * 24 <= 24.0001 THEN 'within'
          WHEN gone_observed_at IS NOT NULL OR outcome = 'not_removed' OR (julianday('2026-11-20 12:00') - julianday(known_at)) * 24 > 24
            THEN 'late ' || coalesce(missed_reason, '')
          ELSE 'none' END, count(*)
        FROM case_file WHERE in_period(known_at) GROUP BY 1"""
    labels = {
        "within": "gone within 24 hours",
        "none": "still in time, or no removal wanted",
        "late ": "late: no reason recorded",
        "late platform_slow": "late: the platform was slow",
        "late refused": "late: it was refused",
    }

    assert cells(room, store, "target") == {labels[str(code)]: count for code, count in rows(database_url, asked)}


def test_the_share_within_24_hours_is_of_those_with_a_verdict(room: Casework, head: User, store: Store) -> None:
    """§7.4: the share leaves out what was withdrawn or is still in time; a hidden cell gives no share."""
    counted = cells(room, store, "target")
    found = dict(room.figures(head, room.make_report(head, SCHOOL_ID, FIRST, LAST).id).singles)
    judged = sum(counted.values()) - counted["still in time, or no removal wanted"]
    few = dict(report.figures(tallies(room, store)[:2], Volumes(), FIRST, LAST).singles)  # type: ignore[arg-type]

    assert found["Gone within 24 hours, of those with a verdict"] == f"{round(100 * counted['gone within 24 hours'] / judged)} %"
    assert few["Gone within 24 hours, of those with a verdict"] == report.TOO_FEW


def test_requests_and_referrals_equal_an_independent_query(room: Casework, store: Store, database_url: str) -> None:
    """§7.4: routes used, and referrals made, as the database counts them."""
    asked = """SELECT r.route, count(*) FROM takedown_request r JOIN case_file c ON c.id = r.case_id
        WHERE in_period(c.known_at) AND r.state <> 'ready' GROUP BY 1"""
    referred = """SELECT f.body, count(*) FROM referral f JOIN case_file c ON c.id = f.case_id
        WHERE in_period(c.known_at) AND f.made_at IS NOT NULL GROUP BY 1"""
    counted = Counter(body for one in tallies(room, store) for body in one.referrals)  # type: ignore[attr-defined]

    assert cells(room, store, "routes") == {report._route(str(code)): count for code, count in rows(database_url, asked)}
    assert dict(counted) == dict(rows(database_url, referred))


def test_outcomes_and_platforms_equal_an_independent_query(room: Casework, store: Store, database_url: str) -> None:
    """§7.4: how cases ended and where the posts were, as the database counts them."""
    ended = rows(database_url, "SELECT coalesce(outcome, 'open'), count(*) FROM case_file WHERE in_period(known_at) GROUP BY 1")
    where = rows(
        database_url,
        "SELECT i.platform, count(*) FROM case_item i JOIN case_file c ON c.id = i.case_id WHERE in_period(c.known_at) GROUP BY 1",
    )
    labels = {**report.OUTCOME_LABELS, "open": "still open"}

    assert cells(room, store, "outcome") == {labels[str(code)]: count for code, count in ended}
    assert cells(room, store, "platform") == {str(code): count for code, count in where}


def test_support_equals_an_independent_count(room: Casework, store: Store, database_url: str) -> None:
    """A23: every case about a teacher is in the table of support, unless its working day is not over yet."""
    staff = rows(database_url, "SELECT count(*) FROM case_file WHERE in_period(known_at) AND target = 'teacher'")[0][0]

    assert sum(cells(room, store, "support").values()) == staff


def test_no_small_cell_no_name_no_address_leaves(room: Casework, head: User, database_url: str) -> None:
    """§7.4: nothing below three, no name, handle, address or case number in the file that leaves."""
    made = room.make_report(head, SCHOOL_ID, FIRST, LAST)
    found = room.figures(head, made.id)
    text = report.as_csv(found).decode("utf-8-sig")
    counts = [row[2] for row in csv.reader(io.StringIO(text)) if row[0] not in {"Section", "Period", "Note"}]

    assert {"1", "2"}.isdisjoint(counts)
    assert [word for word in (HANDLE, NAME, "Quillfeather", "forum.example", "SW-2026", "http") if word in text] == []
    assert [word for word in (HANDLE, NAME, "forum.example", "SW-2026") if word in str(made.figures)] == []
    assert rows(database_url, "SELECT count(*) FROM case_file")[0][0] == 500


def test_the_paper_holds_the_same_and_names_nobody(room: Casework, head: User, words_of: Callable[[bytes], str]) -> None:
    """§7.4: the PDF shows what the CSV shows, every chart has its numbers in words, and nothing in it names anybody."""
    made = room.make_report(head, SCHOOL_ID, FIRST, LAST)
    room.approve_report(head, made.id)
    paper, found = room.report_pdf(head, made.id), room.figures(head, made.id)
    text = words_of(paper)
    with pikepdf.open(io.BytesIO(paper)) as opened:
        alts = [str(one.get("/Alt")) for one in opened.objects if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/Figure"]

    assert [word for word in (HANDLE, NAME, "Quillfeather", "forum.example", "SW-2026", "http") if word in text] == []
    assert [label for label, _ in found.singles if label.split()[0] not in text] == []
    assert len(alts) == len([table for table in found.tables if table.rows])
    assert all(alt.startswith("Bar chart, ") for alt in alts)


def test_the_yearly_pack_says_what_is_overdue(room: Casework, head: User, words_of: Callable[[bytes], str]) -> None:
    """A30, A38, B41: the pack for the yearly review says by how many days a policy is overdue, and names the laws (A31)."""
    room.add_policy(head, SCHOOL_ID, PolicyForm("Staff and social media", "3", "governors", date(2025, 11, 10), date(2026, 11, 10)))
    room.add_trigger(head, SCHOOL_ID, TriggerKind.GUIDANCE, "a new edition of the guidance")
    text = words_of(room.review_pack(head, SCHOOL_ID, {"DPIA signed on": "1 Sep 2026"}))

    wanted = ("overdue by 10 days", "a new edition of the guidance", "DPIA signed on", "never confirmed yet", "Data Protection Act 2018")
    assert [words for words in wanted if words not in text] == []


def test_small_periods_hide_everything(room: Casework, head: User) -> None:
    """A single day with one or two cases shows nothing but that there were fewer than three."""
    tiny = next(
        found
        for day in range(60)
        if (found := room.figures(head, room.make_report(head, SCHOOL_ID, LAST - day * 24 * HOUR, LAST - day * 24 * HOUR).id)).cases == FEW
    )

    assert {words for table in tiny.tables for _, words in table.rows if table.key in {"category", "outcome", "target"}} == {FEW}


def test_a_formula_stays_text() -> None:
    """A row that a spreadsheet would compute is quoted."""
    found = Figures(FIRST, LAST, "0", (), (("=1+1", "0"), ("@sum", "-3")), ())
    cells_in = [cell for row in csv.reader(io.StringIO(report.as_csv(found).decode("utf-8-sig"))) for cell in row]

    assert [cell for cell in cells_in if cell[:1] in {"=", "+", "-", "@"}] == []


def test_a_report_comes_back_as_it_was_kept(room: Casework, head: User) -> None:
    """What governors read later is what the head approved."""
    made = room.make_report(head, SCHOOL_ID, FIRST, LAST)
    room.approve_report(head, made.id)

    assert Figures.of(FIRST, LAST, room.figures(head, made.id).as_record()) == room.figures(head, made.id)


def test_governors_see_approved_reports_only(room: Casework, head: User) -> None:
    """The head approves; until then a governor sees nothing, and cannot open it by its address."""
    governor = a_user(Role.GOVERNOR)
    made = room.make_report(head, SCHOOL_ID, FIRST, LAST)

    assert room.reports(governor, [SCHOOL_ID]) == ()
    with pytest.raises(PermissionDeniedError):
        room.figures(governor, made.id)
    room.approve_report(head, made.id)
    assert [one.id for one in room.reports(governor, [SCHOOL_ID])] == [made.id]


def test_a_governor_makes_and_approves_none(room: Casework, head: User) -> None:
    """Governors read; the DSL makes it but does not approve it."""
    made = room.make_report(head, SCHOOL_ID, FIRST, LAST)
    with pytest.raises(PermissionDeniedError):
        room.make_report(a_user(Role.GOVERNOR), SCHOOL_ID, FIRST, LAST)
    with pytest.raises(PermissionDeniedError):
        room.approve_report(a_user(Role.DSL), made.id)


def test_overlapping_periods_are_refused(room: Casework, head: User) -> None:
    """Two reports over the same days could be set against each other, so the second is refused."""
    room.approve_report(head, room.make_report(head, SCHOOL_ID, FIRST, LAST).id)

    with pytest.raises(PolicyRefusedError, match="does not overlap"):
        room.make_report(head, SCHOOL_ID, FIRST, LAST - timedelta(days=1))


@pytest.mark.parametrize(("first", "last"), [(LAST, FIRST), (date(2025, 1, 1), LAST), (FIRST, date(2026, 12, 1))])
def test_impossible_periods_are_refused(room: Casework, head: User, first: date, last: date) -> None:
    """Backwards, longer than a year, not over yet: each is told what is wrong."""
    with pytest.raises(PolicyRefusedError, match="a period that has ended"):
        room.make_report(head, SCHOOL_ID, first, last)


def test_tables_hide_what_is_small(room: Casework, store: Store) -> None:
    """In every published table a hidden cell stands for a small count or protects one."""
    counted = report.counted(tallies(room, store), ())  # type: ignore[arg-type]
    shown = report.figures(tallies(room, store), Volumes(), FIRST, LAST).tables  # type: ignore[arg-type]
    pairs = [
        (count, words)
        for table, out in zip(counted, shown, strict=True)
        for (_, count), (_, words) in zip(table.rows, out.rows, strict=True)
    ]

    assert all(words in {FEW, WITHHELD} for count, words in pairs if count in {1, 2})
    assert all(words == str(count) for count, words in pairs if words not in {FEW, WITHHELD})


def test_judgements_without_a_case_are_counted() -> None:
    """Praise and criticism are volumes, a reply that was decided on stands apart (B31)."""
    decisions = [_decision(DecisionKind.REPLY, Category.FAIR_CRITICISM)] * 3 + [_decision(DecisionKind.NO_ACTION, Category.PRAISE)] * 4
    volumes = Volumes(judged=[judged(a_finding(), one, NOON) for one in decisions])
    found = report.figures([], volumes, FIRST, date(2026, 11, 30))
    table = next(one for one in found.tables if one.key == "judged")

    assert sorted(words for _, words in table.rows) == ["3", "4"]


def _decision(kind: DecisionKind, category: Category) -> Decision:
    return Decision(id="d", finding_id="f", kind=kind, category=category, severity=Severity.S0, target="none", reason="r", by="u", at=NOON)
