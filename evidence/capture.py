"""Records what was publicly visible: the question first, then the page, then the seal (evidence.md §6 and §8, policy A14, A26).

Files, in the vault and later in the pack, under our own fixed names:
`capture.json` (facts), `screen-as-seen.png`, `page-full-01.png` …, `dom.html`, `page.txt`, `post.json`, `network.jsonl`.
"""

from __future__ import annotations

import ipaddress
import platform
import time
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

from bs4 import BeautifulSoup

from collector.client import Client
from collector.public_address import Gate
from data.clock import Clock
from data.errors import CollectError
from data.model.cases import Case, CaseItem
from data.model.evidence import CaptureOrder, Completeness, Evidence
from data.model.posts import Post
from evidence.completeness import Sight, judge
from evidence.custody import CustodyDraft
from evidence.detect import INSTALL_HINT, Browser, BrowserSettings, find_browser
from evidence.errors import CaptureFailedError, EvidenceError
from evidence.guard import may_capture
from evidence.photograph import photograph
from evidence.seal import LogLine, Sealer, canonical, manifest_of, sha256, stamp
from evidence.vault import Vault

LONDON = ZoneInfo("Europe/London")
_NO_PICTURE_NOTE = f"no browser on this machine, so there is no picture: {INSTALL_HINT}"
_KEPT_HEADERS = frozenset({"content-type", "date", "last-modified", "etag", "server", "content-language", "location", "x-robots-tag"})


@dataclass(frozen=True)
class CaptureFacts:
    """What the machine cannot know: for which school and case, who ordered it in what role, and why."""

    school_name: str
    case_ref: str
    who_id: str
    who_name: str
    who_role: str
    reason: str
    number: int = 1  # how many captures the case has with this one: the 1 of SW-2026-0001-E1
    post: Post | None = None


@dataclass(frozen=True)
class _Taken:
    """A page, however it was recorded."""

    files: dict[str, bytes]
    facts: dict[str, Any]
    completeness: Completeness
    note: str


@dataclass(frozen=True)
class _Times:
    started: datetime
    finished: datetime
    seconds: float = field(default=0.0)


def evidence_id(order: CaptureOrder) -> str:
    """Return the one id of what comes of this order: a repeated job makes the same record, and the store keeps the first."""
    return f"e{order.id}"


def capture(
    order: CaptureOrder,
    case: Case,
    item: CaseItem,
    *,
    facts: CaptureFacts,
    sealer: Sealer,
    browser: BrowserSettings,
    client: Client,
    clock: Clock,
) -> tuple[Evidence, tuple[CustodyDraft, ...]]:
    """Record the ordered page and seal it; return the evidence and the custody events that led to it.

    Raises:
        CaptureForbiddenError: the safety question was not answered with a clear "no", or the case is on the STOP route;
            nothing was asked of the network and nothing was written.
        CaptureFailedError: the page could not be recorded; the message names the exact cause.
        EvidenceError: the disk refused; nothing half-written counts.
    """
    may_capture(order.answer, stop=case.stop, category=case.lead_category)
    if (order.case_id, order.item_id, item.case_id) != (case.id, item.id, case.id):
        raise EvidenceError(f"order {order.id} does not belong to case {case.id}; nothing was captured")
    started, began = clock.now(), time.monotonic()
    taken = _take(order.address, facts.post, browser, client)
    times = _Times(started, clock.now(), round(time.monotonic() - began, 3))
    draft, files = _draft(order, facts, taken, times)
    evidence = sealer.seal(draft, files, _log(order, facts, draft, times), clock.now())
    return evidence, _custody(order, facts, evidence, times)


def _take(address: str, post: Post | None, settings: BrowserSettings, client: Client) -> _Taken:
    is_loopback = _admitted(address, settings)
    browser = find_browser(settings)
    return (
        _without_picture(address, post, client)
        if browser is None
        else _with_picture(address, post, settings, browser, is_loopback=is_loopback)
    )


def _admitted(address: str, settings: BrowserSettings) -> bool:
    """Ask the gate before anything starts; whether the page lies on this machine (demo and tests only)."""
    try:
        target = Gate(loopback_ports=settings.loopback_ports).admit(address)
    except CollectError as error:
        raise CaptureFailedError(f"the page could not be captured: {error}") from error
    return all(ipaddress.ip_address(found).is_loopback for found in target.addresses)


def _with_picture(address: str, post: Post | None, settings: BrowserSettings, browser: Browser, *, is_loopback: bool) -> _Taken:
    shot = photograph(address, settings, browser, is_loopback=is_loopback)
    settled, notes = shot.facts.get("settled") or {}, list(shot.facts.get("notes", ()))
    if shot.facts.get("over_limit"):
        notes.append(f"the page wanted more than {settings.max_traffic // 1_000_000} MB and was cut off")
    sight = Sight(
        status=shot.facts.get("status"),
        asked=address,
        final=str(shot.facts.get("final_address") or address),
        text=shot.files.get("page.txt", b"").decode(errors="replace"),
        post_text=post.text if post else "",
        images=int(settled.get("images", 0)),
        loaded=int(settled.get("loaded", 0)),
        killed=shot.killed,
        notes=tuple(notes),
    )
    completeness, note = judge(sight)
    if not shot.facts.get("sandbox", True):
        note = "; ".join(
            filter(None, (note, "opened without the browser's sandbox, which does not work here: this machine's own page only"))
        )
    return _Taken(shot.files, shot.facts | {"method": "browser", "browser_path_from": browser.origin}, completeness, note)


def _without_picture(address: str, post: Post | None, client: Client) -> _Taken:
    """Keep the page as the server sent it, clearly marked as without a picture."""
    try:
        answer = client.look(address, robots=False)  # one page at a person's order, not a crawl
    except CollectError as error:
        raise CaptureFailedError(f"the page could not be captured: {error}") from error
    soup = BeautifulSoup(answer.body, "lxml")
    text = soup.get_text("\n", strip=True)
    title = soup.title.get_text(strip=True)[:1000] if soup.title else ""
    completeness, note = judge(Sight(answer.status, address, answer.address, text, post.text if post else ""))
    if completeness in {Completeness.FULL, Completeness.INCOMPLETE}:
        completeness = Completeness.NO_PICTURE
    seen = {
        "method": "page without picture",
        "status": answer.status,
        "final_address": answer.address,
        "hops": list(answer.hops),
        "headers": dict(answer.headers),
        "title": title,
    }
    return _Taken(
        {"dom.html": answer.body, "page.txt": text.encode()}, seen, completeness, "; ".join(filter(None, (_NO_PICTURE_NOTE, note)))
    )


def _draft(order: CaptureOrder, facts: CaptureFacts, taken: _Taken, times: _Times) -> tuple[Evidence, dict[str, bytes]]:
    files = dict(taken.files)
    if facts.post is not None:
        files["post.json"] = canonical(_post_facts(facts.post))
    draft = Evidence(
        id=evidence_id(order),
        ref=f"{facts.case_ref}-E{facts.number}",
        case_id=order.case_id,
        item_id=order.item_id,
        order_id=order.id,
        address=order.address,
        final_address=str(taken.facts.get("final_address") or order.address),
        status=taken.facts.get("status"),
        title=str(taken.facts.get("title") or ""),
        captured_at=times.finished,
        captured_by=facts.who_id,
        completeness=taken.completeness,
        note=taken.note,
        manifest_sha256="",
        tools=_tools(taken.facts),
    )
    files["capture.json"] = canonical(_capture_facts(order, facts, taken, times, draft))
    return draft, files


def _tools(seen: dict[str, Any]) -> dict[str, Any]:
    """Which programs made this, and under which conditions."""
    tools = {
        "schoolwatch": version("schoolwatch"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "method": seen["method"],
    }
    if seen["method"] == "browser":
        tools |= {
            "playwright": version("playwright"),
            "browser": seen.get("browser", "unknown"),
            "browser_found": seen.get("browser_path_from"),
            "sandbox": bool(seen.get("sandbox")),
            "as_unprivileged_user": bool(seen.get("lowered")),
        }
    return tools


def _capture_facts(order: CaptureOrder, facts: CaptureFacts, taken: _Taken, times: _Times, draft: Evidence) -> dict[str, Any]:
    """Return what stands in `capture.json` (evidence.md §6)."""
    seen = taken.facts
    return {
        "id": draft.id,
        "ref": draft.ref,
        "school": facts.school_name,
        "case": facts.case_ref,
        "address_asked": order.address,
        "address_final": draft.final_address,
        "hops": seen.get("hops", []),
        "status": draft.status,
        "headers": {name: value for name, value in seen.get("headers", {}).items() if name in _KEPT_HEADERS},
        "tls": seen.get("tls"),
        "title": draft.title,
        "started_utc": stamp(times.started),
        "finished_utc": stamp(times.finished),
        "started_london": times.started.astimezone(LONDON).isoformat(),
        "finished_london": times.finished.astimezone(LONDON).isoformat(),
        "seconds": times.seconds,
        "who": {"id": facts.who_id, "name": facts.who_name, "role": facts.who_role},
        "ordered_at_utc": stamp(order.ordered_at),
        "reason": facts.reason,
        "safety_answer": order.answer.value if order.answer else None,
        "logged_in": False,
        "tools": draft.tools,
        "settings": seen.get("settings"),
        "settled": seen.get("settled"),
        "interventions": _interventions(seen),
        "completeness": taken.completeness.value,
        "note": taken.note,
    }


def _interventions(seen: dict[str, Any]) -> dict[str, Any]:
    """What we did to the page or refused it: a scroll is an action too (ACPO principle 3)."""
    return {
        "scrolled_to_the_end_and_back": "settled" in seen,
        "clicked": 0,
        "dialogs_dismissed": seen.get("dialogs", 0),
        "popups_closed": seen.get("popups", 0),
        "downloads_refused": seen.get("downloads", 0),
        "connections_refused": seen.get("refused", 0),
        "service_workers": "blocked",
        "traffic_bytes": seen.get("traffic"),
    }


def _post_facts(post: Post) -> dict[str, Any]:
    """The post as our collector knows it: text exactly as found, times as claimed and as measured."""
    kept = {
        "platform",
        "native_id",
        "permalink",
        "address",
        "author_handle",
        "author_name",
        "text",
        "text_cut",
        "lang",
        "version",
        "text_hash",
    }
    return post.model_dump(mode="json", include=kept | {"links", "counts", "parent_id"}) | {
        "posted_at_claimed": stamp(post.created_at) if post.created_at else None,
        "edited_at_claimed": stamp(post.edited_at) if post.edited_at else None,
        "first_seen_utc": stamp(post.first_seen_at),
        "last_seen_utc": stamp(post.last_seen_at),
    }


def _steps(order: CaptureOrder, evidence: Evidence, times: _Times) -> tuple[tuple[datetime, str, str], ...]:
    """Return when, what and detail of each step up to the seal, in order."""
    return (
        (order.ordered_at, "opened", f"order {order.id}, {evidence.ref}"),
        (order.ordered_at, "safety answer", order.answer.value if order.answer else "none"),
        (times.started, "capture started", ""),
        (times.finished, "captured", evidence.completeness.value),
    )


def _log(order: CaptureOrder, facts: CaptureFacts, evidence: Evidence, times: _Times) -> tuple[LogLine, ...]:
    """Return the evidence's own log, which is sealed with it."""
    return tuple(LogLine(at, facts.who_id, facts.who_role, what, detail) for at, what, detail in _steps(order, evidence, times))


def _custody(order: CaptureOrder, facts: CaptureFacts, evidence: Evidence, times: _Times) -> tuple[CustodyDraft, ...]:
    """Return the same steps and the seal for the installation's register (policy A14)."""
    steps = (*_steps(order, evidence, times), (times.finished, "sealed", evidence.seal_sha256))
    return tuple(CustodyDraft(at=at, by=facts.who_id, evidence_id=evidence.id, what=what, detail=detail) for at, what, detail in steps)


def is_intact(evidence: Evidence, vault: Vault) -> bool:
    """Whether the seal fits the record and every file; raises SealBrokenError naming the first file that does not."""
    for file in (*evidence.files, *evidence.seal_files):
        vault.get(file.sha256)
    return sha256(manifest_of(evidence)) == evidence.manifest_sha256
