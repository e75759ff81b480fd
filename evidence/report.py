"""The report of a pack as one self-contained HTML page: readable by a person, silent for a browser (no scripts, no requests)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from data.model.cases import Case, CaseEvent, CaseItem, RemovalCheck, TakedownRequest
from data.model.evidence import CustodyEvent, Evidence, SealToken
from data.model.posts import Post
from data.model.watch import School
from evidence.photograph import AS_SEEN
from evidence.safe_text import in_csv, in_html

LONDON = ZoneInfo("Europe/London")
LIMITS = (
    "It shows what one computer of the school received from this address at this time. It cannot show who wrote it, nor that it is true.",
    "The times come from the clock of that computer. No outside authority has confirmed them.",
    "The seals show that nothing was changed afterwards by anybody who could not make all seals anew.",
    "Compare the witness code (the SHA-256 of seal.json) with one that was noted or sent to somebody else when the pack was made.",
    "The people who made this pack are not independent of the case. Whoever captured the page can give a statement about it.",
    "A page forged before it was captured, or shown only to us, cannot be recognised.",
)
_HEAD = (
    "<meta charset='utf-8'><meta name='viewport' content='width=device-width'><meta http-equiv='Content-Security-Policy' "
    "content=\"default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'\">"
)
_HOW = (
    "<h2>How to check this pack</h2><p>See <code>HOW-TO-CHECK.txt</code>. In short: unpack it, and in the folder run "
    "<code>sha256sum -c manifest-sha256.txt</code>, or run <code>schoolwatch verify</code> on the ZIP file as you received it.</p>"
)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{border:1px solid #bbb;padding:.35rem .5rem;text-align:left}"
    "td{vertical-align:top;overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #bbb;padding:.75rem}"
    "img{max-width:100%;border:1px solid #bbb}code{overflow-wrap:anywhere}h2{margin-top:2rem}"
)


class Variant(StrEnum):
    """Which pack it is: with the originals, or with working copies only, for anybody who is not the police (domain.md §5.7 rule 5)."""

    FULL = "full"
    REDACTED = "redacted"


@dataclass(frozen=True)
class CaseFile:
    """Everything of one case that goes into a pack, as plain records. `names` turns user ids into names as shown.

    `tokens`: how the word of a time-stamping authority stands for each seal (their subject is "evidence:<id>").
    """

    school: School
    case: Case
    items: tuple[CaseItem, ...] = ()
    posts: tuple[Post, ...] = ()
    events: tuple[CaseEvent, ...] = ()
    requests: tuple[TakedownRequest, ...] = ()
    checks: tuple[RemovalCheck, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    custody: tuple[CustodyEvent, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    tokens: tuple[SealToken, ...] = ()

    def who(self, user_id: str | None) -> str:
        """Return the name of a user, "Schoolwatch" for the system, or the bare id."""
        return "Schoolwatch (automatic)" if user_id == "system" else self.names.get(user_id or "", user_id or "")

    def token(self, evidence: Evidence) -> SealToken | None:
        """Return how an authority's word on this seal stands; None where nobody was asked."""
        return next((one for one in self.tokens if one.subject == f"evidence:{evidence.id}"), None)


def both_times(moment: datetime | None) -> str:
    """Return a moment in UTC and as the clock showed it in the UK; empty for none."""
    if moment is None:
        return ""
    local = moment.astimezone(LONDON)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC ({local:%d %b %Y %H:%M:%S} {local.tzname()})"


def answer_name(number: int) -> str:
    """Return the name of a check's raw answer in the pack."""
    return f"checks/{number:03d}-answer.bin"


def page(file: CaseFile, *, by: str, now: datetime) -> str:
    """Return the whole report."""
    case = file.case
    parts = (
        f"<h1>Evidence pack {in_html(case.ref)}</h1>",
        _table(_overview(file, by, now)),
        *(section for evidence in file.evidence for section in _captured(file, evidence)),
        "<h2>Chronology</h2>" + _rows(("When", "Who", "What", "Reason"), chronology(file)) + _none(file.events),
        "<h2>Requests for removal</h2>" + "".join(_request(file, request) for request in file.requests) + _none(file.requests),
        "<h2>Our own checks whether it is still there</h2>" + _checks(file) + _none(file.checks),
        "<h2>Custody</h2>" + _rows(("No.", "When", "Who", "What", "Detail"), _custody(file)) + _none(file.custody),
        _HOW,
        "<h2>What this does and does not prove</h2><ul>" + "".join(f"<li>{in_html(limit)}</li>" for limit in LIMITS) + "</ul>",
    )
    head = f"<head>{_HEAD}<title>{in_html(case.ref)}</title><style>{_STYLE}</style></head>"
    body = "\n".join(parts)
    return f"<!doctype html>\n<html lang='en-GB'>{head}<body>\n{body}\n</body></html>\n"


def chronology_csv(file: CaseFile) -> str:
    """Return the chronology as a table for a spreadsheet; no cell can be a formula."""
    lines = [("when_utc_and_uk", "who", "what", "reason"), *chronology(file)]
    return "".join(",".join(map(in_csv, line)) + "\r\n" for line in lines)


def _overview(file: CaseFile, by: str, now: datetime) -> Iterable[tuple[str, str]]:
    case = file.case
    yield "School", file.school.name
    yield "Case", case.ref
    yield "State", case.state.value.replace("_", " ") + (f" ({case.outcome})" if case.outcome else "")
    yield "Kind of harm, as judged by a person", case.lead_category.value.replace("_", " ")
    yield "Severity", f"S{case.severity.value} ({case.severity.word})"
    yield "Known to the school", both_times(case.known_at)
    yield "Seen to be gone", both_times(case.gone_observed_at) or "not yet"
    for item in file.items:
        yield "Address", item.address
    yield "Pack made", f"{both_times(now)} by {file.who(by)}"


def _captured(file: CaseFile, evidence: Evidence) -> Iterable[str]:
    folder = evidence.ref
    yield f"<h2>Capture {in_html(evidence.ref)}</h2>"
    yield _table(
        (
            ("Address asked", evidence.address),
            ("Address shown in the end", evidence.final_address),
            ("Status", str(evidence.status if evidence.status is not None else "unknown")),
            ("Title of the page", evidence.title),
            ("Captured", both_times(evidence.captured_at)),
            ("By", file.who(evidence.captured_by)),
            ("What it amounts to", evidence.completeness.value.replace("_", " ")),
            ("Note", evidence.note or "none"),
            ("Witness code (SHA-256 of this capture's seal.json)", evidence.seal_sha256),
            ("Made with", ", ".join(f"{name} {value}" for name, value in sorted(evidence.tools.items()))),
        )
    )
    for post in file.posts:
        if any(item.id == evidence.item_id and item.post_id == post.id for item in file.items):
            yield f"<h3>Words of the post, as collected {in_html(both_times(post.last_seen_at))}</h3>"
            yield f"<pre dir='auto'>{in_html(post.text)}</pre>"
            yield f"<p>Shown author: {in_html(post.author_handle or post.author_name or 'none')}</p>"
    for sealed in sorted(evidence.files, key=lambda one: (one.name != AS_SEEN, one.name)):
        if sealed.media_type == "image/png":
            name = in_html(sealed.name)
            yield f"<h3>{name}</h3><img src='{folder}/data/{name}' alt='Picture of the page: {name}'>"
    yield _rows(("File", "Bytes", "SHA-256"), ((f"{folder}/data/{one.name}", str(one.bytes), one.sha256) for one in evidence.files))


def chronology(file: CaseFile) -> list[tuple[str, str, str, str]]:
    """Return what happened in the case, oldest first: when (UTC and UK), who, what, and the reason given."""
    return [
        (both_times(event.at), file.who(event.by), _event_words(event), event.reason or "")
        for event in sorted(file.events, key=lambda e: e.number)
    ]


def _event_words(event: CaseEvent) -> str:
    if event.before == event.after or event.after is None:
        return event.what
    return f"{event.what}: {event.before.value if event.before else 'new'} to {event.after.value}".replace("_", " ")


def _request(file: CaseFile, request: TakedownRequest) -> str:
    facts = (
        ("To", request.recipient),
        ("Route", request.route.value.replace("_", " ")),
        ("Ground", request.ground.value.replace("_", " ")),
        ("State", request.state.value.replace("_", " ")),
        ("Sent", f"{both_times(request.sent_at)} by {file.who(request.sent_by)}" if request.sent_at else "not sent"),
        ("Their reference", request.reference or "none"),
        ("Subject", request.subject),
    )
    return _table(facts) + f"<pre dir='auto'>{in_html(request.body)}</pre>"


def _checks(file: CaseFile) -> str:
    rows = (
        (
            both_times(check.at),
            file.who(check.by),
            check.verdict.value.replace("_", " "),
            check.method,
            str(check.status if check.status is not None else ""),
            check.detail,
            answer_name(number) if check.answer_sha256 else "none kept",
        )
        for number, check in enumerate(file.checks, start=1)
    )
    return _rows(("When", "Who", "Found", "How", "Status", "Detail", "Raw answer"), rows)


def _custody(file: CaseFile) -> Iterable[tuple[str, ...]]:
    return ((str(event.number), both_times(event.at), file.who(event.by), event.what, event.detail) for event in file.custody)


def _none(rows: tuple[object, ...]) -> str:
    return "" if rows else "<p>None.</p>"


def _table(pairs: Iterable[tuple[str, str]]) -> str:
    return (
        "<table>" + "".join(f"<tr><th scope='row'>{in_html(name)}</th><td>{in_html(value)}</td></tr>" for name, value in pairs) + "</table>"
    )


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{in_html(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return "<table><tr>" + "".join(f"<th scope='col'>{in_html(word)}</th>" for word in head) + f"</tr>{lines}</table>" if lines else ""
