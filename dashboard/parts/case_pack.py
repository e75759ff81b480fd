"""The way to the evidence pack, and how anyone can check it."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from dashboard.parts.bench import Bench
from dashboard.parts.muted import muted
from dashboard.parts.redact import redacted_pack
from data.model.people import Permission


def pack(bench: Bench) -> None:
    """Draw the way to the evidence pack, and how anyone can check it."""
    if bench.case.stop or not bench.file.evidence or not bench.may(Permission.EXPORT):
        return
    with st.container(border=True):
        st.markdown("**Evidence pack**")
        muted("Evidence, requests, checks and history in one file, for the police, a solicitor or a governor. The download is recorded.")
        st.link_button(
            "Download the evidence pack",
            f"/pack/{quote(bench.case.id, safe='')}",
            icon=":material/download:",
            key=bench.key("pack"),
            width="stretch",
        )
        redacted_pack(bench)
        with st.expander("How anyone can check it", icon=":material/verified:"):
            muted("First read HOW-TO-CHECK.txt in the pack: it says what to type, step by step, without Schoolwatch.")
            muted("With Schoolwatch:")
            st.code("schoolwatch verify PACK.zip", language=None)
            muted("Without it, in the unpacked folder (Linux; macOS: shasum -a 256 -c):")
            st.code("sha256sum -c manifest-sha256.txt", language=None)
