"""What happened (policy A15) and who posted it (A27): decided by a person who says what it rests on, never computed."""

from __future__ import annotations

import streamlit as st

from casework.caring import Care
from casework.inquiring import ATTRIBUTION_LABELS, SOURCE_LABELS
from casework.triage import TARGETS
from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import one_line
from data.model.care import Attribution, Investigation, SourceKind
from data.model.people import Permission

_ROLES = ("teacher", "staff", "headteacher", "dsl", "deputy_dsl", "comms_lead")


def investigation(bench: Bench, care: Care) -> None:
    """Draw what was done, and the next steps of whoever looks into it."""
    for one in care.investigations:
        with st.container(border=True):
            _said(bench, one)
            if one.closed_at is None:
                _step(bench, one)
                _source(bench, one)
            if one.source_kind in {SourceKind.PUPIL, SourceKind.STAFF}:
                _procedure(bench, one)
            if one.closed_at is None:
                _close(bench, one)
    if all(one.closed_at is not None for one in care.investigations):
        _open(bench, len(care.investigations))


def _open(bench: Bench, turn: int) -> None:
    with bench.desk.store.read() as work:
        able = [user for user in work.users.where(disabled=False) if user.may(Permission.TRIAGE, bench.case.school_id)]
    known = {user.id: user.name for user in able}
    with st.form(f"{bench.key('inquiry')}-{turn}", border=False):
        lead = st.selectbox(
            "Who looks into it?",
            list(known),
            index=None,
            format_func=known.__getitem__,
            placeholder="Choose",
            key=f"{bench.key('lead')}-{turn}",
        )
        pressed = st.form_submit_button("Begin")
    if pressed:
        bench.do(lambda: bench.desk.casework.open_investigation(bench.user, bench.case.id, lead or ""), "Recorded who looks into it.")


def _said(bench: Bench, one: Investigation) -> None:
    known, now = names.names(bench.desk), bench.now
    st.text(f"{names.name(known, one.lead)} looks into it since {times.uk(one.opened_at, now)}.")
    for step in one.steps:
        st.text(f"• {names.name(known, step['by'])}: {step['text']}")
    if one.source_at is not None:
        basis = f", because: {one.source_note}" if one.source_note else ""
        who = f"{names.name(known, one.source_by or '')}, {times.uk(one.source_at, now)}"
        st.text(f"Who posted it: {SOURCE_LABELS[one.source_kind]}, {ATTRIBUTION_LABELS[one.source]} ({who}){basis}")
    if one.procedure_reference:
        st.text(f"The procedure is kept elsewhere: {one.procedure_reference}")
    if one.closed_at is not None:
        st.text(f"Closed {times.uk(one.closed_at, now)}. Found: {one.findings} Followed: {one.outcome}")


def _step(bench: Bench, one: Investigation) -> None:
    key = f"{one.id}-{len(one.steps)}"
    with st.form(f"{bench.key('step')}-{key}", border=False):
        words = st.text_input("What was done?", key=f"{bench.key('step-words')}-{key}")
        pressed = st.form_submit_button("Add the step")
    if pressed:
        bench.do(lambda: bench.desk.casework.investigation_step(bench.user, one.id, words or ""), "The step was added.")


def _source(bench: Bench, one: Investigation) -> None:
    kind = st.selectbox(
        "Who posted it?",
        list(SourceKind),
        index=None,
        format_func=SOURCE_LABELS.__getitem__,
        placeholder="Choose",
        key=f"{bench.key('source')}-{one.id}",
    )
    if kind is None:
        return
    if kind is SourceKind.STAFF:
        st.warning("Only the headteacher and the chair will see this case then (policy A24).", icon=":material/lock:")
    with st.form(f"{bench.key('source-of')}-{one.id}", border=False):
        certain = st.radio(
            "How sure is that?", list(Attribution), format_func=ATTRIBUTION_LABELS.__getitem__, key=f"{bench.key('sure')}-{one.id}"
        )
        person = _colleague(bench, one) if kind is SourceKind.STAFF else ""
        note = st.text_area("What does that rest on?", key=f"{bench.key('rests')}-{one.id}", height=70)
        pressed = st.form_submit_button("Record the source")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.attribute_source(bench.user, one.id, certain or Attribution.UNKNOWN, kind, note or "", person),
            "The source was recorded.",
        )


def _colleague(bench: Bench, one: Investigation) -> str:
    with bench.desk.store.read() as work:
        listed = {f"staff:{member.id}": one_line(member.name, 60) for member in work.staff.where(school_id=bench.case.school_id)}
    choices = {role: TARGETS[role] for role in _ROLES} | listed
    chosen: str | None = st.selectbox(
        "Which colleague?",
        list(choices),
        index=None,
        format_func=choices.__getitem__,
        placeholder="Not said",
        key=f"{bench.key('who')}-{one.id}",
    )
    return chosen or ""


def _procedure(bench: Bench, one: Investigation) -> None:
    with st.form(f"{bench.key('procedure')}-{one.id}", border=False):
        words = st.text_input(
            "Reference in the school's own system", one.procedure_reference or "", key=f"{bench.key('procedure-ref')}-{one.id}"
        )
        pressed = st.form_submit_button("Keep the reference")
    muted("The reference only. What was decided is not kept here.")
    if pressed:
        bench.do(lambda: bench.desk.casework.point_to_procedure(bench.user, one.id, words or ""), "The reference was kept.")


def _close(bench: Bench, one: Investigation) -> None:
    with st.form(f"{bench.key('inquiry-end')}-{one.id}", border=False):
        found = st.text_area("What was found?", key=f"{bench.key('found')}-{one.id}", height=70)
        followed = st.text_input("What followed?", key=f"{bench.key('followed')}-{one.id}")
        pressed = st.form_submit_button("End it")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.close_investigation(bench.user, one.id, found or "", followed or ""), "The investigation is closed."
        )
