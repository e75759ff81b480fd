"""Which flagged posts are stopped by their case, or by their address in another case of the school (evidence.md §8.4).

Computed on read and never stored: a stop that the safeguarding lead lifts frees its post in the same moment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from collector.spellings import spellings
from data.model.cases import Case
from data.model.findings import Finding
from data.model.posts import PostId
from data.model.readings import NO_CAPTURE
from data.store import Work


@dataclass(frozen=True)
class Stops:
    """What is stopped in some schools: by flagged post, by post, by school and address; each leads to the case that says so."""

    findings: Mapping[str, Case]
    posts: Mapping[tuple[str, PostId], Case]
    addresses: Mapping[tuple[str, str], Case]

    def case_of(self, finding: Finding, addresses: Collection[str]) -> Case | None:
        """Return the stopped case that a flagged post at these addresses belongs to; None: nothing stops it but perhaps itself."""
        own = self.findings.get(finding.id)
        if own is None and finding.post_id is not None:
            own = self.posts.get((finding.school_id, finding.post_id))
        known = (self.addresses.get((finding.school_id, one)) for one in addresses)
        return own or next((case for case in known if case is not None), None)


def stops_in(work: Work, school_ids: Collection[str]) -> Stops:
    """Return what is stopped in these schools."""
    mine = sorted(set(school_ids))
    cases = {one.id: one for one in work.cases.where(school_id=mine, stop=True)}
    cases |= {one.id: one for one in work.cases.where(school_id=mine, lead_category=sorted(NO_CAPTURE))}
    if not cases:
        return Stops({}, {}, {})
    items = [(cases[item.case_id], item) for item in work.case_items.where(case_id=list(cases))]
    judged = [one for one in work.decisions.where(case_id=list(cases)) if one.undone_at is None and one.case_id is not None]
    return Stops(
        findings={one.finding_id: one for one in cases.values()} | {one.finding_id: cases[str(one.case_id)] for one in judged},
        posts={(case.school_id, item.post_id): case for case, item in items if item.post_id is not None},
        addresses={(case.school_id, name): case for case, item in items if item.address for name in spellings(item.address)},
    )


def stopping_cases(work: Work, found: Sequence[Finding]) -> dict[str, Case]:
    """Return, by flagged post, the stopped case that it belongs to; what no case stops is not in it."""
    stops = stops_in(work, {one.school_id for one in found})
    if not stops.findings:
        return {}
    posts = {post.id: post.address for post in work.posts.where(id=[one.post_id for one in found if one.post_id is not None])}
    told = {one.id: one.address for one in work.reports.where(id=[one.report_id for one in found if one.report_id])}
    said = {one.id: (posts.get(one.post_id) if one.post_id is not None else None, told.get(one.report_id or "")) for one in found}
    cases = {one.id: stops.case_of(one, [name for name in said[one.id] if name]) for one in found}
    return {finding_id: case for finding_id, case in cases.items() if case is not None}


def with_stops(work: Work, found: Sequence[Finding]) -> list[Finding]:
    """Return the flagged posts as they stand, each with `stop` where a case says so; for reading, never to be written back."""
    stopped = stopping_cases(work, found)
    return [one.model_copy(update={"stop": True}) if one.id in stopped else one for one in found]
