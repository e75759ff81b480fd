"""Posts that belong together on a real store: kept once, shown to whom they may concern, set aside and back again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casework.errors import DecisionRefusedError
from casework.files import Decided
from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_finding, a_reading, a_score, a_seen_post, a_thread, a_user, fill
from casework.together import ThreadFile
from data.clock import FixedClock
from data.errors import NotFoundError, PermissionDeniedError
from data.model.findings import DecisionKind, Finding, FindingState
from data.model.people import Role, User
from data.model.posts import PostId
from data.model.readings import Category, Severity
from data.model.threads import ThreadAlert, ThreadKind
from data.model.watch import StaffMember
from data.store import Store
from nlp.threads import pseudonym

DSL, DEPUTY = a_user(), a_user(Role.DEPUTY_DSL, user_id="u-deputy")
HEAD, COMMS = a_user(Role.HEADTEACHER, user_id="u-head"), a_user(Role.COMMS_LEAD, user_id="u-comms")
CHAIR, STRANGER = a_user(Role.CHAIR, user_id="u-chair"), a_user(user_id="u-other", school_id="ashcombe")


class Scene:
    """A school with one flagged post (the first) and two more posts that were not flagged."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        clock.moment = NOON
        self.store, self.clock, self.desk = store, clock, Casework(store, clock)
        self.finding: Finding = fill(store, DSL, DEPUTY, HEAD, COMMS, CHAIR)
        more = [a_seen_post(f"again, number {one}", native_id=f"m-{one}", permalink=f"https://forum.example.org/m/{one}") for one in (1, 2)]
        with store.begin("system") as work:
            kept = work.posts.keep(more, source_id=None, seen_at=NOON - timedelta(hours=1))
            for post_id in kept.post_ids:
                reading = a_reading(a_score(Category.HATE, 0.2), a_score(Category.HARASSMENT_STAFF, 0.4))
                work.readings.add(reading.model_copy(update={"post_id": post_id}))
            work.commit()
        assert self.finding.post_id is not None
        self.ids = (self.finding.post_id, *kept.post_ids)

    def find(self, *places: int, hostile: float = 0.8, **changes: object) -> tuple[ThreadAlert, ...]:
        """Let the posts at these places be found to belong together."""
        found = a_thread(*(self.ids[place] for place in places or (0, 1)), **changes)
        return self.desk.threads_found(SCHOOL_ID, [found], dict.fromkeys(self.ids, hostile))

    def flag(self, place: int, **changes: object) -> Finding:
        """Flag the post at a place."""
        with self.store.begin("system") as work:
            finding = work.findings.add(a_finding(post_id=self.ids[place], **changes))
            work.commit()
        return finding

    def stored(self, finding_id: str | None = None) -> Finding:
        """Return a flagged post as it is now."""
        with self.store.read() as work:
            return work.findings.get(finding_id or self.finding.id)

    def open_files(self, who: User = DSL) -> tuple[ThreadFile, ...]:
        """Return what somebody sees."""
        return self.desk.threads(who, [SCHOOL_ID])

    def judge(self, by: User = DSL) -> Decided:
        """Open a case from the flagged post."""
        reason = "It targets one teacher."
        return self.desk.decide(by, self.finding.id, DecisionKind.OPEN_CASE, Category.DEFAMATION_INDIVIDUAL, Severity.S2, "teacher", reason)


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """A school with three posts."""
    return Scene(store, clock)


def test_what_is_found_is_kept_once(scene: Scene) -> None:
    """Found twice it is stored once; found with a post more it is the same alert, longer."""
    first, again, longer = scene.find(0, 1), scene.find(0, 1), scene.find(0, 1, 2)

    assert (len(first), again, [one.id for one in longer]) == (1, (), [first[0].id])
    assert [len(file.posts) for file in scene.open_files()] == [3]


def test_a_flagged_post_is_raised_with_the_reason_and_stays_where_it_is(scene: Scene) -> None:
    """Medium becomes High with the reason beside it; found again nothing more is written."""
    scene.find()
    raised = scene.stored()
    scene.find()
    with scene.store.read() as work:
        changes = work.audit.count(kind="finding", what="changed")

    assert (raised.severity, raised.state) == (Severity.S3, FindingState.OPEN)
    assert raised.reasons[-1].startswith("may be part of a course of conduct")
    assert changes == 1


def test_a_post_flagged_later_is_raised_too(scene: Scene) -> None:
    """A post of the alert that gets flagged afterwards takes part at the next look, though the alert itself did not change."""
    scene.find()
    late = scene.flag(1, severity=Severity.S1, lead_category=Category.HARASSMENT_STAFF)
    scene.find()

    assert scene.stored(late.id).severity is Severity.S3


def test_what_was_decided_is_not_touched(scene: Scene) -> None:
    """A judged post keeps what the person decided, whatever is found later."""
    decided = scene.judge()
    scene.find()

    assert scene.stored() == decided.finding
    assert decided.case is not None
    assert scene.desk.case(DSL, decided.case.id).case.severity is Severity.S2


def test_only_who_sees_every_post_sees_what_they_show_together(scene: Scene) -> None:
    """Safeguarding lead, deputy and head see it; comms lead, chair and people of other schools get nothing."""
    scene.find()
    seen = {who.id: len(scene.open_files(who)) for who in (DSL, DEPUTY, HEAD, COMMS, CHAIR, STRANGER)}

    assert seen == {"u-dsl": 1, "u-deputy": 1, "u-head": 1, "u-comms": 0, "u-chair": 0, "u-other": 0}
    assert [scene.desk.threads_of(who, scene.finding.id) for who in (COMMS, CHAIR, STRANGER)] == [(), (), ()]


def test_the_comms_lead_never_learns_of_a_safeguarding_post_through_a_low_one(scene: Scene) -> None:
    """A low post that belongs together with a safeguarding matter shows the comms lead neither the other post nor that it exists."""
    low = scene.flag(1, severity=Severity.S0, lead_category=Category.FAIR_CRITICISM, categories=(Category.FAIR_CRITICISM,))
    scene.flag(2, severity=Severity.S4, lead_category=Category.SAFEGUARDING_DISCLOSURE, categories=(Category.SAFEGUARDING_DISCLOSURE,))
    scene.find(1, 2)

    assert scene.desk.finding(COMMS, low.id).finding.severity is Severity.S0
    assert (scene.desk.threads_of(COMMS, low.id), scene.open_files(COMMS)) == ((), ())
    with pytest.raises(NotFoundError):
        scene.desk.set_aside(COMMS, scene.open_files()[0].alert.id, "no matter")
    with pytest.raises(NotFoundError):
        scene.desk.flag_first(COMMS, scene.open_files()[0].alert.id)


def test_set_aside_with_a_reason_it_shows_no_more(scene: Scene) -> None:
    """Set aside, the inbox is quiet about it; on the post's own page it stays to be seen, with who and why."""
    (alert,) = scene.find()
    scene.desk.set_aside(DEPUTY, alert.id, "a family row, known to us")
    (file,) = scene.desk.threads_of(DSL, scene.finding.id)

    assert scene.open_files() == ()
    assert (file.is_open, file.alert.set_aside_by, file.alert.set_aside_why) == (False, "u-deputy", "a family row, known to us")
    with scene.store.read() as work:
        assert work.audit.count(kind="thread_alert", what="changed", by="u-deputy") == 1


def test_it_shows_again_for_a_hostile_post_only(scene: Scene) -> None:
    """A mild post changes nothing for anybody; a hostile one brings it back."""
    (alert,) = scene.find(0, 1)
    scene.desk.set_aside(DSL, alert.id, "known to us")
    scene.clock.forward(timedelta(hours=1))
    scene.find(0, 1, 2, hostile=0.1)
    quiet = scene.open_files()
    with scene.store.begin("system") as work:
        extra = work.posts.keep(
            [a_seen_post("worse", native_id="m-3", permalink="https://forum.example.org/m/3")], source_id=None, seen_at=NOON
        )
        work.commit()
    scene.ids = (*scene.ids, *extra.post_ids)
    scene.find(0, 1, 2, 3)

    assert quiet == ()
    assert [one.alert.id for one in scene.open_files()] == [alert.id]


def test_refusals_say_why(scene: Scene) -> None:
    """No reason, a pupil's matter for the head, one's own matter: each is refused, and the screen knows before."""
    (alert,) = scene.find()
    with pytest.raises(DecisionRefusedError, match="write one line"):
        scene.desk.set_aside(DSL, alert.id, " ")
    scene.flag(1, lead_category=Category.PUPIL_BULLYING, categories=(Category.PUPIL_BULLYING,))
    with pytest.raises(DecisionRefusedError, match="may concern a pupil"):
        scene.desk.set_aside(HEAD, alert.id, "no matter")

    assert [one.may_set_aside for one in (*scene.open_files(DSL), *scene.open_files(HEAD))] == [True, False]
    assert "may concern a pupil" in scene.open_files(HEAD)[0].why_not


def test_the_head_whom_it_is_about_leaves_it_to_others(scene: Scene) -> None:
    """By the user that the staff list links, whatever name the sign-in shows (§7.3)."""
    with scene.store.begin("system") as work:
        work.staff.add(StaffMember(id="b", school_id=SCHOOL_ID, name="Mrs Bramblecote", user_id="u-head"))
        work.commit()
    (alert,) = scene.find(target=pseudonym("bramblecote"))
    with pytest.raises(DecisionRefusedError, match="concern yourself"):
        scene.desk.set_aside(HEAD, alert.id, "no matter")
    scene.desk.set_aside(DSL, alert.id, "talked with the parents")


def test_a_first_post_that_was_not_flagged_is_flagged_on_demand(scene: Scene) -> None:
    """Beginning a case from a post below every threshold puts it before the person, with the harm the machine was surest of."""
    (alert,) = scene.find(1, 2)
    first, again = scene.desk.flag_first(DSL, alert.id), scene.desk.flag_first(DEPUTY, alert.id)

    assert first == again
    assert (first.post_id, first.severity, first.lead_category) == (scene.ids[1], Severity.S3, Category.HARASSMENT_STAFF)
    assert scene.desk.finding(DSL, first.id).may_decide
    with pytest.raises(PermissionDeniedError):
        scene.desk.finding(COMMS, first.id)


def test_a_first_post_that_is_flagged_is_simply_opened(scene: Scene) -> None:
    """Nothing is flagged twice."""
    (alert,) = scene.find(0, 1)

    assert scene.desk.flag_first(DSL, alert.id).id == scene.finding.id


def test_judged_posts_need_no_look_until_more_comes(scene: Scene) -> None:
    """Once its flagged posts were judged it leaves the inbox by itself; a new hostile post brings it back."""
    scene.find(0, 1)
    scene.clock.forward(timedelta(minutes=5))
    scene.judge()
    after = scene.open_files()
    scene.clock.forward(timedelta(minutes=5))
    scene.find(0, 1, 2)

    assert (after, len(scene.open_files())) == ((), 1)


def test_the_gravest_comes_first_and_old_ones_go(scene: Scene) -> None:
    """Ordered by what they may be; after 90 days without a new post they are not shown any more."""
    scene.find(1, 2, kind=ThreadKind.NEAR_DUPLICATE)
    scene.find(1, 2, kind=ThreadKind.PILE_ON)
    scene.find(1, 2)
    kinds = [one.alert.kind for one in scene.open_files()]
    scene.clock.forward(timedelta(days=91))

    assert kinds == [ThreadKind.COURSE_OF_CONDUCT, ThreadKind.PILE_ON, ThreadKind.NEAR_DUPLICATE]
    assert scene.open_files() == ()


def test_posts_of_another_school_are_left_out(scene: Scene) -> None:
    """What was found at another school is not kept under this one."""
    found = a_thread(*scene.ids, school_id="ashcombe")

    assert scene.desk.threads_found(SCHOOL_ID, [found], {PostId(1): 1.0}) == ()
