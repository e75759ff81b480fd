"""What goes tonight: each record in a transaction of its own, with a tombstone; counts stay (domain.md §8)."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from casework import retention
from casework.governing import Governing
from casework.retention import Action, Fate, Periods, RuleKey
from casework.stopping import holds_sealed_off
from casework.tally import EXPIRED, judged, tally
from casework.transitions import SYSTEM
from casework.triage import standing_decision
from data.model.base import new_id
from data.model.cases import Case, Confidentiality
from data.model.findings import Decision, Finding, FindingState
from data.model.keeping import RetentionConsent, RetentionRun
from data.model.people import Permission, Role, User
from data.model.posts import Post, PostId
from data.model.readings import Severity
from data.store import Work
from data.store.purge import CASE, FINDING, POST, post_key

AT_ONCE = 500  # unflagged posts in one transaction
HASHED = "#"  # how a handle begins that was replaced by its mark


@dataclass(frozen=True)
class KeptCase:
    """A case with what becomes of it, and who agreed so far that it may go (user ids)."""

    case: Case
    fate: Fate
    agreed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tonight:
    """What a run would do now: cases with their fate, and how many flagged posts, other posts and handles."""

    cases: tuple[KeptCase, ...]
    findings: dict[str, int]
    posts: int
    handles: int

    @property
    def gone(self) -> dict[str, int]:
        """How many records would go, by rule."""
        counts = Counter(one.fate.rule.value for one in self.cases if one.fate.action is Action.GO) + Counter(self.findings)
        return dict(counts + Counter({RuleKey.MENTION.value: self.posts, RuleKey.HANDLE.value: self.handles}))


class Purging(Governing):
    """What the night does. Asked by people only for what it would do."""

    def tonight(self, by: User, school_id: str) -> Tonight:
        """Return what would go tonight and why, what is held, what waits for a person; writes nothing."""
        by.must(Permission.MANAGE_RETENTION, school_id)
        with self.store.read() as work:
            found = self._tonight(work, school_id)
            return replace(found, cases=tuple(one for one in found.cases if self._keeps(work, by, one.case)))

    def _keeps(self, work: Work, by: User, case: Case) -> bool:
        """Whether a person may decide on how long a case is kept: nobody on their own matter, no head on a case about the head (§7.3)."""
        about_head = case.confidentiality is Confidentiality.RESTRICTED_CHAIR
        is_head = Role.HEADTEACHER in by.roles.get(case.school_id, ())
        own = self._subject(work, by, case) is not None or (about_head and is_head)
        return not own and by.may(Permission.MANAGE_RETENTION, case.school_id)

    def _tonight(self, work: Work, school_id: str) -> Tonight:
        kept, now = self._periods(work, school_id), self.now()
        going = {finding.id: fate.rule.value for finding, fate in self._findings(work, school_id, kept) if fate.action is Action.GO}
        cases = tuple(self._kept(work, case, kept) for case in work.cases.where(school_id=school_id, order_by="known_at"))
        leaving = {one.case.id for one in cases if one.fate.action is Action.GO}
        return Tonight(
            cases,
            dict(Counter(going.values())),
            len(self._mentions(work, now, leaving=leaving)),
            self._left_with_names(work, school_id, kept, going),
        )

    def _left_with_names(self, work: Work, school_id: str, kept: Periods, going: Collection[str]) -> int:
        """Return how many posts lose their writer's name and do not go themselves tonight."""
        ids = [post.id for post in self._handles(work, school_id, kept)]
        stay = [one for start in range(0, len(ids), AT_ONCE) for one in work.findings.where(post_id=ids[start : start + AT_ONCE])]
        return len({one.post_id for one in stay if one.id not in going})

    def run_retention(self, key: bytes, by: str = SYSTEM) -> RetentionRun:
        """Let go what may go, each record in a transaction of its own, and count it; a run that was cut off is simply run again.

        `key`: the installation's secret for the marks that take the place of handles.
        """
        run = RetentionRun(id=new_id(self.now()), at=self.now(), by=by)
        with self.store.begin(by=by) as work:
            school_ids = [school.id for school in work.schools.where()]
            work.retention_runs.add(run)  # before anything goes: a run that is cut off is seen
            work.commit()
        gone, held, waiting = Counter[str](), Counter[str](), Counter[str]()
        for school_id in school_ids:
            for kept in self._decided(school_id):
                counts = {Action.GO: gone, Action.HELD: held, Action.ASK: waiting}.get(kept.fate.action)
                if counts is not None and (kept.fate.action is not Action.GO or self._purge_case(kept.case.id, run.id)):
                    counts[kept.fate.rule.value] += 1
            gone.update(self._purge_findings(school_id, run.id))
            gone[RuleKey.HANDLE.value] += self._hide_handles(school_id, key, run.id)
        gone[RuleKey.MENTION.value] += self._purge_mentions(run.id)
        gone.update(self._purge_small(run.id))
        done = run.model_copy(
            update={"gone": dict(+gone), "held": dict(held), "waiting": dict(waiting), "finished_at": self.now()},
        )
        with self.store.begin(by=by) as work:
            work.retention_runs.replace(done)
            work.commit()
        return done

    def space_due(self) -> bool:
        """Whether something went since space was last given back; a run that was cut off counts: nobody knows how far it came."""
        with self.store.read() as work:
            return any(run.gone or run.finished_at is None for run in work.retention_runs.where(compacted_at=None))

    def space_given_back(self) -> None:
        """Note that nothing of what went lies in the database's files any more."""
        with self.store.begin(by=SYSTEM) as work:
            for run in work.retention_runs.where(compacted_at=None):
                work.retention_runs.replace(run.model_copy(update={"compacted_at": self.now()}))
            work.commit()

    def _decided(self, school_id: str) -> tuple[KeptCase, ...]:
        with self.store.read() as work:
            return self._tonight(work, school_id).cases

    def _periods(self, work: Work, school_id: str) -> Periods:
        own = {one.rule: one.days for one in work.retention_settings.where(school_id=school_id, order_by="at")}
        return retention.periods(own)

    def _fate(self, work: Work, case: Case, kept: Periods) -> Fate:
        holds, consents = work.holds.where(case_id=case.id), work.retention_consents.where(case_id=case.id)
        fate = retention.case_fate(case, holds, consents, kept, self.now())
        if fate.action is Action.GO and holds_sealed_off(work, case):  # evidence.md §8.6: never by itself
            return Fate(fate.rule, Action.HELD, None, "it holds what was sealed off: only the police direct what becomes of it")
        return fate

    def _kept(self, work: Work, case: Case, kept: Periods) -> KeptCase:
        agreed = tuple(name for one in self._consents(work, case) for name in (one.by, one.second) if name)
        return KeptCase(case, self._fate(work, case, kept), agreed)

    def _consents(self, work: Work, case: Case) -> list[RetentionConsent]:
        """Return what was agreed since the case was last closed."""
        given = work.retention_consents.where(case_id=case.id, order_by="at")
        return [one for one in given if case.closed_at is not None and one.at >= case.closed_at]

    def _purge_case(self, case_id: str, run_id: str) -> bool:
        """Take one case away with everything that hangs on it; asked once more within the transaction. Return whether it went."""
        with self.store.begin(by=SYSTEM) as work:
            work.lock(f"case:{case_id}")  # a hold that is set at this moment comes before or after, never in between
            case = work.cases.find(case_id)
            if case is None:
                return False
            fate = self._fate(work, case, self._periods(work, case.school_id))
            if fate.action is not Action.GO:
                return False
            work.tallies.add(tally(self.parts(work, case), self.now()))
            work.purge.bury(CASE, case.id, rule=fate.rule.value, run_id=run_id, at=self.now(), ref=case.ref)
            remains = work.purge.case(case.id)
            post_ids = [*remains.post_ids, *self._purge_judged(work, remains.finding_ids)]
            self._purge_posts(work, post_ids, fate.rule, run_id)
            work.note("purged", CASE, case.id, {"rule": fate.rule.value})
            work.commit()
        return True

    def _purge_judged(self, work: Work, finding_ids: Sequence[str]) -> list[int]:
        """Take away the flagged posts on which no other case rests; return their posts."""
        busy = work.purge.in_cases(finding_ids)
        free = [one for one in finding_ids if one not in busy]
        found = work.findings.where(id=free)
        for one in free:
            work.purge.finding(one)
        return [one.post_id for one in found if one.post_id is not None]

    def _purge_posts(self, work: Work, post_ids: Sequence[int], rule: RuleKey, run_id: str) -> None:
        for post_id in post_ids:
            post = work.posts.find(post_id)
            if post is not None and not work.purge.is_held(post_id):
                self._purge_post(work, post, rule, run_id)

    def _purge_post(self, work: Work, post: Post, rule: RuleKey, run_id: str) -> None:
        mark = post_key(post.platform, post.native_id, post.text_hash)
        work.purge.bury(POST, mark, rule=rule.value, run_id=run_id, at=self.now())
        work.purge.posts([post.id])

    def _findings(self, work: Work, school_id: str, kept: Periods) -> Iterator[tuple[Finding, Fate]]:
        """Yield the judged posts on which no case rests, with what becomes of them."""
        old = work.findings.where(school_id=school_id, state=FindingState.DECIDED)
        for start in range(0, len(old), AT_ONCE):
            yield from self._fates(work, old[start : start + AT_ONCE], kept)

    def _fates(self, work: Work, findings: Sequence[Finding], kept: Periods) -> Iterator[tuple[Finding, Fate]]:
        ids = [one.id for one in findings]
        busy, decisions = work.purge.in_cases(ids), defaultdict[str, list[Decision]](list)
        for decision in work.decisions.where(finding_id=ids, order_by="at"):
            decisions[decision.finding_id].append(decision)
        for finding in findings:
            if finding.state is FindingState.DECIDED and finding.id not in busy:
                yield finding, retention.finding_fate(finding, standing_decision(decisions[finding.id]), kept, self.now())

    def _purge_findings(self, school_id: str, run_id: str) -> Counter[str]:
        with self.store.read() as work:
            due = [
                (finding.id, fate.rule)
                for finding, fate in self._findings(work, school_id, self._periods(work, school_id))
                if fate.action is Action.GO
            ]
        return Counter(rule.value for finding_id, rule in due if self._purge_finding(finding_id, rule, run_id))

    def _purge_finding(self, finding_id: str, rule: RuleKey, run_id: str) -> bool:
        with self.store.begin(by=SYSTEM) as work:
            work.lock(f"finding:{finding_id}")
            finding = work.findings.find(finding_id)
            if finding is None or not self._may_go(work, finding):  # somebody was quicker: undone, or opened again
                return False
            decision = standing_decision(work.decisions.where(finding_id=finding.id, order_by="at"))
            if decision is not None:
                counted = judged(finding, decision, self.now())
                work.tallies.add(counted.model_copy(update={"outcome": EXPIRED}) if decision.by == SYSTEM else counted)
            work.purge.bury(FINDING, finding.id, rule=rule.value, run_id=run_id, at=self.now())
            work.purge.finding(finding.id)
            self._purge_posts(work, [finding.post_id] if finding.post_id is not None else [], rule, run_id)
            work.note("purged", FINDING, finding.id, {"rule": rule.value})
            work.commit()
        return True

    def _may_go(self, work: Work, finding: Finding) -> bool:
        fates = self._fates(work, [finding], self._periods(work, finding.school_id))
        return any(fate.action is Action.GO for _, fate in fates)

    def _mentions(
        self, work: Work, now: datetime, limit: int = 1_000_000, leaving: Collection[str] = ()
    ) -> list[tuple[int, str, str, str]]:
        """Return the posts that nobody flagged and whose time has come, by the shortest period of any school."""
        days = [self._periods(work, school.id)[RuleKey.MENTION] for school in work.schools.where()]
        shortest = min(days, default=timedelta(days=retention.RULES[RuleKey.MENTION].days))
        return work.purge.unflagged(now - shortest, limit, leaving)

    def _purge_mentions(self, run_id: str) -> int:
        count = 0
        while True:
            with self.store.begin(by=SYSTEM) as work:
                found = self._mentions(work, self.now(), AT_ONCE)
                for _, platform, native_id, text_hash in found:
                    mark = post_key(platform, native_id, text_hash)
                    work.purge.bury(POST, mark, rule=RuleKey.MENTION.value, run_id=run_id, at=self.now())
                work.purge.posts([one[0] for one in found])
                work.commit()
            count += len(found)
            if len(found) < AT_ONCE:
                return count

    def _handles(self, work: Work, school_id: str, kept: Periods) -> Iterator[Post]:
        """Yield the low-level posts that were judged long enough ago and still say who wrote them."""
        before = self.now() - kept[RuleKey.HANDLE]
        old = work.findings.where(school_id=school_id, state=FindingState.DECIDED)
        ids = list(dict.fromkeys(one.post_id for one in old if one.post_id is not None and one.seen_at < before))
        for start in range(0, len(ids), AT_ONCE):
            posts = [post for post in work.posts.where(id=ids[start : start + AT_ONCE]) if _names_somebody(post)]
            needed = self._authors_needed(work, [post.id for post in posts], before)
            yield from (post for post in posts if post.id not in needed)

    def _authors_needed(self, work: Work, post_ids: Sequence[PostId], before: datetime) -> set[PostId | None]:
        """Return the posts of which it still matters who wrote them: to a case, or to a judgement that is open, young or above low."""
        flagged = work.findings.where(post_id=post_ids)
        busy = [one for one in flagged if one.severity > Severity.S1 or one.state is not FindingState.DECIDED or one.seen_at >= before]
        return {one.post_id for one in busy} | {item.post_id for item in work.case_items.where(post_id=post_ids)}

    def _hide_handles(self, school_id: str, key: bytes, run_id: str) -> int:
        with self.store.begin(by=SYSTEM) as work:
            found = list(self._handles(work, school_id, self._periods(work, school_id)))
            for post in found:
                mark = post_key(post.platform, post.native_id, post.text_hash)
                work.purge.bury(POST, mark, rule=RuleKey.HANDLE.value, run_id=run_id, at=self.now())  # a poll would bring the name back
                work.posts.replace(hidden(post, key))
            work.commit()
        return len(found)

    def _purge_small(self, run_id: str) -> Counter[str]:
        """Let go of old logs, messages that went out, requests that were answered and policies that were replaced."""
        now = self.now()
        with self.store.begin(by=SYSTEM) as work:
            kept = {school.id: self._periods(work, school.id) for school in work.schools.where()}
            everywhere = _of_all(kept.values())

            def is_over(rule: RuleKey, school_id: str, since: datetime | None) -> bool:
                return since is not None and since < now - kept.get(school_id, everywhere)[rule]

            old = {
                "message": [one.id for one in work.messages.where() if is_over(RuleKey.MESSAGE, one.school_id, one.made_at)],
                "subject_request": [
                    one.id for one in work.subject_requests.where() if is_over(RuleKey.SUBJECT_REQUEST, one.school_id, one.decided_at)
                ],
                "policy": [one.id for one in work.policies.where() if is_over(RuleKey.POLICY, one.school_id, one.replaced_at)],
            }
            counts = Counter({kind: work.purge.rows(kind, ids) for kind, ids in old.items()})
            lookups = [one.id for one in work.lookups.where() if one.looked_at < now - everywhere[RuleKey.LOOKUP]]
            counts[RuleKey.LOOKUP.value] = work.purge.rows("network_lookup", lookups)
            counts[RuleKey.LOG.value] = work.purge.audit(now - everywhere[RuleKey.LOG], run_id=run_id, at=now)
            work.commit()
        return +counts


def _of_all(kept: Iterable[Periods]) -> Periods:
    """Return the periods of what belongs to no single school (the log, look-ups): the longest that any school chose."""
    chosen = list(kept) or [retention.periods({})]
    return {key: max(one[key] for one in chosen) for key in RuleKey}


def hidden(post: Post, key: bytes) -> Post:
    """Return the post with a mark in place of who wrote it, in its address too; the same writer gets the same mark here, and only here."""
    name = post.author_handle or post.author_id or post.author_name or ""
    whole = f"{post.platform}\n{name}".encode()
    mark = f"{HASHED}{hmac.new(key, whole, hashlib.sha256).hexdigest()[:16]}"
    names = [one for one in (post.author_handle, post.author_id, post.author_name) if one]
    update: dict[str, Any] = {"author_handle": mark, "author_id": None, "author_name": None, "raw": {}, "raw_html": None}
    update["native_id"] = HASHED + post_key(post.platform, post.native_id, post.text_hash)  # a platform's own id often holds the name
    for field in ("permalink", "address", "parent_id", "thread_id"):
        update[field] = _without(getattr(post, field), names, mark)
    return post.model_copy(update=update)


def _without(address: str | None, names: Sequence[str], mark: str) -> str | None:
    for name in sorted(names, key=len, reverse=True):
        bare = name.lstrip("@").partition("@")[0]
        if address and len(bare) > 1:
            address = address.replace(bare, mark)
    return address


def _names_somebody(post: Post) -> bool:
    return any(name and not name.startswith(HASHED) for name in (post.author_handle, post.author_id, post.author_name))
