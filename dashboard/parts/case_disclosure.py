"""What was given to somebody outside, and on which ground (A36, B38)."""

from __future__ import annotations

import streamlit as st

from casework.summaries import GROUNDS
from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from data.model.people import Permission


def may_disclose(bench: Bench) -> bool:
    """Whether to offer it."""
    return bench.may(Permission.EXPORT)


def disclosures(bench: Bench) -> None:
    """List what was given to others, and take in one more."""
    known, room = names.names(bench.desk), bench.desk.casework
    given = room.disclosures(bench.user, bench.case.id)
    if given:
        st.dataframe(
            {
                "When": [times.uk(one.at, bench.now) for one in given],
                "To whom": [one.to_whom for one in given],
                "What": [one.what for one in given],
                "Why": [one.why for one in given],
                "Ground": [one.ground for one in given],
                "By": [names.name(known, one.by) for one in given],
            },
            hide_index=True,
        )
    else:
        muted("Nothing was given to anybody outside.")
    with st.form(bench.key("disclose"), border=False):
        whom = st.text_input("To whom? (body or role)", key=bench.key("disclose-whom"))
        what = st.text_input("What was given?", key=bench.key("disclose-what"))
        why = st.text_input("Why?", key=bench.key("disclose-why"))
        ground = st.selectbox(
            "On which ground?",
            list(GROUNDS),
            index=None,
            format_func=GROUNDS.__getitem__,
            key=bench.key("disclose-ground"),
            placeholder="Choose",
        )
        pressed = st.form_submit_button("Write it down")
    if pressed:
        bench.do(lambda: room.disclose(bench.user, bench.case.id, whom, what, why, ground or ""), "It is written down.")
