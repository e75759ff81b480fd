"""Verbs about finding out what happened (A15) and who posted it (A27): decided by a named person, never computed.

# A16 A24: a pupil's or colleague's procedure is kept elsewhere; here stands only a pointer to it.
"""

from __future__ import annotations

from casework import outbox
from casework.acting import Acting
from casework.errors import AdviceMissingError, InvestigationRefusedError
from casework.requests import NEEDS_ADVICE
from casework.room import needed
from casework.triage import TARGETS
from data.model.base import new_id
from data.model.care import Attribution, Investigation, SourceKind
from data.model.cases import Case, Confidentiality
from data.model.people import Permission, Role, User
from data.store import Work

ATTRIBUTION_LABELS: dict[Attribution, str] = {
    Attribution.UNKNOWN: "not known",
    Attribution.SUSPECTED: "suspected",
    Attribution.ADMITTED: "admitted by the person",
    Attribution.CONFIRMED_BY_PLATFORM: "confirmed by the platform or the police",
}
SOURCE_LABELS: dict[SourceKind, str] = {
    SourceKind.UNKNOWN: "not known",
    SourceKind.PUPIL: "a pupil",
    SourceKind.PARENT: "a parent",
    SourceKind.STAFF: "a member of staff",
    SourceKind.PUBLIC: "a member of the public",
}
MAX_STEPS = 500


class Inquiring(Acting):
    """Who looks into it, what was done, what was found."""

    def open_investigation(self, by: User, case_id: str, lead_id: str) -> Investigation:
        """Name who looks into it (A15). Never on the STOP route, and not before advice where a child or an accused is concerned."""
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.TRIAGE)
            self._may_look_into(work, case, lead_id)
            now = self.now()
            made = Investigation(id=new_id(now), case_id=case.id, lead=lead_id, opened_by=by.id, opened_at=now)
            work.investigations.add(made)
            self._event(work, case, by.id, "investigation opened", fields={"investigation_id": made.id, "lead": lead_id})
            work.commit()
        return made

    def _may_look_into(self, work: Work, case: Case, lead_id: str) -> None:
        if case.stop:
            msg = "this may be an indecent image of a child: the police look into it, not the school"
            raise InvestigationRefusedError(msg)
        if case.lead_category in NEEDS_ADVICE and case.advice_recorded_at is None:
            raise AdviceMissingError
        if any(one.closed_at is None for one in work.investigations.where(case_id=case.id)):
            msg = "somebody is looking into it already; add a step there"
            raise InvestigationRefusedError(msg)
        lead = work.users.find(lead_id)
        if lead is None or lead.disabled or not self._may_see(work, lead, case):
            msg = "whoever looks into it must sign in here and be allowed to see the case; choose somebody else"
            raise InvestigationRefusedError(msg)

    def investigation_step(self, by: User, investigation_id: str, text: str) -> Investigation:
        """Add what was done."""
        words = needed(text, "what was done")
        with self.store.begin(by=by.id) as work:
            found, case = self._inquiry(work, by, investigation_id)
            if len(found.steps) >= MAX_STEPS:
                msg = f"there are {MAX_STEPS} steps already; close this investigation with what was found"
                raise InvestigationRefusedError(msg)
            step = {"at": self.now().isoformat(), "by": by.id, "text": words}
            found = work.investigations.replace(found.model_copy(update={"steps": (*found.steps, step)}))
            self._event(work, case, by.id, "investigation step", fields={"investigation_id": found.id})
            work.commit()
        return found

    def _inquiry(self, work: Work, by: User, investigation_id: str) -> tuple[Investigation, Case]:
        found = self._held(work, work.investigations, investigation_id)
        case = self._for(work, by, found.case_id, Permission.TRIAGE)
        if found.closed_at is not None:
            msg = "this investigation is closed; open another one"
            raise InvestigationRefusedError(msg)
        return found, case

    def attribute_source(
        self, by: User, investigation_id: str, attribution: Attribution, kind: SourceKind, note: str, person: str = ""
    ) -> Investigation:
        """Record who posted it and what that rests on (A27). A colleague makes the case the headteacher's (A24), the head the chair's.

        `person` names a colleague by role or "staff:<id>", so that this person never sees the case (§7.3).
        """
        is_known = attribution is not Attribution.UNKNOWN
        words = needed(note, "what that rests on") if is_known else note.strip()[:10_000]
        with self.store.begin(by=by.id) as work:
            found, case = self._inquiry(work, by, investigation_id)
            kept = self._source(work, by, case, kind if is_known else SourceKind.UNKNOWN, person.strip())
            update = {"source": attribution, "source_note": words or None, "source_by": by.id, "source_at": self.now(), **kept}
            found = work.investigations.replace(found.model_copy(update=update))
            fields = {"investigation_id": found.id, "source": attribution.value, "kind": found.source_kind.value}
            case = self._event(work, case, by.id, "source attributed", fields=fields)
            if found.source_kind is SourceKind.STAFF:
                self._to_the_head(work, by, case, found)
            work.commit()
        return found

    def _source(self, work: Work, by: User, case: Case, kind: SourceKind, person: str) -> dict[str, object]:
        named = person if kind is SourceKind.STAFF and person else None
        if named is not None and named not in TARGETS and not _on_list(work, case, named):
            msg = "choose who of the staff it was from the list"
            raise InvestigationRefusedError(msg)
        if named is not None and self._is_subject(work, by, case.school_id, named):
            msg = "it concerns yourself, so somebody else must record it"
            raise InvestigationRefusedError(msg)
        return {"source_kind": kind, "source_person": named}

    def _to_the_head(self, work: Work, by: User, case: Case, found: Investigation) -> None:
        """Restrict the case (A24) and give it to somebody who may see it."""
        wanted, role = Confidentiality.RESTRICTED_HT, Role.HEADTEACHER
        if found.source_person is not None and self._about_head(work, case.school_id, found.source_person):
            wanted, role = Confidentiality.RESTRICTED_CHAIR, Role.CHAIR
        if case.confidentiality in {wanted, Confidentiality.RESTRICTED_CHAIR, Confidentiality.RESTRICTED_DSL}:
            wanted = Confidentiality.RESTRICTED_CHAIR if role is Role.CHAIR else case.confidentiality
        draft = case.model_copy(update={"confidentiality": wanted})
        owner = self._owner_of(work, draft, role)
        update = {"confidentiality": wanted, "owner_id": owner}
        fields = {"confidentiality": wanted.value, "owner_id": owner}
        case = self._event(work, case, by.id, "restricted", fields=fields, update=update)
        if role is Role.CHAIR:
            outbox.tell_chair(work, case, self.now())

    def _owner_of(self, work: Work, case: Case, role: Role) -> str:
        """Return who owns the case from now on: its owner if still allowed to see it, else whoever holds the role."""
        people = {user.id: user for user in work.users.where(disabled=False) if self._may_see(work, user, case)}
        holders = [user.id for user in people.values() if role in user.roles.get(case.school_id, ())]
        if case.owner_id in people and (case.owner_id in holders or not holders):
            return case.owner_id
        if not holders:
            msg = f"nobody signs in here as {'chair of governors' if role is Role.CHAIR else 'headteacher'} who may see it; add them first"
            raise InvestigationRefusedError(msg)
        return holders[0]

    def point_to_procedure(self, by: User, investigation_id: str, reference: str) -> Investigation:
        """Note where the school's own record of the procedure lies (A16, A24): the reference only, never what was decided there."""
        words = needed(reference, "the reference")
        if len(words) > 200:  # noqa: PLR2004 - a reference is one line, not the sanction
            msg = "give the reference only, in one line; what was decided stays in the school's own system"
            raise InvestigationRefusedError(msg)
        with self.store.begin(by=by.id) as work:
            found = self._held(work, work.investigations, investigation_id)
            case = self._for(work, by, found.case_id, Permission.TRIAGE)
            found = work.investigations.replace(found.model_copy(update={"procedure_reference": words}))
            self._event(work, case, by.id, "procedure noted", fields={"investigation_id": found.id})
            work.commit()
        return found

    def close_investigation(self, by: User, investigation_id: str, findings: str, outcome: str) -> Investigation:
        """End the investigation with what was found and what followed."""
        update = {"findings": needed(findings, "what was found"), "outcome": needed(outcome, "what followed")}
        with self.store.begin(by=by.id) as work:
            found, case = self._inquiry(work, by, investigation_id)
            found = work.investigations.replace(found.model_copy(update={**update, "closed_at": self.now(), "closed_by": by.id}))
            self._event(work, case, by.id, "investigation closed", fields={"investigation_id": found.id, "source": found.source.value})
            work.commit()
        return found


def _on_list(work: Work, case: Case, person: str) -> bool:
    member = work.staff.find(person.removeprefix("staff:")) if person.startswith("staff:") else None
    return member is not None and member.school_id == case.school_id
