"""Records what was publicly visible: the question first, then the page's words, then the page, then the seal (evidence.md §6 and §8, A26).

Files, in the vault and later in the pack, under our own fixed names: `capture.json` (facts), `screen-as-seen.png`, `page-full-01.png` …,
`post.png`, `dom.html`, `page.txt`, `page.mhtml`, `page.wacz`, `layout.json`, `imagehash.json`, `post.json`, `network.jsonl`.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from collector.client import Answer, Client
from collector.public_address import Gate
from data.clock import Clock, SystemClock
from data.errors import CollectError
from data.model.cases import Case, CaseItem
from data.model.evidence import CaptureOrder, Completeness, Evidence
from evidence.busy_sites import pause
from evidence.capture_facts import CaptureFacts, Taken, Times, capture_facts, post_facts, tools
from evidence.completeness import Sight, judge
from evidence.custody import CustodyDraft
from evidence.detect import INSTALL_HINT, Browser, BrowserSettings, find_browser
from evidence.errors import CaptureFailedError, EvidenceError
from evidence.failures import site_fault
from evidence.guard import may_capture, must_be_clear
from evidence.photograph import Onlooker, Shot, Wish, photograph
from evidence.preflight import PageWords
from evidence.progress import WORDS
from evidence.received import words_of
from evidence.seal import LogLine, Sealer, canonical, manifest_of, sha256
from evidence.vault import Vault
from evidence.worker_facts import whole_text

__all__ = ["CaptureFacts", "Watch", "capture", "evidence_id", "is_intact"]

_NO_PICTURE_NOTE = f"no browser on this machine, so there is no picture: {INSTALL_HINT}"
_LEFT_ALONE = frozenset({429, 503})  # without a time of their own the client keeps away from these for longer than anybody waits
_MARGIN = timedelta(milliseconds=50)  # so that the client, which counts for itself, does not find us early
_TURN = 0.2  # seconds between two looks whether the capture is still wanted
_NO_SANDBOX_NOTE = "opened without the browser's sandbox, which does not work here: this machine's own page only"


@dataclass(frozen=True)
class Watch:
    """Who waits for a capture: told how far it is in fixed words; `wanted` raises when nobody wants it any more, and nothing is kept.

    `machine` is the computer's own clock, to be compared with a count that nobody can set back.
    """

    progress: Callable[[str], None] = lambda _: None
    wanted: Callable[[], None] = lambda: None
    machine: Clock = field(default_factory=SystemClock)


@dataclass(frozen=True)
class _Means:
    """What a page is recorded with."""

    settings: BrowserSettings
    client: Client
    onlooker: Onlooker
    clock: Clock


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
    watch: Watch | None = None,
) -> tuple[Evidence, tuple[CustodyDraft, ...]]:
    """Record the ordered page and seal it; return the evidence and the custody events that led to it.

    Raises:
        CaptureForbiddenError: the safety question was not answered with a clear "no", or the case is on the STOP route;
            nothing was asked of the network and nothing was written.
        PreflightStopError: the page's own words stop it; none of its pictures was loaded and nothing was written.
        CaptureFailedError: the page could not be recorded; the message names the exact cause.
        EvidenceError: the disk refused; nothing half-written counts. Also whatever `watch.wanted` raises.
    """
    may_capture(order.answer, stop=case.stop, category=case.lead_category)
    if (order.case_id, order.item_id, item.case_id) != (case.id, item.id, case.id):
        raise EvidenceError(f"order {order.id} does not belong to case {case.id}; nothing was captured")
    watch = watch or Watch()
    onlooker = Onlooker(lambda words: must_be_clear(order, words), watch.progress, watch.wanted)
    started, began, by_machine = clock.now(), time.monotonic(), watch.machine.now()
    taken = _take(order.address, facts, _Means(browser, client, onlooker, clock))
    seconds = round(time.monotonic() - began, 3)
    times = Times(started, clock.now(), seconds, round((watch.machine.now() - by_machine).total_seconds(), 3))
    watch.wanted()
    watch.progress(WORDS["sealing"])
    draft, files = _draft(order, facts, _timed(taken, times), times)
    evidence = sealer.seal(draft, files, _log(order, facts, draft, times), clock.now())
    return evidence, _custody(order, facts, evidence, times)


def _timed(taken: Taken, times: Times) -> Taken:
    """Say so when the computer's clock was moved meanwhile: the times above are then worth less (evidence.md §7)."""
    moved = times.jump()
    if moved is None:
        return taken
    return replace(taken, note=_joined(taken.note, f"the computer's clock was moved by {moved:+.1f} seconds during the capture"))


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _take(address: str, facts: CaptureFacts, means: _Means) -> Taken:
    is_loopback = _admitted(address, means.settings)
    browser = find_browser(means.settings)
    if browser is None:
        return _without_picture(address, facts, means)
    post = facts.post
    author = post.author_name or post.author_handle if post else None
    return _with_picture(Wish(address, is_loopback, post.text if post else "", author or ""), browser, means)


def _admitted(address: str, settings: BrowserSettings) -> bool:
    """Ask the gate before anything starts; whether the page lies on this machine (demo and tests only)."""
    try:
        target = Gate(loopback_ports=settings.loopback_ports).admit(address)
    except CollectError as error:
        raise CaptureFailedError(f"the page could not be captured: {error}") from error
    return all(ipaddress.ip_address(found).is_loopback for found in target.addresses)


def _with_picture(wish: Wish, browser: Browser, means: _Means) -> Taken:
    shot = photograph(wish, means.settings, browser, means.onlooker)
    text = shot.files.get("page.txt", b"").decode(errors="replace")
    sight = _sight(wish, shot, text, means.settings)
    means.onlooker.words(_words_at_the_end(shot, sight))  # what came later or otherwise than at first
    completeness, note = judge(sight)
    if not shot.facts.get("sandbox", True):
        note = _joined(note, _NO_SANDBOX_NOTE)
    return Taken(shot.files, shot.facts | {"method": "browser", "browser_path_from": browser.origin}, completeness, note)


def _words_at_the_end(shot: Shot, sight: Sight) -> PageWords:
    title = str(shot.facts.get("title") or "")
    return replace(shot.words, address=sight.final, text=f"{shot.words.text}\n{sight.text}", title=shot.words.title or title)


def _sight(wish: Wish, shot: Shot, text: str, settings: BrowserSettings) -> Sight:
    settled, notes = shot.facts.get("settled") or {}, list(shot.facts.get("notes", ()))
    if shot.facts.get("over_limit"):
        notes.append(f"the page wanted more than {settings.max_traffic // 1_000_000} MB and was cut off")
    if not shot.killed and not shot.facts.get("done"):
        notes.append("the browser ended before everything was recorded")
    return Sight(
        status=shot.facts.get("status"),
        asked=wish.address,
        final=str(shot.facts.get("final_address") or wish.address),
        text=text,
        post_text=wish.post_text,
        images=int(settled.get("images", 0)),
        loaded=int(settled.get("loaded", 0)),
        killed=shot.killed,
        notes=tuple(notes),
        has_post_picture="post.png" in shot.files,
        has_whole_post=bool(shot.facts.get("post_whole", True)),
    )


def _without_picture(address: str, facts: CaptureFacts, means: _Means) -> Taken:
    """Keep the page as the server sent it, clearly marked as without a picture; its words are asked first here too."""
    means.onlooker.wanted()
    means.onlooker.progress(WORDS["text"])
    answer, tries = _looked(address, means)
    words = words_of(answer.body, answer.address)
    means.onlooker.words(words)
    fault = site_fault(answer.status, tries)
    if fault is not None:
        raise CaptureFailedError(f"the page could not be captured: {fault}")
    text, title = whole_text(words.text), whole_text(words.title)
    completeness, note = judge(Sight(answer.status, address, answer.address, text, facts.post.text if facts.post else ""))
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
    return Taken({"dom.html": answer.body, "page.txt": text.encode()}, seen, completeness, _joined(_NO_PICTURE_NOTE, note))


def _looked(address: str, means: _Means) -> tuple[Answer, int]:
    """Return what the address answers, and how often it was asked: a busy site is asked again as with a browser."""
    tries = 0
    while True:
        tries += 1
        try:
            answer = means.client.look(address, robots=False)  # one page at a person's order, not a crawl
        except CollectError as error:
            raise CaptureFailedError(f"the page could not be captured: {error}") from error
        wait = pause(answer.status, answer.headers, tries, answer.at)
        if wait is None or (answer.status in _LEFT_ALONE and "retry-after" not in answer.headers):
            return answer, tries
        means.onlooker.progress(WORDS["again"])
        _wait(means.clock.real_seconds(wait + _MARGIN), means.onlooker)


def _wait(seconds: float, onlooker: Onlooker) -> None:
    """Wait as long as the capture is wanted."""
    nobody, until = threading.Event(), time.monotonic() + seconds
    onlooker.wanted()
    while (left := until - time.monotonic()) > 0:
        nobody.wait(min(left, _TURN))
        onlooker.wanted()


def _draft(order: CaptureOrder, facts: CaptureFacts, taken: Taken, times: Times) -> tuple[Evidence, dict[str, bytes]]:
    files = dict(taken.files)
    if facts.post is not None:
        files["post.json"] = canonical(post_facts(facts.post))
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
        tools=tools(taken.facts),
    )
    files["capture.json"] = canonical(capture_facts(order, facts, taken, times, draft))
    return draft, files


def _steps(order: CaptureOrder, evidence: Evidence, times: Times) -> tuple[tuple[datetime, str, str], ...]:
    """Return when, what and detail of each step up to the seal, in order."""
    return (
        (order.ordered_at, "opened", f"order {order.id}, {evidence.ref}"),
        (order.ordered_at, "safety answer", order.answer.value if order.answer else "none"),
        (times.started, "capture started", ""),
        (times.finished, "captured", evidence.completeness.value),
    )


def _log(order: CaptureOrder, facts: CaptureFacts, evidence: Evidence, times: Times) -> tuple[LogLine, ...]:
    """Return the evidence's own log, which is sealed with it."""
    return tuple(LogLine(at, facts.who_id, facts.who_role, what, detail) for at, what, detail in _steps(order, evidence, times))


def _custody(order: CaptureOrder, facts: CaptureFacts, evidence: Evidence, times: Times) -> tuple[CustodyDraft, ...]:
    """Return the same steps and the seal for the installation's register (policy A14)."""
    steps = (*_steps(order, evidence, times), (times.finished, "sealed", evidence.seal_sha256))
    return tuple(CustodyDraft(at=at, by=facts.who_id, evidence_id=evidence.id, what=what, detail=detail) for at, what, detail in steps)


def is_intact(evidence: Evidence, vault: Vault) -> bool:
    """Whether the seal fits the record and every file; raises SealBrokenError naming the first file that does not."""
    for file in (*evidence.files, *evidence.seal_files):
        vault.get(file.sha256)
    return sha256(manifest_of(evidence)) == evidence.manifest_sha256
