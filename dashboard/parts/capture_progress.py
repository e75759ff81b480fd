"""A capture on its way: how far it is, by itself every second, and the button that cancels it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.parts import refusal, signed_in, times
from dashboard.parts.bench import Bench
from dashboard.parts.case_evidence import COMPLETENESS
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is
from data.model.cases import CaseEvent
from data.model.evidence import CaptureOrder, Evidence, EvidenceKind, OrderState
from data.model.people import Permission

EVERY = 1  # seconds between two looks how far it is
CANCELLING = "Cancelling. Nothing of it will be kept."
CANCELLED = "Cancelled: nothing was kept. You can capture again."
_SEALING = frozenset({"captured", "moved"})  # the first capture moves the case on
_UNDER_WAY = frozenset({OrderState.WAITING, OrderState.RUNNING})


def capture_under_way(bench: Bench) -> None:
    """Say how far the capture is; the page goes on by itself when it has ended."""
    order = _under_way(bench.file.orders)
    if order is None:
        return
    with st.container(border=True):
        st.fragment(_progress, run_every=EVERY)(bench, order.id)
        muted(f"Ordered {times.both(order.ordered_at, bench.now)}. This page goes on by itself; you may leave it.")
        if order.cancel_asked_by is None and bench.may(Permission.CAPTURE):
            _cancel(bench, order)


def capture_beside(bench: Bench) -> None:
    """Draw what was just sealed, and a capture that runs beside another next step: one more in a case that has one already."""
    sealed = just_sealed(bench.file.events, bench.file.evidence)
    if sealed is not None and not bench.case.stop:
        st.info(as_is(f"Sealed: {sealed.ref}, {COMPLETENESS[sealed.completeness][0]}. It is under Evidence below."), icon=":material/lock:")
    if not bench.case.stop and just_cancelled(bench.file.events, bench.file.orders):
        st.info(CANCELLED, icon=":material/cancel:")
    if bench.file.next_step.verb != "wait_capture":
        capture_under_way(bench)


def just_sealed(events: Sequence[CaseEvent], evidence: Sequence[Evidence]) -> Evidence | None:
    """Return the capture of a page whose sealing is the newest thing that happened in the case; None when anything came after it."""
    last = max(events, key=lambda event: event.number, default=None)
    if last is None or last.what not in _SEALING:
        return None
    sealed = last.fields.get("evidence_id")
    return next((one for one in evidence if one.id == sealed and one.kind is EvidenceKind.PAGE), None)


def just_cancelled(events: Sequence[CaseEvent], orders: Sequence[CaptureOrder]) -> bool:
    """Whether a cancelled capture, ended by now, is the newest thing that happened in the case."""
    last = max(events, key=lambda event: event.number, default=None)
    ended = bool(orders) and orders[-1].state is OrderState.CANCELLED
    return ended and last is not None and last.what == "capture cancelled"


def _under_way(orders: tuple[CaptureOrder, ...]) -> CaptureOrder | None:
    return next((one for one in reversed(orders) if one.state in _UNDER_WAY), None)


def _progress(bench: Bench, order_id: str) -> None:
    signed_in.check(bench.desk, bench.user)
    file = refusal.attempt(lambda: bench.desk.casework.case(bench.user, bench.case.id))
    order = next((one for one in (file.orders if file else ()) if one.id == order_id), None)
    if order is not None:
        st.markdown(f"**:material/hourglass_top: {said(order)}**")


def said(order: CaptureOrder) -> str:
    """Return how far a capture is, in a sentence."""
    if order.state is OrderState.CANCELLED:
        return CANCELLED
    if order.cancel_asked_by is not None and order.state in _UNDER_WAY:
        return CANCELLING
    if order.state is OrderState.WAITING:
        return "The capture waits for the worker."
    if order.state is OrderState.RUNNING:
        return f"The worker is at it: {order.progress}." if order.progress else "The page is being opened, photographed and sealed."
    return "The capture has ended."


def _cancel(bench: Bench, order: CaptureOrder) -> None:
    if st.button("Cancel the capture", key=f"{bench.key('cancel-capture')}-{order.id}", icon=":material/cancel:"):
        bench.do(
            lambda: bench.desk.casework.cancel_capture(bench.user, bench.case.id, order.id),
            "",  # the page itself says that it is being cancelled, and then that it was
        )
