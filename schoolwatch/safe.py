"""What people may take out of the safe: a picture with a reason, a file, a pack. Each act is a custody event."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from casework import access
from casework.cases import record
from casework.checks import VERDICT_LABELS
from casework.event_words import EVENT_LABELS
from casework.exports import NO_EVIDENCE, PACK
from casework.flagging import CATEGORY_LABELS
from casework.handover import PICTURE, HandOver, papers, papers_name, sha256
from casework.requests import REQUEST_LABELS
from casework.route_words import GROUND_LABELS, ROUTE_LABELS
from casework.service import Casework
from casework.transitions import OUTCOME_LABELS, STATE_LABELS
from data.clock import Clock
from data.errors import NotFoundError, SchoolwatchError
from data.model.care import PersonalFiling
from data.model.cases import Case
from data.model.evidence import Evidence, EvidenceKind, SealedFile
from data.model.people import Permission, User
from data.model.posts import Post
from data.store import Store, Work
from evidence.covering import covered_everywhere
from evidence.custody import FIRST, CustodyDraft, chain
from evidence.guard import may_export, may_keep
from evidence.keys import SealKey
from evidence.pack import Pack, write_pack
from evidence.redaction import POST, copies_that_count, phrases_of
from evidence.report import CaseFile, Variant, Words
from evidence.timestamp import all_roots
from evidence.vault import Vault

MIN_REASON = 4
PACKS = "schoolwatch-pack-*"  # where a pack is put together; of a killed export it holds evidence in the open
WORDS = Words(
    events=EVENT_LABELS,
    states=STATE_LABELS,
    harms=CATEGORY_LABELS,
    outcomes=OUTCOME_LABELS,
    requests=REQUEST_LABELS,
    routes=ROUTE_LABELS,
    grounds=GROUND_LABELS,
    verdicts=VERDICT_LABELS,
)


class RevealRefusedError(SchoolwatchError):
    """A picture is shown only with a reason of a few words."""


class NothingToExportError(SchoolwatchError):
    """There is nothing to export: this case has no evidence yet. Capture the page, or add what a person brought, then export again."""


class Safe:
    """The vault, as the people of a school may use it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        vault: Vault,
        cases: Casework,
        key: Callable[[], SealKey],
        authority: Path | None = None,
        *,
        demo: bool = False,
    ) -> None:
        """`key`: what seals here, asked for when it is needed; `authority`: the certificates of the authority that stamps, as PEM.

        `demo`: the people here are invented and the clock runs fast; every pack says so.
        """
        self._store, self._clock, self._vault, self._cases = store, clock, vault, cases
        self._key, self._authority, self._demo = key, authority, demo

    def reveal(self, by: User, evidence_id: str, name: str, reason: str) -> bytes:
        """Return a file of a capture; the view is recorded first.

        The reason goes into the case's history and goes with the case; the custody chain, which nobody can shorten, names the file only.
        """
        if len(reason.strip()) < MIN_REASON:
            raise RevealRefusedError
        with self._store.read() as work:
            found = work.evidence.get(evidence_id)
        case = self._cases.case(by, found.case_id).case
        access.must(by, Permission.CAPTURE, case)
        may_export(case)
        file = next((file for file in found.files if file.name == name), None)
        if file is None:
            raise NotFoundError("file in this capture", name)
        self._cases.revealed(by, case.id, found.ref, name, " ".join(reason.split())[:200])
        self._log(by, (found,), "viewed", f"{name}: reason in the case's history")
        return self._vault.get(file.sha256)

    def pack(self, by: User, case_id: str, variant: Variant = Variant.FULL) -> tuple[str, bytes]:
        """Return the evidence pack of a case and its file name.

        Before it leaves, the export stands in the custody chain, with the code of this very pack; a case stopped meanwhile gives none.
        Raises NothingToExportError for a case without evidence.
        """
        found = self._cases.may_export(by, case_id)
        may_export(found.case)
        if not found.evidence:
            raise NothingToExportError
        with tempfile.TemporaryDirectory(prefix=PACKS[:-1]) as folder:
            made = write_pack(
                self._file(found.case),
                vault=self._vault,
                key=self._key(),
                target=Path(folder),
                by=by.id,
                now=self._clock.now(),
                variant=variant,
                roots=all_roots([self._authority.read_bytes()] if self._authority else []),
            )
            content = made.path.read_bytes()
        self._log_export(by, case_id, variant, made)
        return made.path.name, content

    def _log_export(self, by: User, case_id: str, variant: Variant, made: Pack) -> None:
        """Note each piece of evidence that leaves; of a pack without any, that it left.

        Raises CaptureForbiddenError when the case was stopped while the pack was made.
        """
        with self._store.begin(by.id) as work:
            case = work.cases.get(case_id)
            may_export(case)
            if not made.evidence_ids:  # the custody chain is about evidence: this stands in the case's history
                fields = {"variant": variant.value, "pack_seal": made.seal_sha256}
                changed, event = record(case, self._clock.now(), by.id, PACK, fields=fields, reason=NO_EVIDENCE)
                work.cases.change(changed, case.revision)
                work.case_events.add(event)
            for one in work.evidence.where(id=list(made.evidence_ids)):
                detail = f"{variant.value}, pack seal {made.seal_sha256}"
                append(work, CustodyDraft(at=self._clock.now(), by=by.id, evidence_id=one.id, what="exported", detail=detail))
            work.commit()

    def papers(self, by: User, filing_id: str) -> tuple[str, bytes]:
        """Return the papers of a person who files a report themselves, and their file name; what goes out is recorded first (A19, A36)."""
        with self._store.read() as work:
            filing = work.filings.get(filing_id)
        case = self._cases.may_export(by, filing.case_id).case
        may_keep(stop=case.stop, category=case.lead_category)  # an adult whose picture it is gets help, without any picture (§8.7)
        hand = self._hand_over(filing, case)
        content = papers(hand, self._clock.now())
        self._cases.papers_made(by, filing.id, sha256(content), hand.evidence.ref if hand.evidence else "")
        self._log(by, (hand.evidence,) if hand.evidence else (), "exported", "papers for the person concerned")
        return papers_name(case), content

    def _hand_over(self, filing: PersonalFiling, case: Case) -> HandOver:
        with self._store.read() as work:
            item, helper = work.case_items.get(filing.item_id), work.users.find(filing.supporter)
            kept = [one for one in work.evidence.where(case_id=case.id, item_id=item.id, order_by="captured_at") if one.counts]
            hand = HandOver(
                filing=filing,
                case=case,
                school=work.schools.get(case.school_id),
                item=item,
                helper=helper.name if helper else "the school office",
                post=work.posts.find(item.post_id) if item.post_id is not None else None,
                evidence=max(kept, key=lambda one: (one.kind is EvidenceKind.PAGE, one.captured_at), default=None),  # our own first
            )
        return self._with_picture(hand, case)

    def _with_picture(self, hand: HandOver, case: Case) -> HandOver:
        """Add the picture: that of the working copy where there is one; an older copy that shows what was covered since is not given."""
        with self._store.read() as work:
            events = work.case_events.of(case.id)
            copies = [one for one in work.evidence.where(case_id=case.id) if hand.evidence and one.derived_from == hand.evidence.id]
        copied = next(iter(copies_that_count(copies, events)), None)
        hand = replace(hand, covered=copied is not None, post=_covered_post(hand.post, phrases_of(events)))
        shown = _picture_of(copied) if copied else None if copies else _picture_of(hand.evidence)
        return replace(hand, picture=self._vault.get(shown.sha256)) if shown and hand.may_show else hand

    def _file(self, case: Case) -> CaseFile:
        with self._store.read() as work:
            items = tuple(work.case_items.where(case_id=case.id))
            sealed = tuple(work.evidence.where(case_id=case.id))
            return CaseFile(
                school=work.schools.get(case.school_id),
                case=case,
                items=items,
                posts=tuple(work.posts.get(item.post_id) for item in items if item.post_id is not None),
                events=tuple(work.case_events.of(case.id)),
                requests=tuple(work.requests.where(case_id=case.id)),
                checks=tuple(work.checks.where(case_id=case.id, order_by="at")),
                evidence=sealed,
                custody=tuple(work.custody.of(one.id for one in sealed)),
                names={user.id: user.name for user in work.users.where()},
                tokens=tuple(work.tokens.where(case_id=case.id)),
                words=WORDS,
                demo=self._demo,
            )

    def _log(self, by: User, evidence: tuple[Evidence, ...], what: str, detail: str) -> None:
        with self._store.begin(by.id) as work:
            for one in evidence:
                append(work, CustodyDraft(at=self._clock.now(), by=by.id, evidence_id=one.id, what=what, detail=detail))
            work.commit()


def _picture_of(evidence: Evidence | None) -> SealedFile | None:
    """Return the picture to give: the first screen, or of a copy without it the post alone, or the page."""
    found = {one.name: one for one in (evidence.files if evidence else ()) if one.media_type == "image/png"}
    if evidence is None or evidence.kind is not EvidenceKind.REDACTED:
        return found.get(PICTURE)
    return found.get(PICTURE) or found.get(POST) or next((found[name] for name in sorted(found)), None)


def _covered_post(post: Post | None, phrases: Sequence[str]) -> Post | None:
    """Return the post with the phrases of the case covered in what it says and whom it shows as its author."""
    names = ("text", "author_handle", "author_name")
    return post and post.model_copy(update={name: covered_everywhere(getattr(post, name), phrases) for name in names})


def append(work: Work, draft: CustodyDraft) -> None:
    """Chain a custody event to the last one."""
    last = work.custody.last()
    work.custody.add(chain(last.hash if last else FIRST, last.number + 1 if last else 1, draft))
