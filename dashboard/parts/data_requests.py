"""Requests by people about data on them: what is open, what is overdue, the decision, and a new one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard.parts.keeping_forms import then
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import one_line
from data.model.keeping import SubjectRequest, SubjectRequestKind
from data.model.people import User
from schoolwatch.desk import Desk

_LONDON = ZoneInfo("Europe/London")
KINDS: dict[SubjectRequestKind, str] = {
    SubjectRequestKind.ACCESS: "wants to see what is held",
    SubjectRequestKind.OBJECTION: "objects to what is held",
    SubjectRequestKind.ERASURE: "wants it erased",
}
DECISIONS = {True: "Granted", False: "Refused"}


def data_requests(desk: Desk, user: User, school_id: str) -> None:
    """Draw the requests of one school, those still open first."""
    st.subheader("People who ask about data on them")
    muted("Answer within a month. You may refuse erasure for legal claims or to keep a child safe; write down why.")
    found = desk.casework.subject_requests(user, school_id)
    today = desk.clock.now().astimezone(_LONDON).date()
    open_ones = [one for one in found if one.decided_at is None]
    if not open_ones:
        st.text("Nobody waits for an answer.")
    for one in open_ones:
        with st.container(border=True, key=f"request-{one.id}"):
            _stands(one, today)
            st.text(f"{one_line(one.handle, 120)} {KINDS[one.kind]}; came on {one.received_at.astimezone(_LONDON):%d %b %Y}")
            _decide(desk, user, one)
    with st.expander("Enter a request", icon=":material/person_search:"):
        _new(desk, user, school_id, today)
    _decided([one for one in found if one.decided_at is not None])


def _stands(one: SubjectRequest, today: date) -> None:
    late = (today - one.due_on).days
    if late > 0:
        st.badge(f"overdue by {late} {'day' if late == 1 else 'days'}", icon=":material/event_busy:", color="red")
    else:
        st.badge(f"answer by {one.due_on:%d %b %Y}", icon=":material/event_available:", color="green")


def _decide(desk: Desk, user: User, one: SubjectRequest) -> None:
    with st.form(f"decide-{one.id}", border=False):
        granted = st.radio(
            "The answer", list(DECISIONS), index=None, format_func=DECISIONS.__getitem__, horizontal=True, key=f"granted-{one.id}"
        )
        why = st.text_input("What was answered, and on what ground?", key=f"decision-{one.id}")
        pressed = st.form_submit_button("Record the answer")
    if pressed and granted is None:
        st.error("Choose whether it was granted or refused.", icon=":material/block:")
    elif pressed:
        then(lambda: desk.casework.decide_subject_request(user, one.id, why or "", granted=bool(granted)), "The answer is recorded.")


def _new(desk: Desk, user: User, school_id: str, today: date) -> None:
    with st.form("request-new", border=False):
        kind = st.selectbox("What does the person want?", list(KINDS), format_func=KINDS.__getitem__, key="request-kind")
        handle = st.text_input("Name or account, as the person gave it", key="request-handle")
        came = st.date_input("It came on", today, max_value=today, format="DD/MM/YYYY", key="request-came")
        pressed = st.form_submit_button("Enter it")
    if pressed and isinstance(came, date):
        received = datetime.combine(came, time.min, _LONDON).astimezone(UTC)
        then(
            lambda: desk.casework.add_subject_request(user, school_id, kind, handle or "", received), "It stands in the list with its day."
        )


def _decided(found: list[SubjectRequest]) -> None:
    if found:
        with st.expander(f"Answered ({len(found)})", icon=":material/history:"):
            st.dataframe(
                {
                    "Who": [one.handle for one in found],
                    "Wanted": [KINDS[one.kind] for one in found],
                    "Answer": [DECISIONS[bool(one.granted)] for one in found],
                    "Ground": [one.decision for one in found],
                    "On": [one.decided_at for one in found],
                },
                hide_index=True,
            )
