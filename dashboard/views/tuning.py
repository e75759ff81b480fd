"""Watchlist and tuning: spellings to add, namesakes to put right, and what a school changes about flagging, tried before it counts."""

from __future__ import annotations

import streamlit as st

from casework import access
from casework.learning import Learned
from casework.tuning import BACK, Idea, percent
from dashboard.parts import notice, signed_in
from dashboard.parts.muted import muted
from dashboard.parts.namesake_list import namesake_list, open_claimed
from dashboard.parts.own_changes import USUAL_DAYS, own_changes, tried
from dashboard.parts.spellings import spellings
from dashboard.parts.tuning_words import HEAD_WORDS
from data.model.people import User
from data.model.tuning import TuningKind
from data.model.watch import School
from schoolwatch.desk import Desk


def show(desk: Desk, user: User) -> None:
    """Draw what a school may teach Schoolwatch, step by step and by people only."""
    st.title("Watchlist and tuning")
    notice.show()
    open_claimed()
    schools = [school for school in desk.schools(user) if access.may_tune(user, school.id)]
    if not schools:
        st.info("Your role does not see this page. Ask the safeguarding lead.", icon=":material/info:")
        return
    school = schools[0]
    if len(schools) > 1:
        school = st.selectbox("School", schools, format_func=lambda one: one.name, key="tuning-school")
    muted("Schoolwatch learns nothing by itself. It counts and proposes; a person tries, decides and can undo.")
    spellings(desk, user, school)
    namesake_list(desk, user, school)
    _learned(desk, user, school)
    own_changes(desk, user, school)


def _learned(desk: Desk, user: User, school: School) -> None:
    st.subheader("What the machine said, what people decided")
    found = desk.casework.learned(user, school.id)
    if not found.rows:
        st.info(
            f"Nothing was flagged by reading in the last {BACK.days} days, so there is nothing to compare yet.", icon=":material/balance:"
        )
        return
    st.dataframe(_table(found), hide_index=True, width="stretch")
    muted(
        f"What was flagged in the last {BACK.days} days. A post flagged for two things stands in both rows. "
        "What only people reported is not counted."
    )
    known = {(one.head, one.threshold) for one in desk.casework.tunings(user, school.id) if one.ended_at is None}
    for idea in found.ideas:
        if (idea.head, idea.threshold) not in known:
            _idea(desk, user, school, idea)


def _table(found: Learned) -> dict[str, list[str | int]]:
    return {
        "Flagged for": [HEAD_WORDS[row.head] for row in found.rows],
        "Posts": [row.flagged for row in found.rows],
        "Judged to be harm": [row.harm for row in found.rows],
        "For an answer": [row.answered for row in found.rows],
        "Set aside": [row.set_aside for row in found.rows],
        "Not judged yet": [row.waiting for row in found.rows],
    }


def _idea(desk: Desk, user: User, school: School, idea: Idea) -> None:
    with st.container(border=True, key=f"idea-{idea.head.value}"):
        st.text(f"{HEAD_WORDS[idea.head].capitalize()}: {idea.why}.")
        pressed = st.button(f"Try {percent(idea.threshold)}", key=f"try-{idea.head.value}", help="Only a trial: nothing changes yet.")
    if pressed and tried(
        desk,
        user,
        lambda: desk.casework.propose_tuning(
            user, school.id, TuningKind.THRESHOLD, why=idea.why, days=USUAL_DAYS, head=idea.head, threshold=idea.threshold
        ),
    ):
        st.rerun()


if __name__ == "__main__":
    signed_in.run(show)
