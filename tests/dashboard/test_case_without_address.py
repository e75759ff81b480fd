"""A matter that was told without a web address: its case has no item, and its page is whole all the same."""

from __future__ import annotations

from casework.intake import ReportForm
from dashboard.parts.testing import CODE, SCHOOL, World
from data.errors import CaseError
from data.model.cases import Case
from data.model.findings import DecisionKind
from data.model.readings import Category, Severity


def without_address(world: World) -> Case:
    """Open a case from a report that names no address."""
    room, dsl = world.desk.casework, world.people["dsl"]
    report = room.report(CODE, ReportForm(says="Somebody is blunt about the dinner queue."))
    finding = next(row.finding for row in room.inbox(dsl, [SCHOOL]).rows if row.report == report)
    kind, category = DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF
    made = room.decide(dsl, finding.id, kind, category, Severity.S2, "staff", "Read, and judged a harm.")
    return world.keep("told", made)


def test_every_letter_of_it_is_offered_or_refused_in_words(world: World) -> None:
    """Each letter that is offered can be drawn; one that needs an address is refused as any incomplete one."""
    case = without_address(world)
    room, dsl = world.desk.casework, world.people["dsl"]
    offered = room.letter_choices(dsl, case.id)
    refused = []
    for one in offered:
        try:
            room.preview_letter(dsl, case.id, one.template.key, "the office", {})
        except CaseError as refusal:
            refused.append(str(refusal))

    assert offered
    assert room.case(dsl, case.id).items == ()
    assert all(refused)
