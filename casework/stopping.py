"""STOP: by a page's own words, by anybody who sees something indecent, its one way back, and what the police direct (evidence.md §8).

A stop that only the machine's reading of a page set may be lifted by the safeguarding lead, with a reason. One that a person set never is:
not by "yes" or "not sure", not by a reporter's tick, not by the category, not by the button.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from casework import access, corrections, outbox
from casework.casefiles import CaseFiles
from casework.cases import record
from casework.errors import IllegalMoveError
from casework.event_words import with_another
from casework.exports import Export, exports
from casework.room import KNOWN_FILE, UNDER_WAY, needed
from casework.transitions import STATE_LABELS, SYSTEM, TRANSITIONS
from casework.watching import chained
from collector.spellings import spellings
from data.errors import CaseError, NotFoundError, PermissionDeniedError
from data.model.cases import ENDED, Case, CaseEvent, CaseState
from data.model.evidence import BackupRun, CaptureOrder, Evidence, OrderState
from data.model.findings import ReportTick
from data.model.people import Permission, Role, User
from data.model.readings import NO_CAPTURE
from data.store import Work
from evidence import guard
from evidence.custody import CustodyDraft
from evidence.seal import LOG

STOPPED, SEALED_OFF, LIFTED, DESTROYED = "capture refused", "sealed off", "stop lifted", "destroyed"
FEWEST_WORDS = 5  # of a reason to lift a stop
BACKUPS_FOR = timedelta(days=35)  # how long a backup made before the stop may still hold what was sealed off
BY_WORDS = "the page's own words gave signs of an indecent picture"
LIFT = "lift the stop"
_SAFEGUARDING = frozenset({Role.DSL, Role.DEPUTY_DSL})  # the deputy in the lead's stead, as for every step out of the lead's hands
_MOST = 200  # characters of a name or a reference

BECAUSE: dict[str, str] = {
    "answer": "a person answered the safety question with 'yes' or 'not sure'",
    "tick": "whoever reported it said that it may be an indecent image",
    "seen": "a person saw something indecent",
    "category": "its category is an indecent image of a child",
    "other": "it was stopped in a way that only a person can settle",
    "destroyed": "a copy of it was destroyed under police direction",
    "elsewhere": "the same address was stopped in another case",
    "known_file": "a file that was to be kept here was stopped in another case",
    "signals": BY_WORDS,
}
_SOFT = frozenset({"signals", "elsewhere", "known_file"})  # what no person said of this case; what they said of another is asked there


@dataclass(frozen=True)
class Direction:
    """What the police said about a copy that exists: who said so, when, and under which reference."""

    officer: str
    reference: str
    at: datetime


@dataclass(frozen=True)
class Copy:
    """A sealed-off piece of evidence: who looked at it before and when (user id and moment), and whether it was destroyed.

    To have seen the original is to have seen what a working copy of it shows, so the looks at the original count for its copies too.
    """

    evidence: Evidence
    seen: tuple[tuple[str, datetime], ...]
    destroyed: bool


@dataclass(frozen=True)
class StopSheet:
    """Everything about the stop of a case that a screen says. `why_not`: why this person cannot lift it; None: they can."""

    because: tuple[str, ...]
    signals: tuple[str, ...]
    why_not: str | None
    may_destroy: bool
    copies: tuple[Copy, ...]
    backups: tuple[BackupRun, ...]
    exports: tuple[Export, ...] = ()


class Stopping(CaseFiles):
    """Verbs about STOP."""

    def stopped_by_words(self, order_id: str, signals: Sequence[str]) -> CaptureOrder:
        """Stop an order and its case because of what the page itself says (evidence.md §8.3). Only names of signs are kept."""
        with self.store.begin(by=SYSTEM) as work:
            order = work.orders.get(order_id)
            work.lock(f"case:{order.case_id}")
            order = work.orders.get(order_id)
            if order.state in UNDER_WAY:
                update = {"state": OrderState.STOPPED, "signals": tuple(signals), "problem": BY_WORDS, "finished_at": self.now()}
                fresh = {"lifted_by": None, "lift_reason": None}  # what was lifted before stands on the order before
                order = work.orders.replace(order.model_copy(update=update | fresh))
                self._stop(work, work.cases.get(order.case_id), SYSTEM, {"order_id": order.id, "signals": list(signals)})
            work.commit()
        return order

    def saw_indecent(self, by: User, case_id: str, evidence_id: str | None = None) -> Case:
        """Seal everything of a case off at once, because somebody saw something indecent (§8.6). No reason is asked for.

        From now on nothing of it is shown, exported, stamped or backed up; every order under way ends; the safeguarding leads are told.
        Whoever may see the case may press it, also in a closed one.
        """
        with self.store.begin(by=by.id) as work:
            case = self._see(work, by, case_id)
            kept = work.evidence.where(case_id=case.id)
            if evidence_id is not None and evidence_id not in {one.id for one in kept}:
                raise NotFoundError("evidence of this case", evidence_id)
            told = case.state is not CaseState.SAFEGUARDING_LEAD and case.state not in ENDED  # by the move itself
            case = self._stop(work, case, by.id, {"seen": evidence_id or "the page"}, what=SEALED_OFF)
            if not told:
                outbox.alert_case(work, case, self.now())
            self._custody(work, by, kept, SEALED_OFF, "something indecent was seen")
            work.commit()
        return case

    def stop_sheet(self, by: User, case_id: str) -> StopSheet | None:
        """Return what the screen says about the stop of a case; None for one that was not stopped."""
        with self.store.read() as work:
            case = self._see(work, by, case_id)
            if not guard.is_sealed_off(case):
                return None
            return StopSheet(
                because=tuple(dict.fromkeys(words for _, words in self._reasons(work, case))),
                signals=_signals(work.case_events.of(case.id)),
                why_not=self._why_not(work, by, case),
                may_destroy=Role.DSL in access.acts_as(by, case),
                copies=tuple(self._copies(work, case)),
                backups=self._backups(work, case),
                exports=exports(work, case),
            )

    def lift_stop(self, by: User, case_id: str, reason: str) -> Case:
        """Lift a stop that only the machine's reading of a page set; the safety question is then asked anew (evidence.md §8.3).

        The safeguarding lead does it, or the deputy in the lead's stead, with a reason of five words or more. The move to the lead is taken
        back. Raises PermissionDeniedError, IllegalMoveError for every stop that a person set, CaseError for a reason that is too short.
        """
        why = needed(reason, "the reason")
        if len(why.split()) < FEWEST_WORDS:
            msg = f"say in at least {FEWEST_WORDS} words why the page shows no indecent picture, without opening it"
            raise CaseError(msg)
        with self.store.begin(by=by.id) as work:
            case = self._see(work, by, case_id)
            _must_lead(by, case)
            refused = self._why_not(work, by, case)
            if refused is not None:
                raise IllegalMoveError(LIFT, STATE_LABELS[case.state], refused, case.ref)
            case = self._lifted(work, by, case, why)
            work.commit()
        return case

    def _lifted(self, work: Work, by: User, case: Case, why: str) -> Case:
        events = work.case_events.of(case.id)
        first = _standing_stops(events)[0]
        was = dict(first.fields.get("was") or {})
        signals = _signals(events)
        fields = {"signals": list(signals), "undoes": first.number}
        changed = Case.model_validate(case.model_dump() | was | {"stop": False})
        case = self._event(
            work, case, by.id, LIFTED, fields=fields, reason=why, update={name: getattr(changed, name) for name in (*was, "stop")}
        )
        for order in work.orders.where(case_id=case.id, state=OrderState.STOPPED):
            if order.signals and order.lifted_by is None:
                work.orders.replace(order.model_copy(update={"lifted_by": by.id, "lift_reason": why}))
        self._custody(work, by, work.evidence.where(case_id=case.id), LIFTED, "")
        self._tokens_again(work, case)
        return self._back(work, by, case, events, first.number, why)

    def _back(self, work: Work, by: User, case: Case, events: Sequence[CaseEvent], since: int, why: str) -> Case:
        """Take back the move to the safeguarding lead that this stop made; one that was made for another reason stays."""
        step = corrections.last_step(events)
        if step is None or step.number < since or step.by != SYSTEM or step.before is None or step.after is not case.state:
            return case
        if step.after is not CaseState.SAFEGUARDING_LEAD or (step.before, step.after) not in TRANSITIONS:
            return case
        was = dict(step.fields.get("was") or {}) | {"state": step.before}
        restored = Case.model_validate(
            case.model_dump() | {name: value for name, value in was.items() if name not in {"severity", "confidentiality"}}
        )
        changed, event = record(
            restored, self.now(), by.id, corrections.CORRECTION, before=case.state, fields={"undoes": step.number}, reason=why
        )
        return self._write(work, case, changed, event)

    def _why_not(self, work: Work, by: User, case: Case) -> str | None:
        """Return why the stop of a case stays, in words for the screen; None: this person may lift it."""
        causes = set(self._causes(work, case))
        hard = sorted(causes - _SOFT)
        if not case.stop:
            return "it was not stopped" if case.lead_category not in NO_CAPTURE else BECAUSE["category"]
        if hard:
            words = next(words for code, words in self._reasons(work, case) if code == hard[0])
            return f"{words}; such a stop is never lifted"
        if not _leads(by, case):
            return "the safeguarding lead decides whether it is lifted"
        return self._elsewhere(work, case) or self._file_elsewhere(work, case)

    def _elsewhere(self, work: Work, case: Case) -> str | None:
        """Return why an address of the case stays stopped through another case."""
        for other in self._at_its_address(work, case):
            if guard.is_sealed_off(other) and set(self._causes(work, other)) - _SOFT:
                return f"the same address was stopped by a person in case {other.ref}"
        return None

    def _file_elsewhere(self, work: Work, case: Case) -> str | None:
        """Return why a file that was refused here stays stopped: the case that holds it still is, or the one that this one waits for.

        Cases that were stopped for each other's files alone do not wait for each other, however many stand in the circle.
        """
        for other in self._waited_for(work, case):
            if self._stands_alone(work, other):
                return f"the file is stopped in case {other.ref}; that stop comes first"
        return None

    def _waited_for(self, work: Work, case: Case) -> Iterator[Case]:
        """Yield the sealed-off cases that hold the files for which this one was stopped, and those that they wait for, each once."""
        met, ahead = {case.id}, _holders(work, case)
        while ahead:
            other = ahead.pop(0)
            if other.id not in met and guard.is_sealed_off(other):
                yield other
                ahead += _holders(work, other)
            met.add(other.id)

    def _stands_alone(self, work: Work, case: Case) -> bool:
        """Whether something else than a file of another case keeps the stop: what a person said, or signs that nobody lifted yet."""
        standing = {_cause(event) for event in _standing_stops(work.case_events.of(case.id))}
        return bool(set(self._causes(work, case)) - _SOFT) or standing != {KNOWN_FILE}

    def _causes(self, work: Work, case: Case) -> Iterator[str]:
        """Yield the code of everything that stopped the case, and would again; a person's word counts for ever."""
        return (code for code, _ in self._reasons(work, case))

    def _reasons(self, work: Work, case: Case) -> Iterator[tuple[str, str]]:
        """Yield each code with its words; of a stop that came with another case the words name that one, the code stays its cause."""
        yield from ((code, BECAUSE[code]) for code in self._own(work, case))
        stops = [event for event in work.case_events.of(case.id) if event.what in {STOPPED, SEALED_OFF}]
        yield from ((_cause(event), with_another(event) or BECAUSE[_cause(event)]) for event in stops)

    def _own(self, work: Work, case: Case) -> Iterator[str]:
        if case.lead_category in NO_CAPTURE:
            yield "category"
        events = work.case_events.of(case.id)
        if self._is_ticked(work, case):
            yield "tick"
        if any(event.what == DESTROYED for event in events):
            yield "destroyed"

    def _is_ticked(self, work: Work, case: Case) -> bool:
        names = [name for item in work.case_items.where(case_id=case.id) if item.address for name in spellings(item.address)]
        finding = work.findings.find(case.finding_id)
        ids = [one for one in (finding.report_id if finding else None,) if one]
        told = chain(work.reports.where(school_id=case.school_id, address=names), work.reports.where(id=ids))
        return any(ReportTick.INDECENT_IMAGE in one.ticks for one in told)

    def _copies(self, work: Work, case: Case) -> Iterator[Copy]:
        kept = work.evidence.where(case_id=case.id, order_by="captured_at")
        events = work.custody.of([one.id for one in kept])
        gone = {event.evidence_id for event in events if event.what == DESTROYED}
        for one in kept:
            seen = tuple(
                (event.by, event.at) for event in events if event.evidence_id in {one.id, one.derived_from} and event.what == "viewed"
            )
            yield Copy(one, seen, one.id in gone)

    def _backups(self, work: Work, case: Case) -> tuple[BackupRun, ...]:
        """Return the backups that were made between the first evidence of the case and its stop, as far as they may still be kept."""
        kept = work.evidence.where(case_id=case.id)
        if not kept:
            return ()
        first = max(min(one.captured_at for one in kept), self.now() - BACKUPS_FOR)
        return tuple(one for one in work.backups.where(kind="backup", order_by="at") if one.ok and one.at >= first)

    def destroy_directed(self, by: User, evidence_id: str, direction: Direction) -> tuple[str, ...]:
        """Record that the police directed the destruction of a sealed-off copy; return the hashes of the files that now have to go.

        The safeguarding lead does it, and only in a case that was stopped. Names, hashes and the witness code stay; the register gets its
        line. What other evidence holds too stays until that is destroyed as well. Recorded twice, nothing is written and the same hashes
        come back, so that a removal that was cut off can be finished. Raises PermissionDeniedError, IllegalMoveError, CaseError.
        """
        officer = needed(direction.officer, "the name or number of the officer")[:_MOST]
        reference = needed(direction.reference, "the reference of the police")[:_MOST]
        at = self._not_ahead(direction.at, "the time of the direction")
        with self.store.begin(by=by.id) as work:
            found = work.evidence.get(evidence_id)
            case = self._see(work, by, found.case_id)
            if Role.DSL not in access.acts_as(by, case):
                raise PermissionDeniedError(by.id, "destroy under police direction (the safeguarding lead does)")
            if not guard.is_sealed_off(case):
                raise IllegalMoveError("destroy", STATE_LABELS[case.state], "only what was stopped is destroyed, and only so", case.ref)
            kept = work.evidence.where(case_id=case.id)
            going = [one for one in kept if found.id in {one.id, one.derived_from}]
            gone = _destroyed(work, kept)
            fresh = [one for one in going if one.id not in gone]
            if fresh:
                fields = {"evidence": [one.ref for one in fresh], "officer": officer, "reference": reference, "directed_at": at}
                self._event(work, case, by.id, DESTROYED, fields=fields, reason=f"under police direction {reference}")
                self._custody(work, by, fresh, DESTROYED, f"under police direction {reference}")
            work.commit()
            return _to_go(work, going)

    def _custody(self, work: Work, by: User, kept: Sequence[Evidence], what: str, detail: str) -> None:
        chained(work, [CustodyDraft(at=self.now(), by=by.id, evidence_id=one.id, what=what, detail=detail) for one in kept])


def destroyed_files(work: Work) -> frozenset[str]:
    """Return the hashes of files that were destroyed under police direction: the vault need not hold them (no loss, no alarm)."""
    everything = work.evidence.where()
    gone = _destroyed(work, everything)
    return frozenset(_to_go(work, [one for one in everything if one.id in gone]))


def holds_sealed_off(work: Work, case: Case) -> bool:
    """Whether a stopped case holds a copy that was not destroyed: retention never takes it away by itself (evidence.md §8.6)."""
    kept = work.evidence.where(case_id=case.id) if guard.is_sealed_off(case) else []
    return len(_destroyed(work, kept)) < len(kept)


def _to_go(work: Work, going: Sequence[Evidence]) -> tuple[str, ...]:
    """Return the hashes of the files of destroyed evidence that nothing else holds; the log of how it came about stays."""
    names = {file.sha256 for one in going for file in one.files if file.name != LOG}
    everything = work.evidence.where()
    gone = _destroyed(work, everything)
    kept = {file.sha256 for one in everything if one.id not in gone for file in (*one.files, *one.seal_files)}
    return tuple(sorted(names - kept))


def _destroyed(work: Work, kept: Sequence[Evidence]) -> frozenset[str]:
    ids = {one.id for one in kept}
    return frozenset(event.evidence_id for event in work.custody.where(what=DESTROYED) if event.evidence_id in ids)


def _cause(event: CaseEvent) -> str:
    """Return the code of what a line of history stopped the case for."""
    fields = event.fields
    if event.what == SEALED_OFF:
        return "seen"
    if fields.get("signals"):
        return "signals"
    if fields.get(KNOWN_FILE):
        return KNOWN_FILE
    if fields.get("known_address"):
        return "elsewhere"
    return "tick" if fields.get("report_id") else "answer" if fields.get("answer") in {"yes", "not_sure"} else "other"


def _holders(work: Work, case: Case) -> list[Case]:
    """Return the cases that hold the files for which this one was stopped, as the lines name them that stopped it last."""
    refs = dict.fromkeys(str(ref) for event in _standing_stops(work.case_events.of(case.id)) for ref in event.fields.get(KNOWN_FILE) or ())
    return [other for other in (work.cases.by_ref(ref) for ref in refs) if other is not None]


def _standing_stops(events: Sequence[CaseEvent]) -> list[CaseEvent]:
    """Return the lines that stopped the case since its stop was last lifted."""
    last = max((event.number for event in events if event.what == LIFTED), default=0)
    return [event for event in events if event.what in {STOPPED, SEALED_OFF} and event.number > last]


def _signals(events: Sequence[CaseEvent]) -> tuple[str, ...]:
    found = (str(one) for event in _standing_stops(events) for one in event.fields.get("signals") or ())
    return tuple(dict.fromkeys(found))


def _leads(by: User, case: Case) -> bool:
    return bool(_SAFEGUARDING & access.acts_as(by, case)) and access.may(by, Permission.SEE_RESTRICTED_DSL, case)


def _must_lead(by: User, case: Case) -> None:
    if not _leads(by, case):
        raise PermissionDeniedError(by.id, "lift the stop (the safeguarding lead decides)")
