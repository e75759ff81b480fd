"""Making working copies: what can be covered, a look at the copy before it is sealed, the sealed copy (domain.md §5.7 rule 5, N12)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from casework import access
from casework.service import Casework
from data.clock import Clock
from data.errors import ConflictError, NotFoundError
from data.model.base import new_id
from data.model.cases import Case
from data.model.evidence import CaptureOrder, Evidence, EvidenceKind, SafetyAnswer
from data.model.people import Permission, User
from data.store import Store
from evidence.boxes import Box, Choice, page_map
from evidence.custody import CustodyDraft
from evidence.errors import Refused
from evidence.guard import may_capture, may_export
from evidence.redaction import FACTS, LAYOUT, Copy, Original, copy_facts, make_copy, shown_as, whole
from evidence.seal import LogLine, Sealer
from evidence.vault import Vault
from evidence.viewing import Sharpness, shown
from schoolwatch.kept_files import only_if_kept
from schoolwatch.pictures import FETCH_SECONDS, Look, Looks, session_mark
from schoolwatch.safe import append

WHY_SEEN = "looked at while making a working copy"
_TRIES = 3  # another piece of evidence may get the next number in the same moment


@dataclass(frozen=True)
class Coverable:
    """What a person can choose from: the original, its pictures, the pictures on the page with their place, phrases covered before."""

    evidence: Evidence
    files: tuple[str, ...]
    pictures: tuple[tuple[Box, str], ...]
    has_map: bool
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """A copy that is not sealed yet: each picture's name and the token by which the browser may fetch it once; what was covered."""

    pictures: tuple[tuple[str, str], ...]
    text: str
    made: Copy


class Redacting:
    """The desk at which parts of evidence are covered."""

    def __init__(self, store: Store, clock: Clock, vault: Vault, cases: Casework, sealer: Callable[[], Sealer], looks: Looks) -> None:
        self._store, self._clock, self._vault, self._cases, self._sealer, self._looks = store, clock, vault, cases, sealer, looks

    def begin(self, by: User, evidence_id: str) -> Coverable:
        """Return what can be covered. Raises PermissionDeniedError, NotFoundError, CaptureForbiddenError in a stopped case."""
        case, original = self._original(by, evidence_id)
        found = page_map(original.facts(LAYOUT))
        phrases = self._cases.covered_phrases(by, case.id)
        return Coverable(original.evidence, original.names(), found.pictures, found.is_known, phrases)

    def preview(self, by: User, session: str | None, evidence_id: str, choice: Choice) -> Preview:
        """Draw the copy for one look, recorded as a look at the picture; nothing is kept. Raises RedactionError, PhraseError."""
        case, original = self._original(by, evidence_id)
        made = make_copy(original, self._with_earlier(by, case, choice))
        seen = {name: content for name in original.names() if (content := made.files.get(_copied_name(name))) is not None}
        self._cases.revealed(by, case.id, original.evidence.ref, ", ".join(seen) or "its text", WHY_SEEN)
        self._note(by, original.evidence, "viewed", "its working copy, before it was sealed")
        look = Look(evidence_id, "", by.id, session_mark(session), Sharpness.SHARP, 0.0)
        tokens = tuple(
            (name, self._looks.grant(replace(look, name=name, content=shown(content, Sharpness.SHARP, greyscale=False)), FETCH_SECONDS))
            for name, content in seen.items()
        )
        return Preview(tokens, made.text(), made)

    def make(self, by: User, evidence_id: str, choice: Choice) -> Evidence:
        """Seal the copy and record it in the case; phrases that were covered in this case before are covered again.

        Raises RedactionError, PhraseError, PermissionDeniedError, CaptureForbiddenError, EvidenceError when the disk is full.
        """
        case, original = self._original(by, evidence_id)
        choice = whole(original, self._with_earlier(by, case, choice))
        made = make_copy(original, choice)
        order = self._order(by, original.evidence)
        for _ in range(_TRIES):
            sealed, custody = self._sealed(by, case, original, choice, made, order)
            with contextlib.suppress(ConflictError), only_if_kept(self._vault, self._store, sealed):
                return self._cases.redacted_copy_made(by, order, sealed, custody, choice.phrases)
        raise ConflictError

    def _original(self, by: User, evidence_id: str) -> tuple[Case, Original]:
        with self._store.read() as work:
            found = work.evidence.get(evidence_id)
        case = self._cases.case(by, found.case_id).case
        access.must(by, Permission.CAPTURE, case)
        may_export(case, Refused.REDACTION)
        hashes = {one.name: one.sha256 for one in found.files}

        def read(name: str) -> bytes:
            if name not in hashes:
                raise NotFoundError("file in this evidence", name)
            return self._vault.get(hashes[name])

        return case, Original(found, read)

    def _with_earlier(self, by: User, case: Case, choice: Choice) -> Choice:
        return replace(choice, phrases=(*self._cases.covered_phrases(by, case.id), *choice.phrases))

    def _order(self, by: User, original: Evidence) -> CaptureOrder:
        """Return the row that every piece of evidence hangs on, with the safety answer that was given for the original."""
        now = self._clock.now()
        with self._store.read() as work:
            asked = work.orders.find(original.order_id)
        return CaptureOrder(
            id=new_id(now),
            case_id=original.case_id,
            item_id=original.item_id,
            address=original.address,
            answer=asked.answer if asked else None,
            ordered_by=by.id,
            ordered_at=now,
        )

    def _sealed(
        self, by: User, case: Case, original: Original, choice: Choice, made: Copy, order: CaptureOrder
    ) -> tuple[Evidence, tuple[CustodyDraft, ...]]:
        may_capture(order.answer, stop=case.stop, category=case.lead_category, what=Refused.REDACTION)
        now, role = self._clock.now(), ", ".join(sorted(one.value for one in by.roles.get(case.school_id, ())))
        who = {"id": by.id, "name": by.name, "role": role}
        files = made.files | {FACTS: copy_facts(original, made, choice, who=who, at=now)}
        steps = _steps(original.evidence, made, order.answer)
        log = tuple(LogLine(now, by.id, role, what, detail) for what, detail in steps)
        sealed = self._sealer().seal(self._draft(case, original, choice, order, now), files, log, now)
        lines = [(sealed.id, what, detail) for what, detail in (*steps, ("sealed", sealed.seal_sha256))]
        lines += [(original.evidence.id, "redacted copy made", sealed.ref)]
        return sealed, tuple(CustodyDraft(at=now, by=by.id, evidence_id=one, what=what, detail=detail) for one, what, detail in lines)

    def _draft(self, case: Case, original: Original, choice: Choice, order: CaptureOrder, now: datetime) -> Evidence:
        with self._store.read() as work:
            number = work.evidence.count(case_id=case.id) + 1
        one = original.evidence
        return one.model_copy(
            update={
                **shown_as(original, choice),
                "id": f"e{order.id}",
                "ref": f"{case.ref}-E{number}",
                "order_id": order.id,
                "captured_at": now,
                "captured_by": order.ordered_by,
                "kind": EvidenceKind.REDACTED,
                "derived_from": one.id,
                "files": (),
                "seal_files": (),
                "seal_sha256": "",
                "manifest_sha256": "",
                "supplied_by": None,
                "supplied_how": None,
                "supplied_at": None,
                "tools": {"schoolwatch": one.tools["schoolwatch"]} if "schoolwatch" in one.tools else {},
            }
        )

    def _note(self, by: User, evidence: Evidence, what: str, detail: str) -> None:
        with self._store.begin(by.id) as work:
            append(work, CustodyDraft(at=self._clock.now(), by=by.id, evidence_id=evidence.id, what=what, detail=detail))
            work.commit()


def _copied_name(name: str) -> str:
    return f"{name.rsplit('.', 1)[0]}.png"


def _steps(original: Evidence, made: Copy, answer: SafetyAnswer | None) -> tuple[tuple[str, str], ...]:
    """Return what and detail of each step: kinds and numbers, never words."""
    covered = "; ".join(f"{name}: {value}" for name, value in made.covered.items())
    return (
        ("safety answer", answer.value if answer else "none"),
        ("taken from", f"{original.ref}, witness code {original.seal_sha256}"),
        ("redacted copy made", covered),
    )
