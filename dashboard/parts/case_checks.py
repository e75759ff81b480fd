"""Our own looks at the address: what they found, in words, and when the next one is."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from casework.checks import VERDICT_LABELS, ConclusionWord, slot_says
from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, one_line
from data.model.cases import RemovalCheck, Verdict, VerdictGroup

LOOKS: dict[VerdictGroup, tuple[str, str]] = {
    VerdictGroup.UP: ("visibility", "orange"),
    VerdictGroup.AMENDED: ("edit", "yellow"),
    VerdictGroup.GONE: ("check_circle", "green"),
    VerdictGroup.UNKNOWN: ("help", "gray"),
}
BY_HAND: dict[Verdict, str] = {
    Verdict.PRESENT: "It is still up",
    Verdict.EDITED: "It was changed",
    Verdict.REMOVED_UNKNOWN: "It is gone: the page says so",
    Verdict.NOT_VISIBLE_TO_US: "I cannot see whether it is up (sign-in, wall)",
    Verdict.UNREACHABLE: "No answer",
}


def check_list(bench: Bench) -> None:
    """Draw what our looks amount to, each of them, and the next one."""
    st.subheader("Checks")
    if bench.case.stop:
        st.text("None: the address of this case is never opened from here.")
        return
    st.text(f"{_sentence(bench.file.conclusion.says)}.")
    plan = bench.file.next_check
    if plan is not None:
        muted(f"Our next check: {times.uk(plan.due_at, bench.now)}, {_due(plan.due_at, bench.now)} ({slot_says(plan.slot)}).")
        _rest(bench)
    known = names.names(bench.desk)
    for check in reversed(bench.file.checks):
        _one(bench, check, names.name(known, check.by))


def _rest(bench: Bench) -> None:
    """Say that a site asked us to come back later, where that is why nothing happens."""
    until = max((check.retry_at for check in bench.file.checks if check.retry_at is not None), default=None)
    if until is not None and until > bench.now:
        muted(f"The site asked us to wait until {times.uk(until, bench.now)}; we do not press it.")


def _due(due: datetime, now: datetime) -> str:
    return "due now" if due <= now else times.ago(due, now)


def _one(bench: Bench, check: RemovalCheck, who: str) -> None:
    icon, colour = LOOKS[check.verdict.group]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(VERDICT_LABELS[check.verdict], icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]
            muted(f"{times.both(check.at, bench.now)} · {as_is(who)}")
        status = f", answer {check.status}" if check.status is not None else ""
        st.text(f"How: {one_line(check.method, 80)}{status}. {one_line(check.detail, 300)}")
        if len(bench.file.items) > 1:
            st.code(next((one.address for one in bench.file.items if one.id == check.item_id), ""), language=None, wrap_lines=True)


def check_now(bench: Bench) -> None:
    """Ask the worker for a look at its next round."""
    if bench.file.conclusion.word is ConclusionWord.GONE_ONCE:
        st.text("Found gone once. The second look, at least 15 minutes later, must agree.")
    if st.button("Check now", type=bench.tone, key=bench.key("check"), icon=":material/travel_explore:", width="stretch"):
        bench.do(
            lambda: bench.desk.casework.ask_check(bench.user, bench.case.id),
            "A check was asked for. Its answer appears here by itself, usually within a minute.",
        )


def check_by_hand(bench: Bench) -> None:
    """Record what a person saw at the address."""
    if not bench.file.items or bench.case.stop:
        return
    with st.expander("I looked myself", icon=":material/person_search:"), st.form(bench.key("by-hand"), border=False):
        items = bench.file.items
        item = st.selectbox("Address", items, format_func=lambda one: one_line(one.address, 100), key=bench.key("by-hand-item"))
        verdict = st.radio(
            "What did you see?", list(BY_HAND), index=None, format_func=BY_HAND.__getitem__, key=bench.key("by-hand-verdict")
        )
        detail = st.text_input("In your words", key=bench.key("by-hand-detail"))
        pressed = st.form_submit_button("Record what I saw")
    if pressed and verdict is None:
        st.error("Choose what you saw. Nothing was recorded yet.", icon=":material/block:")
    elif pressed and verdict is not None:
        bench.do(
            lambda: bench.desk.casework.check_by_hand(bench.user, bench.case.id, item.id, verdict, detail or ""),
            "Recorded. It counts like any other look.",
        )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
