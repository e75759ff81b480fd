"""What goes, what is held, what waits for a person (domain.md §8): each rule, each branch, and that the dry run tells the truth."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework import retention
from casework.errors import RetentionRefusedError
from casework.purging import HASHED, hidden
from casework.retention import AFTER_RELEASE, RULES, Action, RuleKey
from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_case, a_decision, a_finding, a_school, a_seen_post, a_thread, a_user, keep_case, keep_judged
from data.clock import FixedClock
from data.errors import CaseError, NotFoundError, PermissionDeniedError
from data.model.base import new_id
from data.model.cases import Case, CaseState, Confidentiality
from data.model.findings import DecisionKind
from data.model.keeping import LegalHold, RetentionConsent, SubjectRequestKind
from data.model.network import NetworkLookup
from data.model.people import Role
from data.model.readings import Category, Severity
from data.model.threads import ThreadAlert, ThreadKind
from data.store import Store

DSL = a_user(Role.DSL)
HEAD = a_user(Role.HEADTEACHER, user_id="u-head")
DPO = a_user(Role.DPO, user_id="u-dpo")
COMMS = a_user(Role.COMMS_LEAD, user_id="u-comms")
PEOPLE = (DSL, HEAD, DPO, COMMS)
KEPT = retention.periods({})
KEY = b"k" * 32
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


def closed(**changes: object) -> Case:
    """Return a case that was closed at noon."""
    return a_case(NOON, state=CaseState.CLOSED, closed_at=NOON, **changes)


def a_hold(released: datetime | None = None) -> LegalHold:
    """Return a hold, set at noon."""
    return LegalHold(
        id="h-1", school_id=SCHOOL_ID, case_id="case-1", why="a claim", authority="court", by="u-dpo", at=NOON, released_at=released
    )


def consent(second: str | None = None, at: datetime = NOON) -> RetentionConsent:
    """Return one person's word, or two people's."""
    return RetentionConsent(id="c-1", case_id="case-1", by="u-dsl", second=second, why="the file has it", at=at)


def fate(case: Case, now: datetime, *, holds: tuple[LegalHold, ...] = (), given: tuple[RetentionConsent, ...] = ()) -> Action:
    """Return what becomes of a case."""
    return retention.case_fate(case, holds, given, KEPT, now).action


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.key.value)
def test_a_period_is_chosen_within_its_bounds_only(rule: retention.RetentionRule) -> None:
    """Each rule's own bounds may be chosen, a day beyond them not; the default lies within."""
    assert rule.least <= rule.days <= rule.most
    assert {retention.check_period(rule.key, days) for days in (rule.least, rule.days, rule.most)} == {rule}
    for days in (rule.least - 1, rule.most + 1):
        with pytest.raises(RetentionRefusedError, match=str(rule.most)):
            retention.check_period(rule.key, days)


def test_an_unknown_rule_is_named() -> None:
    """A rule that does not exist is refused by its name."""
    with pytest.raises(RetentionRefusedError, match="forever"):
        retention.check_period("forever", 30)


def test_a_school_chooses_its_own_periods() -> None:
    """A school's days stand in place of the default, the others stay."""
    own = retention.periods({"mention": 7})

    assert (own[RuleKey.MENTION], own[RuleKey.LAWFUL]) == (timedelta(days=7), timedelta(days=90))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, RuleKey.CASE_LOW),
        ({"severity": Severity.S3}, RuleKey.CASE_HIGH),
        ({"severity": Severity.S4}, RuleKey.CASE_HIGH),
        ({"stop": True}, RuleKey.ABUSE),
        ({"lead_category": Category.CSAM}, RuleKey.ABUSE),
        ({"lead_category": Category.GROOMING, "confidentiality": Confidentiality.RESTRICTED_DSL}, RuleKey.ABUSE),
        ({"lead_category": Category.STAFF_ALLEGATION, "confidentiality": Confidentiality.RESTRICTED_DSL}, RuleKey.STAFF),
        ({"lead_category": Category.STAFF_CONDUCT}, RuleKey.STAFF),
        ({"lead_category": Category.SAFEGUARDING_DISCLOSURE}, RuleKey.CHILD),
        ({"confidentiality": Confidentiality.RESTRICTED_DSL}, RuleKey.CHILD),
    ],
)
def test_the_strictest_rule_that_fits_a_case_is_its_rule(changes: dict[str, object], rule: RuleKey) -> None:
    """Sexual abuse, then staff allegations, then child protection, then severity."""
    assert retention.rule_for(closed(**changes)) is rule


@pytest.mark.parametrize(("severity", "days"), [(Severity.S1, 365), (Severity.S2, 365), (Severity.S3, 2190), (Severity.S4, 2190)])
def test_a_case_goes_when_its_time_has_come_and_not_a_tick_before(severity: Severity, days: int) -> None:
    """A year for low and medium, six years for high and critical, from its closing."""
    case, due = closed(severity=severity), NOON + timedelta(days=days)

    assert (fate(case, due - TICK), fate(case, due)) == (Action.LATER, Action.GO)


@pytest.mark.parametrize("state", [state for state in CaseState if state not in {CaseState.CLOSED, CaseState.NO_ACTION}])
def test_a_case_that_is_not_closed_never_goes(state: CaseState) -> None:
    """Whatever else it is, it stays for as long as nobody closed it."""
    assert fate(a_case(NOON, state=state, closed_at=NOON), NOON + 9_000 * DAY, given=(consent("u-head"),)) is Action.LATER


def test_a_case_without_a_closing_day_stays() -> None:
    """No day to count from: it stays."""
    assert fate(a_case(NOON, state=CaseState.CLOSED), NOON + 9_000 * DAY) is Action.LATER


def test_a_hold_stops_it_and_counts_thirty_days_more() -> None:
    """A hold stands before every other rule, also when two people agreed; thirty days after its release the case goes."""
    case, late, agreed = closed(), NOON + 900 * DAY, (consent("u-head"),)
    after = late + AFTER_RELEASE

    assert timedelta(days=30) == AFTER_RELEASE
    assert fate(case, late, holds=(a_hold(),), given=agreed) is Action.HELD
    assert fate(case, after - TICK, holds=(a_hold(late),), given=agreed) is Action.HELD
    assert fate(case, after, holds=(a_hold(late),)) is Action.GO
    assert fate(case, after, holds=(a_hold(late), a_hold())) is Action.HELD


def test_before_its_time_two_people_agree() -> None:
    """One person's word lets nothing go early; two people's does (domain.md §5.3)."""
    case = closed()

    assert fate(case, NOON + DAY, given=(consent(),)) is Action.LATER
    assert fate(case, NOON + DAY, given=(consent("u-head"),)) is Action.GO


def test_what_was_agreed_before_a_case_was_closed_anew_counts_no_more() -> None:
    """A word that was given about an earlier end of the case does not let the later one go."""
    old = (consent("u-head", NOON - TICK),)
    child = closed(lead_category=Category.SAFEGUARDING_DISCLOSURE, transferred_at=NOON)

    assert fate(closed(), NOON + DAY, given=old) is Action.LATER
    assert fate(child, NOON + 900 * DAY, given=old) is Action.ASK


def test_a_child_protection_case_waits_for_a_person() -> None:
    """Transfer first, then ninety days, then a person's word; never by itself."""
    case = closed(lead_category=Category.SAFEGUARDING_DISCLOSURE)
    moved = case.model_copy(update={"transferred_at": NOON + 10 * DAY})
    due = NOON + 100 * DAY

    assert fate(case, NOON + 9_000 * DAY, given=(consent("u-head"),)) is Action.ASK
    assert fate(moved, due - TICK, given=(consent(),)) is Action.LATER
    assert fate(moved, due + 9_000 * DAY) is Action.ASK
    assert fate(moved, due, given=(consent(),)) is Action.GO
    assert fate(moved, NOON + 11 * DAY, given=(consent("u-head"),)) is Action.GO


def test_the_ninety_days_count_from_the_later_of_transfer_and_closing() -> None:
    """A copy that was given long before the case was closed does not shorten its time."""
    case = closed(lead_category=Category.STAFF_CONDUCT, transferred_at=NOON - 300 * DAY)

    assert (fate(case, NOON + 90 * DAY - TICK), fate(case, NOON + 90 * DAY)) == (Action.LATER, Action.GO)


def test_sexual_abuse_never_goes_without_two_people() -> None:
    """One person's word is not enough, however late it is."""
    case = closed(stop=True, transferred_at=NOON)
    late = NOON + 30_000 * DAY

    assert fate(case, late) is Action.ASK
    assert fate(case, late, given=(consent(),)) is Action.ASK
    assert fate(case, late, given=(consent("u-head"),)) is Action.GO


def test_an_allegation_against_staff_goes_after_its_transfer() -> None:
    """Without a transfer a person is asked; ninety days after it the copy goes."""
    case = closed(lead_category=Category.STAFF_ALLEGATION)
    moved = case.model_copy(update={"transferred_at": NOON})

    assert fate(case, NOON + 900 * DAY) is Action.ASK
    assert (fate(moved, NOON + 89 * DAY), fate(moved, NOON + 90 * DAY)) == (Action.LATER, Action.GO)


@pytest.mark.parametrize(
    ("category", "kind", "days", "rule"),
    [
        (Category.SPAM, DecisionKind.NO_ACTION, 30, RuleKey.MENTION),
        (Category.NAMESAKE, DecisionKind.NOT_OURS, 30, RuleKey.MENTION),
        (Category.NEUTRAL_MENTION, DecisionKind.NO_ACTION, 30, RuleKey.MENTION),
        (Category.PRAISE, DecisionKind.NO_ACTION, 90, RuleKey.LAWFUL),
        (Category.FAIR_CRITICISM, DecisionKind.NO_ACTION, 90, RuleKey.LAWFUL),
        (Category.FAIR_CRITICISM, DecisionKind.REPLY, 365, RuleKey.REPLY),
    ],
)
def test_a_judged_post_goes_by_what_it_was(category: Category, kind: DecisionKind, days: int, rule: RuleKey) -> None:
    """Mentions, lawful speech and answered criticism each have their own time."""
    finding, decision = a_finding(NOON), a_decision("f-1", category, NOON, kind=kind)
    before = retention.finding_fate(finding, decision, KEPT, NOON + days * DAY - TICK)
    then = retention.finding_fate(finding, decision, KEPT, NOON + days * DAY)

    assert (before.action, then.action, then.rule) == (Action.LATER, Action.GO, rule)


def test_what_nobody_judged_and_what_was_judged_harm_stays() -> None:
    """Without a judgement nothing goes; a harm goes with its case only."""
    late = NOON + 9_000 * DAY
    harm = a_decision("f-1", Category.HARASSMENT_STAFF, NOON)

    assert retention.finding_fate(a_finding(), None, KEPT, late).action is Action.LATER
    assert retention.finding_fate(a_finding(), harm, KEPT, late).action is Action.LATER


@pytest.fixture
def desk(store: Store, clock: FixedClock) -> Casework:
    """Casework over a school with its people; the clock stands a year and a half after noon."""
    clock.moment = NOON + 550 * DAY
    with store.begin(by="system") as work:
        work.schools.add(a_school())
        for user in PEOPLE:
            work.users.add(user)
        work.commit()
    return Casework(store, clock)


def old_case(store: Store, key: str = "1", **changes: object) -> Case:
    """Keep a case that was closed at noon."""
    given: dict[str, Any] = {"state": CaseState.CLOSED, "closed_at": NOON, "outcome": "removed"} | changes
    return keep_case(store, key, **given)


def all_cases(store: Store) -> set[str]:
    """Return the ids of the cases that are kept."""
    with store.read() as work:
        return {case.id for case in work.cases.where()}


def test_a_case_goes_with_everything_and_leaves_a_tombstone_and_a_count(store: Store, desk: Casework) -> None:
    """Case, item, decision, flagged post and post are gone; its number, the rule and the counts stay."""
    case = old_case(store)
    run = desk.run_retention(KEY)
    with store.read() as work:
        left = [work.cases.where(), work.case_items.where(), work.decisions.where(), work.findings.where(), work.posts.where()]
        events, tombs, tallies = work.case_events.of(case.id), work.tombstones.where(), work.tallies.where()

    assert run.gone == {"case_low": 1}
    assert (left, events) == ([[]] * 5, [])
    assert {(one.kind, one.ref, one.rule) for one in tombs} == {("case_file", case.ref, "case_low"), ("post", None, "case_low")}
    assert [(one.category, one.outcome) for one in tallies] == [(case.lead_category, "removed")]


def test_the_second_run_of_a_night_finds_nothing(store: Store, desk: Casework) -> None:
    """Run twice, counted once."""
    old_case(store)
    desk.run_retention(KEY)
    again = desk.run_retention(KEY)

    assert (again.gone, again.held, again.waiting) == ({}, {}, {})


def test_a_post_in_two_cases_stays_for_as_long_as_one_of_them(store: Store, desk: Casework) -> None:
    """A linked case keeps the flagged post, its decision and the post; with the last case they go."""
    first = old_case(store)
    again = a_case(NOON, id="case-2", ref="SW-2026-0777", finding_id=first.finding_id, reuploaded_from=first.id)
    with store.begin(by="system") as work:
        item = work.case_items.where(case_id=first.id)[0]
        work.cases.add(again)
        work.case_items.add(item.model_copy(update={"id": "item-2", "case_id": again.id}))
        work.commit()
    desk.run_retention(KEY)
    with store.read() as work:
        halfway = [len(work.cases.where()), len(work.findings.where()), len(work.decisions.where()), len(work.posts.where())]
    with store.begin(by="system") as work:
        work.cases.change(again.model_copy(update={"state": CaseState.CLOSED, "closed_at": NOON, "revision": 2}), 1)
        work.commit()
    desk.run_retention(KEY)
    with store.read() as work:
        end = [len(work.cases.where()), len(work.findings.where()), len(work.decisions.where()), len(work.posts.where())]

    assert (halfway, end) == ([1, 1, 1, 1], [0, 0, 0, 0])


def test_a_copy_that_was_judged_into_a_case_goes_with_it(store: Store, desk: Casework) -> None:
    """The flagged post of a linked copy, of which no case was opened, does not stay behind."""
    case = old_case(store)
    keep_judged(store, "copy", Category.HARASSMENT_STAFF, NOON, kind=DecisionKind.OPEN_CASE, case_id=case.id)
    desk.run_retention(KEY)
    with store.read() as work:
        left = (work.findings.where(), work.posts.where())

    assert left == ([], [])


def test_a_second_click_makes_no_second_hold(store: Store, desk: Casework) -> None:
    """One authority's hold stands once; another authority may ask as well."""
    case = old_case(store)
    desk.hold(DPO, case.id, "a claim was announced", "the school's solicitor")
    with pytest.raises(RetentionRefusedError, match="held for them already"):
        desk.hold(DPO, case.id, "a claim was announced", "the school's solicitor")
    desk.hold(DPO, case.id, "an investigation", "the police")
    with store.read() as work:
        found = [one.authority for one in work.holds.where(case_id=case.id, order_by="at")]

    assert sorted(found) == ["the police", "the school's solicitor"]


def test_a_hold_keeps_a_case_until_thirty_days_after_its_release(store: Store, desk: Casework, clock: FixedClock) -> None:
    """Held, released, still held for thirty days, then gone; both steps stand in the case's history."""
    case = old_case(store)
    hold = desk.hold(DPO, case.id, "a claim was announced", "the school's solicitor")
    held = desk.run_retention(KEY)
    words = [line.text for line in desk.chronology(HEAD, case.id)]
    desk.release_hold(DPO, hold.id, "the claim was dropped")
    with pytest.raises(RetentionRefusedError, match="already"):
        desk.release_hold(DPO, hold.id, "again")
    clock.forward(30 * DAY - TICK)
    still = desk.run_retention(KEY)
    kept = all_cases(store)
    clock.forward(TICK)
    then = desk.run_retention(KEY)

    assert (held.held, held.gone, still.held, then.gone) == ({"case_low": 1}, {}, {"case_low": 1}, {"case_low": 1})
    assert (kept, all_cases(store)) == ({case.id}, set())
    assert words[0] == "legal hold: nothing of this case goes: a claim was announced"


def test_two_different_people_agree(store: Store, desk: Casework, clock: FixedClock) -> None:
    """The same person twice is one person; a second one joins; a third is not needed (domain.md §5.3)."""
    case = old_case(store, closed_at=clock.now())
    first = desk.agree(DSL, case.id, "the file has it")
    with pytest.raises(RetentionRefusedError, match="second person"):
        desk.agree(DSL, case.id, "once more")
    alone = desk.run_retention(KEY)
    both = desk.agree(HEAD, case.id, "I looked at it too")
    with pytest.raises(RetentionRefusedError, match="already"):
        desk.agree(DPO, case.id, "me too")
    run = desk.run_retention(KEY)

    assert (first.second, alone.gone) == (None, {})
    assert (both.by, both.second, run.gone) == ("u-dsl", "u-head", {"case_low": 1})


def test_an_open_case_cannot_be_agreed_away(store: Store, desk: Casework) -> None:
    """First it is closed, then people agree."""
    case = keep_case(store, "1")
    with pytest.raises(RetentionRefusedError, match="not closed"):
        desk.agree(DSL, case.id, "away with it")


def test_a_transfer_is_confirmed_once(store: Store, desk: Casework, clock: FixedClock) -> None:
    """With where the copy is; in the future or twice it is refused."""
    case = old_case(store, lead_category=Category.STAFF_CONDUCT)
    with pytest.raises(CaseError, match="future"):
        desk.transferred(HEAD, case.id, "HR file 12", clock.now() + DAY)
    waits = desk.run_retention(KEY)
    moved = desk.transferred(HEAD, case.id, "HR file 12", clock.now() - 90 * DAY)
    with pytest.raises(RetentionRefusedError, match="already"):
        desk.transferred(HEAD, case.id, "HR file 13")
    run = desk.run_retention(KEY)

    assert (waits.waiting, waits.gone, moved.transfer_reference, run.gone) == ({"staff": 1}, {}, "HR file 12", {"staff": 1})


def test_nobody_decides_how_long_their_own_matter_is_kept(store: Store, desk: Casework) -> None:
    """§7.3: for whom a case is about it does not exist here either; the head neither sees nor decides a case about the head."""
    own = old_case(store, "own", target="dsl")
    heads = old_case(store, "head", target="headteacher", confidentiality=Confidentiality.RESTRICTED_CHAIR)
    for person, case in ((DSL, own), (HEAD, heads)):
        with pytest.raises(NotFoundError):
            desk.agree(person, case.id, "away with it")
        with pytest.raises(NotFoundError):
            desk.hold(person, case.id, "keep it", "me")

    seen = {who.id: {one.case.id for one in desk.tonight(who, SCHOOL_ID).cases} for who in (DSL, HEAD, DPO)}
    assert seen == {"u-dsl": {heads.id}, "u-head": {own.id}, "u-dpo": {own.id, heads.id}}


def test_holds_are_listed_for_those_who_may_decide_on_them(store: Store, desk: Casework) -> None:
    """Newest first, and not for the person whom the case is about."""
    own, other = old_case(store, "own", target="dsl"), old_case(store, "other")
    desk.hold(DPO, own.id, "a claim", "court")
    desk.hold(DPO, other.id, "a claim", "court")

    assert [case.id for _, case in desk.holds(DPO, SCHOOL_ID)] == [other.id, own.id]
    assert [case.id for _, case in desk.holds(DSL, SCHOOL_ID)] == [other.id]


def test_only_those_who_may_decide_what_is_kept(store: Store, desk: Casework) -> None:
    """A36: who has no say in what is kept neither reads nor changes it, and nothing is written."""  # A36
    case = old_case(store)
    refused = (
        lambda: desk.tonight(COMMS, SCHOOL_ID),
        lambda: desk.runs(COMMS, SCHOOL_ID),
        lambda: desk.own_periods(COMMS, SCHOOL_ID),
        lambda: desk.holds(COMMS, SCHOOL_ID),
        lambda: desk.set_period(COMMS, SCHOOL_ID, "mention", 7, "shorter"),
        lambda: desk.hold(COMMS, case.id, "a claim", "court"),
        lambda: desk.agree(COMMS, case.id, "away"),
        lambda: desk.subject_requests(COMMS, SCHOOL_ID),
        lambda: desk.add_subject_request(COMMS, SCHOOL_ID, SubjectRequestKind.ACCESS, "@ann", NOON),
    )
    for verb in refused:
        with pytest.raises(PermissionDeniedError):
            verb()
    with store.read() as work:
        assert [work.holds.where(), work.retention_settings.where(), work.subject_requests.where()] == [[], [], []]


def test_a_schools_own_period_counts_from_the_next_run(store: Store, desk: Casework) -> None:
    """Two years chosen for low cases keep one that a year would have let go; the latest choice counts."""
    case = old_case(store)
    desk.set_period(HEAD, SCHOOL_ID, "case_low", 730, "a long limitation")
    kept = desk.run_retention(KEY)
    with pytest.raises(RetentionRefusedError, match="730"):
        desk.set_period(HEAD, SCHOOL_ID, "case_low", 731, "longer")
    shown = desk.own_periods(HEAD, SCHOOL_ID)[RuleKey.CASE_LOW]
    desk.set_period(HEAD, SCHOOL_ID, "case_low", 180, "shorter")
    run = desk.run_retention(KEY)

    assert (kept.gone, shown, run.gone, case.id in all_cases(store)) == ({}, 730, {"case_low": 1}, False)


def test_the_writer_of_a_low_post_becomes_a_mark_that_no_poll_undoes(store: Store, desk: Casework, clock: FixedClock) -> None:
    """Handle, names in the address and the platform's own words go; the same post polled again does not bring them back."""
    clock.moment = NOON + 31 * DAY
    keep_judged(store, "kind", Category.PRAISE, NOON)
    run = desk.run_retention(KEY)
    with store.begin(by="system") as work:
        seen = a_seen_post("a post kind", native_id="kind", author_handle="writer-kind")
        work.posts.keep([seen], source_id=None, seen_at=clock.now())
        work.commit()
        posts = work.posts.where()
    again = desk.run_retention(KEY)

    assert (run.gone, again.gone) == ({"handle": 1}, {})
    assert len(posts) == 1
    assert posts[0].author_handle is not None
    assert posts[0].author_handle.startswith(HASHED)
    assert "writer-kind" not in posts[0].model_dump_json()
    assert posts[0].text == "a post kind"


@pytest.mark.usefixtures("desk")
def test_the_same_writer_has_the_same_mark_and_only_here(store: Store) -> None:
    """Two posts by one writer stay recognisable as such; another installation's secret gives another mark."""
    keep_judged(store, "one", Category.PRAISE, NOON)
    with store.begin(by="system") as work:
        post = work.posts.where()[0]
        twin = post.model_copy(update={"native_id": "two"})

    assert hidden(post, KEY).author_handle == hidden(twin, KEY).author_handle != hidden(post, b"x" * 32).author_handle


def test_a_writer_stays_while_a_judgement_still_needs_them(store: Store, desk: Casework, clock: FixedClock) -> None:
    """An item of a case, a harsher judgement or a later version that is still open: the name stays."""
    clock.moment = NOON + 31 * DAY
    keep_case(store, "case", severity=Severity.S1)
    keep_judged(store, "harsh", Category.FAIR_CRITICISM, NOON, severity=Severity.S2)
    first = keep_judged(store, "edited", Category.PRAISE, NOON)
    with store.begin(by="system") as work:
        work.findings.add(a_finding(clock.now(), id="f-later", post_id=first.post_id, post_version=2))
        work.commit()
    run = desk.run_retention(KEY)

    assert run.gone == {}


def test_posts_that_nobody_flagged_go_after_a_month_with_what_rested_on_them(store: Store, desk: Casework, clock: FixedClock) -> None:
    """Old and read: gone, with the group it was part of. Young, or not read yet: it stays."""
    clock.moment = NOON + 31 * DAY
    with store.begin(by="system") as work:
        seen = [a_seen_post(f"number {one}", native_id=f"n{one}") for one in range(3)]
        ids = work.posts.keep(seen, source_id=None, seen_at=NOON).post_ids
        young = work.posts.keep([a_seen_post("young", native_id="y")], source_id=None, seen_at=clock.now()).post_ids
        work.posts.mark_read([work.posts.get(one) for one in (*ids[:2], *young)])
        alert = ThreadAlert(
            id="t-1",
            kind=ThreadKind.NEAR_DUPLICATE,
            school_id=SCHOOL_ID,
            target=None,
            authors=("a",),
            post_ids=ids,
            since=NOON,
            until=NOON,
            strength=0.5,
            why="the same words",
            rule="threads.v1",
            found_at=NOON,
            changed_at=NOON,
        )
        work.threads.add(alert)
        work.commit()
    run = desk.run_retention(KEY)
    with store.read() as work:
        left, alerts = {post.text for post in work.posts.where()}, work.threads.where()

    assert (run.gone, left, alerts) == ({"mention": 2}, {"number 2", "young"}, [])


def test_a_post_that_belongs_together_with_a_case_stays_as_long_as_the_case(store: Store, desk: Casework) -> None:
    """A course of conduct is more than one post: what shows it is kept with the case, and goes in the same night."""
    case = keep_case(store, "1")
    with store.begin(by="system") as work:
        kept = work.posts.keep([a_seen_post("and again", native_id="n1")], source_id=None, seen_at=NOON)
        work.posts.mark_read([work.posts.get(kept.post_ids[0])])
        item = work.case_items.where(case_id=case.id)[0].post_id
        found = a_thread(item or 0, kept.post_ids[0])
        work.threads.add(ThreadAlert(**found.model_dump(), id="t-1", found_at=NOON, changed_at=NOON))
        work.commit()
    first = desk.run_retention(KEY)
    with store.begin(by="system") as work:
        alerts = len(work.threads.where())
        work.cases.change(case.model_copy(update={"state": CaseState.CLOSED, "closed_at": NOON, "revision": 2}), 1)
        work.commit()
    said = desk.tonight(DPO, SCHOOL_ID).gone
    run = desk.run_retention(KEY)
    with store.read() as work:
        left = [work.posts.where(), work.threads.where()]

    assert (first.gone, alerts) == ({}, 1)
    assert run.gone == {"case_low": 1, "mention": 1} == {rule: number for rule, number in said.items() if number}
    assert left == [[], []]


def test_small_things_have_their_own_time(store: Store, desk: Casework, clock: FixedClock) -> None:
    """Answered requests, look-ups of hosts and old log lines go by their own periods; an open request stays, however old."""
    clock.moment = NOON
    done = desk.add_subject_request(DPO, SCHOOL_ID, SubjectRequestKind.ERASURE, "@ann", NOON)
    waits = desk.add_subject_request(DPO, SCHOOL_ID, SubjectRequestKind.ACCESS, "@ben", NOON)
    desk.decide_subject_request(DPO, done.id, "nothing is held", granted=False)
    with pytest.raises(RetentionRefusedError, match="already"):
        desk.decide_subject_request(DPO, done.id, "again", granted=True)
    with store.begin(by="system") as work:
        work.lookups.add(NetworkLookup(id="l-1", host="forum.example.org", domain="example.org", looked_by="u-dsl", looked_at=NOON))
        work.commit()
    clock.moment = NOON + 4 * 365 * DAY
    run = desk.run_retention(KEY)
    with store.read() as work:
        work.audit.verify()
        left, hosts = work.subject_requests.where(), work.lookups.where()

    assert (run.gone["subject_request"], run.gone["lookup"], run.gone["log"] > 0) == (1, 1, True)
    assert ([one.id for one in left], hosts) == ([waits.id], [])


def test_a_schools_own_period_counts_for_small_things_too(store: Store, desk: Casework, clock: FixedClock) -> None:
    """A request that was answered two years ago goes when the school chose one year; so do the lines of its log."""
    clock.moment = NOON
    done = desk.add_subject_request(DPO, SCHOOL_ID, SubjectRequestKind.ERASURE, "@ann", NOON)
    desk.decide_subject_request(DPO, done.id, "nothing is held", granted=False)
    clock.moment = NOON + 2 * 365 * DAY
    before = desk.run_retention(KEY).gone
    desk.set_period(HEAD, SCHOOL_ID, "subject_request", 365, "enough")
    desk.set_period(HEAD, SCHOOL_ID, "log", 365, "enough")
    run = desk.run_retention(KEY)
    with store.read() as work:
        work.audit.verify()

    assert (before, run.gone["subject_request"], run.gone["log"] > 0) == ({}, 1, True)


@pytest.mark.parametrize(("received", "due"), [("2026-11-20", "2026-12-21"), ("2026-01-31", "2026-03-02"), ("2026-03-31", "2026-04-30")])
def test_a_request_about_data_is_due_within_a_month(desk: Casework, received: str, due: str) -> None:
    """A calendar month, to the last day of a shorter one; a weekend moves it to Monday (UK GDPR Art. 12(3), Regulation 1182/71 Art. 3)."""
    came = datetime.fromisoformat(f"{received}T12:00:00+00:00")
    made = desk.add_subject_request(DPO, SCHOOL_ID, SubjectRequestKind.ACCESS, "@ann", came)

    assert made.due_on.isoformat() == due
    assert desk.subject_requests(DPO, SCHOOL_ID) == (made,)


def test_a_look_at_a_picture_stands_in_the_history_with_its_reason(store: Store, desk: Casework) -> None:
    """A36: who looked at what and why, where it goes with the case."""  # A36
    case = keep_case(store, "1")
    desk.revealed(DSL, case.id, f"{case.ref}-E1", "page.png", "to check that it can be read")

    assert desk.chronology(DSL, case.id)[0].text == "a picture was looked at: to check that it can be read"


@dataclass(frozen=True)
class Planned:
    """A case of a random school."""

    category: Category
    severity: Severity
    state: CaseState
    stop: bool
    closed: int | None
    transferred: int | None
    agreed: int
    hold: int | None


CASES = st.builds(
    Planned,
    category=st.sampled_from(
        [
            Category.DEFAMATION_INDIVIDUAL,
            Category.GROOMING,
            Category.STAFF_ALLEGATION,
            Category.SAFEGUARDING_DISCLOSURE,
            Category.HARASSMENT_STAFF,
        ]
    ),
    severity=st.sampled_from(list(Severity)[1:]),
    state=st.sampled_from([CaseState.CLOSED, CaseState.CLOSED, CaseState.NO_ACTION, CaseState.REQUESTED]),
    stop=st.booleans(),
    closed=st.sampled_from([None, 1, 89, 90, 364, 365, 2190, 4000]),
    transferred=st.sampled_from([None, 1, 90, 400]),
    agreed=st.sampled_from([0, 0, 1, 2]),
    hold=st.sampled_from([None, None, -1, 29, 30]),
)


def plan(store: Store, number: int, one: Planned, now: datetime) -> None:
    """Keep a planned case, with its hold and what people agreed."""
    ended = now - one.closed * DAY if one.closed is not None else None
    moved = now - one.transferred * DAY if one.transferred is not None else None
    changes = {"lead_category": one.category, "severity": one.severity, "state": one.state, "stop": one.stop}
    case = keep_case(store, str(number), text=f"text {number}", closed_at=ended, transferred_at=moved, **changes)
    with store.begin(by="system") as work:
        if one.agreed:
            given = consent("u-head" if one.agreed > 1 else None, now)
            work.retention_consents.add(given.model_copy(update={"id": new_id(now), "case_id": case.id}))
        if one.hold is not None:
            released = now - one.hold * DAY if one.hold >= 0 else None
            work.holds.add(a_hold(released).model_copy(update={"id": new_id(now), "case_id": case.id}))
        work.commit()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=st.lists(CASES, max_size=8), judged=st.lists(st.sampled_from([1, 29, 30, 31, 90, 200]), max_size=5))
def test_the_dry_run_is_what_the_night_does(empty_database: Path, tmp_path: Path, cases: list[Planned], judged: list[int]) -> None:
    """For any mixture of cases and judged posts: what was foretold goes, is held or waits, and nothing else happens."""
    path = tmp_path / f"{new_id(NOON)}.db"
    shutil.copy(empty_database, path)
    clock = FixedClock()
    clock.moment = NOON
    store = Store.open(f"sqlite:///{path}", clock)
    with store.begin(by="system") as work:
        work.schools.add(a_school())
        work.users.add(DPO)
        work.commit()
    for number, one in enumerate(cases):
        plan(store, number, one, NOON)
    for number, days in enumerate(judged):
        category = (Category.PRAISE, Category.SPAM, Category.FAIR_CRITICISM)[number % 3]
        keep_judged(store, f"j{number}", category, NOON - days * DAY)
    desk = Casework(store, clock)
    said = desk.tonight(DPO, SCHOOL_ID)
    with store.read() as work:
        assert not work.tombstones.where()
    run = desk.run_retention(KEY)
    left = all_cases(store)
    store.close()
    by_action = {action: [one for one in said.cases if one.fate.action is action] for action in Action}

    assert run.gone == {rule: count for rule, count in said.gone.items() if count}
    assert run.held == dict(Counter(one.fate.rule.value for one in by_action[Action.HELD]))
    assert run.waiting == dict(Counter(one.fate.rule.value for one in by_action[Action.ASK]))
    assert left == {one.case.id for one in said.cases if one.fate.action is not Action.GO}
