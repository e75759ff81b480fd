"""Who sits at this browser: asked anew at the top of every run; a page that refreshes itself does not count as work."""

from __future__ import annotations

import time

import streamlit as st

from dashboard.parts import at_desk
from dashboard.parts.refusal import View, drawn
from data.model.people import User
from schoolwatch.desk import Desk
from schoolwatch.sign_in import SESSION_COOKIE

_USER, _AUTO, _ACTED = "signed-in", "redrawn-by-itself", "acted-at"


def token() -> str | None:
    """Return the session token of this browser; scripts in the page cannot read it, the server can."""
    sent = st.context.cookies.get(SESSION_COOKIE)
    return sent if isinstance(sent, str) else None  # outside a browser (a test run of a page) there is no such thing


def ask(desk: Desk) -> User | None:
    """Return who is signed in, now. A click keeps the session alive; a page that redrew itself does not."""
    if st.session_state.pop(_AUTO, False):
        user = _unless_idle(desk)
    else:
        user = desk.sign_in.user_for(token())
        st.session_state[_ACTED] = time.monotonic()
    st.session_state[_USER] = user
    return user


def _unless_idle(desk: Desk) -> User | None:
    """Return the user without touching the session: disabled, signed out or idle people are not returned."""
    mine = token()
    quiet = time.monotonic() - st.session_state.get(_ACTED, 0.0)
    if mine is None or quiet > desk.settings.idle_minutes * 60:
        return None
    return desk.sign_in.look(mine)


def check(desk: Desk, user: User) -> None:
    """In a part that refreshes itself: leave the page when the person is no longer signed in."""
    if token() is not None and _unless_idle(desk) != user:
        redraw()


def redraw() -> None:
    """Draw the whole page again without counting it as work of the person."""
    st.session_state[_AUTO] = True
    st.rerun(scope="app")


def run(show: View) -> None:
    """Draw a page file for whoever `app.py` found signed in."""
    user = st.session_state.get(_USER)
    if user is not None:
        drawn(show, at_desk.desk(), user)
