"""The register of policies: when each is due for review and by how much it is overdue, what calls for an early one, yearly looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from casework.governing import PolicyForm
from casework.reviews import TRIGGER_LABELS, Register, ReviewLine
from dashboard.parts import names, notice, refusal, signed_in, times
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, counted, one_line
from data.model.people import Permission, User
from data.model.policies import Policy, PolicyTrigger
from data.model.watch import School
from schoolwatch.desk import Desk

_LONDON = ZoneInfo("Europe/London")
_YEAR = timedelta(days=364)


def show(desk: Desk, user: User) -> None:
    """Draw the register of one school."""
    st.title("Policies and reviews")
    notice.show()
    schools = [one for one in desk.schools(user) if user.may(Permission.SEE_COUNTS, one.id)]
    if not schools:
        st.info("Your role does not see this page.", icon=":material/info:")
        return
    school = schools[0] if len(schools) == 1 else st.selectbox("School", schools, format_func=lambda one: one.name, key="policies-school")
    found = desk.casework.policy_register(user, school.id)
    may = user.may(Permission.MANAGE_POLICIES, school.id)
    _summary(found)
    _policies(desk, user, school, found, may=may)
    _triggers(desk, user, school, found, may=may)
    _yearly(desk, user, school, found, may=may)
    _pack(desk, user, school)


def _pack(desk: Desk, user: User, school: School) -> None:
    st.subheader("For the governors' yearly review")
    muted("Policies with what is overdue, what called for a review, what is searched for and how long things are kept. No case in it.")
    made = st.session_state.get("review-pack")
    if st.button("Make the review pack", icon=":material/inventory:"):
        made = st.session_state["review-pack"] = desk.casework.review_pack(user, school.id, _deployment(desk))
    if made:
        st.download_button("Save as PDF", made, f"yearly-review-{school.id}.pdf", "application/pdf", icon=":material/picture_as_pdf:")


def _deployment(desk: Desk) -> dict[str, str]:
    signed = desk.settings.dpia_signed_on
    return {
        "DPIA signed on": f"{signed:%d %b %Y} by {desk.settings.dpia_signed_by}" if signed else "not signed yet",
        "Privacy notice": desk.settings.privacy_notice_url or "not published yet",
    }


def _summary(found: Register) -> None:
    overdue = sum(line.is_overdue for _, line in found.policies)
    if overdue:
        st.error(f"{counted(overdue, 'policy is', 'policies are')} overdue for review.", icon=":material/event_busy:")
    elif not found.policies:
        st.info("No policy is in the register yet. Enter the ones that this rests on.", icon=":material/policy:")


def _policies(desk: Desk, user: User, school: School, found: Register, *, may: bool) -> None:
    st.subheader("Policies")
    for policy, line in found.policies:
        with st.container(border=True, key=f"policy-{policy.id}"):
            _stands(line)
            st.text(one_line(line.what))
            muted(
                f"Approved by {as_is(policy.approved_by)} on {policy.approved_on:%d %b %Y} · review due {policy.next_review_on:%d %b %Y} · "
                f"written by {as_is(policy.created_by)}{'' if policy.unions_consulted else ' · unions not consulted on this version'}"
            )
            if may:
                with st.expander("Enter its next version", icon=":material/upgrade:"):
                    _form(desk, user, school, policy)
    if may:
        with st.expander("Enter a policy", icon=":material/note_add:", expanded=not found.policies):
            _form(desk, user, school, None)
    if found.older:
        with st.expander(f"Older versions ({len(found.older)})", icon=":material/history:"):
            st.dataframe(
                {
                    "Policy": [one.title for one in found.older],
                    "Version": [one.version for one in found.older],
                    "Approved on": [one.approved_on for one in found.older],
                    "Approved by": [one.approved_by for one in found.older],
                },
                hide_index=True,
            )


def _stands(line: ReviewLine) -> None:
    icon, colour = ("event_busy", "red") if line.is_overdue else ("event_available", "green")
    st.badge(as_is(line.says), icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]


def _form(desk: Desk, user: User, school: School, before: Policy | None) -> None:
    today = desk.clock.now().astimezone(_LONDON).date()
    key = f"policy-form-{before.id if before else 'new'}"
    called = before.title if before else ""
    with st.form(key, border=False):
        title = st.text_input("Title", called, key=f"{key}-title")
        version = st.text_input("Version", key=f"{key}-version", placeholder="for example 4, or September 2026")
        written = st.text_input("Written by (role)", key=f"{key}-written")
        approved_by = st.text_input("Approved by", before.approved_by if before else "", key=f"{key}-by", placeholder="the governing board")
        approved = st.date_input("Approved on", today, max_value=today, format="DD/MM/YYYY", key=f"{key}-on")
        review = st.date_input("Next review, within twelve months", today + _YEAR, format="DD/MM/YYYY", key=f"{key}-review")
        unions = st.checkbox("The unions were consulted on changes", key=f"{key}-unions")
        pressed = st.form_submit_button("Enter it", width="stretch", type="primary" if before is None else "secondary")
    if pressed and isinstance(approved, date) and isinstance(review, date):
        form = PolicyForm(
            title=title,
            version=version,
            approved_by=approved_by,
            approved_on=approved,
            next_review_on=review,
            created_by=written,
            unions_consulted=unions,
        )
        _then(lambda: desk.casework.add_policy(user, school.id, form, before.id if before else None), "It stands in the register.")


def _triggers(desk: Desk, user: User, school: School, found: Register, *, may: bool) -> None:
    st.subheader("What calls for an early review")
    known, now = names.names(desk), desk.clock.now()
    if not found.triggers:
        muted("Nothing is open.")
    for one in found.triggers:
        with st.container(border=True, key=f"trigger-{one.id}"):
            st.text(f"{TRIGGER_LABELS[one.kind].capitalize()}: {one_line(one.what, 300)}")
            muted(f"{as_is(names.name(known, one.by))}, {times.uk(one.at, now)}")
            if may:
                _settle(desk, user, one)
    if may or user.may(Permission.CLOSE, school.id):
        with st.expander("Note something", icon=":material/add_alert:"):
            _note(desk, user, school)
    if found.settled:
        with st.expander(f"Settled ({len(found.settled)})", icon=":material/history:"):
            st.dataframe(
                {
                    "What": [f"{TRIGGER_LABELS[one.kind]}: {one.what}" for one in found.settled],
                    "What came of it": [one.settled_how for one in found.settled],
                    "Settled": [times.uk(one.settled_at, now) for one in found.settled],
                },
                hide_index=True,
            )


def _settle(desk: Desk, user: User, one: PolicyTrigger) -> None:
    with st.form(f"settle-{one.id}", border=False):
        how = st.text_input("What came of it?", key=f"settle-how-{one.id}")
        pressed = st.form_submit_button("Settle it")
    if pressed:
        _then(lambda: desk.casework.settle_trigger(user, one.id, how), "Settled.")


def _note(desk: Desk, user: User, school: School) -> None:
    with st.form("trigger-new", border=False):
        kind = st.selectbox("What is it?", list(TRIGGER_LABELS), format_func=TRIGGER_LABELS.__getitem__, key="trigger-kind")
        what = st.text_input("In one line, without names", key="trigger-what")
        pressed = st.form_submit_button("Note it")
    if pressed:
        _then(lambda: desk.casework.add_trigger(user, school.id, kind, what), "Noted. It waits until somebody says what came of it.")


def _yearly(desk: Desk, user: User, school: School, found: Register, *, may: bool) -> None:
    st.subheader("Looked at once a year")
    for line in found.yearly:
        with st.container(border=True, key=f"yearly-{line.key}"):
            _stands(line)
            st.text(line.what.capitalize())
            if may and st.button("Confirm that it was looked at", key=f"yearly-confirm-{line.key}", type="tertiary"):
                _confirm(desk, user, school, line.key)


def _confirm(desk: Desk, user: User, school: School, what: str) -> None:
    _then(lambda: desk.casework.confirm_yearly(user, school.id, what), "Confirmed for a year.")


def _then(act: Callable[[], object], said: str) -> None:
    if refusal.done(act):
        notice.leave(said)
        st.rerun()


if __name__ == "__main__":
    signed_in.run(show)
