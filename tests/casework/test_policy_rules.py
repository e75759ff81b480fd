"""What the two policies ask of casework, one clause each: what counts as harm, who is told, what leaves and who wrote it down."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casework import seriousness
from casework.flagging import CATEGORY_LABELS
from casework.intake import ReportForm, report_of, report_to_finding
from casework.routes import grounds_for
from casework.service import Casework
from casework.summaries import GROUNDS
from casework.testing import NOON, SCHOOL_ID, a_case, a_user, an_item, fill
from data.clock import FixedClock
from data.errors import CaseError, ConflictError, PermissionDeniedError
from data.model.cases import Case, Ground
from data.model.findings import ReportTick, Wish
from data.model.people import Role, User
from data.model.readings import HARMS, OUTCOMES, SAFEGUARDING, Category
from data.store import Store

DSL, COMMS = a_user(Role.DSL), a_user(Role.COMMS_LEAD, user_id="u-comms")


@pytest.fixture
def case(store: Store) -> Case:
    """A case that a person opened."""
    finding = fill(store, DSL, COMMS)
    made = a_case(finding_id=finding.id)
    with store.begin(by="system") as work:
        work.cases.add(made)
        work.case_items.add(an_item(made.id, post_id=finding.post_id))
        work.commit()
    return made


@pytest.fixture
def room(store: Store) -> Casework:
    """Casework an hour after noon."""
    return Casework(store, FixedClock(NOON + timedelta(hours=1)))


def test_how_far_it_may_spread_is_asked() -> None:
    """A4, B2: what friends or a closed group see is passed on, so the form asks how far it may go."""
    assert any("spread" in factor.label.lower() for factor in seriousness.FACTORS[:3])


@pytest.mark.parametrize(
    "category",
    ["pupil_bullying", "grooming", "stalking", "hate", "violence_incitement", "self_harm", "dangerous_challenge", "obscene_content"],
)
def test_each_risk_to_children_has_its_own_category(category: str) -> None:
    """A7, B18: each risk that the policy names is a category of its own, and a harm."""
    assert Category(category) in HARMS
    assert CATEGORY_LABELS[Category(category)]


def test_the_gravest_risks_go_to_the_safeguarding_lead() -> None:
    """A7: grooming, self-harm and stalking are safeguarding matters from the start."""
    assert {Category.GROOMING, Category.SELF_HARM, Category.STALKING} <= SAFEGUARDING


@pytest.mark.parametrize(
    "tick", [ReportTick.INACCURATE, ReportTick.INAPPROPRIATE, ReportTick.INFLAMMATORY, ReportTick.IMAGE_WITHOUT_PERMISSION]
)
def test_a_report_says_what_is_wrong_and_what_is_wished(tick: ReportTick) -> None:
    """A13: address, what it says, whom it concerns, what is wrong with it, and whether it should go, change or be noted; told now."""
    form = ReportForm(says="untrue", address="https://forum.example/t/1", concerns="me", ticks=(tick,), wish=Wish.AMEND)
    made = report_of(form, school_id=SCHOOL_ID, address="https://forum.example/t/1", now=NOON, number=1)

    assert (made.ticks, made.wish, made.reported_at, made.concerns) == ((tick,), Wish.AMEND, NOON, "me")


def test_a_pupil_who_contacts_staff_is_reported_at_once() -> None:
    """B10: the tick makes it a matter of contact between staff and pupils, for the safeguarding lead, from the moment it is told."""
    form = ReportForm(says="a pupil messaged me", ticks=(ReportTick.PUPIL_CONTACT,))
    made = report_of(form, school_id=SCHOOL_ID, address=None, now=NOON, number=1)
    finding = report_to_finding(made, now=NOON)

    assert finding.lead_category is Category.STAFF_PUPIL_CONTACT
    assert finding.lead_category in SAFEGUARDING


@pytest.mark.parametrize("category", sorted(OUTCOMES))
def test_lawful_speech_gives_no_ground_for_removal(category: Category) -> None:
    """B4: that a post lowers the school in people's eyes is no ground; criticism, news, praise and the like have none."""
    assert grounds_for(category) == ()


def test_private_details_have_their_own_ground() -> None:
    """B12: a home address or a telephone number that somebody published is private information."""
    assert grounds_for(Category.DOXXING)[0] is Ground.PRIVATE_INFORMATION


def test_copyright_is_a_ground_for_ones_own_material_only() -> None:
    """B16: the ground is offered where the school's own work or picture is used, and for nothing else."""
    offered = {category for category in Category if Ground.COPYRIGHT in grounds_for(category)}

    assert offered == {Category.COPYRIGHT_MISUSE, Category.STAFF_IMAGE}


def test_one_person_has_one_login(store: Store) -> None:
    """A37: a user name belongs to one person; a second one of the same name is refused."""
    with store.begin(by="system") as work:
        work.users.add(DSL)
        with pytest.raises(ConflictError):
            work.users.add(DSL.model_copy(update={"id": "u-other"}))


def test_what_was_given_to_others_is_written_down(room: Casework, case: Case, store: Store) -> None:
    """A36, B38: to whom, what, why, on which ground, by whom and when; and the case's history says that it happened."""
    made = room.disclose(DSL, case.id, "police", "evidence pack", "they asked for it", "law")
    with store.read() as work:
        events = work.case_events.of(case.id)

    assert room.disclosures(DSL, case.id) == (made,)
    assert (made.ground, made.by, made.at) == (GROUNDS["law"], DSL.id, NOON + timedelta(hours=1))
    assert [one.what for one in events] == ["disclosed"]


@pytest.mark.parametrize(
    ("whom", "what", "why", "ground"),
    [
        ("police", "pack", "asked", ""),
        ("police", "pack", "asked", "because"),
        ("", "pack", "asked", "law"),
        ("police", " ", "asked", "law"),
    ],
)
def test_a_disclosure_without_ground_is_refused(room: Casework, case: Case, whom: str, what: str, why: str, ground: str) -> None:
    """A36: nothing is given on no ground, and the entry says what is missing."""
    with pytest.raises(CaseError, match="is empty" if ground == "law" else "on which ground"):
        room.disclose(DSL, case.id, whom, what, why, ground)

    assert room.disclosures(DSL, case.id) == ()


@pytest.mark.parametrize("who", [COMMS, a_user(Role.STAFF, user_id="u-staff"), a_user(Role.GOVERNOR, user_id="u-gov")])
def test_who_may_not_export_gives_nothing_away(room: Casework, case: Case, who: User) -> None:
    """A36: staff, governors and the communications lead take nothing out of a case."""
    with pytest.raises(PermissionDeniedError):
        room.disclose(who, case.id, "press", "pack", "asked", "law")
