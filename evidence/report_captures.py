"""What the report says about one piece of evidence: its facts, its pictures with their bands, its words, what was done to the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from data.model.evidence import Completeness, Evidence, EvidenceKind, SealedFile, SealToken, TokenState
from evidence.pdf import Block, Bullets, Figure, Heading, Paragraph, Quote, Rows, Table
from evidence.report import CaseFile, both_times
from evidence.report_pictures import NoPictureError, Piece, height, pieces

Pictures = Callable[[Evidence, SealedFile], bytes]
POST, AS_SEEN, FULL_PAGE = "post.png", "screen-as-seen.png", "page-full-"
MAX_TEXT = 20_000  # characters of one text; the whole stands in the pack
MAX_CELL = 1_500
MAX_HIDDEN = 40
_IN_BAND = 240
KINDS: dict[EvidenceKind, str] = {
    EvidenceKind.PAGE: "captured by us",
    EvidenceKind.SUPPLIED: "supplied by a person",
    EvidenceKind.REDACTED: "working copy, parts covered",
}
VERDICTS: dict[Completeness, str] = {
    Completeness.FULL: "full: the page and the post were recorded whole",
    Completeness.INCOMPLETE: "incomplete, but it shows the post",
    Completeness.NO_PICTURE: "the page and its facts, without a picture",
    Completeness.BEHIND_WALL: "behind a wall: it does not show the post",
    Completeness.NOT_AVAILABLE: "the page was not there: proof of that, not of the post",
    Completeness.SUPPLIED: "supplied by a person, not captured by us",
}
ROLES = {
    "dsl": "designated safeguarding lead",
    "deputy_dsl": "deputy safeguarding lead",
    "chair": "chair of governors",
    "comms_lead": "communications lead",
    "it_admin": "IT administrator",
    "dpo": "data protection officer",
    "staff": "member of staff",
}
_COUNTS = {
    "dialogs_dismissed": "windows with a message, opened by the page and dismissed",
    "popups_closed": "pop-up windows, closed",
    "downloads_refused": "downloads that the page began, refused",
    "connections_refused": "connections that the page wanted and the guard refused",
    "prints_refused": "wishes to print, refused",
    "leaving_dialogs_accepted": "questions whether to leave the page, answered with yes",
    "permissions_refused": "questions for a permission, refused",
}
_SILENT = frozenset({"hidden", "clicked", "scrolled_to_the_end_and_back", "service_workers", "traffic_bytes"})


@dataclass
class Budget:
    """How many pieces of pictures may still be printed: the report stays of a length that can be opened and mailed."""

    pieces: int


@dataclass(frozen=True)
class Source:
    """One piece of evidence with what is known about it: the case, the bytes of its files, and the facts of `capture.json`."""

    file: CaseFile
    evidence: Evidence
    pictures: Pictures
    facts: Mapping[str, Any]
    post: Mapping[str, Any]

    @classmethod
    def of(cls, file: CaseFile, evidence: Evidence, pictures: Pictures) -> Source:
        """Return it, with the small files read; raises SealBrokenError for a file that was changed."""
        return cls(file, evidence, pictures, _json(evidence, "capture.json", pictures), _post(file, evidence, pictures))

    @property
    def who(self) -> str:
        """Who captured, took in or covered it, and in what role."""
        role = str(_mapping(self.facts.get("who")).get("role") or "")
        words = ", ".join(ROLES.get(one, one.replace("_", " ")) for one in role.split(", ") if one)
        name = self.file.who(self.evidence.captured_by)
        return f"{name} ({words})" if words else name

    @property
    def handle(self) -> str:
        """The author as the page showed it."""
        return str(self.post.get("author_handle") or self.post.get("author_name") or "not known")


def cut(text: str, most: int, where: str = "the pack") -> str:
    """Return the text, or its beginning with the note how much more there is and where."""
    return text if len(text) <= most else f"{text[:most]} [cut here: {most:,} of {len(text):,} characters; the whole stands in {where}]"


def capture_blocks(source: Source, budget: Budget, *, with_pictures: bool = True) -> Iterator[Block]:
    """Yield everything about one piece of evidence."""
    one = source.evidence
    yield Heading(f"{_KIND[one.kind]} {one.ref}")
    if one.kind is EvidenceKind.SUPPLIED:
        yield Paragraph(
            "A person brought this. It was not captured by us: we can say that it was not changed since it was handed over, "
            "and nothing about how it came to be. What they said about it stands below, in their words."
        )
    yield Rows(tuple((name, cut(value, MAX_CELL)) for name, value in _facts(source) if value))
    if with_pictures:
        yield from _figures(source, budget)
    yield from _words(source)
    yield from _done_to_the_page(source)
    yield Heading("Its files", 2)
    yield Table(("File", "Bytes", "SHA-256"), tuple((sealed.name, f"{sealed.bytes:,}", sealed.sha256) for sealed in one.files), (4, 2, 10))


_KIND = {
    EvidenceKind.PAGE: "Capture",
    EvidenceKind.SUPPLIED: "Supplied by a person, not captured by us:",
    EvidenceKind.REDACTED: "Working copy",
}


def _facts(source: Source) -> Iterator[tuple[str, str]]:
    one = source.evidence
    if one.kind is EvidenceKind.SUPPLIED:
        yield "Supplied by", one.supplied_by or "not said"
        yield "Their account", one.supplied_how or "none was given"
        yield "Handed over", both_times(one.supplied_at)
        yield "Taken in", f"{both_times(one.captured_at)} by {source.who}"
        yield "Address it is said to show", one.address
    elif one.kind is EvidenceKind.REDACTED:
        yield from _original(source)
    else:
        yield "Captured", f"{both_times(one.captured_at)} by {source.who}"
    if one.kind is not EvidenceKind.SUPPLIED:
        yield from _page_facts(source)
    yield "What it amounts to", f"{VERDICTS[one.completeness][0].upper()}{VERDICTS[one.completeness][1:]}"
    yield "Note", one.note
    yield "Witness code (SHA-256 of its seal.json)", one.seal_sha256
    yield "Time stamp", time_stamp(source.file.token(one))
    yield "Made with", made_with(one.tools)


def _original(source: Source) -> Iterator[tuple[str, str]]:
    original = _mapping(source.facts.get("original"))
    yield "Working copy", f"made {both_times(source.evidence.captured_at)} by {source.who}; parts are covered for good"
    brought = ", supplied by a person, not captured by us" if original.get("kind") == EvidenceKind.SUPPLIED else ""
    yield "Its original", f"{original.get('ref') or 'not named'}{brought}, kept unchanged by the school"
    yield "Original captured", str(original.get("captured") or "")
    yield "Witness code of the original", str(original.get("witness_code") or "")
    covered = _mapping(source.facts.get("covered"))
    yield "Covered", "; ".join(_covered(covered))
    yield "Left out of the copy", "; ".join(str(one) for one in _sequence(source.facts.get("left_out")))


def _covered(counted: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was covered, in words; what was not covered is not told."""
    for name, value in counted.items():
        if value == "yes":
            yield name
        elif name == "also covered" and value != "nothing":
            yield f"also {', '.join(_HIDDEN.get(one, one) for one in str(value).split(', '))}"
        elif value not in (0, "", "no", "nothing", None, False):
            yield f"{name}: {value}"


_HIDDEN = {"title": "the title of the page", "handle": "the author's handle", "address": "the address"}
_PROGRAMS = {"schoolwatch": "Schoolwatch", "playwright": "Playwright", "python": "Python", "pillow": "Pillow", "imagehash": "ImageHash"}


def made_with(tools: Mapping[str, Any]) -> str:
    """Return by which programs and under which conditions it was made, as a sentence; only what is on record."""
    named = [f"{_PROGRAMS[name]} {tools[name]}" for name in _PROGRAMS if tools.get(name)]
    named += [f"the browser {tools['browser']}"] if tools.get("browser") else []
    named += [f"on {tools['system']}"] if tools.get("system") else []
    said = [f"{', '.join(named)}."] if named else []
    if tools.get("method") == "page without picture":
        said.append("Without a browser: the page was fetched, not photographed.")
    if "sandbox" in tools:
        said.append(f"The browser ran {'inside' if tools['sandbox'] else 'without'} its own sandbox.")
    if tools.get("as_unprivileged_user"):
        said.append("It ran as a user without special rights on the computer.")
    return " ".join(said)


def _page_facts(source: Source) -> Iterator[tuple[str, str]]:
    one, facts = source.evidence, source.facts
    yield "Address asked", one.address
    yield "Address shown in the end", one.final_address
    yield "On the way", "\n".join(str(hop) for hop in _sequence(facts.get("hops"))[:20])
    yield "HTTP status", str(one.status if one.status is not None else "unknown")
    yield "Title of the page", one.title
    yield "Shown author", source.handle
    yield "Took", f"{facts['seconds']} seconds, by {_measured(source)}" if "seconds" in facts else ""
    yield "Clock", _clock(facts.get("clock_moved_by_seconds"))
    yield "Signed in anywhere", "no" if facts.get("logged_in") is False else ""
    yield "Length of the page", page_length(source)


def _measured(source: Source) -> str:
    return "a real clock; the times around it are the demo's" if source.file.demo else "a clock that nobody can set"


def _clock(moved: object) -> str:
    return f"the computer's clock was moved by {moved} seconds while the page was captured" if moved else ""


def time_stamp(token: SealToken | None) -> str:
    """Return how the word of an outside authority stands, in plain words."""
    if token is None:
        return "none: the time rests on the clock of the school's computer"
    if token.state is TokenState.GRANTED:
        return f"{both_times(token.token_at)}, by {token.authority or 'the authority'}"
    if token.state is TokenState.REFUSED:
        return f"the authority's answer does not hold ({token.problem or 'no reason kept'}): the time rests on the school's computer"
    return "asked for, not answered yet: till then the time rests on the clock of the school's computer"


def page_length(source: Source) -> str:
    """Return how much of the page the pictures show: "16,000 of 55,056 px" where it goes on below; empty where that is not known."""
    whole = _mapping(source.facts.get("settled")).get("height")
    parts = [file for file in source.evidence.files if file.name.startswith(FULL_PAGE)]
    if not isinstance(whole, int) or not parts:
        return ""
    kept = sum(height(source.pictures(source.evidence, part)) for part in parts)
    return f"page continues: {kept:,} of {whole:,} px" if kept < whole else f"{whole:,} px, all in the pictures"


def _figures(source: Source, budget: Budget) -> Iterator[Block]:
    shown = sorted((one for one in source.evidence.files if one.media_type.startswith("image/")), key=_in_order)
    if not shown:
        return
    yield Heading("Pictures", 2)
    length = page_length(source)
    for sealed in shown:
        if budget.pieces < 1:
            yield Paragraph(f"{sealed.name}: not printed, for the length of this report; the picture itself stands in the pack.")
            continue
        yield from _one_picture(source, sealed, budget, length if "continues" in length else "")


def _in_order(sealed: SealedFile) -> tuple[int, str]:
    """The post alone first, then the first screen, then the page from top to bottom."""
    return next((place for place, start in enumerate((POST, AS_SEEN, FULL_PAGE)) if sealed.name.startswith(start)), 3), sealed.name


def _one_picture(source: Source, sealed: SealedFile, budget: Budget, length: str) -> Iterator[Block]:
    try:
        parts = list(pieces(source.pictures(source.evidence, sealed), budget.pieces))
    except NoPictureError as reason:
        yield Paragraph(f"{sealed.name}: not printed, {reason}; the file itself stands in the pack.")
        return
    budget.pieces -= len(parts)
    for part in parts:
        where = f"{picture_words(sealed.name)} ({sealed.name}), part {part.number} of {part.of}"
        yield Figure(part.png, _alt(source, where, part), where, part.width, _band(source, where, length))
    if parts and len(parts) < parts[0].of:
        yield Paragraph(f"{sealed.name}: {len(parts)} of {parts[0].of} parts are printed; the whole picture stands in the pack.")


def picture_words(name: str) -> str:
    """Return what a picture of ours shows, in plain words."""
    if name.startswith(FULL_PAGE):
        return "The whole page"
    return {POST: "The post alone", AS_SEEN: "The screen as first seen"}.get(name, "A picture")


def picture_name(name: str) -> str:
    """Return what a kept picture shows, with its number where there are several: "The whole page, part 2", "A picture, number 1"."""
    number = name.rpartition(".")[0].rpartition("-")[2]
    if not number.isdecimal():
        return picture_words(name)
    return f"{picture_words(name)}, {'part' if name.startswith(FULL_PAGE) else 'number'} {int(number)}"


def _alt(source: Source, where: str, part: Piece) -> str:
    text = str(source.post.get("text") or "")
    said = f" The post says: {text[:300]}" if text else ""
    return f"{where}: rows {part.top:,} to {part.bottom:,} of the picture kept as evidence {source.evidence.ref}.{said}"


def _band(source: Source, where: str, length: str) -> tuple[str, ...]:
    one = source.evidence
    moved = one.final_address if one.final_address != one.address else "the same"
    facts: tuple[str, ...]
    if one.kind is EvidenceKind.SUPPLIED:
        facts = (f"SUPPLIED BY A PERSON, NOT CAPTURED BY US: {one.supplied_by or 'not said'}, taken in {both_times(one.captured_at)}",)
    else:
        done = "Parts covered" if one.kind is EvidenceKind.REDACTED else "Captured"
        status = one.status if one.status is not None else "unknown"
        shown = f"title: {cut(one.title, _IN_BAND) or 'none'} · shown author: {cut(source.handle, 80)}"
        facts = (
            f"Asked: {cut(one.address, _IN_BAND)}",
            f"Shown in the end: {cut(moved, _IN_BAND)}",
            f"{done} {both_times(one.captured_at)} by {source.who}",
            f"HTTP status {status} · {shown}",
        )
    return (f"{one.ref} · {where}{f' · {length}' if length else ''}", *facts, f"Witness code: {one.seal_sha256}")


def _words(source: Source) -> Iterator[Block]:
    text = str(source.post.get("text") or "")
    if not text:
        return
    yield Heading("Words of the post, as found", 2)
    yield Paragraph(
        f"Shown author: {source.handle}. Characters that cannot be seen or that change the direction of reading stand as their number, "
        "for example [U+202E]."
    )
    yield Quote(cut(text, MAX_TEXT, "post.json"))


def _done_to_the_page(source: Source) -> Iterator[Block]:
    done = _mapping(source.facts.get("interventions"))
    if done:
        yield Heading("What was done to the page", 2)
        yield Bullets(tuple(interventions(done)))


def interventions(done: Mapping[str, Any]) -> Iterator[str]:
    """Yield each thing that we did to a page or refused it, in plain words: a scroll is an action too."""
    yield "Nothing was clicked or typed, and no consent was given." if not done.get("clicked") else f"Clicks: {done['clicked']}."
    if done.get("scrolled_to_the_end_and_back"):
        yield "It was scrolled to its end and back, so that pictures that come late are there."
    for name, words in _COUNTS.items():
        if done.get(name):
            yield f"{done[name]} {words}."
    for name in sorted(set(done) - set(_COUNTS) - _SILENT):
        if done[name]:
            yield f"{name.replace('_', ' ').capitalize()}: {cut(str(done[name]), MAX_CELL)}."
    hidden = _sequence(done.get("hidden"))
    yield from (f"Hidden while the post alone was photographed: {_hidden(_mapping(one))}." for one in hidden[:MAX_HIDDEN])
    if len(hidden) > MAX_HIDDEN:
        yield f"{len(hidden) - MAX_HIDDEN} more hidden elements are listed in capture.json."


def _hidden(one: Mapping[str, Any]) -> str:
    return cut(", ".join(f"{name} {value}" for name, value in one.items() if value not in ("", None)), MAX_CELL, "capture.json")


def _post(file: CaseFile, evidence: Evidence, pictures: Pictures) -> Mapping[str, Any]:
    """Return the post as it was sealed; for older evidence without it, as the case knows it."""
    sealed = _json(evidence, "post.json", pictures)
    if sealed or evidence.kind is not EvidenceKind.PAGE:
        return sealed
    ids = {item.post_id for item in file.items if item.id == evidence.item_id}
    return next((post.model_dump(mode="json") for post in file.posts if post.id in ids), {})


def _json(evidence: Evidence, name: str, pictures: Pictures) -> Mapping[str, Any]:
    sealed = next((one for one in evidence.files if one.name == name), None)
    if sealed is None:
        return {}
    try:
        return _mapping(json.loads(pictures(evidence, sealed)))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
