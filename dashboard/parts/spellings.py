"""Ways of writing the school that nobody thought of yet: proposed with a reason, added or turned down by a person."""

from __future__ import annotations

import streamlit as st

from dashboard.parts import notice, refusal
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, counted, one_line
from data.model.people import Permission, User
from data.model.watch import School
from nlp.proposals import Proposal
from schoolwatch.desk import Desk

AT_ONCE = 4


def spellings(desk: Desk, user: User, school: School) -> None:
    """Draw the proposed spellings, those seen in posts first."""
    st.subheader("Spellings that may be the school")
    found = desk.watch.proposals(user, school.id)
    if not found:
        st.info(
            "Nothing to propose. Add the school's name under “What is watched” first, if it is not there.", icon=":material/spellcheck:"
        )
        return
    muted("Schoolwatch only proposes. Nothing is watched for before somebody adds it; it then counts for posts that arrive from now on.")
    every = len(found) <= AT_ONCE or st.toggle(f"Show all {len(found)}", key="spellings-all")
    decides = user.may(Permission.MANAGE_WATCH, school.id)
    for one in found if every else found[:AT_ONCE]:
        _proposal(desk, user, school, one, decides=decides)
    if not decides:
        muted("Adding is for the safeguarding lead and the headteacher.")


def _proposal(desk: Desk, user: User, school: School, one: Proposal, *, decides: bool) -> None:
    key = f"{school.id}-{one.phrase}"
    with st.container(border=True, key=f"spelling-{key}"):
        st.text(one_line(one.phrase, 120))
        seen = f", in {counted(one.seen, 'post', 'posts')} of the last 30 days" if one.seen else ""
        muted(as_is(f"{one.why}{seen}; like “{one_line(one.like, 120)}”"))
        if not decides:
            return
        with st.container(horizontal=True):
            add = st.button("Add as a watch term", key=f"add-{key}", icon=":material/add:")
            away = st.button("Not this one", key=f"not-{key}", help="It is remembered and not proposed again.")
    if add and refusal.done(lambda: desk.watch.add_term(user, school.id, one.kind, one.phrase)):
        notice.leave(f"“{one.phrase}” is watched for from now on.")
        st.rerun()
    if away and refusal.done(lambda: desk.watch.turn_down(user, school.id, one)):
        notice.leave(f"“{one.phrase}” will not be proposed again.")
        st.rerun()
