"""STOP on the case page: what to do now, why it was stopped, what was sealed off, the safeguarding lead's steps (evidence.md §8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import streamlit as st

from casework import helplines
from casework.stopping import FEWEST_WORDS, Copy, Direction, StopSheet
from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.moment_input import moment_input
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, counted, one_line
from evidence.errors import ADULT_TEXT
from evidence.guard import ADULT
from evidence.preflight import said
from schoolwatch.destroying import destroy

STOP_LINE = "STOP. This may be an indecent image of a child. Nothing is opened, captured, shown or sent from here."
SEALED_LINE = "Ring the police now: 101, or 999 in danger. Follow their direction. Do not delete anything, and do not look again."
TELL = "Tell the safeguarding lead now."  # as the steps begin it
YOU_LEAD = "You are the safeguarding lead: do this now."
FIRST = "In this order: first the police or the Internet Watch Foundation; then record here what they advised."
OUTSIDE = "These are copies outside the safe. Do not open or forward them, and tell the police that they exist."
CHILD_HELP = ("police", "iwf", "ceop", "report_remove")
ADULT_HELP = ("police", "stopncii")
_MISREAD, _BY_WORDS = "The words of the page were misread", "Only the page's own words stopped this, no person."
_FREED, _BY_ANOTHER = "This case may go on", "Another case stopped this one, and nothing in that case holds it any more."
ADULT_LINE = "This may be an intimate picture of an adult. It is not opened, copied or shown here."


def stop_card(bench: Bench) -> None:
    """Draw what to do in a stopped case; for an adult's picture the advice for adults; nothing in any other case."""
    sheet = bench.desk.casework.stop_sheet(bench.user, bench.case.id)
    if sheet is not None:
        _stopped(bench, sheet)
    elif bench.case.lead_category in ADULT:
        _adult()


def _stopped(bench: Bench, sheet: StopSheet) -> None:
    st.error(STOP_LINE, icon=":material/block:")
    with st.container(border=True, key="stop-card"):
        if sheet.copies:
            st.markdown(f"**{SEALED_LINE}**")
        st.markdown("**What to do**")
        for number, step in enumerate(_steps(bench, sheet), start=1):
            st.markdown(f"{number}. {as_is(step)}")
        _reach(CHILD_HELP)
        _why(sheet)
        _copies(bench, sheet)
        _exports(bench, sheet)
        _lift(bench, sheet)


def _steps(bench: Bench, sheet: StopSheet) -> tuple[str, ...]:
    """Return what to do, in the order in which it is done; to the safeguarding lead it does not say to tell the safeguarding lead."""
    steps = bench.file.stop_steps
    mine = tuple(f"{YOU_LEAD} {one.removeprefix(TELL)}" if sheet.may_destroy and one.startswith(TELL) else one for one in steps)
    return (*mine, FIRST) if mine else ()


def _reach(codes: tuple[str, ...]) -> None:
    """List how the bodies are reached, as text: no address of it is a link (data/reference/helplines.toml)."""
    st.markdown("**How to reach them**")
    bodies = helplines.shipped()
    for one in (bodies[code] for code in codes):
        st.text(f"{one.name}: {' · '.join(part for part in (one.telephone, one.hours, one.link) if part)}")


def _exports(bench: Bench, sheet: StopSheet) -> None:
    """List what left the safe before it was stopped: nobody can seal that off from here."""
    if not sheet.exports:
        return
    known = names.names(bench.desk)
    st.markdown(f"**{OUTSIDE}**")
    for one in sheet.exports:
        st.text(f"{times.exact(one.at)}, by {names.name(known, one.by)}: {one_line(one.words, 400)}")


def _why(sheet: StopSheet) -> None:
    if sheet.because:
        st.markdown("**Why it was stopped**")
    for line in (*sheet.because, *(said(one) for one in sheet.signals)):
        st.markdown(f"- {as_is(line)}")


def _copies(bench: Bench, sheet: StopSheet) -> None:
    """Draw what was sealed off: by number, who looked at it and when; nothing of what it shows."""
    if not sheet.copies:
        return
    known = names.names(bench.desk)
    st.markdown("**Sealed off here: not shown, not sent, not in any later backup**")
    for copy in sheet.copies:
        state = "destroyed under police direction; its hashes are kept" if copy.destroyed else "kept, sealed off"
        st.text(f"{copy.evidence.ref}: {state}.")
        _seen(copy, known)
    if sheet.backups:
        made = ", ".join(f"{one_line(one.file, 80)} ({times.exact(one.at)})" for one in sheet.backups)
        st.text(f"Backups of the last 35 days that may hold it: {made}. Tell the police of them; nobody restores them to look.")
    if sheet.may_destroy:
        _destroy(bench, [copy for copy in sheet.copies if not copy.destroyed])


def _seen(copy: Copy, known: Mapping[str, str]) -> None:
    """Say who looked at it, folded: each person once, with how often, first and last."""
    looked = "Looked at, as the original it was made from, by" if copy.evidence.derived_from else "Looked at by"
    if not copy.seen:
        st.text(f"{looked}: nobody, as far as is recorded")
        return
    moments: dict[str, list[datetime]] = {}
    for who, at in copy.seen:
        moments.setdefault(who, []).append(at)
    people = counted(len(moments), "person", "people")
    with st.expander(f"{copy.evidence.ref} · {looked} {people}, {_times(len(copy.seen))}", icon=":material/visibility:"):
        for who, found in moments.items():
            until = f", last {times.exact(max(found))}" if len(found) > 1 else ""
            st.text(f"{names.name(known, who)}: {_times(len(found))}, first {times.exact(min(found))}{until}")


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _destroy(bench: Bench, copies: list[Copy]) -> None:
    """Let the safeguarding lead carry out what the police directed; without who, when and a reference nothing goes."""
    if not copies:
        return
    with st.expander("The police directed that a copy is destroyed", icon=":material/local_police:"), st.form(bench.key("destroy")):
        muted("Only when the police said so. The files go for good; number, hashes and the witness code stay in the record.")
        refs = {copy.evidence.ref: copy.evidence.id for copy in copies}
        ref = st.selectbox("Which copy?", list(refs), key=bench.key("destroy-ref"))
        officer = st.text_input("Who said so? (name or number of the officer)", key=bench.key("destroy-officer"))
        reference = st.text_input("Reference of the police", key=bench.key("destroy-reference"))
        at = moment_input("When was it said?", bench.now, bench.key("destroy-at"))
        pressed = st.form_submit_button("Destroy this copy as directed", icon=":material/delete_forever:")
    if pressed:
        told = Direction(officer or "", reference or "", at or bench.now)
        bench.do(lambda: destroy(bench.desk, bench.user, refs[ref], told) + 1, "Destroyed as directed. The record says by whose word.")


def _lift(bench: Bench, sheet: StopSheet) -> None:
    if sheet.why_not is not None:
        muted(f"This stop stays: {sheet.why_not}." if sheet.because else "")
        return
    title, who = (_MISREAD, _BY_WORDS) if sheet.signals else (_FREED, _BY_ANOTHER)
    with st.expander(title, icon=":material/rule:"), st.form(bench.key("lift")):
        muted(f"{who} Judge by what you know of the page; do not open it. The question is then asked again before anything is captured.")
        reason = st.text_input(f"Why is it no indecent picture? (at least {FEWEST_WORDS} words)", key=bench.key("lift-reason"))
        pressed = st.form_submit_button("Lift this stop")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.lift_stop(bench.user, bench.case.id, reason or ""),
            "The stop was lifted, with your reason. The question is asked again before anything is captured.",
        )


def _adult() -> None:
    st.error(ADULT_LINE, icon=":material/block:")
    with st.container(border=True, key="stop-card"):
        st.markdown("**What to do**")
        for line in ADULT_TEXT.splitlines():
            if line[:1].isdigit():
                st.markdown(as_is(line))
        _reach(ADULT_HELP)
