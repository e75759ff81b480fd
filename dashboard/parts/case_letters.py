"""Letters, summaries and messages made from a case: written, approved where the head must agree, taken along, recorded as sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from casework.letters import LetterChoice
from casework.notice import Details, Rendered
from casework.notices import LETTERS
from dashboard.parts import names, refusal, times
from dashboard.parts.ask_fields import ask_fields
from dashboard.parts.bench import Bench
from dashboard.parts.moment_input import now_or_earlier
from dashboard.parts.muted import muted
from dashboard.parts.paper_links import paper_links
from dashboard.parts.plain_words import as_is, one_line
from data.model.care import Letter
from data.model.people import Permission


@dataclass(frozen=True)
class Draft:
    """What a person wrote for one letter."""

    template: str
    recipient: str
    details: Details


def letters_part(bench: Bench) -> None:
    """Draw the letters of a case and the form for another; nothing where the person may write and read none."""
    room = bench.desk.casework
    kept, choices = room.letters(bench.user, bench.case.id), room.letter_choices(bench.user, bench.case.id)
    if not kept and not choices:
        return
    st.subheader("Letters and summaries")
    known = names.names(bench.desk)
    for letter in kept:
        _letter(bench, letter, known)
    if choices:
        with st.expander("Write a letter or summary", icon=":material/edit_note:"):
            _write(bench, choices)


def _write(bench: Bench, choices: tuple[LetterChoice, ...]) -> None:
    by_key = {one.template.key: one for one in choices}
    key = st.selectbox(
        "Which one?",
        list(by_key),
        index=None,
        format_func=lambda one: by_key[one].template.label,
        key=bench.key("letter"),
        placeholder="Choose",
    )
    if key is None:
        return
    chosen = by_key[key]
    for warning in chosen.template.warnings:
        st.text(f"Careful: {warning}")
    draft = _form(bench, chosen)
    state = bench.key("letter-draft")
    if draft is not None and _rendered(bench, draft) is not None:
        st.session_state[state] = draft
    kept = st.session_state.get(state)
    if kept is not None and kept.template == key:
        _preview(bench, kept)


def _form(bench: Bench, chosen: LetterChoice) -> Draft | None:
    template = chosen.template
    with st.form(bench.key(f"letter-form-{template.key}"), border=True):
        recipient = st.text_input(
            "Who gets it? (a role or office; a child by initials only)", key=bench.key(f"letter-to-{template.key}"), max_chars=200
        )
        details = ask_fields(template.asks, chosen.start.details, bench.key(f"letter-ask-{template.key}"))
        pressed = st.form_submit_button("Show the letter", width="stretch")
    return Draft(template.key, recipient or "", details) if pressed else None


def _rendered(bench: Bench, draft: Draft) -> Rendered | None:
    room = bench.desk.casework
    return refusal.attempt(lambda: room.preview_letter(bench.user, bench.case.id, draft.template, draft.recipient, draft.details))


def _preview(bench: Bench, draft: Draft) -> None:
    words = _rendered(bench, draft)
    if words is None:
        return
    _words(words.subject, words.body)
    muted("Nothing is sent. Keep the letter, then send or hand it over yourself.")
    if st.button("Keep this letter", key=bench.key("letter-keep"), width="stretch", icon=":material/check:"):
        room = bench.desk.casework
        made = refusal.attempt(lambda: room.draft_letter(bench.user, bench.case.id, draft.template, draft.recipient, draft.details))
        if made is not None:
            del st.session_state[bench.key("letter-draft")]
            bench.do(lambda: made, "The letter is kept. Nothing was sent.")


def _words(subject: str, body: str) -> None:
    st.code(subject, language=None, wrap_lines=True)
    st.code(body, language=None, wrap_lines=True)


def _letter(bench: Bench, letter: Letter, known: Mapping[str, str]) -> None:
    template = LETTERS.get(letter.template)
    label = template.label if template is not None else "A letter of a kind that is no longer offered"
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(_standing(letter), icon=":material/mail:", color="green" if letter.sent_at else "gray")
            muted(f"written {times.both(letter.drafted_at, bench.now)} by {as_is(known.get(letter.drafted_by, ''))}")
        st.text(f"{label}\nTo: {one_line(letter.recipient, 200) or 'not said'}")
        if letter.refused_why:
            st.text(f"Given up: {one_line(letter.refused_why, 300)}")
        with st.expander("The words"):
            _words(letter.subject, letter.body)
        may_go = _standing(letter) in {"ready", "sent"} and not bench.case.stop
        paper_links("letter", letter.id, mail=may_go)
        if letter.sent_at is None and letter.refused_at is None:
            _open(bench, letter)


def _standing(letter: Letter) -> str:
    if letter.sent_at is not None:
        return "sent"
    if letter.refused_at is not None:
        return "given up"
    template = LETTERS.get(letter.template)
    waits = template is not None and template.head_approves and letter.approved_at is None
    return "waits for the headteacher" if waits else "ready"


def _open(bench: Bench, letter: Letter) -> None:
    room, waits = bench.desk.casework, _standing(letter) == "waits for the headteacher"
    if waits and bench.may(Permission.DECIDE_REPLY) and st.button("Approve this letter", key=f"ok-{letter.id}", icon=":material/check:"):
        bench.do(lambda: room.approve_letter(bench.user, letter.id), "Approved. It may be sent now.")
    if not waits:
        _sent(bench, letter)
    with st.expander("Give this letter up", icon=":material/delete:"), st.form(f"letter-drop-{letter.id}", border=False):
        reason = st.text_input("Why?", key=f"letter-why-{letter.id}")
        pressed = st.form_submit_button("Give the letter up (it stays in the record)")
    if pressed:
        bench.do(lambda: room.drop_letter(bench.user, letter.id, reason or ""), "The letter was given up.")


def _sent(bench: Bench, letter: Letter) -> None:
    at = now_or_earlier("I sent it", bench.now, f"letter-sent-{letter.id}")
    with st.form(f"letter-sent-form-{letter.id}", border=False):
        reference = st.text_input("Reference they gave you, if any", key=f"letter-ref-{letter.id}", max_chars=200)
        pressed = st.form_submit_button("I sent it or handed it over", icon=":material/outgoing_mail:")
    if pressed:
        room = bench.desk.casework
        bench.do(lambda: room.letter_sent(bench.user, letter.id, at, reference or None), "Recorded as sent.")
