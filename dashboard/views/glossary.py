"""The words of these pages, in the order in which a post travels."""

from __future__ import annotations

import streamlit as st

from dashboard.parts import signed_in
from data.model.people import User
from schoolwatch.desk import Desk

WORDS: tuple[tuple[str, str], ...] = (
    ("Source", "One public place that is read again and again: a feed, a site, a hashtag. Private groups and messages are never read."),
    ("Flagged post", "A post that a person should look at. The machine only suggests; it may be wrong, and it decides nothing."),
    ("Report", "What a person told us that they saw. It stands in the same inbox."),
    ("Severity", "Critical, High, Medium, Low, None: how soon somebody should look. A person sets it in the end."),
    ("Decision", "What a named person decided about a flagged post, with a reason."),
    ("Case", "One harm to one person, with its evidence, requests, checks and outcome."),
    ("Countdown", "The 24 hours of the school's policy, from the moment the school knew. Nothing pauses it."),
    ("Evidence", "What was publicly visible, when and where, sealed so that a later change would show."),
    (
        "Supplied by a person",
        "A screenshot, e-mail or recording that somebody brought. Sealed as it came, kept apart from our own captures.",
    ),
    ("Blurred tile", "Stands for a picture that nobody gave a reason to look at. Nothing in it can be recognised."),
    ("Request", "The words by which the school asks for removal. A person sends it; Schoolwatch never does."),
    ("Check", "One look of ours at the address. Only two looks that agree, a while apart, count as gone."),
    ("Unknown", "A login wall or no answer. It proves nothing: not that it is gone, not that it is up."),
    ("STOP", "It may be an indecent image of a child. Nothing is opened, captured, shown or sent from here."),
    ("Evidence pack", "A file with evidence and history that anyone can check without Schoolwatch."),
)


def show(_desk: Desk, _user: User) -> None:
    """Draw the list."""
    st.title("Words used here")
    for word, meaning in WORDS:
        st.markdown(f"**{word}**  \n{meaning}")


if __name__ == "__main__":
    signed_in.run(show)
