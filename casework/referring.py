"""Verbs about other bodies: the police with consent (A22), and everybody else with date, reference and outcome (A28, B39)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from casework import access, referrals
from casework.acting import Acting
from casework.errors import ReferralRefusedError
from casework.referrals import BODY_LABELS
from casework.room import needed
from casework.transitions import ADVICE_BODIES
from data.errors import PermissionDeniedError
from data.model.base import new_id
from data.model.care import OverrideCode, Referral, ReferralBody
from data.model.cases import Case, CaseState
from data.model.people import Permission, Role, User
from data.store import Work

MAX_LINE = 200


class Referring(Acting):
    """A referral runs beside the case; no verb here changes the case's state but advice that releases it."""

    def open_referral(self, by: User, case_id: str, body: ReferralBody, why: str, person: str = "") -> Referral:
        """Begin to put a case to another body; for the police in an adult's own matter `person` says who is asked to agree (A22)."""
        words = needed(why, "why it is referred")
        with self.store.begin(by=by.id) as work:
            case = self._referring(work, by, case_id, body)
            now = self.now()
            _begun_once(work.referrals.where(case_id=case.id, body=body))
            referral = Referral(id=new_id(now), case_id=case.id, body=body, why=words, opened_by=by.id, opened_at=now)
            referral = work.referrals.add(referral.model_copy(update=dict(referrals.opened(case, body, _line(person), now))))
            self._event(work, case, by.id, "referral opened", fields=_named(referral), reason=f"{BODY_LABELS[body]}: {words}")
            work.commit()
        return referral

    def _referring(self, work: Work, by: User, case_id: str, body: ReferralBody) -> Case:
        """Return the case if this person may put it to this body (§7.1)."""
        case = self._for(work, by, case_id, Permission.REFER)
        why = referrals.may_refer(case, access.acts_as(by, case), body)
        if why is not None:
            raise PermissionDeniedError(by.id, why)
        return case

    def consent_answered(self, by: User, referral_id: str, agrees: bool, how: str) -> Referral:
        """Record whether the person agrees to the police being told; refused may become given later (A22)."""
        with self.store.begin(by=by.id) as work:
            referral, case = self._referral(work, by, referral_id)
            referral = work.referrals.replace(referrals.answered(referral, agrees=agrees, how=_line(how), now=self.now()))
            self._event(work, case, by.id, "consent given" if agrees else "consent refused", fields=_named(referral), reason=_line(how))
            work.commit()
        return referral

    def _referral(self, work: Work, by: User, referral_id: str) -> tuple[Referral, Case]:
        referral = self._held(work, work.referrals, referral_id)
        return referral, self._referring(work, by, referral.case_id, referral.body)

    def go_without_consent(self, by: User, referral_id: str, code: OverrideCode | None, reason: str) -> Referral:
        """Name the reason that stands in place of consent; a second person must agree before the police are told (A22)."""
        with self.store.begin(by=by.id) as work:
            referral, case = self._referral(work, by, referral_id)
            why = needed(reason, "what makes it so") if reason.strip() else ""
            referral = referrals.without_consent(referral, code, why, by.id, self.now())
            work.referrals.replace(referral)
            self._event(work, case, by.id, "consent overridden", fields=_named(referral), reason=referral.override_reason)
            work.commit()
        return referral

    def agree_without_consent(self, by: User, referral_id: str) -> Referral:
        """Agree, as the second person, to going to the police without consent: anyone else who sees the case and may refer (A22)."""
        with self.store.begin(by=by.id) as work:
            referral = self._held(work, work.referrals, referral_id)
            case = self._for(work, by, referral.case_id, Permission.REFER)
            referral = work.referrals.replace(referrals.agreed(referral, by.id))
            self._event(work, case, by.id, "second person agreed", fields=_named(referral))
            work.commit()
        return referral

    def referral_made(
        self,
        by: User,
        referral_id: str,
        channel: str,
        reference: str = "",
        officer: str = "",
        force: str = "",
        *,
        offences: Sequence[str] = (),
        made_at: datetime | None = None,
    ) -> Referral:
        """Record that a body was told: how, by which reference, for the police which force and possible offences (A22, A28, B39).

        Raises ConsentMissingError before consent or its override, ReferralRefusedError for what is not on the lists.
        """
        moment = self._not_ahead(made_at, "the time at which they were told")
        with self.store.begin(by=by.id) as work:
            referral, case = self._referral(work, by, referral_id)
            update = {
                **referrals.told(referral, channel, offences),
                "made_at": moment,
                "made_by": by.id,
                "reference": _line(reference) or None,
                "officer": _line(officer) or None,
                "force": _line(force) or None,
            }
            referral = work.referrals.replace(referral.model_copy(update=update))
            self._event(work, case, by.id, "referral made", fields=_named(referral) | {"channel": channel, "made_at": moment})
            work.commit()
        return referral

    def referral_outcome(self, by: User, referral_id: str, outcome: str) -> Referral:
        """Record what came of a referral. What the LADO or children's social care says is the advice that the case waited for (§2.5)."""
        words = needed(outcome, "what came of it")
        with self.store.begin(by=by.id) as work:
            referral, case = self._referral(work, by, referral_id)
            if referral.made_at is None:
                msg = f"record first that {BODY_LABELS[referral.body]} was told"
                raise ReferralRefusedError(msg)
            referral = work.referrals.replace(referral.model_copy(update={"outcome": words, "outcome_at": self.now()}))
            case = self._event(work, case, by.id, "referral outcome", fields=_named(referral), reason=words)
            adviser = next((code for code, body in referrals.ADVISERS.items() if body is referral.body), None)
            if adviser is not None and case.advice_recorded_at is None and _may_advise(by, case):
                self._advised(work, case, by, f"{ADVICE_BODIES[adviser]}: {words}")
            work.commit()
        return referral


def _begun_once(found: Sequence[Referral]) -> None:
    """Raise ReferralRefusedError while the same body is still to be told: a second click begins nothing new."""
    if any(one.made_at is None and one.outcome_at is None for one in found):
        msg = "this referral is begun already and they were not told yet; go on there"
        raise ReferralRefusedError(msg)


def _may_advise(by: User, case: Case) -> bool:
    """Whether the outcome counts as advice by this very click: a case with the safeguarding lead is released by nobody else (A10)."""
    leads = {Role.DSL, Role.DEPUTY_DSL}
    return case.state is not CaseState.SAFEGUARDING_LEAD or case.stop or bool(leads & access.acts_as(by, case))


def _named(referral: Referral) -> dict[str, str]:
    return {"referral_id": referral.id, "body": referral.body.value, "consent": referral.consent.value}


def _line(text: str) -> str:
    """Return what was typed into a one-line field; raises ReferralRefusedError for more than a line holds."""
    if len(text) > MAX_LINE:
        msg = f"that is longer than {MAX_LINE} characters for one line; shorten it"
        raise ReferralRefusedError(msg)
    return text.strip()
