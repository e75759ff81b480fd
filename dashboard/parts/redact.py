"""Making a working copy with parts covered: other children's faces and names, before anything leaves the school (domain.md §5.7 rule 5).

What is sealed is the very choice that was looked at: the look comes first, the button to seal stands below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import streamlit as st

from dashboard.parts import notice, refusal, signed_in
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from dashboard.parts.picture_route import picture_address
from dashboard.parts.plain_words import as_is, counted, one_line, visible
from dashboard.parts.redact_squares import open_squares, square_fields, squares_in
from data.model.evidence import Evidence, EvidenceKind
from data.model.people import Permission
from evidence.boxes import Box, Choice, Drawn, RedactionError, typed
from evidence.covering import MARK
from evidence.redaction import Copy
from evidence.report_captures import picture_name
from schoolwatch.redacting import Coverable, Squared

EVERY, SOME, NONE = "Cover every picture", "Cover some pictures", "Cover no picture"
_HIDE = {"Title of the page": "title", "Author's handle": "handle", "Address": "address"}
SEAL, BARE, BARE_TICK = "Seal this copy", "Nothing is covered in this copy.", "I looked: nothing in it needs to be covered"
_SQUARES, _KEPT = "squares named by hand", "everything but one box"
_COVERED = {  # as the copy's own record names it: one, several
    "pictures on the page": ("picture on the page", "pictures on the page"),
    "boxes drawn by hand": ("box drawn by hand", "boxes drawn by hand"),
    _SQUARES: ("square", "squares"),
    "lines of text": ("line of text in the pictures", "lines of text in the pictures"),
}
_ALSO = {"title": "the title of the page", "handle": "the author's handle", "address": "the address"}
_ENOUGH = 100  # pictures of a page that are listed to choose from


@dataclass(frozen=True)
class _Typed:
    """What stands in the form."""

    pictures: str
    numbers: Sequence[int]
    names: str
    hide: Sequence[str]
    squares: Mapping[str, str]  # by the name of the picture
    boxes: str
    only: bool
    files: Sequence[str]

    def choice(self, squares: Sequence[Drawn]) -> Choice:
        """Return it as a choice; `squares`: what the typed ones are. Raises RedactionError for no boxes, or for not one part to keep."""
        parts = (*squares, *(Drawn("", box) for box in typed(self.boxes)))
        if self.only and len(parts) != 1:
            raise RedactionError("to keep only one part, give exactly one square, one range (B3-D5) or exactly one box above")
        return Choice(
            all_pictures=self.pictures == EVERY,
            pictures=tuple(self.numbers) if self.pictures == SOME else (),
            boxes=() if self.only else tuple(one.box for one in parts if not one.picture),
            squares=() if self.only else tuple(squares),
            keep=parts[0].box if self.only else None,
            keep_in=parts[0].picture if self.only else "",
            phrases=tuple(line for line in self.names.splitlines() if line.strip()),
            hide=frozenset(_HIDE[name] for name in self.hide),
            files=tuple(self.files),
        )


def redact(bench: Bench, one: Evidence) -> None:
    """Offer to cover parts of one piece of evidence; nothing in a STOP case, and not for a working copy itself."""
    if bench.case.stop or one.kind is EvidenceKind.REDACTED or not one.files or not bench.may(Permission.CAPTURE):
        return
    key = f"{bench.key('redact')}-{one.id}"
    if not st.toggle("Cover parts of it in a copy", key=f"{key}-on", help="For anybody but the police. The original stays as it is."):
        return
    with st.container(border=True):
        found = refusal.attempt(lambda: bench.desk.redacting.begin(bench.user, one.id))
        if found is not None:
            _cover(bench, found, key)


def _cover(bench: Bench, found: Coverable, key: str) -> None:
    muted("Other children's faces and names are covered for good in a copy; the original stays. You see the copy before it is kept.")
    filled = _form(found, open_squares(bench, found.evidence, key) if found.files else None, key)
    if filled is not None:
        st.session_state.pop(f"{key}-choice", None)
        _look(bench, found, filled, key)
    if f"{key}-choice" not in st.session_state:
        return
    if st.session_state.get(f"{key}-bare"):
        _seal_bare(bench, found.evidence, key)
    elif st.button(SEAL, key=f"{key}-seal", icon=":material/lock:", width="stretch"):
        _seal(bench, found.evidence, key)


def _seal_bare(bench: Bench, one: Evidence, key: str) -> None:
    """Ask for a tick before a copy is sealed in which nothing is covered: it looks like one that may be given away."""
    st.error(f"**{BARE}** Every face and every name in it can be seen by whoever gets it.", icon=":material/warning:")
    with st.form(f"{key}-bare-form", border=False):  # a tick by itself would draw the page anew, without the look above
        ticked = st.checkbox(BARE_TICK, key=f"{key}-bare-{st.session_state[f'{key}-bare']}")
        pressed = st.form_submit_button(SEAL, icon=":material/lock:", width="stretch")
    if pressed and ticked:
        _seal(bench, one, key)
    elif pressed:
        st.error(f'Not sealed: tick "{BARE_TICK}" first, or cover something and look at the copy again.', icon=":material/block:")


def _form(found: Coverable, seen: Squared | None, key: str) -> _Typed | None:
    """Ask what to cover; return it when the button was pressed."""
    if found.phrases:
        st.text(f"Covered in this case already, and again here: {one_line('; '.join(found.phrases), 400)}")
    with st.form(f"{key}-form", border=False):
        pictures, numbers = _ask_pictures(found, key)
        typed_names = st.text_area(
            "Names to cover, one on each line",
            key=f"{key}-names",
            height=80,
            placeholder="First and last name; the last name alone on a line of its own",
            help="Found in any case, joined, last name first, inside longer words. Nicknames and initials need lines of their own.",
        )
        hide = st.multiselect("Also cover", list(_HIDE), key=f"{key}-hide")
        squares = square_fields(found.evidence, found.files, seen, key)
        boxes = _ask_boxes(key)
        only = st.checkbox("The other way round: keep only this one part", key=f"{key}-only")
        every = list(found.files)
        files = st.multiselect("Pictures that go into the copy", every, default=every, format_func=picture_name, key=f"{key}-files")
        pressed = st.form_submit_button("Look at the copy first", icon=":material/visibility:")
    return _Typed(pictures, numbers, typed_names or "", hide, squares, boxes, only, files) if pressed else None


def _ask_boxes(key: str) -> str:
    with st.expander("Exact boxes, in pixels"):
        boxes = st.text_area(
            "Boxes drawn by hand: left, top, width, height in pixels, one on each line",
            key=f"{key}-boxes",
            height=80,
            placeholder="100, 640, 300, 200",
            help="Counted from the top left corner of the page.",
        )
    return boxes or ""


def _ask_pictures(found: Coverable, key: str) -> tuple[str, Sequence[int]]:
    if not found.pictures:
        muted("No map of the pictures on this page was kept: faces are covered by squares, or by boxes drawn by hand.")
        return NONE, ()
    answer = st.radio("Pictures on the page", (EVERY, SOME, NONE), key=f"{key}-pictures")
    listed = range(1, min(len(found.pictures), _ENOUGH) + 1)
    numbers = st.multiselect(
        "If some: which?", listed, format_func=lambda number: _picture_line(number, *found.pictures[number - 1]), key=f"{key}-numbers"
    )
    return answer or EVERY, numbers


def _picture_line(number: int, box: Box, words: str) -> str:
    told = f": {one_line(words, 60)}" if words.strip() else ""
    return f"{number}. {box.y:,} px from the top, {box.x:,} from the left, {box.width:,} by {box.height:,}{told}"


def _look(bench: Bench, found: Coverable, filled: _Typed, key: str) -> None:
    one = found.evidence
    choice = refusal.attempt(lambda: filled.choice(bench.desk.redacting.named(bench.user, one.id, filled.squares)))
    if choice is None:
        return
    seen = refusal.attempt(lambda: bench.desk.redacting.preview(bench.user, signed_in.token(), one.id, choice))
    if seen is None:
        return
    st.session_state[f"{key}-choice"] = choice
    st.session_state[f"{key}-bare"] = _next_bare(key) if is_bare(seen.made) else 0
    _told(seen.made, covered_words(seen.made, filled.squares))
    for name, token in seen.pictures:
        st.markdown(f"![Working copy: {as_is(picture_name(name))}]({picture_address(one.id, name, token)})")
        muted(f"{as_is(picture_name(name))}, as it would be sealed")
    if seen.text:
        muted("The words of the post in the copy:")
        st.text(visible(seen.text)[:2_000])
    st.warning("Look at every face and name before you seal it. What is still to be seen here goes out.", icon=":material/visibility:")


def _next_bare(key: str) -> int:
    """Return a number for this look: a tick that was set for an earlier one does not count."""
    number = int(st.session_state.get(f"{key}-looks", 0)) + 1
    st.session_state[f"{key}-looks"] = number
    return number


def is_bare(made: Copy) -> bool:
    """Whether nothing is covered: in no picture, and no words of the post or about it either."""
    return not covered_words(made, {}) and MARK not in made.text()


def covered_words(made: Copy, typed_squares: Mapping[str, str]) -> tuple[str, ...]:
    """Return in plain words what is covered in a copy: what there is none of is left out, a range of squares is counted by its squares."""
    told = made.covered
    kept = () if told.get(_KEPT) != "yes" else ("everything but the one part that is kept",)
    squares = sum(squares_in(text) for text in typed_squares.values())
    if squares and not kept:
        told = told | {_SQUARES: squares}
    numbers = [counted(value, *_COVERED[name]) for name, value in told.items() if name in _COVERED and isinstance(value, int) and value]
    hidden = str(told.get("also covered") or "nothing")
    also = [words for name, words in _ALSO.items() if name in hidden.split(", ")]
    return (*kept, *numbers, *also)


def _told(made: Copy, covered: Sequence[str]) -> None:
    for warning in made.warnings:
        name, colon, rest = warning.partition(": ")
        said = f"{picture_name(name)}: {rest}" if colon and f"{name.rpartition('.')[0]}.png" in made.files else warning
        st.warning(as_is(f"{said[:1].upper()}{said[1:]}."), icon=":material/warning:")
    if covered:
        muted(as_is(f"Covered: {'; '.join(covered)}"))
    with st.expander(f"Left out of the copy: {counted(len(made.left_out), 'file', 'files')}"):
        st.text("\n".join(made.left_out))


def _seal(bench: Bench, one: Evidence, key: str) -> None:
    choice: Choice = st.session_state[f"{key}-choice"]
    made = refusal.attempt(lambda: bench.desk.redacting.make(bench.user, one.id, choice))
    if made is None:
        return
    st.session_state.pop(f"{key}-choice", None)
    notice.leave(f"Sealed as {made.ref}. It stands under the working copies and goes into the redacted pack.")
    st.rerun()


def redacted_pack(bench: Bench) -> None:
    """Draw the way to the pack with working copies only; without any copy, say what to do first."""
    if all(one.kind is not EvidenceKind.REDACTED for one in bench.file.evidence):
        muted('For anybody but the police other children must be covered first: "Cover parts of it in a copy", at the evidence.')
        return
    st.link_button(
        "Download the pack with parts covered",
        f"/pack/{quote(bench.case.id, safe='')}?variant=redacted",
        icon=":material/download:",
        key=bench.key("pack-redacted"),
        width="stretch",
        help="Working copies only; the names that were covered are covered in every text of it.",
    )
