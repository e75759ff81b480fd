"""One flagged post: why it was flagged, what it says, and a person's decision with its consequence."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from casework.files import Decided, FindingFile, KindChoice
from casework.flagging import CATEGORY_LABELS
from casework.triage import KIND_LABELS, TARGETS
from dashboard.parts import names, notice, page_links, refusal, severity, signed_in, times
from dashboard.parts.case_changed import is_typed, typed_stays
from dashboard.parts.muted import muted
from dashboard.parts.one_of import one_of
from dashboard.parts.plain_words import as_is, one_line, visible
from dashboard.parts.policy_words import clause
from dashboard.parts.post_card import earlier_versions, post_card, report_card
from dashboard.parts.stop_card import STOP_LINE
from dashboard.parts.thread_aside import thread_choices
from dashboard.parts.thread_card import thread_head, thread_posts
from data.model.cases import Case
from data.model.findings import Decision, DecisionKind
from data.model.people import User
from data.model.posts import PostVersion
from data.model.readings import HARMS, OUTCOMES, Category, Severity
from schoolwatch.desk import Desk

_WITHOUT_KIND = frozenset({DecisionKind.NOT_OURS, DecisionKind.HOLD})
_PUTS_ASIDE = frozenset({DecisionKind.NO_ACTION, DecisionKind.REPLY})


def show(desk: Desk, user: User) -> None:
    """Draw the flagged post named in the address."""
    finding_id = page_links.asked_for()
    if finding_id is None:
        st.title("Flagged post")
        st.info("Choose a post in the inbox.", icon=":material/inbox:")
        if st.button("To the inbox", type="primary"):
            page_links.go("inbox")
        return
    file = desk.casework.finding(user, finding_id)
    _head(desk, file)
    notice.show()
    if file.decided is not None:
        _what_became(desk, user, file, file.decided)
    _matter(desk, file)
    _together(desk, user, file)
    if file.decided is None:
        _decide(desk, user, file)
    _history(desk, file)


def _head(desk: Desk, file: FindingFile) -> None:
    now, finding = desk.clock.now(), file.finding
    st.title("Flagged post")
    with st.container(horizontal=True, vertical_alignment="center"):
        severity.badge(finding.severity)
        st.markdown(as_is(CATEGORY_LABELS[finding.lead_category]).capitalize())
        muted(f"{as_is(file.school.name)} · waiting since {times.both(finding.seen_at, now)}")
    if file.stopped_by is not None:
        _stopped(file.stopped_by)
    elif finding.stop:
        st.error(
            "It may show or speak of an indecent image of a child. Do not open the address. Nothing will be captured. "
            "The safeguarding lead decides.",
            icon=":material/block:",
        )


def _stopped(case: Case) -> None:
    """Say that the post's case, or its address in another one, was stopped; what to do stands in that case."""
    st.error(STOP_LINE, icon=":material/block:")
    if st.button(f"To case {case.ref}: what to do now", key="stopped-case", icon=":material/arrow_forward:", width="stretch"):
        page_links.go("case", case.id)


def _matter(desk: Desk, file: FindingFile) -> None:
    now, finding = desk.clock.now(), file.finding
    if file.report is not None:
        report_card(file.report, now, stop=finding.stop)
    if file.post is not None:
        post_card(file.post, now, stop=finding.stop, finding=finding, key=f"post-{finding.id}")
        earlier_versions(_versions(desk, file), now)
    st.markdown("**Why it was flagged**")
    for reason in finding.reasons:
        st.text(f"• {one_line(reason, 300)}")
    muted(f"{clause(finding.lead_category)}. The machine only suggests; it may be wrong.")


def _versions(desk: Desk, file: FindingFile) -> list[PostVersion]:
    if file.post is None or file.post.version <= 1:
        return []
    with desk.store.read() as work:
        kept = work.post_versions.where(post_id=file.post.id)
    return [one for one in kept if one.text_hash != file.post.text_hash]


def _together(desk: Desk, user: User, file: FindingFile) -> None:
    """Draw what the post shows together with others, for who may see that."""
    found, now, here = desk.casework.threads_of(user, file.finding.id), desk.clock.now(), file.finding.post_id
    if not found:
        return
    st.subheader("Posts that belong together")
    for one in found:
        with st.container(border=True, key=f"thread-{one.alert.id}", gap="small"):
            thread_head(one, now)
            with st.expander("Show the posts", icon=":material/link:", expanded=len(found) == 1):
                thread_posts(one, now, f"on-{one.alert.id}", here)
            thread_choices(desk, user, one, f"on-{one.alert.id}", here)


def _decide(desk: Desk, user: User, file: FindingFile) -> None:
    st.subheader("Your decision")
    allowed = {one.kind: one for one in file.kinds if one.allowed}
    if not file.may_decide or not allowed:
        st.info(as_is(file.why_not or "Your role may read this, but not decide on it. Ask the safeguarding lead."), icon=":material/info:")
        return
    kind = one_of("What is it to be?", {one.kind: (one.label, as_is(one.says)) for one in allowed.values()}, f"kind-{file.finding.id}")
    _not_offered(file.kinds)
    if kind is None:
        muted("Choose one. Nothing happens before you record it.")
        return
    _form(desk, user, file, kind)


def _not_offered(kinds: tuple[KindChoice, ...]) -> None:
    refused = [one for one in kinds if not one.allowed]
    if refused:
        with st.expander("Not offered here", icon=":material/block:"):
            for one in refused:
                st.text(f"{one.label}: {_why_not(one)}")


def _why_not(one: KindChoice) -> str:
    return "your role does not allow it here" if one.why_not.startswith("user ") else one.why_not


def _form(desk: Desk, user: User, file: FindingFile, kind: DecisionKind) -> None:
    finding, key = file.finding, f"{file.finding.id}-{kind.value}"
    with st.form(f"decide-{key}", border=True):
        category = finding.lead_category if kind in _WITHOUT_KIND else _category(finding.lead_category, kind, key)
        level: Severity | None = finding.severity
        target: str | None = "none"
        if kind in {DecisionKind.OPEN_CASE, DecisionKind.SAFEGUARDING}:
            level = st.selectbox(
                "How serious?",
                sorted(Severity, reverse=True),
                index=int(Severity.S4 - finding.severity),
                format_func=lambda one: f"{one.word}{' (suggested)' if one is finding.severity else ''}",
                key=f"severity-{key}",
            )
            labels = _targets(desk, finding.school_id)
            target = st.selectbox(
                "Whom does it concern?", list(labels), index=None, format_func=labels.__getitem__, placeholder="Choose", key=f"target-{key}"
            )
        reason = st.text_area(
            "Your note" if kind is DecisionKind.HOLD else "Why?",
            key=f"reason-{key}",
            height=110,
            max_chars=10_000,
            help="One line is enough. It stands in the record beside your name.",
        )
        pressed = st.form_submit_button("Record this decision", type="primary", width="stretch")
    if pressed:
        outcome = category if kind is DecisionKind.NO_ACTION else None
        made = refusal.attempt(
            lambda: desk.casework.decide(user, finding.id, kind, category, level or finding.severity, target or "", reason or "", outcome)
        )
        if made is not None:
            notice.leave(_said(made))
            st.rerun()


def _category(suggested: Category, kind: DecisionKind, key: str) -> Category:
    options = [one for one in Category if one in (OUTCOMES if kind in _PUTS_ASIDE else HARMS)]
    start = options.index(suggested) if suggested in options else (options.index(Category.FAIR_CRITICISM) if kind in _PUTS_ASIDE else 0)
    known = suggested in options or kind in _PUTS_ASIDE
    chosen = st.selectbox(
        "What is it?",
        options,
        index=start if known else None,
        format_func=lambda one: f"{CATEGORY_LABELS[one]}{' (suggested)' if one is suggested else ''}",
        placeholder="Choose",
        key=f"category-{key}",
    )
    return chosen or suggested


def _targets(desk: Desk, school_id: str) -> Mapping[str, str]:
    with desk.store.read() as work:
        staff = {f"staff:{one.id}": f"{one.name}{f', {one.role}' if one.role else ''}" for one in work.staff.where(school_id=school_id)}
    return dict(TARGETS) | staff


def _said(made: Decided) -> str:
    if not made.visible:
        return "Recorded. The case went to the person who must deal with it; you will not see it in your list."
    if made.case is None:
        return f"Recorded: {KIND_LABELS[made.decision.kind]}. Nothing was sent to anyone."
    return f"Case {made.case.ref} was opened. The 24 hours run. Nothing was sent to anyone."


def _what_became(desk: Desk, user: User, file: FindingFile, decided: Decision) -> None:
    known, now = names.names(desk), desk.clock.now()
    _meanwhile(user, file, decided, names.name(known, decided.by))
    st.markdown(f"**Decided: {as_is(KIND_LABELS[decided.kind])}**")
    st.text(f"{names.name(known, decided.by)}, {times.both(decided.at, now)}: {one_line(decided.reason, 400)}")
    if file.case is not None:
        if st.button(f"Go on to case {file.case.ref}", type="primary", icon=":material/arrow_forward:", width="stretch"):
            page_links.go("case", file.case.id)
        return
    if decided.case_id is not None:
        st.info("The case is with the person who must deal with it. It is not yours to see.", icon=":material/lock:")
    if st.button("Back to the inbox", type="primary", icon=":material/inbox:"):
        page_links.go("inbox")
    if decided.case_id is None:
        _undo(desk, user, file)


def _meanwhile(user: User, file: FindingFile, decided: Decision, who: str) -> None:
    """Say that somebody else was quicker, to whom was writing a decision of their own; their words stay to be copied."""
    reason = f"reason-{file.finding.id}"  # the field of any kind of decision
    if decided.by != user.id and is_typed(reason):
        st.warning(f"{as_is(who)} decided this while you were writing. Your own decision was not recorded.", icon=":material/update:")
        typed_stays(reason)


def _undo(desk: Desk, user: User, file: FindingFile) -> None:
    with st.expander("Take this decision back", icon=":material/undo:"):
        with st.form(f"undo-{file.finding.id}", border=False):
            reason = st.text_input("Why?", key=f"undo-reason-{file.finding.id}")
            pressed = st.form_submit_button("Take it back: the post waits again")
        if pressed and refusal.attempt(lambda: desk.casework.undo(user, file.finding.id, reason or "")) is not None:
            notice.leave("Taken back. The post waits for a decision again.")
            st.rerun()


def _history(desk: Desk, file: FindingFile) -> None:
    earlier = [one for one in file.decisions if one is not file.decided]
    if not earlier:
        return
    known, now = names.names(desk), desk.clock.now()
    with st.expander("Earlier notes and decisions", icon=":material/history:", expanded=True):
        for one in reversed(earlier):
            undone = " (taken back)" if one.undone_at else ""
            st.text(f"{times.uk(one.at, now)} · {names.name(known, one.by)} · {KIND_LABELS[one.kind]}{undone}")
            st.text(visible(one.reason))


if __name__ == "__main__":
    signed_in.run(show)
