"""What a capture amounts to: the whole post, a part of it, a wall in front of it, or the proof that it is not there (evidence.md §7)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from collector.page_verdict import SAME_ENOUGH, likeness
from data.model.evidence import Completeness
from evidence.errors import CaptureFailedError
from evidence.failures import site_fault

_WALL_STATUS, _GONE_STATUS = frozenset({401, 403, 407}), frozenset({404, 410})
_LOGIN_PATH = re.compile(r"/(login|log-in|signin|sign-in|sign_in|accounts/login|checkpoint|consent)(/|\.|$)", re.IGNORECASE)
_LOGIN_WORDS = re.compile(
    r"\b(log ?in|sign ?in) (to|or|with|first)\b|\byou must (be logged in|log in|sign in)\b|\bcreate an account\b|"
    r"\bverify (that )?you are (a )?human\b|\bconfirm your age\b|\bbefore you continue\b|\bplease (log|sign) in\b",
    re.IGNORECASE,
)
_SHORT_PAGE = 1_500  # characters; a page that says more than this is not merely a wall


@dataclass(frozen=True)
class Sight:
    """What was seen of a page: enough to judge the capture, nothing more."""

    status: int | None
    asked: str
    final: str
    text: str
    post_text: str = ""
    images: int = 0
    loaded: int = 0
    capped: bool = False
    killed: bool = False
    notes: tuple[str, ...] = field(default=())
    has_post_picture: bool | None = None  # None: nobody tried (no browser)
    has_whole_post: bool = True


def judge(sight: Sight) -> tuple[Completeness, str]:
    """Return the verdict and its reasons in plain words; raises CaptureFailedError for an answer that shows nothing (429, 5xx)."""
    status = sight.status or 0
    fault = site_fault(status)
    if fault is not None:
        raise CaptureFailedError(f"the page could not be captured: {fault}")
    if status in _GONE_STATUS:
        return Completeness.NOT_AVAILABLE, f"the site says that this page is not available (status {status})"
    if status in _WALL_STATUS or is_wall(sight):
        return Completeness.BEHIND_WALL, "the page is behind a login, age or consent wall; it does not show the post to us"
    reasons = _gaps(sight)
    return (Completeness.INCOMPLETE if reasons else Completeness.FULL), "; ".join(reasons)


def is_wall(sight: Sight) -> bool:
    """Whether the page asks who we are instead of showing the post. A page that does show the post's words is no wall."""
    if shows_post(sight):
        return False
    moved = sight.final != sight.asked and _LOGIN_PATH.search(urlsplit(sight.final).path)
    return bool(moved) or (len(sight.text) < _SHORT_PAGE and bool(_LOGIN_WORDS.search(sight.text)))


def shows_post(sight: Sight) -> bool:
    """Whether the words of the post, or most of them, are on the page (white space, case, accents and unseen characters aside)."""
    found = likeness(sight.post_text, sight.text)
    return found.whole or found.share >= SAME_ENOUGH


def _gaps(sight: Sight) -> list[str]:
    reasons = list(sight.notes)
    if sight.loaded < sight.images:
        reasons.append(f"{sight.loaded} of {sight.images} images were loaded")
    if sight.killed:
        reasons.append("the page was still busy when time was up; the set stops where it was")
    if sight.post_text.strip() and not shows_post(sight):
        reasons.append("the post's own words were not found on the page")
    elif sight.post_text.strip() and not sight.killed:
        reasons += _post_alone(sight)
    return reasons


def _post_alone(sight: Sight) -> list[str]:
    if sight.has_post_picture is False:
        return ["the post could not be told apart from the page around it, so there is no picture of it alone"]
    return [] if sight.has_whole_post else ["the page shows the post cut short"]
