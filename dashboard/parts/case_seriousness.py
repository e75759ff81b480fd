"""How serious it is (policy A17): the form with its anchors, filled in from what was measured; every version is kept."""

from __future__ import annotations

import streamlit as st

from casework.caring import Care
from casework.seriousness import BAND_LABELS, FACTORS, MANNERS, PROCEDURE_SAYS, Factor
from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is
from data.model.care import Band, Seriousness

NOT_ASSESSED = "not assessed"


def seriousness_form(bench: Bench, care: Care) -> None:
    """Draw the versions kept so far, then the form for the next one."""
    _versions(bench, care)
    turn = len(care.forms)
    muted("Proposed answers come from what was measured. Change what is not right; leave open what nobody knows.")
    with st.form(f"{bench.key('serious')}-{turn}", border=False):
        answers = {factor.key: _factor(bench, care, factor, turn) for factor in FACTORS}
        notes = {factor.key: _note(bench, care, factor, turn) for factor in FACTORS if factor.key in _NOTED}
        manners = st.pills(
            "If it is bullying: how",
            list(MANNERS),
            selection_mode="multi",
            format_func=MANNERS.__getitem__,
            key=_key(bench, "manner", turn),
        )
        override = st.selectbox(
            "Count it as",
            list(Band),
            index=None,
            format_func=BAND_LABELS.__getitem__,
            placeholder="As the answers make it",
            key=_key(bench, "band", turn),
        )
        reason = st.text_input("Why? (needed to set it lower; only the headteacher may)", key=_key(bench, "why", turn))
        pressed = st.form_submit_button("Keep this version", type=bench.tone)
    if pressed:
        given = {key: value for key, value in answers.items() if value is not None}
        bench.do(
            lambda: bench.desk.casework.assess(
                bench.user, bench.case.id, given, notes, manners=manners or (), override=override, reason=reason or ""
            ),
            "How serious it is was recorded.",
        )


_NOTED = frozenset({"nature", "impact_person", "truth"})


def _key(bench: Bench, name: str, turn: int) -> str:
    return f"{bench.key('serious')}-{name}-{turn}"


def _factor(bench: Bench, care: Care, factor: Factor, turn: int) -> int | None:
    before = {**care.suggested, **(care.form.answers if care.form else {})}
    levels = list(factor.anchors)
    known = as_is(care.measured.says.get(factor.key, ""))
    return st.selectbox(
        f"{factor.label}{' (policy)' if factor.is_policys else ''}",
        levels,
        index=levels.index(before[factor.key]) if factor.key in before else None,
        format_func=lambda level: f"{level}: {factor.anchors[level]}",
        placeholder=NOT_ASSESSED,
        help=known or None,
        key=_key(bench, factor.key, turn),
    )


def _note(bench: Bench, care: Care, factor: Factor, turn: int) -> str:
    before = care.form.notes.get(factor.key, "") if care.form else ""
    typed: str | None = st.text_input(f"Note: {factor.label.lower()}", before, key=_key(bench, f"note-{factor.key}", turn))
    return typed or ""


def _versions(bench: Bench, care: Care) -> None:
    form = care.form
    st.text("Measured:")
    for words in care.measured.says.values():
        st.text(f"• {words}")
    if form is None:
        st.text("Nobody has filled it in yet.")
        return
    st.markdown(f"**It counts as {BAND_LABELS[form.stands]}.** {as_is(PROCEDURE_SAYS[care.procedure])}")
    if care.still_asked:
        st.text(f"Not assessed yet: {', '.join(care.still_asked).lower()}.")
    known = names.names(bench.desk)
    for one in reversed(care.forms):
        st.text(f"Version {one.version}, {times.uk(one.at, bench.now)}, {names.name(known, one.by)}: {_band(one)}")


def _band(form: Seriousness) -> str:
    if form.override is None:
        return BAND_LABELS[form.band]
    why = f": {form.override_reason}" if form.override_reason else ""
    return f"{BAND_LABELS[form.stands]} (the answers make it {BAND_LABELS[form.band]}){why}"
