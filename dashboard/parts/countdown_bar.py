"""The 24 hours of a case: time left first, then a bar. It only shows; the worker decides what is late."""

from __future__ import annotations

import streamlit as st

from casework import countdown
from casework.countdown import Level
from dashboard.parts import times
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is
from data.model.cases import Standing, StandingWord
from schoolwatch.desk import Desk

ICONS: dict[StandingWord, str] = {
    StandingWord.ON_TRACK: ":material/schedule:",
    StandingWord.DUE_SOON: ":material/hourglass_bottom:",
    StandingWord.OVERDUE: ":material/alarm:",
    StandingWord.MET: ":material/check_circle:",
    StandingWord.MISSED: ":material/cancel:",
}
LEVEL_COLOURS: dict[Level, str] = {Level.CALM: "blue", Level.HALF: "yellow", Level.SOON: "orange", Level.OVER: "red"}
ENDED_COLOURS: dict[StandingWord, str] = {StandingWord.MET: "green", StandingWord.MISSED: "red"}


def colour(standing: Standing) -> str:
    """Return the colour of a countdown: it changes at 50, 80 and 100 %, and never stands without words (§5.4)."""
    return ENDED_COLOURS.get(standing.word) or LEVEL_COLOURS[countdown.level(standing)]


def countdown_bar(desk: Desk, standing: Standing, ended: str, began: str = "Known since", what: str = "") -> None:
    """Draw the countdown, or how it `ended`; its numbers change every second, nothing slides, no other part of the page is redrawn.

    `what`: what the time is for, where it is not the removal.
    """
    if standing.stopped_at is not None:
        _bar(standing, ended, began)
    else:
        st.fragment(_tick, run_every=1)(desk, standing, began, what)


def now_standing(desk: Desk, standing: Standing) -> Standing:
    """Return how the countdown stands at this moment."""
    return countdown.standing(standing.known_at, desk.clock.now(), standing.stopped_at, standing.due_at - standing.known_at)


def _tick(desk: Desk, standing: Standing, began: str, what: str) -> None:
    fresh = now_standing(desk, standing)
    _bar(fresh, f"{countdown.text_left(fresh)}{what}", began)


def _bar(standing: Standing, says: str, began: str) -> None:
    st.markdown(f"**:{colour(standing)}[{ICONS[standing.word]} {as_is(says)}]**")
    st.progress(min(max(standing.used, 0.0), 1.0))
    known, due = times.uk(standing.known_at, standing.now), times.uk(standing.due_at, standing.now)
    stage = "" if standing.stopped_at else f"{countdown.stage(standing).capitalize()}. "
    muted(f"{stage}{began} {known}; due {due}.")
