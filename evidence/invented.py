"""An invented case with invented captures, sealed, stamped and packed: for tests of packs and of whoever wants to forge one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from data.model.cases import Case, CaseEvent, CaseItem, CaseState
from data.model.evidence import Completeness, CustodyEvent, Evidence, EvidenceKind, SealToken, TokenState
from data.model.posts import PlatformName
from data.model.readings import Category, Severity
from data.model.watch import School
from evidence.custody import CustodyDraft
from evidence.keys import SealKey
from evidence.local_authority import LocalAuthority
from evidence.pack import CaseFile, Pack, Variant, write_pack
from evidence.redaction import MADE
from evidence.seal import SEAL, LogLine, Sealer, canonical
from evidence.testing import KEY, MOMENT, chained, square
from evidence.vault import Vault

_NOTHING: Mapping[str, bytes] = MappingProxyType({})
WHEN = MOMENT + timedelta(microseconds=718_291)  # a clock shows fractions of a second
CASE = Case(
    id="c1",
    ref="SW-2026-0001",
    school_id="s1",
    state=CaseState.TRIAGED,
    lead_category=Category.HARASSMENT_STAFF,
    severity=Severity.S2,
    target="teacher",
    owner_id="u-dsl",
    finding_id="f1",
    reporter_type="collected",
    known_at=MOMENT,
    opened_at=MOMENT,
)
ITEM = CaseItem(id="i1", case_id="c1", address="https://forum.example.org/t/1", platform=PlatformName.FORUM, added_at=MOMENT)
SCHOOL = School(id="s1", name="Fernley Green Primary School", added_at=MOMENT)


@dataclass
class Workshop:
    """Makes packs of an invented case. `authority`: who stamps each seal; None: nobody does."""

    folder: Path
    key: SealKey = KEY
    authority: LocalAuthority | None = None
    case: Case = CASE
    evidence: list[Evidence] = field(default_factory=list)
    custody: list[CustodyEvent] = field(default_factory=list)
    tokens: list[SealToken] = field(default_factory=list)
    events: list[CaseEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open an empty vault."""
        self.vault = Vault(self.folder / "vault")

    def capture(
        self, *, at: datetime = WHEN, stamped: timedelta = timedelta(seconds=2), more: Mapping[str, bytes] = _NOTHING, **words: bytes
    ) -> Evidence:
        """Seal a capture made `at`, stamped so much later, with more files; `words` are text files by their names without the ending."""
        number = sum(one.kind is EvidenceKind.PAGE for one in self.evidence) + 1
        contents = {
            "capture.json": canonical({"address_asked": ITEM.address, "number": number}),
            "page.txt": b"Invented page\n",
            "screen-as-seen.png": square((90, 90, 10 * number % 256), 8),
            **more,
            **{f"{name}.txt": content for name, content in words.items()},
        }
        return self._seal(f"{CASE.ref}-E{number}", contents, at, stamped, EvidenceKind.PAGE, None)

    def redacted(self, original: Evidence, *phrases: str, at: datetime = WHEN + timedelta(hours=1)) -> Evidence:
        """Seal a working copy in which the picture is covered, and these phrases everywhere."""
        contents = {"capture.json": canonical({"covered": ["pictures"]}), "screen-as-seen.png": square((0, 0, 0), 8)}
        made = self._seal(f"{original.ref}-R1", contents, at, timedelta(seconds=2), EvidenceKind.REDACTED, original.id)
        number, fields = len(self.events) + 1, {"evidence_id": made.id, "phrases": list(phrases)}
        self.events.append(CaseEvent(id=f"x{number}", case_id=CASE.id, number=number, at=at, by="u-dsl", what=MADE, fields=fields))
        return made

    def _seal(
        self, ref: str, files: dict[str, bytes], at: datetime, stamped: timedelta, kind: EvidenceKind, derived_from: str | None
    ) -> Evidence:
        draft = Evidence(
            id=f"id-{ref}",
            ref=ref,
            case_id=CASE.id,
            item_id=ITEM.id,
            order_id=f"o-{ref}",
            address=ITEM.address,
            final_address=ITEM.address,
            status=200,
            title="Invented",
            captured_at=at,
            captured_by="u-dsl",
            completeness=Completeness.FULL,
            manifest_sha256="",
            kind=kind,
            derived_from=derived_from,
        )
        steps = (("opened", ""), ("safety answer", "no"), ("captured", "full"))
        log = [LogLine(at, "u-dsl", "dsl", what, detail) for what, detail in steps]
        sealer = Sealer(self.vault, self.key, self.authority.root_sha256 if self.authority else None)
        made = sealer.seal(draft, files, log, at + timedelta(seconds=1))
        drafts = [CustodyDraft(at, "u-dsl", made.id, what, detail) for what, detail in (*steps, ("sealed", made.seal_sha256))]
        self.custody += chained(tuple(drafts), after=self.custody[-1] if self.custody else None)
        self.evidence.append(made)
        if self.authority:
            self.tokens.append(self._token(made, self.authority, at + stamped))
        return made

    def _token(self, made: Evidence, authority: LocalAuthority, at: datetime) -> SealToken:
        sealed = next(one for one in made.seal_files if one.name == SEAL)
        reply = authority.stamp(self.vault.get(sealed.sha256), at)
        return SealToken(
            id=f"t-{made.id}",
            subject=f"evidence:{made.id}",
            case_id=made.case_id,
            imprint=sealed.sha256,
            authority="https://time.example/tsa",
            made_at=at,
            state=TokenState.GRANTED,
            reply_sha256=self.vault.put(reply),
            token_at=at,
        )

    def file(self) -> CaseFile:
        """Return what goes into a pack."""
        return CaseFile(
            school=SCHOOL,
            case=self.case,
            items=(ITEM,),
            evidence=tuple(self.evidence),
            custody=tuple(self.custody),
            events=tuple(self.events),
            tokens=tuple(self.tokens),
            names={"u-dsl": "A. Quillfeather"},
        )

    def pack(self, name: str = "pack.zip", variant: Variant = Variant.FULL, now: datetime = WHEN + timedelta(days=1)) -> Pack:
        """Write the pack into the workshop's folder."""
        return write_pack(
            self.file(),
            vault=self.vault,
            key=self.key,
            target=self.folder / name,
            by="u-dsl",
            now=now,
            variant=variant,
            roots=[self.authority.root] if self.authority else [],
        )
