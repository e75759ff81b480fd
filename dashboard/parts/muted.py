"""Secondary facts: smaller and quieter than the matter, yet dark enough to be read.

Streamlit's own caption draws the text at 60 % opacity: about 4.1 : 1 on paper, below the 4.5 : 1 of WCAG AA.
The theme's grey holds 6.5 : 1.
"""

from __future__ import annotations

import streamlit as st


def muted(text: str) -> None:
    """Draw a secondary fact. What came from outside must have passed `as_is`."""
    st.markdown(f":small[:gray[{text}]]")
