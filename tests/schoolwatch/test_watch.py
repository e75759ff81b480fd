"""What is watched, in words: how each source is, what may be added, what is not watched at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from collector.errors import NotPublicError
from collector.public_address import Gate
from data.clock import FixedClock
from data.errors import PermissionDeniedError
from data.model.people import Role, User
from data.model.posts import PlatformName, SeenPost
from data.model.watch import Coverage, Health, Source, SourceState, StaffMember, TermKind
from data.store import Store
from schoolwatch.watch import Watch, WatchRefusedError, in_words

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PUBLIC = "93.184.216.34"


def a_source(**changes: object) -> Source:
    """Return an invented source."""
    made = Source(
        id="s1",
        school_id="fg",
        adapter="feed",
        platform=PlatformName.BLOG,
        name="The Green Notebook",
        address="https://notebook.example/feed",
        added_by="dsl",
        added_at=NOW - timedelta(days=1),
    )
    return made.model_copy(update=changes)


def a_state(health: Health = Health.OK, **changes: object) -> SourceState:
    """Return how an invented source is, read a minute ago."""
    made = SourceState(source_id="s1", health=health, last_polled_at=NOW - timedelta(minutes=1), last_post_at=NOW - timedelta(hours=1))
    return made.model_copy(update=changes)


@pytest.fixture
def watch(store: Store, clock: FixedClock) -> Watch:
    """What is watched; names of hosts resolve to one public address, and one to a private one."""
    places = {"inside.example": ("10.0.0.7",), "mixed.example": (PUBLIC, "192.168.1.1")}
    return Watch(store, clock, Gate(resolve=lambda host, _port: places.get(host, (PUBLIC,))))


@pytest.mark.parametrize("health", list(Health))
def test_every_health_has_words_and_a_tone(health: Health) -> None:
    """However a source is, its row says so in a sentence; only what was read and is fresh is calm."""
    says, tone = in_words(a_source(), a_state(health), NOW)

    assert says.endswith(".")
    assert (tone == "ok") == (health is Health.OK)
    assert health.value.upper() not in says


def test_trouble_says_that_nothing_is_seen() -> None:
    """Every trouble says that nothing is seen there, so that silence is not taken for peace."""
    for health in (Health.UNREACHABLE, Health.WALL, Health.REFUSED, Health.BROKEN):
        assert "Nothing is seen there" in in_words(a_source(), a_state(health), NOW)[0]


def test_the_problem_is_told() -> None:
    """What the poll noted stands behind the words."""
    assert in_words(a_source(), a_state(Health.WALL, problem="Asked to sign in (401)."), NOW)[0].endswith("Asked to sign in (401).")


def test_a_source_that_is_off_says_so() -> None:
    """A source that somebody switched off never looks calm."""
    assert in_words(a_source(enabled=False), a_state(), NOW) == ("Switched off. Nothing is seen there.", "off")


def test_silence_turns_amber() -> None:
    """A source that is read but brought nothing new for twice its usual silence asks whether its address is right."""
    source = a_source(expected_quiet_hours=24, added_at=NOW - timedelta(days=90))
    calm = in_words(source, a_state(last_post_at=NOW - timedelta(hours=47)), NOW)
    quiet = in_words(source, a_state(last_post_at=NOW - timedelta(days=5)), NOW)
    never = in_words(source, a_state(last_post_at=None), NOW)

    assert calm == ("Read.", "ok")
    assert quiet == ("Read, but nothing new for 5 days: is the address still right?", "warn")
    assert never[1] == "warn"


def test_a_worker_that_is_down_turns_red() -> None:
    """A source that was not read for longer than planned asks whether the worker runs."""
    says, tone = in_words(a_source(), a_state(last_polled_at=NOW - timedelta(hours=1)), NOW)

    assert tone == "bad"
    assert "is the worker running" in says


def test_a_gap_is_told() -> None:
    """When more came in than one poll may read, the span that may be missing is named."""
    says, _ = in_words(a_source(), a_state(gap_from=NOW - timedelta(hours=3), gap_to=NOW - timedelta(hours=1)), NOW)

    assert "posts may be missing from 20 Nov 06:00 to 20 Nov 08:00 UTC" in says


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/feed",
        "http://localhost:8750/",
        "http://[::1]/",
        "http://169.254.169.254/latest",
        "http://inside.example/",
        "http://mixed.example/",
        "http://2130706433/",
        "ftp://notebook.example/",
        "file:///etc/passwd",
        "http://user:secret@notebook.example/",
        "https://notebook.example:8443/",
        "javascript:alert(1)",
        "notebook.example",
        "",
        "http://",
        "http://exa mple/",
    ],
)
def test_a_private_or_odd_address_is_refused_before_anything_is_stored(watch: Watch, store: Store, dsl: User, address: str) -> None:
    """Nobody can point the collector at the school's own network, or at something that is no public web address."""
    with pytest.raises(NotPublicError):
        watch.add_source(dsl, "fg", adapter="feed", platform=PlatformName.BLOG, name="x", address=address)
    with store.read() as work:
        assert work.sources.count() == 0


def test_a_source_is_added_and_shown(watch: Watch, dsl: User) -> None:
    """A public place is added with its name, and stands in the list as not read yet; without a name its address stands there."""
    feed = {"adapter": "feed", "platform": PlatformName.BLOG}
    watch.add_source(dsl, "fg", **feed, name=" Notebook ", address=" https://notebook.example/feed ")
    unnamed = watch.add_source(dsl, "fg", **feed, name="", address="https://other.example/feed?utm_source=x", query="  ")
    rows = watch.sources(dsl, ["fg"])

    assert [row.source.name for row in rows] == [unnamed.name, "Notebook"]
    assert unnamed.name == "https://other.example/feed"
    assert unnamed.query is None
    assert {(row.says, row.tone) for row in rows} == {("Not read yet.", "warn")}
    assert watch.summary(dsl, ["fg"]) == (0, 2, 0, None)


def test_an_unknown_kind_of_source_names_the_kinds(watch: Watch, dsl: User) -> None:
    """A kind that does not exist is refused with those that do."""
    with pytest.raises(WatchRefusedError, match="choose one of feed, mastodon, webpage, wordpress"):
        watch.add_source(dsl, "fg", adapter="carrier pigeon", platform=PlatformName.BLOG, name="x", address="https://a.example/")


def test_a_source_is_switched_off_and_polled_now(watch: Watch, store: Store, dsl: User) -> None:
    """A person can switch a source off and on, and ask for a poll at once."""
    made = watch.add_source(dsl, "fg", adapter="feed", platform=PlatformName.BLOG, name="x", address="https://a.example/")
    with store.begin("system") as work:
        work.source_states.add(SourceState(source_id=made.id, health=Health.OK, next_poll_at=NOW + timedelta(hours=1)))
        work.commit()
    off = watch.enable(dsl, made.id, on=False)
    watch.poll_now(dsl, made.id)
    with store.read() as work:
        state = work.source_states.get(made.id)

    assert not off.enabled
    assert watch.sources(dsl, ["fg"])[0].tone == "off"
    assert watch.enable(dsl, made.id, on=True).enabled
    assert state.next_poll_at is None


def test_only_those_who_may_change_the_watching(watch: Watch, dsl: User) -> None:
    """Staff neither see nor change what is watched."""
    user = dsl.model_copy(update={"id": "staff", "roles": {"fg": (Role.STAFF,)}})
    with pytest.raises(PermissionDeniedError):
        watch.add_source(user, "fg", adapter="feed", platform=PlatformName.BLOG, name="x", address="https://a.example/")
    with pytest.raises(PermissionDeniedError):
        watch.sources(user, ["fg"])
    with pytest.raises(PermissionDeniedError):
        watch.add_term(user, "fg", TermKind.SCHOOL_NAME, "Fernley Green")


def test_terms_are_added_once_and_kept_when_stopped(watch: Watch, dsl: User) -> None:
    """A phrase is watched once, whatever its spelling; a stopped one stays in the record and may come back."""
    term = watch.add_term(dsl, "fg", TermKind.SCHOOL_NAME, "  Fernley   Green ", near=("school",))
    with pytest.raises(WatchRefusedError, match="watched already"):
        watch.add_term(dsl, "fg", TermKind.NICKNAME, "fernley green")
    with pytest.raises(WatchRefusedError, match="three characters"):
        watch.add_term(dsl, "fg", TermKind.ABBREVIATION, "FG")
    stopped = watch.remove_term(dsl, term.id)
    again = watch.add_term(dsl, "fg", TermKind.NICKNAME, "Fernley Green")

    assert term.phrase == "Fernley Green"
    assert not stopped.active
    assert {(one.id, one.active) for one in watch.terms(dsl, "fg")} == {(term.id, False), (again.id, True)}


def test_the_report_code_is_made_once(watch: Watch, dsl: User) -> None:
    """The code of the report form is made at the first asking and stays; no sign in it looks like another."""
    code = watch.report_code(dsl, "fg")

    assert watch.report_code(dsl, "fg") == code
    assert len(code) == 10
    assert not set(code) & set("il1o0")


def test_what_is_not_watched_is_listed_with_what_to_do(watch: Watch) -> None:
    """Platforms that are not watched, or in part, are named, each with the reason and what a person can do."""
    rows = watch.not_watched()

    assert len(rows) > 8
    assert all(row.why for row in rows)
    assert any(row.status is Coverage.CLOSED and row.instead for row in rows)


def test_when_the_worker_was_last_heard_of(watch: Watch, store: Store, dsl: User) -> None:
    """The last poll of any source tells when the worker was last at work."""
    before = watch.worker_seen_at()
    made = watch.add_source(dsl, "fg", adapter="feed", platform=PlatformName.BLOG, name="x", address="https://a.example/")
    with store.begin("system") as work:
        work.source_states.add(SourceState(source_id=made.id, last_polled_at=NOW))
        work.commit()

    assert (before, watch.worker_seen_at()) == (None, NOW)


def test_a_place_is_added_once(watch: Watch, dsl: User) -> None:
    """A double click, or another spelling of the same address, does not make a second source."""
    feed = {"adapter": "feed", "platform": PlatformName.BLOG, "name": "Notebook"}
    watch.add_source(dsl, "fg", **feed, address="https://notebook.example/feed")
    with pytest.raises(WatchRefusedError, match="in the list already"):
        watch.add_source(dsl, "fg", **feed, address="https://NOTEBOOK.example/feed?utm_source=x")

    assert len(watch.sources(dsl, ["fg"])) == 1


@pytest.mark.parametrize("phrase", ["***", "\u200b\u200b\u200b\u200b", "# @", "x" * 201])
def test_a_term_that_nobody_can_read_is_refused(watch: Watch, dsl: User, phrase: str) -> None:
    """A watch term has some letters or digits, and is no essay."""
    with pytest.raises(WatchRefusedError):
        watch.add_term(dsl, "fg", TermKind.SCHOOL_NAME, phrase)

    assert watch.terms(dsl, "fg") == ()


def test_spellings_are_proposed_and_turned_down_for_good(watch: Watch, store: Store, dsl: User) -> None:
    """Never a term already, never a staff name, never what was turned down or removed; IT sees none taken from posts."""
    helper = dsl.model_copy(update={"id": "it", "roles": {"fg": (Role.IT_ADMIN,)}})
    with store.begin("system") as work:
        work.staff.add(StaffMember(id="q", school_id="fg", name="Mrs Fernie"))
        text = "off to fernly green"
        work.posts.keep(
            [SeenPost(platform=PlatformName.BLOG, native_id="1", permalink="https://blog.example/1", text=text)],
            source_id=None,
            seen_at=NOW,
        )
        work.commit()
    watch.add_term(dsl, "fg", TermKind.SCHOOL_NAME, "Fernley Green School")
    found = watch.proposals(dsl, "fg")
    away = watch.turn_down(dsl, "fg", found[0])
    watch.turn_down(dsl, "fg", found[0])
    again = [one.phrase for one in watch.proposals(dsl, "fg")]

    assert (found[0].phrase, found[0].seen, away.active) == ("fernly", 1, False)
    assert "fernie" not in [one.phrase for one in found]
    assert "fernly" not in again
    assert len(again) == len(found) - 1
    assert all(one.seen == 0 for one in watch.proposals(helper, "fg"))
    with pytest.raises(PermissionDeniedError):
        watch.turn_down(helper, "fg", found[1])
