"""A child's summary, to be pasted into the school's child-protection system: shown once, kept nowhere here."""

from __future__ import annotations

import streamlit as st

from casework.child_summary import OnlineRisk, SummaryForm
from dashboard.parts import refusal
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from data.model.people import Permission

RISKS: dict[OnlineRisk, str] = {
    OnlineRisk.CONTENT: "content: what the child saw",
    OnlineRisk.CONTACT: "contact: who approached the child",
    OnlineRisk.CONDUCT: "conduct: what the child or others did",
    OnlineRisk.COMMERCE: "commerce: money, fraud, gambling",
}


def may_summarise(bench: Bench) -> bool:
    """Whether to offer it: the safeguarding lead, deputies and the head."""
    return bench.may(Permission.EXPORT) and bench.user.may(Permission.SEE_RESTRICTED_DSL, bench.case.school_id)


def child_summary(bench: Bench) -> None:
    """Ask for what only the safeguarding lead knows, then show the summary as text and as a file."""
    muted("Initials only. Schoolwatch keeps no copy; it notes that you took one, when and for whom.")
    with st.form(bench.key("summary"), border=False):
        initials = st.text_input("The child's initials", key=bench.key("summary-initials"), max_chars=10, placeholder="L.M.")
        year = st.text_input("Year group", key=bench.key("summary-year"), max_chars=40)
        what = st.text_area("What happened to this child?", key=bench.key("summary-what"), height=110)
        wishes = st.text_area("What the child says or wishes", key=bench.key("summary-wishes"), height=70)
        risks = st.pills(
            "Kind of online risk", list(RISKS), selection_mode="multi", format_func=RISKS.__getitem__, key=bench.key("summary-risks")
        )
        steps = st.text_area("Next steps", key=bench.key("summary-steps"), height=70)
        whom = st.text_input("For which file?", "the child-protection file", key=bench.key("summary-whom"))
        pressed = st.form_submit_button("Write the summary")
    if not pressed:
        return
    form = SummaryForm(initials, year, what, wishes=wishes, risks=tuple(risks or ()), next_steps=steps, to_whom=whom)
    made = refusal.attempt(lambda: bench.desk.casework.child_summary(bench.user, bench.case.id, form))
    if made is not None:
        st.code(made.text, language=None, wrap_lines=True)
        name = f"{bench.case.ref}-summary"
        with st.container(horizontal=True):
            st.download_button("Save as text", made.text, f"{name}.txt", "text/plain", icon=":material/download:")
            st.download_button("Save as PDF", made.paper, f"{name}.pdf", "application/pdf", icon=":material/picture_as_pdf:")
