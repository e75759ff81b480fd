"""Posts that belong together, in one frame: what they may be, why, when each came, and the way to each. No names."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from casework.threads import label, says
from casework.together import ThreadFile, ThreadPost
from dashboard.parts import page_links, severity, times
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, one_line
from dashboard.parts.post_card import first_line
from dashboard.parts.thread_words import later, span, why
from data.model.posts import PostId

AT_ONCE = 6  # posts shown before "the rest"
CLAIMED = "Times are those the authors' sites gave, never later than we saw the post."


def thread_head(file: ThreadFile, now: datetime, *, several: bool = False) -> None:
    """Say what the posts may be together, and why; `several`: name the school too."""
    with st.container(horizontal=True, vertical_alignment="center"):
        severity.badge(file.severity)
        st.markdown(f"**{label(file.alert)}**")
    muted(as_is(f"{span(file, now)}{f' · {file.school.name}' if several else ''}"))
    st.text(one_line(why(file), 300))
    muted(f"{says(file.alert)} The machine only suggests; it may be wrong.")


def thread_posts(file: ThreadFile, now: datetime, key: str, here: PostId | None = None) -> None:
    """List the posts in order of time; `here`: the one whose page this is."""
    every = len(file.posts) <= AT_ONCE or st.toggle(f"Show all {len(file.posts)} posts", key=f"{key}-all")
    for one in file.posts if every else file.posts[:AT_ONCE]:
        _post(one, now, f"{key}-{one.post_id}", is_here=one.post_id == here)
    muted(CLAIMED)


def _post(one: ThreadPost, now: datetime, key: str, *, is_here: bool) -> None:
    with st.container(gap="xsmall", key=f"line-{key}"):
        flagged = " · not flagged by itself" if one.post is not None and one.finding is None else ""
        muted(as_is(f"{times.uk(one.at, now)} · {later(one.gap)}{' · this post' if is_here else ''}{flagged}"))
        if one.post is None:
            muted("Not yours to see, or no longer kept.")
            return
        if one.finding is not None and one.finding.stop:
            st.markdown("**:red[:material/block: Do not open it. For the safeguarding lead.]**")
        st.text(first_line(one.post, None))
        if one.finding is not None and not is_here and st.button("Look at this post", key=f"go-{key}", icon=":material/arrow_forward:"):
            page_links.go("finding", one.finding.id)
