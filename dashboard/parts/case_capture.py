"""Evidence: the question before every capture, the capture on its way, what was sealed, and the pack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

import streamlit as st

from dashboard.parts import names, refusal, times
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from dashboard.parts.one_of import one_of
from dashboard.parts.plain_words import as_is, counted, masked, one_line
from data.model.cases import ENDED, CaseItem, CaseState
from data.model.evidence import CaptureOrder, Completeness, Evidence, OrderState, SafetyAnswer, SealedFile
from data.model.people import Permission

QUESTION = "Could this show a nude, semi-nude or sexual picture of someone who may be under 18 (also edited or made by a computer)?"
ANSWERS: dict[SafetyAnswer, tuple[str, str]] = {
    SafetyAnswer.YES: ("Yes", "STOP: nothing is opened. The case goes to the safeguarding lead with the next steps."),
    SafetyAnswer.NOT_SURE: ("Not sure", "STOP as well: copying such a picture is a crime even by mistake."),
    SafetyAnswer.NO: ("No", "The page is opened once by this computer, photographed and sealed as evidence."),
}
COMPLETENESS: dict[Completeness, tuple[str, str, str]] = {
    Completeness.FULL: ("full capture", "check_circle", "green"),
    Completeness.INCOMPLETE: ("incomplete, but shows the post", "warning", "yellow"),
    Completeness.NO_PICTURE: ("page and facts, no picture", "hide_image", "yellow"),
    Completeness.BEHIND_WALL: ("behind a wall: does not show the post", "lock", "orange"),
    Completeness.NOT_AVAILABLE: ("not there any more: does not show the post", "cancel", "orange"),
}
_UNDER_WAY = frozenset({OrderState.WAITING, OrderState.RUNNING})
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


def capture_under_way(bench: Bench) -> None:
    """Say that the worker is at it; the page goes on by itself."""
    order = next((one for one in reversed(bench.file.orders) if one.state in _UNDER_WAY), None)
    if order is None:
        return
    words = (
        "The page is being opened, photographed and sealed." if order.state is OrderState.RUNNING else "The capture waits for the worker."
    )
    with st.container(border=True):
        st.markdown(f"**:material/hourglass_top: {words}**")
        muted(f"Ordered {times.both(order.ordered_at, bench.now)}. This page goes on by itself; you may leave it.")


def evidence_list(bench: Bench) -> None:
    """Draw what was sealed, and the way to the pack."""
    file = bench.file
    st.subheader("Evidence")
    if bench.case.stop:
        st.text("None, and none may be made: see above.")
        return
    if bench.case.no_capture_reason:
        st.text(f"Not captured. Reason: {one_line(bench.case.no_capture_reason, 300)}")
    if not file.evidence and not bench.case.no_capture_reason:
        st.text("Nothing was captured yet.")
    known = names.names(bench.desk)
    for one in file.evidence:
        _evidence(bench, one, names.name(known, one.captured_by))
    if file.evidence and not bench.is_next and bench.case.state not in ENDED and bench.may(Permission.CAPTURE):
        with st.expander("Capture again", icon=":material/photo_camera:"):
            ask_capture(bench)


def _evidence(bench: Bench, one: Evidence, who: str) -> None:
    word, icon, colour = COMPLETENESS[one.completeness]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{as_is(one.ref)}**")
            st.badge(word, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]
        st.text(_facts(one, who))
        if one.note:
            st.text(one_line(one.note, 400))
        pictures = [file for file in one.files if file.media_type.startswith("image/")]
        if pictures and bench.may(Permission.CAPTURE):
            _pictures(bench, one, pictures)
        with st.expander(f"{counted(len(one.files), 'sealed file', 'sealed files')} and their hashes", icon=":material/fingerprint:"):
            st.code("\n".join(f"{file.sha256}  {file.name}" for file in one.files), language=None, wrap_lines=True)
            muted(f"Witness code: {one.seal_sha256}")


def _facts(one: Evidence, who: str) -> str:
    status = f"answered {one.status}" if one.status is not None else "no answer code"
    moved = f"\nEnded at: {one_line(one.final_address, 300)}" if one.final_address != one.address else ""
    return (
        f"Captured: {times.exact(one.captured_at)}\nOrdered by: {who}\nAddress: {one_line(one.address, 300)}{moved}\n"
        f"Page: {status}, title “{one_line(one.title, 120) or 'none'}”"
    )


def _pictures(bench: Bench, one: Evidence, pictures: Sequence[SealedFile]) -> None:
    key = f"{bench.key('reveal')}-{one.id}"
    with st.container(border=True):
        st.markdown(":gray[:material/hide_image: Picture not shown. Show with a reason.]")
        with st.form(key, border=False):
            name = (
                st.selectbox("Which picture?", [file.name for file in pictures], key=f"{key}-name")
                if len(pictures) > 1
                else pictures[0].name
            )
            reason = st.text_input("Reason", key=f"{key}-reason", placeholder="For example: to check that the post can be read")
            pressed = st.form_submit_button("Show it until my next click")
        if pressed:
            _reveal(lambda: bench.desk.safe.reveal(bench.user, one.id, name, reason or ""), one.ref)


def _reveal(fetch: Callable[[], bytes], ref: str) -> None:
    picture = refusal.attempt(fetch)
    if picture is not None:
        st.image(picture, caption=f"From {ref}, shown once; your reason is in the record.", width="stretch")


def pack(bench: Bench) -> None:
    """Draw the way to the evidence pack, and how anyone can check it."""
    if bench.case.stop or not bench.file.evidence or not bench.may(Permission.EXPORT):
        return
    with st.container(border=True):
        st.markdown("**Evidence pack**")
        muted("Evidence, requests, checks and history in one file, for the police, a solicitor or a governor. The download is recorded.")
        st.link_button(
            "Download the evidence pack",
            f"/pack/{quote(bench.case.id, safe='')}",
            icon=":material/download:",
            key=bench.key("pack"),
            width="stretch",
        )
        with st.expander("How anyone can check it", icon=":material/verified:"):
            muted("With Schoolwatch:")
            st.code("schoolwatch verify PACK.zip", language=None)
            muted("Without it, in the unpacked folder (Linux; macOS: shasum -a 256 -c):")
            st.code("sha256sum -c manifest-sha256.txt", language=None)


def masked_items(bench: Bench) -> None:
    """In a STOP case: that addresses are kept, with nothing but the host to be read."""
    for item in bench.file.items:
        st.text(f"Address kept: {masked(item.address)}")
