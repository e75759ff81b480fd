"""Casework as the desk and the worker see it: every verb in one class.

The verbs stand where they belong: `judging` (inbox, reports, decisions), `casefiles` (reading cases), `acting` (what people do in a
case), `asking` (requests), `watching` (what the machine does), `together` (posts that belong together), `caring` (seriousness, referrals,
support), `letters`, `lookups` (who hosts a site), `escalating` (the ladder), `telling` (messages, the rota), `keeping` (retention),
`governing` (reports, policies), `stopping` (STOP, its one way back, what the police direct),
`time_stamps` and `heads` (what outsiders vouch for).
A verb takes the person first and asks permission; each is one transaction.
"""

from __future__ import annotations

from casework.caring import Caring
from casework.escalating import Escalating
from casework.governing import Governing
from casework.heads import Heads
from casework.judging import Judging
from casework.keeping import Keeping
from casework.learning import Learning
from casework.letters import Letters
from casework.lookups import Lookups
from casework.stopping import Stopping
from casework.summaries import Summaries
from casework.telling import Telling
from casework.time_stamps import Stamping
from casework.together import Together
from casework.working_copies import WorkingCopies

__all__ = ["Casework"]


class Casework(
    Judging,
    Learning,
    Together,
    Caring,
    Letters,
    Lookups,
    Escalating,
    Telling,
    Keeping,
    Governing,
    Summaries,
    Stopping,
    Stamping,
    Heads,
    WorkingCopies,
):
    """All verbs of casework, over one store and one clock."""
