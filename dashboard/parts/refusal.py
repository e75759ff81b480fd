"""Refusals and breakdowns in words, where they happened; what was typed stays. The one place here that catches everything."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

import streamlit as st
from starlette.websockets import WebSocketDisconnected
from uvicorn.protocols.utils import ClientDisconnected

from dashboard.parts import at_desk, names
from dashboard.parts.plain_words import as_is
from data.errors import CaseError, NotFoundError, PermissionDeniedError, SchoolwatchError
from data.model.people import User
from schoolwatch.desk import Desk

T = TypeVar("T")
View = Callable[[Desk, User], None]
_USER = re.compile(r"\buser (?P<id>[\w.-]+)")
_log = logging.getLogger(__name__)
_KINDS = {"finding": "flagged post", "case_file": "case", "user": "person", "takedown_request": "request", "watch_term": "word"}


def attempt(act: Callable[[], T]) -> T | None:
    """Do something that may be refused; return what it gave, or say the refusal here and return None."""
    try:
        return act()
    except SchoolwatchError as error:
        st.error(as_is(in_words(error)), icon=":material/block:")
        return None


def done(act: Callable[[], object]) -> bool:
    """Do something that may be refused; say the refusal here and return False, or return True."""
    try:
        act()
    except SchoolwatchError as error:
        st.error(as_is(in_words(error)), icon=":material/block:")
        return False
    return True


def in_words(error: SchoolwatchError) -> str:
    """Return a refusal as a sentence fit for the screen."""
    if isinstance(error, PermissionDeniedError):
        return (
            f"Your role does not allow this here ({error.permission}). Nothing was changed. Ask the safeguarding lead or the headteacher."
        )
    if isinstance(error, NotFoundError):
        kind = _KINDS.get(error.kind, error.kind.replace("_", " "))
        return f"There is no such {kind}, or it is not yours to see. Nothing was changed."
    text = _with_name(error)
    sentence = text[:1].upper() + text[1:]
    return sentence if sentence.endswith((".", "?", "…")) else f"{sentence}."


def _with_name(error: SchoolwatchError) -> str:
    """Return the words of a refusal; whoever was quicker stands in them by name, not by id."""
    text = str(error)
    if not isinstance(error, CaseError) or "user " not in text:
        return text
    known = names.names(at_desk.desk())
    return _USER.sub(lambda found: known.get(found["id"], found[0]), text)


def drawn(show: View, desk: Desk, user: User) -> None:
    """Draw a page; a refusal is said in words, a breakdown gets a reference and is logged without any content."""
    try:
        show(desk, user)
    except SchoolwatchError as error:
        st.error(as_is(in_words(error)), icon=":material/block:")
    except Exception as error:  # noqa: BLE001 - the view wrapper: no traceback and no content may reach the screen
        broke_down(error)


def broke_down(error: Exception) -> bool:
    """Say on the page that something broke, with a reference; log its kind and place, never its text (that may hold a post's)."""
    reference = log_break(error)
    st.error(
        f"This page could not be drawn. Nothing was changed by that. Load the page again; if it happens again, "
        f"tell the person who looks after this computer, with the reference {reference}.",
        icon=":material/error:",
    )
    return True


async def calmly(call: Callable[[], Awaitable[None]]) -> str | None:
    """Await a request of the server; when it breaks, log that without any content and return the reference.

    Left alone, the server would write the exception's words, and so perhaps a post's, into its log.
    """
    try:
        await call()
    except (ClientDisconnected, WebSocketDisconnected):
        return None  # somebody closed the page while it was being sent: nothing broke
    except Exception as error:  # noqa: BLE001 - the same wrapper, for what is not a page of Streamlit's
        return log_break(error)
    return None


def log_break(error: Exception) -> str:
    """Log that something broke, without any content, and return the reference under which it stands in the log."""
    reference = secrets.token_hex(4)
    _log.error("page broke down reference=%s kind=%s at=%s", reference, type(error).__name__, _place(error))
    return reference


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "unknown" if trace is None else f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
