"""A child's summary for the child-protection file: initials only, for the safeguarding lead only, and noted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from casework.child_summary import OnlineRisk, SummaryForm
from casework.errors import SummaryRefusedError
from casework.service import Casework
from casework.testing import ADDRESS, NOON, a_case, a_user, an_item, fill
from data.clock import FixedClock
from data.errors import PermissionDeniedError
from data.model.care import Referral, ReferralBody
from data.model.cases import Case, CaseState, Confidentiality
from data.model.people import Role
from data.model.readings import Category, Severity
from data.store import Store

DSL, COMMS, HEAD = a_user(Role.DSL), a_user(Role.COMMS_LEAD, user_id="u-comms"), a_user(Role.HEADTEACHER, user_id="u-head")
FORM = SummaryForm("L.M.", "Year 8", "A picture of L.M. was passed round with unkind words.", risks=(OnlineRisk.CONDUCT,))


@pytest.fixture
def case(store: Store) -> Case:
    """A child-protection case with one address and a referral that was made."""
    finding = fill(store, DSL, COMMS, HEAD)
    made = a_case(
        finding_id=finding.id,
        lead_category=Category.PUPIL_BULLYING,
        severity=Severity.S3,
        target="pupil",
        confidentiality=Confidentiality.RESTRICTED_DSL,
    )
    with store.begin(by="system") as work:
        work.cases.add(made)
        work.case_items.add(an_item(made.id, post_id=finding.post_id))
        work.referrals.add(
            Referral(
                id="r-1",
                case_id=made.id,
                body=ReferralBody.CSC,
                why="distress",
                opened_by=DSL.id,
                opened_at=NOON,
                made_at=NOON + timedelta(hours=1),
                reference="CSC-77",
            )
        )
        work.commit()
    return made


@pytest.fixture
def room(store: Store) -> Casework:
    """Casework two hours after noon."""
    return Casework(store, FixedClock(NOON + timedelta(hours=2)))


def test_a_summary_tells_what_the_file_needs(room: Casework, case: Case) -> None:
    """Who (initials), what, where, the kind of online risk, whom the school told and with which reference, the case number."""
    text = room.child_summary(DSL, case.id, FORM).text

    assert [
        words
        for words in ("L.M., Year 8", "passed round", ADDRESS, "conduct", "CSC, reference CSC-77", case.ref, "Designated Safeguarding Lead")
        if words not in text
    ] == []


def test_taking_it_is_written_down(room: Casework, case: Case, store: Store) -> None:
    """A36: who took a child's summary, for whom and on which ground; the child's initials are not in that record."""
    room.child_summary(DSL, case.id, replace(FORM, to_whom="CPOMS"))
    with store.read() as work:
        noted, events = work.disclosures.where(case_id=case.id), work.case_events.of(case.id)

    assert [(one.by, one.to_whom, one.ground) for one in noted] == [(DSL.id, "CPOMS", "public task: safeguarding")]
    assert [one.what for one in events] == ["child summary"]
    assert "L.M." not in f"{noted}{events}"


@pytest.mark.parametrize("initials", ["Leah Marsh", "Leah", "", "  ", "l.m.", "LMNOP", "L.M.; DROP"])
def test_a_name_in_place_of_initials_is_refused(room: Casework, case: Case, store: Store, initials: str) -> None:
    """The child's name stays out of here; nothing is written."""
    with pytest.raises(SummaryRefusedError, match="initials only"):
        room.child_summary(DSL, case.id, replace(FORM, initials=initials))
    with store.read() as work:
        assert work.disclosures.where(case_id=case.id) == []


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (replace(FORM, what_happened=" "), "what happened is empty"),
        (replace(FORM, year_group=""), "the year group is empty"),
        (replace(FORM, risks=()), "kind of online risk"),
        (replace(FORM, next_steps="x" * 10_001), "longer than 10,000"),
    ],
)
def test_what_is_missing_is_named(room: Casework, case: Case, form: SummaryForm, says: str) -> None:
    """Each refusal names the field and the mend."""
    with pytest.raises(SummaryRefusedError, match=says):
        room.child_summary(DSL, case.id, form)


def test_only_the_safeguarding_team_takes_it(room: Casework, case: Case) -> None:
    """The communications lead never sees a safeguarding case, nor its summary."""
    with pytest.raises(PermissionDeniedError):
        room.child_summary(COMMS, case.id, FORM)


def test_a_stopped_case_repeats_no_address(room: Casework, case: Case, store: Store) -> None:
    """B37: where an indecent image may be, the address is not passed on in a summary."""
    with store.begin(by="system") as work:
        before = work.cases.get(case.id)
        work.cases.change(before.model_copy(update={"stop": True, "state": CaseState.SAFEGUARDING_LEAD}), before.revision)
        work.commit()
    text = room.child_summary(DSL, case.id, FORM).text

    assert ADDRESS not in text
    assert "The police or the IWF have the address" in text


def test_the_paper_holds_the_same_words(room: Casework, case: Case, words_of: Callable[[bytes], str]) -> None:
    """CPOMS or MyConcern take a PDF: it holds what the text holds."""
    made = room.child_summary(DSL, case.id, FORM)
    printed = words_of(made.paper).replace(" ", "")

    assert [line for line in made.text.splitlines() if line and not line.isupper() and "".join(line.split()) not in printed] == []
