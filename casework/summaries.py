"""What leaves a case for another file in the school: a child's summary. Who took it, and why, is written down (A36)."""

from __future__ import annotations

from typing import NamedTuple

from casework import child_summary, papers
from casework.asking import sender_role
from casework.child_summary import SummaryFacts, SummaryForm
from casework.errors import SummaryRefusedError
from casework.exports import SUMMARY
from casework.room import Room, needed
from data.errors import PermissionDeniedError
from data.model.base import new_id
from data.model.care import Disclosure
from data.model.people import Permission, User
from evidence.pdf import pdf


class ChildSummary(NamedTuple):
    """A child's summary, to be pasted and to be printed."""

    text: str
    paper: bytes


GROUNDS: dict[str, str] = {
    "law": "the law asks for it (police, court, LADO, social care)",
    "safeguarding": "to safeguard a child",
    "legal_claim": "for a legal claim or advice",
    "consent": "the person concerned agreed",
    "subject_access": "the person asked for data on themselves",
}


class Summaries(Room):
    """Verbs of summaries, and of what was given to others."""

    def disclose(self, by: User, case_id: str, to_whom: str, what: str, why: str, ground: str) -> Disclosure:
        """Record that something of a case was given to somebody outside: to whom, what, why, on which ground (A36, B38)."""
        if ground not in GROUNDS:
            msg = f"say on which ground it was given: {'; '.join(GROUNDS.values())}"
            raise SummaryRefusedError(msg)
        words = (needed(to_whom, "to whom it was given"), needed(what, "what was given"), needed(why, "why it was given"))
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.EXPORT)
            made = Disclosure(
                id=new_id(self.now()),
                case_id=case.id,
                to_whom=words[0],
                what=words[1],
                why=words[2],
                ground=GROUNDS[ground],
                by=by.id,
                at=self.now(),
            )
            work.disclosures.add(made)
            self._event(work, case, by.id, "disclosed", fields={"disclosure_id": made.id, "ground": ground})
            work.commit()
        return made

    def disclosures(self, by: User, case_id: str) -> tuple[Disclosure, ...]:
        """Return what was given to others, oldest first."""
        with self.store.read() as work:
            case = self._for(work, by, case_id, Permission.EXPORT)
            return tuple(work.disclosures.where(case_id=case.id, order_by="at"))

    def child_summary(self, by: User, case_id: str, form: SummaryForm) -> ChildSummary:
        """Return one child's summary as text and as PDF, and note that it was taken; for whoever reads child-protection cases.

        Raises SummaryRefusedError for a full name in place of initials and for empty fields, PermissionDeniedError.
        """
        child_summary.check(form)
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.EXPORT)
            if not by.may(Permission.SEE_RESTRICTED_DSL, case.school_id):
                raise PermissionDeniedError(by.id, Permission.SEE_RESTRICTED_DSL.value)
            facts = SummaryFacts(
                case=case,
                school=work.schools.get(case.school_id).name,
                addresses=tuple(item.address for item in work.case_items.where(case_id=case.id)),
                events=tuple(work.case_events.of(case.id)),
                referrals=tuple(work.referrals.where(case_id=case.id)),
                evidence=tuple(work.evidence.where(case_id=case.id)),
                by_role=sender_role(by, case.school_id),
                now=self.now(),
            )
            parts = child_summary.summary(form, facts)
            paper = pdf(papers.child(parts, case.ref, self.now()))
            work.disclosures.add(
                Disclosure(
                    id=new_id(self.now()),
                    case_id=case.id,
                    to_whom=form.to_whom.strip() or "the child-protection file",
                    what="a child's summary",
                    why="child protection",
                    ground="public task: safeguarding",
                    by=by.id,
                    at=self.now(),
                )
            )
            risks = [one.value for one in form.risks]
            self._event(work, case, by.id, SUMMARY, fields={"risks": risks, "to_whom": form.to_whom})
            work.commit()
        return ChildSummary(child_summary.as_text(parts), paper)
