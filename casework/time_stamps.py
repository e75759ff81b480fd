"""Time stamps from outside, as casework keeps them: one wanted with each piece of evidence, asked for again until it is given (RFC 3161).

No capture ever waits for one. Until it is there the evidence is whole but its time rests on the school's own clock, and the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from casework.room import SYSTEM, Room
from data.errors import CaseError
from data.model.base import new_id
from data.model.evidence import Evidence, RegisterHead, SealToken, TokenState
from data.model.people import Permission, User
from data.store import Work
from evidence.errors import Refused
from evidence.guard import is_sealed_off, may_keep
from evidence.timestamp import Authority, Stamped

# Waits between two questions to an authority that does not answer, then every hour: it may be down over night.
BACK_OFF = tuple(timedelta(minutes=one) for one in (1, 5, 15, 60))
STRICT = "certificates in order, read as strict DER"
RESORTED = "certificates out of order (not strict DER): put in order, then read"
OPENSSL_WORDS: Mapping[bool | None, str] = {
    True: "OpenSSL agrees",
    False: "OpenSSL does not agree",
    None: "OpenSSL is not on this computer",
}


def of_evidence(evidence_id: str) -> str:
    """Return the subject of a token about a piece of evidence."""
    return f"evidence:{evidence_id}"


def of_head(day: str) -> str:
    """Return the subject of a token about the register's head of a day."""
    return f"register:{day}"


def wanted(work: Work, evidence: Evidence, authority: Authority | None, now: datetime) -> None:
    """Want a time stamp for evidence that is being stored, in the same transaction; nothing where no authority is set up."""
    if authority is not None and evidence.seal_sha256:
        work.tokens.add_once(_token(of_evidence(evidence.id), evidence.seal_sha256, authority, now, evidence.case_id))


def head_wanted(work: Work, head: RegisterHead, authority: Authority | None, now: datetime) -> None:
    """Want a time stamp for the register's head of a day, in the same transaction."""
    if authority is not None:
        work.tokens.add_once(_token(of_head(head.id), head.hash, authority, now, None))


def _token(subject: str, imprint: str, authority: Authority, now: datetime, case_id: str | None) -> SealToken:
    return SealToken(
        id=new_id(now),
        subject=subject,
        case_id=case_id,
        imprint=imprint,
        authority=authority.url,
        made_at=now,
        next_at=now,
        root_sha256=authority.root_sha256,
    )


def how_checked(stamped: Stamped, second: bool | None) -> str:
    """Say how an answer was checked: by our own reading, and by OpenSSL as a second opinion."""
    return f"{RESORTED if stamped.resorted else STRICT}; {OPENSSL_WORDS[second]}"


class Stamping(Room):
    """Verbs about time stamps: the worker's, and the one button of a person."""

    def tokens_due(self, now: datetime) -> tuple[SealToken, ...]:
        """Return the time stamps to be asked for now, oldest first."""
        with self.store.read() as work:
            waiting = work.tokens.where(state=TokenState.WAITING, order_by="made_at")
            about = {one.case_id for one in waiting if one.case_id is not None}
            silent = {case.id for case in work.cases.where(id=sorted(about)) if is_sealed_off(case)}  # evidence.md §8.4
        return tuple(one for one in waiting if (one.next_at is None or one.next_at <= now) and one.case_id not in silent)

    def captured_at(self, token: SealToken) -> datetime | None:
        """Return when the evidence was captured that a token is about; None for the register."""
        with self.store.read() as work:
            found = work.evidence.find(token.subject.removeprefix("evidence:"))
        return found.captured_at if found else None

    def tokens_of(self, by: User, case_id: str) -> Mapping[str, SealToken]:
        """Return the time stamps of a case's evidence, by the evidence's id."""
        with self.store.read() as work:
            self._see(work, by, case_id)
            found = work.tokens.where(case_id=case_id)
        return {one.subject.removeprefix("evidence:"): one for one in found}

    def token_granted(self, token_id: str, stamped: Stamped, reply_sha256: str, checked: str) -> SealToken:
        """Note an answer that holds; a second one changes nothing."""
        update = {
            "state": TokenState.GRANTED,
            "reply_sha256": reply_sha256,
            "token_at": stamped.at,
            "authority_name": stamped.authority,
            "root_sha256": stamped.root_sha256,
            "serial": stamped.serial,
            "checked": checked,
            "problem": "",
            "next_at": None,
        }
        return self._noted(token_id, update)

    def token_later(self, token_id: str, problem: str) -> SealToken:
        """Note that the authority did not answer; it is asked again after 1, 5, 15 minutes, then every hour."""
        now = self.now()
        with self.store.read() as work:
            tried = work.tokens.get(token_id).attempts
        return self._noted(token_id, {"problem": problem, "next_at": now + BACK_OFF[min(tried, len(BACK_OFF) - 1)]})

    def token_refused(self, token_id: str, problem: str, reply_sha256: str | None) -> SealToken:
        """Note an answer that does not hold, with the reason; it is asked again only by hand."""
        update = {"state": TokenState.REFUSED, "problem": problem, "reply_sha256": reply_sha256, "next_at": None}
        return self._noted(token_id, update)

    def _noted(self, token_id: str, update: Mapping[str, object]) -> SealToken:
        with self.store.begin(by=SYSTEM) as work:
            work.lock(f"token:{token_id}")
            token = work.tokens.get(token_id)
            if token.state is not TokenState.GRANTED:
                token = work.tokens.replace(token.model_copy(update={**update, "attempts": token.attempts + 1}))
            work.commit()
        return token

    def ask_token_again(self, by: User, evidence_id: str) -> SealToken:
        """Ask the authority once more at the worker's next round; raises CaseError when there is nothing to ask.

        Raises CaptureForbiddenError in a stopped case: nobody outside is asked about it.
        """
        now = self.now()
        with self.store.begin(by=by.id) as work:
            kept = work.evidence.get(evidence_id)
            case = self._for(work, by, kept.case_id, Permission.CAPTURE)
            may_keep(stop=case.stop, category=case.lead_category, what=Refused.TIME_STAMP)
            found = work.tokens.where(subject=of_evidence(evidence_id))
            if not found or found[0].state is TokenState.GRANTED:
                raise CaseError(f"{kept.ref} waits for no time stamp: it has one, or none was set up when it was sealed")
            token = work.tokens.replace(found[0].model_copy(update={"state": TokenState.WAITING, "next_at": now}))
            self._event(work, case, by.id, "time stamp asked again", fields={"evidence_id": evidence_id})
            work.commit()
        return token
