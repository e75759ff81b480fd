"""Who outside this computer vouches for the time of a piece of evidence, and the button that asks once more."""

from __future__ import annotations

import streamlit as st

from dashboard.parts import times
from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import counted, one_line
from data.model.evidence import Evidence, SealToken, TokenState
from data.model.people import Permission
from evidence.timestamp import SOON

BADGES: dict[TokenState, tuple[str, str, str]] = {
    TokenState.GRANTED: ("time proven", "verified", "green"),
    TokenState.WAITING: ("waiting for the outside time stamp", "hourglass_top", "yellow"),
    TokenState.REFUSED: ("outside time stamp refused", "gpp_bad", "orange"),
}
NONE_SET_UP = "No outside time stamp is set up. The time of this evidence rests on the clock of the school's computer."
TOO_OLD = "Sealed before an outside time stamp was set up. Its time rests on the clock of the school's computer."


def seal_state(bench: Bench, one: Evidence) -> None:
    """Say how the time of a piece of evidence is proven; offer to ask again where an answer did not hold or is awaited."""
    token = bench.desk.casework.tokens_of(bench.user, bench.case.id).get(one.id)
    if token is None:
        muted(TOO_OLD if bench.desk.casework.authority else NONE_SET_UP)
        return
    word, icon, colour = BADGES[token.state]
    st.badge(word, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]
    st.text(_says(token, one))
    if token.state is not TokenState.GRANTED and bench.may(Permission.CAPTURE):
        _ask_again(bench, one)


def _ask_again(bench: Bench, one: Evidence) -> None:
    if st.button("Ask for the time stamp again", key=bench.key(f"stamp-{one.id}"), icon=":material/refresh:"):
        bench.do(lambda: bench.desk.casework.ask_token_again(bench.user, one.id), "The authority is asked again in a moment.")


def _says(token: SealToken, one: Evidence) -> str:
    if token.state is TokenState.GRANTED and token.token_at is not None:
        late = token.token_at - one.captured_at > SOON
        note = "\nThat is more than ten minutes after the capture: it existed by then, the capture's own time is ours." if late else ""
        return f"Time proven by {one_line(token.authority_name, 120)} at {times.exact(token.token_at)}{note}"
    why = f"\n{one_line(token.problem, 300)}" if token.problem else ""
    if token.state is TokenState.REFUSED:
        return f"The authority answered, and its answer does not count:{why}"
    again = f"\nAsked again {times.exact(token.next_at)}" if token.next_at and token.attempts else ""
    return f"Asked {counted(token.attempts, 'time', 'times')} so far. The evidence is safe meanwhile.{why}{again}"
