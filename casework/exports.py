"""What left the safe: packs and papers, each once, from the custody chain and the case's history (domain.md §5.7, policy A34, A36, B38)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from data.model.cases import Case, CaseEvent
from data.store import Work
from evidence.custody_words import PACKS

PACK_SEAL = "pack seal"  # the words by which the custody chain tells one pack from the next
PAPERS, SUMMARY, PAPER, PACK = "papers made", "child summary", "paper taken out", "pack taken out"  # the words of the events they leave
NO_EVIDENCE = "no evidence went along: no working copy was made"


@dataclass(frozen=True)
class Export:
    """What left the safe: when, by whom (user id), the record's own words for it, and of which evidence (none: of no evidence)."""

    at: datetime
    by: str
    detail: str
    refs: tuple[str, ...]

    @property
    def is_papers(self) -> bool:
        """Whether it is papers with evidence: of these the case's history has a line of its own."""
        return PACK_SEAL not in self.detail

    @property
    def words(self) -> str:
        """What it was, in plain words, with the numbers of the evidence that went along."""
        what = PACKS.get(self.detail.split(",", 1)[0], self.detail)
        return f"{what}, with {', '.join(self.refs)}" if self.refs else what


def exports(work: Work, case: Case) -> tuple[Export, ...]:
    """Return every pack and every paper that left, oldest first: each is one, however many pieces of evidence went along."""
    found = (*with_evidence(work, case), *_without(work.case_events.of(case.id)))
    return tuple(sorted(found, key=lambda one: one.at))


def with_evidence(work: Work, case: Case) -> tuple[Export, ...]:
    """Return what left with evidence of the case, as the custody chain tells it; a pack's lines are one export."""
    kept = {one.id: one.ref for one in work.evidence.where(case_id=case.id)}
    found: dict[str, Export] = {}
    for event in work.custody.of(list(kept)):
        if event.what == "exported":
            key = event.detail if PACK_SEAL in event.detail else str(event.number)
            first = found.get(key) or Export(event.at, event.by, event.detail, ())
            found[key] = replace(first, refs=(*first.refs, kept[event.evidence_id]))
    return tuple(sorted(found.values(), key=lambda one: one.at))


def _without(events: Sequence[CaseEvent]) -> Iterator[Export]:
    """Yield the papers of which the custody chain holds nothing, since no evidence went along: the case's history does."""
    for event in events:
        if event.what == PAPERS and event.fields.get("evidence") == "":
            yield Export(event.at, event.by, "papers for the person concerned, without evidence", ())
        elif event.what == SUMMARY:
            yield Export(event.at, event.by, f"a child's summary, for {event.fields.get('to_whom') or 'the child-protection file'}", ())
        elif event.what == PAPER:
            yield Export(event.at, event.by, event.reason or "a notice or letter", ())
        elif event.what == PACK:
            yield Export(event.at, event.by, f"evidence pack; {event.reason}", ())
