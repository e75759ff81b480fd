"""The clocks of a case, each a line of its own; a step taken back, a target that was missed, a start that was earlier."""

from __future__ import annotations

import streamlit as st

from casework import clocks, countdown
from casework.acting import OWN_PAGE_CODES, OWN_PAGE_DECISIONS
from casework.clocks import CaseClock, Name, Sort
from casework.transitions import MISSED_LABELS, STATE_LABELS
from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.countdown_bar import ICONS, colour
from dashboard.parts.moment_input import moment_input
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, counted
from data.model.cases import MissedReason, StandingWord
from data.model.people import Permission

_HEADLINES = frozenset({Name.REMOVAL, Name.STOP_REFERRAL})  # the second stands on top in a stopped case, and the first is no matter there
_QUIET = frozenset({Sort.WINDOW, Sort.WAIT})  # nobody fails when a chance closes: no red


def clock_list(bench: Bench) -> None:
    """Draw every clock but the headline, which stands on top of the page: those that run, then those that stopped, folded away."""
    listed = [one for one in bench.desk.casework.clocks(bench.user, bench.case.id) if one.name not in _HEADLINES or one.is_past]
    running, stopped = [one for one in listed if one.is_running], [one for one in listed if not one.is_running]
    if not listed:
        return
    st.subheader("Clocks")
    if running:
        with st.container(border=True, key="clocks-running"):
            for clock in running:
                _line(bench, clock)
    if stopped:
        with st.expander(f"{counted(len(stopped), 'clock', 'clocks')} that stopped", icon=":material/timer_off:"):
            for clock in stopped:
                _line(bench, clock)
    with st.expander("Which rules these clocks follow", icon=":material/rule:"):
        for clock in listed:
            muted(f"{as_is(clock.label)}: {as_is(clock.rule)}")


def _line(bench: Bench, clock: CaseClock) -> None:
    state = clock.standing
    label = f"{clock.label} (before it was reopened)" if clock.is_past else clock.label
    st.markdown(f"**:{_colour(clock)}[{_icon(clock)} {as_is(clock.text)}]** · {as_is(label)}")
    if clock.is_running:
        st.progress(min(max(state.used, 0.0), 1.0))
    due = times.uk(state.due_at, bench.now)
    muted(f"{_share(clock)}Began {times.uk(state.known_at, bench.now)}; {_ends(clock)} {due}.")


def _share(clock: CaseClock) -> str:
    if not clock.is_running:
        return ""
    used, stage = clock.standing.used, countdown.stage(clock.standing)
    return f"{used:.0%} used: {stage}. " if used < 1 else f"{stage.capitalize()}. "


def _ends(clock: CaseClock) -> str:
    return "opens" if clock.sort is Sort.WAIT else "due"


def _colour(clock: CaseClock) -> str:
    if clock.sort in _QUIET:
        return "gray" if not clock.is_running or clock.standing.word is StandingWord.OVERDUE else "blue"
    return colour(clock.standing)


def _icon(clock: CaseClock) -> str:
    quiet = clock.sort in _QUIET and clock.standing.word in {StandingWord.OVERDUE, StandingWord.MISSED}
    return ":material/timer_off:" if quiet else ICONS[clock.standing.word]


def missed_form(bench: Bench) -> None:
    """Ask why the 24 hours were missed as soon as they are, or say what was recorded; nothing is drawn while they are not."""
    case = bench.case
    if case.missed_reason is not None:
        muted(f"Why the 24 hours were missed: {as_is(MISSED_LABELS[case.missed_reason])}.")
        if case.missed_note:
            st.text(case.missed_note)
    if case.stop or case.missed_reason is not None or not clocks.missed(case, bench.now) or not bench.may(Permission.TRIAGE):
        return
    with st.expander("Why were the 24 hours missed?", icon=":material/alarm:", expanded=False), st.form(bench.key("missed"), border=False):
        reason, note = missed_fields(bench, "missed")
        pressed = st.form_submit_button("Record the reason")
    if pressed:
        bench.do(lambda: bench.desk.casework.missed(bench.user, case.id, reason, note), "The reason was recorded.")


def missed_fields(bench: Bench, name: str) -> tuple[MissedReason | None, str]:
    """Draw the two fields that say why the target was missed."""
    reason = st.selectbox(
        "Why were the 24 hours missed?",
        list(MissedReason),
        index=None,
        format_func=MISSED_LABELS.__getitem__,
        placeholder="Choose the main reason",
        key=bench.key(f"{name}-reason"),
    )
    note = st.text_area("In your own words (needed for another reason)", key=bench.key(f"{name}-note"), height=80)
    return reason, note or ""


def correct_form(bench: Bench) -> None:
    """Take the last step back with a reason, where this person may; both lines stay in the history."""
    step = bench.desk.casework.correctable(bench.user, bench.case.id)
    if step is None or step.after is None or step.before is None:
        return
    with st.expander("Recorded by mistake? Take the last step back", icon=":material/undo:"):
        who = names.name(names.names(bench.desk), step.by)
        muted(
            f"Last step: '{as_is(STATE_LABELS[step.after])}', by {as_is(who)}, {times.uk(step.at, bench.now)}. "
            f"The case goes back to '{as_is(STATE_LABELS[step.before])}'. Both lines stay in the history; nothing is sent to anyone."
        )
        with st.form(bench.key("correct"), border=False):
            turn = sum(event.what == "correction" for event in bench.file.events)  # a kept reason empties the field, a refused one stays
            reason = st.text_area("Why was it a mistake?", key=f"{bench.key('correct-reason')}-{turn}", height=80)
            pressed = st.form_submit_button("Take the step back")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.correct(bench.user, bench.case.id, reason or "", bench.seen),
            "The step was taken back. The history shows both.",
        )


def earlier_form(bench: Bench) -> None:
    """Record that the school was told earlier than recorded; the 24 hours then began earlier."""
    if bench.case.closed_at is not None or not bench.may(Permission.TRIAGE):
        return
    with (
        st.expander("The school was told earlier", icon=":material/history:"),
        st.form(bench.key("earlier"), border=False),
    ):
        moment = moment_input("When was the school first told?", bench.case.known_at, bench.key("earlier-at"))
        reason = st.text_input("Who was told, and how?", key=bench.key("earlier-reason"))
        pressed = st.form_submit_button("Move the start back")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.known_earlier(bench.user, bench.case.id, moment or bench.now, reason or ""),
            "The 24 hours now count from the earlier time.",
        )


def own_page_form(bench: Bench) -> None:
    """A comment under the school's own page: say so, and let the headteacher decide (policy B15)."""  # B15
    events = {event.what for event in bench.file.events}
    if bench.case.stop or bench.case.closed_at is not None or clocks.OWN_PAGE_DECIDED in events:
        return
    if clocks.OWN_PAGE_SEEN not in events:
        _own_page_seen(bench)
    elif bench.may(Permission.DECIDE_REPLY):
        _own_page_decision(bench)


def _own_page_seen(bench: Bench) -> None:
    if not bench.may(Permission.TRIAGE):
        return
    with st.expander("It stands on the school's own page", icon=":material/house:"):
        muted("Then the headteacher decides within four working hours. Nothing is hidden or removed from here.")
        pressed = st.button("Ask the headteacher to decide", key=bench.key("own-page"))
    if pressed:
        bench.do(lambda: bench.desk.casework.on_own_page(bench.user, bench.case.id), "The headteacher is asked to decide.")


def _own_page_decision(bench: Bench) -> None:
    with (
        st.expander("Decide about the comment on the school's own page", icon=":material/house:", expanded=True),
        st.form(bench.key("own-page-decision"), border=False),
    ):
        decision = st.radio(
            "What is decided?",
            list(OWN_PAGE_DECISIONS),
            index=None,
            format_func=OWN_PAGE_DECISIONS.__getitem__,
            key=bench.key("own-decision"),
        )
        code = st.selectbox(
            "To hide or remove it: why?",
            list(OWN_PAGE_CODES),
            index=None,
            format_func=OWN_PAGE_CODES.__getitem__,
            placeholder="Criticism is not a reason",
            key=bench.key("own-code"),
        )
        reason = st.text_area("In your own words", key=bench.key("own-reason"), height=80)
        pressed = st.form_submit_button("Record the decision")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.decide_own_page(bench.user, bench.case.id, decision or "", code, reason or ""),
            "The decision was recorded. Carry it out on the page itself.",
        )
