"""Posts that may be the same one again: why each is shown, and one click to link it or to say that it is none."""

from __future__ import annotations

import streamlit as st

from casework.copies import CopyFile
from dashboard.parts import names, page_links, times
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, one_line, visible
from dashboard.parts.post_card import address_line, platform_label
from data.model.copies import CopyState
from data.model.people import Permission
from data.model.posts import Post

SHOWN = 600  # characters of a copy's text; the rest is at its address
_LOOKS: dict[CopyState, tuple[str, str, str]] = {
    CopyState.PROPOSED: ("possible copy", "content_copy", "orange"),
    CopyState.LINKED: ("linked", "link", "blue"),
    CopyState.SET_ASIDE: ("no copy", "link_off", "gray"),
}


def copies(bench: Bench) -> None:
    """Draw what was removed before in this matter, and the posts that may be the same again. Nothing in a STOP case."""
    if bench.case.stop:
        return
    before = bench.desk.casework.earlier_removals(bench.user, bench.case.id).says
    found = bench.desk.casework.copies_of(bench.user, bench.case.id)
    if not before and not found:
        return
    st.subheader("The same again?")
    if before:
        st.text(before)
    known = names.names(bench.desk)
    for one in found:
        with st.container(border=True):
            _what(bench, one, names.name(known, one.copy.by or ""))
            if one.may_link and bench.may(Permission.TRIAGE):
                _answer(bench, one)


def _what(bench: Bench, one: CopyFile, who: str) -> None:
    word, icon, colour = _LOOKS[one.copy.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(word, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]
        muted(f"found {times.both(one.copy.found_at, bench.now)}")
    st.text(f"{one.says[:1].upper()}{one.says[1:]}.")
    if one.post is None:
        muted("The post itself is no longer kept.")
    else:
        _post(one.post, bench.key(f"copy-{one.copy.id}"), stop=one.stop)
    if one.copy.at is not None:
        done = "Linked" if one.copy.state is CopyState.LINKED else "Set aside"
        muted(f"{done} by {as_is(who)}, {times.both(one.copy.at, bench.now)}.")
    if one.copy.reason:
        st.text(f"Why: {one_line(one.copy.reason, 300)}")
    if one.copy.linked_case_id not in {None, bench.case.id}:
        _way_to_linked(bench, str(one.copy.linked_case_id), one.copy.id)


def _way_to_linked(bench: Bench, case_id: str, copy_id: str) -> None:
    """Offer the way to the case that the copy opened: the number only, whoever may see it."""
    with bench.desk.store.read() as work:
        linked = work.cases.find(case_id)
    if linked is not None and st.button(f"Go to case {linked.ref}", key=bench.key(f"linked-{copy_id}"), icon=":material/arrow_forward:"):
        page_links.go("case", case_id)


def _post(post: Post, key: str, *, stop: bool) -> None:
    if stop:
        st.markdown("**:red[:material/block: Do not open it. For the safeguarding lead.]**")
    author = one_line(post.author_handle or post.author_name or "author unknown", 60)
    st.text(f"{platform_label(post.platform)} · {author}")
    text = visible(post.text)
    st.text(f"{text[:SHOWN]}…" if len(text) > SHOWN else text or "(no words, only media)")
    address_line(post.address, stop=stop, key=key)


def _answer(bench: Bench, one: CopyFile) -> None:
    copy_id = one.copy.id
    if st.button("Link it", key=bench.key(f"link-{copy_id}"), icon=":material/link:", help="It joins this case, or opens a linked one."):
        bench.do(lambda: bench.desk.casework.link_copy(bench.user, copy_id), "Linked. The post is dealt with as the same matter.")
    with st.expander("It is no copy", icon=":material/link_off:"), st.form(bench.key(f"no-copy-{copy_id}"), border=False):
        why = st.text_input("Why not? (for example: a news report, quoted to condemn it)", key=bench.key(f"no-copy-why-{copy_id}"))
        if st.form_submit_button("Set it aside"):
            bench.do(lambda: bench.desk.casework.not_a_copy(bench.user, copy_id, why or ""), "Set aside. In the inbox it waits on.")
