"""A letter as a mail draft (`.eml`) that a person opens in their own program, reads, and sends or not. Nothing is sent from here."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP

ADDRESS = re.compile(r"[^\s@<>,;\"()]+@[^\s@<>,;\"()]+\.[^\s@<>,;\"()]+")
_UNFOLDED = SMTP.clone(max_line_length=998)  # a folded subject comes back with a blank before it in some programs


def mail_draft(subject: str, body: str, *, sender: str, to: str = "") -> bytes:
    """Return a draft in plain text without attachments, marked as not sent yet (`X-Unsent`).

    `to` is filled in only where it is one mail address; a form or a person in words leaves it empty. The same words give the same bytes:
    date and message number are the business of the program that sends it.
    """
    draft = EmailMessage(policy=_UNFOLDED)
    draft["Subject"] = _one_line(subject)
    draft["From"] = sender if ADDRESS.fullmatch(sender.strip()) else ""
    draft["To"] = to.strip() if ADDRESS.fullmatch(to.strip()) else ""
    draft["X-Unsent"] = "1"
    draft.set_content(_plain(body), cte="quoted-printable")
    return draft.as_bytes()


def _one_line(text: str) -> str:
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    """Return text without what no mail can carry: lone surrogates and control characters."""
    kept = "".join(char for char in text.replace("\r\n", "\n") if char in "\n\t" or (char.isprintable() or char.isspace()))
    return kept.encode("utf-8", "replace").decode("utf-8")
