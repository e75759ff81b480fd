"""Who is told: what may not have arrived, who is asked now, the rota, one's own ways, the messages."""

from __future__ import annotations

import streamlit as st

from casework.telling import Reach, RotaFile
from dashboard.parts import notice, signed_in, times
from dashboard.parts.muted import muted
from dashboard.parts.outbox_list import alarms, outbox_list
from dashboard.parts.plain_words import one_line
from dashboard.parts.reach_me import KIND_LABELS, reach_me
from dashboard.parts.role_words import ROLE_LABELS
from dashboard.parts.rota_forms import rota_forms
from data.model.people import Permission, User
from schoolwatch.desk import Desk

TOLD = (Permission.SEE_LOW, Permission.SEE_ALL, Permission.SEE_RESTRICTED_CHAIR, Permission.SEE_RESTRICTED_HT)


def show(desk: Desk, user: User) -> None:
    """Draw who is told at one school."""
    st.title("Who is told")
    notice.show()
    schools = [school for school in desk.schools(user) if any(user.may(one, school.id) for one in TOLD)]
    if not schools:
        st.info("Your role is not told about matters, so there is nothing to set up.", icon=":material/info:")
        return
    school = schools[0]
    if len(schools) > 1:
        school = st.selectbox("School", schools, format_func=lambda one: one.name, key="rota-school")
    file, found = desk.casework.rota(user, school.id), desk.casework.outbox(user, school.id)
    alarms(desk, user, found)
    _line(desk, file)
    reach_me(desk, user)
    rota_forms(desk, user, file)
    outbox_list(desk, found)


def _line(desk: Desk, file: RotaFile) -> None:
    st.subheader("Asked now, in this order")
    if not file.on_call:
        st.warning("Nobody is on call: it falls to the safeguarding lead, then the deputy, then the head.", icon=":material/warning:")
    if not any(one.kinds for one in file.line):
        st.error("Nobody in this row can be reached. Each must add a way below, on their own page.", icon=":material/notifications_off:")
    for number, reach in enumerate(file.line, 1):
        st.text(f"{number}. {_who(file, reach, is_called=number <= file.on_call)}")
    now = desk.clock.now()
    hours = "The school is staffed now." if file.is_staffed else f"Out of hours until {times.uk(file.opens_at, now)}."
    muted(f"{hours} Out of hours only High and Critical matters are told at once; the rest waits for the next school morning.")
    muted("Nobody is told of a matter about themselves. Somebody on call who may not see a matter only hears whom to ask.")


def _who(file: RotaFile, reach: Reach, *, is_called: bool) -> str:
    roles = ", ".join(ROLE_LABELS[role] for role in reach.user.roles.get(file.school.id, ()))
    ways = ", ".join(KIND_LABELS[kind].lower() for kind in reach.kinds) or "cannot be reached yet"
    return f"{one_line(reach.user.name, 60)} ({roles}){', on call' if is_called else ''}: {ways}"


if __name__ == "__main__":
    signed_in.run(show)
