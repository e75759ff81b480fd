"""The page list by role, and what stands beside every page: the school, who is signed in, the way out."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.parts import at_desk, signed_in
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is
from dashboard.parts.refusal import in_words
from dashboard.parts.role_words import roles_in_words
from data.errors import SchoolwatchError
from data.model.people import Permission, User
from schoolwatch.desk import Desk

VIEWS = Path(__file__).resolve().parent / "views"
Sections = dict[str, list[st.Page]]
_BLANK = "blank-screen"
# Drawn here: a named icon would be fetched from a foreign server by the browser (seen; the policy header refuses it)
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M16 2 4 7v8c0 8 5 13 12 15 7-2 12-7 12-15V7z" fill="#1F5F8B"/>'
    '<path d="M10 16l4 4 8-9" fill="none" stroke="#FBFAF7" stroke-width="3"/></svg>'
)


_CASES = (Permission.SEE_LOW, Permission.SEE_ALL, Permission.SEE_RESTRICTED_HT, Permission.SEE_RESTRICTED_CHAIR)
# The pages about the school: who is offered one (any of these permissions), its file, its title, its icon
SCHOOL: tuple[tuple[tuple[Permission, ...], str, str, str], ...] = (
    ((Permission.SEE_SOURCES,), "sources", "What is watched", "podcasts"),
    ((Permission.TRIAGE,), "tuning", "Watchlist and tuning", "tune"),
    ((Permission.SEE_COUNTS,), "governors", "Governors' report", "assessment"),
    ((Permission.SEE_COUNTS,), "policies", "Policies and reviews", "policy"),
    (_CASES, "rota", "Who is told", "notifications"),
    ((Permission.MANAGE_RETENTION,), "retention", "What is kept", "auto_delete"),
    ((Permission.MANAGE_USERS,), "users", "People", "group"),
)


def may(user: User, *permissions: Permission) -> bool:
    """Whether the person may any of these in any school; which pages stand in the list, no more (services ask again)."""
    return any(user.may(permission, school_id) for permission in permissions for school_id in user.schools())


def page(name: str, title: str, icon: str, *, path: str | None = None, first: bool = False, listed: bool = True) -> st.Page:
    """Return a page file, by its absolute path: a relative one resolves against the working folder."""
    visibility = "visible" if listed else "hidden"
    return st.Page(
        str(VIEWS / f"{name}.py"),
        title=title,
        icon=f":material/{icon}:",
        url_path=path or name,
        default=first,
        visibility=visibility,  # type: ignore[arg-type]
    )


def pages(user: User) -> Sections:
    """Return the pages of this person, by section. A page that is not in the list is refused."""
    sees_posts = may(user, Permission.SEE_LOW, Permission.SEE_ALL)
    sees_cases = may(user, *_CASES)
    work = []
    if sees_posts:
        work += [page("inbox", "Inbox", "inbox", first=True), page("finding", "Flagged post", "flag", listed=False)]
    if sees_cases:
        work += [page("cases", "Cases", "folder_open", first=not sees_posts), page("case", "Case", "folder", listed=False)]
    if may(user, Permission.REPORT):
        work.append(page("report_form", "Report something", "campaign", path="tell", first=not work))
    offered = [row for row in SCHOOL if may(user, *row[0])]
    school = [page(name, title, icon, first=not work and number == 0) for number, (_, name, title, icon) in enumerate(offered)]
    school.append(page("glossary", "Words used here", "menu_book", path="words", first=not work and not school))
    school.append(page("password", "Change password", "key"))
    return {"Work": work, "School": school} if work else {"School": school}


def show_signed_out() -> None:
    """Say that nobody is signed in at this browser."""
    st.title("You are signed out")
    st.write("You signed out, were away for too long, or your access was changed. Nothing that was saved is lost.")
    st.link_button("Sign in", "/login", type="primary")


def sidebar(desk: Desk, user: User) -> None:
    """Draw what stands beside every page."""
    with st.sidebar:
        for school in desk.schools(user):
            st.markdown(f"**{as_is(school.name)}**")
        muted(f"Signed in as {as_is(user.name)}, {as_is(roles_in_words(user))}")
        if desk.settings.demo is not None:
            muted(f":material/fast_forward: Demo: one hour passes in {desk.settings.demo.hour_seconds:g} seconds. Everything is invented.")
        if st.button("Blank screen", icon=":material/visibility_off:", width="stretch"):
            st.session_state[_BLANK] = True
            st.rerun()
        if st.button("Sign out", icon=":material/logout:", width="stretch"):
            desk.sign_in.sign_out(signed_in.token() or "")
            st.rerun()


def show_blank() -> None:
    """Draw nothing that a passer-by could read."""
    st.write("The screen is blank.")
    if st.button("Show again", type="primary", icon=":material/visibility:"):
        del st.session_state[_BLANK]
        st.rerun()


def main() -> None:
    """Draw the page that the person asked for, if it is theirs."""
    st.set_page_config(page_title="Schoolwatch", page_icon=ICON, layout="centered", initial_sidebar_state="auto")
    try:
        desk = at_desk.desk()
        user = signed_in.ask(desk)
    except SchoolwatchError as error:
        st.error(as_is(in_words(error)), icon=":material/error:")
        return
    if user is None:
        st.navigation([st.Page(show_signed_out, title="Signed out")], position="hidden").run()
        return
    if st.session_state.get(_BLANK):
        st.navigation([st.Page(show_blank, title="Schoolwatch")], position="hidden").run()
        return
    if user.must_change_password:
        chosen = st.navigation([page("password", "Change password", "key", first=True)], position="hidden")
    else:
        chosen = st.navigation(pages(user))
    sidebar(desk, user)
    chosen.run()


if __name__ == "__main__":
    main()
