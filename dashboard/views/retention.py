"""What goes tonight and why, what waits for a person, legal holds, periods, requests by people about their data, the last nights.

Nothing of a case's content stands here: whoever decides how long things are kept sees numbers, dates and rules.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from casework.purging import KeptCase, Tonight
from casework.retention import RULES, Action, Fate, RuleKey, is_over
from dashboard.parts import names, notice, signed_in, times
from dashboard.parts.data_requests import data_requests
from dashboard.parts.keeping_forms import agree_form, hold_form, then, transfer_form
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, counted, one_line
from data.model.cases import Case
from data.model.keeping import LegalHold, RetentionRun
from data.model.people import Permission, User
from data.model.watch import School
from schoolwatch.desk import Desk

SHOWN = 30  # cases that wait for a person, at once


def show(desk: Desk, user: User) -> None:
    """Draw the page of one school."""
    st.title("What is kept, and for how long")
    notice.show()
    schools = [one for one in desk.schools(user) if user.may(Permission.MANAGE_RETENTION, one.id)]
    if not schools:
        st.info("Your role does not see this page.", icon=":material/info:")
        return
    school = schools[0] if len(schools) == 1 else st.selectbox("School", schools, format_func=lambda one: one.name, key="retention-school")
    found = desk.casework.tonight(user, school.id)
    _tonight(desk, found)
    _waiting(desk, user, [one for one in found.cases if one.fate.action is Action.ASK])
    _holds(desk, user, school, found)
    data_requests(desk, user, school.id)
    _periods(desk, user, school)
    _early(desk, user, found)
    _runs(desk, user, school)


def _tonight(desk: Desk, found: Tonight) -> None:
    st.subheader("What goes tonight")
    muted("After half past two in the morning. The counts for the governors stay; nothing else does.")
    gone = [(RULES[RuleKey(key)], number) for key, number in found.gone.items() if number]
    if not gone:
        st.text("Nothing goes tonight.")
        return
    st.dataframe(
        {
            "What": [rule.what for rule, _ in gone],
            "How many": [number for _, number in gone],
            "Why": [rule.why for rule, _ in gone],
        },
        hide_index=True,
    )
    cases = [one for one in found.cases if one.fate.action is Action.GO]
    if cases:
        with st.expander(f"The cases ({len(cases)})", icon=":material/folder_delete:"):
            _case_table(desk, cases)


def _case_table(desk: Desk, cases: Sequence[KeptCase]) -> None:
    now = desk.clock.now()
    st.dataframe(
        {
            "Case": [one.case.ref for one in cases],
            "Closed": [times.uk(one.case.closed_at, now) for one in cases],
            "Rule": [RULES[one.fate.rule].what for one in cases],
            "Why": [one.fate.why for one in cases],
        },
        hide_index=True,
    )


def _waiting(desk: Desk, user: User, cases: Sequence[KeptCase]) -> None:
    st.subheader("Waits for a person")
    if not cases:
        st.text("No case waits.")
        return
    muted("The machine never decides that these go.")
    for one in cases[:SHOWN]:
        with st.container(border=True, key=f"waits-{one.case.id}"):
            st.markdown(f"**{as_is(one.case.ref)}**")
            _facts(desk, one.case, one.fate)
            if one.case.transferred_at is None:
                transfer_form(desk, user, one.case, one.case.id)
            else:
                _agreed(desk, one)
                agree_form(desk, user, one.case, one.agreed, one.case.id)
    if len(cases) > SHOWN:
        muted(f"{len(cases) - SHOWN} more wait; they come up as these are settled.")


def _facts(desk: Desk, case: Case, fate: Fate) -> None:
    now = desk.clock.now()
    moved = f" · the file has its copy since {times.uk(case.transferred_at, now)}" if case.transferred_at else ""
    muted(f"{RULES[fate.rule].what} · closed {times.uk(case.closed_at, now)}{moved}")
    st.text(f"{fate.why[:1].upper()}{fate.why[1:]}.")


def _agreed(desk: Desk, one: KeptCase) -> None:
    if one.agreed:
        known = names.names(desk)
        st.text(f"Agreed: {', '.join(names.name(known, who) for who in one.agreed)}")


def _holds(desk: Desk, user: User, school: School, found: Tonight) -> None:
    st.subheader("Legal holds")
    muted("Nothing of a held case goes until thirty days after the hold is released.")
    holds = desk.casework.holds(user, school.id)
    standing = [(hold, case) for hold, case in holds if hold.released_at is None]
    if not standing:
        st.text("No case is held.")
    for hold, case in standing:
        with st.container(border=True, key=f"held-{hold.id}"):
            st.markdown(f"**{as_is(case.ref)}**")
            st.text(f"Asked for by {one_line(hold.authority, 120)}, {times.uk(hold.at, desk.clock.now())}")
            _release(desk, user, hold)
    with st.expander("Hold a case", icon=":material/gavel:"):
        held = {case.id for _, case in standing}
        free = [one.case for one in found.cases if one.case.id not in held]
        chosen = st.selectbox("Case", free, index=None, format_func=lambda case: case.ref, placeholder="Choose its number", key="hold-case")
        hold_form(desk, user, chosen, "new")
    released = [(hold, case) for hold, case in holds if hold.released_at is not None]
    if released:
        with st.expander(f"Released ({len(released)})", icon=":material/history:"):
            now = desk.clock.now()
            st.dataframe(
                {
                    "Case": [case.ref for _, case in released],
                    "Asked for by": [hold.authority for hold, _ in released],
                    "Released": [times.uk(hold.released_at, now) for hold, _ in released],
                },
                hide_index=True,
            )


def _release(desk: Desk, user: User, hold: LegalHold) -> None:
    with st.form(f"release-{hold.id}", border=False):
        why = st.text_input("Why is it released?", key=f"release-why-{hold.id}")
        pressed = st.form_submit_button("Release the hold")
    if pressed:
        then(lambda: desk.casework.release_hold(user, hold.id, why or ""), "Released. It is kept for thirty days more.")


def _periods(desk: Desk, user: User, school: School) -> None:
    st.subheader("For how long")
    own = desk.casework.own_periods(user, school.id)
    st.dataframe(
        {
            "What": [rule.what for rule in RULES.values()],
            "Days": [own[rule.key] for rule in RULES.values()],
            "Counted from": [rule.since for rule in RULES.values()],
            "Why": [rule.why for rule in RULES.values()],
            "May be": [f"{rule.least} to {rule.most}" for rule in RULES.values()],
        },
        hide_index=True,
    )
    with st.expander("Choose another time", icon=":material/edit_calendar:"), st.form("period", border=False):
        key = st.selectbox("For what?", list(RULES), format_func=lambda one: RULES[one].what, key="period-rule")
        days = st.number_input("Days", min_value=1, max_value=4000, value=90, step=1, key="period-days")
        why = st.text_input("Why?", key="period-why")
        pressed = st.form_submit_button("Keep it for so long")
        if pressed:
            then(lambda: desk.casework.set_period(user, school.id, key, int(days), why or ""), "It counts from tonight.")


def _early(desk: Desk, user: User, found: Tonight) -> None:
    cases = [one for one in found.cases if one.fate.action is Action.LATER and is_over(one.case)]
    if not cases:
        return
    with st.expander("A case may go before its time", icon=":material/group:"):
        muted("Two people must agree, each with a reason. The case then goes the next night.")
        chosen = st.selectbox(
            "Case", cases, index=None, format_func=lambda one: one.case.ref, placeholder="Choose its number", key="early-case"
        )
        if chosen is not None:
            _facts(desk, chosen.case, chosen.fate)
            _agreed(desk, chosen)
            agree_form(desk, user, chosen.case, chosen.agreed, f"early-{chosen.case.id}")


def _runs(desk: Desk, user: User, school: School) -> None:
    st.subheader("The last nights")
    runs = desk.casework.runs(user, school.id)
    if not runs:
        st.text("No night has passed yet.")
        return
    now = desk.clock.now()
    if runs[0].finished_at is None:
        st.warning("The last run was cut off, or it is still at work. What is left is done the next night.", icon=":material/warning:")
    st.dataframe(
        {
            "When": [times.uk(run.at, now) for run in runs],
            "Went": [_sum(run.gone) for run in runs],
            "Held": [_sum(run.held) for run in runs],
            "Waits for a person": [_sum(run.waiting) for run in runs],
            "How it ended": [_ended(run) for run in runs],
        },
        hide_index=True,
    )


def _sum(numbers: dict[str, int]) -> str:
    return counted(sum(numbers.values()), "record", "records") if numbers else "nothing"


def _ended(run: RetentionRun) -> str:
    return "done" if run.finished_at is not None else "cut off"


if __name__ == "__main__":
    signed_in.run(show)
