"""How the person who looks can be reached: own ways, a test, what to add. Nobody else's address is ever drawn."""

from __future__ import annotations

import streamlit as st

from collector.errors import CollectError
from dashboard.parts import notice, refusal, times
from dashboard.parts.muted import muted
from data.errors import SchoolwatchError
from data.model.people import User
from data.model.telling import Way, WayKind
from schoolwatch.desk import Desk

KIND_LABELS: dict[WayKind, str] = {WayKind.MAIL: "Mail", WayKind.TEAMS: "Teams workflow", WayKind.WEBHOOK: "Webhook"}
_ICONS: dict[WayKind, str] = {WayKind.MAIL: "mail", WayKind.TEAMS: "groups", WayKind.WEBHOOK: "webhook"}


def reach_me(desk: Desk, user: User) -> None:
    """Draw the person's own ways and the form for another one."""
    st.subheader("How you are reached")
    if desk.settings.smtp_host is None:
        st.warning(
            "No mail server is set up here yet, so mail waits. Ask the person who looks after this computer.", icon=":material/mail_off:"
        )
    ways = desk.casework.my_ways(user)
    if not ways:
        st.info("You cannot be reached yet. Without a way, somebody else is told in your place.", icon=":material/notifications_off:")
    for way in ways:
        _way(desk, user, way)
    with st.expander("Add a way", icon=":material/add:", expanded=not ways):
        _add(desk, user)


def _way(desk: Desk, user: User, way: Way) -> None:
    now = desk.clock.now()
    with st.container(border=True, key=f"way-{way.id}"):
        st.markdown(f":material/{_ICONS[way.kind]}: **{KIND_LABELS[way.kind]}**")
        st.code(way.address, language=None, wrap_lines=True)
        muted(f"Last worked {times.both(way.worked_at, now)}" if way.worked_at else "Not tried yet: send a test.")
        with st.container(horizontal=True):
            if st.button("Send a test", key=f"try-{way.id}") and refusal.done(lambda: desk.casework.try_way(user, way.id)):
                notice.leave("A test is on its way. It says nothing about any matter.")
                st.rerun()
            if st.button("Remove", key=f"drop-{way.id}") and refusal.done(lambda: desk.casework.drop_way(user, way.id)):
                notice.leave("This way was removed.")
                st.rerun()


def _add(desk: Desk, user: User) -> None:
    turn = st.session_state.setdefault("way-turn", 0)
    with st.form(f"way-{turn}", border=False):
        kind = st.radio("By", list(WayKind), format_func=KIND_LABELS.__getitem__, key=f"way-kind-{turn}", horizontal=True)
        address = st.text_input(
            "Address", key=f"way-address-{turn}", help="A mail address, or the address that Teams or the other program shows."
        )
        muted("Messages hold a case number, a tier and the time left. Never a name, a quote or a picture.")
        pressed = st.form_submit_button("Add this way", width="stretch")
    if pressed and refusal.done(lambda: _added(desk, user, kind or WayKind.MAIL, address or "")):
        st.session_state["way-turn"] = turn + 1
        notice.leave("Added. Send a test to see whether it works.")
        st.rerun()


def _added(desk: Desk, user: User, kind: WayKind, address: str) -> None:
    """Add a way; one that leads into the school's own network is refused before it is kept."""
    if kind is not WayKind.MAIL and address.strip():
        try:
            desk.gate.admit(address.strip())
        except CollectError as error:
            raise SchoolwatchError("this address cannot be asked: it is not a public web address, or its name is not known") from error
    desk.casework.add_way(user, kind, address)
