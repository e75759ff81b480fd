"""What all verbs of casework share: the store, the clock, how a case is read, moved and written in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from casework import access, cases, outbox, triage
from casework.cases import Facts
from casework.clocks import undone_numbers
from casework.errors import AlreadyMovedError
from casework.transitions import STATE_LABELS, SYSTEM
from collector.spellings import spellings
from data.clock import Clock
from data.errors import CaseError, ConflictError, NotFoundError
from data.model.care import Investigation, Letter, PersonalFiling, Referral, SupportOffer
from data.model.cases import ENDED, Case, CaseEvent, CaseState, Confidentiality, TakedownRequest
from data.model.evidence import Evidence, OrderState, TokenState
from data.model.findings import Finding, FindingState
from data.model.people import Permission, Role, User
from data.model.readings import NO_CAPTURE, Severity
from data.store import Store, Work
from data.store.repository import Repository
from evidence.timestamp import Authority

KNOWN_FILE = "known_file"  # in the line of history that stops a case: the numbers of the cases that hold the file
NOBODY_ASKED = "the case was stopped: nobody outside is asked"
UNDER_WAY = (OrderState.WAITING, OrderState.RUNNING)
OfCase = TypeVar("OfCase", TakedownRequest, Letter, Referral, Investigation, PersonalFiling, SupportOffer)
_SEEN = frozenset({"image", "video", "audio"})
_HOLDING = frozenset(  # mails, documents and saved pages: pictures may be in them
    {"message/rfc822", "application/vnd.ms-outlook", "application/pdf", "multipart/related", "application/wacz"}
)
AHEAD = timedelta(minutes=2)  # a browser's clock may run a little ahead of ours


class Room:
    """The base of casework's verbs. Pure rules stand elsewhere; here they meet the store."""

    def __init__(self, store: Store, clock: Clock, authority: Authority | None = None) -> None:
        """Take the store, the clock, and whose time stamps new evidence gets (None: nobody's)."""
        self.store, self.clock, self.authority = store, clock, authority

    def now(self) -> datetime:
        """Return the present moment of the room's clock."""
        return self.clock.now()

    def _target_user(self, work: Work, target: str) -> str | None:
        """Return the user id of a member of staff whom a case is about (§7.3: matched by linked user id)."""
        member = work.staff.find(target.removeprefix("staff:")) if target.startswith("staff:") else None
        return member.user_id if member else None

    def _see(self, work: Work, by: User, case_id: str) -> Case:
        if work.writes:
            work.lock(f"case:{case_id}")  # people who write into one case at the same moment follow each other
        return self._must_see(work, by, work.cases.get(case_id))

    def _held(self, work: Work, kept: Repository[OfCase], record_id: str) -> OfCase:
        """Return a record of a case, read once nobody else writes into that case: what somebody quicker wrote is never written over."""
        found = kept.get(record_id)
        if not work.writes:
            return found
        work.lock(f"case:{found.case_id}")
        return kept.get(record_id)

    def _must_see(self, work: Work, by: User, case: Case) -> Case:
        """Return the case; for whom it is about, and for a colleague who posted it, it does not exist (§7.3)."""
        access.must_see_case(by, case, self._subject(work, by, case))
        return case

    def _may_see(self, work: Work, by: User, case: Case) -> bool:
        return access.may_see_case(by, case, self._subject(work, by, case))

    def _subject(self, work: Work, by: User, case: Case) -> str | None:
        """Return the person's own id if the case is their own matter: as its target, or as the colleague found to have posted it."""
        sources = [one.source_person for one in work.investigations.where(case_id=case.id) if one.source_person is not None]
        return by.id if any(self._is_subject(work, by, case.school_id, one) for one in (case.target, *sources)) else None

    def _is_subject(self, work: Work, by: User, school_id: str, target: str) -> bool:
        return access.conflicted(by, school_id, target, self._target_user(work, target))

    def _own_matter(self, work: Work, by: User, finding: Finding) -> bool:
        """Whether a flagged post became a case that is this person's own matter: from then on it does not exist for them either (§7.3)."""
        if finding.state is not FindingState.DECIDED:
            return False
        decided = triage.standing_decision(work.decisions.where(finding_id=finding.id, order_by="at"))
        case = work.cases.find(decided.case_id) if decided is not None and decided.case_id is not None else None
        return case is not None and self._subject(work, by, case) is not None

    def _must_see_finding(self, work: Work, by: User, finding: Finding) -> None:
        """Raise unless the person may read the flagged post; NotFoundError where it became their own matter, so that nothing leaks."""
        if self._own_matter(work, by, finding):
            raise NotFoundError("flagged post", finding.id)
        access.must_see_finding(by, finding)

    def _about_head(self, work: Work, school_id: str, target: str) -> bool:
        """Whether a matter is about the head: said so, by the linked account, or by the role in the staff list (§7.3)."""
        member = work.staff.find(target.removeprefix("staff:")) if target.startswith("staff:") else None
        user_id = member.user_id if member else target.removeprefix("user:") if target.startswith("user:") else None
        user = work.users.find(user_id) if user_id else None
        linked = user is not None and Role.HEADTEACHER in user.roles.get(school_id, ())
        return linked or target == Role.HEADTEACHER or (member is not None and triage.is_head(member.role or ""))

    def _for(self, work: Work, by: User, case_id: str, permission: Permission) -> Case:
        """Return the case if the person may see it and may do this in it."""
        case = self._see(work, by, case_id)
        access.must(by, permission, case)
        return case

    def _facts(self, work: Work, case: Case) -> Facts:
        events = work.case_events.of(case.id)
        return Facts(
            evidence=tuple(work.evidence.where(case_id=case.id)),
            requests=tuple(work.requests.where(case_id=case.id)),
            checks=tuple(work.checks.where(case_id=case.id, order_by="at")),
            items=tuple(item.id for item in work.case_items.where(case_id=case.id)),
            previous=before_hold(events),
            seriousness=max(work.seriousness.where(case_id=case.id), key=lambda form: form.version, default=None),
            referrals=tuple(work.referrals.where(case_id=case.id)),
            target_user=self._target_user(work, case.target),
            claimed_at=next((one.at for one in reversed(events) if one.after is CaseState.CLAIMED_REMOVED), None),
        )

    def _move(self, work: Work, case: Case, to: CaseState, by: User | None, fields: Mapping[str, Any], reason: str | None = None) -> Case:
        changed, event = cases.move(case, to, by, self.now(), fields, facts=self._facts(work, case), reason=reason)
        return self._write(work, case, changed, event)

    def _event(
        self,
        work: Work,
        case: Case,
        who: str,
        what: str,
        *,
        fields: Mapping[str, Any] | None = None,
        reason: str | None = None,
        update: Mapping[str, Any] | None = None,
    ) -> Case:
        """Write a line of history that changes no state; `update` holds what else changes in the case."""
        base = case.model_copy(update=dict(update or {}))
        changed, event = cases.record(base, self.now(), who, what, fields=fields, reason=reason)
        return self._write(work, case, changed, event)

    def _write(self, work: Work, before: Case, changed: Case, event: CaseEvent) -> Case:
        try:
            work.cases.change(changed, before.revision)
        except ConflictError as error:  # two people at the same moment: the second is told who was quicker, and what they did
            news = [one for one in work.case_events.of(before.id) if one.number > before.revision]
            raise (_moved(before, news[-1]) if news else error) from error
        work.case_events.add(event)
        if changed.state is CaseState.SAFEGUARDING_LEAD and before.state is not changed.state:
            outbox.alert_case(work, changed, self.now())  # A10: at once, in the same transaction
        return changed

    def _unmoved(self, work: Work, case: Case, seen: int | None) -> None:
        """Raise AlreadyMovedError when a person moved the case since the revision that stood on the screen (None: asked by no screen)."""
        if seen is None or seen >= case.revision:
            return
        news = [one for one in work.case_events.of(case.id) if one.number > seen and one.before is not None and one.by != SYSTEM]
        if news:
            raise _moved(case, news[-1])

    def _stop(self, work: Work, case: Case, who: str, fields: Mapping[str, Any], what: str = "capture refused") -> Case:
        """Stop a case, and every other one of the school at the same address: no request goes there any more (evidence.md §8.4).

        So is every one that holds a picture, recording, mail or saved page of this one: what may not be seen here may not be seen there.
        The flag, the strictest confidentiality but the chair's, every order under way, the safeguarding lead. What the case held before
        stays in the line of history, for the one stop that can be lifted (casework.stopping).
        """
        self._stop_others(work, self._at_its_address(work, case), who, {**fields, "same_address": case.ref}, what)
        shared = {**fields, "same_file": case.ref}
        self._stop_others(work, self._with_its_files(work, case), who, shared, what)
        lock_pictures(work, case.school_id)
        self._stop_others(work, self._with_its_files(work, case), who, shared, what)  # and what was stored until that lock was free
        return self._stop_one(work, case, who, fields, what)

    def _stop_others(self, work: Work, others: Sequence[Case], who: str, fields: Mapping[str, Any], what: str) -> None:
        for other in sorted(others, key=lambda one: one.id):
            work.lock(f"case:{other.id}")
            fresh = work.cases.get(other.id)
            if not fresh.stop:
                self._stop_one(work, fresh, who, fields, what)

    def _at_its_address(self, work: Work, case: Case) -> list[Case]:
        """Return the school's other cases that hold an address of this one, by any of its spellings."""
        names = [name for item in work.case_items.where(case_id=case.id) if item.address for name in spellings(item.address)]
        others = {item.case_id for item in work.case_items.where(address=names)} - {case.id}
        return work.cases.where(id=sorted(others), school_id=case.school_id)

    def _with_its_files(self, work: Work, case: Case) -> list[Case]:
        """Return the school's other cases that hold a file of this one in which a picture may be, by its SHA-256."""
        shown = shown_in(work, (case.id,))
        others = {one.case_id for one in work.evidence.where() if not shown.isdisjoint(picture_files(one))} if shown else set()
        others |= {one.case_id for one in work.checks.where(answer_sha256=sorted(shown))} if shown else set()
        return [one for one in work.cases.where(school_id=case.school_id, stop=False) if one.id in others - {case.id}]

    def _stop_if_file_known(self, work: Work, case: Case, hashes: Collection[str]) -> bool:
        """Stop a case into which a file is brought that a stopped one of the school holds; whether it was stopped (evidence.md §8.4).

        Which cases hold it stands in the history, by number; no hash of the picture does. Whoever stores the file asks this in the same
        transaction: what is stopped at the same moment waits for it, or is seen by it.
        """
        lock_pictures(work, case.school_id)
        known = sealed_off_with(work, case, hashes)
        if known:
            stopped = self._stop(work, case, SYSTEM, {KNOWN_FILE: [one.ref for one in known]})
            if case.state is CaseState.SAFEGUARDING_LEAD:  # elsewhere the move itself tells the leads
                outbox.alert_case(work, stopped, self.now())
        return bool(known)

    def _stop_one(self, work: Work, case: Case, who: str, fields: Mapping[str, Any], what: str) -> Case:
        for order in work.orders.where(case_id=case.id, state=list(UNDER_WAY)):
            work.orders.replace(
                order.model_copy(update={"state": OrderState.STOPPED, "finished_at": self.now(), "problem": "the case was stopped"})
            )
        work.prints.forget(case.id)  # nothing is compared with it any more (evidence.md §8)
        self._no_tokens(work, case)
        update: dict[str, Any] = {"stop": True, "severity": Severity.S4}
        if case.confidentiality is not Confidentiality.RESTRICTED_CHAIR:
            update["confidentiality"] = Confidentiality.RESTRICTED_DSL
        was = {"was": {name: getattr(case, name) for name in ("severity", "confidentiality")}}
        case = self._event(work, case, who, what, fields={**fields, **was}, update=update)
        if case.state in {CaseState.SAFEGUARDING_LEAD, *ENDED}:
            return case  # an ended case stays ended: its flag alone forbids every look, capture and export
        return self._move(work, case, CaseState.SAFEGUARDING_LEAD, None, {"reason": "may show an indecent image of a child"})

    def _no_tokens(self, work: Work, case: Case) -> None:
        """Ask no outside authority for its word about a stopped case (evidence.md §8.6)."""
        for token in work.tokens.where(case_id=case.id, state=TokenState.WAITING):
            work.tokens.replace(token.model_copy(update={"state": TokenState.REFUSED, "problem": NOBODY_ASKED}))

    def _tokens_again(self, work: Work, case: Case) -> None:
        """Ask again for what was not asked for while the case was stopped."""
        for token in work.tokens.where(case_id=case.id, state=TokenState.REFUSED, problem=NOBODY_ASKED):
            work.tokens.replace(token.model_copy(update={"state": TokenState.WAITING, "problem": ""}))

    def _not_ahead(self, moment: datetime | None, what: str) -> datetime:
        """Return the moment, or now; raises CaseError for one in the future or without a zone."""
        now = self.now()
        if moment is None:
            return now
        if moment.tzinfo is None:
            msg = f"{what} needs a time zone"
            raise CaseError(msg)
        if moment > now + AHEAD:
            msg = f"{what} lies in the future; give the time at which it happened"
            raise CaseError(msg)
        return min(moment, now).astimezone(UTC)


def picture_files(evidence: Evidence) -> frozenset[str]:
    """Return the hashes of its files in which a picture may be; not those of lists, logs and keys, which much evidence shares."""
    return frozenset(one.sha256 for one in evidence.files if one.media_type.partition("/")[0] in _SEEN or one.media_type in _HOLDING)


def shown_in(work: Work, case_ids: Collection[str]) -> frozenset[str]:
    """Return the hashes of what may show a picture in these cases: files of their evidence, and what their addresses answered to a look.

    An answer of words is one too: it is kept with its moment, so that no two are alike by chance.
    """
    mine = sorted(case_ids)
    answers = {one.answer_sha256 for one in work.checks.where(case_id=mine) if one.answer_sha256}
    return frozenset(answers.union(*(picture_files(one) for one in work.evidence.where(case_id=mine))))


def sealed_off_with(work: Work, case: Case, hashes: Collection[str]) -> list[Case]:
    """Return the school's other sealed-off cases in which one of these files (SHA-256) is, or was, a file that may hold a picture.

    What its address answered to a look counts, and so does what the police had destroyed: its hash stays in the record, and the same file
    shall not come back by another door.
    """
    mine = {one.id: one for one in work.cases.where(school_id=case.school_id, stop=True)}
    mine |= {one.id: one for one in work.cases.where(school_id=case.school_id, lead_category=sorted(NO_CAPTURE))}
    mine.pop(case.id, None)
    holding = {one.case_id for one in work.evidence.where(case_id=sorted(mine)) if not picture_files(one).isdisjoint(hashes)}
    holding |= {one.case_id for one in work.checks.where(case_id=sorted(mine)) if one.answer_sha256 in hashes}
    return [mine[case_id] for case_id in sorted(holding)]


def lock_pictures(work: Work, school_id: str) -> None:
    """Let nobody store a file in this school while a case of it is being stopped, nor the other way round."""
    work.lock(f"pictures:{school_id}")


def before_hold(events: Sequence[CaseEvent]) -> CaseState | None:
    """Return the state in which the case was before it was last held, or taken over by the safeguarding lead; corrections do not count."""
    taken, undone = (CaseState.HOLD_BY_AUTHORITY, CaseState.SAFEGUARDING_LEAD), undone_numbers(events)
    moves = [event for event in events if event.what == "moved" and event.number not in undone]
    return next((event.before for event in reversed(moves) if event.after in taken and event.before is not None), None)


def _moved(case: Case, event: CaseEvent) -> AlreadyMovedError:
    words = f"moved it to '{STATE_LABELS[event.after]}'" if event.after is not None else f"wrote into it ({event.what})"
    return AlreadyMovedError(event.by, event.at, words, case.ref)


def needed(text: str, what: str) -> str:
    """Return the text without blanks around it; raises CaseError naming what is empty or too long."""
    if not text.strip():
        msg = f"{what} is empty; write one line"
        raise CaseError(msg)
    if len(text) > 10_000:  # noqa: PLR2004 - issue 4's bad input
        msg = f"{what} is longer than 10,000 characters; shorten it"
        raise CaseError(msg)
    return text.strip()


__all__ = ["AHEAD", "KNOWN_FILE", "SYSTEM", "UNDER_WAY", "Room", "before_hold", "needed", "picture_files", "shown_in"]
