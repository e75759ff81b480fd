"""The people of a school: add a deputy, reset a password, disable a leaver (policy A37: one person, one login)."""

from __future__ import annotations

import streamlit as st

from dashboard.parts import notice, refusal, signed_in
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is
from dashboard.parts.role_words import ROLE_LABELS, ROLE_SAYS
from data.model.people import Permission, Role, User
from data.model.watch import School
from schoolwatch.desk import Desk

_ONCE = "one-time-password"


def show(desk: Desk, user: User) -> None:
    """Draw the people of one school."""
    st.title("People")
    notice.show()
    schools = [school for school in desk.schools(user) if user.may(Permission.MANAGE_USERS, school.id)]
    if not schools:
        st.info("Your role does not manage people. Ask the headteacher.", icon=":material/info:")
        return
    school = schools[0]
    if len(schools) > 1:
        school = st.selectbox("School", schools, format_func=lambda one: one.name, key="users-school")
    _show_once()
    people = desk.people.list(user, school.id)
    with st.expander("Add a person", icon=":material/person_add:", expanded=len(people) == 1):
        _add(desk, user, school)
    for person in people:
        _person(desk, user, school, person)


def _show_once() -> None:
    """Show a one-time password a single time."""
    kept = st.session_state.pop(_ONCE, None)
    if kept is not None:
        name, password = kept
        with st.container(border=True):
            st.markdown(f"**One-time password for {as_is(name)}. It is shown only now.**")
            st.code(password, language=None)
            muted("Hand it over in person or by telephone, not by mail. At the first sign-in they choose their own.")


def _add(desk: Desk, user: User, school: School) -> None:
    turn = st.session_state.setdefault("users-turn", 0)
    with st.form(f"add-{turn}", border=False):
        name = st.text_input("Name", key=f"add-name-{turn}")
        username = st.text_input("User name", key=f"add-username-{turn}", help="Small letters, digits, dots or dashes.")
        roles = st.multiselect(
            "Roles",
            list(Role),
            format_func=lambda one: f"{ROLE_LABELS[one]}: {ROLE_SAYS[one]}",
            key=f"add-roles-{turn}",
            placeholder="Choose",
        )
        pressed = st.form_submit_button("Add this person", type="primary", width="stretch")
    if pressed:
        made = refusal.attempt(lambda: desk.people.add(user, school.id, username=username or "", name=name or "", roles=tuple(roles)))
        if made is not None:
            st.session_state[_ONCE] = (made[0].name, made[1])
            st.session_state["users-turn"] = turn + 1
            notice.leave(f"{made[0].name} can sign in as {made[0].username}.")
            st.rerun()


def _person(desk: Desk, user: User, school: School, person: User) -> None:
    roles = person.roles.get(school.id, ())
    with st.container(border=True, key=f"person-{person.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{as_is(person.name)}**")
            if person.disabled:
                st.badge("cannot sign in", icon=":material/block:", color="gray")
            if person.id == user.id:
                st.badge("you", color="blue")
        muted(f"Signs in as {as_is(person.username)} · {', '.join(ROLE_LABELS[role] for role in roles)}")
        if person.id != user.id:
            with st.expander("Change"):
                _change(desk, user, school, person)


def _change(desk: Desk, user: User, school: School, person: User) -> None:
    with st.form(f"roles-{person.id}", border=False):
        held = list(person.roles.get(school.id, ()))
        roles = st.multiselect("Roles", list(Role), default=held, format_func=ROLE_LABELS.__getitem__, key=f"roles-of-{person.id}")
        pressed = st.form_submit_button("Change the roles")
    if pressed and refusal.done(lambda: desk.people.set_roles(user, school.id, person.id, tuple(roles))):
        notice.leave(f"The roles of {person.name} were changed.")
        st.rerun()
    if st.button("Give a new one-time password", key=f"reset-{person.id}", help="Signs them out everywhere."):
        password = refusal.attempt(lambda: desk.people.reset_password(user, school.id, person.id))
        if password is not None:
            st.session_state[_ONCE] = (person.name, password)
            st.rerun()
    if person.disabled:
        if st.button("Let them sign in again", key=f"enable-{person.id}") and refusal.done(
            lambda: desk.people.enable(user, school.id, person.id)
        ):
            notice.leave(f"{person.name} can sign in again.")
            st.rerun()
    elif st.button(
        "Stop them from signing in", key=f"disable-{person.id}", help="For leavers. They are signed out at once; the record stays."
    ) and refusal.done(lambda: desk.people.disable(user, school.id, person.id)):
        notice.leave(f"{person.name} can no longer sign in and was signed out everywhere.")
        st.rerun()


if __name__ == "__main__":
    signed_in.run(show)
