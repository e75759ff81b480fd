"""How serious something may be: always word, icon and colour together."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from data.model.readings import Severity

Colour = Literal["red", "orange", "yellow", "gray", "green"]
ICONS: dict[Severity, str] = {
    Severity.S4: ":material/emergency_home:",
    Severity.S3: ":material/priority_high:",
    Severity.S2: ":material/visibility:",
    Severity.S1: ":material/info:",
    Severity.S0: ":material/check_circle:",
}
COLOURS: dict[Severity, Colour] = {
    Severity.S4: "red",
    Severity.S3: "orange",
    Severity.S2: "yellow",
    Severity.S1: "gray",
    Severity.S0: "green",
}


def badge(severity: Severity) -> None:
    """Draw the severity's word with its icon and colour."""
    st.badge(severity.word, icon=ICONS[severity], color=COLOURS[severity])
