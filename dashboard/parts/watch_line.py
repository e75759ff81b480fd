"""One line on whether anything is being watched at all: silence must never look like an all-clear."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.parts import times
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is, counted
from data.model.people import Permission, User
from schoolwatch.desk import Desk
from schoolwatch.watch import WatchSummary


def watch_line(desk: Desk, user: User, school_ids: Sequence[str]) -> None:
    """Draw how the watching stands, loudly only when something is wrong."""
    missing = desk.readiness()
    if missing:
        st.warning(
            as_is(f"Nothing is collected yet. Still missing in schoolwatch.toml: {'; '.join(missing)}. Then start Schoolwatch again."),
            icon=":material/warning:",
        )
        return
    mine = [school_id for school_id in school_ids if user.may(Permission.SEE_SOURCES, school_id)]
    if mine:
        summary, now = desk.watch.summary(user, mine), desk.clock.now()
        if summary.bad or summary.read == 0:
            st.warning(as_is(in_words(desk, summary)), icon=":material/warning:")
        else:
            muted(f":material/podcasts: {as_is(in_words(desk, summary))} Last read {times.ago(summary.last_read_at, now)}.")


def in_words(desk: Desk, summary: WatchSummary) -> str:
    """Return the state of the watching in one or two sentences."""
    unwatched = sum(not row.watched for row in desk.watch.not_watched())
    rest = f"{counted(unwatched, 'platform is', 'platforms are')} not watched (see “What is watched”)."
    total = counted(summary.total, "source", "sources")
    if summary.total == 0:
        return f"No source is switched on, so nothing new can arrive. {rest}"
    if summary.read == 0:
        return f"None of {total} is being read now: is the worker running? {rest}"
    bad = f" {counted(summary.bad, 'source has', 'sources have')} trouble: nothing is seen there now." if summary.bad else ""
    return f"{summary.read} of {total} {'was' if summary.read == 1 else 'were'} read on time.{bad} {rest}"
