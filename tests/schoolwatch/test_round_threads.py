"""Threads over time in the round: what posts show together is found after they were read, kept, and said on the flagged posts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from data.clock import FixedClock
from data.model.posts import PlatformName, SeenPost
from data.model.readings import Severity
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
    assert all(one.severity >= Severity.S2 and any("pile-on" in reason for reason in one.reasons) for one in flagged)
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
