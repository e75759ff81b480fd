"""What happened to a case while its page was open: said on top, and what was typed is shown again where its form is gone."""

from __future__ import annotations

import re

import streamlit as st

from casework.files import CaseFile
from casework.transitions import STATE_LABELS
from dashboard.parts import names, times
from dashboard.parts.bench import Bench
from dashboard.parts.plain_words import as_is
from data.model.people import Permission, User

SHORTEST = 8  # a shorter word is quickly typed again
_CODE = re.compile(r"[0-9a-f]{20,}|(staff|user):\S+")  # what stands behind a choice in a list: nobody typed it


def changed_meanwhile(bench: Bench) -> None:
    """Say who moved the case, or that the person's role was changed, since the page was last drawn."""
    told = [*_moves(bench), *_role(bench)]
    if not told:
        return
    for line in told:
        st.warning(line, icon=":material/update:")
    typed_stays(bench.case.id)


def _moves(bench: Bench) -> list[str]:
    known = names.names(bench.desk)
    return [
        f"While this page was open, {as_is(names.name(known, event.by))} moved the case to "
        f"'{as_is(STATE_LABELS[event.after])}' ({as_is(times.uk(event.at, bench.now))})."
        for event in bench.file.events
        if event.number > bench.seen and event.after is not None and event.before is not None and event.by not in {bench.user.id, "system"}
    ]


def _role(bench: Bench) -> list[str]:
    before: frozenset[Permission] = st.session_state.get(f"may-{bench.case.id}", frozenset())
    if before <= allowed(bench.user, bench.file):
        return []
    return ["Your role was changed while this page was open: some steps are no longer yours. Nothing was changed in the case."]


def allowed(user: User, file: CaseFile) -> frozenset[Permission]:
    """Return what the person may do in the case's school now."""
    return frozenset(one for one in Permission if user.may(one, file.case.school_id))


def typed_stays(record_id: str) -> None:
    """Show again what was typed on the page of a case or flagged post, to be copied: the form that held it may be gone."""
    typed = _typed(record_id)
    if typed:
        st.text("What you had typed:")
        for words in typed:
            st.code(words, language=None, wrap_lines=True)


def is_typed(record_id: str) -> bool:
    """Whether anything was typed on the page of this case or flagged post."""
    return bool(_typed(record_id))


def _typed(record_id: str) -> list[str]:
    """Return the words in the fields of this page that did not stand there when each was first drawn, and are no code behind a choice."""
    first = st.session_state.get(f"first-{record_id}", {})
    changed = [words.strip() for key, words in _words(record_id).items() if words != first.get(key)]
    return [words for words in changed if len(words) >= SHORTEST and not _CODE.fullmatch(words)]


def _words(record_id: str) -> dict[str, str]:
    """Return what stands in the fields of this page."""
    fields = st.session_state.items()
    return {key: value for key, value in fields if isinstance(key, str) and record_id in key and type(value) is str}


def remember(bench: Bench) -> None:
    """Remember what stands on the screen and what the person may do: the next click is judged by it."""
    st.session_state[bench.key("seen")] = bench.case.revision
    st.session_state[f"may-{bench.case.id}"] = allowed(bench.user, bench.file)
    first = f"first-{bench.case.id}"
    st.session_state[first] = _words(bench.case.id) | st.session_state.get(first, {})
