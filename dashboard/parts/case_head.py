"""The top of a case: number, how serious, how much time is left, where it stands."""

from __future__ import annotations

import streamlit as st

from casework.flagging import CATEGORY_LABELS
from casework.triage import TARGETS
from dashboard.parts import names, severity
from dashboard.parts.bench import Bench
from dashboard.parts.countdown_bar import countdown_bar
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is
from dashboard.parts.stop_card import stop_card
from data.model.cases import Confidentiality

STOP_CLOCK = "Tell the police or the IWF at once; at the very latest within 24 hours, from when it was stopped"
TO_TELL = " for telling the police or the IWF"
CONFIDENTIALITY: dict[Confidentiality, str] = {
    Confidentiality.NORMAL: "seen by those who judge posts",
    Confidentiality.RESTRICTED_DSL: "restricted: safeguarding leads and the headteacher",
    Confidentiality.RESTRICTED_HT: "restricted: the headteacher",
    Confidentiality.RESTRICTED_CHAIR: "restricted: the chair of governors",
}


def case_head(bench: Bench) -> None:
    """Draw number, state, owner and countdown."""
    case, file = bench.case, bench.file
    st.title(f"Case {as_is(case.ref)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        severity.badge(case.severity)
        st.badge(file.state_label, icon=":material/folder:", color="gray")
        st.markdown(as_is(CATEGORY_LABELS[case.lead_category]).capitalize())
    owner = names.name(names.names(bench.desk), case.owner_id)
    concerns = _target(bench)
    muted(f"{as_is(file.school.name)} · owner: {as_is(owner)} · concerns: {as_is(concerns)} · {CONFIDENTIALITY[case.confidentiality]}")
    _came_back(bench)
    if case.stop:
        st.markdown(STOP_CLOCK)
    countdown_bar(bench.desk, file.standing, file.text_left, "Stopped" if case.stop else "Known since", TO_TELL if case.stop else "")


def _came_back(bench: Bench) -> None:
    """Say from which case's post this one came back: the number only."""
    if bench.case.reuploaded_from is None:
        return
    with bench.desk.store.read() as work:
        before = work.cases.find(bench.case.reuploaded_from)
    if before is not None:
        muted(f"It came back: linked to case {as_is(before.ref)}.")


def _target(bench: Bench) -> str:
    target = bench.case.target
    if not target.startswith("staff:"):
        return TARGETS.get(target, "a person")
    with bench.desk.store.read() as work:
        member = work.staff.find(target.removeprefix("staff:"))
    return (member.role or "a member of staff") if member else "a member of staff"


def stop_panel(bench: Bench) -> None:
    """Draw what to do in a case that may be about an indecent image of a child: no link, no picture, no capture."""
    stop_card(bench)
