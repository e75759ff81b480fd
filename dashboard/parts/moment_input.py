"""Asking when something happened: now, or a time that is typed, in UK time."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from dashboard.parts.times import LONDON


def moment_input(label: str, now: datetime, key: str, *, ahead: timedelta = timedelta(0)) -> datetime | None:
    """Draw a date and time in UK time, by default the present moment (or `ahead` of it); return it with its zone."""
    start = (now + ahead).astimezone(LONDON).replace(tzinfo=None, second=0, microsecond=0)
    fixed: datetime = st.session_state.setdefault(f"{key}-start", start)  # else the field would jump with every redraw
    typed = st.datetime_input(f"{label} (UK time)", value=fixed, key=key, step=timedelta(minutes=1), format="DD/MM/YYYY")
    return typed.replace(tzinfo=LONDON) if typed is not None else None


def now_or_earlier(label: str, now: datetime, key: str) -> datetime | None:
    """Ask for a moment that is now unless the person says otherwise; None is now."""
    if not st.toggle(f"{label} earlier than now", key=f"{key}-earlier"):
        return None
    return moment_input("When?", now, f"{key}-at")
