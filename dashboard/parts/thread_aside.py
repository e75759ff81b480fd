"""What a person may do with posts that belong together: begin with the first one, or set them aside with a reason."""

from __future__ import annotations

import streamlit as st

from casework.threads import MAX_REASON
from casework.together import ThreadFile
from dashboard.parts import names, notice, page_links, refusal, times
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, one_line
from data.model.findings import FindingState
from data.model.people import Permission, User
from data.model.posts import PostId
from schoolwatch.desk import Desk


def thread_choices(desk: Desk, user: User, file: ThreadFile, key: str, here: PostId | None = None) -> None:
    """Offer what this person may do; `here`: the post whose page this is, which needs no way to itself."""
    _earlier(desk, file)
    if not file.is_open:
        return
    with st.container(horizontal=True):
        if file.alert.post_ids[0] != here:
            _begin(desk, user, file, key)
        if file.may_set_aside:
            with st.popover("Set aside", icon=":material/inventory_2:"):
                _form(desk, user, file, key)
    if not file.may_set_aside:
        muted(f"Setting aside: {as_is(file.why_not)}.")


def _begin(desk: Desk, user: User, file: ThreadFile, key: str) -> None:
    first = file.posts[0] if file.posts else None
    if first is None or first.post is None or not user.may(Permission.TRIAGE, file.school.id):
        return
    decided = first.finding is not None and first.finding.state is FindingState.DECIDED
    label = "Go to the first post" if decided else "Open a case from the first post"
    pressed = st.button(label, key=f"begin-{key}", icon=":material/arrow_forward:", help="You will see the post first and decide there.")
    if pressed:
        finding = refusal.attempt(lambda: desk.casework.flag_first(user, file.alert.id))
        if finding is not None:
            page_links.go("finding", finding.id)


def _form(desk: Desk, user: User, file: ThreadFile, key: str) -> None:
    with st.form(f"aside-{key}", border=False):
        muted("The posts stay where they are, and what was decided on them stays. They show here again when a harsh one joins them.")
        reason = st.text_input("Why set them aside?", key=f"aside-why-{key}", max_chars=MAX_REASON)
        pressed = st.form_submit_button("Set these posts aside", width="stretch")
    if pressed and refusal.done(lambda: desk.casework.set_aside(user, file.alert.id, reason or "")):
        notice.leave("Set aside, with your reason. Nothing was sent to anyone.")
        st.rerun()


def _earlier(desk: Desk, file: ThreadFile) -> None:
    alert = file.alert
    if alert.set_aside_at is None or alert.set_aside_by is None:
        return
    who, when = names.name(names.names(desk), alert.set_aside_by), times.both(alert.set_aside_at, desk.clock.now())
    st.text(f"Set aside by {who}, {when}: {one_line(alert.set_aside_why or '', 300)}")
    if file.is_open:
        muted("More came since, so it shows again.")
