"""The ways to take a notice or letter along: PDF, a mail draft that is not sent, plain text."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from dashboard.parts.muted import muted

FORMS: tuple[tuple[str, str, str], ...] = (
    ("pdf", "PDF", ":material/picture_as_pdf:"),
    ("eml", "Mail draft", ":material/drafts:"),
    ("txt", "Text", ":material/description:"),
)


def paper_links(kind: str, record_id: str, *, mail: bool = True) -> None:
    """Draw the links; `kind` is "request" or "letter". The mail draft opens in the person's own program and is sent by nobody else."""
    with st.container(horizontal=True):
        for form, label, icon in FORMS:
            if mail or form != "eml":
                st.link_button(
                    label, f"/paper/{kind}/{quote(record_id, safe='')}.{form}", icon=icon, key=f"paper-{kind}-{record_id}-{form}"
                )
    if mail:
        muted("The mail draft opens in your own mail program: read it, choose the address, send it yourself.")
