"""Everything that happened in a case, newest first."""

from __future__ import annotations

import streamlit as st

from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.plain_words import one_line

AT_ONCE = 15


def chronology(bench: Bench) -> None:
    """Draw the history; nothing in it is ever edited."""
    st.subheader("History, newest first")
    lines = bench.desk.casework.chronology(bench.user, bench.case.id)
    known, now = names.names(bench.desk), bench.now
    whole = len(lines) > AT_ONCE and st.toggle(f"Show all {len(lines)} lines", key=bench.key("history"))
    shown = lines if whole else lines[:AT_ONCE]
    for line in shown:
        st.text(f"{times.uk(line.at, now)} · {names.name(known, line.by)} · {one_line(line.text, 400)}")
