"""Pictures of a case: nothing of them is shown before a reason was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.parts import refusal
from dashboard.parts.bench import Bench
from data.model.evidence import Evidence, SealedFile
from data.model.people import Permission


def pictures(bench: Bench, one: Evidence) -> None:
    """Draw the pictures of one piece of evidence, for who may see them."""
    found = [file for file in one.files if file.media_type.startswith("image/")]
    if found and bench.may(Permission.CAPTURE):
        _pictures(bench, one, found)


def _pictures(bench: Bench, one: Evidence, pictures: Sequence[SealedFile]) -> None:
    key = f"{bench.key('reveal')}-{one.id}"
    with st.container(border=True):
        st.markdown(":gray[:material/hide_image: Picture not shown. Show with a reason.]")
        with st.form(key, border=False):
            name = (
                st.selectbox("Which picture?", [file.name for file in pictures], key=f"{key}-name")
                if len(pictures) > 1
                else pictures[0].name
            )
            reason = st.text_input("Reason", key=f"{key}-reason", placeholder="For example: to check that the post can be read")
            pressed = st.form_submit_button("Show it until my next click")
        if pressed:
            _reveal(lambda: bench.desk.safe.reveal(bench.user, one.id, name, reason or ""), one.ref)


def _reveal(fetch: Callable[[], bytes], ref: str) -> None:
    picture = refusal.attempt(fetch)
    if picture is not None:
        st.image(picture, caption=f"From {ref}, shown once; your reason is in the record.", width="stretch")
