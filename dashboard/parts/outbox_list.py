"""How messages stand: what may not have arrived first and in red, then counts, the last ones, and the digest."""

from __future__ import annotations

import streamlit as st

from casework.telling import OutboxFile
from dashboard.parts import notice, page_links, refusal, times
from dashboard.parts.muted import muted
from dashboard.parts.names import name, names
from data.model.people import User
from data.model.telling import Message, MessageState, Urgency
from schoolwatch.desk import Desk

STATE_LABELS: dict[MessageState, str] = {
    MessageState.WAITING: "waits",
    MessageState.SENDING: "is going out",
    MessageState.SENT: "went out",
    MessageState.UNKNOWN: "unknown whether it went out",
    MessageState.GIVEN_UP: "did not go out",
    MessageState.DROPPED: "no longer needed",
}
_URGENCY_LABELS: dict[Urgency, str] = {
    Urgency.URGENT: "urgent",
    Urgency.REMINDER: "reminder",
    Urgency.DIGEST: "morning digest",
    Urgency.TEST: "test",
}


def alarms(desk: Desk, user: User, found: OutboxFile) -> None:
    """Draw, in red and in words, each urgent matter of which nobody is known to have heard."""
    known = names(desk)
    for matter in dict.fromkeys(one.matter for one in found.troubled):
        _alarm(desk, user, [one for one in found.troubled if one.matter == matter], dict(known))


def _alarm(desk: Desk, user: User, mine: list[Message], known: dict[str, str]) -> None:
    first, now = mine[0], desk.clock.now()
    with st.container(border=True, key=f"alarm-{first.id}"):
        st.error("**Nobody is known to have got this.** Look at the matter now.", icon=":material/notification_important:")
        st.text(first.subject)
        for one in mine:
            st.text(f"{name(known, one.user_id)}, {times.uk(one.made_at, now)}: {_how(one)}")
        with st.container(horizontal=True):
            if st.button("Open the matter", key=f"see-{first.id}"):
                _open(first)
            if st.button("Somebody has seen to it", key=f"settle-{first.id}") and refusal.done(
                lambda: desk.casework.settle(user, first.id)
            ):
                notice.leave("Noted, with your name.")
                st.rerun()


def _how(message: Message) -> str:
    why = f" ({message.problem})" if message.problem else ""
    return f"{STATE_LABELS[message.state]}{why}"


def _open(message: Message) -> None:
    if message.case_id:
        page_links.go("case", message.case_id)
    if message.finding_id:
        page_links.go("finding", message.finding_id)
    page_links.go("inbox")


def outbox_list(desk: Desk, found: OutboxFile) -> None:
    """Draw counts, the last digest and the last messages."""
    now, known = desk.clock.now(), dict(names(desk))
    st.subheader("Messages of the last two weeks")
    counts = [f"{count} {STATE_LABELS[state]}" for state, count in found.counts.items() if count]
    st.text(", ".join(counts) if counts else "None yet.")
    digest = (
        f"The last morning digest was written {times.both(found.digest_at, now)}."
        if found.digest_at
        else "No morning digest was written yet."
    )
    muted(f"{digest} It comes every school day, on quiet days too: if it is missing, something is wrong.")
    if found.last:
        st.dataframe(
            {
                "When": [times.uk(one.made_at, now) for one in found.last],
                "To": [name(known, one.user_id) for one in found.last],
                "What": [one.subject.removeprefix("Schoolwatch: ") for one in found.last],
                "Kind": [_URGENCY_LABELS[one.urgency] for one in found.last],
                "State": [_how(one) for one in found.last],
            },
            hide_index=True,
            width="stretch",
        )
