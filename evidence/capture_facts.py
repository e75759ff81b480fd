"""What stands beside the pictures of a capture: `capture.json` and `post.json` (evidence.md §6), and what both are made of."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

from data.model.evidence import CaptureOrder, Completeness, Evidence
from data.model.posts import Post
from evidence.seal import stamp

LONDON = ZoneInfo("Europe/London")
CLOCK_JUMP = 2.0  # seconds; less than that is how two counts differ anyway
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
class Taken:
    """A page, however it was recorded."""

    files: dict[str, bytes]
    facts: dict[str, Any]
    completeness: Completeness
    note: str


@dataclass(frozen=True)
class Times:
    """When a capture began and ended by the clock, and how long it took by a count that nobody can set back.

    `machine_seconds`: how long it took by the computer's own clock; where the two differ, somebody or something moved that clock.
    """

    started: datetime
    finished: datetime
    seconds: float = field(default=0.0)
    machine_seconds: float | None = None

    def jump(self) -> float | None:
        """Return by how many seconds the computer's clock was moved meanwhile (forward: positive), or None."""
        if self.machine_seconds is None or abs(self.machine_seconds - self.seconds) < CLOCK_JUMP:
            return None
        return round(self.machine_seconds - self.seconds, 1)


def tools(seen: dict[str, Any]) -> dict[str, Any]:
    """Which programs made this, and under which conditions."""
    found = {
        "schoolwatch": version("schoolwatch"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "method": seen["method"],
    }
    if seen["method"] == "browser":
        found |= {
            "playwright": version("playwright"),
            "browser": seen.get("browser", "unknown"),
            "browser_found": seen.get("browser_path_from"),
            "sandbox": bool(seen.get("sandbox")),
            "as_unprivileged_user": bool(seen.get("lowered")),
        }
    return found


def capture_facts(order: CaptureOrder, facts: CaptureFacts, taken: Taken, times: Times, draft: Evidence) -> dict[str, Any]:
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
        "clock_moved_by_seconds": times.jump(),
        "who": {"id": facts.who_id, "name": facts.who_name, "role": facts.who_role},
        "ordered_at_utc": stamp(order.ordered_at),
        "reason": facts.reason,
        "safety_answer": order.answer.value if order.answer else None,
        "logged_in": False,
        "tools": draft.tools,
        "settings": seen.get("settings"),
        "settled": seen.get("settled"),
        "text_first": _text_first(order, seen),
        "busy_answers": seen.get("tries", 0),
        "post_alone": _post_alone(seen),
        "post_picture": seen.get("post_picture"),
        "web_archive": {"exchanges": seen.get("exchanges"), "bodies_missing": seen.get("bodies_missing")},
        "image_hashes": seen.get("image_hashes", "not computed"),
        "interventions": _interventions(seen),
        "completeness": taken.completeness.value,
        "note": taken.note,
    }


def _interventions(seen: dict[str, Any]) -> dict[str, Any]:
    """What we did to the page or refused it: a scroll is an action too (ACPO principle 3)."""
    return {
        "scrolled_to_the_end_and_back": "settled" in seen,
        "clicked": 0,
        "hidden": seen.get("hidden", []),
        "dialogs_dismissed": seen.get("dialogs", 0),
        "leaving_dialogs_accepted": seen.get("leaving", 0),
        "popups_closed": seen.get("popups", 0),
        "downloads_refused": seen.get("downloads", 0),
        "prints_refused": seen.get("prints", 0),
        "permissions_refused": seen.get("permissions", 0),
        "connections_refused": seen.get("refused_connections", 0),
        "service_workers": "blocked",
        "traffic_bytes": seen.get("traffic"),
    }


def _text_first(order: CaptureOrder, seen: dict[str, Any]) -> dict[str, Any]:
    """How the page was read before its pictures were loaded; signs by name only (evidence.md §8.3)."""
    return dict(seen.get("text_first") or {}) | {
        "lifted_signals": list(order.signals if order.lifted_by else ()),
        "lifted_by": order.lifted_by,
    }


def _post_alone(seen: dict[str, Any]) -> dict[str, Any] | None:
    """How the post itself was found, or None when no post was looked for."""
    if "post_found" not in seen:
        return None
    return {"found": seen["post_found"], "all_its_words": seen.get("post_whole"), "in_a_frame": seen.get("post_in_frame")}


def post_facts(post: Post) -> dict[str, Any]:
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
