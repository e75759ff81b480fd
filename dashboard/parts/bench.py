"""What every piece of the case page works with: the desk, the person, the file of the case, and whether it is the next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

import streamlit as st

from casework.files import CaseFile
from dashboard.parts import notice, refusal
from data.model.cases import Case
from data.model.people import Permission, User
from schoolwatch.desk import Desk

T = TypeVar("T")


@dataclass(frozen=True)
class Bench:
    """One case on the bench. `is_next` marks the piece that holds the page's one primary button."""

    desk: Desk
    user: User
    file: CaseFile
    is_next: bool = False

    @property
    def case(self) -> Case:
        """The case itself."""
        return self.file.case

    @property
    def seen(self) -> int:
        """The revision that stood on the person's screen before this click: the page itself is drawn anew by every click."""
        return int(st.session_state.get(self.key("seen"), self.case.revision))

    @property
    def now(self) -> datetime:
        """The present moment of the desk's clock."""
        return self.desk.clock.now()

    @property
    def tone(self) -> Literal["primary", "secondary"]:
        """How the piece's button looks: only the next step's is primary."""
        return "primary" if self.is_next else "secondary"

    @property
    def turn(self) -> int:
        """How often a contact was chosen here; each time the lists of ways are new: a browser remembers what stood in the old."""
        return int(st.session_state.get(self.key("ways-turn"), 0))

    def may(self, permission: Permission) -> bool:
        """Whether to offer something at all; the service asks again."""
        return self.user.may(permission, self.case.school_id) or self.user.may(Permission.SEE_RESTRICTED_CHAIR, self.case.school_id)

    def key(self, name: str) -> str:
        """Return a widget key that belongs to this case alone."""
        return f"{name}-{self.case.id}"

    def do(self, act: Callable[[], T], says: str) -> None:
        """Do a step of the case; then say what happened and draw the case anew, or say the refusal here and keep what was typed."""
        if refusal.attempt(act) is not None:
            notice.leave(says)
            st.rerun()
