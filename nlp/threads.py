"""What several posts show together that none shows alone (scoring.md, pick 6): pile-ons, courses of conduct, escalation, copied text.

One pure function over the recent posts of schools: `read_threads`. A post speaks by how hostile it was read to be, not by its words, so
that a lively harmless discussion, however many write in it, stays quiet.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from data.model.posts import Post, PostId
from data.model.readings import Category, Reading, Score
from data.model.threads import ThreadFinding, ThreadKind, pseudonym
from nlp.conversations import conversations
from nlp.draft import Draft, Rated
from nlp.normal import Folded
from nlp.people import ROLE, People, Person

# What is aimed at somebody, by what the heads answer together; a worry about a friend or a leaked paper is not
HOSTILE: tuple[frozenset[Category], ...] = (
    frozenset({Category.THREAT_TO_LIFE, Category.STALKING, Category.VIOLENCE_INCITEMENT, Category.VIOLENCE_INTIMIDATION}),
    frozenset({Category.HARASSMENT_STAFF, Category.PUPIL_BULLYING, Category.ABUSE_OF_PUPILS_BY_PUBLIC}),
    frozenset({Category.SEXUAL_HARASSMENT}),
    frozenset({Category.HATE}),
    frozenset({Category.DEFAMATION_INDIVIDUAL}),
)


@dataclass(frozen=True, slots=True)
class ThreadRules:
    """From where on posts together are worth a look. New numbers are a new version."""

    version: str = "threads.v4"
    window: timedelta = timedelta(hours=1)
    authors: int = 5  # in a window, at a school with up to `quiet` posts a day
    quiet: float = 2.0
    usual: float = 0.33  # how hostile a post in a conversation is read to be on average: what is above speaks against its company
    company: float = 1.0  # how much the others of a conversation say about a post in it (log-odds above the usual, averaged) …
    habit: float = 0.6  # … and how much the author's other posts at the same target say
    joins: float = 0.2  # from here on an author counts as one of a pile-on …
    heat: float = 0.4  # … if those who count are this hostile on average …
    most: float = 0.6  # … and are most of those who write about the target meanwhile
    weak: float = 0.2  # below, a post says nothing about its author: many harmless posts do not add up to harm
    course: float = 0.65  # how likely a course of conduct is, from one author's posts at one target; these log-odds are summed up: …
    likely: float = 3.0  # … for each hostile post beyond the first that the three harshest make likely …
    among: float = 1.5  # … what the others in the same conversations say: they join in or object in anger, or else they praise …
    keeps: float = 0.5  # … and that somebody keeps on, three or more posts over a day or longer
    steady: float = 0.3  # how likely it is that two or more posts are hostile, for a doubtful peak to count
    hostile: float = 0.5  # from here on copied text is worth a look
    rise: float = 0.35  # how much harsher the peak is than the beginning
    peak: float = 0.5  # how hostile the peak of an escalation is at least, if another post is likely to be hostile too
    alone: float = 0.8  # the same for a single outburst at the end
    memory: timedelta = timedelta(days=90)  # how long one author's posts at one target belong together
    alike: float = 0.85  # shared shingles of copied text
    shortest: int = 40  # characters: shorter texts are alike by chance


DEFAULT_RULES = ThreadRules()
CHARACTERS = 20_000  # of a text that are looked at, as the reader does
BASE_DAYS = 28  # what a school's usual rate is taken from
_SHINGLE = 5  # characters
_EXACT = 300  # texts: up to here all are compared with all
_BANDS, _ROWS = 16, 8  # of 128 minimum hashes: at a likeness of 0.85 all but 0.6 % of pairs share a band
_BY_GRAVITY = 0.65  # of what is known about a post's hostility comes from its gravity, the rest from the heads' answers
_DOUBT = 0.02  # no answer of a head is taken for surer than this
_FEWEST_STEPS = 3  # posts in which something can grow
_TWICE = 2  # posts that are the least of a course of conduct
_DAY = timedelta(days=1)
_ROLE = "role:"
_Signature = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Said:
    """One post as it looks from here. `author` is a pseudonym, `targets` are keys of persons, `text` is normalised (nlp.normal.fold)."""

    post_id: PostId
    school_id: str
    author: str | None
    at: datetime  # claimed time where there is one, else when it was first seen
    thread: str | None
    targets: tuple[str, ...]
    hostile: float
    text: str


def targets_of(draft: Draft) -> tuple[str, ...]:
    """Return keys for the people that a post names, by surname, so that «Mr Quillander» and «Quillander's» are one; else for the roles."""
    return targets_in(draft.folded.text, draft.people)


def targets_in(folded: str, people: Iterable[Person]) -> tuple[str, ...]:
    """Return the same of a folded text and the people in it."""
    said = [(person.why, folded[person.start : person.end]) for person in people]
    names = [words.split()[-1].removesuffix("s") for why, words in said if why != ROLE]
    roles = [f"{_ROLE}{words}" for why, words in said if why == ROLE]
    whole = [pseudonym(name) for name in names if len(name) > 1]  # «Mr P» is whoever was spoken of before
    return tuple(dict.fromkeys(whole or roles))


def hostile(draft: Draft) -> float:
    """Return how hostile a read post is at somebody, from all its scores: many low ones of a conversation add up, so none is left out."""
    return round(hostility(_best(draft.scores), draft.gravity), 3)


def _best(scores: Iterable[Score | Rated]) -> dict[Category, float]:
    best: dict[Category, float] = {}
    for score in scores:
        best[score.category] = max(score.value, best.get(score.category, 0.0))
    return best


def hostility(scores: Mapping[Category, float], gravity: Sequence[float] = ()) -> float:
    """Return how hostile a post is at somebody: any of threat, harassment, sexual harassment, hate, defamation, taken as independent.

    Where the post's gravity was judged, that speaks too: short answers say little of what kind they are, yet how grave they are.
    """
    strongest = (max((scores.get(category, 0.0) for category in group), default=0.0) for group in HOSTILE)
    aimed = 1 - math.prod(1 - value for value in strongest)
    told = scores.get(Category.SAFEGUARDING_DISCLOSURE, 0.0) * (1 - aimed)  # who tells of harm writes gravely, and at nobody
    return _chance((1 - _BY_GRAVITY) * _odds(aimed) + _BY_GRAVITY * _odds(gravity[0] * (1 - told))) if gravity else aimed


def _odds(chance: float) -> float:
    """Return the log-odds of a chance, bounded so that no single score decides."""
    bounded = min(max(chance, _DOUBT), 1 - _DOUBT)
    return math.log(bounded / (1 - bounded))


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def said_of(read: Sequence[tuple[Post, Reading]], school_id: str, people: People) -> tuple[Said, ...]:
    """Return kept posts with their readings as they look from here, when nothing but the store and the staff list is at hand."""
    threads = conversations([post for post, _ in read])
    return tuple(_said(post, reading, school_id, people, threads.get(post.id)) for post, reading in read)


def _said(post: Post, reading: Reading, school_id: str, people: People, thread: str | None) -> Said:
    folded = Folded.of(post.text[:CHARACTERS])
    return Said(
        post_id=post.id,
        school_id=school_id,
        author=_author(post),
        at=min(post.created_at or post.first_seen_at, post.first_seen_at),  # nobody posts after we saw it, whatever is claimed
        thread=thread,
        targets=targets_in(folded.text, people.find(folded, (school_id,))),
        hostile=hostility(_best(reading.scores), reading.gravity) if reading.hostile is None else reading.hostile,
        text=folded.text,
    )


def _author(post: Post) -> str | None:
    """Return the author's key: an address is one person everywhere; a number, handle or name is one person on one site only."""
    name = post.author_id or post.author_handle or post.author_name
    if not name:
        return None
    site = "" if "://" in name else post.permalink.partition("://")[2].partition("/")[0].lower()
    return pseudonym(f"{post.platform.value} {site} {name}")


def read_threads(
    posts: Iterable[Said], rules: ThreadRules = DEFAULT_RULES, posts_a_day: Mapping[str, float] | None = None
) -> tuple[ThreadFinding, ...]:
    """Return what the posts show together, school by school, the strongest first.

    `posts_a_day` is each school's usual rate (see `usual_rates`); a school without one is taken for a quiet one.
    """
    found: list[ThreadFinding] = []
    for school_id, said in _by_school(posts).items():
        aimed = _with_targets(said, rules)
        known, heard = _in_company(aimed, rules), _in_company(aimed, replace(rules, habit=0.0))
        need = authors_needed((posts_a_day or {}).get(school_id, 0.0), rules)
        of_one = _one_matter([*_courses(aimed, rules), *_escalations(heard, rules)])
        found += [*_pile_ons(known, need, rules), *of_one, *_copies(said, rules)]
    return tuple(sorted(found, key=lambda one: (-one.strength, one.since, one.kind)))


def usual_rates(posts: Iterable[Said], now: datetime) -> dict[str, float]:
    """Return how many posts a day each school usually has: over the four weeks before the last day."""
    counts = Counter(post.school_id for post in posts if now - (BASE_DAYS + 1) * _DAY <= post.at < now - _DAY)
    return {school_id: count / BASE_DAYS for school_id, count in counts.items()}


def authors_needed(posts_a_day: float, rules: ThreadRules = DEFAULT_RULES) -> int:
    """Return how many authors in a window make a pile-on at a school with this usual rate.

    As unlikely by chance (Poisson) as the default number is at a quiet school, and never fewer.
    """
    hours = rules.window / timedelta(hours=1)
    rare = _tail(rules.authors, rules.quiet / 24 * hours)
    mean = max(posts_a_day, rules.quiet) / 24 * hours
    need = max(rules.authors, int(mean))
    while _tail(need, mean) > rare * (1 + 1e-9):
        need += 1
    return need


def _tail(at_least: int, mean: float) -> float:
    """Return the chance of so many or more when `mean` are usual (Poisson), summed upwards so that small chances stay exact."""
    term = math.exp(at_least * math.log(mean) - mean - math.lgamma(at_least + 1))
    total, count = 0.0, at_least
    while term > total * 1e-12 or count < mean:
        total += term
        count += 1
        term *= mean / count
    return min(1.0, total)


def _by_school(posts: Iterable[Said]) -> dict[str, list[Said]]:
    schools: dict[str, list[Said]] = defaultdict(list)
    for post in sorted(posts, key=lambda post: (post.at, post.post_id)):
        schools[post.school_id].append(post)
    return schools


def _with_targets(posts: Sequence[Said], rules: ThreadRules) -> list[Said]:
    """Return the posts, those that name nobody with the target that their thread, or else their author, spoke of last.

    A thread that never names anyone is a target by itself: «she», «him», «that one» mean the same person there.
    """
    memory = _Memory(posts, rules.memory)
    return [replace(post, targets=memory.targets(post)) for post in posts]


class _Memory:
    """Whom threads and authors spoke of last, as one goes through the posts in order."""

    def __init__(self, posts: Sequence[Said], memory: timedelta) -> None:
        self._memory = memory
        self._threads = {post.thread: post.targets for post in reversed(posts) if post.thread and _names(post)}  # the first named
        self._authors: dict[str, tuple[datetime, tuple[str, ...]]] = {}

    def targets(self, post: Said) -> tuple[str, ...]:
        targets = post.targets if _names(post) else self._remembered(post)
        if post.thread and _names(post):
            self._threads[post.thread] = targets
        if post.author and targets:
            self._authors[post.author] = (post.at, targets)
        return targets

    def _remembered(self, post: Said) -> tuple[str, ...]:
        if post.thread:
            return self._threads.get(post.thread) or (f"thread:{post.thread}",)
        at, targets = self._authors.get(post.author or "", (post.at, ()))
        return post.targets or (targets if post.at - at <= self._memory else ())


def _names(post: Said) -> bool:
    """Whether the post names a person; a role alone («the head») is who the thread speaks of anyway."""
    return any(not target.startswith(_ROLE) for target in post.targets)


def _in_company(posts: Sequence[Said], rules: ThreadRules) -> list[Said]:
    """Return the posts, each as hostile as it is in its company: what the others in the conversation, and its author elsewhere, speak for.

    Weak signs add up: «sack her» means more in a thread under attack, and in the mouth of one who has attacked before; praise and defence
    of others speak against. All of it in log-odds above what is usual, averaged with one usual post, so that one loud post decides nothing.
    """
    others = _Others(posts, rules)
    habits = _totals(((post.author, target), _above(post, rules)) for post in posts for target in post.targets if post.author)

    def in_company(post: Said) -> Said:
        odds, company = _above(post, rules), others.about([post])
        elsewhere = (habits.get((post.author, target), (odds, 1)) for target in post.targets)
        habit = max(((total - odds) / times for total, times in elsewhere), default=0.0)
        return replace(post, hostile=_chance(_odds(post.hostile) + rules.company * company + rules.habit * habit))

    return [in_company(post) for post in posts]


def _above(post: Said, rules: ThreadRules) -> float:
    """Return how far a post's hostility is above what is usual, in log-odds."""
    return _odds(post.hostile) - _odds(rules.usual)


class _Others:
    """What else is said in the conversations: whether others join in, object in anger, or praise and defend."""

    def __init__(self, posts: Sequence[Said], rules: ThreadRules) -> None:
        answers = [(post, _above(post, rules)) for post in posts if post.thread]
        self._threads = _totals((post.thread, above) for post, above in answers)
        self._voices = _totals(((post.thread, post.author), above) for post, above in answers)

    def about(self, run: Sequence[Said]) -> float:
        """Return how far the posts of others in the conversations of one author's posts are above the usual, averaged with a usual one."""
        total, count = 0.0, 1
        for thread, author in {(post.thread, post.author) for post in run if post.thread}:
            (every, all_posts), (own, own_posts) = self._threads[thread], self._voices[thread, author]
            total, count = total + every - own, count + all_posts - own_posts
        return total / count


def _totals(values: Iterable[tuple[object, float]]) -> dict[object, tuple[float, int]]:
    """Return the sum and the number of the values under each key."""
    totals: dict[object, tuple[float, int]] = defaultdict(lambda: (0.0, 0))
    for key, value in values:
        total, count = totals[key]
        totals[key] = (total + value, count + 1)
    return totals


# --- many at one


def _pile_ons(posts: Sequence[Said], need: int, rules: ThreadRules) -> Iterator[ThreadFinding]:
    groups: dict[str, list[Said]] = defaultdict(list)
    for post in posts:
        keys = {*post.targets, *([f"thread:{post.thread}"] if post.thread else [])}
        for key in keys if post.author else ():
            groups[key].append(post)
    seen: set[tuple[PostId, ...]] = set()
    for key, group in sorted(groups.items(), key=lambda item: (item[0].startswith("thread:"), item[0])):
        finding = _pile_on(key, group, need, rules)
        if finding and finding.post_ids not in seen:
            seen.add(finding.post_ids)
            yield finding


def _pile_on(target: str, posts: Sequence[Said], need: int, rules: ThreadRules) -> ThreadFinding | None:
    """Return the window with the most hostile authors, if they are many enough, hostile enough, and most of those who write."""
    best: list[Said] = []
    begin = 0
    for end, post in enumerate(posts):
        while post.at - posts[begin].at > rules.window:
            begin += 1
        window = posts[begin : end + 1] if end - begin + 1 >= need else []
        hot = [one for one in window if one.hostile >= rules.joins]
        if len(_authors(hot)) >= max(need, len(_authors(best)) + 1) and _is_pile_on(hot, window, rules):
            best = hot
    if not best:
        return None
    count = len(_authors(best))
    why = f"{count} authors within {_minutes(best[0].at, best[-1].at)} minutes, all at the same target; {need} or more are unusual here"
    return _finding(ThreadKind.PILE_ON, target, best, _heat(best), why, rules)


def _is_pile_on(hot: Sequence[Said], window: Sequence[Said], rules: ThreadRules) -> bool:
    return _heat(hot) >= rules.heat and len(_authors(hot)) >= rules.most * len(_authors(window))


def _heat(posts: Sequence[Said]) -> float:
    """Return the mean over the authors of the most hostile post of each."""
    worst: dict[str | None, float] = {}
    for post in posts:
        worst[post.author] = max(post.hostile, worst.get(post.author, 0.0))
    return sum(worst.values()) / len(worst) if worst else 0.0


# --- one at one


def _courses(posts: Sequence[Said], rules: ThreadRules) -> Iterator[ThreadFinding]:
    """Yield the courses of conduct; a run is judged as a whole, so its posts come as they were read."""
    others = _Others(posts, rules)
    for target, run in _of_one_author(posts, rules):
        yield from _course(target, run, others.about(run), rules)


def _escalations(posts: Sequence[Said], rules: ThreadRules) -> Iterator[ThreadFinding]:
    """Yield escalations; the author's own mild beginning must not speak against the end, so the posts come without their habit."""
    for target, run in _of_one_author(posts, rules):
        yield from _escalation(target, run, rules)


def _of_one_author(posts: Sequence[Said], rules: ThreadRules) -> Iterator[tuple[str, list[Said]]]:
    """Yield the posts of each author at each target, in runs."""
    groups: dict[tuple[str, str], list[Said]] = defaultdict(list)
    for post in posts:
        for target in post.targets if post.author else ():
            groups[(str(post.author), target)].append(post)
    for (_, target), group in groups.items():
        yield from ((target, run) for run in _runs(group, rules.memory))


def _one_matter(found: Sequence[ThreadFinding]) -> list[ThreadFinding]:
    """Return the findings with an escalation and the course of conduct that it is part of made one: a person gets one card, not two."""
    courses = {
        (one.authors, one.target, post_id): one for one in found if one.kind is ThreadKind.COURSE_OF_CONDUCT for post_id in one.post_ids
    }
    kept: dict[int, ThreadFinding] = {id(one): one for one in found}
    for one in found if courses else ():
        keys = ((one.authors, one.target, post_id) for post_id in one.post_ids)
        course = next((courses[key] for key in keys if key in courses), None)
        if one.kind is ThreadKind.ESCALATION and course is not None:
            del kept[id(one)]
            kept[id(course)] = _both(kept[id(course)], one)
    return list(kept.values())


def _both(course: ThreadFinding, escalation: ThreadFinding) -> ThreadFinding:
    """Return both as one finding, with the posts of both in order of time."""
    moments = {**_moments(course), **_moments(escalation)}
    order = sorted(moments, key=lambda post_id: (moments[post_id], post_id))
    gaps = tuple(_minutes(moments[earlier], moments[later]) for earlier, later in pairwise(order))
    return course.model_copy(
        update={
            "also": (ThreadKind.ESCALATION,),
            "post_ids": tuple(order),
            "since": moments[order[0]],
            "until": moments[order[-1]],
            "gaps": gaps,
            "strength": max(course.strength, escalation.strength),
            "why": f"{len(order)} posts by one author at the same target, {_apart(gaps)}; they appear to grow harsher",
        }
    )


def _moments(found: ThreadFinding) -> dict[PostId, datetime]:
    minutes = accumulate(found.gaps, initial=0)
    return {post_id: found.since + timedelta(minutes=passed) for post_id, passed in zip(found.post_ids, minutes, strict=True)}


def _runs(posts: Sequence[Said], memory: timedelta) -> Iterator[list[Said]]:
    """Yield the posts in runs that no gap longer than `memory` breaks."""
    run: list[Said] = []
    for post in posts:
        if run and post.at - run[-1].at > memory:
            yield run
            run = []
        run.append(post)
    yield run


def _course(target: str, posts: Sequence[Said], others: float, rules: ThreadRules) -> Iterator[ThreadFinding]:
    """Yield the course of conduct: two or more posts that are not mild, and all signs together make it likely."""
    course = [post for post in posts if post.hostile >= rules.weak]
    if len(course) < _TWICE:
        return
    chance = _chance(_signs(posts, others, rules))
    if chance >= rules.course:
        why = f"{len(course)} posts by one author at the same target, {_apart(_gaps(course))}"
        yield _finding(ThreadKind.COURSE_OF_CONDUCT, target, course, chance, why, rules)


def _signs(posts: Sequence[Said], others: float, rules: ThreadRules) -> float:
    """Return what speaks for a course of conduct, in log-odds: how many posts are likely hostile, in what company, for how long."""
    likely = sum(sorted((post.hostile for post in posts), reverse=True)[:_FEWEST_STEPS])  # of three, so that mild ones do not add up
    keeps_on = len(posts) >= _FEWEST_STEPS and posts[-1].at - posts[0].at >= _DAY
    return rules.likely * (likely - 1) + rules.among * others + rules.keeps * keeps_on


def _two_or_more(chances: Sequence[float]) -> float:
    """Return the chance that at least two of independent events come true."""
    none, one = 1.0, 0.0
    for chance in chances:
        none, one = none * (1 - chance), one * (1 - chance) + none * chance
    return 1 - none - one


def _escalation(target: str, posts: Sequence[Said], rules: ThreadRules) -> Iterator[ThreadFinding]:
    """Yield the escalation: up to the peak the posts grow harsher, from a beginning that was much milder."""
    peak = max(range(len(posts)), key=lambda place: (posts[place].hostile, place))
    steps = posts[: peak + 1]
    if len(steps) < _FEWEST_STEPS or posts[peak].hostile < _least_peak(posts, peak, rules):
        return
    begun = _mean(steps[: len(steps) // 2])
    if posts[peak].hostile - begun >= rules.rise and _trend(steps) > 0:
        why = f"{len(steps)} posts by one author, each in all harsher than those before, {_apart(_gaps(steps))}"
        yield _finding(ThreadKind.ESCALATION, target, steps, posts[peak].hostile, why, rules)


def _least_peak(posts: Sequence[Said], peak: int, rules: ThreadRules) -> float:
    """Return how hostile the peak must be: less if it is not the only hostile post; a single outburst counts as the last word alone."""
    if _two_or_more([post.hostile for post in posts if post.hostile >= rules.weak]) >= rules.steady:
        return rules.peak
    return rules.alone if peak == len(posts) - 1 else math.inf


def _trend(posts: Sequence[Said]) -> int:
    """Return Kendall's sum: how many more pairs of posts grow harsher than milder."""
    values = [post.hostile for post in posts]
    return sum((later > earlier) - (later < earlier) for place, earlier in enumerate(values) for later in values[place + 1 :])


def _apart(gaps: Sequence[int]) -> str:
    return f"{', '.join(map(_in_words, gaps[:6]))}{' …' if len(gaps) > 6 else ''} apart"  # noqa: PLR2004 - a line a person can read


def _in_words(minutes: int) -> str:
    hour, day = 60, 24 * 60
    if minutes < 2 * hour:
        return f"{minutes} min"
    return f"{minutes // hour} h" if minutes < 2 * day else f"{minutes // day} days"


# --- the same words


def _copies(posts: Sequence[Said], rules: ThreadRules) -> Iterator[ThreadFinding]:
    """Yield hostile text that was posted more than once; harmless copies (a notice that parents share) are nobody's business."""
    for group in near_duplicates([post for post in posts if post.hostile >= rules.weak], rules):  # copies of hostile text read hostile
        if max(post.hostile for post in group) >= rules.hostile:
            authors = len(_authors(group))
            why = f"nearly the same text {len(group)} times, by {authors} author{'s' if authors != 1 else ''}"
            target = next((target for post in group for target in post.targets), None)
            yield _finding(ThreadKind.NEAR_DUPLICATE, target, group, max(post.hostile for post in group), why, rules)


def near_duplicates(posts: Sequence[Said], rules: ThreadRules = DEFAULT_RULES) -> tuple[tuple[Said, ...], ...]:
    """Return groups of posts that say nearly the same: shared shingles of five characters (Broder 1997), hostile or not.

    Up to 300 texts all are compared with all; beyond that only those that share a band of minimum hashes, and these exactly.
    """
    long_enough = [post for post in posts if len(post.text) >= rules.shortest]
    shingles = [_shingles(post.text) for post in long_enough]
    leaders = list(range(len(long_enough)))

    def leader(place: int) -> int:
        while leaders[place] != place:
            leaders[place] = leaders[leaders[place]]
            place = leaders[place]
        return place

    for one, other in _candidates(shingles):
        if leader(one) != leader(other) and _likeness(shingles[one], shingles[other]) >= rules.alike:
            leaders[max(leader(one), leader(other))] = min(leader(one), leader(other))
    groups: dict[int, list[Said]] = defaultdict(list)
    for place, post in enumerate(long_enough):
        groups[leader(place)].append(post)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _shingles(text: str) -> frozenset[str]:
    plain = " ".join(text.split())
    return frozenset(plain[place : place + _SHINGLE] for place in range(max(1, len(plain) - _SHINGLE + 1)))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def _candidates(shingles: Sequence[frozenset[str]]) -> Iterator[tuple[int, int]]:
    """Yield the pairs worth comparing."""
    if len(shingles) <= _EXACT:
        for one in range(len(shingles)):
            for other in range(one + 1, len(shingles)):
                yield one, other
        return
    bands: dict[tuple[int, bytes], int] = {}
    for place, signature in enumerate(_signature(text) for text in shingles):
        for band in range(_BANDS):
            first = bands.setdefault((band, signature[band * _ROWS : (band + 1) * _ROWS].tobytes()), place)
            if first != place:  # the first of a band stands for it: its other members are like it too
                yield first, place


def _signature(shingles: frozenset[str]) -> _Signature:
    """Return 128 minimum hashes of the shingles, the same in every run."""
    hashed = np.array([int.from_bytes(hashlib.blake2b(one.encode(), digest_size=4).digest()) for one in sorted(shingles)], dtype=np.uint64)
    signature: _Signature = ((hashed[:, None] * _FACTORS + _OFFSETS) % np.uint64(_MODULUS)).min(axis=0)
    return signature


_MODULUS = (1 << 31) - 1
_RANDOM = np.random.default_rng(1997)
_FACTORS = _RANDOM.integers(1, _MODULUS, _BANDS * _ROWS, dtype=np.uint64)
_OFFSETS = _RANDOM.integers(0, _MODULUS, _BANDS * _ROWS, dtype=np.uint64)


# --- common


def _authors(posts: Sequence[Said]) -> set[str]:
    return {post.author for post in posts if post.author}


def _mean(posts: Sequence[Said]) -> float:
    return sum(post.hostile for post in posts) / len(posts) if posts else 0.0


def _gaps(posts: Sequence[Said]) -> tuple[int, ...]:
    return tuple(_minutes(earlier.at, later.at) for earlier, later in pairwise(posts))


def _minutes(since: datetime, until: datetime) -> int:
    return round((until - since) / timedelta(minutes=1))


def _finding(kind: ThreadKind, target: str | None, posts: Sequence[Said], strength: float, why: str, rules: ThreadRules) -> ThreadFinding:
    return ThreadFinding(
        kind=kind,
        school_id=posts[0].school_id,
        target=target,
        authors=tuple(dict.fromkeys(post.author for post in posts if post.author)),
        post_ids=tuple(post.post_id for post in posts),
        since=posts[0].at,
        until=posts[-1].at,
        strength=round(min(1.0, strength), 3),
        gaps=_gaps(posts),
        why=why,
        rule=rules.version,
    )


__all__ = [
    "BASE_DAYS",
    "DEFAULT_RULES",
    "HOSTILE",
    "Said",
    "ThreadRules",
    "authors_needed",
    "hostile",
    "hostility",
    "near_duplicates",
    "pseudonym",
    "read_threads",
    "said_of",
    "targets_in",
    "targets_of",
    "usual_rates",
]
