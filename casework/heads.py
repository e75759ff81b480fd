"""The register's head of a day: kept, stamped, and told to people outside this computer, so that nobody can quietly cut the register.

What is told are numbers and codes: no names, no addresses, no words of a case (domain.md §5.7 rule 7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from casework import access, messages, outbox, time_stamps
from casework.messages import LONDON, Words
from casework.room import SYSTEM, Room
from casework.rota import Matter, Rota
from data.model.cases import Case, Confidentiality
from data.model.evidence import Evidence, RegisterHead
from data.model.people import Role, User
from data.model.readings import Severity
from data.model.telling import MessageState, Urgency
from data.store import Work

OUT_WITHIN = timedelta(days=2)  # a head that has not left this computer by then is no witness
_FEW = 7  # heads that are looked at again for whether their message went out


class Heads(Room):
    """Verbs of the worker about the register's head."""

    def keep_head(self, now: datetime, *, to_people: bool) -> RegisterHead | None:
        """Keep the head of today, once, if anything was written since the last; `to_people`: tell the headteachers by their own ways."""
        with self.store.begin(by=SYSTEM) as work:
            head = _new_head(work, now)
            if head is None or not work.heads.add_once(head):
                return None
            time_stamps.head_wanted(work, head, self.authority, now)
            if to_people:
                self._tell_heads(work, head, now)
            work.commit()
        return head

    def heads_to_mail(self, now: datetime) -> tuple[RegisterHead, ...]:
        """Return the heads that still have to go to the address of the settings, oldest first."""
        with self.store.read() as work:
            found = work.heads.where(sent_at=None)
        return tuple(one for one in found if one.next_at is None or one.next_at <= now)

    def head_words(self, head: RegisterHead) -> Words:
        """Return what the address of the settings is told: codes of evidence that is for all with a role in the school to know of."""
        with self.store.read() as work:
            shown = {one.id: one for one in _sealed(work, head) if _is_open_to_all(work.cases.get(one.case_id))}
        return _words(head, shown)

    def head_sent(self, day: str) -> RegisterHead:
        """Note that the head of a day left this computer."""
        now = self.now()
        return self._changed(day, {"sent_at": now, "problem": "", "next_at": None})

    def head_failed(self, day: str, problem: str) -> RegisterHead:
        """Note that it did not; it is tried again, after 1, 5, 15 minutes, then every hour."""
        now = self.now()
        with self.store.read() as work:
            tried = work.heads.get(day).attempts
        wait = time_stamps.BACK_OFF[min(tried, len(time_stamps.BACK_OFF) - 1)]
        return self._changed(day, {"problem": problem, "next_at": now + wait, "attempts": tried + 1})

    def heads_heard(self) -> int:
        """Note the heads of which a headteacher's message went out; return how many."""
        with self.store.read() as work:
            waiting = work.heads.where(sent_at=None)[-_FEW:]
            sent = {head.id: _sent_at(work, head) for head in waiting}
        heard = {day: at for day, at in sent.items() if at is not None}
        for day, at in heard.items():
            self._changed(day, {"sent_at": at})
        return len(heard)

    def _changed(self, day: str, update: Mapping[str, object]) -> RegisterHead:
        with self.store.begin(by=SYSTEM) as work:
            head = work.heads.replace(work.heads.get(day).model_copy(update=update))
            work.commit()
        return head

    def _tell_heads(self, work: Work, head: RegisterHead, now: datetime) -> None:
        for school in work.schools.where():
            rota = outbox.rota_of(work, school.id, now)
            for user in rota.holding(Role.HEADTEACHER):
                self._tell_head(work, rota, user, head)

    def _tell_head(self, work: Work, rota: Rota, user: User, head: RegisterHead) -> None:
        """Tell one head, without the number of a case that is not theirs to know of (§7.3); the code of the register covers that too."""
        cases = {one.id: work.cases.get(one.case_id) for one in _sealed(work, head)}
        shown = {one.id: one for one in _sealed(work, head) if cases[one.id].school_id == rota.school_id}
        theirs = {key: one for key, one in shown.items() if access.may_see_case(user, cases[key], self._subject(work, user, cases[key]))}
        words = _words(head, theirs)
        outbox.tell(work, replace(rota, users=(user,), on_call=(), away=()), _matter(f"register:{head.id}:{user.id}", rota, user, words))


def _new_head(work: Work, now: datetime) -> RegisterHead | None:
    last, before = work.custody.last(), work.heads.where()
    if last is None or (before and before[-1].number >= last.number):
        return None
    return RegisterHead(id=today(now).isoformat(), number=last.number, hash=last.hash, at=now)


def today(now: datetime) -> date:
    """Return the day as the school counts it."""
    return now.astimezone(LONDON).date()


def _sealed(work: Work, head: RegisterHead) -> list[Evidence]:
    """Return what was sealed since the head before."""
    since = max((one.number for one in work.heads.where() if one.id < head.id), default=0)
    lines = [one for one in work.custody.where(what="sealed", order_by="number") if since < one.number <= head.number]
    found = {one.id: one for one in work.evidence.where(id=[line.evidence_id for line in lines])}
    return [found[line.evidence_id] for line in lines if line.evidence_id in found and found[line.evidence_id].seal_sha256]


def _is_open_to_all(case: Case) -> bool:
    return case.confidentiality is not Confidentiality.RESTRICTED_CHAIR and not case.stop


def _words(head: RegisterHead, shown: Mapping[str, Evidence]) -> Words:
    codes = [(one.ref, one.seal_sha256) for one in shown.values()]
    return messages.register_day(date.fromisoformat(head.id), head.number, head.hash, codes)


def _matter(key: str, rota: Rota, user: User, words: Words) -> Matter:
    return Matter(
        key=key,
        school_id=rota.school_id,
        urgency=Urgency.REMINDER,
        severity=Severity.S0,
        roles=("owner",),
        words=lambda _: words,
        may_see=lambda _: True,
        is_subject=lambda _: False,
        owner_id=user.id,
    )


def _sent_at(work: Work, head: RegisterHead) -> datetime | None:
    users = [one.id for one in work.users.where()]
    told = work.messages.where(matter=[f"register:{head.id}:{one}" for one in users], state=MessageState.SENT)
    return min((one.sent_at for one in told if one.sent_at), default=None)


def left_behind(heads: Sequence[RegisterHead], now: datetime) -> tuple[RegisterHead, ...]:
    """Return the heads that have not left this computer for two days, newer ones that did cover them left out."""
    newest = max((one.id for one in heads if one.sent_at), default="")
    return tuple(one for one in heads if one.id > newest and now - one.at > OUT_WITHIN)
