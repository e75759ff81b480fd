"""One case: how much time is left, the one next step, the matter, evidence, requests, checks, other steps, history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from casework.files import CaseFile
from dashboard.parts import notice, page_links, refusal, signed_in, times
from dashboard.parts.bench import Bench
from dashboard.parts.capture_progress import capture_beside, capture_under_way
from dashboard.parts.case_capture import ask_capture, masked_items
from dashboard.parts.case_changed import changed_meanwhile, remember, typed_stays
from dashboard.parts.case_checks import check_by_hand, check_list, check_now
from dashboard.parts.case_clocks import clock_list, correct_form, earlier_form, missed_form, own_page_form
from dashboard.parts.case_copies import copies
from dashboard.parts.case_disclosure import disclosures, may_disclose
from dashboard.parts.case_evidence import evidence_list
from dashboard.parts.case_head import case_head, stop_panel
from dashboard.parts.case_history import chronology
from dashboard.parts.case_keeping import keeping, may_keep
from dashboard.parts.case_letters import letters_part
from dashboard.parts.case_moves import advice_form, assign_form, close_form, moves, note_form, safeguarding_form
from dashboard.parts.case_pack import pack
from dashboard.parts.case_people import assess_form, owed, people, told_first
from dashboard.parts.case_request import draft_form, request_list, send_form
from dashboard.parts.case_routes import routes_panel
from dashboard.parts.case_summary import child_summary, may_summarise
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is
from dashboard.parts.post_card import post_card, report_card
from data.model.cases import ENDED, CaseState
from data.model.people import Permission, User
from schoolwatch.desk import Desk

EVERY = 3  # seconds between two looks whether something happened
Piece = Callable[[Bench], None]
_CLOSABLE = frozenset({CaseState.VERIFIED_REMOVED, CaseState.VERIFIED_AMENDED, CaseState.NOT_REMOVED, CaseState.WITHDRAWN})


def _nothing(_bench: Bench) -> None:
    """The next step needs no form."""


STEPS: dict[str, tuple[Piece, Permission]] = {
    "record_advice": (advice_form, Permission.TRIAGE),
    "capture": (ask_capture, Permission.CAPTURE),
    "wait_capture": (capture_under_way, Permission.REPORT),
    "assess": (assess_form, Permission.TRIAGE),
    "draft": (draft_form, Permission.REQUEST),
    "send": (send_form, Permission.REQUEST),
    "wait": (check_now, Permission.REPORT),
    "check": (moves, Permission.REQUEST),
    "claim": (check_now, Permission.REPORT),
    "move": (moves, Permission.REPORT),
    "reply": (close_form, Permission.DECIDE_REPLY),
    "close": (close_form, Permission.CLOSE),
    "stop": (told_first, Permission.TRIAGE),
    "assign": (assign_form, Permission.TRIAGE),
    "done": (_nothing, Permission.REPORT),
}


def show(desk: Desk, user: User) -> None:
    """Draw the case named in the address."""
    case_id = page_links.asked_for()
    if case_id is None:
        st.title("Case")
        st.info("Choose a case in the list.", icon=":material/folder_open:")
        if st.button("To the cases", type="primary"):
            page_links.go("cases")
        return
    file = refusal.attempt(lambda: desk.casework.case(user, case_id))
    if file is None:
        typed_stays(case_id)
        return
    bench = Bench(desk, user, file)
    case_head(bench)
    notice.show()
    changed_meanwhile(bench)
    stop_panel(bench)
    missed_form(bench)
    _next(replace(bench, is_next=True))
    capture_beside(bench)
    care = desk.casework.care_of(user, case_id)
    owed(bench, care)
    _matter(bench)
    evidence_list(replace(bench, is_next=bench.file.next_step.verb == "capture"))
    pack(bench)
    request_list(bench)
    routes_panel(bench)
    letters_part(bench)
    check_list(bench)
    clock_list(bench)
    copies(bench)
    people(bench, care)
    _others(bench)
    chronology(bench)
    remember(bench)
    st.fragment(_watch, run_every=EVERY)(desk, user, case_id, _print(bench.file))


def _next(bench: Bench) -> None:
    step = bench.file.next_step
    piece, permission = STEPS.get(step.verb, (_nothing, Permission.REPORT))
    with st.container(border=True, key="next-step"):
        st.markdown(f"**Next: {as_is(step.text)}**")
        plan = bench.file.next_check
        if step.verb == "wait" and plan is not None:
            muted(f"Our next check comes by itself: {times.both(plan.due_at, bench.now)}.")
        if bench.may(permission) or permission is Permission.REPORT:
            refusal.drawn(lambda _desk, _user: piece(bench), bench.desk, bench.user)
        else:
            muted("Your role does not take this step; the case waits for somebody who may.")


def _matter(bench: Bench) -> None:
    file = bench.file
    st.subheader("The matter")
    if file.report is not None:
        report_card(file.report, bench.now, stop=file.case.stop)
    if file.post is not None:
        post_card(file.post, bench.now, stop=file.case.stop, finding=file.finding, key=f"post-{file.case.id}")
    elif file.case.stop:
        masked_items(bench)


def _others(bench: Bench) -> None:
    """Offer what is not the next step, folded away; nothing here is primary."""
    verb, case = bench.file.next_step.verb, bench.case
    st.subheader("Other steps")
    offered: list[tuple[str, str, Piece, bool]] = [
        (draft_title(bench), "edit_note", draft_form, verb != "draft" and not bench.file.blocked and bench.may(Permission.REQUEST)),
        ("Check now", "travel_explore", check_now, verb not in {"wait", "claim"} and not case.stop and case.state not in ENDED),
        ("Close the case", "task_alt", close_form, verb != "close" and case.state in _CLOSABLE and bench.may(Permission.CLOSE)),
        ("Add a note", "note_add", note_form, True),
        ("Given to others", "outgoing_mail", disclosures, may_disclose(bench)),
        ("A child's summary", "child_care", child_summary, may_summarise(bench)),
        ("Hand over to another owner", "person", assign_form, verb != "assign" and bench.may(Permission.TRIAGE)),
        ("Safeguarding concern", "shield_person", safeguarding_form, case.state is not CaseState.SAFEGUARDING_LEAD),
        ("How long it is kept", "auto_delete", keeping, may_keep(bench)),
        ("Another step", "alt_route", moves, verb not in {"move", "check"} and bool(bench.file.moves)),
    ]
    for title, icon, piece, fits in offered:
        if fits:
            # Its state is kept here: else it would fold away, with a refusal in it, when a line above it comes or goes
            with st.expander(title, icon=f":material/{icon}:", key=bench.key(f"piece-{icon}"), on_change="rerun"):
                piece(bench)
    correct_form(bench)
    earlier_form(bench)
    own_page_form(bench)
    if verb != "stop" and bench.may(Permission.REQUEST):
        check_by_hand(bench)


def draft_title(bench: Bench) -> str:
    """Return how the step is called by which somebody is asked: the first request is not another one."""
    return "Draft another request" if bench.file.requests else "Draft a request"


def _print(file: CaseFile) -> tuple[object, ...]:
    return (
        sum(event.what != "revealed" for event in file.events),  # a look at a picture must not take the picture away
        file.state_label,
        file.next_step,
        len(file.checks),
        len(file.evidence),
        tuple((order.id, order.state) for order in file.orders),
    )


def _watch(desk: Desk, user: User, case_id: str, before: tuple[object, ...]) -> None:
    """Draw the case anew when the worker or somebody else did something in it; what is being typed stays."""
    signed_in.check(desk, user)
    if _print(desk.casework.case(user, case_id)) != before:
        signed_in.redraw()


if __name__ == "__main__":
    signed_in.run(show)
