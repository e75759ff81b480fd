"""What a person brings: the safety question, only then the files, then who brought them and how they were made (D7, domain.md §5.7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from dashboard.parts import notice, refusal
from dashboard.parts.bench import Bench
from dashboard.parts.case_capture import QUESTION
from dashboard.parts.moment_input import moment_input
from dashboard.parts.muted import muted
from dashboard.parts.one_of import one_of
from dashboard.parts.plain_words import as_is, counted, one_line, visible
from data.model.cases import ENDED, CaseItem
from data.model.evidence import Evidence, EvidenceKind, SafetyAnswer
from data.model.people import Permission
from evidence.supplied import ENDINGS, MOST_BYTES, MOST_FILES, Account, Brought, otherwise

ANSWERS: dict[SafetyAnswer, tuple[str, str]] = {
    SafetyAnswer.YES: ("Yes", "STOP: take no copy, and do not let it be sent to you. The case goes to the safeguarding lead."),
    SafetyAnswer.NOT_SURE: ("Not sure", "STOP as well: keeping such a picture is a crime even by mistake."),
    SafetyAnswer.NO: ("No", "Then you can choose the files. They are sealed as they are."),
}
_NONE = "None of them"
_MB = 1024 * 1024


def upload(bench: Bench) -> None:
    """Offer to take in what somebody brings, where a case may take evidence at all."""
    if bench.case.stop or bench.case.state in ENDED or not bench.may(Permission.CAPTURE):
        return
    with st.expander("Add what a person brought", icon=":material/attach_file:", key=bench.key("piece-upload"), on_change="rerun"):
        muted("A screenshot of a telephone, an e-mail, a voicemail, a transcript. It is kept apart from our own captures.")
        turn = _turn(bench)
        if _chosen_no(bench, turn):
            _take_in(bench, turn)
        else:
            _question(bench, turn)


def _turn(bench: Bench) -> str:
    """Return what makes every field new after something was taken in: the question is asked anew each time."""
    brought = sum(one.kind is EvidenceKind.SUPPLIED for one in bench.file.evidence)
    return f"{bench.key('upload')}-{brought}"


def _chosen_no(bench: Bench, turn: str) -> bool:
    return f"{turn}-item" in st.session_state and not bench.case.stop


def _question(bench: Bench, turn: str) -> None:
    item = _about(bench, turn)
    answer = one_of(QUESTION, ANSWERS, f"{turn}-answer")
    is_stop = answer in {SafetyAnswer.YES, SafetyAnswer.NOT_SURE}
    label = "Stop here and hand over to the safeguarding lead" if is_stop else "Go on to the files"
    if not st.button(label, key=f"{turn}-go", width="stretch"):
        return
    may = refusal.attempt(lambda: (bench.desk.taking_in.ask(bench.user, bench.case.id, item, answer),))
    if may is None:
        return
    if may[0]:
        st.session_state[f"{turn}-item"] = item
    else:
        notice.leave("Stopped. No file was asked for, and none was kept.")
    st.rerun()


def _about(bench: Bench, turn: str) -> str:
    """Return the id of the address to which it belongs, or nothing."""
    items: list[CaseItem | None] = [*bench.file.items, None]
    if len(items) == 1:
        return ""
    chosen = st.selectbox(
        "Which address does it show?", items, format_func=lambda one: one_line(one.address, 100) if one else _NONE, key=f"{turn}-about"
    )
    return chosen.id if chosen else ""


def _take_in(bench: Bench, turn: str) -> None:
    files = st.file_uploader(
        f"Files (up to {MOST_FILES}, {MOST_BYTES // _MB} MB each)",
        type=list(ENDINGS),
        accept_multiple_files=True,
        max_upload_size=MOST_BYTES // _MB,
        key=f"{turn}-files",
        help="Choose the file itself as it was sent, not a photograph of it. Several files of one message belong together.",
    )
    for one in files or []:
        differs = otherwise(Brought(one.name, one.getvalue()))
        if differs:
            st.warning(as_is(f"{one.name}: {differs}. It is sealed as it is, and this is noted with it."), icon=":material/rule:")
    made = _moments(bench, turn)
    who = st.text_input("Supplied by", key=f"{turn}-by", placeholder="A role rather than a name: a parent, the form teacher")
    how = st.text_area("How was it made? In their words", key=f"{turn}-how", height=80)
    shows = st.text_input("What does it show?", key=f"{turn}-shows")
    device = st.text_input("Who keeps the original device? (may stay empty)", key=f"{turn}-device")
    if st.button("Seal it as evidence", key=f"{turn}-seal", width="stretch", icon=":material/lock:"):
        brought = [Brought(one.name, one.getvalue()) for one in files or []]
        handed = made[1] or bench.now
        account = Account(who or "", how or "", shows or "", handed, made[0], device or "")
        item = str(st.session_state[f"{turn}-item"])
        bench.do(
            lambda: bench.desk.taking_in.take(bench.user, bench.case.id, item, SafetyAnswer.NO, brought, account),
            "Sealed. It stands under what people supplied, apart from our own captures.",
        )


def _moments(bench: Bench, turn: str) -> tuple[datetime | None, datetime | None]:
    """Ask when it was made and when it was handed over; no time ahead is taken."""
    known = st.toggle("They know when it was made", key=f"{turn}-known")
    made = moment_input("When was it made?", bench.now, f"{turn}-made", ahead=-timedelta(hours=1)) if known else None
    return made, moment_input("When was it handed over to the school?", bench.now, f"{turn}-handed", ahead=-timedelta(minutes=1))


def supplied_facts(bench: Bench, one: Evidence) -> None:
    """Show what the files say of themselves, as text: their own claim, never opened."""
    if one.kind is not EvidenceKind.SUPPLIED or not bench.may(Permission.CAPTURE):
        return
    with st.expander("What the files say of themselves", icon=":material/description:"):
        muted("Their own claims, which can be wrong or made up. Attachments are listed and were not opened; nothing is played here.")
        facts = refusal.attempt(lambda: bench.desk.taking_in.about(bench.user, one.id))
        for file in (facts or {}).get("files", ()):
            st.code("\n".join(_lines(file)), language=None, wrap_lines=True)


def _lines(file: dict[str, object]) -> list[str]:
    size = file.get("bytes")
    rows = [f"{file.get('name')}: {file.get('kind')}, {counted(size, 'byte', 'bytes') if isinstance(size, int) else 'size not known'}"]
    rows.append(f"called on the device: {one_line(str(file.get('given_name', '')), 255)}")
    said = file.get("says_of_itself")
    return rows + [visible(line) for line in _flat(said if isinstance(said, dict) else {})]


def _flat(said: dict[str, object]) -> list[str]:
    rows: list[str] = []
    for name, value in said.items():
        words = name.replace("_", " ")
        if isinstance(value, dict):
            rows += [f"{key}: {text}" for key, text in value.items()]
        elif isinstance(value, list):
            rows += [f"{words.removesuffix('s')}: {_one(part)}" for part in value]
        elif name == "holds_place":
            rows += ["contains the place where it was taken"] if value else []
        else:
            rows.append(f"{words}: {value}")
    return rows


def _one(part: object) -> str:
    return f"{part['name']} ({part['type']}, {part['bytes']:,} bytes)" if isinstance(part, dict) else str(part)
