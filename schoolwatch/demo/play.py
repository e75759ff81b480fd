"""`schoolwatch demo --headless`: plays the whole line as the demo's safeguarding lead, through the same services as the pages.

Poll → flagged → case → capture → request → our own checks → closed → pack. Nothing is stubbed: the worker polls the town over HTTP,
photographs the post with the machine's browser, and looks again until two answers agree.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from casework import clocks
from casework.files import CaseFile, InboxRow
from casework.notice import Wording
from casework.seriousness import BAND_LABELS, FACTORS
from data.errors import SchoolwatchError
from data.model.cases import Capacity, CaseState, MissedReason, Verdict, VerdictGroup
from data.model.evidence import Evidence, OrderState, SafetyAnswer
from data.model.findings import DecisionKind
from data.model.people import User
from data.model.readings import Category, Severity
from evidence.verify import Colour, verify
from schoolwatch.demo.run import Stage

T = TypeVar("T")
ASK_AFTER = timedelta(hours=5, minutes=20)  # the demo's moderator takes five hours


class PlayFailedError(SchoolwatchError):
    """The demo did not get to its end."""


class Play:
    """The demo's safeguarding lead, without a window."""

    def __init__(self, stage: Stage, say: Callable[[str], None], *, patience: float = 180.0) -> None:
        self.stage, self._say, self._patience = stage, say, patience
        self.casework = stage.desk.casework
        with stage.desk.store.read() as work:
            self.dsl: User = work.users.get("dsl")
        self._began = time.monotonic()
        self._asked = False

    def step(self, words: str) -> None:
        """Say what happened, with the seconds since the start and the town's own time."""
        self._say(f"[{time.monotonic() - self._began:6.1f} s | town {self.stage.desk.clock.now():%d %b %H:%M}] {words}")

    def wait_for(self, what: str, look: Callable[[], T | None]) -> T:
        """Look until there is an answer; raises PlayFailedError when patience ends."""
        end = time.monotonic() + self._patience
        pause = threading.Event()
        while time.monotonic() < end:
            found = look()
            if found is not None:
                return found
            self.stage.tell_town()
            pause.wait(0.3)
        raise PlayFailedError(f"waited {self._patience:.0f} s for {what}, in vain")

    def until_closed(self, folder: Path) -> Path:
        """Play the whole line; return the pack. Raises PlayFailedError unless two agreeing checks closed the case."""
        row = self.wait_for("a flagged post", self._flagged)
        self.step(f"flagged by polling: severity {row.finding.severity.word}; {'; '.join(row.finding.reasons)}")
        file = self._open_case(row)
        self.step(f"case {file.case.ref} opened; {file.text_left}")
        sealed = self._capture(file)
        self.step(f"captured and sealed: {sealed.ref}, {sealed.completeness.value}, {len(sealed.files)} files")
        self._assess(file)
        self._request(file)
        file = self.wait_for("two agreeing checks", lambda: self._verified(file.case.id))
        self._say_checks(file)
        self._close(file)
        return self._pack(file, folder)

    def _flagged(self) -> InboxRow | None:
        """The worst open post that may defame a person and need not go the safeguarding or STOP way.

        Others in the town harm a person too, but some of those go by themselves before anybody has asked.
        """
        for row in self.casework.inbox(self.dsl, self.dsl.schools()).rows:
            if row.finding.lead_category is Category.DEFAMATION_INDIVIDUAL and row.finding.severity >= Severity.S2 and not row.finding.stop:
                return row
        return None

    def _open_case(self, row: InboxRow) -> CaseFile:
        decided = self.casework.decide(
            self.dsl,
            row.finding.id,
            DecisionKind.OPEN_CASE,
            row.finding.lead_category,
            row.finding.severity,
            "teacher",
            "States a crime as a fact about a named member of staff.",
        )
        if decided.case is None:
            raise PlayFailedError("the decision opened no case")
        return self.casework.case(self.dsl, decided.case.id)

    def _capture(self, file: CaseFile) -> Evidence:
        order = self.casework.order_capture(self.dsl, file.case.id, file.items[0].id, SafetyAnswer.NO)

        def done() -> Evidence | None:
            with self.stage.desk.store.read() as work:
                now = work.orders.get(order.id)
                if now.state is OrderState.FAILED:
                    raise PlayFailedError(f"the capture failed: {now.problem}")
                return work.evidence.get(now.evidence_id) if now.evidence_id else None

        return self.wait_for("the capture", done)

    def _assess(self, file: CaseFile) -> None:
        """Fill in the seriousness form: what was measured as proposed, the rest as a safeguarding lead would (policy A17)."""
        measured = self.casework.care_of(self.dsl, file.case.id).suggested
        answers = {factor.key: 0 for factor in FACTORS} | {"nature": 3} | dict(measured)
        form = self.casework.assess(self.dsl, file.case.id, answers, {"nature": "States a crime as a fact."})
        self.step(f"how serious it is: {BAND_LABELS[form.stands]}")

    def _request(self, file: CaseFile) -> None:
        plan = self.casework.propose(self.dsl, file.case.id)
        first = plan.proposals[0]
        wording = Wording(
            what_it_is="A post that says as a fact that a member of our staff took money.",
            rule_breached="No false statements of fact about private persons",
            unlawful_nature="A false statement of fact that may harm the person's reputation.",
            why_urgent="It is being read by the person's pupils and their parents.",
            concerned_role="teacher",
            sender_role="Designated Safeguarding Lead",
        )
        capacity = Capacity.SCHOOL_REPRESENTATIVE
        request = self.casework.draft(self.dsl, file.case.id, first.item_id, first.route, first.ground, capacity, wording)
        self.step(f"request drafted: {first.label}")
        self.casework.record_sent(self.dsl, request.id, reference="TOWN-1")
        self.step("recorded as sent by a person; our own checks begin")

    def _verified(self, case_id: str) -> CaseFile | None:
        file = self.casework.case(self.dsl, case_id)
        sent = max((one.sent_at for one in file.requests if one.sent_at), default=None)
        if not self._asked and sent and self.stage.desk.clock.now() - sent > ASK_AFTER:
            self._asked = True  # as a person would who does not want to wait for the planned look
            self.casework.ask_check(self.dsl, case_id)
            self.step("asked for a check now, between the planned ones")
        return file if file.case.state is CaseState.VERIFIED_REMOVED else None

    def _say_checks(self, file: CaseFile) -> None:
        for check in file.checks:
            self.step(f"check of {check.at:%d %b %H:%M}: {check.verdict.value} ({check.detail})")
        gone = [check for check in file.checks if Verdict(check.verdict).group is VerdictGroup.GONE]
        if len(gone) < 2:  # noqa: PLR2004 - domain.md §5.3: two agreeing checks
            raise PlayFailedError("the case counts as removed on fewer than two definitive checks")
        self.step(f"verified removed: {len(gone)} definitive checks agree; {file.text_left}")

    def _close(self, file: CaseFile) -> None:
        late = clocks.missed(file.case, self.stage.desk.clock.now())  # on a slow machine the town's day is over quickly
        self.casework.close(
            self.dsl,
            file.case.id,
            "removed",
            "The report reached us within the hour.",
            "Line manager, counselling offered",
            missed_reason=MissedReason.PLATFORM_SLOW if late else None,
        )
        self.step(f"case {file.case.ref} closed")

    def _pack(self, file: CaseFile, folder: Path) -> Path:
        name, content = self.stage.desk.safe.pack(self.dsl, file.case.id)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(content)
        result = verify(path)
        self.step(f"pack written: {path} ({len(content):,} bytes); verify says {result.colour.value}: {'; '.join(result.reasons)}")
        if result.colour not in {Colour.GREEN, Colour.AMBER}:
            raise PlayFailedError("the fresh pack does not verify")
        return path
