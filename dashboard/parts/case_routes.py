"""The order of attack, the ladder, and who stands behind a site: what is proposed and why; a person chooses and asks."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from casework import helplines
from casework.grounds import RULES, grounds_for
from casework.ladder import LADDER, RUNG_LABELS, STANDING_LABELS, Rung, RungState, Standing, jumped
from casework.routes import GROUND_LABELS, SCOPE_LABELS, SCOPE_NOTES, Plan, Step
from dashboard.parts import refusal, signed_in, times
from dashboard.parts.bench import Bench
from dashboard.parts.moment_input import now_or_earlier
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, one_line
from data.model.cases import Case, CaseItem
from data.model.network import ContactScope, NetworkContact, NetworkLookup
from data.model.people import Permission

EVERY = 2  # seconds between two looks whether a look-up has ended
COLOURS: dict[Standing, tuple[str, str]] = {
    Standing.TAKEN: ("check_circle", "green"),
    Standing.DUE: ("priority_high", "orange"),
    Standing.OPEN: ("radio_button_unchecked", "blue"),
    Standing.LATER: ("schedule", "gray"),
    Standing.LOCKED: ("lock", "gray"),
    Standing.SKIPPED: ("redo", "gray"),
    Standing.NOT_HERE: ("block", "gray"),
}
_CLIMBABLE = (Standing.DUE, Standing.OPEN, Standing.LATER)
_BODIES = {Rung.POSH: "posh", Rung.RHC: "rhc", Rung.ICO: "ico", Rung.OFCOM: "ofcom"}
_BY_HAND = (ContactScope.HOST, ContactScope.CDN, ContactScope.REGISTRAR, ContactScope.REGISTRANT)


def routes_panel(bench: Bench) -> None:
    """Draw the order of attack, the ladder and the look-up; nothing for a case that is over, or for who may not ask."""
    if bench.case.stop or not bench.may(Permission.REQUEST):
        return
    found = bench.desk.casework.propose(bench.user, bench.case.id)
    if not found.order:
        return
    st.subheader("Whom to ask, and when")
    _alone(found)
    with st.expander("The order proposed, with reasons", icon=":material/format_list_numbered:"):
        for step in found.order:
            _step(bench, step)
    with st.expander("Which ground fits, and who must ask", icon=":material/gavel:"):
        _grounds(bench)
    # Kept open through a step that is taken in it: else the answer of a look-up would come into a piece that folded itself away
    with st.expander(_ladder_title(found), icon=":material/stairs:", key=bench.key("piece-ladder"), on_change="rerun"):
        _ladder(bench, found)
    if not found.stops:
        with st.expander("Who hosts this site? (Host / ISP)", icon=":material/dns:", key=bench.key("piece-dns"), on_change="rerun"):
            _behind(bench)


def _alone(found: Plan) -> None:
    if found.leave_alone:
        st.info(as_is(_sentence(f"{found.leave_alone}.")), icon=":material/visibility_off:")
    for why in found.closed:
        st.info(as_is(_sentence(why)), icon=":material/info:")
    muted(f"Reach as published: {as_is(found.reach)}")


def _step(bench: Bench, step: Step) -> None:
    _line(bench, f"{step.number}. {step.title}", step.says, step.standing, step.since)


def _line(bench: Bench, title: str, says: str, standing: Standing, since: datetime | None) -> None:
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text(title)
            _badge(bench, standing, since)
        muted(as_is(f"{_sentence(one_line(says, 400))}."))


def _badge(bench: Bench, standing: Standing, since: datetime | None) -> None:
    icon, colour = COLOURS[standing]
    words = STANDING_LABELS[standing]
    if standing in {Standing.LATER, Standing.LOCKED} and since is not None:
        words = f"from {times.uk(since, bench.now)}"
    st.badge(as_is(words), icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]


def _grounds(bench: Bench) -> None:
    """Say for each ground that could fit when it is usable, who asks, and when it is not (domain.md §3.3)."""
    for ground in grounds_for(bench.case.lead_category):
        rule = RULES[ground]
        with st.container(gap=None):
            st.text(_sentence(GROUND_LABELS[ground]))
            muted(as_is(f"Usable when {rule.usable}. Who asks: {rule.who}. Not: {rule.not_when}."))


def _ladder_title(found: Plan) -> str:
    due = [one.label for one in found.rungs if one.standing is Standing.DUE and one.rung in LADDER]
    return f"Next rung: {due[0]}" if due else "The ladder: what comes if nobody acts"


def _ladder(bench: Bench, found: Plan) -> None:
    for one in found.rungs:
        if one.standing is not Standing.NOT_HERE:
            _line(bench, _sentence(one.label), one.why, one.standing, one.since)
    out = [one.label for one in found.rungs if one.standing is Standing.NOT_HERE]
    if out:
        muted(as_is(f"Not applicable here: {'; '.join(out)}."))
    if not found.stops:
        _climb(bench, found)


def _climb(bench: Bench, found: Plan) -> None:
    offered = {one.rung: one for one in found.rungs if one.standing in _CLIMBABLE}
    rung = st.selectbox(
        "Which of them did you ask?",
        list(offered),
        index=None,
        format_func=lambda one: f"{RUNG_LABELS[one]} ({STANDING_LABELS[offered[one].standing]})",
        placeholder="Choose",
        key=bench.key("rung"),
    )
    if rung is not None:
        _climb_form(bench, offered[rung], jumped(found.rungs, rung))


def _climb_form(bench: Bench, state: RungState, left_out: tuple[Rung, ...]) -> None:
    _body(state.rung, bench)
    key = f"{bench.key('climb')}-{state.rung.value}"
    at = now_or_earlier("I asked", bench.now, key)
    with st.form(key, border=True):
        who = st.text_input("Whom did you ask?", key=f"{key}-who", placeholder="the helpline, by telephone")
        why = st.text_input("Why this one now?", key=f"{key}-why")
        reason = ""
        if left_out or state.standing is Standing.LATER:
            what = ", ".join(RUNG_LABELS[one] for one in left_out) or "its time"
            reason = st.text_input(f"Why not wait for: {as_is(what)}?", key=f"{key}-reason")
        pressed = st.form_submit_button("Record it", width="stretch")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.escalate(bench.user, bench.case.id, state.rung, who or "", why or "", at, reason or ""),
            "Recorded. The countdown runs on; our own checks go on.",
        )


def _body(rung: Rung, bench: Bench) -> None:
    body = helplines.shipped().get(_BODIES.get(rung, ""))
    if body is None:
        return
    st.text(f"{body.name}: {body.reach or 'by its website'}\nTakes: {body.takes}.\nNot: {body.not_takes}.")
    if body.link:
        st.code(body.link, language=None, wrap_lines=True)
    doubt = body.doubt(bench.now.date())
    if doubt:
        muted(as_is(f"Careful: {doubt}."))


def _behind(bench: Bench) -> None:
    items = [item for item in bench.file.items if item.address]
    if not items:
        st.text("This case has no web address yet.")
        return
    item = items[0] if len(items) == 1 else _which(bench, items)
    muted("Only the site's name is asked for, nothing of the case. You can go on meanwhile.")
    known = refusal.attempt(lambda: bench.desk.casework.looked_up(bench.user, bench.case.id, item.id))
    _look(bench, item, known)
    if known is not None:
        _found(bench, item, known)
    _by_hand(bench, item)


def _which(bench: Bench, items: list[CaseItem]) -> CaseItem:
    return st.selectbox("Which address?", items, format_func=lambda one: one_line(one.address, 100), key=bench.key("look-item"))


def _look(bench: Bench, item: CaseItem, known: NetworkLookup | None) -> None:
    running = refusal.attempt(lambda: bench.desk.lookups.of(bench.user, bench.case.id, item.id))
    if running is not None and running.under_way:
        st.text(f"Asking the registries about {one_line(running.host, 120)} …")
        st.fragment(_wait, run_every=EVERY)(bench, item)
        return
    if running is not None and running.problem:
        st.warning(as_is(_sentence(f"{running.problem}.")), icon=":material/error:")
    words = "Look it up again" if known is not None else "Look up who hosts it"
    if st.button(words, key=bench.key(f"look-{item.id}"), icon=":material/travel_explore:"):
        bench.do(
            lambda: bench.desk.lookups.begin(bench.user, bench.case.id, item.id), "The look-up has begun. Its answer appears by itself."
        )


def _wait(bench: Bench, item: CaseItem) -> None:
    """Draw the page anew once the look-up has ended."""
    signed_in.check(bench.desk, bench.user)
    running = bench.desk.lookups.of(bench.user, bench.case.id, item.id)
    if running is None or not running.under_way:
        signed_in.redraw()


def _found(bench: Bench, item: CaseItem, known: NetworkLookup) -> None:
    if known.not_applicable:
        st.info(as_is(known.not_applicable), icon=":material/info:")
        return
    where = f" at {', '.join(known.addresses[:2])}" if known.addresses else ""
    st.text(f"{known.domain}{where}. Network: {known.network or 'unknown'}.")
    muted(f"Looked up {times.both(known.looked_at, bench.now)}; used again for 30 days.")
    for problem in known.problems:
        st.text(f"Not found out: {one_line(problem, 300)}.")
    for number, contact in enumerate(known.contacts):
        _contact(bench, item, contact, number)


def _contact(bench: Bench, item: CaseItem, contact: NetworkContact, number: int) -> None:
    with st.container(border=True):
        st.markdown(f"**{as_is(SCOPE_LABELS[contact.scope])}**")
        reach = " · ".join(one for one in (contact.email, contact.telephone) if one)
        roles = f" ({', '.join(contact.roles)})" if contact.roles else ""
        st.text(f"{one_line(contact.name + roles, 240)}\n{one_line(reach, 300) or 'by its form'}")
        if contact.link:
            st.code(contact.link, language=None, wrap_lines=True)
        st.text(SCOPE_NOTES[contact.scope])
        st.text(f"Source: {one_line(contact.source, 200)}")  # plain: an address in markdown would become a link
        if st.button("Write to this one", key=bench.key(f"choose-{item.id}-{number}"), icon=":material/edit_note:"):
            bench.do(
                lambda: _choose(bench, item, contact),
                "Chosen: it now stands first among the ways when you draft a request.",
            )


def _choose(bench: Bench, item: CaseItem, contact: NetworkContact) -> Case:
    """Choose a contact; the form for a request then begins anew with it, whatever was chosen there before."""
    chosen = bench.desk.casework.choose_contact(bench.user, bench.case.id, item.id, contact)
    st.session_state[bench.key("ways-turn")] = bench.turn + 1
    st.session_state.pop(bench.key("way"), None)
    return chosen


def _by_hand(bench: Bench, item: CaseItem) -> None:
    with st.expander("Enter a contact by hand", icon=":material/edit:"), st.form(bench.key(f"contact-{item.id}"), border=False):
        scope = st.selectbox("Who is it?", _BY_HAND, format_func=SCOPE_LABELS.__getitem__, key=bench.key(f"contact-scope-{item.id}"))
        name = st.text_input("Name", key=bench.key(f"contact-name-{item.id}"))
        reach = st.text_input("Mail address, telephone, or the address of its form", key=bench.key(f"contact-reach-{item.id}"))
        pressed = st.form_submit_button("Keep this contact")
    if pressed:
        bench.do(
            lambda: bench.desk.casework.enter_contact(bench.user, bench.case.id, item.id, scope, name or "", reach or ""),
            "The contact was kept.",
        )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
