"""«I see something indecent»: one button, one confirmation, no reason; all of the case is sealed off at once (evidence.md §8.6)."""

from __future__ import annotations

import streamlit as st

from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from data.model.evidence import Evidence

LABEL = "I see something indecent"
CONFIRM = "Yes: seal everything off now"


def indecent_button(bench: Bench, one: Evidence | None = None) -> None:
    """Draw the button beside a piece of evidence, or for the page as a whole; whoever may see the case may press it."""
    if bench.case.stop:
        return
    key = f"{bench.key('indecent')}-{one.id if one is not None else 'page'}"
    with st.popover(LABEL, icon=":material/front_hand:", key=f"{key}-open"):
        st.markdown("**A nude, semi-nude or sexual picture of somebody who may be under 18?**")
        muted("No reason is needed. Nothing of this case is shown, sent or backed up any more. You will be told what to do.")
        pressed = st.button(CONFIRM, key=key, icon=":material/block:", width="stretch")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.saw_indecent(bench.user, bench.case.id, one.id if one is not None else None),
            "Sealed off. Ring the police now, and do what they say. Do not delete anything.",
        )
