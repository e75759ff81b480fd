"""The forms about how long one case is kept: where its copy is, who agrees that it may go, a legal hold."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.parts import notice, refusal
from data.model.cases import Case
from data.model.people import Permission, User
from schoolwatch.desk import Desk


def transfer_form(desk: Desk, user: User, case: Case, key: str) -> None:
    """Let a person confirm that the child-protection or personnel file has its copy; who may not is told who does."""
    if not any(user.may(one, case.school_id) for one in (Permission.CLOSE, Permission.SEE_RESTRICTED_CHAIR)):
        st.text("The safeguarding lead or the headteacher confirms that the file has its copy.")
        return
    with st.form(f"transfer-{key}", border=False):
        where = st.text_input(
            "Where is the copy? A reference, no name", key=f"transfer-where-{key}", placeholder="for example CP file 2026/14"
        )
        pressed = st.form_submit_button("The file has its copy")
    if pressed:
        then(lambda: desk.casework.transferred(user, case.id, where or ""), "Recorded. This copy is now kept for a short time only.")


def agree_form(desk: Desk, user: User, case: Case, agreed: tuple[str, ...], key: str) -> None:
    """Let a person agree that a case may go; the second person is told that they are the second."""
    if user.id in agreed:
        st.text("You agreed. A second person must agree as well.")
        return
    with st.form(f"agree-{key}", border=False):
        why = st.text_input("Why may it go?", key=f"agree-why-{key}")
        pressed = st.form_submit_button("Agree as the second person" if agreed else "Agree that it may go")
    if pressed:
        then(lambda: desk.casework.agree(user, case.id, why or ""), "Your word is recorded.")


def hold_form(desk: Desk, user: User, case: Case | None, key: str) -> None:
    """Let a person put a case on legal hold."""
    with st.form(f"hold-{key}", border=False):
        authority = st.text_input("Who asks for it?", key=f"hold-whose-{key}", placeholder="the police, a court, the school's solicitor")
        why = st.text_input("Why? No names", key=f"hold-why-{key}")
        pressed = st.form_submit_button("Keep it until the hold is released")
    if pressed and case is None:
        st.error("Choose the case first.", icon=":material/block:")
    elif pressed and case is not None:
        chosen = case.id
        then(lambda: desk.casework.hold(user, chosen, why or "", authority or ""), "Held. Nothing of this case goes.")


def then(act: Callable[[], object], said: str) -> None:
    """Do something and draw the page anew with what happened, or say the refusal here and keep what was typed."""
    if refusal.done(act):
        notice.leave(said)
        st.rerun()
