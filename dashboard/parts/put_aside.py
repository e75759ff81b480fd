"""Many posts without harm put aside in one step (domain.md §5.3); each is still judged and logged by itself."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from casework.flagging import CATEGORY_LABELS
from dashboard.parts import notice
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, counted
from dashboard.parts.post_card import first_line
from data.model.people import User
from data.model.readings import OUTCOMES, Severity
from schoolwatch.desk import Desk

MOST = 200
TURN = "aside-turn"


def put_aside_form(desk: Desk, user: User, school_ids: Sequence[str]) -> None:
    """Offer the posts of severity None that wait, to be put aside together; nothing is drawn while there are fewer than two."""
    rows = [row for row in desk.casework.inbox(user, school_ids, limit=MOST).rows if row.finding.severity is Severity.S0]
    turn = int(st.session_state.setdefault(TURN, 0))  # a choice that was carried out empties the form, a refused one stays
    before: Sequence[str] = st.session_state.get(f"aside-which-{turn}", ())
    if len(rows) < 2 and not before:  # noqa: PLR2004 - one post is judged on its own page
        return
    labels = dict.fromkeys(before, "a post that somebody judged meanwhile")
    labels |= {row.finding.id: first_line(row.post, row.report, 80) for row in rows}
    with (
        st.expander(f"Put several harmless posts aside ({counted(len(rows), 'post', 'posts')} of severity None)", icon=":material/inbox:"),
        st.form("put-aside", border=False),
    ):
        chosen = st.multiselect(
            "Which?", list(labels), format_func=labels.__getitem__, placeholder="Choose posts", key=f"aside-which-{turn}"
        )
        outcome = st.selectbox(
            "What are they?",
            sorted(OUTCOMES),
            index=None,
            format_func=CATEGORY_LABELS.__getitem__,
            placeholder="Choose",
            key=f"aside-what-{turn}",
        )
        reason = st.text_input("Why? (one line for all of them)", key=f"aside-why-{turn}")
        pressed = st.form_submit_button("Put them aside")
    if pressed:
        _put(desk, user, chosen, outcome, reason or "", labels)


def _put(desk: Desk, user: User, chosen: Sequence[str], outcome: str | None, reason: str, labels: dict[str, str]) -> None:
    if not chosen or outcome is None:
        st.error("Choose the posts and what they are. Nothing was changed.", icon=":material/block:")
        return
    refused = desk.casework.put_aside(user, chosen, next(one for one in OUTCOMES if one == outcome), reason)
    if len(refused) < len(chosen):
        st.session_state[TURN] += 1
    if not refused:
        notice.leave(f"Put aside: {counted(len(chosen), 'post', 'posts')}.")
        st.rerun()
    st.error(f"Left as they were: {counted(len(refused), 'post', 'posts')} of {len(chosen)}.", icon=":material/block:")
    for finding_id, why in refused:
        st.text(labels.get(finding_id, "a post"))
        muted(as_is(why))
