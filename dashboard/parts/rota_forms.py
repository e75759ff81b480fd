"""The forms of the rota: who is on call, who is away and who stands in, when the school is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import streamlit as st

from casework.telling import RotaFile
from dashboard.parts import notice, refusal, times
from dashboard.parts.moment_input import moment_input
from dashboard.parts.plain_words import as_is, one_line
from data.model.people import User
from schoolwatch.desk import Desk

_NOBODY = "nobody"


def rota_forms(desk: Desk, user: User, file: RotaFile) -> None:
    """Draw what is coming, each with a way to take it back, and the three forms."""
    names = {one.id: one_line(one.name, 60) for one in file.people}
    st.subheader("On call, away, closed")
    _coming(desk, user, file, names)
    if file.may_manage:
        with st.expander("Put somebody on call", icon=":material/call:"):
            _call_form(desk, user, file, names)
    with st.expander("Somebody is away", icon=":material/beach_access:"):
        _away_form(desk, user, file, names)
    if file.may_manage:
        with st.expander("The school is closed", icon=":material/event_busy:"):
            _closure_form(desk, user, file)


def _coming(desk: Desk, user: User, file: RotaFile, names: dict[str, str]) -> None:
    now = desk.clock.now()
    if not (file.coming or file.away or file.closures):
        st.text("Nothing is entered. Bank holidays in England are known already.")
    for duty in file.coming:
        words = (
            f"{_name(names, duty.user_id)} is on call, place {duty.rank}: {times.uk(duty.starts_at, now)} to {times.uk(duty.ends_at, now)}"
        )
        _row(words, f"off-{duty.id}", file.may_manage, lambda one=duty.id: desk.casework.take_off_call(user, one))  # type: ignore[misc]
    for gone in file.away:
        cover = f"{_name(names, gone.cover_user_id)} stands in" if gone.cover_user_id else "nobody stands in"
        words = f"{_name(names, gone.user_id)} is away: {times.uk(gone.starts_at, now)} to {times.uk(gone.ends_at, now)}; {cover}"
        mine = file.may_manage or gone.user_id == user.id
        _row(words, f"back-{gone.id}", mine, lambda one=gone.id: desk.casework.end_away(user, one))  # type: ignore[misc]
    for closed in file.closures:
        words = f"Closed: {one_line(closed.name, 80)}, {closed.first:%d %b %Y} to {closed.last:%d %b %Y}"
        _row(words, f"open-{closed.id}", file.may_manage, lambda one=closed.id: desk.casework.drop_closure(user, one))  # type: ignore[misc]


def _name(names: dict[str, str], user_id: str) -> str:
    return names.get(user_id, "somebody no longer listed")


def _row(words: str, key: str, may: bool, act: Callable[[], object]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(words)
        if may and st.button("Take back", key=key) and refusal.done(act):
            notice.leave("Taken back.")
            st.rerun()


def _call_form(desk: Desk, user: User, file: RotaFile, names: dict[str, str]) -> None:
    now = desk.clock.now()
    who = st.selectbox("Who", list(names), format_func=names.__getitem__, index=None, placeholder="Choose", key="call-who")
    starts = moment_input("From", now, "call-from")
    ends = moment_input("Until", now, "call-until", ahead=timedelta(days=7))
    rank = st.number_input("Place in the row (1 is asked first)", 1, 9, 1, key="call-rank")
    if (
        st.button("Put on call", key="call-go", width="stretch")
        and who
        and starts
        and ends
        and refusal.done(lambda: desk.casework.put_on_call(user, file.school.id, who, starts, ends, int(rank)))
    ):
        notice.leave(f"{names[who]} is on call.")
        st.rerun()


def _away_form(desk: Desk, user: User, file: RotaFile, names: dict[str, str]) -> None:
    now = desk.clock.now()
    able = list(names) if file.may_manage else [one for one in names if one == user.id]
    who = st.selectbox("Who is away", able, format_func=names.__getitem__, index=None, placeholder="Choose", key="away-who")
    starts = moment_input("From", now, "away-from")
    ends = moment_input("Until", now, "away-until", ahead=timedelta(days=1))
    cover = st.selectbox(
        "Who stands in", [_NOBODY, *names], format_func=lambda one: names.get(one, "Nobody: the next in line is asked"), key="away-cover"
    )
    if (
        st.button("Enter the time away", key="away-go", width="stretch")
        and who
        and starts
        and ends
        and refusal.done(
            lambda: desk.casework.set_away(user, file.school.id, who, starts, ends, None if cover in {_NOBODY, None} else cover)
        )
    ):
        notice.leave(f"{names[who]} is entered as away.")
        st.rerun()


def _closure_form(desk: Desk, user: User, file: RotaFile) -> None:
    today = desk.clock.now().astimezone(times.LONDON).date()
    name = st.text_input("What for", key="closed-name", placeholder="Half term")
    first = st.date_input("First day", today, key="closed-first", format="DD/MM/YYYY")
    last = st.date_input("Last day", today, key="closed-last", format="DD/MM/YYYY")
    if st.button("Enter the closure", key="closed-go", width="stretch") and refusal.done(
        lambda: desk.casework.close_school(user, file.school.id, name or "", first, last)
    ):
        notice.leave(f"Entered: {as_is(name or '')}.")
        st.rerun()
