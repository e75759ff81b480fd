"""Changes to what is flagged on a real store: who may, what is kept, what the next post is flagged by; posts claimed for the school."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casework.errors import DecisionRefusedError, TuningRefusedError
from casework.learning import BY_A_PERSON
from casework.service import Casework
from casework.testing import NOON, SCHOOL_ID, a_finding, a_reading, a_school, a_score, a_seen_post, a_user
from data.clock import FixedClock
from data.errors import PermissionDeniedError
from data.model.findings import DecisionKind, Finding, FindingState
from data.model.people import Role, User
from data.model.posts import PostId
from data.model.readings import Category, Head, Mention, Severity, Span
from data.model.suggestion import DEFAULT_RULES
from data.model.tuning import Tuning, TuningKind
from data.model.watch import StaffMember, TermKind, WatchTerm
from data.store import Store

DSL, DEPUTY, HEAD = a_user(Role.DSL), a_user(Role.DEPUTY_DSL, user_id="u-deputy"), a_user(Role.HEADTEACHER, user_id="u-head")
COMMS, IT, STAFF = (a_user(role, user_id=f"u-{role.value}") for role in (Role.COMMS_LEAD, Role.IT_ADMIN, Role.STAFF))
STRANGER = a_user(Role.DSL, user_id="u-away", school_id="ashcombe")
DAY = timedelta(days=1)


class Scene:
    """A school, its people, and posts as the reader would leave them."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        clock.moment = NOON
        self.store, self.clock, self.desk, self.count = store, clock, Casework(store, clock), 0
        with store.begin("system") as work:
            work.schools.add(a_school())
            for user in (DSL, DEPUTY, HEAD, COMMS, IT, STAFF, STRANGER):
                work.users.add(user)
            work.terms.add(
                WatchTerm(id="t1", school_id=SCHOOL_ID, kind=TermKind.SCHOOL_NAME, phrase="Fernley Green", added_by="system", added_at=NOON)
            )
            work.staff.add(StaffMember(id="q", school_id=SCHOOL_ID, name="Mr Quillfeather"))
            work.commit()

    def read(self, value: float = 0.55, text: str = "bring back the trip fund you muppets, Fernley Green", **changes: object) -> PostId:
        """Keep and read one post, and flag what it calls for; return its id."""
        self.count += 1
        with self.store.begin("system") as work:
            seen = a_seen_post(text, native_id=str(self.count), permalink=f"https://forum.example.org/t/{self.count}")
            post_id = work.posts.keep([seen], source_id=None, seen_at=self.clock.now()).post_ids[0]
            score = a_score(Category.HARASSMENT_STAFF, value, Head.HARASSMENT)
            reading = a_reading(score, read_at=self.clock.now()).model_copy(update={"post_id": post_id, **changes})
            work.readings.add(reading)
            work.commit()
        self.flagged = self.desk.flag_reading(reading)
        return post_id

    def finding(self, post_id: PostId) -> Finding:
        """Return the flagged post about a post."""
        with self.store.read() as work:
            return work.findings.of_post(post_id)[0]

    def decide(self, post_id: PostId, kind: DecisionKind, category: Category) -> None:
        """Judge a flagged post."""
        self.desk.decide(DSL, self.finding(post_id).id, kind, category, Severity.S2, "teacher", "looked at it")

    def propose(self, by: User = DSL, threshold: float = 0.6) -> Tuning:
        """Write down a change of the harassment threshold."""
        return self.desk.propose_tuning(
            by, SCHOOL_ID, TuningKind.THRESHOLD, why="banter", days=90, head=Head.HARASSMENT, threshold=threshold
        )

    def suppress(self, phrase: str) -> Tuning:
        """Write down words beside which abuse is not flagged."""
        return self.desk.propose_tuning(
            DSL, SCHOOL_ID, TuningKind.SUPPRESSION, why="a joke here", days=30, category=Category.HARASSMENT_STAFF, phrase=phrase
        )

    def live(self, threshold: float = 0.6) -> Tuning:
        """Let a change count."""
        made = self.propose(threshold=threshold)
        self.desk.back_test_tuning(DSL, made.id)
        return self.desk.go_live(DSL, made.id)


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """A school that changed nothing yet."""
    return Scene(store, clock)


def test_a_change_is_tried_goes_live_and_is_undone(scene: Scene) -> None:
    """The whole way: written down, tried, live, counted by the next post, undone, not counted any more; each step in the audit log."""
    scene.read()
    made = scene.propose()
    tried = scene.desk.back_test_tuning(DSL, made.id)
    went = scene.desk.go_live(HEAD, made.id)
    scene.read()
    while_live = scene.flagged
    scene.read(0.7)
    named = scene.flagged[0].rule
    undone = scene.desk.undo_tuning(DEPUTY, made.id)
    scene.read()
    with scene.store.read() as work:
        log = [(event.what, event.by) for event in work.audit.where(kind="tuning")]

    assert (tried.back_test["posts"], tried.back_test["fewer"], went.live_at, undone.ended_by) == (1, 1, NOON, "u-deputy")
    assert while_live == ()
    assert made.id in named
    assert [one.rule for one in scene.flagged] == [f"{DEFAULT_RULES.version}+test.v1"]
    assert log == [
        ("added", "u-dsl"),
        ("changed", "u-dsl"),
        ("changed", "u-head"),
        ("went live", "u-head"),
        ("changed", "u-deputy"),
        ("undone", "u-deputy"),
    ]


def test_a_change_ends_by_itself(scene: Scene) -> None:
    """After its last day the usual rules hold again."""
    scene.live()
    scene.clock.forward(90 * DAY)
    scene.read()

    assert len(scene.flagged) == 1


@pytest.mark.parametrize("who", [COMMS, IT, STAFF, STRANGER], ids=lambda user: user.id)
def test_only_who_judges_all_posts_may_tune(scene: Scene, who: User) -> None:
    """Communications, IT, staff and people of another school neither see nor change what is flagged here."""
    made = scene.propose()
    steps = (
        lambda: scene.propose(who),
        lambda: scene.desk.back_test_tuning(who, made.id),
        lambda: scene.desk.go_live(who, made.id),
        lambda: scene.desk.undo_tuning(who, made.id),
        lambda: scene.desk.tunings(who, SCHOOL_ID),
        lambda: scene.desk.rules(who, SCHOOL_ID),
        lambda: scene.desk.learned(who, SCHOOL_ID),
        lambda: scene.desk.namesakes(who, SCHOOL_ID),
        lambda: scene.desk.about_us(who, SCHOOL_ID, PostId(1)),
    )
    for step in steps:
        with pytest.raises(PermissionDeniedError):
            step()


def test_a_deputy_proposes_and_the_lead_decides(scene: Scene) -> None:
    """A deputy writes a change down and tries it; letting it count is for the lead or the head."""
    made = scene.propose(DEPUTY)
    scene.desk.back_test_tuning(DEPUTY, made.id)
    with pytest.raises(PermissionDeniedError):
        scene.desk.go_live(DEPUTY, made.id)

    assert scene.desk.go_live(DSL, made.id).owner == "u-deputy"


def test_a_change_that_would_have_hidden_harm_cannot_go_live(scene: Scene) -> None:
    """Even when the harm was judged after the trial, the refusal names the flagged post."""
    post_id = scene.read()
    made = scene.propose()
    scene.desk.back_test_tuning(DSL, made.id)
    scene.decide(post_id, DecisionKind.OPEN_CASE, Category.HARASSMENT_STAFF)
    with pytest.raises(TuningRefusedError, match=scene.finding(post_id).id):
        scene.desk.go_live(DSL, made.id)
    scene.desk.back_test_tuning(DSL, made.id)
    with pytest.raises(TuningRefusedError, match="people judged to be harm"):
        scene.desk.go_live(DSL, made.id)

    assert [one.live_at for one in scene.desk.tunings(DSL, SCHOOL_ID)] == [None]


def test_an_untried_change_cannot_go_live(scene: Scene) -> None:
    """First the trial, and no older than a day."""
    made = scene.propose()
    with pytest.raises(TuningRefusedError, match="try change"):
        scene.desk.go_live(DSL, made.id)
    scene.desk.back_test_tuning(DSL, made.id)
    scene.clock.forward(timedelta(hours=25))
    with pytest.raises(TuningRefusedError, match="try change"):
        scene.desk.go_live(DSL, made.id)


def test_a_trial_looks_at_ninety_days(scene: Scene) -> None:
    """Older posts are not counted."""
    scene.read()
    scene.clock.forward(91 * DAY)
    scene.read()
    made = scene.propose()

    assert scene.desk.back_test_tuning(DSL, made.id).back_test["posts"] == 1


def test_words_for_the_school_or_a_person_cannot_be_hidden(scene: Scene) -> None:
    """Neither the school's own name nor that of a member of staff."""
    with pytest.raises(TuningRefusedError, match="stand for the school"):
        scene.suppress("fernley  GREEN")
    with pytest.raises(TuningRefusedError, match="member of staff"):
        scene.suppress("old Quillfeather")


def test_a_dropped_change_stays_in_the_list(scene: Scene) -> None:
    """What was written down and never went live can be dropped; twice is harmless."""
    made = scene.suppress("trip fund")
    once, twice = scene.desk.undo_tuning(DSL, made.id), scene.desk.undo_tuning(DSL, made.id)

    assert (once, twice.ended_at, len(scene.desk.tunings(DSL, SCHOOL_ID))) == (twice, NOON, 1)


def test_what_was_said_stands_beside_what_was_decided(scene: Scene) -> None:
    """Flagged, set aside, waiting; and what keeps being set aside is proposed for a trial."""
    for _ in range(9):
        scene.decide(scene.read(), DecisionKind.NO_ACTION, Category.FAIR_CRITICISM)
    scene.read()
    found = scene.desk.learned(DSL, SCHOOL_ID)

    assert [tuple(row) for row in found.rows] == [(Head.HARASSMENT, 10, 0, 0, 9, 1)]
    assert [(idea.head, idea.threshold) for idea in found.ideas] == [(Head.HARASSMENT, 0.6)]


def aside(**changes: object) -> dict[str, object]:
    """Return what makes a reading one of a namesake."""
    words = (Span(start=0, end=5, why="a church of this name"),)
    return {"mentions": (), "namesakes": (Mention(start=0, end=5, term_id="t1", school_id=SCHOOL_ID, sure=0.1, reasons=words),), **changes}


def test_posts_set_aside_as_namesakes_are_listed_newest_first(scene: Scene) -> None:
    """With the words that decided; those of another school are not."""
    first, second = scene.read(**aside()), scene.read(**aside())
    other = aside()["namesakes"]
    scene.read(mentions=(), namesakes=tuple(one.model_copy(update={"school_id": "ashcombe"}) for one in other))  # type: ignore[attr-defined]
    found = scene.desk.namesakes(DSL, SCHOOL_ID)

    assert [one.post.id for one in found] == [second, first]
    assert found[0].words[0].why == "a church of this name"


def test_a_person_claims_a_post_for_the_school(scene: Scene) -> None:
    """It waits in the inbox with what the machine would say of it, and is no longer in the list; twice makes one."""
    post_id = scene.read(**aside())
    made = scene.desk.about_us(DEPUTY, SCHOOL_ID, post_id)
    again = scene.desk.about_us(DSL, SCHOOL_ID, post_id)

    assert made.id == again.id
    assert (made.reasons[0], made.lead_category, made.state) == (BY_A_PERSON, Category.HARASSMENT_STAFF, FindingState.OPEN)
    assert [row.finding.id for row in scene.desk.inbox(DSL, [SCHOOL_ID]).rows] == [made.id]
    assert scene.desk.namesakes(DSL, SCHOOL_ID) == ()


def test_a_claimed_post_without_harm_waits_too(scene: Scene) -> None:
    """The machine found nothing in it; a person said that it is about the school, so a person reads it, as low."""
    made = scene.desk.about_us(DSL, SCHOOL_ID, scene.read(0.1, **aside()))

    assert (made.severity, made.lead_category, made.reasons) == (Severity.S1, Category.NEUTRAL_MENTION, (BY_A_PERSON,))


def test_a_claimed_post_with_a_stop_cue_is_stopped(scene: Scene) -> None:
    """The stop holds for it like for any other."""
    made = scene.desk.about_us(DSL, SCHOOL_ID, scene.read(**aside(stop_cue=(Span(start=0, end=5, why="stop"),))))

    assert (made.stop, made.severity) == (True, Severity.S4)


def test_a_post_that_was_not_set_aside_cannot_be_claimed(scene: Scene) -> None:
    """What mentions the school stands in the inbox already, or holds nothing to look at."""
    with pytest.raises(DecisionRefusedError, match="not set aside"):
        scene.desk.about_us(DSL, SCHOOL_ID, scene.read(0.1))


def test_what_only_people_reported_or_claimed_is_no_flag_of_the_machine(scene: Scene) -> None:
    """A claimed post without harm and a post that was never read stand in no row."""
    scene.desk.about_us(DSL, SCHOOL_ID, scene.read(0.1, **aside()))
    with scene.store.begin("system") as work:
        work.findings.add(a_finding(post_id=None, rule="report"))
        work.commit()

    assert scene.desk.learned(DSL, SCHOOL_ID).rows == ()


def test_the_present_rules_can_be_read(scene: Scene) -> None:
    """Usual until a change counts, then the school's own."""
    before = scene.desk.rules(DEPUTY, SCHOOL_ID)
    scene.live()

    assert (before, scene.desk.rules(DEPUTY, SCHOOL_ID).thresholds[Head.HARASSMENT]) == (DEFAULT_RULES, 0.6)
