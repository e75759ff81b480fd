"""Tells the safeguarding lead that sealed evidence is missing or was changed on the disk: once for each that is newly found so."""

from __future__ import annotations

from datetime import datetime

from casework import messages, outbox
from casework.rota import Matter
from data.model.people import Permission, Role
from data.model.readings import Severity
from data.model.telling import Message, Urgency
from data.store import Work


def tell_of_vault(work: Work, school_id: str, mark: str, count: int, now: datetime) -> tuple[Message, ...]:
    """Put the message in the outbox, for the next working hour; `mark` names the find, and a find is told once.

    The message holds a number only: which evidence it is stands where one has signed in, as restricted cases do (domain.md §5.7 rule 7).
    """
    words = messages.vault(count, now)
    matter = Matter(
        key=f"vault:{school_id}:{mark}",
        school_id=school_id,
        urgency=Urgency.REMINDER,
        severity=Severity.S2,  # it has waited on the disk; nobody is woken for it
        roles=(Role.DSL.value, Role.DEPUTY_DSL.value),
        words=lambda _: words,
        may_see=lambda user: user.may(Permission.SEE_ALL, school_id),
        is_subject=lambda _: False,
    )
    return outbox.tell(work, outbox.rota_of(work, school_id, now), matter)
