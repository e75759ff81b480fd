"""Evidence on its way: the question before every capture, and the order."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.parts.bench import Bench
from dashboard.parts.one_of import one_of
from dashboard.parts.plain_words import masked, one_line
from data.model.cases import CaseItem, CaseState
from data.model.evidence import CaptureOrder, OrderState, SafetyAnswer

QUESTION = "Could this show a nude, semi-nude or sexual picture of someone who may be under 18 (also edited or made by a computer)?"
ANSWERS: dict[SafetyAnswer, tuple[str, str]] = {
    SafetyAnswer.YES: ("Yes", "STOP: nothing is opened. The case goes to the safeguarding lead with the next steps."),
    SafetyAnswer.NOT_SURE: ("Not sure", "STOP as well: copying such a picture is a crime even by mistake."),
    SafetyAnswer.NO: ("No", "The page is opened once by this computer, photographed and sealed as evidence."),
}
_BEFORE = frozenset({CaseState.TRIAGED})


def ask_capture(bench: Bench) -> None:
    """Ask the safety question anew before every capture, with no answer chosen; then order the capture."""
    if not bench.file.items:
        st.info("No web address belongs to this case, so there is nothing to capture.", icon=":material/link_off:")
        no_capture(bench)
        return
    _last_problem(bench.file.orders)
    item = _choose(bench)
    fresh = f"{bench.key('answer')}-{len(bench.file.orders)}"  # a new question for every capture
    answer = one_of(QUESTION, ANSWERS, fresh)
    label = "Stop and hand over to the safeguarding lead" if answer in {SafetyAnswer.YES, SafetyAnswer.NOT_SURE} else "Capture the evidence"
    if st.button(label, type=bench.tone, key=bench.key("capture"), width="stretch", icon=":material/photo_camera:"):
        says = "Stopped. Nothing was opened." if answer is not SafetyAnswer.NO else "The capture was ordered. It takes up to a minute."
        bench.do(lambda: bench.desk.casework.order_capture(bench.user, bench.case.id, item.id, answer), says)
    if bench.case.state in _BEFORE:
        no_capture(bench)


def _choose(bench: Bench) -> CaseItem:
    items = bench.file.items
    if len(items) == 1:
        return items[0]
    return st.selectbox("Which address?", items, format_func=lambda item: one_line(item.address, 100), key=bench.key("item"))


def _last_problem(orders: Sequence[CaptureOrder]) -> None:
    if orders and orders[-1].state is OrderState.FAILED:
        st.warning("The last capture failed. You can try again.", icon=":material/warning:")
        st.text(one_line(orders[-1].problem or "No reason was given.", 300))


def no_capture(bench: Bench) -> None:
    """Let a person record why it cannot be captured (policy A14: evidence first, or a recorded reason)."""
    if bench.case.state not in _BEFORE:
        return
    with st.expander("It cannot be captured", icon=":material/no_photography:"), st.form(bench.key("no-capture"), border=False):
        reason = st.text_input(
            "Why not?", key=bench.key("no-capture-reason"), placeholder="For example: a private message, told by telephone"
        )
        pressed = st.form_submit_button("Record the reason and go on without")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.no_capture(bench.user, bench.case.id, reason or ""), "Recorded. The case goes on without a capture."
        )


def masked_items(bench: Bench) -> None:
    """In a STOP case: that addresses are kept, with nothing but the host to be read."""
    for item in bench.file.items:
        st.text(f"Address kept: {masked(item.address)}")
