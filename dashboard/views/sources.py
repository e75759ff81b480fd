"""What is watched and how it goes; what is not watched and what a person can do instead."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from collector.coverage import CoverageRow
from collector.platforms import PLATFORMS
from dashboard.parts import notice, refusal, signed_in, times
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, counted, one_line
from dashboard.parts.post_card import platform_label
from dashboard.parts.watch_line import watch_line
from data.model.people import Permission, User
from data.model.posts import PlatformName
from data.model.watch import Coverage, School, TermKind, WatchTerm
from schoolwatch.desk import Desk
from schoolwatch.watch import SourceRow

TONES: Mapping[str, tuple[str, str, str]] = {
    "ok": ("read", "check_circle", "green"),
    "warn": ("look", "warning", "yellow"),
    "bad": ("not seen", "error", "red"),
    "off": ("off", "pause_circle", "gray"),
}
COVERAGE_WORDS: Mapping[Coverage, str] = {
    Coverage.FULL: "watched",
    Coverage.OWN_ACCOUNT: "own account only",
    Coverage.GIVEN_URL: "given addresses only",
    Coverage.MANUAL: "not watched: by hand",
    Coverage.CLOSED: "not watched: closed to outsiders",
}
TERM_KINDS: Mapping[TermKind, str] = {
    TermKind.SCHOOL_NAME: "name of the school",
    TermKind.ABBREVIATION: "abbreviation",
    TermKind.NICKNAME: "nickname",
    TermKind.POSTCODE_AREA: "postcode area",
    TermKind.OFFICIAL_HANDLE: "own handle",
    TermKind.HASHTAG: "hashtag",
    TermKind.EVENT: "event",
    TermKind.SITE_DOMAIN: "own web site",
    TermKind.SCHOOL_STAFF_ROLE: "role at the school",
}


def show(desk: Desk, user: User) -> None:
    """Draw sources, terms, the report form's address and what is not watched."""
    st.title("What is watched")
    notice.show()
    schools = [school for school in desk.schools(user) if user.may(Permission.SEE_SOURCES, school.id)]
    if not schools:
        st.info("Your role does not see this page.", icon=":material/info:")
        return
    watch_line(desk, user, [school.id for school in schools])
    school = schools[0]
    if len(schools) > 1:
        school = st.selectbox("School", schools, format_func=lambda one: one.name, key="sources-school")
    manages = user.may(Permission.MANAGE_WATCH, school.id)
    st.subheader("Sources")
    _sources(desk, user, school, manages=manages)
    st.subheader("Words that stand for the school")
    _terms(desk, user, school, manages=manages)
    if user.may(Permission.SEE_ALL, school.id):
        _report_form(desk, user, school)
    _not_watched(desk)


def _sources(desk: Desk, user: User, school: School, *, manages: bool) -> None:
    rows = desk.watch.sources(user, [school.id])
    if not rows:
        st.info("No source yet: nothing can arrive by itself. Reports by people still do.", icon=":material/podcasts:")
    for row in rows:
        _source(desk, user, row, manages=manages)
    if manages:
        with st.expander("Add a source", icon=":material/add:"):
            _add_source(desk, user, school)


def _source(desk: Desk, user: User, row: SourceRow, *, manages: bool) -> None:
    word, icon, colour = TONES[row.tone]
    now, source = desk.clock.now(), row.source
    with st.container(border=True, key=f"source-{source.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(word, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]
            st.markdown(f"**{as_is(source.name)}**")
        read = f"last read {times.ago(row.state.last_ok_at, now)}" if row.state.last_ok_at else "never read"
        kept = counted(row.state.posts_total, "post", "posts")
        muted(f"{platform_label(source.platform)} · {read} · {kept} kept · every {source.period_minutes} min")
        st.text(one_line(row.says, 400))
        query = f"  ({one_line(source.query, 60)})" if source.query else ""
        st.text(f"{one_line(source.address, 200)}{query}")
        with st.container(horizontal=True):
            _buttons(desk, user, row, manages=manages)


def _buttons(desk: Desk, user: User, row: SourceRow, *, manages: bool) -> None:
    source = row.source
    read = source.enabled and st.button("Read now", key=f"poll-{source.id}", icon=":material/refresh:")
    switch = manages and st.button("Switch off" if source.enabled else "Switch on", key=f"switch-{source.id}")
    if read and refusal.done(lambda: desk.watch.poll_now(user, source.id)):
        notice.leave(f"“{source.name}” is read at the worker's next turn.")
        st.rerun()
    if switch and refusal.done(lambda: desk.watch.enable(user, source.id, on=not source.enabled)):
        notice.leave(f"“{source.name}” was switched {'off. Nothing is seen there now' if source.enabled else 'on'}.")
        st.rerun()


def _add_source(desk: Desk, user: User, school: School) -> None:
    turn = st.session_state.setdefault("source-turn", 0)
    with st.form(f"add-source-{turn}", border=False):
        kinds = list(PLATFORMS)
        adapter = st.selectbox(
            "Kind", kinds, index=None, format_func=lambda one: PLATFORMS[one].label, placeholder="Choose", key=f"adapter-{turn}"
        )
        name = st.text_input("Name", key=f"source-name-{turn}", placeholder="For example: village forum, newest posts")
        address = st.text_input("Address", key=f"source-address-{turn}", placeholder="https://")
        query = st.text_input("Hashtag or words, where the kind takes one", key=f"source-query-{turn}")
        places = list(PlatformName)
        platform = st.selectbox(
            "Which platform is it?",
            places,
            index=None,
            format_func=platform_label,
            placeholder="As the kind says",
            key=f"source-platform-{turn}",
        )
        pressed = st.form_submit_button("Add the source", width="stretch")
    muted("Only public places. Private groups and places behind a sign-in are never read.")
    if pressed and adapter is None:
        st.error("Choose a kind. Nothing was added yet.", icon=":material/block:")
    elif pressed and adapter is not None:
        chosen = platform or PLATFORMS[adapter].platform
        made = refusal.attempt(
            lambda: desk.watch.add_source(
                user, school.id, adapter=adapter, platform=chosen, name=name or "", address=address or "", query=query or None
            )
        )
        if made is not None:
            st.session_state["source-turn"] = turn + 1
            notice.leave(f"“{made.name}” was added and is read at the worker's next turn.")
            st.rerun()


def _terms(desk: Desk, user: User, school: School, *, manages: bool) -> None:
    terms = [term for term in desk.watch.terms(user, school.id) if term.active]
    if not terms:
        st.info("No words yet: no post can be recognised as being about the school.", icon=":material/spellcheck:")
    for term in terms:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"{term.phrase} ({TERM_KINDS[term.kind]})")
            if term.not_near:
                st.text(f"not near: {', '.join(term.not_near)}")
            if manages:
                _remove_term(desk, user, term)
    if manages:
        with st.expander("Add a word", icon=":material/add:"):
            _add_term(desk, user, school)


def _remove_term(desk: Desk, user: User, term: WatchTerm) -> None:
    pressed = st.button("Remove", key=f"term-{term.id}", type="tertiary")
    if pressed and refusal.done(lambda: desk.watch.remove_term(user, term.id)):
        notice.leave(f"“{term.phrase}” is no longer watched for.")
        st.rerun()


def _add_term(desk: Desk, user: User, school: School) -> None:
    turn = st.session_state.setdefault("term-turn", 0)
    with st.form(f"add-term-{turn}", border=False):
        phrase = st.text_input("Word or phrase", key=f"term-phrase-{turn}")
        kind = st.selectbox("It is", list(TermKind), format_func=TERM_KINDS.__getitem__, key=f"term-kind-{turn}") or TermKind.SCHOOL_NAME
        near = st.text_input("Only when one of these is near (commas)", key=f"term-near-{turn}")
        away = st.text_input("Never when one of these is near (commas)", key=f"term-away-{turn}")
        pressed = st.form_submit_button("Add the word", width="stretch")
    muted("Only the school itself. There is no kind for the name of a person: people are not searched for.")
    if pressed:
        made = refusal.attempt(lambda: desk.watch.add_term(user, school.id, kind, phrase or "", _words(near), _words(away)))
        if made is not None:
            st.session_state["term-turn"] = turn + 1
            notice.leave(f"“{made.phrase}” is watched for from now on.")
            st.rerun()


def _words(typed: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (typed or "").split(",") if word.strip())


def _report_form(desk: Desk, user: User, school: School) -> None:
    st.subheader("Report form for staff")
    code = desk.watch.report_code(user, school.id)
    muted("No account is needed. Put the address and the code up in the staff room.")
    st.code(f"{desk.settings.address}/report/{code}", language=None, wrap_lines=True)
    st.text(f"Code: {code}")


def _not_watched(desk: Desk) -> None:
    st.subheader("Not watched")
    muted("Nothing is seen there, so silence there means nothing.")
    for row in desk.watch.not_watched():
        with st.expander(f"{as_is(row.name)}: {'in part' if row.watched else COVERAGE_WORDS[row.status]}"):
            _why(row)


def _why(row: CoverageRow) -> None:
    st.text(row.why)
    st.text(f"What you can do: {row.instead}")
    muted(f"As of {row.checked_on:%d %b %Y}.")


if __name__ == "__main__":
    signed_in.run(show)
