"""Posts set aside as another place of the same name: shown with the words that decided, so that a mistake can be put right."""

from __future__ import annotations

import streamlit as st

from casework.learning import Namesake
from dashboard.parts import notice, page_links, refusal
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import counted, one_line
from dashboard.parts.post_card import post_card
from data.model.findings import FindingState
from data.model.people import User
from data.model.watch import School
from schoolwatch.desk import Desk

AT_ONCE, MOST_WORDS = 3, 6
OPENED = "claimed-finding"


def namesake_list(desk: Desk, user: User, school: School) -> None:
    """Draw the posts set aside, newest first, each with a way back."""
    st.subheader("Set aside as another place of the same name")
    found = desk.casework.namesakes(user, school.id)
    if not found:
        st.info(
            "No post of the last 90 days was set aside. What looks like another town's school or a street of the same name lands here.",
            icon=":material/signpost:",
        )
        return
    muted(f"{counted(len(found), 'post', 'posts')} of the last 90 days, newest first. Nobody was asked about them.")
    every = len(found) <= AT_ONCE or st.toggle(f"Show all {len(found)}", key="namesakes-all")
    for one in found if every else found[:AT_ONCE]:
        _one(desk, user, school, one)


def _one(desk: Desk, user: User, school: School, one: Namesake) -> None:
    with st.container(border=True, key=f"namesake-{one.post.id}"):
        if one.stop:
            st.error("It may speak of an indecent image of a child. Do not open the address.", icon=":material/block:")
        post_card(one.post, desk.clock.now(), stop=one.stop, key=f"namesake-post-{one.post.id}")
        _words(one)
        pressed = st.button(
            "This is about us", key=f"ours-{one.post.id}", icon=":material/undo:", help="It goes to the inbox, where a person judges it."
        )
    if pressed:
        made = refusal.attempt(lambda: desk.casework.about_us(user, school.id, one.post.id))
        if made is not None:
            where = "It was decided already." if made.state is FindingState.DECIDED else "It waits in the inbox now."
            notice.leave(f"Noted: this post is about the school. {where}")
            st.session_state[OPENED] = made.id
            st.rerun()


def _words(one: Namesake) -> None:
    said = tuple(dict.fromkeys((one_line(one.post.text[span.start : span.end], 80), one_line(span.why, 120)) for span in one.words))
    muted("Words that decided" if said else "No single word decided: nothing near the name speaks for the school.")
    for words, why in said[:MOST_WORDS]:
        st.text(f"“{words}”: {why}" if words else why)


def open_claimed() -> None:
    """Offer the way to the flagged post that was just made, once."""
    made = st.session_state.get(OPENED)
    if made and st.button("Open it", key="open-claimed", icon=":material/arrow_forward:"):
        del st.session_state[OPENED]
        page_links.go("finding", made)
