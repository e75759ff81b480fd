"""The one place that drives a browser. Runs in the worker process only (evidence/worker.py), never in the dashboard or a job.

Nothing is clicked, typed or accepted. Each thing that the page tried or that we did is counted and goes into `capture.json`.
First the page is opened without its pictures, and its words are handed over; only with leave is it opened as it is (evidence.md §8.3).
"""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page, Request, Response, sync_playwright
from playwright.sync_api import TimeoutError as TooSlowError

from data.clock import Clock, SystemClock
from evidence.busy_sites import pause
from evidence.exchanges import Exchanges
from evidence.failures import plain_cause, site_fault, with_hops
from evidence.first_look import Blinkers
from evidence.own_world import OwnWorld
from evidence.page_scripts import HAS_WORDS, WORDS
from evidence.processes import browser_environment
from evidence.recording import AS_SEEN, HEIGHT, WIDTH, Recorder, Talk
from evidence.refusals import Refusals, hops
from evidence.worker_facts import MOST_SOURCE

_TRIES_TO_LEAVE = 5
_GOTO_MS, _LOAD_MS, _TEXT_LOAD_MS = 20_000, 12_000, 5_000
_LATE_WORDS_MS, _ENOUGH_WORDS = 1_200, 400  # a page that has said so little may still be writing itself
_WORDLESS = (
    "ERR_HTTP_RESPONSE_CODE_FAILURE",
    "ERR_INVALID_AUTH_CREDENTIALS",
)  # an error status without a body; one that asks for a password
_SWITCHED_OFF = (
    "IsolateSandboxedIframes",  # in a process of their own, such frames load their first pictures before anybody may intercept it
    # What Playwright switches off by itself: our list stands in place of its own (a test compares the two).
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
)
_ARGUMENTS = (
    "--proxy-bypass-list=<-loopback>",  # loopback goes through the guard too
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # the browser itself resolves nothing
    "--disable-quic",
    "--disable-gpu",
    "--disable-extensions",
    "--no-first-run",
    f"--disable-features={','.join(_SWITCHED_OFF)}",
)
SETTINGS = {
    "viewport": {"width": WIDTH, "height": HEIGHT},
    "device_scale_factor": 1,
    "color_scheme": "light",
    "reduced_motion": "reduce",
    "locale": "en-GB",
    "timezone_id": "Europe/London",
}


@dataclass(frozen=True)
class Job:
    """What to photograph, and with what."""

    address: str
    folder: Path  # results go here, each written whole
    home: Path  # the browser's own throw-away home
    executable: str | None
    proxy_port: int
    sandbox: bool
    post_text: str = ""
    author: str = ""
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))


@dataclass
class _Visit:
    """One browser at one page, and what is known of it so far."""

    page: Page
    job: Job
    facts: dict[str, Any]
    refusals: Refusals
    talk: Talk
    why_not: Callable[[str], str | None]
    clock: Clock
    tries: int = 0
    answer: Response | None = None  # the page itself, as it came
    whole: set[Request] = field(default_factory=set)  # what came to its end, during the first look


def own_executable() -> str:
    """Return where Playwright's own browser would lie."""
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def photograph(job: Job, talk: Talk, why_not: Callable[[str], str | None], clock: Clock | None = None) -> dict[str, Any]:
    """Open the page and record it step by step; the facts are saved after each step, so that a kill loses only the rest.

    Facts with `failure` say why there is no picture, `refused` that there was no leave to load pictures; otherwise `done` says that the set
    is whole.
    """
    began = time.monotonic()
    facts: dict[str, Any] = {"settings": job.settings, "sandbox": job.sandbox}
    with _opened(job, facts) as context:
        if context is None:
            talk.save(facts, [])
            return facts
        page = context.pages[0] if context.pages else context.new_page()
        visit = _Visit(page, job, facts, Refusals(context, page, Error), talk, why_not, clock or SystemClock())
        exchanges = Exchanges(page, visit.clock, Error)
        visit.refusals.begin()
        try:
            if _read_first(visit):
                exchanges.listen()
                _open_and_record(visit, exchanges)
        except Error as error:  # the tab or the whole browser went away between two steps
            facts.setdefault("notes", []).append("the browser broke off")
            if not (job.folder / AS_SEEN).exists():
                facts["failure"] = _cause(visit, error.message)
        facts |= visit.refusals.taken() | {"tries": visit.tries, "seconds": round(time.monotonic() - began, 3)}
        facts["done"] = "failure" not in facts and "refused" not in facts
        talk.save(facts, exchanges.lines())
        talk.step("done")
    return facts


@contextlib.contextmanager
def _opened(job: Job, facts: dict[str, Any]) -> Iterator[BrowserContext | None]:
    """Start a fresh browser with its own empty profile; None with `no_sandbox` or `failure` in the facts when it does not start."""
    with sync_playwright() as playwright:
        try:
            context = playwright.chromium.launch_persistent_context(
                job.home / "profile",
                executable_path=job.executable,
                chromium_sandbox=job.sandbox,
                env=browser_environment(job.home),
                args=[*_ARGUMENTS],
                proxy={"server": f"http://127.0.0.1:{job.proxy_port}", "bypass": "<-loopback>"},
                service_workers="block",
                accept_downloads=False,
                timeout=25_000,
                **job.settings,
            )
        except Error as error:
            facts |= {
                "no_sandbox": "sandbox" in error.message.lower(),
                "failure": "the browser did not start",
                "start_error": error.message[:2000],
            }
            yield None
            return
        facts["browser"] = context.browser.version if context.browser else _version_of(context)
        try:
            yield context
        finally:
            with contextlib.suppress(Error):
                context.close()


def _version_of(context: BrowserContext) -> str:
    page = context.pages[0] if context.pages else context.new_page()
    return str(context.new_cdp_session(page).send("Browser.getVersion").get("product", ""))


def _read_first(visit: _Visit) -> bool:
    """Open the page without pictures and hand over its words; True when its pictures may be loaded. The page is left again."""
    began, page, facts = time.monotonic(), visit.page, visit.facts
    visit.talk.step("text")
    blinkers = Blinkers(page, page.context.new_cdp_session(page), Error)
    blinkers.on()

    def came(request: Request) -> None:
        visit.whole.add(request)

    page.on("requestfinished", came)
    words: dict[str, Any] = {"address": visit.job.address}
    if _visited(visit, is_text_only=True):
        words |= _words(visit)
    elif not _is_picture(facts, blinkers):
        return False
    facts.pop("failure", None)
    visit.talk.step("words")
    may = visit.talk.may_go_on(words)
    facts["text_first"] = {"kept_away": blinkers.kept_away, "seconds": round(time.monotonic() - began, 3)}
    if not may:
        facts["refused"] = True
        return False
    visit.refusals.ask_page()
    page.remove_listener("requestfinished", came)
    _leave(page, str(words["address"]))
    blinkers.off()
    facts["text_first"]["refused"] = visit.refusals.taken()
    return True


def _is_picture(facts: dict[str, Any], blinkers: Blinkers) -> bool:
    """Whether the address itself is a picture, which the first look kept away."""
    return blinkers.kept_away > 0 and "ERR_BLOCKED_BY_CLIENT" in str(facts.get("failure"))


def _words(visit: _Visit) -> dict[str, Any]:
    """Return what the page says; a page that is still writing itself gets a moment."""
    page = visit.page
    own = OwnWorld(page.context.new_cdp_session(page), Error)
    own.wait_for(HAS_WORDS, [_ENOUGH_WORDS, visit.job.post_text], limit=_LATE_WORDS_MS, nap=page.wait_for_timeout)
    words: dict[str, Any] = own.evaluate(WORDS)
    return words | {"address": page.url} | _received(visit)


def _received(visit: _Visit) -> dict[str, str]:
    """Return the page's source as it came, the second net under what its scripts made of it; nothing when it did not come whole."""
    response = visit.answer
    if response is None or response.request not in visit.whole:
        return {}  # a stream that never ends has no body to wait for
    with contextlib.suppress(Error):
        _, _, charset = response.headers.get("content-type", "").partition("charset=")
        return {"received": base64.b64encode(response.body()[:MOST_SOURCE]).decode(), "charset": charset.strip(" \"';")[:40]}
    return {}


def _leave(page: Page, address: str) -> None:
    """Leave the page and forget what it stored, so that the second visit is a first one."""
    for _ in range(_TRIES_TO_LEAVE):
        with contextlib.suppress(Error):  # the browser's own page about a failed visit, or the page's own next step, came in between
            page.goto("about:blank")
        if page.url == "about:blank":
            break
    page.context.clear_cookies()
    origin = "/".join(address.split("/", 3)[:3])
    with contextlib.suppress(Error):
        page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})


def _open_and_record(visit: _Visit, exchanges: Exchanges) -> None:
    visit.talk.step("opening")
    if not _visited(visit, is_text_only=False):
        return
    page, job, answered = visit.page, visit.job, visit.facts["final_address"]
    Recorder(
        page,
        page.context.new_cdp_session(page),
        exchanges,
        job.folder,
        visit.facts,
        visit.talk,
        visit.clock,
        Error,
        post_text=job.post_text,
        author=job.author,
    ).record()
    if not visit.facts["final_address"].startswith(("http://", "https://")):
        visit.facts["final_address"] = answered  # the browser's own page stands for an answer without words
    visit.refusals.ask_page()


def _visited(visit: _Visit, *, is_text_only: bool) -> bool:
    """Go to the address, once more when the site is busy; False with `failure` in the facts when there is nothing to see."""
    while True:
        response = _asked(visit)
        if response is None:
            return False
        wait = _pause(response, visit)
        if wait is None:
            break
        visit.talk.step("again")
        visit.page.wait_for_timeout(wait * 1000)
    fault = site_fault(response.status, visit.tries)
    if fault is not None:
        visit.facts |= {"status": response.status, "failure": fault}
        return False
    visit.answer = response
    visit.facts |= _answer_facts(response)
    _loaded(visit, _TEXT_LOAD_MS if is_text_only else _LOAD_MS, notes=not is_text_only)
    return True


def _asked(visit: _Visit) -> Response | None:
    page, address, facts = visit.page, visit.job.address, visit.facts
    facts.pop("notes", None)
    try:
        with _last_answer(page) as answers:
            response = page.goto(address, wait_until="commit", timeout=_GOTO_MS)
    except TooSlowError:
        facts["failure"] = f"the site did not answer within {_GOTO_MS // 1000} seconds"
        return None
    except Error as error:
        if answers and any(code in error.message for code in _WORDLESS):
            facts["notes"] = ["the answer has no page of its own; the picture shows what the browser says about it"]
            return answers[-1]
        facts["failure"] = _cause(visit, error.message)
        return None
    if response is None or not page.url.startswith(("http://", "https://")):
        facts["failure"] = "the address leads to something that is not a web page"
        return None
    return response


@contextlib.contextmanager
def _last_answer(page: Page) -> Iterator[list[Response]]:
    """Collect the answers to navigations of the page itself: of a refusal without a body (404, 429 …) the visit tells nothing else."""
    answers: list[Response] = []

    def note(response: Response) -> None:
        with contextlib.suppress(Error):
            if response.request.is_navigation_request() and response.frame == page.main_frame:
                answers.append(response)

    page.on("response", note)
    try:
        yield answers
    finally:
        page.remove_listener("response", note)


def _cause(visit: _Visit, message: str) -> str:
    failed = visit.refusals.failed
    known = (failed and visit.why_not(failed)) or visit.why_not(visit.job.address)
    return with_hops(known or plain_cause(message), visit.refusals.failed_hops)


def _pause(response: Response, visit: _Visit) -> float | None:
    """Return how many seconds to wait before asking a busy site again; None when it answered, or is left alone."""
    visit.tries += site_fault(response.status) is not None
    wait = pause(response.status, response.headers, visit.tries, visit.clock.now())
    return None if wait is None else wait.total_seconds()


def _loaded(visit: _Visit, limit: int, *, notes: bool) -> None:
    for state in ("domcontentloaded", "load"):
        if not _reached(visit.page, state, limit):
            if notes:
                visit.facts.setdefault("notes", []).append("the page never finished loading")
            break


def _reached(page: Page, state: Any, limit: int) -> bool:
    try:
        page.wait_for_load_state(state, timeout=limit)
    except TooSlowError:
        return False
    return True


def _answer_facts(response: Response) -> dict[str, Any]:
    facts: dict[str, Any] = {"status": response.status, "final_address": response.url, "hops": hops(response.request)}
    with contextlib.suppress(Error):
        facts["tls"] = response.security_details()
        facts["headers"] = {name: value[:2000] for name, value in response.headers.items()}
    return facts
