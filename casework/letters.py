"""Letters, summaries and messages made from a case (domain.md §9), and every notice or letter as text, PDF or mail draft.

Nothing is sent from here: a person copies, prints or opens the draft in their own mail program, sends it, and records it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from casework import access, countdown, routes, steps
from casework.asking import Asking, Start, sender_role
from casework.checks import VERDICT_LABELS, next_check
from casework.drafting import Known, look_at_whole, starts
from casework.errors import ConsentMissingError, IllegalMoveError
from casework.exports import PAPER
from casework.mail_draft import mail_draft
from casework.notice import Details, NoticeFacts, Rendered, check_details, evidence_row, fits_in, london
from casework.notice import Letter as Template
from casework.notices import LETTERS, NOTICES
from casework.personal_data import Guard
from casework.referrals import consent_needed, may_be_made
from casework.requests import blocked
from casework.room import needed
from casework.sheet import sheet
from casework.triage import TARGETS
from data.errors import CaseError, NotFoundError
from data.model.base import new_id
from data.model.care import Letter, ReferralBody
from data.model.cases import Case, CaseItem, RequestState, TakedownRequest
from data.model.evidence import EvidenceKind
from data.model.people import Permission, User
from data.model.posts import PlatformName
from data.model.readings import Category
from data.model.watch import School
from data.store import Work
from evidence.guard import is_sealed_off
from evidence.pdf import pdf

FORMS: dict[str, str] = {"txt": "text/plain; charset=utf-8", "pdf": "application/pdf", "eml": "message/rfc822"}
_FORM_WORDS = {"txt": "as text", "pdf": "as PDF", "eml": "as a mail draft"}
_KINDS = {"request": "the notice of a request", "letter": "a letter"}
_TAKE_ADDRESSES = frozenset({"police", "iwf", "ceop"})
WITHHELD = "not given here: it may show an indecent image of a child; the police or the IWF have the address"


@dataclass(frozen=True)
class LetterChoice:
    """One letter that may be written in a case by this person, and what its form starts with."""

    template: Template
    start: Start


@dataclass(frozen=True)
class Paper:
    """A file to be given to the person's browser."""

    name: str
    media_type: str
    content: bytes


class Letters(Asking):
    """Verbs about letters and papers."""

    def letter_choices(self, by: User, case_id: str) -> tuple[LetterChoice, ...]:
        """Return the letters that this person may write in this case."""
        with self.store.read() as work:
            case = self._see(work, by, case_id)
            known = self._known(work, case)
            fitting = (one for one in LETTERS.values() if _fits(one, case) and access.may(by, one.permission, case))
            return tuple(LetterChoice(one, Start(starts(one.asks, known), ())) for one in fitting)

    def letters(self, by: User, case_id: str) -> tuple[Letter, ...]:
        """Return the letters of a case that this person may read, oldest first."""
        with self.store.read() as work:
            case = self._see(work, by, case_id)
            kept = work.letters.where(case_id=case.id, order_by="drafted_at")
            return tuple(one for one in kept if one.template not in LETTERS or access.may(by, LETTERS[one.template].permission, case))

    def preview_letter(self, by: User, case_id: str, template: str, recipient: str, details: Details) -> Rendered:
        """Return the words of a letter without writing anything; raises what `draft_letter` raises."""
        with self.store.read() as work:
            case, chosen = self._for_letter(work, by, case_id, template)
            return self._written(work, by, case, chosen, recipient, details)

    def draft_letter(self, by: User, case_id: str, template: str, recipient: str, details: Details) -> Letter:
        """Keep a letter. One that the headteacher has to agree to waits for `approve_letter`.

        Raises NoticeIncompleteError naming what is missing, PersonalDataError naming the field, ConsentMissingError for a police summary
        without the person's consent (A22), IllegalMoveError where this letter is not written in this case.
        """
        with self.store.begin(by=by.id) as work:
            case, chosen = self._for_letter(work, by, case_id, template)
            words = self._written(work, by, case, chosen, recipient, details)
            now = self.now()
            letter = Letter(
                id=new_id(now),
                case_id=case.id,
                template=chosen.key,
                recipient=recipient.strip(),
                subject=words.subject,
                body=words.body,
                details=dict(details),
                drafted_by=by.id,
                drafted_at=now,
            )
            work.letters.add(letter)
            self._event(work, case, by.id, "letter drafted", fields={"letter_id": letter.id, "template": chosen.key})
            work.commit()
        return letter

    def approve_letter(self, by: User, letter_id: str) -> Letter:
        """Agree to a letter as the headteacher (the chair in a case about the head); who and when is kept (B31)."""
        with self.store.begin(by=by.id) as work:
            letter, case = self._open_letter(work, by, letter_id, Permission.DECIDE_REPLY)
            if letter.approved_at is not None:
                raise CaseError("this letter was approved already; nothing was changed")
            letter = work.letters.replace(letter.model_copy(update={"approved_by": by.id, "approved_at": self.now()}))
            self._event(work, case, by.id, "letter approved", fields={"letter_id": letter.id})
            work.commit()
        return letter

    def drop_letter(self, by: User, letter_id: str, reason: str) -> Letter:
        """Refuse a letter, or give it up; it stays in the record with the reason."""
        why = needed(reason, "the reason")
        with self.store.begin(by=by.id) as work:
            letter, case = self._open_letter(work, by, letter_id, None)
            update = {"refused_by": by.id, "refused_at": self.now(), "refused_why": why}
            letter = work.letters.replace(letter.model_copy(update=update))
            self._event(work, case, by.id, "letter dropped", fields={"letter_id": letter.id}, reason=why)
            work.commit()
        return letter

    def letter_sent(self, by: User, letter_id: str, sent_at: datetime | None = None, reference: str | None = None) -> Letter:
        """Record that the person sent or handed over a letter, when, and under which reference."""
        moment = self._not_ahead(sent_at, "the time of sending")
        with self.store.begin(by=by.id) as work:
            letter, case = self._open_letter(work, by, letter_id, None)
            if _is_draft(letter):
                raise CaseError("the headteacher approves this letter first; ask them, then record that it was sent")
            _must_have_consent(work, case, letter.template)
            update = {"sent_at": moment, "sent_by": by.id, "reference": (reference or "").strip()[:200] or None}
            letter = work.letters.replace(letter.model_copy(update=update))
            self._event(work, case, by.id, "letter sent", fields={"letter_id": letter.id, "sent_at": moment})
            work.commit()
        return letter

    def paper(self, by: User, kind: str, record_id: str, form: str) -> Paper:
        """Return a request's notice (`kind` "request") or a letter ("letter") as "txt", "pdf" or "eml"; that it left is recorded first.

        Raises NotFoundError for another kind or form, PermissionDeniedError, IllegalMoveError where a stopped case forbids it.
        """
        if form not in FORMS or kind not in {"request", "letter"}:
            raise NotFoundError("paper", f"{kind}.{form}")
        with self.store.read() as work:
            found, case = self._paper(work, by, kind, record_id, form)
            school = work.schools.get(case.school_id)
        name = f"{case.ref}-{found.notice if isinstance(found, TakedownRequest) else found.template}.{form}"
        content = _made(found, school, case.ref, form)
        with self.store.begin(by=by.id) as work:
            _, case = self._paper(work, by, kind, record_id, form)  # it may have been stopped while the paper was made
            fields = {"kind": kind, "id": record_id, "form": form, "sha256": hashlib.sha256(content).hexdigest()}
            self._event(work, case, by.id, PAPER, fields=fields, reason=f"{_KINDS[kind]}, {_FORM_WORDS[form]}")
            work.commit()
        return Paper(name, FORMS[form], content)

    def _paper(self, work: Work, by: User, kind: str, record_id: str, form: str) -> tuple[TakedownRequest | Letter, Case]:
        found = self._request_paper(work, by, record_id) if kind == "request" else self._letter_paper(work, by, record_id)
        case = work.cases.get(found.case_id)
        if form == "eml":
            _may_be_mailed(found, case)
        return found, case

    def _request_paper(self, work: Work, by: User, request_id: str) -> TakedownRequest:
        """Return a request; one that was not sent yet stays here while nobody may be asked (held, with the lead, §3.5)."""
        request = self._held(work, work.requests, request_id)
        case = self._for(work, by, request.case_id, Permission.REQUEST)
        waiting = routes.hard_stops(case) if request.sent_at is None else ()
        why = blocked(case) or "; ".join(waiting)
        if why:
            raise IllegalMoveError("make a paper", case.state.value, why, case.ref)
        return request

    def _letter_paper(self, work: Work, by: User, letter_id: str) -> Letter:
        letter = self._held(work, work.letters, letter_id)
        case, _ = self._for_letter(work, by, letter.case_id, letter.template)
        if case.stop and not LETTERS[letter.template].in_stop:
            raise IllegalMoveError("make a paper", case.state.value, "the case was stopped", case.ref)
        addresses = () if _may_hold_address(case, letter.template) else work.case_items.where(case_id=case.id)
        if any(one.address and one.address in letter.body for one in addresses):
            why = "it was written before the case was stopped and holds the address; write it anew"
            raise IllegalMoveError("make a paper", case.state.value, why, case.ref)
        if letter.sent_at is None:
            _must_have_consent(work, case, letter.template)  # A22: a consent may be taken back after the words were kept
        return letter

    def _open_letter(self, work: Work, by: User, letter_id: str, permission: Permission | None) -> tuple[Letter, Case]:
        """Return a letter that was neither sent nor given up, with its case; raises CaseError otherwise."""
        letter = self._held(work, work.letters, letter_id)
        template = LETTERS.get(letter.template)
        case = self._for(work, by, letter.case_id, permission or (template.permission if template else Permission.REQUEST))
        if template is None or letter.sent_at is not None or letter.refused_at is not None:
            raise CaseError("this letter was sent or given up already; nothing was changed")
        return letter, case

    def _for_letter(self, work: Work, by: User, case_id: str, template: str) -> tuple[Case, Template]:
        chosen = LETTERS.get(template)
        if chosen is None or not chosen.of_case:
            raise NotFoundError("letter", template)
        case = self._for(work, by, case_id, chosen.permission)
        if not _fits(chosen, case):
            why = "it does not belong to a case of this kind, or the case was stopped"
            raise IllegalMoveError(f"write '{chosen.label}'", case.state.value, why, case.ref)
        return case, chosen

    def _written(self, work: Work, by: User, case: Case, chosen: Template, recipient: str, details: Details) -> Rendered:
        _must_have_consent(work, case, chosen.key)
        school = work.schools.get(case.school_id)
        guard = Guard(self.now(), school.postal_address or "", school.name)
        fits_in("who gets it", recipient)
        guard.field("who gets it", recipient)
        check_details(details, chosen.asks, guard)
        facts = self._letter_facts(work, by, case, school, recipient, chosen.key, details)
        words = chosen.render(facts)
        look_at_whole(words, facts, guard, chosen.asks)
        return words

    def _known(self, work: Work, case: Case) -> Known:
        item = _first_item(work, case)
        post = work.posts.find(item.post_id) if item.post_id is not None and not case.stop else None
        requests = tuple(work.requests.where(case_id=case.id))
        return Known(case, item, post, None, requests, tuple(work.referrals.where(case_id=case.id, order_by="opened_at")))

    def _letter_facts(  # noqa: PLR0917
        self, work: Work, by: User, case: Case, school: School, recipient: str, template: str, details: Details
    ) -> NoticeFacts:
        item, now = _first_item(work, case), self.now()
        post = work.posts.find(item.post_id) if item.post_id is not None else None
        items = tuple(work.case_items.where(case_id=case.id))
        checks = work.checks.where(case_id=case.id, order_by="at")
        evidence = [one for one in work.evidence.where(case_id=case.id) if one.counts and not case.stop]
        return NoticeFacts(
            case_ref=case.ref,
            now=now,
            school_name=school.name,
            school_address=school.postal_address or "",
            reply_mailbox=school.reply_mailbox or "",
            sender_role=sender_role(by, case.school_id),
            capacity="",
            recipient=recipient.strip(),
            platform=routes.host_of(item.address),
            addresses=tuple(one.address for one in items) if _may_hold_address(case, template) else (WITHHELD,),
            seen_at=post.first_seen_at if post else item.added_at,
            what_it_is="",
            concerned_role=TARGETS.get(case.target, "a member of staff"),
            wish="remove",
            why_urgent="",
            requested_by=now + countdown.TARGET,
            details=details,
            evidence=tuple(evidence_row(one.ref, one.seal_sha256, supplied=one.kind is EvidenceKind.SUPPLIED) for one in evidence),
            author=(post.author_handle or "") if post and not case.stop else "",
            done=_done(work, case),
            standing="" if is_sealed_off(case) else steps.left(case, steps.case_standing(case, now)),
            next_check="" if is_sealed_off(case) else _when(work, case, item, now),
            online=f"last look {london(checks[-1].at)}: {VERDICT_LABELS[checks[-1].verdict]}" if checks else "",
            linked=self._same_person(work, by, case),
        )

    def _same_person(self, work: Work, by: User, case: Case) -> tuple[str, ...]:
        """Return the other cases about the same person (by the staff list only) that the writer may see: number, day, kind (§7.1, §7.3)."""
        if not case.target.startswith(("staff:", "user:")):
            return ()
        others = work.cases.where(school_id=case.school_id, target=case.target, order_by="opened_at")
        shown = (one for one in others if one.id != case.id and self._may_see(work, by, one))
        return tuple(f"{one.ref}, {one.opened_at:%d %b %Y}, {one.lead_category.value.replace('_', ' ')}" for one in shown)


def _fits(one: Template, case: Case) -> bool:
    kind = Category.CSAM if case.stop else case.lead_category  # stopped is treated as what it may be, whatever it was judged before
    right_kind = not one.only_for or kind in one.only_for
    return one.of_case and right_kind and (one.in_stop or not case.stop)


def _may_hold_address(case: Case, template: str) -> bool:
    """Whether a letter may give the address: of what was stopped only to those who can act on it (§3.5, §5.7)."""
    return not case.stop or template in _TAKE_ADDRESSES


def _first_item(work: Work, case: Case) -> CaseItem:
    """Return what the case began with; of a matter told without a web address, an item with none."""
    nowhere = CaseItem(id="", case_id=case.id, address="", platform=PlatformName.OTHER_WEB, added_at=case.opened_at)
    return min(work.case_items.where(case_id=case.id), key=lambda one: one.added_at, default=nowhere)


def _must_have_consent(work: Work, case: Case, template: str) -> None:
    """Raise ConsentMissingError unless the person agreed, or a recorded reason stands in place of it (A22); other letters ask for none."""
    if template != "police" or not consent_needed(case, ReferralBody.POLICE):
        return
    mine = work.referrals.where(case_id=case.id, body=ReferralBody.POLICE, order_by="opened_at")
    if not mine:
        raise ConsentMissingError("open the police referral first and ask the person concerned (policy A22)")
    if mine[-1].made_at is None:
        may_be_made(mine[-1])


def _done(work: Work, case: Case) -> tuple[str, ...]:
    """Return what the school did, with times, in order: no names, no words of the post."""
    sent = [(one.sent_at, f"{NOTICES[one.notice].label if one.notice in NOTICES else 'request'} sent") for one in _sent(work, case)]
    kept = [(one.captured_at, f"evidence {one.ref} kept") for one in work.evidence.where(case_id=case.id) if one.counts]
    rows = sorted([(at, words) for at, words in [*sent, *kept] if at is not None], key=lambda row: row[0])
    return tuple(f"{london(at)}: {words}" for at, words in [(case.opened_at, "case opened"), *rows])


def _sent(work: Work, case: Case) -> list[TakedownRequest]:
    return [one for one in work.requests.where(case_id=case.id) if one.sent_at is not None]


def _when(work: Work, case: Case, item: CaseItem, now: datetime) -> str:
    sent = [one.sent_at for one in _sent(work, case) if one.item_id == item.id and one.sent_at is not None]
    checks = work.checks.where(case_id=case.id, item_id=item.id)
    due = next_check(item.id, checks, case_id=case.id, sent_at=max(sent, default=None), verified_at=None, asked_at=None, now=now)
    return london(due.due_at) if due is not None else ""


def _made(found: TakedownRequest | Letter, school: School, ref: str, form: str) -> bytes:
    words = Rendered(found.subject, found.body)
    if form == "txt":
        return f"{words.subject}\n\n{words.body}".encode()
    if form == "eml":
        return mail_draft(words.subject, words.body, sender=school.reply_mailbox or "", to=found.recipient)
    return pdf(sheet(words, made_at=found.drafted_at, school=school.name, footer=f"{school.name}, {ref}", draft=_is_draft(found)))


def _may_be_mailed(found: TakedownRequest | Letter, case: Case) -> None:
    """Raise IllegalMoveError where a draft in somebody's mail program would invite what may not go: a stopped case, words given up."""
    given_up = found.state is RequestState.CLOSED if isinstance(found, TakedownRequest) else found.refused_at is not None
    whys = (
        (case.stop, "in a stopped case nothing goes by mail: use the body's own secure form, or the telephone"),
        (given_up, "these words were given up"),
        (_is_draft(found), "these words are not approved yet: have them approved first, then make the mail draft"),
    )
    why = next((words for holds, words in whys if holds), None)
    if why is not None:
        raise IllegalMoveError("make a mail draft", case.state.value, why, case.ref)


def _is_draft(found: TakedownRequest | Letter) -> bool:
    if isinstance(found, TakedownRequest):
        return found.state is RequestState.DRAFT
    template = LETTERS.get(found.template)
    return template is not None and template.head_approves and found.approved_at is None
