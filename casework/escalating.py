"""Climbing the ladder (domain.md §5.6): a person records that the next party was asked, and why a rung was left out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from casework import ladder, routes
from casework.asking import platform_rows
from casework.errors import IllegalMoveError
from casework.ladder import ESCALATED, RUNG_LABELS, SKIP_FIELD, Rung, RungState
from casework.room import Room, needed
from casework.surroundings import known
from casework.transitions import STATE_LABELS
from data.model.cases import Case, CaseState, VerdictGroup
from data.model.people import Permission, User
from data.store import Work

# These run beside the removal and change no state of the case; the others say that somebody behind or above the place was asked
_BESIDE = frozenset({Rung.EMERGENCY, Rung.APPEAL, Rung.DUTIES_COMPLAINT, Rung.ERASURE, Rung.LEGAL, Rung.REGISTRY})


class Escalating(Room):
    """Verbs of the ladder."""

    def ladder(self, by: User, case_id: str) -> tuple[RungState, ...]:
        """Return every rung of a case with how it stands and why."""
        with self.store.read() as work:
            return self._rungs(work, self._see(work, by, case_id))

    def escalate(  # noqa: PLR0917
        self, by: User, case_id: str, rung: Rung, recipient: str, why: str, sent_at: datetime | None = None, skip_reason: str = ""
    ) -> Case:
        """Record that a rung was climbed: who was asked, why, when, and why any rung below was left out.

        Raises IllegalMoveError on a hard stop, for a rung that is locked, makes no sense here or was climbed already, and where the state
        does not allow it; CaseError for an empty field, a time ahead, or a missing reason.
        """
        who, words = needed(recipient, "who was asked"), needed(why, "why")
        moment = self._not_ahead(sent_at, "the time of sending")
        reason = needed(skip_reason, "the reason") if skip_reason.strip() else ""
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, case_id, Permission.REQUEST)
            left_out = self._may_climb(work, case, rung, reason)
            fields: dict[str, Any] = {"rung": rung.value, "recipient": who, "why": words, "sent_at": moment}
            if reason:
                fields |= {SKIP_FIELD: reason, "skipped": ",".join(one.value for one in left_out)}
            case = self._climbed(work, case, by, rung, fields)
            work.commit()
        return case

    def _rungs(self, work: Work, case: Case) -> tuple[RungState, ...]:
        items, now = work.case_items.where(case_id=case.id), self.now()
        facts = known(work, case, items, now)
        return ladder.rungs(case, facts.requests, facts.events, now, routes.around(items, platform_rows(), facts))

    def _may_climb(self, work: Work, case: Case, rung: Rung, reason: str) -> tuple[Rung, ...]:
        stops = () if rung is Rung.EMERGENCY else routes.hard_stops(case)
        if stops:
            raise IllegalMoveError(f"go to: {RUNG_LABELS[rung]}", STATE_LABELS[case.state], "; ".join(stops), case.ref)
        earlier = [one for one in work.case_events.of(case.id) if ladder.is_climb(one, rung) and one.at >= case.known_at]
        if earlier:
            when = f"it was recorded already, on {earlier[-1].at:%d %b %Y at %H:%M} UTC"
            raise IllegalMoveError(f"go to: {RUNG_LABELS[rung]}", STATE_LABELS[case.state], when, case.ref)
        return ladder.climb(case, self._rungs(work, case), rung, reason)

    def _climbed(self, work: Work, case: Case, by: User, rung: Rung, fields: dict[str, Any]) -> Case:
        if rung in _BESIDE or case.state is CaseState.ESCALATED:
            return self._event(work, case, by.id, ESCALATED, fields=fields, reason=fields["why"])
        if case.state is CaseState.CLAIMED_REMOVED:
            fields = fields | {"check_id": self._still_up(work, case)}
        return self._move(work, case, CaseState.ESCALATED, by, fields, reason=fields["why"])

    def _still_up(self, work: Work, case: Case) -> str:
        up = [one.id for one in work.checks.where(case_id=case.id, order_by="at") if one.verdict.group is VerdictGroup.UP]
        return up[-1] if up else "none"
