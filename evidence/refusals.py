"""What a page tries with a person and does not get: dialogs, pop-ups, downloads, printing, permissions. Refused, and counted."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evidence.page_scripts import watch_prompts
from evidence.worker_facts import count_of

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Dialog, Download, Page, Request


@dataclass
class Refusals:
    """Refuses for one page of one browser. `trouble` is the browser library's own error: a page may go at any time."""

    context: BrowserContext
    page: Page
    trouble: type[Exception]
    dialogs: int = 0
    leaving: int = 0  # "do you really want to leave?"
    popups: int = 0
    downloads: int = 0
    prints: int = 0
    permissions: int = 0
    failed: str | None = None  # address of the last main navigation that failed
    failed_hops: tuple[str, ...] = ()
    _name: str = field(default_factory=lambda: f"_{secrets.token_hex(8)}")  # no page can know it

    def begin(self) -> None:
        """Refuse from now on."""
        self.page.on("dialog", self._dismiss)
        self.page.on("download", self._cancel)
        self.page.on("requestfailed", self._failed)
        self.context.on("page", self._close)
        self.context.add_init_script(watch_prompts(self._name))

    def ask_page(self) -> None:
        """Fetch from the page how often it asked for print or for a permission; called before the page is left."""
        for frame in self.page.frames:
            try:
                found = frame.evaluate("(name) => window[name] || {print: 0, permission: 0}", self._name)
            except self.trouble:
                continue
            counts = found if isinstance(found, dict) else {}  # the page may have found them, and bent them
            self.prints += count_of(counts.get("print"))
            self.permissions += count_of(counts.get("permission"))

    def taken(self) -> dict[str, int]:
        """Return the counts for `capture.json`, and begin anew."""
        counts = {
            "dialogs": self.dialogs,
            "leaving": self.leaving,
            "popups": self.popups,
            "downloads": self.downloads,
            "prints": self.prints,
            "permissions": self.permissions,
        }
        self.dialogs = self.leaving = self.popups = self.downloads = self.prints = self.permissions = 0
        return counts

    def _dismiss(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            self.leaving += 1
            self._quietly(dialog.accept)  # we are the ones who leave
        else:
            self.dialogs += 1
            self._quietly(dialog.dismiss)

    def _close(self, other: Page) -> None:
        if other is not self.page:
            self.popups += 1
            self._quietly(other.close)

    def _cancel(self, download: Download) -> None:
        self.downloads += 1
        self._quietly(download.cancel)

    def _failed(self, request: Request) -> None:
        try:
            if request.is_navigation_request() and request.frame == self.page.main_frame:
                self.failed, self.failed_hops = request.url, tuple(hops(request))
        except self.trouble:
            return

    def _quietly(self, act: object) -> None:
        try:
            if callable(act):
                act()
        except self.trouble:
            return  # it went away by itself


def hops(request: Request) -> list[str]:
    """Return the addresses that redirected to this request, first one first."""
    found, before = [], request.redirected_from
    while before is not None:
        found.append(before.url)
        before = before.redirected_from
    return found[::-1]
