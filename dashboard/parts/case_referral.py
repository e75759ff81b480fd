"""The police with consent (policy A22) and every other body (A28, B39): opened, agreed, told, answered."""

from __future__ import annotations

import streamlit as st

from casework import referrals
from casework.caring import Care
from casework.referrals import BODY_LABELS, CHANNELS, CONSENT_LABELS, OFFENCES, OVERRIDE_LABELS
from casework.triage import TARGETS
from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.moment_input import now_or_earlier
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is
from data.model.care import Consent, OverrideCode, Referral, ReferralBody


def referral(bench: Bench, care: Care) -> None:
    """Draw every referral with its next step, then the form for a new one."""
    muted("In danger ring 999 at once. Nothing is sent from here; record what you did.")
    for one in care.referrals:
        with st.container(border=True):
            _one(bench, care, one)
    _new(bench, care)


def _one(bench: Bench, care: Care, one: Referral) -> None:
    st.markdown(f"**{as_is(BODY_LABELS[one.body]).capitalize()}**")
    for line in _lines(bench, one):
        st.text(line)
    if one.made_at is None and one.consent is not Consent.NOT_NEEDED:
        _consent(bench, one)
    if referrals.second_waits(one):
        _second(bench, one)
    if care.may_refer[one.body]:
        muted(as_is(care.may_refer[one.body]))
    elif one.made_at is None:
        _told(bench, one)
    elif one.outcome is None:
        _outcome(bench, one)


def _lines(bench: Bench, one: Referral) -> list[str]:
    known, now = names.names(bench.desk), bench.now
    found = [f"Opened {times.uk(one.opened_at, now)} by {names.name(known, one.opened_by)}: {one.why}"]
    if one.body is ReferralBody.POLICE:
        found.append(f"Consent: {CONSENT_LABELS[one.consent]}{f' ({one.consent_person})' if one.consent_person else ''}")
    if one.override is not None:
        second = names.name(known, one.override_second) if one.override_second else "nobody yet"
        found.append(f"Without consent because {OVERRIDE_LABELS[one.override]}: {one.override_reason or one.why}")
        found += [f"Second person who agreed: {second}"] if one.consent is not Consent.NOT_NEEDED else []
    if one.made_at is not None:
        parts = (CHANNELS.get(one.channel or ""), one.force, one.officer, one.reference)
        found.append(f"Told {times.uk(one.made_at, now)}: {', '.join(part for part in parts if part) or 'no reference'}")
    found += [f"Possible offence named: {OFFENCES[tag]}" for tag in one.offence_tags if tag in OFFENCES]
    found += [f"Outcome {times.uk(one.outcome_at, now)}: {one.outcome}"] if one.outcome else []
    return found


def _consent(bench: Bench, one: Referral) -> None:
    with st.form(f"{bench.key('consent')}-{one.id}", border=False):
        agrees = st.radio(
            "Does the person agree?",
            [True, False],
            index=None,
            format_func=lambda yes: "yes" if yes else "no",
            horizontal=True,
            key=f"{bench.key('consent-yes')}-{one.id}-{one.consent}",
        )
        how = st.text_input("How did they say so?", key=f"{bench.key('consent-how')}-{one.id}-{one.consent}", placeholder="in person")
        pressed = st.form_submit_button("Record the answer")
    if pressed and agrees is not None:
        bench.do(lambda: bench.desk.casework.consent_answered(bench.user, one.id, agrees, how or ""), "The answer was recorded.")
    elif pressed:
        st.error("Choose yes or no.", icon=":material/block:")
    if one.consent is not Consent.GIVEN and one.override is None:
        _override(bench, one)


def _override(bench: Bench, one: Referral) -> None:
    with st.form(f"{bench.key('override')}-{one.id}", border=False):
        code = st.selectbox(
            "Go without consent because",
            list(OverrideCode),
            index=None,
            format_func=OVERRIDE_LABELS.__getitem__,
            placeholder="Choose only if it is so",
            key=f"{bench.key('override-code')}-{one.id}",
        )
        reason = st.text_area("What makes it so?", key=f"{bench.key('override-why')}-{one.id}", height=70)
        pressed = st.form_submit_button("Go without consent")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.go_without_consent(bench.user, one.id, code, reason or ""),
            "Recorded. A second person must agree now.",
        )


def _second(bench: Bench, one: Referral) -> None:
    if one.override_by == bench.user.id:
        muted("Somebody else must agree: the headteacher, a safeguarding lead or a deputy.")
    elif st.button("I agree to going without consent", key=f"{bench.key('second')}-{one.id}"):
        bench.do(lambda: bench.desk.casework.agree_without_consent(bench.user, one.id), "You agreed.")


def _told(bench: Bench, one: Referral) -> None:
    key = one.id
    channel = st.selectbox(
        "Told by", list(CHANNELS), index=None, format_func=CHANNELS.__getitem__, placeholder="Choose", key=f"{bench.key('told-by')}-{key}"
    )
    if channel is None:
        return
    made_at = now_or_earlier("It was", bench.now, f"{bench.key('told-at')}-{key}")
    with st.form(f"{bench.key('made')}-{key}", border=False):
        is_police = one.body is ReferralBody.POLICE
        force = st.text_input("Police force", key=f"{bench.key('force')}-{key}") if is_police else ""
        officer = st.text_input("Who took it?", key=f"{bench.key('officer')}-{key}")
        reference = st.text_input("Reference", key=f"{bench.key('reference')}-{key}")
        offences = (
            st.multiselect(
                "Possible offences, as you see it", list(OFFENCES), format_func=OFFENCES.__getitem__, key=f"{bench.key('tags')}-{key}"
            )
            if is_police
            else []
        )
        pressed = st.form_submit_button("They were told")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.referral_made(
                bench.user, one.id, channel, reference or "", officer or "", force or "", offences=offences, made_at=made_at
            ),
            "Recorded.",
        )


def _outcome(bench: Bench, one: Referral) -> None:
    with st.form(f"{bench.key('outcome-of')}-{one.id}", border=False):
        words = st.text_area("What came of it?", key=f"{bench.key('outcome-words')}-{one.id}", height=70)
        if one.body in referrals.ADVISERS.values() and bench.case.advice_recorded_at is None:
            muted("This is recorded as the advice that the case waits for.")
        pressed = st.form_submit_button("Record the outcome")
    if pressed:
        bench.do(lambda: bench.desk.casework.referral_outcome(bench.user, one.id, words or ""), "The outcome was recorded.")


def _new(bench: Bench, care: Care) -> None:
    turn = len(care.referrals)
    offered = [body for body in ReferralBody if not care.may_refer[body]]
    body = st.selectbox(
        "Put it to",
        offered,
        index=None,
        format_func=BODY_LABELS.__getitem__,
        placeholder="Choose a body",
        key=f"{bench.key('refer')}-{turn}",
    )
    if care.may_refer[ReferralBody.POLICE]:
        muted(as_is(f"The police: {care.may_refer[ReferralBody.POLICE]}."))
    if body is None:
        return
    asks = referrals.consent_needed(bench.case, body)
    with st.form(f"{bench.key('new-referral')}-{turn}", border=False):
        why = st.text_area("Why is it put to them?", key=f"{bench.key('refer-why')}-{turn}", height=70)
        person = (
            st.text_input("Who was asked to agree? (a role)", TARGETS.get(bench.case.target, ""), key=f"{bench.key('refer-who')}-{turn}")
            if asks
            else ""
        )
        pressed = st.form_submit_button("Open the referral")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.open_referral(bench.user, bench.case.id, body, why or "", person or ""), "The referral is open."
        )
