"""Posts that come back: found by their prints, linked by the system where nobody else can be meant, else proposed to a person (§5.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from casework import cases, reuploads
from casework.asking import Asking
from casework.known_stops import stops_in
from casework.reuploads import Earlier, Resemblance
from casework.room import needed
from casework.transitions import OPEN, SYSTEM
from data.errors import CaseError
from data.model.base import new_id
from data.model.cases import Case, CaseItem, CaseState, Confidentiality, RemovalCheck
from data.model.copies import CopyState, FoundCopy, ItemPrint, Match
from data.model.findings import Decision, DecisionKind, Finding, FindingState
from data.model.people import Permission, User
from data.model.posts import Post, PostId
from data.store import Work

RULE = "reupload.v1"
BATCH = 500  # items that get their print in one step
MOST_AT_ADDRESS = 2  # an address under which more posts stand is a page of many, such as a feed's own
MOST_OPEN = 20  # proposals that wait in one case: a person is not flooded, whatever is passed around
FAMILY = 50  # cases that hang together by re-uploads


@dataclass(frozen=True)
class CopyFile:
    """A post that was found to resemble an item of the case, with why, for the screen."""

    copy: FoundCopy
    post: Post | None
    says: str
    may_link: bool
    stop: bool = False  # its address was stopped: nobody opens it


@dataclass(frozen=True)
class _Found:
    """A post, the case whose item it resembles, and in what."""

    post: Post
    case: Case
    item_id: str
    resemblance: Resemblance

    @property
    def automatic(self) -> bool:
        """Whether the system links it by itself."""
        return reuploads.is_automatic(self.resemblance, self.case, self.post.first_seen_at)


class Copying(Asking):
    """Verbs about posts that come back, and about copies of a post."""

    def seek_copies(self, post_ids: Sequence[PostId]) -> tuple[FoundCopy, ...]:
        """Compare new posts with the items of all cases; return what was found and not known. Once for each post and school.

        Each post asks the index for at most `reuploads.MOST_KEYS` keys and is compared with `MOST_COMPARED` prints at most.
        """
        with self.store.begin(by=SYSTEM) as work:
            self._print_items(work)
            found = [copy for post in work.posts.where(id=list(post_ids)) for copy in self._seek(work, post)]
            work.commit()
        return tuple(found)

    def _print_items(self, work: Work) -> None:
        """Make the prints that are missing, of the words as they stand when the case is opened."""
        for item in work.case_items.where(id=work.prints.unprinted(BATCH)):
            case = work.cases.get(item.case_id)
            post = work.posts.find(item.post_id) if item.post_id is not None else None
            made = reuploads.print_of(item, post, school_id=case.school_id, now=self.now())
            work.prints.keep(made, reuploads.keys_of_item(made))

    def _seek(self, work: Work, post: Post) -> list[FoundCopy]:
        made = reuploads.print_of_post(post, self.now())
        whole, groups = reuploads.whole_keys(made), reuploads.groups_of_post(made)
        near = work.prints.sharing(whole, groups, least=reuploads.SHARED, limit=reuploads.MOST_COMPARED)
        if not near or work.case_items.count(post_id=post.id):
            return []
        found = [one for known in near if (one := self._resembling(work, post, made, known)) is not None]
        best = {one.case.school_id: one for one in sorted(found, key=_weight)}
        return [copy for one in best.values() if (copy := self._keep_copy(work, one)) is not None]

    def _resembling(self, work: Work, post: Post, made: ItemPrint, known: ItemPrint) -> _Found | None:
        alike, case = reuploads.resemblance(made, known), work.cases.find(known.case_id)
        if alike is None or case is None or not reuploads.may_match(case):
            return None
        if case.state not in OPEN and not reuploads.was_removed(case):
            return None  # it ended without a removal: nothing came back
        if alike.match is Match.SAME_ADDRESS and work.posts.count(address=post.address) > MOST_AT_ADDRESS:
            return None
        return _Found(post, case, known.id, alike)

    def _keep_copy(self, work: Work, found: _Found) -> FoundCopy | None:
        """Store what was found, once; then link it, or put it before a person."""
        findings = [one for one in work.findings.of_post(found.post.id) if one.school_id == found.case.school_id]
        waiting = next((one for one in findings if one.state is not FindingState.DECIDED), None)
        if (findings and waiting is None) or self._is_too_much(work, found):
            return None  # a person has judged this very post already, or has enough of this before them
        now = self.now()
        copy = FoundCopy(
            id=new_id(now),
            school_id=found.case.school_id,
            post_id=found.post.id,
            case_id=found.case.id,
            item_id=found.item_id,
            match=found.resemblance.match,
            likeness=found.resemblance.likeness,
            same_author=found.resemblance.same_author,
            finding_id=waiting.id if waiting else None,
            found_at=now,
        )
        if not work.copies.add_once(copy):
            return None
        return self._linked_by_system(work, copy, found) if found.automatic else self._proposed(work, copy, found, waiting)

    def _is_too_much(self, work: Work, found: _Found) -> bool:
        """Whether enough is proposed to the case, or a person said of the same kind of weak likeness that it means nothing here."""
        if found.automatic:
            return False
        known = work.copies.where(case_id=found.case.id)
        weak = found.resemblance.match in {Match.SAME_MEDIA, Match.SAME_PICTURE}
        silenced = weak and any(one.state is CopyState.SET_ASIDE and one.match is found.resemblance.match for one in known)
        return silenced or sum(one.state is CopyState.PROPOSED for one in known) >= MOST_OPEN

    def _proposed(self, work: Work, copy: FoundCopy, found: _Found, waiting: Finding | None) -> FoundCopy:
        """Put it before a person: on the case's page, and in the inbox unless the case is kept from those who read that."""
        if found.case.confidentiality in {Confidentiality.NORMAL, Confidentiality.RESTRICTED_DSL}:
            finding = self._finding(work, found.post, found.case, waiting, self._why(found.case, copy))
            copy = work.copies.replace(copy.model_copy(update={"finding_id": finding.id}))
        fields = {"copy_id": copy.id, "match": copy.match.value, "likeness": round(copy.likeness, 2)}
        self._event(work, found.case, SYSTEM, "copy found", fields=fields, reason=self._why(found.case, copy))
        return copy

    def _why(self, case: Case, copy: FoundCopy) -> str:
        return (reuploads.COPY_SAYS if reuploads.was_removed(case) else reuploads.OPEN_SAYS)[copy.match]

    def _finding(self, work: Work, post: Post, case: Case, waiting: Finding | None, why: str) -> Finding:
        """Return the post's finding: the one that waits, told why it matters now, or a new one. Never milder than the case."""
        if waiting is not None:
            categories = tuple(dict.fromkeys((*waiting.categories, case.lead_category)))
            update = {
                "reasons": tuple(dict.fromkeys((why, *waiting.reasons))),
                "severity": max(waiting.severity, case.severity),
                "categories": categories,
            }
            return work.findings.replace(waiting.model_copy(update=update))
        now = self.now()
        return work.findings.add(
            Finding(
                id=new_id(now),
                school_id=case.school_id,
                post_id=post.id,
                post_version=post.version,
                platform=post.platform,
                severity=case.severity,
                lead_category=case.lead_category,
                categories=(case.lead_category,),
                reasons=(why,),
                rule=RULE,
                seen_at=post.first_seen_at,
                made_at=now,
            )
        )

    def _linked_by_system(self, work: Work, copy: FoundCopy, found: _Found) -> FoundCopy:
        waiting = work.findings.find(copy.finding_id) if copy.finding_id else None
        finding = self._finding(work, found.post, found.case, waiting, self._why(found.case, copy))
        return self._link(work, copy, found.case, found.post, finding, SYSTEM)

    def _link(self, work: Work, copy: FoundCopy, case: Case, post: Post, finding: Finding, who: str) -> FoundCopy:
        """Make the post an item of the open case, or of a new case that is linked to the one that ended."""
        why = self._why(case, copy)
        target = case if case.state in OPEN else self._again(work, case, who, copy.match, finding=finding, why=why)
        now = self.now()
        self._add_copy(work, target, post)
        if target.id == case.id:
            self._event(work, case, who, "copy linked", fields={"copy_id": copy.id, "match": copy.match.value}, reason=why)
        else:
            self._event(work, case, who, "reuploaded", fields={"case_ref": target.ref, "match": copy.match.value}, reason=why)
        decision = Decision(
            id=new_id(now),
            finding_id=finding.id,
            kind=DecisionKind.OPEN_CASE,
            category=case.lead_category,
            severity=target.severity,
            target=case.target,
            reason=why,
            by=who,
            at=now,
            case_id=target.id,
        )
        work.decisions.add(decision)
        work.findings.replace(finding.model_copy(update={"state": FindingState.DECIDED}))
        update = {"state": CopyState.LINKED, "finding_id": finding.id, "by": who, "at": now, "linked_case_id": target.id}
        return work.copies.replace(copy.model_copy(update=update))

    def _add_copy(self, work: Work, case: Case, post: Post) -> CaseItem:
        now = self.now()
        return work.case_items.add(
            CaseItem(id=new_id(now), case_id=case.id, post_id=post.id, address=post.permalink, platform=post.platform, added_at=now)
        )

    def _again(self, work: Work, case: Case, who: str, match: Match, *, finding: Finding | None = None, why: str) -> Case:
        """Open the linked case: its own 24 hours, one severity higher, the earlier evidence by reference (§5.5)."""
        again = work.cases.add(self._linked(work, case, finding))
        work.case_events.add(cases.opened(again, who, reason=why, fields={"reuploaded_from": case.ref}))
        refs = [one.ref for one in work.evidence.where(case_id=case.id) if one.counts]
        fields = {"match": match.value, "from": case.ref, "evidence": refs or "none"}
        return self._event(work, again, who, "earlier evidence noted", fields=fields)

    def _linked(self, work: Work, case: Case, finding: Finding | None) -> Case:
        now = self.now()
        return case.model_copy(
            update={
                "id": new_id(now),
                "ref": work.cases.next_ref(now.year),
                "finding_id": finding.id if finding is not None else case.finding_id,
                "reuploaded_from": case.id,
                "state": CaseState.TRIAGED,
                "severity": reuploads.severity_again(case.severity),
                "reporter_type": "collected",
                "reported_at": None,
                "known_at": now,
                "opened_at": now,
                "gone_observed_at": None,
                "closed_at": None,
                "outcome": None,
                "no_capture_reason": None,
                "missed_reason": None,
                "missed_note": None,
                "transferred_at": None,
                "transfer_reference": None,
                "revision": 1,
            }
        )

    def _reappeared(self, work: Work, case: Case, check: RemovalCheck) -> None:
        """Up again after it was verified gone: a linked case with its own 24 hours, one severity higher (§5.5), once."""
        if case.state not in {CaseState.VERIFIED_REMOVED, CaseState.CLOSED}:
            self._event(work, case, SYSTEM, "reappeared", fields={"check_id": check.id})
            return
        if any(event.what == "reuploaded" and "check_id" in event.fields for event in work.case_events.of(case.id)):
            return
        again = self._again(work, case, SYSTEM, Match.SAME_ADDRESS, why="found again after it was gone")
        for item in work.case_items.where(case_id=case.id):
            work.case_items.add(item.model_copy(update={"id": new_id(self.now()), "case_id": again.id, "added_at": self.now()}))
        fields = {"case_ref": again.ref, "check_id": check.id, "match": Match.SAME_ADDRESS.value}
        self._event(work, case, SYSTEM, "reuploaded", fields=fields)

    def copies_of(self, by: User, case_id: str) -> tuple[CopyFile, ...]:
        """Return the posts that were found to resemble an item of the case, those that wait for a person first."""
        with self.store.read() as work:
            case = self._see(work, by, case_id)
            found = work.copies.where(case_id=case.id, order_by="found_at")
            files = [self._copy_file(work, case, copy) for copy in found]
        return tuple(sorted(files, key=lambda one: one.copy.state is not CopyState.PROPOSED))

    def _copy_file(self, work: Work, case: Case, copy: FoundCopy) -> CopyFile:
        author = "by the same account" if copy.same_author else "not by the same account, as far as can be seen"
        share = f", {copy.likeness:.0%} alike" if 0 < copy.likeness < 1 else ""
        says = f"{self._why(case, copy)}{share}; {author}"
        waits = copy.state is CopyState.PROPOSED and not case.stop and not self._is_judged(work, copy)
        post = work.posts.find(copy.post_id)
        stop = post is not None and (case.school_id, post.address) in stops_in(work, [case.school_id]).addresses
        return CopyFile(copy, post, says, waits and not stop, stop)

    def _is_judged(self, work: Work, copy: FoundCopy) -> bool:
        finding = work.findings.find(copy.finding_id) if copy.finding_id else None
        return finding is not None and finding.state is FindingState.DECIDED

    def link_copy(self, by: User, copy_id: str) -> Case:
        """Say that a proposed post is a copy: it joins the open case, or opens a case linked to the one that ended. One click, once."""
        with self.store.begin(by=by.id) as work:
            copy, case = self._waiting_copy(work, by, copy_id)
            if case.state not in OPEN and not reuploads.was_removed(case):
                msg = "the case ended without a removal in the meantime; reopen it first, or judge the post in the inbox"
                raise CaseError(msg)
            post = work.posts.get(copy.post_id)
            waiting = work.findings.find(copy.finding_id) if copy.finding_id else None
            finding = self._finding(work, post, case, waiting, self._why(case, copy))
            done = self._link(work, copy, case, post, finding, by.id)
            linked = work.cases.get(done.linked_case_id)
            work.commit()
        return linked

    def not_a_copy(self, by: User, copy_id: str, reason: str) -> FoundCopy:
        """Say that a proposed post is no copy, and why; in the inbox it waits on like any other post."""
        why = needed(reason, "why it is no copy")
        with self.store.begin(by=by.id) as work:
            copy, case = self._waiting_copy(work, by, copy_id)
            update = {"state": CopyState.SET_ASIDE, "by": by.id, "at": self.now(), "reason": why}
            done = work.copies.replace(copy.model_copy(update=update))
            self._event(work, case, by.id, "copy set aside", fields={"copy_id": copy.id}, reason=why)
            work.commit()
        return done

    def _waiting_copy(self, work: Work, by: User, copy_id: str) -> tuple[FoundCopy, Case]:
        copy = work.copies.get(copy_id)
        if copy.finding_id is not None:
            work.lock(f"finding:{copy.finding_id}")  # somebody may judge the same post in the inbox at this moment
        work.lock(f"case:{copy.case_id}")
        copy = work.copies.get(copy_id)
        case = self._for(work, by, copy.case_id, Permission.TRIAGE)
        if copy.state is not CopyState.PROPOSED:
            done = "linked" if copy.state is CopyState.LINKED else "set aside as no copy"
            msg = f"this post was {done} already by user {copy.by}; nothing was changed"
            raise CaseError(msg)
        if case.stop:
            msg = "the case was stopped: nothing is compared with it any more; judge the post in the inbox"
            raise CaseError(msg)
        if self._is_judged(work, copy):
            msg = "somebody judged this post in the inbox in the meantime; nothing was changed"
            raise CaseError(msg)
        return copy, case

    def earlier_removals(self, by: User, case_id: str) -> Earlier:
        """Return what was removed before in the same matter: two earlier removals by one account shorten the section 5 way (§2.2)."""
        with self.store.read() as work:
            case = self._see(work, by, case_id)
            family = [one for one in self._family(work, case) if one.id == case.id or self._may_see(work, by, one)]
            prints = work.prints.where(case_id=[one.id for one in family])
        authors: dict[str, set[str]] = {}
        for one in prints:
            authors.setdefault(one.case_id, set()).update([one.author] if one.author else [])
        return reuploads.earlier(case, family, authors)

    def _family(self, work: Work, case: Case) -> list[Case]:
        """Return the cases that hang together by re-uploads, from the first one on."""
        first = case
        while first.reuploaded_from is not None and (before := work.cases.find(first.reuploaded_from)) is not None:
            first = before
        found = {first.id: first}
        newest = [first.id]
        while newest and len(found) < FAMILY:
            after = [one for one in work.cases.where(reuploaded_from=newest) if one.id not in found]
            found |= {one.id: one for one in after}
            newest = [one.id for one in after]
        return list(found.values())


def _weight(found: _Found) -> tuple[bool, bool, float, str]:
    """Put last what counts most: an open case, then what the system may link, then the greater likeness, then the newer case."""
    return found.case.state in OPEN, found.automatic, found.resemblance.likeness, found.case.ref
