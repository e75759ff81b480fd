"""The governors' report of a period: counts, shares and medians; no names, addresses, quotes or case numbers (domain.md §7.4).

Tables share nothing but the number of cases, so that no table gives away what another hides; each hides its own small cells
(casework.suppression). The 24 hours are counted gross (nothing pauses them) and net of the time for which an authority asked to wait.
"""

from __future__ import annotations

import csv
import io
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from casework.flagging import CATEGORY_LABELS
from casework.routes import ROUTE_LABELS
from casework.suppression import LEAST, Counted, Published, publish, single
from casework.tally import JUDGED_REPLY, OPEN
from casework.transitions import OUTCOME_LABELS
from data.model.care import ReferralBody
from data.model.cases import MissedReason, Route
from data.model.keeping import CaseTally
from data.model.posts import PlatformName
from data.model.readings import OUTCOMES, Severity

RULE = "governors.v1"
TOO_FEW = "too few to show"
MISSED_LABELS: dict[MissedReason, str] = {
    MissedReason.PLATFORM_SLOW: "the platform was slow",
    MissedReason.REFUSED: "it was refused",
    MissedReason.AWAITING_COMPLAINANT: "the person concerned had to file it",
    MissedReason.AWAITING_CONSENT: "consent was awaited",
    MissedReason.AUTHORITY_HOLD: "an authority asked to leave it up",
    MissedReason.LATE_TRIAGE: "it was judged late",
    MissedReason.NO_CONTACT_FOUND: "nobody to ask was found",
    MissedReason.OTHER: "another reason",
}
_NO_REASON = "no reason recorded"
_WITHIN, _NO_VERDICT = "gone within 24 hours", "still in time, or no removal wanted"
_WITHIN_NET = "gone within 24 hours, not counting the time an authority asked for"
_BODIES: dict[ReferralBody, str] = {
    ReferralBody.POLICE: "Referred to the police",
    ReferralBody.LADO: "Referred to the LADO",
    ReferralBody.CSC: "Referred to children's social care",
    ReferralBody.IWF: "Reported to the Internet Watch Foundation",
    ReferralBody.CEOP: "Reported to CEOP",
}


@dataclass(frozen=True)
class Volumes:
    """What is counted beside cases: people's decisions without a case, requests about data, sources, policies."""

    judged: Sequence[CaseTally] = ()
    unread_expired: int = 0
    subject_requests: int = 0
    sources: int = 0
    sources_not_seen: int = 0
    policies_overdue: int = 0
    policy_triggers_open: int = 0


@dataclass(frozen=True)
class Figures:
    """A report as it may be shown: tables, single figures, and notes that say what is not known."""

    first: date
    last: date
    cases: str
    tables: tuple[Published, ...]
    singles: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = field(default=())

    def as_record(self) -> dict[str, Any]:
        """Return it as the store keeps it: what was shown, never the cells beneath."""
        tables = [{"key": one.key, "title": one.title, "rows": [list(row) for row in one.rows], "total": one.total} for one in self.tables]
        return {
            "rule": RULE,
            "cases": self.cases,
            "tables": tables,
            "singles": [list(one) for one in self.singles],
            "notes": list(self.notes),
        }

    @classmethod
    def of(cls, first: date, last: date, kept: dict[str, Any]) -> Figures:
        """Return the report that the store kept."""
        tables = tuple(Published(one["key"], one["title"], tuple((a, b) for a, b in one["rows"]), one["total"]) for one in kept["tables"])
        return cls(first, last, kept["cases"], tables, tuple((a, b) for a, b in kept["singles"]), tuple(kept["notes"]))


def figures(tallies: Sequence[CaseTally], volumes: Volumes, first: date, last: date) -> Figures:
    """Return the report of the cases that became known from `first` to `last`, both days included."""
    mine = [one for one in tallies if first <= one.known_on <= last]
    judged = [one for one in volumes.judged if first <= one.known_on <= last]
    tables = tuple(publish(table) for table in counted(mine, judged))
    return Figures(
        first,
        last,
        single(len(mine)),
        tables,
        (*_shares(tables), *_medians(mine), *_singles(mine, volumes)),
        _notes(volumes),
    )


def counted(cases: Sequence[CaseTally], judged: Sequence[CaseTally]) -> tuple[Counted, ...]:
    """Return the tables as they were counted, before anything is hidden."""
    return (
        _by("category", "Cases by kind", cases, lambda one: CATEGORY_LABELS[one.category]),
        _by("severity", "Cases by severity", cases, lambda one: one.severity.word, [level.word for level in Severity]),
        _by("platform", "Cases by platform", cases, _platform),
        _by("target", "The 24-hour target", cases, _target),
        _by("outcome", "How cases ended", cases, _outcome, [*OUTCOME_LABELS.values(), "still open"]),
        _by("support", "Support for staff", [one for one in cases if one.support_in_time is not None], _support),
        _by("routes", "Requests sent, by whom was asked", _requests(cases), lambda one: _route(one.routes[0][0])),
        _by("followed", "Requests that were followed", _requests(cases, followed=True), lambda one: _route(one.routes[0][0])),
        _by("judged", "Posts judged without a case", judged, _judged),
    )


def _by(key: str, title: str, rows: Iterable[CaseTally], of: Callable[[CaseTally], str], order: Sequence[str] = ()) -> Counted:
    found = Counter(of(one) for one in rows)
    labels = list(order) or sorted(found, key=lambda label: (-found[label], label))
    return Counted(key, title, tuple((label, found[label]) for label in labels))


def _requests(cases: Sequence[CaseTally], *, followed: bool = False) -> list[CaseTally]:
    """Return one row for each request that was sent."""
    return [one.model_copy(update={"routes": (way,)}) for one in cases for way in one.routes if way[1] or not followed]


def _platform(one: CaseTally) -> str:
    names = {PlatformName(name).value.replace("_", " ") for name in one.platforms}
    return next(iter(names)) if len(names) == 1 else ("several platforms" if names else "unknown")


def _target(one: CaseTally) -> str:
    """Return the row of the target's table. Gross, net and the reasons stand in one, so that no second table gives its cells away."""
    if one.met_gross is None:
        return _NO_VERDICT
    if one.met_gross:
        return _WITHIN
    if one.met_net:
        return _WITHIN_NET
    return f"late: {MISSED_LABELS[MissedReason(one.missed_reason)] if one.missed_reason else _NO_REASON}"


def _outcome(one: CaseTally) -> str:
    if one.outcome == OPEN:
        return "still open"
    return OUTCOME_LABELS.get(
        one.outcome, "answered or left unanswered" if one.outcome in {code.value for code in OUTCOMES} else one.outcome
    )


def _support(one: CaseTally) -> str:
    return "offered within one working day" if one.support_in_time else "offered later, or not yet"  # A23


def _route(code: str) -> str:
    return ROUTE_LABELS.get(Route(code), code.replace("_", " "))


def _judged(one: CaseTally) -> str:
    return f"{CATEGORY_LABELS[one.category]}{', a reply was decided on' if one.outcome == JUDGED_REPLY else ''}"  # B31


def _singles(cases: Sequence[CaseTally], volumes: Volumes) -> tuple[tuple[str, str], ...]:
    referred = Counter(body for one in cases for body in set(one.referrals))
    counts = (
        *((label, referred[body.value]) for body, label in _BODIES.items()),
        ("Posts that came back after they were gone", sum(one.came_back for one in cases)),
        ("Reports that the person concerned filed", sum(one.filed_personally for one in cases)),
        ("Low-level posts that nobody read within 30 days", volumes.unread_expired),
        ("Requests by people about data on them", volumes.subject_requests),
    )
    return tuple((label, single(count)) for label, count in counts)


def _shares(tables: Sequence[Published]) -> tuple[tuple[str, str], ...]:
    """Return the share gone within 24 hours, gross and net, of the cases that have a verdict; only from cells that are shown."""
    table = next(one for one in tables if one.key == "target")
    cells = dict(table.rows)
    known = {label: int(cells.get(label, "0")) for label in (_WITHIN, _WITHIN_NET, _NO_VERDICT) if cells.get(label, "0").isdigit()}
    total = int(table.total) if table.total.isdigit() else 0
    return (
        ("Gone within 24 hours, of those with a verdict", _share(known, (_WITHIN,), total)),
        ("The same, not counting the time an authority asked for", _share(known, (_WITHIN, _WITHIN_NET), total)),
    )


def _share(known: Mapping[str, int], met: Sequence[str], total: int) -> str:
    judged = total - known.get(_NO_VERDICT, total)
    if not all(label in known for label in met) or judged < LEAST:
        return TOO_FEW
    return f"{round(100 * sum(known[label] for label in met) / judged)} %"


def _medians(cases: Sequence[CaseTally]) -> tuple[tuple[str, str], ...]:
    return (
        ("Median time to the first request", _median([one.minutes_to_request for one in cases])),
        ("Median time until it was first found gone", _median([one.minutes_to_removal for one in cases])),
    )


def _median(minutes: Sequence[int | None]) -> str:
    known = [one for one in minutes if one is not None]
    if len(known) < LEAST:
        return TOO_FEW
    hours, rest = divmod(round(statistics.median(known)), 60)
    return f"{hours} h {rest} min"


def _notes(volumes: Volumes) -> tuple[str, ...]:
    seen = volumes.sources - volumes.sources_not_seen
    review = f"{volumes.policies_overdue} overdue for review" if volumes.policies_overdue else "none overdue for review"
    hidden = (
        "A count of one or two is shown as <3, so that nobody can be recognised. Where the rest of a table would give it away, another row "
        "is hidden as well."
    )
    watched = (
        f"Watched at the end of the period: {volumes.sources} sources, {seen} of them seen without trouble. What nobody watches and nobody "
        "reports is not in these counts."
    )
    policies = f"Policies: {review}; {volumes.policy_triggers_open} reasons for an early review are open."
    return hidden, watched, policies, "Moderation and declared accounts are counted once official accounts are kept here."


def as_csv(report: Figures) -> bytes:
    """Return the report as CSV in UTF-8 with a mark that spreadsheets understand; no cell can start a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Section", "Row", "Count"])
    writer.writerow(["Period", f"{report.first:%d %b %Y} to {report.last:%d %b %Y}", ""])
    writer.writerow(["All cases", "", _cell(report.cases)])
    for table in report.tables:
        writer.writerows([_cell(table.title), _cell(label), _cell(words)] for label, words in table.rows)
        writer.writerow([_cell(table.title), "In all", _cell(table.total)])
    writer.writerows(["Single figures", _cell(label), _cell(words)] for label, words in report.singles)
    writer.writerows(["Note", _cell(note), ""] for note in report.notes)
    return out.getvalue().encode("utf-8-sig")


def _cell(words: str) -> str:
    return f"'{words}" if words[:1] in {"=", "+", "-", "@", "\t", "\r"} else words
