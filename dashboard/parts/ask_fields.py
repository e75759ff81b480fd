"""The fields that a template asks for, drawn from its own list; ticks and consents always start as "no"."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from casework.notice import Ask, AskKind, Details
from dashboard.parts.muted import muted
from dashboard.parts.plain_words import as_is

LONGEST = 10_000


def ask_fields(asks: Sequence[Ask], start: Details, key: str) -> dict[str, str | bool]:
    """Draw the fields inside a form and return what stands in them; what was typed stays when something is refused."""
    return {one.key: _field(one, start.get(one.key, ""), f"{key}-{one.key}") for one in asks}


def _field(one: Ask, start: str | bool, key: str) -> str | bool:
    label, value = _label(one), start if isinstance(start, str) else ""
    if one.kind is AskKind.TICK:
        return _tick(one, label, key)
    if one.kind is AskKind.CHOICE:
        index = one.choices.index(value) if value in one.choices else None
        return st.selectbox(label, one.choices, index=index, key=key, help=one.hint or None, placeholder="Choose") or ""
    example = f"For example: {one.example}" if one.example else None
    if one.kind is AskKind.TEXT:
        return st.text_area(label, value=value, key=key, height=90, help=one.hint or None, placeholder=example, max_chars=LONGEST) or ""
    return st.text_input(label, value=value, key=key, help=one.hint or None, placeholder=example, max_chars=2_000) or ""


def _tick(one: Ask, label: str, key: str) -> bool:
    ticked = st.checkbox(label, value=False, key=key)
    if one.hint:
        muted(as_is(one.hint))
    return ticked


def _label(one: Ask) -> str:
    words = as_is(one.label[:1].upper() + one.label[1:])
    return words if one.needed else f"{words} (if any)" if one.kind is not AskKind.TICK else words
