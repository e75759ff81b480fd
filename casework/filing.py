"""Verbs about a report that only the person concerned can file (A19): offered with a named helper, papers, filed, answered.

offered → pack_given → filed → answered, or declined on the way. The school never files in somebody's name, and asks for no password (A25).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from casework.acting import Acting
from casework.errors import EvidenceMissingError, FilingRefusedError
from casework.exports import PAPERS
from casework.personal_data import Guard
from casework.referrals import about_staff
from casework.requests import blocked, has_evidence, step
from casework.room import needed
from casework.stops import hard_stops
from casework.triage import TARGETS
from data.model.base import new_id
from data.model.care import Disclosure, FilingState, PersonalFiling
from data.model.cases import Case, CaseState, RequestState, Route
from data.model.people import Permission, User
from data.store import Work

FILING_LABELS: dict[FilingState, str] = {
    FilingState.OFFERED: "offered",
    FilingState.PACK_GIVEN: "the person has the papers",
    FilingState.FILED: "filed by the person",
    FilingState.DECLINED: "declined by the person",
    FilingState.ANSWERED: "answered by the platform",
}
MOVES: dict[FilingState, frozenset[FilingState]] = {
    FilingState.OFFERED: frozenset({FilingState.PACK_GIVEN, FilingState.DECLINED}),
    FilingState.PACK_GIVEN: frozenset({FilingState.FILED, FilingState.DECLINED}),
    FilingState.FILED: frozenset({FilingState.ANSWERED}),
    FilingState.ANSWERED: frozenset(),
    FilingState.DECLINED: frozenset({FilingState.PACK_GIVEN}),  # minds change
}
MAX_WORDS = 5_000
MAX_LINK = 2_000
WITHIN = timedelta(days=28)  # a time to file by that lies further ahead is a slip of the finger


class Filing(Acting):
    """Help for whoever must file in person."""

    def offer_filing(
        self,
        by: User,
        case_id: str,
        item_id: str,
        person: str,
        supporter_id: str,
        *,
        words: str,
        link: str = "",
        reply_by: datetime | None = None,
    ) -> PersonalFiling:
        """Offer the person help to file the report themselves, with a helper named and the words that they may paste (A19).

        Raises EvidenceMissingError before evidence (A14), FilingRefusedError where nobody may be asked or no person is concerned.
        """
        text = needed(words, "the words that the person may paste")
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.REQUEST)
            self._may_file(work, case, item_id, person)
            self._helper(work, case, supporter_id)
            now = self.now()
            self._no_personal_data(work, case, text)
            _offered_once(work.filings.where(case_id=case.id, item_id=item_id, person=person))
            made = PersonalFiling(
                id=new_id(now),
                case_id=case.id,
                item_id=item_id,
                route=Route.COMPLAINANT,
                person=person,
                supporter=supporter_id,
                link=_link(link),
                words=_short(text),
                reply_by=_when(reply_by, now),
                offered_by=by.id,
                offered_at=now,
            )
            work.filings.add(made)
            self._event(work, case, by.id, "filing offered", fields=_named(made) | {"supporter": supporter_id})
            work.commit()
        return made

    def _may_file(self, work: Work, case: Case, item_id: str, person: str) -> None:
        _may_be_asked(case)
        if work.case_items.get(item_id).case_id != case.id:
            msg = f"item {item_id} does not belong to case {case.ref}; open the case again"
            raise FilingRefusedError(msg)
        if not has_evidence(case, work.evidence.where(case_id=case.id)):
            raise EvidenceMissingError
        if person in {"school", "none"} or not (person in TARGETS or about_staff(person)):
            msg = "say which person files it: the school as a body cannot"
            raise FilingRefusedError(msg)

    def _no_personal_data(self, work: Work, case: Case, words: str) -> None:
        """Raise PersonalDataError before words that name a child, a birthday or a home are handed over to be pasted (§3.5, §9)."""
        school = work.schools.get(case.school_id)
        Guard(self.now(), school.postal_address or "", school.name).field("words that the person may paste", words)

    def _helper(self, work: Work, case: Case, supporter_id: str) -> None:
        helper = work.users.find(supporter_id)
        if helper is None or helper.disabled or not self._may_see(work, helper, case):
            msg = "name a helper who signs in here and may see this case; choose somebody else"
            raise FilingRefusedError(msg)

    def papers_made(self, by: User, filing_id: str, sha256: str, evidence_ref: str = "") -> PersonalFiling:
        """Note that the papers were made for the person, by their SHA-256, with what evidence, and what was given to whom (A36)."""
        with self.store.begin(by=by.id) as work:
            found, case = self._filing(work, by, filing_id)
            _may_be_asked(case)
            if found.state is FilingState.ANSWERED:
                msg = "the platform has answered; no more papers are needed"
                raise FilingRefusedError(msg)
            found = work.filings.replace(found.model_copy(update={"pack_sha256": sha256}))
            now = self.now()
            work.disclosures.add(
                Disclosure(
                    id=new_id(now),
                    case_id=case.id,
                    to_whom=f"the person concerned ({TARGETS.get(found.person, 'a member of staff')})",
                    what=f"papers to file a report with, SHA-256 {sha256[:12]}",
                    why="the site asks the person concerned to report it themselves (policy A19)",
                    ground="the person's own matter",
                    by=by.id,
                    at=now,
                )
            )
            self._event(work, case, by.id, PAPERS, fields=_named(found) | {"sha256": sha256, "evidence": evidence_ref})
            work.commit()
        return found

    def _filing(self, work: Work, by: User, filing_id: str) -> tuple[PersonalFiling, Case]:
        found = self._held(work, work.filings, filing_id)
        return found, self._for(work, by, found.case_id, Permission.REQUEST)

    def papers_given(self, by: User, filing_id: str, given_at: datetime | None = None) -> PersonalFiling:
        """Record that the person has the papers; the case then waits for them (`awaiting_complainant`)."""
        moment = self._not_ahead(given_at, "the time at which the papers were handed over")
        with self.store.begin(by=by.id) as work:
            found, case = self._filing(work, by, filing_id)
            if found.pack_sha256 is None:
                msg = "make the papers first, then record that the person has them"
                raise FilingRefusedError(msg)
            found = work.filings.replace(_to(found, FilingState.PACK_GIVEN, pack_at=moment))
            if case.state is CaseState.EVIDENCE_CAPTURED:
                fields = _named(found) | {"supporter": found.supporter, "pack_sent_at": moment}
                self._move(work, case, CaseState.AWAITING_COMPLAINANT, by, fields)
            else:
                self._event(work, case, by.id, "papers given", fields=_named(found))
            work.commit()
        return found

    def filed(self, by: User, filing_id: str, reference: str, filed_at: datetime | None = None) -> PersonalFiling:
        """Record that the person has filed it, and under which reference; removal is then requested (§5.3)."""
        words = needed(reference, "the reference (or 'none given')")
        moment = self._not_ahead(filed_at, "the time of filing")
        with self.store.begin(by=by.id) as work:
            found, case = self._filing(work, by, filing_id)
            found = work.filings.replace(_to(found, FilingState.FILED, filed_at=moment, reference=words[:200]))
            self._drafted_for_them(work, found, by, moment)
            if case.state is CaseState.AWAITING_COMPLAINANT:
                fields = _named(found) | {"filed_at": moment, "reference": words}
                self._move(work, case, CaseState.REQUESTED, by, fields)
            else:
                self._event(work, case, by.id, "filed by the person", fields=_named(found) | {"filed_at": moment})
            work.commit()
        return found

    def _drafted_for_them(self, work: Work, found: PersonalFiling, by: User, moment: datetime) -> None:
        """A request that was drafted for the person to send is sent now, so that it is counted and its answer can be recorded."""
        waiting = work.requests.where(case_id=found.case_id, item_id=found.item_id, route=Route.COMPLAINANT, state=RequestState.READY)
        for request in waiting[:1]:
            update = {"sent_at": moment, "sent_by": by.id, "reference": found.reference}
            work.requests.replace(step(request, RequestState.SENT).model_copy(update=update))

    def filing_answered(self, by: User, filing_id: str, answer: str) -> PersonalFiling:
        """Record what the platform answered the person. It stops no clock: only our own looks do (A20)."""
        words = needed(answer, "what they answered")
        with self.store.begin(by=by.id) as work:
            found, case = self._filing(work, by, filing_id)
            found = work.filings.replace(_to(found, FilingState.ANSWERED, answered_at=self.now(), answer=words))
            self._event(work, case, by.id, "filing answered", fields=_named(found), reason=words)
            work.commit()
        return found

    def filing_declined(self, by: User, filing_id: str, reason: str = "") -> PersonalFiling:
        """Record that the person does not want to file. Nobody presses them; another way can be chosen, and minds may change."""
        with self.store.begin(by=by.id) as work:
            found, case = self._filing(work, by, filing_id)
            found = work.filings.replace(_to(found, FilingState.DECLINED, declined_at=self.now()))
            self._event(work, case, by.id, "filing declined", fields=_named(found), reason=reason.strip()[:2_000] or None)
            work.commit()
        return found


def _may_be_asked(case: Case) -> None:
    """Raise FilingRefusedError while nobody may be asked, by the school or by anyone that it helps: an authority's hold counts too."""
    why = blocked(case) or next(iter(hard_stops(case)), None)
    if why is not None:
        raise FilingRefusedError(why)


def _offered_once(found: Sequence[PersonalFiling]) -> None:
    """Raise FilingRefusedError while the same person has this offer before them: a second click offers nothing new."""
    if any(one.state in {FilingState.OFFERED, FilingState.PACK_GIVEN} for one in found):
        msg = "this help is offered to the person already; go on there"
        raise FilingRefusedError(msg)


def _to(found: PersonalFiling, state: FilingState, **update: object) -> PersonalFiling:
    """Return the filing in its new state; raises FilingRefusedError for a step that does not follow."""
    if state not in MOVES[found.state]:
        msg = f"this is not possible while it stands at '{FILING_LABELS[found.state]}'; open the case again"
        raise FilingRefusedError(msg)
    return found.model_copy(update={"state": state, **update})


def _named(found: PersonalFiling) -> dict[str, str]:
    return {"filing_id": found.id, "state": found.state.value}


def _link(link: str) -> str:
    typed = link.strip()
    if len(typed) > MAX_LINK or (typed and not typed.startswith(("https://", "http://"))) or any(sign.isspace() for sign in typed):
        msg = "the link to the platform's page does not look like a web address; copy it from the browser, or leave it empty"
        raise FilingRefusedError(msg)
    return typed


def _short(text: str) -> str:
    if len(text) > MAX_WORDS:
        msg = f"the words to paste are longer than {MAX_WORDS:,} characters; forms take less, shorten them"
        raise FilingRefusedError(msg)
    return text


def _when(reply_by: datetime | None, now: datetime) -> datetime | None:
    if reply_by is not None and (reply_by.tzinfo is None or not now <= reply_by <= now + WITHIN):
        msg = "the time to file by must lie ahead, within four weeks"
        raise FilingRefusedError(msg)
    return reply_by
