"""Other steps of a case: advice, closing, notes, another owner, and every further move that the table allows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from casework.duties import NO_REPLY_WANTED, REPLIED
from casework.files import AllowedMove
from casework.flagging import CATEGORY_LABELS
from casework.transitions import ADVICE_BODIES, FIELD_LABELS, NONE_NEEDED, OUTCOME_LABELS, OUTCOMES_OF
from dashboard.parts import times
from dashboard.parts.bench import Bench
from dashboard.parts.case_clocks import missed_fields
from dashboard.parts.moment_input import moment_input
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, one_line
from data.model.cases import CaseState
from data.model.evidence import EvidenceKind
from data.model.people import Permission
from data.model.readings import OUTCOMES

# These have forms of their own on the page
_ELSEWHERE = frozenset(
    {
        CaseState.EVIDENCE_CAPTURED,
        CaseState.REQUESTED,
        CaseState.CLAIMED_REMOVED,
        CaseState.SAFEGUARDING_LEAD,
        CaseState.CLOSED,
        CaseState.REFUSED,
        CaseState.ESCALATED,
    }
)
_BY_ITSELF = frozenset({"check_ids", "method", "observed_at", "advice", "previous"})
_WEEK = timedelta(days=6)


def advice_form(bench: Bench) -> None:
    """Record what the LADO, children's social care or the police advised."""
    with st.form(bench.key("advice"), border=True):
        body = st.radio(
            "Whose advice?",
            [one for one in ADVICE_BODIES if not bench.case.stop or one != NONE_NEEDED],
            index=None,
            format_func=lambda one: as_is(ADVICE_BODIES[one]),
            key=bench.key("advice-body"),
        )
        asked = "What was advised?" if bench.case.stop else "What was advised, or why none was needed?"
        words = st.text_area(asked, key=bench.key("advice-words"), height=110)
        pressed = st.form_submit_button("Record the advice", type=bench.tone, width="stretch")
    if pressed:
        says = "The advice was recorded." if bench.case.stop else "The advice was recorded. The case can go on."
        bench.do(lambda: bench.desk.casework.record_advice(bench.user, bench.case.id, body or "", words or ""), says)


def close_form(bench: Bench) -> None:
    """Ask what was learned and which support was offered, then close (A23, B23)."""
    outcomes = [one for one in OUTCOMES_OF.get(bench.case.state, tuple(OUTCOME_LABELS)) if one in OUTCOME_LABELS]
    with st.form(bench.key("close"), border=True):
        outcome = st.selectbox(
            "How did it end?",
            outcomes,
            index=outcomes.index(bench.case.outcome) if bench.case.outcome in outcomes else 0,
            format_func=OUTCOME_LABELS.__getitem__,
            key=bench.key("outcome"),
        )
        lessons = st.text_area("What was learned?", key=bench.key("lessons"), height=90)
        support = st.text_area("Which support was offered, or why none?", key=bench.key("support"), height=90)
        informed = st.text_input("Who was told? (roles)", key=bench.key("informed"), placeholder="nobody")
        review = st.checkbox("The policy should be looked at again", key=bench.key("review"))
        reply = _reporter_reply(bench)
        missed, note = missed_fields(bench, "close-missed") if "missed_reason" in _asked(bench, CaseState.CLOSED) else (None, "")
        pressed = st.form_submit_button("Close the case", type=bench.tone, width="stretch")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.close(
                bench.user,
                bench.case.id,
                outcome,
                lessons or "",
                support or "",
                people_informed=informed or "nobody",
                policy_review=review,
                reporter_reply=reply,
                missed_reason=missed,
                missed_note=note,
                seen=bench.seen,
            ),
            "The case is closed. Our checks look now and then whether it comes back.",
        )


def _asked(bench: Bench, to: CaseState) -> tuple[str, ...]:
    """Return what this case must record on a move, beyond what everybody must."""
    return next((one.required for one in bench.file.moves if one.to is to), ())


def _reporter_reply(bench: Bench) -> str:
    """Ask what the person who reported it was told, unless that was recorded before (B23)."""
    told = any(event.what in {REPLIED, NO_REPLY_WANTED} for event in bench.file.events)
    if told or "reporter_reply" not in _asked(bench, CaseState.CLOSED):
        return ""
    return st.text_area("What was the person who reported it told? (or why nobody)", key=bench.key("close-reply"), height=80) or ""


def moves(bench: Bench) -> None:
    """Offer the moves that have no form of their own on the page."""
    offered = [one for one in bench.file.moves if one.to not in _ELSEWHERE]
    if not offered:
        if bench.is_next:
            st.text("Your role has no step to take here. The case waits for somebody who may.")
        return
    labels = {one.to: one for one in offered}
    to = st.selectbox(
        "Step", list(labels), index=None, format_func=lambda one: labels[one].label, placeholder="Choose a step", key=bench.key("move")
    )
    if to is not None:
        _move(bench, labels[to])


def _move(bench: Bench, move: AllowedMove) -> None:
    muted(as_is(move.says))
    with st.form(f"{bench.key('move')}-{move.to.value}", border=True):
        fields = {name: _field(bench, move, name) for name in _fields(move)}
        pressed = st.form_submit_button(move.label, type=bench.tone, width="stretch")
    if pressed:
        reason = str(fields.get("reason") or "")
        seen = bench.seen
        bench.do(lambda: bench.desk.casework.move(bench.user, bench.case.id, move.to, fields, reason, seen), f"Done: {move.label.lower()}.")


def _fields(move: AllowedMove) -> tuple[str, ...]:
    names = tuple(name.split("|")[-1] for name in move.required if name not in _BY_ITSELF or move.to is not CaseState.VERIFIED_REMOVED)
    return names if "reason" in names else (*names, "reason")


def _field(bench: Bench, move: AllowedMove, name: str) -> Any:
    key, label = f"{bench.key('field')}-{move.to.value}-{name}", one_line(FIELD_LABELS.get(name, name))
    label = label[:1].upper() + label[1:]
    if name.endswith("_at"):
        return moment_input(label, bench.now, key, ahead=_WEEK if name == "review_at" else timedelta(0))
    if name == "may_be_forwarded":
        return st.checkbox(label, key=key)
    if name == "outcome":
        chosen = st.selectbox(label, sorted(OUTCOMES), index=None, format_func=CATEGORY_LABELS.__getitem__, key=key)
        return chosen.value if chosen else ""
    choices = _choices(bench, name)
    if choices is not None:
        return st.selectbox(label, list(choices), index=None, format_func=choices.__getitem__, placeholder="Choose", key=key) or ""
    return st.text_input(label, key=key)


def _choices(bench: Bench, name: str) -> dict[str, str] | None:
    """Return what can be chosen for a field that names a record: a capture, or a person who may judge here."""
    if name == "new_capture":
        shown = sorted((one for one in bench.file.evidence if one.counts), key=lambda one: one.captured_at)
        return {one.id: f"{one.ref}, {times.uk(one.captured_at, bench.now)}" for one in shown[1:] if one.kind is EvidenceKind.PAGE}
    return _judges(bench) if name == "reviewer" else None


def _judges(bench: Bench) -> dict[str, str]:
    with bench.desk.store.read() as work:
        people = [user for user in work.users.where(disabled=False) if user.may(Permission.TRIAGE, bench.case.school_id)]
    return {user.id: user.name for user in people}


def note_form(bench: Bench) -> None:
    """Add a note to the history."""
    with st.form(bench.key("note"), border=False, clear_on_submit=False):
        count = len(bench.file.events)  # a kept note empties the field, a refused one stays in it
        words = st.text_area("Note", key=f"{bench.key('note-words')}-{count}", height=90)
        pressed = st.form_submit_button("Add the note")
    if pressed:
        bench.do(lambda: bench.desk.casework.note(bench.user, bench.case.id, words or ""), "The note was added.")


def assign_form(bench: Bench) -> None:
    """Give the case another owner."""
    if not bench.may(Permission.TRIAGE):
        return
    known = _judges(bench)
    with st.form(bench.key("assign"), border=False):
        owner = st.selectbox("Owner", list(known), index=None, format_func=known.__getitem__, placeholder="Choose", key=bench.key("owner"))
        pressed = st.form_submit_button("Hand the case over")
    if pressed:
        bench.do(lambda: bench.desk.casework.assign(bench.user, bench.case.id, owner or ""), "The case has a new owner.")


def safeguarding_form(bench: Bench) -> None:
    """Hand the case to the safeguarding lead at once (policy A10)."""
    if bench.case.state is CaseState.SAFEGUARDING_LEAD:
        return
    with st.form(bench.key("safeguarding"), border=False):
        reason = st.text_input("What is the concern?", key=bench.key("safeguarding-reason"))
        pressed = st.form_submit_button("Hand it to the safeguarding lead")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.to_safeguarding(bench.user, bench.case.id, reason or ""),
            "Handed to the safeguarding lead. Steps towards removal wait.",
        )
