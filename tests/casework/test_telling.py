"""The outbox on a real store: told in the same transaction, stored once, handed over at most once, passed on when it fails."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework import messages, outbox
from casework.errors import WayRefusedError
from casework.intake import ReportForm
from casework.messages import DueKind
from casework.posting import Waiting
from casework.rota import Due
from casework.service import Casework
from casework.testing import ADDRESS, NOON, SCHOOL_ID, TEXT, a_case, a_finding, a_reading, a_score, a_seen_post, a_user, fill
from casework.watching import keep_findings
from data.clock import FixedClock, ScaledClock, SystemClock
from data.errors import CaseError, NotFoundError, PermissionDeniedError
from data.model.cases import Case, CaseState, Confidentiality
from data.model.findings import DecisionKind, FindingState, ReportTick
from data.model.people import Role, User
from data.model.policies import Policy
from data.model.posts import PlatformName
from data.model.readings import Category, Head, Severity
from data.model.telling import Message, MessageState, Urgency, Way, WayKind
from data.model.watch import Health, Source, SourceState
from data.store import Store

DSL = a_user(Role.DSL)
DEPUTY = a_user(Role.DEPUTY_DSL, user_id="u-deputy")
HEAD = a_user(Role.HEADTEACHER, user_id="u-head")
COMMS = a_user(Role.COMMS_LEAD, user_id="u-comms")
CHAIR = a_user(Role.CHAIR, user_id="u-chair")
STAFF = a_user(Role.STAFF, user_id="u-staff")
EVERYONE = (DSL, DEPUTY, HEAD, COMMS, CHAIR, STAFF)
NIGHT = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
WORKER = "worker-1"
SECRET = "Zebedee Marchbanks of 4B lives at 12 Larch Row"  # stands in every field that a person or a poster writes
HOSTILE = f"{SECRET} https://evil.example.org/x?y @zebedee <b>hi</b>"


@dataclass
class Scene:
    """A school, its people, and who can be reached."""

    store: Store
    clock: FixedClock
    desk: Casework

    def way(self, user: User, kind: WayKind = WayKind.MAIL, number: int = 1) -> Way:
        """Let somebody be reached."""
        address = f"{user.id}-{number}@fernley-green.example" if kind is WayKind.MAIL else f"https://hooks.example.org/{user.id}-{number}"
        return self.desk.add_way(user, kind, address)

    def flag(self, severity: Severity = Severity.S4, finding_id: str = "f-9", **changes: object) -> None:
        """Flag a post, as reading does."""
        found = a_finding(self.clock.now(), id=finding_id, severity=severity, post_id=None, report_id=None, **changes)
        with self.store.begin("system") as work:
            keep_findings(work, [found.model_copy(update={"post_version": int(finding_id.removeprefix("f-"))})])
            work.commit()

    def add_case(self, **changes: object) -> Case:
        """Open a case as it lies in the store."""
        with self.store.begin("system") as work:
            case = work.cases.add(a_case(self.clock.now(), finding_id=work.findings.where()[0].id).model_copy(update=changes))
            work.commit()
        return case

    def messages(self, urgency: Urgency | None = None) -> list[Message]:
        """Return everything in the outbox."""
        with self.store.read() as work:
            return [one for one in work.messages.where(order_by="made_at") if urgency in {None, one.urgency}]

    def to(self, state: MessageState = MessageState.WAITING) -> dict[str, datetime]:
        """Return who is told, and from when."""
        return {one.user_id: one.not_before for one in self.messages() if one.state is state}

    def take(self) -> Waiting:
        """Take the first message that is due."""
        found = self.desk.messages_due(self.clock.now())
        taken = self.desk.message_taken(found[0].message.id, WORKER)
        assert taken is not None
        return taken

    def message(self, message_id: str) -> Message:
        """Return a message."""
        with self.store.read() as work:
            return work.messages.get(message_id)


@pytest.fixture
def scene(store: Store, clock: FixedClock) -> Scene:
    """A school at noon on a Friday."""
    clock.moment = NOON
    fill(store, *EVERYONE)
    return Scene(store, clock, Casework(store, clock))


# --- told in the same transaction


def test_something_grave_is_told_in_the_transaction_that_flags_it(scene: Scene) -> None:
    """When flagging rolls back nothing is told; when it commits the message lies there, due at once."""  # B36
    for user in (DSL, HEAD, DEPUTY):
        scene.way(user)
    with scene.store.begin("system") as work:
        keep_findings(work, [a_finding(NOON, id="f-8", severity=Severity.S4, post_version=8)])
    scene.flag(Severity.S4)

    assert {one.finding_id for one in scene.messages()} == {"f-9"}
    assert scene.to() == {"u-dsl": NOON, "u-head": NOON, "u-deputy": NOON}


@pytest.mark.parametrize(
    ("severity", "category", "stop", "count"),
    [
        (Severity.S2, Category.DEFAMATION_INDIVIDUAL, False, 0),
        (Severity.S3, Category.DEFAMATION_INDIVIDUAL, False, 2),
        (Severity.S3, Category.SAFEGUARDING_DISCLOSURE, False, 3),
        (Severity.S4, Category.CSAM, True, 3),
    ],
)
def test_what_is_told_at_once(scene: Scene, severity: Severity, category: Category, stop: bool, count: int) -> None:
    """S3 and S4, safeguarding and STOP are told at once; the rest waits in the inbox. A10: lead and deputy hear of safeguarding."""  # A10
    for user in (DSL, HEAD, DEPUTY):
        scene.way(user)
    scene.flag(severity, lead_category=category, categories=(category,), stop=stop)

    assert len(scene.to()) == count


def test_an_edited_post_is_told_again_only_when_it_is_graver(scene: Scene) -> None:
    """Twenty edits of a post are not twenty messages."""
    scene.way(DSL)
    for severity in (Severity.S3, Severity.S3, Severity.S4):
        with scene.store.begin("system") as work:
            finding = work.findings.where()[0].model_copy(update={"severity": severity})
            outbox.alert(work, finding, scene.clock.now())
            work.commit()

    assert len([one for one in scene.messages() if one.user_id == "u-dsl"]) == 2


def test_a_storm_does_not_become_a_storm_of_messages(scene: Scene) -> None:
    """After ten urgent messages in an hour one says that many wait; the next hour begins anew."""
    scene.way(DSL)
    for number in range(15):
        scene.flag(Severity.S3, f"f-{number + 100}")
    sent = [one for one in scene.messages() if one.user_id == "u-dsl" and one.state is MessageState.WAITING]
    scene.clock.forward(timedelta(hours=2))
    scene.flag(Severity.S3, "f-200")
    later = [one for one in scene.messages() if one.user_id == "u-dsl" and one.state is MessageState.WAITING]

    assert len(sent) == outbox.MOST_AN_HOUR + 1
    assert "many flagged posts" in sent[-1].subject
    assert len(later) == len(sent) + 1
    assert {one.user_id for one in scene.messages() if one.way_id} == {"u-dsl"}


def test_a_report_of_an_indecent_image_is_told(scene: Scene) -> None:
    """Somebody who reports what may be an indecent image is heard at once by lead, deputy and head, without the address."""  # B36
    for user in (DSL, HEAD, DEPUTY):
        scene.way(user)
    scene.desk.report("fern-leaf-9", ReportForm(says=HOSTILE, address="https://chat.example.org/r/1", ticks=(ReportTick.INDECENT_IMAGE,)))

    assert set(scene.to()) == {"u-dsl", "u-deputy", "u-head"}
    assert all("chat.example.org" not in one.subject + one.body for one in scene.messages())


def test_handing_to_the_safeguarding_lead_tells_lead_and_deputy(scene: Scene) -> None:
    """A10: the press of the button tells the lead and the deputy in the same transaction, with the case's number."""  # A10
    scene.way(DSL)
    scene.way(DEPUTY)
    with scene.store.read() as work:
        found = work.findings.where()[0]
    made = scene.desk.decide(DSL, found.id, DecisionKind.OPEN_CASE, found.lead_category, Severity.S2, "teacher", "x")
    assert made.case is not None
    scene.desk.to_safeguarding(DSL, made.case.id, HOSTILE)

    told = [one for one in scene.messages(Urgency.URGENT) if one.case_id == made.case.id and one.way_id]
    assert {one.user_id for one in told} == {"u-dsl", "u-deputy"}
    assert all(made.case.ref in one.subject for one in told)


def test_nothing_hostile_gets_into_a_message_or_a_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """§5.7 rule 7: text, names, handles and addresses planted in every field stand in no message, no subject and no log."""
    caplog.set_level(logging.DEBUG)
    for user in EVERYONE[:-1]:
        scene.way(user)
    with scene.store.begin("system") as work:
        school = work.schools.get(SCHOOL_ID)
        work.schools.replace(school.model_copy(update={"name": HOSTILE, "postal_address": HOSTILE}))
        for user in EVERYONE:
            work.users.replace(user.model_copy(update={"name": HOSTILE}))
        source = Source(
            id="s",
            school_id=SCHOOL_ID,
            adapter="feed",
            platform=PlatformName.FORUM,
            name=HOSTILE,
            address=ADDRESS,
            added_by="u",
            added_at=NOON,
        )
        work.sources.add(source)
        work.source_states.add(SourceState(source_id="s", health=Health.WALL, problem=HOSTILE))
        seen = a_seen_post(HOSTILE, native_id="77", permalink="https://evil.example.org/77", author_handle=SECRET, author_name=SECRET)
        kept = work.posts.keep([seen], source_id=None, seen_at=NOON)
        work.commit()
    reading = a_reading(a_score(Category.THREAT_TO_LIFE, 0.99, Head.THREAT)).model_copy(update={"post_id": kept.post_ids[0]})
    found = scene.desk.flag_reading(reading)
    case = scene.desk.decide(DSL, found[0].id, DecisionKind.OPEN_CASE, Category.THREAT_TO_LIFE, Severity.S4, "teacher", HOSTILE).case
    assert case is not None
    scene.desk.report("fern-leaf-9", ReportForm(says=HOSTILE, concerns=SECRET, reporter=SECRET, ticks=(ReportTick.DANGER_NOW,)))
    scene.desk.to_safeguarding(DSL, case.id, HOSTILE)
    for hours in (4, 12, 20, 23, 24, 30, 72):
        now = scene.clock.forward(timedelta(hours=hours))
        scene.desk.fire_reminders(now)
        scene.desk.fire_dues(now)
        scene.desk.fire_digests(now)
    told = scene.messages()
    text = "\n".join(f"{one.key} {one.matter} {one.subject} {messages.with_link(one, 'https://watch.example.org')}" for one in told)
    parts = ["zebedee", "marchbanks", "larch", " 4b", "evil.example", "quillfeather", "<b>", "trip fund", "invented u-", "fernley green"]

    assert {one.urgency for one in told} >= {Urgency.URGENT, Urgency.REMINDER, Urgency.DIGEST}
    assert [part for part in parts if part in text.lower()] == []
    assert [part for part in parts if part in caplog.text.lower()] == []
    assert TEXT not in text


# --- reminders, duties, digest


def test_reminders_go_to_owner_then_head_and_in_the_night_only_for_grave_cases(scene: Scene) -> None:
    """§5.4: at 4 h the owner; at 24 h the head too; a lesser case's reminder of the night waits for the next school morning."""
    for user in (DSL, HEAD, DEPUTY):
        scene.way(user)
    scene.add_case(owner_id="u-dsl", severity=Severity.S2)
    scene.desk.fire_reminders(scene.clock.forward(timedelta(hours=4)))
    first = scene.to()
    scene.desk.fire_reminders(scene.clock.forward(timedelta(hours=20)))
    last = [one for one in scene.messages() if one.matter.endswith(":24h")]

    assert first == {"u-dsl": NOON + timedelta(hours=4)}
    assert {(one.user_id, one.not_before) for one in last} == {("u-dsl", MONDAY), ("u-head", MONDAY)}
    assert "late by 44 h 0 min" in last[0].subject  # true when it is read, not when it was written


def test_a_reminder_is_stored_once_whatever_runs_twice(scene: Scene) -> None:
    """A job that runs twice writes each reminder and each message once."""
    scene.way(DSL)
    scene.add_case()
    now = scene.clock.forward(timedelta(hours=4))
    found = [len(scene.desk.fire_reminders(now)) for _ in range(3)]

    assert found == [1, 0, 0]
    assert len(scene.messages()) == 1


def test_about_the_head_the_chair_is_reminded(scene: Scene) -> None:
    """§7.3: at 24 h the chair stands for a head whom the case is about; the head hears nothing."""
    for user in EVERYONE[:-1]:
        scene.way(user)
    scene.add_case(target="headteacher", confidentiality=Confidentiality.RESTRICTED_CHAIR, owner_id="u-chair", severity=Severity.S3)
    scene.desk.fire_reminders(scene.clock.forward(timedelta(hours=24)))

    assert "u-head" not in {one.user_id for one in scene.messages()}
    assert "u-chair" in scene.to()


STOPPED = {
    "stop": True,
    "severity": Severity.S4,
    "state": CaseState.SAFEGUARDING_LEAD,
    "confidentiality": Confidentiality.RESTRICTED_DSL,
    "target": "pupil",
}


def test_a_stopped_case_is_not_reminded_of_a_removal(scene: Scene) -> None:
    """B36: nobody is asked to remove anything there, so its 24 hours of removal are spoken of to nobody, by day or by night."""
    for user in EVERYONE[:-1]:
        scene.way(user)
    scene.add_case(**STOPPED)
    fired = [scene.desk.fire_reminders(scene.clock.forward(timedelta(hours=hours))) for hours in (4, 8, 12, 24)]

    assert fired == [()] * 4
    assert scene.messages() == []


def test_a_reminder_of_a_removal_that_waits_is_dropped_when_its_case_is_stopped(scene: Scene) -> None:
    """Written before the stop for the next morning, it does not go out after it."""
    scene.way(DSL)
    case = scene.add_case(severity=Severity.S2)
    scene.desk.fire_reminders(scene.clock.forward(timedelta(hours=12)))
    waiting = scene.to()
    with scene.store.begin("system") as work:
        work.cases.replace(case.model_copy(update={"stop": True}))
        work.commit()
    scene.clock.moment = MONDAY
    taken = [scene.desk.message_taken(one.message.id, WORKER) for one in scene.desk.messages_due(MONDAY)]

    assert waiting == {"u-dsl": MONDAY}
    assert taken == [None]


def test_the_lead_is_reminded_of_the_referral_at_any_hour(scene: Scene) -> None:
    """B36: lead and deputy hear of the one time that counts in a stopped case at 4, 12, 20, 23 and 24 hours, once each; nobody else."""
    for user in EVERYONE[:-1]:
        scene.way(user)
    scene.add_case(**STOPPED)
    told = []
    for hours in (3.5, 0.5, 8, 8, 3, 1):
        now = scene.clock.forward(timedelta(hours=hours))
        told.append((scene.desk.fire_dues(now), scene.desk.fire_dues(now)))
    about = scene.messages(Urgency.REMINDER)

    assert told == [(0, 0), *[(2, 0)] * 5]
    assert {one.user_id for one in about} == {"u-dsl", "u-deputy"}
    assert all(one.not_before == one.made_at for one in about)
    assert all("the safeguarding lead's referral is still to be made" in one.body for one in about)
    assert not [one for one in about if "left of" in one.subject or "late by" in one.subject]


def test_a_digest_counts_a_stopped_case_as_neither_late_nor_soon(scene: Scene) -> None:
    """It says how many are stopped, and what counts there; their hours of removal are none."""
    scene.add_case(**STOPPED)
    scene.clock.moment = MONDAY
    scene.desk.fire_digests(MONDAY)
    (mine,) = [one for one in scene.messages(Urgency.DIGEST) if one.user_id == "u-dsl"]

    assert "Open cases: 1; past their 24 hours: 0; less than 4 hours left: 0. Stopped, so that" in mine.body
    assert "late" not in mine.subject


def test_duties_fall_due_once_and_in_working_hours(scene: Scene) -> None:
    """A23: support that nobody offered is asked for; a policy is told of 60 days before (A30); nothing comes twice."""  # A23 A30
    for user in (DSL, HEAD):
        scene.way(user)
    scene.add_case(target="teacher", severity=Severity.S2)
    policy = Policy(
        id="p-1",
        school_id=SCHOOL_ID,
        title=HOSTILE,
        version="1",
        created_by="u",
        approved_by="u",
        approved_on=date(2026, 1, 10),
        next_review_on=date(2027, 1, 20),
        owner="u",
        added_by="u",
        added_at=NOON,
    )
    with scene.store.begin("system") as work:
        work.policies.add(policy)
        work.commit()
    now = scene.clock.forward(timedelta(days=3, minutes=1))  # a Monday
    other = Due("x:1", now - timedelta(minutes=1), DueKind.OTHER, SCHOOL_ID, roles=(Role.DSL.value,))
    first, again = scene.desk.fire_dues(now, [other]), scene.desk.fire_dues(now, [other])
    bodies = [one.body for one in scene.messages(Urgency.REMINDER)]

    assert again == 0
    assert first == len(bodies)
    assert any("support for the member of staff is still to be offered" in body for body in bodies)
    assert any("a policy is due for its review" in body for body in bodies)
    assert any("something is to be done" in body for body in bodies)


def test_a_digest_comes_every_school_morning_and_on_quiet_days(scene: Scene) -> None:
    """The digest comes once on a school day, also when nothing was flagged; not in the night, not on a Saturday."""
    scene.way(DSL)
    with scene.store.begin("system") as work:
        for finding in work.findings.where():
            work.findings.replace(finding.model_copy(update={"state": FindingState.DECIDED, "made_at": NOON - timedelta(days=9)}))
        work.commit()
    made = []
    for moment in (
        NIGHT,
        NOON + timedelta(days=1),
        MONDAY - timedelta(minutes=1),
        MONDAY,
        MONDAY + timedelta(hours=1),
        MONDAY + timedelta(days=1),
    ):
        scene.clock.moment = moment
        made.append(scene.desk.fire_digests(moment))
    mine = [one for one in scene.messages(Urgency.DIGEST) if one.user_id == "u-dsl"]

    assert made == [0, 0, 0, 3, 0, 3]  # lead, deputy and head, each their own counts
    assert "Nothing was flagged since Fri 20 Nov, 08:00 GMT." in mine[0].body
    assert [one.state for one in mine] == [MessageState.WAITING] * 2


def test_a_digest_counts_only_what_its_reader_may_see(scene: Scene) -> None:
    """A case about the head is not in the head's counts."""
    scene.add_case(target="headteacher", confidentiality=Confidentiality.RESTRICTED_CHAIR, severity=Severity.S3)
    scene.desk.fire_digests(scene.clock.now())
    of = {one.user_id: one.body for one in scene.messages(Urgency.DIGEST)}

    assert "Open cases: 0;" in of["u-head"]


# --- handing over


def test_a_message_is_taken_by_one_worker_only(scene: Scene) -> None:
    """Two workers at the same message: the second gets nothing."""
    scene.way(DSL)
    scene.flag()
    found = scene.desk.messages_due(scene.clock.now())[0].message
    first, second = scene.desk.message_taken(found.id, WORKER), scene.desk.message_taken(found.id, "worker-2")

    assert first is not None
    assert second is None
    assert scene.message(found.id).state is MessageState.SENDING
    assert scene.message(found.id).taken_by == WORKER


def test_sent_is_sent(scene: Scene) -> None:
    """What went out is noted with its time, and its way is known to work."""
    way = scene.way(DSL)
    scene.flag()
    taken = scene.take()
    scene.desk.message_sent(taken.message.id)

    assert scene.message(taken.message.id).state is MessageState.SENT
    assert scene.desk.my_ways(DSL)[0].worked_at == NOON
    assert scene.desk.my_ways(DSL)[0].id == way.id
    assert [one for one in scene.desk.messages_due(NOON + timedelta(days=9)) if one.message.user_id == "u-dsl"] == []


def test_a_failure_before_it_left_is_tried_again_later_each_time(scene: Scene) -> None:
    """Tries come after longer and longer waits, and end after about a day."""
    scene.way(DSL)
    scene.flag(Severity.S3)
    waits = []
    for _ in range(len(outbox.BACK_OFF)):
        taken = scene.take()
        failed = scene.desk.message_failed(taken.message.id, "the server could not be reached")
        waits.append(failed.not_before - scene.clock.now())
        scene.clock.moment = failed.not_before
    last = scene.desk.message_failed(scene.take().message.id, "the server could not be reached")

    assert waits == list(outbox.BACK_OFF)
    assert waits == sorted(waits)
    assert last.state is MessageState.GIVEN_UP
    assert timedelta(hours=20) < sum(waits, timedelta(0)) < timedelta(hours=30)


def test_something_urgent_is_passed_on_while_it_is_tried_further(scene: Scene) -> None:
    """After the third failure the person's other way is tried, and the first goes on being tried."""
    scene.way(DSL)
    scene.way(DSL, WayKind.WEBHOOK)
    scene.flag(Severity.S3)
    for _ in range(outbox.PASS_ON_AFTER):
        failed = scene.desk.message_failed(scene.take().message.id, "the server could not be reached")
        scene.clock.moment = failed.not_before
    mine = [one for one in scene.messages() if one.user_id == "u-dsl"]

    assert [one.state for one in mine] == [MessageState.WAITING, MessageState.WAITING]
    assert len({one.way_id for one in mine}) == 2


def test_refused_for_good_goes_to_the_other_way_then_to_the_next_in_line(scene: Scene) -> None:
    """A refusal is passed on at once: the person's next way, then the deputy, then the head; then the page is red."""
    scene.clock.moment = NIGHT
    scene.way(DSL)
    scene.way(DSL, WayKind.WEBHOOK)
    scene.way(DEPUTY)
    scene.flag(Severity.S4)
    order = []
    for _ in range(3):
        taken = scene.take()
        order.append((taken.message.user_id, taken.way.kind if taken.way else None))
        scene.desk.message_failed(taken.message.id, "the server answered 404", for_good=True)

    assert order == [("u-dsl", WayKind.MAIL), ("u-dsl", WayKind.WEBHOOK), ("u-deputy", WayKind.MAIL)]
    assert {one.user_id for one in scene.desk.outbox(DSL, SCHOOL_ID).troubled} == {"u-dsl", "u-deputy", "u-head"}


def test_after_a_crash_nothing_is_sent_twice(scene: Scene) -> None:
    """What a killed worker was handing over is unknown: never sent again, not even by another way; the next in line is told."""
    scene.clock.moment = NIGHT
    scene.way(DSL)
    scene.way(DSL, WayKind.WEBHOOK)
    scene.way(DEPUTY)
    scene.flag(Severity.S4)
    taken = scene.take()
    lost = scene.desk.messages_lost(WORKER)
    due = scene.desk.messages_due(scene.clock.now())

    assert [one.id for one in lost] == [taken.message.id]
    assert scene.message(taken.message.id).state is MessageState.UNKNOWN
    assert [one.message.user_id for one in due] == ["u-deputy"]
    assert scene.desk.messages_lost(WORKER) == ()
    assert taken.message.id in [one.id for one in scene.desk.outbox(DSL, SCHOOL_ID).troubled]


def test_the_next_in_line_who_would_hear_in_the_morning_hears_now(scene: Scene) -> None:
    """When the one on call fails in the night, the head's message of the morning is brought forward."""
    scene.clock.moment = NIGHT
    scene.way(DSL)
    scene.way(HEAD)
    scene.flag(Severity.S3)
    before = scene.to()
    scene.desk.message_failed(scene.take().message.id, "the server answered 550", for_good=True)

    assert before == {"u-dsl": NIGHT, "u-head": MONDAY}
    assert scene.to() == {"u-head": NIGHT}


def test_nobody_with_a_way_ends_and_is_shown(scene: Scene) -> None:
    """With nobody to reach, day or night, nothing loops: it is written down and the page says so."""
    for moment in (NOON, NIGHT):
        scene.clock.moment = moment
        scene.flag(Severity.S4, f"f-{moment.hour}")
    found = scene.desk.outbox(DSL, SCHOOL_ID)

    assert {one.problem for one in scene.messages()} == {outbox.NO_WAY}
    assert len(found.troubled) == 6


def test_what_another_worker_left_is_noticed_by_the_clock(store: Store) -> None:
    """A message that any worker has been handing over for too long counts as lost."""
    fill(store, *EVERYONE)
    clock = ScaledClock(SystemClock().now() - timedelta(seconds=100), 1.0)
    scene = Scene(store, FixedClock(), Casework(store, clock))
    scene.clock.moment = clock.now()
    scene.way(DSL)
    scene.flag(Severity.S4)
    scene.clock.moment = clock.now()
    scene.take()

    assert scene.desk.messages_stuck(3600.0) == ()
    assert len(scene.desk.messages_stuck(-1.0)) == 1


def test_what_is_done_in_the_meantime_is_not_sent(scene: Scene) -> None:
    """A reminder of a case that is gone, and an alarm about a post that was judged, are dropped."""
    scene.way(DSL)
    case = scene.add_case()
    scene.desk.fire_reminders(scene.clock.forward(timedelta(hours=4)))
    scene.flag(Severity.S3)
    with scene.store.begin("system") as work:
        work.cases.replace(case.model_copy(update={"gone_observed_at": NOON}))
        for finding in work.findings.where():
            work.findings.replace(finding.model_copy(update={"state": FindingState.DECIDED}))
        work.commit()
    taken = [scene.desk.message_taken(one.message.id, WORKER) for one in scene.desk.messages_due(scene.clock.now())]

    assert taken == [None, None]
    assert {one.state for one in scene.messages() if one.way_id} == {MessageState.DROPPED}


def test_somebody_demoted_or_disabled_is_not_told_and_the_next_is(scene: Scene) -> None:
    """Between writing and sending a person may leave: then the next in line hears it."""
    scene.clock.moment = NIGHT
    scene.way(DSL)
    scene.way(DEPUTY)
    scene.flag(Severity.S4)
    with scene.store.begin("system") as work:
        work.users.replace(DSL.model_copy(update={"disabled": True}))
        work.commit()
    first = scene.desk.message_taken(scene.desk.messages_due(scene.clock.now())[0].message.id, WORKER)

    assert first is None
    assert set(scene.to()) == {"u-deputy"}


def test_a_way_that_was_removed_is_passed_over(scene: Scene) -> None:
    """A message whose way was taken away goes by the next one."""
    way = scene.way(DSL)
    scene.way(DSL, WayKind.WEBHOOK)
    scene.flag(Severity.S3)
    scene.desk.drop_way(DSL, way.id)
    taken = [scene.desk.message_taken(one.message.id, WORKER) for one in scene.desk.messages_due(scene.clock.now())]

    assert taken == [None]
    assert len(scene.to()) == 1


def test_late_news_and_repeated_news_change_nothing_wrongly(scene: Scene) -> None:
    """An answer that comes twice, or after the message was counted as lost, is taken for what it says."""
    scene.way(DSL)
    scene.flag(Severity.S3)
    taken = scene.take().message.id
    scene.desk.message_unknown(taken, "it broke off")
    failed = scene.desk.message_failed(taken, "too late").state
    scene.desk.message_sent(taken)
    unknown = scene.desk.message_unknown(taken, "too late").state

    assert failed is MessageState.UNKNOWN
    assert unknown is MessageState.SENT


FATES = ("sent", "later", "refused", "unknown", "crash after", "crash before")


def hand_over(scene: Scene, fate: str) -> tuple[str, str | None] | None:
    """Hand the first message over and let it end so; return its matter and way if it may have left."""
    found = scene.desk.messages_due(scene.clock.now())
    taken = scene.desk.message_taken(found[0].message.id, WORKER) if found else None
    if taken is None:
        scene.clock.forward(timedelta(minutes=7))
        return None
    message = taken.message
    ends = {
        "sent": lambda: scene.desk.message_sent(message.id),
        "unknown": lambda: scene.desk.message_unknown(message.id, "it broke off"),
        "later": lambda: scene.desk.message_failed(message.id, "no"),
        "refused": lambda: scene.desk.message_failed(message.id, "no", for_good=True),
    }
    ends.get(fate, lambda: scene.desk.messages_lost(WORKER))()
    return (message.matter, message.way_id) if fate in {"sent", "unknown", "crash after"} else None


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.integers(1, 30), number=st.integers(1000, 10**9), fates=st.lists(st.sampled_from(FATES), min_size=10, max_size=25))
def test_whatever_happens_a_way_gets_a_message_at_most_once(scene: Scene, hours: int, number: int, fates: list[str]) -> None:
    """Any order of sending, failing, breaking off and crashing hands a message over at most once by each way."""
    for user in (DSL, DEPUTY, HEAD):
        if not scene.desk.my_ways(user):
            scene.way(user)
            scene.way(user, WayKind.WEBHOOK)
    scene.clock.forward(timedelta(hours=hours))
    scene.flag(Severity.S4, f"f-{number}")
    handed = [one for one in (hand_over(scene, fate) for fate in fates) if one is not None]

    assert len(handed) == len(set(handed))


# --- ways, the rota, the page


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        (WayKind.MAIL, "nobody"),
        (WayKind.MAIL, "a@b@c.example"),
        (WayKind.MAIL, "a..b@school.example"),
        (WayKind.MAIL, "a@school.example\nBcc: x@evil.example"),
        (WayKind.WEBHOOK, "ftp://hooks.example.org/x"),
        (WayKind.WEBHOOK, "https://user:pass@hooks.example.org/x"),
        (WayKind.WEBHOOK, "https://hooks.example.org:port/x"),
        (WayKind.WEBHOOK, "https://hooks.example.org/" + "x" * 2000),
        (WayKind.TEAMS, "https://hooks.example.org/x"),
        (WayKind.TEAMS, "http://prod-01.uksouth.logic.azure.com/workflows/x"),
    ],
)
def test_an_address_that_can_be_none_is_refused(scene: Scene, kind: WayKind, address: str) -> None:
    """A wrong address is refused with what would be right; the message does not repeat it."""
    with pytest.raises(WayRefusedError) as refused:
        scene.desk.add_way(DSL, kind, address)

    assert address not in str(refused.value)
    assert scene.desk.my_ways(DSL) == ()


def test_ways_are_ones_own(scene: Scene) -> None:
    """Nobody sees, tries or removes another's way; the same one is not kept twice; staff without cases have none."""
    way = scene.way(DSL)
    with pytest.raises(WayRefusedError, match="there already"):
        scene.way(DSL)
    for act in (scene.desk.drop_way, scene.desk.try_way):
        with pytest.raises(WayRefusedError, match="not yours"):
            act(HEAD, way.id)
    with pytest.raises(PermissionDeniedError):
        scene.way(STAFF)
    for number in range(2, 7):
        scene.way(DSL, number=number)
    with pytest.raises(WayRefusedError, match="no more than"):
        scene.way(DSL, number=9)

    assert scene.desk.my_ways(HEAD) == ()


def test_a_test_message_goes_out_at_any_hour_and_is_not_passed_on(scene: Scene) -> None:
    """A trial goes to oneself by that way alone; when it fails that is all that happens."""
    scene.clock.moment = NIGHT
    scene.way(DEPUTY)
    sent = scene.desk.try_way(DSL, scene.way(DSL).id)
    scene.desk.message_failed(scene.take().message.id, "the server could not be reached")

    assert scene.message(sent.id).state is MessageState.GIVEN_UP
    assert len(scene.messages()) == 1


def test_the_rota_is_kept_by_whoever_may(scene: Scene) -> None:
    """On call, away and closures are set by lead, deputy or head; everybody may set their own time away."""
    week = (NOON, NOON + timedelta(days=7))
    entry = scene.desk.put_on_call(DSL, SCHOOL_ID, "u-deputy", *week)
    away = scene.desk.set_away(COMMS, SCHOOL_ID, "u-comms", *week)
    scene.desk.set_away(DSL, SCHOOL_ID, "u-deputy", *week, cover_user_id="u-head")
    closure = scene.desk.close_school(HEAD, SCHOOL_ID, "Inset  day", date(2026, 11, 23), date(2026, 11, 23))
    found = scene.desk.rota(DSL, SCHOOL_ID)
    for act in (
        lambda: scene.desk.put_on_call(COMMS, SCHOOL_ID, "u-dsl", *week),
        lambda: scene.desk.set_away(COMMS, SCHOOL_ID, "u-dsl", *week),
        lambda: scene.desk.close_school(COMMS, SCHOOL_ID, "x", date(2026, 11, 23), date(2026, 11, 23)),
        lambda: scene.desk.take_off_call(COMMS, entry.id),
        lambda: scene.desk.drop_closure(COMMS, closure.id),
        lambda: scene.desk.rota(STAFF, SCHOOL_ID),
        lambda: scene.desk.outbox(STAFF, SCHOOL_ID),
    ):
        with pytest.raises(PermissionDeniedError):
            act()

    assert [one.user.id for one in found.line] == ["u-head", "u-dsl"]
    assert (found.on_call, found.is_staffed) == (1, True)
    assert closure.name == "Inset day"
    assert found.opens_at == MONDAY + timedelta(days=1)
    scene.desk.take_off_call(DSL, entry.id)
    scene.desk.end_away(COMMS, away.id)
    scene.desk.drop_closure(HEAD, closure.id)
    assert scene.desk.rota(DSL, SCHOOL_ID).on_call == 0


def test_what_cannot_be_on_a_rota_is_refused(scene: Scene) -> None:
    """Spans that end before they begin, are over, or last for years; people who may see nothing; covers for oneself."""
    ends = NOON + timedelta(days=1)
    refused = [
        (lambda: scene.desk.put_on_call(DSL, SCHOOL_ID, "u-dsl", ends, NOON), "before the beginning"),
        (lambda: scene.desk.put_on_call(DSL, SCHOOL_ID, "u-dsl", NOON - timedelta(days=2), NOON - timedelta(days=1)), "over already"),
        (lambda: scene.desk.put_on_call(DSL, SCHOOL_ID, "u-dsl", NOON, NOON + timedelta(days=400)), "mistake"),
        (lambda: scene.desk.put_on_call(DSL, SCHOOL_ID, "u-dsl", NOON, ends, rank=0), "from 1 to 9"),
        (lambda: scene.desk.put_on_call(DSL, SCHOOL_ID, "u-staff", NOON, ends), "opens no grave matter"),
        (lambda: scene.desk.set_away(DSL, SCHOOL_ID, "u-dsl", NOON, ends, "u-dsl"), "stand in for themselves"),
        (lambda: scene.desk.close_school(DSL, SCHOOL_ID, " ", date(2026, 1, 1), date(2026, 1, 1)), "short name"),
        (lambda: scene.desk.close_school(DSL, SCHOOL_ID, "x", date(2026, 1, 2), date(2026, 1, 1)), "before the first"),
        (lambda: scene.desk.close_school(DSL, SCHOOL_ID, "x", date(2026, 1, 1), date(2026, 12, 1)), "60 days"),
    ]
    for act, why in refused:
        with pytest.raises(CaseError, match=why):
            act()
    with pytest.raises(NotFoundError):
        scene.desk.put_on_call(DSL, SCHOOL_ID, "u-stranger", NOON, ends)

    with scene.store.read() as work:
        assert work.on_call.where() == []


def test_the_page_shows_what_failed_until_somebody_saw_to_it(scene: Scene) -> None:
    """An urgent message that may not have arrived stands out until somebody says that the matter is known."""
    scene.clock.moment = NIGHT
    scene.way(DSL)
    scene.flag(Severity.S4)
    scene.desk.message_unknown(scene.take().message.id, "it broke off")
    failed = scene.desk.outbox(DSL, SCHOOL_ID)
    scene.desk.settle(DSL, failed.troubled[0].id)

    assert failed.counts[MessageState.UNKNOWN] == 1
    assert scene.desk.outbox(DSL, SCHOOL_ID).troubled == ()


def test_the_page_hides_messages_about_what_one_may_not_see(scene: Scene) -> None:
    """§7.3: the head sees no trace of messages about a case about the head, and cannot settle them."""
    scene.way(CHAIR)
    scene.add_case(target="headteacher", confidentiality=Confidentiality.RESTRICTED_CHAIR, owner_id="u-chair", severity=Severity.S3)
    scene.desk.fire_reminders(scene.clock.forward(timedelta(hours=4)))
    about = scene.messages()

    assert len(about) >= 1
    assert scene.desk.outbox(HEAD, SCHOOL_ID).last == ()
    assert {one.id for one in scene.desk.outbox(CHAIR, SCHOOL_ID).last} == {one.id for one in about}
    with pytest.raises(PermissionDeniedError):
        scene.desk.settle(HEAD, about[0].id)


def test_a_matter_that_ended_is_no_longer_reminded_of(scene: Scene) -> None:
    """A duty of a case that was closed in the meantime is dropped, and a message about a case that went is not shown."""
    scene.way(DSL)
    case = scene.add_case(target="teacher", severity=Severity.S2)
    now = scene.clock.forward(timedelta(days=4))
    scene.desk.fire_dues(now)
    with scene.store.begin("system") as work:
        work.cases.replace(case.model_copy(update={"state": CaseState.CLOSED}))
        work.commit()
    taken = [scene.desk.message_taken(one.message.id, WORKER) for one in scene.desk.messages_due(now)]

    assert taken
    assert set(taken) == {None}
    assert replace(scene, clock=scene.clock).to() == {}
