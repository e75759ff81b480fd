"""What waits for a person, worst first; it refreshes itself and leaves what is being typed alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from casework.files import InboxRow
from casework.flagging import CATEGORY_LABELS
from casework.together import ThreadFile
from casework.transitions import STATE_LABELS
from dashboard.parts import notice, page_links, refusal, severity, signed_in, times
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, counted, one_line
from dashboard.parts.post_card import first_line, platform_label
from dashboard.parts.put_aside import put_aside_form
from dashboard.parts.thread_aside import thread_choices
from dashboard.parts.thread_card import thread_head, thread_posts
from dashboard.parts.thread_words import mark_line, marks
from dashboard.parts.watch_line import watch_line
from data.model.findings import FindingState
from data.model.people import Permission, User
from data.model.posts import PlatformName
from data.model.readings import Category
from data.model.watch import School
from schoolwatch.desk import Desk

EVERY = 10  # seconds between two looks at the queue
PAGE = 25
GROUPS = 10  # of posts seen together that are drawn at once
MOST = 200  # what one look may bring; beyond that, judge or filter first
MOST_CRITICISM = 20  # of what was sent to the headteacher, the newest
ANY = "any"


@dataclass(frozen=True)
class Filter:
    """What the person wants to see of the queue."""

    school_id: str = ANY
    category: str = ANY
    platform: str = ANY

    def fits(self, row: InboxRow) -> bool:
        """Whether a row is wanted."""
        return (
            self.school_id in {ANY, row.finding.school_id}
            and self.category in {ANY, row.finding.lead_category.value}
            and self.platform in {ANY, row.finding.platform.value}
        )


def show(desk: Desk, user: User) -> None:
    """Draw the inbox."""
    schools = desk.schools(user)
    st.title("Inbox")
    notice.show()
    wanted = st.text_input(
        "Search by case number or words", key="inbox-search", type="search", placeholder="SW-2026-0014, or words of the post"
    )
    if (wanted or "").strip():
        _found(desk, user, schools, wanted or "")
        return
    chosen = _filters(schools)
    put_aside_form(desk, user, [school.id for school in schools])
    st.fragment(_queue, run_every=EVERY)(desk, user, schools, chosen)


def _filters(schools: Sequence[School]) -> Filter:
    with st.expander("Filter", icon=":material/filter_list:"):
        school_id = ANY
        if len(schools) > 1:
            names = {ANY: "Every school"} | {school.id: school.name for school in schools}
            school_id = st.selectbox("School", list(names), format_func=names.__getitem__, key="inbox-school")
        kinds = {ANY: "Every kind"} | {category.value: CATEGORY_LABELS[category] for category in Category}
        category = st.selectbox("Kind", list(kinds), format_func=kinds.__getitem__, key="inbox-kind")
        platforms = {ANY: "Every platform"} | {platform.value: platform_label(platform) for platform in PlatformName}
        platform = st.selectbox("Platform", list(platforms), format_func=platforms.__getitem__, key="inbox-platform")
    return Filter(school_id, category, platform)


def _queue(desk: Desk, user: User, schools: Sequence[School], chosen: Filter) -> None:
    signed_in.check(desk, user)
    refusal.drawn(lambda desk, user: _waiting(desk, user, schools, chosen), desk, user)


def _waiting(desk: Desk, user: User, schools: Sequence[School], chosen: Filter) -> None:
    ids = [school.id for school in schools]
    found = desk.casework.inbox(user, ids, limit=MOST)
    rows = [row for row in found.rows if chosen.fits(row)]
    now = desk.clock.now()
    many = f"more than {MOST}" if found.after else str(len(found.rows))
    if found.rows:
        oldest = min(row.finding.seen_at for row in found.rows)
        st.markdown(f"**{many} to look at, oldest {times.length(now - oldest)}**")
    watch_line(desk, user, ids)
    together = desk.casework.threads(user, ids)
    _together(desk, user, [file for file in together if chosen.school_id in {ANY, file.school.id}], several=len(schools) > 1)
    others = marks(together)
    if not rows:
        _empty(filtered=bool(found.rows))
    shown = st.session_state.setdefault("inbox-shown", PAGE)
    for row in rows[:shown]:
        beside = others.get((row.finding.school_id, row.finding.post_id), 0) if row.finding.post_id is not None else 0
        _row(desk, row, several=len(schools) > 1, beside=beside)
    if len(rows) > shown and st.button(f"Show {min(PAGE, len(rows) - shown)} more", width="stretch"):
        st.session_state["inbox-shown"] = shown + PAGE
        st.rerun(scope="fragment")
    _held(desk, user, ids)
    _criticism(desk, user, ids)


def _empty(*, filtered: bool) -> None:
    if filtered:
        st.info("Nothing fits this filter. Something else waits: set the filter back to see it.", icon=":material/filter_list:")
    else:
        st.success("Nothing needs you. New posts appear here by themselves.", icon=":material/check_circle:")


def _criticism(desk: Desk, user: User, school_ids: Sequence[str]) -> None:
    """List the criticism that was sent to the headteacher, for the headteacher (policy B31); replies themselves are written elsewhere."""
    if not any(user.may(Permission.DECIDE_REPLY, school_id) for school_id in school_ids):
        return
    files = desk.casework.replies(user, school_ids)
    if not files:
        return
    with st.expander(f"Criticism for you to answer or leave ({len(files)})", icon=":material/forum:"):
        muted("It stays where it is: nobody asks for removal. Whether and how to answer is yours to decide; an answer is posted by hand.")
        for file in reversed(files[-MOST_CRITICISM:]):
            words = one_line(file.post.text if file.post else file.report.says if file.report else "", 110)
            st.text(words)
            if st.button("Open", key=f"criticism-{file.finding.id}", type="tertiary"):
                page_links.go("finding", file.finding.id)


def _held(desk: Desk, user: User, ids: Sequence[str]) -> None:
    held = desk.casework.held(user, ids)
    if held:
        with st.expander(f"On hold: {counted(len(held), 'post', 'posts')}", icon=":material/pause_circle:"):
            for row in held:
                _row(desk, row, several=False)


def _together(desk: Desk, user: User, files: Sequence[ThreadFile], *, several: bool) -> None:
    """Draw what posts show together, folded away: the posts themselves stand in the queue."""
    if not files:
        return
    now = desk.clock.now()
    with st.expander(f"Seen together: {counted(len(files), 'group of posts', 'groups of posts')}", icon=":material/link:"):
        for file in files[:GROUPS]:
            with st.container(border=True, key=f"thread-{file.alert.id}", gap="small"):
                thread_head(file, now, several=several)
                thread_posts(file, now, f"in-{file.alert.id}")
                thread_choices(desk, user, file, f"in-{file.alert.id}")
        if len(files) > GROUPS:
            muted(f"and {len(files) - GROUPS} more, which show when these are dealt with")


def _row(desk: Desk, row: InboxRow, *, several: bool, beside: int = 0) -> None:
    finding = row.finding
    with st.container(border=True, key=f"row-{finding.id}", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            severity.badge(finding.severity)
            opened = st.button("Open", key=f"open-{finding.id}", icon=":material/arrow_forward:")
        muted(_where(desk, row, several=several))
        if beside:
            muted(f":material/link: {mark_line(beside)}")
        if finding.stop:
            st.markdown("**:red[:material/block: Do not open it. For the safeguarding lead.]**")
        st.text(first_line(row.post, row.report))
        st.text(f"Why: {one_line('; '.join(finding.reasons), 220) or CATEGORY_LABELS[finding.lead_category]}")
        if row.decision is not None and finding.state is FindingState.HELD:
            st.text(f"Note: {one_line(row.decision.reason, 200)}")
        if opened:
            page_links.go("finding", finding.id)


def _where(desk: Desk, row: InboxRow, *, several: bool) -> str:
    place = "Report by a person" if row.report is not None and row.post is None else platform_label(row.finding.platform)
    school = f" · {as_is(row.school.name)}" if several else ""
    return f"{as_is(place)} · {times.both(row.finding.seen_at, desk.clock.now())}{school}"


def _found(desk: Desk, user: User, schools: Sequence[School], wanted: str) -> None:
    found = desk.casework.search(user, wanted, [school.id for school in schools])
    if not found.rows and not found.cases:
        st.info("Nothing that you may see fits these words. Try fewer words, or the whole case number.", icon=":material/search_off:")
    for case in found.cases:
        with st.container(border=True):
            st.markdown(f"**Case {as_is(case.ref)}**")
            severity.badge(case.severity)
            muted(STATE_LABELS[case.state])
            if st.button("Open the case", key=f"case-{case.id}", type="primary"):
                page_links.go("case", case.id)
    if found.rows:
        muted(f"{counted(len(found.rows), 'flagged post', 'flagged posts')}, newest first")
    for row in found.rows:
        _row(desk, row, several=len(schools) > 1)


if __name__ == "__main__":
    signed_in.run(show)
