"""Working copies in a case: which phrases were covered so far, and that another copy was made (domain.md §5.7 rule 5)."""

from __future__ import annotations

from collections.abc import Sequence

from casework import time_stamps
from casework.room import Room
from casework.watching import chained
from data.errors import ConflictError
from data.model.evidence import CaptureOrder, Evidence, OrderState
from data.model.people import Permission, User
from evidence.custody import CustodyDraft
from evidence.errors import Refused
from evidence.guard import may_capture
from evidence.redaction import MADE, phrases_of


class WorkingCopies(Room):
    """Verbs about working copies."""

    def covered_phrases(self, by: User, case_id: str) -> tuple[str, ...]:
        """Return the phrases that were covered in this case so far; they stand in its history's fields and go with the case."""
        with self.store.read() as work:
            self._for(work, by, case_id, Permission.CAPTURE)
            return phrases_of(work.case_events.of(case_id))

    def redacted_copy_made(
        self, by: User, order: CaptureOrder, copied: Evidence, custody: Sequence[CustodyDraft], phrases: Sequence[str]
    ) -> Evidence:
        """Store a sealed working copy, its custody lines and the line of history in one transaction.

        Raises CaptureForbiddenError in a case that was stopped meanwhile, ConflictError when another piece got the number first.
        """
        with self.store.begin(by=by.id) as work:
            case = self._for(work, by, order.case_id, Permission.CAPTURE)
            may_capture(order.answer, stop=case.stop, category=case.lead_category, what=Refused.REDACTION)
            if any(one.ref == copied.ref for one in work.evidence.where(case_id=case.id)):
                raise ConflictError
            done = {"state": OrderState.DONE, "evidence_id": copied.id, "finished_at": self.now()}
            work.orders.add(order.model_copy(update=done))
            work.evidence.add(copied)
            chained(work, custody)
            time_stamps.wanted(work, copied, self.authority, self.now())
            self._event(work, case, by.id, MADE, fields={"evidence_id": copied.id, "phrases": list(phrases)})
            work.commit()
        return copied
