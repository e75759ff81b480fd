"""What was sealed in a case: our own captures, what people brought, and working copies, each by itself and never mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.case_capture import ask_capture
from dashboard.parts.indecent_button import indecent_button
from dashboard.parts.muted import muted
from dashboard.parts.picture_view import pictures, viewing_form
from dashboard.parts.plain_words import as_is, counted, one_line
from dashboard.parts.redact import redact
from dashboard.parts.seal_state import seal_state
from dashboard.parts.upload import supplied_facts, upload
from data.model.cases import ENDED
from data.model.evidence import Completeness, Evidence, EvidenceKind
from data.model.people import Permission
from evidence.report_captures import picture_name

COMPLETENESS: dict[Completeness, tuple[str, str, str]] = {
    Completeness.FULL: ("full capture", "check_circle", "green"),
    Completeness.INCOMPLETE: ("incomplete, but shows the post", "warning", "yellow"),
    Completeness.NO_PICTURE: ("page and facts, no picture", "hide_image", "yellow"),
    Completeness.BEHIND_WALL: ("behind a wall: does not show the post", "lock", "orange"),
    Completeness.NOT_AVAILABLE: ("not there any more: does not show the post", "cancel", "orange"),
    Completeness.SUPPLIED: ("supplied by a person", "person", "blue"),
}
REDACTED_WORDS = ("working copy with parts covered", "format_ink_highlighter", "blue")
KINDS: dict[EvidenceKind, str] = {
    EvidenceKind.PAGE: "",
    EvidenceKind.SUPPLIED: "Supplied by a person, not captured by us",
    EvidenceKind.REDACTED: "Working copies with parts covered",
}


def evidence_list(bench: Bench) -> None:
    """Draw what was sealed, each kind by itself, and the ways to more."""
    file = bench.file
    st.subheader("Evidence")
    if bench.case.stop:
        st.text("Nothing is shown here and nothing may be made: see above.")
        return
    if bench.case.no_capture_reason:
        st.text(f"Not captured. Reason: {one_line(bench.case.no_capture_reason, 300)}")
    if not file.evidence and not bench.case.no_capture_reason:
        st.text("Nothing was captured yet.")
    if not file.evidence:
        indecent_button(bench)
    known = names.names(bench.desk)
    for kind, heading in KINDS.items():
        _of_kind(bench, [one for one in file.evidence if one.kind is kind], heading, known)
    viewing_form(bench)
    _again(bench)
    upload(bench)


def _again(bench: Bench) -> None:
    """Offer another capture of a page, where there is one and it is not the next step anyway."""
    file = bench.file
    if not file.evidence or not file.items or bench.is_next or bench.case.state in ENDED or not bench.may(Permission.CAPTURE):
        return
    is_first = all(one.kind is not EvidenceKind.PAGE for one in file.evidence)
    with st.expander("Capture the page as well" if is_first else "Capture again", icon=":material/photo_camera:"):
        ask_capture(bench)


def _of_kind(bench: Bench, found: Sequence[Evidence], heading: str, known: Mapping[str, str]) -> None:
    if found and heading:
        st.markdown(f"**{heading}**")
    for one in found:
        _evidence(bench, one, names.name(known, one.captured_by))


def _evidence(bench: Bench, one: Evidence, who: str) -> None:
    word, icon, colour = REDACTED_WORDS if one.kind is EvidenceKind.REDACTED else COMPLETENESS[one.completeness]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{as_is(one.ref)}**")
            st.badge(word, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]
        st.text(_said(bench, one, who))
        if one.note:
            st.text(one_line(noted_words(one), 600))
        seal_state(bench, one)
        pictures(bench, one)
        indecent_button(bench, one)
        supplied_facts(bench, one)
        redact(bench, one)
        with st.expander(f"{counted(len(one.files), 'sealed file', 'sealed files')} and their hashes", icon=":material/fingerprint:"):
            st.code("\n".join(f"{file.sha256}  {file.name}" for file in one.files), language=None, wrap_lines=True)
            muted(f"Witness code: {one.seal_sha256}")


def _said(bench: Bench, one: Evidence, who: str) -> str:
    if one.kind is EvidenceKind.SUPPLIED:
        return _supplied_facts(one, who)
    return _copy_facts(bench, one, who) if one.kind is EvidenceKind.REDACTED else _facts(one, who)


def _copy_facts(bench: Bench, one: Evidence, who: str) -> str:
    original = next((other.ref for other in bench.file.evidence if other.id == one.derived_from), "not known here")
    return f"Made: {times.exact(one.captured_at)}, by {who}\nWorking copy of: {original}. The original stays as it was sealed."


def _facts(one: Evidence, who: str) -> str:
    status = f"answered {one.status}" if one.status is not None else "no answer code"
    moved = f"\nEnded at: {one_line(one.final_address, 300)}" if one.final_address != one.address else ""
    return (
        f"Captured: {times.exact(one.captured_at)}\nOrdered by: {who}\nAddress: {one_line(one.address, 300)}{moved}\n"
        f"Page: {status}, title “{one_line(one.title, 120) or 'none'}”"
    )


def _supplied_facts(one: Evidence, who: str) -> str:
    handed = times.exact(one.supplied_at) if one.supplied_at else "not recorded"
    about = f"\nBelongs to: {one_line(one.address, 300)}" if one.address else ""
    return (
        f"Supplied by: {one_line(one.supplied_by or 'not recorded', 200)}\nHanded over: {handed}\n"
        f"How it was made, in their words: {one_line(one.supplied_how or 'not recorded', 600)}\n"
        f"Taken in and sealed: {times.exact(one.captured_at)}, by {who}{about}"
    )


def noted_words(one: Evidence) -> str:
    """Return what was noted, with each picture called as under its tile: "A picture, number 2"."""
    words = one.note or ""
    for file in one.files:
        words = words.replace(file.name, picture_name(file.name)) if file.media_type.startswith("image/") else words
    return words
