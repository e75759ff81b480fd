"""Support that was offered (policy A23, B22), and the answer to the person who reported it (B23). Nothing clinical is asked."""

from __future__ import annotations

from datetime import date

import streamlit as st

from casework.caring import ANSWER_LABELS, SUPPORT_LABELS, Care
from casework.duties import NO_REPLY_WANTED, REPLIED
from casework.triage import TARGETS
from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from data.model.care import SupportAnswer, SupportKind, SupportOffer


def support(bench: Bench, care: Care) -> None:
    """Draw what was offered and answered, then the form for an offer."""
    for offer in care.support:
        _offer(bench, offer)
    _new_offer(bench, len(care.support))


def _offer(bench: Bench, offer: SupportOffer) -> None:
    known = names.names(bench.desk)
    kinds = ", ".join(SUPPORT_LABELS[kind] for kind in offer.kinds)
    with st.container(border=True):
        st.text(f"{times.uk(offer.offered_at, bench.now)}, {names.name(known, offer.offered_by)}: {kinds}, for {_who(offer.person)}")
        again = f". Ask again on {offer.review_on:%d %b %Y}" if offer.review_on else ""
        st.text(f"Answer: {ANSWER_LABELS[offer.answer]}{again}")
        with st.form(f"{bench.key('support-answer')}-{offer.id}", border=False):
            choices = [SupportAnswer.ACCEPTED, SupportAnswer.LATER, SupportAnswer.DECLINED]
            answer = st.radio(
                "What did the person say?",
                choices,
                index=None,
                format_func=ANSWER_LABELS.__getitem__,
                horizontal=True,
                key=f"{bench.key('support-said')}-{offer.id}",
            )
            day = _day(f"{bench.key('support-again')}-{offer.id}")
            pressed = st.form_submit_button("Record the answer")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.support_answered(bench.user, offer.id, answer or SupportAnswer.WAITING, day),
            "The answer was recorded.",
        )


def _new_offer(bench: Bench, turn: int) -> None:
    with st.form(f"{bench.key('support')}-{turn}", border=False):
        person = st.selectbox("For whom?", _people(bench), format_func=_who, key=f"{bench.key('support-person')}-{turn}")
        kinds = st.pills(
            "What was offered?",
            list(SupportKind),
            selection_mode="multi",
            format_func=SUPPORT_LABELS.__getitem__,
            key=f"{bench.key('support-kinds')}-{turn}",
        )
        day = _day(f"{bench.key('support-day')}-{turn}")
        pressed = st.form_submit_button("Record the offer")
    muted("Please write nothing about anybody's health here; there is no field for it.")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.offer_support(bench.user, bench.case.id, person or "none", kinds or (), day),
            "The offer was recorded.",
        )


def _day(key: str) -> date | None:
    chosen: date | None = st.date_input("Ask again on (may stay empty)", value=None, format="DD/MM/YYYY", key=key)
    return chosen


def _people(bench: Bench) -> list[str]:
    others = [one for one in TARGETS if one not in {"none", "school", bench.case.target}]
    mine = [] if bench.case.target in {"none", "school"} else [bench.case.target]
    return mine + others


def _who(person: str) -> str:
    return TARGETS.get(person, "the member of staff concerned")


def reporter_reply(bench: Bench, _care: Care) -> None:
    """Draw what the person who reported it was told, then the form for it."""
    told = [event for event in bench.file.events if event.what in {REPLIED, NO_REPLY_WANTED}]
    for event in told:
        st.text(f"{times.uk(event.at, bench.now)}: {event.reason}")
    report = bench.file.report
    if report is not None and not (report.reporter or report.reporter_user_id):
        muted("The report came without a name; nobody can be answered.")
    turn = len(told)
    with st.form(f"{bench.key('told')}-{turn}", border=False):
        words = st.text_area("What was the person told, by telephone or face to face?", key=f"{bench.key('told-words')}-{turn}", height=90)
        not_reached = st.checkbox("Nobody is told; the lines above say why", key=f"{bench.key('told-not')}-{turn}")
        pressed = st.form_submit_button("Record it")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.answer_reporter(bench.user, bench.case.id, words or "", not not_reached), "The answer was recorded."
        )
