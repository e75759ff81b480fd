"""What is recorded of a page that is open: pictures, source, text, layout, single-file copy, web archive. Each step may fail by itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillPackingError
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from data.clock import Clock
from evidence import page_scripts
from evidence.exchanges import Exchanges, Server
from evidence.own_world import OwnWorld
from evidence.post_picture import Clip, Found, clip_of, find, photograph_post
from evidence.worker_facts import settled_of, whole_text

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

    from evidence.web_archive import Exchange

WIDTH, HEIGHT = 1280, 900
MAX_HEIGHT = 16_000  # taller one-shot pictures came out blank without an error (evidence.md §3)
PART_HEIGHT = 8_000
AS_SEEN, POST, WACZ, PRINTS, LAYOUT = "screen-as-seen.png", "post.png", "page.wacz", "imagehash.json", "layout.json"
WORDS = "words.json"  # for the second question about them; read by the parent and not kept
_VIEW_MS, _PICTURE_MS, _SETTLE_MS = 3_000, 15_000, 9_000
_DRAWN_MS = 150
_PACK_SECONDS = 20.0
_MOST_BOXES = 20_000
_STILL = 2  # px that a thing may move without having moved


class Talk(Protocol):
    """The line to the process that ordered the capture."""

    def step(self, step: str) -> None:
        """Say what is being done now (a key of evidence.progress)."""

    def may_go_on(self, words: Mapping[str, Any]) -> bool:
        """Hand over the page's words and wait for leave to load its pictures."""

    def save(self, facts: Mapping[str, Any], answers: list[dict[str, Any]]) -> None:
        """Keep what is known so far."""

    def addresses(self) -> Mapping[Server, str]:
        """Return the address that each server was reached at."""


@dataclass
class Recorder:
    """Records one settled page into a folder. `trouble` is the browser library's own error."""

    page: Page
    protocol: CDPSession
    exchanges: Exchanges
    folder: Path
    facts: dict[str, Any]
    talk: Talk
    clock: Clock
    trouble: type[Exception]
    post_text: str = ""
    author: str = ""
    _packer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "packing"))
    _packed: Future[dict[str, Any]] | None = None
    _window: int = HEIGHT  # its height now
    _map: dict[str, Any] = field(default_factory=dict)  # of the page, as first read

    def record(self) -> None:
        """Take the picture as first seen, then settle, then everything else; the facts are saved after each step."""
        self.facts.setdefault("notes", [])
        self.save()
        self._first_screen()
        self._settle()
        self._tall_window()
        self._keep()
        self._full_page()
        self._archive()
        self._post()
        self._archived()
        self.facts["final_address"] = self.page.url

    def _own(self) -> OwnWorld:
        return OwnWorld(self.protocol, self.trouble)

    def save(self) -> None:
        """Hand over what is known so far, so that a kill loses only the rest."""
        self.talk.save(self.facts, self.exchanges.lines())

    def _step(self, words: str, act: Callable[[], object]) -> None:
        try:
            act()
        except (self.trouble, ValueError):  # it went away, or what it gave makes no sense
            self.facts["notes"].append(f"{words} could not be recorded")

    def _first_screen(self) -> None:
        self.talk.step("seen")
        self._step("waiting for the first screen", lambda: self._own().evaluate(page_scripts.WAIT_VIEW, _VIEW_MS))
        self._step(
            "the first screen", lambda: write_whole(self.folder / AS_SEEN, self.page.screenshot(timeout=_PICTURE_MS, animations="disabled"))
        )
        self.save()

    def _settle(self) -> None:
        self.talk.step("settling")
        self._step("the page's title", lambda: self.facts.update(title=whole_text(str(self._own().evaluate(page_scripts.TITLE)))))
        wanted = [_SETTLE_MS, MAX_HEIGHT]
        self._step(
            "the state of the page", lambda: self.facts.update(settled=settled_of(self._own().evaluate(page_scripts.SETTLE, wanted)))
        )
        self.save()

    def _tall_window(self) -> None:
        """Make the window as tall as the page where frames of other sites stand further down: the browser draws those only within it.

        Where that would move the page itself (boxes as tall as the window), it is left, and the record says what may be missing.
        """
        height = int(self.facts.get("settled", {}).get("height") or HEIGHT)
        if height > HEIGHT:
            self._step("frames of other sites further down", lambda: self._draw_frames(min(height, MAX_HEIGHT)))

    def _draw_frames(self, height: int) -> None:
        if not self._own().evaluate(page_scripts.FRAMES_BELOW):
            return
        before = self._own().evaluate(page_scripts.TALL)
        self._resize(height)
        if self._own().evaluate(page_scripts.TALL) != before:
            self._resize(HEIGHT)
            self.facts["notes"].append("frames of other sites further down may be missing in the picture of the whole page")

    def _resize(self, height: int) -> None:
        """Give the window this height, and every frame a moment to draw itself."""
        wanted = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.protocol.send("Emulation.setDeviceMetricsOverride", wanted)
        self._window = height
        self._own().evaluate(page_scripts.FRAMES)
        self.page.wait_for_timeout(_DRAWN_MS)

    def _keep(self) -> None:
        """Keep the page itself: its text, its source, all of it in one file, and where things stand on it."""
        self.talk.step("keeping")
        self._step("the page's words", lambda: _write(self.folder / WORDS, json.dumps(self._own().evaluate(page_scripts.WORDS))))
        self._step("the page's text", lambda: _write(self.folder / "page.txt", str(self._own().evaluate(page_scripts.TEXT))))
        self._step("the page's source", lambda: _write(self.folder / "dom.html", str(self._own().evaluate(page_scripts.SOURCE))))
        self._step("the page in one file", self._single_file)
        self._step("the layout of the page", self._layout)

    def _archive(self) -> None:
        """Fetch what was sent so far, also for the pictures of the whole page; it is packed beside the post's own picture."""
        exchanges = self.exchanges.collect(self.talk.addresses())
        self.facts |= {"bodies_missing": self.exchanges.missing, "answers_not_listed": self.exchanges.dropped}
        self._packed = self._packer.submit(self._pack, exchanges, self.page.url)

    def _single_file(self) -> None:
        _write(self.folder / "page.mhtml", str(self.protocol.send("Page.captureSnapshot", {"format": "mhtml"})["data"]))

    def _layout(self) -> None:
        """Read where things stand. Until that is read again after the pictures, the map is not to be trusted."""
        self._map = self._own().evaluate(page_scripts.LAYOUT, [MAX_HEIGHT, _MOST_BOXES])
        self._write_map(self._map, is_steady=False)

    def _layout_again(self) -> None:
        """Read it again: what moved in between stands elsewhere in the picture of the whole page than the map says."""
        if self._map:
            found = self._own().evaluate(page_scripts.LAYOUT, [MAX_HEIGHT, _MOST_BOXES])
            self._write_map(found, is_steady=stands_still(self._map, found))

    def _write_map(self, found: Mapping[str, Any], *, is_steady: bool) -> None:
        told = {**found, "cut": bool(found["cut"]) or not is_steady, "steady": is_steady}
        _write(self.folder / LAYOUT, json.dumps(told, sort_keys=True, ensure_ascii=True, allow_nan=False))

    def _pack(self, exchanges: list[Exchange], address: str) -> dict[str, Any]:
        """Write the web archive and the fingerprints; in a thread of its own, so nothing here asks the browser."""
        from evidence.image_prints import image_prints  # heavy: loaded while the browser starts (evidence.worker)
        from evidence.web_archive import write_wacz

        text = (self.folder / "page.txt").read_text(encoding="utf-8", errors="replace") if (self.folder / "page.txt").exists() else ""
        title = str(self.facts.get("title") or "")
        write_whole(self.folder / WACZ, write_wacz(exchanges, address, title, text, self.clock.now()))
        prints = image_prints(exchanges)
        write_whole(self.folder / PRINTS, json.dumps(prints, sort_keys=True).encode())
        return {"exchanges": len(exchanges), "image_hashes": len(prints["images"])}

    def _archived(self) -> None:
        try:
            self.facts.update(self._packed.result(_PACK_SECONDS) if self._packed else {})
        except (OSError, ValueError, StillPackingError):
            self.facts["notes"].append("the web archive could not be recorded")
        self.save()

    def _full_page(self) -> None:
        self.talk.step("whole")
        height = int(self.facts.get("settled", {}).get("height") or HEIGHT)
        kept = min(max(height, HEIGHT), MAX_HEIGHT)
        if height > MAX_HEIGHT:
            self.facts["notes"].append(f"the picture shows the first {MAX_HEIGHT:,} of {height:,} pixels")
            self.facts["capped"] = True
        for number, top in enumerate(range(0, kept, PART_HEIGHT), start=1):
            clip = {"x": 0, "y": top, "width": WIDTH, "height": min(PART_HEIGHT, kept - top)}
            path = self.folder / f"page-full-{number:02d}.png"
            self._step(f"part {number} of the full page", lambda path=path, clip=clip: write_whole(path, self._shot(clip)))  # type: ignore[misc]
        self._step("a second look at the layout", self._layout_again)
        self.save()

    def _shot(self, clip: Clip) -> bytes:
        """Photograph a part of the page, wherever the window stands. Without loss; quickly packed, so somewhat larger.

        Beyond the window only where it must be: the browser then draws everything anew, and frames of other sites may come too late.
        """
        is_beyond = clip["y"] + clip["height"] > self._window or self._own().evaluate(page_scripts.IS_SCROLLED)
        wanted = {"format": "png", "optimizeForSpeed": True, "captureBeyondViewport": is_beyond, "clip": clip | {"scale": 1}}
        return base64.b64decode(self.protocol.send("Page.captureScreenshot", wanted)["data"])

    def _post(self) -> None:
        if not self.post_text.strip():
            return
        self.talk.step("post")
        self._step("the post alone", self._post_alone)

    def _post_alone(self) -> None:
        found = find(self.page, self.protocol, self.post_text, self.author, self.trouble)
        self.facts["post_found"] = found is not None
        if found is None:
            return
        before, places = self._stands_at(found), list[Clip]()

        def shoot(clip: Clip) -> bytes:
            places.append(clip)
            return self._shot(clip)

        picture, hidden = photograph_post(found, shoot)
        write_whole(self.folder / POST, picture)
        if before and all(abs(before[side] - places[-1][side]) <= _STILL for side in before):  # else a box was scrolled to show it
            self.facts["post_picture"] = places[-1]  # where it stood on the page: what is covered there is covered in it too
        self.facts |= {"hidden": hidden, "post_whole": found.whole, "post_in_frame": found.place.around is not None}

    def _stands_at(self, found: Found) -> Clip:
        """Return where the post stands before it is brought into view; empty where it has no box yet."""
        try:
            return clip_of(found)
        except self.trouble:
            return {}


def stands_still(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two maps of a page list the same pictures and the same lines, each at its place."""
    pairs = [(one[kind], other[kind]) for kind in ("images", "lines")]
    return all(len(first) == len(then) and all(map(_is_same, first, then)) for first, then in pairs)


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    sides = [(one.get(side), other.get(side)) for side in "xywh"]  # none: no number, as a page can make them
    near = all(first == then or (first is not None and then is not None and abs(first - then) <= _STILL) for first, then in sides)
    return near and all(one.get(name) == other.get(name) for name in ("alt", "text", "unread"))


def _write(path: Path, text: str) -> None:
    write_whole(path, text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name first: a kill leaves no half of it."""
    rough = path.with_suffix(path.suffix + ".tmp")
    rough.write_bytes(content)
    rough.replace(path)
