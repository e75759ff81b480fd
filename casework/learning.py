"""What a school changes about flagging: tried, switched on, undone by people; and posts that a person claims for the school.

Nothing here learns by itself: counts of what the machine said beside what people decided are shown, and a person chooses.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from casework import access, flagging, intake, triage, tuning
from casework.errors import DecisionRefusedError, TuningRefusedError
from casework.known_stops import stops_in
from casework.tuning import BACK, HeadRow, Idea, Seen
from casework.watching import Watching, keep_findings
from data.model.base import new_id
from data.model.findings import Decision, Finding, ReportTick
from data.model.people import Permission, User
from data.model.posts import Post, PostId
from data.model.readings import Category, Head, Reading, Severity, Span
from data.model.suggestion import DEFAULT_RULES, FlagRules
from data.model.tuning import Tuning, TuningKind
from data.store import Work

MOST_READ = 20_000  # readings that a trial looks at; more than a school is mentioned in 90 days
MOST_NAMESAKES, MOST_ASIDE = 50, 1_000  # shown, looked through
_CHUNK = 500
BY_A_PERSON = "a person says that this post is about the school"
CLAIMED = "claimed-by-a-person"
_BY_PEOPLE = frozenset({CLAIMED, intake.RULE})


class Learned(NamedTuple):
    """What the machine said beside what people decided, in the last 90 days, and what may be worth a trial."""

    rows: tuple[HeadRow, ...]
    ideas: tuple[Idea, ...]


class Namesake(NamedTuple):
    """A post set aside as another place of the same name, and the words that decided; `stop`: nobody should open it."""

    post: Post
    words: tuple[Span, ...]
    stop: bool


class Learning(Watching):
    """Verbs of learning from decisions."""

    def tunings(self, by: User, school_id: str) -> tuple[Tuning, ...]:
        """Return all changes of a school, the newest first."""
        access.must_tune(by, school_id)
        with self.store.read() as work:
            return tuple(reversed(work.tunings.where(school_id=school_id, order_by="made_at")))

    def rules(self, by: User, school_id: str) -> FlagRules:
        """Return the rules by which the school's posts are flagged now."""
        access.must_tune(by, school_id)
        with self.store.read() as work:
            return self._rules(work, school_id)

    def _rules(self, work: Work, school_id: str) -> FlagRules:
        return tuning.rules_for(school_id, work.tunings.where(school_id=school_id), self.now(), DEFAULT_RULES)

    def propose_tuning(
        self,
        by: User,
        school_id: str,
        kind: TuningKind,
        *,
        why: str,
        days: int,
        head: Head | None = None,
        threshold: float | None = None,
        category: Category | None = None,
        phrase: str | None = None,
    ) -> Tuning:
        """Write down a change; it counts for nothing until it was tried and let live. Raises TuningRefusedError, PermissionDeniedError."""
        access.must_tune(by, school_id)
        now = self.now()
        made = Tuning(
            id=new_id(now),
            school_id=school_id,
            kind=kind,
            head=head,
            threshold=threshold,
            category=category,
            phrase=" ".join(phrase.split()) if phrase is not None else None,
            why=why.strip(),
            owner=by.id,
            made_at=now,
            expires_at=now + timedelta(days=max(0, min(days, BACK.days * 100))),
        )
        tuning.check(made, now)
        with self.store.begin(by=by.id) as work:
            _not_the_school_nor_a_person(work, made)
            work.tunings.add(made)
            work.commit()
        return made

    def back_test_tuning(self, by: User, tuning_id: str) -> Tuning:
        """Try a change on the posts of the last 90 days and keep the counts beside it."""
        counts = self._tried(by, tuning_id)
        with self.store.begin(by=by.id) as work:
            tried = work.tunings.replace(work.tunings.get(tuning_id).model_copy(update={"back_test": counts}))
            work.commit()
        return tried

    def _tried(self, by: User, tuning_id: str) -> dict[str, Any]:
        """Return what a trial finds. It may take seconds, so it reads only: nobody else waits for it."""
        with self.store.read() as work:
            found = work.tunings.get(tuning_id)
            access.must_tune(by, found.school_id)
            seen = self._seen(work, found.school_id)
            others = [one for one in work.tunings.where(school_id=found.school_id) if one.id != found.id]
        return tuning.back_test(found, seen, self.now(), others)

    def go_live(self, by: User, tuning_id: str) -> Tuning:
        """Let a change count from now on.

        Raises TuningRefusedError when it was not tried in the last 24 hours or would hide what a person judged to be harm; people may
        have judged since the trial, so that is looked at once more here.
        """
        with self.store.read() as work:
            self._may_go_live(work, by, work.tunings.get(tuning_id))
        counts = self._tried(by, tuning_id)
        with self.store.begin(by=by.id) as work:
            found = work.tunings.get(tuning_id)
            self._may_go_live(work, by, found)
            found = found.model_copy(update={"back_test": counts})
            tuning.check_hides_no_harm(found)
            changed = work.tunings.replace(found.model_copy(update={"live_at": self.now()}))
            work.note("went live", "tuning", found.id)
            work.commit()
        return changed

    def _may_go_live(self, work: Work, by: User, found: Tuning) -> None:
        access.must_set_live(by, found.school_id)
        tuning.check_live(found, work.tunings.where(school_id=found.school_id), self.now())
        _not_the_school_nor_a_person(work, found)

    def undo_tuning(self, by: User, tuning_id: str) -> Tuning:
        """End a change at once, or drop one that never went live; the usual rules hold again. Twice is harmless."""
        with self.store.begin(by=by.id) as work:
            found = work.tunings.get(tuning_id)
            access.must_tune(by, found.school_id)
            if found.ended_at is not None:
                return found
            ended = work.tunings.replace(found.model_copy(update={"ended_at": self.now(), "ended_by": by.id}))
            work.note("undone", "tuning", found.id)
            work.commit()
        return ended

    def learned(self, by: User, school_id: str) -> Learned:
        """Return what the machine said and what people decided about it in the last 90 days, with what may be worth a trial."""
        access.must_tune(by, school_id)
        with self.store.read() as work:
            seen, rules = self._compared(work, school_id), self._rules(work, school_id)
        return Learned(tuning.said_and_decided(seen), tuning.ideas(seen, rules))

    def _compared(self, work: Work, school_id: str) -> tuple[Seen, ...]:
        """Return the flagged and reported posts of the last 90 days with the reading that each was flagged by."""
        found = work.findings.made_since(school_id, self.now() - BACK)
        ids = list(dict.fromkeys(one.post_id for one in found if one.post_id is not None))
        chunks = (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
        read = {(one.post_id, one.post_version): one for ids in chunks for one in work.readings.where(post_id=ids, order_by="read_at")}
        decided = _standing(work, [one.id for one in found])
        joined = ((read.get((one.post_id or PostId(0), one.post_version or 0)), one) for one in found)
        return tuple(_seen(reading, "", (one,), decided) for reading, one in joined if reading is not None)

    def _seen(self, work: Work, school_id: str) -> tuple[Seen, ...]:
        """Return the readings of the last 90 days in which the school is meant, each with what became of it."""
        since = self.now() - BACK
        read = work.readings.about(school_id, since=since, first_id=work.posts.first_since(since), limit=MOST_READ)
        ids = [one.post_id for one in read]
        texts, found = work.posts.texts_of(ids), _findings(work, school_id, ids)
        decided = _standing(work, [one.id for ones in found.values() for one in ones])
        return tuple(_seen(one, texts.get(one.post_id, ""), found.get(one.post_id, ()), decided) for one in read)

    def namesakes(self, by: User, school_id: str, limit: int = MOST_NAMESAKES) -> tuple[Namesake, ...]:
        """Return the posts set aside as another place of the same name, newest first, without those that wait for a person already."""
        by.must(Permission.SEE_ALL, school_id)
        with self.store.read() as work:
            since = self.now() - BACK
            read = work.readings.set_aside(school_id, since=since, first_id=work.posts.first_since(since), limit=MOST_ASIDE)
            mine = {one.post_id: one for one in reversed(read)}
            flagged = _findings(work, school_id, list(mine))
            chosen = [post_id for post_id in mine if post_id not in flagged][:limit]
            posts = {post.id: post for post in work.posts.where(id=chosen)}
            told = work.reports.where(school_id=school_id, address=[post.address for post in posts.values()])
            stopped: set[str | None] = {address for _, address in stops_in(work, [school_id]).addresses}
        stopped |= {one.address for one in told if ReportTick.INDECENT_IMAGE in one.ticks}
        return tuple(_namesake(mine[one], posts[one], school_id, stopped) for one in chosen if one in posts)

    def about_us(self, by: User, school_id: str, post_id: PostId) -> Finding:
        """Put a post that was set aside as a namesake before a person after all; it waits in the inbox like any other."""
        by.must(Permission.SEE_ALL, school_id)
        with self.store.begin(by=by.id) as work:
            work.lock(f"namesake:{post_id}")
            post = work.posts.get(post_id)
            reading = next((one for one in reversed(_readings(work, post)) if _set_aside(one, school_id)), None)
            if reading is None:
                raise DecisionRefusedError(f"post {post_id} was not set aside as another place of the same name; look in the inbox")
            finding = self._stopped(work, self._claimed(work, reading, post, school_id), post)
            keep_findings(work, [finding])
            kept = next(one for one in work.findings.of_post(post_id) if one.school_id == school_id)
            work.note("claimed for the school", "finding", kept.id)
            work.commit()
        return kept

    def _claimed(self, work: Work, reading: Reading, post: Post, school_id: str) -> Finding:
        """Return the finding: what the machine would say were the school meant, and at least that a person should read it."""
        now, rules = self.now(), self._rules(work, school_id)
        meant = reading.model_copy(update={"mentions": reading.namesakes})
        found = flagging.flag(meant, post, rules, now=now, school_id=school_id) or Finding(
            id=new_id(now),
            school_id=school_id,
            post_id=post.id,
            post_version=post.version,
            platform=post.platform,
            severity=Severity.S1,
            lead_category=Category.NEUTRAL_MENTION,
            categories=(Category.NEUTRAL_MENTION,),
            rule=CLAIMED,
            seen_at=post.first_seen_at,
            made_at=now,
        )
        return found.model_copy(update={"reasons": (BY_A_PERSON, *found.reasons)})


def _findings(work: Work, school_id: str, post_ids: Sequence[PostId]) -> dict[PostId, list[Finding]]:
    found: dict[PostId, list[Finding]] = {}
    for start in range(0, len(post_ids), _CHUNK):
        for one in work.findings.where(school_id=school_id, post_id=list(post_ids[start : start + _CHUNK]), order_by="made_at"):
            if one.post_id is not None:
                found.setdefault(one.post_id, []).append(one)
    return found


def _standing(work: Work, finding_ids: Sequence[str]) -> dict[str, Decision]:
    """Return the decision that stands for each flagged post."""
    decisions: dict[str, list[Decision]] = {}
    for start in range(0, len(finding_ids), _CHUNK):
        for one in work.decisions.where(finding_id=list(finding_ids[start : start + _CHUNK]), order_by="at"):
            decisions.setdefault(one.finding_id, []).append(one)
    standing = ((finding_id, triage.standing_decision(ones)) for finding_id, ones in decisions.items())
    return {finding_id: one for finding_id, one in standing if one is not None}


def _seen(reading: Reading, text: str, found: Sequence[Finding], decided: dict[str, Decision]) -> Seen:
    """Join a reading with its flagged post; of several the one that was judged to be harm counts, else the newest."""
    harm = next((one for one in found if tuning.is_harm(decided.get(one.id))), None)
    chosen = harm or (found[-1] if found else None)
    if chosen is None:
        return Seen(reading, text)
    said = () if chosen.rule in _BY_PEOPLE else chosen.categories
    return Seen(reading, text, chosen.id, decided.get(chosen.id), said)


def _readings(work: Work, post: Post) -> list[Reading]:
    return work.readings.where(post_id=post.id, post_version=post.version, order_by="read_at")


def _set_aside(reading: Reading, school_id: str) -> bool:
    return school_id not in reading.schools() and any(one.school_id == school_id for one in reading.namesakes)


def _namesake(reading: Reading, post: Post, school_id: str, stopped: Collection[str | None]) -> Namesake:
    return Namesake(post, _words(reading, school_id), stop=bool(reading.stop_cue) or post.address in stopped)


def _words(reading: Reading, school_id: str) -> tuple[Span, ...]:
    return tuple(span for one in reading.namesakes if one.school_id == school_id for span in one.reasons)


def _not_the_school_nor_a_person(work: Work, made: Tuning) -> None:
    """Raise TuningRefusedError for words that would hide nearly every post, or everything about one person."""
    if made.phrase is None:
        return
    words = tuning.folded(made.phrase)
    if any(words == tuning.folded(term.phrase) for term in work.terms.where(school_id=made.school_id, active=True)):
        raise TuningRefusedError("these words stand for the school itself, so they are in nearly every post; choose others")
    if tuning.names_a_person(words, (member.name for member in work.staff.where(school_id=made.school_id))):
        raise TuningRefusedError("these words hold the name of a member of staff; nobody is left unprotected by name, so choose others")
