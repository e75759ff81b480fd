"""From one page to another, with the record's id in the address, so that a reload stays where it was."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import streamlit as st

_VIEWS = Path(__file__).resolve().parent.parent / "views"


def go(name: str, record_id: str | None = None) -> NoReturn:
    """Open a page file, with a record's id."""
    st.switch_page(str(_VIEWS / f"{name}.py"), query_params={"id": record_id} if record_id else None)


def asked_for() -> str | None:
    """Return the id in the page's address."""
    found: str | None = st.query_params.get("id")
    return found or None
