"""Pictures of a case: blurred tiles that show nothing, then, with a reason, the picture until the next click."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.parts import refusal, signed_in
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from dashboard.parts.picture_route import picture_address, tile_address
from dashboard.parts.plain_words import as_is, counted
from data.model.evidence import Evidence, SealedFile
from data.model.people import Permission
from evidence.report_captures import picture_name
from schoolwatch.pictures import drawable

_MOST_TILES = 12


def pictures(bench: Bench, one: Evidence) -> None:
    """Draw the tiles of one piece of evidence and the way to its pictures, for who may see them."""
    found = drawable(one)
    if not found or not bench.may(Permission.CAPTURE):
        return
    with st.container(border=True):
        st.markdown(":gray[:material/hide_image: Blurred here. Nothing more leaves the safe without a reason.]")
        _tiles(bench, one, found)
        _ask(bench, one, found)


def _tiles(bench: Bench, one: Evidence, found: Sequence[SealedFile]) -> None:
    with st.container(horizontal=True):
        for file in found[:_MOST_TILES]:
            with st.container(width="content"):
                _tile(bench, one, file)
    if len(found) > _MOST_TILES:
        muted(f"and {len(found) - _MOST_TILES} more")


def _tile(bench: Bench, one: Evidence, file: SealedFile) -> None:
    """Draw one tile; it is made here first, so that a damaged file is said in words and not by a broken sign."""
    if refusal.attempt(lambda: bench.desk.pictures.tile(bench.user, one.id, file.name)) is not None:
        st.markdown(f"![Blurred tile: {as_is(picture_name(file.name))}]({tile_address(one.id, file.name)})")
    muted(as_is(picture_name(file.name)))


def _ask(bench: Bench, one: Evidence, found: Sequence[SealedFile]) -> None:
    key = f"{bench.key('reveal')}-{one.id}"
    with st.form(key, border=False):
        names = [file.name for file in found]
        name = st.selectbox("Which picture?", names, format_func=picture_name, key=f"{key}-name") if len(names) > 1 else names[0]
        reason = st.text_input("Reason", key=f"{key}-reason", placeholder="For example: to check that the post can be read")
        pressed = st.form_submit_button("Show it until my next click")
    sharper = st.session_state.pop(f"{key}-sharper", None)
    if pressed:
        _open(bench, one, name, reason or "", key)
    elif sharper is not None:
        _sharpen(bench, one, sharper)


def _open(bench: Bench, one: Evidence, name: str, reason: str, key: str) -> None:
    opened = refusal.attempt(lambda: bench.desk.pictures.open(bench.user, signed_in.token(), one.id, name, reason))
    if opened is None:
        return
    _show(one, name, opened.token)
    if opened.sharper is not None:
        st.button(
            "Show it sharp",
            key=f"{key}-sharp",
            on_click=_remember,
            args=(f"{key}-sharper", opened.sharper),
            help="On the reason that you gave. That you saw it sharp is recorded too.",
        )


def _remember(key: str, secret: str) -> None:
    st.session_state[key] = secret


def _sharpen(bench: Bench, one: Evidence, secret: str) -> None:
    sharp = refusal.attempt(lambda: bench.desk.pictures.sharpen(bench.user, signed_in.token(), secret))
    if sharp is not None:
        look, opened = sharp
        _show(one, look.name, opened.token)


def _show(one: Evidence, name: str, token: str) -> None:
    """Let the browser fetch the picture by its one-time address: it never goes through the store of files of the pages' framework."""
    st.markdown(f"![{as_is(picture_name(name))}: {one.ref}]({picture_address(one.id, name, token)})")
    muted(f"From {one.ref}, shown once; your reason is in the record.")


def viewing_form(bench: Bench) -> None:
    """Let a person say how pictures are shown to them after a reason; blurred before it for everybody."""
    shown = sum(len(drawable(one)) for one in bench.file.evidence)
    if bench.case.stop or not shown or not bench.may(Permission.CAPTURE):
        return
    wish = bench.desk.pictures.preference(bench.user)
    with st.expander("How pictures are shown to me", icon=":material/visibility:"), st.form(bench.key("viewing"), border=False):
        muted(f"This case holds {counted(shown, 'picture', 'pictures')}. What you choose here holds for you, in every case.")
        grey = st.toggle("Without colour", value=wish.greyscale, key=bench.key("viewing-grey"))
        first = st.toggle("Lightly blurred first, sharp by a second click", value=wish.blurred_first, key=bench.key("viewing-first"))
        pressed = st.form_submit_button("Keep this")
    if pressed:
        bench.do(
            lambda: bench.desk.pictures.prefer(bench.user, greyscale=grey, blurred_first=first),
            "Kept. Pictures are shown to you like that.",
        )
