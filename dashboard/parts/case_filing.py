"""A report that only the person concerned can file (policy A19): help offered, papers, filed, answered."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from casework.caring import Care
from casework.filing import FILING_LABELS
from casework.triage import TARGETS
from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.moment_input import moment_input, now_or_earlier
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, one_line
from data.model.care import FilingState, PersonalFiling
from data.model.people import Permission

DEADLINE = timedelta(hours=12)  # proposed: half of the 24 hours
WORDS = (
    "I am the person this post speaks about. It says about me: … This is not true / it was posted without my agreement. "
    "It hurts me because … Please remove it and tell me what you decided."
)


def filing(bench: Bench, care: Care) -> None:
    """Draw each filing with its next step, then the form for an offer."""
    for one in care.filings:
        with st.container(border=True):
            _said(bench, one)
            _papers(bench, one)
            _next(bench, one)
    if bench.file.blocked:
        for why in bench.file.blocked:
            muted(as_is(why))
        return
    _offer(bench, len(care.filings))


def _said(bench: Bench, one: PersonalFiling) -> None:
    known, now = names.names(bench.desk), bench.now
    st.markdown(f"**{as_is(TARGETS.get(one.person, 'a member of staff')).capitalize()}: {FILING_LABELS[one.state]}**")
    by = f", to be filed by {times.uk(one.reply_by, now)}" if one.reply_by else ""
    st.text(f"Offered {times.uk(one.offered_at, now)}; helper: {names.name(known, one.supporter)}{by}")
    moments = (("Papers handed over", one.pack_at), ("Filed", one.filed_at), ("Declined", one.declined_at), ("Answered", one.answered_at))
    for words, moment in moments:
        if moment is not None:
            st.text(f"{words} {times.uk(moment, now)}")
    if one.reference:
        st.text(f"Reference: {one.reference}")
    if one.answer:
        st.text(f"Answer: {one.answer}")


def _papers(bench: Bench, one: PersonalFiling) -> None:
    if one.state in {FilingState.FILED, FilingState.ANSWERED}:
        return
    if bench.may(Permission.EXPORT):
        st.link_button("Make the papers (PDF and copies in one ZIP)", f"/papers/{one.id}", icon=":material/download:")
        muted("Each time is recorded. Hand them over on paper or by the school's own mail.")


def _next(bench: Bench, one: PersonalFiling) -> None:
    room = bench.desk.casework
    if one.state in {FilingState.OFFERED, FilingState.DECLINED}:
        given_at = now_or_earlier("They got them", bench.now, f"{bench.key('given-at')}-{one.id}")
        if st.button("The person has the papers", key=f"{bench.key('given')}-{one.id}"):
            bench.do(lambda: room.papers_given(bench.user, one.id, given_at), "Recorded. The case waits for the person.")
    if one.state is FilingState.PACK_GIVEN:
        _filed(bench, one)
    if one.state is FilingState.FILED:
        with st.form(f"{bench.key('filing-answer')}-{one.id}", border=False):
            words = st.text_area("What did the site answer the person?", key=f"{bench.key('filing-said')}-{one.id}", height=70)
            pressed = st.form_submit_button("Record the answer")
        if pressed:
            bench.do(
                lambda: room.filing_answered(bench.user, one.id, words or ""), "Recorded. Our own checks still decide whether it is gone."
            )
    if one.state in {FilingState.OFFERED, FilingState.PACK_GIVEN} and st.button(
        "The person would rather not", key=f"{bench.key('declined')}-{one.id}"
    ):
        bench.do(lambda: room.filing_declined(bench.user, one.id), "Recorded. Choose another way.")


def _filed(bench: Bench, one: PersonalFiling) -> None:
    filed_at = now_or_earlier("It was filed", bench.now, f"{bench.key('filed-at')}-{one.id}")
    with st.form(f"{bench.key('filed')}-{one.id}", border=False):
        reference = st.text_input("Number that the site gave", key=f"{bench.key('filed-ref')}-{one.id}", placeholder="none given")
        pressed = st.form_submit_button("The person has filed it")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.filed(bench.user, one.id, reference or "none given", filed_at),
            "Recorded. Our checks look whether it goes.",
        )


def _offer(bench: Bench, turn: int) -> None:
    items = {item.id: item.address for item in bench.file.items}
    helpers = _helpers(bench)
    people = [one for one in (bench.case.target, *TARGETS) if one not in {"none", "school"}]
    with st.form(f"{bench.key('offer')}-{turn}", border=False):
        item = st.selectbox(
            "Which address?", list(items), format_func=lambda one: one_line(items[one], 100), key=f"{bench.key('offer-item')}-{turn}"
        )
        person = st.selectbox(
            "Who files it?",
            list(dict.fromkeys(people)),
            format_func=lambda one: TARGETS.get(one, "the member of staff concerned"),
            key=f"{bench.key('offer-who')}-{turn}",
        )
        helper = st.selectbox(
            "Who helps the person?",
            list(helpers),
            index=None,
            format_func=helpers.__getitem__,
            placeholder="Choose",
            key=f"{bench.key('offer-help')}-{turn}",
        )
        link = st.text_input("The site's page for such reports", key=f"{bench.key('offer-link')}-{turn}")
        words = st.text_area("Words that the person may paste", WORDS, key=f"{bench.key('offer-words')}-{turn}", height=140)
        by = moment_input("To be filed by", bench.now, f"{bench.key('offer-by')}-{turn}", ahead=DEADLINE)
        pressed = st.form_submit_button("Offer this help")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.offer_filing(
                bench.user, bench.case.id, item or "", person or "none", helper or "", words=words or "", link=link or "", reply_by=by
            ),
            "The offer was recorded.",
        )


def _helpers(bench: Bench) -> dict[str, str]:
    with bench.desk.store.read() as work:
        able = [user for user in work.users.where(disabled=False) if user.may(Permission.TRIAGE, bench.case.school_id)]
    return {user.id: one_line(user.name, 60) for user in able}
