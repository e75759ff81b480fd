"""What each line of the custody chain says in plain words: for the report. The chain itself keeps its short words (`register.jsonl`)."""

from __future__ import annotations

import re
from collections.abc import Callable

from data.model.evidence import Completeness, CustodyEvent
from evidence.report_captures import VERDICTS

CUSTODY_LABELS: dict[str, str] = {
    "opened": "ordered",
    "safety answer": "the safety question was answered",
    "capture started": "the capture began",
    "captured": "captured",
    "supplied": "taken in from a person",
    "taken from": "made from its original",
    "redacted copy made": "a working copy with parts covered was made",
    "sealed": "sealed",
    "viewed": "a picture was looked at",
    "exported": "left the safe",
    "sealed off": "sealed off at once",
    "stop lifted": "the stop was lifted by the safeguarding lead",
    "destroyed": "destroyed",
}
PACKS = {"full": "full evidence pack", "redacted": "evidence pack with working copies only (redacted)"}
_PACK = re.compile(r"(full|redacted), pack seal ([0-9a-f]{64})")


def custody_words(event: CustodyEvent) -> str:
    """Return what was done, as a sentence without its full stop; a code stands in a line of its own."""
    label = CUSTODY_LABELS.get(event.what, event.what.replace("_", " "))
    detail = _DETAILS.get(event.what, _plain)(event.detail)
    return f"{label}{detail}"


def _plain(detail: str) -> str:
    return f": {detail.replace('not_sure', 'not sure')}" if detail else ""


def _captured(detail: str) -> str:
    return f" ({VERDICTS[Completeness(detail)]})" if detail in set(Completeness) else _plain(detail)


def _left(detail: str) -> str:
    pack = _PACK.fullmatch(detail)
    return f" in the {PACKS[pack[1]]}, whose code is\n{pack[2]}" if pack else _plain(detail)


_DETAILS: dict[str, Callable[[str], str]] = {
    "opened": lambda _: "",  # our own number of the order
    "sealed": lambda detail: f", with the witness code\n{detail}",
    "captured": _captured,
    "taken from": lambda detail: _plain(detail.replace(", witness code ", ", with the witness code\n")),
    "viewed": lambda detail: f" ({detail.replace(': ', '; ')})" if detail else "",
    "destroyed": lambda detail: f" {detail}",
    "exported": _left,
}
