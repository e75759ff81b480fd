"""Open cases by time left; ended ones behind a switch."""

from __future__ import annotations

import streamlit as st

from casework.files import CaseRow
from casework.flagging import CATEGORY_LABELS
from casework.transitions import OUTCOME_LABELS
from dashboard.parts import notice, page_links, refusal, severity, signed_in
from dashboard.parts.countdown_bar import ICONS, colour
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is
from data.model.people import User
from schoolwatch.desk import Desk

EVERY = 15  # seconds between two looks


def show(desk: Desk, user: User) -> None:
    """Draw the list of cases."""
    st.title("Cases")
    notice.show()
    ended = st.toggle("Show ended cases", key="cases-ended")
    st.fragment(_list, run_every=EVERY)(desk, user, ended)


def _list(desk: Desk, user: User, ended: bool) -> None:
    signed_in.check(desk, user)
    refusal.drawn(lambda desk, user: _rows(desk, user, ended=ended), desk, user)


def _rows(desk: Desk, user: User, *, ended: bool) -> None:
    schools = desk.schools(user)
    rows = desk.casework.cases(user, [school.id for school in schools], ended)
    if not rows:
        words = (
            "No case has ended yet." if ended else "No case is open. When somebody opens one from the inbox, it stands here by time left."
        )
        st.info(words, icon=":material/folder_open:")
    for row in rows:
        _row(row, several=len(schools) > 1)


def _row(row: CaseRow, *, several: bool) -> None:
    case, word = row.case, row.standing.word
    with st.container(border=True, key=f"row-{case.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{as_is(case.ref)}**")
            severity.badge(case.severity)
            opened = st.button("Open", key=f"open-{case.id}", icon=":material/arrow_forward:")
        st.markdown(f":{colour(row.standing)}[{ICONS[word]} {as_is(row.text_left)}]")
        school = f" · {as_is(row.school.name)}" if several else ""
        result = f" · {OUTCOME_LABELS.get(case.outcome, as_is(case.outcome))}" if case.outcome else ""
        muted(f"{as_is(CATEGORY_LABELS[case.lead_category]).capitalize()} · {as_is(row.state_label)}{result}{school}")
        st.text(f"Next: {row.next_step.text}")
        if opened:
            page_links.go("case", case.id)


if __name__ == "__main__":
    signed_in.run(show)
