"""The words of messages and who gets them: numbers, tiers, hours; never a name, a quote or an address."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework import messages, rota
from casework.messages import DueKind, SourceSeen, Tally
from casework.rota import Due, Matter, Rota, Told, alerted, falls_due, is_staffed, last_morning, next_in_line, next_morning, told
from casework.testing import NOON, SCHOOL_ID, a_user
from data.model.people import Role, User
from data.model.readings import Severity
from data.model.telling import Away, Message, OnCall, SchoolClosure, Urgency

DSL = a_user(Role.DSL)
DEPUTY = a_user(Role.DEPUTY_DSL, user_id="u-deputy")
HEAD = a_user(Role.HEADTEACHER, user_id="u-head")
CHAIR = a_user(Role.CHAIR, user_id="u-chair")
COMMS = a_user(Role.COMMS_LEAD, user_id="u-comms")
NIGHT = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)  # Friday
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def a_rota(*on_call: str, now: datetime = NOON, away: tuple[Away, ...] = (), users: tuple[User, ...] | None = None) -> Rota:
    """Return a school's people, some on call in this order."""
    people = (DSL, DEPUTY, HEAD, CHAIR, COMMS) if users is None else users
    return Rota(SCHOOL_ID, now, people, tuple(duty(one, number + 1) for number, one in enumerate(on_call)), away)


def duty(user_id: str, rank: int = 1) -> OnCall:
    """Return a time on call around the days of these tests."""
    span = timedelta(days=30)
    return OnCall(
        id=f"o-{rank}",
        school_id=SCHOOL_ID,
        user_id=user_id,
        rank=rank,
        starts_at=NOON - span,
        ends_at=NOON + span,
        added_by="u",
        added_at=NOON,
    )


def gone(user_id: str, cover: str | None = None) -> Away:
    """Return a time away around the days of these tests."""
    span = timedelta(days=3)
    return Away(
        id=f"a-{user_id}",
        user_id=user_id,
        school_id=SCHOOL_ID,
        starts_at=NOON - span,
        ends_at=NOON + span,
        cover_user_id=cover,
        added_by="u",
        added_at=NOON,
    )


def a_matter(
    *roles: str,
    urgency: Urgency = Urgency.URGENT,
    severity: Severity = Severity.S3,
    subject: str = "",
    blind: tuple[str, ...] = (),
    owner: str = "u-dsl",
) -> Matter:
    """Return something to be told."""
    words = messages.urgent(severity, None, NOON)
    return Matter(
        key="k",
        school_id=SCHOOL_ID,
        urgency=urgency,
        severity=severity,
        roles=roles,
        words=lambda _: words,
        may_see=lambda user: user.id not in blind,
        is_subject=lambda user: user.id == subject,
        owner_id=owner,
    )


def who(found: tuple[Told, ...]) -> list[tuple[str, bool]]:
    """Return who is told at once, and whether fully."""
    return sorted((one.user.id, one.fully) for one in found)


def test_an_urgent_message_is_tier_number_and_time() -> None:
    """A message about a case says tier, number and since when; nothing more."""
    words = messages.urgent(Severity.S4, "SW-2026-0012", NOON)

    assert words.subject == "Schoolwatch: Critical (S4): case SW-2026-0012 waits"
    assert words.body.splitlines()[0] == "Critical (S4): case SW-2026-0012 waits since Fri 20 Nov, 12:00 GMT."


def test_a_reminder_says_the_hours_left() -> None:
    """A18: the time left of the 24 hours, or by how much it is late."""
    left = messages.reminder("SW-2026-0012", Severity.S2, timedelta(hours=3, minutes=5), NOON)
    late = messages.reminder("SW-2026-0012", Severity.S2, timedelta(hours=-2), NOON)

    assert left.subject == "Schoolwatch: SW-2026-0012: 3 h 5 min left of 24 h"
    assert late.subject == "Schoolwatch: SW-2026-0012: late by 2 h 0 min"


@given(st.text(min_size=1, max_size=40).filter(lambda text: not text.startswith("SW-")))
def test_nothing_but_a_number_names_a_case(text: str) -> None:
    """Whatever else is given as a number is refused before a message is made."""
    with pytest.raises(ValueError, match="number only"):
        messages.urgent(Severity.S3, text, NOON)


def test_no_writer_of_words_takes_a_post_or_a_person() -> None:
    """No function that writes a message can be handed a post, a person, a report or free text but the number and the pages' address."""
    writers: list[Callable[..., object]] = [
        messages.urgent,
        messages.many,
        messages.reminder,
        messages.due,
        messages.elsewhere,
        messages.test_message,
        messages.digest,
    ]
    taken = {str(one.annotation) for writer in writers for one in inspect.signature(writer).parameters.values()}
    allowed = {"Severity", "str | None", "str", "datetime", "timedelta", "DueKind", "Role | None", "Tally"}
    texts = [one.name for writer in writers for one in inspect.signature(writer).parameters.values() if "str" in str(one.annotation)]

    assert taken <= allowed
    assert set(texts) == {"ref"}


def test_every_kind_of_duty_has_words() -> None:
    """No duty is told without saying what it is."""
    bodies = {messages.due(kind, NOON, "SW-2026-0001").body for kind in DueKind}

    assert len(bodies) == len(DueKind)


def tally(**changes: object) -> Tally:
    """Return a quiet morning."""
    made: dict[str, object] = {
        "day": date(2026, 11, 20),
        "since": NOON - timedelta(days=1),
        "flagged": {},
        "waiting": 0,
        "oldest_at": None,
        "open_cases": 0,
        "late": 0,
        "soon": 0,
        "sources": (SourceSeen("mastodon", is_seen=True, last_seen_at=NOON), SourceSeen("forum", is_seen=False, last_seen_at=NOON)),
        "not_delivered": 0,
    }
    return Tally(**(made | changes))  # type: ignore[arg-type]


def test_a_quiet_day_says_what_was_not_watched() -> None:
    """On a quiet day the digest says so, and which kind of source was not seen since when: quiet and blind never look alike."""
    words = messages.digest(tally())

    assert words.subject == "Schoolwatch: 20 Nov: quiet, 1 sources not seen"
    assert "Nothing was flagged since Thu 19 Nov, 12:00 GMT." in words.body
    assert "1 of 2 sources were seen." in words.body
    assert "- forum: not seen since Fri 20 Nov, 12:00 GMT. What was posted there is not known." in words.body


def test_a_busy_day_counts_by_tier() -> None:
    """The digest counts what was flagged by tier, what waits, what is late, and what may not have arrived."""
    words = messages.digest(
        tally(flagged={Severity.S4: 1, Severity.S1: 3}, waiting=4, oldest_at=NOON, open_cases=2, late=1, soon=1, not_delivered=2)
    )

    assert words.subject == "Schoolwatch: 20 Nov: 4 flagged, 1 late, 1 sources not seen"
    assert "Flagged since Thu 19 Nov, 12:00 GMT: 1 Critical (S4), 3 Low (S1)." in words.body
    assert "Waiting to be judged: 4, the oldest since Fri 20 Nov, 12:00 GMT." in words.body
    assert "Messages of which it is not known whether anybody got them: 2." in words.body


def test_without_sources_a_quiet_day_says_nothing() -> None:
    """A school that watches nothing yet is told that quiet means nothing, and a source never seen is said to be so."""
    never = tally(sources=(SourceSeen("forum", is_seen=False, last_seen_at=None),))

    assert "Nothing is watched yet" in messages.digest(tally(sources=())).body
    assert "- forum: never seen yet." in messages.digest(never).body


def a_message(**changes: object) -> Message:
    """Return a message in the outbox."""
    made = Message(
        id="m",
        key="k",
        matter="k",
        school_id=SCHOOL_ID,
        user_id="u-dsl",
        urgency=Urgency.URGENT,
        subject="s",
        body="b",
        made_at=NOON,
        not_before=NOON,
    )
    return made.model_copy(update=changes)


def test_the_link_goes_to_our_own_page_by_id() -> None:
    """A link is made of the school's own address and an id; without an address there is none, and odd ids make none."""
    base = "https://watch.example.org/"
    found = [
        messages.link(a_message(case_id="c1"), base),
        messages.link(a_message(finding_id="f1"), base),
        messages.link(a_message(case_id="../x?y"), base),
        messages.link(a_message(), None),
    ]

    assert found == ["https://watch.example.org/case?id=c1", "https://watch.example.org/finding?id=f1", "https://watch.example.org", None]
    assert messages.with_link(a_message(case_id="c1"), None) == "b"


# --- when


@pytest.mark.parametrize(
    ("moment", "staffed"),
    [
        (datetime(2026, 11, 20, 8, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 18, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 21, 12, 0, tzinfo=UTC), False),  # Saturday
        (datetime(2026, 12, 25, 12, 0, tzinfo=UTC), False),  # Christmas Day
        (datetime(2026, 7, 1, 7, 30, tzinfo=UTC), True),  # 08:30 in summer
        (datetime(2026, 7, 1, 17, 30, tzinfo=UTC), False),
    ],
)
def test_working_hours(moment: datetime, staffed: bool) -> None:
    """Working hours are those of UK clocks, on school days."""
    assert is_staffed(moment, ()) is staffed


def test_the_next_morning_passes_over_weekend_and_closure() -> None:
    """What can wait waits for the next day on which the school is open."""
    closed = SchoolClosure(
        id="c", school_id=SCHOOL_ID, name="Inset", first=date(2026, 11, 23), last=date(2026, 11, 24), added_by="u", added_at=NOON
    )
    ever = closed.model_copy(update={"last": date(2027, 11, 24)})

    assert next_morning(NIGHT, ()) == MONDAY
    assert next_morning(NIGHT, (closed,)) == MONDAY + timedelta(days=2)
    assert next_morning(NIGHT, (ever,)) == NIGHT
    assert last_morning(MONDAY, ()) == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    assert last_morning(datetime(2027, 6, 1, tzinfo=UTC), (ever,)) == datetime(2027, 6, 1, tzinfo=UTC) - timedelta(days=60)


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_a_morning_is_always_ahead_and_staffed(moment: datetime) -> None:
    """Whatever the moment, the next morning lies ahead and begins a working day."""
    found = next_morning(moment, ())

    assert found > moment
    assert is_staffed(found, ())
    assert found.astimezone(messages.LONDON).hour == 8


# --- who


def test_in_the_day_the_roles_and_whoever_is_on_call() -> None:
    """S3 in working hours: the lead, the head, and who is on call, all at once."""
    found = told(a_rota("u-deputy"), a_matter(*alerted(Severity.S3, safeguarding=False)))

    assert who(found) == [("u-deputy", True), ("u-dsl", True), ("u-head", True)]
    assert {one.not_before for one in found} == {NOON}


def test_in_the_night_only_who_is_on_call() -> None:
    """In the night one person is woken; the others read it in the morning."""
    found = told(a_rota("u-deputy", now=NIGHT), a_matter(*alerted(Severity.S4, safeguarding=True), severity=Severity.S4))
    at = {one.user.id: one.not_before for one in found}

    assert at == {"u-deputy": NIGHT, "u-dsl": MONDAY, "u-head": MONDAY}


def test_nobody_on_call_falls_to_the_lead() -> None:
    """An empty rota never means silence: the lead, else the deputy, else the head."""
    night = a_matter(severity=Severity.S4)

    assert who(told(a_rota(now=NIGHT), night)) == [("u-dsl", True)]
    assert who(told(a_rota(now=NIGHT, users=(DEPUTY, HEAD)), night)) == [("u-deputy", True)]
    assert who(told(a_rota(now=NIGHT, users=(HEAD,)), night)) == [("u-head", True)]
    assert told(a_rota(now=NIGHT, users=()), night) == ()


def test_cover_stands_in_and_covers_of_covers() -> None:
    """Whoever is away is replaced by who stands in; a circle of covers ends with nobody, and the next in line is asked."""
    chain = a_rota("u-dsl", away=(gone("u-dsl", "u-deputy"), gone("u-deputy", "u-head")), now=NIGHT)
    circle = a_rota("u-dsl", away=(gone("u-dsl", "u-deputy"), gone("u-deputy", "u-dsl")), now=NIGHT)
    nobody = a_rota("u-dsl", away=(gone("u-dsl"),), now=NIGHT)

    assert [one.id for one in chain.called()] == ["u-head"]
    assert circle.called() == ()
    assert who(told(circle, a_matter())) == [("u-head", True)]
    assert who(told(nobody, a_matter())) == [("u-deputy", True)]


def test_nobody_hears_of_a_matter_about_themselves() -> None:
    """§7.3: the subject is not told, not even that something waits."""
    found = told(a_rota("u-head"), a_matter(Role.HEADTEACHER.value, Role.DSL.value, subject="u-head", severity=Severity.S4))

    assert "u-head" not in {one.user.id for one in found}
    assert ("u-dsl", True) in who(found)


def test_on_call_without_the_right_to_see_hears_only_that_something_waits() -> None:
    """Somebody on call whose role does not open it is told whom to ask, and the next who may see it is told fully."""
    found = told(a_rota("u-comms", now=NIGHT), a_matter(blind=("u-comms",), severity=Severity.S4))

    assert who(found) == [("u-comms", False), ("u-dsl", True)]
    assert "the safeguarding lead" in messages.elsewhere(Role.DSL).body
    assert "the safeguarding lead" in messages.elsewhere(None).body


def test_a_disabled_person_is_never_told() -> None:
    """A leaver who still stands on the rota is passed over."""
    left = DSL.model_copy(update={"disabled": True})
    found = told(a_rota("u-dsl", now=NIGHT, users=(left, DEPUTY)), a_matter(severity=Severity.S4))

    assert who(found) == [("u-deputy", True)]


def test_a_lesser_reminder_waits_for_the_morning() -> None:
    """§5.4: out of hours only S3 and S4."""
    lesser = a_matter("owner", urgency=Urgency.REMINDER, severity=Severity.S2)
    graver = a_matter("owner", urgency=Urgency.REMINDER, severity=Severity.S3, owner="u-head")

    assert [(one.user.id, one.not_before) for one in told(a_rota(now=NIGHT), lesser)] == [("u-dsl", MONDAY)]
    assert {(one.user.id, one.not_before) for one in told(a_rota("u-deputy", now=NIGHT), graver)} == {
        ("u-head", NIGHT),
        ("u-deputy", NIGHT),
    }


def test_an_owner_who_left_is_replaced_by_the_line() -> None:
    """A reminder to nobody goes to the first in line instead."""
    found = told(a_rota(), a_matter("owner", urgency=Urgency.REMINDER, severity=Severity.S1, owner="u-nobody"))

    assert who(found) == [("u-dsl", True)]


def test_the_next_in_line_was_not_tried() -> None:
    """After a failure the next who may hear it is asked, until nobody is left."""
    line = a_rota("u-deputy")

    assert next_in_line(line, a_matter(), {"u-deputy"}) == DSL
    assert next_in_line(line, a_matter(blind=("u-dsl",)), {"u-deputy"}) == HEAD
    assert next_in_line(line, a_matter(), {"u-deputy", "u-dsl", "u-head"}) is None


def test_safeguarding_is_told_to_lead_and_deputy() -> None:
    """A10: any safeguarding concern alerts the lead and the deputy."""  # A10
    assert {"dsl", "deputy_dsl"} <= set(alerted(Severity.S3, safeguarding=True))
    assert "deputy_dsl" not in alerted(Severity.S3, safeguarding=False)


@given(st.lists(st.sampled_from(["u-dsl", "u-deputy", "u-head", "u-chair", "u-comms"]), max_size=5), st.integers(0, 4), st.booleans())
def test_somebody_is_told_at_once_of_anything_grave(on_call: list[str], away: int, night: bool) -> None:
    """Whatever the rota, somebody who may see it hears of an S4 at once, unless everybody in line is away."""
    people = ("u-dsl", "u-deputy", "u-head")[:away]
    now = NIGHT if night else NOON
    line = a_rota(*on_call, now=now, away=tuple(gone(one) for one in people))
    found = told(line, a_matter(*alerted(Severity.S4, safeguarding=True), severity=Severity.S4, blind=("u-comms", "u-chair")))
    able = [one for one in line.chain() if one.id not in {"u-comms", "u-chair"}]

    assert any(one.fully and one.not_before == now for one in found) is bool(able)
    assert len({one.user.id for one in found}) == len(found)


# --- what falls due


def test_each_reminder_of_a_duty_once_and_only_the_latest() -> None:
    """After a time off only the latest reminder comes, and none twice."""
    due = Due("case-1:support", NOON, DueKind.SUPPORT, SCHOOL_ID, "case-1", remind_at=(NOON, NOON + timedelta(days=1)))
    first = falls_due([due], NOON, ())
    later = falls_due([due], NOON + timedelta(days=9), ())
    plain = falls_due([Due("p", NOON, DueKind.OTHER, SCHOOL_ID)], NOON, ())

    assert [key for key, _ in first] == ["due:case-1:support:20261120T1200"]
    assert [key for key, _ in later] == ["due:case-1:support:20261121T1200"]
    assert falls_due([due], NOON + timedelta(hours=1), [key for key, _ in first]) == ()
    assert falls_due([due], NOON - timedelta(seconds=1), ()) == ()
    assert len(plain) == 1
    assert rota.ALWAYS is Severity.S3
