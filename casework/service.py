"""Casework as the desk and the worker see it: every verb in one class.

The verbs stand where they belong: `judging` (inbox, reports, decisions), `casefiles` (reading cases), `acting` (what people do in a case),
`asking` (requests), `watching` (what the machine does), `together` (posts that belong together). A verb takes the person first and asks
permission; each is one transaction.
"""

from __future__ import annotations

from casework.judging import Judging
from casework.learning import Learning
from casework.together import Together

__all__ = ["Casework"]


class Casework(Judging, Learning, Together):
    """All verbs of casework, over one store and one clock."""
