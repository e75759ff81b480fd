"""Requests for removal: the way proposed, the words, and that a person sent them. Nothing is ever sent from here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import streamlit as st

from casework.drafting import addressee
from casework.notice import FORWARDED, Notice, Rendered, Wording
from casework.notices import NOTICES, notice_for
from casework.requests import REQUEST_LABELS
from casework.routes import CAPACITY_LABELS, GROUND_LABELS, ROUTE_LABELS, Proposal, host_of
from dashboard.parts import names, refusal, times
from dashboard.parts.ask_fields import ask_fields
from dashboard.parts.bench import Bench
from dashboard.parts.moment_input import moment_input, now_or_earlier
from dashboard.parts.muted import muted
from dashboard.parts.one_of import one_of
from dashboard.parts.paper_links import paper_links
from dashboard.parts.plain_words import as_is, one_line
from data.model.cases import Capacity, CaseItem, Ground, RequestState, Route, TakedownRequest
from data.model.people import Permission

ANSWERS: dict[str, tuple[str, str]] = {
    "removed": ("They say it is removed", "Our own checks must still find it gone. The 24 hours run on."),
    "acknowledged": ("They got it", "Nothing else changes."),
    "refused": ("They refuse", "Then appeal or choose another way."),
}
_WAITING = frozenset({RequestState.SENT, RequestState.ACKNOWLEDGED, RequestState.NO_REPLY})
_UNSENT = frozenset({RequestState.DRAFT, RequestState.READY})
_PERSONAL = frozenset({Route.SECTION_5, Route.COMPLAINANT})
COLOURS: dict[RequestState, str] = {
    RequestState.ACCEPTED: "green",
    RequestState.REFUSED: "red",
    RequestState.SENT: "blue",
    RequestState.ACKNOWLEDGED: "blue",
}


@dataclass(frozen=True)
class Way:
    """What a person chose and wrote for one request."""

    item_id: str
    route: Route
    ground: Ground
    capacity: Capacity
    wording: Wording
    forwarded: bool = False


def draft_form(bench: Bench) -> None:
    """Ask for the words of a request and show them before anything is kept."""
    found = bench.desk.casework.propose(bench.user, bench.case.id)
    for stop in found.stops or bench.file.blocked:
        st.warning(as_is(_sentence(stop)), icon=":material/block:")
    if found.stops or bench.file.blocked:
        return
    if not found.proposals:
        lawful = "No ground for a removal fits this case. Lawful speech is answered, not removed."
        st.info(as_is(_sentence("; ".join(found.closed))) if found.closed else lawful, icon=":material/info:")
        return
    proposal = _choose(bench, found.proposals)
    _why(proposal)
    way = _ask(bench, proposal)
    if way is not None and _rendered(bench, way) is not None:
        st.session_state[bench.key("way")] = way
        st.rerun()  # so that only one button stands out
    kept = st.session_state.get(bench.key("way"))
    if kept is not None:
        _preview(bench, kept)


def _choose(bench: Bench, proposals: tuple[Proposal, ...]) -> Proposal:
    """Return the way that the person chose: the first proposed one unless they say otherwise."""
    address = {item.id: one_line(item.address, 80) for item in bench.file.items}
    several = len(bench.file.items) > 1
    by_way = {(one.item_id, one.route): one for one in proposals}
    labels = {key: _sentence(one.label) + (f": {address.get(one.item_id, '')}" if several else "") for key, one in by_way.items()}
    way = st.selectbox("Which way?", list(by_way), format_func=labels.__getitem__, key=bench.key(f"proposal-{bench.turn}"))
    chosen = by_way[way]
    others = [route for route in Route if route is not chosen.route]
    another = st.selectbox(
        "Another way (only if you know why)",
        others,
        index=None,
        format_func=_route_label,
        key=bench.key(f"route-{bench.turn}"),
        placeholder="As proposed",
    )
    item = next((item for item in bench.file.items if item.id == chosen.item_id), None)
    return chosen if another is None else _other_way(chosen, another, host_of(item.address) if item else "the site")


def _route_label(route: Route) -> str:
    return _sentence(ROUTE_LABELS[route])


def _other_way(chosen: Proposal, route: Route, host: str) -> Proposal:
    """Return the same item and ground by a way that was not proposed; the service still refuses what may not be."""
    grounds = notice_for(route).grounds or frozenset(Ground)
    fitting = [ground for ground in chosen.grounds if ground in grounds] or sorted(grounds)
    return replace(
        chosen,
        route=route,
        notice=notice_for(route).key,
        ground=chosen.ground if chosen.ground in grounds else fitting[0],
        grounds=tuple(dict.fromkeys([*fitting, *(ground for ground in chosen.grounds if ground in grounds)])),
        capacity=Capacity.SUBJECT if route in _PERSONAL else chosen.capacity,
        recipient=addressee(route, host),
        label=ROUTE_LABELS[route],
        reasons=(),
        warnings=(),
        form_link=None,
        who="",
        prefill={},
    )


def _why(proposal: Proposal) -> None:
    st.markdown(f"**{'Proposed' if proposal.reasons else 'Your own choice'}: {as_is(proposal.label)}**")
    st.text(f"Asked: {proposal.recipient}")
    for reason in proposal.reasons:
        st.text(f"• {_sentence(reason)}")
    for warning in (*proposal.warnings, *notice_for(proposal.route).warnings):
        st.text(f"Careful: {_sentence(warning)}")
    if proposal.who:
        st.text(f"Who may ask: {proposal.who}. What they want to see: {proposal.evidence_wanted}.")
    if proposal.form_link:
        checked = f" (form last checked {proposal.checked_on:%d %b %Y})" if proposal.checked_on else ""
        muted(f"Where to send it{checked}")
        st.code(proposal.form_link, language=None, wrap_lines=True)


def _ask(bench: Bench, proposal: Proposal) -> Way | None:
    notice = notice_for(proposal.route)
    start = bench.desk.casework.start_of(bench.user, bench.case.id, proposal.item_id, proposal.route)
    with st.form(bench.key("draft"), border=True):
        wording = _words_of(bench, proposal)
        ground = st.selectbox(
            "Ground",
            proposal.grounds,
            index=proposal.grounds.index(proposal.ground),
            format_func=GROUND_LABELS.__getitem__,
            key=bench.key(f"ground-{notice.key}"),
        )
        details = ask_fields(notice.asks, {**start.details, **proposal.prefill}, bench.key(f"ask-{notice.key}"))
        forwarded = _may_be_forwarded(bench, notice, proposal.forwarded)
        capacity, wording = _more(bench, proposal, wording, start.contacts)
        muted("Plain facts, no conclusions of law. Not legal advice.")
        tone = "secondary" if bench.key("way") in st.session_state else bench.tone
        pressed = st.form_submit_button("Show the words", type=tone, width="stretch")
    if not pressed:
        return None
    return Way(proposal.item_id, proposal.route, Ground(ground), capacity, replace(wording, details=details), forwarded)


def _words_of(bench: Bench, proposal: Proposal) -> Wording:
    what = st.text_area(
        "What is it, in one or two lines?",
        key=bench.key("what"),
        height=90,
        help="For whoever decides there. No child's name, no date of birth, no home address.",
        placeholder="A post that says as a fact that a named teacher took money.",
    )
    rule = st.text_input("Which rule of the place does it break?", key=bench.key("rule"), placeholder="For example: harassment, bullying")
    needs_nature = "unlawful_nature" in notice_for(proposal.route).required
    unlawful = st.text_input(
        "Why may it be unlawful, in plain words?",
        key=bench.key("unlawful"),
        help="Needed for this way." if needs_nature else "One of this and the rule is enough.",
    )
    return Wording(what_it_is=what or "", rule_breached=rule or "", unlawful_nature=unlawful or "")


def _may_be_forwarded(bench: Bench, notice: Notice, by_form: str) -> bool:
    if not notice.may_be_forwarded and not by_form:
        return False
    accepted = st.checkbox("The person concerned accepts that it may be passed on or published", key=bench.key(f"forwarded-{notice.key}"))
    muted(FORWARDED)
    return accepted


def _more(bench: Bench, proposal: Proposal, wording: Wording, contacts: tuple[str, ...]) -> tuple[Capacity, Wording]:
    """Ask for what is filled in already and seldom changed."""
    with st.expander("More choices", expanded=proposal.capacity is Capacity.SUBJECT):
        capacities = list(Capacity)
        start, by_way = capacities.index(proposal.capacity), f"{proposal.item_id}-{proposal.route.value}"
        capacity = st.selectbox(
            "In what capacity", capacities, index=start, format_func=CAPACITY_LABELS.__getitem__, key=bench.key(f"capacity-{by_way}")
        )
        complainant = st.text_input("On whose behalf (a role, not a name)", key=bench.key("complainant"))
        recipient = st.text_input("Recipient", value=proposal.recipient, key=bench.key(f"recipient-{by_way}"))
        if contacts:
            chosen = st.selectbox("Or a contact that the look-up found", contacts, index=None, key=bench.key(f"contact-{by_way}"))
            recipient = chosen or recipient
        urgent = st.text_input("Why is it urgent?", key=bench.key("urgent"), help="Left empty, a general sentence is used.")
        link = st.text_input("Link to the rule", key=bench.key("rule-link"))
        reference = st.text_input("An earlier reference of theirs", key=bench.key("earlier"))
        amend = st.toggle("Ask for a change instead of removal", key=bench.key("amend"))
    more = replace(
        wording,
        rule_link=link or "",
        why_urgent=urgent or "",
        wish="amend" if amend else "remove",
        recipient=recipient or "",
        complainant=complainant or "",
        previous_reference=reference or "",
    )
    return Capacity(capacity), more


def _preview(bench: Bench, way: Way) -> None:
    words = _rendered(bench, way)
    if words is None:
        return
    st.markdown("**The words**")
    _words(words)
    muted("Nothing is sent. Change the form above and show the words again, or keep them; then you send them yourself.")
    if st.button("Keep these words", type=bench.tone, key=bench.key("keep"), width="stretch", icon=":material/check:"):
        _keep(bench, way)


def _rendered(bench: Bench, way: Way) -> Rendered | None:
    return refusal.attempt(
        lambda: bench.desk.casework.preview(bench.user, bench.case.id, way.item_id, way.route, way.ground, way.capacity, way.wording)
    )


def _keep(bench: Bench, way: Way) -> None:
    made = refusal.attempt(
        lambda: bench.desk.casework.draft(
            bench.user, bench.case.id, way.item_id, way.route, way.ground, way.capacity, way.wording, way.forwarded
        )
    )
    if made is not None:
        del st.session_state[bench.key("way")]
        ready = "The request is ready. Nothing was sent: send it yourself, then record it here."
        waits = "Kept. The headteacher approves it first; then somebody sends it and records it here."
        bench.do(lambda: made, ready if made.state is RequestState.READY else waits)


def _words(words: Rendered) -> None:
    st.code(words.subject, language=None, wrap_lines=True)
    st.code(words.body, language=None, wrap_lines=True)


def send_form(bench: Bench) -> None:
    """Show the words that are ready, to copy, and record that the person sent them."""
    ready = [one for one in bench.file.requests if one.state is RequestState.READY]
    for number, request in enumerate(ready):
        _ready(bench, request, first=number == 0)


def _awaiting(bench: Bench, request: TakedownRequest) -> None:
    """Show words that the headteacher has to agree to."""
    with st.container(border=True):
        st.markdown("**Waits for the headteacher**")
        st.text(f"To: {request.recipient} ({_notice_label(request)})")
        _words(Rendered(request.subject, request.body))
        paper_links("request", request.id, mail=False)
        if bench.may(Permission.DECIDE_REPLY) and st.button("Approve these words", key=f"approve-{request.id}", icon=":material/check:"):
            bench.do(lambda: bench.desk.casework.approve_request(bench.user, request.id), "Approved. It may be sent now.")
        _drop(bench, request)


def _notice_label(request: TakedownRequest) -> str:
    found = NOTICES.get(request.notice)
    return found.label if found is not None else "a way that is no longer offered"


def _ready(bench: Bench, request: TakedownRequest, *, first: bool) -> None:
    with st.container(border=True):
        st.markdown("**Ready to send**")
        st.text(f"To: {request.recipient} ({_notice_label(request)})")
        link = _form_link(bench, request)
        if link:
            muted("Where to send it")
            st.code(link, language=None, wrap_lines=True)
        muted("Copy the words, send them yourself, then record it below. Schoolwatch sends nothing.")
        _words(Rendered(request.subject, request.body))
        paper_links("request", request.id)
        key = f"sent-{request.id}"
        at = now_or_earlier("I sent it", bench.now, key)
        with st.form(key, border=False):
            reference = st.text_input("Reference they gave you, if any", key=f"{key}-reference", max_chars=200)
            forwarded = st.checkbox("It may be forwarded to the person who posted it", key=f"{key}-forwarded")
            tone = bench.tone if first else "secondary"
            pressed = st.form_submit_button("I sent it: record it as sent", type=tone, width="stretch", icon=":material/outgoing_mail:")
        if pressed:
            bench.do(
                lambda: bench.desk.casework.record_sent(bench.user, request.id, at, reference or None, forwarded),
                "Recorded as sent. Our own checks now look whether it is gone.",
            )
        _drop(bench, request)


def _drop(bench: Bench, request: TakedownRequest) -> None:
    with st.expander("Give this draft up", icon=":material/delete:"), st.form(f"drop-{request.id}", border=False):
        reason = st.text_input("Why?", key=f"drop-reason-{request.id}")
        pressed = st.form_submit_button("Give the draft up (it stays in the record)")
    if pressed:
        bench.do(lambda: bench.desk.casework.drop_draft(bench.user, request.id, reason or ""), "The draft was given up.")


def _form_link(bench: Bench, request: TakedownRequest) -> str | None:
    found = bench.desk.casework.propose(bench.user, bench.case.id)
    return next((one.form_link for one in found.proposals if one.item_id == request.item_id and one.route is request.route), None)


def request_list(bench: Bench) -> None:
    """Draw the requests that went out or were given up, and what to record when an answer comes."""
    st.subheader("Requests")
    done = [one for one in bench.file.requests if one.state not in _UNSENT]
    if not done:
        st.text("Nobody was asked yet.")
    for request in bench.file.requests:
        if request.state is RequestState.DRAFT and bench.may(Permission.REQUEST):
            _awaiting(bench, request)
        elif request.state is RequestState.READY and bench.file.next_step.verb != "send" and bench.may(Permission.REQUEST):
            _ready(bench, request, first=False)
    known = names.names(bench.desk)
    addresses = {item.id: item for item in bench.file.items}
    for request in done:
        _one(bench, request, known.get(request.sent_by or "", ""), addresses.get(request.item_id))


def _one(bench: Bench, request: TakedownRequest, who: str, item: CaseItem | None) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            colour = COLOURS.get(request.state, "gray")
            st.badge(REQUEST_LABELS[request.state], icon=":material/mail:", color=colour)  # type: ignore[arg-type]
            if request.sent_at:
                muted(f"sent {times.both(request.sent_at, bench.now)} by {as_is(who)}")
        st.text(f"To: {request.recipient}\nGround: {GROUND_LABELS[request.ground]}\nReference: {request.reference or 'none given'}")
        _answered(bench, request)
        if item is not None:
            st.text(f"Address: {one_line(item.address, 200)}")
        with st.expander("The words that were sent" if request.sent_at else "The words"):
            _words(Rendered(request.subject, request.body))
        if request.state in _WAITING and bench.may(Permission.REQUEST):
            _answers(bench, request)


def _answered(bench: Bench, request: TakedownRequest) -> None:
    """Say what they answered so far, and which times follow from it."""
    if request.promised_by is not None:
        st.text(f"They promised an answer by {times.both(request.promised_by, bench.now)}")
    if request.decision:
        st.text(f"Their decision: {one_line(request.decision, 300)}")
    if request.appeal_by is not None:
        st.text(f"Appeal by {times.both(request.appeal_by, bench.now)}")


def _answers(bench: Bench, request: TakedownRequest) -> None:
    with st.expander("They answered", icon=":material/reply:"):
        kind = one_of("What did they say?", ANSWERS, f"answer-kind-{request.id}")
        if kind is None:
            return
        named = _time_named(bench, request, kind)
        with st.form(f"answer-{request.id}-{kind}", border=False):
            label = {"removed": "Who says so?", "acknowledged": "Reference, if any", "refused": "What did they answer?"}[kind]
            words = st.text_input(label, key=f"answer-words-{request.id}-{kind}")
            pressed = st.form_submit_button("Record the answer")
        if pressed:
            _record_answer(bench, request, kind, words or "", named)


def _time_named(bench: Bench, request: TakedownRequest, kind: str) -> datetime | None:
    """Ask for the time that they named, where one follows from the answer."""
    asked = {"acknowledged": "They said by when they answer", "refused": "They said by when to appeal"}.get(kind)
    key = f"answer-by-{request.id}-{kind}"
    if asked is None or not st.toggle(asked, key=f"{key}-on"):
        return None
    return moment_input("By when?", bench.now, key, ahead=timedelta(days=7))


def _record_answer(bench: Bench, request: TakedownRequest, kind: str, words: str, named: datetime | None) -> None:
    room = bench.desk.casework
    if kind == "removed":
        bench.do(lambda: room.claimed(bench.user, bench.case.id, words), "Recorded: they say it is removed. Our own checks decide.")
    elif kind == "refused":
        bench.do(lambda: room.refused(bench.user, request.id, words, named), "Recorded: they refuse.")
    else:
        bench.do(lambda: room.acknowledged(bench.user, request.id, words or None, named), "Recorded: they got it.")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
