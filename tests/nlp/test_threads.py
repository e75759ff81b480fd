"""What posts show together: pile-ons, courses of conduct, escalation, copies, and that a lively harmless thread stays quiet."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from data.model.posts import PlatformName, Post, PostId
from data.model.readings import Category, Head, Reading, Score
from data.model.threads import ThreadFinding, ThreadKind
from data.model.watch import StaffMember
from nlp.labelled import Labelled
from nlp.people import People
from nlp.series import report, should_be
from nlp.threads import Said, authors_needed, hostility, near_duplicates, pseudonym, read_threads, said_of, usual_rates

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WORDS = [
    "gate",
    "lunch",
    "rain",
    "bus",
    "choir",
    "paint",
    "term",
    "coat",
    "field",
    "boots",
    "chairs",
    "window",
    "garden",
    "ladder",
    "kettle",
    "paper",
    "bridge",
    "candle",
    "harbour",
    "meadow",
    "pencil",
    "trumpet",
    "saddle",
    "village",
    "orchard",
    "lantern",
    "pebble",
    "curtain",
    "blanket",
    "thunder",
]


def said(
    number: int,
    hostile: float,
    *,
    author: str = "a",
    minutes: float = 0,
    thread: str | None = "t",
    targets: tuple[str, ...] = (),
    text: str = "",
    school: str = "fernley",
) -> Said:
    """Return one post as the rules see it."""
    return Said(PostId(number), school, author, NOON + timedelta(minutes=minutes), thread, targets, hostile, text)


def kinds(found: Sequence[ThreadFinding]) -> list[ThreadKind]:
    """Return what was found."""
    return [kind for finding in found for kind in finding.kinds]


def crowd(count: int, hostile: float, *, apart: float = 8.0) -> list[Said]:
    """Return a thread in which so many authors write at one person."""
    return [said(place, hostile, author=f"a{place}", minutes=place * apart, targets=("q",) if not place else ()) for place in range(count)]


def test_five_hostile_authors_within_an_hour_are_a_pile_on() -> None:
    """Five authors at one target in 32 minutes are raised, with who, when and why; four are not."""
    found = read_threads(crowd(5, 0.7))

    assert kinds(found) == [ThreadKind.PILE_ON]
    assert (len(found[0].authors), found[0].target, found[0].gaps) == (5, "q", (8, 8, 8, 8))
    assert found[0].why == "5 authors within 32 minutes, all at the same target; 5 or more are unusual here"
    assert read_threads(crowd(4, 0.7)) == ()


def test_weak_signs_add_up_in_company() -> None:
    """Six short nasty answers, each doubtful alone, are a pile-on together; among people who praise and defend they are not."""
    nasty = [said(place, 0.48, author=f"a{place}", minutes=place * 6, targets=("q",) if not place else ()) for place in range(6)]
    kind = [said(20 + place, 0.03, author=f"k{place}", minutes=place * 6 + 1) for place in range(6)]

    assert kinds(read_threads(nasty)) == [ThreadKind.PILE_ON]
    assert read_threads([*nasty, *kind]) == ()


def test_many_fair_complaints_by_one_author_stay_quiet() -> None:
    """Ten complaints about one person in ten days are no harassment as long as none of them is hostile."""
    complaints = [said(place, 0.15, targets=("q",), minutes=place * 24 * 60) for place in range(10)]

    assert read_threads(complaints) == ()


def test_gravity_speaks_where_the_heads_are_silent() -> None:
    """A short answer of which no head knows the kind counts by how grave it is; without a gravity the heads speak alone."""
    assert hostility({}, (0.7, 0.4, 0.1)) > 0.25 > hostility({}, (0.2, 0.1, 0.0))
    assert hostility({}) == 0.0


def test_who_tells_of_harm_is_not_hostile_for_that() -> None:
    """A telling is grave without being aimed at anybody; where it is aimed at somebody as well, that counts in full."""
    grave, told = (0.95, 0.9, 0.5), {Category.SAFEGUARDING_DISCLOSURE: 0.9}
    accused = {Category.DEFAMATION_INDIVIDUAL: 0.95}

    assert hostility(told, grave) < 0.2
    assert hostility({}, grave) > 0.5
    assert hostility(told | accused, grave) > 0.9


def test_five_authors_over_a_day_are_no_pile_on() -> None:
    """The same voices spread over a day are people with an opinion."""
    assert read_threads(crowd(5, 0.7, apart=300)) == ()


def test_a_lively_harmless_discussion_stays_quiet() -> None:
    """Forty parents in half an hour about a play, some of them grumbling, raise nothing."""
    lively = [said(place, 0.05 + 0.2 * (place % 3 == 0), author=f"a{place % 25}", minutes=place * 0.7) for place in range(40)]

    assert read_threads(lively) == ()


def test_one_heated_voice_in_a_harmless_thread_is_no_pile_on() -> None:
    """Many who write and one who is rude are not many who are rude."""
    thread = [said(place, 0.9 if place == 6 else 0.1, author=f"a{place}", minutes=place) for place in range(20)]

    assert read_threads(thread) == ()


def test_a_heated_debate_of_many_sides_is_no_pile_on() -> None:
    """Five rude ones among twelve who discuss are a debate; five of six are a pile-on."""
    debate = [said(place, 0.7 if place < 5 else 0.1, author=f"a{place}", minutes=place * 4) for place in range(12)]
    interleaved = sorted(debate, key=lambda post: (post.post_id % 5, post.post_id))
    mixed = [said(place, post.hostile, author=f"a{place}", minutes=place * 4) for place, post in enumerate(interleaved)]

    assert read_threads(mixed) == ()
    assert kinds(read_threads(debate[:6])) == [ThreadKind.PILE_ON]


def test_five_posts_by_two_authors_are_no_pile_on() -> None:
    """Authors are counted, not posts; what the two do is their course of conduct."""
    thread = [said(place, 0.7, author=f"a{place % 2}", minutes=place) for place in range(5)]

    assert set(kinds(read_threads(thread))) == {ThreadKind.COURSE_OF_CONDUCT}


def test_a_busy_school_needs_more_authors() -> None:
    """What is unusual for a quiet school is Monday for a busy one: the number rises with the school's own rate."""
    needed = [authors_needed(rate) for rate in (0, 2, 24, 240, 100_000)]

    assert needed[:2] == [5, 5]
    assert needed == sorted(needed)
    assert needed[2] > 8
    assert kinds(read_threads(crowd(6, 0.7))) == [ThreadKind.PILE_ON]
    assert read_threads(crowd(6, 0.7), posts_a_day={"fernley": 240.0}) == ()


def test_the_usual_rate_is_of_the_four_weeks_before_the_last_day() -> None:
    """A storm today does not raise the school's own base rate."""
    calm = [said(day, 0.1, minutes=-day * 24 * 60 - 30) for day in range(1, 29)]
    storm = [said(100 + place, 0.7, minutes=-place) for place in range(50)]

    assert usual_rates([*calm, *storm], NOON) == {"fernley": 1.0}


def test_schools_are_not_mixed() -> None:
    """Hostile posts about two schools are two things."""
    thread = [
        said(place, 0.7, author=f"a{place}", minutes=place, school=f"s{place % 2}", thread=None, targets=("q",)) for place in range(6)
    ]

    assert read_threads(thread) == ()


def test_two_hostile_posts_at_one_person_are_a_course_of_conduct() -> None:
    """One author, one target, twice: raised with the gap between; at two people it is not."""
    twice = [said(1, 0.8, targets=("q",), thread=None), said(2, 0.7, targets=("q",), thread=None, minutes=60 * 24 * 9)]
    other = [said(1, 0.8, targets=("q",), thread=None), said(2, 0.7, targets=("r",), thread=None, minutes=60)]

    assert kinds(read_threads(twice)) == [ThreadKind.COURSE_OF_CONDUCT]
    assert read_threads(twice)[0].why == "2 posts by one author at the same target, 9 days apart"
    assert read_threads(other) == ()


def test_two_authors_who_are_rude_once_are_no_course_of_conduct() -> None:
    """It takes one author twice."""
    assert read_threads([said(1, 0.9, author="a", targets=("q",)), said(2, 0.9, author="b", targets=("q",), minutes=5)]) == ()


def test_to_keep_on_for_days_counts_more() -> None:
    """Three doubtful posts in a minute say little; on three days they are a course of conduct."""
    days = [said(place, 0.38, targets=("q",), thread=None, minutes=place * 24 * 60) for place in range(3)]
    minutes = [said(place, 0.38, targets=("q",), thread=None, minutes=place) for place in range(3)]

    assert ThreadKind.COURSE_OF_CONDUCT in kinds(read_threads(days))
    assert read_threads(minutes) == ()


def test_the_others_in_a_conversation_speak_for_or_against_a_course_of_conduct() -> None:
    """Two doubtful posts are a course of conduct where the others answer in anger, and none where they praise or nobody answers."""
    doubtful = [said(place, 0.5, targets=("q",), minutes=place * 60) for place in range(2)]
    angry = [said(10 + place, 0.8, author=f"b{place}", minutes=place * 60 + 5) for place in range(2)]
    kind = [said(10 + place, 0.05, author=f"b{place}", minutes=place * 60 + 5) for place in range(2)]

    assert kinds(read_threads([*doubtful, *angry])) == [ThreadKind.COURSE_OF_CONDUCT]
    assert read_threads([*doubtful, *kind]) == ()
    assert read_threads(doubtful) == ()


def test_the_company_of_a_course_of_conduct_is_that_of_all_its_conversations() -> None:
    """Who writes in two conversations is judged by the answers in both: praise in one weighs against anger in the other."""
    posts = [said(place, 0.5, targets=("q",), thread=f"t{place}", minutes=place * 60) for place in range(2)]
    angry = [said(10 + place, 0.8, author="b", thread="t0", minutes=place + 5) for place in range(2)]
    both = [said(20 + place, 0.8, author="c", thread="t1", minutes=place + 65) for place in range(2)]
    kind = [said(20 + place, 0.05, author="c", thread="t1", minutes=place + 65) for place in range(2)]
    by_a = [one for one in read_threads([*posts, *angry, *both]) if one.authors == ("a",)]

    assert kinds(by_a) == [ThreadKind.COURSE_OF_CONDUCT]
    assert not [one for one in read_threads([*posts, *angry, *kind]) if one.authors == ("a",)]


def test_mild_posts_in_bad_company_are_no_course_of_conduct() -> None:
    """Who stays civil, or is rude once, in a conversation where others rage does not become one of them."""
    rage = [said(10 + place, 0.9, author=f"b{place}", minutes=place) for place in range(3)]
    civil = [said(place, 0.15, targets=("q",), minutes=place * 10) for place in range(3)]
    once = [said(place, 0.9 if not place else 0.15, targets=("q",), minutes=place * 10) for place in range(3)]

    assert read_threads([*rage, *civil]) == ()
    assert read_threads([*rage, *once]) == ()


def test_a_course_of_conduct_tells_how_likely_it_is() -> None:
    """Its strength is the chance that was made of all signs, and grows with the harshness of the posts."""
    strengths = [
        read_threads([said(place, hostile, targets=("q",), thread=None) for place in range(2)])[0].strength for hostile in (0.7, 0.9)
    ]

    assert strengths == [pytest.approx(1 / (1 + math.exp(-3 * (2 * hostile - 1))), abs=1e-3) for hostile in (0.7, 0.9)]


def test_many_harmless_posts_do_not_add_up() -> None:
    """A parent who writes every day, a little cross, does not become a harasser by writing much."""
    daily = [said(day, 0.15, targets=("q",), thread=None, minutes=day * 24 * 60) for day in range(200)]

    assert read_threads(daily) == ()


def test_posts_a_long_time_apart_do_not_belong_together() -> None:
    """Two quarrels, half a year apart, are two quarrels."""
    apart = [said(1, 0.9, targets=("q",), thread=None), said(2, 0.9, targets=("q",), thread=None, minutes=60 * 24 * 180)]

    assert read_threads(apart) == ()


def test_who_is_meant_by_she_follows_from_the_thread() -> None:
    """A reply that names nobody is at whom the thread speaks of, also when the name comes later; a role is that person too."""
    thread = [
        said(1, 0.8, author="a"),
        said(2, 0.1, author="b", targets=("q",), minutes=1),
        said(3, 0.8, author="a", targets=("role:head",), minutes=2),
    ]
    found = read_threads(thread)

    assert kinds(found) == [ThreadKind.COURSE_OF_CONDUCT]
    assert found[0].target == "q"


def test_who_is_meant_by_she_follows_from_the_author() -> None:
    """Without a thread the author's last target is meant, for a while."""
    posts = [said(1, 0.8, targets=("q",), thread=None), said(2, 0.8, thread=None, minutes=600)]
    late = [said(1, 0.8, targets=("q",), thread=None), said(2, 0.8, thread=None, minutes=60 * 24 * 120)]

    assert kinds(read_threads(posts)) == [ThreadKind.COURSE_OF_CONDUCT]
    assert read_threads(late) == ()


def test_posts_that_grow_harsher_are_an_escalation() -> None:
    """From a fair complaint to a threat is raised; the same posts in reverse, a quarrel that cools, are not."""
    rising = [said(place, hostile, thread=None, targets=("q",), minutes=place * 900) for place, hostile in enumerate((0.05, 0.1, 0.4, 0.8))]
    cooling = [
        said(place, hostile, thread=None, targets=("q",), minutes=place * 900) for place, hostile in enumerate((0.8, 0.4, 0.1, 0.05))
    ]

    assert ThreadKind.ESCALATION in kinds(read_threads(rising))
    assert ThreadKind.ESCALATION not in kinds(read_threads(cooling))


def test_a_single_outburst_must_be_a_sure_one() -> None:
    """After mild posts one doubtful one is no escalation, a clear threat is."""
    mild = [said(place, 0.1, thread=None, targets=("q",), minutes=place * 900) for place in range(3)]

    assert read_threads([*mild, said(9, 0.7, thread=None, targets=("q",), minutes=9000)]) == ()
    assert kinds(read_threads([*mild, said(9, 0.9, thread=None, targets=("q",), minutes=9000)])) == [ThreadKind.ESCALATION]


def test_a_single_outburst_that_is_taken_back_is_no_escalation() -> None:
    """One loud post among mild ones is a slip when the author goes on mildly, and the last word when it ends there."""
    outburst = [said(place, 0.9 if place == 3 else 0.05, thread=None, targets=("q",), minutes=place * 900) for place in range(4)]

    assert kinds(read_threads(outburst)) == [ThreadKind.ESCALATION]
    assert read_threads([*outburst, said(9, 0.05, thread=None, targets=("q",), minutes=9000)]) == ()


def test_an_escalation_ends_at_its_peak() -> None:
    """That the author calms down afterwards does not hide the climb."""
    posts = [
        said(place, hostile, thread=None, targets=("q",), minutes=place * 90) for place, hostile in enumerate((0.0, 0.1, 0.35, 0.9, 0.0))
    ]
    found = [finding for finding in read_threads(posts) if ThreadKind.ESCALATION in finding.kinds]

    assert found[0].post_ids == (0, 1, 2, 3)


def test_hostile_text_that_is_copied_is_raised_and_harmless_text_is_not() -> None:
    """The same attack with a word changed, by two authors, is one thing; a notice that parents share is not raised."""
    text = "everyone should know what she did to those boys on the trip to the coast last summer and who covered it up"
    copied = [said(1, 0.8, author="a", text=text, thread=None), said(2, 0.7, author="b", text=f"{text}!", thread=None, minutes=700)]
    notice = [said(1, 0.1, author="a", text=text, thread=None), said(2, 0.1, author="b", text=text, thread=None, minutes=700)]

    assert kinds(read_threads(copied)) == [ThreadKind.NEAR_DUPLICATE]
    assert read_threads(copied)[0].why == "nearly the same text 2 times, by 2 authors"
    assert read_threads(notice) == ()
    assert len(near_duplicates(notice)) == 1


def test_short_texts_are_alike_by_chance() -> None:
    """«same here» twice is no copy."""
    assert near_duplicates([said(1, 0.9, text="same here"), said(2, 0.9, author="b", text="same here")]) == ()


@pytest.mark.parametrize("others", [20, 500])
def test_copies_are_found_among_few_and_among_many(others: int) -> None:
    """Comparing all with all and comparing by minimum hashes find the same copies, and nothing else."""
    chance = random.Random(5)  # noqa: S311 - invented texts
    texts = [" ".join(chance.choices(WORDS, k=25)) for _ in range(others)]
    copies = [f"{texts[0]} indeed", texts[0], f"well {texts[1]}"]
    groups = near_duplicates([said(place, 0.5, text=text) for place, text in enumerate([*texts, *copies])])

    assert sorted(tuple(post.post_id for post in group) for group in groups) == [(0, others, others + 1), (1, others + 2)]


def test_a_hostile_post_is_one_that_is_aimed_at_somebody() -> None:
    """Threat and abuse strengthen each other; worry about a friend, a leak or praise is not hostile."""
    assert hostility({Category.VIOLENCE_INTIMIDATION: 0.5, Category.THREAT_TO_LIFE: 0.4, Category.HATE: 0.5}) == pytest.approx(0.75)
    assert hostility({Category.SELF_HARM: 0.9, Category.CONFIDENTIAL_LEAK: 0.9, Category.PRAISE: 0.9}) == 0


def test_an_author_is_a_pseudonym() -> None:
    """The same author has the same key, which does not hold the name; odd names do no harm."""
    assert pseudonym("@kay") == pseudonym("@kay") != pseudonym("@jay")
    assert "kay" not in pseudonym("@kay")
    assert pseudonym("\ud800")


def test_posts_without_an_author_belong_to_nobody() -> None:
    """Unknown authors are not taken for one."""
    posts = [said(place, 0.9, minutes=place, targets=("q",)) for place in range(6)]
    nameless = [Said(post.post_id, post.school_id, None, post.at, None, post.targets, post.hostile, "") for post in posts]

    assert read_threads(nameless) == ()
    assert read_threads([]) == ()


def labelled(number: int, labels: tuple[str, ...], severity: int, author: str, minutes: float) -> Labelled:
    """Return one labelled post of a series."""
    return Labelled(f"p{number}", "", True, labels, "staff", severity, None, "x:S", author, minutes, "x")


def test_what_should_be_raised_follows_from_the_labels() -> None:
    """Five attackers within an hour, one attacker twice, one author who grows graver; a chat needs nothing."""
    mob = [labelled(place, ("harassment",), 2, f"a{place}", place * 10) for place in range(5)]
    stalker = [labelled(place, ("threat",), 3, "a", place * 2000) for place in range(2)]
    angry = [
        labelled(place, ("fair_criticism",) if place < 3 else ("threat",), (0, 0, 1, 4)[place], "a", place * 600) for place in range(4)
    ]
    chat = [labelled(place, ("neutral",), 0, f"a{place}", place) for place in range(9)]

    assert should_be(mob) == {ThreadKind.PILE_ON}
    assert should_be(stalker) == {ThreadKind.COURSE_OF_CONDUCT}
    assert should_be(angry) == {ThreadKind.ESCALATION}
    assert should_be(chat) == frozenset()


class Seen:
    """A labelled post and how it was read."""

    def __init__(self, post: Labelled, said: Said) -> None:
        """Keep both."""
        self.post, self.said = post, said


def test_series_are_judged_both_ways() -> None:
    """A raised pile-on and a quiet chat both count as right, a missed one is named."""
    mob = [Seen(labelled(place, ("harassment",), 2, f"a{place}", place * 8), post) for place, post in enumerate(crowd(5, 0.7))]
    missed = [Seen(labelled(place, ("harassment",), 2, f"a{place}", place * 8), post) for place, post in enumerate(crowd(5, 0.1))]
    told = report(mob)

    assert (told["series"], told["harmful"], told["harmful_raised"], told["kinds"]["pile_on"]["raised"]) == (1, 1, 1, 1)
    assert report(missed)["missed"] == ["x:S"]


def kept(number: int, text: str = "Mr Quillander again", **changes: object) -> tuple[Post, Reading]:
    """Return a post as it is kept, with its reading."""
    seen = {"platform": PlatformName.FORUM, "native_id": f"n{number}", "permalink": f"https://forum.example/{number}", "text": text}
    made = Post(
        **seen, id=PostId(number), address=f"https://forum.example/{number}", first_seen_at=NOON, last_seen_at=NOON, text_hash="0" * 64
    ).model_copy(update=changes)
    scores = tuple(Score(head=Head.HARASSMENT, category=Category.HARASSMENT_STAFF, value=value, scorer=f"s{value}") for value in (0.4, 0.6))
    return made, Reading(post_id=made.id, post_version=1, pipeline="p.1", read_at=NOON, scores=scores)


def looked_at(*pairs: tuple[Post, Reading], staff: Sequence[StaffMember] = ()) -> tuple[Said, ...]:
    """Return kept posts as the rules see them."""
    return said_of(pairs, "fernley", People(staff))


def test_a_kept_post_and_its_reading_say_all_that_is_needed() -> None:
    """Hostility from the best score of each category, the person by surname, the text folded, the school asked for."""
    (one,) = looked_at(kept(1))

    assert (one.post_id, one.school_id, one.hostile, one.targets, one.text) == (
        1,
        "fernley",
        pytest.approx(0.6),
        (pseudonym("quillander"),),
        "mr quillander again",
    )
    assert (one.author, one.thread) == (None, None)


def test_a_member_of_staff_is_known_by_the_schools_own_list() -> None:
    """A surname alone is a person where the staff list has it, and only for that school."""
    staff = [StaffMember(id="q", school_id="fernley", name="Mr Quillander")]
    other = [StaffMember(id="q", school_id="ashcombe", name="Mr Quillander")]
    post = kept(1, "Quillander is at it again")

    assert [looked_at(post, staff=one)[0].targets for one in (staff, other)] == [(pseudonym("quillander"),), ()]


def test_a_claimed_time_counts_unless_it_lies_after_we_saw_the_post() -> None:
    """Earlier is believed, later is not, and without a claim it is when we saw it."""
    hour = timedelta(hours=1)
    times = [looked_at(kept(1, created_at=claimed))[0].at for claimed in (NOON - hour, NOON + hour, None)]

    assert times == [NOON - hour, NOON, NOON]


def test_an_author_is_one_person_on_one_site() -> None:
    """The same handle on another site is somebody else; an address is the same person everywhere; nobody is nobody."""
    here, there = {"author_handle": "ann"}, {"author_handle": "ann", "permalink": "https://other.example/1"}
    profile = {"author_id": "https://town.example/@ann"}
    keys = [
        looked_at(kept(1, **fields))[0].author  # type: ignore[arg-type]
        for fields in (here, here, there, profile, profile | {"permalink": "https://x.example/1"}, {})
    ]

    assert keys[0] == keys[1] != keys[2]
    assert keys[3] == keys[4]
    assert keys[5] is None
    assert "ann" not in str(keys)


def test_answers_make_a_conversation() -> None:
    """Answers to answers lead back to the first post, by its id or by its number on the server; who answers nobody stands alone."""
    root = kept(1, raw={"server": "https://town.example", "id": "77"})
    answers = [kept(2, parent_id="https://town.example#77"), kept(3, parent_id="n2"), kept(4)]
    said_threads = [one.thread for one in looked_at(root, *answers)]

    assert said_threads == ["forum n1", "forum n1", "forum n1", None]


def test_a_conversation_whose_beginning_is_not_kept_is_one_all_the_same() -> None:
    """Two answers to a post that mentions no school, or under one article, belong together."""
    lost = looked_at(kept(1, parent_id="gone"), kept(2, parent_id="gone"), kept(3, thread_id="article"), kept(4, thread_id="article"))

    assert [one.thread for one in lost] == ["forum gone", "forum gone", "forum article", "forum article"]


def test_posts_that_claim_to_answer_each_other_end_somewhere() -> None:
    """A circle of answers is no endless search."""
    assert len(looked_at(kept(1, parent_id="n2"), kept(2, parent_id="n1"), kept(3, parent_id="n3"))) == 3
