"""A line that outlives the redraw after an act: what happened, shown once at the top of the page."""

from __future__ import annotations

import streamlit as st

from dashboard.parts.plain_words import as_is

_KEY = "notice"


def leave(text: str) -> None:
    """Keep a line for the next drawing of a page."""
    st.session_state[_KEY] = text


def show() -> None:
    """Draw the line that was left, once."""
    text = st.session_state.pop(_KEY, None)
    if text:
        st.success(as_is(text), icon=":material/check:")
        st.toast(as_is(text), icon=":material/check:")  # the page may be scrolled down to where the button was
