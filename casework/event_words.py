"""What each line of a case's history says in plain words: one table for the screens, the report and the pack."""

from __future__ import annotations

from data.model.cases import CaseEvent

EVENT_LABELS: dict[str, str] = {
    "opened": "case opened",
    "captured": "evidence sealed",
    "supplied": "evidence that a person brought was sealed (not captured by us)",
    "capture ordered": "capture ordered",
    "capture failed": "the capture failed",
    "capture cancelled": "the capture was cancelled",
    "capture refused": "STOP: nothing may be captured",
    "advice": "advice recorded",
    "drafted": "request drafted",
    "request sent": "request recorded as sent",
    "request refused": "a request was refused",
    "request dropped": "draft dropped",
    "acknowledged": "request acknowledged",
    "check asked": "a check was asked for",
    "amended": "our check found the text changed",
    "reappeared": "our check found it up again",
    "reuploaded": "found again: a linked case was opened",
    "assigned": "new owner",
    "note": "note",
    "seriousness": "how serious it is: a new version of the form",
    "consent overridden": "a reason was given to go to the police without consent",
    "source attributed": "recorded who posted it",
    "restricted": "restricted to fewer people",
    "papers made": "papers for the person were made",
    "papers given": "the person has the papers",
    "revealed": "a picture was looked at",
    "legal hold": "legal hold: nothing of this case goes",
    "legal hold released": "legal hold released",
    "transferred": "the child-protection or personnel file has its copy",
    "agreed that it may go": "agreed that this case may go",
    "correction": "taken back, recorded by mistake",
    "missed": "reason for the missed target recorded",
    "backdated": "known earlier than recorded at first",
    "looked up": "who hosts the site was looked up",
    "disclosed": "something was given to somebody outside",
    "redacted copy made": "a working copy with parts covered was made",
    "child summary": "a child's summary was taken for the child-protection file",
    "reported again": "somebody else reported it too",
    "copy found": "a post with nearly the same words was found",
    "copy linked": "a copy was linked to this case",
    "copy set aside": "a post was judged to be no copy",
    "earlier evidence noted": "the earlier case's evidence counts here as well",
    "procedure noted": "noted where the school's own record lies",
    "sealed off": "somebody saw something indecent: everything was sealed off",
    "not copied": "nothing was copied",
    "stop lifted": "the stop was lifted by the safeguarding lead",
    "destroyed": "a sealed-off copy was destroyed",
    "own page": "stands on the school's own page",
    "time stamp asked again": "the outside time stamp was asked for again",
    "own page decided": "decided about the comment on the school's own page",
    "moved": "moved",
    "support offered": "support was offered",
    "support answered": "the answer to the offer of support was recorded",
    "reporter answered": "whoever reported it was answered",
    "reporter not to be answered": "recorded why whoever reported it is not answered",
    "referral opened": "a referral to another body was begun",
    "referral made": "the referral was made",
    "referral outcome": "the other body answered the referral",
    "consent given": "the person agreed that the police are told",
    "consent refused": "the person did not agree that the police are told",
    "second person agreed": "a second person agreed to go to the police without consent",
    "filing offered": "the person concerned was offered help with their own report",
    "filed by the person": "the person concerned made their own report",
    "filing answered": "the platform answered the person's own report",
    "filing declined": "the person concerned does not want to make the report",
    "letter drafted": "letter drafted",
    "letter approved": "letter approved by the headteacher or the chair",
    "letter dropped": "letter given up",
    "letter sent": "letter recorded as sent",
    "investigation opened": "investigation opened",
    "investigation step": "a step of the investigation was recorded",
    "investigation closed": "investigation closed",
    "request approved": "request approved",
    "contact chosen": "chosen which contact of the site's network is written to",
    "escalated": "taken a step further, to the next party that can act",
    "pack taken out": "an evidence pack was taken out",
    "paper taken out": "a notice or letter was taken out of Schoolwatch",
}
_WITH: dict[str, str] = {"same_file": "it holds the same file as", "same_address": "it has the same address as"}  # what links two cases


def with_another(event: CaseEvent) -> str | None:
    """Return why a case was stopped together with another one, by that one's number; None for a stop of its own."""
    found = next(((words, event.fields[name]) for name, words in _WITH.items() if event.fields.get(name)), None)
    return f"{found[0]} {found[1]}, which was stopped" if found else None


def together(event: CaseEvent) -> str | None:
    """Return how the history tells a stop that came with another case: whoever acted did so there. None for any other line."""
    why = with_another(event)
    other = next((event.fields[name] for name in _WITH if event.fields.get(name)), None)
    return f"sealed off with {other}: {why}" if why else None
