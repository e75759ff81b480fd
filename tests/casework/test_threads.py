"""The rules for posts that belong together: one alert for what is found again, what it adds to its posts, who sets it aside."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casework import threads
from casework.errors import DecisionRefusedError
from casework.testing import NOON, a_finding, a_thread, a_user
from data.errors import PermissionDeniedError
from data.model.findings import Decision, DecisionKind, Finding, FindingState
from data.model.people import Role, User
from data.model.posts import PostId
from data.model.readings import Category, Severity
from data.model.threads import ThreadAlert, ThreadFinding, ThreadKind
from nlp.normal import fold
from nlp.threads import pseudonym

HOUR = timedelta(hours=1)
DSL, DEPUTY, HEAD = a_user(), a_user(Role.DEPUTY_DSL, user_id="u-deputy"), a_user(Role.HEADTEACHER, user_id="u-head")
COMMS, CHAIR = a_user(Role.COMMS_LEAD, user_id="u-comms"), a_user(Role.CHAIR, user_id="u-chair")
HOT = {PostId(number): 0.8 for number in range(1, 20)}
COOL = {PostId(number): 0.1 for number in range(1, 20)}


def an_alert(*post_ids: int, **changes: object) -> ThreadAlert:
    """Return an alert as it is first kept."""
    return threads.begun(a_thread(*post_ids), NOON).model_copy(update=changes)


def put_aside(alert: ThreadAlert) -> ThreadAlert:
    """Return the alert set aside an hour after it was found."""
    return threads.aside(alert, DSL, "a family row, known to us", NOON + HOUR)


def test_the_same_found_again_changes_nothing() -> None:
    """An alert that is found once more with the same posts is not written again."""
    assert threads.merge([a_thread(1, 2)], [an_alert(1, 2)], HOT, NOON + HOUR) == ()


def test_an_alert_grows_and_keeps_its_id() -> None:
    """A third post makes the alert longer, not a second alert."""
    (grown,) = threads.merge([a_thread(1, 2, 3)], [an_alert(1, 2)], HOT, NOON + HOUR)

    assert (grown.id, grown.post_ids, grown.gaps) == (an_alert(1, 2).id, (1, 2, 3), (30, 30))
    assert (grown.found_at, grown.changed_at) == (NOON, NOON + HOUR)


def test_an_alert_keeps_its_id_when_its_first_post_changes() -> None:
    """An older post that comes to light, or one that grew too old, makes no second alert, and no post is lost."""
    older = a_thread(9, 1, since=NOON - 3 * HOUR, minutes=60)
    (grown,) = threads.merge([older], [an_alert(1, 2)], HOT, NOON)

    assert (grown.id, grown.post_ids, grown.gaps) == (an_alert(1, 2).id, (9, 1, 2), (60, 30))


@pytest.mark.parametrize(
    "changes", [{"kind": ThreadKind.PILE_ON}, {"target": "t-other"}, {"school_id": "ashcombe"}], ids=["kind", "target", "school"]
)
def test_another_matter_is_another_alert(changes: dict[str, object]) -> None:
    """Another kind, target or school is never taken for the same, though posts are shared."""
    found = threads.merge([a_thread(1, 2, 3).model_copy(update=changes)], [an_alert(1, 2)], HOT, NOON)

    assert [one.id == an_alert(1, 2).id for one in found] == [False]


def test_the_same_posts_at_two_people_are_one_alert() -> None:
    """A post that names two people does not make two alerts of one kind."""
    both = [a_thread(1, 2, target="t-b"), a_thread(1, 2, target="t-a"), a_thread(1, 2, kind=ThreadKind.ESCALATION)]

    assert [(one.kind, one.target) for one in threads.distinct(both)] == [
        (ThreadKind.COURSE_OF_CONDUCT, "t-a"),
        (ThreadKind.ESCALATION, "t-quillfeather"),
    ]


def test_a_course_that_grows_harsher_is_one_alert_that_names_both() -> None:
    """One author's escalation, found beside or after the course of conduct, is no second card; label, reasons and floor name both."""
    grown = a_thread(1, 2, 3, also=(ThreadKind.ESCALATION,))
    found = threads.merge([grown], [an_alert(1, 2)], HOT, NOON)
    alone = threads.merge([a_thread(1, 2, kind=ThreadKind.ESCALATION)], [an_alert(1, 2)], HOT, NOON)
    others = threads.merge([a_thread(1, 2, kind=ThreadKind.ESCALATION, authors=("a-2",))], [an_alert(1, 2)], HOT, NOON)

    assert [(one.id, one.kinds) for one in found] == [(an_alert(1, 2).id, (ThreadKind.COURSE_OF_CONDUCT, ThreadKind.ESCALATION))]
    assert [one.also for one in alone] == [(ThreadKind.ESCALATION,)]
    assert [one.id == an_alert(1, 2).id for one in others] == [False]
    assert threads.label(found[0]) == "The same author at the same target more than once; one author who may be growing harsher"
    assert len(threads.reasons_of(found[0])) == len(found[0].kinds) == 2
    assert threads.merge([grown], found, HOT, NOON) == ()


def test_what_was_set_aside_stays_so_for_a_harmless_post() -> None:
    """A mild post that comes later does not bring back what a person set aside."""
    (grown,) = threads.merge([a_thread(1, 2, 3)], [put_aside(an_alert(1, 2))], COOL, NOON + 2 * HOUR)

    assert (threads.is_open(grown), grown.post_ids) == (False, (1, 2, 3))


def test_what_was_set_aside_shows_again_for_a_hostile_post() -> None:
    """A hostile post brings it back, with what was said when it was set aside, even within the same moment."""
    for later in (HOUR, 2 * HOUR):
        (grown,) = threads.merge([a_thread(1, 2, 3)], [put_aside(an_alert(1, 2))], HOT, NOON + later)

        assert (threads.is_open(grown), grown.set_aside_why) == (True, "a family row, known to us")


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (ThreadKind.PILE_ON, Severity.S1, Severity.S2),
        (ThreadKind.PILE_ON, Severity.S4, Severity.S4),
        (ThreadKind.COURSE_OF_CONDUCT, Severity.S2, Severity.S3),
        (ThreadKind.ESCALATION, Severity.S2, Severity.S3),
        (ThreadKind.NEAR_DUPLICATE, Severity.S1, Severity.S1),
    ],
)
def test_a_kind_raises_what_is_suggested(kind: ThreadKind, before: Severity, after: Severity) -> None:
    """A pile-on suggests Medium at least, a course of conduct or an escalation High; nothing is ever lowered."""
    assert threads.raised(a_finding(severity=before), an_alert(1, 2, kind=kind)).severity is after


def test_the_reason_for_a_raise_is_stated_once() -> None:
    """The flagged post says why it was raised, and says it once however often it is found."""
    alert = an_alert(1, 2)
    once = threads.raised(a_finding(), alert)

    assert once.reasons[-1].startswith("may be part of a course of conduct")
    assert threads.raised(once, alert) == once


@pytest.mark.parametrize("finding", [a_finding(state=FindingState.DECIDED)], ids=["decided"])
def test_what_a_person_decided_is_left_alone(finding: Finding) -> None:
    """A judged post keeps severity and reasons as they were."""
    assert threads.raised(finding, an_alert(1, 2)) is finding


def test_an_alert_that_was_set_aside_raises_nothing() -> None:
    """What a person set aside adds nothing to posts any more."""
    finding = a_finding()

    assert threads.raised(finding, put_aside(an_alert(1, 2))) is finding


def test_criticism_gets_the_reason_but_stays_as_low() -> None:
    """Fair criticism said often is answered, not raised; the reason still says that it is not alone."""
    fair = a_finding(lead_category=Category.FAIR_CRITICISM, severity=Severity.S0)
    after = threads.raised(fair, an_alert(1, 2))

    assert (after.severity, len(after.reasons)) == (Severity.S0, len(fair.reasons) + 1)


@pytest.mark.parametrize("who", [DSL, DEPUTY, HEAD], ids=["dsl", "deputy", "head"])
def test_a_matter_of_staff_is_set_aside_by_lead_deputy_and_head(who: User) -> None:
    """These three may set a matter of staff aside."""
    threads.must_set_aside(who, an_alert(1, 2), [a_finding()])


@pytest.mark.parametrize("category", [Category.SAFEGUARDING_DISCLOSURE, Category.PUPIL_BULLYING, Category.PUPIL_IMAGE])
def test_a_matter_of_pupils_is_not_the_heads_to_set_aside(category: Category) -> None:
    """What may concern a pupil is set aside by the safeguarding lead or a deputy."""
    finding = a_finding(lead_category=category, categories=(category,))
    threads.must_set_aside(DEPUTY, an_alert(1, 2), [finding])
    with pytest.raises(DecisionRefusedError, match="may concern a pupil"):
        threads.must_set_aside(HEAD, an_alert(1, 2), [finding])


@pytest.mark.parametrize("who", [COMMS, CHAIR, a_user(Role.STAFF)], ids=["comms", "chair", "staff"])
def test_nobody_else_sets_aside(who: User) -> None:
    """Comms lead, chair and staff may not, nor may they see it."""
    with pytest.raises(PermissionDeniedError):
        threads.must_set_aside(who, an_alert(1, 2), [])

    assert not threads.may_see(who, "fernley")


@pytest.mark.parametrize("name", ["Mrs Bramblecote", "Ada Bramblecote", "Dr. A. Bramblecote"])
def test_whom_it_may_concern_does_not_set_it_aside(name: str) -> None:
    """The head at whom the posts are aimed leaves it to somebody else."""
    about = an_alert(1, 2, target=pseudonym("bramblecote"))
    with pytest.raises(DecisionRefusedError, match="concern yourself"):
        threads.must_set_aside(HEAD, about, [a_finding()], [name])


@pytest.mark.parametrize("name", ["Mr Quillfeather", "Mrs O'Dunnel", "Ms Vane-Harrow", "Miss Burroughs"])
def test_the_key_of_a_person_is_the_one_the_reader_makes(name: str) -> None:
    """A name in the staff list leads to the key under which the reader puts posts about that person."""
    assert threads.person_key(name) == pseudonym(fold(name).split()[-1].removesuffix("s"))


def test_setting_aside_needs_a_reason_and_happens_once() -> None:
    """Without a line why, with far too long a one, or a second time it is refused."""
    for reason, says in (("  ", "write one line"), ("x" * 10_001, "longer than")):
        with pytest.raises(DecisionRefusedError, match=says):
            threads.aside(an_alert(1, 2), DSL, reason, NOON)
    with pytest.raises(DecisionRefusedError, match="already"):
        threads.aside(put_aside(an_alert(1, 2)), DSL, "again", NOON + 2 * HOUR)


def test_an_alert_is_settled_when_all_its_flagged_posts_were_judged_since() -> None:
    """Judged after it last changed: nothing is left to show. Judged before, or taken back, or on hold: it still shows."""
    alert, done = an_alert(1, 2), a_finding(id="f-1", state=FindingState.DECIDED)
    judged = Decision(
        id="d-1",
        finding_id="f-1",
        kind=DecisionKind.OPEN_CASE,
        category=Category.HARASSMENT_STAFF,
        severity=Severity.S2,
        target="teacher",
        reason="targets one teacher",
        by="u-dsl",
        at=NOON + HOUR,
    )
    assert threads.is_settled(alert, [done], [judged])
    assert not threads.is_settled(alert, [], [judged])
    assert not threads.is_settled(alert, [done, a_finding(id="f-2")], [judged])
    for changes in ({"at": NOON - HOUR}, {"undone_at": NOON}, {"kind": DecisionKind.HOLD}):
        assert not threads.is_settled(alert, [done], [judged.model_copy(update=changes)])


def test_every_kind_is_said_calmly() -> None:
    """Each kind has a name, an explanation and a reason; the reasons say «may», never what a person is."""
    spoken = [threads.KIND_LABELS, threads.KIND_SAYS, threads.REASONS]

    assert [set(words) for words in spoken] == [set(ThreadKind)] * 3
    assert all("may" in threads.REASONS[kind] for kind in threads.FLOORS)


def test_together_they_are_as_grave_as_the_gravest() -> None:
    """The severity shown is the kind's own, or that of the gravest post."""
    found: ThreadFinding = a_thread(1, 2, kind=ThreadKind.PILE_ON)
    alert = threads.begun(found, NOON)

    assert threads.suggested(alert, []) is Severity.S2
    assert threads.suggested(alert, [a_finding(severity=Severity.S4)]) is Severity.S4
    assert threads.suggested(an_alert(1, 2, kind=ThreadKind.NEAR_DUPLICATE), []) is Severity.S1
