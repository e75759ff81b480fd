"""What people bring: screenshots of a telephone, e-mails, recordings, transcripts (domain.md §5.7 rule 4, policy A14).

The bytes stay as they came, under our own fixed names (`supplied-01.png`); what the device called a file is kept as text in
`supplied.json`, with who brought it, how and when it was made, and what each file says of itself. Such evidence is a kind of its own:
supplied by a person, not captured by us, and never mixed with our captures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

from data.model.evidence import CaptureOrder, Completeness, Evidence, EvidenceKind
from evidence.custody import CustodyDraft
from evidence.errors import Refused, SuppliedRefusedError
from evidence.file_facts import PLACE_WARNING, facts_of, holds_place, words_of
from evidence.file_kinds import KINDS, FileKind, kind_of, refused
from evidence.guard import may_capture
from evidence.preflight import PageWords
from evidence.seal import LogLine, Sealer, canonical, sha256, sha512, stamp

LONDON = ZoneInfo("Europe/London")
MOST_FILES = 10
MOST_BYTES = 40 * 1024 * 1024  # of one file
MOST_TOGETHER = 120 * 1024 * 1024  # of all files of one piece of evidence
FACTS = "supplied.json"
STEM = "supplied-"
ENDINGS = tuple(sorted({*KINDS, "jpeg", "heif", "avif", "opus", "oga", "m4v"}))  # what a file chooser offers
_SAME = {"jpeg": "jpg", "heif": "heic", "avif": "heic", "opus": "ogg", "oga": "ogg", "m4v": "mp4"}
_TO_HEAR_OR_SEE = frozenset({"sound", "film"})  # telephones share their endings
NOT_OURS = "Supplied by a person, not captured by us."
_LONGEST_NAME, _LONGEST_LINE, _LONGEST_TEXT = 255, 200, 4_000


@dataclass(frozen=True)
class Brought:
    """One file as it came: what the device called it, and its bytes."""

    given_name: str
    content: bytes


@dataclass(frozen=True)
class Account:
    """What a person says about what they brought. Times carry a zone."""

    supplied_by: str  # a role rather than a name: "a parent", "the form teacher"
    how: str  # how it was made, in their words
    shows: str
    handed_over_at: datetime
    made_at: datetime | None = None  # None: they do not know
    device_kept_by: str = ""


@dataclass(frozen=True)
class TakenBy:
    """Who takes it in, in which role, for which case and as its how-manieth piece of evidence; `address`: to which it belongs, if any."""

    user_id: str
    role: str
    case_ref: str
    number: int
    address: str = ""


def checked(files: Sequence[Brought]) -> tuple[FileKind, ...]:
    """Return each file's kind; raises SuppliedRefusedError naming the first that is not taken in, and the mend. Nothing is kept here."""
    if not files:
        raise SuppliedRefusedError("no file was chosen; choose at least one")
    if len(files) > MOST_FILES:
        raise SuppliedRefusedError(f"{len(files)} files are too many at once; bring at most {MOST_FILES}, then the others")
    kinds = tuple(_checked(number, file, len(files)) for number, file in enumerate(files, start=1))
    if sum(len(file.content) for file in files) > MOST_TOGETHER:
        raise SuppliedRefusedError(f"the files are larger than {_mb(MOST_TOGETHER)} together; bring them in two parts")
    return kinds


def _checked(number: int, file: Brought, of: int) -> FileKind:
    which = f"file {number} of {of}" if of > 1 else "the file"
    if not file.content:
        raise SuppliedRefusedError(f"{which} is empty; choose it again, or ask for it anew")
    if len(file.content) > MOST_BYTES:
        raise SuppliedRefusedError(f"{which} is larger than {_mb(MOST_BYTES)}; ask for a shorter recording or a smaller copy")
    what = refused(file.given_name, file.content)
    if what is not None:
        raise SuppliedRefusedError(f"{which} is {what}; bring pictures, e-mails, recordings, PDF or plain text, each by itself")
    kind = kind_of(file.content)
    if kind is None:
        raise SuppliedRefusedError(
            f"{which} is of a kind that is not known here; bring a picture, an e-mail, a recording, PDF or plain text"
        )
    return kind


def _mb(size: int) -> str:
    return f"{size // 1024 // 1024} MB"


def supply(
    order: CaptureOrder, files: Sequence[Brought], account: Account, by: TakenBy, *, sealer: Sealer, now: datetime
) -> tuple[Evidence, tuple[CustodyDraft, ...]]:
    """Seal what was brought as one piece of evidence; return it and its custody events.

    `order` holds the answer to the safety question. Raises CaptureForbiddenError without a clear "no" (nothing is kept),
    SuppliedRefusedError for a file or an account that cannot be taken in, EvidenceError when the disk refuses.
    """
    may_capture(order.answer, stop=False, category=None, what=Refused.UPLOAD)
    kinds, said = checked(files), _said(account, now)
    kept = {
        f"{STEM}{number:02d}.{kind.ending}": file.content for number, (file, kind) in enumerate(zip(files, kinds, strict=True), start=1)
    }
    about = [_about(name, file, kind) for name, file, kind in zip(kept, files, kinds, strict=True)]
    draft = _draft(order, said, by, about, now)
    steps = _steps(order, draft, len(files), now)
    kept[FACTS] = canonical(_facts(order, said, by, about, now))
    log = tuple(LogLine(at, by.user_id, by.role, what, detail) for at, what, detail in steps)
    sealed = sealer.seal(draft, kept, log, now)
    custody = (*steps, (now, "sealed", sealed.seal_sha256))
    return sealed, tuple(
        CustodyDraft(at=at, by=by.user_id, evidence_id=sealed.id, what=what, detail=detail) for at, what, detail in custody
    )


def words_in(files: Sequence[Brought], account: Account) -> PageWords:
    """Return the words of what was brought and of what was said about it: what is read before anything is kept (evidence.md §8.3)."""
    said = (account.shows, account.how, *(words_of(kind, file.content) for kind, file in zip(checked(files), files, strict=True)))
    return PageWords(address="", title="", text="\n".join(said), links=tuple(file.given_name for file in files))


def is_same(evidence: Evidence, other: Evidence) -> bool:
    """Whether two pieces of evidence hold the very same files, whatever was said about them."""
    return _contents(evidence) == _contents(other)


def _contents(evidence: Evidence) -> set[str]:
    return {file.sha256 for file in evidence.files if file.name.startswith(STEM)}


def _said(account: Account, now: datetime) -> Account:
    """Return the account cleaned; raises SuppliedRefusedError naming what is missing, too long or not possible."""
    if account.handed_over_at > now or (account.made_at is not None and account.made_at > now):
        raise SuppliedRefusedError("a time lies in the future; give the time at which it happened")
    if account.made_at is not None and account.made_at > account.handed_over_at:
        raise SuppliedRefusedError("it cannot have been made after it was handed over; mend one of the two times")
    return Account(
        supplied_by=_line(account.supplied_by, "who supplied it", _LONGEST_LINE),
        how=_line(account.how, "how it was made", _LONGEST_TEXT),
        shows=_line(account.shows, "what it shows", _LONGEST_TEXT),
        handed_over_at=account.handed_over_at,
        made_at=account.made_at,
        device_kept_by=_storable(account.device_kept_by)[:_LONGEST_LINE],
    )


def _line(text: str, what: str, longest: int) -> str:
    words = _storable(text)
    if not words:
        raise SuppliedRefusedError(f"say {what}; one line is enough")
    if len(words) > longest:
        raise SuppliedRefusedError(f"what you wrote on {what} is longer than {longest:,} characters; shorten it")
    return words


def _storable(text: str) -> str:
    """Return text that every database and file takes: without NUL, and without halves of signs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode().strip()


def _about(name: str, file: Brought, kind: FileKind) -> dict[str, Any]:
    return {
        "name": name,
        "given_name": _storable(file.given_name)[:_LONGEST_NAME],
        "kind": kind.words,
        "bytes": len(file.content),
        "sha256": sha256(file.content),
        "sha512": sha512(file.content),
        "says_of_itself": facts_of(kind, file.content),
        **({"name_and_bytes_differ": differs} if (differs := otherwise(file)) else {}),
    }


def otherwise(file: Brought) -> str:
    """Return in words that a file's given name says one kind and its bytes another; empty when they agree or the name says none of ours."""
    ending = file.given_name.rpartition(".")[2].strip().lower() if "." in file.given_name else ""
    named, real = KINDS.get(_SAME.get(ending, ending)), kind_of(file.content)
    if named is None or real is None or named == real or {named.words.split()[0], real.words.split()[0]} <= _TO_HEAR_OR_SEE:
        return ""
    return f"its name says {named.words}, its bytes say {real.words}"


def _draft(order: CaptureOrder, said: Account, by: TakenBy, about: Sequence[Mapping[str, Any]], now: datetime) -> Evidence:
    return Evidence(
        id=f"e{order.id}",
        ref=f"{by.case_ref}-E{by.number}",
        case_id=order.case_id,
        item_id=order.item_id,
        order_id=order.id,
        address=by.address,
        final_address=by.address,
        status=None,
        title="",
        captured_at=now,
        captured_by=by.user_id,
        completeness=Completeness.SUPPLIED,
        note=_note(said, about),
        manifest_sha256="",
        tools={"schoolwatch": version("schoolwatch"), "method": "supplied by a person", "pillow": version("pillow")},
        kind=EvidenceKind.SUPPLIED,
        supplied_by=said.supplied_by,
        supplied_how=said.how,
        supplied_at=said.handed_over_at,
    )


def _note(said: Account, about: Sequence[Mapping[str, Any]]) -> str:
    made = f"{said.made_at.astimezone(LONDON):%d %b %Y, %H:%M} UK time" if said.made_at else "not known"
    placed = [str(one["name"]) for one in about if holds_place(one["says_of_itself"])]
    words = [NOT_OURS, f"It shows: {said.shows.rstrip('.')}.", f"Made, as they say: {made}."]
    words += [f"The original device is kept by {said.device_kept_by.rstrip('.')}."] if said.device_kept_by else []
    words += [f"Take care: {', '.join(placed)} {PLACE_WARNING}."] if placed else []
    return " ".join(words)


def _facts(order: CaptureOrder, said: Account, by: TakenBy, about: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """Return what stands in `supplied.json`."""
    return {
        "schoolwatch": "supplied",
        "ref": f"{by.case_ref}-E{by.number}",
        "statement": NOT_OURS,
        "safety_answer": order.answer.value if order.answer else None,
        "supplied_by": said.supplied_by,
        "how_it_was_made": said.how,
        "shows": said.shows,
        "made_as_they_say_utc": stamp(said.made_at) if said.made_at else None,
        "handed_over_utc": stamp(said.handed_over_at),
        "original_device_kept_by": said.device_kept_by,
        "taken_in_utc": stamp(now),
        "taken_in_london": now.astimezone(LONDON).isoformat(),
        "taken_in_by": {"id": by.user_id, "role": by.role},
        "belongs_to_address": by.address,
        "files": [dict(one) for one in about],
    }


def _steps(order: CaptureOrder, draft: Evidence, files: int, now: datetime) -> tuple[tuple[datetime, str, str], ...]:
    """Return when, what and detail of each step up to the seal. No words of a person: the custody chain is never shortened."""
    return (
        (order.ordered_at, "opened", f"order {order.id}, {draft.ref}"),
        (order.ordered_at, "safety answer", order.answer.value if order.answer else "none"),
        (now, "supplied", f"{files} file{'s' if files > 1 else ''}, by a person"),
    )
