"""Making working copies: what can be covered, a look at the copy before it is sealed, the sealed copy (domain.md §5.7 rule 5, N12)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from casework import access
from casework.service import Casework
from data.clock import Clock
from data.errors import ConflictError, NotFoundError
from data.model.base import new_id
from data.model.cases import Case
from data.model.evidence import CaptureOrder, Evidence, EvidenceKind, SafetyAnswer, ViewingPreference
from data.model.people import Permission, User
from data.store import Store
from evidence.boxes import Box, Choice, Drawn, RedactionError, page_map
from evidence.custody import CustodyDraft
from evidence.errors import Refused
from evidence.guard import may_capture, may_export
from evidence.redaction import FACTS, LAYOUT, Copy, Original, copy_facts, make_copy, place, shown_as, whole
from evidence.report_captures import picture_name
from evidence.report_pictures import NoPictureError, decoded
from evidence.seal import LogLine, Sealer
from evidence.squares import Grid, Sheet, named, sheets
from evidence.vault import Vault
from evidence.viewing import Sharpness, shown
from schoolwatch.kept_files import only_if_kept
from schoolwatch.pictures import FETCH_SECONDS, SHARPEN_SECONDS, Look, LookRefusedError, Looks, session_mark
from schoolwatch.safe import append

WHY_SEEN = "looked at while making a working copy"
WHY_SQUARES = "looked at with squares over it, to say what to cover"
MOST_SHEETS = 16  # shown at once: more would push each other out of what is held
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


@dataclass(frozen=True)
class Shown:
    """A piece of a picture with squares over it: which rows, the token for one fetch, and the secret by which it stays on the page."""

    name: str
    first: int
    last: int
    token: str
    held: str


@dataclass(frozen=True)
class Squared:
    """The pictures with squares over them as they stand on a page, why others do not, and whether they are blurred."""

    shown: tuple[Shown, ...]
    problems: Mapping[str, str]
    is_blurred: bool


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

    def squares(self, by: User, session: str | None, evidence_id: str, before: Squared | None = None) -> Squared:
        """Draw the pictures with lettered squares over them for one look, recorded as a look at them; blurred as the person chose.

        With the blurred ones from before they are drawn sharp, on the same look, and that is recorded too. Raises what `begin` raises, and
        LookRefusedError for a look that is too old.
        """
        case, original = self._original(by, evidence_id)
        if before is not None and self._again(by, session, evidence_id, before) is None:
            raise LookRefusedError
        wish = self._preference(by)
        sharpness = Sharpness.LIGHT if wish.blurred_first and before is None else Sharpness.SHARP
        drawn, problems = _drawn(original, sharpness, greyscale=wish.greyscale)
        if before is None:
            self._original(by, evidence_id)  # drawing takes a while: of a look that is refused no line says that it was had
            names = ", ".join(dict.fromkeys(name for name, _ in drawn))
            self._cases.revealed(by, case.id, original.evidence.ref, names or "none of its pictures", WHY_SQUARES)
        sharp = "" if sharpness is Sharpness.LIGHT else ", sharp"
        self._looked(by, original.evidence, f"its pictures with squares over them{sharp}")
        look = Look(evidence_id, "", by.id, session_mark(session), sharpness, 0.0)
        shown = tuple(self._held(replace(look, name=name, content=one.png), one.first, one.last) for name, one in drawn)
        return Squared(shown, problems, sharpness is Sharpness.LIGHT)

    def squares_again(self, by: User, session: str | None, evidence_id: str, before: Squared) -> Squared | None:
        """Return the same pictures for the next drawing of the page, on the same look; None when that is too old. Raises as `begin`."""
        self._original(by, evidence_id)
        return self._again(by, session, evidence_id, before)

    def _again(self, by: User, session: str | None, evidence_id: str, before: Squared) -> Squared | None:
        try:
            looks = [(one, self._looks.take(one.held, by, session)) for one in before.shown]
        except LookRefusedError:
            return None
        if any(look.evidence_id != evidence_id for _, look in looks):
            return None
        return replace(before, shown=tuple(self._held(look, one.first, one.last) for one, look in looks))

    def _held(self, look: Look, first: int, last: int) -> Shown:
        token, held = self._looks.grant(look, FETCH_SECONDS), self._looks.grant(look, SHARPEN_SECONDS)
        return Shown(look.name, first, last, token, held)

    def _preference(self, by: User) -> ViewingPreference:
        with self._store.read() as work:
            return work.viewing.find(by.id) or ViewingPreference(user_id=by.id, changed_at=self._clock.now())

    def named(self, by: User, evidence_id: str, typed: Mapping[str, str]) -> tuple[Drawn, ...]:
        """Return what the squares that were typed for each picture are on the page. Raises RedactionError, and what `begin` raises."""
        _, original = self._original(by, evidence_id)
        return tuple(one for name, text in typed.items() if text.strip() for one in _named(original, name, text))

    def preview(self, by: User, session: str | None, evidence_id: str, choice: Choice) -> Preview:
        """Draw the copy for one look, recorded as a look at the picture; nothing is kept. Raises RedactionError, PhraseError."""
        case, original = self._original(by, evidence_id)
        made = make_copy(original, self._with_earlier(by, case, choice))
        seen = {name: content for name in original.names() if (content := made.files.get(_copied_name(name))) is not None}
        drawn = {name: shown(content, Sharpness.SHARP, greyscale=False) for name, content in seen.items()}
        self._original(by, evidence_id)  # as for the squares
        self._cases.revealed(by, case.id, original.evidence.ref, ", ".join(seen) or "its text", WHY_SEEN)
        self._looked(by, original.evidence, "its working copy, before it was sealed")
        look = Look(evidence_id, "", by.id, session_mark(session), Sharpness.SHARP, 0.0)
        tokens = tuple(
            (name, self._looks.grant(replace(look, name=name, content=content), FETCH_SECONDS)) for name, content in drawn.items()
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

    def _looked(self, by: User, evidence: Evidence, detail: str) -> None:
        """Record the look, the last step before anything is given. Raises CaptureForbiddenError in a case that was stopped meanwhile.

        Whoever stops the case at this moment waits for the line, or is seen by it.
        """
        with self._store.begin(by.id) as work:
            work.lock(f"case:{evidence.case_id}")
            may_export(work.cases.get(evidence.case_id), Refused.REDACTION)
            append(work, CustodyDraft(at=self._clock.now(), by=by.id, evidence_id=evidence.id, what="viewed", detail=detail))
            work.commit()


def _drawn(original: Original, sharpness: Sharpness, *, greyscale: bool) -> tuple[list[tuple[str, Sheet]], dict[str, str]]:
    """Return the sheets with the name of their picture, and for each picture that is not drawn, or not to its end, why."""
    drawn: list[tuple[str, Sheet]] = []
    problems: dict[str, str] = {}
    for name in original.names():
        try:
            place(original, name)
            found = sheets(original.read(name), sharpness, greyscale=greyscale)
        except RedactionError as reason:
            problems[name] = f"{picture_name(name)}: not shown, {reason}"
            continue
        room = MOST_SHEETS - len(drawn)
        drawn += [(name, one) for one in found[:room]]
        if len(found) > room:
            problems[name] = f"{picture_name(name)}: not shown to its end, there is too much to show at once"
    return drawn, problems


def _named(original: Original, name: str, text: str) -> Iterator[Drawn]:
    if name not in original.names():
        raise RedactionError(f"'{name}' is no picture of {original.evidence.ref}")
    left, top = place(original, name)
    try:
        grid = Grid(*decoded(original.read(name)).size)
    except NoPictureError as error:
        raise RedactionError(f"{picture_name(name)}: it cannot be covered: {error}") from error
    for box in named(text, grid, picture_name(name)):
        yield Drawn(name, replace(box, x=box.x + left, y=box.y + top))


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
