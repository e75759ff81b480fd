"""What posts show together: kept as the machine finds it, shown to whom it may concern, set aside by people with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from casework import threads
from casework.judging import MAX_PAGE
from casework.known_stops import with_stops
from casework.room import SYSTEM, Room
from data.errors import NotFoundError, PermissionDeniedError, SchoolwatchError
from data.model.base import new_id
from data.model.findings import Decision, Finding, FindingState
from data.model.people import Permission, User
from data.model.posts import Post, PostId
from data.model.readings import HARMS, Category, Reading, Score, Severity
from data.model.threads import ThreadAlert, ThreadFinding
from data.model.watch import School
from data.store import Work

ALL = 10_000  # alerts of one school in half a year: more than there can be


@dataclass(frozen=True)
class ThreadPost:
    """One of the posts, in order of time. `post` is None when it is not this person's to read, or no longer kept."""

    post_id: PostId
    at: datetime
    gap: int | None  # minutes since the one before; None for the first
    post: Post | None
    finding: Finding | None


@dataclass(frozen=True)
class ThreadFile:
    """Posts that belong together, as a person is shown them."""

    alert: ThreadAlert
    school: School
    severity: Severity  # what they may be together
    posts: tuple[ThreadPost, ...]
    is_open: bool
    is_settled: bool  # people judged every flagged one of them since
    may_set_aside: bool
    why_not: str

    @property
    def first(self) -> ThreadPost | None:
        """The first post that this person may read."""
        return next((one for one in self.posts if one.post is not None), None)


class Together(Room):
    """Verbs for posts that belong together."""

    def threads_found(self, school_id: str, found: Sequence[ThreadFinding], hostile: Mapping[PostId, float]) -> tuple[ThreadAlert, ...]:
        """Keep what was found at a school and say so on the flagged posts; the same found again changes nothing.

        `hostile`: how hostile each post was read to be. Returns the alerts that are new or have changed.
        """
        now = self.now()
        with self.store.begin(by=SYSTEM) as work:
            work.lock(f"threads:{school_id}")
            kept = work.threads.recent([school_id], since=now - 2 * threads.KEPT, limit=ALL)
            changed = threads.merge([one for one in found if one.school_id == school_id], kept, hostile, now)
            known = {alert.id for alert in kept}
            for alert in changed:
                (work.threads.replace if alert.id in known or work.threads.find(alert.id) else work.threads.add)(alert)
            for alert in {one.id: one for one in (*kept, *changed)}.values():
                self._raise(work, alert)
            work.commit()
        return changed

    def _raise(self, work: Work, alert: ThreadAlert) -> None:
        for finding in _findings(work, [alert]):
            after = threads.raised(finding, alert)
            if after != finding:
                work.findings.replace(after)

    def threads(self, by: User, school_ids: Sequence[str]) -> tuple[ThreadFile, ...]:
        """Return what waits for a person to look at together, the gravest first, then what changed last."""
        found = [one for one in self._files(by, school_ids) if one.is_open and not one.is_settled]
        return tuple(sorted(found, key=lambda one: -one.severity))

    def threads_of(self, by: User, finding_id: str) -> tuple[ThreadFile, ...]:
        """Return what a flagged post belongs to, set aside or not; nothing for who may not see it."""
        with self.store.read() as work:
            finding = work.findings.get(finding_id)
            own = self._own_matter(work, by, finding)
        if finding.post_id is None or own or not threads.may_see_post(by, finding.school_id, finding):
            return ()
        post_id = finding.post_id
        return tuple(one for one in self._files(by, [finding.school_id]) if post_id in one.alert.post_ids)

    def _files(self, by: User, school_ids: Sequence[str]) -> list[ThreadFile]:
        mine = [school_id for school_id in dict.fromkeys(school_ids) if threads.may_see(by, school_id)]
        if not mine:
            return []
        with self.store.read() as work:
            alerts = work.threads.recent(mine, since=self.now() - threads.KEPT, limit=MAX_PAGE)
            facts = _facts(work, by, alerts)
            hidden = frozenset(one.id for one in facts.findings if self._own_matter(work, by, one))
            facts = replace(facts, hidden=hidden)
        return [_file(by, alert, facts) for alert in alerts]

    def set_aside(self, by: User, alert_id: str, reason: str) -> ThreadAlert:
        """Set posts that belong together aside with a reason; they show again when a post comes to them that is hostile enough.

        Raises PermissionDeniedError, DecisionRefusedError (no reason, a matter of pupils, about the person itself, done already).
        """
        with self.store.begin(by=by.id) as work:
            alert = self._alert(work, by, alert_id)
            work.lock(f"threads:{alert.school_id}")
            threads.must_set_aside(by, alert, _findings(work, [alert]), _names_of(work, by, alert.school_id))
            alert = work.threads.replace(threads.aside(work.threads.get(alert_id), by, reason, self.now()))
            work.commit()
        return alert

    def flag_first(self, by: User, alert_id: str) -> Finding:
        """Return the flagged post from which a case about the alert begins; a first post that was not flagged by itself is flagged now.

        Judging it is the ordinary decision about a flagged post. Raises PermissionDeniedError, NotFoundError.
        """
        with self.store.begin(by=by.id) as work:
            alert = self._alert(work, by, alert_id)
            by.must(Permission.TRIAGE, alert.school_id)
            post = work.posts.get(alert.post_ids[0])
            known = _latest(work, alert.school_id, [post.id]).get(post.id)
            if known is not None and not threads.may_see_post(by, alert.school_id, known):
                raise PermissionDeniedError(by.id, Permission.SEE_RESTRICTED_DSL.value)
            finding = known or work.findings.add(self._flagged(work, alert, post))
            work.commit()
        return finding

    def _alert(self, work: Work, by: User, alert_id: str) -> ThreadAlert:
        """Return the alert; for who may not see it there is none."""
        alert = work.threads.get(alert_id)
        if not threads.may_see(by, alert.school_id):
            raise NotFoundError(work.threads.kind, alert_id)
        return alert

    def _flagged(self, work: Work, alert: ThreadAlert, post: Post) -> Finding:
        now = self.now()
        read = work.readings.where(post_id=post.id, post_version=post.version, order_by="read_at")
        score = _strongest(read[-1]) if read else None
        return Finding(
            id=new_id(now),
            school_id=alert.school_id,
            post_id=post.id,
            post_version=post.version,
            platform=post.platform,
            severity=threads.floor(alert),
            lead_category=score.category if score else Category.HARASSMENT_STAFF,
            categories=(score.category,) if score else (Category.HARASSMENT_STAFF,),
            reasons=threads.reasons_of(alert),
            highlights=score.spans if score else (),
            rule=alert.rule,
            seen_at=post.first_seen_at,
            made_at=now,
        )


def _strongest(reading: Reading) -> Score | None:
    """Return the harm that the machine was surest of."""
    return max((score for score in reading.scores if score.category in HARMS), key=lambda score: score.value, default=None)


def _findings(work: Work, alerts: Sequence[ThreadAlert]) -> list[Finding]:
    """Return the flagged posts of alerts; of one post only the newest."""
    found: list[Finding] = []
    for school_id in dict.fromkeys(alert.school_id for alert in alerts):
        ids = {post_id for alert in alerts if alert.school_id == school_id for post_id in alert.post_ids}
        found += _latest(work, school_id, list(ids)).values()
    return found


def _latest(work: Work, school_id: str, post_ids: Sequence[PostId]) -> dict[PostId, Finding]:
    found = work.findings.where(school_id=school_id, post_id=list(post_ids), order_by="made_at")
    return {one.post_id: one for one in sorted(found, key=_waits) if one.post_id is not None}


def _waits(finding: Finding) -> bool:
    """Order what still waits behind what was decided: of one post it is what a person should be led to."""
    return finding.state is not FindingState.DECIDED


def _names_of(work: Work, by: User, school_id: str) -> list[str]:
    return [by.name, *(member.name for member in work.staff.where(school_id=school_id, user_id=by.id))]


@dataclass(frozen=True)
class _Facts:
    """What is needed to show some alerts, read at once."""

    findings: Sequence[Finding]
    decisions: Sequence[Decision]
    posts: Mapping[PostId, Post]
    schools: Mapping[str, School]
    names: Mapping[str, list[str]]  # of the person who looks, by school
    hidden: frozenset[str] = frozenset()  # flagged posts that became this person's own matter (§7.3)


def _facts(work: Work, by: User, alerts: Sequence[ThreadAlert]) -> _Facts:
    findings, schools = with_stops(work, _findings(work, alerts)), list({alert.school_id for alert in alerts})
    return _Facts(
        findings=findings,
        decisions=work.decisions.where(finding_id=[one.id for one in findings]),
        posts={post.id: post for post in work.posts.where(id=list({post_id for alert in alerts for post_id in alert.post_ids}))},
        schools={school.id: school for school in work.schools.where(id=schools)},
        names={school_id: _names_of(work, by, school_id) for school_id in schools},
    )


def _file(by: User, alert: ThreadAlert, facts: _Facts) -> ThreadFile:
    mine = [one for one in facts.findings if one.school_id == alert.school_id]
    about = {one.post_id: one for one in mine if one.post_id is not None and one.post_id in alert.post_ids}
    findings = list(about.values())
    why_not = _why_not(by, alert, findings, facts.names[alert.school_id])
    return ThreadFile(
        alert=alert,
        school=facts.schools[alert.school_id],
        severity=threads.suggested(alert, findings),
        posts=tuple(_posts(by, alert, about, facts)),
        is_open=threads.is_open(alert),
        is_settled=threads.is_settled(alert, findings, facts.decisions),
        may_set_aside=not why_not and threads.is_open(alert),
        why_not=why_not,
    )


def _posts(by: User, alert: ThreadAlert, about: Mapping[PostId, Finding], facts: _Facts) -> list[ThreadPost]:
    moments = threads.moments_of(alert)
    gaps: tuple[int | None, ...] = (None, *alert.gaps)
    own = {post_id for post_id, one in about.items() if one.id in facts.hidden}
    seen = {one: one not in own and threads.may_see_post(by, alert.school_id, about.get(one)) for one in alert.post_ids}
    return [
        ThreadPost(
            post_id=post_id,
            at=moments.get(post_id, alert.since),
            gap=gap,
            post=facts.posts.get(post_id) if seen[post_id] else None,
            finding=about.get(post_id) if seen[post_id] else None,
        )
        for post_id, gap in zip(alert.post_ids, gaps, strict=False)
    ]


def _why_not(by: User, alert: ThreadAlert, findings: Sequence[Finding], names: Sequence[str]) -> str:
    try:
        threads.must_set_aside(by, alert, findings, names)
    except SchoolwatchError as error:
        return "your role does not allow it here" if isinstance(error, PermissionDeniedError) else str(error)
    return ""
