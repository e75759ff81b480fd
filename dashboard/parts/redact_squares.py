"""Faces to cover, by squares: the pictures with letters and numbers over them, and under each a field for what is read off it.

The pictures are shown as everywhere in a case: on a click that is recorded, lightly blurred first for who chose that, by addresses that
work once. While the form is in use they stay; after ten minutes without a click they are gone, and what was typed stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.parts import refusal, signed_in
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from dashboard.parts.picture_route import picture_address
from dashboard.parts.plain_words import as_is
from data.model.evidence import Evidence
from evidence.boxes import RedactionError
from evidence.report_captures import picture_name
from evidence.squares import ACROSS, Grid, named
from schoolwatch.redacting import Shown, Squared

SHOW, SHARP = "Show the pictures with squares over them", "Show them sharp"
_COUNTED = Grid(ACROSS, 99_999)  # a pixel for each square
_HELP = "A letter and a number for one square, two with a dash for all between them. Small letters and blanks will do."


def open_squares(bench: Bench, one: Evidence, key: str) -> Squared | None:
    """Offer to show the pictures with squares; return what of them stands on the page now."""
    with st.container():  # one place whatever stands in it: the form below is not drawn anew, and keeps what is being typed
        return _offered(bench, one, key)


def _offered(bench: Bench, one: Evidence, key: str) -> Squared | None:
    muted("Faces: look at the pictures with squares over them, and type the squares in which a face is. That you looked is recorded.")
    pressed = st.button(SHOW, key=f"{key}-show", icon=":material/grid_on:", width="stretch")
    found = refusal.attempt(lambda: _found(bench, one, key, pressed=pressed))
    if found is None:
        return None
    st.session_state[f"{key}-squares"] = found
    st.session_state[f"{key}-opened"] = True
    if found.is_blurred:
        help_ = "On the same look. That you saw them sharp is recorded too."
        st.button(SHARP, key=f"{key}-sharp", on_click=_remember, args=(f"{key}-sharpen",), help=help_, width="stretch")
    return found


def _found(bench: Bench, one: Evidence, key: str, *, pressed: bool) -> Squared | None:
    desk, token = bench.desk.redacting, signed_in.token()
    before, sharpen = st.session_state.pop(f"{key}-squares", None), st.session_state.pop(f"{key}-sharpen", False)
    if pressed:
        return desk.squares(bench.user, token, one.id)
    if before is None:
        return None
    return desk.squares(bench.user, token, one.id, before) if sharpen else desk.squares_again(bench.user, token, one.id, before)


def _remember(key: str) -> None:
    st.session_state[key] = True


def squares_in(typed: str) -> int:
    """Return how many squares were named, a range counted by its squares and none of them twice; 0 for what cannot be read."""
    try:
        boxes = named(typed, _COUNTED, "")
    except RedactionError:
        return 0
    return len({(x, y) for box in boxes for x in range(box.x, box.x + box.width) for y in range(box.y, box.y + box.height)})


def square_fields(one: Evidence, files: Sequence[str], seen: Squared | None, key: str) -> dict[str, str]:
    """Ask for the squares of each picture, under it; return what was typed, by the name of the picture. Nothing before a first look."""
    if not st.session_state.get(f"{key}-opened"):
        return {}
    with st.container():
        return {name: _field(one, name, seen, key) for name in files}


def _field(one: Evidence, name: str, seen: Squared | None, key: str) -> str:
    called = as_is(picture_name(name))
    for sheet in seen.shown if seen else ():
        if sheet.name == name:
            _sheet(one, sheet, called)
    if seen and name in seen.problems:
        muted(as_is(f"{seen.problems[name]}."))
    label = f"Squares to cover: {called}"
    return st.text_input(label, key=f"{key}-squares-{name}", placeholder="B3, C3-D5", help=_HELP) or ""


def _sheet(one: Evidence, sheet: Shown, called: str) -> None:
    rows = f"rows {sheet.first} to {sheet.last}"
    st.markdown(f"![{called}, with squares A to L across, {rows}]({picture_address(one.id, sheet.name, sheet.token)})")
