"""A school's own changes to what is flagged: those that count, those on trial, and a form to try another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from casework import access
from casework.flagging import CATEGORY_LABELS
from casework.tuning import BACK, LONGEST, LOWERED_ONLY, SUPPRESSIBLE, is_live, limits, percent
from dashboard.parts import names, notice, page_links, refusal, times
from dashboard.parts.muted import muted
from dashboard.parts.one_of import one_of
from dashboard.parts.plain_words import counted, one_line
from dashboard.parts.tuning_words import HEAD_WORDS, in_words, trial_in_words
from data.model.people import User
from data.model.readings import CATEGORY_ORDER, Category, Head
from data.model.suggestion import DEFAULT_RULES
from data.model.tuning import Tuning, TuningKind
from data.model.watch import School
from schoolwatch.desk import Desk

MOST_ENDED, MOST_OPENED, USUAL_DAYS = 20, 5, 90
LOOKING = "Looking at the last 90 days …"
_KINDS: Mapping[TuningKind, tuple[str, str]] = {
    TuningKind.THRESHOLD: ("How sure", "Flag a kind of post only from a surer sign on, or from a fainter one."),
    TuningKind.SUPPRESSION: ("Words that are harmless here", "Do not flag one kind of post where these words stand."),
}


def own_changes(desk: Desk, user: User, school: School) -> None:
    """Draw what counts now, what is on trial, what ended, and the form."""
    st.subheader("The school's own changes")
    now, known = desk.clock.now(), names.names(desk)
    every = desk.casework.tunings(user, school.id)
    counting = [one for one in every if is_live(one, now)]
    trials = [one for one in every if one.live_at is None and one.ended_at is None and one.expires_at > now]
    if not counting:
        muted("None counts now: posts are flagged by the usual rules.")
    for one in counting:
        _counting(desk, user, one, known)
    ready = next((one.id for one in trials if access.may_set_live(user, school.id) and not one.back_test.get("fewer_harm")), None)
    for one in trials:
        _trial(desk, user, one, known, first=one.id == ready)
    with st.expander("Try a change", icon=":material/tune:", expanded=False):
        _form(desk, user, school, first=ready is None)
    _ended([one for one in every if one not in counting and one not in trials], desk, known)


def _counting(desk: Desk, user: User, one: Tuning, known: Mapping[str, str]) -> None:
    now = desk.clock.now()
    with st.container(border=True, key=f"tuning-{one.id}"):
        st.badge("counts now", icon=":material/check_circle:", color="green")
        st.text(in_words(one, DEFAULT_RULES))
        _facts(one, known, desk)
        muted(f"Since {times.both(one.live_at, now)} · ends {times.both(one.expires_at, now)}")
        pressed = st.button("Undo", key=f"undo-{one.id}", icon=":material/undo:", help="The usual rules hold again at once.")
    if pressed:
        _then(lambda: desk.casework.undo_tuning(user, one.id), "Undone. The usual rules hold again.")


def _trial(desk: Desk, user: User, one: Tuning, known: Mapping[str, str], *, first: bool) -> None:
    with st.container(border=True, key=f"tuning-{one.id}"):
        st.badge("on trial, does not count", icon=":material/science:", color="gray")
        st.text(in_words(one, DEFAULT_RULES))
        _facts(one, known, desk)
        for line in trial_in_words(one, desk.clock.now()):
            st.text(line)
        harm = tuple(one.back_test.get("harm_ids", ()))
        if harm:
            st.warning("It cannot count: it would have hidden what people judged to be harm.", icon=":material/block:")
        _open(harm, one)
        with st.container(horizontal=True):
            live = (
                access.may_set_live(user, one.school_id)
                and not harm
                and st.button("Let it count from now on", key=f"live-{one.id}", type="primary" if first else "secondary")
            )
            again = st.button("Try again", key=f"again-{one.id}", help="A trial counts for 24 hours.")
            drop = st.button("Drop it", key=f"drop-{one.id}", type="tertiary")
    if live:
        _then(lambda: desk.casework.go_live(user, one.id), "It counts from now on, for posts that arrive from now on.")
    if again:
        _then(lambda: desk.casework.back_test_tuning(user, one.id), "Tried again. Nothing was changed by that.")
    if drop:
        _then(lambda: desk.casework.undo_tuning(user, one.id), "Dropped. It never counted.")


def _facts(one: Tuning, known: Mapping[str, str], desk: Desk) -> None:
    st.text(f"{names.name(known, one.owner)}, {times.uk(one.made_at, desk.clock.now())}: {one_line(one.why, 300)}")


def _open(finding_ids: Sequence[str], one: Tuning) -> None:
    for number, finding_id in enumerate(finding_ids[:MOST_OPENED], start=1):
        if st.button(f"Open the flagged post {number}", key=f"harm-{one.id}-{finding_id}", type="tertiary"):
            page_links.go("finding", finding_id)
    if len(finding_ids) > MOST_OPENED:
        muted(f"and {len(finding_ids) - MOST_OPENED} more")


def _then(act: Callable[[], object], said: str) -> None:
    with st.spinner(LOOKING):
        is_done = refusal.done(act)
    if is_done:
        notice.leave(said)
        st.rerun()


def tried(desk: Desk, user: User, propose: Callable[[], Tuning]) -> bool:
    """Write a change down and try it at once; say the refusal here and return False when it is none."""
    with st.spinner(LOOKING):
        made = refusal.attempt(propose)
        is_done = made is not None and refusal.done(lambda: desk.casework.back_test_tuning(user, made.id))
    if is_done:
        notice.leave("Tried. See below what it would have changed. It does not count yet.")
    return is_done


def _form(desk: Desk, user: User, school: School, *, first: bool) -> None:
    turn = st.session_state.setdefault("tuning-turn", 0)
    kind = one_of("What should change?", _KINDS, f"tuning-kind-{turn}")
    if kind is None:
        muted("Choose one. Nothing changes before you have seen what it would have done.")
        return
    head = _head(turn) if kind is TuningKind.THRESHOLD else None
    with st.form(f"tuning-form-{turn}-{kind.value}", border=False):
        number = _sure(head, turn) if head is not None else None
        category, phrase = _hidden(turn) if kind is TuningKind.SUPPRESSION else (None, None)
        why = st.text_input("Why?", key=f"tuning-why-{turn}", help="It stands beside your name for as long as the change counts.")
        days = st.number_input("For how many days?", 1, LONGEST.days, USUAL_DAYS, key=f"tuning-days-{turn}")
        pressed = st.form_submit_button(f"Try it on the last {BACK.days} days", type="primary" if first else "secondary", width="stretch")
    muted("Only a trial: nothing changes yet. What may concern a child's safety, and whatever is critical, is shown in any case.")
    if pressed and tried(
        desk,
        user,
        lambda: desk.casework.propose_tuning(
            user, school.id, kind, why=why or "", days=int(days or 0), head=head, threshold=number, category=category, phrase=phrase
        ),
    ):
        st.session_state["tuning-turn"] = turn + 1
        st.rerun()


def _head(turn: int) -> Head:
    chosen = st.selectbox("Which posts?", list(HEAD_WORDS), format_func=HEAD_WORDS.__getitem__, key=f"tuning-head-{turn}")
    return chosen or Head.HARASSMENT


def _sure(head: Head, turn: int) -> float:
    low, high = (round(number * 100) for number in limits(head))
    usual = round(DEFAULT_RULES.thresholds[head] * 100)
    note = " Where children or people in danger are concerned more can be shown, never less." if head in LOWERED_ONLY else ""
    chosen = st.slider(
        "Flag from how sure on? (in %)",
        low,
        high,
        usual,
        key=f"tuning-sure-{turn}-{head.value}",
        help=f"Usually {percent(usual / 100)}. A lower number shows more posts, a higher one fewer.{note}",
    )
    return int(chosen) / 100


def _hidden(turn: int) -> tuple[Category | None, str]:
    options = [one for one in CATEGORY_ORDER if one in SUPPRESSIBLE]
    category = st.selectbox(
        "Which kind of flag?",
        options,
        index=None,
        format_func=CATEGORY_LABELS.__getitem__,
        placeholder="Choose",
        key=f"tuning-category-{turn}",
    )
    phrase = st.text_input("Words that must stand in the post", key=f"tuning-phrase-{turn}", help="At least two words, or one long one.")
    return category, phrase or ""


def _ended(found: Sequence[Tuning], desk: Desk, known: Mapping[str, str]) -> None:
    if not found:
        return
    with st.expander(f"{counted(len(found), 'change that ended', 'changes that ended')}", icon=":material/history:"):
        for one in found[:MOST_ENDED]:
            st.text(in_words(one, DEFAULT_RULES))
            _facts(one, known, desk)
            st.text(_end(one, desk, known))


def _end(one: Tuning, desk: Desk, known: Mapping[str, str]) -> str:
    now = desk.clock.now()
    if one.ended_at is None:
        return f"It ran out {times.uk(one.expires_at, now)}."
    word = "Undone" if one.live_at else "Dropped"
    return f"{word} {times.uk(one.ended_at, now)} by {names.name(known, one.ended_by or '')}."
