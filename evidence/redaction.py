"""Working copies with parts covered for good: boxes burned into pictures, phrases taken out of texts (domain.md §5.7 rule 5).

A copy holds what was chosen and nothing of what lies under it: pictures are written anew from their pixels alone; the page's source, its
text, the archives and the network log are left out. It is a new piece of evidence that names its original, which stays as it is.

What the map of the page does not fit is left out of the copy, and said.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from PIL import Image

from data.model.base import Record
from data.model.cases import CaseEvent
from data.model.evidence import Evidence, EvidenceKind
from evidence.alignment import agrees, is_top, looks_alike
from evidence.boxes import Box, Choice, PageMap, RedactionError, boxes, cover, is_pixel, lines_with, page_map, pictures_to_cover
from evidence.covering import MARK, cleaned, covered, covered_everywhere, is_phrase
from evidence.report import CaseFile, both_times
from evidence.report_pictures import NoPictureError, decoded
from evidence.seal import canonical

POST, AS_SEEN, FULL_PAGE = "post.png", "screen-as-seen.png", "page-full-"
LAYOUT, FACTS, POST_FACTS = "layout.json", "capture.json", "post.json"
MADE = "redacted copy made"  # the word in the case's history; its fields name the copy and hold the phrases
NO_MAP = "no map of this page was kept: words and faces in the pictures are covered only by squares or boxes named by hand"
OTHERWISE = "it shows something else where squares were named on another picture; name squares on this one too, then it is put in"
DIFFERS = "it shows something else where squares were named on another picture: look whether everything is covered in it"
NOTHING_KEPT = "nothing of it was to be kept"
CUT = "the page holds more than its map, so that not everything to be covered is known"
MOVED = "the page moved while its pictures were taken, so that the map of the page does not fit them"
NO_PLACE = "where it stood on the page was not noted"
_CARRIED = ("status", "seconds", "hops", "settled", "interventions", "logged_in")
_POST_FACTS = ("text", "platform", "lang", "posted_at_claimed", "first_seen_utc", "last_seen_utc", "counts")
_CHOSEN = {"author_handle": "handle", "author_name": "handle", "address": "address", "permalink": "address", "native_id": "address"}


OfRecord = TypeVar("OfRecord", bound=Record)


@dataclass(frozen=True)
class Original:
    """What a copy is made of: the sealed record, and the way to the bytes of its files."""

    evidence: Evidence
    read: Callable[[str], bytes]  # by file name

    def names(self) -> tuple[str, ...]:
        """Return the names of its pictures."""
        return tuple(one.name for one in self.evidence.files if one.media_type.startswith("image/"))

    def facts(self, name: str) -> dict[str, Any]:
        """Return one of its JSON files; empty when there is none, or it is none."""
        if all(one.name != name for one in self.evidence.files):
            return {}
        try:
            found = json.loads(self.read(name))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Copy:
    """The files of a working copy, what was covered (kinds and numbers, never words), and what was left out and why."""

    files: dict[str, bytes] = field(default_factory=dict)
    covered: dict[str, int | str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the words of the post as the copy gives them; empty without a post."""
        return str(json.loads(self.files[POST_FACTS]).get("text") or "") if POST_FACTS in self.files else ""


def make_copy(original: Original, choice: Choice) -> Copy:
    """Return the files of the working copy but `capture.json`; raises RedactionError, PhraseError."""
    if original.evidence.kind is EvidenceKind.REDACTED:
        raise RedactionError("this is a working copy already; make another one from its original")
    choice = whole(original, choice)
    _check_files(original, choice)
    found = page_map(original.facts(LAYOUT))
    covering = boxes(found, choice)
    chosen = choice.files or original.names()
    files, left_out = {}, [f"{name}: not chosen" for name in original.names() if name not in chosen]
    for name in chosen:
        everything = (*covering, *(one.box for one in choice.squares if _same_ground(original, one.picture, name)))
        try:
            files[_copy_name(name)] = cover(_fitting(original, name, found, choice), everything, at=place(original, name), keep=choice.keep)
        except RedactionError as reason:
            left_out.append(f"{name}: {reason}")
    post = _post(original, choice)
    files |= {POST_FACTS: canonical(post)} if post else {}
    if not files:
        raise RedactionError("nothing would be left in this copy: " + "; ".join(left_out or ["the original has no picture and no text"]))
    kept_back = [f"{one.name}: never part of a working copy" for one in original.evidence.files if _never(one.name, original.names())]
    warnings = (NO_MAP,) if choice.by_map and not found.is_known else ()
    return Copy(files, _counted(found, choice), (*left_out, *kept_back), (*warnings, *_differing(original, choice, files)))


def whole(original: Original, choice: Choice) -> Choice:
    """Return the choice with everything that follows from it: a covered handle or address is covered wherever else it stands."""
    one, post = original.evidence, original.facts(POST_FACTS)
    handles = [str(post.get(name) or "").strip("@").partition("@")[0] for name in ("author_handle", "author_name")]
    addresses = [one.address, one.final_address, *(str(post.get(name) or "") for name in ("address", "permalink"))]
    also = [words for words in (*handles * ("handle" in choice.hide), *addresses * ("address" in choice.hide)) if is_phrase(words)]
    return replace(choice, phrases=cleaned((*choice.phrases, *also)))


def _check_files(original: Original, choice: Choice) -> None:
    unknown = [name for name in (*choice.files, *(one.picture for one in choice.seen)) if name not in original.names()]
    if unknown:
        raise RedactionError(f"'{unknown[0]}' is no picture of {original.evidence.ref}")


def _never(name: str, pictures: Sequence[str]) -> bool:
    return name not in {*pictures, POST_FACTS, FACTS, "custody.jsonl"}


def _copy_name(name: str) -> str:
    return f"{name.rsplit('.', 1)[0]}.png"


def _fitting(original: Original, name: str, found: PageMap, choice: Choice) -> bytes:
    """Return the picture, if the map may be trusted to say where things stand in it; raises RedactionError otherwise."""
    _check_map(original, found, choice)
    if choice.keep and choice.keep_in and not _holds_kept(original, name, choice.keep, choice.keep_in):
        raise RedactionError(NOTHING_KEPT)
    if name == POST and not _is_noted(original) and not _by_its_own_squares(choice):
        raise RedactionError(NO_PLACE)
    if _is_otherwise(original, name, choice) and all(one.picture != name for one in choice.seen):
        raise RedactionError(OTHERWISE)
    content = original.read(name)
    if not (choice.by_map and found.is_known) or name.startswith(FULL_PAGE):
        return content
    parts = tuple(_pixels(original.read(one)) for one in _parts(original))
    if name == AS_SEEN and not is_top(_pixels(content), parts):
        raise RedactionError("it looked different from the whole page, so the map of the page does not fit it")
    if name == POST and not agrees(_pixels(content), place(original, name), parts, found, boxes(found, choice)):
        raise RedactionError("what is to be covered stood elsewhere on the whole page, so the map of the page does not fit it")
    return content


def _check_map(original: Original, found: PageMap, choice: Choice) -> None:
    if choice.by_map and _has_moved(original, found):
        raise RedactionError(MOVED)
    if found.cut and (choice.all_pictures or choice.phrases):
        raise RedactionError(CUT)


def _is_noted(original: Original) -> bool:
    return original.facts(FACTS).get("post_picture") is not None


def _by_its_own_squares(choice: Choice) -> bool:
    """Whether all that is to be covered was named on pictures, and some of it on the post's own."""
    is_typed = choice.by_map or choice.boxes or (choice.keep and not choice.keep_in)
    return not is_typed and any(one.picture == POST for one in choice.seen)


def _has_moved(original: Original, found: PageMap) -> bool:
    """Whether the page's pictures show it otherwise than its map: the recorder read that twice.

    Of a map that was read once only the first screen can tell; it is taken before pictures further down are loaded.
    """
    steady = original.facts(LAYOUT).get("steady")
    if isinstance(steady, bool):
        return not steady
    parts = tuple(_pixels(original.read(one)) for one in _parts(original))
    return found.is_known and bool(parts) and AS_SEEN in original.names() and not is_top(_pixels(original.read(AS_SEEN)), parts)


def _same_ground(original: Original, one: str, other: str) -> bool:
    """Whether what is named on one picture holds for the other: on itself, and between pictures that stand on one page."""
    return one == other or (_on_page(original, one) and _on_page(original, other))


def _on_page(original: Original, name: str) -> bool:
    stands = name == AS_SEEN or name.startswith(FULL_PAGE) or (name == POST and _is_noted(original))
    return original.evidence.kind is EvidenceKind.PAGE and stands


def _holds_kept(original: Original, name: str, keep: Box, where: str) -> bool:
    at, picture = place(original, name), _pixels(original.read(name))
    across = max(at[0], keep.x) < min(at[0] + picture.width, keep.x + keep.width)
    return _same_ground(original, where, name) and across and max(at[1], keep.y) < min(at[1] + picture.height, keep.y + keep.height)


def _is_otherwise(original: Original, name: str, choice: Choice) -> bool:
    """Whether a picture shows something else at a place that was named on another one: what is meant may then stand beside the box.

    Where the post's own picture stood nobody may know: what was named on it may then stand anywhere on the page.
    """
    if name != POST and not _is_noted(original) and any(one.picture == POST for one in choice.seen):
        return True
    elsewhere = [one for one in choice.seen if one.picture != name and _same_ground(original, one.picture, name)]
    if not elsewhere:
        return False
    at, mine = place(original, name), _pixels(original.read(name))
    theirs = {one: (_pixels(original.read(one)), place(original, one)) for one in {one.picture for one in elsewhere}}
    return not all(looks_alike(mine, at, *theirs[one.picture], one.box) for one in elsewhere)


def _differing(original: Original, choice: Choice, made: Collection[str]) -> tuple[str, ...]:
    """Return a warning for each picture that goes in although it shows something else at a place that was named on another one."""
    own = sorted({one.picture for one in choice.seen})
    return tuple(f"{name}: {DIFFERS}" for name in own if _copy_name(name) in made and _is_otherwise(original, name, choice))


def _parts(original: Original) -> list[str]:
    return sorted(one for one in original.names() if one.startswith(FULL_PAGE))


def place(original: Original, name: str) -> tuple[int, int]:
    """Return where a picture stands on the page; the post's own one stands for itself when nobody noted it. Raises RedactionError."""
    if name.startswith(FULL_PAGE):
        return 0, sum(_pixels(original.read(one)).height for one in _parts(original) if one < name)
    if name != POST or not _is_noted(original):
        return 0, 0
    noted = original.facts(FACTS).get("post_picture")
    if not isinstance(noted, dict) or not all(is_pixel(noted.get(part)) for part in ("x", "y", "width", "height")):
        raise RedactionError(NO_PLACE)
    if _pixels(original.read(name)).size != (round(noted["width"]), round(noted["height"])):
        raise RedactionError("its size is not the one that was noted")
    return round(noted["x"]), round(noted["y"])


def _pixels(content: bytes) -> Image.Image:
    try:
        return decoded(content)
    except NoPictureError as error:
        raise RedactionError(f"a picture cannot be covered: {error}") from error


def _post(original: Original, choice: Choice) -> dict[str, Any]:
    """Return what may be told of the post: its words without the phrases, and who and where unless these are covered."""
    known = original.facts(POST_FACTS)
    kept = {name: known[name] for name in _POST_FACTS if known.get(name) is not None}
    kept |= {name: MARK if kind in choice.hide else known[name] for name, kind in _CHOSEN.items() if known.get(name)}
    found: dict[str, Any] = covered_everywhere(kept, choice.phrases)
    return found


def _counted(found: PageMap, choice: Choice) -> dict[str, int | str]:
    """Return what kinds of things were covered, and how many; never the words."""
    return {
        "pictures on the page": len(pictures_to_cover(found, choice)),
        "boxes drawn by hand": len(choice.boxes),
        "squares named by hand": len(choice.squares),
        "lines of text": len(list(lines_with(found, choice.phrases))),
        "phrases covered in texts": len(choice.phrases),
        "everything but one box": "yes" if choice.keep else "no",
        "also covered": ", ".join(sorted(choice.hide)) or "nothing",
    }


def copy_facts(original: Original, copy: Copy, choice: Choice, *, who: Mapping[str, str], at: datetime) -> bytes:
    """Return the copy's `capture.json`: of which original it is, who covered what kinds of things and when, and what is left out.

    What the page itself says of the original (hidden elements, hops) goes through the same cover.
    """
    one = original.evidence
    choice, known = whole(original, choice), original.facts(FACTS)
    carried = {name: known[name] for name in _CARRIED if name in known}
    if isinstance(carried.get("interventions"), dict):  # numbers only: what was hidden is told with words of the page
        carried["interventions"] = {name: value for name, value in carried["interventions"].items() if isinstance(value, (int, float))}
    if "address" in choice.hide:
        carried.pop("hops", None)
    captured = {"ref": one.ref, "kind": one.kind.value, "captured": both_times(one.captured_at), "witness_code": one.seal_sha256}
    facts = covered_everywhere(carried, choice.phrases) | {
        "kind": EvidenceKind.REDACTED.value,
        "original": captured,
        "who": dict(who),
        "made_utc": at.isoformat(),
        "covered": copy.covered,
        "left_out": list(copy.left_out),
    }
    return canonical(facts)


def shown_as(original: Original, choice: Choice) -> dict[str, str]:
    """Return title, addresses and note as the copy's record shows them."""
    phrases = whole(original, choice).phrases
    kinds = {"address": "address", "final_address": "address", "title": "title", "note": "note"}
    values = {name: str(getattr(original.evidence, name)) for name in kinds}
    return {name: MARK if kinds[name] in choice.hide else covered(value, phrases) for name, value in values.items()}


def phrases_of(events: Sequence[CaseEvent]) -> tuple[str, ...]:
    """Return every phrase that was covered in this case so far: all of them are covered in everything that goes out redacted."""
    return tuple(dict.fromkeys(phrase for event in events for phrase in _phrases(event)))


def _phrases(event: CaseEvent) -> tuple[str, ...]:
    return tuple(str(one) for one in event.fields.get("phrases") or ()) if event.what == MADE else ()


def copies_that_count(evidence: Sequence[Evidence], events: Sequence[CaseEvent]) -> tuple[Evidence, ...]:
    """Return the newest working copy of each original, if it covers every phrase of the case.

    An older one may show what was covered since; it must be made anew.
    """
    needed = set(phrases_of(events))
    whole = {event.fields.get("evidence_id") for event in events if event.what == MADE and set(_phrases(event)) >= needed}
    newest: dict[str | None, Evidence] = {}
    for one in sorted((one for one in evidence if one.kind is EvidenceKind.REDACTED), key=lambda one: (one.captured_at, one.ref)):
        if one.id in whole:
            newest[one.derived_from] = one
    return tuple(newest.values())


_FIXED = frozenset({"ref", "by", "slot", "drafted_by", "sent_by", "owner_id"})  # ids and numbers of ours, like all that end in `_id`
_THEIRS = frozenset({"author_id", "native_id", "parent_id", "thread_id"})  # a site's own ids are often names
_TAKEN_OUT: dict[str, object] = {  # they would give away what is covered
    "text_hash": "",
    "media": (),
    "raw_html": None,
    "raw": {},
    "fields": {},
    "answer_sha256": None,
}


def redacted_case_file(file: CaseFile, phrases: Sequence[str]) -> CaseFile:
    """Return the case with the phrases covered in every text of it, and with those working copies only that count.

    Ids, hashes, the sealed records and the custody lines stay: a changed one would not fit its seal or the chain. Of an original that
    stays with the school its number may be told, nothing else. What the sites answered to our checks is taken out.
    """
    wanted = cleaned(phrases)
    copies = {one.id for one in copies_that_count(file.evidence, file.events)}
    return replace(
        file,
        school=_covered_record(file.school, wanted),
        case=_covered_record(file.case, wanted),
        items=tuple(_covered_record(one, wanted) for one in file.items),
        posts=tuple(_covered_record(one, wanted) for one in file.posts),
        events=tuple(_covered_record(one, wanted) for one in file.events),
        requests=tuple(_covered_record(one, wanted) for one in file.requests),
        checks=tuple(_covered_record(one, wanted) for one in file.checks),
        evidence=tuple(one for one in file.evidence if one.kind is not EvidenceKind.REDACTED or one.id in copies),
        names={user: covered(name, wanted) for user, name in file.names.items()},
    )


def _covered_record(record: OfRecord, phrases: Sequence[str]) -> OfRecord:
    values = {name: getattr(record, name) for name in type(record).model_fields}
    changed = {name: _covered_value(name, value, phrases) for name, value in values.items()}
    return record.model_copy(update={name: value for name, value in changed.items() if value != values[name]})


def _covered_value(name: str, value: object, phrases: Sequence[str]) -> object:
    if name in _TAKEN_OUT:
        return _TAKEN_OUT[name]
    is_ours = name == "id" or (name.endswith("_id") and name not in _THEIRS) or name in _FIXED
    return value if is_ours or isinstance(value, Enum) else covered_everywhere(value, phrases)
