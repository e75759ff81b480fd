"""The one place that drives a browser. Runs in the worker process only (evidence/worker.py), never in the dashboard or a job.

Nothing is clicked, typed or accepted. Each thing that the page tried or that we did is counted and goes into `capture.json`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Dialog, Download, Error, Page, Request, Response, sync_playwright
from playwright.sync_api import TimeoutError as TooSlowError

from evidence.processes import browser_environment

WIDTH, HEIGHT = 1280, 900
MAX_HEIGHT = 16_000  # taller one-shot pictures came out blank without an error (evidence.md §3)
PART_HEIGHT = 8_000
_GOTO_MS, _LOAD_MS, _PICTURE_MS = 20_000, 12_000, 15_000
_SETTLE_MS = 9_000
_ARGUMENTS = (
    "--proxy-bypass-list=<-loopback>",  # loopback goes through the guard too
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # the browser itself resolves nothing
    "--disable-quic",
    "--disable-gpu",
    "--disable-extensions",
    "--no-first-run",
)
SETTINGS = {
    "viewport": {"width": WIDTH, "height": HEIGHT},
    "device_scale_factor": 1,
    "color_scheme": "light",
    "reduced_motion": "reduce",
    "locale": "en-GB",
    "timezone_id": "Europe/London",
}
_WAIT_VIEW = """async (cap) => {
  const until = performance.now() + cap;
  const seen = () => [...document.images].filter((i) => { const r = i.getBoundingClientRect();
    return r.width && r.top < innerHeight && r.bottom > 0 && (i.currentSrc || i.src); });
  await Promise.race([document.fonts.ready, new Promise((r) => setTimeout(r, cap))]);
  while (performance.now() < until && seen().some((i) => !i.complete)) await new Promise((r) => setTimeout(r, 25));
}"""
_SETTLE = """async ([cap, tallest]) => {
  const until = performance.now() + cap, nap = (ms) => new Promise((r) => setTimeout(r, ms));
  const tall = () => Math.max(document.documentElement.scrollHeight, document.body ? document.body.scrollHeight : 0);
  const shown = () => [...document.images].filter((i) => { const r = i.getBoundingClientRect();
    return r.width && r.height && r.top + scrollY < tallest && (i.currentSrc || i.src); });
  let y = 0;
  while (performance.now() < until && y < Math.min(tall(), tallest)) { scrollTo(0, y); y += innerHeight; await nap(20); }
  scrollTo(0, Math.min(tall(), tallest));
  await Promise.race([document.fonts.ready, nap(Math.max(0, until - performance.now()))]);
  while (performance.now() < until && shown().some((i) => !i.complete)) await nap(25);
  scrollTo(0, 0);
  await Promise.race([new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r))), nap(200)]);
  const all = shown();
  return {images: all.length, loaded: all.filter((i) => i.complete && i.naturalWidth > 0).length, height: tall()};
}"""


@dataclass
class Counts:
    """What the page tried and did not get."""

    dialogs: int = 0
    popups: int = 0
    downloads: int = 0
    failed: str | None = None  # address of the last main navigation that failed


@dataclass(frozen=True)
class Job:
    """What to photograph, and with what."""

    address: str
    folder: Path  # results go here, each written whole
    home: Path  # the browser's own throw-away home
    executable: str | None
    proxy_port: int
    sandbox: bool
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))


Save = Callable[[dict[str, Any]], None]


def own_executable() -> str:
    """Return where Playwright's own browser would lie."""
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def photograph(job: Job, save: Save, why_not: Callable[[str], str | None]) -> None:
    """Open the page and record it step by step; `save` gets the facts after each step, so that a kill loses only the rest.

    Facts with `failure` say why there is no picture; otherwise `done` says that the set is whole.
    """
    began = time.monotonic()
    facts: dict[str, Any] = {"settings": job.settings, "sandbox": job.sandbox}
    with _opened(job, facts) as context:
        if context is None:
            save(facts)
            return
        counts = Counts()
        page = context.pages[0] if context.pages else context.new_page()
        _refuse_everything(context, page, counts)
        if _visit(page, job.address, facts, counts, why_not):
            _record(page, job.folder, facts, save)
        facts |= {"dialogs": counts.dialogs, "popups": counts.popups, "downloads": counts.downloads}
        facts["seconds"] = round(time.monotonic() - began, 3)
        facts["done"] = "failure" not in facts
        save(facts)


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


def _refuse_everything(context: BrowserContext, page: Page, counts: Counts) -> None:
    """Dismiss dialogs, close pop-ups, refuse downloads, and count each."""

    def dismiss(dialog: Dialog) -> None:
        counts.dialogs += 1
        with contextlib.suppress(Error):
            dialog.dismiss()

    def close(other: Page) -> None:
        if other is not page:
            counts.popups += 1
            with contextlib.suppress(Error):
                other.close()

    def cancel(download: Download) -> None:
        counts.downloads += 1
        with contextlib.suppress(Error):
            download.cancel()

    def failed(request: Request) -> None:
        with contextlib.suppress(Error):
            if request.is_navigation_request() and request.frame == page.main_frame:
                counts.failed = request.url

    page.on("dialog", dismiss)
    page.on("download", cancel)
    page.on("requestfailed", failed)
    context.on("page", close)


def _visit(page: Page, address: str, facts: dict[str, Any], counts: Counts, why_not: Callable[[str], str | None]) -> bool:
    """Go to the address; False with `failure` in the facts when there is nothing to see."""
    try:
        response = page.goto(address, wait_until="commit", timeout=_GOTO_MS)
    except TooSlowError:
        facts["failure"] = f"the site did not answer within {_GOTO_MS // 1000} seconds"
        return False
    except Error as error:
        facts["failure"] = (counts.failed and why_not(counts.failed)) or why_not(address) or plain_cause(error.message)
        return False
    if response is None or not page.url.startswith(("http://", "https://")):
        facts["failure"] = "the address leads to something that is not a web page"
        return False
    facts |= _answer_facts(response)
    for state in ("domcontentloaded", "load"):
        if not _reached(page, state):
            facts.setdefault("notes", []).append("the page never finished loading")
            break
    return True


def _reached(page: Page, state: Any) -> bool:
    try:
        page.wait_for_load_state(state, timeout=_LOAD_MS)
    except TooSlowError:
        return False
    return True


def plain_cause(message: str) -> str:
    """Return the cause of a failed visit in plain words, with the browser's own code."""
    code = next((word.strip(".,") for word in message.split() if word.startswith("net::")), "")
    for part, words in _CAUSES:
        if part in message:
            return f"{words} ({code})" if code else words
    return f"the browser could not open the page ({code or 'no code'})"


_CAUSES = (
    ("ERR_CERT_", "the site's certificate is not valid"),
    ("ERR_SSL_", "the site's encryption (TLS) does not work"),
    ("ERR_NAME_NOT_RESOLVED", "the name does not exist (DNS)"),
    ("ERR_CONNECTION_REFUSED", "the server refused the connection"),
    ("ERR_TOO_MANY_REDIRECTS", "the page redirects in a circle"),
    ("ERR_TIMED_OUT", "the server did not answer in time"),
    ("ERR_EMPTY_RESPONSE", "the server closed the connection without an answer"),
    ("Download is starting", "the address is a download, not a page"),
    ("ERR_ABORTED", "the address gives no page to show"),
    ("ERR_UNSAFE_PORT", "the address uses a port that browsers refuse"),
)


def _answer_facts(response: Response) -> dict[str, Any]:
    facts: dict[str, Any] = {"status": response.status, "final_address": response.url, "hops": _hops(response)}
    with contextlib.suppress(Error):
        facts["tls"] = response.security_details()
        facts["headers"] = {name: value[:2000] for name, value in response.headers.items()}
    return facts


def _hops(response: Response) -> list[str]:
    hops, request = [], response.request.redirected_from
    while request is not None:
        hops.append(request.url)
        request = request.redirected_from
    return hops[::-1]


def _record(page: Page, folder: Path, facts: dict[str, Any], save: Save) -> None:
    """Take the picture as first seen, then settle, then everything else; a step that fails is named and the rest goes on."""
    notes: list[str] = facts.setdefault("notes", [])
    save(facts)

    def step(words: str, act: Callable[[], None]) -> None:
        try:
            act()
        except Error:
            notes.append(f"{words} could not be recorded")
        save(facts)

    step("waiting for the first screen", lambda: page.evaluate(_WAIT_VIEW, 3_000))
    step("the first screen", lambda: _picture(page, folder / "screen-as-seen.png", None))
    step("the state of the page", lambda: facts.update(title=page.title()[:1000], settled=page.evaluate(_SETTLE, [_SETTLE_MS, MAX_HEIGHT])))
    step("the page's source", lambda: _write(folder / "dom.html", page.content()))
    step("the page's text", lambda: _write(folder / "page.txt", str(page.evaluate("() => document.body ? document.body.innerText : ''"))))
    _full_page(page, folder, facts, step)
    facts["final_address"] = page.url


def _full_page(page: Page, folder: Path, facts: dict[str, Any], step: Callable[[str, Callable[[], None]], None]) -> None:
    height = int(facts.get("settled", {}).get("height") or HEIGHT)
    kept = min(max(height, HEIGHT), MAX_HEIGHT)
    if height > MAX_HEIGHT:
        facts["notes"].append(f"the picture shows the first {MAX_HEIGHT:,} of {height:,} pixels")
        facts["capped"] = True
    for number, top in enumerate(range(0, kept, PART_HEIGHT), start=1):
        clip = {"x": 0, "y": top, "width": WIDTH, "height": min(PART_HEIGHT, kept - top)}
        path = folder / f"page-full-{number:02d}.png"
        step(f"part {number} of the full page", lambda path=path, clip=clip: _picture(page, path, clip))  # type: ignore[misc]


def _picture(page: Page, path: Path, clip: Any) -> None:
    picture = page.screenshot(timeout=_PICTURE_MS, animations="disabled", full_page=clip is not None, clip=clip)
    _whole(path, picture)


def _write(path: Path, text: str) -> None:
    _whole(path, text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode())


def _whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name first: a kill leaves no half picture."""
    rough = path.with_suffix(path.suffix + ".tmp")
    rough.write_bytes(content)
    rough.replace(path)
