"""Threads over time in the round: what posts show together is found after they were read, kept, and said on the flagged posts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from data.clock import FixedClock
from data.model.posts import PlatformName, SeenPost
from data.model.readings import HARMS, Reading, Severity
from data.model.threads import ThreadAlert, ThreadKind
from schoolwatch import round as one_round
from schoolwatch.demo.watchlist import ASHCOMBE, FERNLEY
from schoolwatch.testing import Watched, watched_town

PILE = (
    "Mrs Bramblecote you pathetic, useless woman, just quit. Nobody at Fernley Green Primary wants you.",
    "Fernley Green Primary deserves better than that disgusting idiot Mrs Bramblecote. Crawl away.",
    "Everyone email Mrs Bramblecote at Fernley Green Primary every hour until she quits. Make her life hell.",
    "Mrs Bramblecote is a vile liar and a bully. Fernley Green Primary, get rid of that stupid cow.",
    "I hate Mrs Bramblecote of Fernley Green Primary, worthless clown, hope she cries herself to sleep.",
    "Pathetic useless Mrs Bramblecote, Fernley Green Primary is sick of you, you disgusting fraud.",
)
LIVELY = (
    "Lovely nativity at Fernley Green Primary, thank you Mrs Bramblecote and all the staff.",
    "What time does the fair at Fernley Green Primary start, does anyone know?",
    "The bus for Fernley Green Primary is late again. In my view that is poor planning.",
    "Mrs Bramblecote handed out the prizes at Fernley Green Primary, so proud of Year 4.",
    "Lost a blue coat at Fernley Green Primary, size 8, please hand it in.",
    "I think the new lunch menu at Fernley Green Primary is a bit dull, but the children like it.",
    "Who won the raffle at Fernley Green Primary? We had to leave early.",
    "Thanks to Mr Oddwell of Fernley Green Primary for clearing the snow this morning.",
)


@pytest.fixture
def watched(tmp_path: Path, clock: FixedClock, empty_database: Path) -> Iterator[Watched]:
    """A desk for two schools; nothing of the town is polled here."""
    with watched_town(tmp_path / "state", clock, template=empty_database, posts=()) as one:
        yield one


def post(watched: Watched, name: str, text: str, author: str | None, minutes_ago: float, **more: object) -> None:
    """Keep a post as a poll would."""
    now = watched.clock.now()
    seen = SeenPost(
        platform=PlatformName.FORUM,
        native_id=name,
        permalink=f"https://forum.example/{name}",
        text=text,
        author_handle=author,
        created_at=now - timedelta(minutes=minutes_ago),
        **more,
    )
    with watched.desk.store.begin("system") as work:
        work.posts.keep([seen], source_id=None, seen_at=now)
        work.commit()


def crowd(watched: Watched, texts: Sequence[str], *, name: str = "c") -> None:
    """Let as many authors as there are texts write within the last hour."""
    for number, text in enumerate(texts):
        post(watched, f"{name}{number}", text, f"{name}-author-{number}", 50 - 5 * number)


def read(watched: Watched) -> None:
    """Read everything that is unread."""
    while one_round.read_posts(watched.hands):
        pass


def alerts(watched: Watched, kind: ThreadKind | None = None) -> list[ThreadAlert]:
    """Return what is kept."""
    with watched.desk.store.read() as work:
        return [one for one in work.threads.where() if kind in {None, one.kind}]


def test_a_pile_on_is_found_and_said_on_its_posts(watched: Watched) -> None:
    """Six hostile authors at one person within an hour: one alert with all of them, and each flagged post says so."""
    crowd(watched, PILE)
    read(watched)
    (alert,) = alerts(watched, ThreadKind.PILE_ON)
    flagged = [one for one in watched.findings() if one.post_id in alert.post_ids]

    assert (alert.school_id, len(set(alert.authors)) >= 5) == (FERNLEY, True)
    assert flagged
    assert all(any("pile-on" in reason for reason in one.reasons) for one in flagged)
    assert {one.severity >= Severity.S2 for one in flagged if one.lead_category in HARMS} == {True}  # criticism stays as low as it is
    assert [file.alert.id for file in watched.casework.threads(watched.user(), [FERNLEY]) if file.alert.kind is ThreadKind.PILE_ON] == [
        alert.id
    ]


def test_a_lively_harmless_discussion_raises_nothing(watched: Watched) -> None:
    """Eight parents within the hour, thanking, asking and grumbling: nothing."""
    crowd(watched, LIVELY)
    read(watched)

    assert alerts(watched) == []


def test_a_course_of_conduct_over_weeks_is_found_across_rounds(watched: Watched) -> None:
    """One author today and again three weeks later: found when the second is read, from what the store kept of the first."""
    post(watched, "one", PILE[0], "ann", 5)
    read(watched)
    before = alerts(watched)
    watched.forward(days=21)
    post(watched, "two", PILE[2], "ann", 5)
    read(watched)
    (alert,) = alerts(watched, ThreadKind.COURSE_OF_CONDUCT)

    assert before == []
    assert (len(alert.post_ids), alert.gaps) == (2, (21 * 24 * 60,))
    assert all(one.severity >= Severity.S3 for one in watched.findings())


def test_after_ninety_days_two_posts_are_two_posts(watched: Watched) -> None:
    """What lies longer apart is not put together."""
    post(watched, "one", PILE[0], "ann", 5)
    read(watched)
    watched.forward(days=91)
    post(watched, "two", PILE[2], "ann", 5)
    read(watched)

    assert alerts(watched) == []


def test_reading_goes_on_in_chunks_and_finds_the_same(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of two find one growing alert, not several."""
    monkeypatch.setattr(one_round, "CHUNK", 2)
    crowd(watched, PILE)
    read(watched)
    (alert,) = alerts(watched, ThreadKind.PILE_ON)

    assert len(alert.post_ids) >= 5


def test_a_kill_after_flagging_loses_and_doubles_nothing(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before, and killed after the alerts were kept: the next round finds each once."""
    crowd(watched, PILE)
    keep = type(watched.casework).threads_found

    def killed_before(*_arguments: object) -> None:
        raise KeyboardInterrupt

    def killed_after(*arguments: object) -> None:
        keep(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    for killed in (killed_before, killed_after):
        monkeypatch.setattr(type(watched.casework), "threads_found", killed)
        with pytest.raises(KeyboardInterrupt):
            one_round.read_posts(watched.hands)
    monkeypatch.setattr(type(watched.casework), "threads_found", keep)
    read(watched)

    assert len(alerts(watched, ThreadKind.PILE_ON)) == 1


def test_only_schools_with_new_posts_are_looked_at(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A post about one school costs the other nothing; a post about neither costs nobody anything."""
    seen: list[str] = []
    look = one_round.look_together
    monkeypatch.setattr(one_round, "look_together", lambda hands, school_id: seen.append(school_id) or look(hands, school_id))
    post(watched, "none", "Roadworks on the bypass from Monday.", "bob", 5)
    read(watched)
    post(watched, "ashcombe", "Science night at Ashcombe Vale Academy was a joy.", "bob", 5)
    read(watched)

    assert seen == [ASHCOMBE]


def test_set_aside_stays_so_until_somebody_hostile_joins(watched: Watched) -> None:
    """A person sets the pile-on aside; a kind word in the thread changes nothing, a new attack shows it again."""
    crowd(watched, PILE[:5])
    read(watched)
    (alert,) = alerts(watched, ThreadKind.PILE_ON)
    watched.casework.set_aside(watched.user(), alert.id, "all six were spoken to")
    crowd(watched, LIVELY[:1], name="kind")
    read(watched)
    quiet = [one.alert.id for one in watched.casework.threads(watched.user(), [FERNLEY])]
    post(watched, "worse", PILE[5], "newcomer", 2)
    read(watched)
    loud = [one.alert.id for one in watched.casework.threads(watched.user(), [FERNLEY])]

    assert alert.id not in quiet
    assert alert.id in loud


def test_a_busy_school_is_looked_at_within_bounds(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """With more posts than are looked at, the newest count, and the usual rate comes from the time that these cover."""
    monkeypatch.setattr(one_round, "TOGETHER", 6)
    crowd(watched, LIVELY, name="calm")
    read(watched)
    crowd(watched, PILE)
    read(watched)

    assert alerts(watched, ThreadKind.PILE_ON) == []  # six in an hour are usual where every six posts cover an hour


def answer(watched: Watched, name: str, text: str, minutes_ago: float, *, under: str = "root", author: str | None = None) -> None:
    """Keep an answer that names no school."""
    post(watched, name, text, author or f"{name}-author", minutes_ago, parent_id=under)


def reading_of(watched: Watched, name: str) -> Reading:
    """Return how a post was read last."""
    with watched.desk.store.read() as work:
        found = work.posts.named(PlatformName.FORUM, [name])
        return work.readings.last_of(found)[found[0].id]


NAME = "Fernley Green Primary School"
ROOT = "Two hours in the hall at Fernley Green Primary and Mrs Bramblecote sent them home without lunch."
NASTY = (
    "That woman is a vile, worthless cow",
    "Hope she gets hounded out, pathetic bully",
    "Everyone email her every hour until she quits, make her life hell",
    "disgusting excuse for a human being, sack her",
    "someone should slap that stupid smug face of hers",
    "She is a liar and a thief and we all know it",
)


def test_answers_that_name_no_school_are_read_and_make_a_pile_on(watched: Watched) -> None:
    """Nasty answers under a post about the school are about the school and about whom the post names; each says how that is known."""
    post(watched, "root", ROOT, "parent", 55)
    for number, text in enumerate(NASTY):
        answer(watched, f"r{number}", text, 50 - 5 * number)
    read(watched)
    one = reading_of(watched, "r0")

    assert one.schools() == (FERNLEY,)
    assert one.conversation(FERNLEY) == f"in a conversation about {NAME}"
    assert reading_of(watched, "root").conversation(FERNLEY) is None
    assert [len(alert.authors) >= 5 for alert in alerts(watched, ThreadKind.PILE_ON)] == [True]


def test_an_answer_kept_before_its_post_is_read_once_more(watched: Watched) -> None:
    """Sources list the newest first: an answer read too early inherits the school as soon as the post is read, and down the chain."""
    answer(watched, "r1", NASTY[2], 10, under="r0")
    answer(watched, "r0", NASTY[0], 20)
    read(watched)
    early = reading_of(watched, "r0").mentions
    watched.forward(minutes=1)
    post(watched, "root", ROOT, "parent", 55)
    read(watched)

    assert early == ()
    assert [reading_of(watched, name).schools() for name in ("r0", "r1")] == [(FERNLEY,)] * 2
    assert reading_of(watched, "r1").mentions[0].sure < reading_of(watched, "r0").mentions[0].sure


def test_an_answer_is_no_finding_for_criticism_alone(watched: Watched) -> None:
    """A complaint in an answer stays in the conversation; a threat in one is a finding of its own, which says where it stands."""
    post(watched, "root", ROOT, "parent", 55)
    answer(watched, "fair", "I think the whole policy is poor planning and a disgrace, the governors should look at it", 40)
    answer(watched, "grave", "I will wait at the gate for her tonight and kill her", 30)
    read(watched)
    found = {one.post_id: one for one in watched.findings()}
    grave, fair = reading_of(watched, "grave"), reading_of(watched, "fair")

    assert fair.schools() == (FERNLEY,)
    assert fair.post_id not in found
    assert found[grave.post_id].reasons[-1] == f"in a conversation about {NAME}: the post does not name it"


def test_an_answer_elsewhere_inherits_nothing(watched: Watched) -> None:
    """An answer to a post about something else, on another platform, or that names another school, is not drawn in."""
    post(watched, "root", ROOT, "parent", 55)
    post(watched, "other", "The bins on Mill Lane were not emptied again.", "neighbour", 55)
    answer(watched, "bins", NASTY[0], 40, under="other")
    answer(watched, "own", "At Ashcombe Vale Academy they do lunch properly.", 30)
    read(watched)

    assert reading_of(watched, "bins").mentions == ()
    assert reading_of(watched, "own").schools() == (ASHCOMBE,)


def test_an_answer_is_found_by_its_number_on_the_server(watched: Watched) -> None:
    """Some servers name the post above only by its number there."""
    post(watched, "https://social.example/a/1", ROOT, "parent", 55, raw={"server": "social.example", "id": "77"})
    read(watched)
    answer(watched, "r0", NASTY[0], 40, under="social.example#77")
    read(watched)

    assert reading_of(watched, "r0").schools() == (FERNLEY,)
