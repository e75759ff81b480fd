"""The people around a case: what is still owed to them, and the pieces for seriousness, other bodies, support, source and filing."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from casework.caring import Care
from casework.duties import Duty
from casework.referrals import ends_stop
from casework.requests import NEEDS_ADVICE
from dashboard.parts import times
from dashboard.parts.bench import Bench
from dashboard.parts.case_filing import filing
from dashboard.parts.case_investigation import investigation
from dashboard.parts.case_moves import advice_form
from dashboard.parts.case_referral import referral
from dashboard.parts.case_seriousness import seriousness_form
from dashboard.parts.case_support import reporter_reply, support
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is
from data.model.people import Permission

ADVICE_FIRST = "This may be a child's disclosure, or put somebody in danger. Safeguarding first: nobody is asked to remove it yet."
TELL_FIRST = "First: record that you told the police or the Internet Watch Foundation"
THEN = "Then: what they advised"
Part = Callable[[Bench, Care], None]


def owed(bench: Bench, care: Care) -> None:
    """Draw what is still owed in the case, soonest first."""
    st.subheader("Still to do")
    if bench.case.lead_category in NEEDS_ADVICE and bench.case.advice_recorded_at is None:
        st.warning(ADVICE_FIRST, icon=":material/shield_person:")
    _owed(bench, care.duties)
    if bench.case.target == "chair":  # §7.3: about the chair the head decides, and somebody above the chair knows
        muted("It is about the chair of governors: tell the vice-chair or the trust yourself. The chair does not see this case.")


def assess_form(bench: Bench) -> None:
    """Draw the seriousness form as the case's next step."""
    seriousness_form(bench, bench.desk.casework.care_of(bench.user, bench.case.id))


def people(bench: Bench, care: Care) -> None:
    """Draw each piece about people, folded away; nothing here is primary."""
    st.subheader("People around the case")
    judges, stopped = bench.may(Permission.TRIAGE), bench.case.stop
    offered: list[tuple[str, str, Part, bool]] = [
        ("How serious it is", "balance", seriousness_form, judges and not stopped and bench.file.next_step.verb != "assess"),
        ("Police and other bodies", "local_police", _above if _is_next(bench, care) else referral, bench.may(Permission.REFER)),
        ("Support for those concerned", "volunteer_activism", support, judges),
        ("Answer to the person who reported it", "reply", reporter_reply, judges and bench.case.reported_at is not None),
        ("What happened, and who posted it", "search_insights", investigation, judges and not stopped),
        ("The person files the report", "assignment_ind", filing, bench.may(Permission.REQUEST) and not stopped),
    ]
    for title, icon, part, fits in offered:
        if fits:
            # Its state is kept here: else it would fold away after every step, when a line above it comes or goes
            with st.expander(title, icon=f":material/{icon}:", key=bench.key(f"piece-{icon}"), on_change="rerun"):
                part(bench, care)


def told_first(bench: Bench) -> None:
    """Draw the next step of a stopped case: record that the police or the IWF were told; then what they advised."""
    care = bench.desk.casework.care_of(bench.user, bench.case.id)
    if not _is_next(bench, care):
        advice_form(bench)
        return
    st.markdown(f"**{TELL_FIRST}**")
    if bench.may(Permission.REFER):
        referral(bench, care)
    else:
        muted("Whoever may put a case to the police records it here: the safeguarding lead, a deputy, the headteacher.")
    st.markdown(f"**{THEN}**")
    advice_form(bench)


def _above(_bench: Bench, _care: Care) -> None:
    muted("It stands above, as the next step of this case.")


def _is_next(bench: Bench, care: Care) -> bool:
    """Whether telling the police or the IWF is the next step, so that its form stands there and not among the others."""
    return bench.file.next_step.verb == "stop" and not ends_stop(care.referrals)


def _owed(bench: Bench, duties: tuple[Duty, ...]) -> None:
    if not duties:
        muted("Nothing is owed to anybody at the moment.")
        return
    with st.container(border=True, gap="xsmall", key=bench.key("duties")):
        for duty in duties:
            st.markdown(_line(bench, duty))


def _line(bench: Bench, duty: Duty) -> str:
    """Say when first: late, by when, or before closing; the colour never stands alone."""
    words = as_is(duty.text)
    if duty.due_at is None:
        return f":gray[:material/schedule: before closing] {words} (policy {duty.clause})"
    when = as_is(times.uk(duty.due_at, bench.now))
    if duty.is_late(bench.now):
        return f":red[:material/priority_high: late, was due {when}] {words} (policy {duty.clause})"
    if duty.is_now(bench.now):
        return f":red[:material/priority_high: due now] {words} (policy {duty.clause})"
    return f":orange[:material/schedule: by {when}] {words} (policy {duty.clause})"
