"""One of several, with its consequence beside it and nothing chosen before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import streamlit as st

T = TypeVar("T")
_ROOM = "\u2060"  # an empty caption, of a sign that is not trimmed: room between two choices for a thumb


def one_of(question: str, choices: Mapping[T, tuple[str, str]], key: str) -> T | None:
    """Ask for one of `choices` (what -> label, consequence in our own words); None until the person chose."""
    options = list(choices)
    return st.radio(
        question,
        options,
        index=None,
        format_func=lambda one: f"**{choices[one][0]}**{f'. {choices[one][1]}' if choices[one][1] else ''}",
        captions=[_ROOM] * len(options),
        key=key,
    )
