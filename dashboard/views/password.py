"""Change one's own password."""

from __future__ import annotations

import streamlit as st

from dashboard.parts import refusal, signed_in
from dashboard.parts.muted import muted
from data.errors import SchoolwatchError
from data.model.people import User
from schoolwatch.desk import Desk


class PasswordsDifferError(SchoolwatchError):
    """The two new passwords are not the same; type them again."""


def show(desk: Desk, user: User) -> None:
    """Draw the form; a changed password signs the person out everywhere."""
    st.title("Change password")
    if user.must_change_password:
        st.info("You signed in with a one-time password. Choose your own before you go on.", icon=":material/key:")
    with st.form("password", border=False):
        old = st.text_input("Present password", type="password", autocomplete="current-password")
        new = st.text_input(
            "New password",
            type="password",
            autocomplete="new-password",
            help="At least 12 characters. Three or four words make a good one.",
        )
        again = st.text_input("New password again", type="password", autocomplete="new-password")
        pressed = st.form_submit_button("Change password", type="primary")
    muted("You are then signed out everywhere and sign in with the new one.")
    if pressed and refusal.attempt(lambda: _change(desk, user, old or "", new or "", again or "")):
        st.rerun()


def _change(desk: Desk, user: User, old: str, new: str, again: str) -> bool:
    if new != again:
        raise PasswordsDifferError
    desk.sign_in.change_password(user, old, new)
    return True


if __name__ == "__main__":
    signed_in.run(show)
